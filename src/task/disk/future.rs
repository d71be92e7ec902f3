//! The future of an operation on a file or a device that has a number for a result.
//!
//! Owns: nothing beside its operation.

use crate::driver::Op;
use crate::task::operation::Operation;
use std::ffi::CString;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// What such an operation needs until the kernel is done.
#[derive(Debug)]
pub(in crate::task) enum Kept {
    Path { _path: CString },
    Paths { _from: CString, _to: CString },
}

/// An operation on a file or a device. It is under way already; this resolves to its result: bytes,
/// or 0 for what has none. Dropping it cancels it, where the kernel did not begin.
#[derive(Debug)]
#[must_use = "dropping the future cancels the operation"]
pub struct DiskIoFuture {
    operation: Operation<Kept>,
}

impl DiskIoFuture {
    /// Submit `op`.
    ///
    /// # Errors
    /// As [`Operation::submit`].
    ///
    /// # Safety
    /// As [`Operation::submit`].
    pub(in crate::task) unsafe fn submit(kept: Kept, op: Op) -> io::Result<DiskIoFuture> {
        // SAFETY: the caller's duty is the same.
        let operation = unsafe { Operation::submit(kept, |_| op) }?;
        Ok(DiskIoFuture { operation })
    }

    /// Ask for its end: it resolves to an error with `ECANCELED` then, or to what it did before.
    /// Also what the kernel began may end so, a read of a pipe for one.
    ///
    /// ```
    /// # async fn example() -> std::io::Result<()> {
    /// let renaming = ringline::fs::rename("new.txt", "old.txt")?;
    /// renaming.cancel()?;
    /// assert_eq!(renaming.await.unwrap_err().raw_os_error(), Some(libc::ECANCELED));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `NotConnected` where the calling thread is no worker.
    pub fn cancel(&self) -> io::Result<()> {
        self.operation.cancel()
    }
}

impl Future for DiskIoFuture {
    type Output = io::Result<i32>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<i32>> {
        let polled = Pin::new(&mut self.operation).poll(cx);
        polled.map(|(outcome, _)| outcome.value().map(|value| value as i32))
    }
}
