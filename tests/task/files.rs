//! Files and folders.

use crate::common::*;
use ringline::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A folder of a test, which goes with it.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("ringline-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path).expect("a folder");
        Folder(path)
    }

    pub fn at(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn folders_are_made_and_files_renamed_and_removed() {
    run(config(), || async {
        let folder = Folder::new("paths");
        fs::mkdir(folder.at("inner"), 0o755).expect("begun").await.expect("made");
        let again = fs::mkdir(folder.at("inner"), 0o755).expect("begun").await;
        assert_eq!(again.expect_err("there already").kind(), ErrorKind::AlreadyExists);
        std::fs::write(folder.at("one"), b"1").expect("written");
        let (from, to) = (folder.at("one"), folder.at("inner/two"));
        fs::rename(&from, &to).expect("begun").await.expect("renamed");
        assert!(!from.exists());
        assert_eq!(std::fs::read(&to).expect("there"), b"1");
        fs::remove(&to).expect("begun").await.expect("removed");
        assert!(!to.exists());
        let error = fs::remove(&to).expect("begun").await.expect_err("gone");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let error = fs::remove("a\0b").expect_err("no path");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    });
    let error = fs::remove("nowhere").expect_err("no worker");
    assert_eq!(error.kind(), ErrorKind::NotConnected);
}
