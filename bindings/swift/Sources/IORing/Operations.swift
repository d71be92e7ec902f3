// The operations of the published library, each one of Ringline's.

import CRingline
import Glibc
import Ringline

/// What an operation needs until it is over.
private final class Kept: Sendable {
  let file: any FileDescriptorRepresentable
  let memory: (any AnyObject & Sendable)?

  init(_ file: any FileDescriptorRepresentable, _ memory: (any AnyObject & Sendable)? = nil) {
    self.file = file
    self.memory = memory
  }
}

/// -1 is where the file stands, as in the kernel.
private func place(_ offset: Ring.Offset) -> UInt64 { UInt64(bitPattern: offset) }

extension Ring {
  /// Reads up to `count` bytes into the front of the buffer, and tells how many: 0 at the end.
  @discardableResult
  public func read(
    into buffer: inout [UInt8], count: Int? = nil, offset: Offset = -1,
    from file: any FileDescriptorRepresentable
  ) async throws -> Int {
    let count = count ?? buffer.count
    guard count <= buffer.count else { throw Errno(rawValue: ERANGE) }
    let bytes = try await read(count: count, offset: offset, from: file)
    buffer.replaceSubrange(0..<bytes.count, with: bytes)
    return bytes.count
  }

  /// Reads up to `count` bytes: exactly what there was, none at the end.
  public func read(
    count: Int, offset: Offset = -1, from file: any FileDescriptorRepresentable
  ) async throws -> [UInt8] {
    let length = try checked(count)
    let memory = Memory(count: count)
    var op = ringline_op()
    ringline_prep_read(&op, file.fileDescriptor, memory.base, length, place(offset))
    return memory.bytes(Int(try await perform(op, owner: Kept(file, memory))))
  }

  /// Writes, and tells how many bytes it was.
  @discardableResult
  public func write(
    _ data: [UInt8], count: Int? = nil, offset: Offset = -1,
    to file: any FileDescriptorRepresentable
  ) async throws -> Int {
    let count = count ?? data.count
    guard count <= data.count else { throw Errno(rawValue: ERANGE) }
    let length = try checked(count)
    let memory = Memory(data)
    var op = ringline_op()
    ringline_prep_write(&op, file.fileDescriptor, memory.base, length, place(offset))
    return Int(try await perform(op, owner: Kept(file, memory)))
  }

  /// Receives what is there: exactly that, none at the end.
  public func receive(
    count: Int, from file: any FileDescriptorRepresentable
  ) async throws -> [UInt8] {
    let length = try checked(count)
    let memory = Memory(count: count)
    var op = ringline_op()
    ringline_prep_recv(&op, file.fileDescriptor, memory.base, length, 0)
    return memory.bytes(Int(try await perform(op, owner: Kept(file, memory))))
  }

  /// What is received until the end, piece by piece, as somebody walks.
  @_disfavoredOverload
  public func receive(
    count: Int, from file: any FileDescriptorRepresentable
  ) async throws -> AnyAsyncSequence<[UInt8]> {
    AnyAsyncSequence {
      let bytes: [UInt8] = try await self.receive(count: count, from: file)
      return bytes.isEmpty ? nil : bytes
    }
  }

  /// Sends all of it.
  public func send(
    _ data: [UInt8], to file: any FileDescriptorRepresentable
  ) async throws {
    let length = try checked(data.count)
    let memory = Memory(data)
    var op = ringline_op()
    ringline_prep_send_all(&op, file.fileDescriptor, memory.base, length, 0)
    _ = try await perform(op, owner: Kept(file, memory))
  }

  /// Receives one datagram of at most `count` bytes; what is longer is cut, and its flags say so.
  public func receiveMessage(
    count: Int, from file: any FileDescriptorRepresentable
  ) async throws -> Message {
    let nameRoom = MemoryLayout<sockaddr_storage>.size
    let block = try MessageMemory(name: [], nameRoom: nameRoom, bytes: [], room: count)
    var op = ringline_op()
    ringline_prep_recvmsg(&op, file.fileDescriptor, block.memory.base, 0)
    return block.message(count: Int(try await perform(op, owner: Kept(file, block))))
  }

  /// Datagrams without end, as somebody walks. What nobody walks for waits in the kernel, which
  /// `capacity` changes nothing of.
  public func receiveMessages(
    count: Int, capacity: Int? = nil, from file: any FileDescriptorRepresentable
  ) async throws -> AnyAsyncSequence<Message> {
    AnyAsyncSequence { try await self.receiveMessage(count: count, from: file) }
  }

  public func send(
    message: Message, to file: any FileDescriptorRepresentable
  ) async throws {
    let block = try MessageMemory(
      name: message.name, nameRoom: message.name.count, bytes: message.buffer,
      room: message.buffer.count)
    var op = ringline_op()
    ringline_prep_sendmsg(&op, file.fileDescriptor, block.memory.base, message.flags)
    _ = try await perform(op, owner: Kept(file, block))
  }

  /// Waits for one connection.
  public func accept(
    from file: any FileDescriptorRepresentable
  ) async throws -> any FileDescriptorRepresentable {
    try await Socket(fileDescriptor: file.fileDescriptor, owner: Kept(file), ring: self).accept()
  }

  /// Connections as they come, by one operation for all; those that nobody takes are closed.
  @_disfavoredOverload
  public func accept(
    from file: any FileDescriptorRepresentable
  ) async throws -> AnyAsyncSequence<any FileDescriptorRepresentable> {
    Socket(fileDescriptor: file.fileDescriptor, owner: Kept(file), ring: self).connections
      .map { $0 as any FileDescriptorRepresentable }.eraseToAnyAsyncSequence()
  }

  public func connect(
    _ file: any FileDescriptorRepresentable, to address: [UInt8]
  ) async throws {
    let memory = Memory(address)
    var op = ringline_op()
    ringline_prep_connect(&op, file.fileDescriptor, memory.base, try checked(address.count))
    _ = try await perform(op, owner: Kept(file, memory))
  }
}
