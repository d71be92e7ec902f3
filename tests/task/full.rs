//! A parser that found no room to send in is shown its bytes again when there is some.

use super::common::{LIMIT, client, serve};
use ringline::*;
use std::future::Future;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

static TELL: Mutex<Option<Sender<()>>> = Mutex::new(None);
static TO: Mutex<Option<SocketAddr>> = Mutex::new(None);
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn config() -> Config {
    ConfigBuilder::new().workers(1).pin_to_core(false).send_pool(4, 16384).build().expect("valid")
}

/// Send what `bytes` are, or none of it; the first refusal is told.
fn pass(to: ConnCtx, bytes: &[u8]) -> ParseResult {
    match to.send_nowait(bytes) {
        Ok(()) => ParseResult::Consumed(bytes.len()),
        Err(error) => {
            assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
            TELL.lock().expect("no panic").take().into_iter().for_each(|tell| {
                tell.send(()).expect("somebody listens");
            });
            ParseResult::NeedMore
        }
    }
}

struct Echo;

impl AsyncEventHandler for Echo {
    fn create_for_worker(_: usize) -> Self {
        Echo
    }

    fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move { while peer.with_data(|bytes| pass(peer, bytes)).await > 0 {} }
    }
}

struct Relay;

impl AsyncEventHandler for Relay {
    fn create_for_worker(_: usize) -> Self {
        Relay
    }

    fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move {
            let to = TO.lock().expect("no panic").take().expect("an address");
            let to = connect(to).expect("a slot").await.expect("connect");
            while peer.with_data(|bytes| pass(to, bytes)).await > 0 {}
            to.shutdown_write();
            to.with_data(|bytes| ParseResult::Consumed(bytes.len())).await;
        }
    }
}

/// Tells when a send is refused for the first time.
fn refused() -> Receiver<()> {
    let (tell, told) = channel();
    *TELL.lock().expect("no panic") = Some(tell);
    told
}

/// Has `from` send until a send of the server's is refused, no faster than the server reads; how
/// many bytes.
fn flood(mut from: &TcpStream) -> usize {
    let told = refused();
    from.set_nonblocking(true).expect("a socket");
    let piece = [b'x'; 1 << 16];
    let mut sent = 0;
    while told.recv_timeout(Duration::from_millis(1)).is_err() {
        sent += from.write(&piece).unwrap_or(0);
    }
    from.set_nonblocking(false).expect("a socket");
    sent
}

#[test]
fn an_echo_without_room_goes_on_when_its_client_reads() {
    let _one = ONE_AT_A_TIME.lock();
    serve::<Echo>(config(), |to| {
        let mut client = client(to);
        let sent = flood(&client);
        client.read_exact(&mut vec![0; sent]).expect("no reset, no silence");
        client.shutdown(Shutdown::Write).expect("end");
        assert_eq!(client.read(&mut [0]).expect("no reset, no silence"), 0);
    });
}

#[test]
fn a_relay_without_room_has_the_end_wait_until_the_other_client_reads() {
    let _one = ONE_AT_A_TIME.lock();
    let sink = TcpListener::bind("127.0.0.1:0").expect("bind");
    *TO.lock().expect("no panic") = Some(sink.local_addr().expect("an address"));
    serve::<Relay>(config(), |to| {
        let client = client(to);
        let mut reader = sink.accept().expect("accept").0;
        reader.set_read_timeout(Some(LIMIT)).expect("a limit");
        let sent = flood(&client);
        client.shutdown(Shutdown::Write).expect("end");
        // Most of the time the worker has seen the end before there is room.
        thread::sleep(Duration::from_millis(100));
        let read = std::io::copy(&mut reader, &mut std::io::sink()).expect("no silence");
        assert_eq!(read as usize, sent);
    });
}
