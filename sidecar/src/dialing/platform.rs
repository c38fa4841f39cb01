//! The telephone platform's callback API (telephony/events.md 2.5): it rings both sides and joins them.
//!
//! Two forms. `simple` names a project number and the client; who talks is the business of that number's scheme.
//! `extended` is JSON-RPC and names both sides. Its errors come inside HTTP 200, and are errors nevertheless.
//!
//! Nothing here is repeated: a second request would ring a second time.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};
use tieline_crm::transport::{Method, Request, Response, SendError, Transport};
use tokio::time;

/// Longest time for an answer: a person who clicked waits for it.
const BOUND: Duration = Duration::from_secs(10);
/// Characters of the platform's own words that are passed on.
const WORDS_MAX: usize = 200;
/// Header with the key (telephony/events.md 2.5).
const KEY_HEADER: &str = "auth-key";

/// Where and how a project's platform is asked.
#[derive(Debug)]
pub struct CallbackApi {
    /// The API's host, without a slash at its end.
    pub url: String,
    /// The platform's key.
    pub auth_key: SecretString,
    /// Which form.
    pub form: CallbackForm,
}

/// The two forms of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackForm {
    /// `/callback/outward_call`.
    Simple {
        /// The project number connected as incoming.
        extension: String,
    },
    /// `Api\V2\Callback.external`.
    Extended {
        /// The project's id in the platform.
        project_id: String,
    },
}

/// Both sides of a call to be made.
#[derive(Clone, Copy)]
pub struct Sides<'a> {
    /// The client's number, without a plus.
    pub client: &'a str,
    /// Where the agent is rung.
    pub agent: &'a str,
    /// The client is rung first.
    pub client_first: bool,
}

/// Why the platform makes no call, or may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackFailed {
    /// It was certainly not asked.
    NotSent,
    /// It says no, in its own words.
    Refused(String),
    /// It may make the call or not.
    Unclear,
}

impl CallbackApi {
    /// Asks for a call, once.
    ///
    /// # Errors
    /// The platform makes none, or does not say.
    pub async fn call(&self, net: &dyn Transport, sides: Sides<'_>) -> Result<(), CallbackFailed> {
        let answer = match time::timeout(BOUND, net.send(self.request(sides))).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(SendError::NotSent(_))) => return Err(CallbackFailed::NotSent),
            Ok(Err(SendError::NoAnswer(_))) | Err(_) => return Err(CallbackFailed::Unclear),
        };
        self.read(&answer)
    }

    fn request(&self, sides: Sides<'_>) -> Request {
        let request = match &self.form {
            CallbackForm::Simple { extension } => {
                let form = [("extension", extension.as_str()), ("destination", sides.client)];
                let body = serde_urlencoded::to_string(form).unwrap_or_default();
                let url = format!("{}/callback/outward_call", self.url);
                Request::new(Method::Post, "platform.callback", url)
                    .with_body("application/x-www-form-urlencoded", body.into_bytes())
            }
            CallbackForm::Extended { project_id } => {
                let body = external(project_id, sides).to_string();
                Request::new(Method::Post, "platform.callback", format!("{}/a/v2", self.url))
                    .with_body("application/json", body.into_bytes())
            }
        };
        request.authorized(KEY_HEADER, "", &self.auth_key)
    }

    fn read(&self, answer: &Response) -> Result<(), CallbackFailed> {
        let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let error = body.as_ref().and_then(|body| body.get("error")).filter(|error| is_said(error));
        match (answer.status, error) {
            // What went wrong inside the platform may have gone wrong after it began to ring.
            (500.., _) => Err(CallbackFailed::Unclear),
            (_, Some(error)) => Err(CallbackFailed::Refused(words(error))),
            (200..300, None) if body.is_some() || matches!(self.form, CallbackForm::Simple { .. }) => Ok(()),
            (200..300, None) => Err(CallbackFailed::Unclear),
            (401 | 403, None) => Err(CallbackFailed::Refused("it does not accept the key".to_owned())),
            (status, None) => Err(CallbackFailed::Refused(format!("HTTP {status}"))),
        }
    }
}

/// `manager_dst` 0 rings the callee first; the callee is the agent's side. That 1 rings the client first is read from
/// the other samples only (G21).
fn external(project_id: &str, sides: Sides<'_>) -> Value {
    json!({
        "jsonrpc": "2.0",
        "id": 1,
        "method": "Api\\V2\\Callback.external",
        "params": {
            "caller": sides.client,
            "caller_type": "default",
            "callee": sides.agent,
            "callee_type": "default",
            "manager_dst": u8::from(sides.client_first),
            "direction": "out",
            "projectId": project_id,
        }
    })
}

fn is_said(error: &Value) -> bool {
    !matches!(error, Value::Null | Value::Bool(false))
}

/// What the platform says: code and message, cut to a bound.
fn words(error: &Value) -> String {
    let part = |name: &str| match error.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let whole = error.as_str().map(str::to_owned);
    let said: Vec<String> = [whole, part("message"), part("code")].into_iter().flatten().collect();
    let said = if said.is_empty() { "it does not say why".to_owned() } else { said.join(", ") };
    said.chars().filter(|letter| !letter.is_control()).take(WORDS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(form: CallbackForm) -> CallbackApi {
        CallbackApi { url: "https://api.example".to_owned(), auth_key: SecretString::from("k".to_owned()), form }
    }

    fn extended() -> CallbackApi {
        api(CallbackForm::Extended { project_id: "11111".to_owned() })
    }

    fn simple() -> CallbackApi {
        api(CallbackForm::Simple { extension: "380441112233".to_owned() })
    }

    fn sides(client_first: bool) -> Sides<'static> {
        Sides { client: "380671112233", agent: "380630000000", client_first }
    }

    fn answer(status: u16, body: &str) -> Response {
        Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn sp_06_client_first_is_the_other_value_than_the_attested_callee_first() {
        let attested: Value = serde_json::from_str(
            r#"{ "jsonrpc": "2.0", "id": 1, "method": "Api\\V2\\Callback.external",
              "params": { "caller": "380671112233", "caller_type": "default", "callee": "380630000000",
                          "callee_type": "default", "manager_dst": 0, "direction": "out", "projectId": "11111" } }"#,
        )
        .unwrap_or_default();
        assert_eq!(external("11111", sides(false)), attested);
        assert_eq!(external("11111", sides(true)).pointer("/params/manager_dst"), Some(&json!(1)));
    }

    #[test]
    fn the_simple_form_is_a_form_with_the_projects_number_and_the_client() {
        let request = simple().request(sides(true));
        assert_eq!(request.url, "https://api.example/callback/outward_call");
        assert_eq!(request.body, b"extension=380441112233&destination=380671112233");
    }

    #[test]
    fn an_error_inside_http_200_is_an_error() {
        let body = r#"{ "jsonrpc": "2.0", "id": 1, "error": { "code": -32602, "message": "Invalid params" } }"#;
        let refused = Err(CallbackFailed::Refused("Invalid params, -32602".to_owned()));
        assert_eq!(extended().read(&answer(200, body)), refused);
        assert_eq!(simple().read(&answer(200, body)), refused);
        let bare = simple().read(&answer(200, r#"{"error":"no such extension"}"#));
        assert_eq!(bare, Err(CallbackFailed::Refused("no such extension".to_owned())));
    }

    #[test]
    fn only_what_says_so_is_done_and_trouble_inside_the_platform_is_unclear() {
        for done in [r#"{"jsonrpc":"2.0","id":1,"result":true}"#, r#"{"result":{},"error":null}"#] {
            assert_eq!(extended().read(&answer(200, done)), Ok(()));
        }
        assert_eq!(simple().read(&answer(200, "OK")), Ok(()));
        assert_eq!(extended().read(&answer(200, "<html>")), Err(CallbackFailed::Unclear));
        assert_eq!(extended().read(&answer(502, "")), Err(CallbackFailed::Unclear));
        assert!(matches!(extended().read(&answer(401, "")), Err(CallbackFailed::Refused(_))));
        assert!(matches!(simple().read(&answer(404, "")), Err(CallbackFailed::Refused(_))));
    }

    #[test]
    fn the_platforms_words_are_passed_on_within_a_bound() {
        let body = json!({ "error": { "message": "x\n".repeat(10_000) } }).to_string();
        let Err(CallbackFailed::Refused(words)) = extended().read(&answer(200, &body)) else {
            unreachable!("an error is a refusal")
        };
        assert_eq!(words.len(), WORDS_MAX);
    }
}
