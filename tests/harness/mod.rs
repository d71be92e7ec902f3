//! What the integration tests share: where things lie, the compilers, and running a program
//! in a process (group) of its own with a time limit.
//!
//! Never prints; a failure is a text that the caller shows.
#![allow(dead_code)] // each test binary uses its own part

pub mod compiler;
pub mod server;

use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long one program may run.
pub const TIME_LIMIT: Duration = Duration::from_secs(10);
/// The exit code that means "this machine cannot run it".
pub const SKIP_CODE: i32 = 77;

/// How many times as long as in `make test` the tests of load take: `make load` says so.
pub fn load() -> u32 {
    std::env::var("RINGLINE_LOAD").ok().and_then(|times| times.parse().ok()).unwrap_or(1)
}

/// The root of the repository; `RINGLINE_ROOT` names a copy of it (mutants do).
pub fn root() -> PathBuf {
    std::env::var_os("RINGLINE_ROOT")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from)
}

/// The folder of the built library; `RINGLINE_LIB_DIR` names another one (mutants do).
pub fn lib_dir() -> PathBuf {
    let folder = std::env::var_os("RINGLINE_LIB_DIR")
        .map_or_else(|| root().join("target/release"), PathBuf::from);
    assert!(folder.join("libringline.so").exists(), "no libringline.so: run `make lib` first");
    folder
}

/// A folder for what a test compiles, made if missing.
pub fn out_dir(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("the folder for test programs can be made");
    folder
}

/// Runs a command to its end; an error holds what it printed.
pub fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    Err(format!(
        "{command:?}: {}\n{text}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    ))
}

/// How a program ended.
#[derive(Debug)]
pub enum Outcome {
    /// Exit code 0, and what it printed.
    Passed(String),
    /// Exit code 77, and the reason it printed.
    Skipped(String),
    /// Anything else, and what it printed.
    Failed(String),
}

/// Runs a program in its own process group; past the limit the whole group is killed. Time in which
/// it waited for a processor does not count.
pub fn run_limited(command: &mut Command, limit: Duration) -> Outcome {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Outcome::Failed(format!("{command:?}: {error}")),
    };
    let output = collect(child.stdout.take().expect("piped"));
    let errors = collect(child.stderr.take().expect("piped"));
    let begun = Instant::now();
    let mut timed_out = false;
    let status = loop {
        match child.try_wait().expect("the child can be waited for") {
            Some(status) => break status,
            None if begun.elapsed() >= limit && !timed_out => {
                timed_out = begun.elapsed() >= limit + waited_for_a_processor(child.id());
                if !timed_out {
                    std::thread::sleep(Duration::from_millis(20));
                    continue;
                }
                kill_group(child.id());
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    // Descendants that outlive the program would keep the pipes open, and they are a bug anyway.
    kill_group(child.id());
    let mut text = output.join().unwrap_or_default();
    let errors = errors.join().unwrap_or_default();
    if timed_out {
        return Outcome::Failed(format!("no end after {limit:?}\n{text}{errors}"));
    }
    match status.code() {
        Some(0) => Outcome::Passed(text),
        Some(SKIP_CODE) => Outcome::Skipped(errors.trim().to_owned()),
        _ => {
            text.push_str(&errors);
            let signal = status.signal().map(|s| format!(" (signal {s})")).unwrap_or_default();
            Outcome::Failed(format!("{status}{signal}\n{text}"))
        }
    }
}

/// How long a thread of the process was ready to run while others had the processors: on a busy
/// machine that is no time of its own (the second number of /proc/PID/task/TID/schedstat).
fn waited_for_a_processor(id: u32) -> Duration {
    let threads = std::fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    let waited = threads.filter_map(|thread| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').nth(1)?.parse().ok()
    });
    Duration::from_nanos(waited.max().unwrap_or(0))
}

/// Reads a pipe to its end on a thread, so that a full pipe never stops the program.
fn collect(mut pipe: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn kill_group(id: u32) {
    // SAFETY: kill(2) takes numbers only; the group is the one this process just made.
    unsafe { libc::kill(-(id as i32), libc::SIGKILL) };
}

/// Files of a folder with one of the endings, sorted by name.
pub fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("");
            path.is_file() && endings.contains(&ending)
        })
        .collect();
    found.sort();
    found
}

/// The first comment of a C or C++ file, without its marks.
pub fn first_comment(text: &str) -> String {
    let text = text.trim_start();
    if let Some(rest) = text.strip_prefix("/*") {
        let end = rest.find("*/").unwrap_or(rest.len());
        let lines = rest[..end].lines();
        return lines
            .map(|line| line.trim().trim_start_matches('*').trim())
            .collect::<Vec<_>>()
            .join("\n")
            .trim()
            .to_owned();
    }
    let lines = text.lines().take_while(|line| line.starts_with("//"));
    lines.map(|line| line.trim_start_matches('/').trim()).collect::<Vec<_>>().join("\n")
}
