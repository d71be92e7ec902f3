//! Sends lines of its input to an echo server and shows what comes back: `echo_client [ADDRESS]`,
//! 127.0.0.1:7878 without one.

// An `async fn` would borrow the handler: its future has to be 'static.
#![allow(clippy::manual_async_fn)]

use ringline::{
    AsyncEventHandler, ConfigBuilder, ConnCtx, ParseResult, RinglineBuilder, connect_with_timeout,
    request_shutdown, spawn_blocking, timeout,
};
use std::error::Error;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::OnceLock;
use std::time::Duration;

const CONNECT_MS: u64 = 5_000;
const ANSWER: Duration = Duration::from_secs(5);

/// Where to: a handler is made without arguments.
static TARGET: OnceLock<SocketAddr> = OnceLock::new();
/// How it ended.
static ENDED: OnceLock<io::Result<()>> = OnceLock::new();

struct Client;

/// The next line of the input, without stopping the worker meanwhile; empty = there is none.
async fn next_line() -> io::Result<String> {
    let read = || {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|_| line)
    };
    spawn_blocking(read)?.await
}

/// Wait for so many bytes, and show them.
async fn show(conn: ConnCtx, count: usize) -> io::Result<()> {
    let whole = |bytes: &[u8]| match bytes.get(..count) {
        Some(answer) => {
            print!("{}", String::from_utf8_lossy(answer));
            ParseResult::Consumed(count)
        }
        None => ParseResult::NeedAtLeast(count),
    };
    match timeout(ANSWER, conn.with_data(whole)).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

async fn talk(to: SocketAddr) -> io::Result<()> {
    let conn = connect_with_timeout(to, CONNECT_MS)?.await?;
    loop {
        let line = next_line().await?;
        if line.is_empty() {
            return Ok(());
        }
        conn.send(line.as_bytes())?.await?;
        show(conn, line.len()).await?;
    }
}

impl AsyncEventHandler for Client {
    fn create_for_worker(_worker: usize) -> Self {
        Client
    }

    fn on_accept(&self, _conn: ConnCtx) -> impl Future<Output = ()> + 'static {
        async {}
    }

    fn on_start(&self) -> Option<Pin<Box<dyn Future<Output = ()>>>> {
        let to = *TARGET.get()?;
        Some(Box::pin(async move {
            let _ = ENDED.set(talk(to).await);
            // On a worker this does not fail.
            let _ = request_shutdown();
        }))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:7878".to_owned());
    TARGET.set(address.parse()?).expect("set once");
    let config = ConfigBuilder::new().workers(1).build()?;
    let (_stop, workers) = RinglineBuilder::new(config).launch::<Client>()?;
    for worker in workers {
        worker.join().expect("no panic")?;
    }
    match ENDED.get() {
        Some(Err(error)) => Err(format!("{address}: {error}").into()),
        _ => Ok(()),
    }
}
