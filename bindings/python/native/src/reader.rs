//! Received bytes straight into an asyncio.StreamReader: what StreamReaderProtocol.data_received
//! and StreamReader.feed_data do, without their four calls of Python and the bytes between.
//!
//! Owns nothing. Invariant: only for objects of exactly these classes whose methods are asyncio's
//! own; for others, and for what feed_data would refuse, the protocol's method is called.

use crate::names::Late;
use crate::py::*;
use crate::python::*;
use crate::reader_state::{Held, ReaderState};
use crate::streams;
use std::cell::Cell;

/// What is looked up once.
struct Known {
    protocol: Ref,
    /// Methods of the two, as they were when asyncio was imported.
    methods: [(Ref, Ref); 3],
    weak: Ref,
    transport: Ref,
    pause: Ref,
    cancelled: Ref,
    set_result: Ref,
    function: Ref,
}

static KNOWN: Late<Known> = Late::empty();

#[inline]
fn known() -> &'static Known {
    // SAFETY: written once by `load`, which runs before any other code of the crate.
    unsafe { KNOWN.get() }
}

/// Look everything up.
pub fn load() -> Py<()> {
    let streams = import(c"asyncio.streams")?;
    let (protocol, reader) =
        (streams.named(c"StreamReaderProtocol")?, streams.named(c"StreamReader")?);
    let of = |class: &Ref, name| -> Py<(Ref, Ref)> {
        let name = intern(name)?;
        let method = class.attr(&name)?;
        Ok((name, method))
    };
    let found = Known {
        methods: [
            of(&protocol, c"data_received")?,
            of(&reader, c"feed_data")?,
            of(&reader, c"_wakeup_waiter")?,
        ],
        protocol,
        weak: intern(c"_stream_reader_wr")?,
        transport: intern(c"_transport")?,
        pause: intern(c"pause_reading")?,
        cancelled: intern(c"cancelled")?,
        set_result: intern(c"set_result")?,
        function: intern(c"__func__")?,
    };
    // SAFETY: nothing reads it before this returns.
    unsafe { KNOWN.fill(found) };
    Ok(())
}

/// The protocol that was looked at, and whether its reader is fed past it.
pub struct Looked {
    at: Cell<Obj>,
    feeds: Cell<bool>,
}

/// Where bytes come from.
pub trait Source {
    /// How many they are.
    fn total(&self) -> usize;

    /// Copy them to `place` and let go of them.
    ///
    /// # Safety
    /// There is room for `total` bytes.
    unsafe fn copy_to(self, place: *mut u8);

    /// Let go of them, unseen.
    fn drop_all(self);
}

/// Put what was received into the reader of `protocol`; what was not taken is given back.
#[inline]
pub fn feed<S: Source>(cache: &Looked, protocol: &Ref, source: S) -> Py<Option<S>> {
    let (reader, held, buffer) = match looked(cache, protocol) {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(Some(source)),
        Err(Raised) => {
            source.drop_all();
            return Err(Raised);
        }
    };
    let length = extend(&buffer, source)?;
    let state = held.state();
    wake(state)?;
    if length as f64 > 2.0 * state.limit.or_none().double()? {
        pause(&reader, state)?;
    }
    Ok(None)
}

/// The reader, its state and its buffer, if they are for us.
#[inline]
fn looked(cache: &Looked, protocol: &Ref) -> Py<Option<(Ref, Held, Ref)>> {
    let known = known();
    if protocol.kind().cast() != known.protocol.ptr() {
        return Ok(None);
    }
    let Ok(reader) = reader_of(protocol) else {
        // SAFETY: another version of asyncio says so by AttributeError.
        unsafe { PyErr_Clear() };
        return Ok(None);
    };
    if cache.at.get() != protocol.ptr() {
        let usual = is_asyncios(protocol, &reader);
        if usual && streams::adopt(protocol, &reader).is_err() {
            // SAFETY: it goes on as it is, by asyncio's own methods.
            unsafe { PyErr_Clear() };
        }
        cache.feeds.set(usual);
        cache.at.set(protocol.ptr());
    }
    if !cache.feeds.get() || !streams::is_ours(&reader) {
        return Ok(None);
    }
    let Some(held) = Held::of(&reader)? else { return Ok(None) };
    let state = held.state();
    if !ReaderState::is_false(&state.eof) {
        return Ok(None);
    }
    Ok(state.bytes().map(|buffer| (reader, held, buffer)))
}

#[inline]
fn reader_of(protocol: &Ref) -> Py {
    let weak = protocol.attr(&known().weak)?;
    // SAFETY: a live object; a new reference.
    if weak.is_none() { Ok(weak) } else { unsafe { Ref::new(PyObject_CallNoArgs(weak.ptr())) } }
}

/// Whether nobody put methods of their own in the place of asyncio's.
#[cold]
fn is_asyncios(protocol: &Ref, reader: &Ref) -> bool {
    let known = known();
    let own = [protocol, reader, reader];
    let same = known.methods.iter().zip(own).all(|((name, method), object)| {
        let bound = object.attr(name).and_then(|bound| bound.attr(&known.function));
        bound.is_ok_and(|function| function.is(method))
    });
    if !same {
        // SAFETY: what has no such attribute said so.
        unsafe { PyErr_Clear() };
    }
    same
}

/// The bytes behind those of the buffer; how many there are now.
#[inline]
fn extend<S: Source>(buffer: &Ref, source: S) -> Py<isize> {
    // SAFETY: a bytearray; who looks at its memory makes the resize an error.
    let place = unsafe {
        let length = PyByteArray_Size(buffer.ptr());
        if PyByteArray_Resize(buffer.ptr(), length + source.total() as isize) != 0 {
            source.drop_all();
            return Err(Raised);
        }
        PyByteArray_AsString(buffer.ptr()).cast::<u8>().offset(length)
    };
    // SAFETY: the buffer has grown by so many.
    unsafe { source.copy_to(place) };
    // SAFETY: a bytearray, live as long as the reference to it.
    Ok(unsafe { PyByteArray_Size(buffer.ptr()) })
}

/// StreamReader._wakeup_waiter.
#[inline]
fn wake(state: &ReaderState) -> Py<()> {
    if state.waiter.is_empty_or_none() {
        return Ok(());
    }
    let Some(waiter) = state.waiter.take() else { return Ok(()) };
    state.waiter.set(Some(Ref::none()));
    match waiter.method_one(&known().set_result, &Ref::none()) {
        Ok(_) => Ok(()),
        Err(Raised) => unless_cancelled(&waiter),
    }
}

/// A waiter that was cancelled has no result; what else is wrong with it is raised.
#[cold]
fn unless_cancelled(waiter: &Ref) -> Py<()> {
    let error = caught()?;
    if crate::names::call_method(waiter, &known().cancelled)?.truth()? {
        return Ok(());
    }
    // SAFETY: an exception, and its class.
    unsafe { PyErr_SetObject(error.kind().cast(), error.ptr()) };
    Err(Raised)
}

/// The buffer is full: the transport is to wait.
#[cold]
fn pause(reader: &Ref, state: &ReaderState) -> Py<()> {
    let known = known();
    let transport = reader.attr(&known.transport)?;
    if transport.is_none() || state.paused.or_none().truth()? {
        return Ok(());
    }
    if crate::names::call_method(&transport, &known.pause).is_ok() {
        state.paused.set(Some(Ref::bool(true)));
        return Ok(());
    }
    // SAFETY: the class lives for ever.
    if !raised_is(unsafe { PyExc_NotImplementedError }) {
        return Err(Raised);
    }
    // SAFETY: only the error that is set is taken back, and all three are live.
    unsafe {
        PyErr_Clear();
        match PyObject_SetAttr(reader.ptr(), known.transport.ptr(), Ref::none().ptr()) {
            0 => Ok(()),
            _ => Err(Raised),
        }
    }
}
