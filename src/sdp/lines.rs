//! The lines of a description, borrowed from its text: what a call needs of them, and of the others only that they are lines.
//!
//! As RFC 8866 section 9 has it, and laxer: `v=` comes first and `m=` begins a stream, in between any order will do.

use std::net::IpAddr;

use memchr::memchr2;

use super::SdpError;

/// A description as it stands.
#[derive(Debug, Default)]
pub(super) struct Lines<'a> {
    /// The version in `o=`, 0 without one.
    pub version: u64,
    pub connection: Option<Connection<'a>>,
    pub attributes: Vec<Attribute<'a>>,
    pub medias: Vec<Media<'a>>,
}

/// A stream.
#[derive(Debug)]
pub(super) struct Media<'a> {
    pub media: &'a str,
    pub port: u16,
    pub proto: &'a str,
    pub fmt: &'a str,
    /// The first, where there are several.
    pub connection: Option<Connection<'a>>,
    pub attributes: Vec<Attribute<'a>>,
}

/// `c=`: the kind of the address, and the address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Connection<'a> {
    kind: &'a str,
    address: &'a str,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute<'a> {
    pub name: &'a str,
    pub value: Option<&'a str>,
}

/// Lines with attributes in most streams.
const ATTRIBUTES_USUAL: usize = 12;

impl<'a> Lines<'a> {
    /// `text` is of a bounded length, as is the number of its lines.
    pub fn read(text: &'a str) -> Result<Lines<'a>, SdpError> {
        let mut lines = text.lines().filter(|line| !line.is_empty()).map(key_and_value);
        match lines.next().transpose()? {
            Some((b'v', "0")) => {}
            Some((b'v', _)) => return Err(malformed("another version than 0")),
            Some(_) | None => return Err(malformed("no version first")),
        }
        let mut read = Lines::default();
        let mut has_origin = false;
        for line in lines {
            let (key, value) = line?;
            match (key, read.medias.last_mut()) {
                (b'm', _) => read.medias.push(Media::read(value)?),
                (_, Some(media)) => media.take(key, value)?,
                (b'o', None) if std::mem::replace(&mut has_origin, true) => return Err(malformed("two origins")),
                (b'o', None) => read.version = version_of(value)?,
                (b'c', None) if read.connection.is_some() => return Err(malformed("two connections of the session")),
                (b'c', None) => read.connection = Some(Connection::read(value)?),
                (b'a', None) => read.attributes.push(Attribute::read(value)),
                (_, None) => {}
            }
        }
        Ok(read)
    }
}

impl<'a> Media<'a> {
    /// `audio 6000/2 RTP/AVP 0 8`.
    fn read(value: &'a str) -> Result<Media<'a>, SdpError> {
        let mut parts = value.splitn(4, ' ');
        let (Some(media), Some(ports), Some(proto), Some(fmt)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed("a stream that lacks something"));
        };
        let (port, count) = ports.split_once('/').map_or((ports, None), |(port, count)| (port, Some(count)));
        let is_count = |count: &str| count.parse::<u16>().is_ok();
        let port = port.parse().ok().filter(|_| count.is_none_or(is_count));
        let port = port.ok_or_else(|| malformed("a stream's port that is no number"))?;
        Ok(Media { media, port, proto, fmt, connection: None, attributes: Vec::with_capacity(ATTRIBUTES_USUAL) })
    }

    fn take(&mut self, key: u8, value: &'a str) -> Result<(), SdpError> {
        match key {
            b'c' => {
                let read = Connection::read(value)?;
                self.connection.get_or_insert(read);
            }
            b'a' => self.attributes.push(Attribute::read(value)),
            _ => {}
        }
        Ok(())
    }
}

impl<'a> Connection<'a> {
    /// `IN IP4 192.0.2.10`.
    fn read(value: &'a str) -> Result<Connection<'a>, SdpError> {
        let mut words = words(value);
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some(_), Some(kind), Some(address), None) => Ok(Connection { kind, address }),
            _ => Err(malformed("a connection that is not three words")),
        }
    }

    /// `None` for a name, and where what follows the address is not what may (RFC 8866 section 5.7).
    pub fn address(&self) -> Option<IpAddr> {
        let mut parts = self.address.split('/');
        let address = parts.next()?.parse().ok()?;
        // How far a multicast reaches is said of IPv4 only, and then how many addresses there are.
        let most = if self.kind.eq_ignore_ascii_case("IP4") { 2 } else { 1 };
        let rest: Vec<&str> = parts.collect();
        (rest.len() <= most && rest.iter().all(|part| part.parse::<u8>().is_ok())).then_some(address)
    }
}

impl<'a> Attribute<'a> {
    /// `name:value` or `name`.
    fn read(value: &'a str) -> Attribute<'a> {
        match value.split_once(':') {
            Some((name, value)) => Attribute { name, value: Some(value) },
            None => Attribute { name: value, value: None },
        }
    }
}

fn key_and_value(line: &str) -> Result<(u8, &str), SdpError> {
    if memchr2(0, b'\r', line.as_bytes()).is_some() {
        return Err(malformed("NUL or CR inside of a line"));
    }
    match line.as_bytes() {
        [key, b'=', ..] => Ok((*key, line.get(2..).unwrap_or_default())),
        _ => Err(malformed("a line that is not key=value")),
    }
}

/// The third of six words.
fn version_of(origin: &str) -> Result<u64, SdpError> {
    let mut words = words(origin);
    let version = words.nth(2).and_then(|word| word.parse().ok());
    version.filter(|_| words.count() == 3).ok_or_else(|| malformed("an origin that is not six words"))
}

/// None is empty, so several spaces are one.
fn words(value: &str) -> impl Iterator<Item = &str> {
    value.split(' ').filter(|word| !word.is_empty())
}

fn malformed(why: &str) -> SdpError {
    SdpError::Malformed(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(line: &str) -> Option<String> {
        let text = format!("v=0\r\nc={line}\r\n");
        let read = Lines::read(&text).ok()?;
        Some(read.connection?.address()?.to_string())
    }

    #[test]
    fn an_address_may_be_followed_by_what_a_multicast_needs() {
        for (line, expected) in [
            ("IN IP4 192.0.2.1", Some("192.0.2.1")),
            ("IN  IP4  224.2.1.1/127/3", Some("224.2.1.1")),
            ("IN IP6 2001:db8::1/3", Some("2001:db8::1")),
            ("IN IP6 2001:db8::1/3/3", None),
            ("IN IP4 192.0.2.1/far", None),
            ("IN IP4 192.0.2.1/1/2/3", None),
            ("IN IP4 media.example.com", None),
            ("IN IP4", None),
            ("IN IP4 192.0.2.1 more", None),
        ] {
            assert_eq!(address(line).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn what_is_no_description_is_refused() {
        for text in [
            "",
            "o=- 1 1 IN IP4 192.0.2.1\n",
            "v=1\n",
            "v=0\nhello\n",
            "v=0\n=x\n",
            "v=0\nab=x\n",
            "v=0\ns=a\rb\n",
            "v=0\ns=a\0\n",
            "v=0\no=- 1 1 IN IP4\n",
            "v=0\no=- 1 x IN IP4 192.0.2.1\n",
            "v=0\no=- 1 1 IN IP4 192.0.2.1\no=- 1 1 IN IP4 192.0.2.1\n",
            "v=0\nc=IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1\n",
            "v=0\nm=audio 1 RTP/AVP\n",
            "v=0\nm=audio 70000 RTP/AVP 0\n",
            "v=0\nm=audio 6000/x RTP/AVP 0\n",
            "v=0\nm=audio 6000 RTP/AVP 0\nc=IN\n",
        ] {
            assert!(Lines::read(text).is_err(), "{text:?}");
        }
    }

    /// Whatever the crate takes is taken, and means the same.
    #[test]
    fn lines_are_as_the_crate_reads_them() {
        let text = "v=0\r\ns=-\r\na=ice-lite\r\na=group:BUNDLE 0 1\r\nt=0 0\r\no=u  7 9 IN IP6 2001:db8::1\r\n\r\n\
            m=audio 6000/2 RTP/AVP 0 8 101\r\ni=a:b\r\na=fmtp:101 0-15\r\na=x:\r\na=:y\r\nc=IN IP4 192.0.2.1\r\nb=AS:64\r\n\
            c=IN IP4 192.0.2.2\r\nm=video 0 RTP/AVP 97\r\n";
        let (ours, theirs) = (Lines::read(text).unwrap(), sdp_types::Session::parse(text.as_bytes()).unwrap());
        assert_eq!(ours.version, theirs.origin.sess_version);
        let said = |attributes: &[Attribute<'_>]| {
            attributes.iter().map(|one| (one.name.to_owned(), one.value.map(str::to_owned))).collect::<Vec<_>>()
        };
        let model = |attributes: &[sdp_types::Attribute]| {
            attributes.iter().map(|one| (one.attribute.clone(), one.value.clone())).collect::<Vec<_>>()
        };
        assert_eq!(said(&ours.attributes), model(&theirs.attributes));
        assert_eq!(ours.medias.len(), theirs.medias.len());
        for (ours, theirs) in ours.medias.iter().zip(&theirs.medias) {
            assert_eq!((ours.media, ours.port, ours.proto, ours.fmt), {
                (theirs.media.as_str(), theirs.port, theirs.proto.as_str(), theirs.fmt.as_str())
            });
            assert_eq!(said(&ours.attributes), model(&theirs.attributes));
            let connection = theirs.connections.first().map(|one| one.connection_address.as_str());
            assert_eq!(ours.connection.map(|one| one.address), connection);
        }
    }
}
