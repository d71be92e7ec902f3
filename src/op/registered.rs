//! What an operation in flight pins beside its pool: regions, registered files, direct slots.
//!
//! Owns: the rules which operation names what. Invariant: what an operation names stays as it is
//! until the operation's last completion.

use super::descriptor::brings;
use super::engine::Engine;
use super::route;
use crate::driver::{Completion, Lifecycle, Op, Slot, bits, opcode, sqe_flag};
use crate::fault::{ENULL, Fault};
use crate::resource::INDEX_ALLOC;
use crate::sys::uapi::{ACCEPT_MULTISHOT, FIXED_BUFFER, SPLICE_FD_IN_FIXED, URING_CMD_FIXED};
use core::slice;

/// In the slot of an operation that fills a direct slot: it goes on after the first.
const MULTISHOT: u32 = 1;
/// In the slot: the library asked it to end because the table is full.
const STOPPED: u32 = 2;

/// What an operation does to the table of files.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direct {
    Nothing,
    /// It puts a file into a slot.
    Fill {
        multishot: bool,
    },
    /// It closes the file in a slot.
    Close,
    /// It changes a row of slots.
    Update,
}

fn direct(op: &Op) -> Direct {
    if op.opcode == opcode::FILES_UPDATE {
        return Direct::Update;
    }
    if op.file_index == 0 {
        return Direct::Nothing;
    }
    match op.opcode {
        opcode::ACCEPT => Direct::Fill { multishot: op.ioprio & ACCEPT_MULTISHOT != 0 },
        opcode::OPENAT | opcode::OPENAT2 | opcode::SOCKET => Direct::Fill { multishot: false },
        opcode::CLOSE => Direct::Close,
        _ => Direct::Nothing,
    }
}

/// Whether `buf_index` names a region.
fn uses_region(op: &Op) -> bool {
    match op.opcode {
        opcode::READ_FIXED | opcode::WRITE_FIXED => true,
        opcode::READV_FIXED | opcode::WRITEV_FIXED => true,
        opcode::SEND_ZC | opcode::SENDMSG_ZC => op.ioprio & FIXED_BUFFER != 0,
        opcode::URING_CMD => op.op_flags & URING_CMD_FIXED != 0,
        _ => false,
    }
}

/// The registered slot that a SPLICE or TEE reads from.
fn second_slot(op: &Op) -> Option<u32> {
    let splices = matches!(op.opcode, opcode::SPLICE | opcode::TEE);
    (splices && op.op_flags & SPLICE_FD_IN_FIXED != 0).then_some(op.file_index)
}

impl Engine {
    /// Whether everything that the operation names is there.
    pub(super) fn check_registered(&mut self, op: &Op) -> Result<(), Fault> {
        if op.flags & sqe_flag::FIXED_FILE != 0 {
            self.files.check(op.fd)?;
        }
        if let Some(slot) = second_slot(op) {
            self.files.check(slot as i32)?;
        }
        if uses_region(op) {
            let span = [opcode::READ_FIXED, opcode::WRITE_FIXED, opcode::SEND_ZC];
            if span.contains(&op.opcode) {
                self.regions.check(op.buf_index, op.addr, op.len)?;
            } else {
                self.regions.info(op.buf_index)?;
            }
        }
        match direct(op) {
            Direct::Nothing if op.opcode == opcode::PIPE && op.file_index != 0 => {
                Err(Fault::errno(libc::EINVAL, "a pipe takes no direct slots"))
            }
            Direct::Nothing => Ok(()),
            Direct::Fill { multishot } => self.files.check_fill(op.file_index, multishot),
            Direct::Close => self.files.check_close(op.file_index - 1),
            Direct::Update if op.addr == 0 => Err(Fault::new(ENULL, "files_update: fds is NULL")),
            Direct::Update => self.files.check_update(op.off, op.len),
        }
    }

    /// The operation was accepted in slot `index`: pin what it names.
    pub(super) fn pin_registered(&mut self, op: &Op, index: u32) {
        let slot = self.driver.slab.get(index);
        if op.flags & sqe_flag::FIXED_FILE != 0 {
            slot.bits |= bits::FIXED;
            self.files.pin(op.fd as u32);
        }
        if uses_region(op) {
            slot.bits |= bits::REGION;
            slot.done = op.buf_index.into();
            self.regions.pin(op.buf_index);
        }
        if let Some(second) = second_slot(op) {
            slot.bits |= bits::REGION;
            slot.done = second;
            self.files.pin(second);
        }
        let doing = direct(op);
        if doing == Direct::Nothing {
            if brings(op) {
                self.begin_descriptor(index, op);
            }
            return;
        }
        slot.route = route::DIRECT;
        (slot.op_flags, slot.len) = (op.file_index, 0);
        match doing {
            Direct::Fill { multishot } => {
                slot.len = if multishot { MULTISHOT } else { 0 };
                self.files.begin_fill(op.file_index, multishot);
            }
            Direct::Update => {
                // No descriptor, as below.
                slot.fd = -1;
                (slot.op_flags, slot.len) = (op.off as u32, op.len);
                // SAFETY: the caller vouches for `len` descriptors at `addr`, which is not NULL;
                // as bytes they need no alignment.
                let fds = unsafe { slice::from_raw_parts(op.addr as *const _, op.len as usize) };
                self.files.begin_update(op.off as u32, fds);
            }
            _ => {
                // No descriptor: a close or a cancel of descriptor 0 does not mean it.
                slot.fd = -1;
                self.files.begin_close(op.file_index - 1);
            }
        }
    }

    /// The operation of `slot` is over, or never was: let go of what it named.
    pub(super) fn unpin_registered(&mut self, slot: &Slot) {
        if slot.bits & bits::FIXED != 0 {
            self.files.unpin(slot.fd as u32);
        }
        if slot.bits & bits::REGION != 0 {
            match slot.opcode {
                opcode::SPLICE | opcode::TEE => self.files.unpin(slot.done),
                _ => self.regions.unpin(slot.done as u16),
            }
        }
    }

    /// The operation of `slot` on the table of files ended with `res`.
    pub(super) fn end_direct(&mut self, slot: &Slot, res: i32) {
        let done = res >= 0;
        match slot.opcode {
            opcode::FILES_UPDATE => self.files.end_update(slot.op_flags, slot.len, res),
            opcode::CLOSE => self.files.end_close(slot.op_flags - 1, done),
            _ => self.files.end_fill(slot.op_flags, slot.len & MULTISHOT != 0, done),
        }
    }

    /// A completion of an operation on the table of files.
    pub(super) fn complete_direct(&mut self, slot: &Slot, last: bool, it: &mut Completion) {
        let chosen = slot.op_flags == INDEX_ALLOC && slot.opcode != opcode::CLOSE;
        if chosen && it.res >= 0 {
            self.files.arrive(it.res as u32);
        }
        if last {
            self.end_direct(slot, it.res);
            let accepts = slot.opcode == opcode::ACCEPT;
            if accepts && slot.len & STOPPED != 0 && it.res == -libc::ECANCELED {
                it.res = -libc::ENFILE;
            }
        }
        if chosen && self.files.is_full() && self.files.accepts > 0 && !self.files.stopping {
            self.stop_accepts();
        }
    }

    /// End the multishot accepts before the kernel finds the table full: it would go on to accept
    /// clients, and drop them.
    #[cold]
    fn stop_accepts(&mut self) {
        self.files.stopping = true;
        for index in 0..self.driver.slab.touched() {
            let slot = *self.driver.slab.get(index);
            let here = slot.route == route::DIRECT && slot.opcode == opcode::ACCEPT;
            let goes_on = here && slot.len & (MULTISHOT | STOPPED) == MULTISHOT;
            if slot.state != Lifecycle::Live || !goes_on {
                continue;
            }
            if self.driver.cancel(index).is_err() {
                // No room even for a cancel: the next client asks again.
                self.files.stopping = false;
                return;
            }
            self.driver.slab.get(index).len |= STOPPED;
        }
    }
}
