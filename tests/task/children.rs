//! Child processes of tasks.

use crate::common::*;
use ringline::process::{Child, Command, Stdio};
use ringline::{ConnCtx, ParseResult, sleep, timeout};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

#[test]
fn children_end_with_their_status() {
    run(config(), || async {
        let good = Command::new("true").spawn().expect("a thread").await.expect("started");
        assert!(good.id() > 1);
        let status = good.wait().expect("a worker").await.expect("known");
        assert!(status.success() && status.code() == 0 && status.signal().is_none());
        // Its end is told as often as it is asked for.
        assert_eq!(good.wait().expect("a worker").await.expect("known"), status);
        let seven = Command::new("sh").args(["-c", "exit 7"]).spawn().expect("a thread");
        let seven = seven.await.expect("started");
        assert_eq!(seven.wait().expect("a worker").await.expect("known").code(), 7);
    });
}

#[test]
fn a_child_is_killed_and_gone() {
    run(config(), || async {
        let child = Command::new("sleep").arg("600").spawn().expect("a thread");
        let child = child.await.expect("started");
        child.kill().expect("it runs");
        let status = child.wait().expect("a worker").await.expect("known");
        assert_eq!((status.success(), status.code(), status.signal()), (false, -1, Some(9)));
        assert_eq!(child.kill().expect_err("over").kind(), ErrorKind::NotConnected);
        assert!(!Path::new(&format!("/proc/{}", child.id())).exists());
    });
}

#[test]
fn words_folder_and_environment_are_the_childs() {
    run(config(), || async {
        let text =
            "[ \"$ONE\" = 'a b' ] && [ -z \"$TWO\" ] && [ \"$PWD\" = / ] && [ \"$1\" = '*' ]";
        let command = Command::new("sh").args(["-c", text, "sh", "*"]).current_dir("/");
        let command = command.env("TWO", "x").env_remove("TWO").env("ONE", "a b").silent();
        let child = command.spawn().expect("a thread").await.expect("started");
        assert!(child.wait().expect("a worker").await.expect("known").success());
        let none = Command::new("/no/such/program").spawn().expect("a thread").await;
        assert_eq!(none.expect_err("none").kind(), ErrorKind::NotFound);
        let zero = Command::new("a\0b").spawn();
        assert_eq!(zero.expect_err("a 0 byte").kind(), ErrorKind::InvalidInput);
    });
}

async fn started(command: Command) -> Child {
    timeout(LIMIT, command.spawn().expect("begun")).await.expect("in time").expect("started")
}

async fn all_of(stream: Option<ConnCtx>) -> String {
    let stream = stream.expect("piped");
    let mut all = Vec::new();
    let mut keep = |bytes: &[u8]| {
        all.extend_from_slice(bytes);
        ParseResult::Consumed(bytes.len())
    };
    while timeout(LIMIT, stream.with_data(&mut keep)).await.expect("in time") > 0 {}
    String::from_utf8(all).expect("text")
}

#[test]
fn streams_of_a_child_are_connections() {
    run(config(), || async {
        let command = Command::new("sh").args(["-c", "cat; echo bad >&2"]).stdin(Stdio::Piped);
        let child = started(command.stdout(Stdio::Piped).stderr(Stdio::Piped)).await;
        let input = child.stdin().expect("piped");
        input.send_nowait(b"given\n").expect("room");
        input.shutdown_write();
        assert_eq!(all_of(child.stdout()).await, "given\n");
        assert_eq!(all_of(child.stderr()).await, "bad\n");
        assert!(child.wait().expect("a future").await.expect("waited").success());
        let bare = Command::new("/usr/bin/env").env_clear().env("A", "1").stdout(Stdio::Piped);
        let child = started(bare).await;
        assert_eq!(all_of(child.stdout()).await, "A=1\n");
        assert!(child.stdin().is_none() && child.stderr().is_none());
    });
}

/// Whether a program runs whose words begin so.
fn runs(words: &str) -> bool {
    let all = fs::read_dir("/proc").expect("processes");
    let line = |entry: fs::DirEntry| fs::read(entry.path().join("cmdline")).unwrap_or_default();
    all.flatten().any(|entry| line(entry).starts_with(words.as_bytes()))
}

#[test]
fn children_that_nobody_wants_leave_no_zombie() {
    run(config(), || async {
        let child = started(Command::new("true")).await;
        let place = format!("/proc/{}", child.id());
        drop(child);
        let gone = async {
            while Path::new(&place).exists() {
                sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(LIMIT, gone).await.expect("it was waited for");
        // One that was given up before it began ends too, though it would run for long.
        let mark = format!("{}.25", 100_000 + std::process::id());
        drop(Command::new("sleep").arg(&mark).spawn().expect("begun"));
        started(Command::new("true")).await;
        let gone = async {
            while runs(&format!("sleep\0{mark}\0")) {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(LIMIT, gone).await.expect("it was killed");
    });
}
