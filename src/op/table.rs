//! The table of operations: what each opcode of the kernel needs from this library, and since when
//! the kernel serves it.
//!
//! Owns: the rows, which are made of the list in `sys`. Decides nothing about a single operation.
//! Invariant: one row per opcode, in the order of the kernel's numbers.

use super::prepare::Class;
use crate::sys::each_operation;

/// One opcode of the kernel.
pub(super) struct Row {
    /// Its number.
    pub code: u8,
    /// What is checked before the kernel sees it.
    pub class: Class,
    /// What to say where the kernel does not serve it: its name and the first kernel.
    pub missing: &'static str,
}

macro_rules! rows {
    (
        kernel: $(
            $code:literal $constant:ident $name:ident $header:ident $class:ident $since:literal,
        )*
        library: $($own_code:literal $own_constant:ident $own_name:ident $own_header:ident,)*
    ) => {
        /// Rows by opcode.
        pub(super) static ROWS: &[Row] = &[$(Row {
            code: $code,
            class: Class::$class,
            missing: concat!(stringify!($constant), ": this operation needs Linux ", $since),
        }),*];
    };
}
each_operation!(rows);

/// Whether `code` is an operation of the kernel that this library accepts.
pub fn serves(code: u8) -> bool {
    ROWS.get(usize::from(code)).is_some_and(|row| row.class != Class::Refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::opcode;

    #[test]
    fn every_row_stands_at_its_opcode_and_names_a_kernel() {
        for (at, row) in ROWS.iter().enumerate() {
            assert_eq!(usize::from(row.code), at, "{}", row.missing);
            assert!(row.missing.contains(": this operation needs Linux "), "{}", row.missing);
        }
        assert!(!serves(opcode::RECV_ZC) && !serves(opcode::PROVIDE_BUFFERS) && !serves(63));
        assert!(serves(opcode::NOP) && serves(opcode::PIPE));
    }
}
