//! A desk check of the calls: events in short words go in, effects in short words come out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::access::{Answer, Conditions, Policy, PolicySetup, QueueLoad, Rule};
use crate::base::rng::Rng;
use crate::base::{
    AgentId, CallId, E164, Fence, IntentId, LegId, Level, Mono, Now, Pii, PoolId, QueueId, TrunkId, Wall,
};
use crate::desktop::{AskedState, ConsultWish, DeskCommand, DeskEvent, SuperviseWish, WrapUp};
use crate::intents::callback::{Callback, CallbackState, Miss};
use crate::intents::intent::{Customer, Intent, IntentState, LeasedNumber, Reason as IntentReason, Urgency};
use crate::intents::matching::Priors;
use crate::intents::pin::{Pin, PinGuard};
use crate::intents::requests::{Candidate, FoundBy, StoreError, StoreReply, StoreRequest};
use crate::intents::token::{TokenKey, TokenKeys};
use crate::media::command::{LostCause, MediaCommand, MediaEvent, PromptEnd, PromptId, Source, ToneKind, WavId};
use crate::media::spoken::Language;
use crate::media::{Recorded, StopCause};
use crate::routing;
use crate::sdp::Fingerprint;
use crate::sip::api::{
    Carried, Dial, FlowId, HeaderField, IncomingCall, Origin, Refer, Reliable, Replaced, SipCommand, SipEvent, Target,
    UserToUsers,
};

use super::api::{AskId, CallInput, CallOutput};
use super::browsing;
use super::dialling::{DialRule, DialRules};
use super::facts::Fact;
use super::pages::{PageInput, Standing};
use super::recalling::plan::{self, AskedByPhone, CallbackPlan};
use super::recording::{Notice, RecordingPlan};
use super::settings::{
    CallSettings, Deadlines, Fallback, MediaPlan, Messages, Mode, PhonePlan, PinPlan, QueueSound, Spoken, TrunkPlan,
    WaitingSound, WebRtcPlan,
};
use super::shadowing::Differences;
use super::supervising::SupervisionPlan;
use super::terms::{SoundTerms, TrunkTerms};
use super::{CalledBack, Calls, Confirmed};

pub const SDP: &[u8] = b"v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 7000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n";
const SDP_BROWSER: &[u8] = include_bytes!("../sdp/samples/chromium.sdp");
const SDP_OPUS: &[u8] = b"v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 7000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n";
const SDP_PCMA: &[u8] = b"v=0\r\no=- 9 1 IN IP4 192.0.2.8\r\ns=-\r\nc=IN IP4 192.0.2.8\r\nt=0 0\r\nm=audio 7100 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n";
const SDP_HOLD: &[u8] = b"v=0\r\no=- 1 2 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 7000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=sendonly\r\n";
/// The caller's leg of a call from an agent's phone.
const ANNAS: LegId = LegId(2);
const LEASED: &str = "+12015550123";
const SHARED: &str = "+12015550199";
const CALLER: &str = "+12015550177";

/// One node's calls with what they asked last.
pub struct Bench {
    calls: Calls,
    now: Now,
    said: Vec<String>,
    ask: AskId,
    far: LegId,
    /// To Anna's phone, and to Ben's.
    agent_leg: LegId,
    bens: LegId,
    /// Calls that came, and the last of them that is a customer's.
    admitted: u32,
    call: CallId,
    /// The last callback that has begun.
    recall: CallId,
    open_sound: Vec<LegId>,
    /// What is being played in between, and to whom.
    prompts: Vec<(LegId, PromptId)>,
    /// Legs whose peers the media knows.
    described: Vec<LegId>,
    pub records: Vec<super::facts::CallRecord>,
    pub dials: Vec<Dial>,
    /// What final answers and BYEs were given to carry.
    pub carried: Vec<Carried>,
}

impl Bench {
    pub fn new(fallback: Fallback) -> Bench {
        Bench::with_terms(fallback, TrunkTerms::default())
    }

    pub fn with_terms(fallback: Fallback, terms: TrunkTerms) -> Bench {
        Bench::of(settings(fallback, Mode::Path, terms, SoundTerms::default()))
    }

    pub fn with_mode(fallback: Fallback, mode: Mode) -> Bench {
        Bench::of(settings(fallback, mode, TrunkTerms::default(), SoundTerms::default()))
    }

    pub fn with_phone(sound: SoundTerms) -> Bench {
        let ivr = Fallback::Sip { uri: "sip:{dialled}@192.0.2.99".to_owned(), via: None };
        Bench::of(settings(ivr, Mode::Path, TrunkTerms::default(), sound))
    }

    /// The usual settings, with these changes.
    pub fn having(change: impl FnOnce(&mut CallSettings)) -> Bench {
        let ivr = Fallback::Sip { uri: "sip:{dialled}@192.0.2.99".to_owned(), via: None };
        let mut settings = settings(ivr, Mode::Path, TrunkTerms::default(), SoundTerms::default());
        change(&mut settings);
        Bench::of(settings)
    }

    /// Customers may be called back, in these hours of UTC.
    pub fn with_callbacks(hours: &str) -> Bench {
        Bench::having(|settings| settings.callback = Some(callbacks(hours)))
    }

    /// The store has said that no callback is open.
    pub fn with_nothing_promised(hours: &str) -> Bench {
        Bench::with_callbacks(hours).nothing_promised()
    }

    /// The same of this one.
    pub fn nothing_promised(mut self) -> Bench {
        self.calls.handle_timeout(self.now);
        self.drain();
        self.feed(CallInput::Store { ask: self.ask, result: Ok(StoreReply::Promises(Vec::new())) });
        self.said.clear();
        self
    }

    /// Callers reach a human from this level on.
    pub fn with_level(level: Level) -> Bench {
        let ivr = Fallback::Sip { uri: "sip:{dialled}@192.0.2.99".to_owned(), via: None };
        let plain = settings(ivr, Mode::Path, TrunkTerms::default(), SoundTerms::default());
        Bench::of(CallSettings { policy: policy(level).into(), ..plain })
    }

    /// These rules decide.
    pub fn with_rules(rules: Vec<Rule>) -> Bench {
        let ivr = Fallback::Sip { uri: "sip:{dialled}@192.0.2.99".to_owned(), via: None };
        let plain = settings(ivr, Mode::Path, TrunkTerms::default(), SoundTerms::default());
        Bench::of(CallSettings {
            policy: Policy::new(PolicySetup::of(rules, Answer::SelfService)).unwrap().into(),
            ..plain
        })
    }

    /// Ben supervises the queue.
    pub fn supervised() -> Bench {
        let ivr = Fallback::Sip { uri: "sip:{dialled}@192.0.2.99".to_owned(), via: None };
        let plain = settings(ivr, Mode::Path, TrunkTerms::default(), SoundTerms::default());
        let queues_by_agent = [(AgentId::new("ben"), [QueueId::new("help")].into())].into();
        Bench::of(CallSettings { supervision: SupervisionPlan { queues_by_agent, tell: true }, ..plain })
    }

    /// Whoever reaches a human is recorded, if they have agreed.
    pub fn recording() -> Bench {
        Bench::recording_with(Notice::OnPage)
    }

    pub fn recording_with(notice: Notice) -> Bench {
        let ivr = Fallback::Sip { uri: "sip:{dialled}@192.0.2.99".to_owned(), via: None };
        let plain = settings(ivr, Mode::Path, TrunkTerms::default(), SoundTerms::default());
        let rules = ["known".to_owned()].into();
        let plan = RecordingPlan { rules, notice, pause: Duration::from_secs(60) };
        Bench::of(CallSettings { recording: Some(plan), ..plain })
    }

    /// What became of the last call's recording, as its record says it afterwards.
    pub fn kept(&self) -> Option<Recorded> {
        self.calls.records().get(self.call)?.recording.as_ref()?.kept
    }

    /// Callers who are proven wait in a queue of their own.
    pub fn with_queue_for_proven() -> Bench {
        let rule = |name, level, queue| {
            let when = Conditions { min_level: Some(level), ..Conditions::default() };
            Rule::new(name, when, Answer::Human { queue, priority: 0 })
        };
        let first = Some(QueueId::new("first"));
        Bench::with_rules(vec![rule("proven", Level::Proven, first), rule("known", Level::Likely, None)])
    }

    /// Nobody is served: 603, with these words or this file.
    pub fn with_announcement(announcement: &str) -> Bench {
        let ivr = Fallback::Sip { uri: "sip:{dialled}@192.0.2.99".to_owned(), via: None };
        let plain = settings(ivr, Mode::Path, TrunkTerms::default(), SoundTerms::default());
        let refuse = Answer::Refuse { status: 603, announcement: Some(announcement.into()) };
        let setup = PolicySetup { default_words: Some("closed now".to_owned()), ..PolicySetup::of(Vec::new(), refuse) };
        Bench::of(CallSettings { policy: Policy::new(setup).unwrap().into(), ..plain })
    }

    /// A policy that would ask for this level is asked too.
    pub fn with_shadow(level: Level) -> Bench {
        let ivr = Fallback::Sip { uri: "sip:{dialled}@192.0.2.99".to_owned(), via: None };
        let plain = settings(ivr, Mode::Path, TrunkTerms::default(), SoundTerms::default());
        Bench::of(CallSettings { shadow: Some(Arc::new(policy(level))), ..plain })
    }

    /// The configuration is read again, with these changes to the usual settings.
    pub fn reload(&mut self, change: impl FnOnce(&mut CallSettings)) {
        let ivr = Fallback::Sip { uri: "sip:{dialled}@192.0.2.99".to_owned(), via: None };
        let mut settings = settings(ivr, Mode::Path, TrunkTerms::default(), SoundTerms::default());
        change(&mut settings);
        self.calls.reconfigure(Arc::new(settings));
    }

    /// The last one that is a customer's.
    pub fn call(&self) -> CallId {
        self.call
    }

    pub fn differences(&self) -> &Differences {
        self.calls.differences()
    }

    fn of(settings: CallSettings) -> Bench {
        let calls = Calls::new(Arc::new(settings), Rng::from_number(1), 7);
        let now = Now::new(Mono(1_000_000_000), Wall(1_000_000));
        Bench {
            calls,
            now,
            said: Vec::new(),
            ask: AskId(0),
            far: LegId(0),
            agent_leg: LegId(0),
            bens: LegId(0),
            admitted: 0,
            call: CallId::new(7, 1),
            recall: CallId::new(7, 1),
            open_sound: Vec::new(),
            prompts: Vec::new(),
            described: Vec::new(),
            records: Vec::new(),
            dials: Vec::new(),
            carried: Vec::new(),
        }
    }

    /// Each line of the script is `> event` or `< effects`, the effects of all events before it in their order.
    pub fn check(&mut self, script: &str) {
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let line = if line == "<" { "< " } else { line };
            match line.split_at(2) {
                ("> ", event) => self.event(event),
                ("< ", effects) => {
                    let said = std::mem::take(&mut self.said);
                    assert_eq!(said.join(", "), effects.trim(), "\nin the script:\n{script}");
                }
                _ => panic!("neither > nor <: {line}"),
            }
        }
    }

    /// What one event makes the calls say.
    pub fn after(&mut self, event: &str) -> String {
        self.event(event);
        std::mem::take(&mut self.said).join(", ")
    }

    /// The media knows where the sound of this leg goes.
    pub fn hears(&self, who: &str) -> bool {
        self.described.iter().any(|leg| self.who(*leg) == who)
    }

    /// Media closes what is open; then nothing may be left.
    pub fn assert_quiet(&mut self) {
        for leg in std::mem::take(&mut self.open_sound) {
            self.feed(CallInput::Media(MediaEvent::Closed { leg, stats: Default::default() }));
        }
        assert_eq!((self.calls.len(), self.calls.loose_ends()), (0, 0), "something is left");
    }

    fn event(&mut self, event: &str) {
        if event.starts_with("invite") || event == "page calls" {
            self.call = CallId::new(7, self.admitted + 1);
        }
        let call = self.call;
        let caller = LegId::inbound(1);
        let anna = || AgentId::new("anna");
        let sip = |event| CallInput::Sip(event);
        let store = |ask, result| CallInput::Store { ask, result };
        let words: Vec<&str> = event.split(' ').collect();
        let input = match words.as_slice() {
            ["invite"] => sip(SipEvent::Incoming { leg: caller, call: incoming(self.now.mono, SDP) }),
            ["invite", "shared"] => {
                let shared = Pii::new(SHARED.to_owned());
                let call = IncomingCall { dialled: shared.clone(), to_user: shared, ..*incoming(self.now.mono, SDP) };
                sip(SipEvent::Incoming { leg: caller, call: Box::new(call) })
            }
            ["code", "ours"] => store(self.ask, Ok(StoreReply::Found { candidates: vec![of_code(call)] })),
            // Whom the caller ID fits, and whose page shows a code.
            ["found", "coded"] => {
                let mut coded = of_code(call);
                coded.intent.customer.phones = vec![number(CALLER)];
                coded.found_by = FoundBy { caller_id: true, ..FoundBy::default() };
                store(self.ask, Ok(StoreReply::Found { candidates: vec![coded] }))
            }
            ["code", "another's"] => {
                let mut another = of_code(call);
                another.intent.id = IntentId(6);
                store(self.ask, Ok(StoreReply::Found { candidates: vec![another] }))
            }
            ["code", "taken"] => store(self.ask, Ok(StoreReply::Found { candidates: vec![of_code(CallId(99))] })),
            ["code", "wrong"] => store(self.ask, Ok(StoreReply::Found { candidates: Vec::new() })),
            ["code", "barred"] => store(self.ask, Ok(StoreReply::Barred { until: Wall(9_000_000) })),
            ["question", "cut"] => {
                let (leg, prompt) = *self.prompts.last().unwrap_or(&(LegId(0), PromptId(0)));
                CallInput::Media(MediaEvent::Played { leg, prompt, end: PromptEnd::Key })
            }
            ["invite", "marked"] => sip(SipEvent::Incoming { leg: caller, call: marked(self.now.mono) }),
            ["invite", "late"] => sip(SipEvent::Incoming { leg: caller, call: incoming(self.now.mono, b"") }),
            ["invite", "browser"] => {
                sip(SipEvent::Incoming { leg: caller, call: incoming(self.now.mono, SDP_BROWSER) })
            }
            ["invite", "browser", "strange"] => {
                sip(SipEvent::Incoming { leg: caller, call: incoming(self.now.mono, strange().as_bytes()) })
            }
            ["invite", "opus"] => sip(SipEvent::Incoming { leg: caller, call: incoming(self.now.mono, SDP_OPUS) }),
            ["invite", "asserted", rest @ ..] => {
                let mut call = incoming(self.now.mono, SDP);
                call.asserted = Some(Pii::new(format!("<sip:{CALLER}@carrier.example.com>")));
                call.diverted_from = Some(Pii::new("+12015550188".to_owned()));
                call.is_withheld = rest == ["withheld"];
                sip(SipEvent::Incoming { leg: caller, call })
            }
            // The carrier vouches for the number.
            ["invite", "vouched", rest @ ..] => {
                let mut call = incoming(self.now.mono, SDP);
                call.asserted_user = Some(Pii::new(CALLER.to_owned()));
                call.is_withheld = rest == ["withheld"];
                sip(SipEvent::Incoming { leg: caller, call })
            }
            ["invite", "from", "the", "host", host] => {
                let mut call = incoming(self.now.mono, SDP);
                call.from_host = (*host).to_owned();
                sip(SipEvent::Incoming { leg: caller, call })
            }
            ["invite", "withheld"] => {
                let mut call = incoming(self.now.mono, SDP);
                call.is_withheld = true;
                sip(SipEvent::Incoming { leg: caller, call })
            }
            ["page", "calls"] => sip(SipEvent::Incoming { leg: caller, call: from_page(self.now.mono, INTENT) }),
            ["page", "calls", "again"] => {
                sip(SipEvent::Incoming { leg: LegId::inbound(2), call: from_page(self.now.mono, INTENT) })
            }
            [who @ ("caller" | "far"), "played"] => {
                let leg = if *who == "caller" { caller } else { self.far };
                let prompt = self.prompts.iter().rev().find(|(of, _)| *of == leg).expect("a prompt").1;
                CallInput::Media(MediaEvent::Played { leg, prompt, end: PromptEnd::Finished })
            }
            ["played"] => {
                let (leg, prompt) = *self.prompts.last().unwrap_or(&(LegId(0), PromptId(0)));
                CallInput::Media(MediaEvent::Played { leg, prompt, end: PromptEnd::Finished })
            }
            ["found", "page"] => {
                let mut candidate = ours(call);
                candidate.found_by = FoundBy { token: true, ..FoundBy::default() };
                store(self.ask, Ok(StoreReply::Found { candidates: vec![candidate] }))
            }
            ["far", "away"] => sip(SipEvent::Away { leg: self.far }),
            ["far", "back"] => sip(SipEvent::Back { leg: self.far }),
            ["caller", "away"] => sip(SipEvent::Away { leg: caller }),
            ["caller", "back"] => sip(SipEvent::Back { leg: caller }),
            ["desk", "opened", agent] => sip(SipEvent::DeskOpened { agent: AgentId::new(agent) }),
            [agent, "replaces", which] => {
                let old = if *which == "far" { self.far } else { caller };
                let call = IncomingCall { replaces: Some(old), ..*from_phone(self.now.mono, agent, "sip:x@192.0.2.1") };
                sip(SipEvent::Incoming { leg: ANNAS, call: Box::new(call) })
            }
            ["anna", "replaces", "far", "late"] => {
                let late = from_phone(self.now.mono, "anna", "sip:x@192.0.2.1");
                let call = IncomingCall { replaces: Some(self.far), offer: Bytes::new(), ..*late };
                sip(SipEvent::Incoming { leg: ANNAS, call: Box::new(call) })
            }
            ["anna", "acks", body] => sip(SipEvent::Acknowledged { leg: ANNAS, answer: described(body) }),
            ["invite", "nonsense"] => sip(SipEvent::Incoming { leg: caller, call: incoming(self.now.mono, b"x") }),
            // The only candidate, and ours.
            ["found", "ours"] => store(self.ask, Ok(StoreReply::Found { candidates: vec![ours(call)] })),
            ["found", "ours", "spanish"] => {
                let mut spanish = ours(call);
                spanish.intent.language = "es-MX".to_owned();
                store(self.ask, Ok(StoreReply::Found { candidates: vec![spanish] }))
            }
            ["found", "writing", words @ ..] => {
                let mut wordy = ours(call);
                wordy.intent.words = Pii::new(words.join(" "));
                store(self.ask, Ok(StoreReply::Found { candidates: vec![wordy] }))
            }
            ["load", queue, free, waiting] => {
                let (queue, expected_wait) = (QueueId::new(queue), None);
                let (free, waiting) = (free.parse().unwrap(), waiting.parse().unwrap());
                return self.calls.know_loads(vec![QueueLoad { queue, free, waiting, expected_wait }]);
            }
            ["found", "agreed"] => {
                let mut candidate = ours(call);
                candidate.intent.recording_consent = true;
                store(self.ask, Ok(StoreReply::Found { candidates: vec![candidate] }))
            }
            [agent, "asks", to] => {
                let wish = ConsultWish::Ask { to: (*to).to_owned() };
                CallInput::Desk(DeskEvent::ConsultAsked { agent: AgentId::new(agent), call, wish })
            }
            ["anna", act @ ("swaps" | "joins-them" | "completes" | "cancels")] => {
                let wish = match *act {
                    "swaps" => ConsultWish::Swap,
                    "joins-them" => ConsultWish::Join,
                    "completes" => ConsultWish::Complete,
                    _ => ConsultWish::Cancel,
                };
                CallInput::Desk(DeskEvent::ConsultAsked { agent: anna(), call, wish })
            }
            [agent, "wants", wish] => {
                let (agent, wish) = (AgentId::new(agent), SuperviseWish::parse(wish).expect("a wish"));
                CallInput::Desk(DeskEvent::SuperviseAsked { agent, call, wish })
            }
            [agent, "watches"] => CallInput::Desk(DeskEvent::CallsAsked { agent: AgentId::new(agent) }),
            ["ben's", "phone", "answers"] => {
                sip(SipEvent::Answered { leg: self.bens, answer: Bytes::from_static(SDP) })
            }
            ["ben's", "phone", "bye"] => sip(ended(self.bens)),
            ["ben's", "phone", "refuses"] => {
                sip(SipEvent::Failed { leg: self.bens, status: 486, reason: None, contacts: Vec::new() })
            }
            ["agent", "answers", "opus"] => {
                sip(SipEvent::Answered { leg: self.agent_leg, answer: Bytes::from_static(SDP_OPUS) })
            }
            ["agent's", "phone", "answers"] => {
                sip(SipEvent::Answered { leg: self.agent_leg, answer: Bytes::from_static(SDP) })
            }
            [agent, wish @ ("pauses" | "resumes")] => {
                let (agent, paused) = (AgentId::new(agent), *wish == "pauses");
                CallInput::Desk(DeskEvent::RecordingAsked { agent, call, paused })
            }
            ["kept"] => {
                let recorded = Recorded { length: Duration::from_secs(7), ..Recorded::default() };
                CallInput::Media(MediaEvent::Recorded { call, recorded })
            }
            ["disk", "full"] => {
                let recorded = Recorded { stopped: Some(StopCause::File), ..Recorded::default() };
                CallInput::Media(MediaEvent::Recorded { call, recorded })
            }
            ["found", "ours", "doubtful"] => {
                let mut nothing_fits = ours(call);
                nothing_fits.intent.customer.phones.clear();
                nothing_fits.intent.number = None;
                store(self.ask, Ok(StoreReply::Found { candidates: vec![nothing_fits] }))
            }
            // Nothing but a caller ID, which proves nothing.
            ["found", "likely"] => store(self.ask, Ok(StoreReply::Found { candidates: vec![likely(5)] })),
            ["found", "two"] => store(self.ask, Ok(StoreReply::Found { candidates: vec![likely(5), likely(6)] })),
            ["rival", "claimed"] => store(self.ask, Ok(StoreReply::Claimed(Box::new(likely(6).intent)))),
            ["page", "opens"] => CallInput::Page(PageInput::Opened { intent: IntentId(5) }),
            ["rival", "opens"] => CallInput::Page(PageInput::Opened { intent: IntentId(6) }),
            ["page", "closes"] => CallInput::Page(PageInput::Closed { intent: IntentId(5) }),
            ["promise"] => return self.promise(promised(self.now.wall, 0, CallbackState::Waiting)),
            // The answer to an earlier wish, for another number, is there only now.
            ["promise", "of", "before"] => {
                let mut intent = promised(self.now.wall - Duration::from_secs(1), 0, CallbackState::Waiting);
                intent.callback.as_mut().unwrap().number = number("+12015550188");
                return self.promise(intent);
            }
            ["takes", "back"] => {
                let done = self.calls.take_back(INTENT, self.now);
                self.drain();
                return self.said.push(if done { "taken back".to_owned() } else { "too late".to_owned() });
            }
            ["recalled", tries] => {
                let intent = promised(self.now.wall, tries.parse().unwrap(), CallbackState::Calling { call });
                store(self.ask, Ok(StoreReply::Claimed(Box::new(intent))))
            }
            // What a call of the customer's has led to.
            ["its", "callback"] => return self.look_at_recall(),
            ["promised"] => {
                let intent = promised(self.now.wall, 0, CallbackState::Waiting);
                store(self.ask, Ok(StoreReply::Promised(Box::new(intent))))
            }
            // An answer to the question before the last.
            ["promised", "before"] => {
                let intent = promised(self.now.wall, 0, CallbackState::Waiting);
                store(AskId(self.ask.0 - 1), Ok(StoreReply::Promised(Box::new(intent))))
            }
            ["registered", "before"] => {
                store(AskId(self.ask.0 - 1), Ok(StoreReply::Registered(Box::new(likely(7).intent))))
            }
            ["registered"] => store(self.ask, Ok(StoreReply::Registered(Box::new(likely(7).intent)))),
            ["too", "many"] => store(self.ask, Ok(StoreReply::TooMany)),
            ["found", "recalled"] => {
                let candidate = ours(self.recall);
                store(self.ask, Ok(StoreReply::Found { candidates: vec![candidate] }))
            }
            ["taken", "by", "recall"] => store(self.ask, Ok(StoreReply::Taken { by: self.recall })),
            ["recalled", "in", "Tokyo"] => {
                let mut intent = promised(self.now.wall, 1, CallbackState::Calling { call });
                intent.callback.as_mut().unwrap().zone = Some("Asia/Tokyo".to_owned());
                store(self.ask, Ok(StoreReply::Claimed(Box::new(intent))))
            }
            ["gone"] => store(self.ask, Ok(StoreReply::Gone)),
            ["promises", "waiting"] => {
                let intent = promised(self.now.wall, 0, CallbackState::Waiting);
                self.look_at_recall();
                store(self.ask, Ok(StoreReply::Promises(vec![intent])))
            }
            ["promises", "waiting", "by", rule] => {
                let mut intent = promised(self.now.wall, 0, CallbackState::Waiting);
                intent.callback.as_mut().unwrap().rule = Some((*rule).to_owned());
                self.look_at_recall();
                store(self.ask, Ok(StoreReply::Promises(vec![intent])))
            }
            ["promises", "tried", missed] => {
                let mut intent = promised(self.now.wall, 1, CallbackState::Waiting);
                let miss = Miss::ALL.into_iter().find(|miss| miss.as_str() == *missed);
                intent.callback.as_mut().unwrap().missed = miss.expect("a miss");
                self.look_at_recall();
                store(self.ask, Ok(StoreReply::Promises(vec![intent])))
            }
            // A call of a process that has died had the intent, and has it for this long.
            ["promises", "claimed", ms] => {
                let until = self.now.wall + Duration::from_millis(ms.parse().unwrap());
                let mut intent = promised(self.now.wall, 0, CallbackState::Waiting);
                intent.state = IntentState::Claimed { call: CallId::new(6, 1), until };
                self.look_at_recall();
                store(self.ask, Ok(StoreReply::Promises(vec![intent])))
            }
            ["promises", "lost"] => {
                let intent = promised(self.now.wall, 1, CallbackState::Calling { call: CallId(99) });
                store(self.ask, Ok(StoreReply::Promises(vec![intent])))
            }
            ["not", "reached"] => CallInput::Desk(DeskEvent::NotReached { agent: anna(), call }),
            ["page", "confirms"] => return self.confirm(IntentId(5)),
            ["rival", "confirms"] => return self.confirm(IntentId(6)),
            ["waits", "at", place] => {
                let position: usize = place.parse().unwrap();
                let expected_wait = Some(Duration::from_secs(30 * position as u64));
                CallInput::Routing(routing::Output::Position {
                    call,
                    queue: QueueId::new("help"),
                    position,
                    expected_wait,
                })
            }
            ["found"] => store(self.ask, Ok(StoreReply::Found { candidates: vec![candidate()] })),
            ["found", "nobody"] => store(self.ask, Ok(StoreReply::Found { candidates: Vec::new() })),
            ["claimed"] => store(self.ask, Ok(StoreReply::Claimed(Box::new(candidate().intent)))),
            ["taken"] => store(self.ask, Ok(StoreReply::Taken { by: CallId(99) })),
            ["finished"] => store(self.ask, Ok(StoreReply::Finished)),
            ["store", "down"] => store(self.ask, Err(StoreError::Unavailable)),
            ["wait", ms] => return self.wait(ms.parse().unwrap()),
            ["offer", fence] => CallInput::Routing(routing::Output::Offer {
                call,
                agent: anna(),
                fence: Fence(fence.parse().unwrap()),
                expires: self.now.mono + Duration::from_secs(25),
                passed_over: Vec::new(),
                others: routing::PassedOver::default(),
            }),
            ["refer", to] => {
                let refer = Refer { to: Pii::new((*to).to_owned()), replaces: None, referred_by: None };
                sip(SipEvent::Refer { leg: self.agent_leg, refer: Box::new(refer) })
            }
            ["caller", "refers"] => {
                let refer = Refer { to: Pii::new("sip:ben@x".to_owned()), replaces: None, referred_by: None };
                sip(SipEvent::Refer { leg: caller, refer: Box::new(refer) })
            }
            // Anna's own call, from her phone.
            ["anna", "calls", to] => {
                sip(SipEvent::Incoming { leg: ANNAS, call: from_phone(self.now.mono, "anna", to) })
            }
            ["ben", "calls", to] => sip(SipEvent::Incoming { leg: ANNAS, call: from_phone(self.now.mono, "ben", to) }),
            ["anna", "bye"] => sip(ended(ANNAS)),
            ["anna", "acks"] => sip(SipEvent::Acknowledged { leg: ANNAS, answer: Bytes::new() }),
            ["joins", which] => {
                let named = if *which == "own" { Replaced::Leg(ANNAS) } else { Replaced::Unknown };
                let to = Pii::new("sip:ben@192.0.2.1".to_owned());
                let refer = Refer { to, replaces: Some(named), referred_by: None };
                sip(SipEvent::Refer { leg: self.agent_leg, refer: Box::new(refer) })
            }
            ["far", "unholds"] => sip(SipEvent::Reinvite { leg: self.far, offer: Bytes::from_static(SDP) }),
            ["far", "reinvites"] => sip(SipEvent::Reinvite { leg: self.far, offer: Bytes::from_static(SDP_HOLD) }),
            ["far", "refers"] => {
                let refer = Refer { to: Pii::new("sip:ben@x".to_owned()), replaces: None, referred_by: None };
                sip(SipEvent::Refer { leg: self.far, refer: Box::new(refer) })
            }
            ["leave"] => CallInput::Leave,
            ["agent", "bye"] => sip(ended(self.agent_leg)),
            ["ben", "free", fence] => CallInput::Routing(routing::Output::Offer {
                call,
                agent: AgentId::new("ben"),
                fence: Fence(fence.parse().unwrap()),
                expires: self.now.mono + Duration::from_secs(25),
                passed_over: Vec::new(),
                others: routing::PassedOver::default(),
            }),
            ["ben", "joins"] => {
                sip(SipEvent::ReinviteAnswered { leg: self.bens, status: 200, body: Bytes::from_static(SDP) })
            }
            ["ben", why] => CallInput::Routing(routing::Output::NotFree {
                call,
                agent: AgentId::new("ben"),
                why: if *why == "offline" { routing::Why::Offline } else { routing::Why::Busy },
            }),
            ["expired", fence] => {
                let fence = Fence(fence.parse().unwrap());
                CallInput::Routing(routing::Output::GrantExpired { call, agent: anna(), fence })
            }
            ["nobody-can-serve"] => CallInput::Routing(routing::Output::NobodyCanServe { call }),
            ["drawn", fence] => {
                let fence = Fence(fence.parse().unwrap());
                CallInput::Desk(DeskEvent::PopAcknowledged { agent: anna(), call, fence })
            }
            ["undeliverable"] => CallInput::Desk(DeskEvent::PopUndeliverable {
                agent: anna(),
                call,
                fence: Fence(1),
                cause: crate::desktop::Undeliverable::NoSession,
            }),
            ["written"] => {
                let (outcome, summary) = ("solved".to_owned(), Pii::default());
                let wrap_up = WrapUp { call, outcome, summary, article_failed: None };
                CallInput::Desk(DeskEvent::WrapUpWritten { agent: anna(), wrap_up, is_late: false })
            }
            ["available"] => CallInput::Desk(DeskEvent::StateAsked { agent: anna(), state: AskedState::Available }),
            ["declined"] => CallInput::Desk(DeskEvent::Declined { agent: anna(), call }),
            ["far", "rings"] => sip(SipEvent::Progress { leg: self.far, status: 180, body: Bytes::new() }),
            ["fork", "early"] => {
                sip(SipEvent::Progress { leg: self.far, status: 183, body: Bytes::from_static(SDP_PCMA) })
            }
            ["fork", "answers"] => sip(SipEvent::Answered { leg: self.far, answer: Bytes::from_static(SDP_PCMA) }),
            ["far", "early"] => sip(SipEvent::Progress { leg: self.far, status: 183, body: Bytes::from_static(SDP) }),
            ["far", "answers"] => sip(SipEvent::Answered { leg: self.far, answer: Bytes::from_static(SDP) }),
            ["far", "browser"] => sip(SipEvent::Answered { leg: self.far, answer: described("browser") }),
            ["caller", "lost"] => CallInput::Media(MediaEvent::Lost { leg: caller, cause: LostCause::NoCheck }),
            ["far", "unheard"] => CallInput::Media(MediaEvent::Lost { leg: self.far, cause: LostCause::NoCheck }),
            ["agent", "away"] => sip(SipEvent::Away { leg: self.agent_leg }),
            ["agent", "unheard"] => {
                CallInput::Media(MediaEvent::Lost { leg: self.agent_leg, cause: LostCause::NoCheck })
            }
            ["far", "lost"] => CallInput::Media(MediaEvent::Lost { leg: self.far, cause: LostCause::Consent }),
            ["far", "nonsense"] => sip(SipEvent::Answered { leg: self.far, answer: Bytes::from_static(b"x") }),
            ["far", "ticket"] => sip(SipEvent::Carried { leg: self.far, carried: data(&["X-Ticket"]) }),
            ["caller", "data"] => sip(SipEvent::Carried { leg: caller, carried: data(&[]) }),
            ["far", "data"] => sip(SipEvent::Carried { leg: self.far, carried: data(&[]) }),
            ["far", "bye"] => sip(ended(self.far)),
            ["far", status] => sip(SipEvent::Failed {
                leg: self.far,
                status: status.parse().unwrap(),
                reason: None,
                contacts: Vec::new(),
            }),
            ["far", "moved", contacts @ ..] => sip(moved(self.far, contacts)),
            ["caller", "cancels"] => sip(SipEvent::Cancelled { leg: caller, reason: None }),
            ["caller", "bye"] => sip(ended(caller)),
            ["caller", "acks"] => sip(SipEvent::Acknowledged { leg: caller, answer: Bytes::new() }),
            ["caller", "acks", body] => sip(SipEvent::Acknowledged { leg: caller, answer: described(body) }),
            ["caller", "pracks", body] => sip(SipEvent::Pracked { leg: caller, answer: described(body) }),
            ["caller", "refreshes"] => sip(SipEvent::Reinvite { leg: caller, offer: Bytes::from_static(SDP) }),
            ["caller", "asks"] => sip(SipEvent::Reinvite { leg: caller, offer: Bytes::new() }),
            ["caller", "presses", digit] => {
                CallInput::Media(MediaEvent::Dtmf { leg: caller, digit: key(digit), duration_ms: 100 })
            }
            ["caller", "tells", digit] => sip(SipEvent::Key { leg: caller, digit: key(digit), duration_ms: 100 }),
            ["far", "tells", digit] => sip(SipEvent::Key { leg: self.far, digit: key(digit), duration_ms: 100 }),
            ["caller", "withdraws"] => sip(SipEvent::ReinviteWithdrawn { leg: caller }),
            ["caller", "reinvites"] => sip(SipEvent::Reinvite { leg: caller, offer: Bytes::from_static(SDP_HOLD) }),
            ["reinvite", "lost"] => sip(SipEvent::ReinviteAnswered { leg: self.far, status: 503, body: Bytes::new() }),
            ["reinvite", "answered"] => {
                sip(SipEvent::ReinviteAnswered { leg: self.far, status: 200, body: Bytes::from_static(SDP) })
            }
            ["caller", "agrees"] => {
                sip(SipEvent::ReinviteAnswered { leg: caller, status: 200, body: Bytes::from_static(SDP) })
            }
            ["caller", "accepts"] => {
                sip(SipEvent::ReinviteAnswered { leg: caller, status: 200, body: Bytes::from_static(SDP_PCMA) })
            }
            ["reinvite", "refused"] => {
                sip(SipEvent::ReinviteAnswered { leg: self.far, status: 488, body: Bytes::new() })
            }
            ["port", "taken"] => {
                CallInput::Media(MediaEvent::Failed { leg: caller, cause: crate::media::FailCause::PortInUse })
            }
            ["media", "full"] => {
                CallInput::Media(MediaEvent::Failed { leg: caller, cause: crate::media::FailCause::Overload })
            }
            ["far", "port", "taken"] => {
                CallInput::Media(MediaEvent::Failed { leg: self.far, cause: crate::media::FailCause::PortInUse })
            }
            ["first", "port", "taken"] => {
                let leg = *self.open_sound.first().expect("an open leg");
                CallInput::Media(MediaEvent::Failed { leg, cause: crate::media::FailCause::PortInUse })
            }
            ["newest", "port", "taken"] => {
                let leg = *self.open_sound.last().expect("an open leg");
                CallInput::Media(MediaEvent::Failed { leg, cause: crate::media::FailCause::PortInUse })
            }
            ["silent", "caller"] => {
                CallInput::Media(MediaEvent::Silent { leg: caller, lasted: Duration::from_secs(30) })
            }
            _ => panic!("no such event: {event}"),
        };
        self.feed(input);
    }

    fn promise(&mut self, intent: Intent) {
        let done = self.calls.call_back(Box::new(intent), self.now);
        self.drain();
        if let CalledBack::Waiting { call, .. } = &done {
            (self.call, self.recall) = (*call, *call);
            self.admitted = call.0 as u32;
        }
        self.said.push(match done {
            CalledBack::Waiting { .. } => "promised".to_owned(),
            other => format!("{other:?}").to_lowercase(),
        });
    }

    /// What happens from now on is about the callback that has just begun.
    fn look_at_recall(&mut self) {
        self.admitted += 1;
        self.call = CallId::new(7, self.admitted);
        self.recall = self.call;
    }

    fn confirm(&mut self, intent: IntentId) {
        let confirmed = self.calls.confirm(intent, self.now);
        self.drain();
        self.said.push(match confirmed {
            Confirmed::Raised { level, .. } => format!("raised {level}"),
            Confirmed::Claiming { .. } => "claiming".to_owned(),
            Confirmed::NoCall => "no call".to_owned(),
        });
    }

    /// The place of the newest call that waits.
    pub fn waits_since(&self) -> Option<Mono> {
        Some(self.calls.in_progress().next()?.queued.as_ref()?.since)
    }

    /// The store takes whatever is owed to it.
    pub fn settle_all(&mut self) {
        for ask in 0..=self.ask.0 {
            self.feed(CallInput::Store { ask: AskId(ask), result: Ok(StoreReply::Finished) });
        }
    }

    fn wait(&mut self, ms: u64) {
        let until = self.now.mono + Duration::from_millis(ms);
        while let Some((at, _)) = self.calls.poll_timeout().filter(|(at, _)| *at <= until) {
            self.now.wall = self.now.wall + at.since(self.now.mono);
            self.now.mono = at;
            self.calls.handle_timeout(self.now);
            self.drain();
        }
        self.now.wall = self.now.wall + until.since(self.now.mono);
        self.now.mono = until;
    }

    fn feed(&mut self, input: CallInput) {
        self.admitted += u32::from(matches!(input, CallInput::Sip(SipEvent::Incoming { .. })));
        self.calls.handle(input, self.now);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.calls.poll_output() {
            let words = self.words(output);
            self.said.extend(words);
        }
    }

    fn words(&mut self, output: CallOutput) -> Option<String> {
        match output {
            CallOutput::Sip(command) => Some(self.sip_words(command)),
            CallOutput::Ask { ask, request, .. } => {
                self.ask = ask;
                Some(ask_words(&request))
            }
            CallOutput::Media(command) => self.media_words(command),
            CallOutput::Routing(input) => Some(routing_words(&input)),
            CallOutput::Desk(command) => Some(desk_words(&command)),
            CallOutput::Fact(fact) => self.fact_words(fact),
            CallOutput::Page { intent, standing } => Some(page_words(intent, standing.as_deref())),
        }
    }

    fn sip_words(&mut self, command: SipCommand) -> String {
        match command {
            SipCommand::Progress { status, body, .. } if body.is_empty() => format!("{status}"),
            SipCommand::Progress { status, .. } => format!("{status} with sound"),
            SipCommand::Answer { .. } => "200".to_owned(),
            SipCommand::Refuse { status, contact, reason, retry_after, .. } => {
                let to = contact.map(|contact| format!(" to {contact}")).unwrap_or_default();
                let again = retry_after.map(|after| format!(" again in {} s", after.as_secs())).unwrap_or_default();
                format!("{status}{to}{again} ({})", reason.map(|reason| reason.text).unwrap_or_default())
            }
            SipCommand::Carry { leg, carried } => {
                self.carried.push(*carried);
                format!("carry to {}", self.who(leg))
            }
            SipCommand::Replace { leg, dial, .. } => {
                format!("replacing {}", self.sip_words(SipCommand::Dial { leg, dial }))
            }
            SipCommand::Dial { leg, dial } => {
                self.far = leg;
                match &dial.target {
                    Target::Uri { uri, .. } if uri.starts_with("sip:anna@") => self.agent_leg = leg,
                    Target::Registered(_) => self.bens = leg,
                    Target::Uri { .. } | Target::Trunk { .. } => {}
                }
                self.dials.push((*dial).clone());
                let from = dial.from_user.expose().as_str();
                let hidden = if from == "anonymous" { " for somebody" } else { "" };
                let to = match dial.target {
                    Target::Uri { uri, .. } => format!("dial {uri}"),
                    Target::Registered(agent) => format!("dial {agent}"),
                    Target::Trunk { trunk, user } => format!("dial {user} through {trunk}"),
                };
                to + hidden
            }
            SipCommand::Hangup { leg, .. } => format!("hang up {}", self.who(leg)),
            SipCommand::Reinvite { leg, .. } => format!("reinvite {}", self.who(leg)),
            SipCommand::Key { leg, digit, .. } => format!("info {digit} to {}", self.who(leg)),
            SipCommand::CancelReinvite { leg } => format!("cancel reinvite {}", self.who(leg)),
            SipCommand::AnswerReinvite { leg, status, .. } => format!("reinvite of {} {status}", self.who(leg)),
            SipCommand::AnswerRefer { leg, status } => format!("refer of {} {status}", self.who(leg)),
            SipCommand::Notify { status, .. } => format!("notify {status}"),
            SipCommand::Acknowledge { leg, .. } => format!("ack {}", self.who(leg)),
        }
    }

    fn who(&self, leg: LegId) -> &'static str {
        match leg {
            ANNAS => "anna",
            leg if leg.is_outbound() => "far",
            _ => "caller",
        }
    }

    fn media_words(&mut self, command: MediaCommand) -> Option<String> {
        match command {
            MediaCommand::Open { leg, .. } | MediaCommand::OpenShared { leg, .. } => {
                self.open_sound.push(leg);
                None
            }
            MediaCommand::Remote { leg, .. } => {
                self.described.push(leg);
                None
            }
            MediaCommand::Key { leg, digit, .. } => Some(format!("press {digit} to {}", self.who(leg))),
            MediaCommand::Play { leg, prompt, items, until_key } => {
                self.prompts.push((leg, prompt));
                let items: Vec<String> = items.iter().map(|item| part_name(*item)).collect();
                let keys = if until_key { " until a key" } else { "" };
                Some(format!("{} is played {}{keys}", self.who(leg), items.join(" ")))
            }
            MediaCommand::Listen { tones, .. } => Some(if tones { "listen" } else { "listen no more" }.to_owned()),
            MediaCommand::Close { .. } => None,
            MediaCommand::Record { leg, track, .. } => {
                Some(format!("{} {}", self.who(leg), if track.is_some() { "recorded" } else { "unrecorded" }))
            }
            MediaCommand::EndRecording { .. } => Some("recording ends".to_owned()),
            MediaCommand::Source { leg, source } => {
                let sound = match source {
                    Source::Silence => "silence",
                    Source::Leg(_) => "the other",
                    Source::Mix(..) => "two",
                    Source::Tone(ToneKind::Waiting) => "waiting",
                    Source::Tone(_) => "ringback",
                    Source::Wav(_) => "wav",
                };
                Some(format!("{} hears {sound}", self.who(leg)))
            }
        }
    }

    fn fact_words(&mut self, fact: Fact) -> Option<String> {
        match fact {
            Fact::CallEnded(record) => {
                let outcome = record.outcome.map_or("?", |outcome| outcome.as_str());
                let by = record.ended_by.map_or("?", |by| by.as_str());
                self.records.push(*record);
                Some(format!("ended {outcome} by {by}"))
            }
            Fact::PopMissed { cause, .. } => Some(format!("pop missed: {}", cause.as_str())),
            Fact::FallingBack { cause, .. } => Some(format!("fallback: {}", cause.as_str())),
            Fact::TrunkFull { bound, reached, .. } => {
                Some(format!("trunk full: {} {}", bound.as_str(), reached.as_str()))
            }
            Fact::Recording { news, .. } => Some(format!("recording {}", news.cause().unwrap_or(news.as_str()))),
            Fact::Supervised { act, .. } => Some(act.map_or("left", |act| act.as_str()).to_owned()),
            Fact::Confirmed { .. } => Some("confirmed".to_owned()),
            Fact::Matched { level, .. } => Some(format!("matched {level}")),
            Fact::Shadowed { live, shadow, .. } => Some(format!("shadow {}/{}", live.as_str(), shadow.as_str())),
            _ => None,
        }
    }
}

fn key(word: &str) -> char {
    word.chars().next().expect("a key")
}

/// A browser's offer whose only codec is none of ours.
fn strange() -> String {
    let sdp = String::from_utf8_lossy(SDP_BROWSER);
    let line = |line: &str| match line.strip_prefix("m=audio ") {
        Some(rest) => format!(
            "m=audio {} UDP/TLS/RTP/SAVPF 97\r\na=rtpmap:97 iLBC/8000\r\n",
            rest.split(' ').next().unwrap_or("9")
        ),
        None => format!("{line}\r\n"),
    };
    let of_codecs = |line: &&str| ["a=rtpmap", "a=fmtp", "a=rtcp-fb"].iter().any(|start| line.starts_with(start));
    sdp.lines().filter(|line| !of_codecs(line)).map(line).collect()
}

/// What a caller answers to an offer of ours.
fn described(word: &str) -> Bytes {
    match word {
        "sound" => Bytes::from_static(SDP),
        "browser" => Bytes::from(String::from_utf8_lossy(SDP_BROWSER).replace("actpass", "active")),
        "nonsense" => Bytes::from_static(b"x"),
        other => panic!("no description {other}"),
    }
}

fn ended(leg: LegId) -> SipEvent {
    SipEvent::Ended { leg, cause: crate::sip::api::EndCause::Bye, reason: None }
}

fn ask_words(request: &StoreRequest) -> String {
    match request {
        StoreRequest::TryPin { pin, tried, .. } => format!("try {} {}", pin.expose(), tried.nth),
        StoreRequest::Find { claim: None, .. } => "look".to_owned(),
        StoreRequest::Find { dialled: None, caller: None, token: Some(INTENT), .. } => "find by token".to_owned(),
        StoreRequest::Promise { by: None, .. } => "promise for nobody".to_owned(),
        StoreRequest::Recall { dialled: 1.., .. } => "recall again".to_owned(),
        StoreRequest::Finish { used: true, .. } => "finish used".to_owned(),
        StoreRequest::Finish { used: false, missed: Some(Miss::Busy), .. } => "finish open busy".to_owned(),
        StoreRequest::Finish { used: false, missed: Some(Miss::NotReached), .. } => {
            "finish open not reached".to_owned()
        }
        StoreRequest::Finish { used: false, missed: Some(Miss::Otherwise) | None, .. } => "finish open".to_owned(),
        other => other.name().to_owned(),
    }
}

fn routing_words(input: &routing::Input) -> String {
    match input {
        routing::Input::Enqueue { queue, extra, since, .. } => {
            let skills: String = extra.iter().map(|need| format!(" with {} {}", need.skill, need.min_level)).collect();
            format!("enqueue {queue}{skills}{}", if since.is_some() { " as before" } else { "" })
        }
        routing::Input::Grant { agent, .. } => format!("is {agent} free"),
        routing::Input::Engaged { agent, .. } => format!("{agent} engaged"),
        routing::Input::Disengaged { agent, .. } => format!("{agent} released"),
        routing::Input::Leave { .. } => "leave".to_owned(),
        routing::Input::OfferAccepted { fence, .. } => format!("accepted {}", fence.0),
        routing::Input::OfferFailed { fence, why, .. } => format!("failed {} {}", fence.0, why.as_str()),
        routing::Input::WrapUpDone { agent } => format!("{agent} done"),
        routing::Input::CallEnded { fence, .. } => format!("call ended {}", fence.0),
        other => format!("{other:?}"),
    }
}

fn desk_words(command: &DeskCommand) -> String {
    match command {
        DeskCommand::Show { agent, pop } => format!("show {agent} {}", pop.level),
        DeskCommand::Update { agent, pop } => format!("update {agent} {}", pop.level),
        DeskCommand::Withdraw { agent, .. } => format!("withdraw {agent}"),
        DeskCommand::CallPhase { agent, phase, .. } => format!("{agent} {}", phase.as_str()),
        DeskCommand::Consultation { agent, to, state, why, .. } => {
            let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
            format!("{agent} asks {to}: {}{why}", state.as_str())
        }
        DeskCommand::Supervision { agent, state, why, .. } if why.is_empty() => format!("{agent} {}", state.as_str()),
        DeskCommand::Supervision { agent, state, why, .. } => format!("{agent} {} ({why})", state.as_str()),
        DeskCommand::Calls { agent, calls } => format!("{agent} sees {}", calls.len()),
        DeskCommand::Recording { agent, state, .. } => format!("{agent} recording {}", state.as_str()),
        DeskCommand::WrapUpDue { agent, .. } => format!("wrap-up {agent}"),
        DeskCommand::State { agent, state, .. } => format!("{agent} is {}", state.as_str()),
    }
}

fn page_words(intent: IntentId, standing: Option<&Standing>) -> String {
    let who = if intent == IntentId(5) { "page" } else { "rival" };
    let Some(standing) = standing else { return format!("{who} none") };
    let mut words = format!("{who} {} {}", standing.state.as_str(), standing.level);
    if let (Some(place), Some(wait)) = (standing.position, standing.expected_wait) {
        words += &format!(" place {place} in {} s", wait.as_secs());
    }
    words += &standing.agent.as_ref().map(|agent| format!(" {agent}")).unwrap_or_default();
    words += if standing.talked { " talked" } else { "" };
    words + if standing.case.is_some() { " with a case" } else { "" }
}

fn number(text: &str) -> E164 {
    E164::parse(text, None).unwrap()
}

fn incoming(received: Mono, offer: &[u8]) -> Box<IncomingCall> {
    let pii = |text: &str| Pii::new(text.to_owned());
    Box::new(IncomingCall {
        origin: Origin::Trunk(TrunkId::new("carrier")),
        source: Pii::new(([192, 0, 2, 7], 5060).into()),
        is_tls: false,
        received,
        request_uri: pii("sip:+12015550123@192.0.2.1"),
        dialled: pii(LEASED),
        to_user: pii(LEASED),
        from_user: pii(CALLER),
        from_host: "192.0.2.7".to_owned(),
        from_display: pii(""),
        asserted_user: None,
        asserted: None,
        diverted_from: None,
        is_withheld: false,
        user_to_user: None,
        user_to_users: UserToUsers::default(),
        headers: Vec::new(),
        call_id: pii("c1"),
        offer: Bytes::copy_from_slice(offer),
        replaces: None,
    })
}

fn moved(leg: LegId, contacts: &[&str]) -> SipEvent {
    let contacts = contacts.iter().map(|uri| Pii::new((*uri).to_owned())).collect();
    SipEvent::Failed { leg, status: 302, reason: None, contacts }
}

/// Whose candidate the scripts find.
const INTENT: IntentId = IntentId(5);

fn from_phone(received: Mono, agent: &str, to: &str) -> Box<IncomingCall> {
    let origin = Origin::Phone(AgentId::new(agent));
    Box::new(IncomingCall { origin, request_uri: Pii::new(to.to_owned()), ..*incoming(received, SDP) })
}

/// As the endpoint tells it of a page: nothing is believed but whose it is.
fn from_page(received: Mono, intent: IntentId) -> Box<IncomingCall> {
    let nobody = || Pii::new(String::new());
    let (dialled, to_user, from_user) = (nobody(), nobody(), nobody());
    Box::new(IncomingCall {
        origin: Origin::Web(intent),
        dialled,
        to_user,
        from_user,
        // Another's token, or whatever else a page puts there.
        user_to_user: Some(Pii::new(Bytes::from_static(b"tok_another"))),
        ..*incoming(received, SDP)
    })
}

/// As above, with data and a header field that is no text.
fn marked(received: Mono) -> Box<IncomingCall> {
    let Carried { user_to_users, .. } = *data(&[]);
    let headers = vec![HeaderField::new("X-Account", &b"\"7\" \xff"[..])];
    Box::new(IncomingCall { user_to_users, headers, ..*incoming(received, SDP) })
}

/// Data, and header fields of these names.
fn data(names: &[&str]) -> Box<Carried> {
    let headers = names.iter().map(|name| HeaderField::new(name, "9")).collect();
    Box::new(Carried { user_to_users: UserToUsers::of([&b"hi"[..]]), headers })
}

/// The candidate as the store has it when it has given it to the call.
fn ours(call: CallId) -> Candidate {
    let mut candidate = candidate();
    candidate.intent.state = IntentState::Claimed { call, until: Wall(1_900_000) };
    candidate
}

/// Whose page shows the number for everybody, and the code 0815 beside it.
fn of_code(call: CallId) -> Candidate {
    let mut candidate = ours(call);
    candidate.intent.customer.phones.clear();
    let shared = E164::parse(SHARED, None).unwrap();
    let leased = candidate.intent.number.take();
    candidate.intent.number =
        leased.map(|leased| LeasedNumber { number: shared, shared: true, pin: Pin::parse("0815"), ..leased });
    candidate.found_by = FoundBy { pin: true, ..FoundBy::default() };
    candidate
}

/// An open intent of which only the caller's number is known.
fn likely(id: u128) -> Candidate {
    let mut candidate = candidate();
    candidate.intent.id = IntentId(id);
    candidate.intent.number = None;
    candidate.found_by.leased_number = false;
    candidate
}

fn candidate() -> Candidate {
    let intent = Intent {
        id: INTENT,
        customer: Customer {
            id: "c-1".to_owned(),
            name: Pii::new("Ada Example".to_owned()),
            email: Pii::new("ada@example.com".to_owned()),
            phones: vec![number(CALLER)],
            tier: None,
            past: Default::default(),
        },
        subject: None,
        reason: IntentReason { category: "delivery".to_owned(), sub_category: None },
        articles: Vec::new(),
        words: Pii::default(),
        language: "en".to_owned(),
        urgency: Urgency::Normal,
        value: None,
        attributes: BTreeMap::new(),
        created: Wall(950_000),
        expires: Wall(2_000_000),
        number: Some(LeasedNumber {
            number: number(LEASED),
            shared: false,
            pool: PoolId::new("main"),
            quarantine: Duration::from_secs(60),
            pin: None,
        }),
        state: IntentState::Open,
        preferred_agent: None,
        callback: None,
        recording_consent: false,
        version: 1,
    };
    let found_by = FoundBy { leased_number: true, caller_id: true, ..FoundBy::default() };
    Candidate { intent, found_by, last_agent: None }
}

/// The candidate, whose customer is to be called.
fn promised(since: Wall, tries: u8, state: CallbackState) -> Intent {
    let mut intent = candidate().intent;
    intent.expires = Wall(900_000_000);
    intent.number = None;
    intent.callback = Some(Box::new(Callback {
        number: number(CALLER),
        zone: Some("UTC".to_owned()),
        not_before: None,
        promised: since,
        since,
        level: Level::Strong,
        queue: QueueId::new("help"),
        priority: 0,
        rule: None,
        tries,
        tried: (tries > 0).then_some(since),
        missed: Miss::default(),
        state,
    }));
    intent
}

/// Customers may be called back, in these hours of UTC.
pub fn callbacks(hours: &str) -> Arc<CallbackPlan> {
    Arc::new(CallbackPlan { hours: vec![hours.to_owned()], ..plan::tests::plan() })
}

/// Callers by telephone too, with the key 1; the question and the promise are spoken.
pub fn callbacks_by_phone() -> Arc<CallbackPlan> {
    let asked = AskedByPhone {
        key: '1',
        question: Arc::default(),
        promised: Arc::default(),
        noted: Arc::default(),
        queues: None,
        first_after: Duration::from_secs(15),
        every: Duration::from_secs(40),
        patience: Duration::from_secs(8),
    };
    Arc::new(CallbackPlan { by_phone: Some(asked), ..(*callbacks("daily 00:00-24:00")).clone() })
}

fn settings(fallback: Fallback, mode: Mode, terms: TrunkTerms, sound: SoundTerms) -> CallSettings {
    let trunk = TrunkId::new("carrier");
    let plan = TrunkPlan {
        trunk: trunk.clone(),
        region: None,
        flow: FlowId(0),
        fallback,
        trusted: false,
        mode,
        refer: false,
        terms,
        reliable: Reliable::Supported,
        keys_in_info: false,
        language: None,
    };
    let phone = PhonePlan {
        target: Target::Uri { uri: "sip:anna@192.0.2.50".to_owned(), via: None },
        flow: FlowId(0),
        extension: Some("sip:204@pbx.example.com".to_owned()),
        sound,
    };
    let ben = PhonePlan {
        target: Target::Registered(AgentId::new("ben")),
        flow: FlowId(0),
        extension: None,
        sound: SoundTerms::default(),
    };
    let web = browsing::plan(Fallback::Status { code: 503 }, TrunkTerms::default(), FlowId(1));
    CallSettings {
        trunks: [(trunk, Arc::new(plan)), (web.trunk.clone(), Arc::new(web))].into(),
        phones: [(AgentId::new("anna"), phone), (AgentId::new("ben"), ben)].into(),
        dial: DialRules {
            rules: vec![DialRule {
                user: "+44*".to_owned(),
                host: None,
                to: Some("sip:{dialled}@192.0.2.20".to_owned()),
                via: None,
                flow: FlowId(0),
            }],
            agents: [("ben".to_owned(), AgentId::new("ben"))].into(),
        },
        policy: policy(Level::Likely).into(),
        shadow: None,
        default_queue: Some(QueueId::new("help")),
        priors: Priors::default(),
        token_keys: TokenKeys::new(&[TokenKey { id: 1, secret: vec![7; 32] }]).unwrap(),
        deadlines: Deadlines::default(),
        media: MediaPlan {
            advertised: std::net::IpAddr::from([192, 0, 2, 1]).into(),
            first_port: 40_000,
            last_port: 40_099,
            waiting: WaitingSound::Tone,
            queues: BTreeMap::from([(QueueId::new("help"), queue_sound())]),
            spoken: spoken(),
            announcements: [(Arc::from("closed.wav"), WavId(20))].into(),
            ringback: ToneKind::RingbackUs,
            webrtc: WebRtcPlan { ports: vec![7000], fingerprint: Fingerprint([7; 32]) },
        },
        recording: None,
        supervision: SupervisionPlan::default(),
        pin: pin(),
        callback: None,
    }
}

/// Callers of the number for everybody are asked for four digits.
fn pin() -> Option<PinPlan> {
    Some(PinPlan {
        numbers: E164::parse(SHARED, None).into_iter().collect(),
        trunks: [TrunkId::new("carrier")].into(),
        digits: 4,
        question: [WavId(10)].into(),
        again: [WavId(11)].into(),
        tries: 3,
        first_key: Duration::from_secs(8),
        next_key: Duration::from_secs(4),
        guard: PinGuard { wrong_max: 30, within: Duration::from_secs(3600), barred_for: Duration::from_secs(900) },
    })
}

/// The parts of English begin at 100, those of Spanish at 200.
fn spoken() -> Spoken {
    let parts =
        |language: Language, first: u16| (language, (first..).map(WavId).take(language.parts().count()).collect());
    let all = [parts(Language::English, 100), parts(Language::Spanish, 200)];
    Spoken { parts_by_language: all.into(), usual: Language::English }
}

/// The part of a prompt, for people.
fn part_name(item: WavId) -> String {
    let of = |language: Language, first: u16| language.parts().nth(usize::from(item.0 - first)).unwrap_or("?");
    match item.0 {
        u16::MAX => "beep".to_owned(),
        100..200 => of(Language::English, 100).to_owned(),
        200.. => format!("{}(es)", of(Language::Spanish, 200)),
        file => file.to_string(),
    }
}

/// Two messages, each every 30 s, the first after 20.
fn queue_sound() -> QueueSound {
    let messages = Messages {
        first_after: Duration::from_secs(20),
        every: Duration::from_secs(30),
        files: vec![WavId(0), WavId(1)],
        place: true,
        wait: true,
        language: None,
    };
    QueueSound { music: None, messages: Some(Arc::new(messages)) }
}

/// Callers of this level reach a human; nobody else does.
fn policy(level: Level) -> Policy {
    let when = Conditions { min_level: Some(level), ..Conditions::default() };
    let known = Rule::new("known", when, Answer::Human { queue: None, priority: 0 });
    Policy::new(PolicySetup::of(vec![known], Answer::SelfService)).unwrap()
}
