// What several tests need: pairs of descriptors, and a look at what is in flight.

import CRingline
import Foundation
import XCTest

@testable import Ringline

extension Ring {
  func inFlight() async throws -> Int {
    Int(try await driver.call { Int32(ringline_inflight($0)) })
  }

  /// Operations submitted so far.
  func submitted() throws -> UInt64 {
    var stats = ringline_stats()
    let code = ringline_stats_of(driver.handle, &stats)
    if code < 0 { throw Errno(code: code) }
    return stats.submitted
  }

  /// Returns when so many operations are in flight.
  func untilInFlight(_ count: Int) async throws {
    let end = ContinuousClock.now + .seconds(10)
    while case let now = try await inFlight(), now != count {
      if ContinuousClock.now > end { return XCTFail("\(now) are in flight, not \(count)") }
      await Task.yield()
    }
  }
}

struct Pair {
  let left: Socket
  let right: Socket

  init(_ ring: Ring) throws {
    var numbers: [Int32] = [0, 0]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &numbers) == 0 else {
      throw Errno(rawValue: errno)
    }
    left = Socket(fileDescriptor: numbers[0], ring: ring)
    right = Socket(fileDescriptor: numbers[1], ring: ring)
  }
}

struct Pipe {
  let reader: File
  let writer: File

  init(_ ring: Ring) throws {
    var numbers: [Int32] = [0, 0]
    guard pipe(&numbers) == 0 else { throw Errno(rawValue: errno) }
    reader = File(fileDescriptor: numbers[0], closeOnDeinit: true, ring: ring)
    writer = File(fileDescriptor: numbers[1], closeOnDeinit: true, ring: ring)
  }
}

/// A folder of its own, which is gone when the body returns.
func withFolder<T>(_ body: (String) async throws -> T) async throws -> T {
  let folder = NSTemporaryDirectory() + "/ringline-\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  return try await body(folder)
}

func listener(_ ring: Ring) async throws -> (Socket, SocketAddress) {
  let socket = try await Socket(.ipv4, .stream, ring: ring)
  try socket.bind(to: .loopback())
  try socket.listen()
  return (socket, try socket.localAddress)
}

func client(_ ring: Ring, to address: SocketAddress) async throws -> Socket {
  let socket = try await Socket(.ipv4, .stream, ring: ring)
  try await socket.connect(to: address, timeout: .seconds(10))
  return socket
}

/// Expects an error of this code, and that it has the library's words.
func assertThrows<T>(
  _ expected: Errno, file: StaticString = #filePath, line: UInt = #line,
  _ body: () async throws -> T
) async {
  do {
    _ = try await body()
    XCTFail("nothing was thrown, not \(expected.name)", file: file, line: line)
  } catch let error as Errno {
    XCTAssertEqual(error, expected, file: file, line: line)
    let text = String(cString: ringline_strerror(error.code))
    XCTAssertFalse(text.isEmpty, file: file, line: line)
    XCTAssertTrue(error.description.contains(text), "\(error)", file: file, line: line)
    XCTAssertTrue(error.description.contains(error.name), "\(error)", file: file, line: line)
  } catch {
    XCTFail("\(error)", file: file, line: line)
  }
}

/// Entries of a folder of /proc/self: descriptors or threads.
func count(_ folder: String) throws -> Int {
  try FileManager.default.contentsOfDirectory(atPath: "/proc/self/\(folder)").count
}

/// Returns when the count is no more than that. Threads that were told to end need a moment.
func untilAtMost(_ most: Int, _ folder: String) async throws {
  let end = ContinuousClock.now + .seconds(10)
  while try count(folder) > most {
    if ContinuousClock.now > end {
      return XCTFail("\(try count(folder)) in /proc/self/\(folder), not \(most)")
    }
    await Task.yield()
  }
}

/// Bytes that are the same for the same seed, and different for another.
func noise(_ count: Int, seed: UInt64) -> [UInt8] {
  var state = seed &* 2 &+ 1
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt8(truncatingIfNeeded: state >> 56)
  }
}

/// FNV-1a, 64 bits.
func digest(_ bytes: [UInt8]) -> UInt64 {
  bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
}
