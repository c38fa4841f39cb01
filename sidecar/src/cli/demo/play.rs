//! Plays the day: scene after scene, each told with what came of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tieline_engine::jiff::civil::Date;
use tieline_proto::v1::CallState;
use tokio::time::sleep;

use super::{
    calls, day, exchange,
    house::House,
    office,
    screen::Screen,
    story::{CallScene, Dialogue, Ends, Project, Scene, Weather},
};
use crate::cli::Failure;

/// What was sent, and how each is to end.
#[derive(Default)]
pub(super) struct Sent {
    /// By project and the id to ask with.
    pub(super) ends: BTreeMap<(Project, String), Ends>,
    calls: BTreeMap<(Project, &'static str), &'static CallScene>,
    open: Vec<&'static CallScene>,
}

impl Sent {
    /// How many calls and requests a project was sent.
    pub(super) fn count(&self, project: Project) -> u64 {
        self.ends.keys().filter(|(of, _)| *of == project).count() as u64
    }

    fn note(&mut self, call: &'static CallScene) {
        self.ends.insert((call.project, call.id.to_owned()), call.ends);
        self.calls.insert((call.project, call.id), call);
    }
}

/// Plays all chapters on a day.
pub(super) async fn play(house: &House, date: Date, screen: &mut Screen) -> Result<Sent, Failure> {
    let mut player = Player { house, date, screen, sent: Sent::default() };
    for chapter in day::chapters() {
        player.screen.chapter(chapter)?;
        for scene in chapter.scenes {
            player.scene(scene).await?;
            player.screen.passed();
        }
    }
    player.settle().await?;
    Ok(player.sent)
}

struct Player<'a> {
    house: &'a House,
    date: Date,
    screen: &'a mut Screen,
    sent: Sent,
}

impl Player<'_> {
    async fn scene(&mut self, scene: &'static Scene) -> Result<(), Failure> {
        match scene {
            Scene::Call(call) => {
                self.send(call).await?;
                let report = calls::settled(self.house, call.project, call.id).await?;
                self.tell(call, &calls::told(&report))
            }
            Scene::Later(call) => {
                self.send(call).await?;
                self.sent.open.push(call);
                let report = calls::get(self.house, call.project, call.id).await?;
                let held = report.state() == CallState::Held;
                self.tell(call, &if held { format!("taken; {}", calls::told(&report)) } else { "taken".to_owned() })
            }
            Scene::Rings(call) => {
                exchange::ring(self.house, self.date, call).await?;
                let report = calls::begun(self.house, call.project, call.id).await?;
                self.tell(call, &format!("while it rings: {}", calls::written(&report)))
            }
            Scene::Unrecorded(call) => {
                self.send(call).await?;
                let report = calls::unrecorded(self.house, call.project, call.id).await?;
                self.tell(call, &format!("{}; so far {}", calls::told(&report), calls::written(&report)))
            }
            Scene::Twins(one, other, ms) => self.twins(one, other, *ms).await,
            Scene::Settle => self.settle().await,
            Scene::Ring(ringing) => office::ring(self.house, self.screen, ringing).await,
            Scene::Request(dialogue) => self.push(dialogue).await,
            Scene::Again(at, project, id) => self.again(at, *project, id).await,
            Scene::Recording(at, project, id) => self.recording(at, *project, id).await,
            Scene::Office(order) => office::carry_out(self.house, self.date, self.screen, order).await,
            Scene::Crm(project, weather) => self.befall(*project, weather).await,
            Scene::Pause(ms) => {
                sleep(Duration::from_millis(*ms)).await;
                Ok(())
            }
        }
    }

    async fn send(&mut self, call: &'static CallScene) -> Result<(), Failure> {
        exchange::report(self.house, self.date, call).await?;
        self.sent.note(call);
        Ok(())
    }

    fn tell(&mut self, call: &CallScene, came: &str) -> Result<(), Failure> {
        let told = format!("{:4}  {}: {}", call.id, number(call), call.told);
        self.screen.event(call.at, call.project.id(), &told, came)
    }

    /// The gap is counted from sending to sending, however long the first answer takes.
    async fn twins(&mut self, one: &'static CallScene, other: &'static CallScene, gap_ms: u64) -> Result<(), Failure> {
        let late = async {
            sleep(Duration::from_millis(gap_ms)).await;
            exchange::report(self.house, self.date, other).await
        };
        tokio::try_join!(exchange::report(self.house, self.date, one), late)?;
        for call in [one, other] {
            self.sent.note(call);
            self.sent.open.push(call);
            self.tell(call, "taken")?;
        }
        Ok(())
    }

    async fn settle(&mut self) -> Result<(), Failure> {
        for call in std::mem::take(&mut self.sent.open) {
            let report = calls::settled(self.house, call.project, call.id).await?;
            let told = format!("{} of {} in the end: {}", call.id, call.at, calls::told(&report));
            self.screen.came(told)?;
        }
        Ok(())
    }

    async fn push(&mut self, dialogue: &Dialogue) -> Result<(), Failure> {
        let id = calls::push(self.house, self.date, dialogue).await?;
        let report = calls::settled(self.house, dialogue.project, &id).await?;
        self.sent.ends.insert((dialogue.project, id), Ends::Written);
        let told = format!("{:4}  {}", dialogue.id, dialogue.told);
        self.screen.event(dialogue.at, dialogue.project.id(), &told, calls::told(&report))
    }

    async fn again(&mut self, at: &str, project: Project, id: &'static str) -> Result<(), Failure> {
        let Some(call) = self.sent.calls.get(&(project, id)).copied() else { return Ok(()) };
        let before = records(self.house, project, id).await?;
        exchange::report(self.house, self.date, call).await?;
        let made = records(self.house, project, id).await?.difference(&before).count();
        let told = format!("{id:4}  everything reported once more");
        self.screen.event(at, project.id(), &told, format_args!("{made} records more than before"))
    }

    async fn recording(&mut self, at: &str, project: Project, id: &'static str) -> Result<(), Failure> {
        calls::sync(self.house, calls::recording(project, id)).await?;
        let report = calls::settled(self.house, project, id).await?;
        let told = format!("{id:4}  the recording is ready");
        self.screen.event(at, project.id(), &told, calls::told(&report))
    }

    async fn befall(&mut self, project: Project, weather: &Weather) -> Result<(), Failure> {
        self.house.crms.befall(project, weather).await?;
        let what = match weather {
            Weather::SearchLag(ms) => format!("shows new records in its search {ms} ms late"),
            Weather::LostReply(path) => format!("will carry the next {path} out and lose its answer"),
            Weather::TooMany(times) => format!("will refuse {times} requests: too many"),
            Weather::Outage => "is out of service".to_owned(),
            Weather::TokenRevoked => "takes the token no more".to_owned(),
            Weather::Fair => "is as it should be again".to_owned(),
        };
        self.screen.line(format_args!("         {:6}  {} {what}", project.id(), project.crm()))
    }
}

/// The records a call made or changed, once it is settled.
async fn records(house: &House, project: Project, id: &str) -> Result<BTreeSet<(i32, String)>, Failure> {
    let report = calls::settled(house, project, id).await?;
    Ok(report.written.into_iter().filter_map(|step| step.record).map(|record| (record.kind, record.id)).collect())
}

fn number(call: &CallScene) -> &'static str {
    if call.client.is_empty() { "internal" } else { call.client }
}
