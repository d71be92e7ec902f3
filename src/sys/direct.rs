//! The one system call of every turn, as short as it can be.
//!
//! Owns: nothing. Never looks at the queues: the caller has published what is to be submitted.

use super::uapi::enter;
use core::ffi::c_void;
use io_uring::types::{SubmitArgs, Timespec};

/// A ring that is entered with the same flags each time; the default is none.
#[derive(Clone, Copy, Debug)]
pub struct Direct {
    fd: i32,
    flags: u32,
    /// The kernel can be told that after a while one completion is enough.
    waits_shortly: bool,
}

/// How late a wake may reach a wait for several completions, in microseconds.
pub const SHORTLY_US: u32 = 500;

/// Longer than any ring lives. Without an end to the whole wait the kernel would end it after the
/// short while, whatever came, and again and again.
pub(super) static FOR_EVER: Timespec = Timespec::new().sec(1 << 32);

impl Default for Direct {
    fn default() -> Direct {
        Direct { fd: -1, flags: 0, waits_shortly: false }
    }
}

impl Direct {
    pub(super) fn new(fd: i32, flags: u32, waits_shortly: bool) -> Direct {
        Direct { fd, flags, waits_shortly }
    }

    /// Whether there is one.
    pub fn is_some(&self) -> bool {
        self.fd >= 0
    }

    /// Submit `entries` and wait for `want` completions, one at most; as `Backend::enter`.
    #[inline(always)]
    pub fn enter(&self, entries: u32, want: u32) -> i32 {
        // SAFETY: the queue holds entries whose memory the caller of `submit` promised.
        unsafe { raw_enter(self.fd, entries, want, self.flags, core::ptr::null(), 0) }
    }

    /// The kernel counts: the one completion that says "wake" ends no wait for two. So after a
    /// short while one has to be enough.
    pub fn enter_several(&self, entries: u32, want: u32) -> i32 {
        if !self.waits_shortly {
            return self.enter(entries, 1);
        }
        let shortly = SubmitArgs::new().timespec(&FOR_EVER).min_wait_usec(SHORTLY_US);
        let (flags, arg) = (self.flags | enter::EXT_ARG, (&raw const shortly).cast());
        // SAFETY: the descriptor is a ring's, and the argument is only read, and lives that long.
        unsafe { raw_enter(self.fd, entries, want, flags, arg, size_of::<SubmitArgs>()) }
    }
}

/// io_uring_enter(2) without the detour through libc and errno: the one call of every turn.
///
/// # Safety
/// As for the system call.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) unsafe fn raw_enter(
    fd: i32,
    submit: u32,
    want: u32,
    flags: u32,
    arg: *const c_void,
    size: usize,
) -> i32 {
    let done: isize;
    // SAFETY: the kernel's calling convention; it may write memory, which asm! assumes.
    unsafe {
        core::arch::asm!(
            "syscall",
            inlateout("rax") libc::SYS_io_uring_enter as isize => done,
            in("rdi") fd,
            in("rsi") submit,
            in("rdx") want,
            in("r10") flags,
            in("r8") arg,
            in("r9") size,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    done as i32
}

/// io_uring_enter(2).
///
/// # Safety
/// As for the system call.
#[cfg(not(target_arch = "x86_64"))]
pub(super) unsafe fn raw_enter(
    fd: i32,
    submit: u32,
    want: u32,
    flags: u32,
    arg: *const c_void,
    size: usize,
) -> i32 {
    // SAFETY: the caller promised that `arg` is what the flags say, and lives through the call.
    let done =
        unsafe { libc::syscall(libc::SYS_io_uring_enter, fd, submit, want, flags, arg, size) };
    if done < 0 { -super::errno() } else { done as i32 }
}
