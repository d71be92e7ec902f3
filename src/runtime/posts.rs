//! What other threads leave for a worker: bytes for a connection, and notes.
//!
//! Owns: a bounded queue per worker. Invariant: a post that was accepted is either obeyed by the
//! worker or, when it ends, dropped by it: nobody is let in once [`Posts::shut`] returned.

use crate::fault::{ECLOSED, Fault};
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use crossbeam_queue::ArrayQueue;
use std::sync::OnceLock;

/// Posts that wait for a worker at most.
const POSTS: usize = 1024;
/// Bytes in them at most.
const POST_BYTES: usize = 64 << 20;

/// One thing to do.
pub enum Post {
    /// Bytes for a connection.
    Send { conn: u64, bytes: Box<[u8]> },
    /// To be told as it is.
    Note { user: u64, res: i32 },
}

/// What waits for a worker.
#[derive(Default)]
pub struct Posts {
    queue: OnceLock<ArrayQueue<Post>>,
    bytes: AtomicUsize,
    visitors: AtomicU32,
    shut: AtomicBool,
}

pub struct Visit<'a>(&'a Posts);

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.0.visitors.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Posts {
    pub fn visit(&self) -> Result<Visit<'_>, Fault> {
        self.visitors.fetch_add(1, Ordering::SeqCst);
        let visit = Visit(self);
        if self.shut.load(Ordering::SeqCst) {
            return Err(Fault::new(ECLOSED, "the worker is over"));
        }
        Ok(visit)
    }

    pub fn push(&self, post: Post) -> Result<(), Fault> {
        let queue = self.queue.get_or_init(|| ArrayQueue::new(POSTS));
        queue.push(post).map_err(|_| full())
    }

    pub fn send(&self, conn: u64, data: &[u8]) -> Result<(), Fault> {
        let before = self.bytes.fetch_add(data.len(), Ordering::SeqCst);
        let room = before + data.len() <= POST_BYTES;
        let copied = if room { copy(data) } else { Err(full()) };
        let pushed = copied.and_then(|bytes| self.push(Post::Send { conn, bytes }));
        if pushed.is_err() {
            self.bytes.fetch_sub(data.len(), Ordering::SeqCst);
        }
        pushed
    }

    pub fn take(&self) -> Option<Post> {
        let post = self.queue.get()?.pop()?;
        if let Post::Send { bytes, .. } = &post {
            self.bytes.fetch_sub(bytes.len(), Ordering::SeqCst);
        }
        Some(post)
    }

    pub fn len(&self) -> usize {
        self.queue.get().map_or(0, ArrayQueue::len)
    }

    /// Let nobody in any more, and wait until the last one is out.
    pub fn shut(&self) {
        self.shut.store(true, Ordering::SeqCst);
        while self.visitors.load(Ordering::SeqCst) != 0 {
            std::thread::yield_now();
        }
    }
}

fn copy(data: &[u8]) -> Result<Box<[u8]>, Fault> {
    let mut bytes = Vec::new();
    let full = |_| Fault::errno(libc::ENOMEM, "no memory for what is posted");
    bytes.try_reserve_exact(data.len()).map_err(full)?;
    bytes.extend_from_slice(data);
    Ok(bytes.into_boxed_slice())
}

#[cold]
fn full() -> Fault {
    Fault::errno(libc::EAGAIN, "1024 posts or 64 MiB wait for the worker; post again later")
}
