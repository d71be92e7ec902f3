//! Group J: the mailbox, through which other threads reach a ring.
//!
//! Owns: the count of a mailbox's handle. Never enters the ring, except to make the mailbox.

use super::boundary::{Answer, answered, on_engine};
use super::given::{list, null, put};
use super::ringline_callback;
use super::table::{self, Object, Remote};
use super::{ringline_mailbox, ringline_ring};
use crate::driver::{Mailbox, Op};
use crate::fault::{ESTALE, Fault};
use crate::op::Engine;
use core::ffi::c_void;
use core::mem::MaybeUninit;

/// Run `body` on a mailbox under the panic net.
fn visit<T: Answer>(
    mailbox: *mut ringline_mailbox,
    body: impl FnOnce(&Mailbox) -> Result<T, Fault>,
) -> i32 {
    answered(|| table::with_mailbox(mailbox as u64, body)?)
}

/// Get the ring's mailbox, through which other threads reach it: `*out` is a handle that any thread
/// may use and that the caller releases with ringline_mailbox_release(). All calls give the same
/// handle as long as it is held. It outlives the ring and then answers RINGLINE_ECLOSED. While it
/// is held, ringline_run() waits for mail although nothing is in flight.
///
/// Owner thread (any while there is none). Returns 0, RINGLINE_ENULL, -ENFILE when 16384 handles
/// exist.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_mailbox_of(
    ring: *mut ringline_ring,
    out: Option<&mut MaybeUninit<*mut ringline_mailbox>>,
) -> i32 {
    on_engine(ring, |engine| put(out, || Ok(hold(engine)? as *mut ringline_mailbox)))
}

/// One more reference to the mailbox's handle, which is made if nobody has one.
fn hold(engine: &mut Engine) -> Result<u64, Fault> {
    let mail = engine.mailbox().clone();
    if let Some(handle) = mail.hold() {
        return Ok(handle);
    }
    let (wake, stats) = (engine.driver.wake.clone(), engine.driver.stats.clone());
    let remote = Remote { wake, stats, mail: Some(mail.clone()) };
    let handle = table::insert(core::ptr::null_mut(), Object::Remote(remote))?;
    mail.name(handle);
    Ok(handle)
}

/// One more reference to the mailbox, to be released as well. Any thread that holds one. Returns
/// 0, RINGLINE_ESTALE, RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_mailbox_retain(mailbox: *mut ringline_mailbox) -> i32 {
    visit(mailbox, |mail| mail.hold().map(drop).ok_or_else(released))
}

/// Give a reference back; with the last one the handle is stale. What was posted is still
/// delivered, and operations go on. Any thread. Returns 0, RINGLINE_ESTALE, RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_mailbox_release(mailbox: *mut ringline_mailbox) -> i32 {
    let mut last = false;
    let code = visit(mailbox, |mail| {
        last = mail.let_go().ok_or_else(released)?;
        Ok(())
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
        Ok(Err(code)) => code,
        Err(fault) => fault.code,
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
    visit(mailbox, |mail| mail.post(user_data, res))
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
        // SAFETY: the caller vouches for `count` readable ops, or gave NULL.
        for (at, op) in unsafe { list(ops, count, "ops is NULL") }?.iter().enumerate() {
            let id = match mail.submit(op, 0, 0) {
                Ok(id) => id,
                Err(fault) if at == 0 => return Err(fault),
                Err(_) => return Ok(at as u32),
            };
            if !ids.is_null() {
                // SAFETY: not NULL, and the caller vouches for as many writable ids as ops.
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
    op: Option<&Op>,
    callback: ringline_callback,
    ctx: *mut c_void,
) -> i64 {
    let mut id = 0u64;
    let code = visit(mailbox, |mail| {
        let callback = callback.ok_or_else(|| null("callback is NULL"))?;
        let op = op.ok_or_else(|| null("op is NULL"))?;
        id = mail.submit(op, callback as usize as u64, ctx as u64)?;
        Ok(())
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
        let callback = callback.ok_or_else(|| null("callback is NULL"))?;
        mail.call(callback as usize as u64, ctx as u64)
    })
}

/// Ask for the op of an id to end; its FINAL says what became of it. Any thread, but no signal
/// handler. Returns 0 = asked, RINGLINE_ESTALE = gone already, or as ringline_mailbox_post().
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_mailbox_cancel(mailbox: *mut ringline_mailbox, id: u64) -> i32 {
    visit(mailbox, |mail| mail.cancel(id))
}

/// Have the ring closed by its owner at its next turn, as ringline_close() with a timeout of 0,
/// after what was posted before; for finalisers. Ops of this mailbox are refused from now on. Any
/// thread, but no signal handler. Returns 0, RINGLINE_ECLOSED when the ring is gone,
/// RINGLINE_ESTALE, RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_mailbox_close(mailbox: *mut ringline_mailbox) -> i32 {
    visit(mailbox, |mail| mail.close())
}
