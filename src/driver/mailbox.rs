//! The mailbox of a ring: what other threads ask its owner to do.
//!
//! Owns: a bounded queue of messages and the numbers of the operations that came by it. Never
//! touches the ring. Invariant: a message that was taken is either obeyed or handed back by the
//! end of the ring: nobody is let in once [`Mailbox::shut`] returned.

use super::record::{Op, opcode, sqe_flag};
use super::wake::{Wake, signal};
use crate::fault::{ECLOSED, ESTALE, Fault};
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
use crossbeam_queue::ArrayQueue;
use std::sync::{Arc, OnceLock};

/// Messages that wait for the owner at most.
pub const MAILBOX_MESSAGES: usize = 1024;
/// Operations of one mailbox in flight at most.
pub const MAILBOX_OPS: u32 = 4096;

const INDEX_BITS: u32 = 12;
const INDEX_MASK: u64 = (1 << INDEX_BITS) - 1;
const _: () = assert!(1 << INDEX_BITS == MAILBOX_OPS);

/// Who is still let in.
mod open {
    /// Everybody.
    pub const ALL: u32 = 0;
    /// No new operation: the ring is closing.
    pub const CLOSING: u32 = 1;
    /// Nobody: the ring is gone.
    pub const GONE: u32 = 2;
}

/// One thing to do.
#[derive(Clone, Copy, Debug)]
pub enum Message {
    /// A record for the owner.
    Post {
        /// The poster's.
        user_data: u64,
        /// The poster's.
        res: i32,
    },
    /// Submit an operation; the rest is with its id.
    Submit {
        /// What to do.
        op: Op,
        /// Its id.
        id: u64,
    },
    /// Call a function on the owner thread.
    Call {
        /// Its address.
        callback: u64,
        /// Its context.
        ctx: u64,
    },
    /// Cancel the operation of an id.
    Cancel {
        /// Its id.
        id: u64,
    },
}

/// An operation that came by mail.
struct MailOp {
    /// Its id; between operations, that of the next one here.
    id: AtomicU64,
    /// Its token once the owner has submitted it.
    token: AtomicU64,
    callback: AtomicU64,
    ctx: AtomicU64,
}

/// The room for what is sent: 1/3 MiB, made for the first sender. Who only wakes needs none.
struct Room {
    messages: ArrayQueue<Message>,
    ops: Box<[MailOp]>,
    unused: ArrayQueue<u32>,
}

impl Room {
    fn new() -> Room {
        let fresh = |index| MailOp {
            id: AtomicU64::new(1 << INDEX_BITS | index),
            token: AtomicU64::new(0),
            callback: AtomicU64::new(0),
            ctx: AtomicU64::new(0),
        };
        let unused = ArrayQueue::new(MAILBOX_OPS as usize);
        for index in 0..MAILBOX_OPS {
            let _ = unused.push(index);
        }
        Room {
            messages: ArrayQueue::new(MAILBOX_MESSAGES),
            ops: (0..u64::from(MAILBOX_OPS)).map(fresh).collect(),
            unused,
        }
    }
}

/// What other threads hold of a ring.
pub struct Mailbox {
    room: OnceLock<Room>,
    open: AtomicU32,
    /// Threads that are inside and may still push or wake.
    visitors: AtomicU32,
    /// References to the handle.
    holders: AtomicU32,
    /// The handle that the holders have.
    handle: AtomicU64,
    wake: Arc<Wake>,
}

struct Visit<'a>(&'a Mailbox);

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.0.visitors.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Mailbox {
    /// An empty mailbox that wakes by `wake`.
    pub fn new(wake: Arc<Wake>) -> Mailbox {
        Mailbox {
            room: OnceLock::new(),
            open: AtomicU32::new(open::ALL),
            visitors: AtomicU32::new(0),
            holders: AtomicU32::new(0),
            handle: AtomicU64::new(0),
            wake,
        }
    }

    /// Come in, unless the ring got as far as `refused`. As long as the visit lasts the ring
    /// neither drains for the last time nor closes the eventfd.
    fn visit(&self, refused: u32) -> Result<Visit<'_>, Fault> {
        self.visitors.fetch_add(1, Ordering::SeqCst);
        let visit = Visit(self);
        if self.open.load(Ordering::SeqCst) >= refused {
            return Err(closed());
        }
        Ok(visit)
    }

    /// Leave a message. Any thread.
    fn push(&self, message: Message) -> Result<(), Fault> {
        self.room().messages.push(message).map_err(|_| full())?;
        // The owner lowers MAIL and then looks; we leave the message and then look at MAIL.
        // Without a full fence on both sides each could miss the other.
        fence(Ordering::SeqCst);
        if self.wake.signals() & signal::MAIL == 0 {
            self.wake.raise(signal::MAIL);
        }
        Ok(())
    }

    /// A record for the owner. Any thread.
    pub fn post(&self, user_data: u64, res: i32) -> Result<(), Fault> {
        let _visit = self.visit(open::GONE)?;
        self.push(Message::Post { user_data, res })
    }

    /// Have `callback` called on the owner thread. Any thread.
    pub fn call(&self, callback: u64, ctx: u64) -> Result<(), Fault> {
        let _visit = self.visit(open::GONE)?;
        self.push(Message::Call { callback, ctx })
    }

    /// Have an operation submitted; its completions go to `callback`, or (0) to the records.
    /// Returns its id. Any thread.
    pub fn submit(&self, op: &Op, callback: u64, ctx: u64) -> Result<u64, Fault> {
        check(op)?;
        let _visit = self.visit(open::CLOSING)?;
        let room = self.room();
        let Some(index) = room.unused.pop() else {
            return Err(Fault::errno(
                libc::EAGAIN,
                "4096 operations of this mailbox are in flight; submit again when some ended",
            ));
        };
        let entry = &room.ops[index as usize];
        let id = entry.id.load(Ordering::Relaxed);
        entry.callback.store(callback, Ordering::Relaxed);
        entry.ctx.store(ctx, Ordering::Relaxed);
        let pushed = self.push(Message::Submit { op: *op, id });
        if pushed.is_err() {
            let _ = room.unused.push(index);
        }
        pushed.map(|()| id)
    }

    /// Ask for the operation of `id` to end. Any thread.
    pub fn cancel(&self, id: u64) -> Result<(), Fault> {
        let _visit = self.visit(open::GONE)?;
        if self.entry(id).is_none() {
            return Err(Fault::new(ESTALE, "the operation of this id is gone already"));
        }
        self.push(Message::Cancel { id })
    }

    /// Have the ring closed by its owner, after what was posted before. Any thread.
    pub fn close(&self) -> Result<(), Fault> {
        let _visit = self.visit(open::GONE)?;
        self.refuse_ops();
        self.wake.raise(signal::CLOSE | signal::MAIL);
        Ok(())
    }

    /// End a wait of the owner. Any thread and signal handlers: atomics and one write.
    pub fn wake(&self) -> Result<(), i32> {
        self.visitors.fetch_add(1, Ordering::SeqCst);
        let visit = Visit(self);
        if self.open.load(Ordering::SeqCst) >= open::GONE {
            return Err(ECLOSED);
        }
        self.wake.raise(signal::WAKE);
        drop(visit);
        Ok(())
    }

    /// The ring is closing: no new operation is let in.
    pub fn refuse_ops(&self) {
        self.open.fetch_max(open::CLOSING, Ordering::SeqCst);
    }

    /// The ring ends: let nobody in any more, and wait until the last one is out. What is in the
    /// queue then is all there will ever be.
    pub fn shut(&self) {
        self.open.store(open::GONE, Ordering::SeqCst);
        while self.visitors.load(Ordering::SeqCst) != 0 {
            std::thread::yield_now();
        }
    }

    /// The oldest message. Owner thread; after MAIL was lowered.
    pub fn take(&self) -> Option<Message> {
        fence(Ordering::SeqCst);
        self.room.get()?.messages.pop()
    }

    fn room(&self) -> &Room {
        self.room.get_or_init(Room::new)
    }

    fn entry(&self, id: u64) -> Option<&MailOp> {
        let entry = &self.room.get()?.ops[(id & INDEX_MASK) as usize];
        (entry.id.load(Ordering::Relaxed) == id).then_some(entry)
    }

    /// The owner submitted the operation of `id`.
    pub fn started(&self, id: u64, token: u64) {
        if let Some(entry) = self.entry(id) {
            entry.token.store(token, Ordering::Relaxed);
        }
    }

    /// The token of an operation in flight.
    pub fn token(&self, id: u64) -> Option<u64> {
        self.entry(id).map(|entry| entry.token.load(Ordering::Relaxed))
    }

    /// Where the completions of an operation go.
    pub fn sink(&self, id: u64) -> (u64, u64) {
        let entry = &self.room().ops[(id & INDEX_MASK) as usize];
        (entry.callback.load(Ordering::Relaxed), entry.ctx.load(Ordering::Relaxed))
    }

    /// The operation of `id` ended: its id is stale for ever.
    pub fn ended(&self, id: u64) {
        if let Some(entry) = self.entry(id) {
            entry.token.store(0, Ordering::Relaxed);
            entry.id.store(id + (1 << INDEX_BITS), Ordering::Relaxed);
            let _ = self.room().unused.push((id & INDEX_MASK) as u32);
        }
    }

    /// One more holder of the handle, which it gives; None when the last one let go.
    pub fn hold(&self) -> Option<u64> {
        let more = |held: u32| if held == 0 { None } else { held.checked_add(1) };
        self.holders.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more).ok()?;
        Some(self.handle.load(Ordering::SeqCst))
    }

    /// One holder less; true for the last one, None when there was none.
    pub fn let_go(&self) -> Option<bool> {
        let less = |held: u32| held.checked_sub(1);
        let held = self.holders.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).ok()?;
        // A loop that ran only for its mailbox may end now.
        if held == 1 {
            let _ = self.wake();
        }
        Some(held == 1)
    }

    /// A new handle with one holder; nobody holds an old one.
    pub fn name(&self, handle: u64) {
        self.handle.store(handle, Ordering::SeqCst);
        self.holders.store(1, Ordering::SeqCst);
    }

    /// Whether another thread may still send something.
    pub fn is_held(&self) -> bool {
        self.holders.load(Ordering::SeqCst) != 0
    }
}

/// What may be submitted by mail.
fn check(op: &Op) -> Result<(), Fault> {
    if op.flags & (sqe_flag::IO_LINK | sqe_flag::IO_HARDLINK) != 0 {
        return Err(Fault::errno(
            libc::EINVAL,
            "a chain would be mixed with what others post; submit it in ringline_mailbox_call",
        ));
    }
    if op.opcode == opcode::SEND && op.ext != 0 {
        return Err(Fault::errno(libc::EINVAL, "a QUIET send by mail would end without a word"));
    }
    Ok(())
}

#[cold]
fn closed() -> Fault {
    Fault::new(ECLOSED, "the ring of this mailbox is closed")
}

#[cold]
fn full() -> Fault {
    Fault::errno(libc::EAGAIN, "1024 messages wait for the owner of the ring; post again later")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailbox() -> Mailbox {
        Mailbox::new(Arc::new(Wake::new(-1, |_| {})))
    }

    #[test]
    fn an_id_names_one_operation_for_ever() {
        let mail = mailbox();
        let op = Op::default();
        let first = mail.submit(&op, 0, 0).unwrap();
        assert_eq!(first >> 63, 0);
        mail.started(first, 7);
        assert_eq!(mail.token(first), Some(7));
        mail.ended(first);
        assert_eq!(mail.token(first), None);
        mail.ended(first);
        let mut ids = std::collections::HashSet::from([first]);
        let mut taken = 0;
        loop {
            while mail.take().is_some() {}
            match mail.submit(&op, 0, 0) {
                Ok(id) => assert!(ids.insert(id)),
                Err(fault) => break assert_eq!(fault.code, -libc::EAGAIN),
            }
            taken += 1;
        }
        assert_eq!(taken, MAILBOX_OPS, "ending twice gave a number away twice");
    }

    #[test]
    fn a_full_queue_loses_nothing() {
        let mail = mailbox();
        for at in 0..MAILBOX_MESSAGES as u64 {
            mail.post(at, 0).unwrap();
        }
        assert_eq!(mail.post(9999, 0).unwrap_err().code, -libc::EAGAIN);
        assert_eq!(mail.submit(&Op::default(), 0, 0).unwrap_err().code, -libc::EAGAIN);
        for at in 0..MAILBOX_MESSAGES as u64 {
            assert!(
                matches!(mail.take(), Some(Message::Post { user_data, .. }) if user_data == at)
            );
        }
        assert!(mail.take().is_none());
        assert_eq!(mail.room().unused.len(), MAILBOX_OPS as usize);
    }
}
