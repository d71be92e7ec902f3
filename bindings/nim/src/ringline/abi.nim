## The ABI of libringline: constants, records and functions, under their names in C.
##
## Generated from the Rust source by `make abi`: change the source, not this file.

const ringlineLibrary* {.strdefine.} = "libringline.so.0"
  ## The library that is loaded; `-d:ringlineLibrary=PATH` names another one.

const loaded = ringlineLibrary & "" # Nim 1.6 takes the text before -d where the name stands alone.

const
  RINGLINE_ABI*: uint32 = 1'u32
    ## Number of the ABI: two libraries with the same number serve the same programs.
  RINGLINE_VERSION_MAJOR*: uint32 = 0'u32
    ## Version of the library, first part.
  RINGLINE_VERSION_MINOR*: uint32 = 1'u32
    ## Version of the library, second part.
  RINGLINE_VERSION_PATCH*: uint32 = 0'u32
    ## Version of the library, third part.
  RINGLINE_OP_NOP*: uint8 = 0'u8
    ## Does nothing; completes with 0.
  RINGLINE_OP_READV*: uint8 = 1'u8
    ## preadv2(2); off = -1 is the file position.
  RINGLINE_OP_WRITEV*: uint8 = 2'u8
    ## pwritev2(2), with RWF_NOSIGNAL where the kernel has it.
  RINGLINE_OP_FSYNC*: uint8 = 3'u8
    ## fsync(2).
  RINGLINE_OP_READ_FIXED*: uint8 = 4'u8
    ## pread(2) into the region buf_index.
  RINGLINE_OP_WRITE_FIXED*: uint8 = 5'u8
    ## pwrite(2) from the region buf_index.
  RINGLINE_OP_POLL_ADD*: uint8 = 6'u8
    ## poll(2), once or (len = 1) multishot.
  RINGLINE_OP_POLL_REMOVE*: uint8 = 7'u8
    ## Remove or change a poll; addr is its token.
  RINGLINE_OP_SYNC_FILE_RANGE*: uint8 = 8'u8
    ## sync_file_range(2).
  RINGLINE_OP_SENDMSG*: uint8 = 9'u8
    ## sendmsg(2), always with MSG_NOSIGNAL.
  RINGLINE_OP_RECVMSG*: uint8 = 10'u8
    ## recvmsg(2), once or multishot from a pool.
  RINGLINE_OP_TIMEOUT*: uint8 = 11'u8
    ## The kernel's timer; RINGLINE_LIB_TIMER is cheaper.
  RINGLINE_OP_TIMEOUT_REMOVE*: uint8 = 12'u8
    ## Remove or change a timeout; addr is its token.
  RINGLINE_OP_ACCEPT*: uint8 = 13'u8
    ## accept4(2), once or multishot.
  RINGLINE_OP_ASYNC_CANCEL*: uint8 = 14'u8
    ## Cancel; addr is the target's token.
  RINGLINE_OP_LINK_TIMEOUT*: uint8 = 15'u8
    ## A time limit for the op before it in a chain.
  RINGLINE_OP_CONNECT*: uint8 = 16'u8
    ## connect(2).
  RINGLINE_OP_FALLOCATE*: uint8 = 17'u8
    ## fallocate(2).
  RINGLINE_OP_OPENAT*: uint8 = 18'u8
    ## openat(2).
  RINGLINE_OP_CLOSE*: uint8 = 19'u8
    ## close(2); for sockets with operations in flight use RINGLINE_LIB_CLOSE.
  RINGLINE_OP_FILES_UPDATE*: uint8 = 20'u8
    ## Change registered files.
  RINGLINE_OP_STATX*: uint8 = 21'u8
    ## statx(2).
  RINGLINE_OP_READ*: uint8 = 22'u8
    ## pread(2); off = -1 is the file position.
  RINGLINE_OP_WRITE*: uint8 = 23'u8
    ## pwrite(2); off = -1 is the file position.
  RINGLINE_OP_FADVISE*: uint8 = 24'u8
    ## posix_fadvise(2).
  RINGLINE_OP_MADVISE*: uint8 = 25'u8
    ## madvise(2).
  RINGLINE_OP_SEND*: uint8 = 26'u8
    ## send(2), always with MSG_NOSIGNAL.
  RINGLINE_OP_RECV*: uint8 = 27'u8
    ## recv(2), once or multishot from a pool.
  RINGLINE_OP_OPENAT2*: uint8 = 28'u8
    ## openat2(2).
  RINGLINE_OP_EPOLL_CTL*: uint8 = 29'u8
    ## epoll_ctl(2).
  RINGLINE_OP_SPLICE*: uint8 = 30'u8
    ## splice(2).
  RINGLINE_OP_PROVIDE_BUFFERS*: uint8 = 31'u8
    ## Refused: ringline_pool_create() provides buffers.
  RINGLINE_OP_REMOVE_BUFFERS*: uint8 = 32'u8
    ## Refused: ringline_pool_destroy() takes buffers back.
  RINGLINE_OP_TEE*: uint8 = 33'u8
    ## tee(2).
  RINGLINE_OP_SHUTDOWN*: uint8 = 34'u8
    ## shutdown(2).
  RINGLINE_OP_RENAMEAT*: uint8 = 35'u8
    ## renameat2(2).
  RINGLINE_OP_UNLINKAT*: uint8 = 36'u8
    ## unlinkat(2).
  RINGLINE_OP_MKDIRAT*: uint8 = 37'u8
    ## mkdirat(2).
  RINGLINE_OP_SYMLINKAT*: uint8 = 38'u8
    ## symlinkat(2).
  RINGLINE_OP_LINKAT*: uint8 = 39'u8
    ## linkat(2).
  RINGLINE_OP_MSG_RING*: uint8 = 40'u8
    ## A completion with RINGLINE_CF_MSG on another ring.
  RINGLINE_OP_FSETXATTR*: uint8 = 41'u8
    ## fsetxattr(2).
  RINGLINE_OP_SETXATTR*: uint8 = 42'u8
    ## setxattr(2).
  RINGLINE_OP_FGETXATTR*: uint8 = 43'u8
    ## fgetxattr(2).
  RINGLINE_OP_GETXATTR*: uint8 = 44'u8
    ## getxattr(2).
  RINGLINE_OP_SOCKET*: uint8 = 45'u8
    ## socket(2).
  RINGLINE_OP_URING_CMD*: uint8 = 46'u8
    ## A command of the file's driver, or of a socket.
  RINGLINE_OP_SEND_ZC*: uint8 = 47'u8
    ## send(2) out of the caller's pages, always with MSG_NOSIGNAL: two completions, the memory is the
    ## caller's again with the second one (NOTIF). Linux 6.0.
  RINGLINE_OP_SENDMSG_ZC*: uint8 = 48'u8
    ## sendmsg(2) out of the caller's pages: FINAL at the notification.
  RINGLINE_OP_READ_MULTISHOT*: uint8 = 49'u8
    ## READ from a pool, again and again, Linux 6.7.
  RINGLINE_OP_WAITID*: uint8 = 50'u8
    ## waitid(2), Linux 6.7.
  RINGLINE_OP_FUTEX_WAIT*: uint8 = 51'u8
    ## Wait for a futex, Linux 6.7.
  RINGLINE_OP_FUTEX_WAKE*: uint8 = 52'u8
    ## Wake waiters of a futex, Linux 6.7.
  RINGLINE_OP_FUTEX_WAITV*: uint8 = 53'u8
    ## Wait for one of several futexes, Linux 6.7.
  RINGLINE_OP_FIXED_FD_INSTALL*: uint8 = 54'u8
    ## A descriptor for a registered file, Linux 6.8: ringline_file_install.
  RINGLINE_OP_FTRUNCATE*: uint8 = 55'u8
    ## ftruncate(2), Linux 6.9.
  RINGLINE_OP_BIND*: uint8 = 56'u8
    ## bind(2), Linux 6.11.
  RINGLINE_OP_LISTEN*: uint8 = 57'u8
    ## listen(2), Linux 6.11.
  RINGLINE_OP_RECV_ZC*: uint8 = 58'u8
    ## Zero-copy receive: refused, no ring has a queue for it.
  RINGLINE_OP_EPOLL_WAIT*: uint8 = 59'u8
    ## epoll_wait(2), Linux 6.15.
  RINGLINE_OP_READV_FIXED*: uint8 = 60'u8
    ## READV into a registered buffer, Linux 6.15.
  RINGLINE_OP_WRITEV_FIXED*: uint8 = 61'u8
    ## WRITEV out of a registered buffer, Linux 6.15.
  RINGLINE_OP_PIPE*: uint8 = 62'u8
    ## pipe2(2), Linux 6.16.
  RINGLINE_LIB_CLOSE*: uint8 = 128'u8
    ## Close a descriptor in order: shutdown, cancel its operations, wait for them, close.
  RINGLINE_LIB_TIMER*: uint8 = 129'u8
    ## A user-space timer: nanoseconds in off, period in addr.
  RINGLINE_LIB_SEND_ALL*: uint8 = 130'u8
    ## A send that goes on after short counts.
  RINGLINE_LIB_CONNECT_TIMEOUT*: uint8 = 131'u8
    ## A CONNECT with a time limit: nanoseconds in addr3.
  RINGLINE_LIB_POST*: uint8 = 132'u8
    ## A completion at the next turn, with res from len.
  RINGLINE_SQE_FIXED_FILE*: uint8 = 1'u8
    ## fd is a registered slot.
  RINGLINE_SQE_IO_DRAIN*: uint8 = 2'u8
    ## Start after everything before is complete: refused, it would hold back cancels too.
  RINGLINE_SQE_IO_LINK*: uint8 = 4'u8
    ## The next op starts when this one succeeded.
  RINGLINE_SQE_IO_HARDLINK*: uint8 = 8'u8
    ## The next op starts when this one ended.
  RINGLINE_SQE_ASYNC*: uint8 = 16'u8
    ## Do it in a kernel worker from the start.
  RINGLINE_SQE_BUFFER_SELECT*: uint8 = 32'u8
    ## Take a buffer from the pool buf_index.
  RINGLINE_ACCEPT_MULTISHOT*: uint16 = 1'u16
    ## ioprio of an ACCEPT: multishot.
  RINGLINE_RECVSEND_POLL_FIRST*: uint16 = 1'u16
    ## ioprio of a SEND or RECV: poll before trying.
  RINGLINE_RECV_MULTISHOT*: uint16 = 2'u16
    ## ioprio of a RECV: multishot.
  RINGLINE_EXT_QUIET*: uint64 = 1'u64
    ## ext of a SEND: no completion when the kernel takes it whole at once.
  RINGLINE_RECVSEND_FIXED_BUF*: uint16 = 4'u16
    ## ioprio of a zero-copy send: buf_index is the region that the memory lies in.
  RINGLINE_SEND_ZC_REPORT_USAGE*: uint16 = 8'u16
    ## ioprio of a zero-copy send: tell whether it was copied; set anyway where the kernel can.
  RINGLINE_ACCEPT_DONTWAIT*: uint16 = 2'u16
    ## ioprio of an ACCEPT: fail with -EAGAIN instead of waiting.
  RINGLINE_ACCEPT_POLL_FIRST*: uint16 = 4'u16
    ## ioprio of an ACCEPT: poll before trying.
  RINGLINE_FSYNC_DATASYNC*: uint32 = 1'u32
    ## op_flags of an FSYNC: as fdatasync(2).
  RINGLINE_NOP_INJECT_RESULT*: uint32 = 1'u32
    ## op_flags of a NOP: res is what len says.
  RINGLINE_NOP_CQE32*: uint32 = 32'u32
    ## op_flags of a NOP on a BIG ring: off and addr come back as data and token, Linux 6.18.
  RINGLINE_POLL_ADD_MULTI*: uint32 = 1'u32
    ## len of a POLL_ADD: a completion for each event.
  RINGLINE_POLL_UPDATE_EVENTS*: uint32 = 2'u32
    ## len of a POLL_REMOVE: change the events instead.
  RINGLINE_POLL_ADD_LEVEL*: uint32 = 8'u32
    ## len of a POLL_ADD: level-triggered.
  RINGLINE_TIMEOUT_ABS*: uint32 = 1'u32
    ## op_flags of a TIMEOUT: the time is absolute.
  RINGLINE_TIMEOUT_UPDATE*: uint32 = 2'u32
    ## op_flags of a TIMEOUT_REMOVE: change the time instead.
  RINGLINE_TIMEOUT_BOOTTIME*: uint32 = 4'u32
    ## op_flags of a TIMEOUT: CLOCK_BOOTTIME.
  RINGLINE_TIMEOUT_REALTIME*: uint32 = 8'u32
    ## op_flags of a TIMEOUT: CLOCK_REALTIME.
  RINGLINE_LINK_TIMEOUT_UPDATE*: uint32 = 16'u32
    ## op_flags of a TIMEOUT_REMOVE: change the time of a LINK_TIMEOUT.
  RINGLINE_TIMEOUT_ETIME_SUCCESS*: uint32 = 32'u32
    ## op_flags of a TIMEOUT: being over counts as success in a chain.
  RINGLINE_TIMEOUT_MULTISHOT*: uint32 = 64'u32
    ## op_flags of a TIMEOUT: again and again, Linux 6.4.
  RINGLINE_CANCEL_ALL*: uint32 = 1'u32
    ## op_flags of an ASYNC_CANCEL: everything that matches, not only the first.
  RINGLINE_CANCEL_FD*: uint32 = 2'u32
    ## op_flags of an ASYNC_CANCEL: by fd, not by token.
  RINGLINE_CANCEL_FD_FIXED*: uint32 = 8'u32
    ## op_flags of an ASYNC_CANCEL: fd is a registered slot.
  RINGLINE_SPLICE_FD_IN_FIXED*: uint32 = 2147483648'u32
    ## op_flags of a SPLICE or TEE: fd_in is a registered slot.
  RINGLINE_FIXED_FD_NO_CLOEXEC*: uint32 = 1'u32
    ## op_flags of a FIXED_FD_INSTALL: the descriptor survives exec.
  RINGLINE_FUTEX2_SIZE_U32*: uint32 = 2'u32
    ## Flags of a futex: 32 bits wide, the only size that the kernel has.
  RINGLINE_FUTEX2_PRIVATE*: uint32 = 128'u32
    ## Flags of a futex: used by this process only.
  RINGLINE_FUTEX_ANY*: uint64 = 4294967295'u64
    ## Mask of a futex: any waiter, any waker.
  RINGLINE_URING_CMD_FIXED*: uint32 = 1'u32
    ## op_flags of a URING_CMD: buf_index is a registered buffer.
  RINGLINE_SOCKET_SIOCINQ*: uint32 = 0'u32
    ## Command of a socket: bytes to read.
  RINGLINE_SOCKET_SIOCOUTQ*: uint32 = 1'u32
    ## Command of a socket: bytes not sent yet.
  RINGLINE_SOCKET_GETSOCKOPT*: uint32 = 2'u32
    ## Command of a socket: getsockopt(2), level SOL_SOCKET.
  RINGLINE_SOCKET_SETSOCKOPT*: uint32 = 3'u32
    ## Command of a socket: setsockopt(2).
  RINGLINE_LIB_CLOSE_SHARED*: uint32 = 1'u32
    ## op_flags of RINGLINE_LIB_CLOSE: others share the file, do not shut it down.
  RINGLINE_TIMER_ABS*: uint32 = 1'u32
    ## op_flags of RINGLINE_LIB_TIMER: off is a CLOCK_MONOTONIC time.
  RINGLINE_CF_BUFFER*: uint32 = 1'u32
    ## The high 16 bits are a buffer id.
  RINGLINE_CF_MORE*: uint32 = 2'u32
    ## More completions of this op follow.
  RINGLINE_CF_SOCK_NONEMPTY*: uint32 = 4'u32
    ## The socket has more data.
  RINGLINE_CF_NOTIF*: uint32 = 8'u32
    ## A zero-copy notification.
  RINGLINE_CF_BUF_MORE*: uint32 = 16'u32
    ## The kernel keeps using this buffer.
  RINGLINE_CF_FINAL*: uint32 = 256'u32
    ## The last completion of its op: its memory is the caller's again.
  RINGLINE_CF_LEASE*: uint32 = 512'u32
    ## data is received bytes, token is the lease to give back.
  RINGLINE_CF_ZC_COPIED*: uint32 = 1024'u32
    ## A zero-copy send was copied after all.
  RINGLINE_CF_MSG*: uint32 = 2048'u32
    ## Posted by another thread.
  RINGLINE_CF_ABANDONED*: uint32 = 4096'u32
    ## Forced free: the memory of this op never comes back.
  RINGLINE_CF_EXT*: uint32 = 8192'u32
    ## data and token are the second half of a big completion: a URING_CMD's on a BIG ring.
  RINGLINE_CF_LOW_WATER*: uint32 = 16384'u32
    ## Not about an op: few buffers of a pool are left (ringline_pool_set_low_water).
  RINGLINE_CF_BUFFER_SHIFT*: uint32 = 16'u32
    ## Where the buffer id starts in flags.
  RINGLINE_EPANIC*: int32 = (-4096'i32)
    ## A panic inside was caught; the handle is poisoned.
  RINGLINE_EPOISONED*: int32 = (-4097'i32)
    ## Poisoned by an earlier panic: only free works.
  RINGLINE_EWRONGTHREAD*: int32 = (-4098'i32)
    ## Called from a thread that does not own the ring.
  RINGLINE_EFORKED*: int32 = (-4099'i32)
    ## The handle was made before fork(2).
  RINGLINE_EABI*: int32 = (-4100'i32)
    ## Header and library do not match.
  RINGLINE_ESTALE*: int32 = (-4101'i32)
    ## Handle, token or lease is not valid (any more).
  RINGLINE_ENULL*: int32 = (-4102'i32)
    ## A pointer that must not be NULL is NULL.
  RINGLINE_ECLOSED*: int32 = (-4103'i32)
    ## The ring is closing.
  RINGLINE_ENOSLOT*: int32 = (-4104'i32)
    ## max_inflight is reached.
  RINGLINE_EREENTRANT*: int32 = (-4105'i32)
    ## The loop may not be run inside a callback.
  RINGLINE_ENOTSUP_KERNEL*: int32 = (-4106'i32)
    ## This kernel lacks the feature.
  RINGLINE_ETLS*: int32 = (-4107'i32)
    ## TLS could not go on: the handshake failed, or a record was wrong.
  RINGLINE_ETRUNCATED*: int32 = (-4108'i32)
    ## The other end of a TLS connection closed without ending its TLS: data may be missing.
  RINGLINE_STATE_CREATED*: int32 = 0'i32
    ## No owner thread yet.
  RINGLINE_STATE_ATTACHED*: int32 = 1'i32
    ## Bound to its owner thread.
  RINGLINE_STATE_CLOSING*: int32 = 2'i32
    ## Closing: operations are still in flight.
  RINGLINE_STATE_CLOSED*: int32 = 3'i32
    ## Closed: nothing is in flight.
  RINGLINE_FEATURE_SINGLE_ISSUER*: uint64 = 1'u64
    ## Bits of kernel_features and config.disable: single_issuer.
  RINGLINE_FEATURE_DEFER_TASKRUN*: uint64 = 2'u64
    ## defer_taskrun (6.1).
  RINGLINE_FEATURE_COOP_TASKRUN*: uint64 = 4'u64
    ## coop_taskrun (5.19).
  RINGLINE_FEATURE_TASKRUN_FLAG*: uint64 = 8'u64
    ## taskrun_flag (5.19).
  RINGLINE_FEATURE_SUBMIT_ALL*: uint64 = 16'u64
    ## submit_all (5.18).
  RINGLINE_FEATURE_NO_SQARRAY*: uint64 = 32'u64
    ## no_sqarray (6.6).
  RINGLINE_FEATURE_EXT_ARG*: uint64 = 64'u64
    ## ext_arg (5.11).
  RINGLINE_FEATURE_MIN_WAIT*: uint64 = 128'u64
    ## min_wait (6.12).
  RINGLINE_FEATURE_POOL*: uint64 = 256'u64
    ## pool (5.19).
  RINGLINE_FEATURE_ACCEPT_MULTISHOT*: uint64 = 512'u64
    ## accept_multishot (5.19).
  RINGLINE_FEATURE_RECV_MULTISHOT*: uint64 = 1024'u64
    ## recv_multishot (6.0).
  RINGLINE_FEATURE_CANCEL_SYNC*: uint64 = 2048'u64
    ## cancel_sync (6.0).
  RINGLINE_FEATURE_CANCEL_ANY*: uint64 = 4096'u64
    ## cancel_any (5.19).
  RINGLINE_FEATURE_REGISTERED_RING*: uint64 = 8192'u64
    ## registered_ring (5.18).
  RINGLINE_FEATURE_WRITE_NOSIGNAL*: uint64 = 16384'u64
    ## write_nosignal (6.18).
  RINGLINE_FEATURE_BIND_LISTEN*: uint64 = 32768'u64
    ## bind_listen (6.11).
  RINGLINE_FEATURE_CQE_SKIP*: uint64 = 65536'u64
    ## cqe_skip (5.17).
  RINGLINE_FEATURE_POOL_INCREMENTAL*: uint64 = 131072'u64
    ## pool_incremental (6.12).
  RINGLINE_FEATURE_FIXED_BUFFERS*: uint64 = 262144'u64
    ## fixed_buffers (5.19).
  RINGLINE_FEATURE_FILE_TABLE*: uint64 = 524288'u64
    ## file_table (6.0).
  RINGLINE_FEATURE_FD_INSTALL*: uint64 = 1048576'u64
    ## fd_install (6.8).
  RINGLINE_FEATURE_BIG_RING*: uint64 = 2097152'u64
    ## big_ring (5.19).
  RINGLINE_FEATURE_RECV_LIMIT*: uint64 = 4194304'u64
    ## recv_limit (6.17).
  RINGLINE_POOL_INCREMENTAL*: uint32 = 1'u32
    ## flags of a pool: the kernel fills a buffer piece by piece (6.12).
  RINGLINE_POOL_HUGE*: uint32 = 2'u32
    ## flags of a pool: huge pages, reserved ones if there are any.
  RINGLINE_POOL_HUGE_ADVISED*: uint32 = 4'u32
    ## In ringline_pool_info: the kernel was only asked for huge pages (madvise).
  RINGLINE_REGION_HUGE*: uint32 = 1'u32
    ## flags of a region: huge pages, reserved ones if there are any.
  RINGLINE_REGION_HUGE_ADVISED*: uint32 = 2'u32
    ## In ringline_region_info: the kernel was only asked for huge pages (madvise).
  RINGLINE_FILE_INDEX_ALLOC*: uint32 = 4294967295'u32
    ## file_index of accept, openat and socket: a slot of the kernel's choice.
  RINGLINE_FILE_INSTALL_INHERIT*: uint32 = 1'u32
    ## flags of ringline_file_install: the descriptor stays open on exec.
  RINGLINE_SUBMIT_COPY_ARGS*: uint32 = 1'u32
    ## flags of ringline_submit: copy the small inputs that ops point to, which are free on return.
  RINGLINE_CONFIG_SQPOLL*: uint32 = 1'u32
    ## config.flags: let a kernel thread poll the submission queue; steps down where it may not. That
    ## thread has the rights of whoever made the ring, for good: a program that gives up root
    ## (setuid(2)) still opens files as root by such a ring. Make the ring afterwards.
  RINGLINE_CONFIG_BIG*: uint32 = 2'u32
    ## config.flags: a BIG ring, with entries of 128 bytes and completions of 32, for commands of 80
    ## bytes (NVMe passthrough); RINGLINE_ENOTSUP_KERNEL before Linux 5.19.
  RINGLINE_RUNTIME_UNPINNED*: uint32 = 1'u32
    ## flags of a runtime's config: leave the threads where the kernel puts them.
  RINGLINE_CLOSE_GRACEFULLY*: uint32 = 0'u32
    ## how of ringline_conn_close: what is queued is sent first.
  RINGLINE_CLOSE_AT_ONCE*: uint32 = 1'u32
    ## how of ringline_conn_close: what is queued is dropped, the other end sees a reset.
  RINGLINE_CONN_OPEN*: uint32 = 1'u32
    ## state of a connection: it sends and receives.
  RINGLINE_CONN_DRAINING*: uint32 = 2'u32
    ## It sends what is queued, then waits for the other end to close.
  RINGLINE_CONN_CLOSING*: uint32 = 3'u32
    ## It ends what is in flight; its close callback is next.
  RINGLINE_CONN_CONNECTING*: uint32 = 4'u32
    ## ringline_conn_connect() is not through; its connect callback is next.
  RINGLINE_CONN_PAUSED*: uint32 = 1'u32
    ## flags of a connection: it shows no data (ringline_conn_pause).
  RINGLINE_CONN_ENDED*: uint32 = 2'u32
    ## flags of a connection: the other end sends nothing more.
  RINGLINE_CONN_GONE*: uint32 = 4'u32
    ## flags of a connection: the other end is gone. What it sent before is shown, whatever was paused;
    ## then the connection closes, and what its data callback left is dropped.
  RINGLINE_DATAGRAM_TRUNCATED*: uint32 = 1'u32
    ## flags of a datagram: it was longer than datagram_size, and cut off.
  RINGLINE_TLS_SYSTEM_ROOTS*: uint32 = 1'u32
    ## flags of TLS options: trust whom the machine trusts, besides the roots that are given.
  RINGLINE_TLS_CLIENT_CERTIFICATE_WANTED*: uint32 = 2'u32
    ## A server asks for a certificate, and takes clients without one too.
  RINGLINE_TLS_CLIENT_CERTIFICATE_REQUIRED*: uint32 = 4'u32
    ## A server takes no client without a certificate that its roots vouch for.
  RINGLINE_TLS_NO_RESUMPTION*: uint32 = 8'u32
    ## Every handshake in full: nothing is kept of a session that is over.
  RINGLINE_TLS_DANGEROUS_BELIEVE_ANYBODY*: uint32 = 2147483648'u32
    ## DANGEROUS: a client believes any certificate, so that anybody on the way can read and change
    ## everything. For tests against a machine of one's own.
  RINGLINE_TLS_NONE*: uint32 = 0'u32
    ## state of a TLS info: the connection has none.
  RINGLINE_TLS_SHAKING*: uint32 = 1'u32
    ## The handshake has not ended.
  RINGLINE_TLS_DONE*: uint32 = 2'u32
    ## The handshake ended.
  RINGLINE_TLS_RESUMED*: uint32 = 1'u32
    ## flags of a TLS info: it went on with an earlier session.
  RINGLINE_LISTEN_SHARED*: uint32 = 1'u32
    ## flags of ringline_listen: others may listen on the same port, this process or another one of the
    ## same user's, and whoever does gets a part of its clients. Each of them has to say so.
  RINGLINE_EVENT_START*: uint32 = 1'u32
    ## kind of an event: the worker begins.
  RINGLINE_EVENT_ACCEPT*: uint32 = 2'u32
    ## A client came by `listener`.
  RINGLINE_EVENT_DATA*: uint32 = 3'u32
    ## Bytes came, or (length 0) the other end sends nothing more; see `consumed`.
  RINGLINE_EVENT_SENT*: uint32 = 4'u32
    ## The kernel took `length` bytes.
  RINGLINE_EVENT_WRITABLE*: uint32 = 5'u32
    ## There is room again in a send queue that was full.
  RINGLINE_EVENT_CLOSE*: uint32 = 6'u32
    ## A connection is over, for the reason `res`; its id is stale. `extra` bytes of what was sent the
    ## other end had not taken (`queued` and `untaken` of ringline_conn_info, together). With
    ## RINGLINE_ETLS its cause in words, `length` bytes, is at `address`.
  RINGLINE_EVENT_STOP*: uint32 = 7'u32
    ## The worker is over.
  RINGLINE_EVENT_TICK*: uint32 = 8'u32
    ## The timer `conn` ticks; `res` periods were missed before.
  RINGLINE_EVENT_NOTIFY*: uint32 = 9'u32
    ## Another thread posted `user` and `res`.
  RINGLINE_EVENT_RESOLVE*: uint32 = 10'u32
    ## ringline_resolve() of `user`: `length` of ringline_address at `address`; or `res` is -errno and
    ## the resolver's words, `length` bytes, are there.
  RINGLINE_EVENT_SIGNAL*: uint32 = 11'u32
    ## The signal `res` came, sent by the process `extra`.
  RINGLINE_EVENT_SPAWN*: uint32 = 12'u32
    ## The process `conn` runs: `res` is its pid, and at `address` are the ids of three connections,
    ## its input, output and errors (0 = none); or `res` is -errno.
  RINGLINE_EVENT_EXIT*: uint32 = 13'u32
    ## The process `conn` ended with the code `res`, or by the signal -`res`.
  RINGLINE_EVENT_CONNECT*: uint32 = 14'u32
    ## What became of the connect of `conn`: `res` 0 or -errno.
  RINGLINE_EVENT_RELEASED*: uint32 = 15'u32
    ## What was lent to `conn` under the cookie `extra` is the caller's again.
  RINGLINE_EVENT_DATAGRAM*: uint32 = 16'u32
    ## A datagram came by `listener`: `length` bytes at `address`, from the sockaddr at `user` of `res`
    ## bytes (0: the sender has none); `flags`: RINGLINE_DATAGRAM_TRUNCATED.
  RINGLINE_EVENT_SECURED*: uint32 = 17'u32
    ## The TLS handshake of `conn` ended.
  RINGLINE_EVENT_STOPPING*: uint32 = 18'u32
    ## The worker begins to end: it was told to stop.
  RINGLINE_WORKER_HERE*: uint32 = 4294967295'u32
    ## worker of ringline_work: the calling thread's own.
  RINGLINE_STREAM_INHERITED*: uint32 = 0'u32
    ## stdin, stdout, stderr of a process: the program's own.
  RINGLINE_STREAM_PIPED*: uint32 = 1'u32
    ## A connection of the worker.
  RINGLINE_STREAM_NULL*: uint32 = 2'u32
    ## /dev/null.
  RINGLINE_EXIT_UNKNOWN*: int32 = (-2147483648'i32)
    ## status of a process: somebody else waited for it.
  RINGLINE_LOG_NONE*: uint32 = 0'u32
    ## set_log: nothing is told.
  RINGLINE_LOG_ERROR*: uint32 = 1'u32
    ## A caught panic.
  RINGLINE_LOG_WARN*: uint32 = 2'u32
    ## Abandoned operations, a feature that this kernel lacks.
  RINGLINE_LOG_INFO*: uint32 = 3'u32
    ## The library took another way: setup flags stepped down, memory was waited for.
  RINGLINE_LOG_DEBUG*: uint32 = 4'u32
    ## Every call that failed.

type
  ringline_ring* {.incompleteStruct.} = object
    ## A ring. Opaque: its value is a handle that is looked up, never an address.
  ringline_mailbox* {.incompleteStruct.} = object
    ## What other threads hold of a ring. Opaque, as a ring.
  ringline_runtime* {.incompleteStruct.} = object
    ## A server runtime. Opaque, as a ring.
  ringline_tls_config* {.incompleteStruct.} = object
    ## A TLS config. Opaque, as a ring.

  ringline_config* {.bycopy.} = object
    ## What a ring shall be like. All-zero means all defaults; ringline_config_init() fills them in.
    ##
    ## `size` is sizeof(ringline_config) of the caller's header (0 = the same, all defaults). A
    ## shorter struct is extended by zeros, a longer one must be zero beyond what the library knows.
    size*: uint32
      ## sizeof(ringline_config).
    sq_entries*: uint32
      ## Submission entries, rounded up to a power of two; 0 = 256.
    cq_entries*: uint32
      ## Completion entries; 0 = four times sq_entries.
    max_inflight*: uint32
      ## Operations in flight at most; 0 = 65536. 64 bytes of address space each.
    ops_cap*: uint32
      ## Ops of the shared block; 0 = sq_entries.
    recs_cap*: uint32
      ## Completions shown per turn at most; 0 = cq_entries.
    flags*: uint32
      ## RINGLINE_CONFIG_*.
    sq_thread_idle_ms*: uint32
      ## With SQPOLL: idle time of the kernel thread in milliseconds; 0 = 1000.
    sq_thread_cpu*: uint32
      ## With SQPOLL: CPU of the kernel thread + 1; 0 = any.
    spin_us*: uint32
      ## Microseconds that waits look at the queue before they sleep (ringline_spin_us); 0 = none.
    disable*: uint64
      ## RINGLINE_FEATURE_* not to use although the kernel has them.

  ringline_abi_field* {.bycopy.} = object
    ## One struct ("ringline_op", offset 0) or member ("ringline_op.fd") of the ABI.
    name*: uint64
      ## Address of the terminated, static name.
    offset*: uint32
      ## Offset in bytes.
    size*: uint32
      ## Size in bytes.

  ringline_op* {.bycopy.} = object
    ## An operation to do: 64 bytes in the shape of `struct io_uring_sqe`.
    ##
    ## All-zero is a NOP. The descriptor is copied at submit. Inputs it points to (address, timespec,
    ## path) are the caller's again when the turn or flush that accepted the op returns; data buffers
    ## and output arguments stay the library's until the completion with RINGLINE_CF_FINAL.
    opcode*: uint8
      ## 0..127: kernel IORING_OP_*; 128..255: library operations (RINGLINE_LIB_*).
    flags*: uint8
      ## RINGLINE_SQE_* (IOSQE_*); CQE_SKIP_SUCCESS is refused.
    ioprio*: uint16
      ## Multishot bits, as in the kernel.
    fd*: int32
      ## Descriptor, or slot with RINGLINE_SQE_FIXED_FILE.
    off*: uint64
      ## File offset, second address, or as the operation defines it.
    `addr`*: uint64
      ## Address of the data; for operations that name another one: its token.
    len*: uint32
      ## Length in bytes, or as the operation defines it.
    op_flags*: uint32
      ## Flags of the operation (msg_flags, fsync_flags, ...).
    user_data*: uint64
      ## The caller's, returned untouched.
    buf_index*: uint16
      ## Pool of provided buffers with RINGLINE_SQE_BUFFER_SELECT; else a registered buffer.
    personality*: uint16
      ## Registered credentials; 0 = the thread's.
    file_index*: uint32
      ## Direct-descriptor slot + 1; 0 = none.
    addr3*: uint64
      ## Third argument of a few operations.
    ext*: uint64
      ## Library flags (RINGLINE_EXT_*) of a SEND; of a URING_CMD on a BIG ring the address of its
      ## 80 bytes, copied at submit; else 0.

  ringline_completion* {.bycopy.} = object
    ## What became of an operation: 32 bytes.
    user_data*: uint64
      ## As in the op.
    res*: int32
      ## The kernel's result: >= 0, or -errno.
    flags*: uint32
      ## Low 16 bits RINGLINE_CF_*, high 16 bits the buffer id.
    data*: uint64
      ## Address of the payload for provided buffers; bytes accepted for a failed SEND_ALL; with
      ## RINGLINE_CF_EXT the first 8 bytes of a big completion's second half; else 0.
    token*: uint64
      ## The op's token; with RINGLINE_CF_LEASE the lease id; with RINGLINE_CF_EXT the last 8 bytes
      ## of a big completion.

  ringline_pool_info* {.bycopy.} = object
    ## What a pool is like. Set `size` to sizeof(ringline_pool_info) (0 = the same) before the call.
    size*: uint32
      ## sizeof(ringline_pool_info).
    count*: uint32
      ## Buffers in all.
    buffer_size*: uint32
      ## Bytes per buffer.
    leases*: uint32
      ## Leases not given back.
    flags*: uint32
      ## RINGLINE_POOL_*: what it is, and what became of huge pages.
    free*: uint32
      ## Buffers that the kernel has.

  ringline_message* {.bycopy.} = object
    ## One message of a multishot recvmsg. The addresses lie in the buffer of the completion and are
    ## valid until its lease is given back; 0 where the length is 0.
    name*: uint64
      ## The sender's address.
    control*: uint64
      ## Control messages.
    payload*: uint64
      ## What was sent.
    name_len*: uint32
      ## Bytes at name.
    control_len*: uint32
      ## Bytes at control.
    payload_len*: uint32
      ## Bytes at payload.
    flags*: uint32
      ## msg_flags of recvmsg(2): MSG_TRUNC and MSG_CTRUNC among them.
    name_full*: uint32
      ## Bytes that the address had before it was cut to name_len.
    payload_full*: uint32
      ## Bytes that the kernel says the payload had; with MSG_TRUNC in the flags of the op also those
      ## that were cut off.

  ringline_region_info* {.bycopy.} = object
    ## What a region is like. Set `size` to sizeof(ringline_region_info) (0 = the same) before the
    ## call.
    size*: uint32
      ## sizeof(ringline_region_info).
    flags*: uint32
      ## RINGLINE_REGION_*: what became of huge pages.
    address*: uint64
      ## Its first byte.
    len*: uint64
      ## Bytes.
    users*: uint32
      ## Operations in flight that use it.
    resv*: uint32
      ## Zero.

  ringline_info* {.bycopy.} = object
    ## What a ring got. Set `size` to sizeof(ringline_info) (0 = the same) before the call.
    size*: uint32
      ## sizeof(ringline_info).
    sq_entries*: uint32
      ## Submission entries.
    cq_entries*: uint32
      ## Completion entries.
    max_inflight*: uint32
      ## Operations in flight at most.
    setup_flags*: uint32
      ## IORING_SETUP_* flags that stuck.
    ring_fd*: int32
      ## The ring's descriptor.
    features*: uint64
      ## RINGLINE_FEATURE_* in use.
    disabled*: uint64
      ## RINGLINE_FEATURE_* switched off by config or RINGLINE_DISABLE.

  ringline_shared* {.bycopy.} = object
    ## The block of one ring: in and out of ringline_turn(). Owned by the ring, aligned to 64 bytes,
    ## its address is stable for the ring's life. Only the owner thread may touch it.
    size*: uint32
      ## Size of this struct.
    abi*: uint32
      ## RINGLINE_ABI of the library.
    ops*: uint64
      ## Address of ringline_op ops[ops_cap].
    ops_cap*: uint32
      ## Capacity of ops and tokens.
    ops_len*: uint32
      ## In: how many ops are filled. The library sets it back to 0.
    recs*: uint64
      ## Address of ringline_completion recs[recs_cap].
    recs_cap*: uint32
      ## Capacity of recs.
    recs_len*: uint32
      ## Out: how many completions there are. They are valid until the next turn.
    wait_min*: uint32
      ## In: completions to wait for; 0 = do not sleep.
    flags*: uint32
      ## In: must be 0.
    timeout_ns*: int64
      ## In: longest wait in nanoseconds; -1 = forever.
    min_wait_us*: uint32
      ## In: return with fewer than wait_min after this many microseconds (Linux 6.12); 0 = off.
    ops_done*: uint32
      ## Out: how many of ops were accepted, from the front.
    op_error*: int32
      ## Out: why the first rejected op was rejected; 0 = all were accepted.
    op_error_at*: uint32
      ## Out: its index.
    inflight*: uint32
      ## Out: operations in flight.
    leases_out*: uint32
      ## Out: leases not given back.
    tokens*: uint64
      ## Address of uint64_t tokens[ops_cap]: out, one per accepted op.
    rel*: uint64
      ## Address of uint64_t rel[rel_cap]: in, lease ids to give back.
    rel_cap*: uint32
      ## Capacity of rel.
    rel_len*: uint32
      ## In: how many leases are filled. The library sets it back to 0.
    resv*: array[3, uint64]
      ## Zero.

  ringline_runtime_config* {.bycopy.} = object
    ## What a runtime shall be like. All-zero means all defaults; ringline_runtime_config_init() fills
    ## them in. `size` as in ringline_config.
    size*: uint32
      ## sizeof(ringline_runtime_config).
    workers*: uint32
      ## Workers: threads with a ring each, 2048 at most; 0 = one per processor.
    flags*: uint32
      ## RINGLINE_RUNTIME_*.
    max_connections*: uint32
      ## Connections per worker at a time, 1048576 at most; 0 = 65536. Clients beyond wait in the
      ## listener's backlog.
    high_water*: uint32
      ## Bytes in a connection's send queue from which on ringline_conn_send() is -EAGAIN;
      ## 0 = 1 MiB, 1 GiB at most.
    low_water*: uint32
      ## Bytes at which it is told to be writable again; 0 = half of high_water.
    keep_max*: uint32
      ## Bytes that a data callback may leave unconsumed without a pause; more closes the connection
      ## with -EMSGSIZE. 0 = 1 MiB, 1 GiB at most.
    pool_buffers*: uint32
      ## Buffers of a worker's receive pool, a power of two; 0 = 8.
    pool_buffer_size*: uint32
      ## Bytes of each; 0 = 256 KiB. From Linux 6.12 on a buffer is filled piece by piece, by as many
      ## receives as fit.
    resv*: uint32
      ## Zero.
    close_timeout_ns*: uint64
      ## How long a graceful close waits, in nanoseconds: since the other end took bytes last
      ## (min_rate), and when it has taken all, for its own end; 0 = 5 s.
    disable*: uint64
      ## RINGLINE_FEATURE_* not to use although the kernel has them.
    stall_ns*: uint64
      ## A callback that takes longer, in nanoseconds, is counted, and told to the log once per row
      ## of such, which ends after 16 times that long without one; 0 = none is. Costs two looks at
      ## the clock per event. One that does not come out is told by another worker that turns.
    spin_us*: uint32
      ## Microseconds that a worker looks for events before it sleeps, as ringline_spin_us(); 0 = it
      ## sleeps at once. 1000000 at most.
    datagram_size*: uint32
      ## Bytes of a received datagram, 1 MiB at most; what is longer is cut off and flagged.
      ## 0 = 65536; with less than that the kernel is not asked to put datagrams together.
    datagram_buffers*: uint32
      ## Buffers of a worker for received datagrams, a power of two, 4096 at most; 0 = 64. Made when
      ## it has a listener for datagrams.
    blocking_threads*: uint32
      ## Threads for functions of ringline_work(), made when there is work, and as many for
      ## ringline_resolve() and for ringline_process_spawn() each: what hangs in one of these holds
      ## up its own kind only. 0 = 16, 1024 at most.
    min_rate*: uint64
      ## Bytes per second that the other end of a connection has to take on average, to count as one
      ## that takes anything: less than min_rate times the time limit at hand within that time is a
      ## stall. For close_timeout_ns, and for idle_ns and write_ns of ringline_conn_timeouts.
      ## 0 = 512.

  ringline_address* {.bycopy.} = object
    ## An address that ringline_resolve() found.
    family*: uint16
      ## AF_INET or AF_INET6.
    port*: uint16
      ## The port, as a number.
    scope*: uint32
      ## Of IPv6: the interface of a link-local address.
    bytes*: array[16, uint8]
      ## 4 or 16 bytes as on the wire.

  ringline_runtime_handlers* {.bycopy.} = object
    ## What a worker tells. Each is called on a worker's thread, one at a time per worker, never inside
    ## another one and never inside a function of the library; each may be NULL. `conn` is the
    ## connection's id, `user` what ringline_conn_set_user() keeps (0 at first). Every function is
    ## legal in them, but a join, which is RINGLINE_EREENTRANT. A C++ exception that leaves one ends
    ## the program. `size` as in ringline_config.
    size*: uint32
      ## sizeof(ringline_runtime_handlers).
    resv*: uint32
      ## Zero.
    ctx*: uint64
      ## Passed to each.
    start*: uint64
      ## The worker begins; nothing is accepted before that.
    accept*: uint64
      ## A client came.
    data*: uint64
      ## Bytes came, or the end; NULL = all are consumed, and the end closes gracefully.
    sent*: uint64
      ## Bytes went.
    writable*: uint64
      ## There is room again.
    close*: uint64
      ## A connection is over.
    stop*: uint64
      ## The worker is over: the last call on its thread.
    connect*: uint64
      ## What became of a connect.
    released*: uint64
      ## Lent memory or a lent file is free again.
    tick*: uint64
      ## A timer ticks.
    notify*: uint64
      ## Another thread posted something.
    resolve*: uint64
      ## A name was looked up.
    signal*: uint64
      ## A signal came.
    spawn*: uint64
      ## A child runs.
    exit*: uint64
      ## A child ended.
    datagram*: uint64
      ## A datagram came; NULL = they are dropped.
    secured*: uint64
      ## A TLS handshake ended well.
    stopping*: uint64
      ## ringline_runtime_stop() or a free was called: the worker begins to end. Once, before stop.

  ringline_worker_block* {.bycopy.} = object
    ## Through which an adopted worker is turned. Owned by the worker, its address is stable until the
    ## worker is over. Only the worker's thread may touch it.
    size*: uint32
      ## Size of this struct.
    abi*: uint32
      ## RINGLINE_ABI of the library.
    events*: uint64
      ## Address of ringline_event events[events_cap].
    events_cap*: uint32
      ## Its capacity, which no turn exceeds.
    events_len*: uint32
      ## Out: how many events there are. They are valid until the next turn.
    timeout_ns*: int64
      ## In: longest wait of a turn in nanoseconds; 0 = do not wait, -1 = for ever.
    runtime*: uint64
      ## The runtime's handle.
    worker*: uint32
      ## Which of its workers this is.
    resv*: uint32
      ## Zero.
    more*: array[2, uint64]
      ## Zero.

  ringline_event* {.bycopy.} = object
    ## What a worker tells, as a record. Addresses are valid until the next turn.
    kind*: uint32
      ## RINGLINE_EVENT_*; skip those that you do not know: there will be more.
    res*: int32
      ## A result, reason or status.
    conn*: uint64
      ## The connection (or timer, or process).
    user*: uint64
      ## The user's number of it.
    address*: uint64
      ## Address of the bytes.
    length*: uint64
      ## How many there are.
    consumed*: int64
      ## Of RINGLINE_EVENT_DATA: in, what a data callback would return. It is `length` at first (0 at
      ## the end): write less to have the rest shown again, in front of what comes next. Where bytes
      ## were left, later data of the connection in the same turn counts as not seen: it is shown
      ## again at once, behind them. The end counts as not seen where the connection is paused: it is
      ## told after ringline_conn_resume(). Negative = close at once.
    listener*: uint32
      ## The listener it is about.
    flags*: uint32
      ## RINGLINE_EVENT_FLAG_*.
    extra*: uint64
      ## More of some kinds; else 0.

  ringline_lease* {.bycopy.} = object
    ## Received bytes that were kept by ringline_conn_take(). Set `size` to sizeof(ringline_lease)
    ## (0 = the same) before the call.
    size*: uint32
      ## sizeof(ringline_lease).
    resv*: uint32
      ## Zero.
    lease*: uint64
      ## The lease, for ringline_conn_send_lease() or ringline_lease_release().
    bytes*: uint64
      ## The bytes: the same as the data callback shows.
    length*: uint64
      ## How many.

  ringline_conn_info* {.bycopy.} = object
    ## What a connection is like. Set `size` to sizeof(ringline_conn_info) (0 = the same) before the
    ## call.
    size*: uint32
      ## sizeof(ringline_conn_info).
    state*: uint32
      ## RINGLINE_CONN_OPEN, _CONNECTING, _DRAINING or _CLOSING.
    flags*: uint32
      ## RINGLINE_CONN_PAUSED, _ENDED and _GONE.
    listener*: uint32
      ## The listener it came by.
    user*: uint64
      ## What ringline_conn_set_user() keeps.
    received*: uint64
      ## Bytes received.
    sent*: uint64
      ## Bytes of what was sent that the kernel took.
    queued*: uint64
      ## Bytes that it did not take yet (in the close callback: and never will).
    kept*: uint64
      ## Bytes received and not consumed.
    fd*: int32
      ## The descriptor, for socket options only: the library closes it. -1 when it did.
    peer_family*: uint16
      ## AF_INET or AF_INET6; 0 when the other end has no such address (any more).
    peer_port*: uint16
      ## The other end's port.
    peer_address*: array[16, uint8]
      ## Its address, 4 or 16 bytes as on the wire.
    untaken*: uint64
      ## Bytes that the kernel took and the other end did not yet (with TLS, as on the wire; of a
      ## Unix socket, with what the kernel needs to keep them). In the close callback: what it had
      ## not taken when the connection was closed at once, for whatever reason.

  ringline_conn_timeouts* {.bycopy.} = object
    ## How long a connection may do nothing. `size` as in ringline_config.
    size*: uint32
      ## sizeof(ringline_conn_timeouts).
    resv*: uint32
      ## Zero.
    idle_ns*: uint64
      ## Nothing was received, nothing sent, and the other end took nothing of what was sent (less
      ## than min_rate of ringline_runtime_config) for so many nanoseconds; 0 = no limit.
    read_ns*: uint64
      ## Nothing was received, although data is not paused and the other end has not ended.
    write_ns*: uint64
      ## Something is to be sent that the kernel has no room for, and the other end took nothing
      ## (less than min_rate) of what it has.

  ringline_listen* {.bycopy.} = object
    ## How to listen. All-zero is what ringline_runtime_listen() does. `size` as in ringline_config.
    size*: uint32
      ## sizeof(ringline_listen).
    flags*: uint32
      ## RINGLINE_LISTEN_*.
    backlog*: uint32
      ## Clients that may wait, 65535 at most; 0 = 4096.
    resv*: uint32
      ## Zero.
    tls*: uint64
      ## A TLS server's config, as in ringline_runtime_listen_tls(); NULL = in the clear.

  ringline_process* {.bycopy.} = object
    ## A child to be started. `size` as in ringline_config.
    size*: uint32
      ## sizeof(ringline_process).
    flags*: uint32
      ## Zero.
    argv*: uint64
      ## Address of the program and its arguments (char *argv[], NULL at the end); without a slash
      ## the program is looked for in PATH.
    env*: uint64
      ## Address of "NAME=value" words (as argv); 0 = the program's own environment.
    cwd*: uint64
      ## Address of the folder it starts in; 0 = where the program is.
    stdin_is*: uint32
      ## RINGLINE_STREAM_*: its input.
    stdout_is*: uint32
      ## Its output.
    stderr_is*: uint32
      ## Its errors.
    resv*: uint32
      ## Zero.

  ringline_runtime_stats* {.bycopy.} = object
    ## What a runtime did so far, over all workers. Set `size` to sizeof(ringline_runtime_stats) (0 =
    ## the same) before the call.
    size*: uint32
      ## sizeof(ringline_runtime_stats).
    workers*: uint32
      ## Workers counted here.
    accepted*: uint64
      ## Connections accepted.
    closed*: uint64
      ## Connections that are over.
    refused*: uint64
      ## Clients sent away, accepted when the table was full or the listener closing.
    accept_pauses*: uint64
      ## Times that accepting rested for want of descriptors or memory.
    receives*: uint64
      ## Receives.
    received*: uint64
      ## Bytes received.
    sends*: uint64
      ## Sends that ended, each of one or several messages.
    sent*: uint64
      ## Bytes that the kernel took.
    parked*: uint64
      ## Times that a connection waited for a receive buffer.
    turns*: uint64
      ## Turns of the workers' loops.
    taken*: uint64
      ## Leases that ringline_conn_take() gave.
    take_refusals*: uint64
      ## Leases that it refused, because few receive buffers were left.
    connected*: uint64
      ## Connections that ringline_conn_connect() opened.
    timeouts*: uint64
      ## Connections closed because of ringline_conn_set_timeouts().
    datagrams*: uint64
      ## Datagrams received.
    datagram_receives*: uint64
      ## Receives that brought them: each one, or a run that the kernel put together.
    datagrams_sent*: uint64
      ## Datagrams that the kernel took.
    datagram_sends*: uint64
      ## Sends that took them: each one, or a run that the kernel cut.
    datagrams_lost*: uint64
      ## Datagrams to be sent that the kernel refused.
    backoffs*: uint64
      ## Times that a worker rested for want of the kernel's memory, descriptors or room.
    stalls*: uint64
      ## Callbacks that took longer than stall_ns.
    left_behind*: uint64
      ## Lookups, starts of children and functions of ringline_work() that a stop did not wait for:
      ## so many threads, and the memory of the runtime, stay until they come back.
    copied*: uint64
      ## Bytes of messages of 16 KiB and more that were copied, since the kernel did not take them at
      ## once.

  ringline_tls_info* {.bycopy.} = object
    ## What a connection's TLS is like. Set `size` to sizeof(ringline_tls_info) (0 = the same) before
    ## the call.
    size*: uint32
      ## sizeof(ringline_tls_info).
    state*: uint32
      ## RINGLINE_TLS_NONE, _SHAKING (then nothing below is known) or _DONE.
    flags*: uint32
      ## RINGLINE_TLS_RESUMED.
    version*: uint16
      ## 0x0303 = TLS 1.2, 0x0304 = TLS 1.3.
    cipher_suite*: uint16
      ## The cipher suite's number, by IANA.
    peer_certificate*: uint64
      ## The other end's own certificate, DER, valid until the callback returns; NULL when it showed
      ## none.
    peer_certificate_length*: uint64
      ## Its bytes.
    cipher_name*: array[64, int8]
      ## The cipher suite's name.
    alpn*: array[256, int8]
      ## The application protocol agreed upon; "" = none.
    server_name*: array[256, int8]
      ## On a server the name that the client asked for; "" = none.

  ringline_stats* {.bycopy.} = object
    ## What a ring did so far. Set `size` to sizeof(ringline_stats) (0 = the same) before the call.
    size*: uint32
      ## sizeof(ringline_stats).
    resv*: uint32
      ## Zero.
    submitted*: uint64
      ## Operations accepted.
    completed*: uint64
      ## Completions delivered.
    enters*: uint64
      ## Calls of io_uring_enter(2).
    waits*: uint64
      ## Of these, calls that were allowed to sleep.
    overflows*: uint64
      ## Times the completion queue was seen overflowing.
    strays*: uint64
      ## Kernel completions that named no operation in flight.
    timers*: uint64
      ## Timer expirations.
    wakes*: uint64
      ## Wakes from other threads.
    quiet*: uint64
      ## QUIET sends the kernel took whole.
    cancels*: uint64
      ## Cancel requests sent to the kernel.
    leases*: uint64
      ## Buffers handed out from pools.
    nobufs*: uint64
      ## Receives that ended because the pool was empty.
    abandoned*: uint64
      ## Operations abandoned at a forced free.
    rollbacks*: uint64
      ## Operations taken back because the kernel did not consume them.

  ringline_tls_identity* {.bycopy.} = object
    ## A certificate chain and its private key, in PEM: from files, or from memory when the file's name
    ## is NULL.
    name*: uint64
      ## The server name it is shown for ("example.org", "*.example.org"); NULL = for every name that
      ## no other one is for, and for clients that name none. A client's own has NULL.
    chain_file*: uint64
      ## File of the chain, its own certificate first.
    key_file*: uint64
      ## File of the key (PKCS #8, PKCS #1 or SEC1), without a password: of P-256, P-384, Ed25519, or
      ## RSA of 2048 to 4096 bits; P-521 cannot be used.
    chain*: uint64
      ## The chain itself, when chain_file is NULL.
    chain_length*: uint64
      ## Its bytes.
    key*: uint64
      ## The key itself, when key_file is NULL.
    key_length*: uint64
      ## Its bytes.

  ringline_tls_options* {.bycopy.} = object
    ## What a TLS config shall be like. `size` as in ringline_config. All is copied; files are read
    ## now, once.
    size*: uint32
      ## sizeof(ringline_tls_options).
    flags*: uint32
      ## RINGLINE_TLS_*.
    identities*: uint64
      ## Certificates of one's own: a server has at least one, a client one at most.
    identity_count*: uint32
      ## How many; 4096 at most.
    resv*: uint32
      ## Zero.
    roots_file*: uint64
      ## File of the certificates to trust, PEM. A client with neither this nor roots trusts whom the
      ## machine trusts (SSL_CERT_FILE, /etc/ssl/certs). One that the other end shows itself, byte
      ## for byte, is believed also when it is its own authority, as `openssl req -x509` makes it:
      ## for its date, its name and its use, and if the other end has its key.
    roots*: uint64
      ## The certificates to trust themselves, PEM; both count where both are given.
    roots_length*: uint64
      ## Their bytes.
    alpn*: uint64
      ## Application protocols with commas between, the preferred one first ("h2,http/1.1"); NULL =
      ## none. Where both ends name some they must have one in common.
    handshake_timeout_ns*: uint64
      ## How long a handshake may take, in nanoseconds; 0 = 10 s.

  ringline_log_function* = proc (ctx: pointer, level: uint32, message: cstring) {.cdecl, gcsafe,
    raises: [].}
    ## A log function: `message` is one line without newline, terminated, valid during the call;
    ## `level` is RINGLINE_LOG_*. Called from whatever thread something happened on, possibly from
    ## several at a time, never from a signal handler. What happens inside it is not told again. A
    ## C++ exception that leaves it ends the program.

  ringline_callback* = proc (ctx: pointer, ring: ptr ringline_ring,
    completion: ptr ringline_completion) {.cdecl, gcsafe, raises: [].}
    ## A completion callback: runs on the owner thread, inside turn, run, run_once, close or free,
    ## never inside submit and never inside another callback. `completion` is valid during the call.
    ## Every function is legal in it, ringline_free of the same ring included (it is deferred); turn,
    ## run, run_once, close with a timeout and cancel_sync answer RINGLINE_EREENTRANT. The callbacks of
    ## a turn run before its records are shown: that of a close may come before the FINAL record of an
    ## op it waited for. A C++ exception that leaves it ends the program.

  ringline_worker_callback* = proc (ctx: pointer, runtime: ptr ringline_runtime,
    worker: uint32) {.cdecl, gcsafe, raises: [].}
    ## Told when a worker begins, when it begins to end, and when it is over. On the worker's thread,
    ## as all of these.

  ringline_accept_callback* = proc (ctx: pointer, runtime: ptr ringline_runtime, conn: uint64,
    listener: uint32) {.cdecl, gcsafe, raises: [].}
    ## A client came by `listener`.

  ringline_data_callback* = proc (ctx: pointer, runtime: ptr ringline_runtime, conn: uint64,
    user: uint64, bytes: ptr uint8, length: csize_t): int64 {.cdecl, gcsafe, raises: [].}
    ## `length` bytes came; they are valid during the call. Returns how many were consumed; the rest is
    ## kept and shown again, in front, when more came. Negative = close at once, for that reason.
    ## Length 0: the other end sends nothing more; 0 = close gracefully, 1 = go on sending. Where a
    ## receive or a send failed or the other end is gone (RINGLINE_CONN_GONE) length 0 does not come:
    ## what was received is shown, and then close comes; what is left, or sent meanwhile, is dropped.

  ringline_sent_callback* = proc (ctx: pointer, runtime: ptr ringline_runtime, conn: uint64,
    user: uint64, length: uint64) {.cdecl, gcsafe, raises: [].}
    ## The kernel took `length` bytes of what was sent.

  ringline_writable_callback* = proc (ctx: pointer, runtime: ptr ringline_runtime, conn: uint64,
    user: uint64) {.cdecl, gcsafe, raises: [].}
    ## A send was refused with -EAGAIN, and now the queue is down at low_water. After
    ## ringline_udp_send() `conn` is the listener's id, which no connection has, and `user` is 0.

  ringline_close_callback* = proc (ctx: pointer, runtime: ptr ringline_runtime, conn: uint64,
    user: uint64, reason: int32) {.cdecl, gcsafe, raises: [].}
    ## The connection is over, exactly once per accept. `reason`: 0, the -errno of the receive or send
    ## that failed or of a socket that nobody read from or sent on (-ECONNRESET, -EPIPE), what data
    ## returned, -ECONNABORTED (closed at once), -ETIMEDOUT (a graceful close or a timeout of its own),
    ## -EMSGSIZE (keep_max), -ECANCELED (stop), RINGLINE_ETLS (then ringline_error_detail() says why;
    ## else it is empty), RINGLINE_ETRUNCATED. ringline_conn_info_of() still answers in it; the id is
    ## stale when it returns.

  ringline_connect_callback* = proc (ctx: pointer, runtime: ptr ringline_runtime, conn: uint64,
    user: uint64, res: int32) {.cdecl, gcsafe, raises: [].}
    ## What became of ringline_conn_connect(), exactly once: `res` 0 = it is connected, and its end is
    ## told by close; else it is over: -ECONNREFUSED, -ETIMEDOUT, -EHOSTUNREACH, what connect(2) says,
    ## -ECANCELED or -ECONNABORTED (closed before), and the id is stale when this returns.

  ringline_released_callback* = proc (ctx: pointer, runtime: ptr ringline_runtime, conn: uint64,
    user: uint64, cookie: uint64) {.cdecl, gcsafe, raises: [].}
    ## What ringline_conn_send_zc() or ringline_conn_send_file() got under `cookie` is the caller's
    ## again: exactly once for each that returned 0, before the connection's close. That it was sent it
    ## does not say.

  ringline_tick_callback* = proc (ctx: pointer, runtime: ptr ringline_runtime, timer: uint64,
    user: uint64, missed: uint32) {.cdecl, gcsafe, raises: [].}
    ## A timer of ringline_timer_start() ticks, after as many of its periods as were `missed`.

  ringline_notify_callback* = proc (ctx: pointer, runtime: ptr ringline_runtime, user: uint64,
    res: int32) {.cdecl, gcsafe, raises: [].}
    ## What ringline_runtime_post() posted.

  ringline_resolve_callback* = proc (ctx: pointer, runtime: ptr ringline_runtime, user: uint64,
    res: int32, addresses: ptr ringline_address, count: csize_t, error: cstring) {.cdecl, gcsafe,
    raises: [].}
    ## What ringline_resolve() found: `count` addresses in the resolver's order. Or `res` is an -errno
    ## near the resolver's own code (-ENOENT: no such name, -EAGAIN: try again, -ECANCELED: stop), and
    ## `error` its words. Both are valid during the call.

  ringline_signal_callback* = proc (ctx: pointer, runtime: ptr ringline_runtime, signo: int32,
    sender: int32) {.cdecl, gcsafe, raises: [].}
    ## A signal of ringline_signal_watch() came, sent by the process `sender` (0 = the kernel).

  ringline_spawn_callback* = proc (ctx: pointer, runtime: ptr ringline_runtime, process: uint64,
    user: uint64, res: int32, streams: ptr uint64) {.cdecl, gcsafe, raises: [].}
    ## The child of ringline_process_spawn() runs: `res` is its pid, and `streams` has the connections
    ## of its input, output and errors, 0 where there is none. Or `res` is why it does not, -errno, and
    ## the id is stale.

  ringline_exit_callback* = proc (ctx: pointer, runtime: ptr ringline_runtime, process: uint64,
    user: uint64, status: int32) {.cdecl, gcsafe, raises: [].}
    ## A child ended with the code `status`, or by the signal -`status`; RINGLINE_EXIT_UNKNOWN when
    ## somebody else waited for it. The id is stale. Data of its streams may still come.

  ringline_datagram_callback* = proc (ctx: pointer, runtime: ptr ringline_runtime,
    listener: uint32, flags: uint32, `from`: pointer, from_length: uint32, bytes: ptr uint8,
    length: csize_t) {.cdecl, gcsafe, raises: [].}
    ## A datagram of `length` bytes (0 as well) came by `listener`, from the sockaddr at `from` of
    ## `from_length` bytes, to which ringline_udp_send() answers; NULL and 0 when the sender has none
    ## (a Unix socket that is not bound). Both are valid during the call. `flags`:
    ## RINGLINE_DATAGRAM_TRUNCATED.

  ringline_secured_callback* = proc (ctx: pointer, runtime: ptr ringline_runtime, conn: uint64,
    user: uint64) {.cdecl, gcsafe, raises: [].}
    ## The TLS handshake ended: from now on ringline_conn_tls_info_of() knows all.

  ringline_work_function* = proc (ctx: pointer): int32 {.cdecl, gcsafe, raises: [].}
    ## What ringline_work() runs, on a thread of the library's that may block. Of the library only
    ## what any thread may call is legal in it. A C++ exception that leaves it ends the program.

  ringline_done_callback* = proc (ctx: pointer, runtime: ptr ringline_runtime,
    res: int32) {.cdecl, gcsafe, raises: [].}
    ## What came of it, on the worker's thread, as a callback of the worker: `res` is what the function
    ## returned, or -ECANCELED when the worker ended before it began. Never called when a stop with a
    ## limit left the function behind: see ringline_work().

{.push cdecl, importc, dynlib: loaded, gcsafe, raises: [].}

proc ringline_cancel*(ring: ptr ringline_ring, token: uint64): int32
  ## Ask for the op of `token` to end. Its memory stays the library's until its FINAL completion,
  ## which tells -ECANCELED, or how it ended before. Owner thread (any while there is none).
  ##
  ## An op that waits behind another one in its chain is not with the kernel yet: it is asked when
  ## that one ended, and may have done a part, or all, by then. To be rid of it at once cancel the
  ## first of the chain.
  ##
  ## Returns 0 = asked, RINGLINE_ESTALE = gone already, -EALREADY for a close and for a LINK_TIMEOUT
  ## (it ends with the op that it limits), -EAGAIN when the room kept for cancels is full: turn, then
  ## cancel again.

proc ringline_cancel_many*(ring: ptr ringline_ring, tokens: ptr uint64, count: uint32): int32
  ## Ask for many ops to end, as ringline_cancel(). Tokens that are gone, of closes and of link
  ## timeouts are skipped. Owner thread (any while there is none). Returns how many were asked,
  ## RINGLINE_ENULL, or -EAGAIN as ringline_cancel(): then some may have been.

proc ringline_cancel_fd*(ring: ptr ringline_ring, fd: int32): int32
  ## Ask for every op submitted on descriptor `fd` to end, as ringline_cancel(). Owner thread (any
  ## while there is none). Returns how many were asked, or -EAGAIN as ringline_cancel().

proc ringline_cancel_all*(ring: ptr ringline_ring): int32
  ## Ask for everything in flight to end, timers included. Owner thread (any while there is none).
  ## Returns how many were asked, or -EAGAIN as ringline_cancel().

proc ringline_cancel_sync*(ring: ptr ringline_ring, token: uint64, timeout_ns: int64): int32
  ## Cancel and wait for the kernel's verdict, up to `timeout_ns` (-1 = forever). The FINAL still
  ## comes by turn. For an op that waits behind another one in its chain the verdict comes when that
  ## one ended.
  ##
  ## Owner thread (any while there is none), not in a callback. Returns 0 = cancelled,
  ## RINGLINE_ESTALE = gone already: its FINAL came or waits; -EALREADY = running and not to be
  ## stopped, or as ringline_cancel(); -ETIME: what was asked stays asked; -EINTR when a signal
  ## handler ran; -EBUSY when the records are full, behind which its FINAL may be: turn first;
  ## RINGLINE_EREENTRANT inside a callback; RINGLINE_ENOTSUP_KERNEL (cancel_sync: 6.0).

proc ringline_config_init*(config: ptr ringline_config): int32
  ## Fill a config with the defaults, which are zeros, whatever is in it now, and set its size. What
  ## follows from another member (cq_entries from sq_entries) follows what the caller puts there.
  ##
  ## Only the members of version 0.1 are written, which every caller's struct has; those added later
  ## stay at their default because `size` says so. Returns 0 or RINGLINE_ENULL.

proc ringline_dump*(ring: ptr ringline_ring, fd: int32): int32
  ## Write what is in flight to the descriptor `fd`, one line each, for people: the ring, its
  ## operations (token, name, descriptor, state, user_data, what it is besides) and its pools with
  ## their leases. The format may change. `fd` is the caller's and may block; no SIGPIPE is raised
  ## where the kernel can suppress it. Owner thread (any while there is none), also in a callback.
  ##
  ## Returns how many operations are in flight, or -errno when `fd` cannot be
  ## written (-EBADF, -EPIPE, -ENOSPC).

proc ringline_strerror*(code: int32): cstring
  ## What a code means and what to do, static text. Never NULL, never fails; any thread.

proc ringline_error_name*(code: int32): cstring
  ## The name of a code ("RINGLINE_ESTALE", "EAGAIN"), static text. Never NULL; any thread.

proc ringline_error_detail*(): cstring
  ## What the last failing call of this thread has to say beyond its code: cause and remedy. Valid
  ## until the next call of ringline_error_detail() on this thread. Never NULL; "" if nothing failed.

proc ringline_to_errno*(code: int32): int32
  ## The nearest errno of any code: 0 for >= 0, the errno for -errno, by meaning for RINGLINE_E*.

proc ringline_files_reserve*(ring: ptr ringline_ring, slots: uint32, direct: uint32,
    flags: uint32): int32
  ## Make the ring's table of files, once: `slots` to fill by ringline_file_add(), then `direct` for
  ## the kernel to choose from (file_index = RINGLINE_FILE_INDEX_ALLOC in accept, openat, socket;
  ## the op's res is the slot then). Behind these the library keeps some more, so that a multishot
  ## direct accept is stopped (its FINAL says -ENFILE) before the kernel finds the table full: it
  ## would accept clients and drop them. `flags` must be 0. Owner thread (any while there is none).
  ##
  ## Ops name a slot in fd with RINGLINE_SQE_FIXED_FILE. RINGLINE_OP_CLOSE with file_index = slot + 1
  ## closes one. A slot that ops in flight name is never filled anew.
  ##
  ## Returns 0, -EEXIST for a second time, -EINVAL, -EMFILE (RLIMIT_NOFILE), -ENOMEM,
  ## RINGLINE_ENOTSUP_KERNEL (file_table: 6.0).

proc ringline_file_add*(ring: ptr ringline_ring, fd: int32): int32
  ## Register a descriptor: the ring holds the file from now on, the descriptor can be closed. Owner
  ## thread (any while there is none). Returns its slot, -ENFILE when all are taken, -EBADF, -ENXIO
  ## without a table.

proc ringline_file_add_many*(ring: ptr ringline_ring, fds: ptr int32, count: uint32,
    slots: ptr uint32): int32
  ## Register many descriptors at once; `slots` gets their slots. Owner thread (any while there is
  ## none). Returns how many were registered, from the front; when the first was not, why:
  ## as ringline_file_add(), RINGLINE_ENULL.

proc ringline_file_replace*(ring: ptr ringline_ring, slot: int32, fd: int32): int32
  ## Put another file into a slot. Owner thread (any while there is none). Returns 0, -EBUSY while
  ## ops in flight name the slot, -EBADF, RINGLINE_ESTALE for an empty slot.

proc ringline_file_remove*(ring: ptr ringline_ring, slot: int32): int32
  ## Take a file out of its slot; a direct descriptor is closed by it, at once. Owner thread (any
  ## while there is none). Returns 0, -EBUSY while ops in flight name the slot, RINGLINE_ESTALE for
  ## an empty one.

proc ringline_file_install*(ring: ptr ringline_ring, slot: int32, flags: uint32,
    user_data: uint64): int64
  ## Make an ordinary descriptor for the file in a slot: an op like any other, whose completion
  ## carries `user_data` and in res the new descriptor (closed on exec unless `flags` is
  ## RINGLINE_FILE_INSTALL_INHERIT). The slot keeps its file. Owner thread (any while there is none).
  ## Returns its token, -EINVAL, RINGLINE_ESTALE for an empty slot, RINGLINE_ENOTSUP_KERNEL
  ## (fd_install: 6.8), or as ringline_submit().

proc ringline_ring_fd*(ring: ptr ringline_ring): int32
  ## A descriptor for poll(2), epoll(7) and the like: it is readable when a turn has something to
  ## do. Call ringline_prepare() before each sleep, and take EINTR for a reason to turn. (It is an
  ## eventfd that the kernel writes: on the ring's own descriptor, ringline_info's ring_fd, sleepers
  ## are not woken for deferred work.) It is the library's: never read or close it. Owner thread;
  ## binds a ring without owner; ringline_detach() closes it. Returns it, -EBUSY after
  ## ringline_set_eventfd(), -EMFILE.

proc ringline_set_eventfd*(ring: ptr ringline_ring, eventfd: int32): int32
  ## Have the kernel write an eventfd of the caller's for every completion, for loops that cannot
  ## poll the ring's descriptor; -1 = not any more. It is also written for completions that a turn
  ## takes at once, so a loop wakes more often than with ringline_ring_fd(). ringline_prepare() is
  ## needed as well. Posts write it themselves; but for an op that polls or reads another eventfd
  ## the kernel may write it late or never. Owner thread; binds a ring without owner; to be set
  ## again after detach. Returns 0, -EBUSY when one is set already or ringline_ring_fd() was called,
  ## -EBADF or -EINVAL for what is no eventfd, -ENXIO for -1 when none is set.

proc ringline_prepare*(ring: ptr ringline_ring, deadline_ns: ptr int64): int32
  ## Before a foreign loop sleeps on ringline_ring_fd() (or the eventfd): hand what was submitted
  ## to the kernel, and see that the descriptor becomes readable for completions, for posts and for
  ## the next timer. `*deadline_ns` (may be NULL) is when that is, by CLOCK_MONOTONIC, or -1: for
  ## information, the kernel keeps the time. Then sleep; when the descriptor is readable, turn or
  ## run_once with wait_min 0, and prepare again. Owner thread, not in a callback; binds a ring
  ## without owner.
  ##
  ## Returns 0 = sleep now; 1 = something is there: turn instead of sleeping; RINGLINE_EREENTRANT
  ## inside a callback; or as ringline_turn().

proc ringline_abi_layout*(`out`: ptr ringline_abi_field, cap: uint32): int32
  ## Write the layout of every struct of the ABI into `out[0..cap)`. Returns how many entries there
  ## are in all, or RINGLINE_ENULL. `out` may be NULL when `cap` is 0.

proc ringline_set_log*(function: ringline_log_function, ctx: pointer, level: uint32): int32
  ## Let `function` be told what happens on cold paths, up to `level` (RINGLINE_LOG_*): setup flags
  ## that stepped down, features that are missing, a caught panic, abandoned operations, waiting for
  ## memory; with RINGLINE_LOG_DEBUG every call that failed. One function for the whole process;
  ## NULL or level 0 = silence, as at first. The library itself prints nothing, ever.
  ##
  ## When it returns 0, the function set before is not running and is not called any more. Any
  ## thread. Returns 0, -EINVAL for an unknown level, RINGLINE_EREENTRANT inside a log function,
  ## -EBUSY when another thread is setting one or stayed inside the old one for a second (then the
  ## log is off; call again).

proc ringline_mailbox_of*(ring: ptr ringline_ring, `out`: ptr ptr ringline_mailbox): int32
  ## Get the ring's mailbox, through which other threads reach it: `*out` is a handle that any thread
  ## may use and that the caller releases with ringline_mailbox_release(). All calls give the same
  ## handle as long as it is held. It outlives the ring and then answers RINGLINE_ECLOSED. While it
  ## is held, ringline_run() waits for mail although nothing is in flight.
  ##
  ## Owner thread (any while there is none). Returns 0, RINGLINE_ENULL, -ENFILE when 16384 handles
  ## exist.

proc ringline_mailbox_retain*(mailbox: ptr ringline_mailbox): int32
  ## One more reference to the mailbox, to be released as well. Any thread that holds one. Returns
  ## 0, RINGLINE_ESTALE, RINGLINE_EFORKED.

proc ringline_mailbox_release*(mailbox: ptr ringline_mailbox): int32
  ## Give a reference back; with the last one the handle is stale. What was posted is still
  ## delivered, and operations go on. Any thread. Returns 0, RINGLINE_ESTALE, RINGLINE_EFORKED.

proc ringline_mailbox_wake*(mailbox: ptr ringline_mailbox): int32
  ## End the present or next wait of a turn, run_once or run early, whatever came. Any thread, signal
  ## handlers and callbacks; async-signal-safe, errno is kept. Returns 0, RINGLINE_ESTALE,
  ## RINGLINE_EFORKED, or RINGLINE_ECLOSED when the ring is gone.

proc ringline_mailbox_post*(mailbox: ptr ringline_mailbox, user_data: uint64, res: int32): int32
  ## Give the owner a record with `user_data`, `res` and RINGLINE_CF_MSG (token and data are 0). It
  ## wakes the ring and counts toward wait_min; each call is one record, in the order of each thread.
  ## Any thread, but no signal handler (ringline_mailbox_wake() is for those).
  ##
  ## Returns 0, -EAGAIN when 1024 messages wait (nothing is lost: post again later), RINGLINE_ECLOSED
  ## when the ring is gone, RINGLINE_ESTALE, RINGLINE_EFORKED. The records of a ring that is freed
  ## are dropped: close and turn it first.

proc ringline_mailbox_submit*(mailbox: ptr ringline_mailbox, ops: ptr ringline_op, count: uint32,
    ids: ptr uint64): int32
  ## Have the owner submit ops; their completions are its records, with RINGLINE_CF_MSG. `ids` (may
  ## be NULL) gets an id per accepted op, for ringline_mailbox_cancel(). The ops are copied, but
  ## everything they point to, inputs too, is the library's until FINAL. An op that the ring rejects
  ## completes with FINAL and -errno (-EAGAIN for RINGLINE_ENOSLOT, -ESHUTDOWN when it closes). Any
  ## thread, but no signal handler.
  ##
  ## Returns how many were accepted, from the front; when the first is not, why: -EAGAIN (1024
  ## messages wait, or 4096 ops are in flight), -EINVAL (a link chain, a QUIET send),
  ## RINGLINE_ECLOSED when the ring is closing or gone, RINGLINE_ENULL, RINGLINE_ESTALE,
  ## RINGLINE_EFORKED.

proc ringline_mailbox_submit_with*(mailbox: ptr ringline_mailbox, op: ptr ringline_op,
    callback: ringline_callback, ctx: pointer): int64
  ## As ringline_mailbox_submit() for one op whose completions go to `callback`, on the owner thread.
  ## A ring that ends before it came to the op calls it too, with FINAL and -ESHUTDOWN, from
  ## ringline_free(). Returns the op's id, or as ringline_mailbox_submit().

proc ringline_mailbox_call*(mailbox: ptr ringline_mailbox, callback: ringline_callback,
    ctx: pointer): int32
  ## Have `callback` called on the owner thread, as a completion callback is: everything is legal in
  ## it but running the loop. Its completion has RINGLINE_CF_MSG and res = 0; when the ring ends
  ## before it came to this, it is called from ringline_free() with res = -ESHUTDOWN, so that the
  ## context can be given back. Any thread, but no signal handler. Returns as
  ## ringline_mailbox_post(), or RINGLINE_ENULL.

proc ringline_mailbox_cancel*(mailbox: ptr ringline_mailbox, id: uint64): int32
  ## Ask for the op of an id to end; its FINAL says what became of it. Any thread, but no signal
  ## handler. Returns 0 = asked, RINGLINE_ESTALE = gone already, or as ringline_mailbox_post().

proc ringline_mailbox_close*(mailbox: ptr ringline_mailbox): int32
  ## Have the ring closed by its owner at its next turn, as ringline_close() with a timeout of 0,
  ## after what was posted before; for finalisers. Ops of this mailbox are refused from now on. Any
  ## thread, but no signal handler. Returns 0, RINGLINE_ECLOSED when the ring is gone,
  ## RINGLINE_ESTALE, RINGLINE_EFORKED.

proc ringline_pool_create*(ring: ptr ringline_ring, count: uint32, size: uint32,
    flags: uint32): int32
  ## Make a pool of `count` (a power of two, 32768 at most) buffers of `size` bytes, from which recv
  ## and read take theirs (RINGLINE_SQE_BUFFER_SELECT, buf_index = the pool). `flags`:
  ##
  ## RINGLINE_POOL_INCREMENTAL: the kernel fills a buffer piece by piece, so that a few large ones
  ## serve small and large messages alike (8 x 256 KiB is a good start). Each completion is a piece
  ## with a lease of its own; a buffer goes back to the kernel when all its pieces are back and no
  ## RINGLINE_CF_BUF_MORE is due. Receives only, without RINGLINE_SQE_ASYNC; 64 MiB at most.
  ## RINGLINE_POOL_HUGE: huge pages, reserved ones or by advice; ringline_pool_info tells.
  ##
  ## Owner thread (any while there is none). Returns the pool's id, -EINVAL, -ENOMEM, -ENFILE,
  ## RINGLINE_ENOTSUP_KERNEL (pool: 5.19, pool_incremental: 6.12).

proc ringline_pool_destroy*(ring: ptr ringline_ring, pool: int32): int32
  ## Give a pool up. Leases stay valid until they are given back. Owner thread (any while there is
  ## none). Returns 0, -EBUSY while ops in flight take buffers from it, RINGLINE_ESTALE.

proc ringline_pool_info_of*(ring: ptr ringline_ring, pool: int32,
    `out`: ptr ringline_pool_info): int32
  ## Tell what a pool is like. Owner thread (any while there is none). Returns 0, RINGLINE_ESTALE,
  ## RINGLINE_ENULL, -EINVAL or -E2BIG for the size in `out`.

proc ringline_pool_set_low_water*(ring: ptr ringline_ring, pool: int32, mark: uint32,
    user_data: uint64): int32
  ## Tell when fewer than `mark` buffers of a pool are with the kernel (0 = never): a record with
  ## `user_data`, RINGLINE_CF_LOW_WATER and nothing else in flags, res = buffers left, data = the
  ## pool. It counts toward wait_min, belongs to no op and is never a callback's. Told once, until
  ## more than `mark` buffers were free again. Owner thread (any while there is none). Returns 0,
  ## -EINVAL for a mark above the number of buffers, RINGLINE_ESTALE.

proc ringline_lease_count*(ring: ptr ringline_ring): int32
  ## Leases not given back, over all pools of the ring. Owner thread (any while there is none).

proc ringline_lease_release*(lease: uint64): int32
  ## Give received bytes back: `lease` is the token of a completion with RINGLINE_CF_LEASE. Any
  ## thread, also after the ring is gone. Exactly once: a second time is RINGLINE_ESTALE. Given
  ## back by another thread, the buffer is used again from the owner's next turn on. Returns 0,
  ## RINGLINE_ESTALE or (in a forked child) RINGLINE_EFORKED.

proc ringline_lease_release_many*(leases: ptr uint64, count: uint32): int32
  ## Give back many leases, of any pools; a stale one is passed over. Any thread, as
  ## ringline_lease_release(). Returns how many were given back, or RINGLINE_ENULL.

proc ringline_prep_nop*(op: ptr ringline_op)
  ## NOP: completes with 0; with RINGLINE_NOP_INJECT_RESULT in op_flags with `len` (Linux 6.10).
  ##
  ## For all helpers: what an op needs that is newer than Linux 5.10 is named with it; where the
  ## kernel is older, submit answers RINGLINE_ENOTSUP_KERNEL. `res` < 0 is -errno of the system call
  ## named. "Written until FINAL" is an output that has to live that long; everything else that an
  ## op points to, data excepted, is read when the turn or flush that accepted it returns.

proc ringline_prep_read*(op: ptr ringline_op, fd: int32, buf: pointer, len: uint32, off: uint64)
  ## READ: `len` bytes at `off` (-1 = file position) into `buf`, written until FINAL. res = bytes
  ## read, 0 at the end; may be short.

proc ringline_prep_write*(op: ptr ringline_op, fd: int32, buf: pointer, len: uint32, off: uint64)
  ## WRITE: `len` bytes of `buf`, which is the library's until FINAL, at `off` (-1 = file position).
  ## res = bytes written, may be short; -EPIPE raises no SIGPIPE where the kernel can suppress it
  ## (write_nosignal).

proc ringline_prep_openat*(op: ptr ringline_op, dirfd: int32, path: cstring, flags: int32,
    mode: uint32)
  ## OPENAT: openat(2). res = the new descriptor; with file_index (a named slot + 1, or
  ## RINGLINE_FILE_INDEX_ALLOC) the file goes into the ring's table, and res = 0 or the slot.

proc ringline_prep_close*(op: ptr ringline_op, fd: int32)
  ## CLOSE: close(2). res = 0. For sockets with ops in flight use ringline_prep_lib_close(). With
  ## `fd` 0 and file_index = slot + 1 it closes a registered file. -EBADF for a ring's own
  ## descriptor.

proc ringline_prep_fsync*(op: ptr ringline_op, fd: int32, fsync_flags: uint32)
  ## FSYNC: fsync(2), or fdatasync(2) with `fsync_flags` RINGLINE_FSYNC_DATASYNC. res = 0; -EINVAL
  ## for files that cannot be synced.

proc ringline_prep_poll_add*(op: ptr ringline_op, fd: int32, mask: uint32)
  ## POLL_ADD: once; `mask` of POLLIN etc. res = the events, POLLERR and POLLHUP among them unasked.

proc ringline_prep_poll_multishot*(op: ptr ringline_op, fd: int32, mask: uint32)
  ## POLL_ADD: a completion with MORE for each edge; res = the events. It may end by itself (FINAL
  ## with res >= 0), as when the file is an epoll set that watches this ring: submit it again. Linux
  ## 5.13.

proc ringline_prep_poll_update*(op: ptr ringline_op, token: uint64, mask: uint32, flags: uint32)
  ## POLL_REMOVE as an update: the poll of `token` waits for `mask` from now on, once or again and
  ## again as before; `flags` 0 (RINGLINE_POLL_ADD_MULTI is accepted and changes nothing). res = 0;
  ## -ENOENT when it fired meanwhile, -EALREADY when it is just firing. Submit answers
  ## RINGLINE_ESTALE for a token of nothing in flight. Linux 5.13.

proc ringline_prep_poll_remove*(op: ptr ringline_op, token: uint64)
  ## POLL_REMOVE: end the poll of `token`, which then completes with -ECANCELED. res = 0; -ENOENT
  ## when it was over or is no poll; -EALREADY when it is just firing. Submit answers
  ## RINGLINE_ESTALE for a token of nothing in flight, -EINVAL for that of a library op.

proc ringline_prep_timeout*(op: ptr ringline_op, ts: pointer, count: uint32, flags: uint32)
  ## TIMEOUT: the kernel's timer; `ts` is a struct __kernel_timespec. res = -ETIME, or 0 after
  ## `count` completions.

proc ringline_prep_timeout_update*(op: ptr ringline_op, token: uint64, ts: pointer, flags: uint32)
  ## TIMEOUT_REMOVE as an update: the timeout of `token` gets the time `ts`; `flags` as of timeout,
  ## and RINGLINE_LINK_TIMEOUT_UPDATE when it is a LINK_TIMEOUT (5.15). res = 0; -ENOENT when it was
  ## over or is no timeout; -EALREADY when it is just firing. Submit answers as of poll_remove.
  ## Linux 5.11.

proc ringline_prep_timeout_remove*(op: ptr ringline_op, token: uint64)
  ## TIMEOUT_REMOVE: end the timeout of `token`, which then completes with -ECANCELED. res and the
  ## answers of submit as of timeout_update.

proc ringline_prep_cancel*(op: ptr ringline_op, token: uint64)
  ## ASYNC_CANCEL: ask for the op of `token` to end; its own FINAL says what became of it. res = 0;
  ## -ENOENT when it was over; -EALREADY when it is running and may end or not. Submit answers as of
  ## poll_remove: library ops (timers, SEND_ALL) are cancelled by ringline_cancel(), as all others
  ## can be.

proc ringline_prep_timer*(op: ptr ringline_op, ns: uint64, period_ns: uint64)
  ## LIB_TIMER: fires after `ns`, then every `period_ns` (0 = once). res = periods missed.

proc ringline_prep_post*(op: ptr ringline_op, res: int32)
  ## LIB_POST: a completion with this `res` at the ring's next turn, counted by wait_min and made a
  ## callback by ringline_submit_with(). -ECANCELED when it was cancelled before.

proc ringline_prep_lib_close*(op: ptr ringline_op, fd: int32)
  ## LIB_CLOSE: shutdown (unless a listener), cancel the ops on `fd`, wait for them, close.

proc ringline_prep_link*(ops: ptr ringline_op, count: uint32)
  ## Make `ops[0..count)` a chain: each starts when the one before succeeded.

proc ringline_prep_msg_ring*(op: ptr ringline_op, ring_fd: int32, value: uint32,
    user_data: uint64, flags: uint32)
  ## MSG_RING: a completion on the ring of descriptor `ring_fd` (ringline_info_of() tells it), with
  ## `value` as res, `user_data` (below 2^61) and RINGLINE_CF_MSG alone: it is no operation's. That
  ## ring must be attached (else -EBADFD, as for a descriptor that is no ring). res = 0. A ring that
  ## is not this library's sees bit 63 set in the user_data. `flags` must be 0. Linux 5.18.

proc ringline_prep_uring_cmd*(op: ptr ringline_op, fd: int32, command: uint32, `addr`: uint64,
    len: uint32)
  ## URING_CMD: a command of the file's driver; `addr` and `len` as it defines them. A command of 80
  ## bytes (NVMe passthrough) needs a ring with RINGLINE_CONFIG_BIG: set `ext` of the op to its
  ## address afterwards; it is copied at submit, and the completion carries RINGLINE_CF_EXT.

proc ringline_prep_cmd_sock*(op: ptr ringline_op, fd: int32, command: uint32, level: int32,
    option: int32, value: pointer, len: uint32)
  ## URING_CMD on a socket: `command` of RINGLINE_SOCKET_*. For GETSOCKOPT and SETSOCKOPT `value` of
  ## `len` bytes is the library's until FINAL and res of GETSOCKOPT is its length; for SIOCINQ and
  ## SIOCOUTQ the rest is 0 and res = bytes. Linux 6.7.

proc ringline_prep_files_update*(op: ptr ringline_op, fds: ptr int32, count: uint32, first: uint32)
  ## FILES_UPDATE: put `count` descriptors into the named slots from `first` on; -1 empties a slot,
  ## -2 leaves one alone. Not needed to register files: ringline_file_add(), ringline_file_replace()
  ## and ringline_file_remove() do that at once; this does it in the order of a chain. `fds` is read
  ## by submit already and must not change until FINAL.
  ##
  ## res = how many, from the front; -EBADF, -ENOMEM when the first failed. The slot of the first
  ## descriptor that failed is empty then. A slot that was empty may be named by ops of the same
  ## chain at once, other slots only after FINAL.
  ##
  ## Submit answers -ENXIO without a table; RINGLINE_ENULL; -EINVAL for `count` 0 and for slots that
  ## are not named ones; -EBUSY when ops in flight use one of them.

proc ringline_prep_fixed_fd_install*(op: ptr ringline_op, slot: int32, flags: uint32)
  ## FIXED_FD_INSTALL: an ordinary descriptor for the file in registered slot `slot`; `flags` 0
  ## (close-on-exec) or RINGLINE_FIXED_FD_NO_CLOEXEC. res = the descriptor. Submit answers
  ## RINGLINE_ESTALE for an empty slot. Linux 6.8.

proc ringline_prep_openat2*(op: ptr ringline_op, dirfd: int32, path: cstring, how: pointer,
    size: uint32)
  ## OPENAT2: openat2(2); `how` is a struct open_how of `size` bytes. res and file_index as of
  ## openat.

proc ringline_prep_statx*(op: ptr ringline_op, dirfd: int32, path: cstring, flags: int32,
    mask: uint32, buf: pointer)
  ## STATX: statx(2) into `buf`, a struct statx that is written until FINAL. res = 0.

proc ringline_prep_fallocate*(op: ptr ringline_op, fd: int32, mode: int32, off: uint64, len: uint64)
  ## FALLOCATE: fallocate(2); `mode` of FALLOC_FL_*. res = 0; -EOPNOTSUPP where the file system
  ## cannot.

proc ringline_prep_ftruncate*(op: ptr ringline_op, fd: int32, len: uint64)
  ## FTRUNCATE: ftruncate(2) to `len` bytes. res = 0. Linux 6.9.

proc ringline_prep_sync_file_range*(op: ptr ringline_op, fd: int32, off: uint64, len: uint32,
    flags: uint32)
  ## SYNC_FILE_RANGE: sync_file_range(2); `flags` of SYNC_FILE_RANGE_*. res = 0.

proc ringline_prep_fadvise*(op: ptr ringline_op, fd: int32, off: uint64, len: uint64, advice: int32)
  ## FADVISE: posix_fadvise(2); `advice` of POSIX_FADV_*. res = 0. `len` of 4 GiB and more needs
  ## Linux 6.10.

proc ringline_prep_madvise*(op: ptr ringline_op, `addr`: pointer, len: uint64, advice: int32)
  ## MADVISE: madvise(2); `advice` of MADV_*. res = 0. `len` of 4 GiB and more needs Linux 6.10.

proc ringline_prep_renameat*(op: ptr ringline_op, olddirfd: int32, oldpath: cstring,
    newdirfd: int32, newpath: cstring, flags: uint32)
  ## RENAMEAT: renameat2(2); `flags` of RENAME_*. res = 0. Linux 5.11.

proc ringline_prep_unlinkat*(op: ptr ringline_op, dirfd: int32, path: cstring, flags: int32)
  ## UNLINKAT: unlinkat(2); `flags` 0 or AT_REMOVEDIR. res = 0. Linux 5.11.

proc ringline_prep_mkdirat*(op: ptr ringline_op, dirfd: int32, path: cstring, mode: uint32)
  ## MKDIRAT: mkdirat(2). res = 0. Linux 5.15.

proc ringline_prep_symlinkat*(op: ptr ringline_op, target: cstring, dirfd: int32, path: cstring)
  ## SYMLINKAT: symlinkat(2): `path` becomes a link to `target`. res = 0. Linux 5.15.

proc ringline_prep_linkat*(op: ptr ringline_op, olddirfd: int32, oldpath: cstring,
    newdirfd: int32, newpath: cstring, flags: int32)
  ## LINKAT: linkat(2); `flags` of AT_SYMLINK_FOLLOW and AT_EMPTY_PATH. res = 0. Linux 5.15.

proc ringline_prep_pipe*(op: ptr ringline_op, fds: ptr int32, flags: uint32)
  ## PIPE: pipe2(2); `fds` is int[2], written until FINAL. res = 0. Two ordinary descriptors only:
  ## submit answers -EINVAL to a file_index. Linux 6.16.

proc ringline_prep_sendmsg*(op: ptr ringline_op, fd: int32, msg: pointer, flags: uint32)
  ## SENDMSG: sendmsg(2), always with MSG_NOSIGNAL; `msg` is a struct msghdr. What it names is the
  ## library's until FINAL. res = bytes, may be short.

proc ringline_prep_recvmsg*(op: ptr ringline_op, fd: int32, msg: pointer, flags: uint32)
  ## RECVMSG: recvmsg(2) once; `msg` is a struct msghdr, written until FINAL. With
  ## ringline_prep_pool(): the payload goes into a buffer of the pool, the rest where `msg` says.
  ## res = bytes; msg_flags has MSG_TRUNC and MSG_CTRUNC.

proc ringline_prep_recvmsg_multishot*(op: ptr ringline_op, fd: int32, msg: pointer, pool: int32,
    flags: uint32)
  ## RECVMSG: a completion with MORE and LEASE for each message, from `pool`; take it apart by
  ## ringline_recvmsg_out(). Of `msg` only msg_namelen and msg_controllen count: room for them is
  ## kept in each buffer, with 16 bytes more; a name length that is a multiple of 8 keeps the control
  ## messages aligned. An empty datagram ends it with FINAL and res > 0: submit it again. -ENOBUFS =
  ## no buffer is free: give leases back, then submit it again; -EFAULT = the buffers of the pool are
  ## too small for name and control. A pool with INCREMENTAL is refused (-EINVAL). Linux 6.0.

proc ringline_prep_send_zc*(op: ptr ringline_op, fd: int32, buf: pointer, len: uint32,
    flags: uint32, zc_flags: uint16)
  ## SEND_ZC: send(2) out of the caller's own pages. The first completion (MORE) has the bytes, the
  ## notification (FINAL | NOTIF) says that `buf` is the caller's again; an error may come with or
  ## without one, so only FINAL counts. A peer that does not read keeps the memory from coming back:
  ## neither a cancel nor a close ends what the kernel has queued. RINGLINE_CF_ZC_COPIED: the kernel
  ## copied after all; later SEND_ZC on such a descriptor complete once, with FINAL and ZC_COPIED.
  ## `zc_flags`: 0, RINGLINE_RECVSEND_POLL_FIRST, RINGLINE_RECVSEND_FIXED_BUF (out of the region in
  ## buf_index). -EOPNOTSUPP = the socket can not send so (unix). Linux 6.0; whether it was copied is
  ## told from 6.7.

proc ringline_prep_sendmsg_zc*(op: ptr ringline_op, fd: int32, msg: pointer, flags: uint32)
  ## SENDMSG_ZC: as sendmsg, out of the caller's own pages; completions as of send_zc. Linux 6.1.

proc ringline_prep_recv_zc*(op: ptr ringline_op, fd: int32, queue: uint32, len: uint32)
  ## RECV_ZC: receive into the zero-copy queue `queue` of a network card. Refused with
  ## RINGLINE_ENOTSUP_KERNEL where the ring has none, which is everywhere for now.

proc ringline_prep_socket*(op: ptr ringline_op, domain: int32, kind: int32, protocol: int32)
  ## SOCKET: socket(2). res = the descriptor; file_index as of openat. Linux 5.19.

proc ringline_prep_bind*(op: ptr ringline_op, fd: int32, `addr`: pointer, addrlen: uint32)
  ## BIND: bind(2). res = 0. Linux 6.11.

proc ringline_prep_listen*(op: ptr ringline_op, fd: int32, backlog: int32)
  ## LISTEN: listen(2). res = 0. Linux 6.11.

proc ringline_prep_accept*(op: ptr ringline_op, fd: int32, `addr`: pointer, addrlen: ptr uint32,
    flags: uint32)
  ## ACCEPT: once; `addr` and `addrlen` may be NULL and are written until FINAL. res = the
  ## descriptor. `flags` as in accept4(2).

proc ringline_prep_accept_multishot*(op: ptr ringline_op, fd: int32, `addr`: pointer,
    addrlen: ptr uint32, flags: uint32)
  ## ACCEPT: a completion with MORE for each connection; res as of accept. FINAL with res < 0 or a
  ## full table ends it. Linux 5.19.

proc ringline_prep_connect*(op: ptr ringline_op, fd: int32, `addr`: pointer, addrlen: uint32)
  ## CONNECT: connect(2). res = 0.

proc ringline_prep_connect_timeout*(op: ptr ringline_op, fd: int32, `addr`: pointer,
    addrlen: uint32, timeout_ns: uint64)
  ## LIB_CONNECT_TIMEOUT: as ringline_prep_connect(), given up `timeout_ns` nanoseconds after submit.
  ## res = 0, also when it connected just then; -ETIMEDOUT when the limit ended it, or the error of
  ## connect(2). After a limit or a cancel the socket may still be connecting: close it.

proc ringline_prep_send*(op: ptr ringline_op, fd: int32, buf: pointer, len: uint32, flags: uint32)
  ## SEND: send(2); may be short. `buf` is the library's until FINAL.

proc ringline_prep_send_all*(op: ptr ringline_op, fd: int32, buf: pointer, len: uint32,
    flags: uint32)
  ## LIB_SEND_ALL: goes on after short sends. res = `len`, or -errno with data = bytes the kernel
  ## took. -EBUSY while one runs on the same descriptor.

proc ringline_prep_recv*(op: ptr ringline_op, fd: int32, buf: pointer, len: uint32, flags: uint32)
  ## RECV: recv(2) once into `buf`; res = 0 at the end of the stream. With ringline_prep_pool(),
  ## `buf` NULL and `len` 0: into a buffer of the pool.

proc ringline_prep_recv_multishot*(op: ptr ringline_op, fd: int32, pool: int32, flags: uint32)
  ## RECV: a completion with MORE and LEASE for each piece received, from `pool`. Ends with res
  ## <= 0; -ENOBUFS = no buffer is free: give leases back, then submit it again.
  ##
  ## One that sends as fast as it can fills the whole pool in one turn. From Linux 6.17 on
  ## (RINGLINE_FEATURE_RECV_LIMIT) two fields of the op, to be set after this call, leave the others
  ## their part: `len` is the most that one piece has, and `file_index` ends the receive (a piece
  ## without MORE, res > 0) when it brought so many bytes in all, 2147483647 at most; submit it
  ## again behind the others. The last piece goes beyond the limit by less than `len`, or by any
  ## length where `len` is 0. Without the feature a `file_index` is RINGLINE_ENOTSUP_KERNEL: receive
  ## by ringline_prep_recv() from the pool, with `len` set, whoever sends much.

proc ringline_prep_shutdown*(op: ptr ringline_op, fd: int32, how: int32)
  ## SHUTDOWN: shutdown(2). res = 0; -ENOTCONN. Linux 5.11.

proc ringline_prep_pool*(op: ptr ringline_op, pool: int32)
  ## Let a filled recv or read take its buffer from `pool`.

proc ringline_prep_quiet*(op: ptr ringline_op)
  ## Make a filled SEND QUIET: no completion when the kernel takes it whole at once, else a FINAL
  ## with the count. Sets MSG_DONTWAIT | MSG_WAITALL.

proc ringline_prep_readv*(op: ptr ringline_op, fd: int32, iovecs: pointer, count: uint32,
    off: uint64, flags: uint32)
  ## READV: into `count` struct iovec at `off` (-1 = file position). res = bytes read. With
  ## ringline_prep_pool() and one iovec: into a buffer of the pool.

proc ringline_prep_writev*(op: ptr ringline_op, fd: int32, iovecs: pointer, count: uint32,
    off: uint64, flags: uint32)
  ## WRITEV: out of `count` struct iovec at `off` (-1 = file position). res = bytes written.

proc ringline_prep_read_fixed*(op: ptr ringline_op, fd: int32, buf: pointer, len: uint32,
    off: uint64, buf_index: uint16)
  ## READ_FIXED: as read, into memory of the registered buffer `buf_index`. Submit answers
  ## RINGLINE_ESTALE where nothing is registered, -EFAULT when `buf` and `len` leave it.

proc ringline_prep_write_fixed*(op: ptr ringline_op, fd: int32, buf: pointer, len: uint32,
    off: uint64, buf_index: uint16)
  ## WRITE_FIXED: as write, out of memory of the registered buffer `buf_index`. Submit answers as of
  ## read_fixed.

proc ringline_prep_readv_fixed*(op: ptr ringline_op, fd: int32, iovecs: pointer, count: uint32,
    off: uint64, flags: uint32, buf_index: uint16)
  ## READV_FIXED: as readv, into memory of the registered buffer `buf_index`. res = -EFAULT when
  ## the vectors leave it. Linux 6.15.

proc ringline_prep_writev_fixed*(op: ptr ringline_op, fd: int32, iovecs: pointer, count: uint32,
    off: uint64, flags: uint32, buf_index: uint16)
  ## WRITEV_FIXED: as writev, out of memory of the registered buffer `buf_index`. res = -EFAULT
  ## when the vectors leave it. Linux 6.15.

proc ringline_prep_read_multishot*(op: ptr ringline_op, fd: int32, pool: int32)
  ## READ_MULTISHOT: a completion with MORE and LEASE for each piece read from a pipe, terminal or
  ## other file that can be polled, out of `pool`. Ends with res <= 0. Linux 6.7.

proc ringline_prep_splice*(op: ptr ringline_op, fd_in: int32, off_in: int64, fd_out: int32,
    off_out: int64, len: uint32, flags: uint32)
  ## SPLICE: move up to `len` bytes from `fd_in` to `fd_out` without copying; one of them is a pipe.
  ## An offset is -1 for a pipe (and for the file position). `flags` of SPLICE_F_*, or
  ## RINGLINE_SPLICE_FD_IN_FIXED. The op is on `fd_out`: a RINGLINE_LIB_CLOSE of `fd_in` does not
  ## end it. res = bytes moved, 0 at the end; -EINVAL when neither is a pipe. A registered slot in
  ## `fd_in` is in use until FINAL.

proc ringline_prep_tee*(op: ptr ringline_op, fd_in: int32, fd_out: int32, len: uint32,
    flags: uint32)
  ## TEE: copy up to `len` bytes from the pipe `fd_in` to the pipe `fd_out`; they stay in `fd_in`.
  ## res = bytes. What is said of `fd_in` and `flags` in splice holds here too.

proc ringline_prep_epoll_ctl*(op: ptr ringline_op, epfd: int32, operation: int32, fd: int32,
    event: pointer)
  ## EPOLL_CTL: epoll_ctl(2); `event` is a struct epoll_event. res = 0. An epoll set may watch the
  ## ring itself; a multishot poll of that set then ends at the ring's first completion.

proc ringline_prep_epoll_wait*(op: ptr ringline_op, epfd: int32, events: pointer, max: uint32,
    flags: uint32)
  ## EPOLL_WAIT: epoll_wait(2) into `events`, written until FINAL. res = how many. Linux 6.15.

proc ringline_prep_link_timeout*(op: ptr ringline_op, ts: pointer, flags: uint32)
  ## LINK_TIMEOUT: behind the op that it limits, in its chain: cancels that op (with IO_LINK) when
  ## `ts`, a struct __kernel_timespec, is over. res = -ETIME when it did, -ECANCELED when it was in
  ## time; -EALREADY when the op was running and could not be stopped. Submit answers -EINVAL
  ## anywhere else than behind an op of its chain.

proc ringline_prep_futex_wait*(op: ptr ringline_op, futex: ptr uint32, value: uint64,
    mask: uint64, flags: uint32)
  ## FUTEX_WAIT: until `futex` is woken (res = 0); -EAGAIN when it does not hold `value`. `flags` of
  ## RINGLINE_FUTEX2_*, `mask` RINGLINE_FUTEX_ANY or bits to match. Linux 6.7.

proc ringline_prep_futex_wake*(op: ptr ringline_op, futex: ptr uint32, count: uint64,
    mask: uint64, flags: uint32)
  ## FUTEX_WAKE: wake up to `count` waiters of `futex`. res = how many. Linux 6.7.

proc ringline_prep_futex_waitv*(op: ptr ringline_op, futexes: pointer, count: uint32)
  ## FUTEX_WAITV: until one of `count` struct futex_waitv is woken. res = which. Linux 6.7.

proc ringline_prep_waitid*(op: ptr ringline_op, idtype: int32, id: int32, info: pointer,
    options: int32, flags: uint32)
  ## WAITID: waitid(2) of P_PID, P_PGID, P_PIDFD or P_ALL; `info` is a siginfo_t, may be NULL,
  ## written until FINAL. `flags` must be 0. res = 0; -ECHILD when there is none. Linux 6.7.

proc ringline_prep_getxattr*(op: ptr ringline_op, path: cstring, name: cstring, value: pointer,
    len: uint32)
  ## GETXATTR: getxattr(2) of `path` into `value`, written until FINAL. res = the length (with `len`
  ## 0 as well); -ENODATA, -ERANGE. Linux 5.19.

proc ringline_prep_setxattr*(op: ptr ringline_op, path: cstring, name: cstring, value: pointer,
    len: uint32, flags: int32)
  ## SETXATTR: setxattr(2) of `path`; `flags` 0, XATTR_CREATE or XATTR_REPLACE. res = 0; -EEXIST,
  ## -ENODATA. Linux 5.19.

proc ringline_prep_fgetxattr*(op: ptr ringline_op, fd: int32, name: cstring, value: pointer,
    len: uint32)
  ## FGETXATTR: fgetxattr(2) into `value`, written until FINAL. res as of getxattr. Linux 5.19.

proc ringline_prep_fsetxattr*(op: ptr ringline_op, fd: int32, name: cstring, value: pointer,
    len: uint32, flags: int32)
  ## FSETXATTR: fsetxattr(2); `flags` 0, XATTR_CREATE or XATTR_REPLACE. res as of setxattr. Linux
  ## 5.19.

proc ringline_stats_prometheus*(ring: ptr ringline_ring, buf: cstring, cap: csize_t): int32
  ## Write the counters of the ring in the text format of Prometheus: for each counter of
  ## ringline_stats a HELP line, a TYPE line and `ringline_NAME_total{ring="N"} VALUE`, where N is
  ## the place of the handle, which a later ring may have again. Terminated, cut off at `cap` bytes.
  ## Any thread; allocates nothing. `buf` may be NULL when `cap` is 0.
  ##
  ## Returns the length of the whole text without the terminator, like snprintf(3), or
  ## RINGLINE_ESTALE, RINGLINE_EFORKED, RINGLINE_ENULL.

proc ringline_recvmsg_out*(rec: ptr ringline_completion, namelen: uint32, controllen: uint32,
    `out`: ptr ringline_message): int32
  ## Take a completion of ringline_prep_recvmsg_multishot() apart into `out`. `namelen` and
  ## `controllen` are msg_namelen and msg_controllen of the msghdr that the op was submitted with.
  ## Reads only the header in the leased buffer. Any thread, as long as the lease is held.
  ##
  ## Returns payload_len; RINGLINE_ENULL; RINGLINE_ESTALE for a completion without a lease (res <= 0,
  ## or not of a pool); -EBADMSG when header, name and control do not fit into the received bytes:
  ## the lengths are not those of the op.

proc ringline_region_alloc*(ring: ptr ringline_ring, len: uint64, flags: uint32,
    address: ptr pointer): int32
  ## Allocate `len` bytes (1 GiB at most), zeroed and aligned to pages, and register them as a fixed
  ## buffer. `*address` gets the first byte. `flags` is 0 or RINGLINE_REGION_HUGE (huge pages,
  ## reserved ones or by advice; ringline_region_info_of tells). The memory is the ring's: it is gone
  ## with ringline_region_release() or with the ring, but for a forced free, after which it stays
  ## until the kernel is seen to be done. Owner thread (any while there is none).
  ##
  ## Returns the region's id, which is the buf_index of READ_FIXED, WRITE_FIXED and SEND_ZC;
  ## -EINVAL, -ENOMEM (RLIMIT_MEMLOCK counts), -ENFILE (64 regions), RINGLINE_ENULL,
  ## RINGLINE_ENOTSUP_KERNEL (fixed_buffers: 5.19).

proc ringline_region_register*(ring: ptr ringline_ring, address: pointer, len: uint64): int32
  ## Register `len` bytes of the caller's (1 GiB at most) as a fixed buffer. The memory has to stay
  ## mapped until ringline_region_release() returned 0 or the ring is freed (what an ABANDONED op
  ## used: for ever). Owner thread (any while there is none). Returns as ringline_region_alloc(),
  ## and -EFAULT for memory that is not mapped.

proc ringline_region_release*(ring: ptr ringline_ring, region: int32): int32
  ## Unregister a region; memory of ringline_region_alloc() is gone then. Owner thread (any while
  ## there is none). Returns 0, -EBUSY while ops in flight use it, RINGLINE_ESTALE.

proc ringline_region_info_of*(ring: ptr ringline_ring, region: int32,
    `out`: ptr ringline_region_info): int32
  ## Tell what a region is like. Owner thread (any while there is none). Returns 0, RINGLINE_ESTALE,
  ## RINGLINE_ENULL, -EINVAL.

proc ringline_region_cut*(ring: ptr ringline_ring, region: int32, size: uint32): int32
  ## Cut a region into equal buffers of `size` bytes, for ringline_buf_take(). Owner thread (any
  ## while there is none). Returns how many there are; -EINVAL for a size that does not fit, -EBUSY
  ## while buffers of an earlier cut are taken, -ENOMEM, RINGLINE_ESTALE.

proc ringline_buf_take*(ring: ptr ringline_ring, region: int32, address: ptr pointer): int64
  ## Take a buffer of a region that was cut: `*address` gets its first byte. It is the caller's until
  ## ringline_buf_put(); put it back after the FINAL of the op that sends it. Owner thread (any while
  ## there is none). Returns the buffer's id; -EAGAIN when all are taken, -EINVAL for a region that
  ## was not cut, RINGLINE_ESTALE, RINGLINE_ENULL.

proc ringline_buf_put*(ring: ptr ringline_ring, buf: int64): int32
  ## Put a buffer back, exactly once. Owner thread (any while there is none). Returns 0, or
  ## RINGLINE_ESTALE for what was put back already or never was a buffer.

proc ringline_create*(config: ptr ringline_config, `out`: ptr ptr ringline_ring): int32
  ## Create a ring. `config` may be NULL (all defaults). On success `*out` is its handle.
  ##
  ## The ring has no owner yet: ops may be submitted and wait in user space until the first thread
  ## that calls attach, turn, run or flush owns it. May take up to a second while the kernel gives
  ## back locked memory of earlier rings.
  ##
  ## Returns 0, RINGLINE_ENULL, -EINVAL or -E2BIG for the config, -ENFILE when 16384 handles exist,
  ## RINGLINE_ENOTSUP_KERNEL for RINGLINE_CONFIG_BIG, or what io_uring_setup(2) says: -EPERM (sysctl
  ## or seccomp, which may forbid io_uring_enter(2) or io_uring_register(2) alone), -ENOSYS, -ENOMEM
  ## (RLIMIT_MEMLOCK), -EMFILE; ringline_error_detail() names the call and the remedy.

proc ringline_attach*(ring: ptr ringline_ring): int32
  ## Make the calling thread the owner, for good (until detach). Returns 0 (also when it is the owner
  ## already), RINGLINE_EWRONGTHREAD when another thread is, RINGLINE_ESTALE, RINGLINE_EFORKED.

proc ringline_detach*(ring: ptr ringline_ring): int32
  ## Let go of the ring, so that another thread can attach it: it gets a new kernel ring under the
  ## same handle; pools are registered again. Owner thread only. Returns 0, -EBUSY when anything is
  ## in flight, RINGLINE_EREENTRANT inside a callback.

proc ringline_info_of*(ring: ptr ringline_ring, `out`: ptr ringline_info): int32
  ## Tell what the ring got. Owner thread (any while it has none). Returns 0, RINGLINE_ENULL,
  ## -EINVAL for a size that cannot be.

proc ringline_shared_block*(ring: ptr ringline_ring): ptr ringline_shared
  ## The shared block of the ring, or NULL (ringline_error_detail() says why). Owner thread (any
  ## while it has none). Its address is stable until the ring is freed.

proc ringline_close*(ring: ptr ringline_ring, timeout_ns: int64): int32
  ## Cancel everything and drain. New ops are refused with RINGLINE_ECLOSED from now on; completions
  ## still come by turn. Waits up to `timeout_ns` (0 = do not wait, -1 = forever); callbacks run.
  ## Owner thread; binds a ring without owner; any thread once the owner thread is gone (then nothing
  ## can be drained).
  ##
  ## Returns 0 when nothing is in flight any more, else how many ops are (time is over, or the
  ## records are full: turn, then close again); RINGLINE_EREENTRANT with a timeout inside a callback.

proc ringline_free*(ring: ptr ringline_ring): int32
  ## End the ring: cancel, drain for up to a second (callbacks run, records are dropped: close first
  ## to see them), release everything. What the kernel does not let go gets FINAL | ABANDONED. Inside
  ## a callback it happens when the loop returns. Owner thread; any thread while there is no owner or
  ## when the owner thread is gone.
  ##
  ## A dropped record that carries a descriptor (of accept, openat, openat2, socket,
  ## fixed_fd_install; the two of pipe, at their address) is closed with it; what a record has shown
  ## is the caller's. The kernel may still open one for an op that was abandoned: that one stays
  ## open.
  ##
  ## Returns how many ops were abandoned (0 = clean), RINGLINE_ESTALE for a second free.

proc ringline_abandon*(ring: ptr ringline_ring): int32
  ## Free as soon as it is legal; for finalisers, from any thread. The owner frees the ring at its
  ## next turn (which then answers RINGLINE_ECLOSED, and what it would have shown is dropped, as
  ## ringline_free() does); without an owner it is freed now; when the owner thread is gone (joined,
  ## for one), now too. Returns 0, RINGLINE_ESTALE, RINGLINE_EFORKED.

proc ringline_state*(ring: ptr ringline_ring): int32
  ## RINGLINE_STATE_* of the ring. Owner thread (any while it has none).

proc ringline_inflight*(ring: ptr ringline_ring): int64
  ## Operations in flight, timers included. Owner thread (any while it has none).

proc ringline_set_user*(ring: ptr ringline_ring, user: uint64): int32
  ## Keep a number of the caller's with the ring. Owner thread (any while it has none).

proc ringline_user*(ring: ptr ringline_ring, `out`: ptr uint64): int32
  ## The number kept with ringline_set_user(); 0 at first. Owner thread (any while it has none).
  ## Returns 0 or RINGLINE_ENULL.

proc ringline_run_once*(ring: ptr ringline_ring, wait_min: uint32, timeout_ns: int64): int32
  ## Wait once for `wait_min` completions or `timeout_ns` (-1 = forever, 0 = do not wait), run the
  ## callbacks, show records in the shared block. As ringline_turn() without its ops. Owner thread;
  ## binds a ring without owner. Returns how many completions it told, callbacks and records
  ## together, also those that an earlier call took out of the kernel's queue (a close with a
  ## timeout, a prepare); or as ringline_turn().

proc ringline_run*(ring: ptr ringline_ring): int32
  ## Run callbacks until ringline_stop(), until nothing is in flight and nobody holds a mailbox of
  ## the ring, or until a completion without callback came. Owner thread; binds a ring without
  ## owner. Signals do not end it (a handler may call ringline_stop).
  ##
  ## Returns 0 when stopped or nothing is in flight, > 0 = that many records wait in shared->recs;
  ## or as ringline_turn().

proc ringline_stop*(ring: ptr ringline_ring): int32
  ## Make ringline_run() return, or the present or next wait of a turn end early. Any thread, signal
  ## handlers and callbacks; async-signal-safe, errno is kept. Returns 0,
  ## RINGLINE_ESTALE or RINGLINE_EFORKED.

proc ringline_runtime_create*(config: ptr ringline_runtime_config,
    `out`: ptr ptr ringline_runtime): int32
  ## Make a runtime. `config` may be NULL (all defaults). On success `*out` is its handle; no thread
  ## runs yet. Any thread. Returns 0, RINGLINE_ENULL, -EINVAL or -E2BIG for the config, -ENFILE when
  ## 16384 handles exist.

proc ringline_runtime_set_handlers*(runtime: ptr ringline_runtime,
    handlers: ptr ringline_runtime_handlers): int32
  ## Set the callbacks, before start. They are copied. Any thread. Returns 0, RINGLINE_ENULL, -EINVAL
  ## or -E2BIG for the struct, -EALREADY after start, RINGLINE_ESTALE, RINGLINE_EFORKED.

proc ringline_runtime_listen*(runtime: ptr ringline_runtime, address: cstring,
    backlog: uint32): int32
  ## Listen on `address`: "127.0.0.1:8080", "[::1]:8080", "[fe80::1%eth0]:8080" (numbers only, names
  ## are not looked up: see ringline_resolve(); port 0 = the kernel chooses, see
  ## ringline_runtime_port()), "unix:/path" or "unix:@abstract"; or for datagrams, which are told by
  ## `datagram` and have no `backlog`, on "udp:127.0.0.1:53", "udp:[::1]:53", "unixgram:/path" or
  ## "unixgram:@abstract". What is wrong with an address ringline_error_detail() says. Each worker
  ## has a socket of its own on the same port and the kernel spreads the clients, and datagrams by
  ## their sender. They are bound now; each listens when its worker first turns, with `backlog`
  ## clients waiting at most (0 = 4096). A path stays when the listener is closed. Any thread, before
  ## and after start.
  ##
  ## A port is the listener's alone: one that somebody serves is -EADDRINUSE, and nobody gets it
  ## afterwards; sharing is asked for by RINGLINE_LISTEN_SHARED of ringline_runtime_listen_with().
  ## What cannot be refused, where there are two workers or more: a later program of the same user's
  ## that itself asks for SO_REUSEPORT.
  ##
  ## Returns the listener's id (> 0), RINGLINE_ENULL, -EINVAL for the address or the backlog, -ENODEV
  ## for an interface that there is not, what socket(2) and bind(2) say (-EADDRINUSE,
  ## -EADDRNOTAVAIL, -EACCES, -EMFILE), -ENFILE (4096 listeners), RINGLINE_ECLOSED after stop,
  ## RINGLINE_ESTALE, RINGLINE_EFORKED.

proc ringline_runtime_port*(runtime: ptr ringline_runtime, listener: uint32): int32
  ## The port of a listener; 0 for a path. Any thread. Returns it, or RINGLINE_ESTALE (also for a
  ## listener that was closed), RINGLINE_EFORKED.

proc ringline_runtime_listener_close*(runtime: ptr ringline_runtime, listener: uint32): int32
  ## Close a listener: each worker closes its socket soon; connections stay. Whoever's connect(2) had
  ## returned before the call is accepted first, and datagrams that had come are told, and answered
  ## by ringline_udp_send(); so a port takes clients for some 20 ms more, and for close_timeout_ns at
  ## most where there is no room or no descriptor for all who wait. A handshake still under way may
  ## be reset. Any thread. Returns 0, RINGLINE_ESTALE (also for a listener that was closed),
  ## RINGLINE_EFORKED.

proc ringline_runtime_start*(runtime: ptr ringline_runtime): int32
  ## Start the workers: exactly one thread each, kept on a processor of its own as far as there are
  ## any (RINGLINE_RUNTIME_UNPINNED leaves them), with all signals blocked. Returns when each has its
  ## ring, has called its start callback and listens. Any thread.
  ##
  ## Returns 0, -EALREADY, RINGLINE_ECLOSED after stop, -EAGAIN (no thread), or what
  ## ringline_create() and ringline_pool_create() say; then no thread is left. RINGLINE_ESTALE,
  ## RINGLINE_EFORKED.

proc ringline_runtime_stop*(runtime: ptr ringline_runtime, grace_ns: int64): int32
  ## End the workers. stopping tells each that it began, and stop, the last callback, that it is
  ## over; `grace_ns` later (0 = at once, -1 = no limit) what is left closes at once. A second call
  ## can only shorten the time.
  ##
  ## With a grace listeners close as by ringline_runtime_listener_close(), connects under way are
  ## broken off (-ECANCELED), and each connection is served to the end: what is unread is shown, what
  ## is answered is sent, and when one look finds nothing unread, all sent, and nothing that a pause
  ## left, it closes gracefully. A TLS handshake goes on to its end, and what the other
  ## end says first behind it is waited for, as long as a handshake may take. Whose answer depends on
  ## something else, such as another connection, finishes that before it calls this, with
  ## ringline_runtime_listener_close(), or pauses the connection with what was asked left. Within
  ## a limit nobody is cut off for taking little. Without one, who takes less than min_rate of what
  ## it is sent for close_timeout_ns is not shown anything more and closes as by
  ## ringline_conn_close(). Who took all and does not end is closed after close_timeout_ns in either
  ## case: a client that keeps its end open makes a stop last so long.
  ##
  ## Functions of ringline_work() that run are waited for, also after a grace of 0; but where a stop
  ## has a limit (grace_ns > 0), those that still run when it is over are left behind (see
  ## ringline_work()), and the workers end. Any thread, callbacks and signal handlers;
  ## async-signal-safe, errno is kept. Returns 0, RINGLINE_ESTALE, RINGLINE_EFORKED.

proc ringline_runtime_join*(runtime: ptr ringline_runtime, timeout_ns: int64): int32
  ## Wait until all workers are over, for `timeout_ns` at most (0 = only look, -1 = for ever); not
  ## for adopted ones, but for the functions of ringline_work() that run. Any thread, but no callback
  ## of a worker and no function of ringline_work(), for which a worker waits: those get
  ## RINGLINE_EREENTRANT. Returns 0, -ETIMEDOUT, RINGLINE_EPANIC when a worker ended by an internal
  ## error, RINGLINE_ESTALE, RINGLINE_EFORKED.

proc ringline_runtime_free*(runtime: ptr ringline_runtime): int32
  ## End the runtime: stop with a grace of 0, wait for the workers (their callbacks still run) and
  ## for functions of ringline_work() that no stop with a limit left behind, give everything back. In
  ## a callback, and in a function of ringline_work(), the handle is stale at once, and the workers
  ## end when it has returned. A worker that the calling thread adopted ends here; those that other
  ## threads adopted end at their next turns. Any thread. Returns 0, RINGLINE_EPANIC when a worker
  ## ended by an internal error, RINGLINE_ESTALE for a second free, RINGLINE_EFORKED.

proc ringline_worker_adopt*(runtime: ptr ringline_runtime, index: uint32,
    `out`: ptr ptr ringline_worker_block): int32
  ## Make the calling thread the worker `index` of a runtime: it gets a ring and listens, and its
  ## events are records in the block that `*out` names, instead of callbacks. Turn it with
  ## ringline_worker_turn(); between turns every function of connections is legal on this thread.
  ## ringline_runtime_start() starts the workers that nobody adopted before. A thread is one worker
  ## at most; when it exits, its worker ends at once. The worker's signals are the thread's: a
  ## handler ends a turn.
  ##
  ## Returns 0; -EINVAL for the index; -EALREADY when a thread is this worker already, or was; -EBUSY
  ## when the calling thread is a worker already; RINGLINE_ECLOSED after stop; RINGLINE_ENULL; what
  ## ringline_create() and ringline_pool_create() say; RINGLINE_ESTALE; RINGLINE_EFORKED.

proc ringline_worker_turn*(runtime: ptr ringline_runtime): int32
  ## One turn of the adopted worker that the calling thread is: what was asked for since the last
  ## turn is done, data of the last turn is given back (see ringline_event.consumed), and the thread
  ## sleeps until there are events, block->timeout_ns at most. They are in block->events.
  ##
  ## Returns how many there are, 0 when the time was over; -EINTR when a signal handler ran and
  ## nothing else came; RINGLINE_ECLOSED after the turn that showed RINGLINE_EVENT_STOP: the worker
  ## is over, its block is gone, and the thread may leave. RINGLINE_EREENTRANT in a callback,
  ## RINGLINE_EWRONGTHREAD where no such worker was adopted, RINGLINE_EPANIC and RINGLINE_EPOISONED
  ## after an internal error, RINGLINE_ESTALE, RINGLINE_EFORKED.

proc ringline_worker_take*(runtime: ptr ringline_runtime, event: ptr ringline_event,
    `out`: ptr ringline_lease): int32
  ## Keep the bytes of one record of the last turn (one of kind RINGLINE_EVENT_DATA, by its address
  ## in block->events), as ringline_conn_take() does in a data callback: they stay where they are
  ## until ringline_conn_send_lease() has sent them or ringline_lease_release() gives them back, and
  ## count as consumed; of the record's `consumed` only a negative value is looked at then. On the
  ## worker's thread, between turns.
  ##
  ## Returns 0; -EINVAL when `event` is no record of data of the last turn; -ENODATA when its bytes
  ## were taken already or are not in the pool (an earlier turn or a pause left them, or they came by
  ## TLS, or it is the end): copy them; -ENOBUFS as ringline_conn_take(); RINGLINE_ENULL; -EINVAL or
  ## -E2BIG for the size in `out`; RINGLINE_ESTALE also when the connection is over;
  ## RINGLINE_EWRONGTHREAD where no such worker was adopted; RINGLINE_EREENTRANT in a callback of the
  ## turn; RINGLINE_EPOISONED after an internal error; RINGLINE_EFORKED.

proc ringline_runtime_config_init*(config: ptr ringline_runtime_config): int32
  ## Fill a runtime's config with the defaults, which are zeros, and set its size. Any thread.
  ## Returns 0 or RINGLINE_ENULL.

proc ringline_conn_send*(runtime: ptr ringline_runtime, conn: uint64, bytes: pointer,
    length: csize_t): int32
  ## Send `length` bytes, behind what is queued; all of them or none. They may change when this
  ## returns: they are copied, and leave when the callback has returned, small ones together; of 16
  ## KiB and more, with nothing but one small message before them, what the kernel takes leaves at
  ## once and only the rest is copied. In the worker's callbacks only.
  ##
  ## Returns 0; -EAGAIN when high_water bytes are queued: wait for writable; RINGLINE_ECLOSED after
  ## close or shutdown; -EMSGSIZE above 1 GiB; -ENOMEM (the connection closes when a part of a long
  ## message had left); RINGLINE_ENULL; RINGLINE_EWRONGTHREAD;
  ## RINGLINE_ESTALE when the connection is over; RINGLINE_EFORKED.

proc ringline_conn_close*(runtime: ptr ringline_runtime, conn: uint64, how: uint32): int32
  ## Close: RINGLINE_CLOSE_GRACEFULLY sends what is queued, says that nothing more comes, and waits
  ## for the other end to do so, dropping what it sends; RINGLINE_CLOSE_AT_ONCE drops what is queued
  ## and resets the connection. No data is shown any more; the close callback comes later, never from
  ## here. In the worker's callbacks only.
  ##
  ## A graceful close lasts as long as the other end takes bytes, also those that the kernel has
  ## already. When it took less than min_rate for close_timeout_ns, the reason is -ETIMEDOUT, and
  ## `queued` and `untaken` of ringline_conn_info say what it did not get: what the kernel did not
  ## take is dropped by a reset, and so is lent memory, which is released; what the kernel copied it
  ## goes on to send. When it took all and does not end, the connection is closed close_timeout_ns
  ## later, with the reason 0. An other end that ended before is not waited for: the kernel sends
  ## what it has.
  ##
  ## Returns 0, RINGLINE_ECLOSED when it closes already, -EINVAL, and as ringline_conn_send().

proc ringline_conn_shutdown*(runtime: ptr ringline_runtime, conn: uint64): int32
  ## Send nothing more: after what is queued the other end is told so, and what it still sends is
  ## shown. In the worker's callbacks only. Returns 0 and as ringline_conn_send().

proc ringline_conn_pause*(runtime: ptr ringline_runtime, conn: uint64): int32
  ## Show no data until ringline_conn_resume(): the other end is held back once the kernel's buffers
  ## are full. What was on its way is kept. That the other end is gone (a reset, not an orderly end)
  ## is noticed nevertheless, and ends the pause: all that it sent before is shown, in one piece, and
  ## then the connection closes, also where that callback pauses once more: what it leaves is
  ## dropped. See RINGLINE_CONN_GONE. In the worker's callbacks only. Returns 0,
  ## RINGLINE_EWRONGTHREAD, RINGLINE_ESTALE, RINGLINE_EFORKED.

proc ringline_conn_resume*(runtime: ptr ringline_runtime, conn: uint64): int32
  ## Show data again; what is kept is shown after the callback. In the worker's callbacks only.
  ## Returns as ringline_conn_pause().

proc ringline_conn_set_user*(runtime: ptr ringline_runtime, conn: uint64, user: uint64): int32
  ## Keep a number with a connection, which the callbacks get. In the worker's callbacks only.
  ## Returns as ringline_conn_pause().

proc ringline_conn_info_of*(runtime: ptr ringline_runtime, conn: uint64,
    `out`: ptr ringline_conn_info): int32
  ## What a connection is like, the other end's address included. In the worker's callbacks only.
  ## Returns 0, RINGLINE_ENULL, -EINVAL and as ringline_conn_pause().

proc ringline_udp_send*(runtime: ptr ringline_runtime, listener: uint32, to: pointer,
    to_length: uint32, bytes: pointer, length: csize_t): int32
  ## Send a copy of `length` bytes (0 as well) as one datagram to the sockaddr `to` of `to_length`
  ## bytes, such as the datagram callback got, by the socket that this worker has of `listener`. They
  ## leave when the callback has returned, several at a time; datagrams of one size to the same
  ## address go in one system call where the kernel cuts them (UDP_SEGMENT). What the kernel then
  ## refuses is lost, as datagrams are, and counted (datagrams_lost): no route, a Unix socket that is
  ## full or gone. ringline_runtime_listener_close() sends what is queued. In the worker's callbacks
  ## only.
  ##
  ## Returns 0; -EAGAIN when 64 sends are under way: wait for writable; -EINVAL for an address that
  ## is not of the listener's family; -EMSGSIZE above 65507 bytes (65536 for unixgram:); -ENOMEM;
  ## RINGLINE_ENULL; RINGLINE_EWRONGTHREAD; RINGLINE_ESTALE for a listener that is closed or not for
  ## datagrams; RINGLINE_EFORKED.

proc ringline_conn_take*(runtime: ptr ringline_runtime, conn: uint64,
    `out`: ptr ringline_lease): int32
  ## In a data callback: keep the bytes that are shown, as a lease. They stay where they are until
  ## ringline_conn_send_lease() has sent them or ringline_lease_release() gives them back (any
  ## thread), also when the connection is over. All bytes shown count as consumed then: of what the
  ## callback returns only a negative value is looked at. In that callback only.
  ##
  ## On an adopted worker: between turns, and it keeps the first record of this connection in the
  ## turn that nobody took yet and that can be kept, which need not be the one in hand: where a turn
  ## may show several of one connection, ringline_worker_take() names it.
  ##
  ## Returns 0; -ENODATA when these bytes are not in the pool (an earlier callback or a pause left
  ## them, or they came by TLS): copy them; -ENOBUFS when only a quarter of the receive buffers is
  ## left, which is for the other connections: copy them (counted in take_refusals); RINGLINE_ENULL,
  ## -EINVAL, RINGLINE_EWRONGTHREAD, RINGLINE_ESTALE, RINGLINE_EFORKED.

proc ringline_conn_send_lease*(runtime: ptr ringline_runtime, conn: uint64, lease: uint64,
    bytes: pointer, length: csize_t): int32
  ## Send `length` bytes at `bytes`, which are (a part of) those of `lease`, behind what is queued,
  ## without a copy. The lease is the library's from now on, and it gives it back when they are
  ## sent or the connection is over. In the worker's callbacks only.
  ##
  ## Returns 0; an error leaves the lease to the caller: RINGLINE_ESTALE also when the lease was
  ## given back or sent already, -EINVAL when the bytes are not in its pool, RINGLINE_EWRONGTHREAD
  ## also for a lease of another thread's pool, and as ringline_conn_send().

proc ringline_conn_sendv*(runtime: ptr ringline_runtime, conn: uint64, iovecs: pointer,
    count: uint32): int32
  ## Send a copy of `count` slices (struct iovec of <sys/uio.h>), one behind the other; all of them
  ## or none. In the worker's callbacks only. Returns as ringline_conn_send(), and -EINVAL above 1024
  ## slices.

proc ringline_conn_send_zc*(runtime: ptr ringline_runtime, conn: uint64, bytes: pointer,
    length: csize_t, cookie: uint64): int32
  ## Send `length` bytes out of the caller's memory, behind what is queued. They must stay as they
  ## are until the released callback comes with `cookie` (always later, never from here). Where the
  ## kernel copies after all (loopback), messages of 16 KiB at most are copied at once and
  ## released soon.
  ## In the worker's callbacks only. Returns as ringline_conn_send(), and -ENOBUFS for a length of 0
  ## while 65536 releases wait to be told; an error means no callback.

proc ringline_conn_send_file*(runtime: ptr ringline_runtime, conn: uint64, fd: int32,
    offset: uint64, length: uint64, cookie: uint64): int32
  ## Send `length` bytes of a regular file from `offset` on, behind what is queued; 0 = up to its end
  ## as it is now. They count as queued. The file's own position is neither used nor moved. `fd` must
  ## stay open until the released callback comes with `cookie` (always later, never from here). A
  ## file that ends before `length` closes the connection with -ENODATA, a read that fails with its
  ## -errno: the other end was promised more. Files that the kernel makes up (/proc, /sys) do not say
  ## how long they are: those are sent with a `length` only. In the worker's callbacks only.
  ##
  ## Returns 0; -ENODATA when the file is shorter now; -EINVAL (no regular file, or `length` is 0 and
  ## the file does not say how long it is), -EBADF; -ENOBUFS
  ## for nothing of a file while 65536 releases wait to be told; and as ringline_conn_send(). An
  ## error means no callback.

proc ringline_conn_set_timeouts*(runtime: ptr ringline_runtime, conn: uint64,
    timeouts: ptr ringline_conn_timeouts): int32
  ## Limit how long a connection may do nothing; the time starts now. It is closed at once with the
  ## reason -ETIMEDOUT, an eighth of idle_ns or write_ns late at most; what came and was not shown
  ## yet, as the worker is late, counts as something. Timeouts end with the connection; a later call
  ## replaces them, NULL ends them. In the worker's callbacks only. Returns 0, -EINVAL or -E2BIG for
  ## the struct and as ringline_conn_pause().

proc ringline_conn_connect*(runtime: ptr ringline_runtime, address: cstring, timeout_ns: uint64,
    user: uint64, `out`: ptr uint64): int32
  ## Connect to `address` (as in ringline_runtime_listen(), but for datagrams, which have no
  ## connections), for `timeout_ns` at most (0 = as long as the kernel tries). `*out` is the id of
  ## the connection to be, `user` what its callbacks get. The connect callback tells what became of
  ## it, never from here; ringline_conn_close() ends it before. In the worker's callbacks only.
  ##
  ## Returns 0, RINGLINE_ENULL, -EINVAL for the address (also of datagrams) or the time, -ENODEV for
  ## an interface that there is not, what socket(2) says (-EMFILE),
  ## -ENFILE when the worker has max_connections, RINGLINE_ECLOSED after stop, -ENOMEM,
  ## RINGLINE_EWRONGTHREAD, RINGLINE_ESTALE, RINGLINE_EFORKED. An error means no callback.

proc ringline_runtime_listen_with*(runtime: ptr ringline_runtime, address: cstring,
    how: ptr ringline_listen): int32
  ## Listen on `address` as `how` says (NULL = as ringline_runtime_listen() does). Any thread.
  ##
  ## Returns the listener's id (> 0); -EINVAL or -E2BIG for `how`, -EINVAL also for
  ## RINGLINE_LISTEN_SHARED with a path, which has one socket; and as ringline_runtime_listen() and
  ## ringline_runtime_listen_tls().

proc ringline_conn_post*(runtime: ptr ringline_runtime, conn: uint64, bytes: pointer,
    length: csize_t): int32
  ## Have a copy of `length` bytes sent on a connection, from any thread but a signal handler: they
  ## go behind what is queued, in the order of each thread. A connection that is over by then drops
  ## them; one whose queue has twice high_water bytes is closed with -ENOBUFS.
  ##
  ## Returns 0; -EAGAIN when 1024 posts or 64 MiB wait for the worker: post again later; -EMSGSIZE
  ## above 16 MiB; -ENOMEM; RINGLINE_ENULL; RINGLINE_ECLOSED when the worker is over;
  ## RINGLINE_ESTALE for an id that never was one; RINGLINE_EFORKED.

proc ringline_runtime_post*(runtime: ptr ringline_runtime, worker: uint32, user: uint64,
    res: int32): int32
  ## Have notify called (or RINGLINE_EVENT_NOTIFY told) with `user` and `res` on a worker, each call
  ## once, in the order of each thread. Any thread, but no signal handler. What is posted before the
  ## worker begins is told when it does.
  ##
  ## Returns 0, -EAGAIN as ringline_conn_post(), RINGLINE_ECLOSED when the worker is over,
  ## RINGLINE_ESTALE (also when there is no such worker), RINGLINE_EFORKED.

proc ringline_process_spawn*(runtime: ptr ringline_runtime, process: ptr ringline_process,
    user: uint64, `out`: ptr uint64): int32
  ## Start a child, on a thread that may block; everything is copied. `*out` is the process's id, and
  ## `user` is passed to its events: first spawn (or RINGLINE_EVENT_SPAWN) with its pid and the
  ## connections of its piped streams, or why it could not be started; then exit, exactly once. A
  ## piped stream is a socket: closing the connection of its input ends what it reads. The child
  ## blocks no signal and gets the default for SIGPIPE. The worker waits for it: no zombie stays; the
  ## end of a stop's grace kills it. A start that still hangs a second later (a program on a file
  ## system that does not answer) is told as -ECANCELED and left behind, counted (left_behind); what
  ## then comes of it is killed. In the worker's callbacks only, or on an adopted worker's thread.
  ##
  ## /dev/stdin, /dev/stdout and /dev/stderr (and /proc/self/fd/N) cannot be opened in the child
  ## where that stream is piped: open(2) of a socket is -ENXIO. The child uses its descriptors 0, 1
  ## and 2 themselves, as `cat` without a name or with "-" does; a shell's `>/dev/stderr` is `>&2`.
  ##
  ## Returns 0; RINGLINE_ENULL; -EINVAL or -E2BIG for the struct; -EAGAIN when the worker has 4096
  ## children, or as ringline_work(); RINGLINE_ECLOSED when the worker ends; RINGLINE_EWRONGTHREAD;
  ## RINGLINE_ESTALE; RINGLINE_EFORKED.

proc ringline_process_kill*(runtime: ptr ringline_runtime, process: uint64, signo: int32): int32
  ## Send a signal to a child; never to another process, whatever its pid. In the worker's callbacks
  ## only. Returns 0; -EINVAL for the signal; -EAGAIN before it runs; RINGLINE_ESTALE after its exit;
  ## RINGLINE_EWRONGTHREAD; RINGLINE_EFORKED.

proc ringline_signal_watch*(runtime: ptr ringline_runtime, signo: int32): int32
  ## Have the signal callback called (or RINGLINE_EVENT_SIGNAL told) when the process gets `signo`,
  ## SIGCHLD included. No handler is installed: the signal must be blocked in all threads of the
  ## program, best before it makes any (pthread_sigmask(3)); the library's own threads block all.
  ## Watched by several workers, each signal goes to one of them. In the worker's callbacks only, or
  ## on an adopted worker's thread.
  ##
  ## Returns 0; -EPERM when the calling thread does not block the signal; -EALREADY; -EINVAL for the
  ## signal; -EMFILE; RINGLINE_EWRONGTHREAD; RINGLINE_ESTALE; RINGLINE_EFORKED.

proc ringline_signal_unwatch*(runtime: ptr ringline_runtime, signo: int32): int32
  ## Watch a signal no more. In the worker's callbacks only. Returns 0, -EINVAL, RINGLINE_ESTALE when
  ## it is not watched, RINGLINE_EWRONGTHREAD, RINGLINE_EFORKED.

proc ringline_worker_ring*(runtime: ptr ringline_runtime, `out`: ptr ptr ringline_ring): int32
  ## A ring that the worker turns in its own loop: for files, raw operations and whatever else is
  ## submitted with a callback (ringline_submit_with()), which the worker calls like its own. It is
  ## made at the first call and freed after the stop callback; ringline_free() frees it earlier, when
  ## the callback has returned, and the next call makes a new one. Turning, running, preparing or
  ## detaching it oneself is RINGLINE_EREENTRANT. Completions without a callback are dropped. For
  ## other threads take its mailbox: ringline_mailbox_of(). In the worker's callbacks only.
  ##
  ## Returns 0; RINGLINE_ENULL; RINGLINE_EWRONGTHREAD, RINGLINE_ESTALE, RINGLINE_EFORKED as
  ## ringline_conn_send(); -EMFILE, -ENOMEM, -EPERM as ringline_create().

proc ringline_runtime_stats_of*(runtime: ptr ringline_runtime,
    `out`: ptr ringline_runtime_stats): int32
  ## Read the counters of a runtime, summed over its workers. Any thread. Returns 0, RINGLINE_ENULL,
  ## -EINVAL, RINGLINE_ESTALE, RINGLINE_EFORKED.

proc ringline_worker_stats_of*(runtime: ptr ringline_runtime, worker: uint32,
    `out`: ptr ringline_runtime_stats): int32
  ## As ringline_runtime_stats_of(), of one worker, from 0 on; `workers` is 1. Any thread. Returns 0,
  ## RINGLINE_ENULL, -EINVAL (also for a worker that there is not), RINGLINE_ESTALE,
  ## RINGLINE_EFORKED.

proc ringline_runtime_stats_prometheus*(runtime: ptr ringline_runtime, buf: cstring,
    cap: csize_t): int32
  ## Write the counters of each worker in the text format of Prometheus: for each a HELP line, a TYPE
  ## line, and per worker `ringline_worker_NAME_total{worker="N"} VALUE`. Terminated, cut off at
  ## `cap` bytes. Any thread; allocates nothing. `buf` may be NULL when `cap` is 0.
  ##
  ## Returns the length of the whole text without the terminator, like snprintf(3), or
  ## RINGLINE_ENULL, RINGLINE_ESTALE, RINGLINE_EFORKED.

proc ringline_timer_start*(runtime: ptr ringline_runtime, delay_ns: uint64, period_ns: uint64,
    user: uint64, `out`: ptr uint64): int32
  ## Have tick called (or RINGLINE_EVENT_TICK told) with `user` after `delay_ns`, and then every
  ## `period_ns` nanoseconds (0 = once). `*out` is the timer's id. 1048576 timers per worker at a
  ## time; starting and stopping one costs no system call. In the worker's callbacks only, or on an
  ## adopted worker's thread.
  ##
  ## Returns 0, RINGLINE_ENULL, -EAGAIN when there are as many, RINGLINE_EWRONGTHREAD,
  ## RINGLINE_ESTALE, RINGLINE_EFORKED.

proc ringline_timer_stop*(runtime: ptr ringline_runtime, timer: uint64): int32
  ## Stop a timer: it does not tick any more, not even in the turn at hand. In the worker's callbacks
  ## only. Returns 0, RINGLINE_ESTALE when it ticked for the last time or was stopped,
  ## RINGLINE_EWRONGTHREAD, RINGLINE_EFORKED.

proc ringline_runtime_listen_tls*(runtime: ptr ringline_runtime, address: cstring,
    backlog: uint32, tls: ptr ringline_tls_config): int32
  ## Listen as ringline_runtime_listen() does, for clients that speak TLS from the beginning. accept
  ## comes before the handshake, secured after it; what is sent before that waits, and data shows
  ## what came by TLS only. `tls` is a server's; it may be freed at once. Any thread.
  ##
  ## Returns the listener's id (> 0), -EINVAL for a client's config and for datagrams (udp:,
  ## unixgram:), which TLS does not serve, RINGLINE_ESTALE also for `tls`, and as
  ## ringline_runtime_listen().

proc ringline_conn_start_tls*(runtime: ptr ringline_runtime, conn: uint64,
    tls: ptr ringline_tls_config, server_name: cstring): int32
  ## Have all that is sent and received from now on go through TLS, as a server or as a client by
  ## what `tls` is. What was queued before goes as it is; what was received and is not consumed when
  ## the callback returns counts as the beginning of the handshake. A client gives the `server_name`
  ## (host name or address) that the other end's certificate has to be for; a server's is ignored and
  ## may be NULL. secured tells that the handshake ended; what is sent meanwhile waits for it.
  ##
  ## From then on everything is as before but for: bytes are counted as the user's, not the wire's;
  ## a graceful close and a shutdown end the TLS session first (close_notify), and an end without
  ## that closes with RINGLINE_ETRUNCATED; RINGLINE_ETLS closes what cannot go on, with the cause in
  ## ringline_error_detail(); a pause during the handshake begins after it; there is nothing to take
  ## as a lease; leases, lent memory and files that are sent are encrypted, and the caller's again
  ## then. In the worker's callbacks only.
  ##
  ## Returns 0, -EALREADY when it has TLS, -EINVAL for the name, RINGLINE_ECLOSED when it closes or
  ## the other end sends nothing more, RINGLINE_ESTALE also for `tls`, RINGLINE_EWRONGTHREAD,
  ## RINGLINE_EFORKED.

proc ringline_conn_tls_info_of*(runtime: ptr ringline_runtime, conn: uint64,
    `out`: ptr ringline_tls_info): int32
  ## What a connection's TLS is like. In the worker's callbacks only, the close callback included.
  ## Returns 0, RINGLINE_ENULL, -EINVAL and as ringline_conn_pause().

proc ringline_work*(runtime: ptr ringline_runtime, worker: uint32,
    function: ringline_work_function, ctx: pointer, done: ringline_done_callback): int32
  ## Have `function` called with `ctx` on a thread that may block, and then `done` (not NULL) on the
  ## worker `worker` (RINGLINE_WORKER_HERE = the calling thread's): exactly once, also when the
  ## runtime stops, which cancels those that did not begin and waits for functions that run. Threads
  ## are made on demand, config.blocking_threads at most, and go after 10 s without work. Any thread,
  ## but no signal handler.
  ##
  ## The exception: ringline_runtime_stop() with a limit (grace_ns > 0) leaves a function behind that
  ## still runs when that time is over. It is counted (left_behind), its `done` is never called and
  ## its `ctx` never touched again by the library; only the function has it, until it returns. That
  ## thread and the runtime's memory stay until then, so `ctx` and the library must stay as well.
  ##
  ## Returns 0; -EAGAIN when 4096 pieces of work wait, no thread can be made, or the worker has not
  ## begun; -EINVAL for the worker; RINGLINE_ENULL; RINGLINE_EWRONGTHREAD for RINGLINE_WORKER_HERE on
  ## another thread; RINGLINE_ECLOSED when the worker is over; RINGLINE_ESTALE; RINGLINE_EFORKED.
  ## Then neither is called.

proc ringline_resolve*(runtime: ptr ringline_runtime, host: cstring, service: cstring,
    user: uint64): int32
  ## Look up a host ("example.org", "::1"; NULL = this machine) and a service ("https", "443"; NULL =
  ## port 0) as getaddrinfo(3) does, on a thread that may block. The resolve callback (or
  ## RINGLINE_EVENT_RESOLVE) gets all addresses in the resolver's order, or its error in words, once.
  ## `user` is passed to it. Lookups have threads of their own, config.blocking_threads at most:
  ## those that hang hold up neither ringline_work() nor ringline_process_spawn(). A stop whose grace
  ## is over gives a lookup 100 ms more and tells -ECANCELED then; a thread that hangs in the
  ## resolver is left behind, counted (left_behind), and goes when the resolver gives up. In the
  ## worker's callbacks only, or on an adopted worker's thread.
  ##
  ## Returns 0, RINGLINE_ENULL when both are NULL, -EAGAIN and RINGLINE_ECLOSED as ringline_work(),
  ## RINGLINE_EWRONGTHREAD, RINGLINE_ESTALE, RINGLINE_EFORKED.

proc ringline_stats_of*(ring: ptr ringline_ring, `out`: ptr ringline_stats): int32
  ## Read the counters. Any thread. Returns 0, RINGLINE_ESTALE, RINGLINE_EFORKED, RINGLINE_ENULL,
  ## -EINVAL.

proc ringline_turn*(ring: ptr ringline_ring): int32
  ## One turn through the shared block: give back the leases of rel, submit ops, wait for wait_min
  ## completions or timeout_ns, run callbacks, fill recs. Owner thread; binds a ring without owner.
  ##
  ## Stops at the first rejected op (ops_done, op_error, op_error_at) and then does not wait. Ops the
  ## kernel did not consume are taken back and not in ops_done. Timers count toward wait_min. When
  ## recs are full, the rest stays in the kernel's queue.
  ##
  ## Also with -errno the outputs of the block say what was done: ops may have been accepted. With a
  ## library code they say nothing, and the block may be gone.
  ##
  ## Returns recs_len; -EINTR when a signal handler ran and nothing came; -EINVAL for a block that
  ## cannot be; -EAGAIN, -EBUSY when the kernel takes nothing now; RINGLINE_EREENTRANT in a callback;
  ## RINGLINE_ECLOSED when the ring was freed in a callback or abandoned.

proc ringline_submit*(ring: ptr ringline_ring, ops: ptr ringline_op, count: uint32,
    tokens: ptr uint64, flags: uint32): int32
  ## Submit ops without waiting: they go to the kernel with the next turn, run or flush, or at once
  ## when the queue is full. Their completions come as records. `tokens` (may be NULL) gets one token
  ## per accepted op. Owner thread (any while there is none), callbacks too.
  ##
  ## `flags` is 0, or RINGLINE_SUBMIT_COPY_ARGS: the small inputs that the ops point to are copied
  ## until the kernel has read them, and the caller's memory is free on return. These are socket
  ## addresses (also of a send), timespecs, paths, open_how, names and set values of extended
  ## attributes, arrays of iovecs and of futexes, the msghdr of a sendmsg with its name and its
  ## iovecs, and an epoll_event. They have to be readable (NULL is left to the kernel). Not copied,
  ## and the library's until FINAL: data, outputs, and the control data of a message, which the
  ## kernel reads again when it sends again. A chain has 64 ops at most then.
  ##
  ## Returns how many were accepted, from the front; when the first is rejected, why: -EINVAL,
  ## -EAGAIN (queue full, or 128 KiB of copies wait for the kernel), -ENOMEM (no memory for copies),
  ## RINGLINE_ENOSLOT, RINGLINE_ECLOSED, RINGLINE_ESTALE (unknown pool, token, region or slot),
  ## RINGLINE_ENOTSUP_KERNEL, RINGLINE_ENULL (a row of files that is NULL); -EBUSY (a second SEND_ALL
  ## on a descriptor, a slot of files that is in use), -EALREADY (a second LIB_CLOSE), -EBADF (a
  ## LIB_CLOSE of none).

proc ringline_submit_with*(ring: ptr ringline_ring, op: ptr ringline_op,
    callback: ringline_callback, ctx: pointer): int64
  ## Submit one op whose completions go to `callback`. The op is copied. Owner thread (any while
  ## there is none), callbacks too. Returns its token, or as ringline_submit().

proc ringline_flush*(ring: ptr ringline_ring): int32
  ## Hand what was submitted to the kernel without waiting. Owner thread; binds a ring without
  ## owner; callbacks too. Returns how many entries still wait (0 = all are in; else the kernel takes
  ## no more now: turn), or -errno.

proc ringline_sq_space*(ring: ptr ringline_ring): int32
  ## Ops that can be submitted before a flush is needed. Owner thread (any while there is none).

proc ringline_pending*(ring: ptr ringline_ring): int32
  ## Entries submitted that the kernel has not consumed: while there are any, the inputs of the ops
  ## are the library's. Owner thread (any while there is none).

proc ringline_tls_server_create*(options: ptr ringline_tls_options,
    `out`: ptr ptr ringline_tls_config): int32
  ## Make a TLS config for servers, for ringline_runtime_listen_tls() and ringline_conn_start_tls().
  ## It is never changed afterwards; for new certificates make a new one. TLS 1.2 and 1.3; sessions
  ## are resumed, from tickets and from memory (1024 sessions). Any thread.
  ##
  ## Returns 0; RINGLINE_ENULL; -EINVAL for the options, text that is no PEM, a key that does not
  ## belong to its certificate; what open(2) says for a file; -ENFILE when 16384 handles exist;
  ## -EOPNOTSUPP from a library that was built without TLS. ringline_error_detail() says which it is,
  ## and what to do. A byte order mark in PEM is read over.

proc ringline_tls_client_create*(options: ptr ringline_tls_options,
    `out`: ptr ptr ringline_tls_config): int32
  ## As ringline_tls_server_create(), for clients: for ringline_conn_start_tls() on connections to a
  ## server, whose certificate is checked for its name, its time and its issuer. Any thread. Returns
  ## as ringline_tls_server_create().

proc ringline_tls_free*(tls: ptr ringline_tls_config): int32
  ## Give a TLS config back. Listeners and connections that use it keep it until they are over. Any
  ## thread. Returns 0, RINGLINE_ESTALE for a second free, RINGLINE_EFORKED.

proc ringline_napi*(ring: ptr ringline_ring, busy_poll_us: uint32, prefer: uint32): int32
  ## Let waits of this ring poll the network devices of its sockets for up to `busy_poll_us`
  ## microseconds before sleeping (NAPI busy polling, Linux 6.9); 0 = not any more. With `prefer`
  ## not 0 the devices' interrupts stay off meanwhile. Costs CPU time and helps only with devices
  ## that have such queues. Owner thread; binds a ring without owner; to be set again after detach.
  ## Returns 0, RINGLINE_ENOTSUP_KERNEL, or -errno.

proc ringline_iowq_workers*(ring: ptr ringline_ring, bounded: ptr uint32,
    unbounded: ptr uint32): int32
  ## Limit the kernel's worker threads for this thread's rings: `*bounded` for files and block
  ## devices, `*unbounded` for everything else (Linux 5.15). 0 keeps a limit. Both come back as what
  ## they were before, so 0 and 0 only asks. Submits what is staged. Owner thread; binds a ring
  ## without owner. Returns 0, RINGLINE_ENULL, RINGLINE_ENOTSUP_KERNEL.

proc ringline_iowq_affinity*(ring: ptr ringline_ring, mask: ptr uint8, size: uint32): int32
  ## Bind the kernel's worker threads of this thread's rings to CPUs: bit n of the `size` bytes at
  ## `mask` (a cpu_set_t) is CPU n (Linux 5.14). NULL and 0 = unbound again. Owner thread; binds a
  ## ring without owner. Returns 0, RINGLINE_ENULL, -EINVAL for a mask without a CPU or longer than
  ## 8192 bytes, RINGLINE_ENOTSUP_KERNEL, or -errno.

proc ringline_spin_us*(ring: ptr ringline_ring, spin_us: uint32): int32
  ## Let waits look at the completion queue for up to `spin_us` microseconds in user space before
  ## they sleep; 0 = sleep at once (the default, or config.spin_us). Trades CPU time for the latency
  ## of a wake-up: worth it only where answers come within microseconds and a core is to spare. A
  ## signal handler that wants the loop to end calls ringline_stop(). Kept over detach. Owner thread
  ## (any while there is none). Returns 0, or -EINVAL above one second.

proc ringline_version*(): uint32
  ## Version of the library: major << 16 | minor << 8 | patch. Never fails; any thread.

proc ringline_version_string*(): cstring
  ## Version of the library as text, static. Never fails; any thread.

proc ringline_abi*(): uint32
  ## RINGLINE_ABI of the library. Never fails; any thread.

proc ringline_check_abi*(header_abi: uint32, op_size: uint32, completion_size: uint32,
    shared_size: uint32): int32
  ## Check that a program's header fits this library: pass RINGLINE_ABI, sizeof(ringline_op),
  ## sizeof(ringline_completion) and sizeof(ringline_shared). Returns 0 or RINGLINE_EABI.

proc ringline_kernel_features*(`out`: ptr uint64): int32
  ## Write the RINGLINE_FEATURE_* bits of the running kernel. Returns 0, or -errno when the kernel
  ## refuses rings (see ringline_doctor), RINGLINE_ENULL.

proc ringline_has*(feature: cstring): int32
  ## Whether the running kernel has the feature of that name ("defer_taskrun", ...), and
  ## RINGLINE_DISABLE does not switch it off. Returns 1, 0, -EINVAL for an unknown name,
  ## RINGLINE_ENULL, or -errno when the kernel refuses rings.

proc ringline_op_supported*(opcode: uint8): int32
  ## Whether the opcode (RINGLINE_OP_* or RINGLINE_LIB_*) can be used here. Returns 1, 0, or -errno
  ## when the kernel refuses rings.

proc ringline_doctor*(buf: cstring, cap: csize_t): int32
  ## Write a report of what this machine allows and, where it does not, why and the remedy; one
  ## line per fact, terminated, cut off at `cap` bytes. Returns the length of the whole report
  ## without the terminator, like snprintf(3), or RINGLINE_ENULL. `buf` may be NULL when `cap` is 0.

{.pop.}

iterator layoutRows*(): tuple[name: string, offset, size: int] =
  ## Name, offset and size of each record and field as Nim has them, to be compared
  ## with ringline_abi_layout.
  yield ("ringline_config", 0, sizeof(ringline_config))
  yield ("ringline_config.size", offsetOf(ringline_config, size),
    sizeof(default(ringline_config).size))
  yield ("ringline_config.sq_entries", offsetOf(ringline_config, sq_entries),
    sizeof(default(ringline_config).sq_entries))
  yield ("ringline_config.cq_entries", offsetOf(ringline_config, cq_entries),
    sizeof(default(ringline_config).cq_entries))
  yield ("ringline_config.max_inflight", offsetOf(ringline_config, max_inflight),
    sizeof(default(ringline_config).max_inflight))
  yield ("ringline_config.ops_cap", offsetOf(ringline_config, ops_cap),
    sizeof(default(ringline_config).ops_cap))
  yield ("ringline_config.recs_cap", offsetOf(ringline_config, recs_cap),
    sizeof(default(ringline_config).recs_cap))
  yield ("ringline_config.flags", offsetOf(ringline_config, flags),
    sizeof(default(ringline_config).flags))
  yield ("ringline_config.sq_thread_idle_ms", offsetOf(ringline_config, sq_thread_idle_ms),
    sizeof(default(ringline_config).sq_thread_idle_ms))
  yield ("ringline_config.sq_thread_cpu", offsetOf(ringline_config, sq_thread_cpu),
    sizeof(default(ringline_config).sq_thread_cpu))
  yield ("ringline_config.spin_us", offsetOf(ringline_config, spin_us),
    sizeof(default(ringline_config).spin_us))
  yield ("ringline_config.disable", offsetOf(ringline_config, disable),
    sizeof(default(ringline_config).disable))
  yield ("ringline_abi_field", 0, sizeof(ringline_abi_field))
  yield ("ringline_abi_field.name", offsetOf(ringline_abi_field, name),
    sizeof(default(ringline_abi_field).name))
  yield ("ringline_abi_field.offset", offsetOf(ringline_abi_field, offset),
    sizeof(default(ringline_abi_field).offset))
  yield ("ringline_abi_field.size", offsetOf(ringline_abi_field, size),
    sizeof(default(ringline_abi_field).size))
  yield ("ringline_op", 0, sizeof(ringline_op))
  yield ("ringline_op.opcode", offsetOf(ringline_op, opcode),
    sizeof(default(ringline_op).opcode))
  yield ("ringline_op.flags", offsetOf(ringline_op, flags),
    sizeof(default(ringline_op).flags))
  yield ("ringline_op.ioprio", offsetOf(ringline_op, ioprio),
    sizeof(default(ringline_op).ioprio))
  yield ("ringline_op.fd", offsetOf(ringline_op, fd),
    sizeof(default(ringline_op).fd))
  yield ("ringline_op.off", offsetOf(ringline_op, off),
    sizeof(default(ringline_op).off))
  yield ("ringline_op.addr", offsetOf(ringline_op, `addr`),
    sizeof(default(ringline_op).`addr`))
  yield ("ringline_op.len", offsetOf(ringline_op, len),
    sizeof(default(ringline_op).len))
  yield ("ringline_op.op_flags", offsetOf(ringline_op, op_flags),
    sizeof(default(ringline_op).op_flags))
  yield ("ringline_op.user_data", offsetOf(ringline_op, user_data),
    sizeof(default(ringline_op).user_data))
  yield ("ringline_op.buf_index", offsetOf(ringline_op, buf_index),
    sizeof(default(ringline_op).buf_index))
  yield ("ringline_op.personality", offsetOf(ringline_op, personality),
    sizeof(default(ringline_op).personality))
  yield ("ringline_op.file_index", offsetOf(ringline_op, file_index),
    sizeof(default(ringline_op).file_index))
  yield ("ringline_op.addr3", offsetOf(ringline_op, addr3),
    sizeof(default(ringline_op).addr3))
  yield ("ringline_op.ext", offsetOf(ringline_op, ext),
    sizeof(default(ringline_op).ext))
  yield ("ringline_completion", 0, sizeof(ringline_completion))
  yield ("ringline_completion.user_data", offsetOf(ringline_completion, user_data),
    sizeof(default(ringline_completion).user_data))
  yield ("ringline_completion.res", offsetOf(ringline_completion, res),
    sizeof(default(ringline_completion).res))
  yield ("ringline_completion.flags", offsetOf(ringline_completion, flags),
    sizeof(default(ringline_completion).flags))
  yield ("ringline_completion.data", offsetOf(ringline_completion, data),
    sizeof(default(ringline_completion).data))
  yield ("ringline_completion.token", offsetOf(ringline_completion, token),
    sizeof(default(ringline_completion).token))
  yield ("ringline_pool_info", 0, sizeof(ringline_pool_info))
  yield ("ringline_pool_info.size", offsetOf(ringline_pool_info, size),
    sizeof(default(ringline_pool_info).size))
  yield ("ringline_pool_info.count", offsetOf(ringline_pool_info, count),
    sizeof(default(ringline_pool_info).count))
  yield ("ringline_pool_info.buffer_size", offsetOf(ringline_pool_info, buffer_size),
    sizeof(default(ringline_pool_info).buffer_size))
  yield ("ringline_pool_info.leases", offsetOf(ringline_pool_info, leases),
    sizeof(default(ringline_pool_info).leases))
  yield ("ringline_pool_info.flags", offsetOf(ringline_pool_info, flags),
    sizeof(default(ringline_pool_info).flags))
  yield ("ringline_pool_info.free", offsetOf(ringline_pool_info, free),
    sizeof(default(ringline_pool_info).free))
  yield ("ringline_message", 0, sizeof(ringline_message))
  yield ("ringline_message.name", offsetOf(ringline_message, name),
    sizeof(default(ringline_message).name))
  yield ("ringline_message.control", offsetOf(ringline_message, control),
    sizeof(default(ringline_message).control))
  yield ("ringline_message.payload", offsetOf(ringline_message, payload),
    sizeof(default(ringline_message).payload))
  yield ("ringline_message.name_len", offsetOf(ringline_message, name_len),
    sizeof(default(ringline_message).name_len))
  yield ("ringline_message.control_len", offsetOf(ringline_message, control_len),
    sizeof(default(ringline_message).control_len))
  yield ("ringline_message.payload_len", offsetOf(ringline_message, payload_len),
    sizeof(default(ringline_message).payload_len))
  yield ("ringline_message.flags", offsetOf(ringline_message, flags),
    sizeof(default(ringline_message).flags))
  yield ("ringline_message.name_full", offsetOf(ringline_message, name_full),
    sizeof(default(ringline_message).name_full))
  yield ("ringline_message.payload_full", offsetOf(ringline_message, payload_full),
    sizeof(default(ringline_message).payload_full))
  yield ("ringline_region_info", 0, sizeof(ringline_region_info))
  yield ("ringline_region_info.size", offsetOf(ringline_region_info, size),
    sizeof(default(ringline_region_info).size))
  yield ("ringline_region_info.flags", offsetOf(ringline_region_info, flags),
    sizeof(default(ringline_region_info).flags))
  yield ("ringline_region_info.address", offsetOf(ringline_region_info, address),
    sizeof(default(ringline_region_info).address))
  yield ("ringline_region_info.len", offsetOf(ringline_region_info, len),
    sizeof(default(ringline_region_info).len))
  yield ("ringline_region_info.users", offsetOf(ringline_region_info, users),
    sizeof(default(ringline_region_info).users))
  yield ("ringline_region_info.resv", offsetOf(ringline_region_info, resv),
    sizeof(default(ringline_region_info).resv))
  yield ("ringline_info", 0, sizeof(ringline_info))
  yield ("ringline_info.size", offsetOf(ringline_info, size),
    sizeof(default(ringline_info).size))
  yield ("ringline_info.sq_entries", offsetOf(ringline_info, sq_entries),
    sizeof(default(ringline_info).sq_entries))
  yield ("ringline_info.cq_entries", offsetOf(ringline_info, cq_entries),
    sizeof(default(ringline_info).cq_entries))
  yield ("ringline_info.max_inflight", offsetOf(ringline_info, max_inflight),
    sizeof(default(ringline_info).max_inflight))
  yield ("ringline_info.setup_flags", offsetOf(ringline_info, setup_flags),
    sizeof(default(ringline_info).setup_flags))
  yield ("ringline_info.ring_fd", offsetOf(ringline_info, ring_fd),
    sizeof(default(ringline_info).ring_fd))
  yield ("ringline_info.features", offsetOf(ringline_info, features),
    sizeof(default(ringline_info).features))
  yield ("ringline_info.disabled", offsetOf(ringline_info, disabled),
    sizeof(default(ringline_info).disabled))
  yield ("ringline_shared", 0, sizeof(ringline_shared))
  yield ("ringline_shared.size", offsetOf(ringline_shared, size),
    sizeof(default(ringline_shared).size))
  yield ("ringline_shared.abi", offsetOf(ringline_shared, abi),
    sizeof(default(ringline_shared).abi))
  yield ("ringline_shared.ops", offsetOf(ringline_shared, ops),
    sizeof(default(ringline_shared).ops))
  yield ("ringline_shared.ops_cap", offsetOf(ringline_shared, ops_cap),
    sizeof(default(ringline_shared).ops_cap))
  yield ("ringline_shared.ops_len", offsetOf(ringline_shared, ops_len),
    sizeof(default(ringline_shared).ops_len))
  yield ("ringline_shared.recs", offsetOf(ringline_shared, recs),
    sizeof(default(ringline_shared).recs))
  yield ("ringline_shared.recs_cap", offsetOf(ringline_shared, recs_cap),
    sizeof(default(ringline_shared).recs_cap))
  yield ("ringline_shared.recs_len", offsetOf(ringline_shared, recs_len),
    sizeof(default(ringline_shared).recs_len))
  yield ("ringline_shared.wait_min", offsetOf(ringline_shared, wait_min),
    sizeof(default(ringline_shared).wait_min))
  yield ("ringline_shared.flags", offsetOf(ringline_shared, flags),
    sizeof(default(ringline_shared).flags))
  yield ("ringline_shared.timeout_ns", offsetOf(ringline_shared, timeout_ns),
    sizeof(default(ringline_shared).timeout_ns))
  yield ("ringline_shared.min_wait_us", offsetOf(ringline_shared, min_wait_us),
    sizeof(default(ringline_shared).min_wait_us))
  yield ("ringline_shared.ops_done", offsetOf(ringline_shared, ops_done),
    sizeof(default(ringline_shared).ops_done))
  yield ("ringline_shared.op_error", offsetOf(ringline_shared, op_error),
    sizeof(default(ringline_shared).op_error))
  yield ("ringline_shared.op_error_at", offsetOf(ringline_shared, op_error_at),
    sizeof(default(ringline_shared).op_error_at))
  yield ("ringline_shared.inflight", offsetOf(ringline_shared, inflight),
    sizeof(default(ringline_shared).inflight))
  yield ("ringline_shared.leases_out", offsetOf(ringline_shared, leases_out),
    sizeof(default(ringline_shared).leases_out))
  yield ("ringline_shared.tokens", offsetOf(ringline_shared, tokens),
    sizeof(default(ringline_shared).tokens))
  yield ("ringline_shared.rel", offsetOf(ringline_shared, rel),
    sizeof(default(ringline_shared).rel))
  yield ("ringline_shared.rel_cap", offsetOf(ringline_shared, rel_cap),
    sizeof(default(ringline_shared).rel_cap))
  yield ("ringline_shared.rel_len", offsetOf(ringline_shared, rel_len),
    sizeof(default(ringline_shared).rel_len))
  yield ("ringline_shared.resv", offsetOf(ringline_shared, resv),
    sizeof(default(ringline_shared).resv))
  yield ("ringline_runtime_config", 0, sizeof(ringline_runtime_config))
  yield ("ringline_runtime_config.size", offsetOf(ringline_runtime_config, size),
    sizeof(default(ringline_runtime_config).size))
  yield ("ringline_runtime_config.workers", offsetOf(ringline_runtime_config, workers),
    sizeof(default(ringline_runtime_config).workers))
  yield ("ringline_runtime_config.flags", offsetOf(ringline_runtime_config, flags),
    sizeof(default(ringline_runtime_config).flags))
  yield ("ringline_runtime_config.max_connections", offsetOf(ringline_runtime_config, max_connections),
    sizeof(default(ringline_runtime_config).max_connections))
  yield ("ringline_runtime_config.high_water", offsetOf(ringline_runtime_config, high_water),
    sizeof(default(ringline_runtime_config).high_water))
  yield ("ringline_runtime_config.low_water", offsetOf(ringline_runtime_config, low_water),
    sizeof(default(ringline_runtime_config).low_water))
  yield ("ringline_runtime_config.keep_max", offsetOf(ringline_runtime_config, keep_max),
    sizeof(default(ringline_runtime_config).keep_max))
  yield ("ringline_runtime_config.pool_buffers", offsetOf(ringline_runtime_config, pool_buffers),
    sizeof(default(ringline_runtime_config).pool_buffers))
  yield ("ringline_runtime_config.pool_buffer_size", offsetOf(ringline_runtime_config, pool_buffer_size),
    sizeof(default(ringline_runtime_config).pool_buffer_size))
  yield ("ringline_runtime_config.resv", offsetOf(ringline_runtime_config, resv),
    sizeof(default(ringline_runtime_config).resv))
  yield ("ringline_runtime_config.close_timeout_ns", offsetOf(ringline_runtime_config, close_timeout_ns),
    sizeof(default(ringline_runtime_config).close_timeout_ns))
  yield ("ringline_runtime_config.disable", offsetOf(ringline_runtime_config, disable),
    sizeof(default(ringline_runtime_config).disable))
  yield ("ringline_runtime_config.stall_ns", offsetOf(ringline_runtime_config, stall_ns),
    sizeof(default(ringline_runtime_config).stall_ns))
  yield ("ringline_runtime_config.spin_us", offsetOf(ringline_runtime_config, spin_us),
    sizeof(default(ringline_runtime_config).spin_us))
  yield ("ringline_runtime_config.datagram_size", offsetOf(ringline_runtime_config, datagram_size),
    sizeof(default(ringline_runtime_config).datagram_size))
  yield ("ringline_runtime_config.datagram_buffers", offsetOf(ringline_runtime_config, datagram_buffers),
    sizeof(default(ringline_runtime_config).datagram_buffers))
  yield ("ringline_runtime_config.blocking_threads", offsetOf(ringline_runtime_config, blocking_threads),
    sizeof(default(ringline_runtime_config).blocking_threads))
  yield ("ringline_runtime_config.min_rate", offsetOf(ringline_runtime_config, min_rate),
    sizeof(default(ringline_runtime_config).min_rate))
  yield ("ringline_address", 0, sizeof(ringline_address))
  yield ("ringline_address.family", offsetOf(ringline_address, family),
    sizeof(default(ringline_address).family))
  yield ("ringline_address.port", offsetOf(ringline_address, port),
    sizeof(default(ringline_address).port))
  yield ("ringline_address.scope", offsetOf(ringline_address, scope),
    sizeof(default(ringline_address).scope))
  yield ("ringline_address.bytes", offsetOf(ringline_address, bytes),
    sizeof(default(ringline_address).bytes))
  yield ("ringline_runtime_handlers", 0, sizeof(ringline_runtime_handlers))
  yield ("ringline_runtime_handlers.size", offsetOf(ringline_runtime_handlers, size),
    sizeof(default(ringline_runtime_handlers).size))
  yield ("ringline_runtime_handlers.resv", offsetOf(ringline_runtime_handlers, resv),
    sizeof(default(ringline_runtime_handlers).resv))
  yield ("ringline_runtime_handlers.ctx", offsetOf(ringline_runtime_handlers, ctx),
    sizeof(default(ringline_runtime_handlers).ctx))
  yield ("ringline_runtime_handlers.start", offsetOf(ringline_runtime_handlers, start),
    sizeof(default(ringline_runtime_handlers).start))
  yield ("ringline_runtime_handlers.accept", offsetOf(ringline_runtime_handlers, accept),
    sizeof(default(ringline_runtime_handlers).accept))
  yield ("ringline_runtime_handlers.data", offsetOf(ringline_runtime_handlers, data),
    sizeof(default(ringline_runtime_handlers).data))
  yield ("ringline_runtime_handlers.sent", offsetOf(ringline_runtime_handlers, sent),
    sizeof(default(ringline_runtime_handlers).sent))
  yield ("ringline_runtime_handlers.writable", offsetOf(ringline_runtime_handlers, writable),
    sizeof(default(ringline_runtime_handlers).writable))
  yield ("ringline_runtime_handlers.close", offsetOf(ringline_runtime_handlers, close),
    sizeof(default(ringline_runtime_handlers).close))
  yield ("ringline_runtime_handlers.stop", offsetOf(ringline_runtime_handlers, stop),
    sizeof(default(ringline_runtime_handlers).stop))
  yield ("ringline_runtime_handlers.connect", offsetOf(ringline_runtime_handlers, connect),
    sizeof(default(ringline_runtime_handlers).connect))
  yield ("ringline_runtime_handlers.released", offsetOf(ringline_runtime_handlers, released),
    sizeof(default(ringline_runtime_handlers).released))
  yield ("ringline_runtime_handlers.tick", offsetOf(ringline_runtime_handlers, tick),
    sizeof(default(ringline_runtime_handlers).tick))
  yield ("ringline_runtime_handlers.notify", offsetOf(ringline_runtime_handlers, notify),
    sizeof(default(ringline_runtime_handlers).notify))
  yield ("ringline_runtime_handlers.resolve", offsetOf(ringline_runtime_handlers, resolve),
    sizeof(default(ringline_runtime_handlers).resolve))
  yield ("ringline_runtime_handlers.signal", offsetOf(ringline_runtime_handlers, signal),
    sizeof(default(ringline_runtime_handlers).signal))
  yield ("ringline_runtime_handlers.spawn", offsetOf(ringline_runtime_handlers, spawn),
    sizeof(default(ringline_runtime_handlers).spawn))
  yield ("ringline_runtime_handlers.exit", offsetOf(ringline_runtime_handlers, exit),
    sizeof(default(ringline_runtime_handlers).exit))
  yield ("ringline_runtime_handlers.datagram", offsetOf(ringline_runtime_handlers, datagram),
    sizeof(default(ringline_runtime_handlers).datagram))
  yield ("ringline_runtime_handlers.secured", offsetOf(ringline_runtime_handlers, secured),
    sizeof(default(ringline_runtime_handlers).secured))
  yield ("ringline_runtime_handlers.stopping", offsetOf(ringline_runtime_handlers, stopping),
    sizeof(default(ringline_runtime_handlers).stopping))
  yield ("ringline_worker_block", 0, sizeof(ringline_worker_block))
  yield ("ringline_worker_block.size", offsetOf(ringline_worker_block, size),
    sizeof(default(ringline_worker_block).size))
  yield ("ringline_worker_block.abi", offsetOf(ringline_worker_block, abi),
    sizeof(default(ringline_worker_block).abi))
  yield ("ringline_worker_block.events", offsetOf(ringline_worker_block, events),
    sizeof(default(ringline_worker_block).events))
  yield ("ringline_worker_block.events_cap", offsetOf(ringline_worker_block, events_cap),
    sizeof(default(ringline_worker_block).events_cap))
  yield ("ringline_worker_block.events_len", offsetOf(ringline_worker_block, events_len),
    sizeof(default(ringline_worker_block).events_len))
  yield ("ringline_worker_block.timeout_ns", offsetOf(ringline_worker_block, timeout_ns),
    sizeof(default(ringline_worker_block).timeout_ns))
  yield ("ringline_worker_block.runtime", offsetOf(ringline_worker_block, runtime),
    sizeof(default(ringline_worker_block).runtime))
  yield ("ringline_worker_block.worker", offsetOf(ringline_worker_block, worker),
    sizeof(default(ringline_worker_block).worker))
  yield ("ringline_worker_block.resv", offsetOf(ringline_worker_block, resv),
    sizeof(default(ringline_worker_block).resv))
  yield ("ringline_worker_block.more", offsetOf(ringline_worker_block, more),
    sizeof(default(ringline_worker_block).more))
  yield ("ringline_event", 0, sizeof(ringline_event))
  yield ("ringline_event.kind", offsetOf(ringline_event, kind),
    sizeof(default(ringline_event).kind))
  yield ("ringline_event.res", offsetOf(ringline_event, res),
    sizeof(default(ringline_event).res))
  yield ("ringline_event.conn", offsetOf(ringline_event, conn),
    sizeof(default(ringline_event).conn))
  yield ("ringline_event.user", offsetOf(ringline_event, user),
    sizeof(default(ringline_event).user))
  yield ("ringline_event.address", offsetOf(ringline_event, address),
    sizeof(default(ringline_event).address))
  yield ("ringline_event.length", offsetOf(ringline_event, length),
    sizeof(default(ringline_event).length))
  yield ("ringline_event.consumed", offsetOf(ringline_event, consumed),
    sizeof(default(ringline_event).consumed))
  yield ("ringline_event.listener", offsetOf(ringline_event, listener),
    sizeof(default(ringline_event).listener))
  yield ("ringline_event.flags", offsetOf(ringline_event, flags),
    sizeof(default(ringline_event).flags))
  yield ("ringline_event.extra", offsetOf(ringline_event, extra),
    sizeof(default(ringline_event).extra))
  yield ("ringline_lease", 0, sizeof(ringline_lease))
  yield ("ringline_lease.size", offsetOf(ringline_lease, size),
    sizeof(default(ringline_lease).size))
  yield ("ringline_lease.resv", offsetOf(ringline_lease, resv),
    sizeof(default(ringline_lease).resv))
  yield ("ringline_lease.lease", offsetOf(ringline_lease, lease),
    sizeof(default(ringline_lease).lease))
  yield ("ringline_lease.bytes", offsetOf(ringline_lease, bytes),
    sizeof(default(ringline_lease).bytes))
  yield ("ringline_lease.length", offsetOf(ringline_lease, length),
    sizeof(default(ringline_lease).length))
  yield ("ringline_conn_info", 0, sizeof(ringline_conn_info))
  yield ("ringline_conn_info.size", offsetOf(ringline_conn_info, size),
    sizeof(default(ringline_conn_info).size))
  yield ("ringline_conn_info.state", offsetOf(ringline_conn_info, state),
    sizeof(default(ringline_conn_info).state))
  yield ("ringline_conn_info.flags", offsetOf(ringline_conn_info, flags),
    sizeof(default(ringline_conn_info).flags))
  yield ("ringline_conn_info.listener", offsetOf(ringline_conn_info, listener),
    sizeof(default(ringline_conn_info).listener))
  yield ("ringline_conn_info.user", offsetOf(ringline_conn_info, user),
    sizeof(default(ringline_conn_info).user))
  yield ("ringline_conn_info.received", offsetOf(ringline_conn_info, received),
    sizeof(default(ringline_conn_info).received))
  yield ("ringline_conn_info.sent", offsetOf(ringline_conn_info, sent),
    sizeof(default(ringline_conn_info).sent))
  yield ("ringline_conn_info.queued", offsetOf(ringline_conn_info, queued),
    sizeof(default(ringline_conn_info).queued))
  yield ("ringline_conn_info.kept", offsetOf(ringline_conn_info, kept),
    sizeof(default(ringline_conn_info).kept))
  yield ("ringline_conn_info.fd", offsetOf(ringline_conn_info, fd),
    sizeof(default(ringline_conn_info).fd))
  yield ("ringline_conn_info.peer_family", offsetOf(ringline_conn_info, peer_family),
    sizeof(default(ringline_conn_info).peer_family))
  yield ("ringline_conn_info.peer_port", offsetOf(ringline_conn_info, peer_port),
    sizeof(default(ringline_conn_info).peer_port))
  yield ("ringline_conn_info.peer_address", offsetOf(ringline_conn_info, peer_address),
    sizeof(default(ringline_conn_info).peer_address))
  yield ("ringline_conn_info.untaken", offsetOf(ringline_conn_info, untaken),
    sizeof(default(ringline_conn_info).untaken))
  yield ("ringline_conn_timeouts", 0, sizeof(ringline_conn_timeouts))
  yield ("ringline_conn_timeouts.size", offsetOf(ringline_conn_timeouts, size),
    sizeof(default(ringline_conn_timeouts).size))
  yield ("ringline_conn_timeouts.resv", offsetOf(ringline_conn_timeouts, resv),
    sizeof(default(ringline_conn_timeouts).resv))
  yield ("ringline_conn_timeouts.idle_ns", offsetOf(ringline_conn_timeouts, idle_ns),
    sizeof(default(ringline_conn_timeouts).idle_ns))
  yield ("ringline_conn_timeouts.read_ns", offsetOf(ringline_conn_timeouts, read_ns),
    sizeof(default(ringline_conn_timeouts).read_ns))
  yield ("ringline_conn_timeouts.write_ns", offsetOf(ringline_conn_timeouts, write_ns),
    sizeof(default(ringline_conn_timeouts).write_ns))
  yield ("ringline_listen", 0, sizeof(ringline_listen))
  yield ("ringline_listen.size", offsetOf(ringline_listen, size),
    sizeof(default(ringline_listen).size))
  yield ("ringline_listen.flags", offsetOf(ringline_listen, flags),
    sizeof(default(ringline_listen).flags))
  yield ("ringline_listen.backlog", offsetOf(ringline_listen, backlog),
    sizeof(default(ringline_listen).backlog))
  yield ("ringline_listen.resv", offsetOf(ringline_listen, resv),
    sizeof(default(ringline_listen).resv))
  yield ("ringline_listen.tls", offsetOf(ringline_listen, tls),
    sizeof(default(ringline_listen).tls))
  yield ("ringline_process", 0, sizeof(ringline_process))
  yield ("ringline_process.size", offsetOf(ringline_process, size),
    sizeof(default(ringline_process).size))
  yield ("ringline_process.flags", offsetOf(ringline_process, flags),
    sizeof(default(ringline_process).flags))
  yield ("ringline_process.argv", offsetOf(ringline_process, argv),
    sizeof(default(ringline_process).argv))
  yield ("ringline_process.env", offsetOf(ringline_process, env),
    sizeof(default(ringline_process).env))
  yield ("ringline_process.cwd", offsetOf(ringline_process, cwd),
    sizeof(default(ringline_process).cwd))
  yield ("ringline_process.stdin_is", offsetOf(ringline_process, stdin_is),
    sizeof(default(ringline_process).stdin_is))
  yield ("ringline_process.stdout_is", offsetOf(ringline_process, stdout_is),
    sizeof(default(ringline_process).stdout_is))
  yield ("ringline_process.stderr_is", offsetOf(ringline_process, stderr_is),
    sizeof(default(ringline_process).stderr_is))
  yield ("ringline_process.resv", offsetOf(ringline_process, resv),
    sizeof(default(ringline_process).resv))
  yield ("ringline_runtime_stats", 0, sizeof(ringline_runtime_stats))
  yield ("ringline_runtime_stats.size", offsetOf(ringline_runtime_stats, size),
    sizeof(default(ringline_runtime_stats).size))
  yield ("ringline_runtime_stats.workers", offsetOf(ringline_runtime_stats, workers),
    sizeof(default(ringline_runtime_stats).workers))
  yield ("ringline_runtime_stats.accepted", offsetOf(ringline_runtime_stats, accepted),
    sizeof(default(ringline_runtime_stats).accepted))
  yield ("ringline_runtime_stats.closed", offsetOf(ringline_runtime_stats, closed),
    sizeof(default(ringline_runtime_stats).closed))
  yield ("ringline_runtime_stats.refused", offsetOf(ringline_runtime_stats, refused),
    sizeof(default(ringline_runtime_stats).refused))
  yield ("ringline_runtime_stats.accept_pauses", offsetOf(ringline_runtime_stats, accept_pauses),
    sizeof(default(ringline_runtime_stats).accept_pauses))
  yield ("ringline_runtime_stats.receives", offsetOf(ringline_runtime_stats, receives),
    sizeof(default(ringline_runtime_stats).receives))
  yield ("ringline_runtime_stats.received", offsetOf(ringline_runtime_stats, received),
    sizeof(default(ringline_runtime_stats).received))
  yield ("ringline_runtime_stats.sends", offsetOf(ringline_runtime_stats, sends),
    sizeof(default(ringline_runtime_stats).sends))
  yield ("ringline_runtime_stats.sent", offsetOf(ringline_runtime_stats, sent),
    sizeof(default(ringline_runtime_stats).sent))
  yield ("ringline_runtime_stats.parked", offsetOf(ringline_runtime_stats, parked),
    sizeof(default(ringline_runtime_stats).parked))
  yield ("ringline_runtime_stats.turns", offsetOf(ringline_runtime_stats, turns),
    sizeof(default(ringline_runtime_stats).turns))
  yield ("ringline_runtime_stats.taken", offsetOf(ringline_runtime_stats, taken),
    sizeof(default(ringline_runtime_stats).taken))
  yield ("ringline_runtime_stats.take_refusals", offsetOf(ringline_runtime_stats, take_refusals),
    sizeof(default(ringline_runtime_stats).take_refusals))
  yield ("ringline_runtime_stats.connected", offsetOf(ringline_runtime_stats, connected),
    sizeof(default(ringline_runtime_stats).connected))
  yield ("ringline_runtime_stats.timeouts", offsetOf(ringline_runtime_stats, timeouts),
    sizeof(default(ringline_runtime_stats).timeouts))
  yield ("ringline_runtime_stats.datagrams", offsetOf(ringline_runtime_stats, datagrams),
    sizeof(default(ringline_runtime_stats).datagrams))
  yield ("ringline_runtime_stats.datagram_receives", offsetOf(ringline_runtime_stats, datagram_receives),
    sizeof(default(ringline_runtime_stats).datagram_receives))
  yield ("ringline_runtime_stats.datagrams_sent", offsetOf(ringline_runtime_stats, datagrams_sent),
    sizeof(default(ringline_runtime_stats).datagrams_sent))
  yield ("ringline_runtime_stats.datagram_sends", offsetOf(ringline_runtime_stats, datagram_sends),
    sizeof(default(ringline_runtime_stats).datagram_sends))
  yield ("ringline_runtime_stats.datagrams_lost", offsetOf(ringline_runtime_stats, datagrams_lost),
    sizeof(default(ringline_runtime_stats).datagrams_lost))
  yield ("ringline_runtime_stats.backoffs", offsetOf(ringline_runtime_stats, backoffs),
    sizeof(default(ringline_runtime_stats).backoffs))
  yield ("ringline_runtime_stats.stalls", offsetOf(ringline_runtime_stats, stalls),
    sizeof(default(ringline_runtime_stats).stalls))
  yield ("ringline_runtime_stats.left_behind", offsetOf(ringline_runtime_stats, left_behind),
    sizeof(default(ringline_runtime_stats).left_behind))
  yield ("ringline_runtime_stats.copied", offsetOf(ringline_runtime_stats, copied),
    sizeof(default(ringline_runtime_stats).copied))
  yield ("ringline_tls_info", 0, sizeof(ringline_tls_info))
  yield ("ringline_tls_info.size", offsetOf(ringline_tls_info, size),
    sizeof(default(ringline_tls_info).size))
  yield ("ringline_tls_info.state", offsetOf(ringline_tls_info, state),
    sizeof(default(ringline_tls_info).state))
  yield ("ringline_tls_info.flags", offsetOf(ringline_tls_info, flags),
    sizeof(default(ringline_tls_info).flags))
  yield ("ringline_tls_info.version", offsetOf(ringline_tls_info, version),
    sizeof(default(ringline_tls_info).version))
  yield ("ringline_tls_info.cipher_suite", offsetOf(ringline_tls_info, cipher_suite),
    sizeof(default(ringline_tls_info).cipher_suite))
  yield ("ringline_tls_info.peer_certificate", offsetOf(ringline_tls_info, peer_certificate),
    sizeof(default(ringline_tls_info).peer_certificate))
  yield ("ringline_tls_info.peer_certificate_length", offsetOf(ringline_tls_info, peer_certificate_length),
    sizeof(default(ringline_tls_info).peer_certificate_length))
  yield ("ringline_tls_info.cipher_name", offsetOf(ringline_tls_info, cipher_name),
    sizeof(default(ringline_tls_info).cipher_name))
  yield ("ringline_tls_info.alpn", offsetOf(ringline_tls_info, alpn),
    sizeof(default(ringline_tls_info).alpn))
  yield ("ringline_tls_info.server_name", offsetOf(ringline_tls_info, server_name),
    sizeof(default(ringline_tls_info).server_name))
  yield ("ringline_stats", 0, sizeof(ringline_stats))
  yield ("ringline_stats.size", offsetOf(ringline_stats, size),
    sizeof(default(ringline_stats).size))
  yield ("ringline_stats.resv", offsetOf(ringline_stats, resv),
    sizeof(default(ringline_stats).resv))
  yield ("ringline_stats.submitted", offsetOf(ringline_stats, submitted),
    sizeof(default(ringline_stats).submitted))
  yield ("ringline_stats.completed", offsetOf(ringline_stats, completed),
    sizeof(default(ringline_stats).completed))
  yield ("ringline_stats.enters", offsetOf(ringline_stats, enters),
    sizeof(default(ringline_stats).enters))
  yield ("ringline_stats.waits", offsetOf(ringline_stats, waits),
    sizeof(default(ringline_stats).waits))
  yield ("ringline_stats.overflows", offsetOf(ringline_stats, overflows),
    sizeof(default(ringline_stats).overflows))
  yield ("ringline_stats.strays", offsetOf(ringline_stats, strays),
    sizeof(default(ringline_stats).strays))
  yield ("ringline_stats.timers", offsetOf(ringline_stats, timers),
    sizeof(default(ringline_stats).timers))
  yield ("ringline_stats.wakes", offsetOf(ringline_stats, wakes),
    sizeof(default(ringline_stats).wakes))
  yield ("ringline_stats.quiet", offsetOf(ringline_stats, quiet),
    sizeof(default(ringline_stats).quiet))
  yield ("ringline_stats.cancels", offsetOf(ringline_stats, cancels),
    sizeof(default(ringline_stats).cancels))
  yield ("ringline_stats.leases", offsetOf(ringline_stats, leases),
    sizeof(default(ringline_stats).leases))
  yield ("ringline_stats.nobufs", offsetOf(ringline_stats, nobufs),
    sizeof(default(ringline_stats).nobufs))
  yield ("ringline_stats.abandoned", offsetOf(ringline_stats, abandoned),
    sizeof(default(ringline_stats).abandoned))
  yield ("ringline_stats.rollbacks", offsetOf(ringline_stats, rollbacks),
    sizeof(default(ringline_stats).rollbacks))
  yield ("ringline_tls_identity", 0, sizeof(ringline_tls_identity))
  yield ("ringline_tls_identity.name", offsetOf(ringline_tls_identity, name),
    sizeof(default(ringline_tls_identity).name))
  yield ("ringline_tls_identity.chain_file", offsetOf(ringline_tls_identity, chain_file),
    sizeof(default(ringline_tls_identity).chain_file))
  yield ("ringline_tls_identity.key_file", offsetOf(ringline_tls_identity, key_file),
    sizeof(default(ringline_tls_identity).key_file))
  yield ("ringline_tls_identity.chain", offsetOf(ringline_tls_identity, chain),
    sizeof(default(ringline_tls_identity).chain))
  yield ("ringline_tls_identity.chain_length", offsetOf(ringline_tls_identity, chain_length),
    sizeof(default(ringline_tls_identity).chain_length))
  yield ("ringline_tls_identity.key", offsetOf(ringline_tls_identity, key),
    sizeof(default(ringline_tls_identity).key))
  yield ("ringline_tls_identity.key_length", offsetOf(ringline_tls_identity, key_length),
    sizeof(default(ringline_tls_identity).key_length))
  yield ("ringline_tls_options", 0, sizeof(ringline_tls_options))
  yield ("ringline_tls_options.size", offsetOf(ringline_tls_options, size),
    sizeof(default(ringline_tls_options).size))
  yield ("ringline_tls_options.flags", offsetOf(ringline_tls_options, flags),
    sizeof(default(ringline_tls_options).flags))
  yield ("ringline_tls_options.identities", offsetOf(ringline_tls_options, identities),
    sizeof(default(ringline_tls_options).identities))
  yield ("ringline_tls_options.identity_count", offsetOf(ringline_tls_options, identity_count),
    sizeof(default(ringline_tls_options).identity_count))
  yield ("ringline_tls_options.resv", offsetOf(ringline_tls_options, resv),
    sizeof(default(ringline_tls_options).resv))
  yield ("ringline_tls_options.roots_file", offsetOf(ringline_tls_options, roots_file),
    sizeof(default(ringline_tls_options).roots_file))
  yield ("ringline_tls_options.roots", offsetOf(ringline_tls_options, roots),
    sizeof(default(ringline_tls_options).roots))
  yield ("ringline_tls_options.roots_length", offsetOf(ringline_tls_options, roots_length),
    sizeof(default(ringline_tls_options).roots_length))
  yield ("ringline_tls_options.alpn", offsetOf(ringline_tls_options, alpn),
    sizeof(default(ringline_tls_options).alpn))
  yield ("ringline_tls_options.handshake_timeout_ns", offsetOf(ringline_tls_options, handshake_timeout_ns),
    sizeof(default(ringline_tls_options).handshake_timeout_ns))
