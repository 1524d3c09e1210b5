//! What goes into the calls and what comes out of them. Every effect is a value.

use std::time::Duration;

use crate::base::IntentId;
use crate::desktop;
use crate::intents::requests::{StoreError, StoreReply, StoreRequest};
use crate::media::command::{MediaCommand, MediaEvent};
use crate::routing;
use crate::sip::api::{SipCommand, SipEvent};

use super::facts::Fact;
use super::pages::{PageInput, Standing};

/// The number of a question to the store; its answer, its failure and its silence carry the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskId(pub u64);

/// What the calls are told. Late, twice and never are normal for all but `Sip`.
#[derive(Clone, Debug)]
pub enum CallInput {
    Sip(SipEvent),
    Store {
        ask: AskId,
        result: Result<StoreReply, StoreError>,
    },
    Media(MediaEvent),
    Routing(routing::Output),
    Desk(desktop::DeskEvent),
    Page(PageInput),
    /// The process ends.
    Leave,
}

/// What the calls want done.
#[derive(Clone, Debug)]
pub enum CallOutput {
    Sip(SipCommand),
    /// `patience`: after it the answer is of no use and the shell may forget the question.
    Ask {
        ask: AskId,
        request: Box<StoreRequest>,
        patience: Duration,
    },
    Media(MediaCommand),
    Routing(routing::Input),
    Desk(desktop::DeskCommand),
    Fact(Fact),
    /// For the open pages of this intent; `None`: no call of it is in progress.
    Page {
        intent: IntentId,
        standing: Option<Box<Standing>>,
    },
}
