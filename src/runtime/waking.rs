//! Waking a worker that sleeps, from any thread.
//!
//! Owns: the way to each worker's wake, and the count of those who are on it. Invariant: nobody
//! writes a worker's eventfd once [`Waking::shut`] returned: its number may be another file's then.

use crate::driver::{Wake, signal};
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

/// The way to one worker's wake.
#[derive(Default)]
pub struct Waking {
    /// Made by the worker when it begins.
    wake: OnceLock<Arc<Wake>>,
    inside: AtomicU32,
    shut: AtomicBool,
}

impl Waking {
    /// The worker begins.
    pub fn begin(&self, wake: &Arc<Wake>) {
        let _ = self.wake.set(wake.clone());
    }

    /// The wake of a worker that has begun, for whoever knows that it is not over.
    pub fn get(&self) -> Option<&Arc<Wake>> {
        self.wake.get()
    }

    /// Wake the worker, unless it is over. Any thread and signal handlers: atomics and one write.
    pub fn wake(&self) {
        self.inside.fetch_add(1, Ordering::SeqCst);
        if !self.shut.load(Ordering::SeqCst) {
            if let Some(wake) = self.wake.get() {
                wake.raise(signal::WAKE);
            }
        }
        self.inside.fetch_sub(1, Ordering::SeqCst);
    }

    /// The worker is over: nobody wakes it any more, and the last one is through.
    pub fn shut(&self) {
        self.shut.store(true, Ordering::SeqCst);
        while self.inside.load(Ordering::SeqCst) != 0 {
            std::thread::yield_now();
        }
    }
}
