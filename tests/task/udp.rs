//! Datagrams: sockets that the runtime binds, sockets of a task's own, batches and runs.

use super::common::{LIMIT, config, run};
use ringline::*;
use std::future::Future;
use std::net::{SocketAddr, UdpSocket as StdSocket};
use std::pin::Pin;
use std::time::{Duration, Instant};

fn any() -> SocketAddr {
    "127.0.0.1:0".parse().expect("an address")
}

fn client() -> StdSocket {
    let socket = StdSocket::bind(any()).expect("bind");
    socket.set_read_timeout(Some(LIMIT)).expect("a limit");
    socket
}

fn end(stop: ShutdownHandle, workers: Vec<std::thread::JoinHandle<Result<(), Error>>>) {
    stop.shutdown();
    for worker in workers {
        worker.join().expect("no panic").expect("no error");
    }
}

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Answers datagrams, whatever way the first byte asks for.
struct Answers;

async fn answer(udp: UdpCtx) {
    loop {
        let mut came: Vec<(SocketAddr, Vec<u8>, Instant)> = Vec::new();
        let count =
            udp.recv_batch_timed(4, |bytes, peer, at| came.push((peer, bytes.to_vec(), at))).await;
        assert_eq!(count, came.len());
        for (peer, bytes, at) in came {
            assert!(at <= Instant::now());
            let sent = loop {
                let sent = match bytes.first() {
                    Some(b'g') => udp.send_to_gso(peer, &[7; 5500], 1000),
                    _ => udp.send_to(peer, &bytes),
                };
                match sent {
                    Err(UdpSendError::PoolExhausted) => udp.send_ready().await,
                    other => break other,
                }
            };
            sent.expect("sent");
        }
    }
}

impl AsyncEventHandler for Answers {
    fn create_for_worker(_: usize) -> Self {
        Answers
    }

    fn on_accept(&self, _: ConnCtx) -> impl Future<Output = ()> + 'static {
        async {}
    }

    fn on_udp_bind(&self, udp: UdpCtx) -> Option<Task> {
        Some(Box::pin(answer(udp)))
    }
}

#[test]
fn a_run_is_cut_and_its_arguments_are_checked() {
    let builder = RinglineBuilder::new(config()).bind_udp(any()).bind_udp(any());
    let (stop, workers) = builder.launch::<Answers>().expect("launch");
    let to = stop.bound_udp_addr().expect("bound");
    assert_eq!(stop.bound_udp_addrs().len(), 2);
    assert_ne!(stop.bound_udp_addrs()[1], Some(to));
    let client = client();
    client.send_to(b"go", to).expect("send");
    let mut buffer = [0; 2000];
    for len in [1000, 1000, 1000, 1000, 1000, 500] {
        assert_eq!(client.recv_from(&mut buffer).expect("a segment"), (len, to));
    }
    end(stop, workers);
}

/// Asks its peer, from every worker.
struct Asks;

impl AsyncEventHandler for Asks {
    fn create_for_worker(_: usize) -> Self {
        Asks
    }

    fn on_accept(&self, _: ConnCtx) -> impl Future<Output = ()> + 'static {
        async {}
    }

    fn on_udp_bind(&self, udp: UdpCtx) -> Option<Task> {
        Some(Box::pin(async move {
            let peer = *PEER.get().expect("set");
            udp.send_to(peer, b"question").expect("sent");
            let len = udp
                .with_datagram(|bytes, from| {
                    assert_eq!(from, peer);
                    bytes.len()
                })
                .await;
            udp.send_to(peer, len.to_string().as_bytes()).expect("sent");
        }))
    }
}

static PEER: std::sync::OnceLock<SocketAddr> = std::sync::OnceLock::new();

#[test]
fn each_worker_hears_its_own_answers_of_a_connected_socket() {
    let server = client();
    let peer = server.local_addr().expect("bound");
    PEER.set(peer).expect("once");
    let mut config = config();
    config.worker.threads = 3;
    let builder = RinglineBuilder::new(config).bind_udp_connected(any(), peer);
    let (stop, workers) = builder.launch::<Asks>().expect("launch");
    assert_eq!(stop.bound_udp_addrs(), [None]);
    let (mut asked, mut heard, mut buffer) = (Vec::new(), 0, [0; 64]);
    while heard < 3 {
        let (len, from) = server.recv_from(&mut buffer).expect("a question");
        if &buffer[..len] == b"question" {
            // Of somebody else: it is not heard.
            client().send_to(b"nonsense of others", from).expect("send");
            server.send_to(b"answer", from).expect("send");
            asked.push(from);
        } else {
            assert_eq!(&buffer[..len], b"6");
            heard += 1;
        }
    }
    asked.sort_unstable();
    asked.dedup();
    assert_eq!(asked.len(), 3, "each worker has a port");
    end(stop, workers);
}

#[test]
fn tasks_have_sockets_of_their_own() {
    run(config(), || async {
        let bound = UdpSocket::bind(any()).expect("bound");
        let at = bound.local_addr().expect("an address");
        assert_eq!(UdpSocket::bind(at).expect_err("taken").kind(), std::io::ErrorKind::AddrInUse);
        let asks = UdpSocket::connect(any(), at).expect("connected");
        assert_eq!(asks.peer_addr(), Some(at));
        assert!(matches!(bound.send(b"to whom?"), Err(UdpSendError::Io(_))));
        for text in [&b"one"[..], b"", &[9; 40_000]] {
            asks.send(text).expect("sent");
            let (bytes, from) = bound.recv_from().await;
            assert_eq!((&bytes[..], Some(from)), (text, asks.local_addr()));
            bound.send_to(from, &bytes).expect("sent");
            assert_eq!(asks.recv().await, text);
        }
        assert!(bound.send_to_gso(at, b"abc", 0).is_err());
        assert!(bound.send_to_gso(at, b"abc", 4).is_err());
        // Nobody hears this one; the socket goes on.
        let gone = UdpSocket::connect(any(), "127.0.0.1:1".parse().expect("an address"));
        let gone = gone.expect("connected");
        gone.send(b"to nobody").expect("sent");
        assert!(timeout(Duration::from_millis(20), gone.recv()).await.is_err());
        gone.send(b"to nobody").expect("sent");
    });
}

#[test]
fn a_burst_beyond_the_room_waits_and_all_of_it_comes() {
    let mut config = config();
    config.udp_recv_queue_capacity = 100_000;
    run(config, || async {
        let (from, to) = (UdpSocket::bind(any()).expect("bound"), UdpSocket::bind(any()));
        let to = to.expect("bound");
        let at = to.local_addr().expect("an address");
        let mut waited = 0;
        for number in 0..500u32 {
            // Each of another length, so that none joins the last.
            let bytes = vec![number as u8; 1 + number as usize % 50];
            while let Err(error) = from.send_to(at, &bytes) {
                assert!(matches!(error, UdpSendError::PoolExhausted), "{error}");
                from.send_ready().await;
                waited += 1;
            }
            if number % 20 == 19 {
                let mut left = 20;
                while left > 0 {
                    left -= to.recv_batch(64, |_, _| {}).await;
                }
            }
        }
        let run = vec![1; 65_000];
        let refused = (0..40).any(|_| from.send_to_gso(at, &run, 500).is_err());
        assert!(refused, "there is room for everything");
        from.send_ready().await;
        waited += 1;
        assert!(waited > 0);
    });
}

#[test]
fn a_queue_is_bounded_and_no_socket_stays_open() {
    let mut config = config();
    config.udp_recv_queue_capacity = 2;
    run(config, || async {
        let before = open_files();
        for _ in 0..20 {
            let (from, to) = (UdpSocket::bind(any()).expect("bound"), UdpSocket::bind(any()));
            let to = to.expect("bound");
            for text in [b"first", b"again", b"third"] {
                from.send_to(to.local_addr().expect("an address"), text).expect("sent");
            }
            // One turn sends and one receives, and what is said last is lost.
            sleep(Duration::from_millis(5)).await;
            let mut came = Vec::new();
            to.recv_batch(9, |bytes, _| came.push(bytes.to_vec())).await;
            assert!(came.len() <= 2 && came[0] == b"first");
        }
        let started = Instant::now();
        while open_files() > before {
            assert!(started.elapsed() < LIMIT, "{} of {before} files", open_files());
            sleep(Duration::from_millis(1)).await;
        }
    });
}

/// Sockets of this process that nobody but this test makes and drops: those of UDP.
fn open_files() -> usize {
    let sockets = std::fs::read_to_string("/proc/self/net/udp").expect("readable");
    let inodes: Vec<&str> =
        sockets.lines().skip(1).filter_map(|line| line.split_whitespace().nth(9)).collect();
    let files = std::fs::read_dir("/proc/self/fd").expect("readable");
    let links = files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
    links
        .filter(|link| {
            let text = link.to_string_lossy();
            inodes.iter().any(|inode| text == format!("socket:[{inode}]"))
        })
        .count()
}
