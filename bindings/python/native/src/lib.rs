//! `ringline._native`: the hot path of the event loop, for CPython 3.11 and later.
//!
//! Owns the module. One binary serves every version: only calls of the stable ABI, and four that
//! every CPython exports (`names.rs`). The pure loop has the same semantics and the same tests, and
//! serves wherever this cannot be loaded.

mod abi;
mod awaited;
mod bound;
mod call;
mod clock;
mod core;
mod datagram;
mod direct;
mod dispatch;
mod engine;
mod engine_type;
mod flush;
mod handle;
mod heap;
mod names;
mod parked;
mod properties;
mod py;
mod python;
mod reader;
mod reader_state;
mod run;
mod stream;
mod stream_type;
mod streams;
mod table;
mod times;
mod tls;
mod types;
mod watch;

use crate::py::*;
use crate::python::*;
use std::cell::UnsafeCell;
use std::ffi::{c_int, c_void};
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
    m_size: 0,
    m_methods: null_mut(),
    m_slots: (&raw const SLOTS).cast_mut().cast(),
    m_traverse: None,
    m_clear: None,
    m_free: None,
}));

/// The steps of making the module: one for each interpreter that asks for it.
#[repr(transparent)]
struct Slots([PyModuleDef_Slot; 2]);

// SAFETY: only read.
unsafe impl Sync for Slots {}

static SLOTS: Slots = Slots([
    PyModuleDef_Slot { slot: Py_mod_exec, value: exec as *mut c_void },
    PyModuleDef_Slot { slot: 0, value: null_mut() },
]);

unsafe extern "C" fn exec(module: Obj) -> c_int {
    // SAFETY: the argument is live for the call.
    enter_int(|| load(unsafe { Ref::view(&module) }))
}

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

/// `_tls_types((_TlsProtocol, _SSLProtocolTransport))`: their subclasses with a native hot path.
unsafe extern "C" fn tls_classes(_: Obj, bases: Obj) -> Obj {
    // SAFETY: the argument is live for the call.
    enter(|| tls::make(unsafe { Ref::view(&bases) }))
}

static LOADED: AtomicBool = AtomicBool::new(false);

fn load(module: &Ref) -> Py<()> {
    // SAFETY: the classes live for ever; the lock of this interpreter is held.
    let (error, number) =
        unsafe { (PyExc_ImportError, PyInterpreterState_GetID(PyInterpreterState_Get())) };
    // The types are one process's, and refer to objects of the interpreter that made them: another
    // one, which may end before this, uses the pure layer.
    if number != 0 {
        return Err(raise(error, c"ringline._native is for the main interpreter alone"));
    }
    if LOADED.swap(true, Ordering::Relaxed) {
        return Err(raise(error, c"ringline._native is loaded already"));
    }
    let methods = types::table(vec![
        types::method(c"_stream_type", METH_O, stream_class),
        types::method(c"_datagram_type", METH_O, datagram_class),
        types::method(c"_tls_types", METH_O, tls_classes),
    ]);
    // SAFETY: the list is ended by a zero and lives for ever.
    if unsafe { PyModule_AddFunctions(module.ptr(), methods.cast()) } != 0 {
        return Err(Raised);
    }
    names::load()?;
    clock::load()?;
    reader::load()?;
    streams::load()?;
    handle::make(module)?;
    properties::make()?;
    engine_type::make(module)?;
    core::make(module)
}

/// The door by which Python loads the module.
#[unsafe(no_mangle)]
pub extern "C" fn PyInit__native() -> Obj {
    // SAFETY: the definition is whole and lives for ever.
    unsafe { PyModuleDef_Init(DEFINITION.0.get()) }
}
