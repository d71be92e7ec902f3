//! The signals that ask a program to end.
//!
//! Owns: nothing. No handler is installed: who waits takes the signal in place of what it would do.
//!
//! ```no_run
//! # struct Server;
//! # impl ringline::AsyncEventHandler for Server {
//! #     fn create_for_worker(_: usize) -> Self { Server }
//! #     fn on_accept(&self, _: ringline::ConnCtx) -> impl Future<Output = ()> + 'static {
//! #         async {}
//! #     }
//! # }
//! # fn main() -> Result<(), ringline::Error> {
//! let config = ringline::ConfigBuilder::new().build()?;
//! let builder = ringline::RinglineBuilder::new(config).bind(([127, 0, 0, 1], 7878).into());
//! let (stop, workers) = builder.launch::<Server>()?;
//! println!("{:?}: the clients are served, then it ends", ringline::signal::wait());
//! stop.shutdown();
//! for worker in workers {
//!     worker.join().expect("no panic")?;
//! }
//! # Ok(()) }
//! ```

use super::here::{Waiter, no_worker, to_io, with_here};
use std::future::Future;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll};

/// A signal that asks to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGTERM: what service managers and `kill` send.
    Terminate,
}

const BOTH: [(i32, Signal); 2] =
    [(libc::SIGINT, Signal::Interrupt), (libc::SIGTERM, Signal::Terminate)];

fn signal_of(number: i32) -> Option<Signal> {
    BOTH.iter().find(|(known, _)| *known == number).map(|(_, signal)| *signal)
}

/// The set of both.
fn both() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: `sigemptyset` writes the set, which the others then change.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for (number, _) in BOTH {
            libc::sigaddset(set.as_mut_ptr(), number);
        }
        set.assume_init()
    }
}

/// From now on the calling thread, and those that it starts, leave both signals to [`wait`] and
/// [`recv`]. Threads of a runtime block all signals anyhow. Call it first in `main` where a task
/// waits by [`recv`]: a thread that takes the signal by itself ends the program.
pub fn block() {
    // SAFETY: a set that is only read.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &both(), ptr::null_mut()) };
}

/// Wait for one of both, on a thread that may block. They are blocked in this thread from here on;
/// in others, see [`block`].
pub fn wait() -> Signal {
    block();
    let set = both();
    loop {
        let mut number = 0;
        // SAFETY: a set that is only read, and a number to write.
        let done = unsafe { libc::sigwait(&set, &mut number) };
        if let Some(signal) = signal_of(number).filter(|_| done == 0) {
            return signal;
        }
    }
}

/// Wait for one of both in a task. Each one that comes is one future's; where several wait, the
/// last one has it.
///
/// # Errors
/// `NotConnected` when the calling thread is no worker; `PermissionDenied` where a thread could
/// take the signal by itself: see [`block`].
///
/// ```no_run
/// # async fn example() -> std::io::Result<()> {
/// ringline::signal::recv()?.await;
/// ringline::request_shutdown()
/// # }
/// ```
pub fn recv() -> io::Result<SignalFuture> {
    let begun = with_here(|_, worker| {
        for (number, _) in BOTH {
            match worker.signal_watch(number, true) {
                Err(fault) if fault.code != -libc::EALREADY => return Err(to_io(fault)),
                _ => {}
            }
        }
        Ok(SignalFuture { _private: () })
    });
    begun.unwrap_or_else(|| Err(no_worker()))
}

/// Signals that came to a worker, and who waits for one.
#[derive(Default)]
pub(super) struct Signals {
    came: Vec<Signal>,
    waiter: Option<Waiter>,
}

impl Signals {
    /// A signal came: whom to wake.
    pub(super) fn came(&mut self, number: i32) -> Option<Waiter> {
        self.came.insert(0, signal_of(number)?);
        self.waiter.take()
    }
}

/// The future of [`recv`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct SignalFuture {
    _private: (),
}

impl Future for SignalFuture {
    type Output = Signal;

    /// Never on a thread that is no worker.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Signal> {
        let polled = with_here(|here, _| {
            let waiter = here.waiter(cx);
            let signals = &mut *here.signals.borrow_mut();
            match signals.came.pop() {
                Some(signal) => Poll::Ready(signal),
                None => {
                    signals.waiter = Some(waiter);
                    Poll::Pending
                }
            }
        });
        polled.unwrap_or(Poll::Pending)
    }
}
