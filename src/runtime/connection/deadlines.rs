//! How long a connection may do nothing: one list of deadlines for all connections of a worker.
//!
//! Owns: the deadlines. Never arms a timer of the kernel's: the worker's wait ends at the first
//! one. Invariant: what happens on a connection only notes the time; the list is looked at when an
//! entry is due, and an entry that came too early goes in again. So an event costs a store. What
//! the other end takes of a long send is no event: it is asked for while one is under way. So is
//! what lies in a socket unseen, before a connection is ended for its silence.

use super::connections::Connections;
use super::limits::Spans;
use super::progress::pause_of;
use super::state::Connection;
use super::table::index_of;
use super::teardown::{How, Life};
use crate::fault::Fault;
use crate::sys::net;
use core::cmp::Reverse;

/// When a connection will have done nothing for too long, if nothing happens until then.
fn end_of(connection: &Connection) -> Option<u64> {
    let limits = connection.limits.as_ref()?;
    if connection.life != Life::Open {
        return None;
    }
    let Spans { idle, read, write } = limits.spans;
    let taken_at = connection.progress.at;
    let end = |span: u64, since: u64| (span > 0).then(|| since.saturating_add(span));
    let reads = connection.inbound.listens();
    let idle = end(idle, limits.read_at.max(limits.sent_at).max(taken_at));
    let read = if reads { end(read, limits.read_at.max(limits.wanted_at)) } else { None };
    let sends = connection.outbound.flight.is_some();
    let write = if sends { end(write, limits.send_since.max(taken_at)) } else { None };
    idle.into_iter().chain(read).chain(write).min()
}

/// When to see what its other end took, as long as that is not known.
fn look_of(connection: &Connection) -> Option<u64> {
    let limits = connection.limits.as_ref().filter(|_| connection.life == Life::Open)?;
    let looked_at = connection.progress.looked_at;
    let sends = connection.outbound.flight.is_some();
    let unseen = sends || connection.progress.left || limits.sent_at > looked_at;
    let span = limits.spans.taking().filter(|_| unseen)?;
    Some(looked_at.max(limits.send_since).saturating_add(pause_of(span)))
}

/// When to look at a connection.
fn deadline(connection: &Connection) -> Option<u64> {
    end_of(connection).into_iter().chain(look_of(connection)).min()
}

impl Connection {
    /// What came and was not looked at yet is no silence of the other end: the worker is late, or
    /// its machine was, and a turn brings but some of what is there.
    fn note_unread(&mut self, now: u64) {
        let listens = self.inbound.listens();
        if let Some(limits) = self.limits.as_mut().filter(|_| listens && net::is_readable(self.fd))
        {
            limits.read_at = now;
        }
    }
}

impl Connections {
    /// Set the limits of a connection, from now on.
    pub fn set_spans(&mut self, index: usize, spans: Spans) {
        let now = self.engine.driver.now();
        self.now = now;
        let connection = self.table.at(index);
        connection.forbid_fast();
        let limits = connection.limits.get_or_insert_default();
        limits.spans = spans;
        (limits.read_at, limits.sent_at, limits.send_since) = (now, now, now);
        self.arm(index);
    }

    /// Have the list know the next deadline of a connection.
    pub fn arm(&mut self, index: usize) {
        let connection = self.table.at(index);
        let Some(end) = deadline(connection) else { return };
        let id = connection.id;
        let Some(limits) = connection.limits.as_mut() else { return };
        if limits.armed == 0 || end < limits.armed {
            limits.armed = end;
            self.deadlines.heap.push(Reverse((end, id)));
            self.forget_moved();
        }
    }

    /// Limits that were set again and again leave nothing in the list.
    fn forget_moved(&mut self) {
        let Connections { deadlines, table, .. } = self;
        if deadlines.heap.len() > 2 * table.live() + 64 {
            deadlines.heap.retain(|Reverse((end, id))| {
                let found = table.find(*id).ok().and_then(|found| found.limits.as_ref());
                found.is_some_and(|limits| limits.armed == *end)
            });
        }
    }

    /// Close the connections that did nothing for too long.
    pub fn expire(&mut self) {
        while let Some(Reverse((end, id))) = self.deadlines.heap.peek().copied() {
            if end > self.now {
                return;
            }
            self.deadlines.heap.pop();
            let Ok(connection) = self.table.find(id) else { continue };
            let Some(limits) = connection.limits.as_mut().filter(|own| own.armed == end) else {
                continue;
            };
            limits.armed = 0;
            self.look_at_limits(index_of(id));
        }
    }

    fn look_at_limits(&mut self, index: usize) {
        let Connections { now, config, .. } = *self;
        let connection = self.table.at(index);
        let over = |connection: &Connection| end_of(connection).is_some_and(|end| end <= now);
        let looks = look_of(connection).is_some_and(|at| at <= now || over(connection));
        if let Some(limits) = connection.limits.as_ref().filter(|_| looks) {
            let need = limits.spans.taking().map_or(1, |span| config.least(span));
            let since = limits.sent_at.max(limits.send_since);
            connection.look_open(need, since, now);
        }
        if over(connection) {
            connection.note_unread(now);
        }
        if !over(connection) {
            return self.arm(index);
        }
        self.stats.timeouts.add(1);
        self.close(index, How::AtOnce, -libc::ETIMEDOUT);
    }

    /// Whether spans are in range.
    pub fn check_spans(spans: &Spans) -> Result<(), Fault> {
        let most = i64::MAX as u64;
        if spans.idle.max(spans.read).max(spans.write) > most {
            return Err(Fault::errno(libc::EINVAL, "a timeout is 9223372036854775807 ns at most"));
        }
        Ok(())
    }
}
