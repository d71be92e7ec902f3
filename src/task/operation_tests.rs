//! Operations of tasks whose futures are dropped, on a real ring.

use super::handler::AsyncEventHandler;
use super::here::with_here;
use super::operation::Operation;
use super::{Config, ConfigBuilder, ConnCtx, RinglineBuilder, request_shutdown, sleep};
use crate::driver::{Op, opcode};
use std::cell::Cell;
use std::future::Future;
use std::io::{self, ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(20);

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Makes the task of a test on the worker.
static MAKE: Mutex<Option<fn() -> Task>> = Mutex::new(None);
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The task is over, by a panic too: so is the runtime.
struct Ends;

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = request_shutdown();
    }
}

struct Once;

impl AsyncEventHandler for Once {
    fn create_for_worker(_: usize) -> Self {
        Once
    }

    #[allow(clippy::manual_async_fn)]
    fn on_accept(&self, _: ConnCtx) -> impl Future<Output = ()> + 'static {
        async {}
    }

    fn on_start(&self) -> Option<Task> {
        let task = MAKE.lock().expect("no panic").take()?();
        Some(Box::pin(async {
            let _ends = Ends;
            task.await;
        }))
    }
}

fn config() -> Config {
    ConfigBuilder::new().workers(1).pin_to_core(false).build().expect("valid")
}

/// Run a task on a worker, which ends with it.
fn on_a_worker(make: fn() -> Task) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    *MAKE.lock().expect("no panic") = Some(make);
    let (_stop, workers) = RinglineBuilder::new(config()).launch::<Once>().expect("launch");
    for worker in workers {
        worker.join().expect("no panic").expect("no error");
    }
}

/// Wait for something that comes about by itself.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + LIMIT;
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
        sleep(Duration::from_millis(1)).await;
    }
}

/// Memory that says when it is freed.
struct Memory {
    bytes: Vec<u8>,
    _file: UnixStream,
    freed: Rc<Cell<bool>>,
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.freed.set(true);
    }
}

fn reads(fd: i32, memory: &mut Memory) -> Op {
    let addr = memory.bytes.as_mut_ptr() as u64;
    Op { opcode: opcode::READ, fd, addr, len: 64, ..Op::default() }
}

/// A read of something that nobody writes.
fn read(freed: &Rc<Cell<bool>>) -> (Operation<Memory>, UnixStream) {
    let (file, other) = UnixStream::pair().expect("two sockets");
    let fd = file.as_raw_fd();
    let memory = Memory { bytes: vec![0; 64], _file: file, freed: freed.clone() };
    // SAFETY: the bytes are on the heap, and the file is open as long as they are there.
    (unsafe { Operation::submit(memory, |memory| reads(fd, memory)) }.expect("room"), other)
}

static PASSED: AtomicBool = AtomicBool::new(false);

/// The worker is over, and its task got as far as this.
fn passed() {
    assert!(PASSED.swap(false, Ordering::SeqCst), "the task did not come to its end");
}

#[test]
fn a_dropped_operation_ends_and_keeps_its_memory_until_then() {
    on_a_worker(|| {
        Box::pin(async {
            let freed = Rc::new(Cell::new(false));
            let (operation, other) = read(&freed);
            // The kernel has it.
            sleep(Duration::from_millis(1)).await;
            drop(operation);
            assert!(!freed.get(), "the kernel has it still");
            until("a dropped operation ends", || freed.get()).await;
            drop(other);
            PASSED.store(true, Ordering::SeqCst);
        })
    });
    passed();
}

#[test]
fn an_operation_is_cancelled_or_awaited() {
    on_a_worker(|| {
        Box::pin(async {
            let freed = Rc::new(Cell::new(false));
            let (operation, other) = read(&freed);
            operation.cancel().expect("under way");
            let (outcome, memory) = operation.await;
            assert_eq!(outcome.value().expect_err("cancelled").raw_os_error(), Some(125));
            assert!(!freed.get());
            drop((memory, other));
            let (operation, other) = read(&freed);
            io::Write::write_all(&mut &other, b"seven").expect("write");
            let (outcome, memory) = operation.await;
            assert_eq!(outcome.value().expect("read"), 5);
            assert_eq!(&memory.bytes[..5], b"seven");
            PASSED.store(true, Ordering::SeqCst);
        })
    });
    passed();
}

/// A client whose connection is ready to be accepted, and the accept.
fn accept(listener: &Rc<TcpListener>) -> (Operation<Rc<TcpListener>>, TcpStream) {
    let client = TcpStream::connect(listener.local_addr().expect("bound")).expect("connect");
    client.set_nonblocking(true).expect("a socket");
    let op = Op { opcode: opcode::ACCEPT, fd: listener.as_raw_fd(), ..Op::default() };
    // SAFETY: it names no memory, and the listener is kept open.
    (unsafe { Operation::submit(listener.clone(), |_| op) }.expect("room"), client)
}

fn is_closed(mut client: &TcpStream) -> bool {
    match client.read(&mut [0]) {
        Ok(0) => true,
        Err(error) if error.kind() == ErrorKind::WouldBlock => false,
        other => panic!("a client that nobody sends anything: {other:?}"),
    }
}

#[test]
fn what_a_dropped_operation_opens_is_closed() {
    on_a_worker(|| {
        Box::pin(async {
            let listener = Rc::new(TcpListener::bind("127.0.0.1:0").expect("bind"));
            // Before the kernel has it: it accepts, and then is asked to cancel that.
            let (operation, client) = accept(&listener);
            drop(operation);
            until("it is closed when it comes", || is_closed(&client)).await;
            // When it is over, and nobody looked.
            let (operation, client) = accept(&listener);
            until("it is over", || operation.is_over()).await;
            drop(operation);
            until("it is closed when nobody looks", || is_closed(&client)).await;
            PASSED.store(true, Ordering::SeqCst);
        })
    });
    passed();
}

thread_local! {
    /// Outlives the executor of its thread.
    static OUTSIDE: Cell<Option<Operation<Late>>> = const { Cell::new(None) };
}

static FREED_LATE: AtomicU32 = AtomicU32::new(0);

/// Memory that is freed when the worker is over.
struct Late(Memory);

impl Drop for Late {
    fn drop(&mut self) {
        assert!(with_here(|_, _| ()).is_none(), "the worker is not over yet");
        FREED_LATE.fetch_add(1, Ordering::SeqCst);
    }
}

/// As [`read`].
fn read_late() -> (Operation<Late>, UnixStream) {
    let (file, other) = UnixStream::pair().expect("two sockets");
    let fd = file.as_raw_fd();
    let freed = Rc::new(Cell::new(false));
    let late = Late(Memory { bytes: vec![0; 64], _file: file, freed });
    let describe = |late: &mut Late| reads(fd, &mut late.0);
    // SAFETY: the bytes are on the heap, and the file is open as long as they are there.
    (unsafe { Operation::submit(late, describe) }.expect("room"), other)
}

#[test]
fn a_worker_that_ends_keeps_the_memory_of_what_is_under_way() {
    on_a_worker(|| {
        Box::pin(async {
            let (outside, _other) = read_late();
            OUTSIDE.set(Some(outside));
            let (operation, _another) = read_late();
            PASSED.store(true, Ordering::SeqCst);
            request_shutdown().expect("on a worker");
            // The executor drops it with this task, and the thread's end drops the other one.
            operation.await;
        })
    });
    passed();
    assert_eq!(FREED_LATE.load(Ordering::SeqCst), 2, "freed when the kernel was done");
}
