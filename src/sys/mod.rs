//! The kernel and nothing else.
//!
//! Owns: the seam [`Backend`] with its side [`Real`] (io_uring) and, in tests alone, one that
//! follows a seed (`sim`), the probe of what this machine allows, and raw mappings. Never knows
//! what a slot, a pool or a connection is. The clock is in the seam, or no seed would replay.

mod cpu;
pub mod datagram;
mod direct;
mod doctor;
pub mod file;
mod fork;
mod machine;
mod map;
pub mod net;
mod opcodes;
mod output;
mod probe;
pub mod process;
mod queues;
mod real;
mod refused;
mod register;
mod resolve;
mod rings;
mod setup;
#[cfg(any(test, feature = "sim"))]
mod sim;
mod thread;
mod tuning;
pub mod uapi;

pub use cpu::{allowed_cpus, stay_on, without_signals};
pub use direct::{Direct, SHORTLY_US};
pub use doctor::doctor;
pub use fork::{fork_epoch, renew_fork_epoch};
pub use map::{Huge, Map};
pub(crate) use opcodes::each_operation;
pub use opcodes::{KERNEL_OPS, LIBRARY_OPS, is_library_op, op_name, opcode};
pub use output::write_quietly;
pub use probe::{FEATURES, Feature, Features, disabled_by_environment, kernel, supports};
pub use queues::Queues;
pub use real::{Real, new_eventfd};
pub use refused::{Call, Refused, is_forbidden, refusal_text};
pub use resolve::{Resolved, Unresolved, resolve};
pub use setup::{RingSpec, SetupInfo};
#[cfg(any(test, feature = "sim"))]
pub use sim::{Sim, SimPlan};
pub use thread::{NOBODY, ThreadId, current_thread, is_current_thread, thread_is_over};
pub use tuning::Tuning;

/// A submission entry: the 64 bytes of `struct io_uring_sqe`, as words.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sqe(pub [u64; 8]);

/// A completion entry: the 16 bytes of `struct io_uring_cqe`.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cqe {
    /// What the submission carried.
    pub user_data: u64,
    /// Result, or -errno.
    pub res: i32,
    /// IORING_CQE_F_* and the buffer id.
    pub flags: u32,
}

/// A look at the queues without a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// Completions in the queue.
    pub completions: u32,
    /// Deferred work waits for an enter (IORING_SQ_TASKRUN).
    pub task_run: bool,
    /// Completions wait in the kernel because the queue is full (IORING_SQ_CQ_OVERFLOW).
    pub overflow: bool,
}

/// The calling thread's errno.
fn errno() -> i32 {
    // SAFETY: errno is this thread's.
    unsafe { *libc::__errno_location() }
}

/// The errno in an error of the standard library's kind.
fn errno_of(error: std::io::Error) -> i32 {
    error.raw_os_error().unwrap_or(libc::EINVAL)
}

/// The seam between the library and a kernel. One object per ring, used by its owner thread.
///
/// Nothing above `sys` may bypass it: what the simulated side cannot see it cannot break.
pub trait Backend {
    /// What the ring got, and what it can do.
    fn info(&self) -> &SetupInfo;
    /// Bind the ring to the calling thread and start it. Returns 0 or an errno.
    fn enable(&mut self) -> i32;
    /// Where the queues lie: plain memory that lives as long as this object.
    fn queues(&self) -> Queues;
    /// io_uring_enter(2): let the kernel consume `entries` published entries, and no more. Returns
    /// how many were consumed, or -errno; the head of the queue tells the truth about errors too.
    /// On a polled queue (SQPOLL) everything published counts as consumed.
    fn submit(&mut self, entries: u32) -> i32;
    /// As [`Backend::submit`]; then run deferred work, let overflowed completions in, and sleep
    /// until `want` completions are there (0 = do not sleep), for `limit_ns` at most (-1 = no
    /// limit). After `min_wait_us` (6.12; 0 = off) fewer are enough.
    fn enter(&mut self, entries: u32, want: u32, limit_ns: i64, min_wait_us: u32) -> i32;
    /// Look at the queues.
    fn ready(&mut self) -> Ready;
    /// The way past this trait for an enter that waits without a limit, if there is one.
    fn direct(&self) -> Direct {
        Direct::default()
    }
    /// CLOCK_MONOTONIC in nanoseconds.
    fn now(&mut self) -> u64;
    /// Let that much time pass without touching the ring.
    fn pause(&mut self, ns: u64);
    /// shutdown(2) both directions of a connected socket, so that the peer learns of the close
    /// although operations hold the file. Listeners and files that are no sockets are left alone.
    fn hang_up(&mut self, fd: i32);
    /// Cancel synchronously what carries `user_data`; 0 or an errno.
    fn cancel_sync(&mut self, user_data: u64, timeout_ns: i64) -> i32;
    /// Register a ring of provided buffers, which are filled piece by piece if `incremental`; 0 or
    /// an errno.
    ///
    /// # Safety
    /// `ring` must be page-aligned memory of `entries` x 16 bytes that outlives the registration.
    unsafe fn register_pool(
        &mut self,
        group: u16,
        ring: *mut u8,
        entries: u16,
        incremental: bool,
    ) -> i32;
    /// Take a ring of provided buffers back; 0 or an errno.
    fn unregister_pool(&mut self, group: u16) -> i32;
    /// Make an empty table of `count` registered buffers; 0 or an errno.
    fn register_buffers(&mut self, count: u32) -> i32;
    /// Put memory into a place of the table, or take it out with a length of 0; 0 or an errno.
    /// Operations in flight keep what they use.
    ///
    /// # Safety
    /// The memory must live until it is taken out and no operation in flight names its place.
    unsafe fn update_buffer(&mut self, place: u32, address: u64, len: u64) -> i32;
    /// Make an empty table of `count` registered files, of which the kernel chooses from
    /// `direct_from` to the end when asked for any; 0 or an errno.
    fn register_files(&mut self, count: u32, direct_from: u32) -> i32;
    /// Put descriptors into the table of files from `place` on; -1 takes a file out. How many, or
    /// -errno when the first failed. Operations in flight keep the file they use.
    fn update_files(&mut self, place: u32, fds: &[i32]) -> i32;
    /// Make an eventfd for waking this ring from other threads; a descriptor or -errno.
    fn open_wake(&mut self) -> i32;
    /// Write the eventfd: async-signal-safe, errno kept.
    fn wake_writer(&self) -> fn(i32);
    /// Make an eventfd that [`Backend::open_wake`] made unreadable.
    fn drain(&mut self, fd: i32);
    /// Duplicate a descriptor of the caller's; -errno on failure.
    fn duplicate(&mut self, fd: i32) -> i32;
    /// Close a descriptor that an operation of the library's own made.
    fn close(&mut self, fd: i32);
    /// Close a descriptor that [`Backend::open_wake`] made.
    fn close_wake(&mut self, fd: i32);
    /// Register a pipe's write end with the ring and return its read end, which hangs up when the
    /// kernel is really done with the ring after it was closed; -1 where that cannot be had. The
    /// end is registered in `place` of the table of files, if there is one.
    fn open_tombstone(&mut self, place: Option<u32>) -> i32;
    /// Turn a knob of the ring; 0 or an errno.
    fn tune(&mut self, knob: &mut Tuning) -> i32;
}
