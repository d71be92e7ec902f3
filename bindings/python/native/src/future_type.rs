//! What Python calls on a Future, and the iterator that `await` makes of it.
//!
//! Owns the two types. A task that awaits gets the future from the iterator with `blocking` set,
//! clears that, and adds its wakeup as a callback: asyncio's protocol. Invariant: no method trusts
//! that the future is not done.

use crate::future::*;
use crate::names::{call_method, finalize_from_dealloc, names, slow};
use crate::py::*;
use crate::types::*;
use pyo3_ffi::*;
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

/// What `await` steps through.
static AWAIT: Type = Type::unmade();

/// Our part of it: the future, until it is done.
struct Await {
    future: Slot,
}

fn on(slf: &Obj, body: impl FnOnce(&Ref, &Future) -> Py) -> Obj {
    enter(|| {
        // SAFETY: a method's self is live and of the type.
        let me = unsafe { Ref::view(slf) };
        body(me, Future::of(me))
    })
}

unsafe extern "C" fn done(slf: Obj, _: Obj) -> Obj {
    on(&slf, |_, part| Ok(Ref::bool(part.done())))
}

unsafe extern "C" fn cancelled(slf: Obj, _: Obj) -> Obj {
    on(&slf, |_, part| Ok(Ref::bool(part.state.get() == CANCELLED)))
}

unsafe extern "C" fn result(slf: Obj, _: Obj) -> Obj {
    on(&slf, |_, part| part.result())
}

unsafe extern "C" fn exception(slf: Obj, _: Obj) -> Obj {
    on(&slf, |_, part| part.exception())
}

unsafe extern "C" fn get_loop(slf: Obj, _: Obj) -> Obj {
    on(&slf, |_, part| Ok(part.owner.or_none()))
}

unsafe extern "C" fn make_cancelled(slf: Obj, _: Obj) -> Obj {
    on(&slf, |_, part| part.cancelled_error())
}

unsafe extern "C" fn set_result(slf: Obj, value: Obj) -> Obj {
    // SAFETY: the argument is live for the call.
    on(&slf, |me, part| part.set_result(me, unsafe { Ref::view(&value) }).map(|()| Ref::none()))
}

unsafe extern "C" fn set_exception(slf: Obj, error: Obj) -> Obj {
    // SAFETY: the argument is live for the call.
    on(&slf, |me, part| part.set_exception(me, unsafe { Ref::view(&error) }).map(|()| Ref::none()))
}

unsafe extern "C" fn remove(slf: Obj, callback: Obj) -> Obj {
    // SAFETY: the argument is live for the call.
    on(&slf, |_, part| Ref::int(part.remove(unsafe { Ref::view(&callback) })?))
}

unsafe extern "C" fn add(slf: Obj, v: *const Obj, n: Py_ssize_t, k: Obj) -> Obj {
    on(&slf, |me, part| {
        // SAFETY: as the interpreter calls a fast method.
        let args = unsafe { Args::new(v, n, &k) };
        let mut found = [None];
        args.by_name(&[&names().context], &mut found)?;
        let [callback] = args.positional() else {
            return Err(type_error(c"add_done_callback() takes exactly one positional argument"));
        };
        part.add(me, callback, found[0])?;
        Ok(Ref::none())
    })
}

unsafe extern "C" fn cancel(slf: Obj, v: *const Obj, n: Py_ssize_t, k: Obj) -> Obj {
    on(&slf, |me, part| {
        // SAFETY: as the interpreter calls a fast method.
        let args = unsafe { Args::new(v, n, &k) };
        let mut found = [None];
        args.by_name(&[&names().message], &mut found)?;
        let message = match args.positional() {
            [] => found[0],
            [message] if found[0].is_none() => Some(message),
            _ => return Err(type_error(c"cancel() takes at most one argument")),
        };
        Ok(Ref::bool(part.cancel(me, message)?))
    })
}

unsafe extern "C" fn repr(slf: Obj) -> Obj {
    on(&slf, |me, _| slow(c"future_repr", &[me]))
}

// Properties.

unsafe extern "C" fn get_state(slf: Obj, _: *mut c_void) -> Obj {
    on(&slf, |_, part| {
        intern(match part.state.get() {
            PENDING => c"PENDING",
            CANCELLED => c"CANCELLED",
            _ => c"FINISHED",
        })
    })
}

unsafe extern "C" fn get_blocking(slf: Obj, _: *mut c_void) -> Obj {
    on(&slf, |_, part| Ok(Ref::bool(part.blocking.get())))
}

unsafe extern "C" fn set_blocking(slf: Obj, value: Obj, _: *mut c_void) -> c_int {
    enter_int(|| {
        if value.is_null() {
            return Err(type_error(c"this attribute cannot be deleted"));
        }
        // SAFETY: self and the value are live for the call.
        let (me, value) = unsafe { (Ref::view(&slf), Ref::view(&value)) };
        Future::of(me).blocking.set(value.truth()?);
        Ok(())
    })
}

unsafe extern "C" fn get_log(slf: Obj, _: *mut c_void) -> Obj {
    on(&slf, |_, part| Ok(Ref::bool(part.log.get())))
}

unsafe extern "C" fn set_log(slf: Obj, value: Obj, _: *mut c_void) -> c_int {
    enter_int(|| {
        if value.is_null() {
            return Err(type_error(c"this attribute cannot be deleted"));
        }
        // SAFETY: self and the value are live for the call.
        let (me, value) = unsafe { (Ref::view(&slf), Ref::view(&value)) };
        if value.truth()? {
            // SAFETY: the class lives for ever.
            let class = unsafe { PyExc_ValueError };
            return Err(raise(class, c"_log_traceback can only be set to False"));
        }
        Future::of(me).log.set(false);
        Ok(())
    })
}

unsafe extern "C" fn set_message(slf: Obj, value: Obj, _: *mut c_void) -> c_int {
    enter_int(|| {
        // SAFETY: self is live for the call, and the value unless it is NULL.
        let me = unsafe { Ref::view(&slf) };
        // SAFETY: as above.
        let value = if value.is_null() { None } else { Some(unsafe { Ref::view(&value) }.clone()) };
        Future::of(me).message.set(value);
        Ok(())
    })
}

unsafe extern "C" fn get_owner(slf: Obj, _: *mut c_void) -> Obj {
    on(&slf, |_, part| Ok(part.owner.or_none()))
}

unsafe extern "C" fn get_callbacks(slf: Obj, _: *mut c_void) -> Obj {
    on(&slf, |_, part| part.callbacks())
}

unsafe extern "C" fn get_result(slf: Obj, _: *mut c_void) -> Obj {
    on(&slf, |_, part| Ok(part.result.or_none()))
}

unsafe extern "C" fn get_exception(slf: Obj, _: *mut c_void) -> Obj {
    on(&slf, |_, part| Ok(part.exception.or_none()))
}

unsafe extern "C" fn get_message(slf: Obj, _: *mut c_void) -> Obj {
    on(&slf, |_, part| Ok(part.message.or_none()))
}

unsafe extern "C" fn get_source(slf: Obj, _: *mut c_void) -> Obj {
    on(&slf, |_, part| Ok(part.source.or_none()))
}

// Life.

fn base_slot(number: c_int) -> *mut c_void {
    // SAFETY: the base is a live type.
    unsafe { PyType_GetSlot(names().future.ptr().cast(), number) }
}

unsafe extern "C" fn traverse(slf: Obj, visit: visitproc, arg: *mut c_void) -> c_int {
    let names = names();
    // SAFETY: the collector shows live instances, and the base is the one of this type.
    unsafe {
        let part: &Future = FUTURE.part(slf);
        for slot in part.slots() {
            let stop = slot.visit(visit, arg);
            if stop != 0 {
                return stop;
            }
        }
        if !names.base_visits_type {
            let stop = visit(Py_TYPE(slf).cast(), arg);
            if stop != 0 {
                return stop;
            }
        }
        (names.base_traverse)(slf, visit, arg)
    }
}

unsafe extern "C" fn clear(slf: Obj) -> c_int {
    // SAFETY: the collector clears live instances.
    unsafe {
        let part: &Future = FUTURE.part(slf);
        for slot in part.slots() {
            slot.set(None);
        }
        (names().base_clear)(slf)
    }
}

/// An exception that nobody asked for is told.
unsafe extern "C" fn finalize(slf: Obj) {
    let told = on(&slf, |me, part| {
        if !part.log.replace(false) {
            return Ok(Ref::none());
        }
        // What is being raised now stays so.
        let pending = if unsafe_occurred() { Some(caught()?) } else { None };
        if slow(c"never_retrieved", &[me]).is_err() {
            unraisable(me);
        }
        if let Some(error) = pending {
            throw(&error);
        }
        Ok(Ref::none())
    });
    // SAFETY: NULL, or the reference `on` gave.
    drop(unsafe { Ref::new(told) });
}

fn unsafe_occurred() -> bool {
    // SAFETY: only looks.
    !unsafe { PyErr_Occurred() }.is_null()
}

unsafe extern "C" fn dealloc(slf: Obj) {
    // SAFETY: called once, at the end, unless the finalizer brought the object back.
    unsafe {
        let part: &Future = FUTURE.part(slf);
        if part.log.get() && !finalize_from_dealloc(slf) {
            return;
        }
        PyObject_GC_UnTrack(slf.cast());
        PyObject_ClearWeakRefs(slf);
        clear(slf);
        part.state.set(PENDING);
        part.blocking.set(false);
        part.log.set(false);
        // Finalized once, an instance would never be again: it is not used for another.
        if names().keep_futures && PyObject_GC_IsFinalized(slf) == 0 {
            FUTURE.free(slf);
        } else {
            FUTURE.free_for_good(slf);
        }
    }
}

// The iterator.

unsafe extern "C" fn iterate(slf: Obj) -> Obj {
    on(&slf, |me, _| {
        let made = AWAIT.alloc()?;
        // SAFETY: made of this type just now.
        let part: &Await = unsafe { AWAIT.part(made.ptr()) };
        part.future.set(Some(me.clone()));
        AWAIT.track(&made);
        Ok(made)
    })
}

/// One step: the future itself while it is pending, or its result.
#[inline]
fn step(part: &Await) -> Py<(PySendResult, Ref)> {
    let Some(future) = part.future.get() else {
        return Ok((PySendResult::PYGEN_RETURN, Ref::none()));
    };
    let state = Future::of(&future);
    if state.done() {
        part.future.set(None);
        return Ok((PySendResult::PYGEN_RETURN, state.result()?));
    }
    if state.blocking.replace(true) {
        return Err(runtime_error(c"await wasn't used with future"));
    }
    Ok((PySendResult::PYGEN_NEXT, future))
}

unsafe extern "C" fn send_slot(slf: Obj, _: Obj, out: *mut Obj) -> PySendResult {
    // SAFETY: self is a live iterator, and `out` a place for the result.
    unsafe {
        *out = null_mut();
        match guarded(|| step(AWAIT.part(slf))) {
            Ok((kind, value)) => {
                *out = value.give();
                kind
            }
            Err(Raised) => PySendResult::PYGEN_ERROR,
        }
    }
}

unsafe extern "C" fn next(slf: Obj) -> Obj {
    enter(|| {
        // SAFETY: self is a live iterator.
        match step(unsafe { AWAIT.part(slf) })? {
            (PySendResult::PYGEN_NEXT, future) => Ok(future),
            (_, value) => {
                // SAFETY: the class lives for ever.
                let class = unsafe { Ref::view(&*(&raw const PyExc_StopIteration)) };
                Err(throw(&class.call(&[&value])?))
            }
        }
    })
}

unsafe extern "C" fn send(slf: Obj, _: Obj) -> Obj {
    // SAFETY: as `next`.
    unsafe { next(slf) }
}

unsafe extern "C" fn close(slf: Obj, _: Obj) -> Obj {
    enter(|| {
        // SAFETY: self is a live iterator.
        unsafe { AWAIT.part::<Await>(slf) }.future.set(None);
        Ok(Ref::none())
    })
}

unsafe extern "C" fn throw_into(slf: Obj, v: *const Obj, n: Py_ssize_t, k: Obj) -> Obj {
    enter(|| {
        // SAFETY: self is a live iterator, the rest as the interpreter calls a fast method.
        let (part, args) = unsafe { (AWAIT.part::<Await>(slf), Args::new(v, n, &k)) };
        part.future.set(None);
        let error = slow(c"error_of", &args.positional().iter().collect::<Vec<_>>())?;
        Err(throw(&error))
    })
}

unsafe extern "C" fn await_traverse(slf: Obj, visit: visitproc, arg: *mut c_void) -> c_int {
    // SAFETY: the collector shows live instances.
    unsafe {
        match AWAIT.part::<Await>(slf).future.visit(visit, arg) {
            0 => visit(Py_TYPE(slf).cast(), arg),
            stop => stop,
        }
    }
}

unsafe extern "C" fn await_clear(slf: Obj) -> c_int {
    // SAFETY: the collector clears live instances.
    unsafe { AWAIT.part::<Await>(slf) }.future.set(None);
    0
}

unsafe extern "C" fn await_dealloc(slf: Obj) {
    // SAFETY: called once, at the end.
    unsafe {
        PyObject_GC_UnTrack(slf.cast());
        await_clear(slf);
        AWAIT.free(slf);
    }
}

unsafe extern "C" fn itself(slf: Obj) -> Obj {
    // SAFETY: self is live.
    unsafe { Ref::view(&slf).clone().give() }
}

fn future_slots() -> Vec<PyType_Slot> {
    let methods = vec![
        method(c"done", METH_NOARGS, done),
        method(c"cancelled", METH_NOARGS, cancelled),
        method(c"result", METH_NOARGS, result),
        method(c"exception", METH_NOARGS, exception),
        method(c"get_loop", METH_NOARGS, get_loop),
        method(c"_make_cancelled_error", METH_NOARGS, make_cancelled),
        method(c"set_result", METH_O, set_result),
        method(c"set_exception", METH_O, set_exception),
        method(c"remove_done_callback", METH_O, remove),
        keyword_method(c"add_done_callback", add),
        keyword_method(c"cancel", cancel),
    ];
    let properties = vec![
        property(c"_state", get_state, None),
        property(c"_asyncio_future_blocking", get_blocking, Some(set_blocking)),
        property(c"_log_traceback", get_log, Some(set_log)),
        property(c"__log_traceback", get_log, Some(set_log)),
        property(c"_loop", get_owner, None),
        property(c"_callbacks", get_callbacks, None),
        property(c"_result", get_result, None),
        property(c"_exception", get_exception, None),
        property(c"_cancel_message", get_message, Some(set_message)),
        property(c"_source_traceback", get_source, None),
    ];
    vec![
        slot(Py_tp_methods, table(methods)),
        slot(Py_tp_getset, table(properties)),
        slot(Py_tp_repr, repr as *mut c_void),
        slot(Py_tp_iter, iterate as *mut c_void),
        slot(Py_am_await, iterate as *mut c_void),
        slot(Py_tp_traverse, traverse as *mut c_void),
        slot(Py_tp_clear, clear as *mut c_void),
        slot(Py_tp_finalize, finalize as *mut c_void),
        slot(Py_tp_dealloc, dealloc as *mut c_void),
    ]
}

/// Make both types.
pub fn make(module: &Ref) -> Py<()> {
    let flags = u64::from(u32::try_from(Py_TPFLAGS_DISALLOW_INSTANTIATION).unwrap_or(0));
    let name = c"ringline._native.Future";
    let size = size_of::<Future>();
    let class = FUTURE.make(name, &names().future, size, flags, future_slots())?;
    // SAFETY: both live, the name ends.
    if unsafe { PyObject_SetAttrString(module.ptr(), c"Future".as_ptr(), class.ptr()) } != 0 {
        return Err(Raised);
    }
    let methods = vec![
        method(c"send", METH_O, send),
        method(c"close", METH_NOARGS, close),
        keyword_method(c"throw", throw_into),
    ];
    let slots = vec![
        slot(Py_tp_methods, table(methods)),
        slot(Py_tp_iter, itself as *mut c_void),
        slot(Py_tp_iternext, next as *mut c_void),
        slot(Py_am_send, send_slot as *mut c_void),
        slot(Py_tp_traverse, await_traverse as *mut c_void),
        slot(Py_tp_clear, await_clear as *mut c_void),
        slot(Py_tp_dealloc, await_dealloc as *mut c_void),
    ];
    let base = import(c"builtins")?.named(c"object")?;
    let name = c"ringline._native.FutureIter";
    AWAIT.make(name, &base, size_of::<Await>(), flags, slots)?;
    let _ = (call_method, base_slot as fn(c_int) -> *mut c_void);
    Ok(())
}
