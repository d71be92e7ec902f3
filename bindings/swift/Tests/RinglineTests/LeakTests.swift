// What many operations and many rings leave behind: nothing.

import CRingline
import Foundation
import XCTest

@testable import Ringline

final class LeakTests: XCTestCase {
  private func residentBytes() throws -> Int {
    let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
    return Int(text.split(separator: " ")[1])! * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// A bit of everything, eight operations.
  private static func work(
    _ ring: Ring, _ zero: File, _ null: File, _ pair: Pair, _ pool: BufferPool
  ) async throws {
    try await ring.nop()
    let bytes = try await zero.read(count: 1000, timeout: .seconds(100))
    try await null.write(bytes)
    try await pair.left.send(bytes)
    guard let lease = try await pair.right.receive(from: pool) else { return }
    try await pair.right.send(lease)
    let count = try await pair.left.receive(count: 2000).count
    if count != 1000 { throw Errno(rawValue: EIO) }
    let file = try await File("/dev/null", ring: ring)
    try await file.close()
  }

  /// Failure: descriptors, threads or memory that grow with the number of operations.
  func testManyOperations() async throws {
    let ring = try Ring()
    let zero = try await File("/dev/zero", ring: ring)
    let null = try await File("/dev/null", options: .writeOnly, ring: ring)
    func run(_ rounds: Int) async throws {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<10 {
          let pair = try Pair(ring)
          let pool = try await BufferPool(count: 4, size: 1024, ring: ring)
          group.addTask {
            for _ in 0..<rounds { try await Self.work(ring, zero, null, pair, pool) }
          }
        }
        try await group.waitForAll()
      }
    }
    try await run(100)
    try await ring.untilInFlight(0)
    let (descriptors, threads) = (try count("fd"), try count("task"))
    let resident = try residentBytes()
    try await run(1250)
    let operations = 10 * 1250 * 8
    XCTAssertGreaterThanOrEqual(operations, 100_000)
    try await ring.untilInFlight(0)
    try await untilAtMost(descriptors, "fd")
    try await untilAtMost(threads, "task")
    // 60 bytes for each operation.
    XCTAssertLessThan(try residentBytes() - resident, 6 << 20)
    try await ring.close()
  }

  /// Failure: a ring that leaves its descriptor, its thread or its memory: closed, or only dropped,
  /// also with an operation in flight.
  func testManyRings() async throws {
    func round() async throws {
      let closed = try Ring()
      try await closed.nop()
      try await closed.close()
      let dropped = try Ring()
      try await dropped.nop()
      let pipe = try Pipe(try Ring())
      let task = Task { try await pipe.reader.read(count: 1) }
      task.cancel()
      _ = await task.result
    }
    try await round()
    // Threads of Swift's own pool are not counted as ours: the first round made them.
    let (descriptors, threads) = (try count("fd"), try count("task"))
    for _ in 0..<50 { try await round() }
    try await untilAtMost(descriptors, "fd")
    try await untilAtMost(threads + 2, "task")
  }
}
