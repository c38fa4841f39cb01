//! Sending: one authorised JSON request, and several in one (zoho.md 8).

use serde_json::{Value, json};

use super::{
    answers::{self, Intent, Reply, Sub},
    settings::{COMPOSITE_WEIGHT, Settings},
};
use crate::{
    dialect::Session,
    transport::{Method, Request, SendError},
    trouble::Trouble,
};

/// Sub-requests in one composite request (zoho.md 8).
pub(super) const SUBS_MAX: usize = 5;

/// A connection as it is used for one piece of work.
#[derive(Clone, Copy)]
pub(super) struct Wire<'a> {
    pub(super) settings: &'a Settings,
    pub(super) session: &'a Session<'a>,
}

/// One request before it has a host.
pub(super) struct Call<'c> {
    pub(super) method: Method,
    /// For spans and counters.
    pub(super) name: &'static str,
    /// From `/crm/` on.
    pub(super) path: &'c str,
    pub(super) body: Option<&'c Value>,
}

impl<'c> Call<'c> {
    pub(super) fn get(name: &'static str, path: &'c str) -> Self {
        Self { method: Method::Get, name, path, body: None }
    }
}

impl Wire<'_> {
    /// Sends one request.
    pub(super) async fn send(&self, intent: Intent, call: Call<'_>) -> Result<Reply, Trouble> {
        self.send_weighing(intent, call, 1, 1).await
    }

    /// Sends several requests in one.
    pub(super) async fn composite(
        &self,
        intent: Intent,
        name: &'static str,
        subs: Vec<Value>,
    ) -> Result<Vec<Sub>, Trouble> {
        let count = subs.len();
        // Both flags at once are refused: reads need no undoing, writes need their order.
        let (rollback, parallel) = (intent == Intent::Write, intent == Intent::Read);
        let body = json!({
            "rollback_on_fail": rollback, "parallel_execution": parallel, "__composite_requests": subs,
        });
        let call = Call { method: Method::Post, name, path: "/crm/v8/__composite_requests", body: Some(&body) };
        // Undoing what was begun costs a credit more (zoho.md 3).
        let cost = if rollback { 2 } else { 1 };
        let reply = self.send_weighing(intent, call, COMPOSITE_WEIGHT, cost).await?;
        answers::subs(intent, name, reply, count)
    }

    async fn send_weighing(&self, intent: Intent, call: Call<'_>, weight: u32, cost: u32) -> Result<Reply, Trouble> {
        let name = call.name;
        let request = self.request(call)?.weighing(weight).costing(cost);
        match self.session.net.send(request).await {
            Ok(response) => answers::open(intent, name, &response),
            Err(SendError::NotSent(text)) => Err(Trouble::Unavailable(text)),
            Err(SendError::NoAnswer(text)) => Err(intent.lost(text)),
        }
    }

    fn request(&self, call: Call<'_>) -> Result<Request, Trouble> {
        let token = self.session.token.ok_or(Trouble::TokenExpired)?;
        let base = self.settings.api_url.as_deref().or(token.api_base.as_deref());
        let base = base.unwrap_or(&self.settings.api_of_center);
        let request = Request::new(call.method, call.name, format!("{base}{}", call.path));
        let request = request.authorized("authorization", "Zoho-oauthtoken ", &token.token);
        Ok(match call.body {
            Some(body) => request.with_body("application/json", body.to_string().into_bytes()),
            None => request,
        })
    }
}
