//! Time: sleeping, deadlines and limits.
//!
//! Owns: which futures sleep. The timers are the worker's own, in user space: making and dropping
//! one costs no system call.

use super::error::{Elapsed, TimerExhausted};
use super::here::{Waiter, no_worker, with_here};
use crate::fault::Fault;
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// A point in time, by a clock that never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deadline(Instant);

impl Deadline {
    /// Now.
    pub fn now() -> Deadline {
        Deadline(Instant::now())
    }

    /// So long from now. What is beyond all clocks is 30 years from now.
    pub fn after(duration: Duration) -> Deadline {
        const FAR: Duration = Duration::from_secs(30 * 365 * 86400);
        let now = Instant::now();
        Deadline(now.checked_add(duration).unwrap_or_else(|| now + FAR))
    }

    /// How long it is until then; zero when it passed.
    pub fn remaining(&self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// A future that sleeps.
struct Sleeper {
    generation: u32,
    /// The worker's timer, until it ticks.
    timer: Option<u64>,
    waiter: Option<Waiter>,
}

/// Names a sleeper: its place, and which of those that were there it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    index: u32,
    generation: u32,
}

impl Slot {
    /// As the user's number of a timer.
    fn number(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.index)
    }

    fn of(number: u64) -> Slot {
        Slot { index: number as u32, generation: (number >> 32) as u32 }
    }
}

/// The futures of a worker that sleep.
pub(super) struct Sleepers {
    places: Vec<Sleeper>,
    free: Vec<u32>,
    /// For the functions whose names begin with `try_`.
    limit: usize,
}

impl Sleepers {
    pub(super) fn new(limit: u32) -> Sleepers {
        Sleepers { places: Vec::new(), free: Vec::new(), limit: limit as usize }
    }

    fn is_full(&self) -> bool {
        self.places.len() - self.free.len() >= self.limit
    }

    fn get(&mut self, slot: Slot) -> Option<&mut Sleeper> {
        let place = self.places.get_mut(slot.index as usize)?;
        (place.generation == slot.generation).then_some(place)
    }

    fn take(&mut self) -> Slot {
        let index = self.free.pop().unwrap_or_else(|| {
            self.places.push(Sleeper { generation: 0, timer: None, waiter: None });
            self.places.len() as u32 - 1
        });
        Slot { index, generation: self.places[index as usize].generation }
    }

    /// Free a place; the timer that still runs for it.
    fn give(&mut self, slot: Slot) -> Option<u64> {
        let place = self.get(slot)?;
        place.generation = place.generation.wrapping_add(1);
        place.waiter = None;
        let timer = place.timer.take();
        self.free.push(slot.index);
        timer
    }

    /// A timer ticked: whom to wake.
    pub(super) fn ticked(&mut self, number: u64) -> Option<Waiter> {
        let place = self.get(Slot::of(number))?;
        place.timer = None;
        place.waiter.take()
    }
}

/// The future of [`sleep`] and [`sleep_until`]. Dropping it stops its timer.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct SleepFuture {
    deadline: Deadline,
    slot: Option<Slot>,
}

impl SleepFuture {
    fn new(deadline: Deadline) -> SleepFuture {
        SleepFuture { deadline, slot: None }
    }

    /// One that has its slot already.
    fn try_new(deadline: Deadline) -> Result<SleepFuture, TimerExhausted> {
        let slot = with_here(|here, _| {
            let mut sleepers = here.sleepers.borrow_mut();
            if sleepers.is_full() { None } else { Some(sleepers.take()) }
        });
        let slot = slot.flatten().ok_or(TimerExhausted)?;
        Ok(SleepFuture { deadline, slot: Some(slot) })
    }
}

impl Future for SleepFuture {
    type Output = ();

    /// # Panics
    /// On a thread that is no worker of a runtime, and where a worker has 1048576 timers.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.deadline.remaining() == Duration::ZERO {
            return Poll::Ready(());
        }
        let armed = with_here(|here, worker| {
            let waiter = here.waiter(cx);
            let mut sleepers = here.sleepers.borrow_mut();
            let slot = *self.slot.get_or_insert_with(|| sleepers.take());
            let Some(place) = sleepers.get(slot) else { return Ok(()) };
            place.waiter = Some(waiter);
            if place.timer.is_none() {
                // Up to the next nanosecond: a tick is never early.
                let delay = self.deadline.remaining().as_nanos() + 1;
                let delay = delay.try_into().unwrap_or(u64::MAX);
                place.timer = Some(worker.timer_start(delay, 0, slot.number())?);
            }
            Ok::<(), Fault>(())
        });
        match armed {
            Some(Ok(())) => Poll::Pending,
            Some(Err(fault)) => panic!("{}", fault.context),
            None => panic!("{}", no_worker()),
        }
    }
}

impl Drop for SleepFuture {
    fn drop(&mut self) {
        let Some(slot) = self.slot.take() else { return };
        with_here(|here, worker| {
            let timer = here.sleepers.borrow_mut().give(slot);
            if let Some(timer) = timer {
                // It may have ticked meanwhile.
                let _ = worker.timer_stop(timer);
            }
        });
    }
}

/// Sleep for so long.
///
/// ```
/// use std::time::Duration;
/// # async fn example() {
/// ringline::sleep(Duration::from_millis(1)).await;
/// # }
/// ```
pub fn sleep(duration: Duration) -> SleepFuture {
    SleepFuture::new(Deadline::after(duration))
}

/// Sleep until then.
pub fn sleep_until(deadline: Deadline) -> SleepFuture {
    SleepFuture::new(deadline)
}

/// As [`sleep`], where a timer slot is free.
///
/// # Errors
/// [`TimerExhausted`] when `Config::timer_slots` futures of the worker sleep.
pub fn try_sleep(duration: Duration) -> Result<SleepFuture, TimerExhausted> {
    SleepFuture::try_new(Deadline::after(duration))
}

/// As [`sleep_until`], where a timer slot is free.
///
/// # Errors
/// As [`try_sleep`].
pub fn try_sleep_until(deadline: Deadline) -> Result<SleepFuture, TimerExhausted> {
    SleepFuture::try_new(deadline)
}

pin_project! {
    /// The future of [`timeout`] and [`timeout_at`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct TimeoutFuture<F> {
        #[pin]
        future: F,
        #[pin]
        sleep: SleepFuture,
    }
}

impl<F: Future> Future for TimeoutFuture<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(value) = this.future.poll(cx) {
            return Poll::Ready(Ok(value));
        }
        this.sleep.poll(cx).map(|()| Err(Elapsed))
    }
}

/// Wait for a future, for so long at most; then it is dropped with the result of this.
///
/// ```
/// use std::time::Duration;
/// # async fn example() {
/// let never = ringline::timeout(Duration::from_millis(1), std::future::pending::<()>());
/// assert_eq!(never.await, Err(ringline::Elapsed));
/// # }
/// ```
pub fn timeout<F: Future>(duration: Duration, future: F) -> TimeoutFuture<F> {
    TimeoutFuture { future, sleep: sleep(duration) }
}

/// Wait for a future until then: see [`timeout`].
pub fn timeout_at<F: Future>(deadline: Deadline, future: F) -> TimeoutFuture<F> {
    TimeoutFuture { future, sleep: sleep_until(deadline) }
}

/// As [`timeout`], where a timer slot is free.
///
/// # Errors
/// As [`try_sleep`].
pub fn try_timeout<F: Future>(
    duration: Duration,
    future: F,
) -> Result<TimeoutFuture<F>, TimerExhausted> {
    Ok(TimeoutFuture { future, sleep: try_sleep(duration)? })
}

/// As [`timeout_at`], where a timer slot is free.
///
/// # Errors
/// As [`try_sleep`].
pub fn try_timeout_at<F: Future>(
    deadline: Deadline,
    future: F,
) -> Result<TimeoutFuture<F>, TimerExhausted> {
    Ok(TimeoutFuture { future, sleep: try_sleep_until(deadline)? })
}
