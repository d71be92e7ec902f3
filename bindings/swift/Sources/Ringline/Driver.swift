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
  private let inbox = Locked(Inbox())
  /// What the kernel has, each with its memory. The thread's alone.
  private var live: [Operation] = []

  init(_ config: ringline_config) throws(Errno) {
    var config = config
    var handle: OpaquePointer?
    let code = ringline_create(&config, &handle)
    guard code == 0, let handle else { throw .last(code) }
    self.handle = handle
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
    if !post(.submit(operation)) { end(operation, Outcome(res: ABI.eclosed)) }
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
      let job = Job.call { handle in
        guard let handle else { return done.resume(returning: Outcome(res: ABI.eclosed)) }
        let code = body(handle)
        let detail = code < 0 ? String(cString: ringline_error_detail()) : ""
        done.resume(returning: Outcome(res: code, detail: detail))
      }
      if !post(job) { done.resume(returning: Outcome(res: ABI.eclosed)) }
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
        continuation.resume(returning: Outcome(res: ABI.eclosed))
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
      let code = ringline_run_once(handle, 1, -1)
      if code < 0, !isPassing(code) { return giveUp(.last(code)) }
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
    if operation.cancelAsked { return end(operation, Outcome(res: -ECANCELED)) }
    if let deadline = operation.deadline, let why = hand(deadline) { return end(operation, why) }
    operation.prepare()
    if let why = hand(operation) { return end(operation, why) }
    // Its time can be over before the queue had room for it.
    if operation.cancelAsked { ask(operation) }
  }

  /// Gives an operation to the library; why not, if not.
  private func hand(_ operation: Operation) -> Outcome? {
    let context = Unmanaged.passUnretained(operation).toOpaque()
    var token = ringline_submit_with(handle, &operation.op, onCompletion, context)
    // The queue is full: the kernel has to take some first.
    var tries = 0
    while token == Int64(-EAGAIN), tries < 1000 {
      ringline_run_once(handle, 1, 1_000_000)
      token = ringline_submit_with(handle, &operation.op, onCompletion, context)
      tries += 1
    }
    if token < 0 {
      return Outcome(res: Int32(token), detail: String(cString: ringline_error_detail()))
    }
    operation.token = UInt64(token)
    operation.state = .inFlight
    operation.place = live.count
    live.append(operation)
    return nil
  }

  /// Asks the library to end an operation, or keeps it from beginning.
  func ask(_ operation: Operation) {
    operation.cancelAsked = true
    if operation.state == .inFlight { ringline_cancel(handle, operation.token) }
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
    operation.state = .ended
    if let deadline = operation.deadline, deadline.state == .inFlight { ask(deadline) }
    operation.complete(outcome, final: true)
  }

  /// The kernel may write to the memory of an abandoned operation for as long as the process lives.
  private func leak(_ operation: Operation) {
    _ = Unmanaged.passRetained(operation)
  }

  /// Whether a wait that failed so is to be tried again.
  private func isPassing(_ code: Int32) -> Bool {
    if code == -EINTR { return true }
    if code != -EAGAIN, code != -EBUSY { return false }
    // The kernel takes nothing now; a millisecond keeps this from becoming a spin.
    poll(nil, 0, 1)
    return true
  }

  private func finish(_ timeout: Duration, _ done: CheckedContinuation<Outcome, Never>?) {
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
