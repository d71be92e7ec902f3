//! The driver: submit, reap, cancel and drain over one kernel ring.
//!
//! Owns: slots, timers, the way into the kernel, wake and counters. Never interprets an
//! operation: reap hands out which slot made progress, and the floor above decides what it means.

use super::enter::{Enter, Outcome, classify};
use super::late::Late;
use super::lifecycle::{Lifecycle, Step};
use super::rarely;
use super::record::{Completion, Op, cf, opcode, tag};
use super::slab::{Single, Slab, bits};
use super::stats::Stats;
use super::timers::Timers;
use super::wake::Wake;
use crate::error::{ENOSLOT, Fault};
use crate::sys::uapi::{CANCEL_ALL, CANCEL_ANY, POLL_ADD_MULTI};
use crate::sys::{Backend, Cqe, Features, SHORTLY_US, Sqe};
use core::mem::MaybeUninit;
use std::collections::VecDeque;
use std::sync::Arc;

const CF_MORE: u32 = cf::MORE;

/// A kernel completion of an operation in flight.
#[derive(Clone, Copy, Debug)]
pub struct Reaped {
    /// Its token.
    pub token: u64,
    /// The kernel's result.
    pub res: i32,
    /// The kernel's flags.
    pub flags: u32,
    /// The kernel is done with the operation.
    pub last: bool,
}

impl Reaped {
    /// Its slot.
    #[inline]
    pub fn index(&self) -> u32 {
        super::slab::index_of(self.token)
    }
}

/// A QUIET send on its way. The kernel deals with it while it consumes the entry, so what was
/// consumed and is not among the completions posted by then is sent.
struct Quiet {
    token: u64,
    /// Its place in the sequence of all entries.
    entry: u64,
}

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
    quiet: VecDeque<Quiet>,
    quiet_cap: usize,
    attached: bool,
    /// The kernel can be told that after a while one completion is enough.
    waits_shortly: bool,
    /// When the kernel's timer for a foreign loop ends; 0 = there is none.
    pub alarm: u64,
    /// No new operation is accepted.
    pub closing: bool,
    /// Microseconds to look at the queue before going to sleep; 0 = sleep at once.
    pub spin_us: u32,
    /// A message of MSG_RING that was just taken from the queue.
    pub message: Option<Cqe>,
    /// Sends that were to go without a completion and got one: name and result, until somebody
    /// takes them.
    pub told: Vec<(u64, i32)>,
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
        let quiet_cap = backend.info().sq_entries as usize * 2;
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
            quiet: VecDeque::with_capacity(quiet_cap),
            quiet_cap,
            attached: false,
            waits_shortly,
            alarm: 0,
            closing: false,
            spin_us: 0,
            message: None,
            told: Vec::new(),
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

    fn arm_wake(&mut self) {
        let fd = self.wake.fd();
        let mut op = Op { opcode: opcode::POLL_ADD, fd, ..Op::default() };
        op.len = POLL_ADD_MULTI;
        op.op_flags = libc::POLLIN as u32;
        let sqe = op.to_sqe(tag::WAKE << tag::SHIFT);
        if !self.enter.push_cancel(sqe) {
            // Even the room for cancels is full. A failing flush fails again, and is told, in turn.
            let _ = self.flush();
            self.enter.push_cancel(sqe);
        }
    }

    /// Accept an operation: take a slot and stage the entry. The caller checked that there is
    /// room; the buffers of `op` belong to the kernel until the FINAL completion.
    #[inline(always)]
    pub fn submit(&mut self, op: &Op) -> Result<(u32, u64), Fault> {
        let Some((index, slot)) = self.slab.take() else {
            return Err(no_slot());
        };
        let token = slot.token;
        slot.user_data = op.user_data;
        slot.fd = op.fd;
        slot.opcode = op.opcode;
        slot.route = 0;
        slot.bits = 0;
        self.enter.push(op, token);
        Ok((index, token))
    }

    /// Accept operations that need no check, from the front, as long as `is_plain` holds and there
    /// is `room` and a used slot. Writes their tokens; returns how many.
    #[inline(always)]
    pub fn submit_plain(
        &mut self,
        ops: &[Op],
        tokens: &mut [u64],
        room: usize,
        is_plain: impl Fn(&Op) -> bool,
    ) -> usize {
        let most = ops.len().min(room);
        let mut slots = self.slab.pass();
        let stage = self.enter.stage();
        let mut done = 0;
        for (op, place) in ops[..most].iter().zip(&mut *tokens) {
            if !is_plain(op) {
                break;
            }
            let Some(token) = slots.take(op) else { break };
            stage.put(done, op, token);
            *place = token;
            done += 1;
        }
        let live = self.slab.live() + done;
        self.slab.settle(slots, live);
        self.enter.staged(done);
        done as usize
    }

    /// Accept one operation that needs no check, when there is a used slot. There is room.
    #[inline(always)]
    pub fn submit_single(&mut self, op: &Op) -> Option<Single> {
        let single = self.slab.begin_single(op)?;
        self.enter.push_plain(op, single.token);
        Some(single)
    }

    /// The completion of what [`Driver::submit_single`] submitted, if it is its last and the only
    /// one in the queue; else nothing is taken.
    #[inline(always)]
    pub fn reap_single(&mut self, single: &Single) -> Option<Completion> {
        let token = single.token;
        let cqe = self.enter.only_cqe()?;
        if cqe.flags & CF_MORE != 0 {
            rarely();
            return None;
        }
        if cqe.user_data != token {
            rarely();
            return None;
        }
        let user_data = self.slab.end_single(single)?;
        self.enter.take_only();
        let flags = (cqe.flags & cf::KERNEL) | cf::FINAL;
        Some(Completion { user_data, res: cqe.res, flags, data: 0, token })
    }

    /// Move completions with nothing special about them into `out`, oldest first, until another
    /// kind is next or `out` is full. Returns how many.
    #[inline(always)]
    pub fn reap_plain(&mut self, out: &mut [MaybeUninit<Completion>]) -> usize {
        let mut slots = self.slab.pass();
        let mut going_on = 0;
        let done = self.enter.take_while(out, |cqe, record| {
            let token = cqe.user_data;
            let Some(user_data) = slots.peek(token) else { return false };
            let mut flags = cqe.flags & cf::KERNEL;
            if cqe.flags & CF_MORE == 0 {
                flags |= cf::FINAL;
                slots.end(token);
            } else {
                going_on += 1;
            }
            record.write(Completion { user_data, res: cqe.res, flags, data: 0, token });
            true
        });
        let live = self.slab.live() - (done as u32 - going_on);
        self.slab.settle(slots, live);
        done
    }

    /// Accept an operation that the kernel does not have yet (or never).
    pub fn park(&mut self, op: &Op, route: u8) -> Result<(u32, u64), Fault> {
        let Some((index, slot)) = self.slab.take() else {
            return Err(no_slot());
        };
        slot.user_data = op.user_data;
        slot.fd = op.fd;
        slot.opcode = op.opcode;
        slot.route = route;
        slot.bits = 0;
        slot.len = 0;
        slot.state = Lifecycle::Parked;
        Ok((index, slot.token))
    }

    /// Remember that the entry staged last is a QUIET send. False when too many are unsettled.
    pub fn expect_quiet(&mut self, token: u64) -> bool {
        if self.quiet.len() == self.quiet_cap {
            return false;
        }
        let entry = self.enter.last_entry();
        self.quiet.push_back(Quiet { token, entry });
        true
    }

    /// Whether another QUIET send may be staged.
    pub fn has_quiet_room(&self) -> bool {
        self.quiet.len() < self.quiet_cap
    }

    /// Whether QUIET sends are on their way.
    #[inline]
    pub fn has_quiet(&self) -> bool {
        !self.quiet.is_empty()
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

    /// The next QUIET send before entry `settled` that turned out to be done without a completion.
    #[inline]
    pub fn settle_quiet(&mut self, settled: u64) -> Option<u32> {
        while self.quiet.front()?.entry < settled {
            let token = self.quiet.pop_front()?.token;
            if let Some(index) = self.slab.find(token) {
                self.stats.quiet.add(1);
                return Some(index);
            }
        }
        None
    }

    /// Take back the operation staged last, if it is `token`: nobody has seen it.
    pub fn unstage(&mut self, token: u64) -> Option<u32> {
        if !self.enter.unstage(token) {
            return None;
        }
        if self.quiet.back().is_some_and(|back| back.token == token) {
            self.quiet.pop_back();
        }
        self.slab.find(token)
    }

    /// What a completion of the kernel's means for the operation it names; None when there is no
    /// such operation (or no more), and then it was dealt with, a message excepted: see
    /// [`Driver::message`].
    #[inline]
    pub fn reap(&mut self, cqe: &Cqe) -> Option<Reaped> {
        let Some(slot) = self.slab.find_slot(cqe.user_data) else {
            self.internal(cqe);
            return None;
        };
        let last = match slot.state.on_completion(cqe.flags & CF_MORE != 0) {
            Step::Progress => false,
            Step::Last => true,
            Step::Stray => {
                self.stats.strays.add(1);
                return None;
            }
        };
        Some(Reaped { token: cqe.user_data, res: cqe.res, flags: cqe.flags, last })
    }

    /// A completion that is not of an operation.
    #[cold]
    pub fn internal(&mut self, cqe: &Cqe) {
        match cqe.user_data >> tag::SHIFT {
            tag::WAKE => {
                self.stats.wakes.add(1);
                // Also while closing: the cancel of everything takes the poll with it, and stop
                // still has to wake. Not when it failed: somebody closed our descriptor.
                let failed = cqe.res < 0 && cqe.res != -libc::ECANCELED;
                if cqe.flags & CF_MORE == 0 && !failed && self.attached {
                    self.arm_wake();
                }
            }
            // Of one that is over the completion came before; who is not may wait behind another.
            tag::CANCEL => {
                let token = cqe.user_data & tag::NAME;
                if cqe.res == -libc::ENOENT && self.slab.find(token).is_some() {
                    self.late.refused(token);
                }
            }
            tag::ALARM => self.alarm = 0,
            tag::MESSAGE => self.message = Some(*cqe),
            tag::UNTOLD => self.told.push((cqe.user_data & tag::NAME, cqe.res)),
            _ => self.stats.strays.add(1),
        }
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

    /// Ask the kernel to cancel the operation of slot `index`.
    pub fn cancel(&mut self, index: u32) -> Result<(), Fault> {
        let slot = self.slab.get(index);
        slot.bits |= bits::CANCELLED;
        let target = slot.token;
        self.push_cancel(target, 0)
    }

    /// Ask the kernel to cancel everything on this ring.
    pub fn cancel_everything(&mut self) -> Result<(), Fault> {
        self.push_cancel(0, CANCEL_ALL | CANCEL_ANY)
    }

    fn push_cancel(&mut self, target: u64, flags: u32) -> Result<(), Fault> {
        let op = Op {
            opcode: opcode::ASYNC_CANCEL,
            fd: -1,
            addr: target,
            op_flags: flags,
            ..Op::default()
        };
        let sqe: Sqe = op.to_sqe(tag::CANCEL << tag::SHIFT | target);
        if !self.enter.push_cancel(sqe) {
            self.flush()?;
            if !self.enter.push_cancel(sqe) {
                return Err(Fault::errno(
                    libc::EAGAIN,
                    "the room kept for cancels is full; turn the ring, then cancel again",
                ));
            }
        }
        self.stats.cancels.add(1);
        Ok(())
    }

    /// Ask those again that were not found and may be by now. Where there is no room for it, the
    /// next look does.
    #[cold]
    pub fn chase(&mut self) {
        let now = self.now();
        self.late.look(&self.slab, self.stats.completed.get(), now);
        while let Some(token) = self.late.due(now) {
            let Some(index) = self.slab.find(token) else { return };
            if self.cancel(index).is_err() {
                return;
            }
            self.late.asked(token);
        }
    }

    /// When something is to be done without a completion, by CLOCK_MONOTONIC.
    pub fn earliest(&mut self) -> Option<u64> {
        let timer = self.timers.earliest();
        if self.late.is_empty() {
            return timer;
        }
        timer.into_iter().chain(self.late.next()).min()
    }

    /// Stage an entry of a library operation under the token of its own slot.
    pub fn resubmit(&mut self, index: u32, op: &Op) -> Result<(), Fault> {
        let token = self.slab.get(index).token;
        let sqe = op.to_sqe(token);
        if !self.enter.push_cancel(sqe) {
            self.flush()?;
            if !self.enter.push_cancel(sqe) {
                return Err(Fault::errno(libc::EAGAIN, "the submission queue is full"));
            }
        }
        self.slab.get(index).state = Lifecycle::Live;
        Ok(())
    }

    /// CLOCK_MONOTONIC of this ring's world.
    pub fn now(&mut self) -> u64 {
        self.enter.backend().now()
    }

    /// One trip into the kernel, or none when nothing can come of it. Returns 0 or the errno of
    /// enter, for [`Driver::judge`].
    pub fn wait(&mut self, want: u32, limit_ns: i64, min_us: u32) -> i32 {
        if want > 0 && limit_ns != 0 {
            return self.sleep(want, limit_ns, min_us);
        }
        if self.enter.must_enter(&self.stats) { self.enter.wait(0, -1, 0, &self.stats) } else { 0 }
    }

    /// As [`Driver::wait`], for a wait that may sleep: until `want` completions are there.
    #[inline(always)]
    pub fn sleep(&mut self, want: u32, limit_ns: i64, min_us: u32) -> i32 {
        if self.enter.waiting() == 0 && self.enter.ready() >= want as usize {
            return 0;
        }
        let mut limit_ns = limit_ns;
        if self.spin_us > 0 {
            if let Some(errno) = self.spin(want, &mut limit_ns) {
                return errno;
            }
        }
        if !self.wake.fall_asleep() {
            self.wake.awake();
            return self.enter.wait(0, -1, 0, &self.stats);
        }
        self.stats.waits.add(1);
        // The kernel counts: the one completion that says "wake" ends no wait for two. So after a
        // short while it has to be enough.
        let (want, min_us) = match want {
            2.. if !self.waits_shortly => (1, 0),
            2.. if min_us == 0 => (want, SHORTLY_US),
            _ => (want, min_us),
        };
        let errno = self.enter.wait(want, limit_ns, min_us, &self.stats);
        self.wake.awake();
        errno
    }

    /// Whether a sleep is nothing but one call of the kernel: see [`Driver::sleep_straight`].
    pub fn is_straight(&self) -> bool {
        self.attached && !self.closing && self.spin_us == 0 && self.enter.is_straight()
    }

    /// As [`Driver::sleep`] without a limit, for a driver that [`Driver::is_straight`] and has
    /// something to submit, between falling asleep and waking up.
    #[inline(always)]
    pub fn sleep_straight(&mut self, want: u32) -> i32 {
        self.stats.waits.add(1);
        if want > 1 {
            return self.enter.wait_several(want, &self.stats);
        }
        self.enter.wait_straight(want, &self.stats)
    }

    /// What the errno of a wait means.
    pub fn judge(&self, errno: i32) -> Result<Outcome, Fault> {
        classify(errno)
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
