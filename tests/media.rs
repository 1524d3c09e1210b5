//! The media workers on real sockets of the loopback: two phones, a caller who waits, and somebody else.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use throughline::base::{CallId, LegId, Pii};
use throughline::io::media::{MediaConfig, MediaPool, RecordingFiles, path_of};
use throughline::media::g711::Law;
use throughline::media::rtp::{self, Header};
use throughline::media::{FailCause, MediaCommand, MediaEvent, Source, ToneKind, Track, tone};
use throughline::sdp::{Codec, Direction, Format, Negotiated};

const CALLER: LegId = LegId(1);
const AGENT: LegId = LegId(2);
const CALL: CallId = CallId(7);
const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PATIENCE: Duration = Duration::from_secs(60);

struct Phone {
    socket: UdpSocket,
    leg: SocketAddr,
    header: Header,
}

impl Phone {
    /// `port` is the leg's that it talks to.
    fn new(port: u16, ssrc: u32) -> Phone {
        let socket = UdpSocket::bind((LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let header = Header { marker: false, payload_type: 0, sequence: 1, timestamp: 0, ssrc };
        Phone { socket, leg: SocketAddr::new(LOCALHOST, port), header }
    }

    fn session(&self) -> Box<Negotiated> {
        let rtp = self.socket.local_addr().unwrap();
        Box::new(Negotiated {
            rtp: Pii::new(rtp),
            rtcp: Pii::new(SocketAddr::new(rtp.ip(), rtp.port() + 1)),
            formats: vec![Format { codec: Codec::pcmu(), to_peer: 0, from_peer: 0 }],
            ptime_ms: 20,
            srtp: None,
            webrtc: None,
            direction: Direction::SendRecv,
        })
    }

    fn say(&mut self, payload: &[u8]) {
        self.socket.send_to(&self.header.with_payload(payload), self.leg).unwrap();
        self.header.sequence += 1;
        self.header.timestamp += 160;
    }

    fn hear(&self) -> (Header, Vec<u8>) {
        let mut buffer = [0; 2048];
        let (length, from) = self.socket.recv_from(&mut buffer).expect("a packet in time");
        assert_eq!(from, self.leg);
        let packet = rtp::read(&buffer[..length]).expect("RTP");
        (packet.header, buffer[packet.payload].to_vec())
    }
}

fn start(workers: usize) -> (MediaPool, Receiver<MediaEvent>) {
    start_with(workers, None)
}

fn start_with(workers: usize, recordings: Option<RecordingFiles>) -> (MediaPool, Receiver<MediaEvent>) {
    let (sender, events) = mpsc::channel();
    let config = MediaConfig {
        workers,
        bind: LOCALHOST.into(),
        silence_timeout: Duration::from_secs(30),
        webrtc_port: None,
        ports: 0..=0,
        wavs: Vec::new(),
        recordings,
    };
    let pool = MediaPool::start(config, move |event| sender.send(event).unwrap()).unwrap();
    (pool, events)
}

/// A pair of ports that is free now; the range is not one that the kernel hands out by itself.
fn free_pair(from: u16) -> u16 {
    let is_free = |port: u16| UdpSocket::bind((LOCALHOST, port)).is_ok();
    (from..from + 200).step_by(2).find(|port| is_free(*port) && is_free(*port + 1)).unwrap()
}

fn open(pool: &MediaPool, leg: LegId, port: u16, phone: &Phone) {
    pool.send(MediaCommand::Open { leg, group: CALL, port, family: throughline::base::Family::V4 });
    pool.send(MediaCommand::Remote { leg, session: phone.session() });
}

fn next(events: &Receiver<MediaEvent>) -> MediaEvent {
    events.recv_timeout(PATIENCE).expect("an event in time")
}

/// The frames of a sine that nothing else in the test sounds like.
fn frames(frequency_hz: f64, count: u64) -> Vec<Vec<u8>> {
    (0..count).map(|n| Law::Mu.encode(&tone::sine(frequency_hz, 8000, n * 160..(n + 1) * 160))).collect()
}

fn is_heard(frames: &[Vec<u8>], frequency_hz: f64) -> bool {
    tone::is_heard(&Law::Mu.decode(&frames.concat()), frequency_hz)
}

#[test]
fn a_caller_waits_with_a_tone_and_then_both_hear_each_other() {
    let (pool, events) = start(1);
    let caller_port = free_pair(21_000);
    let agent_port = free_pair(caller_port + 2);
    let (mut caller, mut agent) = (Phone::new(caller_port, 11), Phone::new(agent_port, 22));
    open(&pool, CALLER, caller_port, &caller);
    pool.send(MediaCommand::Source { leg: CALLER, source: Source::Tone(ToneKind::RingbackEurope) });

    let began = Instant::now();
    let waiting: Vec<(Header, Vec<u8>)> = (0..26).map(|_| caller.hear()).collect();
    assert!(began.elapsed() >= Duration::from_millis(490), "25 packets of 20 ms do not come in less");
    let payloads: Vec<Vec<u8>> = waiting.iter().map(|(_, payload)| payload.clone()).collect();
    assert!(is_heard(&payloads, 425.0));

    open(&pool, AGENT, agent_port, &agent);
    pool.send(MediaCommand::Source { leg: CALLER, source: Source::Leg(AGENT) });
    pool.send(MediaCommand::Source { leg: AGENT, source: Source::Leg(CALLER) });
    // The commands are obeyed in order, so once a packet of the caller reaches the agent both are switched.
    let (callers, agents) = (frames(1000.0, 40), frames(600.0, 40));
    let mut heard = (Vec::new(), Vec::new(), Vec::new());
    caller.say(&callers[0]);
    heard.0.push(agent.hear().1);
    assert_eq!(next(&events), MediaEvent::Latched { leg: CALLER });
    for n in 0..40 {
        if n > 0 {
            caller.say(&callers[n]);
            heard.0.push(agent.hear().1);
        }
        agent.say(&agents[n]);
        loop {
            // Ringback that was on its way when the source changed comes first.
            let (header, payload) = caller.hear();
            heard.2.push(header);
            if payload == agents[n] {
                heard.1.push(payload);
                break;
            }
            assert_eq!(n, 0, "only the agent is heard now");
        }
    }
    assert!(heard.0 == callers && heard.1 == agents, "what was said is what is heard");
    assert!(is_heard(&heard.0, 1000.0) && is_heard(&heard.1, 600.0) && !is_heard(&heard.1, 425.0));
    let last_tone = waiting.last().map(|(header, _)| *header).unwrap();
    let stream: Vec<Header> = std::iter::once(last_tone).chain(heard.2).collect();
    assert!(stream.windows(2).all(|pair| pair[1].sequence == pair[0].sequence.wrapping_add(1)), "one stream, no gap");
    assert!(stream.iter().all(|header| header.ssrc == last_tone.ssrc && header.ssrc != 22));
    assert_eq!(next(&events), MediaEvent::Latched { leg: AGENT });

    let mut stranger = Phone::new(caller_port, 33);
    stranger.say(&[0x11; 160]);
    stranger.socket.set_nonblocking(true).unwrap();
    caller.say(&[0x22; 160]);
    assert_eq!(agent.hear().1, [0x22; 160], "the stranger's packet came first and was not passed on");
    assert!(stranger.socket.recv(&mut [0; 100]).is_err(), "nor answered");

    pool.send(MediaCommand::Close { leg: CALLER });
    pool.send(MediaCommand::Close { leg: AGENT });
    let MediaEvent::Closed { leg: CALLER, stats } = next(&events) else { panic!("closed first") };
    assert_eq!((stats.received, stats.strangers, stats.lost), (41, 0, 0), "the kernel has kept the stranger away");
    assert_eq!(stats.sent, waiting.len() as u64 + stream.len() as u64 - 1);
    assert!(matches!(next(&events), MediaEvent::Closed { leg: AGENT, .. }));
    pool.stop();
}

/// By then nobody waits for what the caller says: it is looked at from time to time.
const HEARD_AT_REST: usize = 25;

#[test]
fn what_a_waiting_caller_has_said_before_is_counted_and_never_heard() {
    let (pool, events) = start(1);
    let caller_port = free_pair(22_200);
    let agent_port = free_pair(caller_port + 2);
    let (mut caller, agent) = (Phone::new(caller_port, 11), Phone::new(agent_port, 22));
    open(&pool, CALLER, caller_port, &caller);
    pool.send(MediaCommand::Source { leg: CALLER, source: Source::Tone(ToneKind::Waiting) });
    caller.hear();
    caller.say(&[1; 160]);
    assert_eq!(next(&events), MediaEvent::Latched { leg: CALLER });
    (0..HEARD_AT_REST).for_each(|_| drop(caller.hear()));
    (0..5).for_each(|_| caller.say(&[2; 160]));

    open(&pool, AGENT, agent_port, &agent);
    pool.send(MediaCommand::Source { leg: CALLER, source: Source::Leg(AGENT) });
    pool.send(MediaCommand::Source { leg: AGENT, source: Source::Leg(CALLER) });
    obeyed(&pool, &events, agent_port + 2);
    (3..6).for_each(|octet| caller.say(&[octet; 160]));
    (3..6).for_each(|octet| assert_eq!(agent.hear().1, [octet; 160]));

    pool.send(MediaCommand::Close { leg: CALLER });
    let MediaEvent::Closed { leg: CALLER, stats } = next(&events) else { panic!("the caller's leg is closed") };
    assert_eq!((stats.received, stats.lost), (9, 0));
    pool.stop();
}

#[test]
fn a_port_that_somebody_has_is_said() {
    let (pool, events) = start(2);
    let port = free_pair(21_400);
    let _taken = UdpSocket::bind((LOCALHOST, port + 1)).unwrap();
    pool.send(MediaCommand::Open { leg: CALLER, group: CALL, port, family: throughline::base::Family::V4 });
    assert_eq!(next(&events), MediaEvent::Failed { leg: CALLER, cause: FailCause::PortInUse });
    pool.send(MediaCommand::Close { leg: CALLER });
    assert!(matches!(next(&events), MediaEvent::Closed { leg: CALLER, .. }), "closing it is still answered");
}

#[test]
fn stopping_closes_what_is_open_and_frees_its_ports() {
    let (pool, events) = start(2);
    let port = free_pair(21_700);
    pool.send(MediaCommand::Open { leg: CALLER, group: CALL, port, family: throughline::base::Family::V4 });
    pool.send(MediaCommand::Open { leg: CALLER, group: CALL, port, family: throughline::base::Family::V4 });
    assert_eq!(next(&events), MediaEvent::Failed { leg: CALLER, cause: FailCause::Duplicate });
    pool.stop();
    assert!(matches!(next(&events), MediaEvent::Closed { leg: CALLER, .. }));
    assert!(UdpSocket::bind((LOCALHOST, port)).is_ok() && UdpSocket::bind((LOCALHOST, port + 1)).is_ok());
}

/// Returns when everything that was sent before has been obeyed: opening a leg twice is answered.
fn obeyed(pool: &MediaPool, events: &Receiver<MediaEvent>, port: u16) {
    pool.send(MediaCommand::Open { leg: CALLER, group: CALL, port, family: throughline::base::Family::V4 });
    while next(events) != (MediaEvent::Failed { leg: CALLER, cause: FailCause::Duplicate }) {}
}

/// Whether the kernel takes packets for this port from anybody.
fn is_open_to_all(port: u16) -> bool {
    let table = std::fs::read_to_string("/proc/net/udp").unwrap();
    let local = format!(":{port:04X}");
    let row =
        table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).find(|row| row[1].ends_with(&local));
    row.expect("a socket with this port")[2] == "00000000:0000"
}

#[test]
fn a_socket_that_is_tied_to_its_peer_is_untied_by_a_new_description() {
    let (pool, events) = start(1);
    let caller_port = free_pair(22_000);
    let agent_port = free_pair(caller_port + 2);
    let (mut caller, mut agent) = (Phone::new(caller_port, 11), Phone::new(agent_port, 22));
    open(&pool, CALLER, caller_port, &caller);
    open(&pool, AGENT, agent_port, &agent);
    pool.send(MediaCommand::Source { leg: CALLER, source: Source::Leg(AGENT) });
    pool.send(MediaCommand::Source { leg: AGENT, source: Source::Leg(CALLER) });
    obeyed(&pool, &events, caller_port);
    assert!(is_open_to_all(caller_port));
    caller.say(&[1; 160]);
    assert_eq!(agent.hear().1, [1; 160]);
    assert!(!is_open_to_all(caller_port), "its address is settled: it sends from where it said");

    pool.send(MediaCommand::Remote { leg: CALLER, session: caller.session() });
    obeyed(&pool, &events, caller_port);
    assert!(!is_open_to_all(caller_port), "the same again changes nothing");
    let mut stranger = Phone::new(caller_port, 33);
    stranger.say(&[2; 160]);
    caller.say(&[3; 160]);
    assert_eq!(agent.hear().1, [3; 160], "the stranger is not heard");
    agent.say(&[4; 160]);
    assert_eq!(caller.hear().1, [4; 160]);

    let mut moved = Phone::new(caller_port, 44);
    pool.send(MediaCommand::Remote { leg: CALLER, session: moved.session() });
    obeyed(&pool, &events, caller_port);
    assert!(is_open_to_all(caller_port));
    agent.say(&[5; 160]);
    assert_eq!(moved.hear().1, [5; 160]);
    moved.say(&[6; 160]);
    assert_eq!(agent.hear().1, [6; 160]);
    pool.stop();
}

/// Both talk for so many packets, at the pace of telephones, since the place in a recording is by the clock.
fn talk_in_time(caller: &mut Phone, agent: &mut Phone, tones: (&[Vec<u8>], &[Vec<u8>])) {
    let began = Instant::now();
    for (nth, (callers, agents)) in (0..).zip(tones.0.iter().zip(tones.1)) {
        std::thread::sleep((Duration::from_millis(20) * nth).saturating_sub(began.elapsed()));
        caller.say(callers);
        agent.say(agents);
        let _ = (agent.hear(), caller.hear());
    }
}

#[test]
fn a_recording_has_each_side_on_its_channel_and_silence_in_its_pause() {
    let folder = std::env::temp_dir().join(format!("throughline-recording-{}", std::process::id()));
    let files =
        RecordingFiles { folder: folder.clone(), longest: Duration::from_secs(60), keep: Duration::from_secs(3600) };
    let (pool, events) = start_with(1, Some(files));
    let caller_port = free_pair(22_400);
    let agent_port = free_pair(caller_port + 2);
    let (mut caller, mut agent) = (Phone::new(caller_port, 11), Phone::new(agent_port, 22));
    open(&pool, CALLER, caller_port, &caller);
    open(&pool, AGENT, agent_port, &agent);
    pool.send(MediaCommand::Source { leg: CALLER, source: Source::Leg(AGENT) });
    pool.send(MediaCommand::Source { leg: AGENT, source: Source::Leg(CALLER) });
    let record = |track: fn(Track) -> Option<Track>| {
        pool.send(MediaCommand::Record { leg: CALLER, call: CALL, track: track(Track::Caller) });
        pool.send(MediaCommand::Record { leg: AGENT, call: CALL, track: track(Track::Far) });
    };
    let (callers, agents) = (frames(440.0, 50), frames(880.0, 50));
    let tones = (callers.as_slice(), agents.as_slice());
    record(Some);
    obeyed(&pool, &events, caller_port);
    talk_in_time(&mut caller, &mut agent, tones);
    record(|_| None);
    obeyed(&pool, &events, caller_port);
    talk_in_time(&mut caller, &mut agent, tones);
    record(Some);
    obeyed(&pool, &events, caller_port);
    talk_in_time(&mut caller, &mut agent, tones);
    pool.send(MediaCommand::EndRecording { leg: CALLER, call: CALL });
    let recorded = loop {
        if let MediaEvent::Recorded { call: CALL, recorded } = next(&events) {
            break recorded;
        }
    };
    assert_eq!((recorded.dropped, recorded.stopped), (0, None));
    assert!(recorded.length >= Duration::from_millis(2_900), "{:?}", recorded.length);
    let samples: Vec<i16> =
        hound::WavReader::open(path_of(&folder, CALL)).unwrap().samples().map(Result::unwrap).collect();
    let channel = |nth: usize| samples.iter().skip(nth).step_by(2).copied().collect::<Vec<i16>>();
    // A tenth of a second within each part; where the parts meet is the machine's business.
    let part = |channel: &[i16], second: usize| channel[second * 8_000 + 2_000..][..4_000].to_vec();
    for (nth, own, other) in [(0, 440.0, 880.0), (1, 880.0, 440.0)] {
        let channel = channel(nth);
        assert!(tone::is_heard(&part(&channel, 0), own) && !tone::is_heard(&part(&channel, 0), other), "{nth}");
        let silent = channel.windows(6_000).any(|stretch| stretch.iter().all(|sample| *sample == 0));
        assert!(silent, "the pause on channel {nth}");
        let last = channel[channel.len() - 4_000..].to_vec();
        assert!(tone::is_heard(&last, own) && !tone::is_heard(&last, other), "{nth} after the pause");
    }
    pool.stop();
    std::fs::remove_dir_all(folder).unwrap();
}

/// Three phones talk at the pace of telephones; what each of them hears.
fn three_talk(phones: &mut [Phone; 3], tones: &[Vec<Vec<u8>>; 3]) -> [Vec<i16>; 3] {
    let mut heard: [Vec<u8>; 3] = Default::default();
    phones.iter().for_each(|phone| phone.socket.set_nonblocking(true).unwrap());
    let began = Instant::now();
    for nth in 0..tones[0].len() {
        std::thread::sleep((Duration::from_millis(20) * nth as u32).saturating_sub(began.elapsed()));
        for ((phone, tone), heard) in phones.iter_mut().zip(tones).zip(&mut heard) {
            phone.say(&tone[nth]);
            let mut buffer = [0; 2048];
            while let Ok(length) = phone.socket.recv(&mut buffer) {
                let packet = rtp::read(&buffer[..length]).expect("RTP");
                heard.extend_from_slice(&buffer[packet.payload]);
            }
        }
    }
    heard.map(|octets| Law::Mu.decode(&octets))
}

#[test]
fn a_supervisor_hears_both_and_is_heard_as_far_as_they_say() {
    const SUPERVISOR: LegId = LegId(3);
    let hertz = [440.0, 880.0, 1320.0];
    let (pool, events) = start(1);
    let legs = [CALLER, AGENT, SUPERVISOR];
    let mut from = 22_800;
    let mut phones = [11, 22, 33].map(|ssrc| {
        let port = free_pair(from);
        from = port + 2;
        Phone::new(port, ssrc)
    });
    for (leg, phone) in legs.into_iter().zip(&phones) {
        open(&pool, leg, phone.leg.port(), phone);
    }
    let tones = hertz.map(|hertz| frames(hertz, 60));
    let alone = (Source::Leg(AGENT), Source::Leg(CALLER));
    let with_agent = Source::Mix(CALLER, SUPERVISOR);
    for (act, to_caller, to_agent, expect) in [
        ("listen", alone.0, alone.1, [vec![1], vec![0], vec![0, 1]]),
        ("whisper", alone.0, with_agent, [vec![1], vec![0, 2], vec![0, 1]]),
        ("barge", Source::Mix(AGENT, SUPERVISOR), with_agent, [vec![1, 2], vec![0, 2], vec![0, 1]]),
        ("left", alone.0, alone.1, [vec![1], vec![0], vec![0, 1]]),
    ] {
        for (leg, source) in [(SUPERVISOR, Source::Mix(CALLER, AGENT)), (AGENT, to_agent), (CALLER, to_caller)] {
            pool.send(MediaCommand::Source { leg, source });
        }
        obeyed(&pool, &events, phones[0].leg.port());
        let heard = three_talk(&mut phones, &tones);
        for (who, (heard, expect)) in heard.iter().zip(&expect).enumerate() {
            // What the act before has left on its way is over by then.
            let settled = &heard[heard.len() - 4_000..];
            for (speaker, hertz) in hertz.into_iter().enumerate() {
                let share = tone::share(settled, hertz);
                let is_as_said = if expect.contains(&speaker) { share > 0.3 } else { share < 0.05 };
                assert!(is_as_said, "{act}: phone {who} hears {speaker} with a share of {share:.2}");
            }
        }
    }
    pool.stop();
}
