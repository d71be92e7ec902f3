//! An echo server on monoio's io_uring driver: one thread, a task per connection.

use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::{TcpListener, TcpStream};

async fn echo(mut stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let mut buffer = Vec::with_capacity(size());
    loop {
        let (read, filled) = stream.read(buffer).await;
        if !matches!(read, Ok(1..)) {
            return;
        }
        let (wrote, back) = stream.write_all(filled).await;
        if wrote.is_err() {
            return;
        }
        buffer = back;
    }
}

/// Bytes of a connection's buffer: the first argument.
fn size() -> usize {
    std::env::args().nth(1).and_then(|size| size.parse().ok()).unwrap_or(16384)
}

fn main() -> std::io::Result<()> {
    let builder = monoio::RuntimeBuilder::<monoio::IoUringDriver>::new().with_entries(4096);
    builder.build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        println!("listening on port {}", listener.local_addr()?.port());
        loop {
            let (stream, _) = listener.accept().await?;
            monoio::spawn(echo(stream));
        }
    })
}
