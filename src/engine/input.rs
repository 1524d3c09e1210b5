//! Everything that can happen to the engine. Each is stamped with `Now` by the shell, and journalled, before it is handled.

use std::net::SocketAddr;

use bytes::Bytes;

use crate::calls::api::AskId;
use crate::desktop::DesktopInput;
use crate::intents::requests::{StoreError, StoreReply};
use crate::media::command::MediaEvent;
use crate::sip::api::FlowId;

use super::question::{Question, QuestionId};

#[derive(Clone, Debug)]
pub enum Input {
    /// A SIP datagram. `Now` is the moment at which it was read.
    Datagram {
        flow: FlowId,
        from: SocketAddr,
        bytes: Bytes,
    },
    Store {
        ask: AskId,
        result: Result<StoreReply, StoreError>,
    },
    Media(MediaEvent),
    Desktop(DesktopInput),
    Ask {
        id: QuestionId,
        question: Question,
    },
}
