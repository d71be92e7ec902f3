//! The threads of a runtime: exactly one per worker, each kept on a processor.
//!
//! Owns: the join handles, and the count of those that are still there. Invariant: start returns
//! when every worker has its ring and listens, or with the first error and no thread left.

use super::core::Core;
use super::event::Door;
use super::state::Worker;
use crate::error::{ECLOSED, EPANIC, Fault};
use crate::log;
use crate::runtime::shared::Shared;
use crate::sys::{allowed_cpus, stay_on, without_signals};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// A worker's stack: callbacks run on it.
const STACK: usize = 1 << 20;

/// What became of the threads.
#[derive(Default)]
struct Count {
    alive: u32,
    started: bool,
    panicked: bool,
    /// Nobody will wait for them.
    detached: bool,
}

/// The threads of a runtime.
pub struct Threads {
    shared: Arc<Shared>,
    count: Mutex<Count>,
    ended: Condvar,
    handles: Mutex<Vec<JoinHandle<()>>>,
}

/// Counts a thread out, however it ends.
struct Leaving<'a>(&'a Threads);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let mut count = self.0.count();
        count.alive -= 1;
        count.panicked |= std::thread::panicking();
        let last = count.alive == 0 && count.detached;
        drop(count);
        self.0.ended.notify_all();
        if last {
            self.0.shared.release_blocking();
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Threads {
    /// No thread yet.
    pub fn new(shared: Arc<Shared>) -> Threads {
        Threads {
            shared,
            count: Mutex::default(),
            ended: Condvar::new(),
            handles: Mutex::default(),
        }
    }

    /// What the workers share.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Whether a start was asked for.
    pub fn is_started(&self) -> bool {
        self.count().started
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        locked(&self.count)
    }

    /// Start a thread per worker, each with the door that `make` makes on it.
    pub fn start<D: Door>(
        self: &Arc<Self>,
        make: impl Fn(u32) -> D + Clone + Send + 'static,
    ) -> Result<(), Fault> {
        if self.shared.stop_asked().is_some() {
            return Err(Fault::new(ECLOSED, "the runtime was stopped"));
        }
        if core::mem::replace(&mut self.count().started, true) {
            return Err(Fault::errno(libc::EALREADY, "the runtime was started already"));
        }
        let (ready, answers) = channel();
        let cpus = allowed_cpus();
        let mut failed = None;
        for index in 0..self.shared.config.workers {
            let cpu = cpus[index as usize % cpus.len()];
            if !self.shared.take_place(index) {
                continue;
            }
            if let Err(fault) = self.spawn(index, cpu, make.clone(), ready.clone()) {
                failed = Some(fault);
                break;
            }
        }
        drop(ready);
        for answer in answers {
            failed = failed.or(answer.err());
        }
        match failed {
            None => Ok(()),
            Some(fault) => {
                self.shared.stop(0);
                let _ = self.join(-1);
                Err(fault)
            }
        }
    }

    fn spawn<D: Door>(
        self: &Arc<Self>,
        index: u32,
        cpu: usize,
        make: impl Fn(u32) -> D + Send + 'static,
        ready: Sender<Result<(), Fault>>,
    ) -> Result<(), Fault> {
        let threads = self.clone();
        let body = move || threads.work(index, cpu, make, ready);
        self.count().alive += 1;
        let builder = Builder::new().name(format!("ringline-{index}")).stack_size(STACK);
        match without_signals(|| builder.spawn(body)) {
            Ok(handle) => {
                locked(&self.handles).push(handle);
                Ok(())
            }
            Err(error) => {
                self.count().alive -= 1;
                let errno = error.raw_os_error().unwrap_or(libc::EAGAIN);
                Err(Fault::errno(errno, "no thread for a worker"))
            }
        }
    }

    /// A thread's life.
    fn work<D: Door>(
        &self,
        index: u32,
        cpu: usize,
        make: impl Fn(u32) -> D,
        ready: Sender<Result<(), Fault>>,
    ) {
        let leaving = Leaving(self);
        if !self.shared.config.unpinned {
            if let Err(errno) = stay_on(cpu) {
                let what = "runs on any processor: it may not be kept on";
                log::tell(
                    log::WARN,
                    format_args!("worker {index}: {what} processor {cpu} (errno {errno})"),
                );
            }
        }
        let place = &self.shared.workers[index as usize];
        let core = match Core::new(&self.shared.config, index, place.stats.clone()) {
            Ok(core) => core,
            Err(fault) => {
                let _ = ready.send(Err(fault));
                return;
            }
        };
        place.waking.begin(&core.engine.driver.wake);
        let worker = Worker::new(core, self.shared.clone(), index);
        let begun = move || {
            let _ = ready.send(Ok(()));
        };
        match catch_unwind(AssertUnwindSafe(|| worker.run(&make(index), begun))) {
            Ok(()) => worker.dispose(),
            Err(_) => {
                // The kernel may still use what it has, so that is kept for good.
                core::mem::forget(worker);
                self.count().panicked = true;
            }
        }
        drop(leaving);
    }

    /// Wait until every thread is gone, for `timeout_ns` at most (-1 = for ever).
    pub fn join(&self, timeout_ns: i64) -> Result<(), Fault> {
        let end = u64::try_from(timeout_ns)
            .ok()
            .and_then(|ns| Instant::now().checked_add(Duration::from_nanos(ns)));
        let mut count = self.count();
        while count.alive > 0 {
            count = match end.map(|end| end.saturating_duration_since(Instant::now())) {
                None => self.ended.wait(count).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => {
                    return Err(Fault::errno(libc::ETIMEDOUT, "workers are still running"));
                }
                Some(rest) => {
                    let waited = self.ended.wait_timeout(count, rest);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        let panicked = count.panicked;
        drop(count);
        if self.shared.stop_asked().is_some() {
            self.shared.close_blocking();
        }
        let handles = core::mem::take(&mut *locked(&self.handles));
        for handle in handles {
            // Caught inside, and counted.
            let _ = handle.join();
        }
        // Threads of others may still be workers, as long as nobody stopped them.
        if self.shared.stop_asked().is_some() {
            self.shared.registry().close_all();
        }
        if panicked {
            return Err(Fault::new(EPANIC, "a worker ended by a panic; please report it"));
        }
        Ok(())
    }

    /// Let the threads end by themselves.
    pub fn detach(&self) {
        locked(&self.handles).clear();
        let mut count = self.count();
        count.detached = true;
        if count.alive == 0 {
            drop(count);
            self.shared.release_blocking();
        }
    }
}
