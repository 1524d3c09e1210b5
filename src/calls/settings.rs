//! What the calls are configured with, as checked values.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::access::Policy;
use crate::base::phone::Region;
use crate::base::{Addresses, AgentId, CallId, E164, QueueId, TrunkId};
use crate::intents::matching::Priors;
use crate::intents::pin::PinGuard;
use crate::intents::token::TokenKeys;
use crate::media::command::{ToneKind, WavId};
use crate::media::spoken::Language;
use crate::sdp::Fingerprint;
use crate::sip::api::{FlowId, Reliable, Target};

use super::dialling::DialRules;
use super::moved::Next;
pub use super::pools::{PoolPlan, PoolPromise};
use super::recalling::plan::CallbackPlan;
use super::recording::RecordingPlan;
use super::supervising::SupervisionPlan;
use super::terms::{SoundTerms, TrunkTerms};

/// Where a trunk's call goes when we have nothing to add: the IVR that was there before us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// Through us, sound relayed. A user part of `{dialled}` in the URI stands for the number that the caller dialled.
    Sip { uri: String, via: Option<SocketAddr> },
    /// As above, to the gateways of a trunk, with this user part.
    Trunk { trunk: TrunkId, user: String },
    /// `302 Moved Temporarily` to this URI; no sound passes through us. `{dialled}` as above.
    Redirect { contact: String },
    /// A refusal (400 to 699) with a Reason; the carrier routes on by itself.
    Status { code: u16 },
}

/// How a trunk's calls reach an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Through us: we ring the phone and relay the sound.
    Path,
    /// 302 to the agent's extension; the call goes past us.
    Redirect(RedirectPlan),
}

/// What a trunk is told that is redirected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectPlan {
    /// How long an agent is kept for a call that we do not see any more, unless their desk says that it is over.
    pub hold: Duration,
    /// Who takes a call for which nobody is free at once; the fallback when there is none.
    pub queue: Option<String>,
    /// The intent's signed token goes with its id.
    pub token: bool,
    pub history: Option<HistoryHeader>,
}

/// The header field of a 302 that says where the call was going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryHeader {
    Diversion,
    HistoryInfo,
}

/// A trunk as the calls know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkPlan {
    pub trunk: TrunkId,
    /// The region of national numbers that come over it.
    pub region: Option<Region>,
    pub flow: FlowId,
    pub fallback: Fallback,
    /// The asserted identity of this trunk is verified by the carrier, which makes it better evidence than a bare From.
    pub trusted: bool,
    pub mode: Mode,
    /// Its side of a call may pass the caller on (REFER).
    pub refer: bool,
    pub terms: TrunkTerms,
    /// Whether provisional answers of the fallback are acknowledged (RFC 3262).
    pub reliable: Reliable,
    /// Keys travel in INFO over this trunk, not in the sound.
    pub keys_in_info: bool,
    /// In which its callers are spoken to whose own language is not known, or not spoken here.
    pub language: Option<Language>,
}

/// How an agent's phone is rung.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhonePlan {
    pub target: Target,
    pub flow: FlowId,
    /// The URI at which the PBX reaches it: where trunks that are redirected send the call.
    pub extension: Option<String>,
    pub sound: SoundTerms,
}

impl PhonePlan {
    pub fn place(&self) -> Next {
        Next { target: self.target.clone(), flow: self.flow }
    }
}

/// The sound that a waiting caller hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitingSound {
    Tone,
    /// One or several WAV files that the media workers were given.
    Wav(WavId),
}

/// What the callers of one queue hear while they wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueSound {
    /// In place of what all others hear.
    pub music: Option<WaitingSound>,
    pub messages: Option<Arc<Messages>>,
}

/// What a waiting caller is told, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Messages {
    /// From the first note of the waiting sound.
    pub first_after: Duration,
    /// From the end of one message to the next.
    pub every: Duration,
    /// One with each message, in turn.
    pub files: Vec<WavId>,
    /// The place in the queue is said, as far as it is known.
    pub place: bool,
    /// So is the expected wait.
    pub wait: bool,
    /// For those whose own language is not known, or not spoken here.
    pub language: Option<Language>,
}

/// The recorded parts of what is spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// In the order of the language's list of parts.
    pub parts_by_language: BTreeMap<Language, Vec<WavId>>,
    pub usual: Language,
}

impl Default for Spoken {
    fn default() -> Spoken {
        Spoken { parts_by_language: BTreeMap::new(), usual: Language::English }
    }
}

impl Spoken {
    pub fn has(&self, language: Language) -> bool {
        self.parts_by_language.contains_key(&language)
    }

    /// The recording of a part.
    pub fn part(&self, language: Language, part: &str) -> Option<WavId> {
        self.parts_by_language.get(&language)?.get(language.nth(part)?).copied()
    }
}

/// How callers whom nothing has recognised are asked for the code from the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinPlan {
    /// The shared numbers beside which codes are shown, and the trunks on which they are asked for.
    pub numbers: BTreeSet<E164>,
    pub trunks: BTreeSet<TrunkId>,
    pub digits: u8,
    /// Files; spoken from recorded parts where there are none.
    pub question: Arc<[WavId]>,
    /// After a wrong code.
    pub again: Arc<[WavId]>,
    /// Codes of one call.
    pub tries: u8,
    /// From the end of the question to the first key; from one key to the next.
    pub first_key: Duration,
    pub next_key: Duration,
    pub guard: PinGuard,
}

/// Times that bound the life of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// From the first byte of the INVITE to the claimed match; later is a miss (promise 1).
    pub matching: Duration,
    /// From the pop to its acknowledgement; later the phone rings all the same (promise 2).
    pub pop: Duration,
    /// How long an agent's phone may ring.
    pub ring: Duration,
    /// How long the fallback may ring.
    pub fallback_ring: Duration,
    /// A call with nobody free is answered, and given sound, after this long.
    pub answer_waiting: Duration,
    /// How long a claim outlives a call that has lost its server; renewed at half of it.
    pub claim: Duration,
    /// How long the place in the queue is kept of a customer whose call has ended before they talked.
    pub place_kept: Duration,
}

impl Default for Deadlines {
    fn default() -> Deadlines {
        Deadlines {
            matching: Duration::from_millis(150),
            pop: Duration::from_millis(400),
            ring: Duration::from_secs(20),
            fallback_ring: Duration::from_secs(60),
            answer_waiting: Duration::from_millis(200),
            claim: Duration::from_secs(120),
            place_kept: Duration::from_secs(120),
        }
    }
}

/// The media side of the calls: where sound is received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaPlan {
    /// The addresses that peers are told to send to, each of the family that it has itself.
    pub advertised: Addresses,
    /// First and last port, both included; RTP takes the even ones, RTCP the odd ones.
    pub first_port: u16,
    pub last_port: u16,
    pub waiting: WaitingSound,
    pub queues: BTreeMap<QueueId, QueueSound>,
    pub spoken: Spoken,
    /// Announcements of refusals that are sound files, by what the rule says.
    pub announcements: BTreeMap<Arc<str>, WavId>,
    /// What a caller who has been answered hears while the agent's phone rings.
    pub ringback: ToneKind,
    /// Where browsers are received.
    pub webrtc: WebRtcPlan,
}

/// The ports that browsers share, one for each media worker, and the certificate by which they know us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebRtcPlan {
    pub ports: Vec<u16>,
    pub fingerprint: Fingerprint,
}

impl WebRtcPlan {
    /// The port of the worker that has all legs of this group; `None` where there are none.
    pub fn port_of(&self, group: CallId) -> Option<u16> {
        let worker = group.0.checked_rem(self.ports.len() as u64)?;
        self.ports.get(worker as usize).copied()
    }
}

impl CallSettings {
    /// What an admin must be told that is no fault.
    pub fn warnings(&self) -> Vec<String> {
        let by_phone = self.callback.as_ref().and_then(|plan| plan.by_phone.as_ref());
        let nobody_asks = |policy: &Policy| policy.calls_back() && by_phone.is_none();
        let nobody_calls = "rules answer \"callback\", and nobody is called back: callers go to the fallback, and pages offer \
                            nothing; add [callback], with [callback.phone] for callers by telephone";
        let told = "rules answer \"callback\", and callers by telephone cannot be asked for it: they go to the fallback; \
                    say how they are asked in [callback.phone]";
        let policies = self.policies().filter(|(_, policy)| nobody_asks(policy));
        let told = if self.callback.is_some() { told } else { nobody_calls };
        policies.map(|(key, _)| format!("{key}: {told}")).collect()
    }

    /// The one that holds and its shadow, by their keys in the configuration.
    pub fn policies(&self) -> impl Iterator<Item = (&'static str, &Arc<Policy>)> {
        std::iter::once(("access", &self.policy)).chain(self.shadow.iter().map(|shadow| ("access.shadow", shadow)))
    }
}

/// All that the calls need to know.
#[derive(Clone, Debug)]
pub struct CallSettings {
    pub trunks: BTreeMap<TrunkId, Arc<TrunkPlan>>,
    pub phones: BTreeMap<AgentId, PhonePlan>,
    /// Where agents may pass calls on to.
    pub dial: DialRules,
    pub policy: Arc<Policy>,
    /// Asked about every call too, and never obeyed.
    pub shadow: Option<Arc<Policy>>,
    /// Taken when a rule lets a caller through and names no queue.
    pub default_queue: Option<QueueId>,
    pub priors: Priors,
    pub token_keys: TokenKeys,
    pub deadlines: Deadlines,
    pub media: MediaPlan,
    pub recording: Option<RecordingPlan>,
    pub supervision: SupervisionPlan,
    /// Where codes are asked for.
    pub pin: Option<PinPlan>,
    /// Nobody is called back without it.
    pub callback: Option<Arc<CallbackPlan>>,
}
