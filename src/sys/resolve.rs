//! Names to addresses, by the system's resolver. It blocks: for threads that may.
//!
//! Owns: nothing. Keeps the resolver's order.

use std::ffi::{CStr, CString};

/// An address of a host.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// AF_INET or AF_INET6.
    pub family: u16,
    /// The port.
    pub port: u16,
    /// Of IPv6: the interface of a link-local address.
    pub scope: u32,
    /// 4 or 16 bytes as on the wire.
    pub bytes: [u8; 16],
}

/// Why there is none: an errno near it, and the resolver's own words, terminated.
#[derive(Clone, Debug)]
pub struct Unresolved {
    /// A positive errno.
    pub errno: i32,
    /// gai_strerror(3).
    pub text: CString,
}

fn errno_of(code: i32) -> i32 {
    match code {
        libc::EAI_SYSTEM => super::errno(),
        libc::EAI_AGAIN => libc::EAGAIN,
        libc::EAI_MEMORY => libc::ENOMEM,
        libc::EAI_FAMILY => libc::EAFNOSUPPORT,
        libc::EAI_SERVICE | libc::EAI_SOCKTYPE | libc::EAI_BADFLAGS => libc::EINVAL,
        libc::EAI_FAIL => libc::EIO,
        _ => libc::ENOENT,
    }
}

fn read(info: &libc::addrinfo) -> Option<Resolved> {
    let mut out = Resolved::default();
    match info.ai_family {
        libc::AF_INET => {
            // SAFETY: the family says what it is.
            let at = unsafe { info.ai_addr.cast::<libc::sockaddr_in>().read_unaligned() };
            out.family = libc::AF_INET as u16;
            out.port = u16::from_be(at.sin_port);
            out.bytes[..4].copy_from_slice(&at.sin_addr.s_addr.to_ne_bytes());
        }
        libc::AF_INET6 => {
            // SAFETY: the family says what it is.
            let at = unsafe { info.ai_addr.cast::<libc::sockaddr_in6>().read_unaligned() };
            out.family = libc::AF_INET6 as u16;
            out.port = u16::from_be(at.sin6_port);
            out.scope = at.sin6_scope_id;
            out.bytes = at.sin6_addr.s6_addr;
        }
        _ => return None,
    }
    Some(out)
}

/// All addresses of a host and a service, either of which may be missing.
pub fn resolve(host: Option<&CStr>, service: Option<&CStr>) -> Result<Vec<Resolved>, Unresolved> {
    // SAFETY: all-zero is a valid addrinfo.
    let mut hints: libc::addrinfo = unsafe { core::mem::zeroed() };
    // One entry per address, not one per kind of socket.
    hints.ai_socktype = libc::SOCK_STREAM;
    let mut list: *mut libc::addrinfo = core::ptr::null_mut();
    let text = |text: Option<&CStr>| text.map_or(core::ptr::null(), CStr::as_ptr);
    // SAFETY: two texts or NULL, the hints, and a place for the list.
    let code = unsafe { libc::getaddrinfo(text(host), text(service), &hints, &mut list) };
    if code != 0 {
        let errno = errno_of(code);
        // SAFETY: a static text for every code.
        let text = unsafe { CStr::from_ptr(libc::gai_strerror(code)) }.to_owned();
        return Err(Unresolved { errno, text });
    }
    let mut all = Vec::new();
    let mut next = list;
    // SAFETY: the resolver's list, whose entries live until it is freed.
    while let Some(info) = unsafe { next.as_ref() } {
        all.extend(read(info));
        next = info.ai_next;
    }
    // SAFETY: made above, and not used any more.
    unsafe { libc::freeaddrinfo(list) };
    Ok(all)
}
