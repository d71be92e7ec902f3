//! The completed list: what was reaped and not yet seen by the user.
//!
//! Owns: the memory of the records. Bounded: when it is full, completions stay in the kernel's
//! queue and nothing is lost.

use super::descriptor::Carried;
use crate::driver::{Completion, cf};
use crate::sys::Map;
use core::mem::MaybeUninit;
use core::ops::Range;

/// A completion that goes to a callback.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// What to tell.
    pub completion: Completion,
    /// The callback's address.
    pub callback: u64,
    /// Its context.
    pub ctx: u64,
}

/// Records and calls of the turn at hand.
pub struct Completed {
    map: Map,
    cap: u32,
    len: u32,
    /// Records the user was already shown: 0..shown are invalid at the next turn.
    shown: u32,
    calls: Vec<Call>,
    next_call: usize,
    /// Of those shown, how many the user knows from an earlier turn.
    known: u32,
    /// What completions carry, by the tokens of their operations; some were seen.
    carried: Vec<(u64, Carried)>,
}

impl Completed {
    /// Room for at least `cap` records and as many calls; the errno on failure.
    pub fn new(cap: u32) -> Result<Completed, i32> {
        // One place more than asked for: an operation that ends may end a close with it.
        let cap = cap.saturating_add(1).max(2);
        Ok(Completed {
            map: Map::new(cap as usize * size_of::<Completion>())?,
            cap,
            len: 0,
            shown: 0,
            calls: Vec::with_capacity(cap as usize),
            next_call: 0,
            known: 0,
            carried: Vec::new(),
        })
    }

    /// Address of the records.
    pub fn address(&self) -> u64 {
        self.map.as_ptr() as u64
    }

    /// The record at a place, if there is one.
    pub fn get(&self, at: u32) -> Option<Completion> {
        // SAFETY: below `len`, so it was written, and the map holds it.
        let read = || unsafe { self.map.as_ptr().cast::<Completion>().add(at as usize).read() };
        (at < self.len).then(read)
    }

    /// As [`Completed::get`], for a look.
    #[inline(always)]
    pub fn at(&self, at: u32) -> Option<&Completion> {
        // SAFETY: below `len`, so it was written, and the map holds it.
        let look = || unsafe { &*self.map.as_ptr().cast::<Completion>().add(at as usize) };
        (at < self.len).then(look)
    }

    /// Records now; all of them count as shown.
    pub fn show(&mut self) -> u32 {
        self.shown = self.len;
        self.len
    }

    /// Records that the user did not see yet, and calls that were not made.
    #[inline(always)]
    pub fn waiting(&self) -> u32 {
        self.len - self.shown + self.calls.len() as u32
    }

    /// As [`Completed::waiting`], without calls of `callback`.
    pub fn waiting_but(&self, callback: u64) -> u64 {
        let calls = self.calls.iter().filter(|call| call.callback != callback);
        u64::from(self.len - self.shown) + calls.count() as u64
    }

    /// Capacity in records.
    pub fn capacity(&self) -> u32 {
        self.cap
    }

    /// Forget all records; the user was shown them.
    #[inline]
    pub fn clear(&mut self) {
        (self.len, self.shown) = (0, 0);
    }

    /// This is all there is, and it is shown.
    #[inline(always)]
    pub fn set_single(&mut self, completion: Completion) {
        // SAFETY: the map holds at least two records.
        unsafe { self.map.as_ptr().cast::<Completion>().write(completion) };
        (self.len, self.shown) = (1, 1);
    }

    /// Forget the records the user was shown.
    #[inline]
    pub fn forget_shown(&mut self) {
        self.known = 0;
        if self.len == self.shown {
            (self.len, self.shown) = (0, 0);
            return;
        }
        {
            let unseen = self.shown as usize..self.len as usize;
            self.records(self.len as usize).copy_within(unseen, 0);
        }
        self.len -= self.shown;
        self.shown = 0;
    }

    /// What is shown now the user has seen, also if this turn shows no more.
    pub fn know_shown(&mut self) {
        self.known = self.shown;
    }

    /// What this turn showed nobody saw: the turn does not return to the user.
    #[cold]
    pub fn unshow(&mut self) {
        self.shown = self.known.min(self.shown);
    }

    /// The completion that comes next carries descriptors.
    pub(super) fn carry(&mut self, token: u64, carried: Carried) {
        if self.waiting() == 0 {
            self.carried.clear();
        }
        let most = 2 * self.cap as usize;
        if self.carried.capacity() == 0 {
            self.carried.reserve_exact(most);
        }
        if self.carried.len() == most {
            self.forget_carried();
        }
        self.carried.push((token, carried));
    }

    /// Forget what was seen: more is not left than there are records and calls.
    #[cold]
    fn forget_carried(&mut self) {
        let mut carried = core::mem::take(&mut self.carried);
        let unseen = self.shown..self.len;
        let records = unseen.filter_map(|at| self.get(at)).map(|record| record.token);
        let calls = self.calls[self.next_call..].iter().map(|call| call.completion.token);
        let left: std::collections::HashSet<u64> = records.chain(calls).collect();
        carried.retain(|(token, _)| left.contains(token));
        self.carried = carried;
    }

    /// What `completion` carries, which is the caller's to close.
    pub(super) fn let_go(&mut self, completion: &Completion) -> Carried {
        const NONE: Carried = [-1, -1];
        // The token of these is another number.
        if completion.res < 0 || completion.flags & (cf::LEASE | cf::EXT) != 0 {
            return NONE;
        }
        let is_it = |(token, carried): &(u64, Carried)| {
            *token == completion.token && (carried[1] >= 0 || carried[0] == completion.res)
        };
        let at = self.carried.iter().position(is_it);
        at.map_or(NONE, |at| self.carried.remove(at).1)
    }

    /// Forget all records, and have `close` close what those carry that were not shown.
    pub(super) fn drop_unseen(&mut self, close: impl FnMut(i32)) {
        self.drop_range(self.shown..self.len, close);
        self.clear();
    }

    /// Have `close` close what these records carry.
    pub(super) fn drop_range(&mut self, range: Range<u32>, mut close: impl FnMut(i32)) {
        for at in range {
            let Some(record) = self.get(at).filter(|_| !self.carried.is_empty()) else { return };
            self.let_go(&record).into_iter().filter(|fd| *fd >= 0).for_each(&mut close);
        }
    }

    fn records(&mut self, len: usize) -> &mut [Completion] {
        assert!(len <= self.cap as usize);
        // SAFETY: the map holds `cap` records; zero bytes are a valid record.
        unsafe { core::slice::from_raw_parts_mut(self.map.as_ptr().cast(), len) }
    }

    /// Whether another completion may not fit.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.len + 1 >= self.cap || self.calls.len() + 1 >= self.cap as usize
    }

    /// How many completions of any kind fit.
    pub fn room_for_any(&self) -> u32 {
        (self.cap - 1).saturating_sub(self.len.max(self.calls.len() as u32))
    }

    /// Room for records, to be filled from the front and counted by [`Completed::filled`].
    #[inline(always)]
    pub fn room(&mut self) -> &mut [MaybeUninit<Completion>] {
        let room = (self.cap - 1).saturating_sub(self.len) as usize;
        // SAFETY: the map holds `cap` records and `len + room` is below.
        unsafe {
            let first = self.map.as_ptr().cast::<MaybeUninit<Completion>>();
            core::slice::from_raw_parts_mut(first.add(self.len as usize), room)
        }
    }

    /// `count` records were written into [`Completed::room`].
    #[inline]
    pub fn filled(&mut self, count: usize) {
        self.len += count as u32;
    }

    /// Whether callbacks wait.
    #[inline]
    pub fn has_calls(&self) -> bool {
        !self.calls.is_empty()
    }

    /// Add a record; the list must not be full.
    #[inline]
    pub fn record(&mut self, completion: Completion) {
        assert!(self.len < self.cap);
        // SAFETY: `len` is below `cap`, which the map holds.
        unsafe { self.map.as_ptr().cast::<Completion>().add(self.len as usize).write(completion) };
        self.len += 1;
    }

    /// Add a call; the list must not be full.
    #[inline]
    pub fn call(&mut self, call: Call) {
        debug_assert!(self.calls.len() < self.cap as usize);
        self.calls.push(call);
    }

    /// Take away calls of `callback` that are last in the list.
    #[cold]
    pub fn uncall(&mut self, callback: u64) {
        while self.calls.len() > self.next_call
            && self.calls.last().is_some_and(|call| call.callback == callback)
        {
            self.calls.pop();
        }
    }

    /// The next call to make, in order.
    #[inline]
    pub fn next_call(&mut self) -> Option<Call> {
        let call = self.calls.get(self.next_call).copied();
        match call {
            Some(_) => self.next_call += 1,
            None => {
                self.calls.clear();
                self.next_call = 0;
            }
        }
        call
    }
}
