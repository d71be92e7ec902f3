//! Connects whoever connects to another server: `proxy LISTEN HOST:PORT`.

// An `async fn` would borrow the handler: its future has to be 'static.
#![allow(clippy::manual_async_fn)]

use ringline::{
    AsyncEventHandler, ConfigBuilder, ConnCtx, RinglineBuilder, SinkFd, connect_host_with_timeout,
    join,
};
use std::error::Error;
use std::future::Future;
use std::io;
use std::sync::OnceLock;

const CONNECT_MS: u64 = 10_000;

/// Where to: a handler is made without arguments.
static TARGET: OnceLock<(String, u16)> = OnceLock::new();

struct Proxy;

/// One direction, until its end, which is told.
async fn pipe(from: ConnCtx, to: ConnCtx) -> io::Result<u64> {
    let count = from.forward_to(&SinkFd::connection(to), u64::MAX).await;
    to.shutdown_write();
    count
}

impl AsyncEventHandler for Proxy {
    fn create_for_worker(_worker: usize) -> Self {
        Proxy
    }

    fn on_accept(&self, client: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move {
            let Some((host, port)) = TARGET.get() else { return };
            match connect_host_with_timeout(host, *port, CONNECT_MS).await {
                Ok(server) => {
                    let (up, down) = join(pipe(client, server), pipe(server, client)).await;
                    server.close();
                    println!("{:?}: {up:?} up, {down:?} down", client.peer_addr());
                }
                Err(error) => eprintln!("{error}"),
            }
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let (Some(listen), Some(target)) = (words.next(), words.next()) else {
        return Err("proxy LISTEN HOST:PORT".into());
    };
    let (host, port) = target.rsplit_once(':').ok_or("HOST:PORT has a colon")?;
    let target = (host.to_owned(), port.parse()?);
    TARGET.get_or_init(|| target);
    let (_stop, workers) = RinglineBuilder::new(ConfigBuilder::new().build()?)
        .bind(listen.parse()?)
        .launch::<Proxy>()?;
    for worker in workers {
        worker.join().expect("no panic")?;
    }
    Ok(())
}
