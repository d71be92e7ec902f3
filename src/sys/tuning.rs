//! Knobs of a kernel ring: busy polling of network devices, worker threads, an eventfd.
//!
//! Owns: the records of these register calls. Turned seldom, never on the way of an operation.

use super::rings::Rings;

const REGISTER_EVENTFD: u32 = 4;
const UNREGISTER_EVENTFD: u32 = 5;
const REGISTER_IOWQ_AFF: u32 = 17;
const UNREGISTER_IOWQ_AFF: u32 = 18;
const REGISTER_IOWQ_MAX_WORKERS: u32 = 19;
const REGISTER_NAPI: u32 = 27;
const UNREGISTER_NAPI: u32 = 28;

/// struct io_uring_napi.
#[repr(C)]
#[derive(Default)]
struct Napi {
    busy_poll_to: u32,
    prefer_busy_poll: u8,
    opcode: u8,
    pad: [u8; 2],
    op_param: u32,
    resv: u32,
}

const _: () = assert!(size_of::<Napi>() == 16);

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
    pub(super) fn turn(&mut self, rings: &Rings) -> i32 {
        let done = match self {
            Tuning::Napi { busy_poll_us: 0, .. } => {
                let mut record = Napi::default();
                // SAFETY: one record, filled with what was set before.
                unsafe { rings.register(UNREGISTER_NAPI, (&raw mut record).cast(), 1) }
            }
            Tuning::Napi { busy_poll_us, prefer } => {
                let mut record = Napi {
                    busy_poll_to: *busy_poll_us,
                    prefer_busy_poll: u8::from(*prefer),
                    ..Napi::default()
                };
                // SAFETY: one record, which the kernel may write back.
                unsafe { rings.register(REGISTER_NAPI, (&raw mut record).cast(), 1) }
            }
            Tuning::Workers(counts) => {
                // SAFETY: two numbers, read and written back.
                unsafe { rings.register(REGISTER_IOWQ_MAX_WORKERS, counts.as_mut_ptr().cast(), 2) }
            }
            Tuning::Affinity([]) => {
                // SAFETY: no argument.
                unsafe { rings.register(UNREGISTER_IOWQ_AFF, core::ptr::null(), 0) }
            }
            Tuning::Affinity(mask) => {
                // SAFETY: so many bytes that the kernel only reads.
                unsafe {
                    rings.register(REGISTER_IOWQ_AFF, mask.as_ptr().cast(), mask.len() as u32)
                }
            }
            Tuning::Eventfd(-1) => {
                // SAFETY: no argument.
                unsafe { rings.register(UNREGISTER_EVENTFD, core::ptr::null(), 0) }
            }
            Tuning::Eventfd(fd) => {
                // SAFETY: one descriptor that the kernel only reads.
                unsafe { rings.register(REGISTER_EVENTFD, (&raw const *fd).cast(), 1) }
            }
        };
        -done.min(0)
    }
}
