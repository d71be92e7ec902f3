//! Connections as streams: by futures-io, by tokio, and hyper on top.

use crate::common::*;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use ringline::*;
use std::convert::Infallible;
use std::future::Future;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

/// Answers each line with its length and itself, by futures-io; at the end it says good bye.
struct Lines;

impl AsyncEventHandler for Lines {
    fn create_for_worker(_: usize) -> Self {
        Lines
    }

    fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move {
            use futures_util::io::{AsyncBufReadExt, AsyncWriteExt};
            let mut stream = ConnStream::new(peer);
            assert_eq!(stream.conn_ctx(), peer);
            let mut line = String::new();
            while stream.read_line(&mut line).await.expect("a good client") > 0 {
                let answer = format!("{} {line}", line.len());
                stream.write_all(answer.as_bytes()).await.expect("a good client");
                line.clear();
            }
            stream.write_all(b"bye").await.expect("a good client");
            stream.close().await.expect("a good client");
        }
    }
}

#[test]
fn lines_are_read_and_answered() {
    serve::<Lines>(config(), |at| {
        let mut socket = client(at);
        socket.write_all(b"one\ntwo\nthree\n").expect("write");
        let mut lines = BufReader::new(socket.try_clone().expect("a copy")).lines();
        for line in ["4 one", "4 two", "6 three"] {
            assert_eq!(lines.next().expect("a line").expect("read"), line);
        }
        socket.shutdown(Shutdown::Write).expect("shut down");
        assert_eq!(lines.next().expect("the last").expect("read"), "bye");
        assert!(lines.next().is_none());
    });
}

/// Sends 64 MiB by tokio's traits, however slowly they are read; then all that came is counted.
struct Flood;

const FLOOD: usize = 64 << 20;

impl AsyncEventHandler for Flood {
    fn create_for_worker(_: usize) -> Self {
        Flood
    }

    fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let mut stream = ConnStream::new(peer);
            let block: Vec<u8> = (0..1 << 20).map(|at: u32| at as u8).collect();
            for _ in 0..FLOOD / block.len() {
                stream.write_all(&block).await.expect("a good client");
            }
            stream.flush().await.expect("a good client");
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.expect("a good client");
            stream.write_all(&rest.len().to_be_bytes()).await.expect("a good client");
            stream.shutdown().await.expect("a good client");
        }
    }
}

#[test]
fn who_reads_slowly_makes_the_writer_wait_and_loses_nothing() {
    serve::<Flood>(config(), |at| {
        let mut socket = client(at);
        socket.write_all(&[1; 1000]).expect("write");
        let (mut block, mut count) = (vec![0; 300_000], 0);
        while count < FLOOD {
            let some = socket.read(&mut block).expect("read");
            assert!(some > 0);
            let right = |(at, byte): (usize, &u8)| *byte == (count + at) as u8;
            assert!(block[..some].iter().enumerate().all(right));
            count += some;
            if count < 2 << 20 {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        assert_eq!(count, FLOOD);
        socket.shutdown(Shutdown::Write).expect("shut down");
        let mut told = [0; 8];
        socket.read_exact(&mut told).expect("read");
        assert_eq!(u64::from_be_bytes(told), 1000);
        assert_eq!(socket.read(&mut told).expect("read"), 0);
    });
}

#[test]
fn a_reset_is_an_error_of_the_stream() {
    run(config(), || async {
        use futures_util::io::{AsyncReadExt, AsyncWriteExt};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
        let to = listener.local_addr().expect("bound");
        let conn = connect(to).expect("a worker").await.expect("connected");
        let (mut peer, _) = listener.accept().expect("accept");
        let mut stream = ConnStream::new(conn);
        peer.write_all(b"last").expect("write");
        let mut four = [0; 4];
        stream.read_exact(&mut four).await.expect("what came first");
        // Bytes that nobody reads make the close a reset.
        stream.write_all(b"unread").await.expect("room");
        stream.flush().await.expect("taken");
        while peer.peek(&mut four).expect("peek") < 4 {}
        drop(peer);
        let error = stream.read(&mut four).await.expect_err("a reset");
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    });
}

async fn answered(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.expect("a good client").to_bytes();
    let text = if body.is_empty() { Bytes::from(path) } else { body };
    Ok(Response::new(Full::new(text)))
}

/// hyper, one connection per task.
struct Http;

impl AsyncEventHandler for Http {
    fn create_for_worker(_: usize) -> Self {
        Http
    }

    fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move {
            let stream = TokioIo::new(ConnStream::new(peer));
            let server = hyper::server::conn::http1::Builder::new();
            server.serve_connection(stream, service_fn(answered)).await.expect("good requests");
        }
    }
}

#[test]
fn hyper_serves_a_connection_that_is_kept() {
    serve::<Http>(config(), |at| {
        let mut socket = client(at);
        let mut answer = |request: &[u8], length: usize| {
            socket.write_all(request).expect("write");
            let mut reader = BufReader::new(&socket);
            let mut line = String::new();
            reader.read_line(&mut line).expect("a status");
            assert_eq!(line, "HTTP/1.1 200 OK\r\n");
            while line != "\r\n" {
                line.clear();
                reader.read_line(&mut line).expect("a header");
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("a body");
            body
        };
        for path in ["/one", "/two"] {
            let request = format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n");
            assert_eq!(answer(request.as_bytes(), path.len()), path.as_bytes());
        }
        let large = vec![b'x'; 3_000_000];
        let head =
            format!("POST / HTTP/1.1\r\nHost: here\r\nContent-Length: {}\r\n\r\n", large.len());
        assert!(answer(&[head.as_bytes(), &large].concat(), large.len()) == large);
    });
}
