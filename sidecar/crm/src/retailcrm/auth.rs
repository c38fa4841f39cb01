//! Requests with the account's key (retailcrm.md 1.1).

use crate::transport::{Class, Method, Request};

use super::settings::Settings;

/// The prefix of every versioned path.
const PREFIX: &str = "/api/v5";
/// The header of the key; the older parameter `apiKey` would end up in logs of proxies.
const HEADER: &str = "X-API-KEY";

/// A reading request; names of query parameters may hold brackets.
pub(super) fn get(settings: &Settings, name: &'static str, path: &str, query: &[(&str, &str)]) -> Request {
    let mut url = format!("{}{PREFIX}{path}", settings.base);
    if !query.is_empty() {
        url.push('?');
        url.push_str(&form(query));
    }
    signed(settings, Request::new(Method::Get, name, url), path)
}

/// A reading request of what has no version (retailcrm.md 1.1).
pub(super) fn get_unversioned(settings: &Settings, name: &'static str, path: &str) -> Request {
    let url = format!("{}/api{path}", settings.base);
    signed(settings, Request::new(Method::Get, name, url), path)
}

/// A writing request: the entity is JSON text in one field of a form.
pub(super) fn post(settings: &Settings, name: &'static str, path: &str, fields: &[(&str, &str)]) -> Request {
    let url = format!("{}{PREFIX}{path}", settings.base);
    let body = form(fields).into_bytes();
    let request = Request::new(Method::Post, name, url).with_body("application/x-www-form-urlencoded", body);
    signed(settings, request, path)
}

fn signed(settings: &Settings, request: Request, path: &str) -> Request {
    let class = if path.starts_with("/telephony") { Class::Telephony } else { Class::General };
    request.authorized(HEADER, "", &settings.api_key).in_class(class)
}

/// Pairs as a form; pairs of texts always encode.
fn form(pairs: &[(&str, &str)]) -> String {
    serde_urlencoded::to_string(pairs).unwrap_or_default()
}
