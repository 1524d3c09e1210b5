//! rtpengine in user space with one worker, its calls set up over the ng protocol.

use std::net::{SocketAddr, UdpSocket};
use std::process::Command;
use std::time::Duration;

use throughline::sdp::SrtpKeys;

use super::bencode::Value;
use super::{Calls, Plan, Running, pinned, sealed};
use crate::support::folder::Folder;
use crate::support::ports;
use crate::support::process::{Process, eventually};

/// A running rtpengine.
pub struct Rtpengine {
    pub process: Process,
    folder: Folder,
    control: Control,
}

struct Control {
    socket: UdpSocket,
    asked: u32,
}

pub fn start(plan: &Plan) -> Running {
    let Rtpengine { process, folder, mut control } = Rtpengine::start(plan.calls);
    let (to, keys): (Vec<_>, Vec<_>) = (0..plan.calls).map(|nth| control.call(nth, plan)).unzip();
    Running { process, _folder: folder, calls: Calls { to, keys: keys.into_iter().flatten().collect() } }
}

impl Rtpengine {
    /// With room for so many calls.
    pub fn start(calls: usize) -> Rtpengine {
        launch((calls * 4 + 20) as u16)
    }

    /// A call from a browser with this offer to a telephone: where the browser, and where the telephone is to send to.
    pub fn browser_call(&mut self, nth: usize, offer: String, phone: SocketAddr) -> (SocketAddr, SocketAddr) {
        self.control.browser_call(nth, offer, phone)
    }

    pub fn into_process(self) -> (Process, Folder) {
        (self.process, self.folder)
    }
}

fn launch(room: u16) -> Rtpengine {
    let folder = Folder::new("load-rtpengine");
    let at = ports::udp();
    let first = ports::udp_range(room);
    let mut command = Command::new("rtpengine");
    command.args([
        "--config-file=none",
        "--table=-1",
        "--foreground",
        "--log-stderr",
        "--log-level=3",
        "--num-threads=1",
    ]);
    command.args(["--interface=127.0.0.1".to_owned(), format!("--listen-ng={at}")]);
    command.args([format!("--port-min={first}"), format!("--port-max={}", first + room - 1)]);
    pinned::child(&mut command, pinned::cores() - 1);
    let mut process = Process::start("rtpengine", &folder, &mut command);
    let mut control = Control::new(at);
    eventually("rtpengine answers", Duration::from_secs(10), || {
        assert!(
            process.is_alive(),
            "rtpengine has ended; is the Debian package rtpengine-daemon there?\n{}",
            process.printed()
        );
        control.ask(&[("command", Value::text("ping"))])
    });
    Rtpengine { process, folder, control }
}

impl Control {
    fn new(at: SocketAddr) -> Control {
        let socket = UdpSocket::bind((at.ip(), 0)).expect("a socket");
        socket.connect(at).expect("an address");
        socket.set_read_timeout(Some(Duration::from_secs(2))).expect("a time");
        Control { socket, asked: 0 }
    }

    /// Where each of the two phones is to send to, and the first one's keys where it has some.
    fn call(&mut self, nth: usize, plan: &Plan) -> ([SocketAddr; 2], Option<SrtpKeys>) {
        let call = format!("call-{nth}");
        let common = [("call-id", Value::text(&call)), ("from-tag", Value::text("a")), ("ICE", Value::text("remove"))];
        let with = |more: &[(&'static str, Value)]| [&common[..], more].concat();
        let [first, second] = plan.phones.map(description);
        let first = if plan.srtp { sealed::description(&first) } else { first };
        let plain = ("transport-protocol", Value::text("RTP/AVP"));
        let offer = with(&[("command", Value::text("offer")), plain, ("sdp", Value::Text(first))]);
        let for_second = self.ask(&offer).expect("an answer to the offer");
        let answer =
            with(&[("command", Value::text("answer")), ("to-tag", Value::text("b")), ("sdp", Value::Text(second))]);
        let for_first = self.ask(&answer).expect("an answer to the answer");
        let keys = plan.srtp.then(|| sealed::answered(for_first.get("sdp").unwrap_or_default()));
        ([address(&for_first), address(&for_second)], keys)
    }

    fn browser_call(&mut self, nth: usize, offer: String, phone: SocketAddr) -> (SocketAddr, SocketAddr) {
        let call = format!("browser-{nth}");
        let common = [("call-id", Value::text(&call)), ("from-tag", Value::text("a")), ("ICE", Value::text("remove"))];
        let with = |more: &[(&'static str, Value)]| [&common[..], more].concat();
        let demux = Value::List(vec![Value::text("demux")]);
        let offer = with(&[
            ("command", Value::text("offer")),
            ("transport-protocol", Value::text("RTP/AVP")),
            ("rtcp-mux", demux),
            ("sdp", Value::Text(offer)),
        ]);
        let for_phone = self.ask(&offer).expect("an answer to the offer");
        let answer = with(&[
            ("command", Value::text("answer")),
            ("to-tag", Value::text("b")),
            ("sdp", Value::Text(description(phone))),
        ]);
        let for_browser = self.ask(&answer).expect("an answer to the answer");
        (address(&for_browser), address(&for_phone))
    }

    /// `None` when no answer comes.
    fn ask(&mut self, entries: &[(&str, Value)]) -> Option<Value> {
        self.asked += 1;
        let cookie = format!("load{}", self.asked);
        let question = format!("{cookie} {}", Value::dictionary(entries).write());
        self.socket.send(question.as_bytes()).ok()?;
        let mut buffer = [0; 4096];
        let length = self.socket.recv(&mut buffer).ok()?;
        let text = std::str::from_utf8(&buffer[..length]).ok()?;
        Value::read(text.strip_prefix(&cookie)?.trim_start())
    }
}

fn description(at: SocketAddr) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 101\r\n\
         a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na=sendrecv\r\n",
        ip = at.ip(),
        port = at.port()
    )
}

/// What a browser without ICE would say that begins the handshake.
pub fn browser(at: SocketAddr, fingerprint: &str) -> String {
    description(at).replace("RTP/AVP", "UDP/TLS/RTP/SAVPF")
        + &format!("a=rtcp-mux\r\na=setup:active\r\na=fingerprint:{fingerprint}\r\n")
}

fn address(answer: &Value) -> SocketAddr {
    let sdp = answer.get("sdp").unwrap_or_else(|| panic!("rtpengine refused: {answer:?}"));
    let port = sdp.split("m=audio ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<u16>().ok());
    SocketAddr::from(([127, 0, 0, 1], port.expect("a port in the description")))
}
