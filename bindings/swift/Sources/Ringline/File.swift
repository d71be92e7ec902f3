// Files: open, read, write, sync, size, close.

import CRingline
import Glibc

/// An open file. It is closed when nobody refers to it any more, or by `close()`.
public final class File: Sendable {
  /// How a file is opened; as `open(2)` has it.
  public struct Options: OptionSet, Sendable {
    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }

    public static let readOnly = Options([])
    public static let writeOnly = Options(rawValue: O_WRONLY)
    public static let readWrite = Options(rawValue: O_RDWR)
    public static let create = Options(rawValue: O_CREAT)
    public static let truncate = Options(rawValue: O_TRUNC)
    public static let append = Options(rawValue: O_APPEND)
    public static let exclusiveCreate = Options(rawValue: O_EXCL)
    public static let directory = Options(rawValue: O_DIRECTORY)
  }

  public let ring: Ring
  let descriptor: Descriptor

  /// Its number; -1 when it is closed.
  public var fileDescriptor: Int32 { descriptor.number }

  /// Opens a file, by default on the ring of the process.
  public init(
    _ path: String, options: Options = .readOnly, permissions: UInt32 = 0o644, ring: Ring? = nil
  ) async throws {
    let ring = ring ?? Ring.shared
    let memory = try Memory(path)
    var op = ringline_op()
    ringline_prep_openat(
      &op, AT_FDCWD, memory.base.assumingMemoryBound(to: CChar.self), options.rawValue | O_CLOEXEC,
      permissions)
    let number = try await ring.perform(op, owner: memory)
    self.ring = ring
    descriptor = Descriptor(number, on: ring.driver, isOwned: true)
  }

  /// Takes a descriptor that is open already; with `closeOnDeinit` it is the file's to close.
  public init(fileDescriptor: Int32, closeOnDeinit: Bool = false, ring: Ring) {
    self.ring = ring
    descriptor = Descriptor(fileDescriptor, on: ring.driver, isOwned: closeOnDeinit)
  }

  private func perform(
    _ op: ringline_op, _ memory: Memory?, _ timeout: Duration?
  ) async throws -> Int32 {
    let single = Single(op, on: ring.driver, descriptor: descriptor, owned: memory)
    return try await ring.driver.perform(single, timeout: timeout).get()
  }

  /// Reads up to `count` bytes at `offset` (without one: where the file stands). Empty at the end.
  public func read(
    count: Int, at offset: UInt64? = nil, timeout: Duration? = nil
  ) async throws -> [UInt8] {
    let length = try checked(count)
    let memory = Memory(count: count)
    var op = ringline_op()
    ringline_prep_read(&op, -1, memory.base, length, offset ?? .max)
    return memory.bytes(Int(try await perform(op, memory, timeout)))
  }

  /// Writes at `offset` (without one: where the file stands), and tells how many bytes it was: all
  /// of them but for pipes, terminals and full disks.
  @discardableResult
  public func write(
    _ bytes: [UInt8], at offset: UInt64? = nil, timeout: Duration? = nil
  ) async throws -> Int {
    let length = try checked(bytes.count)
    let memory = Memory(bytes)
    var op = ringline_op()
    ringline_prep_write(&op, -1, memory.base, length, offset ?? .max)
    return Int(try await perform(op, memory, timeout))
  }

  /// Brings what was written to the disk; with `dataOnly` without times and the like.
  public func sync(dataOnly: Bool = false) async throws {
    var op = ringline_op()
    ringline_prep_fsync(&op, -1, dataOnly ? ABI.fsyncDatasync : 0)
    _ = try await perform(op, nil, nil)
  }

  /// Its size in bytes.
  public func size() async throws -> UInt64 {
    // The record, and behind it the empty path that stands for the descriptor itself.
    let memory = Memory(count: MemoryLayout<statx>.size + 1)
    let path = memory.base + MemoryLayout<statx>.size
    path.storeBytes(of: 0, as: UInt8.self)
    var op = ringline_op()
    ringline_prep_statx(
      &op, -1, path.assumingMemoryBound(to: CChar.self), atEmptyPath, UInt32(STATX_SIZE),
      memory.base)
    _ = try await perform(op, memory, nil)
    return memory.base.load(as: statx.self).stx_size
  }

  /// Ends what is in flight on it and closes it. A second time throws.
  public func close() async throws {
    try await descriptor.close()
  }
}

/// AT_EMPTY_PATH of fcntl.h, which is hidden from Swift.
private let atEmptyPath: Int32 = 0x1000

/// Lengths are 32 bits wide in the kernel.
package func checked(_ count: Int) throws(Errno) -> UInt32 {
  guard let length = UInt32(exactly: count) else {
    throw Errno(rawValue: EINVAL, detail: "\(count) bytes are not possible in one operation")
  }
  return length
}
