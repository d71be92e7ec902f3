## Names of the kernel's numbers as Nim's enums and sets.
##
## The values come from the ABI; a test compares them with it.

type
  Op* {.size: 1.} = enum
    ## Operations: the kernel's, and from 128 on the library's.
    OP_NOP, OP_READV, OP_WRITEV, OP_FSYNC, OP_READ_FIXED, OP_WRITE_FIXED, OP_POLL_ADD,
    OP_POLL_REMOVE, OP_SYNC_FILE_RANGE, OP_SENDMSG, OP_RECVMSG, OP_TIMEOUT, OP_TIMEOUT_REMOVE,
    OP_ACCEPT, OP_ASYNC_CANCEL, OP_LINK_TIMEOUT, OP_CONNECT, OP_FALLOCATE, OP_OPENAT, OP_CLOSE,
    OP_FILES_UPDATE, OP_STATX, OP_READ, OP_WRITE, OP_FADVISE, OP_MADVISE, OP_SEND, OP_RECV,
    OP_OPENAT2, OP_EPOLL_CTL, OP_SPLICE, OP_PROVIDE_BUFFERS, OP_REMOVE_BUFFERS, OP_TEE,
    OP_SHUTDOWN, OP_RENAMEAT, OP_UNLINKAT, OP_MKDIRAT, OP_SYMLINKAT, OP_LINKAT, OP_MSG_RING,
    OP_FSETXATTR, OP_SETXATTR, OP_FGETXATTR, OP_GETXATTR, OP_SOCKET, OP_URING_CMD, OP_SEND_ZC,
    OP_SENDMSG_ZC, OP_READ_MULTISHOT, OP_WAITID, OP_FUTEX_WAIT, OP_FUTEX_WAKE, OP_FUTEX_WAITV,
    OP_FIXED_FD_INSTALL, OP_FTRUNCATE, OP_BIND, OP_LISTEN, OP_RECV_ZC, OP_EPOLL_WAIT,
    OP_READV_FIXED, OP_WRITEV_FIXED, OP_PIPE,
    OP_LIB_CLOSE = 128, OP_LIB_TIMER, OP_LIB_SEND_ALL

  SqeFlag* = enum
    ## Flags of an SQE.
    SQE_FIXED_FILE       ## fd is the index of a registered file.
    SQE_IO_DRAIN         ## Start when everything before is complete, and hold back what follows.
    SQE_IO_LINK          ## The next one starts when this one succeeded.
    SQE_IO_HARDLINK      ## The next one starts when this one ended.
    SQE_ASYNC            ## Do it in a worker of the kernel from the start.
    SQE_BUFFER_SELECT    ## Take a buffer of the pool bufIndex.
    SQE_CQE_SKIP_SUCCESS ## No completion when it succeeds.
  SqeFlags* = set[SqeFlag]

  CqeFlag* = enum
    ## Flags of a CQE: the kernel's, and from CQE_F_FINAL on the library's.
    CQE_F_BUFFER, CQE_F_MORE, CQE_F_SOCK_NONEMPTY, CQE_F_NOTIF, CQE_F_BUF_MORE, CQE_F_BIT5,
    CQE_F_BIT6, CQE_F_BIT7,
    CQE_F_FINAL          ## The last one of its operation: its memory is the program's again.
    CQE_F_LEASE          ## `data` is received bytes; give them back with `release`.
    CQE_F_ZC_COPIED      ## A zero-copy send was copied after all.
    CQE_F_MSG            ## No operation's: another thread or ring sent it.
    CQE_F_ABANDONED      ## The memory of this operation never comes back.
    CQE_F_EXT
    CQE_F_LOW_WATER
    CQE_F_LAST           ## Not used; makes the set two bytes wide.
  CqeFlags* = set[CqeFlag]

  SetupFlag* = enum
    ## Flags of `newQueue`. What the library decides by itself (task running, the index array, the
    ## single issuer) may be named and changes nothing; what it does not have is refused.
    SETUP_IOPOLL, SETUP_SQPOLL, SETUP_SQ_AFF, SETUP_CQSIZE, SETUP_CLAMP, SETUP_ATTACH_WQ,
    SETUP_R_DISABLED, SETUP_SUBMIT_ALL, SETUP_COOP_TASKRUN, SETUP_TASKRUN_FLAG, SETUP_SQE128,
    SETUP_CQE32, SETUP_SINGLE_ISSUER, SETUP_DEFER_TASKRUN, SETUP_NO_MMAP,
    SETUP_REGISTERED_FD_ONLY, SETUP_NO_SQARRAY
  SetupFlags* = set[SetupFlag]

  FsyncFlag* = enum
    FSYNC_DATASYNC       ## As fdatasync(2).
  FsyncFlags* = set[FsyncFlag]

  TimeoutFlag* = enum
    TIMEOUT_ABS, TIMEOUT_UPDATE, TIMEOUT_BOOTTIME, TIMEOUT_REALTIME, LINK_TIMEOUT_UPDATE,
    TIMEOUT_ETIME_SUCCESS, TIMEOUT_MULTISHOT
  TimeoutFlags* = set[TimeoutFlag]

  PollFlag* = enum
    POLL_ADD_MULTI, POLL_UPDATE_EVENTS, POLL_UPDATE_USER_DATA, POLL_ADD_LEVEL
  PollFlags* = set[PollFlag]

  IoprioFlag* = enum
    ## ioprio of a receive or send.
    RECVSEND_POLL_FIRST, RECV_MULTISHOT, RECVSEND_FIXED_BUF, SEND_ZC_REPORT_USAGE
  IoprioFlags* = set[IoprioFlag]

proc bits*[T](flags: set[T]): uint32 =
  ## A set of flags as the kernel's number.
  when sizeof(flags) == 1: uint32(cast[uint8](flags))
  elif sizeof(flags) == 2: uint32(cast[uint16](flags))
  else: cast[uint32](flags)
