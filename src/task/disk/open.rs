//! What a worker's tasks have open of files and devices.
//!
//! Owns: a shelf for each kind that the config asks for.

use super::shelf::{Shelf, Words};
use crate::task::config::Config;
use std::io;
use std::os::fd::OwnedFd;

const FILES: Words = Words {
    full: "FsConfig::max_files files are open: close one, or raise the limit",
    busy: "FsConfig::max_commands_in_flight are under way: await one, or raise the limit",
    stale: "the file was closed, or is another worker's: open it again",
};

/// What a worker's tasks have open.
pub(crate) struct Disk {
    files: Option<Shelf<OwnedFd>>,
}

impl Disk {
    /// Room for what `config` asks for.
    pub(crate) fn new(config: &Config) -> Disk {
        let files = config.fs.as_ref();
        Disk { files: files.map(|fs| Shelf::new(fs.max_files, fs.max_commands_in_flight, FILES)) }
    }

    /// Files.
    pub(crate) fn files(&self) -> io::Result<&Shelf<OwnedFd>> {
        self.files.as_ref().ok_or_else(|| missing("Config::fs is None: set it to open files"))
    }

    /// The worker is over.
    pub(crate) fn clear(&self) {
        self.files.iter().for_each(Shelf::clear);
    }
}

#[cold]
fn missing(text: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, text)
}
