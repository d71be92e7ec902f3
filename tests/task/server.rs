//! Connections, tasks, timers, guards and datagrams of a server, over real sockets and threads.

use crate::common::*;
use ringline::*;
use std::future::Future;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

#[test]
fn an_echo_answers_and_ends_with_its_client() {
    serve::<Echo>(config(), |at| {
        let mut stream = client(at);
        for message in [&b"one"[..], &[7; 100_000], b"three"] {
            stream.write_all(message).expect("write");
            let mut answer = vec![0; message.len()];
            stream.read_exact(&mut answer).expect("read");
            assert!(answer == message);
        }
        stream.shutdown(std::net::Shutdown::Write).expect("shutdown");
        assert_eq!(stream.read(&mut [0; 8]).expect("the end"), 0);
    });
}

/// Says the length of what it was shown, for each time.
struct Lengths;

impl AsyncEventHandler for Lengths {
    fn create_for_worker(_: usize) -> Self {
        Lengths
    }

    fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move {
            let mut shown = String::new();
            let mut length = |bytes: &[u8]| {
                shown += &format!("{} ", bytes.len());
                ParseResult::Consumed(bytes.len())
            };
            while peer.with_data(&mut length).await > 0 {}
            assert_eq!(peer.try_with_data(|_| ParseResult::NeedMore), None);
            peer.send(shown.as_bytes()).expect("room").await.expect("sent");
        }
    }
}

#[test]
fn a_parser_is_shown_bytes_or_nothing() {
    serve::<Lengths>(config(), |at| {
        let mut stream = client(at);
        stream.write_all(b"three").expect("write");
        stream.shutdown(std::net::Shutdown::Write).expect("shutdown");
        let mut shown = String::new();
        stream.read_to_string(&mut shown).expect("read");
        assert_eq!(shown, "5 ");
    });
}

/// Answers whole lines, and sleeps between them; the rest waits.
struct Lines;

impl AsyncEventHandler for Lines {
    fn create_for_worker(_: usize) -> Self {
        Lines
    }

    fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move {
            loop {
                let mut line = Vec::new();
                let read =
                    peer.with_data(|bytes| match bytes.iter().position(|byte| *byte == b'\n') {
                        Some(end) => {
                            line = bytes[..=end].to_vec();
                            ParseResult::Consumed(end + 1)
                        }
                        None => ParseResult::NeedMore,
                    });
                if read.await == 0 {
                    return;
                }
                sleep(Duration::from_millis(2)).await;
                let sent = peer.send(&line).expect("room").await.expect("sent");
                assert_eq!(sent as usize, line.len());
            }
        }
    }
}

#[test]
fn what_a_task_leaves_is_there_when_it_looks_again() {
    serve::<Lines>(config(), |at| {
        let mut stream = client(at);
        stream.write_all(b"a\nbb\nccc").expect("write");
        stream.write_all(b"\n").expect("write");
        stream.shutdown(std::net::Shutdown::Write).expect("shutdown");
        let mut all = String::new();
        stream.read_to_string(&mut all).expect("read");
        assert_eq!(all, "a\nbb\nccc\n");
    });
}

static ABORTED: AtomicU32 = AtomicU32::new(0);

/// Runs a list of checks in its start task, and ends the runtime.
struct Tasks;

struct Counted;

impl Drop for Counted {
    fn drop(&mut self) {
        ABORTED.fetch_add(1, Ordering::SeqCst);
    }
}

impl AsyncEventHandler for Tasks {
    fn create_for_worker(_: usize) -> Self {
        Tasks
    }

    fn on_accept(&self, _: ConnCtx) -> impl Future<Output = ()> + 'static {
        async {}
    }

    fn on_start(&self) -> Option<std::pin::Pin<Box<dyn Future<Output = ()>>>> {
        Some(Box::pin(async {
            assert_eq!(spawn_with_handle(async { 6 * 7 }).expect("room").await, Ok(42));
            let counted = Counted;
            let waits = spawn_with_handle(async move {
                let _counted = counted;
                std::future::pending::<()>().await;
            });
            let waits = waits.expect("room");
            waits.abort();
            assert_eq!(ABORTED.load(Ordering::SeqCst), 1);
            assert_eq!(waits.await, Err(JoinError::Aborted));
            assert_eq!(join(async { 1 }, sleep(Duration::from_millis(1))).await, (1, ()));
            let won = select(sleep(Duration::from_secs(60)), async { 5 }).await;
            assert_eq!(won, Either::Right(5));
            let late = timeout(Duration::from_millis(1), std::future::pending::<()>()).await;
            assert_eq!(late, Err(Elapsed));
            let panics = spawn_with_handle(async { panic!("on purpose") }).expect("room");
            assert_eq!(panics.await, Err(JoinError::Panicked));
            let full: Vec<_> = (0..).map_while(|_| spawn(std::future::pending()).ok()).collect();
            assert_eq!(full.len(), 256);
            full.into_iter().for_each(TaskId::cancel);
            let sleeps: Vec<_> =
                (0..).map_while(|_| try_sleep(Duration::from_secs(60)).ok()).collect();
            assert_eq!(sleeps.len(), 256);
            sleep(Duration::from_millis(1)).await;
            drop(sleeps);
            assert!(try_sleep(Duration::from_secs(60)).is_ok());
            request_shutdown().expect("a worker");
        }))
    }
}

#[test]
fn tasks_end_are_aborted_and_wait() {
    let (_stop, workers) = RinglineBuilder::new(config()).launch::<Tasks>().expect("launch");
    for worker in workers {
        worker.join().expect("no panic").expect("no error");
    }
    assert!(spawn(async {}).is_err());
}

static NOTIFIED: AtomicU32 = AtomicU32::new(0);
static TICKED: AtomicU32 = AtomicU32::new(0);

/// Counts ticks and notifications; its clients are cut off.
struct Clock;

impl AsyncEventHandler for Clock {
    fn create_for_worker(_: usize) -> Self {
        Clock
    }

    fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move {
            let _ = peer.with_data(|bytes| ParseResult::Consumed(bytes.len())).await;
            panic!("on purpose");
        }
    }

    fn on_tick(&mut self, _: &mut DriverCtx<'_>) {
        TICKED.fetch_add(1, Ordering::SeqCst);
    }

    fn on_notify(&mut self, driver: &mut DriverCtx<'_>) {
        NOTIFIED.fetch_add(1, Ordering::SeqCst);
        driver.request_shutdown();
    }
}

#[test]
fn a_worker_ticks_is_notified_and_outlives_a_panic() {
    let any = "127.0.0.1:0".parse().expect("an address");
    let (stop, workers) =
        RinglineBuilder::new(config()).bind(any).launch::<Clock>().expect("launch");
    let at = stop.bound_addr().expect("bound");
    for _ in 0..2 {
        let mut stream = client(at);
        stream.write_all(b"x").expect("write");
        // A panic in its task ends a connection, by a reset, and nothing else.
        let end = stream.read(&mut [0; 8]);
        assert!(matches!(&end, Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset));
    }
    while TICKED.load(Ordering::SeqCst) < 3 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let eventfd = stop.worker_eventfds()[0];
    let one = 1u64;
    // SAFETY: eight bytes of this stack.
    assert_eq!(unsafe { libc::write(eventfd, (&raw const one).cast(), 8) }, 8);
    for worker in workers {
        worker.join().expect("no panic").expect("no error");
    }
    assert_eq!(NOTIFIED.load(Ordering::SeqCst), 1);
}

/// Sends what each client names through a second connection, to itself.
struct Loop;

static ADDRESS: std::sync::OnceLock<SocketAddr> = std::sync::OnceLock::new();

impl AsyncEventHandler for Loop {
    fn create_for_worker(_: usize) -> Self {
        Loop
    }

    fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move {
            let mut first = Vec::new();
            let read = peer.with_bytes(|bytes| {
                first = bytes.to_vec();
                ParseResult::Consumed(bytes.len())
            });
            if read.await == 0 {
                return;
            }
            if first == b"inner" {
                // The other end's own message comes back to it.
                peer.send(b"answer").expect("room").await.expect("sent");
                return;
            }
            let own =
                connect(*ADDRESS.get().expect("set")).expect("room").await.expect("connected");
            assert!(own.is_outbound() && own.peer_addr().is_some() && !peer.is_outbound());
            own.send_nowait(b"inner").expect("room");
            loop {
                let read = own.with_data(|bytes| {
                    peer.send_nowait(bytes).expect("room");
                    ParseResult::Consumed(bytes.len())
                });
                if read.await == 0 {
                    break;
                }
            }
            own.close();
            let nobody = "127.0.0.1:1".parse().expect("an address");
            let refused = connect(nobody).expect("room").await;
            assert_eq!(refused.expect_err("nobody").kind(), std::io::ErrorKind::ConnectionRefused);
            assert!(own.send_nowait(b"late").is_err());
            // Given up: its connection ends, and nothing waits for it.
            drop(connect(*ADDRESS.get().expect("set")).expect("room"));
        }
    }
}

#[test]
fn a_task_connects_reads_and_gives_up() {
    serve::<Loop>(config(), |at| {
        ADDRESS.set(at).expect("once");
        let mut stream = client(at);
        stream.write_all(b"outer").expect("write");
        let mut all = String::new();
        stream.read_to_string(&mut all).expect("read");
        assert_eq!(all, "answer");
    });
}

/// Sends memory of its own from where it lies, and counts when it is given back.
struct Lender;

static GIVEN_BACK: AtomicU32 = AtomicU32::new(0);

struct Page(Vec<u8>);

impl SendGuard for Page {
    fn as_ptr_len(&self) -> (*const u8, u32) {
        (self.0.as_ptr(), self.0.len() as u32)
    }

    fn region(&self) -> RegionId {
        RegionId::UNREGISTERED
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        GIVEN_BACK.fetch_add(1, Ordering::SeqCst);
    }
}

struct Outside;

impl SendGuard for Outside {
    fn as_ptr_len(&self) -> (*const u8, u32) {
        (b"outside".as_ptr(), 7)
    }

    fn region(&self) -> RegionId {
        RegionId(0)
    }
}

impl AsyncEventHandler for Lender {
    fn create_for_worker(_: usize) -> Self {
        Lender
    }

    fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move {
            let page = |byte| GuardBox::new(Page(vec![byte; 20_000]));
            let sent = peer
                .send_parts()
                .build_await(|parts| parts.copy(b"head").guard(page(1)).copy(b"tail").submit());
            assert_eq!(sent.expect("room").await.expect("sent"), 20_008);
            let chained = peer.send_chain(|chain| {
                chain.copy(b"a").parts().copy(b"b").guard(page(2)).add().copy(b"c").finish()
            });
            assert_eq!(chained.expect("room").await.expect("sent"), 20_003);
            let small =
                vec![SendPart::Copy(b"x"), SendPart::Guard(GuardBox::new(Page(vec![3; 5])))];
            assert_eq!(peer.send_parts().submit_batch(small).expect("room"), 6);
            // A guard that is not in its region sends nothing, and neither do its neighbours.
            let outside = peer
                .send_parts()
                .build(|parts| parts.copy(b"never").guard(GuardBox::new(Outside)).submit());
            assert!(outside.expect_err("no region").to_string().contains("region"));
            let many = (0..=MAX_IOVECS).map(|_| SendPart::Copy(b"y")).collect();
            let refused = peer.send_parts().submit_batch(many).expect_err("too many");
            assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput);
        }
    }
}

#[test]
fn guards_are_sent_and_given_back() {
    serve::<Lender>(config(), |at| {
        let mut all = Vec::new();
        client(at).read_to_end(&mut all).expect("read");
        let parts: [(&[u8], usize); 8] = [
            (b"head", 1),
            (&[1], 20_000),
            (b"tail", 1),
            (b"ab", 1),
            (&[2], 20_000),
            (b"c", 1),
            (b"x", 1),
            (&[3], 5),
        ];
        let expected: Vec<u8> =
            parts.iter().flat_map(|(bytes, times)| bytes.repeat(*times)).collect();
        assert!(all == expected, "{} bytes, not {}", all.len(), expected.len());
    });
    assert_eq!(GIVEN_BACK.load(Ordering::SeqCst), 3);
}

/// Answers each datagram to its sender, in capitals.
struct Datagrams;

impl AsyncEventHandler for Datagrams {
    fn create_for_worker(_: usize) -> Self {
        Datagrams
    }

    fn on_accept(&self, _: ConnCtx) -> impl Future<Output = ()> + 'static {
        async {}
    }

    fn on_udp_bind(&self, socket: UdpCtx) -> Option<std::pin::Pin<Box<dyn Future<Output = ()>>>> {
        Some(Box::pin(async move {
            loop {
                let (bytes, from) = socket.recv_from().await;
                socket.send_to(from, &bytes.to_ascii_uppercase()).expect("room");
            }
        }))
    }
}

#[test]
fn datagrams_are_received_and_answered() {
    let own = std::net::UdpSocket::bind("127.0.0.1:0").expect("bind");
    own.set_read_timeout(Some(LIMIT)).expect("a limit");
    let free = std::net::UdpSocket::bind("127.0.0.1:0").expect("bind");
    let at = free.local_addr().expect("bound");
    drop(free);
    let (stop, workers) =
        RinglineBuilder::new(config()).bind_udp(at).launch::<Datagrams>().expect("launch");
    for message in [&b"one"[..], b"", b"three"] {
        own.send_to(message, at).expect("send");
        let mut answer = [0; 16];
        let (len, from) = own.recv_from(&mut answer).expect("an answer");
        assert_eq!((&answer[..len], from), (&message.to_ascii_uppercase()[..], at));
    }
    drop(stop);
    for worker in workers {
        worker.join().expect("no panic").expect("no error");
    }
}
