//! Keys in INFO, both ways.

use super::world::{World, setup};
use crate::sip::wire::{HeaderName, Message};

fn up() -> World {
    let mut world = World::new(setup());
    ["INVITE body", "do Answer", "ACK b=z9hG4bKa to"].into_iter().for_each(|line| world.step(line));
    world
}

/// An INFO of the caller, with a body of its own.
fn info(world: &mut World, cseq: u32, content_type: &str, body: &str) -> Message {
    let Message::Response(answer) = Message::parse(
        world
            .sent
            .iter()
            .rev()
            .find_map(|(_, bytes)| {
                let is_ok = bytes.starts_with(b"SIP/2.0 200") && memchr::memmem::find(bytes, b"INVITE").is_some();
                is_ok.then(|| bytes.clone())
            })
            .expect("an answer"),
    )
    .expect("a message") else {
        panic!("no answer")
    };
    let to = String::from_utf8_lossy(answer.to().raw).into_owned();
    let text = format!(
        "INFO sip:192.0.2.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.10:5060;branch=z9hG4bKinfo{cseq}\r\nMax-Forwards: 70\r\n\
         From: \"Ann\" <sip:+15550100@pbx.example.com>;tag=caller\r\nTo: {to}\r\nCall-ID: call-1\r\nCSeq: {cseq} INFO\r\n\
         Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    world.receive("trunk", &text);
    world.sent.iter().rev().find_map(|(_, bytes)| Message::parse(bytes.clone()).ok()).expect("an answer")
}

fn status(message: &Message) -> u16 {
    match message {
        Message::Response(response) => response.status(),
        Message::Request(_) => 0,
    }
}

#[test]
fn keys_of_the_peer_are_told() {
    let mut world = up();
    assert_eq!(status(&info(&mut world, 2, "application/dtmf-relay", "Signal=5\r\nDuration=160\r\n")), 200);
    assert_eq!(status(&info(&mut world, 3, "Application/DTMF; x=y", "*")), 200);
    assert_eq!(status(&info(&mut world, 4, "application/dtmf-relay", "Signal=16")), 200);
    assert_eq!(status(&info(&mut world, 5, "application/dtmf-relay", "Signal=x")), 400);
    let keys: Vec<&String> = world.trace.iter().filter(|line| line.contains("Key")).collect();
    assert_eq!(keys, ["0 Key 5 160", "0 Key * 250"]);
}

#[test]
fn what_is_no_key_is_refused_with_what_would_be_taken() {
    let mut world = up();
    let refusal = info(&mut world, 2, "application/media_control+xml", "<x/>");
    assert_eq!(status(&refusal), 415);
    let accept = refusal.headers().header(HeaderName::ACCEPT);
    assert_eq!(accept, Some(&b"application/dtmf-relay, application/dtmf"[..]));
}

#[test]
fn keys_of_ours_are_told_in_the_dialog() {
    let mut world = up();
    world.step("do Key");
    let info = world.request_sent("INFO", 1);
    assert_eq!(info.body(), b"Signal=5\r\nDuration=160\r\n");
    assert!(info.content_type_is("application/dtmf-relay"));
    world.step("INFO 415");
    world.step("do Key");
    world.step("INFO 481");
    assert_eq!(world.trace.last().map(String::as_str), Some("0 Ended PeerLost"));
}
