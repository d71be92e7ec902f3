//! What NVMe is spoken of in: its config, its handles, its completions.
//!
//! Owns: the defaults.

use crate::task::disk::Handle;

/// How many devices and commands a worker has at most: `Config::nvme`.
///
/// ```
/// let mut config = ringline::Config::default();
/// config.nvme = Some(ringline::NvmeConfig { max_devices: 1, ..Default::default() });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NvmeConfig {
    /// Devices that a worker has open at a time. Default: 4.
    pub max_devices: u16,
    /// Commands that are under way at a time, of a worker. Default: 256.
    pub max_commands_in_flight: u16,
}

impl Default for NvmeConfig {
    fn default() -> NvmeConfig {
        NvmeConfig { max_devices: 4, max_commands_in_flight: 256 }
    }
}

/// A namespace of a device that is open: a handle of the worker that opened it, which is copied
/// freely. Once it is closed, and on other workers, it names nothing.
///
/// ```
/// # fn example() -> std::io::Result<()> {
/// let device = ringline::open_nvme_device("/dev/ng0n1", 1)?;
/// println!("in place {}", device.index());
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NvmeDevice(pub(crate) Handle);

impl NvmeDevice {
    /// Its place among the worker's open devices, from 0.
    ///
    /// ```
    /// # fn example(device: ringline::NvmeDevice, sizes: &[u64]) -> u64 {
    /// sizes[device.index()]
    /// # }
    /// ```
    pub fn index(&self) -> usize {
        self.0.index()
    }
}

/// What became of a command that [`DriverCtx`](crate::DriverCtx) began: see
/// [`on_nvme_complete`](crate::AsyncEventHandler::on_nvme_complete).
///
/// ```
/// # fn example(done: ringline::NvmeCompletion) {
/// if !done.is_success() {
///     println!("command {}: {}", done.seq, done.result);
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NvmeCompletion {
    /// The device.
    pub device: NvmeDevice,
    /// The number that beginning it answered.
    pub seq: u32,
    /// 0, or -errno: `EIO` where the device refused the command.
    pub result: i32,
}

impl NvmeCompletion {
    /// Whether it was done.
    ///
    /// ```
    /// # fn example(done: ringline::NvmeCompletion) {
    /// assert!(done.is_success());
    /// # }
    /// ```
    pub fn is_success(&self) -> bool {
        self.result >= 0
    }
}

/// A completion in these words.
pub(crate) fn described(device: NvmeDevice, seq: u32, res: i32) -> NvmeCompletion {
    // A device's own status, which is no success.
    let result = if res > 0 { -libc::EIO } else { res };
    NvmeCompletion { device, seq, result }
}

/// What a namespace says of itself.
///
/// ```
/// # fn example(device: ringline::NvmeDevice) -> std::io::Result<()> {
/// let about = ringline::nvme::identify(device)?;
/// println!("{} bytes", about.blocks * u64::from(about.block_size));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NvmeIdentity {
    /// Blocks that it has.
    pub blocks: u64,
    /// Bytes of a block.
    pub block_size: u32,
    /// Bytes of what the device keeps beside each block; 0 where there is none.
    pub metadata_size: u16,
}
