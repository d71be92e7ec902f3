//! Group M: TLS configs: certificates, keys, whom to trust.
//!
//! Owns: what stands behind a config's handle. All of it may be called from any thread.

use super::boundary::answered;
use super::constants::*;
use super::given::{invalid, null, put, read_sized, text};
use super::ringline_tls_config;
use super::table::{self, Object};
use crate::fault::Fault;
use crate::runtime::{
    Asked, ClientCertificates, DEFAULT_HANDSHAKE_NS, Identity, Pem, TlsConfig, TlsOptions,
};
use core::ffi::{c_char, c_void};
use core::mem::MaybeUninit;
use std::sync::Arc;

const MOST_IDENTITIES: u32 = 4096;
const MOST_PEM: u64 = 16 << 20;
/// A name on the wire has a length of one byte.
const LONGEST_NAME: usize = 255;

/// A certificate chain and its private key, in PEM: from files, or from memory when the file's name
/// is NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ringline_tls_identity {
    /// The server name it is shown for ("example.org", "*.example.org"); NULL = for every name that
    /// no other one is for, and for clients that name none. A client's own has NULL.
    pub name: *const c_char,
    /// File of the chain, its own certificate first.
    pub chain_file: *const c_char,
    /// File of the key (PKCS #8, PKCS #1 or SEC1), without a password: of P-256, P-384, Ed25519, or
    /// RSA of 2048 to 4096 bits; P-521 cannot be used.
    pub key_file: *const c_char,
    /// The chain itself, when chain_file is NULL.
    pub chain: *const c_void,
    /// Its bytes.
    pub chain_length: u64,
    /// The key itself, when key_file is NULL.
    pub key: *const c_void,
    /// Its bytes.
    pub key_length: u64,
}

/// What a TLS config shall be like. `size` as in ringline_config. All is copied; files are read
/// now, once.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ringline_tls_options {
    /// sizeof(ringline_tls_options).
    pub size: u32,
    /// RINGLINE_TLS_*.
    pub flags: u32,
    /// Certificates of one's own: a server has at least one, a client one at most.
    pub identities: *const ringline_tls_identity,
    /// How many; 4096 at most.
    pub identity_count: u32,
    /// Zero.
    pub resv: u32,
    /// File of the certificates to trust, PEM. A client with neither this nor roots trusts whom the
    /// machine trusts (SSL_CERT_FILE, /etc/ssl/certs). One that the other end shows itself, byte
    /// for byte, is believed also when it is its own authority, as `openssl req -x509` makes it:
    /// for its date, its name and its use, and if the other end has its key.
    pub roots_file: *const c_char,
    /// The certificates to trust themselves, PEM; both count where both are given.
    pub roots: *const c_void,
    /// Their bytes.
    pub roots_length: u64,
    /// Application protocols with commas between, the preferred one first ("h2,http/1.1"); NULL =
    /// none. Where both ends name some they must have one in common.
    pub alpn: *const c_char,
    /// How long a handshake may take, in nanoseconds; 0 = 10 s.
    pub handshake_timeout_ns: u64,
}

impl Default for ringline_tls_options {
    fn default() -> ringline_tls_options {
        ringline_tls_options {
            size: 0,
            flags: 0,
            identities: core::ptr::null(),
            identity_count: 0,
            resv: 0,
            roots_file: core::ptr::null(),
            roots: core::ptr::null(),
            roots_length: 0,
            alpn: core::ptr::null(),
            handshake_timeout_ns: 0,
        }
    }
}

/// PEM from a file or from memory; None when neither is given.
///
/// # Safety
/// As the caller of the ABI promised: a name or NULL, and that many readable bytes or NULL.
unsafe fn pem_of(
    file: *const c_char,
    bytes: *const c_void,
    length: u64,
) -> Result<Option<Pem>, Fault> {
    // SAFETY: the caller vouches for a terminated text, or gave NULL.
    if let Some(name) = unsafe { text(file) } {
        return Ok(Some(Pem::File(name.to_bytes().to_vec())));
    }
    if bytes.is_null() {
        return Ok(None);
    }
    if length > MOST_PEM {
        return Err(invalid("PEM in memory has 16 MiB at most"));
    }
    // SAFETY: not NULL; the caller vouches for that many readable bytes.
    let text = unsafe { core::slice::from_raw_parts(bytes.cast::<u8>(), length as usize) };
    Ok(Some(Pem::Text(text.to_vec())))
}

/// # Safety
/// As the caller of the ABI promised for every pointer in it.
unsafe fn identity_of(given: &ringline_tls_identity) -> Result<Identity, Fault> {
    // SAFETY: the caller vouches for what the members of an identity name.
    let (name, chain, key) = unsafe {
        (
            text(given.name),
            pem_of(given.chain_file, given.chain, given.chain_length)?,
            pem_of(given.key_file, given.key, given.key_length)?,
        )
    };
    let missing = || null("an identity has no chain or no key");
    let name = name.map(|name| name.to_str().map(str::to_owned)).transpose();
    Ok(Identity {
        name: name.map_err(|_| invalid("a server name is not ASCII"))?,
        chain: chain.ok_or_else(missing)?,
        key: key.ok_or_else(missing)?,
    })
}

fn alpn_of(text: &[u8]) -> Result<Vec<Vec<u8>>, Fault> {
    let names: Vec<Vec<u8>> = text.split(|byte| *byte == b',').map(<[u8]>::to_vec).collect();
    if names.iter().any(|name| name.is_empty() || name.len() > LONGEST_NAME) {
        return Err(invalid("a name in alpn has 1 to 255 bytes"));
    }
    Ok(names)
}

/// # Safety
/// As the caller of the ABI promised for every pointer in it.
unsafe fn options_of(given: &ringline_tls_options) -> Result<TlsOptions, Fault> {
    let known = RINGLINE_TLS_SYSTEM_ROOTS
        | RINGLINE_TLS_CLIENT_CERTIFICATE_WANTED
        | RINGLINE_TLS_CLIENT_CERTIFICATE_REQUIRED
        | RINGLINE_TLS_NO_RESUMPTION
        | RINGLINE_TLS_DANGEROUS_BELIEVE_ANYBODY;
    if given.flags & !known != 0 {
        return Err(invalid("unknown bit in the flags of TLS options"));
    }
    if given.resv != 0 {
        return Err(invalid("resv of TLS options must be 0"));
    }
    if given.identity_count > MOST_IDENTITIES {
        return Err(invalid("a TLS config has 4096 identities at most"));
    }
    if given.identities.is_null() && given.identity_count > 0 {
        return Err(null("identities is NULL"));
    }
    let has = |flag| given.flags & flag != 0;
    let mut options = TlsOptions {
        system_roots: has(RINGLINE_TLS_SYSTEM_ROOTS),
        client_certificates: match () {
            () if has(RINGLINE_TLS_CLIENT_CERTIFICATE_REQUIRED) => ClientCertificates::Required,
            () if has(RINGLINE_TLS_CLIENT_CERTIFICATE_WANTED) => ClientCertificates::Wanted,
            () => ClientCertificates::No,
        },
        believe_anybody: has(RINGLINE_TLS_DANGEROUS_BELIEVE_ANYBODY),
        no_resumption: has(RINGLINE_TLS_NO_RESUMPTION),
        handshake_ns: match given.handshake_timeout_ns {
            0 => DEFAULT_HANDSHAKE_NS,
            given => given.min(i64::MAX as u64),
        },
        ..TlsOptions::default()
    };
    for at in 0..given.identity_count as usize {
        // SAFETY: not NULL, and the caller vouches for that many of them and what they point to.
        options.identities.push(unsafe { identity_of(&*given.identities.add(at)) }?);
    }
    // SAFETY: the caller vouches for what the members of the options name.
    unsafe {
        options.roots.extend(pem_of(given.roots_file, core::ptr::null(), 0)?);
        options.roots.extend(pem_of(core::ptr::null(), given.roots, given.roots_length)?);
        if let Some(alpn) = text(given.alpn) {
            options.alpn = alpn_of(alpn.to_bytes())?;
        }
    }
    Ok(options)
}

/// # Safety
/// As the caller of the ABI promised for every pointer.
unsafe fn create(
    side: Asked,
    options: *const ringline_tls_options,
    out: Option<&mut MaybeUninit<*mut ringline_tls_config>>,
) -> i32 {
    answered(|| {
        let make = || {
            // SAFETY: the caller vouches for the size that the struct says and for all that its
            // members name, or gave NULL.
            let options = unsafe { options_of(&read_sized(options, "options is NULL")?) }?;
            super::log::silence_panics();
            let config = Object::Tls(Arc::new(TlsConfig::new(side, &options)?));
            let handle = table::insert(core::ptr::null_mut(), config)?;
            Ok(handle as *mut ringline_tls_config)
        };
        put(out, make)
    })
}

/// Make a TLS config for servers, for ringline_runtime_listen_tls() and ringline_conn_start_tls().
/// It is never changed afterwards; for new certificates make a new one. TLS 1.2 and 1.3; sessions
/// are resumed, from tickets and from memory (1024 sessions). Any thread.
///
/// Returns 0; RINGLINE_ENULL; -EINVAL for the options, text that is no PEM, a key that does not
/// belong to its certificate; what open(2) says for a file; -ENFILE when 16384 handles exist;
/// -EOPNOTSUPP from a library that was built without TLS. ringline_error_detail() says which it is,
/// and what to do. A byte order mark in PEM is read over.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_tls_server_create(
    options: *const ringline_tls_options,
    out: Option<&mut MaybeUninit<*mut ringline_tls_config>>,
) -> i32 {
    // SAFETY: the caller vouches for what `create` asks for.
    unsafe { create(Asked::Server, options, out) }
}

/// As ringline_tls_server_create(), for clients: for ringline_conn_start_tls() on connections to a
/// server, whose certificate is checked for its name, its time and its issuer. Any thread. Returns
/// as ringline_tls_server_create().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_tls_client_create(
    options: *const ringline_tls_options,
    out: Option<&mut MaybeUninit<*mut ringline_tls_config>>,
) -> i32 {
    // SAFETY: the caller vouches for what `create` asks for.
    unsafe { create(Asked::Client, options, out) }
}

/// Give a TLS config back. Listeners and connections that use it keep it until they are over. Any
/// thread. Returns 0, RINGLINE_ESTALE for a second free, RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn ringline_tls_free(tls: *mut ringline_tls_config) -> i32 {
    answered(|| {
        tls_of(tls)?;
        table::remove(table::begin_end(tls as u64)?);
        Ok(())
    })
}

/// The config of a handle.
pub(super) fn tls_of(tls: *mut ringline_tls_config) -> Result<Arc<TlsConfig>, Fault> {
    table::with_tls(tls as u64, Arc::clone)
}

/// The config of a handle, for a listener.
pub(super) fn server_of(tls: *mut ringline_tls_config) -> Result<Arc<TlsConfig>, Fault> {
    let tls = tls_of(tls)?;
    if tls.side() != Asked::Server {
        return Err(invalid("a listener needs a TLS server's config"));
    }
    Ok(tls)
}
