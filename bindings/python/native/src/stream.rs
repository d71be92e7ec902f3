//! The hot path of stream transports: what is received to `data_received`, what is written to the
//! flush before the next turn.
//!
//! Owns the members both paths touch. The type is a subclass of `SocketTransport`, whose Python
//! methods do everything that is not usual, on the same members. Invariants: bytes that the kernel
//! sends from are in `sending` and in the operation's entry until FINAL; `pending` holds a write
//! only while the queue behind it is empty, and joins it before Python looks.

use crate::abi::*;
use crate::core::Core;
use crate::direct;
use crate::engine::Engine;
use crate::flush;
use crate::names::{stream_names, tell};
use crate::py::*;
use crate::python::*;
use crate::reader::{self, Looked, Source};
use crate::table::Kind;
use crate::tls;
use crate::types::*;
use std::cell::Cell;
use std::collections::VecDeque;
use std::ffi::c_int;
use std::ptr::null;

/// `ringline._native`'s subclass of SocketTransport.
pub static STREAM: Type = Type::unmade();

/// So much is sent at once, whatever else is ready.
const AT_ONCE: isize = 16384;
/// So much goes to data_received at once, as with asyncio.
pub const MOST: usize = 262_144;
/// MSG_DONTWAIT | MSG_WAITALL: all of it, or what there is room for.
const QUIETLY: u32 = (libc::MSG_DONTWAIT | libc::MSG_WAITALL) as u32;
const SEND: u8 = 26;
const RECV: u8 = 27;
const BUFFER_SELECT: u8 = 32;
const EXT_QUIET: u64 = 1;

/// Our part of a transport. Python sees all of it as members.
#[repr(C)]
pub struct Stream {
    pub(crate) owner: Slot,
    pub(crate) engine: Slot,
    pub(crate) protocol: Slot,
    pub(crate) context: Slot,
    pub(crate) sending: Slot,
    pub(crate) waiter: Slot,
    pub(crate) held: Slot,
    pub(crate) queue: Slot,
    pub(crate) pending: Slot,
    pub(crate) looked: Looked,
    pub(crate) recv_id: Cell<u64>,
    /// The turn in which bytes came last.
    pub(crate) got_at: Cell<u64>,
    pub(crate) send_id: Cell<u64>,
    pub(crate) size: Cell<isize>,
    pub(crate) sent_to: Cell<isize>,
    pub(crate) conn_lost: Cell<isize>,
    pub(crate) fd: Cell<c_int>,
    /// How many of the next receives are bounded.
    pub(crate) rations: Cell<c_int>,
    /// From `direct::CALLS` on the next receive is by a call.
    pub(crate) large: Cell<c_int>,
    pub(crate) closing: Cell<bool>,
    pub(crate) paused: Cell<bool>,
    pub(crate) eof: Cell<bool>,
    pub(crate) ended: Cell<bool>,
    pub(crate) flushing: Cell<bool>,
    pub(crate) buffered: Cell<bool>,
    pub(crate) protocol_paused: Cell<bool>,
    /// Ask for a buffer only when there is something to receive: the flag's bit is 1.
    pub(crate) poll_first: Cell<bool>,
}

impl Stream {
    /// The part of a transport.
    #[inline]
    pub fn of(object: &Ref) -> &Stream {
        // SAFETY: only objects of the type come here.
        unsafe { STREAM.part(object.ptr()) }
    }

    /// Receive from now on, unless that is not wanted or goes on already.
    pub fn read(&self, me: &Ref) -> Py<()> {
        let wanted = !self.paused.get() && !self.closing.get() && !self.ended.get();
        if self.recv_id.get() != 0 || !wanted || self.held.has_items() {
            return Ok(());
        }
        if self.large.get() >= direct::CALLS {
            return direct::wait(self, me);
        }
        if self.poll_first.get() {
            return me
                .named(c"_await_bytes")?
                .call(&[&Ref::int(self.fd.get() as usize)?])
                .map(drop);
        }
        let Some(engine) = self.engine.get() else { return Ok(()) };
        let native = Engine::checked(&engine)?;
        let (mut limit, mut how) = (native.recv_limit.get(), native.recv_ioprio.get() as u16);
        let rations = self.rations.get();
        if rations > 0 && how != 0 {
            self.rations.set(rations - 1);
            // Where the kernel knows no limit, one buffer.
            limit = native.share.get();
            how = if limit != 0 { how } else { 0 };
        }
        let op = Op {
            opcode: RECV,
            flags: BUFFER_SELECT,
            ioprio: how,
            fd: self.fd.get(),
            buf_index: native.pool.get() as u16,
            file_index: limit as u32,
            ..Op::default()
        };
        let ident = native.stage(&engine, op, me.clone(), None, Kind::Receive, true)?;
        self.recv_id.set(ident);
        Ok(())
    }

    /// Whether received bytes go straight to `data_received`.
    #[inline]
    pub fn open(&self) -> bool {
        let wanted = !self.paused.get() && !self.closing.get() && !self.ended.get();
        wanted && !self.buffered.get() && !self.held.has_items()
    }

    /// The queue of writes, with `pending` in it, for Python. There is none before it is asked for.
    pub fn queue(&self) -> Py {
        let queue = made(&self.queue)?;
        if let Some(data) = self.pending.take() {
            queue.attr(&stream_names().append)?.call(&[&data])?;
        }
        Ok(queue)
    }

    /// What came while reading was paused, for Python.
    pub fn held(&self) -> Py {
        made(&self.held)
    }

    #[inline]
    fn nothing_queued(&self) -> bool {
        self.pending.is_empty() && !self.queue.has_items()
    }

    /// Have what is written flushed before the next turn.
    #[inline]
    fn flush_later(&self, me: &Ref) -> Py<()> {
        let due = self.flushing.get();
        if let Some(owner) = self.owner.get().filter(|_| !due) {
            let core = Core::checked(&owner)?;
            self.flushing.set(true);
            core.unflushed(|list| list.push(me.clone()));
        }
        Ok(())
    }
}

/// The deque in a place, made when it is asked for.
fn made(place: &Slot) -> Py {
    if let Some(deque) = place.get() {
        return Ok(deque);
    }
    let deque = stream_names().deque.call(&[])?;
    place.set(Some(deque.clone()));
    Ok(deque)
}

/// A completion of the receive.
#[inline]
pub fn received(me: &Ref, engine: &Engine, res: i32, record: &Record) -> Py<()> {
    let part = Stream::of(me);
    if res <= 0 || !part.open() {
        return by_python(me, &stream_names().received, res, record);
    }
    if record.flags & CF_FINAL != 0 {
        part.recv_id.set(0);
    }
    part.got_at.set(engine.turns.get());
    let mut done = Ok(());
    if let (Some(protocol), Some(context)) = (part.protocol.get(), part.context.get()) {
        let pieces = Pieces::of(engine, res as usize, record);
        if pieces.total >= direct::MUCH || part.large.get() != 0 {
            direct::brought(part, engine, &protocol, pieces.total);
        }
        let names = stream_names();
        let fed = if tls::serves(&protocol) {
            tls::feed(&protocol, &context, pieces)
        } else {
            reader::feed(&part.looked, &protocol, pieces)
        };
        done = match fed {
            Ok(None) => Ok(()),
            Ok(Some(pieces)) => match pieces.bytes() {
                Ok(data) => {
                    let call = || protocol.method_one(&names.data_received, &data);
                    tell(&context, call).or_else(|_| fatal(me, &names.fatal_text))
                }
                // They are lost, and nothing may come after them, even if this fails too.
                Err(Raised) => {
                    part.ended.set(true);
                    fatal(me, &names.fatal_read)
                }
            }
            .map(drop),
            Err(Raised) => fatal(me, &names.fatal_text).map(drop),
        };
    } else {
        engine.release(record.token);
    }
    if record.flags & CF_FINAL != 0 {
        done = behind(done, || part.read(me));
    }
    done
}

/// What was received: a record and those of the inbox that go on with it.
pub struct Pieces<'a> {
    engine: &'a Engine,
    first: &'a Record,
    size: usize,
    count: usize,
    total: usize,
}

impl<'a> Pieces<'a> {
    /// `size` bytes of this record, and what came behind it.
    #[inline]
    pub fn of(engine: &'a Engine, size: usize, first: &'a Record) -> Pieces<'a> {
        let (count, total) = engine.inbox(|inbox| match inbox.front() {
            Some(next) if next.user_data == first.user_data => followers(inbox, size, first),
            _ => (0, size),
        });
        Pieces { engine, first, size, count, total }
    }

    /// They as one bytes object.
    #[inline]
    fn bytes(self) -> Py {
        // SAFETY: a new reference; its bytes are written below, before anybody sees it.
        let data = unsafe { Ref::new(PyBytes_FromStringAndSize(null(), self.total as isize)) };
        let Ok(data) = data else {
            self.drop_all();
            return Err(Raised);
        };
        // SAFETY: a bytes object of that size, which nobody else has.
        unsafe { self.copy_to(PyBytes_AsString(data.ptr()).cast()) };
        Ok(data)
    }

    /// Have each taken, which may run Python code, and give it back to the pool.
    pub fn each(self, mut take: impl FnMut(*const u8, usize) -> Py<()>) -> Py<()> {
        let Pieces { engine, first, size, count, .. } = self;
        // Before the first is taken: whoever turns the loop meanwhile finds others in the inbox.
        let others: Vec<Record> =
            engine.inbox(|inbox| inbox.drain(..count.min(inbox.len())).collect());
        let mut done = take(first.data as *const u8, size);
        engine.release(first.token);
        for next in others {
            if done.is_ok() {
                done = take(next.data as *const u8, next.res as usize);
            }
            engine.release(next.token);
        }
        done
    }
}

impl Source for Pieces<'_> {
    fn total(&self) -> usize {
        self.total
    }

    #[inline]
    unsafe fn copy_to(self, place: *mut u8) {
        // SAFETY: the caller promised room for `total`; the bytes lie there until the lease ends.
        unsafe { place.copy_from_nonoverlapping(self.first.data as *const u8, self.size) };
        self.engine.release(self.first.token);
        let mut at = self.size;
        for _ in 0..self.count {
            let Some(next) = self.engine.inbox(VecDeque::pop_front) else { break };
            let size = next.res as usize;
            // SAFETY: the room is for `total`, which counts every piece, and the lease is held.
            unsafe { place.add(at).copy_from_nonoverlapping(next.data as *const u8, size) };
            at += size;
            self.engine.release(next.token);
        }
    }

    /// Give the first back to the pool, unseen; the others come by themselves.
    #[cold]
    fn drop_all(self) {
        self.engine.release(self.first.token);
    }
}

/// How many records behind this one go on with it, and how many bytes that makes.
#[cold]
fn followers(inbox: &VecDeque<Record>, size: usize, record: &Record) -> (usize, usize) {
    let (mut count, mut total) = (0, size);
    for next in inbox {
        let goes_on = next.user_data == record.user_data && next.flags & CF_FINAL == 0;
        if !goes_on || next.res <= 0 || total + next.res as usize > MOST {
            break;
        }
        count += 1;
        total += next.res as usize;
    }
    (count, total)
}

/// Do what is due also where something was raised that is to end the program.
#[inline]
pub fn behind(done: Py<()>, body: impl FnOnce() -> Py<()>) -> Py<()> {
    match done {
        Ok(()) => body(),
        Err(Raised) => aside(body),
    }
}

/// What data_received raised ends the connection, unless it is to end the program.
#[cold]
pub fn fatal(me: &Ref, text: &Ref) -> Py {
    // SAFETY: both live for ever.
    let (exit, interrupt) = unsafe { (PyExc_SystemExit, PyExc_KeyboardInterrupt) };
    if raised_is(exit) || raised_is(interrupt) {
        return Err(Raised);
    }
    let error = caught()?;
    me.attr(&stream_names().fatal_error)?.call(&[&error, text])
}

/// The method of the base class, for what is not usual.
#[cold]
fn by_python(me: &Ref, name: &Ref, res: i32, record: &Record) -> Py<()> {
    crate::dispatch::call_python(&me.attr(name)?, res, record)
}

/// The send in flight is over.
#[inline]
pub fn sent(me: &Ref, res: i32, record: &Record) -> Py<()> {
    let part = Stream::of(me);
    let whole = part.conn_lost.get() == 0
        && part.sent_to.get() == 0
        && part.sending.length() == Some(res as isize);
    if !whole {
        return by_python(me, &stream_names().sent, res, record);
    }
    part.send_id.set(0);
    part.sending.set(None);
    part.sent_to.set(res as isize);
    part.size.set(part.size.get() - res as isize);
    if !part.nothing_queued() {
        part.flush_later(me)?;
    }
    let mut done = Ok(());
    if part.protocol_paused.get() {
        done = me.attr(&stream_names().resume)?.call(&[]).map(drop);
    }
    // Who was resumed may have written more.
    if part.size.get() == 0 && (part.closing.get() || part.eof.get() || part.waits()) {
        done = behind(done, || me.attr(&stream_names().drained)?.call(&[]).map(drop));
    }
    done
}

impl Stream {
    /// Whether somebody waits for the last byte to go.
    #[inline]
    fn waits(&self) -> bool {
        !self.waiter.is_empty_or_none()
    }

    /// A write.
    #[inline]
    pub fn write(&self, me: &Ref, data: &Ref) -> Py<()> {
        let length = data.bytes_length();
        let usual = length.is_some_and(|length| length > 0)
            && self.conn_lost.get() == 0
            && !self.eof.get()
            && !self.waits()
            && self.send_id.get() == 0;
        let (Some(length), true) = (length, usual) else {
            return self.write_slowly(me, data);
        };
        if self.nothing_queued() {
            let at_once = length >= AT_ONCE || self.goes_at_once()?;
            // What it sent of others may have run the program, which may have written here.
            if self.nothing_queued() && self.send_id.get() == 0 && self.conn_lost.get() == 0 {
                if at_once {
                    return self.send_now(me, data, length);
                }
                self.pending.set(Some(data.clone()));
                self.size.set(self.size.get() + length);
                return self.flush_later(me);
            }
        }
        self.write_slowly(me, data)
    }

    /// Whether a small write goes at once.
    #[inline]
    fn goes_at_once(&self) -> Py<bool> {
        match self.owner.get() {
            Some(owner) => {
                let core = Core::checked(&owner)?;
                // Nothing is received yet, as in connection_made(): see `_greets`.
                let greets = self.recv_id.get() == 0 && flush::is_auto(core);
                if greets { Ok(true) } else { flush::at_once(core) }
            }
            None => Ok(false),
        }
    }

    /// As much as the kernel takes now; the rest is sent when it has room.
    fn send_now(&self, me: &Ref, data: &Ref, length: isize) -> Py<()> {
        let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
        // SAFETY: a bytes object of that length, kept during the call.
        let sent = unsafe {
            libc::send(self.fd.get(), PyBytes_AsString(data.ptr()).cast(), length as usize, flags)
        };
        if sent == length {
            return Ok(());
        }
        if sent <= 0 {
            let error = last_errno();
            if sent == 0 || may_go_later(error) {
                return self.write_slowly(me, data);
            }
            // It is told now: a socket says it once.
            return me.named(c"_send_failed")?.call(&[&Ref::int(error as usize)?]).map(drop);
        }
        self.size.set(length - sent);
        self.sending.set(Some(data.clone()));
        self.sent_to.set(sent);
        me.attr(&stream_names().send_rest)?.call(&[])?;
        me.attr(&stream_names().maybe_pause)?.call(&[]).map(drop)
    }

    fn write_slowly(&self, me: &Ref, data: &Ref) -> Py<()> {
        let Some(write) = stream_names().write.get() else { return Ok(()) };
        write.call(&[me, data]).map(drop)
    }

    /// Send what was written in this iteration, with the turn that follows or by a call.
    pub fn flush(&self, me: &Ref, by_call: bool) -> Py<()> {
        let Some(engine) = self.engine.get() else { return Ok(()) };
        let native = Engine::checked(&engine)?;
        let usual = !self.pending.is_empty()
            && !self.queue.has_items()
            && self.send_id.get() == 0
            && self.conn_lost.get() == 0
            && !self.closing.get()
            && !self.eof.get()
            && !self.protocol_paused.get()
            && !self.waits()
            && native.quiet_sends.get();
        if !usual {
            return me.attr(&stream_names().flush)?.call(&[&Ref::bool(by_call)]).map(drop);
        }
        self.flushing.set(false);
        let Some(data) = self.pending.take() else { return Ok(()) };
        if by_call {
            self.size.set(0);
            return self.send_now(me, &data, data.bytes_length().unwrap_or(0));
        }
        let op = Op {
            opcode: SEND,
            fd: self.fd.get(),
            // SAFETY: a bytes object; it is held by the entry until FINAL.
            addr: unsafe { PyBytes_AsString(data.ptr()) } as u64,
            len: data.bytes_length().unwrap_or(0) as u32,
            op_flags: QUIETLY,
            ext: EXT_QUIET,
            ..Op::default()
        };
        self.sending.set(Some(data.clone()));
        self.sent_to.set(0);
        let ident = native.stage(&engine, op, me.clone(), Some(data), Kind::Send, false)?;
        self.send_id.set(ident);
        Ok(())
    }
}
