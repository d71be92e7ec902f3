// What one client or one operation does to the others: nothing.

import CRingline
import Foundation
import XCTest

@testable import Ringline

final class TroubleTests: XCTestCase {
  private var ring: Ring!

  override func setUp() async throws { ring = try Ring() }

  override func tearDown() async throws {
    try await ring.close()
    ring = nil
  }

  /// Returns when the driver has had so many more operations.
  private func until(_ operations: UInt64, more before: UInt64) async throws {
    let end = ContinuousClock.now + .seconds(10)
    while try ring.submitted() < before + operations {
      if ContinuousClock.now > end { throw Errno.timedOut }
      await Task.yield()
    }
  }

  /// Fills what the kernel has room for, so that the next send waits.
  private func fill(_ socket: Socket) -> Int {
    let junk = [UInt8](repeating: 0, count: 1 << 16)
    var (all, sent) = (0, 0)
    repeat {
      sent = send(socket.fileDescriptor, junk, junk.count, Int32(MSG_DONTWAIT))
      all += max(sent, 0)
    } while sent > 0
    return all
  }

  /// Failure: a second send that throws, into a task that nobody asks, or whose bytes mix with the
  /// first one's.
  func testSendsGoOneAfterTheOther() async throws {
    let pair = try Pair(ring)
    let size = 1 << 20
    var sends: [Task<Void, any Error>] = []
    for value in 1...3 {
      let before = try ring.submitted()
      sends.append(
        Task {
          let bytes = [UInt8](repeating: UInt8(value), count: size)
          try await pair.left.send(bytes, timeout: .seconds(60))
        })
      // The next one is asked for when this one is with the driver: its timer and it, or in the
      // line its timer alone.
      try await until(value == 1 ? 2 : 1, more: before)
    }
    var all: [UInt8] = []
    while all.count < 3 * size {
      all += try await pair.right.receive(count: 1 << 20, timeout: .seconds(20))
    }
    for send in sends { try await send.value }
    for value in 1...3 {
      XCTAssertTrue(all[(value - 1) * size..<value * size].allSatisfy { $0 == UInt8(value) })
    }
  }

  /// What was asked for before this has come to the driver: jobs are done in order.
  private func settle() async throws {
    for _ in 0..<100 { await Task.yield() }
    try await ring.nop()
  }

  /// Failure: a send that waits for its turn and heeds neither its time nor its task; one that goes
  /// out behind another that was cut in two; a line that stands still afterwards.
  func testSendsThatWait() async throws {
    let pair = try Pair(ring)
    let filled = fill(pair.left)
    let before = try ring.submitted()
    let first = Task { try await pair.left.send([UInt8](repeating: 1, count: 4 << 20)) }
    try await until(1, more: before)
    await assertThrows(.timedOut) {
      try await pair.left.send([2], timeout: .milliseconds(10))
    }
    // In the line, whose timer says so.
    var operations = try ring.submitted()
    let second = Task { try await pair.left.send([3], timeout: .seconds(60)) }
    try await until(1, more: operations)
    second.cancel()
    await assertThrows(.canceled) { try await second.value }
    operations = try ring.submitted()
    let third = Task { try await pair.left.send([4], timeout: .seconds(60)) }
    try await until(1, more: operations)
    // Some of the first one goes, and then no more.
    var left = filled + 1
    while left > 0 { left -= try await pair.right.receive(count: left).count }
    first.cancel()
    await assertThrows(.canceled) { try await first.value }
    await assertThrows(.canceled) { try await third.value }
    // The line is free.
    try await pair.left.shutdown(.send)
    var rest: [UInt8] = []
    while case let some = try await pair.right.receive(count: 1 << 20), !some.isEmpty {
      rest += some
    }
    XCTAssertFalse(rest.isEmpty)
    XCTAssertTrue(rest.allSatisfy { $0 == 1 })
  }

  /// Failure: a deep line that is cut, and overflows the stack.
  func testLongLine() async throws {
    let pair = try Pair(ring)
    _ = fill(pair.left)
    let before = try ring.submitted()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await pair.left.send([1]) }
      try await until(1, more: before)
      for _ in 0..<10_000 { group.addTask { try await pair.left.send([1]) } }
      try await settle()
      try await pair.left.close()
      while let result = await group.nextResult() { XCTAssertThrowsError(try result.get()) }
    }
    try await ring.nop()
  }

  /// Failure: clients that do not read hold all buffers of a pool by the sends to them, and who
  /// comes later gets an error or waits for ever.
  func testClientsThatDoNotRead() async throws {
    let pool = try await BufferPool(count: 4, size: 64, ring: ring)
    var stuck: [Task<Void, any Error>] = []
    for _ in 0..<8 {
      let pair = try Pair(ring)
      let before = try ring.submitted()
      _ = fill(pair.right)
      try await pair.left.send([1, 2, 3])
      stuck.append(
        Task {
          guard let lease = try await pair.right.receive(from: pool) else { return }
          try await pair.right.send(lease)
        })
      // Its own send, the receive, and the send that waits.
      try await until(3, more: before)
      try await settle()
    }
    let leases = try await pool.leases()
    XCTAssertEqual(leases, 4)
    let pair = try Pair(ring)
    let echo = Task {
      while let lease = try await pair.right.receive(from: pool) {
        try await pair.right.send(lease)
      }
    }
    for round in 0..<100 {
      try await pair.left.send([UInt8(round)])
      let back = try await pair.left.receive(count: 10, timeout: .seconds(5))
      XCTAssertEqual(back, [UInt8(round)])
    }
    try await pair.left.shutdown(.send)
    try await echo.value
    for task in stuck {
      task.cancel()
      await assertThrows(.canceled) { try await task.value }
    }
    let after = try await pool.leases()
    XCTAssertEqual(after, 0)
  }

  /// Failure: a server that cannot begin again on its port, since connections of the last one are
  /// in TIME_WAIT.
  func testPortInTimeWait() async throws {
    let first = try await Socket(.ipv4, .stream, ring: ring)
    try first.setReuseAddr()
    try first.bind(to: .loopback())
    try first.listen()
    let address = try first.localAddress
    let near = try await client(ring, to: address)
    let far = try await first.accept()
    // Who closes first is who waits.
    try await far.close()
    let end = try await near.receive(count: 1, timeout: .seconds(10))
    XCTAssertEqual(end, [])
    try await near.close()
    try await first.close()
    let plain = try await Socket(.ipv4, .stream, ring: ring)
    await assertThrows(.addressInUse) { try plain.bind(to: address) }
    let second = try await Socket(.ipv4, .stream, ring: ring)
    try second.setReuseAddr()
    try second.bind(to: address)
    try second.listen()
    _ = try await client(ring, to: address)
  }

  /// Failure: a server that ends because there was no descriptor for a moment.
  func testAcceptWithoutDescriptors() async throws {
    let (socket, address) = try await listener(ring)
    let near = try await client(ring, to: address)
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    var none = rlimit(rlim_cur: 3, rlim_max: limit.rlim_max)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none)
    let before = try ring.submitted()
    let accepted = Task { () throws -> Socket? in
      for try await connection in socket.connections { return connection }
      return nil
    }
    // The accept, and the time that it waits.
    var waits: (any Error)?
    do { try await until(2, more: before) } catch { waits = error }
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    if let waits { throw waits }
    let far = try await accepted.value
    try await far?.send([1])
    let bytes = try await near.receive(count: 1, timeout: .seconds(10))
    XCTAssertEqual(bytes, [1])
  }

  /// Failure: an operation that comes while the queue is full is refused instead of waiting, or
  /// waits and cannot be cancelled.
  func testFullQueue() async throws {
    let small = try Ring(.init(submissionEntries: 1, completionEntries: 2))
    let pipe = try Pipe(small)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for round in 0..<500 {
        group.addTask {
          if round % 5 > 0 {
            try await small.nop()
            return true
          }
          do {
            _ = try await pipe.reader.read(count: 1, timeout: .milliseconds(round))
            return false
          } catch Errno.timedOut {
            return true
          }
        }
      }
      while let good = try await group.next() { XCTAssertTrue(good) }
    }
    try await small.close()
  }
}
