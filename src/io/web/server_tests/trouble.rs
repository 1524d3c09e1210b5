//! What pages tell of their browsers.

use super::*;
use crate::io::telemetry::Counter;
use crate::io::troubles::{Told, Trouble};

#[tokio::test]
async fn a_page_tells_what_goes_wrong_with_its_own_token_only() {
    let server = Server::start().await;
    let made = body(server.register(&intent()).await).await;
    let token = made["token"].as_str().unwrap().to_owned();
    let tell = |key: &str, code: &str| {
        let request = server.request(Method::POST, "/v1/trouble", key).header("origin", SHOP);
        request.json(&json!({"code": code})).send()
    };
    let noted = tell(&token, "microphone-refused").await.unwrap();
    assert_eq!(
        (noted.status().as_u16(), &noted.headers()["access-control-allow-origin"]),
        (204, &SHOP.parse().unwrap())
    );
    let refused = Counter::Trouble(Trouble::Told(Told::MicrophoneRefused));
    assert_eq!(server.web.telemetry.count(&refused), 1);
    problem(tell(&token, "the moon is blue").await.unwrap(), 422, "invalid-body").await;
    problem(tell(SITE, "no-sound").await.unwrap(), 401, "unauthorized").await;
    problem(tell("tok_nonsense", "no-sound").await.unwrap(), 401, "unauthorized").await;
    assert_eq!(server.web.telemetry.count(&Counter::Trouble(Trouble::WrongToken)), 2);
    assert_eq!(server.web.telemetry.count(&refused), 1);
}
