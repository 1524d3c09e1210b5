//! A telephone of the simulation on a real socket.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

use crate::base::Mono;
use crate::base::rng::Rng;
use crate::io::clock::Clock;
use crate::sim::phone::{Phone, PhoneEvent, PhoneOutput, PhoneSetup};

/// What somebody does with the phone.
type Deed = Box<dyn FnOnce(&mut Phone, Mono) + Send>;

/// The way to a phone that runs in a task of its own.
#[derive(Clone)]
pub struct Line {
    deeds: mpsc::UnboundedSender<Deed>,
    pub address: SocketAddr,
}

/// What happens at the phone, in order.
pub type Events = mpsc::UnboundedReceiver<PhoneEvent>;

const DATAGRAM_MAX: usize = 65_535;
/// Nothing to do: look again after this long.
const IDLE: Duration = Duration::from_secs(3600);

impl Line {
    /// A phone on a free port of the loopback interface. It ends when both the line and its events are dropped.
    pub async fn open(user: &str, rng: Rng) -> io::Result<(Line, Events)> {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).await?;
        let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(4 << 20);
        let address = socket.local_addr()?;
        let phone = Phone::new(PhoneSetup::new(address, user), rng);
        let (deeds, todo) = mpsc::unbounded_channel();
        let (tell, events) = mpsc::unbounded_channel();
        tokio::spawn(Loop { phone, socket, clock: Clock::start(), tell }.run(todo));
        Ok((Line { deeds, address }, events))
    }

    /// Does something with the phone; what comes of it comes as events.
    pub fn act(&self, deed: impl FnOnce(&mut Phone, Mono) + Send + 'static) {
        // The loop is gone only when the demo ends.
        let _ = self.deeds.send(Box::new(deed));
    }
}

struct Loop {
    phone: Phone,
    socket: UdpSocket,
    clock: Clock,
    tell: mpsc::UnboundedSender<PhoneEvent>,
}

impl Loop {
    async fn run(mut self, mut todo: mpsc::UnboundedReceiver<Deed>) {
        let mut buffer = vec![0; DATAGRAM_MAX];
        loop {
            let wake = self.phone.poll_timeout().unwrap_or(self.clock.mono() + IDLE);
            tokio::select! {
                deed = todo.recv() => match deed {
                    Some(deed) => deed(&mut self.phone, self.clock.mono()),
                    None => return,
                },
                received = self.socket.recv_from(&mut buffer) => {
                    if let Ok((length, from)) = received {
                        let bytes = Bytes::copy_from_slice(buffer.get(..length).unwrap_or_default());
                        self.phone.handle(bytes, from, self.clock.mono());
                    }
                }
                () = tokio::time::sleep_until(self.clock.instant(wake).into()) => {
                    self.phone.handle_timeout(self.clock.mono());
                }
            }
            self.drain().await;
        }
    }

    async fn drain(&mut self) {
        while let Some(output) = self.phone.poll_output() {
            match output {
                PhoneOutput::Send(bytes, to) => {
                    let _ = self.socket.send_to(&bytes, to).await;
                }
                PhoneOutput::Event(event) => {
                    let _ = self.tell.send(event);
                }
            }
        }
    }
}
