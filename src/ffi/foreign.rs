//! Group K: foreign event loops, which sleep on an eventfd of the ring.
//!
//! Owns: nothing. Never sleeps itself.

use super::boundary::{Door, Inside, on_ring};
use super::ring::bind_if_unbound;
use super::ringline_ring;
use super::state::state;
use super::submit::not_in_callback;
use crate::fault::Fault;
use core::mem::MaybeUninit;

/// A descriptor for poll(2), epoll(7) and the like: it is readable when a turn has something to
/// do. Call ringline_prepare() before each sleep, and take EINTR for a reason to turn. (It is an
/// eventfd that the kernel writes: on the ring's own descriptor, ringline_info's ring_fd, sleepers
/// are not woken for deferred work.) It is the library's: never read or close it. Owner thread;
/// binds a ring without owner; ringline_detach() closes it. Returns it, -EBUSY after
/// ringline_set_eventfd(), -EMFILE.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_ring_fd(ring: *mut ringline_ring) -> i32 {
    on_ring(ring, Door::Owner, ring_fd)
}

fn ring_fd(inside: &Inside) -> Result<u32, Fault> {
    bind_if_unbound(inside)?;
    // SAFETY: inside, and this reference ends with the function.
    let fd = unsafe { state(inside.ring) }.engine.loop_fd();
    fd.map(|fd| fd as u32).map_err(|errno| Fault::errno(errno, "no eventfd for this ring"))
}

/// Have the kernel write an eventfd of the caller's for every completion, for loops that cannot
/// poll the ring's descriptor; -1 = not any more. It is also written for completions that a turn
/// takes at once, so a loop wakes more often than with ringline_ring_fd(). ringline_prepare() is
/// needed as well. Posts write it themselves; but for an op that polls or reads another eventfd
/// the kernel may write it late or never. Owner thread; binds a ring without owner; to be set
/// again after detach. Returns 0, -EBUSY when one is set already or ringline_ring_fd() was called,
/// -EBADF or -EINVAL for what is no eventfd, -ENXIO for -1 when none is set.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_set_eventfd(ring: *mut ringline_ring, eventfd: i32) -> i32 {
    on_ring(ring, Door::Owner, |inside| set_eventfd(inside, eventfd))
}

fn set_eventfd(inside: &Inside, eventfd: i32) -> Result<(), Fault> {
    if eventfd < -1 {
        return Err(Fault::errno(libc::EBADF, "eventfd is a descriptor, or -1"));
    }
    bind_if_unbound(inside)?;
    // SAFETY: inside, and this reference ends with the function.
    let errno = unsafe { state(inside.ring) }.engine.set_eventfd(eventfd);
    if errno == 0 { Ok(()) } else { Err(Fault::errno(errno, "the kernel refused the eventfd")) }
}

/// Before a foreign loop sleeps on ringline_ring_fd() (or the eventfd): hand what was submitted
/// to the kernel, and see that the descriptor becomes readable for completions, for posts and for
/// the next timer. `*deadline_ns` (may be NULL) is when that is, by CLOCK_MONOTONIC, or -1: for
/// information, the kernel keeps the time. Then sleep; when the descriptor is readable, turn or
/// run_once with wait_min 0, and prepare again. Owner thread, not in a callback; binds a ring
/// without owner.
///
/// Returns 0 = sleep now; 1 = something is there: turn instead of sleeping; RINGLINE_EREENTRANT
/// inside a callback; or as ringline_turn().
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_prepare(
    ring: *mut ringline_ring,
    deadline_ns: Option<&mut MaybeUninit<i64>>,
) -> i32 {
    on_ring(ring, Door::Owner, |inside| {
        let (ready, deadline) = prepare(inside)?;
        if let Some(deadline_ns) = deadline_ns {
            deadline_ns.write(deadline);
        }
        Ok(ready)
    })
}

fn prepare(inside: &Inside) -> Result<(bool, i64), Fault> {
    not_in_callback(inside)?;
    bind_if_unbound(inside)?;
    // SAFETY: inside, and this reference ends with the function.
    let engine = &mut unsafe { state(inside.ring) }.engine;
    let ready = engine.prepare()?;
    let deadline = engine.deadline().map_or(-1, |at| at.min(i64::MAX as u64) as i64);
    Ok((ready, deadline))
}
