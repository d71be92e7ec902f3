//! Group M: which worker the calling thread is.
//!
//! Owns: that. Never keeps a reference to a worker while user code runs but the shared one that the
//! worker itself lends.

use crate::runtime::Worker;
use core::cell::Cell;
use core::ptr::null;

thread_local! {
    static HERE: Cell<*const Worker> = const { Cell::new(null()) };
}

/// The worker that the calling thread is, if it is one of `runtime`.
#[inline]
pub(super) fn here<'a>(runtime: u64) -> Option<&'a Worker> {
    // SAFETY: set by the worker for as long as it runs, on this thread, which is inside of it.
    let worker = unsafe { HERE.get().as_ref() }?;
    (worker.runtime() == runtime).then_some(worker)
}

/// Whether the calling thread is a worker of any runtime.
pub(super) fn here_any() -> bool {
    !HERE.get().is_null()
}

/// The calling thread is this worker from now on.
pub(super) fn arrive(worker: &Worker) {
    HERE.set(worker);
}

/// The calling thread's worker is over.
pub(super) fn depart() {
    HERE.set(null());
}
