// Buffers that the kernel knows before they are used, and the one set of them that a ring has.

import CRingline
import Glibc

/// Memory that is registered once, so that no operation on it has to map it.
package final class FixedBuffers: @unchecked Sendable {
  package let count: Int
  /// Of each buffer.
  package let size: Int
  private let memory: Memory
  fileprivate let region: Int32
  private let ring: Ring

  fileprivate init(count: Int, size: Int, ring: Ring) async throws {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: size)
    guard count > 0, size > 0, !overflow, bytes <= 1 << 30 else {
      throw Errno(rawValue: EINVAL, detail: "fixed buffers are 1 GiB at most, and at least a byte")
    }
    let memory = Memory(count: bytes)
    memory.base.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    (self.count, self.size, self.memory, self.ring) = (count, size, memory, ring)
    region = try await ring.call { ringline_region_register($0, memory.base, UInt64(bytes)) }
  }

  /// The index that operations name.
  package var index: UInt16 { UInt16(region) }

  /// The bytes of one buffer from an offset on.
  package func bytes(
    of buffer: UInt16, from offset: Int, count: Int
  ) throws -> UnsafeMutableBufferPointer<UInt8> {
    guard buffer < self.count, offset >= 0, count >= 0, offset <= size, count <= size - offset
    else {
      throw Errno(rawValue: ERANGE, detail: "\(count) bytes from \(offset) on of buffer \(buffer)")
    }
    let start = memory.base + Int(buffer) * size + offset
    return UnsafeMutableBufferPointer(
      start: start.assumingMemoryBound(to: UInt8.self), count: count)
  }

  fileprivate func release() async throws {
    let region = region
    _ = try await ring.call { ringline_region_release($0, region) }
  }
}

extension Ring {
  /// Registers `count` buffers of `size` bytes, in place of those that were registered before.
  public func registerFixedBuffers(count: Int, size: Int) async throws {
    if fixed.withLock({ $0 }) != nil { try await unregisterFixedBuffers() }
    let made = try await FixedBuffers(count: count, size: size, ring: self)
    let isFirst = fixed.withLock { buffers in
      if buffers != nil { return false }
      buffers = made
      return true
    }
    if !isFirst {
      try await made.release()
      throw Errno.resourceBusy
    }
  }

  /// Throws `Errno.resourceBusy` while operations use them.
  public func unregisterFixedBuffers() async throws {
    let buffers = try fixedBuffers
    try await buffers.release()
    fixed.withLock { if $0 === buffers { $0 = nil } }
  }

  /// Those that are registered.
  package var fixedBuffers: FixedBuffers {
    get throws {
      if let buffers = fixed.withLock({ $0 }) { return buffers }
      throw Errno(rawValue: EINVAL, detail: "registerFixedBuffers() comes first")
    }
  }
}
