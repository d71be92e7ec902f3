## All tests as one program: compiled once per compiler and memory management.

import tabi, tqueue, tdefects, tfile, tnet, twait, tops, tturns, tleak
