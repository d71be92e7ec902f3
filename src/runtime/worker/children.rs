//! Child processes that a worker starts, and what it tells of them.
//!
//! Owns: nothing.

use super::core::Core;
use super::event::{Door, Event};
use super::state::Worker;
use crate::driver::Completion;
use crate::fault::Fault;
use crate::runtime::connection::{How, index_of};
use crate::runtime::errands::Task;
use crate::runtime::jobs::UNKNOWN;
use crate::runtime::kind;
use crate::sys::process::{self, Child, Plan};
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};

impl Worker {
    /// Start a child; its id.
    pub fn process_spawn(&self, plan: Plan, user: u64) -> Result<u64, Fault> {
        let process = self.core.borrow_mut().processes.add(user)?;
        let asked = self.ask(Task::Spawn { process, plan: plan.into() });
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
    pub(super) fn spawned(&self, door: &impl Door, process: u64, child: Result<Child, i32>) {
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
                    core.watch_process(process);
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
                Ok(None) => return core.watch_process(id),
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
        let index = index_of(id);
        self.make_due(index);
        if self.is_stopping() {
            self.close(index, How::Gracefully, 0);
        }
        id
    }

    /// Have the ring tell when a child ends.
    fn watch_process(&mut self, id: u64) {
        self.processes.watch(&mut self.connections, id);
    }
}
