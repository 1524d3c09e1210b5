//! RTCP (RFC 3550 section 6): our own reports for one leg, and what is worth knowing from the peer's.

/// A report block: how one stream arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The stream that it is about.
    pub ssrc: u32,
    /// The share lost since the last report, in 1/256.
    pub lost_256ths: u8,
    /// Lost since the beginning; 24 bits with sign on the wire.
    pub lost: i32,
    /// The highest sequence number with its cycles above.
    pub highest_sequence: u32,
    /// In ticks of the stream's clock.
    pub jitter: u32,
    /// The middle 32 bits of the last sender report's NTP time, and how long ago it came, in 1/65536 s.
    pub last_sender_report: u32,
    pub delay: u32,
}

/// The sender's part of a sender report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sender {
    pub ntp: u64,
    pub rtp_timestamp: u32,
    pub packets: u32,
    pub octets: u32,
}

/// One compound packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compound {
    pub ssrc: u32,
    /// `Some` makes a sender report, `None` a receiver report.
    pub sender: Option<Sender>,
    /// At most 31.
    pub reports: Vec<Report>,
    /// The stream ends.
    pub bye: bool,
}

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const DESCRIPTION: u8 = 202;
const BYE: u8 = 203;
const CNAME: u8 = 1;
const REPORT: usize = 24;
const SENDER: usize = 20;
const REPORTS_MAX: usize = 31;
const LOST_MAX: i32 = 0x7f_ffff;

impl Compound {
    /// Report, CNAME, and BYE where it is due.
    pub fn write(&self, cname: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(128);
        let reports = self.reports.get(..REPORTS_MAX).unwrap_or(&self.reports);
        let kind = if self.sender.is_some() { SENDER_REPORT } else { RECEIVER_REPORT };
        packet(&mut out, kind, reports.len() as u8, |out| {
            out.extend(self.ssrc.to_be_bytes());
            self.sender.iter().for_each(|sender| sender.write(out));
            reports.iter().for_each(|report| report.write(out));
        });
        packet(&mut out, DESCRIPTION, 1, |out| {
            out.extend(self.ssrc.to_be_bytes());
            write_cname(out, cname);
        });
        if self.bye {
            packet(&mut out, BYE, 1, |out| out.extend(self.ssrc.to_be_bytes()));
        }
        out
    }

    /// Reads the reports and BYE of a compound packet; `None` when it is none (RFC 3550 appendix A.2).
    pub fn read(datagram: &[u8]) -> Option<Compound> {
        let mut found: Option<Compound> = None;
        let mut rest = datagram;
        while !rest.is_empty() {
            let (head, body, after) = split(rest)?;
            match (head[1], &mut found) {
                (SENDER_REPORT | RECEIVER_REPORT, None) => found = Some(read_report(head, body)?),
                (_, None) => return None,
                (BYE, Some(compound)) => compound.bye = true,
                (_, Some(_)) => {}
            }
            rest = after;
        }
        found
    }
}

impl Sender {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.ntp.to_be_bytes());
        [self.rtp_timestamp, self.packets, self.octets].iter().for_each(|word| out.extend(word.to_be_bytes()));
    }

    fn read(words: &[u8; SENDER]) -> Sender {
        let word = |at: usize| word_at(words, at);
        Sender {
            ntp: (u64::from(word(0)) << 32) | u64::from(word(4)),
            rtp_timestamp: word(8),
            packets: word(12),
            octets: word(16),
        }
    }
}

impl Report {
    fn write(&self, out: &mut Vec<u8>) {
        let lost = self.lost.clamp(-LOST_MAX, LOST_MAX) & 0xff_ffff;
        let loss = (u32::from(self.lost_256ths) << 24) | lost as u32;
        let words = [self.ssrc, loss, self.highest_sequence, self.jitter, self.last_sender_report, self.delay];
        words.iter().for_each(|word| out.extend(word.to_be_bytes()));
    }

    fn read(words: &[u8; REPORT]) -> Report {
        let loss = word_at(words, 4);
        Report {
            ssrc: word_at(words, 0),
            lost_256ths: (loss >> 24) as u8,
            lost: ((loss << 8) as i32) >> 8,
            highest_sequence: word_at(words, 8),
            jitter: word_at(words, 12),
            last_sender_report: word_at(words, 16),
            delay: word_at(words, 20),
        }
    }
}

/// Appends one packet whose length is known once its body is written.
fn packet(out: &mut Vec<u8>, kind: u8, count: u8, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend([0x80 | count, kind, 0, 0]);
    body(out);
    let words = ((out.len() - start) / 4 - 1) as u16;
    out[start + 2..start + 4].copy_from_slice(&words.to_be_bytes());
}

/// The item, its end mark, and zeros up to a whole word (RFC 3550 section 6.5).
fn write_cname(out: &mut Vec<u8>, cname: &str) {
    let name = cname.as_bytes().get(..255).unwrap_or(cname.as_bytes());
    out.extend([CNAME, name.len() as u8]);
    out.extend(name);
    let item = name.len() + 2;
    out.extend(std::iter::repeat_n(0, (item + 1).next_multiple_of(4) - item));
}

/// The first packet's head, what follows its head, and the rest of the datagram.
fn split(datagram: &[u8]) -> Option<(&[u8; 4], &[u8], &[u8])> {
    let (head, rest) = datagram.split_first_chunk::<4>()?;
    if head[0] >> 6 != 2 {
        return None;
    }
    let length = usize::from(u16::from_be_bytes([head[2], head[3]])) * 4;
    let (body, after) = rest.split_at_checked(length)?;
    Some((head, body, after))
}

fn read_report(head: &[u8; 4], body: &[u8]) -> Option<Compound> {
    let (ssrc, rest) = body.split_first_chunk::<4>()?;
    let (sender, rest) = match head[1] {
        SENDER_REPORT => rest.split_first_chunk().map(|(words, rest)| (Some(Sender::read(words)), rest))?,
        _ => (None, rest),
    };
    let count = usize::from(head[0] & 0x1f);
    let blocks = rest.get(..count * REPORT)?;
    let reports = blocks.chunks_exact(REPORT).filter_map(|block| block.first_chunk()).map(Report::read).collect();
    Some(Compound { ssrc: u32::from_be_bytes(*ssrc), sender, reports, bye: false })
}

fn word_at(words: &[u8], at: usize) -> u32 {
    words.get(at..at + 4).and_then(|word| word.first_chunk()).map_or(0, |word| u32::from_be_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn full() -> Compound {
        let report = Report {
            ssrc: 7,
            lost_256ths: 64,
            lost: -3,
            highest_sequence: 0x1_0005,
            jitter: 9,
            last_sender_report: 0x1234_5678,
            delay: 65_536,
        };
        let sender = Sender { ntp: 0x0102_0304_0506_0708, rtp_timestamp: 160, packets: 1, octets: 160 };
        Compound { ssrc: 42, sender: Some(sender), reports: vec![report], bye: true }
    }

    #[test]
    fn compounds_read_back() {
        let receiver = Compound { ssrc: 5, ..Compound::default() };
        for compound in [full(), receiver] {
            for cname in ["", "a", "ab", "abc", "abcd"] {
                let bytes = compound.write(cname);
                assert_eq!(bytes.len() % 4, 0);
                assert_eq!(Compound::read(&bytes), Some(compound.clone()), "{cname}");
            }
        }
    }

    #[test]
    fn the_wire_is_as_the_rfc_draws_it() {
        let bytes = full().write("x");
        assert_eq!(bytes[..8], [0x81, 200, 0, 12, 0, 0, 0, 42]);
        assert_eq!(bytes[28..36], [0, 0, 0, 7, 64, 0xff, 0xff, 0xfd]);
        assert_eq!(bytes[52..64], [0x81, 202, 0, 2, 0, 0, 0, 42, 1, 1, b'x', 0]);
        assert_eq!(bytes[64..], [0x81, 203, 0, 1, 0, 0, 0, 42]);
    }

    #[test]
    fn what_is_no_compound_is_refused() {
        let good = full().write("x");
        assert_eq!(Compound::read(&[]), None);
        assert_eq!(Compound::read(&good[..40]), None);
        assert_eq!(Compound::read(&good[52..]), None, "must begin with a report");
    }

    proptest! {
        #[test]
        fn reading_never_panics(datagram in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = Compound::read(&datagram);
        }

        #[test]
        fn damage_never_panics(at in 0usize..72, octet: u8) {
            let mut bytes = full().write("x");
            bytes[at] = octet;
            let _ = Compound::read(&bytes);
        }
    }
}
