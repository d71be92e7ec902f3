//! What the methods of a stream give back (streams.rs): awaited as asyncio's coroutines are.
//!
//! Owns the type. Nothing happens before it is awaited. What is there then is given at once; what
//! has to come is waited for by the reader's own waiter, a future of the loop; and whatever is not
//! usual is done by asyncio's own coroutine, made at that moment, to which everything is passed
//! on. Invariant: while it waits it is the waiter's only owner of `reader._waiter`, which is None
//! again whatever ends the wait.

use crate::names::names;
use crate::py::*;
use crate::python::*;
use crate::reader_state::Held;
use crate::streams::{self, Kind, Step};
use crate::types::*;
use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum State {
    /// Not awaited yet. What is all zero is this.
    Fresh = 0,
    /// `inner` is the iterator of the waiter.
    Waits,
    /// `inner` is asyncio's coroutine.
    Passes,
    /// It runs, or is over.
    Over,
}

/// Our part of an instance.
pub struct Awaited {
    kind: Cell<Kind>,
    state: Cell<State>,
    owner: Slot,
    /// The reader's state; none of a writer.
    held: Slot,
    given: Slot,
    inner: Slot,
}

/// `ringline._native.Awaited`.
pub static AWAITED: Type = Type::unmade();

/// What a step brings.
enum Came {
    Yielded(Ref),
    Returned(Ref),
}

/// One for a method of `owner`.
#[inline]
pub fn made(kind: Kind, owner: &Ref, held: Option<Held>, given: Option<&Ref>) -> Py {
    let made = AWAITED.alloc()?;
    // SAFETY: made of this type.
    let part: &Awaited = unsafe { AWAITED.part(made.ptr()) };
    part.kind.set(kind);
    part.state.set(State::Fresh);
    part.owner.set(Some(owner.clone()));
    part.held.set(held.map(Held::into_ref));
    part.given.set(given.cloned());
    AWAITED.track(&made);
    Ok(made)
}

impl Awaited {
    /// The part of what a method of the type got as self.
    fn of(object: &Ref) -> &Awaited {
        // SAFETY: only methods of the type come here, which check the type of self.
        unsafe { AWAITED.part(object.ptr()) }
    }

    /// Go on, as a coroutine does that is sent something.
    #[inline]
    fn step(&self, value: &Ref) -> Py<Came> {
        match self.state.get() {
            State::Fresh if value.is_none() => {
                if let Some(result) = self.begin()? {
                    return Ok(Came::Returned(result));
                }
            }
            State::Fresh => {
                return Err(type_error(c"can't send non-None value to a just-started coroutine"));
            }
            State::Over => return Err(reused()),
            State::Waits | State::Passes => {}
        }
        self.pass_on(value)
    }

    /// The first step: the result, or None where it has to wait.
    #[inline]
    fn begin(&self) -> Py<Option<Ref>> {
        let Some(owner) = self.owner.get() else { return Err(reused()) };
        self.state.set(State::Over);
        let (held, given) = (self.held.get().map(Held::kept), self.given.get());
        match streams::begin(self.kind.get(), &owner, held.as_ref(), given.as_ref()) {
            Ok(Step::Done(result)) => {
                self.forget();
                return Ok(Some(result));
            }
            Ok(Step::Waits(waiter)) => {
                self.inner.set(Some(waiter));
                self.state.set(State::Waits);
            }
            Ok(Step::Other) => self.hand_over()?,
            Err(Raised) => {
                self.forget();
                return Err(Raised);
            }
        }
        Ok(None)
    }

    /// Let asyncio's own coroutine do it.
    #[cold]
    fn hand_over(&self) -> Py<()> {
        let Some(owner) = self.owner.take() else { return Err(reused()) };
        let given = self.given.take();
        self.held.set(None);
        self.state.set(State::Over);
        let made = streams::original(self.kind.get(), &owner, given.as_ref())?;
        self.inner.set(Some(made));
        self.state.set(State::Passes);
        Ok(())
    }

    /// Send it to what it waits for.
    #[inline]
    fn pass_on(&self, value: &Ref) -> Py<Came> {
        let Some(inner) = self.inner.get() else { return Err(reused()) };
        let mut result = null_mut();
        // SAFETY: both are live; what is written is a new reference.
        let how = guarded_call(|| unsafe { PyIter_Send(inner.ptr(), value.ptr(), &mut result) });
        match how {
            // SAFETY: the result is a new reference.
            PySendResult::PYGEN_NEXT => Ok(Came::Yielded(unsafe { Ref::new(result) }?)),
            PySendResult::PYGEN_RETURN => {
                // SAFETY: the result is a new reference.
                let result = unsafe { Ref::new(result) }?;
                let (owner, given) = (self.owner.take(), self.given.take());
                match (owner, self.end()) {
                    (Some(owner), Some(held)) => {
                        let kind = self.kind.get();
                        streams::finish(kind, &owner, &held, given.as_ref()).map(Came::Returned)
                    }
                    _ => Ok(Came::Returned(result)),
                }
            }
            PySendResult::PYGEN_ERROR => self.failed(),
        }
    }

    /// What it waited for raised; that is raised.
    #[cold]
    fn failed<T>(&self) -> Py<T> {
        aside(|| {
            self.end();
            self.forget();
            Ok(())
        })?;
        Err(Raised)
    }

    /// It waits no more, and nobody waits for the reader. The reader's state, if it waited.
    #[inline]
    fn end(&self) -> Option<Held> {
        let waited = self.state.replace(State::Over) == State::Waits;
        self.inner.set(None);
        let held = self.held.take().filter(|_| waited).map(Held::kept);
        if let Some(held) = &held {
            held.state().waiter.set(Some(Ref::none()));
        }
        held
    }

    fn forget(&self) {
        self.owner.set(None);
        self.held.set(None);
        self.given.set(None);
        self.inner.set(None);
    }

    /// Throw or close: `name` is called on what it waits for, or on asyncio's own coroutine where
    /// it has not begun.
    #[cold]
    fn interrupt(&self, name: &Ref, arguments: &Ref) -> Py {
        if self.state.get() == State::Fresh {
            self.hand_over()?;
        }
        let Some(inner) = self.inner.get() else { return Err(reused()) };
        match inner.attr(name).and_then(|method| method.call_tuple(arguments)) {
            Ok(yielded) => Ok(yielded),
            Err(Raised) => self.failed(),
        }
    }
}

#[cold]
fn reused() -> Raised {
    runtime_error(c"cannot reuse already awaited coroutine")
}

// What Python calls.

unsafe extern "C" fn am_send(slf: Obj, value: Obj, result: *mut Obj) -> PySendResult {
    let came = guarded(|| {
        // SAFETY: self and the value are live for the call.
        unsafe { Awaited::of(Ref::view(&slf)).step(Ref::view(&value)) }
    });
    let (how, object) = match came {
        Ok(Came::Yielded(object)) => (PySendResult::PYGEN_NEXT, object.give()),
        Ok(Came::Returned(object)) => (PySendResult::PYGEN_RETURN, object.give()),
        Err(Raised) => (PySendResult::PYGEN_ERROR, null_mut()),
    };
    // SAFETY: a place for the result.
    unsafe { result.write(object) };
    how
}

/// As a method: what it returns is raised.
fn sent(slf: &Obj, value: &Ref) -> Py {
    // SAFETY: a method's self is live for the call.
    match Awaited::of(unsafe { Ref::view(slf) }).step(value)? {
        Came::Yielded(object) => Ok(object),
        Came::Returned(object) => {
            // SAFETY: the class lives for ever; a new exception, which is set.
            unsafe {
                let stop = PyExc_StopIteration;
                let error = Ref::view(&stop).call(&[&object])?;
                PyErr_SetObject(stop, error.ptr());
            }
            Err(Raised)
        }
    }
}

unsafe extern "C" fn send(slf: Obj, value: Obj) -> Obj {
    // SAFETY: the argument is live for the call.
    enter(|| sent(&slf, unsafe { Ref::view(&value) }))
}

unsafe extern "C" fn next(slf: Obj) -> Obj {
    enter(|| sent(&slf, &Ref::none()))
}

unsafe extern "C" fn throw(slf: Obj, arguments: Obj) -> Obj {
    enter(|| {
        // SAFETY: self and the tuple are live for the call.
        let (me, arguments) = unsafe { (Ref::view(&slf), Ref::view(&arguments)) };
        Awaited::of(me).interrupt(&streams::known().throw, arguments)
    })
}

unsafe extern "C" fn close(slf: Obj, _: Obj) -> Obj {
    enter(|| {
        // SAFETY: a method's self is live for the call.
        let part = Awaited::of(unsafe { Ref::view(&slf) });
        match part.state.get() {
            State::Fresh | State::Over => {}
            State::Waits | State::Passes => {
                part.interrupt(&streams::known().close, &names().empty)?;
            }
        }
        part.end();
        part.forget();
        Ok(Ref::none())
    })
}

unsafe extern "C" fn am_await(slf: Obj) -> Obj {
    enter(|| {
        // SAFETY: a slot's self is live for the call.
        let me = unsafe { Ref::view(&slf) };
        match Awaited::of(me).state.get() {
            State::Fresh | State::Over => Ok(me.clone()),
            _ => Err(runtime_error(c"coroutine is being awaited already")),
        }
    })
}

unsafe extern "C" fn iter(slf: Obj) -> Obj {
    // SAFETY: a slot's self is live for the call.
    enter(|| Ok(unsafe { Ref::view(&slf) }.clone()))
}

unsafe extern "C" fn get_class(_: Obj, _: *mut c_void) -> Obj {
    enter(|| Ok(streams::known().coroutine.clone()))
}

/// Of asyncio's function.
fn of_original(slf: &Obj, name: &Ref) -> Obj {
    // SAFETY: a getter's self is live and of this type.
    let kind = Awaited::of(unsafe { Ref::view(slf) }).kind.get();
    enter(|| streams::function(kind).attr(name))
}

unsafe extern "C" fn get_name(slf: Obj, _: *mut c_void) -> Obj {
    of_original(&slf, &streams::known().name)
}

unsafe extern "C" fn get_qualname(slf: Obj, _: *mut c_void) -> Obj {
    of_original(&slf, &streams::known().qualname)
}

/// There is no frame, and so no code: what shows a coroutine then says its name alone.
unsafe extern "C" fn get_none(_: Obj, _: *mut c_void) -> Obj {
    enter(|| Ok(Ref::none()))
}

unsafe extern "C" fn get_running(_: Obj, _: *mut c_void) -> Obj {
    enter(|| Ok(Ref::bool(false)))
}

unsafe extern "C" fn get_suspended(slf: Obj, _: *mut c_void) -> Obj {
    enter(|| {
        // SAFETY: a getter's self is live and of this type.
        let state = Awaited::of(unsafe { Ref::view(&slf) }).state.get();
        Ok(Ref::bool(matches!(state, State::Waits | State::Passes)))
    })
}

unsafe extern "C" fn traverse(slf: Obj, visit: visitproc, arg: *mut c_void) -> c_int {
    // SAFETY: the collector shows live instances; a heap type is shown by its instances.
    unsafe {
        let part: &Awaited = AWAITED.part(slf);
        for slot in [&part.owner, &part.held, &part.given, &part.inner] {
            let stop = slot.visit(visit, arg);
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
        let part: &Awaited = unsafe { AWAITED.part(slf) };
        part.buried();
        Ok(())
    })
}

impl Awaited {
    /// Nobody has it any more.
    fn buried(&self) {
        let fresh = self.state.get() == State::Fresh && !self.owner.is_empty();
        self.end();
        self.forget();
        if fresh {
            let _ = aside(|| streams::never_awaited(self.kind.get()));
        }
    }
}

unsafe extern "C" fn dealloc(slf: Obj) {
    // SAFETY: called once, at the end; nothing of the object is used after `free`.
    unsafe {
        PyObject_GC_UnTrack(slf.cast());
        clear(slf);
        AWAITED.free(slf);
    }
}

/// Make the type.
pub fn make() -> Py<()> {
    let base = import(c"builtins")?.named(c"object")?;
    let methods = vec![
        method(c"send", METH_O, send),
        method(c"throw", METH_VARARGS, throw),
        method(c"close", METH_NOARGS, close),
    ];
    let properties = vec![
        property(c"__class__", get_class, None),
        property(c"__name__", get_name, None),
        property(c"__qualname__", get_qualname, None),
        property(c"cr_code", get_none, None),
        property(c"cr_frame", get_none, None),
        property(c"cr_origin", get_none, None),
        property(c"cr_running", get_running, None),
        property(c"cr_suspended", get_suspended, None),
    ];
    let slots = vec![
        slot(Py_am_await, am_await as *mut c_void),
        slot(Py_am_send, am_send as *mut c_void),
        slot(Py_tp_iter, iter as *mut c_void),
        slot(Py_tp_iternext, next as *mut c_void),
        slot(Py_tp_methods, table(methods)),
        slot(Py_tp_getset, table(properties)),
        slot(Py_tp_traverse, traverse as *mut c_void),
        slot(Py_tp_clear, clear as *mut c_void),
        slot(Py_tp_dealloc, dealloc as *mut c_void),
    ];
    let flags = u64::from(u32::try_from(Py_TPFLAGS_DISALLOW_INSTANTIATION).unwrap_or(0));
    let name = c"ringline._native.Awaited";
    AWAITED.make(name, &base, size_of::<Awaited>(), flags, slots).map(drop)
}
