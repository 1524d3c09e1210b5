//! Our side of SRTP on one leg: keys of our own, what is offered and answered, what is in use (RFC 4568 sections 5.1 and 7.1).

use std::fmt;

use super::crypto::KEY_OCTETS;
use super::{Audio, Crypto, MasterKey, SdpError, SrtpKeys, SrtpUse, Suite};
use crate::base::rng::Rng;

/// What we do on this leg, and our keys. They serve this leg alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalSrtp {
    /// `None` until it is said.
    does: Option<SrtpUse>,
    seed: Seed,
    in_use: Option<Protection>,
}

/// What our keys are made from when a description needs them: most never do.
#[derive(Clone, Default, PartialEq, Eq)]
struct Seed([u8; 32]);

/// How one description of ours protects its stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// RTP/SAVP in place of RTP/AVP.
    pub is_savp: bool,
    pub crypto: Vec<Crypto>,
}

impl LocalSrtp {
    pub fn new(does: SrtpUse, mut draw: impl FnMut(&mut [u8])) -> LocalSrtp {
        let mut seed = Seed::default();
        draw(&mut seed.0);
        LocalSrtp { does: Some(does), seed, in_use: None }
    }

    /// One for each suite, so that no key is used in two ways; none when SRTP is off.
    fn ours(&self) -> Vec<Crypto> {
        match self.does {
            None | Some(SrtpUse::Off) => Vec::new(),
            Some(SrtpUse::Accept | SrtpUse::Offer | SrtpUse::Require) => self.seed.keys(),
        }
    }

    /// For an offer of ours: what is in use already, else what we are to ask for.
    pub fn offer(&self) -> Protection {
        let asks = |is_savp| Protection { is_savp, crypto: self.ours() };
        match (&self.in_use, self.does) {
            (Some(in_use), _) => in_use.clone(),
            (None, None | Some(SrtpUse::Off | SrtpUse::Accept)) => Protection::default(),
            (None, Some(SrtpUse::Offer)) => asks(false),
            (None, Some(SrtpUse::Require)) => asks(true),
        }
    }

    /// For an answer of ours: the first of the peer's keys whose suite we have, under the peer's tag.
    pub fn answer(&mut self, theirs: &Audio) -> Result<(Protection, Option<SrtpKeys>), SdpError> {
        let all = if theirs.crypto.is_empty() { Vec::new() } else { self.ours() };
        let pair =
            |offered: &Crypto| Some((offered.clone(), all.iter().find(|own| own.suite == offered.suite)?.clone()));
        let chosen = theirs.crypto.iter().find_map(pair);
        let Some((offered, ours)) = chosen else {
            self.in_use = None;
            return self.without(theirs.is_savp).map(|()| (Protection::default(), None));
        };
        let crypto = vec![Crypto { tag: offered.tag, ..ours.clone() }];
        let protection = Protection { is_savp: theirs.is_savp, crypto };
        self.in_use = Some(protection.clone());
        Ok((protection, Some(keys_of(&ours, &offered))))
    }

    /// What an answer to our offer settles: the peer says which of our keys it chose by its tag.
    pub fn answered(&mut self, offered: &Protection, theirs: &Audio) -> Result<Option<SrtpKeys>, SdpError> {
        let pair = |answered: &Crypto| {
            let is_chosen = |ours: &&Crypto| ours.tag == answered.tag && ours.suite == answered.suite;
            Some((answered.clone(), offered.crypto.iter().find(is_chosen)?.clone()))
        };
        let Some((answered, ours)) = theirs.crypto.iter().find_map(pair) else {
            self.in_use = None;
            return self.without(offered.is_savp || theirs.is_savp).map(|()| None);
        };
        self.in_use = Some(Protection { is_savp: theirs.is_savp, crypto: vec![ours.clone()] });
        Ok(Some(keys_of(&ours, &answered)))
    }

    /// There are no keys in common: plain, where that will do.
    fn without(&self, is_savp: bool) -> Result<(), SdpError> {
        if is_savp || self.does == Some(SrtpUse::Require) { Err(SdpError::NotEncrypted) } else { Ok(()) }
    }
}

impl Seed {
    fn keys(&self) -> Vec<Crypto> {
        let mut rng = Rng::from_seed(self.0);
        let mut key = |(place, suite): (usize, Suite)| {
            let mut octets = [0; KEY_OCTETS];
            rng.fill(&mut octets);
            Crypto { tag: place as u32 + 1, suite, key: MasterKey::new(suite, &octets) }
        };
        Suite::ALL.into_iter().enumerate().map(&mut key).collect()
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed")
    }
}

fn keys_of(ours: &Crypto, theirs: &Crypto) -> SrtpKeys {
    SrtpKeys { suite: theirs.suite, ours: ours.key.clone(), theirs: theirs.key.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdp::{Codec, LocalMedia, Session};

    fn local(does: SrtpUse, seed: u8) -> LocalMedia {
        let mut drawn = seed;
        LocalMedia::new([192, 0, 2, 1].into(), 4000, 1).with_srtp(does, |octets| {
            drawn += 1;
            octets.fill(drawn);
        })
    }

    fn text(body: &[u8]) -> String {
        String::from_utf8_lossy(body).into_owned()
    }

    /// One side offers, the other answers; what each of them has settled.
    fn negotiate(one: SrtpUse, other: SrtpUse) -> Result<(Option<SrtpKeys>, Option<SrtpKeys>, String), SdpError> {
        let (mut a, mut b) = (local(one, 10), local(other, 40));
        let offer = a.offer_alone(&[Codec::pcmu()]);
        let agreed = b.answer_alone(&Session::parse_for(&offer, other)?, &[Codec::pcmu()])?;
        let settled = a.answered(&Session::parse_for(&agreed.body, one)?)?;
        Ok((settled.srtp, agreed.negotiated.srtp, text(&agreed.body)))
    }

    #[test]
    fn who_asks_gets_keys_and_who_must_have_them_has_no_call_without() {
        use SrtpUse::{Accept, Off, Offer, Require};
        for (one, other, expect) in [
            (Off, Off, Ok(None)),
            (Off, Accept, Ok(None)),
            (Accept, Accept, Ok(None)),
            (Offer, Off, Ok(None)),
            (Offer, Accept, Ok(Some("RTP/AVP"))),
            (Offer, Require, Ok(Some("RTP/AVP"))),
            (Require, Accept, Ok(Some("RTP/SAVP"))),
            (Require, Require, Ok(Some("RTP/SAVP"))),
            (Require, Off, Err(SdpError::NotEncrypted)),
            (Off, Require, Err(SdpError::NotEncrypted)),
            (Accept, Require, Err(SdpError::NotEncrypted)),
        ] {
            match (negotiate(one, other), expect) {
                (Ok((a, b, answer)), Ok(proto)) => {
                    assert_eq!(a.is_some(), proto.is_some(), "{one:?} {other:?}");
                    assert_eq!(
                        a.as_ref().map(|keys| (&keys.ours, &keys.theirs)),
                        b.as_ref().map(|k| (&k.theirs, &k.ours))
                    );
                    assert!(proto.is_none_or(|proto| answer.contains(&format!(" {proto} "))), "{answer}");
                    assert_eq!(answer.matches("a=crypto:").count(), usize::from(proto.is_some()), "{answer}");
                }
                (Err(error), Err(expect)) => assert_eq!(error, expect, "{one:?} {other:?}"),
                (got, expect) => panic!("{one:?} {other:?}: {got:?} for {expect:?}"),
            }
        }
    }

    #[test]
    fn the_peers_order_decides_and_its_tag_comes_back() {
        let offer = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 7000 RTP/SAVP 0\r\n\
             a=crypto:3 F8_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n\
             a=crypto:5 AES_CM_128_HMAC_SHA1_32 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^31\r\n\
             a=crypto:6 AES_CM_128_HMAC_SHA1_80 inline:NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj\r\n";
        let mut ours = local(SrtpUse::Accept, 1);
        let session = Session::parse(offer.as_bytes()).unwrap();
        let agreed = ours.answer_alone(&session, &[Codec::pcmu()]).unwrap();
        assert!(text(&agreed.body).contains("a=crypto:5 AES_CM_128_HMAC_SHA1_32 inline:"), "{}", text(&agreed.body));
        assert!(!text(&agreed.body).contains("d0RmdmcmVCspeEc3"), "the peer's key does not come back");
        assert_eq!(agreed.negotiated.srtp.map(|keys| keys.suite), Some(Suite::AesCm32));
        let again = text(&ours.offer_alone(&[Codec::pcmu()]));
        assert!(
            again.contains("RTP/SAVP") && again.matches("a=crypto:5 ").count() == 1,
            "what is in use stays: {again}"
        );
        let refused = Session::parse_for(offer.as_bytes(), SrtpUse::Off).err();
        assert_eq!(refused, Some(SdpError::NotEncrypted));
    }

    #[test]
    fn keys_of_one_leg_are_not_passed_to_the_other() {
        let mut caller = local(SrtpUse::Offer, 1);
        let offer = Session::parse(&caller.offer_alone(&[Codec::pcmu()])).unwrap();
        let plain = text(&local(SrtpUse::Accept, 60).relay_offer(&offer));
        assert!(!plain.contains("crypto") && plain.contains("RTP/AVP"), "{plain}");
        let secure = text(&local(SrtpUse::Require, 60).relay_offer(&offer));
        assert_eq!(secure.matches("a=crypto:").count(), 3, "{secure}");
        for crypto in &offer.audio.crypto {
            assert!(!secure.contains(&crypto.write()[10..]), "{secure}");
        }
    }

    #[test]
    fn a_new_key_of_the_peer_is_taken_and_ours_stays() {
        let mut ours = local(SrtpUse::Accept, 1);
        let offer = |seed| local(SrtpUse::Require, seed).offer_alone(&[Codec::pcmu()]);
        let mut keys = |seed| {
            let session = Session::parse(&offer(seed)).unwrap();
            ours.answer_alone(&session, &[Codec::pcmu()]).unwrap().negotiated.srtp.unwrap()
        };
        let (first, second) = (keys(100), keys(150));
        assert_eq!(first.ours, second.ours);
        assert_ne!(first.theirs, second.theirs);
    }
}
