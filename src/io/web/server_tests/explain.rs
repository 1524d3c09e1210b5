//! Why a call went where it went, what the rules would say of a made-up caller, and the shadow policy.

use super::*;
use crate::access::{Decision, Facts};
use crate::calls::explained::{CandidateSeen, DecisionSeen, Explained, MatchSeen, OfferSeen, QueueSeen};
use crate::calls::shadowing::Difference;
use crate::intents::requests::FoundBy;
use crate::routing::{OfferFailure, PassedOver};

const US: Duration = Duration::from_micros(900);

/// The rules of the tests, about a caller with this level.
fn decided(level: Level) -> (Decision, crate::access::Trace) {
    let trunk = TrunkId::new("carrier");
    routes().policy.decide_with_trace(&Facts { level, ..Facts::of_nobody(&trunk, Wall(0)) })
}

/// What the sample call has kept.
pub(super) fn explained() -> Explained {
    let (decision, trace) = decided(Level::Likely);
    let candidate = |intent, share, is_winner| CandidateSeen {
        intent: IntentId(intent),
        found_by: FoundBy { leased_number: is_winner, caller_id: true, ..FoundBy::default() },
        share,
        is_winner,
        is_rival: !is_winner,
    };
    Explained {
        matched: Some(MatchSeen {
            earned: Level::Likely,
            allowed: Level::Strong,
            share: 0.75,
            candidates: vec![candidate(1, 0.75, true), candidate(2, 0.2, false)],
            is_lost: false,
        }),
        missed: None,
        decisions: vec![DecisionSeen { at: US, decision: Arc::new(decision), trace }],
        queue: Some(QueueSeen {
            at: US,
            queue: QueueId::new("returns"),
            priority: 5,
            position: Some(3),
            expected_wait: Some(Duration::from_secs(40)),
            last_position: Some(1),
        }),
        offers: vec![OfferSeen {
            at: US,
            agent: AgentId::new("anna"),
            claims: vec![(AgentId::new("ben"), Why::Offline)],
            others: PassedOver::default(),
            failed: Some(OfferFailure::NoAnswer),
        }],
    }
}

pub(super) fn differences() -> Vec<Difference> {
    let (live, shadow) = (decided(Level::Strong).0, decided(Level::Likely).0);
    let shadow_version = routes().policy.version();
    vec![Difference { call: CallId(7), at: Wall(1_800_000_000_000), live, shadow, shadow_version }]
}

impl Server {
    async fn explain_caller(&self, caller: Value) -> Response {
        self.request(Method::POST, "/v1/access/explain", BOARD).json(&caller).send().await.unwrap()
    }
}

#[tokio::test]
async fn a_call_is_explained() {
    let server = Server::start().await;
    let told = body(server.get(&format!("/v1/calls/{}/explain", CallId(7))).await).await;
    assert_eq!(
        (&told["phase"], &told["policy"], &told["outcome"]),
        (&json!("ended"), &json!("000000000000"), &json!("talked"))
    );
    let matched = &told["match"];
    assert_eq!((&matched["candidates"][0]["is"], &matched["candidates"][1]["is"]), (&json!("winner"), &json!("rival")));
    assert_eq!(matched["candidates"][0]["found_by"], json!(["number", "caller"]));
    assert!(matched["why"].as_str().unwrap().starts_with("75.0 % of the weight earn V1"), "{matched}");
    let decision = &told["decisions"][0];
    assert_eq!((&decision["us"], &decision["access"]["answer"]), (&json!(900.0), &json!("refuse")));
    let failed = json!({"condition": "min_level", "asked": "V2 or more", "given": "V1"});
    assert_eq!(decision["tried"], json!([{"rule": "strong", "failed": failed}, {"rule": "default"}]));
    assert_eq!((&told["queue"]["position"], &told["queue"]["expected_wait_s"]), (&json!(3), &json!(40)));
    assert_eq!(told["offers"][0]["passed_over"], json!([{"agent": "ben", "why": "offline"}]));
    assert_eq!(told["offers"][0]["failed"], "no answer");
    assert_eq!(told["stages"], json!([{"stage": "invite_to_match", "us": 120.0, "took_us": 120.0}]));
    let text = told.to_string();
    assert!(!text.contains(CUSTOMER), "no number of the caller: {text}");
    problem(server.get("/v1/calls/call_nothing/explain").await, 404, "not-found").await;
    problem(server.get(&format!("/v1/calls/{}/explain", CallId(8))).await, 404, "not-found").await;
    let path = format!("/v1/calls/{}/explain", CallId(7));
    problem(server.request(Method::GET, &path, SITE).send().await.unwrap(), 403, "forbidden").await;
}

#[tokio::test]
async fn the_rules_answer_for_a_made_up_caller() {
    let server = Server::start().await;
    let told = body(server.explain_caller(json!({"level": "V3", "domain": "shop.example.com"})).await).await;
    let met = json!({"condition": "min_level", "asked": "V2 or more", "given": "V3"});
    assert_eq!((&told["access"]["answer"], &told["access"]["rule"]), (&json!("human"), &json!("strong")));
    assert_eq!((&told["tried"], told.get("shadow")), (&json!([{"rule": "strong", "met": [met]}]), None));
    let wrong = server.explain_caller(json!({"level": "V7", "urgncy": "high", "value": {"currency": "EUR"}})).await;
    let told = problem(wrong, 400, "invalid-request").await;
    let mut fields: Vec<_> = told["faults"].as_array().unwrap().iter().map(|fault| fault["field"].clone()).collect();
    fields.sort_by_key(ToString::to_string);
    assert_eq!(fields, [json!("level"), json!("urgncy"), json!("value.minor_units")]);
    problem(server.explain_caller(json!([1])).await, 400, "invalid-request").await;
}

#[tokio::test]
async fn where_the_shadow_policy_differs_is_listed() {
    let server = Server::start().await;
    let told = body(server.get("/v1/access/shadow?limit=5").await).await;
    assert_eq!((told.get("shadow"), &told["counts"]), (None, &json!([])));
    let difference = &told["differences"][0];
    assert_eq!((&difference["live"]["answer"], &difference["shadow"]["answer"]), (&json!("human"), &json!("refuse")));
    assert_eq!((&difference["live"]["rule"], &difference["shadow"]["rule"]), (&json!("strong"), &json!("default")));
    problem(server.get("/v1/access/shadow?limit=0").await, 400, "invalid-request").await;
}
