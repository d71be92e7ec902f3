## The pragma that turns the description of an operation into its builders.
##
## `proc read*(sqe: SqePointer; fd: AnyFd; ...) {.op.} = ringline_prep_read(p, ...)` becomes
##
## - `sqe.read(fd, ...)`, which returns the entry so that modifiers chain and keeps those that were
##   set before it, and
## - `queue.read(userData, fd, ...)`, which takes the next entry of a queue.
##
## In the body `p` is the entry as the library knows it. Each builder refuses nil.

import std/macros
import abi, entries, errors, keep, submission

export abi, entries, errors, keep, submission

proc arguments(params: NimNode): seq[NimNode] =
  for at in 2 ..< params.len:
    for name in params[at][0 .. ^3]:
      result.add name

macro op*(description: untyped): untyped =
  ## The pragma.
  let name = description[0]
  let params = description[3]
  let docs = newStmtList()
  var body = newStmtList()
  for statement in description.body:
    if statement.kind == nnkCommentStmt: docs.add statement
    else: body.add statement
  let p = ident"p"
  let sqe = params[1][0]
  # Whatever the body raises, no half of an operation stays behind.
  let build = quote do:
    let `p` = start(`sqe`)
    let before = `p`[]
    var built = false
    try:
      `body`
      built = true
    finally:
      if not built:
        spoil(`p`, before)
    restore(`p`, before)
    `sqe`
  var first = copyNimTree(description)
  first[2] = newTree(nnkGenericParams, newIdentDefs(ident"S", bindSym"SqePointer"))
  first[3][0] = ident"S"
  first[3][1][1] = ident"S"
  first[4] = newTree(nnkPragma, ident"discardable")
  first.body = newStmtList(docs, build)
  var second = copyNimTree(description)
  second[2] = newTree(nnkGenericParams, newIdentDefs(ident"U", bindSym"UserData"))
  second[3] = newTree(nnkFormalParams, newTree(nnkPtrTy, bindSym"Sqe"),
    newIdentDefs(ident"q", bindSym"Queue"), newIdentDefs(ident"userData", ident"U"))
  for at in 2 ..< params.len:
    second[3].add copyNimTree(params[at])
  second[4] = newTree(nnkPragma, ident"discardable")
  let plain = if name.kind == nnkPostfix: name[1] else: name
  let call = newCall(plain, ident"entry")
  for argument in arguments(params):
    call.add argument
  let taken = ident"entry"
  let (queue, data) = (ident"q", ident"userData")
  second.body = quote do:
    let `taken` = needSqe(`queue`)
    var built = false
    try:
      discard `call`
      setUserData(`taken`, `data`)
      built = true
    finally:
      if not built:
        takeBack(`queue`, `taken`)
    `taken`
  newStmtList(first, second)

proc len32*(len: SomeInteger): uint32 =
  ## A length as the kernel has it.
  if len < 0 or uint64(len) > uint64(high(uint32)):
    refuse(einval, "length", "a length of " & $len & " bytes cannot be")
  uint32 len
