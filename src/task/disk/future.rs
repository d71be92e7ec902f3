//! Operations on files and devices, and the future of one that has a number for a result.
//!
//! Owns: nothing beside its operation.

use super::fixed::FixedFile;
use super::shelf::Permit;
use crate::driver::Op;
use crate::task::nvme::Namespace;
use crate::task::operation::{Operation, Outcome};
use std::ffi::CString;
use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// What such an operation needs until the kernel is done.
#[derive(Debug)]
pub(crate) enum Kept {
    File { _file: Rc<OwnedFd> },
    Files { _from: Rc<OwnedFd>, _to: Rc<OwnedFd> },
    Path { _path: CString },
    Paths { _from: CString, _to: CString },
    Fixed { _file: Rc<FixedFile> },
    Nvme { _namespace: Rc<Namespace> },
    Attribute { _path: CString, _name: CString, _value: Vec<u8> },
}

/// Submit the operation that `describe` makes of `kept`, one of those that `permit` is from.
///
/// # Errors
/// As [`Operation::submit`].
///
/// # Safety
/// As [`Operation::submit`].
pub(crate) unsafe fn submit<T>(
    kept: T,
    permit: Permit,
    describe: impl FnOnce(&mut T) -> Op,
) -> io::Result<Operation<(T, Permit)>> {
    // SAFETY: the caller's duty is the same.
    unsafe { Operation::submit((kept, permit), |(kept, _)| describe(kept)) }
}

/// What became of a command to a device, which has a status of its own for what it refused.
pub(crate) fn refused(outcome: Outcome) -> io::Result<u32> {
    match outcome.value()? {
        0 => Ok(0),
        status => Err(io::Error::other(format!("the device refused the command: {status:#x}"))),
    }
}

/// An operation on a file or a device. It is under way already; this resolves to its result: bytes,
/// or 0 for what has none. Dropping it cancels it, where the kernel did not begin.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let removing: ringline::DiskIoFuture = ringline::fs::remove("old.txt")?;
/// assert_eq!(removing.await?, 0);
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "dropping the future cancels the operation"]
pub struct DiskIoFuture {
    operation: Operation<(Kept, Permit)>,
}

impl DiskIoFuture {
    /// Submit `op`.
    ///
    /// # Errors
    /// As [`Operation::submit`].
    ///
    /// # Safety
    /// As [`Operation::submit`].
    pub(crate) unsafe fn submit(kept: Kept, permit: Permit, op: Op) -> io::Result<DiskIoFuture> {
        // SAFETY: the caller's duty is the same.
        let operation = unsafe { submit(kept, permit, |_| op) }?;
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
        polled.map(|(outcome, (kept, _))| {
            let value = match kept {
                Kept::Nvme { .. } => refused(outcome),
                _ => outcome.value(),
            };
            value.map(|value| value as i32)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_of_a_device_is_no_success() {
        let outcome = |res| Outcome { res, data: 0 };
        assert_eq!(refused(outcome(0)).expect("done"), 0);
        assert_eq!(refused(outcome(0x4002)).expect_err("refused").kind(), io::ErrorKind::Other);
        let error = refused(outcome(-libc::EINVAL)).expect_err("refused");
        assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
    }
}
