//! The library's only voice: one process-wide function that is told what happens on cold paths.
//!
//! Owns: that function and its level. Never prints, never allocates, and says nothing until a
//! function is set. Invariant: after [`set`] returned, the function that was set before is not
//! running and is not called any more, so its context may be freed.

use crate::text::Line;
use core::cell::Cell;
use core::ffi::{c_char, c_void};
use core::fmt;
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Something is broken: a caught panic.
pub const ERROR: u32 = 1;
/// Something is lost or missing, and the program may want to know: abandoned operations, a
/// feature that this kernel lacks.
pub const WARN: u32 = 2;
/// The library took another way: setup flags stepped down, memory was waited for.
pub const INFO: u32 = 3;
/// Every call that failed, with its text.
pub const DEBUG: u32 = 4;

/// What is called: its context, the level, the text.
pub type Function = unsafe extern "C-unwind" fn(*mut c_void, u32, *const c_char);

/// How long [`set`] waits for calls of the old function to end.
const PATIENCE: Duration = Duration::from_secs(1);

/// Highest level that is told; 0 = silence.
static LEVEL: AtomicU32 = AtomicU32::new(0);
/// Address of the function; 0 = none.
static FUNCTION: AtomicUsize = AtomicUsize::new(0);
static CONTEXT: AtomicPtr<c_void> = AtomicPtr::new(core::ptr::null_mut());
/// Threads that may be inside the function.
static INSIDE: AtomicU32 = AtomicU32::new(0);
/// 1 while a thread is in [`set`].
static SETTING: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// This thread is inside the function: what happens there is not told again.
    static TELLING: Cell<bool> = const { Cell::new(false) };
}

/// Why [`set`] did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It was called inside the function.
    Inside,
    /// Another thread sets one, or did not leave the old function; that one is off.
    Busy,
}

/// Tell `function` from now on what is at most of `level`; None = nobody.
pub fn set(function: Option<Function>, context: *mut c_void, level: u32) -> Result<(), Refused> {
    if TELLING.get() {
        return Err(Refused::Inside);
    }
    if SETTING.swap(1, Ordering::SeqCst) != 0 {
        return Err(Refused::Busy);
    }
    LEVEL.store(0, Ordering::SeqCst);
    FUNCTION.store(0, Ordering::SeqCst);
    let empty = is_left();
    if let (true, Some(function)) = (empty, function) {
        CONTEXT.store(context, Ordering::SeqCst);
        FUNCTION.store(function as usize, Ordering::SeqCst);
        LEVEL.store(level.min(DEBUG), Ordering::SeqCst);
    }
    SETTING.store(0, Ordering::SeqCst);
    if empty { Ok(()) } else { Err(Refused::Busy) }
}

/// Wait until no thread is inside the old function.
fn is_left() -> bool {
    let deadline = Instant::now() + PATIENCE;
    while INSIDE.load(Ordering::SeqCst) != 0 {
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

/// Tell something, if anybody listens at this level. Any thread; for cold paths.
#[cold]
pub fn tell(level: u32, text: fmt::Arguments) {
    if level > LEVEL.load(Ordering::Relaxed) || TELLING.get() {
        return;
    }
    INSIDE.fetch_add(1, Ordering::SeqCst);
    let function = FUNCTION.load(Ordering::SeqCst);
    if function != 0 {
        let context = CONTEXT.load(Ordering::SeqCst);
        let line = Line::of(text);
        TELLING.set(true);
        // SAFETY: `set` stored the address of a function of this type, never 0.
        let function: Function = unsafe { core::mem::transmute(function) };
        // SAFETY: whoever set the function vouches for it and its context; the line is on this
        // stack and ends with a NUL.
        unsafe { function(context, level, line.as_ptr()) };
        TELLING.set(false);
    }
    INSIDE.fetch_sub(1, Ordering::SeqCst);
}
