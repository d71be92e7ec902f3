//! Every operation, once: number, name, what is checked before the kernel sees it, first kernel.
//!
//! Owns: the list, in the order of the kernel's numbers up to Linux 6.18, and the library's own
//! operations behind it. Numbers and names are made of it here; `op` makes its table of it, and
//! knows what the class means; `ffi` holds the constants of the header against it.

/// Give the list to a macro. A row is a number, its constant here, a name for people, the header's
/// constant; in `kernel` also what is checked (`Class` of `op`) and the first kernel with it.
macro_rules! each_operation {
    ($to:ident) => {
        $to! {
            kernel:
            0 NOP nop RINGLINE_OP_NOP Unchecked "5.1",
            1 READV readv RINGLINE_OP_READV Unchecked "5.1",
            2 WRITEV writev RINGLINE_OP_WRITEV Write "5.1",
            3 FSYNC fsync RINGLINE_OP_FSYNC Unchecked "5.1",
            4 READ_FIXED read_fixed RINGLINE_OP_READ_FIXED Read "5.1",
            5 WRITE_FIXED write_fixed RINGLINE_OP_WRITE_FIXED Write "5.1",
            6 POLL_ADD poll_add RINGLINE_OP_POLL_ADD Unchecked "5.1",
            7 POLL_REMOVE poll_remove RINGLINE_OP_POLL_REMOVE PollRemove "5.1",
            8 SYNC_FILE_RANGE sync_file_range RINGLINE_OP_SYNC_FILE_RANGE Unchecked "5.2",
            9 SENDMSG sendmsg RINGLINE_OP_SENDMSG SendMessage "5.3",
            10 RECVMSG recvmsg RINGLINE_OP_RECVMSG RecvMessage "5.3",
            11 TIMEOUT timeout RINGLINE_OP_TIMEOUT Unchecked "5.4",
            12 TIMEOUT_REMOVE timeout_remove RINGLINE_OP_TIMEOUT_REMOVE Names "5.5",
            13 ACCEPT accept RINGLINE_OP_ACCEPT Accept "5.5",
            14 ASYNC_CANCEL async_cancel RINGLINE_OP_ASYNC_CANCEL Cancel "5.5",
            15 LINK_TIMEOUT link_timeout RINGLINE_OP_LINK_TIMEOUT LinkTimeout "5.5",
            16 CONNECT connect RINGLINE_OP_CONNECT Unchecked "5.5",
            17 FALLOCATE fallocate RINGLINE_OP_FALLOCATE Unchecked "5.6",
            18 OPENAT openat RINGLINE_OP_OPENAT Registered "5.6",
            19 CLOSE close RINGLINE_OP_CLOSE Registered "5.6",
            20 FILES_UPDATE files_update RINGLINE_OP_FILES_UPDATE Registered "5.6",
            21 STATX statx RINGLINE_OP_STATX Unchecked "5.6",
            22 READ read RINGLINE_OP_READ Read "5.6",
            23 WRITE write RINGLINE_OP_WRITE Write "5.6",
            24 FADVISE fadvise RINGLINE_OP_FADVISE Unchecked "5.6",
            25 MADVISE madvise RINGLINE_OP_MADVISE Unchecked "5.6",
            26 SEND send RINGLINE_OP_SEND Send "5.6",
            27 RECV recv RINGLINE_OP_RECV Recv "5.6",
            28 OPENAT2 openat2 RINGLINE_OP_OPENAT2 Registered "5.6",
            29 EPOLL_CTL epoll_ctl RINGLINE_OP_EPOLL_CTL Unchecked "5.6",
            30 SPLICE splice RINGLINE_OP_SPLICE Registered "5.7",
            31 PROVIDE_BUFFERS provide_buffers RINGLINE_OP_PROVIDE_BUFFERS Refused "5.7",
            32 REMOVE_BUFFERS remove_buffers RINGLINE_OP_REMOVE_BUFFERS Refused "5.7",
            33 TEE tee RINGLINE_OP_TEE Registered "5.8",
            34 SHUTDOWN shutdown RINGLINE_OP_SHUTDOWN Unchecked "5.11",
            35 RENAMEAT renameat RINGLINE_OP_RENAMEAT Unchecked "5.11",
            36 UNLINKAT unlinkat RINGLINE_OP_UNLINKAT Unchecked "5.11",
            37 MKDIRAT mkdirat RINGLINE_OP_MKDIRAT Unchecked "5.15",
            38 SYMLINKAT symlinkat RINGLINE_OP_SYMLINKAT Unchecked "5.15",
            39 LINKAT linkat RINGLINE_OP_LINKAT Unchecked "5.15",
            40 MSG_RING msg_ring RINGLINE_OP_MSG_RING Message "5.18",
            41 FSETXATTR fsetxattr RINGLINE_OP_FSETXATTR Unchecked "5.19",
            42 SETXATTR setxattr RINGLINE_OP_SETXATTR NoDescriptor "5.19",
            43 FGETXATTR fgetxattr RINGLINE_OP_FGETXATTR Unchecked "5.19",
            44 GETXATTR getxattr RINGLINE_OP_GETXATTR NoDescriptor "5.19",
            45 SOCKET socket RINGLINE_OP_SOCKET NoDescriptor "5.19",
            46 URING_CMD uring_cmd RINGLINE_OP_URING_CMD Command "5.19",
            47 SEND_ZC send_zc RINGLINE_OP_SEND_ZC ZeroCopy "6.0",
            48 SENDMSG_ZC sendmsg_zc RINGLINE_OP_SENDMSG_ZC ZeroCopy "6.1",
            49 READ_MULTISHOT read_multishot RINGLINE_OP_READ_MULTISHOT ReadMultishot "6.7",
            50 WAITID waitid RINGLINE_OP_WAITID NoDescriptor "6.7",
            51 FUTEX_WAIT futex_wait RINGLINE_OP_FUTEX_WAIT NoDescriptor "6.7",
            52 FUTEX_WAKE futex_wake RINGLINE_OP_FUTEX_WAKE NoDescriptor "6.7",
            53 FUTEX_WAITV futex_waitv RINGLINE_OP_FUTEX_WAITV NoDescriptor "6.7",
            54 FIXED_FD_INSTALL fixed_fd_install RINGLINE_OP_FIXED_FD_INSTALL Unchecked "6.8",
            55 FTRUNCATE ftruncate RINGLINE_OP_FTRUNCATE Unchecked "6.9",
            56 BIND bind RINGLINE_OP_BIND Unchecked "6.11",
            57 LISTEN listen RINGLINE_OP_LISTEN Unchecked "6.11",
            58 RECV_ZC recv_zc RINGLINE_OP_RECV_ZC Refused "6.15",
            59 EPOLL_WAIT epoll_wait RINGLINE_OP_EPOLL_WAIT Unchecked "6.15",
            60 READV_FIXED readv_fixed RINGLINE_OP_READV_FIXED Registered "6.15",
            61 WRITEV_FIXED writev_fixed RINGLINE_OP_WRITEV_FIXED Write "6.15",
            62 PIPE pipe RINGLINE_OP_PIPE NoDescriptor "6.16",
            library:
            128 LIB_CLOSE lib_close RINGLINE_LIB_CLOSE,
            129 LIB_TIMER lib_timer RINGLINE_LIB_TIMER,
            130 LIB_SEND_ALL lib_send_all RINGLINE_LIB_SEND_ALL,
            131 LIB_CONNECT_TIMEOUT lib_connect_timeout RINGLINE_LIB_CONNECT_TIMEOUT,
            132 LIB_POST lib_post RINGLINE_LIB_POST,
        }
    };
}
pub(crate) use each_operation;

macro_rules! numbers_and_names {
    (
        kernel: $(
            $code:literal $constant:ident $name:ident $header:ident $class:ident $since:literal,
        )*
        library: $($own_code:literal $own_constant:ident $own_name:ident $own_header:ident,)*
    ) => {
        /// Values of `opcode` in an op.
        pub mod opcode {
            #![allow(missing_docs)]
            $(pub const $constant: u8 = $code;)*
            $(pub const $own_constant: u8 = $own_code;)*
        }

        /// Names of the kernel's operations, by opcode.
        pub const KERNEL_OPS: &[&str] = &[$(stringify!($name)),*];

        /// The library's own operations.
        pub const LIBRARY_OPS: &[(u8, &str)] = &[$(($own_code, stringify!($own_name))),*];
    };
}
each_operation!(numbers_and_names);

/// The name of an opcode of the kernel or of the library.
pub fn op_name(opcode: u8) -> &'static str {
    let own = || LIBRARY_OPS.iter().find(|(code, _)| *code == opcode).map(|(_, name)| *name);
    KERNEL_OPS.get(usize::from(opcode)).copied().or_else(own).unwrap_or("op?")
}

/// Whether an opcode is one of the library's own.
pub fn is_library_op(opcode: u8) -> bool {
    LIBRARY_OPS.iter().any(|(code, _)| *code == opcode)
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
