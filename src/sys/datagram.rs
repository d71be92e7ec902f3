//! Datagrams as the kernel wants them: their headers, and runs of equal-sized ones in one call.
//!
//! Owns: the memory of what is sent, until the kernel has seen it off. Invariant: nothing outside
//! the received bytes is read, whatever the lengths in them say.

use super::map::Map;
use super::net::option;
use super::uapi::RECVMSG_OUT_BYTES as HEADER;
use core::mem::{offset_of, size_of};
use core::ptr::{addr_of_mut, null_mut};

/// Room for a sender's address, of any family.
const NAME: usize = 112;
/// Room for one control message with an int.
const CONTROL: usize = 32;
/// What a receive puts in front of the bytes that were sent.
pub const RECEIVED_HEAD: usize = HEADER + NAME + CONTROL;
/// Longest address that a datagram is sent to.
pub const NAME_MOST: usize = size_of::<libc::sockaddr_storage>();
/// Most bytes of one send.
pub const PAYLOAD_MOST: usize = 64 << 10;
/// Most bytes that UDP takes at once, in either version of IP.
pub const UDP_MOST: usize = 65_507;
/// Most bytes of a run: the headers of both versions of IP fit beside them.
pub const RUN_MOST: usize = 65_487;
/// Most datagrams of a run, on every kernel.
pub const RUN_COUNT: u32 = 64;
const UDP_SEGMENT: i32 = 103;
const UDP_GRO: i32 = 104;
/// Of SO_MEMINFO; the first is what is received and not taken.
const MEMINFO_WORDS: usize = 9;

/// The shape of what a multishot recvmsg receives: how much room for address and control.
pub fn received_shape() -> Box<libc::msghdr> {
    // SAFETY: all-zero is a valid msghdr.
    let mut shape: libc::msghdr = unsafe { core::mem::zeroed() };
    shape.msg_namelen = NAME as libc::socklen_t;
    shape.msg_controllen = CONTROL as _;
    Box::new(shape)
}

/// What a single receive is given beside its buffer, and what it says there. The kernel has it
/// until the receive is over.
#[repr(C)]
pub struct Incoming {
    message: libc::msghdr,
    vector: libc::iovec,
    control: [u64; CONTROL / 8],
    name: [u64; NAME / 8],
}

impl Incoming {
    /// For one receive at a time.
    pub fn new() -> Box<Incoming> {
        // SAFETY: all-zero is a valid msghdr.
        let message = unsafe { core::mem::zeroed() };
        let vector = libc::iovec { iov_base: null_mut(), iov_len: 0 };
        Box::new(Incoming { message, vector, control: [0; CONTROL / 8], name: [0; NAME / 8] })
    }

    /// Begin a receive of `most` bytes into a buffer of a pool: the address of its header.
    pub fn begin(&mut self, most: u32) -> u64 {
        self.vector.iov_len = most as usize;
        self.message.msg_iov = &raw mut self.vector;
        self.message.msg_iovlen = 1;
        self.message.msg_name = self.name.as_mut_ptr().cast();
        self.message.msg_namelen = NAME as libc::socklen_t;
        self.message.msg_control = self.control.as_mut_ptr().cast();
        self.message.msg_controllen = CONTROL as _;
        // Where nothing comes, nothing of the last one stays.
        self.control = [0; CONTROL / 8];
        &raw const self.message as u64
    }

    /// Its head, as a receive that goes on puts it in front of `len` bytes.
    pub fn head(&self, len: usize) -> [u8; RECEIVED_HEAD] {
        let mut head = [0; RECEIVED_HEAD];
        let words = [
            self.message.msg_namelen,
            self.message.msg_controllen as u32,
            len as u32,
            self.message.msg_flags as u32,
        ];
        let rest = self.name.iter().chain(&self.control).flat_map(|word| word.to_ne_bytes());
        let bytes = words.iter().flat_map(|word| word.to_ne_bytes()).chain(rest);
        head.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        head
    }
}

/// One received datagram, or a run of them.
#[derive(Debug, PartialEq, Eq)]
pub struct Received<'a> {
    /// The sender's address as a sockaddr; empty when it has none.
    pub from: &'a [u8],
    /// What it sent.
    pub payload: &'a [u8],
    /// There was more of it than room.
    pub truncated: bool,
    /// A run of datagrams of that many bytes, the last one may be shorter; 0 = a single one.
    pub segment: usize,
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_ne_bytes(four.try_into().ok()?))
}

/// Take apart what a receive of [`received_shape`] put into its buffer.
pub fn take_apart(bytes: &[u8]) -> Option<Received<'_>> {
    let (head, payload) = bytes.split_at_checked(RECEIVED_HEAD)?;
    split(head, payload)
}

/// The same, where the head lies elsewhere.
pub fn split<'a>(bytes: &'a [u8], payload: &'a [u8]) -> Option<Received<'a>> {
    let (name, control) = (word(bytes, 0)? as usize, word(bytes, 4)? as usize);
    let (len, flags) = (word(bytes, 8)? as usize, word(bytes, 12)?);
    let control = bytes.get(HEADER + NAME..)?.get(..control.min(CONTROL))?;
    Some(Received {
        from: bytes.get(HEADER..)?.get(..name.min(NAME))?,
        payload: &payload[..len.min(payload.len())],
        truncated: flags & libc::MSG_TRUNC as u32 != 0,
        segment: segment_of(control).unwrap_or(0),
    })
}

/// The size that the kernel says the datagrams of a run have.
fn segment_of(control: &[u8]) -> Option<usize> {
    let level = word(control, offset_of!(libc::cmsghdr, cmsg_level))?;
    let kind = word(control, offset_of!(libc::cmsghdr, cmsg_type))?;
    let is_run = level == libc::SOL_UDP as u32 && kind == UDP_GRO as u32;
    is_run.then(|| word(control, size_of::<libc::cmsghdr>()).map(|size| size as usize)).flatten()
}

/// Have the kernel put datagrams of one sender together. False where it cannot.
pub fn receive_runs(fd: i32) -> bool {
    let (on, size) = (1i32, size_of::<i32>() as libc::socklen_t);
    // SAFETY: an int and its size.
    unsafe { libc::setsockopt(fd, libc::SOL_UDP, UDP_GRO, (&raw const on).cast(), size) == 0 }
}

/// Bytes of datagrams that wait to be received, with what the kernel adds to each; 0 for a path.
pub fn queued_bytes(fd: i32) -> u64 {
    let mut memory = [0u32; MEMINFO_WORDS];
    option(fd, libc::SOL_SOCKET, libc::SO_MEMINFO, &mut memory).map_or(0, |_| memory[0].into())
}

/// Whether the kernel cuts runs (4.18).
pub fn sends_runs(fd: i32) -> bool {
    option(fd, libc::SOL_UDP, UDP_SEGMENT, &mut 0i32) != Err(libc::ENOPROTOOPT)
}

/// The head of a slot: what the kernel is given, and what that points to.
#[repr(C)]
struct Head {
    message: libc::msghdr,
    vector: libc::iovec,
    control: [u64; CONTROL / 8],
    name: [u64; NAME_MOST / 8],
}

const SLOT: usize = 17 << 12;
const _: () = assert!(size_of::<Head>() + PAYLOAD_MOST <= SLOT);

/// Slots for what is sent, each with one message; touched only as far as it is long.
pub struct Outgoing {
    map: Map,
    slots: usize,
}

impl Outgoing {
    /// So many slots; the errno on failure.
    pub fn new(slots: usize) -> Result<Outgoing, i32> {
        Ok(Outgoing { map: Map::new(slots * SLOT)?, slots })
    }

    fn head(&mut self, slot: usize) -> *mut Head {
        assert!(slot < self.slots);
        // SAFETY: the map holds that many slots.
        unsafe { self.map.as_ptr().add(slot * SLOT).cast() }
    }

    fn bytes(&mut self, slot: usize) -> &mut [u8] {
        let head = self.head(slot).cast::<u8>();
        // SAFETY: the slot has that much room behind its head; plain bytes.
        unsafe { core::slice::from_raw_parts_mut(head.add(size_of::<Head>()), PAYLOAD_MOST) }
    }

    /// Whom the message of a slot goes to; at most [`NAME_MOST`] bytes.
    pub fn name(&mut self, slot: usize, len: usize) -> &mut [u8] {
        assert!(len <= NAME_MOST);
        let head = self.head(slot);
        // SAFETY: the head has that much room for an address.
        unsafe { core::slice::from_raw_parts_mut(addr_of_mut!((*head).name).cast(), len) }
    }

    /// Put bytes into the message of a slot, from `at` on. They fit, or nothing happens.
    pub fn put(&mut self, slot: usize, at: usize, bytes: &[u8]) {
        if let Some(room) = self.bytes(slot).get_mut(at..at + bytes.len()) {
            room.copy_from_slice(bytes);
        }
    }

    /// The message of a slot, ready for sendmsg: `len` bytes from `start` on, cut by the kernel
    /// into datagrams of `segment` bytes (0 = one).
    pub fn message(
        &mut self,
        slot: usize,
        name: usize,
        start: usize,
        len: usize,
        segment: u16,
    ) -> u64 {
        let payload = self.bytes(slot)[start..start + len].as_mut_ptr();
        let head = self.head(slot);
        // SAFETY: the head is this slot's, aligned by page, and no reference to it is out.
        unsafe {
            let control = addr_of_mut!((*head).control).cast::<libc::cmsghdr>();
            (*head).vector = libc::iovec { iov_base: payload.cast(), iov_len: len };
            let mut message: libc::msghdr = core::mem::zeroed();
            message.msg_name = addr_of_mut!((*head).name).cast();
            message.msg_namelen = name as libc::socklen_t;
            message.msg_iov = addr_of_mut!((*head).vector);
            message.msg_iovlen = 1;
            message.msg_control = null_mut();
            if segment > 0 {
                message.msg_control = control.cast();
                message.msg_controllen = libc::CMSG_SPACE(2) as _;
                (*control).cmsg_len = libc::CMSG_LEN(2) as _;
                (*control).cmsg_level = libc::SOL_UDP;
                (*control).cmsg_type = UDP_SEGMENT;
                libc::CMSG_DATA(control).cast::<u16>().write_unaligned(segment);
            }
            (*head).message = message;
        }
        head as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A buffer as the kernel fills it.
    fn buffer(name: u32, control: u32, len: u32, flags: u32, room: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> = [name, control, len, flags].map(u32::to_ne_bytes).concat();
        bytes.resize(RECEIVED_HEAD + room, 7);
        bytes
    }

    #[test]
    fn nothing_outside_the_received_bytes_is_named() {
        for claim in [0, 1, 112, 113, 1000, u32::MAX] {
            let bytes = buffer(claim, claim, claim, 0, 10);
            let it = take_apart(&bytes).unwrap();
            assert!(it.from.len() <= NAME && it.payload.len() <= 10);
            assert_eq!(it.segment, 0);
        }
        assert_eq!(take_apart(&buffer(0, 0, 0, 0, 0)[..RECEIVED_HEAD - 1]), None);
        assert!(take_apart(&buffer(0, 0, 9, libc::MSG_TRUNC as u32, 4)).unwrap().truncated);
    }

    #[test]
    fn a_message_is_what_was_put() {
        let mut out = Outgoing::new(3).unwrap();
        out.name(2, 4).copy_from_slice(b"name");
        out.put(2, 0, b"onetwo");
        out.put(2, PAYLOAD_MOST - 1, b"beyond the end");
        let message = out.message(2, 4, 3, 3, 1) as *const libc::msghdr;
        // SAFETY: made above, and `out` lives.
        let (message, vector) = unsafe { (*message, *(*message).msg_iov) };
        assert_eq!((message.msg_namelen, vector.iov_len), (4, 3));
        assert_eq!(message.msg_controllen, size_of::<libc::cmsghdr>() + 8);
        // SAFETY: the vector names bytes of `out`, which lives.
        let bytes = unsafe { core::slice::from_raw_parts(vector.iov_base.cast::<u8>(), 3) };
        assert_eq!(bytes, b"two");
    }
}
