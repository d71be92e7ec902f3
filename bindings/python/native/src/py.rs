//! What this crate sees of Python: references that count themselves, and the door every call uses.
//!
//! Owns: `Ref`, `Slot`, `enter` and thin wrappers of the stable ABI. It never takes the lock of the
//! interpreter. Invariant, on which every SAFETY note of the crate stands: **code of this crate
//! runs only when the interpreter calls it, with its lock held**; and no panic leaves `enter`.

use crate::python::*;
use std::cell::Cell;
use std::ffi::{CStr, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{NonNull, null_mut};

/// A pointer as Python hands it out.
pub type Obj = *mut PyObject;

/// A Python exception is set.
pub struct Raised;

/// What may raise.
pub type Py<T = Ref> = Result<T, Raised>;

/// The count of references where the stable ABI has it: first in every object, as the macros of
/// its header until 3.11 have compiled it into every module. Of a later one it is the lower half
/// that counts, negative for objects that are not counted.
#[inline]
fn count(object: Obj) -> *mut i32 {
    const { assert!(cfg!(target_endian = "little"), "the lower half comes first") };
    object.cast()
}

/// An owned reference.
#[repr(transparent)]
pub struct Ref(NonNull<PyObject>);

impl Clone for Ref {
    #[inline]
    fn clone(&self) -> Ref {
        let count = count(self.ptr());
        // SAFETY: self is a live object, and the interpreter's lock is held.
        unsafe {
            if *count >= 0 {
                *count += 1;
            }
        }
        Ref(self.0)
    }
}

impl Drop for Ref {
    #[inline]
    fn drop(&mut self) {
        let count = count(self.ptr());
        // SAFETY: the reference is ours, and given up once; the lock is held.
        unsafe {
            if *count >= 0 {
                *count -= 1;
                if *count == 0 {
                    _Py_Dealloc(self.ptr());
                }
            }
        }
    }
}

impl Ref {
    /// The pointer, still owned by self.
    #[inline]
    pub fn ptr(&self) -> Obj {
        self.0.as_ptr()
    }

    /// The pointer, with the reference.
    #[inline]
    pub fn give(self) -> Obj {
        let pointer = self.ptr();
        std::mem::forget(self);
        pointer
    }

    /// Whether nobody else has it.
    #[inline]
    pub fn is_sole(&self) -> bool {
        // SAFETY: a live object.
        unsafe { *count(self.ptr()) == 1 }
    }

    /// Whether both are the same object.
    #[inline]
    pub fn is(&self, other: &Ref) -> bool {
        self.0 == other.0
    }

    /// Whether it is None.
    #[inline]
    pub fn is_none(&self) -> bool {
        // SAFETY: only the address is taken.
        self.ptr() == unsafe { Py_None() }
    }

    /// Take over what a function returned: a new reference, or NULL with an exception set.
    ///
    /// # Safety
    /// `pointer` is NULL or a reference nobody else gives back.
    #[inline]
    pub unsafe fn new(pointer: Obj) -> Py {
        NonNull::new(pointer).map(Ref).ok_or(Raised)
    }

    /// Look at a pointer somebody else owns.
    ///
    /// # Safety
    /// Not NULL, and its owner keeps it as long as `pointer` is borrowed.
    #[inline]
    pub unsafe fn view(pointer: &Obj) -> &Ref {
        // SAFETY: Ref is a transparent non-null pointer; nothing drops through a shared reference.
        unsafe { &*(pointer as *const Obj).cast::<Ref>() }
    }

    /// None.
    #[inline]
    pub fn none() -> Ref {
        // SAFETY: None lives for ever.
        unsafe { Ref::view(&Py_None()).clone() }
    }

    /// True or False.
    pub fn bool(value: bool) -> Ref {
        // SAFETY: both live for ever.
        unsafe { Ref::view(&(if value { Py_True() } else { Py_False() })).clone() }
    }

    /// A float.
    pub fn float(value: f64) -> Py {
        // SAFETY: a new reference.
        unsafe { Ref::new(PyFloat_FromDouble(value)) }
    }

    /// A number that was given as an int or as a float, as such.
    pub fn number(value: f64, whole: bool) -> Py {
        // SAFETY: a new reference; too large a value is an error.
        if whole { unsafe { Ref::new(PyLong_FromDouble(value)) } } else { Ref::float(value) }
    }

    /// An int.
    pub fn int(value: usize) -> Py {
        // SAFETY: a new reference.
        unsafe { Ref::new(PyLong_FromSize_t(value)) }
    }

    /// An attribute.
    pub fn attr(&self, name: &Ref) -> Py {
        // SAFETY: both are live; a new reference.
        unsafe { Ref::new(PyObject_GetAttr(self.ptr(), name.ptr())) }
    }

    /// An attribute by a constant name; not for the hot path.
    pub fn named(&self, name: &CStr) -> Py {
        // SAFETY: self is live, the name ends; a new reference.
        unsafe { Ref::new(PyObject_GetAttrString(self.ptr(), name.as_ptr())) }
    }

    /// Whether it counts as true.
    pub fn truth(&self) -> Py<bool> {
        // SAFETY: self is live.
        match unsafe { PyObject_IsTrue(self.ptr()) } {
            -1 => Err(Raised),
            value => Ok(value != 0),
        }
    }

    /// Whether it is an int, and of no class of its own.
    #[inline]
    pub fn is_whole(&self) -> bool {
        self.kind() == &raw mut PyLong_Type
    }

    /// As a float.
    pub fn double(&self) -> Py<f64> {
        // Without a float in between, which PyFloat_AsDouble makes of an int.
        // SAFETY: self is live.
        let value = unsafe {
            if self.is_whole() { PyLong_AsDouble(self.ptr()) } else { PyFloat_AsDouble(self.ptr()) }
        };
        // SAFETY: only looks.
        if value == -1.0 && !unsafe { PyErr_Occurred() }.is_null() {
            Err(Raised)
        } else {
            Ok(value)
        }
    }

    /// Call it without arguments.
    #[inline]
    pub fn call_none(&self) -> Py {
        // SAFETY: self is live; a new reference.
        unsafe { Ref::new(PyObject_CallNoArgs(self.ptr())) }
    }

    /// Call it with a tuple.
    #[inline]
    pub fn call_tuple(&self, arguments: &Ref) -> Py {
        // SAFETY: both are live; a new reference.
        unsafe { Ref::new(PyObject_Call(self.ptr(), arguments.ptr(), null_mut())) }
    }

    /// Call it with a tuple and a dict.
    #[inline]
    pub fn call_named(&self, arguments: &Ref, named: &Ref) -> Py {
        // SAFETY: all three are live; a new reference.
        unsafe { Ref::new(PyObject_Call(self.ptr(), arguments.ptr(), named.ptr())) }
    }

    /// Call it.
    pub fn call(&self, arguments: &[&Ref]) -> Py {
        self.call_tuple(&tuple(arguments)?)
    }

    /// Call a method with one argument.
    #[inline]
    pub fn method_one(&self, name: &Ref, argument: &Ref) -> Py {
        let arguments = [argument.ptr(), null_mut()];
        // SAFETY: all three are live; a new reference.
        unsafe { Ref::new(call_method_with(self.ptr(), name.ptr(), arguments)) }
    }

    /// Its length where it is a bytes object, not of a subclass.
    #[inline]
    pub fn bytes_length(&self) -> Option<isize> {
        if self.kind() != &raw mut PyBytes_Type {
            return None;
        }
        // SAFETY: a bytes object.
        Some(unsafe { PyBytes_Size(self.ptr()) })
    }

    /// Its type.
    pub fn class(&self) -> Ref {
        // SAFETY: a live object's type is live.
        unsafe { Ref::view(&self.kind().cast()).clone() }
    }

    /// Its type, borrowed from it.
    #[inline]
    pub fn kind(&self) -> *mut PyTypeObject {
        // SAFETY: self is live.
        unsafe { Py_TYPE(self.ptr()) }
    }
}

/// A new tuple of these.
pub fn tuple(items: &[&Ref]) -> Py {
    // SAFETY: a new reference.
    let made = unsafe { Ref::new(PyTuple_New(items.len() as Py_ssize_t)) }?;
    for (at, item) in items.iter().enumerate() {
        // SAFETY: the tuple is new and has room for `at`; it takes the reference.
        unsafe { PyTuple_SetItem(made.ptr(), at as Py_ssize_t, (*item).clone().give()) };
    }
    Ok(made)
}

/// A new tuple of a call's last arguments.
#[inline]
pub fn tuple_of(items: &[Ref]) -> Py {
    // SAFETY: a new reference.
    let made = unsafe { Ref::new(PyTuple_New(items.len() as Py_ssize_t)) }?;
    for (at, item) in items.iter().enumerate() {
        // SAFETY: the tuple is new and has room for `at`; it takes the reference.
        unsafe { PyTuple_SetItem(made.ptr(), at as Py_ssize_t, item.clone().give()) };
    }
    Ok(made)
}

/// A string that is kept for ever and compared by address.
pub fn intern(text: &CStr) -> Py {
    // SAFETY: the text ends; a new reference.
    unsafe { Ref::new(PyUnicode_InternFromString(text.as_ptr())) }
}

/// Whether the system call that failed may do better later, by the errno that it left.
pub fn may_go_later(errno: c_int) -> bool {
    matches!(errno, libc::EAGAIN | libc::EINTR)
}

/// The errno of the system call that failed last.
pub fn last_errno() -> c_int {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// Import a module.
pub fn import(name: &CStr) -> Py {
    // SAFETY: the name ends; a new reference.
    unsafe { Ref::new(PyImport_ImportModule(name.as_ptr())) }
}

/// Raise TypeError, ValueError and their kin.
#[cold]
pub fn raise(kind: Obj, text: &CStr) -> Raised {
    // SAFETY: an exception class of the interpreter, and a text that ends.
    unsafe { PyErr_SetString(kind, text.as_ptr()) };
    Raised
}

/// Raise TypeError.
#[cold]
pub fn type_error(text: &CStr) -> Raised {
    // SAFETY: the class lives for ever.
    raise(unsafe { PyExc_TypeError }, text)
}

/// Raise ValueError.
#[cold]
pub fn value_error(text: &CStr) -> Raised {
    // SAFETY: the class lives for ever.
    raise(unsafe { PyExc_ValueError }, text)
}

/// Raise RuntimeError.
#[cold]
pub fn runtime_error(text: &CStr) -> Raised {
    // SAFETY: the class lives for ever.
    raise(unsafe { PyExc_RuntimeError }, text)
}

/// Raise OSError with an errno.
#[cold]
pub fn errno_error(errno: c_int, text: &CStr) -> Raised {
    // SAFETY: new references, and a class that lives for ever.
    unsafe {
        let number = Ref::new(PyLong_FromLong(errno.into()));
        let text = Ref::new(PyUnicode_FromString(text.as_ptr()));
        if let (Ok(number), Ok(text)) = (number, text) {
            if let Ok(both) = tuple(&[&number, &text]) {
                PyErr_SetObject(PyExc_OSError, both.ptr());
            }
        }
    }
    Raised
}

/// Take the exception that is set, with its traceback in it.
#[cold]
pub fn caught() -> Py {
    let (mut kind, mut value, mut trace) = (null_mut(), null_mut(), null_mut());
    // SAFETY: three places that are written; their references are ours.
    unsafe {
        PyErr_Fetch(&mut kind, &mut value, &mut trace);
        PyErr_NormalizeException(&mut kind, &mut value, &mut trace);
        if !value.is_null() && !trace.is_null() {
            PyException_SetTraceback(value, trace);
        }
        drop(Ref::new(kind));
        drop(Ref::new(trace));
        Ref::new(value).map_err(|_| runtime_error(c"no exception is set"))
    }
}

/// Run something while an exception is set, which stays; what it raises itself is told as what
/// nobody can raise.
#[cold]
pub fn aside(body: impl FnOnce() -> Py<()>) -> Py<()> {
    let (mut kind, mut value, mut trace) = (null_mut(), null_mut(), null_mut());
    // SAFETY: three places that are written, and given back.
    unsafe {
        PyErr_Fetch(&mut kind, &mut value, &mut trace);
        if body().is_err() {
            PyErr_WriteUnraisable(null_mut());
        }
        PyErr_Restore(kind, value, trace);
    }
    Err(Raised)
}

/// Whether the exception that is set is of this class.
pub fn raised_is(class: Obj) -> bool {
    // SAFETY: an exception is set, and the class is live.
    unsafe { PyErr_ExceptionMatches(class) != 0 }
}

/// Run what Python called: a result for it, or NULL; a panic becomes SystemError.
#[inline]
pub fn enter(body: impl FnOnce() -> Py) -> Obj {
    match guarded(body) {
        Ok(value) => value.give(),
        Err(Raised) => null_mut(),
    }
}

/// As [`enter`], for functions that return 0 or -1.
#[inline]
pub fn enter_int(body: impl FnOnce() -> Py<()>) -> c_int {
    match guarded(body) {
        Ok(()) => 0,
        Err(Raised) => -1,
    }
}

/// The panic net.
#[inline]
pub fn guarded<T>(body: impl FnOnce() -> Py<T>) -> Py<T> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        // SAFETY: the class lives for ever.
        Err(raise(unsafe { PyExc_SystemError }, c"ringline._native panicked: please report it"))
    })
}

/// A place for a reference in an object. All zero = empty.
///
/// Nothing borrows what is inside: dropping an old value may run any Python code, which may come
/// back to this very place.
#[derive(Default)]
#[repr(transparent)]
pub struct Slot(Cell<Option<Ref>>);

impl Slot {
    /// An empty place.
    pub const fn empty() -> Slot {
        Slot(Cell::new(None))
    }

    /// A copy of the reference.
    #[inline]
    pub fn get(&self) -> Option<Ref> {
        // SAFETY: nothing else runs between the look and the count.
        unsafe { (*self.0.as_ptr()).clone() }
    }

    /// A copy of the reference, or None.
    pub fn or_none(&self) -> Ref {
        self.get().unwrap_or_else(Ref::none)
    }

    /// Take it out.
    #[inline]
    pub fn take(&self) -> Option<Ref> {
        self.0.take()
    }

    /// Put another in; the old one is let go after that.
    #[inline]
    pub fn set(&self, value: Option<Ref>) {
        drop(self.0.replace(value));
    }

    /// Whether there is nothing.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.ptr().is_null()
    }

    /// The pointer inside, or NULL.
    #[inline]
    pub fn ptr(&self) -> Obj {
        // SAFETY: nothing else runs during the look.
        unsafe { (*self.0.as_ptr()).as_ref().map_or(null_mut(), Ref::ptr) }
    }

    /// Whether there is nothing, or None.
    #[inline]
    pub fn is_empty_or_none(&self) -> bool {
        // SAFETY: only the address is taken.
        self.is_empty() || self.ptr() == unsafe { Py_None() }
    }

    /// The length of the bytes object inside.
    #[inline]
    pub fn length(&self) -> Option<isize> {
        let pointer = self.ptr();
        // SAFETY: a live object, looked at while nothing else runs.
        if pointer.is_null() { None } else { unsafe { Ref::view(&pointer) }.bytes_length() }
    }

    /// Whether a list or its kin is inside, with something in it.
    #[inline]
    pub fn has_items(&self) -> bool {
        let pointer = self.ptr();
        if pointer.is_null() {
            return false;
        }
        // SAFETY: the object is live, and what is exactly a list has its length where all of them
        // have it; what has no length counts as nothing.
        unsafe {
            let list = Py_TYPE(pointer) == &raw mut PyList_Type;
            (if list { Py_SIZE(pointer) } else { PyObject_Size(pointer) }) > 0
        }
    }

    /// Show it to the collector.
    ///
    /// # Safety
    /// `visit` and `arg` are what tp_traverse was given.
    #[inline]
    pub unsafe fn visit(&self, visit: visitproc, arg: *mut c_void) -> c_int {
        let pointer = self.ptr();
        // SAFETY: the caller has `visit` and `arg` from the collector; the pointer is live.
        if pointer.is_null() { 0 } else { unsafe { visit(pointer, arg) } }
    }
}
