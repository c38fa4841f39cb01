//! `Watch`: what happens at a project's telephones, filtered, with a place to go on from.

use std::{collections::BTreeSet, pin::Pin, time::Duration};

use futures::{Stream, stream};
use tieline_engine::{
    agents::Named,
    ids::{AgentId, ProjectId},
};
use tieline_proto::v1::{WatchKind, WatchRequest, WatchResponse};
use tokio::{
    sync::{OwnedSemaphorePermit, watch},
    time::{self, Instant},
};
use tonic::Status;

use super::{
    asked::Asked,
    convert::{self, Told, Violation},
    desk::{Desk, note, shutting_down},
    refused,
};
use crate::{
    driver::connection::Connection,
    server::signals,
    sidecar::Refused,
    watch::{Event, From, Hub, Seen, Watcher},
};

/// After so long a silence the stream says that it is alive (watch.proto).
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Kinds of a filter (watch.proto).
const KINDS_MAX: usize = 8;
/// Longest cursor (watch.proto).
const CURSOR_BYTES_MAX: usize = 64;

type Responses = Pin<Box<dyn Stream<Item = Result<WatchResponse, Status>> + Send>>;

/// Begins to watch.
pub(super) fn begin(desk: &Desk, request: &WatchRequest) -> Result<Responses, Status> {
    let mut asked = Asked::default();
    let project = asked.project(&request.project);
    let kinds = kinds(&mut asked, &request.kinds);
    let cursor = asked.text("resume_after", &request.resume_after, CURSOR_BYTES_MAX);
    asked.done()?;
    let connection = desk.sidecar.connection(&project)?;
    note(&project, None);
    let filter = Filter { agents: agents(&connection, request)?, kinds };
    desk.still_open()?;
    let place = desk.watch_calls()?;
    let hub = &desk.sidecar.driver().hub;
    let watcher = from(cursor, hub).and_then(|from| hub.watch(&project, from)).ok_or_else(no_such_place)?;
    let silence = if cursor.is_empty() { Duration::ZERO } else { HEARTBEAT };
    let watching = Watching {
        desk: desk.clone(),
        project,
        watcher,
        filter,
        beat_at: Instant::now() + silence,
        stopping: desk.stopping(),
        over: false,
        _place: place,
    };
    Ok(Box::pin(stream::unfold(watching, Watching::next)))
}

/// The place a cursor names: the run's name, a dash, and the event's number.
fn from(cursor: &str, hub: &Hub) -> Option<From> {
    if cursor.is_empty() {
        return Some(From::Now);
    }
    let (run, nr) = cursor.split_once('-')?;
    let nr = nr.parse().ok()?;
    Some(if run == hub.run() { From::After(nr) } else { From::AnotherRun })
}

fn no_such_place() -> Status {
    let description = "is no cursor of this project; leave it out to watch from now on".to_owned();
    refused::invalid(vec![Violation { field: "resume_after".to_owned(), description }])
}

fn kinds(asked: &mut Asked, kinds: &[i32]) -> BTreeSet<WatchKind> {
    if kinds.len() > KINDS_MAX {
        asked.fault("kinds", format!("are more than {KINDS_MAX}"));
    }
    let mut wanted = BTreeSet::new();
    for (index, kind) in kinds.iter().take(KINDS_MAX).enumerate() {
        match WatchKind::try_from(*kind) {
            Ok(WatchKind::Unspecified) | Err(_) => asked.fault(&format!("kinds[{index}]"), "is none of the kinds"),
            Ok(kind) => {
                wanted.insert(kind);
            }
        }
    }
    wanted
}

/// The agents a filter names; every one that names none is told.
fn agents(connection: &Connection, request: &WatchRequest) -> Result<BTreeSet<AgentId>, Status> {
    let (policy, mut asked, mut wanted) = (connection.policy(), Asked::default(), BTreeSet::new());
    let named = convert::watched_agents(&request.agents).map_err(refused::invalid)?;
    for (index, agent) in named.iter().enumerate() {
        match policy.agents.find(agent, &policy.plan) {
            Named::Agent(agent) => {
                wanted.insert(AgentId::new(agent.id.clone()));
            }
            Named::Unmapped(_) | Named::Nobody => {
                asked.fault(&format!("agents[{index}]"), "names no agent of the project");
            }
        }
    }
    asked.done()?;
    Ok(wanted)
}

/// What somebody wants to see; empty sets are everything.
struct Filter {
    agents: BTreeSet<AgentId>,
    kinds: BTreeSet<WatchKind>,
}

impl Filter {
    fn passes(&self, event: &Event) -> bool {
        let (kind, of) = match event {
            Event::Card(card) => (WatchKind::CallerCard, [card.agent.as_ref(), card.client.owner.as_ref()]),
            Event::Finished { agent, .. } => (WatchKind::CallFinished, [agent.as_ref(), None]),
            Event::Dial(dial) => (WatchKind::DialRequest, [Some(&dial.agent), None]),
        };
        let of_agent = self.agents.is_empty() || of.into_iter().flatten().any(|agent| self.agents.contains(agent));
        of_agent && (self.kinds.is_empty() || self.kinds.contains(&kind))
    }
}

/// Somebody who watches.
struct Watching {
    desk: Desk,
    project: ProjectId,
    watcher: Watcher,
    filter: Filter,
    beat_at: Instant,
    stopping: watch::Receiver<bool>,
    over: bool,
    _place: OwnedSemaphorePermit,
}

impl Watching {
    async fn next(mut self) -> Option<(Result<WatchResponse, Status>, Self)> {
        if self.over {
            return None;
        }
        let told = self.told().await;
        self.beat_at = Instant::now() + HEARTBEAT;
        self.over = told.is_err();
        Some((told, self))
    }

    async fn told(&mut self) -> Result<WatchResponse, Status> {
        loop {
            let seen = tokio::select! {
                biased;
                () = signals::told(self.stopping.clone()) => return Err(shutting_down()),
                seen = self.watcher.next() => seen,
                () = time::sleep_until(self.beat_at) => return Ok(self.message(Told::Heartbeat)),
            };
            match seen {
                Seen::Missed(count) => return Ok(self.message(Told::Missed(count))),
                Seen::Event(placed) if self.filter.passes(&placed.event) => {
                    return Ok(self.message(Told::Event(&placed)));
                }
                Seen::Event(_) => {}
                Seen::Over => return Err(Refused::UnknownProject(self.project.as_str().to_owned()).into()),
            }
        }
    }

    fn message(&self, told: Told<'_>) -> WatchResponse {
        let driver = self.desk.sidecar.driver();
        let policy = driver.connection(&self.project).map(|connection| connection.policy());
        let cursor = format!("{}-{}", driver.hub.run(), self.watcher.seen());
        convert::watched(told, cursor, driver.clock.now(), policy.as_deref())
    }
}
