//! How the native types are made: heap types over bases of the standard library.
//!
//! Owns: the making, and the way from an object to what is ours in it. asyncio's classes have
//! `__slots__`, and how large they are differs between versions; what is ours begins where the base
//! ends. Invariant: the offset is set once, when the type is made, before any instance exists.

use crate::py::*;
use crate::python::*;
use std::cell::{Cell, UnsafeCell};
use std::ffi::{CStr, c_int, c_uint, c_void};
use std::ptr::null_mut;

/// A native type, and where its part of an instance lies.
pub struct Type {
    class: Cell<Obj>,
    offset: Cell<usize>,
    /// Where an instance has its list of weak references, maybe before itself; 0 = nowhere.
    weak: Cell<isize>,
    spare: UnsafeCell<[Obj; SPARES]>,
    spares: Cell<usize>,
}

/// Instances kept for the next one: most live for one iteration.
const SPARES: usize = 128;

// SAFETY: used with the interpreter's lock held, as everything in this crate.
unsafe impl Sync for Type {}

impl Type {
    /// A type that is not made yet.
    pub const fn unmade() -> Type {
        Type {
            class: Cell::new(null_mut()),
            offset: Cell::new(0),
            weak: Cell::new(0),
            spare: UnsafeCell::new([null_mut(); SPARES]),
            spares: Cell::new(0),
        }
    }

    /// Make it: `size` bytes of ours behind those of `base`.
    pub fn make(
        &self,
        name: &'static CStr,
        base: &Ref,
        size: usize,
        flags: u64,
        slots: Vec<PyType_Slot>,
    ) -> Py {
        let collected = u32::try_from(Py_TPFLAGS_HAVE_GC).unwrap_or(0);
        self.make_with(name, base, size, flags | u64::from(collected), slots)
    }

    /// As [`Type::make`], over a class that Python made, whose collecting and burying it inherits.
    pub fn make_plain(
        &self,
        name: &'static CStr,
        base: &Ref,
        size: usize,
        slots: Vec<PyType_Slot>,
    ) -> Py {
        let flags = u32::try_from(Py_TPFLAGS_BASETYPE).unwrap_or(0);
        self.make_with(name, base, size, flags.into(), slots)
    }

    /// Where the part of a type over `base` begins.
    pub fn begin(base: &Ref) -> Py<usize> {
        // SAFETY: the attribute is a small int.
        let base_size = unsafe { PyLong_AsSize_t(base.named(c"__basicsize__")?.ptr()) };
        Ok(base_size.next_multiple_of(8))
    }

    fn make_with(
        &self,
        name: &'static CStr,
        base: &Ref,
        size: usize,
        flags: u64,
        mut slots: Vec<PyType_Slot>,
    ) -> Py {
        let offset = Type::begin(base)?;
        self.offset.set(offset);
        slots.push(PyType_Slot { slot: 0, pfunc: null_mut() });
        let mut spec = PyType_Spec {
            name: name.as_ptr(),
            basicsize: (offset + size) as c_int,
            itemsize: 0,
            flags: flags as c_uint | u32::try_from(Py_TPFLAGS_DEFAULT).unwrap_or(0),
            // Methods and members are read for the type's life, and it lives for ever.
            slots: Box::leak(slots.into_boxed_slice()).as_mut_ptr(),
        };
        let bases = tuple(&[base])?;
        // SAFETY: the spec is whole and its slots end with a zero; a new reference.
        let class = unsafe { Ref::new(PyType_FromSpecWithBases(&mut spec, bases.ptr())) }?;
        // SAFETY: the attribute is a small int.
        let weak = unsafe { PyLong_AsSsize_t(class.named(c"__weakrefoffset__")?.ptr()) };
        self.weak.set(weak);
        // Kept for ever: instances may outlive the module.
        self.class.set(class.clone().give());
        Ok(class)
    }

    /// The type, borrowed; NULL before it is made.
    #[inline]
    pub fn class(&self) -> *mut PyTypeObject {
        self.class.get().cast()
    }

    /// Our part of an instance.
    ///
    /// # Safety
    /// `object` is a live instance of this type or a subtype, `T` what the type was made for.
    #[inline]
    pub unsafe fn part<'a, T>(&self, object: Obj) -> &'a T {
        // SAFETY: the caller promised an instance with a `T`, which is aligned to 8 and was zeroed
        // at birth.
        unsafe { &*object.byte_add(self.offset.get()).cast::<T>() }
    }

    /// Whether somebody has a weak reference on an instance.
    ///
    /// # Safety
    /// `object` is a live instance of this type.
    #[inline]
    pub unsafe fn is_watched(&self, object: &Ref) -> bool {
        let offset = self.weak.get();
        // SAFETY: the caller promised a live instance, and the offset is the interpreter's.
        offset != 0 && !unsafe { object.ptr().byte_offset(offset).cast::<Obj>().read() }.is_null()
    }

    /// A new instance, its part all zero, unknown to the collector until [`Type::track`].
    #[inline]
    pub fn alloc(&self) -> Py {
        let count = self.spares.get();
        if count > 0 {
            self.spares.set(count - 1);
            // SAFETY: below `spares` lie instances that `free` put there; Init counts the type.
            return unsafe {
                let object = (*self.spare.get())[count - 1];
                Ref::new(PyObject_Init(object, self.class()))
            };
        }
        // SAFETY: the type is made and collected; Alloc zeroes and tracks.
        let made = unsafe { Ref::new(PyType_GenericAlloc(self.class(), 0)) }?;
        // SAFETY: it was tracked just now.
        unsafe { PyObject_GC_UnTrack(made.ptr().cast()) };
        Ok(made)
    }

    /// Show an instance to the collector.
    #[inline]
    pub fn track(&self, object: &Ref) {
        // SAFETY: `alloc` gave it untracked, and its part is filled.
        unsafe { PyObject_GC_Track(object.ptr().cast()) };
    }

    /// Let an instance's memory go: kept for the next, or freed. The last act of tp_dealloc.
    ///
    /// # Safety
    /// `object` is dead, untracked, its part dropped and zero again, and exactly of this type.
    #[inline]
    pub unsafe fn free(&self, object: Obj) {
        let count = self.spares.get();
        // SAFETY: the caller promised a dead instance, which holds one reference on its type.
        unsafe {
            if count < SPARES {
                (*self.spare.get())[count] = object;
                self.spares.set(count + 1);
            } else {
                PyObject_GC_Del(object.cast());
            }
            Py_DecRef(self.class().cast());
        }
    }
}

/// A slot of a type.
pub fn slot(number: c_int, function: *mut c_void) -> PyType_Slot {
    PyType_Slot { slot: number, pfunc: function }
}

/// A list of definitions that lives for ever, ended by a zero.
pub fn table<T>(mut items: Vec<T>) -> *mut c_void {
    // SAFETY: all zero is how these lists of C end; every member of T may be null.
    items.push(unsafe { std::mem::zeroed() });
    Box::leak(items.into_boxed_slice()).as_mut_ptr().cast()
}

/// A method with positional and keyword arguments.
pub fn keyword_method(name: &'static CStr, function: PyCFunctionFastWithKeywords) -> PyMethodDef {
    PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: PyMethodDefPointer { PyCFunctionFastWithKeywords: function },
        ml_flags: METH_FASTCALL | METH_KEYWORDS,
        ml_doc: null_mut(),
    }
}

/// As [`keyword_method`], with a text that tells what its arguments are.
pub fn described(
    signature: &'static CStr,
    name: &'static CStr,
    function: PyCFunctionFastWithKeywords,
) -> PyMethodDef {
    PyMethodDef { ml_doc: signature.as_ptr(), ..keyword_method(name, function) }
}

/// Give a class that Python made methods of ours.
pub fn add_methods(class: &Ref, methods: Vec<PyMethodDef>) -> Py<()> {
    let count = methods.len();
    let list = table(methods).cast::<PyMethodDef>();
    for at in 0..count {
        // SAFETY: the list lives for ever; the class is live; a new reference, which is kept.
        let done = unsafe {
            let one = list.add(at);
            let method = Ref::new(PyDescr_NewMethod(class.ptr().cast(), one))?;
            PyObject_SetAttrString(class.ptr(), (*one).ml_name, method.ptr())
        };
        if done != 0 {
            return Err(Raised);
        }
    }
    Ok(())
}

/// A method with no argument or one.
pub fn method(name: &'static CStr, flags: c_int, function: PyCFunction) -> PyMethodDef {
    PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: PyMethodDefPointer { PyCFunction: function },
        ml_flags: flags,
        ml_doc: null_mut(),
    }
}

/// A member of the struct, at so many bytes of an instance.
pub fn member(name: &'static CStr, kind: c_int, offset: usize) -> PyMemberDef {
    PyMemberDef {
        name: name.as_ptr(),
        type_code: kind,
        offset: offset as Py_ssize_t,
        flags: 0,
        doc: null_mut(),
    }
}

/// A property.
pub fn property(name: &'static CStr, get: getter, set: Option<setter>) -> PyGetSetDef {
    PyGetSetDef { name: name.as_ptr(), get: Some(get), set, doc: null_mut(), closure: null_mut() }
}

/// The arguments of a fast call.
pub struct Args<'a> {
    /// Those by position, then those by name.
    values: &'a [Ref],
    positional: usize,
    names: Option<&'a Ref>,
}

impl<'a> Args<'a> {
    /// What a fast method was given.
    ///
    /// # Safety
    /// The three are as METH_FASTCALL | METH_KEYWORDS gives them; `names` outlives the call.
    #[inline]
    pub unsafe fn new(values: *const Obj, count: Py_ssize_t, names: &'a Obj) -> Args<'a> {
        let positional = count as usize;
        let (names, named) = if names.is_null() {
            (None, 0)
        } else {
            // SAFETY: a tuple.
            unsafe { (Some(Ref::view(names)), PyTuple_Size(*names) as usize) }
        };
        let values = if positional + named == 0 {
            &[]
        } else {
            // SAFETY: that many live objects, none NULL; Ref has the layout of a pointer.
            unsafe { std::slice::from_raw_parts(values.cast::<Ref>(), positional + named) }
        };
        Args { values, positional, names }
    }

    /// Those given by position.
    #[inline]
    pub fn positional(&self) -> &'a [Ref] {
        &self.values[..self.positional]
    }

    /// Fill `named` with those given by one of `allowed`; another name is a TypeError.
    pub fn by_name(&self, allowed: &[&Ref], found: &mut [Option<&'a Ref>]) -> Py<()> {
        let Some(names) = self.names else { return Ok(()) };
        for (at, value) in self.values[self.positional..].iter().enumerate() {
            // SAFETY: the tuple has a name for each; borrowed from it.
            let name = unsafe { PyTuple_GetItem(names.ptr(), at as Py_ssize_t) };
            let same = allowed.iter().position(|known| {
                // SAFETY: both are str.
                known.ptr() == name || unsafe { PyUnicode_Compare(known.ptr(), name) } == 0
            });
            let Some(place) = same else {
                return Err(type_error(c"got an unexpected keyword argument"));
            };
            if found[place].replace(value).is_some() {
                return Err(type_error(c"got multiple values for an argument"));
            }
        }
        Ok(())
    }

    /// The values of those given by name.
    #[inline]
    pub fn named(&self) -> &'a [Ref] {
        &self.values[self.positional..]
    }

    /// Those given by name, as a dict.
    pub fn dict(&self) -> Py {
        // SAFETY: a new reference.
        let made = unsafe { Ref::new(PyDict_New()) }?;
        let Some(names) = self.names else { return Ok(made) };
        for (at, value) in self.named().iter().enumerate() {
            // SAFETY: the tuple has a name for each; all three are live.
            let done = unsafe {
                let name = PyTuple_GetItem(names.ptr(), at as Py_ssize_t);
                PyDict_SetItem(made.ptr(), name, value.ptr())
            };
            if done != 0 {
                return Err(Raised);
            }
        }
        Ok(made)
    }

    /// The tuple of the names.
    #[inline]
    pub fn names(&self) -> Option<&'a Ref> {
        self.names
    }

    /// Whether anything was given by name.
    #[inline]
    pub fn has_names(&self) -> bool {
        self.names.is_some()
    }
}
