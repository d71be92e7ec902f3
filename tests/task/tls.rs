//! TLS: servers and clients by rustls' configs, what a session tells, and what goes wrong.

use crate::common::*;
use ringline::rustls::pki_types::pem::PemObject;
use ringline::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use ringline::*;
use std::future::Future;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};

type Certificates = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// A certificate for localhost and its key, as openssl makes both; the same for all tests.
fn identity() -> Certificates {
    static PEM: OnceLock<Vec<u8>> = OnceLock::new();
    let pem = PEM.get_or_init(|| {
        let words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj \
                     /CN=localhost -addext subjectAltName=DNS:localhost -addext \
                     basicConstraints=CA:FALSE -keyout - -out -";
        let words = words.split(' ').filter(|word| !word.is_empty());
        std::process::Command::new("openssl").args(words).output().expect("openssl").stdout
    });
    let chain = CertificateDer::pem_slice_iter(pem).flatten().collect();
    (chain, PrivateKeyDer::from_pem_slice(pem).expect("a key"))
}

fn server_config(protocols: &[&str]) -> Arc<rustls::ServerConfig> {
    let (chain, key) = identity();
    let builder = rustls::ServerConfig::builder().with_no_client_auth();
    let mut config = builder.with_single_cert(chain, key).expect("a pair");
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

fn client_config(protocols: &[&str]) -> Arc<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in identity().0 {
        roots.add(certificate).expect("a root");
    }
    let builder = rustls::ClientConfig::builder().with_root_certificates(roots);
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

fn with_tls(protocols: &[&str]) -> Config {
    let mut config = config();
    config.tls = Some(TlsConfig { server_config: server_config(protocols) });
    config.tls_client = Some(TlsClientConfig::new(client_config(&["h2", "two"])));
    config
}

/// Echoes, and begins with what it knows of its session.
struct Teller;

impl AsyncEventHandler for Teller {
    fn create_for_worker(_: usize) -> Self {
        Teller
    }

    fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move {
            let tls = peer.tls_info().expect("a session");
            assert!(tls.protocol_version.is_some() && tls.cipher_suite.is_some());
            let name = tls.sni_hostname.unwrap_or_default();
            let protocol = String::from_utf8(tls.alpn_protocol.unwrap_or_default()).expect("text");
            peer.send_nowait(format!("{name} {protocol}\n").as_bytes()).expect("room");
            let echo = |bytes: &[u8]| match peer.send_nowait(bytes) {
                Ok(()) => ParseResult::Consumed(bytes.len()),
                Err(_) => ParseResult::NeedMore,
            };
            while peer.with_data(echo).await > 0 {}
        }
    }
}

#[test]
fn a_server_shakes_hands_and_echoes() {
    serve::<Teller>(with_tls(&["one", "two"]), |at| {
        let name = ServerName::try_from("localhost").expect("a name");
        let mut session =
            rustls::ClientConnection::new(client_config(&["two"]), name).expect("a client");
        let mut socket = client(at);
        let mut stream = rustls::Stream::new(&mut session, &mut socket);
        let mut told = [0; 14];
        stream.read_exact(&mut told).expect("read");
        assert_eq!(&told, b"localhost two\n");
        for message in [vec![1; 5], vec![2; 100_000]] {
            stream.write_all(&message).expect("write");
            let mut back = vec![0; message.len()];
            stream.read_exact(&mut back).expect("read");
            assert!(back == message);
        }
    });
}

#[test]
fn who_speaks_no_tls_gets_no_task() {
    serve::<Teller>(with_tls(&[]), |at| {
        let mut socket = client(at);
        socket.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("write");
        let mut back = Vec::new();
        // An alert, then the end; or a reset.
        let _ = socket.read_to_end(&mut back);
        assert!(!back.starts_with(b"HTTP") && back.len() < 100);
    });
}

/// What a client's task is to do, and where it tells how that went.
static ORDERS: Mutex<Option<(SocketAddr, Sender<String>)>> = Mutex::new(None);

struct Dialer;

impl AsyncEventHandler for Dialer {
    fn create_for_worker(_: usize) -> Self {
        Dialer
    }

    fn on_accept(&self, _: ConnCtx) -> impl Future<Output = ()> + 'static {
        async {}
    }

    fn on_start(&self) -> Option<Pin<Box<dyn Future<Output = ()>>>> {
        let (to, say) = ORDERS.lock().expect("no panic").take().expect("an order");
        Some(Box::pin(async move {
            let good = connect_tls(to, "localhost").expect("a worker").await.expect("a session");
            let tls = good.tls_info().expect("a session");
            assert_eq!((tls.alpn_protocol.as_deref(), tls.sni_hostname), (Some(&b"two"[..]), None));
            good.send(b"ping").expect("room").await.expect("sent");
            let mut back = Vec::new();
            while back.len() < b"localhost two\nping".len() {
                let all = |bytes: &[u8]| {
                    back.extend_from_slice(bytes);
                    ParseResult::Consumed(bytes.len())
                };
                assert!(good.with_data(all).await > 0);
            }
            say.send(String::from_utf8(back).expect("text")).expect("a test");
            let other = connect_tls(to, "example.org").expect("a worker").await;
            let error = other.expect_err("another name");
            say.send(format!("{:?} {error}", error.kind())).expect("a test");
            let none = connect_tls(to, "no name").expect_err("no name");
            say.send(format!("{:?}", none.kind())).expect("a test");
            request_shutdown().expect("a worker");
        }))
    }
}

fn dial(config: Config, to: SocketAddr) -> Receiver<String> {
    let (say, said) = channel();
    *ORDERS.lock().expect("no panic") = Some((to, say));
    let (_stop, workers) = RinglineBuilder::new(config).launch::<Dialer>().expect("launch");
    for worker in workers {
        worker.join().expect("no panic").expect("no error");
    }
    said
}

#[test]
fn a_client_shakes_hands_and_knows_whom_it_wants() {
    serve::<Teller>(with_tls(&["one", "two"]), |at| {
        let said = dial(with_tls(&[]), at);
        assert_eq!(said.recv().expect("said"), "localhost two\nping");
        let refused = said.recv().expect("said");
        assert!(refused.starts_with("InvalidData ") && refused.len() > 20, "{refused}");
        assert_eq!(said.recv().expect("said"), "InvalidInput");
    });
}

static STALLED: Mutex<Option<(SocketAddr, Sender<ErrorKind>)>> = Mutex::new(None);

struct Impatient;

impl AsyncEventHandler for Impatient {
    fn create_for_worker(_: usize) -> Self {
        Impatient
    }

    fn on_accept(&self, _: ConnCtx) -> impl Future<Output = ()> + 'static {
        async {}
    }

    fn on_start(&self) -> Option<Pin<Box<dyn Future<Output = ()>>>> {
        let (to, say) = STALLED.lock().expect("no panic").take().expect("an order");
        Some(Box::pin(async move {
            let late = connect_tls_with_timeout(to, "localhost", 50).expect("a worker").await;
            say.send(late.expect_err("nobody answers").kind()).expect("a test");
            request_shutdown().expect("a worker");
        }))
    }
}

#[test]
fn a_handshake_that_stalls_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let (say, said) = channel();
    *STALLED.lock().expect("no panic") = Some((listener.local_addr().expect("bound"), say));
    let launched = RinglineBuilder::new(with_tls(&[])).launch::<Impatient>();
    let (_stop, workers) = launched.expect("launch");
    let (mut server, _): (TcpStream, _) = listener.accept().expect("accept");
    assert_eq!(said.recv_timeout(LIMIT).expect("said"), ErrorKind::TimedOut);
    // Its socket is closed too: the end comes behind the hello, or a reset.
    server.set_read_timeout(Some(LIMIT)).expect("a limit");
    let end = server.read_to_end(&mut Vec::new());
    assert!(end.is_ok() || end.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset));
    for worker in workers {
        worker.join().expect("no panic").expect("no error");
    }
}
