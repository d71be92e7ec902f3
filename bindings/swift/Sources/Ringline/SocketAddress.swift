// Addresses of sockets, in the form that the kernel reads.

import Glibc

/// An address to bind to or to connect to.
public struct SocketAddress: Hashable, Sendable {
  /// The bytes of the `sockaddr`.
  public let bytes: [UInt8]

  public init(bytes: [UInt8]) { self.bytes = bytes }

  private init<Address>(_ address: Address, count: Int = MemoryLayout<Address>.size) {
    bytes = withUnsafeBytes(of: address) { Array($0.prefix(count)) }
  }

  // C reads a text up to its first zero byte: with one inside it would be another address.

  /// An IPv4 address in dotted form; nil when it is none.
  public init?(ipv4 host: String, port: UInt16) {
    if host.utf8.contains(0) { return nil }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return nil }
    self.init(address)
  }

  /// An IPv6 address in text form; nil when it is none.
  public init?(ipv6 host: String, port: UInt16) {
    if host.utf8.contains(0) { return nil }
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = port.bigEndian
    guard inet_pton(AF_INET6, host, &address.sin6_addr) == 1 else { return nil }
    self.init(address)
  }

  /// A path of a unix socket, or an abstract name, which begins with a zero byte; nil when it is
  /// empty or longer than 107 bytes, and for a path with a zero byte, where the kernel would end
  /// it.
  public init?(unix path: String) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let text = Array(path.utf8)
    let isAbstract = text.first == 0
    guard !text.isEmpty, text.count < MemoryLayout.size(ofValue: address.sun_path),
      isAbstract || !text.contains(0)
    else { return nil }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: text) }
    // An abstract name ends with its last byte: zeros behind it would be part of it.
    let family = MemoryLayout.size(ofValue: address.sun_family)
    self.init(address, count: family + text.count + (isAbstract ? 0 : 1))
  }

  /// This machine only, IPv4. With port 0 the kernel chooses one.
  public static func loopback(port: UInt16 = 0) -> SocketAddress {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return SocketAddress(address)
  }

  /// `AF_INET` and its kin.
  public var family: Int32 {
    bytes.count < 2 ? AF_UNSPEC : Int32(UInt16(bytes[0]) | UInt16(bytes[1]) << 8)
  }

  /// The port; nil where there is none.
  public var port: UInt16? {
    guard family == AF_INET || family == AF_INET6, bytes.count >= 4 else { return nil }
    return UInt16(bytes[2]) << 8 | UInt16(bytes[3])
  }
}
