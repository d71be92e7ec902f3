//! The methods of a loop that are asked for most: found once, then given without a look.
//!
//! asyncio's tasks and futures ask the loop for `call_soon` at each step, and the interpreter looks
//! along all bases and into the loop's dict for it. Owns the bound methods of a running loop.
//! Invariant: one is kept only while a run of `_run_once` lasts, and not at all once somebody has
//! set an attribute of that name on the loop; what a subclass or a patch of a class has put there
//! instead is never kept, since it is not our function.

use crate::core::{CORE, Core};
use crate::names::names;
use crate::py::*;
use crate::python::*;
use std::cell::Cell;
use std::ffi::c_int;

/// How many methods are kept.
pub const KEPT: usize = 6;

/// The bound methods of one loop.
pub struct Bound {
    methods: [Slot; KEPT],
    /// Whether an attribute of one of these names was set on the loop.
    patched: Cell<bool>,
}

/// Their names, and which function each has to be.
fn kept() -> [(Obj, PyCFunction); KEPT] {
    let names = names();
    let as_plain = |function: PyCFunctionFastWithKeywords| {
        // SAFETY: as the interpreter keeps it; only compared.
        unsafe { std::mem::transmute::<PyCFunctionFastWithKeywords, PyCFunction>(function) }
    };
    [
        (names.call_soon.ptr(), as_plain(crate::core::call_soon)),
        (names.get_debug.ptr(), crate::core::get_debug),
        (names.create_future.ptr(), crate::core::create_future),
        (names.call_later.ptr(), as_plain(crate::core::call_later)),
        (names.create_task.ptr(), as_plain(crate::core::create_task)),
        (names.call_at.ptr(), as_plain(crate::core::call_at)),
    ]
}

#[inline]
fn place_of(name: Obj) -> Option<usize> {
    let names = names();
    let known = [
        &names.call_soon,
        &names.get_debug,
        &names.create_future,
        &names.call_later,
        &names.create_task,
        &names.call_at,
    ];
    known.iter().position(|known| known.ptr() == name)
}

/// Whether this is the method of `me` that is this function of ours.
fn is_ours(found: &Ref, me: Obj, function: PyCFunction) -> bool {
    found.kind() == &raw mut PyCFunction_Type
        // SAFETY: asked of a builtin function only, and only compared.
        && unsafe {
            PyCFunction_GetSelf(found.ptr()) == me
                && PyCFunction_GetFunction(found.ptr()).map(|function| function as usize)
                    == Some(function as usize)
        }
}

/// Look whether the clock is still ours: a subclass may have one, and tests put one on a loop.
pub fn look_at_time(me: &Ref) -> Py<()> {
    let found = me.named(c"time")?;
    Core::of(me).own_time.set(!is_ours(&found, me.ptr(), crate::clock::time));
    Ok(())
}

impl Bound {
    /// Forget them.
    pub fn forget(&self) {
        self.methods.iter().for_each(|slot| slot.set(None));
    }

    /// Every reference.
    pub fn slots(&self) -> &[Slot; KEPT] {
        &self.methods
    }

    /// Find one in the usual way, and keep it if it is ours.
    #[cold]
    fn find(&self, me: Obj, name: Obj, place: usize, keep: bool) -> Py {
        // SAFETY: both are live; a new reference.
        let found = unsafe { Ref::new(PyObject_GenericGetAttr(me, name)) }?;
        if keep && is_ours(&found, me, kept()[place].1) && !self.patched.get() {
            self.methods[place].set(Some(found.clone()));
        }
        Ok(found)
    }
}

/// tp_getattro of a loop.
pub unsafe extern "C" fn get(slf: Obj, name: Obj) -> Obj {
    let Some(place) = place_of(name) else {
        // SAFETY: the interpreter's own arguments.
        return unsafe { PyObject_GenericGetAttr(slf, name) };
    };
    // SAFETY: a slot of the type gets its instances.
    let core: &Core = unsafe { CORE.part(slf) };
    match core.bound.methods[place].get() {
        Some(method) => method.give(),
        None => enter(|| core.bound.find(slf, name, place, core.depth.get() != 0)),
    }
}

/// tp_setattro of a loop.
pub unsafe extern "C" fn set(slf: Obj, name: Obj, value: Obj) -> c_int {
    if place_of(name).is_some() {
        // SAFETY: a slot of the type gets its instances.
        let core: &Core = unsafe { CORE.part(slf) };
        core.bound.patched.set(true);
        core.bound.forget();
    }
    // SAFETY: the interpreter's own arguments.
    let done = unsafe { PyObject_GenericSetAttr(slf, name, value) };
    if done != 0 || name != names().time.ptr() {
        return done;
    }
    // SAFETY: a slot's self is live for the call.
    enter_int(|| look_at_time(unsafe { Ref::view(&slf) }))
}
