//! One inner fault for every floor, and the table of codes it is translated into.
//!
//! Owns: the numeric codes of the C ABI, their names and what to do about them. Never allocates:
//! a fault is a code, the kernel's errno where there is one, and a sentence known at build time.

/// A panic inside the library was caught at the boundary; the handle is poisoned.
pub const EPANIC: i32 = -4096;
/// The handle was poisoned by an earlier panic: only free works.
pub const EPOISONED: i32 = -4097;
/// The call came from a thread that does not own the handle.
pub const EWRONGTHREAD: i32 = -4098;
/// The handle was made before fork(2); the child has to make its own.
pub const EFORKED: i32 = -4099;
/// The program was compiled against a header this library does not serve.
pub const EABI: i32 = -4100;
/// The handle, token or lease is stale, was never valid, or is of another kind.
pub const ESTALE: i32 = -4101;
/// A pointer that must not be NULL is NULL.
pub const ENULL: i32 = -4102;
/// The ring is closing or closed and accepts no new operation.
pub const ECLOSED: i32 = -4103;
/// All `max_inflight` slots are in use.
pub const ENOSLOT: i32 = -4104;
/// The loop may not be run inside a callback of the same ring.
pub const EREENTRANT: i32 = -4105;
/// The running kernel lacks the feature; `ringline_error_detail` names it.
pub const ENOTSUP_KERNEL: i32 = -4106;
/// TLS could not go on: the handshake failed, or a record was wrong; the detail says why.
pub const ETLS: i32 = -4107;
/// The other end of a TLS connection closed without saying so: what came may be cut short.
pub const ETRUNCATED: i32 = -4108;

/// What went wrong: a code of the C ABI and a sentence that says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// A library code, or -errno.
    pub code: i32,
    /// The cause and the remedy, one sentence.
    pub context: &'static str,
}

impl Fault {
    /// A fault with a library code or a negative errno.
    #[cold]
    #[inline(never)]
    pub fn new(code: i32, context: &'static str) -> Fault {
        Fault { code, context }
    }

    /// A fault from a positive kernel errno.
    #[cold]
    pub fn errno(errno: i32, context: &'static str) -> Fault {
        Fault { code: -errno, context }
    }
}

/// One row of the table: code, name, cause and remedy.
pub struct CodeText {
    /// The number.
    pub code: i32,
    /// The constant's name as a C string.
    pub name: &'static core::ffi::CStr,
    /// Cause and remedy as a C string.
    pub text: &'static core::ffi::CStr,
}

/// Every library code with its name and text.
pub const CODES: [CodeText; 13] = [
    CodeText {
        code: EPANIC,
        name: c"RINGLINE_EPANIC",
        text: c"internal error: a panic was caught and the handle is poisoned; free it and report",
    },
    CodeText {
        code: EPOISONED,
        name: c"RINGLINE_EPOISONED",
        text: c"the handle is poisoned by an earlier internal error; only ringline_free works",
    },
    CodeText {
        code: EWRONGTHREAD,
        name: c"RINGLINE_EWRONGTHREAD",
        text: c"another thread owns this ring; call from the thread that attached it",
    },
    CodeText {
        code: EFORKED,
        name: c"RINGLINE_EFORKED",
        text: c"the handle was made before fork(2); create a new ring in the child",
    },
    CodeText {
        code: EABI,
        name: c"RINGLINE_EABI",
        text: c"the header this program was compiled with does not match the library; recompile",
    },
    CodeText {
        code: ESTALE,
        name: c"RINGLINE_ESTALE",
        text: c"the handle, token or lease is not valid any more (or never was)",
    },
    CodeText {
        code: ENULL,
        name: c"RINGLINE_ENULL",
        text: c"a pointer argument that must not be NULL is NULL",
    },
    CodeText {
        code: ECLOSED,
        name: c"RINGLINE_ECLOSED",
        text: c"the ring is closing or closed; it accepts no new operation",
    },
    CodeText {
        code: ENOSLOT,
        name: c"RINGLINE_ENOSLOT",
        text: c"max_inflight operations are in flight; reap some or raise config.max_inflight",
    },
    CodeText {
        code: EREENTRANT,
        name: c"RINGLINE_EREENTRANT",
        text: c"the loop cannot be run inside a callback of the same ring; return first",
    },
    CodeText {
        code: ENOTSUP_KERNEL,
        name: c"RINGLINE_ENOTSUP_KERNEL",
        text: c"this kernel lacks the feature; ringline_error_detail() names it",
    },
    CodeText {
        code: ETLS,
        name: c"RINGLINE_ETLS",
        text: c"TLS could not go on; ringline_error_detail() in the close callback says why",
    },
    CodeText {
        code: ETRUNCATED,
        name: c"RINGLINE_ETRUNCATED",
        text: c"the other end closed without ending its TLS first; what came may be cut short",
    },
];

/// The row of a library code, if it is one.
pub fn code_text(code: i32) -> Option<&'static CodeText> {
    CODES.iter().find(|row| row.code == code)
}

/// The nearest errno of any code: kernel codes unchanged, library codes by meaning, 0 for success.
pub fn to_errno(code: i32) -> i32 {
    match code {
        0.. => 0,
        -4095..=-1 => -code,
        EPANIC | EPOISONED => libc::ENOTRECOVERABLE,
        EWRONGTHREAD => libc::EPERM,
        EFORKED => libc::ECHILD,
        EABI => libc::ENOEXEC,
        ESTALE => libc::EBADF,
        ENULL => libc::EFAULT,
        ECLOSED => libc::ESHUTDOWN,
        ENOSLOT => libc::EAGAIN,
        EREENTRANT => libc::EDEADLK,
        ENOTSUP_KERNEL => libc::EOPNOTSUPP,
        ETLS => libc::EPROTO,
        ETRUNCATED => libc::ECONNRESET,
        _ => libc::EINVAL,
    }
}
