//! How a connection ends: how far it is, why, and what is known of the other end.
//!
//! Owns: nothing but the rules. Invariant: a connection only goes on in its life, and the first
//! reason stays.

use crate::runtime::flight::Flight;

/// How far a connection is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Life {
    /// There is none in this place.
    #[default]
    Free,
    /// Its connect is with the kernel.
    Connecting,
    /// Sends and receives.
    Open,
    /// Sends what is queued, says that nothing more comes, and waits for the other end to do so.
    Draining,
    /// Ends what is in flight, and closes.
    Closing(Close),
}

impl Life {
    /// It is about to close.
    pub const CLOSING: Life = Life::Closing(Close::Waits);
}

/// How far a close is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Close {
    /// Something is in flight still.
    #[default]
    Waits,
    /// It is with the kernel.
    Asked,
    /// The descriptor is closed.
    Done,
}

/// How to close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// What is queued is sent first.
    Gracefully,
    /// What is queued is dropped, and the other end sees a reset.
    AtOnce,
}

/// What a stop of the worker asks of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leave {
    /// Nothing: the worker runs.
    #[default]
    Never,
    /// To end when a look finds nothing unread and all is sent.
    WhenIdle,
    /// As that, when it said something: it shook hands when the worker stopped.
    WhenHeard,
}

/// What is known of another end that is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gone {
    /// Nothing says that it is.
    #[default]
    No,
    /// It is; nobody asked yet what the kernel has of it.
    Unasked,
    /// The kernel has so many bytes of it.
    Left(u32),
    /// The kernel has nothing of it any more.
    Empty,
    /// Nor does the user: all was shown, also what a pause kept, or is about to be. What the answer
    /// to that leaves is dropped, or who pauses each time would be shown it for ever.
    Told,
}

/// The poll that notices it while no receive does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watch {
    /// The poll.
    pub flight: Flight,
    /// Both directions are shut.
    pub hung: bool,
    /// The kernel refused it.
    pub fails: bool,
}

impl Gone {
    /// Whether the other end is gone.
    pub fn is(self) -> bool {
        self != Gone::No
    }

    /// A receive brought `len` bytes, and is `over` if nothing can come behind them.
    pub fn received(&mut self, len: usize, over: bool) {
        match *self {
            Gone::No | Gone::Told => {}
            _ if over => *self = Gone::Empty,
            Gone::Left(left) if left as usize > len => *self = Gone::Left(left - len as u32),
            Gone::Left(_) => *self = Gone::Empty,
            Gone::Unasked | Gone::Empty => {}
        }
    }
}

/// How a connection ends.
#[derive(Default)]
pub struct Teardown {
    /// Why it is over: 0, or -errno.
    pub reason: i32,
    /// Whether the other end is gone.
    pub gone: Gone,
    /// What notices that without a receive.
    pub watch: Watch,
    /// What a stop of the worker asks of it.
    pub leave: Leave,
    /// It was never open: its end is told as that of its connect.
    pub dials: bool,
    /// Bytes that its other end had not taken when it was closed at once.
    pub untaken: u64,
}

impl Leave {
    /// The worker stops; `shakes`: a handshake is under way, and what follows it is waited for.
    pub fn when_idle(shakes: bool) -> Leave {
        if shakes { Leave::WhenHeard } else { Leave::WhenIdle }
    }
}

impl Teardown {
    /// It is over for `reason`, unless it was for another one before.
    pub fn note(&mut self, reason: i32) {
        if self.reason == 0 {
            self.reason = reason;
        }
    }

    /// Whether the worker stops, and waits for it.
    pub fn leaves(&self) -> bool {
        self.leave != Leave::Never
    }
}
