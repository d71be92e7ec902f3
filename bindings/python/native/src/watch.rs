//! The poll that tells of readers and writers: an epoll's, in which Python has them.
//!
//! Owns nothing: the members are the engine's. Invariant: while something is watched, a turn begins
//! with its poll in flight, or with its completion not dispatched.

use crate::abi::*;
use crate::engine::Engine;
use crate::engine_type::{on, signed};
use crate::py::*;
use crate::python::*;
use crate::table::Kind;
use crate::types::Args;

/// IORING_OP_POLL_ADD.
const POLL_ADD: u8 = 6;

impl Engine {
    /// Whether the poll that tells of readers and writers has told.
    pub fn came_watched(&self) -> bool {
        self.watch_fd.get() >= 0 && self.ended(self.watched.get())
    }

    /// Poll again what tells of readers and writers, with this turn. Whether there was room.
    pub fn watch(&self, me: &Ref) -> Py<bool> {
        let Some(watcher) = self.watcher.get() else { return Ok(true) };
        if self.staged() >= self.block()?.ops_cap {
            return Ok(false);
        }
        let (fd, op_flags) = (self.watch_fd.get(), libc::POLLIN as u32);
        let op = Op { opcode: POLL_ADD, fd, op_flags, ..Op::default() };
        self.watched.set(self.stage(me, op, watcher, None, Kind::Call, true)?);
        Ok(true)
    }
}

/// `watch(fd, callback)`: poll it from now on, one time after the other; -1 and None end that.
pub unsafe extern "C" fn watch(slf: Obj, v: *const Obj, n: Py_ssize_t, k: Obj) -> Obj {
    on(&slf, |me, engine| {
        // SAFETY: as the interpreter calls a fast method.
        let args = unsafe { Args::new(v, n, &k) };
        let [fd, callback] = args.positional() else {
            return Err(type_error(c"watch() takes a descriptor and a callback"));
        };
        let fd = signed(fd)?;
        engine.watch_fd.set(fd);
        engine.watcher.set((fd >= 0).then(|| callback.clone()));
        // At once, as another thread may sleep in a turn.
        if fd >= 0 {
            engine.watch(me)?;
        }
        Ok(Ref::none())
    })
}
