//! TLS in the Rust API: rustls' configs as they are, connects that shake hands, and what a session
//! is like.
//!
//! Owns: nothing; the sessions are the runtime's. A server's task begins when its handshake ended
//! well, so a client that does not finish it costs no task.

use super::config::Config;
use super::conn::{ConnCtx, ConnToken};
use super::connect::ConnectFuture;
use super::driver_ctx::DriverCtx;
use super::error::Error;
use super::here::{Here, with_here};
use crate::runtime::{self, How, Worker};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// What a server shows and asks for: a config of rustls', as it is. A handshake may take ten
/// seconds.
///
/// ```no_run
/// # use ringline::{Error, rustls};
/// # fn run(server: std::sync::Arc<rustls::ServerConfig>) -> Result<(), Error> {
/// let config = ringline::ConfigBuilder::new().tls(ringline::TlsConfig::new(server)).build()?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct TlsConfig {
    /// Certificates, ALPN, client certificates and all else.
    pub server_config: Arc<rustls::ServerConfig>,
}

impl TlsConfig {
    /// A server by this config.
    pub fn new(server_config: Arc<rustls::ServerConfig>) -> TlsConfig {
        TlsConfig { server_config }
    }
}

/// Whom a client believes: a config of rustls', as it is, for [`connect_tls`].
///
/// ```no_run
/// # use ringline::{Error, rustls};
/// # fn run(client: std::sync::Arc<rustls::ClientConfig>) -> Result<(), Error> {
/// let client = ringline::TlsClientConfig::new(client);
/// let config = ringline::ConfigBuilder::new().tls_client(client).build()?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct TlsClientConfig {
    /// Roots, ALPN, the client's certificate and all else.
    pub client_config: Arc<rustls::ClientConfig>,
}

impl TlsClientConfig {
    /// A client by this config.
    pub fn new(client_config: Arc<rustls::ClientConfig>) -> TlsClientConfig {
        TlsClientConfig { client_config }
    }
}

/// What a TLS session is like, once its handshake ended: see [`ConnCtx::tls_info`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TlsInfo {
    /// TLS 1.2 or 1.3.
    pub protocol_version: Option<rustls::ProtocolVersion>,
    /// How it is encrypted.
    pub cipher_suite: Option<rustls::SupportedCipherSuite>,
    /// The application protocol agreed upon (ALPN, RFC 7301).
    pub alpn_protocol: Option<Vec<u8>>,
    /// The name that the client asked for (SNI, RFC 6066); a client has none.
    pub sni_hostname: Option<String>,
}

impl TlsInfo {
    fn of(session: &rustls::Connection) -> TlsInfo {
        let sni_hostname = match session {
            rustls::Connection::Server(server) => server.server_name().map(str::to_owned),
            rustls::Connection::Client(_) => None,
        };
        TlsInfo {
            protocol_version: session.protocol_version(),
            cipher_suite: session.negotiated_cipher_suite(),
            alpn_protocol: session.alpn_protocol().map(<[u8]>::to_vec),
            sni_hostname,
        }
    }
}

/// What the listeners of a runtime are.
pub(super) fn server_of(config: &Config) -> Option<Arc<runtime::TlsConfig>> {
    let server = config.tls.as_ref()?.server_config.clone();
    Some(Arc::new(runtime::TlsConfig::of_server(server)))
}

/// What its connects are.
pub(super) fn client_of(config: &Config) -> Option<Arc<runtime::TlsConfig>> {
    let client = config.tls_client.as_ref()?.client_config.clone();
    Some(Arc::new(runtime::TlsConfig::of_client(client)))
}

impl Here {
    /// Whether a handshake with a server of that name can begin.
    pub(super) fn check_server(&self, name: &str) -> io::Result<()> {
        let invalid = |text| Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        if self.tls.is_none() {
            return invalid("Config::tls_client is not set: whom to believe is not known");
        }
        match rustls::pki_types::ServerName::try_from(name) {
            Ok(_) => Ok(()),
            Err(_) => invalid("the server name is no host name and no address"),
        }
    }

    /// A connection is there: shake hands with its server, if that was asked for. Whether it was.
    pub(super) fn shake_hands(&self, worker: &Worker, conn: u64) -> bool {
        let server = self.conns.borrow_mut().get(conn).and_then(|conn| conn.server.take());
        let (Some(server), Some(tls)) = (server, &self.tls) else { return false };
        if let Err(fault) = worker.start_tls(conn, tls, Some(&server)) {
            if let Some(conn) = self.conns.borrow_mut().get(conn) {
                conn.why = fault.context;
            }
            // It may be over already.
            let _ = worker.close(conn, How::AtOnce);
        }
        true
    }
}

fn info_of(conn: ConnToken) -> Option<TlsInfo> {
    with_here(|_, worker| worker.with_rustls(conn.0, TlsInfo::of).ok().flatten())?
}

/// Connect to an address and shake hands with the server of that name, by `Config::tls_client`.
///
/// # Errors
/// As [`connect`](crate::connect); `InvalidInput` without `Config::tls_client`, or where the name
/// is no host name and no address. The future resolves to `InvalidData`, with rustls' reason, when
/// the handshake fails.
///
/// ```no_run
/// # async fn fetch() -> std::io::Result<()> {
/// let conn = ringline::connect_tls(([192, 0, 2, 1], 443).into(), "example.org")?.await?;
/// conn.send_nowait(b"GET / HTTP/1.0\r\nHost: example.org\r\n\r\n")?;
/// # Ok(()) }
/// ```
pub fn connect_tls(address: SocketAddr, server_name: &str) -> io::Result<ConnectFuture> {
    ConnectFuture::begin_tls(address, server_name, None)
}

/// As [`connect_tls`], for so many milliseconds at most, the handshake included; then the future
/// resolves to `TimedOut`.
///
/// # Errors
/// As [`connect_tls`].
///
/// ```no_run
/// # async fn fetch() -> std::io::Result<()> {
/// let to = ([192, 0, 2, 1], 443).into();
/// let conn = ringline::connect_tls_with_timeout(to, "example.org", 500)?.await?;
/// # Ok(()) }
/// ```
pub fn connect_tls_with_timeout(
    address: SocketAddr,
    server_name: &str,
    timeout_ms: u64,
) -> io::Result<ConnectFuture> {
    let limit = Duration::from_millis(timeout_ms.max(1));
    ConnectFuture::begin_tls(address, server_name, Some(limit))
}

impl ConnCtx {
    /// What its TLS is like; `None` where it has none, or is over.
    ///
    /// ```no_run
    /// # fn look(conn: ringline::ConnCtx) {
    /// let protocol = conn.tls_info().and_then(|tls| tls.alpn_protocol);
    /// if protocol.as_deref() == Some(b"h2") { /* HTTP/2 */ }
    /// # }
    /// ```
    pub fn tls_info(&self) -> Option<TlsInfo> {
        info_of(self.token())
    }

    /// As the function [`connect_tls`].
    ///
    /// # Errors
    /// As there.
    pub fn connect_tls(&self, address: SocketAddr, server_name: &str) -> io::Result<ConnectFuture> {
        connect_tls(address, server_name)
    }

    /// As the function [`connect_tls_with_timeout`].
    ///
    /// # Errors
    /// As there.
    pub fn connect_tls_with_timeout(
        &self,
        address: SocketAddr,
        server_name: &str,
        timeout_ms: u64,
    ) -> io::Result<ConnectFuture> {
        connect_tls_with_timeout(address, server_name, timeout_ms)
    }
}

impl DriverCtx<'_> {
    /// What the TLS of a connection is like; `None` where it has none, or is over.
    pub fn tls_info(&self, conn: ConnToken) -> Option<TlsInfo> {
        info_of(conn)
    }

    /// As [`connect`](DriverCtx::connect), and shake hands with the server of that name.
    ///
    /// # Errors
    /// As there, and [`Error::Io`] with `InvalidInput` as [`connect_tls`].
    pub fn connect_tls(&mut self, address: SocketAddr, name: &str) -> Result<ConnToken, Error> {
        self.dial(address, Duration::ZERO, Some(name))
    }

    /// As [`connect_tls`](DriverCtx::connect_tls), for so many milliseconds at most until it is
    /// connected; the handshake has ten seconds.
    ///
    /// # Errors
    /// As there.
    pub fn connect_tls_with_timeout(
        &mut self,
        address: SocketAddr,
        name: &str,
        timeout_ms: u64,
    ) -> Result<ConnToken, Error> {
        self.dial(address, Duration::from_millis(timeout_ms.max(1)), Some(name))
    }
}
