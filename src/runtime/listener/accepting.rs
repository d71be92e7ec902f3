//! The listeners of a worker, and what they want next, done with the ring.
//!
//! Owns: the sockets that the worker accepts by.

use super::listening::Listening;
use crate::driver::{Op, opcode};
use crate::fault::Fault;
use crate::runtime::backoff::Episode;
use crate::runtime::connection::Connections;
use crate::runtime::flight::Flight;
use crate::runtime::kind;
use crate::sys::Features;
use crate::sys::uapi::ACCEPT_MULTISHOT;

/// With so little room in the table clients are accepted one at a time: an accept that goes on
/// would take whoever waits, and those beyond the room would have to be sent away.
const LITTLE_ROOM: usize = 256;
const CLOEXEC: u32 = libc::SOCK_CLOEXEC as u32;

/// The listeners of a worker.
pub struct Listeners {
    /// Each with its socket.
    pub list: Vec<Listening>,
    /// Accepting, as far as the kernel lets it.
    pub accepting: Episode,
    /// Connections that there were when they were looked at.
    looked_at: usize,
}

impl Listeners {
    /// None yet.
    pub fn new(worker: u32) -> Listeners {
        let accepting = Episode::new(worker, "accepting clients");
        Listeners { list: Vec::new(), accepting, looked_at: usize::MAX }
    }

    /// The listener of an id.
    pub fn find(&mut self, id: u32) -> Option<&mut Listening> {
        self.list.iter_mut().find(|own| own.id == id)
    }

    /// End all, at `until` at the latest.
    pub fn close_all(&mut self, now: u64, until: u64) {
        self.list.iter_mut().for_each(|listening| listening.close(now, until));
    }

    /// Whether all accept, and nothing else is wanted of them with so many connections.
    pub fn is_settled(&self, live: usize) -> bool {
        live == self.looked_at
            && !self.accepting.has_tale()
            && self.list.iter().all(Listening::is_settled)
    }

    /// When to look at them again, if nothing happens until then.
    pub fn next(&self) -> Option<u64> {
        self.list.iter().filter_map(Listening::next).min()
    }

    /// Accept where there is room, and end the listeners that are to end.
    pub fn settle(&mut self, own: &mut Connections, now: u64) {
        let room = own.table.room();
        self.looked_at = own.table.live();
        for at in 0..self.list.len() {
            if self.settle_one(own, at, room, now).is_err() {
                own.again = true;
            }
        }
        self.list.retain(|listening| !listening.is_over());
    }

    fn settle_one(
        &mut self,
        own: &mut Connections,
        at: usize,
        room: usize,
        now: u64,
    ) -> Result<(), Fault> {
        let listening = &mut self.list[at];
        if listening.retry_at <= now {
            listening.retry_at = 0;
        }
        let wants = listening.accepts(now) && room > 0;
        let too_many = room <= LITTLE_ROOM && listening.goes_on;
        let anew = listening.asks_anew();
        own.hurry |= wants && listening.waits && listening.retry_at == 0;
        let accepts = listening.accept.is_some();
        if (!wants || too_many || anew) && accepts && !listening.accept.is_cancelled() {
            return listening.accept.cancel(&mut own.engine);
        }
        if !wants || accepts || listening.retry_at > 0 {
            return Ok(());
        }
        if let Err(errno) = listening.listen() {
            listening.accept_ended(-errno, now);
            self.accepting.begin(errno);
            return Ok(());
        }
        let can_go_on = own.engine.driver.enter.backend_ref().info().features;
        let can_go_on = can_go_on.has(Features::ACCEPT_MULTISHOT);
        let goes_on = can_go_on && listening.share.is_none() && room > LITTLE_ROOM;
        let op = Op {
            opcode: opcode::ACCEPT,
            ioprio: if goes_on { ACCEPT_MULTISHOT } else { 0 },
            fd: listening.fd(),
            op_flags: CLOEXEC,
            user_data: kind::ACCEPT << kind::SHIFT | u64::from(listening.id),
            ..Op::default()
        };
        self.list[at].accept = Flight::of(own.submit(&op)?);
        self.list[at].goes_on = goes_on;
        self.list[at].share.iter().for_each(|share| share.takes_part(true));
        Ok(())
    }
}
