//! A completion and what it goes to.
//!
//! Invariant: what an operation held is let go after its last callback, and kept for ever where
//! the kernel still has it.

use crate::abi::*;
use crate::datagram;
use crate::direct;
use crate::engine::Engine;
use crate::names::slow;
use crate::py::*;
use crate::python::*;
use crate::stream;
use crate::table::Kind;

/// Call what a completion is for.
#[inline]
pub fn completion(me: &Ref, engine: &Engine, record: Record) -> Py<()> {
    if record.flags & CF_FINAL != 0 {
        let Some(entry) = engine.table(|table| table.remove(record.user_data)) else {
            return Ok(());
        };
        let res = Engine::shown(record.res, entry.dropped);
        let abandoned = record.flags & CF_ABANDONED != 0;
        if let Some(keep) = entry.keep.as_ref().filter(|_| abandoned) {
            slow(c"abandoned", &[keep])?;
        }
        return call(me, engine, &entry.target, entry.kind, res, &record);
    }
    let found =
        engine.table(|table| table.get(record.user_data).map(|one| (one.target.clone(), one.kind)));
    match found {
        Some((target, kind)) => call(me, engine, &target, kind, record.res, &record),
        None => Ok(()),
    }
}

#[inline]
fn call(me: &Ref, engine: &Engine, target: &Ref, kind: Kind, res: i32, record: &Record) -> Py<()> {
    let done = match kind {
        Kind::Call => call_python(target, res, record),
        Kind::Receive => stream::received(target, engine, res, record),
        Kind::Poll => direct::came(target, engine, res, record),
        Kind::Send => stream::sent(target, res, record),
        Kind::Datagram => datagram::received(target, engine, res, record),
    };
    if done.is_ok() { Ok(()) } else { failed(me) }
}

/// Call `callback(res, flags, data, token)`.
pub fn call_python(target: &Ref, res: i32, record: &Record) -> Py<()> {
    // SAFETY: four new references.
    let numbers = unsafe {
        [
            Ref::new(PyLong_FromLong(res.into()))?,
            Ref::new(PyLong_FromUnsignedLongLong(record.flags.into()))?,
            Ref::new(PyLong_FromUnsignedLongLong(record.data))?,
            Ref::new(PyLong_FromUnsignedLongLong(record.token))?,
        ]
    };
    target.call_tuple(&tuple_of(&numbers)?).map(drop)
}

/// What a callback raised goes to the engine's `on_error`, unless it is to end the program.
#[cold]
fn failed(me: &Ref) -> Py<()> {
    // SAFETY: both live for ever.
    let (exit, interrupt) = unsafe { (PyExc_SystemExit, PyExc_KeyboardInterrupt) };
    if raised_is(exit) || raised_is(interrupt) {
        return Err(Raised);
    }
    let error = caught()?;
    slow(c"completion_failed", &[me, &error]).map(drop)
}
