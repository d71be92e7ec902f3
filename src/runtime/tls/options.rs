//! What a user may want of TLS, and what a connection can say about it, in plain data.
//!
//! Owns: nothing. Never knows which library does it.

use crate::fault::Fault;

/// PEM text, from a file or from memory.
#[derive(Clone, Debug)]
pub enum Pem {
    /// The file's name.
    File(Vec<u8>),
    /// The text.
    Text(Vec<u8>),
}

/// Files of certificates and keys are small; a device or a log given by mistake is not.
const LONGEST_FILE: u64 = 16 << 20;

impl Pem {
    /// The text.
    pub fn read(&self) -> Result<Vec<u8>, Fault> {
        let name = match self {
            Pem::Text(text) => return Ok(text.clone()),
            Pem::File(name) => name,
        };
        read_file(name)
    }
}

fn read_file(name: &[u8]) -> Result<Vec<u8>, Fault> {
    use std::io::Read;
    use std::os::unix::ffi::OsStrExt;
    let refused = |error: std::io::Error| {
        let errno = error.raw_os_error().unwrap_or(libc::EIO);
        Fault::errno(errno, "a PEM file cannot be read")
    };
    let file = std::fs::File::open(std::ffi::OsStr::from_bytes(name)).map_err(refused)?;
    let mut text = Vec::new();
    file.take(LONGEST_FILE + 1).read_to_end(&mut text).map_err(refused)?;
    if text.len() as u64 > LONGEST_FILE {
        return Err(Fault::errno(libc::EFBIG, "a PEM file has 16 MiB at most"));
    }
    Ok(text)
}

/// Where Linux distributions keep the certificates that they trust.
#[cfg(feature = "tls")]
const SYSTEM_ROOTS: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The certificates that this machine trusts; SSL_CERT_FILE names others, as with OpenSSL.
#[cfg(feature = "tls")]
pub fn system_roots() -> Result<Vec<u8>, Fault> {
    use std::os::unix::ffi::OsStrExt;
    if let Some(name) = std::env::var_os("SSL_CERT_FILE") {
        return read_file(name.as_bytes());
    }
    let found = SYSTEM_ROOTS.iter().find_map(|name| read_file(name.as_bytes()).ok());
    let none = "this machine has no file of trusted certificates (package ca-certificates)";
    found.ok_or_else(|| Fault::errno(libc::ENOENT, none))
}

/// A certificate chain and its key.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The server name it is for; None = for all that no other one is for.
    pub name: Option<String>,
    /// The chain, its own certificate first.
    pub chain: Pem,
    /// The key.
    pub key: Pem,
}

/// What a server asks its clients for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientCertificates {
    /// Nothing.
    #[default]
    No,
    /// A certificate, if they have one.
    Wanted,
    /// A certificate.
    Required,
}

/// What to be.
#[derive(Clone, Debug, Default)]
pub struct TlsOptions {
    /// Own certificates.
    pub identities: Vec<Identity>,
    /// Whom to trust.
    pub roots: Vec<Pem>,
    /// Trust whom the machine trusts.
    pub system_roots: bool,
    /// What a server asks its clients for.
    pub client_certificates: ClientCertificates,
    /// Believe any certificate.
    pub believe_anybody: bool,
    /// Every handshake in full.
    pub no_resumption: bool,
    /// Application protocols, the preferred one first.
    pub alpn: Vec<Vec<u8>>,
    /// How long a handshake may take.
    pub handshake_ns: u64,
}

/// How long a handshake may take, where nobody says.
pub const DEFAULT_HANDSHAKE_NS: u64 = 10_000_000_000;

/// The side to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Waits for a client's hello.
    Server,
    /// Says hello.
    Client,
}

/// What a connection can say about its TLS; all of it empty before the handshake ended.
#[derive(Clone, Debug, Default)]
pub struct TlsFacts<'a> {
    /// The handshake ended.
    pub is_done: bool,
    /// 0x0303 or 0x0304.
    pub version: u16,
    /// The number of the cipher suite, by IANA.
    pub suite: u16,
    /// Its name.
    pub suite_name: &'static str,
    /// It went on with an earlier session.
    pub resumed: bool,
    /// The application protocol agreed upon.
    pub alpn: &'a [u8],
    /// The server name that the client asked for.
    pub name: &'a [u8],
    /// The other end's own certificate, DER.
    pub certificate: &'a [u8],
}
