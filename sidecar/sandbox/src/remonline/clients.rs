//! Clients: one list in A, people and organizations in B and C (remonline.md 2.4).

use serde_json::{Map, Value};

use super::{
    Ask, Ctx, RemOnline,
    answers::{NOT_VALID, not_found, wrong},
    forms::{Field, Type},
    params::{NotATime, Params, Span},
    settings::{Generation, Unknown},
    shelf::{Entity, number},
    world::Owner,
};
use crate::wire::SimAnswer;

/// Which clients a path speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Anyone,
    People,
    Organizations,
}

impl Who {
    fn covers(self, client: &Entity) -> bool {
        match self {
            Self::Anyone => true,
            Self::People => !client.flag("juridical"),
            Self::Organizations => client.flag("juridical"),
        }
    }
}

const FILTERS: [&str; 7] = ["phones", "names", "emails", "ids", "created_at", "modified_at", "sort"];

const OLD_FORM: [Field; 12] = [
    ("first_name", "first_name", Type::Text),
    ("last_name", "last_name", Type::Text),
    ("name", "name", Type::Text),
    ("phone", "phones", Type::PlainPhones),
    ("email", "email", Type::Text),
    ("address", "address", Type::Text),
    ("notes", "notes", Type::Notes),
    ("ad_campaign_id", "ad_campaign_id", Type::Campaign),
    ("custom_fields", "custom_fields", Type::CustomFields(Owner::Client)),
    ("juridical", "juridical", Type::Flag),
    ("supplier", "supplier", Type::Flag),
    ("id", "id", Type::Id),
];
const FORM: [Field; 11] = [
    ("first_name", "first_name", Type::Text),
    ("last_name", "last_name", Type::Text),
    ("name", "name", Type::Text),
    ("email", "email", Type::Text),
    ("phones", "phones", Type::Phones),
    ("address", "address", Type::Text),
    ("notes", "notes", Type::Notes),
    ("manager_id", "manager_id", Type::Employee),
    ("ad_campaign_id", "ad_campaign_id", Type::Campaign),
    ("custom_fields", "custom_fields", Type::CustomFields(Owner::Client)),
    ("tags", "tags", Type::Tags),
];

impl RemOnline {
    /// `GET /clients/`, `GET …/contacts/people`
    pub(super) fn client_list(&self, ctx: &Ctx, who: Who, params: &Params) -> Result<SimAnswer, SimAnswer> {
        self.only(params, &FILTERS)?;
        let span = |name| params.span(name, ctx.generation).map_err(|NotATime| self.not_a_time(name));
        let (created, modified) = (span("created_at")?, span("modified_at")?);
        let knows_phones = ctx.generation == Generation::A || self.settings.people_phone_search;
        let candidates = match params.list("phones").filter(|_| knows_phones) {
            Some(asked) => self.clients_with(&asked),
            None => self.clients.all().collect(),
        };
        let found = candidates.into_iter().filter(|client| {
            who.covers(client)
                && client.listed(ctx.now, ctx.lag(params))
                && params.among("ids", Some(client.id))
                && contains(params, "names", &full_name(client))
                && contains(params, "emails", client.text("email"))
                && Span::holds(created, Some(client.created))
                && Span::holds(modified, Some(client.modified))
        });
        self.page(ctx, params, found.collect(), |client| self.client_json(ctx.generation, client))
    }

    /// The clients with any of the numbers, each once.
    pub(super) fn clients_with(&self, asked: &[&str]) -> Vec<&Entity> {
        let same = |client: &Entity, asked: &str| {
            client.phones().any(|stored| self.settings.phone_match.same(stored, asked.trim()))
        };
        let mut found: Vec<&Entity> = asked
            .iter()
            .flat_map(|asked| self.clients.near(asked).into_iter().filter(|client| same(client, asked)))
            .collect();
        found.sort_by_key(|client| client.id);
        found.dedup_by_key(|client| client.id);
        found
    }

    /// `GET /clients/{id}`
    pub(super) fn client_get(&self, ctx: &Ctx, who: Who, id: &str) -> Result<SimAnswer, SimAnswer> {
        let client = self.client(who, id)?;
        Ok(self.shown(ctx, self.client_json(ctx.generation, client)))
    }

    pub(super) fn client(&self, who: Who, id: &str) -> Result<&Entity, SimAnswer> {
        let client = id.parse().ok().and_then(|id| self.clients.get(id));
        client.filter(|client| who.covers(client)).ok_or_else(not_found)
    }

    /// `POST /clients/`, `POST …/contacts/people`
    pub(super) fn client_create(&mut self, ctx: &Ctx, who: Who, ask: &Ask) -> Result<SimAnswer, SimAnswer> {
        let always: &[&str] = if who == Who::Organizations { &["name"] } else { &[] };
        let mut fields = self.client_fields(ctx, &ask.body, &ctx.required("clients", always))?;
        fields.remove("id");
        if who == Who::Organizations {
            fields.insert("juridical".to_owned(), true.into());
        }
        let id = self.clients.add(ctx.now, fields, false);
        let record = self.clients.get(id).map(|client| self.client_json(ctx.generation, client));
        Ok(self.created(ctx, id, record.unwrap_or_default()))
    }

    /// `PUT /clients/` with the id in the body
    pub(super) fn client_put(&mut self, ctx: &Ctx, ask: &Ask) -> Result<SimAnswer, SimAnswer> {
        let mut fields = self.client_fields(ctx, &ask.body, &["id"])?;
        let id = fields.remove("id").as_ref().and_then(number).unwrap_or_default();
        self.client_patched(ctx, id, fields)
    }

    /// `PATCH …/contacts/people/{id}`
    pub(super) fn client_patch(&mut self, ctx: &Ctx, who: Who, id: &str, ask: &Ask) -> Result<SimAnswer, SimAnswer> {
        let id = self.client(who, id)?.id;
        let fields = self.client_fields(ctx, &ask.body, &[])?;
        self.client_patched(ctx, id, fields)
    }

    fn client_patched(&mut self, ctx: &Ctx, id: u64, fields: Map<String, Value>) -> Result<SimAnswer, SimAnswer> {
        self.clients.get(id).ok_or_else(not_found)?;
        self.clients.edit(id, ctx.now, fields);
        let record = self.clients.get(id).map(|client| self.client_json(ctx.generation, client));
        Ok(self.changed(ctx, id, record.unwrap_or_default()))
    }

    fn client_fields(
        &self,
        ctx: &Ctx,
        given: &Map<String, Value>,
        required: &[&str],
    ) -> Result<Map<String, Value>, SimAnswer> {
        let form: &[Field] = if ctx.generation == Generation::A { &OLD_FORM } else { &FORM };
        self.check(form, given, required).map_err(|wrongs| self.settings.refuse(&wrongs))
    }

    /// Refuses filters the list does not have: a misspelt one would find everything.
    pub(super) fn only(&self, params: &Params, known: &[&str]) -> Result<(), SimAnswer> {
        match params.stranger(known) {
            Some(name) if self.settings.unknown_filters == Unknown::Reject => {
                Err(self.settings.refuse(&wrong(name, "Unknown filter.")))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn not_a_time(&self, name: &str) -> SimAnswer {
        self.settings.refuse(&wrong(name, NOT_VALID))
    }
}

/// Whether a text contains one of those asked for, without letter case [I].
fn contains(params: &Params, name: &str, text: &str) -> bool {
    let text = text.to_lowercase();
    params.list(name).is_none_or(|asked| asked.iter().any(|asked| text.contains(&asked.trim().to_lowercase())))
}

/// First and last name, or what an organization is called.
pub(super) fn full_name(client: &Entity) -> String {
    let parts = ["first_name", "last_name"].map(|name| client.text(name));
    let own = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    if own.is_empty() { client.text("name").to_owned() } else { own }
}
