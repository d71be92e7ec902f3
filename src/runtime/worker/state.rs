//! A worker: one thread, one ring, and the connections on it.
//!
//! Owns: the core, and which bytes are shown just now.

use super::core::Core;
use crate::runtime::connection::Taking;
use crate::runtime::shared::Shared;
use core::cell::RefCell;
use core::sync::atomic::Ordering;
use std::sync::Arc;

/// One worker of a runtime.
pub struct Worker {
    pub(super) core: RefCell<Core>,
    pub(super) shared: Arc<Shared>,
    pub(super) taking: Taking,
    pub(super) index: u32,
}

impl Worker {
    pub(super) fn new(core: Core, shared: Arc<Shared>, index: u32) -> Worker {
        Worker { core: RefCell::new(core), shared, taking: Taking::default(), index }
    }

    /// Which of the runtime's workers it is.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Have the runtime of this worker end: see [`Shared::stop`].
    pub fn stop_runtime(&self) {
        let grace_ns = self.shared.config().close_timeout_ns;
        self.shared.stop(grace_ns.try_into().unwrap_or(i64::MAX));
    }

    /// The runtime's number, by which a door knows that a worker is meant.
    pub fn runtime(&self) -> u64 {
        self.shared.handle.load(Ordering::Relaxed)
    }
}
