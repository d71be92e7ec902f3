//! The server runtime: workers, each with a thread, a ring and connections of its own.
//!
//! Owns: what workers share: the config, the listeners, the stop. It is written once for every
//! door: [`Door`] is what a language's side of it implements. Never shares a connection between
//! threads: whoever has one is the worker it lives on.

mod backoff;
mod config;
mod connection;
mod datagram;
mod errands;
mod flight;
mod hosts;
mod jobs;
mod kind;
mod listener;
mod posts;
mod queue;
mod shared;
mod signals;
mod stalls;
mod stats;
#[cfg(test)]
mod tests;
mod tls;
mod waking;
mod worker;

pub use crate::sys::process::Stream;
pub use config::Config;
pub use connection::{How, Kept, Life, Offer, Spans, index_of};
pub use datagram::Datagram;
pub use errands::Work;
pub use hosts::{Attempts, Step};
pub use jobs::UNKNOWN;
pub use listener::Manner;
pub use shared::Shared;
pub use stats::WorkerStats;
pub use tls::{
    Asked, ClientCertificates, DEFAULT_HANDSHAKE_NS, Identity, Pem, TlsConfig, TlsFacts, TlsOptions,
};
pub use worker::{Adopted, ConnFacts, Door, Event, Rest, Threads, Worker};
