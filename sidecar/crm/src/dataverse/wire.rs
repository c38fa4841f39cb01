//! Sending: one authorised request, alone or as a batch (dataverse.md 4).

use serde_json::Value;

use super::{
    answers::{self, Failure, Intent, Refusal},
    batch::{self, Operation, PREFIX},
    guid::Guid,
    settings::Settings,
};
use crate::{
    dialect::Session,
    transport::{Method, Request, Response, SendError},
    trouble::Trouble,
};

/// A write that worked, or why the CRM refuses it; refused changes are undone as a whole.
pub(super) type Written = Result<(), Refusal>;

/// A connection as it is used for one piece of work.
#[derive(Clone, Copy)]
pub(super) struct Wire<'a> {
    pub(super) settings: &'a Settings,
    pub(super) session: &'a Session<'a>,
}

impl Wire<'_> {
    /// Reads one row or a list. `None`: there is no such row.
    pub(super) async fn get(&self, name: &'static str, path: &str) -> Result<Option<Value>, Trouble> {
        let mut request = self.request(Method::Get, name, path)?;
        // Keeps answers of a cache between us and the CRM away (dataverse.md 4).
        request.headers.push(("if-none-match", "null".to_owned()));
        let response = self.exchange(Intent::Read, request).await?;
        answers::row(name, &response)
    }

    /// Which of some rows are there, by paths to them. One request.
    pub(super) async fn there(&self, paths: &[String], seed: &Guid) -> Result<Vec<bool>, Trouble> {
        if let [path] = paths {
            return Ok(vec![self.get("dataverse.row", path).await?.is_some()]);
        }
        let name = "dataverse.rows";
        let mut request = self.batch_request(name, batch::reads(paths, seed), seed)?;
        // A row that is not there must not keep the rest from being read.
        request.headers.push(("prefer", "odata.continue-on-error".to_owned()));
        let response = self.exchange(Intent::Read, request).await?;
        let parts = batch::parts(&response);
        if parts.len() != paths.len() {
            answers::row(name, &response)?;
            return Err(Trouble::Unavailable(format!("unreadable answer at {name}")));
        }
        parts.iter().map(|part| answers::row(name, part).map(|row| row.is_some())).collect()
    }

    /// Writes; more than one operation go in one change set.
    pub(super) async fn write(&self, operations: &[Operation], seed: &Guid) -> Result<Written, Trouble> {
        match operations {
            [] => Ok(Ok(())),
            [only] => self.write_one(only).await,
            several => self.write_set(several, seed).await,
        }
    }

    async fn write_one(&self, operation: &Operation) -> Result<Written, Trouble> {
        let mut request = self.request(operation.method, operation.name, &operation.path)?;
        request.headers.extend(operation.condition.map(|condition| (condition.header(), "*".to_owned())));
        let request = request.with_body("application/json", Value::Object(operation.body.clone()).to_string().into());
        let response = self.exchange(Intent::Write, request).await?;
        settle(answers::judge(Intent::Write, operation.name, &response))
    }

    async fn write_set(&self, operations: &[Operation], seed: &Guid) -> Result<Written, Trouble> {
        let name = "dataverse.batch";
        let request = self.batch_request(name, batch::change_set(operations, seed), seed)?;
        // Every row counts against a day's budget (dataverse.md 5).
        let request = request.costing(u32::try_from(operations.len()).unwrap_or(u32::MAX));
        let response = self.exchange(Intent::Write, request).await?;
        let parts = batch::parts(&response);
        if let Some(failed) = parts.iter().find(|part| part.status >= 400) {
            let mut failed = failed.clone();
            // How long to wait may be said outside only.
            failed.headers.extend(response.headers.iter().cloned());
            return settle(answers::judge(Intent::Write, name, &failed));
        }
        if response.status >= 300 {
            return settle(answers::judge(Intent::Write, name, &response));
        }
        if parts.len() < operations.len() {
            return Err(Trouble::Uncertain(format!("unreadable answer at {name}")));
        }
        Ok(Ok(()))
    }

    fn batch_request(&self, name: &'static str, body: Vec<u8>, seed: &Guid) -> Result<Request, Trouble> {
        let mut request = self.request(Method::Post, name, "$batch")?;
        let boundary = batch::boundary("batch", seed);
        request.headers.push(("content-type", format!("multipart/mixed; boundary=\"{boundary}\"")));
        request.body = body;
        Ok(request)
    }

    fn request(&self, method: Method, name: &'static str, path: &str) -> Result<Request, Trouble> {
        let token = self.session.token.ok_or(Trouble::TokenExpired)?;
        let url = format!("{}{PREFIX}/{path}", self.settings.base);
        let mut request = Request::new(method, name, url).authorized("authorization", "Bearer ", &token.token);
        let headers = [("accept", "application/json"), ("odata-maxversion", "4.0"), ("odata-version", "4.0")];
        request.headers.extend(headers.map(|(header, value)| (header, value.to_owned())));
        Ok(request)
    }

    async fn exchange(&self, intent: Intent, request: Request) -> Result<Response, Trouble> {
        self.session.net.send(request).await.map_err(|error| match error {
            SendError::NotSent(text) => Trouble::Unavailable(text),
            SendError::NoAnswer(text) => intent.lost(text),
        })
    }
}

fn settle(judged: Result<(), Failure>) -> Result<Written, Trouble> {
    match judged {
        Ok(()) => Ok(Ok(())),
        Err(Failure::Refused(refusal)) => Ok(Err(refusal)),
        Err(Failure::Trouble(trouble)) => Err(trouble),
    }
}
