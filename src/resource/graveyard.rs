//! Memory the kernel may still write after its ring was forced to free.
//!
//! Owns: pools and regions of such rings until a tombstone tells that the kernel is done: the read
//! end of a pipe whose write end was a registered file of the ring hangs up when the ring is really
//! gone.

use super::pool_ref::PoolRef;
use crate::sys::Map;
use std::sync::Mutex;

struct Grave {
    tombstone: i32,
    _pools: Vec<PoolRef>,
    _regions: Vec<Map>,
}

// SAFETY: a grave is only waited for and dropped; its pools have no owner thread any more.
unsafe impl Send for Grave {}

static GRAVES: Mutex<Vec<Grave>> = Mutex::new(Vec::new());

/// Keep what the kernel may write until it is done. Without a tombstone (-1) that is for ever.
pub fn bury(tombstone: i32, pools: Vec<PoolRef>, regions: Vec<Map>) {
    for pool in &pools {
        pool.set_owner(0);
    }
    if let Ok(mut graves) = GRAVES.lock() {
        graves.push(Grave { tombstone, _pools: pools, _regions: regions });
    }
}

/// Free what the kernel is done with; returns how many rings are still waited for.
pub fn reclaim() -> usize {
    let Ok(mut graves) = GRAVES.lock() else { return 0 };
    graves.retain(|grave| !is_done(grave.tombstone));
    graves.len()
}

fn is_done(tombstone: i32) -> bool {
    // A negative descriptor is passed over by poll(2): never done.
    let mut entry = libc::pollfd { fd: tombstone, events: 0, revents: 0 };
    // SAFETY: one pollfd, no waiting.
    unsafe { libc::poll(&mut entry, 1, 0) };
    let done = entry.revents & (libc::POLLHUP | libc::POLLERR | libc::POLLNVAL) != 0;
    if done {
        // SAFETY: the tombstone is ours and closed once.
        unsafe { libc::close(tombstone) };
    }
    done
}
