## A TCP echo server: one multishot accept, one multishot receive per connection out of a pool of
## buffers, replies sent whole and in order.
##
## nim c -r --mm:orc examples/tcp_echo.nim [port]     (port 0, the default: any; it is printed)

import std/[deques, nativesockets, os, posix, strutils]
import ringline

type Connection = ref object
  sock: SocketHandle
  queue: Deque[string] # What is not sent yet: one send at a time keeps the order.
  sending, ended: bool

proc sendNext(ring: Ring; connection: Connection) =
  if connection.queue.len == 0:
    connection.sending = false
    if connection.ended:
      ring.close(connection.sock)
    return
  connection.sending = true
  ring.send(connection.sock, connection.queue.popFirst()).onComplete do (done: Completion):
    if done.res < 0:
      connection.queue.clear()
      connection.ended = true
    ring.sendNext(connection)

proc receive(ring: Ring; pool: Pool; connection: Connection) =
  ring.recvAll(connection.sock, pool) do (piece: Completion):
    if piece.res > 0:
      connection.queue.addLast $piece.lease
      piece.lease.release()
      if not connection.sending:
        ring.sendNext(connection)
    if piece.done:
      if piece.res > 0 or piece.res == -ENOBUFS:
        ring.receive(pool, connection) # No buffer was free: they are back by now.
      else:
        connection.ended = true
        if not connection.sending:
          ring.sendNext(connection)

proc main() =
  let listener = createNativeSocket()
  listener.setSockOptInt(SOL_SOCKET, SO_REUSEADDR, 1)
  let port = if paramCount() > 0: parseInt(paramStr(1)) else: 0
  let info = getAddrInfo("127.0.0.1", Port(port))
  if bindAddr(listener, info.ai_addr, info.ai_addrlen) < 0 or
      nativesockets.listen(listener, 1024) < 0:
    quit "cannot listen on port " & $port & ": " & osErrorMsg(osLastError())
  freeAddrInfo(info)
  echo "listening on ", getLocalAddr(listener, nativesockets.AF_INET)[1]
  flushFile(stdout)
  let ring = newRing()
  let pool = ring.newPool(256, 4096)
  ring.acceptAll(listener) do (accepted: Completion):
    if accepted.res >= 0:
      ring.receive(pool, Connection(sock: SocketHandle(accepted.res)))
    elif accepted.done:
      raise accepted.error
  ring.run()

main()
