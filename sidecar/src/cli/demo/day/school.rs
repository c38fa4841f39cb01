//! The school's day: contacts while it rings, calls as comments, missed ones as tasks on a board.

use crate::cli::demo::story::{
    CallScene, Chapter, Dialogue, Door, NOW, Outcome, Project, SCHOOL_CALL, Scene, Way, Weather,
};

pub(super) const CHAPTERS: &[Chapter] = &[CALLERS, MISSED];

const NEWCOMER: CallScene = CallScene {
    at: "09:15",
    id: "e-01",
    client: "0673000001",
    agents: &["ivan"],
    more: &[("utm_source", "google"), ("utm_term", "english courses")],
    ..SCHOOL_CALL
};

const CALLERS: Chapter = Chapter {
    at: "09:00",
    title: "The same day at the school: a contact before anybody picks up",
    told: "The contact is there while it rings, for the agent's screen. What was said follows as a comment on it.",
    scenes: &[
        Scene::Rings(CallScene { told: "a new client", ..NEWCOMER }),
        Scene::Call(CallScene { told: "the call is over", ..NEWCOMER }),
        Scene::Call(CallScene {
            at: "10:30",
            id: "e-02",
            client: "380673001001",
            agents: &["petro"],
            more: &[("utm_source", "facebook")],
            told: "Zlata, who is known: a comment, and the visit's data into the chosen fields",
            ..SCHOOL_CALL
        }),
        Scene::Request(Dialogue {
            at: "11:00",
            project: Project::School,
            id: "d-4",
            chat: "70021",
            name: "Taras",
            phone: "050 300 00 03",
            agent: "oksana",
            told: "Taras from Facebook gave his number",
        }),
    ],
};

const MISSED: Chapter = Chapter {
    at: "12:00",
    title: "A task on the board, until somebody calls back",
    told: "A missed call is a task on the project's board. An agent's talk with the client moves it to its last step.",
    scenes: &[
        Scene::Crm(Project::School, Weather::SearchLag(5_000)),
        Scene::Call(CallScene {
            at: "12:10",
            id: "e-03",
            client: "0673000002",
            outcome: Outcome::Missed("NO ANSWER", 0),
            told: "a new client, missed",
            ..SCHOOL_CALL
        }),
        Scene::Call(CallScene {
            at: NOW,
            id: "e-04",
            client: "380673000002",
            way: Way::Out,
            outcome: Outcome::Talk(45),
            agents: &["oksana"],
            door: Door::Grpc,
            told: "Oksana calls back",
            ..SCHOOL_CALL
        }),
        Scene::Crm(Project::School, Weather::Fair),
        Scene::Again("17:05", Project::School, "e-03"),
    ],
};
