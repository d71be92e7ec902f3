//! Reading the repository's files, and Rust text with strings and comments blanked out.
//!
//! Owns: which files are the project's own. Knows just enough of Rust's lexer for line checks.

use std::path::{Path, PathBuf};

/// One file: its path from the root, and its text.
pub struct Source {
    /// Path from the root, with `/`.
    pub path: String,
    /// The text as it is.
    pub text: String,
}

impl Source {
    /// The ending without the dot.
    pub fn ending(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(_, ending)| ending)
    }

    /// Whether it is program text that people read in an editor: not what `make abi` writes, which
    /// takes its comments from the source and sets marks before them.
    pub fn is_code(&self) -> bool {
        if self.path.ends_with("/_abi.py") || self.path.ends_with("/ABI.swift") {
            return false;
        }
        ["rs", "c", "h", "cpp", "hpp", "sh", "py", "swift"].contains(&self.ending())
    }

    /// Rust text without strings and comments, same lines; other languages unchanged.
    pub fn code(&self) -> String {
        if self.ending() == "rs" { blank(&self.text) } else { self.text.clone() }
    }
}

/// Folders that hold nothing written by hand.
const SKIPPED: [&str; 2] = ["target", ".git"];

/// All text files of the repository, sorted.
pub fn all() -> Vec<Source> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).expect("the repository is readable").flatten() {
        let path = entry.path();
        let name = entry.file_name();
        // In a worktree .git is a file.
        if SKIPPED.iter().any(|skipped| name == *skipped) {
            continue;
        }
        if path.is_dir() {
            walk(root, &path, found);
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            let path = path.strip_prefix(root).expect("below the root").display().to_string();
            found.push(Source { path, text });
        }
    }
}

/// Replaces every character inside comments, strings and character literals by a space.
pub fn blank(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = token_end(&chars, at);
        if end > at {
            out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}

/// Where the comment or literal that starts here ends; `at` itself when none starts here.
fn token_end(chars: &[char], at: usize) -> usize {
    let next = chars.get(at + 1).copied().unwrap_or(' ');
    match chars[at] {
        '/' if next == '/' => find(chars, at, |c, i| c[i] == '\n'),
        '/' if next == '*' => block_comment_end(chars, at),
        '"' => string_end(chars, at),
        'r' if (next == '"' || next == '#') && !is_word(chars, at) => raw_string_end(chars, at),
        '\'' => char_end(chars, at),
        _ => at,
    }
}

fn is_word(chars: &[char], at: usize) -> bool {
    at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_') && chars[at - 1] != 'b'
}

fn find(chars: &[char], from: usize, found: impl Fn(&[char], usize) -> bool) -> usize {
    (from..chars.len()).find(|i| found(chars, *i)).unwrap_or(chars.len())
}

fn block_comment_end(chars: &[char], at: usize) -> usize {
    let mut depth = 0;
    let mut i = at;
    while i + 1 < chars.len() {
        match (chars[i], chars[i + 1]) {
            ('/', '*') => {
                depth += 1;
                i += 2;
            }
            ('*', '/') => {
                depth -= 1;
                i += 2;
                if depth == 0 {
                    return i;
                }
            }
            _ => i += 1,
        }
    }
    chars.len()
}

fn string_end(chars: &[char], at: usize) -> usize {
    let mut i = at + 1;
    while i < chars.len() && chars[i] != '"' {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    (i + 1).min(chars.len())
}

fn raw_string_end(chars: &[char], at: usize) -> usize {
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    let open = at + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return at; // a raw identifier
    }
    let close = find(chars, open + 1, |c, i| {
        c[i] == '"' && c[i + 1..].iter().take(hashes).filter(|h| **h == '#').count() == hashes
    });
    (close + 1 + hashes).min(chars.len())
}

/// A character literal, or nothing when the quote starts a lifetime.
fn char_end(chars: &[char], at: usize) -> usize {
    match (chars.get(at + 1), chars.get(at + 2)) {
        (Some('\\'), _) => find(chars, at + 3, |c, i| c[i] == '\'') + 1,
        (Some(_), Some('\'')) => at + 3,
        _ => at,
    }
}
