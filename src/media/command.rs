//! What the calls say to the media and hear from it: plain values, for our workers or for a media server elsewhere.

use std::sync::Arc;
use std::time::Duration;

use super::recording::{Recorded, Track};
use crate::base::{CallId, Family, LegId};
use crate::sdp::{IceCredentials, Negotiated};

/// From the calls to the media. Commands of one leg are carried out in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaCommand {
    /// Binds `port` (RTP) and the next one (RTCP) of our address of that family. Legs of one group may be each other's source. The leg begins silent.
    Open { leg: LegId, group: CallId, port: u16, family: Family },
    /// A leg whose peer is a browser, on the port that its worker shares among all of them. The leg begins silent.
    OpenShared { leg: LegId, group: CallId, ours: Box<OurSide> },
    /// What the leg's offer and answer settled; sent again after each re-INVITE. A new address re-arms the latch.
    Remote { leg: LegId, session: Box<Negotiated> },
    /// What this leg's peer hears from now on.
    Source { leg: LegId, source: Source },
    /// Presses a key towards the leg's peer, after those that are being pressed: `0`-`9`, `*`, `#`, `A`-`D`. Nothing is sent where the
    /// peer has not agreed to telephone-event.
    Key { leg: LegId, digit: char, duration_ms: u32 },
    /// Plays these once, one after the other, in place of the leg's source, which goes on from where it was; `Played` follows.
    /// Another `Play`, a `Source` (the same again too) or the end of the leg ends it at once and without a word.
    Play { leg: LegId, prompt: PromptId, items: Arc<[WavId]>, until_key: bool },
    /// The leg's peer is recorded on this track of the call's recording from now on, or not any more. The first of a call begins its
    /// recording. Only G.711 is recorded, and never keys.
    Record { leg: LegId, call: CallId, track: Option<Track> },
    /// Ends the call's recording, which one of its legs names before it is closed; `Recorded` follows.
    EndRecording { leg: LegId, call: CallId },
    /// Whether keys are looked for in the sound itself, where the peer has not agreed to telephone-event.
    Listen { leg: LegId, tones: bool },
    /// Ends the leg; `Closed` follows, after which its port may be used again.
    Close { leg: LegId },
}

impl MediaCommand {
    pub fn leg(&self) -> LegId {
        match self {
            MediaCommand::Open { leg, .. } | MediaCommand::OpenShared { leg, .. } => *leg,
            MediaCommand::Remote { leg, .. } | MediaCommand::Source { leg, .. } => *leg,
            MediaCommand::Key { leg, .. } | MediaCommand::Play { leg, .. } | MediaCommand::Listen { leg, .. } => *leg,
            MediaCommand::Record { leg, .. } | MediaCommand::EndRecording { leg, .. } => *leg,
            MediaCommand::Close { leg } => *leg,
        }
    }

    /// Nobody hears it a few milliseconds later: a leg sounds once its peer is known, and one that ends has been left by then.
    pub fn can_wait(&self) -> bool {
        match self {
            MediaCommand::Open { .. } | MediaCommand::Close { .. } => true,
            MediaCommand::OpenShared { .. } | MediaCommand::Remote { .. } | MediaCommand::Source { .. } => false,
            MediaCommand::Key { .. } | MediaCommand::Play { .. } | MediaCommand::Listen { .. } => false,
            MediaCommand::Record { .. } | MediaCommand::EndRecording { .. } => false,
        }
    }
}

/// What a browser's description of ours says, which the media must know before the browser's has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OurSide {
    pub ice: IceCredentials,
    pub ssrc: u32,
    pub cname: String,
}

/// Where a leg's outgoing sound comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// No packets at all.
    #[default]
    Silence,
    /// What the peer of another leg of the same group says, packet by packet, keys pressed included.
    Leg(LegId),
    /// What the peers of two legs of the same group say, both at once; keys pressed included. Only G.711 can be mixed, and the leg must
    /// speak it too.
    Mix(LegId, LegId),
    /// Played from its beginning, again and again.
    Tone(ToneKind),
    /// Played from its beginning, again and again.
    Wav(WavId),
}

impl Source {
    /// The legs whose peers are heard.
    pub fn speakers(self) -> impl Iterator<Item = LegId> {
        let [one, other] = match self {
            Source::Leg(leg) => [Some(leg), None],
            Source::Mix(one, other) => [Some(one), Some(other)],
            Source::Silence | Source::Tone(_) | Source::Wav(_) => [None, None],
        };
        one.into_iter().chain(other)
    }
}

/// Sounds that need no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ToneKind {
    /// 440 + 480 Hz, 2 s on, 4 s off (North America).
    RingbackUs,
    /// 425 Hz, 1 s on, 4 s off (most of Europe).
    RingbackEurope,
    /// Two soft notes every 5 s: the call still waits.
    Waiting,
}

/// A sound of the configuration, one file or several in a row, by its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WavId(pub u16);

impl WavId {
    /// A short tone that needs no file: somebody has come to the call.
    pub const BEEP: WavId = WavId(u16::MAX);
}

/// Which `Play` of a leg something is about; the calls count them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PromptId(pub u32);

/// How a prompt came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PromptEnd {
    /// All of it was played, or its time has passed while the peer could not be reached.
    Finished,
    /// The peer has pressed a key.
    Key,
}

/// From the media to the calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaEvent {
    /// The leg could not be opened and does not exist; its port may be used again, if by somebody else.
    Failed { leg: LegId, cause: FailCause },
    /// A browser's leg is of no use any more; said once. It is still to be closed.
    Lost { leg: LegId, cause: LostCause },
    /// The first sound of the peer has come; its address holds from now on.
    Latched { leg: LegId },
    /// A key was pressed and let go (RFC 4733, or as tones where they are listened for): `0`-`9`, `*`, `#`, `A`-`D`.
    Dtmf { leg: LegId, digit: char, duration_ms: u32 },
    /// A prompt is over that no command has ended.
    Played { leg: LegId, prompt: PromptId, end: PromptEnd },
    /// No sound for so long although the peer should send; said once for each silence.
    Silent { leg: LegId, lasted: Duration },
    /// The recording's file is complete, also when it had to end before the call; said once.
    Recorded { call: CallId, recorded: Recorded },
    /// The leg is gone. Also the answer to `Close` of a leg that was not open.
    Closed { leg: LegId, stats: LegStats },
}

/// Why a leg could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailCause {
    /// Another socket has the port.
    PortInUse,
    /// The operating system refused the socket otherwise (rights, descriptors, memory).
    Socket,
    /// More legs or commands than the limits allow.
    Overload,
    /// A leg of this id is open already.
    Duplicate,
}

impl FailCause {
    pub const ALL: [FailCause; 4] =
        [FailCause::PortInUse, FailCause::Socket, FailCause::Overload, FailCause::Duplicate];

    /// The word for it in the log and the counters.
    pub fn as_str(self) -> &'static str {
        match self {
            FailCause::PortInUse => "port-in-use",
            FailCause::Socket => "socket",
            FailCause::Overload => "overload",
            FailCause::Duplicate => "duplicate",
        }
    }
}

/// Why a browser is not heard, or not any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LostCause {
    /// No check of its has reached us: there is no way between us.
    NoCheck,
    /// It reaches us, and does not end the handshake.
    NoHandshake,
    /// The handshake has failed.
    Handshake,
    /// Its certificate is not the one of its description.
    Fingerprint,
    /// It has not asked for our sound for 30 s (RFC 7675).
    Consent,
    /// More handshakes than the limit allows.
    Overload,
}

impl LostCause {
    pub fn as_str(self) -> &'static str {
        match self {
            LostCause::NoCheck => "no ICE check came",
            LostCause::NoHandshake => "no DTLS handshake",
            LostCause::Handshake => "DTLS handshake failed",
            LostCause::Fingerprint => "another certificate",
            LostCause::Consent => "consent is gone",
            LostCause::Overload => "too many handshakes",
        }
    }
}

/// What passed through a leg in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LegStats {
    /// RTP packets and octets of payload from the peer that were taken.
    pub received: u64,
    pub received_octets: u64,
    /// RTP packets and octets of payload sent to the peer.
    pub sent: u64,
    pub sent_octets: u64,
    /// Packets that the peer sent and that did not arrive (RFC 3550 appendix A.3); 0 when duplicates outnumber losses.
    pub lost: u64,
    /// Interarrival jitter in microseconds (RFC 3550 section 6.4.1), the last estimate.
    pub jitter_us: u32,
    /// Datagrams from an address that is not the peer's.
    pub strangers: u64,
    /// Datagrams from the peer that are no RTP or RTCP.
    pub malformed: u64,
    /// Packets whose payload type was not agreed on.
    pub unknown_format: u64,
    /// The share of our packets that the peer missed, in 1/256, and its jitter, from its last report.
    pub peer_lost_256ths: u8,
    pub peer_jitter_us: u32,
}
