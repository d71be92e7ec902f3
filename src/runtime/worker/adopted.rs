//! A worker on a thread of the user's own, who calls for each turn.
//!
//! Owns: the worker, which never leaves its thread. Invariant: whoever lets go of it early ends its
//! connections first, so that no descriptor stays.

use super::core::Core;
use super::event::{Door, Event};
use super::state::Worker;
use super::threads::Threads;
use crate::fault::{ECLOSED, Fault};
use crate::runtime::connection::Offer;
use core::cell::Cell;
use core::mem::ManuallyDrop;

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Running,
    /// It was told so; the next turn says that there is none any more.
    Over,
}

/// A worker that its user turns.
pub struct Adopted {
    worker: ManuallyDrop<Box<Worker>>,
    life: Cell<Life>,
    /// When its last turn ended.
    turned_at: Cell<u64>,
}

impl Adopted {
    /// Make the calling thread the worker `index` of a runtime.
    pub fn new(threads: &Threads, index: u32, door: &impl Door) -> Result<Adopted, Fault> {
        let shared = threads.shared();
        if index >= shared.config.workers {
            return Err(Fault::errno(libc::EINVAL, "the runtime has no worker of this index"));
        }
        if shared.stop_asked().is_some() {
            return Err(Fault::new(ECLOSED, "the runtime was stopped"));
        }
        if !shared.take_place(index) {
            return Err(Fault::errno(libc::EALREADY, "another thread is this worker, or was"));
        }
        let place = &shared.workers[index as usize];
        let made = Core::new(&shared.config, index, place.stats.clone());
        let mut core = made.inspect_err(|_| shared.give_place(index))?;
        core.holds = true;
        place.waking.begin(&core.engine.driver.wake);
        let worker = Box::new(Worker::new(core, shared.clone(), index));
        worker.begin(door);
        let turned_at = Cell::new(worker.now());
        let worker = ManuallyDrop::new(worker);
        Ok(Adopted { worker, life: Cell::new(Life::Running), turned_at })
    }

    /// One turn: `answers` to the data of the last one, then wait for `limit_ns` at most (-1 = for
    /// ever) until something was told. ECLOSED: it is over, and this may be dropped.
    pub fn turn(
        &self,
        door: &impl Door,
        answers: impl Iterator<Item = i64>,
        limit_ns: i64,
        told: impl Fn() -> bool,
    ) -> Result<(), Fault> {
        if self.life.get() == Life::Over {
            return Err(Fault::new(ECLOSED, "the worker is over; its thread may leave"));
        }
        let worker = &**self.worker;
        worker.core.borrow_mut().answer(answers);
        let turned = self.turn_once(door, limit_ns, told);
        self.turned_at.set(worker.now());
        turned
    }

    fn turn_once(
        &self,
        door: &impl Door,
        limit_ns: i64,
        told: impl Fn() -> bool,
    ) -> Result<(), Fault> {
        let worker = &**self.worker;
        let start = worker.now();
        worker.core.borrow_mut().stood_still(start.saturating_sub(self.turned_at.get()));
        let limit = u64::try_from(limit_ns).ok();
        let end = limit.map_or(u64::MAX, |ns| start.saturating_add(ns));
        loop {
            worker.wait_until(end);
            if !worker.step(door) {
                self.life.set(Life::Over);
                door.tell(worker, Event::Stopped);
                return Ok(());
            }
            let interrupted = worker.was_interrupted();
            if told() || end != u64::MAX && worker.now() >= end {
                return Ok(());
            }
            if interrupted {
                return Err(Fault::errno(libc::EINTR, "a signal handler ran"));
            }
        }
    }

    /// Keep the data that was told as the `at`th of the last turn.
    pub fn take(&self, at: usize) -> Result<Offer, Fault> {
        self.worker.take_held(at)
    }

    /// End at once: nobody listens to what it tells any more.
    pub fn end(&self, door: &impl Door, forget: impl Fn()) {
        if self.life.get() == Life::Over {
            return;
        }
        let worker = &**self.worker;
        forget();
        worker.core.borrow_mut().answer(core::iter::empty());
        worker.stop_now();
        worker.wait_until(u64::MAX);
        while worker.step(door) {
            forget();
            worker.core.borrow_mut().answer(core::iter::empty());
        }
        self.life.set(Life::Over);
        door.tell(worker, Event::Stopped);
    }

    /// Give everything back, at its end.
    pub fn dispose(mut self) {
        // SAFETY: taken once: this is gone when the function returns.
        let worker = unsafe { ManuallyDrop::take(&mut self.worker) };
        if self.life.get() == Life::Over {
            worker.dispose();
        } else {
            // The kernel may still use what it has, so that is kept for good.
            core::mem::forget(worker);
        }
    }
}

impl Worker {
    fn wait_until(&self, end: u64) {
        self.core.borrow_mut().patience = end;
    }

    fn was_interrupted(&self) -> bool {
        core::mem::take(&mut self.core.borrow_mut().interrupted)
    }

    fn stop_now(&self) {
        let core = &mut *self.core.borrow_mut();
        let now = core.engine.driver.now();
        core.stop(0, now);
    }
}
