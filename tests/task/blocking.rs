//! Functions that block, beside a worker that goes on.

use crate::common::*;
use ringline::*;
use std::time::Duration;

#[test]
fn what_blocks_stops_no_worker() {
    run(config(), || async {
        let (begun, release) = std::sync::mpsc::channel();
        let blocked = spawn_blocking(move || release.recv().map(|()| "done")).expect("a thread");
        // The worker goes on: it is the one that lets the function go.
        sleep(Duration::from_millis(1)).await;
        begun.send(()).expect("it waits");
        assert_eq!(blocked.await, Ok("done"));
        let all = join3(
            spawn_blocking(|| 10).expect("a thread"),
            spawn_blocking(|| 20).expect("a thread"),
            spawn_blocking(|| String::from("30")).expect("a thread"),
        );
        assert_eq!(all.await, (10, 20, String::from("30")));
        let panics = spawn_with_handle(async {
            spawn_blocking(|| panic!("on its thread")).expect("a thread").await
        });
        assert_eq!(panics.expect("room").await, Err(JoinError::Panicked));
    });
}

#[test]
fn threads_can_be_switched_off() {
    let config = ConfigBuilder::new().workers(1).blocking_threads(0).spawner_threads(0);
    run(config.build().expect("valid"), || async {
        let kind = |error: std::io::Error| error.kind();
        assert_eq!(spawn_blocking(|| 1).map_err(kind).expect_err("off"), UNSUPPORTED);
        let refused = process::Command::new("true").spawn().map_err(kind);
        assert_eq!(refused.expect_err("off"), UNSUPPORTED);
    });
}

const UNSUPPORTED: std::io::ErrorKind = std::io::ErrorKind::Unsupported;
