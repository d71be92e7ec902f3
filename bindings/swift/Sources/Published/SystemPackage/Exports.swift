// Programs of the published library import this module for the one name of it that they use.

@_exported import struct Ringline.Errno
