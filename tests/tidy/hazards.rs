//! tests/HAZARDS.md against what exists: every test and mutant that it names.

use super::source::all;

/// Names in tests/HAZARDS.md that are no test or no mutant.
pub fn missing_hazard_tests() -> Vec<String> {
    let sources = all();
    let exists = |path: &str| sources.iter().any(|source| source.path == path);
    let Some(table) = sources.iter().find(|source| source.path == "tests/HAZARDS.md") else {
        return vec!["tests/HAZARDS.md is missing".into()];
    };
    let mut findings = Vec::new();
    let rows: Vec<Vec<&str>> = table.text.lines().filter_map(cells).collect();
    for row in &rows {
        for test in row[1].split(", ").filter_map(|name| name.split_once('/')) {
            let path = match test {
                ("c", name) => format!("tests/c/{name}.c"),
                ("cpp", name) => format!("tests/cpp/{name}.cpp"),
                _ => continue,
            };
            if !exists(&path) {
                findings.push(format!("tests/HAZARDS.md: {path} does not exist"));
            }
        }
        for mutant in row[2].split(", ").filter(|name| *name != "-") {
            if !exists(&format!("tests/mutants/{mutant}.patch")) {
                findings.push(format!("tests/HAZARDS.md: no mutant {mutant}"));
            }
        }
    }
    if rows.len() < 30 {
        findings.push(format!("tests/HAZARDS.md: only {} rows were understood", rows.len()));
    }
    findings
}

/// The three cells of a row that names tests.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.strip_prefix("| ")?.strip_suffix(" |")?;
    let cells: Vec<&str> = inner.split(" | ").collect();
    let is_row = cells.len() == 3 && cells[0] != "hazard" && !cells[0].starts_with("---");
    is_row.then_some(cells)
}
