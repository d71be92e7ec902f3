//! tests/mutants against the source: each names a guard and a test, and takes out lines that are
//! still there. `make mutants` would say the same, an hour later.

use std::path::Path;
use std::process::Command;

/// Mutants without a head, and those whose lines do not stand once in their function.
pub fn stale_mutants() -> Vec<String> {
    check(&[])
}

fn check(files: &[&Path]) -> Vec<String> {
    let mut command = Command::new("python3");
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["-B", "scripts/mutants", "--check"]);
    let output = command.args(files).output().expect("python3 runs");
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Vec::new() } else { text.lines().map(str::to_owned).collect() }
}

/// Whether lines that are gone, or that stand there twice, are noticed, and others are not.
pub fn notices() -> bool {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let count = |function: &str, old: &str| {
        let file = folder.join("planted.mutant");
        let head = "guard: x\ntest: c:y\ntests/tidy/mutants.rs";
        let text = format!("{head}: {function}\n- {old}\n+ b\n");
        std::fs::write(&file, text).expect("the target folder can be written");
        check(&[&file]).len()
    };
    let here = "check(&[])";
    count("stale_mutants", here) == 0 && count("notices", here) == 1 && count("gone", here) == 1
}
