//! What happened, for the counters, the log and the records. No personal value is in a fact outside `Pii`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::access::{PolicyVersion, ReasonCode};
use crate::base::stage::Stage;
use crate::base::{AgentId, CallId, CaseId, Fence, IntentId, Level, Mono, Pii, QueueId, TrunkId, Wall};
use crate::desktop::WrapUp;
use crate::intents::intent::{Intent, Reason, Subject};
use crate::intents::matching::Evidence;
use crate::media::command::{FailCause, LegStats, LostCause};
use crate::routing::Predictions;
use crate::sip::api::{GatewayState, Refusal};

use super::call::Side;
use super::caps::{Bound, Reached};
use super::explained::Explained;
use super::recording::{RecordingNews, RecordingNote};
use super::supervising::{Act, Supervised};

/// Why a call went on to the trunk's fallback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FallbackCause {
    /// No intent fits and no rule gives such a caller a human.
    Unmatched,
    /// The store did not answer within the match deadline.
    MatchDeadline,
    /// The store answered with a failure.
    StoreFailure,
    /// A rule of the access policy says self-service.
    Rule,
    /// The queue is full, or its ceiling has been reached.
    QueueCeiling,
    /// Nobody logged in has the skills.
    NobodyCanServe,
    /// An agent passed the call on and hung up, and the new side could not be reached.
    TransferFailed,
    /// The trunk is redirected, so that the call cannot wait here, and nobody was free at once.
    NobodyFree,
    /// The caller was asked for the code from the page, and has entered none that fits.
    NoPin,
    /// We hold as many calls as we may.
    Overload,
    /// The caller's session description is of no use to us, or there is no port left for its sound.
    Media,
}

/// Why the phone rang although the pop was not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PopMiss {
    /// The desktop did not say in time that the pop is drawn.
    Budget,
    /// The agent had no desktop session when the pop was due; the call was offered to somebody else.
    NoSession,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The caller and an agent talked.
    Talked,
    /// 302 sent the carrier to the agent's extension; nobody told us what came of it.
    HandedOver,
    /// The fallback took it.
    FellBack,
    /// 302 sent the carrier to the fallback, or to the queue of the PBX.
    Redirected,
    /// A rule refused it, or the fallback is a refusal.
    Refused,
    /// The caller gave up before anybody answered.
    Abandoned,
    /// Neither an agent nor the fallback could be reached.
    Failed,
    /// A callback: the customer was not reached in any try, or not in time.
    Unreached,
    /// A callback that the customer has taken back.
    Withdrawn,
    /// The customer goes on in another call of theirs: a callback in place of waiting, or their own in place of a callback.
    Replaced,
}

/// Who or what ended a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndedBy {
    Caller,
    Agent,
    /// The far end of the fallback.
    Fallback,
    /// Whoever the call was passed on to.
    Target,
    /// We did: a refusal, a limit, a lost peer.
    Us,
    /// A leg sent no sound for longer than the configured time.
    Silence,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// A stage of a call is over; its time is from `since` to the moment that the shell gets this fact.
    Stage {
        call: CallId,
        stage: Stage,
        since: Mono,
    },
    /// A time that the machine itself knows.
    Timed {
        stage: Stage,
        took: Duration,
    },
    CallAdmitted {
        call: CallId,
        trunk: TrunkId,
    },
    Matched {
        call: CallId,
        level: Level,
        intent: Option<IntentId>,
    },
    /// The page of this intent has said that it is its customer who calls.
    Confirmed {
        call: CallId,
        intent: IntentId,
    },
    MatchMissed {
        call: CallId,
        cause: FallbackCause,
    },
    Decided {
        call: CallId,
        rule: String,
        reason: String,
    },
    /// The shadow policy was asked too.
    Shadowed {
        call: CallId,
        version: PolicyVersion,
        live: ReasonCode,
        shadow: ReasonCode,
        /// It would have been done otherwise: also in another queue, say, where both answers are of one kind.
        differs: bool,
    },
    /// In this queue, with a place as of then: the customer may have waited in a call before.
    Queued {
        call: CallId,
        queue: QueueId,
        since: Mono,
    },
    /// A call that had to wait is offered for the first time: what it waited, and what was expected when it came in.
    Waited {
        call: CallId,
        queue: QueueId,
        waited: Duration,
        predicted: Predictions,
    },
    Granted {
        call: CallId,
        agent: AgentId,
        fence: Fence,
    },
    PopMissed {
        call: CallId,
        agent: AgentId,
        cause: PopMiss,
    },
    /// An agent has passed the call on, or has hung up after asking to, or a callback gives them back: it goes on without them.
    LetGo {
        call: CallId,
        agent: AgentId,
    },
    OfferFailed {
        call: CallId,
        agent: AgentId,
    },
    AgentPaused {
        agent: AgentId,
    },
    /// An agent, or the far side of a trunk, has passed the call on, or tried to; `status` as SIP says it.
    PassedOn {
        call: CallId,
        by: Option<AgentId>,
        to: Option<AgentId>,
        status: u16,
    },
    /// A call that was not admitted.
    TurnedAway {
        cause: FallbackCause,
    },
    FallingBack {
        call: CallId,
        cause: FallbackCause,
    },
    /// A call that a trunk's cap forbids.
    TrunkFull {
        trunk: TrunkId,
        bound: Bound,
        reached: Reached,
    },
    Dtmf {
        call: CallId,
    },
    /// A browser has not come to the sound of its call, or has left it.
    SoundLost {
        call: CallId,
        side: Side,
        cause: LostCause,
    },
    /// There was no port for the stream of one side; it goes on at another one at once, or there is none for now.
    NoPort {
        call: CallId,
        side: Side,
        cause: FailCause,
        renewed: bool,
    },
    /// A leg's stream is over; also when its call has ended before.
    SoundEnded {
        call: CallId,
        stats: LegStats,
    },
    /// What a supervisor does from now on; `None`: they have left the call.
    Supervised {
        call: CallId,
        by: AgentId,
        act: Option<Act>,
    },
    /// Of the call's recording; that it is complete is said after the call's end.
    Recording {
        call: CallId,
        news: RecordingNews,
    },
    /// The number of a callback is dialled, so many times by now.
    Recalling {
        call: CallId,
        tried: u8,
    },
    /// ... in vain; `status` as SIP says it.
    Unreached {
        call: CallId,
        status: u16,
    },
    WrittenUp {
        call: CallId,
        agent: AgentId,
    },
    /// What an agent wrote of a call whose intent is known.
    CaseOpened(Box<CaseNote>),
    Refused {
        cause: Refusal,
        count: u32,
    },
    TrunkReachable {
        trunk: TrunkId,
        reachable: bool,
    },
    /// Our registration there was made, or has failed or run out with this status.
    TrunkRegistered {
        trunk: TrunkId,
        registered: bool,
        status: u16,
    },
    /// A gateway of a trunk, by its URI.
    GatewayChanged {
        trunk: TrunkId,
        gateway: String,
        state: GatewayState,
    },
    PhoneReachable {
        agent: AgentId,
        reachable: bool,
    },
    /// The one end record of an admitted call.
    CallEnded(Box<CallRecord>),
}

/// One attempt to pass a call on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOn {
    pub by: Option<AgentId>,
    /// The URI that was asked for.
    pub to: Pii<String>,
    /// The agent whom it means.
    pub to_agent: Option<AgentId>,
    /// 200, or why not.
    pub status: u16,
}

/// What is kept of a call: for `GET /v1/calls`, and to explain it afterwards.
#[derive(Clone, Debug, PartialEq)]
pub struct CallRecord {
    pub call: CallId,
    pub trunk: TrunkId,
    pub source: Pii<SocketAddr>,
    pub dialled: Pii<String>,
    /// Whose number was dialled before the call was diverted to us.
    pub diverted_from: Option<Pii<String>>,
    pub caller: Pii<String>,
    pub began: Wall,
    pub ended: Option<Wall>,
    pub level: Level,
    pub intent: Option<IntentId>,
    /// The winner's share of the score, 0 to 1.
    pub share: f64,
    pub evidence: Vec<Evidence>,
    pub rule: Option<String>,
    pub reason: Option<String>,
    /// Who is told what became of it, by the name in the configuration.
    pub notify: Option<Arc<str>>,
    pub queue: Option<QueueId>,
    pub agent: Option<AgentId>,
    /// In order; `agent` is the last who had the call.
    pub passed_on: Vec<PassedOn>,
    pub fallback: Option<FallbackCause>,
    pub outcome: Option<Outcome>,
    pub ended_by: Option<EndedBy>,
    /// The status that the caller's INVITE was refused with, when it was.
    pub status: Option<u16>,
    /// Stages in the order in which they were over, from the first byte of the INVITE.
    pub stages: Vec<(Stage, Duration)>,
    pub talked: Duration,
    /// Of a callback: how often the number was dialled.
    pub tries: Option<u8>,
    /// What passed on the caller's side and on the other; there a moment after the end, as is the wrap-up, and boxed so that a call in
    /// progress has no room for them.
    pub caller_sound: Option<Box<LegStats>>,
    pub far_sound: Option<Box<LegStats>>,
    /// Who heard it besides, in order.
    pub supervised: Vec<Supervised>,
    /// There when the rule asks for one.
    pub recording: Option<Box<RecordingNote>>,
    pub wrap_up: Option<Box<WrapUp>>,
    /// Of the intent that had the call.
    pub about: Option<Box<About>>,
    /// Shared with those who look at it; written to while the call lasts.
    pub explained: Arc<Explained>,
}

/// A case as the calls know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseNote {
    pub case: CaseId,
    pub intent: IntentId,
    pub about: About,
    pub agent: AgentId,
    pub wrap_up: WrapUp,
    pub at: Wall,
}

/// Who wanted to call about what: what a case needs of an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The site's own identity of the customer.
    pub customer: Pii<String>,
    pub subject: Option<Subject>,
    pub reason: Reason,
}

impl From<&Intent> for About {
    fn from(intent: &Intent) -> About {
        About {
            customer: Pii::new(intent.customer.id.clone()),
            subject: intent.subject.clone(),
            reason: intent.reason.clone(),
        }
    }
}

impl CallRecord {
    /// Of a call that has just come, from nobody in particular.
    pub fn begun(call: CallId, trunk: TrunkId, began: Wall) -> CallRecord {
        CallRecord {
            call,
            trunk,
            source: Pii::new(SocketAddr::from(([0, 0, 0, 0], 0))),
            dialled: Pii::default(),
            diverted_from: None,
            caller: Pii::default(),
            began,
            ended: None,
            level: Level::Unmatched,
            intent: None,
            share: 0.0,
            evidence: Vec::new(),
            rule: None,
            reason: None,
            notify: None,
            queue: None,
            agent: None,
            passed_on: Vec::new(),
            fallback: None,
            outcome: None,
            ended_by: None,
            status: None,
            stages: Vec::new(),
            talked: Duration::ZERO,
            tries: None,
            caller_sound: None,
            far_sound: None,
            supervised: Vec::new(),
            recording: None,
            wrap_up: None,
            about: None,
            explained: Arc::default(),
        }
    }
}

impl CallRecord {
    /// The version of the policy that decided last.
    pub fn policy(&self) -> Option<PolicyVersion> {
        self.explained.decisions.last().map(|decision| decision.trace.version())
    }

    /// To note why something was decided.
    pub(super) fn explain(&mut self) -> &mut Explained {
        Arc::make_mut(&mut self.explained)
    }
}

impl Fact {
    /// The call that it is about.
    pub fn call(&self) -> Option<CallId> {
        match self {
            Fact::Stage { call, .. }
            | Fact::CallAdmitted { call, .. }
            | Fact::Matched { call, .. }
            | Fact::Confirmed { call, .. }
            | Fact::Recalling { call, .. }
            | Fact::Unreached { call, .. }
            | Fact::MatchMissed { call, .. }
            | Fact::Decided { call, .. }
            | Fact::Waited { call, .. }
            | Fact::Shadowed { call, .. }
            | Fact::Queued { call, .. }
            | Fact::Granted { call, .. }
            | Fact::PopMissed { call, .. }
            | Fact::LetGo { call, .. }
            | Fact::OfferFailed { call, .. }
            | Fact::FallingBack { call, .. }
            | Fact::PassedOn { call, .. }
            | Fact::Dtmf { call }
            | Fact::SoundLost { call, .. }
            | Fact::NoPort { call, .. }
            | Fact::SoundEnded { call, .. }
            | Fact::Recording { call, .. }
            | Fact::Supervised { call, .. }
            | Fact::WrittenUp { call, .. } => Some(*call),
            Fact::CaseOpened(note) => Some(note.wrap_up.call),
            Fact::CallEnded(record) => Some(record.call),
            Fact::Timed { .. }
            | Fact::AgentPaused { .. }
            | Fact::TurnedAway { .. }
            | Fact::TrunkFull { .. }
            | Fact::Refused { .. }
            | Fact::TrunkReachable { .. }
            | Fact::GatewayChanged { .. }
            | Fact::TrunkRegistered { .. }
            | Fact::PhoneReachable { .. } => None,
        }
    }
}

macro_rules! words {
    ($type:ident { $($variant:ident => $word:literal),+ $(,)? }) => {
        impl $type {
            pub const ALL: &'static [$type] = &[$($type::$variant),+];

            /// The word for it in the API, the log and the counters.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($type::$variant => $word),+
                }
            }
        }
    };
}

words!(FallbackCause {
    Unmatched => "unmatched",
    MatchDeadline => "match-deadline",
    StoreFailure => "store-failure",
    Rule => "rule",
    QueueCeiling => "queue-ceiling",
    NobodyCanServe => "nobody-can-serve",
    TransferFailed => "transfer-failed",
    NobodyFree => "nobody-free",
    NoPin => "no-pin",
    Overload => "overload",
    Media => "media",
});

words!(PopMiss {
    Budget => "budget",
    NoSession => "no-session",
});

words!(Outcome {
    Talked => "talked",
    HandedOver => "handed-over",
    FellBack => "fell-back",
    Redirected => "redirected",
    Refused => "refused",
    Abandoned => "abandoned",
    Failed => "failed",
    Unreached => "unreached",
    Withdrawn => "withdrawn",
    Replaced => "replaced",
});

words!(EndedBy {
    Caller => "caller",
    Agent => "agent",
    Fallback => "fallback",
    Target => "target",
    Us => "us",
    Silence => "silence",
});
