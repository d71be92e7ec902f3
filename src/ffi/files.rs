//! Group I: registered files and direct descriptors.

use super::boundary::{Door, enter_ffi, long_outcome, on_engine};
use super::constants::RINGLINE_FILE_INSTALL_INHERIT;
use super::given::{invalid, null};
use super::ringline_ring;
use super::state::state;
use crate::driver::{Op, opcode, sqe_flag};
use crate::fault::{ESTALE, Fault};
use crate::op::{Engine, Sink};

fn slot_of(slot: i32) -> Result<u32, Fault> {
    u32::try_from(slot).map_err(|_| Fault::new(ESTALE, "no file is registered in this slot"))
}

/// Make the ring's table of files, once: `slots` to fill by ringline_file_add(), then `direct` for
/// the kernel to choose from (file_index = RINGLINE_FILE_INDEX_ALLOC in accept, openat, socket;
/// the op's res is the slot then). Behind these the library keeps some more, so that a multishot
/// direct accept is stopped (its FINAL says -ENFILE) before the kernel finds the table full: it
/// would accept clients and drop them. `flags` must be 0. Owner thread (any while there is none).
///
/// Ops name a slot in fd with RINGLINE_SQE_FIXED_FILE. RINGLINE_OP_CLOSE with file_index = slot + 1
/// closes one. A slot that ops in flight name is never filled anew.
///
/// Returns 0, -EEXIST for a second time, -EINVAL, -EMFILE (RLIMIT_NOFILE), -ENOMEM,
/// RINGLINE_ENOTSUP_KERNEL (file_table: 6.0).
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_files_reserve(
    ring: *mut ringline_ring,
    slots: u32,
    direct: u32,
    flags: u32,
) -> i32 {
    on_engine(ring, |engine| {
        if flags != 0 {
            return Err(invalid("flags must be 0"));
        }
        engine.files_reserve(slots, direct)
    })
}

/// Register a descriptor: the ring holds the file from now on, the descriptor can be closed. Owner
/// thread (any while there is none). Returns its slot, -ENFILE when all are taken, -EBADF, -ENXIO
/// without a table.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_file_add(ring: *mut ringline_ring, fd: i32) -> i32 {
    on_engine(ring, |engine| {
        let mut slot = [0];
        engine.file_add(&[fd], &mut slot).map(|_| slot[0])
    })
}

/// Register many descriptors at once; `slots` gets their slots. Owner thread (any while there is
/// none). Returns how many were registered, from the front; when the first was not, why:
/// as ringline_file_add(), RINGLINE_ENULL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_file_add_many(
    ring: *mut ringline_ring,
    fds: *const i32,
    count: u32,
    slots: *mut u32,
) -> i32 {
    on_engine(ring, |engine| {
        if count == 0 {
            return Ok(0);
        }
        if fds.is_null() || slots.is_null() {
            return Err(null("fds or slots is NULL"));
        }
        // SAFETY: not NULL; the caller vouches for `count` of both.
        let (fds, slots) = unsafe {
            (
                core::slice::from_raw_parts(fds, count as usize),
                core::slice::from_raw_parts_mut(slots, count as usize),
            )
        };
        engine.file_add(fds, slots)
    })
}

/// Put another file into a slot. Owner thread (any while there is none). Returns 0, -EBUSY while
/// ops in flight name the slot, -EBADF, RINGLINE_ESTALE for an empty slot.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_file_replace(
    ring: *mut ringline_ring,
    slot: i32,
    fd: i32,
) -> i32 {
    on_engine(ring, |engine| engine.file_replace(slot_of(slot)?, fd))
}

/// Take a file out of its slot; a direct descriptor is closed by it, at once. Owner thread (any
/// while there is none). Returns 0, -EBUSY while ops in flight name the slot, RINGLINE_ESTALE for
/// an empty one.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_file_remove(ring: *mut ringline_ring, slot: i32) -> i32 {
    on_engine(ring, |engine| engine.file_remove(slot_of(slot)?))
}

/// Make an ordinary descriptor for the file in a slot: an op like any other, whose completion
/// carries `user_data` and in res the new descriptor (closed on exec unless `flags` is
/// RINGLINE_FILE_INSTALL_INHERIT). The slot keeps its file. Owner thread (any while there is none).
/// Returns its token, -EINVAL, RINGLINE_ESTALE for an empty slot, RINGLINE_ENOTSUP_KERNEL
/// (fd_install: 6.8), or as ringline_submit().
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_file_install(
    ring: *mut ringline_ring,
    slot: i32,
    flags: u32,
    user_data: u64,
) -> i64 {
    enter_ffi(ring, Door::Owner, |inside| {
        if flags & !RINGLINE_FILE_INSTALL_INHERIT != 0 {
            return long_outcome(Err(invalid("unknown bit in flags")));
        }
        // SAFETY: inside, and this reference ends with the closure.
        let engine = &mut unsafe { state(inside.ring) }.engine;
        long_outcome(install(engine, slot, flags, user_data))
    })
}

fn install(engine: &mut Engine, slot: i32, flags: u32, user_data: u64) -> Result<u64, Fault> {
    let op = Op {
        opcode: opcode::FIXED_FD_INSTALL,
        flags: sqe_flag::FIXED_FILE,
        fd: slot,
        op_flags: flags,
        user_data,
        ..Op::default()
    };
    let mut token = [0];
    match engine.submit(&[op], &mut token, Sink::default()) {
        0 => Err(engine.rejection().0),
        _ => Ok(token[0]),
    }
}
