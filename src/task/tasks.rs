//! The Rust door of a worker: what it tells becomes what its tasks wait for.
//!
//! Owns: the handler. Bytes are shown to the task that waits for them while they are told, so that
//! nothing is copied; what it leaves stays with the runtime.

use super::bound::{Bound, Connected};
use super::config::Config;
use super::conn::ConnCtx;
use super::disk::{About, COMMAND};
use super::driver_ctx::DriverCtx;
use super::executor::{Executor, Owner};
use super::guard::Regions;
use super::handler::AsyncEventHandler;
use super::here::{Here, Shown, Waiter};
use super::notify::{NOTIFIED, Notified, Notifiers};
use super::udp::UdpCtx;
use super::{direct_io, nvme};
use crate::driver::Completion;
use crate::fault::ETLS;
use crate::runtime::{Door, Event, Rest, Shared, Worker};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

/// The user's number of the timer behind `on_tick`: no sleeper has it.
const TICK: u64 = u64::MAX;

/// What the workers of a runtime have in common.
pub(super) struct Common {
    pub(super) config: Arc<Config>,
    pub(super) shared: Arc<Shared>,
    pub(super) bound: Arc<Bound>,
    pub(super) notifiers: Arc<Notifiers>,
    pub(super) regions: Arc<Regions>,
}

/// The tasks of one worker.
pub(super) struct Tasks<H> {
    here: Rc<Here>,
    handler: RefCell<H>,
    notified: Notified,
    _common: Arc<Common>,
    /// Its connected sockets for datagrams, until it begins.
    connected: Cell<Vec<Connected>>,
}

impl<H: AsyncEventHandler> Tasks<H> {
    /// Those of `worker`, on its thread.
    pub(super) fn new(common: &Arc<Common>, worker: u32) -> Tasks<H> {
        let Common { config, shared, bound, notifiers, regions } = &**common;
        let of = shared.clone();
        let wake = move || of.wake(worker);
        let executor = Rc::new(Executor::new(config.standalone_task_capacity, wake));
        let here = Rc::new(Here::new(config.clone(), executor, regions.clone()));
        bound.listeners.iter().for_each(|id| here.udp.borrow_mut().add_bound(*id));
        let connected = Cell::new(bound.take_connected(worker));
        let handler = RefCell::new(H::create_for_worker(worker as usize));
        let notified = Notified::new(notifiers.clone(), worker);
        Tasks { here, handler, notified, _common: common.clone(), connected }
    }

    fn started(&self, worker: &Worker) {
        let here = &self.here;
        here.begin(worker);
        worker.hold_back();
        let task = self.handler.borrow().on_start();
        if let Some(key) = task.and_then(|task| here.executor.spawn(Owner::House, task)) {
            here.run(worker, key);
        }
        for (socket, is_v6) in self.connected.take() {
            // A worker that begins does not stop.
            if let Ok(id) = worker.datagram_add(socket, is_v6) {
                here.udp.borrow_mut().add_bound(id);
            }
        }
        let sockets = here.udp.borrow().bound();
        for socket in sockets {
            let task = self.handler.borrow().on_udp_bind(UdpCtx::new(socket));
            if let Some(key) = task.and_then(|task| here.executor.spawn(Owner::House, task)) {
                here.udp_is_read(socket);
                here.run(worker, key);
            }
        }
        let mut driver = DriverCtx::new(here, worker);
        self.handler.borrow_mut().on_tick(&mut driver);
        if driver.is_heard() {
            let period = here.config.tick_timeout_us.max(1) * 1000;
            // A worker that has no timer yet has room for one.
            let _ = worker.timer_start(period, period, TICK);
        }
    }

    /// Somebody came. Where there is TLS the handshake is first.
    fn accepted(&self, worker: &Worker, id: u64) {
        self.here.conns.borrow_mut().open(id);
        #[cfg(feature = "tls")]
        if self.here.config.tls.is_some() {
            return;
        }
        self.begin(worker, id);
    }

    /// A handshake ended well.
    #[cfg(feature = "tls")]
    fn secured(&self, worker: &Worker, id: u64) {
        let is_outbound = {
            let mut conns = self.here.conns.borrow_mut();
            let Some(conn) = conns.get(id) else { return };
            conn.connects = false;
            conn.is_outbound
        };
        if is_outbound { self.here.wake_all(id) } else { self.begin(worker, id) }
    }

    /// The task of who came begins.
    fn begin(&self, worker: &Worker, id: u64) {
        let here = &self.here;
        let task = Box::pin(self.handler.borrow().on_accept(ConnCtx::new(id)));
        if let Some(key) = here.executor.spawn(Owner::Connection(id), task) {
            here.run(worker, key);
        }
    }

    /// How many of the bytes were consumed.
    #[inline]
    fn data(&self, worker: &Worker, id: u64, bytes: &[u8]) -> i64 {
        let here = &self.here;
        let reader = {
            let mut conns = here.conns.borrow_mut();
            let Some(conn) = conns.get(id) else { return 0 };
            if let Some(sink) = conn.sink.as_mut().filter(|sink| sink.filled < sink.len) {
                let used = sink.fill(bytes);
                let reader = conn.reader.take();
                drop(conns);
                reader.into_iter().for_each(|reader| here.wake(reader));
                return used as i64;
            }
            conn.reader.take()
        };
        match reader {
            Some(Waiter::Task(key)) => {
                here.shown.set(Some(Shown::new(id, bytes)));
                here.run(worker, key);
                here.shown.take().map_or(0, |shown| shown.used as i64)
            }
            // It looks at what is kept when its task is polled.
            Some(Waiter::Other(waker)) => {
                waker.wake();
                0
            }
            None => 0,
        }
    }

    /// The other end sends nothing more.
    fn ended(&self, id: u64) -> i64 {
        let reader = {
            let mut conns = self.here.conns.borrow_mut();
            conns.get(id).and_then(|conn| {
                conn.has_ended = true;
                conn.reader.take()
            })
        };
        reader.into_iter().for_each(|reader| self.here.wake(reader));
        // Its task closes it, when it is over.
        1
    }

    fn connected(&self, worker: &Worker, id: u64, res: i32) {
        #[cfg(feature = "tls")]
        if res == 0 && self.here.shake_hands(worker, id) {
            return;
        }
        #[cfg(not(feature = "tls"))]
        let _ = worker;
        if let Some(conn) = self.here.conns.borrow_mut().get(id) {
            conn.connects = false;
            if res < 0 {
                conn.closed = Some(res);
            }
        }
        self.here.wake_all(id);
    }

    fn notified(&self, worker: &Worker, completion: &Completion) {
        if self.notified.completed(completion) {
            let mut driver = DriverCtx::new(&self.here, worker);
            self.handler.borrow_mut().on_notify(&mut driver);
        }
    }

    /// The worker told of an operation that the synchronous side began.
    fn commanded(&self, worker: &Worker, user: u64, completion: &Completion) {
        let Some((seq, about)) = self.here.disk.commands.completed(user, completion) else {
            return;
        };
        let mut driver = DriverCtx::new(&self.here, worker);
        let mut handler = self.handler.borrow_mut();
        match about {
            About::Direct(file, op) => {
                let done = direct_io::described(file, op, seq, completion.res);
                handler.on_direct_io_complete(&mut driver, done);
            }
            About::Nvme(device) => {
                let done = nvme::described(device, seq, completion.res);
                handler.on_nvme_complete(&mut driver, done);
            }
        }
    }

    fn closed(&self, worker: &Worker, id: u64, reason: i32, why: &'static str) {
        {
            let mut conns = self.here.conns.borrow_mut();
            let Some(conn) = conns.get(id) else { return };
            // Words of its own stay: why it did not begin.
            conn.why = if why.is_empty() { conn.why } else { why };
            conn.closed = Some(if conn.why.is_empty() { reason } else { ETLS });
            (conn.has_ended, conn.connects) = (true, false);
            conn.sent = worker.facts(id).map_or(0, |facts| facts.sent);
            conn.left = worker.take_kept(id);
        }
        self.here.wake_all(id);
    }
}

impl<H: AsyncEventHandler> Door for Tasks<H> {
    fn tell(&self, worker: &Worker, event: Event<'_>) {
        let here = &self.here;
        let _leaves = here.leaves_by_panic();
        match event {
            Event::Data { conn, bytes: [], used, .. } => *used = self.ended(conn),
            Event::Data { conn, bytes, used, .. } => *used = self.data(worker, conn, bytes),
            Event::Started => self.started(worker),
            Event::Accepted { conn, .. } => self.accepted(worker, conn),
            Event::Sent { conn, .. } => here.wake_senders(conn),
            Event::Writable { conn, .. } => {
                here.udp_writable(conn);
                here.wake_senders(conn);
            }
            Event::Connected { conn, res, .. } => self.connected(worker, conn, res),
            #[cfg(feature = "tls")]
            Event::Secured { conn, .. } => self.secured(worker, conn),
            Event::Closed { conn, reason, why, .. } => self.closed(worker, conn, reason, why),
            Event::Ticked { user: TICK, .. } => {
                self.handler.borrow_mut().on_tick(&mut DriverCtx::new(here, worker));
            }
            Event::Ticked { user, .. } => {
                let waiter = here.sleepers.borrow_mut().ticked(user);
                waiter.into_iter().for_each(|waiter| here.wake(waiter));
            }
            Event::Completed { user: NOTIFIED, completion } => self.notified(worker, completion),
            Event::Completed { user, completion } if user & COMMAND != 0 => {
                self.commanded(worker, user, completion);
            }
            Event::Completed { user, completion } => {
                here.operations.completed(here, user, completion);
            }
            Event::Resolved { user, res, addresses, error } => {
                here.resolved(user, res, addresses, error);
            }
            Event::Datagram { listener, datagram } => here.datagram(listener, datagram),
            Event::Released { cookie, .. } => {
                let guard = here.guards.borrow_mut().release(cookie);
                drop(guard);
            }
            Event::Spawned { process, res, streams, .. } => {
                here.spawned(worker, process, res, *streams);
            }
            Event::Exited { process, status, .. } => here.exited(process, status),
            Event::Signalled { signo, .. } => {
                let waiter = here.signals.borrow_mut().came(signo);
                waiter.into_iter().for_each(|waiter| here.wake(waiter));
            }
            Event::Stopped => here.end(),
            _ => {}
        }
    }

    fn poll(&self, worker: &Worker) -> Rest {
        let ran = self.here.run_ready(worker);
        match self.notified.watch(worker) {
            Err(_) => Rest::Short,
            Ok(()) if self.here.executor.ready() > 0 => Rest::Not,
            Ok(()) if ran => Rest::Done,
            Ok(()) => Rest::Idle,
        }
    }
}
