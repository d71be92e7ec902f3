//! What an operation must be like before the kernel may see it.
//!
//! Owns: the class of every opcode on this kernel, and the checks. Invariant: nothing that breaks
//! a promise of the contract (no completion, a signal, a look-alike of end of file) gets past.

use super::engine::{Engine, Sink};
use super::fast;
use super::route;
use super::table::ROWS;
use crate::driver::{Added, Op, bits, index_of, opcode, rarely, sqe_flag};
use crate::fault::{ENOTSUP_KERNEL, ESTALE, Fault};
use crate::sys::uapi::{
    ACCEPT_MULTISHOT, CANCEL_ALL, CANCEL_FD, CANCEL_FD_FIXED, POLL_FIRST, POLL_UPDATE_USER_DATA,
    RECV_MULTISHOT, RWF_NOSIGNAL,
};
use crate::sys::{Features, LIBRARY_OPS, SetupInfo, kernel, supports};

/// MSG_* and RWF_* bits used here.
pub(super) const MSG_NOSIGNAL: u32 = libc::MSG_NOSIGNAL as u32;
pub(super) const QUIET_FLAGS: u32 = (libc::MSG_DONTWAIT | libc::MSG_WAITALL) as u32;
const CANCEL_ALL_FD: u32 = CANCEL_ALL | CANCEL_FD | CANCEL_FD_FIXED;
/// The library's flag in `ext` of a SEND.
pub const EXT_QUIET: u64 = 1;
/// Longest transfer of one operation; the kernel's own limit is a page below.
pub(super) const LONGEST: u32 = i32::MAX as u32;

/// Operations that the kernel lets take a provided buffer.
const TAKES_BUFFERS: [u8; 5] =
    [opcode::READ, opcode::READV, opcode::READ_MULTISHOT, opcode::RECV, opcode::RECVMSG];

/// What is checked before the kernel sees an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Class {
    /// Not an operation this library knows.
    Unknown,
    /// Known, but this kernel does not serve it.
    Missing,
    /// Known, and it would break the contract.
    Refused,
    /// Nothing to check.
    Unchecked,
    /// A NOP on a BIG ring: its completion may have a second half.
    Nop,
    /// `fd` is no descriptor, but a number of another kind.
    NoDescriptor,
    Read,
    ReadMultishot,
    Write,
    Send,
    SendMessage,
    ZeroCopy,
    Recv,
    RecvMessage,
    Accept,
    PollRemove,
    /// May name a region or a slot of the table of files.
    Registered,
    /// Names another operation by its token in `addr`.
    Names,
    Cancel,
    /// Limits the time of the operation before it in its chain.
    LinkTimeout,
    Message,
    Command,
    Library,
}

/// The class of each opcode on the ring's kernel.
pub struct Classes {
    table: [Class; 256],
    pub(super) features: Features,
    sqpoll: bool,
    /// The notification of a zero-copy send tells whether the kernel copied (6.2).
    pub(super) reports_copies: bool,
}

impl Classes {
    /// The table for a ring.
    pub fn new(info: &SetupInfo) -> Classes {
        let known = kernel();
        let served = |code| match (&known, code) {
            // Where no kernel answers (a simulated ring) everything is served.
            (Err(_), _) => true,
            (Ok(_), opcode::BIND | opcode::LISTEN) => info.features.has(Features::BIND_LISTEN),
            (Ok(_), opcode::FIXED_FD_INSTALL) => info.features.has(Features::FD_INSTALL),
            (Ok(kernel), _) => supports(kernel, code),
        };
        let mut table = [Class::Unknown; 256];
        for row in ROWS {
            let usable = row.class == Class::Refused || served(row.code);
            table[usize::from(row.code)] = if usable { row.class } else { Class::Missing };
        }
        if info.is_big() {
            table[usize::from(opcode::NOP)] = Class::Nop;
        }
        for (code, _) in LIBRARY_OPS {
            table[usize::from(*code)] = Class::Library;
        }
        Classes {
            table,
            features: info.features,
            sqpoll: info.is_sqpoll(),
            // No bit of the kernel tells; an opcode of 6.7 proves that it is new enough.
            reports_copies: served(opcode::READ_MULTISHOT),
        }
    }
}

impl Classes {
    /// Whether the operation needs no look beyond its opcode and flags, and is in no chain.
    #[inline]
    pub fn is_unchecked(&self, op: &Op) -> bool {
        let class = self.table[op.opcode as usize];
        if class != Class::Unchecked || op.flags & !sqe_flag::ASYNC != 0 {
            rarely();
            return false;
        }
        if op.ext != 0 {
            rarely();
            return false;
        }
        true
    }

    /// Whether it is a QUIET send, which [`Classes::check_send`] may still refuse.
    #[inline]
    pub fn is_quiet(&self, op: &Op) -> bool {
        self.table[op.opcode as usize] == Class::Send && op.ext == EXT_QUIET
    }

    /// Whether a SEND may go to the kernel, which raises no signal.
    #[inline]
    pub fn check_send(&self, op: &Op) -> Result<(), Fault> {
        if op.len > LONGEST {
            return Err(invalid("len is above 2147483647"));
        }
        if op.ioprio & !POLL_FIRST != 0 {
            return Err(invalid("ioprio of a send is RECVSEND_POLL_FIRST or 0"));
        }
        if op.ext & !EXT_QUIET != 0 {
            return Err(invalid("unknown bit in ext"));
        }
        if op.ext == 0 {
            return Ok(());
        }
        if op.flags != 0 || op.op_flags & QUIET_FLAGS != QUIET_FLAGS {
            return Err(invalid(
                "QUIET needs MSG_DONTWAIT | MSG_WAITALL, no SQE flags and no link chain",
            ));
        }
        if self.sqpoll {
            return Err(invalid("QUIET cannot be told apart on a polled (SQPOLL) ring"));
        }
        if !self.features.has(Features::CQE_SKIP) {
            return Err(Fault::new(ENOTSUP_KERNEL, "cqe_skip: QUIET sends need Linux 5.17"));
        }
        Ok(())
    }
}

#[cold]
fn missing(code: u8) -> Fault {
    let context = match code {
        opcode::BIND | opcode::LISTEN => "bind_listen: bind and listen on a ring need Linux 6.11",
        opcode::FIXED_FD_INSTALL => "fd_install: FIXED_FD_INSTALL needs Linux 6.8",
        _ => ROWS.get(usize::from(code)).map_or("", |row| row.missing),
    };
    Fault::new(ENOTSUP_KERNEL, context)
}

#[cold]
fn refused(code: u8) -> Fault {
    if code == opcode::RECV_ZC {
        return Fault::new(
            ENOTSUP_KERNEL,
            "recv_zc: no zero-copy receive queue of a network card is registered with this ring",
        );
    }
    invalid("buffers are provided by ringline_pool_create and given back by ringline_lease_release")
}

#[cold]
pub(super) fn invalid(context: &'static str) -> Fault {
    Fault::errno(libc::EINVAL, context)
}

impl Engine {
    /// Accept one operation that is not part of a chain (or whose chain has room): its token.
    pub(super) fn accept(&mut self, op: &Op, sink: Sink) -> Result<u64, Fault> {
        let class = self.classes.table[op.opcode as usize];
        self.accept_checked(op, sink, class)
    }

    /// As [`Engine::accept`], for a LINK_TIMEOUT with an operation before it in its chain.
    pub(super) fn accept_link_timeout(&mut self, op: &Op, sink: Sink) -> Result<u64, Fault> {
        let class = match self.classes.table[usize::from(op.opcode)] {
            // Its `fd` is no descriptor either.
            Class::LinkTimeout => Class::NoDescriptor,
            other => other,
        };
        self.accept_checked(op, sink, class)
    }

    fn route_to(&mut self, index: u32, sink: Sink) {
        let slot = self.driver.slab.get(index);
        slot.bits |= bits::CALLBACK;
        slot.callback = sink.callback;
        slot.ctx = sink.ctx;
    }

    fn accept_checked(&mut self, op: &Op, sink: Sink, class: Class) -> Result<u64, Fault> {
        self.check_flags(op)?;
        let mut op = *op;
        let index = match class {
            Class::Unknown => return Err(invalid("this library does not know the opcode")),
            Class::Missing => return Err(missing(op.opcode)),
            Class::Refused => return Err(refused(op.opcode)),
            Class::Library => self.accept_library(&op, sink)?,
            _ => {
                self.check(&mut op, class)?;
                let index = self.submit_special(&op)?;
                match class {
                    // A close or cancel of a descriptor with that number does not mean it.
                    Class::NoDescriptor => self.driver.slab.get(index).fd = -1,
                    Class::Command => self.begin_command(index, &op),
                    Class::Nop => self.begin_nop(index, &op),
                    Class::ZeroCopy => self.begin_zero_copy(index, &op),
                    _ => {}
                }
                index
            }
        };
        if sink.callback != 0 {
            self.route_to(index, sink);
        }
        Ok(self.driver.slab.get(index).token)
    }

    fn check_flags(&self, op: &Op) -> Result<(), Fault> {
        if op.flags & sqe_flag::CQE_SKIP_SUCCESS != 0 {
            return Err(invalid(
                "CQE_SKIP_SUCCESS breaks the one FINAL completion; use RINGLINE_EXT_QUIET",
            ));
        }
        // The kernel would hold back everything behind it, the library's cancels included, until
        // what is pending ends, and the wake never does.
        if op.flags & sqe_flag::IO_DRAIN != 0 {
            return Err(invalid("IO_DRAIN would hold back cancels too; use a link chain"));
        }
        if op.flags & 0x80 != 0 {
            return Err(invalid("unknown bit in flags"));
        }
        if op.ext != 0 && !matches!(op.opcode, opcode::SEND | opcode::URING_CMD) {
            return Err(invalid("ext must be 0 for this operation"));
        }
        Ok(())
    }

    fn check(&mut self, op: &mut Op, class: Class) -> Result<(), Fault> {
        match class {
            Class::Read if op.len > LONGEST => Err(invalid("len is above 2147483647")),
            Class::Write => {
                if op.len > LONGEST {
                    return Err(invalid("len is above 2147483647"));
                }
                if self.classes.features.has(Features::WRITE_NOSIGNAL) {
                    op.op_flags |= RWF_NOSIGNAL;
                }
                Ok(())
            }
            Class::NoDescriptor if op.flags & sqe_flag::FIXED_FILE != 0 => {
                Err(invalid("this operation names no file, so it takes no registered slot"))
            }
            Class::Send => {
                self.classes.check_send(op)?;
                if op.ext != 0 && self.driver.quiet.room() == 0 {
                    let text = "turn the ring to settle the QUIET sends";
                    return Err(Fault::errno(libc::EAGAIN, text));
                }
                op.op_flags |= MSG_NOSIGNAL;
                Ok(())
            }
            Class::SendMessage => self.check_send_message(op),
            Class::ZeroCopy => self.check_zero_copy(op),
            Class::Recv => self.check_recv(op),
            Class::RecvMessage => self.check_recv_message(op),
            Class::ReadMultishot => self.check_read_multishot(op),
            Class::Message => self.check_message(op),
            Class::Command => self.check_command(op),
            Class::Accept => {
                let multishot = op.ioprio & ACCEPT_MULTISHOT != 0;
                if multishot && !self.classes.features.has(Features::ACCEPT_MULTISHOT) {
                    return Err(Fault::new(ENOTSUP_KERNEL, "accept_multishot needs Linux 5.19"));
                }
                Ok(())
            }
            Class::PollRemove => {
                if op.len & POLL_UPDATE_USER_DATA != 0 {
                    return Err(invalid("the user data of a poll cannot be changed"));
                }
                self.check_name(op.addr)
            }
            Class::Names => self.check_name(op.addr),
            Class::LinkTimeout => {
                Err(invalid("link_timeout follows the operation of a chain that it limits"))
            }
            Class::Cancel => {
                if op.op_flags & !CANCEL_ALL_FD != 0 {
                    return Err(invalid("cancel by token or by descriptor; use cancel_all"));
                }
                if op.op_flags & 2 == 0 { self.check_name(op.addr) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    /// A token that names an operation must name one the kernel has: anything else could reach
    /// the library's own entries.
    fn check_name(&mut self, token: u64) -> Result<(), Fault> {
        let Some(index) = self.driver.slab.find(token) else {
            return Err(Fault::new(ESTALE, "addr must be the token of an operation in flight"));
        };
        // The kernel knows nothing of a timer, and only a part of a close or a SEND_ALL: to end
        // that part would not end the operation.
        let route = self.driver.slab.get(index).route;
        let own = [route::TIMER, route::SEND_ALL, route::CLOSE, route::CONNECT];
        if own.contains(&route) {
            return Err(invalid("the token is that of a library operation; use ringline_cancel"));
        }
        Ok(())
    }

    fn check_recv(&self, op: &Op) -> Result<(), Fault> {
        let select = op.flags & sqe_flag::BUFFER_SELECT != 0;
        if op.len > LONGEST {
            return Err(invalid("len is above 2147483647"));
        }
        // A bundle fills several buffers under one completion: the leases would not say so.
        if op.ioprio & !(POLL_FIRST | RECV_MULTISHOT) != 0 {
            return Err(invalid("ioprio of a recv is POLL_FIRST and RECV_MULTISHOT at most"));
        }
        if op.len == 0 && !select {
            return Err(invalid("a recv of length 0 would look like the end of the stream"));
        }
        if op.ioprio & RECV_MULTISHOT != 0 {
            if !select {
                return Err(invalid("a multishot recv takes its buffers from a pool"));
            }
            if !self.classes.features.has(Features::RECV_MULTISHOT) {
                return Err(Fault::new(ENOTSUP_KERNEL, "recv_multishot needs Linux 6.0"));
            }
        }
        if op.file_index == 0 {
            return Ok(());
        }
        if op.ioprio & RECV_MULTISHOT == 0 || op.file_index > LONGEST {
            return Err(invalid("a limit is for a multishot recv, and 2147483647 at most"));
        }
        if !self.classes.features.has(Features::RECV_LIMIT) {
            return Err(Fault::new(ENOTSUP_KERNEL, "recv_limit needs Linux 6.17"));
        }
        Ok(())
    }

    fn submit_special(&mut self, op: &Op) -> Result<u32, Fault> {
        let select = op.flags & sqe_flag::BUFFER_SELECT != 0;
        if select {
            if !TAKES_BUFFERS.contains(&op.opcode) {
                return Err(invalid("this operation takes no buffer from a pool"));
            }
            // The kernel answers ENOBUFS for an unknown group, which looks like starvation.
            self.pools.check(op)?;
        }
        self.check_registered(op)?;
        let added = if self.classes.is_quiet(op) { fast::QUIET } else { Added::default() };
        let index = index_of(self.driver.submit(op, added)?);
        if select {
            self.pools.pin(op.buf_index);
            let slot = self.driver.slab.get(index);
            slot.bits |= bits::POOL;
            slot.done = u32::from(op.buf_index);
        }
        self.pin_registered(op, index);
        Ok(index)
    }

    fn accept_library(&mut self, op: &Op, sink: Sink) -> Result<u32, Fault> {
        if op.flags != 0 {
            return Err(invalid("a library operation takes no SQE flags and no link chain"));
        }
        let index = match op.opcode {
            opcode::LIB_CLOSE => self.accept_close(op, sink)?,
            opcode::LIB_TIMER => self.accept_timer(op)?,
            opcode::LIB_CONNECT_TIMEOUT => self.accept_connect_timeout(op)?,
            opcode::LIB_POST => self.accept_post(op)?,
            opcode::LIB_SEND_ALL => index_of(self.accept_send_all(op)?),
            _ => return Err(invalid("this library does not know the opcode")),
        };
        Ok(index)
    }
}
