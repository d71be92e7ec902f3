//! The C echo servers (tcp_echo.c, udp_echo.c and echo_server.c of examples/c) under real clients:
//! every byte comes back, in order.
//!
//! Needs the built library (`make lib`). A socket that is silent for 10 seconds is a failure.

mod harness;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The server, killed when the test ends however it ends.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(name: &str) -> Server {
        Server::of("tcp_echo", name)
    }

    /// Starts the example on a free port, which it prints in its first line.
    fn of(example: &str, name: &str) -> Server {
        let binary = harness::out_dir("echo").join(name);
        let root = harness::root();
        let mut cc = Command::new("gcc");
        cc.args(["-std=gnu11", "-O2"]).arg("-I").arg(root.join("include"));
        cc.arg(root.join("examples/c").join(format!("{example}.c"))).arg("-o").arg(&binary);
        cc.arg("-L").arg(harness::lib_dir()).arg("-lringline");
        harness::run(&mut cc).expect("the example compiles");
        let mut command = Command::new(&binary);
        let address = if example == "echo_server" { "127.0.0.1:0" } else { "0" };
        command.args([address, "60"]).env("LD_LIBRARY_PATH", harness::lib_dir());
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the example starts");
        let mut line = String::new();
        let output = child.stdout.as_mut().expect("piped");
        BufReader::new(output).read_line(&mut line).expect("a line");
        let number = line.rsplit(|c: char| !c.is_ascii_digit()).find(|word| !word.is_empty());
        let port = number.and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("{line:?}"));
        Server { child, port }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("connects");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
        stream.set_write_timeout(Some(Duration::from_secs(10))).expect("set");
        stream
    }

    /// SIGTERM ends it, with exit code 0.
    fn stop(mut self) {
        // SAFETY: kill(2) takes numbers only; the child was started here and not waited for.
        unsafe { libc::kill(self.child.id() as i32, libc::SIGTERM) };
        for _ in 0..5000 {
            if let Some(status) = self.child.try_wait().expect("waits") {
                assert!(status.success(), "{status}");
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("the server did not end within 5 seconds of SIGTERM");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
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
    let server = Server::start("many");
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
    let server = Server::of("echo_server", "runtime");
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
    let server = Server::start("deaf");
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
    let server = Server::start("reset");
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
    let server = Server::of("udp_echo", "datagrams");
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
