//! What is registered with a simulated ring: plain tables of buffers and files.
//!
//! Owns: which place holds what. Answers as io_uring does for places that do not exist.

#[derive(Default)]
pub(super) struct Tables {
    buffers: Vec<(u64, u64)>,
    files: Vec<i32>,
    direct_from: usize,
}

impl Tables {
    pub fn make_buffers(&mut self, count: u32) -> i32 {
        if !self.buffers.is_empty() {
            return libc::EBUSY;
        }
        self.buffers = vec![(0, 0); count as usize];
        0
    }

    pub fn update_buffer(&mut self, place: u32, buffer: (u64, u64)) -> i32 {
        match self.buffers.get_mut(place as usize) {
            Some(entry) => {
                *entry = buffer;
                0
            }
            None => libc::EINVAL,
        }
    }

    /// Whether `len` bytes at `address` lie inside the buffer `place`.
    pub fn holds(&self, place: u16, address: u64, len: u32) -> bool {
        self.buffers.get(place as usize).is_some_and(|(start, size)| {
            address >= *start && address + u64::from(len) <= start + size && *size > 0
        })
    }

    pub fn make_files(&mut self, count: u32, direct_from: u32) -> i32 {
        if !self.files.is_empty() {
            return libc::EBUSY;
        }
        self.files = vec![-1; count as usize];
        self.direct_from = direct_from as usize;
        0
    }

    pub fn update_files(&mut self, place: u32, fds: &[i32]) -> i32 {
        let end = place as usize + fds.len();
        match self.files.get_mut(place as usize..end) {
            Some(places) => {
                places.copy_from_slice(fds);
                fds.len() as i32
            }
            None => -libc::EINVAL,
        }
    }

    /// Put a new file into the place that an operation names (plus 1; all ones = any). The place
    /// for any, 0 for a named one, or -errno.
    pub fn install(&mut self, file_index: u32, file: i32) -> i32 {
        if file_index != u32::MAX {
            return self.update_files(file_index - 1, &[file]).min(0);
        }
        let free = self.files.iter().skip(self.direct_from).position(|file| *file < 0);
        match free {
            Some(at) => {
                self.files[self.direct_from + at] = file;
                (self.direct_from + at) as i32
            }
            None => -libc::ENFILE,
        }
    }
}
