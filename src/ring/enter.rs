//! Going into the kernel: the staging queue, and the one match on what errno means.
//!
//! Owns: the backend, entries on their way in, and completions on their way out. Invariant: an
//! entry is either here or consumed by the kernel, never half-way: what the kernel did not take
//! stays staged, in order.

use super::record::Op;
use super::stats::Stats;
use crate::error::{ESTALE, EWRONGTHREAD, Fault};
use crate::sys::{Backend, Cqe, Ready, Sqe, Wait};
use core::mem::MaybeUninit;

/// Completions read from the kernel's queue at a time.
const CHUNK: usize = 128;

/// Entries that only cancels may use, so that a full queue can always be cancelled.
pub const CANCEL_ROOM: usize = 64;

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did what was asked.
    Done,
    /// The time is over.
    TimedOut,
    /// A signal handler ran.
    Interrupted,
    /// The kernel wants completions reaped first (EBUSY).
    Busy,
    /// The kernel is short of memory for the moment (EAGAIN, ENOMEM); nothing is lost.
    Again(i32),
}

/// The way in and out of one kernel ring.
pub struct Enter {
    backend: Box<dyn Backend>,
    stage: Box<[Sqe]>,
    staged: usize,
    sq_entries: usize,
    cqes: [MaybeUninit<Cqe>; CHUNK],
    next: usize,
    read: usize,
    /// Entries the kernel consumed so far.
    pub consumed: u64,
    /// Completions read out of the kernel's queue so far.
    pub taken: u64,
    always_enter: bool,
    /// The queue was read to its end since the last enter.
    drained: bool,
}

impl Enter {
    /// A way into `backend`.
    pub fn new(backend: Box<dyn Backend>) -> Enter {
        let info = backend.info();
        let sq_entries = info.sq_entries as usize;
        let always_enter = !info.announces_task_run() && !info.is_sqpoll();
        Enter {
            backend,
            stage: vec![Sqe([0; 8]); sq_entries + CANCEL_ROOM].into_boxed_slice(),
            staged: 0,
            sq_entries,
            cqes: [const { MaybeUninit::uninit() }; CHUNK],
            next: 0,
            read: 0,
            consumed: 0,
            taken: 0,
            always_enter,
            drained: false,
        }
    }

    /// The kernel side.
    pub fn backend(&mut self) -> &mut dyn Backend {
        &mut *self.backend
    }

    /// The kernel side, for looking.
    pub fn backend_ref(&self) -> &dyn Backend {
        &*self.backend
    }

    /// Entries that wait for the kernel.
    #[inline]
    pub fn staged(&self) -> &[Sqe] {
        &self.stage[..self.staged]
    }

    /// Room for operations.
    #[inline]
    pub fn room(&self) -> usize {
        self.sq_entries.saturating_sub(self.staged)
    }

    /// Stage an operation's entry; there must be room.
    #[inline]
    pub fn push(&mut self, sqe: Sqe) {
        self.stage[self.staged] = sqe;
        self.staged += 1;
    }

    /// Stage an operation under `token`; there must be room.
    #[inline]
    pub fn push_op(&mut self, op: &Op, token: u64) {
        let place = &mut self.stage[self.staged];
        // SAFETY: both are 64 bytes of plain data.
        unsafe { core::ptr::copy_nonoverlapping((op as *const Op).cast(), place, 1) };
        place.0[4] = token;
        self.staged += 1;
    }

    /// Stage a cancel; false when even the room kept for cancels is full.
    pub fn push_cancel(&mut self, sqe: Sqe) -> bool {
        if self.staged == self.stage.len() {
            return false;
        }
        self.push(sqe);
        true
    }

    /// Take the youngest staged entry back.
    pub fn pop(&mut self) -> Option<Sqe> {
        self.staged = self.staged.checked_sub(1)?;
        Some(self.stage[self.staged])
    }

    /// Drop everything staged, for a forced free.
    pub fn clear_stage(&mut self) {
        self.staged = 0;
    }

    /// Submit what is staged and wait. Returns 0, or the errno for [`classify`]; EAGAIN also when
    /// the kernel took only a part.
    #[inline]
    pub fn wait(&mut self, wait: &Wait, stats: &Stats) -> i32 {
        if self.staged > self.sq_entries {
            let part = Wait { want: 0, ..*wait };
            let errno = self.enter_once(self.sq_entries, &part, stats);
            if errno != 0 {
                return errno;
            }
        }
        self.enter_once(self.staged.min(self.sq_entries), wait, stats)
    }

    #[inline]
    fn enter_once(&mut self, batch: usize, wait: &Wait, stats: &Stats) -> i32 {
        stats.enters.add(1);
        stats.waits.add(u64::from(wait.want > 0));
        self.drained = false;
        let entered = self.backend.enter(&self.stage[..batch], wait);
        self.consumed += u64::from(entered.consumed);
        if entered.consumed as usize == self.staged {
            self.staged = 0;
            return entered.errno;
        }
        self.keep_rest(entered.consumed as usize);
        match entered.errno {
            0 if (entered.consumed as usize) < batch => libc::EAGAIN,
            errno => errno,
        }
    }

    #[cold]
    fn keep_rest(&mut self, consumed: usize) {
        self.stage.copy_within(consumed..self.staged, 0);
        self.staged -= consumed;
    }

    /// Whether an enter could bring completions that the queue does not show yet.
    pub fn must_enter(&mut self, stats: &Stats) -> bool {
        let Ready { task_run, overflow, .. } = self.backend.ready();
        stats.overflows.add(u64::from(overflow));
        self.staged > 0 || task_run || overflow || self.always_enter
    }

    /// Completions that can be taken without a system call.
    pub fn ready(&mut self) -> usize {
        self.read - self.next + self.backend.ready().completions as usize
    }

    /// Whether the kernel keeps completions back because its queue is full.
    pub fn is_overflowing(&mut self) -> bool {
        self.backend.ready().overflow
    }

    /// Completions at hand, read from the queue if there are none; empty when it is drained.
    #[inline]
    pub fn chunk(&mut self) -> &[Cqe] {
        if self.next == self.read {
            self.refill();
        }
        let at_hand = &self.cqes[self.next..self.read];
        // SAFETY: entries below `read` were written by `reap`.
        unsafe { core::slice::from_raw_parts(at_hand.as_ptr().cast(), at_hand.len()) }
    }

    /// Whether everything that was in the queue since the last enter was handed out.
    #[inline]
    pub fn is_drained(&self) -> bool {
        self.drained && self.next == self.read
    }

    /// The first `taken` of the chunk are done.
    #[inline]
    pub fn advance(&mut self, taken: usize) {
        self.next += taken;
    }

    /// Look at the queue again, also if it was seen empty.
    #[inline]
    pub fn look_again(&mut self) {
        self.drained = false;
    }

    /// The next completion, oldest first, without a system call.
    #[inline]
    pub fn next_cqe(&mut self) -> Option<Cqe> {
        if self.next == self.read && !self.refill() {
            return None;
        }
        // SAFETY: entries below `read` were written by `reap`.
        let cqe = unsafe { self.cqes.get_unchecked(self.next).assume_init() };
        self.next += 1;
        Some(cqe)
    }

    #[inline]
    fn refill(&mut self) -> bool {
        if self.drained {
            return false;
        }
        self.next = 0;
        self.read = self.backend.reap(&mut self.cqes).min(CHUNK);
        self.taken += self.read as u64;
        self.drained = self.read < CHUNK;
        self.read > 0
    }
}

/// What an errno of io_uring_enter(2) means for the loop.
/// This is the only place that interprets errno of enter.
#[cold]
pub(super) fn classify(errno: i32) -> Result<Outcome, Fault> {
    match errno {
        0 => Ok(Outcome::Done),
        libc::ETIME => Ok(Outcome::TimedOut),
        libc::EINTR => Ok(Outcome::Interrupted),
        libc::EBUSY => Ok(Outcome::Busy),
        libc::EAGAIN | libc::ENOMEM => Ok(Outcome::Again(errno)),
        libc::EEXIST => {
            Err(Fault::new(EWRONGTHREAD, "the kernel bound this ring to another thread"))
        }
        libc::EBADR => Err(Fault::errno(
            errno,
            "the kernel ran out of memory and dropped completions; free the ring",
        )),
        libc::EBADF | libc::ENXIO | libc::EOPNOTSUPP => {
            Err(Fault::new(ESTALE, "the ring's descriptor was closed behind the library's back"))
        }
        _ => Err(Fault::errno(errno, "io_uring_enter failed")),
    }
}
