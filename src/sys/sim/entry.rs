//! The fields of a submission entry, and the bits of the kernel's interface used by the model.
//!
//! Owns: reading `struct io_uring_sqe` out of eight words.

use crate::sys::Sqe;
use crate::sys::uapi::{ACCEPT_MULTISHOT, POLL_ADD_MULTI, RECV_MULTISHOT, sqe_flag};

pub use crate::sys::opcode;

pub const LINKS: u8 = sqe_flag::IO_LINK | sqe_flag::IO_HARDLINK;
const MSG_DONTWAIT: u32 = libc::MSG_DONTWAIT as u32;
const MSG_WAITALL: u32 = libc::MSG_WAITALL as u32;

/// One entry, taken apart.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub opcode: u8,
    pub flags: u8,
    pub ioprio: u16,
    pub fd: i32,
    pub off: u64,
    pub addr: u64,
    pub len: u32,
    pub op_flags: u32,
    pub user_data: u64,
    pub group: u16,
    pub file_index: u32,
}

impl Entry {
    /// Take an entry apart.
    pub fn new(sqe: &Sqe) -> Entry {
        let words = &sqe.0;
        Entry {
            opcode: words[0] as u8,
            flags: (words[0] >> 8) as u8,
            ioprio: (words[0] >> 16) as u16,
            fd: (words[0] >> 32) as i32,
            off: words[1],
            addr: words[2],
            len: words[3] as u32,
            op_flags: (words[3] >> 32) as u32,
            user_data: words[4],
            group: words[5] as u16,
            file_index: (words[5] >> 32) as u32,
        }
    }

    /// The next entry of the batch belongs to the same chain.
    pub fn is_linked(&self) -> bool {
        self.flags & LINKS != 0
    }

    /// It takes its buffer from a pool.
    pub fn selects_buffer(&self) -> bool {
        self.flags & sqe_flag::BUFFER_SELECT != 0
    }

    /// It completes more than once.
    pub fn is_multishot(&self) -> bool {
        match self.opcode {
            opcode::ACCEPT => self.ioprio & ACCEPT_MULTISHOT != 0,
            opcode::RECV => self.ioprio & RECV_MULTISHOT != 0,
            opcode::POLL_ADD => self.len & POLL_ADD_MULTI != 0,
            _ => false,
        }
    }

    /// The kernel writes its answer to `addr`.
    pub fn fills_memory(&self) -> bool {
        matches!(self.opcode, opcode::READ | opcode::RECV) && !self.selects_buffer()
    }

    /// The kernel reads what is at `addr` while it is in flight.
    pub fn reads_memory(&self) -> bool {
        matches!(self.opcode, opcode::WRITE | opcode::SEND)
    }

    /// It is done, or refused, within the submission.
    pub fn is_inline(&self) -> bool {
        match self.opcode {
            opcode::READ | opcode::WRITE | opcode::RECV | opcode::FSYNC | opcode::POLL_ADD => false,
            opcode::TIMEOUT | opcode::ACCEPT | opcode::CONNECT | opcode::OPENAT => false,
            opcode::SEND => self.op_flags & MSG_DONTWAIT != 0,
            _ => true,
        }
    }

    /// Less than everything counts as a failure of its chain, and is not "success" to skip.
    pub fn wants_all(&self) -> bool {
        match self.opcode {
            opcode::READ | opcode::WRITE => true,
            opcode::SEND | opcode::RECV => self.op_flags & MSG_WAITALL != 0,
            _ => false,
        }
    }
}
