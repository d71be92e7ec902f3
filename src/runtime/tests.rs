//! What the runtime has for doors that are not C's, and that no function of C shows.

use super::{Config, Door, Event, Manner, Rest, Shared, Threads, Worker};
use crate::driver::{Op, cf, opcode};
use crate::fault::EPANIC;
use crate::sys::net::Place;
use std::cell::{Cell, RefCell};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(20);

/// A door that is two functions.
struct Plain<T, P>(T, P);

impl<T: Fn(&Worker, Event<'_>), P: Fn(&Worker) -> Rest> Door for Plain<T, P> {
    fn tell(&self, worker: &Worker, event: Event<'_>) {
        self.0(worker, event);
    }

    fn poll(&self, worker: &Worker) -> Rest {
        self.1(worker)
    }
}

fn rest(_: &Worker) -> Rest {
    Rest::Idle
}

/// A door that there never is.
enum Never {}

impl Door for Never {
    fn tell(&self, _: &Worker, _: Event<'_>) {}
}

fn no_door(_: u32) -> Never {
    panic!("no door")
}

/// A runtime of one worker that listens, and a client of it.
struct Served {
    threads: Arc<Threads>,
    listener: u32,
}

impl Served {
    fn new(config: Config) -> Served {
        Served::at(config, Place::Tcp("127.0.0.1:0".parse().unwrap()))
    }

    fn at(config: Config, place: Place) -> Served {
        let config = Config { workers: 1, ..config }.resolved().unwrap();
        let threads = Arc::new(Threads::new(Arc::new(Shared::new(config))));
        let listener =
            threads.shared().listen(&place, Manner { backlog: 8, shared: false, tls: None });
        Served { threads, listener: listener.unwrap() }
    }

    fn client(&self) -> TcpStream {
        let port = self.threads.shared().port(self.listener).unwrap();
        let client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        client.set_read_timeout(Some(LIMIT)).unwrap();
        client
    }

    fn end(self) {
        self.threads.shared().stop(0);
        self.threads.join(-1).unwrap();
    }
}

fn next<T>(from: &Receiver<T>) -> T {
    from.recv_timeout(LIMIT).expect("the worker told nothing")
}

/// Of three messages one is heard of. The first is too long for the fast path.
#[test]
fn sends_are_heard_of_one_by_one() {
    let served = Served::new(Config::default());
    let (say, said) = channel();
    let door = move |_| {
        let say = say.clone();
        let tell = move |worker: &Worker, event: Event<'_>| match event {
            Event::Data { conn, bytes, .. } if !bytes.is_empty() => {
                worker.send(conn, bytes).unwrap();
                if bytes.ends_with(b"!") {
                    assert!(worker.hear(conn).unwrap());
                    assert_eq!(worker.facts(conn).unwrap().queued, 2);
                }
            }
            Event::Sent { conn, bytes, .. } => {
                assert!(!worker.hear(conn).unwrap());
                say.send(bytes).unwrap();
            }
            _ => {}
        };
        Plain(tell, rest)
    };
    served.threads.start(door).unwrap();
    let (mut client, mut back) = (served.client(), [0; 8192]);
    for message in [&[b'a'; 8192][..], b"b!", b"def"] {
        client.write_all(message).unwrap();
        client.read_exact(&mut back[..message.len()]).unwrap();
    }
    served.end();
    assert_eq!(said.iter().collect::<Vec<u64>>(), [2]);
}

/// A door with something to do keeps its worker awake, and what it sends when it is asked leaves
/// before the worker sleeps.
#[test]
fn a_worker_sleeps_when_its_door_says_so() {
    let served = Served::new(Config::default());
    let (say, said) = channel();
    let door = move |_| {
        let (say, rounds) = (say.clone(), Cell::new(0));
        let waiting = Rc::new(RefCell::new(Vec::new()));
        let queue = waiting.clone();
        let tell = move |_: &Worker, event: Event<'_>| {
            if let Event::Data { conn, bytes, .. } = event {
                queue.borrow_mut().push((conn, bytes.to_vec()));
            }
        };
        let poll = move |worker: &Worker| {
            let idle = waiting.borrow().is_empty();
            for (conn, bytes) in waiting.borrow_mut().drain(..).filter(|(_, all)| !all.is_empty()) {
                worker.send(conn, &bytes).unwrap();
            }
            rounds.set(rounds.get() + 1);
            match rounds.get() {
                1000 => say.send(()).unwrap(),
                ..1000 => return if rounds.get() % 2 == 0 { Rest::Not } else { Rest::Short },
                _ => {}
            }
            if idle { Rest::Idle } else { Rest::Done }
        };
        Plain(tell, poll)
    };
    served.threads.start(door).unwrap();
    // Nothing but the door itself wakes it.
    next(&said);
    let (mut client, mut back) = (served.client(), [0; 4]);
    for _ in 0..100 {
        client.write_all(b"ping").unwrap();
        client.read_exact(&mut back).unwrap();
    }
    let turns = served.threads.shared().stats().map(|stats| stats.turns.get()).sum::<u64>();
    // One to receive, and one to send and wait; and those of the beginning.
    assert!(turns < 1000 + 150, "{turns} turns");
    served.end();
}

/// An operation of the door's own is told with its number, and one that is cancelled ends.
#[test]
fn a_door_has_operations_of_its_own() {
    let served = Served::new(Config::default());
    let (say, said) = channel();
    let (reader, writer) = UnixStream::pair().unwrap();
    let fd = std::os::fd::AsRawFd::as_raw_fd(&reader);
    let door = move |_| {
        let (say, poll) = (say.clone(), Cell::new(0));
        let tell = move |worker: &Worker, event: Event<'_>| match event {
            Event::Started => {
                let nop = Op { opcode: opcode::NOP, fd: -1, ..Op::default() };
                let wait = Op { opcode: opcode::POLL_ADD, fd, op_flags: 1, ..Op::default() };
                // SAFETY: neither names memory.
                unsafe {
                    poll.set(worker.submit(&wait, u64::MAX).unwrap());
                    worker.submit(&nop, 1 << 63).unwrap();
                }
            }
            Event::Completed { user, completion } => {
                assert!(completion.flags & cf::FINAL != 0);
                say.send((user, completion.res)).unwrap();
                if user == 1 << 63 {
                    worker.cancel(poll.get()).unwrap();
                }
            }
            _ => {}
        };
        Plain(tell, rest)
    };
    served.threads.start(door).unwrap();
    assert_eq!(next(&said), (1 << 63, 0));
    assert_eq!(next(&said), (u64::MAX, -libc::ECANCELED));
    served.end();
    drop((reader, writer));
}

/// A door that cannot be sent to another thread, and one whose worker fails.
#[test]
fn whoever_joins_hears_why_a_worker_failed() {
    let served = Served::new(Config::default());
    let (say, said) = channel();
    let panics = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let asked = panics.clone();
    let door = move |index| {
        let name = std::thread::current().name().map(str::to_owned);
        let seen = Rc::new((name, index));
        let (say, asked): (Sender<_>, _) = (say.clone(), asked.clone());
        let tell = move |_: &Worker, event: Event<'_>| match event {
            Event::Started => say.send((*seen).clone()).unwrap(),
            Event::Notified { .. } => {
                asked.store(true, std::sync::atomic::Ordering::SeqCst);
                panic!("as asked");
            }
            _ => {}
        };
        Plain(tell, rest)
    };
    served.threads.start(door).unwrap();
    assert_eq!(next(&said), (Some("ringline-0".into()), 0));
    served.threads.shared().post_note(0, 0, 0).unwrap();
    assert_eq!(served.threads.join(-1).err().unwrap().code, EPANIC);
    assert!(panics.load(std::sync::atomic::Ordering::SeqCst));
    served.threads.shared().stop(0);

    let served = Served::new(Config::default());
    assert_eq!(served.threads.start(no_door).err().unwrap().code, EPANIC);
}

/// Tells that it is dropped.
struct Dropped(Sender<()>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

#[test]
fn a_door_whose_worker_gets_no_ring_is_dropped() {
    let mut config = Config { workers: 1, ..Config::default() }.resolved().unwrap();
    // No pool has so few.
    config.pool_buffers = 0;
    let threads = Arc::new(Threads::new(Arc::new(Shared::new(config))));
    let (say, said) = channel();
    let door = move |_| {
        let dropped = Dropped(say.clone());
        let tell = move |_: &Worker, _: Event<'_>| {
            let _ = &dropped;
        };
        Plain(tell, rest)
    };
    assert_eq!(threads.start(door).err().unwrap().code, -libc::EINVAL);
    next(&said);
}

/// What is not consumed is looked at later; who sends too much of it waits, and is not closed.
#[test]
fn what_was_kept_is_looked_at_and_held_back() {
    const MOST: usize = 64 << 20;
    const KEEP: u32 = 4096;
    let served = Served::new(Config { keep_max: KEEP, ..Config::default() });
    let (say, said) = channel();
    let door = move |_| {
        let (say, conn, closed) = (say.clone(), Cell::new(0), Cell::new(0));
        let tell = move |worker: &Worker, event: Event<'_>| match event {
            Event::Started => worker.hold_back(),
            Event::Accepted { conn: id, .. } => conn.set(id),
            Event::Data { used, bytes, .. } if !bytes.is_empty() => *used = 0,
            Event::Closed { reason, .. } => closed.set(reason),
            // `user` bytes are to be consumed.
            Event::Notified { user, .. } => {
                let mut seen = Vec::new();
                let look = |bytes: &[u8]| {
                    seen = bytes[..bytes.len().min(user as usize)].to_vec();
                    seen.len()
                };
                let kept = worker.facts(conn.get()).map_or(0, |facts| facts.kept);
                if conn.get() != 0 && closed.get() == 0 {
                    worker.look(conn.get(), look).unwrap();
                }
                say.send((kept as usize, seen, closed.get())).unwrap();
            }
            _ => {}
        };
        Plain(tell, rest)
    };
    served.threads.start(door).unwrap();
    let ask = |user| {
        served.threads.shared().post_note(0, user, 0).unwrap();
        next(&said)
    };
    let mut client = served.client();
    client.set_nonblocking(true).unwrap();
    let block: Vec<u8> = (0..65536u32).map(|at| ((at * 7) >> 3) as u8).collect();
    // Until the worker takes no more, and the kernel has none to give.
    let (mut written, mut before) = (0, (0, 0));
    let kept = loop {
        match client.write(&block[written % block.len()..]) {
            Ok(count) => written += count,
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        assert!(written < MOST, "it is kept without end");
        let (kept, _, closed) = ask(0);
        assert_eq!(closed, 0);
        if before == (written, kept) && kept > KEEP as usize {
            break kept;
        }
        before = (written, kept);
    };
    assert!(kept < MOST / 8, "{kept} are kept");
    let (mut read, begin) = (0, Instant::now());
    while read < written {
        assert!(begin.elapsed() < 3 * LIMIT, "{read} of {written} came");
        let (_, seen, _) = ask(10_000);
        for byte in seen {
            assert_eq!(byte, block[read % block.len()]);
            read += 1;
        }
    }
    served.end();
}

/// A look that panics consumes nothing, and what is read later is not lost when the other end goes
/// in order: it is there until it was looked at.
#[test]
fn what_is_held_back_survives_a_panic_and_the_other_ends_end() {
    survives(4096);
    survives(16384);
}

/// As much is kept before the rest is held back.
fn survives(keep_max: u32) {
    const SENT: usize = 8192;
    let name = format!("\0ringline-held-{keep_max}-{}", std::process::id());
    let place = Place::Unix(name.clone().into_bytes());
    let served = Served::at(Config { keep_max, ..Config::default() }, place);
    let (say, said) = channel();
    let door = move |_| {
        let (say, conn) = (say.clone(), Cell::new(0));
        let tell = move |worker: &Worker, event: Event<'_>| match event {
            Event::Started => worker.hold_back(),
            Event::Accepted { conn: id, .. } => conn.set(id),
            Event::Data { used, bytes, .. } => *used = bytes.is_empty().into(),
            Event::Closed { .. } => conn.set(0),
            Event::Notified { user, .. } => {
                let kept = worker.facts(conn.get()).map_or(0, |facts| facts.kept);
                let panics = || worker.look(conn.get(), |_| panic!("as asked"));
                if user == 1 {
                    std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics)).unwrap_err();
                }
                if user == 2 {
                    worker.look(conn.get(), |bytes| bytes.len()).unwrap();
                }
                say.send((conn.get(), kept as usize)).unwrap();
            }
            _ => {}
        };
        Plain(tell, rest)
    };
    served.threads.start(door).unwrap();
    let ask = |user| {
        served.threads.shared().post_note(0, user, 0).unwrap();
        next(&said)
    };
    let address = SocketAddr::from_abstract_name(&name.as_bytes()[1..]).unwrap();
    let mut client = UnixStream::connect_addr(&address).unwrap();
    client.write_all(&[b'a'; SENT]).unwrap();
    let begin = Instant::now();
    while ask(0).1 < SENT {
        assert!(begin.elapsed() < LIMIT, "it did not come");
    }
    assert_eq!(ask(1).1, SENT);
    drop(client);
    // More turns than it takes to end the receive, to arm the poll, and to hear of the end.
    for _ in 0..16 {
        assert_eq!(ask(0).1, SENT);
    }
    assert_eq!(ask(2).1, SENT);
    while ask(0).0 != 0 {
        assert!(begin.elapsed() < 3 * LIMIT, "it does not end");
    }
    served.end();
}
