//! The simulated kernel by itself: does it behave as io_uring does where the library cares?

use ringline::internals::driver::{Op, opcode, sqe_flag};
use ringline::internals::sys::{Backend, Sim, SimPlan, Sqe};

/// How to enter: without events, or with so many wanted and a limit.
type Wait = Option<(u32, i64)>;

const NO_WAIT: &Wait = &None;
const GET: &Wait = &Some((0, -1));
const FOR_ONE: &Wait = &Some((1, -1));

fn ring(plan: SimPlan) -> Sim {
    let mut sim = Sim::new(plan);
    assert_eq!(enter(&mut sim, &[], GET).1, libc::EBADFD, "not enabled yet");
    assert_eq!(sim.enable(), 0);
    sim
}

fn sqe(op: Op, user_data: u64) -> Sqe {
    op.to_sqe(user_data)
}

fn nop(user_data: u64) -> Sqe {
    sqe(Op::default(), user_data)
}

fn poll(fd: i32, user_data: u64) -> Sqe {
    sqe(Op { opcode: opcode::POLL_ADD, fd, op_flags: 1, ..Op::default() }, user_data)
}

fn cancel(addr: u64, user_data: u64) -> Sqe {
    sqe(Op { opcode: opcode::ASYNC_CANCEL, fd: -1, addr, ..Op::default() }, user_data)
}

/// Publish a batch and enter: how many entries were consumed, and the errno.
fn enter(sim: &mut Sim, batch: &[Sqe], wait: &Wait) -> (u32, i32) {
    let queues = sim.queues();
    let head = queues.sq_head();
    for (at, sqe) in batch.iter().enumerate() {
        // SAFETY: what was not consumed before is written anew, and nothing else is published.
        unsafe { queues.sqe(head.wrapping_add(at as u32)).write(*sqe) };
    }
    queues.publish(head.wrapping_add(batch.len() as u32));
    let entries = batch.len() as u32;
    let done = match *wait {
        None => sim.submit(entries),
        Some((want, limit_ns)) => sim.enter(entries, want, limit_ns, 0),
    };
    (queues.sq_head().wrapping_sub(head), if done < 0 { -done } else { 0 })
}

fn take(sim: &mut Sim) -> Vec<(u64, i32, u32)> {
    let queues = sim.queues();
    let count = sim.ready().completions;
    let tail = queues.cq_tail();
    let all = (0..count).map(|at| queues.cqe(tail.wrapping_sub(count).wrapping_add(at)));
    let all = all.map(|cqe| (cqe.user_data, cqe.res, cqe.flags)).collect();
    queues.release(tail);
    all
}

/// Fails when deferred completions show up without an enter that gets events.
#[test]
fn deferred_work_is_announced_and_waits_for_an_enter() {
    let mut sim = ring(SimPlan::quiet(1));
    assert_eq!(enter(&mut sim, &[poll(3, 1), nop(2)], NO_WAIT), (2, 0));
    assert_eq!(take(&mut sim), [(2, 0, 0)]);
    while !sim.ready().task_run {}
    assert!(enter(&mut sim, &[], NO_WAIT).1 == 0 && take(&mut sim).is_empty());
    assert!(sim.is_in_flight(1));
    enter(&mut sim, &[], GET);
    assert_eq!(take(&mut sim), [(1, 1, 0)]);
    assert!(!sim.is_in_flight(1));
}

/// Fails when a full queue loses completions, or lets them in without an enter.
#[test]
fn overflow_is_kept_announced_and_flushed() {
    let plan = SimPlan { sq_entries: 8, cq_entries: 4, ..SimPlan::quiet(1) };
    let mut sim = ring(plan);
    let batch: Vec<Sqe> = (0..6).map(nop).collect();
    assert_eq!(enter(&mut sim, &batch, NO_WAIT).0, 6);
    assert!(sim.ready().overflow);
    assert_eq!(take(&mut sim).len(), 4);
    assert!(take(&mut sim).is_empty());
    enter(&mut sim, &[], GET);
    assert!(!sim.ready().overflow);
    assert_eq!(take(&mut sim), [(4, 0, 0), (5, 0, 0)]);
}

/// Fails when a cancelled operation ends twice or not at all, or a stuck one ends.
#[test]
fn a_cancel_ends_its_target_unless_it_is_stuck() {
    let mut sim = ring(SimPlan::quiet(1));
    enter(&mut sim, &[poll(3, 1), cancel(1, 2), cancel(9, 3)], FOR_ONE);
    assert_eq!(take(&mut sim), [(2, 0, 0), (3, -libc::ENOENT, 0)]);
    enter(&mut sim, &[], FOR_ONE);
    assert_eq!(take(&mut sim), [(1, -libc::ECANCELED, 0)]);
    let mut sim = ring(SimPlan { stuck: 1000, ..SimPlan::quiet(1) });
    enter(&mut sim, &[poll(3, 1), cancel(1, 2)], GET);
    assert_eq!(take(&mut sim), [(2, -libc::EALREADY, 0)]);
    assert_eq!(sim.cancel_sync(1, 1_000), libc::ETIME);
    assert_eq!(enter(&mut sim, &[], FOR_ONE).1, libc::EINTR, "nothing can come, no limit");
    let limited = Some((1, 5_000));
    let before = sim.now();
    assert_eq!(enter(&mut sim, &[], &limited).1, libc::ETIME);
    assert!(sim.now() - before >= 5_000 && sim.stuck_ops() == 1);
}

/// Fails when the rest of a chain runs after a failure, or is not reported.
#[test]
fn a_failed_head_cancels_its_chain() {
    let mut sim = ring(SimPlan::quiet(1));
    let link = |op: Op| Op { flags: sqe_flag::IO_LINK, ..op };
    let bad = Op { opcode: 99, ..Op::default() };
    enter(&mut sim, &[sqe(link(bad), 1), nop(2), nop(3)], GET);
    let cancelled = -libc::ECANCELED;
    assert_eq!(take(&mut sim), [(1, -libc::EINVAL, 0), (2, cancelled, 0), (3, 0, 0)]);
    let skip = Op { flags: sqe_flag::CQE_SKIP_SUCCESS, ..Op::default() };
    enter(&mut sim, &[sqe(link(Op::default()), 4), sqe(skip, 5)], GET);
    assert_eq!(take(&mut sim), [(4, 0, 0)]);
}

/// Fails when an empty pool, or what a buffer holds, is reported otherwise than by io_uring.
#[test]
fn a_multishot_recv_takes_buffers_until_there_is_none() {
    #[repr(C, align(4096))]
    struct Ring([u8; 4096]);
    let mut memory = Box::new(Ring([0; 4096]));
    let mut data = vec![0u8; 32];
    let mut sim = ring(SimPlan::quiet(1));
    memory.0[..8].copy_from_slice(&(data.as_mut_ptr() as u64).to_ne_bytes());
    memory.0[8..12].copy_from_slice(&32u32.to_ne_bytes());
    memory.0[12..14].copy_from_slice(&7u16.to_ne_bytes());
    memory.0[14..16].copy_from_slice(&1u16.to_ne_bytes());
    // SAFETY: page-aligned, and it outlives the last enter.
    assert_eq!(unsafe { sim.register_pool(0, memory.0.as_mut_ptr(), 2, false) }, 0);
    let flags = sqe_flag::BUFFER_SELECT;
    let recv = Op { opcode: opcode::RECV, flags, ioprio: 2, fd: 3, ..Op::default() };
    enter(&mut sim, &[sqe(recv, 5)], FOR_ONE);
    let first = (5, 32, 7 << 16 | 1 | 2);
    let mut seen = take(&mut sim);
    while seen.len() < 2 {
        enter(&mut sim, &[], FOR_ONE);
        seen.extend(take(&mut sim));
    }
    assert_eq!(seen, [first, (5, -libc::ENOBUFS, 0)]);
    let wanted: Vec<u8> = (0..32).map(|at| Sim::pattern(5, at)).collect();
    assert_eq!(data, wanted);
    assert_eq!(sim.unregister_pool(0), 0);
}

/// Fails when an entry that was not consumed leaves a trace.
#[test]
fn a_refused_enter_takes_nothing() {
    for (plan, errno) in [
        (SimPlan { enter_eintr: 1000, ..SimPlan::quiet(1) }, libc::EINTR),
        (SimPlan { enter_ebusy: 1000, ..SimPlan::quiet(1) }, libc::EBUSY),
        (SimPlan { enter_eagain: 1000, ..SimPlan::quiet(1) }, libc::EAGAIN),
    ] {
        let mut sim = ring(plan);
        assert_eq!(enter(&mut sim, &[nop(1)], GET), (0, errno));
        assert!(!sim.is_in_flight(1) && take(&mut sim).is_empty());
    }
}
