//! A name server of a few lines: one zone over UDP, answered record by record, or silence.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// What a record says.
pub enum Data {
    A(Ipv4Addr),
    /// Priority, weight, port, target.
    Srv(u16, u16, u16, &'static str),
    /// Order, service, replacement; flag "s".
    Naptr(u16, &'static str, &'static str),
}

/// Serves until it is dropped.
pub struct NameServer {
    pub at: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// A socket that takes questions and never answers.
pub fn dead() -> UdpSocket {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket")
}

/// Answers for these names; for every other it says that there is none.
pub fn serve(zone: Vec<(&'static str, Data)>) -> NameServer {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout");
    let at = socket.local_addr().expect("an address");
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let thread = std::thread::spawn(move || {
        let mut buffer = [0; 1500];
        while !stopped.load(Ordering::Relaxed) {
            if let Ok((length, from)) = socket.recv_from(&mut buffer)
                && let Some(answer) = answer(&buffer[..length], &zone)
            {
                let _ = socket.send_to(&answer, from);
            }
        }
    });
    NameServer { at, stop, thread: Some(thread) }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

const HEADER: usize = 12;
const NO_SUCH_NAME: u8 = 3;

fn answer(question: &[u8], zone: &[(&'static str, Data)]) -> Option<Vec<u8>> {
    let (name, end) = read_name(question, HEADER)?;
    let asked = u16::from_be_bytes([*question.get(end)?, *question.get(end + 1)?]);
    let known = zone.iter().any(|(own, _)| name == *own);
    let found: Vec<&Data> =
        zone.iter().filter(|(own, data)| name == *own && data.number() == asked).map(|(_, data)| data).collect();
    let code = if known { 0 } else { NO_SUCH_NAME };
    let mut answer = question[..2].to_vec();
    answer.extend([0x85, 0x80 | code, 0, 1]);
    answer.extend((found.len() as u16).to_be_bytes());
    answer.extend([0, 0, 0, 0]);
    answer.extend(&question[HEADER..end + 4]);
    for data in found {
        let content = data.content();
        // The name is that of the question; it lives for a minute.
        answer.extend([0xc0, HEADER as u8]);
        answer.extend(data.number().to_be_bytes());
        answer.extend([0, 1, 0, 0, 0, 60]);
        answer.extend((content.len() as u16).to_be_bytes());
        answer.extend(content);
    }
    Some(answer)
}

/// The name that begins there, in lower case, and where it ends.
fn read_name(message: &[u8], mut at: usize) -> Option<(String, usize)> {
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*message.get(at)?);
        at += 1;
        if length == 0 {
            return Some((labels.join("."), at));
        }
        labels.push(String::from_utf8_lossy(message.get(at..at + length)?).to_ascii_lowercase());
        at += length;
    }
}

impl Data {
    fn number(&self) -> u16 {
        match self {
            Data::A(_) => 1,
            Data::Srv(..) => 33,
            Data::Naptr(..) => 35,
        }
    }

    fn content(&self) -> Vec<u8> {
        match self {
            Data::A(address) => address.octets().to_vec(),
            Data::Srv(priority, weight, port, target) => {
                let mut content: Vec<u8> =
                    [*priority, *weight, *port].iter().flat_map(|one| one.to_be_bytes()).collect();
                content.extend(name(target));
                content
            }
            Data::Naptr(order, service, replacement) => {
                let mut content = [order.to_be_bytes(), [0, 10]].concat();
                for text in ["s", service, ""] {
                    content.push(text.len() as u8);
                    content.extend(text.as_bytes());
                }
                content.extend(name(replacement));
                content
            }
        }
    }
}

fn name(text: &str) -> Vec<u8> {
    let mut name: Vec<u8> = Vec::new();
    for label in text.split('.') {
        name.push(label.len() as u8);
        name.extend(label.as_bytes());
    }
    name.push(0);
    name
}
