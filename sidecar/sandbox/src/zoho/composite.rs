//! Several requests in one, each of which may use what earlier ones answered (zoho.md 8).

use serde_json::{Map, Value, json};

use super::{
    Call, Ctx, Zoho,
    reply::{Refusal, Reply},
};

/// Sub-requests per composite.
const MOST: usize = 5;

/// How one sub-request went.
struct Outcome {
    id: String,
    /// `Err`: it was not executed.
    reply: Result<Reply, Refusal>,
}

impl Outcome {
    fn failed(&self) -> bool {
        match &self.reply {
            Ok(reply) => reply.status >= 400 || reply.status == 207,
            Err(_) => true,
        }
    }
}

impl Zoho {
    /// `POST /crm/v8/__composite_requests`
    pub(super) fn composite(&mut self, ctx: &Ctx, call: &Call) -> Result<Reply, Refusal> {
        let flag = |name: &str| call.body.get(name).and_then(Value::as_bool).unwrap_or(false);
        let (rollback, parallel) = (flag("rollback_on_fail"), flag("parallel_execution"));
        let subs = subs(&call.body)?;
        if rollback && parallel {
            let message = "rollback_on_fail and parallel_execution cannot both be true";
            return Err(Refusal::new("AMBIGUITY_DURING_PROCESSING", message, json!({})));
        }
        if rollback {
            self.store.begin();
        }
        let mut done: Vec<Outcome> = Vec::new();
        for (index, sub) in subs.iter().enumerate() {
            let last = index + 1 == subs.len();
            let outcome = self.sub_request(ctx, sub, &done, parallel, last);
            let failed = outcome.failed();
            done.push(outcome);
            if rollback && failed {
                self.store.roll_back();
                return Ok(rolled_back(&done, subs.len()));
            }
        }
        self.store.commit();
        Ok(answered(&done).costing(1 + u64::from(rollback)))
    }

    fn sub_request(&mut self, ctx: &Ctx, sub: &Value, done: &[Outcome], parallel: bool, last: bool) -> Outcome {
        let id = sub.get("sub_request_id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let sources = if parallel { &[] } else { done };
        let in_body = self.settings.composite_body_references;
        let ctx = Ctx { composite: true, fail_item: ctx.partial && last, partial: false, ..ctx.clone() };
        let reply = prepared(sub, sources, in_body).map(|call| self.api(&ctx, &call));
        Outcome { id, reply }
    }
}

fn subs(body: &Value) -> Result<&[Value], Refusal> {
    let subs = body.get("__composite_requests").and_then(Value::as_array).filter(|subs| !subs.is_empty());
    let path = json!({"api_name": "__composite_requests", "json_path": "$.__composite_requests"});
    let subs = subs.ok_or_else(|| Refusal::new("MANDATORY_NOT_FOUND", "required field not found", path))?;
    if subs.len() > MOST {
        let details = json!({"api_name": "__composite_requests", "maximum_length": MOST});
        return Err(Refusal::new("INVALID_DATA", "invalid data", details));
    }
    for (index, sub) in subs.iter().enumerate() {
        for name in ["sub_request_id", "method", "uri"] {
            if sub.get(name).and_then(Value::as_str).is_none_or(str::is_empty) {
                let details = json!({"api_name": name, "json_path": format!("$.__composite_requests[{index}].{name}")});
                return Err(Refusal::new("MANDATORY_NOT_FOUND", "required field not found", details));
            }
        }
    }
    Ok(subs)
}

/// The sub-request with its references filled in.
fn prepared(sub: &Value, done: &[Outcome], in_body: bool) -> Result<Call, Refusal> {
    let text = |name: &str| sub.get(name).and_then(Value::as_str).unwrap_or_default();
    no_token_inside(sub)?;
    let body = sub.get("body").cloned().unwrap_or(Value::Null);
    if !in_body && body.to_string().contains("@{") {
        let message = "improper reference in the request body";
        return Err(Refusal::new("INVALID_REFERENCE", message, json!({})));
    }
    let uri = as_text(filled_text(text("uri"), done)?);
    let mut call = Call::parse(text("method"), &uri, filled(&body, done)?)
        .ok_or_else(|| Refusal::new("INVALID_DATA", "invalid data", json!({"api_name": "uri"})))?;
    if call.segments.first().is_some_and(|first| first == "__composite_requests") {
        let message = "the request is not supported in a composite request";
        return Err(Refusal::new("NOT_SUPPORTED", message, json!({})));
    }
    for (name, value) in sub.get("params").and_then(Value::as_object).into_iter().flatten() {
        call.params.push((name.clone(), as_text(filled(value, done)?)));
    }
    Ok(call)
}

fn no_token_inside(sub: &Value) -> Result<(), Refusal> {
    let headers = sub.get("headers").and_then(Value::as_object);
    let named = |name: &String| name.eq_ignore_ascii_case("authorization");
    if headers.is_some_and(|headers| headers.keys().any(named)) {
        let message = "authorization is not allowed in a sub request";
        return Err(Refusal::new("NOT_ALLOWED", message, json!({})));
    }
    Ok(())
}

fn as_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn filled(value: &Value, done: &[Outcome]) -> Result<Value, Refusal> {
    match value {
        Value::String(text) => filled_text(text, done),
        Value::Array(items) => items.iter().map(|item| filled(item, done)).collect(),
        Value::Object(map) => {
            let filled: Result<Map<String, Value>, Refusal> =
                map.iter().map(|(key, value)| Ok((key.clone(), filled(value, done)?))).collect();
            filled.map(Value::Object)
        }
        other => Ok(other.clone()),
    }
}

/// A text that is one reference becomes the value itself; inside a longer text it becomes text.
fn filled_text(text: &str, done: &[Outcome]) -> Result<Value, Refusal> {
    let whole = text.strip_prefix("@{").and_then(|rest| rest.strip_suffix('}')).filter(|inner| !inner.contains("@{"));
    if let Some(reference) = whole {
        return resolve(reference, done);
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("@{") {
        let (reference, behind) = after.split_once('}').ok_or_else(|| unresolved(after))?;
        let value = resolve(reference, done)?;
        out.push_str(before);
        out.push_str(&value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        rest = behind;
    }
    out.push_str(rest);
    Ok(Value::String(out))
}

/// `id:$.data[0].details.id` in the body that sub-request answered.
fn resolve(reference: &str, done: &[Outcome]) -> Result<Value, Refusal> {
    let (id, path) = reference.split_once(":$").ok_or_else(|| unresolved(reference))?;
    let body =
        done.iter().find(|outcome| outcome.id == id).and_then(|outcome| outcome.reply.as_ref().ok()?.body.as_ref());
    let pointer = path.replace(['.', '['], "/").replace(']', "");
    body.and_then(|body| body.pointer(&pointer)).cloned().ok_or_else(|| unresolved(reference))
}

fn unresolved(reference: &str) -> Refusal {
    Refusal::new("INVALID_REFERENCE", "improper reference in the request", json!({"reference": reference}))
}

fn executed(reply: &Reply) -> Value {
    json!({
        "code": "SUCCESS", "message": "composite sub request executed successfully", "status": "success",
        "details": {"response": {"status_code": reply.status, "headers": {}, "body": reply.body}},
    })
}

fn item(outcome: &Outcome) -> Value {
    match &outcome.reply {
        Ok(reply) => executed(reply),
        Err(refusal) => refusal.to_json(),
    }
}

/// 200 when every sub-request was executed, 207 when some were, 400 when none was:
/// what they answered does not count.
fn answered(done: &[Outcome]) -> Reply {
    let run = done.iter().filter(|outcome| outcome.reply.is_ok()).count();
    let status = match run {
        0 => 400,
        _ if run == done.len() => 200,
        _ => 207,
    };
    let items: Vec<Value> = done.iter().map(item).collect();
    Reply::new(status, json!({"__composite_requests": items}))
}

/// Those before the failed one were undone, those behind it not begun; it keeps its answer.
fn rolled_back(done: &[Outcome], total: usize) -> Reply {
    let failed = done.len() - 1;
    let details = json!({"rollbacked_by_sub_request_index": failed});
    let items: Vec<Value> = (0..total)
        .map(|index| match done.get(index) {
            Some(outcome) if index == failed => item(outcome),
            Some(_) => Refusal::new("ROLLBACK_PERFORMED", "rollback performed", details.clone()).to_json(),
            None => Refusal::new("PROCESSING_STOPPED", "processing stopped", details.clone()).to_json(),
        })
        .collect();
    Reply::new(400, json!({"__composite_requests": items}))
}
