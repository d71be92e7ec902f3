//! Connections that wait to receive, and their turn.
//!
//! Owns: nothing; the lines are those of the rations. Invariant: whoever found no buffer comes
//! first, and behind those whoever had a ration, in order.

use super::connections::Connections;

impl Connections {
    /// A receive brought `len` bytes at once: where the kernel knows no limit, who takes much
    /// receives them one by one, until little comes.
    pub fn weigh(&mut self, index: usize, len: u32) {
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
    pub fn wait_for_buffer(&mut self, index: usize) {
        let connection = self.table.at(index);
        if connection.can_wait() {
            connection.inbound.in_line = true;
            self.rations.without.push_back(index as u32);
            self.stats.parked.add(1);
        }
    }

    /// A connection had its ration: it asks again when the others were asked.
    pub fn wait_for_turn(&mut self, index: usize) {
        let connection = self.table.at(index);
        if connection.can_wait() {
            connection.inbound.in_line = true;
            self.rations.served.push_back(index as u32);
        }
    }

    /// Have those that wait receive, as many as find something, in order. After what is to be sent
    /// was submitted: a short answer does not wait for a long receive.
    #[inline(always)]
    pub fn serve_rations(&mut self) {
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
        let mut core = Connections::new(&config, 0, Default::default()).unwrap();
        for (life, waits) in [(Life::Open, true), (Life::Draining, true), (Life::CLOSING, false)] {
            let connection = core.table.insert(-1, 0).unwrap();
            connection.life = life;
            let index = crate::runtime::connection::index_of(connection.id);
            core.wait_for_buffer(index);
            assert_eq!(core.table.at(index).inbound.in_line, waits, "{life:?}");
            core.table.remove(index);
        }
        core.dispose();
    }
}
