//! `$batch`: several operations in one request, change sets all or nothing (dataverse.md 4.5).

mod multipart;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    Ctx, Dataverse,
    links::unknown_reference,
    refusal::{Refusal, Reply, bad_payload},
    settings::{BatchStatus, LineEnds},
    write::prefers,
};
use crate::wire::{SimAnswer, SimRequest};
use multipart::{Inner, Item, joined, part};

/// Operations per batch (dataverse.md 4.5).
const MOST: usize = 1_000;

/// The URIs earlier operations answered, by Content-ID.
type References = BTreeMap<String, String>;

/// What one batch has come to.
#[derive(Default)]
struct Progress {
    parts: Vec<String>,
    references: References,
    done: usize,
    /// The status of the operation that stopped it.
    stopped: Option<u16>,
}

impl Dataverse {
    /// `POST /$batch`; gives the answer and how many operations it held.
    pub(super) fn batch(&mut self, ctx: &Ctx, request: &SimRequest) -> Result<(SimAnswer, u64), Refusal> {
        let kind = request.header_value("content-type").unwrap_or_default();
        let items = multipart::read(kind, &request.body, self.settings.batch_line_ends == LineEnds::Crlf)?;
        let total = check(&items)?;
        let go_on = prefers(request, "odata.continue-on-error");
        let mut progress = Progress::default();
        for item in &items {
            let failed = match item {
                Item::One(inner) => self.single_operation(ctx, inner, total, &mut progress),
                Item::ChangeSet(inners) => self.change_set(ctx, inners, total, &mut progress),
            };
            if let Some(status) = failed.filter(|_| !go_on) {
                progress.stopped = Some(status);
                break;
            }
        }
        Ok((self.batch_answer(&progress), total as u64))
    }

    fn single_operation(&mut self, ctx: &Ctx, inner: &Inner, total: usize, progress: &mut Progress) -> Option<u16> {
        let result = self.operation(ctx, inner, total, progress);
        let failed = result.as_ref().err().map(|refusal| refusal.status);
        let reply = result.unwrap_or_else(|refusal| self.failure(refusal));
        progress.parts.push(part(&reply, inner.content_id.as_deref()));
        failed
    }

    /// The first failure undoes the set and stands alone for it.
    fn change_set(&mut self, ctx: &Ctx, inners: &[Inner], total: usize, progress: &mut Progress) -> Option<u16> {
        self.store.begin();
        let mut parts = Vec::new();
        for inner in inners {
            let id = inner.content_id.as_deref();
            match self.operation(ctx, inner, total, progress) {
                Ok(reply) => parts.push(part(&reply, id)),
                Err(refusal) => {
                    self.store.roll_back();
                    let status = refusal.status;
                    let failure = part(&self.failure(refusal), id);
                    let wrapped = self.settings.changeset_error_wrapped;
                    progress.parts.push(if wrapped { self.wrapped(&[failure]) } else { failure });
                    return Some(status);
                }
            }
        }
        self.store.commit();
        progress.parts.push(self.wrapped(&parts));
        None
    }

    fn operation(&mut self, ctx: &Ctx, inner: &Inner, total: usize, progress: &mut Progress) -> Result<Reply, Refusal> {
        progress.done += 1;
        // The fault hits the last operation, so that there is something to undo.
        if ctx.partial && progress.done == total {
            return Err(Refusal::new(500, "0x80044151", "Sql error: Generic SQL error. The operation timed out."));
        }
        let request = resolved(&inner.request, &progress.references, self.settings.nested_references)?;
        let reply = self.route(ctx, &request)?;
        if let (Some(id), Some(uri)) = (&inner.content_id, reply.header_value("location")) {
            progress.references.insert(id.clone(), uri.to_owned());
        }
        Ok(reply)
    }

    fn failure(&mut self, refusal: Refusal) -> Reply {
        let id = super::guid(&mut self.rng);
        refusal.into_reply().header("req_id", &id)
    }

    fn wrapped(&mut self, parts: &[String]) -> String {
        let boundary = format!("changesetresponse_{}", super::guid(&mut self.rng));
        format!("Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n{}", joined(&boundary, parts))
    }

    fn batch_answer(&mut self, progress: &Progress) -> SimAnswer {
        let boundary = format!("batchresponse_{}", super::guid(&mut self.rng));
        let status = match (progress.stopped, self.settings.batch_failure_status) {
            (None, _) => 200,
            (Some(_), BatchStatus::Always400) => 400,
            (Some(status), BatchStatus::OfThePart) => status,
        };
        SimAnswer {
            status,
            headers: vec![
                ("odata-version".to_owned(), "4.0".to_owned()),
                ("content-type".to_owned(), format!("multipart/mixed; boundary={boundary}")),
            ],
            body: joined(&boundary, &progress.parts).into(),
            delay_ms: 0,
        }
    }
}

/// What makes a batch unreadable as a whole; gives the number of its operations.
fn check(items: &[Item]) -> Result<usize, Refusal> {
    let mut total = 0;
    for item in items {
        let inners = match item {
            Item::One(inner) => std::slice::from_ref(inner),
            Item::ChangeSet(inners) => {
                check_change_set(inners)?;
                inners
            }
        };
        total += inners.len();
        if inners.iter().any(|inner| inner.request.path == "$batch") {
            return Err(bad_payload("a batch cannot hold a batch."));
        }
    }
    match total {
        0 => Err(bad_payload("the batch holds no operation.")),
        _ if total > MOST => Err(bad_payload(&format!("a batch holds at most {MOST} operations."))),
        _ => Ok(total),
    }
}

fn check_change_set(inners: &[Inner]) -> Result<(), Refusal> {
    let mut ids = BTreeSet::new();
    for inner in inners {
        if inner.request.method == "GET" {
            return Err(bad_payload("an HTTP method 'GET' was detected for a request in a change set."));
        }
        let id =
            inner.content_id.as_ref().ok_or_else(|| bad_payload("an operation of a change set needs a Content-ID."))?;
        if !ids.insert(id) {
            return Err(bad_payload(&format!("the Content-ID '{id}' is there twice.")));
        }
    }
    Ok(())
}

/// The request with `$n` replaced in its URL and in the bindings of its body.
fn resolved(request: &SimRequest, references: &References, nested: bool) -> Result<SimRequest, Refusal> {
    let mut request = request.clone();
    if let Some(rest) = request.path.strip_prefix('$') {
        let (id, behind) = rest.split_once('/').map_or((rest, None), |(id, behind)| (id, Some(behind)));
        let uri = references.get(id).ok_or_else(|| unknown_reference(&format!("${id}")))?;
        let row = super::target::behind_service_root(uri);
        request.path = behind.map_or_else(|| row.to_owned(), |behind| format!("{row}/{behind}"));
    }
    let Ok(mut body) = serde_json::from_slice::<Value>(&request.body) else {
        return Ok(request);
    };
    fill(&mut body, references, nested)?;
    request.body = body.to_string().into();
    Ok(request)
}

fn fill(value: &mut Value, references: &References, nested: bool) -> Result<(), Refusal> {
    let Some(object) = value.as_object_mut() else {
        return Ok(());
    };
    for (name, value) in object {
        match value {
            Value::String(text) if name.ends_with("@odata.bind") => {
                if let Some(id) = text.strip_prefix('$') {
                    *text = references.get(id).cloned().ok_or_else(|| unknown_reference(text))?;
                }
            }
            Value::Array(items) if nested => items.iter_mut().try_for_each(|item| fill(item, references, nested))?,
            _ => {}
        }
    }
    Ok(())
}
