//! The C and C++ compilers, found by `cc` (`CC` and `CXX` name others), with the flags that every
//! program of the tests is compiled with.

use std::path::Path;
use std::process::Command;

/// What a source is compiled as.
pub struct Compiler {
    build: cc::Build,
}

impl Compiler {
    /// For C, or C++, of a standard such as `gnu11`. Warnings are errors.
    fn new(is_cpp: bool, standard: &str) -> Compiler {
        let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        let mut build = cc::Build::new();
        build.target(&target).host(&target).cargo_metadata(false);
        build.cpp(is_cpp).std(standard).opt_level(1).debug(true).pic(false);
        build.warnings(true).extra_warnings(true).warnings_into_errors(true);
        build.include(super::root().join("include"));
        Compiler { build }
    }

    /// For a file, by its ending.
    pub fn of(source: &Path) -> Compiler {
        let is_cpp = source.extension().is_some_and(|ending| ending == "cpp");
        Compiler::new(is_cpp, if is_cpp { "gnu++20" } else { "gnu11" })
    }

    /// This compiler and no other: for what is tried with several.
    pub fn named(name: &str, standard: &str) -> Compiler {
        let mut made = Compiler::new(name.ends_with("++"), standard);
        made.build.compiler(name);
        made
    }

    /// clang with a sanitizer; the program has its frames.
    pub fn sanitize(mut self, kind: &str, source: &Path) -> Compiler {
        let is_cpp = source.extension().is_some_and(|ending| ending == "cpp");
        self.build.compiler(if is_cpp { "clang++" } else { "clang" });
        self.build.flag(format!("-fsanitize={kind}")).force_frame_pointer(true);
        self
    }

    /// Where more headers are.
    pub fn include(mut self, folder: &Path) -> Compiler {
        self.build.include(folder);
        self
    }

    /// The compiler with its flags, for arguments of the caller's own.
    pub fn command(&self) -> Result<Command, String> {
        let tool = self.build.try_get_compiler();
        tool.map(|tool| tool.to_command()).map_err(|error| format!("no compiler: {error}"))
    }

    /// Makes a program of sources, linked with the built library.
    pub fn link(&self, sources: &[&Path], binary: &Path) -> Result<(), String> {
        let mut command = self.command()?;
        command.arg("-pthread").args(sources).arg("-o").arg(binary);
        command.arg("-L").arg(super::lib_dir()).args(["-lringline", "-ldl"]);
        super::run(&mut command).map(|_| ())
    }
}
