//! A worker turns the ring beside its own.
//!
//! Owns: nothing.

use super::event::Door;
use super::state::Worker;
use crate::error::Fault;
use crate::runtime::host::Hosted;

impl Worker {
    /// Turn the ring whose descriptor is `fd` from now on.
    pub fn host(&self, fd: i32) -> Result<(), Fault> {
        let core = &mut *self.core.borrow_mut();
        core.host.fd = Some(fd);
        core.host.watch(&mut core.connections).inspect_err(|_| core.host.fd = None)
    }

    #[cold]
    pub(super) fn run_hosted(&self, door: &impl Door) {
        let ran = door.run_hosted();
        let core = &mut *self.core.borrow_mut();
        match ran {
            Hosted::Idle => core.again |= core.host.watch(&mut core.connections).is_err(),
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
