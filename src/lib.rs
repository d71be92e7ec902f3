//! libringline: Linux io_uring as one shared library.
//!
//! The house, from the ground up: [`sys`] is the kernel and nothing else, [`ring`] owns queues and
//! lives, [`resource`] owns the memory lent to the kernel, [`op`] knows each operation, [`runtime`]
//! is a server on top of them, and two doors stand side by side: `ffi` (feature `capi`) for C, and
//! `task` for Rust, whose names are those of the crate's root: [`AsyncEventHandler`] is where to
//! begin. The upper floor may use the lower, never back.
//!
//! The modules are public for the project's own tests and tools; only the C ABI is stable. Of the
//! Rust door the connections, datagrams, tasks and timers are there; files, TLS, processes and a
//! ring of one's own are not yet.

#[doc(hidden)]
pub mod error;
#[cfg(feature = "capi")]
#[doc(hidden)]
pub mod ffi;
#[doc(hidden)]
pub mod log;
#[doc(hidden)]
pub mod op;
#[doc(hidden)]
pub mod resource;
#[doc(hidden)]
pub mod ring;
#[doc(hidden)]
pub mod runtime;
#[doc(hidden)]
pub mod sys;
mod task;
#[doc(hidden)]
pub mod text;

pub use task::{
    AsyncEventHandler, AsyncSendBuilder, ChainPartsBuilder, Config, ConfigBuilder, ConnCtx,
    ConnToken, ConnectFuture, Deadline, DriverCtx, Either, Either3, Elapsed, Error, GuardBox, Join,
    Join3, JoinError, JoinHandle, MAX_GUARDS, MAX_IOVECS, MemoryRegion, ParseResult,
    RecvBufferConfig, RecvReadyFuture, RegionId, RinglineBuilder, Select, Select3, SendBuilder,
    SendChainBuilder, SendFuture, SendGuard, SendPart, ShutdownHandle, SleepFuture, TaskId,
    TimeoutFuture, TimerExhausted, UdpCtx, UdpRecvFuture, UdpSendError, UdpToken, WithBytesFuture,
    WithDataFuture, WorkerConfig, connect, connect_with_timeout, join, join3, request_shutdown,
    select, select3, sleep, sleep_until, spawn, spawn_with_handle, timeout, timeout_at, try_sleep,
    try_sleep_until, try_timeout, try_timeout_at,
};
