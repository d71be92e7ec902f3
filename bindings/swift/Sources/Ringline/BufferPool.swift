// Buffers that the kernel takes when data is there, and what it lends of them.

import CRingline

/// Buffers that the kernel chooses from when there is something to receive.
public final class BufferPool: Sendable {
  public let ring: Ring
  let id: Int32
  /// Of each buffer.
  let size: Int

  /// `count` has to be a power of two. With `incremental` the kernel fills a buffer piece by piece
  /// (Linux 6.12).
  public init(
    count: Int, size: Int, incremental: Bool = false, ring: Ring
  ) async throws {
    self.size = size
    let (count, size) = (try checked(count), try checked(size))
    let flags = incremental ? ABI.poolIncremental : 0
    id = try await ring.driver.call { ringline_pool_create($0, count, size, flags) }
    self.ring = ring
  }

  /// How many leases on its buffers are not given back.
  public func leases() async throws -> Int {
    let id = id
    return Int(
      try await ring.driver.call { handle in
        var info = ringline_pool_info()
        let code = ringline_pool_info_of(handle, id, &info)
        return code < 0 ? code : Int32(info.leases)
      })
  }

  /// Gives the buffers up; leases stay valid. Throws `Errno.resourceBusy` while operations take
  /// from it. A pool that nobody refers to is given up without this.
  public func close() async throws {
    let id = id
    _ = try await ring.driver.call { ringline_pool_destroy($0, id) }
  }

  deinit {
    // After close() it is stale already, which is nobody's error.
    let id = id
    ring.driver.later { ringline_pool_destroy($0, id) }
  }
}

/// Bytes that the kernel wrote into a buffer of a pool. There is one owner: the buffer goes back
/// when the lease is consumed or its scope ends, exactly once. It may outlive its pool and ring.
public struct Lease: ~Copyable, Sendable {
  /// 0 for memory of its own.
  private let id: UInt64
  private let address: UInt64
  public let count: Int

  init(id: UInt64, address: UInt64, count: Int) {
    self.id = id
    self.address = address
    self.count = count
  }

  /// For what was received where the pool had no buffer.
  init(of memory: Memory, count: Int) {
    self.init(id: 0, address: UInt64(UInt(bitPattern: memory.give())), count: count)
  }

  /// Calls `body` with the bytes in place. They are not to be used after it has returned.
  public borrowing func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let start = UnsafeRawPointer(bitPattern: UInt(address))
    return try body(UnsafeRawBufferPointer(start: start, count: count))
  }

  /// A copy of the bytes.
  public var bytes: [UInt8] { withUnsafeBytes { Array($0) } }

  /// Gives the buffer back now, and tells when the library has an objection.
  public consuming func release() throws {
    let code = giveBack(id, address)
    discard self
    if code < 0 { throw Errno.last(code) }
  }

  /// For an operation that reads the bytes: it lets go of them at its FINAL.
  consuming func hold() -> HeldLease {
    let held = HeldLease(id: id, address: address)
    discard self
    return held
  }

  deinit { giveBack(id, address) }
}

final class HeldLease: Sendable {
  private let id: UInt64
  let address: UInt64

  init(id: UInt64, address: UInt64) {
    self.id = id
    self.address = address
  }

  deinit { giveBack(id, address) }
}

@discardableResult
private func giveBack(_ id: UInt64, _ address: UInt64) -> Int32 {
  if id != 0 { return ringline_lease_release(id) }
  UnsafeMutableRawPointer(bitPattern: UInt(address))?.deallocate()
  return 0
}
