//! The fast path of ringline_turn(): out of the shared block, through [`crate::op::fast`], and back
//! into the block, without the boundary's net: it runs no user code and cannot panic.
//!
//! Owns: nothing. What is not for it is left to `state::turn`, with what is done by then.

use super::state::{NextTurn, RingState};
use crate::op::{Begun, fast};

/// Whether nothing but operations is asked of a ring whose next turn may be fast.
#[inline(always)]
pub(super) fn fits(ring: &RingState) -> bool {
    let shared = ring.block.shared();
    let odd = shared.rel_len | shared.flags | shared.min_wait_us;
    ring.next_turn == NextTurn::Fast && odd == 0 && shared.timeout_ns < 0
}

/// A whole turn of a ring that [`fits`]; or how far it has come on the way to `state::turn`.
pub(super) fn turn(ring: &mut RingState) -> Result<u32, Begun> {
    let shared = ring.block.shared();
    let (len, want) = (shared.ops_len, shared.wait_min);
    let Some((ops, tokens)) = ring.block.ops(len) else { return Err(Begun::NOT) };
    if len == 0 || want == 0 {
        return Err(Begun::NOT);
    }
    // A signal handler that turns the ring it has interrupted is told so.
    ring.next_turn = NextTurn::None;
    let turned = fast::turn(&mut ring.engine, ops, tokens, want);
    ring.next_turn = NextTurn::General;
    turned.map(|records| turned_fast(ring, len, records))
}

/// Whether one operation is asked, and its end.
#[inline(always)]
pub(super) fn is_one(ring: &RingState) -> bool {
    let shared = ring.block.shared();
    shared.ops_len == 1 && shared.wait_min == 1
}

/// As [`turn`], when [`is_one`].
#[inline(always)]
pub(super) fn turn_one(ring: &mut RingState) -> Result<u32, Begun> {
    ring.next_turn = NextTurn::None;
    let (op, token) = ring.block.first();
    if let Err(begun) = fast::turn_one(&mut ring.engine, op, token) {
        ring.next_turn = NextTurn::General;
        return Err(begun);
    }
    Ok(turned_fast(ring, 1, 1))
}

/// A turn accepted `ops` operations and brought `records`, which it returns.
#[inline(always)]
fn turned_fast(ring: &mut RingState, ops: u32, records: u32) -> u32 {
    ring.next_turn = NextTurn::Fast;
    let shared = ring.block.shared();
    shared.ops_len = 0;
    (shared.ops_done, shared.op_error, shared.op_error_at) = (ops, 0, ops);
    shared.recs_len = records;
    shared.inflight = ring.engine.inflight();
    records
}

/// Whether a turn is asked for nothing and finds nothing; then that is in the block.
pub(super) fn is_idle(ring: &mut RingState) -> bool {
    let shared = ring.block.shared();
    let asked = shared.ops_len | shared.wait_min | shared.rel_len | shared.flags;
    if asked != 0 || ring.is_looping() || ring.is_freed() || !fast::is_idle(&mut ring.engine) {
        return false;
    }
    ring.engine.completed.clear();
    (shared.ops_done, shared.op_error, shared.op_error_at) = (0, 0, 0);
    shared.recs_len = 0;
    shared.inflight = ring.engine.inflight();
    shared.leases_out = ring.engine.leases();
    true
}
