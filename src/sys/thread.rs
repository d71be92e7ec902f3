//! Who is calling: a number per thread that is never used twice.
//!
//! Owns: the thread-local number. A thread-local address or a kernel tid would be given again to a
//! later thread; a counter is not.

use core::cell::Cell;
use core::sync::atomic::{AtomicU64, Ordering};

/// A thread of this process; 0 means none.
pub type ThreadId = u64;

static NEXT: AtomicU64 = AtomicU64::new(1);

thread_local! {
    static CURRENT: Cell<ThreadId> = const { Cell::new(0) };
}

/// The calling thread's number.
#[inline]
pub fn current_thread() -> ThreadId {
    CURRENT.with(|cell| {
        let id = cell.get();
        if id != 0 { id } else { number_thread(cell) }
    })
}

#[cold]
fn number_thread(cell: &Cell<ThreadId>) -> ThreadId {
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    cell.set(id);
    id
}

/// Whether the kernel thread `tid` of this process has exited.
pub fn thread_is_gone(tid: i32) -> bool {
    // SAFETY: signal 0 only asks whether the thread exists.
    let answer = unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), tid, 0) };
    // SAFETY: errno is this thread's.
    answer != 0 && unsafe { *libc::__errno_location() } == libc::ESRCH
}
