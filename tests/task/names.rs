//! Hosts by their names, without a network: localhost, numbers, names that nobody has.

use super::common::{Echo, config, run, serve};
use ringline::*;
use socket2::{Domain, SockAddr, Socket, Type};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A listener that answers nobody any more: its queue is full. And who is in it.
fn deaf() -> (SocketAddr, Vec<Socket>) {
    let any: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    let make = || Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    let listener = make();
    listener.bind(&SockAddr::from(any)).expect("bound");
    let at = listener.local_addr().expect("bound");
    listener.listen(0).expect("listens");
    let mut all = vec![listener];
    for _ in 0..2 {
        let client = make();
        client.set_nonblocking(true).expect("set");
        // The second stays on its way.
        let _ = client.connect(&at);
        all.push(client);
    }
    (at.as_socket().expect("an address"), all)
}

/// A port at which nobody listens.
fn refused() -> (SocketAddr, Socket) {
    let any: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&SockAddr::from(any)).expect("bound");
    (socket.local_addr().expect("bound").as_socket().expect("an address"), socket)
}

async fn answers(conn: ConnCtx) {
    conn.send_nowait(b"?").expect("room");
    assert_eq!(conn.with_data(|bytes| ParseResult::Consumed(bytes.len())).await, 1);
    conn.close();
}

#[test]
fn names_and_numbers_are_looked_up() {
    run(config(), || async {
        let all = resolve_all("localhost", 80).expect("asked").await.expect("found");
        assert!(all.iter().all(|at| at.port() == 80 && at.ip().is_loopback()), "{all:?}");
        let one = resolve("127.0.0.1", 7).expect("asked").await.expect("found");
        assert_eq!(one, "127.0.0.1:7".parse().expect("an address"));
        let none = resolve("no-such-host.invalid", 1).expect("asked").await;
        let text = none.expect_err("nobody has it").to_string();
        assert!(text.contains("no-such-host.invalid"), "{text}");
        assert_eq!(resolve("a\0b", 1).map(drop).expect_err("a 0").kind(), ErrorKind::InvalidInput);
        // One that nobody awaits.
        drop(resolve("localhost", 1).expect("asked"));
    });
    assert_eq!(
        resolve("localhost", 1).map(drop).expect_err("no worker").kind(),
        ErrorKind::NotConnected
    );
}

#[test]
fn a_host_is_connected_to_by_its_name() {
    serve::<Echo>(config(), |to| {
        run(config(), move || async move {
            let port = to.port();
            answers(connect_host("localhost", port).await.expect("connected")).await;
            answers(connect_host("127.0.0.1", port).await.expect("connected")).await;
            let soon = connect_host_with_timeout("localhost", port, 20_000).await;
            answers(soon.expect("connected")).await;
        });
    });
    let (at, _held) = refused();
    run(config(), move || async move {
        let error = connect_host("127.0.0.1", at.port()).await.expect_err("nobody listens");
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let text = error.to_string();
        assert!(text.contains("\"127.0.0.1\"") && text.contains(&at.to_string()), "{text}");
    });
}

#[test]
fn the_next_address_is_tried_when_one_is_silent() {
    serve::<Echo>(config(), |to| {
        let ((silent, _held), (dead, _port)) = (deaf(), refused());
        run(config(), move || async move {
            let begun = Instant::now();
            answers(connect_any([silent, to]).await.expect("connected")).await;
            assert!(begun.elapsed() >= Duration::from_millis(250), "{:?}", begun.elapsed());
            // A refusal is waited for no longer.
            answers(connect_any([dead, to]).await.expect("connected")).await;
            let error = connect_any([dead]).await.expect_err("nobody listens");
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            assert_eq!(connect_any([]).await.expect_err("none").kind(), ErrorKind::InvalidInput);
        });
    });
}

/// Sockets of this process that are on their way to `to`.
fn attempts(to: SocketAddr) -> usize {
    let port = format!(":{:04X}", to.port());
    let table = std::fs::read_to_string("/proc/self/net/tcp").expect("readable");
    let on_the_way = |line: &&str| {
        let mut words = line.split_whitespace().skip(2);
        words.next().is_some_and(|remote| remote.ends_with(&port)) && words.next() == Some("02")
    };
    table.lines().filter(on_the_way).count()
}

#[test]
fn who_gives_up_leaves_no_attempt_behind() {
    let (silent, _held) = deaf();
    let before = attempts(silent);
    serve::<Echo>(config(), |to| {
        run(config(), move || async move {
            let late = connect_host_with_timeout("127.0.0.1", silent.port(), 30).await;
            assert_eq!(late.expect_err("silent").kind(), ErrorKind::TimedOut);
            let dropped = timeout(Duration::from_millis(30), connect_any([silent])).await;
            assert!(dropped.is_err());
            // A loser of a race.
            answers(connect_any([silent, to]).await.expect("connected")).await;
            let begun = Instant::now();
            while attempts(silent) > before {
                assert!(begun.elapsed() < super::common::LIMIT, "{}", attempts(silent));
                sleep(Duration::from_millis(1)).await;
            }
        });
    });
}
