//! TLS where the library was built without it.
//!
//! Owns: nothing; neither type can be made, so that all else about TLS is never reached.

use super::options::{Asked, TlsFacts, TlsOptions};
use super::pumped::Pumped;
use crate::fault::Fault;
use crate::runtime::queue::{Blocks, SendQueue};

/// A config that nobody can make.
#[derive(Debug)]
pub struct TlsConfig {
    never: core::convert::Infallible,
    /// How long a handshake may take.
    pub handshake_ns: u64,
}

/// A session that nobody can have.
pub struct Session {
    never: core::convert::Infallible,
    /// Plaintext that waits.
    pub plain: SendQueue,
    /// The first bytes were looked at.
    pub begun: bool,
    /// The user was told that the handshake ended.
    pub told: bool,
}

impl TlsConfig {
    /// Refuses.
    pub fn new(_side: Asked, _options: &TlsOptions) -> Result<TlsConfig, Fault> {
        Err(Fault::errno(libc::EOPNOTSUPP, "this library was built without the feature tls"))
    }

    /// Never reached, as all below.
    pub fn side(&self) -> Asked {
        match self.never {}
    }
}

#[allow(missing_docs)]
impl Session {
    pub fn new(config: &TlsConfig, _name: Option<&str>, _before: u64) -> Result<Session, Fault> {
        match config.never {}
    }

    pub fn queued(&self) -> u64 {
        match self.never {}
    }

    pub fn is_shaking(&self) -> bool {
        match self.never {}
    }

    pub fn fault(&self) -> Option<&'static str> {
        match self.never {}
    }

    pub fn fail(&mut self, _text: &'static str) {
        match self.never {}
    }

    pub fn peer_closed(&self) -> bool {
        match self.never {}
    }

    pub fn has_plain(&self) -> bool {
        match self.never {}
    }

    pub fn feed(&mut self, _bytes: &[u8], _out: &mut Vec<u8>) {
        match self.never {}
    }

    pub fn pump(
        &mut self,
        _ends: bool,
        _queue: &mut SendQueue,
        _blocks: &mut Blocks,
    ) -> Result<Pumped, Fault> {
        match self.never {}
    }

    pub fn acknowledge(&mut self, _wire: u64) -> u64 {
        match self.never {}
    }

    pub fn is_flushed(&self) -> bool {
        match self.never {}
    }

    pub fn facts(&self) -> TlsFacts<'_> {
        match self.never {}
    }
}
