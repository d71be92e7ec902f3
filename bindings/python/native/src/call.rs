//! What call_soon and its kin were given.
//!
//! Owns the reading of their arguments, and the tuple of names that was read last. Invariant: the
//! quick way reads what the slow way has read once, so that only the slow way judges.

use crate::handle::Call;
use crate::names::names;
use crate::py::*;
use crate::types::Args;

/// The names of the last call that had a context and nothing else by name: asyncio's tasks and
/// futures give the same tuple each time.
struct Known(Slot);

// SAFETY: used with the interpreter's lock held.
unsafe impl Sync for Known {}

static KNOWN: Known = Known(Slot::empty());

/// Fixed arguments, of which the last is the callback; the rest is for the callback.
pub struct Request<'a, const FIXED: usize> {
    /// The fixed ones.
    pub fixed: [&'a Ref; FIXED],
    /// What is to be called.
    pub call: Call<'a>,
}

impl<'a, const FIXED: usize> Request<'a, FIXED> {
    /// Read the arguments; `allowed` are the names of the fixed ones.
    #[inline]
    pub fn new(args: &Args<'a>, allowed: [&Ref; FIXED]) -> Py<Request<'a, FIXED>> {
        let context = match args.names() {
            None => None,
            Some(names) if names.ptr() == KNOWN.0.ptr() => args.named().first(),
            Some(_) => return Request::named(args, allowed),
        };
        let given = args.positional();
        if given.len() < FIXED {
            return Request::named(args, allowed);
        }
        let mut fixed = [&given[0]; FIXED];
        for (place, value) in fixed.iter_mut().zip(given) {
            *place = value;
        }
        let call = Call { callback: fixed[FIXED - 1], args: &given[FIXED..], context };
        Ok(Request { fixed, call })
    }

    /// As [`Request::new`], where something is by name or missing.
    #[cold]
    fn named(args: &Args<'a>, allowed: [&Ref; FIXED]) -> Py<Request<'a, FIXED>> {
        let given = args.positional();
        let mut found = [None; 3];
        let mut known = [&names().context; 3];
        known[1..=FIXED].copy_from_slice(&allowed);
        args.by_name(&known[..=FIXED], &mut found[..=FIXED])?;
        let mut fixed = [&names().empty; FIXED];
        let mut used = 0;
        for (at, place) in fixed.iter_mut().enumerate() {
            *place = match (given.get(at), found[at + 1]) {
                (Some(value), None) => {
                    used += 1;
                    value
                }
                (None, Some(value)) => value,
                (None, None) => return Err(type_error(c"missing a required argument")),
                _ => return Err(type_error(c"got multiple values for an argument")),
            };
        }
        if found[0].is_some() && args.named().len() == 1 {
            KNOWN.0.set(args.names().cloned());
        }
        let call = Call { callback: fixed[FIXED - 1], args: &given[used..], context: found[0] };
        Ok(Request { fixed, call })
    }
}
