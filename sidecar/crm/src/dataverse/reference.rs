//! What the environment consists of: users and columns.

use serde_json::Value;
use tieline_engine::{
    ids::UserId,
    phone::Phone,
    record::{CrmField, CrmUser, Kind},
    redact::Private,
};

use super::{
    guid::Guid,
    lookup::{in_query, rows},
    wire::Wire,
};
use crate::trouble::Trouble;

/// Pages of a list that are read at most; a page has up to 5000 rows (dataverse.md 4.1).
const PAGES_MAX: usize = 10;
/// Columns of a user that hold numbers (dataverse.md 2).
const USER_PHONES: [&str; 3] = ["address1_telephone1", "mobilephone", "homephone"];

/// The application user behind the token: proves that token, environment and user fit together.
pub(super) async fn who_am_i(wire: &Wire<'_>) -> Result<Guid, Trouble> {
    let answer = wire.get("dataverse.who_am_i", "WhoAmI").await?;
    let user = answer.as_ref().and_then(|answer| answer.get("UserId")?.as_str()).and_then(Guid::parse);
    user.ok_or_else(|| Trouble::Unavailable("unreadable answer at dataverse.who_am_i".to_owned()))
}

/// The people among the users.
pub(super) async fn users(wire: &Wire<'_>) -> Result<Vec<CrmUser>, Trouble> {
    let mut columns = vec!["systemuserid", "fullname", "internalemailaddress", "isdisabled", "applicationid"];
    columns.extend(USER_PHONES);
    columns.extend(wire.settings.extension_field.as_deref().filter(|column| !USER_PHONES.contains(column)));
    let mut path = Some(format!("systemusers?$select={}", columns.join(",")));
    let mut users = Vec::new();
    for _ in 0..PAGES_MAX {
        let Some(page) = path.take() else { break };
        let Some(answer) = wire.get("dataverse.systemusers.list", &page).await? else { break };
        users.extend(rows(&answer).iter().filter_map(|row| user(wire, row)));
        path = answer.get("@odata.nextLink").and_then(Value::as_str).and_then(next_page);
    }
    Ok(users)
}

/// The link names a host of the CRM's; only what stands behind the API's prefix is taken, so that the token goes to
/// no other host and a proxy is not passed by.
fn next_page(link: &str) -> Option<String> {
    let (_, behind) = link.split_once("/api/data/")?;
    behind.split_once('/').map(|(_, path)| path.to_owned())
}

fn user(wire: &Wire<'_>, row: &Value) -> Option<CrmUser> {
    let text = |column: &str| row.get(column).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    if text("applicationid").is_some() {
        return None;
    }
    let numbers = USER_PHONES.into_iter().chain(wire.settings.extension_field.as_deref());
    let mut phones: Vec<Phone> = Vec::new();
    for number in numbers.filter_map(text).map(Phone::new) {
        if !phones.contains(&number) {
            phones.push(number);
        }
    }
    Some(CrmUser {
        id: UserId::new(text("systemuserid")?.to_ascii_lowercase()),
        name: Private::new(text("fullname").unwrap_or_default()),
        email: text("internalemailaddress").map(Private::from),
        phones,
        active: row.get("isdisabled").and_then(Value::as_bool) != Some(true),
    })
}

/// The contact's columns; a contact is all there is of what mappings may write to.
pub(super) async fn fields(wire: &Wire<'_>) -> Result<Vec<CrmField>, Trouble> {
    let path = "EntityDefinitions(LogicalName='contact')/Attributes\
                ?$select=LogicalName,AttributeType,IsCustomAttribute,IsValidForCreate,IsValidForUpdate";
    let answer = wire.get("dataverse.attributes.list", path).await?;
    Ok(answer.as_ref().map_or(&[][..], rows).iter().filter_map(field).collect())
}

fn field(row: &Value) -> Option<CrmField> {
    let flag = |name: &str| row.get(name).and_then(Value::as_bool) == Some(true);
    let is_text = row.get("AttributeType").and_then(Value::as_str) == Some("String");
    Some(CrmField {
        entity: Kind::Contact,
        name: row.get("LogicalName")?.as_str()?.to_owned(),
        custom: flag("IsCustomAttribute"),
        text: is_text && flag("IsValidForCreate") && flag("IsValidForUpdate"),
        length_max: None,
    })
}

/// Which of some columns a table lacks; `None` when the CRM does not tell.
pub(super) async fn missing(wire: &Wire<'_>, table: &str, columns: &[&str]) -> Result<Option<Vec<String>>, Trouble> {
    let terms: Vec<String> = columns.iter().map(|column| format!("LogicalName eq '{column}'")).collect();
    let filter = in_query(&terms.join(" or "));
    let path = format!("EntityDefinitions(LogicalName='{table}')/Attributes?$select=LogicalName&$filter={filter}");
    let answer = match wire.get("dataverse.attributes.list", &path).await {
        Ok(Some(answer)) => answer,
        Ok(None) | Err(Trouble::NotAllowed(_) | Trouble::Malformed(_)) => return Ok(None),
        Err(trouble) => return Err(trouble),
    };
    let there: Vec<&str> = rows(&answer).iter().filter_map(|row| row.get("LogicalName")?.as_str()).collect();
    let lacking = columns.iter().filter(|column| !there.contains(column));
    Ok(Some(lacking.map(|column| (*column).to_owned()).collect()))
}
