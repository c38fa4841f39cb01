//! What an administrator should know of an environment before the first call. Reads only.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    guid::Guid,
    reference::{missing, who_am_i},
    settings::{Missed, Owner, Settings},
    wire::Wire,
};
use crate::{dialect::Finding, trouble::Trouble};

/// Privileges of the security role; a call is an activity. Those with `Assign` name an owner other than ourselves.
const PRIVILEGES: &[&str] = &[
    "prvReadContact",
    "prvCreateContact",
    "prvWriteContact",
    "prvAppendContact",
    "prvAppendToContact",
    "prvReadActivity",
    "prvCreateActivity",
    "prvWriteActivity",
    "prvAppendActivity",
    "prvAppendToActivity",
    "prvReadUser",
];
const ASSIGN_CALLS: &str = "prvAssignActivity";
const ASSIGN_CONTACTS: &str = "prvAssignContact";

/// Looks at user, rights, columns and the way calls are finished.
pub(super) async fn inspect(wire: &Wire<'_>) -> Result<Vec<Finding>, Trouble> {
    let user = match who_am_i(wire).await {
        Ok(user) => user,
        Err(Trouble::NotAllowed(text)) => return Ok(vec![finding("application user", false, text)]),
        Err(trouble) => return Err(trouble),
    };
    let known = finding("application user", true, "the environment knows the application");
    let mut findings = vec![known, rights(wire, &user).await?];
    findings.extend(columns(wire).await?);
    findings.push(statuses(wire.settings));
    Ok(findings)
}

fn finding(about: &str, holds: bool, text: impl Into<String>) -> Finding {
    Finding::new(about, holds, &text.into())
}

async fn rights(wire: &Wire<'_>, user: &Guid) -> Result<Finding, Trouble> {
    let path = format!("systemusers({user})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()");
    let answer = match wire.get("dataverse.privileges", &path).await {
        Ok(answer) => answer.unwrap_or_default(),
        Err(Trouble::NotAllowed(_) | Trouble::Malformed(_)) => Value::Null,
        Err(trouble) => return Err(trouble),
    };
    let list = answer.get("RolePrivileges").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let held: BTreeSet<&str> = list.iter().filter_map(|one| one.get("PrivilegeName")?.as_str()).collect();
    if held.is_empty() {
        let text =
            "the CRM does not name the application user's privileges; the first call will tell if one is missing";
        return Ok(finding("security role", true, text));
    }
    let lacking: Vec<&str> = needed(wire.settings).into_iter().filter(|name| !held.contains(name)).collect();
    Ok(if lacking.is_empty() {
        finding("security role", true, "the application user has every privilege that is needed")
    } else {
        finding("security role", false, format!("add to the application user's security role: {}", lacking.join(", ")))
    })
}

fn needed(settings: &Settings) -> Vec<&'static str> {
    let calls = settings.agent_owns_calls.then_some(ASSIGN_CALLS);
    let contacts = (settings.owner != Owner::Application).then_some(ASSIGN_CONTACTS);
    PRIVILEGES.iter().copied().chain(calls).chain(contacts).collect()
}

/// The columns the settings name, where they name any beside the stock ones.
async fn columns(wire: &Wire<'_>) -> Result<Vec<Finding>, Trouble> {
    let settings = wire.settings;
    let contact: Vec<&str> = settings.phone_fields.iter().chain(&settings.chat_field).map(String::as_str).collect();
    let call: Vec<&str> =
        [&settings.recording_field, &settings.mark_field].into_iter().flatten().map(String::as_str).collect();
    let user: Vec<&str> = settings.extension_field.iter().map(String::as_str).collect();
    let party = if settings.names_unknown { vec!["unresolvedpartyname"] } else { Vec::new() };
    let tables = [
        ("contact", contact, "make the column or correct phone_fields and chat_field"),
        ("phonecall", call, "make the column or correct recording_field and mark_field"),
        ("systemuser", user, "correct extension_field"),
        ("activityparty", party, "set unknown_party to none: every call of somebody unknown costs a request more"),
    ];
    let mut findings = Vec::new();
    for (table, names, hint) in tables.into_iter().filter(|(_, names, _)| !names.is_empty()) {
        let about = format!("columns of {table}");
        findings.push(match missing(wire, table, &names).await? {
            None => finding(&about, true, "the CRM does not tell which columns there are"),
            Some(lacking) if lacking.is_empty() => finding(&about, true, format!("there: {}", names.join(", "))),
            Some(lacking) => finding(&about, false, format!("missing: {}; {hint}", lacking.join(", "))),
        });
    }
    Ok(findings)
}

/// Contacts count while they are active; finished calls are read-only.
fn statuses(settings: &Settings) -> Finding {
    let missed = match settings.missed {
        Missed::Completed => "calls nobody answered are completed as any other",
        Missed::Canceled => "calls nobody answered are canceled",
        Missed::Open => "calls nobody answered stay open",
    };
    let text = format!("inactive contacts are not found; {missed}; finished calls are read-only for people");
    finding("statuses", true, text)
}
