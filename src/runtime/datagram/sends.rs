//! What a socket has to send: datagrams, put together to runs where the kernel cuts them.
//!
//! Owns: the slots they lie in. Invariant: what is with the kernel is not written, and a slot is
//! not used again before its send completed; there are never more than [`SLOTS`].

use crate::fault::Fault;
use crate::op::Engine;
use crate::runtime::flight::Flight;
use crate::sys::datagram::{
    NAME_MOST, Outgoing, PAYLOAD_MOST, RUN_COUNT, RUN_MOST, UDP_MOST, sends_runs,
};
use std::collections::VecDeque;

/// Sends of a socket at a time, each a datagram or a run.
const SLOTS: usize = 64;

/// What kind of datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UDP, of that version of IP.
    Udp { v6: bool },
    /// A path.
    Unix,
}

/// What lies in a slot.
#[derive(Clone, Copy, Default)]
struct Run {
    name: usize,
    /// Bytes sent so far, and in all.
    start: usize,
    len: usize,
    /// Bytes of each datagram but the last.
    segment: usize,
    count: u32,
    /// The kernel does not cut it: its datagrams go one by one.
    split: bool,
    /// Token of the send in flight, or 0, and its bytes.
    flight: Flight,
    flying: usize,
}

/// What a send that completed means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gone {
    /// Datagrams that the kernel took.
    pub sent: u32,
    /// Datagrams that it refused.
    pub lost: u32,
    /// There is room again, after a refusal for want of it.
    pub writable: bool,
}

/// What a socket has to send.
pub struct Sends {
    kind: Kind,
    out: Option<Outgoing>,
    runs: Vec<Run>,
    /// Slots that hold nothing, those used last on top.
    free: Vec<u8>,
    /// Slots to be given to the kernel; the last may still grow.
    queue: VecDeque<u8>,
    open: bool,
    /// Longest datagram that runs are made of; 0 = no runs.
    run_most: usize,
    was_full: bool,
}

impl Sends {
    /// Nothing to send yet.
    pub fn new(fd: i32, kind: Kind) -> Sends {
        let cuts = kind != Kind::Unix && sends_runs(fd);
        Sends {
            kind,
            out: None,
            runs: Vec::new(),
            free: Vec::new(),
            queue: VecDeque::new(),
            open: false,
            run_most: if cuts { RUN_MOST / 2 } else { 0 },
            was_full: false,
        }
    }

    /// Nothing is with the kernel or waits for it.
    pub fn is_idle(&self) -> bool {
        self.free.len() == self.runs.len()
    }

    /// Copy a datagram: all of it, or nothing.
    pub fn push(&mut self, to: &[u8], bytes: &[u8]) -> Result<(), Fault> {
        self.check(to, bytes.len())?;
        if self.grow(to, bytes) {
            return Ok(());
        }
        if self.out.is_none() {
            self.begin()?;
        }
        let (Some(slot), Some(out)) = (self.free.pop(), &mut self.out) else {
            self.was_full = true;
            return Err(Fault::errno(libc::EAGAIN, "64 sends are under way; wait for writable"));
        };
        let place = usize::from(slot);
        out.name(place, to.len()).copy_from_slice(to);
        out.put(place, 0, bytes);
        let (name, len) = (to.len(), bytes.len());
        self.runs[place] = Run { name, len, segment: len, count: 1, ..Run::default() };
        self.queue.push_back(slot);
        self.open = len > 0 && len <= self.run_most;
        Ok(())
    }

    /// Copy datagrams of `segment` bytes each, of which the last may be shorter: all, or nothing.
    pub fn push_run(&mut self, to: &[u8], bytes: &[u8], segment: usize) -> Result<(), Fault> {
        if segment == 0 || segment > bytes.len() {
            let text = "a segment has at least a byte and at most those that are to be sent";
            return Err(Fault::errno(libc::EINVAL, text));
        }
        self.check(to, segment)?;
        if self.out.is_none() {
            self.begin()?;
        }
        let most = (RUN_MOST / segment).min(RUN_COUNT as usize);
        let each = if segment <= self.run_most { most } else { 1 };
        // One more: the first may end what is there.
        if bytes.len().div_ceil(segment).div_ceil(each) + 1 > self.free.len() {
            self.was_full = true;
            return Err(Fault::errno(libc::EAGAIN, "too many sends are under way for that many"));
        }
        bytes.chunks(segment).try_for_each(|datagram| self.push(to, datagram))
    }

    /// Whether something was refused for want of room, and there is none yet.
    pub fn is_full(&self) -> bool {
        self.was_full
    }

    fn check(&self, to: &[u8], len: usize) -> Result<(), Fault> {
        let invalid = Err(Fault::errno(libc::EINVAL, "to is no address of the listener's kind"));
        let (family, least) = match self.kind {
            Kind::Udp { v6: false } => (libc::AF_INET, size_of::<libc::sockaddr_in>()),
            Kind::Udp { v6: true } => (libc::AF_INET6, size_of::<libc::sockaddr_in6>()),
            Kind::Unix => (libc::AF_UNIX, size_of::<libc::sa_family_t>() + 1),
        };
        let Some(head) = to.first_chunk::<2>() else { return invalid };
        let known = i32::from(u16::from_ne_bytes(*head)) == family;
        if !known || to.len() < least || to.len() > NAME_MOST {
            return invalid;
        }
        let most = if self.kind == Kind::Unix { PAYLOAD_MOST } else { UDP_MOST };
        if len > most {
            return Err(Fault::errno(libc::EMSGSIZE, "a datagram has 65507 bytes at most"));
        }
        Ok(())
    }

    #[cold]
    fn begin(&mut self) -> Result<(), Fault> {
        let no_memory = |errno| Fault::errno(errno, "no memory for what is to be sent");
        self.out = Some(Outgoing::new(SLOTS).map_err(no_memory)?);
        self.runs = vec![Run::default(); SLOTS];
        self.free = (0..SLOTS as u8).rev().collect();
        self.queue.reserve(SLOTS);
        Ok(())
    }

    /// Put a datagram behind the last one, if that goes to the same address and is as long.
    fn grow(&mut self, to: &[u8], bytes: &[u8]) -> bool {
        let (true, Some(slot), Some(out)) = (self.open, self.queue.back(), &mut self.out) else {
            return false;
        };
        let place = usize::from(*slot);
        let run = &mut self.runs[place];
        let len = bytes.len();
        let fits = len > 0 && len <= run.segment && run.len + len <= RUN_MOST;
        if !fits || run.count >= RUN_COUNT || run.name != to.len() {
            return false;
        }
        if out.name(place, run.name) != to {
            return false;
        }
        out.put(place, run.len, bytes);
        run.len += len;
        run.count += 1;
        // A shorter one ends the run.
        self.open = len == run.segment;
        true
    }

    /// What to give to the kernel next: its slot, the message, and flags.
    pub fn next(&mut self) -> Option<(u64, u64, u32)> {
        let place = usize::from(*self.queue.front()?);
        let out = self.out.as_mut()?;
        let run = &mut self.runs[place];
        let left = run.len - run.start;
        run.flying = if run.split { left.min(run.segment) } else { left };
        let cut = if run.flying > run.segment { run.segment as u16 } else { 0 };
        let message = out.message(place, run.name, run.start, run.flying, cut);
        // The kernel cannot wait for a path that is full; it would keep a thread for it.
        let flags = if self.kind == Kind::Unix { libc::MSG_DONTWAIT as u32 } else { 0 };
        Some((place as u64, message, flags))
    }

    /// What [`Sends::next`] gave is with the kernel.
    pub fn take_off(&mut self, flight: Flight) {
        if let Some(slot) = self.queue.pop_front() {
            self.runs[usize::from(slot)].flight = flight;
        }
        self.open &= !self.queue.is_empty();
    }

    /// The send of a slot completed.
    pub fn gone(&mut self, slot: u8, res: i32) -> Gone {
        let mut gone = Gone::default();
        let Some(run) = self.runs.get_mut(usize::from(slot)).filter(|run| run.flight.is_some())
        else {
            return gone;
        };
        run.flight = Flight::NONE;
        let segment = run.segment.max(1);
        if res < 0 && run.flying > run.segment && is_about_runs(-res) {
            // This way cuts no datagrams of that size, or none.
            run.split = true;
            let too_long = matches!(-res, libc::EINVAL | libc::EMSGSIZE);
            self.run_most = if too_long { self.run_most.min(run.segment - 1) } else { 0 };
        } else {
            let count = run.flying.div_ceil(segment).max(1) as u32;
            (gone.sent, gone.lost) = if res < 0 { (0, count) } else { (count, 0) };
            run.start += run.flying;
        }
        if run.start < run.len {
            self.queue.push_front(slot);
            return gone;
        }
        self.free.push(slot);
        gone.writable = self.was_full && self.free.len() >= SLOTS / 2;
        self.was_full &= !gone.writable;
        gone
    }

    /// Drop what the kernel was not given.
    pub fn forget_queued(&mut self) {
        self.free.extend(self.queue.drain(..));
        self.open = false;
    }

    /// Ask all sends to end.
    pub fn cancel(&mut self, engine: &mut Engine) -> Result<(), Fault> {
        self.runs.iter_mut().try_for_each(|run| run.flight.cancel(engine))
    }
}

/// Whether an errno may mean that a run cannot be cut, rather than that it cannot be sent.
fn is_about_runs(errno: i32) -> bool {
    matches!(errno, libc::EINVAL | libc::EMSGSIZE | libc::EIO | libc::EOPNOTSUPP)
}
