//! QUIET sends: entries of which the kernel tells only when they did not go whole at once.
//!
//! Owns: those with a slot until they are settled, and what the kernel told of those without, which
//! are known by a name. Invariant: the kernel deals with such a send while it consumes the entry,
//! so what was consumed and is not among the completions posted by then is sent.

use std::collections::VecDeque;

/// The QUIET sends of a ring that are on their way.
#[derive(Default)]
pub struct Quiet {
    /// Those with a slot: the place in the sequence of all entries, and the token.
    sends: VecDeque<(u64, u64)>,
    /// With a slot at most.
    most: usize,
    /// Those without a slot are before this entry.
    named: u64,
    /// Those without a slot that got a completion: name and result, until somebody takes them.
    pub told: Vec<(u64, i32)>,
}

impl Quiet {
    /// For a queue of `sq_entries`.
    pub fn new(sq_entries: u32) -> Quiet {
        let most = sq_entries as usize * 2;
        Quiet { sends: VecDeque::with_capacity(most), most, ..Quiet::default() }
    }

    /// How many more with a slot may be staged.
    #[inline]
    pub fn room(&self) -> usize {
        self.most - self.sends.len()
    }

    /// Whether none with a slot is on its way.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.sends.is_empty()
    }

    /// `entry` is one with the slot of `token`. There is room.
    #[inline(always)]
    pub fn expect(&mut self, entry: u64, token: u64) {
        self.sends.push_back((entry, token));
    }

    /// Whether those without a slot are all before entry `settled`.
    #[inline]
    pub(super) fn named_are_before(&self, settled: u64) -> bool {
        self.named <= settled
    }

    /// Those without a slot are before `entry` from now on.
    #[inline(always)]
    pub(super) fn expect_named(&mut self, entry: u64) {
        self.named = entry;
    }

    /// The entry staged last was taken back: that of `token`.
    pub(super) fn unexpect(&mut self, token: u64) {
        if self.sends.back().is_some_and(|back| back.1 == token) {
            self.sends.pop_back();
        }
    }

    /// Forget those with a slot: the kernel's ring is gone.
    pub(super) fn clear(&mut self) {
        self.sends.clear();
        self.named = 0;
    }

    /// The token of the next one with a slot before entry `settled`.
    #[inline(always)]
    pub fn settle(&mut self, settled: u64) -> Option<u64> {
        let (entry, token) = *self.sends.front()?;
        if entry >= settled {
            return None;
        }
        self.sends.pop_front();
        Some(token)
    }
}
