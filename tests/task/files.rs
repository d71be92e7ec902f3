//! Files and folders.

use crate::common::*;
use bytes::{Bytes, BytesMut};
use ringline::fs::{self, FsConfig, OpenFlags};
use ringline::sleep;
use std::future::Future;
use std::io::ErrorKind;
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

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

#[test]
fn what_is_written_is_read() {
    run(config(), || async {
        let folder = Folder::new("data");
        let flags = OpenFlags::READ_WRITE | OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
        let file = fs::open(folder.at("a"), flags, 0o600).expect("begun").await.expect("opened");
        let again = fs::open(folder.at("a"), flags, 0o600).expect("begun").await;
        assert_eq!(again.expect_err("there already").kind(), ErrorKind::AlreadyExists);
        let (count, buffer) = fs::write_from(file, 0, "hello".into()).expect("begun").await;
        assert_eq!((count.expect("written"), &buffer[..]), (5, &b"hello"[..]));
        let (count, _) = fs::append(file, " you".into()).expect("begun").await;
        assert_eq!(count.expect("written"), 4);
        let parts = vec!["HE".into(), Bytes::new(), "LL".into()];
        let (count, parts) = fs::write_vectored(file, 0, parts).expect("begun").await;
        assert_eq!((count.expect("written"), parts.len()), (4, 3));
        assert_eq!(fs::read_to_end(file).await.expect("read"), "HELLo you");
        assert_eq!(fs::read_exact(file, 2, 3).await.expect("read"), "LLo");
        let error = fs::read_exact(file, 2, 300).await.expect_err("too short");
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        let mut buffer = BytesMut::with_capacity(64);
        buffer.extend_from_slice(b"before ");
        let (count, buffer) = fs::read_into(file, 6, buffer).expect("begun").await;
        assert_eq!((count.expect("read"), &buffer[..]), (3, &b"before you"[..]));
        let error = fs::read_into(file, 0, BytesMut::new()).expect_err("no room");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let parts = vec![BytesMut::with_capacity(4), BytesMut::with_capacity(100)];
        let room = parts[0].capacity();
        let (count, parts) = fs::read_vectored(file, 0, parts).expect("begun").await;
        assert_eq!(count.expect("read"), 9);
        assert_eq!((&parts[0][..], &parts[1][..]), "HELLo you".as_bytes().split_at(room));
        fs::fsync(file).expect("begun").await.expect("synced");
        fs::fdatasync(file).expect("begun").await.expect("synced");
        fs::close(file).expect("open");
    });
}

#[test]
fn the_published_calls_read_and_write_memory_of_the_callers() {
    run(config(), || async {
        let folder = Folder::new("raw");
        let path = folder.at("a");
        let file = fs::create(&path).unwrap().await.unwrap();
        let data = b"hello ringline";
        // SAFETY: awaited at once.
        let written = unsafe { fs::write(file, 0, data.as_ptr(), data.len() as u32) };
        assert_eq!(written.unwrap().await.unwrap(), 14);
        fs::close(file).unwrap();
        let file = fs::open(&path, OpenFlags::READ, 0).unwrap().await.unwrap();
        assert_eq!(file.index(), 0);
        let mut buffer = [0u8; 64];
        // SAFETY: awaited at once.
        let read = unsafe { fs::read(file, 6, buffer.as_mut_ptr(), buffer.len() as u32) };
        assert_eq!(read.unwrap().await.unwrap(), 8);
        assert_eq!(&buffer[..8], b"ringline");
        fs::close(file).unwrap();
    });
}

#[test]
fn sizes_links_and_metadata_are_what_std_says() {
    run(config(), || async {
        let folder = Folder::new("meta");
        fs::write_file(folder.at("a"), vec![7; 100_000]).await.expect("written");
        let flags = OpenFlags::READ_WRITE;
        let file =
            fs::open(folder.at("a"), flags, 0).expect("begun").await.expect("opened").owned();
        fs::truncate(*file, 10).expect("begun").await.expect("cut");
        assert_eq!(fs::read_file(folder.at("a")).await.expect("read"), vec![7; 10]);
        fs::fallocate(*file, 0, 8192).expect("begun").await.expect("allocated");
        fs::punch_hole(*file, 0, 4096).expect("begun").await.expect("punched");
        let found = fs::file_metadata(*file).expect("begun").await.expect("looked");
        assert!(found.is_file && !found.is_dir && !found.is_symlink);
        assert_eq!((found.size, found.links), (8192, 1));
        fs::link(folder.at("a"), folder.at("b")).expect("begun").await.expect("linked");
        fs::symlink("b", folder.at("c")).expect("begun").await.expect("linked");
        let through = fs::stat(folder.at("c")).expect("begun").await.expect("looked");
        assert_eq!((through.inode, through.links), (found.inode, 2));
        let link = fs::symlink_metadata(folder.at("c")).expect("begun").await.expect("looked");
        assert!(link.is_symlink && link.size == 1);
        let std = std::fs::metadata(folder.at("a")).expect("looked");
        assert_eq!((through.mode, through.mtime), (std.mode(), since_1970(&std)));
        fs::create_dir_all(folder.at("x/y/z")).await.expect("made");
        fs::create_dir_all(folder.at("x/y/z")).await.expect("there already");
        let error = fs::create_dir_all(folder.at("a/y")).await.expect_err("a file");
        assert_eq!(error.kind(), ErrorKind::NotADirectory);
        assert!(fs::stat(folder.at("x/y/z")).expect("begun").await.expect("looked").is_dir);
        fs::remove_dir(folder.at("x/y/z")).expect("begun").await.expect("removed");
        let error = fs::remove_dir(folder.at("x")).expect("begun").await.expect_err("not empty");
        assert_eq!(error.kind(), ErrorKind::DirectoryNotEmpty);
    });
}

fn since_1970(found: &std::fs::Metadata) -> Duration {
    let time = found.modified().expect("a time");
    time.duration_since(std::time::UNIX_EPOCH).expect("after 1970")
}

#[test]
fn attributes_are_set_and_read() {
    run(config(), || async {
        let folder = Folder::new("attributes");
        fs::write_file(folder.at("a"), "a").await.expect("written");
        let set = fs::set_attribute(folder.at("a"), "user.kind", b"text").expect("begun").await;
        if set.as_ref().is_err_and(|error| error.kind() == ErrorKind::Unsupported) {
            return println!("skipped: the file system of {:?} has no attributes", folder.at("a"));
        }
        set.expect("set");
        let value = fs::get_attribute(folder.at("a"), "user.kind").await.expect("read");
        assert_eq!(value, b"text");
        let error = fs::get_attribute(folder.at("a"), "user.other").await.expect_err("none");
        assert_eq!(error.raw_os_error(), Some(libc::ENODATA));
        let names = fs::list_attributes(folder.at("a")).await.expect("listed");
        assert!(names.iter().any(|name| name == "user.kind"), "{names:?}");
        fs::remove_attribute(folder.at("a"), "user.kind").await.expect("removed");
        let error = fs::get_attribute(folder.at("a"), "user.kind").await.expect_err("removed");
        assert_eq!(error.raw_os_error(), Some(libc::ENODATA));
    });
}

/// The end and the start of a pipe.
fn pipe() -> (OwnedFd, OwnedFd) {
    let mut ends = [0; 2];
    // SAFETY: room for two descriptors, which are nobody else's.
    unsafe {
        assert_eq!(libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC), 0);
        (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1]))
    }
}

#[test]
fn a_splice_moves_bytes_through_a_pipe() {
    run(config(), || async {
        let folder = Folder::new("splice");
        fs::write_file(folder.at("a"), "0123456789").await.expect("written");
        let file =
            fs::open(folder.at("a"), OpenFlags::READ, 0).expect("begun").await.expect("file");
        let (end, start) = pipe();
        let (start, end) = (fs::adopt(start).expect("room"), fs::adopt(end).expect("room"));
        let target = fs::create(folder.at("b")).expect("begun").await.expect("file");
        let moved = fs::splice(file, Some(2), start, None, 5).expect("begun").await;
        assert_eq!(moved.expect("moved"), 5);
        let moved = fs::splice(end, None, target, Some(1), 5).expect("begun").await;
        assert_eq!(moved.expect("moved"), 5);
        assert_eq!(fs::read_file(folder.at("b")).await.expect("read"), b"\x0023456"[..]);
    });
}

#[test]
fn handles_of_closed_files_are_refused_and_limits_kept() {
    let mut limited = config();
    limited.fs = Some(FsConfig { max_files: 2, max_commands_in_flight: 2 });
    run(limited, || async {
        let folder = Folder::new("limits");
        let one = fs::create(folder.at("a")).expect("begun").await.expect("opened");
        let two = fs::create(folder.at("b")).expect("begun").await.expect("opened");
        let error = fs::create(folder.at("c")).expect_err("two are open");
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        fs::close(one).expect("open");
        let error = fs::close(one).expect_err("closed");
        assert_eq!(error.kind(), ErrorKind::NotConnected);
        let three = fs::create(folder.at("c")).expect("begun").await.expect("room");
        assert_eq!(three.index(), one.index());
        assert_ne!(three, one);
        assert!(fs::fsync(one).is_err(), "the place is another file's");
        let (first, second) = (fs::fsync(two).expect("one"), fs::fsync(three).expect("two"));
        let error = fs::fsync(two).expect_err("two are under way");
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        first.await.expect("synced");
        second.await.expect("synced");
        fs::fsync(two).expect("room").await.expect("synced");
        let owned = three.owned();
        drop(owned);
        assert!(fs::fsync(three).is_err(), "closed with its owner");
    });
    let mut none = config();
    none.fs = None;
    run(none, || async {
        let error = fs::create("never").expect_err("not configured");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    });
}

/// Descriptors of this process that lead to `path`.
fn open_of(path: &Path) -> usize {
    let all = std::fs::read_dir("/proc/self/fd").expect("a folder");
    all.filter(|fd| {
        let fd = fd.as_ref().expect("a descriptor").path();
        std::fs::read_link(fd).is_ok_and(|target| target == path)
    })
    .count()
}

#[test]
fn no_file_stays_open() {
    let folder = Folder::new("leaks");
    let path = folder.at("a");
    std::fs::write(&path, b"a").expect("written");
    let of = path.clone();
    run(config(), move || async move {
        for round in 0..100 {
            let opening = fs::open(&of, OpenFlags::READ, 0).expect("begun");
            if round % 2 == 0 {
                // The kernel opens it, and nobody looks.
                fs::stat(&of).expect("begun").await.expect("looked");
            }
            drop(opening);
        }
        // What was dropped before is told before this.
        fs::stat(&of).expect("begun").await.expect("looked");
        let end = Instant::now() + LIMIT;
        while open_of(&of) > 0 {
            assert!(Instant::now() < end, "{} are open", open_of(&of));
            sleep(Duration::from_millis(1)).await;
        }
        let file = fs::open(&of, OpenFlags::READ, 0).expect("begun").await.expect("opened");
        let reading = fs::read_into(file, 0, BytesMut::with_capacity(8)).expect("begun");
        fs::close(file).expect("open");
        // The read has the file still.
        let (count, _) = reading.await;
        assert_eq!(count.expect("read"), 1);
        assert_eq!(open_of(&of), 0);
        // And this one stays open until the worker is over.
        fs::open(&of, OpenFlags::READ, 0).expect("begun").await.expect("opened");
        assert_eq!(open_of(&of), 1);
        // So does what is still being opened then.
        let _opening = fs::open(&of, OpenFlags::READ, 0).expect("begun");
    });
    assert_eq!(open_of(&path), 0);
}

#[test]
fn folders_are_read_and_files_copied_by_other_threads() {
    run(config(), || async {
        let folder = Folder::new("folders");
        fs::write_file(folder.at("a"), vec![3; 1 << 20]).await.expect("written");
        fs::set_permissions(folder.at("a"), 0o640).await.expect("set");
        assert_eq!(fs::copy(folder.at("a"), folder.at("b")).await.expect("copied"), 1 << 20);
        assert_eq!(fs::read_file(folder.at("b")).await.expect("read"), vec![3; 1 << 20]);
        let copied = fs::stat(folder.at("b")).expect("begun").await.expect("looked");
        assert_eq!(copied.mode & 0o7777, 0o640);
        fs::create_dir_all(folder.at("c/d")).await.expect("made");
        fs::symlink("a", folder.at("e")).expect("begun").await.expect("linked");
        assert_eq!(fs::read_link(folder.at("e")).await.expect("read"), Path::new("a"));
        let mut found = fs::read_dir(folder.at("")).await.expect("read");
        found.sort_by(|one, two| one.name.cmp(&two.name));
        let kinds: Vec<_> = found
            .iter()
            .map(|entry| (entry.name.to_str(), entry.is_file, entry.is_dir, entry.is_symlink))
            .collect();
        assert_eq!(
            kinds,
            [
                (Some("a"), true, false, false),
                (Some("b"), true, false, false),
                (Some("c"), false, true, false),
                (Some("e"), false, false, true),
            ]
        );
        fs::remove_dir_all(folder.at("c")).await.expect("removed");
        let error = fs::read_dir(folder.at("c")).await.expect_err("gone");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        // Nobody waits for it, and the worker ends all the same.
        let path = folder.at("");
        let mut never = Box::pin(fs::read_dir(path));
        let polled = never.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
    });
}

#[test]
fn operations_dropped_at_any_time_come_to_their_end() {
    const AT_A_TIME: u16 = 32;
    let mut limited = config();
    limited.fs = Some(FsConfig { max_files: 4, max_commands_in_flight: AT_A_TIME });
    run(limited, || async {
        let folder = Folder::new("dropped");
        fs::write_file(folder.at("a"), vec![5; 1 << 16]).await.expect("written");
        let file =
            fs::open(folder.at("a"), OpenFlags::READ, 0).expect("begun").await.expect("file");
        // A read of it never ends by itself.
        let (end, start) = pipe();
        let end = fs::adopt(end).expect("room");
        let mut held = Vec::new();
        // Each run is the same: a generator of Marsaglia's.
        let mut random = 88_172_645_463_325_252u64;
        for _ in 0..20_000 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let source = if random & 1 == 0 { file } else { end };
            let offset = if source == end { u64::MAX } else { random >> 50 };
            match fs::read_into(source, offset, BytesMut::with_capacity(4096)) {
                Ok(reading) if source == file && random & 6 == 0 => {
                    assert!(reading.await.1.iter().all(|byte| *byte == 5));
                }
                Ok(reading) if random & 24 == 0 => drop(reading),
                Ok(reading) => held.push(reading),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::StorageFull);
                    held.clear();
                    sleep(Duration::from_micros(1)).await;
                }
            }
            if held.len() > usize::try_from(random >> 8 & 15).expect("small") {
                drop(held.swap_remove(0));
            }
        }
        held.clear();
        drop(start);
        // All of them gave back their places.
        let end = Instant::now() + LIMIT;
        loop {
            let all: Result<Vec<_>, _> = (0..AT_A_TIME).map(|_| fs::fdatasync(file)).collect();
            let Err(error) = all else { break };
            assert!(Instant::now() < end, "{error}");
            sleep(Duration::from_millis(1)).await;
        }
    });
}
