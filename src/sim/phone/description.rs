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
    /// As browsers write it (RFC 8829): it is never played, so its certificate is nobody's.
    browser: bool,
    pub direction: Direction,
}

const FORMATS: [(u8, &str); 3] = [(0, "PCMU/8000"), (8, "PCMA/8000"), (101, "telephone-event/8000")];

impl Description {
    pub fn new(rtp: SocketAddr, session: u64, browser: bool) -> Description {
        Description { rtp, session: session >> 1, version: 0, browser, direction: Direction::SendRecv }
    }

    /// An offer of everything that the phone knows.
    pub fn offer(&mut self, direction: Direction) -> Bytes {
        self.direction = direction;
        let formats = FORMATS.iter().map(|(number, name)| (*number, (*name).to_owned())).collect();
        self.write(formats, "actpass")
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
        Some(self.write(formats, "active"))
    }

    fn of_browser(&self, setup: &str) -> String {
        let (name, ip, port) = (self.session, self.rtp.ip(), self.rtp.port());
        let fingerprint = ["5A"; 32].join(":");
        format!(
            "a=ice-ufrag:{name:08x}\r\na=ice-pwd:{name:024x}\r\na=fingerprint:sha-256 {fingerprint}\r\na=setup:{setup}\r\n\
             a=mid:0\r\na=rtcp-mux\r\na=candidate:1 1 udp 2130706431 {ip} {port} typ host\r\n"
        )
    }

    fn write(&mut self, formats: Vec<(u8, String)>, setup: &str) -> Bytes {
        self.version += 1;
        let (ip, port) = (self.rtp.ip(), self.rtp.port());
        let family = if matches!(ip, IpAddr::V4(_)) { "IP4" } else { "IP6" };
        let numbers: Vec<String> = formats.iter().map(|(number, _)| number.to_string()).collect();
        let (profile, more) = match self.browser {
            true => ("UDP/TLS/RTP/SAVPF", self.of_browser(setup)),
            false => ("RTP/AVP", String::new()),
        };
        let maps: String = formats.iter().map(|(number, name)| format!("a=rtpmap:{number} {name}\r\n")).collect();
        Bytes::from(format!(
            "v=0\r\no=- {} {} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\nm=audio {port} {profile} {}\r\n{more}{maps}a=ptime:20\r\na={}\r\n",
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
        let mut one = Description::new("192.0.2.1:4000".parse().unwrap(), 7, false);
        let offer = Session::parse(&one.offer(Direction::SendOnly)).unwrap();
        assert!(offer.audio.is_hold());
        let mut two = Description::new("192.0.2.2:4002".parse().unwrap(), 8, false);
        let answer = Session::parse(&two.answer(&offer).unwrap()).unwrap();
        assert_eq!(answer.audio.direction, Direction::RecvOnly);
        assert_eq!(answer.audio.codecs.len(), 2);
        assert_eq!(*answer.audio.rtp.expose(), "192.0.2.2:4002".parse::<std::net::SocketAddr>().unwrap());
    }
}
