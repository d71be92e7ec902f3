//! Going into the kernel: staging entries, and the one match on what errno means.
//!
//! Owns: the backend, and both of our counters in its queues. Entries are staged in place and
//! published by the enter that submits them. Invariant: an entry is either staged or consumed by
//! the kernel, never half-way: what the kernel did not take stays staged, in order.

use super::record::Op;
use super::stats::Stats;
use crate::fault::{ESTALE, EWRONGTHREAD, Fault};
use crate::sys::{Backend, Call, Cqe, Direct, Queues, Ready, Refused, Sqe, is_forbidden};

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
    pub(super) queues: Queues,
    sq_entries: u32,
    /// Entries staged so far.
    pub(super) staged: u64,
    /// Entries the kernel consumed so far.
    pub consumed: u64,
    /// Completions taken out of the kernel's queue so far.
    pub taken: u64,
    /// As it was when the last enter that waited began.
    taken_before: u64,
    /// Completions to take in this turn end here.
    pub(super) end: u32,
    /// Cancels that found the queue full; they go behind what is staged.
    spare: Vec<Sqe>,
    always_enter: bool,
    polled: bool,
    pub(super) direct: Direct,
}

impl Enter {
    /// A way into `backend`.
    pub fn new(backend: Box<dyn Backend>) -> Enter {
        let info = backend.info();
        Enter {
            queues: backend.queues(),
            sq_entries: info.sq_entries,
            staged: 0,
            consumed: 0,
            taken: 0,
            taken_before: 0,
            end: 0,
            spare: Vec::with_capacity(CANCEL_ROOM),
            always_enter: !info.announces_task_run() && !info.is_sqpoll(),
            polled: info.is_sqpoll(),
            direct: Direct::default(),
            backend,
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

    /// The calling thread has the ring now; 0 or an errno.
    pub fn enable(&mut self) -> i32 {
        let errno = self.backend.enable();
        self.direct = self.backend.direct();
        errno
    }

    /// How many entries wait for the kernel.
    #[inline]
    pub fn waiting(&self) -> usize {
        (self.staged - self.consumed) as usize + self.spare.len()
    }

    /// Entries staged so far, cancels that wait for a place included.
    #[inline]
    pub fn staged_so_far(&self) -> u64 {
        self.staged + self.spare.len() as u64
    }

    /// The user data of the entries that wait for the kernel, oldest first.
    pub fn waiting_tokens(&self) -> impl Iterator<Item = u64> {
        let staged = (self.consumed..self.staged).map(|at| {
            // SAFETY: staged entries are ours until they are consumed.
            unsafe { (*self.queues.sqe(at as u32)).0[4] }
        });
        staged.chain(self.spare.iter().map(|sqe| sqe.0[4]))
    }

    /// Room for operations.
    #[inline]
    pub fn room(&self) -> usize {
        // A polling thread may be behind: what it was given still fills its place.
        let filled = (self.staged as u32).wrapping_sub(self.queues.sq_head());
        self.sq_entries.saturating_sub(filled) as usize
    }

    /// Room for operations when the kernel has consumed everything.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.sq_entries as usize
    }

    /// Stage an operation under `token`; the caller checked that there is room.
    #[inline(always)]
    pub fn push(&mut self, op: &Op, token: u64) -> &mut Sqe {
        debug_assert!(self.room() > 0);
        let at = self.staged as u32;
        self.staged += 1;
        // SAFETY: the place is ours while there is room.
        unsafe { op.write_sqe(token, self.queues.sqe(at)) }
    }

    /// Write the 80 bytes of a command over the end of the entry staged last, on a BIG ring.
    pub fn extend(&mut self, command: &[u64; 10]) {
        let last = (self.staged as u32).wrapping_sub(1);
        let Some(second) = self.queues.second_sqe(last) else { return };
        // SAFETY: a staged entry is ours until it is consumed, both halves of it.
        unsafe {
            let end = self.queues.sqe(last).cast::<u64>().add(6);
            end.copy_from_nonoverlapping(command.as_ptr(), 2);
            second.cast::<u64>().copy_from_nonoverlapping(command.as_ptr().add(2), 8);
        }
    }

    /// The second half of the completion that was taken last, on a BIG ring; before
    /// [`Enter::release`].
    pub fn second_half(&self) -> Option<[u64; 2]> {
        self.queues.second_cqe((self.taken as u32).wrapping_sub(1))
    }

    /// Stage an entry of the library's own; false when even the room kept for cancels is full.
    pub(super) fn push_own(&mut self, sqe: Sqe) -> bool {
        if self.spare.is_empty() && self.room() > 0 {
            // SAFETY: the place is ours while there is room.
            unsafe { self.queues.sqe(self.staged as u32).write(sqe) };
            self.staged += 1;
            return true;
        }
        let fits = self.spare.len() < CANCEL_ROOM;
        if fits {
            self.spare.push(sqe);
        }
        fits
    }

    /// Take the entry staged last back, if it is that of `token`. Cancels that wait for room in the
    /// queue are younger, perhaps, but not in its way.
    pub fn unstage(&mut self, token: u64) -> bool {
        if self.staged == self.consumed {
            return false;
        }
        let last = (self.staged - 1) as u32;
        // SAFETY: staged entries are ours until they are consumed.
        let is_it = unsafe { (*self.queues.sqe(last)).0[4] } == token;
        self.staged -= u64::from(is_it);
        is_it
    }

    /// Drop everything staged, for a forced free.
    pub fn clear_stage(&mut self) {
        self.spare.clear();
        self.staged = self.consumed;
    }

    /// Submit what is staged without waiting or looking for completions. Returns as
    /// [`Enter::wait`].
    pub fn submit(&mut self, stats: &Stats) -> i32 {
        let errno = self.submit_staged(stats);
        if errno != 0 || self.spare.is_empty() {
            return errno;
        }
        self.stage_spare();
        self.submit_staged(stats)
    }

    fn submit_staged(&mut self, stats: &Stats) -> i32 {
        stats.enters.add(1);
        self.queues.publish(self.staged as u32);
        let entries = (self.staged - self.consumed) as u32;
        let done = self.backend.submit(entries);
        self.entered(entries, done)
    }

    /// Submit what is staged and wait until `want` completions are there, for `limit_ns` (-1 = no
    /// limit) at most. Returns 0, or the errno for [`classify`]; EAGAIN also when the kernel took
    /// only a part.
    #[inline(always)]
    pub fn wait(&mut self, want: u32, limit_ns: i64, min_wait_us: u32, stats: &Stats) -> i32 {
        if !self.spare.is_empty() {
            let errno = self.submit_staged(stats);
            if errno != 0 {
                return errno;
            }
            self.stage_spare();
        }
        stats.enters.add(1);
        self.taken_before = self.taken;
        self.queues.publish(self.staged as u32);
        let entries = (self.staged - self.consumed) as u32;
        let done = self.backend.enter(entries, want, limit_ns, min_wait_us);
        self.entered(entries, done)
    }

    /// Put the cancels that found the queue full where there is room now.
    #[cold]
    fn stage_spare(&mut self) {
        let moved = self.room().min(self.spare.len());
        for sqe in self.spare.drain(..moved) {
            // SAFETY: the place is ours while there is room.
            unsafe { self.queues.sqe(self.staged as u32).write(sqe) };
            self.staged += 1;
        }
    }

    #[inline(always)]
    pub(super) fn entered(&mut self, entries: u32, done: i32) -> i32 {
        if done == entries as i32 {
            self.consumed = self.staged;
            return 0;
        }
        self.consumed_a_part(entries, done)
    }

    /// The kernel took not everything, or waiting failed. What it left in the queue is ours again:
    /// only the next enter, which publishes anew, lets it look there.
    #[cold]
    fn consumed_a_part(&mut self, entries: u32, done: i32) -> i32 {
        let consumed = match self.polled {
            true => entries,
            false => self.queues.sq_head().wrapping_sub(self.consumed as u32).min(entries),
        };
        self.consumed += u64::from(consumed);
        match done {
            ..0 => -done,
            _ if consumed < entries => libc::EAGAIN,
            _ => 0,
        }
    }

    /// Whether an enter could bring completions that the queue does not show yet.
    pub fn must_enter(&mut self, stats: &Stats) -> bool {
        let Ready { task_run, overflow, .. } = self.backend.ready();
        stats.overflows.add(u64::from(overflow));
        self.waiting() > 0 || task_run || overflow || self.always_enter
    }

    /// The last enter that waited began before the last `count` completions were taken.
    pub fn mark(&mut self, count: u32) {
        self.taken_before = self.taken - u64::from(count);
    }

    /// Whether nothing at all was taken since the last enter that waited.
    pub fn is_dry(&self) -> bool {
        self.taken == self.taken_before
    }

    /// Completions that can be taken without a system call.
    #[inline]
    pub fn ready(&self) -> usize {
        self.queues.cq_tail().wrapping_sub(self.taken as u32) as usize
    }

    /// Whether the kernel keeps completions back because its queue is full.
    #[inline]
    pub fn is_overflowing(&self) -> bool {
        self.queues.is_overflowing()
    }

    /// Take what is in the queue now, and not what comes while it is taken.
    #[inline]
    pub fn look(&mut self) {
        self.end = self.queues.cq_tail();
    }

    /// Whether everything that was there at [`Enter::look`] is taken.
    #[inline]
    pub fn is_drained(&self) -> bool {
        self.taken as u32 == self.end
    }

    /// The next completion, oldest first. Its place is the kernel's again at [`Enter::release`].
    #[inline(always)]
    pub fn next_cqe(&mut self) -> Option<Cqe> {
        let at = self.taken as u32;
        if at == self.end {
            return None;
        }
        self.taken += 1;
        Some(self.queues.cqe(at))
    }

    /// The places of what was taken are the kernel's again.
    #[inline(always)]
    pub fn release(&self) {
        self.queues.release(self.taken as u32);
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
        _ if is_forbidden(errno) => Err(Refused { call: Call::Enter, errno }.into()),
        _ => Err(Fault::errno(errno, "io_uring_enter failed")),
    }
}
