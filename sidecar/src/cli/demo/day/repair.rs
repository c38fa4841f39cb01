//! The workshop's day: a client, a request and an order for each caller, and the calls as notes in them.

use crate::cli::demo::story::{CallScene, Chapter, Ends, Outcome, Project, REPAIR_CALL, Scene, Way, Weather};

pub(super) const CHAPTERS: &[Chapter] = &[CALLERS, CALLBACKS];

const CALLERS: Chapter = Chapter {
    at: "09:00",
    title: "The same day at the workshop: client, request and order",
    told: "A new caller gets all three, linked. While request and order are open, further calls become notes in them.",
    scenes: &[
        Scene::Call(CallScene {
            at: "09:10",
            id: "r-01",
            client: "0672000001",
            agents: &["ivan"],
            more: &[("utm_source", "google"), ("utm_medium", "cpc")],
            told: "a new client",
            ..REPAIR_CALL
        }),
        Scene::Call(CallScene {
            at: "09:50",
            id: "r-02",
            client: "+38 (067) 200-00-01",
            agents: &["oksana"],
            told: "the same client, while request and order are open",
            ..REPAIR_CALL
        }),
        Scene::Crm(Project::Repair, Weather::LostReply("POST /orders")),
        Scene::Call(CallScene {
            at: "10:20",
            id: "r-03",
            client: "380672001001",
            agents: &["petro"],
            told: "Roman, whose request and order are closed: new ones; the CRM makes the order and the answer is lost",
            ..REPAIR_CALL
        }),
        Scene::Crm(Project::Repair, Weather::Fair),
        Scene::Call(CallScene {
            at: "11:05",
            id: "r-04",
            client: "0932000002",
            outcome: Outcome::Missed("NO ANSWER", 0),
            told: "a new client, missed",
            ..REPAIR_CALL
        }),
    ],
};

const CALLBACKS: Chapter = Chapter {
    at: "12:00",
    title: "Orders alone",
    told: "For an ordered callback this workshop makes an order and nothing else. An order needs a client.",
    scenes: &[
        Scene::Call(CallScene {
            at: "12:10",
            id: "r-05",
            client: "0502001002",
            way: Way::Callback,
            agents: &["petro"],
            told: "Sofiia, who is there already",
            ..REPAIR_CALL
        }),
        Scene::Call(CallScene {
            at: "12:25",
            id: "r-06",
            client: "0932000003",
            way: Way::Callback,
            agents: &["petro"],
            told: "somebody new, for whom no order can be made",
            ends: Ends::Skipped("needs_contact"),
            ..REPAIR_CALL
        }),
        Scene::Call(CallScene {
            at: "12:40",
            id: "r-07",
            client: "0932000004",
            way: Way::Out,
            agents: &["ivan"],
            told: "Ivan calls somebody new",
            ends: Ends::Skipped("row_makes_nothing"),
            ..REPAIR_CALL
        }),
        Scene::Again("12:50", Project::Repair, "r-01"),
    ],
};
