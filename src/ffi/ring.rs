//! Group C: the life of a ring.

use super::boundary::{Access, Door, Inside, answered, enter_ffi, on_ring, on_state, outcome};
use super::config::{ringline_config, ringline_info};
use super::constants::*;
use super::given::{put, put_sized, read_or_default};
use super::ringline_ring;
use super::shared::{Block, ringline_shared};
use super::state::{self, NextTurn, RingState, state};
use super::table::{self, Object, Remote, phase};
use crate::driver::signal;
use crate::fault::{ENOTSUP_KERNEL, EREENTRANT, EWRONGTHREAD, Fault};
use crate::op::{Engine, EngineConfig};
use crate::resource;
use crate::sys::{self, Call, Features, Real, Refused, current_thread};
use core::mem::MaybeUninit;
use core::sync::atomic::Ordering;

/// Create a ring. `config` may be NULL (all defaults). On success `*out` is its handle.
///
/// The ring has no owner yet: ops may be submitted and wait in user space until the first thread
/// that calls attach, turn, run or flush owns it. May take up to a second while the kernel gives
/// back locked memory of earlier rings.
///
/// Returns 0, RINGLINE_ENULL, -EINVAL or -E2BIG for the config, -ENFILE when 16384 handles exist,
/// RINGLINE_ENOTSUP_KERNEL for RINGLINE_CONFIG_BIG, or what io_uring_setup(2) says: -EPERM (sysctl
/// or seccomp, which may forbid io_uring_enter(2) or io_uring_register(2) alone), -ENOSYS, -ENOMEM
/// (RLIMIT_MEMLOCK), -EMFILE; ringline_error_detail() names the call and the remedy.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_create(
    config: *const ringline_config,
    out: Option<&mut MaybeUninit<*mut ringline_ring>>,
) -> i32 {
    // SAFETY: the caller vouches for the size that the config says, or gave NULL.
    let config = || unsafe { read_or_default(config) }?.resolved();
    answered(|| put(out, || Ok(create(&config()?)? as *mut ringline_ring)))
}

fn create(config: &ringline_config) -> Result<u64, Fault> {
    super::log::silence_panics();
    sweep_abandoned();
    resource::reclaim();
    let spec = config.spec();
    let refused = |errno| Fault::errno(errno, sys::refusal_text(errno));
    if spec.big {
        let features = sys::kernel()?.features.without(spec.disable);
        if !features.has(Features::BIG_RING) {
            return Err(Fault::new(ENOTSUP_KERNEL, "big_ring: a BIG ring needs Linux 5.19"));
        }
    }
    let backend = Box::new(Real::new(&spec)?);
    let sizes = EngineConfig { max_inflight: config.max_inflight, records: config.recs_cap };
    let mut engine = Engine::with_backend(backend, &sizes).map_err(refused)?;
    engine.driver.spin_us = config.spin_us;
    let (wake, stats) = (engine.driver.wake.clone(), engine.driver.stats.clone());
    let remote = Remote { wake, stats, mail: None };
    let (recs, recs_cap) = (engine.completed.address(), engine.completed.capacity());
    let block = Block::new(config.ops_cap, recs, recs_cap).map_err(refused)?;
    let ring = Box::into_raw(Box::new(RingState::new(engine, block, spec)));
    let handle = table::insert(ring, Object::Remote(remote)).inspect_err(|_| {
        // SAFETY: made above, and published to nobody.
        drop(unsafe { Box::from_raw(ring) });
    })?;
    // SAFETY: nobody else knows the handle yet.
    unsafe { state(ring) }.handle = handle;
    Ok(handle)
}

/// Free abandoned rings that nobody will turn again: the owner thread is gone, or let go of it.
fn sweep_abandoned() {
    for (handle, entry) in table::entries() {
        let abandoned =
            table::with_remote(handle, |remote| remote.wake.signals() & signal::ABANDON != 0);
        let phase = entry.phase.load(Ordering::Acquire);
        if abandoned == Ok(true) && matches!(phase, phase::OWNED | phase::IDLE) {
            enter_ffi(handle as *mut ringline_ring, Door::Finaliser, |inside| {
                if inside.access != Access::Owner {
                    state::end(inside);
                }
                0
            });
        }
    }
}

/// Make the calling thread the owner of an unbound ring.
pub(super) fn bind(inside: &Inside) -> Result<(), Fault> {
    // SAFETY: inside, and this reference ends with the function.
    let ring = unsafe { state(inside.ring) };
    let errno = ring.engine.attach();
    if errno != 0 {
        return Err(match sys::is_forbidden(errno) {
            true => Refused { call: Call::Register, errno }.into(),
            false => Fault::errno(errno, "the kernel did not enable the ring"),
        });
    }
    // SAFETY: gettid has no arguments.
    let tid = unsafe { libc::syscall(libc::SYS_gettid) } as i32;
    inside.entry.tid.store(tid, Ordering::Release);
    inside.entry.phase.store(phase::OWNED, Ordering::Release);
    inside.entry.owner.store(current_thread(), Ordering::Release);
    Ok(())
}

/// Bind the ring to the calling thread, if it has no owner.
pub(super) fn bind_if_unbound(inside: &Inside) -> Result<(), Fault> {
    if inside.access == Access::Unbound { bind(inside) } else { Ok(()) }
}

/// Make the calling thread the owner, for good (until detach). Returns 0 (also when it is the owner
/// already), RINGLINE_EWRONGTHREAD when another thread is, RINGLINE_ESTALE, RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_attach(ring: *mut ringline_ring) -> i32 {
    on_ring(ring, Door::Owner, bind_if_unbound)
}

/// Let go of the ring, so that another thread can attach it: it gets a new kernel ring under the
/// same handle; pools are registered again. Owner thread only. Returns 0, -EBUSY when anything is
/// in flight, RINGLINE_EREENTRANT inside a callback.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_detach(ring: *mut ringline_ring) -> i32 {
    on_ring(ring, Door::Owner, detach)
}

fn detach(inside: &Inside) -> Result<(), Fault> {
    if inside.access == Access::Unbound {
        return Ok(());
    }
    // SAFETY: inside, and this reference ends with the function.
    let ring = unsafe { state(inside.ring) };
    if ring.is_looping() {
        return Err(Fault::new(EREENTRANT, "the ring cannot be detached inside a callback"));
    }
    if ring.engine.inflight() > 0 {
        return Err(Fault::errno(libc::EBUSY, "cancel and reap what is in flight before detach"));
    }
    let mut fresh = Real::new(&ring.spec)?;
    ring.engine.move_tables(&mut fresh)?;
    let detached = ring.engine.detach(Box::new(fresh));
    // Also when a pool could not be registered again: the old kernel ring is gone for good.
    inside.entry.owner.store(sys::NOBODY, Ordering::Release);
    inside.entry.phase.store(phase::IDLE, Ordering::Release);
    detached
}

/// Tell what the ring got. Owner thread (any while it has none). Returns 0, RINGLINE_ENULL,
/// -EINVAL for a size that cannot be.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_info_of(
    ring: *mut ringline_ring,
    out: *mut ringline_info,
) -> i32 {
    // SAFETY: the caller vouches for the size that the struct says, or gave NULL.
    on_state(ring, |ring| unsafe { put_sized(out, || Ok(info_of(ring))) })
}

fn info_of(ring: &mut RingState) -> ringline_info {
    let setup = *ring.engine.driver.enter.backend_ref().info();
    ringline_info {
        size: size_of::<ringline_info>() as u32,
        sq_entries: setup.sq_entries,
        cq_entries: setup.cq_entries,
        max_inflight: ring.engine.driver.slab.room() + ring.engine.inflight(),
        setup_flags: setup.setup_flags,
        ring_fd: setup.fd,
        features: setup.features.0,
        disabled: ring.spec.disable.0,
    }
}

/// The shared block of the ring, or NULL (ringline_error_detail() says why). Owner thread (any
/// while it has none). Its address is stable until the ring is freed.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_shared_block(ring: *mut ringline_ring) -> *mut ringline_shared {
    let address = enter_ffi(ring, Door::Owner, |inside| {
        // SAFETY: inside, and this reference ends with the closure.
        let ring = unsafe { state(inside.ring) };
        &raw mut *ring.block.shared() as i64
    });
    if address <= 0 { core::ptr::null_mut() } else { address as *mut ringline_shared }
}

/// Cancel everything and drain. New ops are refused with RINGLINE_ECLOSED from now on; completions
/// still come by turn. Waits up to `timeout_ns` (0 = do not wait, -1 = forever); callbacks run.
/// Owner thread; binds a ring without owner; any thread once the owner thread is gone (then nothing
/// can be drained).
///
/// Returns 0 when nothing is in flight any more, else how many ops are (time is over, or the
/// records are full: turn, then close again); RINGLINE_EREENTRANT with a timeout inside a callback.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_close(ring: *mut ringline_ring, timeout_ns: i64) -> i32 {
    on_ring(ring, Door::Heir, |inside| close(inside, timeout_ns))
}

fn close(inside: &Inside, timeout_ns: i64) -> Result<u32, Fault> {
    // SAFETY: inside; not used after `drain` begins.
    let ring = unsafe { state(inside.ring) };
    if inside.access == Access::Orphan {
        ring.engine.driver.closing = true;
        return Ok(ring.engine.inflight());
    }
    bind_if_unbound(inside)?;
    if ring.is_looping() && timeout_ns != 0 {
        return Err(Fault::new(EREENTRANT, "close with a timeout inside a callback"));
    }
    if timeout_ns == 0 {
        ring.engine.begin_close()?;
        ring.engine.driver.flush()?;
        return Ok(ring.engine.inflight());
    }
    ring.engine.completed.know_shown();
    ring.next_turn = NextTurn::None;
    inside.loops.set(true);
    let left = state::drain(inside, timeout_ns, true);
    // SAFETY: inside, user code is over.
    let ring = unsafe { state(inside.ring) };
    let shared = ring.block.shared();
    shared.inflight = ring.engine.inflight();
    if !state::end_loop(inside, true) {
        return Ok(0);
    }
    left
}

/// End the ring: cancel, drain for up to a second (callbacks run, records are dropped: close first
/// to see them), release everything. What the kernel does not let go gets FINAL | ABANDONED. Inside
/// a callback it happens when the loop returns. Owner thread; any thread while there is no owner or
/// when the owner thread is gone.
///
/// A dropped record that carries a descriptor (of accept, openat, openat2, socket,
/// fixed_fd_install; the two of pipe, at their address) is closed with it; what a record has shown
/// is the caller's. The kernel may still open one for an op that was abandoned: that one stays
/// open.
///
/// Returns how many ops were abandoned (0 = clean), RINGLINE_ESTALE for a second free.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_free(ring: *mut ringline_ring) -> i32 {
    enter_ffi(ring, Door::End, |inside| i64::from(state::free(inside))) as i32
}

/// Free as soon as it is legal; for finalisers, from any thread. The owner frees the ring at its
/// next turn (which then answers RINGLINE_ECLOSED, and what it would have shown is dropped, as
/// ringline_free() does); without an owner it is freed now; when the owner thread is gone (joined,
/// for one), now too. Returns 0, RINGLINE_ESTALE, RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_abandon(ring: *mut ringline_ring) -> i32 {
    let code = enter_ffi(ring, Door::Finaliser, |inside| {
        state::free(inside);
        0
    });
    if code != i64::from(EWRONGTHREAD) {
        return code as i32;
    }
    outcome(table::with_remote(ring as u64, |remote| remote.wake.raise(signal::ABANDON)))
}

/// RINGLINE_STATE_* of the ring. Owner thread (any while it has none).
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_state(ring: *mut ringline_ring) -> i32 {
    enter_ffi(ring, Door::Heir, |inside| {
        // SAFETY: inside, and this reference ends with the closure.
        let ring = unsafe { state(inside.ring) };
        let state = match (ring.engine.driver.closing, ring.engine.inflight()) {
            (true, 0) => RINGLINE_STATE_CLOSED,
            (true, _) => RINGLINE_STATE_CLOSING,
            _ if ring.engine.driver.is_attached() => RINGLINE_STATE_ATTACHED,
            _ => RINGLINE_STATE_CREATED,
        };
        state.into()
    }) as i32
}

/// Operations in flight, timers included. Owner thread (any while it has none).
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_inflight(ring: *mut ringline_ring) -> i64 {
    enter_ffi(ring, Door::Heir, |inside| {
        // SAFETY: inside, and this reference ends with the closure.
        unsafe { state(inside.ring) }.engine.inflight().into()
    })
}

/// Keep a number of the caller's with the ring. Owner thread (any while it has none).
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_set_user(ring: *mut ringline_ring, user: u64) -> i32 {
    enter_ffi(ring, Door::Owner, |inside| {
        inside.entry.user.store(user, Ordering::Relaxed);
        0
    }) as i32
}

/// The number kept with ringline_set_user(); 0 at first. Owner thread (any while it has none).
/// Returns 0 or RINGLINE_ENULL.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_user(
    ring: *mut ringline_ring,
    out: Option<&mut MaybeUninit<u64>>,
) -> i32 {
    on_ring(ring, Door::Owner, |inside| put(out, || Ok(inside.entry.user.load(Ordering::Relaxed))))
}
