//! The tasks of a worker, and which of them are to be polled.
//!
//! Owns: the futures. Never polls one inside another, and never holds a borrow of itself while a
//! future runs or is dropped: both may spawn, cancel and wake. Invariant: a task is in the line of
//! those to be polled once at most.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Whose task it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A connection's: its end ends the connection.
    Connection(u64),
    /// The program's: it counts against the limit of tasks.
    Spawned,
    /// The runtime's own.
    House,
}

/// Names a task: its place, and which of those that were there it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

/// Tasks that other threads woke, and how their worker hears of it.
pub(crate) struct Remote {
    woken: Mutex<Vec<Key>>,
    has_woken: AtomicBool,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Remote {
    fn push(&self, key: Key) {
        self.woken.lock().unwrap_or_else(PoisonError::into_inner).push(key);
        if !self.has_woken.swap(true, Ordering::SeqCst) {
            (self.wake)();
        }
    }
}

/// Wakes one task, from any thread.
struct TaskWaker {
    key: Key,
    /// It is in a line already.
    is_woken: AtomicBool,
    remote: Arc<Remote>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.is_woken.swap(true, Ordering::AcqRel) {
            return;
        }
        let is_here = with_current(|executor| {
            let is_here = Arc::ptr_eq(&executor.remote, &self.remote);
            if is_here {
                executor.ready.borrow_mut().push_back(self.key);
            }
            is_here
        });
        if is_here != Some(true) {
            self.remote.push(self.key);
        }
    }
}

type BoxedFuture = Pin<Box<dyn Future<Output = ()>>>;

/// A place for a task.
struct Place {
    generation: u32,
    owner: Owner,
    /// Not there while it is polled, or where there is no task.
    future: Option<BoxedFuture>,
    waker: Option<(Arc<TaskWaker>, Waker)>,
}

#[derive(Default)]
struct Places {
    all: Vec<Place>,
    free: Vec<u32>,
    spawned: u32,
}

impl Places {
    /// The place of a task that is not over.
    fn find(&mut self, key: Key) -> Option<&mut Place> {
        let place = self.all.get_mut(key.index as usize)?;
        (place.generation == key.generation && place.waker.is_some()).then_some(place)
    }

    /// A place for a task of `owner`.
    fn take(&mut self, owner: Owner, remote: &Arc<Remote>) -> Key {
        let index = self.free.pop().unwrap_or_else(|| {
            self.all.push(Place { generation: 0, owner, future: None, waker: None });
            self.all.len() as u32 - 1
        });
        let place = &mut self.all[index as usize];
        place.generation = place.generation.wrapping_add(1);
        place.owner = owner;
        let key = Key { index, generation: place.generation };
        let is_woken = AtomicBool::new(true);
        let waker = Arc::new(TaskWaker { key, is_woken, remote: remote.clone() });
        place.waker = Some((waker.clone(), waker.into()));
        self.spawned += u32::from(owner == Owner::Spawned);
        key
    }

    /// The task is over: its place is free, and its future, if it is there, the caller's to drop.
    fn give(&mut self, key: Key) -> Option<BoxedFuture> {
        let place = self.find(key)?;
        place.waker = None;
        let future = place.future.take();
        let owner = place.owner;
        self.spawned -= u32::from(owner == Owner::Spawned);
        self.free.push(key.index);
        future
    }
}

/// How a poll ended.
pub(crate) enum Polled {
    /// The task goes on, or is none any more.
    Pending,
    /// The task is over.
    Over(Owner),
    /// The task panicked, and is over.
    Panicked(Owner, String),
}

/// The tasks of one worker.
pub(crate) struct Executor {
    places: RefCell<Places>,
    ready: RefCell<VecDeque<Key>>,
    remote: Arc<Remote>,
    /// Spawned tasks at most.
    capacity: u32,
    /// The task that is polled now.
    polled: Cell<Option<Key>>,
    /// It was cancelled meanwhile.
    is_cancelled: Cell<bool>,
}

thread_local! {
    static CURRENT: RefCell<Option<Rc<Executor>>> = const { RefCell::new(None) };
}

/// What `body` makes of the executor of the calling thread, if there is one.
#[inline]
pub(crate) fn with_current<T>(body: impl FnOnce(&Executor) -> T) -> Option<T> {
    CURRENT.try_with(|current| current.borrow().as_deref().map(body)).ok().flatten()
}

impl Executor {
    /// No tasks; `capacity` spawned ones at most, and `wake` when another thread woke one.
    pub(crate) fn new(capacity: u32, wake: impl Fn() + Send + Sync + 'static) -> Executor {
        let woken = Mutex::default();
        let has_woken = AtomicBool::new(false);
        let remote = Arc::new(Remote { woken, has_woken, wake: Box::new(wake) });
        Executor {
            places: RefCell::default(),
            ready: RefCell::default(),
            remote,
            capacity,
            polled: Cell::new(None),
            is_cancelled: Cell::new(false),
        }
    }

    /// It is the calling thread's from now on.
    pub(crate) fn enter(self: &Rc<Executor>) {
        CURRENT.set(Some(self.clone()));
    }

    /// The calling thread has none any more.
    pub(crate) fn leave() {
        CURRENT.set(None);
    }

    /// Make a task, which is polled soon. None where `capacity` spawned ones are there.
    pub(crate) fn spawn(&self, owner: Owner, future: BoxedFuture) -> Option<Key> {
        let key = {
            let places = &mut *self.places.borrow_mut();
            if owner == Owner::Spawned && places.spawned >= self.capacity {
                return None;
            }
            let key = places.take(owner, &self.remote);
            places.all[key.index as usize].future = Some(future);
            key
        };
        self.ready.borrow_mut().push_back(key);
        Some(key)
    }

    /// Drop a task's future: at once, or when its poll, which is under way, returns.
    pub(crate) fn cancel(&self, key: Key) {
        if self.polled.get() == Some(key) {
            return self.is_cancelled.set(true);
        }
        let future = self.places.borrow_mut().give(key);
        drop(future);
    }

    /// Whether `waker` is that of the task that is polled now: then its key says all.
    #[inline]
    pub(crate) fn is_own(&self, waker: &Waker) -> Option<Key> {
        let key = self.polled.get()?;
        let mut places = self.places.borrow_mut();
        let (_, own) = places.find(key)?.waker.as_ref()?;
        own.will_wake(waker).then_some(key)
    }

    /// Wake a task of this thread.
    pub(crate) fn wake(&self, key: Key) {
        let waker = {
            let mut places = self.places.borrow_mut();
            places
                .find(key)
                .and_then(|place| place.waker.as_ref())
                .map(|(own, _)| !own.is_woken.swap(true, Ordering::AcqRel))
        };
        if waker == Some(true) {
            self.ready.borrow_mut().push_back(key);
        }
    }

    /// Take what other threads woke.
    pub(crate) fn take_woken(&self) {
        if !self.remote.has_woken.swap(false, Ordering::SeqCst) {
            return;
        }
        let mut woken = self.remote.woken.lock().unwrap_or_else(PoisonError::into_inner);
        self.ready.borrow_mut().extend(woken.drain(..));
    }

    /// Tasks that are to be polled now.
    pub(crate) fn ready(&self) -> usize {
        self.ready.borrow().len()
    }

    /// The next task to poll.
    pub(crate) fn next(&self) -> Option<Key> {
        self.ready.borrow_mut().pop_front()
    }

    /// Poll a task. Not inside another one's poll.
    pub(crate) fn poll(&self, key: Key) -> Polled {
        debug_assert!(self.polled.get().is_none());
        let (mut future, waker, owner) = {
            let places = &mut *self.places.borrow_mut();
            let Some(place) = places.find(key) else { return Polled::Pending };
            let Some(future) = place.future.take() else { return Polled::Pending };
            let Some((own, waker)) = &place.waker else { return Polled::Pending };
            // Before the poll: what wakes it from now on, wakes it again.
            own.is_woken.store(false, Ordering::Release);
            (future, waker.clone(), place.owner)
        };
        self.polled.set(Some(key));
        let cx = &mut Context::from_waker(&waker);
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
        self.polled.set(None);
        let is_cancelled = self.is_cancelled.replace(false);
        if matches!(polled, Ok(Poll::Pending)) && !is_cancelled {
            if let Some(place) = self.places.borrow_mut().find(key) {
                place.future = Some(future);
            }
            return Polled::Pending;
        }
        self.places.borrow_mut().give(key);
        // User code too.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(future)));
        match polled.map(drop).and(dropped) {
            Ok(()) => Polled::Over(owner),
            Err(panic) => Polled::Panicked(owner, text_of(&*panic)),
        }
    }

    /// Drop all tasks. What they spawn while they are dropped goes too.
    pub(crate) fn clear(&self) {
        loop {
            let futures: Vec<BoxedFuture> = {
                let places = &mut *self.places.borrow_mut();
                let keys: Vec<Key> = (0u32..)
                    .zip(&places.all)
                    .filter(|(_, place)| place.waker.is_some())
                    .map(|(index, place)| Key { index, generation: place.generation })
                    .collect();
                if keys.is_empty() {
                    break;
                }
                keys.into_iter().filter_map(|key| places.give(key)).collect()
            };
            for future in futures {
                let _ = catch_unwind(AssertUnwindSafe(|| drop(future)));
            }
        }
        self.ready.borrow_mut().clear();
    }
}

/// What a panic said.
fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}
