// A ring: what operations are submitted to.

import CRingline
import Glibc

/// An io_uring with a thread of its own that submits, waits and resumes the tasks.
///
/// Any task may use it. A ring that nobody refers to any more is closed; files, sockets and pools
/// refer to theirs.
public final class Ring: Sendable {
  /// What a ring shall be like; 0 is the library's default.
  public struct Configuration: Sendable {
    /// Submission entries, rounded up to a power of two.
    public var submissionEntries: UInt32 = 0
    /// Completion entries.
    public var completionEntries: UInt32 = 0
    /// Operations in flight at most; one more throws `Errno.noSlot`.
    public var maxInFlight: UInt32 = 0

    public init(
      submissionEntries: UInt32 = 0, completionEntries: UInt32 = 0, maxInFlight: UInt32 = 0
    ) {
      self.submissionEntries = submissionEntries
      self.completionEntries = completionEntries
      self.maxInFlight = maxInFlight
    }
  }

  let driver: Driver

  /// Fails where io_uring is missing or forbidden; the error's detail names the remedy.
  public init(_ configuration: Configuration = Configuration()) throws(Errno) {
    let abi = ringline_check_abi(
      UInt32(ABI.abi), UInt32(MemoryLayout<ringline_op>.size),
      UInt32(MemoryLayout<ringline_completion>.size), UInt32(MemoryLayout<ringline_shared>.size))
    if abi < 0 { throw .last(abi) }
    var config = ringline_config()
    ringline_config_init(&config)
    config.sq_entries = configuration.submissionEntries
    config.cq_entries = configuration.completionEntries
    config.max_inflight = configuration.maxInFlight
    driver = try Driver(config)
  }

  deinit { driver.closeLater() }

  private static let sharedRing = Locked<Ring?>(nil)

  /// The ring of the process, made when it is first asked for.
  public static var shared: Ring {
    get throws(Errno) {
      let made: Result<Ring, Errno> = sharedRing.withLock { ring in
        if let ring { return .success(ring) }
        return Result { () throws(Errno) in
          let made = try Ring()
          ring = made
          return made
        }
      }
      return try made.get()
    }
  }

  /// Cancels what is in flight, waits for it up to `timeout` and ends the ring. Operations begun
  /// later throw `Errno.closed`.
  public func close(timeout: Duration = .seconds(1)) async throws(Errno) {
    _ = try await driver.close(timeout).get()
  }

  // MARK: operations

  /// Goes to the kernel and back.
  public func nop() async throws(Errno) {
    var op = ringline_op()
    ringline_prep_nop(&op)
    _ = try await perform(op)
  }

  /// Does any operation of the C API that completes once, and returns its result.
  ///
  /// What the op points to has to stay where it is until this returns: `owner`, which is kept until
  /// then, is the place for it. Cancelling the task cancels the operation; this returns when the
  /// kernel has let go of it.
  public func perform(
    _ op: ringline_op, owner: (any AnyObject & Sendable)? = nil, timeout: Duration? = nil
  ) async throws(Errno) -> Int32 {
    try await driver.perform(Single(op, on: driver, owned: owner), timeout: timeout).get()
  }

  /// Waits until one of the events (`POLLIN` and its kin) has come, and tells which.
  public func poll(
    fileDescriptor: Int32, for events: UInt32, timeout: Duration? = nil
  ) async throws(Errno) -> UInt32 {
    var op = ringline_op()
    ringline_prep_poll_add(&op, fileDescriptor, events)
    return UInt32(bitPattern: try await perform(op, timeout: timeout))
  }

  /// Waits on the ring's own timer.
  public func sleep(for duration: Duration) async throws(Errno) {
    var op = ringline_op()
    ringline_prep_timer(&op, duration.nanoseconds, 0)
    _ = try await perform(op)
  }

  /// Ticks every `period`, first after one period.
  public func timer(every period: Duration) -> TimerSequence {
    TimerSequence(driver: driver, period: period)
  }
}

/// The version of the library that is loaded.
public var libraryVersion: String { String(cString: ringline_version_string()) }
