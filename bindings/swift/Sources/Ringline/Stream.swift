// Operations with many completions, as what a task walks with `for try await`.

import CRingline
import Glibc

/// Between the driver's thread, which puts completions in, and one task that takes them out.
///
/// It is bounded: with `limit` waiting the operation is cancelled, and submitted again when the
/// task has taken them all.
final class Channel: Sendable {
  private struct State {
    var waiting: [Outcome] = []
    var taken = 0
    var waiter: CheckedContinuation<Outcome, Never>?
    var current: Streaming?
    var isPaused = false
    var isOver = false
  }

  private let driver: Driver
  private let limit: Int
  private let make: @Sendable (Channel) -> Streaming
  /// Puts a completion into the one that waits, where one can say it for both.
  private let merge: (@Sendable (inout Outcome, Outcome) -> Void)?
  /// Takes back what nobody will take out any more.
  private let discard: @Sendable (Outcome) -> Void
  private let state = Locked(State())

  init(
    on driver: Driver, limit: Int, discard: @escaping @Sendable (Outcome) -> Void = { _ in },
    merge: (@Sendable (inout Outcome, Outcome) -> Void)? = nil,
    make: @escaping @Sendable (Channel) -> Streaming
  ) {
    self.driver = driver
    self.limit = limit
    self.discard = discard
    self.merge = merge
    self.make = make
  }

  /// The next completion; an error when the operation ended with one. A cancelled task gets
  /// `-ECANCELED` when the operation has come to its end.
  func next() async -> Outcome {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in wait(continuation) }
    } onCancel: {
      stop()
    }
  }

  private func wait(_ continuation: CheckedContinuation<Outcome, Never>) {
    let fresh: Streaming? = state.withLock { state in
      if state.taken < state.waiting.count {
        let outcome = state.waiting[state.taken]
        state.taken += 1
        if state.taken == state.waiting.count {
          state.waiting.removeAll(keepingCapacity: true)
          state.taken = 0
        }
        continuation.resume(returning: outcome)
        return nil
      }
      if state.isOver, state.current == nil {
        continuation.resume(returning: Outcome(res: -ECANCELED))
        return nil
      }
      state.waiter = continuation
      return state.current == nil ? renew(&state) : nil
    }
    if let fresh { driver.submit(fresh) }
  }

  private func renew(_ state: inout State) -> Streaming {
    let fresh = make(self)
    state.current = fresh
    state.isPaused = false
    return fresh
  }

  /// No more: by the task's cancellation, or because nobody walks any more.
  func stop() {
    let current = state.withLock { state in
      state.isOver = true
      return state.current
    }
    if let current { driver.cancel(current) }
  }

  /// Of what waits, nobody will take anything.
  func drop() {
    stop()
    let left = state.withLock { state in
      let left = state.waiting[state.taken...]
      state.waiting = []
      state.taken = 0
      return Array(left)
    }
    for outcome in left { discard(outcome) }
  }

  fileprivate func put(_ outcome: Outcome, final: Bool) {
    enum Next { case nothing, discard, pause(Streaming), again(Streaming) }
    let next: Next = state.withLock { state in
      let pausing = state.isPaused
      let current = state.current
      if final { state.current = nil }
      // The end of an operation that was paused is nobody's error.
      if final, pausing, outcome.res == -ECANCELED, !state.isOver {
        return state.waiter == nil ? .nothing : .again(renew(&state))
      }
      if let waiter = state.waiter {
        state.waiter = nil
        waiter.resume(returning: outcome)
        return .nothing
      }
      if state.isOver { return .discard }
      if let merge, outcome.res >= 0, let last = state.waiting.indices.last {
        merge(&state.waiting[last], outcome)
        return .nothing
      }
      state.waiting.append(outcome)
      if final || pausing || state.waiting.count - state.taken < limit { return .nothing }
      state.isPaused = true
      return current.map { .pause($0) } ?? .nothing
    }
    switch next {
    case .nothing: break
    case .discard: discard(outcome)
    case .pause(let operation): driver.cancel(operation)
    case .again(let operation): driver.submit(operation)
    }
  }
}

/// An operation that fills a channel.
final class Streaming: Operation, @unchecked Sendable {
  private let channel: Channel

  init(_ op: ringline_op, on driver: Driver, descriptor: Descriptor? = nil, into channel: Channel) {
    self.channel = channel
    super.init(op, on: driver, descriptor: descriptor)
  }

  override func complete(_ outcome: Outcome, final: Bool) {
    channel.put(outcome, final: final)
  }
}

/// Ends the channel's operation when the iterator is gone.
final class ChannelEnd: Sendable {
  let channel: Channel

  init(_ channel: Channel) { self.channel = channel }

  deinit { channel.drop() }
}

/// The ticks of a timer. Each element tells how many ticks there were since the one before: 1, or
/// more when the task was slow, so that nothing piles up.
public struct TimerSequence: AsyncSequence, Sendable {
  public typealias Element = Int
  public typealias Failure = any Error

  let driver: Driver
  let period: Duration

  public func makeAsyncIterator() -> Iterator {
    Iterator(driver: driver, period: period)
  }

  public struct Iterator: AsyncIteratorProtocol {
    private let end: ChannelEnd

    init(driver: Driver, period: Duration) {
      let nanoseconds = period.nanoseconds
      let add: @Sendable (inout Outcome, Outcome) -> Void = { $0.res += $1.res + 1 }
      let channel = Channel(on: driver, limit: 2, merge: add) { channel in
        var op = ringline_op()
        ringline_prep_timer(&op, nanoseconds, nanoseconds)
        return Streaming(op, on: driver, into: channel)
      }
      end = ChannelEnd(channel)
    }

    public mutating func next() async throws -> Int? {
      // The result counts the ticks that were missed.
      Int(try await end.channel.next().get()) + 1
    }
  }
}
