//! The loop's clock: CLOCK_MONOTONIC as `time.monotonic` gives it, or what a program has put in the
//! place of that function.
//!
//! asyncio looks the function up at each call, and tests that freeze the time replace it. Owns the
//! module's dict and the function that was there first. Invariant: the clock is read without Python
//! only while the dict has a builtin function of the interpreter's own.

use crate::names::Late;
use crate::py::*;
use crate::python::*;

struct Monotonic {
    /// That of the module `time`.
    dict: Ref,
    /// "monotonic".
    name: Ref,
    /// The interpreter's function; None where it was replaced before we came.
    builtin: Ref,
}

static MONOTONIC: Late<Monotonic> = Late::empty();

/// Look the function up.
pub fn load() -> Py<()> {
    let module = import(c"time")?;
    let found = module.named(c"monotonic")?;
    let own = found.kind() == &raw mut PyCFunction_Type;
    let builtin = if own { found } else { Ref::none() };
    let made = Monotonic { dict: module.named(c"__dict__")?, name: intern(c"monotonic")?, builtin };
    // SAFETY: while the module is made.
    unsafe { MONOTONIC.fill(made) };
    Ok(())
}

/// What was put in the place of `time.monotonic`, if anything.
#[inline]
fn replaced() -> Option<Ref> {
    // SAFETY: filled by `load`.
    let known = unsafe { MONOTONIC.get() };
    // SAFETY: both are live; the reference is borrowed from the dict, for the look alone.
    let found = unsafe { PyDict_GetItemWithError(known.dict.ptr(), known.name.ptr()) };
    if found == known.builtin.ptr() {
        return None;
    }
    // SAFETY: live, as nothing has run since; NULL where somebody took the function out.
    Some(if found.is_null() { Ref::none() } else { unsafe { Ref::view(&found) }.clone() })
}

/// CLOCK_MONOTONIC in seconds, the float that time.monotonic() gives.
#[inline]
pub fn monotonic() -> f64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists on every Linux, and `now` is written.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    let nanoseconds = now.tv_sec * 1_000_000_000 + now.tv_nsec;
    nanoseconds as f64 / 1e9
}

/// The time in seconds.
#[inline]
pub fn seconds() -> Py<f64> {
    match replaced() {
        None => Ok(monotonic()),
        Some(function) => function.call(&[])?.double(),
    }
}

/// The time as Python sees it.
pub unsafe extern "C" fn time(slf: Obj, _: Obj) -> Obj {
    let _ = slf;
    enter(|| match replaced() {
        None => Ref::float(monotonic()),
        Some(function) => function.call(&[]),
    })
}
