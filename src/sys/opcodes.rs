//! Names of the kernel's operations, for reports.
//!
//! Owns: the list, in the order of the kernel's numbers up to Linux 6.18. Decides nothing.

/// Names by opcode.
pub const KERNEL_OPS: [&str; 63] = [
    "nop", "readv", "writev", "fsync", "read_fixed", "write_fixed", "poll_add", "poll_remove",
    "sync_file_range", "sendmsg", "recvmsg", "timeout", "timeout_remove", "accept", "async_cancel",
    "link_timeout", "connect", "fallocate", "openat", "close", "files_update", "statx", "read",
    "write", "fadvise", "madvise", "send", "recv", "openat2", "epoll_ctl", "splice",
    "provide_buffers", "remove_buffers", "tee", "shutdown", "renameat", "unlinkat", "mkdirat",
    "symlinkat", "linkat", "msg_ring", "fsetxattr", "setxattr", "fgetxattr", "getxattr", "socket",
    "uring_cmd", "send_zc", "sendmsg_zc", "read_multishot", "waitid", "futex_wait", "futex_wake",
    "futex_waitv", "fixed_fd_install", "ftruncate", "bind", "listen", "recv_zc", "epoll_wait",
    "readv_fixed", "writev_fixed", "pipe",
];

/// The name of an opcode of the kernel or of the library.
pub fn op_name(opcode: u8) -> &'static str {
    const LIBRARY: [&str; 3] = ["lib_close", "lib_timer", "lib_send_all"];
    match opcode {
        0..128 => KERNEL_OPS.get(usize::from(opcode)).copied().unwrap_or("op?"),
        _ => LIBRARY.get(usize::from(opcode) - 128).copied().unwrap_or("lib_op?"),
    }
}
