//! The files of `[sip.tls]` and `[http] tls`: opened for the server, and checked with the line that names them.

use std::sync::Arc;
use std::time::SystemTime;

use crate::calls::DIALLED;
use crate::calls::settings::Fallback;
use crate::config::{Fault, FileAt, HttpTlsPlan, Plan, TlsPlan};
use crate::io::sip::tls::{NamedTrunk, Renewed, Tls, TlsFault, TlsFiles, faults};
use crate::sip::api::TrunkPeer;
use crate::sip::resolve::host_name;

/// What one section names.
struct Named<'p> {
    section: &'static str,
    files: TlsFiles,
    places: Vec<&'p FileAt>,
    certificate: &'p FileAt,
}

/// For SIP and for the HTTP server; `None` where nothing is configured.
pub type Opened = (Option<Arc<Tls>>, Option<Arc<Tls>>);

/// Opens the files of both.
pub fn open(plan: &Plan) -> Result<Opened, TlsFault> {
    let sip = plan.shell.tls.as_ref().map(|tls| open_one(of_sip(plan, tls).files)).transpose()?;
    let http = plan.shell.http_tls.as_ref().map(|tls| open_one(of_http(tls).files)).transpose()?;
    Ok((sip, http))
}

/// Files of another plan that have been read and are not in use yet.
pub struct ReadAgain<'t>(Vec<(&'t Tls, Renewed)>);

/// Reads the files of another plan, as they are now.
pub fn read_again<'t>(plan: &Plan, sip: Option<&'t Tls>, http: Option<&'t Tls>) -> Result<ReadAgain<'t>, Vec<Fault>> {
    let of_sip = plan.shell.tls.as_ref().map(|tls| of_sip(plan, tls)).zip(sip);
    let of_http = plan.shell.http_tls.as_ref().map(of_http).zip(http);
    let mut read = Vec::new();
    for (named, tls) in of_sip.into_iter().chain(of_http) {
        let renewed = Renewed::read(named.files.clone()).map_err(|fault| vec![at_its_place(&named, &fault)])?;
        read.push((tls, renewed));
    }
    Ok(ReadAgain(read))
}

impl ReadAgain<'_> {
    /// From now on these are shown.
    pub fn take(self) {
        self.0.into_iter().for_each(|(tls, renewed)| tls.change(renewed));
    }
}

/// Every fault of the files, at the line that names each.
pub fn faults_of(plan: &Plan) -> Vec<Fault> {
    let sip = plan.shell.tls.as_ref().map(|tls| of_sip(plan, tls));
    let http = plan.shell.http_tls.as_ref().map(of_http);
    let found =
        |named: Named<'_>| faults(&named.files).iter().map(|fault| at_its_place(&named, fault)).collect::<Vec<_>>();
    sip.into_iter().chain(http).flat_map(found).collect()
}

fn open_one(files: TlsFiles) -> Result<Arc<Tls>, TlsFault> {
    let opened = Tls::open(files)?;
    if opened.ends() <= SystemTime::now() {
        tracing::warn!("the TLS certificate has expired: peers will refuse it");
    }
    Ok(Arc::new(opened))
}

/// A line for each certificate that has expired.
pub fn expired(plan: &Plan) -> Vec<String> {
    let sip = plan.shell.tls.as_ref().map(|tls| of_sip(plan, tls));
    let http = plan.shell.http_tls.as_ref().map(of_http);
    let mut expired = Vec::new();
    for named in [sip, http].into_iter().flatten() {
        if Tls::open(named.files).is_ok_and(|opened| opened.ends() <= SystemTime::now()) {
            let (line, section) = (named.certificate.line, named.section);
            expired.push(format!("line {line}: {section}.certificate: warning: it has expired; get a new one"));
        }
    }
    expired
}

fn at_its_place(named: &Named<'_>, fault: &TlsFault) -> Fault {
    let file = named.places.iter().find(|file| file.path == fault.path).unwrap_or(&named.certificate);
    Fault {
        file: None,
        line: file.line,
        column: 1,
        key: format!("{}.{}", named.section, file.key),
        what: format!("{}: {}", fault.path.display(), fault.what),
        remedy: fault.remedy.to_owned(),
    }
}

fn of_sip<'p>(plan: &'p Plan, tls: &'p TlsPlan) -> Named<'p> {
    let places = [Some(&tls.certificate), Some(&tls.key), tls.client_ca.as_ref(), Some(&tls.server_ca)];
    let files = TlsFiles {
        certificate: tls.certificate.path.clone(),
        key: tls.key.path.clone(),
        client_ca: tls.client_ca.as_ref().map(|file| file.path.clone()),
        server_ca: Some(tls.server_ca.path.clone()),
        trunks: named_trunks(plan),
    };
    let places = places.into_iter().flatten().collect();
    Named { section: "sip.tls", files, places, certificate: &tls.certificate }
}

/// Who has a name of its own in its certificate, and the hosts at which it is called.
fn named_trunks(plan: &Plan) -> Vec<NamedTrunk> {
    let named = |peer: &TrunkPeer| {
        let hosts = uris_of(plan, peer).iter().filter_map(|uri| host_name(uri)).collect();
        Some(NamedTrunk { tls_name: peer.tls_name.clone()?, hosts })
    };
    plan.settings.endpoint.trunks.iter().filter_map(named).collect()
}

fn uris_of(plan: &Plan, peer: &TrunkPeer) -> Vec<String> {
    let fallback = match plan.settings.calls.trunks.get(&peer.trunk).map(|trunk| &trunk.fallback) {
        Some(Fallback::Sip { uri, .. } | Fallback::Redirect { contact: uri }) => Some(uri.replace(DIALLED, "dialled")),
        Some(Fallback::Trunk { .. } | Fallback::Status { .. }) | None => None,
    };
    let asked = peer.keep_alive.as_ref().map(|plan| plan.uri.clone());
    let server = peer.enrol.as_ref().map(|plan| plan.server.clone());
    peer.gateways.iter().map(|gateway| gateway.uri.clone()).chain(asked).chain(server).chain(fallback).collect()
}

fn of_http(tls: &HttpTlsPlan) -> Named<'_> {
    let files = TlsFiles {
        certificate: tls.certificate.path.clone(),
        key: tls.key.path.clone(),
        client_ca: None,
        server_ca: None,
        trunks: Vec::new(),
    };
    Named { section: "http.tls", files, places: vec![&tls.certificate, &tls.key], certificate: &tls.certificate }
}
