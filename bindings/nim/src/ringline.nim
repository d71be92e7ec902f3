## Linux io_uring through libringline: `ringline/ops` is the ring in Nim's own style,
## `ringline/queue` the raw queue, `ringline/abi` the library as it is.

import ringline/ops
export ops
