// The thread that owns a ring, and the queue through which everybody else reaches it.

import CRingline
import Glibc

/// Owns the ring's handle and a thread that lives as long as the ring does.
///
/// Operations die with the thread that submitted them, so no thread of Swift's pool may submit:
/// tasks post, this thread submits, waits and resumes them. What it is posted is in order.
final class Driver: @unchecked Sendable {
  enum Job: Sendable {
    case submit(Operation)
    case cancel(Operation)
    /// With nil when the ring has ended meanwhile.
    case call(@Sendable (OpaquePointer?) -> Void)
    case close(Duration, CheckedContinuation<Outcome, Never>?)
  }

  private struct Inbox {
    var jobs: [Job] = []
    var isClosed = false
  }

  let handle: OpaquePointer
  /// What those get that come after its end.
  let refusal: Outcome
  private let inbox = Locked(Inbox())
  // The rest is the thread's alone.

  /// What the kernel has, each with its memory.
  private var live: [Operation] = []
  /// What came when the library took nothing: it goes before all that comes later.
  private let backlog = Waiting()
  /// Lines whose first operation has ended.
  private var free: [Line] = []
  private var isAdvancing = false
  /// Set by the end of the ring: what waits then ends so.
  private var over: Outcome?

  init(_ config: ringline_config) throws(Errno) {
    var config = config
    var handle: OpaquePointer?
    let code = ringline_create(&config, &handle)
    guard code == 0, let handle else { throw .last(code) }
    self.handle = handle
    refusal = Outcome(res: ABI.eclosed)
    var thread = pthread_t()
    let failed = pthread_create(
      &thread, nil,
      { context in
        Unmanaged<Driver>.fromOpaque(context!).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    if failed != 0 {
      Unmanaged.passUnretained(self).release()
      ringline_free(handle)
      throw Errno(rawValue: failed, detail: "no thread for the ring")
    }
    pthread_detach(thread)
  }

  /// For a ring that could not be made: it takes nothing, and says why.
  init(refusing error: Errno) {
    // No handle of the library's has this value: what is asked of it is stale.
    handle = OpaquePointer(bitPattern: 1)!
    refusal = Outcome(res: error.code, detail: error.detail)
    inbox.withLock { $0.isClosed = true }
  }

  // MARK: from any thread

  /// Whether the job was taken: not after a close.
  private func post(_ job: Job) -> Bool {
    let (taken, first) = inbox.withLock { inbox in
      if inbox.isClosed { return (false, false) }
      if case .close = job { inbox.isClosed = true }
      inbox.jobs.append(job)
      return (true, inbox.jobs.count == 1)
    }
    // It ends the present wait or the next one: nothing is lost when the thread is not waiting yet.
    if first { ringline_stop(handle) }
    return taken
  }

  func submit(_ operation: Operation) {
    if !post(.submit(operation)) { end(operation, refusal) }
  }

  /// Ask for an operation to end; its FINAL tells how it did. Nothing happens when it has ended.
  func cancel(_ operation: Operation) {
    _ = post(.cancel(operation))
  }

  /// Submits, and returns at FINAL, also when the task is cancelled: only then is the memory free.
  func perform(_ operation: Single, timeout: Duration? = nil) async -> Outcome {
    if let timeout { operation.deadline = Deadline(timeout, target: operation) }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        operation.continuation = continuation
        submit(operation)
      }
    } onCancel: {
      cancel(operation)
    }
  }

  /// Calls a function of the C API on the thread of the ring.
  func call(_ body: @escaping @Sendable (OpaquePointer) -> Int32) async throws(Errno) -> Int32 {
    let outcome = await withCheckedContinuation { (done: CheckedContinuation<Outcome, Never>) in
      let job = Job.call { [refusal] handle in
        guard let handle else { return done.resume(returning: refusal) }
        let code = body(handle)
        let detail = code < 0 ? String(cString: ringline_error_detail()) : ""
        done.resume(returning: Outcome(res: code, detail: detail))
      }
      if !post(job) { done.resume(returning: refusal) }
    }
    return try outcome.get()
  }

  /// As `call`, for those who cannot wait.
  func later(_ body: @escaping @Sendable (OpaquePointer) -> Void) {
    _ = post(.call { handle in if let handle { body(handle) } })
  }

  func close(_ timeout: Duration) async -> Outcome {
    await withCheckedContinuation { continuation in
      if !post(.close(timeout, continuation)) {
        continuation.resume(returning: refusal)
      }
    }
  }

  func closeLater() {
    _ = post(.close(.seconds(1), nil))
  }

  // MARK: on the thread of the ring

  private func run() {
    // Signals are for the program's own threads.
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
    pthread_setname_np(pthread_self(), "ringline")
    ringline_attach(handle)

    var jobs: [Job] = []
    while true {
      inbox.withLock { inbox in swap(&inbox.jobs, &jobs) }
      for job in jobs {
        if case .close(let timeout, let continuation) = job {
          return finish(timeout, continuation)
        }
        work(job)
      }
      jobs.removeAll(keepingCapacity: true)
      // Where the library takes nothing, it is asked again, in a millisecond at the latest.
      let code = ringline_run_once(handle, 1, backlog.isEmpty ? -1 : 1_000_000)
      if code < 0, !isPassing(code) { return giveUp(.last(code)) }
      while let operation = backlog.removeFirst() {
        if !begin(operation) {
          backlog.putBack(operation)
          break
        }
      }
    }
  }

  private func work(_ job: Job) {
    switch job {
    case .submit(let operation): start(operation)
    case .cancel(let operation): ask(operation)
    case .call(let body): body(handle)
    case .close: break
    }
  }

  private func start(_ operation: Operation) {
    if !backlog.isEmpty || !begin(operation) { backlog.append(operation) }
  }

  /// False when the library takes nothing now: begin it later.
  private func begin(_ operation: Operation) -> Bool {
    if let over {
      end(operation, over)
    } else if operation.cancelAsked {
      end(operation, operation.canceled)
    } else {
      if let deadline = operation.deadline, deadline.state == .made {
        guard let refused = hand(deadline) else { return false }
        if refused.res < 0 {
          end(operation, refused)
          return true
        }
      }
      if let line = operation.line, !line.admits(operation) {
        line.waiting.append(operation)
        return true
      }
      operation.prepare()
      guard let refused = hand(operation) else { return false }
      if refused.res < 0 { end(operation, refused) }
    }
    return true
  }

  /// Gives an operation to the library: nil when it takes nothing now, else a `res` below 0 says
  /// why it never will.
  private func hand(_ operation: Operation) -> Outcome? {
    let context = Unmanaged.passUnretained(operation).toOpaque()
    let token = ringline_submit_with(handle, &operation.op, onCompletion, context)
    // The queue is full: the kernel has to take some first.
    if token == Int64(-EAGAIN) { return nil }
    if token < 0 {
      return Outcome(res: Int32(token), detail: String(cString: ringline_error_detail()))
    }
    operation.token = UInt64(token)
    operation.state = .inFlight
    operation.place = live.count
    live.append(operation)
    return Outcome(res: 0)
  }

  /// Asks the library to end an operation, or keeps it from beginning.
  func ask(_ operation: Operation) {
    operation.cancelAsked = true
    switch operation.state {
    case .inFlight: ringline_cancel(handle, operation.token)
    case .waiting: end(operation, operation.canceled)
    case .made, .ended: break
    }
  }

  fileprivate func completed(_ operation: Operation, _ completion: ringline_completion) {
    let final = completion.flags & ABI.cfFinal != 0
    var outcome = Outcome(
      res: completion.res, flags: completion.flags, data: completion.data, token: completion.token)
    if !final { return operation.complete(outcome, final: false) }
    if completion.flags & ABI.cfAbandoned != 0 { leak(operation) }
    if outcome.res == -ECANCELED, operation.deadline?.isOver == true { outcome.res = -ETIMEDOUT }
    let last = live.removeLast()
    if last !== operation {
      last.place = operation.place
      live[last.place] = last
    }
    end(operation, outcome)
  }

  /// Every operation ends here, once, whatever became of it.
  private func end(_ operation: Operation, _ outcome: Outcome) {
    operation.queue?.remove(operation)
    operation.state = .ended
    if let deadline = operation.deadline, deadline.state == .inFlight { ask(deadline) }
    operation.complete(outcome, final: true)
    if let line = operation.line, line.leave(operation) {
      // Bytes went out of a whole that did not: nothing may follow them as if it had.
      if outcome.res < 0, outcome.data > 0 {
        let why = Outcome(res: -ECANCELED, detail: "a send before it was cut short")
        while let next = line.waiting.removeFirst() { end(next, why) }
      }
      advance(line)
    }
  }

  /// Begins what is next in a line. In a loop and not by calls from within: lines are long.
  private func advance(_ line: Line) {
    free.append(line)
    if isAdvancing { return }
    isAdvancing = true
    while let line = free.popLast() {
      if line.isFree, let next = line.waiting.removeFirst() {
        if line.admits(next) { start(next) }
      }
    }
    isAdvancing = false
  }

  /// The kernel may write to the memory of an abandoned operation for as long as the process lives.
  private func leak(_ operation: Operation) {
    _ = Unmanaged.passRetained(operation)
  }

  /// Whether a wait that failed so is to be tried again.
  private func isPassing(_ code: Int32) -> Bool {
    if code == -EINTR { return true }
    if code != -EAGAIN, code != -EBUSY, code != -ENOMEM { return false }
    // The kernel takes nothing now; a millisecond keeps this from becoming a spin.
    poll(nil, 0, 1)
    return true
  }

  private func finish(_ timeout: Duration, _ done: CheckedContinuation<Outcome, Never>?) {
    over = Outcome(res: -ECANCELED)
    while let operation = backlog.removeFirst() { end(operation, Outcome(res: -ECANCELED)) }
    ringline_close(handle, Int64(clamping: timeout.nanoseconds))
    let code = ringline_free(handle)
    let detail = code < 0 ? String(cString: ringline_error_detail()) : ""
    abandon(Errno.canceled)
    done?.resume(returning: Outcome(res: code, detail: detail))
  }

  /// A ring that cannot be waited on any more: nobody may wait for it either.
  private func giveUp(_ why: Errno) {
    let left = inbox.withLock { inbox in
      inbox.isClosed = true
      defer { inbox.jobs = [] }
      return inbox.jobs
    }
    over = Outcome(res: why.code, detail: why.detail)
    while let operation = backlog.removeFirst() { _ = begin(operation) }
    ringline_free(handle)
    abandon(why)
    for job in left {
      switch job {
      case .submit(let operation): end(operation, Outcome(res: why.code, detail: why.detail))
      case .cancel: break
      case .call(let body): body(nil)
      case .close(_, let done): done?.resume(returning: Outcome(res: why.code, detail: why.detail))
      }
    }
  }

  private func abandon(_ why: Errno) {
    let left = live
    live = []
    for operation in left {
      leak(operation)
      operation.deadline = nil
      end(operation, Outcome(res: why.code, detail: why.detail))
    }
  }
}

private let onCompletion: ringline_callback = { context, _, completion in
  guard let context, let completion else { return }
  let operation = Unmanaged<Operation>.fromOpaque(context).takeUnretainedValue()
  operation.driver.completed(operation, completion.pointee)
}
