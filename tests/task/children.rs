//! Child processes of tasks.

use crate::common::*;
use ringline::process::Command;
use std::io::ErrorKind;

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
        assert!(!std::path::Path::new(&format!("/proc/{}", child.id())).exists());
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

#[test]
fn a_child_that_nobody_awaits_is_no_zombie() {
    run(config(), || async {
        let child = Command::new("true").spawn().expect("a thread").await.expect("started");
        let place = format!("/proc/{}", child.id());
        drop(child);
        // Another one's end comes later than the worker's look at this one.
        while std::path::Path::new(&place).exists() {
            ringline::sleep(std::time::Duration::from_millis(1)).await;
        }
    });
}
