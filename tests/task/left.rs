//! What the other end sent before it went is read before its end is seen.

use super::common::{client, config, serve};
use ringline::*;
use socket2::SockRef;
use std::future::Future;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

static TELL: Mutex<Option<Sender<Vec<u8>>>> = Mutex::new(None);

/// Reads nothing until a send says that the connection is over, then all that there is.
struct Late;

impl AsyncEventHandler for Late {
    fn create_for_worker(_: usize) -> Self {
        Late
    }

    fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move {
            peer.recv_ready().await;
            peer.send_nowait(b"!").expect("room");
            while peer.peer_addr().is_some() && peer.send_nowait(b"?").is_ok() {
                sleep(Duration::from_millis(1)).await;
            }
            let mut read = Vec::new();
            let mut some = |bytes: &[u8]| {
                let count = bytes.len().min(3);
                read.extend_from_slice(&bytes[..count]);
                ParseResult::Consumed(count)
            };
            while peer.with_data(&mut some).await > 0 {}
            assert_eq!(peer.try_with_data(|_| ParseResult::NeedMore), None);
            let tell = TELL.lock().expect("no panic").clone().expect("somebody listens");
            tell.send(read).expect("somebody listens");
        }
    }
}

fn reset(to: SocketAddr, text: &[u8]) {
    let mut client = client(to);
    client.write_all(text).expect("write");
    // The first of the bytes are kept by now for a task that does not read them.
    client.read_exact(&mut [0]).expect("read");
    SockRef::from(&client).set_linger(Some(Duration::ZERO)).expect("linger");
}

#[test]
fn what_was_sent_before_a_reset_is_read_after_it() {
    let (tell, told) = channel();
    *TELL.lock().expect("no panic") = Some(tell);
    serve::<Late>(config(), |to| {
        for text in [&b"the last words"[..], &[7; 20_000]] {
            reset(to, text);
            let read = told.recv_timeout(super::common::LIMIT).expect("told");
            assert!(read == text, "{} of {} bytes", read.len(), text.len());
        }
    });
}
