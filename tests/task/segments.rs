//! Received bytes that are kept without a copy, and files that are sent.

use super::common::{LIMIT, client, config, serve};
use ringline::*;
use std::future::Future;
use std::io::{Read, Seek, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::Mutex;

/// Bytes of which none is like its neighbours.
fn bytes_of(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at ^ at >> 8 ^ at >> 16) as u8).collect()
}

/// Sends `bytes` and ends; what is answered meanwhile.
fn answered(to: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let (mut client, mut answer) = (client(to), Vec::new());
    let mut sender = client.try_clone().expect("cloned");
    std::thread::scope(|scope| {
        scope.spawn(move || {
            sender.write_all(bytes).expect("write");
            sender.shutdown(Shutdown::Write).expect("shutdown");
        });
        client.read_to_end(&mut answer).expect("read");
    });
    answer
}

/// Sends every segment back from where it was received.
struct Relay;

impl AsyncEventHandler for Relay {
    fn create_for_worker(_: usize) -> Self {
        Relay
    }

    fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move {
            let segments = peer.segments();
            while let Some(segment) = segments.next().await.expect("on a worker") {
                assert!(!segment.is_empty() && peer.is_alive());
                let guard = |parts: SendBuilder<'_>| parts.guard(GuardBox::new(segment)).submit();
                peer.send_parts().build_await(guard).expect("room").await.expect("sent");
            }
            peer.end_segments();
        }
    }
}

#[test]
fn segments_are_sent_on_as_guards() {
    serve::<Relay>(config(), |to| {
        for len in [1, 5000, 3_000_000] {
            let bytes = bytes_of(len);
            assert!(answered(to, &bytes) == bytes, "{len} bytes");
        }
    });
}

static HELD: Mutex<Vec<bytes::Bytes>> = Mutex::new(Vec::new());

/// Keeps all that it receives, beyond the runtime.
struct Keeper;

impl AsyncEventHandler for Keeper {
    fn create_for_worker(_: usize) -> Self {
        Keeper
    }

    fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move {
            let segments = peer.segments();
            while let Some(segment) = segments.next().await.expect("on a worker") {
                HELD.lock().expect("no panic").push(segment.into_bytes());
            }
            peer.send_nowait(b"!").expect("room");
        }
    }
}

#[test]
fn what_is_kept_starves_nobody_and_outlives_the_runtime() {
    let mut config = config();
    config.recv_buffer.ring_size = 4;
    config.recv_buffer.buffer_size = 4096;
    let bytes = bytes_of(1_000_000);
    serve::<Keeper>(config, |to| {
        assert_eq!(answered(to, &bytes), b"!");
        // Whoever comes next is served, though the first one keeps what it has.
        assert_eq!(answered(to, &bytes), b"!");
    });
    let held = std::mem::take(&mut *HELD.lock().expect("no panic"));
    assert!(held.concat() == [&bytes[..], &bytes].concat());
    let last = held.into_iter().map(|bytes| bytes.slice(bytes.len() - 1..)).next_back();
    assert_eq!(last.expect("some"), bytes[bytes.len() - 1..]);
}

/// Sends a file, and copies of what it is asked.
struct Sends;

impl AsyncEventHandler for Sends {
    fn create_for_worker(_: usize) -> Self {
        Sends
    }

    fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move {
            let asked = peer.recv_owned_segment().await.expect("on a worker").expect("a question");
            let mut file = tempfile();
            file.write_all(&bytes_of(500_000)).expect("write");
            file.rewind().expect("rewind");
            let cut = peer.send_file(file.try_clone().expect("cloned"), 0, 500_001);
            assert!(cut.is_err(), "the file is shorter");
            let sent = peer.send_file(file, 1000, 0).expect("queued").await.expect("sent");
            assert_eq!(sent, 499_000);
            peer.send_nowait(&asked).expect("room");
            let null = std::fs::File::open("/dev/null").expect("open");
            assert!(peer.send_file(null, 0, 0).is_err(), "no regular file");
        }
    }
}

fn tempfile() -> std::fs::File {
    let path = std::env::temp_dir().join(format!("ringline-sent-{}", std::process::id()));
    let mut options = std::fs::File::options();
    let file = options.read(true).write(true).create(true).truncate(true).open(&path);
    std::fs::remove_file(&path).expect("remove");
    file.expect("open")
}

#[test]
fn a_file_is_sent_behind_what_is_queued() {
    serve::<Sends>(config(), |to| {
        let mut client = client(to);
        client.set_read_timeout(Some(LIMIT)).expect("a limit");
        client.write_all(b"question").expect("write");
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).expect("read");
        let expected = [&bytes_of(500_000)[1000..], b"question"].concat();
        assert!(answer == expected, "{} bytes", answer.len());
    });
}
