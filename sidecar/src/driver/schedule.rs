//! One task for all projects: who is looked at now, who later, and what became of it.
//!
//! A project that has nothing to do is in none of these lists and has no task. One that was woken stands behind those
//! that were woken before, and each is looked at once before any is looked at again: a busy project does not keep the
//! others waiting.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tieline_engine::ids::ProjectId;
use tokio::{
    sync::watch,
    task::{self, JoinError, JoinSet},
    time::{self, Instant},
};

use super::{
    Driver,
    connection::Connection,
    deliver,
    later::Later,
    learning::Warming,
    pieces::{OneEach, unless_broken},
    quota::Priority,
    round::{Round, STORE_PAUSE, Then},
    wake::Wish,
};
use crate::store::StoredCall;

/// Projects looked at at once: more than a store reads at once keeps it busy, and none waits long behind them.
const ROUNDS_AT_ONCE: usize = 16;
/// CRMs learned at once for calls that are due; each is some requests that may take half a minute where a CRM is slow.
const LEARNED_AT_ONCE: usize = 256;

/// How often is looked which projects have calls that wait. Whoever stores one wakes its project; but who asked for it may
/// have gone, with a disk that stalled, before it was stored.
const SURVEY_EVERY: Duration = Duration::from_secs(60);

/// The order of work of all projects.
pub(super) struct Schedule {
    driver: Arc<Driver>,
    tasks: JoinSet<Option<Round>>,
    running: BTreeMap<task::Id, (Work, ProjectId)>,
    rounds: OneEach,
    learning: OneEach,
    telling: OneEach,
    warming: Warming,
    later: Later,
    /// When is looked next which projects have calls that wait; `None` while that is under way.
    survey_at: Option<Instant>,
    deliveries: usize,
}

/// What a task does for a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// Reads which calls of every project wait; the project means nothing.
    Survey,
    Round,
    Delivery,
    Learning,
    /// Learning without anything to do.
    Warming,
    Telling,
}

impl Schedule {
    pub(super) fn new(driver: Arc<Driver>) -> Self {
        Self {
            driver,
            tasks: JoinSet::new(),
            running: BTreeMap::new(),
            rounds: OneEach::default(),
            learning: OneEach::default(),
            telling: OneEach::default(),
            warming: Warming::new(),
            later: Later::default(),
            survey_at: Some(Instant::now()),
            deliveries: 0,
        }
    }

    /// Works until told to stop, then lets deliveries under way end, within a time.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>, drain: Duration) {
        let driver = Arc::clone(&self.driver);
        while !*stop.borrow() {
            self.begin();
            let next = self.next_at();
            tokio::select! {
                biased;
                // Nobody can tell any more: that is the end, too.
                told = stop.changed() => if told.is_err() { break },
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended),
                () = driver.woken.news() => {}
                () = until(next) => {}
            }
        }
        if time::timeout(drain, self.finish()).await.is_err() {
            tracing::warn!(
                deliveries = self.deliveries,
                "deliveries were cut short by the shutdown; they are taken up at the next start"
            );
        }
    }

    /// Begins no more than what was found already, and waits for it.
    async fn finish(&mut self) {
        while self.deliveries > 0 || !self.rounds.is_empty() {
            match self.tasks.join_next_with_id().await {
                Some(ended) => self.ended(ended),
                None => return,
            }
        }
    }

    /// Begins what can be begun.
    fn begin(&mut self) {
        let now = Instant::now();
        if self.survey_at.is_some_and(|at| at <= now) {
            self.survey();
        }
        while let Some(project) = self.later.take(now) {
            self.driver.woken.enlist(Wish::Look, &project);
        }
        while self.rounds.len() < ROUNDS_AT_ONCE
            && let Some(project) = self.driver.woken.take(Wish::Look)
        {
            self.begin_round(project);
        }
        while let Some(project) = self.driver.woken.take(Wish::Learn) {
            self.begin_learning(project, Priority::Ringing);
        }
        while let Some(project) = self.driver.woken.take(Wish::Tell) {
            self.begin_telling(project);
        }
        while let Some(project) = self.driver.woken.take(Wish::Warm) {
            self.warming.add(project);
        }
        while let Some(project) = self.next_warming(now) {
            self.begin_warming(project);
        }
    }

    fn next_at(&self) -> Option<Instant> {
        [self.later.first(), self.warming.next_at(), self.survey_at].into_iter().flatten().min()
    }

    fn begin_round(&mut self, project: ProjectId) {
        let Some(connection) = self.driver.connection(&project) else { return self.later.forget(&project) };
        if !self.rounds.begin(&project) {
            return;
        }
        self.later.forget(&project);
        let driver = Arc::clone(&self.driver);
        self.spawn(Work::Round, project, async move { Some(Round::of(&driver, &connection).await) });
    }

    /// Learns a CRM, where that is not under way already.
    fn begin_learning(&mut self, project: ProjectId, priority: Priority) {
        let Some(connection) = self.driver.connection(&project) else { return };
        if self.learning.begin(&project) {
            self.learn(Work::Learning, connection, priority);
        }
    }

    fn begin_warming(&mut self, project: ProjectId) {
        match self.driver.connection(&project) {
            Some(connection) if self.learning.begin(&project) => {
                self.learn(Work::Warming, connection, Priority::Backlog);
            }
            _ => self.warming.under_way -= 1,
        }
    }

    fn next_warming(&mut self, now: Instant) -> Option<ProjectId> {
        let (driver, learning) = (&self.driver, &self.learning);
        // Who is being learned is looked at again when that has ended.
        self.warming.take(now, |project| !learning.has(project) && is_unlearned(driver, project))
    }

    fn learn(&mut self, work: Work, connection: Arc<Connection>, priority: Priority) {
        let (driver, project) = (Arc::clone(&self.driver), connection.project.id.clone());
        self.spawn(work, project, async move {
            driver.learn(&connection, priority).await;
            None
        });
    }

    fn begin_telling(&mut self, project: ProjectId) {
        let Some(phone) = self.driver.cards.phone(&project) else { return };
        if self.telling.begin(&project) {
            self.spawn(Work::Telling, project, async move {
                phone.send_waiting().await;
                None
            });
        }
    }

    /// Looks which projects have calls that wait.
    fn survey(&mut self) {
        self.survey_at = None;
        let driver = Arc::clone(&self.driver);
        self.spawn(Work::Survey, ProjectId::new(""), async move {
            driver.survey().await.map(|()| Round { calls: Vec::new(), then: Then::Rest })
        });
    }

    fn deliver(&mut self, stored: StoredCall) {
        let (project, lane) = (stored.call.project.clone(), stored.lane.clone());
        let Some(connection) = self.driver.connection(&project) else { return };
        let serving = self.driver.served.begin(&project, &lane, stored.backlog);
        // A client that rests is busy from now on.
        let Some(serving) = serving else { return self.driver.woken.enlist(Wish::Look, &project) };
        // From here on whoever replaces or removes the connection waits for the lane; who did before has said so.
        if connection.is_over() {
            return self.driver.woken.enlist(Wish::Look, &project);
        }
        let driver = Arc::clone(&self.driver);
        self.deliveries += 1;
        let delivery = unless_broken(async move {
            deliver::deliver(&driver, &connection, stored).await;
            None
        });
        // The client is served until the pause after a mistake is over, too.
        let abort = self.track(Work::Delivery, project.clone(), async move {
            let _serving = serving;
            delivery.await
        });
        self.driver.served.note(&project, &lane, abort);
    }

    fn spawn(&mut self, work: Work, project: ProjectId, task: impl Future<Output = Option<Round>> + Send + 'static) {
        self.track(work, project, unless_broken(task));
    }

    fn track(
        &mut self,
        work: Work,
        project: ProjectId,
        task: impl Future<Output = Option<Round>> + Send + 'static,
    ) -> task::AbortHandle {
        let abort = self.tasks.spawn(task);
        self.running.insert(abort.id(), (work, project));
        abort
    }

    /// Takes notice of a task's end, even where it was cut short.
    fn ended(&mut self, ended: Result<(task::Id, Option<Round>), JoinError>) {
        let (id, round) = match ended {
            Ok((id, round)) => (id, round),
            Err(error) => (error.id(), None),
        };
        let Some((work, project)) = self.running.remove(&id) else { return };
        match work {
            Work::Survey => {
                let rest = if round.is_some() { SURVEY_EVERY } else { STORE_PAUSE };
                self.survey_at = Some(Instant::now() + rest);
            }
            Work::Round => self.round_ended(project, round),
            Work::Delivery => {
                self.deliveries -= 1;
                self.driver.woken.enlist(Wish::Look, &project);
            }
            Work::Learning | Work::Warming => self.learning_ended(project, work),
            Work::Telling => {
                if self.telling.end(&project) {
                    self.driver.woken.enlist(Wish::Tell, &project);
                }
            }
        }
    }

    /// Whoever has another connection by now, or could not be learned, is still to be learned.
    fn learning_ended(&mut self, project: ProjectId, work: Work) {
        if work == Work::Warming {
            self.warming.under_way -= 1;
        }
        let is_asked_for = self.learning.end(&project);
        if is_unlearned(&self.driver, &project) {
            // After a failure the gate is closed: that is waited for, whoever asks.
            match is_asked_for && self.driver.connection(&project).is_some_and(|it| it.gate.closed_for().is_zero()) {
                true => self.driver.woken.enlist(Wish::Learn, &project),
                false => self.warming.add_later(project.clone(), Instant::now()),
            }
        }
        self.driver.woken.enlist(Wish::Look, &project);
    }

    fn round_ended(&mut self, project: ProjectId, round: Option<Round>) {
        let is_woken = self.rounds.end(&project);
        let round = round.unwrap_or(Round { calls: Vec::new(), then: Then::After(STORE_PAUSE) });
        for call in round.calls {
            self.deliver(call);
        }
        if is_woken {
            self.driver.woken.enlist(Wish::Look, &project);
        }
        match round.then {
            Then::Rest => {}
            Then::After(rest) => self.later.set(project, Instant::now() + rest),
            Then::Learn if self.learning.len() >= LEARNED_AT_ONCE => {
                self.later.set(project, Instant::now() + STORE_PAUSE);
            }
            Then::Learn => self.begin_learning(project, Priority::Live),
        }
    }
}

fn is_unlearned(driver: &Driver, project: &ProjectId) -> bool {
    let connection = driver.connection(project);
    connection.is_some_and(|connection| connection.is_active() && connection.learned_at().is_none())
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
