## What the tests share: a queue that does one operation, pairs of sockets, a folder of their own.

import std/[nativesockets, net, os, posix, strutils]
import ringline/queue

export nativesockets, net, os, posix, strutils, queue

template one*(q: Queue; build: untyped): Cqe =
  ## Do one operation and return its completion.
  block:
    let sqe {.inject.} = q.getSqe()
    build
    sqe.setUserData(77)
    q.submit()
    let done = q.copyCqes(1)
    doAssert done.len == 1 and done[0].userData == 77, $done
    done[0]

proc socketPair*(kind = posix.SOCK_STREAM): array[2, SocketHandle] =
  var fds: array[0 .. 1, cint]
  doAssert posix.socketpair(posix.AF_UNIX, kind, 0, fds) == 0
  [SocketHandle(fds[0]), SocketHandle(fds[1])]

proc pipePair*(): array[2, cint] =
  doAssert posix.pipe(result) == 0

proc closeAll*[T](fds: openArray[T]) =
  for fd in fds: discard posix.close(cint fd)

proc openFds*(): int =
  for _ in walkDir("/proc/self/fd"): inc result

proc resident*(): int =
  ## Bytes of memory in use.
  let fields = readFile("/proc/self/statm")
  var at = 0
  while fields[at] != ' ': inc at
  inc at
  while fields[at] != ' ':
    result = result * 10 + ord(fields[at]) - ord('0')
    inc at
  result *= 4096

proc workFolder*(): string =
  ## A fresh folder; the caller removes it.
  result = getTempDir() / "ringline-nim-" & $getCurrentProcessId()
  removeDir(result)
  createDir(result)

proc address*(port: Port): (Sockaddr_storage, SockLen) =
  toSockAddr(parseIpAddress("127.0.0.1"), port, result[0], result[1])

proc portOf*(sock: SocketHandle): Port =
  var (storage, len) = address(Port(0))
  doAssert getsockname(sock, cast[ptr SockAddr](addr storage), addr len) == 0
  Port(nativesockets.ntohs(cast[ptr Sockaddr_in](addr storage).sin_port))

proc span*(ms: int): posix.Timespec =
  posix.Timespec(tv_sec: posix.Time(ms div 1000), tv_nsec: (ms mod 1000) * 1_000_000)
