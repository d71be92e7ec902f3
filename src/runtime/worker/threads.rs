//! The threads of a runtime: exactly one per worker, each kept on a processor.
//!
//! Owns: the join handles, and the count of those that are still there. Invariant: start returns
//! when every worker has its ring and listens, or with the first error and no thread left.

use super::core::Core;
use super::event::Door;
use super::state::Worker;
use crate::fault::{ECLOSED, EPANIC, Fault};
use crate::log;
use crate::runtime::shared::Shared;
use crate::sys::{allowed_cpus, stay_on, without_signals};
use core::mem::ManuallyDrop;
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
    /// Why the first one that failed did.
    failed: Option<Fault>,
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

    /// Start a thread per worker, each with the door that `make` makes on it. They are joined by
    /// [`Threads::join`].
    pub fn start<D: Door>(
        self: &Arc<Self>,
        make: impl Fn(u32) -> D + Clone + Send + 'static,
    ) -> Result<(), Fault> {
        *locked(&self.handles) = self.start_each(make, |_| ())?;
        Ok(())
    }

    /// As [`Threads::start`], for whoever joins each thread: it returns what `outcome` makes of how
    /// its worker ended.
    pub fn start_each<D: Door, R: Send + 'static>(
        self: &Arc<Self>,
        make: impl Fn(u32) -> D + Clone + Send + 'static,
        outcome: fn(Result<(), Fault>) -> R,
    ) -> Result<Vec<JoinHandle<R>>, Fault> {
        if self.shared.stop_asked().is_some() {
            return Err(Fault::new(ECLOSED, "the runtime was stopped"));
        }
        if core::mem::replace(&mut self.count().started, true) {
            return Err(Fault::errno(libc::EALREADY, "the runtime was started already"));
        }
        let (ready, begun) = channel::<()>();
        let cpus = allowed_cpus();
        let (mut failed, mut handles) = (None, Vec::new());
        for index in 0..self.shared.config.workers {
            let cpu = cpus[index as usize % cpus.len()];
            if !self.shared.take_place(index) {
                continue;
            }
            match self.spawn(index, cpu, make.clone(), outcome, ready.clone()) {
                Ok(handle) => handles.push(handle),
                Err(fault) => {
                    failed = Some(fault);
                    break;
                }
            }
        }
        drop(ready);
        // Each lets go of its end when it has begun, or when it is counted out.
        let _ = begun.recv();
        let failed = failed.or(self.count().failed);
        match failed {
            None => Ok(handles),
            Some(fault) => {
                self.shared.stop(0);
                handles.into_iter().for_each(|handle| drop(handle.join()));
                let _ = self.join(-1);
                // That is said here.
                self.count().failed = None;
                Err(fault)
            }
        }
    }

    fn spawn<D: Door, R: Send + 'static>(
        self: &Arc<Self>,
        index: u32,
        cpu: usize,
        make: impl Fn(u32) -> D + Send + 'static,
        outcome: fn(Result<(), Fault>) -> R,
        ready: Sender<()>,
    ) -> Result<JoinHandle<R>, Fault> {
        let threads = self.clone();
        let body = move || {
            let mut ready = Some(ready);
            let work = || threads.work(index, cpu, make, || drop(ready.take()));
            let panicked = Fault::new(EPANIC, "a worker ended by a panic; please report it");
            let ended = catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(panicked));
            threads.count_out(ended);
            drop(ready);
            outcome(ended)
        };
        self.count().alive += 1;
        let builder = Builder::new().name(format!("ringline-{index}")).stack_size(STACK);
        without_signals(|| builder.spawn(body)).map_err(|error| {
            self.count().alive -= 1;
            let errno = error.raw_os_error().unwrap_or(libc::EAGAIN);
            Fault::errno(errno, "no thread for a worker")
        })
    }

    /// A thread's life.
    fn work<D: Door>(
        &self,
        index: u32,
        cpu: usize,
        make: impl Fn(u32) -> D,
        begun: impl FnOnce(),
    ) -> Result<(), Fault> {
        if !self.shared.config.unpinned {
            if let Err(errno) = stay_on(cpu) {
                let what = "runs on any processor: it may not be kept on";
                log::tell(
                    log::WARN,
                    format_args!("worker {index}: {what} processor {cpu} (errno {errno})"),
                );
            }
        }
        let door = make(index);
        let place = &self.shared.workers[index as usize];
        let core = Core::new(&self.shared.config, index, place.stats.clone())?;
        // What the kernel may still use, after a panic or beyond the end, is kept for good.
        let door = ManuallyDrop::new(door);
        place.waking.begin(&core.engine.driver.wake);
        let worker = ManuallyDrop::new(Worker::new(core, self.shared.clone(), index));
        worker.run(&*door, begun);
        if ManuallyDrop::into_inner(worker).dispose() {
            drop(ManuallyDrop::into_inner(door));
        }
        Ok(())
    }

    /// A thread is over, and how it ended.
    fn count_out(&self, ended: Result<(), Fault>) {
        let mut count = self.count();
        count.alive -= 1;
        count.failed = count.failed.or(ended.err());
        let last = count.alive == 0 && count.detached;
        drop(count);
        self.ended.notify_all();
        if last {
            self.shared.release_blocking();
        }
    }

    /// Wait until every thread is gone, for `timeout_ns` at most (-1 = for ever). Says why the
    /// first of them failed, if one did.
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
        let failed = count.failed;
        drop(count);
        if self.shared.stop_asked().is_some() {
            self.shared.close_blocking();
        }
        let handles = core::mem::take(&mut *locked(&self.handles));
        for handle in handles {
            // How it ended was counted.
            let _ = handle.join();
        }
        // Threads of others may still be workers, as long as nobody stopped them.
        if self.shared.stop_asked().is_some() {
            self.shared.registry().close_all();
        }
        failed.map_or(Ok(()), Err)
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
