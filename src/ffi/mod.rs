//! The C ABI: one file per noun, each function checks, calls one core function, translates.
//!
//! Owns: handles, the shared block, records of the ABI and the boundary. The doc comments here are
//! the documentation of include/ringline.h.

#![allow(non_camel_case_types, clippy::not_unsafe_ptr_arg_deref)]

mod address;
mod boundary;
mod cancel;
mod config;
mod constants;
mod dump;
mod error;
mod fast;
mod files;
mod foreign;
mod given;
mod layout;
mod log;
mod mailbox;
mod pool;
mod prep;
mod prep_command;
mod prep_file;
mod prep_message;
mod prep_net;
mod prep_rw;
mod prep_wait;
mod prep_xattr;
mod prometheus;
mod recvmsg;
mod region;
mod ring;
mod run;
mod runtime;
mod runtime_adopt;
mod runtime_config;
mod runtime_conn;
mod runtime_datagram;
mod runtime_door;
mod runtime_events;
mod runtime_here;
mod runtime_lend;
mod runtime_listen;
mod runtime_post;
mod runtime_process;
mod runtime_ring;
mod runtime_stats;
mod runtime_timer;
mod runtime_tls;
mod runtime_work;
mod shared;
mod state;
mod stats;
mod submit;
mod table;
mod tls;
mod tuning;
mod version;

pub use constants::*;
// For the project's own tests in Rust.
pub use {prep::*, ring::*, run::*, submit::*};

/// A ring. Opaque: its bits are a table index with a generation and are never dereferenced, so a
/// stale, garbage, NULL or double-freed handle is an error code, not a crash.
#[repr(C)]
pub struct ringline_ring {
    _private: [u8; 0],
}

/// What other threads hold of a ring. Opaque, as a ring.
#[repr(C)]
pub struct ringline_mailbox {
    _private: [u8; 0],
}

/// A server runtime. Opaque, as a ring.
#[repr(C)]
pub struct ringline_runtime {
    _private: [u8; 0],
}

/// A TLS config. Opaque, as a ring.
#[repr(C)]
pub struct ringline_tls_config {
    _private: [u8; 0],
}

/// A completion callback: runs on the owner thread, inside turn, run, run_once, close or free,
/// never inside submit and never inside another callback. `completion` is valid during the call.
/// Every function is legal in it, ringline_free of the same ring included (it is deferred); turn,
/// run, run_once, close with a timeout and cancel_sync answer RINGLINE_EREENTRANT. The callbacks of
/// a turn run before its records are shown: that of a close may come before the FINAL record of an
/// op it waited for. A C++ exception that leaves it ends the program.
pub type ringline_callback = Option<
    unsafe extern "C-unwind" fn(
        ctx: *mut core::ffi::c_void,
        ring: *mut ringline_ring,
        completion: *const crate::driver::Completion,
    ),
>;
