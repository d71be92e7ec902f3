//! What users lent to the connections of a worker: memory to send from, and files.
//!
//! Owns: the loans of a worker and the blocks that files are read into. Invariant: a loan is told
//! to be over exactly once, when neither the queue nor the kernel has anything of it: for memory
//! that is the completion without MORE, whatever it says.

use crate::fault::Fault;
use std::collections::VecDeque;

/// A block that a file is read into.
#[derive(Default)]
pub struct Slot {
    pub block: Option<Box<[u8]>>,
    pub from: u64,
    pub want: u32,
    pub filled: u32,
    pub reads: bool,
}

/// Which of a connection's queues a file is in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// What goes to the kernel as it is.
    Wire,
    /// What TLS encrypts first.
    Plain,
}

/// A file on its way: two blocks of it are read ahead.
#[derive(Default)]
pub struct Reading {
    pub fd: i32,
    pub offset: u64,
    /// Bytes that no read was asked for yet.
    pub left: u64,
    pub slots: [Slot; 2],
    /// The slot whose bytes come first.
    pub next: usize,
}

/// Something lent.
pub struct Loan {
    pub conn: u64,
    pub cookie: u64,
    /// Sends from it that the kernel is not done with.
    pub out: u32,
    /// Nothing of it is in the queue any more.
    pub sent: bool,
    pub file: Option<Box<Reading>>,
}

/// The loans of a worker.
#[derive(Default)]
pub struct Loans {
    pub list: Vec<Option<Loan>>,
    pub free: Vec<u32>,
    /// Connection and cookie of those that are over, to be told.
    pub ended: VecDeque<(u64, u64)>,
}

impl Loans {
    /// Room to end one loan more than there are: the end of a loan must not need memory.
    pub fn make_room(&mut self) -> Result<(), Fault> {
        let no_memory = |_| Fault::errno(libc::ENOMEM, "no memory for the loan");
        self.ended.try_reserve(self.list.len() + 1).map_err(no_memory)
    }

    pub fn insert(&mut self, loan: Loan) -> Result<u32, Fault> {
        let no_memory = |_| Fault::errno(libc::ENOMEM, "no memory for the loan");
        self.free.try_reserve(self.list.len() + 1 - self.free.len()).map_err(no_memory)?;
        self.make_room()?;
        if let Some(place) = self.free.pop() {
            self.list[place as usize] = Some(loan);
            return Ok(place);
        }
        self.list.try_reserve(1).map_err(no_memory)?;
        self.list.push(Some(loan));
        Ok(self.list.len() as u32 - 1)
    }

    pub fn get(&mut self, loan: u32) -> Option<&mut Loan> {
        self.list.get_mut(loan as usize)?.as_mut()
    }

    /// End it, if the kernel is done with it too. Returns it with what it holds.
    pub fn end_if_over(&mut self, loan: u32) -> Option<Loan> {
        let place = self.list.get_mut(loan as usize)?;
        place.as_ref().filter(|loan| loan.sent && loan.out == 0)?;
        let over = place.take()?;
        self.free.push(loan);
        self.ended.push_back((over.conn, over.cookie));
        Some(over)
    }
}
