// Terminals and serial lines: raw, with a speed and a form of the bytes.

import Glibc
import IORing

public enum Parity: Sendable { case none, odd, even }
public enum StopBits: Sendable { case one, two }
public enum DataBits: Sendable { case seven, eight }

extension termios {
  /// Raw, with 8 bits, no parity and one stop bit.
  public mutating func setN81(speed: UInt32) throws {
    try makeRaw()
    try set(speed: speed)
    set(parity: .none)
    set(stopBits: .one)
    set(dataBits: .eight)
  }

  public mutating func makeRaw() throws { cfmakeraw(&self) }

  /// In bits per second; throws for one that the system has no name for.
  public mutating func set(speed: UInt32) throws {
    if cfsetspeed(&self, speed) != 0 { throw Errno(rawValue: errno) }
  }

  public mutating func set(parity: Parity) {
    c_cflag &= ~tcflag_t(PARENB | PARODD)
    switch parity {
    case .none: break
    case .odd: c_cflag |= tcflag_t(PARENB | PARODD)
    case .even: c_cflag |= tcflag_t(PARENB)
    }
  }

  public mutating func set(stopBits: StopBits) {
    c_cflag &= ~tcflag_t(CSTOPB)
    if stopBits == .two { c_cflag |= tcflag_t(CSTOPB) }
  }

  public mutating func set(dataBits: DataBits) {
    c_cflag &= ~tcflag_t(CSIZE)
    c_cflag |= tcflag_t(dataBits == .eight ? CS8 : CS7)
  }
}

extension FileDescriptorRepresentable {
  public var isATty: Bool { isatty(fileDescriptor) == 1 }

  public func getTty() throws -> termios {
    var settings = termios()
    try Errno.throwingGlobalErrno { tcgetattr(fileDescriptor, &settings) }
    return settings
  }

  public func set(tty: termios) throws {
    var settings = tty
    try Errno.throwingGlobalErrno { tcsetattr(fileDescriptor, TCSANOW, &settings) }
  }
}
