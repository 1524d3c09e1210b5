//! The test vectors of RFC 3711 appendix B and RFC 7714 sections 16 and 17, each computed a second time by another implementation.

use aes::Aes128;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};

use super::cipher::{Cipher, Gcm, Kind, Place};
use super::kdf::{Label, derive};
use crate::base::hex::to_hex;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn array<const N: usize>(hex: &str) -> [u8; N] {
    bytes(hex).try_into().expect("as many octets as asked for")
}

#[test]
fn rfc_3711_b2_the_keystream_of_counter_mode() {
    let mut stream = [0; 48];
    let key: [u8; 16] = array("2B7E151628AED2A6ABF7158809CF4F3C");
    let block: [u8; 16] = array("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000");
    Ctr128BE::<Aes128>::new(&key.into(), &block.into()).apply_keystream(&mut stream);
    assert_eq!(
        to_hex(&stream),
        "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0"
    );
}

#[test]
fn rfc_3711_b3_the_session_keys() {
    let (key, salt) = (array("E1F97A0D3E018BE0D64FA32C06DE4139"), bytes("0EC675AD498AFEEBB6960B3AABE6"));
    let cipher: [u8; 16] = derive(&key, &salt, Label::RtpCipher);
    assert_eq!(to_hex(&cipher), "c61e7a93744f39ee10734afe3ff7a087");
    let session_salt: [u8; 14] = derive(&key, &salt, Label::RtpSalt);
    assert_eq!(to_hex(&session_salt), "30cbbc08863d8c85d49db34a9ae1");
    let tag: [u8; 20] = derive(&key, &salt, Label::RtpTag);
    assert_eq!(to_hex(&tag), "cebe321f6ff7716b6fd4ab49af256a156d38baa4", "the first 20 of 94 octets");
}

/// The packet of RFC 7714 section 16: header, and what it carries ("Gallia est omnis divisa in partes tres").
const HEAD: &str = "8040f17b8041f8d35501a0b2";
const TEXT: &str = "47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573";
const PLACE: Place = Place { ssrc: 0x5501_a0b2, index: 0xf17b };

#[test]
fn rfc_7714_16_1_a_packet_of_sound_in_gcm() {
    let key = array("000102030405060708090a0b0c0d0e0f");
    let cipher = Cipher::Gcm(Box::new(Gcm::with(&key, array("517569642070726f2071756f"))));
    let mut text = bytes(TEXT);
    let tag = cipher.seal(PLACE, &bytes(HEAD), &mut text, &[0; 4], Kind::Rtp);
    assert_eq!(to_hex(&text), "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833");
    assert_eq!(to_hex(&tag), "899d7f27beb16a9152cf765ee4390cce");
    assert!(cipher.open(PLACE, &bytes(HEAD), &mut text, &[0; 4], &tag, Kind::Rtp));
    assert_eq!(to_hex(&text), TEXT);
}

#[test]
fn rfc_7714_17_1_a_report_in_gcm() {
    let key = array("000102030405060708090a0b0c0d0e0f");
    let cipher = Cipher::Gcm(Box::new(Gcm::with(&key, array("517569642070726f2071756f"))));
    let place = Place { ssrc: 0x4d61_7273, index: 0x5d4 };
    let (head, word) = (bytes("81c8000d4d617273"), bytes("800005d4"));
    let plain = "4e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";
    let mut text = bytes(plain);
    let tag = cipher.seal(place, &head, &mut text, &word.try_into().expect("a word"), Kind::Rtcp);
    assert_eq!(
        to_hex(&text),
        "63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b"
    );
    assert_eq!(to_hex(&tag), "c84aa45896cf4d2fc5abf87245d9eade");
}
