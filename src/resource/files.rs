//! The table of registered files of one ring: which slot holds one, and who uses it.
//!
//! Owns: one word per slot. The front of the table is filled by name, the rest by the kernel, which
//! chooses a slot for each direct descriptor. Invariants: a slot gets another file only when no
//! operation in flight names it; the kernel never finds the table full, because a multishot accept
//! would then take clients and drop them.

use crate::fault::{ENOTSUP_KERNEL, ESTALE, Fault};
use crate::sys::{Backend, Features, Map};

/// `file_index` of an operation for whose file the kernel chooses a slot.
pub const INDEX_ALLOC: u32 = u32::MAX;
/// Slots of a table at most; the kernel's limit.
const MOST: u32 = 1 << 20;
/// In the word of a slot, beside the number of operations in flight: it holds a file.
const USED: u32 = 1 << 31;
/// In the word of a slot: a close is in flight, and nothing new may name the file.
const LEAVING: u32 = 1 << 30;
/// In the word of a slot: the file is gone; the slot is free when nothing is in flight on it.
const GONE: u32 = 1 << 29;
/// In the word of a slot: an update in flight puts a file into it.
const FILLS: u32 = 1 << 28;
const PINS: u32 = FILLS - 1;
/// A place of an update that leaves its slot alone (IORING_REGISTER_FILES_SKIP).
const SKIP: i32 = -2;

/// The table.
#[derive(Default)]
pub struct Files {
    words: Option<Map>,
    /// Slots 0..named are filled by name, named..total by the kernel.
    named: u32,
    total: u32,
    /// Slots for the kernel that the caller asked for.
    direct: u32,
    /// Slots beyond these that the kernel may fill before a stopped accept has ended.
    kept: u32,
    /// Slots that the kernel filled, and operations in flight that will fill one.
    arrived: u32,
    promised: u32,
    cursor: u32,
    /// Multishot accepts that fill slots.
    pub accepts: u32,
    /// They were asked to end because the table is full.
    pub stopping: bool,
}

#[cold]
fn empty() -> Fault {
    Fault::new(ESTALE, "no file is registered in this slot")
}

#[cold]
fn busy() -> Fault {
    Fault::errno(libc::EBUSY, "operations in flight use this slot; cancel and reap them first")
}

impl Files {
    /// Make the table: `named` slots to fill by name, `direct` for the kernel to choose from.
    pub fn reserve(
        &mut self,
        backend: &mut dyn Backend,
        named: u32,
        direct: u32,
        kept: u32,
    ) -> Result<(), Fault> {
        if self.words.is_some() {
            return Err(Fault::errno(libc::EEXIST, "this ring has its table of files already"));
        }
        let kept = if direct > 0 { kept } else { 0 };
        let wanted = u64::from(named) + u64::from(direct) + u64::from(kept);
        if named.max(direct) == 0 || wanted > u64::from(MOST) {
            return Err(Fault::errno(libc::EINVAL, "a table of files has 1 to 1048576 slots"));
        }
        if !backend.info().features.has(Features::FILE_TABLE) {
            return Err(Fault::new(ENOTSUP_KERNEL, "file_table: registered files need Linux 6.0"));
        }
        let words = Map::new(wanted as usize * 4)
            .map_err(|errno| Fault::errno(errno, "no memory for the table of files"))?;
        self.total = wanted as u32;
        self.kept = kept;
        let mut errno = backend.register_files(self.total, named);
        if errno == libc::EMFILE && kept > 0 {
            // Without the kept slots there is no multishot accept, but all the rest.
            (self.total, self.kept) = (named + direct, 0);
            errno = backend.register_files(self.total, named);
        }
        match errno {
            0 => {}
            libc::EMFILE => {
                return Err(Fault::errno(errno, "RLIMIT_NOFILE limits the table of files too"));
            }
            _ => return Err(Fault::errno(errno, "the kernel refused the table of files")),
        }
        (self.words, self.named, self.direct) = (Some(words), named, direct);
        Ok(())
    }

    fn word(&mut self, slot: u32) -> Option<&mut u32> {
        let words = self.words.as_ref().filter(|_| slot < self.total)?;
        // SAFETY: the map holds `total` words; the borrow of the table covers it.
        Some(unsafe { &mut *words.as_ptr().cast::<u32>().add(slot as usize) })
    }

    fn look(&mut self, slot: u32) -> u32 {
        self.word(slot).map_or(0, |word| *word)
    }

    /// A place in the table, to be used when the ring is over.
    pub fn last_slot(&self) -> Option<u32> {
        self.words.as_ref().map(|_| self.total - 1)
    }

    /// Free named slots from `slot` on, `most` at most.
    fn run(&mut self, slot: u32, most: u32) -> u32 {
        (0..most).take_while(|at| slot + at < self.named && self.look(slot + at) == 0).count()
            as u32
    }

    fn free_slot(&mut self) -> Option<u32> {
        let (named, cursor) = (self.named, self.cursor);
        let found = (cursor..named).chain(0..cursor).find(|slot| self.look(*slot) == 0)?;
        self.cursor = found;
        Some(found)
    }

    /// Put files into free named slots; `slots` is as long as `fds`. How many, from the front;
    /// when the first failed, why.
    pub fn add(
        &mut self,
        backend: &mut dyn Backend,
        fds: &[i32],
        slots: &mut [u32],
    ) -> Result<u32, Fault> {
        let mut done = 0;
        while done < fds.len() {
            let added = self.add_run(backend, &fds[done..]);
            match added {
                Ok((first, count)) => {
                    for at in 0..count {
                        slots[done + at as usize] = first + at;
                    }
                    done += count as usize;
                }
                Err(fault) if done == 0 => return Err(fault),
                Err(_) => break,
            }
        }
        Ok(done as u32)
    }

    fn add_run(&mut self, backend: &mut dyn Backend, fds: &[i32]) -> Result<(u32, u32), Fault> {
        if self.words.is_none() {
            return Err(Fault::errno(libc::ENXIO, "reserve a table of files first"));
        }
        // -1 would empty a slot and look like a file.
        if fds[0] < 0 {
            return Err(Fault::errno(libc::EBADF, "a negative number is no descriptor"));
        }
        let Some(first) = self.free_slot() else {
            return Err(Fault::errno(libc::ENFILE, "all named slots hold a file"));
        };
        let good = fds.iter().take_while(|fd| **fd >= 0).count() as u32;
        let run = self.run(first, good);
        let done = backend.update_files(first, &fds[..run as usize]);
        if done <= 0 {
            return Err(Fault::errno(-done, "the kernel did not register the file"));
        }
        for slot in first..first + done as u32 {
            self.set(slot, USED);
        }
        Ok((first, done as u32))
    }

    fn set(&mut self, slot: u32, value: u32) {
        if let Some(word) = self.word(slot) {
            *word = value;
        }
    }

    /// A slot that holds a file which nothing in flight uses.
    fn idle(&mut self, slot: u32) -> Result<(), Fault> {
        match self.look(slot) {
            USED => Ok(()),
            word if word & USED == 0 => Err(empty()),
            _ => Err(busy()),
        }
    }

    /// Put another file into a slot.
    pub fn replace(&mut self, backend: &mut dyn Backend, slot: u32, fd: i32) -> Result<(), Fault> {
        if fd < 0 {
            return Err(Fault::errno(libc::EBADF, "a negative number is no descriptor"));
        }
        self.idle(slot)?;
        update(backend, slot, fd)
    }

    /// Take a file out of its slot.
    pub fn remove(&mut self, backend: &mut dyn Backend, slot: u32) -> Result<(), Fault> {
        self.idle(slot)?;
        update(backend, slot, -1)?;
        self.forget(slot);
        Ok(())
    }

    /// The slot is empty, and nothing is in flight on it.
    fn forget(&mut self, slot: u32) {
        self.set(slot, 0);
        if slot >= self.named {
            self.arrived -= 1;
        }
    }

    /// Whether an operation may name the file in a slot.
    pub fn check(&mut self, slot: i32) -> Result<(), Fault> {
        let word = u32::try_from(slot).map_or(0, |slot| self.look(slot));
        if word & (USED | LEAVING | GONE) == USED { Ok(()) } else { Err(empty()) }
    }

    /// An operation in flight names the file in a slot.
    pub fn pin(&mut self, slot: u32) {
        if let Some(word) = self.word(slot) {
            *word += 1;
        }
    }

    /// An operation that named the file in a slot ended.
    pub fn unpin(&mut self, slot: u32) {
        let Some(word) = self.word(slot) else { return };
        *word -= 1;
        if *word & GONE != 0 && *word & PINS == 0 {
            self.forget(slot);
        }
    }

    /// Whether an operation may close the file in a slot.
    pub fn check_close(&mut self, slot: u32) -> Result<(), Fault> {
        self.check(slot as i32)?;
        // The kernel would give this slot to the next client, with the operations in flight. And
        // of an update and a close in flight nobody could tell which of them comes last.
        let word = self.look(slot);
        let promised = word & FILLS != 0 || slot >= self.named && word & PINS != 0;
        if promised { Err(busy()) } else { Ok(()) }
    }

    /// A close of a slot is in flight: nothing new may name it.
    pub fn begin_close(&mut self, slot: u32) {
        self.pin(slot);
        let word = self.look(slot);
        self.set(slot, word | LEAVING);
    }

    /// A close of a slot ended.
    pub fn end_close(&mut self, slot: u32, done: bool) {
        let gone = if done { GONE } else { 0 };
        let word = self.look(slot);
        self.set(slot, word & !LEAVING | gone);
        self.unpin(slot);
    }

    /// Whether an operation may put a file into the slot that it names (plus 1), or into any.
    pub fn check_fill(&mut self, file_index: u32, multishot: bool) -> Result<(), Fault> {
        if self.words.is_none() {
            return Err(Fault::errno(libc::ENXIO, "reserve a table of files first"));
        }
        if file_index != INDEX_ALLOC {
            return match self.look(file_index - 1) {
                _ if multishot || file_index > self.named => Err(Fault::errno(
                    libc::EINVAL,
                    "file_index is a named slot + 1, or RINGLINE_FILE_INDEX_ALLOC",
                )),
                0 => Ok(()),
                _ => Err(Fault::errno(libc::EBUSY, "the slot holds a file; remove it first")),
            };
        }
        if self.is_full() {
            return Err(Fault::errno(libc::ENFILE, "all direct slots are taken; close some first"));
        }
        if multishot && self.kept == 0 {
            return Err(Fault::errno(
                libc::EMFILE,
                "RLIMIT_NOFILE leaves no slots in reserve, without which clients are dropped",
            ));
        }
        Ok(())
    }

    /// Whether the kernel filled, or is to fill, all that the caller asked for.
    pub fn is_full(&self) -> bool {
        self.arrived + self.promised >= self.direct
    }

    /// An operation that puts a file into a slot is in flight.
    pub fn begin_fill(&mut self, file_index: u32, multishot: bool) {
        match file_index {
            INDEX_ALLOC if multishot => self.accepts += 1,
            INDEX_ALLOC => self.promised += 1,
            // Operations behind it in its chain may name the slot already.
            _ => self.set(file_index - 1, USED + 1),
        }
    }

    /// The kernel filled a slot of its choice.
    pub fn arrive(&mut self, slot: u32) {
        if slot >= self.named && slot < self.total && self.look(slot) == 0 {
            self.set(slot, USED);
            self.arrived += 1;
        }
    }

    /// An operation that puts a file into a slot ended.
    pub fn end_fill(&mut self, file_index: u32, multishot: bool, done: bool) {
        match file_index {
            INDEX_ALLOC if multishot => {
                self.accepts -= 1;
                self.stopping &= self.accepts > 0;
            }
            INDEX_ALLOC => self.promised -= 1,
            _ => {
                let gone = if done { 0 } else { GONE };
                let word = self.look(file_index - 1);
                self.set(file_index - 1, word | gone);
                self.unpin(file_index - 1);
            }
        }
    }

    /// Whether an operation may change `count` slots from `first` on: named ones, all idle.
    pub fn check_update(&mut self, first: u64, count: u32) -> Result<(), Fault> {
        if self.words.is_none() {
            return Err(Fault::errno(libc::ENXIO, "reserve a table of files first"));
        }
        let end = first.saturating_add(count.into());
        if count == 0 || end > u64::from(self.named) {
            return Err(Fault::errno(
                libc::EINVAL,
                "files_update changes named slots only; see ringline_file_add and _replace",
            ));
        }
        let held = (first as u32..end as u32).any(|slot| self.look(slot) & !USED != 0);
        if held { Err(busy()) } else { Ok(()) }
    }

    /// An operation that puts `fds` into the slots from `first` on is in flight.
    ///
    /// What is empty may be named at once, by operations behind it in its chain. What holds a file
    /// may not: nobody could tell which of the two would be meant.
    pub fn begin_update(&mut self, first: u32, fds: &[[u8; 4]]) {
        for (slot, fd) in (first..).zip(fds) {
            let held = self.look(slot);
            let change = match i32::from_ne_bytes(*fd) {
                SKIP | -1 if held == 0 => GONE,
                -1 => USED | LEAVING,
                _ if held == 0 => USED | FILLS,
                _ => USED | LEAVING | FILLS,
            };
            self.set(slot, change + 1);
        }
    }

    /// That operation ended with `res`. The kernel takes the old file out before it looks at the
    /// new one, so the slot of the first descriptor that it refused is empty.
    pub fn end_update(&mut self, first: u32, count: u32, res: i32) {
        let done = first + res.max(0) as u32;
        let emptied = res >= 0 || res == -libc::EBADF || res == -libc::ENOMEM;
        for slot in first..first + count {
            let word = self.look(slot);
            let gone = match word & (LEAVING | FILLS) {
                0 => false,
                _ if slot == done && emptied => true,
                FILLS => slot >= done,
                LEAVING => slot < done,
                _ => false,
            };
            let gone = if gone { GONE } else { 0 };
            self.set(slot, word & !(LEAVING | FILLS) | gone);
            self.unpin(slot);
        }
    }

    /// Slots that hold a file, from `from` on, `most` at most.
    pub fn held(&mut self, from: u32, most: usize) -> Vec<u32> {
        let total = if self.words.is_some() { self.total } else { 0 };
        (from..total).filter(|slot| self.look(*slot) & USED != 0).take(most).collect()
    }

    /// Make the same, empty table on another ring.
    pub fn register_table(&self, backend: &mut dyn Backend) -> Result<(), Fault> {
        if self.words.is_none() {
            return Ok(());
        }
        match backend.register_files(self.total, self.named) {
            0 => Ok(()),
            errno => Err(Fault::errno(errno, "the kernel refused the table of files")),
        }
    }
}

fn update(backend: &mut dyn Backend, slot: u32, fd: i32) -> Result<(), Fault> {
    match backend.update_files(slot, &[fd]) {
        1 => Ok(()),
        done => Err(Fault::errno(-done, "the kernel did not change the slot")),
    }
}
