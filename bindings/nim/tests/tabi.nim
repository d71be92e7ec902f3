## The generated file against the library that is loaded: a size, an offset or a value that differs
## fails.

import std/[tables, unittest]
import ringline/[abi, flags]

suite "abi":
  test "records lie as the library has them":
    let count = ringline_abi_layout(nil, 0)
    check count > 0
    var fields = newSeq[ringline_abi_field](count)
    check ringline_abi_layout(addr fields[0], uint32 count) == count
    var theirs: Table[string, (int, int)]
    for field in fields:
      theirs[$cast[cstring](field.name)] = (int field.offset, int field.size)
    var seen = 0
    # The compiler writes the body of a loop once for each row of the iterator: a long one took it
    # minutes and 5 GB.
    var ours: seq[typeof(layoutRows())]
    for row in layoutRows():
      ours.add row
    for row in ours:
      check row.name in theirs
      check theirs.getOrDefault(row.name) == (row.offset, row.size)
      inc seen
    check seen == theirs.len

  test "enums have the kernel's numbers":
    check ord(OP_PIPE) == int RINGLINE_OP_PIPE
    check ord(OP_EPOLL_WAIT) == int RINGLINE_OP_EPOLL_WAIT
    check ord(OP_URING_CMD) == int RINGLINE_OP_URING_CMD
    check ord(OP_MSG_RING) == int RINGLINE_OP_MSG_RING
    check ord(OP_TEE) == int RINGLINE_OP_TEE
    check ord(OP_READ) == int RINGLINE_OP_READ
    check ord(OP_CLOSE) == int RINGLINE_OP_CLOSE
    check ord(OP_TIMEOUT) == int RINGLINE_OP_TIMEOUT
    check ord(OP_LIB_SEND_ALL) == int RINGLINE_LIB_SEND_ALL
    check 1 shl ord(SQE_FIXED_FILE) == int RINGLINE_SQE_FIXED_FILE
    check 1 shl ord(SQE_IO_DRAIN) == int RINGLINE_SQE_IO_DRAIN
    check 1 shl ord(SQE_IO_LINK) == int RINGLINE_SQE_IO_LINK
    check 1 shl ord(SQE_IO_HARDLINK) == int RINGLINE_SQE_IO_HARDLINK
    check 1 shl ord(SQE_ASYNC) == int RINGLINE_SQE_ASYNC
    check 1 shl ord(SQE_BUFFER_SELECT) == int RINGLINE_SQE_BUFFER_SELECT
    check 1 shl ord(CQE_F_FINAL) == int RINGLINE_CF_FINAL
    check 1 shl ord(CQE_F_LEASE) == int RINGLINE_CF_LEASE
    check 1 shl ord(CQE_F_LOW_WATER) == int RINGLINE_CF_LOW_WATER
    check 1 shl ord(CQE_F_BUF_MORE) == int RINGLINE_CF_BUF_MORE
    check bits({TIMEOUT_MULTISHOT}) == RINGLINE_TIMEOUT_MULTISHOT
    check bits({LINK_TIMEOUT_UPDATE}) == RINGLINE_LINK_TIMEOUT_UPDATE
    check bits({TIMEOUT_REALTIME}) == RINGLINE_TIMEOUT_REALTIME
    check bits({POLL_ADD_LEVEL}) == RINGLINE_POLL_ADD_LEVEL
    check bits({POLL_UPDATE_EVENTS}) == RINGLINE_POLL_UPDATE_EVENTS
    check bits({RECV_MULTISHOT}) == uint32 RINGLINE_RECV_MULTISHOT
    check bits({SEND_ZC_REPORT_USAGE}) == uint32 RINGLINE_SEND_ZC_REPORT_USAGE
    check bits({FSYNC_DATASYNC}) == RINGLINE_FSYNC_DATASYNC
