//! Group M: TLS on listeners and connections.
//!
//! Owns: nothing; the session is the connection's.

use super::address::{Purpose, place_for};
use super::constants::*;
use super::given::{invalid, put_sized, text};
use super::runtime::{listening, visit};
use super::runtime_conn::on_worker;
use super::tls::{server_of, tls_of};
use super::{ringline_runtime, ringline_tls_config};
use crate::runtime::TlsFacts;
use core::ffi::{CStr, c_char};

/// What a connection's TLS is like. Set `size` to sizeof(ringline_tls_info) (0 = the same) before
/// the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ringline_tls_info {
    /// sizeof(ringline_tls_info).
    pub size: u32,
    /// RINGLINE_TLS_NONE, _SHAKING (then nothing below is known) or _DONE.
    pub state: u32,
    /// RINGLINE_TLS_RESUMED.
    pub flags: u32,
    /// 0x0303 = TLS 1.2, 0x0304 = TLS 1.3.
    pub version: u16,
    /// The cipher suite's number, by IANA.
    pub cipher_suite: u16,
    /// The other end's own certificate, DER, valid until the callback returns; NULL when it showed
    /// none.
    pub peer_certificate: *const u8,
    /// Its bytes.
    pub peer_certificate_length: u64,
    /// The cipher suite's name.
    pub cipher_name: [c_char; 64],
    /// The application protocol agreed upon; "" = none.
    pub alpn: [c_char; 256],
    /// On a server the name that the client asked for; "" = none.
    pub server_name: [c_char; 256],
}

/// `text` as a terminated one, cut where there is no room.
fn terminated<const ROOM: usize>(text: &[u8]) -> [c_char; ROOM] {
    let mut out = [0; ROOM];
    for (to, from) in out.iter_mut().zip(text.iter().take(ROOM - 1)) {
        *to = *from as c_char;
    }
    out
}

fn info_of(facts: Option<&TlsFacts<'_>>) -> ringline_tls_info {
    let none = TlsFacts::default();
    let state = match facts {
        None => RINGLINE_TLS_NONE,
        Some(facts) if facts.is_done => RINGLINE_TLS_DONE,
        Some(_) => RINGLINE_TLS_SHAKING,
    };
    let facts = facts.unwrap_or(&none);
    let shown = !facts.certificate.is_empty();
    ringline_tls_info {
        size: 0,
        state,
        flags: if facts.resumed { RINGLINE_TLS_RESUMED } else { 0 },
        version: facts.version,
        cipher_suite: facts.suite,
        peer_certificate: if shown { facts.certificate.as_ptr() } else { core::ptr::null() },
        peer_certificate_length: facts.certificate.len() as u64,
        cipher_name: terminated(facts.suite_name.as_bytes()),
        alpn: terminated(facts.alpn),
        server_name: terminated(facts.name),
    }
}

/// Listen as ringline_runtime_listen() does, for clients that speak TLS from the beginning. accept
/// comes before the handshake, secured after it; what is sent before that waits, and data shows
/// what came by TLS only. `tls` is a server's; it may be freed at once. Any thread.
///
/// Returns the listener's id (> 0), -EINVAL for a client's config and for datagrams (udp:,
/// unixgram:), which TLS does not serve, RINGLINE_ESTALE also for `tls`, and as
/// ringline_runtime_listen().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_runtime_listen_tls(
    runtime: *mut ringline_runtime,
    address: *const c_char,
    backlog: u32,
    tls: *mut ringline_tls_config,
) -> i32 {
    visit(runtime, |runtime| {
        let tls = server_of(tls)?;
        // SAFETY: the caller vouches for a terminated text, or gave NULL.
        let place = unsafe { place_for(Purpose::ListenTls, address) }?;
        listening(runtime, &place, backlog, false, Some(tls))
    })
}

/// Have all that is sent and received from now on go through TLS, as a server or as a client by
/// what `tls` is. What was queued before goes as it is; what was received and is not consumed when
/// the callback returns counts as the beginning of the handshake. A client gives the `server_name`
/// (host name or address) that the other end's certificate has to be for; a server's is ignored and
/// may be NULL. secured tells that the handshake ended; what is sent meanwhile waits for it.
///
/// From then on everything is as before but for: bytes are counted as the user's, not the wire's;
/// a graceful close and a shutdown end the TLS session first (close_notify), and an end without
/// that closes with RINGLINE_ETRUNCATED; RINGLINE_ETLS closes what cannot go on, with the cause in
/// ringline_error_detail(); a pause during the handshake begins after it; there is nothing to take
/// as a lease; leases, lent memory and files that are sent are encrypted, and the caller's again
/// then. In the worker's callbacks only.
///
/// Returns 0, -EALREADY when it has TLS, -EINVAL for the name, RINGLINE_ECLOSED when it closes or
/// the other end sends nothing more, RINGLINE_ESTALE also for `tls`, RINGLINE_EWRONGTHREAD,
/// RINGLINE_EFORKED.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_conn_start_tls(
    runtime: *mut ringline_runtime,
    conn: u64,
    tls: *mut ringline_tls_config,
    server_name: *const c_char,
) -> i32 {
    on_worker(runtime, |worker| {
        let tls = tls_of(tls)?;
        // SAFETY: the caller vouches for a terminated text, or gave NULL.
        let name = unsafe { text(server_name) }.map(CStr::to_str).transpose();
        let name = name.map_err(|_| invalid("server_name is no host name and no address"))?;
        worker.start_tls(conn, &tls, name)
    })
}

/// What a connection's TLS is like. In the worker's callbacks only, the close callback included.
/// Returns 0, RINGLINE_ENULL, -EINVAL and as ringline_conn_pause().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_conn_tls_info_of(
    runtime: *mut ringline_runtime,
    conn: u64,
    out: *mut ringline_tls_info,
) -> i32 {
    on_worker(runtime, |worker| {
        let info = || worker.tls_facts(conn, info_of);
        // SAFETY: the caller vouches for the size that the struct says, or gave NULL.
        unsafe { put_sized(out, info) }
    })
}
