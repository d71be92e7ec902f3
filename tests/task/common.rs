//! What the tests of the Rust API share: a server of a handler, and clients with a limit.

use ringline::*;
use std::future::Future;
use std::net::{SocketAddr, TcpStream};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub const LIMIT: Duration = Duration::from_secs(20);

pub fn config() -> Config {
    ConfigBuilder::new().workers(1).pin_to_core(false).build().expect("valid")
}

pub fn client(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).expect("connect");
    stream.set_read_timeout(Some(LIMIT)).expect("a limit");
    stream
}

/// A server of `H` while `body` runs with its address; then it ends without an error.
pub fn serve<H: AsyncEventHandler>(config: Config, body: impl FnOnce(SocketAddr)) {
    let any = "127.0.0.1:0".parse().expect("an address");
    let (stop, workers) = RinglineBuilder::new(config).bind(any).launch::<H>().expect("launch");
    body(stop.bound_addr().expect("bound"));
    stop.shutdown();
    for worker in workers {
        worker.join().expect("no panic").expect("no error");
    }
}

pub struct Echo;

impl AsyncEventHandler for Echo {
    fn create_for_worker(_: usize) -> Self {
        Echo
    }

    fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move {
            let echo = |bytes: &[u8]| {
                peer.send_nowait(bytes).expect("room");
                ParseResult::Consumed(bytes.len())
            };
            while peer.with_data(echo).await > 0 {}
        }
    }
}

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// What makes the task of a worker of [`Once`], and the one test that has one.
static MAKE: Mutex<Option<Box<dyn FnOnce() -> Task + Send>>> = Mutex::new(None);
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The task is over, by a panic too: so is the runtime.
struct Ends(Arc<AtomicBool>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.store(!std::thread::panicking(), Ordering::SeqCst);
        request_shutdown().expect("on a worker");
    }
}

struct Once;

impl AsyncEventHandler for Once {
    fn create_for_worker(_: usize) -> Self {
        Once
    }

    fn on_accept(&self, _: ConnCtx) -> impl Future<Output = ()> + 'static {
        async {}
    }

    fn on_start(&self) -> Option<Task> {
        MAKE.lock().expect("no panic").take().map(|make| make())
    }
}

/// Run a task on a worker of `config`, which ends with it; a panic of the task is the caller's.
pub fn run<F>(config: Config, make: impl FnOnce() -> F + Send + 'static)
where
    F: Future<Output = ()> + 'static,
{
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let passed = Arc::new(AtomicBool::new(false));
    let ends = Ends(passed.clone());
    let make: Box<dyn FnOnce() -> Task + Send> = Box::new(|| {
        let task = make();
        Box::pin(async move {
            let _ends = ends;
            task.await;
        })
    });
    *MAKE.lock().expect("no panic") = Some(make);
    let (_stop, workers) = RinglineBuilder::new(config).launch::<Once>().expect("launch");
    for worker in workers {
        worker.join().expect("no panic").expect("no error");
    }
    assert!(passed.load(Ordering::SeqCst), "the task panicked: see above");
}
