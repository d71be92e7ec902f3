//! What is to be started.
//!
//! Owns: nothing.

use super::child::SpawnFuture;
use crate::runtime::Stream;
use crate::sys::process::Plan;
use std::collections::BTreeMap;
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// What a stream of a child is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stdio {
    /// The parent's.
    #[default]
    Inherit,
    /// A connection: see [`Child::stdin`](super::Child::stdin) and its kin.
    Piped,
    /// Nothing is there to read, and what is written is lost.
    Null,
}

impl From<Stdio> for Stream {
    fn from(stdio: Stdio) -> Stream {
        match stdio {
            Stdio::Inherit => Stream::Inherited,
            Stdio::Piped => Stream::Piped,
            Stdio::Null => Stream::Null,
        }
    }
}

/// A program to be started, with its arguments, environment and streams. One without a slash is
/// looked for in PATH.
///
/// ```no_run
/// # async fn example() -> std::io::Result<()> {
/// use ringline::process::Command;
///
/// let child = Command::new("tar").args(["-cf", "all.tar", "src"]).env("LC_ALL", "C").spawn()?;
/// assert!(child.await?.wait()?.await?.success());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing runs before spawn"]
pub struct Command {
    argv: Vec<OsString>,
    /// None: to be left out.
    changes: BTreeMap<OsString, Option<OsString>>,
    is_env_clear: bool,
    folder: Option<OsString>,
    streams: [Stdio; 3],
}

fn terminated(text: impl Into<Vec<u8>>) -> io::Result<CString> {
    CString::new(text).map_err(|_| {
        io::Error::new(io::ErrorKind::InvalidInput, "a command's texts hold no 0 byte")
    })
}

impl Command {
    /// A program without arguments, whose streams and environment are the parent's.
    pub fn new(program: impl AsRef<OsStr>) -> Command {
        Command {
            argv: vec![program.as_ref().to_owned()],
            changes: BTreeMap::new(),
            is_env_clear: false,
            folder: None,
            streams: [Stdio::Inherit; 3],
        }
    }

    /// One more argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Command {
        self.argv.push(arg.as_ref().to_owned());
        self
    }

    /// More arguments.
    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        self.argv.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// A variable of its environment.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Command {
        self.changes.insert(name.as_ref().to_owned(), Some(value.as_ref().to_owned()));
        self
    }

    /// A variable of the parent's that it does not get.
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Command {
        self.changes.insert(name.as_ref().to_owned(), None);
        self
    }

    /// It gets no variable but those of [`env`](Command::env) after this.
    pub fn env_clear(mut self) -> Command {
        self.changes.clear();
        self.is_env_clear = true;
        self
    }

    /// The folder that it starts in.
    pub fn current_dir(mut self, folder: impl AsRef<Path>) -> Command {
        self.folder = Some(folder.as_ref().into());
        self
    }

    /// Its input.
    pub fn stdin(mut self, stdio: Stdio) -> Command {
        self.streams[0] = stdio;
        self
    }

    /// Its output.
    pub fn stdout(mut self, stdio: Stdio) -> Command {
        self.streams[1] = stdio;
        self
    }

    /// Its errors.
    pub fn stderr(mut self, stdio: Stdio) -> Command {
        self.streams[2] = stdio;
        self
    }

    /// Its three streams are [`Stdio::Null`].
    pub fn silent(mut self) -> Command {
        self.streams = [Stdio::Null; 3];
        self
    }

    /// Its whole environment; None where it is the parent's.
    fn environment(&self) -> io::Result<Option<Vec<CString>>> {
        if self.changes.is_empty() && !self.is_env_clear {
            return Ok(None);
        }
        let mut all = BTreeMap::new();
        if !self.is_env_clear {
            all.extend(std::env::vars_os());
        }
        for (name, value) in &self.changes {
            match value {
                Some(value) => all.insert(name.clone(), value.clone()),
                None => all.remove(name),
            };
        }
        let joined = all.into_iter().map(|(mut name, value)| {
            name.push("=");
            name.push(value);
            terminated(name.into_vec())
        });
        joined.collect::<io::Result<_>>().map(Some)
    }

    /// Start it, on a thread that may block.
    ///
    /// # Errors
    /// `NotConnected` when the calling thread is no worker; `InvalidInput` for a 0 byte in a text;
    /// `Unsupported` where `Config::spawner_threads` is 0; `WouldBlock` where the worker has 4096
    /// children. The future resolves to what
    /// posix_spawn(3) says: `NotFound` where there is no such program or folder.
    pub fn spawn(self) -> io::Result<SpawnFuture> {
        let argv = self.argv.iter().map(|arg| terminated(arg.as_bytes()));
        let folder = self.folder.as_ref().map(|folder| terminated(folder.as_bytes()));
        SpawnFuture::begin(Plan {
            argv: argv.collect::<io::Result<_>>()?,
            env: self.environment()?,
            cwd: folder.transpose()?,
            streams: self.streams.map(Stream::from),
        })
    }
}
