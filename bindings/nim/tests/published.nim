## Programs in the form published for the raw queue, unchanged in what they call: fails to compile
## where a name or a type went, and to run where a meaning did.

import std/[deques, nativesockets, net]
import nimuring

type MyObj = ref object
  a, b: int

block: # Hello world.
  let queue = newQueue(2)
  let sqe = queue.getSqe()
  sqe.write(stdout.getFileHandle, "Hello world\n")
  queue.submit()
  echo queue.copyCqes(1)

block: # Waiting while submitting, then copying into what is there.
  let queue = newQueue(2, {SETUP_SQPOLL})
  queue.getSqe().write(stdout.getFileHandle, "Hello again\n").setUserData(0)
  queue.submit(1)
  let cqes = newSeq[Cqe](16)
  doAssert queue.copyCqes(cqes) == 1
  doAssert cqes[0].res == 12

block: # User data: a number, a pointer, an object held by hand, an index.
  let queue = newQueue(4)
  queue.getSqe().userData(41)
  queue.submit()
  doAssert queue.copyCqes(1)[0].userData == 41
  var local = 5
  queue.getSqe().userData(local.addr)
  queue.submit()
  doAssert cast[ptr int](queue.copyCqes(1)[0].userData)[] == 5
  proc example() =
    let mine = MyObj(a: 13, b: 37)
    GC_ref(mine)
    queue.getSqe().userData(cast[pointer](mine))
    queue.submit()
  example()
  let mine = cast[MyObj](queue.copyCqes(1)[0].userData)
  doAssert mine.b == 37
  GC_unref(mine)
  var stash = newSeqOfCap[MyObj](4)
  stash.add MyObj(a: 1, b: 2)
  queue.getSqe().userData(stash.len - 1)
  queue.submit()
  doAssert stash[queue.copyCqes(1)[0].userData].b == 2

block: # More entries than the queue has.
  var waiting = initDeque[Sqe]()
  var done = initDeque[Cqe]()
  for i in 1 .. 20:
    waiting.addLast Sqe(opcode: OP_NOP)
  let q = newQueue(4)
  while waiting.len > 0:
    let available = q.params.sqEntries - q.sqReady
    for _ in 1 .. available:
      let entry = waiting.popFirst()
      let sqe = q.getSqe()
      copyMem(sqe, entry.unsafeAddr, sizeof(Sqe))
    q.submit()
    var waitNr = 1.uint
    if waiting.len == 0:
      waitNr = q.params.sqEntries - q.sqReady
    for cqe in q.copyCqes(waitNr):
      done.addLast cqe
  doAssert done.len == 20

block: # A request over HTTP, to a server of our own.
  let server = newSocket()
  server.setSockOpt(OptReuseAddr, true)
  server.bindAddr(Port(0), "127.0.0.1")
  server.listen()
  let (_, port) = server.getLocalAddr()
  var q = newQueue(4)
  let socket = createNativeSocket()
  let ai = getAddrInfo("127.0.0.1", port)
  q.connect(0, socket, ai.ai_addr, ai.ai_addrlen).linkNext()
  const request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
  q.send(1, socket, request.cstring, request.len).linkNext()
  var answer = newString(4096)
  q.recv(2, socket, answer[0].addr, answer.len)
  q.submit(2)
  var client: Socket
  server.accept(client)
  doAssert client.recvLine() == "GET / HTTP/1.1"
  client.send("HTTP/1.1 200 OK\r\n\r\n")
  var cqes = q.copyCqes(3)
  doAssert cqes.len == 3
  answer.setLen(cqes[2].res)
  doAssert answer == "HTTP/1.1 200 OK\r\n\r\n"
  client.close()
  server.close()

echo "all done"
