//! Everything that can happen to the engine. Each is stamped with `Now` by the shell, and journalled, before it is handled.

use std::net::SocketAddr;

use bytes::Bytes;

use crate::calls::api::AskId;
use crate::calls::pages::PageInput;
use crate::desktop::DesktopInput;
use crate::intents::requests::{StoreError, StoreReply};
use crate::media::command::MediaEvent;
use crate::sip::api::{FlowId, StreamEvent};

use crate::sip::resolve::{Failed, Found, QuestionNumber};

use super::question::{Question, QuestionId};
use super::source::Configured;

#[derive(Clone, Debug)]
pub enum Input {
    /// A SIP message: a datagram, or one message of a stream. `Now` is the moment at which it was read.
    Datagram {
        flow: FlowId,
        from: SocketAddr,
        bytes: Bytes,
    },
    Stream {
        flow: FlowId,
        event: StreamEvent,
    },
    Store {
        ask: AskId,
        result: Result<StoreReply, StoreError>,
    },
    /// What a name server said, or that it said nothing.
    Resolved {
        number: QuestionNumber,
        result: Result<Found, Failed>,
    },
    /// The process is about to end.
    Leave,
    Media(MediaEvent),
    Desktop(DesktopInput),
    Page(PageInput),
    Ask {
        id: QuestionId,
        question: Question,
    },
    Notice(Notice),
    /// Another configuration, checked whole.
    Configured(Box<Configured>),
}

/// What the shell says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// More arrives than can be served: new calls and registrations are put off.
    Behind,
    /// The other way round.
    CaughtUp,
    /// The process will end: new calls are put off, those in progress go on.
    Draining,
}

impl Notice {
    pub const ALL: [Notice; 3] = [Notice::Behind, Notice::CaughtUp, Notice::Draining];

    /// The word for it in logs and journals.
    pub fn as_str(self) -> &'static str {
        match self {
            Notice::Behind => "behind",
            Notice::CaughtUp => "caught_up",
            Notice::Draining => "draining",
        }
    }
}
