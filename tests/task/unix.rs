//! Unix sockets: listeners and clients, paths and abstract names.

use super::common::{Echo, LIMIT, config};
use ringline::*;
use std::future::Future;
use std::io::{Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::path::PathBuf;
use std::sync::Mutex;

fn path_of(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("ringline-{name}-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path
}

/// Serve `H` at a path while `body` runs.
fn serve<H: AsyncEventHandler>(workers: usize, path: &PathBuf, body: impl FnOnce()) {
    let mut config = config();
    config.worker.threads = workers;
    let (stop, workers) =
        RinglineBuilder::new(config).bind_unix(path).launch::<H>().expect("launch");
    assert_eq!(stop.bound_addr(), None);
    body();
    stop.shutdown();
    for worker in workers {
        worker.join().expect("no panic").expect("no error");
    }
}

fn ask(mut client: UnixStream, text: &[u8]) {
    client.set_read_timeout(Some(LIMIT)).expect("a limit");
    client.write_all(text).expect("write");
    let mut answer = vec![0; text.len()];
    client.read_exact(&mut answer).expect("read");
    assert_eq!(answer, text);
}

#[test]
fn a_path_is_served_and_removed_at_the_end() {
    let path = path_of("path");
    serve::<Echo>(2, &path, || {
        for _ in 0..8 {
            ask(UnixStream::connect(&path).expect("connect"), b"over a path");
        }
    });
    assert!(!path.exists(), "the listener's path is left behind");
}

#[test]
fn a_path_that_somebody_else_made_meanwhile_stays() {
    let path = path_of("meanwhile");
    serve::<Echo>(1, &path, || {
        std::fs::remove_file(&path).expect("remove");
        std::fs::write(&path, b"another").expect("write");
    });
    assert_eq!(std::fs::read(&path).expect("it is there"), b"another");
    std::fs::remove_file(&path).expect("remove");
}

#[test]
fn a_path_that_is_there_is_refused() {
    let path = path_of("taken");
    std::fs::write(&path, b"somebody's").expect("write");
    let launched = RinglineBuilder::new(config()).bind_unix(&path).launch::<Echo>();
    let Err(Error::Io(error)) = launched else { panic!("the path is somebody's") };
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    assert_eq!(std::fs::read(&path).expect("it is there"), b"somebody's");
    std::fs::remove_file(&path).expect("remove");
}

#[test]
fn an_abstract_name_is_served() {
    let name = format!("ringline-abstract-{}", std::process::id());
    serve::<Echo>(1, &PathBuf::from(format!("\0{name}")), || {
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        ask(UnixStream::connect_addr(&address).expect("connect"), b"by a name");
    });
}

static SEEN: Mutex<Vec<Option<PeerAddr>>> = Mutex::new(Vec::new());

/// Connects to itself by its path, and says what either side sees of the other.
struct Both;

fn both_path() -> PathBuf {
    std::env::temp_dir().join(format!("ringline-both-{}", std::process::id()))
}

impl AsyncEventHandler for Both {
    fn create_for_worker(_: usize) -> Self {
        Both
    }

    fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move {
            SEEN.lock().expect("no panic").push(peer.peer());
            assert_eq!(peer.peer_addr(), None);
            peer.send_nowait(b"!").expect("room");
            while peer.with_data(|bytes| ParseResult::Consumed(bytes.len())).await > 0 {}
        }
    }

    fn on_start(&self) -> Option<std::pin::Pin<Box<dyn Future<Output = ()>>>> {
        Some(Box::pin(async {
            let conn = connect_unix(both_path()).expect("a socket").await.expect("connected");
            assert!(conn.is_outbound());
            conn.with_data(|bytes| ParseResult::Consumed(bytes.len())).await;
            SEEN.lock().expect("no panic").push(conn.peer());
            let missing = connect_unix("/nowhere/at/all").expect("a socket").await;
            assert_eq!(missing.expect_err("no path").kind(), std::io::ErrorKind::NotFound);
            let long = connect_unix("x".repeat(200)).map(drop);
            assert_eq!(long.expect_err("too long").kind(), std::io::ErrorKind::InvalidInput);
            SEEN.lock().expect("no panic").push(None);
            request_shutdown().expect("on a worker");
        }))
    }
}

#[test]
fn tasks_connect_by_paths_and_see_their_peers() {
    let path = path_of("both");
    let builder = RinglineBuilder::new(config()).bind_unix(&path);
    let (_stop, workers) = builder.launch::<Both>().expect("launch");
    for worker in workers {
        worker.join().expect("no panic").expect("no error");
    }
    let unnamed = Some(PeerAddr::Unix(PathBuf::new()));
    let seen = SEEN.lock().expect("no panic");
    assert_eq!(*seen, [unnamed, Some(PeerAddr::Unix(path)), None]);
}
