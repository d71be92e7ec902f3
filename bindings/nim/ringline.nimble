version       = "0.1.0"
author        = "The ringline authors"
description   = "Linux io_uring through libringline"
license       = "MIT OR Apache-2.0"
srcDir        = "src"

requires "nim >= 1.6.10"
