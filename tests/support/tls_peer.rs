//! A SIP server over TLS that refuses every call, and remembers who was meant and what was asked.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

/// It lives as long as the process of the test.
#[derive(Clone, Default)]
pub struct TlsPeer(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    names: Vec<String>,
    asked: Vec<String>,
}

const PATIENCE: Duration = Duration::from_secs(20);

impl TlsPeer {
    pub fn start(at: SocketAddr, config: ServerConfig) -> TlsPeer {
        let (peer, config) = (TlsPeer::default(), Arc::new(config));
        let (listener, serving) = (TcpListener::bind(at).expect("a port"), peer.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serving.serve(stream, Arc::clone(&config));
            }
        });
        peer
    }

    /// The names that clients said they wanted (SNI), one for each that got so far.
    pub fn names(&self) -> Vec<String> {
        self.0.lock().expect("no panic").names.clone()
    }

    /// The first lines of the requests.
    pub fn asked(&self) -> Vec<String> {
        self.0.lock().expect("no panic").asked.clone()
    }

    fn serve(&self, stream: TcpStream, config: Arc<ServerConfig>) {
        let _ = stream.set_read_timeout(Some(PATIENCE));
        let connection = ServerConnection::new(config).expect("a connection");
        let mut stream = BufReader::new(StreamOwned::new(connection, stream));
        // The handshake goes with the first byte that is wanted.
        let first = read_head(&mut stream);
        let name = stream.get_ref().conn.server_name().unwrap_or_default().to_owned();
        self.0.lock().expect("no panic").names.push(name);
        let mut head = first;
        while let Some(request) = head {
            let line = request.first().cloned().unwrap_or_default();
            self.0.lock().expect("no panic").asked.push(line.clone());
            if line.starts_with("INVITE") {
                let _ = stream.get_mut().write_all(refusal(&request).as_bytes());
                let _ = stream.get_mut().flush();
            }
            head = read_head(&mut stream);
        }
    }
}

/// The lines of one message; its body is read and forgotten.
fn read_head(stream: &mut impl BufRead) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" if lines.is_empty() => {}
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let length = lines.iter().find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok()).unwrap_or(0);
    std::io::copy(&mut std::io::Read::take(&mut *stream, length), &mut std::io::sink()).ok()?;
    Some(lines)
}

fn refusal(request: &[String]) -> String {
    let copied = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
    let lines = request.iter().filter(|line| copied.iter().any(|name| line.starts_with(name)));
    let tagged =
        lines.map(|line| if line.starts_with("To:") { format!("{line};tag=peer\r\n") } else { format!("{line}\r\n") });
    format!("SIP/2.0 486 Busy Here\r\n{}Content-Length: 0\r\n\r\n", tagged.collect::<String>())
}
