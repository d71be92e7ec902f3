//! The hot path of TLS: what is received through the connection's two MemoryBIO to `data_received`
//! or a StreamReader, what is written to the transport below, without a call of Python in between.
//!
//! Owns the members that both paths touch. The types are subclasses of `_TlsProtocol` and of
//! asyncio's transport of TLS, whose Python methods do everything that is not usual, on the same
//! members: handshake, pauses, ends and errors. Invariant: only for objects of exactly these types,
//! in the state WRAPPED.

use crate::names::{Late, call_method, call_one, stream_names, tell};
use crate::py::*;
use crate::python::*;
use crate::reader::{self, Looked, Source};
use crate::stream::{Pieces, STREAM, Stream};
use crate::types::*;
use std::cell::Cell;
use std::ffi::{CStr, c_int};
use std::mem::offset_of;
use std::ptr::null;

/// `ringline._native`'s subclass of _TlsProtocol.
static TLS: Type = Type::unmade();
/// That of asyncio's _SSLProtocolTransport.
static TRANSPORT: Type = Type::unmade();

/// The most that one record carries.
const RECORD: isize = 16384;
/// The most that one read asks for: `max_size` of asyncio's SSLProtocol.
const MOST: isize = 262_144;

/// What is looked up once.
struct Known {
    wrapped: Ref,
    bio: Ref,
    again: [Ref; 2],
    write: Ref,
    base_write: Ref,
    read: Ref,
    pending: Ref,
    text: Ref,
    fatal_error: Ref,
    peer_closed: Ref,
    do_write: Ref,
    process_outgoing: Ref,
    control_reading: Ref,
    control_writing: Ref,
}

static KNOWN: Late<Known> = Late::empty();

#[inline]
fn known() -> &'static Known {
    // SAFETY: written once by `make`, before there is an object of the types.
    unsafe { KNOWN.get() }
}

fn load(transport: &Ref) -> Py<()> {
    let (sslproto, ssl) = (import(c"asyncio.sslproto")?, import(c"ssl")?);
    // SAFETY: the text ends; a new reference.
    let text = unsafe { Ref::new(PyUnicode_FromString(c"Fatal error on SSL protocol".as_ptr())) };
    let found = Known {
        wrapped: sslproto.named(c"SSLProtocolState")?.named(c"WRAPPED")?,
        bio: ssl.named(c"MemoryBIO")?,
        again: [ssl.named(c"SSLWantReadError")?, ssl.named(c"SSLSyscallError")?],
        write: intern(c"write")?,
        base_write: transport.named(c"write")?,
        read: intern(c"read")?,
        pending: intern(c"pending")?,
        text: text?,
        fatal_error: intern(c"_fatal_error")?,
        peer_closed: intern(c"_peer_closed")?,
        do_write: intern(c"_do_write")?,
        process_outgoing: intern(c"_process_outgoing")?,
        control_reading: intern(c"_control_ssl_reading")?,
        control_writing: intern(c"_control_app_writing")?,
    };
    // SAFETY: nothing reads it before this returns.
    unsafe { KNOWN.fill(found) };
    Ok(())
}

/// Our part of a protocol. Python sees all of it but `looked` as members.
#[repr(C)]
pub struct Tls {
    state: Slot,
    incoming: Slot,
    outgoing: Slot,
    ssl_read: Slot,
    ssl_write: Slot,
    transport: Slot,
    protocol: Slot,
    backlog: Slot,
    incoming_high: Slot,
    outgoing_high: Slot,
    looked: Looked,
    app_reading_paused: Cell<bool>,
    ssl_reading_paused: Cell<bool>,
    app_writing_paused: Cell<bool>,
    ssl_writing_paused: Cell<bool>,
    buffered: Cell<bool>,
    holds: Cell<bool>,
}

/// The two ends of a connection's TLS, taken while it is used.
struct Ends {
    incoming: Ref,
    outgoing: Ref,
    call: Ref,
}

/// Whether received bytes go to a TLS of ours.
#[inline]
pub fn serves(protocol: &Ref) -> bool {
    protocol.kind() == TLS.class()
}

/// Put what was received through the TLS that is `protocol`; what was not taken is given back.
#[inline]
pub fn feed<'a>(protocol: &Ref, context: &Ref, pieces: Pieces<'a>) -> Py<Option<Pieces<'a>>> {
    let part = Tls::of(protocol);
    let open = part.is_wrapped()
        && !part.holds.get()
        && !part.app_reading_paused.get()
        && !part.buffered.get();
    let Some(ends) = part.ends(&part.ssl_read).filter(|_| open) else {
        return Ok(Some(pieces));
    };
    tell(context, || {
        pieces.each(|data, size| ends.put_in(data, size))?;
        let done = part.pump(protocol, &ends);
        done.or_else(|Raised| fatal(protocol)).map(|()| Ref::none())
    })?;
    Ok(None)
}

impl Ends {
    /// How much lies in one of them.
    #[inline]
    fn pending(bio: &Ref) -> Py<isize> {
        integer(&bio.attr(&known().pending)?)
    }

    /// Received bytes into the incoming one, which copies them.
    #[inline]
    fn put_in(&self, data: *const u8, size: usize) -> Py<()> {
        // SAFETY: the bytes lie there until the call is over, and a MemoryBIO keeps no view.
        let view = unsafe {
            Ref::new(PyMemoryView_FromMemory(data.cast_mut().cast(), size as isize, PyBUF_READ))
        }?;
        self.incoming.method_one(&known().write, &view).map(drop)
    }

    /// Decrypt what is there: the chunks, and whether the peer's end is behind them.
    #[inline]
    fn read(&self) -> Py<(Chunks, bool)> {
        let (mut chunks, mut least) = (Chunks::default(), 0);
        loop {
            // What is read is shorter than what it was encrypted to, or the record's begin came
            // earlier: then the whole of it is there after the first read.
            let pending = Ends::pending(&self.incoming)?.max(least);
            let size = if pending > 0 { pending.min(MOST) } else { RECORD };
            least = RECORD;
            let chunk = match call_one(&self.call, &Ref::int(size as usize)?) {
                Ok(chunk) => chunk,
                Err(Raised) if wants_more() => return Ok((chunks, false)),
                Err(Raised) => return Err(Raised),
            };
            let Some(length) = chunk.bytes_length() else {
                return Err(type_error(c"SSLObject.read() did not return bytes"));
            };
            if length == 0 {
                return Ok((chunks, true));
            }
            chunks.push(chunk, length as usize);
            // Shorter than asked is the record's end; and nothing is behind it.
            if length < size && Ends::pending(&self.incoming)? == 0 {
                return Ok((chunks, false));
            }
        }
    }
}

/// Whether the exception that is set only says that there is no more yet; then it is gone.
#[cold]
fn wants_more() -> bool {
    let found = known().again.iter().any(|class| raised_is(class.ptr()));
    if found {
        // SAFETY: only the error that is set is taken back.
        unsafe { PyErr_Clear() };
    }
    found
}

fn integer(object: &Ref) -> Py<isize> {
    // SAFETY: self is live.
    let value = unsafe { PyLong_AsSsize_t(object.ptr()) };
    // SAFETY: only looks.
    let failed = value == -1 && !unsafe { PyErr_Occurred() }.is_null();
    if failed { Err(Raised) } else { Ok(value) }
}

/// What was decrypted.
#[derive(Default)]
struct Chunks {
    first: Option<Ref>,
    others: Vec<Ref>,
    total: usize,
}

impl Chunks {
    #[inline]
    fn push(&mut self, chunk: Ref, length: usize) {
        self.total += length;
        match self.first {
            None => self.first = Some(chunk),
            Some(_) => self.others.push(chunk),
        }
    }

    /// They as one bytes object.
    #[inline]
    fn bytes(self) -> Py {
        match self.first {
            Some(first) if self.others.is_empty() => Ok(first),
            _ => self.joined(),
        }
    }

    fn joined(self) -> Py {
        // SAFETY: a new reference; its bytes are written below, before anybody sees it.
        let data = unsafe { Ref::new(PyBytes_FromStringAndSize(null(), self.total as isize)) }?;
        // SAFETY: a bytes object of that size, which nobody else has.
        unsafe { self.copy_to(PyBytes_AsString(data.ptr()).cast()) };
        Ok(data)
    }
}

impl Source for Chunks {
    fn total(&self) -> usize {
        self.total
    }

    unsafe fn copy_to(self, place: *mut u8) {
        let mut at = 0;
        for chunk in self.first.iter().chain(&self.others) {
            let size = chunk.bytes_length().unwrap_or(0) as usize;
            // SAFETY: a bytes object of that size, and room for all, as the caller promises.
            unsafe {
                let data = PyBytes_AsString(chunk.ptr()).cast::<u8>();
                place.add(at).copy_from_nonoverlapping(data, size);
            }
            at += size;
        }
    }

    fn drop_all(self) {}
}

impl Tls {
    /// The part of a protocol of exactly this type.
    #[inline]
    fn of(object: &Ref) -> &Tls {
        // SAFETY: only objects of the type come here.
        unsafe { TLS.part(object.ptr()) }
    }

    #[inline]
    fn is_wrapped(&self) -> bool {
        self.state.ptr() == known().wrapped.ptr()
    }

    /// Both ends and a call of the object between them, if all are what asyncio made.
    #[inline]
    fn ends(&self, call: &Slot) -> Option<Ends> {
        let (incoming, outgoing) = (self.incoming.get()?, self.outgoing.get()?);
        let kind = known().bio.ptr().cast();
        let plain = incoming.kind() == kind && outgoing.kind() == kind;
        plain.then_some(Ends { incoming, outgoing, call: call.get()? })
    }

    /// Tell the protocol of all that can be decrypted, and see to what comes of that.
    #[inline]
    fn pump(&self, me: &Ref, ends: &Ends) -> Py<()> {
        let known = known();
        let (chunks, ended) = ends.read()?;
        if chunks.total > 0 {
            self.tell(chunks)?;
        }
        if ended {
            call_method(me, &known.peer_closed)?;
        }
        if self.backlog.has_items() {
            call_method(me, &known.do_write)?;
        } else if Ends::pending(&ends.outgoing)? > 0 || self.told_of_writing()? {
            call_method(me, &known.process_outgoing)?;
        }
        let left = Ends::pending(&ends.incoming)?;
        if self.ssl_reading_paused.get() || left as f64 >= high(&self.incoming_high)? {
            call_method(me, &known.control_reading)?;
        }
        Ok(())
    }

    #[inline]
    fn tell(&self, chunks: Chunks) -> Py<()> {
        let Some(protocol) = self.protocol.get() else { return Ok(()) };
        match reader::feed(&self.looked, &protocol, chunks)? {
            None => Ok(()),
            Some(chunks) => {
                protocol.method_one(&stream_names().data_received, &chunks.bytes()?).map(drop)
            }
        }
    }

    /// Whether the program's protocol has something to hear though nothing waits to be sent.
    #[inline]
    fn told_of_writing(&self) -> Py<bool> {
        Ok(self.app_writing_paused.get() || high(&self.outgoing_high)? <= 0.0)
    }

    /// A write of bytes; false where that is for the Python method.
    #[inline]
    fn write(&self, me: &Ref, data: &Ref) -> Py<bool> {
        let usual =
            self.is_wrapped() && !self.backlog.has_items() && !self.ssl_writing_paused.get();
        let length = data.bytes_length().filter(|length| usual && *length > 0);
        let (Some(length), Some(ends)) = (length, self.ends(&self.ssl_write)) else {
            return Ok(false);
        };
        match self.send(me, data, length, &ends) {
            Ok(taken) => Ok(taken),
            Err(Raised) => fatal(me).map(|()| true),
        }
    }

    #[inline]
    fn send(&self, me: &Ref, data: &Ref, length: isize, ends: &Ends) -> Py<bool> {
        match call_one(&ends.call, data) {
            Ok(count) if integer(&count)? == length => {}
            Ok(_) => return Err(runtime_error(c"SSLObject.write() took a part")),
            Err(Raised) => return if wants_more() { Ok(false) } else { Err(Raised) },
        }
        let sealed = call_method(&ends.outgoing, &known().read)?;
        let Some(transport) = self.transport.get() else { return Ok(true) };
        if transport.kind() == STREAM.class() {
            Stream::of(&transport).write(&transport, &sealed)?;
        } else {
            transport.method_one(&known().write, &sealed)?;
        }
        if self.told_of_writing()? {
            call_method(me, &known().control_writing)?;
        }
        Ok(true)
    }
}

/// A water mark.
#[inline]
fn high(mark: &Slot) -> Py<f64> {
    mark.or_none().double()
}

/// What was raised ends the connection, unless it is to end more than that.
#[cold]
fn fatal(me: &Ref) -> Py<()> {
    // SAFETY: the class lives for ever.
    if !raised_is(unsafe { PyExc_Exception }) {
        return Err(Raised);
    }
    let error = caught()?;
    me.attr(&known().fatal_error)?.call(&[&error, &known().text]).map(drop)
}

unsafe extern "C" fn write(slf: Obj, data: Obj) -> Obj {
    enter(|| {
        // SAFETY: a method's self is live and of the type, the argument is live for the call.
        let (me, data) = unsafe { (Ref::view(&slf), Ref::view(&data)) };
        // SAFETY: a method's self is live and of the type.
        let place: &Slot = unsafe { TRANSPORT.part(slf) };
        let taken = match place.get().filter(serves) {
            Some(protocol) => Tls::of(&protocol).write(&protocol, data)?,
            None => false,
        };
        if taken { Ok(Ref::none()) } else { known().base_write.call(&[me, data]) }
    })
}

fn members(at: usize) -> Vec<PyMemberDef> {
    let objects: [(&CStr, usize); 10] = [
        (c"_state", offset_of!(Tls, state)),
        (c"_incoming", offset_of!(Tls, incoming)),
        (c"_outgoing", offset_of!(Tls, outgoing)),
        (c"_ssl_read", offset_of!(Tls, ssl_read)),
        (c"_ssl_write", offset_of!(Tls, ssl_write)),
        (c"_transport", offset_of!(Tls, transport)),
        (c"_app_protocol", offset_of!(Tls, protocol)),
        (c"_write_backlog", offset_of!(Tls, backlog)),
        (c"_incoming_high_water", offset_of!(Tls, incoming_high)),
        (c"_outgoing_high_water", offset_of!(Tls, outgoing_high)),
    ];
    let flags: [(&CStr, usize); 6] = [
        (c"_app_reading_paused", offset_of!(Tls, app_reading_paused)),
        (c"_ssl_reading_paused", offset_of!(Tls, ssl_reading_paused)),
        (c"_app_writing_paused", offset_of!(Tls, app_writing_paused)),
        (c"_ssl_writing_paused", offset_of!(Tls, ssl_writing_paused)),
        (c"_app_protocol_is_buffer", offset_of!(Tls, buffered)),
        (c"_holds", offset_of!(Tls, holds)),
    ];
    let of = |kind: c_int| move |(name, offset)| member(name, kind, at + offset);
    objects.map(of(Py_T_OBJECT_EX)).into_iter().chain(flags.map(of(Py_T_BOOL))).collect()
}

/// Make both types, once: over _TlsProtocol, and over asyncio's transport of TLS.
pub fn make(bases: &Ref) -> Py {
    // SAFETY: `_tls` gives a tuple of two; borrowed from it.
    let [protocol, transport] = unsafe { [0, 1].map(|at| PyTuple_GetItem(bases.ptr(), at)) };
    // SAFETY: the tuple is live, and so are its items; NULL is told apart.
    let (protocol, transport) = unsafe {
        if protocol.is_null() || transport.is_null() {
            return Err(Raised);
        }
        (Ref::view(&protocol), Ref::view(&transport))
    };
    load(transport)?;
    let slots = vec![slot(Py_tp_members, table(members(Type::begin(protocol)?)))];
    let tls = TLS.make_plain(c"ringline._tls.NativeTls", protocol, size_of::<Tls>(), slots)?;
    let place = member(c"_ssl_protocol", Py_T_OBJECT_EX, Type::begin(transport)?);
    let slots = vec![
        slot(Py_tp_methods, table(vec![method(c"write", METH_O, write)])),
        slot(Py_tp_members, table(vec![place])),
    ];
    // Programs tell transports of TLS by asyncio's name.
    let name = c"ringline._tls._SSLProtocolTransport";
    tuple(&[&tls, &TRANSPORT.make_plain(name, transport, size_of::<Slot>(), slots)?])
}
