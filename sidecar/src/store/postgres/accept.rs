//! Taking pieces of calls in.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use deadpool_postgres::Object;
use tieline_engine::{call::Call, facts::Facts};
use tokio_postgres::Row;

use super::{
    super::{
        Accepted, Piece, Receipt, State, StoreError,
        transition::{Standing, join},
        values::{micros, micros_up, state_columns, to_json},
    },
    home,
    queue::{self, LaneKey},
    row,
    trouble::Trouble,
};

/// Bodies kept per call, and the longest one, in bytes; see `sqlite/accept.rs`.
const PIECES_MAX: i32 = 16;
const RAW_BYTES_MAX: usize = 64 << 10;

/// A piece with what can be made of it before its turn, as it would be were it the first of its call.
#[derive(Clone)]
pub(super) struct Ready {
    piece: Piece,
    lane: String,
    json: String,
    facts: String,
}

impl Ready {
    /// Makes a piece ready. PostgreSQL keeps no zero character in a text; bodies are left out rather than changed.
    pub(super) fn new(piece: Piece) -> Result<Self, StoreError> {
        let keeps = |raw: &String| raw.len() <= RAW_BYTES_MAX && !raw.contains('\0');
        let (call, raw) = (join(None, piece.call), piece.raw.filter(keeps));
        let piece = Piece { call, raw, ..piece };
        let (json, facts) = (to_json(&piece.call)?, to_json(&Facts::new(piece.at))?);
        Ok(Self { lane: (piece.lane_of)(&piece.call), piece, json, facts })
    }

    /// Which call it tells of.
    pub(super) fn id(&self) -> (String, String) {
        (self.piece.call.project.as_str().to_owned(), self.piece.call.id.as_str().to_owned())
    }

    fn lane_key(&self) -> LaneKey {
        (self.piece.call.project.as_str().to_owned(), self.lane.clone())
    }
}

/// Lanes to lock: those that were found to be needed.
pub(super) type Lanes = Arc<Mutex<BTreeSet<LaneKey>>>;

/// The lanes pieces go into if they are the first of their calls.
pub(super) fn lanes_of(ready: &[Ready]) -> Lanes {
    Arc::new(Mutex::new(ready.iter().map(Ready::lane_key).collect()))
}

/// Takes pieces of different calls in and commits; see [`super::Store::accept`].
pub(super) async fn accept(client: &Object, ready: &[Ready], lanes: &Lanes) -> Result<Vec<Accepted>, Trouble> {
    queue::prepare(client).await?;
    home::prepare(client, &[KNOWN, INSERT, AMEND, KEEP]).await?;
    let locked = lanes.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let ((), known) = futures::try_join!(queue::lock(client, &locked), known(client, ready))?;
    let mut work = Work::default();
    let mut accepted = Vec::with_capacity(ready.len());
    for piece in ready {
        accepted.push(match known.get(&piece.id()) {
            None => work.insert(piece),
            Some(known) => work.amend(known, piece)?,
        });
    }
    if let Some(missing) = work.lanes_beyond(&locked) {
        // A call that is known in another lane, or changes lanes: both must be locked, in the one order for all.
        lanes.lock().unwrap_or_else(PoisonError::into_inner).extend(missing);
        return Err(Trouble::Crossed("a call is in another lane".to_owned()));
    }
    let commit = async { client.batch_execute("COMMIT").await.map_err(Trouble::from) };
    futures::try_join!(
        work.inserts.run(client),
        work.amends.run(client),
        queue::go_live(client, &work.inserts.lanes),
        queue::stay_live(client, &work.amends.waiting),
        work.amends.settle(client),
        work.amends.keep(client),
        commit,
    )?;
    Ok(accepted)
}

/// The bodies a call came in, in order.
pub(super) async fn pieces(client: &Object, project: &str, id: &str) -> Result<Vec<String>, Trouble> {
    let sql = "SELECT raw FROM pieces JOIN calls ON calls.seq = pieces.call WHERE project = $1 AND id = $2 ORDER BY nr";
    let rows = client.query(&client.prepare_cached(sql).await?, &[&project, &id]).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

/// A call as it stands before the piece.
struct Known {
    seq: i64,
    call: Call,
    lane: String,
    standing: Standing,
}

async fn known(client: &Object, ready: &[Ready]) -> Result<BTreeMap<(String, String), Known>, Trouble> {
    let (projects, ids): (Vec<_>, Vec<_>) = ready.iter().map(Ready::id).unzip();
    let rows = client.query(&client.prepare_cached(KNOWN).await?, &[&projects, &ids]).await?;
    let read = |row: &Row| {
        let (project, id) = (row.try_get("project")?, row.try_get("id")?);
        let (seq, lane) = (row.try_get("seq")?, row.try_get("lane")?);
        let known = Known { seq, call: row::json(row, "call")?, lane, standing: row::standing(row)? };
        Ok(((project, id), known))
    };
    rows.iter().map(read).collect()
}

/// What is to be written.
#[derive(Default)]
struct Work<'r> {
    inserts: Inserts<'r>,
    amends: Amends,
}

impl<'r> Work<'r> {
    fn insert(&mut self, ready: &'r Ready) -> Accepted {
        // The first of its lane in this batch may be a head; those behind it are held back by it.
        self.inserts.first.push(self.inserts.lanes.insert(ready.lane_key()));
        self.inserts.ready.push(ready);
        Accepted { receipt: Receipt::Accepted, state: State::Waiting }
    }

    fn amend(&mut self, known: &Known, ready: &Ready) -> Result<Accepted, Trouble> {
        let piece = &ready.piece;
        let call = join(Some(&known.call), piece.call.clone());
        if known.call == call {
            return Ok(Accepted { receipt: Receipt::Repeated, state: known.standing.state });
        }
        let standing = known.standing.amended(piece.at);
        self.amends.add(known, &call, standing, piece)?;
        Ok(Accepted { receipt: Receipt::Amended, state: standing.state })
    }

    fn lanes_beyond(&self, locked: &BTreeSet<LaneKey>) -> Option<BTreeSet<LaneKey>> {
        let missing: BTreeSet<_> = self.amends.lanes.difference(locked).cloned().collect();
        (!missing.is_empty()).then_some(missing)
    }
}

/// Calls that were not known.
#[derive(Default)]
struct Inserts<'r> {
    ready: Vec<&'r Ready>,
    first: Vec<bool>,
    lanes: BTreeSet<LaneKey>,
}

impl Inserts<'_> {
    async fn run(&self, client: &Object) -> Result<(), Trouble> {
        if self.ready.is_empty() {
            return Ok(());
        }
        let insert = client.prepare_cached(INSERT).await?;
        let of = |ready: &&Ready| ready.id();
        let (projects, ids): (Vec<_>, Vec<_>) = self.ready.iter().map(of).unzip();
        let text = |column: fn(&Ready) -> &String| self.ready.iter().map(|ready| column(ready)).collect::<Vec<_>>();
        let number =
            |column: fn(&Piece) -> i64| self.ready.iter().map(|ready| column(&ready.piece)).collect::<Vec<_>>();
        let optional = |column: fn(&Piece) -> Option<&String>| {
            self.ready.iter().map(|ready| column(&ready.piece)).collect::<Vec<_>>()
        };
        let (lanes, calls, facts) = (text(|ready| &ready.lane), text(|ready| &ready.json), text(|ready| &ready.facts));
        let (received, due) = (number(|piece| micros(piece.at)), number(|piece| micros_up(piece.at)));
        let happened = number(|piece| micros(piece.call.started_at.unwrap_or(piece.at)));
        let days: Vec<_> = self.ready.iter().map(|ready| row::day_number(ready.piece.day)).collect();
        let (traces, raws) = (optional(|piece| piece.trace.as_ref()), optional(|piece| piece.raw.as_ref()));
        client
            .execute(
                &insert,
                &[
                    &projects,
                    &ids,
                    &lanes,
                    &calls,
                    &facts,
                    &received,
                    &happened,
                    &days,
                    &due,
                    &self.first,
                    &traces,
                    &raws,
                ],
            )
            .await?;
        Ok(())
    }
}

/// Calls that were told more of.
#[derive(Default)]
struct Amends {
    seqs: Vec<i64>,
    calls: Vec<String>,
    new_lanes: Vec<String>,
    states: Vec<&'static str>,
    skip_codes: Vec<Option<&'static str>>,
    times: Vec<i64>,
    started: Vec<Option<i64>>,
    due: Vec<i64>,
    retrying: Vec<bool>,
    backlog: Vec<bool>,
    attempts: Vec<i64>,
    traces: Vec<Option<String>>,
    raws: Vec<Option<String>>,
    /// Lanes whose calls change, join or leave.
    lanes: BTreeSet<LaneKey>,
    /// Lanes of calls that wait.
    waiting: BTreeSet<LaneKey>,
}

impl Amends {
    fn add(&mut self, known: &Known, call: &Call, standing: Standing, piece: &Piece) -> Result<(), Trouble> {
        let (project, lane) = (call.project.as_str().to_owned(), (piece.lane_of)(call));
        let (state, skip_code) = state_columns(standing.state);
        self.seqs.push(known.seq);
        self.calls.push(to_json(call)?);
        self.new_lanes.push(lane.clone());
        self.states.push(state);
        self.skip_codes.push(skip_code);
        self.times.push(micros(piece.at));
        self.started.push(call.started_at.map(micros));
        self.due.push(micros_up(standing.due_at));
        self.retrying.push(standing.retrying);
        self.backlog.push(standing.backlog);
        self.attempts.push(standing.attempts.into());
        self.traces.push(piece.trace.clone());
        self.raws.push(piece.raw.clone());
        self.lanes.extend([(project.clone(), known.lane.clone()), (project.clone(), lane.clone())]);
        if standing.state == State::Waiting {
            self.waiting.insert((project, lane));
        }
        Ok(())
    }

    async fn run(&self, client: &Object) -> Result<(), Trouble> {
        if self.seqs.is_empty() {
            return Ok(());
        }
        let amend = client.prepare_cached(AMEND).await?;
        client
            .execute(
                &amend,
                &[
                    &self.seqs,
                    &self.calls,
                    &self.new_lanes,
                    &self.states,
                    &self.skip_codes,
                    &self.times,
                    &self.started,
                    &self.due,
                    &self.retrying,
                    &self.backlog,
                    &self.attempts,
                    &self.traces,
                ],
            )
            .await?;
        Ok(())
    }

    async fn settle(&self, client: &Object) -> Result<(), Trouble> {
        match self.times.iter().max() {
            Some(now) => queue::settle(client, &self.lanes, *now).await,
            None => Ok(()),
        }
    }

    async fn keep(&self, client: &Object) -> Result<(), Trouble> {
        if self.raws.iter().any(Option::is_some) {
            let keep = client.prepare_cached(KEEP).await?;
            client.execute(&keep, &[&self.seqs, &self.times, &self.raws, &PIECES_MAX]).await?;
        }
        Ok(())
    }
}

const KNOWN: &str = "SELECT c.seq, c.project, c.id, c.call, c.lane, c.state, c.skip_code, c.due_at, c.retrying,
        c.backlog, c.attempts
    FROM unnest($1::text[], $2::text[]) AS k (project, id) JOIN calls c ON c.project = k.project AND c.id = k.id";

const INSERT: &str = "WITH piece AS (
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
            $8::integer[], $9::bigint[], $10::boolean[], $11::text[], $12::text[]) WITH ORDINALITY
        AS p (project, id, lane, call, facts, received, happened, day, due, first, trace, raw, nr)),
    made AS (
        INSERT INTO calls (project, id, lane, call, version, facts, state, received_at, changed_at, happened_at, day,
            due_at, retrying, backlog, head, attempts, reasons, written, trace)
        SELECT p.project, p.id, p.lane, p.call, 1, p.facts, 'waiting', p.received, p.received, p.happened, p.day, p.due,
            false, false,
            p.first AND NOT EXISTS (
                SELECT 1 FROM calls e
                WHERE e.project = p.project AND e.lane = p.lane AND e.state = 'waiting'
                    AND (e.retrying OR e.due_at <= p.received)),
            0, '[]', '[]', p.trace
        FROM piece p ORDER BY p.nr
        RETURNING seq, project, id)
    INSERT INTO pieces (call, nr, at, raw)
    SELECT m.seq, 1, p.received, p.raw FROM made m JOIN piece p ON p.project = m.project AND p.id = m.id
    WHERE p.raw IS NOT NULL";

/// The right-hand sides see the row as it was: a call that joins a lane is not a head yet.
const AMEND: &str = "UPDATE calls c SET call = u.call, version = c.version + 1, lane = u.lane, state = u.state,
        skip_code = u.skip_code, changed_at = u.at, happened_at = coalesce(u.started_at, c.happened_at),
        due_at = u.due_at, retrying = u.retrying, backlog = u.backlog,
        worth = CASE WHEN u.backlog THEN c.worth ELSE 0 END, attempts = u.attempts,
        trace = coalesce(u.trace, c.trace), head = c.head AND c.state = 'waiting' AND c.lane = u.lane
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
        $9::boolean[], $10::boolean[], $11::bigint[], $12::text[])
        AS u (seq, call, lane, state, skip_code, at, started_at, due_at, retrying, backlog, attempts, trace)
    WHERE c.seq = u.seq";

const KEEP: &str = "INSERT INTO pieces (call, nr, at, raw)
    SELECT k.call, k.kept + 1, k.at, k.raw
    FROM (SELECT p.call, p.at, p.raw, coalesce((SELECT max(nr) FROM pieces o WHERE o.call = p.call), 0) AS kept
        FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS p (call, at, raw) WHERE p.raw IS NOT NULL) AS k
    WHERE k.kept < $4";
