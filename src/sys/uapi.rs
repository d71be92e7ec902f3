//! Numbers and records of the kernel, each in this one room.
//!
//! Owns: what the io-uring crate keeps to itself or does not know. Decides nothing. The test below
//! holds against the crate whatever both have.

#![allow(missing_docs)]

/// IORING_SETUP_*: what a ring is made with.
pub mod setup {
    pub const SQPOLL: u32 = 1 << 1;
    pub const R_DISABLED: u32 = 1 << 6;
    pub const SUBMIT_ALL: u32 = 1 << 7;
    pub const COOP_TASKRUN: u32 = 1 << 8;
    pub const TASKRUN_FLAG: u32 = 1 << 9;
    pub const SINGLE_ISSUER: u32 = 1 << 12;
    pub const DEFER_TASKRUN: u32 = 1 << 13;
    pub const NO_SQARRAY: u32 = 1 << 16;
    /// SQE128 and CQE32: both or neither, one word of the config asks for it.
    pub const BIG: u32 = 1 << 10 | 1 << 11;
}

/// IORING_ENTER_*: how the kernel is entered.
pub mod enter {
    pub const GETEVENTS: u32 = 1 << 0;
    pub const SQ_WAKEUP: u32 = 1 << 1;
    pub const SQ_WAIT: u32 = 1 << 2;
    pub const EXT_ARG: u32 = 1 << 3;
    pub const REGISTERED_RING: u32 = 1 << 4;
}

/// IORING_SQ_*: what the kernel says in the flags of the queue.
pub mod sq_flag {
    /// The polling thread sleeps.
    pub const NEED_WAKEUP: u32 = 1 << 0;
    /// Completions wait in the kernel because the queue is full.
    pub const CQ_OVERFLOW: u32 = 1 << 1;
    /// Deferred work waits for an enter.
    pub const TASKRUN: u32 = 1 << 2;
}

/// IOSQE_*: flags of an entry.
pub mod sqe_flag {
    pub const FIXED_FILE: u8 = 1 << 0;
    pub const IO_DRAIN: u8 = 1 << 1;
    pub const IO_LINK: u8 = 1 << 2;
    pub const IO_HARDLINK: u8 = 1 << 3;
    pub const ASYNC: u8 = 1 << 4;
    pub const BUFFER_SELECT: u8 = 1 << 5;
    pub const CQE_SKIP_SUCCESS: u8 = 1 << 6;
}

/// IORING_CQE_F_*: flags of a completion; above them is the number of a buffer.
pub mod cqe_flag {
    pub const BUFFER: u32 = 1 << 0;
    pub const MORE: u32 = 1 << 1;
    pub const SOCK_NONEMPTY: u32 = 1 << 2;
    pub const NOTIF: u32 = 1 << 3;
    pub const BUF_MORE: u32 = 1 << 4;
    pub const BUFFER_SHIFT: u32 = 16;
}

// In `ioprio` of accepts, sends and receives.
pub const ACCEPT_MULTISHOT: u16 = 1 << 0;
pub const POLL_FIRST: u16 = 1 << 0;
pub const RECV_MULTISHOT: u16 = 1 << 1;
pub const FIXED_BUFFER: u16 = 1 << 2;
pub const REPORT_USAGE: u16 = 1 << 3;
// In `len` of polls.
pub const POLL_ADD_MULTI: u32 = 1 << 0;
pub const POLL_UPDATE_EVENTS: u32 = 1 << 1;
pub const POLL_UPDATE_USER_DATA: u32 = 1 << 2;
// In the flags of cancels.
pub const CANCEL_ALL: u32 = 1 << 0;
pub const CANCEL_FD: u32 = 1 << 1;
pub const CANCEL_ANY: u32 = 1 << 2;
pub const CANCEL_FD_FIXED: u32 = 1 << 3;
// In the flags of timeouts.
pub const TIMEOUT_ABS: u32 = 1 << 0;
pub const TIMEOUT_UPDATE: u32 = 1 << 1;
pub const LINK_TIMEOUT_UPDATE: u32 = 1 << 4;
// In the flags of one operation each.
pub const NOP_INJECT_RESULT: u32 = 1 << 0;
pub const NOP_CQE32: u32 = 1 << 5;
pub const URING_CMD_FIXED: u32 = 1 << 0;
pub const SPLICE_FD_IN_FIXED: u32 = 1 << 31;
/// A write that never raises SIGPIPE (6.18).
pub const RWF_NOSIGNAL: u32 = 1 << 8;
/// In the result of a notification: what was sent was copied.
pub const USAGE_COPIED: i32 = i32::MIN;

/// Bytes of struct io_uring_buf, an entry of a ring of provided buffers.
pub const BUF_BYTES: usize = 16;
/// Where in the first entry the ring's tail is.
pub const BUF_TAIL: usize = 14;
/// Bytes of struct io_uring_recvmsg_out, in front of what a multishot RECVMSG received.
pub const RECVMSG_OUT_BYTES: usize = 16;

/// IORING_REGISTER_*: the calls that the crate has not, or not for all arguments.
pub mod register {
    /// The crate's takes a mask of 1024 CPUs.
    pub const IOWQ_AFF: u32 = 17;
    /// The crate's keeps the index to itself.
    pub const RING_FDS: u32 = 20;
    pub const UNREGISTER_RING_FDS: u32 = 21;
    pub const FILE_ALLOC_RANGE: u32 = 25;
}

/// IOU_PBUF_RING_INC: buffers are filled piece by piece.
pub const PBUF_RING_INC: u16 = 2;

/// IORING_OFF_*: where in the descriptor the queues lie.
pub mod offset {
    pub const SQ_RING: i64 = 0;
    pub const SQES: i64 = 0x1000_0000;
}

/// struct io_sqring_offsets.
#[repr(C)]
pub struct SqOffsets {
    pub head: u32,
    pub tail: u32,
    pub ring_mask: u32,
    pub ring_entries: u32,
    pub flags: u32,
    pub dropped: u32,
    pub array: u32,
    pub resv: u32,
    pub user_addr: u64,
}

/// struct io_cqring_offsets.
#[repr(C)]
pub struct CqOffsets {
    pub head: u32,
    pub tail: u32,
    pub ring_mask: u32,
    pub ring_entries: u32,
    pub overflow: u32,
    pub cqes: u32,
    pub flags: u32,
    pub resv: u32,
    pub user_addr: u64,
}

/// struct io_uring_params.
#[repr(C)]
pub struct Params {
    pub sq_entries: u32,
    pub cq_entries: u32,
    pub flags: u32,
    pub sq_thread_cpu: u32,
    pub sq_thread_idle: u32,
    pub features: u32,
    pub wq_fd: u32,
    pub resv: [u32; 3],
    pub sq_off: SqOffsets,
    pub cq_off: CqOffsets,
}

/// struct io_uring_rsrc_update.
#[repr(C)]
pub struct RsrcUpdate {
    pub offset: u32,
    pub resv: u32,
    pub data: u64,
}

/// struct io_uring_file_index_range.
#[repr(C)]
pub struct FileIndexRange {
    pub off: u32,
    pub len: u32,
    pub resv: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::{Cqe, Sqe};
    use io_uring::{EnterFlags, cqueue, opcode, squeue, types};

    #[test]
    fn flags_of_an_enter_and_of_entries_are_the_crate_s() {
        for (ours, theirs) in [
            (enter::GETEVENTS, EnterFlags::GETEVENTS),
            (enter::SQ_WAKEUP, EnterFlags::SQ_WAKEUP),
            (enter::SQ_WAIT, EnterFlags::SQ_WAIT),
            (enter::EXT_ARG, EnterFlags::EXT_ARG),
            (enter::REGISTERED_RING, EnterFlags::REGISTERED_RING),
        ] {
            assert_eq!(ours, theirs.bits());
        }
        for (ours, theirs) in [
            (sqe_flag::FIXED_FILE, squeue::Flags::FIXED_FILE),
            (sqe_flag::IO_DRAIN, squeue::Flags::IO_DRAIN),
            (sqe_flag::IO_LINK, squeue::Flags::IO_LINK),
            (sqe_flag::IO_HARDLINK, squeue::Flags::IO_HARDLINK),
            (sqe_flag::ASYNC, squeue::Flags::ASYNC),
            (sqe_flag::BUFFER_SELECT, squeue::Flags::BUFFER_SELECT),
            (sqe_flag::CQE_SKIP_SUCCESS, squeue::Flags::SKIP_SUCCESS),
        ] {
            assert_eq!(ours, theirs.bits());
        }
    }

    #[test]
    fn flags_of_completions_are_the_crate_s() {
        let names = |flags: u32| {
            [cqueue::more, cqueue::sock_nonempty, cqueue::notif, cqueue::buffer_more]
                .map(|is_it| is_it(flags))
        };
        assert_eq!(names(cqe_flag::MORE), [true, false, false, false]);
        assert_eq!(names(cqe_flag::SOCK_NONEMPTY), [false, true, false, false]);
        assert_eq!(names(cqe_flag::NOTIF), [false, false, true, false]);
        assert_eq!(names(cqe_flag::BUF_MORE), [false, false, false, true]);
        let chosen = 7 << cqe_flag::BUFFER_SHIFT;
        assert_eq!(cqueue::buffer_select(chosen | cqe_flag::BUFFER), Some(7));
        assert_eq!(cqueue::buffer_select(chosen | !cqe_flag::BUFFER & 0xffff), None);
    }

    /// `ioprio`, `len`, and the flags of the operation.
    fn wishes(entry: squeue::Entry) -> (u16, u32, u32) {
        // SAFETY: both are the 64 bytes of struct io_uring_sqe.
        let Sqe(words) = unsafe { core::mem::transmute::<squeue::Entry, Sqe>(entry) };
        ((words[0] >> 16) as u16, words[3] as u32, (words[3] >> 32) as u32)
    }

    #[test]
    fn flags_of_operations_are_the_crate_s() {
        let (fd, fixed, null) = (types::Fd(3), types::Fixed(3), core::ptr::null());
        let ioprio = |entry| wishes(entry).0;
        assert_eq!(ioprio(opcode::AcceptMulti::new(fd).build()), ACCEPT_MULTISHOT);
        assert_eq!(ioprio(opcode::RecvMulti::new(fd, 0).build()), RECV_MULTISHOT);
        let send = opcode::SendZc::new(fd, null, 0).buf_index(Some(0));
        assert_eq!(ioprio(send.build()), FIXED_BUFFER);
        let len = |entry| wishes(entry).1;
        assert_eq!(len(opcode::PollAdd::new(fd, 0).multi(true).build()), POLL_ADD_MULTI);
        let flags = |entry| wishes(entry).2;
        let cancel = |which| flags(opcode::AsyncCancel2::new(which).build());
        assert_eq!(cancel(types::CancelBuilder::any()), CANCEL_ANY);
        assert_eq!(cancel(types::CancelBuilder::fd(fd).all()), CANCEL_FD | CANCEL_ALL);
        let slot = cancel(types::CancelBuilder::fd(fixed));
        assert_eq!(slot, CANCEL_FD | CANCEL_FD_FIXED);
        let splice = opcode::Splice::new(fixed, 0, fd, 0, 0);
        assert_eq!(flags(splice.build()), SPLICE_FD_IN_FIXED);
        let command = opcode::UringCmd16::new(fd, 0).buf_index(Some(0));
        assert_eq!(flags(command.build()), URING_CMD_FIXED);
        let update = opcode::TimeoutUpdate::new(0, &types::Timespec::new());
        assert_eq!(flags(update.build()), TIMEOUT_UPDATE);
        assert_eq!(types::TimeoutFlags::ABS.bits(), TIMEOUT_ABS);
        assert_eq!(types::TimeoutFlags::LINK_TIMEOUT_UPDATE.bits(), LINK_TIMEOUT_UPDATE);
    }

    #[test]
    fn entries_have_the_size_that_the_crate_s_have() {
        assert_eq!(size_of::<Sqe>(), size_of::<squeue::Entry>());
        assert_eq!(2 * size_of::<Sqe>(), size_of::<squeue::Entry128>());
        assert_eq!(size_of::<Cqe>(), size_of::<cqueue::Entry>());
        assert_eq!(2 * size_of::<Cqe>(), size_of::<cqueue::Entry32>());
        assert_eq!(BUF_BYTES, size_of::<types::BufRingEntry>());
    }
}
