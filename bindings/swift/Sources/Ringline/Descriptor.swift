// A file descriptor that is closed once, in order, and never while an operation names it.

import CRingline
import Glibc
import Synchronization

/// Operations hold the descriptor and ask for its number when they are submitted. A close is posted
/// like them, so that what was begun before it finds the number and what comes after finds -1,
/// never a number that belongs to another file by then.
final class Descriptor: Sendable {
  let driver: Driver
  private let value: Atomic<Int32>
  private let isOwned: Bool
  /// Who closes it when it is not owned.
  private let owner: (any AnyObject & Sendable)?

  init(
    _ number: Int32, on driver: Driver, isOwned: Bool, owner: (any AnyObject & Sendable)? = nil
  ) {
    self.owner = owner
    value = Atomic(number)
    self.driver = driver
    self.isOwned = isOwned
  }

  /// -1 when it is closed.
  var number: Int32 { value.load(ordering: .acquiring) }

  fileprivate func take() -> Int32 { value.exchange(-1, ordering: .acquiringAndReleasing) }

  fileprivate func putBack(_ number: Int32) { value.store(number, ordering: .releasing) }

  func close() async throws(Errno) {
    if !isOwned {
      if take() < 0 { throw .badFileDescriptor }
      return
    }
    let outcome = await withCheckedContinuation { continuation in
      driver.submit(Closing(self, continuation))
    }
    _ = try outcome.get()
  }

  deinit {
    let number = take()
    if isOwned, number >= 0 { driver.submit(Closing(number, on: driver)) }
  }
}

/// Shutdown, cancel, wait, close: what the library does in one operation.
private final class Closing: Operation, @unchecked Sendable {
  private var number: Int32 = -1
  private let continuation: CheckedContinuation<Outcome, Never>?

  init(_ descriptor: Descriptor, _ continuation: CheckedContinuation<Outcome, Never>) {
    self.continuation = continuation
    super.init(ringline_op(), on: descriptor.driver, descriptor: descriptor)
    ringline_prep_lib_close(&op, -1)
  }

  /// For a descriptor that nobody holds any more: nothing is in flight on it.
  init(_ number: Int32, on driver: Driver) {
    self.number = number
    continuation = nil
    super.init(ringline_op(), on: driver)
    ringline_prep_lib_close(&op, number)
  }

  override func prepare() {
    if let descriptor { number = descriptor.take() }
    op.fd = number
  }

  override func complete(_ outcome: Outcome, final: Bool) {
    guard final else { return }
    var outcome = outcome
    let refused = token == 0
    if refused, outcome.res == driver.refusal.res || descriptor == nil {
      // The ring is no more or is full, and what was in flight on the descriptor has ended.
      if let descriptor, number < 0 { number = descriptor.take() }
      if number >= 0, Glibc.close(number) == 0 { outcome = Outcome(res: 0) }
    } else if refused, number >= 0 {
      descriptor?.putBack(number)
    }
    continuation?.resume(returning: outcome)
  }
}
