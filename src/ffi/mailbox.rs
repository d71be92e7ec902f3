//! Group J: the mailbox, through which other threads reach a ring.
//!
//! Owns: the count of a mailbox's handle. Never enters the ring, except to make the mailbox.

use super::boundary::{Door, Inside, enter_ffi, fail, mailed, netted, outcome};
use super::ringline_callback;
use super::state::state;
use super::table::{self, Remote};
use super::{ringline_mailbox, ringline_ring};
use crate::error::{ENULL, ESTALE, Fault};
use crate::ring::{Mailbox, Op};
use core::ffi::c_void;
use core::sync::atomic::Ordering;

/// Run `body` on a mailbox under the panic net.
fn visit(mailbox: *mut ringline_mailbox, body: impl FnOnce(&Mailbox) -> Result<u32, Fault>) -> i32 {
    netted(|| outcome(mailed(table::with_mailbox(mailbox as u64, body))))
}

/// Get the ring's mailbox, through which other threads reach it: `*out` is a handle that any thread
/// may use and that the caller releases with ringline_mailbox_release(). All calls give the same
/// handle as long as it is held. It outlives the ring and then answers RINGLINE_ECLOSED. While it
/// is held, ringline_run() waits for mail although nothing is in flight.
///
/// Owner thread (any while there is none). Returns 0, RINGLINE_ENULL, -ENFILE when 16384 handles
/// exist.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_mailbox_of(
    ring: *mut ringline_ring,
    out: *mut *mut ringline_mailbox,
) -> i32 {
    enter_ffi(ring, Door::Owner, |inside| {
        if out.is_null() {
            return fail(Fault::new(ENULL, "out is NULL")).into();
        }
        let made = hold(inside);
        if let Some(handle) = made {
            // SAFETY: not NULL; the caller vouches for a writable pointer.
            unsafe { out.write(handle as *mut ringline_mailbox) };
            return 0;
        }
        fail(Fault::errno(libc::ENFILE, "16384 rings and mailboxes exist in this process")).into()
    }) as i32
}

/// One more reference to the mailbox's handle, which is made if nobody has one.
fn hold(inside: &Inside) -> Option<u64> {
    // SAFETY: inside, and this reference ends with the function.
    let engine = &mut unsafe { state(inside.ring) }.engine;
    let mail = engine.mailbox().clone();
    if let Some(handle) = mail.hold() {
        return Some(handle);
    }
    let (wake, stats) = (engine.driver.wake.clone(), engine.driver.stats.clone());
    let remote = Remote { wake, stats, mail: Some(mail.clone()) };
    let epoch = inside.entry.epoch.load(Ordering::Relaxed);
    let handle = table::insert(core::ptr::null_mut(), remote, epoch)?;
    mail.name(handle);
    Some(handle)
}

/// One more reference to the mailbox, to be released as well. Any thread that holds one. Returns
/// 0, RINGLINE_ESTALE, RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_mailbox_retain(mailbox: *mut ringline_mailbox) -> i32 {
    visit(mailbox, |mail| mail.hold().map(|_| 0).ok_or_else(released))
}

/// Give a reference back; with the last one the handle is stale. What was posted is still
/// delivered, and operations go on. Any thread. Returns 0, RINGLINE_ESTALE, RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_mailbox_release(mailbox: *mut ringline_mailbox) -> i32 {
    let mut last = false;
    let code = visit(mailbox, |mail| {
        last = mail.let_go().ok_or_else(released)?;
        Ok(0)
    });
    if let Some(entry) = table::find(mailbox as u64).filter(|_| last) {
        table::remove(entry);
    }
    code
}

#[cold]
fn released() -> Fault {
    Fault::new(ESTALE, "the mailbox was released")
}

/// End the present or next wait of a turn, run_once or run early, whatever came. Any thread, signal
/// handlers and callbacks; async-signal-safe, errno is kept. Returns 0, RINGLINE_ESTALE,
/// RINGLINE_EFORKED, or RINGLINE_ECLOSED when the ring is gone.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_mailbox_wake(mailbox: *mut ringline_mailbox) -> i32 {
    // Not through the panic net: it must be async-signal-safe.
    match table::with_mailbox(mailbox as u64, Mailbox::wake) {
        Ok(Ok(())) => 0,
        Ok(Err(code)) | Err(code) => code,
    }
}

/// Give the owner a record with `user_data`, `res` and RINGLINE_CF_MSG (token and data are 0). It
/// wakes the ring and counts toward wait_min; each call is one record, in the order of each thread.
/// Any thread, but no signal handler (ringline_mailbox_wake() is for those).
///
/// Returns 0, -EAGAIN when 1024 messages wait (nothing is lost: post again later), RINGLINE_ECLOSED
/// when the ring is gone, RINGLINE_ESTALE, RINGLINE_EFORKED. The records of a ring that is freed
/// are dropped: close and turn it first.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_mailbox_post(
    mailbox: *mut ringline_mailbox,
    user_data: u64,
    res: i32,
) -> i32 {
    visit(mailbox, |mail| mail.post(user_data, res).map(|()| 0))
}

/// Have the owner submit ops; their completions are its records, with RINGLINE_CF_MSG. `ids` (may
/// be NULL) gets an id per accepted op, for ringline_mailbox_cancel(). The ops are copied, but
/// everything they point to, inputs too, is the library's until FINAL. An op that the ring rejects
/// completes with FINAL and -errno (-EAGAIN for RINGLINE_ENOSLOT, -ESHUTDOWN when it closes). Any
/// thread, but no signal handler.
///
/// Returns how many were accepted, from the front; when the first is not, why: -EAGAIN (1024
/// messages wait, or 4096 ops are in flight), -EINVAL (a link chain, a QUIET send),
/// RINGLINE_ECLOSED when the ring is closing or gone, RINGLINE_ENULL, RINGLINE_ESTALE,
/// RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_mailbox_submit(
    mailbox: *mut ringline_mailbox,
    ops: *const Op,
    count: u32,
    ids: *mut u64,
) -> i32 {
    visit(mailbox, |mail| {
        if ops.is_null() && count > 0 {
            return Err(Fault::new(ENULL, "ops is NULL"));
        }
        for at in 0..count as usize {
            // SAFETY: not NULL; the caller vouches for `count` ops.
            let id = match mail.submit(unsafe { &*ops.add(at) }, 0, 0) {
                Ok(id) => id,
                Err(fault) if at == 0 => return Err(fault),
                Err(_) => return Ok(at as u32),
            };
            if !ids.is_null() {
                // SAFETY: the caller vouches for as many ids as ops.
                unsafe { ids.add(at).write(id) };
            }
        }
        Ok(count)
    })
}

/// As ringline_mailbox_submit() for one op whose completions go to `callback`, on the owner thread.
/// A ring that ends before it came to the op calls it too, with FINAL and -ESHUTDOWN, from
/// ringline_free(). Returns the op's id, or as ringline_mailbox_submit().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_mailbox_submit_with(
    mailbox: *mut ringline_mailbox,
    op: *const Op,
    callback: ringline_callback,
    ctx: *mut c_void,
) -> i64 {
    let mut id = 0u64;
    let code = visit(mailbox, |mail| {
        let Some(callback) = callback else {
            return Err(Fault::new(ENULL, "callback is NULL"));
        };
        if op.is_null() {
            return Err(Fault::new(ENULL, "op is NULL"));
        }
        // SAFETY: not NULL; the caller vouches for one op.
        id = mail.submit(unsafe { &*op }, callback as usize as u64, ctx as u64)?;
        Ok(0)
    });
    if code < 0 { code.into() } else { id as i64 }
}

/// Have `callback` called on the owner thread, as a completion callback is: everything is legal in
/// it but running the loop. Its completion has RINGLINE_CF_MSG and res = 0; when the ring ends
/// before it came to this, it is called from ringline_free() with res = -ESHUTDOWN, so that the
/// context can be given back. Any thread, but no signal handler. Returns as
/// ringline_mailbox_post(), or RINGLINE_ENULL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_mailbox_call(
    mailbox: *mut ringline_mailbox,
    callback: ringline_callback,
    ctx: *mut c_void,
) -> i32 {
    visit(mailbox, |mail| {
        let Some(callback) = callback else {
            return Err(Fault::new(ENULL, "callback is NULL"));
        };
        mail.call(callback as usize as u64, ctx as u64).map(|()| 0)
    })
}

/// Ask for the op of an id to end; its FINAL says what became of it. Any thread, but no signal
/// handler. Returns 0 = asked, RINGLINE_ESTALE = gone already, or as ringline_mailbox_post().
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_mailbox_cancel(mailbox: *mut ringline_mailbox, id: u64) -> i32 {
    visit(mailbox, |mail| mail.cancel(id).map(|()| 0))
}

/// Have the ring closed by its owner at its next turn, as ringline_close() with a timeout of 0,
/// after what was posted before; for finalisers. Ops of this mailbox are refused from now on. Any
/// thread, but no signal handler. Returns 0, RINGLINE_ECLOSED when the ring is gone,
/// RINGLINE_ESTALE, RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_mailbox_close(mailbox: *mut ringline_mailbox) -> i32 {
    visit(mailbox, |mail| mail.close().map(|()| 0))
}
