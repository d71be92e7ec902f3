//! No descriptor stays open when a connect is given up or an accepted connection dropped.

use super::common::{Echo, LIMIT, config, run, serve};
use ringline::*;
use std::net::SocketAddr;
use std::time::Instant;

/// Descriptors of this process that are sockets with `port` at either end.
fn sockets(port: u16) -> usize {
    let port = format!(":{port:04X}");
    let table = std::fs::read_to_string("/proc/self/net/tcp").expect("readable");
    let inodes: Vec<String> = table
        .lines()
        .filter(|line| line.split_whitespace().skip(1).take(2).any(|at| at.ends_with(&port)))
        .filter_map(|line| line.split_whitespace().nth(9).map(|at| format!("socket:[{at}]")))
        .collect();
    let files = std::fs::read_dir("/proc/self/fd").expect("readable");
    let links = files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
    links.filter(|link| inodes.iter().any(|inode| link.to_string_lossy() == *inode)).count()
}

#[test]
fn dropped_connects_and_accepts_leave_no_descriptor() {
    serve::<Echo>(config(), |to: SocketAddr| {
        let before = sockets(to.port());
        assert_eq!(before, 1, "the listener");
        run(config(), move || async move {
            for _ in 0..50 {
                // Given up before it is there, and after.
                drop(connect(to).expect("a socket"));
                let conn = connect(to).expect("a socket").await.expect("connected");
                conn.cancel().expect("open");
                let both = (connect(to).expect("a socket"), connect(to).expect("a socket"));
                let first = select(both.0, both.1).await.into_inner();
                first.expect("connected").close();
            }
            let begun = Instant::now();
            while sockets(to.port()) > before {
                assert!(begun.elapsed() < LIMIT, "{} sockets", sockets(to.port()));
                sleep(std::time::Duration::from_millis(1)).await;
            }
        });
    });
}
