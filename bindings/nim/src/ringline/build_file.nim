## Builders of the operations on files and memory. What is a text, a vector or a record by value is
## kept until the last completion; what is a pointer is the program's to keep until then.

import std/[os, posix]
import builder, flags

type
  AnyFd* = FileHandle | SocketHandle
  OpenHow* = object
    ## `struct open_how` of openat2(2).
    flags*, mode*, resolve*: uint64

const AT_FDCWD* = FileHandle(-100)
  ## The current folder, for operations that take a folder's descriptor.

proc modeOf*(permissions: set[FilePermission]): uint32 =
  ## Permissions as the bits of chmod(2).
  const bits = [fpUserExec: 0o100'u32, fpUserWrite: 0o200, fpUserRead: 0o400,
    fpGroupExec: 0o010, fpGroupWrite: 0o020, fpGroupRead: 0o040,
    fpOthersExec: 0o001, fpOthersWrite: 0o002, fpOthersRead: 0o004]
  for permission in permissions:
    result = result or bits[permission]

proc keepPath(sqe: SqePointer; path: sink string): cstring =
  if '\0' in path:
    refuse(einval, "path", "a path cannot have a zero byte in it")
  cast[cstring](text(kept(sqe), path))

proc nop*(sqe: SqePointer) {.op.} =
  ## Does nothing; completes with 0.
  ringline_prep_nop(p)

proc nop*(q: Queue): ptr Sqe {.discardable.} =
  ## A NOP without user data.
  q.needSqe().nop()

proc read*(sqe: SqePointer; fd: AnyFd; buffer: pointer; len: int; offset: int = 0) {.op.} =
  ## pread(2); offset -1 is the file position.
  ringline_prep_read(p, cint fd, buffer, len32(len), cast[uint64](int64 offset))

proc read*(sqe: SqePointer; fd: AnyFd; groupId: uint16; len: int; offset: int = 0) {.op.} =
  ## pread(2) into a buffer of the pool `groupId`.
  ringline_prep_read(p, cint fd, nil, len32(len), cast[uint64](int64 offset))
  ringline_prep_pool(p, int32 groupId)

proc read_multishot*(sqe: SqePointer; fd: AnyFd; groupId: uint16) {.op.} =
  ## read(2) from a pipe or terminal, again and again, out of the pool `groupId`.
  ringline_prep_read_multishot(p, cint fd, int32 groupId)

proc readv*(sqe: SqePointer; fd: AnyFd; iovecs: seq[IOVec]; offset: int = 0;
    flags: uint32 = 0) {.op.} =
  ## preadv2(2).
  ringline_prep_readv(p, cint fd, items(kept(sqe), iovecs), len32(iovecs.len),
    cast[uint64](int64 offset), flags)

proc readv*(sqe: SqePointer; fd: AnyFd; iovec: ptr IOVec; offset: int = 0) {.op.} =
  ## preadv(2) of one vector.
  ringline_prep_readv(p, cint fd, items(kept(sqe), [iovec[]]), 1, cast[uint64](int64 offset), 0)

proc read_fixed*(sqe: SqePointer; fd: AnyFd; iovec: IOVec; offset: int = 0;
    bufferIndex: int = 0) {.op.} =
  ## pread(2) into memory of a registered buffer.
  ringline_prep_read_fixed(p, cint fd, iovec.iov_base, len32(iovec.iov_len),
    cast[uint64](int64 offset), uint16 bufferIndex)

proc readv_fixed*(sqe: SqePointer; fd: AnyFd; iovec: IOVec; offset: int = 0;
    bufferIndex: int = 0) {.op.} =
  ## As `read_fixed`.
  ringline_prep_read_fixed(p, cint fd, iovec.iov_base, len32(iovec.iov_len),
    cast[uint64](int64 offset), uint16 bufferIndex)

proc readv_fixed*(sqe: SqePointer; fd: AnyFd; iovecs: seq[IOVec]; offset: int = 0;
    bufferIndex: int = 0) {.op.} =
  ## preadv(2) into memory of a registered buffer.
  ringline_prep_readv_fixed(p, cint fd, items(kept(sqe), iovecs), len32(iovecs.len),
    cast[uint64](int64 offset), 0, uint16 bufferIndex)

proc write*(sqe: SqePointer; fd: AnyFd; buffer: pointer; len: int; offset: int = 0) {.op.} =
  ## pwrite(2); offset -1 is the file position.
  ringline_prep_write(p, cint fd, buffer, len32(len), cast[uint64](int64 offset))

proc write*(sqe: SqePointer; fd: AnyFd; str: sink string; offset: int = 0) {.op.} =
  ## pwrite(2) of a text, which is kept.
  let len = len32(str.len)
  ringline_prep_write(p, cint fd, text(kept(sqe), str), len, cast[uint64](int64 offset))

proc writev*(sqe: SqePointer; fd: AnyFd; iovecs: seq[IOVec]; offset: int = 0;
    flags: uint32 = 0) {.op.} =
  ## pwritev2(2).
  ringline_prep_writev(p, cint fd, items(kept(sqe), iovecs), len32(iovecs.len),
    cast[uint64](int64 offset), flags)

proc writev*(sqe: SqePointer; fd: AnyFd; iovec: ptr IOVec; offset: int = 0) {.op.} =
  ## pwritev(2) of one vector.
  ringline_prep_writev(p, cint fd, items(kept(sqe), [iovec[]]), 1, cast[uint64](int64 offset), 0)

proc write_fixed*(sqe: SqePointer; fd: AnyFd; iovec: IOVec; offset: int = 0;
    bufferIndex: int = 0) {.op.} =
  ## pwrite(2) out of memory of a registered buffer.
  ringline_prep_write_fixed(p, cint fd, iovec.iov_base, len32(iovec.iov_len),
    cast[uint64](int64 offset), uint16 bufferIndex)

proc writev_fixed*(sqe: SqePointer; fd: AnyFd; iovec: IOVec; offset: int = 0;
    bufferIndex: int = 0) {.op.} =
  ## As `write_fixed`.
  ringline_prep_write_fixed(p, cint fd, iovec.iov_base, len32(iovec.iov_len),
    cast[uint64](int64 offset), uint16 bufferIndex)

proc writev_fixed*(sqe: SqePointer; fd: AnyFd; iovecs: seq[IOVec]; offset: int = 0;
    bufferIndex: int = 0) {.op.} =
  ## pwritev(2) out of memory of a registered buffer.
  ringline_prep_writev_fixed(p, cint fd, items(kept(sqe), iovecs), len32(iovecs.len),
    cast[uint64](int64 offset), 0, uint16 bufferIndex)

proc fsync*(sqe: SqePointer; fd: FileHandle; flags: FsyncFlags = {}) {.op.} =
  ## fsync(2).
  ringline_prep_fsync(p, cint fd, bits(flags))

proc sync_file_range*(sqe: SqePointer; fd: FileHandle; len: int; flags: uint32;
    offset: Off = 0) {.op.} =
  ## sync_file_range(2).
  ringline_prep_sync_file_range(p, cint fd, uint64 offset, len32(len), flags)

proc fallocate*(sqe: SqePointer; fd: FileHandle; mode: int32; offset: Off; len: int) {.op.} =
  ## fallocate(2).
  ringline_prep_fallocate(p, cint fd, mode, uint64 offset, uint64 len)

proc ftruncate*(sqe: SqePointer; fd: FileHandle; len: int) {.op.} =
  ## ftruncate(2).
  ringline_prep_ftruncate(p, cint fd, uint64 len)

proc fadvise*(sqe: SqePointer; fd: FileHandle; len: int; advice: int; offset: int = 0) {.op.} =
  ## posix_fadvise(2).
  ringline_prep_fadvise(p, cint fd, uint64 offset, uint64 len, int32 advice)

proc fadvice*(sqe: SqePointer; fd: FileHandle; len: int; advice: int; offset: int = 0) {.op.} =
  ## As `fadvise`.
  ringline_prep_fadvise(p, cint fd, uint64 offset, uint64 len, int32 advice)

proc madvise*(sqe: SqePointer; address: pointer; len: int; advice: int) {.op.} =
  ## madvise(2).
  ringline_prep_madvise(p, address, uint64 len, int32 advice)

proc madvice*(sqe: SqePointer; address: pointer; len: int; advice: int) {.op.} =
  ## As `madvise`.
  ringline_prep_madvise(p, address, uint64 len, int32 advice)

proc statx*(sqe: SqePointer; fd: FileHandle; path: sink string; flags: uint32; mask: uint32;
    buf: pointer) {.op.} =
  ## statx(2) into a `struct statx`.
  ringline_prep_statx(p, cint fd, keepPath(sqe, path), int32 flags, mask, buf)

proc openat*(sqe: SqePointer; dfd: FileHandle; path: sink string; flags: int32 = 0;
    mode: set[FilePermission] = {}) {.op.} =
  ## openat(2); res is the descriptor.
  ringline_prep_openat(p, cint dfd, keepPath(sqe, path), flags, modeOf(mode))

proc openat*(sqe: SqePointer; dfd: FileHandle; path: sink string; flags: int32;
    mode: Mode) {.op.} =
  ## openat(2) with the bits of chmod(2).
  ringline_prep_openat(p, cint dfd, keepPath(sqe, path), flags, uint32 mode)

proc openat2*(sqe: SqePointer; dfd: FileHandle; path: sink string; how: OpenHow) {.op.} =
  ## openat2(2).
  ringline_prep_openat2(p, cint dfd, keepPath(sqe, path), items(kept(sqe), [how]),
    uint32 sizeof(how))

proc close*(sqe: SqePointer; fd: AnyFd) {.op.} =
  ## close(2).
  ringline_prep_close(p, cint fd)

proc close_all*(sqe: SqePointer; fd: AnyFd) {.op.} =
  ## Shut a socket down, cancel and await what is in flight on it, close it.
  ringline_prep_lib_close(p, cint fd)

proc renameat*(sqe: SqePointer; oldDirFd: FileHandle; oldPath: sink string;
    newDirFd: FileHandle; newPath: sink string; flags: uint32 = 0) {.op.} =
  ## renameat2(2).
  ringline_prep_renameat(p, cint oldDirFd, keepPath(sqe, oldPath), cint newDirFd,
    keepPath(sqe, newPath), flags)

proc unlinkat*(sqe: SqePointer; dirFd: FileHandle; path: sink string; flags: uint32 = 0) {.op.} =
  ## unlinkat(2).
  ringline_prep_unlinkat(p, cint dirFd, keepPath(sqe, path), int32 flags)

proc mkdirat*(sqe: SqePointer; dirFd: FileHandle; path: sink string; mode: uint32) {.op.} =
  ## mkdirat(2).
  ringline_prep_mkdirat(p, cint dirFd, keepPath(sqe, path), mode)

proc symlinkat*(sqe: SqePointer; target: sink string; newDirFd: FileHandle;
    linkPath: sink string) {.op.} =
  ## symlinkat(2).
  ringline_prep_symlinkat(p, keepPath(sqe, target), cint newDirFd, keepPath(sqe, linkPath))

proc linkat*(sqe: SqePointer; oldDirFd: FileHandle; oldPath: sink string;
    newDirFd: FileHandle; newPath: sink string; flags: uint32 = 0) {.op.} =
  ## linkat(2).
  ringline_prep_linkat(p, cint oldDirFd, keepPath(sqe, oldPath), cint newDirFd,
    keepPath(sqe, newPath), int32 flags)

proc pipe*(sqe: SqePointer; fds: ptr array[2, cint]; flags: uint32 = 0) {.op.} =
  ## pipe2(2); `fds` is written until the completion.
  ringline_prep_pipe(p, cast[ptr int32](fds), flags)

proc splice*(sqe: SqePointer; fdIn: FileHandle; offIn: int; fdOut: FileHandle; offOut: int;
    len: int; flags: int = 0; fixed: bool = false) {.op.} =
  ## splice(2); an offset is -1 for a pipe. `fixed`: fdIn is the index of a registered file.
  let bits = uint32(flags) or (if fixed: RINGLINE_SPLICE_FD_IN_FIXED else: 0)
  ringline_prep_splice(p, cint fdIn, offIn, cint fdOut, offOut, len32(len), bits)

proc tee*(sqe: SqePointer; fdIn: FileHandle; fdOut: FileHandle; len: int; flags: int = 0;
    fixed: bool = false) {.op.} =
  ## tee(2).
  let bits = uint32(flags) or (if fixed: RINGLINE_SPLICE_FD_IN_FIXED else: 0)
  ringline_prep_tee(p, cint fdIn, cint fdOut, len32(len), bits)

proc fsetxattr*(sqe: SqePointer; fd: FileHandle; name: sink string; value: sink string;
    flags: int = 0) {.op.} =
  ## fsetxattr(2).
  let len = len32(value.len)
  ringline_prep_fsetxattr(p, cint fd, keepPath(sqe, name), text(kept(sqe), value), len,
    int32 flags)

proc setxattr*(sqe: SqePointer; name: sink string; value: sink string; path: sink string;
    flags: int = 0) {.op.} =
  ## setxattr(2).
  let len = len32(value.len)
  ringline_prep_setxattr(p, keepPath(sqe, path), keepPath(sqe, name), text(kept(sqe), value), len,
    int32 flags)

proc fgetxattr*(sqe: SqePointer; fd: FileHandle; name: sink string; buf: pointer;
    len: int) {.op.} =
  ## fgetxattr(2); res is the length.
  ringline_prep_fgetxattr(p, cint fd, keepPath(sqe, name), buf, len32(len))

proc getxattr*(sqe: SqePointer; name: sink string; buf: pointer; len: int;
    path: sink string) {.op.} =
  ## getxattr(2); res is the length.
  ringline_prep_getxattr(p, keepPath(sqe, path), keepPath(sqe, name), buf, len32(len))

proc files_update*(sqe: SqePointer; fds: seq[FileHandle]; offset: int = 0) {.op.} =
  ## Put descriptors into the registered files from `offset` on; -1 empties one.
  ringline_prep_files_update(p, items(kept(sqe), fds), len32(fds.len), uint32 offset)

proc fixed_fd_install*(sqe: SqePointer; slot: int; flags: uint32 = 0) {.op.} =
  ## An ordinary descriptor for a registered file.
  ringline_prep_fixed_fd_install(p, int32 slot, flags)

proc provide_buffers*(sqe: SqePointer; buffers: pointer; bufferSize, buffersCount: int;
    groupId, bufferId: uint) {.op.} =
  ## Refused when it is submitted: `newBufferGroup` provides buffers.
  p.opcode = RINGLINE_OP_PROVIDE_BUFFERS

proc remove_buffers*(sqe: SqePointer; buffersCount: int; groupId: uint) {.op.} =
  ## Refused when it is submitted: `closeBufferGroup` takes buffers back.
  p.opcode = RINGLINE_OP_REMOVE_BUFFERS
