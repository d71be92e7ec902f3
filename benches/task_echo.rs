//! The echo server of `benches/gate` in Rust: `task_echo [BYTES]`: one worker, a task each.
//! It tells its port before the worker waits for the first time (under valgrind no other thread
//! runs while one waits in io_uring_enter), and ends when it has received so many bytes.

// An `async fn` would borrow the handler: its future has to be 'static.
#![allow(clippy::manual_async_fn)]

use ringline::{
    AsyncEventHandler, ConfigBuilder, ConnCtx, ParseResult, RinglineBuilder, request_shutdown,
};
use std::error::Error;
use std::future::Future;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};

static PORT: AtomicU16 = AtomicU16::new(0);
static LEFT: AtomicU64 = AtomicU64::new(u64::MAX);

struct Echo;

impl AsyncEventHandler for Echo {
    fn create_for_worker(_worker: usize) -> Self {
        Echo
    }

    fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move {
            let echo = |bytes: &[u8]| match peer.send_nowait(bytes) {
                Ok(()) => ParseResult::Consumed(bytes.len()),
                Err(_) => ParseResult::NeedMore,
            };
            loop {
                let count = peer.with_data(echo).await as u64;
                if count == 0 {
                    return;
                }
                let left = LEFT.load(Ordering::Relaxed);
                LEFT.store(left.saturating_sub(count), Ordering::Relaxed);
                if left <= count {
                    let _ = request_shutdown();
                }
            }
        }
    }

    fn on_start(&self) -> Option<Pin<Box<dyn Future<Output = ()>>>> {
        println!("listening on port {}", PORT.load(Ordering::Relaxed));
        None
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(bytes) = std::env::args().nth(1) {
        LEFT.store(bytes.parse()?, Ordering::Relaxed);
    }
    let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    PORT.store(free.port(), Ordering::Relaxed);
    let config = ConfigBuilder::new().workers(1).pin_to_core(false).build()?;
    let (_stop, workers) = RinglineBuilder::new(config).bind(free).launch::<Echo>()?;
    for worker in workers {
        worker.join().expect("no panic")?;
    }
    Ok(())
}
