//! Who receives next, and how much: so that one that sends as fast as it can leaves the others
//! their turn, and their part of the pool.
//!
//! Owns: two lines of connections: those that found no buffer, and behind them those that had a
//! ration. Invariant: a receive takes a ration (two where the pieces do not come out even), and the
//! next one of the same connection is asked for when everybody before it in the lines was.

use super::conn_table::local;
use super::connection::Connection;
use super::core::{Core, kind};
use crate::resource::{PoolInfo, PoolSpec};
use crate::ring::{Op, opcode, sqe_flag};
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
pub(super) struct Rations {
    without: VecDeque<u32>,
    served: VecDeque<u32>,
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
    fn room(&self, pool: &PoolInfo) -> u32 {
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

impl Core {
    /// A receive brought `len` bytes at once: where the kernel knows no limit, who takes much
    /// receives them one by one, until little comes.
    pub(super) fn weigh(&mut self, index: usize, len: u32) {
        let much = self.rations.much;
        if much == u32::MAX {
            return;
        }
        let inbound = &mut self.table.at(index).inbound;
        let takes = len >= if inbound.takes_much { much / 2 } else { much };
        if takes != inbound.takes_much {
            inbound.takes_much = takes;
            self.make_due(index);
        }
    }

    /// A receive found no buffer: it asks again when there is one. Who closes meanwhile does not.
    pub(super) fn wait_for_buffer(&mut self, index: usize) {
        let connection = self.table.at(index);
        if connection.can_wait() {
            connection.inbound.in_line = true;
            self.rations.without.push_back(index as u32);
            self.stats.parked.add(1);
        }
    }

    /// A connection had its ration: it asks again when the others were asked.
    pub(super) fn wait_for_turn(&mut self, index: usize) {
        let connection = self.table.at(index);
        if connection.can_wait() {
            connection.inbound.in_line = true;
            self.rations.served.push_back(index as u32);
        }
    }

    /// Have those that wait receive, as many as find something, in order. After what is to be sent
    /// was submitted: a short answer does not wait for a long receive.
    #[inline(always)]
    pub(super) fn serve_rations(&mut self) {
        if !self.rations.without.is_empty() || !self.rations.served.is_empty() {
            self.serve_some();
        }
    }

    #[inline(never)]
    fn serve_some(&mut self) {
        let info = self.engine.pool_info(self.pool).unwrap_or_default();
        let some = self.rations.room(&info);
        let mut room = some;
        while room > 0 {
            let Some(index) = self.rations.without.pop_front() else { break };
            room -= self.serve(index);
        }
        // A part stays for those whose receives wait already.
        let rest = room / 4;
        while room > rest {
            let Some(index) = self.rations.served.pop_front() else { break };
            room -= self.serve(index);
        }
        // A receive with nothing to receive takes no buffer: as long as there are some, the next
        // ones have their turn at once.
        let waits = !self.rations.without.is_empty() || !self.rations.served.is_empty();
        self.hurry |= some > 0 && waits;
    }

    /// Have a connection receive; how many receives that are.
    fn serve(&mut self, index: u32) -> u32 {
        // The place may be another connection's by now, or want nothing any more.
        if !core::mem::take(&mut self.table.at(index as usize).inbound.in_line) {
            return 0;
        }
        self.settle(index as usize);
        u32::from(self.table.at(index as usize).inbound.flight.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::config::Config;
    use crate::runtime::connection::Life;

    #[test]
    fn who_closes_waits_for_no_buffer() {
        let config = Config::default().resolved().unwrap();
        let mut core = Core::new(&config, 0, Default::default()).unwrap();
        for (life, waits) in [(Life::Open, true), (Life::Draining, true), (Life::CLOSING, false)] {
            let connection = core.table.insert(-1, 0).unwrap();
            connection.life = life;
            let index = super::super::conn_table::index_of(connection.id);
            core.wait_for_buffer(index);
            assert_eq!(core.table.at(index).inbound.in_line, waits, "{life:?}");
            core.table.remove(index);
        }
        core.dispose();
    }
}
