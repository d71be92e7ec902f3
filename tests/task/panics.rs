//! Panics of a handler: its worker ends and says so, and nobody waits for ever.

use crate::common::*;
use ringline::*;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

struct Panics<const AT: u32>;

const MAKE: u32 = 0;
const START: u32 = 1;
const TICK: u32 = 2;

impl<const AT: u32> AsyncEventHandler for Panics<AT> {
    fn create_for_worker(_: usize) -> Self {
        assert!(AT != MAKE, "create_for_worker of a test");
        Panics
    }

    fn on_accept(&self, _: ConnCtx) -> impl Future<Output = ()> + 'static {
        async {}
    }

    fn on_start(&self) -> Option<Pin<Box<dyn Future<Output = ()>>>> {
        assert!(AT != START, "on_start of a test");
        None
    }

    fn on_tick(&mut self, _: &mut DriverCtx<'_>) {
        assert!(AT != TICK, "on_tick of a test");
    }
}

/// The error of a launch, or of the worker that it made.
fn error_of<const AT: u32>() -> Error {
    match RinglineBuilder::new(config()).launch::<Panics<AT>>() {
        Err(error) => error,
        Ok((_stop, workers)) => {
            let ended = workers.into_iter().map(|worker| worker.join().expect("it is caught"));
            ended.collect::<Result<(), _>>().expect_err("it panicked")
        }
    }
}

#[test]
fn a_handler_that_panics_ends_its_worker_with_an_error() {
    for error in [error_of::<MAKE>(), error_of::<START>(), error_of::<TICK>()] {
        assert!(error.to_string().contains("ended by a panic"), "{error}");
    }
}

/// What a thread drops at its end calls the crate once more.
struct Late(Sender<std::io::Result<()>>);

impl Drop for Late {
    fn drop(&mut self) {
        // The test may be over.
        let _ = self.0.send(request_shutdown());
    }
}

thread_local! {
    static LATE: RefCell<Option<Late>> = const { RefCell::new(None) };
}

static SAY: Mutex<Option<Sender<std::io::Result<()>>>> = Mutex::new(None);

struct PanicsLate;

impl AsyncEventHandler for PanicsLate {
    fn create_for_worker(_: usize) -> Self {
        PanicsLate
    }

    fn on_accept(&self, _: ConnCtx) -> impl Future<Output = ()> + 'static {
        async {}
    }

    fn on_tick(&mut self, _: &mut DriverCtx<'_>) {
        LATE.set(SAY.lock().expect("no panic").take().map(Late));
        panic!("on_tick of a test");
    }
}

#[test]
fn a_thread_whose_worker_panicked_is_no_worker() {
    let (say, said) = channel();
    *SAY.lock().expect("no panic") = Some(say);
    if let Ok((_stop, workers)) = RinglineBuilder::new(config()).launch::<PanicsLate>() {
        workers.into_iter().for_each(|worker| drop(worker.join().expect("it is caught")));
    }
    let late = said.recv_timeout(LIMIT).expect("told");
    assert_eq!(late.expect_err("no worker").kind(), std::io::ErrorKind::NotConnected);
}
