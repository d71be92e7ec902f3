//! The worker that the calling thread is, as its tasks see it.
//!
//! Owns: what the tasks of a worker wait for. Invariant: no borrow of it is held while user code
//! runs, since that may ask for anything here.

use super::config::Config;
use super::conns::Conns;
use super::disk::Disk;
use super::executor::{Executor, Key, Owner, Polled};
use super::guard::Regions;
use super::names::Lookups;
use super::operation::Operations;
use super::process::Children;
use super::send::Guards;
use super::signal::Signals;
use super::time::Sleepers;
use super::udp::Sockets;
use crate::fault::{ECLOSED, ESTALE, Fault};
use crate::log;
use crate::runtime::{How, Worker};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Waker};

/// Who is to be woken.
#[derive(Debug)]
pub(super) enum Waiter {
    /// A task of this worker that waits by itself.
    Task(Key),
    /// Anybody else, or a task through a combinator that has wakers of its own.
    Other(Waker),
}

impl Waiter {
    /// Whether waking either wakes the same.
    pub(super) fn is_same(&self, other: &Waiter) -> bool {
        match (self, other) {
            (Waiter::Task(key), Waiter::Task(other)) => key == other,
            (Waiter::Other(waker), Waiter::Other(other)) => waker.will_wake(other),
            _ => false,
        }
    }
}

/// Bytes that are shown at this moment.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    pub(super) conn: u64,
    bytes: NonNull<[u8]>,
    pub(super) used: usize,
}

impl Shown {
    /// `bytes` of a connection, of which none is consumed.
    pub(super) fn new(conn: u64, bytes: &[u8]) -> Shown {
        Shown { conn, bytes: NonNull::from(bytes), used: 0 }
    }

    /// What nobody consumed yet.
    pub(super) fn rest(&self) -> &[u8] {
        // SAFETY: a `Shown` is in `Here::shown` or taken out of it only while the event that
        // brought the bytes is told, and the runtime keeps them until that returns.
        unsafe { &self.bytes.as_ref()[self.used..] }
    }
}

/// What a worker's tasks have of it.
pub(super) struct Here {
    pub(super) executor: Rc<Executor>,
    pub(super) config: Arc<Config>,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<Arc<crate::runtime::TlsConfig>>,
    worker: Cell<Option<NonNull<Worker>>>,
    pub(super) shown: Cell<Option<Shown>>,
    /// The connection whose queue had no room for the last send that was refused.
    pub(super) full: Cell<Option<u64>>,
    pub(super) conns: RefCell<Conns>,
    pub(super) sleepers: RefCell<Sleepers>,
    pub(super) guards: RefCell<Guards>,
    pub(super) udp: RefCell<Sockets>,
    pub(super) lookups: RefCell<Lookups>,
    pub(super) signals: RefCell<Signals>,
    pub(super) regions: Arc<Regions>,
    pub(super) operations: Rc<Operations>,
    pub(super) disk: Disk,
    pub(super) children: Children,
}

thread_local! {
    static HERE: RefCell<Option<Rc<Here>>> = const { RefCell::new(None) };
}

/// What `body` makes of the calling thread's worker, if it is one.
#[inline]
pub(super) fn with_here<T>(body: impl FnOnce(&Here, &Worker) -> T) -> Option<T> {
    let found = HERE.try_with(|here| {
        let here = here.borrow();
        let here = here.as_ref()?;
        Some(body(here, here.worker()?))
    });
    found.ok().flatten()
}

/// As [`with_here`], for what can fail.
pub(super) fn try_here<T>(body: impl FnOnce(&Here, &Worker) -> Result<T, Fault>) -> io::Result<T> {
    match with_here(body) {
        Some(done) => done.map_err(to_io),
        None => Err(no_worker()),
    }
}

#[cold]
pub(super) fn no_worker() -> io::Error {
    io::Error::new(
        io::ErrorKind::NotConnected,
        "this thread is no worker of a runtime: call it in a task",
    )
}

impl Here {
    /// What the worker of this config has, before it begins.
    pub(super) fn new(config: Arc<Config>, executor: Rc<Executor>, regions: Arc<Regions>) -> Here {
        Here {
            executor,
            sleepers: RefCell::new(Sleepers::new(config.timer_slots)),
            disk: Disk::new(&config),
            #[cfg(feature = "tls")]
            tls: super::tls::client_of(&config),
            config,
            worker: Cell::new(None),
            shown: Cell::new(None),
            full: Cell::new(None),
            conns: RefCell::default(),
            guards: RefCell::default(),
            udp: RefCell::default(),
            children: Children::default(),
            lookups: RefCell::default(),
            signals: RefCell::default(),
            regions,
            operations: Rc::default(),
        }
    }

    /// The calling thread is `worker` from now on.
    pub(super) fn begin(self: &Rc<Here>, worker: &Worker) {
        self.worker.set(Some(NonNull::from(worker)));
        self.executor.enter();
        HERE.set(Some(self.clone()));
    }

    /// The worker is over: its tasks are dropped.
    pub(super) fn end(&self) {
        self.executor.clear();
        self.disk.clear();
        Executor::leave();
        HERE.set(None);
        self.worker.set(None);
    }

    /// Until this is dropped, a panic that unwinds out of it has the thread be no worker any more:
    /// what the thread drops at its end may still call into this crate.
    pub(super) fn leaves_by_panic(&self) -> LeavesByPanic<'_> {
        LeavesByPanic(self)
    }

    fn worker(&self) -> Option<&Worker> {
        // SAFETY: set at `begin`, unset at `end`; the worker is there from the one to the other.
        self.worker.get().map(|worker| unsafe { worker.as_ref() })
    }

    /// Whom to wake for `cx`.
    #[inline]
    pub(super) fn waiter(&self, cx: &Context<'_>) -> Waiter {
        match self.executor.is_own(cx.waker()) {
            Some(key) => Waiter::Task(key),
            None => Waiter::Other(cx.waker().clone()),
        }
    }

    /// Wake whoever it is, at the next round.
    pub(super) fn wake(&self, waiter: Waiter) {
        match waiter {
            Waiter::Task(key) => self.executor.wake(key),
            Waiter::Other(waker) => waker.wake(),
        }
    }

    /// Poll a task now.
    pub(super) fn run(&self, worker: &Worker, key: Key) {
        let (owner, how) = match self.executor.poll(key) {
            Polled::Pending => return,
            Polled::Over(owner) => (owner, How::Gracefully),
            Polled::Panicked(owner, text) => {
                let index = worker.index();
                log::tell(log::ERROR, format_args!("worker {index}: a task panicked: {text}"));
                (owner, How::AtOnce)
            }
        };
        if let Owner::Connection(conn) = owner {
            // It may be over before its task, which left something unread then.
            if worker.close(conn, how).is_err() {
                self.conns.borrow_mut().forget(conn);
            }
        }
    }

    /// Poll the tasks that were woken until now; whether there were any.
    pub(super) fn run_ready(&self, worker: &Worker) -> bool {
        self.executor.take_woken();
        let ready = self.executor.ready();
        for _ in 0..ready {
            let Some(key) = self.executor.next() else { break };
            self.run(worker, key);
        }
        ready > 0
    }
}

/// See [`Here::leaves_by_panic`].
pub(super) struct LeavesByPanic<'a>(&'a Here);

impl Drop for LeavesByPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.worker.set(None);
        }
    }
}

/// A fault of the runtime's, with its words.
#[derive(Debug)]
struct Refusal(Fault);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.context)
    }
}

impl std::error::Error for Refusal {}

/// As an error of std, with the runtime's words.
#[cold]
pub(super) fn to_io(fault: Fault) -> io::Error {
    let kind = match fault.code {
        ESTALE => io::ErrorKind::NotConnected,
        ECLOSED => io::ErrorKind::BrokenPipe,
        code if code > -4096 => io::Error::from_raw_os_error(-code).kind(),
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, Refusal(fault))
}
