//! The real kernel: io_uring_enter(2) and io_uring_register(2) on one ring.
//!
//! Owns: one kernel ring. Decides the flags of each call and nothing else: what is published and
//! what is reaped is the caller's, who works on the queues.

use super::direct::{Direct, FOR_EVER, raw_enter};
use super::refused::Call;
use super::rings::{Rings, outcome};
use super::setup::{self, RingSpec, SetupInfo};
use super::uapi::{self, RsrcUpdate, enter};
use super::{
    Backend, Features, Queues, Ready, Refused, ThreadId, Tuning, current_thread, errno, net, probe,
    register,
};
use core::sync::atomic::{Ordering, fence};
use io_uring::types::{CancelBuilder, SubmitArgs, Timespec};
use std::os::fd::{FromRawFd, IntoRawFd, OwnedFd};
use std::time::{Duration, Instant};

/// How often to look whether the poll thread has taken what was pushed.
const POLLER_PAUSE: Duration = Duration::from_micros(20);

/// So many nanoseconds; None = no limit.
fn timespec(nanos: i64) -> Option<Timespec> {
    u64::try_from(nanos).ok().map(|nanos| Duration::from_nanos(nanos).into())
}

/// A ring of the running kernel.
pub struct Real {
    rings: Rings,
    queues: Queues,
    info: SetupInfo,
    /// Index of the registered ring descriptor, or the descriptor itself.
    enter_fd: i32,
    enter_flags: u32,
    /// Thread whose table holds the registered descriptor.
    registered_by: ThreadId,
}

impl Real {
    /// Make a ring, disabled until [`Backend::enable`].
    pub fn new(spec: &RingSpec) -> Result<Real, Refused> {
        let (ring, flags) = setup::create(spec)?;
        let kernel = probe::known_by(&ring, flags)?;
        let fd = ring.fd();
        let mut features = kernel.features.without(spec.disable);
        for (needed, feature) in setup::FLAG_FEATURES {
            if flags & needed != needed {
                features = features.without(feature);
            }
        }
        let info = SetupInfo {
            sq_entries: ring.parameters().sq_entries(),
            cq_entries: ring.parameters().cq_entries(),
            setup_flags: setup::stuck(spec, flags),
            features,
            fd,
        };
        let rings = Rings::new(ring).map_err(|errno| Refused { call: Call::Setup, errno })?;
        let queues = rings.queues();
        Ok(Real { rings, queues, info, enter_fd: fd, enter_flags: 0, registered_by: 0 })
    }

    /// Spare the kernel the descriptor lookup on each enter. The registration is per thread, so
    /// it is made by the thread that enables; without it the plain descriptor serves.
    fn register_ring_fd(&mut self) {
        if !self.info.features.has(Features::REGISTERED_RING) {
            return;
        }
        let mut update = RsrcUpdate { offset: u32::MAX, resv: 0, data: self.info.fd as u64 };
        let record = (&raw mut update).cast();
        // SAFETY: one update record, written back by the kernel before the call returns.
        let done = unsafe { self.rings.ring().register(uapi::register::RING_FDS, record, 1) };
        if done == 1 {
            self.enter_fd = update.offset as i32;
            self.enter_flags = enter::REGISTERED_RING;
            self.registered_by = current_thread();
        }
    }

    #[inline(always)]
    fn enter_call(&self, submit: u32, want: u32, flags: u32, arg: *const SubmitArgs) -> i32 {
        let size = if arg.is_null() { 0 } else { size_of::<SubmitArgs>() };
        let flags = flags | self.enter_flags;
        // SAFETY: the queue holds entries whose memory the caller of `submit` promised; `arg` is
        // NULL or a record on the caller's stack.
        unsafe { raw_enter(self.enter_fd, submit, want, flags, arg.cast(), size) }
    }

    /// Enter with the timeout in the call (5.11+), or by poll(2) where the kernel cannot.
    #[inline(never)]
    fn wait_timed(
        &self,
        entries: u32,
        want: u32,
        flags: u32,
        limit_ns: i64,
        min_wait_us: u32,
    ) -> i32 {
        if !self.info.features.has(Features::EXT_ARG) {
            return self.wait_by_poll(entries, flags, limit_ns);
        }
        let limit = timespec(limit_ns).unwrap_or(FOR_EVER);
        let min_wait = self.info.features.has(Features::MIN_WAIT);
        let arg = SubmitArgs::new().timespec(&limit);
        let arg = arg.min_wait_usec(if min_wait { min_wait_us } else { 0 });
        self.enter_call(entries, want, flags | enter::EXT_ARG, &arg)
    }

    #[cold]
    fn wait_by_poll(&self, entries: u32, flags: u32, limit_ns: i64) -> i32 {
        let submitted = self.enter_call(entries, 0, flags, core::ptr::null());
        if submitted < 0 || self.completions() > 0 {
            return submitted;
        }
        let mut entry = libc::pollfd { fd: self.info.fd, events: libc::POLLIN, revents: 0 };
        let nanos = limit_ns.max(0);
        let limit =
            libc::timespec { tv_sec: nanos / 1_000_000_000, tv_nsec: nanos % 1_000_000_000 };
        let limit = if limit_ns < 0 { core::ptr::null() } else { &raw const limit };
        // SAFETY: one pollfd and a timespec on this stack.
        let ready = unsafe { libc::ppoll(&mut entry, 1, limit, core::ptr::null()) };
        if ready < 0 && submitted == 0 {
            return -errno();
        }
        if ready == 0 && submitted == 0 {
            return -libc::ETIME;
        }
        let flushed = self.enter_call(0, 0, enter::GETEVENTS, core::ptr::null());
        if flushed < 0 && submitted == 0 { flushed } else { submitted }
    }

    fn completions(&self) -> u32 {
        self.queues.cq_tail().wrapping_sub(self.queues.cq_seen())
    }

    /// Whether the thread that drains a polled queue sleeps and must be woken.
    #[cold]
    fn wakeup(&self) -> u32 {
        // The thread raises its flag and looks at the tail once more; we publish the tail and
        // look at the flag. Without a full fence both could miss the other.
        fence(Ordering::SeqCst);
        if self.queues.needs_wakeup() { enter::SQ_WAKEUP } else { 0 }
    }

    /// Hand entries to a polled queue; when it is full, wait until it is not.
    #[cold]
    fn submit_polled(&self, entries: u32) -> i32 {
        let full = self.queues.sq_waiting() >= self.info.sq_entries;
        let flags = self.wakeup() | if full { enter::SQ_WAIT } else { 0 };
        if flags == 0 {
            return entries as i32;
        }
        self.enter_call(entries, 0, flags, core::ptr::null())
    }

    /// Wait until the kernel thread has taken every entry: it cannot cancel what it has not seen.
    /// 0 or an errno.
    #[cold]
    fn wait_for_poller(&self, timeout_ns: i64) -> i32 {
        let start = Instant::now();
        while self.queues.sq_waiting() > 0 {
            let done = match self.wakeup() {
                0 => {
                    std::thread::sleep(POLLER_PAUSE);
                    0
                }
                flags => self.enter_call(0, 0, flags, core::ptr::null()),
            };
            if done < 0 && done != -libc::EINTR {
                return -done;
            }
            if timeout_ns >= 0 && start.elapsed().as_nanos() > timeout_ns as u128 {
                return libc::ETIME;
            }
        }
        0
    }
}

impl Drop for Real {
    /// A registered descriptor keeps the kernel's ring alive until its thread exits: closing the
    /// descriptor alone would leave ring memory and the poll thread behind.
    fn drop(&mut self) {
        if self.registered_by == 0 || self.registered_by != current_thread() {
            return;
        }
        let update = RsrcUpdate { offset: self.enter_fd as u32, resv: 0, data: 0 };
        let (opcode, record) = (uapi::register::UNREGISTER_RING_FDS, (&raw const update).cast());
        // SAFETY: one update record that the kernel only reads.
        unsafe { self.rings.ring().register(opcode, record, 1) };
    }
}

impl Backend for Real {
    fn info(&self) -> &SetupInfo {
        &self.info
    }

    fn queues(&self) -> Queues {
        self.queues
    }

    fn enable(&mut self) -> i32 {
        let errno = outcome(self.rings.ring().submitter().register_enable_rings());
        if errno == 0 {
            self.register_ring_fd();
        }
        errno
    }

    fn submit(&mut self, entries: u32) -> i32 {
        if self.info.is_sqpoll() {
            return self.submit_polled(entries);
        }
        self.enter_call(entries, 0, 0, core::ptr::null())
    }

    fn enter(&mut self, entries: u32, want: u32, limit_ns: i64, min_wait_us: u32) -> i32 {
        let mut flags = enter::GETEVENTS;
        if self.info.is_sqpoll() {
            flags |= self.wakeup();
        }
        if want > 0 && (limit_ns >= 0 || min_wait_us > 0) {
            return self.wait_timed(entries, want, flags, limit_ns, min_wait_us);
        }
        self.enter_call(entries, want, flags, core::ptr::null())
    }

    fn direct(&self) -> Direct {
        if self.info.is_sqpoll() {
            return Direct::default();
        }
        let shortly = self.info.features.has(Features::MIN_WAIT);
        Direct::new(self.enter_fd, self.enter_flags | enter::GETEVENTS, shortly)
    }

    fn ready(&mut self) -> Ready {
        Ready {
            completions: self.completions(),
            task_run: self.queues.has_task_run(),
            overflow: self.queues.is_overflowing(),
        }
    }

    fn now(&mut self) -> u64 {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: one timespec to write.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    }

    fn pause(&mut self, ns: u64) {
        std::thread::sleep(Duration::from_nanos(ns));
    }

    fn hang_up(&mut self, fd: i32) {
        net::hang_up(fd);
    }

    fn cancel_sync(&mut self, user_data: u64, timeout_ns: i64) -> i32 {
        if self.info.is_sqpoll() {
            let errno = self.wait_for_poller(timeout_ns);
            if errno != 0 {
                return errno;
            }
        }
        let (limit, which) = (timespec(timeout_ns), CancelBuilder::user_data(user_data));
        outcome(self.rings.ring().submitter().register_sync_cancel(limit, which))
    }

    unsafe fn register_pool(
        &mut self,
        group: u16,
        ring: *mut u8,
        entries: u16,
        incremental: bool,
    ) -> i32 {
        // SAFETY: the caller promised memory for the entries that outlives the registration.
        unsafe { register::pool(self.rings.ring(), group, ring, entries, incremental) }
    }

    fn unregister_pool(&mut self, group: u16) -> i32 {
        outcome(self.rings.ring().submitter().unregister_buf_ring(group))
    }

    fn register_buffers(&mut self, count: u32) -> i32 {
        outcome(self.rings.ring().submitter().register_buffers_sparse(count))
    }

    unsafe fn update_buffer(&mut self, place: u32, address: u64, len: u64) -> i32 {
        // SAFETY: the caller promised memory that lives until it is taken out.
        unsafe { register::buffer(self.rings.ring(), place, address, len) }
    }

    fn register_files(&mut self, count: u32, direct_from: u32) -> i32 {
        register::files(self.rings.ring(), count, direct_from)
    }

    fn update_files(&mut self, place: u32, fds: &[i32]) -> i32 {
        register::update_files(self.rings.ring(), place, fds)
    }

    fn open_wake(&mut self) -> i32 {
        new_eventfd().map_or_else(|errno| -errno, IntoRawFd::into_raw_fd)
    }

    fn wake_writer(&self) -> fn(i32) {
        write_wake
    }

    fn drain(&mut self, fd: i32) {
        let mut count = 0u64;
        // SAFETY: eight bytes on this stack; the descriptor does not block.
        unsafe { libc::read(fd, (&raw mut count).cast(), 8) };
    }

    fn duplicate(&mut self, fd: i32) -> i32 {
        // SAFETY: no memory involved.
        let copy = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0) };
        if copy < 0 { -errno() } else { copy }
    }

    fn close(&mut self, fd: i32) {
        // SAFETY: the descriptor is ours and closed once.
        unsafe { libc::close(fd) };
    }

    fn close_wake(&mut self, fd: i32) {
        // SAFETY: the descriptor is ours and closed once.
        unsafe { libc::close(fd) };
    }

    fn open_tombstone(&mut self, place: Option<u32>) -> i32 {
        register::tombstone(self.rings.ring(), place)
    }

    fn tune(&mut self, knob: &mut Tuning) -> i32 {
        knob.turn(self.rings.ring())
    }
}

/// An eventfd that does not block; or an errno.
pub fn new_eventfd() -> Result<OwnedFd, i32> {
    // SAFETY: no memory involved.
    let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
    if fd < 0 {
        return Err(errno());
    }
    // SAFETY: new, and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
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
