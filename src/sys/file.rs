//! What a file says about itself, and whether that is true.
//!
//! Owns: nothing. A file that the kernel makes up when it is read says 0 bytes, or a page.

use super::errno;

/// File systems whose files say a page, whatever they hold: sysfs and configfs.
const SAY_A_PAGE: [i64; 2] = [0x6265_6572, 0x6265_6570];

/// The size of a regular file; None when it does not tell. The errno where it is no such file.
pub fn size_of_file(fd: i32) -> Result<Option<u64>, i32> {
    // SAFETY: all-zero is a valid stat.
    let mut stat: libc::stat = unsafe { core::mem::zeroed() };
    // SAFETY: room for a stat.
    if unsafe { libc::fstat(fd, &mut stat) } < 0 {
        return Err(errno());
    }
    if stat.st_mode & libc::S_IFMT != libc::S_IFREG {
        return Err(libc::EINVAL);
    }
    if stat.st_blocks > 0 {
        // What lies on a disk tells the truth, and is not asked a second time.
        return Ok(Some(stat.st_size as u64));
    }
    let tells = match stat.st_size {
        0 => !has_bytes(fd),
        _ => !says_a_page(fd),
    };
    Ok(tells.then_some(stat.st_size as u64))
}

fn says_a_page(fd: i32) -> bool {
    // SAFETY: all-zero is a valid statfs.
    let mut about: libc::statfs = unsafe { core::mem::zeroed() };
    // SAFETY: room for a statfs.
    unsafe { libc::fstatfs(fd, &mut about) == 0 && SAY_A_PAGE.contains(&(about.f_type as i64)) }
}

/// Whether there is something in a file that says that there is nothing; or may be, where looking
/// would block.
fn has_bytes(fd: i32) -> bool {
    let mut ready = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    // SAFETY: one pollfd, and no time.
    if unsafe { libc::poll(&mut ready, 1, 0) } == 0 {
        return true;
    }
    let mut byte = 0u8;
    // SAFETY: room for a byte.
    unsafe { libc::pread(fd, (&raw mut byte).cast(), 1, 0) > 0 }
}
