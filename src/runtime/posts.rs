//! What other threads leave for a worker: bytes for a connection, and notes.
//!
//! Owns: a bounded queue per worker. Invariant: a post that was accepted is either obeyed by the
//! worker or, when it ends, dropped by it: nobody is let in once [`Posts::shut`] returned.

use super::connection::How;
use super::connection::{index_of, worker_of};
use super::worker::Worker;
use super::{Door, Event, Shared};
use crate::error::{ECLOSED, ESTALE, Fault};
use crate::ring::signal;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering, fence};
use crossbeam_queue::ArrayQueue;
use std::sync::OnceLock;

/// Posts that wait for a worker at most.
const POSTS: usize = 1024;
/// Bytes in them at most.
const POST_BYTES: usize = 64 << 20;
/// Longest message of one post.
const LONGEST: usize = 16 << 20;

/// One thing to do.
enum Post {
    /// Bytes for a connection.
    Send { conn: u64, bytes: Box<[u8]> },
    /// To be told as it is.
    Note { user: u64, res: i32 },
}

/// What waits for a worker.
#[derive(Default)]
pub(super) struct Posts {
    queue: OnceLock<ArrayQueue<Post>>,
    bytes: AtomicUsize,
    visitors: AtomicU32,
    shut: AtomicBool,
}

pub(super) struct Visit<'a>(&'a Posts);

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.0.visitors.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Posts {
    pub(super) fn visit(&self) -> Result<Visit<'_>, Fault> {
        self.visitors.fetch_add(1, Ordering::SeqCst);
        let visit = Visit(self);
        if self.shut.load(Ordering::SeqCst) {
            return Err(Fault::new(ECLOSED, "the worker is over"));
        }
        Ok(visit)
    }

    fn push(&self, post: Post) -> Result<(), Fault> {
        let queue = self.queue.get_or_init(|| ArrayQueue::new(POSTS));
        queue.push(post).map_err(|_| full())
    }

    fn send(&self, conn: u64, data: &[u8]) -> Result<(), Fault> {
        let before = self.bytes.fetch_add(data.len(), Ordering::SeqCst);
        let room = before + data.len() <= POST_BYTES;
        let copied = if room { copy(data) } else { Err(full()) };
        let pushed = copied.and_then(|bytes| self.push(Post::Send { conn, bytes }));
        if pushed.is_err() {
            self.bytes.fetch_sub(data.len(), Ordering::SeqCst);
        }
        pushed
    }

    fn take(&self) -> Option<Post> {
        let post = self.queue.get()?.pop()?;
        if let Post::Send { bytes, .. } = &post {
            self.bytes.fetch_sub(bytes.len(), Ordering::SeqCst);
        }
        Some(post)
    }

    fn len(&self) -> usize {
        self.queue.get().map_or(0, ArrayQueue::len)
    }

    /// Let nobody in any more, and wait until the last one is out.
    pub(super) fn shut(&self) {
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

impl Shared {
    fn posted(
        &self,
        worker: u64,
        post: impl FnOnce(&Posts) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let Some(place) = self.workers.get(worker as usize) else {
            return Err(Fault::new(ESTALE, "the runtime has no such worker"));
        };
        let _visit = place.posts.visit()?;
        post(&place.posts)?;
        // The worker lowers WAKE and then looks; without a full fence each could miss the other.
        fence(Ordering::SeqCst);
        let asleep = place.waking.get().filter(|wake| wake.signals() & signal::WAKE == 0);
        if let Some(wake) = asleep {
            wake.raise(signal::WAKE);
        }
        Ok(())
    }

    /// Have a copy of `data` sent on a connection. Any thread.
    pub fn post_send(&self, conn: u64, data: &[u8]) -> Result<(), Fault> {
        if data.len() > LONGEST {
            return Err(Fault::errno(libc::EMSGSIZE, "a post has 16 MiB at most"));
        }
        if conn >> 63 != 0 || conn == 0 {
            return Err(Fault::new(ESTALE, "there is no such connection"));
        }
        self.posted(worker_of(conn), |posts| posts.send(conn, data))
    }

    /// Tell a worker's user something. Any thread.
    pub fn post_note(&self, worker: u32, user: u64, res: i32) -> Result<(), Fault> {
        self.posted(worker.into(), |posts| posts.push(Post::Note { user, res }))
    }
}

impl Worker {
    /// Do what others left, as much as was there at the beginning.
    pub(super) fn take_posts(&self, door: &impl Door) {
        let posts = &self.shared.workers[self.index() as usize].posts;
        fence(Ordering::SeqCst);
        for _ in 0..posts.len() {
            match posts.take() {
                None => break,
                Some(Post::Note { user, res }) => door.tell(self, Event::Notified { user, res }),
                Some(Post::Send { conn, bytes }) => self.send_posted(conn, &bytes),
            }
        }
        if posts.len() > 0 {
            self.core.borrow().engine.driver.wake.raise(signal::WAKE);
        }
    }

    /// Nobody is there to be told that the queue is full: it may be twice as full, and then the
    /// connection is closed. Nothing gets lost in the middle.
    fn send_posted(&self, conn: u64, bytes: &[u8]) {
        let core = &mut self.core.borrow_mut().connections;
        let most = 2 * u64::from(core.config.high_water);
        let Ok(connection) = core.table.find(conn) else { return };
        if connection.check_sending().is_err() || bytes.is_empty() {
            return;
        }
        let queued = connection.queued();
        let room = queued == 0 || queued + bytes.len() as u64 <= most;
        let index = index_of(conn);
        let room = room && core.gather_short(index).is_ok();
        if room && core.table.at(index).push([bytes], &mut core.blocks).is_ok() {
            core.make_due(index);
        } else {
            core.close(index_of(conn), How::AtOnce, -libc::ENOBUFS);
        }
    }

    /// The end: nothing is taken any more, and what was is told.
    pub(super) fn end_posts(&self, door: &impl Door) {
        let posts = &self.shared.workers[self.index() as usize].posts;
        posts.shut();
        self.take_posts(door);
    }
}
