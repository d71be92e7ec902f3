// Copies a file with eight reads and writes in flight.
//
//   swift run file-copy FROM TO     prints how many bytes it was

import Ringline

@main
struct FileCopy {
  static let piece = 256 * 1024

  static func main() async throws {
    guard CommandLine.arguments.count == 3 else {
      return print("usage: file-copy FROM TO")
    }
    let from = try await File(CommandLine.arguments[1])
    let to = try await File(CommandLine.arguments[2], options: [.writeOnly, .create, .truncate])
    let size = try await from.size()

    try await withThrowingTaskGroup(of: Void.self) { group in
      var running = 0
      for start in stride(from: 0, to: size, by: piece) {
        if running == 8 { try await group.next() } else { running += 1 }
        group.addTask { try await copy(start, from, to) }
      }
      try await group.waitForAll()
    }
    try await to.sync()
    try await to.close()
    print(size, "bytes")
  }

  static func copy(_ start: UInt64, _ from: File, _ to: File) async throws {
    let end = start + UInt64(piece)
    var offset = start
    while offset < end {
      var bytes = try await from.read(count: Int(end - offset), at: offset)
      if bytes.isEmpty { return }
      while !bytes.isEmpty {
        let written = try await to.write(bytes, at: offset)
        offset += UInt64(written)
        bytes.removeFirst(written)
      }
    }
  }
}
