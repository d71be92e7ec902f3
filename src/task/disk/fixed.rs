//! A file that is registered with the ring of its worker.
//!
//! Owns: its slot, which is emptied with it.

use crate::task::here::{try_here, with_here};
use std::fs::OpenOptions;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A file that is registered with the ring of the calling thread's worker.
#[derive(Debug)]
pub(crate) struct FixedFile {
    slot: u32,
}

impl FixedFile {
    /// Open a file by these flags of open(2), and register it.
    pub(crate) fn open(path: &Path, flags: i32, mode: u32) -> io::Result<FixedFile> {
        let access = flags & libc::O_ACCMODE;
        let opened = OpenOptions::new()
            .read(access != libc::O_WRONLY)
            .write(access != libc::O_RDONLY)
            .mode(mode)
            .custom_flags(flags)
            .open(path)?;
        FixedFile::register(&opened)
    }

    /// Register a file; its own descriptor is not needed any more.
    pub(crate) fn register(file: &impl AsFd) -> io::Result<FixedFile> {
        let slot = try_here(|_, worker| worker.file_add(file.as_fd()))?;
        Ok(FixedFile { slot })
    }

    /// Its slot.
    pub(crate) fn slot(&self) -> u32 {
        self.slot
    }
}

impl Drop for FixedFile {
    fn drop(&mut self) {
        // Nothing under way has it any more; where the worker is over, its ring is too.
        with_here(|_, worker| worker.file_remove(self.slot));
    }
}
