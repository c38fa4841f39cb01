//! The cases: what happens to a client, and what the CRM must hold afterwards.

use std::time::Duration;

use tieline_engine::{
    call::{Call, Direction, Phase},
    ids::CallId,
    phone::Phone,
};

use super::{
    profile::{Makes, Profile},
    world::{CLIENT, Expected, NAME, OWNER, Owner, World},
};

const MINUTE: Duration = Duration::from_secs(60);
/// Longer than anything is kept of what was read.
const LONG: Duration = Duration::from_secs(2 * 60 * 60);
const RECORDING: &str = "https://records.example/late.mp3";

/// A row of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    New,
    NewMissed,
    RungFirst,
    ToldAgain,
    Known,
    KnownMissed,
    KnownOutgoing,
    StoredInAnotherSpelling,
    TwoSpellings,
    OpenDeal,
    ClosedDeal,
    ReopenedDeal,
    ColleagueAnswered,
    UnmappedAgent,
    LateRecording,
    TypedMeanwhile,
    RaceOfTwo,
}

impl Case {
    pub(super) const ALL: [Self; 17] = [
        Self::New,
        Self::NewMissed,
        Self::RungFirst,
        Self::ToldAgain,
        Self::Known,
        Self::KnownMissed,
        Self::KnownOutgoing,
        Self::StoredInAnotherSpelling,
        Self::TwoSpellings,
        Self::OpenDeal,
        Self::ClosedDeal,
        Self::ReopenedDeal,
        Self::ColleagueAnswered,
        Self::UnmappedAgent,
        Self::LateRecording,
        Self::TypedMeanwhile,
        Self::RaceOfTwo,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::New => "new client",
            Self::NewMissed => "new client, missed",
            Self::RungFirst => "new client, rings first",
            Self::ToldAgain => "told again, late",
            Self::Known => "known client",
            Self::KnownMissed => "known client, missed",
            Self::KnownOutgoing => "known client, outgoing",
            Self::StoredInAnotherSpelling => "stored in another spelling",
            Self::TwoSpellings => "called in two spellings",
            Self::OpenDeal => "deal open",
            Self::ClosedDeal => "deal closed",
            Self::ReopenedDeal => "deal reopened",
            Self::ColleagueAnswered => "colleague answered",
            Self::UnmappedAgent => "unmapped agent",
            Self::LateRecording => "late recording",
            Self::TypedMeanwhile => "agent typed meanwhile",
            Self::RaceOfTwo => "race of two",
        }
    }

    /// Why a CRM has no such case, where it has not.
    pub(super) fn lacks(self, profile: &dyn Profile) -> Option<&'static str> {
        let of_deals = matches!(self, Self::OpenDeal | Self::ClosedDeal | Self::ReopenedDeal);
        (of_deals && !profile.makes().deals).then_some("it has no deals")
    }

    /// Plays the case under the world's fault.
    pub(super) async fn play(self, world: &mut World<'_>) {
        let expected = match self {
            Self::New => new(world).await,
            Self::NewMissed => new_missed(world).await,
            Self::RungFirst => rung_first(world).await,
            Self::ToldAgain => told_again(world).await,
            Self::Known => known(world, CLIENT).await,
            Self::StoredInAnotherSpelling => known(world, "0671234567").await,
            Self::KnownMissed => known_missed(world).await,
            Self::KnownOutgoing => known_outgoing(world).await,
            Self::TwoSpellings => two_spellings(world).await,
            Self::OpenDeal => with_deal(world, true).await,
            Self::ClosedDeal => with_deal(world, false).await,
            Self::ReopenedDeal => reopened_deal(world).await,
            Self::ColleagueAnswered => colleague_answered(world).await,
            Self::UnmappedAgent => unmapped_agent(world).await,
            Self::LateRecording => late_recording(world).await,
            Self::TypedMeanwhile => typed_meanwhile(world).await,
            Self::RaceOfTwo => race_of_two(world).await,
        };
        world.settle().await;
        world.check(&expected).await;
    }
}

/// One call, a client of the first agent, one open deal.
fn plain(world: &World<'_>) -> Expected {
    let told = world.profile.makes().told;
    Expected { told, deals: 1, open_deals: 1, tasks: Vec::new(), owner: Owner::New(&["one"]), name: None }
}

/// The same for the client a person has put in.
fn of_known(world: &World<'_>) -> Expected {
    Expected { owner: Owner::Kept(OWNER), name: Some(NAME), ..plain(world) }
}

fn task(wanted: bool, agent: &'static str) -> Vec<&'static str> {
    wanted.then_some(agent).into_iter().collect()
}

async fn new(world: &mut World<'_>) -> Expected {
    world.strike();
    world.tell(world.call("call-1", true, "one")).await;
    plain(world)
}

async fn new_missed(world: &mut World<'_>) -> Expected {
    world.strike();
    world.tell(world.call("call-1", false, "one")).await;
    let Makes { missed_task, .. } = world.profile.makes();
    Expected { tasks: task(missed_task, "three"), owner: Owner::New(&["three"]), ..plain(world) }
}

/// The ring, the answer and the end of one call, each told by itself.
async fn rung_first(world: &mut World<'_>) -> Expected {
    world.strike();
    let mut piece = ringing(world);
    world.tell(piece.clone()).await;
    world.pass(Duration::from_secs(10)).await;
    let ended = world.call("call-1", true, "one");
    (piece.phase, piece.legs) = (Phase::PickedUp, ended.legs.clone());
    world.tell(piece).await;
    world.pass(Duration::from_secs(50)).await;
    world.tell(ended).await;
    // Whoever makes the client at the ring does not know yet who will answer.
    Expected { owner: Owner::New(&["one", "three"]), ..plain(world) }
}

fn ringing(world: &World<'_>) -> Call {
    let mut call = Call::new(world.core.project.clone(), CallId::new("call-1"), Direction::Incoming);
    (call.client.phone, call.line) = (Some(Phone::new(CLIENT)), Some(Phone::new("380442000000")));
    call.started_at = Some(world.core.now());
    call
}

/// The end comes three times, and the ring after it.
async fn told_again(world: &mut World<'_>) -> Expected {
    world.strike();
    let (ringing, ended) = (ringing(world), world.call("call-1", true, "one"));
    for pause in [0, 1, 600] {
        world.pass(Duration::from_secs(pause)).await;
        world.tell(ended.clone()).await;
    }
    world.tell(ringing).await;
    plain(world)
}

async fn known(world: &mut World<'_>, phone: &'static str) -> Expected {
    world.known(phone);
    world.strike();
    world.tell(world.call("call-1", true, OWNER)).await;
    of_known(world)
}

async fn known_missed(world: &mut World<'_>) -> Expected {
    world.known(CLIENT);
    world.strike();
    world.tell(world.call("call-1", false, "one")).await;
    let Makes { missed_task, .. } = world.profile.makes();
    Expected { tasks: task(missed_task, OWNER), ..of_known(world) }
}

async fn known_outgoing(world: &mut World<'_>) -> Expected {
    let client = world.known(CLIENT);
    world.profile.put_deal(&world.desk(), &client, true, OWNER);
    world.strike();
    let mut call = world.call("call-1", true, OWNER);
    call.direction = Direction::Outgoing;
    world.tell(call).await;
    Expected { told: world.profile.makes().told_of_outgoing, ..of_known(world) }
}

/// A new client calls twice within two minutes; the line spells the number in two ways.
async fn two_spellings(world: &mut World<'_>) -> Expected {
    world.strike();
    for (id, spelling) in [("call-1", "0671234567"), ("call-2", "+38 (067) 123-45-67")] {
        let mut call = world.call(id, true, "one");
        call.client.phone = Some(Phone::new(spelling));
        world.tell(call).await;
        world.pass(2 * MINUTE).await;
    }
    Expected { told: 2 * world.profile.makes().told, ..plain(world) }
}

/// An open deal is used; beside a closed one a new one is made.
async fn with_deal(world: &mut World<'_>, open: bool) -> Expected {
    let client = world.known(CLIENT);
    world.profile.put_deal(&world.desk(), &client, open, OWNER);
    world.strike();
    world.tell(world.call("call-1", true, OWNER)).await;
    Expected { deals: if open { 1 } else { 2 }, ..of_known(world) }
}

/// A person closes the deal, a second one follows; the person closes that and opens the first one again, which the
/// next call then uses.
async fn reopened_deal(world: &mut World<'_>) -> Expected {
    let client = world.known(CLIENT);
    let first = world.profile.put_deal(&world.desk(), &client, true, OWNER);
    world.strike();
    for id in ["call-1", "call-2", "call-3"] {
        world.tell(world.call(id, true, OWNER)).await;
        world.settle().await;
        world.pass(LONG).await;
        match id {
            "call-1" => world.profile.set_deal(&world.desk(), &first, false),
            "call-2" => {
                for deal in world.held().deals {
                    world.profile.set_deal(&world.desk(), &deal.id, deal.id == first);
                }
            }
            _ => {}
        }
    }
    Expected { told: 3 * world.profile.makes().told, deals: 2, ..of_known(world) }
}

async fn colleague_answered(world: &mut World<'_>) -> Expected {
    world.known(CLIENT);
    world.strike();
    world.tell(world.call("call-1", true, "one")).await;
    let Makes { review_task, .. } = world.profile.makes();
    Expected { tasks: task(review_task, OWNER), ..of_known(world) }
}

/// G-08: the senior manager gets the client, and a task that says why.
async fn unmapped_agent(world: &mut World<'_>) -> Expected {
    world.strike();
    world.tell(world.call("call-1", true, "stranger")).await;
    let Makes { check_task, .. } = world.profile.makes();
    Expected { tasks: task(check_task, "three"), owner: Owner::New(&["three"]), ..plain(world) }
}

/// The recording comes ten minutes after the call, once more after that, and is told once.
async fn late_recording(world: &mut World<'_>) -> Expected {
    world.strike();
    let mut call = world.call("call-1", true, "one");
    call.recording_expected = true;
    world.tell(call.clone()).await;
    world.pass(10 * MINUTE).await;
    call.recording = Some(RECORDING.to_owned().into());
    world.tell(call.clone()).await;
    world.pass(MINUTE).await;
    world.tell(call).await;
    world.settle().await;
    let listing = world.core.sim.lock().unwrap().listing().to_string();
    assert!(listing.contains(RECORDING), "the recording is in the CRM");
    let Makes { told, recording_told, .. } = world.profile.makes();
    Expected { told: told + recording_told, ..plain(world) }
}

/// An agent names the client we have made, then a second call comes.
async fn typed_meanwhile(world: &mut World<'_>) -> Expected {
    world.strike();
    world.tell(world.call("call-1", true, "one")).await;
    world.settle().await;
    world.pass(MINUTE).await;
    world.profile.rename(&world.desk(), &world.client().id, "Anna Koval");
    world.tell(world.call("call-2", true, "one")).await;
    Expected { told: 2 * world.profile.makes().told, name: Some("Anna Koval"), ..plain(world) }
}

/// Two lines ring 90 ms apart for one new client; two agents answer.
async fn race_of_two(world: &mut World<'_>) -> Expected {
    world.strike();
    for (id, agent) in [("call-1", "one"), ("call-2", "two")] {
        world.tell(world.call(id, true, agent)).await;
        world.pass(Duration::from_millis(90)).await;
    }
    let Makes { review_task, .. } = world.profile.makes();
    Expected { told: 2 * world.profile.makes().told, tasks: task(review_task, "one"), ..plain(world) }
}
