//! The table of operations: what each opcode of the kernel needs from this library, and since when
//! the kernel serves it.
//!
//! Owns: the rows. Decides nothing about a single operation. Invariant: one row per opcode, in the
//! order of the kernel's numbers.

use super::prepare::Class;
use crate::ring::opcode;

/// One opcode of the kernel.
pub(super) struct Row {
    /// Its number.
    pub code: u8,
    /// What is checked before the kernel sees it.
    pub class: Class,
    /// What to say where the kernel does not serve it: its name and the first kernel.
    pub missing: &'static str,
}

macro_rules! row {
    ($name:ident, $class:ident, $since:literal) => {
        Row {
            code: opcode::$name,
            class: Class::$class,
            missing: concat!(stringify!($name), ": this operation needs Linux ", $since),
        }
    };
}

/// Rows by opcode.
pub(super) static ROWS: [Row; 63] = [
    row!(NOP, Plain, "5.1"),
    row!(READV, Plain, "5.1"),
    row!(WRITEV, Write, "5.1"),
    row!(FSYNC, Plain, "5.1"),
    row!(READ_FIXED, Read, "5.1"),
    row!(WRITE_FIXED, Write, "5.1"),
    row!(POLL_ADD, Plain, "5.1"),
    row!(POLL_REMOVE, PollRemove, "5.1"),
    row!(SYNC_FILE_RANGE, Plain, "5.2"),
    row!(SENDMSG, SendMessage, "5.3"),
    row!(RECVMSG, RecvMessage, "5.3"),
    row!(TIMEOUT, Plain, "5.4"),
    row!(TIMEOUT_REMOVE, Names, "5.5"),
    row!(ACCEPT, Accept, "5.5"),
    row!(ASYNC_CANCEL, Cancel, "5.5"),
    row!(LINK_TIMEOUT, LinkTimeout, "5.5"),
    row!(CONNECT, Plain, "5.5"),
    row!(FALLOCATE, Plain, "5.6"),
    row!(OPENAT, Claims, "5.6"),
    row!(CLOSE, Claims, "5.6"),
    row!(FILES_UPDATE, Claims, "5.6"),
    row!(STATX, Plain, "5.6"),
    row!(READ, Read, "5.6"),
    row!(WRITE, Write, "5.6"),
    row!(FADVISE, Plain, "5.6"),
    row!(MADVISE, Plain, "5.6"),
    row!(SEND, Send, "5.6"),
    row!(RECV, Recv, "5.6"),
    row!(OPENAT2, Claims, "5.6"),
    row!(EPOLL_CTL, Plain, "5.6"),
    row!(SPLICE, Claims, "5.7"),
    row!(PROVIDE_BUFFERS, Refused, "5.7"),
    row!(REMOVE_BUFFERS, Refused, "5.7"),
    row!(TEE, Claims, "5.8"),
    row!(SHUTDOWN, Plain, "5.11"),
    row!(RENAMEAT, Plain, "5.11"),
    row!(UNLINKAT, Plain, "5.11"),
    row!(MKDIRAT, Plain, "5.15"),
    row!(SYMLINKAT, Plain, "5.15"),
    row!(LINKAT, Plain, "5.15"),
    row!(MSG_RING, Message, "5.18"),
    row!(FSETXATTR, Plain, "5.19"),
    row!(SETXATTR, NoDescriptor, "5.19"),
    row!(FGETXATTR, Plain, "5.19"),
    row!(GETXATTR, NoDescriptor, "5.19"),
    row!(SOCKET, NoDescriptor, "5.19"),
    row!(URING_CMD, Command, "5.19"),
    row!(SEND_ZC, ZeroCopy, "6.0"),
    row!(SENDMSG_ZC, ZeroCopy, "6.1"),
    row!(READ_MULTISHOT, ReadMultishot, "6.7"),
    row!(WAITID, NoDescriptor, "6.7"),
    row!(FUTEX_WAIT, NoDescriptor, "6.7"),
    row!(FUTEX_WAKE, NoDescriptor, "6.7"),
    row!(FUTEX_WAITV, NoDescriptor, "6.7"),
    row!(FIXED_FD_INSTALL, Plain, "6.8"),
    row!(FTRUNCATE, Plain, "6.9"),
    row!(BIND, Plain, "6.11"),
    row!(LISTEN, Plain, "6.11"),
    row!(RECV_ZC, Refused, "6.15"),
    row!(EPOLL_WAIT, Plain, "6.15"),
    row!(READV_FIXED, Claims, "6.15"),
    row!(WRITEV_FIXED, Write, "6.15"),
    row!(PIPE, NoDescriptor, "6.16"),
];

/// Whether `code` is an operation of the kernel that this library accepts.
pub fn serves(code: u8) -> bool {
    ROWS.get(usize::from(code)).is_some_and(|row| row.class != Class::Refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stands_at_its_opcode_and_names_a_kernel() {
        for (at, row) in ROWS.iter().enumerate() {
            assert_eq!(usize::from(row.code), at, "{}", row.missing);
            assert!(row.missing.contains(": this operation needs Linux "), "{}", row.missing);
        }
        assert!(!serves(opcode::RECV_ZC) && !serves(opcode::PROVIDE_BUFFERS) && !serves(63));
        assert!(serves(opcode::NOP) && serves(opcode::PIPE));
    }
}
