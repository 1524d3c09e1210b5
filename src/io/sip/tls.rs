//! TLS under SIP: certificates, who the peer has proved to be (RFC 5922), and new files without a restart.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use tokio::net::TcpStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::verify_server_cert_signed_by_trust_anchor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error as RustlsError, RootCertStore, ServerConfig, SignatureScheme,
};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// Where the keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// Our certificate and those between it and its authority, in PEM.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
    /// The authorities of the certificates that peers show which connect to us; without it none is asked for.
    pub client_ca: Option<PathBuf>,
    /// The authorities of the peers that we connect to; without it we connect to nobody.
    pub server_ca: Option<PathBuf>,
    /// The trunks whose certificates have a name of their own.
    pub trunks: Vec<NamedTrunk>,
}

/// A trunk that is known by the name in its certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedTrunk {
    pub tls_name: String,
    /// The host names at which it is called, in lower case; the certificate there may have `tls_name` instead.
    pub hosts: Vec<String>,
}

/// Whom we connect to (RFC 5922 section 7.1): as the URI said it, before any name server was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meant<'a> {
    Host(&'a str),
    /// The URI has an address; trunks that are known by name may be there too.
    Address(IpAddr),
}

/// Why a peer that we connect to is not taken.
#[derive(Debug)]
pub enum Refusal {
    /// Without `server_ca` we trust nobody.
    Nobody,
    /// The certificate is of no authority of ours, or has expired; or there is no common way to speak TLS.
    Handshake(io::Error),
    /// It names somebody else.
    Name,
}

impl Refusal {
    pub fn as_str(&self) -> &'static str {
        match self {
            Refusal::Nobody => "no server_ca",
            Refusal::Handshake(_) => "TLS handshake failed",
            Refusal::Name => "the certificate names somebody else",
        }
    }
}

/// What is wrong with a file, and what to do.
#[derive(Debug)]
pub struct TlsFault {
    pub path: PathBuf,
    pub what: String,
    pub remedy: &'static str,
}

/// The present certificates; connections that are open keep theirs.
pub struct Tls {
    files: ArcSwap<TlsFiles>,
    configs: ArcSwap<Configs>,
}

/// Both roles, and until when the certificate is good.
struct Configs {
    server: Arc<ServerConfig>,
    client: Option<Arc<ClientConfig>>,
    ends: SystemTime,
}

/// Other files, which are good.
pub struct Renewed {
    files: TlsFiles,
    configs: Configs,
}

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

impl Renewed {
    pub fn read(files: TlsFiles) -> Result<Renewed, TlsFault> {
        Ok(Renewed { configs: load(&files)?, files })
    }
}

impl Tls {
    pub fn open(files: TlsFiles) -> Result<Tls, TlsFault> {
        let configs = ArcSwap::from_pointee(load(&files)?);
        Ok(Tls { files: ArcSwap::from_pointee(files), configs })
    }

    /// Takes these files from now on, as they were read.
    pub fn change(&self, Renewed { files, configs }: Renewed) {
        self.files.store(Arc::new(files));
        self.configs.store(Arc::new(configs));
    }

    /// Until when our certificate is good.
    pub fn ends(&self) -> SystemTime {
        self.configs.load().ends
    }

    /// The handshake as the server; the names are empty when the peer showed no certificate.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<(TlsStream<TcpStream>, Vec<String>)> {
        let stream = TlsAcceptor::from(Arc::clone(&self.configs.load().server)).accept(stream).await?;
        let names = stream.get_ref().1.peer_certificates().and_then(<[_]>::first).map(names_of).unwrap_or_default();
        Ok((stream.into(), names))
    }

    /// The handshake as the client, with the names of the peer's certificate. A host name goes along (SNI, RFC 6066 section 3).
    pub async fn connect(
        &self,
        stream: TcpStream,
        meant: Meant<'_>,
    ) -> Result<(TlsStream<TcpStream>, Vec<String>), Refusal> {
        let client = self.configs.load().client.clone().ok_or(Refusal::Nobody)?;
        let name = match meant {
            Meant::Host(host) => ServerName::try_from(host.to_owned()).map_err(|_| Refusal::Name)?,
            Meant::Address(address) => ServerName::from(address),
        };
        let stream = TlsConnector::from(client).connect(name, stream).await.map_err(Refusal::Handshake)?;
        let names = stream.get_ref().1.peer_certificates().and_then(<[_]>::first).map(names_of).unwrap_or_default();
        if self.files.load().is_meant(meant, &names) { Ok((stream.into(), names)) } else { Err(Refusal::Name) }
    }
}

impl TlsFiles {
    /// Names are compared whole: a wildcard stands for nobody (RFC 5922 section 7.2).
    fn is_meant(&self, meant: Meant<'_>, names: &[String]) -> bool {
        let has = |wanted: &str| names.iter().any(|name| name == wanted);
        match meant {
            Meant::Host(host) => {
                let is_there = |trunk: &&NamedTrunk| trunk.hosts.iter().any(|one| one == host);
                has(host) || self.trunks.iter().filter(is_there).any(|trunk| has(&trunk.tls_name))
            }
            Meant::Address(address) => {
                has(&address.to_string()) || self.trunks.iter().any(|trunk| has(&trunk.tls_name))
            }
        }
    }
}

/// Takes new files when they change; a bad one is said, and the old ones stay.
pub async fn watch(tls: Arc<Tls>) {
    let mut seen = stamps(&tls.files.load());
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = stamps(&tls.files.load());
        if now == seen {
            continue;
        }
        seen = now;
        match load(&tls.files.load()) {
            Ok(configs) => {
                tracing::info!("new TLS certificates are in use");
                tls.configs.store(Arc::new(configs));
            }
            Err(fault) => tracing::error!(%fault, "the TLS certificates stay as they were"),
        }
    }
}

/// When each file was written, and its length.
fn stamps(files: &TlsFiles) -> Vec<Option<(SystemTime, u64)>> {
    let paths = [Some(&files.certificate), Some(&files.key), files.client_ca.as_ref(), files.server_ca.as_ref()];
    let stamp = |path: &PathBuf| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    paths.into_iter().flatten().map(stamp).collect()
}

/// All that is wrong with the files, each by itself, or else with how they fit together.
pub fn faults(files: &TlsFiles) -> Vec<TlsFault> {
    let read = [
        certificates(&files.certificate).err(),
        private_key(files).err(),
        files.client_ca.as_ref().and_then(|path| roots(path).err()),
        files.server_ca.as_ref().and_then(|path| roots(path).err()),
    ];
    let found: Vec<TlsFault> = read.into_iter().flatten().collect();
    if found.is_empty() { load(files).err().into_iter().collect() } else { found }
}

fn private_key(files: &TlsFiles) -> Result<PrivateKeyDer<'static>, TlsFault> {
    let remedy = "write the path of its private key, in PEM, without a password";
    PrivateKeyDer::from_pem_file(&files.key).map_err(|error| fault(&files.key, error.to_string(), remedy))
}

/// Reads all files and sees whether they fit together.
fn load(files: &TlsFiles) -> Result<Configs, TlsFault> {
    let chain = certificates(&files.certificate)?;
    let ends = chain.first().and_then(ends_of).unwrap_or(SystemTime::UNIX_EPOCH);
    let private = private_key(files)?;
    let provider = Arc::new(ring::default_provider());
    let misfit =
        |error: RustlsError| fault(&files.key, error.to_string(), "write the key that the certificate was made with");
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(misfit)?;
    let server = match &files.client_ca {
        None => server.with_no_client_auth(),
        Some(path) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(path)?), Arc::clone(&provider));
            let verifier = verifier.allow_unauthenticated().build();
            server.with_client_cert_verifier(verifier.map_err(|error| fault(path, error.to_string(), AUTHORITY))?)
        }
    };
    let server = server.with_single_cert(chain.clone(), private.clone_key());
    let server = server.map_err(misfit)?;
    let client = match &files.server_ca {
        Some(path) => Some(Arc::new(client(roots(path)?, provider, chain, private).map_err(misfit)?)),
        None => None,
    };
    Ok(Configs { server: Arc::new(server), client, ends })
}

fn client(
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
    chain: Vec<CertificateDer<'static>>,
    private: PrivateKeyDer<'static>,
) -> Result<ClientConfig, RustlsError> {
    let verifier = ChainVerifier { roots, provider: Arc::clone(&provider) };
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_auth_cert(chain, private)
}

const CERTIFICATE: &str = "write the path of a certificate in PEM, the server's own first";
const AUTHORITY: &str = "write the path of the certificates of authorities in PEM";

fn fault(path: &Path, what: String, remedy: &'static str) -> TlsFault {
    TlsFault { path: path.to_owned(), what, remedy }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(chain) if chain.is_empty() => Err(fault(path, "holds no certificate".to_owned(), CERTIFICATE)),
        Ok(chain) => Ok(chain),
        Err(error) => Err(fault(path, error.to_string(), CERTIFICATE)),
    }
}

fn roots(path: &Path) -> Result<RootCertStore, TlsFault> {
    let mut roots = RootCertStore::empty();
    // Authorities of a kind that we cannot use are passed over; a system's collection has some.
    roots.add_parsable_certificates(certificates(path)?);
    if roots.is_empty() { Err(fault(path, "holds no authority".to_owned(), AUTHORITY)) } else { Ok(roots) }
}

fn ends_of(certificate: &CertificateDer<'_>) -> Option<SystemTime> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let seconds = u64::try_from(parsed.validity().not_after.timestamp()).ok()?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// Whom a certificate names (RFC 5922 section 7.1): DNS names, SIP URIs without a user, addresses; in lower case.
fn names_of(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else { return Vec::new() };
    let Ok(Some(names)) = parsed.subject_alternative_name() else { return Vec::new() };
    names.value.general_names.iter().filter_map(name_of).collect()
}

fn name_of(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        GeneralName::URI(uri) => {
            let host = uri.to_ascii_lowercase().strip_prefix("sip:")?.to_owned();
            (!host.contains(['@', ';', '?'])).then_some(host)
        }
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|octets| IpAddr::from(octets).to_string()),
            16 => <[u8; 16]>::try_from(*bytes).ok().map(|octets| IpAddr::from(octets).to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// Trusts the chain of a server; its name is looked at when the handshake is over, for we know peers by several.
#[derive(Debug)]
struct ChainVerifier {
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for ChainVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, RustlsError> {
        let parsed = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&parsed, &self.roots, intermediates, now, algorithms)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.path.display(), self.what, self.remedy)
    }
}

impl std::error::Error for TlsFault {}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType, date_time_ymd};

    use super::*;

    /// A folder with an authority `ca.pem` and, signed by it, `a` and the expired `old`, each with its key.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let path = std::env::temp_dir().join(format!("throughline-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).expect("a folder");
            let folder = Folder(path);
            let mut authority = CertificateParams::default();
            authority.distinguished_name.push(DnType::CommonName, "authority");
            authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let key = KeyPair::generate().expect("a key");
            folder.write("ca.pem", &authority.self_signed(&key).expect("a certificate").pem());
            let issuer = Issuer::new(authority, key);
            for (name, year) in [("a", 4000), ("old", 2001)] {
                let key = KeyPair::generate().expect("a key");
                let mut params = CertificateParams::new(vec!["SIP.example.com".to_owned()]).expect("parameters");
                params.subject_alt_names.push(SanType::URI("sip:Sbc.example.com".try_into().expect("a URI")));
                params.subject_alt_names.push(SanType::URI("sip:ann@example.com".try_into().expect("a URI")));
                params.subject_alt_names.push(SanType::IpAddress("2001:db8::1".parse().expect("an address")));
                params.not_after = date_time_ymd(year, 1, 1);
                let certificate = params.signed_by(&key, &issuer).expect("a certificate");
                folder.write(&format!("{name}.pem"), &certificate.pem());
                folder.write(&format!("{name}.key"), &key.serialize_pem());
            }
            folder
        }

        fn write(&self, name: &str, text: &str) {
            std::fs::write(self.0.join(name), text).expect("a file");
        }

        fn files(&self, certificate: &str, key: &str, ca: &str) -> TlsFiles {
            TlsFiles {
                certificate: self.0.join(certificate),
                key: self.0.join(key),
                client_ca: Some(self.0.join(ca)),
                server_ca: Some(self.0.join("ca.pem")),
                trunks: Vec::new(),
            }
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn every_file_that_is_wrong_is_named() {
        let folder = Folder::new("tls-files");
        folder.write("empty", "");
        assert!(faults(&folder.files("a.pem", "a.key", "ca.pem")).is_empty());
        let paths = |certificate, key, ca| -> Vec<String> {
            let found = faults(&folder.files(certificate, key, ca));
            found
                .iter()
                .map(|fault| fault.path.file_name().unwrap_or_default().to_string_lossy().into_owned())
                .collect()
        };
        assert_eq!(paths("none.pem", "none.key", "empty"), ["none.pem", "none.key", "empty"]);
        assert_eq!(paths("a.pem", "old.key", "ca.pem"), ["old.key"], "a key of another certificate");
        assert_eq!(paths("a.key", "a.pem", "ca.pem"), ["a.key", "a.pem"], "taken one for the other");
    }

    #[test]
    fn an_expired_certificate_is_known_as_such() {
        let folder = Folder::new("tls-expired");
        let ends = |name: &str| {
            let files = folder.files(&format!("{name}.pem"), &format!("{name}.key"), "ca.pem");
            Tls::open(files).map(|tls| tls.ends() > SystemTime::now()).expect("good files")
        };
        assert_eq!((ends("a"), ends("old")), (true, false));
    }

    #[test]
    fn a_peer_must_be_who_the_uri_named() {
        let trunk = NamedTrunk { tls_name: "sbc.example.com".into(), hosts: vec!["gw.example.com".into()] };
        let folder = Folder::new("tls-meant");
        let files = TlsFiles { trunks: vec![trunk], ..folder.files("a.pem", "a.key", "ca.pem") };
        let address = "192.0.2.7".parse().expect("an address");
        for (meant, name, expect) in [
            (Meant::Host("sip.example.com"), "sip.example.com", true),
            (Meant::Host("sip.example.com"), "192.0.2.7", false),
            (Meant::Host("sip.example.com"), "*.example.com", false),
            (Meant::Host("sip.example.com"), "sbc.example.com", false),
            (Meant::Host("gw.example.com"), "sbc.example.com", true),
            (Meant::Address(address), "192.0.2.7", true),
            (Meant::Address(address), "sbc.example.com", true),
            (Meant::Address(address), "sip.example.com", false),
        ] {
            assert_eq!(files.is_meant(meant, &[name.to_owned()]), expect, "{meant:?} {name}");
        }
    }

    #[test]
    fn a_certificate_names_hosts_uris_and_addresses_but_no_persons() {
        let folder = Folder::new("tls-names");
        let chain = certificates(&folder.0.join("a.pem")).expect("a certificate");
        assert_eq!(names_of(&chain[0]), ["sip.example.com", "sbc.example.com", "2001:db8::1"]);
    }
}
