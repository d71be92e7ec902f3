//! The real kernel, through the io-uring crate.
//!
//! Owns: one kernel ring. Never keeps an unconsumed entry in the kernel's queue: what one enter
//! did not take is taken out again, so that the caller decides what becomes of it.

use super::setup::{self, RingSpec, SetupInfo};
use super::{Backend, Cqe, Entered, Features, Ready, Sqe, ThreadId, Wait, current_thread, probe};
use core::mem::{ManuallyDrop, MaybeUninit};
use io_uring::{IoUring, cqueue, squeue, types};
use std::os::fd::AsRawFd;

const ENTER_GETEVENTS: u32 = 1;
const ENTER_SQ_WAKEUP: u32 = 2;
const ENTER_SQ_WAIT: u32 = 4;
const ENTER_EXT_ARG: u32 = 8;
const ENTER_REGISTERED_RING: u32 = 16;
const REGISTER_RING_FDS: u32 = 20;
const UNREGISTER_RING_FDS: u32 = 21;
const CQE_SIZE: usize = 16;

// The one place where our 64 and 16 bytes become the crate's: same size, plain data both.
const _: () = assert!(size_of::<Sqe>() == size_of::<squeue::Entry>());
const _: () = assert!(align_of::<Sqe>() >= align_of::<squeue::Entry>());
const _: () = assert!(size_of::<Cqe>() == CQE_SIZE && size_of::<cqueue::Entry>() == CQE_SIZE);
const _: () = assert!(align_of::<Cqe>() >= align_of::<cqueue::Entry>());

/// struct io_uring_getevents_arg.
#[repr(C)]
struct GeteventsArg {
    sigmask: u64,
    sigmask_sz: u32,
    min_wait_usec: u32,
    ts: u64,
}

/// struct io_uring_rsrc_update.
#[repr(C)]
struct Update {
    offset: u32,
    resv: u32,
    data: u64,
}

/// A ring of the running kernel.
pub struct Real {
    ring: IoUring,
    info: SetupInfo,
    /// Index of the registered ring descriptor, or the descriptor itself.
    enter_fd: i32,
    enter_flags: u32,
    /// Thread whose table holds the registered descriptor.
    registered_by: ThreadId,
}

impl Real {
    /// Make a ring, disabled until [`Backend::enable`]. The error is an errno.
    pub fn new(spec: &RingSpec) -> Result<Real, i32> {
        let kernel = probe::kernel()?;
        let (ring, flags) = setup::create(spec)?;
        let fd = ring.as_raw_fd();
        let mut features = kernel.features.without(spec.disable);
        for (needed, feature) in setup::FLAG_FEATURES {
            if flags & needed != needed {
                features = features.without(feature);
            }
        }
        let info = SetupInfo {
            sq_entries: ring.params().sq_entries(),
            cq_entries: ring.params().cq_entries(),
            setup_flags: setup::stuck(flags),
            features,
            fd,
        };
        Ok(Real { ring, info, enter_fd: fd, enter_flags: 0, registered_by: 0 })
    }

    /// Spare the kernel the descriptor lookup on each enter. The registration is per thread, so
    /// it is made by the thread that enables; without it the plain descriptor serves.
    fn register_ring_fd(&mut self) {
        if !self.info.features.has(Features::REGISTERED_RING) {
            return;
        }
        let mut update = Update { offset: u32::MAX, resv: 0, data: self.info.fd as u64 };
        // SAFETY: one update record, written back by the kernel before the call returns.
        let done = unsafe {
            libc::syscall(
                libc::SYS_io_uring_register,
                self.info.fd,
                REGISTER_RING_FDS,
                &mut update,
                1,
            )
        };
        if done == 1 {
            self.enter_fd = update.offset as i32;
            self.enter_flags = ENTER_REGISTERED_RING;
            self.registered_by = current_thread();
        }
    }

    fn enter_call(&self, submit: u32, want: u32, flags: u32, arg: *const GeteventsArg) -> i32 {
        let size = if arg.is_null() { 0 } else { size_of::<GeteventsArg>() };
        // SAFETY: the queue holds entries whose memory the caller of `submit` promised; `arg` is
        // NULL or a record on the caller's stack.
        let done = unsafe {
            libc::syscall(
                libc::SYS_io_uring_enter,
                self.enter_fd,
                submit,
                want,
                flags | self.enter_flags,
                arg,
                size,
            )
        };
        if done < 0 { -errno() } else { done as i32 }
    }

    /// Enter with the wait's timeout in the call (5.11+), or by poll(2) where the kernel cannot.
    #[inline]
    fn wait_call(&self, submit: u32, wait: &Wait, mut flags: u32) -> i32 {
        if wait.want > 0 || wait.get_events {
            flags |= ENTER_GETEVENTS;
        }
        let timed = wait.want > 0 && (wait.timeout_ns >= 0 || wait.min_wait_us > 0);
        if !timed {
            return self.enter_call(submit, wait.want, flags, core::ptr::null());
        }
        if !self.info.features.has(Features::EXT_ARG) {
            return self.wait_by_poll(submit, wait, flags);
        }
        let nanos = wait.timeout_ns.max(0) as u64;
        let limit =
            types::Timespec::new().sec(nanos / 1_000_000_000).nsec((nanos % 1_000_000_000) as u32);
        let min_wait = self.info.features.has(Features::MIN_WAIT);
        let arg = GeteventsArg {
            sigmask: 0,
            sigmask_sz: 0,
            min_wait_usec: if min_wait { wait.min_wait_us } else { 0 },
            ts: if wait.timeout_ns >= 0 { &raw const limit as u64 } else { 0 },
        };
        self.enter_call(submit, wait.want, flags | ENTER_EXT_ARG, &arg)
    }

    #[cold]
    fn wait_by_poll(&self, submit: u32, wait: &Wait, flags: u32) -> i32 {
        let submitted = self.enter_call(submit, 0, flags | ENTER_GETEVENTS, core::ptr::null());
        // SAFETY: a shared look at the queue; no other view of it is alive.
        if submitted < 0 || !unsafe { self.ring.completion_shared() }.is_empty() {
            return submitted;
        }
        let mut entry = libc::pollfd { fd: self.info.fd, events: libc::POLLIN, revents: 0 };
        let nanos = wait.timeout_ns.max(0);
        let limit =
            libc::timespec { tv_sec: nanos / 1_000_000_000, tv_nsec: nanos % 1_000_000_000 };
        let limit = if wait.timeout_ns < 0 { core::ptr::null() } else { &raw const limit };
        // SAFETY: one pollfd and a timespec on this stack.
        let ready = unsafe { libc::ppoll(&mut entry, 1, limit, core::ptr::null()) };
        if ready < 0 && submitted == 0 {
            return -errno();
        }
        if ready == 0 && submitted == 0 {
            return -libc::ETIME;
        }
        let flushed = self.enter_call(0, 0, ENTER_GETEVENTS, core::ptr::null());
        if flushed < 0 && submitted == 0 { flushed } else { submitted }
    }

    /// Submit to a queue that a kernel thread drains, waiting for room as it does.
    #[cold]
    fn enter_polled(&mut self, batch: &[Sqe], wait: &Wait) -> Entered {
        let mut consumed = 0;
        loop {
            let mut flags = 0;
            {
                let mut queue = self.ring.submission();
                let left = &batch[consumed..];
                let fits = left.len().min(queue.capacity() - queue.len());
                // SAFETY: the caller of `submit` promised the memory; `fits` was just checked.
                let pushed = unsafe { queue.push_multiple(entries(&left[..fits])) };
                debug_assert!(pushed.is_ok());
                queue.sync();
                if queue.need_wakeup() {
                    flags |= ENTER_SQ_WAKEUP;
                }
                consumed += fits;
            }
            let whole = consumed == batch.len();
            if whole && flags == 0 && wait.want == 0 && !wait.get_events {
                return Entered { consumed: consumed as u32, errno: 0 };
            }
            let done = if whole {
                self.wait_call(consumed as u32, wait, flags)
            } else {
                self.enter_call(0, 0, flags | ENTER_SQ_WAIT, core::ptr::null())
            };
            if whole || done < 0 {
                let errno = if done < 0 { -done } else { 0 };
                return Entered { consumed: consumed as u32, errno };
            }
        }
    }
}

impl Drop for Real {
    /// A registered descriptor keeps the kernel's ring alive until its thread exits: closing the
    /// descriptor alone would leave ring memory and the poll thread behind.
    fn drop(&mut self) {
        if self.registered_by == 0 || self.registered_by != current_thread() {
            return;
        }
        let update = Update { offset: self.enter_fd as u32, resv: 0, data: 0 };
        // SAFETY: one update record that the kernel only reads.
        unsafe {
            libc::syscall(
                libc::SYS_io_uring_register,
                self.info.fd,
                UNREGISTER_RING_FDS,
                &update,
                1,
            )
        };
    }
}

fn errno() -> i32 {
    // SAFETY: errno is this thread's.
    unsafe { *libc::__errno_location() }
}

/// Our words as the crate's entries.
#[inline]
fn entries(batch: &[Sqe]) -> &[squeue::Entry] {
    // SAFETY: same size, no stricter alignment (asserted above), every bit pattern valid.
    unsafe { core::slice::from_raw_parts(batch.as_ptr().cast(), batch.len()) }
}

impl Backend for Real {
    fn info(&self) -> &SetupInfo {
        &self.info
    }

    fn enable(&mut self) -> i32 {
        match self.ring.submitter().register_enable_rings() {
            Ok(()) => {
                self.register_ring_fd();
                0
            }
            Err(error) => error.raw_os_error().unwrap_or(libc::EIO),
        }
    }

    fn enter(&mut self, batch: &[Sqe], wait: &Wait) -> Entered {
        if self.info.is_sqpoll() {
            return self.enter_polled(batch, wait);
        }
        if batch.is_empty() {
            let done = self.wait_call(0, wait, 0);
            return Entered { consumed: 0, errno: if done < 0 { -done } else { 0 } };
        }
        // This view remembers the tail from before the batch; it is only used to go back there.
        // SAFETY: it is not used while `queue` below is alive, and never dropped (a drop writes).
        let before = ManuallyDrop::new(unsafe { self.ring.submission_shared() });
        let batch = &batch[..batch.len().min(before.capacity())];
        {
            // SAFETY: the only view in use.
            let mut queue = unsafe { self.ring.submission_shared() };
            // SAFETY: the caller of `submit` promised the memory; the queue is always empty here.
            let pushed = unsafe { queue.push_multiple(entries(batch)) };
            debug_assert!(pushed.is_ok());
        }
        let done = self.wait_call(batch.len() as u32, wait, 0);
        if done == batch.len() as i32 {
            return Entered { consumed: done as u32, errno: 0 };
        }
        // SAFETY: a read of the head; `before` is not used yet.
        let left = unsafe { self.ring.submission_shared() }.len();
        let consumed = batch.len() - left.min(batch.len());
        if left > 0 {
            let mut before = ManuallyDrop::into_inner(before);
            // Back to the old tail, and forward over what the kernel took (rewriting consumed
            // entries is harmless: it copied them).
            // SAFETY: as for the first push.
            let pushed = unsafe { before.push_multiple(entries(&batch[..consumed])) };
            debug_assert!(pushed.is_ok());
            before.sync();
        }
        Entered { consumed: consumed as u32, errno: if done < 0 { -done } else { 0 } }
    }

    fn reap(&mut self, out: &mut [MaybeUninit<Cqe>]) -> usize {
        // SAFETY: same size, no stricter alignment (asserted above), every bit pattern valid.
        let out: &mut [MaybeUninit<cqueue::Entry>] =
            unsafe { core::slice::from_raw_parts_mut(out.as_mut_ptr().cast(), out.len()) };
        self.ring.completion().fill(out).len()
    }

    fn ready(&mut self) -> Ready {
        let completions = self.ring.completion().len() as u32;
        let queue = self.ring.submission();
        Ready { completions, task_run: queue.taskrun(), overflow: queue.cq_overflow() }
    }

    fn now(&mut self) -> u64 {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: one timespec to write.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    }

    fn hang_up(&mut self, fd: i32) {
        let mut listening: libc::c_int = 0;
        let mut size = size_of::<libc::c_int>() as libc::socklen_t;
        // SAFETY: an int and its size; a descriptor that is no socket is refused by the kernel.
        let asked = unsafe {
            libc::getsockopt(
                fd,
                libc::SOL_SOCKET,
                libc::SO_ACCEPTCONN,
                (&raw mut listening).cast(),
                &mut size,
            )
        };
        if asked == 0 && listening == 0 {
            // SAFETY: shutdown touches no memory; ENOTCONN is no error here.
            unsafe { libc::shutdown(fd, libc::SHUT_RDWR) };
        }
    }

    fn cancel_sync(&mut self, user_data: u64, timeout_ns: i64) -> i32 {
        let limit = (timeout_ns >= 0).then(|| {
            let nanos = timeout_ns as u64;
            types::Timespec::new().sec(nanos / 1_000_000_000).nsec((nanos % 1_000_000_000) as u32)
        });
        let target = types::CancelBuilder::user_data(user_data);
        match self.ring.submitter().register_sync_cancel(limit, target) {
            Ok(()) => 0,
            Err(error) => error.raw_os_error().unwrap_or(libc::EIO),
        }
    }

    unsafe fn register_pool(&mut self, group: u16, ring: *mut u8, entries: u16) -> i32 {
        let submitter = self.ring.submitter();
        // SAFETY: the caller keeps the memory until the group is unregistered or the ring gone.
        match unsafe { submitter.register_buf_ring_with_flags(ring as u64, entries, group, 0) } {
            Ok(()) => 0,
            Err(error) => error.raw_os_error().unwrap_or(libc::EIO),
        }
    }

    fn unregister_pool(&mut self, group: u16) -> i32 {
        match self.ring.submitter().unregister_buf_ring(group) {
            Ok(()) => 0,
            Err(error) => error.raw_os_error().unwrap_or(libc::EIO),
        }
    }

    fn open_wake(&mut self) -> i32 {
        // SAFETY: no memory involved.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if fd < 0 { -errno() } else { fd }
    }

    fn wake_writer(&self) -> fn(i32) {
        write_wake
    }

    fn close_wake(&mut self, fd: i32) {
        // SAFETY: the descriptor is ours and closed once.
        unsafe { libc::close(fd) };
    }

    fn open_tombstone(&mut self) -> i32 {
        let mut ends = [0i32; 2];
        // SAFETY: room for two descriptors.
        if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC | libc::O_NONBLOCK) } != 0 {
            return -1;
        }
        let registered = self.ring.submitter().register_files(&ends[1..]).is_ok();
        // SAFETY: both descriptors are ours and closed once.
        unsafe {
            libc::close(ends[1]);
            if !registered {
                libc::close(ends[0]);
            }
        }
        if registered { ends[0] } else { -1 }
    }
}

/// One eventfd write; async-signal-safe, errno kept.
fn write_wake(fd: i32) {
    let one = 1u64;
    // SAFETY: eight bytes from this stack; errno is this thread's.
    unsafe {
        let kept = *libc::__errno_location();
        libc::write(fd, (&raw const one).cast(), 8);
        *libc::__errno_location() = kept;
    }
}
