//! Group N: what is in flight, as text.
//!
//! Owns: nothing. Formats one line at a time on the stack and writes it; never allocates, never
//! changes the ring.

use super::boundary::on_state;
use super::ringline_ring;
use super::state::RingState;
use crate::driver::{Lifecycle, Slot, bits};
use crate::fault::Fault;
use crate::sys::{op_name, write_quietly};
use crate::text::Line;
use core::fmt;

fn put(fd: i32, text: fmt::Arguments) -> Result<(), Fault> {
    write_quietly(fd, Line::of(text).as_bytes())
        .map_err(|errno| Fault::errno(errno, "the dump cannot be written to this descriptor"))
}

/// Write what is in flight to the descriptor `fd`, one line each, for people: the ring, its
/// operations (token, name, descriptor, state, user_data, what it is besides) and its pools with
/// their leases. The format may change. `fd` is the caller's and may block; no SIGPIPE is raised
/// where the kernel can suppress it. Owner thread (any while there is none), also in a callback.
///
/// Returns how many operations are in flight, or -errno when `fd` cannot be
/// written (-EBADF, -EPIPE, -ENOSPC).
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_dump(ring: *mut ringline_ring, fd: i32) -> i32 {
    on_state(ring, |ring| dump(ring, fd))
}

fn dump(ring: &mut RingState, fd: i32) -> Result<u32, Fault> {
    let engine = &mut ring.engine;
    let inflight = engine.inflight();
    let phase = match (engine.driver.closing, engine.driver.is_attached()) {
        (true, _) => "closing",
        (false, true) => "attached",
        (false, false) => "created",
    };
    let (handle, staged) = (ring.handle, engine.driver.enter.waiting());
    put(
        fd,
        format_args!("ring {handle:#x} {phase}: {inflight} in flight, {staged} not submitted\n"),
    )?;
    for index in 0..engine.driver.slab.touched() {
        let slot = *engine.driver.slab.get(index);
        if slot.state != Lifecycle::Free {
            put_slot(fd, &slot)?;
        }
    }
    let mut written = Ok(());
    engine.each_pool(|id, pool, pins| {
        if written.is_ok() {
            written = put(
                fd,
                format_args!(
                    "pool {id}: {} x {} bytes, {} leased, {pins} operations take from it\n",
                    pool.spec.count, pool.spec.size, pool.leases
                ),
            );
        }
    });
    written.map(|()| inflight)
}

fn put_slot(fd: i32, slot: &Slot) -> Result<(), Fault> {
    let state = match slot.state {
        Lifecycle::Parked => "waits in user space",
        _ => "in the kernel",
    };
    let when = |bit: u8, text: &'static str| if slot.bits & bit != 0 { text } else { "" };
    put(
        fd,
        format_args!(
            "op {:#x} {} fd {}{} {state}, user_data {:#x}{}{}{}{}{}\n",
            slot.token,
            op_name(slot.opcode),
            slot.fd,
            when(bits::FIXED, " (registered)"),
            slot.user_data,
            when(bits::CALLBACK, ", callback"),
            when(bits::POOL, ", takes from a pool"),
            when(bits::QUIET, ", quiet"),
            when(bits::WATCHED, ", a close waits for it"),
            when(bits::CANCELLED, ", cancel asked"),
        ),
    )
}
