//! Connections that the worker opens itself.
//!
//! Owns: the address of each until the kernel has read it. Invariant: each ends in exactly one
//! connect event: with 0 it is a connection like any other from then on, else it is over with it.

use super::core::Core;
use super::event::{Door, Event};
use super::state::Worker;
use crate::driver::{Completion, Op, opcode};
use crate::fault::{ECLOSED, Fault};
use crate::runtime::connection::{Life, index_of};
use crate::runtime::flight::Flight;
use crate::runtime::kind;
use crate::sys::net::{self, Place};
use std::os::fd::{AsRawFd, IntoRawFd};

impl Core {
    /// Begin to connect; the id of the connection to be.
    pub fn dial(&mut self, place: &Place, timeout_ns: u64, user: u64) -> Result<u64, Fault> {
        if self.is_stopping() {
            return Err(Fault::new(ECLOSED, "the runtime is stopping"));
        }
        if !self.table.has_room() {
            return Err(Fault::errno(libc::ENFILE, "the worker has max_connections already"));
        }
        let refused = |errno| Fault::errno(errno, "no socket to connect with");
        let (socket, address) = net::dialer(place).map_err(refused)?;
        let Some(connection) = self.table.insert(socket.as_raw_fd(), 0) else {
            return Err(Fault::errno(libc::ENOMEM, "no memory for the connection"));
        };
        connection.user = user;
        connection.life = Life::Connecting;
        connection.teardown.dials = true;
        let address = connection.address.insert(address);
        let (addr, len) = (address.as_ptr() as u64, address.len());
        let (id, fd) = (connection.id, connection.fd);
        let index = index_of(id);
        let limit = if timeout_ns == 0 { i64::MAX as u64 } else { timeout_ns };
        let op = Op {
            opcode: opcode::LIB_CONNECT_TIMEOUT,
            fd,
            addr,
            off: len.into(),
            addr3: limit,
            user_data: self.about(index, kind::CONNECT),
            ..Op::default()
        };
        match self.submit(&op) {
            Ok(token) => {
                self.table.at(index).outbound.flight = Flight::of(token);
                let _ = socket.into_raw_fd();
                Ok(id)
            }
            Err(fault) => {
                self.table.remove(index);
                Err(fault)
            }
        }
    }

    /// What became of it; the connection's place and id, when it is one now.
    fn dialed(&mut self, completion: &Completion) -> Option<(u64, u64)> {
        let index = self.connection_of(completion)?;
        let connection = self.table.at(index);
        (connection.outbound.flight, connection.address) = (Flight::NONE, None);
        let told = (connection.id, connection.user);
        let open = completion.res >= 0 && connection.life == Life::Connecting;
        if open {
            connection.life = Life::Open;
            connection.teardown.dials = false;
            self.stats.connected.add(1);
        } else {
            connection.teardown.note(completion.res.min(0));
            connection.life = Life::CLOSING;
        }
        self.make_due(index);
        open.then_some(told)
    }
}

impl Worker {
    /// Connect to `place`, for `timeout_ns` at most (0 = as long as the kernel tries).
    pub fn connect(&self, place: &Place, timeout_ns: u64, user: u64) -> Result<u64, Fault> {
        self.core.borrow_mut().dial(place, timeout_ns, user)
    }

    pub(super) fn complete_connect(&self, door: &impl Door, completion: &Completion) {
        let opened = self.core.borrow_mut().dialed(completion);
        if let Some((id, user)) = opened {
            door.tell(self, Event::Connected { conn: id, user, res: 0 });
        }
    }
}
