//! The life of an operation, as a state machine small enough to read at a glance.
//!
//! Free -> Live -> Free for what the kernel has (or will have at the next enter);
//! Free -> Parked -> (Live ->) Free for library operations that wait in user space.
//! Invariant: leaving Live or Parked for Free happens once, and with it goes the one FINAL.

use super::record::cf;

/// Where an operation is.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifecycle {
    /// No operation: the slot is on the free list.
    Free = 0,
    /// The kernel has it, or gets it with the next enter.
    Live = 1,
    /// It waits in user space: a timer, or a close that waits for its descriptor's operations.
    Parked = 2,
}

/// What a kernel completion means for its operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// More completions of the same operation will come.
    Progress,
    /// The kernel is done with the operation.
    Last,
    /// The slot has no operation in the kernel: a stale or foreign completion.
    Stray,
}

impl Lifecycle {
    /// Judge a kernel completion with `flags`.
    #[inline]
    pub fn on_completion(self, flags: u32) -> Step {
        match self {
            Lifecycle::Live if cf::is_last(flags) => Step::Last,
            Lifecycle::Live => Step::Progress,
            Lifecycle::Free | Lifecycle::Parked => Step::Stray,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_live_operation_completes() {
        assert_eq!(Lifecycle::Live.on_completion(cf::MORE), Step::Progress);
        assert_eq!(Lifecycle::Live.on_completion(0), Step::Last);
        for state in [Lifecycle::Free, Lifecycle::Parked] {
            assert_eq!(state.on_completion(0), Step::Stray);
            assert_eq!(state.on_completion(cf::MORE), Step::Stray);
        }
    }
}
