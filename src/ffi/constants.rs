//! Constants of the ABI, as literals, for cbindgen and the wrappers' generator.

/// Number of the ABI: two libraries with the same number serve the same programs.
pub const RINGLINE_ABI: u32 = 1;
/// Version of the library, first part.
pub const RINGLINE_VERSION_MAJOR: u32 = 0;
/// Version of the library, second part.
pub const RINGLINE_VERSION_MINOR: u32 = 1;
/// Version of the library, third part.
pub const RINGLINE_VERSION_PATCH: u32 = 0;

/// Does nothing; completes with 0.
pub const RINGLINE_OP_NOP: u8 = 0;
/// fsync(2).
pub const RINGLINE_OP_FSYNC: u8 = 3;
/// pread(2) into the region buf_index.
pub const RINGLINE_OP_READ_FIXED: u8 = 4;
/// pwrite(2) from the region buf_index.
pub const RINGLINE_OP_WRITE_FIXED: u8 = 5;
/// poll(2), once or (len = 1) multishot.
pub const RINGLINE_OP_POLL_ADD: u8 = 6;
/// Remove or change a poll; addr is its token.
pub const RINGLINE_OP_POLL_REMOVE: u8 = 7;
/// The kernel's timer; RINGLINE_LIB_TIMER is cheaper.
pub const RINGLINE_OP_TIMEOUT: u8 = 11;
/// Remove or change a timeout; addr is its token.
pub const RINGLINE_OP_TIMEOUT_REMOVE: u8 = 12;
/// accept4(2), once or multishot.
pub const RINGLINE_OP_ACCEPT: u8 = 13;
/// Cancel; addr is the target's token.
pub const RINGLINE_OP_ASYNC_CANCEL: u8 = 14;
/// connect(2).
pub const RINGLINE_OP_CONNECT: u8 = 16;
/// openat(2).
pub const RINGLINE_OP_OPENAT: u8 = 18;
/// close(2); for sockets with operations in flight use RINGLINE_LIB_CLOSE.
pub const RINGLINE_OP_CLOSE: u8 = 19;
/// pread(2); off = -1 is the file position.
pub const RINGLINE_OP_READ: u8 = 22;
/// pwrite(2); off = -1 is the file position.
pub const RINGLINE_OP_WRITE: u8 = 23;
/// send(2), always with MSG_NOSIGNAL.
pub const RINGLINE_OP_SEND: u8 = 26;
/// recv(2), once or multishot from a pool.
pub const RINGLINE_OP_RECV: u8 = 27;
/// shutdown(2).
pub const RINGLINE_OP_SHUTDOWN: u8 = 34;
/// socket(2).
pub const RINGLINE_OP_SOCKET: u8 = 45;
/// send(2) without a copy, always with MSG_NOSIGNAL: two completions, the memory is the caller's
/// again with the second one (NOTIF). Linux 6.0.
pub const RINGLINE_OP_SEND_ZC: u8 = 47;
/// A descriptor for a registered file, Linux 6.8: ringline_file_install.
pub const RINGLINE_OP_FIXED_FD_INSTALL: u8 = 54;
/// bind(2), Linux 6.11.
pub const RINGLINE_OP_BIND: u8 = 56;
/// listen(2), Linux 6.11.
pub const RINGLINE_OP_LISTEN: u8 = 57;
/// Close a descriptor in order: shutdown, cancel its operations, wait for them, close.
pub const RINGLINE_LIB_CLOSE: u8 = 128;
/// A user-space timer: nanoseconds in off, period in addr.
pub const RINGLINE_LIB_TIMER: u8 = 129;
/// A send that goes on after short counts.
pub const RINGLINE_LIB_SEND_ALL: u8 = 130;

/// fd is a registered slot.
pub const RINGLINE_SQE_FIXED_FILE: u8 = 1;
/// Start after everything before is complete: refused, it would hold back cancels too.
pub const RINGLINE_SQE_IO_DRAIN: u8 = 2;
/// The next op starts when this one succeeded.
pub const RINGLINE_SQE_IO_LINK: u8 = 4;
/// The next op starts when this one ended.
pub const RINGLINE_SQE_IO_HARDLINK: u8 = 8;
/// Do it in a kernel worker from the start.
pub const RINGLINE_SQE_ASYNC: u8 = 16;
/// Take a buffer from the pool buf_index.
pub const RINGLINE_SQE_BUFFER_SELECT: u8 = 32;

/// ioprio of an ACCEPT: multishot.
pub const RINGLINE_ACCEPT_MULTISHOT: u16 = 1;
/// ioprio of a SEND or RECV: poll before trying.
pub const RINGLINE_RECVSEND_POLL_FIRST: u16 = 1;
/// ioprio of a RECV: multishot.
pub const RINGLINE_RECV_MULTISHOT: u16 = 2;
/// ioprio of a SEND_ZC: the memory lies in the region buf_index.
pub const RINGLINE_SEND_FIXED_BUF: u16 = 4;
/// ext of a SEND: no completion when the kernel takes it whole at once.
pub const RINGLINE_EXT_QUIET: u64 = 1;
/// op_flags of RINGLINE_LIB_CLOSE: others share the file, do not shut it down.
pub const RINGLINE_LIB_CLOSE_SHARED: u32 = 1;
/// op_flags of RINGLINE_LIB_TIMER: off is a CLOCK_MONOTONIC time.
pub const RINGLINE_TIMER_ABS: u32 = 1;

/// The high 16 bits are a buffer id.
pub const RINGLINE_CF_BUFFER: u32 = 0x1;
/// More completions of this op follow.
pub const RINGLINE_CF_MORE: u32 = 0x2;
/// The socket has more data.
pub const RINGLINE_CF_SOCK_NONEMPTY: u32 = 0x4;
/// A zero-copy notification.
pub const RINGLINE_CF_NOTIF: u32 = 0x8;
/// The kernel keeps using this buffer.
pub const RINGLINE_CF_BUF_MORE: u32 = 0x10;
/// The last completion of its op: its memory is the caller's again.
pub const RINGLINE_CF_FINAL: u32 = 0x100;
/// data is received bytes, token is the lease to give back.
pub const RINGLINE_CF_LEASE: u32 = 0x200;
/// A zero-copy send was copied after all.
pub const RINGLINE_CF_ZC_COPIED: u32 = 0x400;
/// Posted by another thread.
pub const RINGLINE_CF_MSG: u32 = 0x800;
/// Forced free: the memory of this op never comes back.
pub const RINGLINE_CF_ABANDONED: u32 = 0x1000;
/// token is the second half of a big completion.
pub const RINGLINE_CF_EXT: u32 = 0x2000;
/// Not about an op: few buffers of a pool are left (ringline_pool_set_low_water).
pub const RINGLINE_CF_LOW_WATER: u32 = 0x4000;
/// Where the buffer id starts in flags.
pub const RINGLINE_CF_BUFFER_SHIFT: u32 = 16;

/// A panic inside was caught; the handle is poisoned.
pub const RINGLINE_EPANIC: i32 = -4096;
/// Poisoned by an earlier panic: only free works.
pub const RINGLINE_EPOISONED: i32 = -4097;
/// Called from a thread that does not own the ring.
pub const RINGLINE_EWRONGTHREAD: i32 = -4098;
/// The handle was made before fork(2).
pub const RINGLINE_EFORKED: i32 = -4099;
/// Header and library do not match.
pub const RINGLINE_EABI: i32 = -4100;
/// Handle, token or lease is not valid (any more).
pub const RINGLINE_ESTALE: i32 = -4101;
/// A pointer that must not be NULL is NULL.
pub const RINGLINE_ENULL: i32 = -4102;
/// The ring is closing.
pub const RINGLINE_ECLOSED: i32 = -4103;
/// max_inflight is reached.
pub const RINGLINE_ENOSLOT: i32 = -4104;
/// The loop may not be run inside a callback.
pub const RINGLINE_EREENTRANT: i32 = -4105;
/// This kernel lacks the feature.
pub const RINGLINE_ENOTSUP_KERNEL: i32 = -4106;

/// No owner thread yet.
pub const RINGLINE_STATE_CREATED: i32 = 0;
/// Bound to its owner thread.
pub const RINGLINE_STATE_ATTACHED: i32 = 1;
/// Closing: operations are still in flight.
pub const RINGLINE_STATE_CLOSING: i32 = 2;
/// Closed: nothing is in flight.
pub const RINGLINE_STATE_CLOSED: i32 = 3;

/// Bits of kernel_features and config.disable: single_issuer.
pub const RINGLINE_FEATURE_SINGLE_ISSUER: u64 = 0x1;
/// defer_taskrun (6.1).
pub const RINGLINE_FEATURE_DEFER_TASKRUN: u64 = 0x2;
/// coop_taskrun (5.19).
pub const RINGLINE_FEATURE_COOP_TASKRUN: u64 = 0x4;
/// taskrun_flag (5.19).
pub const RINGLINE_FEATURE_TASKRUN_FLAG: u64 = 0x8;
/// submit_all (5.18).
pub const RINGLINE_FEATURE_SUBMIT_ALL: u64 = 0x10;
/// no_sqarray (6.6).
pub const RINGLINE_FEATURE_NO_SQARRAY: u64 = 0x20;
/// ext_arg (5.11).
pub const RINGLINE_FEATURE_EXT_ARG: u64 = 0x40;
/// min_wait (6.12).
pub const RINGLINE_FEATURE_MIN_WAIT: u64 = 0x80;
/// pool (5.19).
pub const RINGLINE_FEATURE_POOL: u64 = 0x100;
/// accept_multishot (5.19).
pub const RINGLINE_FEATURE_ACCEPT_MULTISHOT: u64 = 0x200;
/// recv_multishot (6.0).
pub const RINGLINE_FEATURE_RECV_MULTISHOT: u64 = 0x400;
/// cancel_sync (6.0).
pub const RINGLINE_FEATURE_CANCEL_SYNC: u64 = 0x800;
/// cancel_any (5.19).
pub const RINGLINE_FEATURE_CANCEL_ANY: u64 = 0x1000;
/// registered_ring (5.18).
pub const RINGLINE_FEATURE_REGISTERED_RING: u64 = 0x2000;
/// write_nosignal (6.18).
pub const RINGLINE_FEATURE_WRITE_NOSIGNAL: u64 = 0x4000;
/// bind_listen (6.11).
pub const RINGLINE_FEATURE_BIND_LISTEN: u64 = 0x8000;
/// cqe_skip (5.17).
pub const RINGLINE_FEATURE_CQE_SKIP: u64 = 0x10000;
/// pool_incremental (6.12).
pub const RINGLINE_FEATURE_POOL_INCREMENTAL: u64 = 0x20000;
/// fixed_buffers (5.19).
pub const RINGLINE_FEATURE_FIXED_BUFFERS: u64 = 0x40000;
/// file_table (6.0).
pub const RINGLINE_FEATURE_FILE_TABLE: u64 = 0x80000;
/// fd_install (6.8).
pub const RINGLINE_FEATURE_FD_INSTALL: u64 = 0x100000;

/// flags of a pool: the kernel fills a buffer piece by piece (6.12).
pub const RINGLINE_POOL_INCREMENTAL: u32 = 0x1;
/// flags of a pool: huge pages, reserved ones if there are any.
pub const RINGLINE_POOL_HUGE: u32 = 0x2;
/// In ringline_pool_info: the kernel was only asked for huge pages (madvise).
pub const RINGLINE_POOL_HUGE_ADVISED: u32 = 0x4;
/// flags of a region: huge pages, reserved ones if there are any.
pub const RINGLINE_REGION_HUGE: u32 = 0x1;
/// In ringline_region_info: the kernel was only asked for huge pages (madvise).
pub const RINGLINE_REGION_HUGE_ADVISED: u32 = 0x2;
/// file_index of accept, openat and socket: a slot of the kernel's choice.
pub const RINGLINE_FILE_INDEX_ALLOC: u32 = 0xffffffff;
/// flags of ringline_file_install: the descriptor stays open on exec.
pub const RINGLINE_FILE_INSTALL_INHERIT: u32 = 0x1;

/// config.flags: let a kernel thread poll the submission queue; steps down where it may not.
pub const RINGLINE_CONFIG_SQPOLL: u32 = 0x1;

/// set_log: nothing is told.
pub const RINGLINE_LOG_NONE: u32 = 0;
/// A caught panic.
pub const RINGLINE_LOG_ERROR: u32 = 1;
/// Abandoned operations, a feature that this kernel lacks.
pub const RINGLINE_LOG_WARN: u32 = 2;
/// The library took another way: setup flags stepped down, memory was waited for.
pub const RINGLINE_LOG_INFO: u32 = 3;
/// Every call that failed.
pub const RINGLINE_LOG_DEBUG: u32 = 4;

const _: () = assert!(RINGLINE_LOG_ERROR == crate::log::ERROR);
const _: () = assert!(RINGLINE_LOG_WARN == crate::log::WARN);
const _: () = assert!(RINGLINE_LOG_INFO == crate::log::INFO);
const _: () = assert!(RINGLINE_LOG_DEBUG == crate::log::DEBUG);
const _: () = assert!(RINGLINE_FEATURE_CQE_SKIP == crate::sys::Features::CQE_SKIP.0);
const _: () = assert!(RINGLINE_FEATURE_FD_INSTALL == crate::sys::Features::FD_INSTALL.0);
