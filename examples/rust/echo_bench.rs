//! Loads an echo server of its own and tells round trips per second, their times, and the CPU:
//! `echo_bench [CLIENTS [BYTES [SECONDS]]]`, 16 clients, 64 bytes and 3 seconds without them.

// An `async fn` would borrow the handler: its future has to be 'static.
#![allow(clippy::manual_async_fn)]

use ringline::{AsyncEventHandler, ConfigBuilder, ConnCtx, ParseResult, RinglineBuilder};
use std::error::Error;
use std::fs;
use std::future::Future;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

struct Echo;

impl AsyncEventHandler for Echo {
    fn create_for_worker(_worker: usize) -> Self {
        Echo
    }

    fn on_accept(&self, peer: ConnCtx) -> impl Future<Output = ()> + 'static {
        async move {
            let echo = |bytes: &[u8]| match peer.send_nowait(bytes) {
                Ok(()) => ParseResult::Consumed(bytes.len()),
                Err(_) => ParseResult::NeedMore,
            };
            while peer.with_data(echo).await > 0 {}
        }
    }
}

/// A client's round trips until `end`: how long each was.
fn round_trips(to: SocketAddr, bytes: usize, end: Instant) -> io::Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(to)?;
    stream.set_nodelay(true)?;
    let (message, mut answer) = (vec![7; bytes], vec![0; bytes]);
    let mut times = Vec::new();
    while Instant::now() < end {
        let began = Instant::now();
        stream.write_all(&message)?;
        stream.read_exact(&mut answer)?;
        times.push(began.elapsed());
    }
    Ok(times)
}

/// CPU time of the threads of the server so far.
fn cpu_of_workers() -> io::Result<Duration> {
    let mut all = 0;
    for task in fs::read_dir("/proc/self/task")? {
        let folder = task?.path();
        if fs::read_to_string(folder.join("comm"))?.starts_with("ringline") {
            let schedstat = fs::read_to_string(folder.join("schedstat"))?;
            let spent = schedstat.split(' ').next().and_then(|spent| spent.parse::<u64>().ok());
            all += spent.unwrap_or(0);
        }
    }
    Ok(Duration::from_nanos(all))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1).map(|word| word.parse::<usize>());
    let mut next = |default| words.next().unwrap_or(Ok(default));
    let (clients, bytes, seconds) = (next(16)?.max(1), next(64)?.max(1), next(3)? as u64);
    let config = ConfigBuilder::new().workers(1).pin_to_core(false).build()?;
    let builder = RinglineBuilder::new(config).bind("127.0.0.1:0".parse()?);
    let (stop, workers) = builder.launch::<Echo>()?;
    let to = stop.bound_addr().expect("it is bound");
    println!("{clients} clients, {bytes} bytes, {seconds} s");
    let before = cpu_of_workers()?;
    let end = Instant::now() + Duration::from_secs(seconds);
    let load = |_| std::thread::spawn(move || round_trips(to, bytes, end));
    let threads: Vec<_> = (0..clients).map(load).collect();
    let mut times = Vec::new();
    for thread in threads {
        times.extend(thread.join().expect("no panic")?);
    }
    let spent = cpu_of_workers()? - before;
    times.sort_unstable();
    let count = times.len().max(1);
    println!("{:>10.0} round trips/s", times.len() as f64 / seconds.max(1) as f64);
    for (name, part) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)] {
        let time = times.get((count as f64 * part) as usize).copied().unwrap_or_default();
        println!("{:>10.1} us {name}", time.as_secs_f64() * 1e6);
    }
    println!("{:>10.2} us of the server's CPU for each", spent.as_secs_f64() * 1e6 / count as f64);
    stop.shutdown();
    for worker in workers {
        worker.join().expect("no panic")?;
    }
    Ok(())
}
