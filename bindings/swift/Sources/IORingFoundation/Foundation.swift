// Types of Foundation where descriptors, bytes and addresses are asked for.

import Foundation
import IORing
import SocketAddress

extension Foundation.FileHandle: FileDescriptorRepresentable {}

extension Data {
  /// The `sockaddr` that it is.
  public var socketAddress: any SocketAddress {
    get throws { try AnySocketAddress(bytes: Array(self)) }
  }
}
