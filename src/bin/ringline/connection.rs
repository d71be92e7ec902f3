//! One connection of the load: at most one message under way, sent and received in any pieces.
//!
//! Owns: the socket, the bytes of the message under way and how far each direction has come.

use super::pattern;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::time::Instant;

/// What the socket should be watched for besides reading.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sending {
    /// All was taken.
    Done,
    /// The socket is full: continue when it is writable.
    Blocked,
}

/// What came in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Receiving {
    /// Nothing more for now; so many bytes came.
    Some(usize),
    /// The message under way is complete and right.
    Complete,
}

/// Why a connection cannot go on.
#[derive(Debug)]
pub enum Broken {
    /// The peer ended it: worth a look whether the server still lives.
    Ended(String),
    /// It was answered wrongly.
    Wrong(String),
}

pub struct Connection {
    number: usize,
    socket: TcpStream,
    /// The message under way.
    bytes: Vec<u8>,
    message: u64,
    sent: usize,
    received: usize,
    /// When the message under way was started.
    pub started: Instant,
    /// Whether the poll set holds it for writing too.
    pub watched_for_writing: bool,
}

impl Connection {
    pub fn new(number: usize, socket: TcpStream, size: usize) -> std::io::Result<Self> {
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
        Ok(Connection {
            number,
            socket,
            bytes: vec![0; size],
            message: 0,
            sent: size,
            received: size,
            started: Instant::now(),
            watched_for_writing: false,
        })
    }

    pub fn fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }

    /// A message is under way.
    pub fn is_busy(&self) -> bool {
        self.received < self.bytes.len()
    }

    /// Make the next message and send as much of it as the socket takes.
    pub fn start(&mut self, now: Instant) -> Result<Sending, Broken> {
        pattern::fill(self.number, self.message, &mut self.bytes);
        self.started = now;
        self.sent = 0;
        self.received = 0;
        self.send()
    }

    /// Continue sending.
    pub fn send(&mut self) -> Result<Sending, Broken> {
        while self.sent < self.bytes.len() {
            match (&self.socket).write(&self.bytes[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Ok(Sending::Blocked);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.ended(&format!("sending failed: {error}"))),
            }
        }
        Ok(Sending::Done)
    }

    /// Receive once and check what came.
    pub fn receive(&mut self, buffer: &mut [u8]) -> Result<Receiving, Broken> {
        let count = match (&self.socket).read(buffer) {
            Ok(0) => return Err(self.ended("the server closed it")),
            Ok(count) => count,
            Err(error) if is_again(error.kind()) => return Ok(Receiving::Some(0)),
            Err(error) => return Err(self.ended(&format!("receiving failed: {error}"))),
        };
        let asked_for = self.sent - self.received;
        let got = &buffer[..count.min(asked_for)];
        pattern::check(self.number, self.message, self.received, &self.bytes, got)
            .map_err(|wrong| Broken::Wrong(wrong.to_string()))?;
        if count > asked_for {
            return Err(Broken::Wrong(format!(
                "{} bytes more than were sent came back: {self}",
                count - asked_for
            )));
        }
        self.received += count;
        if self.is_busy() {
            return Ok(Receiving::Some(count));
        }
        self.message += 1;
        Ok(Receiving::Complete)
    }

    /// Say that no more messages come.
    pub fn finish(&mut self) -> Result<(), Broken> {
        let result = self.socket.shutdown(Shutdown::Write);
        result.map_err(|error| self.ended(&format!("shutdown failed: {error}")))
    }

    /// After [`Connection::finish`]: whether the server closed its side, with nothing left over.
    pub fn is_closed(&mut self) -> Result<bool, Broken> {
        match (&self.socket).read(&mut [0; 64]) {
            Ok(0) => Ok(true),
            Ok(count) => Err(Broken::Wrong(format!(
                "at least {count} bytes more than were sent came back: {self}"
            ))),
            Err(error) if is_again(error.kind()) => Ok(false),
            Err(error) => Err(self.ended(&format!("waiting for its end failed: {error}"))),
        }
    }

    fn ended(&self, how: &str) -> Broken {
        Broken::Ended(format!("{self}: {how}"))
    }
}

fn is_again(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

impl std::fmt::Display for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "connection {}, ", self.number)?;
        if !self.is_busy() {
            return write!(f, "after {} messages", self.message);
        }
        let (sent, received, size) = (self.sent, self.received, self.bytes.len());
        write!(f, "message {}, {sent} of {size} bytes sent, {received} received", self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn pair(size: usize) -> (Connection, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        let near = TcpStream::connect(listener.local_addr().expect("address")).expect("connect");
        let (far, _) = listener.accept().expect("accept");
        (Connection::new(7, near, size).expect("connection"), far)
    }

    /// Receive until something else than waiting happens.
    fn outcome(connection: &mut Connection) -> Result<Receiving, Broken> {
        loop {
            match connection.receive(&mut [0; 4096]) {
                Ok(Receiving::Some(_)) => std::thread::yield_now(),
                other => return other,
            }
        }
    }

    fn wrong(result: Result<Receiving, Broken>) -> String {
        match result {
            Err(Broken::Wrong(line)) => line,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_message_comes_back_in_pieces() {
        let (mut connection, mut far) = pair(64);
        assert_eq!(connection.start(Instant::now()).expect("start"), Sending::Done);
        let mut bytes = [0; 64];
        far.read_exact(&mut bytes).expect("read");
        for piece in bytes.chunks(5) {
            far.write_all(piece).expect("write");
        }
        assert_eq!(outcome(&mut connection).expect("right"), Receiving::Complete);
        assert!(!connection.is_busy());
    }

    #[test]
    fn a_flipped_byte_is_found() {
        let (mut connection, mut far) = pair(64);
        connection.start(Instant::now()).expect("start");
        let mut bytes = [0; 64];
        far.read_exact(&mut bytes).expect("read");
        bytes[40] ^= 1;
        far.write_all(&bytes).expect("write");
        let line = wrong(outcome(&mut connection));
        assert!(line.starts_with("wrong byte: connection 7, message 0, offset 40:"), "{line}");
    }

    #[test]
    fn bytes_nobody_sent_are_found() {
        let (mut connection, mut far) = pair(64);
        connection.start(Instant::now()).expect("start");
        let mut bytes = [0; 65];
        far.read_exact(&mut bytes[..64]).expect("read");
        far.write_all(&bytes).expect("write");
        let line = wrong(outcome(&mut connection));
        assert!(line.starts_with("1 bytes more than were sent came back"), "{line}");
    }

    #[test]
    fn a_full_socket_blocks_and_goes_on() {
        let size = 64 << 20;
        let (mut connection, mut far) = pair(size);
        assert_eq!(connection.start(Instant::now()).expect("start"), Sending::Blocked);
        let echo = std::thread::spawn(move || {
            let mut bytes = vec![0; size];
            far.read_exact(&mut bytes).expect("read");
            far.write_all(&bytes).expect("write");
        });
        while connection.send().expect("send") == Sending::Blocked {
            std::thread::yield_now();
        }
        assert_eq!(outcome(&mut connection).expect("right"), Receiving::Complete);
        echo.join().expect("echo");
    }

    #[test]
    fn an_end_in_the_middle_says_how_far_it_came() {
        let (mut connection, mut far) = pair(64);
        connection.start(Instant::now()).expect("start");
        let mut bytes = [0; 64];
        far.read_exact(&mut bytes).expect("read");
        far.write_all(&bytes[..10]).expect("write");
        drop(far);
        let line = match outcome(&mut connection) {
            Err(Broken::Ended(line)) => line,
            other => panic!("{other:?}"),
        };
        assert!(line.contains("message 0, 64 of 64 bytes sent, 10 received"), "{line}");
    }
}
