//! Waking a sleeping ring from another thread or a signal handler.
//!
//! Owns: one eventfd and the flags that go with it. Invariant: a signal raised before the sleeper
//! marks itself is seen by the sleeper; one raised after it finds the mark and writes the
//! eventfd, so no wake is lost and a busy ring is not written to.

use core::sync::atomic::{AtomicI32, AtomicU32, Ordering};

/// Bits a waker may raise.
pub mod signal {
    /// `run` returns.
    pub const STOP: u32 = 1;
    /// The owner frees the ring at its next turn.
    pub const ABANDON: u32 = 2;
    /// The present or next wait ends.
    pub const WAKE: u32 = 4;
    /// Messages are in the mailbox.
    pub const MAIL: u32 = 8;
    /// The owner closes the ring when it has obeyed what was posted before.
    pub const CLOSE: u32 = 16;
    /// Those that end a wait.
    pub const ENDS_WAIT: u32 = STOP | ABANDON | WAKE;
}

/// Where the owner is.
const AWAKE: u32 = 0;
const HERE: u32 = 1;
const ELSEWHERE: u32 = 2;

/// Shared between the owner and its wakers; async-signal-safe throughout.
#[derive(Debug)]
pub struct Wake {
    fd: AtomicI32,
    /// The eventfd on which a foreign loop sleeps; -1 = on the ring's descriptor.
    foreign: AtomicI32,
    sleeping: AtomicU32,
    signals: AtomicU32,
    write: fn(i32),
}

impl Wake {
    /// A wake over the eventfd `fd`, written by `write`.
    pub fn new(fd: i32, write: fn(i32)) -> Wake {
        Wake {
            fd: AtomicI32::new(fd),
            foreign: AtomicI32::new(-1),
            sleeping: AtomicU32::new(AWAKE),
            signals: AtomicU32::new(0),
            write,
        }
    }

    /// The eventfd.
    pub fn fd(&self) -> i32 {
        self.fd.load(Ordering::Relaxed)
    }

    /// Raise `bits` and wake the owner if it sleeps. Any thread, signal handlers too.
    pub fn raise(&self, bits: u32) {
        self.signals.fetch_or(bits, Ordering::SeqCst);
        match self.sleeping.load(Ordering::SeqCst) {
            AWAKE => {}
            // Not by ours: the kernel cannot tell an eventfd of a completion that the write of
            // another one makes, at least not in time.
            ELSEWHERE if self.foreign() >= 0 => (self.write)(self.foreign()),
            _ => (self.write)(self.fd()),
        }
    }

    /// The eventfd of a foreign loop, or -1.
    pub fn foreign(&self) -> i32 {
        self.foreign.load(Ordering::Relaxed)
    }

    /// From now on a foreign loop sleeps on `fd`. Returns the one before.
    pub fn set_foreign(&self, fd: i32) -> i32 {
        self.foreign.swap(fd, Ordering::Relaxed)
    }

    /// As [`Wake::fall_asleep`], for a foreign loop.
    pub fn fall_asleep_elsewhere(&self) -> bool {
        self.sleeping.store(ELSEWHERE, Ordering::SeqCst);
        self.signals.load(Ordering::SeqCst) == 0
    }

    /// Mark the owner as sleeping; returns false when a signal is up and it must not sleep.
    #[inline]
    pub fn fall_asleep(&self) -> bool {
        self.sleeping.store(HERE, Ordering::SeqCst);
        self.signals.load(Ordering::SeqCst) == 0
    }

    /// The owner is awake again.
    #[inline]
    pub fn awake(&self) {
        self.sleeping.store(AWAKE, Ordering::Relaxed);
    }

    /// The signals that are up.
    #[inline]
    pub fn signals(&self) -> u32 {
        self.signals.load(Ordering::Acquire)
    }

    /// Take `bits` down; returns which of them were up.
    pub fn lower(&self, bits: u32) -> u32 {
        self.signals.fetch_and(!bits, Ordering::SeqCst) & bits
    }
}
