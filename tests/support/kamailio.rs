//! Kamailio, as the PBX or the dispatcher of `sip-configs/kamailio`, or as the plain proxy of `load-tests/`.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use super::folder::Folder;
use super::process::{PATIENCE, Process};

/// A PBX at `at` whose trunk leads to `throughline` and whose IVR stands at `ivr`.
pub fn pbx(folder: &Folder, at: SocketAddr, throughline: SocketAddr, ivr: SocketAddr) -> Process {
    let values = [("THROUGHLINE", throughline.to_string()), ("IVR", ivr.to_string())];
    start(folder, at, "sip-configs/kamailio/pbx.cfg", &values, &[])
}

/// A carrier at `at` that wants `throughline` to register, and sends its calls on to `ivr`.
pub fn carrier(folder: &Folder, at: SocketAddr, throughline: SocketAddr, ivr: SocketAddr) -> Process {
    let values = [("THROUGHLINE", throughline.to_string()), ("IVR", ivr.to_string())];
    start(folder, at, "sip-configs/kamailio/carrier.cfg", &values, &[])
}

/// A stateful proxy at `at` in front of `phones`; with `dialogs` it keeps those too.
pub fn proxy(folder: &Folder, at: SocketAddr, phones: SocketAddr, dialogs: bool) -> Process {
    let defines: &[&str] = if dialogs { &["-A", "DIALOGS"] } else { &[] };
    start(folder, at, "load-tests/kamailio-proxy.cfg", &[("PHONES", phones.to_string())], defines)
}

/// A proxy at `at` that spreads calls over `servers`, as in `sip-configs/kamailio/dispatcher.cfg`.
pub fn dispatcher(folder: &Folder, at: SocketAddr, servers: &[SocketAddr]) -> Process {
    let lines: String = servers.iter().map(|server| format!("1 sip:{server} 0 0\n")).collect();
    let list = folder.write("dispatcher.list", lines).display().to_string();
    start(folder, at, "sip-configs/kamailio/dispatcher.cfg", &[("LIST", list)], &[])
}

/// A proxy between UDP at `at` and TLS at `tls`, with `edge.pem`, `edge.key` and `ca.pem` of the folder: from UDP to `throughline`, from
/// TLS to `phones`.
pub fn tls_edge(
    folder: &Folder,
    at: SocketAddr,
    tls: SocketAddr,
    throughline: SocketAddr,
    phones: SocketAddr,
) -> Process {
    let role = |name: &str, verify: &str| {
        let file = |file: &str| folder.path().join(file).display().to_string();
        format!(
            "[{name}:default]\nmethod = TLSv1.2+\nverify_certificate = {verify}\nrequire_certificate = {verify}\n\
             certificate = {}\nprivate_key = {}\nca_list = {}\n",
            file("edge.pem"),
            file("edge.key"),
            file("ca.pem")
        )
    };
    let roles = folder.write("kamailio-tls.cfg", role("server", "yes") + &role("client", "yes")).display().to_string();
    let values = [
        ("TLS", tls.to_string()),
        ("TLS_CFG", roles),
        ("THROUGHLINE", throughline.to_string()),
        ("PHONES", phones.to_string()),
    ];
    start(folder, at, "tests/support/tls-edge.cfg", &values, &[])
}

fn start(folder: &Folder, at: SocketAddr, template: &str, values: &[(&str, String)], more: &[&str]) -> Process {
    let values: Vec<(&str, &str)> = values.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let configuration = folder.fill("kamailio.cfg", template, &values);
    let mut command = Command::new("kamailio");
    command.args(["-DD", "-E", "-m", "256", "-M", "16", "-f"]).arg(configuration);
    command.args(["-l", &format!("udp:{at}"), "-Y"]).arg(folder.path()).args(more);
    let mut process = Process::start("kamailio", folder, &mut command);
    process.wait_for("Listening on", PATIENCE);
    super::process::eventually("kamailio answers", PATIENCE, || answers(at).then_some(()));
    process
}

/// Whether anything answers an OPTIONS there.
pub fn answers(at: SocketAddr) -> bool {
    let asked = || -> std::io::Result<usize> {
        let socket = std::net::UdpSocket::bind((at.ip(), 0))?;
        socket.set_read_timeout(Some(Duration::from_millis(200)))?;
        let here = socket.local_addr()?;
        let tag = here.port();
        let request = format!(
            "OPTIONS sip:{at} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bKup{tag}\r\nMax-Forwards: 1\r\n\
             From: <sip:up@example.com>;tag={tag}\r\nTo: <sip:{at}>\r\nCall-ID: up{tag}\r\nCSeq: 1 OPTIONS\r\n\
             Content-Length: 0\r\n\r\n"
        );
        socket.send_to(request.as_bytes(), at)?;
        socket.recv(&mut [0; 2048])
    };
    asked().is_ok()
}
