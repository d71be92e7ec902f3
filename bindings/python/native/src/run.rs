//! The run loop: one iteration of it, and several where nobody can tell.
//!
//! Invariant: an iteration runs what was ready when it began and nothing that was added since, as
//! asyncio's does; signals are looked at whenever Python runs, and in a turn that waits.

use crate::core::Core;
use crate::engine::Engine;
use crate::flush::flush_all;
use crate::handle::{Handle, finish};
use crate::names::{call_method, names, slow};
use crate::py::*;

/// Longest sleep: a day.
const LONGEST: f64 = 86_400.0;
/// Timers within the clock's resolution count as due.
const RESOLUTION: f64 = 1e-9;
/// Iterations before the interpreter gets a chance to let another thread run, and to look at
/// signals where no callback is Python's.
const ROUNDS: u32 = 64;

/// `_run_once`. Called by `run_forever` it may do several iterations while callbacks are ready.
pub fn run_once(me: &Ref, core: &Core) -> Py<()> {
    let depth = core.depth.get();
    let rounds = if depth == 0 && !core.thread.is_empty() { ROUNDS } else { 1 };
    core.depth.set(depth + 1);
    let result = rounds_of(me, core, rounds);
    core.depth.set(depth);
    core.flushing.behind.set(0);
    core.bound.forget();
    if depth == 0 && (result.is_err() || core.stopping.get() || core.thread.is_empty()) {
        core.settle();
    }
    result
}

fn rounds_of(me: &Ref, core: &Core, rounds: u32) -> Py<()> {
    for _ in 0..rounds {
        iteration(me, core)?;
        if core.stopping.get() || core.debug.get() || core.ready(|ready| ready.is_empty()) {
            break;
        }
    }
    Ok(())
}

/// As asyncio's: a look at the kernel, then what was ready before it, then what it brought, then
/// the timers that were due. What all of these add waits for the next look.
fn iteration(me: &Ref, core: &Core) -> Py<()> {
    let found = turn(me, core)?;
    if found {
        look(me, core)?;
        begin(core);
    }
    let before = core.ready(|ready| ready.len());
    if let Some(first) = core.heap(|heap| heap.first()) {
        let end = core.now(me)? + RESOLUTION;
        if first < end {
            core.ready(|ready| core.heap(|heap| heap.take_before(end, ready)));
        }
    }
    let due = core.ready(|ready| ready.len()) - before;
    if found {
        run_ready(me, core, before)?;
        dispatch(core)?;
        if due != 0 {
            catch_up(me, core)?;
        }
        run_ready(me, core, due)
    } else {
        run_ready(me, core, before + due)
    }
}

/// A turn brings but some of what is there, as an enter runs some twenty completions. What came
/// before a timer was due goes before it, as with a selector: one of each operation at most, so
/// that who sends on and on holds no timer up.
#[cold]
fn catch_up(me: &Ref, core: &Core) -> Py<()> {
    let Some(engine) = core.engine.get().filter(|_| core.native.get()) else { return Ok(()) };
    let native = Engine::of(&engine);
    let mut left = native.table(|table| table.len());
    while left > 0 && turn_for(me, core, Some(0.0))? {
        left = left.saturating_sub(native.inbox(|inbox| inbox.len()));
        let before = core.ready(|ready| ready.len());
        look(me, core)?;
        let joined = core.ready(|ready| {
            let joined = ready.len() - before;
            ready.rotate_right(joined);
            joined
        });
        run_ready(me, core, joined)?;
        dispatch(core)?;
    }
    Ok(())
}

/// What came in a turn before this one has run.
fn begin(core: &Core) {
    if let Some(engine) = core.engine.get().filter(|_| core.native.get()) {
        let native = Engine::of(&engine);
        native.began.set(native.turns.get());
    }
}

/// Readers and writers join the line before anything of it runs and adds to it, as with asyncio.
fn look(me: &Ref, core: &Core) -> Py<()> {
    match core.engine.get().filter(|_| core.native.get()) {
        Some(engine) if Engine::of(&engine).came_watched() => slow(c"look", &[me]).map(drop),
        _ => Ok(()),
    }
}

/// Run the first `count` ready handles.
fn run_ready(me: &Ref, core: &Core, count: usize) -> Py<()> {
    for behind in (0..count).rev() {
        core.flushing.behind.set(behind);
        let Some(handle) = core.ready(|ready| ready.pop_front()) else { break };
        if core.debug.get() {
            slow(c"run_timed", &[me, &handle])?;
        } else if let Some(part) = Handle::of(&handle) {
            let result = part.run(&handle);
            finish(handle);
            if core.gone(|gone| !gone.is_empty()) {
                core.sweep();
            }
            result?;
        } else if !handle.attr(&names().cancelled)?.truth()? {
            call_method(&handle, &names().run)?;
        }
    }
    Ok(())
}

/// Turn the ring: submit, and wait where nothing is ready. Whether there is something to dispatch.
fn turn(me: &Ref, core: &Core) -> Py<bool> {
    let idle = core.ready(|ready| ready.is_empty()) && !core.stopping.get();
    let timeout = if !idle {
        Some(0.0)
    } else {
        match core.heap(|heap| heap.first()) {
            None => None,
            Some(first) => Some((first - core.now(me)?).clamp(0.0, LONGEST)),
        }
    };
    if timeout == Some(0.0) && core.looks() {
        slow(c"look_untold", &[me])?;
    }
    // Who calls call_soon_threadsafe from here on wakes the ring.
    core.sleeping.set(idle);
    let result = turn_for(me, core, timeout);
    core.sleeping.set(false);
    result
}

fn turn_for(me: &Ref, core: &Core, mut timeout: Option<f64>) -> Py<bool> {
    if !core.unflushed(|list| list.is_empty()) {
        flush_all(core, false)?;
        // A flush that failed has left something to run.
        if !core.ready(|ready| ready.is_empty()) {
            timeout = Some(0.0);
        }
    }
    // What else collects before a turn is Python's, which turns the engine itself.
    if core.flushes.has_items() {
        return slow(c"turn", &[me, &python(timeout)?])?.truth();
    }
    match core.engine.get() {
        Some(engine) if core.native.get() => Engine::of(&engine).fetch(&engine, timeout),
        Some(engine) => engine.named(c"fetch")?.call(&[&python(timeout)?])?.truth(),
        None => Ok(false),
    }
}

fn dispatch(core: &Core) -> Py<()> {
    match core.engine.get() {
        Some(engine) if core.native.get() => Engine::of(&engine).dispatch(&engine),
        Some(engine) => engine.named(c"dispatch")?.call(&[]).map(drop),
        None => Ok(()),
    }
}

/// A turn for code that runs iterations of its own. Whether there is something to dispatch.
pub fn by_hand(me: &Ref, core: &Core, timeout: &Ref) -> Py<bool> {
    let seconds = if timeout.is_none() { None } else { Some(timeout.double()?) };
    let before = core.sleeping.replace(seconds != Some(0.0));
    let result = turn_for(me, core, seconds);
    core.sleeping.set(before);
    result
}

fn python(timeout: Option<f64>) -> Py {
    match timeout {
        Some(0.0) => Ref::int(0),
        Some(time) => Ref::float(time),
        None => Ok(Ref::none()),
    }
}
