//! The engine: one ring with its operations, pools and the completed list.
//!
//! Owns: the driver and the pools. Drives one turn; never calls user code: callbacks wait in the
//! completed list for the door above.

use super::completed::{Call, Completed};
use super::foreign::Alarm;
use super::mail::MAILED;
use super::marks::Marks;
use super::ordinary::Begun;
use super::pools::Pools;
use super::prepare::Classes;
use super::route;
use super::zero_copy::Copies;
use crate::error::Fault;
use crate::resource::{self, Files, Regions};
use crate::ring::{
    Completion, Driver, Lifecycle, Mailbox, Outcome, Reaped, Slot, bits, cf, signal,
};
use crate::sys::{Backend, Cqe, current_thread};
use std::sync::Arc;

/// Sizes of an engine.
#[derive(Clone, Copy, Debug)]
pub struct EngineConfig {
    /// Operations in flight at most.
    pub max_inflight: u32,
    /// Completions shown per turn at most.
    pub records: u32,
}

/// Where the completions of an operation go: to a callback, or (0) to the records.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sink {
    /// Address of the callback; 0 = records.
    pub callback: u64,
    /// Its context.
    pub ctx: u64,
}

/// One ring.
pub struct Engine {
    /// Below: slots, timers, the kernel.
    pub driver: Driver,
    /// Completions not yet seen.
    pub completed: Completed,
    pub(super) pools: Pools,
    pub(super) classes: Classes,
    pub(super) senders: Marks,
    pub(super) regions: Regions,
    pub(super) files: Files,
    pub(super) copies: Copies,
    /// What other threads ask for; made when somebody wants to ask.
    pub mail: Option<Arc<Mailbox>>,
    pub(super) alarm: Alarm,
    /// The eventfd of a foreign loop is the library's.
    pub(super) owns_eventfd: bool,
    /// Why and where the last batch stopped.
    pub(super) rejected: Fault,
    pub(super) rejected_at: u32,
    /// Operations of this turn that the kernel did not take and that were taken back; set back by
    /// whoever tells the user.
    pub taken_back: u32,
    /// Set by a runtime, which obeys WAKE itself: what is received into this pool comes as a claim,
    /// of which it makes a lease where one is needed.
    pub claims: Option<u16>,
    /// When the wait of a limited turn began.
    began: u64,
}

impl Engine {
    /// An engine over `backend`; the errno on failure.
    pub fn with_backend(backend: Box<dyn Backend>, config: &EngineConfig) -> Result<Engine, i32> {
        let info = *backend.info();
        Ok(Engine {
            completed: Completed::new(config.records)?,
            senders: Marks::default(),
            copies: Copies::default(),
            classes: Classes::new(&info),
            pools: Pools::default(),
            regions: Regions::default(),
            files: Files::default(),
            driver: Driver::new(backend, config.max_inflight)?,
            mail: None,
            alarm: Alarm::default(),
            owns_eventfd: false,
            rejected: Fault { code: 0, context: "" },
            rejected_at: 0,
            taken_back: 0,
            began: 0,
            claims: None,
        })
    }

    /// Bind to the calling thread; 0 or an errno.
    pub fn attach(&mut self) -> i32 {
        let errno = self.driver.attach();
        if errno == 0 {
            self.pools.set_owner(current_thread());
        }
        errno
    }

    /// Let go of the thread: drop the kernel ring and stand on `backend`, which is not bound yet
    /// and to which [`Engine::move_tables`] has moved the files. Nothing may be in flight.
    pub fn detach(&mut self, backend: Box<dyn Backend>) -> Result<(), Fault> {
        debug_assert!(self.driver.slab.live() == 0);
        self.pools.set_owner(0);
        self.driver.replace(backend);
        self.regions.register_all(self.driver.enter.backend())?;
        self.pools.register_all(self.driver.enter.backend())
    }

    /// Operations in flight.
    pub fn inflight(&self) -> u32 {
        self.driver.slab.live()
    }

    /// One turn: submit what is staged, wait until `wait_min` completions are in the completed
    /// list or the time is over, and move what came there.
    ///
    /// `tokens` gives those of the operations accepted for this turn: what the kernel did not take
    /// of them is taken back, and [`Engine::taken_back`] tells how many. `entered` as in [`Begun`].
    #[inline(always)]
    pub fn turn<'a>(
        &mut self,
        tokens: impl FnOnce() -> &'a [u64],
        wait_min: u32,
        limit_ns: i64,
        min_wait_us: u32,
        entered: i32,
    ) -> Result<(), Fault> {
        self.pools.collect_returned();
        if self.pools.has_falling() {
            self.tell_falling();
        }
        let idle = self.driver.timers.len() | self.completed.waiting() as usize == 0
            && self.driver.late.is_empty();
        let errno = if entered != Begun::OUTSIDE {
            entered
        } else if idle && wait_min > 0 && limit_ns < 0 {
            self.driver.sleep(wait_min, -1, min_wait_us)
        } else {
            self.wait_limited(wait_min, limit_ns, min_wait_us)
        };
        if errno != 0 {
            return self.turn_failed(tokens(), errno, wait_min, limit_ns, min_wait_us);
        }
        self.collect();
        if self.completed.waiting() >= wait_min {
            return Ok(());
        }
        self.turn_on(0, wait_min, limit_ns, min_wait_us)
    }

    /// The kernel took not everything, or the wait failed.
    #[cold]
    fn turn_failed(
        &mut self,
        tokens: &[u64],
        errno: i32,
        wait_min: u32,
        limit_ns: i64,
        min_wait_us: u32,
    ) -> Result<(), Fault> {
        // Before anything is completed: a library operation stages its next entry under the
        // same token, and that one is not to be taken back.
        self.taken_back = self.take_back(tokens);
        self.collect();
        self.turn_on(errno, wait_min, limit_ns, min_wait_us)
    }

    /// Less came than was waited for: judge why, and wait again.
    #[cold]
    fn turn_on(
        &mut self,
        mut errno: i32,
        wait_min: u32,
        limit_ns: i64,
        min_wait_us: u32,
    ) -> Result<(), Fault> {
        let end = (limit_ns > 0).then(|| self.began.saturating_add(limit_ns as u64));
        loop {
            let mail = self.driver.wake.signals() & signal::MAIL != 0;
            if mail {
                self.take_mail();
            }
            let got = self.completed.waiting();
            if errno == 0 && got >= wait_min {
                return Ok(());
            }
            // A kernel that submitted something reports neither signal nor timeout of the wait
            // after it; that nothing at all came tells.
            let dry = errno == 0 && !mail && wait_min > got && self.driver.enter.is_dry();
            // What a runtime was told of has no record: it looks after every enter.
            if self.claims.is_some() && errno == 0 && !dry && !mail {
                return Ok(());
            }
            // The shorter limit, min_wait_us, is over when the kernel came back with something.
            let enough = got > 0 && min_wait_us > 0;
            if self.is_turned(errno, dry, got, limit_ns, end)? || enough {
                return Ok(());
            }
            let now = self.driver.now();
            let limit = self.limit_until(end, now);
            errno = self.driver.wait(wait_min.saturating_sub(got), limit, min_wait_us);
            self.collect();
        }
    }

    /// Whether the turn is over although less came than was waited for.
    #[cold]
    fn is_turned(
        &mut self,
        errno: i32,
        dry: bool,
        got: u32,
        limit_ns: i64,
        end: Option<u64>,
    ) -> Result<bool, Fault> {
        let mut outcome = self.driver.judge(errno)?;
        let ends = self.driver.wake.signals() & signal::ENDS_WAIT != 0;
        if ends || self.completed.is_full() {
            // Stop and abandon stay up for the loop; a wake did what it is for.
            if self.claims.is_none() {
                self.driver.wake.lower(signal::WAKE);
            }
            return Ok(true);
        }
        // The end of a connect's limit brings nothing but a cancel to submit.
        if dry && self.driver.enter.waiting() == 0 {
            outcome = Outcome::Interrupted;
        }
        let over = self.is_over(limit_ns, end);
        match outcome {
            Outcome::Done => Ok(over),
            // The limit may have been that of a timer: look again.
            Outcome::TimedOut => Ok(over),
            _ if over || got > 0 => Ok(true),
            Outcome::Interrupted => Err(Fault::errno(libc::EINTR, "a signal handler ran")),
            Outcome::Busy => Err(Fault::errno(
                libc::EBUSY,
                "the kernel's completion queue overflows; take completions first",
            )),
            Outcome::Again(errno) => {
                Err(Fault::errno(errno, "the kernel is short of memory; try again"))
            }
        }
    }

    /// The first wait of a turn that does not sleep, or not for ever: until the caller's limit or
    /// the next timer.
    fn wait_limited(&mut self, want: u32, limit_ns: i64, min_wait_us: u32) -> i32 {
        // A foreign loop may have slept for us.
        self.driver.wake.awake();
        if self.driver.wake.signals() & signal::MAIL != 0 {
            let errno = self.mail_first();
            if errno != 0 {
                return errno;
            }
        }
        let want = want.saturating_sub(self.completed.waiting());
        if want == 0 || limit_ns == 0 {
            return self.driver.wait(0, 0, 0);
        }
        self.began = self.driver.now();
        let end = (limit_ns > 0).then(|| self.began.saturating_add(limit_ns as u64));
        let limit = self.limit_until(end, self.began);
        self.driver.wait(want, limit, min_wait_us)
    }

    /// Until `end` or the next timer; -1 = neither.
    fn limit_until(&mut self, end: Option<u64>, now: u64) -> i64 {
        let timer = self.driver.earliest();
        let Some(first) = end.into_iter().chain(timer).min() else { return -1 };
        first.saturating_sub(now).min(i64::MAX as u64) as i64
    }

    fn is_over(&mut self, limit_ns: i64, end: Option<u64>) -> bool {
        limit_ns == 0 || end.is_some_and(|end| self.driver.now() >= end)
    }

    /// Move completions into the completed list until it is full or nothing is left.
    #[inline(always)]
    pub fn collect(&mut self) {
        if !self.driver.timers.is_empty() {
            self.fire_timers();
        }
        self.driver.enter.look();
        match self.claims {
            Some(group) => self.collect_claims(group),
            None => self.collect_plain(),
        }
        if !self.driver.enter.is_drained() {
            self.collect_special();
        }
        if self.driver.has_quiet() {
            self.settle_quiet();
        }
        if !self.driver.late.is_empty() {
            self.driver.chase();
        }
    }

    /// Completions that need a look, and the plain ones between them.
    #[inline(never)]
    fn collect_special(&mut self) {
        // Each brings one record or one call at most, so fullness is looked at once per round.
        while !self.driver.enter.is_drained() && !self.completed.is_full() {
            for _ in 0..self.completed.room_for_any() {
                let Some(cqe) = self.driver.enter.next_cqe() else { break };
                if !self.complete_shortly(&cqe) && !self.complete_at_length(&cqe) {
                    self.collect_plain();
                    break;
                }
            }
        }
        self.driver.enter.release();
        if self.pools.has_falling() {
            self.tell_falling();
        }
    }

    #[inline(always)]
    fn collect_plain(&mut self) {
        let plain = self.driver.reap_plain(self.completed.room());
        self.completed.filled(plain);
        self.driver.stats.completed.add(plain as u64);
    }

    #[inline(never)]
    fn settle_quiet(&mut self) {
        let settled = self.driver.settled();
        while let Some(index) = self.driver.settle_quiet(settled) {
            let slot = self.driver.slab.get(index);
            if slot.bits != bits::QUIET {
                self.last_of(index);
            }
            self.driver.slab.give_back(index);
        }
    }

    /// Any completion. False when it was just passed on: the next ones may be like it.
    #[inline(never)]
    fn complete_at_length(&mut self, cqe: &Cqe) -> bool {
        if let Some(reaped) = self.driver.reap(cqe) {
            return self.complete(&reaped);
        }
        if let Some(message) = self.driver.message.take() {
            self.deliver_message(&message);
        }
        true
    }

    /// What a completion means for its operation and its user. False when that is nothing but to
    /// pass it on.
    fn complete(&mut self, reaped: &Reaped) -> bool {
        let index = reaped.index();
        let slot = self.driver.slab.get(index);
        let (user_data, group, fd) = (slot.user_data, slot.done as u16, slot.fd);
        let (res, len, done) = (i64::from(reaped.res), i64::from(slot.len), slot.done);
        let (callback, ctx, route, bits) = (slot.callback, slot.ctx, slot.route, slot.bits);
        let mut completion = Completion {
            user_data,
            res: reaped.res,
            flags: (reaped.flags & cf::KERNEL) | if reaped.last { cf::FINAL } else { 0 },
            data: 0,
            token: reaped.token,
        };
        let sends = route == route::SEND_ALL && reaped.last;
        // Mostly it is sent whole at once; else there is a rest, or an error.
        if sends && (res != len || done != 0) && self.advance_send(index, &mut completion) {
            return true;
        }
        if bits & bits::POOL != 0 {
            self.complete_pool(group, reaped.last, &mut completion);
        }
        if route == route::DIRECT {
            let slot = *self.driver.slab.get(index);
            self.complete_direct(&slot, reaped.last, &mut completion);
        } else if route >= route::ZERO_COPY {
            self.complete_zero_copy(index, &mut completion);
        }
        if reaped.last {
            if bits & (bits::POOL | bits::WATCHED | bits::FIXED | bits::REGION) != 0 {
                self.last_of(index);
            } else if sends {
                self.senders.clear(fd);
            }
            self.driver.slab.give_back(index);
        }
        self.deliver(callback, ctx, bits, completion);
        route | bits != 0
    }

    /// Deliver the FINAL completion of a slot and end its life.
    pub(super) fn finish(&mut self, index: u32, completion: Completion) {
        let slot = *self.driver.slab.get(index);
        self.last_of(index);
        self.driver.slab.give_back(index);
        self.deliver(slot.callback, slot.ctx, slot.bits, completion);
    }

    /// Deliver a completion after which the operation goes on.
    pub(super) fn deliver_progress(&mut self, slot: &Slot, completion: Completion) {
        self.deliver(slot.callback, slot.ctx, slot.bits, completion);
    }

    /// What must happen whenever an operation ends, also without a completion (QUIET, taken back).
    pub(super) fn last_of(&mut self, index: u32) {
        let slot = *self.driver.slab.get(index);
        if slot.route == route::SEND_ALL {
            self.senders.clear(slot.fd);
        }
        self.disarm_connect(index);
        if slot.bits & bits::POOL != 0 {
            self.pools.unpin(slot.done);
        }
        self.drop_claims(&slot);
        if slot.bits & bits::WATCHED != 0 {
            self.watched_done(slot.link);
        }
    }

    #[inline]
    fn deliver(&mut self, callback: u64, ctx: u64, slot_bits: u8, completion: Completion) {
        self.driver.stats.completed.add(1);
        if slot_bits & bits::CALLBACK == 0 {
            self.completed.record(completion);
        } else if callback == MAILED {
            self.deliver_mailed(ctx, completion);
        } else {
            self.completed.call(Call { completion, callback, ctx });
        }
    }

    /// Ask everything to end; completions still come by [`Engine::turn`].
    pub fn begin_close(&mut self) -> Result<(), Fault> {
        self.driver.closing = true;
        if let Some(mail) = &self.mail {
            mail.refuse_ops();
        }
        self.cancel_all().map(drop)
    }

    /// Deliver FINAL | ABANDONED for what the kernel does not let go, as far as the completed list
    /// has room. Returns whether anything is left. The driver is not run any more.
    pub fn abandon_some(&mut self) -> bool {
        self.retire_staged();
        for index in 0..self.driver.slab.touched() {
            if self.completed.is_full() {
                return true;
            }
            let slot = *self.driver.slab.get(index);
            let flags = match slot.state {
                Lifecycle::Free => continue,
                Lifecycle::Parked => cf::FINAL,
                Lifecycle::Live => {
                    self.driver.stats.abandoned.add(1);
                    cf::FINAL | cf::ABANDONED
                }
            };
            let completion = Completion {
                user_data: slot.user_data,
                res: -libc::ECANCELED,
                flags,
                data: 0,
                token: slot.token,
            };
            self.driver.slab.give_back(index);
            self.deliver(slot.callback, slot.ctx, slot.bits, completion);
        }
        false
    }

    /// What was staged and never reached the kernel is not the kernel's: its memory is free.
    fn retire_staged(&mut self) {
        let Driver { enter, slab, .. } = &mut self.driver;
        for token in enter.waiting_tokens() {
            if let Some(index) = slab.find(token) {
                slab.get(index).state = Lifecycle::Parked;
            }
        }
        self.driver.enter.clear_stage();
    }

    /// Take the stop signal down; true if it was up.
    pub fn take_stop(&self) -> bool {
        self.driver.wake.signals() & signal::STOP != 0 && self.driver.wake.lower(signal::STOP) != 0
    }

    /// End of the engine. With `forced`, the kernel may still write into pools: they are kept
    /// until it is seen to be done.
    pub fn dispose(mut self, forced: bool) {
        let pools = self.pools.take();
        let lent = !pools.is_empty() || !self.regions.is_empty();
        if !forced || !lent {
            drop(self);
            drop(pools);
        } else {
            let place = self.files.last_slot();
            let tombstone = self.driver.enter.backend().open_tombstone(place);
            let regions = self.regions.memories();
            drop(self);
            resource::bury(tombstone, pools, regions);
        }
        resource::reclaim();
    }
}
