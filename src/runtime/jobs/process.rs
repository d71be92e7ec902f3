//! Child processes of a worker: started on a thread that may block, watched by the ring.
//!
//! Owns: the descriptors that say that a child ended. Invariant: each child is waited for, also at
//! the end of the worker, which kills what is left.

use crate::driver::{Op, opcode};
use crate::fault::{ESTALE, Fault};
use crate::runtime::connection::Connections;
use crate::runtime::kind;
use crate::sys::process;
use std::os::fd::{AsRawFd, OwnedFd};

/// Children of a worker at a time.
const MAX_PROCESSES: usize = 4096;
/// Nobody knows how a child ended: somebody else waited for it.
pub const UNKNOWN: i32 = i32::MIN;
const INDEX_BITS: u32 = 12;

/// A child that was asked for.
pub struct Process {
    pub user: u64,
    /// None until it runs.
    pub pidfd: Option<OwnedFd>,
    /// The ring watches.
    pub watched: bool,
}

/// The children of a worker.
#[derive(Default)]
pub struct Processes {
    places: Vec<(u64, Option<Process>)>,
    live: usize,
}

#[cold]
fn stale() -> Fault {
    Fault::new(ESTALE, "the process ended, or there never was one of this id")
}

impl Processes {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    pub fn add(&mut self, user: u64) -> Result<u64, Fault> {
        let free = self.places.iter().position(|(_, process)| process.is_none());
        let index = match free {
            Some(index) => index,
            None if self.places.len() < MAX_PROCESSES => {
                self.places.push((0, None));
                self.places.len() - 1
            }
            None => {
                return Err(Fault::errno(libc::EAGAIN, "a worker has 4096 children at most"));
            }
        };
        let (generation, process) = &mut self.places[index];
        *generation += 1;
        *process = Some(Process { user, pidfd: None, watched: false });
        self.live += 1;
        Ok(*generation << INDEX_BITS | index as u64)
    }

    pub fn get(&mut self, id: u64) -> Result<&mut Process, Fault> {
        let place = self.places.get_mut(id as usize & (MAX_PROCESSES - 1)).ok_or_else(stale)?;
        if place.0 != id >> INDEX_BITS {
            return Err(stale());
        }
        place.1.as_mut().ok_or_else(stale)
    }

    pub fn remove(&mut self, id: u64) -> Option<Process> {
        self.get(id).ok()?;
        self.live -= 1;
        self.places[id as usize & (MAX_PROCESSES - 1)].1.take()
    }

    /// Signal all that run.
    pub fn kill_all(&self) {
        for process in self.places.iter().filter_map(|(_, process)| process.as_ref()) {
            if let Some(pidfd) = &process.pidfd {
                process::signal_child(pidfd, libc::SIGKILL);
            }
        }
    }

    /// The end: what was killed and not told.
    pub fn reap_all(&mut self) {
        for (_, process) in &mut self.places {
            if let Some(pidfd) = process.take().and_then(|process| process.pidfd) {
                let _ = process::reap(&pidfd);
            }
        }
    }
}

impl Processes {
    /// Have the ring tell when a child ends.
    pub fn watch(&mut self, own: &mut Connections, id: u64) {
        let Ok(process) = self.get(id) else { return };
        let Some(fd) = process.pidfd.as_ref().map(AsRawFd::as_raw_fd) else { return };
        if process.watched {
            return;
        }
        let op = Op {
            opcode: opcode::POLL_ADD,
            fd,
            op_flags: libc::POLLIN as u32,
            user_data: kind::PROCESS << kind::SHIFT | id,
            ..Op::default()
        };
        let watched = own.submit(&op).is_ok();
        own.again |= !watched;
        if let Ok(process) = self.get(id) {
            process.watched = watched;
        }
    }

    /// Watch what could not be watched before.
    pub fn watch_all(&mut self, own: &mut Connections) {
        for index in 0..self.places.len() {
            let id = self.places[index].0 << INDEX_BITS | index as u64;
            self.watch(own, id);
        }
    }
}
