//! Limits of a worker: tasks, timers, and what it costs while nothing happens.

use crate::common::*;
use ringline::*;
use std::cell::Cell;
use std::future::{Future, pending};
use std::io::ErrorKind;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

/// Says when it is dropped.
struct Dropped(Rc<Cell<bool>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

#[test]
fn the_slab_of_tasks_is_full_until_one_ends() {
    let few = ConfigBuilder::new().workers(1).pin_to_core(false).standalone_task_capacity(3);
    run(few.build().expect("valid"), || async {
        let dropped = Rc::new(Cell::new(false));
        let says = Dropped(dropped.clone());
        let first = spawn(async move {
            let _says = says;
            pending::<()>().await;
        });
        let first = first.expect("room");
        for _ in 0..2 {
            spawn(pending()).expect("room");
        }
        assert_eq!(spawn(async {}).expect_err("full").kind(), ErrorKind::StorageFull);
        let error = spawn_with_handle(async {}).expect_err("full");
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        first.cancel();
        assert!(dropped.get(), "at once, though it never ran");
        let again = spawn_with_handle(async { 5 }).expect("room");
        // The first one's place is another's now: its name does nothing to that.
        first.cancel();
        assert_eq!(timeout(LIMIT, again).await, Ok(Ok(5)));
    });
    assert_eq!(spawn(async {}).expect_err("no worker").kind(), ErrorKind::NotConnected);
}

#[test]
fn timers_beyond_the_slots_are_refused_or_grow() {
    let few = ConfigBuilder::new().workers(1).pin_to_core(false).timer_slots(2);
    run(few.build().expect("valid"), || async {
        let long = Duration::from_secs(3600);
        let one = try_sleep(long).expect("a slot");
        let other = try_timeout(long, pending::<()>()).expect("a slot");
        assert_eq!(try_sleep(long).err(), Some(TimerExhausted));
        assert_eq!(try_timeout_at(Deadline::after(long), async {}).err(), Some(TimerExhausted));
        // These have no limit.
        let short = Duration::from_millis(1);
        let grown = join(sleep(short), sleep(short));
        timeout(LIMIT, grown).await.expect("in time");
        drop(one);
        let again = try_sleep_until(Deadline::after(short)).expect("the slot is free");
        timeout(LIMIT, again).await.expect("in time");
        drop(other);
    });
}

#[test]
fn the_first_of_a_select_wins_a_tie() {
    run(config(), || async {
        assert!(matches!(select(async { 1 }, async { 2 }).await, Either::Left(1)));
        assert!(matches!(select(pending::<u8>(), async { 2 }).await, Either::Right(2)));
        let third = select3(pending::<u8>(), pending::<u8>(), async { 3 }).await;
        assert!(matches!(third, Either3::Third(3)));
        assert_eq!(join3(async { 1 }, async { "2" }, async { '3' }).await, (1, "2", '3'));
    });
}

static IDLER: AtomicI32 = AtomicI32::new(0);

/// Overrides nothing that it need not.
struct Idle;

impl AsyncEventHandler for Idle {
    fn create_for_worker(_: usize) -> Self {
        Idle
    }

    fn on_accept(&self, _: ConnCtx) -> impl Future<Output = ()> + 'static {
        async {}
    }

    fn on_start(&self) -> Option<Pin<Box<dyn Future<Output = ()>>>> {
        // SAFETY: it has no preconditions.
        IDLER.store(unsafe { libc::gettid() }, Ordering::SeqCst);
        None
    }
}

/// How often a thread was given a CPU: see schedstats in the kernel's documentation.
fn turns_of(thread: i32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/self/task/{thread}/schedstat"));
    let text = text.expect("the thread is there");
    text.split_whitespace().nth(2).and_then(|turns| turns.parse().ok()).expect("a number")
}

#[test]
fn a_worker_that_has_nothing_to_do_sleeps() {
    serve::<Idle>(config(), |_| {
        let begun = Instant::now();
        while IDLER.load(Ordering::SeqCst) == 0 {
            assert!(begun.elapsed() < LIMIT, "no worker");
            std::thread::yield_now();
        }
        let thread = IDLER.load(Ordering::SeqCst);
        // A tick of the default would come 1000 times in the second that is measured.
        let quiet = || {
            let before = turns_of(thread);
            std::thread::sleep(Duration::from_secs(1));
            turns_of(thread) - before < 10
        };
        assert!((0..5).any(|_| quiet()), "the worker runs though nothing happens");
    });
}
