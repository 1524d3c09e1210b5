//! One POST over a connection of its own. Redirects are not followed: the configuration says where events go.

use std::fmt;
use std::io;
use std::sync::Arc;

use axum::body::Body;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::{NotifyFault, NotifyTarget};

pub(super) struct Client {
    uri: Uri,
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// Why a try has failed; no content of the answer is in it.
#[derive(Debug)]
pub(super) enum Failed {
    Connection(io::Error),
    Http(hyper::Error),
    Status(StatusCode),
    Late,
}

/// What goes along with the body.
pub(super) struct Headers<'h> {
    pub id: &'h str,
    pub unix_s: u64,
    pub signature: String,
}

impl Client {
    pub(super) fn open(plan: &NotifyTarget) -> Result<Client, NotifyFault> {
        let fault = |what: String| NotifyFault { name: plan.name.clone(), what };
        let uri: Uri = plan.url.parse().map_err(|_| fault(format!("{:?} is no address", plan.url)))?;
        let host = uri.host().ok_or_else(|| fault("the url names no host".to_owned()))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let is_https = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        let tls = if is_https { Some(tls(plan, &host).map_err(fault)?) } else { None };
        Ok(Client { uri, host, port, tls })
    }

    /// Ends when the status is there; 2xx is taken.
    pub(super) async fn post(&self, headers: Headers<'_>, body: &str) -> Result<(), Failed> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(Failed::Connection)?;
        match &self.tls {
            None => self.exchange(stream, headers, body).await,
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await.map_err(Failed::Connection)?;
                self.exchange(stream, headers, body).await
            }
        }
    }

    async fn exchange<S>(&self, stream: S, headers: Headers<'_>, body: &str) -> Result<(), Failed>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(Failed::Http)?;
        let driver = tokio::spawn(connection);
        let answer = sender.send_request(self.request(headers, body)).await;
        driver.abort();
        let status = answer.map_err(Failed::Http)?.status();
        if status.is_success() { Ok(()) } else { Err(Failed::Status(status)) }
    }

    fn request(&self, headers: Headers<'_>, body: &str) -> Request<Body> {
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        let request = Request::post(path)
            .header(HOST, authority)
            .header(USER_AGENT, concat!("throughline/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", headers.id)
            .header("webhook-timestamp", headers.unix_s)
            .header("webhook-signature", headers.signature);
        // The parts were checked when the client was opened.
        request.body(Body::from(body.to_owned())).unwrap_or_default()
    }
}

fn tls(plan: &NotifyTarget, host: &str) -> Result<(TlsConnector, ServerName<'static>), String> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| format!("{host:?} is no host name"))?;
    let file = plan.ca.display();
    let read = CertificateDer::pem_file_iter(&plan.ca).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let authorities = read.map_err(|fault| format!("{file} cannot be read ({fault}); write the authorities as ca"))?;
    let mut roots = RootCertStore::empty();
    let (taken, _) = roots.add_parsable_certificates(authorities);
    if taken == 0 {
        return Err(format!("{file} holds no certificate; write the authorities as ca"));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|fault| fault.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok((TlsConnector::from(Arc::new(config)), name))
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failed::Connection(fault) => write!(f, "no connection: {fault}"),
            Failed::Http(fault) => write!(f, "no HTTP: {fault}"),
            Failed::Status(status) => write!(f, "answered {status}"),
            Failed::Late => f.write_str("no answer in time"),
        }
    }
}
