//! Threads for what blocks: made when there is work, gone after a while without any.
//!
//! Owns: what waits for a thread, bounded, and the threads, for each kind of work its own: what
//! hangs holds up its kind only. Invariant: what was taken is answered exactly once, to its worker,
//! which does not end before: also what never began. The exception is work that a stop leaves
//! behind: see `leaving`.

use crate::fault::{ECLOSED, Fault};
use crate::runtime::errands::{Answer, Blocking, Job, Kind, Running, State, Task, Work, locked};
use crate::runtime::shared::Shared;
use crate::sys::without_signals;
use core::sync::atomic::Ordering;
use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::thread::Builder;
use std::time::Duration;

/// Pieces of work of a kind that wait at most.
const WAITING: usize = 4096;
/// How long a thread without work stays.
const IDLE: Duration = Duration::from_secs(10);
const STACK: usize = 1 << 20;

thread_local! {
    /// Whose blocking work this thread does.
    static SERVES: Cell<*const Shared> = const { Cell::new(core::ptr::null()) };
}

impl Shared {
    pub fn blocking(&self, kind: Kind) -> &Blocking {
        &self.blocking[kind as usize]
    }

    /// Have `task` done for a worker, which is told of the answer.
    pub fn ask(self: &Arc<Self>, worker: u32, task: Task) -> Result<(), Fault> {
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

    pub fn answer(&self, worker: u32, answer: Answer) {
        let place = &self.workers[worker as usize];
        locked(&place.errands.answers).push(answer);
        place.errands.has_answers.store(true, Ordering::SeqCst);
        place.waking.wake();
    }

    /// What waits for a thread and is a stopping worker's is not begun any more.
    pub fn cancel_waiting(&self, worker: u32) {
        for kind in Kind::ALL {
            let mut state = self.blocking(kind).state();
            let (gone, kept) = state.waiting.drain(..).partition(|job| job.worker == worker);
            state.waiting = kept;
            drop(state);
            let gone: VecDeque<Job> = gone;
            for job in gone {
                job.task.cancel().into_iter().for_each(|answer| self.answer(worker, answer));
            }
        }
    }

    /// No more work: the threads finish what they have and go, and nobody waits for them.
    pub fn release_blocking(&self) {
        for blocking in &self.blocking {
            let mut state = blocking.state();
            state.closed = true;
            state.handles.clear();
            drop(state);
            blocking.more.notify_all();
        }
    }

    /// No more work: wait for the threads, which finish what they have.
    pub fn close_blocking(&self) {
        self.blocking.iter().for_each(Blocking::close);
    }

    /// Have `work` done on a thread that may block, and told to `worker`. Any thread.
    pub fn work(self: &Arc<Self>, worker: u32, work: Work) -> Result<(), Fault> {
        self.ask(worker, Task::Work(work))
    }
}
