//! `/openapi.json`: the API as OpenAPI 3.1, made from the handlers themselves.

use axum::Json;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::io::desktop;

use super::{
    access_explain, board, board_live, callbacks, cases, explain, health, intents, live, lookup, numbers, recordings,
    reload, sip, trouble,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Throughline",
        description = "Registers contact intents, and shows what becomes of the calls. Errors are problems (RFC 9457).",
    ),
    paths(
        intents::register, intents::read, intents::change, intents::withdraw, live::live, live::confirm, callbacks::call_back,
        callbacks::take_back, cases::message, reload::reload,
        cases::of_customer, cases::feedback,
        lookup::look_up, board::calls, board::call, recordings::recording,
        recordings::delete_recording,
        explain::explain, access_explain::explain, access_explain::shadow,
        board::agents, board::queues, board::trunks, board::latency, board_live::live, numbers::numbers, health::alive, health::ready,
        health::metrics, openapi, desktop::upgrade, sip::upgrade, trouble::tell,
    ),
    modifiers(&Keys),
)]
struct Api;

/// The key in `Authorization: Bearer`.
struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut Document) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API key")).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("key", SecurityScheme::Http(bearer));
        let token =
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("The token of the intent, `tok_...`"));
        components.add_security_scheme("token", SecurityScheme::Http(token.build()));
    }
}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "watching",
    responses((status = 200, description = "OpenAPI 3.1", body = Object, content_type = "application/json")),
)]
pub(super) async fn openapi() -> Json<Document> {
    Json(document())
}

pub(super) fn document() -> Document {
    Api::openapi()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::document;

    fn json() -> Value {
        serde_json::to_value(document()).unwrap()
    }

    /// Every value below, with the name it has there.
    fn walk<'a>(value: &'a Value, each: &mut impl FnMut(&str, &'a Value)) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, field)| {
                each(name, field);
                walk(field, each);
            }),
            Value::Array(items) => items.iter().for_each(|item| walk(item, each)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn it_is_openapi_and_every_reference_leads_somewhere() {
        let document = json();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
        let mut count = 0;
        walk(&document, &mut |name, value| {
            if name == "$ref" {
                let pointer = value.as_str().unwrap().trim_start_matches('#');
                assert!(document.pointer(pointer).is_some(), "{pointer} leads nowhere");
                count += 1;
            }
        });
        assert!(count > 20, "{count} references");
    }

    #[test]
    fn each_operation_is_whole() {
        let document = json();
        let mut names = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let place = format!("{method} {path}");
                assert!(names.insert(operation["operationId"].as_str().unwrap().to_owned()), "{place}: a name twice");
                assert!(operation["summary"].is_string(), "{place}: no summary");
                let responses = operation["responses"].as_object().unwrap();
                assert!(
                    !responses.is_empty() && responses.values().all(|response| response["description"].is_string())
                );
                let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
                let in_path = parameters.iter().filter(|parameter| parameter["in"] == "path").count();
                assert_eq!(in_path, path.matches('{').count(), "{place}: parameters of the path");
                let keyed =
                    operation["security"].as_array().is_some_and(|keys| keys.iter().any(|k| k.get("key").is_some()));
                // Those that only pages and desks ask.
                let is_of_pages = ["/v1/desktop", "/v1/trouble"].contains(&path.as_str());
                assert_eq!(keyed, path.starts_with("/v1/") && !is_of_pages, "{place}: security");
            }
        }
        assert_eq!(document["components"]["securitySchemes"]["key"]["scheme"], "bearer");
    }
}
