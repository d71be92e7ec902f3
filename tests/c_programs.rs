//! Compiles and runs every program of tests/c and tests/cpp and every example of examples/c and
//! examples/cpp, each in a process of its own with a 10 second limit.
//!
//! One program is one hazard (tests) or one thing to learn (examples). Exit 77 is a skip: counted,
//! and a failure unless tests/harness/may_skip.txt allows it. A word on the command line selects
//! the programs whose path holds it. Prints the lines of Rust's own test runner.

mod harness;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use harness::compiler::Compiler;
use harness::{Outcome, TIME_LIMIT};

/// Two at a time keeps the total short and still leaves every program most of a core.
const JOBS: usize = 2;

struct Tally {
    passed: usize,
    failures: Vec<String>,
    skipped: Vec<String>,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let mut programs = Vec::new();
    for folder in ["tests/c", "tests/cpp", "examples/c", "examples/cpp"] {
        programs.extend(harness::files(&harness::root().join(folder), &["c", "cpp"]));
    }
    let sanitized = std::env::var_os("RINGLINE_SANITIZE").is_some();
    let programs: Vec<(String, PathBuf)> = programs
        .into_iter()
        .map(|path| (short_name(&path), path))
        .filter(|(name, path)| !sanitized || fits_sanitizer(name, path))
        .filter(|(name, _)| words.is_empty() || words.iter().any(|word| name.contains(word)))
        .collect();
    println!("\nrunning {} tests", programs.len());
    let next = AtomicUsize::new(0);
    let tally = Mutex::new(Tally { passed: 0, failures: Vec::new(), skipped: Vec::new() });
    let allowed = may_skip();
    std::thread::scope(|scope| {
        for _ in 0..JOBS {
            scope.spawn(|| {
                while let Some((name, path)) = programs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    record(&tally, &allowed, name, build_and_run(name, path));
                }
            });
        }
    });
    finish(tally.into_inner().expect("no thread panicked"));
}

/// Examples are compiled by the line they give, which names no sanitizer; what cannot run under one
/// says so in its first comment.
fn fits_sanitizer(name: &str, path: &Path) -> bool {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    !name.starts_with("examples/")
        && !harness::first_comment(&text).contains("Not under a sanitizer")
}

fn short_name(path: &Path) -> String {
    path.strip_prefix(harness::root()).unwrap_or(path).display().to_string()
}

/// Lines `path: reason` of may_skip.txt.
fn may_skip() -> Vec<String> {
    let text = std::fs::read_to_string(harness::root().join("tests/harness/may_skip.txt"));
    let text = text.unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned())).collect()
}

fn record(tally: &Mutex<Tally>, allowed: &[String], name: &str, outcome: Outcome) {
    let mut tally = tally.lock().expect("no thread panicked");
    match outcome {
        Outcome::Passed(_) => {
            tally.passed += 1;
            println!("test {name} ... ok");
        }
        Outcome::Skipped(why) if allowed.iter().any(|a| a == name) => {
            println!("test {name} ... ignored, {why}");
            tally.skipped.push(format!("{name}: {why}"));
        }
        Outcome::Skipped(why) => {
            println!("test {name} ... FAILED (skipped without leave)");
            tally
                .failures
                .push(format!("---- {name}\nskipped, but may_skip.txt has no line: {why}"));
        }
        Outcome::Failed(text) => {
            println!("test {name} ... FAILED");
            tally.failures.push(format!("---- {name}\n{text}"));
        }
    }
}

fn finish(tally: Tally) {
    for failure in &tally.failures {
        println!("\n{failure}");
    }
    let verdict = if tally.failures.is_empty() { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {verdict}. {} passed; {} failed; {} ignored; 0 measured; 0 filtered out\n",
        tally.passed,
        tally.failures.len(),
        tally.skipped.len()
    );
    std::process::exit(i32::from(!tally.failures.is_empty()));
}

/// A test is compiled by one fixed line; an example by the line that its first comment gives.
fn build_and_run(name: &str, path: &Path) -> Outcome {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let comment = harness::first_comment(&text);
    let binary = harness::out_dir("programs").join(name.replace(['/', '.'], "_"));
    let built = if name.starts_with("examples/") {
        build_example(&comment, path, &binary)
    } else {
        build_test(path, &binary)
    };
    if let Err(text) = built {
        return Outcome::Failed(text);
    }
    let mut command = Command::new(&binary);
    if name.starts_with("examples/") {
        // `run: ARGUMENTS` in the first comment: how the example is tried out.
        if let Some(line) = comment.lines().find_map(|line| line.strip_prefix("run:")) {
            command.args(line.split_whitespace().skip(1));
        }
        command.current_dir(harness::root());
        command.env("RINGLINE_EXAMPLE_TEST", "1");
    }
    command.env("LD_LIBRARY_PATH", harness::lib_dir());
    harness::run_limited(&mut command, TIME_LIMIT * harness::load())
}

fn build_test(path: &Path, binary: &Path) -> Result<(), String> {
    let harness = harness::root().join("tests/harness");
    let mut compiler = Compiler::of(path).include(&harness);
    let mut sources = vec![path];
    // What the library of the sanitizer lacks, once per program.
    let lacking = harness.join("tsan.c");
    if let Ok(kind) = std::env::var("RINGLINE_SANITIZE") {
        compiler = compiler.sanitize(&kind, path);
        if kind == "thread" && path.extension().is_some_and(|ending| ending == "c") {
            sources.push(&lacking);
        }
    }
    compiler.link(&sources, binary)
}

/// The one `cc` line of the first comment, with the built library in place of an installed one.
fn build_example(comment: &str, path: &Path, binary: &Path) -> Result<(), String> {
    let line = comment
        .lines()
        .map(|line| line.trim().trim_start_matches("$ "))
        .find(|line| ["cc ", "c++ ", "gcc ", "g++ "].iter().any(|cc| line.starts_with(cc)))
        .ok_or("the first comment has no line that starts with `cc` or `c++`")?;
    if std::fs::read_to_string(path).unwrap_or_default().lines().count() > 120 {
        return Err("an example has at most 120 lines".into());
    }
    let stage = stage()?;
    let mut parts = line.split(" -o ");
    let head = parts.next().unwrap_or_default();
    let tail = parts.next().ok_or("the cc line names no output with -o")?;
    let tail = tail.split_once(' ').map_or("", |(_, rest)| rest);
    let line = format!("{head} -Wall -Wextra -Werror -o '{}' {tail}", binary.display());
    let mut command = Command::new("sh");
    command.arg("-c").arg(line).env("PKG_CONFIG_PATH", stage.join("lib/pkgconfig"));
    // The line may name the file alone or its path from the root.
    let in_root = head.contains("examples/") || tail.contains("examples/");
    let folder = if in_root { Some(harness::root()) } else { path.parent().map(Path::to_path_buf) };
    command.current_dir(folder.unwrap_or_default());
    harness::run(&mut command).map(|_| ())
}

/// An installed tree for `pkg-config`, made once per run.
fn stage() -> Result<PathBuf, String> {
    static STAGE: Mutex<Option<PathBuf>> = Mutex::new(None);
    let mut made = STAGE.lock().expect("no thread panicked");
    if let Some(stage) = &*made {
        return Ok(stage.clone());
    }
    let stage = harness::out_dir("examples-stage");
    let mut command = Command::new(harness::root().join("scripts/install.sh"));
    command.arg("--library");
    command.env("PREFIX", &stage).env("LIBDIR", stage.join("lib")).env("DESTDIR", "");
    harness::run(&mut command)?;
    *made = Some(stage.clone());
    Ok(stage)
}
