// The published library in its own names: what its programs call, and what older ones suffered.

import AsyncExtensions
import CRingline
import Foundation
import Glibc
import IORing
import IORingFoundation
import IORingUtils
import SocketAddress
import XCTest

import class IORing.FileHandle
@testable import class Ringline.Ring
import struct SystemPackage.Errno

final class PublishedTests: XCTestCase {
  private var ring: IORing!

  // Not the shared one: another test sees how that is made.
  override func setUp() async throws { ring = try IORing(entries: 64) }

  override func tearDown() async throws {
    try await ring.close()
    ring = nil
  }

  private func pipe() throws -> (reader: FileHandle, writer: FileHandle) {
    var numbers: [Int32] = [0, 0]
    try Errno.throwingGlobalErrno { Glibc.pipe(&numbers) }
    return (
      try .init(fileDescriptor: numbers[0], closeOnDealloc: true),
      try .init(fileDescriptor: numbers[1], closeOnDealloc: true)
    )
  }

  private func pair(_ type: __socket_type = SOCK_STREAM) throws -> (Socket, Socket) {
    var numbers: [Int32] = [0, 0]
    try Errno.throwingGlobalErrno { socketpair(AF_UNIX, Int32(type.rawValue), 0, &numbers) }
    return (
      Socket(ring: ring, fileHandle: try .init(fileDescriptor: numbers[0], closeOnDealloc: true)),
      Socket(ring: ring, fileHandle: try .init(fileDescriptor: numbers[1], closeOnDealloc: true))
    )
  }

  private func file(_ bytes: [UInt8]) throws -> FileHandle {
    let made = try FileHandle(
      fileDescriptor: open("/tmp", O_RDWR | 0x410000, 0o600), closeOnDealloc: true)
    XCTAssertEqual(pwrite(made.fileDescriptor, bytes, bytes.count, 0), bytes.count)
    return made
  }

  /// Failure: buffers that cannot be registered again, that a second set leaves locked, or whose
  /// limits are not kept.
  func testFixedBuffers() async throws {
    let source = try file(Array(0..<200))
    let target = try file([])
    for size in [64, 128, 64] {
      try await ring.registerFixedBuffers(count: 2, size: size)
      let bytes = try await ring.readFixed(
        count: 64, offset: 10, bufferIndex: 1, from: source
      ) { Array($0) }
      XCTAssertEqual(bytes, Array(10..<74))
    }
    try await ring.copy(count: 64, offset: 64, bufferIndex: 1, from: source, to: target)
    let copied = try await ring.read(count: 200, offset: 64, from: target)
    XCTAssertEqual(copied, Array(64..<128))
    let written = try await ring.writeFixed([9, 8, 7], offset: 0, bufferIndex: 0, to: target)
    XCTAssertEqual(written, 3)
    let end: [UInt8] = try await ring.readFixed(
      count: 64, offset: 200, bufferIndex: 0, from: source)
    XCTAssertEqual(end, [])
    for (index, count) in [(2, 1), (0, 65)] {
      do {
        _ = try await ring.readFixed(count: count, bufferIndex: UInt16(index), from: source)
        XCTFail("buffer \(index), \(count) bytes")
      } catch Errno.outOfRange {}
    }
    try await ring.unregisterFixedBuffers()
    do {
      try await ring.unregisterFixedBuffers()
      XCTFail("there are none")
    } catch Errno.invalidArgument {}
  }

  /// Failure: a flag that is set and cannot be cleared, or one that changes others.
  func testFlags() throws {
    let (reader, _) = try pipe()
    XCTAssertTrue(try reader.isBlocking)
    try reader.setBlocking(false)
    XCTAssertFalse(try reader.isBlocking)
    XCTAssertTrue(try reader.get(flag: O_NONBLOCK))
    try reader.set(flag: O_APPEND, to: true)
    try reader.setBlocking(true)
    XCTAssertTrue(try reader.isBlocking)
    XCTAssertTrue(try reader.get(flag: O_APPEND))
    try reader.set(flags: 0, mask: O_APPEND)
    XCTAssertFalse(try reader.get(flag: O_APPEND))
  }

  /// Failure: a received buffer that is not trimmed, or bytes taken that belong to the next one.
  func testReads() async throws {
    let (left, right) = try pair()
    try await left.send([1, 2, 3])
    let some = try await right.receive(count: 100)
    XCTAssertEqual(some, [1, 2, 3])
    let sending = Task {
      for part in [[4, 5], [6, 7, 8], [9]] as [[UInt8]] {
        try await left.write(part, count: part.count, awaitingAllWritten: true)
        await Task.yield()
      }
    }
    let four = try await right.read(count: 4, awaitingAllRead: true)
    XCTAssertEqual(four, [4, 5, 6, 7])
    let two = try await right.read(count: 2, awaitingAllRead: true)
    XCTAssertEqual(two, [8, 9])
    try await sending.value
    try await left.send([10])
    var buffer: [UInt8] = [0, 0]
    let got: Int = try await right.read(into: &buffer, count: 1)
    XCTAssertEqual(got, 1)
    XCTAssertEqual(buffer, [10, 0])
    try await left.shutdown(.send)
    let more: Bool = try await right.read(into: &buffer, count: 1)
    XCTAssertFalse(more)
  }

  /// Failure: a receive sequence that does not work, or does not end.
  func testReceiveSequence() async throws {
    let (left, right) = try pair()
    let pieces: AnyAsyncSequence<[UInt8]> = try await right.receive(count: 4)
    let sent = [UInt8](0..<255)
    try await left.send(sent)
    try await left.shutdown(.send)
    var all: [UInt8] = []
    for try await piece in pieces {
      XCTAssertLessThanOrEqual(piece.count, 4)
      all += piece
    }
    XCTAssertEqual(all, sent)
  }

  /// Failure: an operation for each byte.
  func testAsyncBytes() async throws {
    let (reader, writer) = try pipe()
    let text = [UInt8](repeating: 7, count: 10_000)
    try await ring.write(text, to: writer)
    let before = submitted()
    var iterator = ring.asyncBytes(from: reader).makeAsyncIterator()
    for _ in text {
      let byte = try await iterator.next()
      XCTAssertEqual(byte, 7)
    }
    XCTAssertEqual(submitted() - before, 1)
  }

  /// Operations that the ring has submitted so far.
  private func submitted() -> UInt64 {
    var stats = ringline_stats()
    ringline_stats_of(ring.driver.handle, &stats)
    return stats.submitted
  }

  /// Failure: a datagram that is cut, that has another's address, or whose answer goes astray.
  func testDatagrams() async throws {
    let server = try Socket(ring: ring, domain: sa_family_t(AF_INET), type: SOCK_DGRAM)
    try server.bind(to: AnySocketAddress(
      family: sa_family_t(AF_INET), presentationAddress: "127.0.0.1:0"))
    let client = try Socket(ring: ring, domain: sa_family_t(AF_INET), type: SOCK_DGRAM)
    try await client.connect(to: server.localAddress as any SocketAddress)
    XCTAssertEqual(try client.peerName, try server.localName)
    let messages = try await server.receiveMessages(count: 100)
    try await client.sendMessage(Message(buffer: Array("hello".utf8)))
    for try await message in messages {
      XCTAssertEqual(message.buffer, Array("hello".utf8))
      XCTAssertEqual(try message.address.presentationAddress, try client.localName)
      XCTAssertTrue("\(message)".contains("68656c6c6f"), "\(message)")
      try await server.sendMessage(Message(address: message.address, buffer: [1, 2]))
      break
    }
    let answer = try await client.receiveMessage(count: 1)
    XCTAssertEqual(answer.buffer, [1])
    XCTAssertNotEqual(answer.flags & UInt32(MSG_TRUNC), 0)
  }

  /// Failure: a name that is longer than what was asked for: zeros behind an abstract one.
  func testUnixNames() async throws {
    let family = sa_family_t(AF_UNIX)
    let name = "@ringline-\(getpid())"
    XCTAssertEqual(
      try AnySocketAddress(family: family, presentationAddress: name).size,
      socklen_t(2 + name.utf8.count))
    let server = try Socket(ring: ring, domain: family, type: SOCK_DGRAM)
    try server.bind(path: name)
    XCTAssertEqual(try server.localName, name)
    let client = try Socket(ring: ring, domain: family, type: SOCK_DGRAM)
    try client.bind(to: sockaddr_un.ephemeralDatagramDomainSocketName)
    try await client.connect(to: AnySocketAddress(family: family, presentationAddress: name))
    try await client.sendMessage(Message(buffer: [5]))
    let message = try await server.receiveMessage(count: 10)
    XCTAssertEqual(message.buffer, [5])
    XCTAssertEqual(try message.address.presentationAddress, try client.localName)
    XCTAssertEqual(
      try sockaddr_un(family: family, presentationAddress: "/tmp/x").presentationAddress, "/tmp/x")
  }

  func testAddresses() throws {
    for (family, text) in [(AF_INET, "192.0.2.1:80"), (AF_INET6, "[2001:db8::1]:443")] {
      let address = try AnySocketAddress(
        family: sa_family_t(family), presentationAddress: text)
      XCTAssertEqual(try address.presentationAddress, text)
      XCTAssertEqual(Int32(address.family), family)
      XCTAssertEqual(try AnySocketAddress(bytes: address.bytes), address)
      XCTAssertEqual(try Data(address.bytes).socketAddress.presentationAddress, text)
    }
    for text in ["192.0.2.1:99999", "example", "", "[::1"] {
      XCTAssertThrowsError(
        try AnySocketAddress(family: sa_family_t(AF_INET), presentationAddress: text), text)
    }
  }

  /// Failure: an option that is set and reads otherwise.
  func testOptions() throws {
    let socket = try Socket(ring: ring, domain: sa_family_t(AF_INET6), type: SOCK_STREAM)
    try socket.setReuseAddr()
    try socket.setReusePort()
    try socket.setTcpNoDelay()
    try socket.setIPv6Only()
    XCTAssertTrue(try socket.getBooleanOption(option: SO_REUSEADDR))
    XCTAssertTrue(try socket.getBooleanOption(level: CInt(IPPROTO_TCP), option: TCP_NODELAY))
    try socket.setBooleanOption(option: SO_REUSEADDR, to: false)
    XCTAssertFalse(try socket.getBooleanOption(option: SO_REUSEADDR))
    var linger = linger(l_onoff: 1, l_linger: 3)
    try socket.setOpaqueOption(option: SO_LINGER, to: &linger)
    var back = Glibc.linger()
    try socket.getOpaqueOption(option: SO_LINGER, value: &back)
    XCTAssertEqual(back.l_linger, 3)
    XCTAssertThrowsError(try socket.bindTo(device: "no-such-interface"))
    // Nothing passes this filter: it lets 0 bytes of each packet through.
    try socket.attachFilter([SocketFilter(code: 0x06, jt: 0, jf: 0, k: 0)])
  }

  /// Failure: a terminal that is not raw, or whose form of bytes is not what was asked for.
  func testTerminal() async throws {
    // What posix_openpt(3) and its kin do: Glibc has them not for Swift.
    let near = try FileHandle(
      fileDescriptor: open("/dev/ptmx", O_RDWR | O_NOCTTY), closeOnDealloc: true)
    var (unlocked, number): (CInt, CInt) = (0, 0)
    try Errno.throwingGlobalErrno { ioctl(near.fileDescriptor, 0x4004_5431, &unlocked) }
    try Errno.throwingGlobalErrno { ioctl(near.fileDescriptor, 0x8004_5430, &number) }
    let far = try FileHandle(
      fileDescriptor: open("/dev/pts/\(number)", O_RDWR | O_NOCTTY), closeOnDealloc: true)
    XCTAssertTrue(far.isATty)
    XCTAssertFalse(try pipe().reader.isATty)
    var settings = try far.getTty()
    settings.set(parity: .odd)
    settings.set(stopBits: .two)
    settings.set(dataBits: .seven)
    XCTAssertEqual(settings.c_cflag & tcflag_t(CSIZE), tcflag_t(CS7))
    try settings.setN81(speed: 115_200)
    XCTAssertEqual(settings.c_cflag & tcflag_t(CSIZE), tcflag_t(CS8))
    XCTAssertEqual(settings.c_cflag & tcflag_t(PARENB | PARODD | CSTOPB), 0)
    XCTAssertEqual(cfgetospeed(&settings), speed_t(B115200))
    try far.set(tty: settings)
    try await ring.write([13, 10, 3], to: near)
    let raw = try await ring.read(count: 10, from: far)
    XCTAssertEqual(raw, [13, 10, 3])
  }

  /// Failure: the published echo, of whose clients one gets other bytes than it sent.
  func testEcho() async throws {
    let socket = try Socket(
      ring: ring, domain: sa_family_t(AF_INET), type: SOCK_STREAM, protocol: 0)
    try socket.setReuseAddr()
    try socket.bind(port: 0)
    try socket.listen(backlog: 100)
    let serving = Task {
      let clients: AnyAsyncSequence<Socket> = try await socket.accept()
      for try await client in clients {
        Task {
          repeat {
            let data = try await client.receive(count: 32)
            if data.isEmpty { break }
            try await client.send(data)
          } while true
        }
      }
    }
    let port = try (socket.localAddress as any SocketAddress).port
    try await withThrowingTaskGroup(of: Void.self) { [ring] group in
      for at in 0..<50 {
        group.addTask {
          let client = try Socket(
            ring: ring!, domain: sa_family_t(AF_INET), type: SOCK_STREAM)
          try await client.connect(to: AnySocketAddress(
            family: sa_family_t(AF_INET), presentationAddress: "127.0.0.1:\(port)"))
          let text = [UInt8](repeating: UInt8(at), count: 100 + at)
          try await client.send(text)
          let back = try await client.read(count: text.count, awaitingAllRead: true)
          XCTAssertEqual(back, text)
        }
      }
      try await group.waitForAll()
    }
    serving.cancel()
    do {
      try await serving.value
      XCTFail("it goes on")
    } catch Errno.canceled {}
  }
}
