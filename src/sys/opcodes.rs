//! Names of the kernel's operations, for reports.
//!
//! Owns: the list, in the order of the kernel's numbers up to Linux 6.18. Decides nothing.

/// Names by opcode.
pub const KERNEL_OPS: [&str; 63] = [
    "nop",
    "readv",
    "writev",
    "fsync",
    "read_fixed",
    "write_fixed",
    "poll_add",
    "poll_remove",
    "sync_file_range",
    "sendmsg",
    "recvmsg",
    "timeout",
    "timeout_remove",
    "accept",
    "async_cancel",
    "link_timeout",
    "connect",
    "fallocate",
    "openat",
    "close",
    "files_update",
    "statx",
    "read",
    "write",
    "fadvise",
    "madvise",
    "send",
    "recv",
    "openat2",
    "epoll_ctl",
    "splice",
    "provide_buffers",
    "remove_buffers",
    "tee",
    "shutdown",
    "renameat",
    "unlinkat",
    "mkdirat",
    "symlinkat",
    "linkat",
    "msg_ring",
    "fsetxattr",
    "setxattr",
    "fgetxattr",
    "getxattr",
    "socket",
    "uring_cmd",
    "send_zc",
    "sendmsg_zc",
    "read_multishot",
    "waitid",
    "futex_wait",
    "futex_wake",
    "futex_waitv",
    "fixed_fd_install",
    "ftruncate",
    "bind",
    "listen",
    "recv_zc",
    "epoll_wait",
    "readv_fixed",
    "writev_fixed",
    "pipe",
];

/// The name of an opcode of the kernel or of the library.
pub fn op_name(opcode: u8) -> &'static str {
    const LIBRARY: [&str; 5] =
        ["lib_close", "lib_timer", "lib_send_all", "lib_connect_timeout", "lib_post"];
    match opcode {
        0..128 => KERNEL_OPS.get(usize::from(opcode)).copied().unwrap_or("op?"),
        _ => LIBRARY.get(usize::from(opcode) - 128).copied().unwrap_or("lib_op?"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use io_uring::opcode;

    /// The names and codes of types of the io-uring crate.
    macro_rules! codes {
        ($($name:ident)*) => { [$((stringify!($name), opcode::$name::CODE)),*] };
    }

    #[test]
    fn the_names_stand_where_the_crate_has_its_codes() {
        let known = codes! {
            Nop Readv Writev Fsync ReadFixed WriteFixed PollAdd PollRemove SyncFileRange SendMsg
            RecvMsg Timeout TimeoutRemove Accept AsyncCancel LinkTimeout Connect Fallocate OpenAt
            Close FilesUpdate Statx Read Write Fadvise Madvise Send Recv OpenAt2 EpollCtl Splice
            ProvideBuffers RemoveBuffers Tee Shutdown RenameAt UnlinkAt MkDirAt SymlinkAt LinkAt
            MsgRingData FSetXattr SetXattr FGetXattr GetXattr Socket UringCmd16 SendZc SendMsgZc
            ReadMulti WaitId FutexWait FutexWake FutexWaitV FixedFdInstall Ftruncate Bind Listen
            RecvZc EpollWait ReadvFixed WritevFixed Pipe
        };
        assert_eq!(known.len(), KERNEL_OPS.len());
        for (name, code) in known {
            let name = match name {
                "MsgRingData" => "MsgRing",
                "UringCmd16" => "UringCmd",
                "ReadMulti" => "ReadMultishot",
                name => name,
            };
            assert_eq!(op_name(code).replace('_', ""), name.to_lowercase());
        }
    }
}
