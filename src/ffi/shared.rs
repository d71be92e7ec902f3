//! The shared block: one piece of memory through which a whole turn goes.
//!
//! Owns: the block and the arrays beside it. The addresses in the block are for the caller to
//! read; the library uses its own.

use crate::driver::Op;
use crate::sys::Map;
use core::ptr::NonNull;

/// The block of one ring: in and out of ringline_turn(). Owned by the ring, aligned to 64 bytes,
/// its address is stable for the ring's life. Only the owner thread may touch it.
#[repr(C)]
#[derive(Debug, Default)]
pub struct ringline_shared {
    /// Size of this struct.
    pub size: u32,
    /// RINGLINE_ABI of the library.
    pub abi: u32,
    /// Address of ringline_op ops[ops_cap].
    pub ops: u64,
    /// Capacity of ops and tokens.
    pub ops_cap: u32,
    /// In: how many ops are filled. The library sets it back to 0.
    pub ops_len: u32,
    /// Address of ringline_completion recs[recs_cap].
    pub recs: u64,
    /// Capacity of recs.
    pub recs_cap: u32,
    /// Out: how many completions there are. They are valid until the next turn.
    pub recs_len: u32,
    /// In: completions to wait for; 0 = do not sleep.
    pub wait_min: u32,
    /// In: must be 0.
    pub flags: u32,
    /// In: longest wait in nanoseconds; -1 = forever.
    pub timeout_ns: i64,
    /// In: return with fewer than wait_min after this many microseconds (Linux 6.12); 0 = off.
    pub min_wait_us: u32,
    /// Out: how many of ops were accepted, from the front.
    pub ops_done: u32,
    /// Out: why the first rejected op was rejected; 0 = all were accepted.
    pub op_error: i32,
    /// Out: its index.
    pub op_error_at: u32,
    /// Out: operations in flight.
    pub inflight: u32,
    /// Out: leases not given back.
    pub leases_out: u32,
    /// Address of uint64_t tokens[ops_cap]: out, one per accepted op.
    pub tokens: u64,
    /// Address of uint64_t rel[rel_cap]: in, lease ids to give back.
    pub rel: u64,
    /// Capacity of rel.
    pub rel_cap: u32,
    /// In: how many leases are filled. The library sets it back to 0.
    pub rel_len: u32,
    /// Zero.
    pub resv: [u64; 3],
}

const _: () = assert!(size_of::<ringline_shared>() == 128);

/// Where a block lies: beside others, so that a ring which nobody uses needs no page for it.
#[repr(C, align(64))]
struct Line(ringline_shared);

/// A block and its arrays.
pub(super) struct Block {
    line: NonNull<Line>,
    map: Map,
    tokens: *mut u64,
    ops_cap: u32,
    rel_cap: u32,
}

impl Block {
    /// A block with room for `ops_cap` ops; the errno on failure.
    pub fn new(ops_cap: u32, recs: u64, recs_cap: u32) -> Result<Block, i32> {
        let rel_cap = recs_cap;
        let map = Map::new(ops_cap as usize * (64 + 8) + rel_cap as usize * 8)?;
        // SAFETY: the tokens follow the ops inside the map.
        let tokens: *mut u64 = unsafe { map.as_ptr().add(ops_cap as usize * 64) }.cast();
        let shared = ringline_shared {
            size: 128,
            abi: super::RINGLINE_ABI,
            ops: map.as_ptr() as u64,
            ops_cap,
            recs,
            recs_cap,
            timeout_ns: -1,
            tokens: tokens as u64,
            // SAFETY: the leases follow the tokens inside the map.
            rel: unsafe { tokens.add(ops_cap as usize) } as u64,
            rel_cap,
            ..ringline_shared::default()
        };
        let line = NonNull::from(Box::leak(Box::new(Line(shared))));
        Ok(Block { line, map, tokens, ops_cap, rel_cap })
    }

    /// The block.
    #[inline]
    #[allow(clippy::mut_from_ref)]
    pub fn shared(&self) -> &mut ringline_shared {
        // SAFETY: made in `new` and freed on drop; only the owner thread is here, and callers keep
        // the reference no longer than until user code runs.
        unsafe { &mut (*self.line.as_ptr()).0 }
    }

    fn ops_at(&self) -> *mut Op {
        self.map.as_ptr().cast()
    }

    fn rel_at(&self) -> *mut u64 {
        // SAFETY: the leases follow the tokens inside the map.
        unsafe { self.tokens.add(self.ops_cap as usize) }
    }

    /// The first `len` ops and their tokens, or None when there are not as many.
    #[inline(always)]
    #[allow(clippy::mut_from_ref)]
    pub fn ops(&self, len: u32) -> Option<(&[Op], &mut [u64])> {
        if len > self.ops_cap {
            return None;
        }
        // SAFETY: both arrays hold `ops_cap` elements of plain data in this map.
        unsafe {
            Some((
                core::slice::from_raw_parts(self.ops_at(), len as usize),
                core::slice::from_raw_parts_mut(self.tokens, len as usize),
            ))
        }
    }

    /// The first op and its token.
    #[inline(always)]
    #[allow(clippy::mut_from_ref)]
    pub fn first(&self) -> (&Op, &mut u64) {
        // SAFETY: both arrays hold at least one element in this map.
        unsafe { (&*self.ops_at(), &mut *self.tokens) }
    }

    /// The first `len` leases to give back.
    #[inline]
    pub fn releases(&self, len: u32) -> &[u64] {
        // SAFETY: the array holds `rel_cap` elements of plain data in this map.
        unsafe { core::slice::from_raw_parts(self.rel_at(), len.min(self.rel_cap) as usize) }
    }

    /// Capacity of the leases to give back.
    #[inline]
    pub fn rel_cap(&self) -> u32 {
        self.rel_cap
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: made by a Box in `new`, and nobody else's.
        drop(unsafe { Box::from_raw(self.line.as_ptr()) });
    }
}
