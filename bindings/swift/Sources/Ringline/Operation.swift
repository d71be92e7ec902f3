// An operation from its making to its FINAL, and the memory that is the kernel's meanwhile.

import CRingline
import Glibc

/// Bytes outside of any Swift value: their address holds for as long as the object lives.
package final class Memory: @unchecked Sendable {
  package let base: UnsafeMutableRawPointer
  package let count: Int
  private var isGiven = false

  package init(count: Int) {
    base = .allocate(byteCount: max(count, 1), alignment: 16)
    self.count = count
  }

  package convenience init(_ bytes: [UInt8]) {
    self.init(count: bytes.count)
    let memory = UnsafeMutableRawBufferPointer(start: base, count: count)
    bytes.withUnsafeBytes { memory.copyMemory(from: $0) }
  }

  /// With the zero at the end that C wants. A text that has one inside would be another one there.
  convenience init(_ text: String) throws(Errno) {
    let bytes = Array(text.utf8)
    if bytes.contains(0) {
      throw Errno(rawValue: EINVAL, detail: "a zero byte is not possible in a path or a name")
    }
    self.init(bytes + [0])
  }

  package func bytes(_ count: Int) -> [UInt8] {
    Array(UnsafeRawBufferPointer(start: base, count: count))
  }

  /// The bytes are the caller's to deallocate from now on. Not before the FINAL of what uses them.
  func give() -> UnsafeMutableRawPointer {
    isGiven = true
    return base
  }

  deinit { if !isGiven { base.deallocate() } }
}

/// What became of an operation.
struct Outcome: Sendable {
  var res: Int32
  var flags: UInt32 = 0
  var data: UInt64 = 0
  var token: UInt64 = 0
  /// The library's text, where a call failed and not the operation.
  var detail = ""

  /// The result, or the error that it stands for.
  func get() throws(Errno) -> Int32 {
    if res < 0 { throw Errno(code: res, detail: detail) }
    return res
  }
}

/// One operation. Everything in it but the constants belongs to the driver's thread from the moment
/// it is posted; the driver lets go of it at its FINAL and not before, and with it of what it owns.
class Operation: @unchecked Sendable {
  enum State { case made, waiting, inFlight, ended }

  var op: ringline_op
  /// Where the number of the descriptor is looked up when the operation is submitted: not before,
  /// because the number may be another file's by then.
  let descriptor: Descriptor?
  /// What the kernel reads and writes.
  let owned: (any AnyObject & Sendable)?
  var state = State.made
  var token: UInt64 = 0
  /// Where in the driver's list it is, or in that of `queue`.
  var place = 0
  var cancelAsked = false
  /// Ends it when the time is over.
  var deadline: Deadline?
  /// Those of one line are in flight one after the other.
  var line: Line?
  /// Where it waits, in the state `waiting`.
  var queue: Waiting?
  let driver: Driver

  init(
    _ op: ringline_op, on driver: Driver, descriptor: Descriptor? = nil,
    owned: (any AnyObject & Sendable)? = nil
  ) {
    self.op = op
    self.driver = driver
    self.descriptor = descriptor
    self.owned = owned
  }

  /// On the driver's thread, before it is submitted.
  func prepare() {
    if let descriptor { op.fd = descriptor.number }
  }

  /// What it ends with when it was asked to before it began.
  var canceled: Outcome {
    Outcome(res: deadline?.isOver == true ? -ETIMEDOUT : -ECANCELED)
  }

  /// On the driver's thread: one completion; with `final` the last.
  func complete(_ outcome: Outcome, final: Bool) {}
}

/// An operation with one result, for which a task waits.
final class Single: Operation, @unchecked Sendable {
  var continuation: CheckedContinuation<Outcome, Never>?

  override func complete(_ outcome: Outcome, final: Bool) {
    // Zero-copy sends show their result first; it is told when the memory is free again.
    guard final, let continuation else { return }
    self.continuation = nil
    continuation.resume(returning: outcome)
  }
}

/// The timer that ends an operation whose time is over.
final class Deadline: Operation, @unchecked Sendable {
  weak var target: Operation?
  private(set) var isOver = false

  init(_ duration: Duration, target: Operation) {
    var op = ringline_op()
    ringline_prep_timer(&op, duration.nanoseconds, 0)
    self.target = target
    super.init(op, on: target.driver)
  }

  override func complete(_ outcome: Outcome, final: Bool) {
    guard outcome.res >= 0, let target, target.state != .ended else { return }
    isOver = true
    driver.ask(target)
  }
}

extension Duration {
  /// In nanoseconds, from 0 to as many as the library can count.
  var nanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    if seconds < 0 || attoseconds < 0 { return 0 }
    let (product, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : product &+ UInt64(attoseconds / 1_000_000_000)
  }
}
