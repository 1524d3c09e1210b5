//! The codecs that a peer may use, in the order that is preferred for it.

use super::{Codec, Negotiated, SdpError, Session};

/// Encodings by name, the preferred one first. An empty list means all, in the order of the offer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodecList(pub Vec<CodecName>);

/// `PCMA`, or `telephone-event/48000` where the clock matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecName {
    pub name: String,
    pub clock: Option<u32>,
}

impl CodecList {
    /// The description with only those of its formats that are listed, in the list's order.
    pub fn narrow(&self, session: &Session) -> Result<Session, SdpError> {
        if self.0.is_empty() {
            return Ok(session.clone());
        }
        let mut narrowed = session.clone();
        narrowed.audio.codecs = self.select(&session.audio.codecs);
        if narrowed.audio.codecs.iter().any(Codec::is_sound) { Ok(narrowed) } else { Err(SdpError::NoCommonCodec) }
    }

    /// What a leg has settled, with only those of its formats that are listed.
    pub fn narrow_settled(&self, mut settled: Negotiated) -> Result<Negotiated, SdpError> {
        let listed = self.select(settled.formats.iter().map(|format| &format.codec));
        settled.formats.retain(|format| listed.contains(&format.codec));
        if settled.codec().is_some() { Ok(settled) } else { Err(SdpError::NoCommonCodec) }
    }

    /// Those of `codecs` that are listed, in the list's order.
    pub fn select<'c>(&self, codecs: impl IntoIterator<Item = &'c Codec>) -> Vec<Codec> {
        let mut codecs: Vec<Codec> = codecs.into_iter().cloned().collect();
        if !self.0.is_empty() {
            let place = |codec: &Codec| self.0.iter().position(|name| name.is(codec));
            codecs.retain(|codec| place(codec).is_some());
            codecs.sort_by_key(place);
        }
        codecs
    }
}

impl CodecName {
    fn is(&self, codec: &Codec) -> bool {
        self.name.eq_ignore_ascii_case(&codec.name) && self.clock.is_none_or(|clock| clock == codec.clock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[(&str, Option<u32>)]) -> CodecList {
        CodecList(names.iter().map(|(name, clock)| CodecName { name: (*name).to_owned(), clock: *clock }).collect())
    }

    fn offer() -> Session {
        let text = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n\
             m=audio 7000 RTP/AVP 96 0 8 101 102 13\r\na=rtpmap:96 opus/48000/2\r\n\
             a=rtpmap:101 telephone-event/8000\r\na=rtpmap:102 telephone-event/48000\r\n";
        Session::parse(text.as_bytes()).unwrap()
    }

    fn numbers(session: &Session) -> Vec<u8> {
        session.audio.codecs.iter().map(|codec| codec.payload_type).collect()
    }

    #[test]
    fn the_list_says_which_and_in_which_order() {
        let narrowed = list(&[("pcma", None), ("PCMU", None), ("telephone-event", Some(8000))]).narrow(&offer());
        assert_eq!(numbers(&narrowed.unwrap()), [8, 0, 101]);
        assert_eq!(numbers(&list(&[]).narrow(&offer()).unwrap()), [96, 0, 8, 101, 102, 13]);
    }

    #[test]
    fn keys_without_sound_are_no_call() {
        assert_eq!(list(&[("telephone-event", None)]).narrow(&offer()).err(), Some(SdpError::NoCommonCodec));
        assert_eq!(list(&[("G722", None)]).narrow(&offer()).err(), Some(SdpError::NoCommonCodec));
    }
}
