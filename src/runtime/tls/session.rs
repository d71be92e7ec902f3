//! The TLS of one connection: between the send queue, which holds ciphertext only, and the user.
//!
//! Owns: plaintext that waits for the handshake or for room, in a queue of its own, and how much of
//! it each stretch of ciphertext carries. Never calls user code. Invariant: what it holds is
//! bounded: plaintext by the water marks, ciphertext by `ROOM`, what rustls keeps by a record or a
//! handshake message.

use super::config::{Side, TlsConfig};
use super::options::TlsFacts;
use super::pumped::Pumped;
use super::words::words;
use crate::fault::Fault;
use crate::runtime::queue::{Blocks, Next, SendQueue};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, Connection, HandshakeKind, ServerConnection};
use std::collections::VecDeque;
use std::io::{Read, Write};

/// Bytes of ciphertext in the send queue from which on plaintext waits.
const ROOM: u64 = 256 << 10;
/// The longest plaintext of a record.
const RECORD: usize = 16 << 10;
/// Stretches of ciphertext shorter than this are counted together.
const STRETCH: u64 = 16 << 10;
/// What rustls may keep of one connection's outgoing bytes; all is taken out at once.
const KEPT_BY_RUSTLS: usize = 64 << 10;

/// So many bytes of ciphertext, which carry so many of plaintext.
struct Stretch {
    wire: u64,
    plain: u64,
}

/// The TLS of one connection.
pub struct Session {
    rustls: Connection,
    /// Plaintext that waits.
    pub plain: SendQueue,
    stretches: VecDeque<Stretch>,
    /// Plaintext in the stretches.
    sealed: u64,
    /// The first bytes were looked at: those that came before TLS began.
    pub begun: bool,
    /// The user was told that the handshake ended.
    pub told: bool,
    /// Nothing more is sent: the other end was told so.
    closed: bool,
    /// Nothing more comes: the other end said so.
    peer_closed: bool,
    /// Why it cannot go on.
    fault: Option<&'static str>,
}

impl Session {
    /// Begin, behind `before` bytes of the send queue that are not TLS. A client names the server.
    pub fn new(config: &TlsConfig, name: Option<&str>, before: u64) -> Result<Session, Fault> {
        let refused = |error: rustls::Error| Fault::errno(libc::EINVAL, words(&error));
        let mut rustls = match (&config.side, name) {
            (Side::Server(config), _) => {
                Connection::Server(ServerConnection::new(config.clone()).map_err(refused)?)
            }
            (Side::Client(config), Some(name)) => {
                let no_name = "server_name is no host name and no address";
                let name = ServerName::try_from(name.to_owned())
                    .map_err(|_| Fault::errno(libc::EINVAL, no_name))?;
                Connection::Client(ClientConnection::new(config.clone(), name).map_err(refused)?)
            }
            (Side::Client(_), None) => {
                let text = "a TLS client must say whom it wants: server_name";
                return Err(Fault::errno(libc::EINVAL, text));
            }
        };
        rustls.set_buffer_limit(Some(KEPT_BY_RUSTLS));
        let mut stretches = VecDeque::new();
        if before > 0 {
            stretches.push_back(Stretch { wire: before, plain: before });
        }
        Ok(Session {
            rustls,
            plain: SendQueue::default(),
            stretches,
            sealed: before,
            begun: false,
            told: false,
            closed: false,
            peer_closed: false,
            fault: None,
        })
    }

    /// What rustls knows of it.
    pub fn rustls(&self) -> &Connection {
        &self.rustls
    }

    /// Plaintext that the kernel did not take yet.
    pub fn queued(&self) -> u64 {
        self.plain.queued() + self.sealed
    }

    /// Whether it shakes hands still.
    pub fn is_shaking(&self) -> bool {
        self.fault.is_none() && self.rustls.is_handshaking()
    }

    /// Why it cannot go on.
    pub fn fault(&self) -> Option<&'static str> {
        self.fault
    }

    /// It cannot go on; the first reason stays.
    pub fn fail(&mut self, text: &'static str) {
        self.fault.get_or_insert(text);
    }

    /// Whether the other end said that it sends nothing more.
    pub fn peer_closed(&self) -> bool {
        self.peer_closed
    }

    /// Whether plaintext waits.
    pub fn has_plain(&self) -> bool {
        !self.plain.is_empty()
    }

    /// Ciphertext came: what it says goes to the end of `out`.
    pub fn feed(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while !bytes.is_empty() && self.fault.is_none() {
            match self.rustls.read_tls(&mut bytes) {
                // Whatever comes behind the other end's last word.
                Ok(0) => return,
                Ok(_) => {}
                Err(_) => return self.fail("the other end sent a message that is too long"),
            }
            let state = self.rustls.process_new_packets();
            if self.take_plain(out).is_err() {
                return self.fail("no memory for what was received");
            }
            match state {
                Ok(state) => self.peer_closed |= state.peer_has_closed(),
                Err(error) => return self.fail(words(&error)),
            }
        }
    }

    fn take_plain(&mut self, out: &mut Vec<u8>) -> Result<(), ()> {
        loop {
            let at = out.len();
            out.try_reserve(RECORD).map_err(|_| ())?;
            out.resize(at + RECORD, 0);
            // An error says that there is nothing (yet), or nothing any more.
            let some = self.rustls.reader().read(&mut out[at..]).unwrap_or(0);
            out.truncate(at + some);
            if some == 0 {
                return Ok(());
            }
        }
    }

    /// Encrypt what waits into `queue`, as far as there is room; with `ends` say that it was all.
    pub fn pump(
        &mut self,
        ends: bool,
        queue: &mut SendQueue,
        blocks: &mut Blocks,
    ) -> Result<Pumped, Fault> {
        self.flush(0, queue, blocks)?;
        // What a fault leaves is given back with the connection: reads may be on their way into it.
        if self.fault.is_some() || self.closed {
            return Ok(Pumped::All);
        }
        while !self.rustls.is_handshaking() && queue.queued() < ROOM {
            let (address, len) = match self.plain.next(blocks) {
                Next::Nothing => break,
                Next::File(loan) => return Ok(Pumped::File(loan)),
                Next::Bytes(address, len) | Next::Lent(address, len, _) => (address, len),
            };
            // SAFETY: the queue keeps its bytes, and who lent theirs vouches for them, until
            // `advance`.
            let some = unsafe {
                core::slice::from_raw_parts(address as *const u8, (len as usize).min(RECORD))
            };
            let len = self.rustls.writer().write(some).unwrap_or(0) as u32;
            if len == 0 {
                return Err(Fault::errno(libc::EAGAIN, "rustls has no room"));
            }
            self.plain.take_off(len);
            let over = self.plain.advance(len, blocks);
            self.sealed += u64::from(len);
            let flushed = self.flush(len.into(), queue, blocks);
            if let Some(loan) = over {
                return Ok(Pumped::Over(loan));
            }
            flushed?;
        }
        if ends && self.plain.is_empty() {
            self.closed = true;
            self.rustls.send_close_notify();
            self.flush(0, queue, blocks)?;
        }
        Ok(Pumped::All)
    }

    /// What rustls has to send goes into `queue`, and carries `plain` bytes.
    fn flush(
        &mut self,
        plain: u64,
        queue: &mut SendQueue,
        blocks: &mut Blocks,
    ) -> Result<(), Fault> {
        let before = queue.queued();
        let mut result = Ok(());
        while self.rustls.wants_write() {
            let mut sink = Sink { queue, blocks };
            match self.rustls.write_tls(&mut sink) {
                Ok(0) => break,
                Ok(_) => {}
                Err(_) => {
                    result = Err(Fault::errno(libc::ENOMEM, "no memory for the send queue"));
                    break;
                }
            }
        }
        let wire = queue.queued() - before;
        match self.stretches.back_mut() {
            // Counted later than it could be, but never too early.
            Some(last) if last.wire < STRETCH => {
                last.wire += wire;
                last.plain += plain;
            }
            _ if wire + plain > 0 => self.stretches.push_back(Stretch { wire, plain }),
            _ => {}
        }
        result
    }

    /// The kernel took `wire` bytes of ciphertext: so much plaintext is on its way.
    pub fn acknowledge(&mut self, mut wire: u64) -> u64 {
        let mut plain = 0;
        while let Some(first) = self.stretches.front_mut() {
            if wire < first.wire {
                first.wire -= wire;
                break;
            }
            wire -= first.wire;
            plain += first.plain;
            self.stretches.pop_front();
        }
        self.sealed -= plain;
        plain
    }

    /// Whether all that is to be sent is in the send queue.
    pub fn is_flushed(&self) -> bool {
        self.closed || self.fault.is_some()
    }

    /// What it can say about itself.
    pub fn facts(&self) -> TlsFacts<'_> {
        if self.rustls.is_handshaking() {
            return TlsFacts::default();
        }
        let (version, suite) =
            (self.rustls.protocol_version(), self.rustls.negotiated_cipher_suite());
        let name = match &self.rustls {
            Connection::Server(server) => server.server_name().unwrap_or_default().as_bytes(),
            Connection::Client(_) => &[],
        };
        TlsFacts {
            is_done: true,
            version: version.map_or(0, u16::from),
            suite: suite.map_or(0, |suite| u16::from(suite.suite())),
            suite_name: suite.and_then(|suite| suite.suite().as_str()).unwrap_or_default(),
            resumed: self.rustls.handshake_kind() == Some(HandshakeKind::Resumed),
            alpn: self.rustls.alpn_protocol().unwrap_or_default(),
            name,
            certificate: self
                .rustls
                .peer_certificates()
                .and_then(|chain| chain.first())
                .map_or(&[], |first| first.as_ref()),
        }
    }
}

/// The send queue, as rustls writes to it.
struct Sink<'a> {
    queue: &'a mut SendQueue,
    blocks: &'a mut Blocks,
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.queue
            .push_all([bytes], self.blocks)
            .map_err(|fault| std::io::Error::from_raw_os_error(-fault.code))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
