//! Group L: tuning.
//!
//! Owns: nothing. These knobs belong to the kernel ring that the thread has now: after a detach
//! they are at their defaults again.

use super::boundary::{Door, Inside, on_engine, on_ring};
use super::given::{invalid, list, null};
use super::ring::bind_if_unbound;
use super::ringline_ring;
use super::state::state;
use crate::driver::opcode;
use crate::fault::{ENOTSUP_KERNEL, Fault};
use crate::sys::{self, Tuning};

/// Bytes of a CPU mask at most: 65536 CPUs.
const MAX_MASK: u32 = 8192;

/// Opcodes that date a kernel: MSG_RING came with 5.18, FTRUNCATE with 6.9.
const OF_5_18: u8 = opcode::MSG_RING;
const OF_6_9: u8 = opcode::FTRUNCATE;

/// Turn a knob of the ring; a ring without owner is bound first, since the kernel keeps worker
/// threads with the thread. A kernel without the opcode `dated` may be too old for the knob.
fn tune(inside: &Inside, knob: &mut Tuning, dated: u8, missing: &'static str) -> Result<(), Fault> {
    bind_if_unbound(inside)?;
    // SAFETY: inside, and this reference ends with the function.
    let ring = unsafe { state(inside.ring) };
    // The kernel makes a thread's pool of workers at its first submission, and until then it knows
    // no numbers; a flush that fails is told at the next turn.
    let _ = ring.engine.driver.flush();
    match ring.engine.driver.enter.backend().tune(knob) {
        0 => Ok(()),
        libc::EOPNOTSUPP | libc::ENOSYS => Err(Fault::new(ENOTSUP_KERNEL, missing)),
        libc::EINVAL if !sys::kernel().is_ok_and(|kernel| sys::supports(kernel, dated)) => {
            Err(Fault::new(ENOTSUP_KERNEL, missing))
        }
        errno => Err(Fault::errno(errno, "the kernel refused the setting")),
    }
}

/// Let waits of this ring poll the network devices of its sockets for up to `busy_poll_us`
/// microseconds before sleeping (NAPI busy polling, Linux 6.9); 0 = not any more. With `prefer`
/// not 0 the devices' interrupts stay off meanwhile. Costs CPU time and helps only with devices
/// that have such queues. Owner thread; binds a ring without owner; to be set again after detach.
/// Returns 0, RINGLINE_ENOTSUP_KERNEL, or -errno.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_napi(
    ring: *mut ringline_ring,
    busy_poll_us: u32,
    prefer: u32,
) -> i32 {
    on_ring(ring, Door::Owner, |inside| {
        let mut knob = Tuning::Napi { busy_poll_us, prefer: prefer != 0 };
        tune(inside, &mut knob, OF_6_9, "napi: needs Linux 6.9 with NAPI")
    })
}

/// Limit the kernel's worker threads for this thread's rings: `*bounded` for files and block
/// devices, `*unbounded` for everything else (Linux 5.15). 0 keeps a limit. Both come back as what
/// they were before, so 0 and 0 only asks. Submits what is staged. Owner thread; binds a ring
/// without owner. Returns 0, RINGLINE_ENULL, RINGLINE_ENOTSUP_KERNEL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_iowq_workers(
    ring: *mut ringline_ring,
    bounded: *mut u32,
    unbounded: *mut u32,
) -> i32 {
    on_ring(ring, Door::Owner, |inside| {
        if bounded.is_null() || unbounded.is_null() {
            return Err(null("bounded or unbounded is NULL"));
        }
        // SAFETY: not NULL, and the caller vouches for two readable numbers.
        let mut knob = Tuning::Workers(unsafe { [bounded.read(), unbounded.read()] });
        tune(inside, &mut knob, OF_5_18, "iowq_workers: limiting them needs Linux 5.15")?;
        if let Tuning::Workers([files, others]) = knob {
            // SAFETY: not NULL, and the caller vouches for two writable numbers.
            unsafe {
                bounded.write(files);
                unbounded.write(others);
            }
        }
        Ok(())
    })
}

/// Bind the kernel's worker threads of this thread's rings to CPUs: bit n of the `size` bytes at
/// `mask` (a cpu_set_t) is CPU n (Linux 5.14). NULL and 0 = unbound again. Owner thread; binds a
/// ring without owner. Returns 0, RINGLINE_ENULL, -EINVAL for a mask without a CPU or longer than
/// 8192 bytes, RINGLINE_ENOTSUP_KERNEL, or -errno.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_iowq_affinity(
    ring: *mut ringline_ring,
    mask: *const u8,
    size: u32,
) -> i32 {
    on_ring(ring, Door::Owner, |inside| {
        // SAFETY: the caller vouches for `size` readable bytes, or gave NULL.
        let bits = unsafe { list(mask, size, "mask is NULL") }?;
        if size > MAX_MASK || (size > 0 && bits.iter().all(|byte| *byte == 0)) {
            return Err(invalid("the mask names no CPU or has more than 8192 bytes"));
        }
        let mut knob = Tuning::Affinity(bits);
        tune(inside, &mut knob, OF_5_18, "iowq_affinity: binding them needs Linux 5.14")
    })
}

/// Let waits look at the completion queue for up to `spin_us` microseconds in user space before
/// they sleep; 0 = sleep at once (the default, or config.spin_us). Trades CPU time for the latency
/// of a wake-up: worth it only where answers come within microseconds and a core is to spare. A
/// signal handler that wants the loop to end calls ringline_stop(). Kept over detach. Owner thread
/// (any while there is none). Returns 0, or -EINVAL above one second.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_spin_us(ring: *mut ringline_ring, spin_us: u32) -> i32 {
    on_engine(ring, |engine| {
        if spin_us > super::config::MAX_SPIN_US {
            return Err(invalid("spin_us is 1000000 at most"));
        }
        engine.driver.spin_us = spin_us;
        Ok(())
    })
}
