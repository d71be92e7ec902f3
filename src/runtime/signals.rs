//! Signals as events of a worker: read from a descriptor, so that no handler is installed.
//!
//! Owns: the descriptor. Invariant: a signal is only watched where the thread blocks it, or the
//! kernel would act on it as always.

use super::connection::Connections;
use super::kind;
use crate::driver::{Op, opcode};
use crate::sys::process::Signals;
use std::os::fd::{AsRawFd, OwnedFd};

/// What a worker watches.
#[derive(Default)]
pub struct Watched {
    pub set: Signals,
    pub fd: Option<OwnedFd>,
    /// The ring watches.
    pub armed: bool,
}

impl Watched {
    /// Have the ring tell when a signal came.
    pub fn watch(&mut self, own: &mut Connections) {
        let Some(fd) = self.fd.as_ref().filter(|_| !self.armed) else { return };
        let op = Op {
            opcode: opcode::POLL_ADD,
            fd: fd.as_raw_fd(),
            op_flags: libc::POLLIN as u32,
            user_data: kind::SIGNAL << kind::SHIFT,
            ..Op::default()
        };
        self.armed = own.submit(&op).is_ok();
        own.again |= !self.armed;
    }
}
