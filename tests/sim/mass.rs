//! A thousand pending operations, and one way each of ending them.

use super::play::Play;
use ringline::internals::driver::{Op, opcode, sqe_flag};
use ringline::internals::sys::SimPlan;

const PENDING: usize = 1000;
static FAR: [i64; 2] = [1_000_000, 0];

/// A kernel in which nothing ends by itself for a long time; hostile for even seeds.
fn patient(seed: u64) -> SimPlan {
    let base = if seed % 2 == 0 { SimPlan::hostile(seed) } else { SimPlan::quiet(seed) };
    SimPlan { latency_ns: 1 << 50, stuck: 0, late_cancel: 0, ..base }
}

fn pending_op(play: &mut Play, at: usize) -> Op {
    let fd = play.descriptor();
    let op = Op { fd, len: 64, ..Op::default() };
    match at % 8 {
        0 => play.note(Op { opcode: opcode::READ, ..op }, true),
        1 => play.note(Op { opcode: opcode::RECV, ..op }, true),
        2 => play.note(Op { opcode: opcode::SEND, ..op }, true),
        3 => {
            let flags = sqe_flag::BUFFER_SELECT;
            let buf_index = play.pool.expect("a pool");
            play.note(
                Op { opcode: opcode::RECV, flags, ioprio: 2, fd, buf_index, ..Op::default() },
                false,
            )
        }
        4 => play.note(Op { opcode: opcode::POLL_ADD, fd, len: 1, ..Op::default() }, false),
        5 => {
            let addr = &raw const FAR as u64;
            play.note(Op { opcode: opcode::TIMEOUT, fd: -1, addr, len: 1, ..Op::default() }, false)
        }
        6 => play.note(Op { opcode: opcode::ACCEPT, ioprio: 1, fd, ..Op::default() }, false),
        _ => {
            let off = 1 << 60;
            play.note(Op { opcode: opcode::LIB_TIMER, fd: -1, off, ..Op::default() }, false)
        }
    }
}

fn filled(seed: u64) -> Play {
    let mut play = Play::new(patient(seed));
    let mut at = 0;
    while play.oracle.open() < PENDING {
        let op = pending_op(&mut play, at);
        at += 1;
        play.turn(&[op]);
        assert!(at < 4 * PENDING, "operations do not get in");
    }
    play
}

/// Cancel one by one.
pub fn cancel_each(seed: u64) {
    let mut play = filled(seed);
    play.cancel_open();
    assert!(play.drain(), "{} cancelled operations do not end", play.oracle.open());
    play.close();
    play.end();
    assert!(!play.has_abandoned());
}

/// Close the ring.
pub fn close(seed: u64) {
    let mut play = filled(seed);
    play.close();
    assert_eq!(play.oracle.open(), 0, "close left operations behind");
    play.end();
    assert!(!play.has_abandoned());
}

/// Free without waiting.
pub fn free(seed: u64) {
    let mut play = filled(seed);
    let open = play.oracle.open() as u64;
    play.end();
    assert!(play.oracle.abandoned <= open && play.oracle.abandoned > open / 2);
}
