//! What a C or C++ program sees: the header in every dialect, the layout of the records, the
//! exported symbols, the SONAME, LTO, and an installed tree found through pkg-config.
//!
//! Needs the built library (`make lib`); a missing compiler is a failure, not a skip.

#[path = "../harness/mod.rs"]
mod harness;
mod header;
mod install;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use harness::compiler::Compiler;
use harness::{lib_dir, out_dir, root, run};

const C_DIALECTS: [&str; 4] = ["c99", "c11", "c17", "c2x"];
const CPP_DIALECTS: [&str; 4] = ["c++11", "c++14", "c++17", "c++20"];

/// Failure: a header that one dialect or compiler refuses.
#[test]
fn header_compiles_in_every_dialect() {
    let folder = out_dir("matrix");
    // Twice, for the include guard, and first of all, so that it brings its own includes.
    let twice = "#include \"ringline.h\"\n#include \"ringline.h\"\nint main(void) { return 0; }\n";
    std::fs::write(folder.join("header.c"), twice).expect("written");
    std::fs::write(folder.join("header.cpp"), twice.replace("void", "")).expect("written");
    let hpp = twice.replace("ringline.h", "ringline.hpp").replace("void", "");
    std::fs::write(folder.join("wrapper.cpp"), hpp).expect("written");
    let mut failures = Vec::new();
    for (compilers, dialects, file) in [
        (["gcc", "clang"], C_DIALECTS, "header.c"),
        (["g++", "clang++"], CPP_DIALECTS, "header.cpp"),
        (["g++", "clang++"], CPP_DIALECTS, "wrapper.cpp"),
    ] {
        for compiler in compilers {
            for dialect in dialects {
                let mut command = Compiler::named(compiler, dialect).command().expect("found");
                command.args(["-pedantic", "-fsyntax-only"]).arg(folder.join(file));
                failures.extend(run(&mut command).err());
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Failure: a record whose size or offset in C is not what the library says, a record or field
/// that `ringline_abi_layout` leaves out, or one that the header leaves out.
#[test]
fn layout_in_c_is_the_layout_of_the_library() {
    let records = header::records(&header_text());
    assert!(records.iter().any(|r| r.name == "ringline_op"), "the header has no ringline_op");
    let folder = out_dir("layout");
    let source = folder.join("layout.c");
    std::fs::write(&source, header::layout_program(&records)).expect("written");
    let printed = run_with_library(&source);
    let rows = |mark: &str| -> BTreeSet<String> {
        printed.lines().filter_map(|line| line.strip_prefix(mark)).map(str::to_owned).collect()
    };
    let (compiled, told) = (rows("C "), rows("L "));
    let only_c: Vec<_> = compiled.difference(&told).collect();
    let only_library: Vec<_> = told.difference(&compiled).collect();
    assert!(only_c.is_empty() && only_library.is_empty(), "C: {only_c:?}\nlib: {only_library:?}");
}

/// Failure: a size that the ABI fixes for good has changed.
#[test]
fn fixed_records_have_their_fixed_sizes() {
    let folder = out_dir("sizes");
    let source = folder.join("sizes.c");
    let text = "/* fixed sizes */\n#include \"ringline.h\"\n\
        typedef char op[sizeof(ringline_op) == 64 ? 1 : -1];\n\
        typedef char completion[sizeof(ringline_completion) == 32 ? 1 : -1];\n\
        typedef char shared[sizeof(ringline_shared) == 128 ? 1 : -1];\n\
        int main(void) {\n\
        return ringline_check_abi(RINGLINE_ABI, sizeof(op) * 64, sizeof(completion) * 32,\n\
        sizeof(shared) * 128) != 0; }\n";
    std::fs::write(&source, text).expect("written");
    run_with_library(&source);
}

/// Failure: the .so, the header and abi/symbols.txt do not name the same functions.
#[test]
fn symbols_agree_three_ways() {
    let library = exported(&lib_dir().join("libringline.so"));
    let list = std::fs::read_to_string(root().join("abi/symbols.txt")).expect("abi/symbols.txt");
    let list: BTreeSet<String> = list.lines().map(str::to_owned).collect();
    let prototypes = header::prototypes(&header_text());
    assert!(library.iter().all(|name| name.starts_with("ringline_")), "{library:?}");
    assert!(!library.is_empty());
    let lost: Vec<_> = prototypes.symmetric_difference(&library).collect();
    assert!(lost.is_empty(), "header and library differ: {lost:?}");
    let lost: Vec<_> = list.symmetric_difference(&library).collect();
    assert!(lost.is_empty(), "abi/symbols.txt and library differ: {lost:?} (make symbols)");
}

/// Failure: a constant without the prefix in the header, which may clash with the user's own.
#[test]
fn header_defines_only_its_own_names() {
    let text = header_text();
    let defines = text.lines().filter_map(|line| line.trim().strip_prefix("#define "));
    let foreign: Vec<_> = defines.filter(|name| !name.starts_with("RINGLINE_")).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    let records = header::records(&text);
    let foreign: Vec<_> =
        records.iter().map(|r| &r.name).filter(|name| !name.starts_with("ringline_")).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}

/// Failure: a program linked against one version loads any other.
#[test]
fn library_has_its_soname() {
    let library = lib_dir().join("libringline.so");
    let text = run(Command::new("readelf").arg("-d").arg(library)).expect("readelf runs");
    let major = env!("CARGO_PKG_VERSION_MAJOR");
    assert!(text.contains(&format!("Library soname: [libringline.so.{major}]")), "{text}");
}

/// Failure: LTO was not on. With it cargo has the dependencies compiled to bitcode only.
#[test]
fn library_was_built_with_lto() {
    let deps = root().join("target/lib/release/deps");
    let rlibs: Vec<_> = harness::files(&deps, &["rlib"])
        .into_iter()
        .filter(|path| {
            path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("liblibc-"))
        })
        .collect();
    assert!(!rlibs.is_empty(), "no libc rlib below {}", deps.display());
    for rlib in rlibs {
        let members = run(Command::new("ar").arg("t").arg(&rlib)).expect("ar runs");
        for member in members.lines().filter(|name| name.ends_with(".o")) {
            let bytes = Command::new("ar").arg("p").arg(&rlib).arg(member).output();
            let bytes = bytes.expect("ar runs").stdout;
            assert!(bytes.starts_with(b"BC\xC0\xDE"), "{}({member})", rlib.display());
        }
    }
}

/// Failure: a Rust program that uses the crate exports C symbols that it never asked for.
#[test]
fn rust_user_exports_no_c_symbol() {
    let folder = out_dir("rust-user");
    std::fs::create_dir_all(folder.join("src")).expect("made");
    let root = root();
    let manifest = format!(
        "[package]\nname = \"rust-user\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n\
         [dependencies]\nringline = {{ path = {:?} }}\n",
        root.display().to_string()
    );
    std::fs::write(folder.join("Cargo.toml"), manifest).expect("written");
    std::fs::write(folder.join("src/main.rs"), "use ringline as _;\nfn main() {}\n")
        .expect("written");
    std::fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).expect("copied");
    let mut command = Command::new(env!("CARGO"));
    command.args(["build", "--quiet", "--offline"]).current_dir(&folder);
    command.env("CARGO_TARGET_DIR", folder.join("target"));
    run(&mut command).expect("builds");
    let rlibs = harness::files(&folder.join("target/debug/deps"), &["rlib"]);
    let own = rlibs.iter().find(|path| path.display().to_string().contains("libringline-"));
    for file in [own.expect("the rlib"), &folder.join("target/debug/rust-user")] {
        let text = run(Command::new("nm").arg("--defined-only").arg(file)).expect("nm runs");
        let names = text.lines().filter_map(|line| line.split_whitespace().nth(2));
        let exported: Vec<_> = names.filter(|name| name.starts_with("ringline_")).collect();
        assert!(exported.is_empty(), "{}: {exported:?}", file.display());
    }
}

fn header_text() -> String {
    std::fs::read_to_string(root().join("include/ringline.h")).expect("include/ringline.h")
}

/// Compiles a program and runs it; what it printed.
fn run_with_library(source: &Path) -> String {
    let binary = source.with_extension("");
    Compiler::of(source).link(&[source], &binary).expect("compiles");
    run(Command::new(binary).env("LD_LIBRARY_PATH", lib_dir())).expect("runs")
}

fn exported(library: &Path) -> BTreeSet<String> {
    let mut command = Command::new("nm");
    let text = run(command.args(["-D", "--defined-only"]).arg(library)).expect("nm runs");
    text.lines().filter_map(|line| line.split_whitespace().nth(2)).map(str::to_owned).collect()
}
