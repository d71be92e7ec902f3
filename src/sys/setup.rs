//! Making a kernel ring: the table of flag rows, and memory limits.
//!
//! Owns: which setup flags go together. Flags are tried row by row, not one by one, because
//! invalid mixes are EINVAL; the row that stuck is in [`SetupInfo`].

use super::errno_of;
use super::probe::Features;
use super::refused::{Call, Refused};
use super::rings::Ring;
use super::uapi::setup::{
    BIG, COOP_TASKRUN, DEFER_TASKRUN, NO_SQARRAY, R_DISABLED, SINGLE_ISSUER, SQPOLL, SUBMIT_ALL,
    TASKRUN_FLAG,
};
use crate::log;
use io_uring::{Builder, IoUring, cqueue, squeue};
use std::io;
use std::time::{Duration, Instant};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct RingSpec {
    /// Submission entries.
    pub sq_entries: u32,
    /// Completion entries.
    pub cq_entries: u32,
    /// A kernel thread that polls the submission queue (opt-in).
    pub sqpoll: bool,
    /// Entries and completions twice as long (opt-in).
    pub big: bool,
    /// Idle time of that thread in milliseconds.
    pub sq_thread_idle_ms: u32,
    /// CPU of that thread; -1 = any.
    pub sq_thread_cpu: i32,
    /// Features switched off by config or environment.
    pub disable: Features,
    /// How long ENOMEM may be retried while the kernel gives back an earlier ring's memory.
    pub memory_patience: Duration,
}

/// What was got.
#[derive(Clone, Copy, Debug, Default)]
pub struct SetupInfo {
    /// Submission entries.
    pub sq_entries: u32,
    /// Completion entries.
    pub cq_entries: u32,
    /// IORING_SETUP_* bits that stuck.
    pub setup_flags: u32,
    /// Features this ring has.
    pub features: Features,
    /// The ring's descriptor.
    pub fd: i32,
}

impl SetupInfo {
    /// The kernel polls the submission queue.
    #[inline]
    pub fn is_sqpoll(&self) -> bool {
        self.setup_flags & SQPOLL != 0
    }

    /// Entries have 128 bytes and completions 32.
    pub fn is_big(&self) -> bool {
        self.setup_flags & BIG == BIG
    }

    /// The kernel announces deferred work in the queue flags; without it, always enter.
    #[inline]
    pub fn announces_task_run(&self) -> bool {
        self.setup_flags & TASKRUN_FLAG != 0
    }
}

/// The rows, best first. SQPOLL excludes DEFER_TASKRUN and COOP_TASKRUN and is a row of its own.
const ROWS: [u32; 4] = [
    SINGLE_ISSUER | DEFER_TASKRUN | TASKRUN_FLAG,
    SINGLE_ISSUER | COOP_TASKRUN | TASKRUN_FLAG,
    COOP_TASKRUN | TASKRUN_FLAG,
    0,
];

/// The newest flags that a row may carry on top, dropped one after the other on EINVAL.
const EXTRAS: [u32; 3] = [SUBMIT_ALL | NO_SQARRAY, SUBMIT_ALL, 0];

/// Which setup flags stand for which feature.
pub(super) const FLAG_FEATURES: [(u32, Features); 6] = [
    (SINGLE_ISSUER, Features::SINGLE_ISSUER),
    (SINGLE_ISSUER | DEFER_TASKRUN, Features::DEFER_TASKRUN),
    (COOP_TASKRUN, Features::COOP_TASKRUN),
    (COOP_TASKRUN | TASKRUN_FLAG, Features::TASKRUN_FLAG),
    (SUBMIT_ALL, Features::SUBMIT_ALL),
    (NO_SQARRAY, Features::NO_SQARRAY),
];

/// A ring to ask the kernel by.
const SMALLEST: RingSpec = RingSpec {
    sq_entries: 2,
    cq_entries: 4,
    sqpoll: false,
    big: false,
    sq_thread_idle_ms: 0,
    sq_thread_cpu: -1,
    disable: Features(0),
    memory_patience: Duration::from_millis(200),
};

/// The smallest ring there is, and its flags.
pub(super) fn smallest() -> Result<(Ring, u32), Refused> {
    create(&SMALLEST)
}

/// Whether this kernel makes a ring with `flag`, seeing that it made one with `stuck`.
pub(super) fn is_known(flag: u32, stuck: u32) -> bool {
    // A kernel that defers (6.1) has what came before.
    const OLDER: u32 = SUBMIT_ALL | COOP_TASKRUN | TASKRUN_FLAG | SINGLE_ISSUER;
    let shown = if stuck & DEFER_TASKRUN != 0 { stuck | OLDER } else { stuck };
    let deadline = Instant::now() + SMALLEST.memory_patience;
    shown & flag == flag || patiently(&SMALLEST, flag, deadline).is_ok()
}

/// The flags that `disable` forbids.
fn forbidden(disable: Features) -> u32 {
    // A wait with a limit is poll(2) then, and what comes for a ring that defers does not wake it.
    let mut off = if disable.has(Features::EXT_ARG) { DEFER_TASKRUN } else { 0 };
    for (flags, feature) in FLAG_FEATURES {
        if disable.has(feature) {
            // DEFER_TASKRUN and TASKRUN_FLAG stand beside the flag they need: forbid only them.
            off |= match flags {
                f if f & DEFER_TASKRUN != 0 => DEFER_TASKRUN,
                f if f & TASKRUN_FLAG != 0 => TASKRUN_FLAG,
                // Without a single issuer the kernel refuses to defer.
                SINGLE_ISSUER => SINGLE_ISSUER | DEFER_TASKRUN,
                f => f,
            };
        }
    }
    off
}

/// Try the rows until one sticks. The error is that of the last try that was not EINVAL.
pub(super) fn create(spec: &RingSpec) -> Result<(Ring, u32), Refused> {
    rows(spec).map_err(|errno| Refused { call: Call::Setup, errno })
}

fn rows(spec: &RingSpec) -> Result<(Ring, u32), i32> {
    let off = forbidden(spec.disable);
    let deadline = Instant::now() + spec.memory_patience;
    if spec.sqpoll {
        for extra in EXTRAS {
            match patiently(spec, SQPOLL | (SINGLE_ISSUER | extra) & !off, deadline) {
                Ok(ring) => return Ok((ring, SQPOLL | (SINGLE_ISSUER | extra) & !off)),
                Err(libc::EINVAL) => {}
                // The poll thread is a wish: without the right to it the ring still works.
                Err(libc::EPERM) => {
                    log::tell(log::WARN, format_args!("SQPOLL needs a right: no poll thread"));
                    break;
                }
                Err(errno) => return Err(errno),
            }
        }
    }
    let mut last = libc::EINVAL;
    for row in ROWS {
        for extra in EXTRAS {
            let flags = (row | extra) & !off;
            match patiently(spec, flags, deadline) {
                Ok(ring) => {
                    tell_step_down(flags, off);
                    return Ok((ring, flags));
                }
                Err(libc::EINVAL) => last = libc::EINVAL,
                Err(errno) => return Err(errno),
            }
        }
    }
    Err(last)
}

/// Say in the log that a ring did not get the best row.
fn tell_step_down(flags: u32, off: u32) {
    let best = ROWS[0] | EXTRAS[0];
    if flags != best {
        let lost = best & !flags;
        let (asked, refused) = (lost & off, lost & !off);
        log::tell(
            log::INFO,
            format_args!(
                "setup flags stepped down to {flags:#x}: {asked:#x} switched off by config or \
                 RINGLINE_DISABLE, {refused:#x} not with those or not on this kernel"
            ),
        );
    }
}

/// One row. ENOMEM is retried until the deadline: ring memory counts against RLIMIT_MEMLOCK and
/// the kernel releases that of a closed ring late.
fn patiently(spec: &RingSpec, flags: u32, deadline: Instant) -> Result<Ring, i32> {
    let mut told = false;
    loop {
        match build(spec, flags) {
            Ok(ring) => return Ok(ring),
            Err(errno) => {
                if errno != libc::ENOMEM || Instant::now() >= deadline {
                    return Err(errno);
                }
                if !told {
                    told = true;
                    log::tell(
                        log::INFO,
                        format_args!("ENOMEM: waiting for the kernel to give back ring memory"),
                    );
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

fn build(spec: &RingSpec, flags: u32) -> Result<Ring, i32> {
    let made = if spec.big {
        build_as(spec, flags).map(Ring::Big)
    } else {
        build_as(spec, flags).map(Ring::Plain)
    };
    made.map_err(errno_of)
}

/// Sets a flag of a ring to be.
type Setter<S, C> = fn(&mut Builder<S, C>) -> &mut Builder<S, C>;

fn build_as<S, C>(spec: &RingSpec, flags: u32) -> io::Result<IoUring<S, C>>
where
    S: squeue::EntryMarker,
    C: cqueue::EntryMarker,
{
    let mut builder = IoUring::<S, C>::builder();
    // Rings start disabled, so that the thread that attaches, not the one that creates, becomes
    // the single issuer.
    builder.dontfork().setup_r_disabled().setup_clamp().setup_cqsize(spec.cq_entries);
    if flags & SQPOLL != 0 {
        builder.setup_sqpoll(spec.sq_thread_idle_ms);
        if let Ok(cpu) = u32::try_from(spec.sq_thread_cpu) {
            builder.setup_sqpoll_cpu(cpu);
        }
    }
    let setters: [(u32, Setter<S, C>); 6] = [
        (SUBMIT_ALL, Builder::setup_submit_all),
        (COOP_TASKRUN, Builder::setup_coop_taskrun),
        (TASKRUN_FLAG, Builder::setup_taskrun_flag),
        (SINGLE_ISSUER, Builder::setup_single_issuer),
        (DEFER_TASKRUN, Builder::setup_defer_taskrun),
        (NO_SQARRAY, Builder::setup_no_sqarray),
    ];
    for (flag, set) in setters {
        if flags & flag != 0 {
            set(&mut builder);
        }
    }
    builder.build(spec.sq_entries)
}

/// The bits [`SetupInfo::setup_flags`] reports for a ring made with `flags`.
pub(super) fn stuck(spec: &RingSpec, flags: u32) -> u32 {
    flags | R_DISABLED | if spec.big { BIG } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flag_is_the_one_that_its_setter_sets() {
        const CQSIZE_AND_CLAMP: u32 = 8 | 16;
        let alone = [SUBMIT_ALL, COOP_TASKRUN, SINGLE_ISSUER, NO_SQARRAY, SQPOLL];
        let beside = [COOP_TASKRUN | TASKRUN_FLAG, SINGLE_ISSUER | DEFER_TASKRUN];
        for big in [false, true] {
            let spec = RingSpec { big, ..SMALLEST };
            for flags in alone.into_iter().chain(beside).chain(ROWS) {
                match build(&spec, flags) {
                    Ok(ring) => {
                        let asked = ring.record().flags & !CQSIZE_AND_CLAMP;
                        assert_eq!(asked, stuck(&spec, flags), "{flags:#x}");
                    }
                    // An older kernel. Each makes a ring without any flag.
                    Err(errno) => assert_eq!((errno, flags != 0), (libc::EINVAL, true)),
                }
            }
        }
    }
}
