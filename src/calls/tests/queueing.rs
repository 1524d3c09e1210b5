//! The ways into a queue: whichever a call takes, what is to be heard of it can be mixed and recorded.

use std::sync::Arc;
use std::time::Duration;

use crate::access::{After, Answer, Conditions, Overflow, Policy, PolicySetup, Rule};
use crate::base::{AgentId, QueueId};
use crate::calls::recording::{Notice, RecordingPlan};
use crate::calls::script::Bench;
use crate::calls::settings::CallSettings;

/// Anna's phone is a browser, and Ben supervises this queue.
fn supervised(queue: &str, settings: &mut CallSettings) {
    settings.phones.get_mut(&AgentId::new("anna")).expect("hers").sound.webrtc = true;
    settings.supervision.queues_by_agent = [(AgentId::new("ben"), [QueueId::new(queue)].into())].into();
}

/// A minute in `help`, then `general`.
fn overflow(settings: &mut CallSettings) {
    let next = Overflow { queue: QueueId::new("general"), ceiling: None, then: After::SelfService };
    let (ceiling, then) = (Duration::from_secs(60), After::Queue(Arc::new(next)));
    let answer = Answer::Queue { queue: QueueId::new("help"), priority: 0, ceiling, then };
    let rules = vec![Rule::new("all", Conditions::default(), answer)];
    settings.policy = Arc::new(Policy::new(PolicySetup::of(rules, Answer::SelfService)).unwrap());
}

/// Anna's browser is offered telephones' sound alone, which can be mixed.
fn is_plain(bench: &Bench) -> bool {
    let offer = String::from_utf8(bench.dials.last().expect("a dial").offer.to_vec()).unwrap();
    assert!(offer.contains("PCMU"), "{offer}");
    !offer.contains("opus")
}

fn ring_anna(bench: &mut Bench) {
    for event in ["offer 1", "drawn 1"] {
        bench.after(event);
    }
}

#[test]
fn a_call_that_flows_over_into_a_supervised_queue_can_be_heard() {
    for (queue, plain) in [("general", true), ("sales", false)] {
        let mut bench = Bench::having(|settings| {
            supervised(queue, settings);
            overflow(settings);
        });
        for event in ["invite browser", "found ours", "nobody-can-serve"] {
            bench.after(event);
        }
        ring_anna(&mut bench);
        assert_eq!(is_plain(&bench), plain, "{queue}");
    }
}

#[test]
fn a_call_that_flows_over_can_be_recorded() {
    let mut bench = Bench::having(|settings| {
        supervised("sales", settings);
        overflow(settings);
        let rules = ["all".to_owned()].into();
        settings.recording = Some(RecordingPlan { rules, notice: Notice::OnPage, pause: Duration::from_secs(60) });
    });
    for event in ["invite browser", "found agreed", "nobody-can-serve"] {
        bench.after(event);
    }
    ring_anna(&mut bench);
    assert!(is_plain(&bench));
}
