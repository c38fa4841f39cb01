//! `WhoAmI` and `EntityDefinitions`, as far as a connector asks them (dataverse.md 3, 4.6).

use serde_json::{Map, Value, json};

use super::{
    Ctx, Dataverse,
    query::{self, list},
    refusal::{Refusal, Reply, bad_query, no_resource},
    schema::{Column, Kind, Set},
    target::{Key, Target},
    world::{BUSINESS_UNIT, ORGANIZATION},
};
use crate::wire::SimRequest;

impl Dataverse {
    /// `GET /WhoAmI`
    pub(super) fn who_am_i(&self, ctx: &Ctx) -> Reply {
        let root = self.service_root();
        Reply::json(
            200,
            json!({
                "@odata.context": format!("{root}/$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse"),
                "BusinessUnitId": BUSINESS_UNIT, "UserId": ctx.caller, "OrganizationId": ORGANIZATION,
            }),
        )
    }

    /// `GET /EntityDefinitions…`: the list, one by its logical name, its attributes, its keys.
    pub(super) fn definitions(&self, target: &Target, rest: &[&str], request: &SimRequest) -> Result<Reply, Refusal> {
        let context = format!("{}/$metadata#EntityDefinitions", self.service_root());
        let Some(key) = &target.key else {
            let all: Result<Vec<Value>, Refusal> = Set::ALL.iter().map(|set| self.definition(*set, request)).collect();
            return Ok(Reply::json(200, json!({"@odata.context": context, "value": all?})));
        };
        let set = named(key)?;
        match rest {
            [] => {
                let mut body = self.definition(set, request)?;
                if let Some(body) = body.as_object_mut() {
                    body.insert("@odata.context".to_owned(), format!("{context}/$entity").into());
                }
                Ok(Reply::json(200, body))
            }
            ["Attributes"] => {
                Ok(Reply::json(200, json!({"@odata.context": context, "value": self.attributes(set, request)})))
            }
            ["Keys"] => Ok(Reply::json(200, json!({"@odata.context": context, "value": self.keys(set)}))),
            [other, ..] => Err(no_resource(other)),
        }
    }

    fn definition(&self, set: Set, request: &SimRequest) -> Result<Value, Refusal> {
        let whole = json!({
            "LogicalName": set.entity(), "SchemaName": set.schema_name(), "EntitySetName": set.name(),
            "PrimaryIdAttribute": set.key(), "IsActivity": set == Set::PhoneCalls,
        });
        let mut out = selected(&whole, request);
        if let Some(wanted) = request.query_value("$expand") {
            for expand in query::expand(&wanted)? {
                let value = match expand.name.as_str() {
                    "Keys" => self.keys(set),
                    "Attributes" => self.attributes(set, &SimRequest::default()),
                    other => return Err(bad_query(&format!("Could not find a property named '{other}'."))),
                };
                out.insert(expand.name, value.into());
            }
        }
        // What every answer of this kind holds, whatever was selected.
        out.insert("MetadataId".to_owned(), format!("70816501-edb9-4740-a16c-6a5efbc0{:04x}", set as u16).into());
        Ok(Value::Object(out))
    }

    fn keys(&self, set: Set) -> Vec<Value> {
        let keys = self.settings.keys(set);
        keys.map(|column| json!({"LogicalName": format!("{column}_key"), "KeyAttributes": [column]})).collect()
    }

    fn attributes(&self, set: Set, request: &SimRequest) -> Vec<Value> {
        let stock = set.columns().map(attribute);
        let custom = self.settings.custom(set).map(|name| {
            json!({
                "LogicalName": name, "AttributeType": "String", "MaxLength": 100, "IsCustomAttribute": true,
                "IsValidForCreate": true, "IsValidForUpdate": true, "RequiredLevel": {"Value": "None"},
            })
        });
        stock.chain(custom).map(|attribute| Value::Object(selected(&attribute, request))).collect()
    }
}

fn named(key: &Key) -> Result<Set, Refusal> {
    match key {
        Key::Named(pairs) => match pairs.as_slice() {
            [(name, value)] if name == "LogicalName" => Set::of_entity(value)
                .ok_or_else(|| Refusal::new(404, "0x80060888", format!("Could not find an entity with name {value}."))),
            _ => Err(bad_query("Bad Request - Error in query syntax.")),
        },
        Key::Id(_) => Err(bad_query("Bad Request - Error in query syntax.")),
    }
}

fn attribute(column: &Column) -> Value {
    let (kind, longest) = match column.kind {
        Kind::Key => ("Uniqueidentifier", None),
        Kind::Text(longest) => ("String", Some(longest)),
        Kind::Memo(longest) => ("Memo", Some(longest)),
        Kind::Whole => ("Integer", None),
        Kind::Boolean => ("Boolean", None),
        Kind::Choice(_) if column.name == "statecode" => ("State", None),
        Kind::Choice(_) if column.name == "statuscode" => ("Status", None),
        Kind::Choice(_) => ("Picklist", None),
        Kind::Time => ("DateTime", None),
        Kind::Lookup => ("Lookup", None),
    };
    // A lookup goes by its logical name here, by `_…_value` in rows.
    let name = column.name.strip_prefix('_').and_then(|name| name.strip_suffix("_value")).unwrap_or(column.name);
    let level = match name {
        "lastname" | "subject" => "ApplicationRequired",
        "ownerid" => "SystemRequired",
        _ => "None",
    };
    json!({
        "LogicalName": name, "AttributeType": kind, "MaxLength": longest, "IsCustomAttribute": false,
        "IsValidForCreate": column.create, "IsValidForUpdate": column.update, "RequiredLevel": {"Value": level},
    })
}

/// The members named in `$select`, or all.
fn selected(whole: &Value, request: &SimRequest) -> Map<String, Value> {
    let names = request.query_value("$select").map(|names| list(&names));
    let wanted = |name: &String| names.as_ref().is_none_or(|names| names.contains(name));
    let members = whole.as_object().into_iter().flatten();
    members.filter(|(name, _)| wanted(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}
