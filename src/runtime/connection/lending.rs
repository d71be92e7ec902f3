//! What users lend to a connection: memory to send from, and files.
//!
//! Owns: the loans of a worker and the blocks that files are read into. Never closes a descriptor
//! of the user's. Invariant: a loan is told to be over exactly once, when neither the queue nor the
//! kernel has anything of it: for memory that is the completion without MORE, whatever it says.

use super::connections::Connections;
use super::loans::{Layer, Loan, Reading, Slot};
use super::outbound::ZeroCopy;
use super::state::Connection;
use super::table::{index_of, local};
use super::teardown::Life;
use crate::driver::{Completion, Op, cf, opcode};
use crate::fault::Fault;
use crate::runtime::flight::Flight;
use crate::runtime::kind;
use crate::runtime::queue::{LARGE, Next, SMALL, SendQueue, Source};

const MSG_WAITALL: u32 = libc::MSG_WAITALL as u32;
/// Loans of nothing that wait to be told at most: no queue counts them.
const MOST_OF_NOTHING: usize = 1 << 16;
/// Where in the user data of a read its slot is; below is the loan.
const SLOT_SHIFT: u32 = 32;

fn queue_of(connection: &mut Connection, layer: Layer) -> &mut SendQueue {
    match layer {
        Layer::Wire => &mut connection.outbound.queue,
        Layer::Plain => connection.outgoing(),
    }
}

impl Connections {
    /// Queue memory of the user's.
    pub fn lend(&mut self, index: usize, data: &[u8], cookie: u64) -> Result<(), Fault> {
        let connection = self.table.at(index);
        let id = connection.id;
        if data.is_empty() {
            return self.lend_nothing(id, cookie);
        }
        // Where the kernel copies anyway, small messages go together.
        if connection.outbound.zero_copy == ZeroCopy::Copies && data.len() <= SMALL {
            self.loans.make_room()?;
            connection.push([data], &mut self.blocks)?;
            self.loans.ended.push_back((id, cookie));
            self.make_due(index);
            return Ok(());
        }
        let loan = self.loans.insert(Loan { conn: id, cookie, out: 0, sent: false, file: None })?;
        let (address, len) = (data.as_ptr() as u64, data.len() as u32);
        let queue = self.table.at(index).outgoing();
        let queued = queue.push_lent(loan, address, len, &mut self.blocks);
        self.lent(index, loan, queued)
    }

    /// What nobody reads is over at once, and told later.
    fn lend_nothing(&mut self, conn: u64, cookie: u64) -> Result<(), Fault> {
        if self.loans.ended.len() >= MOST_OF_NOTHING {
            let text = "65536 loans of nothing wait to be told: return from the callback first";
            return Err(Fault::errno(libc::ENOBUFS, text));
        }
        self.loans.make_room()?;
        self.loans.ended.push_back((conn, cookie));
        Ok(())
    }

    /// Queue `len` bytes of a file.
    pub fn lend_file(
        &mut self,
        index: usize,
        (fd, offset, len): (i32, u64, u64),
        cookie: u64,
    ) -> Result<(), Fault> {
        let conn = self.table.at(index).id;
        if len == 0 {
            return self.lend_nothing(conn, cookie);
        }
        let file = Reading { fd, offset, left: len, ..Reading::default() };
        let loan = Loan { conn, cookie, out: 0, sent: false, file: Some(Box::new(file)) };
        let loan = self.loans.insert(loan)?;
        let queued = self.table.at(index).outgoing().push_file(loan, len, &mut self.blocks);
        self.lent(index, loan, queued)
    }

    fn lent(&mut self, index: usize, loan: u32, queued: Result<(), Fault>) -> Result<(), Fault> {
        if queued.is_err() {
            self.loans.list[loan as usize] = None;
            self.loans.free.push(loan);
        } else {
            self.make_due(index);
        }
        queued
    }

    /// Nothing of a loan is in the queue any more.
    pub fn loan_is_sent(&mut self, loan: u32) {
        if let Some(sent) = self.loans.get(loan) {
            sent.sent = true;
        }
        let Some(over) = self.loans.end_if_over(loan) else { return };
        for slot in over.file.into_iter().flat_map(|file| file.slots) {
            if let Some(block) = slot.block {
                self.blocks.put(block);
            }
        }
    }

    /// Send what is lent, or read it first; the send and its length, if there is one.
    pub fn settle_lent(
        &mut self,
        index: usize,
        mut next: Next,
    ) -> Result<Option<(Flight, u32)>, Fault> {
        loop {
            let (flight, len) = match next {
                Next::Bytes(address, len) => (self.send_bytes(index, address, len)?, len),
                Next::Lent(address, len, _) if self.cannot_lend(index) => {
                    (self.send_bytes(index, address, len)?, len)
                }
                Next::Lent(address, len, loan) => {
                    (self.send_lent(index, (address, len), loan)?, len)
                }
                Next::File(loan) => {
                    if !self.settle_file(index, loan, Layer::Wire)? {
                        return Ok(None);
                    }
                    next = self.table.at(index).outbound.queue.next(&mut self.blocks);
                    continue;
                }
                Next::Nothing => {
                    // A file was last: what is to happen behind it does so now.
                    self.make_due(index);
                    return Ok(None);
                }
            };
            return Ok(Some((flight, len)));
        }
    }

    fn cannot_lend(&mut self, index: usize) -> bool {
        self.table.at(index).outbound.zero_copy == ZeroCopy::Fails
    }

    /// Send from the user's own pages.
    fn send_lent(
        &mut self,
        index: usize,
        (address, len): (u64, u32),
        loan: u32,
    ) -> Result<Flight, Fault> {
        let op = Op {
            opcode: opcode::SEND_ZC,
            fd: self.table.at(index).fd,
            addr: address,
            len,
            op_flags: MSG_WAITALL,
            user_data: kind::LENT << kind::SHIFT | u64::from(loan),
            ..Op::default()
        };
        let token = self.submit(&op)?;
        self.table.at(index).outbound.lent += 1;
        if let Some(lent) = self.loans.get(loan) {
            lent.out += 1;
        }
        Ok(Flight::of(token))
    }

    /// The place of the connection that a loan's completion is about.
    pub fn lender(&mut self, completion: &Completion) -> Option<usize> {
        let conn = self.loans.get(completion.user_data as u32)?.conn;
        let index = index_of(conn);
        (self.table.at(index).id == conn).then_some(index)
    }

    /// What the result of a zero-copy send means; None: it goes again, in another way.
    pub fn lent_result(&mut self, index: usize, res: i32) -> Option<i32> {
        if matches!(-res, libc::EOPNOTSUPP | libc::EINVAL | libc::ENOMEM | libc::ENOBUFS) {
            // Sockets of paths cannot, and pinning memory has limits.
            self.table.at(index).outbound.zero_copy = ZeroCopy::Fails;
            return None;
        }
        // A stream that takes nothing although asked to is broken.
        Some(if res == 0 { -libc::EPIPE } else { res })
    }

    /// The kernel has nothing of that send any more.
    pub fn lent_final(&mut self, index: usize, completion: &Completion) {
        let loan = completion.user_data as u32;
        let outbound = &mut self.table.at(index).outbound;
        outbound.lent -= 1;
        if completion.flags & cf::ZC_COPIED != 0 && outbound.zero_copy == ZeroCopy::Works {
            outbound.zero_copy = ZeroCopy::Copies;
        }
        if let Some(lent) = self.loans.get(loan) {
            lent.out -= 1;
        }
        self.loans.end_if_over(loan);
        self.make_due(index);
    }

    /// Go on with the file that is first in a queue: true when something else is first now.
    pub fn settle_file(&mut self, index: usize, loan: u32, layer: Layer) -> Result<bool, Fault> {
        let Some(file) = self.loans.get(loan).and_then(|loan| loan.file.as_mut()) else {
            return Ok(false);
        };
        let next = file.next;
        let slot = &mut file.slots[next];
        let whole = slot.block.is_some() && !slot.reads && slot.filled == slot.want;
        let mut moved = false;
        if let Some(block) = slot.block.take_if(|_| whole) {
            file.next = 1 - next;
            let queue = queue_of(self.table.at(index), layer);
            let len = slot.want;
            if let Err(block) = queue.push_front(block, len, &mut self.blocks) {
                (slot.block, file.next) = (Some(block), next);
                return Err(Fault::errno(libc::ENOMEM, "no memory for the send queue"));
            }
            moved = true;
        }
        let unread = file.left > 0 || file.slots.iter().any(|slot| slot.block.is_some());
        if !moved && !unread {
            queue_of(self.table.at(index), layer).pop(&mut self.blocks);
            self.loan_is_sent(loan);
            return Ok(true);
        }
        self.read_ahead(index, loan)?;
        Ok(moved)
    }

    fn read_ahead(&mut self, index: usize, loan: u32) -> Result<(), Fault> {
        for later in 0..2 {
            let Connections { loans, blocks, .. } = self;
            let Some(file) = loans.get(loan).and_then(|loan| loan.file.as_mut()) else { break };
            // In order: the one that is to be sent first is read first.
            let at = file.next ^ later;
            let slot = &mut file.slots[at];
            if slot.block.is_none() {
                if file.left == 0 {
                    break;
                }
                let want = file.left.min(LARGE as u64) as u32;
                let no_memory = || Fault::errno(libc::ENOMEM, "no memory to read a file into");
                let block = blocks.take(want as usize).ok_or_else(no_memory)?;
                *slot = Slot { block: Some(block), from: file.offset, want, ..Slot::default() };
                file.left -= u64::from(want);
                file.offset += u64::from(want);
            }
            self.read(index, loan, at)?;
        }
        Ok(())
    }

    /// Read what is missing in a slot, unless that is on its way.
    fn read(&mut self, index: usize, loan: u32, at: usize) -> Result<(), Fault> {
        let Some(file) = self.loans.get(loan).and_then(|loan| loan.file.as_mut()) else {
            return Ok(());
        };
        let (fd, slot) = (file.fd, &mut file.slots[at]);
        let Some(block) = slot.block.as_mut().filter(|_| !slot.reads && slot.filled < slot.want)
        else {
            return Ok(());
        };
        let op = Op {
            opcode: opcode::READ,
            fd,
            off: slot.from + u64::from(slot.filled),
            addr: block[slot.filled as usize..].as_mut_ptr() as u64,
            len: slot.want - slot.filled,
            user_data: kind::READ << kind::SHIFT | (at as u64) << SLOT_SHIFT | u64::from(loan),
            ..Op::default()
        };
        self.submit(&op)?;
        self.table.at(index).outbound.reads += 1;
        if let Some(file) = self.loans.get(loan).and_then(|loan| loan.file.as_mut()) {
            file.slots[at].reads = true;
        }
        Ok(())
    }

    /// A read of a file ended.
    pub fn complete_read(&mut self, completion: &Completion) {
        let Some(index) = self.lender(completion) else { return };
        let at = (completion.user_data >> SLOT_SHIFT) as usize & 1;
        let loan = completion.user_data as u32;
        let res = completion.res;
        let connection = self.table.at(index);
        connection.outbound.reads -= 1;
        let goes_on = matches!(connection.life, Life::Open | Life::Draining);
        let Some(file) = self.loans.get(loan).and_then(|loan| loan.file.as_mut()) else { return };
        file.slots[at].reads = false;
        file.slots[at].filled += res.max(0) as u32;
        if goes_on && res <= 0 && !matches!(-res, libc::EINTR | libc::EAGAIN) {
            // The other end was promised more than there is: only a broken connection tells it.
            let reason = if res == 0 { -libc::ENODATA } else { res };
            self.lost(index, reason);
        }
        self.make_due(index);
    }

    /// What a connection that is over leaves in its queue is the user's again.
    pub fn give_back(&mut self, index: usize) {
        for layer in [Layer::Wire, Layer::Plain] {
            while let Some(source) = queue_of(self.table.at(index), layer).pop(&mut self.blocks) {
                match source {
                    Source::Block(block) => self.blocks.put(block),
                    Source::Lease(_) => {}
                    Source::Memory(loan, _) | Source::File(loan) => self.loan_is_sent(loan),
                }
            }
        }
    }

    /// The user data of a connection's own operations.
    pub fn about(&mut self, index: usize, kind: u64) -> u64 {
        kind << kind::SHIFT | local(self.table.at(index).id)
    }
}
