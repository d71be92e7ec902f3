//! An installed tree: ten lines of C against it through pkg-config and CMake, shared and static,
//! also after it was moved; the `ringline` command; and what uninstall leaves.

use crate::harness::{out_dir, root, run};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the tree believes to be; DESTDIR puts it elsewhere.
const PREFIX: &str = "/opt/ringline";
const LIBDIR: &str = "/opt/ringline/lib/deep";

const TEN_LINES: &str = r#"/* the smallest program */
#include <ringline.h>
#include <stdio.h>
int main(void) {
  ringline_ring *ring = NULL;
  int32_t code = ringline_create(NULL, &ring);
  if (code < 0) return printf("%s\n", ringline_strerror(code)), 1;
  printf("ringline %s\n", ringline_version_string());
  return ringline_free(ring) != 0;
}
"#;

const CMAKE_LISTS: &str = "cmake_minimum_required(VERSION 3.16)
project(ten C)
find_package(ringline 0.1 REQUIRED)
add_executable(ten-shared ten.c)
target_link_libraries(ten-shared ringline::ringline)
add_executable(ten-static ten.c)
target_link_libraries(ten-static ringline::static)
find_package(ringline 0.2 QUIET)
if(ringline_FOUND)
  message(FATAL_ERROR \"version 0.2 was found\")
endif()
";

struct Tree {
    /// Sources and what is built of them.
    work: PathBuf,
    /// The prefix, as it lies now.
    prefix: PathBuf,
}

/// Failure: ten lines of C do not build against an installed tree, or only where it was installed,
/// or the static program needs the shared library, or the command is
/// missing, or uninstall leaves something.
#[test]
fn installed_tree_works_and_can_move() {
    let folder = out_dir("install");
    std::fs::remove_dir_all(&folder).expect("removed");
    let (first, second) = (folder.join("first"), folder.join("second place"));
    std::fs::create_dir_all(folder.join("work")).expect("made");
    install(&first, &[]);
    let own_file = first.join("opt/ringline/lib/deep/pkgconfig/other.pc");
    std::fs::write(&own_file, "").expect("written");
    try_all(&first, &folder);
    std::fs::rename(&first, &second).expect("moved");
    try_all(&second, &folder);
    install(&second, &["--remove"]);
    let mut left = Command::new("find");
    left.arg(&second).args(["-type", "f", "-o", "-type", "l", "-o", "-name", "cmake"]);
    let left = run(&mut left).expect("find runs");
    let other = second.join("opt/ringline/lib/deep/pkgconfig/other.pc");
    assert_eq!(left.trim(), other.display().to_string(), "uninstall leaves the files of others");
}

fn install(destination: &Path, arguments: &[&str]) {
    let mut command = Command::new(root().join("scripts/install.sh"));
    command.args(arguments).env("DESTDIR", destination);
    command.env("PREFIX", PREFIX).env("LIBDIR", LIBDIR);
    command.env("RINGLINE_COMMAND", env!("CARGO_BIN_EXE_ringline"));
    run(&mut command).expect("installs");
}

fn try_all(place: &Path, folder: &Path) {
    let tree = Tree { work: folder.join("work"), prefix: place.join("opt/ringline") };
    std::fs::write(tree.work.join("ten.c"), TEN_LINES).expect("written");
    std::fs::write(tree.work.join("CMakeLists.txt"), CMAKE_LISTS).expect("written");
    through_pkg_config(&tree);
    through_cmake(&tree);
    // The command that the README names: there, for everybody, and of this version.
    says_its_version(&["--version"], &tree.prefix.join("bin/ringline"), None);
}

fn through_pkg_config(tree: &Tree) {
    for (name, link, flags) in [("shared", "", ""), ("static", "-static", "--static")] {
        // What pkg-config says is for a shell, which is how blanks in paths survive.
        let line = format!(
            "eval gcc -std=c99 -Wall -Werror ten.c -o pc-{name} {link} \
             \"$(pkg-config {flags} --cflags --libs ringline)\""
        );
        let mut command = Command::new("sh");
        command.arg("-c").arg(line).current_dir(&tree.work);
        command.env("PKG_CONFIG_PATH", tree.prefix.join("lib/deep/pkgconfig"));
        run(&mut command).expect("compiles");
        let library = (name == "shared").then(|| tree.prefix.join("lib/deep"));
        says_its_version(&[], &tree.work.join(format!("pc-{name}")), library.as_deref());
    }
}

fn through_cmake(tree: &Tree) {
    let build = tree.work.join("build");
    if build.exists() {
        std::fs::remove_dir_all(&build).expect("removed");
    }
    let mut command = Command::new("cmake");
    command.arg("-S").arg(&tree.work).arg("-B").arg(&build);
    command.arg(format!("-Dringline_DIR={}/lib/deep/cmake/ringline", tree.prefix.display()));
    run(&mut command).expect("cmake configures: scripts/setup.sh test installs it");
    run(Command::new("cmake").arg("--build").arg(&build)).expect("cmake builds");
    // CMake writes the library's folder into the program; nothing else tells where it is.
    says_its_version(&[], &build.join("ten-shared"), None);
    says_its_version(&[], &build.join("ten-static"), None);
    let needed = run(Command::new("readelf").arg("-d").arg(build.join("ten-static")));
    assert!(!needed.expect("readelf runs").contains("libringline"), "not linked statically");
    let needed = run(Command::new("readelf").arg("-d").arg(build.join("ten-shared")));
    assert!(needed.expect("readelf runs").contains("[libringline.so.0]"), "not by its SONAME");
}

fn says_its_version(arguments: &[&str], program: &Path, library: Option<&Path>) {
    let mut command = Command::new(program);
    command.args(arguments);
    command.env_remove("LD_LIBRARY_PATH");
    if let Some(library) = library {
        command.env("LD_LIBRARY_PATH", library);
    }
    let printed = run(&mut command).expect("runs");
    assert_eq!(printed.trim(), concat!("ringline ", env!("CARGO_PKG_VERSION")));
}
