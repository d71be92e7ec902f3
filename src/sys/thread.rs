//! Who is calling: a number per thread that is never used twice.
//!
//! Owns: the thread-local number. A thread-local address or a kernel tid would be given again to a
//! later thread; a counter is not.

use core::sync::atomic::{AtomicU64, Ordering};

/// A thread of this process; 0 means none.
pub type ThreadId = u64;

/// No thread's number, and not that of a thread without one.
pub const NOBODY: ThreadId = ThreadId::MAX;

static NEXT: AtomicU64 = AtomicU64::new(1);

/// The number in the static TLS block: two loads, where a shared library's `thread_local!` calls a
/// function. glibc keeps room in that block for libraries that are loaded late.
#[cfg(all(target_arch = "x86_64", target_env = "gnu"))]
mod cell {
    macro_rules! symbol {
        () => {
            concat!("_ringline_thread_number_", env!("CARGO_PKG_VERSION_MAJOR"))
        };
    }

    core::arch::global_asm!(
        ".pushsection .tbss,\"awT\",@nobits",
        ".balign 8",
        concat!(".globl ", symbol!()),
        concat!(".hidden ", symbol!()),
        concat!(".type ", symbol!(), ",@object"),
        concat!(".size ", symbol!(), ",8"),
        concat!(symbol!(), ":"),
        ".zero 8",
        ".popsection",
    );

    #[inline(always)]
    pub(super) fn get() -> u64 {
        let number: u64;
        // SAFETY: loads of the thread's own 8 bytes, at the offset that the linker fills in.
        unsafe {
            core::arch::asm!(
                concat!("mov {0}, qword ptr [rip + ", symbol!(), "@GOTTPOFF]"),
                "mov {0}, qword ptr fs:[{0}]",
                out(reg) number,
                options(nostack, preserves_flags, readonly, pure),
            );
        }
        number
    }

    pub(super) fn set(number: u64) {
        // SAFETY: a store into the thread's own 8 bytes.
        unsafe {
            core::arch::asm!(
                concat!("mov {0}, qword ptr [rip + ", symbol!(), "@GOTTPOFF]"),
                "mov qword ptr fs:[{0}], {1}",
                out(reg) _,
                in(reg) number,
                options(nostack, preserves_flags),
            );
        }
    }
}

#[cfg(not(all(target_arch = "x86_64", target_env = "gnu")))]
mod cell {
    use core::cell::Cell;

    thread_local! {
        static NUMBER: Cell<u64> = const { Cell::new(0) };
    }

    #[inline]
    pub(super) fn get() -> u64 {
        NUMBER.get()
    }

    pub(super) fn set(number: u64) {
        NUMBER.set(number);
    }
}

/// The calling thread's number.
#[inline(always)]
pub fn current_thread() -> ThreadId {
    let number = cell::get();
    if number != 0 { number } else { number_thread() }
}

/// Whether the calling thread has the number `thread`, which is not 0 but may be [`NOBODY`].
#[inline(always)]
pub fn is_current_thread(thread: ThreadId) -> bool {
    cell::get() == thread
}

#[cold]
fn number_thread() -> ThreadId {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    cell::set(number);
    number
}

/// Whether the kernel thread `tid` of this process has exited.
pub fn thread_is_gone(tid: i32) -> bool {
    // SAFETY: signal 0 only asks whether the thread exists.
    let answer = unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), tid, 0) };
    answer != 0 && super::errno() == libc::ESRCH
}

/// Whether no code of the kernel thread `tid` runs any more. pthread_join(3) returns a little
/// before the kernel has seen the thread off: one that is on its way is waited for, for up to ten
/// milliseconds.
pub fn thread_is_over(tid: i32) -> bool {
    if thread_is_gone(tid) {
        return true;
    }
    match is_leaving(tid) {
        Some(false) => false,
        Some(true) => {
            goes_soon(tid);
            true
        }
        None => goes_soon(tid),
    }
}

/// Whether the thread has begun to exit; None where /proc does not tell.
fn is_leaving(tid: i32) -> Option<bool> {
    const PF_EXITING: u64 = 4;
    /// Which word behind the name, which may hold any, has the flags.
    const FLAGS: usize = 6;
    let text = match std::fs::read(format!("/proc/self/task/{tid}/stat")) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) if thread_is_gone(tid) => return Some(true),
        Err(_) => return None,
    };
    let flags = text.rsplit_once(')')?.1.split_whitespace().nth(FLAGS)?;
    Some(flags.parse::<u64>().ok()? & PF_EXITING != 0)
}

fn goes_soon(tid: i32) -> bool {
    const TIMES: u32 = 100;
    const PAUSE: std::time::Duration = std::time::Duration::from_micros(100);
    for _ in 0..TIMES {
        if thread_is_gone(tid) {
            return true;
        }
        std::thread::sleep(PAUSE);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_was_joined_is_over_and_one_that_waits_is_not() {
        // SAFETY: gettid has no arguments.
        let tid = || unsafe { libc::syscall(libc::SYS_gettid) } as i32;
        assert!(!thread_is_over(tid()));
        for _ in 0..100 {
            let (send, receive) = std::sync::mpsc::channel();
            let (go, went) = std::sync::mpsc::channel::<()>();
            let thread = std::thread::spawn(move || {
                send.send(tid()).unwrap();
                let _ = went.recv();
            });
            let other = receive.recv().unwrap();
            assert!(!thread_is_over(other));
            drop(go);
            thread.join().unwrap();
            assert_eq!(is_leaving(other), Some(true));
            assert!(thread_is_over(other));
        }
    }
}
