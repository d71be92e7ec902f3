//! Eventfds by which other threads, and other programs, have `on_notify` called.
//!
//! Owns: an eventfd for each worker, as long as the runtime or its [`ShutdownHandle`] is there: its
//! number is never another file's while somebody may write to it.
//!
//! [`ShutdownHandle`]: crate::ShutdownHandle

use crate::driver::{Completion, Op, cf, opcode};
use crate::fault::Fault;
use crate::runtime::Worker;
use crate::sys::new_eventfd;
use std::cell::Cell;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;

/// The door's number of the poll on an eventfd: no operation of a task has it.
pub(super) const NOTIFIED: u64 = 0;

const POLL_ADD_MULTI: u32 = 1;

/// The eventfds of a runtime.
pub(super) struct Notifiers {
    files: Vec<File>,
    numbers: Vec<RawFd>,
}

impl Notifiers {
    /// One for each of `workers`.
    pub(super) fn new(workers: u32) -> io::Result<Notifiers> {
        let made: Result<Vec<_>, i32> = (0..workers).map(|_| new_eventfd()).collect();
        let made = made.map_err(io::Error::from_raw_os_error)?;
        let numbers = made.iter().map(AsRawFd::as_raw_fd).collect();
        Ok(Notifiers { files: made.into_iter().map(File::from).collect(), numbers })
    }

    /// Their numbers, by worker.
    pub(super) fn numbers(&self) -> &[RawFd] {
        &self.numbers
    }
}

/// Wakes a worker, from any thread: `on_notify` is called there. It may be kept when the runtime is
/// over, and does nothing then.
///
/// ```no_run
/// # fn wake(stop: &ringline::ShutdownHandle) {
/// let first = stop.worker_wake_handle(0).expect("a worker");
/// std::thread::spawn(move || first.wake());
/// # }
/// ```
#[derive(Clone)]
pub struct WakeHandle {
    all: Arc<Notifiers>,
    index: usize,
}

impl WakeHandle {
    pub(super) fn new(all: &Arc<Notifiers>, index: usize) -> Option<WakeHandle> {
        all.files.get(index)?;
        Some(WakeHandle { all: all.clone(), index })
    }

    /// Wake it. Several before it looks are one.
    pub fn wake(&self) {
        // Refused only where it is full: then it is readable.
        let _ = (&self.all.files[self.index]).write(&1u64.to_ne_bytes());
    }
}

impl fmt::Debug for WakeHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WakeHandle").field("worker", &self.index).finish()
    }
}

/// A worker's look at its eventfd.
pub(super) struct Notified {
    all: Arc<Notifiers>,
    index: usize,
    /// Token of the poll on it, or 0.
    poll: Cell<u64>,
}

impl Notified {
    pub(super) fn new(all: Arc<Notifiers>, worker: u32) -> Notified {
        Notified { all, index: worker as usize, poll: Cell::new(0) }
    }

    /// Have the worker notice writes.
    pub(super) fn watch(&self, worker: &Worker) -> Result<(), Fault> {
        if self.poll.get() == 0 {
            let op = Op {
                opcode: opcode::POLL_ADD,
                fd: self.all.numbers[self.index],
                len: POLL_ADD_MULTI,
                op_flags: libc::POLLIN as u32,
                ..Op::default()
            };
            // SAFETY: it names no memory.
            self.poll.set(unsafe { worker.submit(&op, NOTIFIED) }?);
        }
        Ok(())
    }

    /// What came of the poll: whether somebody wrote. All writes until now are one.
    pub(super) fn completed(&self, completion: &Completion) -> bool {
        if completion.flags & cf::FINAL != 0 {
            self.poll.set(0);
        }
        let mut count = [0; 8];
        (&self.all.files[self.index]).read(&mut count).is_ok()
    }
}
