//! `ringline._native`: the hot path of the event loop, for CPython 3.11 and later.
//!
//! Owns the module. One binary serves every version: only calls of the stable ABI, and four that
//! every CPython exports (`names.rs`). The pure loop has the same semantics and the same tests, and
//! serves wherever this cannot be loaded.

mod abi;
mod bound;
mod call;
mod core;
mod datagram;
mod dispatch;
mod engine;
mod engine_type;
mod handle;
mod heap;
mod names;
mod properties;
mod py;
mod reader;
mod run;
mod stream;
mod stream_type;
mod table;
mod types;

use py::*;
use pyo3_ffi::*;
use std::cell::UnsafeCell;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};

/// What Python keeps of the module.
struct Definition(UnsafeCell<PyModuleDef>);

// SAFETY: touched by the interpreter, with its lock held.
unsafe impl Sync for Definition {}

static DEFINITION: Definition = Definition(UnsafeCell::new(PyModuleDef {
    m_base: PyModuleDef_HEAD_INIT,
    m_name: c"_native".as_ptr(),
    m_doc: c"The hot path of the event loop.".as_ptr(),
    m_size: -1,
    m_methods: null_mut(),
    m_slots: null_mut(),
    m_traverse: None,
    m_clear: None,
    m_free: None,
}));

/// `_stream_type(SocketTransport)`: its subclass with a native hot path.
unsafe extern "C" fn stream_class(_: Obj, base: Obj) -> Obj {
    // SAFETY: the argument is live for the call.
    enter(|| stream_type::make(unsafe { Ref::view(&base) }))
}

/// `_datagram_type(DatagramTransport)`: its subclass with a native hot path.
unsafe extern "C" fn datagram_class(_: Obj, base: Obj) -> Obj {
    // SAFETY: the argument is live for the call.
    enter(|| datagram::make(unsafe { Ref::view(&base) }))
}

static LOADED: AtomicBool = AtomicBool::new(false);

fn load() -> Py {
    if LOADED.swap(true, Ordering::Relaxed) {
        // The types are one process's: a second interpreter uses the pure layer.
        // SAFETY: the class lives for ever.
        return Err(raise(unsafe { PyExc_ImportError }, c"ringline._native is loaded already"));
    }
    // SAFETY: the definition is whole and lives for ever; a new reference.
    let module = unsafe { Ref::new(PyModule_Create(DEFINITION.0.get())) }?;
    let methods = types::table(vec![
        types::method(c"_stream_type", METH_O, stream_class),
        types::method(c"_datagram_type", METH_O, datagram_class),
    ]);
    // SAFETY: the list is ended by a zero and lives for ever.
    if unsafe { PyModule_AddFunctions(module.ptr(), methods.cast()) } != 0 {
        return Err(Raised);
    }
    names::load()?;
    reader::load()?;
    handle::make(&module)?;
    properties::make()?;
    engine_type::make(&module)?;
    core::make(&module)?;
    Ok(module)
}

/// The door by which Python loads the module.
#[unsafe(no_mangle)]
pub extern "C" fn PyInit__native() -> Obj {
    enter(load)
}
