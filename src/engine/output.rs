//! Everything that the engine wants done. The shell starts each at once, in this order.

use std::time::Duration;

use crate::base::IntentId;
use crate::calls::api::AskId;
use crate::calls::facts::Fact;
use crate::calls::pages::Standing;
use crate::desktop::DesktopOutput;
use crate::intents::requests::StoreRequest;
use crate::media::command::MediaCommand;
use crate::sip;
use crate::sip::api::Transmit;
use crate::sip::resolve::QuestionNumber;

use super::question::{Answer, QuestionId};

#[derive(Clone, Debug)]
pub enum Output {
    Transmit(Transmit),
    /// A name server is to be asked; `Input::Resolved` says what it said.
    Resolve {
        number: QuestionNumber,
        question: sip::resolve::Question,
    },
    Store {
        ask: AskId,
        request: Box<StoreRequest>,
        patience: Duration,
    },
    Media(MediaCommand),
    Desktop(DesktopOutput),
    Answer {
        id: QuestionId,
        answer: Answer,
    },
    Fact(Fact),
    /// For the open pages of this intent; `None`: no call of it is in progress.
    Page {
        intent: IntentId,
        standing: Option<Box<Standing>>,
    },
}
