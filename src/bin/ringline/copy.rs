//! The file part of the demo: make a file, let a program copy it through a ring, compare digests.
//!
//! Owns: both files and the child. Whatever happens, the files are removed and the child ends.

use super::progress::Progress;
use super::{interrupt, pattern};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const MIB: u64 = 1 << 20;
/// How often the copy is looked at.
const NAP: Duration = Duration::from_millis(20);

/// Two files that are gone when this is.
struct Files {
    from: PathBuf,
    to: PathBuf,
}

impl Drop for Files {
    fn drop(&mut self) {
        for path in [&self.from, &self.to] {
            // A file that was never made need not be removed.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// A child that is ended when this is.
struct Copier(Child);

impl Drop for Copier {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Copy `mib` MiB in `folder` with `program FROM TO`.
pub fn run(program: &Path, folder: &Path, mib: u64, patience: Duration) -> Result<(), String> {
    let id = std::process::id();
    let files = Files {
        from: folder.join(format!("ringline-demo-{id}.from")),
        to: folder.join(format!("ringline-demo-{id}.to")),
    };
    let mut progress = Progress::new(&format!("files: {mib} MiB copied by {}", program.display()));
    let started = Instant::now();
    let made = make(&files.from, mib, &mut |share| {
        progress.say(share / 4.0, started.elapsed(), "making the file");
    })?;
    let began = Instant::now();
    let mut copier = start(program, &files)?;
    let mut grown = (0, Instant::now());
    let status = loop {
        interrupt::check()?;
        if let Some(status) = copier.0.try_wait().map_err(|error| error.to_string())? {
            break status;
        }
        let length = std::fs::metadata(&files.to).map_or(0, |about| about.len());
        if length != grown.0 {
            grown = (length, Instant::now());
        } else if grown.1.elapsed() > patience {
            return Err(format!("files: the copy stands still at {length} bytes"));
        }
        let share = 0.25 + length as f64 / (mib * MIB) as f64 / 2.0;
        progress.say(share, started.elapsed(), "copying");
        std::thread::sleep(NAP);
    };
    let seconds = began.elapsed().as_secs_f64();
    if !status.success() {
        return Err(format!("files: {} ended with {status}", program.display()));
    }
    let copied = digest(&files.to, &mut |share| {
        progress.say(0.75 + share / 4.0, started.elapsed(), "comparing");
    })?;
    if copied != made {
        return Err(format!("files: the copy has digest {copied:x?}, the source {made:x?}"));
    }
    drop(progress);
    println!(
        "  {:.0} MiB/s with fsync, digest {:016x} on both sides",
        mib as f64 / seconds,
        made.1
    );
    Ok(())
}

fn start(program: &Path, files: &Files) -> Result<Copier, String> {
    let mut command = Command::new(program);
    command.arg(&files.from).arg(&files.to).stdin(Stdio::null());
    let child = command.spawn();
    child.map(Copier).map_err(|error| format!("cannot start {}: {error}", program.display()))
}

/// Length and hash: FNV-1a over words of 8 bytes.
type Digest = (u64, u64);

fn hash(digest: &mut Digest, bytes: &[u8]) {
    digest.0 += bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        digest.1 = (digest.1 ^ u64::from_le_bytes(word)).wrapping_mul(0x100_0000_01b3);
    }
}

const EMPTY: Digest = (0, 0xcbf2_9ce4_8422_2325);

fn make(path: &Path, mib: u64, show: &mut dyn FnMut(f64)) -> Result<Digest, String> {
    let failed = |error: std::io::Error| format!("files: {}: {error}", path.display());
    let mut file = File::create_new(path).map_err(failed)?;
    let mut block = vec![0; MIB as usize];
    let mut made = EMPTY;
    for number in 0..mib {
        interrupt::check()?;
        pattern::fill(0, number, &mut block);
        hash(&mut made, &block);
        file.write_all(&block).map_err(failed)?;
        show((number + 1) as f64 / mib as f64);
    }
    Ok(made)
}

fn digest(path: &Path, show: &mut dyn FnMut(f64)) -> Result<Digest, String> {
    let failed = |error: std::io::Error| format!("files: {}: {error}", path.display());
    let mut file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len().max(1);
    let mut block = vec![0; MIB as usize];
    let mut read = EMPTY;
    loop {
        interrupt::check()?;
        // Whole blocks, since a block that is cut would be hashed in other words.
        let mut filled = 0;
        while filled < block.len() {
            match file.read(&mut block[filled..]).map_err(failed)? {
                0 => break,
                more => filled += more,
            }
        }
        if filled == 0 {
            return Ok(read);
        }
        hash(&mut read, &block[..filled]);
        show(read.0 as f64 / length as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_other_bit_is_another_digest() {
        let (mut left, mut right) = (EMPTY, EMPTY);
        hash(&mut left, &[0; 4096]);
        let mut bytes = [0; 4096];
        bytes[2000] = 1;
        hash(&mut right, &bytes);
        assert_eq!(left.0, right.0);
        assert_ne!(left.1, right.1);
    }
}
