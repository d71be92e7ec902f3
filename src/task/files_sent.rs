//! Files that connections send.
//!
//! Owns: each file until all of it was read.

use super::conn::ConnCtx;
use super::guard::{GuardBox, RegionId, SendGuard};
use super::here::{no_worker, to_io, with_here};
use super::send::SendFuture;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr;

/// Keeps a file open.
struct Kept(OwnedFd);

impl SendGuard for Kept {
    fn as_ptr_len(&self) -> (*const u8, u32) {
        (ptr::null(), 0)
    }

    fn region(&self) -> RegionId {
        RegionId::UNREGISTERED
    }
}

impl ConnCtx {
    /// Queue `len` bytes (0 = all that follow) of a regular file from `offset` on, behind what is
    /// queued. It is read while it is sent, a few blocks ahead, and closed then. The future
    /// resolves to the bytes that it was, at most `u32::MAX`.
    ///
    /// ```no_run
    /// # async fn page(conn: ringline::ConnCtx) -> std::io::Result<()> {
    /// let file = std::fs::File::open("index.html")?;
    /// conn.send_file(file, 0, 0)?.await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`ConnCtx::send_nowait`], and what is no regular file, or shorter than that. Where it is
    /// cut shorter while it is sent the connection is closed: the other end would wait for ever.
    pub fn send_file(
        &self,
        file: impl Into<OwnedFd>,
        offset: u64,
        len: u64,
    ) -> io::Result<SendFuture> {
        let file = Kept(file.into());
        let sent = with_here(|here, worker| {
            let fd = file.0.as_raw_fd();
            let queued = || worker.facts(self.id()).map(|facts| facts.sent + facts.queued);
            let before = queued().map_err(to_io)?;
            let number = here.guards.borrow_mut().keep(GuardBox::new(file));
            if let Err(fault) = worker.send_file(self.id(), fd, (offset, len), number) {
                let guard = here.guards.borrow_mut().release(number);
                drop(guard);
                return Err(to_io(fault));
            }
            let bytes = queued().map_err(to_io)? - before;
            SendFuture::new(worker, self.id(), bytes.min(u32::MAX.into()) as usize)
        });
        sent.unwrap_or_else(|| Err(no_worker()))
    }
}
