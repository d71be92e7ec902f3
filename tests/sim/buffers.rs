//! Buffers that know whose they are: the test's canaries show who wrote when he must not.
//!
//! Owns: one allocation, cut into equal buffers, reached by address only.

use std::alloc::{Layout, alloc_zeroed, dealloc};

/// Bytes per buffer.
pub const SIZE: usize = 64;
const CANARY: u8 = 0xa5;

/// All buffers of a run.
pub struct Buffers {
    start: *mut u8,
    layout: Layout,
    lent: Vec<bool>,
    free: Vec<usize>,
}

impl Buffers {
    /// Make `count` buffers, all ours.
    pub fn new(count: usize) -> Buffers {
        let layout = Layout::from_size_align(count * SIZE, 64).expect("a sane size");
        // SAFETY: the size is not 0.
        let start = unsafe { alloc_zeroed(layout) };
        assert!(!start.is_null());
        let mut buffers =
            Buffers { start, layout, lent: vec![false; count], free: (0..count).collect() };
        (0..count).for_each(|index| buffers.mark(index));
        buffers
    }

    fn mark(&mut self, index: usize) {
        // SAFETY: the buffer is ours, and addresses are the only view of it.
        unsafe { std::ptr::write_bytes(self.start.add(index * SIZE), canary(index), SIZE) };
    }

    /// Address of a buffer.
    pub fn address(&self, index: usize) -> u64 {
        assert!(index < self.lent.len());
        self.start as u64 + (index * SIZE) as u64
    }

    /// Take a buffer for an operation; filled with bytes of that operation.
    pub fn lend(&mut self, id: u64) -> Option<usize> {
        let index = self.free.pop()?;
        self.check(index);
        for at in 0..SIZE {
            let byte = (id as u8).wrapping_mul(31).wrapping_add(at as u8);
            // SAFETY: the buffer is ours until the operation is submitted.
            unsafe { self.start.add(index * SIZE + at).write(byte) };
        }
        self.lent[index] = true;
        Some(index)
    }

    /// What is in a buffer, copied.
    pub fn copy(&self, index: usize, len: usize) -> Vec<u8> {
        assert!(len <= SIZE);
        // SAFETY: within the buffer; read by copy while no one writes (one thread).
        (0..len).map(|at| unsafe { self.start.add(index * SIZE + at).read() }).collect()
    }

    /// The operation is over: the buffer is ours, and from now on nobody may write it.
    pub fn give_back(&mut self, index: usize) {
        assert!(std::mem::take(&mut self.lent[index]), "a buffer came back twice");
        self.mark(index);
        self.free.insert(0, index);
    }

    /// Ours means untouched.
    pub fn check(&self, index: usize) {
        if self.lent[index] {
            return;
        }
        let all = self.copy(index, SIZE);
        assert!(
            all.iter().all(|byte| *byte == canary(index)),
            "C2: buffer {index} was written after the FINAL of its operation: {all:02x?}"
        );
    }

    /// All of ours are untouched.
    pub fn check_all(&self) {
        (0..self.lent.len()).for_each(|index| self.check(index));
    }
}

fn canary(index: usize) -> u8 {
    CANARY ^ (index as u8)
}

impl Drop for Buffers {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout; the simulated kernel is never entered again.
        unsafe { dealloc(self.start, self.layout) };
    }
}
