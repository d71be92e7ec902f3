// Options of sockets.

import CRingline
import Glibc

/// A classic BPF program that lets packets through or not.
public struct SocketFilter: Sendable {
  public var code: UInt16
  public var jt: UInt8
  public var jf: UInt8
  public var k: UInt32

  public init(code: UInt16, jt: UInt8, jf: UInt8, k: UInt32) {
    (self.code, self.jt, self.jf, self.k) = (code, jt, jf, k)
  }
}

extension Socket {
  public func setIntegerOption(
    level: CInt = SOL_SOCKET, option: CInt, to value: CInt
  ) throws {
    var value = value
    try set(level, option, &value, MemoryLayout<CInt>.size)
  }

  public func setBooleanOption(
    level: CInt = SOL_SOCKET, option: CInt, to value: Bool
  ) throws {
    try setIntegerOption(level: level, option: option, to: value ? 1 : 0)
  }

  public func setStringOption(
    level: CInt = SOL_SOCKET, option: CInt, to value: String
  ) throws {
    let bytes = Array(value.utf8)
    try bytes.withUnsafeBytes { try set(level, option, $0.baseAddress, $0.count) }
  }

  public func setOpaqueOption<Value>(
    level: CInt = SOL_SOCKET, option: CInt, to value: UnsafePointer<Value>
  ) throws {
    try set(level, option, value, MemoryLayout<Value>.size)
  }

  public func getIntegerOption(level: CInt = SOL_SOCKET, option: CInt) throws -> CInt {
    var value: CInt = 0
    _ = try get(level, option, &value, MemoryLayout<CInt>.size)
    return value
  }

  public func getBooleanOption(level: CInt = SOL_SOCKET, option: CInt) throws -> Bool {
    try getIntegerOption(level: level, option: option) != 0
  }

  public func getStringOption(level: CInt = SOL_SOCKET, option: CInt) throws -> String {
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = try get(level, option, &bytes, bytes.count)
    return String(decoding: bytes.prefix(count).prefix { $0 != 0 }, as: UTF8.self)
  }

  public func getOpaqueOption<Value>(
    level: CInt = SOL_SOCKET, option: CInt, value: UnsafeMutablePointer<Value>
  ) throws {
    _ = try get(level, option, value, MemoryLayout<Value>.size)
  }

  /// Before `bind`: a port whose last connections are not forgotten yet (TIME_WAIT) can be bound.
  public func setReuseAddr() throws { try setBooleanOption(option: SO_REUSEADDR, to: true) }

  public func setReusePort() throws { try setBooleanOption(option: SO_REUSEPORT, to: true) }

  public func setTcpNoDelay() throws {
    try setBooleanOption(level: CInt(IPPROTO_TCP), option: TCP_NODELAY, to: true)
  }

  public func setIPv6Only() throws {
    try setBooleanOption(level: CInt(IPPROTO_IPV6), option: IPV6_V6ONLY, to: true)
  }

  /// To what comes in by this interface, and goes out by it.
  public func bindTo(device: String) throws {
    try setStringOption(option: SO_BINDTODEVICE, to: device)
  }

  /// Lets through what the program says, in whole or cut.
  public func attachFilter(_ filter: [SocketFilter]) throws {
    var program = filter.map { sock_filter(code: $0.code, jt: $0.jt, jf: $0.jf, k: $0.k) }
    guard let count = UInt16(exactly: program.count) else { throw Errno.invalidArgument }
    try program.withUnsafeMutableBufferPointer {
      var header = sock_fprog(len: count, filter: $0.baseAddress)
      try set(SOL_SOCKET, SO_ATTACH_FILTER, &header, MemoryLayout<sock_fprog>.size)
    }
  }

  private func set(
    _ level: CInt, _ option: CInt, _ value: UnsafeRawPointer?, _ count: Int
  ) throws {
    if setsockopt(fileDescriptor, level, option, value, socklen_t(count)) != 0 {
      throw Errno(rawValue: errno)
    }
  }

  private func get(
    _ level: CInt, _ option: CInt, _ value: UnsafeMutableRawPointer, _ count: Int
  ) throws -> Int {
    var count = socklen_t(count)
    if getsockopt(fileDescriptor, level, option, value, &count) != 0 {
      throw Errno(rawValue: errno)
    }
    return Int(count)
  }
}
