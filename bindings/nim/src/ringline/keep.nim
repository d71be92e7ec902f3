## What an operation needs alive until its last completion.
##
## A `Keep` is a counted reference. The ring holds one per operation from its submission until the
## completion with FINAL; what the kernel never lets go of is never freed.

type
  Keep* = ref object of RootObj
    ## A link of the chain of what one operation keeps.
    next*: Keep
  KeepText = ref object of Keep
    text: string
  KeepItems[T] = ref object of Keep
    items: seq[T]
  KeepRef[T] = ref object of Keep
    held: ref T
  KeepOwner* = ref object of Keep
    ## Of an entry whose user data is the address of an operation of a `Ring`.
    owner*: RootRef

proc append*(chain: var Keep; keep: Keep) =
  ## Put `keep` in front of a chain.
  keep.next = chain
  chain = keep

proc text*(chain: var Keep; value: sink string): ptr char =
  ## Keep a text and tell where its characters are: terminated, and where they stay.
  let keep = KeepText(text: value)
  if keep.text.len == 0:
    keep.text.add '\0'
    keep.text.setLen(0)
  append(chain, keep)
  cast[ptr char](cstring(keep.text))

proc items*[T](chain: var Keep; values: openArray[T]): ptr T =
  ## Keep a copy of some values and tell where the first one is; nil for none.
  if values.len == 0:
    return nil
  let keep = KeepItems[T](items: @values)
  append(chain, keep)
  addr keep.items[0]

proc bytes*(chain: var Keep; start: pointer; len: int): pointer =
  ## Keep a copy of `len` bytes and tell where it is; nil for none.
  if start == nil or len <= 0:
    return nil
  let keep = KeepItems[byte](items: newSeq[byte](len))
  copyMem(addr keep.items[0], start, len)
  append(chain, keep)
  addr keep.items[0]

proc hold*[T](chain: var Keep; value: ref T) =
  ## Keep an object of the program alive.
  if value != nil:
    append(chain, KeepRef[T](held: value))
