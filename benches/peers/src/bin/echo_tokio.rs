//! An echo server on tokio: one thread, a task per connection, a buffer of 64 KiB each.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

async fn echo(mut stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let mut buffer = vec![0; size()];
    while let Ok(some @ 1..) = stream.read(&mut buffer).await {
        if stream.write_all(&buffer[..some]).await.is_err() {
            break;
        }
    }
}

/// Bytes of a connection's buffer: the first argument.
fn size() -> usize {
    std::env::args().nth(1).and_then(|size| size.parse().ok()).unwrap_or(16384)
}

fn main() -> std::io::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(async {
        let local = tokio::task::LocalSet::new();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("listening on port {}", listener.local_addr()?.port());
        local
            .run_until(async {
                loop {
                    let (stream, _) = listener.accept().await?;
                    tokio::task::spawn_local(echo(stream));
                }
            })
            .await
    })
}
