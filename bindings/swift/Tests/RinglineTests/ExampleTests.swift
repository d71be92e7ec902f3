// The examples, run as programs.

import Foundation
import XCTest

@testable import Ringline

final class ExampleTests: XCTestCase {
  /// In RINGLINE_EXAMPLES (scripts/swift.sh: as built for release), else where the test lies.
  private func example(_ name: String) -> URL {
    if let folder = ProcessInfo.processInfo.environment["RINGLINE_EXAMPLES"] {
      return URL(fileURLWithPath: folder).appendingPathComponent(name)
    }
    let tests = URL(fileURLWithPath: CommandLine.arguments[0])
    return tests.deletingLastPathComponent().appendingPathComponent(name)
  }

  private func output(_ program: URL, _ arguments: [String]) throws -> String {
    let (process, pipe) = (Process(), Foundation.Pipe())
    process.executableURL = program
    process.arguments = arguments
    process.standardOutput = pipe
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    XCTAssertEqual(process.terminationStatus, 0, program.path)
    return text
  }

  private func sha256(_ path: String) throws -> Substring {
    let text = try output(URL(fileURLWithPath: "/usr/bin/sha256sum"), [path])
    return try XCTUnwrap(text.split(separator: " ").first)
  }

  /// Failure: a copy that is not the same, also of an empty file and of one that ends in a piece.
  func testFileCopy() async throws {
    try await withFolder { folder in
      for size in [0, 1, 256 * 1024, 3_000_001] {
        let (from, to) = (folder + "/from", folder + "/to")
        try Data(noise(size, seed: UInt64(size))).write(to: URL(fileURLWithPath: from))
        XCTAssertEqual(try output(example("file-copy"), [from, to]), "\(size) bytes\n")
        XCTAssertEqual(try sha256(to), try sha256(from))
      }
    }
  }

  /// Failure: of 100 connections at a time, one whose bytes come back otherwise than they went.
  func testTCPEcho() async throws {
    let (process, input, output) = (Process(), Foundation.Pipe(), Foundation.Pipe())
    process.executableURL = example("tcp-echo")
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    defer { process.terminate() }
    let line = String(
      decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    let port = try XCTUnwrap(UInt16(line.dropFirst("port ".count).dropLast()), line)

    let ring = try Ring()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for seed in 0..<100 {
        group.addTask {
          let bytes = noise(30_000 + seed, seed: UInt64(seed))
          let socket = try await client(ring, to: .loopback(port: port))
          async let sent: Void = socket.send(bytes)
          var back: [UInt8] = []
          while back.count < bytes.count {
            let some = try await socket.receive(count: 1 << 16, timeout: .seconds(20))
            if some.isEmpty { break }
            back += some
          }
          try await sent
          XCTAssertEqual(back.count, bytes.count)
          XCTAssertEqual(digest(back), digest(bytes))
          try await socket.shutdown(.send)
          let end = try await socket.receive(count: 1, timeout: .seconds(20))
          XCTAssertEqual(end, [])
        }
      }
      try await group.waitForAll()
    }
    try await ring.close()
    input.fileHandleForWriting.closeFile()
    process.waitUntilExit()
    XCTAssertEqual(process.terminationStatus, 0)
  }
}
