//! The C echo servers (tcp_echo.c, udp_echo.c, echo_server.c and udp_server.c of
//! examples/c) under real clients: every byte comes back, in order.
//!
//! Needs the built library (`make lib`). A socket that is silent for 10 seconds is a failure.

mod harness;

use harness::server::Server;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream, UdpSocket};
use std::time::Duration;

fn tcp_echo(name: &str) -> Server {
    Server::start("tcp_echo", name, &["0", "60"])
}

/// Bytes that differ at every place and for every client.
fn pattern(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}

/// Sends from a second thread, since the server may stop reading until its answers are taken.
fn exchange(stream: TcpStream, seed: u32, length: usize, chunk: usize) {
    let bytes = pattern(seed, length);
    let mut writer = stream.try_clone().expect("a second descriptor");
    let sent = bytes.clone();
    let sending = std::thread::spawn(move || {
        for part in sent.chunks(chunk) {
            writer.write_all(part).expect("writes");
        }
        writer.shutdown(Shutdown::Write).expect("half-closes");
    });
    let mut got = Vec::new();
    let mut reader = stream;
    reader.read_to_end(&mut got).expect("reads until the server closes");
    sending.join().expect("sends");
    assert_eq!(got.len(), bytes.len(), "client {seed}");
    assert!(got == bytes, "client {seed}: a byte is wrong");
}

/// Failure: bytes lost, doubled, swapped or mixed up between connections.
#[test]
fn every_byte_comes_back_to_its_own_client() {
    let server = tcp_echo("many");
    std::thread::scope(|scope| {
        for client in 0..16_u32 {
            let stream = server.connect();
            let chunk = [7, 64, 1000, 65536][client as usize % 4];
            let length = if chunk < 100 { 20_000 } else { 2 << 20 };
            scope.spawn(move || exchange(stream, client + 1, length, chunk));
        }
    });
    server.stop();
}

/// The same on the runtime, with a hundred clients at a time. Failure: as above, or a deaf client
/// among them harms the others.
#[test]
fn the_runtime_serves_a_hundred_clients() {
    let server = Server::start("echo_server", "runtime", &["127.0.0.1:0", "60"]);
    let mut deaf = server.connect();
    deaf.set_write_timeout(Some(Duration::from_millis(300))).expect("set");
    let block = pattern(1, 1 << 16);
    let mut accepted = 0_usize;
    while let Ok(count) = deaf.write(&block) {
        accepted += count;
        assert!(accepted < 256 << 20, "the server takes everything and keeps it");
    }
    std::thread::scope(|scope| {
        for client in 0..100_u32 {
            let stream = server.connect();
            let chunk = [7, 64, 1000, 65536][client as usize % 4];
            let length = if chunk < 100 { 10_000 } else { 500_000 };
            scope.spawn(move || exchange(stream, client + 1, length, chunk));
        }
    });
    drop(deaf);
    server.stop();
}

/// Failure: a client that sends and never reads stops the others, or makes the server grow.
#[test]
fn a_client_that_never_reads_harms_nobody() {
    let server = tcp_echo("deaf");
    let mut deaf = server.connect();
    deaf.set_write_timeout(Some(Duration::from_millis(300))).expect("set");
    let block = pattern(1, 1 << 16);
    let mut accepted = 0_usize;
    while let Ok(count) = deaf.write(&block) {
        accepted += count;
        assert!(accepted < 256 << 20, "the server takes everything and keeps it");
    }
    for client in 2..6 {
        exchange(server.connect(), client, 100_000, 1000);
    }
    drop(deaf);
    server.stop();
}

/// Failure: a reset connection takes the server with it, or leaves its slot behind.
#[test]
fn resets_are_survived() {
    let server = tcp_echo("reset");
    for round in 0..200_u32 {
        let mut stream = server.connect();
        stream.write_all(&pattern(round + 1, 5000)).expect("writes");
        // Unread answers make the kernel send RST when this end is closed.
        drop(stream);
    }
    exchange(server.connect(), 7, 100_000, 1000);
    server.stop();
}

/// Failure: a datagram that comes back changed, to another client, or in part; a server that stops
/// after an empty one or one that it had to cut.
#[test]
fn datagrams_come_back_whole_or_not_at_all() {
    let server = Server::start("udp_echo", "datagrams", &["0", "60"]);
    let sockets: Vec<UdpSocket> = (0..4)
        .map(|_| {
            let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("binds");
            socket.connect(("127.0.0.1", server.port)).expect("connects");
            socket.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
            socket
        })
        .collect();
    let mut got = vec![0; 1 << 16];
    for round in 1..=500_u32 {
        let client = &sockets[round as usize % sockets.len()];
        let length = [1, 64, 1400, 2000][round as usize % 4];
        let bytes = pattern(round, length);
        client.send(&bytes).expect("sends");
        assert_eq!(client.recv(&mut got).expect("an answer"), length);
        assert!(got[..length] == bytes[..], "round {round}: a byte is wrong");
    }
    let [client, ..] = &sockets[..] else { panic!("four sockets") };
    client.send(&[]).expect("sends");
    assert_eq!(client.recv(&mut got).expect("an answer"), 0);
    // Longer than its buffers: what comes next is the answer to the next one.
    client.send(&pattern(9, 5000)).expect("sends");
    client.send(b"next").expect("sends");
    assert_eq!(client.recv(&mut got).expect("an answer"), 4);
    assert_eq!(&got[..4], b"next");
    // More at once than there are buffers; the sockets' own room may lose some, never mix them up.
    let burst = 600_u32;
    (0..burst).for_each(|at| drop(client.send(&pattern(at + 1, 100))));
    client.set_read_timeout(Some(Duration::from_millis(500))).expect("set");
    let mut last = 0;
    while let Ok(length) = client.recv(&mut got) {
        assert_eq!(length, 100);
        let at = (last..burst).find(|at| got[..100] == pattern(at + 1, 100)[..]);
        last = at.expect("an answer that was not sent, or out of order") + 1;
    }
    assert!(last > 0);
    server.stop();
}

/// Failure: an answer that is missing, to somebody else, or not what was asked for.
#[test]
fn the_datagram_server_answers_what_it_is_asked() {
    let server = Server::start("udp_server", "udp_server", &["udp:127.0.0.1:0", "60"]);
    let mut got = vec![0; 1 << 16];
    for round in 0..20_usize {
        let client = UdpSocket::bind(("127.0.0.1", 0)).expect("binds");
        client.connect(("127.0.0.1", server.port)).expect("connects");
        client.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
        client.send(format!("count {}", round * 5).as_bytes()).expect("sends");
        for at in 0..round * 5 {
            let length = client.recv(&mut got).expect("an answer");
            assert_eq!(&got[..length], format!("datagram {at:06}").as_bytes());
        }
        client.send(b"time").expect("sends");
        let length = client.recv(&mut got).expect("an answer");
        assert!(length == 20 && got.starts_with(b"20") && got[length - 1] == b'Z');
        for length in [0, 1, 1400, 60_000] {
            let bytes = pattern(round as u32 + 1, length);
            client.send(&bytes).expect("sends");
            assert_eq!(client.recv(&mut got).expect("an answer"), length);
            assert!(got[..length] == bytes[..]);
        }
    }
    server.stop();
}
