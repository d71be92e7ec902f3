// A cancelled task: its operation ends, and what the kernel was given is kept until then.

import CRingline
import Foundation
import XCTest

@testable import Ringline

final class CancellationTests: XCTestCase {
  private var ring: Ring!

  override func setUp() async throws { ring = try Ring() }

  override func tearDown() async throws {
    try? await ring.close()
    ring = nil
  }

  /// Failure: a task that does not end, or an operation that goes on without it.
  func testCancelledRead() async throws {
    let pipe = try Pipe(ring)
    let task = Task { try await pipe.reader.read(count: 1) }
    try await ring.untilInFlight(1)
    task.cancel()
    await assertThrows(.canceled) { try await task.value }
    let left = try await ring.inFlight()
    XCTAssertEqual(left, 0)
    // What comes later is for the next one.
    try await pipe.writer.write([5])
    let bytes = try await pipe.reader.read(count: 1)
    XCTAssertEqual(bytes, [5])
  }

  /// Failure: the documented way to catch an error, which the compiler or the pattern refuses: in a
  /// function that throws anything, not exhaustive.
  func testCatchByName() async throws {
    var caught: [String] = []
    let pipe = try Pipe(ring)
    do {
      _ = try await pipe.reader.read(count: 1, timeout: .zero)
    } catch Errno.canceled {
      caught.append("canceled")
    } catch Errno.timedOut {
      caught.append("timedOut")
    }
    let (socket, _) = try await listener(ring)
    let walk = Task {
      do {
        for try await _ in socket.connections {}
      } catch Errno.canceled {
        return "canceled"
      }
      return "over"
    }
    try await ring.untilInFlight(1)
    walk.cancel()
    caught.append(try await walk.value)
    XCTAssertEqual(caught, ["timedOut", "canceled"])
  }

  /// Failure: an operation that is submitted although its task was cancelled before.
  func testCancelledBefore() async throws {
    let pipe = try Pipe(ring)
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      return try await pipe.reader.read(count: 1, timeout: .seconds(5))
    }
    task.cancel()
    await assertThrows(.canceled) { try await task.value }
  }

  /// Failure: a task that goes on, or memory that is given back, between the cancel and FINAL. The
  /// thread of the ring is held up meanwhile, so that FINAL cannot have come.
  func testCancelWaitsForFinal() async throws {
    final class Owner: Sendable {}
    final class Seen: @unchecked Sendable {
      weak var owner: Owner?
      var hasEnded = false
    }
    let pipe = try Pipe(ring)
    let (seen, gate, held) = (Seen(), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let number = pipe.reader.fileDescriptor
    let task = Task { [ring] in
      let owner = Owner()
      seen.owner = owner
      defer { seen.hasEnded = true }
      return try await CancellationTests.read(number, owner: owner, ring: ring!)
    }
    try await ring.untilInFlight(1)
    ring.driver.later { _ in
      held.signal()
      gate.wait()
    }
    held.wait()
    task.cancel()
    for _ in 0..<10_000 { await Task.yield() }
    XCTAssertFalse(seen.hasEnded)
    XCTAssertNotNil(seen.owner)
    gate.signal()
    await assertThrows(.canceled) { try await task.value }
    while seen.owner != nil { await Task.yield() }
  }

  private static func read(_ number: Int32, owner: AnyObject & Sendable, ring: Ring) async throws
    -> Int32
  {
    let memory = Memory(count: 1)
    var op = ringline_op()
    ringline_prep_read(&op, number, memory.base, 1, .max)
    defer { withExtendedLifetime(memory) {} }
    return try await ring.perform(op, owner: owner)
  }

  /// Failure: an operation that outlives its time, or a timer that outlives its operation.
  func testTimeouts() async throws {
    let pair = try Pair(ring)
    let pool = try await BufferPool(count: 1, size: 64, ring: ring)
    let short = Duration.milliseconds(5)
    let time = await ContinuousClock().measure {
      await assertThrows(.timedOut) { try await pair.left.receive(count: 1, timeout: short) }
    }
    XCTAssertGreaterThanOrEqual(time, short)
    await assertThrows(.timedOut) {
      guard let lease = try await pair.left.receive(from: pool, timeout: short) else { return 0 }
      return lease.count
    }
    let (socket, _) = try await listener(ring)
    await assertThrows(.timedOut) { try await socket.accept(timeout: .zero) }
    let pipe = try Pipe(ring)
    await assertThrows(.timedOut) { try await pipe.reader.read(count: 1, timeout: short) }
    let full = [UInt8](repeating: 0, count: 8 << 20)
    await assertThrows(.timedOut) { try await pair.left.send(full, timeout: short) }

    // In time: the timer goes with its operation.
    try await pair.right.send([1], timeout: .seconds(1000))
    let bytes = try await pair.left.receive(count: 1, timeout: .seconds(1000))
    XCTAssertEqual(bytes, [1])
    try await ring.untilInFlight(0)
    // And a cancelled task's is no timeout.
    let task = Task { try await pipe.reader.read(count: 1, timeout: .seconds(1000)) }
    try await ring.untilInFlight(2)
    task.cancel()
    await assertThrows(.canceled) { try await task.value }
    try await ring.untilInFlight(0)
  }

  func testCancelledSleep() async throws {
    let task = Task { [ring] in try await ring!.sleep(for: .seconds(1000)) }
    try await ring.untilInFlight(1)
    task.cancel()
    await assertThrows(.canceled) { try await task.value }
  }

  /// Failure: a walk that does not end with its task, or an accept that goes on.
  func testCancelledSequences() async throws {
    let (socket, _) = try await listener(ring)
    let walk = Task { for try await _ in socket.connections {} }
    let ticks = Task { [ring] in for try await _ in ring!.timer(every: .seconds(1000)) {} }
    try await ring.untilInFlight(2)
    walk.cancel()
    ticks.cancel()
    await assertThrows(.canceled) { try await walk.value }
    await assertThrows(.canceled) { try await ticks.value }
    let left = try await ring.inFlight()
    XCTAssertEqual(left, 0)
  }

  /// Failure: data that the kernel took and nobody gets, when the cancel comes at the same time.
  func testCancelLosesNoData() async throws {
    let pair = try Pair(ring)
    var (sent, received) = (0, 0)
    for round in 0..<2000 {
      let task = Task { try await pair.right.receive(count: 100) }
      if round % 2 == 0 { await Task.yield() }
      async let sending: Void = pair.left.send([1])
      task.cancel()
      try await sending
      sent += 1
      do {
        received += try await task.value.count
      } catch Errno.canceled {}
    }
    try await pair.left.shutdown(.send)
    while case let rest = try await pair.right.receive(count: 100), !rest.isEmpty {
      received += rest.count
    }
    XCTAssertEqual(received, sent)
  }

  /// Failure: a task that is never resumed because its ring was closed.
  func testCloseEndsEverything() async throws {
    let pipe = try Pipe(ring)
    try await withThrowingTaskGroup(of: [UInt8].self) { [ring] group in
      for _ in 0..<1000 { group.addTask { try await pipe.reader.read(count: 1) } }
      try await ring!.untilInFlight(1000)
      try await ring!.close()
      var ended = 0
      while let result = await group.nextResult() {
        XCTAssertThrowsError(try result.get()) { XCTAssertEqual($0 as? Errno, .canceled) }
        ended += 1
      }
      XCTAssertEqual(ended, 1000)
    }
  }
}
