//! Answers every datagram with itself: `udp_echo [ADDRESS]`, 127.0.0.1:7878 without one.

use ringline::{AsyncEventHandler, ConfigBuilder, ConnCtx, RinglineBuilder, UdpCtx, UdpSendError};
use std::error::Error;
use std::future::Future;
use std::pin::Pin;

struct Echo;

impl AsyncEventHandler for Echo {
    fn create_for_worker(_worker: usize) -> Self {
        Echo
    }

    fn on_accept(&self, _conn: ConnCtx) -> impl Future<Output = ()> + 'static {
        std::future::ready(())
    }

    fn on_udp_bind(&self, udp: UdpCtx) -> Option<Pin<Box<dyn Future<Output = ()>>>> {
        Some(Box::pin(async move {
            loop {
                let (bytes, peer) = udp.recv_from().await;
                while let Err(UdpSendError::PoolExhausted) = udp.send_to(peer, &bytes) {
                    udp.send_ready().await;
                }
            }
        }))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:7878".to_owned());
    let config = ConfigBuilder::new().workers(1).build()?;
    let builder = RinglineBuilder::new(config).bind_udp(address.parse()?);
    let (handle, workers) = builder.launch::<Echo>()?;
    println!("udp_echo: {:?}", handle.bound_udp_addr());
    for worker in workers {
        worker.join().expect("no panic")?;
    }
    Ok(())
}
