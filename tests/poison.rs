//! A panic inside the library's call: it does not cross the boundary, and the ring is poisoned.
//!
//! Through the Rust library, where a callback can panic as the library's own code would; the
//! shared library has no way to provoke one, and shall have none.
#![cfg(feature = "capi")]

use ringline::internals::driver::{Completion, Op};
use ringline::internals::fault::{EPANIC, EPOISONED, ESTALE};
use ringline::internals::ffi::*;
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::time::{Duration, Instant};

unsafe extern "C-unwind" fn panics(_: *mut c_void, _: *mut ringline_ring, _: *const Completion) {
    panic!("as a bug of the library would");
}

fn ring_mappings() -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("the list of mappings");
    maps.lines().filter(|line| line.contains("io_uring")).count()
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("the list of descriptors").count()
}

/// Whether nobody, the kernel's pending read included, has the pipe's read end within two seconds.
fn is_let_go(write_end: i32) -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(2) {
        let mut entry = libc::pollfd { fd: write_end, events: 0, revents: 0 };
        // SAFETY: one pollfd.
        unsafe { libc::poll(&mut entry, 1, 10) };
        if entry.revents & libc::POLLERR != 0 {
            return true;
        }
    }
    false
}

/// Fails when a panic escapes, when a poisoned ring still works, or when its free leaves the
/// kernel's ring behind: then a read that nobody can cancel holds its file for ever.
#[test]
fn a_poisoned_ring_can_only_be_freed_and_then_is_gone() {
    let mut made = MaybeUninit::uninit();
    let mut ends = [0i32; 2];
    // The kernel may write into it until the free is through.
    let memory: &'static mut [u8; 16] = Box::leak(Box::new([0; 16]));
    let mut read = MaybeUninit::uninit();
    // SAFETY: pointers to locals that live through the calls; `memory` lives for ever.
    unsafe {
        // The first ring makes what a process keeps.
        assert_eq!(ringline_create(std::ptr::null(), Some(&mut made)), 0);
        assert_eq!(ringline_free(made.assume_init()), 0);
        let before = descriptors();
        assert_eq!(libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC), 0);
        assert_eq!(ringline_create(std::ptr::null(), Some(&mut made)), 0);
        let ring = made.assume_init();
        assert_eq!(ringline_attach(ring), 0);
        ringline_prep_read(Some(&mut read), ends[0], memory.as_mut_ptr().cast(), 16, u64::MAX);
        assert_eq!(ringline_submit(ring, read.as_ptr(), 1, std::ptr::null_mut(), 0), 1);
        assert_eq!(ringline_flush(ring), 0);
        let nop = Op::default();
        assert!(ringline_submit_with(ring, &nop, Some(panics), std::ptr::null_mut()) > 0);
        assert_eq!(ringline_run(ring), EPANIC);
        assert_eq!(ringline_turn(ring), EPOISONED);
        assert_eq!(ringline_submit(ring, &nop, 1, std::ptr::null_mut(), 0), EPOISONED);
        assert_eq!(ringline_close(ring, 0), EPOISONED);
        assert_eq!(ringline_free(ring), 1, "the read is abandoned, and counted");
        assert_eq!(ringline_free(ring), ESTALE);
        assert_eq!(ring_mappings(), 0);
        assert_eq!(descriptors(), before + 2);
        libc::close(ends[0]);
        assert!(is_let_go(ends[1]), "the kernel still has the read");
        libc::close(ends[1]);
    }
}
