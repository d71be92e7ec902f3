//! The Rust door: one task per connection on the thread of its worker.
//!
//! Owns: the names of the Rust API, which the crate's root shows again.

pub mod config;
pub mod direct_io;
pub mod error;
pub mod fs;
pub mod guard;
pub mod handler;
pub mod mpsc;
pub mod nvme;
pub mod oneshot;
pub mod process;
pub mod signal;
pub mod sync;
pub mod watch;

mod aside;
mod blocking;
mod bound;
mod channel;
mod combine;
mod conn;
mod connect;
mod conns;
mod disk;
mod driver_ctx;
mod executor;
mod files_sent;
mod forward;
mod here;
mod launch;
mod names;
mod notify;
mod operation;
#[cfg(test)]
mod operation_tests;
mod recv;
mod segments;
mod send;
mod spawn;
mod stream;
mod tasks;
mod time;
#[cfg(feature = "tls")]
mod tls;
mod udp;
mod unix;

pub use blocking::{BlockingJoinHandle, spawn_blocking};
pub use channel::{RecvError, SendError, TryRecvError, TrySendError};
pub use combine::{Either, Either3, Join, Join3, Select, Select3, join, join3, select, select3};
pub use config::{Config, ConfigBuilder, RecvBufferConfig, WorkerConfig};
pub use conn::{ConnCtx, ConnToken};
pub use connect::{ConnectFuture, connect, connect_with_timeout};
pub use direct_io::{
    DirectIoCompletion, DirectIoConfig, DirectIoFile, DirectIoOp, direct_io_fsync, direct_io_read,
    direct_io_write, open_direct_io_file,
};
pub use disk::DiskIoFuture;
pub use driver_ctx::DriverCtx;
pub use error::{Elapsed, Error, JoinError, TimerExhausted, UdpSendError};
pub use forward::{ForwardFuture, SinkFd};
pub use guard::{GuardBox, MemoryRegion, RegionId, SendGuard};
pub use handler::AsyncEventHandler;
pub use launch::{RinglineBuilder, ShutdownHandle, request_shutdown};
pub use names::{
    ConnectAny, ResolveAllFuture, ResolveFuture, connect_any, connect_host,
    connect_host_with_timeout, resolve, resolve_all,
};
pub use notify::WakeHandle;
pub use nvme::{
    NvmeCompletion, NvmeConfig, NvmeDevice, nvme_flush, nvme_read, nvme_write, open_nvme_device,
};
pub use recv::{ParseResult, RecvReadyFuture, WithBytesFuture, WithDataFuture};
#[cfg(feature = "tls")]
pub use rustls;
pub use segments::{OwnedSegmentFuture, Segment, SegmentNext, SegmentReader};
pub use send::{
    AsyncSendBuilder, ChainPartsBuilder, MAX_GUARDS, MAX_IOVECS, SendBuilder, SendChainBuilder,
    SendFuture, SendPart,
};
pub use spawn::{JoinHandle, TaskId, spawn, spawn_with_handle};
pub use stream::ConnStream;
pub use sync::CancellationToken;
pub use time::{
    Deadline, SleepFuture, TimeoutFuture, sleep, sleep_until, timeout, timeout_at, try_sleep,
    try_sleep_until, try_timeout, try_timeout_at,
};
#[cfg(feature = "tls")]
pub use tls::{TlsClientConfig, TlsConfig, TlsInfo, connect_tls, connect_tls_with_timeout};
pub use udp::{
    UdpBatchFuture, UdpCtx, UdpDatagramFuture, UdpRecvFuture, UdpSendReady, UdpSocket, UdpToken,
};
pub use unix::{PeerAddr, connect_unix};
