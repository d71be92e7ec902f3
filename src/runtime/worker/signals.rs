//! Signals that a worker watches, and tells.
//!
//! Owns: nothing. Invariant: a signal is only watched where the thread blocks it, or the kernel
//! would act on it as always.

use super::core::Core;
use super::event::{Door, Event};
use super::state::Worker;
use crate::fault::{ESTALE, Fault};
use crate::sys::process::{Signals, next_signal};

/// Signals told per turn at most; the rest waits in the kernel.
const SIGNALS: u32 = 64;

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
        if let Some(watched) = &mut self.watched {
            watched.watch(&mut self.connections);
        }
    }
}
