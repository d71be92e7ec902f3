//! Group M: a ring of the worker's, for operations that the runtime has no function for.
//!
//! Owns: the one ring of the calling thread that its worker turns. To everybody else it looks as if
//! its loop ran further up the stack, which is what keeps them from turning it.

use super::boundary::{fail, owned};
use super::foreign::{ringline_prepare, ringline_ring_fd};
use super::given::put;
use super::ring::{ringline_attach, ringline_create, ringline_free};
use super::run::ringline_run_once;
use super::runtime_conn::on_worker;
use super::state::{Pace, state};
use super::{ringline_ring, ringline_runtime, table};
use crate::error::Fault;
use crate::runtime::{Hosted, Worker};
use core::cell::Cell;
use core::mem::MaybeUninit;
use core::ptr::{null, null_mut};

thread_local! {
    static HOSTED: Cell<*mut ringline_ring> = const { Cell::new(null_mut()) };
}

/// A ring that the worker turns in its own loop: for files, raw operations and whatever else is
/// submitted with a callback (ringline_submit_with()), which the worker calls like its own. It is
/// made at the first call and freed after the stop callback; ringline_free() frees it earlier, when
/// the callback has returned, and the next call makes a new one. Turning, running, preparing or
/// detaching it oneself is RINGLINE_EREENTRANT. Completions without a callback are dropped. For
/// other threads take its mailbox: ringline_mailbox_of(). In the worker's callbacks only.
///
/// Returns 0; RINGLINE_ENULL; RINGLINE_EWRONGTHREAD, RINGLINE_ESTALE, RINGLINE_EFORKED as
/// ringline_conn_send(); -EMFILE, -ENOMEM, -EPERM as ringline_create().
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_worker_ring(
    runtime: *mut ringline_runtime,
    out: Option<&mut MaybeUninit<*mut ringline_ring>>,
) -> i32 {
    on_worker(runtime, |worker| put(out, || hosted(worker)))
}

fn hosted(worker: &Worker) -> Result<*mut ringline_ring, Fault> {
    let ring = HOSTED.get();
    if table::find(ring as u64).is_some() {
        return Ok(ring);
    }
    let mut made = MaybeUninit::new(null_mut());
    // SAFETY: without a config, all defaults.
    checked(unsafe { ringline_create(null(), Some(&mut made)) })?;
    // SAFETY: it was made with a value.
    let ring = unsafe { made.assume_init() };
    let begun = checked(ringline_attach(ring))
        .and_then(|_| checked(ringline_ring_fd(ring)))
        .and_then(|fd| worker.host(fd));
    if let Err(fault) = begun {
        ringline_free(ring);
        return Err(fault);
    }
    HOSTED.set(ring);
    set_pace(ring, Pace::Looping);
    Ok(ring)
}

/// A code of the library as a fault; what failed said its text already.
fn checked(code: i32) -> Result<i32, Fault> {
    if code >= 0 { Ok(code) } else { Err(Fault { code, context: super::boundary::detail() }) }
}

fn set_pace(ring: *mut ringline_ring, pace: Pace) {
    if let Some(ring) = owned(ring) {
        // SAFETY: the calling thread owns it, and this reference ends with the line.
        unsafe { state(ring) }.pace = pace;
    }
}

/// Turn the ring of this worker without waiting, and see that its descriptor tells of what comes.
pub(super) fn run_hosted() -> Hosted {
    let ring = HOSTED.get();
    set_pace(ring, Pace::Careful);
    let came = ringline_run_once(ring, 0, 0);
    if table::find(ring as u64).is_none() {
        HOSTED.set(null_mut());
        return Hosted::Gone;
    }
    let ready = if came == 0 { ringline_prepare(ring, None) } else { came };
    set_pace(ring, Pace::Looping);
    match ready {
        0 => Hosted::Idle,
        1.. => Hosted::Busy,
        code => {
            fail(Fault::errno(-code, "the worker's ring could not be turned; it tries again"));
            Hosted::Refused
        }
    }
}

/// The worker is over.
pub(super) fn end_hosted() {
    let ring = HOSTED.replace(null_mut());
    if table::find(ring as u64).is_some() {
        set_pace(ring, Pace::Careful);
        ringline_free(ring);
    }
}
