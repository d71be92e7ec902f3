//! Handle and TimerHandle: what call_soon and call_later give back, and what the run loop calls.
//!
//! Owns: the two types, instances of asyncio's, and the handles that are kept for the next call.
//! They are made by the loop only. Invariants: a callback is called at most once per turn in the
//! queue, and not at all once it is cancelled; a handle that the collector does not know is one
//! that a running loop will let go of, since all that it refers to is in use until then.

use crate::core;
use crate::names::{call_one, copy_context, enter_context, names, slow};
use crate::py::*;
use crate::python::*;
use crate::types::*;
use std::cell::{Cell, UnsafeCell};
use std::ffi::{c_int, c_void};

/// How the arguments of a callback are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Given {
    /// There are none. What is all zero is this.
    Nothing = 0,
    /// There is one, and this is it.
    One,
    /// A tuple.
    Several,
}

/// Our part of both types.
pub struct Handle {
    callback: Slot,
    args: Slot,
    context: Slot,
    owner: Slot,
    given: Cell<Given>,
    pub(crate) cancelled: Cell<bool>,
    /// Whether the collector knows it.
    tracked: Cell<bool>,
    /// Where it was put in the heap of its loop. It may be there no more, nor anywhere.
    pub(crate) place: Cell<u32>,
    when: Cell<f64>,
    /// Whether it was given as an int, and is told as one.
    whole: Cell<bool>,
}

/// `ringline._native.Handle`.
pub static HANDLE: Type = Type::unmade();
/// `ringline._native.TimerHandle`.
pub static TIMER: Type = Type::unmade();

/// Handles that nobody has any more, empty: they are made and buried for the first call only.
struct Spares(UnsafeCell<Vec<Ref>>);

// SAFETY: used with the interpreter's lock held.
unsafe impl Sync for Spares {}

/// How many of each type are kept: most live for one iteration.
const SPARES: usize = 256;

static SPARE_HANDLES: Spares = Spares(UnsafeCell::new(Vec::new()));
static SPARE_TIMERS: Spares = Spares(UnsafeCell::new(Vec::new()));

impl Spares {
    /// Look at them. `look` must not run Python.
    #[inline]
    fn look<T>(&self, look: impl FnOnce(&mut Vec<Ref>) -> T) -> T {
        // SAFETY: nothing that `look` does comes back here.
        look(unsafe { &mut *self.0.get() })
    }
}

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

    /// Call it. An exception goes to the loop's handler, unless it is to end the program.
    #[inline]
    pub fn run(&self, me: &Ref) -> Py<()> {
        let (Some(callback), Some(context)) = (self.callback.get(), self.context.get()) else {
            return Ok(()); // Cancelled.
        };
        // It may cancel itself meanwhile: what is called is held here.
        let result = enter_context(&context, || match (self.given.get(), self.args.get()) {
            (Given::One, Some(argument)) => call_one(&callback, &argument),
            (Given::Several, Some(arguments)) => callback.call_tuple(&arguments),
            _ => callback.call_none(),
        });
        match result {
            Ok(_) => Ok(()),
            Err(Raised) => failed(me),
        }
    }

    fn cancel(&self, me: &Ref) {
        if self.cancelled.replace(true) {
            return;
        }
        if me.kind() == TIMER.class() {
            if let Some(owner) = self.owner.get() {
                core::unschedule(&owner, me);
            }
        }
        self.callback.set(None);
        self.given.set(Given::Nothing);
        self.args.set(None);
    }

    /// When a timer is due, as it was given.
    fn time(&self) -> Py {
        Ref::number(self.when.get(), self.whole.get())
    }

    /// The arguments as a tuple; None once they are forgotten.
    fn arguments(&self) -> Py {
        match (self.given.get(), self.args.get()) {
            (Given::One, Some(argument)) => tuple(&[&argument]),
            (Given::Several, Some(arguments)) => Ok(arguments),
            _ if self.callback.is_empty() => Ok(Ref::none()),
            _ => Ok(names().empty.clone()),
        }
    }

    /// Show everything to the collector.
    ///
    /// # Safety
    /// `visit` and `arg` are what tp_traverse was given.
    unsafe fn visit(&self, visit: visitproc, arg: *mut c_void) -> c_int {
        for slot in [&self.callback, &self.args, &self.context, &self.owner] {
            // SAFETY: the caller has `visit` and `arg` from the collector.
            let stop = unsafe { slot.visit(visit, arg) };
            if stop != 0 {
                return stop;
            }
        }
        0
    }

    fn clear(&self) {
        self.callback.set(None);
        self.args.set(None);
        self.context.set(None);
        self.owner.set(None);
    }
}

/// Show to the collector what a handle in a queue refers to, if it is the queue's alone and the
/// collector does not know it.
///
/// # Safety
/// `visit` and `arg` are what tp_traverse was given.
pub unsafe fn visit_within(handle: &Ref, visit: visitproc, arg: *mut c_void) -> c_int {
    match Handle::of(handle) {
        // SAFETY: the caller has `visit` and `arg` from the collector.
        Some(part) if handle.is_sole() && !part.tracked.get() => unsafe { part.visit(visit, arg) },
        _ => 0,
    }
}

/// From here on somebody else may have a handle: the collector has to know it.
pub fn track(handle: &Ref) {
    if let Some(part) = Handle::of(handle) {
        if !part.tracked.replace(true) {
            // SAFETY: a live handle that is not tracked.
            unsafe { PyObject_GC_Track(handle.ptr().cast()) };
        }
    }
}

/// The loop lets go of a handle: it is kept for the next call if nobody else has it.
#[inline]
pub fn finish(handle: Ref) {
    let class = handle.kind();
    let (kind, spares) = if class == HANDLE.class() {
        (&HANDLE, &SPARE_HANDLES)
    } else if class == TIMER.class() {
        (&TIMER, &SPARE_TIMERS)
    } else {
        return;
    };
    // SAFETY: exactly that type.
    let (part, watched): (&Handle, bool) =
        unsafe { (kind.part(handle.ptr()), kind.is_watched(&handle)) };
    if !handle.is_sole() || watched {
        return track(&handle);
    }
    if part.tracked.get() {
        return;
    }
    part.clear();
    spares.look(|list| {
        if list.len() < SPARES {
            list.push(handle);
        }
    });
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

/// The context a callback runs in: the one given, or a copy of the present one.
#[inline]
fn context_or_copy(context: Option<&Ref>) -> Py {
    match context {
        Some(context) if !context.is_none() => Ok(context.clone()),
        _ => copy_context(),
    }
}

/// What a handle is made of.
pub struct Call<'a> {
    /// What is called.
    pub callback: &'a Ref,
    /// With what.
    pub args: &'a [Ref],
    /// Where; None or Python's None = in a copy of the present context.
    pub context: Option<&'a Ref>,
}

impl Call<'_> {
    /// The arguments as a tuple.
    pub fn tuple(&self) -> Py {
        if self.args.is_empty() { Ok(names().empty.clone()) } else { tuple_of(self.args) }
    }

    /// The context, or Python's None.
    pub fn context_or_none(&self) -> Ref {
        self.context.cloned().unwrap_or_else(Ref::none)
    }

    /// A handle of this type. The collector knows it if `lasting`; if not, the loop runs.
    #[inline]
    fn handle(&self, owner: &Ref, kind: &Type, spares: &Spares, lasting: bool) -> Py {
        let context = context_or_copy(self.context)?;
        let (given, args) = match self.args {
            [] => (Given::Nothing, None),
            [one] => (Given::One, Some(one.clone())),
            several => (Given::Several, Some(tuple_of(several)?)),
        };
        let made = match spares.look(Vec::pop) {
            Some(spare) => spare,
            None => kind.alloc()?,
        };
        // SAFETY: made of this type.
        let part: &Handle = unsafe { kind.part(made.ptr()) };
        part.callback.set(Some(self.callback.clone()));
        part.given.set(given);
        part.args.set(args);
        part.context.set(Some(context));
        part.owner.set(Some(owner.clone()));
        part.cancelled.set(false);
        if lasting {
            track(&made);
        }
        Ok(made)
    }

    /// A new handle.
    #[inline]
    pub fn soon(&self, owner: &Ref, lasting: bool) -> Py {
        self.handle(owner, &HANDLE, &SPARE_HANDLES, lasting)
    }

    /// A new timer handle, in no heap yet.
    #[inline]
    pub fn timer(&self, owner: &Ref, when: f64, whole: bool, lasting: bool) -> Py {
        let made = self.handle(owner, &TIMER, &SPARE_TIMERS, lasting)?;
        // SAFETY: made of this type just now.
        let part: &Handle = unsafe { TIMER.part(made.ptr()) };
        part.when.set(when);
        part.whole.set(whole);
        Ok(made)
    }
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
    got(&slf, Handle::arguments)
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
    got(&slf, Handle::time)
}

unsafe extern "C" fn get_scheduled(slf: Obj, _: *mut c_void) -> Obj {
    enter(|| {
        // SAFETY: a getter's self is live.
        let me = unsafe { Ref::view(&slf) };
        let owner = Handle::me(me).owner.get();
        Ok(Ref::bool(owner.is_some_and(|owner| core::is_scheduled(&owner, me))))
    })
}

unsafe extern "C" fn cancelled(slf: Obj, _: Obj) -> Obj {
    got(&slf, |me| Ok(Ref::bool(me.cancelled.get())))
}

unsafe extern "C" fn get_context(slf: Obj, _: Obj) -> Obj {
    got(&slf, |me| Ok(me.context.or_none()))
}

unsafe extern "C" fn when(slf: Obj, _: Obj) -> Obj {
    got(&slf, Handle::time)
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
    // SAFETY: the caller promised an instance of one of the two types.
    unsafe { if Py_TYPE(slf) == TIMER.class() { TIMER.part(slf) } else { HANDLE.part(slf) } }
}

unsafe extern "C" fn traverse(slf: Obj, visit: visitproc, arg: *mut c_void) -> c_int {
    // SAFETY: the collector shows live instances; a heap type is shown by its instances.
    unsafe {
        match part(slf).visit(visit, arg) {
            0 => visit(Py_TYPE(slf).cast(), arg),
            stop => stop,
        }
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
        let timer = Py_TYPE(slf) == TIMER.class();
        let me: &Handle = part(slf);
        if me.tracked.replace(false) {
            PyObject_GC_UnTrack(slf.cast());
        }
        if (if timer { &TIMER } else { &HANDLE }).is_watched(Ref::view(&slf)) {
            PyObject_ClearWeakRefs(slf);
        }
        me.clear();
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
