//! An echo server on the published crate of the name `ringline`, as its own example is: one worker.

use ringline::{AsyncEventHandler, ConfigBuilder, ConnCtx, ParseResult, RinglineBuilder};

struct Echo;

impl AsyncEventHandler for Echo {
    fn on_accept(&self, conn: ConnCtx) -> impl std::future::Future<Output = ()> + 'static {
        async move {
            let echo = |data: &[u8]| {
                let _ = conn.send_nowait(data);
                ParseResult::Consumed(data.len())
            };
            while conn.with_data(echo).await > 0 {}
        }
    }

    fn create_for_worker(_: usize) -> Self {
        Echo
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = ConfigBuilder::new().workers(1).pin_to_core(false).max_connections(16384);
    let address = "127.0.0.1:0".parse()?;
    let (shutdown, workers) =
        RinglineBuilder::new(config.build()?).bind(address).launch::<Echo>()?;
    println!("listening on port {}", shutdown.bound_addr().ok_or("no address")?.port());
    for worker in workers {
        worker.join().map_err(|_| "a worker panicked")??;
    }
    Ok(())
}
