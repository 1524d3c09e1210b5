//! The agents' websocket, `/v1/desktop`: JSON text frames, one message each.
//!
//! The first message of a connection is `hello`. What the server says about calls and states carries a number `seq`, counted from 1
//! for each session. The desk answers with `ack` and the highest number that it has seen, within a second; everything above it is sent again, with the
//! same numbers, when the desk says `hello` with `resume` after a lost connection. Without `resume`, or when the session is over, a
//! new session begins at 1, and the desk is told what is on it now. A desk draws the pop first, then says `pop_drawn`: the agent's
//! phone rings after that (or after the budget).
//!
//! From the desk:
//! ```json
//! {"type":"hello","agent":"anna","token":"..."}
//! {"type":"hello","agent":"anna","token":"...","resume":{"session":"0123...","last_seen":12}}
//! {"type":"set_state","state":"available"}
//! {"type":"set_state","state":"break","reason":"lunch"}
//! {"type":"set_state","state":"offline"}
//! {"type":"ack","seq":12}
//! {"type":"pop_drawn","call":"call_...","fence":3}
//! {"type":"decline","call":"call_..."}
//! {"type":"not_reached","call":"call_..."}
//! {"type":"wrap_up","call":"call_...","outcome":"solved","summary":"new lamp sent","article_failed":{"article":"kb-17","why":"other model"}}
//! {"type":"recording","call":"call_...","paused":true}
//! {"type":"consult","call":"call_...","act":"ask","to":"ben"}
//! {"type":"watch_calls"}
//! {"type":"colleagues"}
//! {"type":"supervise","call":"call_...","act":"listen"}
//! {"type":"phone_token"}
//! {"type":"ping"}
//! ```
//! (`summary` and `article_failed` may be left out. A wrap-up whose time is over is taken also when the next call is on the desk already.
//! `not_reached` is for a call whose pop has the field `callback`: the customer is not there, or a machine has answered; the call ends and is tried again.)
//!
//! From the server:
//! ```json
//! {"type":"welcome","agent":"anna","session":"0123...","resumed":false,"skills":[{"skill":"returns","level":8}],"state":"offline","breaks":["lunch","coffee"],
//!  "phone":{"path":"/sip","token":"dsk_...","user":"anna","domain":"voice.example.com","uri":"sip:anna@voice.example.com","expires_s":300}}
//! {"type":"phone","path":"/sip","token":"dsk_...","user":"anna","domain":"voice.example.com","uri":"sip:anna@voice.example.com","expires_s":300}
//! {"seq":1,"type":"state_changed","state":"available","why":"you asked"}
//! {"seq":1,"type":"state_changed","state":"wrap_up","within_s":60,"why":"for at most 60 s"}
//! {"seq":2,"type":"pop","call":"call_...","fence":3,"level":"V1","why":["the caller ID fits"],"rivals":0,
//!  "fields":[{"key":"reason","label":"Reason","value":"return"},
//!            {"key":"order","label":"Order","locked":true,"needs":"V2","unlock":"Which article did you order?"}],
//!  "queue":"returns","waited_ms":1500,"next_step":"offer the label"}
//! {"seq":3,"type":"pop_updated", ... as in pop: the caller has confirmed on their page, and what was locked is there ...}
//! {"seq":3,"type":"pop_withdrawn","call":"call_...","why":"the caller hung up"}
//! {"seq":4,"type":"call_state","call":"call_...","phase":"ringing"}
//! {"type":"calls","calls":[{"call":"call_...","agent":"ben","queue":"returns","talked_ms":61000,"by":"anna"}]}
//! {"type":"colleagues","colleagues":[{"agent":"ben","state":"available"}]}
//! {"seq":5,"type":"consultation","call":"call_...","to":"ben","state":"consulting"}
//! {"seq":5,"type":"supervision","call":"call_...","state":"listening"}
//! {"seq":5,"type":"recording","call":"call_...","state":"on"}
//! {"seq":5,"type":"wrap_up_due","call":"call_..."}
//! {"seq":6,"type":"wrap_up_taken","call":"call_..."}
//! {"type":"error","code":"unauthorized","text":"agent or token is wrong","remedy":"ask your administrator for a token"}
//! {"type":"displaced"}
//! {"type":"pong"}
//! ```
//! States: `offline`, `available`, `offered`, `on_call`, `wrap_up`, `break` (with `reason`). Phases: `ringing`, `talking`, `held`,
//! `ended`. Error codes: `unauthorized`, `order`, `unreadable`, `no_such_call`, `no_supervisor`, `no_browser_phone`, `no_such_break`. With
//! `breaks`, a break must be for one of these; without it for anything.
//!
//! `recording` comes when the agent's call is being recorded: `on`, `paused`, or `off` when it is so no more. While it is on, the desk may ask for a
//! pause, for a card's number; it ends when the desk says so, when the call is put on hold, or after the time of the configuration.
//!
//! `consult` asks somebody while the caller waits: `ask` rings an agent by name, or a number that the dial rules allow; `swap` speaks with the one who waits, `join` lets all
//! three hear each other, `complete` gives them the caller (an agent gets the pop), `cancel` goes back to the caller. `consultation` says how it stands: `ringing`,
//! `consulting`, `with_caller`, `joined`, `over`, with `why` when it is not as the agent wished.
//!
//! `colleagues` is answered with those who are at a desk and not offline, whoever is free first.
//!
//! A supervisor has `supervises`, with their queues, in the `welcome`. `watch_calls` is answered with `calls`: the conversations of those queues. `supervise` with
//! `listen`, `whisper` (the agent alone hears them), `barge` (both hear them), `take_over` or `leave` rings the supervisor's phone, or changes what
//! they do when they are there; `supervision` says how it stands: `ringing`, `listening`, `whispering`, `barging`, `over`, with `why` when it is not as they wished.
//! A call that is taken over comes as a `pop`, and is `talking` at once.
//!
//! `phone` is there when the agent's phone may be in the browser: SIP over websocket (RFC 7118) at `path` with `?token=TOKEN`, for which no
//! password is needed. The token opens websockets for `expires_s`; what is open stays open. `phone_token` asks for another, after which
//! `phone` comes.
//!
//! Close codes: 1001 the server restarts, 1009 message over 64 KiB, 1013 too many desks, 4001 displaced by a newer login (do not
//! reconnect), 4003 too many wrong logins, 4008 no hello within 10 s or nothing heard for 45 s (the server pings after 20 s), 4009 too
//! much unacknowledged, 4029 too many messages. An agent whose connection is lost is logged out 10 s later; a call keeps the agent
//! until it ends, and its wrap-up waits: who logs in within its time is sent the pop, the phase `ended` and `wrap_up_due`.

pub mod client_frames;
mod frames;
mod lines;
#[cfg(test)]
pub(crate) mod loopback;
mod pop_text;
mod seat;
pub mod server_frames;
mod socket;
#[cfg(test)]
mod socket_tests;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::get;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

use super::door::EngineDoor;
use super::web::problem::{Kind, Problem, ProblemBody};

pub use client_frames::token_hash;
pub use lines::DeskLines;

#[derive(Clone)]
pub(super) struct Desktop {
    lines: Arc<DeskLines>,
    door: Arc<dyn EngineDoor>,
}

/// The route of the websocket. The engine's outputs for desks go to `lines`.
pub fn router(lines: Arc<DeskLines>, door: Arc<dyn EngineDoor>) -> Router {
    Router::new().route("/v1/desktop", get(upgrade)).with_state(Desktop { lines, door })
}

/// The agents' websocket (RFC 6455). Its messages are JSON; the documentation of the desktop has them.
#[utoipa::path(
    get, path = "/v1/desktop", tag = "desktop",
    responses(
        (status = 101, description = "The websocket is open"),
        (status = 426, description = "Not a websocket", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn upgrade(State(desktop): State<Desktop>, request: Request) -> Result<Response, Problem> {
    let response = create_response_with_body(&request, Body::empty)
        .map_err(|_| Problem::new(Kind::UpgradeRequired, "connect with a websocket, version 13"))?;
    let upgrading = hyper::upgrade::on(request);
    tokio::spawn(async move {
        // A client that goes away before it has its answer has opened nothing.
        if let Ok(upgraded) = upgrading.await {
            seat::take(upgraded, desktop.lines, desktop.door);
        }
    });
    Ok(response)
}
