//! What this machine allows and, where it does not, why and what to do.
//!
//! Owns: the text of `ringline doctor`. Only reads; changes nothing.

use super::probe::{self, FEATURES};
use std::fmt::Write;

/// A report, one line per fact; and whether rings can be made here.
pub fn doctor() -> (String, bool) {
    let mut report = String::new();
    let mut line = |name: &str, state: &str, why: &str| {
        let _ = writeln!(report, "{name:<18} {state:<8} {why}");
    };
    line("kernel", "ok", &release());
    let answer = probe::kernel();
    match &answer {
        Ok(_) => line("rings", "ok", "io_uring_setup(2) works"),
        Err(errno) => line("rings", "missing", &refusal(*errno)),
    }
    line("memlock", "ok", &limit(libc::RLIMIT_MEMLOCK, "bytes of ring memory for non-root users"));
    line("open files", "ok", &limit(libc::RLIMIT_NOFILE, "descriptors"));
    if let Ok(kernel) = &answer {
        let off = probe::disabled_by_environment();
        for feature in &FEATURES {
            let name = feature.name.to_str().unwrap_or("?");
            if off.has(feature.bit) {
                line(name, "off", "switched off by RINGLINE_DISABLE");
            } else if kernel.features.has(feature.bit) {
                line(name, "ok", "");
            } else {
                line(name, "missing", &format!("needs Linux {}", feature.since));
            }
        }
    }
    let works = answer.is_ok();
    (report, works)
}

/// Why a ring was refused, and the remedy.
fn refusal(errno: i32) -> String {
    let sysctl = std::fs::read_to_string("/proc/sys/kernel/io_uring_disabled").unwrap_or_default();
    match (errno, sysctl.trim()) {
        (libc::EPERM, "2") => "forbidden by sysctl kernel.io_uring_disabled=2; \
             remedy: sysctl -w kernel.io_uring_disabled=0"
            .into(),
        (libc::EPERM, "1") => "sysctl kernel.io_uring_disabled=1 allows only the group in \
             kernel.io_uring_group or CAP_SYS_ADMIN; remedy: join the group or set it to 0"
            .into(),
        (libc::EPERM | libc::EACCES, _) => "forbidden, most likely by a seccomp filter \
             (containers forbid io_uring by default); remedy: allow the io_uring_* calls in the \
             container's seccomp profile"
            .into(),
        (libc::ENOSYS, _) => "this kernel has no io_uring, or a seccomp filter hides it; \
             remedy: Linux 6.1 or newer, or another seccomp profile"
            .into(),
        (libc::ENOMEM, _) => "RLIMIT_MEMLOCK is used up; remedy: raise it (ulimit -l, \
             LimitMEMLOCK=) or use fewer, smaller rings"
            .into(),
        (libc::EMFILE | libc::ENFILE, _) => "no file descriptor left; remedy: raise ulimit -n or \
             close files"
            .into(),
        (other, _) => std::io::Error::from_raw_os_error(other).to_string(),
    }
}

/// Text for error_detail when a ring cannot be made.
pub fn refusal_text(errno: i32) -> &'static str {
    match errno {
        libc::EPERM | libc::EACCES => {
            "io_uring is forbidden here (sysctl kernel.io_uring_disabled or a seccomp filter); \
             run `ringline doctor` for the cause and the remedy"
        }
        libc::ENOSYS => "this kernel has no io_uring, or a seccomp filter hides it",
        libc::ENOMEM => {
            "ring memory counts against RLIMIT_MEMLOCK, which is used up: raise it (ulimit -l) or \
             use fewer, smaller rings"
        }
        libc::EMFILE | libc::ENFILE => "no file descriptor left: raise ulimit -n or close files",
        libc::EINVAL => "the kernel refuses these ring sizes or flags",
        _ => "io_uring_setup failed",
    }
}

fn release() -> String {
    std::fs::read_to_string("/proc/sys/kernel/osrelease")
        .map(|text| format!("Linux {}", text.trim()))
        .unwrap_or_else(|_| "Linux (unknown release)".into())
}

fn limit(which: libc::__rlimit_resource_t, of: &str) -> String {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: one record to write.
    unsafe { libc::getrlimit(which, &mut limit) };
    if limit.rlim_cur == libc::RLIM_INFINITY {
        format!("unlimited {of}")
    } else {
        format!("{} {of}", limit.rlim_cur)
    }
}
