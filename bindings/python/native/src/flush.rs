//! When what was written goes: at once, or with the others' at the end of the iteration.
//!
//! Owns the rule, the same as that of `_sending.py`. Invariant: what is collected goes with the
//! turn behind this iteration at the latest.

use crate::clock::monotonic;
use crate::core::Core;
use crate::engine::Engine;
use crate::names::slow;
use crate::py::*;
use crate::stream::Stream;
use std::cell::Cell;

/// What is asked for: at once where nothing else is ready, always, never.
const AUTO: u8 = 0;
const TURN: u8 = 2;
/// So long what was collected waits for the end of an iteration, in seconds: where callbacks
/// compute, one system call for each costs nothing, and the first need not wait for the last.
const LATEST: f64 = 0.0005;

/// What the rule looks at, all zero at first.
pub struct Flushing {
    /// Which of the three; `_sends` of the loop.
    pub(crate) way: Cell<u8>,
    /// How many handles of this iteration are behind the one that runs.
    pub(crate) behind: Cell<usize>,
    /// When the first of those collected was written.
    since: Cell<f64>,
}

/// Whether it is looked at what else is ready.
#[inline]
pub fn is_auto(core: &Core) -> bool {
    core.flushing.way.get() == AUTO
}

/// Whether a small write is sent at once: nothing else is ready in this iteration.
#[inline]
pub fn at_once(core: &Core) -> Py<bool> {
    let rule = &core.flushing;
    if rule.way.get() != AUTO || core.depth.get() == 0 {
        return Ok(rule.way.get() != TURN);
    }
    let collected = core.unflushed(|list| !list.is_empty());
    if !collected && rule.behind.get() == 0 && !has_completions(core) {
        return Ok(true);
    }
    let now = monotonic();
    if !collected {
        rule.since.set(now);
    } else if now - rule.since.get() > LATEST {
        flush_all(core, true)?;
        return Ok(true);
    }
    Ok(false)
}

/// Whether completions wait for their callbacks.
#[inline]
fn has_completions(core: &Core) -> bool {
    let engine = core.engine.get().filter(|_| core.native.get());
    engine.is_some_and(|engine| Engine::of(&engine).has_completions())
}

/// Flush every transport that was written to, with the turn or by calls.
pub fn flush_all(core: &Core, by_call: bool) -> Py<()> {
    let list = core.unflushed(std::mem::take);
    for (at, transport) in list.iter().enumerate() {
        if Stream::of(transport).flush(transport, by_call).is_err() {
            // The others are flushed all the same, by the next turn if it is to end the program.
            let told = caught().and_then(|error| slow(c"flush_failed", &[transport, &error]));
            if told.is_err() {
                core.unflushed(|fresh| fresh.extend_from_slice(&list[at + 1..]));
                return told.map(drop);
            }
        }
    }
    // The room is used again, unless somebody wrote meanwhile.
    core.unflushed(|fresh| {
        if fresh.is_empty() {
            let mut list = list;
            list.clear();
            *fresh = list;
        }
    });
    Ok(())
}
