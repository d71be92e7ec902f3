//! Counters of a worker, readable from any thread.
//!
//! Owns: numbers only; the worker writes them.

use crate::driver::Counter;

/// What a worker did so far.
#[derive(Debug, Default)]
pub struct WorkerStats {
    /// Connections accepted.
    pub accepted: Counter,
    /// Connections that are over.
    pub closed: Counter,
    /// Clients that were sent away because the table was full or the worker was ending.
    pub refused: Counter,
    /// Times accepting paused for want of descriptors or memory.
    pub accept_pauses: Counter,
    /// Receives.
    pub receives: Counter,
    /// Bytes received.
    pub received: Counter,
    /// Sends that the kernel finished, each of one or several messages.
    pub sends: Counter,
    /// Bytes that the kernel took.
    pub sent: Counter,
    /// Bytes of long messages that were copied, since they could not go at once.
    pub copied: Counter,
    /// Times a connection waited for a buffer of the pool.
    pub parked: Counter,
    /// Leases that users took.
    pub taken: Counter,
    /// Leases that they did not get, because few buffers were left.
    pub take_refusals: Counter,
    /// Connections that were opened here.
    pub connected: Counter,
    /// Connections that did nothing for too long.
    pub timeouts: Counter,
    /// Turns of the loop.
    pub turns: Counter,
    /// Datagrams received.
    pub datagrams: Counter,
    /// Receives that brought them, each one or a run of them.
    pub datagram_receives: Counter,
    /// Datagrams that the kernel took.
    pub datagrams_sent: Counter,
    /// Sends that took them, each one or a run of them.
    pub datagram_sends: Counter,
    /// Datagrams that were to be sent and that the kernel refused.
    pub datagrams_lost: Counter,
    /// Times the worker rested for want of memory, descriptors or buffers of the kernel's.
    pub backoffs: Counter,
    /// Callbacks that took too long.
    pub stalls: Counter,
    /// Threads that block, which a stop did not wait for.
    pub left_behind: Counter,
}
