//! In which order, and how soon, the addresses of a host are tried: RFC 8305, "Happy Eyeballs".
//!
//! Owns: the addresses that were not tried yet. Never opens a socket: whoever asks does. Invariant:
//! an attempt begins when the one before it has had its time, or failed.

use std::collections::VecDeque;
use std::net::SocketAddr;

/// How long an attempt is alone before the next one begins: section 5 of the RFC.
pub const ATTEMPT_NS: u64 = 250_000_000;

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Connect to this address, beside what is under way.
    Dial(SocketAddr),
    /// Nothing before that time, unless an attempt fails.
    Wait(u64),
    /// All were tried.
    Nothing,
}

/// The addresses of a host.
#[derive(Debug)]
pub struct Attempts {
    left: VecDeque<SocketAddr>,
    next_at: u64,
}

impl Attempts {
    /// Those of `addresses`, each once, in their order: but one family after the other, and that
    /// of the first one first.
    pub fn new(addresses: impl IntoIterator<Item = SocketAddr>) -> Attempts {
        let mut families: [VecDeque<SocketAddr>; 2] = Default::default();
        let mut first = None;
        for address in addresses {
            let is_first = *first.get_or_insert(address.is_ipv6()) == address.is_ipv6();
            let family = &mut families[usize::from(!is_first)];
            if !family.contains(&address) {
                family.push_back(address);
            }
        }
        let [mut same, mut other] = families;
        let mut left = VecDeque::new();
        while !same.is_empty() || !other.is_empty() {
            left.extend(same.pop_front());
            left.extend(other.pop_front());
        }
        Attempts { left, next_at: 0 }
    }

    /// What to do at `now`.
    pub fn step(&mut self, now: u64) -> Step {
        if self.left.is_empty() {
            return Step::Nothing;
        }
        if now < self.next_at {
            return Step::Wait(self.next_at);
        }
        self.next_at = now.saturating_add(ATTEMPT_NS);
        self.left.pop_front().map_or(Step::Nothing, Step::Dial)
    }

    /// An attempt failed: the next one begins at once.
    pub fn failed(&mut self) {
        self.next_at = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().expect("an address")).collect()
    }

    #[test]
    fn families_take_turns_and_each_address_is_tried_once() {
        let given = all(&["[::1]:1", "[::2]:1", "[::1]:1", "[::3]:1", "1.1.1.1:1", "1.1.1.2:1"]);
        let expected = all(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "1.1.1.2:1", "[::3]:1"]);
        assert_eq!(Vec::from(Attempts::new(given).left), expected);
        let given = all(&["1.1.1.1:1", "[::1]:1", "1.1.1.2:1"]);
        assert_eq!(Vec::from(Attempts::new(given.clone()).left), given);
    }

    #[test]
    fn an_attempt_begins_after_its_time_or_a_failure() {
        let addresses = all(&["1.1.1.1:1", "1.1.1.2:1", "1.1.1.3:1"]);
        let mut attempts = Attempts::new(addresses.clone());
        assert_eq!(attempts.step(5), Step::Dial(addresses[0]));
        assert_eq!(attempts.step(6), Step::Wait(5 + ATTEMPT_NS));
        attempts.failed();
        assert_eq!(attempts.step(7), Step::Dial(addresses[1]));
        assert_eq!(attempts.step(6 + ATTEMPT_NS), Step::Wait(7 + ATTEMPT_NS));
        assert_eq!(attempts.step(7 + ATTEMPT_NS), Step::Dial(addresses[2]));
        assert_eq!(attempts.step(u64::MAX), Step::Nothing);
        assert_eq!(Attempts::new([]).step(0), Step::Nothing);
    }
}
