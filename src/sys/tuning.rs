//! Knobs of a kernel ring: busy polling of network devices, worker threads, an eventfd.
//!
//! Owns: the choice of these register calls. Turned seldom, never on the way of an operation.

use super::rings::{Ring, outcome};
use super::uapi;
use io_uring::types::Napi;

/// One knob.
pub enum Tuning<'a> {
    /// Poll the network devices of the ring's sockets for so long before sleeping; 0 = do not.
    Napi {
        /// Microseconds.
        busy_poll_us: u32,
        /// Keep their interrupts off meanwhile.
        prefer: bool,
    },
    /// Most worker threads of the calling thread, for files and for everything else; 0 keeps a
    /// number. What they were before is written back.
    Workers([u32; 2]),
    /// The CPUs of the worker threads, one bit each; empty = those of the calling thread.
    Affinity(&'a [u8]),
    /// An eventfd that the kernel writes for every completion; -1 = none.
    Eventfd(i32),
}

impl Tuning<'_> {
    /// Turn the knob on a ring; 0 or an errno.
    pub(super) fn turn(&mut self, ring: &Ring) -> i32 {
        let submitter = ring.submitter();
        outcome(match self {
            Tuning::Napi { busy_poll_us: 0, .. } => submitter.unregister_napi(&mut Napi::new()),
            Tuning::Napi { busy_poll_us, prefer } => {
                let wish = Napi::new().set_busy_poll_timeout(*busy_poll_us);
                submitter.register_napi(&mut wish.set_prefer_busy_poll(*prefer))
            }
            Tuning::Workers(counts) => submitter.register_iowq_max_workers(counts),
            Tuning::Affinity([]) => submitter.unregister_iowq_aff(),
            Tuning::Affinity(mask) => return bind_workers(ring, mask),
            Tuning::Eventfd(-1) => submitter.unregister_eventfd(),
            Tuning::Eventfd(fd) => submitter.register_eventfd(*fd),
        })
    }
}

/// Bind the worker threads to the CPUs of a mask of any length; 0 or an errno.
fn bind_workers(ring: &Ring, mask: &[u8]) -> i32 {
    let (first, len) = (mask.as_ptr().cast(), mask.len() as u32);
    // SAFETY: so many bytes that the kernel only reads.
    -unsafe { ring.register(uapi::register::IOWQ_AFF, first, len) }.min(0)
}
