//! The exchange as a telephony module of the account, for clicking to call (retailcrm.md 1.8).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::{
    dialect::{Exchange, Registered, Session},
    trouble::Trouble,
};

use super::{
    Retailcrm,
    answers::{self, entries, text_of},
    auth,
    lookup::in_path,
    refusals::Refusal,
    settings::Settings,
    values::{id, put},
};

/// Registers the module, or brings it up to date; may be repeated.
pub(super) async fn register(
    crm: &Retailcrm,
    session: &Session<'_>,
    exchange: &Exchange,
) -> Result<Registered, Trouble> {
    let Some(code) = &crm.settings.module_code else {
        return Err(Trouble::Malformed("set module_code, the name of the telephony module in the CRM".to_owned()));
    };
    let there = module_there(crm, session, code).await?;
    let module = module(&crm.settings, code, exchange, there.as_ref().unwrap_or(&Value::Null))?;
    let name = "retailcrm.integration_modules.edit";
    let path = format!("/integration-modules/{}/edit", in_path(code));
    let request = auth::post(&crm.settings, name, &path, &[("integrationModule", &module.to_string())]);
    match answers::write(session, request).await? {
        Ok(_) => Ok(Registered::Done),
        Err(Refusal::NotFound) => Err(Trouble::Malformed(format!("{name}: not found"))),
        Err(Refusal::Bad(data)) => Err(Trouble::Malformed(format!("{name}: {} ({})", data.code, data.fields()))),
    }
}

/// The module as the account has it.
pub(super) async fn module_there(crm: &Retailcrm, session: &Session<'_>, code: &str) -> Result<Option<Value>, Trouble> {
    let path = format!("/integration-modules/{}", in_path(code));
    let request = auth::get(&crm.settings, "retailcrm.integration_modules.get", &path, &[]);
    let answer = answers::read(session, request).await?;
    Ok(answer.and_then(|mut answer| answer.get_mut("integrationModule").map(Value::take)))
}

/// The whole module. No `actions`: live accounts take it only without (retailcrm.md 1.8). No addresses for events
/// or changes of users' status: nobody would answer there.
fn module(settings: &Settings, code: &str, exchange: &Exchange, there: &Value) -> Result<Value, Trouble> {
    let base = origin(&exchange.make_call_url)
        .ok_or_else(|| Trouble::Malformed("the address for calls does not begin with https://".to_owned()))?;
    let mut telephony = Map::new();
    put(&mut telephony, "makeCallUrl", Some(exchange.make_call_url.as_str()));
    put(&mut telephony, "allowEdit", Some(true));
    for events in ["inputEventSupported", "outputEventSupported", "hangupEventSupported"] {
        put(&mut telephony, events, Some(false));
    }
    put(&mut telephony, "additionalCodes", Some(codes(exchange, there)).filter(|codes| !codes.is_empty()));
    let phones = there.pointer("/integrations/telephony/externalPhones").filter(|phones| phones.is_array());
    put(&mut telephony, "externalPhones", phones.cloned());

    let mut module = Map::new();
    put(&mut module, "code", Some(code));
    put(&mut module, "integrationCode", Some(code));
    put(&mut module, "active", Some(true));
    put(&mut module, "name", Some(settings.module_name.as_str()));
    put(&mut module, "logo", settings.module_logo.as_deref());
    put(&mut module, "clientId", Some(settings.module_client_id.as_deref().unwrap_or(code)));
    put(&mut module, "baseUrl", Some(base));
    put(&mut module, "integrations", Some(json!({ "telephony": telephony })));
    Ok(Value::Object(module))
}

/// Extensions by user. The list replaces the account's whole list and an empty one wipes it (retailcrm.md 1.8), so
/// what it holds of users nobody told us about is written again, unless their extension is somebody else's now.
fn codes(exchange: &Exchange, there: &Value) -> Vec<Value> {
    let ours: BTreeMap<String, String> =
        exchange.extensions.iter().map(|(user, code)| (user.as_str().to_owned(), code.clone())).collect();
    let taken: BTreeSet<&String> = ours.values().collect();
    let pair = |entry: &Value| Some((entry.get("userId").and_then(text_of)?, entry.get("code").and_then(text_of)?));
    let before = entries(there.pointer("/integrations/telephony/additionalCodes")).into_iter().filter_map(pair);
    let mut all: BTreeMap<String, String> = before.filter(|(_, code)| !taken.contains(code)).collect();
    all.extend(ours.clone());
    all.iter().map(|(user, code)| json!({ "userId": id(user), "code": code })).collect()
}

/// Scheme and host of an address.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next().filter(|host| !host.is_empty())?;
    matches!(scheme, "https" | "http").then(|| format!("{scheme}://{host}"))
}
