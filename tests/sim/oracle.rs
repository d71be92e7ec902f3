//! The oracle: what was accepted, what came back, and what must never happen.
//!
//! Owns: one record per operation, by user data. Judges the contract's C1 (one FINAL), C2 (memory
//! is the library's until then, and no longer) and C6 (what a failed SEND_ALL says was sent).

use super::buffers::{Buffers, SIZE};
use ringline::internals::driver::{Completion, Op, cf, opcode};
use ringline::internals::sys::Sim;
use std::collections::HashSet;

/// What the oracle knows of one operation.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    pub token: u64,
    pub opcode: u8,
    pub fd: i32,
    pub buffer: Option<usize>,
    pub len: usize,
    pub accepted: bool,
    pub quiet: bool,
    pub multishot: bool,
    pub finals: u32,
}

/// A lease the test holds.
#[derive(Clone, Copy, Debug)]
pub struct Lease {
    pub id: u64,
    pub address: u64,
    pub len: usize,
}

/// Judge over one run.
pub struct Oracle {
    pub records: Vec<Record>,
    pub buffers: Buffers,
    pub leases: Vec<Lease>,
    pub abandoned: u64,
    /// Closes that ended in this turn.
    closed: Vec<u64>,
    /// What came, without the numbers that differ between two runs in one process.
    pub log: Vec<(u64, i32, u32)>,
}

impl Record {
    /// Whether it is in flight on descriptor `fd`, so that a close of it has to wait.
    fn is_on(&self, fd: i32) -> bool {
        // Their `fd` is no descriptor.
        let elsewhere = [opcode::LIB_TIMER, opcode::SOCKET].contains(&self.opcode);
        self.accepted && self.finals == 0 && !self.quiet && self.fd == fd && !elsewhere
    }
}

impl Oracle {
    /// Nothing accepted yet.
    pub fn new(buffers: usize) -> Oracle {
        Oracle {
            records: Vec::new(),
            buffers: Buffers::new(buffers),
            leases: Vec::new(),
            abandoned: 0,
            closed: Vec::new(),
            log: Vec::new(),
        }
    }

    /// The library took the operation.
    pub fn accepted(&mut self, id: u64, token: u64) {
        let record = &mut self.records[id as usize];
        record.accepted = true;
        record.token = token;
    }

    /// A close that has something to wait for: it begins as soon as it is accepted.
    pub fn is_busy_close(&self, op: &Op) -> bool {
        op.opcode == opcode::LIB_CLOSE && self.records.iter().any(|record| record.is_on(op.fd))
    }

    /// The library refused it, or took it back: it has no completion, and its memory is ours.
    pub fn refused(&mut self, id: u64) {
        let record = &mut self.records[id as usize];
        assert_eq!(record.finals, 0, "{record:?} was taken back after its FINAL");
        record.accepted = false;
        if let Some(buffer) = record.buffer.take() {
            self.buffers.give_back(buffer);
        }
    }

    /// A completion came.
    pub fn completed(&mut self, sim: &Sim, it: &Completion) {
        self.log.push((it.user_data, it.res, it.flags));
        let record = self.records[it.user_data as usize];
        assert!(record.accepted, "C1: a completion of {record:?}, which was not accepted: {it:?}");
        assert_eq!(record.finals, 0, "C1: a completion after the FINAL of {record:?}: {it:?}");
        if it.flags & cf::LEASE != 0 {
            self.leased(&record, it);
        } else {
            assert_eq!(it.token, record.token, "C1: {record:?} completed as {it:?}");
        }
        if it.flags & cf::FINAL == 0 {
            let timer = record.opcode == opcode::LIB_TIMER;
            assert!(record.multishot || timer, "progress of a single shot {record:?}: {it:?}");
            return;
        }
        self.records[it.user_data as usize].finals += 1;
        if it.flags & cf::ABANDONED != 0 {
            // Its memory stays lent for good.
            self.abandoned += 1;
            return;
        }
        let in_flight = sim.is_in_flight(record.token);
        assert!(!in_flight, "C2: FINAL of {record:?} while the kernel still has it: {it:?}");
        self.judge_data(sim, &record, it);
        if record.opcode == opcode::LIB_CLOSE && it.res == 0 {
            self.closed.push(it.user_data);
        }
        if let Some(buffer) = record.buffer {
            self.buffers.give_back(buffer);
        }
    }

    fn judge_data(&self, sim: &Sim, record: &Record, it: &Completion) {
        if record.opcode == opcode::LIB_POST && it.res != -libc::ECANCELED {
            assert_eq!(it.res as usize, record.len, "what {record:?} says: {it:?}");
        }
        let Some(buffer) = record.buffer else { return };
        if matches!(record.opcode, opcode::READ | opcode::RECV) && it.res > 0 {
            let got = self.buffers.copy(buffer, it.res as usize);
            let wanted: Vec<u8> =
                (0..it.res as usize).map(|at| Sim::pattern(record.token, at)).collect();
            assert_eq!(got, wanted, "the data of {record:?}");
        }
        if record.opcode == opcode::LIB_SEND_ALL {
            assert!(it.res < 0 || it.res as usize == record.len, "{record:?}: {it:?}");
            let bytes = if it.res < 0 { it.data } else { it.res as u64 };
            let wanted = (bytes, Sim::hash(&self.buffers.copy(buffer, bytes as usize)));
            assert_eq!(sim.stream(record.fd), wanted, "C6: what was sent of {record:?}: {it:?}");
        }
    }

    /// All completions of a turn were seen: callbacks come before records, so only now is it
    /// clear whether a close ended before something that was on its descriptor.
    pub fn turned(&mut self) {
        for id in std::mem::take(&mut self.closed) {
            self.judge_close(id, self.records[id as usize].fd);
        }
    }

    fn judge_close(&self, id: u64, fd: i32) {
        for (other, record) in self.records[..id as usize].iter().enumerate() {
            assert!(
                !record.is_on(fd),
                "close {id} of descriptor {fd} ended before operation {other}: {record:?}"
            );
        }
    }

    fn leased(&mut self, record: &Record, it: &Completion) {
        let len = it.res as usize;
        assert!(it.res > 0 && len <= SIZE && it.data != 0, "{it:?}");
        let wanted: Vec<u8> = (0..len).map(|at| Sim::pattern(record.token, at)).collect();
        let lease = Lease { id: it.token, address: it.data, len };
        assert_eq!(lease_bytes(&lease), wanted, "the leased data of {record:?}");
        // SAFETY: the lease makes the buffer ours.
        unsafe { std::ptr::write_bytes(it.data as *mut u8, 0x3c, len) };
        self.leases.push(lease);
    }

    /// A leased buffer is ours until it is released.
    pub fn check_lease(&self, lease: &Lease) {
        let intact = lease_bytes(lease).iter().all(|byte| *byte == 0x3c);
        assert!(intact, "C2: the kernel wrote into a leased buffer: {lease:?}");
    }

    /// Operations that must still complete.
    pub fn open(&self) -> usize {
        let open = |record: &&Record| record.accepted && record.finals == 0 && !record.quiet;
        self.records.iter().filter(open).count()
    }

    /// The ring is over.
    pub fn at_end(&self, sim: &Sim) {
        let posted: HashSet<u64> = sim.log().iter().map(|posted| posted.cqe.user_data).collect();
        for (id, record) in self.records.iter().enumerate() {
            let wanted = match (record.accepted, record.quiet) {
                (false, _) => 0..=0,
                (true, true) => 0..=1,
                (true, false) => 1..=1,
            };
            assert!(wanted.contains(&record.finals), "C1: operation {id} at the end: {record:?}");
            // A QUIET send may end in silence only if the kernel was silent too.
            let told = !record.quiet || record.finals == 1 || !posted.contains(&record.token);
            assert!(told || !record.accepted, "C1: a failure was swallowed: {record:?}");
        }
        self.buffers.check_all();
        self.leases.iter().for_each(|lease| self.check_lease(lease));
        assert_eq!(sim.torn(), 0, "C2: memory of a send changed while it was lent");
    }
}

fn lease_bytes(lease: &Lease) -> Vec<u8> {
    // SAFETY: a lease in hand: nobody else writes, and the pool keeps the memory.
    (0..lease.len).map(|at| unsafe { (lease.address as *const u8).add(at).read() }).collect()
}
