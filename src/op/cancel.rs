//! Cancelling: asking, never giving memory back. The FINAL of the target does that.

use super::engine::Engine;
use super::route;
use crate::error::{ENOTSUP_KERNEL, ESTALE, Fault};
use crate::ring::{Lifecycle, bits};
use crate::sys::Features;

impl Engine {
    /// Ask for the operation of `token` to end.
    pub fn cancel(&mut self, token: u64) -> Result<(), Fault> {
        let Some(index) = self.driver.slab.find(token) else {
            return Err(Fault::new(ESTALE, "the operation is gone already"));
        };
        self.cancel_slot(index)
    }

    pub(super) fn cancel_slot(&mut self, index: u32) -> Result<(), Fault> {
        let slot = *self.driver.slab.get(index);
        match (slot.route, slot.state) {
            (route::TIMER, _) => {
                self.cancel_timer(index);
                Ok(())
            }
            (route::CLOSE, _) => {
                Err(Fault::errno(libc::EALREADY, "a close cannot be cancelled; it ends by itself"))
            }
            (_, Lifecycle::Live) => self.driver.cancel(index),
            _ => Ok(()),
        }
    }

    /// Ask for everything on descriptor `fd` to end; returns how many operations were asked.
    pub fn cancel_fd(&mut self, fd: i32) -> Result<u32, Fault> {
        let mut asked = 0;
        for index in 0..self.driver.slab.touched() {
            let slot = *self.driver.slab.get(index);
            let here = slot.fd == fd && slot.bits & bits::FIXED == 0;
            if slot.state == Lifecycle::Live && here && slot.route != route::CLOSE {
                self.driver.cancel(index)?;
                asked += 1;
            }
        }
        Ok(asked)
    }

    /// Ask for everything to end; returns how many operations were asked.
    pub fn cancel_all(&mut self) -> Result<u32, Fault> {
        let features = self.driver.enter.backend_ref().info().features;
        let at_once = features.has(Features::CANCEL_ANY);
        let mut asked = 0;
        for index in 0..self.driver.slab.touched() {
            let slot = *self.driver.slab.get(index);
            if slot.state == Lifecycle::Free || slot.route == route::CLOSE {
                continue;
            }
            asked += 1;
            if at_once && slot.state == Lifecycle::Live {
                self.driver.slab.get(index).bits |= bits::CANCELLED;
            } else {
                self.cancel_slot(index)?;
            }
        }
        // One entry suffices, also for what is staged: the kernel takes entries in order.
        if at_once && asked > 0 {
            self.driver.cancel_everything()?;
        }
        Ok(asked)
    }

    /// Ask and wait for the kernel's verdict.
    pub fn cancel_sync(&mut self, token: u64, timeout_ns: i64) -> Result<(), Fault> {
        let Some(index) = self.driver.slab.find(token) else {
            return Err(Fault::new(ESTALE, "the operation is gone already"));
        };
        let slot = *self.driver.slab.get(index);
        if slot.route == route::TIMER || slot.route == route::CLOSE {
            return self.cancel_slot(index);
        }
        let features = self.driver.enter.backend_ref().info().features;
        if !features.has(Features::CANCEL_SYNC) {
            return Err(Fault::new(ENOTSUP_KERNEL, "cancel_sync needs Linux 6.0"));
        }
        self.driver.flush()?;
        self.driver.slab.get(index).bits |= bits::CANCELLED;
        match self.driver.enter.backend().cancel_sync(token, timeout_ns) {
            0 => Ok(()),
            libc::ENOENT => Err(Fault::new(ESTALE, "the operation ended before the cancel")),
            errno => Err(Fault::errno(errno, "the kernel could not cancel the operation")),
        }
    }
}
