//! What this kernel can do.
//!
//! Owns: the table of features (bit, name, since when) and the process-wide answer to which of
//! them the running kernel has. Asks the kernel once; facts about a kernel do not change.

use super::direct::raw_enter;
use super::refused::{Call, Refused};
use super::rings::{Ring, outcome};
use super::uapi::RWF_NOSIGNAL;
use super::{Sqe, register, setup};
use io_uring::opcode::{
    Bind, FixedFdInstall, Listen, MsgRingData, Pipe, RecvMulti, SendZc, Socket,
};
use io_uring::{IoUring, Probe, squeue, types};
use std::io;
use std::sync::OnceLock;

/// A set of features, as in the C API's 64-bit masks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features(pub u64);

/// One feature of the kernel that ringline uses.
pub struct Feature {
    /// Its bit.
    pub bit: Features,
    /// Its name in `ringline_has` and RINGLINE_DISABLE.
    pub name: &'static core::ffi::CStr,
    /// The kernel it came with.
    pub since: &'static str,
}

/// Makes the constants and the table of one list: bit, name, and since when.
macro_rules! features {
    ($($(#[$about:meta])* $bit:ident = $number:literal, $name:literal, $since:literal;)*) => {
        impl Features {
            $($(#[$about])* pub const $bit: Features = Features($number);)*

            /// Every feature of the table.
            pub const fn all() -> Features {
                Features(0 $(| $number)*)
            }
        }

        /// The table.
        pub static FEATURES: &[Feature] = &[
            $(Feature { bit: Features::$bit, name: $name, since: $since },)*
        ];
    };
}

features! {
    /// One thread submits.
    SINGLE_ISSUER = 0x1, c"single_issuer", "6.0";
    /// Completions wait for the owner's enter.
    DEFER_TASKRUN = 0x2, c"defer_taskrun", "6.1";
    /// No inter-processor interrupts.
    COOP_TASKRUN = 0x4, c"coop_taskrun", "5.19";
    /// Deferred work is announced in the queue flags.
    TASKRUN_FLAG = 0x8, c"taskrun_flag", "5.19";
    /// A batch goes on after a bad entry.
    SUBMIT_ALL = 0x10, c"submit_all", "5.18";
    /// No index array.
    NO_SQARRAY = 0x20, c"no_sqarray", "6.6";
    /// Waiting with a timeout in the enter call.
    EXT_ARG = 0x40, c"ext_arg", "5.11";
    /// A second, shorter timeout for a first completion.
    MIN_WAIT = 0x80, c"min_wait", "6.12";
    /// Rings of provided buffers.
    POOL = 0x100, c"pool", "5.19";
    /// Multishot accept.
    ACCEPT_MULTISHOT = 0x200, c"accept_multishot", "5.19";
    /// Multishot receive.
    RECV_MULTISHOT = 0x400, c"recv_multishot", "6.0";
    /// Synchronous cancel.
    CANCEL_SYNC = 0x800, c"cancel_sync", "6.0";
    /// Cancel everything with one request.
    CANCEL_ANY = 0x1000, c"cancel_any", "5.19";
    /// The ring's own descriptor registered.
    REGISTERED_RING = 0x2000, c"registered_ring", "5.18";
    /// Writes that never raise SIGPIPE.
    WRITE_NOSIGNAL = 0x4000, c"write_nosignal", "6.18";
    /// bind and listen on the ring.
    BIND_LISTEN = 0x8000, c"bind_listen", "6.11";
    /// No completion for a success, which QUIET sends stand on.
    CQE_SKIP = 0x10000, c"cqe_skip", "5.17";
    /// Rings of provided buffers that are filled piece by piece.
    POOL_INCREMENTAL = 0x20000, c"pool_incremental", "6.12";
    /// A table of registered buffers that changes.
    FIXED_BUFFERS = 0x40000, c"fixed_buffers", "5.19";
    /// A table of registered files of which the kernel chooses.
    FILE_TABLE = 0x80000, c"file_table", "6.0";
    /// A registered file gets a descriptor.
    FD_INSTALL = 0x100000, c"fd_install", "6.8";
    /// Entries of 128 bytes and completions of 32.
    BIG_RING = 0x200000, c"big_ring", "5.19";
    /// A multishot receive that ends after so many bytes.
    RECV_LIMIT = 0x400000, c"recv_limit", "6.17";
}

impl Features {
    /// Whether all bits of `other` are here.
    #[inline]
    pub const fn has(self, other: Features) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets.
    pub const fn with(self, other: Features) -> Features {
        Features(self.0 | other.0)
    }

    /// This set less the other.
    pub const fn without(self, other: Features) -> Features {
        Features(self.0 & !other.0)
    }
}

/// The answer for one kernel.
pub struct Kernel {
    /// What it has.
    pub features: Features,
    /// One bit per opcode 0..128.
    pub opcodes: u128,
}

static KERNEL: OnceLock<Kernel> = OnceLock::new();

/// What the running kernel has, or why it refuses rings.
///
/// A refusal is not remembered: ENOMEM and EMFILE pass.
pub fn kernel() -> Result<&'static Kernel, Refused> {
    if let Some(known) = KERNEL.get() {
        return Ok(known);
    }
    let (ring, flags) = setup::smallest()?;
    known_by(&ring, flags)
}

/// As [`kernel`], asked by a ring of the caller's, which was made with these setup flags and not
/// enabled yet.
pub(super) fn known_by(ring: &Ring, flags: u32) -> Result<&'static Kernel, Refused> {
    if let Some(known) = KERNEL.get() {
        return Ok(known);
    }
    // Not with a lock: a child that is forked meanwhile would wait for it for ever.
    let fresh = ask(ring, flags)?;
    let _ = KERNEL.set(fresh);
    KERNEL.get().ok_or(Refused { call: Call::Setup, errno: libc::EAGAIN })
}

/// Whether the running kernel serves `opcode`.
pub fn supports(kernel: &Kernel, opcode: u8) -> bool {
    opcode < 128 && kernel.opcodes >> opcode & 1 == 1
}

fn ask(ring: &Ring, flags: u32) -> Result<Kernel, Refused> {
    let opcodes = served(ring)?;
    enters(ring)?;
    let mut features = Features::default();
    let mut add = |yes: bool, feature: Features| {
        if yes {
            features = features.with(feature);
        }
    };
    let parameters = ring.parameters();
    add(parameters.is_feature_ext_arg(), Features::EXT_ARG);
    add(parameters.is_feature_min_timeout(), Features::MIN_WAIT);
    add(parameters.is_feature_skip_cqe_on_success(), Features::CQE_SKIP);
    // Opcodes date a kernel: SEND_ZC came with 6.0, SOCKET with 5.19, MSG_RING with 5.18.
    let has = |opcode: u8| opcodes >> opcode & 1 == 1;
    add(has(SendZc::CODE), Features::RECV_MULTISHOT.with(Features::CANCEL_SYNC));
    add(
        has(Socket::CODE),
        Features::ACCEPT_MULTISHOT.with(Features::POOL).with(Features::CANCEL_ANY),
    );
    add(has(MsgRingData::CODE), Features::REGISTERED_RING);
    add(has(Bind::CODE) && has(Listen::CODE), Features::BIND_LISTEN);
    add(has(Socket::CODE), Features::FIXED_BUFFERS.with(Features::BIG_RING));
    add(has(SendZc::CODE), Features::FILE_TABLE);
    add(has(FixedFdInstall::CODE), Features::FD_INSTALL);
    add(incremental(ring), Features::POOL_INCREMENTAL);
    let no_signal = write_nosignal();
    add(no_signal, Features::WRITE_NOSIGNAL);
    // PIPE came with 6.16: only this version and the next have to be tried.
    add(has(Pipe::CODE) && (no_signal || recv_limit()), Features::RECV_LIMIT);
    for (flag, feature) in setup::FLAG_FEATURES {
        add(setup::is_known(flag, flags), feature);
    }
    Ok(Kernel { features, opcodes })
}

/// One bit per opcode the kernel serves. Probing came with 5.6; a kernel without it has the
/// operations of 5.5 and is below our floor anyway.
fn served(ring: &Ring) -> Result<u128, Refused> {
    let mut probe = Probe::new();
    Call::Register.forbidden(-outcome(ring.submitter().register_probe(&mut probe)))?;
    let served = (0..128).filter(|opcode| probe.is_supported(*opcode));
    Ok(served.fold(0, |all, opcode| all | 1 << opcode))
}

/// Whether the ring may be entered at all. What is no refusal is an answer: it is not enabled yet.
fn enters(ring: &Ring) -> Result<(), Refused> {
    // SAFETY: nothing is submitted, nothing waited for, no argument.
    Call::Enter.forbidden(unsafe { raw_enter(ring.fd(), 0, 0, 0, core::ptr::null(), 0) })
}

/// Pools that are filled piece by piece: the smallest one, tried.
fn incremental(ring: &Ring) -> bool {
    let Ok(memory) = super::Map::new(16) else { return false };
    // SAFETY: page-aligned, room for one entry, and taken out again.
    let done = unsafe { register::pool(ring, 0, memory.as_ptr(), 1, true) } == 0;
    done && ring.submitter().unregister_buf_ring(0).is_ok()
}

/// A multishot receive with a limit, tried on no descriptor: a kernel that knows the limit gets as
/// far as to miss it.
fn recv_limit() -> bool {
    limited_receive().is_ok_and(|result| result == -libc::EBADF)
}

/// The answer to such a receive.
fn limited_receive() -> io::Result<i32> {
    let mut ring = IoUring::<squeue::Entry>::builder().dontfork().build(2)?;
    let entry = RecvMulti::new(types::Fd(-1), 0).build();
    // SAFETY: both are the 64 bytes of struct io_uring_sqe.
    let mut words: Sqe = unsafe { core::mem::transmute(entry) };
    // The limit, beside the number of the pool.
    words.0[5] |= 1 << 32;
    // SAFETY: both are the 64 bytes of struct io_uring_sqe.
    let entry = unsafe { core::mem::transmute::<Sqe, squeue::Entry>(words) };
    // SAFETY: the entry names no memory.
    unsafe { ring.submission().push(&entry) }.map_err(io::Error::other)?;
    ring.submit_and_wait(1)?;
    Ok(ring.completion().next().map_or(0, |done| done.result()))
}

/// RWF_NOSIGNAL, tried where a write has no effect.
fn write_nosignal() -> bool {
    // SAFETY: a path literal; the descriptor is closed below.
    let fd = unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC) };
    if fd < 0 {
        return false;
    }
    let byte = [0u8; 1];
    let vector = libc::iovec { iov_base: byte.as_ptr() as *mut _, iov_len: 1 };
    // SAFETY: one vector over one byte that is only read.
    let written = unsafe { libc::pwritev2(fd, &vector, 1, -1, RWF_NOSIGNAL as i32) };
    // SAFETY: closes the descriptor opened above.
    unsafe { libc::close(fd) };
    written == 1
}

/// The features named in RINGLINE_DISABLE (comma-separated); unknown names are ignored here and
/// reported by the doctor.
pub fn disabled_by_environment() -> Features {
    let Ok(names) = std::env::var("RINGLINE_DISABLE") else {
        return Features::default();
    };
    names_of(&names).filter_map(named).fold(Features::default(), Features::with)
}

/// The names in the value of RINGLINE_DISABLE that no feature has.
pub(super) fn unknown_names(value: &str) -> Vec<&str> {
    names_of(value).filter(|name| named(name).is_none()).collect()
}

fn names_of(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|name| !name.is_empty())
}

fn named(name: &str) -> Option<Features> {
    let is_it = |feature: &&Feature| feature.name.to_bytes().eq_ignore_ascii_case(name.as_bytes());
    FEATURES.iter().find(is_it).map(|feature| feature.bit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_bit_once() {
        let all = FEATURES.iter().fold(Features::default(), |all, row| {
            assert!(!all.has(row.bit), "{:?} stands twice", row.name);
            all.with(row.bit)
        });
        assert_eq!(all, Features::all());
    }

    #[test]
    fn names_are_read_with_blanks_and_capitals() {
        assert_eq!(named("MIN_wait"), Some(Features::MIN_WAIT));
        assert_eq!(unknown_names(" pool, ,nonsense ,EXT_ARG,x"), ["nonsense", "x"]);
    }
}
