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
    /// A thread of the kernel looks for submissions (SQPOLL).
    public var kernelThread: KernelThread?

    /// Which processor it is bound to, and how long it looks before it sleeps.
    public struct KernelThread: Sendable {
      public var processor: UInt32?
      public var idle: Duration?

      public init(processor: UInt32? = nil, idle: Duration? = nil) {
        self.processor = processor
        self.idle = idle
      }
    }

    public init(
      submissionEntries: UInt32 = 0, completionEntries: UInt32 = 0, maxInFlight: UInt32 = 0
    ) {
      self.submissionEntries = submissionEntries
      self.completionEntries = completionEntries
      self.maxInFlight = maxInFlight
    }
  }

  let driver: Driver
  let fixed = Locked<FixedBuffers?>(nil)

  /// Fails where io_uring is missing or forbidden; the error's detail names the remedy.
  public init(_ configuration: Configuration = Configuration()) throws {
    let abi = ringline_check_abi(
      UInt32(ABI.abi), UInt32(MemoryLayout<ringline_op>.size),
      UInt32(MemoryLayout<ringline_completion>.size), UInt32(MemoryLayout<ringline_shared>.size))
    if abi < 0 { throw Errno.last(abi) }
    var config = ringline_config()
    ringline_config_init(&config)
    config.sq_entries = configuration.submissionEntries
    config.cq_entries = configuration.completionEntries
    config.max_inflight = configuration.maxInFlight
    if let thread = configuration.kernelThread {
      config.flags |= ABI.configSqpoll
      config.sq_thread_cpu = thread.processor.map { $0 &+ 1 } ?? 0
      config.sq_thread_idle_ms = UInt32(clamping: (thread.idle?.nanoseconds ?? 0) / 1_000_000)
    }
    driver = try Driver(config)
  }

  deinit { driver.closeLater() }

  private static let sharedRing = Locked<Ring?>(nil)

  private init(refusing error: Errno) { driver = Driver(refusing: error) }

  /// The ring of the process, made when it is first asked for. Where there can be none, what is
  /// asked of it throws why, and the next one who asks makes another attempt.
  public static var shared: Ring {
    sharedRing.withLock { ring in
      if let ring { return ring }
      do {
        let made = try Ring()
        ring = made
        return made
      } catch {
        return Ring(refusing: error as? Errno ?? .notSupportedByKernel)
      }
    }
  }

  /// Cancels what is in flight, waits for it up to `timeout` and ends the ring. Operations begun
  /// later throw `Errno.closed`.
  public func close(timeout: Duration = .seconds(1)) async throws {
    _ = try await driver.close(timeout).get()
  }

  // MARK: operations

  /// Calls a function of the C API on the thread of the ring.
  package func call(
    _ body: @escaping @Sendable (OpaquePointer) -> Int32
  ) async throws -> Int32 {
    try await driver.call(body)
  }

  /// Goes to the kernel and back.
  public func nop() async throws {
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
  ) async throws -> Int32 {
    try await driver.perform(Single(op, on: driver, owned: owner), timeout: timeout).get()
  }

  /// Waits until one of the events (`POLLIN` and its kin) has come, and tells which.
  public func poll(
    fileDescriptor: Int32, for events: UInt32, timeout: Duration? = nil
  ) async throws -> UInt32 {
    var op = ringline_op()
    ringline_prep_poll_add(&op, fileDescriptor, events)
    return UInt32(bitPattern: try await perform(op, timeout: timeout))
  }

  /// Waits on the ring's own timer.
  public func sleep(for duration: Duration) async throws {
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
