//! The media workers alone, with browsers and a telephone on real sockets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use throughline::base::{Addresses, CallId, LegId};
use throughline::io::media::{MediaConfig, MediaPool};
use throughline::media::{LostCause, MediaCommand, MediaEvent, OurSide, Source, ToneKind};
use throughline::sdp::{Codec, LocalMedia, LocalWebRtc, Negotiated, Session};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::browser::{Browser, PATIENCE, until};
use super::phone::Phone;
use super::support;

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const CALL: CallId = CallId(7);
const CALLER: LegId = LegId(1);
const AGENT: LegId = LegId(2);
const CALLERS_TONE: u32 = 1000;
const AGENTS_TONE: u32 = 600;

/// A pool, and our side of each leg.
struct Media {
    pool: MediaPool,
    bind: Addresses,
    events: UnboundedReceiver<MediaEvent>,
    seen: Vec<MediaEvent>,
}

fn g711() -> [Codec; 2] {
    [Codec::pcmu(), Codec::pcma()]
}

impl Media {
    fn start() -> Media {
        Media::at(LOCALHOST.into())
    }

    fn at(bind: Addresses) -> Media {
        let (sender, events) = unbounded_channel();
        let config = MediaConfig {
            workers: 1,
            bind,
            silence_timeout: Duration::from_secs(60),
            webrtc_port: None,
            ports: 0..=0,
            wavs: Vec::new(),
            recordings: None,
        };
        let pool = MediaPool::start(config, move |event| drop(sender.send(event))).expect("workers");
        Media { pool, bind, events, seen: Vec::new() }
    }

    fn port(&self) -> u16 {
        self.pool.webrtc().port_of(CALL).expect("a port")
    }

    fn open(&self, leg: LegId) -> LocalMedia {
        let webrtc = LocalWebRtc::new(self.pool.webrtc().fingerprint, [leg.0 as u8; 32]).also_at(self.bind.second());
        let (ice, stream) = (webrtc.ice().clone(), webrtc.stream());
        let ours = OurSide { ice, ssrc: stream.ssrc, cname: stream.cname.clone() };
        self.pool.send(MediaCommand::OpenShared { leg, group: CALL, ours: Box::new(ours) });
        LocalMedia::new(self.bind.first(), self.port(), 5).with_webrtc(webrtc)
    }

    fn settle(&self, leg: LegId, session: Negotiated) {
        self.pool.send(MediaCommand::Remote { leg, session: Box::new(session) });
    }

    /// The browser offers, as it does when it calls.
    async fn called_by(&self, browser: &Browser, leg: LegId, codecs: &[Codec]) {
        let offer = browser.offer().await;
        let agreed = self.open(leg).answer_alone(&read(&offer), codecs).expect("an answer");
        self.settle(leg, agreed.negotiated);
        browser.take_answer(&text(&agreed.body)).await;
    }

    /// We offer, as we do when an agent's browser is rung.
    async fn calls(&self, browser: &Browser, leg: LegId) {
        let mut ours = self.open(leg);
        let answer = browser.answer(&text(&ours.offer_alone(&g711()))).await;
        self.settle(leg, ours.answered(&read(&answer)).expect("an answer that can be used"));
    }

    fn both_hear(&self, one: LegId, other: LegId) {
        self.pool.send(MediaCommand::Source { leg: one, source: Source::Leg(other) });
        self.pool.send(MediaCommand::Source { leg: other, source: Source::Leg(one) });
    }

    async fn until(&mut self, what: &str, is_it: impl Fn(&MediaEvent) -> bool) {
        while !self.seen.iter().any(&is_it) {
            let event = tokio::time::timeout(PATIENCE, self.events.recv()).await;
            self.seen.push(event.unwrap_or_else(|_| panic!("{what} did not come: {:?}", self.seen)).expect("a pool"));
        }
    }
}

fn read(description: &str) -> Session {
    Session::parse(description.as_bytes()).unwrap_or_else(|error| panic!("{error}: {description}"))
}

fn text(body: &[u8]) -> String {
    String::from_utf8(body.to_vec()).expect("text")
}

/// A telephone on the agent's side of the call.
async fn telephone(media: &Media) -> Arc<Phone> {
    let phone = Phone::start().await;
    let port = support::ports::udp_range(2);
    media.pool.send(MediaCommand::Open { leg: AGENT, group: CALL, port, family: throughline::base::Family::V4 });
    media.settle(AGENT, phone.session());
    phone.send_to(SocketAddr::new(LOCALHOST, port));
    phone
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_calls_and_a_telephone_hear_each_other_and_press_keys() {
    let mut media = Media::start();
    let browser = Browser::new(false).await;
    let phone = telephone(&media).await;
    media.called_by(&browser, CALLER, &g711()).await;
    media.both_hear(CALLER, AGENT);
    browser.connected().await;
    browser.hum(CALLERS_TONE);
    phone.hum(AGENTS_TONE);
    browser.hears(AGENTS_TONE).await;
    phone.hears(CALLERS_TONE).await;
    assert_eq!(browser.gaps(), 0);
    browser.press('5');
    media
        .until("a key of the browser", |event| matches!(event, MediaEvent::Dtmf { leg: CALLER, digit: '5', .. }))
        .await;
    phone.hears_key('5').await;
    phone.press('8');
    media.until("a key of the phone", |event| matches!(event, MediaEvent::Dtmf { leg: AGENT, digit: '8', .. })).await;
    browser.hears_key('8').await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_is_called_hears_music_and_then_the_caller_in_one_stream() {
    let media = Media::start();
    let browser = Browser::new(false).await;
    let phone = telephone(&media).await;
    media.calls(&browser, CALLER).await;
    media.pool.send(MediaCommand::Source { leg: CALLER, source: Source::Tone(ToneKind::RingbackEurope) });
    browser.connected().await;
    browser.hears(425).await;
    phone.hum(AGENTS_TONE);
    browser.hum(CALLERS_TONE);
    for _ in 0..2 {
        media.both_hear(CALLER, AGENT);
        browser.hears(AGENTS_TONE).await;
        phone.hears(CALLERS_TONE).await;
        media.pool.send(MediaCommand::Source { leg: CALLER, source: Source::Tone(ToneKind::RingbackEurope) });
        browser.hears(425).await;
    }
    assert_eq!(browser.gaps(), 0, "one stream through all changes");
    let streams: std::collections::BTreeSet<u32> = browser.packets().iter().map(|packet| packet.header.ssrc).collect();
    assert_eq!(streams.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_browsers_speak_opus_past_us() {
    let media = Media::start();
    let (caller, agent) = (Browser::new(true).await, Browser::new(true).await);
    let offer = caller.offer().await;
    let (mut to_caller, mut to_agent) = (media.open(CALLER), media.open(AGENT));
    let answer = agent.answer(&text(&to_agent.relay_offer(&read(&offer)))).await;
    media.settle(AGENT, to_agent.answered(&read(&answer)).expect("an answer"));
    let agreed = to_caller.relay_answer(&read(&offer), &read(&answer)).expect("an answer");
    media.settle(CALLER, agreed.negotiated);
    caller.take_answer(&text(&agreed.body)).await;
    media.both_hear(CALLER, AGENT);
    caller.connected().await;
    agent.connected().await;
    caller.send_opus(0x31);
    agent.send_opus(0x32);
    caller.hears_opus(0x32).await;
    agent.hears_opus(0x31).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_certificate_than_the_described_one_is_refused_and_nobody_else_suffers() {
    let mut media = Media::start();
    let (impostor, browser) = (Browser::new(false).await, Browser::new(false).await);
    let phone = telephone(&media).await;
    let offer = impostor.offer().await;
    let digits = offer.find("a=fingerprint:sha-256 ").expect("a fingerprint") + 22;
    let forged = format!(
        "{}{}{}",
        &offer[..digits],
        if &offer[digits..=digits] == "0" { "1" } else { "0" },
        &offer[digits + 1..]
    );
    let agreed = media.open(CALLER).answer_alone(&read(&forged), &g711()).expect("an answer");
    media.settle(CALLER, agreed.negotiated);
    impostor.take_answer(&text(&agreed.body)).await;
    impostor.hum(CALLERS_TONE);
    media.both_hear(CALLER, AGENT);
    let is_refused = |event: &MediaEvent| *event == MediaEvent::Lost { leg: CALLER, cause: LostCause::Fingerprint };
    media.until("the refusal", is_refused).await;
    let third = LegId(3);
    media.called_by(&browser, third, &g711()).await;
    media.both_hear(third, AGENT);
    browser.connected().await;
    browser.hum(440);
    phone.hears(440).await;
    assert!(!phone.heard(CALLERS_TONE), "not a packet of the impostor");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_restarts_ice_goes_on() {
    let media = Media::start();
    let browser = Browser::new(false).await;
    let phone = telephone(&media).await;
    let mut ours = media.open(CALLER);
    let agreed = ours.answer_alone(&read(&browser.offer().await), &g711()).expect("an answer");
    media.settle(CALLER, agreed.negotiated);
    browser.take_answer(&text(&agreed.body)).await;
    media.both_hear(CALLER, AGENT);
    browser.connected().await;
    browser.connection.restart_ice().await.expect("a restart");
    let again = ours.answer_alone(&read(&browser.offer().await), &g711()).expect("an answer");
    assert_ne!(again.body, agreed.body);
    media.settle(CALLER, again.negotiated);
    browser.take_answer(&text(&again.body)).await;
    browser.hum(CALLERS_TONE);
    phone.hears(CALLERS_TONE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_never_comes_and_one_that_goes_are_told_apart() {
    let mut media = Media::start();
    let (absent, leaving) = (Browser::new(false).await, Browser::new(false).await);
    let agreed = media.open(CALLER).answer_alone(&read(&absent.offer().await), &g711()).expect("an answer");
    media.settle(CALLER, agreed.negotiated);
    media.called_by(&leaving, AGENT, &g711()).await;
    leaving.connected().await;
    leaving.vanish().await;
    let lost = |leg, cause| move |event: &MediaEvent| *event == MediaEvent::Lost { leg, cause };
    media.until("who never came", lost(CALLER, LostCause::NoCheck)).await;
    tokio::time::timeout(2 * PATIENCE, media.until("who went", lost(AGENT, LostCause::Consent)))
        .await
        .expect("in time");
}

/// A browser of a network with IPv6 alone, and one of a network with IPv4 alone.
#[tokio::test(flavor = "multi_thread")]
async fn browsers_come_to_the_address_of_their_family() {
    let media = Media::at(Addresses::new(LOCALHOST, Some(Ipv6Addr::LOCALHOST.into())));
    let (six, four) = (Browser::at("[::1]:0", false).await, Browser::new(false).await);
    media.called_by(&six, CALLER, &g711()).await;
    media.calls(&four, AGENT).await;
    media.both_hear(CALLER, AGENT);
    six.connected().await;
    four.connected().await;
    six.hum(CALLERS_TONE);
    four.hum(AGENTS_TONE);
    six.hears(AGENTS_TONE).await;
    four.hears(CALLERS_TONE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_browsers_share_one_port() {
    let media = Media::start();
    let mut browsers = Vec::new();
    for n in 0..8 {
        let browser = Browser::new(false).await;
        media.called_by(&browser, LegId(10 + n), &g711()).await;
        browsers.push(browser);
    }
    for pair in 0..4u64 {
        media.both_hear(LegId(10 + 2 * pair), LegId(11 + 2 * pair));
    }
    for (n, browser) in browsers.iter().enumerate() {
        browser.connected().await;
        browser.hum(400 + 100 * n as u32);
    }
    for (n, browser) in browsers.iter().enumerate() {
        browser.hears(400 + 100 * (n ^ 1) as u32).await;
    }
    until("silence about nothing", || browsers.iter().all(|browser| browser.gaps() == 0)).await;
}
