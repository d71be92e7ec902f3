//! The hot path of datagram transports: what is received to `datagram_received`, and `sendto`.
//!
//! Owns the members both touch. The type is a subclass of `DatagramTransport`, whose Python methods
//! do everything that is not usual, on the same members; like stream transports it is born and
//! buried by the interpreter's own code. Invariant: a datagram is sent at once or by Python.

use crate::abi::*;
use crate::engine::Engine;
use crate::names::{Late, tell};
use crate::py::*;
use crate::python::*;
use crate::table::Kind;
use crate::types::*;
use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int};
use std::mem::offset_of;
use std::ptr::null_mut;

/// `ringline._native`'s subclass of DatagramTransport.
pub static DATAGRAM: Type = Type::unmade();

const RECVMSG: u8 = 10;
const BUFFER_SELECT: u8 = 32;
/// struct io_uring_recvmsg_out, which comes before the sender's name.
const HEADER: usize = 16;

/// Our part of a transport. Python sees all of it as members.
#[repr(C)]
struct Datagram {
    engine: Slot,
    protocol: Slot,
    context: Slot,
    held: Slot,
    /// The peer of a connected socket, or None.
    address: Slot,
    message: Slot,
    /// What the kernel calls a sender -> what Python does, and the way back.
    addresses: Slot,
    names: Slot,
    /// The last sender, by both.
    last_name: Slot,
    last_address: Slot,
    message_at: Cell<u64>,
    recv_id: Cell<u64>,
    buffer_size: Cell<isize>,
    conn_lost: Cell<isize>,
    name_room: Cell<isize>,
    fd: Cell<c_int>,
    paused: Cell<bool>,
    closing: Cell<bool>,
    connected: Cell<bool>,
    /// Ask for a buffer only when there is something to receive: the flag's bit is 1.
    poll_first: Cell<bool>,
}

/// What is looked up once.
struct Known {
    received: Ref,
    datagram_received: Ref,
    name: Ref,
    /// DatagramTransport's own sendto and _read.
    sendto: Ref,
    read: Ref,
}

static KNOWN: Late<Known> = Late::empty();

#[inline]
fn known() -> &'static Known {
    // SAFETY: written once, before there is any transport.
    unsafe { KNOWN.get() }
}

impl Datagram {
    #[inline]
    fn of(object: &Ref) -> &Datagram {
        // SAFETY: only objects of the type come here.
        unsafe { DATAGRAM.part(object.ptr()) }
    }

    /// Receive from now on, unless that is not wanted or goes on already.
    fn read(&self, me: &Ref) -> Py<()> {
        let usual = self.recv_id.get() == 0
            && !self.closing.get()
            && !self.paused.get()
            && !self.held.has_items()
            && self.name_room.get() != 0;
        let (true, Some(engine)) = (usual, self.engine.get()) else {
            return known().read.call(&[me]).map(drop);
        };
        let native = Engine::checked(&engine)?;
        let pool = match engine.named(c"messages") {
            Ok(pool) => pool,
            // SAFETY: the class lives for ever.
            Err(Raised) if unsafe { raised_is(PyExc_OSError) } => {
                // Python does without; what was raised it finds out again.
                // SAFETY: only the error that is set is taken back.
                unsafe { PyErr_Clear() };
                return known().read.call(&[me]).map(drop);
            }
            Err(Raised) => return Err(Raised),
        };
        if self.poll_first.get() {
            return me
                .named(c"_await_bytes")?
                .call(&[&Ref::int(self.fd.get() as usize)?])
                .map(drop);
        }
        // SAFETY: the attribute is a small int.
        let pool = unsafe { PyLong_AsLong(pool.ptr()) };
        let op = Op {
            opcode: RECVMSG,
            flags: BUFFER_SELECT,
            ioprio: 2,
            fd: self.fd.get(),
            addr: self.message_at.get(),
            len: 1,
            buf_index: pool as u16,
            ..Op::default()
        };
        let keep = self.message.get();
        let ident = native.stage(&engine, op, me.clone(), keep, Kind::Datagram, true)?;
        self.recv_id.set(ident);
        Ok(())
    }

    /// The sender that the kernel calls `name`, as Python does.
    #[inline]
    fn sender(&self, me: &Ref, name: &[u8], size: u32) -> Py {
        if let (Some(last), Some(address)) = (self.last_name.get(), self.last_address.get()) {
            // SAFETY: a bytes object of ours, as long as every name of this socket.
            let same = unsafe {
                let bytes = PyBytes_AsString(last.ptr()).cast::<u8>();
                std::slice::from_raw_parts(bytes, name.len()) == name
            };
            if same {
                return Ok(address);
            }
        }
        // SAFETY: the bytes are there; new references.
        let (raw, size) = unsafe {
            let raw = PyBytes_FromStringAndSize(name.as_ptr().cast(), name.len() as isize);
            (Ref::new(raw)?, Ref::new(PyLong_FromUnsignedLongLong(size.into()))?)
        };
        let address = match look_up(&self.addresses, &raw)? {
            Some(address) => address,
            None => me.attr(&known().name)?.call(&[&raw, &size])?,
        };
        if !address.is_none() {
            self.last_name.set(Some(raw));
            self.last_address.set(Some(address.clone()));
        }
        Ok(address)
    }

    /// What the kernel calls this address; None where it was not heard of.
    #[inline]
    fn name_of(&self, address: &Ref) -> Py<Option<Ref>> {
        if self.last_address.ptr() == address.ptr() {
            return Ok(self.last_name.get());
        }
        look_up(&self.names, address)
    }

    /// Send now; false where that is Python's.
    #[inline]
    fn send(&self, me: &Ref, data: &Ref, address: Option<&Ref>) -> Py<bool> {
        let address = address.filter(|address| !address.is_none());
        let usual = self.conn_lost.get() == 0
            && self.buffer_size.get() == 0
            && self.connected.get() == address.is_none();
        let (Some(length), true) = (data.bytes_length(), usual) else { return Ok(false) };
        let name = match address {
            None => None,
            Some(address) if self.address.is_empty_or_none() => match self.name_of(address)? {
                None => return Ok(false),
                found => found,
            },
            Some(_) => return Ok(false),
        };
        let (place, size) = match &name {
            None => (null_mut::<c_char>(), 0),
            // SAFETY: a bytes object, held during the call.
            Some(name) => unsafe { (PyBytes_AsString(name.ptr()), PyBytes_Size(name.ptr())) },
        };
        let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
        // SAFETY: both are held during the call, and as long as is said.
        let sent = unsafe {
            let bytes = PyBytes_AsString(data.ptr()).cast();
            libc::sendto(self.fd.get(), bytes, length as usize, flags, place.cast(), size as u32)
        };
        if sent >= 0 {
            return Ok(true);
        }
        // Python waits for room. What else is wrong is told now: a socket says it once.
        let error = last_errno();
        if may_go_later(error) {
            return Ok(false);
        }
        me.named(c"_send_failed")?.call(&[&Ref::int(error as usize)?]).map(|_| true)
    }
}

/// What a dict has for a key.
#[inline]
fn look_up(dict: &Slot, key: &Ref) -> Py<Option<Ref>> {
    let Some(dict) = dict.get() else { return Ok(None) };
    // SAFETY: both are live; the reference is borrowed from the dict, which `dict` keeps.
    unsafe {
        let found = PyDict_GetItemWithError(dict.ptr(), key.ptr());
        if !found.is_null() {
            return Ok(Some(Ref::view(&found).clone()));
        }
        // Such as one that cannot be hashed: Python says what is wrong with it.
        PyErr_Clear();
        Ok(None)
    }
}

/// A completion of the receive.
pub fn received(me: &Ref, engine: &Engine, res: i32, record: &Record) -> Py<()> {
    let part = Datagram::of(me);
    let start = HEADER + part.name_room.get() as usize;
    let usual = res as isize >= start as isize
        && record.flags & CF_FINAL == 0
        && !part.paused.get()
        && !part.closing.get()
        && !part.held.has_items();
    let (true, Some(protocol), Some(context)) = (usual, part.protocol.get(), part.context.get())
    else {
        return crate::dispatch::call_python(&me.attr(&known().received)?, res, record);
    };
    // SAFETY: `res` bytes lie there until the lease is given back, and are more than `start`.
    let (payload, address) = unsafe {
        let data = record.data as *const u8;
        let name = std::slice::from_raw_parts(data.add(HEADER), start - HEADER);
        let size = data.cast::<u32>().read_unaligned();
        let length = res as isize - start as isize;
        let payload = Ref::new(PyBytes_FromStringAndSize(data.add(start).cast(), length));
        let address = if size == 0 { Ok(Ref::none()) } else { part.sender(me, name, size) };
        (payload, address)
    };
    engine.release(record.token);
    let (payload, address) = (payload?, address?);
    let name = &known().datagram_received;
    tell(&context, || {
        let arguments = [payload.ptr(), address.ptr()];
        // SAFETY: all four are live; a new reference.
        unsafe { Ref::new(call_method_with(protocol.ptr(), name.ptr(), arguments)) }
    })
    .map(drop)
}

unsafe extern "C" fn sendto(slf: Obj, v: *const Obj, n: Py_ssize_t, k: Obj) -> Obj {
    enter(|| {
        // SAFETY: as the interpreter calls a fast method; self is live for the call.
        let (me, args) = unsafe { (Ref::view(&slf), Args::new(v, n, &k)) };
        let given = args.positional();
        let usual = !args.has_names() && matches!(given.len(), 1 | 2);
        if usual && Datagram::of(me).send(me, &given[0], given.get(1))? {
            return Ok(Ref::none());
        }
        let mut all = vec![me.clone()];
        all.extend_from_slice(given);
        known().sendto.call_named(&tuple_of(&all)?, &args.dict()?)
    })
}

unsafe extern "C" fn read(slf: Obj, _: Obj) -> Obj {
    enter(|| {
        // SAFETY: a method's self is live and of the type.
        let me = unsafe { Ref::view(&slf) };
        Datagram::of(me).read(me).map(|()| Ref::none())
    })
}

fn members(at: usize) -> Vec<PyMemberDef> {
    let objects: [(&CStr, usize); 10] = [
        (c"_engine", offset_of!(Datagram, engine)),
        (c"_protocol", offset_of!(Datagram, protocol)),
        (c"_context", offset_of!(Datagram, context)),
        (c"_held", offset_of!(Datagram, held)),
        (c"_address", offset_of!(Datagram, address)),
        (c"_message", offset_of!(Datagram, message)),
        (c"_addresses", offset_of!(Datagram, addresses)),
        (c"_names", offset_of!(Datagram, names)),
        (c"_last_name", offset_of!(Datagram, last_name)),
        (c"_last_address", offset_of!(Datagram, last_address)),
    ];
    let others: [(&CStr, usize, c_int); 10] = [
        (c"_poll_first", offset_of!(Datagram, poll_first), Py_T_BOOL),
        (c"_message_at", offset_of!(Datagram, message_at), Py_T_ULONGLONG),
        (c"_recv_id", offset_of!(Datagram, recv_id), Py_T_ULONGLONG),
        (c"_buffer_size", offset_of!(Datagram, buffer_size), Py_T_PYSSIZET),
        (c"_conn_lost", offset_of!(Datagram, conn_lost), Py_T_PYSSIZET),
        (c"_name_room", offset_of!(Datagram, name_room), Py_T_PYSSIZET),
        (c"_sock_fd", offset_of!(Datagram, fd), Py_T_INT),
        (c"_paused", offset_of!(Datagram, paused), Py_T_BOOL),
        (c"_closing", offset_of!(Datagram, closing), Py_T_BOOL),
        (c"_connected", offset_of!(Datagram, connected), Py_T_BOOL),
    ];
    let objects = objects.map(|(name, offset)| member(name, Py_T_OBJECT_EX, at + offset));
    let others = others.map(|(name, offset, kind)| member(name, kind, at + offset));
    objects.into_iter().chain(others).collect()
}

/// Make the type, once, over DatagramTransport.
pub fn make(base: &Ref) -> Py {
    let found = Known {
        received: intern(c"_received")?,
        datagram_received: intern(c"datagram_received")?,
        name: intern(c"_name")?,
        sendto: base.named(c"sendto")?,
        read: base.named(c"_read")?,
    };
    // SAFETY: nothing reads it before there is a transport.
    unsafe { KNOWN.fill(found) };
    let methods = vec![keyword_method(c"sendto", sendto), method(c"_read", METH_NOARGS, read)];
    let slots = vec![
        slot(Py_tp_methods, table(methods)),
        slot(Py_tp_members, table(members(Type::begin(base)?))),
    ];
    let name = c"ringline._datagram.NativeDatagramTransport";
    DATAGRAM.make_plain(name, base, size_of::<Datagram>(), slots)
}
