// A datagram and its address, and the records by which the kernel reads and writes one.

import Glibc
import Ringline

/// A datagram: what it says, and to or from whom (the bytes of a `sockaddr`; none on a socket that
/// is connected).
public final class Message: Sendable {
  public let name: [UInt8]
  public let buffer: [UInt8]
  /// `MSG_TRUNC` and its kin, of one that was received.
  public let flags: UInt32

  public init(name: [UInt8] = [], buffer: [UInt8] = [], flags: UInt32 = 0) {
    self.name = name
    self.buffer = buffer
    self.flags = flags
  }
}

/// One block: the header, its vector, room for the address and for the bytes.
final class MessageMemory: @unchecked Sendable {
  private static let nameAt = 128
  private static let bytesAt = nameAt + MemoryLayout<sockaddr_storage>.size
  let memory: Memory

  init(name: [UInt8], nameRoom: Int, bytes: [UInt8], room: Int) throws {
    guard name.count <= MemoryLayout<sockaddr_storage>.size, bytes.count <= room else {
      throw Errno.invalidArgument
    }
    memory = Memory(count: Self.bytesAt + room)
    let base = memory.base
    let (nameStart, start) = (base + Self.nameAt, base + Self.bytesAt)
    UnsafeMutableRawBufferPointer(start: nameStart, count: name.count).copyBytes(from: name)
    UnsafeMutableRawBufferPointer(start: start, count: bytes.count).copyBytes(from: bytes)
    let vector = base + MemoryLayout<msghdr>.stride
    vector.initializeMemory(as: iovec.self, to: iovec(iov_base: start, iov_len: room))
    var header = msghdr()
    header.msg_name = nameRoom > 0 ? nameStart : nil
    header.msg_namelen = socklen_t(nameRoom)
    header.msg_iov = vector.assumingMemoryBound(to: iovec.self)
    header.msg_iovlen = 1
    base.initializeMemory(as: msghdr.self, to: header)
  }

  /// What was received, cut to what there is room for.
  func message(count: Int) -> Message {
    let header = memory.base.load(as: msghdr.self)
    let nameCount = min(Int(header.msg_namelen), MemoryLayout<sockaddr_storage>.size)
    let name = UnsafeRawBufferPointer(start: memory.base + Self.nameAt, count: nameCount)
    let room = memory.count - Self.bytesAt
    let bytes = UnsafeRawBufferPointer(start: memory.base + Self.bytesAt, count: min(count, room))
    return Message(
      name: Array(name), buffer: Array(bytes), flags: UInt32(bitPattern: header.msg_flags))
  }
}
