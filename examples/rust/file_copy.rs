//! Copies a file, by pieces of which several are under way at a time: `file_copy FROM TO`.

use bytes::BytesMut;
use ringline::fs::{self, File, OpenFlags};
use ringline::{AsyncEventHandler, ConfigBuilder, ConnCtx, RinglineBuilder};
use std::cell::Cell;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::OnceLock;

const PIECE: u64 = 256 << 10;
const UNDER_WAY: usize = 8;

/// Where from and where to: a handler is made without arguments.
static PATHS: OnceLock<(PathBuf, PathBuf)> = OnceLock::new();
/// What became of it.
static COPIED: OnceLock<io::Result<u64>> = OnceLock::new();

struct Copier;

impl AsyncEventHandler for Copier {
    fn create_for_worker(_worker: usize) -> Self {
        Copier
    }

    fn on_start(&self) -> Option<Pin<Box<dyn Future<Output = ()>>>> {
        Some(Box::pin(async {
            let (from, to) = PATHS.get().expect("set before the launch");
            let _ = COPIED.set(copy(from.clone(), to.clone()).await);
            let _ = ringline::request_shutdown();
        }))
    }

    fn on_accept(&self, _conn: ConnCtx) -> impl Future<Output = ()> + 'static {
        std::future::ready(())
    }
}

/// Copies a file; how many bytes it has.
async fn copy(from: PathBuf, to: PathBuf) -> io::Result<u64> {
    let source = fs::open(from, OpenFlags::READ, 0)?.await?.owned();
    let about = fs::file_metadata(*source)?.await?;
    let new = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
    let target = fs::open(to, new, about.mode & 0o777)?.await?.owned();
    // Each task takes the next piece, until there is none.
    let next = Rc::new(Cell::new(0));
    let mut tasks = Vec::new();
    for _ in 0..UNDER_WAY {
        let pieces = copy_pieces(*source, *target, about.size, next.clone());
        tasks.push(ringline::spawn_with_handle(pieces)?);
    }
    for task in tasks {
        task.await.map_err(io::Error::other)??;
    }
    fs::fdatasync(*target)?.await?;
    Ok(about.size)
}

async fn copy_pieces(source: File, target: File, size: u64, next: Rc<Cell<u64>>) -> io::Result<()> {
    let mut buffer = BytesMut::with_capacity(PIECE as usize);
    while next.get() < size {
        let (mut at, end) = (next.get(), size.min(next.get() + PIECE));
        next.set(end);
        while at < end {
            buffer.clear();
            let (read, filled) = fs::read_into(source, at, buffer)?.await;
            if read? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            // The buffer comes back when nobody has its bytes any more.
            let bytes = filled.freeze();
            fs::write_all(target, at, bytes.clone()).await.0?;
            at += bytes.len() as u64;
            buffer = bytes.try_into_mut().map_err(|_| io::Error::other("a buffer was kept"))?;
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut paths = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(from), Some(to)) = (paths.next(), paths.next()) else {
        return Err("usage: file_copy FROM TO".into());
    };
    let _ = PATHS.set((from, to));
    let config = ConfigBuilder::new().workers(1).build()?;
    let (_stop, workers) = RinglineBuilder::new(config).launch::<Copier>()?;
    for worker in workers {
        worker.join().map_err(|_| "a worker panicked")??;
    }
    match COPIED.get() {
        Some(Ok(size)) => println!("{size} bytes"),
        Some(Err(error)) => return Err(error.to_string().into()),
        None => return Err("the worker ended before the copy".into()),
    }
    Ok(())
}
