//! The attributes of LoopCore that asyncio's own code reads and writes on every loop.
//!
//! Owns the view on the ready queue that stands for asyncio's deque. What BaseEventLoop.__init__
//! puts there is dropped: the queue and the timers are the core's own.

use crate::bound;
use crate::core::Core;
use crate::handle::{Handle, finish, track};
use crate::py::*;
use crate::python::*;
use crate::types::*;
use std::ffi::{c_int, c_void};

/// `ringline._native.Ready`.
static READY: Type = Type::unmade();

/// Our part of the view: the loop.
struct View {
    owner: Slot,
}

fn get(slf: &Obj, take: impl Fn(&Core) -> Py) -> Obj {
    // SAFETY: a getter's self is a live loop.
    enter(|| take(Core::of(unsafe { Ref::view(slf) })))
}

fn put(slf: &Obj, value: &Obj, store: impl Fn(&Core, &Ref) -> Py<()>) -> c_int {
    enter_int(|| {
        if value.is_null() {
            return Err(type_error(c"this attribute cannot be deleted"));
        }
        // SAFETY: a setter's self is a live loop, the value is live for the call.
        let (core, value) = unsafe { (Core::of(Ref::view(slf)), Ref::view(value)) };
        store(core, value)
    })
}

unsafe extern "C" fn get_closed(slf: Obj, _: *mut c_void) -> Obj {
    get(&slf, |core| Ok(Ref::bool(core.closed.get())))
}

unsafe extern "C" fn set_closed(slf: Obj, value: Obj, _: *mut c_void) -> c_int {
    put(&slf, &value, |core, value| {
        core.closed.set(value.truth()?);
        if core.closed.get() {
            core.heap(|heap| heap.drain()).into_iter().for_each(finish);
            core.let_go();
        }
        Ok(())
    })
}

unsafe extern "C" fn get_stopping(slf: Obj, _: *mut c_void) -> Obj {
    get(&slf, |core| Ok(Ref::bool(core.stopping.get())))
}

unsafe extern "C" fn set_stopping(slf: Obj, value: Obj, _: *mut c_void) -> c_int {
    put(&slf, &value, |core, value| {
        core.stopping.set(value.truth()?);
        Ok(())
    })
}

unsafe extern "C" fn get_debug(slf: Obj, _: *mut c_void) -> Obj {
    get(&slf, |core| Ok(Ref::bool(core.debug.get())))
}

unsafe extern "C" fn set_debug(slf: Obj, value: Obj, _: *mut c_void) -> c_int {
    put(&slf, &value, |core, value| {
        core.debug.set(value.truth()?);
        Ok(())
    })
}

/// A property that is a place for any object.
macro_rules! place {
    ($get:ident, $set:ident, $slot:ident) => {
        unsafe extern "C" fn $get(slf: Obj, _: *mut c_void) -> Obj {
            get(&slf, |core| Ok(core.$slot.or_none()))
        }

        unsafe extern "C" fn $set(slf: Obj, value: Obj, _: *mut c_void) -> c_int {
            put(&slf, &value, |core, value| {
                core.$slot.set(if value.is_none() { None } else { Some(value.clone()) });
                Ok(())
            })
        }
    };
}

unsafe extern "C" fn get_thread(slf: Obj, _: *mut c_void) -> Obj {
    get(&slf, |core| Ok(core.thread.or_none()))
}

unsafe extern "C" fn set_thread(slf: Obj, value: Obj, _: *mut c_void) -> c_int {
    put(&slf, &value, |core, value| {
        core.thread.set(if value.is_none() { None } else { Some(value.clone()) });
        // A run begins or ends; a class may have been given another clock meanwhile.
        // SAFETY: a setter's self is a live loop.
        bound::look_at_time(unsafe { Ref::view(&slf) })
    })
}

place!(get_factory, set_factory, factory);

unsafe extern "C" fn get_engine(slf: Obj, _: *mut c_void) -> Obj {
    get(&slf, |core| Ok(core.engine.or_none()))
}

unsafe extern "C" fn set_engine(slf: Obj, value: Obj, _: *mut c_void) -> c_int {
    put(&slf, &value, |core, value| core.set_engine(value))
}

place!(get_flushes, set_flushes, flushes);

/// When small writes go: a number of `flush.rs`.
unsafe extern "C" fn get_sends(slf: Obj, _: *mut c_void) -> Obj {
    get(&slf, |core| Ref::int(core.flushing.way.get().into()))
}

unsafe extern "C" fn set_sends(slf: Obj, value: Obj, _: *mut c_void) -> c_int {
    put(&slf, &value, |core, value| {
        core.flushing.way.set(value.double()? as u8);
        Ok(())
    })
}

/// The timers, the first to come first: a copy.
unsafe extern "C" fn get_scheduled(slf: Obj, _: *mut c_void) -> Obj {
    get(&slf, |core| {
        // SAFETY: a new reference.
        let list = unsafe { Ref::new(PyList_New(0)) }?;
        for handle in core.heap(|heap| heap.sorted()) {
            // SAFETY: both are live.
            if unsafe { PyList_Append(list.ptr(), handle.ptr()) } != 0 {
                return Err(Raised);
            }
        }
        Ok(list)
    })
}

unsafe extern "C" fn set_ignored(_: Obj, _: Obj, _: *mut c_void) -> c_int {
    0
}

unsafe extern "C" fn get_ready(slf: Obj, _: *mut c_void) -> Obj {
    enter(|| {
        let view = READY.alloc()?;
        // SAFETY: self is live; the view was made of its type just now.
        unsafe {
            let part: &View = READY.part(view.ptr());
            part.owner.set(Some(Ref::view(&slf).clone()));
        }
        READY.track(&view);
        Ok(view)
    })
}

/// The properties of LoopCore.
pub fn all() -> Vec<PyGetSetDef> {
    vec![
        property(c"_closed", get_closed, Some(set_closed)),
        property(c"_stopping", get_stopping, Some(set_stopping)),
        property(c"_debug", get_debug, Some(set_debug)),
        property(c"_thread_id", get_thread, Some(set_thread)),
        property(c"_task_factory", get_factory, Some(set_factory)),
        property(c"_engine", get_engine, Some(set_engine)),
        property(c"_flushes", get_flushes, Some(set_flushes)),
        property(c"_sends", get_sends, Some(set_sends)),
        property(c"_scheduled", get_scheduled, Some(set_ignored)),
        property(c"_ready", get_ready, Some(set_ignored)),
    ]
}

// The view.

fn of(slf: &Obj, body: impl FnOnce(&Core) -> Py) -> Obj {
    enter(|| {
        // SAFETY: a method's self is a live view.
        let view: &View = unsafe { READY.part(*slf) };
        match view.owner.get() {
            Some(owner) => body(Core::of(&owner)),
            None => Err(runtime_error(c"the loop is gone")),
        }
    })
}

unsafe extern "C" fn append(slf: Obj, handle: Obj) -> Obj {
    of(&slf, |core| {
        // SAFETY: the argument is live for the call.
        let handle = unsafe { Ref::view(&handle) }.clone();
        // Code that runs iterations of its own took it from a copy of the timers.
        if Handle::of(&handle).is_some() {
            drop(core.heap(|heap| heap.take(&handle)));
        }
        core.ready(|ready| ready.push_back(handle));
        Ok(Ref::none())
    })
}

unsafe extern "C" fn popleft(slf: Obj, _: Obj) -> Obj {
    of(&slf, |core| {
        let Some(handle) = core.ready(|ready| ready.pop_front()) else {
            // SAFETY: the class lives for ever.
            return Err(raise(unsafe { PyExc_IndexError }, c"pop from an empty queue"));
        };
        track(&handle);
        Ok(handle)
    })
}

unsafe extern "C" fn clear_queue(slf: Obj, _: Obj) -> Obj {
    of(&slf, |core| {
        core.ready(std::mem::take).into_iter().for_each(finish);
        Ok(Ref::none())
    })
}

unsafe extern "C" fn length(slf: Obj) -> Py_ssize_t {
    let mut count = 0;
    let done = of(&slf, |core| {
        count = core.ready(|ready| ready.len()) as Py_ssize_t;
        Ok(Ref::none())
    });
    // SAFETY: NULL, or the reference `of` gave.
    if unsafe { Ref::new(done) }.is_ok() { count } else { -1 }
}

unsafe extern "C" fn item(slf: Obj, at: Py_ssize_t) -> Obj {
    of(&slf, |core| {
        core.ready(|ready| ready.get(at as usize).cloned()).ok_or_else(|| {
            // SAFETY: the class lives for ever.
            raise(unsafe { PyExc_IndexError }, c"queue index out of range")
        })
    })
}

unsafe extern "C" fn traverse(slf: Obj, visit: visitproc, arg: *mut c_void) -> c_int {
    // SAFETY: the collector shows live instances.
    unsafe {
        match READY.part::<View>(slf).owner.visit(visit, arg) {
            0 => visit(Py_TYPE(slf).cast(), arg),
            stop => stop,
        }
    }
}

unsafe extern "C" fn clear(slf: Obj) -> c_int {
    // SAFETY: the collector clears live instances.
    unsafe { READY.part::<View>(slf).owner.set(None) };
    0
}

unsafe extern "C" fn dealloc(slf: Obj) {
    // SAFETY: called once, at the end.
    unsafe {
        PyObject_GC_UnTrack(slf.cast());
        clear(slf);
        READY.free(slf);
    }
}

/// Make the view's type.
pub fn make() -> Py<()> {
    let base = import(c"builtins")?.named(c"object")?;
    let methods = vec![
        method(c"append", METH_O, append),
        method(c"popleft", METH_NOARGS, popleft),
        method(c"clear", METH_NOARGS, clear_queue),
    ];
    let slots = vec![
        slot(Py_tp_methods, table(methods)),
        slot(Py_sq_length, length as *mut c_void),
        slot(Py_sq_item, item as *mut c_void),
        slot(Py_tp_traverse, traverse as *mut c_void),
        slot(Py_tp_clear, clear as *mut c_void),
        slot(Py_tp_dealloc, dealloc as *mut c_void),
    ];
    let flags = u64::from(u32::try_from(Py_TPFLAGS_DISALLOW_INSTANTIATION).unwrap_or(0));
    READY.make(c"ringline._native.Ready", &base, size_of::<View>(), flags, slots)?;
    Ok(())
}
