//! Two shields that are each other's peer, with a network between them that loses, repeats and reorders.

use proptest::prelude::*;

use super::{Broken, Shield};
use crate::media::rtcp::Compound;
use crate::media::rtp::{self, Header};
use crate::sdp::{KEY_OCTETS, MasterKey, SrtpKeys, Suite};

fn keys(suite: Suite, ours: u8, theirs: u8) -> SrtpKeys {
    let key = |octet| MasterKey::new(suite, &[octet; KEY_OCTETS]);
    SrtpKeys { suite, ours: key(ours), theirs: key(theirs) }
}

fn pair(suite: Suite) -> (Shield, Shield) {
    (Shield::new(&keys(suite, 1, 2)), Shield::new(&keys(suite, 2, 1)))
}

fn packet(sequence: u16) -> Vec<u8> {
    let header = Header { marker: false, payload_type: 8, sequence, timestamp: u32::from(sequence) * 160, ssrc: 77 };
    header.with_payload(&[sequence as u8; 160])
}

fn sealed(shield: &mut Shield, sequence: u16) -> Vec<u8> {
    shield.seal_rtp(&packet(sequence)).expect("sealed").to_vec()
}

fn opened(shield: &mut Shield, datagram: &[u8]) -> Result<Vec<u8>, Broken> {
    let mut datagram = datagram.to_vec();
    let length = shield.open_rtp(&mut datagram)?;
    Ok(datagram[..length].to_vec())
}

#[test]
fn what_is_sealed_is_opened_and_looks_different_on_the_way() {
    for (suite, tag) in [(Suite::AesCm80, 10), (Suite::AesCm32, 4), (Suite::Gcm128, 16)] {
        let (mut a, mut b) = pair(suite);
        let on_the_way = sealed(&mut a, 9);
        assert_eq!((on_the_way.len(), &on_the_way[..12]), (172 + tag, &packet(9)[..12]), "{suite:?}");
        assert_ne!(on_the_way[12..28], packet(9)[12..28]);
        assert_eq!(opened(&mut b, &on_the_way), Ok(packet(9)), "{suite:?}");
        assert_eq!(opened(&mut b, &on_the_way), Err(Broken::Replayed), "{suite:?}");
    }
}

#[test]
fn one_bit_anywhere_and_the_packet_is_forged() {
    for suite in Suite::ALL {
        let (mut a, mut b) = pair(suite);
        let good = sealed(&mut a, 9);
        for octet in 0..good.len() {
            let mut bad = good.clone();
            bad[octet] ^= 0x10;
            assert!(opened(&mut b, &bad).is_err(), "{suite:?} octet {octet}");
        }
        for length in 0..good.len() {
            assert!(opened(&mut b, &good[..length]).is_err(), "{suite:?} cut to {length}");
        }
        assert_eq!(opened(&mut b, &good), Ok(packet(9)), "{suite:?}: forgeries have changed nothing");
        assert!(opened(&mut a, &good).is_err(), "{suite:?}: our own packet is none of the peer's");
    }
}

#[test]
fn reports_have_a_count_of_their_own() {
    for suite in Suite::ALL {
        let (mut a, mut b) = pair(suite);
        for _ in 0..3 {
            let report = Compound { ssrc: 77, ..Compound::default() }.write("cname");
            let on_the_way = a.seal_rtcp(&report).expect("sealed").to_vec();
            assert!(rtp::is_rtcp(&on_the_way));
            assert_ne!(on_the_way[8..report.len()], report[8..], "{suite:?}");
            let mut datagram = on_the_way.clone();
            let length = b.open_rtcp(&mut datagram).expect("opened");
            assert_eq!(datagram[..length], report, "{suite:?}");
            assert_eq!(b.open_rtcp(&mut on_the_way.clone()), Err(Broken::Replayed));
            let mut bad = on_the_way.clone();
            bad[10] ^= 1;
            assert_eq!(Shield::new(&keys(suite, 2, 1)).open_rtcp(&mut bad), Err(Broken::Forged));
        }
        assert_eq!(b.open_rtcp(&mut [0x80; 11]), Err(Broken::Forged));
    }
}

#[test]
fn a_new_key_takes_over_whether_the_peer_counts_on_or_begins_again() {
    for begins_again in [false, true] {
        let (mut a, mut b) = pair(Suite::AesCm80);
        for sequence in (0..=u16::MAX).chain(0..200) {
            let on_the_way = sealed(&mut a, sequence);
            assert!(opened(&mut b, &on_the_way).is_ok(), "{sequence}");
        }
        let old = sealed(&mut a, 200);
        let new = keys(Suite::AesCm80, 3, 2);
        if begins_again {
            a = Shield::new(&new);
        } else {
            a.describe(&new);
        }
        b.describe(&keys(Suite::AesCm80, 2, 3));
        assert_eq!(opened(&mut b, &old), Err(Broken::Forged));
        for sequence in 201..300 {
            let on_the_way = sealed(&mut a, sequence);
            assert_eq!(opened(&mut b, &on_the_way), Ok(packet(sequence)), "{begins_again}");
            assert_eq!(opened(&mut b, &on_the_way), Err(Broken::Replayed));
        }
        let back = sealed(&mut b, 1);
        assert!(opened(&mut a, &back).is_ok());
    }
}

#[test]
fn the_same_keys_again_change_nothing() {
    let (mut a, mut b) = pair(Suite::Gcm128);
    let first = sealed(&mut a, 1);
    assert!(opened(&mut b, &first).is_ok());
    b.describe(&keys(Suite::Gcm128, 2, 1));
    assert_eq!(opened(&mut b, &first), Err(Broken::Replayed));
}

#[test]
fn keys_do_not_print_themselves() {
    let (shield, _) = pair(Suite::AesCm80);
    assert_eq!(format!("{shield:?}"), "Shield { suite: AesCm80, .. }");
}

/// What the network does with one packet.
#[derive(Clone, Debug)]
enum Fate {
    Arrives,
    Lost,
    Twice,
    /// So many packets later.
    Late(usize),
    /// Followed by a jump of the sequence, as after a hold or a switch.
    Jump(u16),
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        8 => Just(Fate::Arrives),
        2 => Just(Fate::Lost),
        1 => Just(Fate::Twice),
        2 => (1usize..60).prop_map(Fate::Late),
        1 => (1u16..2000).prop_map(Fate::Jump),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// Each packet that arrives is opened once, and only once, over several turns of the sequence number.
    #[test]
    fn loss_reordering_and_repetition_cost_nothing_else(
        fates in proptest::collection::vec(fate(), 300..600),
        first in any::<u16>(),
        which in 0usize..3,
    ) {
        let (mut a, mut b) = pair(Suite::ALL[which]);
        let (mut sequence, mut late): (u16, Vec<(usize, Vec<u8>, u16)>) = (first, Vec::new());
        // The first packet must come: until then nobody knows where the peer began.
        let on_the_way = sealed(&mut a, first.wrapping_sub(1));
        prop_assert!(opened(&mut b, &on_the_way).is_ok());
        for (n, fate) in fates.iter().enumerate() {
            let on_the_way = sealed(&mut a, sequence);
            match fate {
                Fate::Arrives => prop_assert_eq!(opened(&mut b, &on_the_way), Ok(packet(sequence))),
                Fate::Lost => {}
                Fate::Twice => {
                    prop_assert_eq!(opened(&mut b, &on_the_way), Ok(packet(sequence)));
                    prop_assert_eq!(opened(&mut b, &on_the_way), Err(Broken::Replayed));
                }
                Fate::Late(by) => late.push((n + by, on_the_way, sequence)),
                Fate::Jump(by) => {
                    prop_assert_eq!(opened(&mut b, &on_the_way), Ok(packet(sequence)));
                    sequence = sequence.wrapping_add(*by);
                    // What is late now is later than any window.
                    late.clear();
                }
            }
            sequence = sequence.wrapping_add(1);
            let (due, rest): (Vec<_>, Vec<_>) = late.into_iter().partition(|(at, ..)| *at <= n);
            late = rest;
            for (_, on_the_way, of) in due {
                prop_assert_eq!(opened(&mut b, &on_the_way), Ok(packet(of)), "late");
                prop_assert_eq!(opened(&mut b, &on_the_way), Err(Broken::Replayed));
            }
        }
    }
}
