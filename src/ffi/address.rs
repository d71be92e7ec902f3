//! Group M: addresses as text: what each says, and which function serves which kind.
//!
//! Owns: the prefixes, and a sentence for each way to get an address wrong: it says the rule and
//! what to write instead. Never looks up a name: that blocks.

use crate::fault::{ENULL, Fault};
use crate::sys::net::{self, Place};
use core::ffi::{CStr, c_char};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// What an address is given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// ringline_runtime_listen().
    Listen,
    /// ringline_runtime_listen_tls().
    ListenTls,
    /// ringline_conn_connect().
    Connect,
}

type Read = fn(&str, &[u8]) -> Result<Place, Fault>;

/// What stands in front of an address says its kind; what has none of these is TCP.
const PREFIXES: [(&str, Read); 3] = [
    ("unix:", |_, path| Ok(Place::Unix(path_of(path)?))),
    ("unixgram:", |_, path| Ok(Place::UnixDatagram(path_of(path)?))),
    ("udp:", |text, _| Ok(Place::Udp(socket_address(text)?))),
];

/// The sentence for `purpose` where it does not serve the kind of `place`. Without a wildcard: a
/// new kind and a new purpose have to be decided here, for each pair.
fn refusal(purpose: Purpose, place: &Place) -> Option<&'static str> {
    use Purpose::{Connect, Listen, ListenTls};
    match (purpose, place) {
        (Listen, Place::Tcp(_) | Place::Unix(_) | Place::Udp(_) | Place::UnixDatagram(_)) => None,
        (ListenTls | Connect, Place::Tcp(_) | Place::Unix(_)) => None,
        (ListenTls, Place::Udp(_) | Place::UnixDatagram(_)) => Some(
            "TLS needs a stream, and udp: and unixgram: are datagrams: \
             ringline_runtime_listen() serves those, in the clear",
        ),
        (Connect, Place::Udp(_) | Place::UnixDatagram(_)) => Some(
            "a connection is a stream, and udp: and unixgram: are datagrams: listen by \
             ringline_runtime_listen() and send them by ringline_udp_send()",
        ),
    }
}

#[cold]
fn wrong(text: &'static str) -> Fault {
    Fault::errno(libc::EINVAL, text)
}

/// The place that an address names, if it is one for `purpose`.
///
/// # Safety
/// `address` is NULL or a terminated text.
pub(super) unsafe fn place_for(purpose: Purpose, address: *const c_char) -> Result<Place, Fault> {
    if address.is_null() {
        return Err(Fault::new(ENULL, "address is NULL"));
    }
    // SAFETY: not NULL; the caller vouches for a terminated text.
    let place = place_of(unsafe { CStr::from_ptr(address) }.to_bytes())?;
    refusal(purpose, &place).map_or(Ok(place), |text| Err(wrong(text)))
}

fn place_of(bytes: &[u8]) -> Result<Place, Fault> {
    if bytes.is_empty() {
        return Err(wrong(
            "the address is empty: write 127.0.0.1:80, [::1]:80 or unix:/path, port 0 for any",
        ));
    }
    if bytes[0].is_ascii_whitespace() {
        return Err(wrong("the address begins with a space: leave it out"));
    }
    for (prefix, read) in PREFIXES {
        if let Some(rest) = bytes.strip_prefix(prefix.as_bytes()) {
            // Of a path any byte may be.
            return read(core::str::from_utf8(rest).unwrap_or("\u{fffd}"), rest);
        }
    }
    let text = core::str::from_utf8(bytes);
    let text = text.map_err(|_| wrong("the address is no text: it is written in ASCII"))?;
    Ok(Place::Tcp(socket_address(text)?))
}

/// The path of a socket, as the kernel wants it: an abstract name begins with a 0 byte.
fn path_of(path: &[u8]) -> Result<Vec<u8>, Fault> {
    if path.is_empty() {
        return Err(wrong("behind unix: or unixgram: stands a path, or @ and a name"));
    }
    if path.len() > net::LONGEST_PATH {
        return Err(wrong(
            "a socket's path has 107 bytes at most: go to its folder and give a relative one",
        ));
    }
    let mut path = path.to_vec();
    if path[0] == b'@' {
        path[0] = 0;
    }
    Ok(path)
}

const NO_PORT: &str =
    "the address has no port: write ADDRESS:PORT; port 0 = the kernel chooses one";

fn socket_address(text: &str) -> Result<SocketAddr, Fault> {
    if text.trim() != text {
        return Err(wrong("the address ends with a space or a line's end: leave it out"));
    }
    if text.contains("//") {
        return Err(wrong("an address is no URL: write only the host's number and the port"));
    }
    if let Some(inner) = text.strip_prefix('[') {
        let closed = inner.split_once(']');
        let (host, port) = closed.ok_or_else(|| wrong("a bracket is open: write [::1]:80"))?;
        let (ip, scope) = version_six(host)?;
        let port = port.strip_prefix(':').ok_or_else(|| wrong(NO_PORT))?;
        return Ok(SocketAddr::V6(SocketAddrV6::new(ip, port_of(port)?, 0, scope)));
    }
    let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
    match host.parse::<Ipv4Addr>() {
        Ok(ip) => Ok(SocketAddr::V4(SocketAddrV4::new(ip, port_of(port)?))),
        Err(_) => Err(wrong(no_host(text, host))),
    }
}

/// What is wrong with a host that is no IPv4 address.
#[cold]
fn no_host(text: &str, host: &str) -> &'static str {
    let only = |text: &str, those: &str| text.chars().all(|one| those.contains(one));
    let (first, rest) = text.split_once(':').unwrap_or((text, ""));
    let lettered = !first.is_empty() && first.chars().all(|one| one.is_ascii_alphabetic());
    if host.is_empty() || host == "*" || only(text, "0123456789") {
        "the address has no host: for all of this machine write 0.0.0.0:PORT or [::]:PORT"
    } else if lettered && (rest.starts_with(['/', '@', '[']) || rest.contains('.')) {
        "no such kind of address: TCP has no prefix, the others are udp:, unix: and unixgram:"
    } else if text.contains(':')
        && only(text.split('%').next().unwrap_or(text), HEX_COLON)
        && text.matches(':').count() > 1
    {
        "an IPv6 address stands in brackets, and the port behind them: write [::1]:80"
    } else if only(host, "0123456789.") {
        "an IPv4 address is four numbers of 0 to 255 without zeros in front: write 127.0.0.1:80"
    } else {
        "names are not looked up here: write a number (127.0.0.1:80 for localhost:80), \
         ringline_resolve() finds it"
    }
}

const HEX_COLON: &str = "0123456789abcdefABCDEF:.]";

/// An IPv6 address, and the interface behind its %.
fn version_six(host: &str) -> Result<(Ipv6Addr, u32), Fault> {
    let (number, interface) = match host.split_once('%') {
        Some((number, interface)) => (number, Some(interface)),
        None => (host, None),
    };
    let ip = number.parse::<Ipv6Addr>().map_err(|_| {
        wrong("in brackets stands an IPv6 address: write [::1]:80; IPv4 has none: 127.0.0.1:80")
    })?;
    let scope = match interface {
        None => 0,
        Some(name) => net::interface_index(name.as_bytes()).map_err(|errno| {
            let text = "this machine has no network interface of the name behind %: see `ip link`";
            Fault::errno(errno, text)
        })?,
    };
    if scope == 0 && ip.is_unicast_link_local() {
        return Err(wrong("a link-local address needs its interface: write [fe80::1%eth0]:80"));
    }
    Ok((ip, scope))
}

fn port_of(text: &str) -> Result<u16, Fault> {
    if text.is_empty() {
        return Err(wrong(NO_PORT));
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong("a port is a number, and services are not looked up: write 80 for http"));
    }
    text.parse().map_err(|_| wrong("the port is too large: it is 65535 at most"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::runtime::*;
    use crate::ffi::runtime_adopt::ringline_worker_adopt;
    use crate::ffi::runtime_lend::ringline_conn_connect;
    use crate::ffi::{error::ringline_error_detail, ringline_runtime};
    use core::mem::MaybeUninit;
    use core::ptr::{null, null_mut};
    use std::ffi::CString;

    type Call = fn(*mut ringline_runtime, *const c_char) -> i32;
    /// Served, or refused with these words.
    type Answer = Result<(), &'static str>;

    /// A config whose certificate is made by openssl.
    #[cfg(feature = "tls")]
    fn tls_config() -> *mut crate::ffi::ringline_tls_config {
        use crate::ffi::tls::*;
        let made = std::process::Command::new("openssl")
            .args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes".split(' '))
            .args("-subj /CN=localhost -keyout - -out -".split(' '))
            .output()
            .expect("openssl");
        let (pem, length) = (made.stdout.as_ptr().cast(), made.stdout.len() as u64);
        let own = ringline_tls_identity {
            name: null(),
            chain_file: null(),
            key_file: null(),
            chain: pem,
            chain_length: length,
            key: pem,
            key_length: length,
        };
        let options = ringline_tls_options {
            size: size_of::<ringline_tls_options>() as u32,
            identities: &own,
            identity_count: 1,
            ..Default::default()
        };
        let mut tls = MaybeUninit::new(null_mut());
        // SAFETY: options of this version, with the bytes that they name.
        let code = unsafe { ringline_tls_server_create(&options, Some(&mut tls)) };
        assert_eq!(code, 0, "{}", words());
        // SAFETY: made with a value.
        unsafe { tls.assume_init() }
    }

    /// Listen with a TLS config, by either function that takes one.
    #[cfg(feature = "tls")]
    fn listen_tls(runtime: *mut ringline_runtime, address: *const c_char, with: bool) -> i32 {
        let tls = tls_config();
        // SAFETY: a terminated text, and handles.
        let code = unsafe {
            if with {
                listen_with(runtime, address, 0, tls)
            } else {
                crate::ffi::runtime_tls::ringline_runtime_listen_tls(runtime, address, 0, tls)
            }
        };
        // The words of a refusal stay: what succeeds has none.
        assert_eq!(crate::ffi::tls::ringline_tls_free(tls), 0);
        code
    }

    /// # Safety
    /// A terminated text, and handles.
    unsafe fn listen_with(
        runtime: *mut ringline_runtime,
        address: *const c_char,
        flags: u32,
        tls: *mut crate::ffi::ringline_tls_config,
    ) -> i32 {
        use crate::ffi::runtime_listen::*;
        let size = size_of::<ringline_listen>() as u32;
        let how = ringline_listen { size, flags, tls, ..Default::default() };
        // SAFETY: the caller promised a terminated text; the struct is of this version.
        unsafe { ringline_runtime_listen_with(runtime, address, &how) }
    }

    fn listen_plain(runtime: *mut ringline_runtime, address: *const c_char) -> i32 {
        // SAFETY: a terminated text, and a handle.
        unsafe { listen_with(runtime, address, 0, null_mut()) }
    }

    fn listen_shared(runtime: *mut ringline_runtime, address: *const c_char) -> i32 {
        let flags = crate::ffi::constants::RINGLINE_LISTEN_SHARED;
        // SAFETY: a terminated text, and a handle.
        unsafe { listen_with(runtime, address, flags, null_mut()) }
    }

    fn listen(runtime: *mut ringline_runtime, address: *const c_char) -> i32 {
        // SAFETY: a terminated text, and a handle.
        unsafe { ringline_runtime_listen(runtime, address, 0) }
    }

    fn connect(runtime: *mut ringline_runtime, address: *const c_char) -> i32 {
        let mut conn = MaybeUninit::uninit();
        // SAFETY: a terminated text, or NULL.
        unsafe { ringline_conn_connect(runtime, address, 1_000_000_000, 0, Some(&mut conn)) }
    }

    const NO_STREAM: Answer = Err("are datagrams: ");
    const ONE_SOCKET: Answer = Err("a path has one socket");

    /// Each function of the header that takes an address, in each manner that it has, with its
    /// answer for each prefix: TCP, which has none, and those of PREFIXES in their order.
    fn table() -> Vec<(&'static str, Call, [Answer; 1 + PREFIXES.len()])> {
        let (listen_with, clear) = ("ringline_runtime_listen_with", [Ok(()); 4]);
        vec![
            ("ringline_runtime_listen", listen, clear),
            (listen_with, listen_plain, clear),
            (listen_with, listen_shared, [Ok(()), ONE_SOCKET, ONE_SOCKET, Ok(())]),
            #[cfg(feature = "tls")]
            (
                listen_with,
                |runtime, address| listen_tls(runtime, address, true),
                [Ok(()), Ok(()), NO_STREAM, NO_STREAM],
            ),
            #[cfg(feature = "tls")]
            (
                "ringline_runtime_listen_tls",
                |runtime, address| listen_tls(runtime, address, false),
                [Ok(()), Ok(()), NO_STREAM, NO_STREAM],
            ),
            ("ringline_conn_connect", connect, [Ok(()), Ok(()), NO_STREAM, NO_STREAM]),
        ]
    }

    /// The functions of include/ringline.h that take an address.
    fn functions() -> Vec<String> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/include/ringline.h");
        let header = std::fs::read_to_string(path).expect("the header");
        let takers = header.split(';').filter(|text| text.contains("const char *address"));
        let name = |text: &str| {
            let (before, _) = text.rsplit_once('(').expect("a function");
            before.rsplit([' ', '*', '\n']).next().expect("its name").to_owned()
        };
        takers.map(name).collect()
    }

    fn words() -> String {
        // SAFETY: a terminated text, always.
        unsafe { CStr::from_ptr(ringline_error_detail()) }.to_string_lossy().into_owned()
    }

    /// A runtime whose only worker is the calling thread.
    fn with_worker(body: impl FnOnce(*mut ringline_runtime)) {
        let (mut runtime, mut block) = (MaybeUninit::new(null_mut()), null_mut());
        let config = crate::ffi::runtime_config::ringline_runtime_config {
            size: size_of::<crate::ffi::runtime_config::ringline_runtime_config>() as u32,
            workers: 1,
            ..Default::default()
        };
        // SAFETY: a config of this version, a place that has a value, and room for the block.
        let runtime = unsafe {
            assert_eq!(ringline_runtime_create(&config, Some(&mut runtime)), 0);
            let runtime = runtime.assume_init();
            assert_eq!(ringline_worker_adopt(runtime, 0, &mut block), 0);
            runtime
        };
        body(runtime);
        assert_eq!(ringline_runtime_free(runtime), 0);
    }

    #[test]
    fn every_function_serves_or_refuses_every_kind_of_address() {
        let mut missing = functions();
        assert!(missing.len() >= 3, "the header was not understood");
        missing.retain(|name| !table().iter().any(|(known, ..)| known == name));
        missing.retain(|name| cfg!(feature = "tls") || name != "ringline_runtime_listen_tls");
        assert!(missing.is_empty(), "no row here for {missing:?}");
        let prefixes = core::iter::once("").chain(PREFIXES.map(|(prefix, _)| prefix));
        with_worker(|runtime| {
            for (at, prefix) in prefixes.enumerate() {
                for (row, (name, call, answers)) in table().into_iter().enumerate() {
                    let place = match prefix {
                        "" | "udp:" => format!("{prefix}127.0.0.1:0"),
                        _ => format!("{prefix}@{name}-{row}-{}", std::process::id()),
                    };
                    let place = CString::new(place).expect("no zero");
                    let code = call(runtime, place.as_ptr());
                    match answers[at] {
                        Ok(()) => assert!(code >= 0, "{name} {place:?}: {code}, {}", words()),
                        Err(text) => {
                            assert_eq!(code, -libc::EINVAL, "{name} {place:?}");
                            assert!(words().contains(text), "{name} {place:?}: {}", words());
                        }
                    }
                }
            }
            for (name, call, _) in table() {
                assert_eq!(call(runtime, null()), ENULL, "{name}");
            }
        });
    }

    #[test]
    fn a_path_that_cannot_be_bound_says_why() {
        with_worker(|runtime| {
            let code = listen(runtime, c"unix:/no/such/folder/socket".as_ptr());
            assert_eq!(code, -libc::ENOENT);
            assert!(words().contains("its folder is not there"), "{}", words());
            let path = CString::new(format!("unix:@twice-{}", std::process::id())).expect("text");
            assert!(listen(runtime, path.as_ptr()) > 0);
            assert_eq!(listen(runtime, path.as_ptr()), -libc::EADDRINUSE);
            assert!(words().contains("remove it"), "{}", words());
        });
    }

    /// What people write, and a part of the sentence that says what to write instead.
    const WRONG: [(&str, &str); 40] = [
        ("", "is empty"),
        (" 127.0.0.1:80", "begins with a space"),
        ("127.0.0.1:80 ", "ends with a space or a line's end"),
        ("127.0.0.1:80\n", "ends with a space or a line's end"),
        ("udp: 127.0.0.1:80", "ends with a space or"),
        ("http://127.0.0.1:80", "no URL"),
        ("localhost:80", "127.0.0.1:80 for localhost:80"),
        ("localhost", "names are not looked up"),
        ("udp:localhost:53", "names are not looked up"),
        ("example.org:443", "ringline_resolve()"),
        ("127.0.0.1", "has no port"),
        ("127.0.0.1:", "has no port"),
        ("[::1]", "has no port"),
        ("[::1]:", "has no port"),
        ("[::1]80", "has no port"),
        ("127.0.0.1:99999", "65535 at most"),
        ("127.0.0.1:65536", "65535 at most"),
        ("[::1]:99999999999999999999", "65535 at most"),
        ("127.0.0.1:http", "services are not looked up"),
        ("127.0.0.1:-1", "a port is a number"),
        ("127.0.0.1:+80", "a port is a number"),
        (":80", "has no host"),
        ("*:80", "has no host"),
        ("8080", "has no host"),
        ("::1:80", "stands in brackets"),
        ("::1", "stands in brackets"),
        ("fe80::1%lo:80", "stands in brackets"),
        ("[::1:80", "a bracket is open"),
        ("[127.0.0.1]:80", "in brackets stands an IPv6 address"),
        ("[localhost]:80", "in brackets stands an IPv6 address"),
        ("127.0.0.256:80", "four numbers"),
        ("127.1:80", "four numbers"),
        ("010.0.0.1:80", "four numbers"),
        ("tcp:127.0.0.1:80", "TCP has no prefix"),
        ("UDP:127.0.0.1:80", "TCP has no prefix"),
        ("Unix:/tmp/x", "TCP has no prefix"),
        ("unix:", "stands a path"),
        ("unixgram:", "stands a path"),
        ("[fe80::1]:80", "needs its interface"),
        ("udp:[fe80::1%0]:80", "needs its interface"),
    ];

    #[test]
    fn what_is_wrong_with_an_address_says_the_rule_and_what_to_write() {
        for (text, part) in WRONG {
            let fault = place_of(text.as_bytes()).expect_err(text);
            assert_eq!(fault.code, -libc::EINVAL, "{text}");
            assert!(fault.context.contains(part), "{text:?}: {}", fault.context);
        }
        let long = format!("unix:{}", "x".repeat(108));
        assert!(place_of(long.as_bytes()).expect_err("long").context.contains("107 bytes"));
        assert!(place_of(b"127.0.0.1:\xff").expect_err("no text").context.contains("no text"));
        let fault = place_of(b"[fe80::1%no-such-one]:80").expect_err("no interface");
        assert_eq!(fault.code, -libc::ENODEV);
        assert!(fault.context.contains("no network interface"), "{}", fault.context);
    }

    #[test]
    fn what_is_right_is_taken() {
        let six = |ip: &str, port, scope| {
            Place::Tcp(SocketAddr::V6(SocketAddrV6::new(ip.parse().unwrap(), port, 0, scope)))
        };
        let right = [
            ("[::1]:80", six("::1", 80, 0)),
            ("[fe80::1%lo]:80", six("fe80::1", 80, net::interface_index(b"lo").unwrap())),
            ("[fe80::1%77]:0", six("fe80::1", 0, 77)),
            ("[::ffff:1.2.3.4]:65535", six("::ffff:1.2.3.4", 65535, 0)),
            ("1.2.3.4:0080", Place::Tcp("1.2.3.4:80".parse().unwrap())),
            ("udp:1.2.3.4:80", Place::Udp("1.2.3.4:80".parse().unwrap())),
            ("unix:@name", Place::Unix(b"\0name".to_vec())),
            ("unix: a path \n", Place::Unix(b" a path \n".to_vec())),
            ("unixgram:/a", Place::UnixDatagram(b"/a".to_vec())),
        ];
        for (text, place) in right {
            assert_eq!(place_of(text.as_bytes()).ok(), Some(place), "{text}");
        }
        assert!(place_of(format!("unix:{}", "x".repeat(107)).as_bytes()).is_ok());
        assert!(place_of(b"unix:/\xff").is_ok());
    }
}
