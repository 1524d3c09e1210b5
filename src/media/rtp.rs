//! The RTP header (RFC 3550 section 5.1): read, checked, and written over the old one in place.

use std::ops::Range;

/// The fields that a relay works with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub marker: bool,
    /// 0 to 127.
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
}

/// A header and where its payload lies in the datagram, padding left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    pub header: Header,
    pub payload: Range<usize>,
}

/// A header without contributors or extension, in octets.
pub const HEADER: usize = 12;

/// Reads a datagram; `None` when it is no RTP packet of version 2 (RFC 3550 appendix A.1).
pub fn read(datagram: &[u8]) -> Option<Packet> {
    let start = header_length(datagram)?;
    let fixed: &[u8; HEADER] = datagram.first_chunk()?;
    let padding = if fixed[0] & 0x20 != 0 { padding_length(datagram)? } else { 0 };
    let end = datagram.len().checked_sub(padding)?;
    (start <= end).then(|| Packet { header: Header::read(fixed), payload: start..end })
}

/// Where the payload of an RTP packet begins, whatever it is: it may be encrypted.
pub fn header_length(datagram: &[u8]) -> Option<usize> {
    let fixed: &[u8; HEADER] = datagram.first_chunk()?;
    if fixed[0] >> 6 != 2 || is_rtcp(datagram) {
        return None;
    }
    let extension_at = HEADER + usize::from(fixed[0] & 0x0f) * 4;
    let start = extension_at + if fixed[0] & 0x10 != 0 { extension_length(datagram, extension_at)? } else { 0 };
    (start <= datagram.len()).then_some(start)
}

/// The SSRC and the sequence number.
pub fn stream_of(datagram: &[u8]) -> Option<(u32, u16)> {
    let header = Header::read(datagram.first_chunk()?);
    Some((header.ssrc, header.sequence))
}

/// Whether a datagram that came to an RTP port is RTCP (RFC 5761 section 4).
pub fn is_rtcp(datagram: &[u8]) -> bool {
    datagram.get(1).is_some_and(|kind| (192..=223).contains(kind))
}

/// Writes `header` right before the payload, over whatever was there, and returns the whole new packet.
pub fn rewrite<'a>(datagram: &'a mut [u8], packet: &Packet, header: &Header) -> Option<&'a [u8]> {
    let start = packet.payload.start.checked_sub(HEADER)?;
    let whole = datagram.get_mut(start..packet.payload.end)?;
    header.write(whole.first_chunk_mut()?);
    Some(whole)
}

impl Header {
    fn read(fixed: &[u8; HEADER]) -> Header {
        Header {
            marker: fixed[1] & 0x80 != 0,
            payload_type: fixed[1] & 0x7f,
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
        }
    }

    pub fn write(&self, out: &mut [u8; HEADER]) {
        out[0] = 0x80;
        out[1] = (u8::from(self.marker) << 7) | (self.payload_type & 0x7f);
        out[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        out[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        out[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
    }

    /// A packet of its own.
    pub fn with_payload(&self, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0; HEADER + payload.len()];
        if let Some((head, body)) = packet.split_first_chunk_mut() {
            self.write(head);
            body.copy_from_slice(payload);
        }
        packet
    }
}

fn extension_length(datagram: &[u8], at: usize) -> Option<usize> {
    let words: &[u8; 2] = datagram.get(at + 2..)?.first_chunk()?;
    Some(4 + usize::from(u16::from_be_bytes(*words)) * 4)
}

/// The last octet counts the padding, itself included.
fn padding_length(datagram: &[u8]) -> Option<usize> {
    datagram.last().map(|octet| usize::from(*octet)).filter(|length| *length > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: Header =
        Header { marker: true, payload_type: 8, sequence: 0xfffe, timestamp: 0x0102_0304, ssrc: 0xdead_beef };

    #[test]
    fn a_packet_reads_back() {
        let datagram = PLAIN.with_payload(b"sound");
        assert_eq!(datagram[..4], [0x80, 0x88, 0xff, 0xfe]);
        assert_eq!(read(&datagram), Some(Packet { header: PLAIN, payload: 12..17 }));
    }

    #[test]
    fn contributors_extension_and_padding_are_left_out() {
        let mut datagram = PLAIN.with_payload(&[]);
        datagram[0] = 0x80 | 0x20 | 0x10 | 0x01;
        datagram.extend([0, 0, 0, 9]);
        datagram.extend([0xbe, 0xde, 0, 1, 1, 2, 3, 4]);
        datagram.extend(b"sound");
        datagram.extend([0, 0, 3]);
        let packet = read(&datagram).unwrap();
        assert_eq!(&datagram[packet.payload.clone()], b"sound");
        let header = Header { sequence: 7, ..PLAIN };
        let whole = rewrite(&mut datagram, &packet, &header).unwrap();
        assert_eq!(whole, header.with_payload(b"sound"));
    }

    #[test]
    fn what_is_no_rtp_is_refused() {
        let good = PLAIN.with_payload(b"x");
        let with = |at: usize, octet: u8| {
            let mut bad = good.clone();
            bad[at] = octet;
            bad
        };
        let cases =
            [good[..11].to_vec(), with(0, 0x40), with(0, 0x8f), with(0, 0x90), with(0, 0xa0), with(1, 200), Vec::new()];
        for (case, datagram) in cases.iter().enumerate() {
            assert_eq!(read(datagram), None, "case {case}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_stays_inside(mut datagram in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Some(packet) = read(&datagram) {
                prop_assert!(packet.payload.end <= datagram.len());
                prop_assert!(rewrite(&mut datagram, &packet, &PLAIN).is_some());
            }
        }
    }
}
