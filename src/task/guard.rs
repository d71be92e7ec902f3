//! Memory that is sent from where it lies: guards keep it alive, regions say where it may be.
//!
//! Owns: a guard from the send until the kernel's notification that it is done with the memory.
//! Invariant: a guard in its box never moves while it is there, so it may point into itself.

use super::error::Error;
use std::fmt;
use std::io;
use std::mem::{MaybeUninit, align_of, size_of};
use std::ptr;
use std::sync::{PoisonError, RwLock};

/// A region of memory in `Config::registered_regions`, by its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RegionId(pub u16);

impl RegionId {
    /// Memory in no region.
    pub const UNREGISTERED: RegionId = RegionId(u16::MAX);
}

/// Memory that guards may point into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryRegion {
    /// Its first byte. It must stay valid until the runtime has ended.
    pub ptr: *mut u8,
    /// Its bytes.
    pub len: usize,
}

// SAFETY: an address and a length; who lists a region vouches that all workers may read it.
unsafe impl Send for MemoryRegion {}
// SAFETY: nothing is changed through it, and who lists a region vouches for reads of all workers.
unsafe impl Sync for MemoryRegion {}

impl MemoryRegion {
    /// Whether `len` bytes at `at` are inside.
    pub(crate) fn holds(&self, at: *const u8, len: usize) -> bool {
        let offset = (at as usize).checked_sub(self.ptr as usize);
        offset.is_some_and(|offset| offset <= self.len && len <= self.len - offset)
    }
}

/// The regions of a runtime, which may change while it runs.
#[derive(Debug)]
pub(super) struct Regions(RwLock<Vec<Option<MemoryRegion>>>);

impl Regions {
    /// Those of a config.
    pub(super) fn new(listed: &[MemoryRegion]) -> Regions {
        Regions(RwLock::new(listed.iter().copied().map(Some).collect()))
    }

    pub(super) fn get(&self, id: RegionId) -> Option<MemoryRegion> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.get(usize::from(id.0)).copied().flatten()
    }

    pub(super) fn add(&self, region: MemoryRegion) -> io::Result<RegionId> {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let free = all.iter().position(Option::is_none).unwrap_or(all.len());
        if free >= usize::from(RegionId::UNREGISTERED.0) {
            let text = "65535 regions are registered: take one back";
            return Err(io::Error::new(io::ErrorKind::StorageFull, text));
        }
        if free == all.len() {
            all.push(None);
        }
        all[free] = Some(region);
        Ok(RegionId(free as u16))
    }

    pub(super) fn remove(&self, id: RegionId) -> io::Result<()> {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let region = all.get_mut(usize::from(id.0)).and_then(Option::take);
        region.map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// What keeps memory alive while the kernel sends it.
///
/// `as_ptr_len` must name the same, readable bytes from the send to the drop, also after the guard
/// itself was moved: memory on the heap, in a region, or static.
pub trait SendGuard: Send + 'static {
    /// The bytes to send.
    fn as_ptr_len(&self) -> (*const u8, u32);
    /// The region that they lie in, or [`RegionId::UNREGISTERED`].
    fn region(&self) -> RegionId;
}

/// Bytes of a guard that are kept without an allocation.
const INLINE: usize = 64;

#[repr(C, align(16))]
struct Room(MaybeUninit<[u8; INLINE]>);

/// What a box can do with the guard that it holds.
struct Methods {
    view: unsafe fn(*const u8) -> (*const u8, u32),
    region: unsafe fn(*const u8) -> RegionId,
    drop: unsafe fn(*mut u8),
}

/// A [`SendGuard`] of any kind: up to 64 bytes lie in the box itself, a larger one on the heap.
pub struct GuardBox {
    room: Room,
    methods: &'static Methods,
}

// SAFETY: only made of a `SendGuard`, which is Send.
unsafe impl Send for GuardBox {}

/// The functions for guards of one type.
struct Of<G>(std::marker::PhantomData<G>);

impl<G: SendGuard> Of<G> {
    const METHODS: Methods = Methods {
        // SAFETY: the caller's: `room` holds a G.
        view: |room| unsafe { (*room.cast::<G>()).as_ptr_len() },
        // SAFETY: the caller's: `room` holds a G.
        region: |room| unsafe { (*room.cast::<G>()).region() },
        // SAFETY: the caller's: `room` holds a G, which nobody uses after this.
        drop: |room| unsafe { ptr::drop_in_place(room.cast::<G>()) },
    };
}

const fn fits<G>() -> bool {
    size_of::<G>() <= INLINE && align_of::<G>() <= align_of::<Room>()
}

impl<G: SendGuard> SendGuard for Box<G> {
    fn as_ptr_len(&self) -> (*const u8, u32) {
        (**self).as_ptr_len()
    }

    fn region(&self) -> RegionId {
        (**self).region()
    }
}

impl GuardBox {
    /// Put a guard into a box.
    pub fn new<G: SendGuard>(guard: G) -> GuardBox {
        if fits::<G>() { GuardBox::inline(guard) } else { GuardBox::inline(Box::new(guard)) }
    }

    fn inline<G: SendGuard>(guard: G) -> GuardBox {
        assert!(fits::<G>());
        let mut room = Room(MaybeUninit::uninit());
        // SAFETY: the room is large and aligned enough (asserted), and this box's own.
        unsafe { room.0.as_mut_ptr().cast::<G>().write(guard) };
        GuardBox { room, methods: &Of::<G>::METHODS }
    }

    /// The bytes to send.
    pub fn as_ptr_len(&self) -> (*const u8, u32) {
        // SAFETY: the room holds a guard of the type that the methods are for.
        unsafe { (self.methods.view)(self.room.0.as_ptr().cast()) }
    }

    /// The region that they lie in.
    pub fn region(&self) -> RegionId {
        // SAFETY: the room holds a guard of the type that the methods are for.
        unsafe { (self.methods.region)(self.room.0.as_ptr().cast()) }
    }

    /// The bytes, if they lie where the guard says that they do.
    pub(super) fn checked(&self, regions: &Regions) -> Result<(*const u8, u32), Error> {
        let (at, len) = self.as_ptr_len();
        let region = self.region();
        if region == RegionId::UNREGISTERED {
            return Ok((at, len));
        }
        let region = regions.get(region).ok_or(Error::InvalidRegion)?;
        if region.holds(at, len as usize) { Ok((at, len)) } else { Err(Error::PointerOutOfRegion) }
    }
}

impl Drop for GuardBox {
    fn drop(&mut self) {
        // SAFETY: the room holds a guard of that type, and the box is gone after this.
        unsafe { (self.methods.drop)(self.room.0.as_mut_ptr().cast()) }
    }
}

impl fmt::Debug for GuardBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, len) = self.as_ptr_len();
        f.debug_struct("GuardBox").field("at", &at).field("len", &len).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    struct Kept<const N: usize>(Arc<Vec<u8>>, [u8; N]);

    impl<const N: usize> SendGuard for Kept<N> {
        fn as_ptr_len(&self) -> (*const u8, u32) {
            (self.0.as_ptr(), self.0.len() as u32)
        }

        fn region(&self) -> RegionId {
            RegionId(0)
        }
    }

    fn check<const N: usize>() {
        let bytes = Arc::new(vec![7; 100]);
        let guard = GuardBox::new(Kept(bytes.clone(), [0; N]));
        let moved = Box::new(guard);
        assert_eq!(moved.as_ptr_len(), (bytes.as_ptr(), 100));
        assert_eq!(Arc::strong_count(&bytes), 2);
        let whole = MemoryRegion { ptr: bytes.as_ptr().cast_mut(), len: 100 };
        assert!(moved.checked(&Regions::new(&[whole])).is_ok());
        let short = MemoryRegion { len: 99, ..whole };
        assert!(matches!(moved.checked(&Regions::new(&[short])), Err(Error::PointerOutOfRegion)));
        assert!(matches!(moved.checked(&Regions::new(&[])), Err(Error::InvalidRegion)));
        drop(moved);
        assert_eq!(Arc::strong_count(&bytes), 1);
    }

    #[test]
    fn a_guard_lies_in_its_box_or_on_the_heap_and_is_dropped_once() {
        check::<0>();
        check::<56>();
        check::<57>();
        check::<4096>();
    }
}
