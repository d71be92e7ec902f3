//! What Python calls on an engine.
//!
//! Owns the type. `Engine` of `_engine.py` is the other base of the class that is used, and has
//! everything that need not be fast: making the ring, attaching, asking.

use crate::abi::*;
use crate::engine::{ENGINE, Engine, Library};
use crate::names::slow;
use crate::parked;
use crate::py::*;
use crate::python::*;
use crate::table::{Kind, Table};
use crate::types::*;
use crate::watch;
use std::cell::Cell;
use std::collections::VecDeque;
use std::ffi::{CStr, c_int, c_void};
use std::mem::offset_of;

/// Names of submit's arguments, in their order.
const ARGUMENTS: [&CStr; 15] = [
    c"opcode",
    c"fd",
    c"addr",
    c"length",
    c"off",
    c"op_flags",
    c"callback",
    c"keep",
    c"flags",
    c"ioprio",
    c"buf_index",
    c"file_index",
    c"addr3",
    c"ext",
    c"restart",
];

/// The same, interned.
struct Interned(Cell<Option<&'static [Ref]>>);

// SAFETY: used with the interpreter's lock held.
unsafe impl Sync for Interned {}

static INTERNED: Interned = Interned(Cell::new(None));

pub fn on(slf: &Obj, body: impl FnOnce(&Ref, &Engine) -> Py) -> Obj {
    enter(|| {
        // SAFETY: a method's self is live and of the type.
        let me = unsafe { Ref::view(slf) };
        body(me, Engine::of(me))
    })
}

fn unsigned(value: &Ref) -> Py<u64> {
    // SAFETY: the value is live.
    let number = unsafe { PyLong_AsUnsignedLongLong(value.ptr()) };
    // SAFETY: only looks.
    if number == u64::MAX && !unsafe { PyErr_Occurred() }.is_null() {
        return Err(Raised);
    }
    Ok(number)
}

fn narrow<T: TryFrom<u64>>(value: &Ref) -> Py<T> {
    T::try_from(unsigned(value)?).map_err(|_| {
        // SAFETY: the class lives for ever.
        raise(unsafe { PyExc_OverflowError }, c"a number of an operation is too large")
    })
}

pub fn signed(value: &Ref) -> Py<i32> {
    // SAFETY: the value is live.
    let number = unsafe { PyLong_AsLong(value.ptr()) };
    // SAFETY: only looks.
    if number == -1 && !unsafe { PyErr_Occurred() }.is_null() {
        return Err(Raised);
    }
    i32::try_from(number).map_err(|_| {
        // SAFETY: the class lives for ever.
        raise(unsafe { PyExc_OverflowError }, c"no such descriptor")
    })
}

unsafe extern "C" fn submit(slf: Obj, v: *const Obj, n: Py_ssize_t, k: Obj) -> Obj {
    on(&slf, |me, engine| {
        // SAFETY: as the interpreter calls a fast method.
        let args = unsafe { Args::new(v, n, &k) };
        let mut found: [Option<&Ref>; 15] = [None; 15];
        if args.has_names() {
            let known: Vec<&Ref> = INTERNED.0.get().unwrap_or(&[]).iter().collect();
            args.by_name(&known, &mut found)?;
        }
        if args.positional().len() > found.len() {
            return Err(type_error(c"submit() takes 15 arguments at most"));
        }
        for (place, value) in found.iter_mut().zip(args.positional()) {
            if place.replace(value).is_some() {
                return Err(type_error(c"got multiple values for an argument"));
            }
        }
        let needed = |at: usize| found[at].ok_or_else(|| type_error(c"submit() needs more"));
        let or_zero = |at: usize| found[at].map_or(Ok(0), unsigned);
        let op = Op {
            opcode: narrow(needed(0)?)?,
            fd: signed(needed(1)?)?,
            addr: unsigned(needed(2)?)?,
            len: narrow(needed(3)?)?,
            off: unsigned(needed(4)?)?,
            op_flags: narrow(needed(5)?)?,
            flags: found[8].map_or(Ok(0), narrow)?,
            ioprio: found[9].map_or(Ok(0), narrow)?,
            buf_index: found[10].map_or(Ok(0), narrow)?,
            file_index: found[11].map_or(Ok(0), narrow)?,
            addr3: or_zero(12)?,
            ext: or_zero(13)?,
            user_data: 0,
            personality: 0,
        };
        let target = needed(6)?.clone();
        let keep = found[7].filter(|keep| !keep.is_none()).cloned();
        let restart = found[14].map_or(Ok(false), Ref::truth)?;
        let ident = engine.stage(me, op, target, keep, Kind::Call, restart)?;
        number(ident)
    })
}

fn number(value: u64) -> Py {
    // SAFETY: a new reference.
    unsafe { Ref::new(PyLong_FromUnsignedLongLong(value)) }
}

unsafe extern "C" fn cancel(slf: Obj, ident: Obj) -> Obj {
    // SAFETY: the argument is live for the call.
    on(&slf, |_, engine| Ok(Ref::bool(engine.cancel(unsigned(unsafe { Ref::view(&ident) })?)?)))
}

unsafe extern "C" fn release(slf: Obj, token: Obj) -> Obj {
    on(&slf, |_, engine| {
        // SAFETY: the argument is live for the call.
        engine.release(unsigned(unsafe { Ref::view(&token) })?);
        Ok(Ref::none())
    })
}

unsafe extern "C" fn received(slf: Obj, v: *const Obj, n: Py_ssize_t, k: Obj) -> Obj {
    on(&slf, |_, _| {
        // SAFETY: as the interpreter calls a fast method.
        let args = unsafe { Args::new(v, n, &k) };
        let [data, size] = args.positional() else {
            return Err(type_error(c"received() takes an address and a size"));
        };
        let (data, size) = (unsigned(data)?, narrow::<u32>(size)?);
        // SAFETY: the caller has it from a completion whose lease is not given back.
        unsafe { Ref::new(PyBytes_FromStringAndSize(data as *const _, size as Py_ssize_t)) }
    })
}

fn seconds(timeout: &Ref) -> Py<Option<f64>> {
    if timeout.is_none() { Ok(None) } else { timeout.double().map(Some) }
}

unsafe extern "C" fn turn(slf: Obj, timeout: Obj) -> Obj {
    on(&slf, |me, engine| {
        // SAFETY: the argument is live for the call.
        if engine.fetch(me, seconds(unsafe { Ref::view(&timeout) })?)? {
            engine.dispatch(me)?;
        }
        Ok(Ref::none())
    })
}

unsafe extern "C" fn fetch(slf: Obj, timeout: Obj) -> Obj {
    on(&slf, |me, engine| {
        // SAFETY: the argument is live for the call.
        Ok(Ref::bool(engine.fetch(me, seconds(unsafe { Ref::view(&timeout) })?)?))
    })
}

unsafe extern "C" fn dispatch(slf: Obj, _: Obj) -> Obj {
    on(&slf, |me, engine| engine.dispatch(me).map(|()| Ref::none()))
}

/// `_enter(wait, timeout)`: one turn; what is complete goes to the inbox.
unsafe extern "C" fn enter_once(slf: Obj, v: *const Obj, n: Py_ssize_t, k: Obj) -> Obj {
    on(&slf, |me, engine| {
        // SAFETY: as the interpreter calls a fast method.
        let args = unsafe { Args::new(v, n, &k) };
        let [wait, timeout] = args.positional() else {
            return Err(type_error(c"_enter() takes wait and timeout"));
        };
        let timeout = if wait.truth()? { seconds(timeout)? } else { Some(0.0) };
        engine.enter(me, timeout).map(|()| Ref::none())
    })
}

/// Whether completions wait for their callbacks.
unsafe extern "C" fn has_completions(slf: Obj, _: Obj) -> Obj {
    on(&slf, |_, engine| Ok(Ref::bool(engine.has_completions())))
}

/// The result that an operation ended with and that was not dispatched yet; else 0.
unsafe extern "C" fn came(slf: Obj, ident: Obj) -> Obj {
    on(&slf, |_, engine| {
        // SAFETY: the argument is live for the call.
        let res = engine.came(unsigned(unsafe { Ref::view(&ident) })?);
        // SAFETY: a new reference.
        unsafe { Ref::new(PyLong_FromLong(res.into())) }
    })
}

/// What came of an operation and was not dispatched yet, as a list of records.
unsafe extern "C" fn take(slf: Obj, ident: Obj) -> Obj {
    on(&slf, |_, engine| {
        // SAFETY: the argument is live for the call.
        let found = engine.take(unsigned(unsafe { Ref::view(&ident) })?);
        // SAFETY: a new reference.
        let list = unsafe { Ref::new(PyList_New(0)) }?;
        for record in found {
            // SAFETY: a new reference.
            let res = unsafe { Ref::new(PyLong_FromLong(record.res.into())) }?;
            let (ident, flags) = (number(record.user_data)?, number(record.flags.into())?);
            let (data, token) = (number(record.data)?, number(record.token)?);
            let made = tuple(&[&ident, &res, &flags, &data, &token])?;
            // SAFETY: both are live.
            if unsafe { PyList_Append(list.ptr(), made.ptr()) } != 0 {
                return Err(Raised);
            }
        }
        Ok(list)
    })
}

/// Take over a ring: the shared block, the handle, turn, cancel and lease_release.
unsafe extern "C" fn bind(slf: Obj, v: *const Obj, n: Py_ssize_t, k: Obj) -> Obj {
    on(&slf, |_, engine| {
        // SAFETY: as the interpreter calls a fast method.
        let args = unsafe { Args::new(v, n, &k) };
        let mut values = [0; 5];
        if args.positional().len() != values.len() {
            return Err(type_error(c"_bind() takes five addresses"));
        }
        for (place, value) in values.iter_mut().zip(args.positional()) {
            *place = unsigned(value)?;
            if *place == 0 {
                return Err(type_error(c"_bind() got no address"));
            }
        }
        let [shared, ring, turn, cancel, release] = values;
        let shared = shared as *mut Shared;
        // SAFETY: `_library.py` checked the library's ABI before it gave these addresses.
        unsafe {
            if ((*shared).size as usize) < size_of::<Shared>() {
                return Err(runtime_error(c"the shared block is of another version"));
            }
            let library = Library {
                turn: std::mem::transmute::<usize, Turn>(turn as usize),
                cancel: std::mem::transmute::<usize, Cancel>(cancel as usize),
                release: std::mem::transmute::<usize, Release>(release as usize),
            };
            engine.bind(shared, ring as *mut c_void, library);
        }
        Ok(Ref::none())
    })
}

/// The ring is no more, or another thread's.
unsafe extern "C" fn unbind(slf: Obj, _: Obj) -> Obj {
    on(&slf, |_, engine| {
        engine.unbind();
        Ok(Ref::none())
    })
}

/// Go on with a new ring.
unsafe extern "C" fn move_on(slf: Obj, _: Obj) -> Obj {
    on(&slf, |me, engine| engine.move_on(me).map(|()| Ref::none()))
}

/// Forget every operation. What they held is given back as a list of (callback, keep).
unsafe extern "C" fn drain(slf: Obj, _: Obj) -> Obj {
    on(&slf, |_, engine| {
        let gone = engine.drain();
        // SAFETY: a new reference.
        let list = unsafe { Ref::new(PyList_New(0)) }?;
        for entry in &gone {
            let pair = tuple(&[&entry.target, entry.keep.as_ref().unwrap_or(&Ref::none())])?;
            // SAFETY: both are live.
            if unsafe { PyList_Append(list.ptr(), pair.ptr()) } != 0 {
                return Err(Raised);
            }
        }
        Ok(list)
    })
}

/// Cancel operations now, so that the kernel lets go of the descriptors they name. What comes of
/// it is dispatched by the next turn.
unsafe extern "C" fn finish(slf: Obj, idents: Obj) -> Obj {
    on(&slf, |me, engine| {
        // SAFETY: the argument is live for the call; a new reference.
        let list = unsafe { Ref::new(PySequence_List(idents)) }?;
        let mut left = Vec::new();
        // SAFETY: a list nobody else has; the items are borrowed from it.
        for at in 0..unsafe { PyList_Size(list.ptr()) } {
            // SAFETY: `at` is below the length of a list that nobody else has.
            let ident = unsafe { unsigned(Ref::view(&PyList_GetItem(list.ptr(), at)))? };
            if ident != 0 && engine.cancel(ident)? {
                left.push(ident);
            }
        }
        for tries in 0..50 {
            if left.is_empty() {
                break;
            }
            // A cancel is done at once, or when what runs already is: waits are short.
            engine.enter(me, Some(if tries > 1 { 0.002 } else { 0.0 }))?;
            left.retain(|ident| !engine.ended(*ident));
        }
        Ok(Ref::none())
    })
}

/// The loop stops: end what can be armed again, so that another thread may run it.
unsafe extern "C" fn park(slf: Obj, _: Obj) -> Obj {
    on(&slf, |me, engine| {
        let restart = |table: &mut Table| -> Vec<u64> {
            table.iter().filter(|entry| entry.restart).map(|entry| entry.ident).collect()
        };
        let mut left = engine.table(restart);
        for ident in &left {
            engine.cancel(*ident)?;
        }
        for _ in 0..100 {
            left.retain(|ident| !engine.ended(*ident));
            let staged = engine.staged() != 0;
            if left.is_empty() && !staged && !engine.has_releases() {
                break;
            }
            // What comes stays in the inbox, and is dispatched when the loop runs again.
            let wait = !left.is_empty() && !staged;
            engine.enter(me, Some(if wait { 0.01 } else { 0.0 }))?;
        }
        Ok(Ref::none())
    })
}

unsafe extern "C" fn resume(slf: Obj, _: Obj) -> Obj {
    on(&slf, |me, engine| parked::resume(me, engine).map(|()| Ref::none()))
}

unsafe extern "C" fn length(slf: Obj) -> Py_ssize_t {
    // SAFETY: self is a live engine.
    Engine::of(unsafe { Ref::view(&slf) }).table(|table| table.len()) as Py_ssize_t
}

unsafe extern "C" fn contains(slf: Obj, ident: Obj) -> c_int {
    let mut found = 0;
    let failed = enter_int(|| {
        // SAFETY: self and the argument are live for the call.
        let (me, ident) = unsafe { (Ref::view(&slf), unsigned(Ref::view(&ident))?) };
        found = c_int::from(Engine::of(me).table(|table| table.get(ident).is_some()));
        Ok(())
    });
    if failed == 0 { found } else { -1 }
}

unsafe extern "C" fn new(class: *mut PyTypeObject, _: Obj, _: Obj) -> Obj {
    enter(|| {
        // SAFETY: what is allocated is zero; the three are written before any use.
        unsafe {
            let made = Ref::new(PyType_GenericAlloc(class, 0))?;
            let engine: &Engine = ENGINE.part(made.ptr());
            engine.table.get().write(Table::default());
            engine.inbox.get().write(VecDeque::new());
            engine.quiet.get().write(Vec::new());
            engine.foreign.get().write(Vec::new());
            engine.watch_fd.set(-1);
            Ok(made)
        }
    })
}

unsafe extern "C" fn traverse(slf: Obj, visit: visitproc, arg: *mut c_void) -> c_int {
    // SAFETY: the collector shows live instances, and runs no Python meanwhile.
    unsafe {
        let engine: &Engine = ENGINE.part(slf);
        for entry in (*engine.table.get()).iter() {
            let keep = entry.keep.as_ref().map_or(0, |keep| visit(keep.ptr(), arg));
            let stop = if keep != 0 { keep } else { visit(entry.target.ptr(), arg) };
            if stop != 0 {
                return stop;
            }
        }
        match engine.watcher.visit(visit, arg) {
            0 => visit(Py_TYPE(slf).cast(), arg),
            stop => stop,
        }
    }
}

unsafe extern "C" fn clear(slf: Obj) -> c_int {
    enter_int(|| {
        // SAFETY: the collector clears live instances.
        let engine: &Engine = unsafe { ENGINE.part(slf) };
        engine.watcher.set(None);
        let gone = engine.drain();
        if !engine.shared.get().is_null() {
            // The kernel may still touch what these name.
            for keep in gone.iter().filter_map(|entry| entry.keep.as_ref()) {
                slow(c"abandoned", &[keep])?;
            }
        }
        Ok(())
    })
}

unsafe extern "C" fn dealloc(slf: Obj) {
    // SAFETY: called once, at the end; a subtype's dealloc leaves the type's reference to us.
    unsafe {
        let class = Py_TYPE(slf);
        PyObject_GC_UnTrack(slf.cast());
        if clear(slf) != 0 {
            PyErr_WriteUnraisable(class.cast());
        }
        let engine: &Engine = ENGINE.part(slf);
        engine.table.get().drop_in_place();
        engine.inbox.get().drop_in_place();
        engine.quiet.get().drop_in_place();
        engine.foreign.get().drop_in_place();
        let free: freefunc = std::mem::transmute(PyType_GetSlot(class, Py_tp_free));
        free(slf.cast());
        Py_DecRef(class.cast());
    }
}

/// Make the type.
pub fn make(module: &Ref) -> Py<()> {
    let interned: Py<Vec<Ref>> = ARGUMENTS.iter().map(|name| intern(name)).collect();
    INTERNED.0.set(Some(Box::leak(interned?.into_boxed_slice())));
    let base = import(c"builtins")?.named(c"object")?;
    let begin = Type::begin(&base)?;
    let members = vec![
        member(c"turns", Py_T_ULONGLONG, begin + offset_of!(Engine, turns)),
        member(c"began", Py_T_ULONGLONG, begin + offset_of!(Engine, began)),
        member(c"woke_ns", Py_T_ULONGLONG, begin + offset_of!(Engine, times.woke)),
        member(c"woke_turn", Py_T_ULONGLONG, begin + offset_of!(Engine, times.woke_turn)),
        member(c"idle_ns", Py_T_ULONGLONG, begin + offset_of!(Engine, times.idle)),
        member(c"busy_ns", Py_T_ULONGLONG, begin + offset_of!(Engine, times.busy)),
        member(c"lag_ns", Py_T_ULONGLONG, begin + offset_of!(Engine, times.lag)),
        member(c"lag_max_ns", Py_T_ULONGLONG, begin + offset_of!(Engine, times.lag_max)),
        member(c"pool", Py_T_INT, begin + offset_of!(Engine, pool)),
        member(c"recv_ioprio", Py_T_INT, begin + offset_of!(Engine, recv_ioprio)),
        member(c"recv_limit", Py_T_INT, begin + offset_of!(Engine, recv_limit)),
        member(c"share", Py_T_INT, begin + offset_of!(Engine, share)),
        member(c"watched", Py_T_ULONGLONG, begin + offset_of!(Engine, watched)),
        member(c"quiet", Py_T_BOOL, begin + offset_of!(Engine, quiet_sends)),
    ];
    let methods = vec![
        keyword_method(c"submit", submit),
        method(c"cancel", METH_O, cancel),
        method(c"finish", METH_O, finish),
        method(c"park", METH_NOARGS, park),
        method(c"resume", METH_NOARGS, resume),
        method(c"release", METH_O, release),
        keyword_method(c"received", received),
        method(c"turn", METH_O, turn),
        method(c"fetch", METH_O, fetch),
        method(c"dispatch", METH_NOARGS, dispatch),
        method(c"take", METH_O, take),
        method(c"came", METH_O, came),
        method(c"has_completions", METH_NOARGS, has_completions),
        keyword_method(c"watch", watch::watch),
        keyword_method(c"_enter", enter_once),
        keyword_method(c"_bind", bind),
        method(c"_unbind", METH_NOARGS, unbind),
        method(c"_drain", METH_NOARGS, drain),
        method(c"_move", METH_NOARGS, move_on),
    ];
    let slots = vec![
        slot(Py_tp_new, new as *mut c_void),
        slot(Py_tp_methods, table(methods)),
        slot(Py_tp_members, table(members)),
        slot(Py_sq_length, length as *mut c_void),
        slot(Py_sq_contains, contains as *mut c_void),
        slot(Py_tp_traverse, traverse as *mut c_void),
        slot(Py_tp_clear, clear as *mut c_void),
        slot(Py_tp_dealloc, dealloc as *mut c_void),
    ];
    let flags = u64::from(u32::try_from(Py_TPFLAGS_BASETYPE).unwrap_or(0));
    let name = c"ringline._native.EngineCore";
    let class = ENGINE.make(name, &base, size_of::<Engine>(), flags, slots)?;
    // SAFETY: both live, the name ends.
    match unsafe { PyObject_SetAttrString(module.ptr(), c"EngineCore".as_ptr(), class.ptr()) } {
        0 => Ok(()),
        _ => Err(Raised),
    }
}
