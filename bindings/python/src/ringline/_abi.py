"""The ABI of libringline for ctypes: constants, records and functions.

Generated from the Rust source by `make abi`: change the source, not this file.
"""

import ctypes
from typing import Any, Callable, Dict, List, Optional, Tuple

#: What stands for a C pointer: an address, ctypes.byref(...), an array, or None.
Pointer = Any

#: Number of the ABI: two libraries with the same number serve the same programs.
ABI = 1
#: Version of the library, first part.
VERSION_MAJOR = 0
#: Version of the library, second part.
VERSION_MINOR = 1
#: Version of the library, third part.
VERSION_PATCH = 0
#: Does nothing; completes with 0.
OP_NOP = 0
#: preadv2(2); off = -1 is the file position.
OP_READV = 1
#: pwritev2(2), with RWF_NOSIGNAL where the kernel has it.
OP_WRITEV = 2
#: fsync(2).
OP_FSYNC = 3
#: pread(2) into the region buf_index.
OP_READ_FIXED = 4
#: pwrite(2) from the region buf_index.
OP_WRITE_FIXED = 5
#: poll(2), once or (len = 1) multishot.
OP_POLL_ADD = 6
#: Remove or change a poll; addr is its token.
OP_POLL_REMOVE = 7
#: sync_file_range(2).
OP_SYNC_FILE_RANGE = 8
#: sendmsg(2), always with MSG_NOSIGNAL.
OP_SENDMSG = 9
#: recvmsg(2), once or multishot from a pool.
OP_RECVMSG = 10
#: The kernel's timer; RINGLINE_LIB_TIMER is cheaper.
OP_TIMEOUT = 11
#: Remove or change a timeout; addr is its token.
OP_TIMEOUT_REMOVE = 12
#: accept4(2), once or multishot.
OP_ACCEPT = 13
#: Cancel; addr is the target's token.
OP_ASYNC_CANCEL = 14
#: A time limit for the op before it in a chain.
OP_LINK_TIMEOUT = 15
#: connect(2).
OP_CONNECT = 16
#: fallocate(2).
OP_FALLOCATE = 17
#: openat(2).
OP_OPENAT = 18
#: close(2); for sockets with operations in flight use RINGLINE_LIB_CLOSE.
OP_CLOSE = 19
#: Change registered files.
OP_FILES_UPDATE = 20
#: statx(2).
OP_STATX = 21
#: pread(2); off = -1 is the file position.
OP_READ = 22
#: pwrite(2); off = -1 is the file position.
OP_WRITE = 23
#: posix_fadvise(2).
OP_FADVISE = 24
#: madvise(2).
OP_MADVISE = 25
#: send(2), always with MSG_NOSIGNAL.
OP_SEND = 26
#: recv(2), once or multishot from a pool.
OP_RECV = 27
#: openat2(2).
OP_OPENAT2 = 28
#: epoll_ctl(2).
OP_EPOLL_CTL = 29
#: splice(2).
OP_SPLICE = 30
#: Refused: ringline_pool_create() provides buffers.
OP_PROVIDE_BUFFERS = 31
#: Refused: ringline_pool_destroy() takes buffers back.
OP_REMOVE_BUFFERS = 32
#: tee(2).
OP_TEE = 33
#: shutdown(2).
OP_SHUTDOWN = 34
#: renameat2(2).
OP_RENAMEAT = 35
#: unlinkat(2).
OP_UNLINKAT = 36
#: mkdirat(2).
OP_MKDIRAT = 37
#: symlinkat(2).
OP_SYMLINKAT = 38
#: linkat(2).
OP_LINKAT = 39
#: A completion with RINGLINE_CF_MSG on another ring.
OP_MSG_RING = 40
#: fsetxattr(2).
OP_FSETXATTR = 41
#: setxattr(2).
OP_SETXATTR = 42
#: fgetxattr(2).
OP_FGETXATTR = 43
#: getxattr(2).
OP_GETXATTR = 44
#: socket(2).
OP_SOCKET = 45
#: A command of the file's driver, or of a socket.
OP_URING_CMD = 46
#: send(2) out of the caller's pages, always with MSG_NOSIGNAL: two completions, the memory is the
#: caller's again with the second one (NOTIF). Linux 6.0.
OP_SEND_ZC = 47
#: sendmsg(2) out of the caller's pages: FINAL at the notification.
OP_SENDMSG_ZC = 48
#: READ from a pool, again and again, Linux 6.7.
OP_READ_MULTISHOT = 49
#: waitid(2), Linux 6.7.
OP_WAITID = 50
#: Wait for a futex, Linux 6.7.
OP_FUTEX_WAIT = 51
#: Wake waiters of a futex, Linux 6.7.
OP_FUTEX_WAKE = 52
#: Wait for one of several futexes, Linux 6.7.
OP_FUTEX_WAITV = 53
#: A descriptor for a registered file, Linux 6.8: ringline_file_install.
OP_FIXED_FD_INSTALL = 54
#: ftruncate(2), Linux 6.9.
OP_FTRUNCATE = 55
#: bind(2), Linux 6.11.
OP_BIND = 56
#: listen(2), Linux 6.11.
OP_LISTEN = 57
#: Zero-copy receive: refused, no ring has a queue for it.
OP_RECV_ZC = 58
#: epoll_wait(2), Linux 6.15.
OP_EPOLL_WAIT = 59
#: READV into a registered buffer, Linux 6.15.
OP_READV_FIXED = 60
#: WRITEV out of a registered buffer, Linux 6.15.
OP_WRITEV_FIXED = 61
#: pipe2(2), Linux 6.16.
OP_PIPE = 62
#: Close a descriptor in order: shutdown, cancel its operations, wait for them, close.
LIB_CLOSE = 128
#: A user-space timer: nanoseconds in off, period in addr.
LIB_TIMER = 129
#: A send that goes on after short counts.
LIB_SEND_ALL = 130
#: A CONNECT with a time limit: nanoseconds in addr3.
LIB_CONNECT_TIMEOUT = 131
#: A completion at the next turn, with res from len.
LIB_POST = 132
#: fd is a registered slot.
SQE_FIXED_FILE = 1
#: Start after everything before is complete: refused, it would hold back cancels too.
SQE_IO_DRAIN = 2
#: The next op starts when this one succeeded.
SQE_IO_LINK = 4
#: The next op starts when this one ended.
SQE_IO_HARDLINK = 8
#: Do it in a kernel worker from the start.
SQE_ASYNC = 16
#: Take a buffer from the pool buf_index.
SQE_BUFFER_SELECT = 32
#: ioprio of an ACCEPT: multishot.
ACCEPT_MULTISHOT = 1
#: ioprio of a SEND or RECV: poll before trying.
RECVSEND_POLL_FIRST = 1
#: ioprio of a RECV: multishot.
RECV_MULTISHOT = 2
#: ext of a SEND: no completion when the kernel takes it whole at once.
EXT_QUIET = 1
#: ioprio of a zero-copy send: buf_index is the region that the memory lies in.
RECVSEND_FIXED_BUF = 4
#: ioprio of a zero-copy send: tell whether it was copied; set anyway where the kernel can.
SEND_ZC_REPORT_USAGE = 8
#: ioprio of an ACCEPT: fail with -EAGAIN instead of waiting.
ACCEPT_DONTWAIT = 2
#: ioprio of an ACCEPT: poll before trying.
ACCEPT_POLL_FIRST = 4
#: op_flags of an FSYNC: as fdatasync(2).
FSYNC_DATASYNC = 1
#: op_flags of a NOP: res is what len says.
NOP_INJECT_RESULT = 1
#: op_flags of a NOP on a BIG ring: off and addr come back as data and token, Linux 6.18.
NOP_CQE32 = 32
#: len of a POLL_ADD: a completion for each event.
POLL_ADD_MULTI = 1
#: len of a POLL_REMOVE: change the events instead.
POLL_UPDATE_EVENTS = 2
#: len of a POLL_ADD: level-triggered.
POLL_ADD_LEVEL = 8
#: op_flags of a TIMEOUT: the time is absolute.
TIMEOUT_ABS = 1
#: op_flags of a TIMEOUT_REMOVE: change the time instead.
TIMEOUT_UPDATE = 2
#: op_flags of a TIMEOUT: CLOCK_BOOTTIME.
TIMEOUT_BOOTTIME = 4
#: op_flags of a TIMEOUT: CLOCK_REALTIME.
TIMEOUT_REALTIME = 8
#: op_flags of a TIMEOUT_REMOVE: change the time of a LINK_TIMEOUT.
LINK_TIMEOUT_UPDATE = 16
#: op_flags of a TIMEOUT: being over counts as success in a chain.
TIMEOUT_ETIME_SUCCESS = 32
#: op_flags of a TIMEOUT: again and again, Linux 6.4.
TIMEOUT_MULTISHOT = 64
#: op_flags of an ASYNC_CANCEL: everything that matches, not only the first.
CANCEL_ALL = 1
#: op_flags of an ASYNC_CANCEL: by fd, not by token.
CANCEL_FD = 2
#: op_flags of an ASYNC_CANCEL: fd is a registered slot.
CANCEL_FD_FIXED = 8
#: op_flags of a SPLICE or TEE: fd_in is a registered slot.
SPLICE_FD_IN_FIXED = 2147483648
#: op_flags of a FIXED_FD_INSTALL: the descriptor survives exec.
FIXED_FD_NO_CLOEXEC = 1
#: Flags of a futex: 32 bits wide, the only size that the kernel has.
FUTEX2_SIZE_U32 = 2
#: Flags of a futex: used by this process only.
FUTEX2_PRIVATE = 128
#: Mask of a futex: any waiter, any waker.
FUTEX_ANY = 4294967295
#: op_flags of a URING_CMD: buf_index is a registered buffer.
URING_CMD_FIXED = 1
#: Command of a socket: bytes to read.
SOCKET_SIOCINQ = 0
#: Command of a socket: bytes not sent yet.
SOCKET_SIOCOUTQ = 1
#: Command of a socket: getsockopt(2), level SOL_SOCKET.
SOCKET_GETSOCKOPT = 2
#: Command of a socket: setsockopt(2).
SOCKET_SETSOCKOPT = 3
#: op_flags of RINGLINE_LIB_CLOSE: others share the file, do not shut it down.
LIB_CLOSE_SHARED = 1
#: op_flags of RINGLINE_LIB_TIMER: off is a CLOCK_MONOTONIC time.
TIMER_ABS = 1
#: The high 16 bits are a buffer id.
CF_BUFFER = 1
#: More completions of this op follow.
CF_MORE = 2
#: The socket has more data.
CF_SOCK_NONEMPTY = 4
#: A zero-copy notification.
CF_NOTIF = 8
#: The kernel keeps using this buffer.
CF_BUF_MORE = 16
#: The last completion of its op: its memory is the caller's again.
CF_FINAL = 256
#: data is received bytes, token is the lease to give back.
CF_LEASE = 512
#: A zero-copy send was copied after all.
CF_ZC_COPIED = 1024
#: Posted by another thread.
CF_MSG = 2048
#: Forced free: the memory of this op never comes back.
CF_ABANDONED = 4096
#: data and token are the second half of a big completion: a URING_CMD's on a BIG ring.
CF_EXT = 8192
#: Not about an op: few buffers of a pool are left (ringline_pool_set_low_water).
CF_LOW_WATER = 16384
#: Where the buffer id starts in flags.
CF_BUFFER_SHIFT = 16
#: A panic inside was caught; the handle is poisoned.
EPANIC = -4096
#: Poisoned by an earlier panic: only free works.
EPOISONED = -4097
#: Called from a thread that does not own the ring.
EWRONGTHREAD = -4098
#: The handle was made before fork(2).
EFORKED = -4099
#: Header and library do not match.
EABI = -4100
#: Handle, token or lease is not valid (any more).
ESTALE = -4101
#: A pointer that must not be NULL is NULL.
ENULL = -4102
#: The ring is closing.
ECLOSED = -4103
#: max_inflight is reached.
ENOSLOT = -4104
#: The loop may not be run inside a callback.
EREENTRANT = -4105
#: This kernel lacks the feature.
ENOTSUP_KERNEL = -4106
#: TLS could not go on: the handshake failed, or a record was wrong.
ETLS = -4107
#: The other end of a TLS connection closed without ending its TLS: data may be missing.
ETRUNCATED = -4108
#: No owner thread yet.
STATE_CREATED = 0
#: Bound to its owner thread.
STATE_ATTACHED = 1
#: Closing: operations are still in flight.
STATE_CLOSING = 2
#: Closed: nothing is in flight.
STATE_CLOSED = 3
#: Bits of kernel_features and config.disable: single_issuer.
FEATURE_SINGLE_ISSUER = 1
#: defer_taskrun (6.1).
FEATURE_DEFER_TASKRUN = 2
#: coop_taskrun (5.19).
FEATURE_COOP_TASKRUN = 4
#: taskrun_flag (5.19).
FEATURE_TASKRUN_FLAG = 8
#: submit_all (5.18).
FEATURE_SUBMIT_ALL = 16
#: no_sqarray (6.6).
FEATURE_NO_SQARRAY = 32
#: ext_arg (5.11).
FEATURE_EXT_ARG = 64
#: min_wait (6.12).
FEATURE_MIN_WAIT = 128
#: pool (5.19).
FEATURE_POOL = 256
#: accept_multishot (5.19).
FEATURE_ACCEPT_MULTISHOT = 512
#: recv_multishot (6.0).
FEATURE_RECV_MULTISHOT = 1024
#: cancel_sync (6.0).
FEATURE_CANCEL_SYNC = 2048
#: cancel_any (5.19).
FEATURE_CANCEL_ANY = 4096
#: registered_ring (5.18).
FEATURE_REGISTERED_RING = 8192
#: write_nosignal (6.18).
FEATURE_WRITE_NOSIGNAL = 16384
#: bind_listen (6.11).
FEATURE_BIND_LISTEN = 32768
#: cqe_skip (5.17).
FEATURE_CQE_SKIP = 65536
#: pool_incremental (6.12).
FEATURE_POOL_INCREMENTAL = 131072
#: fixed_buffers (5.19).
FEATURE_FIXED_BUFFERS = 262144
#: file_table (6.0).
FEATURE_FILE_TABLE = 524288
#: fd_install (6.8).
FEATURE_FD_INSTALL = 1048576
#: big_ring (5.19).
FEATURE_BIG_RING = 2097152
#: recv_limit (6.17).
FEATURE_RECV_LIMIT = 4194304
#: flags of a pool: the kernel fills a buffer piece by piece (6.12).
POOL_INCREMENTAL = 1
#: flags of a pool: huge pages, reserved ones if there are any.
POOL_HUGE = 2
#: In ringline_pool_info: the kernel was only asked for huge pages (madvise).
POOL_HUGE_ADVISED = 4
#: flags of a region: huge pages, reserved ones if there are any.
REGION_HUGE = 1
#: In ringline_region_info: the kernel was only asked for huge pages (madvise).
REGION_HUGE_ADVISED = 2
#: file_index of accept, openat and socket: a slot of the kernel's choice.
FILE_INDEX_ALLOC = 4294967295
#: flags of ringline_file_install: the descriptor stays open on exec.
FILE_INSTALL_INHERIT = 1
#: flags of ringline_submit: copy the small inputs that ops point to, which are free on return.
SUBMIT_COPY_ARGS = 1
#: config.flags: let a kernel thread poll the submission queue; steps down where it may not. That
#: thread has the rights of whoever made the ring, for good: a program that gives up root
#: (setuid(2)) still opens files as root by such a ring. Make the ring afterwards.
CONFIG_SQPOLL = 1
#: config.flags: a BIG ring, with entries of 128 bytes and completions of 32, for commands of 80
#: bytes (NVMe passthrough); RINGLINE_ENOTSUP_KERNEL before Linux 5.19.
CONFIG_BIG = 2
#: flags of a runtime's config: leave the threads where the kernel puts them.
RUNTIME_UNPINNED = 1
#: how of ringline_conn_close: what is queued is sent first.
CLOSE_GRACEFULLY = 0
#: how of ringline_conn_close: what is queued is dropped, the other end sees a reset.
CLOSE_AT_ONCE = 1
#: state of a connection: it sends and receives.
CONN_OPEN = 1
#: It sends what is queued, then waits for the other end to close.
CONN_DRAINING = 2
#: It ends what is in flight; its close callback is next.
CONN_CLOSING = 3
#: ringline_conn_connect() is not through; its connect callback is next.
CONN_CONNECTING = 4
#: flags of a connection: it shows no data (ringline_conn_pause).
CONN_PAUSED = 1
#: flags of a connection: the other end sends nothing more.
CONN_ENDED = 2
#: flags of a connection: the other end is gone. What it sent before is shown, whatever was paused;
#: then the connection closes, and what its data callback left is dropped.
CONN_GONE = 4
#: flags of a datagram: it was longer than datagram_size, and cut off.
DATAGRAM_TRUNCATED = 1
#: flags of TLS options: trust whom the machine trusts, besides the roots that are given.
TLS_SYSTEM_ROOTS = 1
#: A server asks for a certificate, and takes clients without one too.
TLS_CLIENT_CERTIFICATE_WANTED = 2
#: A server takes no client without a certificate that its roots vouch for.
TLS_CLIENT_CERTIFICATE_REQUIRED = 4
#: Every handshake in full: nothing is kept of a session that is over.
TLS_NO_RESUMPTION = 8
#: DANGEROUS: a client believes any certificate, so that anybody on the way can read and change
#: everything. For tests against a machine of one's own.
TLS_DANGEROUS_BELIEVE_ANYBODY = 2147483648
#: state of a TLS info: the connection has none.
TLS_NONE = 0
#: The handshake has not ended.
TLS_SHAKING = 1
#: The handshake ended.
TLS_DONE = 2
#: flags of a TLS info: it went on with an earlier session.
TLS_RESUMED = 1
#: flags of ringline_listen: others may listen on the same port, this process or another one of the
#: same user's, and whoever does gets a part of its clients. Each of them has to say so.
LISTEN_SHARED = 1
#: kind of an event: the worker begins.
EVENT_START = 1
#: A client came by `listener`.
EVENT_ACCEPT = 2
#: Bytes came, or (length 0) the other end sends nothing more; see `consumed`.
EVENT_DATA = 3
#: The kernel took `length` bytes.
EVENT_SENT = 4
#: There is room again in a send queue that was full.
EVENT_WRITABLE = 5
#: A connection is over, for the reason `res`; its id is stale. `extra` bytes of what was sent the
#: other end had not taken (`queued` and `untaken` of ringline_conn_info, together). With
#: RINGLINE_ETLS its cause in words, `length` bytes, is at `address`.
EVENT_CLOSE = 6
#: The worker is over.
EVENT_STOP = 7
#: The timer `conn` ticks; `res` periods were missed before.
EVENT_TICK = 8
#: Another thread posted `user` and `res`.
EVENT_NOTIFY = 9
#: ringline_resolve() of `user`: `length` of ringline_address at `address`; or `res` is -errno and
#: the resolver's words, `length` bytes, are there.
EVENT_RESOLVE = 10
#: The signal `res` came, sent by the process `extra`.
EVENT_SIGNAL = 11
#: The process `conn` runs: `res` is its pid, and at `address` are the ids of three connections,
#: its input, output and errors (0 = none); or `res` is -errno.
EVENT_SPAWN = 12
#: The process `conn` ended with the code `res`, or by the signal -`res`.
EVENT_EXIT = 13
#: What became of the connect of `conn`: `res` 0 or -errno.
EVENT_CONNECT = 14
#: What was lent to `conn` under the cookie `extra` is the caller's again.
EVENT_RELEASED = 15
#: A datagram came by `listener`: `length` bytes at `address`, from the sockaddr at `user` of `res`
#: bytes (0: the sender has none); `flags`: RINGLINE_DATAGRAM_TRUNCATED.
EVENT_DATAGRAM = 16
#: The TLS handshake of `conn` ended.
EVENT_SECURED = 17
#: The worker begins to end: it was told to stop.
EVENT_STOPPING = 18
#: worker of ringline_work: the calling thread's own.
WORKER_HERE = 4294967295
#: stdin, stdout, stderr of a process: the program's own.
STREAM_INHERITED = 0
#: A connection of the worker.
STREAM_PIPED = 1
#: /dev/null.
STREAM_NULL = 2
#: status of a process: somebody else waited for it.
EXIT_UNKNOWN = -2147483648
#: set_log: nothing is told.
LOG_NONE = 0
#: A caught panic.
LOG_ERROR = 1
#: Abandoned operations, a feature that this kernel lacks.
LOG_WARN = 2
#: The library took another way: setup flags stepped down, memory was waited for.
LOG_INFO = 3
#: Every call that failed.
LOG_DEBUG = 4


class Config(ctypes.Structure):
    """What a ring shall be like. All-zero means all defaults; ringline_config_init() fills them in.

    `size` is sizeof(ringline_config) of the caller's header (0 = the same, all defaults). A
    shorter struct is extended by zeros, a longer one must be zero beyond what the library knows.
    """

    #: sizeof(ringline_config).
    size: int
    #: Submission entries, rounded up to a power of two; 0 = 256.
    sq_entries: int
    #: Completion entries; 0 = four times sq_entries.
    cq_entries: int
    #: Operations in flight at most; 0 = 65536. 64 bytes of address space each.
    max_inflight: int
    #: Ops of the shared block; 0 = sq_entries.
    ops_cap: int
    #: Completions shown per turn at most; 0 = cq_entries.
    recs_cap: int
    #: RINGLINE_CONFIG_*.
    flags: int
    #: With SQPOLL: idle time of the kernel thread in milliseconds; 0 = 1000.
    sq_thread_idle_ms: int
    #: With SQPOLL: CPU of the kernel thread + 1; 0 = any.
    sq_thread_cpu: int
    #: Microseconds that waits look at the queue before they sleep (ringline_spin_us); 0 = none.
    spin_us: int
    #: RINGLINE_FEATURE_* not to use although the kernel has them.
    disable: int

    _fields_ = [
        ("size", ctypes.c_uint32),
        ("sq_entries", ctypes.c_uint32),
        ("cq_entries", ctypes.c_uint32),
        ("max_inflight", ctypes.c_uint32),
        ("ops_cap", ctypes.c_uint32),
        ("recs_cap", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("sq_thread_idle_ms", ctypes.c_uint32),
        ("sq_thread_cpu", ctypes.c_uint32),
        ("spin_us", ctypes.c_uint32),
        ("disable", ctypes.c_uint64),
    ]


#: The same for the struct module: 48 bytes.
CONFIG_FORMAT = "<IIIIIIIIIIQ"


class AbiField(ctypes.Structure):
    """One struct ("ringline_op", offset 0) or member ("ringline_op.fd") of the ABI.
    """

    #: Address of the terminated, static name.
    name: int
    #: Offset in bytes.
    offset: int
    #: Size in bytes.
    size: int

    _fields_ = [
        ("name", ctypes.c_uint64),
        ("offset", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
    ]


#: The same for the struct module: 16 bytes.
ABI_FIELD_FORMAT = "<QII"


class Op(ctypes.Structure):
    """An operation to do: 64 bytes in the shape of `struct io_uring_sqe`.

    All-zero is a NOP. The descriptor is copied at submit. Inputs it points to (address, timespec,
    path) are the caller's again when the turn or flush that accepted the op returns; data buffers
    and output arguments stay the library's until the completion with RINGLINE_CF_FINAL.
    """

    #: 0..127: kernel IORING_OP_*; 128..255: library operations (RINGLINE_LIB_*).
    opcode: int
    #: RINGLINE_SQE_* (IOSQE_*); CQE_SKIP_SUCCESS is refused.
    flags: int
    #: Multishot bits, as in the kernel.
    ioprio: int
    #: Descriptor, or slot with RINGLINE_SQE_FIXED_FILE.
    fd: int
    #: File offset, second address, or as the operation defines it.
    off: int
    #: Address of the data; for operations that name another one: its token.
    addr: int
    #: Length in bytes, or as the operation defines it.
    len: int
    #: Flags of the operation (msg_flags, fsync_flags, ...).
    op_flags: int
    #: The caller's, returned untouched.
    user_data: int
    #: Pool of provided buffers with RINGLINE_SQE_BUFFER_SELECT; else a registered buffer.
    buf_index: int
    #: Registered credentials; 0 = the thread's.
    personality: int
    #: Direct-descriptor slot + 1; 0 = none.
    file_index: int
    #: Third argument of a few operations.
    addr3: int
    #: Library flags (RINGLINE_EXT_*) of a SEND; of a URING_CMD on a BIG ring the address of its
    #: 80 bytes, copied at submit; else 0.
    ext: int

    _fields_ = [
        ("opcode", ctypes.c_uint8),
        ("flags", ctypes.c_uint8),
        ("ioprio", ctypes.c_uint16),
        ("fd", ctypes.c_int32),
        ("off", ctypes.c_uint64),
        ("addr", ctypes.c_uint64),
        ("len", ctypes.c_uint32),
        ("op_flags", ctypes.c_uint32),
        ("user_data", ctypes.c_uint64),
        ("buf_index", ctypes.c_uint16),
        ("personality", ctypes.c_uint16),
        ("file_index", ctypes.c_uint32),
        ("addr3", ctypes.c_uint64),
        ("ext", ctypes.c_uint64),
    ]


#: The same for the struct module: 64 bytes.
OP_FORMAT = "<BBHiQQIIQHHIQQ"


class Completion(ctypes.Structure):
    """What became of an operation: 32 bytes.
    """

    #: As in the op.
    user_data: int
    #: The kernel's result: >= 0, or -errno.
    res: int
    #: Low 16 bits RINGLINE_CF_*, high 16 bits the buffer id.
    flags: int
    #: Address of the payload for provided buffers; bytes accepted for a failed SEND_ALL; with
    #: RINGLINE_CF_EXT the first 8 bytes of a big completion's second half; else 0.
    data: int
    #: The op's token; with RINGLINE_CF_LEASE the lease id; with RINGLINE_CF_EXT the last 8 bytes
    #: of a big completion.
    token: int

    _fields_ = [
        ("user_data", ctypes.c_uint64),
        ("res", ctypes.c_int32),
        ("flags", ctypes.c_uint32),
        ("data", ctypes.c_uint64),
        ("token", ctypes.c_uint64),
    ]


#: The same for the struct module: 32 bytes.
COMPLETION_FORMAT = "<QiIQQ"


class PoolInfo(ctypes.Structure):
    """What a pool is like. Set `size` to sizeof(ringline_pool_info) (0 = the same) before the call.
    """

    #: sizeof(ringline_pool_info).
    size: int
    #: Buffers in all.
    count: int
    #: Bytes per buffer.
    buffer_size: int
    #: Leases not given back.
    leases: int
    #: RINGLINE_POOL_*: what it is, and what became of huge pages.
    flags: int
    #: Buffers that the kernel has.
    free: int

    _fields_ = [
        ("size", ctypes.c_uint32),
        ("count", ctypes.c_uint32),
        ("buffer_size", ctypes.c_uint32),
        ("leases", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("free", ctypes.c_uint32),
    ]


#: The same for the struct module: 24 bytes.
POOL_INFO_FORMAT = "<IIIIII"


class Message(ctypes.Structure):
    """One message of a multishot recvmsg. The addresses lie in the buffer of the completion and are
    valid until its lease is given back; 0 where the length is 0.
    """

    #: The sender's address.
    name: int
    #: Control messages.
    control: int
    #: What was sent.
    payload: int
    #: Bytes at name.
    name_len: int
    #: Bytes at control.
    control_len: int
    #: Bytes at payload.
    payload_len: int
    #: msg_flags of recvmsg(2): MSG_TRUNC and MSG_CTRUNC among them.
    flags: int
    #: Bytes that the address had before it was cut to name_len.
    name_full: int
    #: Bytes that the kernel says the payload had; with MSG_TRUNC in the flags of the op also those
    #: that were cut off.
    payload_full: int

    _fields_ = [
        ("name", ctypes.c_uint64),
        ("control", ctypes.c_uint64),
        ("payload", ctypes.c_uint64),
        ("name_len", ctypes.c_uint32),
        ("control_len", ctypes.c_uint32),
        ("payload_len", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("name_full", ctypes.c_uint32),
        ("payload_full", ctypes.c_uint32),
    ]


#: The same for the struct module: 48 bytes.
MESSAGE_FORMAT = "<QQQIIIIII"


class RegionInfo(ctypes.Structure):
    """What a region is like. Set `size` to sizeof(ringline_region_info) (0 = the same) before the
    call.
    """

    #: sizeof(ringline_region_info).
    size: int
    #: RINGLINE_REGION_*: what became of huge pages.
    flags: int
    #: Its first byte.
    address: int
    #: Bytes.
    len: int
    #: Operations in flight that use it.
    users: int
    #: Zero.
    resv: int

    _fields_ = [
        ("size", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("address", ctypes.c_uint64),
        ("len", ctypes.c_uint64),
        ("users", ctypes.c_uint32),
        ("resv", ctypes.c_uint32),
    ]


#: The same for the struct module: 32 bytes.
REGION_INFO_FORMAT = "<IIQQII"


class Info(ctypes.Structure):
    """What a ring got. Set `size` to sizeof(ringline_info) (0 = the same) before the call.
    """

    #: sizeof(ringline_info).
    size: int
    #: Submission entries.
    sq_entries: int
    #: Completion entries.
    cq_entries: int
    #: Operations in flight at most.
    max_inflight: int
    #: IORING_SETUP_* flags that stuck.
    setup_flags: int
    #: The ring's descriptor.
    ring_fd: int
    #: RINGLINE_FEATURE_* in use.
    features: int
    #: RINGLINE_FEATURE_* switched off by config or RINGLINE_DISABLE.
    disabled: int

    _fields_ = [
        ("size", ctypes.c_uint32),
        ("sq_entries", ctypes.c_uint32),
        ("cq_entries", ctypes.c_uint32),
        ("max_inflight", ctypes.c_uint32),
        ("setup_flags", ctypes.c_uint32),
        ("ring_fd", ctypes.c_int32),
        ("features", ctypes.c_uint64),
        ("disabled", ctypes.c_uint64),
    ]


#: The same for the struct module: 40 bytes.
INFO_FORMAT = "<IIIIIiQQ"


class Shared(ctypes.Structure):
    """The block of one ring: in and out of ringline_turn(). Owned by the ring, aligned to 64 bytes,
    its address is stable for the ring's life. Only the owner thread may touch it.
    """

    #: Size of this struct.
    size: int
    #: RINGLINE_ABI of the library.
    abi: int
    #: Address of ringline_op ops[ops_cap].
    ops: int
    #: Capacity of ops and tokens.
    ops_cap: int
    #: In: how many ops are filled. The library sets it back to 0.
    ops_len: int
    #: Address of ringline_completion recs[recs_cap].
    recs: int
    #: Capacity of recs.
    recs_cap: int
    #: Out: how many completions there are. They are valid until the next turn.
    recs_len: int
    #: In: completions to wait for; 0 = do not sleep.
    wait_min: int
    #: In: must be 0.
    flags: int
    #: In: longest wait in nanoseconds; -1 = forever.
    timeout_ns: int
    #: In: return with fewer than wait_min after this many microseconds (Linux 6.12); 0 = off.
    min_wait_us: int
    #: Out: how many of ops were accepted, from the front.
    ops_done: int
    #: Out: why the first rejected op was rejected; 0 = all were accepted.
    op_error: int
    #: Out: its index.
    op_error_at: int
    #: Out: operations in flight.
    inflight: int
    #: Out: leases not given back.
    leases_out: int
    #: Address of uint64_t tokens[ops_cap]: out, one per accepted op.
    tokens: int
    #: Address of uint64_t rel[rel_cap]: in, lease ids to give back.
    rel: int
    #: Capacity of rel.
    rel_cap: int
    #: In: how many leases are filled. The library sets it back to 0.
    rel_len: int
    #: Zero.
    resv: List[int]

    _fields_ = [
        ("size", ctypes.c_uint32),
        ("abi", ctypes.c_uint32),
        ("ops", ctypes.c_uint64),
        ("ops_cap", ctypes.c_uint32),
        ("ops_len", ctypes.c_uint32),
        ("recs", ctypes.c_uint64),
        ("recs_cap", ctypes.c_uint32),
        ("recs_len", ctypes.c_uint32),
        ("wait_min", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("timeout_ns", ctypes.c_int64),
        ("min_wait_us", ctypes.c_uint32),
        ("ops_done", ctypes.c_uint32),
        ("op_error", ctypes.c_int32),
        ("op_error_at", ctypes.c_uint32),
        ("inflight", ctypes.c_uint32),
        ("leases_out", ctypes.c_uint32),
        ("tokens", ctypes.c_uint64),
        ("rel", ctypes.c_uint64),
        ("rel_cap", ctypes.c_uint32),
        ("rel_len", ctypes.c_uint32),
        ("resv", ctypes.c_uint64 * 3),
    ]


#: The same for the struct module: 128 bytes.
SHARED_FORMAT = "<IIQIIQIIIIqIIiIIIQQII3Q"


class RuntimeConfig(ctypes.Structure):
    """What a runtime shall be like. All-zero means all defaults; ringline_runtime_config_init() fills
    them in. `size` as in ringline_config.
    """

    #: sizeof(ringline_runtime_config).
    size: int
    #: Workers: threads with a ring each, 2048 at most; 0 = one per processor.
    workers: int
    #: RINGLINE_RUNTIME_*.
    flags: int
    #: Connections per worker at a time, 1048576 at most; 0 = 65536. Clients beyond wait in the
    #: listener's backlog.
    max_connections: int
    #: Bytes in a connection's send queue from which on ringline_conn_send() is -EAGAIN;
    #: 0 = 1 MiB, 1 GiB at most.
    high_water: int
    #: Bytes at which it is told to be writable again; 0 = half of high_water.
    low_water: int
    #: Bytes that a data callback may leave unconsumed without a pause; more closes the connection
    #: with -EMSGSIZE. 0 = 1 MiB, 1 GiB at most.
    keep_max: int
    #: Buffers of a worker's receive pool, a power of two; 0 = 8.
    pool_buffers: int
    #: Bytes of each; 0 = 256 KiB. From Linux 6.12 on a buffer is filled piece by piece, by as many
    #: receives as fit.
    pool_buffer_size: int
    #: Zero.
    resv: int
    #: How long a graceful close waits, in nanoseconds: since the other end took bytes last
    #: (min_rate), and when it has taken all, for its own end; 0 = 5 s.
    close_timeout_ns: int
    #: RINGLINE_FEATURE_* not to use although the kernel has them.
    disable: int
    #: A callback that takes longer, in nanoseconds, is counted, and told to the log once per row
    #: of such, which ends after 16 times that long without one; 0 = none is. Costs two looks at
    #: the clock per event. One that does not come out is told by another worker that turns.
    stall_ns: int
    #: Microseconds that a worker looks for events before it sleeps, as ringline_spin_us(); 0 = it
    #: sleeps at once. 1000000 at most.
    spin_us: int
    #: Bytes of a received datagram, 1 MiB at most; what is longer is cut off and flagged.
    #: 0 = 65536; with less than that the kernel is not asked to put datagrams together.
    datagram_size: int
    #: Buffers of a worker for received datagrams, a power of two, 4096 at most; 0 = 64. Made when
    #: it has a listener for datagrams.
    datagram_buffers: int
    #: Threads for functions of ringline_work(), made when there is work, and as many for
    #: ringline_resolve() and for ringline_process_spawn() each: what hangs in one of these holds
    #: up its own kind only. 0 = 16, 1024 at most.
    blocking_threads: int
    #: Bytes per second that the other end of a connection has to take on average, to count as one
    #: that takes anything: less than min_rate times the time limit at hand within that time is a
    #: stall. For close_timeout_ns, and for idle_ns and write_ns of ringline_conn_timeouts.
    #: 0 = 512.
    min_rate: int

    _fields_ = [
        ("size", ctypes.c_uint32),
        ("workers", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("max_connections", ctypes.c_uint32),
        ("high_water", ctypes.c_uint32),
        ("low_water", ctypes.c_uint32),
        ("keep_max", ctypes.c_uint32),
        ("pool_buffers", ctypes.c_uint32),
        ("pool_buffer_size", ctypes.c_uint32),
        ("resv", ctypes.c_uint32),
        ("close_timeout_ns", ctypes.c_uint64),
        ("disable", ctypes.c_uint64),
        ("stall_ns", ctypes.c_uint64),
        ("spin_us", ctypes.c_uint32),
        ("datagram_size", ctypes.c_uint32),
        ("datagram_buffers", ctypes.c_uint32),
        ("blocking_threads", ctypes.c_uint32),
        ("min_rate", ctypes.c_uint64),
    ]


#: The same for the struct module: 88 bytes.
RUNTIME_CONFIG_FORMAT = "<IIIIIIIIIIQQQIIIIQ"


class Address(ctypes.Structure):
    """An address that ringline_resolve() found.
    """

    #: AF_INET or AF_INET6.
    family: int
    #: The port, as a number.
    port: int
    #: Of IPv6: the interface of a link-local address.
    scope: int
    #: 4 or 16 bytes as on the wire.
    bytes: List[int]

    _fields_ = [
        ("family", ctypes.c_uint16),
        ("port", ctypes.c_uint16),
        ("scope", ctypes.c_uint32),
        ("bytes", ctypes.c_uint8 * 16),
    ]


#: The same for the struct module: 24 bytes.
ADDRESS_FORMAT = "<HHI16B"


class RuntimeHandlers(ctypes.Structure):
    """What a worker tells. Each is called on a worker's thread, one at a time per worker, never inside
    another one and never inside a function of the library; each may be NULL. `conn` is the
    connection's id, `user` what ringline_conn_set_user() keeps (0 at first). Every function is
    legal in them, but a join, which is RINGLINE_EREENTRANT. A C++ exception that leaves one ends
    the program. `size` as in ringline_config.
    """

    #: sizeof(ringline_runtime_handlers).
    size: int
    #: Zero.
    resv: int
    #: Passed to each.
    ctx: int
    #: The worker begins; nothing is accepted before that.
    start: int
    #: A client came.
    accept: int
    #: Bytes came, or the end; NULL = all are consumed, and the end closes gracefully.
    data: int
    #: Bytes went.
    sent: int
    #: There is room again.
    writable: int
    #: A connection is over.
    close: int
    #: The worker is over: the last call on its thread.
    stop: int
    #: What became of a connect.
    connect: int
    #: Lent memory or a lent file is free again.
    released: int
    #: A timer ticks.
    tick: int
    #: Another thread posted something.
    notify: int
    #: A name was looked up.
    resolve: int
    #: A signal came.
    signal: int
    #: A child runs.
    spawn: int
    #: A child ended.
    exit: int
    #: A datagram came; NULL = they are dropped.
    datagram: int
    #: A TLS handshake ended well.
    secured: int
    #: ringline_runtime_stop() or a free was called: the worker begins to end. Once, before stop.
    stopping: int

    _fields_ = [
        ("size", ctypes.c_uint32),
        ("resv", ctypes.c_uint32),
        ("ctx", ctypes.c_uint64),
        ("start", ctypes.c_uint64),
        ("accept", ctypes.c_uint64),
        ("data", ctypes.c_uint64),
        ("sent", ctypes.c_uint64),
        ("writable", ctypes.c_uint64),
        ("close", ctypes.c_uint64),
        ("stop", ctypes.c_uint64),
        ("connect", ctypes.c_uint64),
        ("released", ctypes.c_uint64),
        ("tick", ctypes.c_uint64),
        ("notify", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
        ("signal", ctypes.c_uint64),
        ("spawn", ctypes.c_uint64),
        ("exit", ctypes.c_uint64),
        ("datagram", ctypes.c_uint64),
        ("secured", ctypes.c_uint64),
        ("stopping", ctypes.c_uint64),
    ]


#: The same for the struct module: 160 bytes.
RUNTIME_HANDLERS_FORMAT = "<IIQQQQQQQQQQQQQQQQQQQ"


class WorkerBlock(ctypes.Structure):
    """Through which an adopted worker is turned. Owned by the worker, its address is stable until the
    worker is over. Only the worker's thread may touch it.
    """

    #: Size of this struct.
    size: int
    #: RINGLINE_ABI of the library.
    abi: int
    #: Address of ringline_event events[events_cap].
    events: int
    #: Its capacity, which no turn exceeds.
    events_cap: int
    #: Out: how many events there are. They are valid until the next turn.
    events_len: int
    #: In: longest wait of a turn in nanoseconds; 0 = do not wait, -1 = for ever.
    timeout_ns: int
    #: The runtime's handle.
    runtime: int
    #: Which of its workers this is.
    worker: int
    #: Zero.
    resv: int
    #: Zero.
    more: List[int]

    _fields_ = [
        ("size", ctypes.c_uint32),
        ("abi", ctypes.c_uint32),
        ("events", ctypes.c_uint64),
        ("events_cap", ctypes.c_uint32),
        ("events_len", ctypes.c_uint32),
        ("timeout_ns", ctypes.c_int64),
        ("runtime", ctypes.c_uint64),
        ("worker", ctypes.c_uint32),
        ("resv", ctypes.c_uint32),
        ("more", ctypes.c_uint64 * 2),
    ]


#: The same for the struct module: 64 bytes.
WORKER_BLOCK_FORMAT = "<IIQIIqQII2Q"


class Event(ctypes.Structure):
    """What a worker tells, as a record. Addresses are valid until the next turn.
    """

    #: RINGLINE_EVENT_*; skip those that you do not know: there will be more.
    kind: int
    #: A result, reason or status.
    res: int
    #: The connection (or timer, or process).
    conn: int
    #: The user's number of it.
    user: int
    #: Address of the bytes.
    address: int
    #: How many there are.
    length: int
    #: Of RINGLINE_EVENT_DATA: in, what a data callback would return. It is `length` at first (0 at
    #: the end): write less to have the rest shown again, in front of what comes next. Where bytes
    #: were left, later data of the connection in the same turn counts as not seen: it is shown
    #: again at once, behind them. The end counts as not seen where the connection is paused: it is
    #: told after ringline_conn_resume(). Negative = close at once.
    consumed: int
    #: The listener it is about.
    listener: int
    #: RINGLINE_EVENT_FLAG_*.
    flags: int
    #: More of some kinds; else 0.
    extra: int

    _fields_ = [
        ("kind", ctypes.c_uint32),
        ("res", ctypes.c_int32),
        ("conn", ctypes.c_uint64),
        ("user", ctypes.c_uint64),
        ("address", ctypes.c_uint64),
        ("length", ctypes.c_uint64),
        ("consumed", ctypes.c_int64),
        ("listener", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("extra", ctypes.c_uint64),
    ]


#: The same for the struct module: 64 bytes.
EVENT_FORMAT = "<IiQQQQqIIQ"


class Lease(ctypes.Structure):
    """Received bytes that were kept by ringline_conn_take(). Set `size` to sizeof(ringline_lease)
    (0 = the same) before the call.
    """

    #: sizeof(ringline_lease).
    size: int
    #: Zero.
    resv: int
    #: The lease, for ringline_conn_send_lease() or ringline_lease_release().
    lease: int
    #: The bytes: the same as the data callback shows.
    bytes: int
    #: How many.
    length: int

    _fields_ = [
        ("size", ctypes.c_uint32),
        ("resv", ctypes.c_uint32),
        ("lease", ctypes.c_uint64),
        ("bytes", ctypes.c_uint64),
        ("length", ctypes.c_uint64),
    ]


#: The same for the struct module: 32 bytes.
LEASE_FORMAT = "<IIQQQ"


class ConnInfo(ctypes.Structure):
    """What a connection is like. Set `size` to sizeof(ringline_conn_info) (0 = the same) before the
    call.
    """

    #: sizeof(ringline_conn_info).
    size: int
    #: RINGLINE_CONN_OPEN, _CONNECTING, _DRAINING or _CLOSING.
    state: int
    #: RINGLINE_CONN_PAUSED, _ENDED and _GONE.
    flags: int
    #: The listener it came by.
    listener: int
    #: What ringline_conn_set_user() keeps.
    user: int
    #: Bytes received.
    received: int
    #: Bytes of what was sent that the kernel took.
    sent: int
    #: Bytes that it did not take yet (in the close callback: and never will).
    queued: int
    #: Bytes received and not consumed.
    kept: int
    #: The descriptor, for socket options only: the library closes it. -1 when it did.
    fd: int
    #: AF_INET or AF_INET6; 0 when the other end has no such address (any more).
    peer_family: int
    #: The other end's port.
    peer_port: int
    #: Its address, 4 or 16 bytes as on the wire.
    peer_address: List[int]
    #: Bytes that the kernel took and the other end did not yet (with TLS, as on the wire; of a
    #: Unix socket, with what the kernel needs to keep them). In the close callback: what it had
    #: not taken when the connection was closed at once, for whatever reason.
    untaken: int

    _fields_ = [
        ("size", ctypes.c_uint32),
        ("state", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("listener", ctypes.c_uint32),
        ("user", ctypes.c_uint64),
        ("received", ctypes.c_uint64),
        ("sent", ctypes.c_uint64),
        ("queued", ctypes.c_uint64),
        ("kept", ctypes.c_uint64),
        ("fd", ctypes.c_int32),
        ("peer_family", ctypes.c_uint16),
        ("peer_port", ctypes.c_uint16),
        ("peer_address", ctypes.c_uint8 * 16),
        ("untaken", ctypes.c_uint64),
    ]


#: The same for the struct module: 88 bytes.
CONN_INFO_FORMAT = "<IIIIQQQQQiHH16BQ"


class ConnTimeouts(ctypes.Structure):
    """How long a connection may do nothing. `size` as in ringline_config.
    """

    #: sizeof(ringline_conn_timeouts).
    size: int
    #: Zero.
    resv: int
    #: Nothing was received, nothing sent, and the other end took nothing of what was sent (less
    #: than min_rate of ringline_runtime_config) for so many nanoseconds; 0 = no limit.
    idle_ns: int
    #: Nothing was received, although data is not paused and the other end has not ended.
    read_ns: int
    #: Something is to be sent that the kernel has no room for, and the other end took nothing
    #: (less than min_rate) of what it has.
    write_ns: int

    _fields_ = [
        ("size", ctypes.c_uint32),
        ("resv", ctypes.c_uint32),
        ("idle_ns", ctypes.c_uint64),
        ("read_ns", ctypes.c_uint64),
        ("write_ns", ctypes.c_uint64),
    ]


#: The same for the struct module: 32 bytes.
CONN_TIMEOUTS_FORMAT = "<IIQQQ"


class Listen(ctypes.Structure):
    """How to listen. All-zero is what ringline_runtime_listen() does. `size` as in ringline_config.
    """

    #: sizeof(ringline_listen).
    size: int
    #: RINGLINE_LISTEN_*.
    flags: int
    #: Clients that may wait, 65535 at most; 0 = 4096.
    backlog: int
    #: Zero.
    resv: int
    #: A TLS server's config, as in ringline_runtime_listen_tls(); NULL = in the clear.
    tls: int

    _fields_ = [
        ("size", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("backlog", ctypes.c_uint32),
        ("resv", ctypes.c_uint32),
        ("tls", ctypes.c_uint64),
    ]


#: The same for the struct module: 24 bytes.
LISTEN_FORMAT = "<IIIIQ"


class Process(ctypes.Structure):
    """A child to be started. `size` as in ringline_config.
    """

    #: sizeof(ringline_process).
    size: int
    #: Zero.
    flags: int
    #: Address of the program and its arguments (char *argv[], NULL at the end); without a slash
    #: the program is looked for in PATH.
    argv: int
    #: Address of "NAME=value" words (as argv); 0 = the program's own environment.
    env: int
    #: Address of the folder it starts in; 0 = where the program is.
    cwd: int
    #: RINGLINE_STREAM_*: its input.
    stdin_is: int
    #: Its output.
    stdout_is: int
    #: Its errors.
    stderr_is: int
    #: Zero.
    resv: int

    _fields_ = [
        ("size", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("argv", ctypes.c_uint64),
        ("env", ctypes.c_uint64),
        ("cwd", ctypes.c_uint64),
        ("stdin_is", ctypes.c_uint32),
        ("stdout_is", ctypes.c_uint32),
        ("stderr_is", ctypes.c_uint32),
        ("resv", ctypes.c_uint32),
    ]


#: The same for the struct module: 48 bytes.
PROCESS_FORMAT = "<IIQQQIIII"


class RuntimeStats(ctypes.Structure):
    """What a runtime did so far, over all workers. Set `size` to sizeof(ringline_runtime_stats) (0 =
    the same) before the call.
    """

    #: sizeof(ringline_runtime_stats).
    size: int
    #: Workers counted here.
    workers: int
    #: Connections accepted.
    accepted: int
    #: Connections that are over.
    closed: int
    #: Clients sent away, accepted when the table was full or the listener closing.
    refused: int
    #: Times that accepting rested for want of descriptors or memory.
    accept_pauses: int
    #: Receives.
    receives: int
    #: Bytes received.
    received: int
    #: Sends that ended, each of one or several messages.
    sends: int
    #: Bytes that the kernel took.
    sent: int
    #: Times that a connection waited for a receive buffer.
    parked: int
    #: Turns of the workers' loops.
    turns: int
    #: Leases that ringline_conn_take() gave.
    taken: int
    #: Leases that it refused, because few receive buffers were left.
    take_refusals: int
    #: Connections that ringline_conn_connect() opened.
    connected: int
    #: Connections closed because of ringline_conn_set_timeouts().
    timeouts: int
    #: Datagrams received.
    datagrams: int
    #: Receives that brought them: each one, or a run that the kernel put together.
    datagram_receives: int
    #: Datagrams that the kernel took.
    datagrams_sent: int
    #: Sends that took them: each one, or a run that the kernel cut.
    datagram_sends: int
    #: Datagrams to be sent that the kernel refused.
    datagrams_lost: int
    #: Times that a worker rested for want of the kernel's memory, descriptors or room.
    backoffs: int
    #: Callbacks that took longer than stall_ns.
    stalls: int
    #: Lookups, starts of children and functions of ringline_work() that a stop did not wait for:
    #: so many threads, and the memory of the runtime, stay until they come back.
    left_behind: int
    #: Bytes of messages of 16 KiB and more that were copied, since the kernel did not take them at
    #: once.
    copied: int

    _fields_ = [
        ("size", ctypes.c_uint32),
        ("workers", ctypes.c_uint32),
        ("accepted", ctypes.c_uint64),
        ("closed", ctypes.c_uint64),
        ("refused", ctypes.c_uint64),
        ("accept_pauses", ctypes.c_uint64),
        ("receives", ctypes.c_uint64),
        ("received", ctypes.c_uint64),
        ("sends", ctypes.c_uint64),
        ("sent", ctypes.c_uint64),
        ("parked", ctypes.c_uint64),
        ("turns", ctypes.c_uint64),
        ("taken", ctypes.c_uint64),
        ("take_refusals", ctypes.c_uint64),
        ("connected", ctypes.c_uint64),
        ("timeouts", ctypes.c_uint64),
        ("datagrams", ctypes.c_uint64),
        ("datagram_receives", ctypes.c_uint64),
        ("datagrams_sent", ctypes.c_uint64),
        ("datagram_sends", ctypes.c_uint64),
        ("datagrams_lost", ctypes.c_uint64),
        ("backoffs", ctypes.c_uint64),
        ("stalls", ctypes.c_uint64),
        ("left_behind", ctypes.c_uint64),
        ("copied", ctypes.c_uint64),
    ]


#: The same for the struct module: 192 bytes.
RUNTIME_STATS_FORMAT = "<IIQQQQQQQQQQQQQQQQQQQQQQQ"


class TlsInfo(ctypes.Structure):
    """What a connection's TLS is like. Set `size` to sizeof(ringline_tls_info) (0 = the same) before
    the call.
    """

    #: sizeof(ringline_tls_info).
    size: int
    #: RINGLINE_TLS_NONE, _SHAKING (then nothing below is known) or _DONE.
    state: int
    #: RINGLINE_TLS_RESUMED.
    flags: int
    #: 0x0303 = TLS 1.2, 0x0304 = TLS 1.3.
    version: int
    #: The cipher suite's number, by IANA.
    cipher_suite: int
    #: The other end's own certificate, DER, valid until the callback returns; NULL when it showed
    #: none.
    peer_certificate: int
    #: Its bytes.
    peer_certificate_length: int
    #: The cipher suite's name.
    cipher_name: List[int]
    #: The application protocol agreed upon; "" = none.
    alpn: List[int]
    #: On a server the name that the client asked for; "" = none.
    server_name: List[int]

    _fields_ = [
        ("size", ctypes.c_uint32),
        ("state", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("version", ctypes.c_uint16),
        ("cipher_suite", ctypes.c_uint16),
        ("peer_certificate", ctypes.c_uint64),
        ("peer_certificate_length", ctypes.c_uint64),
        ("cipher_name", ctypes.c_int8 * 64),
        ("alpn", ctypes.c_int8 * 256),
        ("server_name", ctypes.c_int8 * 256),
    ]


#: The same for the struct module: 608 bytes.
TLS_INFO_FORMAT = "<IIIHHQQ64b256b256b"


class Stats(ctypes.Structure):
    """What a ring did so far. Set `size` to sizeof(ringline_stats) (0 = the same) before the call.
    """

    #: sizeof(ringline_stats).
    size: int
    #: Zero.
    resv: int
    #: Operations accepted.
    submitted: int
    #: Completions delivered.
    completed: int
    #: Calls of io_uring_enter(2).
    enters: int
    #: Of these, calls that were allowed to sleep.
    waits: int
    #: Times the completion queue was seen overflowing.
    overflows: int
    #: Kernel completions that named no operation in flight.
    strays: int
    #: Timer expirations.
    timers: int
    #: Wakes from other threads.
    wakes: int
    #: QUIET sends the kernel took whole.
    quiet: int
    #: Cancel requests sent to the kernel.
    cancels: int
    #: Buffers handed out from pools.
    leases: int
    #: Receives that ended because the pool was empty.
    nobufs: int
    #: Operations abandoned at a forced free.
    abandoned: int
    #: Operations taken back because the kernel did not consume them.
    rollbacks: int

    _fields_ = [
        ("size", ctypes.c_uint32),
        ("resv", ctypes.c_uint32),
        ("submitted", ctypes.c_uint64),
        ("completed", ctypes.c_uint64),
        ("enters", ctypes.c_uint64),
        ("waits", ctypes.c_uint64),
        ("overflows", ctypes.c_uint64),
        ("strays", ctypes.c_uint64),
        ("timers", ctypes.c_uint64),
        ("wakes", ctypes.c_uint64),
        ("quiet", ctypes.c_uint64),
        ("cancels", ctypes.c_uint64),
        ("leases", ctypes.c_uint64),
        ("nobufs", ctypes.c_uint64),
        ("abandoned", ctypes.c_uint64),
        ("rollbacks", ctypes.c_uint64),
    ]


#: The same for the struct module: 120 bytes.
STATS_FORMAT = "<IIQQQQQQQQQQQQQQ"


class TlsIdentity(ctypes.Structure):
    """A certificate chain and its private key, in PEM: from files, or from memory when the file's name
    is NULL.
    """

    #: The server name it is shown for ("example.org", "*.example.org"); NULL = for every name that
    #: no other one is for, and for clients that name none. A client's own has NULL.
    name: int
    #: File of the chain, its own certificate first.
    chain_file: int
    #: File of the key (PKCS #8, PKCS #1 or SEC1), without a password: of P-256, P-384, Ed25519, or
    #: RSA of 2048 to 4096 bits; P-521 cannot be used.
    key_file: int
    #: The chain itself, when chain_file is NULL.
    chain: int
    #: Its bytes.
    chain_length: int
    #: The key itself, when key_file is NULL.
    key: int
    #: Its bytes.
    key_length: int

    _fields_ = [
        ("name", ctypes.c_uint64),
        ("chain_file", ctypes.c_uint64),
        ("key_file", ctypes.c_uint64),
        ("chain", ctypes.c_uint64),
        ("chain_length", ctypes.c_uint64),
        ("key", ctypes.c_uint64),
        ("key_length", ctypes.c_uint64),
    ]


#: The same for the struct module: 56 bytes.
TLS_IDENTITY_FORMAT = "<QQQQQQQ"


class TlsOptions(ctypes.Structure):
    """What a TLS config shall be like. `size` as in ringline_config. All is copied; files are read
    now, once.
    """

    #: sizeof(ringline_tls_options).
    size: int
    #: RINGLINE_TLS_*.
    flags: int
    #: Certificates of one's own: a server has at least one, a client one at most.
    identities: int
    #: How many; 4096 at most.
    identity_count: int
    #: Zero.
    resv: int
    #: File of the certificates to trust, PEM. A client with neither this nor roots trusts whom the
    #: machine trusts (SSL_CERT_FILE, /etc/ssl/certs). One that the other end shows itself, byte
    #: for byte, is believed also when it is its own authority, as `openssl req -x509` makes it:
    #: for its date, its name and its use, and if the other end has its key.
    roots_file: int
    #: The certificates to trust themselves, PEM; both count where both are given.
    roots: int
    #: Their bytes.
    roots_length: int
    #: Application protocols with commas between, the preferred one first ("h2,http/1.1"); NULL =
    #: none. Where both ends name some they must have one in common.
    alpn: int
    #: How long a handshake may take, in nanoseconds; 0 = 10 s.
    handshake_timeout_ns: int

    _fields_ = [
        ("size", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("identities", ctypes.c_uint64),
        ("identity_count", ctypes.c_uint32),
        ("resv", ctypes.c_uint32),
        ("roots_file", ctypes.c_uint64),
        ("roots", ctypes.c_uint64),
        ("roots_length", ctypes.c_uint64),
        ("alpn", ctypes.c_uint64),
        ("handshake_timeout_ns", ctypes.c_uint64),
    ]


#: The same for the struct module: 64 bytes.
TLS_OPTIONS_FORMAT = "<IIQIIQQQQQ"

#: A log function: `message` is one line without newline, terminated, valid during the call;
#: `level` is RINGLINE_LOG_*. Called from whatever thread something happened on, possibly from
#: several at a time, never from a signal handler. What happens inside it is not told again. A
#: C++ exception that leaves it ends the program.
LogFunction = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_char_p)
#: A completion callback: runs on the owner thread, inside turn, run, run_once, close or free,
#: never inside submit and never inside another callback. `completion` is valid during the call.
#: Every function is legal in it, ringline_free of the same ring included (it is deferred); turn,
#: run, run_once, close with a timeout and cancel_sync answer RINGLINE_EREENTRANT. The callbacks of
#: a turn run before its records are shown: that of a close may come before the FINAL record of an
#: op it waited for. A C++ exception that leaves it ends the program.
Callback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
#: Told when a worker begins, when it begins to end, and when it is over. On the worker's thread,
#: as all of these.
WorkerCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32)
#: A client came by `listener`.
AcceptCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32)
#: `length` bytes came; they are valid during the call. Returns how many were consumed; the rest is
#: kept and shown again, in front, when more came. Negative = close at once, for that reason.
#: Length 0: the other end sends nothing more; 0 = close gracefully, 1 = go on sending. Where a
#: receive or a send failed or the other end is gone (RINGLINE_CONN_GONE) length 0 does not come:
#: what was received is shown, and then close comes; what is left, or sent meanwhile, is dropped.
DataCallback = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_void_p, ctypes.c_size_t)
#: The kernel took `length` bytes of what was sent.
SentCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64)
#: A send was refused with -EAGAIN, and now the queue is down at low_water. After
#: ringline_udp_send() `conn` is the listener's id, which no connection has, and `user` is 0.
WritableCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64)
#: The connection is over, exactly once per accept. `reason`: 0, the -errno of the receive or send
#: that failed or of a socket that nobody read from or sent on (-ECONNRESET, -EPIPE), what data
#: returned, -ECONNABORTED (closed at once), -ETIMEDOUT (a graceful close or a timeout of its own),
#: -EMSGSIZE (keep_max), -ECANCELED (stop), RINGLINE_ETLS (then ringline_error_detail() says why;
#: else it is empty), RINGLINE_ETRUNCATED. ringline_conn_info_of() still answers in it; the id is
#: stale when it returns.
CloseCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_int32)
#: What became of ringline_conn_connect(), exactly once: `res` 0 = it is connected, and its end is
#: told by close; else it is over: -ECONNREFUSED, -ETIMEDOUT, -EHOSTUNREACH, what connect(2) says,
#: -ECANCELED or -ECONNABORTED (closed before), and the id is stale when this returns.
ConnectCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_int32)
#: What ringline_conn_send_zc() or ringline_conn_send_file() got under `cookie` is the caller's
#: again: exactly once for each that returned 0, before the connection's close. That it was sent it
#: does not say.
ReleasedCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64)
#: A timer of ringline_timer_start() ticks, after as many of its periods as were `missed`.
TickCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint32)
#: What ringline_runtime_post() posted.
NotifyCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_int32)
#: What ringline_resolve() found: `count` addresses in the resolver's order. Or `res` is an -errno
#: near the resolver's own code (-ENOENT: no such name, -EAGAIN: try again, -ECANCELED: stop), and
#: `error` its words. Both are valid during the call.
ResolveCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_int32, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p)
#: A signal of ringline_signal_watch() came, sent by the process `sender` (0 = the kernel).
SignalCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32, ctypes.c_int32)
#: The child of ringline_process_spawn() runs: `res` is its pid, and `streams` has the connections
#: of its input, output and errors, 0 where there is none. Or `res` is why it does not, -errno, and
#: the id is stale.
SpawnCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_int32, ctypes.c_void_p)
#: A child ended with the code `status`, or by the signal -`status`; RINGLINE_EXIT_UNKNOWN when
#: somebody else waited for it. The id is stale. Data of its streams may still come.
ExitCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_int32)
#: A datagram of `length` bytes (0 as well) came by `listener`, from the sockaddr at `from` of
#: `from_length` bytes, to which ringline_udp_send() answers; NULL and 0 when the sender has none
#: (a Unix socket that is not bound). Both are valid during the call. `flags`:
#: RINGLINE_DATAGRAM_TRUNCATED.
DatagramCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_size_t)
#: The TLS handshake ended: from now on ringline_conn_tls_info_of() knows all.
SecuredCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64)
#: What ringline_work() runs, on a thread of the library's that may block. Of the library only
#: what any thread may call is legal in it. A C++ exception that leaves it ends the program.
WorkFunction = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)
#: What came of it, on the worker's thread, as a callback of the worker: `res` is what the function
#: returned, or -ECANCELED when the worker ended before it began. Never called when a stop with a
#: limit left the function behind: see ringline_work().
DoneCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32)

#: The records by their names in C.
RECORDS: Dict[str, Tuple[Any, str]] = {
    "ringline_config": (Config, CONFIG_FORMAT),
    "ringline_abi_field": (AbiField, ABI_FIELD_FORMAT),
    "ringline_op": (Op, OP_FORMAT),
    "ringline_completion": (Completion, COMPLETION_FORMAT),
    "ringline_pool_info": (PoolInfo, POOL_INFO_FORMAT),
    "ringline_message": (Message, MESSAGE_FORMAT),
    "ringline_region_info": (RegionInfo, REGION_INFO_FORMAT),
    "ringline_info": (Info, INFO_FORMAT),
    "ringline_shared": (Shared, SHARED_FORMAT),
    "ringline_runtime_config": (RuntimeConfig, RUNTIME_CONFIG_FORMAT),
    "ringline_address": (Address, ADDRESS_FORMAT),
    "ringline_runtime_handlers": (RuntimeHandlers, RUNTIME_HANDLERS_FORMAT),
    "ringline_worker_block": (WorkerBlock, WORKER_BLOCK_FORMAT),
    "ringline_event": (Event, EVENT_FORMAT),
    "ringline_lease": (Lease, LEASE_FORMAT),
    "ringline_conn_info": (ConnInfo, CONN_INFO_FORMAT),
    "ringline_conn_timeouts": (ConnTimeouts, CONN_TIMEOUTS_FORMAT),
    "ringline_listen": (Listen, LISTEN_FORMAT),
    "ringline_process": (Process, PROCESS_FORMAT),
    "ringline_runtime_stats": (RuntimeStats, RUNTIME_STATS_FORMAT),
    "ringline_tls_info": (TlsInfo, TLS_INFO_FORMAT),
    "ringline_stats": (Stats, STATS_FORMAT),
    "ringline_tls_identity": (TlsIdentity, TLS_IDENTITY_FORMAT),
    "ringline_tls_options": (TlsOptions, TLS_OPTIONS_FORMAT),
}


class Functions:
    """The functions of the library, without their prefix."""

    #: cancel(ring, token)
    #: Ask for the op of `token` to end. Its memory stays the library's until its FINAL completion,
    #: which tells -ECANCELED, or how it ended before. Owner thread (any while there is none).
    #:
    #: An op that waits behind another one in its chain is not with the kernel yet: it is asked when
    #: that one ended, and may have done a part, or all, by then. To be rid of it at once cancel the
    #: first of the chain.
    #:
    #: Returns 0 = asked, RINGLINE_ESTALE = gone already, -EALREADY for a close and for a LINK_TIMEOUT
    #: (it ends with the op that it limits), -EAGAIN when the room kept for cancels is full: turn, then
    #: cancel again.
    cancel: Callable[[Pointer, int], int]

    #: cancel_many(ring, tokens, count)
    #: Ask for many ops to end, as ringline_cancel(). Tokens that are gone, of closes and of link
    #: timeouts are skipped. Owner thread (any while there is none). Returns how many were asked,
    #: RINGLINE_ENULL, or -EAGAIN as ringline_cancel(): then some may have been.
    cancel_many: Callable[[Pointer, Pointer, int], int]

    #: cancel_fd(ring, fd)
    #: Ask for every op submitted on descriptor `fd` to end, as ringline_cancel(). Owner thread (any
    #: while there is none). Returns how many were asked, or -EAGAIN as ringline_cancel().
    cancel_fd: Callable[[Pointer, int], int]

    #: cancel_all(ring)
    #: Ask for everything in flight to end, timers included. Owner thread (any while there is none).
    #: Returns how many were asked, or -EAGAIN as ringline_cancel().
    cancel_all: Callable[[Pointer], int]

    #: cancel_sync(ring, token, timeout_ns)
    #: Cancel and wait for the kernel's verdict, up to `timeout_ns` (-1 = forever). The FINAL still
    #: comes by turn. For an op that waits behind another one in its chain the verdict comes when that
    #: one ended.
    #:
    #: Owner thread (any while there is none), not in a callback. Returns 0 = cancelled,
    #: RINGLINE_ESTALE = gone already: its FINAL came or waits; -EALREADY = running and not to be
    #: stopped, or as ringline_cancel(); -ETIME: what was asked stays asked; -EINTR when a signal
    #: handler ran; -EBUSY when the records are full, behind which its FINAL may be: turn first;
    #: RINGLINE_EREENTRANT inside a callback; RINGLINE_ENOTSUP_KERNEL (cancel_sync: 6.0).
    cancel_sync: Callable[[Pointer, int, int], int]

    #: config_init(config)
    #: Fill a config with the defaults, which are zeros, whatever is in it now, and set its size. What
    #: follows from another member (cq_entries from sq_entries) follows what the caller puts there.
    #:
    #: Only the members of version 0.1 are written, which every caller's struct has; those added later
    #: stay at their default because `size` says so. Returns 0 or RINGLINE_ENULL.
    config_init: Callable[[Pointer], int]

    #: dump(ring, fd)
    #: Write what is in flight to the descriptor `fd`, one line each, for people: the ring, its
    #: operations (token, name, descriptor, state, user_data, what it is besides) and its pools with
    #: their leases. The format may change. `fd` is the caller's and may block; no SIGPIPE is raised
    #: where the kernel can suppress it. Owner thread (any while there is none), also in a callback.
    #:
    #: Returns how many operations are in flight, or -errno when `fd` cannot be
    #: written (-EBADF, -EPIPE, -ENOSPC).
    dump: Callable[[Pointer, int], int]

    #: strerror(code)
    #: What a code means and what to do, static text. Never NULL, never fails; any thread.
    strerror: Callable[[int], bytes]

    #: error_name(code)
    #: The name of a code ("RINGLINE_ESTALE", "EAGAIN"), static text. Never NULL; any thread.
    error_name: Callable[[int], bytes]

    #: error_detail()
    #: What the last failing call of this thread has to say beyond its code: cause and remedy. Valid
    #: until the next call of ringline_error_detail() on this thread. Never NULL; "" if nothing failed.
    error_detail: Callable[[], bytes]

    #: to_errno(code)
    #: The nearest errno of any code: 0 for >= 0, the errno for -errno, by meaning for RINGLINE_E*.
    to_errno: Callable[[int], int]

    #: files_reserve(ring, slots, direct, flags)
    #: Make the ring's table of files, once: `slots` to fill by ringline_file_add(), then `direct` for
    #: the kernel to choose from (file_index = RINGLINE_FILE_INDEX_ALLOC in accept, openat, socket;
    #: the op's res is the slot then). Behind these the library keeps some more, so that a multishot
    #: direct accept is stopped (its FINAL says -ENFILE) before the kernel finds the table full: it
    #: would accept clients and drop them. `flags` must be 0. Owner thread (any while there is none).
    #:
    #: Ops name a slot in fd with RINGLINE_SQE_FIXED_FILE. RINGLINE_OP_CLOSE with file_index = slot + 1
    #: closes one. A slot that ops in flight name is never filled anew.
    #:
    #: Returns 0, -EEXIST for a second time, -EINVAL, -EMFILE (RLIMIT_NOFILE), -ENOMEM,
    #: RINGLINE_ENOTSUP_KERNEL (file_table: 6.0).
    files_reserve: Callable[[Pointer, int, int, int], int]

    #: file_add(ring, fd)
    #: Register a descriptor: the ring holds the file from now on, the descriptor can be closed. Owner
    #: thread (any while there is none). Returns its slot, -ENFILE when all are taken, -EBADF, -ENXIO
    #: without a table.
    file_add: Callable[[Pointer, int], int]

    #: file_add_many(ring, fds, count, slots)
    #: Register many descriptors at once; `slots` gets their slots. Owner thread (any while there is
    #: none). Returns how many were registered, from the front; when the first was not, why:
    #: as ringline_file_add(), RINGLINE_ENULL.
    file_add_many: Callable[[Pointer, Pointer, int, Pointer], int]

    #: file_replace(ring, slot, fd)
    #: Put another file into a slot. Owner thread (any while there is none). Returns 0, -EBUSY while
    #: ops in flight name the slot, -EBADF, RINGLINE_ESTALE for an empty slot.
    file_replace: Callable[[Pointer, int, int], int]

    #: file_remove(ring, slot)
    #: Take a file out of its slot; a direct descriptor is closed by it, at once. Owner thread (any
    #: while there is none). Returns 0, -EBUSY while ops in flight name the slot, RINGLINE_ESTALE for
    #: an empty one.
    file_remove: Callable[[Pointer, int], int]

    #: file_install(ring, slot, flags, user_data)
    #: Make an ordinary descriptor for the file in a slot: an op like any other, whose completion
    #: carries `user_data` and in res the new descriptor (closed on exec unless `flags` is
    #: RINGLINE_FILE_INSTALL_INHERIT). The slot keeps its file. Owner thread (any while there is none).
    #: Returns its token, -EINVAL, RINGLINE_ESTALE for an empty slot, RINGLINE_ENOTSUP_KERNEL
    #: (fd_install: 6.8), or as ringline_submit().
    file_install: Callable[[Pointer, int, int, int], int]

    #: ring_fd(ring)
    #: A descriptor for poll(2), epoll(7) and the like: it is readable when a turn has something to
    #: do. Call ringline_prepare() before each sleep, and take EINTR for a reason to turn. (It is an
    #: eventfd that the kernel writes: on the ring's own descriptor, ringline_info's ring_fd, sleepers
    #: are not woken for deferred work.) It is the library's: never read or close it. Owner thread;
    #: binds a ring without owner; ringline_detach() closes it. Returns it, -EBUSY after
    #: ringline_set_eventfd(), -EMFILE.
    ring_fd: Callable[[Pointer], int]

    #: set_eventfd(ring, eventfd)
    #: Have the kernel write an eventfd of the caller's for every completion, for loops that cannot
    #: poll the ring's descriptor; -1 = not any more. It is also written for completions that a turn
    #: takes at once, so a loop wakes more often than with ringline_ring_fd(). ringline_prepare() is
    #: needed as well. Posts write it themselves; but for an op that polls or reads another eventfd
    #: the kernel may write it late or never. Owner thread; binds a ring without owner; to be set
    #: again after detach. Returns 0, -EBUSY when one is set already or ringline_ring_fd() was called,
    #: -EBADF or -EINVAL for what is no eventfd, -ENXIO for -1 when none is set.
    set_eventfd: Callable[[Pointer, int], int]

    #: prepare(ring, deadline_ns)
    #: Before a foreign loop sleeps on ringline_ring_fd() (or the eventfd): hand what was submitted
    #: to the kernel, and see that the descriptor becomes readable for completions, for posts and for
    #: the next timer. `*deadline_ns` (may be NULL) is when that is, by CLOCK_MONOTONIC, or -1: for
    #: information, the kernel keeps the time. Then sleep; when the descriptor is readable, turn or
    #: run_once with wait_min 0, and prepare again. Owner thread, not in a callback; binds a ring
    #: without owner.
    #:
    #: Returns 0 = sleep now; 1 = something is there: turn instead of sleeping; RINGLINE_EREENTRANT
    #: inside a callback; or as ringline_turn().
    prepare: Callable[[Pointer, Pointer], int]

    #: abi_layout(out, cap)
    #: Write the layout of every struct of the ABI into `out[0..cap)`. Returns how many entries there
    #: are in all, or RINGLINE_ENULL. `out` may be NULL when `cap` is 0.
    abi_layout: Callable[[Pointer, int], int]

    #: set_log(function, ctx, level)
    #: Let `function` be told what happens on cold paths, up to `level` (RINGLINE_LOG_*): setup flags
    #: that stepped down, features that are missing, a caught panic, abandoned operations, waiting for
    #: memory; with RINGLINE_LOG_DEBUG every call that failed. One function for the whole process;
    #: NULL or level 0 = silence, as at first. The library itself prints nothing, ever.
    #:
    #: When it returns 0, the function set before is not running and is not called any more. Any
    #: thread. Returns 0, -EINVAL for an unknown level, RINGLINE_EREENTRANT inside a log function,
    #: -EBUSY when another thread is setting one or stayed inside the old one for a second (then the
    #: log is off; call again).
    set_log: Callable[[Pointer, Pointer, int], int]

    #: mailbox_of(ring, out)
    #: Get the ring's mailbox, through which other threads reach it: `*out` is a handle that any thread
    #: may use and that the caller releases with ringline_mailbox_release(). All calls give the same
    #: handle as long as it is held. It outlives the ring and then answers RINGLINE_ECLOSED. While it
    #: is held, ringline_run() waits for mail although nothing is in flight.
    #:
    #: Owner thread (any while there is none). Returns 0, RINGLINE_ENULL, -ENFILE when 16384 handles
    #: exist.
    mailbox_of: Callable[[Pointer, Pointer], int]

    #: mailbox_retain(mailbox)
    #: One more reference to the mailbox, to be released as well. Any thread that holds one. Returns
    #: 0, RINGLINE_ESTALE, RINGLINE_EFORKED.
    mailbox_retain: Callable[[Pointer], int]

    #: mailbox_release(mailbox)
    #: Give a reference back; with the last one the handle is stale. What was posted is still
    #: delivered, and operations go on. Any thread. Returns 0, RINGLINE_ESTALE, RINGLINE_EFORKED.
    mailbox_release: Callable[[Pointer], int]

    #: mailbox_wake(mailbox)
    #: End the present or next wait of a turn, run_once or run early, whatever came. Any thread, signal
    #: handlers and callbacks; async-signal-safe, errno is kept. Returns 0, RINGLINE_ESTALE,
    #: RINGLINE_EFORKED, or RINGLINE_ECLOSED when the ring is gone.
    mailbox_wake: Callable[[Pointer], int]

    #: mailbox_post(mailbox, user_data, res)
    #: Give the owner a record with `user_data`, `res` and RINGLINE_CF_MSG (token and data are 0). It
    #: wakes the ring and counts toward wait_min; each call is one record, in the order of each thread.
    #: Any thread, but no signal handler (ringline_mailbox_wake() is for those).
    #:
    #: Returns 0, -EAGAIN when 1024 messages wait (nothing is lost: post again later), RINGLINE_ECLOSED
    #: when the ring is gone, RINGLINE_ESTALE, RINGLINE_EFORKED. The records of a ring that is freed
    #: are dropped: close and turn it first.
    mailbox_post: Callable[[Pointer, int, int], int]

    #: mailbox_submit(mailbox, ops, count, ids)
    #: Have the owner submit ops; their completions are its records, with RINGLINE_CF_MSG. `ids` (may
    #: be NULL) gets an id per accepted op, for ringline_mailbox_cancel(). The ops are copied, but
    #: everything they point to, inputs too, is the library's until FINAL. An op that the ring rejects
    #: completes with FINAL and -errno (-EAGAIN for RINGLINE_ENOSLOT, -ESHUTDOWN when it closes). Any
    #: thread, but no signal handler.
    #:
    #: Returns how many were accepted, from the front; when the first is not, why: -EAGAIN (1024
    #: messages wait, or 4096 ops are in flight), -EINVAL (a link chain, a QUIET send),
    #: RINGLINE_ECLOSED when the ring is closing or gone, RINGLINE_ENULL, RINGLINE_ESTALE,
    #: RINGLINE_EFORKED.
    mailbox_submit: Callable[[Pointer, Pointer, int, Pointer], int]

    #: mailbox_submit_with(mailbox, op, callback, ctx)
    #: As ringline_mailbox_submit() for one op whose completions go to `callback`, on the owner thread.
    #: A ring that ends before it came to the op calls it too, with FINAL and -ESHUTDOWN, from
    #: ringline_free(). Returns the op's id, or as ringline_mailbox_submit().
    mailbox_submit_with: Callable[[Pointer, Pointer, Pointer, Pointer], int]

    #: mailbox_call(mailbox, callback, ctx)
    #: Have `callback` called on the owner thread, as a completion callback is: everything is legal in
    #: it but running the loop. Its completion has RINGLINE_CF_MSG and res = 0; when the ring ends
    #: before it came to this, it is called from ringline_free() with res = -ESHUTDOWN, so that the
    #: context can be given back. Any thread, but no signal handler. Returns as
    #: ringline_mailbox_post(), or RINGLINE_ENULL.
    mailbox_call: Callable[[Pointer, Pointer, Pointer], int]

    #: mailbox_cancel(mailbox, id)
    #: Ask for the op of an id to end; its FINAL says what became of it. Any thread, but no signal
    #: handler. Returns 0 = asked, RINGLINE_ESTALE = gone already, or as ringline_mailbox_post().
    mailbox_cancel: Callable[[Pointer, int], int]

    #: mailbox_close(mailbox)
    #: Have the ring closed by its owner at its next turn, as ringline_close() with a timeout of 0,
    #: after what was posted before; for finalisers. Ops of this mailbox are refused from now on. Any
    #: thread, but no signal handler. Returns 0, RINGLINE_ECLOSED when the ring is gone,
    #: RINGLINE_ESTALE, RINGLINE_EFORKED.
    mailbox_close: Callable[[Pointer], int]

    #: pool_create(ring, count, size, flags)
    #: Make a pool of `count` (a power of two, 32768 at most) buffers of `size` bytes, from which recv
    #: and read take theirs (RINGLINE_SQE_BUFFER_SELECT, buf_index = the pool). `flags`:
    #:
    #: RINGLINE_POOL_INCREMENTAL: the kernel fills a buffer piece by piece, so that a few large ones
    #: serve small and large messages alike (8 x 256 KiB is a good start). Each completion is a piece
    #: with a lease of its own; a buffer goes back to the kernel when all its pieces are back and no
    #: RINGLINE_CF_BUF_MORE is due. Receives only, without RINGLINE_SQE_ASYNC; 64 MiB at most.
    #: RINGLINE_POOL_HUGE: huge pages, reserved ones or by advice; ringline_pool_info tells.
    #:
    #: Owner thread (any while there is none). Returns the pool's id, -EINVAL, -ENOMEM, -ENFILE,
    #: RINGLINE_ENOTSUP_KERNEL (pool: 5.19, pool_incremental: 6.12).
    pool_create: Callable[[Pointer, int, int, int], int]

    #: pool_destroy(ring, pool)
    #: Give a pool up. Leases stay valid until they are given back. Owner thread (any while there is
    #: none). Returns 0, -EBUSY while ops in flight take buffers from it, RINGLINE_ESTALE.
    pool_destroy: Callable[[Pointer, int], int]

    #: pool_info_of(ring, pool, out)
    #: Tell what a pool is like. Owner thread (any while there is none). Returns 0, RINGLINE_ESTALE,
    #: RINGLINE_ENULL, -EINVAL or -E2BIG for the size in `out`.
    pool_info_of: Callable[[Pointer, int, Pointer], int]

    #: pool_set_low_water(ring, pool, mark, user_data)
    #: Tell when fewer than `mark` buffers of a pool are with the kernel (0 = never): a record with
    #: `user_data`, RINGLINE_CF_LOW_WATER and nothing else in flags, res = buffers left, data = the
    #: pool. It counts toward wait_min, belongs to no op and is never a callback's. Told once, until
    #: more than `mark` buffers were free again. Owner thread (any while there is none). Returns 0,
    #: -EINVAL for a mark above the number of buffers, RINGLINE_ESTALE.
    pool_set_low_water: Callable[[Pointer, int, int, int], int]

    #: lease_count(ring)
    #: Leases not given back, over all pools of the ring. Owner thread (any while there is none).
    lease_count: Callable[[Pointer], int]

    #: lease_release(lease)
    #: Give received bytes back: `lease` is the token of a completion with RINGLINE_CF_LEASE. Any
    #: thread, also after the ring is gone. Exactly once: a second time is RINGLINE_ESTALE. Given
    #: back by another thread, the buffer is used again from the owner's next turn on. Returns 0,
    #: RINGLINE_ESTALE or (in a forked child) RINGLINE_EFORKED.
    lease_release: Callable[[int], int]

    #: lease_release_many(leases, count)
    #: Give back many leases, of any pools; a stale one is passed over. Any thread, as
    #: ringline_lease_release(). Returns how many were given back, or RINGLINE_ENULL.
    lease_release_many: Callable[[Pointer, int], int]

    #: prep_nop(op)
    #: NOP: completes with 0; with RINGLINE_NOP_INJECT_RESULT in op_flags with `len` (Linux 6.10).
    #:
    #: For all helpers: what an op needs that is newer than Linux 5.10 is named with it; where the
    #: kernel is older, submit answers RINGLINE_ENOTSUP_KERNEL. `res` < 0 is -errno of the system call
    #: named. "Written until FINAL" is an output that has to live that long; everything else that an
    #: op points to, data excepted, is read when the turn or flush that accepted it returns.
    prep_nop: Callable[[Pointer], None]

    #: prep_read(op, fd, buf, len, off)
    #: READ: `len` bytes at `off` (-1 = file position) into `buf`, written until FINAL. res = bytes
    #: read, 0 at the end; may be short.
    prep_read: Callable[[Pointer, int, Pointer, int, int], None]

    #: prep_write(op, fd, buf, len, off)
    #: WRITE: `len` bytes of `buf`, which is the library's until FINAL, at `off` (-1 = file position).
    #: res = bytes written, may be short; -EPIPE raises no SIGPIPE where the kernel can suppress it
    #: (write_nosignal).
    prep_write: Callable[[Pointer, int, Pointer, int, int], None]

    #: prep_openat(op, dirfd, path, flags, mode)
    #: OPENAT: openat(2). res = the new descriptor; with file_index (a named slot + 1, or
    #: RINGLINE_FILE_INDEX_ALLOC) the file goes into the ring's table, and res = 0 or the slot.
    prep_openat: Callable[[Pointer, int, bytes, int, int], None]

    #: prep_close(op, fd)
    #: CLOSE: close(2). res = 0. For sockets with ops in flight use ringline_prep_lib_close(). With
    #: `fd` 0 and file_index = slot + 1 it closes a registered file. -EBADF for a ring's own
    #: descriptor.
    prep_close: Callable[[Pointer, int], None]

    #: prep_fsync(op, fd, fsync_flags)
    #: FSYNC: fsync(2), or fdatasync(2) with `fsync_flags` RINGLINE_FSYNC_DATASYNC. res = 0; -EINVAL
    #: for files that cannot be synced.
    prep_fsync: Callable[[Pointer, int, int], None]

    #: prep_poll_add(op, fd, mask)
    #: POLL_ADD: once; `mask` of POLLIN etc. res = the events, POLLERR and POLLHUP among them unasked.
    prep_poll_add: Callable[[Pointer, int, int], None]

    #: prep_poll_multishot(op, fd, mask)
    #: POLL_ADD: a completion with MORE for each edge; res = the events. It may end by itself (FINAL
    #: with res >= 0), as when the file is an epoll set that watches this ring: submit it again. Linux
    #: 5.13.
    prep_poll_multishot: Callable[[Pointer, int, int], None]

    #: prep_poll_update(op, token, mask, flags)
    #: POLL_REMOVE as an update: the poll of `token` waits for `mask` from now on, once or again and
    #: again as before; `flags` 0 (RINGLINE_POLL_ADD_MULTI is accepted and changes nothing). res = 0;
    #: -ENOENT when it fired meanwhile, -EALREADY when it is just firing. Submit answers
    #: RINGLINE_ESTALE for a token of nothing in flight. Linux 5.13.
    prep_poll_update: Callable[[Pointer, int, int, int], None]

    #: prep_poll_remove(op, token)
    #: POLL_REMOVE: end the poll of `token`, which then completes with -ECANCELED. res = 0; -ENOENT
    #: when it was over or is no poll; -EALREADY when it is just firing. Submit answers
    #: RINGLINE_ESTALE for a token of nothing in flight, -EINVAL for that of a library op.
    prep_poll_remove: Callable[[Pointer, int], None]

    #: prep_timeout(op, ts, count, flags)
    #: TIMEOUT: the kernel's timer; `ts` is a struct __kernel_timespec. res = -ETIME, or 0 after
    #: `count` completions.
    prep_timeout: Callable[[Pointer, Pointer, int, int], None]

    #: prep_timeout_update(op, token, ts, flags)
    #: TIMEOUT_REMOVE as an update: the timeout of `token` gets the time `ts`; `flags` as of timeout,
    #: and RINGLINE_LINK_TIMEOUT_UPDATE when it is a LINK_TIMEOUT (5.15). res = 0; -ENOENT when it was
    #: over or is no timeout; -EALREADY when it is just firing. Submit answers as of poll_remove.
    #: Linux 5.11.
    prep_timeout_update: Callable[[Pointer, int, Pointer, int], None]

    #: prep_timeout_remove(op, token)
    #: TIMEOUT_REMOVE: end the timeout of `token`, which then completes with -ECANCELED. res and the
    #: answers of submit as of timeout_update.
    prep_timeout_remove: Callable[[Pointer, int], None]

    #: prep_cancel(op, token)
    #: ASYNC_CANCEL: ask for the op of `token` to end; its own FINAL says what became of it. res = 0;
    #: -ENOENT when it was over; -EALREADY when it is running and may end or not. Submit answers as of
    #: poll_remove: library ops (timers, SEND_ALL) are cancelled by ringline_cancel(), as all others
    #: can be.
    prep_cancel: Callable[[Pointer, int], None]

    #: prep_timer(op, ns, period_ns)
    #: LIB_TIMER: fires after `ns`, then every `period_ns` (0 = once). res = periods missed.
    prep_timer: Callable[[Pointer, int, int], None]

    #: prep_post(op, res)
    #: LIB_POST: a completion with this `res` at the ring's next turn, counted by wait_min and made a
    #: callback by ringline_submit_with(). -ECANCELED when it was cancelled before.
    prep_post: Callable[[Pointer, int], None]

    #: prep_lib_close(op, fd)
    #: LIB_CLOSE: shutdown (unless a listener), cancel the ops on `fd`, wait for them, close.
    prep_lib_close: Callable[[Pointer, int], None]

    #: prep_link(ops, count)
    #: Make `ops[0..count)` a chain: each starts when the one before succeeded.
    prep_link: Callable[[Pointer, int], None]

    #: prep_msg_ring(op, ring_fd, value, user_data, flags)
    #: MSG_RING: a completion on the ring of descriptor `ring_fd` (ringline_info_of() tells it), with
    #: `value` as res, `user_data` (below 2^61) and RINGLINE_CF_MSG alone: it is no operation's. That
    #: ring must be attached (else -EBADFD, as for a descriptor that is no ring). res = 0. A ring that
    #: is not this library's sees bit 63 set in the user_data. `flags` must be 0. Linux 5.18.
    prep_msg_ring: Callable[[Pointer, int, int, int, int], None]

    #: prep_uring_cmd(op, fd, command, addr, len)
    #: URING_CMD: a command of the file's driver; `addr` and `len` as it defines them. A command of 80
    #: bytes (NVMe passthrough) needs a ring with RINGLINE_CONFIG_BIG: set `ext` of the op to its
    #: address afterwards; it is copied at submit, and the completion carries RINGLINE_CF_EXT.
    prep_uring_cmd: Callable[[Pointer, int, int, int, int], None]

    #: prep_cmd_sock(op, fd, command, level, option, value, len)
    #: URING_CMD on a socket: `command` of RINGLINE_SOCKET_*. For GETSOCKOPT and SETSOCKOPT `value` of
    #: `len` bytes is the library's until FINAL and res of GETSOCKOPT is its length; for SIOCINQ and
    #: SIOCOUTQ the rest is 0 and res = bytes. Linux 6.7.
    prep_cmd_sock: Callable[[Pointer, int, int, int, int, Pointer, int], None]

    #: prep_files_update(op, fds, count, first)
    #: FILES_UPDATE: put `count` descriptors into the named slots from `first` on; -1 empties a slot,
    #: -2 leaves one alone. Not needed to register files: ringline_file_add(), ringline_file_replace()
    #: and ringline_file_remove() do that at once; this does it in the order of a chain. `fds` is read
    #: by submit already and must not change until FINAL.
    #:
    #: res = how many, from the front; -EBADF, -ENOMEM when the first failed. The slot of the first
    #: descriptor that failed is empty then. A slot that was empty may be named by ops of the same
    #: chain at once, other slots only after FINAL.
    #:
    #: Submit answers -ENXIO without a table; RINGLINE_ENULL; -EINVAL for `count` 0 and for slots that
    #: are not named ones; -EBUSY when ops in flight use one of them.
    prep_files_update: Callable[[Pointer, Pointer, int, int], None]

    #: prep_fixed_fd_install(op, slot, flags)
    #: FIXED_FD_INSTALL: an ordinary descriptor for the file in registered slot `slot`; `flags` 0
    #: (close-on-exec) or RINGLINE_FIXED_FD_NO_CLOEXEC. res = the descriptor. Submit answers
    #: RINGLINE_ESTALE for an empty slot. Linux 6.8.
    prep_fixed_fd_install: Callable[[Pointer, int, int], None]

    #: prep_openat2(op, dirfd, path, how, size)
    #: OPENAT2: openat2(2); `how` is a struct open_how of `size` bytes. res and file_index as of
    #: openat.
    prep_openat2: Callable[[Pointer, int, bytes, Pointer, int], None]

    #: prep_statx(op, dirfd, path, flags, mask, buf)
    #: STATX: statx(2) into `buf`, a struct statx that is written until FINAL. res = 0.
    prep_statx: Callable[[Pointer, int, bytes, int, int, Pointer], None]

    #: prep_fallocate(op, fd, mode, off, len)
    #: FALLOCATE: fallocate(2); `mode` of FALLOC_FL_*. res = 0; -EOPNOTSUPP where the file system
    #: cannot.
    prep_fallocate: Callable[[Pointer, int, int, int, int], None]

    #: prep_ftruncate(op, fd, len)
    #: FTRUNCATE: ftruncate(2) to `len` bytes. res = 0. Linux 6.9.
    prep_ftruncate: Callable[[Pointer, int, int], None]

    #: prep_sync_file_range(op, fd, off, len, flags)
    #: SYNC_FILE_RANGE: sync_file_range(2); `flags` of SYNC_FILE_RANGE_*. res = 0.
    prep_sync_file_range: Callable[[Pointer, int, int, int, int], None]

    #: prep_fadvise(op, fd, off, len, advice)
    #: FADVISE: posix_fadvise(2); `advice` of POSIX_FADV_*. res = 0. `len` of 4 GiB and more needs
    #: Linux 6.10.
    prep_fadvise: Callable[[Pointer, int, int, int, int], None]

    #: prep_madvise(op, addr, len, advice)
    #: MADVISE: madvise(2); `advice` of MADV_*. res = 0. `len` of 4 GiB and more needs Linux 6.10.
    prep_madvise: Callable[[Pointer, Pointer, int, int], None]

    #: prep_renameat(op, olddirfd, oldpath, newdirfd, newpath, flags)
    #: RENAMEAT: renameat2(2); `flags` of RENAME_*. res = 0. Linux 5.11.
    prep_renameat: Callable[[Pointer, int, bytes, int, bytes, int], None]

    #: prep_unlinkat(op, dirfd, path, flags)
    #: UNLINKAT: unlinkat(2); `flags` 0 or AT_REMOVEDIR. res = 0. Linux 5.11.
    prep_unlinkat: Callable[[Pointer, int, bytes, int], None]

    #: prep_mkdirat(op, dirfd, path, mode)
    #: MKDIRAT: mkdirat(2). res = 0. Linux 5.15.
    prep_mkdirat: Callable[[Pointer, int, bytes, int], None]

    #: prep_symlinkat(op, target, dirfd, path)
    #: SYMLINKAT: symlinkat(2): `path` becomes a link to `target`. res = 0. Linux 5.15.
    prep_symlinkat: Callable[[Pointer, bytes, int, bytes], None]

    #: prep_linkat(op, olddirfd, oldpath, newdirfd, newpath, flags)
    #: LINKAT: linkat(2); `flags` of AT_SYMLINK_FOLLOW and AT_EMPTY_PATH. res = 0. Linux 5.15.
    prep_linkat: Callable[[Pointer, int, bytes, int, bytes, int], None]

    #: prep_pipe(op, fds, flags)
    #: PIPE: pipe2(2); `fds` is int[2], written until FINAL. res = 0. Two ordinary descriptors only:
    #: submit answers -EINVAL to a file_index. Linux 6.16.
    prep_pipe: Callable[[Pointer, Pointer, int], None]

    #: prep_sendmsg(op, fd, msg, flags)
    #: SENDMSG: sendmsg(2), always with MSG_NOSIGNAL; `msg` is a struct msghdr. What it names is the
    #: library's until FINAL. res = bytes, may be short.
    prep_sendmsg: Callable[[Pointer, int, Pointer, int], None]

    #: prep_recvmsg(op, fd, msg, flags)
    #: RECVMSG: recvmsg(2) once; `msg` is a struct msghdr, written until FINAL. With
    #: ringline_prep_pool(): the payload goes into a buffer of the pool, the rest where `msg` says.
    #: res = bytes; msg_flags has MSG_TRUNC and MSG_CTRUNC.
    prep_recvmsg: Callable[[Pointer, int, Pointer, int], None]

    #: prep_recvmsg_multishot(op, fd, msg, pool, flags)
    #: RECVMSG: a completion with MORE and LEASE for each message, from `pool`; take it apart by
    #: ringline_recvmsg_out(). Of `msg` only msg_namelen and msg_controllen count: room for them is
    #: kept in each buffer, with 16 bytes more; a name length that is a multiple of 8 keeps the control
    #: messages aligned. An empty datagram ends it with FINAL and res > 0: submit it again. -ENOBUFS =
    #: no buffer is free: give leases back, then submit it again; -EFAULT = the buffers of the pool are
    #: too small for name and control. A pool with INCREMENTAL is refused (-EINVAL). Linux 6.0.
    prep_recvmsg_multishot: Callable[[Pointer, int, Pointer, int, int], None]

    #: prep_send_zc(op, fd, buf, len, flags, zc_flags)
    #: SEND_ZC: send(2) out of the caller's own pages. The first completion (MORE) has the bytes, the
    #: notification (FINAL | NOTIF) says that `buf` is the caller's again; an error may come with or
    #: without one, so only FINAL counts. A peer that does not read keeps the memory from coming back:
    #: neither a cancel nor a close ends what the kernel has queued. RINGLINE_CF_ZC_COPIED: the kernel
    #: copied after all; later SEND_ZC on such a descriptor complete once, with FINAL and ZC_COPIED.
    #: `zc_flags`: 0, RINGLINE_RECVSEND_POLL_FIRST, RINGLINE_RECVSEND_FIXED_BUF (out of the region in
    #: buf_index). -EOPNOTSUPP = the socket can not send so (unix). Linux 6.0; whether it was copied is
    #: told from 6.7.
    prep_send_zc: Callable[[Pointer, int, Pointer, int, int, int], None]

    #: prep_sendmsg_zc(op, fd, msg, flags)
    #: SENDMSG_ZC: as sendmsg, out of the caller's own pages; completions as of send_zc. Linux 6.1.
    prep_sendmsg_zc: Callable[[Pointer, int, Pointer, int], None]

    #: prep_recv_zc(op, fd, queue, len)
    #: RECV_ZC: receive into the zero-copy queue `queue` of a network card. Refused with
    #: RINGLINE_ENOTSUP_KERNEL where the ring has none, which is everywhere for now.
    prep_recv_zc: Callable[[Pointer, int, int, int], None]

    #: prep_socket(op, domain, kind, protocol)
    #: SOCKET: socket(2). res = the descriptor; file_index as of openat. Linux 5.19.
    prep_socket: Callable[[Pointer, int, int, int], None]

    #: prep_bind(op, fd, addr, addrlen)
    #: BIND: bind(2). res = 0. Linux 6.11.
    prep_bind: Callable[[Pointer, int, Pointer, int], None]

    #: prep_listen(op, fd, backlog)
    #: LISTEN: listen(2). res = 0. Linux 6.11.
    prep_listen: Callable[[Pointer, int, int], None]

    #: prep_accept(op, fd, addr, addrlen, flags)
    #: ACCEPT: once; `addr` and `addrlen` may be NULL and are written until FINAL. res = the
    #: descriptor. `flags` as in accept4(2).
    prep_accept: Callable[[Pointer, int, Pointer, Pointer, int], None]

    #: prep_accept_multishot(op, fd, addr, addrlen, flags)
    #: ACCEPT: a completion with MORE for each connection; res as of accept. FINAL with res < 0 or a
    #: full table ends it. Linux 5.19.
    prep_accept_multishot: Callable[[Pointer, int, Pointer, Pointer, int], None]

    #: prep_connect(op, fd, addr, addrlen)
    #: CONNECT: connect(2). res = 0.
    prep_connect: Callable[[Pointer, int, Pointer, int], None]

    #: prep_connect_timeout(op, fd, addr, addrlen, timeout_ns)
    #: LIB_CONNECT_TIMEOUT: as ringline_prep_connect(), given up `timeout_ns` nanoseconds after submit.
    #: res = 0, also when it connected just then; -ETIMEDOUT when the limit ended it, or the error of
    #: connect(2). After a limit or a cancel the socket may still be connecting: close it.
    prep_connect_timeout: Callable[[Pointer, int, Pointer, int, int], None]

    #: prep_send(op, fd, buf, len, flags)
    #: SEND: send(2); may be short. `buf` is the library's until FINAL.
    prep_send: Callable[[Pointer, int, Pointer, int, int], None]

    #: prep_send_all(op, fd, buf, len, flags)
    #: LIB_SEND_ALL: goes on after short sends. res = `len`, or -errno with data = bytes the kernel
    #: took. -EBUSY while one runs on the same descriptor.
    prep_send_all: Callable[[Pointer, int, Pointer, int, int], None]

    #: prep_recv(op, fd, buf, len, flags)
    #: RECV: recv(2) once into `buf`; res = 0 at the end of the stream. With ringline_prep_pool(),
    #: `buf` NULL and `len` 0: into a buffer of the pool.
    prep_recv: Callable[[Pointer, int, Pointer, int, int], None]

    #: prep_recv_multishot(op, fd, pool, flags)
    #: RECV: a completion with MORE and LEASE for each piece received, from `pool`. Ends with res
    #: <= 0; -ENOBUFS = no buffer is free: give leases back, then submit it again.
    #:
    #: One that sends as fast as it can fills the whole pool in one turn. From Linux 6.17 on
    #: (RINGLINE_FEATURE_RECV_LIMIT) two fields of the op, to be set after this call, leave the others
    #: their part: `len` is the most that one piece has, and `file_index` ends the receive (a piece
    #: without MORE, res > 0) when it brought so many bytes in all, 2147483647 at most; submit it
    #: again behind the others. The last piece goes beyond the limit by less than `len`, or by any
    #: length where `len` is 0. Without the feature a `file_index` is RINGLINE_ENOTSUP_KERNEL: receive
    #: by ringline_prep_recv() from the pool, with `len` set, whoever sends much.
    prep_recv_multishot: Callable[[Pointer, int, int, int], None]

    #: prep_shutdown(op, fd, how)
    #: SHUTDOWN: shutdown(2). res = 0; -ENOTCONN. Linux 5.11.
    prep_shutdown: Callable[[Pointer, int, int], None]

    #: prep_pool(op, pool)
    #: Let a filled recv or read take its buffer from `pool`.
    prep_pool: Callable[[Pointer, int], None]

    #: prep_quiet(op)
    #: Make a filled SEND QUIET: no completion when the kernel takes it whole at once, else a FINAL
    #: with the count. Sets MSG_DONTWAIT | MSG_WAITALL.
    prep_quiet: Callable[[Pointer], None]

    #: prep_readv(op, fd, iovecs, count, off, flags)
    #: READV: into `count` struct iovec at `off` (-1 = file position). res = bytes read. With
    #: ringline_prep_pool() and one iovec: into a buffer of the pool.
    prep_readv: Callable[[Pointer, int, Pointer, int, int, int], None]

    #: prep_writev(op, fd, iovecs, count, off, flags)
    #: WRITEV: out of `count` struct iovec at `off` (-1 = file position). res = bytes written.
    prep_writev: Callable[[Pointer, int, Pointer, int, int, int], None]

    #: prep_read_fixed(op, fd, buf, len, off, buf_index)
    #: READ_FIXED: as read, into memory of the registered buffer `buf_index`. Submit answers
    #: RINGLINE_ESTALE where nothing is registered, -EFAULT when `buf` and `len` leave it.
    prep_read_fixed: Callable[[Pointer, int, Pointer, int, int, int], None]

    #: prep_write_fixed(op, fd, buf, len, off, buf_index)
    #: WRITE_FIXED: as write, out of memory of the registered buffer `buf_index`. Submit answers as of
    #: read_fixed.
    prep_write_fixed: Callable[[Pointer, int, Pointer, int, int, int], None]

    #: prep_readv_fixed(op, fd, iovecs, count, off, flags, buf_index)
    #: READV_FIXED: as readv, into memory of the registered buffer `buf_index`. res = -EFAULT when
    #: the vectors leave it. Linux 6.15.
    prep_readv_fixed: Callable[[Pointer, int, Pointer, int, int, int, int], None]

    #: prep_writev_fixed(op, fd, iovecs, count, off, flags, buf_index)
    #: WRITEV_FIXED: as writev, out of memory of the registered buffer `buf_index`. res = -EFAULT
    #: when the vectors leave it. Linux 6.15.
    prep_writev_fixed: Callable[[Pointer, int, Pointer, int, int, int, int], None]

    #: prep_read_multishot(op, fd, pool)
    #: READ_MULTISHOT: a completion with MORE and LEASE for each piece read from a pipe, terminal or
    #: other file that can be polled, out of `pool`. Ends with res <= 0. Linux 6.7.
    prep_read_multishot: Callable[[Pointer, int, int], None]

    #: prep_splice(op, fd_in, off_in, fd_out, off_out, len, flags)
    #: SPLICE: move up to `len` bytes from `fd_in` to `fd_out` without copying; one of them is a pipe.
    #: An offset is -1 for a pipe (and for the file position). `flags` of SPLICE_F_*, or
    #: RINGLINE_SPLICE_FD_IN_FIXED. The op is on `fd_out`: a RINGLINE_LIB_CLOSE of `fd_in` does not
    #: end it. res = bytes moved, 0 at the end; -EINVAL when neither is a pipe. A registered slot in
    #: `fd_in` is in use until FINAL.
    prep_splice: Callable[[Pointer, int, int, int, int, int, int], None]

    #: prep_tee(op, fd_in, fd_out, len, flags)
    #: TEE: copy up to `len` bytes from the pipe `fd_in` to the pipe `fd_out`; they stay in `fd_in`.
    #: res = bytes. What is said of `fd_in` and `flags` in splice holds here too.
    prep_tee: Callable[[Pointer, int, int, int, int], None]

    #: prep_epoll_ctl(op, epfd, operation, fd, event)
    #: EPOLL_CTL: epoll_ctl(2); `event` is a struct epoll_event. res = 0. An epoll set may watch the
    #: ring itself; a multishot poll of that set then ends at the ring's first completion.
    prep_epoll_ctl: Callable[[Pointer, int, int, int, Pointer], None]

    #: prep_epoll_wait(op, epfd, events, max, flags)
    #: EPOLL_WAIT: epoll_wait(2) into `events`, written until FINAL. res = how many. Linux 6.15.
    prep_epoll_wait: Callable[[Pointer, int, Pointer, int, int], None]

    #: prep_link_timeout(op, ts, flags)
    #: LINK_TIMEOUT: behind the op that it limits, in its chain: cancels that op (with IO_LINK) when
    #: `ts`, a struct __kernel_timespec, is over. res = -ETIME when it did, -ECANCELED when it was in
    #: time; -EALREADY when the op was running and could not be stopped. Submit answers -EINVAL
    #: anywhere else than behind an op of its chain.
    prep_link_timeout: Callable[[Pointer, Pointer, int], None]

    #: prep_futex_wait(op, futex, value, mask, flags)
    #: FUTEX_WAIT: until `futex` is woken (res = 0); -EAGAIN when it does not hold `value`. `flags` of
    #: RINGLINE_FUTEX2_*, `mask` RINGLINE_FUTEX_ANY or bits to match. Linux 6.7.
    prep_futex_wait: Callable[[Pointer, Pointer, int, int, int], None]

    #: prep_futex_wake(op, futex, count, mask, flags)
    #: FUTEX_WAKE: wake up to `count` waiters of `futex`. res = how many. Linux 6.7.
    prep_futex_wake: Callable[[Pointer, Pointer, int, int, int], None]

    #: prep_futex_waitv(op, futexes, count)
    #: FUTEX_WAITV: until one of `count` struct futex_waitv is woken. res = which. Linux 6.7.
    prep_futex_waitv: Callable[[Pointer, Pointer, int], None]

    #: prep_waitid(op, idtype, id, info, options, flags)
    #: WAITID: waitid(2) of P_PID, P_PGID, P_PIDFD or P_ALL; `info` is a siginfo_t, may be NULL,
    #: written until FINAL. `flags` must be 0. res = 0; -ECHILD when there is none. Linux 6.7.
    prep_waitid: Callable[[Pointer, int, int, Pointer, int, int], None]

    #: prep_getxattr(op, path, name, value, len)
    #: GETXATTR: getxattr(2) of `path` into `value`, written until FINAL. res = the length (with `len`
    #: 0 as well); -ENODATA, -ERANGE. Linux 5.19.
    prep_getxattr: Callable[[Pointer, bytes, bytes, Pointer, int], None]

    #: prep_setxattr(op, path, name, value, len, flags)
    #: SETXATTR: setxattr(2) of `path`; `flags` 0, XATTR_CREATE or XATTR_REPLACE. res = 0; -EEXIST,
    #: -ENODATA. Linux 5.19.
    prep_setxattr: Callable[[Pointer, bytes, bytes, Pointer, int, int], None]

    #: prep_fgetxattr(op, fd, name, value, len)
    #: FGETXATTR: fgetxattr(2) into `value`, written until FINAL. res as of getxattr. Linux 5.19.
    prep_fgetxattr: Callable[[Pointer, int, bytes, Pointer, int], None]

    #: prep_fsetxattr(op, fd, name, value, len, flags)
    #: FSETXATTR: fsetxattr(2); `flags` 0, XATTR_CREATE or XATTR_REPLACE. res as of setxattr. Linux
    #: 5.19.
    prep_fsetxattr: Callable[[Pointer, int, bytes, Pointer, int, int], None]

    #: stats_prometheus(ring, buf, cap)
    #: Write the counters of the ring in the text format of Prometheus: for each counter of
    #: ringline_stats a HELP line, a TYPE line and `ringline_NAME_total{ring="N"} VALUE`, where N is
    #: the place of the handle, which a later ring may have again. Terminated, cut off at `cap` bytes.
    #: Any thread; allocates nothing. `buf` may be NULL when `cap` is 0.
    #:
    #: Returns the length of the whole text without the terminator, like snprintf(3), or
    #: RINGLINE_ESTALE, RINGLINE_EFORKED, RINGLINE_ENULL.
    stats_prometheus: Callable[[Pointer, Pointer, int], int]

    #: recvmsg_out(rec, namelen, controllen, out)
    #: Take a completion of ringline_prep_recvmsg_multishot() apart into `out`. `namelen` and
    #: `controllen` are msg_namelen and msg_controllen of the msghdr that the op was submitted with.
    #: Reads only the header in the leased buffer. Any thread, as long as the lease is held.
    #:
    #: Returns payload_len; RINGLINE_ENULL; RINGLINE_ESTALE for a completion without a lease (res <= 0,
    #: or not of a pool); -EBADMSG when header, name and control do not fit into the received bytes:
    #: the lengths are not those of the op.
    recvmsg_out: Callable[[Pointer, int, int, Pointer], int]

    #: region_alloc(ring, len, flags, address)
    #: Allocate `len` bytes (1 GiB at most), zeroed and aligned to pages, and register them as a fixed
    #: buffer. `*address` gets the first byte. `flags` is 0 or RINGLINE_REGION_HUGE (huge pages,
    #: reserved ones or by advice; ringline_region_info_of tells). The memory is the ring's: it is gone
    #: with ringline_region_release() or with the ring, but for a forced free, after which it stays
    #: until the kernel is seen to be done. Owner thread (any while there is none).
    #:
    #: Returns the region's id, which is the buf_index of READ_FIXED, WRITE_FIXED and SEND_ZC;
    #: -EINVAL, -ENOMEM (RLIMIT_MEMLOCK counts), -ENFILE (64 regions), RINGLINE_ENULL,
    #: RINGLINE_ENOTSUP_KERNEL (fixed_buffers: 5.19).
    region_alloc: Callable[[Pointer, int, int, Pointer], int]

    #: region_register(ring, address, len)
    #: Register `len` bytes of the caller's (1 GiB at most) as a fixed buffer. The memory has to stay
    #: mapped until ringline_region_release() returned 0 or the ring is freed (what an ABANDONED op
    #: used: for ever). Owner thread (any while there is none). Returns as ringline_region_alloc(),
    #: and -EFAULT for memory that is not mapped.
    region_register: Callable[[Pointer, Pointer, int], int]

    #: region_release(ring, region)
    #: Unregister a region; memory of ringline_region_alloc() is gone then. Owner thread (any while
    #: there is none). Returns 0, -EBUSY while ops in flight use it, RINGLINE_ESTALE.
    region_release: Callable[[Pointer, int], int]

    #: region_info_of(ring, region, out)
    #: Tell what a region is like. Owner thread (any while there is none). Returns 0, RINGLINE_ESTALE,
    #: RINGLINE_ENULL, -EINVAL.
    region_info_of: Callable[[Pointer, int, Pointer], int]

    #: region_cut(ring, region, size)
    #: Cut a region into equal buffers of `size` bytes, for ringline_buf_take(). Owner thread (any
    #: while there is none). Returns how many there are; -EINVAL for a size that does not fit, -EBUSY
    #: while buffers of an earlier cut are taken, -ENOMEM, RINGLINE_ESTALE.
    region_cut: Callable[[Pointer, int, int], int]

    #: buf_take(ring, region, address)
    #: Take a buffer of a region that was cut: `*address` gets its first byte. It is the caller's until
    #: ringline_buf_put(); put it back after the FINAL of the op that sends it. Owner thread (any while
    #: there is none). Returns the buffer's id; -EAGAIN when all are taken, -EINVAL for a region that
    #: was not cut, RINGLINE_ESTALE, RINGLINE_ENULL.
    buf_take: Callable[[Pointer, int, Pointer], int]

    #: buf_put(ring, buf)
    #: Put a buffer back, exactly once. Owner thread (any while there is none). Returns 0, or
    #: RINGLINE_ESTALE for what was put back already or never was a buffer.
    buf_put: Callable[[Pointer, int], int]

    #: create(config, out)
    #: Create a ring. `config` may be NULL (all defaults). On success `*out` is its handle.
    #:
    #: The ring has no owner yet: ops may be submitted and wait in user space until the first thread
    #: that calls attach, turn, run or flush owns it. May take up to a second while the kernel gives
    #: back locked memory of earlier rings.
    #:
    #: Returns 0, RINGLINE_ENULL, -EINVAL or -E2BIG for the config, -ENFILE when 16384 handles exist,
    #: RINGLINE_ENOTSUP_KERNEL for RINGLINE_CONFIG_BIG, or what io_uring_setup(2) says: -EPERM (sysctl
    #: or seccomp, which may forbid io_uring_enter(2) or io_uring_register(2) alone), -ENOSYS, -ENOMEM
    #: (RLIMIT_MEMLOCK), -EMFILE; ringline_error_detail() names the call and the remedy.
    create: Callable[[Pointer, Pointer], int]

    #: attach(ring)
    #: Make the calling thread the owner, for good (until detach). Returns 0 (also when it is the owner
    #: already), RINGLINE_EWRONGTHREAD when another thread is, RINGLINE_ESTALE, RINGLINE_EFORKED.
    attach: Callable[[Pointer], int]

    #: detach(ring)
    #: Let go of the ring, so that another thread can attach it: it gets a new kernel ring under the
    #: same handle; pools are registered again. Owner thread only. Returns 0, -EBUSY when anything is
    #: in flight, RINGLINE_EREENTRANT inside a callback.
    detach: Callable[[Pointer], int]

    #: info_of(ring, out)
    #: Tell what the ring got. Owner thread (any while it has none). Returns 0, RINGLINE_ENULL,
    #: -EINVAL for a size that cannot be.
    info_of: Callable[[Pointer, Pointer], int]

    #: shared_block(ring)
    #: The shared block of the ring, or NULL (ringline_error_detail() says why). Owner thread (any
    #: while it has none). Its address is stable until the ring is freed.
    shared_block: Callable[[Pointer], Pointer]

    #: close(ring, timeout_ns)
    #: Cancel everything and drain. New ops are refused with RINGLINE_ECLOSED from now on; completions
    #: still come by turn. Waits up to `timeout_ns` (0 = do not wait, -1 = forever); callbacks run.
    #: Owner thread; binds a ring without owner; any thread once the owner thread is gone (then nothing
    #: can be drained).
    #:
    #: Returns 0 when nothing is in flight any more, else how many ops are (time is over, or the
    #: records are full: turn, then close again); RINGLINE_EREENTRANT with a timeout inside a callback.
    close: Callable[[Pointer, int], int]

    #: free(ring)
    #: End the ring: cancel, drain for up to a second (callbacks run, records are dropped: close first
    #: to see them), release everything. What the kernel does not let go gets FINAL | ABANDONED. Inside
    #: a callback it happens when the loop returns. Owner thread; any thread while there is no owner or
    #: when the owner thread is gone.
    #:
    #: A dropped record that carries a descriptor (of accept, openat, openat2, socket,
    #: fixed_fd_install; the two of pipe, at their address) is closed with it; what a record has shown
    #: is the caller's. The kernel may still open one for an op that was abandoned: that one stays
    #: open.
    #:
    #: Returns how many ops were abandoned (0 = clean), RINGLINE_ESTALE for a second free.
    free: Callable[[Pointer], int]

    #: abandon(ring)
    #: Free as soon as it is legal; for finalisers, from any thread. The owner frees the ring at its
    #: next turn (which then answers RINGLINE_ECLOSED, and what it would have shown is dropped, as
    #: ringline_free() does); without an owner it is freed now; when the owner thread is gone (joined,
    #: for one), now too. Returns 0, RINGLINE_ESTALE, RINGLINE_EFORKED.
    abandon: Callable[[Pointer], int]

    #: state(ring)
    #: RINGLINE_STATE_* of the ring. Owner thread (any while it has none).
    state: Callable[[Pointer], int]

    #: inflight(ring)
    #: Operations in flight, timers included. Owner thread (any while it has none).
    inflight: Callable[[Pointer], int]

    #: set_user(ring, user)
    #: Keep a number of the caller's with the ring. Owner thread (any while it has none).
    set_user: Callable[[Pointer, int], int]

    #: user(ring, out)
    #: The number kept with ringline_set_user(); 0 at first. Owner thread (any while it has none).
    #: Returns 0 or RINGLINE_ENULL.
    user: Callable[[Pointer, Pointer], int]

    #: run_once(ring, wait_min, timeout_ns)
    #: Wait once for `wait_min` completions or `timeout_ns` (-1 = forever, 0 = do not wait), run the
    #: callbacks, show records in the shared block. As ringline_turn() without its ops. Owner thread;
    #: binds a ring without owner. Returns how many completions it told, callbacks and records
    #: together, also those that an earlier call took out of the kernel's queue (a close with a
    #: timeout, a prepare); or as ringline_turn().
    run_once: Callable[[Pointer, int, int], int]

    #: run(ring)
    #: Run callbacks until ringline_stop(), until nothing is in flight and nobody holds a mailbox of
    #: the ring, or until a completion without callback came. Owner thread; binds a ring without
    #: owner. Signals do not end it (a handler may call ringline_stop).
    #:
    #: Returns 0 when stopped or nothing is in flight, > 0 = that many records wait in shared->recs;
    #: or as ringline_turn().
    run: Callable[[Pointer], int]

    #: stop(ring)
    #: Make ringline_run() return, or the present or next wait of a turn end early. Any thread, signal
    #: handlers and callbacks; async-signal-safe, errno is kept. Returns 0,
    #: RINGLINE_ESTALE or RINGLINE_EFORKED.
    stop: Callable[[Pointer], int]

    #: runtime_create(config, out)
    #: Make a runtime. `config` may be NULL (all defaults). On success `*out` is its handle; no thread
    #: runs yet. Any thread. Returns 0, RINGLINE_ENULL, -EINVAL or -E2BIG for the config, -ENFILE when
    #: 16384 handles exist.
    runtime_create: Callable[[Pointer, Pointer], int]

    #: runtime_set_handlers(runtime, handlers)
    #: Set the callbacks, before start. They are copied. Any thread. Returns 0, RINGLINE_ENULL, -EINVAL
    #: or -E2BIG for the struct, -EALREADY after start, RINGLINE_ESTALE, RINGLINE_EFORKED.
    runtime_set_handlers: Callable[[Pointer, Pointer], int]

    #: runtime_listen(runtime, address, backlog)
    #: Listen on `address`: "127.0.0.1:8080", "[::1]:8080", "[fe80::1%eth0]:8080" (numbers only, names
    #: are not looked up: see ringline_resolve(); port 0 = the kernel chooses, see
    #: ringline_runtime_port()), "unix:/path" or "unix:@abstract"; or for datagrams, which are told by
    #: `datagram` and have no `backlog`, on "udp:127.0.0.1:53", "udp:[::1]:53", "unixgram:/path" or
    #: "unixgram:@abstract". What is wrong with an address ringline_error_detail() says. Each worker
    #: has a socket of its own on the same port and the kernel spreads the clients, and datagrams by
    #: their sender. They are bound now; each listens when its worker first turns, with `backlog`
    #: clients waiting at most (0 = 4096). A path stays when the listener is closed. Any thread, before
    #: and after start.
    #:
    #: A port is the listener's alone: one that somebody serves is -EADDRINUSE, and nobody gets it
    #: afterwards; sharing is asked for by RINGLINE_LISTEN_SHARED of ringline_runtime_listen_with().
    #: What cannot be refused, where there are two workers or more: a later program of the same user's
    #: that itself asks for SO_REUSEPORT.
    #:
    #: Returns the listener's id (> 0), RINGLINE_ENULL, -EINVAL for the address or the backlog, -ENODEV
    #: for an interface that there is not, what socket(2) and bind(2) say (-EADDRINUSE,
    #: -EADDRNOTAVAIL, -EACCES, -EMFILE), -ENFILE (4096 listeners), RINGLINE_ECLOSED after stop,
    #: RINGLINE_ESTALE, RINGLINE_EFORKED.
    runtime_listen: Callable[[Pointer, bytes, int], int]

    #: runtime_port(runtime, listener)
    #: The port of a listener; 0 for a path. Any thread. Returns it, or RINGLINE_ESTALE (also for a
    #: listener that was closed), RINGLINE_EFORKED.
    runtime_port: Callable[[Pointer, int], int]

    #: runtime_listener_close(runtime, listener)
    #: Close a listener: each worker closes its socket soon; connections stay. Whoever's connect(2) had
    #: returned before the call is accepted first, and datagrams that had come are told, and answered
    #: by ringline_udp_send(); so a port takes clients for some 20 ms more, and for close_timeout_ns at
    #: most where there is no room or no descriptor for all who wait. A handshake still under way may
    #: be reset. Any thread. Returns 0, RINGLINE_ESTALE (also for a listener that was closed),
    #: RINGLINE_EFORKED.
    runtime_listener_close: Callable[[Pointer, int], int]

    #: runtime_start(runtime)
    #: Start the workers: exactly one thread each, kept on a processor of its own as far as there are
    #: any (RINGLINE_RUNTIME_UNPINNED leaves them), with all signals blocked. Returns when each has its
    #: ring, has called its start callback and listens. Any thread.
    #:
    #: Returns 0, -EALREADY, RINGLINE_ECLOSED after stop, -EAGAIN (no thread), or what
    #: ringline_create() and ringline_pool_create() say; then no thread is left. RINGLINE_ESTALE,
    #: RINGLINE_EFORKED.
    runtime_start: Callable[[Pointer], int]

    #: runtime_stop(runtime, grace_ns)
    #: End the workers. stopping tells each that it began, and stop, the last callback, that it is
    #: over; `grace_ns` later (0 = at once, -1 = no limit) what is left closes at once. A second call
    #: can only shorten the time.
    #:
    #: With a grace listeners close as by ringline_runtime_listener_close(), connects under way are
    #: broken off (-ECANCELED), and each connection is served to the end: what is unread is shown, what
    #: is answered is sent, and when one look finds nothing unread, all sent, and nothing that a pause
    #: left, it closes gracefully. A TLS handshake goes on to its end, and what the other
    #: end says first behind it is waited for, as long as a handshake may take. Whose answer depends on
    #: something else, such as another connection, finishes that before it calls this, with
    #: ringline_runtime_listener_close(), or pauses the connection with what was asked left. Within
    #: a limit nobody is cut off for taking little. Without one, who takes less than min_rate of what
    #: it is sent for close_timeout_ns is not shown anything more and closes as by
    #: ringline_conn_close(). Who took all and does not end is closed after close_timeout_ns in either
    #: case: a client that keeps its end open makes a stop last so long.
    #:
    #: Functions of ringline_work() that run are waited for, also after a grace of 0; but where a stop
    #: has a limit (grace_ns > 0), those that still run when it is over are left behind (see
    #: ringline_work()), and the workers end. Any thread, callbacks and signal handlers;
    #: async-signal-safe, errno is kept. Returns 0, RINGLINE_ESTALE, RINGLINE_EFORKED.
    runtime_stop: Callable[[Pointer, int], int]

    #: runtime_join(runtime, timeout_ns)
    #: Wait until all workers are over, for `timeout_ns` at most (0 = only look, -1 = for ever); not
    #: for adopted ones, but for the functions of ringline_work() that run. Any thread, but no callback
    #: of a worker and no function of ringline_work(), for which a worker waits: those get
    #: RINGLINE_EREENTRANT. Returns 0, -ETIMEDOUT, RINGLINE_EPANIC when a worker ended by an internal
    #: error, RINGLINE_ESTALE, RINGLINE_EFORKED.
    runtime_join: Callable[[Pointer, int], int]

    #: runtime_free(runtime)
    #: End the runtime: stop with a grace of 0, wait for the workers (their callbacks still run) and
    #: for functions of ringline_work() that no stop with a limit left behind, give everything back. In
    #: a callback, and in a function of ringline_work(), the handle is stale at once, and the workers
    #: end when it has returned. A worker that the calling thread adopted ends here; those that other
    #: threads adopted end at their next turns. Any thread. Returns 0, RINGLINE_EPANIC when a worker
    #: ended by an internal error, RINGLINE_ESTALE for a second free, RINGLINE_EFORKED.
    runtime_free: Callable[[Pointer], int]

    #: worker_adopt(runtime, index, out)
    #: Make the calling thread the worker `index` of a runtime: it gets a ring and listens, and its
    #: events are records in the block that `*out` names, instead of callbacks. Turn it with
    #: ringline_worker_turn(); between turns every function of connections is legal on this thread.
    #: ringline_runtime_start() starts the workers that nobody adopted before. A thread is one worker
    #: at most; when it exits, its worker ends at once. The worker's signals are the thread's: a
    #: handler ends a turn.
    #:
    #: Returns 0; -EINVAL for the index; -EALREADY when a thread is this worker already, or was; -EBUSY
    #: when the calling thread is a worker already; RINGLINE_ECLOSED after stop; RINGLINE_ENULL; what
    #: ringline_create() and ringline_pool_create() say; RINGLINE_ESTALE; RINGLINE_EFORKED.
    worker_adopt: Callable[[Pointer, int, Pointer], int]

    #: worker_turn(runtime)
    #: One turn of the adopted worker that the calling thread is: what was asked for since the last
    #: turn is done, data of the last turn is given back (see ringline_event.consumed), and the thread
    #: sleeps until there are events, block->timeout_ns at most. They are in block->events.
    #:
    #: Returns how many there are, 0 when the time was over; -EINTR when a signal handler ran and
    #: nothing else came; RINGLINE_ECLOSED after the turn that showed RINGLINE_EVENT_STOP: the worker
    #: is over, its block is gone, and the thread may leave. RINGLINE_EREENTRANT in a callback,
    #: RINGLINE_EWRONGTHREAD where no such worker was adopted, RINGLINE_EPANIC and RINGLINE_EPOISONED
    #: after an internal error, RINGLINE_ESTALE, RINGLINE_EFORKED.
    worker_turn: Callable[[Pointer], int]

    #: worker_take(runtime, event, out)
    #: Keep the bytes of one record of the last turn (one of kind RINGLINE_EVENT_DATA, by its address
    #: in block->events), as ringline_conn_take() does in a data callback: they stay where they are
    #: until ringline_conn_send_lease() has sent them or ringline_lease_release() gives them back, and
    #: count as consumed; of the record's `consumed` only a negative value is looked at then. On the
    #: worker's thread, between turns.
    #:
    #: Returns 0; -EINVAL when `event` is no record of data of the last turn; -ENODATA when its bytes
    #: were taken already or are not in the pool (an earlier turn or a pause left them, or they came by
    #: TLS, or it is the end): copy them; -ENOBUFS as ringline_conn_take(); RINGLINE_ENULL; -EINVAL or
    #: -E2BIG for the size in `out`; RINGLINE_ESTALE also when the connection is over;
    #: RINGLINE_EWRONGTHREAD where no such worker was adopted; RINGLINE_EREENTRANT in a callback of the
    #: turn; RINGLINE_EPOISONED after an internal error; RINGLINE_EFORKED.
    worker_take: Callable[[Pointer, Pointer, Pointer], int]

    #: runtime_config_init(config)
    #: Fill a runtime's config with the defaults, which are zeros, and set its size. Any thread.
    #: Returns 0 or RINGLINE_ENULL.
    runtime_config_init: Callable[[Pointer], int]

    #: conn_send(runtime, conn, bytes, length)
    #: Send `length` bytes, behind what is queued; all of them or none. They may change when this
    #: returns: they are copied, and leave when the callback has returned, small ones together; of 16
    #: KiB and more, with nothing but one small message before them, what the kernel takes leaves at
    #: once and only the rest is copied. In the worker's callbacks only.
    #:
    #: Returns 0; -EAGAIN when high_water bytes are queued: wait for writable; RINGLINE_ECLOSED after
    #: close or shutdown; -EMSGSIZE above 1 GiB; -ENOMEM (the connection closes when a part of a long
    #: message had left); RINGLINE_ENULL; RINGLINE_EWRONGTHREAD;
    #: RINGLINE_ESTALE when the connection is over; RINGLINE_EFORKED.
    conn_send: Callable[[Pointer, int, Pointer, int], int]

    #: conn_close(runtime, conn, how)
    #: Close: RINGLINE_CLOSE_GRACEFULLY sends what is queued, says that nothing more comes, and waits
    #: for the other end to do so, dropping what it sends; RINGLINE_CLOSE_AT_ONCE drops what is queued
    #: and resets the connection. No data is shown any more; the close callback comes later, never from
    #: here. In the worker's callbacks only.
    #:
    #: A graceful close lasts as long as the other end takes bytes, also those that the kernel has
    #: already. When it took less than min_rate for close_timeout_ns, the reason is -ETIMEDOUT, and
    #: `queued` and `untaken` of ringline_conn_info say what it did not get: what the kernel did not
    #: take is dropped by a reset, and so is lent memory, which is released; what the kernel copied it
    #: goes on to send. When it took all and does not end, the connection is closed close_timeout_ns
    #: later, with the reason 0. An other end that ended before is not waited for: the kernel sends
    #: what it has.
    #:
    #: Returns 0, RINGLINE_ECLOSED when it closes already, -EINVAL, and as ringline_conn_send().
    conn_close: Callable[[Pointer, int, int], int]

    #: conn_shutdown(runtime, conn)
    #: Send nothing more: after what is queued the other end is told so, and what it still sends is
    #: shown. In the worker's callbacks only. Returns 0 and as ringline_conn_send().
    conn_shutdown: Callable[[Pointer, int], int]

    #: conn_pause(runtime, conn)
    #: Show no data until ringline_conn_resume(): the other end is held back once the kernel's buffers
    #: are full. What was on its way is kept. That the other end is gone (a reset, not an orderly end)
    #: is noticed nevertheless, and ends the pause: all that it sent before is shown, in one piece, and
    #: then the connection closes, also where that callback pauses once more: what it leaves is
    #: dropped. See RINGLINE_CONN_GONE. In the worker's callbacks only. Returns 0,
    #: RINGLINE_EWRONGTHREAD, RINGLINE_ESTALE, RINGLINE_EFORKED.
    conn_pause: Callable[[Pointer, int], int]

    #: conn_resume(runtime, conn)
    #: Show data again; what is kept is shown after the callback. In the worker's callbacks only.
    #: Returns as ringline_conn_pause().
    conn_resume: Callable[[Pointer, int], int]

    #: conn_set_user(runtime, conn, user)
    #: Keep a number with a connection, which the callbacks get. In the worker's callbacks only.
    #: Returns as ringline_conn_pause().
    conn_set_user: Callable[[Pointer, int, int], int]

    #: conn_info_of(runtime, conn, out)
    #: What a connection is like, the other end's address included. In the worker's callbacks only.
    #: Returns 0, RINGLINE_ENULL, -EINVAL and as ringline_conn_pause().
    conn_info_of: Callable[[Pointer, int, Pointer], int]

    #: udp_send(runtime, listener, to, to_length, bytes, length)
    #: Send a copy of `length` bytes (0 as well) as one datagram to the sockaddr `to` of `to_length`
    #: bytes, such as the datagram callback got, by the socket that this worker has of `listener`. They
    #: leave when the callback has returned, several at a time; datagrams of one size to the same
    #: address go in one system call where the kernel cuts them (UDP_SEGMENT). What the kernel then
    #: refuses is lost, as datagrams are, and counted (datagrams_lost): no route, a Unix socket that is
    #: full or gone. ringline_runtime_listener_close() sends what is queued. In the worker's callbacks
    #: only.
    #:
    #: Returns 0; -EAGAIN when 64 sends are under way: wait for writable; -EINVAL for an address that
    #: is not of the listener's family; -EMSGSIZE above 65507 bytes (65536 for unixgram:); -ENOMEM;
    #: RINGLINE_ENULL; RINGLINE_EWRONGTHREAD; RINGLINE_ESTALE for a listener that is closed or not for
    #: datagrams; RINGLINE_EFORKED.
    udp_send: Callable[[Pointer, int, Pointer, int, Pointer, int], int]

    #: conn_take(runtime, conn, out)
    #: In a data callback: keep the bytes that are shown, as a lease. They stay where they are until
    #: ringline_conn_send_lease() has sent them or ringline_lease_release() gives them back (any
    #: thread), also when the connection is over. All bytes shown count as consumed then: of what the
    #: callback returns only a negative value is looked at. In that callback only.
    #:
    #: On an adopted worker: between turns, and it keeps the first record of this connection in the
    #: turn that nobody took yet and that can be kept, which need not be the one in hand: where a turn
    #: may show several of one connection, ringline_worker_take() names it.
    #:
    #: Returns 0; -ENODATA when these bytes are not in the pool (an earlier callback or a pause left
    #: them, or they came by TLS): copy them; -ENOBUFS when only a quarter of the receive buffers is
    #: left, which is for the other connections: copy them (counted in take_refusals); RINGLINE_ENULL,
    #: -EINVAL, RINGLINE_EWRONGTHREAD, RINGLINE_ESTALE, RINGLINE_EFORKED.
    conn_take: Callable[[Pointer, int, Pointer], int]

    #: conn_send_lease(runtime, conn, lease, bytes, length)
    #: Send `length` bytes at `bytes`, which are (a part of) those of `lease`, behind what is queued,
    #: without a copy. The lease is the library's from now on, and it gives it back when they are
    #: sent or the connection is over. In the worker's callbacks only.
    #:
    #: Returns 0; an error leaves the lease to the caller: RINGLINE_ESTALE also when the lease was
    #: given back or sent already, -EINVAL when the bytes are not in its pool, RINGLINE_EWRONGTHREAD
    #: also for a lease of another thread's pool, and as ringline_conn_send().
    conn_send_lease: Callable[[Pointer, int, int, Pointer, int], int]

    #: conn_sendv(runtime, conn, iovecs, count)
    #: Send a copy of `count` slices (struct iovec of <sys/uio.h>), one behind the other; all of them
    #: or none. In the worker's callbacks only. Returns as ringline_conn_send(), and -EINVAL above 1024
    #: slices.
    conn_sendv: Callable[[Pointer, int, Pointer, int], int]

    #: conn_send_zc(runtime, conn, bytes, length, cookie)
    #: Send `length` bytes out of the caller's memory, behind what is queued. They must stay as they
    #: are until the released callback comes with `cookie` (always later, never from here). Where the
    #: kernel copies after all (loopback), messages of 16 KiB at most are copied at once and
    #: released soon.
    #: In the worker's callbacks only. Returns as ringline_conn_send(), and -ENOBUFS for a length of 0
    #: while 65536 releases wait to be told; an error means no callback.
    conn_send_zc: Callable[[Pointer, int, Pointer, int, int], int]

    #: conn_send_file(runtime, conn, fd, offset, length, cookie)
    #: Send `length` bytes of a regular file from `offset` on, behind what is queued; 0 = up to its end
    #: as it is now. They count as queued. The file's own position is neither used nor moved. `fd` must
    #: stay open until the released callback comes with `cookie` (always later, never from here). A
    #: file that ends before `length` closes the connection with -ENODATA, a read that fails with its
    #: -errno: the other end was promised more. Files that the kernel makes up (/proc, /sys) do not say
    #: how long they are: those are sent with a `length` only. In the worker's callbacks only.
    #:
    #: Returns 0; -ENODATA when the file is shorter now; -EINVAL (no regular file, or `length` is 0 and
    #: the file does not say how long it is), -EBADF; -ENOBUFS
    #: for nothing of a file while 65536 releases wait to be told; and as ringline_conn_send(). An
    #: error means no callback.
    conn_send_file: Callable[[Pointer, int, int, int, int, int], int]

    #: conn_set_timeouts(runtime, conn, timeouts)
    #: Limit how long a connection may do nothing; the time starts now. It is closed at once with the
    #: reason -ETIMEDOUT, an eighth of idle_ns or write_ns late at most; what came and was not shown
    #: yet, as the worker is late, counts as something. Timeouts end with the connection; a later call
    #: replaces them, NULL ends them. In the worker's callbacks only. Returns 0, -EINVAL or -E2BIG for
    #: the struct and as ringline_conn_pause().
    conn_set_timeouts: Callable[[Pointer, int, Pointer], int]

    #: conn_connect(runtime, address, timeout_ns, user, out)
    #: Connect to `address` (as in ringline_runtime_listen(), but for datagrams, which have no
    #: connections), for `timeout_ns` at most (0 = as long as the kernel tries). `*out` is the id of
    #: the connection to be, `user` what its callbacks get. The connect callback tells what became of
    #: it, never from here; ringline_conn_close() ends it before. In the worker's callbacks only.
    #:
    #: Returns 0, RINGLINE_ENULL, -EINVAL for the address (also of datagrams) or the time, -ENODEV for
    #: an interface that there is not, what socket(2) says (-EMFILE),
    #: -ENFILE when the worker has max_connections, RINGLINE_ECLOSED after stop, -ENOMEM,
    #: RINGLINE_EWRONGTHREAD, RINGLINE_ESTALE, RINGLINE_EFORKED. An error means no callback.
    conn_connect: Callable[[Pointer, bytes, int, int, Pointer], int]

    #: runtime_listen_with(runtime, address, how)
    #: Listen on `address` as `how` says (NULL = as ringline_runtime_listen() does). Any thread.
    #:
    #: Returns the listener's id (> 0); -EINVAL or -E2BIG for `how`, -EINVAL also for
    #: RINGLINE_LISTEN_SHARED with a path, which has one socket; and as ringline_runtime_listen() and
    #: ringline_runtime_listen_tls().
    runtime_listen_with: Callable[[Pointer, bytes, Pointer], int]

    #: conn_post(runtime, conn, bytes, length)
    #: Have a copy of `length` bytes sent on a connection, from any thread but a signal handler: they
    #: go behind what is queued, in the order of each thread. A connection that is over by then drops
    #: them; one whose queue has twice high_water bytes is closed with -ENOBUFS.
    #:
    #: Returns 0; -EAGAIN when 1024 posts or 64 MiB wait for the worker: post again later; -EMSGSIZE
    #: above 16 MiB; -ENOMEM; RINGLINE_ENULL; RINGLINE_ECLOSED when the worker is over;
    #: RINGLINE_ESTALE for an id that never was one; RINGLINE_EFORKED.
    conn_post: Callable[[Pointer, int, Pointer, int], int]

    #: runtime_post(runtime, worker, user, res)
    #: Have notify called (or RINGLINE_EVENT_NOTIFY told) with `user` and `res` on a worker, each call
    #: once, in the order of each thread. Any thread, but no signal handler. What is posted before the
    #: worker begins is told when it does.
    #:
    #: Returns 0, -EAGAIN as ringline_conn_post(), RINGLINE_ECLOSED when the worker is over,
    #: RINGLINE_ESTALE (also when there is no such worker), RINGLINE_EFORKED.
    runtime_post: Callable[[Pointer, int, int, int], int]

    #: process_spawn(runtime, process, user, out)
    #: Start a child, on a thread that may block; everything is copied. `*out` is the process's id, and
    #: `user` is passed to its events: first spawn (or RINGLINE_EVENT_SPAWN) with its pid and the
    #: connections of its piped streams, or why it could not be started; then exit, exactly once. A
    #: piped stream is a socket: closing the connection of its input ends what it reads. The child
    #: blocks no signal and gets the default for SIGPIPE. The worker waits for it: no zombie stays; the
    #: end of a stop's grace kills it. A start that still hangs a second later (a program on a file
    #: system that does not answer) is told as -ECANCELED and left behind, counted (left_behind); what
    #: then comes of it is killed. In the worker's callbacks only, or on an adopted worker's thread.
    #:
    #: /dev/stdin, /dev/stdout and /dev/stderr (and /proc/self/fd/N) cannot be opened in the child
    #: where that stream is piped: open(2) of a socket is -ENXIO. The child uses its descriptors 0, 1
    #: and 2 themselves, as `cat` without a name or with "-" does; a shell's `>/dev/stderr` is `>&2`.
    #:
    #: Returns 0; RINGLINE_ENULL; -EINVAL or -E2BIG for the struct; -EAGAIN when the worker has 4096
    #: children, or as ringline_work(); RINGLINE_ECLOSED when the worker ends; RINGLINE_EWRONGTHREAD;
    #: RINGLINE_ESTALE; RINGLINE_EFORKED.
    process_spawn: Callable[[Pointer, Pointer, int, Pointer], int]

    #: process_kill(runtime, process, signo)
    #: Send a signal to a child; never to another process, whatever its pid. In the worker's callbacks
    #: only. Returns 0; -EINVAL for the signal; -EAGAIN before it runs; RINGLINE_ESTALE after its exit;
    #: RINGLINE_EWRONGTHREAD; RINGLINE_EFORKED.
    process_kill: Callable[[Pointer, int, int], int]

    #: signal_watch(runtime, signo)
    #: Have the signal callback called (or RINGLINE_EVENT_SIGNAL told) when the process gets `signo`,
    #: SIGCHLD included. No handler is installed: the signal must be blocked in all threads of the
    #: program, best before it makes any (pthread_sigmask(3)); the library's own threads block all.
    #: Watched by several workers, each signal goes to one of them. In the worker's callbacks only, or
    #: on an adopted worker's thread.
    #:
    #: Returns 0; -EPERM when the calling thread does not block the signal; -EALREADY; -EINVAL for the
    #: signal; -EMFILE; RINGLINE_EWRONGTHREAD; RINGLINE_ESTALE; RINGLINE_EFORKED.
    signal_watch: Callable[[Pointer, int], int]

    #: signal_unwatch(runtime, signo)
    #: Watch a signal no more. In the worker's callbacks only. Returns 0, -EINVAL, RINGLINE_ESTALE when
    #: it is not watched, RINGLINE_EWRONGTHREAD, RINGLINE_EFORKED.
    signal_unwatch: Callable[[Pointer, int], int]

    #: worker_ring(runtime, out)
    #: A ring that the worker turns in its own loop: for files, raw operations and whatever else is
    #: submitted with a callback (ringline_submit_with()), which the worker calls like its own. It is
    #: made at the first call and freed after the stop callback; ringline_free() frees it earlier, when
    #: the callback has returned, and the next call makes a new one. Turning, running, preparing or
    #: detaching it oneself is RINGLINE_EREENTRANT. Completions without a callback are dropped. For
    #: other threads take its mailbox: ringline_mailbox_of(). In the worker's callbacks only.
    #:
    #: Returns 0; RINGLINE_ENULL; RINGLINE_EWRONGTHREAD, RINGLINE_ESTALE, RINGLINE_EFORKED as
    #: ringline_conn_send(); -EMFILE, -ENOMEM, -EPERM as ringline_create().
    worker_ring: Callable[[Pointer, Pointer], int]

    #: runtime_stats_of(runtime, out)
    #: Read the counters of a runtime, summed over its workers. Any thread. Returns 0, RINGLINE_ENULL,
    #: -EINVAL, RINGLINE_ESTALE, RINGLINE_EFORKED.
    runtime_stats_of: Callable[[Pointer, Pointer], int]

    #: worker_stats_of(runtime, worker, out)
    #: As ringline_runtime_stats_of(), of one worker, from 0 on; `workers` is 1. Any thread. Returns 0,
    #: RINGLINE_ENULL, -EINVAL (also for a worker that there is not), RINGLINE_ESTALE,
    #: RINGLINE_EFORKED.
    worker_stats_of: Callable[[Pointer, int, Pointer], int]

    #: runtime_stats_prometheus(runtime, buf, cap)
    #: Write the counters of each worker in the text format of Prometheus: for each a HELP line, a TYPE
    #: line, and per worker `ringline_worker_NAME_total{worker="N"} VALUE`. Terminated, cut off at
    #: `cap` bytes. Any thread; allocates nothing. `buf` may be NULL when `cap` is 0.
    #:
    #: Returns the length of the whole text without the terminator, like snprintf(3), or
    #: RINGLINE_ENULL, RINGLINE_ESTALE, RINGLINE_EFORKED.
    runtime_stats_prometheus: Callable[[Pointer, Pointer, int], int]

    #: timer_start(runtime, delay_ns, period_ns, user, out)
    #: Have tick called (or RINGLINE_EVENT_TICK told) with `user` after `delay_ns`, and then every
    #: `period_ns` nanoseconds (0 = once). `*out` is the timer's id. 1048576 timers per worker at a
    #: time; starting and stopping one costs no system call. In the worker's callbacks only, or on an
    #: adopted worker's thread.
    #:
    #: Returns 0, RINGLINE_ENULL, -EAGAIN when there are as many, RINGLINE_EWRONGTHREAD,
    #: RINGLINE_ESTALE, RINGLINE_EFORKED.
    timer_start: Callable[[Pointer, int, int, int, Pointer], int]

    #: timer_stop(runtime, timer)
    #: Stop a timer: it does not tick any more, not even in the turn at hand. In the worker's callbacks
    #: only. Returns 0, RINGLINE_ESTALE when it ticked for the last time or was stopped,
    #: RINGLINE_EWRONGTHREAD, RINGLINE_EFORKED.
    timer_stop: Callable[[Pointer, int], int]

    #: runtime_listen_tls(runtime, address, backlog, tls)
    #: Listen as ringline_runtime_listen() does, for clients that speak TLS from the beginning. accept
    #: comes before the handshake, secured after it; what is sent before that waits, and data shows
    #: what came by TLS only. `tls` is a server's; it may be freed at once. Any thread.
    #:
    #: Returns the listener's id (> 0), -EINVAL for a client's config and for datagrams (udp:,
    #: unixgram:), which TLS does not serve, RINGLINE_ESTALE also for `tls`, and as
    #: ringline_runtime_listen().
    runtime_listen_tls: Callable[[Pointer, bytes, int, Pointer], int]

    #: conn_start_tls(runtime, conn, tls, server_name)
    #: Have all that is sent and received from now on go through TLS, as a server or as a client by
    #: what `tls` is. What was queued before goes as it is; what was received and is not consumed when
    #: the callback returns counts as the beginning of the handshake. A client gives the `server_name`
    #: (host name or address) that the other end's certificate has to be for; a server's is ignored and
    #: may be NULL. secured tells that the handshake ended; what is sent meanwhile waits for it.
    #:
    #: From then on everything is as before but for: bytes are counted as the user's, not the wire's;
    #: a graceful close and a shutdown end the TLS session first (close_notify), and an end without
    #: that closes with RINGLINE_ETRUNCATED; RINGLINE_ETLS closes what cannot go on, with the cause in
    #: ringline_error_detail(); a pause during the handshake begins after it; there is nothing to take
    #: as a lease; leases, lent memory and files that are sent are encrypted, and the caller's again
    #: then. In the worker's callbacks only.
    #:
    #: Returns 0, -EALREADY when it has TLS, -EINVAL for the name, RINGLINE_ECLOSED when it closes or
    #: the other end sends nothing more, RINGLINE_ESTALE also for `tls`, RINGLINE_EWRONGTHREAD,
    #: RINGLINE_EFORKED.
    conn_start_tls: Callable[[Pointer, int, Pointer, bytes], int]

    #: conn_tls_info_of(runtime, conn, out)
    #: What a connection's TLS is like. In the worker's callbacks only, the close callback included.
    #: Returns 0, RINGLINE_ENULL, -EINVAL and as ringline_conn_pause().
    conn_tls_info_of: Callable[[Pointer, int, Pointer], int]

    #: work(runtime, worker, function, ctx, done)
    #: Have `function` called with `ctx` on a thread that may block, and then `done` (not NULL) on the
    #: worker `worker` (RINGLINE_WORKER_HERE = the calling thread's): exactly once, also when the
    #: runtime stops, which cancels those that did not begin and waits for functions that run. Threads
    #: are made on demand, config.blocking_threads at most, and go after 10 s without work. Any thread,
    #: but no signal handler.
    #:
    #: The exception: ringline_runtime_stop() with a limit (grace_ns > 0) leaves a function behind that
    #: still runs when that time is over. It is counted (left_behind), its `done` is never called and
    #: its `ctx` never touched again by the library; only the function has it, until it returns. That
    #: thread and the runtime's memory stay until then, so `ctx` and the library must stay as well.
    #:
    #: Returns 0; -EAGAIN when 4096 pieces of work wait, no thread can be made, or the worker has not
    #: begun; -EINVAL for the worker; RINGLINE_ENULL; RINGLINE_EWRONGTHREAD for RINGLINE_WORKER_HERE on
    #: another thread; RINGLINE_ECLOSED when the worker is over; RINGLINE_ESTALE; RINGLINE_EFORKED.
    #: Then neither is called.
    work: Callable[[Pointer, int, Pointer, Pointer, Pointer], int]

    #: resolve(runtime, host, service, user)
    #: Look up a host ("example.org", "::1"; NULL = this machine) and a service ("https", "443"; NULL =
    #: port 0) as getaddrinfo(3) does, on a thread that may block. The resolve callback (or
    #: RINGLINE_EVENT_RESOLVE) gets all addresses in the resolver's order, or its error in words, once.
    #: `user` is passed to it. Lookups have threads of their own, config.blocking_threads at most:
    #: those that hang hold up neither ringline_work() nor ringline_process_spawn(). A stop whose grace
    #: is over gives a lookup 100 ms more and tells -ECANCELED then; a thread that hangs in the
    #: resolver is left behind, counted (left_behind), and goes when the resolver gives up. In the
    #: worker's callbacks only, or on an adopted worker's thread.
    #:
    #: Returns 0, RINGLINE_ENULL when both are NULL, -EAGAIN and RINGLINE_ECLOSED as ringline_work(),
    #: RINGLINE_EWRONGTHREAD, RINGLINE_ESTALE, RINGLINE_EFORKED.
    resolve: Callable[[Pointer, bytes, bytes, int], int]

    #: stats_of(ring, out)
    #: Read the counters. Any thread. Returns 0, RINGLINE_ESTALE, RINGLINE_EFORKED, RINGLINE_ENULL,
    #: -EINVAL.
    stats_of: Callable[[Pointer, Pointer], int]

    #: turn(ring)
    #: One turn through the shared block: give back the leases of rel, submit ops, wait for wait_min
    #: completions or timeout_ns, run callbacks, fill recs. Owner thread; binds a ring without owner.
    #:
    #: Stops at the first rejected op (ops_done, op_error, op_error_at) and then does not wait. Ops the
    #: kernel did not consume are taken back and not in ops_done. Timers count toward wait_min. When
    #: recs are full, the rest stays in the kernel's queue.
    #:
    #: Also with -errno the outputs of the block say what was done: ops may have been accepted. With a
    #: library code they say nothing, and the block may be gone.
    #:
    #: Returns recs_len; -EINTR when a signal handler ran and nothing came; -EINVAL for a block that
    #: cannot be; -EAGAIN, -EBUSY when the kernel takes nothing now; RINGLINE_EREENTRANT in a callback;
    #: RINGLINE_ECLOSED when the ring was freed in a callback or abandoned.
    turn: Callable[[Pointer], int]

    #: submit(ring, ops, count, tokens, flags)
    #: Submit ops without waiting: they go to the kernel with the next turn, run or flush, or at once
    #: when the queue is full. Their completions come as records. `tokens` (may be NULL) gets one token
    #: per accepted op. Owner thread (any while there is none), callbacks too.
    #:
    #: `flags` is 0, or RINGLINE_SUBMIT_COPY_ARGS: the small inputs that the ops point to are copied
    #: until the kernel has read them, and the caller's memory is free on return. These are socket
    #: addresses (also of a send), timespecs, paths, open_how, names and set values of extended
    #: attributes, arrays of iovecs and of futexes, the msghdr of a sendmsg with its name and its
    #: iovecs, and an epoll_event. They have to be readable (NULL is left to the kernel). Not copied,
    #: and the library's until FINAL: data, outputs, and the control data of a message, which the
    #: kernel reads again when it sends again. A chain has 64 ops at most then.
    #:
    #: Returns how many were accepted, from the front; when the first is rejected, why: -EINVAL,
    #: -EAGAIN (queue full, or 128 KiB of copies wait for the kernel), -ENOMEM (no memory for copies),
    #: RINGLINE_ENOSLOT, RINGLINE_ECLOSED, RINGLINE_ESTALE (unknown pool, token, region or slot),
    #: RINGLINE_ENOTSUP_KERNEL, RINGLINE_ENULL (a row of files that is NULL); -EBUSY (a second SEND_ALL
    #: on a descriptor, a slot of files that is in use), -EALREADY (a second LIB_CLOSE), -EBADF (a
    #: LIB_CLOSE of none).
    submit: Callable[[Pointer, Pointer, int, Pointer, int], int]

    #: submit_with(ring, op, callback, ctx)
    #: Submit one op whose completions go to `callback`. The op is copied. Owner thread (any while
    #: there is none), callbacks too. Returns its token, or as ringline_submit().
    submit_with: Callable[[Pointer, Pointer, Pointer, Pointer], int]

    #: flush(ring)
    #: Hand what was submitted to the kernel without waiting. Owner thread; binds a ring without
    #: owner; callbacks too. Returns how many entries still wait (0 = all are in; else the kernel takes
    #: no more now: turn), or -errno.
    flush: Callable[[Pointer], int]

    #: sq_space(ring)
    #: Ops that can be submitted before a flush is needed. Owner thread (any while there is none).
    sq_space: Callable[[Pointer], int]

    #: pending(ring)
    #: Entries submitted that the kernel has not consumed: while there are any, the inputs of the ops
    #: are the library's. Owner thread (any while there is none).
    pending: Callable[[Pointer], int]

    #: tls_server_create(options, out)
    #: Make a TLS config for servers, for ringline_runtime_listen_tls() and ringline_conn_start_tls().
    #: It is never changed afterwards; for new certificates make a new one. TLS 1.2 and 1.3; sessions
    #: are resumed, from tickets and from memory (1024 sessions). Any thread.
    #:
    #: Returns 0; RINGLINE_ENULL; -EINVAL for the options, text that is no PEM, a key that does not
    #: belong to its certificate; what open(2) says for a file; -ENFILE when 16384 handles exist;
    #: -EOPNOTSUPP from a library that was built without TLS. ringline_error_detail() says which it is,
    #: and what to do. A byte order mark in PEM is read over.
    tls_server_create: Callable[[Pointer, Pointer], int]

    #: tls_client_create(options, out)
    #: As ringline_tls_server_create(), for clients: for ringline_conn_start_tls() on connections to a
    #: server, whose certificate is checked for its name, its time and its issuer. Any thread. Returns
    #: as ringline_tls_server_create().
    tls_client_create: Callable[[Pointer, Pointer], int]

    #: tls_free(tls)
    #: Give a TLS config back. Listeners and connections that use it keep it until they are over. Any
    #: thread. Returns 0, RINGLINE_ESTALE for a second free, RINGLINE_EFORKED.
    tls_free: Callable[[Pointer], int]

    #: napi(ring, busy_poll_us, prefer)
    #: Let waits of this ring poll the network devices of its sockets for up to `busy_poll_us`
    #: microseconds before sleeping (NAPI busy polling, Linux 6.9); 0 = not any more. With `prefer`
    #: not 0 the devices' interrupts stay off meanwhile. Costs CPU time and helps only with devices
    #: that have such queues. Owner thread; binds a ring without owner; to be set again after detach.
    #: Returns 0, RINGLINE_ENOTSUP_KERNEL, or -errno.
    napi: Callable[[Pointer, int, int], int]

    #: iowq_workers(ring, bounded, unbounded)
    #: Limit the kernel's worker threads for this thread's rings: `*bounded` for files and block
    #: devices, `*unbounded` for everything else (Linux 5.15). 0 keeps a limit. Both come back as what
    #: they were before, so 0 and 0 only asks. Submits what is staged. Owner thread; binds a ring
    #: without owner. Returns 0, RINGLINE_ENULL, RINGLINE_ENOTSUP_KERNEL.
    iowq_workers: Callable[[Pointer, Pointer, Pointer], int]

    #: iowq_affinity(ring, mask, size)
    #: Bind the kernel's worker threads of this thread's rings to CPUs: bit n of the `size` bytes at
    #: `mask` (a cpu_set_t) is CPU n (Linux 5.14). NULL and 0 = unbound again. Owner thread; binds a
    #: ring without owner. Returns 0, RINGLINE_ENULL, -EINVAL for a mask without a CPU or longer than
    #: 8192 bytes, RINGLINE_ENOTSUP_KERNEL, or -errno.
    iowq_affinity: Callable[[Pointer, Pointer, int], int]

    #: spin_us(ring, spin_us)
    #: Let waits look at the completion queue for up to `spin_us` microseconds in user space before
    #: they sleep; 0 = sleep at once (the default, or config.spin_us). Trades CPU time for the latency
    #: of a wake-up: worth it only where answers come within microseconds and a core is to spare. A
    #: signal handler that wants the loop to end calls ringline_stop(). Kept over detach. Owner thread
    #: (any while there is none). Returns 0, or -EINVAL above one second.
    spin_us: Callable[[Pointer, int], int]

    #: version()
    #: Version of the library: major << 16 | minor << 8 | patch. Never fails; any thread.
    version: Callable[[], int]

    #: version_string()
    #: Version of the library as text, static. Never fails; any thread.
    version_string: Callable[[], bytes]

    #: abi()
    #: RINGLINE_ABI of the library. Never fails; any thread.
    abi: Callable[[], int]

    #: check_abi(header_abi, op_size, completion_size, shared_size)
    #: Check that a program's header fits this library: pass RINGLINE_ABI, sizeof(ringline_op),
    #: sizeof(ringline_completion) and sizeof(ringline_shared). Returns 0 or RINGLINE_EABI.
    check_abi: Callable[[int, int, int, int], int]

    #: kernel_features(out)
    #: Write the RINGLINE_FEATURE_* bits of the running kernel. Returns 0, or -errno when the kernel
    #: refuses rings (see ringline_doctor), RINGLINE_ENULL.
    kernel_features: Callable[[Pointer], int]

    #: has(feature)
    #: Whether the running kernel has the feature of that name ("defer_taskrun", ...), and
    #: RINGLINE_DISABLE does not switch it off. Returns 1, 0, -EINVAL for an unknown name,
    #: RINGLINE_ENULL, or -errno when the kernel refuses rings.
    has: Callable[[bytes], int]

    #: op_supported(opcode)
    #: Whether the opcode (RINGLINE_OP_* or RINGLINE_LIB_*) can be used here. Returns 1, 0, or -errno
    #: when the kernel refuses rings.
    op_supported: Callable[[int], int]

    #: doctor(buf, cap)
    #: Write a report of what this machine allows and, where it does not, why and the remedy; one
    #: line per fact, terminated, cut off at `cap` bytes. Returns the length of the whole report
    #: without the terminator, like snprintf(3), or RINGLINE_ENULL. `buf` may be NULL when `cap` is 0.
    doctor: Callable[[Pointer, int], int]

    def __init__(self, library: ctypes.CDLL) -> None:
        for name, (result, arguments) in SIGNATURES.items():
            function = library["ringline_" + name]
            function.restype = result
            function.argtypes = arguments
            setattr(self, name, function)


#: Result and arguments of each function.
SIGNATURES: Dict[str, Tuple[Optional[Any], Tuple[Any, ...]]] = {
    "cancel": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint64)),
    "cancel_many": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32)),
    "cancel_fd": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_int32)),
    "cancel_all": (ctypes.c_int32, (ctypes.c_void_p,)),
    "cancel_sync": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint64, ctypes.c_int64)),
    "config_init": (ctypes.c_int32, (ctypes.c_void_p,)),
    "dump": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_int32)),
    "strerror": (ctypes.c_char_p, (ctypes.c_int32,)),
    "error_name": (ctypes.c_char_p, (ctypes.c_int32,)),
    "error_detail": (ctypes.c_char_p, ()),
    "to_errno": (ctypes.c_int32, (ctypes.c_int32,)),
    "files_reserve": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_uint32,
            ctypes.c_uint32,
        ),
    ),
    "file_add": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_int32)),
    "file_add_many": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_void_p,
        ),
    ),
    "file_replace": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_int32)),
    "file_remove": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_int32)),
    "file_install": (
        ctypes.c_int64,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_uint32,
            ctypes.c_uint64,
        ),
    ),
    "ring_fd": (ctypes.c_int32, (ctypes.c_void_p,)),
    "set_eventfd": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_int32)),
    "prepare": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_void_p)),
    "abi_layout": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint32)),
    "set_log": (ctypes.c_int32, (LogFunction, ctypes.c_void_p, ctypes.c_uint32)),
    "mailbox_of": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_void_p)),
    "mailbox_retain": (ctypes.c_int32, (ctypes.c_void_p,)),
    "mailbox_release": (ctypes.c_int32, (ctypes.c_void_p,)),
    "mailbox_wake": (ctypes.c_int32, (ctypes.c_void_p,)),
    "mailbox_post": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint64, ctypes.c_int32)),
    "mailbox_submit": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_void_p,
        ),
    ),
    "mailbox_submit_with": (
        ctypes.c_int64,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            Callback,
            ctypes.c_void_p,
        ),
    ),
    "mailbox_call": (ctypes.c_int32, (ctypes.c_void_p, Callback, ctypes.c_void_p)),
    "mailbox_cancel": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint64)),
    "mailbox_close": (ctypes.c_int32, (ctypes.c_void_p,)),
    "pool_create": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_uint32,
            ctypes.c_uint32,
        ),
    ),
    "pool_destroy": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_int32)),
    "pool_info_of": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p)),
    "pool_set_low_water": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_uint32,
            ctypes.c_uint64,
        ),
    ),
    "lease_count": (ctypes.c_int32, (ctypes.c_void_p,)),
    "lease_release": (ctypes.c_int32, (ctypes.c_uint64,)),
    "lease_release_many": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint32)),
    "prep_nop": (None, (ctypes.c_void_p,)),
    "prep_read": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_uint64,
        ),
    ),
    "prep_write": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_uint64,
        ),
    ),
    "prep_openat": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_char_p,
            ctypes.c_int32,
            ctypes.c_uint32,
        ),
    ),
    "prep_close": (None, (ctypes.c_void_p, ctypes.c_int32)),
    "prep_fsync": (None, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_uint32)),
    "prep_poll_add": (None, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_uint32)),
    "prep_poll_multishot": (None, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_uint32)),
    "prep_poll_update": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_uint64,
            ctypes.c_uint32,
            ctypes.c_uint32,
        ),
    ),
    "prep_poll_remove": (None, (ctypes.c_void_p, ctypes.c_uint64)),
    "prep_timeout": (None, (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32)),
    "prep_timeout_update": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_uint64,
            ctypes.c_void_p,
            ctypes.c_uint32,
        ),
    ),
    "prep_timeout_remove": (None, (ctypes.c_void_p, ctypes.c_uint64)),
    "prep_cancel": (None, (ctypes.c_void_p, ctypes.c_uint64)),
    "prep_timer": (None, (ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64)),
    "prep_post": (None, (ctypes.c_void_p, ctypes.c_int32)),
    "prep_lib_close": (None, (ctypes.c_void_p, ctypes.c_int32)),
    "prep_link": (None, (ctypes.c_void_p, ctypes.c_uint32)),
    "prep_msg_ring": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_uint32,
            ctypes.c_uint64,
            ctypes.c_uint32,
        ),
    ),
    "prep_uring_cmd": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_uint32,
            ctypes.c_uint64,
            ctypes.c_uint32,
        ),
    ),
    "prep_cmd_sock": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_uint32,
            ctypes.c_int32,
            ctypes.c_int32,
            ctypes.c_void_p,
            ctypes.c_uint32,
        ),
    ),
    "prep_files_update": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_uint32,
        ),
    ),
    "prep_fixed_fd_install": (None, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_uint32)),
    "prep_openat2": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_char_p,
            ctypes.c_void_p,
            ctypes.c_uint32,
        ),
    ),
    "prep_statx": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_char_p,
            ctypes.c_int32,
            ctypes.c_uint32,
            ctypes.c_void_p,
        ),
    ),
    "prep_fallocate": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_int32,
            ctypes.c_uint64,
            ctypes.c_uint64,
        ),
    ),
    "prep_ftruncate": (None, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_uint64)),
    "prep_sync_file_range": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_uint64,
            ctypes.c_uint32,
            ctypes.c_uint32,
        ),
    ),
    "prep_fadvise": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_uint64,
            ctypes.c_uint64,
            ctypes.c_int32,
        ),
    ),
    "prep_madvise": (None, (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_int32)),
    "prep_renameat": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_char_p,
            ctypes.c_int32,
            ctypes.c_char_p,
            ctypes.c_uint32,
        ),
    ),
    "prep_unlinkat": (None, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_char_p, ctypes.c_int32)),
    "prep_mkdirat": (None, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_char_p, ctypes.c_uint32)),
    "prep_symlinkat": (None, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32, ctypes.c_char_p)),
    "prep_linkat": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_char_p,
            ctypes.c_int32,
            ctypes.c_char_p,
            ctypes.c_int32,
        ),
    ),
    "prep_pipe": (None, (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32)),
    "prep_sendmsg": (None, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p, ctypes.c_uint32)),
    "prep_recvmsg": (None, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p, ctypes.c_uint32)),
    "prep_recvmsg_multishot": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_uint32,
        ),
    ),
    "prep_send_zc": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_uint32,
            ctypes.c_uint16,
        ),
    ),
    "prep_sendmsg_zc": (None, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p, ctypes.c_uint32)),
    "prep_recv_zc": (None, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_uint32, ctypes.c_uint32)),
    "prep_socket": (None, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_int32, ctypes.c_int32)),
    "prep_bind": (None, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p, ctypes.c_uint32)),
    "prep_listen": (None, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_int32)),
    "prep_accept": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_uint32,
        ),
    ),
    "prep_accept_multishot": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_uint32,
        ),
    ),
    "prep_connect": (None, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p, ctypes.c_uint32)),
    "prep_connect_timeout": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_uint64,
        ),
    ),
    "prep_send": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_uint32,
        ),
    ),
    "prep_send_all": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_uint32,
        ),
    ),
    "prep_recv": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_uint32,
        ),
    ),
    "prep_recv_multishot": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_int32,
            ctypes.c_uint32,
        ),
    ),
    "prep_shutdown": (None, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_int32)),
    "prep_pool": (None, (ctypes.c_void_p, ctypes.c_int32)),
    "prep_quiet": (None, (ctypes.c_void_p,)),
    "prep_readv": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_uint64,
            ctypes.c_uint32,
        ),
    ),
    "prep_writev": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_uint64,
            ctypes.c_uint32,
        ),
    ),
    "prep_read_fixed": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_uint64,
            ctypes.c_uint16,
        ),
    ),
    "prep_write_fixed": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_uint64,
            ctypes.c_uint16,
        ),
    ),
    "prep_readv_fixed": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_uint64,
            ctypes.c_uint32,
            ctypes.c_uint16,
        ),
    ),
    "prep_writev_fixed": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_uint64,
            ctypes.c_uint32,
            ctypes.c_uint16,
        ),
    ),
    "prep_read_multishot": (None, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_int32)),
    "prep_splice": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_int64,
            ctypes.c_int32,
            ctypes.c_int64,
            ctypes.c_uint32,
            ctypes.c_uint32,
        ),
    ),
    "prep_tee": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_int32,
            ctypes.c_uint32,
            ctypes.c_uint32,
        ),
    ),
    "prep_epoll_ctl": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_int32,
            ctypes.c_int32,
            ctypes.c_void_p,
        ),
    ),
    "prep_epoll_wait": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_uint32,
        ),
    ),
    "prep_link_timeout": (None, (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32)),
    "prep_futex_wait": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_uint64,
            ctypes.c_uint64,
            ctypes.c_uint32,
        ),
    ),
    "prep_futex_wake": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_uint64,
            ctypes.c_uint64,
            ctypes.c_uint32,
        ),
    ),
    "prep_futex_waitv": (None, (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32)),
    "prep_waitid": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_int32,
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_uint32,
        ),
    ),
    "prep_getxattr": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_char_p,
            ctypes.c_void_p,
            ctypes.c_uint32,
        ),
    ),
    "prep_setxattr": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_char_p,
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_int32,
        ),
    ),
    "prep_fgetxattr": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_char_p,
            ctypes.c_void_p,
            ctypes.c_uint32,
        ),
    ),
    "prep_fsetxattr": (
        None,
        (
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_char_p,
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_int32,
        ),
    ),
    "stats_prometheus": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)),
    "recvmsg_out": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_uint32,
            ctypes.c_void_p,
        ),
    ),
    "region_alloc": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_uint64,
            ctypes.c_uint32,
            ctypes.c_void_p,
        ),
    ),
    "region_register": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64)),
    "region_release": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_int32)),
    "region_info_of": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p)),
    "region_cut": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_uint32)),
    "buf_take": (ctypes.c_int64, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p)),
    "buf_put": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_int64)),
    "create": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_void_p)),
    "attach": (ctypes.c_int32, (ctypes.c_void_p,)),
    "detach": (ctypes.c_int32, (ctypes.c_void_p,)),
    "info_of": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_void_p)),
    "shared_block": (ctypes.c_void_p, (ctypes.c_void_p,)),
    "close": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_int64)),
    "free": (ctypes.c_int32, (ctypes.c_void_p,)),
    "abandon": (ctypes.c_int32, (ctypes.c_void_p,)),
    "state": (ctypes.c_int32, (ctypes.c_void_p,)),
    "inflight": (ctypes.c_int64, (ctypes.c_void_p,)),
    "set_user": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint64)),
    "user": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_void_p)),
    "run_once": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int64)),
    "run": (ctypes.c_int32, (ctypes.c_void_p,)),
    "stop": (ctypes.c_int32, (ctypes.c_void_p,)),
    "runtime_create": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_void_p)),
    "runtime_set_handlers": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_void_p)),
    "runtime_listen": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint32)),
    "runtime_port": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint32)),
    "runtime_listener_close": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint32)),
    "runtime_start": (ctypes.c_int32, (ctypes.c_void_p,)),
    "runtime_stop": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_int64)),
    "runtime_join": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_int64)),
    "runtime_free": (ctypes.c_int32, (ctypes.c_void_p,)),
    "worker_adopt": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p)),
    "worker_turn": (ctypes.c_int32, (ctypes.c_void_p,)),
    "worker_take": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)),
    "runtime_config_init": (ctypes.c_int32, (ctypes.c_void_p,)),
    "conn_send": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_uint64,
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "conn_close": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32)),
    "conn_shutdown": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint64)),
    "conn_pause": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint64)),
    "conn_resume": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint64)),
    "conn_set_user": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64)),
    "conn_info_of": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint64, ctypes.c_void_p)),
    "udp_send": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "conn_take": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint64, ctypes.c_void_p)),
    "conn_send_lease": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_uint64,
            ctypes.c_uint64,
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "conn_sendv": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_uint64,
            ctypes.c_void_p,
            ctypes.c_uint32,
        ),
    ),
    "conn_send_zc": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_uint64,
            ctypes.c_void_p,
            ctypes.c_size_t,
            ctypes.c_uint64,
        ),
    ),
    "conn_send_file": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_uint64,
            ctypes.c_int32,
            ctypes.c_uint64,
            ctypes.c_uint64,
            ctypes.c_uint64,
        ),
    ),
    "conn_set_timeouts": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint64, ctypes.c_void_p)),
    "conn_connect": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_uint64,
            ctypes.c_uint64,
            ctypes.c_void_p,
        ),
    ),
    "runtime_listen_with": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)),
    "conn_post": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_uint64,
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "runtime_post": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_uint64,
            ctypes.c_int32,
        ),
    ),
    "process_spawn": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_uint64,
            ctypes.c_void_p,
        ),
    ),
    "process_kill": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint64, ctypes.c_int32)),
    "signal_watch": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_int32)),
    "signal_unwatch": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_int32)),
    "worker_ring": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_void_p)),
    "runtime_stats_of": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_void_p)),
    "worker_stats_of": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p)),
    "runtime_stats_prometheus": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "timer_start": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_uint64,
            ctypes.c_uint64,
            ctypes.c_uint64,
            ctypes.c_void_p,
        ),
    ),
    "timer_stop": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint64)),
    "runtime_listen_tls": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_uint32,
            ctypes.c_void_p,
        ),
    ),
    "conn_start_tls": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_uint64,
            ctypes.c_void_p,
            ctypes.c_char_p,
        ),
    ),
    "conn_tls_info_of": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint64, ctypes.c_void_p)),
    "work": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_uint32,
            WorkFunction,
            ctypes.c_void_p,
            DoneCallback,
        ),
    ),
    "resolve": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_char_p,
            ctypes.c_uint64,
        ),
    ),
    "stats_of": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_void_p)),
    "turn": (ctypes.c_int32, (ctypes.c_void_p,)),
    "submit": (
        ctypes.c_int32,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_void_p,
            ctypes.c_uint32,
        ),
    ),
    "submit_with": (ctypes.c_int64, (ctypes.c_void_p, ctypes.c_void_p, Callback, ctypes.c_void_p)),
    "flush": (ctypes.c_int32, (ctypes.c_void_p,)),
    "sq_space": (ctypes.c_int32, (ctypes.c_void_p,)),
    "pending": (ctypes.c_int32, (ctypes.c_void_p,)),
    "tls_server_create": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_void_p)),
    "tls_client_create": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_void_p)),
    "tls_free": (ctypes.c_int32, (ctypes.c_void_p,)),
    "napi": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32)),
    "iowq_workers": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)),
    "iowq_affinity": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32)),
    "spin_us": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint32)),
    "version": (ctypes.c_uint32, ()),
    "version_string": (ctypes.c_char_p, ()),
    "abi": (ctypes.c_uint32, ()),
    "check_abi": (
        ctypes.c_int32,
        (
            ctypes.c_uint32,
            ctypes.c_uint32,
            ctypes.c_uint32,
            ctypes.c_uint32,
        ),
    ),
    "kernel_features": (ctypes.c_int32, (ctypes.c_void_p,)),
    "has": (ctypes.c_int32, (ctypes.c_char_p,)),
    "op_supported": (ctypes.c_int32, (ctypes.c_uint8,)),
    "doctor": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_size_t)),
}

#: What the package shows: the constants, and the records that it hands out.
__all__ = [
    "ABI",
    "VERSION_MAJOR",
    "VERSION_MINOR",
    "VERSION_PATCH",
    "OP_NOP",
    "OP_READV",
    "OP_WRITEV",
    "OP_FSYNC",
    "OP_READ_FIXED",
    "OP_WRITE_FIXED",
    "OP_POLL_ADD",
    "OP_POLL_REMOVE",
    "OP_SYNC_FILE_RANGE",
    "OP_SENDMSG",
    "OP_RECVMSG",
    "OP_TIMEOUT",
    "OP_TIMEOUT_REMOVE",
    "OP_ACCEPT",
    "OP_ASYNC_CANCEL",
    "OP_LINK_TIMEOUT",
    "OP_CONNECT",
    "OP_FALLOCATE",
    "OP_OPENAT",
    "OP_CLOSE",
    "OP_FILES_UPDATE",
    "OP_STATX",
    "OP_READ",
    "OP_WRITE",
    "OP_FADVISE",
    "OP_MADVISE",
    "OP_SEND",
    "OP_RECV",
    "OP_OPENAT2",
    "OP_EPOLL_CTL",
    "OP_SPLICE",
    "OP_PROVIDE_BUFFERS",
    "OP_REMOVE_BUFFERS",
    "OP_TEE",
    "OP_SHUTDOWN",
    "OP_RENAMEAT",
    "OP_UNLINKAT",
    "OP_MKDIRAT",
    "OP_SYMLINKAT",
    "OP_LINKAT",
    "OP_MSG_RING",
    "OP_FSETXATTR",
    "OP_SETXATTR",
    "OP_FGETXATTR",
    "OP_GETXATTR",
    "OP_SOCKET",
    "OP_URING_CMD",
    "OP_SEND_ZC",
    "OP_SENDMSG_ZC",
    "OP_READ_MULTISHOT",
    "OP_WAITID",
    "OP_FUTEX_WAIT",
    "OP_FUTEX_WAKE",
    "OP_FUTEX_WAITV",
    "OP_FIXED_FD_INSTALL",
    "OP_FTRUNCATE",
    "OP_BIND",
    "OP_LISTEN",
    "OP_RECV_ZC",
    "OP_EPOLL_WAIT",
    "OP_READV_FIXED",
    "OP_WRITEV_FIXED",
    "OP_PIPE",
    "LIB_CLOSE",
    "LIB_TIMER",
    "LIB_SEND_ALL",
    "LIB_CONNECT_TIMEOUT",
    "LIB_POST",
    "SQE_FIXED_FILE",
    "SQE_IO_DRAIN",
    "SQE_IO_LINK",
    "SQE_IO_HARDLINK",
    "SQE_ASYNC",
    "SQE_BUFFER_SELECT",
    "ACCEPT_MULTISHOT",
    "RECVSEND_POLL_FIRST",
    "RECV_MULTISHOT",
    "EXT_QUIET",
    "RECVSEND_FIXED_BUF",
    "SEND_ZC_REPORT_USAGE",
    "ACCEPT_DONTWAIT",
    "ACCEPT_POLL_FIRST",
    "FSYNC_DATASYNC",
    "NOP_INJECT_RESULT",
    "NOP_CQE32",
    "POLL_ADD_MULTI",
    "POLL_UPDATE_EVENTS",
    "POLL_ADD_LEVEL",
    "TIMEOUT_ABS",
    "TIMEOUT_UPDATE",
    "TIMEOUT_BOOTTIME",
    "TIMEOUT_REALTIME",
    "LINK_TIMEOUT_UPDATE",
    "TIMEOUT_ETIME_SUCCESS",
    "TIMEOUT_MULTISHOT",
    "CANCEL_ALL",
    "CANCEL_FD",
    "CANCEL_FD_FIXED",
    "SPLICE_FD_IN_FIXED",
    "FIXED_FD_NO_CLOEXEC",
    "FUTEX2_SIZE_U32",
    "FUTEX2_PRIVATE",
    "FUTEX_ANY",
    "URING_CMD_FIXED",
    "SOCKET_SIOCINQ",
    "SOCKET_SIOCOUTQ",
    "SOCKET_GETSOCKOPT",
    "SOCKET_SETSOCKOPT",
    "LIB_CLOSE_SHARED",
    "TIMER_ABS",
    "CF_BUFFER",
    "CF_MORE",
    "CF_SOCK_NONEMPTY",
    "CF_NOTIF",
    "CF_BUF_MORE",
    "CF_FINAL",
    "CF_LEASE",
    "CF_ZC_COPIED",
    "CF_MSG",
    "CF_ABANDONED",
    "CF_EXT",
    "CF_LOW_WATER",
    "CF_BUFFER_SHIFT",
    "EPANIC",
    "EPOISONED",
    "EWRONGTHREAD",
    "EFORKED",
    "EABI",
    "ESTALE",
    "ENULL",
    "ECLOSED",
    "ENOSLOT",
    "EREENTRANT",
    "ENOTSUP_KERNEL",
    "ETLS",
    "ETRUNCATED",
    "STATE_CREATED",
    "STATE_ATTACHED",
    "STATE_CLOSING",
    "STATE_CLOSED",
    "FEATURE_SINGLE_ISSUER",
    "FEATURE_DEFER_TASKRUN",
    "FEATURE_COOP_TASKRUN",
    "FEATURE_TASKRUN_FLAG",
    "FEATURE_SUBMIT_ALL",
    "FEATURE_NO_SQARRAY",
    "FEATURE_EXT_ARG",
    "FEATURE_MIN_WAIT",
    "FEATURE_POOL",
    "FEATURE_ACCEPT_MULTISHOT",
    "FEATURE_RECV_MULTISHOT",
    "FEATURE_CANCEL_SYNC",
    "FEATURE_CANCEL_ANY",
    "FEATURE_REGISTERED_RING",
    "FEATURE_WRITE_NOSIGNAL",
    "FEATURE_BIND_LISTEN",
    "FEATURE_CQE_SKIP",
    "FEATURE_POOL_INCREMENTAL",
    "FEATURE_FIXED_BUFFERS",
    "FEATURE_FILE_TABLE",
    "FEATURE_FD_INSTALL",
    "FEATURE_BIG_RING",
    "FEATURE_RECV_LIMIT",
    "POOL_INCREMENTAL",
    "POOL_HUGE",
    "POOL_HUGE_ADVISED",
    "REGION_HUGE",
    "REGION_HUGE_ADVISED",
    "FILE_INDEX_ALLOC",
    "FILE_INSTALL_INHERIT",
    "SUBMIT_COPY_ARGS",
    "CONFIG_SQPOLL",
    "CONFIG_BIG",
    "RUNTIME_UNPINNED",
    "CLOSE_GRACEFULLY",
    "CLOSE_AT_ONCE",
    "CONN_OPEN",
    "CONN_DRAINING",
    "CONN_CLOSING",
    "CONN_CONNECTING",
    "CONN_PAUSED",
    "CONN_ENDED",
    "CONN_GONE",
    "DATAGRAM_TRUNCATED",
    "TLS_SYSTEM_ROOTS",
    "TLS_CLIENT_CERTIFICATE_WANTED",
    "TLS_CLIENT_CERTIFICATE_REQUIRED",
    "TLS_NO_RESUMPTION",
    "TLS_DANGEROUS_BELIEVE_ANYBODY",
    "TLS_NONE",
    "TLS_SHAKING",
    "TLS_DONE",
    "TLS_RESUMED",
    "LISTEN_SHARED",
    "EVENT_START",
    "EVENT_ACCEPT",
    "EVENT_DATA",
    "EVENT_SENT",
    "EVENT_WRITABLE",
    "EVENT_CLOSE",
    "EVENT_STOP",
    "EVENT_TICK",
    "EVENT_NOTIFY",
    "EVENT_RESOLVE",
    "EVENT_SIGNAL",
    "EVENT_SPAWN",
    "EVENT_EXIT",
    "EVENT_CONNECT",
    "EVENT_RELEASED",
    "EVENT_DATAGRAM",
    "EVENT_SECURED",
    "EVENT_STOPPING",
    "WORKER_HERE",
    "STREAM_INHERITED",
    "STREAM_PIPED",
    "STREAM_NULL",
    "EXIT_UNKNOWN",
    "LOG_NONE",
    "LOG_ERROR",
    "LOG_WARN",
    "LOG_INFO",
    "LOG_DEBUG",
    "Config",
    "Op",
    "PoolInfo",
    "RegionInfo",
    "Info",
    "RuntimeConfig",
    "Address",
    "RuntimeHandlers",
    "WorkerBlock",
    "Event",
    "ConnInfo",
    "ConnTimeouts",
    "Listen",
    "Process",
    "RuntimeStats",
    "TlsInfo",
    "Stats",
    "TlsIdentity",
    "TlsOptions",
]
