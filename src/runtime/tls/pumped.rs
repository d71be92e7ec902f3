//! What encrypting came to, which the runtime goes on from.
//!
//! Owns: nothing.

/// How far encrypting came.
pub enum Pumped {
    /// As far as there is room, or all of it.
    All,
    /// Up to the end of a loan.
    Over(u32),
    /// Up to the file of a loan, of which something is to be read first.
    File(u32),
}
