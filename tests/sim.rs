//! The library over a simulated kernel: random calls from a seed, and an oracle.
//!
//! A failing run prints its seed. RINGLINE_SIM_SEED=N runs that one alone, bit for bit as before;
//! RINGLINE_SIM_SEEDS=N runs N of them instead of as many as fit into some seconds.

mod sim {
    pub mod buffers;
    pub mod kernel;
    pub mod mass;
    pub mod oracle;
    pub mod play;
    pub mod seeds;
}

use ringline::internals::sys::SimPlan;
use sim::play::Play;
use sim::{mass, seeds};
use std::time::Duration;

/// Fails when an op has no FINAL or two, or memory is touched after it, under any sequence.
#[test]
fn every_accepted_op_has_exactly_one_final() {
    seeds::each("sequences", Duration::from_secs(30), |seed| {
        Play::new(SimPlan::hostile(seed)).run();
    });
}

/// Fails when a well-behaved kernel is enough to break a sequence.
#[test]
fn a_quiet_kernel_leaves_nothing_abandoned() {
    seeds::each("quiet", Duration::from_secs(5), |seed| {
        let mut play = Play::new(SimPlan::quiet(seed));
        play.run();
        assert_eq!(play.oracle.abandoned, 0);
    });
}

/// Fails when two runs of one seed differ: then a printed seed would be worth nothing.
#[test]
fn a_seed_replays_bit_for_bit() {
    for seed in 1..=50 {
        let _shown = seeds::Shown::new("replay", seed);
        let mut runs = (0..2).map(|_| {
            let mut play = Play::new(SimPlan::hostile(seed));
            play.run();
            (play.sim.log(), play.oracle.log)
        });
        let (first, second) = (runs.next().expect("one"), runs.next().expect("two"));
        assert!(!first.0.is_empty());
        assert_eq!(first, second);
    }
}

/// Fails when cancelling 1,000 pending ops one by one loses or doubles a FINAL.
#[test]
fn a_thousand_pending_cancelled() {
    seeds::each("mass cancel", Duration::from_secs(3), mass::cancel_each);
}

/// Fails when closing with 1,000 pending ops loses or doubles a FINAL, or never ends.
#[test]
fn a_thousand_pending_closed() {
    seeds::each("mass close", Duration::from_secs(3), mass::close);
}

/// Fails when a forced free with 1,000 pending ops does not account for each of them.
#[test]
fn a_thousand_pending_freed() {
    seeds::each("mass free", Duration::from_secs(3), mass::free);
}
