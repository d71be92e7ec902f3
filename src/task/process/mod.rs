//! Child processes, awaited by tasks.
//!
//! A child that nobody awaits is waited for all the same: none is left as a zombie. The end of its
//! worker kills it.
//!
//! ```no_run
//! use ringline::process::{Command, Stdio};
//! use ringline::ParseResult;
//!
//! # async fn example() -> std::io::Result<()> {
//! let child = Command::new("sort").stdin(Stdio::Piped).stdout(Stdio::Piped).spawn()?.await?;
//! let input = child.stdin().expect("it is piped");
//! input.send_nowait(b"b\na\n")?;
//! input.shutdown_write();
//! let output = child.stdout().expect("it is piped");
//! let mut sorted = Vec::new();
//! let mut keep = |bytes: &[u8]| {
//!     sorted.extend_from_slice(bytes);
//!     ParseResult::Consumed(bytes.len())
//! };
//! while output.with_data(&mut keep).await > 0 {}
//! assert!(child.wait()?.await?.success());
//! # Ok(()) }
//! ```

// Owns: what the worker told of each child, as long as somebody may ask.

mod child;
mod command;

pub use child::{Child, ExitStatus, SpawnFuture, WaitFuture};
pub use command::{Command, Stdio};

use super::here::{Here, Waiter};
use crate::runtime::{How, Worker};
use std::cell::RefCell;
use std::collections::HashMap;
use std::mem;
use std::rc::Rc;

/// What is known of a child.
#[derive(Default)]
pub(super) struct Known {
    /// Its number, or -errno.
    started: Option<i32>,
    streams: [u64; 3],
    status: Option<i32>,
    /// Nobody wants it any more, though it may not have begun.
    is_unwanted: bool,
    waiters: Vec<Waiter>,
}

impl Known {
    /// Wake `waiter` when there is news: once, however often it asked.
    fn add(&mut self, waiter: Waiter) {
        if !self.waiters.iter().any(|known| known.is_same(&waiter)) {
            self.waiters.push(waiter);
        }
    }
}

type Shared = Rc<RefCell<Known>>;

/// The children of a worker that are not over, by the runtime's number.
#[derive(Default)]
pub(super) struct Children(RefCell<HashMap<u64, Shared>>);

/// Close the streams of a child.
fn close_streams(worker: &Worker, streams: [u64; 3]) {
    for stream in streams.into_iter().filter(|stream| *stream != 0) {
        // It may be over already.
        let _ = worker.close(stream, How::Gracefully);
    }
}

impl Here {
    fn child_told(&self, child: &Shared, tell: impl FnOnce(&mut Known)) {
        let waiters = {
            let known = &mut *child.borrow_mut();
            tell(known);
            mem::take(&mut known.waiters)
        };
        waiters.into_iter().for_each(|waiter| self.wake(waiter));
    }

    /// A child runs, or could not be started.
    pub(super) fn spawned(&self, worker: &Worker, process: u64, res: i32, streams: [u64; 3]) {
        for stream in streams.into_iter().filter(|stream| *stream != 0) {
            self.conns.borrow_mut().open(stream);
        }
        let found = {
            let mut children = self.children.0.borrow_mut();
            if res < 0 { children.remove(&process) } else { children.get(&process).cloned() }
        };
        let Some(child) = found else { return };
        self.child_told(&child, |known| (known.started, known.streams) = (Some(res), streams));
        if res >= 0 && child.borrow().is_unwanted {
            close_streams(worker, streams);
            // It may have ended already.
            let _ = worker.process_kill(process, libc::SIGKILL);
        }
    }

    /// A child ended.
    pub(super) fn exited(&self, process: u64, status: i32) {
        let found = self.children.0.borrow_mut().remove(&process);
        if let Some(child) = found {
            self.child_told(&child, |known| known.status = Some(status));
        }
    }
}
