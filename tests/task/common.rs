//! What the tests of the Rust API share: a server of a handler, and clients with a limit.

use ringline::*;
use std::future::Future;
use std::net::{SocketAddr, TcpStream};
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
