//! What each operation does: at once, or when its time has come.
//!
//! Owns: results. Memory of an operation is touched only while it is in flight, and then often
//! and to the last moment, so that a library that gives it back early is found out.

use super::entry::*;
use super::memory;
use super::world::{FIRST_WAKE, NEVER, World};
use crate::sys::uapi::{
    CANCEL_ALL, CANCEL_ANY, CANCEL_FD, NOP_INJECT_RESULT, POLL_UPDATE_EVENTS, TIMEOUT_ABS,
    TIMEOUT_UPDATE, cqe_flag, sqe_flag,
};

/// An operation that takes time.
#[derive(Debug)]
pub(super) struct Flight {
    pub entry: Entry,
    /// The rest of its chain.
    pub rest: Vec<Entry>,
    pub due: u64,
    pub sequence: u64,
    /// It never ends.
    pub stuck: bool,
    /// A cancel reached it in time.
    pub cancelled: bool,
    /// This is its last completion, whatever comes.
    pub last: bool,
    /// Its connection was shut down.
    pub hung_up: bool,
    /// Hash of the memory it reads, from when it started.
    pub sum: u64,
}

/// Which operations a cancel means.
enum Target {
    UserData(u64),
    Descriptor(i32),
    Any,
}

impl World {
    /// An operation starts, with the rest of its chain behind it.
    pub fn start(&mut self, mut entry: Entry, rest: Vec<Entry>) {
        if let opcode::READ_FIXED | opcode::WRITE_FIXED = entry.opcode {
            if !self.tables.holds(entry.group, entry.addr, entry.len) {
                return self.finish(entry, rest, -libc::EFAULT, 0);
            }
            let reads = entry.opcode == opcode::READ_FIXED;
            entry.opcode = if reads { opcode::READ } else { opcode::WRITE };
        }
        let ends_at = self.roll_end(&entry);
        if entry.is_inline() && entry.flags & sqe_flag::ASYNC == 0 {
            let res = self.result(&entry);
            self.finish(entry, rest, res, 0);
            return;
        }
        let due = match ends_at {
            Ok(due) => due,
            Err(res) => return self.finish(entry, rest, res, 0),
        };
        let is_wake = entry.fd >= FIRST_WAKE;
        let stuck = self.dice.chance(self.plan.stuck) && !is_wake;
        let sum = self.sum(&entry);
        self.launch(Flight {
            entry,
            rest,
            due: if stuck || is_wake { NEVER } else { due },
            sequence: 0,
            stuck,
            cancelled: false,
            last: false,
            hung_up: false,
            sum,
        });
    }

    /// When it ends, or the error with which it does not even start.
    fn roll_end(&mut self, entry: &Entry) -> Result<u64, i32> {
        let latency = 1 + self.dice.below(self.plan.latency_ns);
        let has_memory = entry.fills_memory() || entry.reads_memory();
        if has_memory && entry.addr == 0 && entry.len > 0 {
            return Err(-libc::EFAULT);
        }
        if entry.opcode != opcode::TIMEOUT {
            return Ok(self.clock + latency);
        }
        let time = memory::timespec(entry.addr).ok_or(-libc::EINVAL)?;
        let start = if entry.op_flags & TIMEOUT_ABS != 0 { 0 } else { self.clock };
        Ok(start.saturating_add(time).min(NEVER - 1))
    }

    fn sum(&self, entry: &Entry) -> u64 {
        if !entry.reads_memory() {
            return 0;
        }
        memory::hash(memory::HASH_START, entry.addr, entry.len)
    }

    /// The result of an operation without buffers to fill, and of one done within the submission.
    fn result(&mut self, entry: &Entry) -> i32 {
        let failed = self.dice.chance(self.plan.error);
        let errno = self.errno(entry.opcode);
        match entry.opcode {
            opcode::NOP if entry.op_flags & NOP_INJECT_RESULT != 0 => entry.len as i32,
            opcode::NOP => 0,
            opcode::ASYNC_CANCEL => self.cancel(entry),
            opcode::TIMEOUT_REMOVE => self.timeout_remove(entry),
            opcode::POLL_REMOVE if entry.len & POLL_UPDATE_EVENTS != 0 => {
                if self.find(entry.addr).is_some() { 0 } else { -libc::ENOENT }
            }
            opcode::POLL_REMOVE => self.cancel_one(Target::UserData(entry.addr)),
            opcode::TIMEOUT => -libc::ETIME,
            _ if failed => -errno,
            opcode::SEND | opcode::WRITE => self.send(entry),
            opcode::CLOSE if entry.file_index > 0 => {
                self.tables.update_files(entry.file_index - 1, &[-1]).min(0)
            }
            opcode::CLOSE => {
                self.streams.remove(&entry.fd);
                0
            }
            opcode::FIXED_FD_INSTALL => self.open_file(),
            opcode::OPENAT | opcode::SOCKET => self.open_into(entry.file_index),
            opcode::ACCEPT => {
                memory::peer(entry.addr, entry.off);
                self.open_into(entry.file_index)
            }
            opcode::POLL_ADD => (entry.op_flags & 0xff).max(1) as i32,
            opcode::SHUTDOWN | opcode::BIND | opcode::LISTEN => 0,
            opcode::FSYNC | opcode::CONNECT => 0,
            _ => -libc::EINVAL,
        }
    }

    /// A new file: its descriptor, or with a `file_index` what the table of files says.
    fn open_into(&mut self, file_index: u32) -> i32 {
        let file = self.open_file();
        if file_index == 0 { file } else { self.tables.install(file_index, file) }
    }

    fn errno(&mut self, code: u8) -> i32 {
        let list: &[i32] = match code {
            opcode::SEND | opcode::RECV => &[libc::ECONNRESET, libc::EPIPE, libc::EINTR],
            opcode::CONNECT => &[libc::ECONNREFUSED, libc::ETIMEDOUT, libc::EHOSTUNREACH],
            opcode::ACCEPT => &[libc::EMFILE, libc::ECONNABORTED, libc::ENFILE],
            _ => &[libc::EIO, libc::EBADF, libc::EAGAIN, libc::ENOMEM],
        };
        list[self.dice.below(list.len() as u64) as usize]
    }

    /// How much of `len` is moved.
    fn portion_of(&mut self, len: u32) -> u32 {
        let short = self.dice.chance(self.plan.short_count);
        let part = 1 + self.dice.below(u64::from(len)) as u32;
        if short { part.min(len) } else { len }
    }

    fn send(&mut self, entry: &Entry) -> i32 {
        let moved = self.portion_of(entry.len);
        self.append(entry, moved);
        moved as i32
    }

    fn append(&mut self, entry: &Entry, moved: u32) {
        let stream = self.streams.entry(entry.fd).or_insert((0, memory::HASH_START));
        stream.0 += u64::from(moved);
        stream.1 = memory::hash(stream.1, entry.addr, moved);
    }

    /// The time of a flight has come.
    pub fn expire(&mut self, index: usize) {
        let Some(flight) = &self.flights[index] else { return };
        let entry = flight.entry;
        let (cancelled, hung_up) = (flight.cancelled, flight.hung_up);
        if entry.reads_memory() && self.sum(&entry) != flight.sum {
            self.torn += 1;
        }
        if cancelled {
            let res = self.cancelled_result(&entry);
            self.end(index, res, 0);
        } else if hung_up {
            let res = if entry.opcode == opcode::SEND { -libc::EPIPE } else { 0 };
            self.end(index, res, 0);
        } else if matches!(entry.opcode, opcode::READ | opcode::RECV) {
            self.receive(index, &entry);
        } else {
            let res = self.result(&entry);
            self.shot(index, &entry, res, 0);
        }
    }

    /// A cancelled send may have sent a part; a cancelled read may have written.
    fn cancelled_result(&mut self, entry: &Entry) -> i32 {
        let partly = self.dice.chance(self.plan.short_count);
        if entry.fills_memory() {
            memory::scribble(entry.addr, entry.len);
        }
        if entry.opcode == opcode::SEND && partly && entry.len > 1 {
            let moved = 1 + self.dice.below(u64::from(entry.len) - 1) as u32;
            self.append(entry, moved);
            return moved as i32;
        }
        -libc::ECANCELED
    }

    fn receive(&mut self, index: usize, entry: &Entry) {
        let failed = self.dice.chance(self.plan.error);
        let ended = self.dice.chance(self.plan.error / 2);
        if failed {
            let res = -self.errno(entry.opcode);
            return self.end(index, res, 0);
        }
        if entry.selects_buffer() {
            return self.receive_selected(index, entry, ended);
        }
        if ended || entry.len == 0 {
            return self.end(index, 0, 0);
        }
        let moved = self.portion_of(entry.len);
        memory::scribble(entry.addr, entry.len);
        memory::fill(entry.addr, moved, entry.user_data);
        self.end(index, moved as i32, 0);
    }

    fn receive_selected(&mut self, index: usize, entry: &Entry, ended: bool) {
        let with_buffer = self.dice.chance(500);
        let taken = self.pools.get(&entry.group).and_then(|pool| pool.peek());
        let Some(taken) = taken else {
            return self.end(index, -libc::ENOBUFS, 0);
        };
        let flags = u32::from(taken.id) << 16 | cqe_flag::BUFFER;
        if ended && !with_buffer {
            return self.end(index, 0, 0);
        }
        let room = if entry.len == 0 { taken.len } else { taken.len.min(entry.len) };
        // The end of a stream can take a buffer and put nothing into it.
        let moved = if ended { 0 } else { self.portion_of(room) };
        let stays = self.pools.get_mut(&entry.group).is_some_and(|pool| pool.take(moved));
        let flags = if stays { flags | cqe_flag::BUF_MORE } else { flags };
        if ended {
            return self.end(index, 0, flags);
        }
        memory::fill(taken.addr, moved, entry.user_data);
        self.shot(index, entry, moved as i32, flags);
    }

    /// A completion after which a multishot operation may go on.
    fn shot(&mut self, index: usize, entry: &Entry, res: i32, flags: u32) {
        let dropped = self.dice.chance(self.plan.drop_more);
        let again = self.clock + 1 + self.dice.below(self.plan.latency_ns);
        let last = self.flights[index].as_ref().is_none_or(|flight| flight.last);
        // A full queue ends a multishot, with the data.
        if !entry.is_multishot() || res < 0 || last || dropped || !self.has_room() {
            return self.end(index, res, flags);
        }
        self.post(entry.user_data, res, flags | cqe_flag::MORE);
        self.put_off(index, again);
    }

    fn end(&mut self, index: usize, res: i32, flags: u32) {
        if let Some(flight) = self.land(index) {
            self.finish(flight.entry, flight.rest, res, flags);
        }
    }

    /// The last completion of an entry; then its chain goes on, or falls.
    fn finish(&mut self, entry: Entry, mut rest: Vec<Entry>, res: i32, flags: u32) {
        self.forget(entry.user_data);
        let short = entry.wants_all() && res >= 0 && (res as u32) < entry.len;
        let expired = entry.opcode == opcode::TIMEOUT && res == -libc::ETIME;
        let failed = short || (res < 0 && !expired);
        if failed || entry.flags & sqe_flag::CQE_SKIP_SUCCESS == 0 {
            self.post(entry.user_data, res, flags);
        }
        if rest.is_empty() {
            return;
        }
        if !failed || entry.flags & sqe_flag::IO_HARDLINK != 0 {
            let next = rest.remove(0);
            return self.start(next, rest);
        }
        for entry in rest {
            self.forget(entry.user_data);
            self.post(entry.user_data, -libc::ECANCELED, 0);
        }
    }

    fn find(&self, user_data: u64) -> Option<usize> {
        let is = |flight: &Flight| flight.entry.user_data == user_data;
        self.flights.iter().position(|flight| flight.as_ref().is_some_and(is))
    }

    /// IORING_OP_ASYNC_CANCEL.
    fn cancel(&mut self, entry: &Entry) -> i32 {
        let target = match entry.op_flags {
            flags if flags & CANCEL_ANY != 0 => Target::Any,
            flags if flags & CANCEL_FD != 0 => Target::Descriptor(entry.fd),
            _ => Target::UserData(entry.addr),
        };
        if entry.op_flags & (CANCEL_ALL | CANCEL_ANY) == 0 {
            return self.cancel_one(target);
        }
        let mut count = 0;
        for index in 0..self.flights.len() {
            count += i32::from(self.matches(index, &target) && self.cancel_flight(index) == 0);
        }
        count
    }

    fn matches(&self, index: usize, target: &Target) -> bool {
        self.flights[index].as_ref().is_some_and(|flight| match target {
            Target::UserData(user_data) => flight.entry.user_data == *user_data,
            Target::Descriptor(fd) => flight.entry.fd == *fd,
            Target::Any => true,
        })
    }

    fn cancel_one(&mut self, target: Target) -> i32 {
        let found = (0..self.flights.len()).find(|index| self.matches(*index, &target));
        found.map_or(-libc::ENOENT, |index| self.cancel_flight(index))
    }

    /// Ask one flight to end: 0 when it will, with ECANCELED.
    fn cancel_flight(&mut self, index: usize) -> i32 {
        let late = self.dice.chance(self.plan.late_cancel);
        let soon = self.clock + self.dice.below(1000.min(self.plan.latency_ns));
        let Some(flight) = &mut self.flights[index] else { return -libc::ENOENT };
        if flight.stuck || flight.cancelled || flight.last {
            return -libc::EALREADY;
        }
        flight.cancelled = !late;
        flight.last = late;
        self.put_off(index, soon);
        if late { -libc::EALREADY } else { 0 }
    }

    fn timeout_remove(&mut self, entry: &Entry) -> i32 {
        let is_timeout = |index: &usize| {
            self.flights[*index].as_ref().is_some_and(|it| it.entry.opcode == opcode::TIMEOUT)
        };
        let Some(index) = self.find(entry.addr).filter(is_timeout) else {
            return -libc::ENOENT;
        };
        if entry.op_flags & TIMEOUT_UPDATE == 0 {
            return self.cancel_flight(index);
        }
        let Some(time) = memory::timespec(entry.off) else { return -libc::EINVAL };
        let start = if entry.op_flags & TIMEOUT_ABS != 0 { 0 } else { self.clock };
        if self.flights[index].as_ref().is_some_and(|flight| flight.stuck || flight.cancelled) {
            return -libc::EALREADY;
        }
        self.put_off(index, start.saturating_add(time).min(NEVER - 1));
        0
    }

    /// Cancel outside the queues; a target that does not end is waited for until the time is over.
    pub fn cancel_sync(&mut self, user_data: u64, timeout_ns: i64) -> i32 {
        let Some(index) = self.find(user_data) else { return libc::ENOENT };
        let stuck = self.flights[index].as_ref().is_some_and(|flight| flight.stuck);
        if stuck {
            // Without a limit only a signal ends the call.
            self.clock += timeout_ns.max(0) as u64;
            return if timeout_ns < 0 { libc::EINTR } else { libc::ETIME };
        }
        self.cancel_flight(index);
        0
    }

    /// shutdown(2): what waits on the connection ends.
    pub fn hang_up(&mut self, fd: i32) {
        for index in 0..self.flights.len() {
            let soon = self.clock + self.dice.below(1000);
            let Some(flight) = &mut self.flights[index] else { continue };
            let waits = matches!(flight.entry.opcode, opcode::RECV | opcode::SEND);
            if flight.entry.fd == fd && waits && !flight.stuck && !flight.cancelled {
                flight.hung_up = true;
                self.put_off(index, soon);
            }
        }
    }

    /// The kernel may write to lent memory at any time: do so for one operation, now and then.
    pub fn spoil_something(&mut self) {
        let roll = self.dice.next();
        if roll & 3 != 0 || self.flights.is_empty() {
            return;
        }
        let index = (roll >> 2) as usize % self.flights.len();
        let flight = self.flights[index].as_ref();
        if let Some(flight) = flight.filter(|flight| flight.entry.fills_memory()) {
            memory::scribble(flight.entry.addr, flight.entry.len);
        }
    }
}
