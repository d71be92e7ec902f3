//! What this machine allows and, where it does not, why and what to do.
//!
//! Owns: the text of `ringline doctor`. Only reads; changes nothing. Each line is a name, a state
//! (ok, off, missing, note) and, where it is not ok, why and what to do.

use super::machine;
use super::opcodes::KERNEL_OPS;
use super::probe::{self, FEATURES, Features, Kernel};
use super::refused::{Call, Refused, is_forbidden};
use std::fmt::Write;

/// Columns of a line of names.
const WIDTH: usize = 72;

/// Lines of the report.
struct Report(String);

impl Report {
    fn line(&mut self, name: &str, state: &str, why: &str) {
        // Writing to a String does not fail.
        let _ = writeln!(self.0, "{}", format!("{name:<18} {state:<8} {why}").trim_end());
    }

    /// Names, as many to a line as fit.
    fn names(&mut self, names: &[&str]) {
        let mut row = String::new();
        for name in names {
            if row.len() + name.len() > WIDTH {
                self.line("", "", &row);
                row.clear();
            }
            row.push_str(name);
            row.push(' ');
        }
        if !row.is_empty() {
            self.line("", "", &row);
        }
    }
}

/// A report, one line per fact; and whether rings can be made here.
pub fn doctor() -> (String, bool) {
    let mut report = Report(String::new());
    let answer = probe::kernel();
    kernel(&mut report);
    match &answer {
        Ok(_) => report.line("rings", "ok", "io_uring_setup(2) works"),
        Err(refused) if refused.call == Call::Setup => {
            report.line("rings", "missing", &refusal(refused.errno));
        }
        Err(refused) => report.line("rings", "missing", refused.text()),
    }
    sysctl(&mut report);
    seccomp(&mut report, answer.as_ref().err().copied());
    container(&mut report);
    let has_array = !answer.is_ok_and(|kernel| kernel.features.has(Features::NO_SQARRAY));
    memlock(&mut report, has_array);
    open_files(&mut report);
    environment(&mut report);
    if let Ok(kernel) = answer {
        operations(&mut report, kernel);
        features(&mut report, kernel);
    }
    (report.0, answer.is_ok())
}

fn kernel(report: &mut Report) {
    let (release, version) = machine::release();
    let text = format!("Linux {release}");
    match version {
        (6.., 1..) | (7.., _) => report.line("kernel", "ok", &text),
        (6, 0) | (5, 10..) => report.line(
            "kernel",
            "note",
            &format!(
                "{text}: operations work, pools and more need 6.1; remedy: Linux 6.1 or newer"
            ),
        ),
        _ => report.line(
            "kernel",
            "missing",
            &format!("{text} is too old; remedy: Linux 6.1 or newer"),
        ),
    }
}

fn sysctl(report: &mut Report) {
    const NAME: &str = "sysctl";
    let group = machine::number("/proc/sys/kernel/io_uring_group");
    let group = match group {
        None | Some(-1) => "kernel.io_uring_group is not set".to_owned(),
        Some(group) => format!("kernel.io_uring_group={group}"),
    };
    match machine::number("/proc/sys/kernel/io_uring_disabled") {
        None => report.line(NAME, "ok", "kernel.io_uring_disabled does not exist here"),
        Some(0) => report.line(NAME, "ok", "kernel.io_uring_disabled=0: everybody may"),
        Some(1) => report.line(
            NAME,
            "note",
            &format!(
                "kernel.io_uring_disabled=1: only with CAP_SYS_ADMIN or in the group, and {group}; \
                 remedy: join it, or sysctl -w kernel.io_uring_disabled=0"
            ),
        ),
        Some(other) => report.line(
            NAME,
            "missing",
            &format!(
                "kernel.io_uring_disabled={other}: nobody may; \
                 remedy: sysctl -w kernel.io_uring_disabled=0"
            ),
        ),
    }
}

fn seccomp(report: &mut Report, refused: Option<Refused>) {
    let mode = machine::status("Seccomp:").unwrap_or(0);
    let filters = machine::status("Seccomp_filters:").unwrap_or(0);
    match (mode, refused) {
        (0, _) => report.line("seccomp", "ok", "no filter"),
        (_, Some(Refused { call, errno })) if is_forbidden(errno) => report.line(
            "seccomp",
            "missing",
            &format!(
                "mode {mode}, {filters} filters, and {} answers {}: most likely a filter forbids \
                 it; remedy: allow io_uring_setup, io_uring_enter and io_uring_register in the \
                 profile",
                call.name(),
                machine::errno_name(errno)
            ),
        ),
        _ => report.line(
            "seccomp",
            "ok",
            &format!("mode {mode}, {filters} filters, and io_uring_setup(2) passes them"),
        ),
    }
}

fn container(report: &mut Report) {
    match machine::container() {
        None => report.line("container", "ok", "no sign of one"),
        Some(sign) => report.line(
            "container",
            "note",
            &format!(
                "{sign}; where io_uring is refused, the remedy is the seccomp profile of the \
                 container (docker run --security-opt seccomp=PROFILE)"
            ),
        ),
    }
}

fn memlock(report: &mut Report, has_array: bool) {
    const NAME: &str = "memlock";
    let limit = machine::limit(libc::RLIMIT_MEMLOCK);
    let small = machine::ring_bytes(256, 1024, has_array);
    let large = machine::ring_bytes(4096, 16384, has_array);
    match limit {
        None => report.line(NAME, "ok", "unlimited"),
        Some(bytes) if machine::has_ipc_lock() => report.line(
            NAME,
            "ok",
            &format!("{bytes} bytes, which do not count for this process (CAP_IPC_LOCK)"),
        ),
        Some(bytes) => {
            let (many, few) = (bytes / small, bytes / large);
            let state = if many == 0 { "missing" } else { "ok" };
            let remedy = if few > 0 { "" } else { "; remedy: ulimit -l, LimitMEMLOCK=" };
            let text = format!(
                "{bytes} bytes for all rings of this user (RLIMIT_MEMLOCK): {many} rings of 256 \
                 entries, {few} of 4096{remedy}"
            );
            report.line(NAME, state, &text);
        }
    }
}

fn open_files(report: &mut Report) {
    let used = machine::open_files();
    match machine::limit(libc::RLIMIT_NOFILE) {
        None => report.line("open files", "ok", "unlimited"),
        // A ring takes a descriptor for itself and one for its wake.
        Some(limit) if used + 2 > limit => report.line(
            "open files",
            "missing",
            &format!("{used} of {limit} descriptors are in use; remedy: ulimit -n"),
        ),
        Some(limit) => report.line(
            "open files",
            "ok",
            &format!("{limit} descriptors, {used} in use; a ring takes 2"),
        ),
    }
}

/// What RINGLINE_DISABLE says.
fn environment(report: &mut Report) {
    const NAME: &str = "RINGLINE_DISABLE";
    let Ok(names) = std::env::var(NAME) else {
        return report.line(NAME, "ok", "not set");
    };
    let unknown = probe::unknown_names(&names);
    if unknown.is_empty() {
        report.line(NAME, "off", &names);
    } else {
        let unknown = unknown.join(", ");
        report.line(
            NAME,
            "missing",
            &format!("no feature is called {unknown}; remedy: use the names below, with commas"),
        );
    }
}

fn operations(report: &mut Report, kernel: &Kernel) {
    let is_served = |opcode: usize| probe::supports(kernel, opcode as u8);
    let (served, missing): (Vec<_>, Vec<_>) =
        KERNEL_OPS.iter().enumerate().partition(|(opcode, _)| is_served(*opcode));
    let names = |ops: &[(usize, &&'static str)]| ops.iter().map(|(_, n)| **n).collect::<Vec<_>>();
    let text = format!("{} of {} are served by this kernel", served.len(), KERNEL_OPS.len());
    report.line("operations", "ok", &text);
    report.names(&names(&served));
    if !missing.is_empty() {
        report.line("operations", "missing", "remedy: a newer kernel");
        report.names(&names(&missing));
    }
}

fn features(report: &mut Report, kernel: &Kernel) {
    let off = probe::disabled_by_environment();
    for feature in FEATURES {
        let name = feature.name.to_str().unwrap_or("?");
        if off.has(feature.bit) {
            report.line(name, "off", "switched off by RINGLINE_DISABLE");
        } else if kernel.features.has(feature.bit) {
            report.line(name, "ok", "");
        } else {
            let since = feature.since;
            report.line(name, "missing", &format!("remedy: Linux {since} or newer"));
        }
    }
}

/// Why a ring was refused, and the remedy.
fn refusal(errno: i32) -> String {
    match (errno, machine::number("/proc/sys/kernel/io_uring_disabled")) {
        (libc::EPERM, Some(1 | 2)) => {
            "forbidden by sysctl kernel.io_uring_disabled, see below".into()
        }
        (libc::EPERM | libc::EACCES, _) => "forbidden, most likely by a seccomp filter \
             (containers forbid io_uring by default), see below"
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
