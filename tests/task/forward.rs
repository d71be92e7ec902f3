//! What is received goes on: to files, sockets and other connections.

use super::common::{Echo, LIMIT, client, config, serve};
use ringline::*;
use std::future::Future;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::sync::Mutex;

static SINK: Mutex<Option<Kind>> = Mutex::new(None);
static ALONE: Mutex<()> = Mutex::new(());

enum Kind {
    File(std::fs::File),
    Socket(UnixStream),
    Connection(SocketAddr),
    Echo,
}

const LEN: usize = 700_001;

/// Has the first bytes go to the sink, and answers the rest.
struct Forwards;

impl AsyncEventHandler for Forwards {
    fn create_for_worker(_: usize) -> Self {
        Forwards
    }

    fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
        let kind = SINK.lock().expect("no panic").take().expect("a sink");
        async move {
            let mut other = None;
            let sink = match kind {
                Kind::File(file) => SinkFd::file_at(file, 3),
                Kind::Socket(socket) => SinkFd::socket(socket),
                Kind::Connection(to) => {
                    let conn = connect(to).expect("a socket").await.expect("connected");
                    other = Some(conn);
                    SinkFd::connection(conn)
                }
                Kind::Echo => return peer.run_direct_echo().await,
            };
            let count = peer.forward_to(&sink, LEN as u64).await.expect("forwarded");
            assert_eq!(count, LEN as u64);
            if let Some(other) = other {
                // An echo: what came back goes on too.
                let back = other.forward_to(&SinkFd::connection(peer), LEN as u64);
                assert_eq!(back.await.expect("forwarded"), LEN as u64);
            }
            drop(sink);
            let answer = |bytes: &[u8]| {
                peer.forward_recv_buf(bytes).expect("room");
                ParseResult::Consumed(bytes.len())
            };
            while peer.with_data(answer).await > 0 {}
        }
    }
}

fn bytes() -> Vec<u8> {
    (0..LEN).map(|at| (at ^ at >> 8 ^ at >> 16) as u8).collect()
}

/// What is answered to all of `bytes()` and a word behind them.
fn answered(to: SocketAddr, kind: Kind) -> Vec<u8> {
    *SINK.lock().expect("no panic") = Some(kind);
    let mut client = client(to);
    let mut sender = client.try_clone().expect("cloned");
    let mut answer = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            sender.write_all(&[&bytes()[..], b"behind"].concat()).expect("write");
            sender.shutdown(std::net::Shutdown::Write).expect("shutdown");
        });
        client.read_to_end(&mut answer).expect("read");
    });
    answer
}

#[test]
fn so_many_bytes_go_to_a_file_or_a_socket_and_the_rest_is_read() {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let path = std::env::temp_dir().join(format!("ringline-forward-{}", std::process::id()));
    serve::<Forwards>(config(), |to| {
        let file = std::fs::File::create(&path).expect("create");
        assert_eq!(answered(to, Kind::File(file)), b"behind");
        let written = std::fs::read(&path).expect("read");
        assert!(written[..3] == [0; 3] && written[3..] == bytes());
        let (near, mut far) = UnixStream::pair().expect("a pair");
        far.set_read_timeout(Some(LIMIT)).expect("a limit");
        let reader = std::thread::spawn(move || {
            let mut all = Vec::new();
            far.read_to_end(&mut all).expect("read");
            all
        });
        assert_eq!(answered(to, Kind::Socket(near)), b"behind");
        assert!(reader.join().expect("no panic") == bytes());
    });
    std::fs::remove_file(path).expect("remove");
}

#[test]
fn bytes_go_to_another_connection_and_back() {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    serve::<Echo>(config(), |echo| {
        serve::<Forwards>(config(), |to| {
            let expected = [&bytes()[..], b"behind"].concat();
            assert!(answered(to, Kind::Connection(echo)) == expected);
            assert!(answered(to, Kind::Echo) == expected);
        });
    });
}
