// A TCP server that sends back what it receives, straight out of the buffers of a pool.
//
//   swift run tcp-echo [port]     prints the port; ends when its input does

import Ringline

@main
struct TCPEcho {
  static func main() async throws {
    let ring = try Ring()
    let pool = try await BufferPool(count: 256, size: 4096, ring: ring)
    let listener = try await Socket(.ipv4, .stream, ring: ring)
    let port = CommandLine.arguments.dropFirst().first.flatMap { UInt16($0) } ?? 0
    try listener.setReuseAddr()
    try listener.bind(to: .loopback(port: port))
    try listener.listen()
    let output = File(fileDescriptor: 1, ring: ring)
    try await output.write(Array("port \(try listener.localAddress.port ?? 0)\n".utf8))

    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for try await client in listener.connections {
          Task { await serve(client, pool) }
        }
      }
      // Whoever started it says when to end by closing its input.
      let input = File(fileDescriptor: 0, ring: ring)
      while try await !input.read(count: 100).isEmpty {}
      group.cancelAll()
    }
    try await ring.close()
  }

  static func serve(_ client: Socket, _ pool: BufferPool) async {
    do {
      while let lease = try await client.receive(from: pool) {
        try await client.send(lease)
      }
      try await client.close()
    } catch Errno.noBufferSpace {
      print("more clients than buffers")
    } catch {
      print(error)
    }
  }
}
