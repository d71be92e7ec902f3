//! A TLS config: certificates, keys and whom to trust, read once and shared by all connections.
//!
//! Owns: rustls' configs, with sessions to resume. Invariant: the provider is passed explicitly and
//! never installed for the process, which may have a rustls of its own.

use super::explicit::Explicit;
use super::options::{
    Asked, ClientCertificates, DEFAULT_HANDSHAKE_NS, Identity, TlsOptions, system_roots,
};
use super::pem::{certificates, certified};
use super::verify::Anybody;
use crate::fault::Fault;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{ResolvesClientCert, Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::server::{ServerSessionMemoryCache, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::sync::Arc;

/// Sessions kept for clients that come back; those with a ticket need none.
const SESSIONS: usize = 1024;

/// What to be on connections.
#[derive(Debug)]
pub struct TlsConfig {
    pub(super) side: Side,
    /// How long a handshake may take.
    pub handshake_ns: u64,
}

#[derive(Debug)]
pub(super) enum Side {
    Server(Arc<ServerConfig>),
    Client(Arc<ClientConfig>),
}

fn invalid(text: &'static str) -> Fault {
    Fault::errno(libc::EINVAL, text)
}

impl TlsConfig {
    /// Read and check everything.
    pub fn new(side: Asked, options: &TlsOptions) -> Result<TlsConfig, Fault> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let side = match side {
            Asked::Server => Side::Server(Arc::new(server(provider, options)?)),
            Asked::Client => Side::Client(Arc::new(client(provider, options)?)),
        };
        Ok(TlsConfig { side, handshake_ns: options.handshake_ns })
    }

    /// What a server is by a config of the program's own, as it is.
    pub fn of_server(config: Arc<ServerConfig>) -> TlsConfig {
        TlsConfig { side: Side::Server(config), handshake_ns: DEFAULT_HANDSHAKE_NS }
    }

    /// What a client is by a config of the program's own, as it is.
    pub fn of_client(config: Arc<ClientConfig>) -> TlsConfig {
        TlsConfig { side: Side::Client(config), handshake_ns: DEFAULT_HANDSHAKE_NS }
    }

    /// The side it is for.
    pub fn side(&self) -> Asked {
        match self.side {
            Side::Server(_) => Asked::Server,
            Side::Client(_) => Asked::Client,
        }
    }
}

fn server(provider: Arc<CryptoProvider>, options: &TlsOptions) -> Result<ServerConfig, Fault> {
    if options.identities.is_empty() {
        return Err(invalid("a TLS server needs a certificate and a key"));
    }
    if options.believe_anybody {
        return Err(invalid("a TLS server has no server to believe"));
    }
    let names = Names::new(&options.identities, &provider)?;
    let verifier = client_verifier(&provider, options)?;
    let builder = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| invalid("no version of TLS"))?;
    let mut config =
        builder.with_client_cert_verifier(verifier).with_cert_resolver(Arc::new(names));
    config.alpn_protocols.clone_from(&options.alpn);
    if options.no_resumption {
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    } else {
        config.session_storage = ServerSessionMemoryCache::new(SESSIONS);
        config.ticketer = rustls::crypto::ring::Ticketer::new()
            .map_err(|_| Fault::errno(libc::EIO, "no random bytes for the session tickets"))?;
    }
    Ok(config)
}

fn client_verifier(
    provider: &Arc<CryptoProvider>,
    options: &TlsOptions,
) -> Result<Arc<dyn ClientCertVerifier>, Fault> {
    if options.client_certificates == ClientCertificates::No {
        return Ok(WebPkiClientVerifier::no_client_auth());
    }
    if options.roots.is_empty() && !options.system_roots {
        return Err(invalid("a server that wants client certificates needs roots to check them"));
    }
    let (roots, given) = roots(options)?;
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let builder = match options.client_certificates {
        ClientCertificates::Wanted => builder.allow_unauthenticated(),
        _ => builder,
    };
    let chains = builder.build().map_err(|_| invalid("the roots hold no certificate"))?;
    Ok(Arc::new(Explicit::new(chains, given)))
}

fn client(provider: Arc<CryptoProvider>, options: &TlsOptions) -> Result<ClientConfig, Fault> {
    if options.client_certificates != ClientCertificates::No {
        return Err(invalid("client certificates are what a TLS server asks for"));
    }
    if options.identities.len() > 1 {
        return Err(invalid("a TLS client has one certificate at most"));
    }
    let own = options.identities.first().map(|own| certified(own, &provider)).transpose()?;
    let verifier: Arc<dyn ServerCertVerifier> = if options.believe_anybody {
        Arc::new(Anybody(provider.clone()))
    } else {
        let (roots, given) = roots(options)?;
        let chains = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .build()
            .map_err(|_| invalid("the roots hold no certificate"))?;
        Arc::new(Explicit::new(chains, given))
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| invalid("no version of TLS"))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match own {
        Some(own) => {
            let resolver: Arc<dyn ResolvesClientCert> = Arc::new(SingleCertAndKey::from(own));
            builder.with_client_cert_resolver(resolver)
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols.clone_from(&options.alpn);
    if options.no_resumption {
        config.resumption = Resumption::disabled();
    }
    Ok(config)
}

/// Whom to trust: what was given, or the machine's; as anchors of chains, and as they are.
fn roots(options: &TlsOptions) -> Result<(RootCertStore, Vec<CertificateDer<'static>>), Fault> {
    let mut store = RootCertStore::empty();
    let mut given = Vec::new();
    if options.system_roots || options.roots.is_empty() {
        // One certificate that nobody can parse does not make the others worthless.
        let text = system_roots()?;
        given.extend(CertificateDer::pem_slice_iter(&text).flatten());
        store.add_parsable_certificates(given.iter().cloned());
    }
    for pem in &options.roots {
        for certificate in certificates(pem)? {
            let refused = "a root certificate cannot be used: openssl x509 -text shows what it is";
            store.add(certificate.clone()).map_err(|_| invalid(refused))?;
            given.push(certificate);
        }
    }
    Ok((store, given))
}

/// Which certificate to show.
#[derive(Debug)]
struct Names {
    named: Vec<(String, Arc<CertifiedKey>)>,
    other: Option<Arc<CertifiedKey>>,
}

impl Names {
    fn new(identities: &[Identity], provider: &CryptoProvider) -> Result<Names, Fault> {
        let mut names = Names { named: Vec::new(), other: None };
        for own in identities {
            let key = Arc::new(certified(own, provider)?);
            match &own.name {
                Some(name) => names.named.push((name.to_ascii_lowercase(), key)),
                None if names.other.is_some() => {
                    return Err(invalid("two identities are for all names"));
                }
                None => names.other = Some(key),
            }
        }
        Ok(names)
    }

    fn find(&self, name: &str) -> Option<&Arc<CertifiedKey>> {
        let exact =
            |wanted: &str| self.named.iter().find(|(name, _)| name == wanted).map(|(_, key)| key);
        // "*.example.org" is for a.example.org, and not for a.b.example.org.
        let wild = || name.split_once('.').and_then(|(_, rest)| exact(&format!("*.{rest}")));
        exact(name).or_else(wild)
    }
}

impl ResolvesServerCert for Names {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().map(str::to_ascii_lowercase);
        name.and_then(|name| self.find(&name)).or(self.other.as_ref()).cloned()
    }
}
