//! What a worker's tasks have open of files and devices.
//!
//! Owns: a shelf for each kind that the config asks for.

use super::commands::Commands;
use super::fixed::FixedFile;
use super::shelf::{Shelf, Words};
use crate::task::config::Config;
use crate::task::nvme::Namespace;
use std::io;
use std::os::fd::OwnedFd;

const FILES: Words = Words {
    full: "FsConfig::max_files files are open: close one, or raise the limit",
    busy: "FsConfig::max_commands_in_flight are under way: await one, or raise the limit",
    stale: "the file was closed, or is another worker's: open it again",
};
const DIRECT: Words = Words {
    full: "DirectIoConfig::max_files are open: close one, or raise the limit",
    busy: "DirectIoConfig::max_commands_in_flight are under way: await one, or raise the limit",
    stale: FILES.stale,
};
const NVME: Words = Words {
    full: "NvmeConfig::max_devices are open: close one, or raise the limit",
    busy: "NvmeConfig::max_commands_in_flight are under way: await one, or raise the limit",
    stale: "the device was closed, or is another worker's: open it again",
};

/// What a worker's tasks have open.
pub(crate) struct Disk {
    files: Option<Shelf<OwnedFd>>,
    direct: Option<Shelf<FixedFile>>,
    nvme: Option<Shelf<Namespace>>,
    pub(crate) commands: Commands,
}

impl Disk {
    /// Room for what `config` asks for.
    pub(crate) fn new(config: &Config) -> Disk {
        let (files, direct, nvme) = (&config.fs, &config.direct_io, &config.nvme);
        Disk {
            files: files
                .as_ref()
                .map(|of| Shelf::new(of.max_files, of.max_commands_in_flight, FILES)),
            direct: direct
                .as_ref()
                .map(|of| Shelf::new(of.max_files, of.max_commands_in_flight, DIRECT)),
            nvme: nvme
                .as_ref()
                .map(|of| Shelf::new(of.max_devices, of.max_commands_in_flight, NVME)),
            commands: Commands::default(),
        }
    }

    /// Files.
    pub(crate) fn files(&self) -> io::Result<&Shelf<OwnedFd>> {
        self.files.as_ref().ok_or_else(|| missing("Config::fs is None: set it to open files"))
    }

    /// Files for direct I/O.
    pub(crate) fn direct(&self) -> io::Result<&Shelf<FixedFile>> {
        let text = "Config::direct_io is None: set it for direct I/O";
        self.direct.as_ref().ok_or_else(|| missing(text))
    }

    /// Namespaces of NVMe devices.
    pub(crate) fn nvme(&self) -> io::Result<&Shelf<Namespace>> {
        let text = "Config::nvme is None: set it for commands of NVMe";
        self.nvme.as_ref().ok_or_else(|| missing(text))
    }

    /// The worker is over.
    pub(crate) fn clear(&self) {
        self.files.iter().for_each(Shelf::clear);
        self.direct.iter().for_each(Shelf::clear);
        self.nvme.iter().for_each(Shelf::clear);
    }
}

#[cold]
fn missing(text: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, text)
}
