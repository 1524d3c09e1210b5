//! The files of `[sip.tls]`: opened for the server, and checked with the line that names them.

use std::sync::Arc;
use std::time::SystemTime;

use crate::config::{Plan, TlsPlan};
use crate::io::sip::tls::{Tls, TlsFault, TlsFiles, faults};

/// `None` when nothing is configured.
pub fn open(plan: &Plan) -> Result<Option<Arc<Tls>>, TlsFault> {
    let Some(tls) = &plan.shell.tls else { return Ok(None) };
    let opened = Tls::open(files(plan, tls))?;
    if opened.ends() <= SystemTime::now() {
        tracing::warn!("the TLS certificate has expired: peers will refuse it");
    }
    Ok(Some(Arc::new(opened)))
}

/// A line for each fault, and one for a certificate that has expired.
pub fn check(plan: &Plan) -> (Vec<String>, Option<String>) {
    let Some(tls) = &plan.shell.tls else { return (Vec::new(), None) };
    let files = files(plan, tls);
    let found = faults(&files);
    if found.is_empty() {
        let expired = Tls::open(files).is_ok_and(|opened| opened.ends() <= SystemTime::now());
        let line =
            format!("line {}: sip.tls.certificate: warning: it has expired; get a new one", tls.certificate.line);
        return (Vec::new(), expired.then_some(line));
    }
    (found.iter().map(|fault| at_its_line(tls, fault)).collect(), None)
}

fn at_its_line(tls: &TlsPlan, fault: &TlsFault) -> String {
    let all = [Some(&tls.certificate), Some(&tls.key), tls.client_ca.as_ref(), Some(&tls.server_ca)];
    let file = all.into_iter().flatten().find(|file| file.path == fault.path).unwrap_or(&tls.certificate);
    format!("line {}: sip.tls.{}: {fault}", file.line, file.key)
}

fn files(plan: &Plan, tls: &TlsPlan) -> TlsFiles {
    TlsFiles {
        certificate: tls.certificate.path.clone(),
        key: tls.key.path.clone(),
        client_ca: tls.client_ca.as_ref().map(|file| file.path.clone()),
        server_ca: tls.server_ca.path.clone(),
        peer_names: plan.settings.endpoint.trunks.iter().filter_map(|trunk| trunk.tls_name.clone()).collect(),
    }
}
