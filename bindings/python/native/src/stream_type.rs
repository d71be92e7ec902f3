//! What Python calls on a native stream transport, and its members.
//!
//! Owns the type, a subclass of a Python class: it is born, shown to the collector and buried by
//! the interpreter's own code for such classes, which sees to the members as it does to __slots__.
//! That is why references are members of kind T_OBJECT_EX, and there is no tp_dealloc.

use crate::names::stream_names;
use crate::py::*;
use crate::python::*;
use crate::stream::{STREAM, Stream};
use crate::types::*;
use std::ffi::{CStr, c_int, c_void};
use std::mem::offset_of;

fn on(slf: &Obj, body: impl FnOnce(&Ref, &Stream) -> Py<()>) -> Obj {
    enter(|| {
        // SAFETY: a method's self is live and of the type.
        let me = unsafe { Ref::view(slf) };
        body(me, Stream::of(me)).map(|()| Ref::none())
    })
}

unsafe extern "C" fn write(slf: Obj, data: Obj) -> Obj {
    // SAFETY: the argument is live for the call.
    on(&slf, |me, part| part.write(me, unsafe { Ref::view(&data) }))
}

unsafe extern "C" fn read(slf: Obj, _: Obj) -> Obj {
    on(&slf, |me, part| part.read(me))
}

unsafe extern "C" fn get_buffer(slf: Obj, _: *mut c_void) -> Obj {
    enter(|| {
        // SAFETY: a getter's self is live and of the type.
        Stream::of(unsafe { Ref::view(&slf) }).queue()
    })
}

unsafe extern "C" fn set_buffer(slf: Obj, value: Obj, _: *mut c_void) -> c_int {
    enter_int(|| {
        if value.is_null() {
            return Err(type_error(c"this attribute cannot be deleted"));
        }
        // SAFETY: self and the value are live for the call.
        let (me, value) = unsafe { (Ref::view(&slf), Ref::view(&value)) };
        Stream::of(me).pending.set(None);
        Stream::of(me).queue.set(unless_empty(value));
        Ok(())
    })
}

/// An empty deque is not kept: looking at its length costs more than finding none.
fn unless_empty(value: &Ref) -> Option<Ref> {
    let place = Slot::empty();
    place.set(Some(value.clone()));
    if place.has_items() { place.take() } else { None }
}

unsafe extern "C" fn get_held(slf: Obj, _: *mut c_void) -> Obj {
    enter(|| {
        // SAFETY: a getter's self is live and of the type.
        Stream::of(unsafe { Ref::view(&slf) }).held()
    })
}

unsafe extern "C" fn set_held(slf: Obj, value: Obj, _: *mut c_void) -> c_int {
    enter_int(|| {
        if value.is_null() {
            return Err(type_error(c"this attribute cannot be deleted"));
        }
        // SAFETY: self and the value are live for the call.
        let (me, value) = unsafe { (Ref::view(&slf), Ref::view(&value)) };
        Stream::of(me).held.set(unless_empty(value));
        Ok(())
    })
}

unsafe extern "C" fn is_closing(slf: Obj, _: Obj) -> Obj {
    // SAFETY: a method's self is live and of the type.
    enter(|| Ok(Ref::bool(Stream::of(unsafe { Ref::view(&slf) }).closing.get())))
}

fn members(at: usize) -> Vec<PyMemberDef> {
    let objects: [(&CStr, usize); 9] = [
        (c"_loop", offset_of!(Stream, owner)),
        (c"_engine", offset_of!(Stream, engine)),
        (c"_protocol", offset_of!(Stream, protocol)),
        (c"_context", offset_of!(Stream, context)),
        (c"_sending", offset_of!(Stream, sending)),
        (c"_empty_waiter", offset_of!(Stream, waiter)),
        (c"_holding", offset_of!(Stream, held)),
        (c"_queue", offset_of!(Stream, queue)),
        (c"_pending", offset_of!(Stream, pending)),
    ];
    let numbers: [(&CStr, usize, c_int); 9] = [
        (c"_recv_id", offset_of!(Stream, recv_id), Py_T_ULONGLONG),
        (c"_got_at", offset_of!(Stream, got_at), Py_T_ULONGLONG),
        (c"_send_id", offset_of!(Stream, send_id), Py_T_ULONGLONG),
        (c"_size", offset_of!(Stream, size), Py_T_PYSSIZET),
        (c"_sent_to", offset_of!(Stream, sent_to), Py_T_PYSSIZET),
        (c"_conn_lost", offset_of!(Stream, conn_lost), Py_T_PYSSIZET),
        (c"_sock_fd", offset_of!(Stream, fd), Py_T_INT),
        (c"_rations", offset_of!(Stream, rations), Py_T_INT),
        (c"_large", offset_of!(Stream, large), Py_T_INT),
    ];
    let flags: [(&CStr, usize); 8] = [
        (c"_poll_first", offset_of!(Stream, poll_first)),
        (c"_closing", offset_of!(Stream, closing)),
        (c"_paused", offset_of!(Stream, paused)),
        (c"_eof", offset_of!(Stream, eof)),
        (c"_ended", offset_of!(Stream, ended)),
        (c"_flushing", offset_of!(Stream, flushing)),
        (c"_buffered", offset_of!(Stream, buffered)),
        (c"_protocol_paused", offset_of!(Stream, protocol_paused)),
    ];
    let objects = objects.map(|(name, offset)| member(name, Py_T_OBJECT_EX, at + offset));
    let numbers = numbers.map(|(name, offset, kind)| member(name, kind, at + offset));
    let flags = flags.map(|(name, offset)| member(name, Py_T_BOOL, at + offset));
    objects.into_iter().chain(numbers).chain(flags).collect()
}

/// Make the type, once, over SocketTransport.
pub fn make(base: &Ref) -> Py {
    stream_names().write.set(Some(base.named(c"write")?));
    let methods = vec![
        method(c"write", METH_O, write),
        method(c"_read", METH_NOARGS, read),
        method(c"is_closing", METH_NOARGS, is_closing),
    ];
    let properties = vec![
        property(c"_buffer", get_buffer, Some(set_buffer)),
        property(c"_held", get_held, Some(set_held)),
    ];
    let slots = vec![
        slot(Py_tp_methods, table(methods)),
        slot(Py_tp_members, table(members(Type::begin(base)?))),
        slot(Py_tp_getset, table(properties)),
    ];
    let name = c"ringline._stream.NativeTransport";
    STREAM.make_plain(name, base, size_of::<Stream>(), slots)
}
