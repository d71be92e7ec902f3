//! tests/HAZARDS.md against what exists: every test and mutant that it names.

use super::source::{Source, all};

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
            if let ("python", name) = test {
                if !tests_of("python", &sources).any(|source| is_test(&source.text, name)) {
                    findings.push(format!("tests/HAZARDS.md: no test {name} of Python"));
                }
            }
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
            if !exists(&format!("tests/mutants/{mutant}.mutant")) {
                findings.push(format!("tests/HAZARDS.md: no mutant {mutant}"));
            }
        }
    }
    let wrapped: Vec<Vec<&str>> = table.text.lines().filter_map(wrapper_cells).collect();
    for row in &wrapped {
        for (language, cell) in ["python", "nim", "swift"].iter().zip(&row[1..]) {
            let folder = format!("bindings/{language}/");
            let mut tests = tests_of(language, &sources);
            // A cell in words says why there is nothing to test.
            for name in cell.split(", `").filter(|name| cell.starts_with('`') && !name.is_empty()) {
                let name = name.trim_matches('`');
                if !tests.clone().any(|source| is_test(&source.text, name)) {
                    findings.push(format!("tests/HAZARDS.md: no test {name} in {folder}"));
                }
            }
            if tests.next().is_none() {
                findings.push(format!("tests/HAZARDS.md: {folder} was not read"));
            }
        }
    }
    if rows.len() < 30 || wrapped.len() < 15 {
        let count = rows.len() + wrapped.len();
        findings.push(format!("tests/HAZARDS.md: only {count} rows were understood"));
    }
    findings
}

/// The files of a binding.
fn tests_of<'a>(language: &str, sources: &'a [Source]) -> impl Iterator<Item = &'a Source> + Clone {
    let folder = format!("bindings/{language}/");
    sources.iter().filter(move |source| source.path.starts_with(&folder))
}

/// Whether a source of Python, Nim or Swift has a test of that name.
fn is_test(text: &str, name: &str) -> bool {
    let python = format!("def {name}(");
    let swift = format!("func {name}(");
    let nim = format!("test \"{name}\":");
    text.contains(&python) || text.contains(&swift) || text.contains(&nim)
}

/// The four cells of a row of the wrappers' table.
fn wrapper_cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.strip_prefix("| ")?.strip_suffix(" |")?;
    let cells: Vec<&str> = inner.split(" | ").collect();
    let is_row = cells.len() == 4 && cells[0] != "hazard" && !cells[0].starts_with("---");
    is_row.then_some(cells)
}

/// The three cells of a row that names tests.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.strip_prefix("| ")?.strip_suffix(" |")?;
    let cells: Vec<&str> = inner.split(" | ").collect();
    let is_row = cells.len() == 3 && cells[0] != "hazard" && !cells[0].starts_with("---");
    is_row.then_some(cells)
}
