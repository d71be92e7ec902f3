## A TCP echo server: one multishot accept, one multishot receive per connection out of a pool of
## buffers, replies sent whole and in order.
##
## nim c -r --mm:orc examples/tcp_echo.nim [port]     (port 0, the default: any; it is printed)

import std/[deques, nativesockets, os, posix, strutils, times]
import ringline

const most = 1 shl 20
  ## Bytes that wait for a client to read, before nothing more of it is received.

type Connection = ref object
  sock: SocketHandle
  queue: Deque[string] # What is not sent yet.
  bytes: int           # In it.
  receiving: Operation
  sending, paused, ended, closed: bool

proc receive(ring: Ring; pool: Pool; connection: Connection)

proc sendNext(ring: Ring; pool: Pool; connection: Connection) =
  if connection.queue.len > 0:
    let text = connection.queue.popFirst()
    connection.bytes -= text.len
    connection.sending = true
    ring.send(connection.sock, text).onComplete do (done: Completion):
      if done.res < 0:
        connection.queue.clear()
        connection.ended = true
      ring.sendNext(pool, connection)
    return
  connection.sending = false
  if connection.ended and not connection.closed:
    connection.closed = true
    ring.close(connection.sock)
  elif connection.paused and not connection.ended:
    connection.paused = false
    ring.receive(pool, connection)

proc receive(ring: Ring; pool: Pool; connection: Connection) =
  connection.receiving = ring.recvAll(connection.sock, pool) do (piece: Completion):
    if piece.res > 0 and not connection.ended:
      connection.queue.addLast $piece.lease
      connection.bytes += piece.lease.len
      piece.lease.release()
      if connection.bytes > most and not piece.done:
        ring.cancel(connection.receiving)
    if piece.done:
      # No buffer was free (they are back by now), or there is too much to send first.
      if piece.res > 0 or piece.res == -ENOBUFS or piece.res == -ECANCELED:
        connection.paused = true
      else:
        connection.ended = true
    if not connection.sending:
      ring.sendNext(pool, connection)

proc serve(ring: Ring; pool: Pool; listener: SocketHandle) =
  ring.acceptAll(listener) do (accepted: Completion):
    if accepted.res >= 0:
      ring.receive(pool, Connection(sock: SocketHandle(accepted.res)))
      if accepted.done:
        ring.serve(pool, listener)
    elif accepted.done:
      # No descriptor or memory at the moment: who connects waits in the kernel meanwhile.
      stderr.writeLine accepted.error.msg
      ring.timer(initDuration(milliseconds = 50)).onComplete do (_: Completion):
        ring.serve(pool, listener)

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
  ring.serve(pool, listener)
  ring.run()

main()
