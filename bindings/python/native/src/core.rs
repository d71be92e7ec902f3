//! LoopCore, the native base of the event loop: the ready queue, the timers and their methods.
//!
//! Owns: the queue and the heap of one loop. Everything a subclass or a test may replace stays a
//! Python method; what is here is reached through the type. Invariant: no borrow of the queue or
//! the heap lives while Python runs, and none is taken by two at a time.

use crate::bound::{self, Bound};
use crate::call::Request;
use crate::clock;
use crate::engine::ENGINE;
use crate::flush::{self, Flushing};
use crate::handle::{self, Call};
use crate::heap::Heap;
use crate::names::{call_method, names, slow};
use crate::py::*;
use crate::python::*;
use crate::run;
use crate::types::*;
use std::cell::{Cell, UnsafeCell};
use std::collections::VecDeque;
use std::ffi::{CStr, c_int, c_void};
use std::mem::offset_of;

/// `ringline._native.LoopCore`.
pub static CORE: Type = Type::unmade();

/// Our part of a loop.
pub struct Core {
    ready: UnsafeCell<VecDeque<Ref>>,
    heap: UnsafeCell<Heap>,
    /// Timers that were cancelled by the callback that runs now.
    gone: UnsafeCell<Vec<Ref>>,
    /// Transports with something to send.
    unflushed: UnsafeCell<Vec<Ref>>,
    pub(crate) engine: Slot,
    pub(crate) thread: Slot,
    pub(crate) factory: Slot,
    pub(crate) flushes: Slot,
    named: Slot,
    pub(crate) bound: Bound,
    /// Whether the engine is one of ours, so that its turn needs no call of Python.
    pub(crate) native: Cell<bool>,
    pub(crate) closed: Cell<bool>,
    pub(crate) stopping: Cell<bool>,
    pub(crate) debug: Cell<bool>,
    /// Whether a subclass, or this loop itself, has a clock of its own.
    pub(crate) own_time: Cell<bool>,
    /// Whether the owner thread may be asleep, or about to be.
    pub(crate) sleeping: Cell<bool>,
    /// After how many turns that do not wait the loop looks for readers and writers that are ready;
    /// -1 where the kernel tells of them in time.
    look_in: Cell<c_int>,
    /// How deep `_run_once` is nested.
    pub(crate) depth: Cell<u32>,
    /// When small writes go.
    pub(crate) flushing: Flushing,
}

/// The class of the last loop that was checked.
struct Last(Slot);

// SAFETY: used with the interpreter's lock held.
unsafe impl Sync for Last {}

static LAST: Last = Last(Slot::empty());

impl Core {
    /// The part of a loop.
    #[inline]
    pub fn of(object: &Ref) -> &Core {
        // SAFETY: only methods of the type and handles made by it come here.
        unsafe { CORE.part(object.ptr()) }
    }

    /// The part of what may be a loop, or anything.
    #[inline]
    pub fn checked(object: &Ref) -> Py<&Core> {
        if LAST.0.ptr() == object.kind().cast() {
            return Ok(Core::of(object));
        }
        // SAFETY: both are live types.
        if unsafe { PyType_IsSubtype(object.kind(), CORE.class()) } == 0 {
            return Err(type_error(c"not a loop of ringline"));
        }
        LAST.0.set(Some(object.class()));
        Ok(Core::of(object))
    }

    /// Look at the transports with something to send. `look` must not run Python.
    #[inline]
    pub fn unflushed<T>(&self, look: impl FnOnce(&mut Vec<Ref>) -> T) -> T {
        // SAFETY: nothing that `look` does comes back here.
        look(unsafe { &mut *self.unflushed.get() })
    }

    /// Every reference.
    fn slots(&self) -> impl Iterator<Item = &Slot> {
        let own = [&self.engine, &self.thread, &self.factory, &self.flushes];
        own.into_iter().chain([&self.named]).chain(self.bound.slots())
    }

    /// Look at the queue. `look` must not run Python.
    #[inline]
    pub fn ready<T>(&self, look: impl FnOnce(&mut VecDeque<Ref>) -> T) -> T {
        // SAFETY: nothing that `look` does comes back here.
        look(unsafe { &mut *self.ready.get() })
    }

    /// Look at the heap. `look` must not run Python.
    #[inline]
    pub fn heap<T>(&self, look: impl FnOnce(&mut Heap) -> T) -> T {
        // SAFETY: nothing that `look` does comes back here.
        look(unsafe { &mut *self.heap.get() })
    }

    /// Look at the cancelled timers. `look` must not run Python.
    #[inline]
    pub fn gone<T>(&self, look: impl FnOnce(&mut Vec<Ref>) -> T) -> T {
        // SAFETY: nothing that `look` does comes back here.
        look(unsafe { &mut *self.gone.get() })
    }

    /// Whether the collector has to know a new handle: a running loop tells it when it lets go of
    /// the handle, or stops.
    #[inline]
    fn lasting(&self) -> bool {
        self.depth.get() == 0
    }

    /// The loop's clock.
    #[inline]
    pub fn now(&self, me: &Ref) -> Py<f64> {
        if self.own_time.get() {
            return call_method(me, &names().time)?.double();
        }
        clock::seconds()
    }

    /// Turn this engine from now on.
    pub fn set_engine(&self, engine: &Ref) -> Py<()> {
        // SAFETY: both are live types.
        let kin = unsafe { PyType_IsSubtype(engine.kind(), ENGINE.class()) } != 0;
        self.native.set(kin);
        self.engine.set(if engine.is_none() { None } else { Some(engine.clone()) });
        Ok(())
    }

    /// Empty the queue and the heap.
    fn clear(&self) {
        self.ready(std::mem::take).into_iter().for_each(handle::finish);
        self.heap(Heap::drain).into_iter().for_each(handle::finish);
        self.sweep();
        drop(self.unflushed(std::mem::take));
    }

    /// The loop was closed: let go of what refers to it.
    pub fn let_go(&self) {
        self.named.set(None);
        self.bound.forget();
    }

    /// Whether to look for readers and writers before this turn, which does not wait.
    #[inline]
    pub fn looks(&self) -> bool {
        let left = self.look_in.get();
        if left > 0 {
            self.look_in.set(left - 1);
        }
        left == 0
    }

    /// Let go of timers that were cancelled.
    #[inline]
    pub fn sweep(&self) {
        while let Some(handle) = self.gone(Vec::pop) {
            handle::finish(handle);
        }
    }

    /// The loop stops: from here on the collector has to know every handle that others have.
    pub fn settle(&self) {
        self.sweep();
        let known = |handle: &Ref| {
            if !handle.is_sole() {
                handle::track(handle)
            }
        };
        self.ready(|ready| ready.iter().for_each(known));
        self.heap(|heap| heap.handles().for_each(known));
    }
}

/// Cancelled timers that may wait until the callback that cancelled them is over: by then most
/// are nobody's any more, and need not be buried.
const GONE: usize = 256;

/// A timer of ours was cancelled.
pub fn unschedule(owner: &Ref, me: &Ref) {
    let core = Core::of(owner);
    let Some(timer) = core.heap(|heap| heap.take(me)) else { return };
    if core.lasting() {
        return handle::finish(timer);
    }
    if core.gone(|gone| gone.len() >= GONE) {
        core.sweep();
    }
    core.gone(|gone| gone.push(timer));
}

/// Whether a timer of ours waits.
pub fn is_scheduled(owner: &Ref, me: &Ref) -> bool {
    Core::of(owner).heap(|heap| heap.find(me).is_some())
}

/// The body of a fast method of a loop.
#[inline]
unsafe fn fast(
    slf: &Obj,
    values: *const Obj,
    count: Py_ssize_t,
    names: &Obj,
    body: impl FnOnce(&Ref, &Core, Args) -> Py,
) -> Obj {
    enter(|| {
        // SAFETY: as the interpreter calls a fast method; self is live for the call.
        let (me, args) = unsafe { (Ref::view(slf), Args::new(values, count, names)) };
        body(me, Core::of(me), args)
    })
}

fn check_open(core: &Core) -> Py<()> {
    if core.closed.get() { Err(runtime_error(c"Event loop is closed")) } else { Ok(()) }
}

/// Put a call at the end of the line, in a handle of `class` if there is one; in debug mode
/// Python's own method of that name makes it.
#[inline(always)]
fn soon(me: &Ref, core: &Core, args: &Args<'_>, name: &CStr, class: Option<&Ref>) -> Py {
    let call = Request::new(args, [&names().callback])?.call;
    check_open(core)?;
    let handle = if core.debug.get() {
        slow(name, &[me, call.callback, &call.tuple()?, &call.context_or_none()])?
    } else if let Some(class) = class {
        class.call(&[call.callback, &call.tuple()?, me, &call.context_or_none()])?
    } else {
        call.soon(me, core.lasting())?
    };
    core.ready(|ready| ready.push_back(handle.clone()));
    Ok(handle)
}

pub unsafe extern "C" fn call_soon(slf: Obj, v: *const Obj, n: Py_ssize_t, k: Obj) -> Obj {
    // SAFETY: the four are the interpreter's.
    unsafe { fast(&slf, v, n, &k, |me, core, args| soon(me, core, &args, c"call_soon", None)) }
}

unsafe extern "C" fn call_soon_threadsafe(slf: Obj, v: *const Obj, n: Py_ssize_t, k: Obj) -> Obj {
    // SAFETY: the four are the interpreter's.
    unsafe {
        fast(&slf, v, n, &k, |me, core, args| {
            let class = Some(&names().threadsafe_handle).filter(|class| !class.is_none());
            let handle = soon(me, core, &args, c"call_soon_threadsafe", class)?;
            if core.sleeping.get() {
                call_method(me, &names().wake)?;
            }
            Ok(handle)
        })
    }
}

/// The second half of call_later and call_at.
#[inline]
fn at(me: &Ref, core: &Core, when: f64, whole: bool, call: &Call) -> Py {
    check_open(core)?;
    if when.is_nan() {
        return Err(value_error(c"a time that is not a number (NaN) never comes"));
    }
    let handle = if core.debug.get() {
        let (when, args, context) =
            (Ref::number(when, whole)?, call.tuple()?, call.context_or_none());
        slow(c"call_at", &[me, &when, call.callback, &args, &context])?
    } else {
        call.timer(me, when, whole, core.lasting())?
    };
    core.heap(|heap| heap.push(when, handle.clone()));
    Ok(handle)
}

pub unsafe extern "C" fn call_later(slf: Obj, v: *const Obj, n: Py_ssize_t, k: Obj) -> Obj {
    // SAFETY: the four are the interpreter's.
    unsafe {
        fast(&slf, v, n, &k, |me, core, args| {
            let Request { fixed, call } = Request::new(&args, [&names().delay, &names().callback])?;
            if fixed[0].is_none() {
                return Err(type_error(c"delay must not be None"));
            }
            let when = core.now(me)? + fixed[0].double()?;
            at(me, core, when, false, &call)
        })
    }
}

pub unsafe extern "C" fn call_at(slf: Obj, v: *const Obj, n: Py_ssize_t, k: Obj) -> Obj {
    // SAFETY: the four are the interpreter's.
    unsafe {
        fast(&slf, v, n, &k, |me, core, args| {
            let Request { fixed, call } = Request::new(&args, [&names().when, &names().callback])?;
            if fixed[0].is_none() {
                return Err(type_error(c"when cannot be None"));
            }
            at(me, core, fixed[0].double()?, fixed[0].is_whole(), &call)
        })
    }
}

/// The keyword arguments of what belongs to a loop: `{"loop": loop}`, made once.
#[inline]
fn belongs(me: &Ref, core: &Core) -> Py {
    if let Some(named) = core.named.get() {
        return Ok(named);
    }
    // SAFETY: a new reference.
    let named = unsafe { Ref::new(PyDict_New()) }?;
    // SAFETY: all three are live.
    if unsafe { PyDict_SetItem(named.ptr(), names().loop_.ptr(), me.ptr()) } != 0 {
        return Err(Raised);
    }
    // Of a closed loop it would be a cycle that nobody ends but the collector.
    if !core.closed.get() {
        core.named.set(Some(named.clone()));
    }
    Ok(named)
}

/// asyncio's own Future: tasks await it without asking for a single attribute, which measured
/// faster than one of ours.
pub unsafe extern "C" fn create_future(slf: Obj, _: Obj) -> Obj {
    enter(|| {
        // SAFETY: a method's self is live for the call.
        let me = unsafe { Ref::view(&slf) };
        let core = Core::of(me);
        if core.debug.get() {
            return slow(c"create_future", &[me]);
        }
        names().future.call_named(&names().empty, &belongs(me, core)?)
    })
}

/// create_task of the usual kind; what else there is goes the way of asyncio.
pub unsafe extern "C" fn create_task(slf: Obj, v: *const Obj, n: Py_ssize_t, k: Obj) -> Obj {
    // SAFETY: the four are the interpreter's.
    unsafe {
        fast(&slf, v, n, &k, |me, core, args| {
            let usual = core.factory.is_empty() && !core.debug.get();
            let alone = usual && args.named().iter().all(Ref::is_none);
            if let ([coro], true) = (args.positional(), alone) {
                check_open(core)?;
                let class = names().tasks.attr(&names().task)?;
                return class.call_named(&tuple(&[coro])?, &belongs(me, core)?);
            }
            let positional = tuple_of(args.positional())?;
            slow(c"create_task", &[me, &positional, &args.dict()?])
        })
    }
}

pub unsafe extern "C" fn get_debug(slf: Obj, _: Obj) -> Obj {
    // SAFETY: a method's self is live for the call.
    enter(|| Ok(Ref::bool(Core::of(unsafe { Ref::view(&slf) }).debug.get())))
}

unsafe extern "C" fn run_once(slf: Obj, _: Obj) -> Obj {
    enter(|| {
        // SAFETY: a method's self is live for the call.
        let me = unsafe { Ref::view(&slf) };
        run::run_once(me, Core::of(me)).map(|()| Ref::none())
    })
}

/// `_sends_now()`: whether a small write goes at once.
unsafe extern "C" fn sends_now(slf: Obj, _: Obj) -> Obj {
    // SAFETY: a method's self is live for the call.
    enter(|| flush::at_once(Core::of(unsafe { Ref::view(&slf) })).map(Ref::bool))
}

/// asyncio's TimerHandle says that it was cancelled (those that Python made, in debug mode).
unsafe extern "C" fn timer_cancelled(slf: Obj, handle: Obj) -> Obj {
    enter(|| {
        // SAFETY: self and the argument are live for the call.
        let (core, handle) = unsafe { (Core::of(Ref::view(&slf)), Ref::view(&handle)) };
        let gone = core.heap(|heap| heap.take(handle));
        drop(gone);
        Ok(Ref::none())
    })
}

/// A turn by hand, as code does that runs an iteration of its own.
unsafe extern "C" fn turn(slf: Obj, timeout: Obj) -> Obj {
    enter(|| {
        // SAFETY: self and the argument are live for the call.
        let (me, timeout) = unsafe { (Ref::view(&slf), Ref::view(&timeout)) };
        run::by_hand(me, Core::of(me), timeout).map(Ref::bool)
    })
}

unsafe extern "C" fn new(class: *mut PyTypeObject, _: Obj, _: Obj) -> Obj {
    enter(|| {
        // SAFETY: what is allocated is zero; the queue and the heap are written before any use.
        unsafe {
            let made = Ref::new(PyType_GenericAlloc(class, 0))?;
            let core: &Core = CORE.part(made.ptr());
            core.ready.get().write(VecDeque::new());
            core.heap.get().write(Heap::default());
            core.gone.get().write(Vec::new());
            core.unflushed.get().write(Vec::new());
            bound::look_at_time(&made)?;
            // Until it is whole: where no ring could be made, there is nothing to close.
            core.closed.set(true);
            core.look_in.set(-1);
            Ok(made)
        }
    })
}

unsafe extern "C" fn traverse(slf: Obj, visit: visitproc, arg: *mut c_void) -> c_int {
    // SAFETY: the collector shows live instances, and runs no Python meanwhile.
    unsafe {
        let core: &Core = CORE.part(slf);
        for slot in core.slots() {
            let stop = slot.visit(visit, arg);
            if stop != 0 {
                return stop;
            }
        }
        let queued = (*core.ready.get()).iter().chain((*core.heap.get()).handles());
        for handle in queued.chain(&*core.gone.get()).chain(&*core.unflushed.get()) {
            let stop = match visit(handle.ptr(), arg) {
                0 => handle::visit_within(handle, visit, arg),
                stop => stop,
            };
            if stop != 0 {
                return stop;
            }
        }
        visit(Py_TYPE(slf).cast(), arg)
    }
}

unsafe extern "C" fn clear(slf: Obj) -> c_int {
    enter_int(|| {
        // SAFETY: the collector clears live instances.
        let core: &Core = unsafe { CORE.part(slf) };
        core.clear();
        for slot in core.slots() {
            slot.set(None);
        }
        Ok(())
    })
}

unsafe extern "C" fn dealloc(slf: Obj) {
    // SAFETY: called once, at the end; a subtype's dealloc leaves the type's reference to us.
    unsafe {
        let class = Py_TYPE(slf);
        PyObject_GC_UnTrack(slf.cast());
        clear(slf);
        let core: &Core = CORE.part(slf);
        core.ready.get().drop_in_place();
        core.heap.get().drop_in_place();
        core.gone.get().drop_in_place();
        core.unflushed.get().drop_in_place();
        let free: freefunc = std::mem::transmute(PyType_GetSlot(class, Py_tp_free));
        free(slf.cast());
        Py_DecRef(class.cast());
    }
}

/// Make the type.
pub fn make(module: &Ref) -> Py<()> {
    let base = import(c"builtins")?.named(c"object")?;
    let begin = Type::begin(&base)?;
    let members = vec![member(c"_look_in", Py_T_INT, begin + offset_of!(Core, look_in))];
    let methods = vec![
        keyword_method(c"call_soon", call_soon),
        keyword_method(c"call_soon_threadsafe", call_soon_threadsafe),
        keyword_method(c"call_later", call_later),
        keyword_method(c"call_at", call_at),
        method(c"time", METH_NOARGS, clock::time),
        method(c"create_future", METH_NOARGS, create_future),
        keyword_method(c"create_task", create_task),
        method(c"get_debug", METH_NOARGS, get_debug),
        method(c"_run_once", METH_NOARGS, run_once),
        method(c"_turn", METH_O, turn),
        method(c"_sends_now", METH_NOARGS, sends_now),
        method(c"_timer_handle_cancelled", METH_O, timer_cancelled),
    ];
    let slots = vec![
        slot(Py_tp_new, new as *mut c_void),
        slot(Py_tp_getattro, bound::get as *mut c_void),
        slot(Py_tp_setattro, bound::set as *mut c_void),
        slot(Py_tp_methods, table(methods)),
        slot(Py_tp_members, table(members)),
        slot(Py_tp_getset, table(crate::properties::all())),
        slot(Py_tp_traverse, traverse as *mut c_void),
        slot(Py_tp_clear, clear as *mut c_void),
        slot(Py_tp_dealloc, dealloc as *mut c_void),
    ];
    let flags = u64::from(u32::try_from(Py_TPFLAGS_BASETYPE).unwrap_or(0));
    let name = c"ringline._native.LoopCore";
    let class = CORE.make(name, &base, size_of::<Core>(), flags, slots)?;
    // SAFETY: both live, the name ends.
    match unsafe { PyObject_SetAttrString(module.ptr(), c"LoopCore".as_ptr(), class.ptr()) } {
        0 => Ok(()),
        _ => Err(Raised),
    }
}
