//! Received bytes straight into an asyncio.StreamReader: what StreamReaderProtocol.data_received
//! and StreamReader.feed_data do, without their four calls of Python and the bytes between.
//!
//! Owns nothing. Invariant: only for objects of exactly these classes whose methods are asyncio's
//! own; for others, and for what feed_data would refuse, the protocol's method is called.

use crate::names::Late;
use crate::py::*;
use crate::python::*;
use std::cell::Cell;

/// What is looked up once.
struct Known {
    protocol: Ref,
    reader: Ref,
    /// Methods of the two, as they were when asyncio was imported.
    methods: [(Ref, Ref); 3],
    weak: Ref,
    eof: Ref,
    buffer: Ref,
    waiter: Ref,
    limit: Ref,
    transport: Ref,
    paused: Ref,
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
        reader,
        weak: intern(c"_stream_reader_wr")?,
        eof: intern(c"_eof")?,
        buffer: intern(c"_buffer")?,
        waiter: intern(c"_waiter")?,
        limit: intern(c"_limit")?,
        transport: intern(c"_transport")?,
        paused: intern(c"_paused")?,
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
    let (reader, buffer) = match looked(cache, protocol) {
        Ok(Some(both)) => both,
        Ok(None) => return Ok(Some(source)),
        Err(Raised) => {
            source.drop_all();
            return Err(Raised);
        }
    };
    let length = extend(&buffer, source)?;
    wake(&reader)?;
    let limit = reader.attr(&known().limit)?.double()?;
    if length as f64 > 2.0 * limit {
        pause(&reader)?;
    }
    Ok(None)
}

/// The reader and its buffer, if they are for us.
#[inline]
fn looked(cache: &Looked, protocol: &Ref) -> Py<Option<(Ref, Ref)>> {
    let known = known();
    if protocol.kind().cast() != known.protocol.ptr() {
        return Ok(None);
    }
    let Ok(reader) = reader_of(protocol) else {
        // SAFETY: another version of asyncio says so by AttributeError.
        unsafe { PyErr_Clear() };
        return Ok(None);
    };
    if reader.kind().cast() != known.reader.ptr() {
        return Ok(None);
    }
    if cache.at.get() != protocol.ptr() {
        cache.feeds.set(is_asyncios(protocol, &reader));
        cache.at.set(protocol.ptr());
    }
    if !cache.feeds.get() || reader.attr(&known.eof)?.truth()? {
        return Ok(None);
    }
    let buffer = reader.attr(&known.buffer)?;
    let ours = buffer.kind() == &raw mut PyByteArray_Type;
    Ok(ours.then_some((reader, buffer)))
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
    // SAFETY: as above.
    Ok(unsafe { PyByteArray_Size(buffer.ptr()) })
}

/// StreamReader._wakeup_waiter.
#[inline]
fn wake(reader: &Ref) -> Py<()> {
    let known = known();
    let waiter = reader.attr(&known.waiter)?;
    if waiter.is_none() {
        return Ok(());
    }
    set(reader, &known.waiter, &Ref::none())?;
    if !crate::names::call_method(&waiter, &known.cancelled)?.truth()? {
        waiter.method_one(&known.set_result, &Ref::none())?;
    }
    Ok(())
}

/// The buffer is full: the transport is to wait.
#[cold]
fn pause(reader: &Ref) -> Py<()> {
    let known = known();
    let transport = reader.attr(&known.transport)?;
    if transport.is_none() || reader.attr(&known.paused)?.truth()? {
        return Ok(());
    }
    if crate::names::call_method(&transport, &known.pause).is_ok() {
        return set(reader, &known.paused, &Ref::bool(true));
    }
    // SAFETY: the class lives for ever.
    if !raised_is(unsafe { PyExc_NotImplementedError }) {
        return Err(Raised);
    }
    // SAFETY: only the error that is set is taken back.
    unsafe { PyErr_Clear() };
    set(reader, &known.transport, &Ref::none())
}

fn set(object: &Ref, name: &Ref, value: &Ref) -> Py<()> {
    // SAFETY: all three are live.
    match unsafe { PyObject_SetAttr(object.ptr(), name.ptr(), value.ptr()) } {
        0 => Ok(()),
        _ => Err(Raised),
    }
}
