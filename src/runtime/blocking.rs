//! Threads for what blocks: made when there is work, gone after a while without any.
//!
//! Owns: what waits for a thread, bounded, and the threads, for each kind of work its own: what
//! hangs holds up its kind only. Invariant: what was taken is answered exactly once, to its worker,
//! which does not end before: also what never began. The exception is work that a stop leaves
//! behind: see `leaving`.

use super::process::{Spawned, Start};
use super::{Door, Event, Shared, Worker};
use crate::error::{ECLOSED, EPANIC, Fault};
use crate::ring::signal;
use crate::sys::{Resolved, Unresolved, resolve, without_signals};
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::cell::Cell;
use std::collections::VecDeque;
use std::ffi::CString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle, ThreadId};
use std::time::Duration;

/// Pieces of work of a kind that wait at most.
const WAITING: usize = 4096;
/// How long a thread without work stays.
const IDLE: Duration = Duration::from_secs(10);
const STACK: usize = 1 << 20;

/// What is to be done on a thread that may block.
pub struct Work {
    /// The user's.
    pub run: Box<dyn FnOnce() -> i32 + Send>,
    /// Called on the worker with the answer.
    pub done: Box<dyn FnOnce(i32) + Send>,
}

/// One thing to do.
pub(super) enum Task {
    Work(Work),
    Resolve { user: u64, host: Option<CString>, service: Option<CString> },
    Spawn(Box<Start>),
}

/// What came of it.
pub(super) enum Answer {
    Done(Box<dyn FnOnce(i32) + Send>, i32),
    Resolved(u64, Result<Vec<Resolved>, Unresolved>),
    Spawned(Box<Spawned>),
}

/// Kinds of work that have threads of their own each.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Functions of the user's.
    Work,
    /// Names to be looked up.
    Lookup,
    /// Children to be started.
    Start,
}

impl Kind {
    pub(super) const ALL: [Kind; 3] = [Kind::Work, Kind::Lookup, Kind::Start];
}

struct Job {
    worker: u32,
    task: Task,
}

/// What a thread does.
pub(super) struct Running {
    thread: ThreadId,
    pub(super) worker: u32,
    /// What the worker can be told although the thread does not come back; None = nothing, as of
    /// the user's functions.
    pub(super) untold: Option<Box<dyn FnOnce() -> Answer + Send>>,
    /// Its worker does not wait for it any more.
    pub(super) left: bool,
}

#[derive(Default)]
pub(super) struct State {
    waiting: VecDeque<Job>,
    pub(super) running: Vec<Running>,
    threads: u32,
    idle: u32,
    closed: bool,
    handles: Vec<JoinHandle<()>>,
}

/// The threads of a runtime that do one kind of work.
#[derive(Default)]
pub(super) struct Blocking {
    state: Mutex<State>,
    more: Condvar,
    /// A thread went, or was left behind.
    fewer: Condvar,
}

/// The work of one worker.
#[derive(Default)]
pub(super) struct Errands {
    answers: Mutex<Vec<Answer>>,
    has_answers: AtomicBool,
    /// What was asked for and not answered yet.
    pub(super) open: AtomicU32,
}

thread_local! {
    /// Whose blocking work this thread does.
    static SERVES: Cell<*const Shared> = const { Cell::new(core::ptr::null()) };
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Task {
    fn kind(&self) -> Kind {
        match self {
            Task::Work(_) => Kind::Work,
            Task::Resolve { .. } => Kind::Lookup,
            Task::Spawn(_) => Kind::Start,
        }
    }

    /// What its worker can be told in its place; see [`Running::untold`].
    fn untold(&self) -> Option<Box<dyn FnOnce() -> Answer + Send>> {
        match self {
            Task::Work(_) => None,
            Task::Resolve { user, .. } => {
                let user = *user;
                Some(Box::new(move || Task::Resolve { user, host: None, service: None }.cancel()))
            }
            Task::Spawn(start) => {
                let process = start.process();
                Some(Box::new(move || Start::cancelled(process)))
            }
        }
    }

    fn run(self) -> Answer {
        match self {
            Task::Work(Work { run, done }) => {
                // Of a panic in the user's Rust; one of C ends the program.
                let res = catch_unwind(AssertUnwindSafe(run)).unwrap_or(EPANIC);
                Answer::Done(done, res)
            }
            Task::Resolve { user, host, service } => {
                Answer::Resolved(user, resolve(host.as_deref(), service.as_deref()))
            }
            Task::Spawn(start) => start.run(),
        }
    }

    fn cancel(self) -> Answer {
        match self {
            Task::Work(Work { done, .. }) => Answer::Done(done, -libc::ECANCELED),
            Task::Resolve { user, .. } => {
                let text = c"the runtime is stopping".to_owned();
                Answer::Resolved(user, Err(Unresolved { errno: libc::ECANCELED, text }))
            }
            Task::Spawn(start) => start.cancel(),
        }
    }
}

impl Blocking {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// Whoever waits for threads to go looks again.
    pub(super) fn look_again(&self) {
        self.fewer.notify_all();
    }

    /// No more work: wait for the threads, which finish what they have, but for what was left.
    fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        self.more.notify_all();
        while state.threads as usize > state.left() {
            state = self.fewer.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let handles = core::mem::take(&mut state.handles);
        let left: Vec<_> = state.running.iter().map(|running| running.thread).collect();
        drop(state);
        for handle in handles {
            if !left.contains(&handle.thread().id()) {
                // Its panics are caught inside.
                let _ = handle.join();
            }
        }
    }
}

impl State {
    fn left(&self) -> usize {
        self.running.iter().filter(|running| running.left).count()
    }
}

impl Shared {
    pub(super) fn blocking(&self, kind: Kind) -> &Blocking {
        &self.blocking[kind as usize]
    }

    /// Have `task` done for a worker, which is told of the answer.
    pub(super) fn ask(self: &Arc<Self>, worker: u32, task: Task) -> Result<(), Fault> {
        let Some(place) = self.workers.get(worker as usize) else {
            return Err(Fault::errno(libc::EINVAL, "the runtime has no worker of this index"));
        };
        let _visit = place.posts.visit()?;
        if place.waking.get().is_none() {
            return Err(Fault::errno(libc::EAGAIN, "the worker has not begun yet"));
        }
        let kind = task.kind();
        let mut state = self.blocking(kind).state();
        if state.closed {
            return Err(Fault::new(ECLOSED, "the runtime is over"));
        }
        if state.waiting.len() >= WAITING {
            return Err(Fault::errno(libc::EAGAIN, "4096 pieces of work wait for a thread"));
        }
        // Those that were woken and did not come yet count as idle still.
        let idle = state.idle as usize > state.waiting.len();
        if !idle && state.threads < self.config.blocking_threads {
            self.spawn_blocking(kind, &mut state)?;
        }
        place.errands.open.fetch_add(1, Ordering::SeqCst);
        state.waiting.push_back(Job { worker, task });
        drop(state);
        self.blocking(kind).more.notify_one();
        Ok(())
    }

    fn spawn_blocking(self: &Arc<Self>, kind: Kind, state: &mut State) -> Result<(), Fault> {
        let shared = self.clone();
        let builder = Builder::new().name("ringline-block".into()).stack_size(STACK);
        match without_signals(|| builder.spawn(move || shared.serve_blocking(kind))) {
            Ok(handle) => {
                // Those that left meanwhile are joined here, so that the list does not grow.
                state.handles.retain(|handle| !handle.is_finished());
                state.handles.push(handle);
                state.threads += 1;
                Ok(())
            }
            // Others will come to it.
            Err(_) if state.threads > 0 => Ok(()),
            Err(error) => {
                let errno = error.raw_os_error().unwrap_or(libc::EAGAIN);
                Err(Fault::errno(errno, "no thread for what blocks"))
            }
        }
    }

    /// Whether the calling thread does blocking work for this runtime.
    pub fn is_blocking_here(&self) -> bool {
        SERVES.get() == core::ptr::from_ref(self)
    }

    /// A thread's life.
    fn serve_blocking(&self, kind: Kind) {
        SERVES.set(self);
        let blocking = self.blocking(kind);
        let thread = std::thread::current().id();
        let mut state = blocking.state();
        loop {
            if let Some(Job { worker, task }) = state.waiting.pop_front() {
                let untold = task.untold();
                state.running.push(Running { thread, worker, untold, left: false });
                drop(state);
                let answer = task.run();
                state = blocking.state();
                let at = state.running.iter().position(|running| running.thread == thread);
                let left = at.is_some_and(|at| state.running.swap_remove(at).left);
                drop(state);
                match left {
                    false => self.answer(worker, answer),
                    // Nobody is there to be told.
                    true => answer.discard(),
                }
                state = blocking.state();
                continue;
            }
            if state.closed {
                break;
            }
            state.idle += 1;
            let waited = blocking.more.wait_timeout(state, IDLE);
            let (next, over) = waited.unwrap_or_else(PoisonError::into_inner);
            state = next;
            state.idle -= 1;
            if over.timed_out() && state.waiting.is_empty() {
                break;
            }
        }
        state.threads -= 1;
        drop(state);
        blocking.look_again();
    }

    pub(super) fn answer(&self, worker: u32, answer: Answer) {
        let place = &self.workers[worker as usize];
        locked(&place.errands.answers).push(answer);
        place.errands.has_answers.store(true, Ordering::SeqCst);
        place.waking.wake();
    }

    /// What waits for a thread and is a stopping worker's is not begun any more.
    pub(super) fn cancel_waiting(&self, worker: u32) {
        for kind in Kind::ALL {
            let mut state = self.blocking(kind).state();
            let (gone, kept) = state.waiting.drain(..).partition(|job| job.worker == worker);
            state.waiting = kept;
            drop(state);
            let gone: VecDeque<Job> = gone;
            for job in gone {
                self.answer(worker, job.task.cancel());
            }
        }
    }

    /// No more work: the threads finish what they have and go, and nobody waits for them.
    pub(super) fn release_blocking(&self) {
        for blocking in &self.blocking {
            let mut state = blocking.state();
            state.closed = true;
            state.handles.clear();
            drop(state);
            blocking.more.notify_all();
        }
    }

    /// No more work: wait for the threads, which finish what they have.
    pub(super) fn close_blocking(&self) {
        self.blocking.iter().for_each(Blocking::close);
    }
}

impl Worker {
    /// Have `work` done on a thread that may block, for this worker.
    pub(super) fn ask(&self, task: Task) -> Result<(), Fault> {
        self.shared.ask(self.index(), task)
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
                Answer::Spawned(spawned) => self.spawned(door, *spawned),
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
}

impl Shared {
    /// Have `work` done on a thread that may block, and told to `worker`. Any thread.
    pub fn work(self: &Arc<Self>, worker: u32, work: Work) -> Result<(), Fault> {
        self.ask(worker, Task::Work(work))
    }
}
