//! What rustls says, in sentences known at build time.
//!
//! Owns: the texts. Never allocates: a failed handshake is what anybody on the network can cause.

use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};

/// A sentence for an error.
pub fn words(error: &Error) -> &'static str {
    match error {
        Error::InvalidCertificate(error) => certificate_words(error),
        Error::AlertReceived(alert) => alert_words(*alert),
        Error::InvalidMessage(_) => "the other end does not speak TLS, or not as it should",
        Error::NoCertificatesPresented => {
            "the other end showed no certificate (rule: use): it needs an identity of its own"
        }
        Error::NoApplicationProtocol => "no application protocol in common (ALPN)",
        Error::PeerIncompatible(
            PeerIncompatible::NoSignatureSchemesInCommon
            | PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon,
        ) => {
            "no kind of signature in common (rule: algorithm): keys of P-256, P-384, Ed25519 and \
             RSA work"
        }
        Error::PeerIncompatible(_) => {
            "no version, cipher suite or key exchange in common (rule: algorithm): TLS 1.2 and 1.3 \
             work"
        }
        Error::PeerMisbehaved(_) => "the other end broke the rules of the handshake",
        Error::DecryptError => "a record was changed on its way",
        Error::PeerSentOversizedRecord => "the other end sent a record that is too long",
        Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            "the other end sent a message out of turn"
        }
        Error::UnsupportedNameType => "the server name is no name and no address",
        Error::General(_) => {
            "no certificate for the server name that the client asked for (rule: name): add an \
             identity of that name, or one with no name for all others"
        }
        _ => "the TLS session cannot go on",
    }
}

/// The rule that a certificate broke (date, issuer, name, signature, use, algorithm, form), and
/// what to do.
fn certificate_words(error: &CertificateError) -> &'static str {
    use CertificateError as E;
    #[allow(deprecated)]
    match error {
        E::Expired | E::ExpiredContext { .. } => {
            "the other end's certificate has expired (rule: date): it needs a new one; if it has, \
             compare the clocks"
        }
        E::NotValidYet | E::NotValidYetContext { .. } => {
            "the other end's certificate is not valid yet (rule: date): compare the clocks"
        }
        E::UnknownIssuer => {
            "the other end's certificate is from an issuer that is not trusted (rule: issuer): \
             give that issuer's certificate as a root; the other end sends those between"
        }
        E::NotValidForName | E::NotValidForNameContext { .. } => {
            "the other end's certificate is for another name (rule: name): those in its \
             subjectAltName count, not its CN; ask for one of them, or have it made with that one"
        }
        E::Revoked => "the other end's certificate was revoked (rule: issuer): it needs a new one",
        E::BadSignature => {
            "the other end's certificate has a wrong signature (rule: signature): the root of that \
             name is not who signed it, or it was changed"
        }
        E::UnsupportedSignatureAlgorithm
        | E::UnsupportedSignatureAlgorithmContext { .. }
        | E::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => ALGORITHM,
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => {
            "the other end's certificate is for another purpose (rule: use): extendedKeyUsage has \
             to name serverAuth for a server, clientAuth for a client, or to be left out"
        }
        E::UnhandledCriticalExtension => {
            "the other end's certificate has a critical extension that is not known (rule: form): \
             have it made without"
        }
        E::BadEncoding => {
            "a certificate cannot be read (rule: form): openssl x509 -text shows what is wrong"
        }
        E::Other(other) => other.0.downcast_ref().map_or(UNKNOWN, chain_words),
        _ => UNKNOWN,
    }
}

const ALGORITHM: &str = "a certificate is signed in a way that is not checked (rule: algorithm): \
     keys of P-256, P-384, Ed25519 and RSA of 2048 to 8192 bits work, P-521 and SHA-1 do not";
const UNKNOWN: &str = "the other end's certificate is not acceptable (rule: form)";

/// What only the rules of chains have a word for.
fn chain_words(error: &webpki::Error) -> &'static str {
    use webpki::Error as E;
    match error {
        E::CaUsedAsEndEntity => {
            "the other end's certificate is an authority's (rule: use): give that very one as a \
             root to trust it, or have one made with basicConstraints=CA:FALSE"
        }
        E::EndEntityUsedAsCa => {
            "an issuer of the other end's certificate is no authority (rule: issuer): it has to be \
             made with basicConstraints=CA:TRUE"
        }
        E::PathLenConstraintViolated | E::MaximumPathDepthExceeded => {
            "there are more issuers than one of them allows (rule: issuer): see its \
             basicConstraints=pathlen"
        }
        E::NameConstraintViolation => {
            "an issuer may not vouch for that name (rule: name): see its nameConstraints"
        }
        E::UnsupportedCertVersion => {
            "a certificate is not of version 3 (rule: form): openssl x509 -req makes that with \
             -extfile, openssl req -x509 always"
        }
        E::SignatureAlgorithmMismatch => ALGORITHM,
        E::UnsupportedCriticalExtension => {
            certificate_words(&CertificateError::UnhandledCriticalExtension)
        }
        E::EmptyEkuExtension => certificate_words(&CertificateError::InvalidPurpose),
        _ => UNKNOWN,
    }
}

fn alert_words(alert: AlertDescription) -> &'static str {
    use AlertDescription as A;
    match alert {
        A::HandshakeFailure | A::InsufficientSecurity => {
            "the other end found nothing in common, or no certificate to show (rule: algorithm): \
             is its key of another kind than P-256, P-384, Ed25519 or RSA?"
        }
        A::BadCertificate | A::UnsupportedCertificate | A::CertificateUnknown => {
            "the other end does not accept our certificate (its log says which rule)"
        }
        A::CertificateExpired => {
            "the other end says that our certificate has expired (rule: date): make a new one"
        }
        A::CertificateRevoked => {
            "the other end says that our certificate was revoked (rule: issuer): get a new one"
        }
        A::UnknownCA => {
            "the other end does not trust the issuer of our certificate (rule: issuer): it has to \
             know that root, and the chain to hold what is between"
        }
        A::CertificateRequired => {
            "the other end wants a certificate of ours (rule: use): give the config an identity"
        }
        A::AccessDenied => "the other end accepts our certificate, but not us",
        A::ProtocolVersion => "the other end speaks no version of TLS that we speak",
        A::UnrecognisedName => "the other end has no such server name (rule: name)",
        A::NoApplicationProtocol => "the other end has no application protocol in common (ALPN)",
        A::BadRecordMac | A::DecryptError => "the other end got a record that was changed",
        A::UserCanceled => "the other end gave up the handshake",
        _ => "the other end ended the session with an alert",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::OtherError;
    use std::sync::Arc;

    /// ringline_error_detail() has room for so many bytes and the end.
    const ROOM: usize = 255;

    #[test]
    fn every_refusal_of_a_certificate_names_its_rule() {
        use webpki::Error as E;
        let chain = [
            E::CaUsedAsEndEntity,
            E::EndEntityUsedAsCa,
            E::PathLenConstraintViolated,
            E::NameConstraintViolation,
            E::UnsupportedCertVersion,
            E::SignatureAlgorithmMismatch,
            E::UnsupportedCriticalExtension,
            E::EmptyEkuExtension,
            E::MalformedExtensions,
        ];
        let of_chains = chain.map(|error| CertificateError::Other(OtherError(Arc::new(error))));
        let own = [
            CertificateError::BadEncoding,
            CertificateError::Expired,
            CertificateError::NotValidYet,
            CertificateError::Revoked,
            CertificateError::UnhandledCriticalExtension,
            CertificateError::UnknownIssuer,
            CertificateError::BadSignature,
            CertificateError::NotValidForName,
            CertificateError::InvalidPurpose,
            CertificateError::ApplicationVerificationFailure,
        ];
        for error in of_chains.into_iter().chain(own) {
            let text = words(&error.clone().into());
            assert!(text.contains("(rule: "), "{error:?}: {text}");
            assert!(text.len() <= ROOM, "{} bytes: {text}", text.len());
        }
    }
}
