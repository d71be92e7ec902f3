//! What would block a worker, done on a thread that may block.
//!
//! Owns: the answer, until its future takes it.

use super::here::{no_worker, to_io, with_here};
use crate::fault::EPANIC;
use crate::runtime::Work;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// How far the work is.
struct State<T> {
    value: Option<T>,
    /// 0, or why there is no value.
    over: Option<i32>,
    waker: Option<Waker>,
}

fn locked<T>(state: &Mutex<State<T>>) -> MutexGuard<'_, State<T>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The future of what another thread does. Dropping it does not end that.
#[must_use = "futures do nothing unless awaited"]
pub(super) struct Aside<T> {
    state: Arc<Mutex<State<T>>>,
}

impl<T: Send + 'static> Aside<T> {
    /// Have a thread of the runtime's do this, for the calling thread's worker.
    ///
    /// # Errors
    /// `NotConnected` where the calling thread is no worker; `WouldBlock` where too much waits for
    /// a thread.
    pub(super) fn begin(body: impl FnOnce() -> T + Send + 'static) -> io::Result<Aside<T>> {
        let state = Arc::new(Mutex::new(State { value: None, over: None, waker: None }));
        let (works, hears) = (state.clone(), state.clone());
        let run = Box::new(move || {
            let value = body();
            locked(&works).value = Some(value);
            0
        });
        let done = Box::new(move |res| {
            let waker = {
                let mut state = locked(&hears);
                state.over = Some(res);
                state.waker.take()
            };
            waker.into_iter().for_each(Waker::wake);
        });
        let begun = with_here(|_, worker| worker.work(Work { run, done })).ok_or_else(no_worker)?;
        begun.map_err(to_io)?;
        Ok(Aside { state })
    }
}

impl<T> Future for Aside<T> {
    /// An error where there is no value: the work panicked, or its runtime ended before it began.
    type Output = io::Result<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let mut state = locked(&self.state);
        match (state.over, state.value.take()) {
            (Some(_), Some(value)) => Poll::Ready(Ok(value)),
            (Some(EPANIC), None) => Poll::Ready(Err(io::Error::other("what blocks panicked"))),
            (Some(_), None) => Poll::Ready(Err(io::Error::from_raw_os_error(libc::ECANCELED))),
            (None, value) => {
                state.value = value;
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<T> fmt::Debug for Aside<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aside").finish_non_exhaustive()
    }
}
