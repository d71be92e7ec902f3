//! What is looked up once: interned names, functions that are not in the header of the stable ABI,
//! and the Python half of this module (`ringline._slow`).
//!
//! Invariant: filled by `load` before any type is made; never changed after that.

use crate::py::*;
use crate::python::*;
use std::cell::UnsafeCell;
use std::ffi::{CStr, c_int};
use std::mem::transmute;
use std::ptr::null_mut;

type Symbol = *mut libc::c_void;
type Copy = unsafe extern "C-unwind" fn() -> Obj;
type Change = unsafe extern "C-unwind" fn(Obj) -> c_int;
type Vectorcall = unsafe extern "C-unwind" fn(Obj, *const Obj, usize, Obj) -> Obj;

/// Names and functions.
pub struct Names {
    /// "context".
    pub context: Ref,
    /// "callback".
    pub callback: Ref,
    /// "call_soon".
    pub call_soon: Ref,
    /// "get_debug".
    pub get_debug: Ref,
    /// "create_future".
    pub create_future: Ref,
    /// "call_later".
    pub call_later: Ref,
    /// "create_task".
    pub create_task: Ref,
    /// "call_at".
    pub call_at: Ref,
    /// "delay".
    pub delay: Ref,
    /// "when".
    pub when: Ref,
    /// "_run".
    pub run: Ref,
    /// "_cancelled".
    pub cancelled: Ref,
    /// "_write_to_self".
    pub wake: Ref,
    /// "time".
    pub time: Ref,
    /// An empty tuple.
    pub empty: Ref,
    /// `ringline._slow`: what need not be fast.
    pub slow: Ref,
    /// The class of the handles of call_soon_threadsafe; None where they are like all.
    pub threadsafe_handle: Ref,
    /// "loop".
    pub loop_: Ref,
    /// "Task".
    pub task: Ref,
    /// asyncio.Future.
    pub future: Ref,
    /// The module asyncio.tasks.
    pub tasks: Ref,
    copy: Copy,
    enter: Change,
    exit: Change,
    vectorcall: Vectorcall,
}

/// A place that is filled once, while the module is made.
pub struct Late<T>(UnsafeCell<Option<T>>);

// SAFETY: filled before anything reads it, with the interpreter's lock held.
unsafe impl<T> Sync for Late<T> {}

impl<T> Late<T> {
    /// Nothing is there yet.
    pub const fn empty() -> Late<T> {
        Late(UnsafeCell::new(None))
    }

    /// Fill it.
    ///
    /// # Safety
    /// The interpreter's lock is held, and nobody has read it.
    pub unsafe fn fill(&self, value: T) {
        // SAFETY: the caller holds the lock, and nobody has a reference to what is inside.
        unsafe { *self.0.get() = Some(value) };
    }

    /// What is there.
    ///
    /// # Safety
    /// It was filled.
    #[inline(always)]
    pub unsafe fn get(&self) -> &T {
        // SAFETY: the caller vouches that it was filled, and it is never filled again.
        unsafe { (*self.0.get()).as_ref().unwrap_unchecked() }
    }
}

static NAMES: Late<Names> = Late::empty();

/// The names.
#[inline]
pub fn names() -> &'static Names {
    // SAFETY: written once by `load`, which runs before any other code of the crate.
    unsafe { NAMES.get() }
}

/// A function every CPython exports but leaves out of the stable ABI; without it the pure layer
/// serves.
fn exported(name: &CStr) -> Py<Symbol> {
    // SAFETY: the name ends.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    if found.is_null() {
        // SAFETY: the class lives for ever.
        return Err(raise(unsafe { PyExc_ImportError }, c"this Python lacks a function of 3.11"));
    }
    Ok(found)
}

/// Look everything up.
pub fn load() -> Py<()> {
    let found = Names {
        context: intern(c"context")?,
        callback: intern(c"callback")?,
        call_soon: intern(c"call_soon")?,
        get_debug: intern(c"get_debug")?,
        create_future: intern(c"create_future")?,
        call_later: intern(c"call_later")?,
        create_task: intern(c"create_task")?,
        call_at: intern(c"call_at")?,
        delay: intern(c"delay")?,
        when: intern(c"when")?,
        run: intern(c"_run")?,
        cancelled: intern(c"_cancelled")?,
        wake: intern(c"_write_to_self")?,
        time: intern(c"time")?,
        empty: tuple(&[])?,
        slow: import(c"ringline._slow")?,
        threadsafe_handle: import(c"ringline._slow")?.named(c"threadsafe_handle")?,
        loop_: intern(c"loop")?,
        task: intern(c"Task")?,
        future: import(c"asyncio")?.named(c"Future")?,
        tasks: import(c"asyncio.tasks")?,
        // SAFETY: of this shape since 3.7.1.
        copy: unsafe { transmute::<Symbol, Copy>(exported(c"PyContext_CopyCurrent")?) },
        // SAFETY: of this shape since 3.7.1.
        enter: unsafe { transmute::<Symbol, Change>(exported(c"PyContext_Enter")?) },
        // SAFETY: of this shape since 3.7.1.
        exit: unsafe { transmute::<Symbol, Change>(exported(c"PyContext_Exit")?) },
        // SAFETY: of the stable ABI from 3.12, and of the same shape in 3.11.
        vectorcall: unsafe { transmute::<Symbol, Vectorcall>(exported(c"PyObject_Vectorcall")?) },
    };
    // SAFETY: nothing reads it before this returns.
    unsafe { NAMES.fill(found) };
    load_stream()
}

/// A copy of the current context.
#[inline]
pub fn copy_context() -> Py {
    // SAFETY: a new reference.
    unsafe { Ref::new(guarded_call(|| (names().copy)())) }
}

/// Names of what transports are asked for.
pub struct StreamNames {
    /// "append".
    pub append: Ref,
    /// "data_received".
    pub data_received: Ref,
    /// "_received".
    pub received: Ref,
    /// "_sent".
    pub sent: Ref,
    /// "_fatal_error".
    pub fatal_error: Ref,
    /// What asyncio says where data_received raised.
    pub fatal_text: Ref,
    /// What asyncio says where a receive failed.
    pub fatal_read: Ref,
    /// "_maybe_resume_protocol".
    pub resume: Ref,
    /// "_maybe_pause_protocol".
    pub maybe_pause: Ref,
    /// "_drained".
    pub drained: Ref,
    /// "_send_rest".
    pub send_rest: Ref,
    /// collections.deque.
    pub deque: Ref,
    /// "_flush".
    pub flush: Ref,
    /// SocketTransport.write.
    pub write: Slot,
}

static STREAM_NAMES: Late<StreamNames> = Late::empty();

/// The names of transports.
#[inline]
pub fn stream_names() -> &'static StreamNames {
    // SAFETY: written once by `load`, which runs before any other code of the crate.
    unsafe { STREAM_NAMES.get() }
}

fn load_stream() -> Py<()> {
    let text = |text: &CStr| {
        // SAFETY: the text ends; a new reference.
        unsafe { Ref::new(PyUnicode_FromString(text.as_ptr())) }
    };
    let found = StreamNames {
        append: intern(c"append")?,
        data_received: intern(c"data_received")?,
        received: intern(c"_received")?,
        sent: intern(c"_sent")?,
        fatal_error: intern(c"_fatal_error")?,
        fatal_text: text(c"Fatal error: protocol.data_received() call failed.")?,
        fatal_read: text(c"Fatal read error on socket transport")?,
        resume: intern(c"_maybe_resume_protocol")?,
        maybe_pause: intern(c"_maybe_pause_protocol")?,
        drained: intern(c"_drained")?,
        send_rest: intern(c"_send_rest")?,
        deque: import(c"collections")?.named(c"deque")?,
        flush: intern(c"_flush")?,
        write: Slot::default(),
    };
    // SAFETY: nothing reads it before this returns.
    unsafe { STREAM_NAMES.fill(found) };
    Ok(())
}

/// Run `body` in a context. The context is left whatever happens.
#[inline]
pub fn enter_context(context: &Ref, body: impl FnOnce() -> Py) -> Py {
    // SAFETY: a live object; of another type than Context it raises.
    if guarded_call(|| unsafe { (names().enter)(context.ptr()) }) != 0 {
        return Err(Raised);
    }
    entered(context, body)
}

#[inline]
fn entered(context: &Ref, body: impl FnOnce() -> Py) -> Py {
    let result = body();
    // SAFETY: it was entered; an exception that is set stays, Exit fails only out of order.
    let left = guarded_call(|| unsafe { (names().exit)(context.ptr()) }) == 0;
    if left { result } else { Err(Raised) }
}

/// As `enter_context`, and in a copy where the context is entered now: by who turns the loop in a
/// callback.
#[inline]
pub fn tell(context: &Ref, body: impl FnOnce() -> Py) -> Py {
    // SAFETY: a live object; of another type than Context it raises.
    if guarded_call(|| unsafe { (names().enter)(context.ptr()) }) == 0 {
        return entered(context, body);
    }
    enter_context(&copy_of(context)?, body)
}

#[cold]
fn copy_of(context: &Ref) -> Py {
    // SAFETY: the class lives for ever.
    if !raised_is(unsafe { PyExc_RuntimeError }) {
        return Err(Raised);
    }
    // SAFETY: only the error that is set is taken back.
    unsafe { PyErr_Clear() };
    context.named(c"copy")?.call(&[])
}

/// Call with one argument, without a tuple where the callable needs none.
#[inline]
pub fn call_one(callback: &Ref, argument: &Ref) -> Py {
    // The callee may write to the place before the arguments.
    let place = [null_mut(), argument.ptr()];
    // SAFETY: all are live; a new reference.
    unsafe {
        let (callback, first) = (callback.ptr(), place.as_ptr().add(1));
        let count = 1 | ARGUMENTS_OFFSET;
        Ref::new(guarded_call(|| (names().vectorcall)(callback, first, count, null_mut())))
    }
}

/// PY_VECTORCALL_ARGUMENTS_OFFSET.
const ARGUMENTS_OFFSET: usize = 1 << (usize::BITS - 1);

/// Call a function of `ringline._slow`.
#[cold]
pub fn slow(name: &CStr, arguments: &[&Ref]) -> Py {
    names().slow.named(name)?.call(arguments)
}

/// A method without arguments.
pub fn call_method(object: &Ref, name: &Ref) -> Py {
    // SAFETY: both are live; a new reference.
    unsafe { Ref::new(call_method_with(object.ptr(), name.ptr(), [null_mut(); 2])) }
}
