//! The board's stream: one snapshot a second for all who watch, and nothing while nobody does.

use super::*;
use crate::base::limits::BOARD_STREAMS_MAX;

impl Server {
    /// The data of the next event.
    async fn next_board(&self, response: &mut Response) -> Value {
        let mut text = String::new();
        while !text.ends_with("\n\n") {
            let more = tokio::time::timeout(Duration::from_secs(20), response.chunk()).await.expect("in time");
            text += std::str::from_utf8(&more.unwrap().expect("the stream goes on")).unwrap();
        }
        serde_json::from_str(text.strip_prefix("event: board\ndata: ").expect("a board")).unwrap()
    }
}

#[tokio::test]
async fn a_board_is_told_what_goes_on() {
    let server = Server::start().await;
    let mut response = server.get("/v1/board/live").await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"text/event-stream".parse().unwrap())
    );
    let told = server.next_board(&mut response).await;
    assert!(told["at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(told["phases"], json!({"talking": 2, "waiting": 1}));
    assert_eq!((&told["queues"][0]["queue"], &told["queues"][0]["expected_wait_s"]), (&json!("returns"), &json!(90)));
    assert_eq!((&told["agents"][0]["state"], &told["trunks"][0]["trunk"]), (&json!("on-call"), &json!("carrier")));
    assert!(told["latency"]["stages"].as_array().unwrap().len() > 3);
    assert_eq!(told["recent"]["stages"].as_array().unwrap().len(), told["latency"]["stages"].as_array().unwrap().len());
    assert_eq!((&told["levels"]["V2"], &told["fallbacks"]["unmatched"]), (&json!(0), &json!(0)));
    assert_eq!(
        (&told["policy"], told.get("shadow_policy"), &told["shadow"]),
        (&json!("000000000000"), None, &json!([]))
    );
    assert!(told["calls"].as_array().unwrap().is_empty(), "the sample calls have ended");
    server.next_board(&mut response).await;
    server.pages.close_all();
    let mut left = 0;
    while tokio::time::timeout(Duration::from_secs(20), response.chunk()).await.expect("an end").unwrap().is_some() {
        left += 1;
    }
    assert!(left < 4, "the stream ends with the server");
}

#[tokio::test]
async fn a_board_needs_a_key_that_may_look_and_a_place() {
    let server = Server::start().await;
    problem(server.request(Method::GET, "/v1/board/live", "guess").send().await.unwrap(), 401, "unauthorized").await;
    problem(server.request(Method::GET, "/v1/board/live", SITE).send().await.unwrap(), 403, "forbidden").await;
    let in_address = format!("http://{}/v1/board/live?token={BOARD}", server.address);
    problem(server.client.get(in_address).send().await.unwrap(), 401, "unauthorized").await;
    let mut open = Vec::new();
    for _ in 0..BOARD_STREAMS_MAX {
        open.push(server.get("/v1/board/live").await);
    }
    problem(server.get("/v1/board/live").await, 503, "streams-full").await;
}
