// Reads and writes by the ring's fixed buffers.

import CRingline
import Glibc
import Ringline

/// What an operation on a fixed buffer needs until it is over.
private final class Kept: Sendable {
  let file: any FileDescriptorRepresentable
  let buffers: FixedBuffers

  init(_ file: any FileDescriptorRepresentable, _ buffers: FixedBuffers) {
    self.file = file
    self.buffers = buffers
  }
}

extension Ring {
  /// Reads into a fixed buffer and shows what came. The bytes are not to be used afterwards.
  @discardableResult
  public func readFixed<Result>(
    count: Int? = nil, offset: Offset = -1, bufferIndex: UInt16, bufferOffset: Int = 0,
    from file: any FileDescriptorRepresentable,
    _ body: (UnsafeMutableBufferPointer<UInt8>) throws -> Result
  ) async throws -> Result {
    let buffers = try fixedBuffers
    let count = count ?? buffers.size - bufferOffset
    let got = try await readFixed(
      buffers, count, offset, bufferIndex, bufferOffset, file)
    return try body(buffers.bytes(of: bufferIndex, from: bufferOffset, count: got))
  }

  /// As the other one, with a copy of the bytes.
  public func readFixed(
    count: Int? = nil, offset: Offset = -1, bufferIndex: UInt16, bufferOffset: Int = 0,
    from file: any FileDescriptorRepresentable
  ) async throws -> [UInt8] {
    try await readFixed(
      count: count, offset: offset, bufferIndex: bufferIndex, bufferOffset: bufferOffset,
      from: file
    ) { Array($0) }
  }

  /// Copies the bytes into a fixed buffer and writes them; tells how many it was.
  @discardableResult
  public func writeFixed(
    _ data: [UInt8], count: Int? = nil, offset: Offset = -1, bufferIndex: UInt16,
    bufferOffset: Int = 0, to file: any FileDescriptorRepresentable
  ) async throws -> Int {
    let buffers = try fixedBuffers
    let count = count ?? data.count
    guard count <= data.count else { throw Errno(rawValue: ERANGE) }
    try put(data, count, into: buffers.bytes(of: bufferIndex, from: bufferOffset, count: count))
    return try await writeFixed(buffers, count, offset, bufferIndex, bufferOffset, file)
  }

  /// Writes the bytes and then reads as many in place of them: what a device answers.
  public func writeReadFixed(
    _ data: inout [UInt8], count: Int? = nil, offset: Offset = -1, bufferIndex: UInt16,
    bufferOffset: Int = 0, fd file: any FileDescriptorRepresentable
  ) async throws {
    let count = count ?? data.count
    let written = try await writeFixed(
      data, count: count, offset: offset, bufferIndex: bufferIndex, bufferOffset: bufferOffset,
      to: file)
    guard written == count else { throw Errno(rawValue: EAGAIN, detail: "a short write") }
    let buffers = try fixedBuffers
    let got = try await readFixed(buffers, count, offset, bufferIndex, bufferOffset, file)
    guard got == count else { throw Errno(rawValue: EAGAIN, detail: "a short read") }
    data.replaceSubrange(
      0..<count, with: try buffers.bytes(of: bufferIndex, from: bufferOffset, count: count))
  }

  /// Copies a piece of a file to the same place of another one. The end of the first one in it is
  /// an error.
  public func copy(
    count: Int? = nil, offset: Offset = -1, bufferIndex: UInt16,
    from source: any FileDescriptorRepresentable, to target: any FileDescriptorRepresentable
  ) async throws {
    let buffers = try fixedBuffers
    let count = count ?? buffers.size
    var done = 0
    while done < count {
      let at = offset < 0 ? offset : offset + Offset(done)
      let got = try await readFixed(buffers, count - done, at, bufferIndex, done, source)
      if got == 0 { throw Errno(rawValue: EAGAIN, detail: "\(done) of \(count) bytes were there") }
      var written = 0
      while written < got {
        let to = at < 0 ? at : at + Offset(written)
        written += try await writeFixed(
          buffers, got - written, to, bufferIndex, done + written, target)
      }
      done += got
    }
  }

  private func put(
    _ data: [UInt8], _ count: Int, into bytes: UnsafeMutableBufferPointer<UInt8>
  ) {
    _ = bytes.update(fromContentsOf: data.prefix(count))
  }

  private func readFixed(
    _ buffers: FixedBuffers, _ count: Int, _ offset: Offset, _ index: UInt16, _ start: Int,
    _ file: any FileDescriptorRepresentable
  ) async throws -> Int {
    let bytes = try buffers.bytes(of: index, from: start, count: count)
    var op = ringline_op()
    ringline_prep_read_fixed(
      &op, file.fileDescriptor, bytes.baseAddress, try checked(count), UInt64(bitPattern: offset),
      buffers.index)
    return Int(try await perform(op, owner: Kept(file, buffers)))
  }

  private func writeFixed(
    _ buffers: FixedBuffers, _ count: Int, _ offset: Offset, _ index: UInt16, _ start: Int,
    _ file: any FileDescriptorRepresentable
  ) async throws -> Int {
    let bytes = try buffers.bytes(of: index, from: start, count: count)
    var op = ringline_op()
    ringline_prep_write_fixed(
      &op, file.fileDescriptor, bytes.baseAddress, try checked(count), UInt64(bitPattern: offset),
      buffers.index)
    return Int(try await perform(op, owner: Kept(file, buffers)))
  }
}
