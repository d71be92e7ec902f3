//! Functions of the program that may block, on threads of the runtime's that may.
//!
//! Owns: nothing.

use super::aside::Aside;
use super::error::JoinError;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The future of what a function that may block returns. Dropping it does not end the function.
#[must_use = "what the function returns is not known"]
pub struct BlockingJoinHandle<T>(Aside<T>);

/// Have a thread that may block call `body`, for a task of the calling thread's worker.
///
/// # Errors
/// `NotConnected` when the calling thread is no worker; `WouldBlock` where too much waits for a
/// thread. The handle resolves to [`JoinError::Panicked`] where `body` panics, and to
/// [`JoinError::Aborted`] where the runtime ends before it begins.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let sum = ringline::spawn_blocking(|| (1..=1_000_000_u64).sum::<u64>())?.await;
/// assert_eq!(sum, Ok(500_000_500_000));
/// # Ok(()) }
/// ```
pub fn spawn_blocking<T: Send + 'static>(
    body: impl FnOnce() -> T + Send + 'static,
) -> io::Result<BlockingJoinHandle<T>> {
    Aside::begin(body).map(BlockingJoinHandle)
}

impl<T: Send + 'static> Future for BlockingJoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let done = ready!(Pin::new(&mut self.0).poll(cx));
        Poll::Ready(done.map_err(|error| match error.raw_os_error() {
            Some(libc::ECANCELED) => JoinError::Aborted,
            _ => JoinError::Panicked,
        }))
    }
}

impl<T> fmt::Debug for BlockingJoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingJoinHandle").finish_non_exhaustive()
    }
}
