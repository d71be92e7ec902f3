//! Operations of the door's own, on the ring of its worker.
//!
//! Owns: nothing; what they name is the door's.

use super::state::Worker;
use crate::driver::Op;
use crate::fault::Fault;
use crate::op::Sink;
use std::os::fd::{AsRawFd, BorrowedFd};

/// In place of a callback's address: the completion is the door's, its context the door's number.
pub(super) const OWN: u64 = 2;

impl Worker {
    /// Have the worker's ring do `op`; its token. What comes of it is told as
    /// [`super::Event::Completed`], with `user`. What is in flight when the worker stops ends then,
    /// and is not told.
    ///
    /// # Safety
    /// What it names stays as it is until its FINAL is told, or until the worker is over.
    pub unsafe fn submit(&self, op: &Op, user: u64) -> Result<u64, Fault> {
        let core = &mut *self.core.borrow_mut();
        let (sink, mut token) = (Sink { callback: OWN, ctx: user }, [0]);
        match core.engine.submit(core::slice::from_ref(op), &mut token, sink) {
            1 => Ok(token[0]),
            _ => Err(core.engine.rejection().0),
        }
    }

    /// Register a file with the worker's ring; its slot, by which operations name it.
    pub fn file_add(&self, file: BorrowedFd<'_>) -> Result<u32, Fault> {
        let mut slot = [0];
        self.core.borrow_mut().engine.file_add(&[file.as_raw_fd()], &mut slot)?;
        Ok(slot[0])
    }

    /// Forget a registered file, which nothing under way names.
    pub fn file_remove(&self, slot: u32) -> Result<(), Fault> {
        self.core.borrow_mut().engine.file_remove(slot)
    }

    /// Have such an operation end, which is told as ever.
    pub fn cancel(&self, token: u64) -> Result<(), Fault> {
        self.core.borrow_mut().engine.cancel(token)
    }
}
