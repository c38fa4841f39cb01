//! What changes rarely: users, fields, pipelines (zoho.md 7).

use serde_json::Value;
use tieline_engine::{
    ids::UserId,
    phone::Phone,
    record::{CrmField, CrmUser, Kind},
    redact::Private,
};

use super::{
    answers::{self, Intent},
    coql,
    lookup::joined_phones,
    schema::{Field, Module, Name, Pipeline, Schema, Stage},
    settings::{DealLookup, Settings},
    wire::{Call, Wire},
};
use crate::{dialect::Session, transport::Method, trouble::Trouble};

/// Pages of users read at most: 200 each (zoho.md 7).
const USER_PAGES_MAX: usize = 50;
/// Layouts of deals whose pipelines are read at most.
const LAYOUTS_MAX: usize = 10;

/// The users of the CRM.
pub(super) async fn users(settings: &Settings, session: &Session<'_>) -> Result<Vec<CrmUser>, Trouble> {
    let wire = Wire { settings, session };
    let mut users = Vec::new();
    for page in 1..=USER_PAGES_MAX {
        let path = format!("/crm/v8/users?type=ActiveUsers&page={page}&per_page=200");
        let reply = wire.send(Intent::Read, Call::get("zoho.users", &path)).await?;
        let more = reply.body.get("info").and_then(|info| info.get("more_records")).and_then(Value::as_bool);
        let rows = answers::items("zoho.users", reply, "users").map_err(|error| error.trouble)?;
        users.extend(rows.iter().filter_map(user));
        if more != Some(true) {
            break;
        }
    }
    Ok(users)
}

fn user(row: &Value) -> Option<CrmUser> {
    let phones = ["phone", "mobile"].into_iter().filter_map(|name| answers::text(row, name));
    let last = || answers::text(row, "last_name");
    Some(CrmUser {
        id: UserId::new(row.get("id").and_then(answers::id)?),
        name: Private::new(answers::text(row, "full_name").or_else(last).unwrap_or_default()),
        email: answers::text(row, "email").map(Private::new),
        phones: phones.map(Phone::new).collect(),
        active: answers::text(row, "status").is_none_or(|status| status.eq_ignore_ascii_case("active")),
    })
}

/// The fields of contacts, leads and deals, for checking mappings (Z-03, Z-04) and for telling which of the
/// fields for marks are missing (Z-37).
pub(super) async fn fields(settings: &Settings, session: &Session<'_>) -> Result<Vec<CrmField>, Trouble> {
    let wire = Wire { settings, session };
    let mut all = Vec::new();
    for kind in [Kind::Contact, Kind::Lead, Kind::Deal] {
        let fields = fields_of(&wire, Module::of(kind)).await?;
        all.extend(fields.into_iter().map(|field| CrmField {
            entity: kind,
            text: field.data_type == "text" && field.writable && field.visible,
            custom: field.custom,
            length_max: field.length,
            name: field.name,
        }));
    }
    Ok(all)
}

/// Reads what look-ups and writes depend on.
pub(super) async fn learn(settings: &Settings, session: &Session<'_>) -> Result<Schema, Trouble> {
    let wire = Wire { settings, session };
    let mut schema = Schema::default();
    for module in [Module::Contacts, Module::Leads, Module::Deals, Module::Calls] {
        let fields = fields_of(&wire, module).await?;
        if !fields.is_empty() {
            schema.fields.insert(module, fields);
        }
    }
    match pipelines(&wire).await {
        Ok((pipelines, wants_closing_date)) => {
            (schema.pipelines, schema.wants_closing_date) = (pipelines, wants_closing_date);
        }
        // Deals are closed by Zoho's usual stages then: a missing right to settings stops no call.
        Err(Trouble::NotAllowed(_) | Trouble::Malformed(_)) => {}
        Err(other) => return Err(other),
    }
    schema.joins_deals = settings.deal_lookup == DealLookup::Join && joins_deals(&wire, &schema).await?;
    Ok(schema)
}

/// The fields of a module.
pub(super) async fn fields_of(wire: &Wire<'_>, module: Module) -> Result<Vec<Field>, Trouble> {
    let path = format!("/crm/v8/settings/fields?module={}", module.api());
    let reply = wire.send(Intent::Read, Call::get("zoho.fields", &path)).await?;
    let rows = answers::items("zoho.fields", reply, "fields").map_err(|error| error.trouble)?;
    Ok(rows.iter().filter_map(field).collect())
}

fn field(row: &Value) -> Option<Field> {
    let flag = |name: &str| row.get(name).and_then(Value::as_bool);
    let creatable = row.get("operation_type").and_then(|types| types.get("api_create")).and_then(Value::as_bool);
    let read_only = flag("field_read_only").unwrap_or(false) || flag("read_only").unwrap_or(false);
    let picks = row.get("pick_list_values").and_then(Value::as_array);
    let value = |pick: &Value| answers::text(pick, "actual_value").or_else(|| answers::text(pick, "display_value"));
    Some(Field {
        name: answers::text(row, "api_name")?,
        data_type: answers::text(row, "data_type").unwrap_or_default(),
        length: row.get("length").and_then(Value::as_u64).and_then(|length| usize::try_from(length).ok()),
        custom: flag("custom_field").unwrap_or(false),
        mandatory: flag("system_mandatory").unwrap_or(false),
        unique: row.get("unique").and_then(Value::as_object).is_some_and(|unique| !unique.is_empty()),
        writable: !read_only && creatable.unwrap_or(true),
        visible: flag("visible").unwrap_or(true),
        picks: picks.map(|picks| picks.iter().filter_map(value).collect()).unwrap_or_default(),
    })
}

/// The pipelines of every layout of deals, the default one first, and whether a layout demands a closing date.
pub(super) async fn pipelines(wire: &Wire<'_>) -> Result<(Vec<Pipeline>, bool), Trouble> {
    let reply = wire.send(Intent::Read, Call::get("zoho.layouts", "/crm/v8/settings/layouts?module=Deals")).await?;
    let layouts = answers::items("zoho.layouts", reply, "layouts").map_err(|error| error.trouble)?;
    let wants_date = layouts.iter().any(demands_closing_date);
    let mut found: Vec<(bool, Pipeline)> = Vec::new();
    for id in layouts.iter().filter_map(|layout| layout.get("id").and_then(answers::id)).take(LAYOUTS_MAX) {
        let path = format!("/crm/v8/settings/pipeline?layout_id={}", answers::word(&id));
        let reply = wire.send(Intent::Read, Call::get("zoho.pipelines", &path)).await?;
        let rows = answers::items("zoho.pipelines", reply, "pipeline").map_err(|error| error.trouble)?;
        found.extend(rows.iter().filter_map(pipeline));
    }
    found.sort_by_key(|(default, _)| !default);
    Ok((found.into_iter().map(|(_, pipeline)| pipeline).collect(), wants_date))
}

fn demands_closing_date(layout: &Value) -> bool {
    let flag = |field: &Value, name: &str| field.get(name).and_then(Value::as_bool).unwrap_or(false);
    let sections = layout.get("sections").and_then(Value::as_array).into_iter().flatten();
    let mut fields = sections.filter_map(|section| section.get("fields").and_then(Value::as_array)).flatten();
    fields.any(|field| {
        answers::text(field, "api_name").as_deref() == Some("Closing_Date")
            && (flag(field, "required") || flag(field, "system_mandatory"))
    })
}

fn pipeline(row: &Value) -> Option<(bool, Pipeline)> {
    let stages = row.get("maps").and_then(Value::as_array).into_iter().flatten();
    let mut stages: Vec<(u64, Stage)> = stages.filter_map(stage).collect();
    stages.sort_by_key(|(sequence, _)| *sequence);
    let stages = stages.into_iter().map(|(_, stage)| stage).collect();
    let default = row.get("default").and_then(Value::as_bool).unwrap_or(false);
    Some((default, Pipeline { name: name(row)?, stages }))
}

fn stage(row: &Value) -> Option<(u64, Stage)> {
    let forecast = answers::text(row, "forecast_type").unwrap_or_default();
    let sequence = row.get("sequence_number").and_then(Value::as_u64).unwrap_or(u64::MAX);
    let closed = forecast.to_ascii_lowercase().starts_with("closed");
    Some((sequence, Stage { name: name(row)?, closed }))
}

fn name(row: &Value) -> Option<Name> {
    let (actual, shown) = (answers::text(row, "actual_value"), answers::text(row, "display_value"));
    let actual = actual.or_else(|| shown.clone())?;
    Some(Name { shown: shown.unwrap_or_else(|| actual.clone()), actual })
}

/// Asks for deals through their contact once, so that look-ups need not find out each time.
async fn joins_deals(wire: &Wire<'_>, schema: &Schema) -> Result<bool, Trouble> {
    let fields = joined_phones(schema);
    let Some(condition) = coql::any(fields.iter().map(|field| coql::is(field, "0")).collect()) else {
        return Ok(false);
    };
    let select: Vec<String> = std::iter::once("id".to_owned()).chain(fields).collect();
    let text = coql::query(&select, Module::Deals.api(), &condition, None);
    let body = serde_json::json!({ "select_query": text });
    let call = Call { method: Method::Post, name: "zoho.coql", path: "/crm/v8/coql", body: Some(&body) };
    match answers::items("zoho.coql", wire.send(Intent::Read, call).await?, "data") {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.trouble, Trouble::Malformed(_)) => Ok(false),
        Err(error) => Err(error.trouble),
    }
}
