//! tests/mutants against the source: each patch names a guard and a test, and takes out lines that
//! are still there. `make mutants` would say the same, an hour later.

use super::source::{Source, all};

/// Patches without a head, and hunks whose old lines stand nowhere in their file.
pub fn stale_mutants() -> Vec<String> {
    let sources = all();
    let is_patch = |source: &&Source| source.path.starts_with("tests/mutants/");
    let patches: Vec<&Source> = sources.iter().filter(is_patch).collect();
    let mut findings: Vec<String> =
        patches.iter().flat_map(|patch| stale(&patch.path, &patch.text, &sources)).collect();
    if patches.len() < 100 {
        findings.push(format!("tests/mutants: only {} patches were read", patches.len()));
    }
    findings
}

fn stale(path: &str, patch: &str, sources: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for word in ["guard: ", "test: "] {
        if !patch.lines().any(|line| line.starts_with(word)) {
            findings.push(format!("{path}: no line `{word}`"));
        }
    }
    for (file, old) in hunks(patch) {
        let target = sources.iter().find(|source| source.path == file);
        if !target.is_some_and(|target| target.text.contains(&old)) {
            findings.push(format!("{path}: what it changes is no longer in {file}"));
        }
    }
    findings
}

/// The file and the old lines of each hunk.
fn hunks(patch: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut file = "";
    for line in patch.lines() {
        if let Some(name) = line.strip_prefix("--- a/") {
            file = name;
        } else if line.starts_with("@@ ") {
            found.push((file.to_owned(), String::new()));
        } else if let (Some((_, old)), false) = (found.last_mut(), line.starts_with(['+', '\\'])) {
            if line.starts_with("diff ") || line.starts_with("index ") {
                continue;
            }
            old.push_str(line.get(1..).unwrap_or_default());
            old.push('\n');
        }
    }
    found
}

/// Whether a patch of lines that are gone is noticed, and one of lines that are there is not.
pub fn notices() -> bool {
    let source = Source { path: "src/a.rs".to_owned(), text: "one\ntwo\n".to_owned() };
    let patch = |old: &str| format!("guard: x\ntest: y\n--- a/src/a.rs\n@@ -1 +1 @@\n-{old}\n+b\n");
    let count = |old: &str| stale("p", &patch(old), std::slice::from_ref(&source)).len();
    count("two") == 0 && count("three") == 1
}
