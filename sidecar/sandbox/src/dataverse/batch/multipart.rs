//! The text of a batch: parts of parts, each an HTTP message (dataverse.md 4.5).

use crate::{
    dataverse::refusal::{Refusal, Reply, bad_payload},
    wire::SimRequest,
};

/// One operation as it stands in the batch.
#[derive(Clone, Debug)]
pub(super) struct Inner {
    pub(super) content_id: Option<String>,
    pub(super) request: SimRequest,
}

/// An operation on its own, or several that succeed or fail together.
#[derive(Clone, Debug)]
pub(super) enum Item {
    One(Inner),
    ChangeSet(Vec<Inner>),
}

/// Reads a batch. With `strict`, only CRLF ends a line.
pub(super) fn read(content_type: &str, body: &[u8], strict: bool) -> Result<Vec<Item>, Refusal> {
    let text = String::from_utf8_lossy(body);
    let text = if strict { text.into_owned() } else { text.replace("\r\n", "\n").replace('\n', "\r\n") };
    let boundary = boundary(content_type).ok_or_else(|| bad_payload("a batch is multipart/mixed with a boundary."))?;
    parts(&text, boundary)?.into_iter().map(item).collect()
}

struct Part<'a> {
    headers: Vec<(String, String)>,
    body: &'a str,
}

impl Part<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn item(part: Part<'_>) -> Result<Item, Refusal> {
    let content_type = part.header("content-type").unwrap_or_default();
    let Some(boundary) = boundary(content_type) else {
        return inner(&part).map(Item::One);
    };
    let inside = parts(part.body, boundary)?;
    let operations: Result<Vec<Inner>, Refusal> = inside.iter().map(inner).collect();
    operations.map(Item::ChangeSet)
}

/// The parts between the lines of a boundary.
fn parts<'a>(text: &'a str, boundary: &str) -> Result<Vec<Part<'a>>, Refusal> {
    let delimiter = format!("--{boundary}");
    let broken = || bad_payload("the multipart body has no closing boundary, or lines that do not end in CRLF.");
    // The first delimiter may stand at the very start, any other one behind a line's end.
    let mut rest = match text.strip_prefix(delimiter.as_str()) {
        Some(rest) => rest,
        None => text.split_once(&format!("\r\n{delimiter}")).ok_or_else(broken)?.1,
    };
    let mut out = Vec::new();
    while !rest.starts_with("--") {
        let (inside, after) = rest.split_once(&format!("\r\n{delimiter}")).ok_or_else(broken)?;
        let inside = inside.trim_start_matches([' ', '\t']).strip_prefix("\r\n").ok_or_else(broken)?;
        let (head, body) = message(inside);
        out.push(Part { headers: headers(head)?, body });
        rest = after;
    }
    Ok(out)
}

/// The HTTP request inside a part.
fn inner(part: &Part<'_>) -> Result<Inner, Refusal> {
    let kind = part.header("content-type").unwrap_or_default();
    let binary = part.header("content-transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("binary"));
    if !kind.eq_ignore_ascii_case("application/http") || !binary {
        return Err(bad_payload("a part is application/http in binary transfer encoding."));
    }
    let (head, body) = message(part.body);
    let (line, rest) = head.split_once("\r\n").unwrap_or((head, ""));
    let words: Vec<&str> = line.split(' ').collect();
    let [method, target, "HTTP/1.1"] = words.as_slice() else {
        return Err(bad_payload(&format!("'{line}' is no request line.")));
    };
    let target = crate::dataverse::target::behind_service_root(target);
    let mut request = SimRequest::new(method, target);
    request.headers = headers(rest)?;
    request.body = body.trim_end_matches("\r\n").to_owned().into();
    Ok(Inner { content_id: part.header("content-id").map(str::to_owned), request })
}

/// Head and body of a message, which an empty line divides.
fn message(text: &str) -> (&str, &str) {
    match text.strip_prefix("\r\n") {
        Some(body) => ("", body),
        None => text.split_once("\r\n\r\n").unwrap_or((text, "")),
    }
}

fn headers(text: &str) -> Result<Vec<(String, String)>, Refusal> {
    let lines = text.split("\r\n").filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let (name, value) =
                line.split_once(':').filter(|(name, _)| !name.contains(['{', ' ', '\n'])).ok_or_else(|| {
                    bad_payload("a header line of the batch is malformed: a body needs an empty line before it.")
                })?;
            Ok((name.to_ascii_lowercase(), value.trim().to_owned()))
        })
        .collect()
}

/// The boundary of `multipart/mixed; boundary="…"`.
fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/mixed") {
        return None;
    }
    let value = parameters.split(';').find_map(|one| one.trim().strip_prefix("boundary="))?;
    Some(value.trim_matches('"')).filter(|value| !value.is_empty())
}

/// One operation's answer as a part, behind the line of its boundary.
pub(super) fn part(reply: &Reply, content_id: Option<&str>) -> String {
    let mut text = String::from("Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n");
    if let Some(id) = content_id {
        text.push_str(&format!("Content-ID: {id}\r\n"));
    }
    let reason = http::StatusCode::from_u16(reply.status).ok().and_then(|status| status.canonical_reason());
    text.push_str(&format!("\r\nHTTP/1.1 {} {}\r\n", reply.status, reason.unwrap_or("Unknown")));
    for (name, value) in reply.all_headers() {
        text.push_str(&format!("{}: {value}\r\n", spelt(&name)));
    }
    text.push_str("\r\n");
    if let Some(body) = &reply.body {
        text.push_str(&body.to_string());
    }
    text.push_str("\r\n");
    text
}

/// Parts under one boundary, closed.
pub(super) fn joined(boundary: &str, parts: &[String]) -> String {
    let mut text: String = parts.iter().map(|part| format!("--{boundary}\r\n{part}")).collect();
    text.push_str(&format!("--{boundary}--\r\n"));
    text
}

fn spelt(name: &str) -> &str {
    match name {
        "odata-version" => "OData-Version",
        "odata-entityid" => "OData-EntityId",
        "content-type" => "Content-Type",
        "location" => "Location",
        "preference-applied" => "Preference-Applied",
        "req_id" => "REQ_ID",
        other => other,
    }
}
