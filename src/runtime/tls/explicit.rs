//! Whom to believe beside those that the roots vouch for: a certificate that is itself a root.
//!
//! Owns: the roots as they were given. `openssl req -x509` makes a certificate that is its own
//! authority (CA:TRUE). The rules of chains refuse that as a server's, although nobody has to vouch
//! for what was given byte for byte as trusted. Invariant: all else is checked as ever: its date,
//! its name, its use, and that the other end has its key.

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use std::sync::Arc;

/// Extended key usage, and two of its purposes, as object identifiers in DER.
const USAGE: &[u8] = &[0x06, 0x03, 0x55, 0x1d, 0x25];
const SERVER: &[u8] = &[0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const CLIENT: &[u8] = &[0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];
const SEQUENCE: u8 = 0x30;
const OCTETS: u8 = 0x04;
const EXTENSIONS: u8 = 0xa3;

/// A verifier of chains, and roots that may show themselves.
#[derive(Debug)]
pub struct Explicit<V> {
    chains: V,
    roots: Vec<CertificateDer<'static>>,
}

impl<V> Explicit<V> {
    /// Believe `roots` themselves, and whom `chains` believes.
    pub fn new(chains: V, roots: Vec<CertificateDer<'static>>) -> Explicit<V> {
        Explicit { chains, roots }
    }

    /// Whether `certificate`, which `error` refuses, is a root itself that is made for `purpose`.
    /// What refuses an authority looks at its date first.
    fn believes(
        &self,
        error: &Error,
        certificate: &CertificateDer<'_>,
        purpose: &[u8],
    ) -> Result<(), Error> {
        let given = || self.roots.iter().any(|root| root.as_ref() == certificate.as_ref());
        if !is_of_an_authority(error) || !given() {
            return Err(error.clone());
        }
        match allows(certificate, purpose) {
            true => Ok(()),
            false => Err(CertificateError::InvalidPurpose.into()),
        }
    }
}

/// Whether a certificate was refused because it is an authority's.
pub fn is_of_an_authority(error: &Error) -> bool {
    chain_error(error) == Some(&webpki::Error::CaUsedAsEndEntity)
}

/// What the rules of chains say, where rustls has no word of its own for it.
pub fn chain_error(error: &Error) -> Option<&webpki::Error> {
    match error {
        Error::InvalidCertificate(CertificateError::Other(other)) => other.0.downcast_ref(),
        _ => None,
    }
}

/// The first value in DER: its tag, what is in it, and what is behind it.
fn value(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (inner, rest) = rest.split_at_checked(length)?;
    Some((tag, inner, rest))
}

/// What is in the first value of that tag.
fn find(mut bytes: &[u8], wanted: u8) -> Option<&[u8]> {
    loop {
        let (tag, inner, rest) = value(bytes)?;
        if tag == wanted {
            return Some(inner);
        }
        bytes = rest;
    }
}

/// Whether a certificate says nothing about its use, or `purpose` as one of several.
fn allows(certificate: &[u8], purpose: &[u8]) -> bool {
    let body = find(certificate, SEQUENCE).and_then(|whole| find(whole, SEQUENCE));
    let Some(body) = body else { return false };
    let Some(mut extensions) = find(body, EXTENSIONS).and_then(|list| find(list, SEQUENCE)) else {
        return true;
    };
    while let Some((_, extension, rest)) = value(extensions) {
        if extension.starts_with(USAGE) {
            let uses = find(extension, OCTETS).and_then(|uses| find(uses, SEQUENCE));
            let mut uses = uses.unwrap_or_default();
            while let Some((_, _, rest)) = value(uses) {
                if &uses[..uses.len() - rest.len()] == purpose {
                    return true;
                }
                uses = rest;
            }
            return false;
        }
        extensions = rest;
    }
    true
}

/// What both verifiers leave to that of chains: the signatures.
macro_rules! signed_as_chains {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            self.chains.verify_tls12_signature(message, certificate, signed)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            self.chains.verify_tls13_signature(message, certificate, signed)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.chains.supported_verify_schemes()
        }
    };
}

impl ServerCertVerifier for Explicit<Arc<WebPkiServerVerifier>> {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.chains.verify_server_cert(certificate, chain, name, ocsp, now).or_else(|error| {
            self.believes(&error, certificate, SERVER)?;
            verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
            Ok(ServerCertVerified::assertion())
        })
    }

    signed_as_chains!();
}

impl ClientCertVerifier for Explicit<Arc<dyn ClientCertVerifier>> {
    fn offer_client_auth(&self) -> bool {
        self.chains.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.chains.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chains.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.chains.verify_client_cert(certificate, chain, now).or_else(|error| {
            self.believes(&error, certificate, CLIENT)?;
            Ok(ClientCertVerified::assertion())
        })
    }

    signed_as_chains!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::tls::config::{Side, TlsConfig};
    use crate::runtime::tls::options::{Asked, Pem, TlsOptions};
    use rustls::pki_types::PrivateKeyDer;
    use rustls::pki_types::pem::PemObject;
    use rustls::sign::{CertifiedKey, SingleCertAndKey};
    use rustls::{ClientConnection, ServerConfig, ServerConnection};

    /// A certificate and its key, as openssl makes both.
    fn made(more: &str) -> Vec<u8> {
        let made = std::process::Command::new("openssl")
            .args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes".split(' '))
            .args("-subj /CN=localhost -addext subjectAltName=DNS:localhost".split(' '))
            .args(more.split(' ').filter(|word| !word.is_empty()))
            .args("-keyout - -out -".split(' '))
            .output()
            .expect("openssl");
        made.stdout
    }

    /// What becomes of a handshake between a client that trusts `shown`, and a server that shows it
    /// and has the key of `key`.
    fn shaken(shown: &[u8], key: &[u8]) -> Result<(), Error> {
        let options =
            TlsOptions { roots: vec![Pem::Text(shown.to_vec())], ..TlsOptions::default() };
        let client = TlsConfig::new(Asked::Client, &options).expect("a config");
        let Side::Client(client) = &client.side else { panic!("a client") };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let chain = vec![CertificateDer::from_pem_slice(shown).expect("a certificate")];
        let key = PrivateKeyDer::from_pem_slice(key).expect("a key");
        let key = provider.key_provider.load_private_key(key).expect("a key");
        let server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key))));
        let mut server = ServerConnection::new(Arc::new(server)).expect("a server");
        let name = ServerName::try_from("localhost").expect("a name");
        let mut client = ClientConnection::new(client.clone(), name).expect("a client");
        while client.is_handshaking() {
            let mut wire = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut wire).expect("memory");
            }
            server.read_tls(&mut wire.as_slice()).expect("memory");
            server.process_new_packets().expect("a good client");
            let mut wire = Vec::new();
            while server.wants_write() {
                server.write_tls(&mut wire).expect("memory");
            }
            let mut wire = wire.as_slice();
            while !wire.is_empty() {
                client.read_tls(&mut wire).expect("memory");
                client.process_new_packets()?;
            }
        }
        Ok(())
    }

    #[test]
    fn who_shows_a_trusted_certificate_must_have_its_key() {
        let (own, other) = (made(""), made(""));
        assert_eq!(shaken(&own, &own), Ok(()));
        let bad = Error::InvalidCertificate(CertificateError::BadSignature);
        assert_eq!(shaken(&own, &other), Err(bad));
    }

    #[test]
    fn a_use_is_found_wherever_it_stands() {
        let der = |more: &str| CertificateDer::from_pem_slice(&made(more)).expect("a certificate");
        let none = der("");
        assert!(allows(&none, SERVER) && allows(&none, CLIENT));
        let server = der("-addext extendedKeyUsage=critical,serverAuth");
        assert!(allows(&server, SERVER) && !allows(&server, CLIENT));
        let both = der("-addext extendedKeyUsage=codeSigning,clientAuth,serverAuth");
        assert!(allows(&both, SERVER) && allows(&both, CLIENT));
        // What is cut short allows nothing, or what the whole does; nothing is read behind it.
        for end in 0..server.len() {
            allows(&server[..end], CLIENT);
        }
        assert!(!allows(&[], SERVER) && !allows(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], SERVER));
    }
}
