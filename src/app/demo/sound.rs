//! One end of a conversation: sends a tone as RTP, hears what comes.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior};

use crate::media::g711::{FRAME, Law};
use crate::media::{rtp, tone};

/// A socket that waits for its conversation.
pub struct SoundEnd {
    socket: UdpSocket,
    pub address: SocketAddr,
}

/// A conversation under way.
pub struct Talk {
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Heard>,
}

/// What one end has sent and heard.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    pub sent: u64,
    pub received: u64,
    samples: Vec<i16>,
}

const FRAME_TIME: Duration = Duration::from_millis(20);
const PEAK: i16 = 8000;
/// Enough to tell tones apart, not enough to fill the memory.
const SAMPLES_MAX: usize = 8000 * 20;

impl SoundEnd {
    pub async fn bind() -> io::Result<SoundEnd> {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).await?;
        let address = socket.local_addr()?;
        Ok(SoundEnd { socket, address })
    }

    /// Sends a sine of `hz` to `remote` until the talk is ended.
    pub fn talk(self, remote: SocketAddr, hz: f64) -> Talk {
        let (stop, stopped) = oneshot::channel();
        Talk { stop, ended: tokio::spawn(converse(self.socket, remote, hz, stopped)) }
    }
}

impl Talk {
    pub async fn end(self) -> Heard {
        let _ = self.stop.send(());
        self.ended.await.unwrap_or_default()
    }
}

impl Heard {
    /// Whether a tone of `hz` is most of what was heard in the middle of the conversation.
    pub fn heard(&self, hz: f64) -> bool {
        let middle = self.samples.len() / 4..self.samples.len() * 3 / 4;
        self.samples.get(middle).is_some_and(|samples| samples.len() >= FRAME * 5 && tone::is_heard(samples, hz))
    }
}

async fn converse(socket: UdpSocket, remote: SocketAddr, hz: f64, mut stopped: oneshot::Receiver<()>) -> Heard {
    let mut heard = Heard::default();
    let mut tick = tokio::time::interval_at(Instant::now(), FRAME_TIME);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut buffer = [0; 2048];
    loop {
        tokio::select! {
            _ = tick.tick() => {
                let _ = socket.send_to(&packet(heard.sent, hz), remote).await;
                heard.sent += 1;
            }
            received = socket.recv_from(&mut buffer) => {
                if let Ok((length, _)) = received {
                    listen(&mut heard, buffer.get(..length).unwrap_or_default());
                }
            }
            _ = &mut stopped => return heard,
        }
    }
}

fn packet(nth: u64, hz: f64) -> Vec<u8> {
    let first = nth * FRAME as u64;
    let payload = Law::Mu.encode(&tone::sine(hz, PEAK, first..first + FRAME as u64));
    let header = rtp::Header {
        marker: nth == 0,
        payload_type: 0,
        sequence: nth as u16,
        timestamp: first as u32,
        ssrc: ssrc_of(hz),
    };
    header.with_payload(&payload)
}

/// Each end of the demo sends another tone, which tells its stream from the others.
fn ssrc_of(hz: f64) -> u32 {
    0x7e57_0000 | hz as u32
}

fn listen(heard: &mut Heard, datagram: &[u8]) {
    let Some(packet) = rtp::read(datagram) else { return };
    heard.received += 1;
    if let Some(payload) = datagram.get(packet.payload).filter(|_| heard.samples.len() < SAMPLES_MAX) {
        heard.samples.extend(Law::Mu.decode(payload));
    }
}
