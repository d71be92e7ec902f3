//! A command to an NVMe device, as the kernel takes it.
//!
//! Owns: its layout, which is that of `struct nvme_uring_cmd` in linux/nvme_ioctl.h.

/// `opcode` of a flush.
///
/// ```
/// assert_eq!(ringline::nvme::NvmeUringCmd::flush(1).opcode, ringline::nvme::NVME_CMD_FLUSH);
/// ```
pub const NVME_CMD_FLUSH: u8 = 0x00;
/// `opcode` of a write.
///
/// ```
/// use ringline::nvme::{NVME_CMD_WRITE, NvmeUringCmd};
/// assert_eq!(NvmeUringCmd::write(1, 0, 1, 0x1000, 512).opcode, NVME_CMD_WRITE);
/// ```
pub const NVME_CMD_WRITE: u8 = 0x01;
/// `opcode` of a read.
///
/// ```
/// use ringline::nvme::{NVME_CMD_READ, NvmeUringCmd};
/// assert_eq!(NvmeUringCmd::read(1, 0, 1, 0x1000, 512).opcode, NVME_CMD_READ);
/// ```
pub const NVME_CMD_READ: u8 = 0x02;
/// What the kernel is asked to do with a command: pass it on to the namespace.
/// `_IOWR('N', 0x80, struct nvme_uring_cmd)`.
///
/// ```
/// // Its size is in it.
/// assert_eq!(ringline::nvme::NVME_URING_CMD_IO >> 16 & 0x3fff, 72);
/// ```
pub const NVME_URING_CMD_IO: u32 = 0xc048_4e80;

/// A command to an NVMe device. The names are those of the NVMe specification: `cdw10` is command
/// dword 10.
///
/// ```
/// use ringline::nvme::NvmeUringCmd;
/// let command = NvmeUringCmd::read(1, 0x1000, 8, 0xdead_beef, 4096);
/// assert_eq!((command.cdw10, command.cdw12), (0x1000, 7));
/// ```
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NvmeUringCmd {
    /// What is to be done.
    pub opcode: u8,
    /// Its flags.
    pub flags: u8,
    /// Reserved.
    pub rsvd1: u16,
    /// The namespace.
    pub nsid: u32,
    /// Command dword 2.
    pub cdw2: u32,
    /// Command dword 3.
    pub cdw3: u32,
    /// Address of the metadata, or 0.
    pub metadata: u64,
    /// Address of the data, or 0.
    pub addr: u64,
    /// Bytes of the metadata.
    pub metadata_len: u32,
    /// Bytes of the data.
    pub data_len: u32,
    /// Command dword 10: of a read or write the low half of its first block.
    pub cdw10: u32,
    /// Command dword 11: the high half.
    pub cdw11: u32,
    /// Command dword 12: how many blocks, less one.
    pub cdw12: u32,
    /// Command dword 13.
    pub cdw13: u32,
    /// Command dword 14.
    pub cdw14: u32,
    /// Command dword 15.
    pub cdw15: u32,
    /// Milliseconds that it may take; 0 = what the kernel lets it.
    pub timeout_ms: u32,
    /// Reserved.
    pub rsvd2: u32,
}

const _: () = assert!(size_of::<NvmeUringCmd>() == 72);

impl NvmeUringCmd {
    /// Read `num_blocks` blocks from `lba` on into the `buf_len` bytes at `buf_addr`.
    ///
    /// ```
    /// let command = ringline::nvme::NvmeUringCmd::read(1, 42, 1, 0x1000, 512);
    /// assert_eq!(command.opcode, ringline::nvme::NVME_CMD_READ);
    /// ```
    ///
    /// # Panics
    /// For 0 blocks: a command has one at least.
    pub fn read(nsid: u32, lba: u64, num_blocks: u16, buf_addr: u64, buf_len: u32) -> Self {
        NvmeUringCmd::transfer(NVME_CMD_READ, nsid, (lba, num_blocks), (buf_addr, buf_len))
    }

    /// Write `num_blocks` blocks from `lba` on: the `buf_len` bytes at `buf_addr`.
    ///
    /// ```
    /// let command = ringline::nvme::NvmeUringCmd::write(1, 42, 1, 0x1000, 512);
    /// assert_eq!(command.opcode, ringline::nvme::NVME_CMD_WRITE);
    /// ```
    ///
    /// # Panics
    /// For 0 blocks: a command has one at least.
    pub fn write(nsid: u32, lba: u64, num_blocks: u16, buf_addr: u64, buf_len: u32) -> Self {
        NvmeUringCmd::transfer(NVME_CMD_WRITE, nsid, (lba, num_blocks), (buf_addr, buf_len))
    }

    /// Have all that was written be on the medium.
    ///
    /// ```
    /// let command = ringline::nvme::NvmeUringCmd::flush(1);
    /// assert_eq!(command.opcode, ringline::nvme::NVME_CMD_FLUSH);
    /// ```
    pub fn flush(nsid: u32) -> Self {
        NvmeUringCmd { opcode: NVME_CMD_FLUSH, nsid, ..NvmeUringCmd::default() }
    }

    fn transfer(
        opcode: u8,
        nsid: u32,
        (lba, num_blocks): (u64, u16),
        (addr, data_len): (u64, u32),
    ) -> Self {
        assert!(num_blocks > 0, "num_blocks must be >= 1");
        NvmeUringCmd {
            opcode,
            nsid,
            addr,
            data_len,
            cdw10: lba as u32,
            cdw11: (lba >> 32) as u32,
            cdw12: u32::from(num_blocks) - 1,
            ..NvmeUringCmd::default()
        }
    }

    /// As it lies in an entry of 128 bytes.
    ///
    /// ```
    /// let bytes = ringline::nvme::NvmeUringCmd::flush(7).to_bytes();
    /// assert_eq!(bytes[4], 7);
    /// ```
    pub fn to_bytes(&self) -> [u8; 80] {
        let mut bytes = [0; 80];
        // SAFETY: it is plain data without padding, of 72 bytes.
        let own: &[u8; 72] = unsafe { &*(&raw const *self).cast() };
        bytes[..72].copy_from_slice(own);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_says_where_its_blocks_are() {
        let command = NvmeUringCmd::write(1, 0x2000_0000_0001, u16::MAX, 0xcafe, 512);
        assert_eq!((command.cdw10, command.cdw11), (1, 0x2000));
        assert_eq!((command.cdw12, command.addr, command.data_len), (65534, 0xcafe, 512));
        let bytes = command.to_bytes();
        assert_eq!((bytes[0], bytes[4], &bytes[72..]), (NVME_CMD_WRITE, 1, &[0; 8][..]));
        assert_eq!(bytes[24..32], 0xcafe_u64.to_ne_bytes());
    }

    #[test]
    #[should_panic(expected = "num_blocks must be >= 1")]
    fn a_read_of_nothing_is_no_command() {
        NvmeUringCmd::read(1, 0, 0, 0x1234, 0);
    }
}
