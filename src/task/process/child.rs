//! A child that runs, and how it ended.
//!
//! Owns: the streams of a child, until its handle is dropped.

use super::{Shared, close_streams};
use crate::runtime::UNKNOWN;
use crate::sys::process::Plan;
use crate::task::conn::ConnCtx;
use crate::task::here::{no_worker, to_io, try_here, with_here};
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The future of a child that starts. Dropped before, it has the child killed.
#[must_use = "dropping it gives the child up"]
pub struct SpawnFuture {
    process: u64,
    /// None when it was told.
    known: Option<Shared>,
}

impl SpawnFuture {
    pub(super) fn begin(plan: Plan) -> io::Result<SpawnFuture> {
        let begun = with_here(|here, worker| {
            if here.config.spawner_threads == 0 {
                let text = "Config::spawner_threads is 0: nothing may be started";
                return Err(io::Error::new(io::ErrorKind::Unsupported, text));
            }
            let process = worker.process_spawn(plan, 0).map_err(to_io)?;
            let known = Shared::default();
            here.children.0.borrow_mut().insert(process, known.clone());
            Ok(SpawnFuture { process, known: Some(known) })
        });
        begun.unwrap_or_else(|| Err(no_worker()))
    }
}

impl Future for SpawnFuture {
    type Output = io::Result<Child>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Child>> {
        let known = self.known.take().expect("a spawn was polled after it was done");
        let started = known.borrow().started;
        match started {
            Some(res) if res < 0 => Poll::Ready(Err(io::Error::from_raw_os_error(-res))),
            Some(pid) => Poll::Ready(Ok(Child { process: self.process, pid: pid as u32, known })),
            None => {
                let waits = with_here(|here, _| known.borrow_mut().add(here.waiter(cx)));
                self.known = Some(known);
                if waits.is_some() { Poll::Pending } else { Poll::Ready(Err(no_worker())) }
            }
        }
    }
}

impl Drop for SpawnFuture {
    fn drop(&mut self) {
        let Some(known) = self.known.take() else { return };
        let runs = {
            let known = &mut *known.borrow_mut();
            known.is_unwanted = true;
            known.started.is_some_and(|res| res >= 0).then_some(known.streams)
        };
        let Some(streams) = runs else { return };
        with_here(|_, worker| {
            close_streams(worker, streams);
            // It may have ended already.
            let _ = worker.process_kill(self.process, libc::SIGKILL);
        });
    }
}

impl fmt::Debug for SpawnFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpawnFuture").finish_non_exhaustive()
    }
}

/// A child process. Dropped, it leaves the child running, closes its streams, and has the worker
/// wait for its end.
pub struct Child {
    process: u64,
    pid: u32,
    known: Shared,
}

impl Child {
    /// Its process number.
    pub fn id(&self) -> u32 {
        self.pid
    }

    fn stream(&self, at: usize) -> Option<ConnCtx> {
        let id = self.known.borrow().streams[at];
        (id != 0).then(|| ConnCtx::new(id))
    }

    /// Its input, where that is [`Stdio::Piped`](super::Stdio::Piped): a connection to send to, and
    /// `shutdown_write` is the end of it.
    pub fn stdin(&self) -> Option<ConnCtx> {
        self.stream(0)
    }

    /// Its output, where that is piped: a connection to receive from.
    pub fn stdout(&self) -> Option<ConnCtx> {
        self.stream(1)
    }

    /// Its errors, where those are piped: a connection to receive from.
    pub fn stderr(&self) -> Option<ConnCtx> {
        self.stream(2)
    }

    /// Wait until it ends; several may.
    ///
    /// # Errors
    /// `NotConnected` on a thread that is no worker. The future resolves to an error of ECHILD
    /// where somebody else waited for the child.
    pub fn wait(&self) -> io::Result<WaitFuture> {
        with_here(|_, _| WaitFuture { known: self.known.clone() }).ok_or_else(no_worker)
    }

    /// End it by SIGKILL.
    ///
    /// # Errors
    /// As [`signal`](Child::signal).
    pub fn kill(&self) -> io::Result<()> {
        self.signal(libc::SIGKILL)
    }

    /// Send it a signal, by its number (signal(7)).
    ///
    /// # Errors
    /// `NotConnected` when it is over, or the calling thread is no worker; what
    /// pidfd_send_signal(2) says.
    pub fn signal(&self, signo: i32) -> io::Result<()> {
        try_here(|_, worker| worker.process_kill(self.process, signo))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let streams = self.known.borrow().streams;
        with_here(|_, worker| close_streams(worker, streams));
    }
}

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child").field("id", &self.pid).finish_non_exhaustive()
    }
}

/// The future of a child's end. Dropping it changes nothing about the child.
#[must_use = "futures do nothing unless awaited"]
pub struct WaitFuture {
    known: Shared,
}

impl Future for WaitFuture {
    type Output = io::Result<ExitStatus>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        let known = &mut *self.known.borrow_mut();
        match known.status {
            Some(UNKNOWN) => Poll::Ready(Err(io::Error::from_raw_os_error(libc::ECHILD))),
            Some(status) => Poll::Ready(Ok(ExitStatus(status))),
            None => match with_here(|here, _| known.add(here.waiter(cx))) {
                Some(()) => Poll::Pending,
                None => Poll::Ready(Err(no_worker())),
            },
        }
    }
}

impl fmt::Debug for WaitFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitFuture").finish_non_exhaustive()
    }
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExitStatus(i32);

impl ExitStatus {
    /// Whether it ended by itself, with 0.
    pub fn success(&self) -> bool {
        self.0 == 0
    }

    /// What it ended with, 0 to 255; -1 where a signal ended it.
    pub fn code(&self) -> i32 {
        self.0.max(-1)
    }

    /// The signal that ended it, if one did.
    pub fn signal(&self) -> Option<i32> {
        (self.0 < 0).then_some(-self.0)
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.signal() {
            Some(signo) => write!(f, "signal: {signo}"),
            None => write!(f, "exit status: {}", self.0),
        }
    }
}
