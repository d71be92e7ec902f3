// Sockets: bind, listen, accept, connect, send, receive, shutdown, close.

import CRingline
import Glibc

/// A socket. It is closed when nobody refers to it any more, or by `close()`.
public final class Socket: Sendable {
  public struct Domain: RawRepresentable, Hashable, Sendable {
    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }

    public static let ipv4 = Domain(rawValue: AF_INET)
    public static let ipv6 = Domain(rawValue: AF_INET6)
    public static let unix = Domain(rawValue: AF_UNIX)
  }

  public struct Kind: RawRepresentable, Hashable, Sendable {
    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }

    public static let stream = Kind(rawValue: Int32(SOCK_STREAM.rawValue))
    public static let datagram = Kind(rawValue: Int32(SOCK_DGRAM.rawValue))
  }

  /// Which directions `shutdown` ends.
  public enum Direction: Int32, Sendable {
    case receive, send, both
  }

  public let ring: Ring
  let descriptor: Descriptor
  private let sends = Line()

  /// Its number; -1 when it is closed.
  public var fileDescriptor: Int32 { descriptor.number }

  /// Makes a socket, by default on the ring of the process.
  public init(
    _ domain: Domain, _ kind: Kind, protocol number: Int32 = 0, ring: Ring? = nil
  ) async throws {
    let ring = ring ?? Ring.shared
    var op = ringline_op()
    let kind = kind.rawValue | Int32(SOCK_CLOEXEC.rawValue)
    ringline_prep_socket(&op, domain.rawValue, kind, number)
    let descriptor = try await ring.perform(op)
    self.ring = ring
    self.descriptor = Descriptor(descriptor, on: ring.driver, isOwned: true)
  }

  /// Takes a descriptor that is open already; with `closeOnDeinit` it is the socket's to close.
  public init(fileDescriptor: Int32, closeOnDeinit: Bool = true, ring: Ring) {
    self.ring = ring
    descriptor = Descriptor(fileDescriptor, on: ring.driver, isOwned: closeOnDeinit)
  }

  /// Uses a descriptor that is closed by its owner, which is kept until then.
  package init(fileDescriptor: Int32, owner: any AnyObject & Sendable, ring: Ring) {
    self.ring = ring
    descriptor = Descriptor(fileDescriptor, on: ring.driver, isOwned: false, owner: owner)
  }

  private func outcome(
    _ op: ringline_op, _ owned: (any AnyObject & Sendable)? = nil, _ timeout: Duration? = nil
  ) async -> Outcome {
    let single = Single(op, on: ring.driver, descriptor: descriptor, owned: owned)
    return await ring.driver.perform(single, timeout: timeout)
  }

  // MARK: to and from addresses

  /// Takes an address of its own; nothing is waited for.
  public func bind(to address: SocketAddress) throws {
    let memory = Memory(address.bytes)
    let start = memory.base.assumingMemoryBound(to: sockaddr.self)
    if Glibc.bind(descriptor.number, start, socklen_t(memory.count)) != 0 {
      throw Errno(rawValue: errno)
    }
  }

  /// Takes connections from now on; `backlog` of them wait in the kernel at most.
  public func listen(backlog: Int = Int(SOMAXCONN)) throws {
    if Glibc.listen(descriptor.number, Int32(clamping: backlog)) != 0 {
      throw Errno(rawValue: errno)
    }
  }

  public func connect(
    to address: SocketAddress, timeout: Duration? = nil
  ) async throws {
    let memory = Memory(address.bytes)
    var op = ringline_op()
    ringline_prep_connect(&op, -1, memory.base, UInt32(memory.count))
    _ = try await outcome(op, memory, timeout).get()
  }

  /// Waits for one connection.
  public func accept(timeout: Duration? = nil) async throws -> Socket {
    var op = ringline_op()
    ringline_prep_accept(&op, -1, nil, nil, SOCK_CLOEXEC.rawValue)
    let number = try await outcome(op, nil, timeout).get()
    return Socket(fileDescriptor: number, ring: ring)
  }

  /// The connections as they come, by one operation of the kernel for all of them. Ends with an
  /// error when the socket cannot accept; where descriptors or memory are short, it waits until
  /// there are some. When the walk is left, what was accepted meanwhile is closed.
  public var connections: Connections { Connections(socket: self) }

  /// The address that it is bound to.
  public var localAddress: SocketAddress {
    get throws { try address(getsockname) }
  }

  /// The address at the other end.
  public var peerAddress: SocketAddress {
    get throws { try address(getpeername) }
  }

  private func address(
    _ ask: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
  ) throws -> SocketAddress {
    let memory = Memory(count: MemoryLayout<sockaddr_storage>.size)
    var count = socklen_t(memory.count)
    let failed = ask(descriptor.number, memory.base.assumingMemoryBound(to: sockaddr.self), &count)
    if failed != 0 { throw Errno(rawValue: errno) }
    return SocketAddress(bytes: memory.bytes(min(Int(count), memory.count)))
  }

  // MARK: data

  /// Sends all the bytes. One after the other: a second send waits until the first one is over. If
  /// one was cut short (cancelled, timed out, failed) after some bytes had gone, those that wait
  /// behind it throw `Errno.canceled`: the stream is broken there.
  public func send(_ bytes: [UInt8], timeout: Duration? = nil) async throws {
    let length = try checked(bytes.count)
    let memory = Memory(bytes)
    try await send(memory.base, length, memory, timeout)
  }

  private func send(
    _ start: UnsafeRawPointer?, _ length: UInt32, _ owned: any AnyObject & Sendable,
    _ timeout: Duration?
  ) async throws {
    var op = ringline_op()
    ringline_prep_send_all(&op, -1, start, length, 0)
    let single = Single(op, on: ring.driver, descriptor: descriptor, owned: owned)
    single.line = sends
    _ = try await ring.driver.perform(single, timeout: timeout).get()
  }

  /// Receives what is there, up to `count` bytes. Empty at the end of the stream.
  public func receive(count: Int, timeout: Duration? = nil) async throws -> [UInt8] {
    let length = try checked(count)
    let memory = Memory(count: count)
    var op = ringline_op()
    ringline_prep_recv(&op, -1, memory.base, length, 0)
    return memory.bytes(Int(try await outcome(op, memory, timeout).get()))
  }

  /// Receives into a buffer of the pool that the kernel takes when there is data: none is bound
  /// while the socket is quiet. nil at the end of the stream.
  ///
  /// When all buffers are lent out, it waits for data and receives into memory of its own, so that
  /// leases that are kept, for example by sends to clients that do not read, keep nobody else from
  /// receiving. That memory is freed with the lease.
  public func receive(
    from pool: BufferPool, timeout: Duration? = nil
  ) async throws -> Lease? {
    var op = ringline_op()
    ringline_prep_recv(&op, -1, nil, 0, 0)
    ringline_prep_pool(&op, pool.id)
    let outcome = await outcome(op, pool, timeout)
    if outcome.res == -ENOBUFS { return try await receive(beside: pool, timeout) }
    let count = try outcome.get()
    if outcome.flags & ABI.cfLease == 0 { return nil }
    return Lease(id: outcome.token, address: outcome.data, count: Int(count))
  }

  private func receive(
    beside pool: BufferPool, _ timeout: Duration?
  ) async throws -> Lease? {
    var op = ringline_op()
    ringline_prep_poll_add(&op, -1, UInt32(POLLIN))
    _ = try await outcome(op, nil, timeout).get()
    let memory = Memory(count: pool.size)
    ringline_prep_recv(&op, -1, memory.base, UInt32(pool.size), 0)
    let count = try await outcome(op, memory, timeout).get()
    return count == 0 ? nil : Lease(of: memory, count: Int(count))
  }

  /// Sends what a lease has, and gives it back when the kernel has read it. Its turn is as that of
  /// other sends.
  public func send(_ lease: consuming Lease, timeout: Duration? = nil) async throws {
    // In this order: a throw beside a lease that is half consumed crashes the optimizer of Swift
    // 6.0.
    let count = lease.count
    let held = lease.hold()
    let length = try checked(count)
    try await send(UnsafeRawPointer(bitPattern: UInt(held.address)), length, held, timeout)
  }

  /// Ends one direction or both. That of sending ends when the sends that were asked for before it
  /// are over; `both` ends at once.
  public func shutdown(_ direction: Direction) async throws {
    var op = ringline_op()
    ringline_prep_shutdown(&op, -1, direction.rawValue)
    let single = Single(op, on: ring.driver, descriptor: descriptor)
    if direction == .send { single.line = sends }
    _ = try await ring.driver.perform(single).get()
  }

  /// Ends what is in flight on it and closes it. A second time throws.
  public func close() async throws {
    try await descriptor.close()
  }
}

extension Socket: Hashable, CustomStringConvertible {
  /// The same one, not another one of the same descriptor.
  public static func == (left: Socket, right: Socket) -> Bool { left === right }

  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }

  public var description: String { "Socket(fileDescriptor: \(fileDescriptor))" }
}

/// The connections of a listening socket.
public struct Connections: AsyncSequence, Sendable {
  public typealias Element = Socket
  public typealias Failure = any Error

  let socket: Socket

  public func makeAsyncIterator() -> Iterator { Iterator(socket: socket) }

  public struct Iterator: AsyncIteratorProtocol {
    /// Accepted before anybody asked, at most; more stay in the backlog of the kernel.
    private static let limit = 64

    private let ring: Ring
    private let end: ChannelEnd

    init(socket: Socket) {
      let descriptor = socket.descriptor
      let close: @Sendable (Outcome) -> Void = { if $0.res >= 0 { Glibc.close($0.res) } }
      ring = socket.ring
      end = ChannelEnd(
        Channel(on: ring.driver, limit: Self.limit, discard: close) { channel in
          var op = ringline_op()
          ringline_prep_accept_multishot(&op, -1, nil, nil, SOCK_CLOEXEC.rawValue)
          return Streaming(op, on: descriptor.driver, descriptor: descriptor, into: channel)
        })
    }

    public mutating func next() async throws -> Socket? {
      while true {
        let outcome = await end.channel.next()
        switch -outcome.res {
        case ECONNABORTED, EINTR, EAGAIN, EPROTO:
          continue  // One client went before it was accepted.
        case EMFILE, ENFILE, ENOBUFS, ENOMEM:
          // It waits in the kernel's backlog: some descriptor or memory may be free soon.
          try await ring.sleep(for: .milliseconds(50))
        default:
          return Socket(fileDescriptor: try outcome.get(), ring: ring)
        }
      }
    }
  }
}
