// A sequence whose own type nobody needs to know.

/// Any sequence of these elements. Each walk begins the sequence anew.
public struct AnyAsyncSequence<Element>: AsyncSequence, Sendable {
  public typealias Failure = any Error

  private let begin: @Sendable () -> Iterator

  /// Hides which sequence it is.
  public init<Hidden: AsyncSequence & Sendable>(_ hidden: Hidden) where Hidden.Element == Element {
    begin = {
      var iterator = hidden.makeAsyncIterator()
      return Iterator { try await iterator.next() }
    }
  }

  /// Asks `next` for one element after the other, and for none before somebody waits for it; nil
  /// is the end.
  public init(next: @escaping @Sendable () async throws -> Element?) {
    begin = { Iterator(next) }
  }

  public func makeAsyncIterator() -> Iterator { begin() }

  public struct Iterator: AsyncIteratorProtocol {
    private var step: (() async throws -> Element?)?

    fileprivate init(_ step: @escaping () async throws -> Element?) { self.step = step }

    /// nil for ever after the end; after an error too.
    public mutating func next() async throws -> Element? {
      guard let step else { return nil }
      do {
        if let element = try await step() { return element }
      } catch {
        self.step = nil
        throw error
      }
      self.step = nil
      return nil
    }
  }
}

extension AsyncSequence where Self: Sendable {
  public func eraseToAnyAsyncSequence() -> AnyAsyncSequence<Element> { AnyAsyncSequence(self) }
}
