// The published library's way to make a socket, to bind it and to talk by it.

import Glibc
import IORing
import class Ringline.Socket
import struct Ringline.SocketFilter
import SocketAddress

/// The socket of Ringline.
public typealias Socket = Ringline.Socket
/// The filter of Ringline.
public typealias SocketFilter = Ringline.SocketFilter

extension Socket {
  /// Makes a socket; nothing is waited for.
  public convenience init(
    ring: IORing, domain: sa_family_t, type: __socket_type, protocol number: CInt = 0
  ) throws {
    let kind = Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = try Errno.throwingGlobalErrno { socket(Int32(domain), kind, number) }
    self.init(fileDescriptor: descriptor, ring: ring)
  }

  /// Uses the descriptor of a handle, which is kept, and closes it if it does at all.
  public convenience init(
    ring: IORing, fileHandle: FileHandle, domain: sa_family_t = sa_family_t(AF_UNSPEC)
  ) {
    self.init(fileDescriptor: fileHandle.fileDescriptor, owner: fileHandle, ring: ring)
  }

  public var isClosed: Bool { fileDescriptor < 0 }

  /// Its own address as a text.
  public var localName: String { get throws { try localAddress.presentationAddress } }

  /// The other end's.
  public var peerName: String { get throws { try peerAddress.presentationAddress } }

  // MARK: without waiting

  /// Any address of this machine.
  public func bind(port: UInt16) throws {
    switch try getIntegerOption(option: SO_DOMAIN) {
    case AF_INET:
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      try bind(to: address)
    case AF_INET6:
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = port.bigEndian
      try bind(to: address)
    default:
      throw Errno(rawValue: EAFNOSUPPORT)
    }
  }

  /// A path, or `@` and an abstract name.
  public func bind(path: String) throws {
    try bind(to: AnySocketAddress(family: sa_family_t(AF_UNIX), presentationAddress: path))
  }

  public func bind(to address: any SocketAddress) throws {
    try bind(to: .init(bytes: address.bytes))
  }

  public func connect(to address: any SocketAddress) throws {
    _ = try address.withSockAddr { start, size in
      try Errno.throwingGlobalErrno { Glibc.connect(self.fileDescriptor, start, size) }
    }
  }

  // MARK: by the ring

  public func connect(to address: any SocketAddress) async throws {
    try await connect(to: .init(bytes: address.bytes), timeout: nil)
  }

  /// Connections as they come; those that nobody takes are closed.
  @_disfavoredOverload
  public func accept() async throws -> AnyAsyncSequence<Socket> {
    connections.eraseToAnyAsyncSequence()
  }

  /// What is received until the end, piece by piece.
  @_disfavoredOverload
  public func receive(count: Int) async throws -> AnyAsyncSequence<[UInt8]> {
    AnyAsyncSequence {
      let bytes = try await self.receive(count: count, timeout: nil)
      return bytes.isEmpty ? nil : bytes
    }
  }

  /// Reads up to `count` bytes into the front of the buffer, and tells how many: 0 at the end.
  @discardableResult
  public func read(into buffer: inout [UInt8], count: Int) async throws -> Int {
    try await ring.read(into: &buffer, count: count, from: self)
  }

  /// As the other one; false at the end.
  @_disfavoredOverload
  public func read(into buffer: inout [UInt8], count: Int) async throws -> Bool {
    let got: Int = try await read(into: &buffer, count: count)
    return got > 0
  }

  /// Up to `count` bytes, with `awaitingAllRead` so many but for the end.
  public func read(count: Int, awaitingAllRead: Bool) async throws -> [UInt8] {
    try await gather(count, awaitingAllRead) { left in
      try await self.receive(count: left, timeout: nil)
    }
  }

  /// Writes the first `count` bytes, and tells how many it was: with `awaitingAllWritten` all.
  @discardableResult
  public func write(
    _ buffer: [UInt8], count: Int, awaitingAllWritten: Bool = true
  ) async throws -> Int {
    guard count <= buffer.count else { throw Errno(rawValue: ERANGE) }
    if !awaitingAllWritten { return try await ring.write(buffer, count: count, to: self) }
    try await send(count == buffer.count ? buffer : Array(buffer.prefix(count)))
    return count
  }

  /// As `read`, by a fixed buffer of the ring.
  public func readFixed(
    count: Int, bufferIndex: UInt16, awaitingAllRead: Bool
  ) async throws -> [UInt8] {
    try await gather(count, awaitingAllRead) { left in
      try await self.ring.readFixed(count: left, bufferIndex: bufferIndex, from: self) { Array($0) }
    }
  }

  /// As `write`, by a fixed buffer of the ring.
  @discardableResult
  public func writeFixed(
    _ buffer: [UInt8], bufferIndex: UInt16, awaitingAllWritten: Bool
  ) async throws -> Int {
    var written = 0
    repeat {
      written += try await ring.writeFixed(
        Array(buffer[written...]), bufferIndex: bufferIndex, to: self)
    } while awaitingAllWritten && written < buffer.count
    return written
  }

  public func receiveMessages(
    count: Int, capacity: Int? = nil
  ) async throws -> AnyAsyncSequence<Message> {
    try await ring.receiveMessages(count: count, capacity: capacity, from: self)
  }

  public func receiveMessage(count: Int) async throws -> Message {
    try await ring.receiveMessage(count: count, from: self)
  }

  public func sendMessage(_ message: Message) async throws {
    try await ring.send(message: message, to: self)
  }

  /// Never asks for more than is missing, so that nothing behind it is taken.
  private func gather(
    _ count: Int, _ all: Bool, _ read: (Int) async throws -> [UInt8]
  ) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    repeat {
      let some = try await read(count - bytes.count)
      if some.isEmpty { break }
      bytes += some
    } while all && bytes.count < count
    return bytes
  }
}
