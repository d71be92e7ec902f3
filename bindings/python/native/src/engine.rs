//! EngineCore, the native base of the engine: operations in, callbacks out, one turn per iteration.
//!
//! Owns the table of operations, the inbox and the filling of the shared block. It stands on the C
//! ABI: Python hands it the addresses of the functions it calls. Invariants: the shared block is
//! touched only between `bind` and `unbind`, by the thread that turns; a completion leaves the
//! inbox before its callback runs, since that may raise, or turn itself.

use crate::abi::*;
use crate::py::*;
use crate::python::*;
use crate::table::{Entry, Kind, Table};
use crate::times::Times;
use crate::types::Type;
use std::cell::{Cell, UnsafeCell};
use std::collections::VecDeque;
use std::ffi::{CStr, c_int, c_void};
use std::ptr::null_mut;

/// `ringline._native.EngineCore`.
pub static ENGINE: Type = Type::unmade();

/// The functions of the library.
#[derive(Clone, Copy)]
pub struct Library {
    pub(crate) turn: Turn,
    pub(crate) cancel: Cancel,
    pub(crate) release: Release,
}

/// Our part of an engine.
pub struct Engine {
    pub(crate) table: UnsafeCell<Table>,
    pub(crate) inbox: UnsafeCell<VecDeque<Record>>,
    /// QUIET sends whose end is not known.
    pub(crate) quiet: UnsafeCell<Vec<u64>>,
    /// Leases of rings before this one.
    pub(crate) foreign: UnsafeCell<Vec<u64>>,
    pub(crate) library: Cell<Option<Library>>,
    pub(crate) shared: Cell<*mut Shared>,
    pub(crate) ring: Cell<*mut c_void>,
    staged: Cell<u32>,
    releases: Cell<u32>,
    /// The interpreter's lock is let go in a turn: the block is the library's, but for the
    /// operations behind those that it was given.
    sleeping: Cell<bool>,
    pub(crate) turns: Cell<u64>,
    /// The turn with which the loop's iteration began; it may make more.
    pub(crate) began: Cell<u64>,
    pub(crate) times: Times,
    /// The receive pool, and the `ioprio` of receives.
    pub(crate) pool: Cell<c_int>,
    pub(crate) recv_ioprio: Cell<c_int>,
    /// Bytes after which a receive ends; 0 where the kernel knows no limit.
    pub(crate) recv_limit: Cell<c_int>,
    /// What that is where there is one: the share of one connection.
    pub(crate) share: Cell<c_int>,
    /// Whether QUIET sends can be used.
    pub(crate) quiet_sends: Cell<bool>,
    /// The poll that tells of readers and writers, 0 where the next turn makes it again.
    pub(crate) watched: Cell<u64>,
    /// What it polls, -1 where nothing.
    pub(crate) watch_fd: Cell<c_int>,
    /// What it calls.
    pub(crate) watcher: Slot,
}

/// Longest wait in seconds: a day.
const LONGEST: f64 = 86_400.0;
const ECANCELED: i32 = -libc::ECANCELED;
/// How often a kernel that takes no operation is asked again.
const TRIES: u32 = 100;
const TAKES_NONE: &CStr =
    c"the kernel is short of memory and takes no operation now: try again later";

impl Engine {
    /// The part of an engine.
    #[inline]
    pub fn of(object: &Ref) -> &Engine {
        // SAFETY: only objects of the type come here.
        unsafe { ENGINE.part(object.ptr()) }
    }

    /// The part of what may be an engine, or anything.
    #[inline]
    pub fn checked(object: &Ref) -> Py<&Engine> {
        // SAFETY: both are live types.
        if unsafe { PyType_IsSubtype(object.kind(), ENGINE.class()) } == 0 {
            return Err(type_error(c"not a native engine"));
        }
        Ok(Engine::of(object))
    }

    /// Look at the table. `look` must not run Python.
    #[inline]
    pub fn table<T>(&self, look: impl FnOnce(&mut Table) -> T) -> T {
        // SAFETY: nothing that `look` does comes back here.
        look(unsafe { &mut *self.table.get() })
    }

    /// Look at the inbox. `look` must not run Python.
    #[inline]
    pub fn inbox<T>(&self, look: impl FnOnce(&mut VecDeque<Record>) -> T) -> T {
        // SAFETY: nothing that `look` does comes back here.
        look(unsafe { &mut *self.inbox.get() })
    }

    /// Look at the list of QUIET sends. `look` must not run Python.
    #[inline]
    fn quiet<T>(&self, look: impl FnOnce(&mut Vec<u64>) -> T) -> T {
        // SAFETY: nothing that `look` does comes back here.
        look(unsafe { &mut *self.quiet.get() })
    }

    /// Look at the leases of rings before this one. `look` must not run Python.
    #[inline]
    fn foreign<T>(&self, look: impl FnOnce(&mut Vec<u64>) -> T) -> T {
        // SAFETY: nothing that `look` does comes back here.
        look(unsafe { &mut *self.foreign.get() })
    }

    /// The shared block.
    #[inline]
    pub fn block(&self) -> Py<&Shared> {
        let shared = self.shared.get();
        if shared.is_null() {
            return Err(runtime_error(c"the engine is closed"));
        }
        // SAFETY: bound, so that the block is there; what the library changes is in cells.
        Ok(unsafe { &*shared })
    }

    /// Take over a ring.
    pub fn bind(&self, shared: *mut Shared, ring: *mut c_void, library: Library) {
        self.shared.set(shared);
        self.ring.set(ring);
        self.library.set(Some(library));
        self.staged.set(0);
        self.releases.set(0);
    }

    /// The ring is no more, or another thread's.
    pub fn unbind(&self) {
        self.shared.set(null_mut());
        self.ring.set(null_mut());
        self.staged.set(0);
        self.releases.set(0);
    }

    /// Forget every operation; what they held.
    pub fn drain(&self) -> Vec<Entry> {
        self.inbox(VecDeque::clear);
        self.quiet(Vec::clear);
        self.table(Table::drain)
    }

    /// Go on with a new ring, which `_create` makes: the old one is another thread's.
    pub fn move_on(&self, me: &Ref) -> Py<()> {
        let over = self.inbox(|inbox| inbox.iter().filter(|one| one.flags & CF_FINAL != 0).count());
        let staged = self.staged.get() as usize;
        if self.table(|table| table.len()) > over + staged {
            let text = c"operations of this loop are in flight in another thread";
            return Err(runtime_error(text));
        }
        let (ops, releases) = {
            let block = self.block()?;
            // SAFETY: the block has what `staged` and `releases` count; nobody turns it now.
            unsafe {
                let releases = self.releases.get() as usize;
                (
                    std::slice::from_raw_parts(block.ops, staged).to_vec(),
                    std::slice::from_raw_parts(block.rel, releases).to_vec(),
                )
            }
        };
        let (handle, mailbox) = (me.named(c"_handle")?, me.named(c"_mailbox")?);
        // It binds the new ring, or raises and leaves all as it was.
        me.named(c"_create")?.call(&[])?;
        // The old pool's leases stay good, but not every turn of the new ring knows them.
        let leases: Vec<u64> = self.inbox(|inbox| {
            inbox.iter().filter(|one| one.flags & CF_LEASE != 0).map(|one| one.token).collect()
        });
        self.foreign(|foreign| foreign.extend(leases));
        if let Some(library) = self.library.get() {
            for token in releases {
                // SAFETY: the library checks the token.
                unsafe { (library.release)(token) };
            }
        }
        let block = self.block()?;
        let count = ops.len().min(block.ops_cap as usize);
        // SAFETY: the new block has room for so many, and nothing is staged in it.
        unsafe { block.ops.copy_from_nonoverlapping(ops.as_ptr(), count) };
        self.staged.set(count as u32);
        // Last, as it may raise.
        me.named(c"_retire")?.call(&[&handle, &mailbox]).map(drop)
    }

    /// How many operations wait for the next turn.
    pub fn staged(&self) -> u32 {
        self.staged.get()
    }

    /// Whether leases wait to be given back.
    pub fn has_releases(&self) -> bool {
        self.releases.get() != 0
    }

    /// Stage an operation for the next turn; its id.
    #[inline]
    pub fn stage(
        &self,
        me: &Ref,
        mut op: Op,
        target: Ref,
        keep: Option<Ref>,
        kind: Kind,
        restart: bool,
    ) -> Py<u64> {
        if self.staged.get() >= self.block()?.ops_cap {
            self.make_room(me)?;
        }
        let block = self.block()?;
        let at = self.staged.get();
        let ident = self.table(|table| {
            let entry = table.insert(target, keep, kind);
            entry.restart = restart;
            entry.quiet = (op.ext != 0).then_some(op.len);
            entry.ident
        });
        if op.ext != 0 {
            self.quiet(|quiet| quiet.push(ident));
        }
        op.user_data = ident;
        // SAFETY: the block has room for ops_cap operations.
        unsafe { block.ops.add(at as usize).write(op) };
        self.staged.set(at + 1);
        if self.sleeping.get() {
            // Another thread's: the turn that sleeps would not take it.
            me.named(c"wake")?.call(&[])?;
        }
        Ok(ident)
    }

    /// Ask an operation to end; whether it had not.
    pub fn cancel(&self, ident: u64) -> Py<bool> {
        let Some(token) = self.table(|table| table.get(ident).map(|entry| entry.token)) else {
            return Ok(false);
        };
        let Some(library) = self.library.get() else { return Ok(false) };
        if token != 0 {
            // SAFETY: the library checks both; the lock is held, as a cancel never sleeps.
            return Ok(unsafe { (library.cancel)(self.ring.get(), token) } == 0);
        }
        // It was not handed over yet: a NOP goes in its place, and what it named is not touched.
        let block = self.block()?;
        for at in 0..self.staged.get() as usize {
            // SAFETY: below `staged` the operations are filled.
            let op = unsafe { &mut *block.ops.add(at) };
            if op.user_data == ident {
                *op = Op { fd: -1, user_data: ident, ..Op::default() };
                self.quiet(|quiet| quiet.retain(|other| *other != ident));
                self.table(|table| {
                    if let Some(entry) = table.get(ident) {
                        entry.dropped = true;
                        entry.quiet = None;
                    }
                });
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Give received bytes back, with the next turn.
    #[inline]
    pub fn release(&self, token: u64) {
        let (Ok(block), Some(library)) = (self.block(), self.library.get()) else {
            // SAFETY: only an error that `block` set is taken back.
            unsafe { PyErr_Clear() };
            return;
        };
        let at = self.releases.get();
        let foreign = self.foreign(|foreign| {
            let found = foreign.iter().position(|one| *one == token);
            found.map(|place| foreign.swap_remove(place)).is_some()
        });
        if at == block.rel_cap || foreign {
            // SAFETY: the library checks the token.
            unsafe { (library.release)(token) };
            return;
        }
        // SAFETY: the block has room for rel_cap of them.
        unsafe { block.rel.add(at as usize).write(token) };
        self.releases.set(at + 1);
    }

    /// One turn of the ring: None = until something comes, 0 = do not wait. What is complete goes
    /// to the inbox.
    pub fn enter(&self, me: &Ref, timeout: Option<f64>) -> Py<()> {
        let block = self.block()?;
        let Some(library) = self.library.get() else { return Ok(()) };
        let wait = timeout != Some(0.0);
        let count = self.staged.get();
        block.ops_len.set(count);
        block.ops_done.set(0);
        block.op_error.set(0);
        block.recs_len.set(0);
        block.rel_len.set(self.releases.replace(0));
        block.wait_min.set(u32::from(wait));
        block.timeout_ns.set(timeout.map_or(-1, |time| (time.min(LONGEST) * 1e9) as i64));
        if wait {
            self.times.sleeps(self.turns.get());
        }
        self.turns.set(self.turns.get() + 1);
        let ring = self.ring.get();
        // SAFETY: the library checks the handle, and who turns; the interpreter's lock is let go
        // where the turn may sleep. Nothing of Python is touched meanwhile.
        let code = unsafe {
            if wait {
                self.sleeping.set(true);
                let state = PyEval_SaveThread();
                let code = (library.turn)(ring);
                PyEval_RestoreThread(state);
                self.sleeping.set(false);
                code
            } else {
                (library.turn)(ring)
            }
        };
        if wait {
            self.times.wakes(self.turns.get());
        }
        // What a turn that failed handed out is handed out all the same.
        let block = self.block()?;
        if count != 0 {
            self.accepted(block, count, code);
        }
        self.collect(block);
        if code < 0 {
            self.failed(me, code, wait && block.recs_len.get() == 0)?;
        }
        // SAFETY: the lock is held.
        if wait && unsafe { PyErr_CheckSignals() } != 0 {
            return Err(Raised);
        }
        Ok(())
    }

    /// What a turn said: a kernel that is short of something is asked again, after a while where
    /// there is nothing else to do.
    #[cold]
    fn failed(&self, me: &Ref, code: i32, idle: bool) -> Py<()> {
        if !is_passing(code) {
            // SAFETY: a new reference; `_broken` raises.
            let code = unsafe { Ref::new(PyLong_FromLong(code.into())) }?;
            return me.named(c"_broken")?.call(&[&code]).map(drop);
        }
        if idle && code != -libc::EINTR {
            pause();
        }
        Ok(())
    }

    /// Hand over what is staged, now.
    #[cold]
    fn make_room(&self, me: &Ref) -> Py<()> {
        for _ in 0..TRIES {
            self.enter(me, Some(0.0))?;
            if self.staged.get() < self.block()?.ops_cap {
                return Ok(());
            }
            pause();
        }
        Err(errno_error(libc::EAGAIN, TAKES_NONE))
    }

    /// The first operations are the kernel's now; one behind may be refused, the rest stays. So
    /// does what the kernel only did not take yet, and what other threads staged meanwhile.
    #[inline]
    fn accepted(&self, block: &Shared, count: u32, code: i32) {
        let done = block.ops_done.get().min(count) as usize;
        for at in 0..done {
            // SAFETY: both arrays are filled up to ops_done.
            let (ident, token) =
                unsafe { ((*block.ops.add(at)).user_data, block.tokens.add(at).read()) };
            self.table(|table| {
                if let Some(entry) = table.get(ident) {
                    entry.token = token;
                }
            });
        }
        let mut behind = done;
        let error = block.op_error.get();
        let refused = error != 0 && error != code && !is_passing(error);
        if refused && done < count as usize {
            // SAFETY: below `count`.
            let ident = unsafe { (*block.ops.add(done)).user_data };
            self.quiet(|quiet| quiet.retain(|other| *other != ident));
            self.inbox(|inbox| inbox.push_back(final_of(ident, error)));
            behind += 1;
        }
        let rest = self.staged.get() as usize - behind;
        if rest != 0 && behind != 0 {
            // SAFETY: both ranges are within the array.
            unsafe { block.ops.copy_from(block.ops.add(behind), rest) };
        }
        self.staged.set(rest as u32);
    }

    /// Records into the inbox, and before them the QUIET sends that have none: they were over
    /// first, and who answers what was received finds nothing in its way.
    #[inline]
    fn collect(&self, block: &Shared) {
        // SAFETY: recs_len records are filled, until the next turn.
        let records =
            unsafe { std::slice::from_raw_parts(block.recs, block.recs_len.get() as usize) };
        if !self.quiet(|quiet| quiet.is_empty()) {
            self.table(|table| {
                for record in records.iter().filter(|one| one.flags & CF_FINAL != 0) {
                    if let Some(entry) = table.get(record.user_data) {
                        entry.spoken = true;
                    }
                }
            });
            if records.len() < block.recs_cap as usize {
                self.settle();
            }
        }
        self.inbox(|inbox| {
            let ours = records.iter().filter(|one| one.flags & (CF_MSG | CF_LOW_WATER) == 0);
            inbox.extend(ours.copied());
        });
    }

    /// QUIET sends that were accepted and have no completion by now were taken whole: the kernel
    /// deals with them while it takes them, and the records have had room for all.
    fn settle(&self) {
        let (inbox, table) = (self.inbox.get(), self.table.get());
        // SAFETY: nothing here runs Python or comes back here.
        let (inbox, table) = unsafe { (&mut *inbox, &mut *table) };
        self.quiet(|quiet| {
            quiet.retain(|ident| match table.get(*ident) {
                Some(one) if one.token == 0 => true,
                Some(one) if !one.spoken => {
                    inbox.push_back(final_of(*ident, one.quiet.unwrap_or(0) as i32));
                    false
                }
                _ => false,
            })
        });
    }

    /// Whether the inbox has the end of an operation.
    pub fn ended(&self, ident: u64) -> bool {
        self.inbox(|inbox| {
            inbox.iter().any(|one| one.user_data == ident && one.flags & CF_FINAL != 0)
        })
    }

    /// The result that an operation ended with and that was not dispatched yet; else 0.
    pub fn came(&self, ident: u64) -> i32 {
        self.inbox(|inbox| inbox.iter().find(|one| one.user_data == ident).map_or(0, |one| one.res))
    }

    /// Whether completions wait for their callbacks.
    #[inline]
    pub fn has_completions(&self) -> bool {
        self.inbox(|inbox| !inbox.is_empty())
    }

    /// Submit and wait; whether there is something to dispatch.
    #[inline]
    pub fn fetch(&self, me: &Ref, timeout: Option<f64>) -> Py<bool> {
        let due = self.watched.get() == 0 && self.watch_fd.get() >= 0;
        let whole = !due || self.watch(me)?;
        self.enter(me, if whole && !self.has_completions() { timeout } else { Some(0.0) })?;
        Ok(self.has_completions())
    }

    /// Call the callbacks of what is complete.
    #[inline]
    pub fn dispatch(&self, me: &Ref) -> Py<()> {
        while let Some(record) = self.inbox(VecDeque::pop_front) {
            crate::dispatch::completion(me, self, record)?;
        }
        Ok(())
    }

    /// What came of an operation and was not dispatched yet; its callback does not see it.
    pub fn take(&self, ident: u64) -> Vec<Record> {
        let mut found = Vec::new();
        self.inbox(|inbox| {
            inbox.retain(|one| {
                let other = one.user_data != ident;
                if !other {
                    found.push(*one);
                }
                other
            })
        });
        let dropped = self.table(|table| table.get(ident).is_some_and(|entry| entry.dropped));
        for record in &mut found {
            record.res = Engine::shown(record.res, dropped);
        }
        if found.iter().any(|one| one.flags & CF_FINAL != 0) {
            let gone = self.table(|table| table.remove(ident));
            drop(gone);
        }
        found
    }

    /// The result a callback sees: what was cancelled before it was accepted ends as cancelled.
    #[inline]
    pub fn shown(res: i32, dropped: bool) -> i32 {
        if dropped { ECANCELED } else { res }
    }
}

/// Whether the kernel is short of something for the moment, or was interrupted.
fn is_passing(code: i32) -> bool {
    matches!(-code, libc::EINTR | libc::EAGAIN | libc::EBUSY | libc::ENOMEM)
}

/// A millisecond, before a kernel that is short of something is asked again.
fn pause() {
    let time = libc::timespec { tv_sec: 0, tv_nsec: 1_000_000 };
    // SAFETY: nothing of Python is touched while its lock is let go; the time is live.
    unsafe {
        let state = PyEval_SaveThread();
        libc::nanosleep(&time, null_mut());
        PyEval_RestoreThread(state);
    }
}

fn final_of(user_data: u64, res: i32) -> Record {
    Record { user_data, res, flags: CF_FINAL, data: 0, token: 0 }
}
