//! A call that an agent makes from their phone, to another agent or where the dial rules allow: two legs, no intent, no queue. What
//! becomes of the ringing is as with a fallback.

use crate::base::{AgentId, Now, TrunkId};
use crate::sip::api::{Carried, Dial, Reason, Reliable};

use super::bench::Bench;
use super::call::{Call, Phase};
use super::dialling::Place;
use super::ending;
use super::engaged::engage;
use super::facts::{EndedBy, Outcome};
use super::inviting;
use super::moved::Moved;
use super::settings::{Fallback, Mode, PhonePlan, TrunkPlan};
use super::sound::{self, NoSound, Sound};
use super::terms::{SoundTerms, TrunkTerms};

/// What stands for a trunk in the records of such calls.
pub const PHONES: &str = "(phones)";

/// The phone as if it were a trunk of its own.
pub fn plan(phone: &PhonePlan) -> TrunkPlan {
    TrunkPlan {
        trunk: TrunkId::new(PHONES),
        region: None,
        flow: phone.flow,
        fallback: Fallback::Status { code: 404 },
        trusted: false,
        mode: Mode::Path,
        refer: false,
        terms: TrunkTerms { sound: phone.sound.clone(), ..TrunkTerms::default() },
        reliable: Reliable::Supported,
        keys_in_info: false,
        language: None,
    }
}

/// It rings somebody, or is over, when this returns.
pub fn admit(mut call: Call, bench: &mut Bench, now: Now) -> Call {
    call.record.agent = call.maker().cloned();
    if let Err((status, why)) = ring(&mut call, bench) {
        ending::refuse_caller(&mut call, status, Some(Reason::sip(status, why)), None, bench);
        ending::finish(&mut call, Outcome::Refused, EndedBy::Us, bench, now);
    }
    call
}

fn ring(call: &mut Call, bench: &mut Bench) -> Result<(), (u16, &'static str)> {
    let no_sound = |error: NoSound| (error.status(), "no sound in common");
    let place =
        bench.settings.dial.find(call.incoming.request_uri.expose()).ok_or((404, "nobody who may be called"))?;
    let called = agent_at(&place);
    let phone = phone_at(place, bench).ok_or((480, "no phone"))?;
    call.sound = match call.incoming.offer.is_empty() {
        true => Sound::late(),
        false => {
            let offer = call.trunk.terms.sound.read_offer(&call.incoming.offer);
            Sound::new(offer.map_err(|error| no_sound(error.into()))?)
        }
    };
    let leg = call.next_leg();
    let terms = bench.sound_for(&phone.target, &phone.sound);
    let offer = sound::offer_far(call, leg.0, &terms, bench).map_err(no_sound)?;
    call.moved = Moved::from(&phone.target);
    let carried = Carried { user_to_users: call.incoming.user_to_users.clone(), headers: Vec::new() };
    let ring_timeout = bench.ring_time(&phone.target);
    let dial = Dial { ring_timeout, ..inviting::dial(call, phone.place(), offer, carried, bench) };
    inviting::ring(call, leg, dial, bench);
    call.phase = Phase::Diverting(leg);
    for agent in call.maker().cloned().into_iter().chain(called) {
        engage(call, agent, bench);
    }
    Ok(())
}

/// Whom an agent calls, when it is another.
pub fn agent_at(place: &Place) -> Option<AgentId> {
    match place {
        Place::Agent(agent) => Some(agent.clone()),
        Place::Elsewhere { .. } => None,
    }
}

pub fn phone_at(place: Place, bench: &Bench) -> Option<PhonePlan> {
    match place {
        Place::Agent(agent) => bench.phone_of(&agent).cloned(),
        Place::Elsewhere { target, flow } => {
            Some(PhonePlan { target, flow, extension: None, sound: SoundTerms::default() })
        }
    }
}
