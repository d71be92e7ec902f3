//! What other threads leave for a worker, and what it does of that.
//!
//! Owns: nothing; the posts are those of the workers' places.

use super::event::{Door, Event};
use super::state::Worker;
use crate::driver::signal;
use crate::fault::{ESTALE, Fault};
use crate::runtime::connection::{How, index_of, worker_of};
use crate::runtime::posts::{Post, Posts};
use crate::runtime::shared::Shared;
use core::sync::atomic::{Ordering, fence};

/// Longest message of one post.
const LONGEST: usize = 16 << 20;

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
