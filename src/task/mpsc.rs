//! A channel for so many values at a time, from tasks and threads of any kind to one receiver.
//!
//! ```
//! # async fn example() {
//! let (sender, receiver) = ringline::mpsc::channel(8);
//! std::thread::spawn(move || sender.blocking_send("from a thread"));
//! assert_eq!(receiver.recv().await, Some("from a thread"));
//! assert_eq!(receiver.recv().await, None);
//! # }
//! ```

// Owns: nothing. tokio's channel asks for no runtime of tokio's.

pub use super::channel::{SendError, TryRecvError, TrySendError};
use std::fmt;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc as inner;

/// A channel that holds `capacity` values.
///
/// # Panics
/// If `capacity` is 0.
pub fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    assert!(capacity > 0, "a channel holds one value at least");
    let (sender, receiver) = inner::channel(capacity);
    (Sender(sender), Receiver(Mutex::new(receiver)))
}

/// Sends values; each clone is one more sender.
pub struct Sender<T>(inner::Sender<T>);

impl<T> Sender<T> {
    /// Send a value, when there is room. Dropped before, it sends nothing.
    ///
    /// # Errors
    /// [`SendError`] with the value, where the receiver is gone.
    pub async fn send(&self, value: T) -> Result<(), SendError<T>> {
        self.0.send(value).await.map_err(|error| SendError(error.0))
    }

    /// Send a value, if there is room, from any thread.
    ///
    /// # Errors
    /// [`TrySendError`] with the value.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        self.0.try_send(value).map_err(|error| match error {
            inner::error::TrySendError::Full(value) => TrySendError::Full(value),
            inner::error::TrySendError::Closed(value) => TrySendError::Disconnected(value),
        })
    }

    /// Send a value, from a thread that may block until there is room: never in a task.
    ///
    /// # Errors
    /// [`SendError`] with the value, where the receiver is gone.
    pub fn blocking_send(&self, value: T) -> Result<(), SendError<T>> {
        self.0.blocking_send(value).map_err(|error| SendError(error.0))
    }

    /// Whether the receiver is gone.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        Sender(self.0.clone())
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("mpsc::Sender").finish_non_exhaustive()
    }
}

/// Receives values, in the order in which they were sent. One task awaits it at a time.
pub struct Receiver<T>(Mutex<inner::Receiver<T>>);

impl<T> Receiver<T> {
    fn locked(&self) -> MutexGuard<'_, inner::Receiver<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next value; `None` when every sender is gone, and nothing is left.
    pub async fn recv(&self) -> Option<T> {
        poll_fn(|cx| self.locked().poll_recv(cx)).await
    }

    /// The next value, if there is one.
    ///
    /// # Errors
    /// [`TryRecvError`].
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.locked().try_recv().map_err(|error| match error {
            inner::error::TryRecvError::Empty => TryRecvError::Empty,
            inner::error::TryRecvError::Disconnected => TryRecvError::Disconnected,
        })
    }

    /// Take no more values; those that were sent are still received.
    pub fn close(&self) {
        self.locked().close();
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("mpsc::Receiver").finish_non_exhaustive()
    }
}
