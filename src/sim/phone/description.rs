//! The session descriptions that a phone writes: G.711 and telephone-event, by hand and not by `sdp::write`.

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;

use crate::sdp::{Codec, Direction, Session};

/// What a phone says of its own sound in one call.
#[derive(Clone, Debug)]
pub(super) struct Description {
    pub rtp: SocketAddr,
    session: u64,
    version: u64,
    pub direction: Direction,
}

const FORMATS: [(u8, &str); 3] = [(0, "PCMU/8000"), (8, "PCMA/8000"), (101, "telephone-event/8000")];

impl Description {
    pub fn new(rtp: SocketAddr, session: u64) -> Description {
        Description { rtp, session: session >> 1, version: 0, direction: Direction::SendRecv }
    }

    /// An offer of everything that the phone knows.
    pub fn offer(&mut self, direction: Direction) -> Bytes {
        self.direction = direction;
        let formats = FORMATS.iter().map(|(number, name)| (*number, (*name).to_owned())).collect();
        self.write(formats)
    }

    /// The answer: the first sound of the offer that the phone knows, and telephone-event under the offer's number.
    pub fn answer(&mut self, offer: &Session) -> Option<Bytes> {
        let audio = &offer.audio;
        let is_ours = |codec: &&Codec| ["PCMU", "PCMA"].iter().any(|name| codec.name.eq_ignore_ascii_case(name));
        let sound = audio.codecs.iter().find(is_ours)?;
        let event = audio.codecs.iter().find(|codec| codec.is_telephone_event());
        self.direction = audio.direction.mirrored();
        let chosen = std::iter::once(sound).chain(event);
        let formats = chosen.map(|codec| (codec.payload_type, format!("{}/{}", codec.name, codec.clock))).collect();
        Some(self.write(formats))
    }

    fn write(&mut self, formats: Vec<(u8, String)>) -> Bytes {
        self.version += 1;
        let (ip, port) = (self.rtp.ip(), self.rtp.port());
        let family = if matches!(ip, IpAddr::V4(_)) { "IP4" } else { "IP6" };
        let numbers: Vec<String> = formats.iter().map(|(number, _)| number.to_string()).collect();
        let maps: String = formats.iter().map(|(number, name)| format!("a=rtpmap:{number} {name}\r\n")).collect();
        Bytes::from(format!(
            "v=0\r\no=- {} {} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP {}\r\n{maps}a=ptime:20\r\na={}\r\n",
            self.session,
            self.version,
            numbers.join(" "),
            self.direction.as_str(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_phone_writes_can_be_read() {
        let mut one = Description::new("192.0.2.1:4000".parse().unwrap(), 7);
        let offer = Session::parse(&one.offer(Direction::SendOnly)).unwrap();
        assert!(offer.audio.is_hold());
        let mut two = Description::new("192.0.2.2:4002".parse().unwrap(), 8);
        let answer = Session::parse(&two.answer(&offer).unwrap()).unwrap();
        assert_eq!(answer.audio.direction, Direction::RecvOnly);
        assert_eq!(answer.audio.codecs.len(), 2);
        assert_eq!(*answer.audio.rtp.expose(), "192.0.2.2:4002".parse::<std::net::SocketAddr>().unwrap());
    }
}
