// The one error of this module: a code of the C API with the library's own texts.

import CRingline
import Glibc

/// Why an operation failed.
///
/// Two errors are equal when their codes are, whatever the detail says, so that
/// `catch Errno.canceled` works.
public struct Errno: Error, RawRepresentable, Hashable, Sendable {
  /// The errno of the kernel (positive, as in `errno.h`), or a code of the library (-4096 and
  /// below, as in `ringline.h`).
  public let rawValue: Int32
  /// What the library has to say beyond the code: cause and remedy, or nothing.
  public let detail: String

  public init(rawValue: Int32) {
    self.init(rawValue: rawValue, detail: "")
  }

  package init(rawValue: Int32, detail: String) {
    self.rawValue = rawValue
    self.detail = detail
  }

  /// From a result of the C API, which has the kernel's errors negated.
  init(code: Int32, detail: String = "") {
    self.init(rawValue: code > ABI.epanic ? -code : code, detail: detail)
  }

  /// From a call on this thread that has just failed.
  static func last(_ code: Int32) -> Errno {
    Errno(code: code, detail: String(cString: ringline_error_detail()))
  }

  /// The code as the C API has it.
  var code: Int32 { rawValue > 0 ? -rawValue : rawValue }

  /// The name of the code: `EBADF`, `RINGLINE_ESTALE`.
  public var name: String { String(cString: ringline_error_name(code)) }

  /// What the code means and what to do.
  public var message: String { String(cString: ringline_strerror(code)) }

  /// The nearest errno: codes of the library have one by meaning.
  public var nearest: Int32 { ringline_to_errno(code) }

  public static func == (left: Errno, right: Errno) -> Bool { left.rawValue == right.rawValue }

  public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }

  public static func ~= (pattern: Errno, error: any Error) -> Bool {
    (error as? Errno) == pattern
  }
}

extension Errno: CustomStringConvertible {
  public var description: String {
    detail.isEmpty || detail == message ? "\(name): \(message)" : "\(name): \(message) (\(detail))"
  }
}

extension Errno {
  /// The operation was cancelled: by its task, or because the ring was closed.
  public static let canceled = Errno(rawValue: ECANCELED)
  /// The time given for the operation was over.
  public static let timedOut = Errno(rawValue: ETIMEDOUT)
  public static let badFileDescriptor = Errno(rawValue: EBADF)
  public static let invalidArgument = Errno(rawValue: EINVAL)
  public static let outOfRange = Errno(rawValue: ERANGE)
  public static let addressFamilyNotSupported = Errno(rawValue: EAFNOSUPPORT)
  public static let resourceTemporarilyUnavailable = Errno(rawValue: EAGAIN)
  public static let noMemory = Errno(rawValue: ENOMEM)
  public static let addressInUse = Errno(rawValue: EADDRINUSE)
  public static let noSuchFileOrDirectory = Errno(rawValue: ENOENT)
  public static let fileExists = Errno(rawValue: EEXIST)
  public static let permissionDenied = Errno(rawValue: EACCES)
  public static let brokenPipe = Errno(rawValue: EPIPE)
  public static let connectionRefused = Errno(rawValue: ECONNREFUSED)
  public static let connectionReset = Errno(rawValue: ECONNRESET)
  /// The kernel is short of buffers; `Socket.receive(from:)` never throws it.
  public static let noBufferSpace = Errno(rawValue: ENOBUFS)
  /// Something of the kind is going on already: a pool is closed under a receive, for example.
  public static let resourceBusy = Errno(rawValue: EBUSY)

  /// The ring is closed, or closing.
  public static let closed = Errno(rawValue: ABI.eclosed)
  /// As many operations are in flight as the ring was made for.
  public static let noSlot = Errno(rawValue: ABI.enoslot)
  /// A pool, a lease or an operation that is no more.
  public static let stale = Errno(rawValue: ABI.estale)
  /// This kernel lacks the feature.
  public static let notSupportedByKernel = Errno(rawValue: ABI.enotsupKernel)
}
