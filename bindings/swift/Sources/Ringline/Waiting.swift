// Operations that wait for their turn, before the library knows of them. The driver's thread alone.

/// First come, first served; who gives up leaves at once, and its memory with it.
final class Waiting: @unchecked Sendable {
  private var places: [Operation?] = []
  private var head = 0
  private var count = 0

  var isEmpty: Bool { count == 0 }

  func append(_ operation: Operation) {
    enter(operation, at: places.count)
    places.append(operation)
  }

  /// For one that was taken out and whose turn it still is.
  func putBack(_ operation: Operation) {
    if head == 0 {
      places.insert(nil, at: 0)
      head = 1
      for (place, behind) in places.enumerated() { behind?.place = place }
    }
    head -= 1
    enter(operation, at: head)
    places[head] = operation
  }

  func removeFirst() -> Operation? {
    while head < places.count {
      if let operation = places[head] {
        remove(operation)
        return operation
      }
      head += 1
    }
    return nil
  }

  func remove(_ operation: Operation) {
    places[operation.place] = nil
    operation.queue = nil
    operation.state = .made
    count -= 1
    if places.count > 2 * count + 16 {
      places = places.filter { $0 != nil }
      head = 0
      for (place, left) in places.enumerated() { left?.place = place }
    }
  }

  private func enter(_ operation: Operation, at place: Int) {
    operation.state = .waiting
    operation.queue = self
    operation.place = place
    count += 1
  }
}

/// Operations of which one at a time may be in flight: the sends of a socket.
final class Line: @unchecked Sendable {
  let waiting = Waiting()
  private var current: Operation?

  var isFree: Bool { current == nil }

  /// Whether it is this one's turn; then it is until it leaves.
  func admits(_ operation: Operation) -> Bool {
    if current == nil { current = operation }
    return current === operation
  }

  /// Whether its turn is over by that.
  func leave(_ operation: Operation) -> Bool {
    if current !== operation { return false }
    current = nil
    return true
  }
}
