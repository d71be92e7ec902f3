//! Accepting many operations: the first rejected one ends the batch; a chain goes whole or not.
//!
//! Owns: chains and taking back. Invariant: what is accepted is a prefix of the batch.

use super::engine::{Engine, Sink};
use super::fast;
use crate::driver::{Driver, Op, opcode, sqe_flag};
use crate::fault::{ECLOSED, Fault};

const LINKS: u8 = sqe_flag::IO_LINK | sqe_flag::IO_HARDLINK;

impl Engine {
    /// Accept operations in order until one is rejected; how many, from the front. When that is
    /// not all, [`Engine::rejection`] tells why. `tokens` is as long as `ops`.
    #[inline(always)]
    pub fn submit(&mut self, ops: &[Op], tokens: &mut [u64], sink: Sink) -> u32 {
        self.submit_from(0, ops, tokens, sink)
    }

    /// As [`Engine::submit`]; the first `done` are accepted already.
    #[inline(always)]
    pub fn submit_from(&mut self, done: u32, ops: &[Op], tokens: &mut [u64], sink: Sink) -> u32 {
        let mut done = done as usize;
        if sink.callback == 0 && !self.driver.closing {
            done += fast::submit(self, &ops[done..], &mut tokens[done..]);
        }
        if done < ops.len() {
            done = self.submit_rest(ops, tokens, sink, done);
        }
        self.driver.stats.submitted.add(done as u64);
        done as u32
    }

    /// Accept one SEND_ALL without flags, as [`Engine::submit`] would; its token.
    #[inline]
    pub fn send_all(&mut self, op: &Op) -> Result<u64, Fault> {
        debug_assert!(op.opcode == opcode::LIB_SEND_ALL && op.is_bare());
        if self.driver.closing {
            return Err(closing());
        }
        self.driver.make_room(1)?;
        let token = self.accept_send_all(op)?;
        self.driver.stats.submitted.add(1);
        Ok(token)
    }

    /// What needs a look, from `done` on; how many were accepted in all.
    #[inline(never)]
    fn submit_rest(&mut self, ops: &[Op], tokens: &mut [u64], sink: Sink, done: usize) -> usize {
        let more = self.submit_checked(&ops[done..], &mut tokens[done..], sink);
        self.rejected_at += done as u32;
        done + more
    }

    /// Why the last [`Engine::submit`] stopped, and at which operation.
    pub fn rejection(&self) -> (Fault, u32) {
        (self.rejected, self.rejected_at)
    }

    fn submit_checked(&mut self, ops: &[Op], tokens: &mut [u64], sink: Sink) -> usize {
        assert!(tokens.len() >= ops.len());
        if self.driver.closing {
            return self.reject(0, 0, closing());
        }
        let mut done = 0;
        while done < ops.len() {
            if ops[done].flags & LINKS != 0 {
                match self.submit_chain(&ops[done..], &mut tokens[done..], sink) {
                    Ok(members) => done += members,
                    Err((at, fault)) => return self.reject(done, done + at, fault),
                }
                continue;
            }
            match self.accept_one(&ops[done], sink) {
                Ok(token) => tokens[done] = token,
                Err(fault) => return self.reject(done, done, fault),
            }
            done += 1;
        }
        done
    }

    #[inline(always)]
    fn accept_one(&mut self, op: &Op, sink: Sink) -> Result<u64, Fault> {
        self.driver.make_room(1)?;
        // What a server does all day goes the short way.
        if op.opcode == opcode::LIB_SEND_ALL && op.is_bare() && sink.callback == 0 {
            return self.accept_send_all(op);
        }
        self.accept(op, sink)
    }

    fn reject(&mut self, count: usize, at: usize, fault: Fault) -> usize {
        self.rejected = fault;
        self.rejected_at = at as u32;
        count
    }

    #[cold]
    fn submit_chain(
        &mut self,
        ops: &[Op],
        tokens: &mut [u64],
        sink: Sink,
    ) -> Result<usize, (usize, Fault)> {
        let Some(end) = ops.iter().position(|op| op.flags & LINKS == 0) else {
            let fault = Fault::errno(
                libc::EINVAL,
                "the last operation of a link chain must not carry IO_LINK or IO_HARDLINK",
            );
            return Err((ops.len() - 1, fault));
        };
        let members = end + 1;
        if members > self.driver.enter.backend_ref().info().sq_entries as usize {
            return Err((0, Fault::errno(libc::EINVAL, "the chain is longer than the queue")));
        }
        self.driver.make_room(members).map_err(|fault| (0, fault))?;
        for at in 0..members {
            match self.accept_member(ops, at, sink) {
                Ok(token) => tokens[at] = token,
                Err(fault) => {
                    self.take_back(&tokens[..at]);
                    return Err((at, fault));
                }
            }
        }
        let Driver { late, slab, .. } = &mut self.driver;
        tokens[1..members].iter().for_each(|token| late.follow(slab, *token));
        Ok(members)
    }

    fn accept_member(&mut self, ops: &[Op], at: usize, sink: Sink) -> Result<u64, Fault> {
        let op = &ops[at];
        if op.opcode >= 128 {
            return Err(Fault::errno(
                libc::EINVAL,
                "a library operation cannot be part of a chain",
            ));
        }
        let limits = at > 0 && ops[at - 1].opcode != opcode::LINK_TIMEOUT;
        if op.opcode == opcode::LINK_TIMEOUT && limits {
            return self.accept_link_timeout(op, sink);
        }
        self.accept(op, sink)
    }

    /// Take back the youngest of `tokens` as long as the kernel has not consumed them: nobody but
    /// the caller has seen them, and no completion will come. Returns how many.
    pub fn take_back(&mut self, tokens: &[u64]) -> u32 {
        let mut taken = 0;
        for token in tokens.iter().rev() {
            let Some(index) = self.driver.unstage(*token) else { break };
            let slot = *self.driver.slab.get(index);
            if slot.route == super::route::DIRECT {
                self.end_direct(&slot, -libc::ECANCELED);
            }
            self.last_of(index);
            self.driver.slab.give_back(index);
            taken += 1;
        }
        self.driver.stats.rollbacks.add(u64::from(taken));
        taken
    }
}

#[cold]
fn closing() -> Fault {
    Fault::new(ECLOSED, "the ring is closing")
}
