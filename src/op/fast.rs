//! The fast path of this floor: a turn whose operations need no check and whose completions no
//! look, QUIET sends, and a server's day: a receive from a pool that goes on and a SEND_ALL that
//! went whole at once.
//!
//! Owns: nothing. Each function is the short cut of the general one of its name in [`Engine`], and
//! decides nothing that this one does not: what is not for it is left to it, with what is done by
//! then. Cannot panic and runs no user code.

use super::engine::Engine;
use super::prepare::{MSG_NOSIGNAL, QUIET_FLAGS};
use super::route;
use super::turn::Begun;
use crate::driver::{self, Added, Completion, Op, bits, cf, index_of, opcode, sqe_flag};
use crate::sys::Cqe;

const RECEIVED: u32 = cf::MORE | cf::BUFFER;
const FROM_POOL: u16 = driver::kind(0, bits::POOL);
const SEND_ALL: u16 = driver::kind(route::SEND_ALL, 0);
/// A QUIET send; `op_flags` as [`Engine::submit`] would make them.
pub(super) const QUIET: Added =
    Added { flags: sqe_flag::CQE_SKIP_SUCCESS, op_flags: MSG_NOSIGNAL, bits: bits::QUIET };

/// Whether [`turn`] may be the next turn. Stays true over these; anything else that is asked of the
/// ring may change it.
pub fn fits(engine: &Engine) -> bool {
    let alone = engine.pools.is_empty() && engine.completed.waiting() == 0;
    alone && driver::fast::fits(&engine.driver)
}

/// Whether a turn that asks for nothing would find nothing: an event loop that is busy with itself
/// asks at each iteration.
pub fn is_idle(engine: &mut Engine) -> bool {
    engine.pools.collect_returned();
    let driver = &mut engine.driver;
    driver.wake.awake();
    let (mail, enter) = (driver.wake.signals() != 0, &mut driver.enter);
    let told = mail || enter.ready() != 0 || enter.is_overflowing();
    let later = !driver.timers.is_empty() || !driver.late.is_empty();
    if told || later || engine.pools.has_falling() {
        return false;
    }
    let seen = engine.completed.waiting() == 0 && driver.quiet.is_empty();
    seen && !driver.enter.must_enter(&driver.stats)
}

/// Accept operations from the front that need no check, or are QUIET sends with nothing about them
/// to refuse; how many.
#[inline(always)]
pub(super) fn submit(engine: &mut Engine, ops: &[Op], tokens: &mut [u64]) -> usize {
    let Engine { driver, classes, .. } = engine;
    let room = driver.enter.room();
    let unchecked = |op: &Op| classes.is_unchecked(op);
    let done = driver::fast::submit(driver, ops, tokens, room, Added::default(), unchecked);
    match (ops.get(done..), tokens.get_mut(done..)) {
        (Some(ops @ [next, ..]), Some(tokens)) if classes.is_quiet(next) => {
            done + submit_quiet(engine, ops, tokens)
        }
        _ => done,
    }
}

/// As [`submit`], where a QUIET send is first.
#[inline(never)]
fn submit_quiet(engine: &mut Engine, ops: &[Op], tokens: &mut [u64]) -> usize {
    let Engine { driver, classes, .. } = engine;
    let room = driver.enter.room().min(driver.quiet.room());
    let fits = |op: &Op| classes.is_quiet(op) && classes.check_send(op).is_ok();
    driver::fast::submit(driver, ops, tokens, room, QUIET, fits)
}

/// Submit QUIET sends (descriptor, address, length, name) that have no slot: those that do not go
/// whole at once are told of under their name. How many were submitted, from the front.
#[inline(always)]
pub fn submit_named(engine: &mut Engine, sends: impl Iterator<Item = (i32, u64, u32, u64)>) -> u32 {
    let entry = |(fd, addr, len, name)| {
        let op = Op {
            opcode: opcode::SEND,
            flags: QUIET.flags,
            fd,
            addr,
            len,
            op_flags: QUIET.op_flags | QUIET_FLAGS,
            ..Op::default()
        };
        (op, name)
    };
    driver::fast::submit_named(&mut engine.driver, sends.map(entry))
}

/// The turn of one operation on a ring that [`fits`], which waits for its end without a limit. As
/// [`turn`].
#[inline(always)]
pub fn turn_one(engine: &mut Engine, op: &Op, place: &mut u64) -> Result<(), Begun> {
    let driver = &mut engine.driver;
    if !engine.classes.is_unchecked(op) {
        return Err(not_begun());
    }
    let Some(token) = driver::fast::submit_one(driver, op) else { return Err(not_begun()) };
    *place = token;
    let entered = driver::fast::sleep(driver, 1);
    if entered != Some(0) {
        return Err(Begun { accepted: 1, entered });
    }
    let Some(completion) = driver::fast::reap_one(driver) else {
        // Not one that is passed on, or not alone.
        engine.completed.clear();
        driver.enter.mark(0);
        return Err(Begun { accepted: 1, entered });
    };
    engine.completed.set_single(completion);
    let stats = &*driver.stats;
    stats.submitted.add(1);
    stats.completed.add(1);
    Ok(())
}

/// A turn of a ring that [`fits`], which waits for `want` completions, not 0, without a limit: how
/// many records came, or where it has to go on.
#[inline(always)]
pub fn turn(engine: &mut Engine, ops: &[Op], tokens: &mut [u64], want: u32) -> Result<u32, Begun> {
    let Engine { driver, classes, completed, .. } = engine;
    // Nothing is staged, and no thread of the kernel's is behind: the whole queue is free.
    let room = driver.enter.capacity();
    let unchecked = |op: &Op| classes.is_unchecked(op);
    let accepted =
        driver::fast::submit(driver, ops, tokens, room, Added::default(), unchecked) as u32;
    if (accepted as usize) < ops.len() {
        return Err(Begun { accepted, entered: None });
    }
    let entered = driver::fast::sleep(driver, want);
    if entered != Some(0) {
        return Err(Begun { accepted, entered });
    }
    driver.enter.look();
    completed.clear();
    let came = driver::fast::reap(driver, completed.room()) as u32;
    completed.filled(came as usize);
    if came < want || !driver.enter.is_drained() {
        driver.enter.mark(came);
        return Err(Begun { accepted, entered });
    }
    driver.stats.submitted.add(accepted.into());
    Ok(completed.show())
}

#[cold]
#[inline(never)]
fn not_begun() -> Begun {
    Begun::NOT
}

/// Move completions from the front into the completed list: those that are passed on as they are,
/// or where a runtime claims them those of receives.
#[inline(always)]
pub(super) fn collect(engine: &mut Engine) {
    match engine.claims {
        Some(group) => collect_claims(engine, group),
        None => collect_passed(engine),
    }
}

/// Completions that are passed on as they are.
#[inline(always)]
pub(super) fn collect_passed(engine: &mut Engine) {
    let came = driver::fast::reap(&mut engine.driver, engine.completed.room());
    engine.completed.filled(came);
}

/// Claim what receives into pool `group` brought.
#[inline(always)]
fn collect_claims(engine: &mut Engine, group: u16) {
    let Engine { driver, completed, pools, .. } = engine;
    let Some(pool) = pools.get(group) else { return };
    let mut slots = driver.slab.pass();
    let done = driver::fast::take_while(driver, completed.room(), |cqe, record| {
        if !is_received(&cqe) {
            return false;
        }
        let (res, token) = (cqe.res, cqe.user_data);
        let Some((slot, FROM_POOL)) = slots.find_live(token) else { return false };
        if slot.opcode != opcode::RECV || slot.done != u32::from(group) {
            return false;
        }
        let (buffer, more) = cf::buffer_of(cqe.flags);
        let Some(data) = pool.claim(buffer, res as u32, more) else { return false };
        let flags = cqe.flags & cf::KERNEL | cf::CLAIM;
        record.write(Completion { user_data: slot.user_data, res, flags, data, token });
        true
    });
    completed.filled(done);
}

/// A receive from a pool brought something, and goes on.
#[inline(always)]
fn is_received(cqe: &Cqe) -> bool {
    cqe.flags & RECEIVED == RECEIVED && cqe.res > 0
}

/// Deal with a completion that a server has all day; false when it is none. There is room for it.
#[inline(always)]
pub(super) fn complete(engine: &mut Engine, cqe: &Cqe) -> bool {
    let (res, token) = (cqe.res, cqe.user_data);
    let Some((slot, kind)) = engine.driver.slab.find_live(token) else { return false };
    let (user_data, flags) = (slot.user_data, cqe.flags & cf::KERNEL);
    let mut completion = Completion { user_data, res, flags, data: 0, token };
    if kind == FROM_POOL {
        let (group, opcode) = (slot.done as u16, slot.opcode);
        let there = is_received(cqe)
            && if engine.claims == Some(group) && opcode == opcode::RECV {
                engine.claim_to(group, &mut completion)
            } else {
                engine.lease_to(group, &mut completion)
            };
        if !there {
            return false;
        }
    } else if kind == SEND_ALL {
        let whole = i64::from(res) == i64::from(slot.len) && slot.done == 0;
        if !whole || !cf::is_last(cqe.flags) {
            return false;
        }
        let fd = slot.fd;
        engine.driver.slab.give_back(index_of(token));
        engine.senders.clear(fd);
        completion.flags |= cf::FINAL;
    } else {
        return false;
    }
    engine.driver.stats.completed.add(1);
    engine.completed.record(completion);
    true
}
