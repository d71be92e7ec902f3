//! TLS for connections: what to be (config) and what one connection is at (session).
//!
//! Owns: nothing; it says which of the two there are. Without the feature `tls` nobody can make
//! either, and the runtime is the same in everything else.

mod options;
mod pumped;

#[cfg(feature = "tls")]
mod config;
#[cfg(feature = "tls")]
mod explicit;
#[cfg(feature = "tls")]
mod pem;
#[cfg(feature = "tls")]
mod session;
#[cfg(feature = "tls")]
mod verify;
#[cfg(feature = "tls")]
mod words;

#[cfg(not(feature = "tls"))]
mod none;

#[cfg(feature = "tls")]
pub use config::TlsConfig;
#[cfg(feature = "tls")]
pub use session::Session;

#[cfg(not(feature = "tls"))]
pub use none::{Session, TlsConfig};

pub use options::{
    Asked, ClientCertificates, DEFAULT_HANDSHAKE_NS, Identity, Pem, TlsFacts, TlsOptions,
};
pub use pumped::Pumped;
