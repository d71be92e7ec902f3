//! The functions of CPython that this crate calls and that may run Python code, each behind a guard
//! that ends the thread in its place where the interpreter ends it.
//!
//! Before 3.14 a daemon thread that wants the lock of an interpreter that is finalizing is ended by
//! `pthread_exit`, which unwinds its stack: through frames of ours, which hold references and must
//! not let go of them without the lock, and which may not be unwound at all. From 3.14 on such a
//! thread hangs instead, until the process is over (gh-87135). [`Hang`] does the same for the older
//! ones. A look at whether the interpreter is finalizing would not do: it may begin right after.
//!
//! Owns: the list. What only looks (sizes, types, borrowed items) is used as pyo3-ffi declares it.

pub use pyo3_ffi::*;
use std::ffi::{c_char, c_int, c_void};
use std::mem::forget;
use std::ptr::null_mut;

type Obj = *mut PyObject;

/// Hangs the thread when its stack is unwound past it.
struct Hang;

impl Drop for Hang {
    #[cold]
    fn drop(&mut self) {
        loop {
            // SAFETY: sleeps until a signal comes, and again; the process ends without the thread.
            unsafe { libc::pause() };
        }
    }
}

/// Call what may run Python code.
#[inline(always)]
pub fn guarded_call<T>(call: impl FnOnce() -> T) -> T {
    let guard = Hang;
    let result = call();
    forget(guard);
    result
}

macro_rules! guarded {
    ($(fn $name:ident($($arg:ident: $kind:ty),*) $(-> $result:ty)?;)*) => {
        /// The same functions, declared as they are: they unwind.
        mod unwinding {
            use super::*;
            unsafe extern "C-unwind" {
                $(pub fn $name($($arg: $kind),*) $(-> $result)?;)*
            }
        }
        $(
            /// As CPython's function of that name, with its conditions.
            ///
            /// # Safety
            /// As CPython says; the lock of the interpreter is held.
            #[inline(always)]
            #[allow(non_snake_case)]
            pub unsafe fn $name($($arg: $kind),*) $(-> $result)? {
                // SAFETY: the caller vouches for what CPython asks of this function.
                guarded_call(|| unsafe { unwinding::$name($($arg),*) })
            }
        )*
    };
}

guarded! {
    fn PyBytes_FromStringAndSize(bytes: *const c_char, length: Py_ssize_t) -> Obj;
    fn PyDict_DelItem(dict: Obj, key: Obj) -> c_int;
    fn PyDict_GetItemWithError(dict: Obj, key: Obj) -> Obj;
    fn PyDict_New() -> Obj;
    fn PyDict_SetItem(dict: Obj, key: Obj, value: Obj) -> c_int;
    fn PyErr_CheckSignals() -> c_int;
    fn PyErr_Clear();
    fn PyErr_NormalizeException(kind: *mut Obj, value: *mut Obj, trace: *mut Obj);
    fn PyErr_Restore(kind: Obj, value: Obj, trace: Obj);
    fn PyErr_SetObject(kind: Obj, value: Obj);
    fn PyErr_SetString(kind: Obj, text: *const c_char);
    fn PyErr_WriteUnraisable(object: Obj);
    fn PyEval_RestoreThread(state: *mut PyThreadState);
    fn PyException_SetTraceback(error: Obj, trace: Obj) -> c_int;
    fn PyFloat_AsDouble(object: Obj) -> f64;
    fn PyImport_ImportModule(name: *const c_char) -> Obj;
    fn PyList_Append(list: Obj, item: Obj) -> c_int;
    fn PyList_New(length: Py_ssize_t) -> Obj;
    fn PyMemoryView_FromMemory(memory: *mut c_char, length: Py_ssize_t, flags: c_int) -> Obj;
    fn PyObject_Call(callable: Obj, arguments: Obj, named: Obj) -> Obj;
    fn PyObject_CallNoArgs(callable: Obj) -> Obj;
    fn PyObject_ClearWeakRefs(object: Obj);
    fn PyObject_GenericGetAttr(object: Obj, name: Obj) -> Obj;
    fn PyObject_GenericSetAttr(object: Obj, name: Obj, value: Obj) -> c_int;
    fn PyObject_GenericGetDict(object: Obj, closure: *mut c_void) -> Obj;
    fn PyObject_GetAttr(object: Obj, name: Obj) -> Obj;
    fn PyObject_GetAttrString(object: Obj, name: *const c_char) -> Obj;
    fn PyObject_IsTrue(object: Obj) -> c_int;
    fn PyObject_SetAttr(object: Obj, name: Obj, value: Obj) -> c_int;
    fn PyObject_SetAttrString(object: Obj, name: *const c_char, value: Obj) -> c_int;
    fn PyObject_Size(object: Obj) -> Py_ssize_t;
    fn PySequence_DelSlice(object: Obj, from: Py_ssize_t, to: Py_ssize_t) -> c_int;
    fn PySequence_List(object: Obj) -> Obj;
    fn PyTuple_New(length: Py_ssize_t) -> Obj;
    fn PyType_FromSpecWithBases(spec: *mut PyType_Spec, bases: Obj) -> Obj;
    fn PyType_GenericAlloc(class: *mut PyTypeObject, items: Py_ssize_t) -> Obj;
    fn Py_DecRef(object: Obj);
    fn _Py_Dealloc(object: Obj);
}

unsafe extern "C-unwind" {
    fn PyObject_CallMethodObjArgs(object: Obj, name: Obj, ...) -> Obj;
}

/// Call a method with up to two arguments; NULL ends them.
///
/// # Safety
/// All are live; the lock of the interpreter is held.
#[inline(always)]
pub unsafe fn call_method_with(object: Obj, name: Obj, arguments: [Obj; 2]) -> Obj {
    let ([first, second], end) = (arguments, null_mut::<PyObject>());
    // SAFETY: the caller vouches for live objects and the lock; `end` ends the arguments.
    guarded_call(|| unsafe { PyObject_CallMethodObjArgs(object, name, first, second, end) })
}
