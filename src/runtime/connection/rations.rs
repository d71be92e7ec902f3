//! Who receives next, and how much: so that one that sends as fast as it can leaves the others
//! their turn, and their part of the pool.
//!
//! Owns: two lines of connections: those that found no buffer, and behind them those that had a
//! ration. Invariant: a receive takes a ration (two where the pieces do not come out even), and the
//! next one of the same connection is asked for when everybody before it in the lines was.

use super::state::Connection;
use super::table::local;
use crate::driver::{Op, opcode, sqe_flag};
use crate::resource::{PoolInfo, PoolSpec};
use crate::runtime::kind;
use crate::sys::Features;
use crate::sys::uapi::{POLL_FIRST, RECV_MULTISHOT};
use std::collections::VecDeque;

/// What a connection may take in one turn: as much as a server on epoll reads with one call.
const RATION: u32 = 64 << 10;

/// Rations of a connection that took all there was: it is as quick as what it receives from. Where
/// that is no longer so, it is known when these are over.
const IN_STEP: u32 = 4;

/// How the kernel lets a connection receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Again and again, until it had a ration (6.17).
    Limited,
    /// Again and again, as much as there is and as there are buffers: only who takes little.
    Unlimited,
    /// Once.
    Once,
}

/// The lines, and what a ration is.
pub struct Rations {
    pub without: VecDeque<u32>,
    pub served: VecDeque<u32>,
    way: Way,
    /// Bytes of a ration.
    pub size: u32,
    /// How many of them a buffer of the pool holds.
    in_buffer: u32,
    /// Whoever receives so much at once takes much; u32::MAX where the kernel sees to it.
    pub much: u32,
}

impl Rations {
    pub fn new(features: Features, pool: &PoolSpec) -> Rations {
        let way = if !features.has(Features::RECV_MULTISHOT) {
            Way::Once
        } else if features.has(Features::RECV_LIMIT) {
            Way::Limited
        } else {
            Way::Unlimited
        };
        let size = RATION.min(pool.size);
        Rations {
            without: VecDeque::new(),
            served: VecDeque::new(),
            way,
            size,
            in_buffer: if pool.incremental { pool.size / size } else { 1 },
            much: if way == Way::Unlimited { size / 2 + 1 } else { u32::MAX },
        }
    }

    /// Receives that find a ration in the pool.
    pub fn room(&self, pool: &PoolInfo) -> u32 {
        // The kernel may be nearly through with the first buffer.
        pool.free.saturating_sub(1) * self.in_buffer + pool.free.min(1)
    }

    /// The next receive of a connection.
    pub fn receive(&self, connection: &mut Connection, pool: u16) -> Op {
        let inbound = &mut connection.inbound;
        let again = self.way != Way::Once && !inbound.takes_much;
        inbound.multishot = again;
        let limited = self.way == Way::Limited;
        // Where the other end waits for answers, the next ration is not there yet.
        let empty = inbound.drained;
        let most = if empty { self.size * IN_STEP } else { self.size };
        Op {
            opcode: opcode::RECV,
            flags: sqe_flag::BUFFER_SELECT,
            ioprio: if again { RECV_MULTISHOT } else { 0 } | if empty { POLL_FIRST } else { 0 },
            fd: connection.fd,
            len: if limited || !again { self.size } else { 0 },
            file_index: if limited { most } else { 0 },
            buf_index: pool,
            user_data: kind::RECV << kind::SHIFT | local(connection.id),
            ..Op::default()
        }
    }
}
