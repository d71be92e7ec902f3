//! hyper on this library's connections: `http_hello [ADDRESS]`, 127.0.0.1:8080 without one.

// An `async fn` would borrow the handler: its future has to be 'static.
#![allow(clippy::manual_async_fn)]

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use ringline::{AsyncEventHandler, ConfigBuilder, ConnCtx, ConnStream, RinglineBuilder, signal};
use std::convert::Infallible;
use std::error::Error;
use std::future::Future;

async fn hello(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let text = format!("hello from {}\n", request.uri().path());
    Ok(Response::new(Full::new(Bytes::from(text))))
}

struct Http;

impl AsyncEventHandler for Http {
    fn create_for_worker(_worker: usize) -> Self {
        Http
    }

    fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move {
            let stream = TokioIo::new(ConnStream::new(peer));
            let served = http1::Builder::new().serve_connection(stream, service_fn(hello));
            if let Err(error) = served.await {
                eprintln!("{:?}: {error}", peer.peer_addr());
            }
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let builder = RinglineBuilder::new(ConfigBuilder::new().build()?).bind(address.parse()?);
    let (stop, workers) = builder.launch::<Http>()?;
    println!("listening on {}", stop.bound_addr().expect("it is bound"));
    signal::wait();
    stop.shutdown();
    for worker in workers {
        worker.join().expect("no panic")?;
    }
    Ok(())
}
