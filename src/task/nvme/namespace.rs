//! A namespace of an NVMe device, opened and asked what it is.
//!
//! Owns: its registered file.

use super::words::NvmeIdentity;
use crate::task::disk::FixedFile;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;

/// `_IO('N', 0x40)` of linux/nvme_ioctl.h: the number of a namespace.
const NVME_IOCTL_ID: libc::c_ulong = 0x4e40;
/// `_IOWR('N', 0x41, struct nvme_passthru_cmd)`.
const NVME_IOCTL_ADMIN_CMD: libc::c_ulong = 0xc048_4e41;
const ADMIN_IDENTIFY: u8 = 0x06;

/// `struct nvme_passthru_cmd`: as the command of a ring, but for its last word.
type AdminCommand = super::NvmeUringCmd;

/// A namespace that is open.
#[derive(Debug)]
pub(crate) struct Namespace {
    pub(crate) file: FixedFile,
    pub(crate) nsid: u32,
    /// What it says of itself, or the errno for which it does not.
    pub(crate) identity: Result<NvmeIdentity, i32>,
}

impl Namespace {
    /// Open the device at `path`, of which namespace `nsid` is meant.
    pub(crate) fn open(path: &Path, nsid: u32) -> io::Result<Namespace> {
        let opened = OpenOptions::new().read(true).write(true).open(path)?;
        // SAFETY: the request takes no argument.
        if unsafe { libc::ioctl(opened.as_raw_fd(), NVME_IOCTL_ID) } < 0 {
            let text = "no namespace of an NVMe device: open its character device, /dev/ng0n1";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let identity = identify(&opened, nsid);
        Ok(Namespace { file: FixedFile::register(&opened)?, nsid, identity })
    }
}

/// Ask a namespace what it is: the Identify command, of the namespace's own structure.
fn identify(opened: &File, nsid: u32) -> Result<NvmeIdentity, i32> {
    let mut answer = Box::new([0u8; 4096]);
    let mut command = AdminCommand {
        opcode: ADMIN_IDENTIFY,
        nsid,
        addr: answer.as_mut_ptr() as u64,
        data_len: 4096,
        ..AdminCommand::default()
    };
    // SAFETY: command and answer are as long as the request has them, and outlive the call.
    let status = unsafe { libc::ioctl(opened.as_raw_fd(), NVME_IOCTL_ADMIN_CMD, &raw mut command) };
    match status {
        0 => read_identity(&answer).ok_or(libc::EIO),
        status if status > 0 => Err(libc::EIO),
        _ => Err(io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO)),
    }
}

/// What the structure says: NSZE at 0, FLBAS at 26, and of its format, from 128 on, the bytes of
/// metadata and the size of a block as a power of two.
fn read_identity(answer: &[u8; 4096]) -> Option<NvmeIdentity> {
    let blocks = u64::from_le_bytes(answer[..8].try_into().ok()?);
    let format = usize::from(answer[26] & 0xf | answer[26] >> 1 & 0x30);
    let at = 128 + 4 * format;
    let metadata_size = u16::from_le_bytes(answer[at..at + 2].try_into().ok()?);
    let block_size = 1u32.checked_shl(answer[at + 2].into())?;
    Some(NvmeIdentity { blocks, block_size, metadata_size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_says_its_size_and_its_format() {
        let mut answer = [0; 4096];
        answer[..8].copy_from_slice(&1000u64.to_le_bytes());
        // Format 17 is in use, of 4096 bytes and 8 beside.
        answer[26] = 0x21;
        answer[128 + 68] = 8;
        answer[128 + 70] = 12;
        let identity = read_identity(&answer).expect("sound");
        assert_eq!((identity.blocks, identity.block_size, identity.metadata_size), (1000, 4096, 8));
        answer[128 + 70] = 200;
        assert_eq!(read_identity(&answer), None);
    }
}
