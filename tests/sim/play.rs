//! Random calls on an engine over a simulated kernel, every answer judged by the oracle.
//!
//! Owns: the ring of one run, driven as the C door drives it: what a turn took back was not
//! accepted; callbacks come before records.

use super::buffers::SIZE;
use super::oracle::{Oracle, Record};
use super::seeds::Dice;
use ringline::internals::driver::{Completion, Op, cf, opcode, sqe_flag};
use ringline::internals::op::{Engine, EngineConfig, Sink};
use ringline::internals::resource::{PoolSpec, release_lease};
use ringline::internals::sys::{Sim, SimPlan};

const QUIET_FLAGS: u32 = (libc::MSG_DONTWAIT | libc::MSG_WAITALL | libc::MSG_NOSIGNAL) as u32;
/// Descriptors that operations share.
const DESCRIPTORS: u64 = 6;
/// SEND_ALL has a descriptor of its own, so that its stream can be judged.
const FIRST_STREAM: i32 = 100;

/// Times that TIMEOUT operations name.
static TIMES: [[i64; 2]; 3] = [[0, 1_000], [0, 5_000_000], [100, 0]];

/// A pool of some size, classic or incremental.
fn pool_spec(dice: &mut Dice) -> PoolSpec {
    let incremental = dice.below(2) == 0;
    PoolSpec { count: dice.pick(&[1, 4, 16]), size: SIZE as u32, incremental, huge: false }
}

/// One run.
pub struct Play {
    pub sim: Sim,
    pub oracle: Oracle,
    pub dice: Dice,
    pub pool: Option<u16>,
    /// Posts left and seen, calls left and made.
    mail: [u64; 4],
    engine: Option<Engine>,
}

impl Play {
    /// A ring over the kernel of `plan`, attached.
    pub fn new(plan: SimPlan) -> Play {
        let sim = Sim::new(plan);
        let mut dice = Dice::new(plan.seed);
        let records = dice.pick(&[1, 2, 8, 64, 512]);
        let config = EngineConfig { max_inflight: 2048, records };
        let mut engine = Engine::with_backend(Box::new(sim.clone()), &config).expect("an engine");
        assert_eq!(engine.attach(), 0);
        // A quarter of the seeds looks at the queue for a while before each sleep.
        engine.driver.spin_us = if plan.seed % 4 == 0 { 20 } else { 0 };
        let pool = engine.pool_create(&pool_spec(&mut dice)).expect("a pool");
        let pool = Some(pool);
        Play { sim, oracle: Oracle::new(1100), dice, pool, mail: [0; 4], engine: Some(engine) }
    }

    pub fn engine(&mut self) -> &mut Engine {
        self.engine.as_mut().expect("the ring is not over")
    }

    /// A sequence of calls, then a close.
    pub fn run(&mut self) {
        for _ in 0..10 + self.dice.below(60) {
            self.step();
        }
        self.close();
        self.end();
    }

    fn step(&mut self) {
        match self.dice.below(16) {
            0..=6 => {
                let count = self.dice.below(7);
                let ops = self.some_ops(count);
                self.turn(&ops);
            }
            7 | 8 => {
                let count = 1 + self.dice.below(4);
                let ops = self.some_ops(count);
                self.submit_with_callback(&ops);
            }
            9 | 10 => self.cancel_some(),
            11 => drop(self.engine().driver.flush()),
            12 if self.dice.below(4) == 0 => drop(self.engine().cancel_all()),
            12 => {
                let fd = self.descriptor();
                let _ = self.engine().cancel_fd(fd);
            }
            13 => self.cancel_sync_some(),
            14 if self.dice.below(2) == 0 => self.mail_some(),
            14 => self.release_some(),
            _ => self.other_pool(),
        }
    }

    pub fn descriptor(&mut self) -> i32 {
        3 + self.dice.below(DESCRIPTORS) as i32
    }

    fn some_ops(&mut self, count: u64) -> Vec<Op> {
        let mut ops: Vec<Op> = (0..count).map(|_| self.any_op()).collect();
        let linked = ops.len() > 1 && self.dice.below(6) == 0;
        if linked && ops.iter().all(|op| op.opcode < 128 && op.ext == 0) {
            let flag = self.dice.pick(&[sqe_flag::IO_LINK, sqe_flag::IO_HARDLINK]);
            let last = ops.len() - 1;
            ops[..last].iter_mut().for_each(|op| op.flags |= flag);
        }
        ops
    }

    /// Record an operation under its number.
    pub fn note(&mut self, mut op: Op, with_buffer: bool) -> Op {
        let id = self.oracle.records.len() as u64;
        op.user_data = id;
        let buffer = if with_buffer { self.oracle.buffers.lend(id) } else { None };
        if let Some(buffer) = buffer {
            op.addr = self.oracle.buffers.address(buffer);
        } else if with_buffer {
            op = Op { user_data: id, ..Op::default() };
        }
        let multishot = match op.opcode {
            opcode::ACCEPT | opcode::RECV => op.ioprio != 0,
            opcode::POLL_ADD => op.len == 1,
            _ => false,
        };
        self.oracle.records.push(Record {
            token: 0,
            opcode: op.opcode,
            fd: op.fd,
            buffer,
            len: op.len as usize,
            accepted: false,
            quiet: op.ext != 0,
            multishot,
            finals: 0,
        });
        op
    }

    fn any_op(&mut self) -> Op {
        let fd = self.descriptor();
        let len = 1 + self.dice.below(SIZE as u64) as u32;
        let op = Op { fd, len, ..Op::default() };
        match self.dice.below(20) {
            0 => self.note(Op { opcode: opcode::NOP, ..op }, false),
            1 => self.note(Op { opcode: opcode::READ, ..op }, true),
            2 => self.note(Op { opcode: opcode::WRITE, ..op }, true),
            3 => self.note(Op { opcode: opcode::RECV, ..op }, true),
            4 => self.note(Op { opcode: opcode::SEND, ..op }, true),
            5 => self.quiet_send(op),
            6 => self.send_all(op),
            7..=9 => self.pool_receive(fd),
            10 => {
                let opcode = self.dice.pick(&[opcode::FSYNC, opcode::CONNECT, opcode::SOCKET]);
                self.note(Op { opcode, fd, ..Op::default() }, false)
            }
            11 => {
                let ioprio = self.dice.pick(&[0, 1]);
                self.note(Op { opcode: opcode::ACCEPT, ioprio, fd, ..Op::default() }, false)
            }
            12 | 13 => {
                let len = self.dice.pick(&[0, 1]);
                let op = Op { opcode: opcode::POLL_ADD, fd, len, op_flags: 1, ..Op::default() };
                self.note(op, false)
            }
            14 => {
                let addr = &raw const *self.dice.pick(&[&TIMES[0], &TIMES[1], &TIMES[2]]) as u64;
                let op = Op { opcode: opcode::TIMEOUT, fd: -1, addr, len: 1, ..Op::default() };
                self.note(op, false)
            }
            15 => self.timer(),
            16 => self.names_another(),
            17 => {
                let addr3 = self.dice.pick(&[0, 1, 10_000, 1_000_000_000, u64::MAX]);
                let opcode = opcode::LIB_CONNECT_TIMEOUT;
                self.note(Op { opcode, fd, addr3, ..Op::default() }, false)
            }
            18 => self.note(Op { opcode: opcode::LIB_POST, fd: -1, len, ..Op::default() }, false),
            _ => self.note(Op { opcode: opcode::LIB_CLOSE, fd, ..Op::default() }, false),
        }
    }

    fn quiet_send(&mut self, op: Op) -> Op {
        let quiet = Op { opcode: opcode::SEND, ext: 1, op_flags: QUIET_FLAGS, ..op };
        let mut noted = self.note(quiet, false);
        // Its end may come without a word, so its memory is never the test's again.
        noted.addr = (&raw const TIMES) as u64;
        noted.len = noted.len.min(48);
        noted
    }

    fn send_all(&mut self, op: Op) -> Op {
        let fd = FIRST_STREAM + self.oracle.records.len() as i32;
        self.note(Op { opcode: opcode::LIB_SEND_ALL, fd, ..op }, true)
    }

    fn pool_receive(&mut self, fd: i32) -> Op {
        let ioprio = self.dice.pick(&[0, 2]);
        let buf_index = self.pool.unwrap_or(0);
        let flags = sqe_flag::BUFFER_SELECT;
        let op = Op { opcode: opcode::RECV, flags, ioprio, fd, buf_index, ..Op::default() };
        self.note(op, false)
    }

    fn timer(&mut self) -> Op {
        let off = self.dice.pick(&[0, 1, 10_000, 1_000_000_000, u64::MAX]);
        let addr = self.dice.pick(&[0, 0, 50_000]);
        self.note(Op { opcode: opcode::LIB_TIMER, fd: -1, off, addr, ..Op::default() }, false)
    }

    fn names_another(&mut self) -> Op {
        let addr = self.some_token();
        let opcode =
            self.dice.pick(&[opcode::ASYNC_CANCEL, opcode::POLL_REMOVE, opcode::TIMEOUT_REMOVE]);
        self.note(Op { opcode, fd: -1, addr, ..Op::default() }, false)
    }

    /// A token that was given out at some time, preferably of late.
    fn some_token(&mut self) -> u64 {
        let count = self.oracle.records.len() as u64;
        if count == 0 {
            return 12345;
        }
        let back = if self.dice.below(3) == 0 { count } else { count.min(12) };
        self.oracle.records[(count - 1 - self.dice.below(back)) as usize].token
    }

    /// A turn as the C door makes it.
    pub fn turn(&mut self, ops: &[Op]) {
        let wait_min = self.dice.pick(&[0, 0, 1, 2]);
        let limit = self.dice.pick(&[0, 1_000, 10_000_000, -1]);
        let mut tokens = vec![0; ops.len()];
        let begun: Vec<bool> = ops.iter().map(|op| self.oracle.is_busy_close(op)).collect();
        self.engine().completed.forget_shown();
        let accepted = self.engine().submit(ops, &mut tokens, Sink::default());
        let mut count = accepted as usize;
        for (op, token) in ops[..count].iter().zip(&tokens) {
            self.oracle.accepted(op.user_data, *token);
        }
        // What was rejected cannot complete: waiting for it could take for ever.
        let wait_min = if count < ops.len() { 0 } else { wait_min };
        self.waited(&tokens[..count], wait_min, limit);
        count -= std::mem::take(&mut self.engine().taken_back) as usize;
        for (op, begun) in ops.iter().zip(begun).skip(count) {
            let sent = self.sim.stream(op.fd).0;
            let record = self.oracle.records[op.user_data as usize];
            assert!(op.opcode != opcode::LIB_SEND_ALL || sent == 0, "{record:?} went partly");
            assert!(!(begun && record.accepted), "{record:?} was taken back while it ran");
            self.oracle.refused(op.user_data);
        }
        self.dispatch();
    }

    /// Wait; only what may pass is forgiven. Returns whether anything came.
    fn waited(&mut self, tokens: &[u64], wait_min: u32, limit: i64) -> bool {
        let before = self.engine().driver.stats.completed.get();
        if let Err(fault) = self.engine().turn(|| tokens, wait_min, limit, 0, None) {
            let passing = [-libc::EINTR, -libc::EBUSY, -libc::EAGAIN];
            assert!(passing.contains(&fault.code), "a turn failed: {fault:?}");
        }
        self.engine().driver.stats.completed.get() > before
    }

    /// Callbacks, then records.
    fn dispatch(&mut self) {
        while let Some(call) = self.engine().completed.next_call() {
            assert_eq!(call.ctx, 7);
            if !self.is_mail(3, &call.completion) {
                self.oracle.completed(&self.sim, &call.completion);
            }
        }
        let count = self.engine().completed.show() as usize;
        let records = self.engine().completed.address() as *const Completion;
        for at in 0..count {
            // SAFETY: the records are valid until the next turn.
            let record = unsafe { records.add(at).read() };
            if !self.is_mail(1, &record) {
                self.oracle.completed(&self.sim, &record);
            }
        }
        self.engine().completed.forget_shown();
        self.oracle.turned();
        let index = self.dice.below(1100) as usize;
        self.oracle.buffers.check(index);
    }

    /// Another thread's posts and calls, as far as one thread can play it.
    fn mail_some(&mut self) {
        let mail = self.engine().mailbox().clone();
        for _ in 0..1 + self.dice.below(6) {
            let posted = mail.post(self.mail[0], 0).is_ok();
            self.mail[0] += u64::from(posted);
            let called = mail.call(2, 7).is_ok();
            self.mail[2] += u64::from(called);
        }
    }

    /// Mail comes in the order in which it was posted.
    fn is_mail(&mut self, counter: usize, it: &Completion) -> bool {
        if it.flags != cf::MSG {
            return false;
        }
        assert!(counter == 3 || it.user_data == self.mail[1], "mail is lost, or came twice");
        self.mail[counter] += 1;
        true
    }

    fn submit_with_callback(&mut self, ops: &[Op]) {
        let mut tokens = vec![0; ops.len()];
        let sink = Sink { callback: 1, ctx: 7 };
        let accepted = self.engine().submit(ops, &mut tokens, sink);
        for (op, token) in ops.iter().zip(&tokens).take(accepted as usize) {
            self.oracle.accepted(op.user_data, *token);
        }
        for op in &ops[accepted as usize..] {
            self.oracle.refused(op.user_data);
        }
    }

    fn cancel_some(&mut self) {
        let token = self.some_token();
        let done = |record: &Record| record.token == token && record.finals > 0;
        let gone = self.oracle.records.iter().any(done);
        let asked = self.engine().cancel(token);
        assert!(!(gone && asked.is_ok()), "C5: cancelled an operation after its FINAL");
    }

    fn cancel_sync_some(&mut self) {
        let token = self.some_token();
        let _ = self.engine().cancel_sync(token, 1_000_000);
        // It may have taken completions out of the queue: what ended did so before the next call.
        self.dispatch();
    }

    fn release_some(&mut self) {
        for _ in 0..self.dice.below(4) {
            if self.oracle.leases.is_empty() {
                return;
            }
            let at = self.dice.below(self.oracle.leases.len() as u64) as usize;
            let lease = self.oracle.leases.swap_remove(at);
            self.oracle.check_lease(&lease);
            assert!(release_lease(lease.id).is_ok(), "a lease in hand is valid");
            assert!(release_lease(lease.id).is_err(), "a lease goes back once");
        }
    }

    /// Give the pool up if nothing uses it, and make another.
    fn other_pool(&mut self) {
        let Some(pool) = self.pool else { return };
        if self.engine().pool_destroy(pool).is_ok() {
            let spec = pool_spec(&mut self.dice);
            self.pool = Some(self.engine().pool_create(&spec).expect("a pool"));
        }
    }

    /// Close: everything must end, but for what the kernel does not let go.
    pub fn close(&mut self) {
        let _ = self.engine().begin_close();
        let mut idle = 0;
        for round in 1.. {
            if self.engine().inflight() == 0 || idle == 60 {
                break;
            }
            let came = self.waited(&[], 1, 10_000_000);
            self.dispatch();
            idle = if came { 0 } else { idle + 1 };
            // What a chain started after the first request wants a request of its own.
            if !came || round % 16 == 0 {
                let _ = self.engine().cancel_all();
            }
            assert!(round < 100_000, "close does not end, completions keep coming");
        }
        let left = self.engine().inflight();
        let excused = self.sim.stuck_ops() > 0;
        assert!(left == 0 || excused, "close does not end: {left} operations in flight");
    }

    /// Free, whatever is left.
    pub fn end(&mut self) {
        self.engine().mailbox().shut();
        loop {
            let more = self.engine().abandon_some() || self.engine().return_mail();
            self.dispatch();
            if !more {
                break;
            }
        }
        assert_eq!(self.engine().inflight(), 0);
        assert_eq!(self.mail[3], self.mail[2], "a call was neither made nor handed back");
        self.oracle.at_end(&self.sim);
        for lease in std::mem::take(&mut self.oracle.leases) {
            assert!(release_lease(lease.id).is_ok());
        }
        if let Some(engine) = self.engine.take() {
            // Not "forced": the simulated kernel is never entered again, so nothing is kept.
            engine.dispose(false);
        }
    }

    /// Cancel every open operation once.
    pub fn cancel_open(&mut self) {
        for at in 0..self.oracle.records.len() {
            let record = self.oracle.records[at];
            if record.accepted && record.finals == 0 {
                while let Err(fault) = self.engine().cancel(record.token) {
                    assert_eq!(fault.code, -libc::EAGAIN, "a cancel of an open operation");
                    self.waited(&[], 0, 0);
                    self.dispatch();
                    if self.oracle.records[at].finals > 0 {
                        break;
                    }
                }
            }
        }
    }

    /// Turn until nothing is open; false when it does not come to that.
    pub fn drain(&mut self) -> bool {
        for _ in 0..100_000 {
            if self.oracle.open() == 0 {
                return true;
            }
            self.waited(&[], 1, 10_000_000);
            self.dispatch();
        }
        false
    }

    /// Whether any FINAL said ABANDONED.
    pub fn has_abandoned(&self) -> bool {
        self.oracle.log.iter().any(|(_, _, flags)| flags & cf::ABANDONED != 0)
    }
}
