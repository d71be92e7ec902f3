//! Answers every byte with itself: `echo_async_server [ADDRESS]`, 127.0.0.1:7878 without one.
//! Ctrl-C ends it when those who are connected were served.

// An `async fn` would borrow the handler: its future has to be 'static.
#![allow(clippy::manual_async_fn)]

use ringline::{AsyncEventHandler, ConfigBuilder, ConnCtx, ParseResult, RinglineBuilder, signal};
use std::error::Error;
use std::future::Future;

struct Echo;

impl AsyncEventHandler for Echo {
    fn create_for_worker(_worker: usize) -> Self {
        Echo
    }

    fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move {
            // What there is no room for now is shown again, when the other end has read.
            let echo = |bytes: &[u8]| match peer.send_nowait(bytes) {
                Ok(()) => ParseResult::Consumed(bytes.len()),
                Err(_) => ParseResult::NeedMore,
            };
            while peer.with_data(echo).await > 0 {}
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:7878".to_owned());
    let builder = RinglineBuilder::new(ConfigBuilder::new().build()?).bind(address.parse()?);
    let (stop, workers) = builder.launch::<Echo>()?;
    println!("listening on {}", stop.bound_addr().expect("it is bound"));
    signal::wait();
    stop.shutdown();
    for worker in workers {
        worker.join().expect("no panic")?;
    }
    Ok(())
}
