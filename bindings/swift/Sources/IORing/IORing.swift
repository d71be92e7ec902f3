// The names of the published library for what Ringline has.

import CRingline
@_exported import struct Ringline.AnyAsyncSequence
@_exported import struct Ringline.Errno
@_exported import class Ringline.Ring

/// The ring of Ringline.
public typealias IORing = Ring

extension Ring {
  /// Of a file, in bytes.
  public typealias Offset = Int64
  public typealias FileDescriptor = Int32

  /// What a ring is asked to be like.
  public struct SetupFlags: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// A thread of the kernel looks for submissions (IORING_SETUP_SQPOLL).
    public static let sqPoll = SetupFlags(rawValue: 1 << 1)
  }

  /// A ring with room for so many submissions. Other flags than `sqPoll` are the library's own
  /// choice, and ignored.
  public convenience init(
    entries: Int, flags: SetupFlags = [], sqThreadCpu: UInt32? = nil, sqThreadIdle: Duration? = nil
  ) throws {
    guard let entries = UInt32(exactly: entries) else { throw Errno.invalidArgument }
    var configuration = Configuration(submissionEntries: entries)
    if flags.contains(.sqPoll) {
      configuration.kernelThread = .init(processor: sqThreadCpu, idle: sqThreadIdle)
    }
    try self.init(configuration)
  }
}

extension Ring: Hashable {
  public static func == (left: Ring, right: Ring) -> Bool { left === right }

  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

extension Errno {
  /// The result of a call that answers with a negated errno; throws it where it is one.
  @discardableResult
  public static func throwingErrno(_ body: () -> CInt) throws -> CInt {
    let result = body()
    if result < 0 { throw Errno(rawValue: -result) }
    return result
  }
}

/// For `catch Errno.canceled` where Ringline itself, which has the same, is not imported.
@_disfavoredOverload
public func ~= (pattern: Errno, error: any Error) -> Bool { (error as? Errno) == pattern }
