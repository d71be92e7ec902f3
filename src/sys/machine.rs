//! Facts about the machine and this process, for the doctor.
//!
//! Owns: where they are read. Only reads files below /proc and a few marks that containers leave;
//! what cannot be read is None, never a guess.

use std::fs;

/// CAP_IPC_LOCK in the mask of capabilities.
const IPC_LOCK: u64 = 1 << 14;
const PAGE: u64 = 4096;

/// The kernel's release as text, and its first two numbers.
pub(super) fn release() -> (String, (u32, u32)) {
    let text = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let text = text.trim().to_owned();
    let mut numbers = text.split(['.', '-']).map(|part| part.parse().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    (text, version)
}

/// The number in a file.
pub(super) fn number(path: &str) -> Option<i64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// A number of /proc/self/status.
pub(super) fn status(name: &str) -> Option<u64> {
    field(name)?.parse().ok()
}

fn field(name: &str) -> Option<String> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().to_owned())
}

/// Ring memory does not count against a limit for this process.
pub(super) fn has_ipc_lock() -> bool {
    let mask = field("CapEff:").and_then(|text| u64::from_str_radix(&text, 16).ok());
    mask.is_some_and(|mask| mask & IPC_LOCK != 0)
}

/// A soft limit; None = unlimited.
pub(super) fn limit(which: libc::__rlimit_resource_t) -> Option<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: one record to write.
    unsafe { libc::getrlimit(which, &mut limit) };
    (limit.rlim_cur != libc::RLIM_INFINITY).then_some(limit.rlim_cur)
}

/// Descriptors that are open, without the one this look takes.
pub(super) fn open_files() -> u64 {
    fs::read_dir("/proc/self/fd").map_or(0, |entries| (entries.count() as u64).saturating_sub(1))
}

/// Locked memory that a ring of these sizes counts for; older kernels have an array of indices.
pub(super) fn ring_bytes(sq_entries: u64, cq_entries: u64, has_array: bool) -> u64 {
    const HEAD: u64 = 128;
    let array = if has_array { sq_entries * 4 } else { 0 };
    let queues = HEAD + cq_entries * 16 + array;
    (sq_entries * 64).next_multiple_of(PAGE) + queues.next_multiple_of(PAGE)
}

/// What tells that this is a container.
pub(super) fn container() -> Option<String> {
    for mark in ["/.dockerenv", "/run/.containerenv"] {
        if fs::exists(mark).unwrap_or(false) {
            return Some(format!("{mark} exists"));
        }
    }
    if std::env::var_os("KUBERNETES_SERVICE_HOST").is_some() {
        return Some("KUBERNETES_SERVICE_HOST is set".into());
    }
    let kind = fs::read_to_string("/run/systemd/container").ok()?;
    Some(format!("/run/systemd/container says {}", kind.trim()))
}

/// The name of an errno.
pub(super) fn errno_name(errno: i32) -> &'static str {
    match errno {
        libc::EPERM => "EPERM",
        libc::EACCES => "EACCES",
        libc::ENOSYS => "ENOSYS",
        _ => "an error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_release_and_limits() {
        let (text, (major, _)) = release();
        assert!(major >= 5, "{text}");
        assert!(open_files() >= 3);
        assert!(field("CapEff:").is_some());
        assert_eq!(number("/nonexistent"), None);
    }

    #[test]
    fn a_ring_counts_whole_pages() {
        // Measured: 8 MiB are enough for 292, 81 and 21 of them.
        assert_eq!(ring_bytes(256, 512, false), 7 * PAGE);
        assert_eq!(ring_bytes(1024, 2048, false), 25 * PAGE);
        assert_eq!(ring_bytes(4096, 8192, false), 97 * PAGE);
        assert_eq!(ring_bytes(1024, 2048, true), 26 * PAGE);
    }
}
