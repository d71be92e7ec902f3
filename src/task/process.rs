//! Child processes: started by a thread that may block, awaited on the ring.
//!
//! Owns: how each ended, until it is told. A child that nobody awaits is reaped all the same.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! let child = ringline::process::Command::new("sort").arg("names").spawn()?.await?;
//! assert!(child.wait()?.await?.success());
//! # Ok(()) }
//! ```

use super::here::{Here, Waiter, no_worker, to_io, with_here};
use crate::runtime::{Stream, Worker};
use crate::sys::process::Plan;
use std::collections::HashMap;
use std::ffi::{CString, OsStr, OsString};
use std::future::Future;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The status of a child whose end nobody could ask for.
const UNKNOWN: i32 = crate::runtime::UNKNOWN;

/// How far a child is.
enum Life {
    Starts,
    Failed(i32),
    Runs(i32),
    Ended(i32, i32),
}

/// A child, and who waits for something of it.
struct Known {
    life: Life,
    waiter: Option<Waiter>,
    /// Nobody has its handle any more.
    is_left: bool,
}

/// The children of a worker, by the runtime's number of each.
#[derive(Default)]
pub(super) struct Children {
    known: HashMap<u64, Known>,
}

impl Here {
    /// A child was started, or could not be.
    pub(super) fn spawned(&self, process: u64, res: i32) {
        let life = if res < 0 { Life::Failed(-res) } else { Life::Runs(res) };
        self.child_is(process, life);
    }

    /// A child is over.
    pub(super) fn exited(&self, process: u64, status: i32) {
        let pid = match self.children.borrow().known.get(&process).map(|known| &known.life) {
            Some(Life::Runs(pid)) => *pid,
            _ => 0,
        };
        self.child_is(process, Life::Ended(pid, status));
    }

    fn child_is(&self, process: u64, life: Life) {
        let waiter = {
            let children = &mut *self.children.borrow_mut();
            let Some(known) = children.known.get_mut(&process) else { return };
            let is_over = matches!(life, Life::Failed(_) | Life::Ended(..));
            known.life = life;
            let waiter = known.waiter.take();
            if known.is_left && is_over {
                children.known.remove(&process);
            }
            waiter
        };
        waiter.into_iter().for_each(|waiter| self.wake(waiter));
    }

    fn leave_child(&self, process: u64) {
        let children = &mut *self.children.borrow_mut();
        let Some(known) = children.known.get_mut(&process) else { return };
        known.is_left = true;
        if matches!(known.life, Life::Failed(_) | Life::Ended(..)) {
            children.known.remove(&process);
        }
    }
}

/// A program to be started, as in [`std::process::Command`]: it has the parent's environment,
/// folder and streams, unless it is said otherwise.
#[derive(Clone, Debug)]
pub struct Command {
    words: Vec<OsString>,
    /// Those that are changed: None = taken away.
    variables: Vec<(OsString, Option<OsString>)>,
    is_cleared: bool,
    folder: Option<PathBuf>,
    is_silent: bool,
}

impl Command {
    /// Start this program; without a slash it is looked for in PATH.
    pub fn new(program: impl AsRef<OsStr>) -> Command {
        Command {
            words: vec![program.as_ref().to_owned()],
            variables: Vec::new(),
            is_cleared: false,
            folder: None,
            is_silent: false,
        }
    }

    /// One more argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Command {
        self.words.push(argument.as_ref().to_owned());
        self
    }

    /// More arguments.
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        self.words.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// A variable of its environment.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Command {
        let (name, value) = (name.as_ref().to_owned(), value.as_ref().to_owned());
        self.variables.push((name, Some(value)));
        self
    }

    /// Take a variable away.
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Command {
        self.variables.push((name.as_ref().to_owned(), None));
        self
    }

    /// Begin with an empty environment.
    pub fn env_clear(mut self) -> Command {
        (self.is_cleared, self.variables) = (true, Vec::new());
        self
    }

    /// The folder it starts in.
    pub fn current_dir(mut self, folder: impl Into<PathBuf>) -> Command {
        self.folder = Some(folder.into());
        self
    }

    /// Its three streams are /dev/null.
    pub fn silent(mut self) -> Command {
        self.is_silent = true;
        self
    }

    /// Start it. The future resolves to the child, when it runs.
    ///
    /// # Errors
    /// `NotConnected` when the calling thread is no worker; `InvalidInput` for a 0 byte in a word;
    /// `Unsupported` where `Config::spawner_threads` is 0; `WouldBlock` when too much waits for a
    /// thread. The future resolves to `NotFound` and its kin.
    pub fn spawn(self) -> io::Result<SpawnFuture> {
        let plan = self.plan()?;
        let begun = with_here(|here, worker| {
            if here.config.spawner_threads == 0 {
                let text = "Config::spawner_threads is 0: nothing may be started";
                return Err(io::Error::new(io::ErrorKind::Unsupported, text));
            }
            let process = worker.process_spawn(plan, 0).map_err(to_io)?;
            let known = Known { life: Life::Starts, waiter: None, is_left: false };
            here.children.borrow_mut().known.insert(process, known);
            Ok(SpawnFuture { process: Some(process) })
        });
        begun.unwrap_or_else(|| Err(no_worker()))
    }

    fn plan(self) -> io::Result<Plan> {
        let text = |word: OsString| {
            CString::new(word.into_vec()).map_err(|_| {
                io::Error::new(io::ErrorKind::InvalidInput, "there is a 0 byte in a word")
            })
        };
        let stream = if self.is_silent { Stream::Null } else { Stream::Inherited };
        let env = (self.is_cleared || !self.variables.is_empty()).then(|| self.environment());
        let env = env.map(|all| all.into_iter().map(text).collect::<io::Result<Vec<_>>>());
        Ok(Plan {
            argv: self.words.into_iter().map(text).collect::<io::Result<_>>()?,
            env: env.transpose()?,
            cwd: self.folder.map(|folder| text(folder.into_os_string())).transpose()?,
            streams: [stream; 3],
        })
    }

    /// NAME=VALUE of all that the child has.
    fn environment(&self) -> Vec<OsString> {
        let mut all: Vec<(OsString, OsString)> =
            if self.is_cleared { Vec::new() } else { std::env::vars_os().collect() };
        for (name, value) in &self.variables {
            all.retain(|(other, _)| other != name);
            all.extend(value.clone().map(|value| (name.clone(), value)));
        }
        let line = |(name, value): (OsString, OsString)| {
            OsString::from_vec([name.as_bytes(), b"=", value.as_bytes()].concat())
        };
        all.into_iter().map(line).collect()
    }
}

/// The future of [`Command::spawn`]. Dropping it leaves the child running.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct SpawnFuture {
    /// None when it was told.
    process: Option<u64>,
}

impl Future for SpawnFuture {
    type Output = io::Result<Child>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(process) = self.process else { return Poll::Ready(Err(no_worker())) };
        let polled = with_here(|here, _| {
            let waiter = here.waiter(cx);
            let mut children = here.children.borrow_mut();
            let Some(known) = children.known.get_mut(&process) else {
                return Poll::Ready(Err(no_worker()));
            };
            match known.life {
                Life::Starts => {
                    known.waiter = Some(waiter);
                    Poll::Pending
                }
                Life::Failed(errno) => Poll::Ready(Err(io::Error::from_raw_os_error(errno))),
                Life::Runs(pid) | Life::Ended(pid, _) => Poll::Ready(Ok(Child { process, pid })),
            }
        });
        let polled = polled.unwrap_or_else(|| Poll::Ready(Err(no_worker())));
        match &polled {
            Poll::Pending => {}
            // The child has it from here on.
            Poll::Ready(Ok(_)) => self.process = None,
            Poll::Ready(Err(_)) => leave(self.process.take()),
        }
        polled
    }
}

fn leave(process: Option<u64>) {
    if let Some(process) = process {
        with_here(|here, _| here.leave_child(process));
    }
}

impl Drop for SpawnFuture {
    fn drop(&mut self) {
        leave(self.process.take());
    }
}

/// A child that runs, or is over. Dropping it leaves it running; its worker reaps it.
#[derive(Debug)]
pub struct Child {
    process: u64,
    pid: i32,
}

impl Child {
    /// The kernel's number of it.
    pub fn id(&self) -> u32 {
        self.pid as u32
    }

    /// Wait until it is over.
    ///
    /// # Errors
    /// `NotConnected` on a thread that is not its worker.
    pub fn wait(&self) -> io::Result<WaitFuture> {
        with_here(|_, _| WaitFuture { process: self.process }).ok_or_else(no_worker)
    }

    /// End it by SIGKILL.
    ///
    /// # Errors
    /// `NotConnected` when it is over, or on a thread that is not its worker.
    pub fn kill(&self) -> io::Result<()> {
        let ask = |_: &Here, worker: &Worker| worker.process_kill(self.process, libc::SIGKILL);
        with_here(ask).ok_or_else(no_worker)?.map_err(to_io)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        leave(Some(self.process));
    }
}

/// The future of [`Child::wait`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct WaitFuture {
    process: u64,
}

impl Future for WaitFuture {
    type Output = io::Result<ExitStatus>;

    /// An error where the child was dropped meanwhile.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = with_here(|here, _| {
            let waiter = here.waiter(cx);
            let mut children = here.children.borrow_mut();
            let Some(known) = children.known.get_mut(&self.process) else {
                return Poll::Ready(Err(io::ErrorKind::NotFound.into()));
            };
            if let Life::Ended(_, status) = known.life {
                return Poll::Ready(Ok(ExitStatus(status)));
            }
            known.waiter = Some(waiter);
            Poll::Pending
        });
        polled.unwrap_or_else(|| Poll::Ready(Err(no_worker())))
    }
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExitStatus(i32);

impl ExitStatus {
    /// Whether it exited with 0.
    pub fn success(self) -> bool {
        self.0 == 0
    }

    /// What it exited with; -1 where a signal ended it.
    pub fn code(self) -> i32 {
        if self.0 == UNKNOWN { -1 } else { self.0.max(-1) }
    }

    /// The signal that ended it.
    pub fn signal(self) -> Option<i32> {
        (self.0 < 0 && self.0 != UNKNOWN).then_some(-self.0)
    }
}
