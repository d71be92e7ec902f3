// Each operation does what it says.

import CRingline
import Foundation
import XCTest

@testable import Ringline

final class OperationTests: XCTestCase {
  private var ring: Ring!

  override func setUp() async throws { ring = try Ring() }

  override func tearDown() async throws {
    try await ring.close()
    ring = nil
  }

  func testNop() async throws { try await ring.nop() }

  /// Failure: bytes at another offset, a size that is not the file's, no end of file.
  func testFile() async throws {
    try await withFolder { folder in
      let path = folder + "/file"
      let file = try await File(
        path, options: [.readWrite, .create, .exclusiveCreate], permissions: 0o600, ring: ring)
      let bytes = noise(100_000, seed: 1)
      let written = try await file.write(bytes)
      XCTAssertEqual(written, bytes.count)
      try await file.write([1, 2, 3], at: 50_000)
      try await file.sync()
      try await file.sync(dataOnly: true)
      let size = try await file.size()
      XCTAssertEqual(size, 100_000)
      let middle = try await file.read(count: 5, at: 49_999)
      XCTAssertEqual(middle, [bytes[49_999], 1, 2, 3, bytes[50_003]])
      let atEnd = try await file.read(count: 10)
      XCTAssertEqual(atEnd, [], "the file stands at its end")
      try await file.close()
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      XCTAssertEqual(mode, 0o600)

      let again = try await File(path, options: [.writeOnly, .append], ring: ring)
      try await again.write([9])
      let longer = try await again.size()
      XCTAssertEqual(longer, 100_001)
      let empty = try await File(path, options: [.writeOnly, .truncate], ring: ring)
      let none = try await empty.size()
      XCTAssertEqual(none, 0)
    }
  }

  /// Failure: a byte lost or out of place, an end of the stream that is not told.
  func testStream() async throws {
    let (socket, address) = try await listener(ring)
    async let accepted = socket.accept(timeout: .seconds(10))
    let near = try await client(ring, to: address)
    let far = try await accepted
    XCTAssertEqual(try near.peerAddress, address)
    XCTAssertEqual(try far.peerAddress, try near.localAddress)

    let bytes = noise(4 << 20, seed: 2)
    async let sent: Void = near.send(bytes)
    var received: [UInt8] = []
    while received.count < bytes.count {
      let some = try await far.receive(count: 1 << 16)
      XCTAssertFalse(some.isEmpty)
      received += some
    }
    try await sent
    XCTAssertEqual(digest(received), digest(bytes))
    try await near.shutdown(.send)
    let rest = try await far.receive(count: 10)
    XCTAssertEqual(rest, [])
    try await near.close()
    try await far.close()
    try await socket.close()
  }

  /// Failure: a datagram cut, joined with the next one, or to somebody else.
  func testDatagram() async throws {
    let left = try await Socket(.ipv4, .datagram, ring: ring)
    let right = try await Socket(.ipv4, .datagram, ring: ring)
    try left.bind(to: .loopback())
    try right.bind(to: .loopback())
    try await left.connect(to: try right.localAddress)
    try await left.send([1, 2, 3])
    try await left.send([4])
    let first = try await right.receive(count: 100)
    let second = try await right.receive(count: 100)
    XCTAssertEqual(first, [1, 2, 3])
    XCTAssertEqual(second, [4])
  }

  func testUnixSocket() async throws {
    try await withFolder { folder in
      let path = folder + "/s"
      let address = try XCTUnwrap(SocketAddress(unix: path))
      let server = try await Socket(.unix, .stream, ring: ring)
      try server.bind(to: address)
      try server.listen(backlog: 1)
      let near = try await Socket(.unix, .stream, ring: ring)
      try await near.connect(to: address)
      let far = try await server.accept()
      try await far.send([7])
      let bytes = try await near.receive(count: 1)
      XCTAssertEqual(bytes, [7])
    }
  }

  /// Failure: a path that ends at a zero byte is taken for another one; an abstract name that other
  /// languages do not find, for it has zeros behind it.
  func testNamesOfUnixSockets() throws {
    XCTAssertNil(SocketAddress(unix: "/tmp/one\0two"))
    XCTAssertNil(SocketAddress(unix: ""))
    XCTAssertNil(SocketAddress(unix: String(repeating: "x", count: 108)))
    XCTAssertEqual(try XCTUnwrap(SocketAddress(unix: "\0name")).bytes.count, 2 + 5)
    XCTAssertEqual(try XCTUnwrap(SocketAddress(unix: "/name")).bytes.count, 2 + 6)
  }

  /// Failure: a connection lost when more come than are taken, more than some 64 that wait in the
  /// sequence and not in the kernel, one that stays open after the walk was left, an operation left
  /// in flight.
  func testConnections() async throws {
    let (socket, address) = try await listener(ring)
    let descriptors = try count("fd")
    var clients: [Socket] = []
    var taken = 0
    for _ in 0..<50 { clients.append(try await client(ring, to: address)) }
    for try await connection in socket.connections {
      try await connection.send([1])
      taken += 1
      // While one is held, more come.
      if taken == 1 {
        for _ in 0..<300 { clients.append(try await client(ring, to: address)) }
        XCTAssertLessThan(try count("fd") - descriptors - clients.count, 150)
      }
      if taken == 340 { break }
    }
    try await ring.untilInFlight(0)
    XCTAssertEqual(taken, 340)
    clients = []
    try await untilAtMost(descriptors, "fd")
  }

  func testPoll() async throws {
    let pipe = try Pipe(ring)
    try await pipe.writer.write([1])
    let events = try await ring.poll(
      fileDescriptor: pipe.reader.fileDescriptor, for: UInt32(POLLIN))
    XCTAssertEqual(events, UInt32(POLLIN))
  }

  /// Failure: a timer that ends early.
  func testSleep() async throws {
    let time = try await ContinuousClock().measure { try await ring.sleep(for: .milliseconds(20)) }
    XCTAssertGreaterThanOrEqual(time, .milliseconds(20))
    try await ring.sleep(for: .zero)
    try await ring.sleep(for: .seconds(-1))
  }

  /// Failure: ticks that come early, are lost or pile up, a timer left in flight.
  func testTimer() async throws {
    let start = ContinuousClock.now
    var ticks = 0
    for try await count in ring.timer(every: .milliseconds(2)) {
      ticks += count
      if ticks >= 10 { break }
      // Of those that pass meanwhile, the next element tells.
      if ticks == 1 { try await ring.sleep(for: .milliseconds(8)) }
    }
    XCTAssertGreaterThanOrEqual(ContinuousClock.now - start, .milliseconds(2 * ticks))
    try await ring.untilInFlight(0)
  }

  /// Failure: an operation without a method of its own that does not work either.
  func testAnyOperation() async throws {
    try await withFolder { folder in
      let (from, to) = (try Memory(folder + "/a"), try Memory(folder + "/b"))
      let names = (
        from.base.assumingMemoryBound(to: CChar.self), to.base.assumingMemoryBound(to: CChar.self)
      )
      var op = ringline_op()
      ringline_prep_mkdirat(&op, AT_FDCWD, names.0, 0o700)
      let made = try await ring.perform(op, owner: from)
      ringline_prep_renameat(&op, AT_FDCWD, names.0, AT_FDCWD, names.1, 0)
      let renamed = try await ring.perform(op, owner: from)
      XCTAssertEqual([made, renamed], [0, 0])
      XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder), ["b"])
      ringline_prep_unlinkat(&op, AT_FDCWD, names.1, 0x200)
      _ = try await ring.perform(op, owner: to)
      XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder), [])
    }
  }

  /// Failure: other bytes than were sent, a buffer that does not come back.
  func testPool() async throws {
    let pair = try Pair(ring)
    let pool = try await BufferPool(count: 2, size: 64, ring: ring)
    for round in 0..<10 {
      try await pair.left.send([UInt8(round), 1, 2])
      guard let lease = try await pair.right.receive(from: pool) else {
        return XCTFail("the end of a stream that goes on")
      }
      XCTAssertEqual(lease.count, 3)
      XCTAssertEqual(lease.bytes, [UInt8(round), 1, 2])
      XCTAssertEqual(lease.withUnsafeBytes { $0[0] }, UInt8(round))
      switch round % 3 {
      case 0: try lease.release()
      case 1: try await pair.right.send(lease)
      default: break
      }
      if round % 3 == 1 {
        let back = try await pair.left.receive(count: 10)
        XCTAssertEqual(back, [UInt8(round), 1, 2])
      }
    }
    let leases = try await pool.leases()
    XCTAssertEqual(leases, 0)
    try await pair.left.close()
    let end = try await pair.right.receive(from: pool)
    XCTAssertTrue(end == nil)
  }

  /// Failure: a lease that is given back while the kernel still sends from it.
  func testLeaseIsKeptWhileSent() async throws {
    let (pair, full) = (try Pair(ring), try Pair(ring))
    let pool = try await BufferPool(count: 1, size: 64, ring: ring)
    let junk = [UInt8](repeating: 0, count: 1 << 16)
    while send(full.left.fileDescriptor, junk, junk.count, Int32(MSG_DONTWAIT)) > 0 {}
    try await pair.left.send([1, 2, 3])
    let before = try ring.submitted()
    let task = Task {
      guard let lease = try await pair.right.receive(from: pool) else { return }
      try await full.left.send(lease)
    }
    // The receive and the send.
    while try ring.submitted() < before + 2 { await Task.yield() }
    let leases = try await pool.leases()
    XCTAssertEqual(leases, 1)
    task.cancel()
    await assertThrows(.canceled) { try await task.value }
    let after = try await pool.leases()
    XCTAssertEqual(after, 0)
  }

  /// Failure: pieces of one buffer that overlap.
  func testIncrementalPool() async throws {
    let pair = try Pair(ring)
    let pool = try await BufferPool(count: 1, size: 4096, incremental: true, ring: ring)
    try await pair.left.send([1, 2, 3])
    guard let first = try await pair.right.receive(from: pool) else { return XCTFail("no data") }
    try await pair.left.send([4, 5])
    guard let second = try await pair.right.receive(from: pool) else { return XCTFail("no data") }
    XCTAssertEqual(first.bytes, [1, 2, 3])
    XCTAssertEqual(second.bytes, [4, 5])
  }
}
