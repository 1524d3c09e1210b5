//! One customer's story, a stranger's, and one of a domain that the rules send to self-service; told as they happen.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::app::desk::screen_text;
use crate::io::desktop::server_frames::ServerBody;

use super::DemoError;
use super::agents::{Seen, Stage};
use super::carrier::{Carrier, Reply};
use super::config;
use super::paper::Paper;
use super::site::{Site, Wish};
use super::sound::{Heard, SoundEnd};

/// Those who take part.
pub struct Cast {
    pub site: Site,
    pub carrier: Carrier,
    pub phones: Stage,
    pub ivr: Stage,
    /// What Anna's desk hears.
    pub anna: mpsc::UnboundedReceiver<ServerBody>,
}

/// Caller and agent send different tones, so that each can tell the other's from its own.
pub const CALLER_HZ: f64 = 620.0;
pub const AGENT_HZ: f64 = 1000.0;
pub const IVR_HZ: f64 = 350.0;

const TALK: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(10);
const ADA: &str = "+12015550177";

impl Cast {
    /// Three calls, one after the other.
    pub async fn perform(&mut self, paper: &mut Paper) -> Result<(), DemoError> {
        self.recognised(paper).await?;
        self.stranger(paper).await?;
        self.self_service(paper).await
    }

    async fn recognised(&mut self, paper: &mut Paper) -> Result<(), DemoError> {
        paper.chapter("A customer who began on the web");
        let wish = Wish {
            customer: "c-1001",
            name: "Ada Example",
            email: "ada@shop.example.com",
            phone: ADA,
            category: "delivery",
        };
        let number = self.register(paper, &wish).await?;
        let mut seen = self.phones.watch();
        let end = SoundEnd::bind().await.map_err(DemoError::Socket)?;
        let dialled = Instant::now();
        let mut placed = self.carrier.place(&number, ADA, Some(end.address)).await.ok_or(DemoError::Gone)?;
        paper.line("carrier", &format!("INVITE to {number} from {ADA}, over SIP/UDP with an RTP port"));
        let popped = self.pop(paper, dialled).await?;
        let rang = self.ring(paper, &mut seen, dialled).await?;
        if rang < popped {
            return Err(DemoError::Order);
        }
        let reply = timeout(PATIENCE, placed.reply()).await.unwrap_or(Reply::Lost);
        let sound = reply.sound().map_err(DemoError::NotAnswered)?;
        paper.line(
            "both",
            &format!("talk for {} s: the caller sends {CALLER_HZ} Hz, the agent {AGENT_HZ} Hz", TALK.as_secs()),
        );
        let talk = end.talk(sound, CALLER_HZ);
        tokio::time::sleep(TALK).await;
        let caller = talk.end().await;
        placed.hang_up().await;
        let agent = over(&mut seen).await?;
        tell_sound(paper, "caller", &caller, AGENT_HZ)?;
        tell_sound(paper, "agent", &agent, CALLER_HZ)?;
        self.wrap_up(paper).await;
        self.tell_record(paper).await
    }

    async fn stranger(&mut self, paper: &mut Paper) -> Result<(), DemoError> {
        paper.chapter("A caller nobody knows");
        self.reach_the_ivr(paper, config::PUBLIC_NUMBER, "+441632960123").await
    }

    async fn self_service(&mut self, paper: &mut Paper) -> Result<(), DemoError> {
        paper.chapter("A customer whose domain the rules send to self-service");
        let caller = "+12015550178";
        let wish = Wish {
            customer: "c-1002",
            name: "Ben Example",
            email: "ben@reseller.example.net",
            phone: caller,
            category: "billing",
        };
        let number = self.register(paper, &wish).await?;
        self.reach_the_ivr(paper, &number, caller).await
    }

    async fn register(&self, paper: &mut Paper, wish: &Wish<'_>) -> Result<String, DemoError> {
        let registered = self.site.register(wish).await.map_err(DemoError::Site)?;
        let number = registered.number.ok_or(DemoError::NoNumber)?;
        let took = registered.took.as_secs_f64() * 1000.0;
        paper.line("site", &format!("POST /v1/intents for {}, reason {}: {took:.1} ms", wish.name, wish.category));
        paper.line(
            "server",
            &format!("keeps {} and leases {number} to it until {}", registered.id, registered.expires_at),
        );
        Ok(number)
    }

    async fn pop(&mut self, paper: &mut Paper, dialled: Instant) -> Result<Instant, DemoError> {
        loop {
            match timeout(PATIENCE, self.anna.recv()).await {
                Ok(Some(body @ ServerBody::Pop(_))) => {
                    let at = Instant::now();
                    paper.line(
                        "anna",
                        &format!("sees the pop {} after the INVITE and acknowledges it:", ms(at - dialled)),
                    );
                    paper.quote(&screen_text(&body));
                    return Ok(at);
                }
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return Err(DemoError::NoPop),
            }
        }
    }

    async fn ring(
        &self,
        paper: &mut Paper,
        seen: &mut mpsc::UnboundedReceiver<Seen>,
        dialled: Instant,
    ) -> Result<Instant, DemoError> {
        loop {
            match timeout(PATIENCE, seen.recv()).await {
                Ok(Some(Seen::Rings { at })) => {
                    paper.line(
                        "phone",
                        &format!("rings {} after the INVITE, after the pop and not before", ms(at - dialled)),
                    );
                    return Ok(at);
                }
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return Err(DemoError::NoRing),
            }
        }
    }

    async fn reach_the_ivr(&mut self, paper: &mut Paper, number: &str, caller: &str) -> Result<(), DemoError> {
        let mut seen = self.ivr.watch();
        let end = SoundEnd::bind().await.map_err(DemoError::Socket)?;
        let mut placed = self.carrier.place(number, caller, Some(end.address)).await.ok_or(DemoError::Gone)?;
        paper.line("carrier", &format!("INVITE to {number} from {caller}"));
        let reply = timeout(PATIENCE, placed.reply()).await.unwrap_or(Reply::Lost);
        let sound = reply.sound().map_err(DemoError::NotAnswered)?;
        let talk = end.talk(sound, CALLER_HZ);
        tokio::time::sleep(TALK / 2).await;
        let caller = talk.end().await;
        placed.hang_up().await;
        let ivr = over(&mut seen).await?;
        tell_sound(paper, "caller", &caller, IVR_HZ)?;
        tell_sound(paper, "ivr", &ivr, CALLER_HZ)?;
        self.ivr.leave();
        self.tell_record(paper).await
    }

    async fn wrap_up(&mut self, paper: &mut Paper) {
        while let Ok(Some(body)) = timeout(PATIENCE, self.anna.recv()).await {
            if matches!(body, ServerBody::WrapUpTaken { .. }) {
                return paper.line("anna", "writes her summary; the server has it");
            }
        }
    }

    /// What `GET /v1/calls` says of the last call.
    async fn tell_record(&self, paper: &mut Paper) -> Result<(), DemoError> {
        let calls = self.site.get("/v1/calls?limit=1").await.map_err(DemoError::Site)?;
        let call = calls["calls"].get(0).cloned().unwrap_or_default();
        let word = |key: &str| call[key].as_str().unwrap_or("-").to_owned();
        paper.line("record", &format!("{}: level {}, {}", word("id"), word("level"), word("reason")));
        paper.line(
            "",
            &format!("outcome {}, ended by {}, fallback {}", word("outcome"), word("ended_by"), word("fallback")),
        );
        for stage in call["stages"].as_array().into_iter().flatten() {
            paper.stage(stage["stage"].as_str().unwrap_or("?"), stage["us"].as_f64().unwrap_or_default());
        }
        Ok(())
    }
}

async fn over(seen: &mut mpsc::UnboundedReceiver<Seen>) -> Result<Heard, DemoError> {
    loop {
        match timeout(PATIENCE, seen.recv()).await {
            Ok(Some(Seen::Over { heard })) => return Ok(heard),
            Ok(Some(Seen::Rings { .. })) => {}
            Ok(None) | Err(_) => return Err(DemoError::Gone),
        }
    }
}

fn tell_sound(paper: &mut Paper, who: &str, heard: &Heard, expected_hz: f64) -> Result<(), DemoError> {
    let verdict = if heard.heard(expected_hz) { "and it is" } else { "and it is NOT" };
    paper.line(
        who,
        &format!("{} RTP packets out, {} in; should hear {expected_hz} Hz, {verdict}", heard.sent, heard.received),
    );
    if heard.heard(expected_hz) { Ok(()) } else { Err(DemoError::NoSound) }
}

fn ms(span: Duration) -> String {
    format!("{:.1} ms", span.as_secs_f64() * 1000.0)
}
