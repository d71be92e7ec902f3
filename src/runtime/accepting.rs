//! What listeners want next, done with the ring: accepts.
//!
//! Owns: nothing of its own.

use super::core::Core;
use super::flight::Flight;
use super::kind;
use crate::error::Fault;
use crate::ring::{Op, opcode};
use crate::sys::Features;
use crate::sys::uapi::ACCEPT_MULTISHOT;

/// With so little room in the table clients are accepted one at a time: an accept that goes on
/// would take whoever waits, and those beyond the room would have to be sent away.
const LITTLE_ROOM: usize = 256;
const CLOEXEC: u32 = libc::SOCK_CLOEXEC as u32;

impl Core {
    /// Accept where there is room, and end the listeners that are to end.
    pub fn settle_listeners(&mut self, now: u64) {
        let room = self.table.room();
        self.listened = self.table.live();
        for at in 0..self.listeners.len() {
            if self.settle_listener(at, room, now).is_err() {
                self.again = true;
            }
        }
        self.listeners.retain(|listening| !listening.is_over());
    }

    fn settle_listener(&mut self, at: usize, room: usize, now: u64) -> Result<(), Fault> {
        let listening = &mut self.listeners[at];
        if listening.retry_at <= now {
            listening.retry_at = 0;
        }
        let wants = listening.accepts(now) && room > 0;
        let too_many = room <= LITTLE_ROOM && listening.goes_on;
        let anew = listening.asks_anew();
        self.connections.hurry |= wants && listening.waits && listening.retry_at == 0;
        let accepts = listening.accept.is_some();
        if (!wants || too_many || anew) && accepts && !listening.accept.is_cancelled() {
            return listening.accept.cancel(&mut self.connections.engine);
        }
        if !wants || accepts || listening.retry_at > 0 {
            return Ok(());
        }
        if let Err(errno) = listening.listen() {
            listening.accept_ended(-errno, now);
            self.accepting.begin(errno);
            return Ok(());
        }
        let can_go_on = self.connections.engine.driver.enter.backend_ref().info().features;
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
        self.listeners[at].accept = Flight::of(self.submit(&op)?);
        self.listeners[at].goes_on = goes_on;
        self.listeners[at].share.iter().for_each(|share| share.takes_part(true));
        Ok(())
    }
}
