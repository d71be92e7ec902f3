//! The methods of asyncio's streams that are called for each message: read and its kin, and drain.
//!
//! Owns two subclasses, of StreamReader and of StreamWriter, which a stream of a running loop is
//! given as its class when the first bytes come for it (`adopt`). They have these methods and
//! nothing else. Invariant: only what was exactly of asyncio's class is given ours; a method that
//! somebody has replaced since, in the class or in the object, is called as asyncio would; and
//! what is not usual is left to asyncio's own method.

use crate::awaited;
use crate::names::{Late, call_method, names, slow};
use crate::py::*;
use crate::python::*;
use crate::reader_state::{self, Held, ReaderState};
use crate::stream::{STREAM, Stream};
use crate::types::*;
use std::ffi::CStr;
use std::ptr::null_mut;

/// The methods.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// What asyncio's own methods wait by.
    Wait = 0,
    Read,
    ReadExactly,
    ReadUntil,
    ReadLine,
    Drain,
}

const KINDS: usize = 6;

/// What begins.
pub enum Step {
    /// The result.
    Done(Ref),
    /// The iterator of what to wait for.
    Waits(Ref),
    /// Asyncio's own method is to do it.
    Other,
}

/// A function of asyncio, and where it is found.
struct Function {
    class: Ref,
    name: Ref,
    function: Ref,
}

impl Function {
    fn of(class: &Ref, name: &CStr) -> Py<Function> {
        let name = intern(name)?;
        let function = class.attr(&name)?;
        Ok(Function { class: class.clone(), name, function })
    }

    /// Whether nobody has put another in its place.
    #[inline]
    fn stands(&self) -> bool {
        match self.class.attr(&self.name) {
            Ok(found) => found.is(&self.function),
            Err(Raised) => {
                // SAFETY: it was deleted, which was said just now.
                unsafe { PyErr_Clear() };
                false
            }
        }
    }
}

/// What is looked up once.
pub struct Known {
    reader: Ref,
    writer: Ref,
    protocol: Ref,
    our_reader: Ref,
    our_writer: Ref,
    /// Of each kind its function, then those that it calls.
    functions: [Vec<Function>; KINDS],
    /// Those that are looked at once for each stream.
    others: Vec<Function>,
    paused: Ref,
    resume: Ref,
    await_future: Option<unsafe extern "C-unwind" fn(Obj) -> Obj>,
    transport: Ref,
    its_reader: Ref,
    its_protocol: Ref,
    its_writer: Ref,
    connection_lost: Ref,
    is_closing: Ref,
    await_: Ref,
    newline: Ref,
    super_: Ref,
    class: Ref,
    pub(crate) coroutine: Ref,
    pub(crate) throw: Ref,
    pub(crate) close: Ref,
    pub(crate) name: Ref,
    pub(crate) qualname: Ref,
}

static KNOWN: Late<Known> = Late::empty();

#[inline]
pub fn known() -> &'static Known {
    // SAFETY: written once by `load`, before any stream is adopted.
    unsafe { KNOWN.get() }
}

/// Asyncio's function of that kind.
pub fn function(kind: Kind) -> &'static Ref {
    &known().functions[kind as usize][0].function
}

/// Asyncio's own coroutine.
pub fn original(kind: Kind, owner: &Ref, given: Option<&Ref>) -> Py {
    match given {
        Some(given) => function(kind).call(&[owner, given]),
        None => function(kind).call(&[owner]),
    }
}

#[cold]
pub fn never_awaited(kind: Kind) -> Py<()> {
    slow(c"never_awaited", &[&function(kind).attr(&known().qualname)?]).map(drop)
}

/// An entry of the dict of an object.
#[inline]
fn entry(dict: &Ref, name: &Ref) -> Py<Option<Ref>> {
    // SAFETY: a dict and a string; what is found is borrowed, and counted before anything runs.
    unsafe {
        let found = PyDict_GetItemWithError(dict.ptr(), name.ptr());
        if !found.is_null() {
            return Ok(Some(Ref::view(&found).clone()));
        }
        if PyErr_Occurred().is_null() { Ok(None) } else { Err(Raised) }
    }
}

#[inline]
fn dict_of(object: &Ref) -> Py {
    // SAFETY: an instance of a class that Python made; a new reference.
    unsafe { Ref::new(PyObject_GenericGetDict(object.ptr(), null_mut())) }
}

// The methods.

/// The first step of a method of a reader.
#[inline]
pub fn begin(kind: Kind, owner: &Ref, held: Option<&Held>, given: Option<&Ref>) -> Py<Step> {
    let Some(state) = held.map(Held::state) else {
        let clear = is_clear(owner)?;
        return Ok(if clear { Step::Done(Ref::none()) } else { Step::Other });
    };
    if kind == Kind::Wait {
        return wait(state);
    }
    let (Some(buffer), true) = (state.bytes(), state.exception.is_empty_or_none()) else {
        return Ok(Step::Other);
    };
    let length = length_of(&buffer);
    let size = match kind {
        Kind::Read => match whole(given) {
            Some(size) if length > 0 => size.min(length),
            Some(_) => return wait(state),
            None => return Ok(Step::Other),
        },
        Kind::ReadExactly => whole(given).unwrap_or(isize::MAX),
        _ => line(state, &buffer, given)?,
    };
    if size > length {
        return Ok(Step::Other);
    }
    take(owner, state, &buffer, size).map(Step::Done)
}

/// What is behind the wait of a method.
#[inline]
pub fn finish(kind: Kind, owner: &Ref, held: &Held, given: Option<&Ref>) -> Py {
    if kind != Kind::Read {
        return Ok(Ref::none());
    }
    let state = held.state();
    match (state.bytes(), whole(given)) {
        (Some(buffer), Some(size)) => {
            let size = size.min(length_of(&buffer));
            take(owner, state, &buffer, size)
        }
        _ => slow(c"take", &[owner, &given.cloned().unwrap_or_else(Ref::none)]),
    }
}

/// A count above zero; None for what else there may be.
#[inline]
fn whole(given: Option<&Ref>) -> Option<isize> {
    let given = given.filter(|given| given.kind() == &raw mut PyLong_Type)?;
    // SAFETY: an int.
    let size = unsafe { PyLong_AsSsize_t(given.ptr()) };
    if size == -1 {
        // SAFETY: only an overflow may be set.
        unsafe { PyErr_Clear() };
    }
    Some(size).filter(|size| *size > 0)
}

#[inline]
fn length_of(buffer: &Ref) -> isize {
    // SAFETY: a bytearray.
    unsafe { PyByteArray_Size(buffer.ptr()) }
}

/// StreamReader._wait_for_data, to where it waits.
#[inline]
fn wait(state: &ReaderState) -> Py<Step> {
    let usual = state.waiter.is_empty_or_none()
        && ReaderState::is_false(&state.eof)
        && ReaderState::is_false(&state.paused);
    let (Some(owner), true) = (state.owner.get(), usual) else { return Ok(Step::Other) };
    let waiter = call_method(&owner, &names().create_future)?;
    state.waiter.set(Some(waiter.clone()));
    match await_of(&waiter) {
        Ok(waiter) => Ok(Step::Waits(waiter)),
        Err(Raised) => {
            state.waiter.set(Some(Ref::none()));
            Err(Raised)
        }
    }
}

/// The iterator by which a future is awaited.
#[inline]
fn await_of(future: &Ref) -> Py {
    let known = known();
    match known.await_future.filter(|_| future.kind().cast() == names().future.ptr()) {
        // SAFETY: the slot of exactly that type; a new reference.
        Some(function) => unsafe { Ref::new(guarded_call(|| function(future.ptr()))) },
        None => call_method(future, &known.await_),
    }
}

/// The first `size` bytes leave the buffer.
#[inline]
fn take(owner: &Ref, state: &ReaderState, buffer: &Ref, size: isize) -> Py {
    // SAFETY: a bytearray of that many bytes at least; a new reference.
    let data =
        unsafe { Ref::new(PyBytes_FromStringAndSize(PyByteArray_AsString(buffer.ptr()), size)) }?;
    // SAFETY: a bytearray; who looks at its memory makes it an error.
    let done = unsafe {
        if size == PyByteArray_Size(buffer.ptr()) {
            PyByteArray_Resize(buffer.ptr(), 0)
        } else {
            PySequence_DelSlice(buffer.ptr(), 0, size)
        }
    };
    if done != 0 {
        return Err(Raised);
    }
    if !ReaderState::is_false(&state.paused) {
        call_method(owner, &known().resume)?;
    }
    Ok(data)
}

/// How many bytes end with the separator; more than there are where it is not for us.
fn line(state: &ReaderState, buffer: &Ref, given: Option<&Ref>) -> Py<isize> {
    let none = isize::MAX;
    let separator = given.unwrap_or(&known().newline);
    let Some(length) = separator.bytes_length().filter(|length| *length > 0) else {
        return Ok(none);
    };
    // SAFETY: both are live and as long as they say; nothing runs meanwhile.
    let found = unsafe {
        let (start, size) = (PyByteArray_AsString(buffer.ptr()), length_of(buffer) as usize);
        let wanted = PyBytes_AsString(separator.ptr());
        let at = libc::memmem(start.cast(), size, wanted.cast(), length as usize);
        if at.is_null() {
            return Ok(none);
        }
        at.cast::<u8>().offset_from(start.cast())
    };
    Ok(if found as f64 <= state.limit.or_none().double()? { found + length } else { none })
}

/// Whether drain() has nothing to wait for.
#[inline]
fn is_clear(owner: &Ref) -> Py<bool> {
    let known = known();
    let writer = dict_of(owner)?;
    let (Some(reader), Some(transport), Some(protocol)) = (
        entry(&writer, &known.its_reader)?,
        entry(&writer, &known.transport)?,
        entry(&writer, &known.its_protocol)?,
    ) else {
        return Ok(false);
    };
    if !is_ours(&reader) || protocol.kind().cast() != known.protocol.ptr() {
        return Ok(false);
    }
    let Some(held) = Held::of(&reader)? else { return Ok(false) };
    if !held.state().exception.is_empty_or_none() || is_closing(&transport)? {
        return Ok(false);
    }
    // SAFETY: only the address is taken.
    let no = unsafe { Py_False() };
    let protocol = dict_of(&protocol)?;
    for name in [&known.connection_lost, &known.paused] {
        if entry(&protocol, name)?.is_none_or(|found| found.ptr() != no) {
            return Ok(false);
        }
    }
    Ok(entry(&protocol, &known.functions[Kind::Drain as usize][1].name)?.is_none())
}

#[inline]
fn is_closing(transport: &Ref) -> Py<bool> {
    if transport.kind() == STREAM.class() {
        return Ok(Stream::of(transport).closing.get());
    }
    call_method(transport, &known().is_closing)?.truth()
}

/// A call of a method of ours, by whatever arguments.
#[inline]
fn called(kind: Kind, slf: &Obj, values: *const Obj, count: Py_ssize_t, by_name: &Obj) -> Obj {
    enter(|| {
        // SAFETY: as the interpreter calls a fast method; self is live for the call.
        let (me, args) = unsafe { (Ref::view(slf), Args::new(values, count, by_name)) };
        let given = args.positional();
        let fits = !args.has_names()
            && match kind {
                Kind::Drain => given.is_empty(),
                Kind::Wait | Kind::ReadExactly => given.len() == 1,
                Kind::Read | Kind::ReadUntil => given.len() <= 1,
                Kind::ReadLine => given.is_empty(),
            };
        if fits && known().functions[kind as usize].iter().all(Function::stands) {
            if kind == Kind::Drain {
                return awaited::made(kind, me, None, None);
            }
            if let Some(held) = Held::of(me)? {
                return awaited::made(kind, me, Some(held), given.first());
            }
        }
        by_asyncio(kind, me, &args)
    })
}

/// As if ours were not there.
#[cold]
fn by_asyncio(kind: Kind, me: &Ref, args: &Args) -> Py {
    let known = known();
    let class = if kind == Kind::Drain { &known.our_writer } else { &known.our_reader };
    let method = known.super_.call(&[class, me])?.attr(&known.functions[kind as usize][0].name)?;
    method.call_named(&tuple_of(args.positional())?, &args.dict()?)
}

macro_rules! methods {
    ($($name:ident $kind:ident;)*) => {
        $(unsafe extern "C" fn $name(slf: Obj, v: *const Obj, n: Py_ssize_t, k: Obj) -> Obj {
            called(Kind::$kind, &slf, v, n, &k)
        })*
    };
}

methods! {
    wait_for_data Wait;
    read Read;
    readexactly ReadExactly;
    readuntil ReadUntil;
    readline ReadLine;
    drain Drain;
}

// How a stream becomes one of ours.

/// Give the reader of a protocol, and its writer, our methods. Both are asyncio's own so far.
#[cold]
pub fn adopt(protocol: &Ref, reader: &Ref) -> Py<()> {
    let known = known();
    let usual = reader.kind().cast() == known.reader.ptr()
        && known.functions.iter().flatten().chain(&known.others).all(Function::stands);
    if !usual || !Held::begin(reader)? {
        return Ok(());
    }
    set_class(reader, &known.our_reader)?;
    Held::clean(reader)?;
    let writer = protocol.attr(&known.its_writer)?;
    if writer.kind().cast() == known.writer.ptr() {
        set_class(&writer, &known.our_writer)?;
    }
    Ok(())
}

fn set_class(object: &Ref, class: &Ref) -> Py<()> {
    // SAFETY: all three are live.
    match unsafe { PyObject_SetAttr(object.ptr(), known().class.ptr(), class.ptr()) } {
        0 => Ok(()),
        _ => Err(Raised),
    }
}

/// Whether it is a reader of our class.
#[inline]
pub fn is_ours(reader: &Ref) -> bool {
    reader.kind().cast() == known().our_reader.ptr()
}

/// A subclass of a stream's class that looks like it, with methods of ours.
fn subclass(base: &Ref, ours: Vec<PyMethodDef>) -> Py {
    let class = slow(c"stream_class", &[base])?;
    add_methods(&class, ours)?;
    Ok(class)
}

/// How asyncio's futures are awaited, without a look for the method.
fn future_slot() -> Option<unsafe extern "C-unwind" fn(Obj) -> Obj> {
    // SAFETY: a live type; the slot has that shape where there is one.
    unsafe { std::mem::transmute(PyType_GetSlot(names().future.ptr().cast(), Py_am_await)) }
}

/// Look everything up.
pub fn load() -> Py<()> {
    let streams = import(c"asyncio.streams")?;
    let (reader, writer) = (streams.named(c"StreamReader")?, streams.named(c"StreamWriter")?);
    let protocol = streams.named(c"StreamReaderProtocol")?;
    let several = |names: &[&CStr]| -> Py<Vec<Function>> {
        names.iter().map(|name| Function::of(&reader, name)).collect()
    };
    let our_reader = subclass(
        &reader,
        vec![
            described(
                c"_wait_for_data($self, func_name)\n--\n\n",
                c"_wait_for_data",
                wait_for_data,
            ),
            described(c"read($self, n=-1)\n--\n\n", c"read", read),
            described(c"readexactly($self, n)\n--\n\n", c"readexactly", readexactly),
            described(c"readuntil($self, separator=b'\\n')\n--\n\n", c"readuntil", readuntil),
            described(c"readline($self)\n--\n\n", c"readline", readline),
        ],
    )?;
    reader_state::make(&our_reader)?;
    let found = Known {
        functions: [
            several(&[c"_wait_for_data"])?,
            several(&[c"read"])?,
            several(&[c"readexactly"])?,
            several(&[c"readuntil"])?,
            several(&[c"readline", c"readuntil"])?,
            vec![Function::of(&writer, c"drain")?, Function::of(&protocol, c"_drain_helper")?],
        ],
        others: several(&[c"exception", c"_maybe_resume_transport"])?,
        our_reader,
        our_writer: subclass(&writer, vec![described(c"drain($self)\n--\n\n", c"drain", drain)])?,
        reader,
        writer,
        protocol,
        paused: intern(c"_paused")?,
        resume: intern(c"_maybe_resume_transport")?,
        await_future: future_slot(),
        transport: intern(c"_transport")?,
        its_reader: intern(c"_reader")?,
        its_protocol: intern(c"_protocol")?,
        its_writer: intern(c"_stream_writer")?,
        connection_lost: intern(c"_connection_lost")?,
        is_closing: intern(c"is_closing")?,
        await_: intern(c"__await__")?,
        // SAFETY: one byte; a new reference.
        newline: unsafe { Ref::new(PyBytes_FromStringAndSize(c"\n".as_ptr(), 1)) }?,
        super_: import(c"builtins")?.named(c"super")?,
        class: intern(c"__class__")?,
        coroutine: import(c"types")?.named(c"CoroutineType")?,
        throw: intern(c"throw")?,
        close: intern(c"close")?,
        name: intern(c"__name__")?,
        qualname: intern(c"__qualname__")?,
    };
    // SAFETY: nothing reads it before this returns.
    unsafe { KNOWN.fill(found) };
    awaited::make()
}
