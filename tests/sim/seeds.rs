//! Which seeds are run, and saying which one failed.
//!
//! Owns: the environment variables of the simulation, and dice for the tests' own choices.

use std::time::{Duration, Instant};

/// Prints the seed when the test panics while this is alive.
pub struct Shown {
    what: &'static str,
    seed: u64,
}

impl Shown {
    /// Watch over one run.
    pub fn new(what: &'static str, seed: u64) -> Shown {
        Shown { what, seed }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Shown { what, seed } = self;
            eprintln!("{what}: seed {seed} failed; replay it with RINGLINE_SIM_SEED={seed}");
        }
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Run seeds 1, 2, ... until `budget` is spent, or what the environment says.
pub fn each(what: &'static str, budget: Duration, run: impl Fn(u64)) {
    if let Some(seed) = number("RINGLINE_SIM_SEED") {
        let _shown = Shown::new(what, seed);
        run(seed);
        return;
    }
    let count = number("RINGLINE_SIM_SEEDS");
    let start = Instant::now();
    let mut seed = 0;
    loop {
        seed += 1;
        let shown = Shown::new(what, seed);
        run(seed);
        drop(shown);
        // The long runs serve the sequences; the others keep to their time.
        let is_over = match count {
            Some(count) if what == "sequences" => seed >= count,
            _ => start.elapsed() >= budget,
        };
        if is_over {
            break;
        }
    }
    println!("{what}: {seed} seeds in {:.1} s", start.elapsed().as_secs_f64());
}

/// Numbers that follow from a seed; not those of the simulated kernel.
pub struct Dice(u64);

impl Dice {
    /// Dice that start at `seed`.
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0xd134_2543_de82_ef95) | 1)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % end
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }
}
