//! Constants of the ABI, as literals, for cbindgen and the wrappers' generator.
//!
//! Owns: the numbers and words of the header. What the library has itself is held against it below.

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
/// preadv2(2); off = -1 is the file position.
pub const RINGLINE_OP_READV: u8 = 1;
/// pwritev2(2), with RWF_NOSIGNAL where the kernel has it.
pub const RINGLINE_OP_WRITEV: u8 = 2;
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
/// sync_file_range(2).
pub const RINGLINE_OP_SYNC_FILE_RANGE: u8 = 8;
/// sendmsg(2), always with MSG_NOSIGNAL.
pub const RINGLINE_OP_SENDMSG: u8 = 9;
/// recvmsg(2), once or multishot from a pool.
pub const RINGLINE_OP_RECVMSG: u8 = 10;
/// The kernel's timer; RINGLINE_LIB_TIMER is cheaper.
pub const RINGLINE_OP_TIMEOUT: u8 = 11;
/// Remove or change a timeout; addr is its token.
pub const RINGLINE_OP_TIMEOUT_REMOVE: u8 = 12;
/// accept4(2), once or multishot.
pub const RINGLINE_OP_ACCEPT: u8 = 13;
/// Cancel; addr is the target's token.
pub const RINGLINE_OP_ASYNC_CANCEL: u8 = 14;
/// A time limit for the op before it in a chain.
pub const RINGLINE_OP_LINK_TIMEOUT: u8 = 15;
/// connect(2).
pub const RINGLINE_OP_CONNECT: u8 = 16;
/// fallocate(2).
pub const RINGLINE_OP_FALLOCATE: u8 = 17;
/// openat(2).
pub const RINGLINE_OP_OPENAT: u8 = 18;
/// close(2); for sockets with operations in flight use RINGLINE_LIB_CLOSE.
pub const RINGLINE_OP_CLOSE: u8 = 19;
/// Change registered files.
pub const RINGLINE_OP_FILES_UPDATE: u8 = 20;
/// statx(2).
pub const RINGLINE_OP_STATX: u8 = 21;
/// pread(2); off = -1 is the file position.
pub const RINGLINE_OP_READ: u8 = 22;
/// pwrite(2); off = -1 is the file position.
pub const RINGLINE_OP_WRITE: u8 = 23;
/// posix_fadvise(2).
pub const RINGLINE_OP_FADVISE: u8 = 24;
/// madvise(2).
pub const RINGLINE_OP_MADVISE: u8 = 25;
/// send(2), always with MSG_NOSIGNAL.
pub const RINGLINE_OP_SEND: u8 = 26;
/// recv(2), once or multishot from a pool.
pub const RINGLINE_OP_RECV: u8 = 27;
/// openat2(2).
pub const RINGLINE_OP_OPENAT2: u8 = 28;
/// epoll_ctl(2).
pub const RINGLINE_OP_EPOLL_CTL: u8 = 29;
/// splice(2).
pub const RINGLINE_OP_SPLICE: u8 = 30;
/// Refused: ringline_pool_create() provides buffers.
pub const RINGLINE_OP_PROVIDE_BUFFERS: u8 = 31;
/// Refused: ringline_pool_destroy() takes buffers back.
pub const RINGLINE_OP_REMOVE_BUFFERS: u8 = 32;
/// tee(2).
pub const RINGLINE_OP_TEE: u8 = 33;
/// shutdown(2).
pub const RINGLINE_OP_SHUTDOWN: u8 = 34;
/// renameat2(2).
pub const RINGLINE_OP_RENAMEAT: u8 = 35;
/// unlinkat(2).
pub const RINGLINE_OP_UNLINKAT: u8 = 36;
/// mkdirat(2).
pub const RINGLINE_OP_MKDIRAT: u8 = 37;
/// symlinkat(2).
pub const RINGLINE_OP_SYMLINKAT: u8 = 38;
/// linkat(2).
pub const RINGLINE_OP_LINKAT: u8 = 39;
/// A completion with RINGLINE_CF_MSG on another ring.
pub const RINGLINE_OP_MSG_RING: u8 = 40;
/// fsetxattr(2).
pub const RINGLINE_OP_FSETXATTR: u8 = 41;
/// setxattr(2).
pub const RINGLINE_OP_SETXATTR: u8 = 42;
/// fgetxattr(2).
pub const RINGLINE_OP_FGETXATTR: u8 = 43;
/// getxattr(2).
pub const RINGLINE_OP_GETXATTR: u8 = 44;
/// socket(2).
pub const RINGLINE_OP_SOCKET: u8 = 45;
/// A command of the file's driver, or of a socket.
pub const RINGLINE_OP_URING_CMD: u8 = 46;
/// send(2) out of the caller's pages, always with MSG_NOSIGNAL: two completions, the memory is the
/// caller's again with the second one (NOTIF). Linux 6.0.
pub const RINGLINE_OP_SEND_ZC: u8 = 47;
/// sendmsg(2) out of the caller's pages: FINAL at the notification.
pub const RINGLINE_OP_SENDMSG_ZC: u8 = 48;
/// READ from a pool, again and again, Linux 6.7.
pub const RINGLINE_OP_READ_MULTISHOT: u8 = 49;
/// waitid(2), Linux 6.7.
pub const RINGLINE_OP_WAITID: u8 = 50;
/// Wait for a futex, Linux 6.7.
pub const RINGLINE_OP_FUTEX_WAIT: u8 = 51;
/// Wake waiters of a futex, Linux 6.7.
pub const RINGLINE_OP_FUTEX_WAKE: u8 = 52;
/// Wait for one of several futexes, Linux 6.7.
pub const RINGLINE_OP_FUTEX_WAITV: u8 = 53;
/// A descriptor for a registered file, Linux 6.8: ringline_file_install.
pub const RINGLINE_OP_FIXED_FD_INSTALL: u8 = 54;
/// ftruncate(2), Linux 6.9.
pub const RINGLINE_OP_FTRUNCATE: u8 = 55;
/// bind(2), Linux 6.11.
pub const RINGLINE_OP_BIND: u8 = 56;
/// listen(2), Linux 6.11.
pub const RINGLINE_OP_LISTEN: u8 = 57;
/// Zero-copy receive: refused, no ring has a queue for it.
pub const RINGLINE_OP_RECV_ZC: u8 = 58;
/// epoll_wait(2), Linux 6.15.
pub const RINGLINE_OP_EPOLL_WAIT: u8 = 59;
/// READV into a registered buffer, Linux 6.15.
pub const RINGLINE_OP_READV_FIXED: u8 = 60;
/// WRITEV out of a registered buffer, Linux 6.15.
pub const RINGLINE_OP_WRITEV_FIXED: u8 = 61;
/// pipe2(2), Linux 6.16.
pub const RINGLINE_OP_PIPE: u8 = 62;
/// Close a descriptor in order: shutdown, cancel its operations, wait for them, close.
pub const RINGLINE_LIB_CLOSE: u8 = 128;
/// A user-space timer: nanoseconds in off, period in addr.
pub const RINGLINE_LIB_TIMER: u8 = 129;
/// A send that goes on after short counts.
pub const RINGLINE_LIB_SEND_ALL: u8 = 130;
/// A CONNECT with a time limit: nanoseconds in addr3.
pub const RINGLINE_LIB_CONNECT_TIMEOUT: u8 = 131;
/// A completion at the next turn, with res from len.
pub const RINGLINE_LIB_POST: u8 = 132;

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
/// ext of a SEND: no completion when the kernel takes it whole at once.
pub const RINGLINE_EXT_QUIET: u64 = 1;
/// ioprio of a zero-copy send: buf_index is the region that the memory lies in.
pub const RINGLINE_RECVSEND_FIXED_BUF: u16 = 4;
/// ioprio of a zero-copy send: tell whether it was copied; set anyway where the kernel can.
pub const RINGLINE_SEND_ZC_REPORT_USAGE: u16 = 8;
/// ioprio of an ACCEPT: fail with -EAGAIN instead of waiting.
pub const RINGLINE_ACCEPT_DONTWAIT: u16 = 2;
/// ioprio of an ACCEPT: poll before trying.
pub const RINGLINE_ACCEPT_POLL_FIRST: u16 = 4;
/// op_flags of an FSYNC: as fdatasync(2).
pub const RINGLINE_FSYNC_DATASYNC: u32 = 1;
/// op_flags of a NOP: res is what len says.
pub const RINGLINE_NOP_INJECT_RESULT: u32 = 1;
/// op_flags of a NOP on a BIG ring: off and addr come back as data and token, Linux 6.18.
pub const RINGLINE_NOP_CQE32: u32 = 32;
/// len of a POLL_ADD: a completion for each event.
pub const RINGLINE_POLL_ADD_MULTI: u32 = 1;
/// len of a POLL_REMOVE: change the events instead.
pub const RINGLINE_POLL_UPDATE_EVENTS: u32 = 2;
/// len of a POLL_ADD: level-triggered.
pub const RINGLINE_POLL_ADD_LEVEL: u32 = 8;
/// op_flags of a TIMEOUT: the time is absolute.
pub const RINGLINE_TIMEOUT_ABS: u32 = 1;
/// op_flags of a TIMEOUT_REMOVE: change the time instead.
pub const RINGLINE_TIMEOUT_UPDATE: u32 = 2;
/// op_flags of a TIMEOUT: CLOCK_BOOTTIME.
pub const RINGLINE_TIMEOUT_BOOTTIME: u32 = 4;
/// op_flags of a TIMEOUT: CLOCK_REALTIME.
pub const RINGLINE_TIMEOUT_REALTIME: u32 = 8;
/// op_flags of a TIMEOUT_REMOVE: change the time of a LINK_TIMEOUT.
pub const RINGLINE_LINK_TIMEOUT_UPDATE: u32 = 16;
/// op_flags of a TIMEOUT: being over counts as success in a chain.
pub const RINGLINE_TIMEOUT_ETIME_SUCCESS: u32 = 32;
/// op_flags of a TIMEOUT: again and again, Linux 6.4.
pub const RINGLINE_TIMEOUT_MULTISHOT: u32 = 64;
/// op_flags of an ASYNC_CANCEL: everything that matches, not only the first.
pub const RINGLINE_CANCEL_ALL: u32 = 1;
/// op_flags of an ASYNC_CANCEL: by fd, not by token.
pub const RINGLINE_CANCEL_FD: u32 = 2;
/// op_flags of an ASYNC_CANCEL: fd is a registered slot.
pub const RINGLINE_CANCEL_FD_FIXED: u32 = 8;
/// op_flags of a SPLICE or TEE: fd_in is a registered slot.
pub const RINGLINE_SPLICE_FD_IN_FIXED: u32 = 0x80000000;
/// op_flags of a FIXED_FD_INSTALL: the descriptor survives exec.
pub const RINGLINE_FIXED_FD_NO_CLOEXEC: u32 = 1;
/// Flags of a futex: 32 bits wide, the only size that the kernel has.
pub const RINGLINE_FUTEX2_SIZE_U32: u32 = 2;
/// Flags of a futex: used by this process only.
pub const RINGLINE_FUTEX2_PRIVATE: u32 = 128;
/// Mask of a futex: any waiter, any waker.
pub const RINGLINE_FUTEX_ANY: u64 = 0xffffffff;
/// op_flags of a URING_CMD: buf_index is a registered buffer.
pub const RINGLINE_URING_CMD_FIXED: u32 = 1;
/// Command of a socket: bytes to read.
pub const RINGLINE_SOCKET_SIOCINQ: u32 = 0;
/// Command of a socket: bytes not sent yet.
pub const RINGLINE_SOCKET_SIOCOUTQ: u32 = 1;
/// Command of a socket: getsockopt(2), level SOL_SOCKET.
pub const RINGLINE_SOCKET_GETSOCKOPT: u32 = 2;
/// Command of a socket: setsockopt(2).
pub const RINGLINE_SOCKET_SETSOCKOPT: u32 = 3;
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
/// data and token are the second half of a big completion: a URING_CMD's on a BIG ring.
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
/// TLS could not go on: the handshake failed, or a record was wrong.
pub const RINGLINE_ETLS: i32 = -4107;
/// The other end of a TLS connection closed without ending its TLS: data may be missing.
pub const RINGLINE_ETRUNCATED: i32 = -4108;

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
/// big_ring (5.19).
pub const RINGLINE_FEATURE_BIG_RING: u64 = 0x200000;
/// recv_limit (6.17).
pub const RINGLINE_FEATURE_RECV_LIMIT: u64 = 0x400000;

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

/// flags of ringline_submit: copy the small inputs that ops point to, which are free on return.
pub const RINGLINE_SUBMIT_COPY_ARGS: u32 = 0x1;

/// config.flags: let a kernel thread poll the submission queue; steps down where it may not. That
/// thread has the rights of whoever made the ring, for good: a program that gives up root
/// (setuid(2)) still opens files as root by such a ring. Make the ring afterwards.
pub const RINGLINE_CONFIG_SQPOLL: u32 = 0x1;
/// config.flags: a BIG ring, with entries of 128 bytes and completions of 32, for commands of 80
/// bytes (NVMe passthrough); RINGLINE_ENOTSUP_KERNEL before Linux 5.19.
pub const RINGLINE_CONFIG_BIG: u32 = 0x2;

/// flags of a runtime's config: leave the threads where the kernel puts them.
pub const RINGLINE_RUNTIME_UNPINNED: u32 = 0x1;
/// how of ringline_conn_close: what is queued is sent first.
pub const RINGLINE_CLOSE_GRACEFULLY: u32 = 0;
/// how of ringline_conn_close: what is queued is dropped, the other end sees a reset.
pub const RINGLINE_CLOSE_AT_ONCE: u32 = 1;
/// state of a connection: it sends and receives.
pub const RINGLINE_CONN_OPEN: u32 = 1;
/// It sends what is queued, then waits for the other end to close.
pub const RINGLINE_CONN_DRAINING: u32 = 2;
/// It ends what is in flight; its close callback is next.
pub const RINGLINE_CONN_CLOSING: u32 = 3;
/// ringline_conn_connect() is not through; its connect callback is next.
pub const RINGLINE_CONN_CONNECTING: u32 = 4;
/// flags of a connection: it shows no data (ringline_conn_pause).
pub const RINGLINE_CONN_PAUSED: u32 = 0x1;
/// flags of a connection: the other end sends nothing more.
pub const RINGLINE_CONN_ENDED: u32 = 0x2;
/// flags of a connection: the other end is gone. What it sent before is shown, whatever was paused;
/// then the connection closes, and what its data callback left is dropped.
pub const RINGLINE_CONN_GONE: u32 = 0x4;
/// flags of a datagram: it was longer than datagram_size, and cut off.
pub const RINGLINE_DATAGRAM_TRUNCATED: u32 = 0x1;
/// flags of TLS options: trust whom the machine trusts, besides the roots that are given.
pub const RINGLINE_TLS_SYSTEM_ROOTS: u32 = 0x1;
/// A server asks for a certificate, and takes clients without one too.
pub const RINGLINE_TLS_CLIENT_CERTIFICATE_WANTED: u32 = 0x2;
/// A server takes no client without a certificate that its roots vouch for.
pub const RINGLINE_TLS_CLIENT_CERTIFICATE_REQUIRED: u32 = 0x4;
/// Every handshake in full: nothing is kept of a session that is over.
pub const RINGLINE_TLS_NO_RESUMPTION: u32 = 0x8;
/// DANGEROUS: a client believes any certificate, so that anybody on the way can read and change
/// everything. For tests against a machine of one's own.
pub const RINGLINE_TLS_DANGEROUS_BELIEVE_ANYBODY: u32 = 0x80000000;
/// state of a TLS info: the connection has none.
pub const RINGLINE_TLS_NONE: u32 = 0;
/// The handshake has not ended.
pub const RINGLINE_TLS_SHAKING: u32 = 1;
/// The handshake ended.
pub const RINGLINE_TLS_DONE: u32 = 2;
/// flags of a TLS info: it went on with an earlier session.
pub const RINGLINE_TLS_RESUMED: u32 = 0x1;

/// flags of ringline_listen: others may listen on the same port, this process or another one of the
/// same user's, and whoever does gets a part of its clients. Each of them has to say so.
pub const RINGLINE_LISTEN_SHARED: u32 = 0x1;

/// kind of an event: the worker begins.
pub const RINGLINE_EVENT_START: u32 = 1;
/// A client came by `listener`.
pub const RINGLINE_EVENT_ACCEPT: u32 = 2;
/// Bytes came, or (length 0) the other end sends nothing more; see `consumed`.
pub const RINGLINE_EVENT_DATA: u32 = 3;
/// The kernel took `length` bytes.
pub const RINGLINE_EVENT_SENT: u32 = 4;
/// There is room again in a send queue that was full.
pub const RINGLINE_EVENT_WRITABLE: u32 = 5;
/// A connection is over, for the reason `res`; its id is stale. `extra` bytes of what was sent the
/// other end had not taken (`queued` and `untaken` of ringline_conn_info, together). With
/// RINGLINE_ETLS its cause in words, `length` bytes, is at `address`.
pub const RINGLINE_EVENT_CLOSE: u32 = 6;
/// The worker is over.
pub const RINGLINE_EVENT_STOP: u32 = 7;
/// The timer `conn` ticks; `res` periods were missed before.
pub const RINGLINE_EVENT_TICK: u32 = 8;
/// Another thread posted `user` and `res`.
pub const RINGLINE_EVENT_NOTIFY: u32 = 9;
/// ringline_resolve() of `user`: `length` of ringline_address at `address`; or `res` is -errno and
/// the resolver's words, `length` bytes, are there.
pub const RINGLINE_EVENT_RESOLVE: u32 = 10;
/// The signal `res` came, sent by the process `extra`.
pub const RINGLINE_EVENT_SIGNAL: u32 = 11;
/// The process `conn` runs: `res` is its pid, and at `address` are the ids of three connections,
/// its input, output and errors (0 = none); or `res` is -errno.
pub const RINGLINE_EVENT_SPAWN: u32 = 12;
/// The process `conn` ended with the code `res`, or by the signal -`res`.
pub const RINGLINE_EVENT_EXIT: u32 = 13;
/// What became of the connect of `conn`: `res` 0 or -errno.
pub const RINGLINE_EVENT_CONNECT: u32 = 14;
/// What was lent to `conn` under the cookie `extra` is the caller's again.
pub const RINGLINE_EVENT_RELEASED: u32 = 15;
/// A datagram came by `listener`: `length` bytes at `address`, from the sockaddr at `user` of `res`
/// bytes (0: the sender has none); `flags`: RINGLINE_DATAGRAM_TRUNCATED.
pub const RINGLINE_EVENT_DATAGRAM: u32 = 16;
/// The TLS handshake of `conn` ended.
pub const RINGLINE_EVENT_SECURED: u32 = 17;
/// The worker begins to end: it was told to stop.
pub const RINGLINE_EVENT_STOPPING: u32 = 18;

/// worker of ringline_work: the calling thread's own.
pub const RINGLINE_WORKER_HERE: u32 = 0xffffffff;
/// stdin, stdout, stderr of a process: the program's own.
pub const RINGLINE_STREAM_INHERITED: u32 = 0;
/// A connection of the worker.
pub const RINGLINE_STREAM_PIPED: u32 = 1;
/// /dev/null.
pub const RINGLINE_STREAM_NULL: u32 = 2;
/// status of a process: somebody else waited for it.
pub const RINGLINE_EXIT_UNKNOWN: i32 = -2147483648;

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
const _: () = assert!(RINGLINE_FEATURE_BIG_RING == crate::sys::Features::BIG_RING.0);
const _: () = assert!(RINGLINE_EXIT_UNKNOWN == crate::runtime::UNKNOWN);

/// Each operation of the list has its constant here, with the same number.
macro_rules! hold_against_the_list {
    (
        kernel: $(
            $code:literal $constant:ident $name:ident $header:ident $class:ident $since:literal,
        )*
        library: $($own_code:literal $own_constant:ident $own_name:ident $own_header:ident,)*
    ) => {
        $(const _: () = assert!($header == $code);)*
        $(const _: () = assert!($own_header == $own_code);)*
    };
}
crate::sys::each_operation!(hold_against_the_list);
