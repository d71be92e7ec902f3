//! COPY_ARGS: small inputs that operations point to, kept for the caller until the kernel has them.
//!
//! Owns: one bounded piece of memory per ring, and the table of what each opcode reads while its
//! entry is consumed. Never copies data, outputs, or what the kernel may read once more later.
//! Invariant: a copy stays as it is until the kernel has consumed every entry staged with it.

use crate::driver::{Op, opcode};
use crate::fault::Fault;
use crate::sys::Map;
use crate::sys::uapi::{LINK_TIMEOUT_UPDATE, TIMEOUT_UPDATE};
use core::ptr;

/// More than the inputs of any single operation: a value of 64 KiB, its name and a path.
const CAPACITY: usize = 128 << 10;
const ALIGN: usize = 16;

// What the kernel reads at most. For a longer input it answers without reading it.
const PATH_MOST: usize = 4096;
const NAME_MOST: usize = 256;
const VALUE_MOST: usize = 64 << 10;
const ADDRESS_MOST: usize = 128;
const HOW_MOST: usize = 4096;
const VECTORS_MOST: usize = 1024;
const FUTEXES_MOST: usize = 128;

const FUTEX_BYTES: usize = 24;
const TIMESPEC_BYTES: usize = 16;
/// The flags of a timeout under which `addr` points to a timespec; others may come to mean that
/// it does not.
const TIMEOUT_FLAGS: u32 = 0x7f;
const TIMEOUT_UPDATES: u32 = TIMEOUT_UPDATE | LINK_TIMEOUT_UPDATE;

/// The field of an operation that points to an input.
#[derive(Clone, Copy)]
enum Place {
    Addr,
    Off,
    Addr3,
}

impl Place {
    fn of(self, op: &mut Op) -> &mut u64 {
        match self {
            Place::Addr => &mut op.addr,
            Place::Off => &mut op.off,
            Place::Addr3 => &mut op.addr3,
        }
    }
}

/// What an input is, which says how long it is.
#[derive(Clone, Copy)]
enum Kind {
    /// A string that ends.
    Path,
    /// The name of an extended attribute.
    Name,
    /// The value of an extended attribute, `len` bytes.
    Value,
    /// A socket address, `off` bytes.
    Address,
    /// The socket address a send goes to; its length shares the place of `file_index`.
    Destination,
    Timespec,
    /// A struct open_how, `len` bytes.
    How,
    /// `len` iovecs.
    Vectors,
    /// A struct msghdr with its name and its iovecs.
    Message,
    Event,
    /// `len` of struct futex_waitv.
    Futexes,
}

use Kind::{
    Address, Destination, Event, Futexes, How, Message, Name, Path, Timespec, Value, Vectors,
};
use Place::{Addr, Addr3, Off};

/// The inputs that the kernel reads while it consumes the entry, and never again.
fn inputs(op: &Op) -> &'static [(Place, Kind)] {
    match op.opcode {
        opcode::READV | opcode::WRITEV => &[(Addr, Vectors)],
        opcode::READV_FIXED | opcode::WRITEV_FIXED => &[(Addr, Vectors)],
        opcode::SENDMSG | opcode::SENDMSG_ZC => &[(Addr, Message)],
        opcode::SEND | opcode::SEND_ZC => &[(Off, Destination)],
        opcode::CONNECT | opcode::BIND => &[(Addr, Address)],
        opcode::TIMEOUT | opcode::LINK_TIMEOUT if op.op_flags & !TIMEOUT_FLAGS == 0 => {
            &[(Addr, Timespec)]
        }
        opcode::TIMEOUT_REMOVE if updates(op) => &[(Off, Timespec)],
        opcode::OPENAT | opcode::STATX | opcode::UNLINKAT | opcode::MKDIRAT => &[(Addr, Path)],
        opcode::OPENAT2 => &[(Addr, Path), (Off, How)],
        opcode::RENAMEAT | opcode::SYMLINKAT | opcode::LINKAT => &[(Addr, Path), (Off, Path)],
        opcode::SETXATTR => &[(Addr, Name), (Off, Value), (Addr3, Path)],
        opcode::FSETXATTR => &[(Addr, Name), (Off, Value)],
        opcode::GETXATTR => &[(Addr, Name), (Addr3, Path)],
        opcode::FGETXATTR => &[(Addr, Name)],
        opcode::EPOLL_CTL if op.len as i32 != libc::EPOLL_CTL_DEL => &[(Addr, Event)],
        opcode::FUTEX_WAITV => &[(Addr, Futexes)],
        _ => &[],
    }
}

fn updates(op: &Op) -> bool {
    op.op_flags & TIMEOUT_UPDATES != 0 && op.op_flags & !TIMEOUT_FLAGS == 0
}

/// Bytes to copy of the input of `kind` at `at`; 0 = leave it to the kernel to answer.
///
/// # Safety
/// `at` is not NULL, and readable as the kernel would read it.
unsafe fn bytes(op: &Op, kind: Kind, at: u64) -> usize {
    let up_to =
        |count: usize, each: usize, most: usize| if count > most { 0 } else { count * each };
    // SAFETY: the caller promised a string that ends, or as many bytes as the kernel reads.
    let string = |most: usize| unsafe { length(at as *const u8, most) };
    match kind {
        Path => string(PATH_MOST),
        Name => string(NAME_MOST),
        Value => up_to(op.len as usize, 1, VALUE_MOST),
        Address => up_to(op.off as u32 as usize, 1, ADDRESS_MOST),
        Destination => up_to(op.file_index as u16 as usize, 1, ADDRESS_MOST),
        Timespec => TIMESPEC_BYTES,
        How => up_to(op.len as usize, 1, HOW_MOST),
        Vectors => up_to(op.len as usize, size_of::<libc::iovec>(), VECTORS_MOST),
        Message => size_of::<libc::msghdr>(),
        Event => size_of::<libc::epoll_event>(),
        Futexes => up_to(op.len as usize, FUTEX_BYTES, FUTEXES_MOST),
    }
}

/// Bytes of a string with its end, but not above `most`.
///
/// # Safety
/// The string at `at` is readable up to its end or for `most` bytes.
unsafe fn length(at: *const u8, most: usize) -> usize {
    // SAFETY: the caller promised bytes up to the end of the string or `most`.
    let text = unsafe { libc::strnlen(at.cast(), most) };
    (text + 1).min(most)
}

/// Copies of inputs, until the kernel has read them.
#[derive(Default)]
pub struct Arguments {
    /// Made when it is used for the first time.
    memory: Option<Map>,
    used: usize,
}

impl Arguments {
    /// The kernel has consumed every entry: no copy is needed any more.
    pub fn clear(&mut self) {
        self.used = 0;
    }

    /// How much is in use, for [`Arguments::back_to`].
    pub fn mark(&self) -> usize {
        self.used
    }

    /// Forget the copies since `mark`: their operations were not accepted.
    pub fn back_to(&mut self, mark: usize) {
        self.used = mark;
    }

    /// Keep the memory for good: the kernel did not let go of the ring.
    pub fn leak(self) {
        core::mem::forget(self.memory);
    }

    /// Copy the inputs of `op` and let it point to the copies.
    ///
    /// # Safety
    /// What `op` points to is readable as the kernel would read it; NULL is left as it is.
    pub unsafe fn take(&mut self, op: &mut Op) -> Result<(), Fault> {
        for &(place, kind) in inputs(op) {
            let at = *place.of(op);
            if at == 0 {
                continue;
            }
            // SAFETY: not NULL; else as the caller promised.
            let copy = unsafe {
                let copy = self.copy(at, bytes(op, kind, at))?;
                if matches!(kind, Message) {
                    self.take_message(copy)?;
                }
                copy
            };
            *place.of(op) = copy;
        }
        Ok(())
    }

    /// Copy what the copied msghdr at `at` points to: its name and its iovecs. Its control data
    /// stays where it is: the kernel reads it when it sends, and again when it has to try again.
    ///
    /// # Safety
    /// `at` is a copy made by [`Arguments::take`]; what it points to is readable.
    unsafe fn take_message(&mut self, at: u64) -> Result<(), Fault> {
        // SAFETY: a copy is aligned, and nobody else refers to it.
        let message = unsafe { &mut *(at as *mut libc::msghdr) };
        let name = message.msg_namelen as i32;
        // A longer name is cut by the kernel, a negative length refused.
        let name = if name < 0 { 0 } else { (name as usize).min(ADDRESS_MOST) };
        let vectors = message.msg_iovlen;
        let vectors = if vectors > VECTORS_MOST { 0 } else { vectors };
        // SAFETY: the caller promised that the name and the iovecs are readable.
        unsafe {
            message.msg_name = self.copy(message.msg_name as u64, name)? as *mut _;
            let bytes = vectors * size_of::<libc::iovec>();
            message.msg_iov = self.copy(message.msg_iov as u64, bytes)? as *mut _;
        }
        Ok(())
    }

    /// A copy of `len` bytes at `from`; where there is nothing to copy, `from`.
    ///
    /// # Safety
    /// `from` is NULL or readable for `len` bytes.
    unsafe fn copy(&mut self, from: u64, len: usize) -> Result<u64, Fault> {
        if from == 0 || len == 0 {
            return Ok(from);
        }
        let end = self.used + len.next_multiple_of(ALIGN);
        if end > CAPACITY {
            return Err(Fault::errno(
                libc::EAGAIN,
                "COPY_ARGS: 128 KiB of inputs wait for the kernel; flush or turn the ring",
            ));
        }
        let memory = match &self.memory {
            Some(memory) => memory,
            None => {
                let made = Map::new(CAPACITY)
                    .map_err(|errno| Fault::errno(errno, "no memory for COPY_ARGS"))?;
                self.memory.insert(made)
            }
        };
        // SAFETY: from `used` on the memory is free and, checked above, long enough; the caller
        // vouches for the source, which may be a copy itself, but no part of this one.
        let to = unsafe {
            let to = memory.as_ptr().add(self.used);
            ptr::copy_nonoverlapping(from as *const u8, to, len);
            to
        };
        self.used = end;
        Ok(to as u64)
    }
}
