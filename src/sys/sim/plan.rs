//! What a simulated kernel is up to: sizes, how often each thing goes wrong, and the dice.
//!
//! Owns: the numbers. Everything a run does follows from them and from the calls made.

/// How a simulated kernel behaves. Probabilities are per mille.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimPlan {
    /// Where the dice start; printed by a failing test, and enough to replay it.
    pub seed: u64,
    /// Submission entries.
    pub sq_entries: u32,
    /// Completion entries.
    pub cq_entries: u32,
    /// A transfer moves less than it could.
    pub short_count: u32,
    /// An operation ends with an error.
    pub error: u32,
    /// A multishot operation ends with valid data and without MORE.
    pub drop_more: u32,
    /// An enter is interrupted.
    pub enter_eintr: u32,
    /// An enter is refused until completions are taken.
    pub enter_ebusy: u32,
    /// An enter is refused for lack of memory.
    pub enter_eagain: u32,
    /// An enter takes only the front of its batch.
    pub partial_consume: u32,
    /// An operation never ends, not even when it is cancelled.
    pub stuck: u32,
    /// A cancel comes too late: its target ends as if nobody had asked.
    pub late_cancel: u32,
    /// Longest time an operation takes.
    pub latency_ns: u64,
}

impl SimPlan {
    /// A kernel that behaves; only times and order depend on the seed.
    pub fn quiet(seed: u64) -> SimPlan {
        SimPlan {
            seed,
            sq_entries: 256,
            cq_entries: 1024,
            short_count: 0,
            error: 0,
            drop_more: 0,
            enter_eintr: 0,
            enter_ebusy: 0,
            enter_eagain: 0,
            partial_consume: 0,
            stuck: 0,
            late_cancel: 0,
            latency_ns: 100_000,
        }
    }

    /// A kernel that does everything it may. The seed picks the sizes and which troubles there
    /// are, so that some runs have many of one kind and none of another.
    pub fn hostile(seed: u64) -> SimPlan {
        let mut dice = Dice::new(seed ^ 0x5eed_0f7e_5717_ab1e);
        let sq_entries = 8 << dice.below(5);
        let cq_entries = sq_entries << dice.below(3);
        let mut up_to = |most: u64| if dice.below(3) == 0 { 0 } else { dice.below(most) as u32 };
        SimPlan {
            seed,
            sq_entries,
            cq_entries,
            short_count: up_to(500),
            error: up_to(200),
            drop_more: up_to(300),
            enter_eintr: up_to(200),
            enter_ebusy: up_to(200),
            enter_eagain: up_to(200),
            partial_consume: up_to(300),
            stuck: up_to(400) / 20,
            late_cancel: up_to(500),
            latency_ns: 1 << dice.below(28),
        }
    }
}

/// Numbers that follow from a seed (splitmix64).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that start at `seed`.
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 when `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.next() % end }
    }

    /// True `per_mille` times in a thousand. Rolls even for 0 or 1000, so that changing one
    /// probability does not move all other rolls.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        self.next() % 1000 < u64::from(per_mille)
    }
}
