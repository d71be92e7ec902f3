//! Handle and TimerHandle: what call_soon and call_later give back, and what the run loop calls.
//!
//! Owns: the two types, instances of asyncio's. They are made by the loop only. Invariant: a
//! callback is called at most once per turn in the queue, and not at all once it is cancelled.

use crate::core;
use crate::names::{call_in, copy_context, slow};
use crate::py::*;
use crate::types::*;
use pyo3_ffi::*;
use std::cell::Cell;
use std::ffi::{c_int, c_void};

/// Where no heap has it.
pub const UNSCHEDULED: usize = usize::MAX;

/// Our part of both types.
pub struct Handle {
    pub(crate) callback: Slot,
    pub(crate) args: Slot,
    pub(crate) context: Slot,
    pub(crate) owner: Slot,
    pub(crate) cancelled: Cell<bool>,
    /// Its place in the heap of its loop, plus one, so that zero is none.
    place: Cell<usize>,
    when: Cell<f64>,
}

/// `ringline._native.Handle`.
pub static HANDLE: Type = Type::unmade();
/// `ringline._native.TimerHandle`.
pub static TIMER: Type = Type::unmade();

impl Handle {
    /// The part of a handle of ours; None for one that Python made.
    #[inline]
    pub fn of(object: &Ref) -> Option<&Handle> {
        let class = object.kind();
        if class == HANDLE.class() {
            // SAFETY: exactly that type.
            Some(unsafe { HANDLE.part(object.ptr()) })
        } else if class == TIMER.class() {
            // SAFETY: exactly that type.
            Some(unsafe { TIMER.part(object.ptr()) })
        } else {
            None
        }
    }

    /// The part of what a method of these types got as self.
    fn me(object: &Ref) -> &Handle {
        match Handle::of(object) {
            Some(part) => part,
            None => unreachable!("methods check the type of self"),
        }
    }

    /// Its place in the heap.
    #[inline]
    pub fn place(&self) -> usize {
        self.place.get().wrapping_sub(1)
    }

    /// Tell it its place.
    #[inline]
    pub fn set_place(&self, place: usize) {
        self.place.set(place.wrapping_add(1));
    }

    /// Call it. An exception goes to the loop's handler, unless it is to end the program.
    #[inline]
    pub fn run(&self, me: &Ref) -> Py<()> {
        let (Some(callback), Some(args), Some(context)) =
            (self.callback.get(), self.args.get(), self.context.get())
        else {
            return Ok(()); // Cancelled.
        };
        match call_in(&context, &callback, &args) {
            Ok(_) => Ok(()),
            Err(Raised) => failed(me),
        }
    }

    fn cancel(&self, me: &Ref) {
        if self.cancelled.replace(true) {
            return;
        }
        if self.place() != UNSCHEDULED {
            if let Some(owner) = self.owner.get() {
                core::unschedule(&owner, me, self);
            }
        }
        self.callback.set(None);
        self.args.set(None);
    }

    fn clear(&self) {
        self.callback.set(None);
        self.args.set(None);
        self.context.set(None);
        self.owner.set(None);
    }
}

/// What a callback raised.
#[cold]
fn failed(me: &Ref) -> Py<()> {
    // SAFETY: both live for ever.
    let (exit, interrupt) = unsafe { (PyExc_SystemExit, PyExc_KeyboardInterrupt) };
    if raised_is(exit) || raised_is(interrupt) {
        return Err(Raised);
    }
    let error = caught()?;
    slow(c"callback_failed", &[me, &error]).map(drop)
}

/// Fill what a handle is made of.
#[inline]
fn fill(part: &Handle, owner: &Ref, callback: Ref, args: Ref, context: Ref) {
    part.callback.set(Some(callback));
    part.args.set(Some(args));
    part.context.set(Some(context));
    part.owner.set(Some(owner.clone()));
    part.cancelled.set(false);
}

/// The context a callback runs in: the one given, or a copy of the present one.
#[inline]
fn context_or_copy(context: Option<&Ref>) -> Py {
    match context {
        Some(context) if !context.is_none() => Ok(context.clone()),
        _ => copy_context(),
    }
}

/// A new handle.
#[inline]
pub fn new(owner: &Ref, callback: &Ref, args: Ref, context: Option<&Ref>) -> Py {
    let context = context_or_copy(context)?;
    let made = HANDLE.alloc()?;
    // SAFETY: made of this type just now.
    let part: &Handle = unsafe { HANDLE.part(made.ptr()) };
    fill(part, owner, callback.clone(), args, context);
    HANDLE.track(&made);
    Ok(made)
}

/// A new timer handle, in no heap yet.
#[inline]
pub fn new_timer(owner: &Ref, when: f64, callback: &Ref, args: Ref, context: Option<&Ref>) -> Py {
    let context = context_or_copy(context)?;
    let made = TIMER.alloc()?;
    // SAFETY: made of this type just now.
    let part: &Handle = unsafe { TIMER.part(made.ptr()) };
    fill(part, owner, callback.clone(), args, context);
    part.when.set(when);
    TIMER.track(&made);
    Ok(made)
}

// What Python calls.

/// Declare a getter of a slot.
fn got(slf: &Obj, take: impl Fn(&Handle) -> Py) -> Obj {
    // SAFETY: a getter's self is live and of these types.
    enter(|| take(Handle::me(unsafe { Ref::view(slf) })))
}

unsafe extern "C" fn get_callback(slf: Obj, _: *mut c_void) -> Obj {
    got(&slf, |me| Ok(me.callback.or_none()))
}

unsafe extern "C" fn get_args(slf: Obj, _: *mut c_void) -> Obj {
    got(&slf, |me| Ok(me.args.or_none()))
}

unsafe extern "C" fn get_context_of(slf: Obj, _: *mut c_void) -> Obj {
    got(&slf, |me| Ok(me.context.or_none()))
}

unsafe extern "C" fn get_loop(slf: Obj, _: *mut c_void) -> Obj {
    got(&slf, |me| Ok(me.owner.or_none()))
}

unsafe extern "C" fn get_cancelled(slf: Obj, _: *mut c_void) -> Obj {
    got(&slf, |me| Ok(Ref::bool(me.cancelled.get())))
}

unsafe extern "C" fn get_none(slf: Obj, _: *mut c_void) -> Obj {
    got(&slf, |_| Ok(Ref::none()))
}

unsafe extern "C" fn get_when(slf: Obj, _: *mut c_void) -> Obj {
    got(&slf, |me| Ref::float(me.when.get()))
}

unsafe extern "C" fn get_scheduled(slf: Obj, _: *mut c_void) -> Obj {
    got(&slf, |me| Ok(Ref::bool(me.place() != UNSCHEDULED)))
}

unsafe extern "C" fn cancelled(slf: Obj, _: Obj) -> Obj {
    got(&slf, |me| Ok(Ref::bool(me.cancelled.get())))
}

unsafe extern "C" fn get_context(slf: Obj, _: Obj) -> Obj {
    got(&slf, |me| Ok(me.context.or_none()))
}

unsafe extern "C" fn when(slf: Obj, _: Obj) -> Obj {
    got(&slf, |me| Ref::float(me.when.get()))
}

unsafe extern "C" fn cancel(slf: Obj, _: Obj) -> Obj {
    enter(|| {
        // SAFETY: a method's self is live for the call.
        let me = unsafe { Ref::view(&slf) };
        Handle::me(me).cancel(me);
        Ok(Ref::none())
    })
}

unsafe extern "C" fn run(slf: Obj, _: Obj) -> Obj {
    enter(|| {
        // SAFETY: a method's self is live for the call.
        let me = unsafe { Ref::view(&slf) };
        Handle::me(me).run(me).map(|()| Ref::none())
    })
}

/// Our part of an instance of either type.
///
/// # Safety
/// An instance of one of them, maybe dying.
unsafe fn part<'a>(slf: Obj) -> &'a Handle {
    // SAFETY: as the caller promises.
    unsafe { if Py_TYPE(slf) == TIMER.class() { TIMER.part(slf) } else { HANDLE.part(slf) } }
}

unsafe extern "C" fn traverse(slf: Obj, visit: visitproc, arg: *mut c_void) -> c_int {
    // SAFETY: the collector shows live instances; a heap type is shown by its instances.
    unsafe {
        let me = part(slf);
        for slot in [&me.callback, &me.args, &me.context, &me.owner] {
            let stop = slot.visit(visit, arg);
            if stop != 0 {
                return stop;
            }
        }
        visit(Py_TYPE(slf).cast(), arg)
    }
}

unsafe extern "C" fn clear(slf: Obj) -> c_int {
    // SAFETY: the collector clears live instances.
    let me: &Handle = unsafe { part(slf) };
    enter_int(|| {
        me.clear();
        Ok(())
    })
}

unsafe extern "C" fn dealloc(slf: Obj) {
    // SAFETY: called once, at the end; nothing of the object is used after `free`.
    unsafe {
        PyObject_GC_UnTrack(slf.cast());
        PyObject_ClearWeakRefs(slf);
        let timer = Py_TYPE(slf) == TIMER.class();
        let me: &Handle = part(slf);
        me.clear();
        me.set_place(UNSCHEDULED);
        if timer { TIMER.free(slf) } else { HANDLE.free(slf) }
    }
}

/// What both types have.
fn slots(timer: bool) -> Vec<PyType_Slot> {
    let mut methods = vec![
        method(c"cancel", METH_NOARGS, cancel),
        method(c"cancelled", METH_NOARGS, cancelled),
        method(c"get_context", METH_NOARGS, get_context),
        method(c"_run", METH_NOARGS, run),
    ];
    let mut properties = vec![
        property(c"_callback", get_callback, None),
        property(c"_args", get_args, None),
        property(c"_context", get_context_of, None),
        property(c"_loop", get_loop, None),
        property(c"_cancelled", get_cancelled, None),
        property(c"_source_traceback", get_none, None),
        property(c"_repr", get_none, None),
    ];
    if timer {
        methods.push(method(c"when", METH_NOARGS, when));
        properties.push(property(c"_when", get_when, None));
        properties.push(property(c"_scheduled", get_scheduled, None));
    }
    vec![
        slot(Py_tp_methods, table(methods)),
        slot(Py_tp_getset, table(properties)),
        slot(Py_tp_traverse, traverse as *mut c_void),
        slot(Py_tp_clear, clear as *mut c_void),
        slot(Py_tp_dealloc, dealloc as *mut c_void),
    ]
}

/// Make both types.
pub fn make(module: &Ref) -> Py<()> {
    let events = import(c"asyncio.events")?;
    let flags = u64::from(u32::try_from(Py_TPFLAGS_DISALLOW_INSTANTIATION).unwrap_or(0));
    let size = size_of::<Handle>();
    let kinds = [
        (&HANDLE, c"ringline._native.Handle", c"Handle", false),
        (&TIMER, c"ringline._native.TimerHandle", c"TimerHandle", true),
    ];
    for (kind, name, short, timer) in kinds {
        let class = kind.make(name, &events.named(short)?, size, flags, slots(timer))?;
        // SAFETY: both live, the name ends.
        if unsafe { PyObject_SetAttrString(module.ptr(), short.as_ptr(), class.ptr()) } != 0 {
            return Err(Raised);
        }
    }
    Ok(())
}
