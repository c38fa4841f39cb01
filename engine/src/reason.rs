//! Reasons as data: every decision says which rule it follows and what it looked at.
//! Rendering to text is [`Reason::render`]; nothing else turns a reason into words.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Why something was decided. Holds ids, names of rules and codes: never a phone number or a person's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Which kind of decision.
    pub code: ReasonCode,
    /// What it looked at, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, String>,
}

impl Reason {
    /// A reason without data.
    #[must_use]
    pub fn new(code: ReasonCode) -> Self {
        Self { code, data: BTreeMap::new() }
    }

    /// Adds what was looked at.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.data.insert(name.to_owned(), value.into());
        self
    }

    /// One English sentence.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = self.code.sentence().to_owned();
        for (index, (name, value)) in self.data.iter().enumerate() {
            text.push_str(if index == 0 { " (" } else { ", " });
            text.push_str(name);
            text.push_str(" = ");
            text.push_str(value);
        }
        if !self.data.is_empty() {
            text.push(')');
        }
        text
    }
}

macro_rules! reason_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $sentence:literal;)*) => {
        /// Kinds of decision, with a stable name each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ReasonCode { $(#[doc = $sentence] $name,)* }

        impl ReasonCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stable name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }
        }
    };
}

reason_codes! {
    InternalCall = "internal_call", "Both ends belong to the project, so nothing is written";
    StopListed = "stop_listed", "The project number is on the stop list, so nothing is written";
    ClientIsAgent = "client_is_agent", "The client's number belongs to an agent, so nobody is matched";
    NumberWithheld = "number_withheld", "The client's number is withheld, so there is nobody to write about";
    NoNumber = "no_number", "No client number was reported, so there is nobody to write about";
    NoRow = "no_row", "No row of the scenario fits this situation, so nothing is written";
    RowFits = "row_fits", "This row of the scenario decides";
    RowMakesNothing = "row_makes_nothing", "The row of the scenario makes nothing here";
    NotFinal = "not_final", "The call has no final status yet";
    SettledWithoutEnd = "settled_without_end", "No final status came in time, so the call is settled from what is known";
    BeforeMoment = "before_moment", "The scenario waits for a later moment of the call";
    LookUpNeeded = "look_up_needed", "The CRM is asked for the client before anything is decided";
    UncertainStep = "uncertain_step", "A step may have happened, so the CRM is asked before anything is repeated";
    LagNotOver = "lag_not_over", "The CRM's search may not see a recent write yet";
    ThirdPartyGrace = "third_party_grace", "Another program may still make the record to be updated";
    NothingToUpdate = "nothing_to_update", "Update-only: no record of the client to update";
    KeyMatched = "key_matched", "The record has the client's phone key";
    KeyDiffers = "key_differs", "A candidate was refused: its phone key is another";
    ChatMatched = "chat_matched", "The record carries the client's messenger dialogue";
    SeveralMatched = "several_matched", "Several records have the client's phone key, one was chosen by the policy";
    OwnRecordTrusted = "own_record_trusted", "A record made by us lately counts although the search does not show it yet";
    AmbiguousNumber = "ambiguous_number", "The number can be read in several ways, so it is matched exactly as text";
    ReusedOpen = "reused_open", "The open record is used again";
    ClosedNotReused = "closed_not_reused", "Only closed records exist, so a new one is made";
    NewClient = "new_client", "Nobody in the CRM has this number, so the record is made";
    AdoptedExisting = "adopted_existing", "The CRM says the record exists already, so it is used";
    StageRule = "stage_rule", "A rule places the new deal";
    DefaultStage = "default_stage", "No rule places the new deal, so the default place is used";
    OwnerIsAgent = "owner_is_agent", "The agent of the call becomes the owner";
    OwnerKept = "owner_kept", "The owner the client already has is kept";
    SeniorStandsIn = "senior_stands_in", "The senior manager stands in";
    NoOwner = "no_owner", "Nobody could be named as owner, so the CRM's own default applies";
    CallLogged = "call_logged", "The call belongs into the CRM's call list";
    LaterFacts = "later_facts", "Later facts change what was written";
    TaskForCall = "task_for_call", "The row of the scenario asks for this task";
    NoTaskWithoutRecord = "no_task_without_record", "The CRM hangs tasks on a record that does not exist, so there is no task";
    NoTaskWithoutSettings = "no_task_without_settings", "The CRM's tasks need board, name, owner and deadline, and one of them is not set, so there is no task";
    NeedsContact = "needs_contact", "The record cannot be without a contact, and there is none, so it is not made";
    PhoneAdded = "phone_added", "The contact was made without its number, so the number follows";
    Announced = "announced", "The CRM is told of the ringing call";
    RecordingAwaited = "recording_awaited", "The call record is finished when the recording is there or its time is over";
    CallCompleted = "call_completed", "Nothing more is expected of the call, so its record is finished";
    TaskNeedless = "task_needless", "The client was talked to, so the task for the missed call is closed";
    NoteOnRecord = "note_on_record", "The row of the scenario writes the call on this record";
    VisitLinked = "visit_linked", "The Google client id belongs to the contact";
    VisitData = "visit_data", "Call and visit data go into the existing record";
    FieldDropped = "field_dropped", "The CRM refuses an optional field, so it is left out";
    StepRefused = "step_refused", "The CRM refuses this step; a person must act";
    RouteToOwner = "route_to_owner", "The client's owner is rung first";
    RouteByLastTalk = "route_by_last_talk", "The agent who last talked with the client is rung first";
    RouteOwnerUnmapped = "route_owner_unmapped", "The owner has no number or SIP login here, so the next block is taken";
    RouteNewClient = "route_new_client", "The client is new, so the next block is taken";
    RouteUnknown = "route_unknown", "The CRM's answer is not known in time, so the next block is taken";
    OutOfWindow = "out_of_window", "The call is older than the window for resending";
    ResendOff = "resend_off", "Keeping for resending was off when the connection was activated";
    ResendCancelled = "resend_cancelled", "The resending was cancelled before the call was sent, so the call is kept";
    Dropped = "dropped", "An administrator dropped the call";
    Forgotten = "forgotten", "The client was forgotten on request before the call was in the CRM";
    Written = "written", "Everything the scenario asks for is in the CRM";
}
