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
use std::fs::File;
use std::io::{self, Read};
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
