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
    pub const CQ_RING: i64 = 0x800_0000;
    pub const SQES: i64 = 0x1000_0000;
}

/// RWF_NOSIGNAL: a write that never raises SIGPIPE (6.18).
pub const RWF_NOSIGNAL: i32 = 0x100;

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
