// Mistakes are Swift errors with the library's words, and leave the ring usable.

import CRingline
import Foundation
import XCTest

@testable import Ringline

final class MistakeTests: XCTestCase {
  private var ring: Ring!

  override func setUp() async throws { ring = try Ring() }

  override func tearDown() async throws {
    try? await ring.close()
    ring = nil
  }

  func testErrnoHasCodeNameAndText() {
    let error = Errno(code: -EBADF)
    XCTAssertEqual(error, .badFileDescriptor)
    XCTAssertEqual(error.rawValue, EBADF)
    XCTAssertEqual(error.name, "EBADF")
    XCTAssertEqual(Errno(code: ABI.estale), .stale)
    XCTAssertEqual(Errno.stale.name, "RINGLINE_ESTALE")
    XCTAssertEqual(Errno.closed.nearest, ESHUTDOWN)
    XCTAssertNotEqual(error, .canceled)
    do {
      throw error as any Error
    } catch Errno.canceled {
      XCTFail("another error is taken for this one")
    } catch Errno.badFileDescriptor {
    } catch {
      XCTFail("\(error)")
    }
  }

  func testBadDescriptor() async throws {
    let file = File(fileDescriptor: 987, ring: ring)
    await assertThrows(.badFileDescriptor) { try await file.read(count: 1) }
    await assertThrows(.badFileDescriptor) { try await file.write([1]) }
    let socket = Socket(fileDescriptor: 987, closeOnDeinit: false, ring: ring)
    await assertThrows(.badFileDescriptor) { try await socket.send([1]) }
    await assertThrows(.badFileDescriptor) { try await socket.accept() }
    await assertThrows(.badFileDescriptor) {
      for try await _ in socket.connections {}
    }
    try await ring.nop()
  }

  func testNoSuchFile() async throws {
    await assertThrows(.noSuchFileOrDirectory) { [ring] in
      try await File("/nowhere/at/all", ring: ring!)
    }
  }

  /// Failure: a text that C reads up to its zero byte: another file, another socket, another host.
  func testTextsWithZeroBytes() async throws {
    try await withFolder { [ring] folder in
      let path = folder + "/file"
      _ = try await File(path, options: [.writeOnly, .create], ring: ring!)
      await assertThrows(.invalidArgument) { try await File(path + "\0more", ring: ring!) }
      await assertThrows(.invalidArgument) { try await File("\0" + path, ring: ring!) }
      await assertThrows(.invalidArgument) { try await File(path + "\0", ring: ring!) }
    }
    XCTAssertNil(SocketAddress(unix: "/tmp/a\0b"))
    XCTAssertNil(SocketAddress(unix: "/tmp/a\0"))
    XCTAssertNil(SocketAddress(ipv4: "127.0.0.1\0.5", port: 1))
    XCTAssertNil(SocketAddress(ipv6: "::1\0::2", port: 1))
    // One in front is an abstract name, with exactly these bytes.
    XCTAssertEqual(SocketAddress(unix: "\0a\0b")?.bytes.count, 2 + 4)
  }

  /// Failure: a receive of 0 bytes that looks like the end of the stream, a trap for a length that
  /// does not fit.
  func testLengths() async throws {
    let pair = try Pair(ring)
    await assertThrows(.invalidArgument) { try await pair.left.receive(count: 0) }
    await assertThrows(.invalidArgument) { try await pair.left.receive(count: -1) }
    await assertThrows(.invalidArgument) { try await pair.left.receive(count: 1 << 32) }
    await assertThrows(.invalidArgument) { [ring] in
      try await BufferPool(count: 3, size: 64, ring: ring!)
    }
  }

  func testRefusedConnection() async throws {
    let (socket, address) = try await listener(ring)
    try await socket.close()
    await assertThrows(.connectionRefused) { [ring] in try await client(ring!, to: address) }
  }

  /// Failure: one operation more than the ring was made for hangs, traps, or is not told apart.
  func testFullRing() async throws {
    let small = try Ring(.init(maxInFlight: 4))
    let pipe = try Pipe(small)
    try await withThrowingTaskGroup(of: [UInt8].self) { group in
      for _ in 0..<4 { group.addTask { try await pipe.reader.read(count: 1) } }
      try await small.untilInFlight(4)
      await assertThrows(.noSlot) { try await small.nop() }
      group.cancelAll()
      while let result = await group.nextResult() {
        XCTAssertThrowsError(try result.get()) { XCTAssertEqual($0 as? Errno, .canceled) }
      }
    }
    try await small.nop()
    try await small.close()
  }

  /// Failure: a small queue that refuses what it could take later.
  func testMoreThanTheQueueHolds() async throws {
    let small = try Ring(.init(submissionEntries: 2, completionEntries: 4))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<1000 { group.addTask { try await small.nop() } }
      try await group.waitForAll()
    }
    try await small.close()
  }

  /// Failure: anything but an error after a close: a hang, a trap, another ring's operation.
  func testUseAfterClose() async throws {
    let other = try Ring()
    let pair = try Pair(other)
    let file = try await File("/dev/null", ring: other)
    let pool = try await BufferPool(count: 1, size: 64, ring: other)
    try await other.close()
    await assertThrows(.closed) { try await other.nop() }
    await assertThrows(.closed) { try await other.close() }
    await assertThrows(.closed) { try await other.sleep(for: .seconds(100)) }
    await assertThrows(.closed) { for try await _ in other.timer(every: .seconds(1)) {} }
    await assertThrows(.closed) { try await file.read(count: 1) }
    await assertThrows(.closed) { _ = try await pair.left.receive(from: pool) }
    await assertThrows(.closed) { try await pool.leases() }
    await assertThrows(.closed) { try await BufferPool(count: 1, size: 64, ring: other) }
    // What is left of it can still be closed.
    try await file.close()
    XCTAssertEqual(file.fileDescriptor, -1)
  }

  /// Failure: an operation on a number that is another file's by now.
  func testFileAfterClose() async throws {
    let file = try await File("/dev/zero", ring: ring)
    let number = file.fileDescriptor
    try await file.close()
    let next = try await File("/dev/zero", ring: ring)
    XCTAssertEqual(next.fileDescriptor, number, "the number is used again")
    await assertThrows(.badFileDescriptor) { try await file.read(count: 1) }
    await assertThrows(.badFileDescriptor) { try await file.close() }
    let bytes = try await next.read(count: 1)
    XCTAssertEqual(bytes, [0])
    let pair = try Pair(ring)
    try await pair.left.close()
    await assertThrows(.badFileDescriptor) { try await pair.left.send([1]) }
    await assertThrows(.badFileDescriptor) { try await pair.left.close() }
  }

  /// Failure: a close that leaves a receive waiting for ever.
  func testCloseWithReceiveInFlight() async throws {
    let pair = try Pair(ring)
    async let bytes = pair.left.receive(count: 1)
    try await ring.untilInFlight(1)
    try await pair.left.close()
    do {
      let none = try await bytes
      XCTAssertEqual(none, [], "shut down")
    } catch {
      XCTAssertEqual(error as? Errno, .canceled)
    }
    let end = try await pair.right.receive(count: 1)
    XCTAssertEqual(end, [])
  }

  /// Failure: a kept lease whose bytes change or vanish, a pool that gives a buffer away twice, or
  /// that stays empty when the lease is back; an error, or no end, where no buffer is left.
  func testLeaseKept() async throws {
    let pair = try Pair(ring)
    let pool = try await BufferPool(count: 1, size: 64, ring: ring)
    try await pair.left.send([1, 2, 3])
    guard let kept = try await pair.right.receive(from: pool) else { return XCTFail("no data") }
    try await pair.left.send([4])
    guard let beside = try await pair.right.receive(from: pool) else { return XCTFail("no data") }
    XCTAssertEqual(beside.bytes, [4])
    XCTAssertEqual(kept.bytes, [1, 2, 3])
    var leases = try await pool.leases()
    XCTAssertEqual(leases, 1, "one is memory of its own")
    try await pair.right.send(beside)
    let back = try await pair.left.receive(count: 10)
    XCTAssertEqual(back, [4])
    try kept.release()
    try await pair.left.send([4])
    guard let next = try await pair.right.receive(from: pool) else { return XCTFail("no data") }
    XCTAssertEqual(next.bytes, [4])
    leases = try await pool.leases()
    XCTAssertEqual(leases, 1)
    // It outlives pool and ring.
    try await pool.close()
    await assertThrows(.stale) { try await pool.leases() }
    await assertThrows(.stale) { _ = try await pair.right.receive(from: pool) }
    try await ring.close()
    XCTAssertEqual(next.bytes, [4])
    try next.release()
  }

  /// Failure: a pool that is given up under a receive.
  func testPoolInUse() async throws {
    let pair = try Pair(ring)
    let pool = try await BufferPool(count: 1, size: 64, ring: ring)
    let task = Task { () throws -> Int in
      guard let lease = try await pair.right.receive(from: pool) else { return 0 }
      return lease.count
    }
    try await ring.untilInFlight(1)
    await assertThrows(.resourceBusy) { try await pool.close() }
    try await pair.left.send([1])
    let count = try await task.value
    XCTAssertEqual(count, 1)
    try await pool.close()
  }

  /// Failure: a trap where a ring cannot be made, or a shared ring that stays broken when it can.
  func testRingThatCannotBeMade() async throws {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    var none = rlimit(rlim_cur: 3, rlim_max: limit.rlim_max)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none)
    let refusing = (0..<2).map { _ in Ring.shared }
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    for ring in refusing {
      do {
        try await ring.nop()
        XCTFail("a ring that cannot be")
      } catch let error as Errno {
        XCTAssertEqual(error.rawValue, EMFILE)
        XCTAssertFalse(error.detail.isEmpty, "\(error)")
      }
      await assertThrows(Errno(rawValue: EMFILE)) { try await ring.close() }
      // What it was lent is closed all the same.
      let before = try count("fd")
      try await Socket(fileDescriptor: dup(0), ring: ring).close()
      XCTAssertEqual(try count("fd"), before)
    }
    let shared = Ring.shared
    try await shared.nop()
    XCTAssertTrue(shared === Ring.shared)
    let file = try await File("/dev/zero")
    XCTAssertTrue(file.ring === shared)
  }
}
