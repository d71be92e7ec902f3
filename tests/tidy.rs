//! How the code reads, as tests: layers, sizes, SAFETY notes, leftovers, dependencies, names.
//!
//! Plain text checks over the repository's own files. A check says file, line and what to do.

mod tidy {
    pub mod checks;
    pub mod circles;
    pub mod hazards;
    pub mod mutants;
    pub mod source;
}

use tidy::{checks, circles, hazards, mutants};

/// Fails with all findings at once, so that one run shows the whole work.
fn expect_none(findings: Vec<String>) {
    assert!(findings.is_empty(), "\n{} finding(s):\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn layers_point_down() {
    expect_none(checks::layers());
}

#[test]
fn no_floor_has_circles() {
    expect_none(circles::circles());
}

#[test]
fn files_functions_and_lines_are_short() {
    for (path, lines) in checks::long_files() {
        println!("{path}: {lines} lines, the aim is 500");
    }
    expect_none(checks::sizes());
}

#[test]
fn every_unsafe_block_says_why_it_is_safe() {
    expect_none(checks::safety_notes());
}

#[test]
fn every_file_says_what_it_owns() {
    expect_none(checks::first_comments());
}

#[test]
fn nothing_is_left_over() {
    expect_none(checks::leftovers());
}

#[test]
fn the_library_prints_nothing_and_the_door_never_unwraps() {
    expect_none(checks::forbidden_calls());
}

#[test]
fn the_promised_rust_can_build_it() {
    expect_none(checks::let_chains());
}

#[test]
fn every_dependency_is_used() {
    expect_none(checks::unused_dependencies());
}

#[test]
fn no_hosts_and_no_machine_paths() {
    expect_none(checks::places());
}

#[test]
fn every_c_test_is_listed() {
    expect_none(checks::unlisted_tests());
}

#[test]
fn every_hazard_names_tests_and_mutants_that_exist() {
    expect_none(hazards::missing_hazard_tests());
}

#[test]
fn every_mutant_still_applies() {
    expect_none(mutants::stale_mutants());
}

#[test]
fn the_checks_themselves_can_fail() {
    expect_none(checks::self_test());
    assert!(mutants::notices(), "mutants did not notice");
    assert!(circles::notices(), "circles did not notice");
}
