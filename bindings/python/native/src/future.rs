//! Future, what create_future gives: an instance of asyncio's that keeps its state here.
//!
//! Owns the type and what its methods do; what Python calls is in `future_type.rs`. The base's own
//! members stay empty but for what the interpreter's C code puts there (3.14 notes who awaits whom);
//! the base's traverse and clear see to those. Invariant: callbacks are scheduled once, when the
//! state leaves PENDING, and a future that is done never changes.

use crate::core;
use crate::names::{copy_context, names, slow};
use crate::py::*;
use crate::types::*;
use pyo3_ffi::*;
use std::cell::Cell;

/// Not done.
pub const PENDING: u8 = 0;
/// Cancelled.
pub const CANCELLED: u8 = 1;
/// Has a result or an exception.
pub const FINISHED: u8 = 2;

/// `ringline._native.Future`.
pub static FUTURE: Type = Type::unmade();

/// Our part of a future.
pub struct Future {
    pub(crate) owner: Slot,
    /// The first callback and its context: most futures have one.
    pub(crate) callback: Slot,
    pub(crate) context: Slot,
    /// A list of (callback, context), those after the first.
    pub(crate) more: Slot,
    pub(crate) result: Slot,
    pub(crate) exception: Slot,
    pub(crate) trace: Slot,
    pub(crate) message: Slot,
    pub(crate) source: Slot,
    pub(crate) state: Cell<u8>,
    pub(crate) blocking: Cell<bool>,
    pub(crate) log: Cell<bool>,
}

impl Future {
    /// The part of a future.
    #[inline]
    pub fn of(object: &Ref) -> &Future {
        // SAFETY: only methods of the type come here.
        unsafe { FUTURE.part(object.ptr()) }
    }

    /// Every reference.
    pub fn slots(&self) -> [&Slot; 9] {
        [
            &self.owner,
            &self.callback,
            &self.context,
            &self.more,
            &self.result,
            &self.exception,
            &self.trace,
            &self.message,
            &self.source,
        ]
    }

    /// Whether it is done.
    #[inline]
    pub fn done(&self) -> bool {
        self.state.get() != PENDING
    }

    fn loop_of(&self) -> Py {
        self.owner.get().ok_or_else(|| runtime_error(c"Future object is not initialized."))
    }

    /// Give it a result.
    #[inline]
    pub fn set_result(&self, me: &Ref, value: &Ref) -> Py<()> {
        if self.done() {
            return Err(invalid(c"invalid state"));
        }
        self.result.set(Some(value.clone()));
        self.state.set(FINISHED);
        self.call(me)
    }

    /// Give it an exception: an instance, or a class.
    pub fn set_exception(&self, me: &Ref, error: &Ref) -> Py<()> {
        if self.done() {
            return Err(invalid(c"invalid state"));
        }
        let error = slow(c"exception_of", &[error])?;
        // SAFETY: an exception instance; a new reference, or NULL where it has none.
        let trace = unsafe { Ref::new(PyException_GetTraceback(error.ptr())) }.ok();
        self.exception.set(Some(error));
        self.trace.set(trace);
        self.state.set(FINISHED);
        self.log.set(true);
        self.call(me)
    }

    /// Cancel it; whether it was not done.
    pub fn cancel(&self, me: &Ref, message: Option<&Ref>) -> Py<bool> {
        self.log.set(false);
        if self.done() {
            return Ok(false);
        }
        self.state.set(CANCELLED);
        self.message.set(message.filter(|text| !text.is_none()).cloned());
        self.call(me)?;
        Ok(true)
    }

    /// The CancelledError of a cancelled one.
    pub fn cancelled_error(&self) -> Py {
        let class = &names().cancelled_error;
        match self.message.get() {
            Some(message) => class.call(&[&message]),
            None => class.call(&[]),
        }
    }

    /// Its result, or raise.
    #[inline]
    pub fn result(&self) -> Py {
        match self.state.get() {
            PENDING => Err(invalid(c"Result is not ready.")),
            CANCELLED => Err(throw(&self.cancelled_error()?)),
            _ => match self.result.get() {
                Some(value) => Ok(value),
                None => Err(self.raise()),
            },
        }
    }

    #[cold]
    fn raise(&self) -> Raised {
        self.log.set(false);
        let error = self.exception.or_none();
        let trace = self.trace.or_none();
        // SAFETY: an exception instance, and a traceback or None.
        unsafe { PyException_SetTraceback(error.ptr(), trace.ptr()) };
        throw(&error)
    }

    /// Its exception or None, or raise.
    pub fn exception(&self) -> Py {
        match self.state.get() {
            PENDING => Err(invalid(c"Exception is not set.")),
            CANCELLED => Err(throw(&self.cancelled_error()?)),
            _ => {
                self.log.set(false);
                Ok(self.exception.or_none())
            }
        }
    }

    /// Call `callback` when it is done, soon if it is already.
    #[inline]
    pub fn add(&self, me: &Ref, callback: &Ref, context: Option<&Ref>) -> Py<()> {
        let owner = self.loop_of()?;
        let context = match context {
            Some(context) if !context.is_none() => context.clone(),
            _ => copy_context()?,
        };
        if self.done() {
            core::schedule(&owner, callback, tuple(&[me])?, Some(&context)).map(drop)
        } else if self.callback.is_empty() && self.more.is_empty() {
            self.callback.set(Some(callback.clone()));
            self.context.set(Some(context));
            Ok(())
        } else {
            self.add_more(&tuple(&[callback, &context])?)
        }
    }

    fn add_more(&self, pair: &Ref) -> Py<()> {
        let list = match self.more.get() {
            Some(list) => list,
            None => {
                // SAFETY: a new reference.
                let list = unsafe { Ref::new(PyList_New(0)) }?;
                self.more.set(Some(list.clone()));
                list
            }
        };
        // SAFETY: both are live, the first is a list.
        if unsafe { PyList_Append(list.ptr(), pair.ptr()) } == 0 { Ok(()) } else { Err(Raised) }
    }

    /// All callbacks as asyncio shows them: a list of pairs; None where there is none.
    pub fn callbacks(&self) -> Py {
        let Some(first) = self.callback.get() else {
            return Ok(self.more.or_none());
        };
        // SAFETY: a new reference.
        let list = unsafe { Ref::new(PyList_New(0)) }?;
        let pair = tuple(&[&first, &self.context.or_none()])?;
        // SAFETY: both are live, the first is a list.
        if unsafe { PyList_Append(list.ptr(), pair.ptr()) } != 0 {
            return Err(Raised);
        }
        for pair in self.pairs() {
            // SAFETY: as above.
            if unsafe { PyList_Append(list.ptr(), pair.ptr()) } != 0 {
                return Err(Raised);
            }
        }
        Ok(list)
    }

    /// The pairs after the first callback.
    fn pairs(&self) -> Vec<Ref> {
        let Some(list) = self.more.get() else { return Vec::new() };
        // SAFETY: a list nobody else has, read within its size; the items are borrowed and counted.
        unsafe {
            (0..PyList_Size(list.ptr()))
                .map(|at| Ref::view(&PyList_GetItem(list.ptr(), at)).clone())
                .collect()
        }
    }

    /// Forget a callback; how many there were that equal it.
    pub fn remove(&self, callback: &Ref) -> Py<usize> {
        let mut removed = 0;
        if let Some(first) = self.callback.get()
            && same(&first, callback)?
        {
            self.callback.set(None);
            self.context.set(None);
            removed += 1;
        }
        let pairs = self.pairs();
        // SAFETY: a new reference.
        let left = unsafe { Ref::new(PyList_New(0)) }?;
        for pair in &pairs {
            // SAFETY: a pair of ours; borrowed from it.
            let one = unsafe { Ref::view(&PyTuple_GetItem(pair.ptr(), 0)).clone() };
            if same(&one, callback)? {
                removed += 1;
                continue;
            }
            // SAFETY: both are live, the first is a list.
            if unsafe { PyList_Append(left.ptr(), pair.ptr()) } != 0 {
                return Err(Raised);
            }
        }
        // SAFETY: a list.
        let rest = unsafe { PyList_Size(left.ptr()) };
        self.more.set(if rest == 0 { None } else { Some(left) });
        Ok(removed)
    }

    /// Schedule all callbacks.
    #[inline]
    fn call(&self, me: &Ref) -> Py<()> {
        let first = self.callback.take();
        if first.is_none() && self.more.is_empty() {
            return Ok(());
        }
        let owner = self.loop_of()?;
        if let Some(callback) = first {
            let context = self.context.take();
            core::schedule(&owner, &callback, tuple(&[me])?, context.as_ref())?;
        }
        if self.more.is_empty() {
            return Ok(());
        }
        let pairs = self.pairs();
        self.more.set(None);
        for pair in pairs {
            // SAFETY: a pair of ours; both are borrowed from it.
            let (callback, context) = unsafe {
                (
                    Ref::view(&PyTuple_GetItem(pair.ptr(), 0)).clone(),
                    Ref::view(&PyTuple_GetItem(pair.ptr(), 1)).clone(),
                )
            };
            core::schedule(&owner, &callback, tuple(&[me])?, Some(&context))?;
        }
        Ok(())
    }
}

fn same(one: &Ref, other: &Ref) -> Py<bool> {
    // SAFETY: both are live.
    match unsafe { PyObject_RichCompareBool(one.ptr(), other.ptr(), Py_EQ) } {
        -1 => Err(Raised),
        value => Ok(value != 0),
    }
}

/// Raise InvalidStateError.
#[cold]
pub fn invalid(text: &std::ffi::CStr) -> Raised {
    raise(names().invalid_state.ptr(), text)
}

/// A new future of a loop.
#[inline]
pub fn new(owner: &Ref, debug: bool) -> Py {
    let made = FUTURE.alloc()?;
    let part = Future::of(&made);
    part.owner.set(Some(owner.clone()));
    FUTURE.track(&made);
    if debug {
        part.source.set(Some(slow(c"stack", &[])?));
    }
    Ok(made)
}
