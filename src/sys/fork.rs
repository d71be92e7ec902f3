//! Telling a forked child from its parent without a system call.
//!
//! Owns: one page that the kernel zeroes in the child (MADV_WIPEONFORK) and the epoch written in
//! it. A handle remembers the epoch it was made in; another number means another process.

use core::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

/// Stands in for the page until there is one.
static NO_EPOCH: AtomicU64 = AtomicU64::new(0);
static PAGE: AtomicPtr<AtomicU64> = AtomicPtr::new((&raw const NO_EPOCH).cast_mut());
static EPOCH: AtomicU64 = AtomicU64::new(0);

/// The epoch of this process; 0 in a child that made no ring yet, or before the first ring.
#[inline]
pub fn fork_epoch() -> u64 {
    // SAFETY: a static, or the page, which is mapped once and never unmapped.
    unsafe { (*PAGE.load(Ordering::Acquire)).load(Ordering::Relaxed) }
}

/// The epoch of this process, made if there is none. An errno when no page can be had.
pub fn renew_fork_epoch() -> Result<u64, i32> {
    let mut page = PAGE.load(Ordering::Acquire);
    if core::ptr::eq(page, &NO_EPOCH) {
        let map = super::Map::new(4096)?;
        // SAFETY: the range is the mapping just made.
        if unsafe { libc::madvise(map.as_ptr().cast(), map.len(), libc::MADV_WIPEONFORK) } != 0 {
            // SAFETY: errno is this thread's.
            return Err(unsafe { *libc::__errno_location() });
        }
        let mine = map.as_ptr().cast::<AtomicU64>();
        match PAGE.compare_exchange(page, mine, Ordering::AcqRel, Ordering::Acquire) {
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
