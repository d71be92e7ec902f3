//! What a StreamReader of ours (streams.rs) has instead of entries in its dict.
//!
//! Owns the state, found by one look into the dict, and the attributes by which Python sees it
//! under asyncio's names. Invariant: the state is the reader's alone and refers to nothing that
//! refers to the reader but by its waiter, as the reader's own attribute would.

use crate::names::Late;
use crate::py::*;
use crate::python::*;
use crate::types::*;
use std::ffi::{CStr, c_int, c_void};
use std::ptr::null_mut;

/// The attributes. None of them is missing.
pub struct ReaderState {
    pub(crate) buffer: Slot,
    pub(crate) eof: Slot,
    pub(crate) waiter: Slot,
    pub(crate) exception: Slot,
    pub(crate) paused: Slot,
    pub(crate) limit: Slot,
    pub(crate) owner: Slot,
}

/// `ringline._native.ReaderState`.
static STATE: Type = Type::unmade();

/// Their names.
const NAMES: [&CStr; 7] =
    [c"_buffer", c"_eof", c"_waiter", c"_exception", c"_paused", c"_limit", c"_loop"];

/// The name of the state itself.
static KEY: Late<Ref> = Late::empty();

fn key() -> &'static Ref {
    // SAFETY: filled by `make`, before any reader has a state.
    unsafe { KEY.get() }
}

impl ReaderState {
    fn slots(&self) -> [&Slot; 7] {
        let ReaderState { buffer, eof, waiter, exception, paused, limit, owner } = self;
        [buffer, eof, waiter, exception, paused, limit, owner]
    }

    /// The buffer, if it is what asyncio made.
    #[inline]
    pub fn bytes(&self) -> Option<Ref> {
        self.buffer.get().filter(|buffer| buffer.kind() == &raw mut PyByteArray_Type)
    }

    /// Whether it is asyncio's False, as it nearly always is.
    #[inline]
    pub fn is_false(slot: &Slot) -> bool {
        // SAFETY: only the address is taken.
        slot.ptr() == unsafe { Py_False() }
    }
}

/// A reader's state, held.
pub struct Held(Ref);

impl Held {
    /// That of a reader of our class; None where the reader has more attributes than asyncio gave
    /// it, which may be methods.
    #[inline]
    pub fn of(reader: &Ref) -> Py<Option<Held>> {
        // SAFETY: an instance of a class that Python made; a new reference.
        let dict = unsafe { Ref::new(PyObject_GenericGetDict(reader.ptr(), null_mut())) }?;
        // SAFETY: a dict and a string; what is found is borrowed, and counted before anything runs.
        let found = unsafe {
            let found = PyDict_GetItemWithError(dict.ptr(), key().ptr());
            if found.is_null() || Py_TYPE(found) != STATE.class() || PyDict_Size(dict.ptr()) > LEFT
            {
                return if PyErr_Occurred().is_null() { Ok(None) } else { Err(Raised) };
            }
            Ref::view(&found).clone()
        };
        Ok(Some(Held(found)))
    }

    /// As it was kept.
    pub fn kept(state: Ref) -> Held {
        Held(state)
    }

    /// To be kept.
    pub fn into_ref(self) -> Ref {
        self.0
    }

    #[inline]
    pub fn state(&self) -> &ReaderState {
        // SAFETY: exactly that type.
        unsafe { STATE.part(self.0.ptr()) }
    }

    /// Give a reader a state beside its attributes, before it gets our class. Whether it has no
    /// other attributes than asyncio gave it.
    #[cold]
    pub fn begin(reader: &Ref) -> Py<bool> {
        // SAFETY: a live object with a dict; a new reference.
        let dict = unsafe { Ref::new(PyObject_GenericGetDict(reader.ptr(), null_mut())) }?;
        // SAFETY: a dict.
        if unsafe { PyDict_Size(dict.ptr()) } != NAMES.len() as isize + LEFT - 1 {
            return Ok(false);
        }
        let held = Held(STATE.alloc()?);
        for (slot, name) in held.state().slots().into_iter().zip(NAMES) {
            slot.set(Some(reader.named(name)?));
        }
        STATE.track(&held.0);
        // SAFETY: all are live.
        match unsafe { PyDict_SetItem(dict.ptr(), key().ptr(), held.0.ptr()) } {
            0 => Ok(true),
            _ => Err(Raised),
        }
    }

    /// The reader has our class, which shows its state: the attributes themselves go. One that is
    /// left is not seen any more, and keeps the reader from the quick way.
    #[cold]
    pub fn clean(reader: &Ref) -> Py<()> {
        // SAFETY: a live object with a dict; a new reference.
        let dict = unsafe { Ref::new(PyObject_GenericGetDict(reader.ptr(), null_mut())) }?;
        for name in NAMES {
            let name = intern(name)?;
            // SAFETY: both are live.
            if unsafe { PyDict_DelItem(dict.ptr(), name.ptr()) } != 0 {
                return Err(Raised);
            }
        }
        Ok(())
    }
}

/// How many attributes are left in the dict: the state, and what asyncio has beside NAMES.
const LEFT: isize = 2;

/// The place in the state of what is asked for by this name.
fn place(reader: &Ref, at: *mut c_void, body: impl FnOnce(&Slot)) -> Py<()> {
    // SAFETY: a live object with a dict, and `found` is the dict's while it is looked at.
    let found = unsafe {
        let dict = Ref::new(PyObject_GenericGetDict(reader.ptr(), null_mut()))?;
        let found = PyDict_GetItemWithError(dict.ptr(), key().ptr());
        if found.is_null() || Py_TYPE(found) != STATE.class() {
            return Err(raise(PyExc_AttributeError, c"the state of this reader is gone"));
        }
        Ref::view(&found).clone()
    };
    let held = Held(found);
    body(held.state().slots()[at as usize]);
    Ok(())
}

unsafe extern "C" fn get(slf: Obj, at: *mut c_void) -> Obj {
    enter(|| {
        let mut found = Ref::none();
        // SAFETY: a getter's self is live.
        place(unsafe { Ref::view(&slf) }, at, |slot| found = slot.or_none())?;
        Ok(found)
    })
}

unsafe extern "C" fn set(slf: Obj, value: Obj, at: *mut c_void) -> c_int {
    enter_int(|| {
        if value.is_null() {
            return Err(type_error(c"this attribute cannot be deleted"));
        }
        // SAFETY: self and the value are live for the call.
        let (me, value) = unsafe { (Ref::view(&slf), Ref::view(&value)) };
        place(me, at, |slot| slot.set(Some(value.clone())))
    })
}

unsafe extern "C" fn traverse(slf: Obj, visit: visitproc, arg: *mut c_void) -> c_int {
    // SAFETY: the collector shows live instances; a heap type is shown by its instances.
    unsafe {
        let state: &ReaderState = STATE.part(slf);
        for slot in state.slots() {
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
        let state: &ReaderState = unsafe { STATE.part(slf) };
        state.slots().into_iter().for_each(|slot| slot.set(None));
        Ok(())
    })
}

unsafe extern "C" fn dealloc(slf: Obj) {
    // SAFETY: called once, at the end; nothing of the object is used after `free`.
    unsafe {
        PyObject_GC_UnTrack(slf.cast());
        clear(slf);
        STATE.free(slf);
    }
}

/// Make the type, and have a class of readers show what is in it.
pub fn make(class: &Ref) -> Py<()> {
    // SAFETY: nothing reads it before this returns.
    unsafe { KEY.fill(intern(c"_ringline")?) };
    let base = import(c"builtins")?.named(c"object")?;
    let slots = vec![
        slot(Py_tp_traverse, traverse as *mut c_void),
        slot(Py_tp_clear, clear as *mut c_void),
        slot(Py_tp_dealloc, dealloc as *mut c_void),
    ];
    let flags = u64::from(u32::try_from(Py_TPFLAGS_DISALLOW_INSTANTIATION).unwrap_or(0));
    let name = c"ringline._native.ReaderState";
    STATE.make(name, &base, size_of::<ReaderState>(), flags, slots)?;
    for (at, name) in NAMES.into_iter().enumerate() {
        let mut shown = property(name, get, Some(set));
        shown.closure = at as *mut c_void;
        let shown: *mut PyGetSetDef = Box::leak(Box::new(shown));
        // SAFETY: the definition lives for ever; the class is live; a new reference, which is kept.
        let done = unsafe {
            let shown = Ref::new(PyDescr_NewGetSet(class.ptr().cast(), shown))?;
            PyObject_SetAttrString(class.ptr(), name.as_ptr(), shown.ptr())
        };
        if done != 0 {
            return Err(Raised);
        }
    }
    Ok(())
}
