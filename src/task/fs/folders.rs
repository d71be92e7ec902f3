//! What has no operation of the ring: it is done by threads that may block.
//!
//! Owns: nothing.

use super::paths::{c_path, c_string};
use crate::task::aside::Aside;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirEntryExt, PermissionsExt};
use std::path::Path;

/// What is in a folder.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// for entry in ringline::fs::read_dir("folder").await? {
///     println!("{:?}{}", entry.name, if entry.is_dir { "/" } else { "" });
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DirEntry {
    /// Its name, without the folder's.
    pub name: OsString,
    /// Its number in its file system.
    pub inode: u64,
    /// It is an ordinary file.
    pub is_file: bool,
    /// It is a folder.
    pub is_dir: bool,
    /// It is a symbolic link.
    pub is_symlink: bool,
}

/// All that is in a folder, in no order, but for the folder itself and the one that it is in.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// println!("{} entries", ringline::fs::read_dir("/tmp").await?.len());
/// # Ok(()) }
/// ```
///
/// # Errors
/// `NotConnected` where the calling thread is no worker; what opendir(3) and readdir(3) say.
pub async fn read_dir(path: impl AsRef<Path>) -> io::Result<Vec<DirEntry>> {
    let path = path.as_ref().to_owned();
    let read = Aside::begin(move || {
        let describe = |entry: io::Result<std::fs::DirEntry>| {
            let entry = entry?;
            let kind = entry.file_type()?;
            Ok(DirEntry {
                name: entry.file_name(),
                inode: entry.ino(),
                is_file: kind.is_file(),
                is_dir: kind.is_dir(),
                is_symlink: kind.is_symlink(),
            })
        };
        std::fs::read_dir(path)?.map(describe).collect()
    });
    read?.await?
}

/// Copy what a file has and what it is permitted to one of this path: a new one, or in place of
/// what there is. The kernel copies by itself, where both file systems let it; how many bytes.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let bytes = ringline::fs::copy("from.txt", "to.txt").await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// `NotConnected` where the calling thread is no worker; what open(2) and copy_file_range(2) say.
pub async fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<u64> {
    let (from, to) = (from.as_ref().to_owned(), to.as_ref().to_owned());
    Aside::begin(move || std::fs::copy(from, to))?.await?
}

/// Remove a folder and all that is in it; symbolic links are removed, and not followed.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// ringline::fs::remove_dir_all("folder").await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// `NotConnected` where the calling thread is no worker; what unlink(2) and rmdir(2) say.
pub async fn remove_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    Aside::begin(move || std::fs::remove_dir_all(path))?.await?
}

/// What a symbolic link says.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let target = ringline::fs::read_link("link.txt").await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// `NotConnected` where the calling thread is no worker; what readlink(2) says.
pub async fn read_link(path: impl AsRef<Path>) -> io::Result<std::path::PathBuf> {
    let path = path.as_ref().to_owned();
    Aside::begin(move || std::fs::read_link(path))?.await?
}

/// Set what a file is permitted: the low bits of its mode.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// ringline::fs::set_permissions("secret.txt", 0o600).await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// `NotConnected` where the calling thread is no worker; what chmod(2) says.
pub async fn set_permissions(path: impl AsRef<Path>, mode: u32) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    let permissions = std::fs::Permissions::from_mode(mode);
    Aside::begin(move || std::fs::set_permissions(path, permissions))?.await?
}

/// Remove an extended attribute of a file.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// ringline::fs::remove_attribute("page.html", "user.mime_type").await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// `InvalidInput` for a path or a name with a NUL; `NotConnected` where the calling thread is no
/// worker; what removexattr(2) says.
pub async fn remove_attribute(path: impl AsRef<Path>, name: impl AsRef<OsStr>) -> io::Result<()> {
    let (path, name) = (c_path(path.as_ref())?, c_string(name.as_ref().as_bytes())?);
    let remove = Aside::begin(move || {
        // SAFETY: both are strings that end.
        match unsafe { libc::removexattr(path.as_ptr(), name.as_ptr()) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    });
    remove?.await?
}

/// Bytes of all names at most: XATTR_LIST_MAX of Linux.
const LONGEST_LIST: usize = 64 << 10;

/// The names of a file's extended attributes.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// for name in ringline::fs::list_attributes("page.html").await? {
///     println!("{name:?}");
/// }
/// # Ok(()) }
/// ```
///
/// # Errors
/// `InvalidInput` for a path with a NUL; `NotConnected` where the calling thread is no worker; what
/// listxattr(2) says.
pub async fn list_attributes(path: impl AsRef<Path>) -> io::Result<Vec<OsString>> {
    let path = c_path(path.as_ref())?;
    let list = Aside::begin(move || {
        let mut names = vec![0u8; LONGEST_LIST];
        // SAFETY: a string that ends, and as much room as is said.
        let len =
            unsafe { libc::listxattr(path.as_ptr(), names.as_mut_ptr().cast(), LONGEST_LIST) };
        let Ok(len) = usize::try_from(len) else { return Err(io::Error::last_os_error()) };
        // Each ends with a NUL.
        let names = names[..len].split(|byte| *byte == 0).filter(|name| !name.is_empty());
        Ok(names.map(|name| OsStr::from_bytes(name).to_owned()).collect())
    });
    list?.await?
}
