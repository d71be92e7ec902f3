//! The handle table: a handle's bits are {kind, generation, index}, looked up here and never
//! dereferenced.
//!
//! Owns: never-freed entries of 64 bytes. Invariant: a key is given out once; freeing an entry
//! makes the next key, so an old handle can only miss.

use super::runtime::Runtime;
use super::state::RingState;
use crate::driver::{Mailbox, Stats, Wake};
use crate::fault::{EFORKED, ESTALE, Fault};
use crate::runtime::TlsConfig;
use crate::sys::{NOBODY, fork_epoch, renew_fork_epoch};
use core::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::Arc;

/// Handles of a process at a time.
pub(super) const MAX_HANDLES: usize = 16384;

const GENERATION_SHIFT: u32 = 16;
const KIND_SHIFT: u32 = 56;
// What a handle names.
const KIND_RING: u64 = 1;
const KIND_MAILBOX: u64 = 2;
const KIND_RUNTIME: u64 = 3;
const KIND_TLS: u64 = 4;
const INDEX_MASK: u64 = MAX_HANDLES as u64 - 1;

/// What an entry is in.
pub(super) mod phase {
    pub const FREE: u32 = 0;
    /// No owner thread, nobody inside.
    pub const IDLE: u32 = 1;
    /// No owner thread that lives, and one thread inside.
    pub const BUSY: u32 = 2;
    /// Bound to its owner thread.
    pub const OWNED: u32 = 3;
    /// A panic was caught: only free works.
    pub const POISONED: u32 = 4;
}

/// What other threads may touch: atomics only.
pub(super) struct Remote {
    pub wake: Arc<Wake>,
    pub stats: Arc<Stats>,
    /// Of a handle to a mailbox.
    pub mail: Option<Arc<Mailbox>>,
}

/// What a handle is to, as other threads may see it.
pub(super) enum Object {
    /// A ring or a mailbox.
    Remote(Remote),
    Runtime(Arc<Runtime>),
    Tls(Arc<TlsConfig>),
}

impl Object {
    fn kind(&self) -> u64 {
        match self {
            Object::Remote(remote) if remote.mail.is_some() => KIND_MAILBOX,
            Object::Remote(_) => KIND_RING,
            Object::Runtime(_) => KIND_RUNTIME,
            Object::Tls(_) => KIND_TLS,
        }
    }
}

/// One handle.
#[repr(C, align(64))]
pub(super) struct Entry {
    /// The handle that is valid here; 0 before first use.
    key: AtomicU64,
    /// Thread that may enter without asking further, or NOBODY.
    pub owner: AtomicU64,
    /// Fork epoch the handle was made in.
    pub epoch: AtomicU64,
    pub ring: AtomicPtr<RingState>,
    object: AtomicPtr<Object>,
    /// The caller's, readable from any thread.
    pub user: AtomicU64,
    pub phase: AtomicU32,
    /// Threads that look at `object` right now.
    pins: AtomicU32,
    /// Kernel thread id of the owner.
    pub tid: AtomicI32,
}

const _: () = assert!(size_of::<Entry>() == 64);

static ENTRIES: [Entry; MAX_HANDLES] = [const {
    Entry {
        key: AtomicU64::new(0),
        owner: AtomicU64::new(0),
        epoch: AtomicU64::new(0),
        ring: AtomicPtr::new(core::ptr::null_mut()),
        object: AtomicPtr::new(core::ptr::null_mut()),
        user: AtomicU64::new(0),
        phase: AtomicU32::new(phase::FREE),
        pins: AtomicU32::new(0),
        tid: AtomicI32::new(0),
    }
}; MAX_HANDLES];

/// No entry from here on was ever taken: a look at all that are need not touch a MiB.
static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// The entry of a handle, if the handle is valid now.
#[inline]
pub(super) fn find(handle: u64) -> Option<&'static Entry> {
    let entry = &ENTRIES[(handle & INDEX_MASK) as usize];
    (entry.key.load(Ordering::Acquire) == handle && handle != 0).then_some(entry)
}

/// Take an entry for a ring, a mailbox, a runtime or a TLS config; its handle.
pub(super) fn insert(ring: *mut RingState, object: Object) -> Result<u64, Fault> {
    let epoch = renew_fork_epoch().map_err(|errno| Fault::errno(errno, "no page for fork"))?;
    let kind = object.kind();
    for (index, entry) in ENTRIES.iter().enumerate() {
        let taken = entry.phase.compare_exchange(
            phase::FREE,
            phase::BUSY,
            Ordering::AcqRel,
            Ordering::Relaxed,
        );
        if taken.is_err() {
            continue;
        }
        TAKEN.fetch_max(index + 1, Ordering::AcqRel);
        let generation = (entry.key.load(Ordering::Relaxed) >> GENERATION_SHIFT) & 0xff_ffff_ffff;
        let key = kind << KIND_SHIFT
            | (generation.wrapping_add(1) & 0xff_ffff_ffff) << GENERATION_SHIFT
            | index as u64;
        entry.owner.store(NOBODY, Ordering::Relaxed);
        entry.epoch.store(epoch, Ordering::Relaxed);
        entry.user.store(0, Ordering::Relaxed);
        entry.ring.store(ring, Ordering::Relaxed);
        entry.object.store(Box::into_raw(Box::new(object)), Ordering::SeqCst);
        entry.key.store(key, Ordering::SeqCst);
        entry.phase.store(phase::IDLE, Ordering::Release);
        return Ok(key);
    }
    let full = "16384 rings, mailboxes, runtimes and TLS configs exist in this process";
    Err(Fault::errno(libc::ENFILE, full))
}

/// Make the handle invalid and the entry free. The caller is alone inside.
pub(super) fn remove(entry: &'static Entry) {
    let key = entry.key.load(Ordering::Relaxed);
    // The generation stays, so that the next handle here is another one.
    entry.key.store(key & !(0xff << KIND_SHIFT), Ordering::SeqCst);
    entry.owner.store(NOBODY, Ordering::Relaxed);
    entry.ring.store(core::ptr::null_mut(), Ordering::Relaxed);
    let object = entry.object.swap(core::ptr::null_mut(), Ordering::SeqCst);
    while entry.pins.load(Ordering::SeqCst) != 0 {
        std::thread::yield_now();
    }
    if !object.is_null() {
        // SAFETY: made by Box::into_raw in `insert`; swapped out, and nobody has it pinned.
        drop(unsafe { Box::from_raw(object) });
    }
    entry.phase.store(phase::FREE, Ordering::Release);
}

/// Look at what other threads may touch of a ring. Async-signal-safe; a fault when the handle is
/// stale or from before a fork (the eventfd is the parent's).
pub(super) fn with_remote<R>(handle: u64, look: impl FnOnce(&Remote) -> R) -> Result<R, Fault> {
    with_kind(KIND_RING, handle, |object| match object {
        Object::Remote(remote) => Some(look(remote)),
        _ => None,
    })
}

/// As [`with_remote`], for a mailbox.
pub(super) fn with_mailbox<R>(handle: u64, look: impl FnOnce(&Mailbox) -> R) -> Result<R, Fault> {
    with_kind(KIND_MAILBOX, handle, |object| match object {
        Object::Remote(remote) => remote.mail.as_deref().map(look),
        _ => None,
    })
}

/// As [`with_remote`], for a runtime.
pub(super) fn with_runtime<R>(
    handle: u64,
    look: impl FnOnce(&Arc<Runtime>) -> R,
) -> Result<R, Fault> {
    with_kind(KIND_RUNTIME, handle, |object| match object {
        Object::Runtime(runtime) => Some(look(runtime)),
        _ => None,
    })
}

/// As [`with_remote`], for a TLS config.
pub(super) fn with_tls<R>(
    handle: u64,
    look: impl FnOnce(&Arc<TlsConfig>) -> R,
) -> Result<R, Fault> {
    with_kind(KIND_TLS, handle, |object| match object {
        Object::Tls(tls) => Some(look(tls)),
        _ => None,
    })
}

/// Whether a handle of a runtime is valid now, asked where one is known to run.
#[inline]
pub(super) fn is_valid(handle: u64) -> bool {
    find(handle).is_some_and(|entry| entry.epoch.load(Ordering::Relaxed) == fork_epoch())
}

/// Take the right to end a runtime or a TLS config, which the first who asks has. To be followed
/// by [`remove`].
pub(super) fn begin_end(handle: u64) -> Result<&'static Entry, Fault> {
    let refused = || refusal(handle >> KIND_SHIFT, ESTALE);
    let entry = find(handle).ok_or_else(refused)?;
    let moves = |from, to| {
        entry.phase.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    };
    if !moves(phase::IDLE, phase::BUSY) {
        return Err(refused());
    }
    // Whoever ended it before us made room for another one meanwhile.
    if entry.key.load(Ordering::SeqCst) != handle {
        moves(phase::BUSY, phase::IDLE);
        return Err(refused());
    }
    Ok(entry)
}

/// Why a handle of this kind is refused.
#[cold]
fn refusal(kind: u64, code: i32) -> Fault {
    let context = match (kind, code) {
        (KIND_MAILBOX, EFORKED) => "the mailbox was made before fork(2)",
        (KIND_MAILBOX, _) => "the mailbox handle is NULL, released, or never was one",
        (KIND_RUNTIME, EFORKED) => "the runtime was made before fork(2)",
        (KIND_RUNTIME, _) => "the runtime handle is NULL, freed, or never was one",
        (KIND_TLS, EFORKED) => "the TLS config was made before fork(2)",
        (KIND_TLS, _) => "the TLS config is NULL, freed, or never was one",
        _ => "the ring handle is stale or from before a fork",
    };
    Fault::new(code, context)
}

fn with_kind<R>(
    kind: u64,
    handle: u64,
    look: impl FnOnce(&Object) -> Option<R>,
) -> Result<R, Fault> {
    if handle >> KIND_SHIFT != kind {
        return Err(refusal(kind, ESTALE));
    }
    let entry = &ENTRIES[(handle & INDEX_MASK) as usize];
    if handle != 0
        && entry.key.load(Ordering::SeqCst) == handle
        && entry.epoch.load(Ordering::Relaxed) != fork_epoch()
    {
        return Err(refusal(kind, EFORKED));
    }
    entry.pins.fetch_add(1, Ordering::SeqCst);
    let valid = handle != 0 && entry.key.load(Ordering::SeqCst) == handle;
    let object = entry.object.load(Ordering::SeqCst);
    // SAFETY: pinned before it was loaded, so `remove` waits until the pin is gone.
    let answer = if valid { unsafe { object.as_ref() }.and_then(look) } else { None };
    entry.pins.fetch_sub(1, Ordering::SeqCst);
    answer.ok_or_else(|| refusal(kind, ESTALE))
}

/// Every ring's entry that is in use, for the sweep of abandoned rings.
pub(super) fn entries() -> impl Iterator<Item = (u64, &'static Entry)> {
    ENTRIES[..TAKEN.load(Ordering::Acquire)].iter().filter_map(|entry| {
        let key = entry.key.load(Ordering::Acquire);
        let used = entry.phase.load(Ordering::Acquire) != phase::FREE;
        (key >> KIND_SHIFT == KIND_RING && used && find(key).is_some()).then_some((key, entry))
    })
}
