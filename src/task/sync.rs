//! What tasks and threads wait for of each other: a mutex, a semaphore, and a word to stop.
//!
//! They are tokio's, of which no runtime is asked: what is awaited in a task of a worker wakes that
//! task, whoever gives it.
//!
//! ```
//! # async fn example() {
//! use ringline::sync::{CancellationToken, Semaphore};
//!
//! let stop = CancellationToken::new();
//! let of_a_task = stop.child_token();
//! let (places, done) = (Semaphore::new(2), of_a_task.cancelled());
//! let _place = places.acquire().await.expect("it is not closed");
//! stop.cancel();
//! done.await;
//! # }
//! ```

// Owns: nothing.

pub use tokio::sync::{
    AcquireError, Mutex, MutexGuard, Notify, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore,
    SemaphorePermit, TryAcquireError, TryLockError,
};
pub use tokio_util::sync::{CancellationToken, DropGuard, WaitForCancellationFuture};
