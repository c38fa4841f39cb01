//! What a day is made of: chapters of scenes, as data.

/// An hour of the day.
pub(super) struct Chapter {
    /// When it begins, such as `09:00`.
    pub(super) at: &'static str,
    /// Its name.
    pub(super) title: &'static str,
    /// What Tieline does about it.
    pub(super) told: &'static str,
    /// What happens, in order.
    pub(super) scenes: &'static [Scene],
}

/// One thing that happens.
pub(super) enum Scene {
    /// A call; the day goes on when it is settled.
    Call(CallScene),
    /// A call; the day goes on at once.
    Later(CallScene),
    /// A call is reported at the ring only; the day goes on when something was written for it.
    Rings(CallScene),
    /// A call; the day goes on when its record waits for nothing but the recording.
    Unrecorded(CallScene),
    /// Two calls, the second reported so many milliseconds after the first.
    Twins(CallScene, CallScene, u64),
    /// Everything reported so far is settled.
    Settle,
    /// The exchange asks where to ring.
    Ring(Ringing),
    /// An agent presses the button for a messenger dialogue.
    Request(Dialogue),
    /// What was reported of a call is reported once more, at a time.
    Again(&'static str, Project, &'static str),
    /// The recording of a call has become ready, at a time.
    Recording(&'static str, Project, &'static str),
    /// What the administrator does.
    Office(Order),
    /// What befalls a CRM.
    Crm(Project, Weather),
    /// Milliseconds of nothing.
    Pause(u64),
}

/// The projects of the demonstration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Project {
    /// On Zoho.
    Studio,
    /// On RetailCRM.
    Shop,
    /// On RemOnline.
    Repair,
    /// On SendPulse.
    School,
    /// On SMART CRM.
    Clinic,
}

/// One call as the exchange knows it.
#[derive(Clone, Copy)]
pub(super) struct CallScene {
    /// Time of day, `HH:MM`, or [`NOW`].
    pub(super) at: &'static str,
    pub(super) project: Project,
    /// The exchange's id.
    pub(super) id: &'static str,
    /// The client's number as the exchange spells it.
    pub(super) client: &'static str,
    /// The project's number.
    pub(super) line: &'static str,
    pub(super) way: Way,
    pub(super) outcome: Outcome,
    /// Agents in the order they talked, by the word the project and the SIP login share.
    pub(super) agents: &'static [&'static str],
    pub(super) door: Door,
    /// Also reported at the ring and at the pick-up.
    pub(super) early: bool,
    /// Further parameters.
    pub(super) more: &'static [(&'static str, &'static str)],
    /// In a few words.
    pub(super) told: &'static str,
    pub(super) ends: Ends,
}

/// A call with nothing particular: for the rest of a literal.
pub(super) const CALL: CallScene = CallScene {
    at: "09:00",
    project: Project::Studio,
    id: "",
    client: "",
    line: "380442000001",
    way: Way::In,
    outcome: Outcome::Talk(60),
    agents: &[],
    door: Door::Json,
    early: false,
    more: &[],
    told: "",
    ends: Ends::Written,
};

/// The same for the shop.
pub(super) const SHOP_CALL: CallScene =
    CallScene { project: Project::Shop, line: "380443000001", door: Door::Form, ..CALL };

/// The same for the workshop.
pub(super) const REPAIR_CALL: CallScene = CallScene { project: Project::Repair, line: "380444000001", ..CALL };

/// The same for the school.
pub(super) const SCHOOL_CALL: CallScene = CallScene { project: Project::School, line: "380445000001", ..CALL };

/// The same for the clinic.
pub(super) const CLINIC_CALL: CallScene = CallScene { project: Project::Clinic, line: "380446000001", ..CALL };

/// The time of a call that begins as it is reported; only [`Door::Grpc`] has it.
pub(super) const NOW: &str = "now";

/// Which way a call went.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    In,
    Callback,
    Out,
    Internal,
}

/// How a call ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// They talked for so many seconds.
    Talk(u32),
    /// Nobody did: the platform's word, and the seconds of a voicemail.
    Missed(&'static str, u32),
}

/// By which door the exchange reports.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// A webhook with one flat JSON object.
    Json,
    /// A webhook with a JSON object inside another.
    Nested,
    /// A webhook with a form.
    Form,
    /// A webhook with a query.
    Query,
    /// `SyncCall`.
    Grpc,
}

/// How it is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    Written,
    /// For the reason with this code.
    Skipped(&'static str),
}

/// Somebody's phone is about to ring.
pub(super) struct Ringing {
    pub(super) at: &'static str,
    pub(super) project: Project,
    pub(super) client: &'static str,
    pub(super) told: &'static str,
}

/// One press of the button.
#[derive(Clone, Copy)]
pub(super) struct Dialogue {
    pub(super) at: &'static str,
    pub(super) project: Project,
    pub(super) id: &'static str,
    pub(super) chat: &'static str,
    pub(super) name: &'static str,
    /// Empty when the client gave none.
    pub(super) phone: &'static str,
    pub(super) agent: &'static str,
    pub(super) told: &'static str,
}

/// What an administrator orders.
pub(super) enum Order {
    /// `CheckConnection`
    Check(Project),
    /// `PlanCall`
    Plan(CallScene),
    /// Waits until the connection is suspended, and shows it.
    Suspended(Project),
    /// `SetKeepData`
    KeepData(Project, bool),
    /// `DeactivateConnection` with the option.
    Deactivate(Project, bool),
    /// `ActivateConnection`
    Activate(Project),
    /// `ResendBacklog`
    Resend(Project),
    /// `GetCall`
    Explain(Project, &'static str),
}

/// What befalls a CRM: the sandbox's faults.
pub(super) enum Weather {
    /// Its search shows new records so many milliseconds late.
    SearchLag(u64),
    /// It carries out one write, the next to this path, and loses the answer.
    LostReply(&'static str),
    /// It refuses so many requests: too many.
    TooMany(u64),
    /// It is out of service.
    Outage,
    /// Its token or key is withdrawn.
    TokenRevoked,
    /// All of this is over.
    Fair,
}

impl Project {
    /// All of them.
    pub(super) const ALL: [Self; 5] = [Self::Studio, Self::Shop, Self::Repair, Self::School, Self::Clinic];

    /// As in the configuration.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Studio => "studio",
            Self::Shop => "shop",
            Self::Repair => "repair",
            Self::School => "school",
            Self::Clinic => "clinic",
        }
    }

    /// Its CRM's name in the sandbox.
    pub(super) fn crm(self) -> &'static str {
        match self {
            Self::Studio => "zoho",
            Self::Shop => "retailcrm",
            Self::Repair => "remonline",
            Self::School => "sendpulse",
            Self::Clinic => "dataverse",
        }
    }

    /// Its CRM's name as people know it.
    pub(super) fn crm_title(self) -> &'static str {
        match self {
            Self::Studio => "Zoho",
            Self::Shop => "RetailCRM",
            Self::Repair => "RemOnline",
            Self::School => "SendPulse",
            Self::Clinic => "SMART CRM",
        }
    }
}
