//! Hosts by their names: looked up by the system's resolver, and connected to.
//!
//! Owns: who waits for which lookup. Invariant: an answer that nobody awaits any more is dropped.
//! The order and the pace of attempts are the runtime's: see `runtime::hosts`.

use super::conn::ConnCtx;
use super::connect::{ConnectFuture, connect};
use super::here::{Here, Waiter, no_worker, try_here, with_here};
use super::time::{SleepFuture, sleep, timeout};
use crate::fault::Fault;
use crate::runtime::{Attempts, Step};
use crate::sys::Resolved;
use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// A lookup that somebody awaits.
#[derive(Default)]
struct Lookup {
    answer: Option<io::Result<Vec<SocketAddr>>>,
    waiter: Option<Waiter>,
}

/// The lookups of a worker.
#[derive(Default)]
pub(super) struct Lookups {
    all: HashMap<u64, Lookup>,
    begun: u64,
}

fn address_of(found: &Resolved) -> Option<SocketAddr> {
    if i32::from(found.family) == libc::AF_INET {
        let [a, b, c, d, ..] = found.bytes;
        return Some(SocketAddr::new(Ipv4Addr::new(a, b, c, d).into(), found.port));
    }
    let ip = Ipv6Addr::from(found.bytes);
    let is_v6 = i32::from(found.family) == libc::AF_INET6;
    is_v6.then(|| SocketAddrV6::new(ip, found.port, 0, found.scope).into())
}

impl Here {
    /// A lookup was answered.
    pub(super) fn resolved(&self, user: u64, res: i32, addresses: &[Resolved], error: &CStr) {
        let waiter = {
            let mut lookups = self.lookups.borrow_mut();
            let Some(lookup) = lookups.all.get_mut(&user) else { return };
            lookup.answer = Some(if res < 0 {
                let kind = io::Error::from_raw_os_error(-res).kind();
                Err(io::Error::new(kind, error.to_string_lossy()))
            } else {
                Ok(addresses.iter().filter_map(address_of).collect())
            });
            lookup.waiter.take()
        };
        waiter.into_iter().for_each(|waiter| self.wake(waiter));
    }
}

/// The future of [`resolve_all`]. Dropping it forgets the lookup.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct ResolveAllFuture {
    host: String,
    number: u64,
}

impl Future for ResolveAllFuture {
    type Output = io::Result<Vec<SocketAddr>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = with_here(|here, _| {
            let waiter = here.waiter(cx);
            let mut lookups = here.lookups.borrow_mut();
            let lookup = lookups.all.get_mut(&self.number)?;
            match lookup.answer.take() {
                Some(answer) => Some(Poll::Ready(answer)),
                None => {
                    lookup.waiter = Some(waiter);
                    Some(Poll::Pending)
                }
            }
        });
        let answer = match polled.flatten() {
            Some(Poll::Pending) => return Poll::Pending,
            Some(Poll::Ready(answer)) => answer,
            None => Err(no_worker()),
        };
        let host = &self.host;
        Poll::Ready(match answer {
            Ok(all) if all.is_empty() => {
                let text = format!("the host {host:?} has no address");
                Err(io::Error::new(io::ErrorKind::NotFound, text))
            }
            Err(error) => {
                let text = format!("the host {host:?} is not found: {error}");
                Err(io::Error::new(error.kind(), text))
            }
            all => all,
        })
    }
}

impl Drop for ResolveAllFuture {
    fn drop(&mut self) {
        let gone = with_here(|here, _| here.lookups.borrow_mut().all.remove(&self.number));
        drop(gone);
    }
}

/// The future of [`resolve`]. Dropping it forgets the lookup.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct ResolveFuture(ResolveAllFuture);

impl Future for ResolveFuture {
    type Output = io::Result<SocketAddr>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Without one it is an error.
        Pin::new(&mut self.0).poll(cx).map_ok(|all| all[0])
    }
}

/// Look up the addresses of a host, by the system's resolver (getaddrinfo(3)) on a thread that may
/// block. They are in the order in which they should be tried.
///
/// ```no_run
/// # async fn addresses() -> std::io::Result<()> {
/// for address in ringline::resolve_all("localhost", 80)?.await? {
///     println!("{address}");
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// `NotConnected` when the calling thread is no worker; `InvalidInput` for a name with a 0 byte;
/// `WouldBlock` when 4096 lookups wait. Of the future `NotFound` where there is no such host,
/// `WouldBlock` where no name server answered; the text names the host and says what the resolver
/// says.
pub fn resolve_all(host: &str, port: u16) -> io::Result<ResolveAllFuture> {
    let name = CString::new(host)?;
    let service = CString::new(port.to_string())?;
    try_here(|here, worker| {
        if here.config.resolver_threads == 0 {
            let text = "Config::resolver_threads is 0: nothing is looked up";
            return Err(Fault::errno(libc::EOPNOTSUPP, text));
        }
        let number = {
            let mut lookups = here.lookups.borrow_mut();
            lookups.begun += 1;
            lookups.begun
        };
        worker.resolve(Some(name), Some(service), number)?;
        here.lookups.borrow_mut().all.insert(number, Lookup::default());
        Ok(ResolveAllFuture { host: host.to_owned(), number })
    })
}

/// As [`resolve_all`], the first address only. To connect, [`connect_host`] tries all of them.
///
/// ```no_run
/// # async fn address() -> std::io::Result<()> {
/// let address = ringline::resolve("localhost", 80)?.await?;
/// assert_eq!(address.port(), 80);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As there.
pub fn resolve(host: &str, port: u16) -> io::Result<ResolveFuture> {
    resolve_all(host, port).map(ResolveFuture)
}

/// The future of a connect to any of several addresses. Dropping it gives all attempts up.
#[must_use = "futures do nothing unless awaited"]
pub struct ConnectAny(Pin<Box<dyn Future<Output = io::Result<ConnCtx>>>>);

impl Future for ConnectAny {
    type Output = io::Result<ConnCtx>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for ConnectAny {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectAny").finish_non_exhaustive()
    }
}

/// Attempts to connect, of which the first that succeeds wins.
struct Race {
    attempts: Attempts,
    /// What [`Attempts`] counts from.
    begun: Instant,
    running: Vec<(SocketAddr, ConnectFuture)>,
    pause: Option<SleepFuture>,
    failed: Option<(SocketAddr, io::Error)>,
}

impl Race {
    fn fail(&mut self, address: SocketAddr, error: io::Error) {
        self.failed = Some((address, error));
        self.attempts.failed();
        self.pause = None;
    }

    /// The connection of an attempt that succeeded.
    fn poll_running(&mut self, cx: &mut Context<'_>) -> Option<ConnCtx> {
        let mut at = 0;
        while at < self.running.len() {
            match Pin::new(&mut self.running[at].1).poll(cx) {
                Poll::Pending => at += 1,
                Poll::Ready(Ok(conn)) => {
                    // The others are given up, when this is dropped.
                    drop(self.running.remove(at));
                    return Some(conn);
                }
                Poll::Ready(Err(error)) => {
                    let (address, _) = self.running.remove(at);
                    self.fail(address, error);
                }
            }
        }
        None
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<ConnCtx>> {
        loop {
            if let Some(conn) = self.poll_running(cx) {
                return Poll::Ready(Ok(conn));
            }
            let now = self.begun.elapsed().as_nanos() as u64;
            match self.attempts.step(now) {
                Step::Dial(address) => match connect(address) {
                    Ok(attempt) => self.running.push((address, attempt)),
                    Err(error) => self.fail(address, error),
                },
                Step::Wait(until) => {
                    let left = Duration::from_nanos(until - now);
                    let pause = self.pause.get_or_insert_with(|| sleep(left));
                    if Pin::new(pause).poll(cx).is_pending() {
                        return Poll::Pending;
                    }
                    self.pause = None;
                }
                Step::Nothing if self.running.is_empty() => return Poll::Ready(Err(self.why())),
                Step::Nothing => return Poll::Pending,
            }
        }
    }

    fn why(&mut self) -> io::Error {
        match self.failed.take() {
            Some((address, error)) => {
                let text = format!("none of the addresses answers; the last, {address}: {error}");
                io::Error::new(error.kind(), text)
            }
            None => {
                io::Error::new(io::ErrorKind::InvalidInput, "there is no address to connect to")
            }
        }
    }
}

/// Connect to the first of `addresses` that answers: they are tried in their order, one family
/// after the other, each 250 ms after the one before it or when that failed (RFC 8305). The others
/// are given up.
///
/// ```no_run
/// # async fn replica() -> std::io::Result<()> {
/// let replicas = ["192.0.2.1:6379", "[2001:db8::1]:6379"].map(|at| at.parse().expect("valid"));
/// let conn = ringline::connect_any(replicas).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Of the future what the last attempt says, with its address; `InvalidInput` without an address.
pub fn connect_any(addresses: impl IntoIterator<Item = SocketAddr>) -> ConnectAny {
    let mut race = Race {
        attempts: Attempts::new(addresses),
        begun: Instant::now(),
        running: Vec::new(),
        pause: None,
        failed: None,
    };
    ConnectAny(Box::pin(async move { poll_fn(|cx| race.poll(cx)).await }))
}

async fn connect_named(host: String, port: u16) -> io::Result<ConnCtx> {
    // An address is no name: nothing blocks for it.
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&host);
    let addresses = match literal.parse::<IpAddr>() {
        Ok(ip) => vec![SocketAddr::new(ip, port)],
        Err(_) => resolve_all(&host, port)?.await?,
    };
    connect_any(addresses).await.map_err(|error| {
        let text = format!("no connection to {host:?}, port {port}: {error}");
        io::Error::new(error.kind(), text)
    })
}

/// Connect to a host by its name, or by an address as a text: to the first of its addresses that
/// answers, see [`connect_any`].
///
/// ```no_run
/// # async fn get() -> std::io::Result<()> {
/// let conn = ringline::connect_host("example.com", 80).await?;
/// conn.send_nowait(b"GET / HTTP/1.0\r\n\r\n")?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Of the future those of [`resolve_all`] and [`connect_any`]; the text names the host, and the
/// last address with its error.
pub fn connect_host(host: &str, port: u16) -> ConnectAny {
    ConnectAny(Box::pin(connect_named(host.to_owned(), port)))
}

/// As [`connect_host`], for so many milliseconds at most, the lookup and all attempts together.
///
/// ```no_run
/// # async fn soon() -> std::io::Result<()> {
/// let conn = ringline::connect_host_with_timeout("example.com", 80, 3000).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As there, and `TimedOut`.
pub fn connect_host_with_timeout(host: &str, port: u16, timeout_ms: u64) -> ConnectAny {
    let host = host.to_owned();
    ConnectAny(Box::pin(async move {
        let limit = Duration::from_millis(timeout_ms.max(1));
        let late = || {
            let text = format!("no connection to {host:?}, port {port}, in {timeout_ms} ms");
            io::Error::new(io::ErrorKind::TimedOut, text)
        };
        let connected = timeout(limit, connect_named(host.clone(), port)).await;
        connected.unwrap_or_else(|_| Err(late()))
    }))
}
