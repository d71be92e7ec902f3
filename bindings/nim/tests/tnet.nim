## Every operation on sockets, by the result that only it can have.

import std/unittest
import helpers

suite "sockets":
  setup:
    let q = newQueue(16)
    let pair = socketPair()
  teardown:
    closeAll pair

  test "socket, bind, listen, accept, connect, shutdown":
    let server = SocketHandle(q.one(sqe.socket(posix.AF_INET.int, posix.SOCK_STREAM.int, 0)).res)
    var (storage, len) = address(Port(0))
    let any = cast[ptr SockAddr](addr storage)
    check q.one(sqe.`bind`(server, any, len)).res == 0
    check q.one(sqe.listen(server, 8)).res == 0
    let port = portOf(server)
    let client = createNativeSocket()
    var (target, targetLen) = address(port)
    var peer: Sockaddr_storage
    var peerLen = SockLen sizeof(peer)
    q.accept(userData = 1, server, cast[ptr SockAddr](addr peer), addr peerLen, 0)
    q.connect(userData = 2, client, cast[ptr SockAddr](addr target), targetLen)
    q.submit(2)
    var accepted = -1
    for cqe in q.copyCqes(2):
      check cqe.res >= 0
      if cqe.userData == 1: accepted = cqe.res
    check peerLen == SockLen sizeof(Sockaddr_in)
    check q.one(sqe.shutdown(client, SHUT_WR)).res == 0
    var byte: char
    check q.one(sqe.recv(SocketHandle(accepted), addr byte, 1)).res == 0
    closeAll [cint server, cint client, cint accepted]

  test "accept_multishot":
    let server = createNativeSocket()
    var (storage, len) = address(Port(0))
    check q.one(sqe.bindSocket(server, cast[ptr SockAddr](addr storage), len)).res == 0
    check posix.listen(server, 8) == 0
    q.accept_multishot(5, server, nil, nil, 0)
    q.submit()
    var (target, targetLen) = address(portOf(server))
    for round in 0 .. 2:
      let client = createNativeSocket()
      check posix.connect(client, cast[ptr SockAddr](addr target), targetLen) == 0
      let cqe = q.copyCqes(1)[0]
      check cqe.res >= 0 and CQE_F_MORE in cqe.flags
      closeAll [cint client, cqe.res]
    discard posix.close(cint server)

  test "send, send_all, recv":
    var text = newString(8)
    check q.one(sqe.send(pair[0], "abcd")).res == 4
    check q.one(sqe.send(pair[0], cstring"efgh", 4, 0)).res == 4
    check q.one(sqe.recv(pair[1], addr text[0], 8, uint32 MSG_WAITALL)).res == 8
    check text == "abcdefgh"
    check q.one(sqe.send_all(pair[0], addr text[0], 8)).res == 8

  test "recv from a pool, recv_multishot":
    let group = q.newBufferGroup(4, 64)
    discard q.one(sqe.send(pair[0], "one"))
    let cqe = q.one(sqe.recv(pair[1], group))
    check cqe.res == 3 and CQE_F_BUFFER in cqe.flags and cqe.bufferId < 4
    q.release(cqe)
    q.recv_multishot(9, pair[1], group)
    q.submit()
    for text in ["two", "three"]:
      discard posix.send(pair[0], cstring text, text.len, 0)
      let piece = q.copyCqes(1)[0]
      check piece.res == text.len and CQE_F_LEASE in piece.flags
      q.release(piece)
    discard posix.shutdown(pair[0], SHUT_WR)
    check q.copyCqes(1)[0].res == 0
    q.recv_multishot(9, pair[1], nil, 0, 0).bufferSelect(int group)
    q.submit()
    check q.copyCqes(1)[0].res == 0

  test "sendmsg, recvmsg":
    var (text, room) = ("message", newString(16))
    var vector = IOVec(iov_base: addr text[0], iov_len: 7)
    var message = Tmsghdr(msg_iov: addr vector, msg_iovlen: 1)
    q.sendmsg(1, pair[0], addr message)
    vector.iov_len = 0 # The entry has its own by now.
    message.msg_iovlen = 0
    q.submit(1)
    check q.copyCqes()[0].res == 7
    var into = IOVec(iov_base: addr room[0], iov_len: 16)
    var received = Tmsghdr(msg_iov: addr into, msg_iovlen: 1)
    check q.one(sqe.recvmsg(pair[1], addr received)).res == 7
    check room[0 .. 6] == "message"

  test "recvmsg_multishot":
    let datagrams = socketPair(posix.SOCK_DGRAM)
    let group = q.newBufferGroup(4, 256)
    var header: Tmsghdr
    q.recvmsg_multishot(3, datagrams[1], addr header, 0, group)
    q.submit()
    discard posix.send(datagrams[0], cstring"gram", 4, 0)
    let cqe = q.copyCqes(1)[0]
    let message = cqe.message(header)
    check message.payload_len == 4
    check cast[ptr char](message.payload)[] == 'g'
    q.release(cqe)
    closeAll datagrams

  test "send_zc, sendmsg_zc: free with the last completion":
    let server = createNativeSocket()
    var (storage, len) = address(Port(0))
    check posix.bindSocket(server, cast[ptr SockAddr](addr storage), len) == 0
    check posix.listen(server, 1) == 0
    (storage, len) = address(portOf(server))
    let client = createNativeSocket()
    check posix.connect(client, cast[ptr SockAddr](addr storage), len) == 0
    var text = repeat('z', 8192)
    var vector = IOVec(iov_base: addr text[0], iov_len: 8192)
    var message = Tmsghdr(msg_iov: addr vector, msg_iovlen: 1)
    q.send_zc(1, client, addr text[0], 8192)
    q.sendmsg_zc(2, client, addr message)
    q.submit()
    var sent = 0
    var ended: array[1 .. 2, bool]
    while not (ended[1] and ended[2]):
      for cqe in q.copyCqes(1):
        if CQE_F_NOTIF notin cqe.flags: sent += cqe.res
        if CQE_F_MORE notin cqe.flags: ended[int cqe.userData] = true
    check sent == 16384
    closeAll [cint server, cint client]

  test "recv_zc is refused with its name":
    expect NimuringError: discard q.one(sqe.recv_zc(pair[0], 0, 0))

  test "cmd_sock, uring_cmd":
    var value: cint
    check q.one(sqe.cmd_sock(pair[0], RINGLINE_SOCKET_GETSOCKOPT, SOL_SOCKET, SO_TYPE, addr value,
      sizeof(value))).res == sizeof(value)
    check value == posix.SOCK_STREAM
    check q.one(sqe.uring_cmd(pair[0], 4711, 0, 0)).res < 0
