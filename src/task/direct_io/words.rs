//! What direct I/O is spoken of in: its config, its handles, its completions.
//!
//! Owns: the defaults.

use crate::task::disk::Handle;

/// How many files and operations of direct I/O a worker has at most: `Config::direct_io`.
///
/// ```
/// let mut config = ringline::Config::default();
/// config.direct_io = Some(ringline::DirectIoConfig { max_files: 2, ..Default::default() });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectIoConfig {
    /// Files that a worker has open at a time. Default: 8.
    pub max_files: u16,
    /// Reads, writes and syncs that are under way at a time, of a worker. Default: 256.
    pub max_commands_in_flight: u16,
}

impl Default for DirectIoConfig {
    fn default() -> DirectIoConfig {
        DirectIoConfig { max_files: 8, max_commands_in_flight: 256 }
    }
}

/// A file that is open for direct I/O: a handle of the worker that opened it, which is copied
/// freely. Once it is closed, and on other workers, it names nothing.
///
/// ```
/// # fn example() -> std::io::Result<()> {
/// let file = ringline::open_direct_io_file("/dev/loop0")?;
/// println!("in place {}", file.index());
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DirectIoFile(pub(crate) Handle);

impl DirectIoFile {
    /// Its place among the worker's open files, from 0.
    ///
    /// ```
    /// # fn example(file: ringline::DirectIoFile, sizes: &[u64]) -> u64 {
    /// sizes[file.index()]
    /// # }
    /// ```
    pub fn index(&self) -> usize {
        self.0.index()
    }
}

/// What was done to a file.
///
/// ```
/// # fn example(done: ringline::DirectIoCompletion) {
/// assert_eq!(done.op, ringline::DirectIoOp::Read);
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DirectIoOp {
    /// It was read.
    Read,
    /// It was written.
    Write,
    /// What was written is on its disk.
    Fsync,
}

/// What became of an operation that [`DriverCtx`](crate::DriverCtx) began: see
/// [`on_direct_io_complete`](crate::AsyncEventHandler::on_direct_io_complete).
///
/// ```
/// # fn example(done: ringline::DirectIoCompletion) {
/// match done.bytes_transferred() {
///     Some(count) => println!("{count} bytes"),
///     None => println!("errno {}", -done.result),
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectIoCompletion {
    /// The file.
    pub file: DirectIoFile,
    /// What was done.
    pub op: DirectIoOp,
    /// The number that beginning it answered.
    pub seq: u32,
    /// Bytes, or -errno.
    pub result: i32,
}

impl DirectIoCompletion {
    /// Whether it was done.
    ///
    /// ```
    /// # fn example(done: ringline::DirectIoCompletion) {
    /// assert!(done.is_success());
    /// # }
    /// ```
    pub fn is_success(&self) -> bool {
        self.result >= 0
    }

    /// Bytes that were read or written, where it was done.
    ///
    /// ```
    /// # fn example(done: ringline::DirectIoCompletion) {
    /// assert_eq!(done.bytes_transferred(), Some(4096));
    /// # }
    /// ```
    pub fn bytes_transferred(&self) -> Option<u32> {
        self.result.try_into().ok()
    }
}

/// A completion in these words.
pub(crate) fn described(
    file: DirectIoFile,
    op: DirectIoOp,
    seq: u32,
    result: i32,
) -> DirectIoCompletion {
    DirectIoCompletion { file, op, seq, result }
}
