// What is asked of descriptors, of whatever kind: flags, size, bytes one by one.

import Foundation
import Glibc
import IORing
import SocketAddress

extension Errno {
  /// The result of a call that sets `errno`; throws that where it failed.
  @discardableResult
  public static func throwingGlobalErrno(_ body: () -> CInt) throws -> CInt {
    let result = body()
    if result < 0 { throw Errno(rawValue: errno) }
    return result
  }
}

extension FileDescriptorRepresentable {
  /// Those of `mask` become those of `flags`: set or cleared.
  public func set(flags: Int32, mask: Int32) throws {
    let before = try Errno.throwingGlobalErrno { fcntl(fileDescriptor, F_GETFL, 0) }
    try Errno.throwingGlobalErrno {
      fcntl(fileDescriptor, F_SETFL, before & ~mask | flags & mask)
    }
  }

  public func get(flag: Int32) throws -> Bool {
    try Errno.throwingGlobalErrno { fcntl(fileDescriptor, F_GETFL, 0) } & flag != 0
  }

  public func set(flag: Int32, to enabled: Bool) throws {
    try set(flags: enabled ? flag : 0, mask: flag)
  }

  public func setBlocking(_ enabled: Bool) throws {
    try set(flag: O_NONBLOCK, to: !enabled)
  }

  public var isBlocking: Bool { get throws { try !get(flag: O_NONBLOCK) } }

  /// Of a regular file, in bytes.
  public func getSize() throws -> IORing.Offset {
    var status = stat()
    try Errno.throwingGlobalErrno { fstat(fileDescriptor, &status) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw Errno.invalidArgument }
    return IORing.Offset(status.st_size)
  }
}

/// Bytes one by one; they are read by the block.
public struct AsyncByteSequence: AsyncSequence, Sendable {
  public typealias Element = UInt8
  public typealias Failure = any Error

  let ring: IORing
  let file: any FileDescriptorRepresentable

  public func makeAsyncIterator() -> Iterator { Iterator(ring: ring, file: file) }

  public struct Iterator: AsyncIteratorProtocol {
    private static let block = 16384
    let ring: IORing
    let file: any FileDescriptorRepresentable
    private var bytes: [UInt8] = []
    private var taken = 0

    init(ring: IORing, file: any FileDescriptorRepresentable) {
      self.ring = ring
      self.file = file
    }

    public mutating func next() async throws -> UInt8? {
      if taken == bytes.count {
        bytes = try await ring.read(count: Self.block, from: file)
        taken = 0
        if bytes.isEmpty { return nil }
      }
      taken += 1
      return bytes[taken - 1]
    }
  }
}

extension Ring {
  /// The bytes of a file or a stream until its end.
  public func asyncBytes(
    from file: any FileDescriptorRepresentable
  ) -> AnyAsyncSequence<UInt8> {
    AsyncByteSequence(ring: self, file: file).eraseToAnyAsyncSequence()
  }

  public func connect(
    _ file: any FileDescriptorRepresentable, to address: any SocketAddress
  ) async throws {
    try await connect(file, to: address.bytes)
  }
}

extension Message: CustomStringConvertible {
  public convenience init(address: any SocketAddress, buffer: [UInt8], flags: UInt32 = 0) throws {
    self.init(name: address.bytes, buffer: buffer, flags: flags)
  }

  /// Of the sender, or where it goes.
  public var address: any SocketAddress { get throws { try AnySocketAddress(bytes: name) } }

  public var description: String {
    let address = (try? address.presentationAddress) ?? "<unknown>"
    let hex = buffer.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    return "Message(address: \(address), buffer: \(hex), flags: \(flags))"
  }
}
