//! Operations of tasks on the ring of their worker.
//!
//! Owns: which of them are under way, and what those were given that nobody awaits any more.
//! Invariant: what an operation was given is freed after its FINAL was told, or after the worker
//! gave its ring back; where the kernel keeps something beyond that, never.

use super::here::{Here, Waiter, to_io, try_here, with_here};
use crate::driver::{Completion, Op, cf};
use crate::op::brings;
use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::io;
use std::mem;
use std::os::fd::{FromRawFd, OwnedFd};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// The kernel's result: >= 0, or -errno.
    pub(super) res: i32,
    /// The first 8 bytes of the second half of a big completion, or 0.
    pub(super) data: u64,
}

impl Outcome {
    fn of(completion: &Completion) -> Outcome {
        let data = if completion.flags & cf::EXT != 0 { completion.data } else { 0 };
        Outcome { res: completion.res, data }
    }

    /// The result, as std has it.
    pub(super) fn value(self) -> io::Result<u32> {
        match self.res {
            res if res < 0 => Err(io::Error::from_raw_os_error(-res)),
            res => Ok(res as u32),
        }
    }
}

/// How far an operation is.
enum State {
    Free,
    /// Somebody has its future. `told` came before its FINAL.
    Awaited {
        token: u64,
        waiter: Option<Waiter>,
        told: Option<Outcome>,
    },
    /// As that, and it is over.
    Over(Outcome),
    /// Its future was dropped, and what it was given waits for the kernel.
    Left {
        _kept: Box<dyn Any>,
        told: Option<Outcome>,
    },
}

struct Place {
    generation: u32,
    /// Its success is a descriptor.
    brings: bool,
    state: State,
}

#[derive(Default)]
struct Places {
    all: Vec<Place>,
    free: Vec<u32>,
}

impl Places {
    /// A place for an operation; its number, which is never 0.
    fn take(&mut self, brings: bool) -> u64 {
        let index = self.free.pop().unwrap_or_else(|| {
            self.all.push(Place { generation: 0, brings, state: State::Free });
            self.all.len() as u32 - 1
        });
        let place = &mut self.all[index as usize];
        place.generation = place.generation % (u32::MAX >> 1) + 1;
        place.brings = brings;
        u64::from(place.generation) << 32 | u64::from(index)
    }

    fn get(&mut self, number: u64) -> Option<&mut Place> {
        let place = self.all.get_mut(number as u32 as usize)?;
        (u64::from(place.generation) == number >> 32).then_some(place)
    }

    /// Free a place.
    fn give(&mut self, number: u64) -> State {
        let Some(place) = self.get(number) else { return State::Free };
        let state = mem::replace(&mut place.state, State::Free);
        self.free.push(number as u32);
        state
    }
}

/// The operations of a worker's tasks.
#[derive(Default)]
pub(super) struct Operations {
    places: RefCell<Places>,
}

impl Operations {
    /// The worker told of an operation.
    pub(super) fn completed(&self, here: &Here, number: u64, completion: &Completion) {
        let mut places = self.places.borrow_mut();
        let Some(place) = places.get(number) else { return };
        let brings = place.brings;
        let (State::Awaited { told, .. } | State::Left { told, .. }) = &mut place.state else {
            return;
        };
        if told.is_none() {
            *told = Some(Outcome::of(completion));
        }
        if completion.flags & cf::FINAL == 0 {
            return;
        }
        let Some(outcome) = *told else { return };
        if let State::Awaited { waiter, .. } = &mut place.state {
            let waiter = waiter.take();
            place.state = State::Over(outcome);
            drop(places);
            return waiter.into_iter().for_each(|waiter| here.wake(waiter));
        }
        let left = places.give(number);
        drop(places);
        close_unseen(brings, outcome);
        drop(left);
    }

    /// Who had the future of an operation, and what the kernel may still use, left: its token,
    /// where it is not over.
    fn leave<T: 'static>(&self, number: u64, kept: T) -> Option<u64> {
        let mut places = self.places.borrow_mut();
        let place = places.get(number)?;
        let brings = place.brings;
        match &mut place.state {
            State::Awaited { token, told, .. } => {
                let (token, told) = (*token, *told);
                place.state = State::Left { _kept: Box::new(kept), told };
                Some(token)
            }
            State::Over(outcome) => {
                let outcome = *outcome;
                places.give(number);
                drop(places);
                close_unseen(brings, outcome);
                None
            }
            State::Free | State::Left { .. } => None,
        }
    }
}

/// Nobody will see what an operation brought.
fn close_unseen(brings: bool, outcome: Outcome) {
    if brings && outcome.res >= 0 {
        // SAFETY: the kernel made the descriptor for this operation, and nobody else knows of it.
        drop(unsafe { OwnedFd::from_raw_fd(outcome.res) });
    }
}

/// An operation on the ring of the calling thread's worker, which is submitted already. Resolves to
/// what became of it and what it was given. Dropping it cancels the operation, and keeps what it
/// was given until the kernel is done with that; a descriptor that it brings is closed then.
#[must_use = "dropping an operation cancels it"]
pub(super) struct Operation<T: 'static> {
    of: Rc<Operations>,
    number: u64,
    /// None when it was over and awaited.
    kept: Option<T>,
}

impl<T: 'static> Unpin for Operation<T> {}

impl<T: 'static> Operation<T> {
    /// Submit the operation that `describe` makes of `kept`.
    ///
    /// # Errors
    /// `NotConnected` where the calling thread is no worker, and what the ring says.
    ///
    /// # Safety
    /// What the operation names is memory that `kept` owns, which stays where it is when `kept` is
    /// moved and is nobody else's; or it is valid for the kernel until the operation is over.
    /// A descriptor that it names stays open as long as `kept` is there.
    pub(super) unsafe fn submit(
        mut kept: T,
        describe: impl FnOnce(&mut T) -> Op,
    ) -> io::Result<Operation<T>> {
        let op = describe(&mut kept);
        try_here(|here, worker| {
            let of = here.operations.clone();
            let number = of.places.borrow_mut().take(brings(&op));
            // SAFETY: `kept` is dropped here where the ring refuses the operation; else it is in
            // the future or, when that is dropped, in `Operations` until FINAL. Those are dropped
            // with the worker's door, after the worker gave its ring back, or never.
            match unsafe { worker.submit(&op, number) } {
                Ok(token) => {
                    if let Some(place) = of.places.borrow_mut().get(number) {
                        place.state = State::Awaited { token, waiter: None, told: None };
                    }
                    Ok(Operation { of, number, kept: Some(kept) })
                }
                Err(fault) => {
                    of.places.borrow_mut().give(number);
                    Err(fault)
                }
            }
        })
    }

    /// Whether it is over, though nobody looked yet.
    #[cfg(test)]
    pub(super) fn is_over(&self) -> bool {
        let mut places = self.of.places.borrow_mut();
        matches!(places.get(self.number), Some(Place { state: State::Over(_), .. }))
    }

    /// Ask for its end: it resolves to `ECANCELED`, or to what it did before.
    pub(super) fn cancel(&self) -> io::Result<()> {
        let token = match self.of.places.borrow_mut().get(self.number) {
            Some(Place { state: State::Awaited { token, .. }, .. }) => *token,
            _ => return Ok(()),
        };
        try_here(|_, worker| Ok(worker.cancel(token))).and_then(|asked| asked.map_err(to_io))
    }
}

impl<T: 'static> Future for Operation<T> {
    type Output = (Outcome, T);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<(Outcome, T)> {
        let this = self.get_mut();
        let own = with_here(|here, _| here.waiter(cx));
        let mut places = this.of.places.borrow_mut();
        if let Some(place) = places.get(this.number) {
            match &mut place.state {
                State::Awaited { waiter, .. } => {
                    *waiter = Some(own.unwrap_or_else(|| Waiter::Other(cx.waker().clone())));
                }
                State::Over(outcome) => {
                    let outcome = *outcome;
                    if let Some(kept) = this.kept.take() {
                        places.give(this.number);
                        return Poll::Ready((outcome, kept));
                    }
                }
                State::Free | State::Left { .. } => {}
            }
        }
        Poll::Pending
    }
}

impl<T: 'static> Drop for Operation<T> {
    fn drop(&mut self) {
        let Some(kept) = self.kept.take() else { return };
        let Some(token) = self.of.leave(self.number, kept) else { return };
        with_here(|here, worker| {
            if Rc::ptr_eq(&here.operations, &self.of) {
                // It may be over, which is told next.
                let _ = worker.cancel(token);
            }
        });
    }
}

impl<T: 'static> fmt::Debug for Operation<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").field("number", &self.number).finish_non_exhaustive()
    }
}
