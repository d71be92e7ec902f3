//! What a caller gives by address: places for answers, structs of any size, bytes and texts.
//!
//! Owns: nothing. Here an address becomes something that Rust can hold, after what can be checked
//! about it is checked. Sizes follow the rules of openat2(2), for older and newer headers.

use super::boundary::outcome;
use crate::fault::{ENULL, Fault};
use core::ffi::{CStr, c_char, c_void};
use core::mem::{MaybeUninit, size_of};

#[cold]
pub(super) fn null(context: &'static str) -> Fault {
    Fault::new(ENULL, context)
}

#[cold]
pub(super) fn invalid(context: &'static str) -> Fault {
    Fault::errno(libc::EINVAL, context)
}

/// Write what `make` makes to `out`, unless there is no place for it.
pub(super) fn put<T>(
    out: Option<&mut MaybeUninit<T>>,
    make: impl FnOnce() -> Result<T, Fault>,
) -> Result<(), Fault> {
    let out = out.ok_or_else(|| null("out is NULL"))?;
    out.write(make()?);
    Ok(())
}

/// Fill a config with its defaults.
pub(super) fn init<T>(config: Option<&mut MaybeUninit<T>>, defaults: T) -> i32 {
    let config = config.ok_or_else(|| null("config is NULL"));
    outcome(config.map(|config| {
        config.write(defaults);
    }))
}

/// Bytes of a struct whose size member says `given`.
fn plausible(given: usize) -> Result<usize, Fault> {
    let is_plausible = (4..=4096).contains(&given);
    is_plausible
        .then_some(given)
        .ok_or_else(|| invalid("the struct's size member is not plausible"))
}

/// Read a struct of any size at `from` into `T`; the first member is its size.
///
/// # Safety
/// `from` is NULL or points to that many readable bytes.
pub(super) unsafe fn read_sized<T: Default + Copy>(
    from: *const T,
    if_null: &'static str,
) -> Result<T, Fault> {
    if from.is_null() {
        return Err(null(if_null));
    }
    // SAFETY: not NULL, and the caller's struct begins with its size.
    let given = unsafe { from.cast::<u32>().read() } as usize;
    let mut value = T::default();
    let ours = size_of::<T>();
    if given == 0 {
        return Ok(value);
    }
    for at in ours..plausible(given)? {
        // SAFETY: the caller's struct has `given` bytes, and `at` is below.
        if unsafe { from.cast::<u8>().add(at).read() } != 0 {
            let text = "the program asks for something this library is too old to know";
            return Err(Fault::errno(libc::E2BIG, text));
        }
    }
    let to = (&raw mut value).cast::<u8>();
    // SAFETY: both structs have at least that many bytes, and `T` is plain data.
    unsafe { core::ptr::copy_nonoverlapping(from.cast::<u8>(), to, given.min(ours)) };
    Ok(value)
}

/// As [`read_sized`]; NULL is all defaults.
///
/// # Safety
/// As of [`read_sized`].
pub(super) unsafe fn read_or_default<T: Default + Copy>(from: *const T) -> Result<T, Fault> {
    if from.is_null() {
        return Ok(T::default());
    }
    // SAFETY: the caller of this function promised what `read_sized` asks for.
    unsafe { read_sized(from, "") }
}

/// Write what `make` makes as far as the caller's struct has room; a longer one gets a zero tail.
///
/// # Safety
/// `out` is NULL or points to as many writable bytes as its size member says.
pub(super) unsafe fn put_sized<T: Copy>(
    out: *mut T,
    make: impl FnOnce() -> Result<T, Fault>,
) -> Result<(), Fault> {
    if out.is_null() {
        return Err(null("out is NULL"));
    }
    let value = make()?;
    // SAFETY: not NULL, and the caller's struct begins with its size.
    let given = unsafe { out.cast::<u32>().read() } as usize;
    let ours = size_of::<T>();
    let room = plausible(if given == 0 { ours } else { given })?;
    // SAFETY: the caller's struct has `room` bytes, and the copy stays within both.
    unsafe {
        core::ptr::write_bytes(out.cast::<u8>(), 0, room);
        let from = (&raw const value).cast::<u8>();
        core::ptr::copy_nonoverlapping(from, out.cast::<u8>(), room.min(ours));
        out.cast::<u32>().write(room as u32);
    }
    Ok(())
}

/// The `count` elements from `first` on.
///
/// # Safety
/// `first` is NULL or points to `count` readable elements that stay as they are for `'a`.
pub(super) unsafe fn list<'a, T>(
    first: *const T,
    count: u32,
    if_null: &'static str,
) -> Result<&'a [T], Fault> {
    match (count, first.is_null()) {
        (0, _) => Ok(&[]),
        (_, true) => Err(null(if_null)),
        // SAFETY: not NULL, and the caller vouches for `count` elements.
        (_, false) => Ok(unsafe { core::slice::from_raw_parts(first, count as usize) }),
    }
}

/// The `length` bytes at `bytes`; `most` says how many there may be.
///
/// # Safety
/// `bytes` is NULL or points to `length` readable bytes that stay as they are for `'a`.
pub(super) unsafe fn message<'a>(
    bytes: *const c_void,
    length: usize,
    most: &'static str,
) -> Result<&'a [u8], Fault> {
    if length == 0 {
        return Ok(&[]);
    }
    if bytes.is_null() {
        return Err(null("bytes is NULL"));
    }
    if length > isize::MAX as usize {
        return Err(Fault::errno(libc::EMSGSIZE, most));
    }
    // SAFETY: not NULL, no longer than a slice may be, and the caller vouches for the bytes.
    Ok(unsafe { core::slice::from_raw_parts(bytes.cast(), length) })
}

/// The `cap` bytes at `buf`, for a text.
///
/// # Safety
/// `buf` is NULL or points to `cap` writable bytes that nobody else uses for `'a`.
pub(super) unsafe fn room<'a>(buf: *mut c_char, cap: usize) -> Result<&'a mut [u8], Fault> {
    match (cap, buf.is_null()) {
        (0, _) => Ok(&mut []),
        (_, true) => Err(null("buf is NULL although cap is not 0")),
        // SAFETY: not NULL, and the caller vouches for `cap` bytes.
        (_, false) => Ok(unsafe { core::slice::from_raw_parts_mut(buf.cast(), cap) }),
    }
}

/// The text at `text`, if there is one.
///
/// # Safety
/// `text` is NULL or points to a terminated text that stays as it is for `'a`.
pub(super) unsafe fn text<'a>(text: *const c_char) -> Option<&'a CStr> {
    // SAFETY: not NULL, and the caller vouches for the NUL at its end.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) })
}
