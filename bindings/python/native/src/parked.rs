//! The loop runs again: what its stop ended is armed with the first turn, which finds what came
//! meanwhile as a selector does.
//!
//! Owns nothing. Invariant: what is known of an operation is told in its order, so only ends of
//! which nothing else waits to be told go first.

use crate::abi::*;
use crate::engine::Engine;
use crate::py::*;
use std::collections::HashMap;

/// Tell the ends of what can be armed again.
pub fn resume(me: &Ref, engine: &Engine) -> Py<()> {
    if engine.inbox(|inbox| inbox.is_empty()) {
        return Ok(());
    }
    let seen = engine.inbox(|inbox| {
        let mut seen: HashMap<u64, u32> = HashMap::new();
        inbox.iter().for_each(|one| *seen.entry(one.user_data).or_default() += 1);
        seen
    });
    let ended = |one: &Record| {
        one.res == -libc::ECANCELED
            && seen.get(&one.user_data) == Some(&1)
            && engine.table(|table| table.get(one.user_data).is_some_and(|entry| entry.restart))
    };
    let all = engine.inbox(std::mem::take);
    let (first, rest): (Vec<Record>, Vec<Record>) = all.into_iter().partition(ended);
    engine.inbox(|inbox| inbox.extend(first));
    let told = engine.dispatch(me);
    engine.inbox(|inbox| inbox.extend(rest));
    told
}
