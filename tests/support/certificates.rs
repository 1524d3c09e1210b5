//! Certificates for tests: an authority, and what it signs.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::folder::Folder;

pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("parameters");
        params.distinguished_name.push(DnType::CommonName, "authority of the tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Authority(CertifiedIssuer::self_signed(params, key).expect("an authority"))
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// Writes `file.pem` for `name`, and `file.key`.
    pub fn issue(&self, folder: &Folder, file: &str, name: &str) {
        let mut params = CertificateParams::new(vec![name.to_owned(), "127.0.0.1".to_owned(), "127.0.0.3".to_owned()])
            .expect("parameters");
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        folder.write(&format!("{file}.key"), key.serialize_pem());
        folder.write(&format!("{file}.pem"), certificate.pem());
    }

    /// What a TLS server needs that has a certificate of ours for `name` and no other.
    pub fn server(&self, name: &str) -> ServerConfig {
        let params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        let private = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let server = ServerConfig::builder_with_provider(std::sync::Arc::new(ring::default_provider()));
        let server = server.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
        server.with_single_cert(vec![certificate.der().clone()], private).expect("a pair")
    }
}
