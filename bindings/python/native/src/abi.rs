//! The records of libringline that this crate reads and writes, laid out as in
//! include/ringline.h.
//!
//! The Python side checks the library's ABI before it hands any address over, and `engine.rs` the
//! size of the shared block.

use std::cell::Cell;
use std::ffi::c_void;

/// ringline_op.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct Op {
    pub opcode: u8,
    pub flags: u8,
    pub ioprio: u16,
    pub fd: i32,
    pub off: u64,
    pub addr: u64,
    pub len: u32,
    pub op_flags: u32,
    pub user_data: u64,
    pub buf_index: u16,
    pub personality: u16,
    pub file_index: u32,
    pub addr3: u64,
    pub ext: u64,
}

/// ringline_completion.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Record {
    pub user_data: u64,
    pub res: i32,
    pub flags: u32,
    pub data: u64,
    pub token: u64,
}

/// ringline_shared. What changes is in cells: the library writes it during a turn.
#[repr(C)]
pub struct Shared {
    pub size: u32,
    pub abi: u32,
    pub ops: *mut Op,
    pub ops_cap: u32,
    pub ops_len: Cell<u32>,
    pub recs: *const Record,
    pub recs_cap: u32,
    pub recs_len: Cell<u32>,
    pub wait_min: Cell<u32>,
    pub flags: u32,
    pub timeout_ns: Cell<i64>,
    pub min_wait_us: u32,
    pub ops_done: Cell<u32>,
    pub op_error: Cell<i32>,
    pub op_error_at: u32,
    pub inflight: u32,
    pub leases_out: u32,
    pub tokens: *const u64,
    pub rel: *mut u64,
    pub rel_cap: u32,
    pub rel_len: Cell<u32>,
    pub resv: [u64; 3],
}

/// The last completion of its operation.
pub const CF_FINAL: u32 = 1 << 8;
/// `data` is a lease.
pub const CF_LEASE: u32 = 1 << 9;
/// A mailbox's message.
pub const CF_MSG: u32 = 1 << 11;
/// The kernel still has the memory.
pub const CF_ABANDONED: u32 = 1 << 12;
/// A pool runs low.
pub const CF_LOW_WATER: u32 = 1 << 14;

/// ringline_turn.
pub type Turn = unsafe extern "C" fn(*mut c_void) -> i32;
/// ringline_cancel and ringline_lease_release.
pub type Cancel = unsafe extern "C" fn(*mut c_void, u64) -> i32;
/// ringline_lease_release.
pub type Release = unsafe extern "C" fn(u64) -> i32;

const _: () = assert!(size_of::<Op>() == 64 && size_of::<Record>() == 32);
