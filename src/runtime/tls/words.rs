//! What rustls says, in sentences known at build time.
//!
//! Owns: the texts. Never allocates: a failed handshake is what anybody on the network can cause.

use rustls::{AlertDescription, CertificateError, Error};

/// A sentence for an error.
pub fn words(error: &Error) -> &'static str {
    match error {
        Error::InvalidCertificate(error) => certificate_words(error),
        Error::AlertReceived(alert) => alert_words(*alert),
        Error::InvalidMessage(_) => "the other end does not speak TLS, or not as it should",
        Error::NoCertificatesPresented => "the other end showed no certificate",
        Error::NoApplicationProtocol => "no application protocol in common (ALPN)",
        Error::PeerIncompatible(_) => "no version, cipher suite or key exchange in common",
        Error::PeerMisbehaved(_) => "the other end broke the rules of the handshake",
        Error::DecryptError => "a record was changed on its way",
        Error::PeerSentOversizedRecord => "the other end sent a record that is too long",
        Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            "the other end sent a message out of turn"
        }
        Error::UnsupportedNameType => "the server name is no name and no address",
        Error::General(_) => "no certificate for the server name that the client asked for",
        _ => "the TLS session cannot go on",
    }
}

fn certificate_words(error: &CertificateError) -> &'static str {
    use CertificateError as E;
    match error {
        E::Expired | E::ExpiredContext { .. } => "the other end's certificate has expired",
        E::NotValidYet | E::NotValidYetContext { .. } => {
            "the other end's certificate is not valid yet: compare the clocks"
        }
        E::UnknownIssuer => "the other end's certificate is from an issuer that is not trusted",
        E::NotValidForName | E::NotValidForNameContext { .. } => {
            "the other end's certificate is for another name"
        }
        E::Revoked => "the other end's certificate was revoked",
        E::BadSignature => "the other end's certificate has a wrong signature",
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => {
            "the other end's certificate is for another purpose"
        }
        _ => "the other end's certificate is not acceptable",
    }
}

fn alert_words(alert: AlertDescription) -> &'static str {
    use AlertDescription as A;
    match alert {
        A::HandshakeFailure | A::InsufficientSecurity => {
            "the other end found nothing in common, or no certificate to show"
        }
        A::BadCertificate | A::UnsupportedCertificate | A::CertificateUnknown => {
            "the other end does not accept our certificate"
        }
        A::CertificateExpired => "the other end says that our certificate has expired",
        A::CertificateRevoked => "the other end says that our certificate was revoked",
        A::UnknownCA => "the other end does not trust the issuer of our certificate",
        A::CertificateRequired => "the other end wants a certificate of ours",
        A::AccessDenied => "the other end accepts our certificate, but not us",
        A::ProtocolVersion => "the other end speaks no version of TLS that we speak",
        A::UnrecognisedName => "the other end has no such server name",
        A::NoApplicationProtocol => "the other end has no application protocol in common (ALPN)",
        A::BadRecordMac | A::DecryptError => "the other end got a record that was changed",
        A::UserCanceled => "the other end gave up the handshake",
        _ => "the other end ended the session with an alert",
    }
}
