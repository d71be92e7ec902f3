//! Processors and library threads: which there are, and what a thread of the library is like.
//!
//! Owns: affinity and the signal mask of threads that the library starts.

use core::mem::{size_of, zeroed};

/// The processors this thread may run on, in order; never empty.
pub fn allowed_cpus() -> Vec<usize> {
    // SAFETY: all-zero is an empty set.
    let mut set: libc::cpu_set_t = unsafe { zeroed() };
    // SAFETY: a set and its size; 0 is the calling thread.
    let code = unsafe { libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &mut set) };
    if code < 0 {
        return vec![0];
    }
    let end = libc::CPU_SETSIZE as usize;
    // SAFETY: every number is below the size of the set.
    let list: Vec<usize> = (0..end).filter(|cpu| unsafe { libc::CPU_ISSET(*cpu, &set) }).collect();
    if list.is_empty() { vec![0] } else { list }
}

/// Keep the calling thread on one processor. Where that is forbidden it runs anywhere; the errno.
pub fn stay_on(cpu: usize) -> Result<(), i32> {
    // SAFETY: all-zero is an empty set.
    let mut set: libc::cpu_set_t = unsafe { zeroed() };
    // SAFETY: `allowed_cpus` gave a number below the size of the set.
    unsafe { libc::CPU_SET(cpu, &mut set) };
    // SAFETY: a set and its size; 0 is the calling thread.
    let code = unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set) };
    if code < 0 { Err(super::errno()) } else { Ok(()) }
}

/// Signals are for the program's own threads: block them all in the calling one, which then starts
/// a thread that inherits it, while `start` runs.
pub fn without_signals<T>(start: impl FnOnce() -> T) -> T {
    // SAFETY: all-zero is a valid set, and is filled below.
    let (mut all, mut before): (libc::sigset_t, libc::sigset_t) = unsafe { zeroed() };
    // SAFETY: two sets of this thread's stack.
    unsafe {
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
    }
    let started = start();
    // SAFETY: the old mask is a set of this thread's stack, and no place for one is given.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &before, core::ptr::null_mut()) };
    started
}
