// The constants of libringline, with the types of the fields that they go into.
//
// Generated from the Rust source by `make abi`: change the source, not this file.

/// `RINGLINE_CF_FINAL` is `ABI.cfFinal`.
public enum ABI {
  /// Number of the ABI: two libraries with the same number serve the same programs.
  public static let abi: UInt32 = 1
  /// Version of the library, first part.
  public static let versionMajor: UInt32 = 0
  /// Version of the library, second part.
  public static let versionMinor: UInt32 = 1
  /// Version of the library, third part.
  public static let versionPatch: UInt32 = 0
  /// Does nothing; completes with 0.
  public static let opNop: UInt8 = 0
  /// preadv2(2); off = -1 is the file position.
  public static let opReadv: UInt8 = 1
  /// pwritev2(2), with RWF_NOSIGNAL where the kernel has it.
  public static let opWritev: UInt8 = 2
  /// fsync(2).
  public static let opFsync: UInt8 = 3
  /// pread(2) into the region buf_index.
  public static let opReadFixed: UInt8 = 4
  /// pwrite(2) from the region buf_index.
  public static let opWriteFixed: UInt8 = 5
  /// poll(2), once or (len = 1) multishot.
  public static let opPollAdd: UInt8 = 6
  /// Remove or change a poll; addr is its token.
  public static let opPollRemove: UInt8 = 7
  /// sync_file_range(2).
  public static let opSyncFileRange: UInt8 = 8
  /// sendmsg(2), always with MSG_NOSIGNAL.
  public static let opSendmsg: UInt8 = 9
  /// recvmsg(2), once or multishot from a pool.
  public static let opRecvmsg: UInt8 = 10
  /// The kernel's timer; RINGLINE_LIB_TIMER is cheaper.
  public static let opTimeout: UInt8 = 11
  /// Remove or change a timeout; addr is its token.
  public static let opTimeoutRemove: UInt8 = 12
  /// accept4(2), once or multishot.
  public static let opAccept: UInt8 = 13
  /// Cancel; addr is the target's token.
  public static let opAsyncCancel: UInt8 = 14
  /// A time limit for the op before it in a chain.
  public static let opLinkTimeout: UInt8 = 15
  /// connect(2).
  public static let opConnect: UInt8 = 16
  /// fallocate(2).
  public static let opFallocate: UInt8 = 17
  /// openat(2).
  public static let opOpenat: UInt8 = 18
  /// close(2); for sockets with operations in flight use RINGLINE_LIB_CLOSE.
  public static let opClose: UInt8 = 19
  /// Change registered files.
  public static let opFilesUpdate: UInt8 = 20
  /// statx(2).
  public static let opStatx: UInt8 = 21
  /// pread(2); off = -1 is the file position.
  public static let opRead: UInt8 = 22
  /// pwrite(2); off = -1 is the file position.
  public static let opWrite: UInt8 = 23
  /// posix_fadvise(2).
  public static let opFadvise: UInt8 = 24
  /// madvise(2).
  public static let opMadvise: UInt8 = 25
  /// send(2), always with MSG_NOSIGNAL.
  public static let opSend: UInt8 = 26
  /// recv(2), once or multishot from a pool.
  public static let opRecv: UInt8 = 27
  /// openat2(2).
  public static let opOpenat2: UInt8 = 28
  /// epoll_ctl(2).
  public static let opEpollCtl: UInt8 = 29
  /// splice(2).
  public static let opSplice: UInt8 = 30
  /// Refused: ringline_pool_create() provides buffers.
  public static let opProvideBuffers: UInt8 = 31
  /// Refused: ringline_pool_destroy() takes buffers back.
  public static let opRemoveBuffers: UInt8 = 32
  /// tee(2).
  public static let opTee: UInt8 = 33
  /// shutdown(2).
  public static let opShutdown: UInt8 = 34
  /// renameat2(2).
  public static let opRenameat: UInt8 = 35
  /// unlinkat(2).
  public static let opUnlinkat: UInt8 = 36
  /// mkdirat(2).
  public static let opMkdirat: UInt8 = 37
  /// symlinkat(2).
  public static let opSymlinkat: UInt8 = 38
  /// linkat(2).
  public static let opLinkat: UInt8 = 39
  /// A completion with RINGLINE_CF_MSG on another ring.
  public static let opMsgRing: UInt8 = 40
  /// fsetxattr(2).
  public static let opFsetxattr: UInt8 = 41
  /// setxattr(2).
  public static let opSetxattr: UInt8 = 42
  /// fgetxattr(2).
  public static let opFgetxattr: UInt8 = 43
  /// getxattr(2).
  public static let opGetxattr: UInt8 = 44
  /// socket(2).
  public static let opSocket: UInt8 = 45
  /// A command of the file's driver, or of a socket.
  public static let opUringCmd: UInt8 = 46
  /// send(2) out of the caller's pages, always with MSG_NOSIGNAL: two completions, the memory is the
  /// caller's again with the second one (NOTIF). Linux 6.0.
  public static let opSendZc: UInt8 = 47
  /// sendmsg(2) out of the caller's pages: FINAL at the notification.
  public static let opSendmsgZc: UInt8 = 48
  /// READ from a pool, again and again, Linux 6.7.
  public static let opReadMultishot: UInt8 = 49
  /// waitid(2), Linux 6.7.
  public static let opWaitid: UInt8 = 50
  /// Wait for a futex, Linux 6.7.
  public static let opFutexWait: UInt8 = 51
  /// Wake waiters of a futex, Linux 6.7.
  public static let opFutexWake: UInt8 = 52
  /// Wait for one of several futexes, Linux 6.7.
  public static let opFutexWaitv: UInt8 = 53
  /// A descriptor for a registered file, Linux 6.8: ringline_file_install.
  public static let opFixedFdInstall: UInt8 = 54
  /// ftruncate(2), Linux 6.9.
  public static let opFtruncate: UInt8 = 55
  /// bind(2), Linux 6.11.
  public static let opBind: UInt8 = 56
  /// listen(2), Linux 6.11.
  public static let opListen: UInt8 = 57
  /// Zero-copy receive: refused, no ring has a queue for it.
  public static let opRecvZc: UInt8 = 58
  /// epoll_wait(2), Linux 6.15.
  public static let opEpollWait: UInt8 = 59
  /// READV into a registered buffer, Linux 6.15.
  public static let opReadvFixed: UInt8 = 60
  /// WRITEV out of a registered buffer, Linux 6.15.
  public static let opWritevFixed: UInt8 = 61
  /// pipe2(2), Linux 6.16.
  public static let opPipe: UInt8 = 62
  /// Close a descriptor in order: shutdown, cancel its operations, wait for them, close.
  public static let libClose: UInt8 = 128
  /// A user-space timer: nanoseconds in off, period in addr.
  public static let libTimer: UInt8 = 129
  /// A send that goes on after short counts.
  public static let libSendAll: UInt8 = 130
  /// A CONNECT with a time limit: nanoseconds in addr3.
  public static let libConnectTimeout: UInt8 = 131
  /// A completion at the next turn, with res from len.
  public static let libPost: UInt8 = 132
  /// fd is a registered slot.
  public static let sqeFixedFile: UInt8 = 1
  /// Start after everything before is complete: refused, it would hold back cancels too.
  public static let sqeIoDrain: UInt8 = 2
  /// The next op starts when this one succeeded.
  public static let sqeIoLink: UInt8 = 4
  /// The next op starts when this one ended.
  public static let sqeIoHardlink: UInt8 = 8
  /// Do it in a kernel worker from the start.
  public static let sqeAsync: UInt8 = 16
  /// Take a buffer from the pool buf_index.
  public static let sqeBufferSelect: UInt8 = 32
  /// ioprio of an ACCEPT: multishot.
  public static let acceptMultishot: UInt16 = 1
  /// ioprio of a SEND or RECV: poll before trying.
  public static let recvsendPollFirst: UInt16 = 1
  /// ioprio of a RECV: multishot.
  public static let recvMultishot: UInt16 = 2
  /// ext of a SEND: no completion when the kernel takes it whole at once.
  public static let extQuiet: UInt64 = 1
  /// ioprio of a zero-copy send: buf_index is the region that the memory lies in.
  public static let recvsendFixedBuf: UInt16 = 4
  /// ioprio of a zero-copy send: tell whether it was copied; set anyway where the kernel can.
  public static let sendZcReportUsage: UInt16 = 8
  /// ioprio of an ACCEPT: fail with -EAGAIN instead of waiting.
  public static let acceptDontwait: UInt16 = 2
  /// ioprio of an ACCEPT: poll before trying.
  public static let acceptPollFirst: UInt16 = 4
  /// op_flags of an FSYNC: as fdatasync(2).
  public static let fsyncDatasync: UInt32 = 1
  /// op_flags of a NOP: res is what len says.
  public static let nopInjectResult: UInt32 = 1
  /// op_flags of a NOP on a BIG ring: off and addr come back as data and token, Linux 6.18.
  public static let nopCqe32: UInt32 = 32
  /// len of a POLL_ADD: a completion for each event.
  public static let pollAddMulti: UInt32 = 1
  /// len of a POLL_REMOVE: change the events instead.
  public static let pollUpdateEvents: UInt32 = 2
  /// len of a POLL_ADD: level-triggered.
  public static let pollAddLevel: UInt32 = 8
  /// op_flags of a TIMEOUT: the time is absolute.
  public static let timeoutAbs: UInt32 = 1
  /// op_flags of a TIMEOUT_REMOVE: change the time instead.
  public static let timeoutUpdate: UInt32 = 2
  /// op_flags of a TIMEOUT: CLOCK_BOOTTIME.
  public static let timeoutBoottime: UInt32 = 4
  /// op_flags of a TIMEOUT: CLOCK_REALTIME.
  public static let timeoutRealtime: UInt32 = 8
  /// op_flags of a TIMEOUT_REMOVE: change the time of a LINK_TIMEOUT.
  public static let linkTimeoutUpdate: UInt32 = 16
  /// op_flags of a TIMEOUT: being over counts as success in a chain.
  public static let timeoutEtimeSuccess: UInt32 = 32
  /// op_flags of a TIMEOUT: again and again, Linux 6.4.
  public static let timeoutMultishot: UInt32 = 64
  /// op_flags of an ASYNC_CANCEL: everything that matches, not only the first.
  public static let cancelAll: UInt32 = 1
  /// op_flags of an ASYNC_CANCEL: by fd, not by token.
  public static let cancelFd: UInt32 = 2
  /// op_flags of an ASYNC_CANCEL: fd is a registered slot.
  public static let cancelFdFixed: UInt32 = 8
  /// op_flags of a SPLICE or TEE: fd_in is a registered slot.
  public static let spliceFdInFixed: UInt32 = 2147483648
  /// op_flags of a FIXED_FD_INSTALL: the descriptor survives exec.
  public static let fixedFdNoCloexec: UInt32 = 1
  /// Flags of a futex: 32 bits wide, the only size that the kernel has.
  public static let futex2SizeU32: UInt32 = 2
  /// Flags of a futex: used by this process only.
  public static let futex2Private: UInt32 = 128
  /// Mask of a futex: any waiter, any waker.
  public static let futexAny: UInt64 = 4294967295
  /// op_flags of a URING_CMD: buf_index is a registered buffer.
  public static let uringCmdFixed: UInt32 = 1
  /// Command of a socket: bytes to read.
  public static let socketSiocinq: UInt32 = 0
  /// Command of a socket: bytes not sent yet.
  public static let socketSiocoutq: UInt32 = 1
  /// Command of a socket: getsockopt(2), level SOL_SOCKET.
  public static let socketGetsockopt: UInt32 = 2
  /// Command of a socket: setsockopt(2).
  public static let socketSetsockopt: UInt32 = 3
  /// op_flags of RINGLINE_LIB_CLOSE: others share the file, do not shut it down.
  public static let libCloseShared: UInt32 = 1
  /// op_flags of RINGLINE_LIB_TIMER: off is a CLOCK_MONOTONIC time.
  public static let timerAbs: UInt32 = 1
  /// The high 16 bits are a buffer id.
  public static let cfBuffer: UInt32 = 1
  /// More completions of this op follow.
  public static let cfMore: UInt32 = 2
  /// The socket has more data.
  public static let cfSockNonempty: UInt32 = 4
  /// A zero-copy notification.
  public static let cfNotif: UInt32 = 8
  /// The kernel keeps using this buffer.
  public static let cfBufMore: UInt32 = 16
  /// The last completion of its op: its memory is the caller's again.
  public static let cfFinal: UInt32 = 256
  /// data is received bytes, token is the lease to give back.
  public static let cfLease: UInt32 = 512
  /// A zero-copy send was copied after all.
  public static let cfZcCopied: UInt32 = 1024
  /// Posted by another thread.
  public static let cfMsg: UInt32 = 2048
  /// Forced free: the memory of this op never comes back.
  public static let cfAbandoned: UInt32 = 4096
  /// data and token are the second half of a big completion: a URING_CMD's on a BIG ring.
  public static let cfExt: UInt32 = 8192
  /// Not about an op: few buffers of a pool are left (ringline_pool_set_low_water).
  public static let cfLowWater: UInt32 = 16384
  /// Where the buffer id starts in flags.
  public static let cfBufferShift: UInt32 = 16
  /// A panic inside was caught; the handle is poisoned.
  public static let epanic: Int32 = -4096
  /// Poisoned by an earlier panic: only free works.
  public static let epoisoned: Int32 = -4097
  /// Called from a thread that does not own the ring.
  public static let ewrongthread: Int32 = -4098
  /// The handle was made before fork(2).
  public static let eforked: Int32 = -4099
  /// Header and library do not match.
  public static let eabi: Int32 = -4100
  /// Handle, token or lease is not valid (any more).
  public static let estale: Int32 = -4101
  /// A pointer that must not be NULL is NULL.
  public static let enull: Int32 = -4102
  /// The ring is closing.
  public static let eclosed: Int32 = -4103
  /// max_inflight is reached.
  public static let enoslot: Int32 = -4104
  /// The loop may not be run inside a callback.
  public static let ereentrant: Int32 = -4105
  /// This kernel lacks the feature.
  public static let enotsupKernel: Int32 = -4106
  /// TLS could not go on: the handshake failed, or a record was wrong.
  public static let etls: Int32 = -4107
  /// The other end of a TLS connection closed without ending its TLS: data may be missing.
  public static let etruncated: Int32 = -4108
  /// No owner thread yet.
  public static let stateCreated: Int32 = 0
  /// Bound to its owner thread.
  public static let stateAttached: Int32 = 1
  /// Closing: operations are still in flight.
  public static let stateClosing: Int32 = 2
  /// Closed: nothing is in flight.
  public static let stateClosed: Int32 = 3
  /// Bits of kernel_features and config.disable: single_issuer.
  public static let featureSingleIssuer: UInt64 = 1
  /// defer_taskrun (6.1).
  public static let featureDeferTaskrun: UInt64 = 2
  /// coop_taskrun (5.19).
  public static let featureCoopTaskrun: UInt64 = 4
  /// taskrun_flag (5.19).
  public static let featureTaskrunFlag: UInt64 = 8
  /// submit_all (5.18).
  public static let featureSubmitAll: UInt64 = 16
  /// no_sqarray (6.6).
  public static let featureNoSqarray: UInt64 = 32
  /// ext_arg (5.11).
  public static let featureExtArg: UInt64 = 64
  /// min_wait (6.12).
  public static let featureMinWait: UInt64 = 128
  /// pool (5.19).
  public static let featurePool: UInt64 = 256
  /// accept_multishot (5.19).
  public static let featureAcceptMultishot: UInt64 = 512
  /// recv_multishot (6.0).
  public static let featureRecvMultishot: UInt64 = 1024
  /// cancel_sync (6.0).
  public static let featureCancelSync: UInt64 = 2048
  /// cancel_any (5.19).
  public static let featureCancelAny: UInt64 = 4096
  /// registered_ring (5.18).
  public static let featureRegisteredRing: UInt64 = 8192
  /// write_nosignal (6.18).
  public static let featureWriteNosignal: UInt64 = 16384
  /// bind_listen (6.11).
  public static let featureBindListen: UInt64 = 32768
  /// cqe_skip (5.17).
  public static let featureCqeSkip: UInt64 = 65536
  /// pool_incremental (6.12).
  public static let featurePoolIncremental: UInt64 = 131072
  /// fixed_buffers (5.19).
  public static let featureFixedBuffers: UInt64 = 262144
  /// file_table (6.0).
  public static let featureFileTable: UInt64 = 524288
  /// fd_install (6.8).
  public static let featureFdInstall: UInt64 = 1048576
  /// big_ring (5.19).
  public static let featureBigRing: UInt64 = 2097152
  /// recv_limit (6.17).
  public static let featureRecvLimit: UInt64 = 4194304
  /// flags of a pool: the kernel fills a buffer piece by piece (6.12).
  public static let poolIncremental: UInt32 = 1
  /// flags of a pool: huge pages, reserved ones if there are any.
  public static let poolHuge: UInt32 = 2
  /// In ringline_pool_info: the kernel was only asked for huge pages (madvise).
  public static let poolHugeAdvised: UInt32 = 4
  /// flags of a region: huge pages, reserved ones if there are any.
  public static let regionHuge: UInt32 = 1
  /// In ringline_region_info: the kernel was only asked for huge pages (madvise).
  public static let regionHugeAdvised: UInt32 = 2
  /// file_index of accept, openat and socket: a slot of the kernel's choice.
  public static let fileIndexAlloc: UInt32 = 4294967295
  /// flags of ringline_file_install: the descriptor stays open on exec.
  public static let fileInstallInherit: UInt32 = 1
  /// flags of ringline_submit: copy the small inputs that ops point to, which are free on return.
  public static let submitCopyArgs: UInt32 = 1
  /// config.flags: let a kernel thread poll the submission queue; steps down where it may not. That
  /// thread has the rights of whoever made the ring, for good: a program that gives up root
  /// (setuid(2)) still opens files as root by such a ring. Make the ring afterwards.
  public static let configSqpoll: UInt32 = 1
  /// config.flags: a BIG ring, with entries of 128 bytes and completions of 32, for commands of 80
  /// bytes (NVMe passthrough); RINGLINE_ENOTSUP_KERNEL before Linux 5.19.
  public static let configBig: UInt32 = 2
  /// flags of a runtime's config: leave the threads where the kernel puts them.
  public static let runtimeUnpinned: UInt32 = 1
  /// how of ringline_conn_close: what is queued is sent first.
  public static let closeGracefully: UInt32 = 0
  /// how of ringline_conn_close: what is queued is dropped, the other end sees a reset.
  public static let closeAtOnce: UInt32 = 1
  /// state of a connection: it sends and receives.
  public static let connOpen: UInt32 = 1
  /// It sends what is queued, then waits for the other end to close.
  public static let connDraining: UInt32 = 2
  /// It ends what is in flight; its close callback is next.
  public static let connClosing: UInt32 = 3
  /// ringline_conn_connect() is not through; its connect callback is next.
  public static let connConnecting: UInt32 = 4
  /// flags of a connection: it shows no data (ringline_conn_pause).
  public static let connPaused: UInt32 = 1
  /// flags of a connection: the other end sends nothing more.
  public static let connEnded: UInt32 = 2
  /// flags of a connection: the other end is gone. What it sent before is shown, whatever was paused;
  /// then the connection closes, and what its data callback left is dropped.
  public static let connGone: UInt32 = 4
  /// flags of a datagram: it was longer than datagram_size, and cut off.
  public static let datagramTruncated: UInt32 = 1
  /// flags of TLS options: trust whom the machine trusts, besides the roots that are given.
  public static let tlsSystemRoots: UInt32 = 1
  /// A server asks for a certificate, and takes clients without one too.
  public static let tlsClientCertificateWanted: UInt32 = 2
  /// A server takes no client without a certificate that its roots vouch for.
  public static let tlsClientCertificateRequired: UInt32 = 4
  /// Every handshake in full: nothing is kept of a session that is over.
  public static let tlsNoResumption: UInt32 = 8
  /// DANGEROUS: a client believes any certificate, so that anybody on the way can read and change
  /// everything. For tests against a machine of one's own.
  public static let tlsDangerousBelieveAnybody: UInt32 = 2147483648
  /// state of a TLS info: the connection has none.
  public static let tlsNone: UInt32 = 0
  /// The handshake has not ended.
  public static let tlsShaking: UInt32 = 1
  /// The handshake ended.
  public static let tlsDone: UInt32 = 2
  /// flags of a TLS info: it went on with an earlier session.
  public static let tlsResumed: UInt32 = 1
  /// flags of ringline_listen: others may listen on the same port, this process or another one of the
  /// same user's, and whoever does gets a part of its clients. Each of them has to say so.
  public static let listenShared: UInt32 = 1
  /// kind of an event: the worker begins.
  public static let eventStart: UInt32 = 1
  /// A client came by `listener`.
  public static let eventAccept: UInt32 = 2
  /// Bytes came, or (length 0) the other end sends nothing more; see `consumed`.
  public static let eventData: UInt32 = 3
  /// The kernel took `length` bytes.
  public static let eventSent: UInt32 = 4
  /// There is room again in a send queue that was full.
  public static let eventWritable: UInt32 = 5
  /// A connection is over, for the reason `res`; its id is stale. `extra` bytes of what was sent the
  /// other end had not taken (`queued` and `untaken` of ringline_conn_info, together). With
  /// RINGLINE_ETLS its cause in words, `length` bytes, is at `address`.
  public static let eventClose: UInt32 = 6
  /// The worker is over.
  public static let eventStop: UInt32 = 7
  /// The timer `conn` ticks; `res` periods were missed before.
  public static let eventTick: UInt32 = 8
  /// Another thread posted `user` and `res`.
  public static let eventNotify: UInt32 = 9
  /// ringline_resolve() of `user`: `length` of ringline_address at `address`; or `res` is -errno and
  /// the resolver's words, `length` bytes, are there.
  public static let eventResolve: UInt32 = 10
  /// The signal `res` came, sent by the process `extra`.
  public static let eventSignal: UInt32 = 11
  /// The process `conn` runs: `res` is its pid, and at `address` are the ids of three connections,
  /// its input, output and errors (0 = none); or `res` is -errno.
  public static let eventSpawn: UInt32 = 12
  /// The process `conn` ended with the code `res`, or by the signal -`res`.
  public static let eventExit: UInt32 = 13
  /// What became of the connect of `conn`: `res` 0 or -errno.
  public static let eventConnect: UInt32 = 14
  /// What was lent to `conn` under the cookie `extra` is the caller's again.
  public static let eventReleased: UInt32 = 15
  /// A datagram came by `listener`: `length` bytes at `address`, from the sockaddr at `user` of `res`
  /// bytes (0: the sender has none); `flags`: RINGLINE_DATAGRAM_TRUNCATED.
  public static let eventDatagram: UInt32 = 16
  /// The TLS handshake of `conn` ended.
  public static let eventSecured: UInt32 = 17
  /// The worker begins to end: it was told to stop.
  public static let eventStopping: UInt32 = 18
  /// worker of ringline_work: the calling thread's own.
  public static let workerHere: UInt32 = 4294967295
  /// stdin, stdout, stderr of a process: the program's own.
  public static let streamInherited: UInt32 = 0
  /// A connection of the worker.
  public static let streamPiped: UInt32 = 1
  /// /dev/null.
  public static let streamNull: UInt32 = 2
  /// status of a process: somebody else waited for it.
  public static let exitUnknown: Int32 = -2147483648
  /// set_log: nothing is told.
  public static let logNone: UInt32 = 0
  /// A caught panic.
  public static let logError: UInt32 = 1
  /// Abandoned operations, a feature that this kernel lacks.
  public static let logWarn: UInt32 = 2
  /// The library took another way: setup flags stepped down, memory was waited for.
  public static let logInfo: UInt32 = 3
  /// Every call that failed.
  public static let logDebug: UInt32 = 4
}
