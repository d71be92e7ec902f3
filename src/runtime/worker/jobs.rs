//! What a worker has done by threads that may block, and what it tells of that.
//!
//! Owns: nothing.

use super::event::{Door, Event};
use super::state::Worker;
use crate::driver::signal;
use crate::fault::Fault;
use crate::log;
use crate::runtime::errands::{Answer, Errands, Kind, Task, Work, locked};
use crate::runtime::jobs::{LOOKUPS_NS, STARTS_NS};
use core::sync::atomic::Ordering;
use std::ffi::CString;

impl Worker {
    /// Have `work` done on a thread that may block, for this worker.
    pub(super) fn ask(&self, task: Task) -> Result<(), Fault> {
        self.shared.ask(self.index(), task)
    }

    /// Have `work` done on a thread that may block; its `done` is called on this one.
    pub fn work(&self, work: Work) -> Result<(), Fault> {
        self.ask(Task::Work(work))
    }

    /// Whether work was asked for that is not answered yet.
    pub(super) fn has_errands(&self) -> bool {
        self.errands().open.load(Ordering::SeqCst) > 0
    }

    pub(super) fn errands(&self) -> &Errands {
        &self.shared.workers[self.index() as usize].errands
    }

    /// Tell what came of work.
    pub(super) fn take_answers(&self, door: &impl Door) {
        let errands = self.errands();
        // Every turn looks: a load, where there is mostly nothing.
        if !errands.has_answers.load(Ordering::SeqCst) {
            return;
        }
        errands.has_answers.store(false, Ordering::SeqCst);
        let mut answers = core::mem::take(&mut *locked(&errands.answers)).into_iter();
        while let Some(answer) = answers.next() {
            if !door.has_room() {
                // The rest in front of what came meanwhile, at the next turn.
                let rest = core::iter::once(answer).chain(answers);
                locked(&errands.answers).splice(0..0, rest);
                errands.has_answers.store(true, Ordering::SeqCst);
                return self.core.borrow().engine.driver.wake.raise(signal::WAKE);
            }
            match answer {
                Answer::Done(done, res) => done(res),
                Answer::Resolved(user, found) => match &found {
                    Ok(all) => door
                        .tell(self, Event::Resolved { user, res: 0, addresses: all, error: c"" }),
                    Err(why) => door.tell(
                        self,
                        Event::Resolved { user, res: -why.errno, addresses: &[], error: &why.text },
                    ),
                },
                Answer::Spawned(process, child) => self.spawned(door, process, *child),
            }
            errands.open.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Look up a host and a service.
    pub fn resolve(
        &self,
        host: Option<CString>,
        service: Option<CString>,
        user: u64,
    ) -> Result<(), Fault> {
        self.ask(Task::Resolve { user, host, service })
    }

    /// Leave what blocks for longer than the stop waits; `ended` = connections were told to end at
    /// once.
    pub(super) fn leave_blocked(&self, ended: bool) {
        if !self.has_errands() {
            return;
        }
        let (now, leaving) = {
            let core = &mut *self.core.borrow_mut();
            let now = core.engine.driver.now();
            let leaving = &mut core.leaving;
            if ended {
                leaving.lookups = leaving.lookups.min(now.saturating_add(LOOKUPS_NS));
                leaving.starts = leaving.starts.min(now.saturating_add(STARTS_NS));
            }
            if let Some(limit) = self.shared.leaves_after() {
                leaving.functions = leaving.functions.min(leaving.since.saturating_add(limit));
            }
            (now, *leaving)
        };
        let mut left = 0;
        if leaving.lookups <= now {
            left += self.shared.leave(self.index(), Kind::Lookup);
        }
        if leaving.starts <= now {
            left += self.shared.leave(self.index(), Kind::Start);
        }
        if leaving.functions <= now {
            left += self.shared.leave(self.index(), Kind::Work);
        }
        if left > 0 {
            self.core.borrow().stats.left_behind.add(left.into());
            let index = self.index();
            log::tell(
                log::WARN,
                format_args!("worker {index}: the stop leaves {left} threads that block behind"),
            );
        }
    }
}
