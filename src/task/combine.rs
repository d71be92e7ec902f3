//! Several futures in one task: all of them, or the first.
//!
//! Owns: the futures that it was given. Nothing is allocated, and no task is made.

use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Which of two futures was first, with what it brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Either<A, B> {
    /// The first one.
    Left(A),
    /// The second one.
    Right(B),
}

impl<T> Either<T, T> {
    /// What it brought, whichever it was.
    pub fn into_inner(self) -> T {
        match self {
            Either::Left(value) | Either::Right(value) => value,
        }
    }
}

/// Which of three futures was first, with what it brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Either3<A, B, C> {
    /// The first one.
    First(A),
    /// The second one.
    Second(B),
    /// The third one.
    Third(C),
}

impl<T> Either3<T, T, T> {
    /// What it brought, whichever it was.
    pub fn into_inner(self) -> T {
        match self {
            Either3::First(value) | Either3::Second(value) | Either3::Third(value) => value,
        }
    }
}

pin_project! {
    /// The future of [`select`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Select<A, B> {
        #[pin]
        first: A,
        #[pin]
        second: B,
    }
}

impl<A: Future, B: Future> Future for Select<A, B> {
    type Output = Either<A::Output, B::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(value) = this.first.poll(cx) {
            return Poll::Ready(Either::Left(value));
        }
        this.second.poll(cx).map(Either::Right)
    }
}

/// Wait for the first of two futures; the other one is dropped with the result of this. Where both
/// are ready it is `first`.
///
/// ```
/// use ringline::{Either, select};
/// # async fn example() {
/// let won = select(async { 1 }, std::future::pending::<()>()).await;
/// assert_eq!(won, Either::Left(1));
/// # }
/// ```
pub fn select<A: Future, B: Future>(first: A, second: B) -> Select<A, B> {
    Select { first, second }
}

pin_project! {
    /// The future of [`select3`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Select3<A, B, C> {
        #[pin]
        first: A,
        #[pin]
        second: B,
        #[pin]
        third: C,
    }
}

impl<A: Future, B: Future, C: Future> Future for Select3<A, B, C> {
    type Output = Either3<A::Output, B::Output, C::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(value) = this.first.poll(cx) {
            return Poll::Ready(Either3::First(value));
        }
        if let Poll::Ready(value) = this.second.poll(cx) {
            return Poll::Ready(Either3::Second(value));
        }
        this.third.poll(cx).map(Either3::Third)
    }
}

/// Wait for the first of three futures: see [`select`].
pub fn select3<A: Future, B: Future, C: Future>(first: A, second: B, third: C) -> Select3<A, B, C> {
    Select3 { first, second, third }
}

pin_project! {
    /// A future, or what it brought until that is taken.
    #[derive(Debug)]
    #[project = HalfState]
    enum Half<F: Future> {
        Waiting { #[pin] future: F },
        Done { value: Option<F::Output> },
    }
}

impl<F: Future> Half<F> {
    /// Whether it is done.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> bool {
        let HalfState::Waiting { future } = self.as_mut().project() else { return true };
        let Poll::Ready(value) = future.poll(cx) else { return false };
        self.set(Half::Done { value: Some(value) });
        true
    }

    fn take(self: Pin<&mut Self>) -> Option<F::Output> {
        match self.project() {
            HalfState::Done { value } => value.take(),
            HalfState::Waiting { .. } => None,
        }
    }
}

const POLLED_AGAIN: &str = "a join was polled after it was done";

pin_project! {
    /// The future of [`join`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct Join<A: Future, B: Future> {
        #[pin]
        first: Half<A>,
        #[pin]
        second: Half<B>,
    }
}

impl<A: Future, B: Future> Future for Join<A, B> {
    type Output = (A::Output, B::Output);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        // Each of them, or the second would not be woken.
        let done = this.first.as_mut().poll(cx) & this.second.as_mut().poll(cx);
        if !done {
            return Poll::Pending;
        }
        let first = this.first.take().expect(POLLED_AGAIN);
        Poll::Ready((first, this.second.take().expect(POLLED_AGAIN)))
    }
}

/// Wait for both of two futures.
///
/// ```
/// use ringline::join;
/// # async fn example() {
/// assert_eq!(join(async { 1 }, async { "two" }).await, (1, "two"));
/// # }
/// ```
pub fn join<A: Future, B: Future>(first: A, second: B) -> Join<A, B> {
    Join { first: Half::Waiting { future: first }, second: Half::Waiting { future: second } }
}

pin_project! {
    /// The future of [`join3`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct Join3<A: Future, B: Future, C: Future> {
        #[pin]
        first: Half<A>,
        #[pin]
        second: Half<B>,
        #[pin]
        third: Half<C>,
    }
}

impl<A: Future, B: Future, C: Future> Future for Join3<A, B, C> {
    type Output = (A::Output, B::Output, C::Output);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let done = this.first.as_mut().poll(cx) & this.second.as_mut().poll(cx);
        if !(done & this.third.as_mut().poll(cx)) {
            return Poll::Pending;
        }
        let first = this.first.take().expect(POLLED_AGAIN);
        let second = this.second.take().expect(POLLED_AGAIN);
        Poll::Ready((first, second, this.third.take().expect(POLLED_AGAIN)))
    }
}

/// Wait for three futures: see [`join`].
pub fn join3<A: Future, B: Future, C: Future>(first: A, second: B, third: C) -> Join3<A, B, C> {
    Join3 {
        first: Half::Waiting { future: first },
        second: Half::Waiting { future: second },
        third: Half::Waiting { future: third },
    }
}
