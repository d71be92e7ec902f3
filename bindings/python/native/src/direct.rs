//! Receives of a stream transport by calls: straight into the bytes that its protocol gets.
//!
//! Owns the count that tells which connections receive so, the same as that of `_direct.py`, where
//! it is said why; and the usual case of such a receive. The Python methods do all else, on the
//! same members: ends, errors, buffers of the protocol's own. Invariant: a call takes no more than
//! `MOST`, so that the others have their turn.

use crate::abi::*;
use crate::dispatch::call_python;
use crate::engine::Engine;
use crate::names::{stream_names, tell};
use crate::py::*;
use crate::python::*;
use crate::reader::{self, Source};
use crate::stream::{MOST, Stream, behind, fatal};
use crate::table::Kind;
use crate::tls;
use std::ffi::c_int;
use std::ptr::null;

/// So many bytes at once are much, and so few are little.
pub const MUCH: usize = 32768;
const LITTLE: usize = 16384;
/// So often much comes in a row before it is received by calls, and what the count is then: so
/// often little may come, with nothing large in between, before it is one below the first again.
pub const CALLS: c_int = 2;
const LASTS: c_int = 9;
const POLL_ADD: u8 = 6;

/// A receive of the pool brought so much: after large ones the next are by calls. Not below TLS,
/// which copies what it gets from the pool itself.
#[cold]
pub fn brought(part: &Stream, engine: &Engine, protocol: &Ref, size: usize) {
    let count = part.large.get();
    if count >= CALLS {
        return; // What came before the receive had ended.
    }
    part.large.set(if size >= MUCH && !tls::serves(protocol) { count + 1 } else { 0 });
    if part.large.get() == CALLS {
        part.large.set(LASTS);
        if part.recv_id.get() != 0 && engine.cancel(part.recv_id.get()).is_err() {
            // SAFETY: only the error that is set is taken back: a closed engine's.
            unsafe { PyErr_Clear() };
        }
    }
}

/// A call brought so much: where little comes, the next receives are of the pool.
#[inline]
fn took(part: &Stream, size: usize) {
    if size >= MUCH {
        part.large.set(LASTS);
    } else if size < LITTLE {
        let count = part.large.get() - 1;
        part.large.set(if count < CALLS { 0 } else { count });
    }
}

/// Wait for something to receive.
#[inline]
pub fn wait(part: &Stream, me: &Ref) -> Py<()> {
    let Some(engine) = part.engine.get() else { return Ok(()) };
    let op =
        Op { opcode: POLL_ADD, fd: part.fd.get(), op_flags: libc::POLLIN as u32, ..Op::default() };
    let native = Engine::checked(&engine)?;
    part.recv_id.set(native.stage(&engine, op, me.clone(), None, Kind::Poll, true)?);
    Ok(())
}

/// There is something to receive, or the poll is over.
#[inline]
pub fn came(me: &Ref, engine: &Engine, res: i32, record: &Record) -> Py<()> {
    let part = Stream::of(me);
    let usual = res > 0 && part.large.get() >= CALLS && part.open();
    let (true, Some(protocol), Some(context)) = (usual, part.protocol.get(), part.context.get())
    else {
        return by_python(me, res, record);
    };
    let done = match take(part.fd.get()) {
        Ok(Some(data)) => {
            part.recv_id.set(0);
            part.got_at.set(engine.turns.get());
            took(part, data.bytes_length().unwrap_or(0) as usize);
            tell_of(me, part, &protocol, &context, data)
        }
        // The end, an error, or nothing: all of which another call tells.
        Ok(None) => return by_python(me, res, record),
        Err(Raised) => {
            part.recv_id.set(0);
            fatal(me, &stream_names().fatal_read).map(drop)
        }
    };
    behind(done, || part.read(me))
}

#[inline]
fn tell_of(me: &Ref, part: &Stream, protocol: &Ref, context: &Ref, data: Ref) -> Py<()> {
    let names = stream_names();
    match reader::feed(&part.looked, protocol, Whole(data)) {
        Ok(None) => Ok(()),
        Ok(Some(Whole(data))) => {
            let call = || protocol.method_one(&names.data_received, &data);
            tell(context, call).or_else(|_| fatal(me, &names.fatal_text)).map(drop)
        }
        Err(Raised) => fatal(me, &names.fatal_text).map(drop),
    }
}

#[cold]
fn by_python(me: &Ref, res: i32, record: &Record) -> Py<()> {
    call_python(&me.named(c"_came")?, res, record)
}

/// What a socket has, up to `MOST`; None where the call says anything else.
#[inline]
fn take(fd: c_int) -> Py<Option<Ref>> {
    let mut size: c_int = 0;
    // SAFETY: FIONREAD writes an int.
    if unsafe { libc::ioctl(fd, libc::FIONREAD, &mut size) } != 0 || size <= 0 {
        return Ok(None);
    }
    let size = (size as usize).min(MOST);
    // SAFETY: a new reference; its bytes are written below, before anybody sees it.
    let data = unsafe { Ref::new(PyBytes_FromStringAndSize(null(), size as isize)) }?;
    // SAFETY: a bytes object of that size, which nobody else has.
    let got = unsafe {
        let place = PyBytes_AsString(data.ptr());
        libc::recv(fd, place.cast(), size, libc::MSG_DONTWAIT)
    };
    if got == size as isize {
        return Ok(Some(data));
    }
    if got <= 0 {
        return Ok(None);
    }
    // It ends where descriptors came along, or before urgent data.
    // SAFETY: the first `got` bytes are written; a new reference.
    unsafe { Ref::new(PyBytes_FromStringAndSize(PyBytes_AsString(data.ptr()), got)) }.map(Some)
}

/// Received bytes.
struct Whole(Ref);

impl Source for Whole {
    fn total(&self) -> usize {
        self.0.bytes_length().unwrap_or(0) as usize
    }

    unsafe fn copy_to(self, place: *mut u8) {
        let size = self.total();
        // SAFETY: a bytes object of that size, and room for it, as the caller promises.
        unsafe { place.copy_from_nonoverlapping(PyBytes_AsString(self.0.ptr()).cast(), size) };
    }

    fn drop_all(self) {}
}
