//! What can go wrong in the Rust API.
//!
//! Owns: the error types. Every text says what to do about it.

use std::fmt;
use std::io;

/// Why a runtime, a connection or an operation could not be had.
///
/// Operations of a connection answer [`std::io::Error`]; this type is for starting a runtime and
/// for the synchronous calls of [`DriverCtx`](crate::DriverCtx).
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused something.
    Io(io::Error),
    /// A worker's ring could not be made; the text says why and what helps.
    RingSetup(String),
    /// A region of memory could not be registered with the kernel.
    BufferRegistration(String),
    /// `Config::max_connections` are open.
    ConnectionLimitReached,
    /// The token is of a connection that is over, or of another worker.
    InvalidConnection,
    /// All slots of the send pool are in use: await a send before the next one.
    SendPoolExhausted,
    /// The [`RegionId`](crate::RegionId) names no registered region.
    InvalidRegion,
    /// A guard's memory is outside of the region that it names.
    PointerOutOfRegion,
    /// A limit of the configuration or of the system; the text names it.
    ResourceLimit(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(error) => error.fmt(f),
            Error::RingSetup(why) => write!(f, "no ring for a worker: {why}"),
            Error::BufferRegistration(why) => write!(f, "memory was not registered: {why}"),
            Error::ConnectionLimitReached => {
                f.write_str("max_connections are open: close one, or raise the limit")
            }
            Error::InvalidConnection => f.write_str("the connection is over or of another worker"),
            Error::SendPoolExhausted => {
                f.write_str("all send slots are in use: await a send, or raise send_copy_count")
            }
            Error::InvalidRegion => f.write_str("the region was not registered"),
            Error::PointerOutOfRegion => f.write_str("the memory is outside of its region"),
            Error::ResourceLimit(what) => write!(f, "a limit was reached: {what}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        Error::Io(error)
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        match error {
            Error::Io(error) => error,
            Error::InvalidConnection => io::Error::new(io::ErrorKind::NotConnected, error),
            other => io::Error::other(other),
        }
    }
}

/// Why a datagram was not sent.
#[derive(Debug)]
#[non_exhaustive]
pub enum UdpSendError {
    /// All send slots are in use.
    PoolExhausted,
    /// Another send is in flight. It never comes: datagrams are queued.
    SendInFlight,
    /// The queue of the ring is full.
    SubmissionQueueFull,
    /// The operating system refused it.
    Io(io::Error),
}

impl fmt::Display for UdpSendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UdpSendError::PoolExhausted => f.write_str("all send slots are in use: send later"),
            UdpSendError::SendInFlight => f.write_str("another send is in flight: send later"),
            UdpSendError::SubmissionQueueFull => f.write_str("the ring is full: send later"),
            UdpSendError::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for UdpSendError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            UdpSendError::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for UdpSendError {
    fn from(error: io::Error) -> UdpSendError {
        UdpSendError::Io(error)
    }
}

/// All `Config::timer_slots` are in use; only the functions whose names begin with `try_` say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerExhausted;

impl fmt::Display for TimerExhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("all timer slots are in use: drop one, or raise timer_slots")
    }
}

impl std::error::Error for TimerExhausted {}

/// A deadline passed before the future was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed;

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the deadline passed")
    }
}

impl std::error::Error for Elapsed {}

impl From<Elapsed> for io::Error {
    fn from(elapsed: Elapsed) -> io::Error {
        io::Error::new(io::ErrorKind::TimedOut, elapsed)
    }
}

/// Why a [`JoinHandle`](crate::JoinHandle) has no value of its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JoinError {
    /// The task was aborted, or its worker ended first.
    Aborted,
    /// The task panicked.
    Panicked,
}

impl JoinError {
    /// Whether the task panicked.
    pub fn is_panic(&self) -> bool {
        *self == JoinError::Panicked
    }

    /// Whether the task was aborted, or its worker ended first.
    pub fn is_cancelled(&self) -> bool {
        *self == JoinError::Aborted
    }
}

impl From<JoinError> for io::Error {
    fn from(error: JoinError) -> io::Error {
        io::Error::other(error)
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            JoinError::Aborted => "the task was aborted",
            JoinError::Panicked => "the task panicked",
        })
    }
}

impl std::error::Error for JoinError {}
