//! The files of `[sip.tls]` and `[http] tls`: opened for the server, and checked with the line that names them.

use std::sync::Arc;
use std::time::SystemTime;

use crate::config::{FileAt, HttpTlsPlan, Plan, TlsPlan};
use crate::io::sip::tls::{Tls, TlsFault, TlsFiles, faults};

/// What one section names.
struct Named<'p> {
    section: &'static str,
    files: TlsFiles,
    places: Vec<&'p FileAt>,
    certificate: &'p FileAt,
}

/// For SIP; `None` when nothing is configured.
pub fn open(plan: &Plan) -> Result<Option<Arc<Tls>>, TlsFault> {
    plan.shell.tls.as_ref().map(|tls| open_one(of_sip(plan, tls).files)).transpose()
}

/// For the HTTP server likewise.
pub fn open_http(plan: &Plan) -> Result<Option<Arc<Tls>>, TlsFault> {
    plan.shell.http_tls.as_ref().map(|tls| open_one(of_http(tls).files)).transpose()
}

fn open_one(files: TlsFiles) -> Result<Arc<Tls>, TlsFault> {
    let opened = Tls::open(files)?;
    if opened.ends() <= SystemTime::now() {
        tracing::warn!("the TLS certificate has expired: peers will refuse it");
    }
    Ok(Arc::new(opened))
}

/// A line for each fault, and one for each certificate that has expired.
pub fn check(plan: &Plan) -> (Vec<String>, Vec<String>) {
    let sip = plan.shell.tls.as_ref().map(|tls| of_sip(plan, tls));
    let http = plan.shell.http_tls.as_ref().map(of_http);
    let (mut wrong, mut expired) = (Vec::new(), Vec::new());
    for named in [sip, http].into_iter().flatten() {
        let found = faults(&named.files);
        wrong.extend(found.iter().map(|fault| at_its_line(&named, fault)));
        if found.is_empty() && Tls::open(named.files).is_ok_and(|opened| opened.ends() <= SystemTime::now()) {
            let (line, section) = (named.certificate.line, named.section);
            expired.push(format!("line {line}: {section}.certificate: warning: it has expired; get a new one"));
        }
    }
    (wrong, expired)
}

fn at_its_line(named: &Named<'_>, fault: &TlsFault) -> String {
    let file = named.places.iter().find(|file| file.path == fault.path).unwrap_or(&named.certificate);
    format!("line {}: {}.{}: {fault}", file.line, named.section, file.key)
}

fn of_sip<'p>(plan: &'p Plan, tls: &'p TlsPlan) -> Named<'p> {
    let places = [Some(&tls.certificate), Some(&tls.key), tls.client_ca.as_ref(), Some(&tls.server_ca)];
    let files = TlsFiles {
        certificate: tls.certificate.path.clone(),
        key: tls.key.path.clone(),
        client_ca: tls.client_ca.as_ref().map(|file| file.path.clone()),
        server_ca: Some(tls.server_ca.path.clone()),
        peer_names: plan.settings.endpoint.trunks.iter().filter_map(|trunk| trunk.tls_name.clone()).collect(),
    };
    let places = places.into_iter().flatten().collect();
    Named { section: "sip.tls", files, places, certificate: &tls.certificate }
}

fn of_http(tls: &HttpTlsPlan) -> Named<'_> {
    let files = TlsFiles {
        certificate: tls.certificate.path.clone(),
        key: tls.key.path.clone(),
        client_ca: None,
        server_ca: None,
        peer_names: Vec::new(),
    };
    Named { section: "http.tls", files, places: vec![&tls.certificate, &tls.key], certificate: &tls.certificate }
}
