//! Connects to an echo server and says a few words: `connect_echo [HOST [PORT]]`, an own server
//! without one.

// An `async fn` would borrow the handler: its future has to be 'static.
#![allow(clippy::manual_async_fn)]

use ringline::{
    AsyncEventHandler, ConfigBuilder, ConnCtx, ParseResult, RinglineBuilder, connect_host,
    request_shutdown,
};
use std::error::Error;
use std::future::Future;
use std::io;
use std::pin::Pin;

struct Both;

/// Say `text`, and wait until all of it came back.
async fn ask(conn: ConnCtx, text: &str) -> io::Result<()> {
    conn.send(text.as_bytes())?.await?;
    let whole = |bytes: &[u8]| match bytes.get(..text.len()) {
        Some(answer) => {
            println!("{}", String::from_utf8_lossy(answer));
            ParseResult::Consumed(text.len())
        }
        None => ParseResult::NeedAtLeast(text.len()),
    };
    match conn.with_data(whole).await {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

async fn talk() -> io::Result<()> {
    let mut words = std::env::args().skip(1);
    let host = words.next().unwrap_or_else(|| "localhost".to_owned());
    let port = words.next().and_then(|port| port.parse().ok()).unwrap_or(7878);
    let conn = connect_host(&host, port).await?;
    for text in ["hello", "over one connection", "goodbye"] {
        ask(conn, text).await?;
    }
    conn.close();
    Ok(())
}

impl AsyncEventHandler for Both {
    fn create_for_worker(_worker: usize) -> Self {
        Both
    }

    fn on_accept(&self, conn: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move { conn.run_direct_echo().await }
    }

    fn on_start(&self) -> Option<Pin<Box<dyn Future<Output = ()>>>> {
        Some(Box::pin(async {
            if let Err(error) = talk().await {
                eprintln!("connect_echo: {error}");
            }
            // On a worker this does not fail.
            let _ = request_shutdown();
        }))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut builder = RinglineBuilder::new(ConfigBuilder::new().workers(1).build()?);
    if std::env::args().len() == 1 {
        builder = builder.bind("127.0.0.1:7878".parse()?);
    }
    let (_stop, workers) = builder.launch::<Both>()?;
    for worker in workers {
        worker.join().expect("no panic")?;
    }
    Ok(())
}
