//! Tasks of the program: made, awaited, ended.
//!
//! Owns: what a task brought, until its handle takes it.

use super::error::JoinError;
use super::executor::{Key, Owner, with_current};
use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// Names a task that [`spawn`] made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TaskId(pub(super) Key);

impl TaskId {
    /// Drop the task's future now; nothing happens when it is over. A task that cancels itself goes
    /// on to its next await. On the thread of its worker; elsewhere nothing happens.
    pub fn cancel(self) {
        with_current(|executor| executor.cancel(self.0));
    }
}

/// Make a task of the calling thread's worker, which is polled soon.
///
/// # Errors
/// `StorageFull` when `Config::standalone_task_capacity` tasks are there; `NotConnected` when the
/// calling thread is no worker.
///
/// ```
/// # async fn example() {
/// let task = ringline::spawn(async { println!("from a task of its own") }).expect("room");
/// task.cancel();
/// # }
/// ```
pub fn spawn(future: impl Future<Output = ()> + 'static) -> io::Result<TaskId> {
    let spawned = with_current(|executor| executor.spawn(Owner::Spawned, Box::pin(future)));
    match spawned {
        Some(Some(key)) => Ok(TaskId(key)),
        Some(None) => Err(io::Error::new(
            io::ErrorKind::StorageFull,
            "standalone_task_capacity tasks are there: let one end, or raise the limit",
        )),
        None => Err(io::Error::new(
            io::ErrorKind::NotConnected,
            "this thread is no worker of a runtime: spawn in a task",
        )),
    }
}

/// What became of a task.
struct Outcome<T> {
    result: Option<Result<T, JoinError>>,
    waker: Option<Waker>,
}

type Shared<T> = Rc<RefCell<Outcome<T>>>;

fn deliver<T>(outcome: &Shared<T>, result: Result<T, JoinError>) {
    let waker = {
        let outcome = &mut *outcome.borrow_mut();
        if outcome.result.is_some() {
            return;
        }
        outcome.result = Some(result);
        outcome.waker.take()
    };
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// Delivers that the task did not end by itself, unless it did.
struct Delivery<T>(Shared<T>);

impl<T> Drop for Delivery<T> {
    fn drop(&mut self) {
        let panics = std::thread::panicking();
        let why = if panics { JoinError::Panicked } else { JoinError::Aborted };
        deliver(&self.0, Err(why));
    }
}

/// Awaits a task that [`spawn_with_handle`] made. Dropped, it leaves the task running.
pub struct JoinHandle<T> {
    key: Key,
    outcome: Shared<T>,
}

impl<T> JoinHandle<T> {
    /// Names the task.
    pub fn id(&self) -> TaskId {
        TaskId(self.key)
    }

    /// End the task: its future is dropped, and awaiting this brings [`JoinError::Aborted`], unless
    /// it is over already.
    pub fn abort(&self) {
        self.id().cancel();
    }

    /// Whether the task is over.
    pub fn is_finished(&self) -> bool {
        self.outcome.borrow().result.is_some() || Rc::strong_count(&self.outcome) == 1
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = &mut *self.outcome.borrow_mut();
        if let Some(result) = outcome.result.take() {
            return Poll::Ready(result);
        }
        // Nobody is there any more who could deliver.
        if Rc::strong_count(&self.outcome) == 1 {
            return Poll::Ready(Err(JoinError::Aborted));
        }
        outcome.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("id", &self.id()).finish()
    }
}

/// Make a task of the calling thread's worker, and a handle to await what it brings. Awaiting
/// always ends: by the value, or by why there is none.
///
/// # Errors
/// As [`spawn`].
///
/// ```
/// # async fn example() {
/// let handle = ringline::spawn_with_handle(async { 6 * 7 }).expect("room");
/// assert_eq!(handle.await, Ok(42));
/// # }
/// ```
pub fn spawn_with_handle<T: 'static>(
    future: impl Future<Output = T> + 'static,
) -> io::Result<JoinHandle<T>> {
    let outcome = Rc::new(RefCell::new(Outcome { result: None, waker: None }));
    let delivery = Delivery(outcome.clone());
    let id = spawn(async move {
        // First, so that a future that is dropped early is gone when that is told.
        let delivery = delivery;
        let value = future.await;
        deliver(&delivery.0, Ok(value));
    })?;
    Ok(JoinHandle { key: id.0, outcome })
}
