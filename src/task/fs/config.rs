//! How much of files a worker's tasks may have.
//!
//! Owns: the defaults.

/// How many files and operations on them a worker has at most: `Config::fs`.
///
/// ```
/// let mut config = ringline::Config::default();
/// config.fs = Some(ringline::fs::FsConfig { max_files: 8, ..Default::default() });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FsConfig {
    /// Files that a worker's tasks have open at a time. Default: 1024.
    pub max_files: u16,
    /// Operations on files and paths that are under way at a time, of a worker. Default: 4096.
    pub max_commands_in_flight: u16,
}

impl Default for FsConfig {
    fn default() -> FsConfig {
        FsConfig { max_files: 1024, max_commands_in_flight: 4096 }
    }
}
