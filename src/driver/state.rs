//! The driver: submit and reap over one kernel ring.
//!
//! Owns: slots, timers, the way into the kernel, wake and counters. Never interprets an
//! operation: reap says which slot made progress, and the floor above decides what it means.

use super::enter::{Enter, Outcome, classify};
use super::late::Late;
use super::lifecycle::{Lifecycle, Step};
use super::quiet::Quiet;
use super::record::{Added, Op};
use super::slab::{Slab, bits, index_of};
use super::stats::Stats;
use super::timers::Timers;
use super::wake::Wake;
use crate::fault::{ENOSLOT, Fault};
use crate::sys::{Backend, Cqe, Features};
use std::sync::Arc;

/// One kernel ring with everything in flight on it.
pub struct Driver {
    /// Slots.
    pub slab: Slab,
    /// User-space timers.
    pub timers: Timers,
    /// The way into the kernel.
    pub enter: Enter,
    /// Shared with wakers.
    pub wake: Arc<Wake>,
    /// Shared with readers.
    pub stats: Arc<Stats>,
    /// QUIET sends.
    pub quiet: Quiet,
    pub(super) attached: bool,
    /// The kernel can be told that after a while one completion is enough.
    pub(super) waits_shortly: bool,
    /// When the kernel's timer for a foreign loop ends; 0 = there is none.
    pub alarm: u64,
    /// No new operation is accepted.
    pub closing: bool,
    /// Microseconds to look at the queue before going to sleep; 0 = sleep at once.
    pub spin_us: u32,
    /// A message of MSG_RING that was just taken from the queue.
    pub message: Option<Cqe>,
    /// Cancels that came too early.
    pub late: Late,
}

impl Driver {
    /// A driver over `backend`, for at most `max_inflight` operations; the errno on failure.
    pub fn new(mut backend: Box<dyn Backend>, max_inflight: u32) -> Result<Driver, i32> {
        let wake_fd = backend.open_wake();
        if wake_fd < 0 {
            return Err(-wake_fd);
        }
        let wake = Arc::new(Wake::new(wake_fd, backend.wake_writer()));
        let quiet = Quiet::new(backend.info().sq_entries);
        let waits_shortly = backend.info().features.has(Features::MIN_WAIT);
        let tables = Slab::new(max_inflight)
            .and_then(|slab| Timers::new(max_inflight).map(|timers| (slab, timers)));
        let (slab, timers) = match tables {
            Ok(tables) => tables,
            Err(errno) => {
                backend.close_wake(wake_fd);
                return Err(errno);
            }
        };
        Ok(Driver {
            slab,
            timers,
            enter: Enter::new(backend),
            wake,
            stats: Arc::default(),
            quiet,
            attached: false,
            waits_shortly,
            alarm: 0,
            closing: false,
            spin_us: 0,
            message: None,
            late: Late::default(),
        })
    }

    /// Whether the kernel ring is bound to a thread.
    pub fn is_attached(&self) -> bool {
        self.attached
    }

    /// Bind the ring to the calling thread; 0 or an errno.
    pub fn attach(&mut self) -> i32 {
        let errno = self.enter.enable();
        if errno == 0 {
            self.attached = true;
            self.arm_wake();
        }
        errno
    }

    /// Put another, unbound kernel ring under this driver. Nothing may be in flight.
    pub fn replace(&mut self, backend: Box<dyn Backend>) {
        debug_assert!(self.slab.live() == 0);
        self.enter = Enter::new(backend);
        self.quiet.clear();
        self.attached = false;
        self.alarm = 0;
        // The kernel's part of it went with the old ring.
        let foreign = self.wake.set_foreign(-1);
        if foreign >= 0 {
            self.enter.backend().close(foreign);
        }
    }

    /// Accept an operation: take a slot and stage the entry. The caller checked that there is
    /// room; the buffers of `op` belong to the kernel until the FINAL completion. Its token.
    #[inline(always)]
    pub fn submit(&mut self, op: &Op, added: Added) -> Result<u64, Fault> {
        let token = self.slab.take(op, added.bits).ok_or_else(no_slot)?.token;
        added.to(self.enter.push(op, token));
        if added.bits & bits::QUIET != 0 {
            self.quiet.expect(self.enter.staged - 1, token);
        }
        Ok(token)
    }

    /// Accept an operation that the kernel does not have yet (or never).
    pub fn park(&mut self, op: &Op, route: u8) -> Result<u32, Fault> {
        let slot = self.slab.take(op, 0).ok_or_else(no_slot)?;
        (slot.route, slot.len, slot.state) = (route, 0, Lifecycle::Parked);
        Ok(index_of(slot.token))
    }

    /// Take back the operation staged last, if it is `token`: nobody has seen it.
    pub fn unstage(&mut self, token: u64) -> Option<u32> {
        if !self.enter.unstage(token) {
            return None;
        }
        self.quiet.unexpect(token);
        self.slab.find(token)
    }

    /// What a completion of the kernel's means for the operation that its token names. A stray
    /// was dealt with, a message excepted: see [`Driver::message`].
    #[inline]
    pub fn reap(&mut self, cqe: &Cqe) -> Step {
        let Some(slot) = self.slab.find_slot(cqe.user_data) else {
            self.internal(cqe);
            return Step::Stray;
        };
        let step = slot.state.on_completion(cqe.flags);
        if step == Step::Stray {
            self.stats.strays.add(1);
        }
        step
    }

    /// Entries before this one are settled: consumed, and every completion posted with them was
    /// taken.
    #[inline]
    pub fn settled(&self) -> u64 {
        if self.enter.is_drained() && !self.enter.is_overflowing() {
            self.enter.consumed
        } else {
            0
        }
    }

    /// Whether the QUIET sends without a slot are sent, those excepted of which the kernel told.
    #[inline]
    pub fn named_are_sent(&self) -> bool {
        self.quiet.named_are_before(self.settled())
    }

    /// Submit what is staged without waiting.
    pub fn flush(&mut self) -> Result<Outcome, Fault> {
        // A full queue with nothing waiting is a polling thread's: give it time.
        if !self.attached || (self.enter.waiting() == 0 && self.enter.room() > 0) {
            return Ok(Outcome::Done);
        }
        classify(self.enter.submit(&self.stats))
    }

    /// Make room for `entries` operations, by a flush if need be.
    #[inline]
    pub fn make_room(&mut self, entries: usize) -> Result<(), Fault> {
        if self.enter.room() >= entries {
            return Ok(());
        }
        self.flush_for_room(entries)
    }

    #[cold]
    fn flush_for_room(&mut self, entries: usize) -> Result<(), Fault> {
        self.flush()?;
        if self.enter.room() >= entries {
            return Ok(());
        }
        Err(Fault::errno(
            libc::EAGAIN,
            "the submission queue is full; turn the ring, then submit the rest",
        ))
    }

    /// Stage an entry of a library operation under the token of its own slot.
    pub fn resubmit(&mut self, index: u32, op: &Op) -> Result<(), Fault> {
        let token = self.slab.get(index).token;
        self.push_own(op, token)?;
        self.slab.get(index).state = Lifecycle::Live;
        Ok(())
    }

    /// CLOCK_MONOTONIC of this ring's world.
    pub fn now(&mut self) -> u64 {
        self.enter.backend().now()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let (fd, foreign) = (self.wake.fd(), self.wake.set_foreign(-1));
        self.enter.backend().close_wake(fd);
        if foreign >= 0 {
            self.enter.backend().close(foreign);
        }
    }
}

/// All slots are in use.
#[cold]
pub fn no_slot() -> Fault {
    Fault::new(ENOSLOT, "max_inflight operations are in flight; reap some first")
}
