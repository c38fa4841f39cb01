//! From before the doors open until lunch.

use crate::cli::demo::story::{
    CALL, CallScene, Chapter, Door, Ends, Order, Outcome, Project, Ringing, SHOP_CALL, Scene, Way,
};

pub(super) const CHAPTERS: &[Chapter] = &[OPENING, FIRST_CALLERS, SPELLINGS, MISSED, ODD_ONES];

const OPENING: Chapter = Chapter {
    at: "08:50",
    title: "Before the doors open",
    told: "The administrator checks all connections and asks what would be done for a call; nothing is written.",
    scenes: &[
        Scene::Office(Order::Check(Project::Studio)),
        Scene::Office(Order::Check(Project::Shop)),
        Scene::Office(Order::Check(Project::Repair)),
        Scene::Office(Order::Check(Project::School)),
        Scene::Office(Order::Check(Project::Clinic)),
        Scene::Office(Order::Plan(CallScene {
            at: "08:55",
            id: "s-00",
            client: "0631112233",
            agents: &["ivan"],
            more: &[("pool_name", "Tenders"), ("search_phrase", "conference hall")],
            ..CALL
        })),
    ],
};

const FIRST_CALLERS: Chapter = Chapter {
    at: "09:00",
    title: "First callers",
    told: "New clients get records. Known ones are found however they were typed, and ring at their owner's phone.",
    scenes: &[
        Scene::Call(CallScene {
            at: "09:02",
            id: "s-01",
            client: "0631112233",
            line: "380442000002",
            outcome: Outcome::Talk(95),
            agents: &["ivan"],
            early: true,
            more: &[
                ("pool_name", "Tenders"),
                ("utm_source", "google"),
                ("utm_medium", "cpc"),
                ("search_phrase", "conference hall"),
            ],
            told: "a new client from an advertisement; the pool decides the stage",
            ..CALL
        }),
        Scene::Ring(Ringing {
            at: "09:05",
            project: Project::Studio,
            client: "380671234567",
            told: "Anna is typed in as (067) 123-45-67",
        }),
        Scene::Call(CallScene {
            at: "09:05",
            id: "s-02",
            client: "380671234567",
            agents: &["oksana"],
            door: Door::Form,
            told: "Anna, who has an open deal",
            ..CALL
        }),
        Scene::Call(CallScene {
            at: "09:11",
            id: "s-03",
            client: "+380502223344",
            agents: &["ivan"],
            door: Door::Query,
            told: "Borys, whose last deal is won: a new one",
            ..CALL
        }),
        Scene::Call(CallScene {
            at: "09:15",
            id: "p-01",
            client: "0501110001",
            agents: &["ivan"],
            more: &[("utm_source", "facebook"), ("search_phrase", "garden chairs")],
            told: "a new client",
            ..SHOP_CALL
        }),
        Scene::Ring(Ringing {
            at: "09:21",
            project: Project::Shop,
            client: "0675556677",
            told: "Ihor is typed in as 067 555 66 77",
        }),
        Scene::Call(CallScene {
            at: "09:21",
            id: "p-02",
            client: "0675556677",
            agents: &["ivan"],
            early: true,
            told: "Ihor, whose order is being assembled",
            ..SHOP_CALL
        }),
        Scene::Call(CallScene {
            at: "09:40",
            id: "p-03",
            client: "380977778899",
            agents: &["oksana"],
            told: "Larysa, whose order is complete: a new one",
            ..SHOP_CALL
        }),
    ],
};

/// One client's number, spelt as five exchanges would.
const SPELLINGS: Chapter = Chapter {
    at: "10:00",
    title: "One client, five spellings, five doors",
    told: "Every spelling leads to one key, so there is one contact and one deal.",
    scenes: &[
        spelt("10:01", "s-04", "380503214567", Door::Json),
        spelt("10:09", "s-05", "0503214567", Door::Form),
        spelt("10:17", "s-06", "+380 50 321-45-67", Door::Query),
        spelt("10:30", "s-07", "8 (050) 321-45-67", Door::Grpc),
        spelt("10:44", "s-08", "00380503214567", Door::Nested),
    ],
};

const fn spelt(at: &'static str, id: &'static str, client: &'static str, door: Door) -> Scene {
    Scene::Call(CallScene { at, id, client, door, agents: &["petro"], told: "the same client", ..CALL })
}

const MISSED: Chapter = Chapter {
    at: "11:00",
    title: "Missed, called back, answered by a colleague",
    told: "Whom nobody answered becomes a task for the owner, else for the senior manager.",
    scenes: &[
        Scene::Call(CallScene {
            at: "11:02",
            id: "s-09",
            client: "0662223344",
            outcome: Outcome::Missed("NO ANSWER", 0),
            door: Door::Nested,
            told: "a new client, missed",
            ..CALL
        }),
        Scene::Call(CallScene {
            at: "11:10",
            id: "s-10",
            client: "0633334455",
            outcome: Outcome::Missed("BUSY", 0),
            told: "Vira, known and missed",
            ..CALL
        }),
        Scene::Call(CallScene {
            at: "11:16",
            id: "s-11",
            client: "067 123 45 67",
            agents: &["petro"],
            early: true,
            told: "Anna again, answered by Petro",
            ..CALL
        }),
        Scene::Call(CallScene {
            at: "11:20",
            id: "p-04",
            client: "0931110002",
            outcome: Outcome::Missed("VOICEMAIL", 20),
            told: "a new client, left to the voicemail",
            ..SHOP_CALL
        }),
        Scene::Call(CallScene {
            at: "11:31",
            id: "p-05",
            client: "+38 (097) 777-88-99",
            agents: &["petro"],
            told: "Larysa, answered by Petro",
            ..SHOP_CALL
        }),
        Scene::Call(CallScene {
            at: "11:40",
            id: "p-06",
            client: "0991110003",
            way: Way::Callback,
            agents: &["oksana"],
            told: "a new client who ordered a callback",
            ..SHOP_CALL
        }),
        Scene::Call(CallScene {
            at: "11:48",
            id: "s-12",
            client: "0502223344",
            way: Way::Callback,
            outcome: Outcome::Missed("CLIENT NO ANSWER", 0),
            told: "Borys ordered a callback and did not pick up",
            ..CALL
        }),
    ],
};

const ODD_ONES: Chapter = Chapter {
    at: "12:00",
    title: "Transferred, internal, stop-listed, withheld, outgoing",
    told: "What is nobody's business is counted and skipped, each with its reason.",
    scenes: &[
        Scene::Call(CallScene {
            at: "12:03",
            id: "s-13",
            client: "0681112244",
            outcome: Outcome::Talk(240),
            agents: &["ivan", "oksana"],
            door: Door::Grpc,
            told: "a new client, handed over by Ivan to Oksana",
            ..CALL
        }),
        Scene::Call(CallScene {
            at: "12:07",
            id: "p-07",
            client: "0731110004",
            outcome: Outcome::Talk(120),
            agents: &["petro", "ivan"],
            door: Door::Grpc,
            told: "a new client, handed over by Petro to Ivan",
            ..SHOP_CALL
        }),
        internal(CallScene { at: "12:10", id: "s-14", door: Door::Grpc, ..CALL }),
        internal(CallScene { at: "12:12", id: "p-08", ..SHOP_CALL }),
        stopped(CallScene { at: "12:15", id: "s-15", line: "380442000009", ..CALL }),
        stopped(CallScene { at: "12:18", id: "p-09", line: "0443000009", ..SHOP_CALL }),
        Scene::Call(CallScene {
            at: "12:21",
            id: "s-16",
            client: "anonymous",
            agents: &["ivan"],
            told: "a client who hides the number",
            ends: Ends::Skipped("number_withheld"),
            ..CALL
        }),
        Scene::Call(CallScene {
            at: "12:26",
            id: "p-10",
            client: "0951110005",
            line: "380443000002",
            agents: &["oksana"],
            told: "a new client on the line for returns: the rule decides the status",
            ..SHOP_CALL
        }),
        Scene::Call(CallScene {
            at: "12:31",
            id: "s-17",
            client: "380633334455",
            way: Way::Out,
            agents: &["petro"],
            told: "Petro calls Vira back",
            ..CALL
        }),
        Scene::Call(CallScene {
            at: "12:37",
            id: "s-18",
            client: "380961112255",
            way: Way::Out,
            outcome: Outcome::Missed("NO ANSWER", 0),
            agents: &["ivan"],
            told: "Ivan calls somebody new, in vain",
            ends: Ends::Skipped("no_row"),
            ..CALL
        }),
        Scene::Call(CallScene {
            at: "12:44",
            id: "p-11",
            client: "380675556677",
            way: Way::Out,
            agents: &["ivan"],
            told: "Ivan calls Ihor",
            ..SHOP_CALL
        }),
    ],
};

const fn internal(call: CallScene) -> Scene {
    let (way, ends) = (Way::Internal, Ends::Skipped("internal_call"));
    Scene::Call(CallScene { way, agents: &["ivan", "oksana"], told: "Ivan calls Oksana", ends, ..call })
}

const fn stopped(call: CallScene) -> Scene {
    let ends = Ends::Skipped("stop_listed");
    Scene::Call(CallScene { client: "0671239999", agents: &["olha"], told: "on a line of the stop list", ends, ..call })
}
