//! Why there is no ring: which of the three calls was refused, and how.
//!
//! Owns: the texts that say so. A filter (seccomp) may forbid each of the calls alone.

use crate::fault::Fault;

/// One of the calls of io_uring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// io_uring_setup(2).
    Setup,
    /// io_uring_enter(2).
    Enter,
    /// io_uring_register(2).
    Register,
}

/// A call that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which.
    pub call: Call,
    /// With which errno.
    pub errno: i32,
}

/// Whether this is the errno of who may not call at all.
pub fn is_forbidden(errno: i32) -> bool {
    matches!(errno, libc::EPERM | libc::EACCES | libc::ENOSYS)
}

impl Call {
    /// Its name in the manual.
    pub fn name(self) -> &'static str {
        match self {
            Call::Setup => "io_uring_setup(2)",
            Call::Enter => "io_uring_enter(2)",
            Call::Register => "io_uring_register(2)",
        }
    }

    /// What `done`, an answer of this call, says of whether it may be made at all: who may not is
    /// told EPERM, EACCES or ENOSYS, whatever was asked.
    pub fn forbidden(self, done: i32) -> Result<(), Refused> {
        let errno = done.checked_neg().unwrap_or(0);
        if is_forbidden(errno) { Err(Refused { call: self, errno }) } else { Ok(()) }
    }

    /// The text where only this call is forbidden.
    pub fn forbidden_text(self) -> &'static str {
        match self {
            Call::Setup => {
                "io_uring_setup(2) is forbidden here (sysctl kernel.io_uring_disabled or a \
                 seccomp filter); run `ringline doctor` for the cause and the remedy"
            }
            Call::Enter => {
                "io_uring_enter(2) is forbidden here, most likely by a seccomp filter: allow \
                 io_uring_setup, io_uring_enter and io_uring_register in its profile"
            }
            Call::Register => {
                "io_uring_register(2) is forbidden here, most likely by a seccomp filter: allow \
                 io_uring_setup, io_uring_enter and io_uring_register in its profile"
            }
        }
    }
}

impl Refused {
    /// The cause and the remedy.
    pub fn text(self) -> &'static str {
        match (self.call, self.errno) {
            (Call::Setup, errno) => refusal_text(errno),
            (call, _) => call.forbidden_text(),
        }
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Fault {
        Fault::errno(refused.errno, refused.text())
    }
}

/// Text for error_detail when a ring cannot be made.
pub fn refusal_text(errno: i32) -> &'static str {
    match errno {
        libc::EPERM | libc::EACCES => Call::Setup.forbidden_text(),
        libc::ENOSYS => "this kernel has no io_uring, or a seccomp filter hides it",
        libc::ENOMEM => {
            "ring memory counts against RLIMIT_MEMLOCK, which is used up: raise it (ulimit -l) or \
             use fewer, smaller rings"
        }
        libc::EMFILE | libc::ENFILE => "no file descriptor left: raise ulimit -n or close files",
        libc::EINVAL => "the kernel refuses these ring sizes or flags",
        _ => "io_uring_setup failed",
    }
}
