## Copy a file with up to 16 blocks in flight at any time.
##
## nim c -r --mm:orc examples/copy_file.nim FROM TO

import std/[os, posix]
import ringline

const block_size = 128 * 1024
const depth = 16

proc main() =
  if paramCount() != 2:
    quit "usage: copy_file FROM TO"
  let ring = newRing()
  let source = FileHandle(ring.wait ring.open(paramStr(1), O_RDONLY))
  let target = FileHandle(ring.wait ring.open(paramStr(2), O_WRONLY or O_CREAT or O_TRUNC))
  let size = int getFileSize(paramStr(1))
  var next = 0
  var failure: ref RinglineError

  proc write(data: string; at: int) {.closure.}
  proc read(at, len: int) {.closure.}
  proc readNext() =
    if next < size and failure == nil:
      let at = next
      next += block_size
      read(at, min(block_size, size - at))

  proc write(data: string; at: int) =
    ring.write(target, data, at).onComplete do (done: Completion):
      if done.res < 0: failure = done.error
      elif done.res < data.len: write(data[done.res .. ^1], at + done.res) # Short: the rest.
      else: readNext()

  proc read(at, len: int) =
    ring.read(source, len, at).onComplete do (done: Completion):
      if done.res < 0: failure = done.error
      elif done.res > 0:
        write(done.op.data, at)
        if done.res < len: read(at + done.res, len - done.res)

  for _ in 1 .. depth:
    readNext()
  ring.run()
  if failure != nil:
    raise failure
  ring.wait ring.fsync(target)
  ring.wait ring.close(source)
  ring.wait ring.close(target)
  echo "copied ", size, " bytes"

main()
