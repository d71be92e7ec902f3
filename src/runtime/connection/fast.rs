//! The fast path: small messages that leave with the next enter, without a completion. Each of its
//! functions has the name of the one that it stands in for: `send`, `settle_sending`, `sent`.
//!
//! Owns: nothing; the messages are the batch's. Invariant: whatever is out of the ordinary is left
//! to the general road. What both have to decide is decided by the same functions: who may come
//! here by `Connection::allow_fast`, what a send that is over means by `Outbound::settle`.

use super::batch::{Batch, NOBODY, SHORT};
use super::connections::Connections;
use super::receiving::Answer;
use super::table::{index_of, local};
use crate::driver::cf;
use crate::op;
use crate::runtime::flight::Flight;
use core::ptr::NonNull;
use core::slice;

const AGAIN: i32 = -libc::EAGAIN;

/// Have a message of `len` bytes leave with the next enter, if there is nothing else about its
/// connection: where the caller writes the bytes, before anything else is asked of the connections.
#[inline(always)]
pub fn send(own: &mut Connections, id: u64, len: usize) -> Option<NonNull<u8>> {
    let connection = own.table.get(index_of(id))?;
    let alone = connection.outbound.queue.short() == 0;
    let fast = connection.fast.send && connection.id == id && alone;
    if !fast || len.wrapping_sub(1) >= SHORT {
        return None;
    }
    debug_assert!(connection.keeps_fast());
    own.batch.begin(connection, len)
}

/// Submit the small messages.
#[inline(always)]
pub fn settle_sending(own: &mut Connections) {
    let Connections { engine, table, batch, hurry, .. } = own;
    let Batch { shorts, count, staged, memory, .. } = batch;
    if *staged >= *count {
        return;
    }
    let memory = memory.as_ptr() as u64;
    let sends = shorts[*staged..*count].iter().filter_map(|short| {
        if short.conn == NOBODY {
            *staged += 1;
            return None;
        }
        let connection = table.at(short.conn as usize);
        connection.outbound.flight = Flight::UNTOLD;
        connection.outbound.queue.take_off(short.len);
        // What follows waits for it, and it ends no wait.
        *hurry |= !connection.fast.send;
        let address = memory + u64::from(short.at);
        Some((connection.fd, address, short.len, short.conn.into()))
    });
    *staged += op::fast::submit_named(engine, sends) as usize;
    // The submission queue is full: the rest goes with the next turn, which is soon.
    *hurry |= *staged < *count;
}

/// Settle the sends without a completion that are over, up to one that the general road has to deal
/// with: its connection, and what became of it as a result and as bytes that the kernel took.
#[inline]
pub fn sent(own: &mut Connections) -> Option<(usize, i32, u32)> {
    while let Some((name, res)) = own.engine.driver.quiet.told.pop() {
        if let Some(index) = told(own, name) {
            // Not at once, or in part: the next send waits for room.
            own.table.at(index).outbound.is_slow = matches!(res, AGAIN | 0..);
            return Some((index, if res == AGAIN { 0 } else { res }, res.max(0) as u32));
        }
    }
    let index = sent_whole(own)?;
    let bytes = own.table.at(index).outbound.queue.flying();
    Some((index, bytes as i32, bytes))
}

/// The kernel told of a send that was to be untold: it is one of the queue from now on. Its
/// connection, which is still the one it was: as long as it sends it has its place.
#[cold]
fn told(own: &mut Connections, name: u64) -> Option<usize> {
    let index = name as usize;
    if own.table.get(index).is_none_or(|found| found.outbound.flight != Flight::UNTOLD) {
        return None;
    }
    if own.table.at(index).outbound.queue.short() == 0 {
        own.batch.pieces.retain(|piece| *piece as usize != index);
    } else if let Err(fault) = own.queue_short(index) {
        let connection = own.table.at(index);
        own.batch.forget(connection.outbound.queue.short());
        connection.outbound.queue.forget_short(0);
        connection.outbound.flight = Flight::NONE;
        own.lost(index, -fault.code);
        return None;
    }
    Some(index)
}

/// What was submitted without a completion is sent, as far as the kernel took it all. Stops at a
/// connection about which more is to be done.
fn sent_whole(own: &mut Connections) -> Option<usize> {
    let Connections { engine, table, batch, stats, .. } = own;
    let none = batch.staged == batch.settled && batch.pieces.is_empty();
    if none || !engine.driver.named_are_sent() {
        return None;
    }
    let (mut settled, mut bytes, mut count) = (0, 0, 0);
    let mut more = None;
    for short in &batch.shorts[batch.settled..batch.staged] {
        settled += 1;
        if short.conn == NOBODY {
            continue;
        }
        let connection = table.at(short.conn as usize);
        if !connection.fast.send {
            more = Some(short.conn as usize);
            break;
        }
        connection.outbound.settle_short(short.len, short.len.into());
        bytes += u64::from(short.len);
        count += 1;
    }
    batch.settled += settled;
    stats.sends.add(count);
    stats.sent.add(bytes);
    if more.is_none() {
        batch.clear();
        more = batch.pieces.pop().map(|index| index as usize);
    }
    more
}

/// What a receive brought, which is shown as it is.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// The connection.
    pub id: u64,
    /// The user's number.
    pub user: u64,
    /// The bytes, which a claim keeps.
    pub bytes: &'a [u8],
    /// The flags of the completion.
    pub flags: u32,
}

/// What the record at a place brought, if there is nothing else about it and its connection.
#[inline(always)]
pub fn recv<'a>(own: &mut Connections, at: u32) -> Option<Received<'a>> {
    let record = own.engine.completed.at(at)?;
    if record.flags & cf::CLAIM == 0 || record.res as u32 >= own.rations.much {
        return None;
    }
    // A receive ends before its connection does: this is the one that it is about.
    let connection = own.table.get(index_of(record.user_data)).filter(|found| found.fast.recv)?;
    debug_assert!(connection.keeps_fast() && local(connection.id) == local(record.user_data));
    let len = record.res as usize;
    connection.inbound.received += len as u64;
    own.stats.receives.add(1);
    own.stats.received.add(len as u64);
    // SAFETY: the kernel wrote that much there, and the claim keeps it until `data`.
    let bytes = unsafe { slice::from_raw_parts(record.data as *const u8, len) };
    Some(Received { id: connection.id, user: connection.user, bytes, flags: record.flags })
}

/// Whether the user's answer is that all of it is consumed: then there is nothing to keep.
#[inline(always)]
pub fn is_consumed(received: &Received<'_>, answer: i64) -> bool {
    matches!(Answer::to(answer, received.bytes.len()), Answer::All)
}

/// All of it was consumed, and it was the last one of its buffer: its claim is given up.
#[inline(always)]
pub fn data(own: &mut Connections, received: &Received<'_>) {
    own.engine.unclaim_last(own.pool, cf::buffer_of(received.flags).0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::config::Config;
    use crate::sys::Features;

    #[test]
    fn no_send_is_untold_without_cqe_skip_or_when_it_is_heard_of() {
        let untold = |disable, heard| {
            let config = Config { disable, ..Config::default() }.resolved().unwrap();
            let mut connections = Connections::new(&config, 0, Default::default()).unwrap();
            connections.table.heard = heard;
            let connection = connections.table.insert(-1, 0).unwrap();
            connection.allow_fast(connections.skips);
            let untold = connection.fast.send;
            connections.dispose();
            untold
        };
        assert!(untold(Features::default(), false));
        assert!(!untold(Features::default(), true));
        assert!(!untold(Features::CQE_SKIP, false));
    }
}
