//! Build script: the SONAME of the shared library, and the C header (feature `header`).
//!
//! Owns nothing at run time. The SONAME is set only when `RINGLINE_SO=1`, which
//! scripts/build-lib.sh does: `rustc-cdylib-link-arg` warns for a package whose manifest names no
//! cdylib, and `rustc-link-arg` alone would give every program linked in this package the
//! library's SONAME, so that a program could no longer dlopen the library.

fn main() {
    println!("cargo:rerun-if-env-changed=RINGLINE_SO");
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("RINGLINE_SO").is_ok_and(|value| value == "1") {
        let simulated = std::env::var_os("CARGO_FEATURE_SIM").is_some();
        assert!(!simulated, "what is shipped has no simulated kernel: build it without `sim`");
        let version = soname_version();
        println!("cargo:rustc-link-arg=-Wl,-soname,libringline.so.{version}");
    }
    #[cfg(feature = "header")]
    header::write();
}

/// The number behind `.so.`: the major version, which stays 0 until 1.0.
fn soname_version() -> String {
    std::env::var("CARGO_PKG_VERSION_MAJOR").expect("cargo sets the package version")
}

#[cfg(feature = "header")]
mod header {
    use std::path::{Path, PathBuf};

    /// Writes `ringline.h` into OUT_DIR; `make header` copies it to include/.
    pub fn write() {
        let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
        let out = PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets it"));
        println!("cargo:rerun-if-changed=cbindgen.toml");
        println!("cargo:rerun-if-changed=src");
        let mut config =
            cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml is read");
        let mut inner = Vec::new();
        inner_constants(&root.join("src"), &mut inner);
        config.export.exclude.extend(inner);
        let bindings = cbindgen::Builder::new()
            .with_crate(&root)
            .with_config(config)
            .generate()
            .expect("cbindgen reads the source");
        let mut text = Vec::new();
        bindings.write(&mut text);
        let text = String::from_utf8(text).expect("the header is text");
        // A rustdoc heading means nothing in C.
        let mut text = text.replace("* # Safety\n", "* Safety:\n");
        // cbindgen leaves an empty line in place of each constant that is left out.
        while text.contains("\n\n\n") {
            text = text.replace("\n\n\n", "\n\n");
        }
        std::fs::write(out.join("ringline.h"), text).expect("OUT_DIR is writable");
    }

    /// Names of public constants and statics that are not part of the C ABI: everything without
    /// the prefix. cbindgen would print each of them as a #define.
    fn inner_constants(folder: &Path, names: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("src is readable").flatten() {
            let path = entry.path();
            if path.is_dir() {
                inner_constants(&path, names);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            for line in text.lines() {
                let Some(rest) = line.trim_start().strip_prefix("pub const ") else { continue };
                let name: String =
                    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                if !name.starts_with("RINGLINE_") && !name.is_empty() && name != "fn" {
                    names.push(name);
                }
            }
        }
    }
}
