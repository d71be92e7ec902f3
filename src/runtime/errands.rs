//! What is done for a worker on threads that may block: each piece of work, and what came of it.
//!
//! Owns: what waits for a thread and what is done by one, for each kind of work its own: what hangs
//! holds up its kind only. Invariant: see `jobs`, which has the threads.

use crate::fault::EPANIC;
use crate::sys::process::{Child, Plan, end_child, spawn};
use crate::sys::{Resolved, Unresolved, resolve};
use core::sync::atomic::{AtomicBool, AtomicU32};
use std::collections::VecDeque;
use std::ffi::CString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, ThreadId};

/// What is to be done on a thread that may block.
pub struct Work {
    /// The user's.
    pub run: Box<dyn FnOnce() -> i32 + Send>,
    /// Called on the worker with the answer.
    pub done: Box<dyn FnOnce(i32) + Send>,
}

/// One thing to do.
pub enum Task {
    Work(Work),
    Resolve { user: u64, host: Option<CString>, service: Option<CString> },
    Spawn { process: u64, plan: Box<Plan> },
}

/// What came of it.
pub enum Answer {
    Done(Box<dyn FnOnce(i32) + Send>, i32),
    Resolved(u64, Result<Vec<Resolved>, Unresolved>),
    Spawned(u64, Box<Result<Child, i32>>),
}

/// Kinds of work that have threads of their own each.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Functions of the user's.
    Work,
    /// Names to be looked up.
    Lookup,
    /// Children to be started.
    Start,
}

impl Kind {
    pub(crate) const ALL: [Kind; 3] = [Kind::Work, Kind::Lookup, Kind::Start];
}

pub struct Job {
    pub worker: u32,
    pub task: Task,
}

/// What a thread does.
pub struct Running {
    pub thread: ThreadId,
    pub worker: u32,
    /// What the worker can be told although the thread does not come back.
    pub untold: Option<Answer>,
    /// Its worker does not wait for it any more.
    pub left: bool,
}

#[derive(Default)]
pub struct State {
    pub waiting: VecDeque<Job>,
    pub running: Vec<Running>,
    pub threads: u32,
    pub idle: u32,
    pub closed: bool,
    pub handles: Vec<JoinHandle<()>>,
}

/// The threads of a runtime that do one kind of work.
#[derive(Default)]
pub struct Blocking {
    pub state: Mutex<State>,
    pub more: Condvar,
    /// A thread went, or was left behind.
    pub fewer: Condvar,
}

/// The work of one worker.
#[derive(Default)]
pub struct Errands {
    pub answers: Mutex<Vec<Answer>>,
    pub has_answers: AtomicBool,
    /// What was asked for and not answered yet.
    pub open: AtomicU32,
}

pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Task {
    pub fn kind(&self) -> Kind {
        match self {
            Task::Work(_) => Kind::Work,
            Task::Resolve { .. } => Kind::Lookup,
            Task::Spawn { .. } => Kind::Start,
        }
    }

    /// What its worker can be told in its place; None = nothing, as of the user's functions.
    pub fn untold(&self) -> Option<Answer> {
        match self {
            Task::Work(_) => None,
            Task::Resolve { user, .. } => {
                let text = c"the runtime is stopping".to_owned();
                Some(Answer::Resolved(*user, Err(Unresolved { errno: libc::ECANCELED, text })))
            }
            Task::Spawn { process, .. } => {
                Some(Answer::Spawned(*process, Err(libc::ECANCELED).into()))
            }
        }
    }

    pub fn run(self) -> Answer {
        match self {
            Task::Work(Work { run, done }) => {
                // Of a panic in the user's Rust; one of C ends the program.
                let res = catch_unwind(AssertUnwindSafe(run)).unwrap_or(EPANIC);
                Answer::Done(done, res)
            }
            Task::Resolve { user, host, service } => {
                Answer::Resolved(user, resolve(host.as_deref(), service.as_deref()))
            }
            Task::Spawn { process, plan } => Answer::Spawned(process, spawn(&plan).into()),
        }
    }

    /// The answer when it is not done.
    pub fn cancel(self) -> Option<Answer> {
        match self {
            Task::Work(Work { done, .. }) => Some(Answer::Done(done, -libc::ECANCELED)),
            other => other.untold(),
        }
    }
}

impl Blocking {
    pub fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// Whoever waits for threads to go looks again.
    pub fn look_again(&self) {
        self.fewer.notify_all();
    }

    /// No more work: wait for the threads, which finish what they have, but for what was left.
    pub fn close(&self) {
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
    pub fn left(&self) -> usize {
        self.running.iter().filter(|running| running.left).count()
    }
}

impl Answer {
    /// Nobody is there to be told. What the user gave is not touched.
    pub fn discard(self) {
        match self {
            Answer::Spawned(_, child) => {
                if let Ok(child) = *child {
                    end_child(&child.pidfd);
                }
            }
            Answer::Done(..) | Answer::Resolved(..) => {}
        }
    }
}
