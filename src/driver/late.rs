//! Cancels that come too early: the kernel does not find an operation that waits behind another
//! one in its chain, or that it is about to try again (a send whose socket took a part and has room
//! by now: neither a poll nor a thread has it), and answers as if it were done.
//!
//! Owns: which operations are behind another one, and which of them are still to be ended.
//! Invariant: whoever was asked to end and is not found is asked again whenever something ended,
//! and, because one thread of the kernel may tell of an end before it starts the successor, a few
//! times by the clock; until it is over or the kernel knows it.

use super::slab::Slab;

/// How long after a refusal to ask again although nothing ended: at first, and at most. Twice as
/// long each time; after the last one only an end makes it worth another try.
const FIRST_NS: u64 = 1_000_000;
const LAST_NS: u64 = 1_000_000_000;
/// A time that is over, and no alarm's word for none.
const AT_ONCE: u64 = 1;
/// Behind how many followers those that are over are forgotten, at least.
const FOLLOWERS: usize = 64;

/// One that is to end and was not found.
struct Waiting {
    token: u64,
    /// A cancel is on its way.
    asked: bool,
    /// When to ask again.
    at: u64,
    /// How long after that one.
    pause: u64,
}

/// What has to be asked again.
#[derive(Default)]
pub struct Late {
    /// Tokens of the operations behind another one; some may be over.
    followers: Vec<u64>,
    /// Of those that the kernel did not find, as its answers come.
    unheard: Vec<u64>,
    waiting: Vec<Waiting>,
    /// Completions told so far, as of the last look.
    told: u64,
}

impl Late {
    /// Whether there is nothing to look after.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.waiting.len() + self.unheard.len() == 0
    }

    /// The operation of `token` starts when the one before it in its chain is over.
    pub fn follow(&mut self, slab: &Slab, token: u64) {
        let full = self.followers.len() == self.followers.capacity();
        if full && self.followers.len() >= FOLLOWERS {
            self.followers.retain(|token| slab.find(*token).is_some());
        }
        if self.followers.capacity() == 0 {
            self.followers.reserve(FOLLOWERS);
        }
        self.followers.push(token);
    }

    /// The followers that are not over.
    pub fn followers<'a>(&'a self, slab: &'a Slab) -> impl Iterator<Item = u64> + 'a {
        self.followers.iter().copied().filter(|token| slab.find(*token).is_some())
    }

    /// The kernel did not find `token`, which is not over.
    pub fn refused(&mut self, token: u64) {
        self.unheard.push(token);
    }

    /// See that `token` is asked to end.
    pub fn ask(&mut self, token: u64) {
        if !self.waiting.iter().any(|waiting| waiting.token == token) {
            self.waiting.push(Waiting { token, asked: false, at: AT_ONCE, pause: FIRST_NS });
        }
    }

    /// When the next of them is to be asked.
    pub fn next(&self) -> Option<u64> {
        let due = |waiting: &&Waiting| !waiting.asked && waiting.at != u64::MAX;
        self.waiting.iter().filter(due).map(|waiting| waiting.at).min()
    }

    /// Take in the kernel's answers. `told` completions were told so far.
    pub fn look(&mut self, slab: &Slab, told: u64, now: u64) {
        for token in core::mem::take(&mut self.unheard) {
            if slab.find(token).is_none() {
                continue;
            }
            match self.waiting.iter_mut().find(|waiting| waiting.token == token) {
                Some(waiting) => waiting.refuse(now),
                None => self.ask(token),
            }
        }
        self.waiting.retain(|waiting| slab.find(waiting.token).is_some());
        if core::mem::replace(&mut self.told, told) != told {
            for waiting in &mut self.waiting {
                (waiting.at, waiting.pause) = (AT_ONCE, FIRST_NS);
            }
        }
    }

    /// One that is to be asked now.
    pub fn due(&self, now: u64) -> Option<u64> {
        let due = self.waiting.iter().find(|waiting| !waiting.asked && waiting.at <= now);
        due.map(|waiting| waiting.token)
    }

    /// `token` was asked.
    pub fn asked(&mut self, token: u64) {
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.token == token) {
            waiting.asked = true;
        }
    }
}

impl Waiting {
    fn refuse(&mut self, now: u64) {
        self.asked = false;
        self.at = if self.pause > LAST_NS { u64::MAX } else { now.saturating_add(self.pause) };
        self.pause = self.pause.saturating_mul(2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slab_with(count: u32) -> (Slab, Vec<u64>) {
        let mut slab = Slab::new(8).unwrap();
        let tokens = (0..count).map(|_| slab.take(&Default::default(), 0).unwrap().token).collect();
        (slab, tokens)
    }

    #[test]
    fn who_is_not_found_is_asked_again_until_it_is_over() {
        let (mut slab, tokens) = slab_with(2);
        let mut late = Late::default();
        late.follow(&slab, tokens[1]);
        late.refused(tokens[0]);
        late.look(&slab, 0, 5);
        assert_eq!(late.due(5), Some(tokens[0]), "it was behind nobody, but is not over");
        slab.give_back(super::super::slab::index_of(tokens[0]));
        late.look(&slab, 0, 5);
        assert!(late.is_empty());
        late.refused(tokens[1]);
        late.look(&slab, 0, 5);
        let mut now = 5;
        let mut asked = 0;
        while let Some(at) = late.next() {
            now = now.max(at);
            assert_eq!(late.due(now), Some(tokens[1]));
            late.asked(tokens[1]);
            assert_eq!((late.due(u64::MAX), late.next()), (None, None));
            late.refused(tokens[1]);
            late.look(&slab, 0, now);
            asked += 1;
        }
        assert!((5..20).contains(&asked) && now < 10_000_000_000, "{asked} times, {now} ns");
        late.look(&slab, 1, now);
        assert_eq!(late.due(now), Some(tokens[1]), "something ended");
        slab.give_back(super::super::slab::index_of(tokens[1]));
        late.look(&slab, 1, now);
        assert!(late.is_empty());
    }

    #[test]
    fn followers_that_are_over_are_forgotten() {
        let mut slab = Slab::new(8).unwrap();
        let mut late = Late::default();
        for _ in 0..10_000 {
            let token = slab.take(&Default::default(), 0).unwrap().token;
            late.follow(&slab, token);
            assert!(late.followers(&slab).eq([token]));
            slab.give_back(super::super::slab::index_of(token));
        }
        assert!(late.followers.capacity() <= 4 * FOLLOWERS);
    }
}
