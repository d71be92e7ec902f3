//! The engine: one ring with its operations, pools and the completed list.
//!
//! Owns: the driver and the pools, from their making to their end. Never calls user code: callbacks
//! wait in the completed list for the floor above.

use super::completed::Completed;
use super::foreign::Alarm;
use super::marks::Marks;
use super::pools::Pools;
use super::prepare::Classes;
use super::zero_copy::Copies;
use crate::driver::{Driver, Mailbox, signal};
use crate::fault::Fault;
use crate::resource::{self, Files, Regions};
use crate::sys::{Backend, current_thread};
use std::sync::Arc;

/// Sizes of an engine.
#[derive(Clone, Copy, Debug)]
pub struct EngineConfig {
    /// Operations in flight at most.
    pub max_inflight: u32,
    /// Completions shown per turn at most.
    pub records: u32,
}

/// Where the completions of an operation go: to a callback, or (0) to the records.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sink {
    /// Address of the callback; 0 = records.
    pub callback: u64,
    /// Its context.
    pub ctx: u64,
}

/// One ring.
pub struct Engine {
    /// Below: slots, timers, the kernel.
    pub driver: Driver,
    /// Completions not yet seen.
    pub completed: Completed,
    pub(super) pools: Pools,
    pub(super) classes: Classes,
    /// Those with a SEND_ALL running.
    pub(super) senders: Marks,
    pub(super) regions: Regions,
    pub(super) files: Files,
    pub(super) copies: Copies,
    /// What other threads ask for; made when somebody wants to ask.
    pub mail: Option<Arc<Mailbox>>,
    pub(super) alarm: Alarm,
    /// The eventfd of a foreign loop is the library's.
    pub(super) owns_eventfd: bool,
    /// Why and where the last batch stopped.
    pub(super) rejected: Fault,
    pub(super) rejected_at: u32,
    /// Operations of this turn that the kernel did not take and that were taken back; set back by
    /// whoever tells the user.
    pub taken_back: u32,
    /// Set by a runtime, which obeys WAKE itself: what is received into this pool comes as a claim,
    /// of which it makes a lease where one is needed.
    pub claims: Option<u16>,
    /// When the wait of a limited turn began.
    pub(super) began: u64,
}

impl Engine {
    /// An engine over `backend`; the errno on failure.
    pub fn with_backend(backend: Box<dyn Backend>, config: &EngineConfig) -> Result<Engine, i32> {
        let info = *backend.info();
        Ok(Engine {
            completed: Completed::new(config.records)?,
            senders: Marks::default(),
            copies: Copies::default(),
            classes: Classes::new(&info),
            pools: Pools::default(),
            regions: Regions::default(),
            files: Files::default(),
            driver: Driver::new(backend, config.max_inflight)?,
            mail: None,
            alarm: Alarm::default(),
            owns_eventfd: false,
            rejected: Fault { code: 0, context: "" },
            rejected_at: 0,
            taken_back: 0,
            began: 0,
            claims: None,
        })
    }

    /// Bind to the calling thread; 0 or an errno.
    pub fn attach(&mut self) -> i32 {
        let errno = self.driver.attach();
        if errno == 0 {
            self.pools.set_owner(current_thread());
        }
        errno
    }

    /// Let go of the thread: drop the kernel ring and stand on `backend`, which is not bound yet
    /// and to which [`Engine::move_tables`] has moved the files. Nothing may be in flight.
    pub fn detach(&mut self, backend: Box<dyn Backend>) -> Result<(), Fault> {
        debug_assert!(self.driver.slab.live() == 0);
        self.pools.set_owner(0);
        self.driver.replace(backend);
        self.regions.register_all(self.driver.enter.backend())?;
        self.pools.register_all(self.driver.enter.backend())
    }

    /// Operations in flight.
    pub fn inflight(&self) -> u32 {
        self.driver.slab.live()
    }

    /// Ask everything to end; completions still come by [`Engine::turn`].
    pub fn begin_close(&mut self) -> Result<(), Fault> {
        self.driver.closing = true;
        if let Some(mail) = &self.mail {
            mail.refuse_ops();
        }
        self.cancel_all().map(drop)
    }

    /// Take the stop signal down; true if it was up.
    pub fn take_stop(&self) -> bool {
        self.driver.wake.signals() & signal::STOP != 0 && self.driver.wake.lower(signal::STOP) != 0
    }

    /// End of the engine. With `forced`, the kernel may still write into pools: they are kept
    /// until it is seen to be done.
    pub fn dispose(mut self, forced: bool) {
        let pools = self.pools.take();
        let lent = !pools.is_empty() || !self.regions.is_empty();
        if !forced || !lent {
            drop(self);
            drop(pools);
        } else {
            let place = self.files.last_slot();
            let tombstone = self.driver.enter.backend().open_tombstone(place);
            let regions = self.regions.memories();
            drop(self);
            resource::bury(tombstone, pools, regions);
        }
        resource::reclaim();
    }
}
