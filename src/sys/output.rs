//! Writing text to somebody else's descriptor without a signal.
//!
//! Owns: nothing. Never raises SIGPIPE where the kernel can suppress it.

use super::errno;
use super::uapi::RWF_NOSIGNAL;

/// Write all of `bytes` at the descriptor's position; the errno on failure. On a socket, and on a
/// kernel that can, without SIGPIPE.
pub fn write_quietly(fd: i32, bytes: &[u8]) -> Result<(), i32> {
    let mut rest = bytes;
    while !rest.is_empty() {
        match write_some(fd, rest) {
            Ok(0) => return Err(libc::EIO),
            Ok(done) => rest = &rest[done.min(rest.len())..],
            Err(libc::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

fn write_some(fd: i32, bytes: &[u8]) -> Result<usize, i32> {
    // SAFETY: so many bytes to read.
    let sent = unsafe { libc::send(fd, bytes.as_ptr().cast(), bytes.len(), libc::MSG_NOSIGNAL) };
    if sent >= 0 || errno() != libc::ENOTSOCK {
        return answer(sent);
    }
    let vector = libc::iovec { iov_base: bytes.as_ptr() as *mut _, iov_len: bytes.len() };
    // SAFETY: one vector over bytes that are only read.
    let written = unsafe { libc::pwritev2(fd, &vector, 1, -1, RWF_NOSIGNAL as i32) };
    if written >= 0 || !matches!(errno(), libc::EOPNOTSUPP | libc::EINVAL | libc::ENOSYS) {
        return answer(written);
    }
    // SAFETY: so many bytes to read.
    answer(unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) })
}

fn answer(done: isize) -> Result<usize, i32> {
    usize::try_from(done).map_err(|_| errno())
}
