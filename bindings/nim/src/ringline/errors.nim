## Errors: one exception for everything that the library refuses, with the library's own text.
##
## Owns the exception and how it is raised. Never decides what is an error: that is the library's.

import abi

when not (defined(gcOrc) or defined(gcArc) or defined(gcAtomicArc)):
  {.error: "ringline needs --mm:orc or --mm:arc: what an operation uses is kept alive by counted " &
    "references until its last completion, and other collectors may move or free it before".}

type
  RinglineError* = object of OSError
    ## The library refused a call. `errorCode` is the errno, `code` the library's own number
    ## (RINGLINE_E*, or -errno), the message says what to do about it.
    code*: int32

proc errorName*(code: int32): string =
  ## The name of a code: "EINVAL", "RINGLINE_ESTALE".
  $ringline_error_name(code)

proc errorText*(code: int32): string =
  ## What a code means. For a completion's `res` below 0.
  $ringline_strerror(code)

proc newRinglineError*(code: int32; what: string; detail = ""): ref RinglineError =
  ## An error of `code`; `detail` is what the library said about it.
  let text = if detail.len > 0: detail else: errorText(code)
  result = newException(RinglineError, what & ": " & text & " (" & errorName(code) & ")")
  result.code = code
  result.errorCode = ringline_to_errno(code)

proc refuse*(code: int32; what: string; detail = "") {.noreturn, noinline.} =
  ## Raise what this layer refuses by itself.
  raise newRinglineError(code, what, detail)

proc fail*(code: SomeInteger; what: string) {.noreturn, noinline.} =
  ## Raise what the call before answered, with the detail that the library keeps for this thread.
  raise newRinglineError(int32(code), what, $ringline_error_detail())

template check*(answer: SomeInteger; what: string): untyped =
  ## The answer of a call, or its error raised.
  let answered = answer
  if answered < 0:
    fail(answered, what)
  answered

const
  einval* = -22'i32    ## Of arguments that cannot be.
  enotsup* = -95'i32   ## Of what this library does in another way.
  eagain* = -11'i32    ## Of a queue that is full.
  eintr* = -4'i32      ## A signal handler ran.
  passing* = [eintr, eagain, -16'i32, -12'i32]
    ## What a call that submits or waits says when the kernel is short of room (EBUSY) or memory
    ## (ENOMEM) for the moment.
