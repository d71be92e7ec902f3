//! The pools of one ring: which group is which, and what a buffer in a completion means.

use super::engine::Engine;
use crate::driver::{Completion, Op, cf, opcode, sqe_flag};
use crate::fault::{ESTALE, Fault};
use crate::resource::{PoolInfo, PoolRef, PoolSpec};
use crate::sys::{Backend, ThreadId};

/// Pools of one ring at most.
const MAX_POOLS: usize = 64;

/// The pools of one ring, by group.
#[derive(Default)]
pub(super) struct Pools {
    list: Vec<Option<PoolRef>>,
    /// Pools of which to tell that few buffers are left, one bit each.
    falling: u64,
}

impl Pools {
    pub(super) fn set_owner(&self, owner: ThreadId) {
        self.list.iter().flatten().for_each(|pool| pool.set_owner(owner));
    }

    pub(super) fn register_all(&mut self, backend: &mut dyn Backend) -> Result<(), Fault> {
        self.list.iter_mut().flatten().try_for_each(|pool| pool.register(backend))
    }

    #[inline]
    pub(super) fn collect_returned(&self) {
        self.list.iter().flatten().for_each(PoolRef::collect_returned);
    }

    pub(super) fn take(&mut self) -> Vec<PoolRef> {
        self.list.drain(..).flatten().collect()
    }

    #[inline(always)]
    pub(super) fn get(&mut self, group: u16) -> Option<&mut PoolRef> {
        self.list.get_mut(group as usize)?.as_mut()
    }

    /// Whether an operation may take buffers from a pool.
    pub(super) fn check(&self, op: &Op) -> Result<(), Fault> {
        let Some(Some(pool)) = self.list.get(op.buf_index as usize) else {
            return Err(no_pool());
        };
        // The kernel does not tell where in the buffer it put a piece: the library counts, which
        // holds only while pieces complete in the order in which they were filled.
        if pool.is_incremental() && (op.opcode != opcode::RECV || op.flags & sqe_flag::ASYNC != 0) {
            return Err(Fault::errno(
                libc::EINVAL,
                "an incremental pool serves receives without SQE_ASYNC only",
            ));
        }
        Ok(())
    }

    /// Whether a record about a pool waits to be told.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn has_falling(&self) -> bool {
        self.falling != 0
    }

    pub(super) fn pin(&mut self, group: u16) {
        if let Some(pool) = self.get(group) {
            pool.pins += 1;
        }
    }

    pub(super) fn unpin(&mut self, group: u32) {
        if let Some(pool) = self.get(group as u16) {
            pool.pins -= 1;
        }
    }
}

#[cold]
fn no_pool() -> Fault {
    Fault::new(ESTALE, "this ring has no such pool")
}

impl Engine {
    /// Make a pool; its id.
    pub fn pool_create(&mut self, spec: &PoolSpec) -> Result<u16, Fault> {
        let free = self.pools.list.iter().position(Option::is_none);
        let group = free.unwrap_or(self.pools.list.len());
        if group >= MAX_POOLS {
            return Err(Fault::errno(libc::ENFILE, "a ring has 64 pools at most"));
        }
        let pool = PoolRef::create(self.driver.enter.backend(), group as u16, spec)?;
        if self.driver.is_attached() {
            pool.set_owner(crate::sys::current_thread());
        }
        match free {
            Some(group) => self.pools.list[group] = Some(pool),
            None => self.pools.list.push(Some(pool)),
        }
        Ok(group as u16)
    }

    /// Give a pool up. Leases keep its memory until they are given back.
    pub fn pool_destroy(&mut self, group: u16) -> Result<(), Fault> {
        let pool = self.pools.get(group).ok_or_else(no_pool)?;
        if pool.pins > 0 {
            return Err(Fault::errno(
                libc::EBUSY,
                "operations in flight take buffers from this pool; cancel and reap them first",
            ));
        }
        let errno = self.driver.enter.backend().unregister_pool(group);
        if errno != 0 {
            return Err(Fault::errno(errno, "the kernel did not unregister the pool"));
        }
        self.pools.list[group as usize] = None;
        self.pools.falling &= !(1 << group);
        Ok(())
    }

    /// Tell by a record when fewer than `mark` buffers of a pool are with the kernel.
    pub fn pool_set_low_water(&mut self, group: u16, mark: u32, data: u64) -> Result<(), Fault> {
        self.pools.falling &= !1u64.checked_shl(group.into()).unwrap_or(0);
        self.pools.get(group).ok_or_else(no_pool)?.set_low_water(mark, data)
    }

    /// Put in the records what is to tell about pools, as far as there is room.
    #[cold]
    pub(super) fn tell_falling(&mut self) {
        while self.pools.falling != 0 && !self.completed.is_full() {
            let group = self.pools.falling.trailing_zeros() as u16;
            self.pools.falling &= self.pools.falling - 1;
            let Some(pool) = self.pools.get(group) else { continue };
            self.completed.record(Completion {
                user_data: pool.low_water_data,
                res: pool.free() as i32,
                flags: cf::LOW_WATER,
                data: group.into(),
                token: 0,
            });
        }
    }

    /// What a pool is like.
    pub fn pool_info(&mut self, group: u16) -> Result<PoolInfo, Fault> {
        self.pools.get(group).map(|pool| pool.info()).ok_or_else(no_pool)
    }

    /// Look at every pool: its id, what it is like, operations in flight that take from it.
    pub fn each_pool(&self, mut look: impl FnMut(usize, PoolInfo, u32)) {
        for (id, pool) in self.pools.list.iter().enumerate() {
            if let Some(pool) = pool {
                look(id, pool.info(), pool.pins);
            }
        }
    }

    /// Leases not given back, over all pools.
    pub fn leases(&self) -> u32 {
        self.pools.list.iter().flatten().map(PoolRef::leases).sum()
    }

    /// Turn the buffer of a completion into a lease, or take it back inside when nothing is in it.
    pub(super) fn complete_pool(&mut self, group: u16, last: bool, completion: &mut Completion) {
        if last && completion.res == -libc::ENOBUFS {
            self.driver.stats.nobufs.add(1);
        }
        if completion.flags & cf::BUFFER == 0 {
            return;
        }
        let (buffer, more) = cf::buffer_of(completion.flags);
        if completion.res > 0 {
            self.lease_to(group, completion);
            return;
        }
        let Some(pool) = self.pools.get(group) else { return };
        pool.recycle(buffer, more);
        completion.flags &= 0xffff & !(cf::BUFFER | cf::BUF_MORE);
    }

    /// Lease the buffer of a completion, which has something in it; false when there is none.
    #[inline(always)]
    pub(super) fn lease_to(&mut self, group: u16, completion: &mut Completion) -> bool {
        let (buffer, more) = cf::buffer_of(completion.flags);
        let Some(pool) = self.pools.get(group) else { return false };
        let Some((lease, address)) = pool.lease(buffer, completion.res as u32, more) else {
            return false;
        };
        completion.flags |= cf::LEASE;
        completion.data = address;
        completion.token = lease;
        if pool.falls_low() {
            self.pools.falling |= 1 << (group & 63);
        }
        self.driver.stats.leases.add(1);
        true
    }

    /// As [`Engine::lease_to`] without a lease: [`Engine::lease_claim`], or of the last piece of a
    /// buffer [`Engine::unclaim_last`], has to follow, once.
    #[inline(always)]
    pub(super) fn claim_to(&mut self, group: u16, completion: &mut Completion) -> bool {
        let (buffer, more) = cf::buffer_of(completion.flags);
        let Some(pool) = self.pools.get(group) else { return false };
        let Some(address) = pool.claim(buffer, completion.res as u32, more) else {
            return false;
        };
        completion.flags |= cf::CLAIM;
        completion.data = address;
        true
    }

    /// The last claimed bytes of a buffer, after which no more follow, were looked at, and nobody
    /// has them. Those before have nothing to give back.
    #[inline(never)]
    pub fn unclaim_last(&mut self, group: u16, buffer: u16) {
        if let Some(pool) = self.pools.get(group) {
            pool.unclaim(buffer);
        }
    }

    /// Make a lease of the claimed bytes of a completion; `flags` are its own.
    pub fn lease_claim(&mut self, group: u16, flags: u32) -> Option<u64> {
        let (buffer, more) = cf::buffer_of(flags);
        let lease = self.pools.get(group)?.lease_claimed(buffer, more)?;
        self.driver.stats.leases.add(1);
        Some(lease)
    }
}
