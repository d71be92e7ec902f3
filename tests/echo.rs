//! The C echo servers (examples/c/tcp_echo.c, udp_echo.c) under real clients: every byte comes
//! back, in order, and every datagram to its sender.
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
    /// Starts the server `program` on a free port, which it prints in its first line.
    fn start(program: &str, name: &str) -> Server {
        let binary = harness::out_dir("echo").join(name);
        let root = harness::root();
        let mut cc = Command::new("gcc");
        cc.args(["-std=gnu11", "-O2"]).arg("-I").arg(root.join("include"));
        cc.arg(root.join("examples/c").join(program)).arg("-o").arg(&binary);
        cc.arg("-L").arg(harness::lib_dir()).arg("-lringline");
        harness::run(&mut cc).expect("the server compiles");
        let mut command = Command::new(&binary);
        command.args(["0", "60"]).env("LD_LIBRARY_PATH", harness::lib_dir());
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the server starts");
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

    /// A datagram socket of its own, connected to the server.
    fn connect_udp(&self) -> UdpSocket {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("binds");
        socket.connect(("127.0.0.1", self.port)).expect("connects");
        socket.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
        socket
    }

    /// SIGTERM ends it, with exit code 0; what it printed last.
    fn stop(mut self) -> String {
        // SAFETY: kill(2) takes numbers only; the child was started here and not waited for.
        unsafe { libc::kill(self.child.id() as i32, libc::SIGTERM) };
        for _ in 0..5000 {
            if let Some(status) = self.child.try_wait().expect("waits") {
                assert!(status.success(), "{status}");
                let mut text = String::new();
                let output = self.child.stdout.as_mut().expect("piped");
                output.read_to_string(&mut text).expect("text");
                return text;
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
    let server = Server::start("tcp_echo.c", "many");
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

/// Failure: a client that sends and never reads stops the others, or makes the server grow.
#[test]
fn a_client_that_never_reads_harms_nobody() {
    let server = Server::start("tcp_echo.c", "deaf");
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
    let server = Server::start("tcp_echo.c", "reset");
    for round in 0..200_u32 {
        let mut stream = server.connect();
        stream.write_all(&pattern(round + 1, 5000)).expect("writes");
        // Unread answers make the kernel send RST when this end is closed.
        drop(stream);
    }
    exchange(server.connect(), 7, 100_000, 1000);
    server.stop();
}

/// Several datagrams under way at once; the answers may change places.
fn exchange_datagrams(socket: &UdpSocket, seed: u32) {
    let mut room = [0; 4096];
    for round in 0..200_u32 {
        let lengths = [1, 2048, 64 + round as usize, 0];
        let sent = lengths.map(|length| pattern(seed * 1000 + round, length));
        for datagram in &sent {
            assert_eq!(socket.send(datagram).expect("sends"), datagram.len());
        }
        let mut got: Vec<Vec<u8>> = Vec::new();
        for _ in &sent {
            let length = socket.recv(&mut room).expect("an answer");
            got.push(room[..length].to_vec());
        }
        got.sort();
        let mut sent = sent.to_vec();
        sent.sort();
        assert!(got == sent, "client {seed}: a datagram is wrong in round {round}");
    }
}

/// Failure: a datagram lost, doubled, changed, cut without a word, or sent to another client.
#[test]
fn every_datagram_comes_back_to_its_sender() {
    let server = Server::start("udp_echo.c", "udp");
    std::thread::scope(|scope| {
        for client in 1..6_u32 {
            let socket = server.connect_udp();
            scope.spawn(move || exchange_datagrams(&socket, client));
        }
    });
    let socket = server.connect_udp();
    let mut room = [0; 4096];
    socket.send(&pattern(1, 2049)).expect("sends");
    socket.send(b"after").expect("sends");
    let length = socket.recv(&mut room).expect("an answer");
    assert_eq!(&room[..length], b"after", "what was cut is not echoed");
    // Sixty-four and more at once: the pool runs dry, and what waits in the socket comes later.
    for round in 0..20_u8 {
        let burst = 100;
        (0..burst).for_each(|_| assert_eq!(socket.send(&[round]).expect("sends"), 1));
        for _ in 0..burst {
            assert_eq!(socket.recv(&mut room).expect("an answer"), 1);
            assert_eq!(room[0], round);
        }
    }
    assert_eq!(server.stop(), "echoed=6001 cut=1 failed=0\n");
}
