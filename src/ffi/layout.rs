//! The layout table: what a wrapper compares its own structs with.

use super::boundary::fail;
use super::config::{ringline_config, ringline_info};
use super::pool::ringline_pool_info;
use super::recvmsg::ringline_message;
use super::region::ringline_region_info;
use super::runtime_config::ringline_runtime_config;
use super::runtime_conn::ringline_conn_info;
use super::runtime_door::ringline_runtime_handlers;
use super::runtime_events::{ringline_event, ringline_worker_block};
use super::runtime_lend::{ringline_conn_timeouts, ringline_lease};
use super::runtime_listen::ringline_listen;
use super::runtime_process::ringline_process;
use super::runtime_stats::ringline_runtime_stats;
use super::runtime_tls::ringline_tls_info;
use super::runtime_work::ringline_address;
use super::shared::ringline_shared;
use super::stats::ringline_stats;
use super::tls::{ringline_tls_identity, ringline_tls_options};
use crate::driver::{Completion, Op};
use crate::fault::{ENULL, Fault};
use core::mem::{offset_of, size_of};

/// One struct ("ringline_op", offset 0) or member ("ringline_op.fd") of the ABI.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ringline_abi_field {
    /// Address of the terminated, static name.
    pub name: u64,
    /// Offset in bytes.
    pub offset: u32,
    /// Size in bytes.
    pub size: u32,
}

fn size_of_member<S, M>(_: fn(&S) -> &M) -> u32 {
    size_of::<M>() as u32
}

macro_rules! layout {
    ($out:ident, $($name:literal : $type:ty { $($member:ident),* $(,)? })*) => {
        $(
            $out(concat!($name, "\0"), 0, size_of::<$type>() as u32);
            $($out(
                concat!($name, ".", stringify!($member), "\0"),
                offset_of!($type, $member) as u32,
                size_of_member(|value: &$type| &value.$member),
            );)*
        )*
    };
}

fn each(mut out: impl FnMut(&'static str, u32, u32)) {
    each_of_rings(&mut out);
    each_of_runtimes(&mut out);
    layout! { out,
        "ringline_abi_field": ringline_abi_field { name, offset, size }
    }
}

fn each_of_rings(mut out: impl FnMut(&'static str, u32, u32)) {
    layout! { out,
        "ringline_op": Op {
            opcode, flags, ioprio, fd, off, addr, len, op_flags, user_data, buf_index,
            personality, file_index, addr3, ext,
        }
        "ringline_completion": Completion { user_data, res, flags, data, token }
        "ringline_shared": ringline_shared {
            size, abi, ops, ops_cap, ops_len, recs, recs_cap, recs_len, wait_min, flags,
            timeout_ns, min_wait_us, ops_done, op_error, op_error_at, inflight, leases_out,
            tokens, rel, rel_cap, rel_len, resv,
        }
        "ringline_config": ringline_config {
            size, sq_entries, cq_entries, max_inflight, ops_cap, recs_cap, flags,
            sq_thread_idle_ms, sq_thread_cpu, spin_us, disable,
        }
        "ringline_info": ringline_info {
            size, sq_entries, cq_entries, max_inflight, setup_flags, ring_fd, features, disabled,
        }
        "ringline_pool_info": ringline_pool_info {
            size, count, buffer_size, leases, flags, free,
        }
        "ringline_region_info": ringline_region_info {
            size, flags, address, len, users, resv,
        }
        "ringline_stats": ringline_stats {
            size, resv, submitted, completed, enters, waits, overflows, strays, timers, wakes,
            quiet, cancels, leases, nobufs, abandoned, rollbacks,
        }
        "ringline_message": ringline_message {
            name, control, payload, name_len, control_len, payload_len, flags, name_full,
            payload_full,
        }
    }
}

fn each_of_runtimes(mut out: impl FnMut(&'static str, u32, u32)) {
    layout! { out,
        "ringline_runtime_config": ringline_runtime_config {
            size, workers, flags, max_connections, high_water, low_water, keep_max, pool_buffers,
            pool_buffer_size, resv, close_timeout_ns, disable, stall_ns, spin_us, datagram_size,
            datagram_buffers, blocking_threads, min_rate,
        }
        "ringline_runtime_handlers": ringline_runtime_handlers {
            size, resv, ctx, start, accept, data, sent, writable, close, stop, connect, released,
            tick, notify, resolve, signal, spawn, exit, datagram, secured, stopping,
        }
        "ringline_runtime_stats": ringline_runtime_stats {
            size, workers, accepted, closed, refused, accept_pauses, receives, received, sends,
            sent, parked, turns, taken, take_refusals, connected, timeouts, datagrams,
            datagram_receives, datagrams_sent, datagram_sends, datagrams_lost, backoffs, stalls,
            left_behind, copied,
        }
        "ringline_listen": ringline_listen { size, flags, backlog, resv, tls }
        "ringline_lease": ringline_lease { size, resv, lease, bytes, length }
        "ringline_conn_timeouts": ringline_conn_timeouts {
            size, resv, idle_ns, read_ns, write_ns,
        }
        "ringline_conn_info": ringline_conn_info {
            size, state, flags, listener, user, received, sent, queued, kept, fd, peer_family,
            peer_port, peer_address, untaken,
        }
        "ringline_tls_identity": ringline_tls_identity {
            name, chain_file, key_file, chain, chain_length, key, key_length,
        }
        "ringline_tls_options": ringline_tls_options {
            size, flags, identities, identity_count, resv, roots_file, roots, roots_length, alpn,
            handshake_timeout_ns,
        }
        "ringline_tls_info": ringline_tls_info {
            size, state, flags, version, cipher_suite, peer_certificate, peer_certificate_length,
            cipher_name, alpn, server_name,
        }
        "ringline_address": ringline_address { family, port, scope, bytes }
        "ringline_process": ringline_process {
            size, flags, argv, env, cwd, stdin_is, stdout_is, stderr_is, resv,
        }
        "ringline_event": ringline_event {
            kind, res, conn, user, address, length, consumed, listener, flags, extra,
        }
        "ringline_worker_block": ringline_worker_block {
            size, abi, events, events_cap, events_len, timeout_ns, runtime, worker, resv, more,
        }
    }
}

/// Write the layout of every struct of the ABI into `out[0..cap)`. Returns how many entries there
/// are in all, or RINGLINE_ENULL. `out` may be NULL when `cap` is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_abi_layout(out: *mut ringline_abi_field, cap: u32) -> i32 {
    if out.is_null() && cap > 0 {
        return fail(Fault::new(ENULL, "out is NULL although cap is not 0"));
    }
    let mut count = 0u32;
    each(|name, offset, size| {
        if count < cap {
            let field = ringline_abi_field { name: name.as_ptr() as u64, offset, size };
            // SAFETY: the caller vouches for `cap` entries; count is below.
            unsafe { out.add(count as usize).write(field) };
        }
        count += 1;
    });
    count as i32
}
