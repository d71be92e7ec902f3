//! A channel for one value, between tasks and threads of any kind.
//!
//! ```
//! # async fn example() {
//! let (sender, receiver) = ringline::oneshot::channel();
//! std::thread::spawn(move || sender.send(6 * 7));
//! assert_eq!(receiver.await, Ok(42));
//! # }
//! ```

// Owns: nothing. tokio's channel asks for no runtime of tokio's.

pub use super::channel::{RecvError, TryRecvError};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::sync::oneshot as inner;

/// A channel for one value.
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = inner::channel();
    (Sender(sender), Receiver(Mutex::new(receiver)))
}

/// Sends the value, once. Dropped, it has the receiver see [`RecvError`].
pub struct Sender<T>(inner::Sender<T>);

impl<T> Sender<T> {
    /// Send the value, from any thread.
    ///
    /// # Errors
    /// The value, where the receiver is gone.
    pub fn send(self, value: T) -> Result<(), T> {
        self.0.send(value)
    }

    /// Whether the receiver is gone.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Wait until the receiver is gone.
    pub async fn closed(&mut self) {
        self.0.closed().await;
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("oneshot::Sender").finish_non_exhaustive()
    }
}

/// The future of the value.
pub struct Receiver<T>(Mutex<inner::Receiver<T>>);

impl<T> Receiver<T> {
    /// The value, if it was sent.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`] before it is; [`TryRecvError::Disconnected`] when it was taken, or
    /// its sender is gone.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let mut receiver = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        receiver.try_recv().map_err(|error| match error {
            inner::error::TryRecvError::Empty => TryRecvError::Empty,
            inner::error::TryRecvError::Closed => TryRecvError::Disconnected,
        })
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let receiver = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        // A value that try_recv took is no panic here.
        if receiver.is_terminated() {
            return Poll::Ready(Err(RecvError));
        }
        Poll::Ready(ready!(Pin::new(receiver).poll(cx)).map_err(|_| RecvError))
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("oneshot::Receiver").finish_non_exhaustive()
    }
}
