//! SENDMSG, RECVMSG and READ_MULTISHOT: what the kernel may be asked for.
//!
//! Owns: the checks. Never touches a msghdr: it is the kernel's to read. Invariant: no send raises
//! a signal, and whatever completes more than once takes its buffers from a pool.

use super::engine::Engine;
use super::prepare::{MSG_NOSIGNAL, invalid};
use crate::driver::{Op, sqe_flag};
use crate::fault::{ENOTSUP_KERNEL, Fault};
use crate::sys::Features;
use crate::sys::uapi::{POLL_FIRST, RECV_MULTISHOT};

impl Engine {
    pub(super) fn check_send_message(&self, op: &mut Op) -> Result<(), Fault> {
        if op.ioprio & !POLL_FIRST != 0 {
            return Err(invalid("ioprio of a sendmsg is RECVSEND_POLL_FIRST or 0"));
        }
        op.op_flags |= MSG_NOSIGNAL;
        Ok(())
    }

    pub(super) fn check_recv_message(&self, op: &Op) -> Result<(), Fault> {
        // A bundle fills several buffers under one completion: the leases would not say so.
        if op.ioprio & !(POLL_FIRST | RECV_MULTISHOT) != 0 {
            return Err(invalid("ioprio of a recvmsg is POLL_FIRST and RECV_MULTISHOT at most"));
        }
        if op.ioprio & RECV_MULTISHOT == 0 {
            return Ok(());
        }
        if op.flags & sqe_flag::BUFFER_SELECT == 0 {
            return Err(invalid("a multishot recvmsg takes its buffers from a pool"));
        }
        if !self.classes.features.has(Features::RECV_MULTISHOT) {
            return Err(Fault::new(ENOTSUP_KERNEL, "recv_multishot needs Linux 6.0"));
        }
        Ok(())
    }

    pub(super) fn check_read_multishot(&self, op: &Op) -> Result<(), Fault> {
        if op.flags & sqe_flag::BUFFER_SELECT == 0 {
            return Err(invalid("a multishot read takes its buffers from a pool"));
        }
        Ok(())
    }
}
