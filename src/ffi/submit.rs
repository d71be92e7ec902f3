//! Group D: submitting.

use super::boundary::{Access, Door, Inside, enter_ffi, fail, outcome, owned};
use super::fast;
use super::ringline_callback;
use super::ringline_ring;
use super::state::{self, NextTurn, RingState, begin_loop, end_loop, state};
use crate::driver::{Op, sqe_flag, tag};
use crate::fault::{ENULL, EREENTRANT, Fault};
use crate::op::{self, Begun, Engine, Sink};
use core::ffi::c_void;

/// Operations submitted at a time where their tokens need a place.
const CHUNK: usize = 64;
const LINKS: u8 = sqe_flag::IO_LINK | sqe_flag::IO_HARDLINK;
const COPY_ARGS: u32 = super::RINGLINE_SUBMIT_COPY_ARGS;

/// One turn through the shared block: give back the leases of rel, submit ops, wait for wait_min
/// completions or timeout_ns, run callbacks, fill recs. Owner thread; binds a ring without owner.
///
/// Stops at the first rejected op (ops_done, op_error, op_error_at) and then does not wait. Ops the
/// kernel did not consume are taken back and not in ops_done. Timers count toward wait_min. When
/// recs are full, the rest stays in the kernel's queue.
///
/// Also with -errno the outputs of the block say what was done: ops may have been accepted. With a
/// library code they say nothing, and the block may be gone.
///
/// Returns recs_len; -EINTR when a signal handler ran and nothing came; -EINVAL for a block that
/// cannot be; -EAGAIN, -EBUSY when the kernel takes nothing now; RINGLINE_EREENTRANT in a callback;
/// RINGLINE_ECLOSED when the ring was freed in a callback or abandoned.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_turn(ring: *mut ringline_ring) -> i32 {
    let Some(inner) = owned(ring) else {
        return general_turn(ring, Begun::NOT);
    };
    // SAFETY: this thread owns the ring, and no user code runs while the reference lives.
    let inner = unsafe { state(inner) };
    if fast::fits(inner) && fast::is_one(inner) {
        return match fast::turn_one(inner) {
            Ok(records) => records as i32,
            Err(begun) => general_turn(inner.handle as *mut ringline_ring, begun),
        };
    }
    turn_many(inner)
}

#[inline(never)]
fn turn_many(inner: &mut RingState) -> i32 {
    let handle = inner.handle as *mut ringline_ring;
    let begun = match fast::fits(inner).then(|| fast::turn(inner)) {
        Some(Ok(records)) => return records as i32,
        Some(Err(begun)) => begun,
        None if fast::is_idle(inner) => return 0,
        None => Begun::NOT,
    };
    general_turn(handle, begun)
}

#[inline(never)]
fn general_turn(ring: *mut ringline_ring, begun: Begun) -> i32 {
    enter_ffi(ring, Door::Owner, |inside| turn(inside, begun)) as i32
}

fn turn(inside: &Inside, begun: Begun) -> i64 {
    if let Err(fault) = begin_loop(inside) {
        return fail(fault).into();
    }
    let turned = state::turn(inside, begun);
    if !end_loop(inside, false) {
        return super::run::freed().into();
    }
    match turned {
        Ok(records) => {
            // SAFETY: inside; user code is over.
            let ring = unsafe { state(inside.ring) };
            if op::fast::fits(&ring.engine) {
                ring.next_turn = NextTurn::Fast;
            }
            records.into()
        }
        Err(fault) => fail(fault).into(),
    }
}

/// Submit ops without waiting: they go to the kernel with the next turn, run or flush, or at once
/// when the queue is full. Their completions come as records. `tokens` (may be NULL) gets one token
/// per accepted op. Owner thread (any while there is none), callbacks too.
///
/// `flags` is 0, or RINGLINE_SUBMIT_COPY_ARGS: the small inputs that the ops point to are copied
/// until the kernel has read them, and the caller's memory is free on return. These are socket
/// addresses (also of a send), timespecs, paths, open_how, names and set values of extended
/// attributes, arrays of iovecs and of futexes, the msghdr of a sendmsg with its name and its
/// iovecs, and an epoll_event. They have to be readable (NULL is left to the kernel). Not copied,
/// and the library's until FINAL: data, outputs, and the control data of a message, which the
/// kernel reads again when it sends again. A chain has 64 ops at most then.
///
/// Returns how many were accepted, from the front; when the first is rejected, why: -EINVAL,
/// -EAGAIN (queue full, or 128 KiB of copies wait for the kernel), -ENOMEM (no memory for copies),
/// RINGLINE_ENOSLOT, RINGLINE_ECLOSED, RINGLINE_ESTALE (unknown pool, token, region or slot),
/// RINGLINE_ENOTSUP_KERNEL, RINGLINE_ENULL (a row of files that is NULL); -EBUSY (a second SEND_ALL
/// on a descriptor, a slot of files that is in use), -EALREADY (a second LIB_CLOSE), -EBADF (a
/// LIB_CLOSE of none).
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_submit(
    ring: *mut ringline_ring,
    ops: *const Op,
    count: u32,
    tokens: *mut u64,
    flags: u32,
) -> i32 {
    enter_ffi(ring, Door::Owner, |inside| {
        if ops.is_null() && count > 0 {
            return fail(Fault::new(ENULL, "ops is NULL")).into();
        }
        // SAFETY: inside, and this reference ends with the closure.
        let ring = unsafe { state(inside.ring) };
        let ops = match count {
            0 => &[],
            // SAFETY: not NULL; the caller vouches for `count` ops.
            _ => unsafe { core::slice::from_raw_parts(ops, count as usize) },
        };
        let submitted = match flags {
            // SAFETY: the caller vouches for as many tokens, unless NULL.
            0 => unsafe { submit(&mut ring.engine, ops, tokens) },
            // SAFETY: the caller vouches for the tokens, unless NULL, and for what ops point to.
            COPY_ARGS => unsafe { submit_copied(ring, ops, tokens) },
            _ => Err(Fault::errno(libc::EINVAL, "flags must be 0 or SUBMIT_COPY_ARGS")),
        };
        outcome(submitted).into()
    }) as i32
}

/// Submit one by one, so that `tokens` may be NULL and chains stay whole.
///
/// # Safety
/// `tokens` is NULL or points to as many as there are ops.
unsafe fn submit(engine: &mut Engine, ops: &[Op], tokens: *mut u64) -> Result<u32, Fault> {
    if ops.is_empty() {
        return Ok(0);
    }
    if !tokens.is_null() {
        // SAFETY: not NULL, and the caller promised as many tokens as ops.
        let tokens = unsafe { core::slice::from_raw_parts_mut(tokens, ops.len()) };
        return match engine.submit(ops, tokens, Sink::default()) {
            0 => Err(engine.rejection().0),
            accepted => Ok(accepted),
        };
    }
    let mut unseen = [0u64; CHUNK];
    let mut done = 0;
    while done < ops.len() {
        let mut end = (done + CHUNK).min(ops.len());
        // A chain is never cut: step back to where one ends.
        while end < ops.len() && end > done && ops[end - 1].flags & LINKS != 0 {
            end -= 1;
        }
        if end == done {
            let fault = Fault::errno(libc::EINVAL, "a chain above 64 ops needs tokens");
            return if done == 0 { Err(fault) } else { Ok(done as u32) };
        }
        let accepted = engine.submit(&ops[done..end], &mut unseen, Sink::default());
        let whole = accepted as usize == end - done;
        done += accepted as usize;
        if !whole {
            return if done == 0 { Err(engine.rejection().0) } else { Ok(done as u32) };
        }
    }
    Ok(done as u32)
}

/// As [`submit`], with copies of the inputs: operation by operation and chain by chain, so that
/// what is rejected leaves none behind.
///
/// # Safety
/// As [`submit`]; what the ops point to is readable.
unsafe fn submit_copied(ring: &mut RingState, ops: &[Op], tokens: *mut u64) -> Result<u32, Fault> {
    let mut done = 0;
    while done < ops.len() {
        let rest = &ops[done..];
        let last = rest.iter().position(|op| op.flags & LINKS == 0);
        let members = &rest[..last.map_or(rest.len(), |last| last + 1)];
        let mut unseen = [0u64; CHUNK];
        // SAFETY: the caller promised that what the ops point to is readable.
        if let Err(fault) = unsafe { submit_members(ring, members, &mut unseen) } {
            return if done == 0 { Err(fault) } else { Ok(done as u32) };
        }
        if !tokens.is_null() {
            // SAFETY: the caller vouches for a token per operation.
            unsafe { tokens.add(done).copy_from_nonoverlapping(unseen.as_ptr(), members.len()) };
        }
        done += members.len();
    }
    Ok(done as u32)
}

/// Submit one operation or one chain with copies of its inputs, whole or not.
///
/// # Safety
/// What the ops point to is readable.
unsafe fn submit_members(
    ring: &mut RingState,
    members: &[Op],
    tokens: &mut [u64; CHUNK],
) -> Result<(), Fault> {
    if members.len() > CHUNK {
        let text = "COPY_ARGS: a chain of 64 ops at most";
        return Err(Fault::errno(libc::EINVAL, text));
    }
    let RingState { engine, arguments, .. } = ring;
    let enter = &engine.driver.enter;
    if enter.room() == enter.capacity() {
        // Also a polling thread has consumed all that was staged.
        arguments.clear();
    }
    let mark = arguments.mark();
    let mut copies = [Op::default(); CHUNK];
    let copies = &mut copies[..members.len()];
    copies.copy_from_slice(members);
    // SAFETY: the caller promised that what the ops point to is readable.
    let taken = copies.iter_mut().try_for_each(|op| unsafe { arguments.take(op) });
    let submitted = taken.and_then(|()| match engine.submit(copies, tokens, Sink::default()) {
        0 => Err(engine.rejection().0),
        _ => Ok(()),
    });
    if submitted.is_err() {
        arguments.back_to(mark);
    }
    submitted
}

/// Submit one op whose completions go to `callback`. The op is copied. Owner thread (any while
/// there is none), callbacks too. Returns its token, or as ringline_submit().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_submit_with(
    ring: *mut ringline_ring,
    op: *const Op,
    callback: ringline_callback,
    ctx: *mut c_void,
) -> i64 {
    enter_ffi(ring, Door::Owner, |inside| {
        let Some(callback) = callback else {
            return fail(Fault::new(ENULL, "callback is NULL")).into();
        };
        if op.is_null() {
            return fail(Fault::new(ENULL, "op is NULL")).into();
        }
        // SAFETY: inside, and this reference ends with the closure.
        let engine = &mut unsafe { state(inside.ring) }.engine;
        let sink = Sink { callback: callback as usize as u64, ctx: ctx as u64 };
        let mut token = [0u64];
        // SAFETY: not NULL; the caller vouches for one op.
        let accepted = engine.submit(unsafe { core::slice::from_ref(&*op) }, &mut token, sink);
        match accepted {
            0 => fail(engine.rejection().0).into(),
            _ => token[0] as i64,
        }
    })
}

/// Hand what was submitted to the kernel without waiting. Owner thread; binds a ring without
/// owner; callbacks too. Returns how many entries still wait (0 = all are in; else the kernel takes
/// no more now: turn), or -errno.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_flush(ring: *mut ringline_ring) -> i32 {
    enter_ffi(ring, Door::Owner, |inside| outcome(flush(inside)).into()) as i32
}

fn flush(inside: &Inside) -> Result<u32, Fault> {
    if inside.access == Access::Unbound {
        super::ring::bind(inside)?;
    }
    // SAFETY: inside, and this reference ends with the function.
    let driver = &mut unsafe { state(inside.ring) }.engine.driver;
    driver.flush()?;
    Ok(driver.enter.waiting() as u32)
}

/// Ops that can be submitted before a flush is needed. Owner thread (any while there is none).
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_sq_space(ring: *mut ringline_ring) -> i32 {
    enter_ffi(ring, Door::Owner, |inside| {
        // SAFETY: inside, and this reference ends with the closure.
        let driver = &mut unsafe { state(inside.ring) }.engine.driver;
        (driver.enter.room() as i64).min(driver.slab.room().into())
    }) as i32
}

/// Entries submitted that the kernel has not consumed: while there are any, the inputs of the ops
/// are the library's. Owner thread (any while there is none).
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_pending(ring: *mut ringline_ring) -> i32 {
    enter_ffi(ring, Door::Owner, |inside| {
        // SAFETY: inside, and this reference ends with the closure.
        let enter = &unsafe { state(inside.ring) }.engine.driver.enter;
        // The library's own entries (wake, cancels) have no inputs of the caller's.
        enter.waiting_tokens().filter(|token| token >> tag::SHIFT == tag::OP).count() as i64
    }) as i32
}

/// A fault for calls that may not be made inside a callback.
pub(super) fn not_in_callback(inside: &Inside) -> Result<(), Fault> {
    // SAFETY: inside, and this reference ends with the function.
    if unsafe { state(inside.ring) }.is_looping() {
        return Err(Fault::new(EREENTRANT, "not inside a callback of the same ring"));
    }
    Ok(())
}
