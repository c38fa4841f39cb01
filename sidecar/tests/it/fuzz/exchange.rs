//! Answers of CRMs as text that can be mutated: written down from the simulated CRMs, played back to the dialects.
//!
//! Answers are parted by the byte 0x1e. Each is a line `200 name: value; name: value` and the body. The statuses 0
//! and 1 stand for a request that was not sent and one without an answer.

use std::{collections::VecDeque, sync::Mutex};

use tieline_crm::transport::{BoxFuture, Request, Response, SendError, Transport};
use tieline_engine::jiff::{SignedDuration, Timestamp};
use tieline_sandbox::{Sim, SimReply};

use crate::wired::translated;

/// Between answers.
const PART: u8 = 0x1e;
/// Requests one ask may make: a dialect that goes on for ever is a fault.
const REQUESTS_MAX: usize = 500;

/// A simulated CRM that writes down what it answers.
pub(super) struct Recorder {
    sim: Mutex<Sim>,
    /// Moves by a second with each request: no rate is limited.
    now: Mutex<Timestamp>,
    written: Mutex<Vec<Vec<u8>>>,
}

impl Recorder {
    pub(super) fn new(sim: Sim, now: Timestamp) -> Self {
        Self { sim: Mutex::new(sim), now: Mutex::new(now), written: Mutex::default() }
    }

    /// The answers since the last time.
    pub(super) fn taken(&self) -> Vec<u8> {
        std::mem::take(&mut *self.written.lock().unwrap()).join(&PART)
    }
}

impl Transport for Recorder {
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, SendError>> {
        let mut now = self.now.lock().unwrap();
        *now += SignedDuration::from_secs(1);
        let reply = self.sim.lock().unwrap().handle(*now, &translated(request));
        let SimReply::Answer(answer) = reply else { panic!("a CRM without faults answers") };
        let response = Response { status: answer.status, headers: answer.headers, body: answer.body.to_vec() };
        self.written.lock().unwrap().push(text_of(&response));
        Box::pin(std::future::ready(Ok(response)))
    }
}

/// Answers from a text, then none.
pub(super) struct Playback(Mutex<(VecDeque<Vec<u8>>, usize)>);

impl Playback {
    pub(super) fn new(text: &[u8]) -> Self {
        let parts = text.split(|byte| *byte == PART).map(<[u8]>::to_vec).collect();
        Self(Mutex::new((parts, 0)))
    }
}

impl Transport for Playback {
    fn send<'a>(&'a self, _request: Request) -> BoxFuture<'a, Result<Response, SendError>> {
        let mut script = self.0.lock().unwrap();
        script.1 += 1;
        assert!(script.1 <= REQUESTS_MAX, "more than {REQUESTS_MAX} requests for one ask");
        // The last answer stays: pages without end are a way to fail, too.
        let part = if script.0.len() > 1 { script.0.pop_front() } else { script.0.front().cloned() };
        Box::pin(std::future::ready(answer_of(&part.unwrap_or_default())))
    }
}

fn text_of(response: &Response) -> Vec<u8> {
    let headers: Vec<String> = response.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let mut text = format!("{} {}\n", response.status, headers.join("; ")).into_bytes();
    text.extend(&response.body);
    text
}

fn answer_of(part: &[u8]) -> Result<Response, SendError> {
    let end = part.iter().position(|byte| *byte == b'\n').unwrap_or(part.len());
    let line = String::from_utf8_lossy(&part[..end]).into_owned();
    let (status, headers) = line.split_once(' ').unwrap_or((&line, ""));
    let headers = headers.split("; ").filter_map(|header| header.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    let body = part.get(end + 1..).unwrap_or_default().to_vec();
    match status.parse().unwrap_or(part.len() as u16 % 600) {
        0 => Err(SendError::NotSent("no connection".to_owned())),
        1 => Err(SendError::NoAnswer("cut".to_owned())),
        status => Ok(Response { status, headers, body }),
    }
}
