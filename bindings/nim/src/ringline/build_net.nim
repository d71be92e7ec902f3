## Builders of the operations on sockets. Addresses and message headers that are only read are kept
## until the last completion; what the kernel writes to is the program's to keep until then.

import std/posix
import build_file, builder, flags

proc keepMessage(sqe: SqePointer; message: ptr Tmsghdr): pointer =
  ## A copy of a message to send: header, vector, address and control; the data is not copied.
  var copy = message[]
  copy.msg_name = bytes(kept(sqe), copy.msg_name, int copy.msg_namelen)
  copy.msg_control = bytes(kept(sqe), copy.msg_control, int copy.msg_controllen)
  if copy.msg_iov != nil and copy.msg_iovlen > 0:
    let vectors = cast[ptr UncheckedArray[IOVec]](copy.msg_iov)
    copy.msg_iov = items(kept(sqe), toOpenArray(vectors, 0, int(copy.msg_iovlen) - 1))
  items(kept(sqe), [copy])

proc socket*(sqe: SqePointer; domain: int; kind: int; protocol: int; flags: int = 0) {.op.} =
  ## socket(2); res is the descriptor.
  ringline_prep_socket(p, int32 domain, int32 kind, int32 protocol)
  p.op_flags = uint32 flags

proc bindSocket*(sqe: SqePointer; sock: SocketHandle; address: ptr SockAddr;
    addrLen: SockLen) {.op.} =
  ## bind(2).
  ringline_prep_bind(p, cint sock, bytes(kept(sqe), address, int addrLen), uint32 addrLen)

proc `bind`*(sqe: SqePointer; sock: SocketHandle; address: ptr SockAddr;
    addrLen: SockLen) {.op.} =
  ## As `bindSocket`.
  ringline_prep_bind(p, cint sock, bytes(kept(sqe), address, int addrLen), uint32 addrLen)

proc listen*(sqe: SqePointer; sock: SocketHandle; backlog: int = SOMAXCONN) {.op.} =
  ## listen(2).
  ringline_prep_listen(p, cint sock, int32 backlog)

proc accept*(sqe: SqePointer; sock: SocketHandle; address: ptr SockAddr = nil;
    addrLen: ptr SockLen = nil; flags: SomeInteger = 0) {.op.} =
  ## accept4(2); res is the descriptor.
  ringline_prep_accept(p, cint sock, address, cast[ptr uint32](addrLen), uint32 flags)

proc accept_multishot*(sqe: SqePointer; sock: SocketHandle; address: ptr SockAddr = nil;
    addrLen: ptr SockLen = nil; flags: SomeInteger = 0) {.op.} =
  ## A completion for each connection.
  ringline_prep_accept_multishot(p, cint sock, address, cast[ptr uint32](addrLen), uint32 flags)

proc connect*(sqe: SqePointer; sock: SocketHandle; address: ptr SockAddr; addrLen: SockLen) {.op.} =
  ## connect(2).
  ringline_prep_connect(p, cint sock, bytes(kept(sqe), address, int addrLen), uint32 addrLen)

proc recv*(sqe: SqePointer; sock: SocketHandle; buffer: pointer; len: int;
    flags: uint32 = 0) {.op.} =
  ## recv(2).
  ringline_prep_recv(p, cint sock, buffer, len32(len), flags)

proc recv*(sqe: SqePointer; sock: SocketHandle; groupId: uint16; flags: uint32 = 0) {.op.} =
  ## recv(2) into a buffer of the pool `groupId`.
  ringline_prep_recv(p, cint sock, nil, 0, flags)
  ringline_prep_pool(p, int32 groupId)

proc recv_multishot*(sqe: SqePointer; sock: SocketHandle; groupId: uint16;
    flags: uint32 = 0) {.op.} =
  ## A completion with a leased buffer for each piece received.
  ringline_prep_recv_multishot(p, cint sock, int32 groupId, flags)

proc recv_multishot*(sqe: SqePointer; sock: SocketHandle; buffer: pointer; len: int;
    flags: uint32) {.op.} =
  ## The published form, whose pool `bufferSelect` names. The kernel takes no memory of the
  ## program here.
  ringline_prep_recv_multishot(p, cint sock, 0, flags)

proc send*(sqe: SqePointer; sock: SocketHandle; buffer: pointer; len: int;
    flags: uint32 = 0) {.op.} =
  ## send(2); may be short.
  ringline_prep_send(p, cint sock, buffer, len32(len), flags)

proc send*(sqe: SqePointer; sock: SocketHandle; str: sink string; flags: uint32 = 0) {.op.} =
  ## send(2) of a text, which is kept.
  let len = len32(str.len)
  ringline_prep_send(p, cint sock, text(kept(sqe), str), len, flags)

proc send_all*(sqe: SqePointer; sock: SocketHandle; buffer: pointer; len: int;
    flags: uint32 = 0) {.op.} =
  ## A send that goes on after short counts.
  ringline_prep_send_all(p, cint sock, buffer, len32(len), flags)

proc send_zc*(sqe: SqePointer; sock: SocketHandle; buffer: pointer; len: int;
    flags: uint32 = 0; zcFlags: uint = 0; bufIndex: uint = 0) {.op.} =
  ## send(2) out of the program's own pages: they are free with the completion that has no
  ## CQE_F_MORE.
  ringline_prep_send_zc(p, cint sock, buffer, len32(len), flags, uint16 zcFlags)
  p.buf_index = uint16 bufIndex

proc recvmsg*(sqe: SqePointer; sock: SocketHandle; msghdr: ptr Tmsghdr;
    flags: uint32 = 0) {.op.} =
  ## recvmsg(2); the header and what it names are written until the completion.
  ringline_prep_recvmsg(p, cint sock, msghdr, flags)

proc recvmsg_multishot*(sqe: SqePointer; sock: SocketHandle; msghdr: ptr Tmsghdr;
    flags: uint32 = 0; groupId: uint16 = 0) {.op.} =
  ## A completion with a leased buffer for each message; `message` takes it apart.
  ringline_prep_recvmsg_multishot(p, cint sock, items(kept(sqe), [msghdr[]]), int32 groupId,
    flags)

proc sendmsg*(sqe: SqePointer; sock: SocketHandle; msghdr: ptr Tmsghdr;
    flags: uint32 = 0) {.op.} =
  ## sendmsg(2); header, vector, address and control are kept.
  ringline_prep_sendmsg(p, cint sock, keepMessage(sqe, msghdr), flags)

proc sendmsg_zc*(sqe: SqePointer; sock: SocketHandle; msghdr: ptr Tmsghdr;
    flags: uint32 = 0) {.op.} =
  ## As `sendmsg`, out of the program's own pages.
  ringline_prep_sendmsg_zc(p, cint sock, keepMessage(sqe, msghdr), flags)

proc recv_zc*(sqe: SqePointer; sock: SocketHandle; queue: uint32; len: int) {.op.} =
  ## Refused when it is submitted: no ring has a queue of a network card.
  ringline_prep_recv_zc(p, cint sock, queue, len32(len))

proc shutdown*(sqe: SqePointer; sockfd: AnyFd; how: SomeInteger) {.op.} =
  ## shutdown(2).
  ringline_prep_shutdown(p, cint sockfd, int32 how)

proc uring_cmd*(sqe: SqePointer; fd: AnyFd; command: uint32; address: uint64; len: int) {.op.} =
  ## A command of the file's driver.
  ringline_prep_uring_cmd(p, cint fd, command, address, len32(len))

proc cmd_sock*(sqe: SqePointer; fd: SocketHandle; command: uint32; level, option: cint;
    value: pointer; len: int) {.op.} =
  ## getsockopt(2), setsockopt(2) and bytes queued: RINGLINE_SOCKET_*.
  ringline_prep_cmd_sock(p, cint fd, command, level, option, value, len32(len))

proc message*(cqe: Cqe; msghdr: Tmsghdr): ringline_message =
  ## What a completion of `recvmsg_multishot` holds; valid until its buffer is released.
  var seen = ringline_completion(res: cqe.res, data: cast[uint64](cqe.data), token: cqe.lease,
    flags: bits(cqe.flags) or uint32(cqe.bufferId) shl 16)
  discard check(ringline_recvmsg_out(addr seen, uint32 msghdr.msg_namelen,
    uint32 msghdr.msg_controllen, addr result), "message")
