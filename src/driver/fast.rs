//! The fast path of this floor: operations and completions that are passed on as they are, many in
//! one pass or a single one, and between them a wait that is one system call.
//!
//! Owns: nothing. Each function is the short cut of the general one of its name in `Driver`, and
//! what is not for it is left to that one, untouched. What both have to decide stands elsewhere:
//! which completion is the last in `cf`, when a slot is free in `Slots`, when a QUIET send is over
//! in `Driver::settled`.

use super::record::{Added, Completion, Op, rarely, tag};
use super::slab::bits;
use super::state::Driver;
use crate::sys::Cqe;
use core::mem::MaybeUninit;

/// Whether [`sleep`] may be used as long as nothing but operations is staged, and a turn would have
/// nothing to look at but these and their completions.
pub fn fits(driver: &Driver) -> bool {
    let calm = driver.timers.is_empty() && driver.late.is_empty() && driver.quiet.is_empty();
    let open = driver.is_attached() && !driver.closing && driver.spin_us == 0;
    calm && open && driver.enter.direct.is_some() && driver.enter.waiting() == 0
}

/// Accept operations from the front, as long as each `fits` and there is `room` and a slot that was
/// used before. Writes their tokens; returns how many.
#[inline(always)]
pub fn submit(
    driver: &mut Driver,
    ops: &[Op],
    tokens: &mut [u64],
    room: usize,
    added: Added,
    fits: impl Fn(&Op) -> bool,
) -> usize {
    let Driver { slab, enter, quiet, .. } = driver;
    let most = ops.len().min(room);
    let (queues, first) = (enter.queues, enter.staged);
    let mut slots = slab.pass();
    let mut done = 0;
    for (op, place) in ops[..most].iter().zip(&mut *tokens) {
        if !fits(op) {
            break;
        }
        let Some(slot) = slots.take(op, added.bits) else { break };
        let token = slot.token;
        // SAFETY: the place is ours, as there is room.
        added.to(unsafe { op.write_sqe(token, queues.sqe((first as u32).wrapping_add(done))) });
        *place = token;
        if added.bits & bits::QUIET != 0 {
            quiet.expect(first + u64::from(done), token);
        }
        done += 1;
    }
    slab.settle(slots, slab.live() + done);
    enter.staged += u64::from(done);
    done as usize
}

/// Accept one operation, when there is a slot that was used before; its token. There is room.
#[inline(always)]
pub fn submit_one(driver: &mut Driver, op: &Op) -> Option<u64> {
    let mut slots = driver.slab.pass();
    let token = slots.take(op, 0)?.token;
    driver.slab.settle(slots, driver.slab.live() + 1);
    driver.enter.push(op, token);
    Some(token)
}

/// Accept QUIET sends without a slot, each with a name, as far as there is room; how many. Those
/// that the kernel tells of after all come out of `Quiet::told`.
#[inline(always)]
pub fn submit_named(driver: &mut Driver, sends: impl Iterator<Item = (Op, u64)>) -> u32 {
    let room = if driver.closing { 0 } else { driver.enter.room() };
    let (queues, first) = (driver.enter.queues, driver.enter.staged as u32);
    let mut count = 0;
    for (op, name) in sends.take(room) {
        let name = tag::UNTOLD << tag::SHIFT | name;
        // SAFETY: the place is ours, as there is room.
        unsafe { op.write_sqe(name, queues.sqe(first.wrapping_add(count))) };
        count += 1;
    }
    driver.enter.staged += u64::from(count);
    driver.quiet.expect_named(driver.enter.staged);
    driver.stats.submitted.add(count.into());
    count
}

/// Submit what is staged, which is not nothing, and sleep until `want` completions are there, not
/// 0, for a driver that [`fits`]. 0 or the errno of enter; None: it must not sleep.
#[inline(always)]
pub fn sleep(driver: &mut Driver, want: u32) -> Option<i32> {
    let Driver { enter, wake, stats, .. } = driver;
    if !wake.fall_asleep() {
        wake.awake();
        return None;
    }
    stats.waits.add(1);
    stats.enters.add(1);
    enter.queues.publish(enter.staged as u32);
    let entries = (enter.staged - enter.consumed) as u32;
    let done = match want {
        2.. => enter.direct.enter_several(entries, want),
        _ => enter.direct.enter(entries, want),
    };
    let errno = enter.entered(entries, done);
    wake.awake();
    Some(errno)
}

/// Move completions into `out`, oldest first, until another kind is next or `out` is full; how
/// many.
#[inline(always)]
pub fn reap(driver: &mut Driver, out: &mut [MaybeUninit<Completion>]) -> usize {
    let mut slots = driver.slab.pass();
    let mut going_on = 0;
    let done = take_while(driver, out, |cqe, record| {
        let passed = slots.pass_on(&cqe, &mut going_on);
        passed.map(|completion| record.write(completion)).is_some()
    });
    let live = driver.slab.live() - (done as u32 - going_on);
    driver.slab.settle(slots, live);
    done
}

/// The completion in the queue, if it is the only one and passed on as it is; else it is not taken.
#[inline(always)]
pub fn reap_one(driver: &mut Driver) -> Option<Completion> {
    let Driver { slab, enter, .. } = driver;
    let (at, next) = (enter.taken as u32, enter.taken + 1);
    if enter.queues.cq_tail() != next as u32 {
        return None;
    }
    let (mut slots, mut going_on) = (slab.pass(), 0);
    let Some(completion) = slots.pass_on(&enter.queues.cqe(at), &mut going_on) else {
        rarely();
        return None;
    };
    slab.settle(slots, slab.live() - 1 + going_on);
    enter.taken = next;
    enter.release();
    Some(completion)
}

/// Hand completions to `take`, oldest first, each with the next place of `out`, as long as it takes
/// them and there are places; how many it took.
#[inline(always)]
pub fn take_while<T>(
    driver: &mut Driver,
    out: &mut [T],
    mut take: impl FnMut(Cqe, &mut T) -> bool,
) -> usize {
    let Driver { enter, stats, .. } = driver;
    let queues = enter.queues;
    let start = enter.taken as u32;
    let most = (enter.end.wrapping_sub(start) as usize).min(out.len());
    let mut at = start;
    for place in &mut out[..most] {
        if !take(queues.cqe(at), place) {
            break;
        }
        at = at.wrapping_add(1);
    }
    let done = at.wrapping_sub(start);
    enter.taken += u64::from(done);
    enter.release();
    stats.completed.add(done.into());
    done as usize
}
