//! Certificates and keys out of PEM text, and what is wrong with text that has none.
//!
//! Owns: nothing. Takes text as other programs leave it: with the mark that Windows puts in front
//! (also of each part, where files were put together), with any line ends.

use super::options::{Identity, Pem};
use super::words::words;
use crate::fault::Fault;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

/// The mark of UTF-8, and both of UTF-16.
const MARK: &[u8] = &[0xef, 0xbb, 0xbf];
const WIDE: [&[u8]; 2] = [&[0xff, 0xfe], &[0xfe, 0xff]];

/// Kinds of keys that cannot be used, by their object identifiers in DER.
const KINDS: [(&[u8], &str); 4] = [
    (
        &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23],
        "a P-521 key cannot be used (rule: algorithm): make one of P-256 or P-384, Ed25519, or RSA",
    ),
    (
        &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a],
        "a secp256k1 key cannot be used (rule: algorithm): make one of P-256 or P-384, Ed25519, or \
         RSA",
    ),
    (
        &[0x06, 0x03, 0x2b, 0x65, 0x71],
        "an Ed448 key cannot be used (rule: algorithm): make one of Ed25519, P-256, P-384, or RSA",
    ),
    (&[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01], RSA_LENGTH),
];

const RSA_LENGTH: &str =
    "an RSA key of this length cannot be used (rule: algorithm): make one of 2048 to 4096 bits";

fn invalid(text: &'static str) -> Fault {
    Fault::errno(libc::EINVAL, text)
}

fn holds(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|part| part == word)
}

/// The text without the marks in front of it and of its parts, which are no part of PEM.
fn text_of(pem: &Pem) -> Result<Vec<u8>, Fault> {
    let mut text = pem.read()?;
    while let Some(at) = text.windows(MARK.len()).position(|part| part == MARK) {
        text.drain(at..at + MARK.len());
    }
    if WIDE.iter().any(|mark| text.starts_with(mark)) {
        return Err(invalid("the PEM is UTF-16 text: save it as UTF-8 or ASCII"));
    }
    if text.first() == Some(&0x30) {
        let text = "this is binary (DER or PKCS #12) and no PEM: openssl x509 -inform DER, openssl \
                    pkey -inform DER or openssl pkcs12 -nodes make PEM of it";
        return Err(invalid(text));
    }
    Ok(text)
}

/// The certificates of a text, one at least.
pub fn certificates(pem: &Pem) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let text = text_of(pem)?;
    let list: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let list = list.map_err(|_| invalid("a file of certificates is not PEM: is it whole?"))?;
    if !list.is_empty() {
        return Ok(list);
    }
    Err(invalid(if holds(&text, b"TRUSTED CERTIFICATE") {
        "a file of certificates holds none but of OpenSSL's own kind (TRUSTED CERTIFICATE): \
         openssl x509 makes a plain one of it"
    } else if holds(&text, b"PRIVATE KEY") {
        "a file of certificates holds none, but a key: are the two the wrong way round?"
    } else {
        "a file of certificates holds none: it has lines of -----BEGIN CERTIFICATE-----"
    }))
}

fn key_of(pem: &Pem) -> Result<PrivateKeyDer<'static>, Fault> {
    let text = text_of(pem)?;
    if holds(&text, b"ENCRYPTED") {
        let text = "the key has a password, and nobody to type it: openssl pkey -in KEY -out PLAIN \
                    takes it off";
        return Err(invalid(text));
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
        invalid("this is no private key in PEM: it has a line of -----BEGIN PRIVATE KEY-----")
    })
}

/// A certificate chain with the key to it.
pub fn certified(own: &Identity, provider: &CryptoProvider) -> Result<CertifiedKey, Fault> {
    let chain = certificates(&own.chain)?;
    let key = key_of(&own.key)?;
    let named = KINDS.iter().find(|(kind, _)| holds(key.secret_der(), kind)).map(|(_, text)| *text);
    let named = match key {
        PrivateKeyDer::Pkcs1(_) => Some(RSA_LENGTH),
        _ => named,
    };
    CertifiedKey::from_der(chain, key, provider).map_err(|error| {
        invalid(match (&error, named) {
            (rustls::Error::InconsistentKeys(_), _) => "the key does not belong to the certificate",
            (rustls::Error::InvalidCertificate(_), _) => words(&error),
            (_, Some(text)) => text,
            (_, None) => {
                "a key of this kind cannot be used (rule: algorithm): P-256, P-384, Ed25519, and \
                 RSA of 2048 to 4096 bits work"
            }
        })
    })
}
