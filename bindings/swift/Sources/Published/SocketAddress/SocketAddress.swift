// Addresses of sockets as programs of the published library have them: any type with these bytes.

import Glibc
import Ringline

/// An address to bind to, to connect to or to send to.
public protocol SocketAddress: Sendable {
  /// The bytes of the `sockaddr`, as many as belong to it.
  var bytes: [UInt8] { get }
}

extension SocketAddress {
  public var family: sa_family_t {
    let bytes = bytes
    return bytes.count < 2 ? 0 : sa_family_t(bytes[0]) | sa_family_t(bytes[1]) << 8
  }

  /// Bytes of it.
  public var size: socklen_t { socklen_t(bytes.count) }

  /// Throws `EAFNOSUPPORT` where there is none.
  public var port: UInt16 {
    get throws {
      guard let port = Ringline.SocketAddress(bytes: bytes).port else {
        throw Errno(rawValue: EAFNOSUPPORT)
      }
      return port
    }
  }

  /// `192.0.2.1:80`, `[2001:db8::1]:80`, a path, or `@` and an abstract name.
  public var presentationAddress: String {
    get throws {
      let bytes = bytes
      switch Int32(family) {
      case AF_INET where bytes.count >= 8:
        return "\(bytes[4]).\(bytes[5]).\(bytes[6]).\(bytes[7]):\(try port)"
      case AF_INET6 where bytes.count >= 24:
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        _ = Array(bytes[8..<24]).withUnsafeBytes {
          inet_ntop(AF_INET6, $0.baseAddress!, &text, socklen_t(text.count))
        }
        let host = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return "[\(String(decoding: host, as: UTF8.self))]:\(try port)"
      case AF_UNIX:
        let name = bytes.dropFirst(2)
        if name.first == 0, name.count > 1 {
          return "@" + String(decoding: name.dropFirst(), as: UTF8.self)
        }
        return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
      default:
        throw Errno(rawValue: EAFNOSUPPORT)
      }
    }
  }

  public func withSockAddr<Result>(
    _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Result
  ) rethrows -> Result {
    var storage = asStorage()
    let size = size
    return try withUnsafePointer(to: &storage) { pointer in
      try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { try body($0, size) }
    }
  }

  public func asStorage() -> sockaddr_storage {
    var storage = sockaddr_storage()
    withUnsafeMutableBytes(of: &storage) { $0.copyBytes(from: bytes.prefix($0.count)) }
    return storage
  }
}

extension Ringline.SocketAddress: SocketAddress {}

/// An address of any family.
public struct AnySocketAddress: SocketAddress, Hashable, CustomStringConvertible {
  public let bytes: [UInt8]

  public init(_ address: any SocketAddress) { bytes = address.bytes }

  /// Throws `ERANGE` for what is no `sockaddr`.
  public init(bytes: [UInt8]) throws {
    guard (2...MemoryLayout<sockaddr_storage>.size).contains(bytes.count) else {
      throw Errno(rawValue: ERANGE)
    }
    self.bytes = bytes
  }

  /// From the form of `presentationAddress`; without a port it is 0.
  public init(family: sa_family_t, presentationAddress text: String) throws {
    bytes = try AnySocketAddress.parse(family, text).bytes
  }

  public var description: String { (try? presentationAddress) ?? "\(bytes)" }

  static func parse(_ family: sa_family_t, _ text: String) throws -> Ringline.SocketAddress {
    var address: Ringline.SocketAddress?
    switch Int32(family) {
    case AF_UNIX:
      let isAbstract = text.first == "@"
      address = .init(unix: isAbstract ? "\0" + text.dropFirst() : text)
    case AF_INET:
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let port = parts.count == 1 ? 0 : UInt16(parts[1])
      if let port { address = .init(ipv4: String(parts[0]), port: port) }
    case AF_INET6:
      if text.first == "[", let end = text.lastIndex(of: "]") {
        let rest = text[text.index(after: end)...]
        let port = rest.isEmpty ? 0 : rest.first == ":" ? UInt16(rest.dropFirst()) : nil
        let host = text[text.index(after: text.startIndex)..<end]
        if let port { address = .init(ipv6: String(host), port: port) }
      } else {
        address = .init(ipv6: text, port: 0)
      }
    default:
      throw Errno(rawValue: EAFNOSUPPORT)
    }
    guard let address else { throw Errno.invalidArgument }
    return address
  }
}

private func contents<Value>(of value: Value) -> [UInt8] {
  withUnsafeBytes(of: value) { Array($0) }
}

extension sockaddr_in: @unchecked @retroactive Sendable {}
extension sockaddr_in6: @unchecked @retroactive Sendable {}
extension sockaddr_un: @unchecked @retroactive Sendable {}

extension sockaddr_in: SocketAddress {
  public var bytes: [UInt8] { contents(of: self) }
}

extension sockaddr_in6: SocketAddress {
  public var bytes: [UInt8] { contents(of: self) }
}

extension sockaddr_un: SocketAddress {
  /// A path up to its zero; without one, the family alone, so that the kernel chooses a name.
  public var bytes: [UInt8] {
    let all = contents(of: self)
    guard let end = all.dropFirst(2).firstIndex(of: 0) else { return all }
    return end == 2 ? Array(all.prefix(2)) : Array(all[...end])
  }

  public init(family: sa_family_t, presentationAddress: String) throws {
    guard Int32(family) == AF_UNIX, presentationAddress.first != "@" else {
      throw Errno.invalidArgument
    }
    let parsed = try AnySocketAddress.parse(family, presentationAddress).bytes
    self.init()
    withUnsafeMutableBytes(of: &self) { $0.copyBytes(from: parsed) }
  }

  /// For a client's own end: the kernel chooses an abstract name that nobody else has.
  public static var ephemeralDatagramDomainSocketName: sockaddr_un {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    return address
  }
}
