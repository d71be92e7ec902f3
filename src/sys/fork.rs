//! Telling a forked child from its parent without a system call.
//!
//! Owns: one page that the kernel zeroes in the child (MADV_WIPEONFORK) and the epoch written in
//! it. A handle remembers the epoch it was made in; another number means another process.

use core::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

static PAGE: AtomicPtr<AtomicU64> = AtomicPtr::new(core::ptr::null_mut());
static EPOCH: AtomicU64 = AtomicU64::new(0);

/// The epoch of this process; 0 in a child that made no ring yet, or before the first ring.
#[inline]
pub fn fork_epoch() -> u64 {
    let page = PAGE.load(Ordering::Acquire);
    if page.is_null() {
        return 0;
    }
    // SAFETY: the page is mapped once and never unmapped.
    unsafe { (*page).load(Ordering::Relaxed) }
}

/// The epoch of this process, made if there is none. An errno when no page can be had.
pub fn renew_fork_epoch() -> Result<u64, i32> {
    let mut page = PAGE.load(Ordering::Acquire);
    if page.is_null() {
        let map = super::Map::new(4096)?;
        // SAFETY: the range is the mapping just made.
        if unsafe { libc::madvise(map.as_ptr().cast(), map.len(), libc::MADV_WIPEONFORK) } != 0 {
            // SAFETY: errno is this thread's.
            return Err(unsafe { *libc::__errno_location() });
        }
        let mine = map.as_ptr().cast::<AtomicU64>();
        match PAGE.compare_exchange(
            core::ptr::null_mut(),
            mine,
            Ordering::AcqRel,
            Ordering::Acquire,
        ) {
            Ok(_) => {
                map.leak();
                page = mine;
            }
            Err(theirs) => page = theirs,
        }
    }
    // SAFETY: the page is mapped once and never unmapped.
    let cell = unsafe { &*page };
    let seen = cell.load(Ordering::Acquire);
    if seen != 0 {
        return Ok(seen);
    }
    let fresh = EPOCH.fetch_add(1, Ordering::AcqRel) + 1;
    match cell.compare_exchange(0, fresh, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => Ok(fresh),
        Err(theirs) => Ok(theirs),
    }
}
