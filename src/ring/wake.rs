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
}

/// Shared between the owner and its wakers; async-signal-safe throughout.
#[derive(Debug)]
pub struct Wake {
    fd: AtomicI32,
    sleeping: AtomicU32,
    signals: AtomicU32,
    write: fn(i32),
}

impl Wake {
    /// A wake over the eventfd `fd`, written by `write`.
    pub fn new(fd: i32, write: fn(i32)) -> Wake {
        Wake {
            fd: AtomicI32::new(fd),
            sleeping: AtomicU32::new(0),
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
        if self.sleeping.load(Ordering::SeqCst) != 0 {
            (self.write)(self.fd());
        }
    }

    /// Mark the owner as sleeping; returns false when a signal is up and it must not sleep.
    #[inline]
    pub fn fall_asleep(&self) -> bool {
        self.sleeping.store(1, Ordering::SeqCst);
        self.signals.load(Ordering::SeqCst) == 0
    }

    /// The owner is awake again.
    #[inline]
    pub fn awake(&self) {
        self.sleeping.store(0, Ordering::Relaxed);
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
