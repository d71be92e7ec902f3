//! Taking a received message apart.
//!
//! Owns: the reading of what the kernel put in front of the payload. Invariant: nothing outside
//! the received bytes is read or named, whatever the lengths in them say.

use super::boundary::fail;
use super::given::null;
use crate::driver::{Completion, cf};
use crate::fault::{ESTALE, Fault};
use crate::sys::uapi::RECVMSG_OUT_BYTES;
use core::mem::MaybeUninit;

/// struct io_uring_recvmsg_out: name, control and payload length as they were, and msg_flags.
const HEADER: u64 = RECVMSG_OUT_BYTES as u64;

/// One message of a multishot recvmsg. The addresses lie in the buffer of the completion and are
/// valid until its lease is given back; 0 where the length is 0.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct ringline_message {
    /// The sender's address.
    pub name: u64,
    /// Control messages.
    pub control: u64,
    /// What was sent.
    pub payload: u64,
    /// Bytes at name.
    pub name_len: u32,
    /// Bytes at control.
    pub control_len: u32,
    /// Bytes at payload.
    pub payload_len: u32,
    /// msg_flags of recvmsg(2): MSG_TRUNC and MSG_CTRUNC among them.
    pub flags: u32,
    /// Bytes that the address had before it was cut to name_len.
    pub name_full: u32,
    /// Bytes that the kernel says the payload had; with MSG_TRUNC in the flags of the op also those
    /// that were cut off.
    pub payload_full: u32,
}

/// Take a completion of ringline_prep_recvmsg_multishot() apart into `out`. `namelen` and
/// `controllen` are msg_namelen and msg_controllen of the msghdr that the op was submitted with.
/// Reads only the header in the leased buffer. Any thread, as long as the lease is held.
///
/// Returns payload_len; RINGLINE_ENULL; RINGLINE_ESTALE for a completion without a lease (res <= 0,
/// or not of a pool); -EBADMSG when header, name and control do not fit into the received bytes:
/// the lengths are not those of the op.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ringline_recvmsg_out(
    rec: Option<&Completion>,
    namelen: u32,
    controllen: u32,
    out: Option<&mut MaybeUninit<ringline_message>>,
) -> i32 {
    let (Some(rec), Some(out)) = (rec, out) else {
        return fail(null("rec or out is NULL"));
    };
    if rec.flags & cf::LEASE == 0 || rec.res <= 0 || rec.data == 0 {
        return fail(Fault::new(ESTALE, "the completion carries no lease"));
    }
    let Some(room) = payload_room(rec.res as u64, namelen, controllen) else {
        return fail(Fault::errno(
            libc::EBADMSG,
            "the received bytes are shorter than header, name and control of these lengths",
        ));
    };
    // SAFETY: `res` bytes lie at `data` as long as the lease is held, and HEADER is not above.
    let header = unsafe { (rec.data as *const [u32; 4]).read_unaligned() };
    let message = out.write(take_apart(rec.data, header, namelen, controllen, room));
    message.payload_len as i32
}

/// Bytes behind header, name and control, or None when those do not fit into `res`.
fn payload_room(res: u64, namelen: u32, controllen: u32) -> Option<u32> {
    let before = HEADER + u64::from(namelen) + u64::from(controllen);
    // `res` was positive and 32 bits wide, so what is left of it fits.
    res.checked_sub(before).map(|room| room as u32)
}

fn take_apart(
    data: u64,
    [name_full, control_full, payload_full, flags]: [u32; 4],
    namelen: u32,
    controllen: u32,
    room: u32,
) -> ringline_message {
    let name_at = data + HEADER;
    let control_at = name_at + u64::from(namelen);
    let payload_at = control_at + u64::from(controllen);
    let at = |address, len| if len == 0 { 0 } else { address };
    let name_len = name_full.min(namelen);
    let control_len = control_full.min(controllen);
    let payload_len = payload_full.min(room);
    ringline_message {
        name: at(name_at, name_len),
        control: at(control_at, control_len),
        payload: at(payload_at, payload_len),
        name_len,
        control_len,
        payload_len,
        flags,
        name_full,
        payload_full,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the header claims and whatever the caller asked for: nothing outside `res` bytes.
    #[test]
    fn nothing_outside_the_received_bytes_is_named() {
        const DATA: u64 = 1 << 20;
        let lengths = [0, 1, 15, 16, 17, 28, 64, 0x7fff_ffff, u32::MAX];
        for res in [1u64, 15, 16, 17, 32, 100, i32::MAX as u64] {
            for namelen in lengths {
                for controllen in lengths {
                    let Some(room) = payload_room(res, namelen, controllen) else { continue };
                    for claim in lengths {
                        let it = take_apart(DATA, [claim; 4], namelen, controllen, room);
                        for (at, len) in [
                            (it.name, it.name_len),
                            (it.control, it.control_len),
                            (it.payload, it.payload_len),
                        ] {
                            assert!(len == 0 || at >= DATA + HEADER);
                            assert!(len == 0 || at + u64::from(len) <= DATA + res, "{it:?}");
                        }
                    }
                }
            }
        }
        assert_eq!(payload_room(15, 0, 0), None);
        assert_eq!(payload_room(16, u32::MAX, u32::MAX), None);
        assert_eq!(payload_room(i32::MAX as u64, 0, 0), Some(i32::MAX as u32 - 16));
    }
}
