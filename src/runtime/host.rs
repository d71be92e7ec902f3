//! A ring beside the worker's own, which the worker turns: see `Door::run_hosted`.
//!
//! Owns: the poll on its descriptor. Never touches the ring: the door does.

use super::connection::Connections;
use super::kind;
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
pub struct Host {
    /// Its descriptor, if there is one.
    pub fd: Option<i32>,
    /// Token of the poll on it, or 0.
    pub poll: u64,
}

impl Host {
    #[inline(always)]
    pub fn is_there(&self) -> bool {
        self.fd.is_some()
    }
}

impl Host {
    /// Have the ring tell when there is something to do.
    pub fn watch(&mut self, own: &mut Connections) -> Result<(), Fault> {
        let Some(fd) = self.fd.filter(|_| self.poll == 0) else { return Ok(()) };
        self.poll = own.submit(&Op {
            opcode: opcode::POLL_ADD,
            fd,
            len: POLL_ADD_MULTI,
            op_flags: libc::POLLIN as u32,
            user_data: kind::HOST << kind::SHIFT,
            ..Op::default()
        })?;
        Ok(())
    }

    /// The poll told something.
    pub fn complete(&mut self, completion: &Completion) {
        if completion.flags & cf::FINAL != 0 && completion.token == self.poll {
            self.poll = 0;
        }
    }
}
