//! What the workers of a runtime share: the config, the listeners, the stop, and what each shows.
//!
//! Owns: all of that. Never shares a connection between threads: whoever has one is the worker it
//! lives on.

use super::config::Config;
use super::errands::{Blocking, Errands, Kind};
use super::listener::{Manner, Registry};
use super::posts::Posts;
use super::stalls::Stalls;
use super::stats::WorkerStats;
use super::waking::Waking;
use crate::fault::{ECLOSED, Fault};
use crate::sys::net::Place;
use core::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Nobody asked for a stop.
const RUNNING: i64 = i64::MIN;

/// What one worker shows the other threads.
#[derive(Default)]
pub struct WorkerPlace {
    pub waking: Waking,
    pub stats: Arc<WorkerStats>,
    /// The state of the listeners it has seen.
    pub seen: AtomicU32,
    pub posts: Posts,
    pub errands: Errands,
    /// A thread is this worker, or was.
    pub taken: AtomicBool,
    pub stalls: Stalls,
}

/// What the workers of a runtime share.
pub struct Shared {
    pub config: Config,
    /// The number a door knows the runtime by.
    pub handle: AtomicU64,
    listeners: Mutex<Registry>,
    /// Counts changes of the listeners.
    news: AtomicU32,
    stop: AtomicI64,
    pub workers: Box<[WorkerPlace]>,
    /// How long a stop waits for functions that block; i64::MAX = until they are done.
    pub leave: AtomicI64,
    pub blocking: [Blocking; Kind::ALL.len()],
}

impl Shared {
    /// What the workers of a runtime of this (resolved) config share.
    pub fn new(config: Config) -> Shared {
        Shared {
            config,
            handle: AtomicU64::new(0),
            listeners: Mutex::default(),
            news: AtomicU32::new(0),
            stop: AtomicI64::new(RUNNING),
            workers: (0..config.workers).map(|_| WorkerPlace::default()).collect(),
            leave: AtomicI64::new(i64::MAX),
            blocking: Default::default(),
        }
    }

    /// Its config.
    pub fn config(&self) -> &Config {
        &self.config
    }

    pub fn registry(&self) -> MutexGuard<'_, Registry> {
        // Plain data: a panic of another thread left nothing half done.
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Take the place of a worker, for good; false when somebody has it.
    pub fn take_place(&self, worker: u32) -> bool {
        !self.workers[worker as usize].taken.swap(true, Ordering::SeqCst)
    }

    /// Whoever took the place could not become the worker.
    pub fn give_place(&self, worker: u32) {
        self.workers[worker as usize].taken.store(false, Ordering::SeqCst);
    }

    fn tell(&self) {
        self.news.fetch_add(1, Ordering::SeqCst);
        self.wake_all();
    }

    /// Bind a listener for every worker; its id.
    pub fn listen(&self, place: &Place, how: Manner) -> Result<u32, Fault> {
        if self.stop_asked().is_some() {
            return Err(Fault::new(ECLOSED, "the runtime is stopping"));
        }
        let id = self.registry().bind(place, self.config.workers, how)?;
        self.tell();
        Ok(id)
    }

    /// The port of a listener.
    pub fn port(&self, listener: u32) -> Result<u16, Fault> {
        self.registry().port(listener)
    }

    /// Close a listener; its connections stay.
    pub fn close_listener(&self, listener: u32) -> Result<(), Fault> {
        self.registry().close(listener)?;
        self.tell();
        Ok(())
    }

    /// End all workers. Any thread and signal handlers: atomics and one write per worker.
    pub fn stop(&self, grace_ns: i64) {
        let grace_ns = if grace_ns < 0 { i64::MAX } else { grace_ns };
        if grace_ns > 0 {
            self.leave.fetch_min(grace_ns, Ordering::SeqCst);
        }
        let shorter = |before| (before == RUNNING || grace_ns < before).then_some(grace_ns);
        let _ = self.stop.fetch_update(Ordering::SeqCst, Ordering::SeqCst, shorter);
        self.wake_all();
    }

    /// The grace of a stop that was asked for; -1 = for ever.
    pub fn stop_asked(&self) -> Option<i64> {
        match self.stop.load(Ordering::SeqCst) {
            RUNNING => None,
            i64::MAX => Some(-1),
            grace_ns => Some(grace_ns),
        }
    }

    /// Whether the listeners changed since `worker` looked; it looks now.
    pub fn has_news(&self, worker: u32) -> bool {
        let Some(place) = self.workers.get(worker as usize) else { return false };
        let news = self.news.load(Ordering::SeqCst);
        place.seen.swap(news, Ordering::Relaxed) != news
    }

    /// The counters of each worker.
    pub fn stats(&self) -> impl Iterator<Item = &WorkerStats> {
        self.workers.iter().map(|worker| &*worker.stats)
    }

    /// Have a worker end its wait, and poll its door. Any thread; nothing when it is over.
    pub fn wake(&self, worker: u32) {
        self.workers[worker as usize].waking.wake();
    }

    fn wake_all(&self) {
        self.workers.iter().for_each(|worker| worker.waking.wake());
    }
}
