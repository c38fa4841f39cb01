//! From lunch until the doors close: what goes wrong, and what comes late.

use crate::cli::demo::story::{
    CALL, CallScene, Chapter, Dialogue, Door, Order, Outcome, Project, Ringing, SHOP_CALL, Scene, Weather,
};

pub(super) const CHAPTERS: &[Chapter] = &[TWINS, OUTAGE, DEAD_TOKEN, SWITCHED_OFF, MESSENGER, LATE];

const TWINS: Chapter = Chapter {
    at: "13:00",
    title: "Two calls of a new client 90 ms apart, while the CRM's search lags",
    told: "The second call waits for the first and trusts what that made, though no search shows it.",
    scenes: &[
        Scene::Crm(Project::Shop, Weather::SearchLag(5_000)),
        Scene::Twins(
            CallScene {
                at: "13:05",
                id: "p-12",
                client: "0931234567",
                agents: &["ivan"],
                told: "a new client on one line",
                ..SHOP_CALL
            },
            CallScene {
                at: "13:05",
                id: "p-13",
                client: "+380931234567",
                outcome: Outcome::Missed("NO ANSWER", 0),
                told: "and on another 90 ms later",
                ..SHOP_CALL
            },
            90,
        ),
        Scene::Settle,
        Scene::Crm(Project::Shop, Weather::Fair),
    ],
};

const OUTAGE: Chapter = Chapter {
    at: "14:00",
    title: "The CRM loses an answer, then is out of service",
    told: "Phones ring all the same. Calls are taken at once and written when the CRM is back; a write whose answer \
           was lost is looked for before it is repeated.",
    scenes: &[
        Scene::Crm(Project::Shop, Weather::LostReply("/orders/create")),
        Scene::Call(CallScene {
            at: "14:02",
            id: "p-14",
            client: "0661110006",
            agents: &["ivan"],
            told: "a new client; the CRM makes the order and the answer is lost",
            ..SHOP_CALL
        }),
        Scene::Crm(Project::Shop, Weather::Outage),
        Scene::Later(CallScene {
            at: "14:10",
            id: "p-15",
            client: "0681110007",
            agents: &["petro"],
            told: "a new client",
            ..SHOP_CALL
        }),
        Scene::Later(CallScene {
            at: "14:12",
            id: "p-16",
            client: "0977778899",
            agents: &["oksana"],
            told: "Larysa",
            ..SHOP_CALL
        }),
        Scene::Ring(Ringing {
            at: "14:14",
            project: Project::Shop,
            client: "0661110006",
            told: "the caller of 14:02 again",
        }),
        Scene::Pause(1_500),
        Scene::Crm(Project::Shop, Weather::Fair),
        Scene::Settle,
    ],
};

const DEAD_TOKEN: Chapter = Chapter {
    at: "15:00",
    title: "The token dies",
    told: "The connection is suspended with its reason and calls are kept. After the administrator activates it, they \
           are written.",
    scenes: &[
        Scene::Crm(Project::Studio, Weather::TokenRevoked),
        Scene::Later(CallScene {
            at: "15:03",
            id: "s-19",
            client: "0671112266",
            agents: &["ivan"],
            told: "a new client",
            ..CALL
        }),
        Scene::Office(Order::Suspended(Project::Studio)),
        Scene::Later(CallScene {
            at: "15:11",
            id: "s-20",
            client: "8 067 123 45 67",
            agents: &["oksana"],
            door: Door::Grpc,
            told: "Anna",
            ..CALL
        }),
        Scene::Later(CallScene {
            at: "15:18",
            id: "s-21",
            client: "0671112266",
            outcome: Outcome::Missed("NO ANSWER", 0),
            door: Door::Form,
            told: "the new client again, missed",
            ..CALL
        }),
        Scene::Ring(Ringing {
            at: "15:25",
            project: Project::Studio,
            client: "0631112233",
            told: "the first caller of the day, from our own records",
        }),
        Scene::Office(Order::KeepData(Project::Studio, true)),
        Scene::Crm(Project::Studio, Weather::Fair),
        Scene::Office(Order::Activate(Project::Studio)),
        Scene::Later(CallScene {
            at: "15:40",
            id: "s-22",
            client: "0731112277",
            agents: &["petro"],
            told: "a new client, live",
            ..CALL
        }),
        Scene::Office(Order::Resend(Project::Studio)),
        Scene::Settle,
    ],
};

const SWITCHED_OFF: Chapter = Chapter {
    at: "16:00",
    title: "Switched off without keeping, and resent after all",
    told: "What came while the connection was off is left out with its reason, until it is asked for.",
    scenes: &[
        Scene::Office(Order::Deactivate(Project::Shop, false)),
        Scene::Later(CallScene {
            at: "16:04",
            id: "p-17",
            client: "0671110008",
            agents: &["oksana"],
            told: "a new client",
            ..SHOP_CALL
        }),
        Scene::Later(CallScene {
            at: "16:09",
            id: "p-18",
            client: "0675556677",
            agents: &["ivan"],
            told: "Ihor",
            ..SHOP_CALL
        }),
        Scene::Office(Order::Activate(Project::Shop)),
        Scene::Office(Order::Resend(Project::Shop)),
        Scene::Settle,
    ],
};

const MESSENGER: Chapter = Chapter {
    at: "16:30",
    title: "Messenger requests",
    told: "A dialogue an agent hands over becomes a lead or an order, with and without a number.",
    scenes: &[
        Scene::Request(Dialogue {
            at: "16:31",
            project: Project::Studio,
            id: "d-1",
            chat: "40071",
            name: "Nazar",
            phone: "063 999 88 77",
            agent: "ivan",
            told: "Nazar from Telegram gave his number",
        }),
        Scene::Request(Dialogue {
            at: "16:36",
            project: Project::Studio,
            id: "d-2",
            chat: "40072",
            name: "Ruta",
            phone: "",
            agent: "oksana",
            told: "Ruta from Telegram gave none",
        }),
        Scene::Request(Dialogue {
            at: "16:40",
            project: Project::Shop,
            id: "d-3",
            chat: "90013",
            name: "Mykola",
            phone: "+38 044 490-00-11",
            agent: "ivan",
            told: "Mykola from Viber, known and without an order",
        }),
    ],
};

const LATE: Chapter = Chapter {
    at: "17:00",
    title: "Repeats, and what comes late",
    told: "A repeat changes nothing. A recording that comes late is added to what was written.",
    scenes: &[
        Scene::Again("17:02", Project::Studio, "s-01"),
        Scene::Again("17:03", Project::Shop, "p-01"),
        Scene::Again("17:04", Project::Studio, "s-07"),
        Scene::Recording("17:10", Project::Studio, "s-13"),
        Scene::Recording("17:11", Project::Shop, "p-02"),
        Scene::Call(CallScene {
            at: "17:20",
            id: "s-23",
            client: "0503214567",
            agents: &["petro"],
            told: "the client of the five spellings says goodbye",
            ..CALL
        }),
        Scene::Office(Order::Explain(Project::Studio, "s-11")),
    ],
};
