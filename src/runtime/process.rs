//! Child processes of a worker: started on a thread that may block, watched by the ring.
//!
//! Owns: the descriptors that say that a child ended. Invariant: each child is waited for, also at
//! the end of the worker, which kills what is left.

use super::blocking::{Answer, Task};
use super::connection::How;
use super::core::Core;
use super::kind;
use super::worker::Worker;
use super::{Door, Event, connection};
use crate::error::{ESTALE, Fault};
use crate::ring::{Completion, Op, opcode};
use crate::sys::process::{self, Child, Plan};
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};

/// Children of a worker at a time.
const MAX_PROCESSES: usize = 4096;
/// Nobody knows how a child ended: somebody else waited for it.
pub const UNKNOWN: i32 = i32::MIN;
const INDEX_BITS: u32 = 12;

/// A child that was asked for.
struct Process {
    user: u64,
    /// None until it runs.
    pidfd: Option<OwnedFd>,
    /// The ring watches.
    watched: bool,
}

/// The children of a worker.
#[derive(Default)]
pub(super) struct Processes {
    places: Vec<(u64, Option<Process>)>,
    live: usize,
}

/// What came of a start.
pub(super) struct Spawned {
    process: u64,
    child: Result<Child, i32>,
}

/// A start to be made.
pub(super) struct Start {
    process: u64,
    plan: Plan,
}

impl Start {
    pub(super) fn run(self) -> Answer {
        let child = process::spawn(&self.plan);
        Answer::Spawned(Box::new(Spawned { process: self.process, child }))
    }

    pub(super) fn process(&self) -> u64 {
        self.process
    }

    pub(super) fn cancel(self) -> Answer {
        Start::cancelled(self.process)
    }

    /// The answer of a start that was not made, or that nobody waits for.
    pub(super) fn cancelled(process: u64) -> Answer {
        Answer::Spawned(Box::new(Spawned { process, child: Err(libc::ECANCELED) }))
    }
}

impl Spawned {
    /// Nobody has it: it ends.
    pub(super) fn discard(self) {
        if let Ok(child) = self.child {
            process::end_child(&child.pidfd);
        }
    }
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

    fn add(&mut self, user: u64) -> Result<u64, Fault> {
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

    fn get(&mut self, id: u64) -> Result<&mut Process, Fault> {
        let place = self.places.get_mut(id as usize & (MAX_PROCESSES - 1)).ok_or_else(stale)?;
        if place.0 != id >> INDEX_BITS {
            return Err(stale());
        }
        place.1.as_mut().ok_or_else(stale)
    }

    fn remove(&mut self, id: u64) -> Option<Process> {
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

impl Core {
    /// Have the ring tell when a child ends.
    fn watch(&mut self, id: u64) {
        let Ok(process) = self.processes.get(id) else { return };
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
        let watched = self.submit(&op).is_ok();
        self.again |= !watched;
        if let Ok(process) = self.processes.get(id) {
            process.watched = watched;
        }
    }

    /// Watch what could not be watched before.
    pub(super) fn watch_all(&mut self) {
        for index in 0..self.processes.places.len() {
            let id = self.processes.places[index].0 << INDEX_BITS | index as u64;
            self.watch(id);
        }
    }
}

impl Worker {
    /// Start a child; its id.
    pub fn process_spawn(&self, plan: Plan, user: u64) -> Result<u64, Fault> {
        let process = self.core.borrow_mut().processes.add(user)?;
        let asked = self.ask(Task::Spawn(Box::new(Start { process, plan })));
        if asked.is_err() {
            self.core.borrow_mut().processes.remove(process);
        }
        asked.map(|()| process)
    }

    /// Send a signal to a child.
    pub fn process_kill(&self, process: u64, signo: i32) -> Result<(), Fault> {
        let core = &mut *self.core.borrow_mut();
        let Some(pidfd) = &core.processes.get(process)?.pidfd else {
            return Err(Fault::errno(libc::EAGAIN, "the process does not run yet"));
        };
        match process::signal_child(pidfd, signo) {
            0 => Ok(()),
            errno => Err(Fault::errno(errno, "the process cannot get this signal")),
        }
    }

    /// A child runs, or could not be started.
    pub(super) fn spawned(&self, door: &impl Door, spawned: Spawned) {
        let Spawned { process, child } = spawned;
        let (user, res, streams) = {
            let core = &mut *self.core.borrow_mut();
            let Ok(place) = core.processes.get(process) else { return };
            let user = place.user;
            match child {
                Err(errno) => {
                    core.processes.remove(process);
                    (user, -errno, [0; 3])
                }
                Ok(child) => {
                    place.pidfd = Some(child.pidfd);
                    let streams = child.streams.map(|end| end.map_or(0, |end| core.adopt(end)));
                    core.watch(process);
                    if core.is_ending() {
                        core.processes.kill_all();
                    }
                    (user, child.pid, streams)
                }
            }
        };
        door.tell(self, Event::Spawned { process, user, res, streams: &streams });
    }

    pub(super) fn complete_process(&self, door: &impl Door, completion: &Completion) {
        let id = completion.user_data & ((1 << kind::SHIFT) - 1);
        let (user, status) = {
            let core = &mut *self.core.borrow_mut();
            let Ok(process) = core.processes.get(id) else { return };
            process.watched = false;
            let Some(pidfd) = &process.pidfd else { return };
            let status = match process::reap(pidfd) {
                // Not yet: the poll was cancelled, or woke early.
                Ok(None) => return core.watch(id),
                Ok(Some(status)) => status,
                Err(_) => UNKNOWN,
            };
            let user = process.user;
            core.processes.remove(id);
            (user, status)
        };
        door.tell(self, Event::Exited { process: id, user, status });
    }
}

impl Core {
    /// Make a connection of a socket; its id, or 0 when the table is full.
    pub(super) fn adopt(&mut self, socket: OwnedFd) -> u64 {
        let Some(id) = self.table.insert(socket.as_raw_fd(), 0).map(|connection| connection.id)
        else {
            return 0;
        };
        // The connection closes it from here on.
        let _ = socket.into_raw_fd();
        self.stats.accepted.add(1);
        let index = connection::index_of(id);
        self.make_due(index);
        if self.is_stopping() {
            self.close(index, How::Gracefully, 0);
        }
        id
    }
}
