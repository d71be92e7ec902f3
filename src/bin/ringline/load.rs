//! The load: one thread, one poll set, many connections with one message under way on each.
//!
//! Owns: the loop, the watchdog and what is measured. Message after message per connection; the
//! first on each is checked but not measured, so that accepting is not in the figures.

use super::connection::{Broken, Connection, Receiving, Sending};
use super::progress::Progress;
use super::server::Server;
use super::{demo::Regime, interrupt};
use hdrhistogram::Histogram;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::{Duration, Instant};

/// How often the bar, the watchdog and Ctrl-C are looked at.
const TICK: Duration = Duration::from_millis(100);
const RECEIVE_SIZE: usize = 256 << 10;
const LONGEST_NS: u64 = 3_600_000_000_000;

/// When a regime is over.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    Time(Duration),
    Messages(u64),
}

/// What the load saw.
pub struct Measured {
    /// Messages within the measured time.
    pub messages: u64,
    /// All messages that were sent, came back and were right.
    pub checked: u64,
    pub elapsed: Duration,
    pub latencies: Histogram<u64>,
    /// CPU the server used within the measured time.
    pub server_cpu_ns: Option<u64>,
    /// CPU this thread used within the measured time.
    pub own_cpu_ns: u64,
}

/// The two clocks of CPU time.
#[derive(Clone, Copy)]
struct Cpu {
    server: Option<u64>,
    own: u64,
}

impl Cpu {
    fn read(server: &Server) -> Cpu {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: one record to write.
        unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
        let own = time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64;
        Cpu { server: server.cpu_ns(), own }
    }
}

pub struct Load<'a> {
    server: &'a mut Server,
    goal: Goal,
    patience: Duration,
    poll: PollSet,
    connections: Vec<Connection>,
    /// Messages started since the measured time began.
    started: u64,
    /// Messages completed since then, until `stopped`.
    measured: u64,
    /// Messages completed at all.
    checked: u64,
    /// Connections with a message under way.
    busy: usize,
    begin: Instant,
    /// The moment the goal was reached.
    stopped: Option<Instant>,
    last_byte: Instant,
    latencies: Histogram<u64>,
}

impl<'a> Load<'a> {
    pub fn connect(
        server: &'a mut Server,
        port: u16,
        regime: &Regime,
        goal: Goal,
        patience: Duration,
    ) -> Result<Load<'a>, String> {
        let poll = PollSet::new().map_err(|error| format!("epoll: {error}"))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut connections = Vec::new();
        for number in 0..regime.connections {
            interrupt::check()?;
            let added = TcpStream::connect_timeout(&address, patience)
                .and_then(|socket| Connection::new(number, socket, regime.size))
                .and_then(|connection| {
                    poll.add(connection.fd(), number)?;
                    Ok(connection)
                });
            match added {
                Ok(connection) => connections.push(connection),
                Err(error) => {
                    let end = server.obituary();
                    let end = end.map_or(String::new(), |end| format!("; the server {end}"));
                    return Err(format!("connection {number} to {address}: {error}{end}"));
                }
            }
        }
        let now = Instant::now();
        Ok(Load {
            server,
            goal,
            patience,
            poll,
            connections,
            started: 0,
            measured: 0,
            checked: 0,
            busy: 0,
            begin: now,
            stopped: None,
            last_byte: now,
            latencies: Histogram::new_with_bounds(1, LONGEST_NS, 3)
                .map_err(|error| format!("histogram: {error}"))?,
        })
    }

    /// Greet on each connection, load until the goal, end each connection.
    pub fn run(mut self, progress: &mut Progress) -> Result<Measured, String> {
        // Nothing follows the first message of a connection, because the goal counts as reached.
        self.stopped = Some(self.begin);
        self.start_all()?;
        self.turn_until_idle(progress)?;

        let before = Cpu::read(self.server);
        self.begin = Instant::now();
        self.stopped = None;
        self.start_all()?;
        while self.stopped.is_none() {
            self.turn(progress)?;
        }
        let after = Cpu::read(self.server);
        let stopped = self.stopped.unwrap_or(self.begin);
        self.turn_until_idle(progress)?;
        self.finish()?;
        Ok(Measured {
            messages: self.measured,
            checked: self.checked,
            elapsed: stopped.saturating_duration_since(self.begin),
            latencies: self.latencies,
            server_cpu_ns: after.server.zip(before.server).map(|(b, a)| b.saturating_sub(a)),
            own_cpu_ns: after.own.saturating_sub(before.own),
        })
    }

    fn start_all(&mut self) -> Result<(), String> {
        for index in 0..self.connections.len() {
            self.start(index, Instant::now())?;
        }
        Ok(())
    }

    /// Start the next message of a connection, unless the goal has enough.
    fn start(&mut self, index: usize, now: Instant) -> Result<(), String> {
        if matches!(self.goal, Goal::Messages(all) if self.started >= all) {
            return Ok(());
        }
        self.started += u64::from(self.stopped.is_none());
        self.busy += 1;
        let sending = self.connections[index].start(now);
        self.after_send(index, sending)
    }

    fn after_send(&mut self, index: usize, sending: Result<Sending, Broken>) -> Result<(), String> {
        let blocked = match sending {
            Ok(sending) => sending == Sending::Blocked,
            Err(broken) => return Err(self.explain(broken)),
        };
        let connection = &mut self.connections[index];
        if blocked == connection.watched_for_writing {
            return Ok(());
        }
        connection.watched_for_writing = blocked;
        self.poll.watch(connection.fd(), index, blocked).map_err(|error| format!("epoll: {error}"))
    }

    fn turn_until_idle(&mut self, progress: &mut Progress) -> Result<(), String> {
        while self.busy > 0 {
            self.turn(progress)?;
        }
        Ok(())
    }

    /// One wait and everything that was ready.
    fn turn(&mut self, progress: &mut Progress) -> Result<(), String> {
        let mut buffer = std::mem::take(&mut self.poll.buffer);
        let count = self.poll.wait()?;
        for at in 0..count {
            let (index, readable, writable) = self.poll.event(at);
            if writable && self.connections[index].watched_for_writing {
                let sending = self.connections[index].send();
                self.after_send(index, sending)?;
            }
            if readable {
                self.receive(index, &mut buffer)?;
            }
        }
        self.poll.buffer = buffer;
        self.look_around(progress)
    }

    fn receive(&mut self, index: usize, buffer: &mut [u8]) -> Result<(), String> {
        match self.connections[index].receive(buffer) {
            Ok(Receiving::Some(count)) => {
                if count > 0 {
                    self.last_byte = Instant::now();
                }
                Ok(())
            }
            Ok(Receiving::Complete) => self.complete(index, Instant::now()),
            Err(broken) => Err(self.explain(broken)),
        }
    }

    fn complete(&mut self, index: usize, now: Instant) -> Result<(), String> {
        self.last_byte = now;
        self.checked += 1;
        self.busy -= 1;
        if self.stopped.is_some() {
            return Ok(());
        }
        self.measured += 1;
        let latency = now.saturating_duration_since(self.connections[index].started);
        self.latencies.saturating_record(latency.as_nanos() as u64);
        let reached = match self.goal {
            Goal::Time(limit) => now.saturating_duration_since(self.begin) >= limit,
            Goal::Messages(all) => self.measured >= all,
        };
        if reached {
            self.stopped = Some(now);
            return Ok(());
        }
        self.start(index, now)
    }

    /// Progress, watchdog, Ctrl-C.
    fn look_around(&mut self, progress: &mut Progress) -> Result<(), String> {
        let now = Instant::now();
        if now < self.poll.next_tick {
            return Ok(());
        }
        self.poll.next_tick = now + TICK;
        interrupt::check()?;
        if now.saturating_duration_since(self.last_byte) >= self.patience {
            return Err(self.stall());
        }
        if self.stopped.is_none() {
            let elapsed = now.saturating_duration_since(self.begin);
            let share = match self.goal {
                Goal::Time(limit) => elapsed.as_secs_f64() / limit.as_secs_f64(),
                Goal::Messages(all) => self.measured as f64 / all as f64,
            };
            progress.show(share.min(1.0), elapsed, self.measured);
        }
        Ok(())
    }

    fn stall(&mut self) -> String {
        if let Some(end) = self.server.obituary() {
            return format!("the server {end} after {} messages", self.checked);
        }
        let waiting: Vec<_> = self.connections.iter().filter(|each| each.is_busy()).collect();
        let first = waiting.first().map_or(String::new(), |each| format!("; first: {each}"));
        format!(
            "the server stalls: no byte for {:.0} s with {} connections waiting{first}",
            self.patience.as_secs_f64(),
            waiting.len()
        )
    }

    /// No more messages on any connection: the server closes each of them and sends nothing more.
    fn finish(&mut self) -> Result<(), String> {
        let until = Instant::now() + self.patience;
        for index in 0..self.connections.len() {
            let finished = self.connections[index].finish();
            finished.map_err(|broken| self.explain(broken))?;
        }
        for index in 0..self.connections.len() {
            loop {
                interrupt::check()?;
                let closed = self.connections[index].is_closed();
                if closed.map_err(|broken| self.explain(broken))? {
                    break;
                }
                if Instant::now() >= until {
                    let connection = &self.connections[index];
                    return Err(format!(
                        "the server did not close within {:.0} s after its peer did: {connection}",
                        self.patience.as_secs_f64()
                    ));
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        Ok(())
    }

    fn explain(&mut self, broken: Broken) -> String {
        match broken {
            Broken::Wrong(line) => line,
            Broken::Ended(line) => match self.server.obituary() {
                Some(end) => format!("the server {end}; {line}"),
                None => line,
            },
        }
    }
}

/// epoll with what each turn of the loop needs.
struct PollSet {
    fd: OwnedFd,
    events: Vec<libc::epoll_event>,
    buffer: Vec<u8>,
    next_tick: Instant,
}

impl PollSet {
    fn new() -> std::io::Result<PollSet> {
        // SAFETY: no memory is passed.
        let fd = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if fd < 0 {
            return Err(std::io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new and nobody else's.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        let events = vec![libc::epoll_event { events: 0, u64: 0 }; 256];
        Ok(PollSet { fd, events, buffer: vec![0; RECEIVE_SIZE], next_tick: Instant::now() })
    }

    fn add(&self, fd: i32, index: usize) -> std::io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, fd, index, false)
    }

    fn watch(&self, fd: i32, index: usize, writing: bool) -> std::io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, fd, index, writing)
    }

    fn control(&self, what: i32, fd: i32, index: usize, writing: bool) -> std::io::Result<()> {
        let events = libc::EPOLLIN | if writing { libc::EPOLLOUT } else { 0 };
        let mut event = libc::epoll_event { events: events as u32, u64: index as u64 };
        // SAFETY: one record to read.
        match unsafe { libc::epoll_ctl(self.fd.as_raw_fd(), what, fd, &mut event) } {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        }
    }

    /// Sleep until something is ready, at most a tick; returns how many events there are.
    fn wait(&mut self) -> Result<usize, String> {
        let limit = TICK.as_millis() as i32;
        let room = self.events.len() as i32;
        let fd = self.fd.as_raw_fd();
        // SAFETY: `events` has room for `room` records.
        let count = unsafe { libc::epoll_wait(fd, self.events.as_mut_ptr(), room, limit) };
        if count >= 0 {
            return Ok(count as usize);
        }
        match std::io::Error::last_os_error() {
            error if error.kind() == std::io::ErrorKind::Interrupted => Ok(0),
            error => Err(format!("epoll: {error}")),
        }
    }

    /// Index, readable (or ended), writable.
    fn event(&self, at: usize) -> (usize, bool, bool) {
        let event = self.events[at];
        let has = |bits: i32| event.events & bits as u32 != 0;
        let ended = has(libc::EPOLLERR | libc::EPOLLHUP);
        (event.u64 as usize, has(libc::EPOLLIN) || ended, has(libc::EPOLLOUT))
    }
}
