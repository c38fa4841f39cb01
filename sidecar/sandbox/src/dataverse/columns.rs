//! What a body may set, column by column (dataverse.md 2).

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    Ctx, Dataverse,
    refusal::{Refusal, bad_payload, bad_query, invalid},
    schema::{Column, Kind, PARTIES, Set},
    settings::Policy,
    target::guid,
};

/// Custom columns are text of this length.
const CUSTOM_LENGTH: usize = 100;

/// What a body sets: `Null` empties a column.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    pub(super) fields: Map<String, Value>,
    pub(super) parties: Option<Vec<Map<String, Value>>>,
}

impl Dataverse {
    /// Reads a body. What is not valid for the operation is ignored, what the table does
    /// not have is refused.
    pub(super) fn changes(
        &self,
        ctx: &Ctx,
        set: Set,
        body: &Map<String, Value>,
        creating: bool,
    ) -> Result<Changes, Refusal> {
        let mut changes = Changes::default();
        for (name, value) in body {
            if let Some(link) = name.strip_suffix("@odata.bind") {
                self.bind(set, link, value, &mut changes.fields)?;
            } else if name.contains('@') {
                // An annotation sets nothing.
            } else if set == Set::PhoneCalls && name == PARTIES {
                changes.parties = Some(self.parties(value)?);
            } else if let Some((kind, valid)) = self.settable(set, name, creating)? {
                let value = typed(set, name, kind, value)?;
                if valid {
                    changes.fields.insert(name.clone(), value);
                }
            }
        }
        self.mandatory(ctx, set, &changes.fields, creating)?;
        Ok(changes)
    }

    /// The kind of a column, for a query.
    pub(super) fn kind(&self, set: Set, name: &str) -> Result<Kind, Refusal> {
        if let Some(column) = set.column(name) {
            return Ok(column.kind);
        }
        if self.settings.custom(set).any(|custom| custom == name) {
            return Ok(Kind::Text(CUSTOM_LENGTH));
        }
        Err(bad_query(&format!(
            "Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{}'.",
            set.entity()
        )))
    }

    /// The kind of a column of a body and whether the operation may set it.
    fn settable(&self, set: Set, name: &str, creating: bool) -> Result<Option<(Kind, bool)>, Refusal> {
        if let Some(Column { kind, create, update, .. }) = set.column(name) {
            return Ok(Some((*kind, if creating { *create } else { *update })));
        }
        if self.settings.custom(set).any(|custom| custom == name) {
            return Ok(Some((Kind::Text(CUSTOM_LENGTH), true)));
        }
        match self.settings.unknown_columns {
            Policy::Ignore => Ok(None),
            Policy::Reject => Err(undeclared(set, name)),
        }
    }

    fn mandatory(&self, ctx: &Ctx, set: Set, fields: &Map<String, Value>, creating: bool) -> Result<(), Refusal> {
        let Some((_, column)) = ctx.required.as_ref().filter(|(table, _)| table == set.name() || table == set.entity())
        else {
            return Ok(());
        };
        let missing = match fields.get(column) {
            Some(value) => value.is_null(),
            None => creating,
        };
        if missing {
            return Err(Refusal::new(400, "0x80040265", format!("{column} is required")));
        }
        Ok(())
    }
}

/// 400 for a name the table does not declare.
pub(super) fn undeclared(set: Set, name: &str) -> Refusal {
    bad_payload(&format!(
        "The property '{name}' does not exist on type 'Microsoft.Dynamics.CRM.{}'. Make sure to only use property names that are defined by the type.",
        set.entity()
    ))
}

/// A value as its column holds it. An empty text is no value.
pub(super) fn typed(set: Set, name: &str, kind: Kind, value: &Value) -> Result<Value, Refusal> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let wrong = || bad_payload(&format!("Cannot convert the value of '{name}' to its expected type."));
    match kind {
        Kind::Text(longest) | Kind::Memo(longest) => {
            let text = value.as_str().ok_or_else(wrong)?;
            if text.encode_utf16().count() > longest {
                return Err(invalid(format!(
                    "A validation error occurred.  The length of the '{name}' attribute of the '{}' entity exceeded the maximum allowed length of '{longest}'.",
                    set.entity()
                )));
            }
            Ok(if text.is_empty() { Value::Null } else { value.clone() })
        }
        Kind::Whole => {
            let number = value.as_i64().ok_or_else(wrong)?;
            if !(0..=i64::from(i32::MAX)).contains(&number) {
                return Err(invalid(format!(
                    "A validation error occurred.  The value of '{name}' is outside the valid range."
                )));
            }
            Ok(value.clone())
        }
        Kind::Boolean => value.as_bool().map(Value::from).ok_or_else(wrong),
        Kind::Choice(numbers) => {
            let number = value.as_i64().ok_or_else(wrong)?;
            if !numbers.contains(&number) {
                return Err(invalid(format!(
                    "A validation error occurred.  The value {number} of '{name}' is outside the valid range."
                )));
            }
            Ok(value.clone())
        }
        Kind::Time => {
            let time = value.as_str().and_then(|text| text.parse::<Timestamp>().ok()).ok_or_else(wrong)?;
            Ok(stamp(time).into())
        }
        Kind::Key | Kind::Lookup => value.as_str().and_then(guid).map(Value::from).ok_or_else(wrong),
    }
}

/// A time as the CRM writes it.
pub(super) fn stamp(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
