//! Answers every byte with itself, by TLS: `echo_tls_server CHAIN.pem KEY.pem [ADDRESS]`,
//! 127.0.0.1:7879 without one. To try it: `openssl s_client -connect 127.0.0.1:7879`.

// An `async fn` would borrow the handler: its future has to be 'static.
#![allow(clippy::manual_async_fn)]

use ringline::rustls::ServerConfig;
use ringline::rustls::pki_types::pem::PemObject;
use ringline::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use ringline::{
    AsyncEventHandler, ConfigBuilder, ConnCtx, ParseResult, RinglineBuilder, TlsConfig, signal,
};
use std::error::Error;
use std::future::Future;
use std::sync::Arc;

struct Echo;

impl AsyncEventHandler for Echo {
    fn create_for_worker(_worker: usize) -> Self {
        Echo
    }

    /// The handshake is over, and bytes are plain here.
    fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move {
            let version = peer.tls_info().and_then(|tls| tls.protocol_version);
            println!("{:?} by {version:?}", peer.peer_addr());
            let echo = |bytes: &[u8]| match peer.send_nowait(bytes) {
                Ok(()) => ParseResult::Consumed(bytes.len()),
                Err(_) => ParseResult::NeedMore,
            };
            while peer.with_data(echo).await > 0 {}
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [chain, key, rest @ ..] = &words[..] else {
        return Err("usage: echo_tls_server CHAIN.pem KEY.pem [ADDRESS]".into());
    };
    let address = rest.first().map_or("127.0.0.1:7879", String::as_str);
    let chain = CertificateDer::pem_file_iter(chain)?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(key)?;
    let tls = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
    let config = ConfigBuilder::new().tls(TlsConfig::new(Arc::new(tls))).build()?;
    let (stop, workers) = RinglineBuilder::new(config).bind(address.parse()?).launch::<Echo>()?;
    println!("listening on {}", stop.bound_addr().expect("it is bound"));
    signal::wait();
    stop.shutdown();
    for worker in workers {
        worker.join().expect("no panic")?;
    }
    Ok(())
}
