//! A kernel made of plain memory and a seed, for tests: no system call, no clock but its own.
//!
//! Owns: the [`Backend`] side of the simulation. [`Sim`] is a handle: a test keeps a clone and
//! looks at the world (what is in flight, what was sent) while the library drives it. The same
//! seed and the same calls give the same completions at the same times, bit for bit.

mod entry;
mod flight;
mod memory;
mod plan;
mod queue;
mod tables;
mod world;

pub use plan::SimPlan;

use super::{Backend, Cqe, Queues, Ready, SetupInfo, Tuning};
use core::cell::{RefCell, RefMut};
use memory::PoolRing;
use std::rc::Rc;
use world::{Wait, World};

/// A completion that the simulated kernel posted, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The time on the ring's clock.
    pub at: u64,
    /// The completion.
    pub cqe: Cqe,
}

/// A simulated ring. Clones are the same ring.
#[derive(Clone)]
pub struct Sim {
    info: SetupInfo,
    world: Rc<RefCell<World>>,
}

impl Sim {
    /// A ring that follows `plan`.
    pub fn new(plan: SimPlan) -> Sim {
        let world = World::new(plan);
        Sim { info: world.info(), world: Rc::new(RefCell::new(world)) }
    }

    fn world(&self) -> RefMut<'_, World> {
        self.world.borrow_mut()
    }

    /// Whether the kernel has an entry with this user data that is not completed for good.
    pub fn is_in_flight(&self, user_data: u64) -> bool {
        self.world().is_carried(user_data)
    }

    /// Entries that are in flight for ever, the wake's poll not counted.
    pub fn stuck_ops(&self) -> usize {
        self.world().stuck()
    }

    /// Sends and writes whose memory changed while it was lent.
    pub fn torn(&self) -> u64 {
        self.world().torn
    }

    /// Everything posted so far.
    pub fn log(&self) -> Vec<Posted> {
        self.world().log.clone()
    }

    /// Bytes and hash ([`Sim::hash`]) of what was sent or written to `fd`, in order.
    pub fn stream(&self, fd: i32) -> (u64, u64) {
        self.world().streams.get(&fd).copied().unwrap_or((0, memory::HASH_START))
    }

    /// The hash of a stream that carries these bytes.
    pub fn hash(bytes: &[u8]) -> u64 {
        memory::hash(memory::HASH_START, bytes.as_ptr() as u64, bytes.len() as u32)
    }

    /// The byte at `at` of what the entry with `user_data` receives.
    pub fn pattern(user_data: u64, at: usize) -> u8 {
        memory::pattern(user_data, at)
    }
}

fn wake_nobody(_: i32) {}

impl Backend for Sim {
    fn info(&self) -> &SetupInfo {
        &self.info
    }

    fn enable(&mut self) -> i32 {
        self.world().enabled = true;
        0
    }

    fn queues(&self) -> Queues {
        self.world().queue.queues()
    }

    fn submit(&mut self, entries: u32) -> i32 {
        self.world().enter(entries, None)
    }

    fn enter(&mut self, entries: u32, want: u32, limit_ns: i64, min_wait_us: u32) -> i32 {
        self.world().enter(entries, Some(Wait { want, limit_ns, min_wait_us }))
    }

    fn ready(&mut self) -> Ready {
        self.world().ready()
    }

    fn now(&mut self) -> u64 {
        self.world().look()
    }

    fn pause(&mut self, ns: u64) {
        self.world().clock += ns;
    }

    fn hang_up(&mut self, fd: i32) {
        self.world().hang_up(fd);
    }

    fn cancel_sync(&mut self, user_data: u64, timeout_ns: i64) -> i32 {
        self.world().cancel_sync(user_data, timeout_ns)
    }

    unsafe fn register_pool(
        &mut self,
        group: u16,
        ring: *mut u8,
        entries: u16,
        incremental: bool,
    ) -> i32 {
        if ring.is_null() || !entries.is_power_of_two() || entries > 32768 {
            return libc::EINVAL;
        }
        let mut world = self.world();
        if world.pools.contains_key(&group) {
            return libc::EEXIST;
        }
        world.pools.insert(group, PoolRing::new(ring, entries, incremental));
        0
    }

    fn unregister_pool(&mut self, group: u16) -> i32 {
        if self.world().pools.remove(&group).is_some() { 0 } else { libc::EINVAL }
    }

    fn register_buffers(&mut self, count: u32) -> i32 {
        self.world().tables.make_buffers(count)
    }

    unsafe fn update_buffer(&mut self, place: u32, address: u64, len: u64) -> i32 {
        self.world().tables.update_buffer(place, (address, len))
    }

    fn register_files(&mut self, count: u32, direct_from: u32) -> i32 {
        self.world().tables.make_files(count, direct_from)
    }

    fn update_files(&mut self, place: u32, fds: &[i32]) -> i32 {
        self.world().tables.update_files(place, fds)
    }

    fn open_wake(&mut self) -> i32 {
        self.world().open_wake()
    }

    fn wake_writer(&self) -> fn(i32) {
        wake_nobody
    }

    fn drain(&mut self, _fd: i32) {}

    fn duplicate(&mut self, fd: i32) -> i32 {
        fd
    }

    fn close(&mut self, _fd: i32) {}

    fn close_wake(&mut self, _fd: i32) {}

    fn open_tombstone(&mut self, _place: Option<u32>) -> i32 {
        // Without one, pools of a forced free are kept for good: the careful side.
        -1
    }

    fn tune(&mut self, _knob: &mut Tuning) -> i32 {
        0
    }
}
