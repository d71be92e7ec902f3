/*
 * ringline.h: Linux io_uring as one shared library.
 *
 * Generated from the Rust source by `make header`: change the source, not this file.
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The contract. Every line has tests that fail when it is broken.
 *
 * C1  Every accepted operation gets exactly one completion with RINGLINE_CF_FINAL, also after
 *     cancel and close. After a forced free it carries RINGLINE_CF_ABANDONED. A submit that
 *     returns an error means none. (A QUIET send completes only when it failed or was cut.)
 * C2  A buffer is the library's from the accepted submit until FINAL. Cancel and close do not
 *     shorten this. Memory that an ABANDONED operation named is never given back.
 * C3  Callbacks run only on the owner thread, only inside turn, run and run_once, never inside
 *     submit, never under an internal lock, never recursively.
 * C4  Every function is legal inside a callback, close and free of that very handle included
 *     (they are deferred), but running the loop there is RINGLINE_EREENTRANT.
 * C5  A stale, NULL, garbage, foreign or double-freed handle, a wrong thread, a handle from
 *     before fork: an error code and no change of state.
 * C6  SEND_ALL on a stream arrives in order and whole; on failure the bytes that the kernel
 *     accepted are reported.
 * C7  Everything is bounded. Over the limit is -EAGAIN or -ENOBUFS (or RINGLINE_ENOSLOT), never
 *     unbounded memory, never a spin.
 * C8  No panic crosses this boundary: RINGLINE_EPANIC, and the handle is poisoned: only free works.
 *     A C++ exception that leaves a callback aborts the process with a message.
 * C9  After free, file descriptors, threads, mappings and locked memory are what they were before
 *     create (locked memory within one second; ABANDONED operations excepted and counted, and
 *     threads that hang in a lookup, in the start of a child, or in a function of ringline_work()
 *     beyond a stop's limit: they and the runtime's memory go when those come back, counted in
 *     left_behind).
 * C10 errno is kept: every error has a code, the kernel's errno and a text.
 * C11 No signal is raised where the kernel can suppress it, no handler is installed, nothing is
 *     printed, there is no hidden global state.
 * C12 A missing kernel feature has a fallback, or is RINGLINE_ENOTSUP_KERNEL with its name: never
 *     a hang.
 * C13 The runtime is fair: no connection and no datagram listener keeps another from its turn,
 *     also when buffers run dry.
 * C14 What the other end sent before it went is shown, whole and in order, before its close is
 *     told; an end that dies is noticed also behind its half-close and while the connection is
 *     paused.
 * C15 A graceful end is judged by the other end's progress, and a stop or a closed listener loses
 *     no client that had connected before.
 * C16 Memory follows what is alive: what a connection used is given back or used again.
 *
 * Return values: >= 0 is success or a count; -1..-4095 is -errno of the kernel, unchanged;
 * <= -4096 is a library code below. Pointers inside records are uint64_t. What every function
 * with a handle answers is named in its comment only where it means more: RINGLINE_ESTALE,
 * RINGLINE_EFORKED (C5), RINGLINE_EPANIC, RINGLINE_EPOISONED (C8), and on another thread than the
 * one that the comment names (the owner, a worker in its callbacks) RINGLINE_EWRONGTHREAD.
 */

#ifndef RINGLINE_H
#define RINGLINE_H

#include <stddef.h>
#include <stdint.h>

/** A ring. Opaque: its value is a handle that is looked up, never an address. */
typedef struct ringline_ring ringline_ring;

/** What other threads hold of a ring. Opaque, as a ring. */
typedef struct ringline_mailbox ringline_mailbox;

/** A server runtime. Opaque, as a ring. */
typedef struct ringline_runtime ringline_runtime;

/** A TLS config. Opaque, as a ring. */
typedef struct ringline_tls_config ringline_tls_config;

/**
 * Number of the ABI: two libraries with the same number serve the same programs.
 */
#define RINGLINE_ABI 1

/**
 * Version of the library, first part.
 */
#define RINGLINE_VERSION_MAJOR 0

/**
 * Version of the library, second part.
 */
#define RINGLINE_VERSION_MINOR 1

/**
 * Version of the library, third part.
 */
#define RINGLINE_VERSION_PATCH 0

/**
 * Does nothing; completes with 0.
 */
#define RINGLINE_OP_NOP 0

/**
 * preadv2(2); off = -1 is the file position.
 */
#define RINGLINE_OP_READV 1

/**
 * pwritev2(2), with RWF_NOSIGNAL where the kernel has it.
 */
#define RINGLINE_OP_WRITEV 2

/**
 * fsync(2).
 */
#define RINGLINE_OP_FSYNC 3

/**
 * pread(2) into the region buf_index.
 */
#define RINGLINE_OP_READ_FIXED 4

/**
 * pwrite(2) from the region buf_index.
 */
#define RINGLINE_OP_WRITE_FIXED 5

/**
 * poll(2), once or (len = 1) multishot.
 */
#define RINGLINE_OP_POLL_ADD 6

/**
 * Remove or change a poll; addr is its token.
 */
#define RINGLINE_OP_POLL_REMOVE 7

/**
 * sync_file_range(2).
 */
#define RINGLINE_OP_SYNC_FILE_RANGE 8

/**
 * sendmsg(2), always with MSG_NOSIGNAL.
 */
#define RINGLINE_OP_SENDMSG 9

/**
 * recvmsg(2), once or multishot from a pool.
 */
#define RINGLINE_OP_RECVMSG 10

/**
 * The kernel's timer; RINGLINE_LIB_TIMER is cheaper.
 */
#define RINGLINE_OP_TIMEOUT 11

/**
 * Remove or change a timeout; addr is its token.
 */
#define RINGLINE_OP_TIMEOUT_REMOVE 12

/**
 * accept4(2), once or multishot.
 */
#define RINGLINE_OP_ACCEPT 13

/**
 * Cancel; addr is the target's token.
 */
#define RINGLINE_OP_ASYNC_CANCEL 14

/**
 * A time limit for the op before it in a chain.
 */
#define RINGLINE_OP_LINK_TIMEOUT 15

/**
 * connect(2).
 */
#define RINGLINE_OP_CONNECT 16

/**
 * fallocate(2).
 */
#define RINGLINE_OP_FALLOCATE 17

/**
 * openat(2).
 */
#define RINGLINE_OP_OPENAT 18

/**
 * close(2); for sockets with operations in flight use RINGLINE_LIB_CLOSE.
 */
#define RINGLINE_OP_CLOSE 19

/**
 * Change registered files.
 */
#define RINGLINE_OP_FILES_UPDATE 20

/**
 * statx(2).
 */
#define RINGLINE_OP_STATX 21

/**
 * pread(2); off = -1 is the file position.
 */
#define RINGLINE_OP_READ 22

/**
 * pwrite(2); off = -1 is the file position.
 */
#define RINGLINE_OP_WRITE 23

/**
 * posix_fadvise(2).
 */
#define RINGLINE_OP_FADVISE 24

/**
 * madvise(2).
 */
#define RINGLINE_OP_MADVISE 25

/**
 * send(2), always with MSG_NOSIGNAL.
 */
#define RINGLINE_OP_SEND 26

/**
 * recv(2), once or multishot from a pool.
 */
#define RINGLINE_OP_RECV 27

/**
 * openat2(2).
 */
#define RINGLINE_OP_OPENAT2 28

/**
 * epoll_ctl(2).
 */
#define RINGLINE_OP_EPOLL_CTL 29

/**
 * splice(2).
 */
#define RINGLINE_OP_SPLICE 30

/**
 * Refused: ringline_pool_create() provides buffers.
 */
#define RINGLINE_OP_PROVIDE_BUFFERS 31

/**
 * Refused: ringline_pool_destroy() takes buffers back.
 */
#define RINGLINE_OP_REMOVE_BUFFERS 32

/**
 * tee(2).
 */
#define RINGLINE_OP_TEE 33

/**
 * shutdown(2).
 */
#define RINGLINE_OP_SHUTDOWN 34

/**
 * renameat2(2).
 */
#define RINGLINE_OP_RENAMEAT 35

/**
 * unlinkat(2).
 */
#define RINGLINE_OP_UNLINKAT 36

/**
 * mkdirat(2).
 */
#define RINGLINE_OP_MKDIRAT 37

/**
 * symlinkat(2).
 */
#define RINGLINE_OP_SYMLINKAT 38

/**
 * linkat(2).
 */
#define RINGLINE_OP_LINKAT 39

/**
 * A completion with RINGLINE_CF_MSG on another ring.
 */
#define RINGLINE_OP_MSG_RING 40

/**
 * fsetxattr(2).
 */
#define RINGLINE_OP_FSETXATTR 41

/**
 * setxattr(2).
 */
#define RINGLINE_OP_SETXATTR 42

/**
 * fgetxattr(2).
 */
#define RINGLINE_OP_FGETXATTR 43

/**
 * getxattr(2).
 */
#define RINGLINE_OP_GETXATTR 44

/**
 * socket(2).
 */
#define RINGLINE_OP_SOCKET 45

/**
 * A command of the file's driver, or of a socket.
 */
#define RINGLINE_OP_URING_CMD 46

/**
 * send(2) out of the caller's pages, always with MSG_NOSIGNAL: two completions, the memory is the
 * caller's again with the second one (NOTIF). Linux 6.0.
 */
#define RINGLINE_OP_SEND_ZC 47

/**
 * sendmsg(2) out of the caller's pages: FINAL at the notification.
 */
#define RINGLINE_OP_SENDMSG_ZC 48

/**
 * READ from a pool, again and again, Linux 6.7.
 */
#define RINGLINE_OP_READ_MULTISHOT 49

/**
 * waitid(2), Linux 6.7.
 */
#define RINGLINE_OP_WAITID 50

/**
 * Wait for a futex, Linux 6.7.
 */
#define RINGLINE_OP_FUTEX_WAIT 51

/**
 * Wake waiters of a futex, Linux 6.7.
 */
#define RINGLINE_OP_FUTEX_WAKE 52

/**
 * Wait for one of several futexes, Linux 6.7.
 */
#define RINGLINE_OP_FUTEX_WAITV 53

/**
 * A descriptor for a registered file, Linux 6.8: ringline_file_install.
 */
#define RINGLINE_OP_FIXED_FD_INSTALL 54

/**
 * ftruncate(2), Linux 6.9.
 */
#define RINGLINE_OP_FTRUNCATE 55

/**
 * bind(2), Linux 6.11.
 */
#define RINGLINE_OP_BIND 56

/**
 * listen(2), Linux 6.11.
 */
#define RINGLINE_OP_LISTEN 57

/**
 * Zero-copy receive: refused, no ring has a queue for it.
 */
#define RINGLINE_OP_RECV_ZC 58

/**
 * epoll_wait(2), Linux 6.15.
 */
#define RINGLINE_OP_EPOLL_WAIT 59

/**
 * READV into a registered buffer, Linux 6.15.
 */
#define RINGLINE_OP_READV_FIXED 60

/**
 * WRITEV out of a registered buffer, Linux 6.15.
 */
#define RINGLINE_OP_WRITEV_FIXED 61

/**
 * pipe2(2), Linux 6.16.
 */
#define RINGLINE_OP_PIPE 62

/**
 * Close a descriptor in order: shutdown, cancel its operations, wait for them, close.
 */
#define RINGLINE_LIB_CLOSE 128

/**
 * A user-space timer: nanoseconds in off, period in addr.
 */
#define RINGLINE_LIB_TIMER 129

/**
 * A send that goes on after short counts.
 */
#define RINGLINE_LIB_SEND_ALL 130

/**
 * A CONNECT with a time limit: nanoseconds in addr3.
 */
#define RINGLINE_LIB_CONNECT_TIMEOUT 131

/**
 * A completion at the next turn, with res from len.
 */
#define RINGLINE_LIB_POST 132

/**
 * fd is a registered slot.
 */
#define RINGLINE_SQE_FIXED_FILE 1

/**
 * Start after everything before is complete: refused, it would hold back cancels too.
 */
#define RINGLINE_SQE_IO_DRAIN 2

/**
 * The next op starts when this one succeeded.
 */
#define RINGLINE_SQE_IO_LINK 4

/**
 * The next op starts when this one ended.
 */
#define RINGLINE_SQE_IO_HARDLINK 8

/**
 * Do it in a kernel worker from the start.
 */
#define RINGLINE_SQE_ASYNC 16

/**
 * Take a buffer from the pool buf_index.
 */
#define RINGLINE_SQE_BUFFER_SELECT 32

/**
 * ioprio of an ACCEPT: multishot.
 */
#define RINGLINE_ACCEPT_MULTISHOT 1

/**
 * ioprio of a SEND or RECV: poll before trying.
 */
#define RINGLINE_RECVSEND_POLL_FIRST 1

/**
 * ioprio of a RECV: multishot.
 */
#define RINGLINE_RECV_MULTISHOT 2

/**
 * ext of a SEND: no completion when the kernel takes it whole at once.
 */
#define RINGLINE_EXT_QUIET 1

/**
 * ioprio of a zero-copy send: buf_index is the region that the memory lies in.
 */
#define RINGLINE_RECVSEND_FIXED_BUF 4

/**
 * ioprio of a zero-copy send: tell whether it was copied; set anyway where the kernel can.
 */
#define RINGLINE_SEND_ZC_REPORT_USAGE 8

/**
 * ioprio of an ACCEPT: fail with -EAGAIN instead of waiting.
 */
#define RINGLINE_ACCEPT_DONTWAIT 2

/**
 * ioprio of an ACCEPT: poll before trying.
 */
#define RINGLINE_ACCEPT_POLL_FIRST 4

/**
 * op_flags of an FSYNC: as fdatasync(2).
 */
#define RINGLINE_FSYNC_DATASYNC 1

/**
 * op_flags of a NOP: res is what len says.
 */
#define RINGLINE_NOP_INJECT_RESULT 1

/**
 * op_flags of a NOP on a BIG ring: off and addr come back as data and token, Linux 6.18.
 */
#define RINGLINE_NOP_CQE32 32

/**
 * len of a POLL_ADD: a completion for each event.
 */
#define RINGLINE_POLL_ADD_MULTI 1

/**
 * len of a POLL_REMOVE: change the events instead.
 */
#define RINGLINE_POLL_UPDATE_EVENTS 2

/**
 * len of a POLL_ADD: level-triggered.
 */
#define RINGLINE_POLL_ADD_LEVEL 8

/**
 * op_flags of a TIMEOUT: the time is absolute.
 */
#define RINGLINE_TIMEOUT_ABS 1

/**
 * op_flags of a TIMEOUT_REMOVE: change the time instead.
 */
#define RINGLINE_TIMEOUT_UPDATE 2

/**
 * op_flags of a TIMEOUT: CLOCK_BOOTTIME.
 */
#define RINGLINE_TIMEOUT_BOOTTIME 4

/**
 * op_flags of a TIMEOUT: CLOCK_REALTIME.
 */
#define RINGLINE_TIMEOUT_REALTIME 8

/**
 * op_flags of a TIMEOUT_REMOVE: change the time of a LINK_TIMEOUT.
 */
#define RINGLINE_LINK_TIMEOUT_UPDATE 16

/**
 * op_flags of a TIMEOUT: being over counts as success in a chain.
 */
#define RINGLINE_TIMEOUT_ETIME_SUCCESS 32

/**
 * op_flags of a TIMEOUT: again and again, Linux 6.4.
 */
#define RINGLINE_TIMEOUT_MULTISHOT 64

/**
 * op_flags of an ASYNC_CANCEL: everything that matches, not only the first.
 */
#define RINGLINE_CANCEL_ALL 1

/**
 * op_flags of an ASYNC_CANCEL: by fd, not by token.
 */
#define RINGLINE_CANCEL_FD 2

/**
 * op_flags of an ASYNC_CANCEL: fd is a registered slot.
 */
#define RINGLINE_CANCEL_FD_FIXED 8

/**
 * op_flags of a SPLICE or TEE: fd_in is a registered slot.
 */
#define RINGLINE_SPLICE_FD_IN_FIXED 2147483648

/**
 * op_flags of a FIXED_FD_INSTALL: the descriptor survives exec.
 */
#define RINGLINE_FIXED_FD_NO_CLOEXEC 1

/**
 * Flags of a futex: 32 bits wide, the only size that the kernel has.
 */
#define RINGLINE_FUTEX2_SIZE_U32 2

/**
 * Flags of a futex: used by this process only.
 */
#define RINGLINE_FUTEX2_PRIVATE 128

/**
 * Mask of a futex: any waiter, any waker.
 */
#define RINGLINE_FUTEX_ANY 4294967295

/**
 * op_flags of a URING_CMD: buf_index is a registered buffer.
 */
#define RINGLINE_URING_CMD_FIXED 1

/**
 * Command of a socket: bytes to read.
 */
#define RINGLINE_SOCKET_SIOCINQ 0

/**
 * Command of a socket: bytes not sent yet.
 */
#define RINGLINE_SOCKET_SIOCOUTQ 1

/**
 * Command of a socket: getsockopt(2), level SOL_SOCKET.
 */
#define RINGLINE_SOCKET_GETSOCKOPT 2

/**
 * Command of a socket: setsockopt(2).
 */
#define RINGLINE_SOCKET_SETSOCKOPT 3

/**
 * op_flags of RINGLINE_LIB_CLOSE: others share the file, do not shut it down.
 */
#define RINGLINE_LIB_CLOSE_SHARED 1

/**
 * op_flags of RINGLINE_LIB_TIMER: off is a CLOCK_MONOTONIC time.
 */
#define RINGLINE_TIMER_ABS 1

/**
 * The high 16 bits are a buffer id.
 */
#define RINGLINE_CF_BUFFER 1

/**
 * More completions of this op follow.
 */
#define RINGLINE_CF_MORE 2

/**
 * The socket has more data.
 */
#define RINGLINE_CF_SOCK_NONEMPTY 4

/**
 * A zero-copy notification.
 */
#define RINGLINE_CF_NOTIF 8

/**
 * The kernel keeps using this buffer.
 */
#define RINGLINE_CF_BUF_MORE 16

/**
 * The last completion of its op: its memory is the caller's again.
 */
#define RINGLINE_CF_FINAL 256

/**
 * data is received bytes, token is the lease to give back.
 */
#define RINGLINE_CF_LEASE 512

/**
 * A zero-copy send was copied after all.
 */
#define RINGLINE_CF_ZC_COPIED 1024

/**
 * Posted by another thread.
 */
#define RINGLINE_CF_MSG 2048

/**
 * Forced free: the memory of this op never comes back.
 */
#define RINGLINE_CF_ABANDONED 4096

/**
 * data and token are the second half of a big completion: a URING_CMD's on a BIG ring.
 */
#define RINGLINE_CF_EXT 8192

/**
 * Not about an op: few buffers of a pool are left (ringline_pool_set_low_water).
 */
#define RINGLINE_CF_LOW_WATER 16384

/**
 * Where the buffer id starts in flags.
 */
#define RINGLINE_CF_BUFFER_SHIFT 16

/**
 * A panic inside was caught; the handle is poisoned.
 */
#define RINGLINE_EPANIC -4096

/**
 * Poisoned by an earlier panic: only free works.
 */
#define RINGLINE_EPOISONED -4097

/**
 * Called from a thread that does not own the ring.
 */
#define RINGLINE_EWRONGTHREAD -4098

/**
 * The handle was made before fork(2).
 */
#define RINGLINE_EFORKED -4099

/**
 * Header and library do not match.
 */
#define RINGLINE_EABI -4100

/**
 * Handle, token or lease is not valid (any more).
 */
#define RINGLINE_ESTALE -4101

/**
 * A pointer that must not be NULL is NULL.
 */
#define RINGLINE_ENULL -4102

/**
 * The ring is closing.
 */
#define RINGLINE_ECLOSED -4103

/**
 * max_inflight is reached.
 */
#define RINGLINE_ENOSLOT -4104

/**
 * The loop may not be run inside a callback.
 */
#define RINGLINE_EREENTRANT -4105

/**
 * This kernel lacks the feature.
 */
#define RINGLINE_ENOTSUP_KERNEL -4106

/**
 * TLS could not go on: the handshake failed, or a record was wrong.
 */
#define RINGLINE_ETLS -4107

/**
 * The other end of a TLS connection closed without ending its TLS: data may be missing.
 */
#define RINGLINE_ETRUNCATED -4108

/**
 * No owner thread yet.
 */
#define RINGLINE_STATE_CREATED 0

/**
 * Bound to its owner thread.
 */
#define RINGLINE_STATE_ATTACHED 1

/**
 * Closing: operations are still in flight.
 */
#define RINGLINE_STATE_CLOSING 2

/**
 * Closed: nothing is in flight.
 */
#define RINGLINE_STATE_CLOSED 3

/**
 * Bits of kernel_features and config.disable: single_issuer.
 */
#define RINGLINE_FEATURE_SINGLE_ISSUER 1

/**
 * defer_taskrun (6.1).
 */
#define RINGLINE_FEATURE_DEFER_TASKRUN 2

/**
 * coop_taskrun (5.19).
 */
#define RINGLINE_FEATURE_COOP_TASKRUN 4

/**
 * taskrun_flag (5.19).
 */
#define RINGLINE_FEATURE_TASKRUN_FLAG 8

/**
 * submit_all (5.18).
 */
#define RINGLINE_FEATURE_SUBMIT_ALL 16

/**
 * no_sqarray (6.6).
 */
#define RINGLINE_FEATURE_NO_SQARRAY 32

/**
 * ext_arg (5.11).
 */
#define RINGLINE_FEATURE_EXT_ARG 64

/**
 * min_wait (6.12).
 */
#define RINGLINE_FEATURE_MIN_WAIT 128

/**
 * pool (5.19).
 */
#define RINGLINE_FEATURE_POOL 256

/**
 * accept_multishot (5.19).
 */
#define RINGLINE_FEATURE_ACCEPT_MULTISHOT 512

/**
 * recv_multishot (6.0).
 */
#define RINGLINE_FEATURE_RECV_MULTISHOT 1024

/**
 * cancel_sync (6.0).
 */
#define RINGLINE_FEATURE_CANCEL_SYNC 2048

/**
 * cancel_any (5.19).
 */
#define RINGLINE_FEATURE_CANCEL_ANY 4096

/**
 * registered_ring (5.18).
 */
#define RINGLINE_FEATURE_REGISTERED_RING 8192

/**
 * write_nosignal (6.18).
 */
#define RINGLINE_FEATURE_WRITE_NOSIGNAL 16384

/**
 * bind_listen (6.11).
 */
#define RINGLINE_FEATURE_BIND_LISTEN 32768

/**
 * cqe_skip (5.17).
 */
#define RINGLINE_FEATURE_CQE_SKIP 65536

/**
 * pool_incremental (6.12).
 */
#define RINGLINE_FEATURE_POOL_INCREMENTAL 131072

/**
 * fixed_buffers (5.19).
 */
#define RINGLINE_FEATURE_FIXED_BUFFERS 262144

/**
 * file_table (6.0).
 */
#define RINGLINE_FEATURE_FILE_TABLE 524288

/**
 * fd_install (6.8).
 */
#define RINGLINE_FEATURE_FD_INSTALL 1048576

/**
 * big_ring (5.19).
 */
#define RINGLINE_FEATURE_BIG_RING 2097152

/**
 * recv_limit (6.17).
 */
#define RINGLINE_FEATURE_RECV_LIMIT 4194304

/**
 * flags of a pool: the kernel fills a buffer piece by piece (6.12).
 */
#define RINGLINE_POOL_INCREMENTAL 1

/**
 * flags of a pool: huge pages, reserved ones if there are any.
 */
#define RINGLINE_POOL_HUGE 2

/**
 * In ringline_pool_info: the kernel was only asked for huge pages (madvise).
 */
#define RINGLINE_POOL_HUGE_ADVISED 4

/**
 * flags of a region: huge pages, reserved ones if there are any.
 */
#define RINGLINE_REGION_HUGE 1

/**
 * In ringline_region_info: the kernel was only asked for huge pages (madvise).
 */
#define RINGLINE_REGION_HUGE_ADVISED 2

/**
 * file_index of accept, openat and socket: a slot of the kernel's choice.
 */
#define RINGLINE_FILE_INDEX_ALLOC 4294967295

/**
 * flags of ringline_file_install: the descriptor stays open on exec.
 */
#define RINGLINE_FILE_INSTALL_INHERIT 1

/**
 * flags of ringline_submit: copy the small inputs that ops point to, which are free on return.
 */
#define RINGLINE_SUBMIT_COPY_ARGS 1

/**
 * config.flags: let a kernel thread poll the submission queue; steps down where it may not. That
 * thread has the rights of whoever made the ring, for good: a program that gives up root
 * (setuid(2)) still opens files as root by such a ring. Make the ring afterwards.
 */
#define RINGLINE_CONFIG_SQPOLL 1

/**
 * config.flags: a BIG ring, with entries of 128 bytes and completions of 32, for commands of 80
 * bytes (NVMe passthrough); RINGLINE_ENOTSUP_KERNEL before Linux 5.19.
 */
#define RINGLINE_CONFIG_BIG 2

/**
 * flags of a runtime's config: leave the threads where the kernel puts them.
 */
#define RINGLINE_RUNTIME_UNPINNED 1

/**
 * how of ringline_conn_close: what is queued is sent first.
 */
#define RINGLINE_CLOSE_GRACEFULLY 0

/**
 * how of ringline_conn_close: what is queued is dropped, the other end sees a reset.
 */
#define RINGLINE_CLOSE_AT_ONCE 1

/**
 * state of a connection: it sends and receives.
 */
#define RINGLINE_CONN_OPEN 1

/**
 * It sends what is queued, then waits for the other end to close.
 */
#define RINGLINE_CONN_DRAINING 2

/**
 * It ends what is in flight; its close callback is next.
 */
#define RINGLINE_CONN_CLOSING 3

/**
 * ringline_conn_connect() is not through; its connect callback is next.
 */
#define RINGLINE_CONN_CONNECTING 4

/**
 * flags of a connection: it shows no data (ringline_conn_pause).
 */
#define RINGLINE_CONN_PAUSED 1

/**
 * flags of a connection: the other end sends nothing more.
 */
#define RINGLINE_CONN_ENDED 2

/**
 * flags of a connection: the other end is gone. What it sent before is shown, whatever was paused;
 * then the connection closes, and what its data callback left is dropped.
 */
#define RINGLINE_CONN_GONE 4

/**
 * flags of a datagram: it was longer than datagram_size, and cut off.
 */
#define RINGLINE_DATAGRAM_TRUNCATED 1

/**
 * flags of TLS options: trust whom the machine trusts, besides the roots that are given.
 */
#define RINGLINE_TLS_SYSTEM_ROOTS 1

/**
 * A server asks for a certificate, and takes clients without one too.
 */
#define RINGLINE_TLS_CLIENT_CERTIFICATE_WANTED 2

/**
 * A server takes no client without a certificate that its roots vouch for.
 */
#define RINGLINE_TLS_CLIENT_CERTIFICATE_REQUIRED 4

/**
 * Every handshake in full: nothing is kept of a session that is over.
 */
#define RINGLINE_TLS_NO_RESUMPTION 8

/**
 * DANGEROUS: a client believes any certificate, so that anybody on the way can read and change
 * everything. For tests against a machine of one's own.
 */
#define RINGLINE_TLS_DANGEROUS_BELIEVE_ANYBODY 2147483648

/**
 * state of a TLS info: the connection has none.
 */
#define RINGLINE_TLS_NONE 0

/**
 * The handshake has not ended.
 */
#define RINGLINE_TLS_SHAKING 1

/**
 * The handshake ended.
 */
#define RINGLINE_TLS_DONE 2

/**
 * flags of a TLS info: it went on with an earlier session.
 */
#define RINGLINE_TLS_RESUMED 1

/**
 * flags of ringline_listen: others may listen on the same port, this process or another one of the
 * same user's, and whoever does gets a part of its clients. Each of them has to say so.
 */
#define RINGLINE_LISTEN_SHARED 1

/**
 * kind of an event: the worker begins.
 */
#define RINGLINE_EVENT_START 1

/**
 * A client came by `listener`.
 */
#define RINGLINE_EVENT_ACCEPT 2

/**
 * Bytes came, or (length 0) the other end sends nothing more; see `consumed`.
 */
#define RINGLINE_EVENT_DATA 3

/**
 * The kernel took `length` bytes.
 */
#define RINGLINE_EVENT_SENT 4

/**
 * There is room again in a send queue that was full.
 */
#define RINGLINE_EVENT_WRITABLE 5

/**
 * A connection is over, for the reason `res`; its id is stale. `extra` bytes of what was sent the
 * other end had not taken (`queued` and `untaken` of ringline_conn_info, together). With
 * RINGLINE_ETLS its cause in words, `length` bytes, is at `address`.
 */
#define RINGLINE_EVENT_CLOSE 6

/**
 * The worker is over.
 */
#define RINGLINE_EVENT_STOP 7

/**
 * The timer `conn` ticks; `res` periods were missed before.
 */
#define RINGLINE_EVENT_TICK 8

/**
 * Another thread posted `user` and `res`.
 */
#define RINGLINE_EVENT_NOTIFY 9

/**
 * ringline_resolve() of `user`: `length` of ringline_address at `address`; or `res` is -errno and
 * the resolver's words, `length` bytes, are there.
 */
#define RINGLINE_EVENT_RESOLVE 10

/**
 * The signal `res` came, sent by the process `extra`.
 */
#define RINGLINE_EVENT_SIGNAL 11

/**
 * The process `conn` runs: `res` is its pid, and at `address` are the ids of three connections,
 * its input, output and errors (0 = none); or `res` is -errno.
 */
#define RINGLINE_EVENT_SPAWN 12

/**
 * The process `conn` ended with the code `res`, or by the signal -`res`.
 */
#define RINGLINE_EVENT_EXIT 13

/**
 * What became of the connect of `conn`: `res` 0 or -errno.
 */
#define RINGLINE_EVENT_CONNECT 14

/**
 * What was lent to `conn` under the cookie `extra` is the caller's again.
 */
#define RINGLINE_EVENT_RELEASED 15

/**
 * A datagram came by `listener`: `length` bytes at `address`, from the sockaddr at `user` of `res`
 * bytes (0: the sender has none); `flags`: RINGLINE_DATAGRAM_TRUNCATED.
 */
#define RINGLINE_EVENT_DATAGRAM 16

/**
 * The TLS handshake of `conn` ended.
 */
#define RINGLINE_EVENT_SECURED 17

/**
 * The worker begins to end: it was told to stop.
 */
#define RINGLINE_EVENT_STOPPING 18

/**
 * worker of ringline_work: the calling thread's own.
 */
#define RINGLINE_WORKER_HERE 4294967295

/**
 * stdin, stdout, stderr of a process: the program's own.
 */
#define RINGLINE_STREAM_INHERITED 0

/**
 * A connection of the worker.
 */
#define RINGLINE_STREAM_PIPED 1

/**
 * /dev/null.
 */
#define RINGLINE_STREAM_NULL 2

/**
 * status of a process: somebody else waited for it.
 */
#define RINGLINE_EXIT_UNKNOWN -2147483648

/**
 * set_log: nothing is told.
 */
#define RINGLINE_LOG_NONE 0

/**
 * A caught panic.
 */
#define RINGLINE_LOG_ERROR 1

/**
 * Abandoned operations, a feature that this kernel lacks.
 */
#define RINGLINE_LOG_WARN 2

/**
 * The library took another way: setup flags stepped down, memory was waited for.
 */
#define RINGLINE_LOG_INFO 3

/**
 * Every call that failed.
 */
#define RINGLINE_LOG_DEBUG 4

/**
 * What a ring shall be like. All-zero means all defaults; ringline_config_init() fills them in.
 *
 * `size` is sizeof(ringline_config) of the caller's header (0 = the same, all defaults). A
 * shorter struct is extended by zeros, a longer one must be zero beyond what the library knows.
 */
typedef struct ringline_config {
  /**
   * sizeof(ringline_config).
   */
  uint32_t size;
  /**
   * Submission entries, rounded up to a power of two; 0 = 256.
   */
  uint32_t sq_entries;
  /**
   * Completion entries; 0 = four times sq_entries.
   */
  uint32_t cq_entries;
  /**
   * Operations in flight at most; 0 = 65536. 64 bytes of address space each.
   */
  uint32_t max_inflight;
  /**
   * Ops of the shared block; 0 = sq_entries.
   */
  uint32_t ops_cap;
  /**
   * Completions shown per turn at most; 0 = cq_entries.
   */
  uint32_t recs_cap;
  /**
   * RINGLINE_CONFIG_*.
   */
  uint32_t flags;
  /**
   * With SQPOLL: idle time of the kernel thread in milliseconds; 0 = 1000.
   */
  uint32_t sq_thread_idle_ms;
  /**
   * With SQPOLL: CPU of the kernel thread + 1; 0 = any.
   */
  uint32_t sq_thread_cpu;
  /**
   * Microseconds that waits look at the queue before they sleep (ringline_spin_us); 0 = none.
   */
  uint32_t spin_us;
  /**
   * RINGLINE_FEATURE_* not to use although the kernel has them.
   */
  uint64_t disable;
} ringline_config;

/**
 * One struct ("ringline_op", offset 0) or member ("ringline_op.fd") of the ABI.
 */
typedef struct ringline_abi_field {
  /**
   * Address of the terminated, static name.
   */
  uint64_t name;
  /**
   * Offset in bytes.
   */
  uint32_t offset;
  /**
   * Size in bytes.
   */
  uint32_t size;
} ringline_abi_field;

/**
 * A log function: `message` is one line without newline, terminated, valid during the call;
 * `level` is RINGLINE_LOG_*. Called from whatever thread something happened on, possibly from
 * several at a time, never from a signal handler. What happens inside it is not told again. A
 * C++ exception that leaves it ends the program.
 */
typedef void (*ringline_log_function)(void *ctx, uint32_t level, const char *message);

/**
 * An operation to do: 64 bytes in the shape of `struct io_uring_sqe`.
 *
 * All-zero is a NOP. The descriptor is copied at submit. Inputs it points to (address, timespec,
 * path) are the caller's again when the turn or flush that accepted the op returns; data buffers
 * and output arguments stay the library's until the completion with RINGLINE_CF_FINAL.
 */
typedef struct ringline_op {
  /**
   * 0..127: kernel IORING_OP_*; 128..255: library operations (RINGLINE_LIB_*).
   */
  uint8_t opcode;
  /**
   * RINGLINE_SQE_* (IOSQE_*); CQE_SKIP_SUCCESS is refused.
   */
  uint8_t flags;
  /**
   * Multishot bits, as in the kernel.
   */
  uint16_t ioprio;
  /**
   * Descriptor, or slot with RINGLINE_SQE_FIXED_FILE.
   */
  int32_t fd;
  /**
   * File offset, second address, or as the operation defines it.
   */
  uint64_t off;
  /**
   * Address of the data; for operations that name another one: its token.
   */
  uint64_t addr;
  /**
   * Length in bytes, or as the operation defines it.
   */
  uint32_t len;
  /**
   * Flags of the operation (msg_flags, fsync_flags, ...).
   */
  uint32_t op_flags;
  /**
   * The caller's, returned untouched.
   */
  uint64_t user_data;
  /**
   * Pool of provided buffers with RINGLINE_SQE_BUFFER_SELECT; else a registered buffer.
   */
  uint16_t buf_index;
  /**
   * Registered credentials; 0 = the thread's.
   */
  uint16_t personality;
  /**
   * Direct-descriptor slot + 1; 0 = none.
   */
  uint32_t file_index;
  /**
   * Third argument of a few operations.
   */
  uint64_t addr3;
  /**
   * Library flags (RINGLINE_EXT_*) of a SEND; of a URING_CMD on a BIG ring the address of its
   * 80 bytes, copied at submit; else 0.
   */
  uint64_t ext;
} ringline_op;

/**
 * What became of an operation: 32 bytes.
 */
typedef struct ringline_completion {
  /**
   * As in the op.
   */
  uint64_t user_data;
  /**
   * The kernel's result: >= 0, or -errno.
   */
  int32_t res;
  /**
   * Low 16 bits RINGLINE_CF_*, high 16 bits the buffer id.
   */
  uint32_t flags;
  /**
   * Address of the payload for provided buffers; bytes accepted for a failed SEND_ALL; with
   * RINGLINE_CF_EXT the first 8 bytes of a big completion's second half; else 0.
   */
  uint64_t data;
  /**
   * The op's token; with RINGLINE_CF_LEASE the lease id; with RINGLINE_CF_EXT the last 8 bytes
   * of a big completion.
   */
  uint64_t token;
} ringline_completion;

/**
 * A completion callback: runs on the owner thread, inside turn, run, run_once, close or free,
 * never inside submit and never inside another callback. `completion` is valid during the call.
 * Every function is legal in it, ringline_free of the same ring included (it is deferred); turn,
 * run, run_once, close with a timeout and cancel_sync answer RINGLINE_EREENTRANT. The callbacks of
 * a turn run before its records are shown: that of a close may come before the FINAL record of an
 * op it waited for. A C++ exception that leaves it ends the program.
 */
typedef void (*ringline_callback)(void *ctx,
                                  ringline_ring *ring,
                                  const struct ringline_completion *completion);

/**
 * What a pool is like. Set `size` to sizeof(ringline_pool_info) (0 = the same) before the call.
 */
typedef struct ringline_pool_info {
  /**
   * sizeof(ringline_pool_info).
   */
  uint32_t size;
  /**
   * Buffers in all.
   */
  uint32_t count;
  /**
   * Bytes per buffer.
   */
  uint32_t buffer_size;
  /**
   * Leases not given back.
   */
  uint32_t leases;
  /**
   * RINGLINE_POOL_*: what it is, and what became of huge pages.
   */
  uint32_t flags;
  /**
   * Buffers that the kernel has.
   */
  uint32_t free;
} ringline_pool_info;

/**
 * One message of a multishot recvmsg. The addresses lie in the buffer of the completion and are
 * valid until its lease is given back; 0 where the length is 0.
 */
typedef struct ringline_message {
  /**
   * The sender's address.
   */
  uint64_t name;
  /**
   * Control messages.
   */
  uint64_t control;
  /**
   * What was sent.
   */
  uint64_t payload;
  /**
   * Bytes at name.
   */
  uint32_t name_len;
  /**
   * Bytes at control.
   */
  uint32_t control_len;
  /**
   * Bytes at payload.
   */
  uint32_t payload_len;
  /**
   * msg_flags of recvmsg(2): MSG_TRUNC and MSG_CTRUNC among them.
   */
  uint32_t flags;
  /**
   * Bytes that the address had before it was cut to name_len.
   */
  uint32_t name_full;
  /**
   * Bytes that the kernel says the payload had; with MSG_TRUNC in the flags of the op also those
   * that were cut off.
   */
  uint32_t payload_full;
} ringline_message;

/**
 * What a region is like. Set `size` to sizeof(ringline_region_info) (0 = the same) before the
 * call.
 */
typedef struct ringline_region_info {
  /**
   * sizeof(ringline_region_info).
   */
  uint32_t size;
  /**
   * RINGLINE_REGION_*: what became of huge pages.
   */
  uint32_t flags;
  /**
   * Its first byte.
   */
  uint64_t address;
  /**
   * Bytes.
   */
  uint64_t len;
  /**
   * Operations in flight that use it.
   */
  uint32_t users;
  /**
   * Zero.
   */
  uint32_t resv;
} ringline_region_info;

/**
 * What a ring got. Set `size` to sizeof(ringline_info) (0 = the same) before the call.
 */
typedef struct ringline_info {
  /**
   * sizeof(ringline_info).
   */
  uint32_t size;
  /**
   * Submission entries.
   */
  uint32_t sq_entries;
  /**
   * Completion entries.
   */
  uint32_t cq_entries;
  /**
   * Operations in flight at most.
   */
  uint32_t max_inflight;
  /**
   * IORING_SETUP_* flags that stuck.
   */
  uint32_t setup_flags;
  /**
   * The ring's descriptor.
   */
  int32_t ring_fd;
  /**
   * RINGLINE_FEATURE_* in use.
   */
  uint64_t features;
  /**
   * RINGLINE_FEATURE_* switched off by config or RINGLINE_DISABLE.
   */
  uint64_t disabled;
} ringline_info;

/**
 * The block of one ring: in and out of ringline_turn(). Owned by the ring, aligned to 64 bytes,
 * its address is stable for the ring's life. Only the owner thread may touch it.
 */
typedef struct ringline_shared {
  /**
   * Size of this struct.
   */
  uint32_t size;
  /**
   * RINGLINE_ABI of the library.
   */
  uint32_t abi;
  /**
   * Address of ringline_op ops[ops_cap].
   */
  uint64_t ops;
  /**
   * Capacity of ops and tokens.
   */
  uint32_t ops_cap;
  /**
   * In: how many ops are filled. The library sets it back to 0.
   */
  uint32_t ops_len;
  /**
   * Address of ringline_completion recs[recs_cap].
   */
  uint64_t recs;
  /**
   * Capacity of recs.
   */
  uint32_t recs_cap;
  /**
   * Out: how many completions there are. They are valid until the next turn.
   */
  uint32_t recs_len;
  /**
   * In: completions to wait for; 0 = do not sleep.
   */
  uint32_t wait_min;
  /**
   * In: must be 0.
   */
  uint32_t flags;
  /**
   * In: longest wait in nanoseconds; -1 = forever.
   */
  int64_t timeout_ns;
  /**
   * In: return with fewer than wait_min after this many microseconds (Linux 6.12); 0 = off.
   */
  uint32_t min_wait_us;
  /**
   * Out: how many of ops were accepted, from the front.
   */
  uint32_t ops_done;
  /**
   * Out: why the first rejected op was rejected; 0 = all were accepted.
   */
  int32_t op_error;
  /**
   * Out: its index.
   */
  uint32_t op_error_at;
  /**
   * Out: operations in flight.
   */
  uint32_t inflight;
  /**
   * Out: leases not given back.
   */
  uint32_t leases_out;
  /**
   * Address of uint64_t tokens[ops_cap]: out, one per accepted op.
   */
  uint64_t tokens;
  /**
   * Address of uint64_t rel[rel_cap]: in, lease ids to give back.
   */
  uint64_t rel;
  /**
   * Capacity of rel.
   */
  uint32_t rel_cap;
  /**
   * In: how many leases are filled. The library sets it back to 0.
   */
  uint32_t rel_len;
  /**
   * Zero.
   */
  uint64_t resv[3];
} ringline_shared;

/**
 * What a runtime shall be like. All-zero means all defaults; ringline_runtime_config_init() fills
 * them in. `size` as in ringline_config.
 */
typedef struct ringline_runtime_config {
  /**
   * sizeof(ringline_runtime_config).
   */
  uint32_t size;
  /**
   * Workers: threads with a ring each, 2048 at most; 0 = one per processor.
   */
  uint32_t workers;
  /**
   * RINGLINE_RUNTIME_*.
   */
  uint32_t flags;
  /**
   * Connections per worker at a time, 1048576 at most; 0 = 65536. Clients beyond wait in the
   * listener's backlog.
   */
  uint32_t max_connections;
  /**
   * Bytes in a connection's send queue from which on ringline_conn_send() is -EAGAIN;
   * 0 = 1 MiB, 1 GiB at most.
   */
  uint32_t high_water;
  /**
   * Bytes at which it is told to be writable again; 0 = half of high_water.
   */
  uint32_t low_water;
  /**
   * Bytes that a data callback may leave unconsumed without a pause; more closes the connection
   * with -EMSGSIZE. 0 = 1 MiB, 1 GiB at most.
   */
  uint32_t keep_max;
  /**
   * Buffers of a worker's receive pool, a power of two; 0 = 8.
   */
  uint32_t pool_buffers;
  /**
   * Bytes of each; 0 = 256 KiB. From Linux 6.12 on a buffer is filled piece by piece, by as many
   * receives as fit.
   */
  uint32_t pool_buffer_size;
  /**
   * Zero.
   */
  uint32_t resv;
  /**
   * How long a graceful close waits, in nanoseconds: since the other end took bytes last
   * (min_rate), and when it has taken all, for its own end; 0 = 5 s.
   */
  uint64_t close_timeout_ns;
  /**
   * RINGLINE_FEATURE_* not to use although the kernel has them.
   */
  uint64_t disable;
  /**
   * A callback that takes longer, in nanoseconds, is counted, and told to the log once per row
   * of such, which ends after 16 times that long without one; 0 = none is. Costs two looks at
   * the clock per event. One that does not come out is told by another worker that turns.
   */
  uint64_t stall_ns;
  /**
   * Microseconds that a worker looks for events before it sleeps, as ringline_spin_us(); 0 = it
   * sleeps at once. 1000000 at most.
   */
  uint32_t spin_us;
  /**
   * Bytes of a received datagram, 1 MiB at most; what is longer is cut off and flagged.
   * 0 = 65536; with less than that the kernel is not asked to put datagrams together.
   */
  uint32_t datagram_size;
  /**
   * Buffers of a worker for received datagrams, a power of two, 4096 at most; 0 = 64. Made when
   * it has a listener for datagrams.
   */
  uint32_t datagram_buffers;
  /**
   * Threads for functions of ringline_work(), made when there is work, and as many for
   * ringline_resolve() and for ringline_process_spawn() each: what hangs in one of these holds
   * up its own kind only. 0 = 16, 1024 at most.
   */
  uint32_t blocking_threads;
  /**
   * Bytes per second that the other end of a connection has to take on average, to count as one
   * that takes anything: less than min_rate times the time limit at hand within that time is a
   * stall. For close_timeout_ns, and for idle_ns and write_ns of ringline_conn_timeouts.
   * 0 = 512.
   */
  uint64_t min_rate;
} ringline_runtime_config;

/**
 * Told when a worker begins, when it begins to end, and when it is over. On the worker's thread,
 * as all of these.
 */
typedef void (*ringline_worker_callback)(void *ctx, ringline_runtime *runtime, uint32_t worker);

/**
 * A client came by `listener`.
 */
typedef void (*ringline_accept_callback)(void *ctx,
                                         ringline_runtime *runtime,
                                         uint64_t conn,
                                         uint32_t listener);

/**
 * `length` bytes came; they are valid during the call. Returns how many were consumed; the rest is
 * kept and shown again, in front, when more came. Negative = close at once, for that reason.
 * Length 0: the other end sends nothing more; 0 = close gracefully, 1 = go on sending. Where a
 * receive or a send failed or the other end is gone (RINGLINE_CONN_GONE) length 0 does not come:
 * what was received is shown, and then close comes; what is left, or sent meanwhile, is dropped.
 */
typedef int64_t (*ringline_data_callback)(void *ctx,
                                          ringline_runtime *runtime,
                                          uint64_t conn,
                                          uint64_t user,
                                          const uint8_t *bytes,
                                          size_t length);

/**
 * The kernel took `length` bytes of what was sent.
 */
typedef void (*ringline_sent_callback)(void *ctx,
                                       ringline_runtime *runtime,
                                       uint64_t conn,
                                       uint64_t user,
                                       uint64_t length);

/**
 * A send was refused with -EAGAIN, and now the queue is down at low_water. After
 * ringline_udp_send() `conn` is the listener's id, which no connection has, and `user` is 0.
 */
typedef void (*ringline_writable_callback)(void *ctx,
                                           ringline_runtime *runtime,
                                           uint64_t conn,
                                           uint64_t user);

/**
 * The connection is over, exactly once per accept. `reason`: 0, the -errno of the receive or send
 * that failed or of a socket that nobody read from or sent on (-ECONNRESET, -EPIPE), what data
 * returned, -ECONNABORTED (closed at once), -ETIMEDOUT (a graceful close or a timeout of its own),
 * -EMSGSIZE (keep_max), -ECANCELED (stop), RINGLINE_ETLS (then ringline_error_detail() says why;
 * else it is empty), RINGLINE_ETRUNCATED. ringline_conn_info_of() still answers in it; the id is
 * stale when it returns.
 */
typedef void (*ringline_close_callback)(void *ctx,
                                        ringline_runtime *runtime,
                                        uint64_t conn,
                                        uint64_t user,
                                        int32_t reason);

/**
 * What became of ringline_conn_connect(), exactly once: `res` 0 = it is connected, and its end is
 * told by close; else it is over: -ECONNREFUSED, -ETIMEDOUT, -EHOSTUNREACH, what connect(2) says,
 * -ECANCELED or -ECONNABORTED (closed before), and the id is stale when this returns.
 */
typedef void (*ringline_connect_callback)(void *ctx,
                                          ringline_runtime *runtime,
                                          uint64_t conn,
                                          uint64_t user,
                                          int32_t res);

/**
 * What ringline_conn_send_zc() or ringline_conn_send_file() got under `cookie` is the caller's
 * again: exactly once for each that returned 0, before the connection's close. That it was sent it
 * does not say.
 */
typedef void (*ringline_released_callback)(void *ctx,
                                           ringline_runtime *runtime,
                                           uint64_t conn,
                                           uint64_t user,
                                           uint64_t cookie);

/**
 * A timer of ringline_timer_start() ticks, after as many of its periods as were `missed`.
 */
typedef void (*ringline_tick_callback)(void *ctx,
                                       ringline_runtime *runtime,
                                       uint64_t timer,
                                       uint64_t user,
                                       uint32_t missed);

/**
 * What ringline_runtime_post() posted.
 */
typedef void (*ringline_notify_callback)(void *ctx,
                                         ringline_runtime *runtime,
                                         uint64_t user,
                                         int32_t res);

/**
 * An address that ringline_resolve() found.
 */
typedef struct ringline_address {
  /**
   * AF_INET or AF_INET6.
   */
  uint16_t family;
  /**
   * The port, as a number.
   */
  uint16_t port;
  /**
   * Of IPv6: the interface of a link-local address.
   */
  uint32_t scope;
  /**
   * 4 or 16 bytes as on the wire.
   */
  uint8_t bytes[16];
} ringline_address;

/**
 * What ringline_resolve() found: `count` addresses in the resolver's order. Or `res` is an -errno
 * near the resolver's own code (-ENOENT: no such name, -EAGAIN: try again, -ECANCELED: stop), and
 * `error` its words. Both are valid during the call.
 */
typedef void (*ringline_resolve_callback)(void *ctx,
                                          ringline_runtime *runtime,
                                          uint64_t user,
                                          int32_t res,
                                          const struct ringline_address *addresses,
                                          size_t count,
                                          const char *error);

/**
 * A signal of ringline_signal_watch() came, sent by the process `sender` (0 = the kernel).
 */
typedef void (*ringline_signal_callback)(void *ctx,
                                         ringline_runtime *runtime,
                                         int32_t signo,
                                         int32_t sender);

/**
 * The child of ringline_process_spawn() runs: `res` is its pid, and `streams` has the connections
 * of its input, output and errors, 0 where there is none. Or `res` is why it does not, -errno, and
 * the id is stale.
 */
typedef void (*ringline_spawn_callback)(void *ctx,
                                        ringline_runtime *runtime,
                                        uint64_t process,
                                        uint64_t user,
                                        int32_t res,
                                        const uint64_t *streams);

/**
 * A child ended with the code `status`, or by the signal -`status`; RINGLINE_EXIT_UNKNOWN when
 * somebody else waited for it. The id is stale. Data of its streams may still come.
 */
typedef void (*ringline_exit_callback)(void *ctx,
                                       ringline_runtime *runtime,
                                       uint64_t process,
                                       uint64_t user,
                                       int32_t status);

/**
 * A datagram of `length` bytes (0 as well) came by `listener`, from the sockaddr at `from` of
 * `from_length` bytes, to which ringline_udp_send() answers; NULL and 0 when the sender has none
 * (a Unix socket that is not bound). Both are valid during the call. `flags`:
 * RINGLINE_DATAGRAM_TRUNCATED.
 */
typedef void (*ringline_datagram_callback)(void *ctx,
                                           ringline_runtime *runtime,
                                           uint32_t listener,
                                           uint32_t flags,
                                           const void *from,
                                           uint32_t from_length,
                                           const uint8_t *bytes,
                                           size_t length);

/**
 * The TLS handshake ended: from now on ringline_conn_tls_info_of() knows all.
 */
typedef void (*ringline_secured_callback)(void *ctx,
                                          ringline_runtime *runtime,
                                          uint64_t conn,
                                          uint64_t user);

/**
 * What a worker tells. Each is called on a worker's thread, one at a time per worker, never inside
 * another one and never inside a function of the library; each may be NULL. `conn` is the
 * connection's id, `user` what ringline_conn_set_user() keeps (0 at first). Every function is
 * legal in them, but a join, which is RINGLINE_EREENTRANT. A C++ exception that leaves one ends
 * the program. `size` as in ringline_config.
 */
typedef struct ringline_runtime_handlers {
  /**
   * sizeof(ringline_runtime_handlers).
   */
  uint32_t size;
  /**
   * Zero.
   */
  uint32_t resv;
  /**
   * Passed to each.
   */
  void *ctx;
  /**
   * The worker begins; nothing is accepted before that.
   */
  ringline_worker_callback start;
  /**
   * A client came.
   */
  ringline_accept_callback accept;
  /**
   * Bytes came, or the end; NULL = all are consumed, and the end closes gracefully.
   */
  ringline_data_callback data;
  /**
   * Bytes went.
   */
  ringline_sent_callback sent;
  /**
   * There is room again.
   */
  ringline_writable_callback writable;
  /**
   * A connection is over.
   */
  ringline_close_callback close;
  /**
   * The worker is over: the last call on its thread.
   */
  ringline_worker_callback stop;
  /**
   * What became of a connect.
   */
  ringline_connect_callback connect;
  /**
   * Lent memory or a lent file is free again.
   */
  ringline_released_callback released;
  /**
   * A timer ticks.
   */
  ringline_tick_callback tick;
  /**
   * Another thread posted something.
   */
  ringline_notify_callback notify;
  /**
   * A name was looked up.
   */
  ringline_resolve_callback resolve;
  /**
   * A signal came.
   */
  ringline_signal_callback signal;
  /**
   * A child runs.
   */
  ringline_spawn_callback spawn;
  /**
   * A child ended.
   */
  ringline_exit_callback exit;
  /**
   * A datagram came; NULL = they are dropped.
   */
  ringline_datagram_callback datagram;
  /**
   * A TLS handshake ended well.
   */
  ringline_secured_callback secured;
  /**
   * ringline_runtime_stop() or a free was called: the worker begins to end. Once, before stop.
   */
  ringline_worker_callback stopping;
} ringline_runtime_handlers;

/**
 * Through which an adopted worker is turned. Owned by the worker, its address is stable until the
 * worker is over. Only the worker's thread may touch it.
 */
typedef struct ringline_worker_block {
  /**
   * Size of this struct.
   */
  uint32_t size;
  /**
   * RINGLINE_ABI of the library.
   */
  uint32_t abi;
  /**
   * Address of ringline_event events[events_cap].
   */
  uint64_t events;
  /**
   * Its capacity, which no turn exceeds.
   */
  uint32_t events_cap;
  /**
   * Out: how many events there are. They are valid until the next turn.
   */
  uint32_t events_len;
  /**
   * In: longest wait of a turn in nanoseconds; 0 = do not wait, -1 = for ever.
   */
  int64_t timeout_ns;
  /**
   * The runtime's handle.
   */
  uint64_t runtime;
  /**
   * Which of its workers this is.
   */
  uint32_t worker;
  /**
   * Zero.
   */
  uint32_t resv;
  /**
   * Zero.
   */
  uint64_t more[2];
} ringline_worker_block;

/**
 * What a worker tells, as a record. Addresses are valid until the next turn.
 */
typedef struct ringline_event {
  /**
   * RINGLINE_EVENT_*; skip those that you do not know: there will be more.
   */
  uint32_t kind;
  /**
   * A result, reason or status.
   */
  int32_t res;
  /**
   * The connection (or timer, or process).
   */
  uint64_t conn;
  /**
   * The user's number of it.
   */
  uint64_t user;
  /**
   * Address of the bytes.
   */
  uint64_t address;
  /**
   * How many there are.
   */
  uint64_t length;
  /**
   * Of RINGLINE_EVENT_DATA: in, what a data callback would return. It is `length` at first (0 at
   * the end): write less to have the rest shown again, in front of what comes next. Where bytes
   * were left, later data of the connection in the same turn counts as not seen: it is shown
   * again at once, behind them. The end counts as not seen where the connection is paused: it is
   * told after ringline_conn_resume(). Negative = close at once.
   */
  int64_t consumed;
  /**
   * The listener it is about.
   */
  uint32_t listener;
  /**
   * RINGLINE_EVENT_FLAG_*.
   */
  uint32_t flags;
  /**
   * More of some kinds; else 0.
   */
  uint64_t extra;
} ringline_event;

/**
 * Received bytes that were kept by ringline_conn_take(). Set `size` to sizeof(ringline_lease)
 * (0 = the same) before the call.
 */
typedef struct ringline_lease {
  /**
   * sizeof(ringline_lease).
   */
  uint32_t size;
  /**
   * Zero.
   */
  uint32_t resv;
  /**
   * The lease, for ringline_conn_send_lease() or ringline_lease_release().
   */
  uint64_t lease;
  /**
   * The bytes: the same as the data callback shows.
   */
  void *bytes;
  /**
   * How many.
   */
  uint64_t length;
} ringline_lease;

/**
 * What a connection is like. Set `size` to sizeof(ringline_conn_info) (0 = the same) before the
 * call.
 */
typedef struct ringline_conn_info {
  /**
   * sizeof(ringline_conn_info).
   */
  uint32_t size;
  /**
   * RINGLINE_CONN_OPEN, _CONNECTING, _DRAINING or _CLOSING.
   */
  uint32_t state;
  /**
   * RINGLINE_CONN_PAUSED, _ENDED and _GONE.
   */
  uint32_t flags;
  /**
   * The listener it came by.
   */
  uint32_t listener;
  /**
   * What ringline_conn_set_user() keeps.
   */
  uint64_t user;
  /**
   * Bytes received.
   */
  uint64_t received;
  /**
   * Bytes of what was sent that the kernel took.
   */
  uint64_t sent;
  /**
   * Bytes that it did not take yet (in the close callback: and never will).
   */
  uint64_t queued;
  /**
   * Bytes received and not consumed.
   */
  uint64_t kept;
  /**
   * The descriptor, for socket options only: the library closes it. -1 when it did.
   */
  int32_t fd;
  /**
   * AF_INET or AF_INET6; 0 when the other end has no such address (any more).
   */
  uint16_t peer_family;
  /**
   * The other end's port.
   */
  uint16_t peer_port;
  /**
   * Its address, 4 or 16 bytes as on the wire.
   */
  uint8_t peer_address[16];
  /**
   * Bytes that the kernel took and the other end did not yet (with TLS, as on the wire; of a
   * Unix socket, with what the kernel needs to keep them). In the close callback: what it had
   * not taken when the connection was closed at once, for whatever reason.
   */
  uint64_t untaken;
} ringline_conn_info;

/**
 * How long a connection may do nothing. `size` as in ringline_config.
 */
typedef struct ringline_conn_timeouts {
  /**
   * sizeof(ringline_conn_timeouts).
   */
  uint32_t size;
  /**
   * Zero.
   */
  uint32_t resv;
  /**
   * Nothing was received, nothing sent, and the other end took nothing of what was sent (less
   * than min_rate of ringline_runtime_config) for so many nanoseconds; 0 = no limit.
   */
  uint64_t idle_ns;
  /**
   * Nothing was received, although data is not paused and the other end has not ended.
   */
  uint64_t read_ns;
  /**
   * Something is to be sent that the kernel has no room for, and the other end took nothing
   * (less than min_rate) of what it has.
   */
  uint64_t write_ns;
} ringline_conn_timeouts;

/**
 * How to listen. All-zero is what ringline_runtime_listen() does. `size` as in ringline_config.
 */
typedef struct ringline_listen {
  /**
   * sizeof(ringline_listen).
   */
  uint32_t size;
  /**
   * RINGLINE_LISTEN_*.
   */
  uint32_t flags;
  /**
   * Clients that may wait, 65535 at most; 0 = 4096.
   */
  uint32_t backlog;
  /**
   * Zero.
   */
  uint32_t resv;
  /**
   * A TLS server's config, as in ringline_runtime_listen_tls(); NULL = in the clear.
   */
  ringline_tls_config *tls;
} ringline_listen;

/**
 * A child to be started. `size` as in ringline_config.
 */
typedef struct ringline_process {
  /**
   * sizeof(ringline_process).
   */
  uint32_t size;
  /**
   * Zero.
   */
  uint32_t flags;
  /**
   * Address of the program and its arguments (char *argv[], NULL at the end); without a slash
   * the program is looked for in PATH.
   */
  uint64_t argv;
  /**
   * Address of "NAME=value" words (as argv); 0 = the program's own environment.
   */
  uint64_t env;
  /**
   * Address of the folder it starts in; 0 = where the program is.
   */
  uint64_t cwd;
  /**
   * RINGLINE_STREAM_*: its input.
   */
  uint32_t stdin_is;
  /**
   * Its output.
   */
  uint32_t stdout_is;
  /**
   * Its errors.
   */
  uint32_t stderr_is;
  /**
   * Zero.
   */
  uint32_t resv;
} ringline_process;

/**
 * What a runtime did so far, over all workers. Set `size` to sizeof(ringline_runtime_stats) (0 =
 * the same) before the call.
 */
typedef struct ringline_runtime_stats {
  /**
   * sizeof(ringline_runtime_stats).
   */
  uint32_t size;
  /**
   * Workers counted here.
   */
  uint32_t workers;
  /**
   * Connections accepted.
   */
  uint64_t accepted;
  /**
   * Connections that are over.
   */
  uint64_t closed;
  /**
   * Clients sent away, accepted when the table was full or the listener closing.
   */
  uint64_t refused;
  /**
   * Times that accepting rested for want of descriptors or memory.
   */
  uint64_t accept_pauses;
  /**
   * Receives.
   */
  uint64_t receives;
  /**
   * Bytes received.
   */
  uint64_t received;
  /**
   * Sends that ended, each of one or several messages.
   */
  uint64_t sends;
  /**
   * Bytes that the kernel took.
   */
  uint64_t sent;
  /**
   * Times that a connection waited for a receive buffer.
   */
  uint64_t parked;
  /**
   * Turns of the workers' loops.
   */
  uint64_t turns;
  /**
   * Leases that ringline_conn_take() gave.
   */
  uint64_t taken;
  /**
   * Leases that it refused, because few receive buffers were left.
   */
  uint64_t take_refusals;
  /**
   * Connections that ringline_conn_connect() opened.
   */
  uint64_t connected;
  /**
   * Connections closed because of ringline_conn_set_timeouts().
   */
  uint64_t timeouts;
  /**
   * Datagrams received.
   */
  uint64_t datagrams;
  /**
   * Receives that brought them: each one, or a run that the kernel put together.
   */
  uint64_t datagram_receives;
  /**
   * Datagrams that the kernel took.
   */
  uint64_t datagrams_sent;
  /**
   * Sends that took them: each one, or a run that the kernel cut.
   */
  uint64_t datagram_sends;
  /**
   * Datagrams to be sent that the kernel refused.
   */
  uint64_t datagrams_lost;
  /**
   * Times that a worker rested for want of the kernel's memory, descriptors or room.
   */
  uint64_t backoffs;
  /**
   * Callbacks that took longer than stall_ns.
   */
  uint64_t stalls;
  /**
   * Lookups, starts of children and functions of ringline_work() that a stop did not wait for:
   * so many threads, and the memory of the runtime, stay until they come back.
   */
  uint64_t left_behind;
  /**
   * Bytes of messages of 16 KiB and more that were copied, since the kernel did not take them at
   * once.
   */
  uint64_t copied;
} ringline_runtime_stats;

/**
 * What a connection's TLS is like. Set `size` to sizeof(ringline_tls_info) (0 = the same) before
 * the call.
 */
typedef struct ringline_tls_info {
  /**
   * sizeof(ringline_tls_info).
   */
  uint32_t size;
  /**
   * RINGLINE_TLS_NONE, _SHAKING (then nothing below is known) or _DONE.
   */
  uint32_t state;
  /**
   * RINGLINE_TLS_RESUMED.
   */
  uint32_t flags;
  /**
   * 0x0303 = TLS 1.2, 0x0304 = TLS 1.3.
   */
  uint16_t version;
  /**
   * The cipher suite's number, by IANA.
   */
  uint16_t cipher_suite;
  /**
   * The other end's own certificate, DER, valid until the callback returns; NULL when it showed
   * none.
   */
  const uint8_t *peer_certificate;
  /**
   * Its bytes.
   */
  uint64_t peer_certificate_length;
  /**
   * The cipher suite's name.
   */
  char cipher_name[64];
  /**
   * The application protocol agreed upon; "" = none.
   */
  char alpn[256];
  /**
   * On a server the name that the client asked for; "" = none.
   */
  char server_name[256];
} ringline_tls_info;

/**
 * What ringline_work() runs, on a thread of the library's that may block. Of the library only
 * what any thread may call is legal in it. A C++ exception that leaves it ends the program.
 */
typedef int32_t (*ringline_work_function)(void *ctx);

/**
 * What came of it, on the worker's thread, as a callback of the worker: `res` is what the function
 * returned, or -ECANCELED when the worker ended before it began. Never called when a stop with a
 * limit left the function behind: see ringline_work().
 */
typedef void (*ringline_done_callback)(void *ctx, ringline_runtime *runtime, int32_t res);

/**
 * What a ring did so far. Set `size` to sizeof(ringline_stats) (0 = the same) before the call.
 */
typedef struct ringline_stats {
  /**
   * sizeof(ringline_stats).
   */
  uint32_t size;
  /**
   * Zero.
   */
  uint32_t resv;
  /**
   * Operations accepted.
   */
  uint64_t submitted;
  /**
   * Completions delivered.
   */
  uint64_t completed;
  /**
   * Calls of io_uring_enter(2).
   */
  uint64_t enters;
  /**
   * Of these, calls that were allowed to sleep.
   */
  uint64_t waits;
  /**
   * Times the completion queue was seen overflowing.
   */
  uint64_t overflows;
  /**
   * Kernel completions that named no operation in flight.
   */
  uint64_t strays;
  /**
   * Timer expirations.
   */
  uint64_t timers;
  /**
   * Wakes from other threads.
   */
  uint64_t wakes;
  /**
   * QUIET sends the kernel took whole.
   */
  uint64_t quiet;
  /**
   * Cancel requests sent to the kernel.
   */
  uint64_t cancels;
  /**
   * Buffers handed out from pools.
   */
  uint64_t leases;
  /**
   * Receives that ended because the pool was empty.
   */
  uint64_t nobufs;
  /**
   * Operations abandoned at a forced free.
   */
  uint64_t abandoned;
  /**
   * Operations taken back because the kernel did not consume them.
   */
  uint64_t rollbacks;
} ringline_stats;

/**
 * A certificate chain and its private key, in PEM: from files, or from memory when the file's name
 * is NULL.
 */
typedef struct ringline_tls_identity {
  /**
   * The server name it is shown for ("example.org", "*.example.org"); NULL = for every name that
   * no other one is for, and for clients that name none. A client's own has NULL.
   */
  const char *name;
  /**
   * File of the chain, its own certificate first.
   */
  const char *chain_file;
  /**
   * File of the key (PKCS #8, PKCS #1 or SEC1), without a password: of P-256, P-384, Ed25519, or
   * RSA of 2048 to 4096 bits; P-521 cannot be used.
   */
  const char *key_file;
  /**
   * The chain itself, when chain_file is NULL.
   */
  const void *chain;
  /**
   * Its bytes.
   */
  uint64_t chain_length;
  /**
   * The key itself, when key_file is NULL.
   */
  const void *key;
  /**
   * Its bytes.
   */
  uint64_t key_length;
} ringline_tls_identity;

/**
 * What a TLS config shall be like. `size` as in ringline_config. All is copied; files are read
 * now, once.
 */
typedef struct ringline_tls_options {
  /**
   * sizeof(ringline_tls_options).
   */
  uint32_t size;
  /**
   * RINGLINE_TLS_*.
   */
  uint32_t flags;
  /**
   * Certificates of one's own: a server has at least one, a client one at most.
   */
  const struct ringline_tls_identity *identities;
  /**
   * How many; 4096 at most.
   */
  uint32_t identity_count;
  /**
   * Zero.
   */
  uint32_t resv;
  /**
   * File of the certificates to trust, PEM. A client with neither this nor roots trusts whom the
   * machine trusts (SSL_CERT_FILE, /etc/ssl/certs). One that the other end shows itself, byte
   * for byte, is believed also when it is its own authority, as `openssl req -x509` makes it:
   * for its date, its name and its use, and if the other end has its key.
   */
  const char *roots_file;
  /**
   * The certificates to trust themselves, PEM; both count where both are given.
   */
  const void *roots;
  /**
   * Their bytes.
   */
  uint64_t roots_length;
  /**
   * Application protocols with commas between, the preferred one first ("h2,http/1.1"); NULL =
   * none. Where both ends name some they must have one in common.
   */
  const char *alpn;
  /**
   * How long a handshake may take, in nanoseconds; 0 = 10 s.
   */
  uint64_t handshake_timeout_ns;
} ringline_tls_options;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Ask for the op of `token` to end. Its memory stays the library's until its FINAL completion,
 * which tells -ECANCELED, or how it ended before. Owner thread (any while there is none).
 *
 * An op that waits behind another one in its chain is not with the kernel yet: it is asked when
 * that one ended, and may have done a part, or all, by then. To be rid of it at once cancel the
 * first of the chain.
 *
 * Returns 0 = asked, RINGLINE_ESTALE = gone already, -EALREADY for a close and for a LINK_TIMEOUT
 * (it ends with the op that it limits), -EAGAIN when the room kept for cancels is full: turn, then
 * cancel again.
 */
int32_t ringline_cancel(ringline_ring *ring, uint64_t token);

/**
 * Ask for many ops to end, as ringline_cancel(). Tokens that are gone, of closes and of link
 * timeouts are skipped. Owner thread (any while there is none). Returns how many were asked,
 * RINGLINE_ENULL, or -EAGAIN as ringline_cancel(): then some may have been.
 */
int32_t ringline_cancel_many(ringline_ring *ring, const uint64_t *tokens, uint32_t count);

/**
 * Ask for every op submitted on descriptor `fd` to end, as ringline_cancel(). Owner thread (any
 * while there is none). Returns how many were asked, or -EAGAIN as ringline_cancel().
 */
int32_t ringline_cancel_fd(ringline_ring *ring, int32_t fd);

/**
 * Ask for everything in flight to end, timers included. Owner thread (any while there is none).
 * Returns how many were asked, or -EAGAIN as ringline_cancel().
 */
int32_t ringline_cancel_all(ringline_ring *ring);

/**
 * Cancel and wait for the kernel's verdict, up to `timeout_ns` (-1 = forever). The FINAL still
 * comes by turn. For an op that waits behind another one in its chain the verdict comes when that
 * one ended.
 *
 * Owner thread (any while there is none), not in a callback. Returns 0 = cancelled,
 * RINGLINE_ESTALE = gone already: its FINAL came or waits; -EALREADY = running and not to be
 * stopped, or as ringline_cancel(); -ETIME: what was asked stays asked; -EINTR when a signal
 * handler ran; -EBUSY when the records are full, behind which its FINAL may be: turn first;
 * RINGLINE_EREENTRANT inside a callback; RINGLINE_ENOTSUP_KERNEL (cancel_sync: 6.0).
 */
int32_t ringline_cancel_sync(ringline_ring *ring, uint64_t token, int64_t timeout_ns);

/**
 * Fill a config with the defaults, which are zeros, whatever is in it now, and set its size. What
 * follows from another member (cq_entries from sq_entries) follows what the caller puts there.
 *
 * Only the members of version 0.1 are written, which every caller's struct has; those added later
 * stay at their default because `size` says so. Returns 0 or RINGLINE_ENULL.
 */
int32_t ringline_config_init(struct ringline_config *config);

/**
 * Write what is in flight to the descriptor `fd`, one line each, for people: the ring, its
 * operations (token, name, descriptor, state, user_data, what it is besides) and its pools with
 * their leases. The format may change. `fd` is the caller's and may block; no SIGPIPE is raised
 * where the kernel can suppress it. Owner thread (any while there is none), also in a callback.
 *
 * Returns how many operations are in flight, or -errno when `fd` cannot be
 * written (-EBADF, -EPIPE, -ENOSPC).
 */
int32_t ringline_dump(ringline_ring *ring, int32_t fd);

/**
 * What a code means and what to do, static text. Never NULL, never fails; any thread.
 */
const char *ringline_strerror(int32_t code);

/**
 * The name of a code ("RINGLINE_ESTALE", "EAGAIN"), static text. Never NULL; any thread.
 */
const char *ringline_error_name(int32_t code);

/**
 * What the last failing call of this thread has to say beyond its code: cause and remedy. Valid
 * until the next call of ringline_error_detail() on this thread. Never NULL; "" if nothing failed.
 */
const char *ringline_error_detail(void);

/**
 * The nearest errno of any code: 0 for >= 0, the errno for -errno, by meaning for RINGLINE_E*.
 */
int32_t ringline_to_errno(int32_t code);

/**
 * Make the ring's table of files, once: `slots` to fill by ringline_file_add(), then `direct` for
 * the kernel to choose from (file_index = RINGLINE_FILE_INDEX_ALLOC in accept, openat, socket;
 * the op's res is the slot then). Behind these the library keeps some more, so that a multishot
 * direct accept is stopped (its FINAL says -ENFILE) before the kernel finds the table full: it
 * would accept clients and drop them. `flags` must be 0. Owner thread (any while there is none).
 *
 * Ops name a slot in fd with RINGLINE_SQE_FIXED_FILE. RINGLINE_OP_CLOSE with file_index = slot + 1
 * closes one. A slot that ops in flight name is never filled anew.
 *
 * Returns 0, -EEXIST for a second time, -EINVAL, -EMFILE (RLIMIT_NOFILE), -ENOMEM,
 * RINGLINE_ENOTSUP_KERNEL (file_table: 6.0).
 */
int32_t ringline_files_reserve(ringline_ring *ring,
                               uint32_t slots,
                               uint32_t direct,
                               uint32_t flags);

/**
 * Register a descriptor: the ring holds the file from now on, the descriptor can be closed. Owner
 * thread (any while there is none). Returns its slot, -ENFILE when all are taken, -EBADF, -ENXIO
 * without a table.
 */
int32_t ringline_file_add(ringline_ring *ring, int32_t fd);

/**
 * Register many descriptors at once; `slots` gets their slots. Owner thread (any while there is
 * none). Returns how many were registered, from the front; when the first was not, why:
 * as ringline_file_add(), RINGLINE_ENULL.
 */
int32_t ringline_file_add_many(ringline_ring *ring,
                               const int32_t *fds,
                               uint32_t count,
                               uint32_t *slots);

/**
 * Put another file into a slot. Owner thread (any while there is none). Returns 0, -EBUSY while
 * ops in flight name the slot, -EBADF, RINGLINE_ESTALE for an empty slot.
 */
int32_t ringline_file_replace(ringline_ring *ring, int32_t slot, int32_t fd);

/**
 * Take a file out of its slot; a direct descriptor is closed by it, at once. Owner thread (any
 * while there is none). Returns 0, -EBUSY while ops in flight name the slot, RINGLINE_ESTALE for
 * an empty one.
 */
int32_t ringline_file_remove(ringline_ring *ring, int32_t slot);

/**
 * Make an ordinary descriptor for the file in a slot: an op like any other, whose completion
 * carries `user_data` and in res the new descriptor (closed on exec unless `flags` is
 * RINGLINE_FILE_INSTALL_INHERIT). The slot keeps its file. Owner thread (any while there is none).
 * Returns its token, -EINVAL, RINGLINE_ESTALE for an empty slot, RINGLINE_ENOTSUP_KERNEL
 * (fd_install: 6.8), or as ringline_submit().
 */
int64_t ringline_file_install(ringline_ring *ring,
                              int32_t slot,
                              uint32_t flags,
                              uint64_t user_data);

/**
 * A descriptor for poll(2), epoll(7) and the like: it is readable when a turn has something to
 * do. Call ringline_prepare() before each sleep, and take EINTR for a reason to turn. (It is an
 * eventfd that the kernel writes: on the ring's own descriptor, ringline_info's ring_fd, sleepers
 * are not woken for deferred work.) It is the library's: never read or close it. Owner thread;
 * binds a ring without owner; ringline_detach() closes it. Returns it, -EBUSY after
 * ringline_set_eventfd(), -EMFILE.
 */
int32_t ringline_ring_fd(ringline_ring *ring);

/**
 * Have the kernel write an eventfd of the caller's for every completion, for loops that cannot
 * poll the ring's descriptor; -1 = not any more. It is also written for completions that a turn
 * takes at once, so a loop wakes more often than with ringline_ring_fd(). ringline_prepare() is
 * needed as well. Posts write it themselves; but for an op that polls or reads another eventfd
 * the kernel may write it late or never. Owner thread; binds a ring without owner; to be set
 * again after detach. Returns 0, -EBUSY when one is set already or ringline_ring_fd() was called,
 * -EBADF or -EINVAL for what is no eventfd, -ENXIO for -1 when none is set.
 */
int32_t ringline_set_eventfd(ringline_ring *ring, int32_t eventfd);

/**
 * Before a foreign loop sleeps on ringline_ring_fd() (or the eventfd): hand what was submitted
 * to the kernel, and see that the descriptor becomes readable for completions, for posts and for
 * the next timer. `*deadline_ns` (may be NULL) is when that is, by CLOCK_MONOTONIC, or -1: for
 * information, the kernel keeps the time. Then sleep; when the descriptor is readable, turn or
 * run_once with wait_min 0, and prepare again. Owner thread, not in a callback; binds a ring
 * without owner.
 *
 * Returns 0 = sleep now; 1 = something is there: turn instead of sleeping; RINGLINE_EREENTRANT
 * inside a callback; or as ringline_turn().
 */
int32_t ringline_prepare(ringline_ring *ring, int64_t *deadline_ns);

/**
 * Write the layout of every struct of the ABI into `out[0..cap)`. Returns how many entries there
 * are in all, or RINGLINE_ENULL. `out` may be NULL when `cap` is 0.
 */
int32_t ringline_abi_layout(struct ringline_abi_field *out, uint32_t cap);

/**
 * Let `function` be told what happens on cold paths, up to `level` (RINGLINE_LOG_*): setup flags
 * that stepped down, features that are missing, a caught panic, abandoned operations, waiting for
 * memory; with RINGLINE_LOG_DEBUG every call that failed. One function for the whole process;
 * NULL or level 0 = silence, as at first. The library itself prints nothing, ever.
 *
 * When it returns 0, the function set before is not running and is not called any more. Any
 * thread. Returns 0, -EINVAL for an unknown level, RINGLINE_EREENTRANT inside a log function,
 * -EBUSY when another thread is setting one or stayed inside the old one for a second (then the
 * log is off; call again).
 */
int32_t ringline_set_log(ringline_log_function function, void *ctx, uint32_t level);

/**
 * Get the ring's mailbox, through which other threads reach it: `*out` is a handle that any thread
 * may use and that the caller releases with ringline_mailbox_release(). All calls give the same
 * handle as long as it is held. It outlives the ring and then answers RINGLINE_ECLOSED. While it
 * is held, ringline_run() waits for mail although nothing is in flight.
 *
 * Owner thread (any while there is none). Returns 0, RINGLINE_ENULL, -ENFILE when 16384 handles
 * exist.
 */
int32_t ringline_mailbox_of(ringline_ring *ring, ringline_mailbox **out);

/**
 * One more reference to the mailbox, to be released as well. Any thread that holds one. Returns
 * 0, RINGLINE_ESTALE, RINGLINE_EFORKED.
 */
int32_t ringline_mailbox_retain(ringline_mailbox *mailbox);

/**
 * Give a reference back; with the last one the handle is stale. What was posted is still
 * delivered, and operations go on. Any thread. Returns 0, RINGLINE_ESTALE, RINGLINE_EFORKED.
 */
int32_t ringline_mailbox_release(ringline_mailbox *mailbox);

/**
 * End the present or next wait of a turn, run_once or run early, whatever came. Any thread, signal
 * handlers and callbacks; async-signal-safe, errno is kept. Returns 0, RINGLINE_ESTALE,
 * RINGLINE_EFORKED, or RINGLINE_ECLOSED when the ring is gone.
 */
int32_t ringline_mailbox_wake(ringline_mailbox *mailbox);

/**
 * Give the owner a record with `user_data`, `res` and RINGLINE_CF_MSG (token and data are 0). It
 * wakes the ring and counts toward wait_min; each call is one record, in the order of each thread.
 * Any thread, but no signal handler (ringline_mailbox_wake() is for those).
 *
 * Returns 0, -EAGAIN when 1024 messages wait (nothing is lost: post again later), RINGLINE_ECLOSED
 * when the ring is gone, RINGLINE_ESTALE, RINGLINE_EFORKED. The records of a ring that is freed
 * are dropped: close and turn it first.
 */
int32_t ringline_mailbox_post(ringline_mailbox *mailbox, uint64_t user_data, int32_t res);

/**
 * Have the owner submit ops; their completions are its records, with RINGLINE_CF_MSG. `ids` (may
 * be NULL) gets an id per accepted op, for ringline_mailbox_cancel(). The ops are copied, but
 * everything they point to, inputs too, is the library's until FINAL. An op that the ring rejects
 * completes with FINAL and -errno (-EAGAIN for RINGLINE_ENOSLOT, -ESHUTDOWN when it closes). Any
 * thread, but no signal handler.
 *
 * Returns how many were accepted, from the front; when the first is not, why: -EAGAIN (1024
 * messages wait, or 4096 ops are in flight), -EINVAL (a link chain, a QUIET send),
 * RINGLINE_ECLOSED when the ring is closing or gone, RINGLINE_ENULL, RINGLINE_ESTALE,
 * RINGLINE_EFORKED.
 */
int32_t ringline_mailbox_submit(ringline_mailbox *mailbox,
                                const struct ringline_op *ops,
                                uint32_t count,
                                uint64_t *ids);

/**
 * As ringline_mailbox_submit() for one op whose completions go to `callback`, on the owner thread.
 * A ring that ends before it came to the op calls it too, with FINAL and -ESHUTDOWN, from
 * ringline_free(). Returns the op's id, or as ringline_mailbox_submit().
 */
int64_t ringline_mailbox_submit_with(ringline_mailbox *mailbox,
                                     const struct ringline_op *op,
                                     ringline_callback callback,
                                     void *ctx);

/**
 * Have `callback` called on the owner thread, as a completion callback is: everything is legal in
 * it but running the loop. Its completion has RINGLINE_CF_MSG and res = 0; when the ring ends
 * before it came to this, it is called from ringline_free() with res = -ESHUTDOWN, so that the
 * context can be given back. Any thread, but no signal handler. Returns as
 * ringline_mailbox_post(), or RINGLINE_ENULL.
 */
int32_t ringline_mailbox_call(ringline_mailbox *mailbox, ringline_callback callback, void *ctx);

/**
 * Ask for the op of an id to end; its FINAL says what became of it. Any thread, but no signal
 * handler. Returns 0 = asked, RINGLINE_ESTALE = gone already, or as ringline_mailbox_post().
 */
int32_t ringline_mailbox_cancel(ringline_mailbox *mailbox, uint64_t id);

/**
 * Have the ring closed by its owner at its next turn, as ringline_close() with a timeout of 0,
 * after what was posted before; for finalisers. Ops of this mailbox are refused from now on. Any
 * thread, but no signal handler. Returns 0, RINGLINE_ECLOSED when the ring is gone,
 * RINGLINE_ESTALE, RINGLINE_EFORKED.
 */
int32_t ringline_mailbox_close(ringline_mailbox *mailbox);

/**
 * Make a pool of `count` (a power of two, 32768 at most) buffers of `size` bytes, from which recv
 * and read take theirs (RINGLINE_SQE_BUFFER_SELECT, buf_index = the pool). `flags`:
 *
 * RINGLINE_POOL_INCREMENTAL: the kernel fills a buffer piece by piece, so that a few large ones
 * serve small and large messages alike (8 x 256 KiB is a good start). Each completion is a piece
 * with a lease of its own; a buffer goes back to the kernel when all its pieces are back and no
 * RINGLINE_CF_BUF_MORE is due. Receives only, without RINGLINE_SQE_ASYNC; 64 MiB at most.
 * RINGLINE_POOL_HUGE: huge pages, reserved ones or by advice; ringline_pool_info tells.
 *
 * Owner thread (any while there is none). Returns the pool's id, -EINVAL, -ENOMEM, -ENFILE,
 * RINGLINE_ENOTSUP_KERNEL (pool: 5.19, pool_incremental: 6.12).
 */
int32_t ringline_pool_create(ringline_ring *ring, uint32_t count, uint32_t size, uint32_t flags);

/**
 * Give a pool up. Leases stay valid until they are given back. Owner thread (any while there is
 * none). Returns 0, -EBUSY while ops in flight take buffers from it, RINGLINE_ESTALE.
 */
int32_t ringline_pool_destroy(ringline_ring *ring, int32_t pool);

/**
 * Tell what a pool is like. Owner thread (any while there is none). Returns 0, RINGLINE_ESTALE,
 * RINGLINE_ENULL, -EINVAL or -E2BIG for the size in `out`.
 */
int32_t ringline_pool_info_of(ringline_ring *ring, int32_t pool, struct ringline_pool_info *out);

/**
 * Tell when fewer than `mark` buffers of a pool are with the kernel (0 = never): a record with
 * `user_data`, RINGLINE_CF_LOW_WATER and nothing else in flags, res = buffers left, data = the
 * pool. It counts toward wait_min, belongs to no op and is never a callback's. Told once, until
 * more than `mark` buffers were free again. Owner thread (any while there is none). Returns 0,
 * -EINVAL for a mark above the number of buffers, RINGLINE_ESTALE.
 */
int32_t ringline_pool_set_low_water(ringline_ring *ring,
                                    int32_t pool,
                                    uint32_t mark,
                                    uint64_t user_data);

/**
 * Leases not given back, over all pools of the ring. Owner thread (any while there is none).
 */
int32_t ringline_lease_count(ringline_ring *ring);

/**
 * Give received bytes back: `lease` is the token of a completion with RINGLINE_CF_LEASE. Any
 * thread, also after the ring is gone. Exactly once: a second time is RINGLINE_ESTALE. Given
 * back by another thread, the buffer is used again from the owner's next turn on. Returns 0,
 * RINGLINE_ESTALE or (in a forked child) RINGLINE_EFORKED.
 */
int32_t ringline_lease_release(uint64_t lease);

/**
 * Give back many leases, of any pools; a stale one is passed over. Any thread, as
 * ringline_lease_release(). Returns how many were given back, or RINGLINE_ENULL.
 */
int32_t ringline_lease_release_many(const uint64_t *leases, uint32_t count);

/**
 * NOP: completes with 0; with RINGLINE_NOP_INJECT_RESULT in op_flags with `len` (Linux 6.10).
 *
 * For all helpers: what an op needs that is newer than Linux 5.10 is named with it; where the
 * kernel is older, submit answers RINGLINE_ENOTSUP_KERNEL. `res` < 0 is -errno of the system call
 * named. "Written until FINAL" is an output that has to live that long; everything else that an
 * op points to, data excepted, is read when the turn or flush that accepted it returns.
 */
void ringline_prep_nop(struct ringline_op *op);

/**
 * READ: `len` bytes at `off` (-1 = file position) into `buf`, written until FINAL. res = bytes
 * read, 0 at the end; may be short.
 */
void ringline_prep_read(struct ringline_op *op, int32_t fd, void *buf, uint32_t len, uint64_t off);

/**
 * WRITE: `len` bytes of `buf`, which is the library's until FINAL, at `off` (-1 = file position).
 * res = bytes written, may be short; -EPIPE raises no SIGPIPE where the kernel can suppress it
 * (write_nosignal).
 */
void ringline_prep_write(struct ringline_op *op,
                         int32_t fd,
                         const void *buf,
                         uint32_t len,
                         uint64_t off);

/**
 * OPENAT: openat(2). res = the new descriptor; with file_index (a named slot + 1, or
 * RINGLINE_FILE_INDEX_ALLOC) the file goes into the ring's table, and res = 0 or the slot.
 */
void ringline_prep_openat(struct ringline_op *op,
                          int32_t dirfd,
                          const char *path,
                          int32_t flags,
                          uint32_t mode);

/**
 * CLOSE: close(2). res = 0. For sockets with ops in flight use ringline_prep_lib_close(). With
 * `fd` 0 and file_index = slot + 1 it closes a registered file. -EBADF for a ring's own
 * descriptor.
 */
void ringline_prep_close(struct ringline_op *op, int32_t fd);

/**
 * FSYNC: fsync(2), or fdatasync(2) with `fsync_flags` RINGLINE_FSYNC_DATASYNC. res = 0; -EINVAL
 * for files that cannot be synced.
 */
void ringline_prep_fsync(struct ringline_op *op, int32_t fd, uint32_t fsync_flags);

/**
 * POLL_ADD: once; `mask` of POLLIN etc. res = the events, POLLERR and POLLHUP among them unasked.
 */
void ringline_prep_poll_add(struct ringline_op *op, int32_t fd, uint32_t mask);

/**
 * POLL_ADD: a completion with MORE for each edge; res = the events. It may end by itself (FINAL
 * with res >= 0), as when the file is an epoll set that watches this ring: submit it again. Linux
 * 5.13.
 */
void ringline_prep_poll_multishot(struct ringline_op *op, int32_t fd, uint32_t mask);

/**
 * POLL_REMOVE as an update: the poll of `token` waits for `mask` from now on, once or again and
 * again as before; `flags` 0 (RINGLINE_POLL_ADD_MULTI is accepted and changes nothing). res = 0;
 * -ENOENT when it fired meanwhile, -EALREADY when it is just firing. Submit answers
 * RINGLINE_ESTALE for a token of nothing in flight. Linux 5.13.
 */
void ringline_prep_poll_update(struct ringline_op *op,
                               uint64_t token,
                               uint32_t mask,
                               uint32_t flags);

/**
 * POLL_REMOVE: end the poll of `token`, which then completes with -ECANCELED. res = 0; -ENOENT
 * when it was over or is no poll; -EALREADY when it is just firing. Submit answers
 * RINGLINE_ESTALE for a token of nothing in flight, -EINVAL for that of a library op.
 */
void ringline_prep_poll_remove(struct ringline_op *op, uint64_t token);

/**
 * TIMEOUT: the kernel's timer; `ts` is a struct __kernel_timespec. res = -ETIME, or 0 after
 * `count` completions.
 */
void ringline_prep_timeout(struct ringline_op *op, const void *ts, uint32_t count, uint32_t flags);

/**
 * TIMEOUT_REMOVE as an update: the timeout of `token` gets the time `ts`; `flags` as of timeout,
 * and RINGLINE_LINK_TIMEOUT_UPDATE when it is a LINK_TIMEOUT (5.15). res = 0; -ENOENT when it was
 * over or is no timeout; -EALREADY when it is just firing. Submit answers as of poll_remove.
 * Linux 5.11.
 */
void ringline_prep_timeout_update(struct ringline_op *op,
                                  uint64_t token,
                                  const void *ts,
                                  uint32_t flags);

/**
 * TIMEOUT_REMOVE: end the timeout of `token`, which then completes with -ECANCELED. res and the
 * answers of submit as of timeout_update.
 */
void ringline_prep_timeout_remove(struct ringline_op *op, uint64_t token);

/**
 * ASYNC_CANCEL: ask for the op of `token` to end; its own FINAL says what became of it. res = 0;
 * -ENOENT when it was over; -EALREADY when it is running and may end or not. Submit answers as of
 * poll_remove: library ops (timers, SEND_ALL) are cancelled by ringline_cancel(), as all others
 * can be.
 */
void ringline_prep_cancel(struct ringline_op *op, uint64_t token);

/**
 * LIB_TIMER: fires after `ns`, then every `period_ns` (0 = once). res = periods missed.
 */
void ringline_prep_timer(struct ringline_op *op, uint64_t ns, uint64_t period_ns);

/**
 * LIB_POST: a completion with this `res` at the ring's next turn, counted by wait_min and made a
 * callback by ringline_submit_with(). -ECANCELED when it was cancelled before.
 */
void ringline_prep_post(struct ringline_op *op, int32_t res);

/**
 * LIB_CLOSE: shutdown (unless a listener), cancel the ops on `fd`, wait for them, close.
 */
void ringline_prep_lib_close(struct ringline_op *op, int32_t fd);

/**
 * Make `ops[0..count)` a chain: each starts when the one before succeeded.
 */
void ringline_prep_link(struct ringline_op *ops, uint32_t count);

/**
 * MSG_RING: a completion on the ring of descriptor `ring_fd` (ringline_info_of() tells it), with
 * `value` as res, `user_data` (below 2^61) and RINGLINE_CF_MSG alone: it is no operation's. That
 * ring must be attached (else -EBADFD, as for a descriptor that is no ring). res = 0. A ring that
 * is not this library's sees bit 63 set in the user_data. `flags` must be 0. Linux 5.18.
 */
void ringline_prep_msg_ring(struct ringline_op *op,
                            int32_t ring_fd,
                            uint32_t value,
                            uint64_t user_data,
                            uint32_t flags);

/**
 * URING_CMD: a command of the file's driver; `addr` and `len` as it defines them. A command of 80
 * bytes (NVMe passthrough) needs a ring with RINGLINE_CONFIG_BIG: set `ext` of the op to its
 * address afterwards; it is copied at submit, and the completion carries RINGLINE_CF_EXT.
 */
void ringline_prep_uring_cmd(struct ringline_op *op,
                             int32_t fd,
                             uint32_t command,
                             uint64_t addr,
                             uint32_t len);

/**
 * URING_CMD on a socket: `command` of RINGLINE_SOCKET_*. For GETSOCKOPT and SETSOCKOPT `value` of
 * `len` bytes is the library's until FINAL and res of GETSOCKOPT is its length; for SIOCINQ and
 * SIOCOUTQ the rest is 0 and res = bytes. Linux 6.7.
 */
void ringline_prep_cmd_sock(struct ringline_op *op,
                            int32_t fd,
                            uint32_t command,
                            int32_t level,
                            int32_t option,
                            void *value,
                            uint32_t len);

/**
 * FILES_UPDATE: put `count` descriptors into the named slots from `first` on; -1 empties a slot,
 * -2 leaves one alone. Not needed to register files: ringline_file_add(), ringline_file_replace()
 * and ringline_file_remove() do that at once; this does it in the order of a chain. `fds` is read
 * by submit already and must not change until FINAL.
 *
 * res = how many, from the front; -EBADF, -ENOMEM when the first failed. The slot of the first
 * descriptor that failed is empty then. A slot that was empty may be named by ops of the same
 * chain at once, other slots only after FINAL.
 *
 * Submit answers -ENXIO without a table; RINGLINE_ENULL; -EINVAL for `count` 0 and for slots that
 * are not named ones; -EBUSY when ops in flight use one of them.
 */
void ringline_prep_files_update(struct ringline_op *op,
                                const int32_t *fds,
                                uint32_t count,
                                uint32_t first);

/**
 * FIXED_FD_INSTALL: an ordinary descriptor for the file in registered slot `slot`; `flags` 0
 * (close-on-exec) or RINGLINE_FIXED_FD_NO_CLOEXEC. res = the descriptor. Submit answers
 * RINGLINE_ESTALE for an empty slot. Linux 6.8.
 */
void ringline_prep_fixed_fd_install(struct ringline_op *op, int32_t slot, uint32_t flags);

/**
 * OPENAT2: openat2(2); `how` is a struct open_how of `size` bytes. res and file_index as of
 * openat.
 */
void ringline_prep_openat2(struct ringline_op *op,
                           int32_t dirfd,
                           const char *path,
                           const void *how,
                           uint32_t size);

/**
 * STATX: statx(2) into `buf`, a struct statx that is written until FINAL. res = 0.
 */
void ringline_prep_statx(struct ringline_op *op,
                         int32_t dirfd,
                         const char *path,
                         int32_t flags,
                         uint32_t mask,
                         void *buf);

/**
 * FALLOCATE: fallocate(2); `mode` of FALLOC_FL_*. res = 0; -EOPNOTSUPP where the file system
 * cannot.
 */
void ringline_prep_fallocate(struct ringline_op *op,
                             int32_t fd,
                             int32_t mode,
                             uint64_t off,
                             uint64_t len);

/**
 * FTRUNCATE: ftruncate(2) to `len` bytes. res = 0. Linux 6.9.
 */
void ringline_prep_ftruncate(struct ringline_op *op, int32_t fd, uint64_t len);

/**
 * SYNC_FILE_RANGE: sync_file_range(2); `flags` of SYNC_FILE_RANGE_*. res = 0.
 */
void ringline_prep_sync_file_range(struct ringline_op *op,
                                   int32_t fd,
                                   uint64_t off,
                                   uint32_t len,
                                   uint32_t flags);

/**
 * FADVISE: posix_fadvise(2); `advice` of POSIX_FADV_*. res = 0. `len` of 4 GiB and more needs
 * Linux 6.10.
 */
void ringline_prep_fadvise(struct ringline_op *op,
                           int32_t fd,
                           uint64_t off,
                           uint64_t len,
                           int32_t advice);

/**
 * MADVISE: madvise(2); `advice` of MADV_*. res = 0. `len` of 4 GiB and more needs Linux 6.10.
 */
void ringline_prep_madvise(struct ringline_op *op, void *addr, uint64_t len, int32_t advice);

/**
 * RENAMEAT: renameat2(2); `flags` of RENAME_*. res = 0. Linux 5.11.
 */
void ringline_prep_renameat(struct ringline_op *op,
                            int32_t olddirfd,
                            const char *oldpath,
                            int32_t newdirfd,
                            const char *newpath,
                            uint32_t flags);

/**
 * UNLINKAT: unlinkat(2); `flags` 0 or AT_REMOVEDIR. res = 0. Linux 5.11.
 */
void ringline_prep_unlinkat(struct ringline_op *op, int32_t dirfd, const char *path, int32_t flags);

/**
 * MKDIRAT: mkdirat(2). res = 0. Linux 5.15.
 */
void ringline_prep_mkdirat(struct ringline_op *op, int32_t dirfd, const char *path, uint32_t mode);

/**
 * SYMLINKAT: symlinkat(2): `path` becomes a link to `target`. res = 0. Linux 5.15.
 */
void ringline_prep_symlinkat(struct ringline_op *op,
                             const char *target,
                             int32_t dirfd,
                             const char *path);

/**
 * LINKAT: linkat(2); `flags` of AT_SYMLINK_FOLLOW and AT_EMPTY_PATH. res = 0. Linux 5.15.
 */
void ringline_prep_linkat(struct ringline_op *op,
                          int32_t olddirfd,
                          const char *oldpath,
                          int32_t newdirfd,
                          const char *newpath,
                          int32_t flags);

/**
 * PIPE: pipe2(2); `fds` is int[2], written until FINAL. res = 0. Two ordinary descriptors only:
 * submit answers -EINVAL to a file_index. Linux 6.16.
 */
void ringline_prep_pipe(struct ringline_op *op, int32_t *fds, uint32_t flags);

/**
 * SENDMSG: sendmsg(2), always with MSG_NOSIGNAL; `msg` is a struct msghdr. What it names is the
 * library's until FINAL. res = bytes, may be short.
 */
void ringline_prep_sendmsg(struct ringline_op *op, int32_t fd, const void *msg, uint32_t flags);

/**
 * RECVMSG: recvmsg(2) once; `msg` is a struct msghdr, written until FINAL. With
 * ringline_prep_pool(): the payload goes into a buffer of the pool, the rest where `msg` says.
 * res = bytes; msg_flags has MSG_TRUNC and MSG_CTRUNC.
 */
void ringline_prep_recvmsg(struct ringline_op *op, int32_t fd, void *msg, uint32_t flags);

/**
 * RECVMSG: a completion with MORE and LEASE for each message, from `pool`; take it apart by
 * ringline_recvmsg_out(). Of `msg` only msg_namelen and msg_controllen count: room for them is
 * kept in each buffer, with 16 bytes more; a name length that is a multiple of 8 keeps the control
 * messages aligned. An empty datagram ends it with FINAL and res > 0: submit it again. -ENOBUFS =
 * no buffer is free: give leases back, then submit it again; -EFAULT = the buffers of the pool are
 * too small for name and control. A pool with INCREMENTAL is refused (-EINVAL). Linux 6.0.
 */
void ringline_prep_recvmsg_multishot(struct ringline_op *op,
                                     int32_t fd,
                                     const void *msg,
                                     int32_t pool,
                                     uint32_t flags);

/**
 * SEND_ZC: send(2) out of the caller's own pages. The first completion (MORE) has the bytes, the
 * notification (FINAL | NOTIF) says that `buf` is the caller's again; an error may come with or
 * without one, so only FINAL counts. A peer that does not read keeps the memory from coming back:
 * neither a cancel nor a close ends what the kernel has queued. RINGLINE_CF_ZC_COPIED: the kernel
 * copied after all; later SEND_ZC on such a descriptor complete once, with FINAL and ZC_COPIED.
 * `zc_flags`: 0, RINGLINE_RECVSEND_POLL_FIRST, RINGLINE_RECVSEND_FIXED_BUF (out of the region in
 * buf_index). -EOPNOTSUPP = the socket can not send so (unix). Linux 6.0; whether it was copied is
 * told from 6.7.
 */
void ringline_prep_send_zc(struct ringline_op *op,
                           int32_t fd,
                           const void *buf,
                           uint32_t len,
                           uint32_t flags,
                           uint16_t zc_flags);

/**
 * SENDMSG_ZC: as sendmsg, out of the caller's own pages; completions as of send_zc. Linux 6.1.
 */
void ringline_prep_sendmsg_zc(struct ringline_op *op, int32_t fd, const void *msg, uint32_t flags);

/**
 * RECV_ZC: receive into the zero-copy queue `queue` of a network card. Refused with
 * RINGLINE_ENOTSUP_KERNEL where the ring has none, which is everywhere for now.
 */
void ringline_prep_recv_zc(struct ringline_op *op, int32_t fd, uint32_t queue, uint32_t len);

/**
 * SOCKET: socket(2). res = the descriptor; file_index as of openat. Linux 5.19.
 */
void ringline_prep_socket(struct ringline_op *op, int32_t domain, int32_t kind, int32_t protocol);

/**
 * BIND: bind(2). res = 0. Linux 6.11.
 */
void ringline_prep_bind(struct ringline_op *op, int32_t fd, const void *addr, uint32_t addrlen);

/**
 * LISTEN: listen(2). res = 0. Linux 6.11.
 */
void ringline_prep_listen(struct ringline_op *op, int32_t fd, int32_t backlog);

/**
 * ACCEPT: once; `addr` and `addrlen` may be NULL and are written until FINAL. res = the
 * descriptor. `flags` as in accept4(2).
 */
void ringline_prep_accept(struct ringline_op *op,
                          int32_t fd,
                          void *addr,
                          uint32_t *addrlen,
                          uint32_t flags);

/**
 * ACCEPT: a completion with MORE for each connection; res as of accept. FINAL with res < 0 or a
 * full table ends it. Linux 5.19.
 */
void ringline_prep_accept_multishot(struct ringline_op *op,
                                    int32_t fd,
                                    void *addr,
                                    uint32_t *addrlen,
                                    uint32_t flags);

/**
 * CONNECT: connect(2). res = 0.
 */
void ringline_prep_connect(struct ringline_op *op, int32_t fd, const void *addr, uint32_t addrlen);

/**
 * LIB_CONNECT_TIMEOUT: as ringline_prep_connect(), given up `timeout_ns` nanoseconds after submit.
 * res = 0, also when it connected just then; -ETIMEDOUT when the limit ended it, or the error of
 * connect(2). After a limit or a cancel the socket may still be connecting: close it.
 */
void ringline_prep_connect_timeout(struct ringline_op *op,
                                   int32_t fd,
                                   const void *addr,
                                   uint32_t addrlen,
                                   uint64_t timeout_ns);

/**
 * SEND: send(2); may be short. `buf` is the library's until FINAL.
 */
void ringline_prep_send(struct ringline_op *op,
                        int32_t fd,
                        const void *buf,
                        uint32_t len,
                        uint32_t flags);

/**
 * LIB_SEND_ALL: goes on after short sends. res = `len`, or -errno with data = bytes the kernel
 * took. -EBUSY while one runs on the same descriptor.
 */
void ringline_prep_send_all(struct ringline_op *op,
                            int32_t fd,
                            const void *buf,
                            uint32_t len,
                            uint32_t flags);

/**
 * RECV: recv(2) once into `buf`; res = 0 at the end of the stream. With ringline_prep_pool(),
 * `buf` NULL and `len` 0: into a buffer of the pool.
 */
void ringline_prep_recv(struct ringline_op *op,
                        int32_t fd,
                        void *buf,
                        uint32_t len,
                        uint32_t flags);

/**
 * RECV: a completion with MORE and LEASE for each piece received, from `pool`. Ends with res
 * <= 0; -ENOBUFS = no buffer is free: give leases back, then submit it again.
 *
 * One that sends as fast as it can fills the whole pool in one turn. From Linux 6.17 on
 * (RINGLINE_FEATURE_RECV_LIMIT) two fields of the op, to be set after this call, leave the others
 * their part: `len` is the most that one piece has, and `file_index` ends the receive (a piece
 * without MORE, res > 0) when it brought so many bytes in all, 2147483647 at most; submit it
 * again behind the others. The last piece goes beyond the limit by less than `len`, or by any
 * length where `len` is 0. Without the feature a `file_index` is RINGLINE_ENOTSUP_KERNEL: receive
 * by ringline_prep_recv() from the pool, with `len` set, whoever sends much.
 */
void ringline_prep_recv_multishot(struct ringline_op *op, int32_t fd, int32_t pool, uint32_t flags);

/**
 * SHUTDOWN: shutdown(2). res = 0; -ENOTCONN. Linux 5.11.
 */
void ringline_prep_shutdown(struct ringline_op *op, int32_t fd, int32_t how);

/**
 * Let a filled recv or read take its buffer from `pool`.
 */
void ringline_prep_pool(struct ringline_op *op, int32_t pool);

/**
 * Make a filled SEND QUIET: no completion when the kernel takes it whole at once, else a FINAL
 * with the count. Sets MSG_DONTWAIT | MSG_WAITALL.
 */
void ringline_prep_quiet(struct ringline_op *op);

/**
 * READV: into `count` struct iovec at `off` (-1 = file position). res = bytes read. With
 * ringline_prep_pool() and one iovec: into a buffer of the pool.
 */
void ringline_prep_readv(struct ringline_op *op,
                         int32_t fd,
                         const void *iovecs,
                         uint32_t count,
                         uint64_t off,
                         uint32_t flags);

/**
 * WRITEV: out of `count` struct iovec at `off` (-1 = file position). res = bytes written.
 */
void ringline_prep_writev(struct ringline_op *op,
                          int32_t fd,
                          const void *iovecs,
                          uint32_t count,
                          uint64_t off,
                          uint32_t flags);

/**
 * READ_FIXED: as read, into memory of the registered buffer `buf_index`. Submit answers
 * RINGLINE_ESTALE where nothing is registered, -EFAULT when `buf` and `len` leave it.
 */
void ringline_prep_read_fixed(struct ringline_op *op,
                              int32_t fd,
                              void *buf,
                              uint32_t len,
                              uint64_t off,
                              uint16_t buf_index);

/**
 * WRITE_FIXED: as write, out of memory of the registered buffer `buf_index`. Submit answers as of
 * read_fixed.
 */
void ringline_prep_write_fixed(struct ringline_op *op,
                               int32_t fd,
                               const void *buf,
                               uint32_t len,
                               uint64_t off,
                               uint16_t buf_index);

/**
 * READV_FIXED: as readv, into memory of the registered buffer `buf_index`. res = -EFAULT when
 * the vectors leave it. Linux 6.15.
 */
void ringline_prep_readv_fixed(struct ringline_op *op,
                               int32_t fd,
                               const void *iovecs,
                               uint32_t count,
                               uint64_t off,
                               uint32_t flags,
                               uint16_t buf_index);

/**
 * WRITEV_FIXED: as writev, out of memory of the registered buffer `buf_index`. res = -EFAULT
 * when the vectors leave it. Linux 6.15.
 */
void ringline_prep_writev_fixed(struct ringline_op *op,
                                int32_t fd,
                                const void *iovecs,
                                uint32_t count,
                                uint64_t off,
                                uint32_t flags,
                                uint16_t buf_index);

/**
 * READ_MULTISHOT: a completion with MORE and LEASE for each piece read from a pipe, terminal or
 * other file that can be polled, out of `pool`. Ends with res <= 0. Linux 6.7.
 */
void ringline_prep_read_multishot(struct ringline_op *op, int32_t fd, int32_t pool);

/**
 * SPLICE: move up to `len` bytes from `fd_in` to `fd_out` without copying; one of them is a pipe.
 * An offset is -1 for a pipe (and for the file position). `flags` of SPLICE_F_*, or
 * RINGLINE_SPLICE_FD_IN_FIXED. The op is on `fd_out`: a RINGLINE_LIB_CLOSE of `fd_in` does not
 * end it. res = bytes moved, 0 at the end; -EINVAL when neither is a pipe. A registered slot in
 * `fd_in` is in use until FINAL.
 */
void ringline_prep_splice(struct ringline_op *op,
                          int32_t fd_in,
                          int64_t off_in,
                          int32_t fd_out,
                          int64_t off_out,
                          uint32_t len,
                          uint32_t flags);

/**
 * TEE: copy up to `len` bytes from the pipe `fd_in` to the pipe `fd_out`; they stay in `fd_in`.
 * res = bytes. What is said of `fd_in` and `flags` in splice holds here too.
 */
void ringline_prep_tee(struct ringline_op *op,
                       int32_t fd_in,
                       int32_t fd_out,
                       uint32_t len,
                       uint32_t flags);

/**
 * EPOLL_CTL: epoll_ctl(2); `event` is a struct epoll_event. res = 0. An epoll set may watch the
 * ring itself; a multishot poll of that set then ends at the ring's first completion.
 */
void ringline_prep_epoll_ctl(struct ringline_op *op,
                             int32_t epfd,
                             int32_t operation,
                             int32_t fd,
                             const void *event);

/**
 * EPOLL_WAIT: epoll_wait(2) into `events`, written until FINAL. res = how many. Linux 6.15.
 */
void ringline_prep_epoll_wait(struct ringline_op *op,
                              int32_t epfd,
                              void *events,
                              uint32_t max,
                              uint32_t flags);

/**
 * LINK_TIMEOUT: behind the op that it limits, in its chain: cancels that op (with IO_LINK) when
 * `ts`, a struct __kernel_timespec, is over. res = -ETIME when it did, -ECANCELED when it was in
 * time; -EALREADY when the op was running and could not be stopped. Submit answers -EINVAL
 * anywhere else than behind an op of its chain.
 */
void ringline_prep_link_timeout(struct ringline_op *op, const void *ts, uint32_t flags);

/**
 * FUTEX_WAIT: until `futex` is woken (res = 0); -EAGAIN when it does not hold `value`. `flags` of
 * RINGLINE_FUTEX2_*, `mask` RINGLINE_FUTEX_ANY or bits to match. Linux 6.7.
 */
void ringline_prep_futex_wait(struct ringline_op *op,
                              const uint32_t *futex,
                              uint64_t value,
                              uint64_t mask,
                              uint32_t flags);

/**
 * FUTEX_WAKE: wake up to `count` waiters of `futex`. res = how many. Linux 6.7.
 */
void ringline_prep_futex_wake(struct ringline_op *op,
                              const uint32_t *futex,
                              uint64_t count,
                              uint64_t mask,
                              uint32_t flags);

/**
 * FUTEX_WAITV: until one of `count` struct futex_waitv is woken. res = which. Linux 6.7.
 */
void ringline_prep_futex_waitv(struct ringline_op *op, const void *futexes, uint32_t count);

/**
 * WAITID: waitid(2) of P_PID, P_PGID, P_PIDFD or P_ALL; `info` is a siginfo_t, may be NULL,
 * written until FINAL. `flags` must be 0. res = 0; -ECHILD when there is none. Linux 6.7.
 */
void ringline_prep_waitid(struct ringline_op *op,
                          int32_t idtype,
                          int32_t id,
                          void *info,
                          int32_t options,
                          uint32_t flags);

/**
 * GETXATTR: getxattr(2) of `path` into `value`, written until FINAL. res = the length (with `len`
 * 0 as well); -ENODATA, -ERANGE. Linux 5.19.
 */
void ringline_prep_getxattr(struct ringline_op *op,
                            const char *path,
                            const char *name,
                            void *value,
                            uint32_t len);

/**
 * SETXATTR: setxattr(2) of `path`; `flags` 0, XATTR_CREATE or XATTR_REPLACE. res = 0; -EEXIST,
 * -ENODATA. Linux 5.19.
 */
void ringline_prep_setxattr(struct ringline_op *op,
                            const char *path,
                            const char *name,
                            const void *value,
                            uint32_t len,
                            int32_t flags);

/**
 * FGETXATTR: fgetxattr(2) into `value`, written until FINAL. res as of getxattr. Linux 5.19.
 */
void ringline_prep_fgetxattr(struct ringline_op *op,
                             int32_t fd,
                             const char *name,
                             void *value,
                             uint32_t len);

/**
 * FSETXATTR: fsetxattr(2); `flags` 0, XATTR_CREATE or XATTR_REPLACE. res as of setxattr. Linux
 * 5.19.
 */
void ringline_prep_fsetxattr(struct ringline_op *op,
                             int32_t fd,
                             const char *name,
                             const void *value,
                             uint32_t len,
                             int32_t flags);

/**
 * Write the counters of the ring in the text format of Prometheus: for each counter of
 * ringline_stats a HELP line, a TYPE line and `ringline_NAME_total{ring="N"} VALUE`, where N is
 * the place of the handle, which a later ring may have again. Terminated, cut off at `cap` bytes.
 * Any thread; allocates nothing. `buf` may be NULL when `cap` is 0.
 *
 * Returns the length of the whole text without the terminator, like snprintf(3), or
 * RINGLINE_ESTALE, RINGLINE_EFORKED, RINGLINE_ENULL.
 */
int32_t ringline_stats_prometheus(ringline_ring *ring, char *buf, size_t cap);

/**
 * Take a completion of ringline_prep_recvmsg_multishot() apart into `out`. `namelen` and
 * `controllen` are msg_namelen and msg_controllen of the msghdr that the op was submitted with.
 * Reads only the header in the leased buffer. Any thread, as long as the lease is held.
 *
 * Returns payload_len; RINGLINE_ENULL; RINGLINE_ESTALE for a completion without a lease (res <= 0,
 * or not of a pool); -EBADMSG when header, name and control do not fit into the received bytes:
 * the lengths are not those of the op.
 */
int32_t ringline_recvmsg_out(const struct ringline_completion *rec,
                             uint32_t namelen,
                             uint32_t controllen,
                             struct ringline_message *out);

/**
 * Allocate `len` bytes (1 GiB at most), zeroed and aligned to pages, and register them as a fixed
 * buffer. `*address` gets the first byte. `flags` is 0 or RINGLINE_REGION_HUGE (huge pages,
 * reserved ones or by advice; ringline_region_info_of tells). The memory is the ring's: it is gone
 * with ringline_region_release() or with the ring, but for a forced free, after which it stays
 * until the kernel is seen to be done. Owner thread (any while there is none).
 *
 * Returns the region's id, which is the buf_index of READ_FIXED, WRITE_FIXED and SEND_ZC;
 * -EINVAL, -ENOMEM (RLIMIT_MEMLOCK counts), -ENFILE (64 regions), RINGLINE_ENULL,
 * RINGLINE_ENOTSUP_KERNEL (fixed_buffers: 5.19).
 */
int32_t ringline_region_alloc(ringline_ring *ring, uint64_t len, uint32_t flags, void **address);

/**
 * Register `len` bytes of the caller's (1 GiB at most) as a fixed buffer. The memory has to stay
 * mapped until ringline_region_release() returned 0 or the ring is freed (what an ABANDONED op
 * used: for ever). Owner thread (any while there is none). Returns as ringline_region_alloc(),
 * and -EFAULT for memory that is not mapped.
 */
int32_t ringline_region_register(ringline_ring *ring, void *address, uint64_t len);

/**
 * Unregister a region; memory of ringline_region_alloc() is gone then. Owner thread (any while
 * there is none). Returns 0, -EBUSY while ops in flight use it, RINGLINE_ESTALE.
 */
int32_t ringline_region_release(ringline_ring *ring, int32_t region);

/**
 * Tell what a region is like. Owner thread (any while there is none). Returns 0, RINGLINE_ESTALE,
 * RINGLINE_ENULL, -EINVAL.
 */
int32_t ringline_region_info_of(ringline_ring *ring,
                                int32_t region,
                                struct ringline_region_info *out);

/**
 * Cut a region into equal buffers of `size` bytes, for ringline_buf_take(). Owner thread (any
 * while there is none). Returns how many there are; -EINVAL for a size that does not fit, -EBUSY
 * while buffers of an earlier cut are taken, -ENOMEM, RINGLINE_ESTALE.
 */
int32_t ringline_region_cut(ringline_ring *ring, int32_t region, uint32_t size);

/**
 * Take a buffer of a region that was cut: `*address` gets its first byte. It is the caller's until
 * ringline_buf_put(); put it back after the FINAL of the op that sends it. Owner thread (any while
 * there is none). Returns the buffer's id; -EAGAIN when all are taken, -EINVAL for a region that
 * was not cut, RINGLINE_ESTALE, RINGLINE_ENULL.
 */
int64_t ringline_buf_take(ringline_ring *ring, int32_t region, void **address);

/**
 * Put a buffer back, exactly once. Owner thread (any while there is none). Returns 0, or
 * RINGLINE_ESTALE for what was put back already or never was a buffer.
 */
int32_t ringline_buf_put(ringline_ring *ring, int64_t buf);

/**
 * Create a ring. `config` may be NULL (all defaults). On success `*out` is its handle.
 *
 * The ring has no owner yet: ops may be submitted and wait in user space until the first thread
 * that calls attach, turn, run or flush owns it. May take up to a second while the kernel gives
 * back locked memory of earlier rings.
 *
 * Returns 0, RINGLINE_ENULL, -EINVAL or -E2BIG for the config, -ENFILE when 16384 handles exist,
 * RINGLINE_ENOTSUP_KERNEL for RINGLINE_CONFIG_BIG, or what io_uring_setup(2) says: -EPERM (sysctl
 * or seccomp, which may forbid io_uring_enter(2) or io_uring_register(2) alone), -ENOSYS, -ENOMEM
 * (RLIMIT_MEMLOCK), -EMFILE; ringline_error_detail() names the call and the remedy.
 */
int32_t ringline_create(const struct ringline_config *config, ringline_ring **out);

/**
 * Make the calling thread the owner, for good (until detach). Returns 0 (also when it is the owner
 * already), RINGLINE_EWRONGTHREAD when another thread is, RINGLINE_ESTALE, RINGLINE_EFORKED.
 */
int32_t ringline_attach(ringline_ring *ring);

/**
 * Let go of the ring, so that another thread can attach it: it gets a new kernel ring under the
 * same handle; pools are registered again. Owner thread only. Returns 0, -EBUSY when anything is
 * in flight, RINGLINE_EREENTRANT inside a callback.
 */
int32_t ringline_detach(ringline_ring *ring);

/**
 * Tell what the ring got. Owner thread (any while it has none). Returns 0, RINGLINE_ENULL,
 * -EINVAL for a size that cannot be.
 */
int32_t ringline_info_of(ringline_ring *ring, struct ringline_info *out);

/**
 * The shared block of the ring, or NULL (ringline_error_detail() says why). Owner thread (any
 * while it has none). Its address is stable until the ring is freed.
 */
struct ringline_shared *ringline_shared_block(ringline_ring *ring);

/**
 * Cancel everything and drain. New ops are refused with RINGLINE_ECLOSED from now on; completions
 * still come by turn. Waits up to `timeout_ns` (0 = do not wait, -1 = forever); callbacks run.
 * Owner thread; binds a ring without owner; any thread once the owner thread is gone (then nothing
 * can be drained).
 *
 * Returns 0 when nothing is in flight any more, else how many ops are (time is over, or the
 * records are full: turn, then close again); RINGLINE_EREENTRANT with a timeout inside a callback.
 */
int32_t ringline_close(ringline_ring *ring, int64_t timeout_ns);

/**
 * End the ring: cancel, drain for up to a second (callbacks run, records are dropped: close first
 * to see them), release everything. What the kernel does not let go gets FINAL | ABANDONED. Inside
 * a callback it happens when the loop returns. Owner thread; any thread while there is no owner or
 * when the owner thread is gone.
 *
 * A dropped record that carries a descriptor (of accept, openat, openat2, socket,
 * fixed_fd_install; the two of pipe, at their address) is closed with it; what a record has shown
 * is the caller's. The kernel may still open one for an op that was abandoned: that one stays
 * open.
 *
 * Returns how many ops were abandoned (0 = clean), RINGLINE_ESTALE for a second free.
 */
int32_t ringline_free(ringline_ring *ring);

/**
 * Free as soon as it is legal; for finalisers, from any thread. The owner frees the ring at its
 * next turn (which then answers RINGLINE_ECLOSED, and what it would have shown is dropped, as
 * ringline_free() does); without an owner it is freed now; when the owner thread is gone (joined,
 * for one), now too. Returns 0, RINGLINE_ESTALE, RINGLINE_EFORKED.
 */
int32_t ringline_abandon(ringline_ring *ring);

/**
 * RINGLINE_STATE_* of the ring. Owner thread (any while it has none).
 */
int32_t ringline_state(ringline_ring *ring);

/**
 * Operations in flight, timers included. Owner thread (any while it has none).
 */
int64_t ringline_inflight(ringline_ring *ring);

/**
 * Keep a number of the caller's with the ring. Owner thread (any while it has none).
 */
int32_t ringline_set_user(ringline_ring *ring, uint64_t user);

/**
 * The number kept with ringline_set_user(); 0 at first. Owner thread (any while it has none).
 * Returns 0 or RINGLINE_ENULL.
 */
int32_t ringline_user(ringline_ring *ring, uint64_t *out);

/**
 * Wait once for `wait_min` completions or `timeout_ns` (-1 = forever, 0 = do not wait), run the
 * callbacks, show records in the shared block. As ringline_turn() without its ops. Owner thread;
 * binds a ring without owner. Returns how many completions it told, callbacks and records
 * together, also those that an earlier call took out of the kernel's queue (a close with a
 * timeout, a prepare); or as ringline_turn().
 */
int32_t ringline_run_once(ringline_ring *ring, uint32_t wait_min, int64_t timeout_ns);

/**
 * Run callbacks until ringline_stop(), until nothing is in flight and nobody holds a mailbox of
 * the ring, or until a completion without callback came. Owner thread; binds a ring without
 * owner. Signals do not end it (a handler may call ringline_stop).
 *
 * Returns 0 when stopped or nothing is in flight, > 0 = that many records wait in shared->recs;
 * or as ringline_turn().
 */
int32_t ringline_run(ringline_ring *ring);

/**
 * Make ringline_run() return, or the present or next wait of a turn end early. Any thread, signal
 * handlers and callbacks; async-signal-safe, errno is kept. Returns 0,
 * RINGLINE_ESTALE or RINGLINE_EFORKED.
 */
int32_t ringline_stop(ringline_ring *ring);

/**
 * Make a runtime. `config` may be NULL (all defaults). On success `*out` is its handle; no thread
 * runs yet. Any thread. Returns 0, RINGLINE_ENULL, -EINVAL or -E2BIG for the config, -ENFILE when
 * 16384 handles exist.
 */
int32_t ringline_runtime_create(const struct ringline_runtime_config *config,
                                ringline_runtime **out);

/**
 * Set the callbacks, before start. They are copied. Any thread. Returns 0, RINGLINE_ENULL, -EINVAL
 * or -E2BIG for the struct, -EALREADY after start, RINGLINE_ESTALE, RINGLINE_EFORKED.
 */
int32_t ringline_runtime_set_handlers(ringline_runtime *runtime,
                                      const struct ringline_runtime_handlers *handlers);

/**
 * Listen on `address`: "127.0.0.1:8080", "[::1]:8080", "[fe80::1%eth0]:8080" (numbers only, names
 * are not looked up: see ringline_resolve(); port 0 = the kernel chooses, see
 * ringline_runtime_port()), "unix:/path" or "unix:@abstract"; or for datagrams, which are told by
 * `datagram` and have no `backlog`, on "udp:127.0.0.1:53", "udp:[::1]:53", "unixgram:/path" or
 * "unixgram:@abstract". What is wrong with an address ringline_error_detail() says. Each worker
 * has a socket of its own on the same port and the kernel spreads the clients, and datagrams by
 * their sender. They are bound now; each listens when its worker first turns, with `backlog`
 * clients waiting at most (0 = 4096). A path stays when the listener is closed. Any thread, before
 * and after start.
 *
 * A port is the listener's alone: one that somebody serves is -EADDRINUSE, and nobody gets it
 * afterwards; sharing is asked for by RINGLINE_LISTEN_SHARED of ringline_runtime_listen_with().
 * What cannot be refused, where there are two workers or more: a later program of the same user's
 * that itself asks for SO_REUSEPORT.
 *
 * Returns the listener's id (> 0), RINGLINE_ENULL, -EINVAL for the address or the backlog, -ENODEV
 * for an interface that there is not, what socket(2) and bind(2) say (-EADDRINUSE,
 * -EADDRNOTAVAIL, -EACCES, -EMFILE), -ENFILE (4096 listeners), RINGLINE_ECLOSED after stop,
 * RINGLINE_ESTALE, RINGLINE_EFORKED.
 */
int32_t ringline_runtime_listen(ringline_runtime *runtime, const char *address, uint32_t backlog);

/**
 * The port of a listener; 0 for a path. Any thread. Returns it, or RINGLINE_ESTALE (also for a
 * listener that was closed), RINGLINE_EFORKED.
 */
int32_t ringline_runtime_port(ringline_runtime *runtime, uint32_t listener);

/**
 * Close a listener: each worker closes its socket soon; connections stay. Whoever's connect(2) had
 * returned before the call is accepted first, and datagrams that had come are told, and answered
 * by ringline_udp_send(); so a port takes clients for some 20 ms more, and for close_timeout_ns at
 * most where there is no room or no descriptor for all who wait. A handshake still under way may
 * be reset. Any thread. Returns 0, RINGLINE_ESTALE (also for a listener that was closed),
 * RINGLINE_EFORKED.
 */
int32_t ringline_runtime_listener_close(ringline_runtime *runtime, uint32_t listener);

/**
 * Start the workers: exactly one thread each, kept on a processor of its own as far as there are
 * any (RINGLINE_RUNTIME_UNPINNED leaves them), with all signals blocked. Returns when each has its
 * ring, has called its start callback and listens. Any thread.
 *
 * Returns 0, -EALREADY, RINGLINE_ECLOSED after stop, -EAGAIN (no thread), or what
 * ringline_create() and ringline_pool_create() say; then no thread is left. RINGLINE_ESTALE,
 * RINGLINE_EFORKED.
 */
int32_t ringline_runtime_start(ringline_runtime *runtime);

/**
 * End the workers. stopping tells each that it began, and stop, the last callback, that it is
 * over; `grace_ns` later (0 = at once, -1 = no limit) what is left closes at once. A second call
 * can only shorten the time.
 *
 * With a grace listeners close as by ringline_runtime_listener_close(), connects under way are
 * broken off (-ECANCELED), and each connection is served to the end: what is unread is shown, what
 * is answered is sent, and when one look finds nothing unread, all sent, and nothing that a pause
 * left, it closes gracefully. A TLS handshake goes on to its end, and what the other
 * end says first behind it is waited for, as long as a handshake may take. Whose answer depends on
 * something else, such as another connection, finishes that before it calls this, with
 * ringline_runtime_listener_close(), or pauses the connection with what was asked left. Within
 * a limit nobody is cut off for taking little. Without one, who takes less than min_rate of what
 * it is sent for close_timeout_ns is not shown anything more and closes as by
 * ringline_conn_close(). Who took all and does not end is closed after close_timeout_ns in either
 * case: a client that keeps its end open makes a stop last so long.
 *
 * Functions of ringline_work() that run are waited for, also after a grace of 0; but where a stop
 * has a limit (grace_ns > 0), those that still run when it is over are left behind (see
 * ringline_work()), and the workers end. Any thread, callbacks and signal handlers;
 * async-signal-safe, errno is kept. Returns 0, RINGLINE_ESTALE, RINGLINE_EFORKED.
 */
int32_t ringline_runtime_stop(ringline_runtime *runtime, int64_t grace_ns);

/**
 * Wait until all workers are over, for `timeout_ns` at most (0 = only look, -1 = for ever); not
 * for adopted ones, but for the functions of ringline_work() that run. Any thread, but no callback
 * of a worker and no function of ringline_work(), for which a worker waits: those get
 * RINGLINE_EREENTRANT. Returns 0, -ETIMEDOUT, RINGLINE_EPANIC when a worker ended by an internal
 * error, RINGLINE_ESTALE, RINGLINE_EFORKED.
 */
int32_t ringline_runtime_join(ringline_runtime *runtime, int64_t timeout_ns);

/**
 * End the runtime: stop with a grace of 0, wait for the workers (their callbacks still run) and
 * for functions of ringline_work() that no stop with a limit left behind, give everything back. In
 * a callback, and in a function of ringline_work(), the handle is stale at once, and the workers
 * end when it has returned. A worker that the calling thread adopted ends here; those that other
 * threads adopted end at their next turns. Any thread. Returns 0, RINGLINE_EPANIC when a worker
 * ended by an internal error, RINGLINE_ESTALE for a second free, RINGLINE_EFORKED.
 */
int32_t ringline_runtime_free(ringline_runtime *runtime);

/**
 * Make the calling thread the worker `index` of a runtime: it gets a ring and listens, and its
 * events are records in the block that `*out` names, instead of callbacks. Turn it with
 * ringline_worker_turn(); between turns every function of connections is legal on this thread.
 * ringline_runtime_start() starts the workers that nobody adopted before. A thread is one worker
 * at most; when it exits, its worker ends at once. The worker's signals are the thread's: a
 * handler ends a turn.
 *
 * Returns 0; -EINVAL for the index; -EALREADY when a thread is this worker already, or was; -EBUSY
 * when the calling thread is a worker already; RINGLINE_ECLOSED after stop; RINGLINE_ENULL; what
 * ringline_create() and ringline_pool_create() say; RINGLINE_ESTALE; RINGLINE_EFORKED.
 */
int32_t ringline_worker_adopt(ringline_runtime *runtime,
                              uint32_t index,
                              struct ringline_worker_block **out);

/**
 * One turn of the adopted worker that the calling thread is: what was asked for since the last
 * turn is done, data of the last turn is given back (see ringline_event.consumed), and the thread
 * sleeps until there are events, block->timeout_ns at most. They are in block->events.
 *
 * Returns how many there are, 0 when the time was over; -EINTR when a signal handler ran and
 * nothing else came; RINGLINE_ECLOSED after the turn that showed RINGLINE_EVENT_STOP: the worker
 * is over, its block is gone, and the thread may leave. RINGLINE_EREENTRANT in a callback,
 * RINGLINE_EWRONGTHREAD where no such worker was adopted, RINGLINE_EPANIC and RINGLINE_EPOISONED
 * after an internal error, RINGLINE_ESTALE, RINGLINE_EFORKED.
 */
int32_t ringline_worker_turn(ringline_runtime *runtime);

/**
 * Keep the bytes of one record of the last turn (one of kind RINGLINE_EVENT_DATA, by its address
 * in block->events), as ringline_conn_take() does in a data callback: they stay where they are
 * until ringline_conn_send_lease() has sent them or ringline_lease_release() gives them back, and
 * count as consumed; of the record's `consumed` only a negative value is looked at then. On the
 * worker's thread, between turns.
 *
 * Returns 0; -EINVAL when `event` is no record of data of the last turn; -ENODATA when its bytes
 * were taken already or are not in the pool (an earlier turn or a pause left them, or they came by
 * TLS, or it is the end): copy them; -ENOBUFS as ringline_conn_take(); RINGLINE_ENULL; -EINVAL or
 * -E2BIG for the size in `out`; RINGLINE_ESTALE also when the connection is over;
 * RINGLINE_EWRONGTHREAD where no such worker was adopted; RINGLINE_EREENTRANT in a callback of the
 * turn; RINGLINE_EPOISONED after an internal error; RINGLINE_EFORKED.
 */
int32_t ringline_worker_take(ringline_runtime *runtime,
                             const struct ringline_event *event,
                             struct ringline_lease *out);

/**
 * Fill a runtime's config with the defaults, which are zeros, and set its size. Any thread.
 * Returns 0 or RINGLINE_ENULL.
 */
int32_t ringline_runtime_config_init(struct ringline_runtime_config *config);

/**
 * Send `length` bytes, behind what is queued; all of them or none. They may change when this
 * returns: they are copied, and leave when the callback has returned, small ones together; of 16
 * KiB and more, with nothing but one small message before them, what the kernel takes leaves at
 * once and only the rest is copied. In the worker's callbacks only.
 *
 * Returns 0; -EAGAIN when high_water bytes are queued: wait for writable; RINGLINE_ECLOSED after
 * close or shutdown; -EMSGSIZE above 1 GiB; -ENOMEM (the connection closes when a part of a long
 * message had left); RINGLINE_ENULL; RINGLINE_EWRONGTHREAD;
 * RINGLINE_ESTALE when the connection is over; RINGLINE_EFORKED.
 */
int32_t ringline_conn_send(ringline_runtime *runtime,
                           uint64_t conn,
                           const void *bytes,
                           size_t length);

/**
 * Close: RINGLINE_CLOSE_GRACEFULLY sends what is queued, says that nothing more comes, and waits
 * for the other end to do so, dropping what it sends; RINGLINE_CLOSE_AT_ONCE drops what is queued
 * and resets the connection. No data is shown any more; the close callback comes later, never from
 * here. In the worker's callbacks only.
 *
 * A graceful close lasts as long as the other end takes bytes, also those that the kernel has
 * already. When it took less than min_rate for close_timeout_ns, the reason is -ETIMEDOUT, and
 * `queued` and `untaken` of ringline_conn_info say what it did not get: what the kernel did not
 * take is dropped by a reset, and so is lent memory, which is released; what the kernel copied it
 * goes on to send. When it took all and does not end, the connection is closed close_timeout_ns
 * later, with the reason 0. An other end that ended before is not waited for: the kernel sends
 * what it has.
 *
 * Returns 0, RINGLINE_ECLOSED when it closes already, -EINVAL, and as ringline_conn_send().
 */
int32_t ringline_conn_close(ringline_runtime *runtime, uint64_t conn, uint32_t how);

/**
 * Send nothing more: after what is queued the other end is told so, and what it still sends is
 * shown. In the worker's callbacks only. Returns 0 and as ringline_conn_send().
 */
int32_t ringline_conn_shutdown(ringline_runtime *runtime, uint64_t conn);

/**
 * Show no data until ringline_conn_resume(): the other end is held back once the kernel's buffers
 * are full. What was on its way is kept. That the other end is gone (a reset, not an orderly end)
 * is noticed nevertheless, and ends the pause: all that it sent before is shown, in one piece, and
 * then the connection closes, also where that callback pauses once more: what it leaves is
 * dropped. See RINGLINE_CONN_GONE. In the worker's callbacks only. Returns 0,
 * RINGLINE_EWRONGTHREAD, RINGLINE_ESTALE, RINGLINE_EFORKED.
 */
int32_t ringline_conn_pause(ringline_runtime *runtime, uint64_t conn);

/**
 * Show data again; what is kept is shown after the callback. In the worker's callbacks only.
 * Returns as ringline_conn_pause().
 */
int32_t ringline_conn_resume(ringline_runtime *runtime, uint64_t conn);

/**
 * Keep a number with a connection, which the callbacks get. In the worker's callbacks only.
 * Returns as ringline_conn_pause().
 */
int32_t ringline_conn_set_user(ringline_runtime *runtime, uint64_t conn, uint64_t user);

/**
 * What a connection is like, the other end's address included. In the worker's callbacks only.
 * Returns 0, RINGLINE_ENULL, -EINVAL and as ringline_conn_pause().
 */
int32_t ringline_conn_info_of(ringline_runtime *runtime,
                              uint64_t conn,
                              struct ringline_conn_info *out);

/**
 * Send a copy of `length` bytes (0 as well) as one datagram to the sockaddr `to` of `to_length`
 * bytes, such as the datagram callback got, by the socket that this worker has of `listener`. They
 * leave when the callback has returned, several at a time; datagrams of one size to the same
 * address go in one system call where the kernel cuts them (UDP_SEGMENT). What the kernel then
 * refuses is lost, as datagrams are, and counted (datagrams_lost): no route, a Unix socket that is
 * full or gone. ringline_runtime_listener_close() sends what is queued. In the worker's callbacks
 * only.
 *
 * Returns 0; -EAGAIN when 64 sends are under way: wait for writable; -EINVAL for an address that
 * is not of the listener's family; -EMSGSIZE above 65507 bytes (65536 for unixgram:); -ENOMEM;
 * RINGLINE_ENULL; RINGLINE_EWRONGTHREAD; RINGLINE_ESTALE for a listener that is closed or not for
 * datagrams; RINGLINE_EFORKED.
 */
int32_t ringline_udp_send(ringline_runtime *runtime,
                          uint32_t listener,
                          const void *to,
                          uint32_t to_length,
                          const void *bytes,
                          size_t length);

/**
 * In a data callback: keep the bytes that are shown, as a lease. They stay where they are until
 * ringline_conn_send_lease() has sent them or ringline_lease_release() gives them back (any
 * thread), also when the connection is over. All bytes shown count as consumed then: of what the
 * callback returns only a negative value is looked at. In that callback only.
 *
 * On an adopted worker: between turns, and it keeps the first record of this connection in the
 * turn that nobody took yet and that can be kept, which need not be the one in hand: where a turn
 * may show several of one connection, ringline_worker_take() names it.
 *
 * Returns 0; -ENODATA when these bytes are not in the pool (an earlier callback or a pause left
 * them, or they came by TLS): copy them; -ENOBUFS when only a quarter of the receive buffers is
 * left, which is for the other connections: copy them (counted in take_refusals); RINGLINE_ENULL,
 * -EINVAL, RINGLINE_EWRONGTHREAD, RINGLINE_ESTALE, RINGLINE_EFORKED.
 */
int32_t ringline_conn_take(ringline_runtime *runtime, uint64_t conn, struct ringline_lease *out);

/**
 * Send `length` bytes at `bytes`, which are (a part of) those of `lease`, behind what is queued,
 * without a copy. The lease is the library's from now on, and it gives it back when they are
 * sent or the connection is over. In the worker's callbacks only.
 *
 * Returns 0; an error leaves the lease to the caller: RINGLINE_ESTALE also when the lease was
 * given back or sent already, -EINVAL when the bytes are not in its pool, RINGLINE_EWRONGTHREAD
 * also for a lease of another thread's pool, and as ringline_conn_send().
 */
int32_t ringline_conn_send_lease(ringline_runtime *runtime,
                                 uint64_t conn,
                                 uint64_t lease,
                                 const void *bytes,
                                 size_t length);

/**
 * Send a copy of `count` slices (struct iovec of <sys/uio.h>), one behind the other; all of them
 * or none. In the worker's callbacks only. Returns as ringline_conn_send(), and -EINVAL above 1024
 * slices.
 */
int32_t ringline_conn_sendv(ringline_runtime *runtime,
                            uint64_t conn,
                            const void *iovecs,
                            uint32_t count);

/**
 * Send `length` bytes out of the caller's memory, behind what is queued. They must stay as they
 * are until the released callback comes with `cookie` (always later, never from here). Where the
 * kernel copies after all (loopback), messages of 16 KiB at most are copied at once and
 * released soon.
 * In the worker's callbacks only. Returns as ringline_conn_send(), and -ENOBUFS for a length of 0
 * while 65536 releases wait to be told; an error means no callback.
 */
int32_t ringline_conn_send_zc(ringline_runtime *runtime,
                              uint64_t conn,
                              const void *bytes,
                              size_t length,
                              uint64_t cookie);

/**
 * Send `length` bytes of a regular file from `offset` on, behind what is queued; 0 = up to its end
 * as it is now. They count as queued. The file's own position is neither used nor moved. `fd` must
 * stay open until the released callback comes with `cookie` (always later, never from here). A
 * file that ends before `length` closes the connection with -ENODATA, a read that fails with its
 * -errno: the other end was promised more. Files that the kernel makes up (/proc, /sys) do not say
 * how long they are: those are sent with a `length` only. In the worker's callbacks only.
 *
 * Returns 0; -ENODATA when the file is shorter now; -EINVAL (no regular file, or `length` is 0 and
 * the file does not say how long it is), -EBADF; -ENOBUFS
 * for nothing of a file while 65536 releases wait to be told; and as ringline_conn_send(). An
 * error means no callback.
 */
int32_t ringline_conn_send_file(ringline_runtime *runtime,
                                uint64_t conn,
                                int32_t fd,
                                uint64_t offset,
                                uint64_t length,
                                uint64_t cookie);

/**
 * Limit how long a connection may do nothing; the time starts now. It is closed at once with the
 * reason -ETIMEDOUT, an eighth of idle_ns or write_ns late at most; what came and was not shown
 * yet, as the worker is late, counts as something. Timeouts end with the connection; a later call
 * replaces them, NULL ends them. In the worker's callbacks only. Returns 0, -EINVAL or -E2BIG for
 * the struct and as ringline_conn_pause().
 */
int32_t ringline_conn_set_timeouts(ringline_runtime *runtime,
                                   uint64_t conn,
                                   const struct ringline_conn_timeouts *timeouts);

/**
 * Connect to `address` (as in ringline_runtime_listen(), but for datagrams, which have no
 * connections), for `timeout_ns` at most (0 = as long as the kernel tries). `*out` is the id of
 * the connection to be, `user` what its callbacks get. The connect callback tells what became of
 * it, never from here; ringline_conn_close() ends it before. In the worker's callbacks only.
 *
 * Returns 0, RINGLINE_ENULL, -EINVAL for the address (also of datagrams) or the time, -ENODEV for
 * an interface that there is not, what socket(2) says (-EMFILE),
 * -ENFILE when the worker has max_connections, RINGLINE_ECLOSED after stop, -ENOMEM,
 * RINGLINE_EWRONGTHREAD, RINGLINE_ESTALE, RINGLINE_EFORKED. An error means no callback.
 */
int32_t ringline_conn_connect(ringline_runtime *runtime,
                              const char *address,
                              uint64_t timeout_ns,
                              uint64_t user,
                              uint64_t *out);

/**
 * Listen on `address` as `how` says (NULL = as ringline_runtime_listen() does). Any thread.
 *
 * Returns the listener's id (> 0); -EINVAL or -E2BIG for `how`, -EINVAL also for
 * RINGLINE_LISTEN_SHARED with a path, which has one socket; and as ringline_runtime_listen() and
 * ringline_runtime_listen_tls().
 */
int32_t ringline_runtime_listen_with(ringline_runtime *runtime,
                                     const char *address,
                                     const struct ringline_listen *how);

/**
 * Have a copy of `length` bytes sent on a connection, from any thread but a signal handler: they
 * go behind what is queued, in the order of each thread. A connection that is over by then drops
 * them; one whose queue has twice high_water bytes is closed with -ENOBUFS.
 *
 * Returns 0; -EAGAIN when 1024 posts or 64 MiB wait for the worker: post again later; -EMSGSIZE
 * above 16 MiB; -ENOMEM; RINGLINE_ENULL; RINGLINE_ECLOSED when the worker is over;
 * RINGLINE_ESTALE for an id that never was one; RINGLINE_EFORKED.
 */
int32_t ringline_conn_post(ringline_runtime *runtime,
                           uint64_t conn,
                           const void *bytes,
                           size_t length);

/**
 * Have notify called (or RINGLINE_EVENT_NOTIFY told) with `user` and `res` on a worker, each call
 * once, in the order of each thread. Any thread, but no signal handler. What is posted before the
 * worker begins is told when it does.
 *
 * Returns 0, -EAGAIN as ringline_conn_post(), RINGLINE_ECLOSED when the worker is over,
 * RINGLINE_ESTALE (also when there is no such worker), RINGLINE_EFORKED.
 */
int32_t ringline_runtime_post(ringline_runtime *runtime,
                              uint32_t worker,
                              uint64_t user,
                              int32_t res);

/**
 * Start a child, on a thread that may block; everything is copied. `*out` is the process's id, and
 * `user` is passed to its events: first spawn (or RINGLINE_EVENT_SPAWN) with its pid and the
 * connections of its piped streams, or why it could not be started; then exit, exactly once. A
 * piped stream is a socket: closing the connection of its input ends what it reads. The child
 * blocks no signal and gets the default for SIGPIPE. The worker waits for it: no zombie stays; the
 * end of a stop's grace kills it. A start that still hangs a second later (a program on a file
 * system that does not answer) is told as -ECANCELED and left behind, counted (left_behind); what
 * then comes of it is killed. In the worker's callbacks only, or on an adopted worker's thread.
 *
 * /dev/stdin, /dev/stdout and /dev/stderr (and /proc/self/fd/N) cannot be opened in the child
 * where that stream is piped: open(2) of a socket is -ENXIO. The child uses its descriptors 0, 1
 * and 2 themselves, as `cat` without a name or with "-" does; a shell's `>/dev/stderr` is `>&2`.
 *
 * Returns 0; RINGLINE_ENULL; -EINVAL or -E2BIG for the struct; -EAGAIN when the worker has 4096
 * children, or as ringline_work(); RINGLINE_ECLOSED when the worker ends; RINGLINE_EWRONGTHREAD;
 * RINGLINE_ESTALE; RINGLINE_EFORKED.
 */
int32_t ringline_process_spawn(ringline_runtime *runtime,
                               const struct ringline_process *process,
                               uint64_t user,
                               uint64_t *out);

/**
 * Send a signal to a child; never to another process, whatever its pid. In the worker's callbacks
 * only. Returns 0; -EINVAL for the signal; -EAGAIN before it runs; RINGLINE_ESTALE after its exit;
 * RINGLINE_EWRONGTHREAD; RINGLINE_EFORKED.
 */
int32_t ringline_process_kill(ringline_runtime *runtime, uint64_t process, int32_t signo);

/**
 * Have the signal callback called (or RINGLINE_EVENT_SIGNAL told) when the process gets `signo`,
 * SIGCHLD included. No handler is installed: the signal must be blocked in all threads of the
 * program, best before it makes any (pthread_sigmask(3)); the library's own threads block all.
 * Watched by several workers, each signal goes to one of them. In the worker's callbacks only, or
 * on an adopted worker's thread.
 *
 * Returns 0; -EPERM when the calling thread does not block the signal; -EALREADY; -EINVAL for the
 * signal; -EMFILE; RINGLINE_EWRONGTHREAD; RINGLINE_ESTALE; RINGLINE_EFORKED.
 */
int32_t ringline_signal_watch(ringline_runtime *runtime, int32_t signo);

/**
 * Watch a signal no more. In the worker's callbacks only. Returns 0, -EINVAL, RINGLINE_ESTALE when
 * it is not watched, RINGLINE_EWRONGTHREAD, RINGLINE_EFORKED.
 */
int32_t ringline_signal_unwatch(ringline_runtime *runtime, int32_t signo);

/**
 * A ring that the worker turns in its own loop: for files, raw operations and whatever else is
 * submitted with a callback (ringline_submit_with()), which the worker calls like its own. It is
 * made at the first call and freed after the stop callback; ringline_free() frees it earlier, when
 * the callback has returned, and the next call makes a new one. Turning, running, preparing or
 * detaching it oneself is RINGLINE_EREENTRANT. Completions without a callback are dropped. For
 * other threads take its mailbox: ringline_mailbox_of(). In the worker's callbacks only.
 *
 * Returns 0; RINGLINE_ENULL; RINGLINE_EWRONGTHREAD, RINGLINE_ESTALE, RINGLINE_EFORKED as
 * ringline_conn_send(); -EMFILE, -ENOMEM, -EPERM as ringline_create().
 */
int32_t ringline_worker_ring(ringline_runtime *runtime, ringline_ring **out);

/**
 * Read the counters of a runtime, summed over its workers. Any thread. Returns 0, RINGLINE_ENULL,
 * -EINVAL, RINGLINE_ESTALE, RINGLINE_EFORKED.
 */
int32_t ringline_runtime_stats_of(ringline_runtime *runtime, struct ringline_runtime_stats *out);

/**
 * As ringline_runtime_stats_of(), of one worker, from 0 on; `workers` is 1. Any thread. Returns 0,
 * RINGLINE_ENULL, -EINVAL (also for a worker that there is not), RINGLINE_ESTALE,
 * RINGLINE_EFORKED.
 */
int32_t ringline_worker_stats_of(ringline_runtime *runtime,
                                 uint32_t worker,
                                 struct ringline_runtime_stats *out);

/**
 * Write the counters of each worker in the text format of Prometheus: for each a HELP line, a TYPE
 * line, and per worker `ringline_worker_NAME_total{worker="N"} VALUE`. Terminated, cut off at
 * `cap` bytes. Any thread; allocates nothing. `buf` may be NULL when `cap` is 0.
 *
 * Returns the length of the whole text without the terminator, like snprintf(3), or
 * RINGLINE_ENULL, RINGLINE_ESTALE, RINGLINE_EFORKED.
 */
int32_t ringline_runtime_stats_prometheus(ringline_runtime *runtime, char *buf, size_t cap);

/**
 * Have tick called (or RINGLINE_EVENT_TICK told) with `user` after `delay_ns`, and then every
 * `period_ns` nanoseconds (0 = once). `*out` is the timer's id. 1048576 timers per worker at a
 * time; starting and stopping one costs no system call. In the worker's callbacks only, or on an
 * adopted worker's thread.
 *
 * Returns 0, RINGLINE_ENULL, -EAGAIN when there are as many, RINGLINE_EWRONGTHREAD,
 * RINGLINE_ESTALE, RINGLINE_EFORKED.
 */
int32_t ringline_timer_start(ringline_runtime *runtime,
                             uint64_t delay_ns,
                             uint64_t period_ns,
                             uint64_t user,
                             uint64_t *out);

/**
 * Stop a timer: it does not tick any more, not even in the turn at hand. In the worker's callbacks
 * only. Returns 0, RINGLINE_ESTALE when it ticked for the last time or was stopped,
 * RINGLINE_EWRONGTHREAD, RINGLINE_EFORKED.
 */
int32_t ringline_timer_stop(ringline_runtime *runtime, uint64_t timer);

/**
 * Listen as ringline_runtime_listen() does, for clients that speak TLS from the beginning. accept
 * comes before the handshake, secured after it; what is sent before that waits, and data shows
 * what came by TLS only. `tls` is a server's; it may be freed at once. Any thread.
 *
 * Returns the listener's id (> 0), -EINVAL for a client's config and for datagrams (udp:,
 * unixgram:), which TLS does not serve, RINGLINE_ESTALE also for `tls`, and as
 * ringline_runtime_listen().
 */
int32_t ringline_runtime_listen_tls(ringline_runtime *runtime,
                                    const char *address,
                                    uint32_t backlog,
                                    ringline_tls_config *tls);

/**
 * Have all that is sent and received from now on go through TLS, as a server or as a client by
 * what `tls` is. What was queued before goes as it is; what was received and is not consumed when
 * the callback returns counts as the beginning of the handshake. A client gives the `server_name`
 * (host name or address) that the other end's certificate has to be for; a server's is ignored and
 * may be NULL. secured tells that the handshake ended; what is sent meanwhile waits for it.
 *
 * From then on everything is as before but for: bytes are counted as the user's, not the wire's;
 * a graceful close and a shutdown end the TLS session first (close_notify), and an end without
 * that closes with RINGLINE_ETRUNCATED; RINGLINE_ETLS closes what cannot go on, with the cause in
 * ringline_error_detail(); a pause during the handshake begins after it; there is nothing to take
 * as a lease; leases, lent memory and files that are sent are encrypted, and the caller's again
 * then. In the worker's callbacks only.
 *
 * Returns 0, -EALREADY when it has TLS, -EINVAL for the name, RINGLINE_ECLOSED when it closes or
 * the other end sends nothing more, RINGLINE_ESTALE also for `tls`, RINGLINE_EWRONGTHREAD,
 * RINGLINE_EFORKED.
 */
int32_t ringline_conn_start_tls(ringline_runtime *runtime,
                                uint64_t conn,
                                ringline_tls_config *tls,
                                const char *server_name);

/**
 * What a connection's TLS is like. In the worker's callbacks only, the close callback included.
 * Returns 0, RINGLINE_ENULL, -EINVAL and as ringline_conn_pause().
 */
int32_t ringline_conn_tls_info_of(ringline_runtime *runtime,
                                  uint64_t conn,
                                  struct ringline_tls_info *out);

/**
 * Have `function` called with `ctx` on a thread that may block, and then `done` (not NULL) on the
 * worker `worker` (RINGLINE_WORKER_HERE = the calling thread's): exactly once, also when the
 * runtime stops, which cancels those that did not begin and waits for functions that run. Threads
 * are made on demand, config.blocking_threads at most, and go after 10 s without work. Any thread,
 * but no signal handler.
 *
 * The exception: ringline_runtime_stop() with a limit (grace_ns > 0) leaves a function behind that
 * still runs when that time is over. It is counted (left_behind), its `done` is never called and
 * its `ctx` never touched again by the library; only the function has it, until it returns. That
 * thread and the runtime's memory stay until then, so `ctx` and the library must stay as well.
 *
 * Returns 0; -EAGAIN when 4096 pieces of work wait, no thread can be made, or the worker has not
 * begun; -EINVAL for the worker; RINGLINE_ENULL; RINGLINE_EWRONGTHREAD for RINGLINE_WORKER_HERE on
 * another thread; RINGLINE_ECLOSED when the worker is over; RINGLINE_ESTALE; RINGLINE_EFORKED.
 * Then neither is called.
 */
int32_t ringline_work(ringline_runtime *runtime,
                      uint32_t worker,
                      ringline_work_function function,
                      void *ctx,
                      ringline_done_callback done);

/**
 * Look up a host ("example.org", "::1"; NULL = this machine) and a service ("https", "443"; NULL =
 * port 0) as getaddrinfo(3) does, on a thread that may block. The resolve callback (or
 * RINGLINE_EVENT_RESOLVE) gets all addresses in the resolver's order, or its error in words, once.
 * `user` is passed to it. Lookups have threads of their own, config.blocking_threads at most:
 * those that hang hold up neither ringline_work() nor ringline_process_spawn(). A stop whose grace
 * is over gives a lookup 100 ms more and tells -ECANCELED then; a thread that hangs in the
 * resolver is left behind, counted (left_behind), and goes when the resolver gives up. In the
 * worker's callbacks only, or on an adopted worker's thread.
 *
 * Returns 0, RINGLINE_ENULL when both are NULL, -EAGAIN and RINGLINE_ECLOSED as ringline_work(),
 * RINGLINE_EWRONGTHREAD, RINGLINE_ESTALE, RINGLINE_EFORKED.
 */
int32_t ringline_resolve(ringline_runtime *runtime,
                         const char *host,
                         const char *service,
                         uint64_t user);

/**
 * Read the counters. Any thread. Returns 0, RINGLINE_ESTALE, RINGLINE_EFORKED, RINGLINE_ENULL,
 * -EINVAL.
 */
int32_t ringline_stats_of(ringline_ring *ring, struct ringline_stats *out);

/**
 * One turn through the shared block: give back the leases of rel, submit ops, wait for wait_min
 * completions or timeout_ns, run callbacks, fill recs. Owner thread; binds a ring without owner.
 *
 * Stops at the first rejected op (ops_done, op_error, op_error_at) and then does not wait. Ops the
 * kernel did not consume are taken back and not in ops_done. Timers count toward wait_min. When
 * recs are full, the rest stays in the kernel's queue.
 *
 * Also with -errno the outputs of the block say what was done: ops may have been accepted. With a
 * library code they say nothing, and the block may be gone.
 *
 * Returns recs_len; -EINTR when a signal handler ran and nothing came; -EINVAL for a block that
 * cannot be; -EAGAIN, -EBUSY when the kernel takes nothing now; RINGLINE_EREENTRANT in a callback;
 * RINGLINE_ECLOSED when the ring was freed in a callback or abandoned.
 */
int32_t ringline_turn(ringline_ring *ring);

/**
 * Submit ops without waiting: they go to the kernel with the next turn, run or flush, or at once
 * when the queue is full. Their completions come as records. `tokens` (may be NULL) gets one token
 * per accepted op. Owner thread (any while there is none), callbacks too.
 *
 * `flags` is 0, or RINGLINE_SUBMIT_COPY_ARGS: the small inputs that the ops point to are copied
 * until the kernel has read them, and the caller's memory is free on return. These are socket
 * addresses (also of a send), timespecs, paths, open_how, names and set values of extended
 * attributes, arrays of iovecs and of futexes, the msghdr of a sendmsg with its name and its
 * iovecs, and an epoll_event. They have to be readable (NULL is left to the kernel). Not copied,
 * and the library's until FINAL: data, outputs, and the control data of a message, which the
 * kernel reads again when it sends again. A chain has 64 ops at most then.
 *
 * Returns how many were accepted, from the front; when the first is rejected, why: -EINVAL,
 * -EAGAIN (queue full, or 128 KiB of copies wait for the kernel), -ENOMEM (no memory for copies),
 * RINGLINE_ENOSLOT, RINGLINE_ECLOSED, RINGLINE_ESTALE (unknown pool, token, region or slot),
 * RINGLINE_ENOTSUP_KERNEL, RINGLINE_ENULL (a row of files that is NULL); -EBUSY (a second SEND_ALL
 * on a descriptor, a slot of files that is in use), -EALREADY (a second LIB_CLOSE), -EBADF (a
 * LIB_CLOSE of none).
 */
int32_t ringline_submit(ringline_ring *ring,
                        const struct ringline_op *ops,
                        uint32_t count,
                        uint64_t *tokens,
                        uint32_t flags);

/**
 * Submit one op whose completions go to `callback`. The op is copied. Owner thread (any while
 * there is none), callbacks too. Returns its token, or as ringline_submit().
 */
int64_t ringline_submit_with(ringline_ring *ring,
                             const struct ringline_op *op,
                             ringline_callback callback,
                             void *ctx);

/**
 * Hand what was submitted to the kernel without waiting. Owner thread; binds a ring without
 * owner; callbacks too. Returns how many entries still wait (0 = all are in; else the kernel takes
 * no more now: turn), or -errno.
 */
int32_t ringline_flush(ringline_ring *ring);

/**
 * Ops that can be submitted before a flush is needed. Owner thread (any while there is none).
 */
int32_t ringline_sq_space(ringline_ring *ring);

/**
 * Entries submitted that the kernel has not consumed: while there are any, the inputs of the ops
 * are the library's. Owner thread (any while there is none).
 */
int32_t ringline_pending(ringline_ring *ring);

/**
 * Make a TLS config for servers, for ringline_runtime_listen_tls() and ringline_conn_start_tls().
 * It is never changed afterwards; for new certificates make a new one. TLS 1.2 and 1.3; sessions
 * are resumed, from tickets and from memory (1024 sessions). Any thread.
 *
 * Returns 0; RINGLINE_ENULL; -EINVAL for the options, text that is no PEM, a key that does not
 * belong to its certificate; what open(2) says for a file; -ENFILE when 16384 handles exist;
 * -EOPNOTSUPP from a library that was built without TLS. ringline_error_detail() says which it is,
 * and what to do. A byte order mark in PEM is read over.
 */
int32_t ringline_tls_server_create(const struct ringline_tls_options *options,
                                   ringline_tls_config **out);

/**
 * As ringline_tls_server_create(), for clients: for ringline_conn_start_tls() on connections to a
 * server, whose certificate is checked for its name, its time and its issuer. Any thread. Returns
 * as ringline_tls_server_create().
 */
int32_t ringline_tls_client_create(const struct ringline_tls_options *options,
                                   ringline_tls_config **out);

/**
 * Give a TLS config back. Listeners and connections that use it keep it until they are over. Any
 * thread. Returns 0, RINGLINE_ESTALE for a second free, RINGLINE_EFORKED.
 */
int32_t ringline_tls_free(ringline_tls_config *tls);

/**
 * Let waits of this ring poll the network devices of its sockets for up to `busy_poll_us`
 * microseconds before sleeping (NAPI busy polling, Linux 6.9); 0 = not any more. With `prefer`
 * not 0 the devices' interrupts stay off meanwhile. Costs CPU time and helps only with devices
 * that have such queues. Owner thread; binds a ring without owner; to be set again after detach.
 * Returns 0, RINGLINE_ENOTSUP_KERNEL, or -errno.
 */
int32_t ringline_napi(ringline_ring *ring, uint32_t busy_poll_us, uint32_t prefer);

/**
 * Limit the kernel's worker threads for this thread's rings: `*bounded` for files and block
 * devices, `*unbounded` for everything else (Linux 5.15). 0 keeps a limit. Both come back as what
 * they were before, so 0 and 0 only asks. Submits what is staged. Owner thread; binds a ring
 * without owner. Returns 0, RINGLINE_ENULL, RINGLINE_ENOTSUP_KERNEL.
 */
int32_t ringline_iowq_workers(ringline_ring *ring, uint32_t *bounded, uint32_t *unbounded);

/**
 * Bind the kernel's worker threads of this thread's rings to CPUs: bit n of the `size` bytes at
 * `mask` (a cpu_set_t) is CPU n (Linux 5.14). NULL and 0 = unbound again. Owner thread; binds a
 * ring without owner. Returns 0, RINGLINE_ENULL, -EINVAL for a mask without a CPU or longer than
 * 8192 bytes, RINGLINE_ENOTSUP_KERNEL, or -errno.
 */
int32_t ringline_iowq_affinity(ringline_ring *ring, const uint8_t *mask, uint32_t size);

/**
 * Let waits look at the completion queue for up to `spin_us` microseconds in user space before
 * they sleep; 0 = sleep at once (the default, or config.spin_us). Trades CPU time for the latency
 * of a wake-up: worth it only where answers come within microseconds and a core is to spare. A
 * signal handler that wants the loop to end calls ringline_stop(). Kept over detach. Owner thread
 * (any while there is none). Returns 0, or -EINVAL above one second.
 */
int32_t ringline_spin_us(ringline_ring *ring, uint32_t spin_us);

/**
 * Version of the library: major << 16 | minor << 8 | patch. Never fails; any thread.
 */
uint32_t ringline_version(void);

/**
 * Version of the library as text, static. Never fails; any thread.
 */
const char *ringline_version_string(void);

/**
 * RINGLINE_ABI of the library. Never fails; any thread.
 */
uint32_t ringline_abi(void);

/**
 * Check that a program's header fits this library: pass RINGLINE_ABI, sizeof(ringline_op),
 * sizeof(ringline_completion) and sizeof(ringline_shared). Returns 0 or RINGLINE_EABI.
 */
int32_t ringline_check_abi(uint32_t header_abi,
                           uint32_t op_size,
                           uint32_t completion_size,
                           uint32_t shared_size);

/**
 * Write the RINGLINE_FEATURE_* bits of the running kernel. Returns 0, or -errno when the kernel
 * refuses rings (see ringline_doctor), RINGLINE_ENULL.
 */
int32_t ringline_kernel_features(uint64_t *out);

/**
 * Whether the running kernel has the feature of that name ("defer_taskrun", ...), and
 * RINGLINE_DISABLE does not switch it off. Returns 1, 0, -EINVAL for an unknown name,
 * RINGLINE_ENULL, or -errno when the kernel refuses rings.
 */
int32_t ringline_has(const char *feature);

/**
 * Whether the opcode (RINGLINE_OP_* or RINGLINE_LIB_*) can be used here. Returns 1, 0, or -errno
 * when the kernel refuses rings.
 */
int32_t ringline_op_supported(uint8_t opcode);

/**
 * Write a report of what this machine allows and, where it does not, why and the remedy; one
 * line per fact, terminated, cut off at `cap` bytes. Returns the length of the whole report
 * without the terminator, like snprintf(3), or RINGLINE_ENULL. `buf` may be NULL when `cap` is 0.
 */
int32_t ringline_doctor(char *buf, size_t cap);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* RINGLINE_H */
