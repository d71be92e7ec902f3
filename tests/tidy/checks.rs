//! The checks of tests/tidy.rs. Each returns its findings, one line each; none panics on a finding.

use super::source::{Source, all, blank};

/// The floors from the ground up. A floor may name itself and those before it.
const FLOORS: [&str; 10] =
    ["text", "log", "fault", "sys", "driver", "resource", "op", "runtime", "ffi", "task"];
const FILE_AIM: usize = 500;
const FILE_LIMIT: usize = 700;
const FUNCTION_LIMIT: usize = 70;
const LINE_LIMIT: usize = 100;
/// How a SAFETY note begins that says nothing itself.
const POINTERS: [&str; 5] = ["as above", "see above", "as before", "as in `", "as the caller"];
/// How far above an unsafe block its SAFETY note may start.
const NOTE_REACH: usize = 8;

fn floor_of(path: &str) -> Option<usize> {
    let inner = path.strip_prefix("src/")?;
    let name = inner.split(['/', '.']).next()?;
    FLOORS.iter().position(|floor| *floor == name)
}

/// `crate::` paths that point to a floor above, and the two doors naming each other.
pub fn layers() -> Vec<String> {
    all().iter().flat_map(layers_of).collect()
}

fn layers_of(source: &Source) -> Vec<String> {
    let Some(own) = floor_of(&source.path) else { return Vec::new() };
    let mut findings = Vec::new();
    for (number, line) in joined_uses(&source.code()) {
        for name in crate_names(&line) {
            let Some(other) = FLOORS.iter().position(|floor| *floor == name) else { continue };
            if other > own || (FLOORS[own] == "task" && name == "ffi") {
                let path = &source.path;
                findings.push(format!("{path}:{number}: {} must not use {name}", FLOORS[own]));
            }
        }
    }
    findings
}

/// Lines with their numbers; a line with an open `{` of a use list is joined with what follows.
fn joined_uses(code: &str) -> Vec<(usize, String)> {
    let mut joined: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (index, line) in code.lines().enumerate() {
        match joined.last_mut() {
            Some((_, last)) if open => last.push_str(line),
            _ => joined.push((index + 1, line.to_owned())),
        }
        let last = &joined.last().expect("just pushed").1;
        open = last.contains("crate::{") && !last.contains(';');
    }
    joined
}

/// The first path segment after each `crate::`, those in braces included.
fn crate_names(line: &str) -> Vec<String> {
    let mut names = Vec::new();
    for part in line.split("crate::").skip(1) {
        let Some(list) = part.strip_prefix('{') else {
            names.push(word(part));
            continue;
        };
        let mut depth = 0;
        let mut item = String::new();
        for c in list.chars() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => names.push(word(std::mem::take(&mut item).trim())),
                _ => {}
            }
            if c != ',' || depth > 0 {
                item.push(c);
            }
        }
        names.push(word(item.trim()));
    }
    names
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn is_generated(source: &Source) -> bool {
    source.path == "include/ringline.h"
}

/// Files over the aim, for the eye only.
pub fn long_files() -> Vec<(String, usize)> {
    let long = |source: &Source| {
        let lines = source.text.lines().count();
        (source.is_code() && !is_generated(source) && lines > FILE_AIM)
            .then(|| (source.path.clone(), lines))
    };
    all().iter().filter_map(long).collect()
}

/// Files, functions and lines over the limit.
pub fn sizes() -> Vec<String> {
    all().iter().filter(|source| source.is_code()).flat_map(sizes_of).collect()
}

fn sizes_of(source: &Source) -> Vec<String> {
    let path = &source.path;
    let mut findings = Vec::new();
    let count = source.text.lines().count();
    if count > FILE_LIMIT && !is_generated(source) {
        findings.push(format!("{path}: {count} lines, the limit is {FILE_LIMIT}"));
    }
    for (index, line) in source.text.lines().enumerate() {
        let width = line.chars().count();
        if width > LINE_LIMIT {
            findings.push(format!("{path}:{}: {width} columns", index + 1));
        }
    }
    for (number, name, length) in functions(source) {
        if length > FUNCTION_LIMIT {
            findings.push(format!("{path}:{number}: {name} has {length} lines"));
        }
    }
    findings
}

/// Line, name and length of every function.
fn functions(source: &Source) -> Vec<(usize, String, usize)> {
    match source.ending() {
        "rs" => rust_functions(&source.code()),
        "c" | "h" | "cpp" | "hpp" => c_functions(&source.text),
        _ => Vec::new(),
    }
}

fn rust_functions(code: &str) -> Vec<(usize, String, usize)> {
    let lines: Vec<&str> = code.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some((before, after)) = line.split_once("fn ") else { continue };
        let name = word(after);
        let starts_word = before.is_empty() || before.ends_with([' ', '"', '(']);
        if name.is_empty() || !starts_word {
            continue;
        }
        if let Some(length) = body_length(&lines[index..]) {
            found.push((index + 1, name, length));
        }
    }
    found
}

/// Lines up to the brace that closes the first one; none when a `;` ends the item before a body.
fn body_length(lines: &[&str]) -> Option<usize> {
    let mut depth = 0;
    let mut brackets = 0;
    for (index, line) in lines.iter().enumerate() {
        for c in line.chars() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => return None,
                '}' if depth == 1 => return Some(index + 1),
                '}' => depth -= 1,
                '[' | '(' => brackets += 1,
                ']' | ')' => brackets -= 1,
                ';' if depth == 0 && brackets == 0 => return None,
                _ => {}
            }
        }
    }
    None
}

/// A function of C starts at a `{` that ends an unindented line, and ends at `}` in column 0.
fn c_functions(text: &str) -> Vec<(usize, String, usize)> {
    let mut found = Vec::new();
    let mut start = None;
    for (index, line) in text.lines().enumerate() {
        let is_head = line.ends_with('{') && line.contains('(') && !line.starts_with([' ', '#']);
        if is_head || (line == "{" && start.is_none()) {
            start = Some((index, line.to_owned()));
        } else if line.starts_with('}') {
            if let Some((from, head)) = start.take() {
                found.push((from + 1, head, index - from + 1));
            }
        }
    }
    found
}

/// Unsafe blocks and impls without a note, or with one that only points elsewhere.
pub fn safety_notes() -> Vec<String> {
    let sources = all();
    let rust = sources.iter().filter(|source| source.ending() == "rs");
    rust.flat_map(safety_notes_of).collect()
}

fn safety_notes_of(source: &Source) -> Vec<String> {
    let text: Vec<&str> = source.text.lines().collect();
    let mut findings = Vec::new();
    for (index, line) in source.code().lines().enumerate() {
        if !(line.contains("unsafe {") || line.contains("unsafe impl")) {
            continue;
        }
        let above = &text[index.saturating_sub(NOTE_REACH)..=index];
        // An empty line ends the reach: a note belongs to what it touches.
        let mut near = above.iter().rev().take_while(|line| !line.trim().is_empty());
        if !near.any(|line| line.contains("SAFETY:")) {
            findings.push(format!("{}:{}: no SAFETY: note", source.path, index + 1));
        }
    }
    for (index, line) in text.iter().enumerate() {
        let note = line.trim_start().strip_prefix("// SAFETY: ").unwrap_or_default();
        // Which duty is met, and by what, is asked at this place, and not at another one.
        if POINTERS.iter().any(|pointer| note.starts_with(pointer)) {
            findings.push(format!("{}:{}: the note points elsewhere", source.path, index + 1));
        }
    }
    findings
}

/// Rust files start with `//!`, C files with a comment, Python files with a docstring, scripts
/// say it below the first line.
pub fn first_comments() -> Vec<String> {
    let says = |source: &Source| {
        let text = source.text.trim_start();
        let below = text.split_once('\n').map_or("", |(_, rest)| rest);
        match source.ending() {
            "rs" => text.starts_with("//!"),
            "c" | "h" | "cpp" | "hpp" | "swift" => text.starts_with("/*") || text.starts_with("//"),
            "py" => text.starts_with("\"\"\"") || below.starts_with("\"\"\""),
            "sh" => text.starts_with("#!") && below.starts_with("# "),
            _ => true,
        }
    };
    let sources = all();
    let silent = sources.iter().filter(|source| !says(source));
    silent.map(|source| format!("{}: no first comment", source.path)).collect()
}

/// Words that mean "not finished", put together here so that this file does not hold them.
fn leftover_words() -> Vec<String> {
    let pairs = [
        ("to", "do!("),
        ("unimpl", "emented!("),
        ("db", "g!("),
        ("TO", "DO"),
        ("FIX", "ME"),
        ("XX", "X:"),
        ("#[ig", "nore"),
        ("|| tr", "ue"),
    ];
    pairs.iter().map(|(left, right)| format!("{left}{right}")).collect()
}

/// Leftovers anywhere in the repository.
pub fn leftovers() -> Vec<String> {
    let words = leftover_words();
    all().iter().flat_map(|source| lines_with(source, &source.text, &words)).collect()
}

fn lines_with(source: &Source, text: &str, words: &[String]) -> Vec<String> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for word in words.iter().filter(|word| line.contains(word.as_str())) {
            findings.push(format!("{}:{}: {word}", source.path, index + 1));
        }
    }
    findings
}

/// `let` in a chain of `&&`: Rust 1.88, while Cargo.toml promises to build with 1.85.
pub fn let_chains() -> Vec<String> {
    let sources = all();
    sources.iter().filter(|source| source.ending() == "rs").flat_map(let_chains_of).collect()
}

fn let_chains_of(source: &Source) -> Vec<String> {
    let code = source.code();
    let heads = code.match_indices(" let ").filter(|(at, _)| {
        let before = code[..*at].trim_end();
        before.ends_with("&&") || (before.ends_with("if") && is_chain(&code[at + 5..]))
    });
    let line = |at: usize| code[..at].matches('\n').count() + 1;
    let text = "a let chain needs Rust 1.88";
    heads.map(|(at, _)| format!("{}:{}: {text}", source.path, line(at))).collect()
}

/// Whether `&&` stands outside of all brackets before the `{` that ends the head of an `if let`.
fn is_chain(head: &str) -> bool {
    let mut depth = 0;
    let mut last = ' ';
    for c in head.chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '{' | ';' if depth == 0 => return false,
            '&' if depth == 0 && last == '&' => return true,
            _ => {}
        }
        last = c;
    }
    false
}

/// Printing in the library, and unwrapping in src/ffi.
pub fn forbidden_calls() -> Vec<String> {
    let prints = ["println!", "print!("].map(str::to_owned);
    let unwraps = [".unwrap()", ".expect(", "panic!(", "unreachable!("].map(str::to_owned);
    let mut findings = Vec::new();
    for source in all() {
        let code = without_tests(&source.code());
        if source.path.starts_with("src/") && !source.path.starts_with("src/bin/") {
            findings.extend(lines_with(&source, &code, &prints));
        }
        if source.path.starts_with("src/ffi") {
            findings.extend(lines_with(&source, &code, &unwraps));
        }
    }
    findings
}

/// The text before the unit tests, which stand at the end of a file.
fn without_tests(code: &str) -> String {
    code.split("#[cfg(test)]\nmod ").next().unwrap_or_default().to_owned()
}

/// Dependencies of Cargo.toml that no file names.
pub fn unused_dependencies() -> Vec<String> {
    let sources = all();
    let manifest = sources.iter().find(|source| source.path == "Cargo.toml").expect("Cargo.toml");
    let mut section = "";
    let mut findings = Vec::new();
    for line in manifest.text.lines() {
        if line.starts_with('[') {
            section = line;
        }
        let Some((name, _)) = line.split_once(" = ") else { continue };
        let places: &[&str] = match section {
            "[dependencies]" => &["src/"],
            "[dev-dependencies]" => &["src/", "tests/", "benches/"],
            "[build-dependencies]" => &["build.rs"],
            _ => continue,
        };
        let path = format!("{}::", name.replace('-', "_"));
        let is_used = |source: &&Source| places.iter().any(|place| source.path.starts_with(place));
        if !sources.iter().filter(is_used).any(|source| source.code().contains(&path)) {
            findings.push(format!("Cargo.toml: {name} in {section} is used nowhere"));
        }
    }
    findings
}

/// Registry hosts and paths of one machine. A Cargo.lock is cargo's own.
pub fn places() -> Vec<String> {
    let pairs = [
        ("crates", ".io"),
        ("pypi", ".org"),
        ("npmjs", ".org"),
        ("deb.deb", "ian.org"),
        ("/wo", "rk/"),
        ("/ro", "ot/"),
        ("/ho", "me/"),
    ];
    let words: Vec<String> = pairs.iter().map(|(left, right)| format!("{left}{right}")).collect();
    let sources = all();
    let own = sources.iter().filter(|source| !source.path.ends_with("Cargo.lock"));
    own.flat_map(|source| lines_with(source, &source.text, &words)).collect()
}

/// Programs of tests/c and tests/cpp that tests/LIST.md lacks, and lines without a program.
pub fn unlisted_tests() -> Vec<String> {
    let sources = all();
    let list = sources.iter().find(|source| source.path == "tests/LIST.md");
    let list = list.map_or("", |source| source.text.as_str());
    let is_program = |path: &str| {
        (path.starts_with("tests/c/") && path.ends_with(".c"))
            || (path.starts_with("tests/cpp/") && path.ends_with(".cpp"))
    };
    let mut findings = Vec::new();
    let programs: Vec<&Source> = sources.iter().filter(|s| is_program(&s.path)).collect();
    for program in &programs {
        if !list.contains(&format!("- `{}`", program.path)) {
            findings.push(format!("{}: not in tests/LIST.md (make list)", program.path));
        }
    }
    for line in list.lines().filter_map(|line| line.strip_prefix("- `")) {
        let path = line.split('`').next().unwrap_or_default();
        if !programs.iter().any(|program| program.path == path) {
            findings.push(format!("tests/LIST.md: {path} does not exist (make list)"));
        }
    }
    findings
}

/// Feeds each check something wrong, and says which of them did not notice.
pub fn self_test() -> Vec<String> {
    let fake = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
    let mut silent = Vec::new();
    let mut expect = |name: &str, noticed: bool| {
        if !noticed {
            silent.push(format!("{name} did not notice"));
        }
    };
    let upward = "//! x\nuse crate::{\n    fault::Fault,\n    ffi::{a, b},\n};\n";
    expect("layers", layers_of(&fake("src/driver/slab.rs", upward)).len() == 1);
    expect("layers down", layers_of(&fake("src/ffi/mod.rs", "use crate::driver::Op;")).is_empty());
    expect("doors", layers_of(&fake("src/task/mod.rs", "use crate::ffi::x;")).len() == 1);
    let long = format!("fn a() {{\n{}}}\n", "    b();\n".repeat(FUNCTION_LIMIT));
    expect("functions", sizes_of(&fake("src/a.rs", &long)).len() == 1);
    expect("C functions", sizes_of(&fake("a.c", &format!("int {long}"))).len() == 1);
    expect("lines", sizes_of(&fake("a.c", &"x".repeat(LINE_LIMIT + 1))).len() == 1);
    let chains = ["if a && let b = c {}", "if let a = b\n    && c {}"];
    let seen = |text: &&str| let_chains_of(&fake("src/a.rs", text)).len() == 1;
    expect("let chains", chains.iter().all(seen));
    let no_chain = "if let a = (b && c) {}\nlet d = e && f;";
    expect("let alone", let_chains_of(&fake("src/a.rs", no_chain)).is_empty());
    let far = "// SAFETY: x\n\nlet a = unsafe { b() };";
    expect("safety", safety_notes_of(&fake("src/a.rs", far)).len() == 1);
    let near = "// SAFETY: x\nlet a = unsafe { b() };";
    expect("safety note", safety_notes_of(&fake("src/a.rs", near)).is_empty());
    for note in ["as above.", "see above; the bytes are there.", "as the caller promised."] {
        let text = format!("// SAFETY: {note}\nlet a = unsafe {{ b() }};");
        expect("safety pointer", safety_notes_of(&fake("src/a.rs", &text)).len() == 1);
    }
    expect("blank", blank("a \"unsafe {\" 'x' // c\nb /* d */ 'a r#\"e\"#").contains("'a"));
    expect("blank strings", !blank("\"un\\\"safe\" r#\"x\"y\"#").contains(['u', 'x', 'y']));
    silent
}
