//! The clinic's day: the eight cases of incoming and outgoing, answered and not, known and new.

use crate::cli::demo::story::{CLINIC_CALL, CallScene, Chapter, Outcome, Project, Scene, Way, Weather};

pub(super) const CHAPTERS: &[Chapter] = &[INCOMING, OUTGOING];

const NEWCOMER: CallScene =
    CallScene { at: "09:30", id: "c-03", client: "0674001003", agents: &["ivan"], ..CLINIC_CALL };

/// Nobody answered.
const MISSED: Outcome = Outcome::Missed("NO ANSWER", 0);

const INCOMING: Chapter = Chapter {
    at: "09:00",
    title: "The same day at the clinic: eight cases, a phone call each",
    told: "A contact without a name is made at the ring. The phone call stays open until its recording is there.",
    scenes: &[
        Scene::Call(CallScene {
            at: "09:10",
            id: "c-01",
            client: "0504001001",
            agents: &["ivan"],
            more: &[("recording", "https://pbx.example/recordings/c-01.mp3")],
            told: "Ostap, who is known",
            ..CLINIC_CALL
        }),
        Scene::Call(CallScene {
            at: "09:20",
            id: "c-02",
            client: "+380674001002",
            outcome: MISSED,
            told: "Yaryna, known and missed",
            ..CLINIC_CALL
        }),
        Scene::Rings(CallScene { told: "a new client", ..NEWCOMER }),
        Scene::Unrecorded(CallScene { told: "the call is over", ..NEWCOMER }),
        Scene::Recording("09:33", Project::Clinic, "c-03"),
        Scene::Call(CallScene {
            at: "09:40",
            id: "c-04",
            client: "0674001004",
            outcome: MISSED,
            told: "a new client, missed",
            ..CLINIC_CALL
        }),
    ],
};

const OUTGOING: Chapter = Chapter {
    at: "11:00",
    title: "Called out, with the CRM asking for patience",
    told: "Contact, phone call and its completion go out in one request, after exactly the time the CRM names.",
    scenes: &[
        Scene::Crm(Project::Clinic, Weather::TooMany(1)),
        Scene::Call(CallScene {
            at: "11:05",
            id: "c-05",
            client: "380504001001",
            way: Way::Out,
            agents: &["oksana"],
            more: &[("recording", "https://pbx.example/recordings/c-05.mp3")],
            told: "Oksana calls Ostap",
            ..CLINIC_CALL
        }),
        Scene::Crm(Project::Clinic, Weather::Fair),
        Scene::Call(CallScene {
            at: "11:15",
            id: "c-06",
            client: "067 400 10 02",
            way: Way::Out,
            outcome: MISSED,
            agents: &["oksana"],
            told: "Oksana calls Yaryna, in vain",
            ..CLINIC_CALL
        }),
        Scene::Call(CallScene {
            at: "11:25",
            id: "c-07",
            client: "0504001007",
            way: Way::Out,
            agents: &["petro"],
            more: &[("recording", "https://pbx.example/recordings/c-07.mp3")],
            told: "Petro calls somebody new",
            ..CLINIC_CALL
        }),
        Scene::Call(CallScene {
            at: "11:35",
            id: "c-08",
            client: "0504001008",
            way: Way::Out,
            outcome: MISSED,
            agents: &["petro"],
            told: "Petro calls somebody new, in vain",
            ..CLINIC_CALL
        }),
        Scene::Again("11:45", Project::Clinic, "c-03"),
    ],
};
