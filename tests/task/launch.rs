//! What the handle of a runtime can do from outside.

use crate::common::*;
use ringline::*;
use std::future::Future;
use std::io::ErrorKind;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

static SAY: Mutex<Option<Sender<usize>>> = Mutex::new(None);

struct Woken {
    worker: usize,
    say: Sender<usize>,
}

impl AsyncEventHandler for Woken {
    fn create_for_worker(worker: usize) -> Self {
        Woken { worker, say: SAY.lock().expect("no panic").clone().expect("a test") }
    }

    fn on_accept(&self, _: ConnCtx) -> impl Future<Output = ()> + 'static {
        async {}
    }

    fn on_notify(&mut self, _: &mut DriverCtx<'_>) {
        self.say.send(self.worker).expect("a test");
    }
}

#[test]
fn a_worker_is_woken_from_outside_and_after_its_end() {
    let (say, said) = channel();
    *SAY.lock().expect("no panic") = Some(say);
    let mut config = config();
    config.worker.threads = 2;
    let (stop, workers) = RinglineBuilder::new(config).launch::<Woken>().expect("launch");
    assert_eq!(stop.worker_count(), 2);
    assert!(stop.worker_wake_handle(2).is_none());
    let handles = [1, 0].map(|worker| stop.worker_wake_handle(worker).expect("a worker"));
    for (handle, worker) in handles.iter().zip([1, 0]) {
        handle.wake();
        assert_eq!(said.recv_timeout(LIMIT).expect("woken"), worker);
    }
    drop(stop);
    for worker in workers {
        worker.join().expect("no panic").expect("no error");
    }
    handles.iter().for_each(WakeHandle::wake);
}

#[test]
fn regions_are_registered_while_it_runs() {
    let memory: &'static mut [u8] = Box::leak(Box::new([7; 64]));
    let region = MemoryRegion { ptr: memory.as_mut_ptr(), len: memory.len() };
    let (stop, workers) = RinglineBuilder::new(config()).launch::<Echo>().expect("launch");
    let first = stop.register_region(region).expect("room");
    let second = stop.register_region(region).expect("room");
    assert_ne!(first, second);
    stop.unregister_region(first).expect("registered");
    let again = stop.unregister_region(first).expect_err("it is none any more");
    assert_eq!(again.kind(), ErrorKind::NotFound);
    // Its place is the next one's.
    assert_eq!(stop.register_region(region).expect("room"), first);
    drop(stop);
    for worker in workers {
        worker.join().expect("no panic").expect("no error");
    }
}
