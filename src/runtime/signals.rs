//! Signals as events of a worker: read from a descriptor, so that no handler is installed.
//!
//! Owns: the descriptor. Invariant: a signal is only watched where the thread blocks it, or the
//! kernel would act on it as always.

use super::core::Core;
use super::kind;
use super::worker::Worker;
use super::{Door, Event};
use crate::error::{ESTALE, Fault};
use crate::ring::{Op, opcode};
use crate::sys::process::{Signals, next_signal};
use std::os::fd::{AsRawFd, OwnedFd};

/// Signals told per turn at most; the rest waits in the kernel.
const SIGNALS: u32 = 64;

/// What a worker watches.
#[derive(Default)]
pub(super) struct Watched {
    set: Signals,
    fd: Option<OwnedFd>,
    /// The ring watches.
    armed: bool,
}

impl Worker {
    /// Tell of a signal, or (`watch` false) do so no more.
    pub fn signal_watch(&self, signo: i32, watch: bool) -> Result<(), Fault> {
        let core = &mut *self.core.borrow_mut();
        let watched = core.watched.get_or_insert_with(Box::default);
        let set = watched.set.with(signo, watch).filter(|_| signo > 0);
        let set = set.ok_or_else(|| Fault::errno(libc::EINVAL, "there is no such signal"))?;
        match (watch, watched.set.has(signo)) {
            (true, true) => {
                return Err(Fault::errno(libc::EALREADY, "the worker watches this signal already"));
            }
            (false, false) => {
                return Err(Fault::new(ESTALE, "the worker does not watch this signal"));
            }
            _ => {}
        }
        if watch && matches!(signo, libc::SIGKILL | libc::SIGSTOP) {
            return Err(Fault::errno(libc::EINVAL, "nobody can watch this signal"));
        }
        if watch && !Signals::blocked().has(signo) {
            let why = "block the signal first, in all threads (pthread_sigmask)";
            return Err(Fault::errno(libc::EPERM, why));
        }
        let refused = |errno| Fault::errno(errno, "no descriptor for signals");
        if let Some(fd) = set.descriptor(watched.fd.as_ref()).map_err(refused)? {
            watched.fd = Some(fd);
        }
        watched.set = set;
        core.watch_signals();
        Ok(())
    }

    pub(super) fn complete_signals(&self, door: &impl Door) {
        // Once: what the user watches meanwhile arms it again.
        if let Some(watched) = &mut self.core.borrow_mut().watched {
            watched.armed = false;
        }
        for _ in 0..SIGNALS {
            let next = {
                let core = &*self.core.borrow();
                core.watched.as_ref().and_then(|watched| watched.fd.as_ref().and_then(next_signal))
            };
            let Some((signo, sender)) = next else { break };
            door.tell(self, Event::Signalled { signo, sender });
        }
        self.core.borrow_mut().watch_signals();
    }
}

impl Core {
    /// Have the ring tell when a signal came.
    pub(super) fn watch_signals(&mut self) {
        let Some(watched) = &self.watched else { return };
        let Some(fd) = watched.fd.as_ref().filter(|_| !watched.armed) else { return };
        let op = Op {
            opcode: opcode::POLL_ADD,
            fd: fd.as_raw_fd(),
            op_flags: libc::POLLIN as u32,
            user_data: kind::SIGNAL << kind::SHIFT,
            ..Op::default()
        };
        let armed = self.submit(&op).is_ok();
        self.again |= !armed;
        if let Some(watched) = &mut self.watched {
            watched.armed = armed;
        }
    }
}
