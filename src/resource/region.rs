//! Regions: memory registered with the kernel as fixed buffers, and send buffers cut out of it.
//!
//! Owns: the table of regions of one ring and the memory of those it allocated. Invariant: a place
//! of the table is emptied and used again only while no operation in flight names it (`pins`).

use crate::fault::{ENOTSUP_KERNEL, ESTALE, Fault};
use crate::sys::{Backend, Features, Huge, Map};

/// Regions of one ring; as many places has the kernel's table.
pub const MAX_REGIONS: usize = 64;
/// The kernel's limit for one registered buffer.
const LONGEST: u64 = 1 << 30;
/// Id of a send buffer: 0 | region:7 | generation:32 | index:24.
const INDEX_BITS: u32 = 24;
const GENERATION_BITS: u32 = 32;
const NONE: u32 = u32::MAX;

/// Equal buffers cut out of a region.
struct Cut {
    size: u32,
    count: u32,
    free: u32,
    touched: u32,
    taken: u32,
    /// Per buffer: next free one (or OUT), and generation.
    table: Map,
}

/// In the table of a cut: the buffer is taken.
const OUT: u32 = u32::MAX - 1;

#[derive(Clone, Copy)]
struct Place {
    next: u32,
    generation: u32,
}

impl Cut {
    fn place(&mut self, index: u32) -> &mut Place {
        assert!(index < self.count);
        // SAFETY: the map holds `count` places of plain data; the borrow of the cut covers it.
        unsafe { &mut *self.table.as_ptr().cast::<Place>().add(index as usize) }
    }

    fn take(&mut self, generation: u32) -> Option<u32> {
        let index = match self.free {
            NONE if self.touched < self.count => {
                self.touched += 1;
                self.touched - 1
            }
            NONE => return None,
            free => {
                self.free = self.place(free).next;
                free
            }
        };
        *self.place(index) = Place { next: OUT, generation };
        self.taken += 1;
        Some(index)
    }

    fn put(&mut self, index: u32, generation: u32) -> bool {
        if index >= self.touched {
            return false;
        }
        let free = self.free;
        let place = self.place(index);
        if place.next != OUT || place.generation != generation {
            return false;
        }
        place.next = free;
        self.free = index;
        self.taken -= 1;
        true
    }
}

/// One region.
struct Region {
    address: u64,
    len: u64,
    /// The memory, if the library allocated it.
    memory: Option<Map>,
    pages: Huge,
    pins: u32,
    cut: Option<Cut>,
}

/// What a region is like.
#[derive(Clone, Copy, Debug)]
pub struct RegionInfo {
    /// Its first byte.
    pub address: u64,
    /// Bytes.
    pub len: u64,
    /// Operations in flight that use it.
    pub pins: u32,
    /// What became of huge pages.
    pub pages: Huge,
}

/// All regions of a ring.
#[derive(Default)]
pub struct Regions {
    list: Vec<Option<Region>>,
    registered: bool,
    /// Counts the buffers taken, so that an id names one of them for ever.
    generation: u32,
}

#[cold]
fn no_region() -> Fault {
    Fault::new(ESTALE, "this ring has no such region")
}

impl Regions {
    /// Allocate `len` bytes, aligned to pages, and register them; their place.
    pub fn alloc(&mut self, backend: &mut dyn Backend, len: u64, huge: bool) -> Result<u16, Fault> {
        let place = self.free_place(backend, len)?;
        let bytes = len as usize;
        let made = if huge { Map::huge(bytes) } else { Map::new(bytes).map(|map| (map, Huge::No)) };
        let (map, pages) = made.map_err(|errno| Fault::errno(errno, "no memory for the region"))?;
        let address = map.as_ptr() as u64;
        let region = Region { address, len, memory: Some(map), pages, pins: 0, cut: None };
        self.put(backend, place, region)
    }

    /// Register memory of the caller's; its place.
    ///
    /// # Safety
    /// The memory lives until the region is released, or the ring is gone.
    pub unsafe fn register(
        &mut self,
        backend: &mut dyn Backend,
        address: u64,
        len: u64,
    ) -> Result<u16, Fault> {
        let place = self.free_place(backend, len)?;
        let pages = Huge::No;
        self.put(backend, place, Region { address, len, memory: None, pages, pins: 0, cut: None })
    }

    fn free_place(&mut self, backend: &mut dyn Backend, len: u64) -> Result<usize, Fault> {
        if len == 0 || len > LONGEST {
            return Err(Fault::errno(libc::EINVAL, "a region has 1 byte at least, 1 GiB at most"));
        }
        if !backend.info().features.has(Features::FIXED_BUFFERS) {
            return Err(Fault::new(ENOTSUP_KERNEL, "fixed_buffers: regions need Linux 5.19"));
        }
        let free = self.list.iter().position(Option::is_none).unwrap_or(self.list.len());
        if free >= MAX_REGIONS {
            return Err(Fault::errno(libc::ENFILE, "a ring has 64 regions at most"));
        }
        self.register_table(backend)?;
        Ok(free)
    }

    fn register_table(&mut self, backend: &mut dyn Backend) -> Result<(), Fault> {
        if self.registered {
            return Ok(());
        }
        match backend.register_buffers(MAX_REGIONS as u32) {
            0 => self.registered = true,
            errno => return Err(Fault::errno(errno, "the kernel refused the table of buffers")),
        }
        Ok(())
    }

    fn put(
        &mut self,
        backend: &mut dyn Backend,
        place: usize,
        region: Region,
    ) -> Result<u16, Fault> {
        lend(backend, place, &region)?;
        match self.list.get_mut(place) {
            Some(free) => *free = Some(region),
            None => self.list.push(Some(region)),
        }
        Ok(place as u16)
    }

    /// Register everything with a new kernel ring.
    pub fn register_all(&mut self, backend: &mut dyn Backend) -> Result<(), Fault> {
        self.registered = false;
        if self.list.iter().all(Option::is_none) {
            return Ok(());
        }
        self.register_table(backend)?;
        for (place, region) in self.list.iter().enumerate() {
            if let Some(region) = region {
                lend(backend, place, region)?;
            }
        }
        Ok(())
    }

    fn get(&mut self, place: u16) -> Result<&mut Region, Fault> {
        self.list.get_mut(place as usize).and_then(Option::as_mut).ok_or_else(no_region)
    }

    /// Take a region out of the kernel's table; memory the library allocated is freed.
    pub fn release(&mut self, backend: &mut dyn Backend, place: u16) -> Result<(), Fault> {
        let region = self.get(place)?;
        if region.pins > 0 {
            return Err(Fault::errno(
                libc::EBUSY,
                "operations in flight use this region; cancel and reap them first",
            ));
        }
        // SAFETY: an empty place names no memory.
        let errno = unsafe { backend.update_buffer(place.into(), 0, 0) };
        if errno != 0 {
            return Err(Fault::errno(errno, "the kernel did not unregister the region"));
        }
        self.list[place as usize] = None;
        Ok(())
    }

    /// What a region is like.
    pub fn info(&mut self, place: u16) -> Result<RegionInfo, Fault> {
        let region = self.get(place)?;
        let Region { address, len, pins, pages, .. } = *region;
        Ok(RegionInfo { address, len, pins, pages })
    }

    /// Whether an operation may use `len` bytes at `address` of a region.
    pub fn check(&mut self, place: u16, address: u64, len: u32) -> Result<(), Fault> {
        let region = self.get(place)?;
        let inside = address
            .checked_sub(region.address)
            .and_then(|from| from.checked_add(len.into()))
            .is_some_and(|end| end <= region.len);
        if inside { Ok(()) } else { Err(Fault::errno(libc::EFAULT, "not inside the region")) }
    }

    /// An operation that uses the region is in flight.
    pub fn pin(&mut self, place: u16) {
        if let Ok(region) = self.get(place) {
            region.pins += 1;
        }
    }

    /// An operation that used the region ended.
    pub fn unpin(&mut self, place: u16) {
        if let Ok(region) = self.get(place) {
            region.pins -= 1;
        }
    }

    /// Cut a region into buffers of `size` bytes; how many.
    pub fn cut(&mut self, place: u16, size: u32) -> Result<u32, Fault> {
        let region = self.get(place)?;
        if size == 0 || u64::from(size) > region.len {
            return Err(Fault::errno(libc::EINVAL, "the size of the buffers does not fit"));
        }
        if region.cut.as_ref().is_some_and(|cut| cut.taken > 0) {
            return Err(Fault::errno(libc::EBUSY, "buffers of this region are taken"));
        }
        let count = (region.len / u64::from(size)).min((1 << INDEX_BITS) - 1) as u32;
        let table = Map::new(count as usize * size_of::<Place>())
            .map_err(|errno| Fault::errno(errno, "no memory for the table of buffers"))?;
        region.cut = Some(Cut { size, count, free: NONE, touched: 0, taken: 0, table });
        Ok(count)
    }

    /// Take a buffer: its id and its address.
    pub fn take(&mut self, place: u16) -> Result<(u64, u64), Fault> {
        let generation = self.generation.wrapping_add(1);
        let region = self.get(place)?;
        let Some(cut) = region.cut.as_mut() else {
            return Err(Fault::errno(libc::EINVAL, "the region was not cut into buffers"));
        };
        let Some(index) = cut.take(generation) else {
            return Err(Fault::errno(libc::EAGAIN, "all buffers of the region are taken"));
        };
        let id = u64::from(place) << (GENERATION_BITS + INDEX_BITS)
            | u64::from(generation) << INDEX_BITS
            | u64::from(index);
        let address = region.address + u64::from(index) * u64::from(cut.size);
        self.generation = generation;
        Ok((id, address))
    }

    /// Put a buffer back.
    pub fn put_back(&mut self, id: u64) -> Result<(), Fault> {
        let stale = || Fault::new(ESTALE, "the buffer was put back already, or never was one");
        let place = u16::try_from(id >> (GENERATION_BITS + INDEX_BITS)).map_err(|_| stale())?;
        let index = id as u32 & ((1 << INDEX_BITS) - 1);
        let generation = (id >> INDEX_BITS) as u32;
        let cut = self.get(place).ok().and_then(|region| region.cut.as_mut());
        if cut.is_some_and(|cut| cut.put(index, generation)) { Ok(()) } else { Err(stale()) }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.iter().all(Option::is_none)
    }

    /// Memory that the library allocated, to be kept after a forced free.
    pub fn memories(&mut self) -> Vec<Map> {
        self.list.drain(..).flatten().filter_map(|region| region.memory).collect()
    }
}

fn lend(backend: &mut dyn Backend, place: usize, region: &Region) -> Result<(), Fault> {
    // SAFETY: the library's own memory lives in the region; the caller's by its promise.
    let errno = unsafe { backend.update_buffer(place as u32, region.address, region.len) };
    match errno {
        0 => Ok(()),
        libc::ENOMEM => Err(Fault::errno(
            errno,
            "registered memory counts against RLIMIT_MEMLOCK: raise it, or register less",
        )),
        libc::EFAULT => Err(Fault::errno(errno, "the memory of the region is not all mapped")),
        libc::EINVAL | libc::EOPNOTSUPP => Err(Fault::errno(
            errno,
            "the kernel refused the region: before Linux 6.5 no page of a file's mapping can be \
             registered, and static variables may begin in one: use ringline_region_alloc()",
        )),
        _ => Err(Fault::errno(errno, "the kernel refused the region")),
    }
}
