//! The regions and the table of files of one ring, as the floor above asks for them.
//!
//! Owns: moving them to another kernel ring. A file lives in the old ring only, so it gets a
//! descriptor there for a moment, and goes into the new table under the same slot.

use super::engine::Engine;
use crate::driver::{Op, opcode, sqe_flag, tag};
use crate::fault::{ENOTSUP_KERNEL, Fault};
use crate::resource::RegionInfo;
use crate::sys::uapi::setup::DEFER_TASKRUN;
use crate::sys::{Backend, Features};

/// Files on their way to another ring at a time.
const BATCH: usize = 64;
/// How long they may take, and how often to look.
const INSTALL_PATIENCE_NS: u64 = 1_000_000_000;
const INSTALL_STEP_NS: i64 = 10_000_000;

impl Engine {
    /// Make the table of files.
    pub fn files_reserve(&mut self, named: u32, direct: u32) -> Result<(), Fault> {
        let info = *self.driver.enter.backend_ref().info();
        // What the kernel accepted is in its queue until we take it out. Where it does so only
        // when entered, that is all it can be ahead; else it may fill the queue again meanwhile.
        let times = if info.setup_flags & DEFER_TASKRUN != 0 { 1 } else { 2 };
        let kept = info.cq_entries.saturating_mul(times);
        self.files.reserve(self.driver.enter.backend(), named, direct, kept)
    }

    /// Register files; how many, from the front.
    pub fn file_add(&mut self, fds: &[i32], slots: &mut [u32]) -> Result<u32, Fault> {
        self.files.add(self.driver.enter.backend(), fds, slots)
    }

    /// Put another file into a slot.
    pub fn file_replace(&mut self, slot: u32, fd: i32) -> Result<(), Fault> {
        self.files.replace(self.driver.enter.backend(), slot, fd)
    }

    /// Take a file out of its slot.
    pub fn file_remove(&mut self, slot: u32) -> Result<(), Fault> {
        self.files.remove(self.driver.enter.backend(), slot)
    }

    /// Allocate and register memory; its place and its address.
    pub fn region_alloc(&mut self, len: u64, huge: bool) -> Result<(u16, u64), Fault> {
        let place = self.regions.alloc(self.driver.enter.backend(), len, huge)?;
        Ok((place, self.regions.info(place)?.address))
    }

    /// Register memory of the caller's; its place.
    ///
    /// # Safety
    /// The memory lives until the region is released, or the ring is gone.
    pub unsafe fn region_register(&mut self, address: u64, len: u64) -> Result<u16, Fault> {
        // SAFETY: the caller promised that the memory outlives its registration.
        unsafe { self.regions.register(self.driver.enter.backend(), address, len) }
    }

    /// Unregister a region.
    pub fn region_release(&mut self, place: u16) -> Result<(), Fault> {
        self.regions.release(self.driver.enter.backend(), place)
    }

    /// What a region is like.
    pub fn region_info(&mut self, place: u16) -> Result<RegionInfo, Fault> {
        self.regions.info(place)
    }

    /// Cut a region into buffers; how many.
    pub fn region_cut(&mut self, place: u16, size: u32) -> Result<u32, Fault> {
        self.regions.cut(place, size)
    }

    /// Take a buffer of a region: its id and address.
    pub fn buf_take(&mut self, place: u16) -> Result<(u64, u64), Fault> {
        self.regions.take(place)
    }

    /// Put a buffer back.
    pub fn buf_put(&mut self, id: u64) -> Result<(), Fault> {
        self.regions.put_back(id)
    }

    /// Register the files with `new`, the kernel ring that comes after the present one. On failure
    /// the present one is as it was.
    pub fn move_tables(&mut self, new: &mut dyn Backend) -> Result<(), Fault> {
        self.files.register_table(new)?;
        let mut from = 0;
        let info = *self.driver.enter.backend_ref().info();
        let batch = BATCH.min(info.sq_entries as usize).min(info.cq_entries as usize);
        loop {
            let slots = self.files.held(from, batch);
            let Some(last) = slots.last() else { return Ok(()) };
            from = last + 1;
            let fds = self.install(&slots)?;
            let mut failed = 0;
            for (slot, fd) in slots.iter().zip(&fds) {
                failed = failed.min(new.update_files(*slot, &[*fd]));
            }
            self.close_all(&fds);
            if failed < 0 {
                return Err(Fault::errno(-failed, "a file could not be registered again"));
            }
        }
    }

    fn close_all(&mut self, fds: &[i32]) {
        fds.iter().for_each(|fd| self.driver.enter.backend().close(*fd));
    }

    /// Until everything staged for `fds` is done, which a polling thread does in its own time. 0 or
    /// why there is none for some.
    fn await_installed(&mut self, fds: &mut [i32]) -> i32 {
        let end = self.driver.now() + INSTALL_PATIENCE_NS;
        let mut missing = fds.len();
        let mut errno = 0;
        while missing > 0 && self.driver.now() < end {
            errno = self.driver.enter.wait(1, INSTALL_STEP_NS, 0, &self.driver.stats);
            self.driver.enter.look();
            while let Some(cqe) = self.driver.enter.next_cqe() {
                if cqe.user_data >> tag::SHIFT == tag::INSTALL {
                    fds[(cqe.user_data & tag::NAME) as usize] = cqe.res;
                    missing -= 1;
                } else {
                    self.driver.internal(&cqe);
                }
            }
            self.driver.enter.release();
        }
        // What the kernel did not even take it shall not take later.
        let name = |at: usize| tag::INSTALL << tag::SHIFT | at as u64;
        (0..fds.len()).rev().all(|at| self.driver.enter.unstage(name(at)));
        let none = if errno == 0 { -libc::EAGAIN } else { -errno };
        let refused = fds.iter().copied().find(|fd| *fd < 0);
        refused.map_or(0, |fd| if missing > 0 { none } else { fd })
    }

    /// A descriptor for each of the files in `slots`. Nothing is in flight.
    fn install(&mut self, slots: &[u32]) -> Result<Vec<i32>, Fault> {
        if !self.driver.enter.backend_ref().info().features.has(Features::FD_INSTALL) {
            return Err(Fault::new(
                ENOTSUP_KERNEL,
                "fd_install: moving registered files to another thread needs Linux 6.8",
            ));
        }
        let mut fds = vec![-libc::EAGAIN; slots.len()];
        self.driver.make_room(slots.len())?;
        for (at, slot) in slots.iter().enumerate() {
            let op = Op {
                opcode: opcode::FIXED_FD_INSTALL,
                flags: sqe_flag::FIXED_FILE,
                fd: *slot as i32,
                ..Op::default()
            };
            self.driver.enter.push(&op, tag::INSTALL << tag::SHIFT | at as u64);
        }
        let refused = self.await_installed(&mut fds);
        if refused < 0 {
            let made: Vec<i32> = fds.iter().copied().filter(|fd| *fd >= 0).collect();
            self.close_all(&made);
            return Err(Fault::errno(-refused, "no descriptor for a registered file"));
        }
        Ok(fds)
    }
}
