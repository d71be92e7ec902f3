// What has a descriptor, and the plainest owner of one.

import Glibc
import Ringline

/// Whatever has an open descriptor, and keeps it open for as long as it lives.
public protocol FileDescriptorRepresentable: Sendable {
  var fileDescriptor: Int32 { get }
}

extension File: FileDescriptorRepresentable {}
extension Socket: FileDescriptorRepresentable {}

/// An open descriptor. With `closeOnDealloc` it is closed when nobody refers to it any more:
/// operations that were given it do until they are over.
public final class FileHandle: FileDescriptorRepresentable, Hashable, CustomStringConvertible {
  public let fileDescriptor: Int32
  private let closeOnDealloc: Bool

  /// Throws what `errno` says for a number below 0, so that the result of `open` can be given.
  public init(fileDescriptor: Int32, closeOnDealloc: Bool = false) throws {
    if fileDescriptor < 0 { throw errno == 0 ? Errno.badFileDescriptor : Errno(rawValue: errno) }
    self.fileDescriptor = fileDescriptor
    self.closeOnDealloc = closeOnDealloc
  }

  deinit { if closeOnDealloc { close(fileDescriptor) } }

  public var description: String { "FileHandle(fileDescriptor: \(fileDescriptor))" }

  public static func == (left: FileHandle, right: FileHandle) -> Bool {
    left.fileDescriptor == right.fileDescriptor
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(fileDescriptor) }
}
