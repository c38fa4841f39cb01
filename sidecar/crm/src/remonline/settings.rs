//! The settings of a connection: what may be written, what is assumed, and every fault at once.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::SecretString;
use tieline_engine::record::Kind;

use crate::dialect::{Connect, Fault};

use super::{api::Api, reader::Reader};

/// Every plain setting there is; anything else is a typing error and reported.
const KNOWN: &[&str] = &[
    "api",
    "url",
    "create",
    "create_on_outgoing",
    "missed_call_task",
    "branch_id",
    "order_type",
    "lead_type",
    "closed_groups",
    "closed_statuses",
    "closed_lead_statuses",
    "leads",
    "change_leads",
    "phone_form",
    "search",
    "search_forms",
    "phone_query",
    "id_query",
    "comment_field",
    "comments_private",
    "repeat_lost_comments",
    "custom_field_key",
    "custom_fields",
    "required_fields",
    "client_link",
    "lead_link",
    "order_link",
    "task_link",
    "new_order_link",
    "search_lag_seconds",
    "requests_per_second",
];

/// A connection's settings, checked.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// Which generation of the API is spoken.
    pub(super) api: Api,
    /// The API's address without a slash at its end and without `/v2`.
    pub(super) base: String,
    /// Sent as a bearer, or exchanged for a token.
    pub(super) api_key: SecretString,
    /// What a new client's call makes (RO-01).
    pub(super) create: Makes,
    /// Whether a call to a new number makes it too (G7).
    pub(super) create_on_outgoing: bool,
    /// Whether a missed call becomes a task.
    pub(super) missed_call_task: bool,
    /// Branch of new orders and leads.
    pub(super) branch_id: Option<u64>,
    /// Type of new orders.
    pub(super) order_type: Option<u64>,
    /// Type of new leads.
    pub(super) lead_type: Option<u64>,
    /// What counts as closed (G6).
    pub(super) closed: Closed,
    /// When leads are looked for.
    pub(super) leads: Leads,
    /// A lead's fields may be changed by sending its status back (remonline.md 2.5: the status is required).
    pub(super) change_leads: bool,
    /// How numbers are written into the CRM.
    pub(super) phone_form: PhoneForm,
    /// Spellings in one request, or one request each.
    pub(super) search_together: bool,
    /// Spellings of one number that are searched.
    pub(super) search_forms: usize,
    /// How lists of numbers and names stand in a query (remonline.md 2.3).
    pub(super) phone_query: ListStyle,
    /// How lists of ids stand in a query.
    pub(super) id_query: ListStyle,
    /// The text field of comments on clients and orders (remonline.md 2.6).
    pub(super) comment_field: CommentField,
    /// Whether comments are hidden from the client.
    pub(super) comments_private: bool,
    /// Whether a comment whose answer was lost is written again; it cannot be looked for.
    pub(super) repeat_lost_comments: bool,
    /// How custom fields are named in requests (remonline.md 2.8).
    pub(super) custom_field_key: CustomKey,
    /// Text fields the API does not list, by kind and id.
    pub(super) custom_fields: BTreeSet<(Kind, String)>,
    /// Fields the account requires: they are sent empty when nothing is mapped to them (remonline.md 2.4).
    pub(super) required_fields: BTreeSet<(Kind, String)>,
    /// Addresses of records for a person, with `{id}`.
    pub(super) links: BTreeMap<Kind, String>,
    /// Address of the form of a new order, with `{id}` for the client.
    pub(super) new_order_link: Option<String>,
    /// Seconds for which the search may not show what was just written; no source states it.
    pub(super) search_lag_seconds: u32,
    /// Requests a second (remonline.md 2.1: up to 3).
    pub(super) requests_per_second: u32,
}

/// What a new client's call makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Makes {
    pub(super) client: bool,
    pub(super) lead: bool,
    pub(super) order: bool,
}

/// What counts as closed, besides a closing time.
#[derive(Clone, Debug, Default)]
pub(super) struct Closed {
    /// Status groups by number.
    pub(super) groups: BTreeSet<String>,
    /// Order statuses by id.
    pub(super) orders: BTreeSet<String>,
    /// Lead statuses by id.
    pub(super) leads: BTreeSet<String>,
}

/// When leads are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leads {
    /// At every look-up: leads that hang on no client count too (RO-06).
    Search,
    /// When a client was found, or where no clients are made: the reference's smallest count.
    OfClients,
    /// Never; leads are not used.
    Off,
}

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PhoneForm {
    /// `380671234567`
    Digits,
    /// `+380671234567`
    Plus,
}

/// How a list stands in a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListStyle {
    /// `phones[]=a&phones[]=b`
    Brackets,
    /// `phones=a&phones=b`
    Repeated,
    /// `phones=a,b`
    Comma,
}

/// The text field of comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CommentField {
    Comment,
    Message,
    Both,
}

/// How a custom field is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CustomKey {
    /// `f123`
    Lettered,
    /// `123`
    Plain,
    /// Both, as one careful client sends them.
    Both,
}

/// The default of each list style and comment field belongs to a generation.
struct Defaults {
    ids: (&'static str, ListStyle),
    comment: (&'static str, CommentField),
}

impl Defaults {
    fn of(api: Api) -> Self {
        match api {
            Api::Token => {
                Self { ids: ("brackets", ListStyle::Brackets), comment: ("message", CommentField::Message) }
            }
            Api::Bearer | Api::V2 => {
                Self { ids: ("repeated", ListStyle::Repeated), comment: ("comment", CommentField::Comment) }
            }
        }
    }
}

const LIST_STYLES: &[(&str, ListStyle)] =
    &[("brackets", ListStyle::Brackets), ("repeated", ListStyle::Repeated), ("comma", ListStyle::Comma)];
const COMMENT_FIELDS: &[(&str, CommentField)] =
    &[("comment", CommentField::Comment), ("message", CommentField::Message), ("both", CommentField::Both)];

impl Settings {
    /// Reads the settings.
    pub(super) fn parse(connect: &Connect) -> Result<Self, Vec<Fault>> {
        let mut reader = Reader::new(&connect.settings, KNOWN);
        let api = reader.choice("api", ("bearer", Api::Bearer), &[("v2", Api::V2), ("token", Api::Token)]);
        let defaults = Defaults::of(api);
        let together = reader.choice("search", ("together", true), &[("in_turn", false)]);
        let settings = Self {
            api,
            base: reader.url(api.usual_address()),
            api_key: reader.secret(connect.secrets.get("api_key")),
            create: makes(&mut reader),
            create_on_outgoing: reader.flag("create_on_outgoing", false),
            missed_call_task: reader.flag("missed_call_task", false),
            branch_id: reader.id("branch_id"),
            order_type: reader.id("order_type"),
            lead_type: reader.id("lead_type"),
            closed: closed(&mut reader),
            leads: reader.choice(
                "leads",
                ("search", Leads::Search),
                &[("of_clients", Leads::OfClients), ("off", Leads::Off)],
            ),
            change_leads: reader.flag("change_leads", false),
            phone_form: reader.choice("phone_form", ("digits", PhoneForm::Digits), &[("plus", PhoneForm::Plus)]),
            search_together: together,
            search_forms: reader.number("search_forms", if together { 12 } else { 3 }, 1..=20) as usize,
            phone_query: reader.choice("phone_query", ("brackets", ListStyle::Brackets), LIST_STYLES),
            id_query: reader.choice("id_query", defaults.ids, LIST_STYLES),
            comment_field: reader.choice("comment_field", defaults.comment, COMMENT_FIELDS),
            comments_private: reader.flag("comments_private", true),
            repeat_lost_comments: reader.flag("repeat_lost_comments", true),
            custom_field_key: reader.choice(
                "custom_field_key",
                ("f", CustomKey::Lettered),
                &[("plain", CustomKey::Plain), ("both", CustomKey::Both)],
            ),
            custom_fields: reader.fields("custom_fields"),
            required_fields: reader.fields("required_fields"),
            links: links(&mut reader),
            new_order_link: reader.template("new_order_link"),
            search_lag_seconds: reader.number("search_lag_seconds", 30, 0..=600),
            requests_per_second: reader.number("requests_per_second", 3, 1..=8),
        };
        settings.need_what_is_made(&mut reader);
        reader.finish(settings)
    }

    /// What is made has values the CRM requires (RO-17).
    fn need_what_is_made(&self, reader: &mut Reader<'_>) {
        if self.create.order && self.branch_id.is_none() {
            reader.missing("branch_id", "orders are made, so give the id of their branch");
        }
        if self.create.order && self.order_type.is_none() {
            reader.missing("order_type", "orders are made, so give the id of their type");
        }
        if self.create.lead && self.lead_type.is_none() {
            reader.missing("lead_type", "leads are made, so give the id of their type");
        }
        if self.create.lead && self.leads == Leads::Off {
            reader.fault("leads", "leads are made, so they have to be looked for; set search or of_clients");
        }
    }
}

/// The list of what a new client's call makes; there is no default (RO-17).
fn makes(reader: &mut Reader<'_>) -> Makes {
    let mut makes = Makes::default();
    for word in reader.words("create") {
        match word.as_str() {
            "client" => makes.client = true,
            "lead" => makes.lead = true,
            "order" => makes.order = true,
            _ => reader.fault("create", "write client, lead, order, or several of them with commas between"),
        }
    }
    if makes == Makes::default() {
        reader.missing("create", "say what a new client's call makes: client, lead, order, or several with commas");
    }
    makes
}

fn closed(reader: &mut Reader<'_>) -> Closed {
    let mut groups = reader.numbers("closed_groups");
    if groups.is_empty() {
        // remonline.md 2.7: the group of closed statuses, whatever their names.
        groups.insert("6".to_owned());
    }
    Closed { groups, orders: reader.numbers("closed_statuses"), leads: reader.numbers("closed_lead_statuses") }
}

fn links(reader: &mut Reader<'_>) -> BTreeMap<Kind, String> {
    let keys = [
        (Kind::Contact, "client_link"),
        (Kind::Lead, "lead_link"),
        (Kind::Deal, "order_link"),
        (Kind::Task, "task_link"),
    ];
    keys.into_iter().filter_map(|(kind, key)| Some((kind, reader.template(key)?))).collect()
}
