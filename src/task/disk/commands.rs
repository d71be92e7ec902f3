//! Operations that the synchronous side began, of which the handler hears.
//!
//! Owns: what they are about, and what they were given until their FINAL was told.

use super::future::Kept;
use super::shelf::Permit;
use crate::driver::{Completion, Op, cf};
use crate::task::direct_io::{DirectIoFile, DirectIoOp};
use crate::task::driver_ctx::DriverCtx;
use crate::task::here::to_io;
use crate::task::nvme::NvmeDevice;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;

/// In the door's number of such an operation: no operation of a task has it.
pub(crate) const COMMAND: u64 = 1 << 63;

/// What an operation is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum About {
    Direct(DirectIoFile, DirectIoOp),
    Nvme(NvmeDevice),
}

/// The operations of a worker's synchronous side.
#[derive(Default)]
pub(crate) struct Commands {
    begun: RefCell<HashMap<u32, (About, Kept, Permit)>>,
    last: Cell<u32>,
}

impl Commands {
    /// The next number; those under way are far fewer than there are numbers.
    fn next(&self) -> u32 {
        self.last.set(self.last.get().wrapping_add(1));
        self.last.get()
    }

    /// The worker told of an operation: its number, and what it was about, when it is over.
    pub(crate) fn completed(&self, user: u64, completion: &Completion) -> Option<(u32, About)> {
        if completion.flags & cf::FINAL == 0 {
            return None;
        }
        let seq = user as u32;
        let (about, _kept, _permit) = self.begun.borrow_mut().remove(&seq)?;
        Some((seq, about))
    }
}

impl DriverCtx<'_> {
    /// Begin an operation of which the handler hears; its number.
    ///
    /// # Safety
    /// What `op` names is memory that `kept` owns, or valid until the operation or the worker is
    /// over.
    pub(crate) unsafe fn begin(
        &mut self,
        about: About,
        (kept, permit): (Kept, Permit),
        op: &Op,
    ) -> io::Result<u32> {
        let commands = &self.here().disk.commands;
        let seq = commands.next();
        // SAFETY: what it was given is kept until its FINAL was told, or the worker's door is
        // dropped, which is after the worker gave its ring back.
        let submitted = unsafe { self.worker().submit(op, COMMAND | u64::from(seq)) };
        submitted.map_err(to_io)?;
        commands.begun.borrow_mut().insert(seq, (about, kept, permit));
        Ok(seq)
    }
}
