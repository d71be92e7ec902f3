//! Commands to NVMe devices, past file systems and the block layer.
//!
//! It is there where `Config::nvme` says how much of it: the rings of the workers then have entries
//! of 128 bytes, in which such a command fits. A device is the character device of a namespace,
//! `/dev/ng0n1` for one, and to open it takes `CAP_SYS_ADMIN` or the permission of who set it up.
//! Linux 5.19.
//!
//! ```
//! use ringline::direct_io::AlignedBuffer;
//! use ringline::nvme::{self, open_nvme_device};
//!
//! async fn first_block() -> std::io::Result<AlignedBuffer> {
//!     let device = open_nvme_device("/dev/ng0n1", 1)?;
//!     let size = nvme::identify(device)?.block_size as usize;
//!     let (read, block) = nvme::read_into(device, 0, AlignedBuffer::new(size))?.await;
//!     read?;
//!     nvme::close(device)?;
//!     Ok(block)
//! }
//! ```

mod buffered;
mod command;
mod device;
mod driver;
mod namespace;
mod words;

pub use buffered::{NvmeFuture, read_into, write_from};
pub use command::{NVME_CMD_FLUSH, NVME_CMD_READ, NVME_CMD_WRITE, NVME_URING_CMD_IO, NvmeUringCmd};
pub use device::{
    close, identify, nvme_command, nvme_flush, nvme_read, nvme_write, open_nvme_device,
};
pub(super) use namespace::Namespace;
pub(super) use words::described;
pub use words::{NvmeCompletion, NvmeConfig, NvmeDevice, NvmeIdentity};
