//! A ring beside the worker's own, which the worker turns: see [`Door::run_hosted`].
//!
//! Owns: the poll on its descriptor. Never touches the ring: the door does.

use super::Door;
use super::core::Core;
use super::kind;
use super::worker::Worker;
use crate::error::Fault;
use crate::ring::{Completion, Op, cf, opcode};
use crate::sys::uapi::POLL_ADD_MULTI;

/// How a turn of the ring beside ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hosted {
    /// Its descriptor tells when there is something to do.
    Idle,
    /// There is something to do.
    Busy,
    /// The kernel did not take all for now.
    Refused,
    /// It was freed.
    Gone,
}

/// The ring beside.
#[derive(Default)]
pub(super) struct Host {
    /// Its descriptor, if there is one.
    fd: Option<i32>,
    /// Token of the poll on it, or 0.
    poll: u64,
}

impl Host {
    #[inline(always)]
    pub(super) fn is_there(&self) -> bool {
        self.fd.is_some()
    }
}

impl Core {
    fn watch_host(&mut self) -> Result<(), Fault> {
        let Some(fd) = self.host.fd.filter(|_| self.host.poll == 0) else { return Ok(()) };
        self.host.poll = self.submit(&Op {
            opcode: opcode::POLL_ADD,
            fd,
            len: POLL_ADD_MULTI,
            op_flags: libc::POLLIN as u32,
            user_data: kind::HOST << kind::SHIFT,
            ..Op::default()
        })?;
        Ok(())
    }

    pub(super) fn complete_host(&mut self, completion: &Completion) {
        if completion.flags & cf::FINAL != 0 && completion.token == self.host.poll {
            self.host.poll = 0;
        }
    }
}

impl Worker {
    /// Turn the ring whose descriptor is `fd` from now on.
    pub fn host(&self, fd: i32) -> Result<(), Fault> {
        let core = &mut *self.core.borrow_mut();
        core.host.fd = Some(fd);
        core.watch_host().inspect_err(|_| core.host.fd = None)
    }

    #[cold]
    pub(super) fn run_hosted(&self, door: &impl Door) {
        let ran = door.run_hosted();
        let core = &mut *self.core.borrow_mut();
        match ran {
            Hosted::Idle => core.again |= core.watch_host().is_err(),
            Hosted::Busy => core.hurry = true,
            Hosted::Refused => core.again = true,
            Hosted::Gone => {
                core.host.fd = None;
                // The kernel holds the descriptor's file as long as it polls it.
                let poll = core::mem::take(&mut core.host.poll);
                core.again |= poll != 0 && core.engine.cancel(poll).is_err();
            }
        }
    }
}
