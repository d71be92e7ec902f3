//! Functions of the program that may block, on threads of the runtime's that may.
//!
//! Owns: nothing.

use super::aside::Aside;
use super::error::JoinError;
use super::here::{no_worker, with_here};
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The future of what a function that may block returns. Dropping it does not end the function.
#[must_use = "what the function returns is not known"]
pub struct BlockingJoinHandle<T>(Aside<T>);

/// Have a thread that may block call `body`, for a task of the calling thread's worker. There are
/// `Config::blocking_threads` of them.
///
/// Awaited, it brings what `body` returns; a panic of `body` goes on in the task that awaits it, as
/// with [`std::thread::scope`]: [`BlockingJoinHandle::join`] has it as an error.
///
/// # Errors
/// `NotConnected` when the calling thread is no worker; `Unsupported` where
/// `Config::blocking_threads` is 0; `WouldBlock` where too much waits for a thread.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let sum = ringline::spawn_blocking(|| (1..=1_000_000_u64).sum::<u64>())?.await;
/// assert_eq!(sum, 500_000_500_000);
/// # Ok(()) }
/// ```
pub fn spawn_blocking<T: Send + 'static>(
    body: impl FnOnce() -> T + Send + 'static,
) -> io::Result<BlockingJoinHandle<T>> {
    let threads = with_here(|here, _| here.config.blocking_threads).ok_or_else(no_worker)?;
    if threads == 0 {
        let text = "Config::blocking_threads is 0: nothing may block";
        return Err(io::Error::new(io::ErrorKind::Unsupported, text));
    }
    Aside::begin(body).map(BlockingJoinHandle)
}

impl<T> BlockingJoinHandle<T> {
    /// What the function returns, or why there is nothing.
    ///
    /// # Errors
    /// [`JoinError::Panicked`] where the function panics; [`JoinError::Aborted`] where the runtime
    /// ends before it begins.
    ///
    /// ```
    /// # async fn example() -> std::io::Result<()> {
    /// let none = ringline::spawn_blocking(|| -> u8 { panic!("no") })?.join().await;
    /// assert_eq!(none, Err(ringline::JoinError::Panicked));
    /// # Ok(()) }
    /// ```
    pub async fn join(self) -> Result<T, JoinError> {
        self.0.await.map_err(|error| match error.raw_os_error() {
            Some(libc::ECANCELED) => JoinError::Aborted,
            _ => JoinError::Panicked,
        })
    }
}

impl<T> Future for BlockingJoinHandle<T> {
    type Output = T;

    /// # Panics
    /// Where the function panicked, or its runtime ended before it began.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        Pin::new(&mut self.0).poll(cx).map(|result| match result {
            Ok(value) => value,
            Err(error) => panic!("spawn_blocking has no value: {error}"),
        })
    }
}

impl<T> fmt::Debug for BlockingJoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingJoinHandle").finish_non_exhaustive()
    }
}
