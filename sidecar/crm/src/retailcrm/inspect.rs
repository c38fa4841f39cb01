//! What an administrator should know before the first call: rights of the key, shop, statuses, fields, module.

use std::collections::BTreeSet;

use serde_json::Value;
use tieline_engine::record::Kind;

use crate::{
    dialect::{Finding, Session},
    transport::Request,
    trouble::Trouble,
};

use super::{
    Retailcrm,
    answers::{self, entries, text_of},
    auth, reference, register, rights,
};

/// One line of the report.
pub(super) fn finding(about: &str, holds: bool, text: impl Into<String>) -> Finding {
    Finding::new(about, holds, &text.into())
}

/// Looks at the account. A right the key lacks is a finding; a key that is dead or an account that is away is not.
pub(super) async fn inspect(crm: &Retailcrm, session: &Session<'_>) -> Result<Vec<Finding>, Trouble> {
    let look = Look { crm, session };
    let mut findings = look.rights().await?;
    findings.push(look.shop().await?);
    findings.extend(look.statuses().await?);
    findings.extend(look.order_methods().await?);
    findings.push(look.custom_fields().await?);
    findings.push(look.zone().await?);
    findings.push(look.module().await?);
    Ok(findings)
}

/// What was read, or why the account does not let it be read.
type Seen<T> = Result<T, String>;

struct Look<'a> {
    crm: &'a Retailcrm,
    session: &'a Session<'a>,
}

impl Look<'_> {
    async fn rights(&self) -> Result<Vec<Finding>, Trouble> {
        let request = auth::get_unversioned(&self.crm.settings, "retailcrm.credentials.get", "/credentials");
        Ok(match self.read(request).await? {
            Ok(Some(answer)) => rights::findings(&self.crm.settings, &answer),
            Ok(None) => rights::findings(&self.crm.settings, &Value::Null),
            Err(why) => vec![finding("rights of the key", false, format!("{why}; check the key"))],
        })
    }

    /// A key that sees several shops must say which one is meant (retailcrm.md 1.1).
    async fn shop(&self) -> Result<Finding, Trouble> {
        let about = "shop";
        let codes = match self.codes("retailcrm.reference.sites", "/reference/sites", "sites").await? {
            Ok(codes) => codes,
            Err(why) => return Ok(finding(about, false, format!("{why}; let the key read the reference data"))),
        };
        Ok(match &self.crm.settings.site {
            Some(site) if codes.contains(site) => finding(about, true, format!("records go to {site}")),
            Some(site) => {
                let text = format!("there is no shop {site}; set site to one of {}", joined(&codes));
                finding(about, false, text)
            }
            None if codes.len() > 1 => {
                finding(about, false, format!("there are several; set site to one of {}", joined(&codes)))
            }
            None => finding(about, true, "there is one, so site need not be set"),
        })
    }

    async fn statuses(&self) -> Result<Vec<Finding>, Trouble> {
        let about = "closed statuses";
        let settings = &self.crm.settings;
        let groups =
            self.codes("retailcrm.reference.status_groups", "/reference/status-groups", "statusGroups").await?;
        let statuses = self.codes("retailcrm.reference.statuses", "/reference/statuses", "statuses").await?;
        let (groups, statuses) = match (groups, statuses) {
            (Ok(groups), Ok(statuses)) => (groups, statuses),
            (Err(why), _) | (_, Err(why)) => {
                let text = format!("{why}; let the key read the reference data, else no order counts as closed");
                return Ok(vec![finding(about, false, text)]);
            }
        };
        let closed: BTreeSet<String> = settings.closed_groups.intersection(&groups).cloned().collect();
        let unknown: BTreeSet<String> = settings.closed_groups.difference(&groups).cloned().collect();
        let open: BTreeSet<String> = groups.difference(&closed).cloned().collect();
        let mut text = format!("groups closed: {}; open: {}", joined(&closed), joined(&open));
        if !unknown.is_empty() {
            text = format!("{text}; there is no {}: correct closed_groups", joined(&unknown));
        }
        let mut findings = vec![finding(about, unknown.is_empty(), text)];
        findings.extend(settings.default_status.as_ref().map(|status| known("default status", status, &statuses)));
        Ok(findings)
    }

    async fn order_methods(&self) -> Result<Vec<Finding>, Trouble> {
        let settings = &self.crm.settings;
        let wanted: Vec<&String> =
            settings.order_method.iter().chain(settings.order_method_messenger.as_ref()).collect();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let codes = self.codes("retailcrm.reference.order_methods", "/reference/order-methods", "orderMethods").await?;
        Ok(match codes {
            Ok(codes) => wanted.into_iter().map(|code| known("order method", code, &codes)).collect(),
            Err(why) => vec![finding("order method", false, format!("{why}; let the key read the reference data"))],
        })
    }

    /// Marks need no fields here: they have the record's source. A dialogue does.
    async fn custom_fields(&self) -> Result<Finding, Trouble> {
        let about = "custom fields";
        let fields = match settled(reference::fields(self.crm, self.session).await)? {
            Ok(fields) => fields,
            Err(why) => return Ok(finding(about, false, format!("{why}; let the key read custom fields"))),
        };
        let count = |kind| fields.iter().filter(|field| field.entity == kind && field.text).count();
        let text = format!("lines of text: {} of customers, {} of orders", count(Kind::Contact), count(Kind::Deal));
        let is_there = |code: &String| {
            fields.iter().any(|field| field.entity == Kind::Contact && field.text && field.name == *code)
        };
        Ok(match &self.crm.settings.chat_field {
            Some(code) if !is_there(code) => {
                let hint = format!("customers have no line of text {code}: make it or correct chat_field");
                finding(about, false, hint)
            }
            Some(_) => finding(about, true, text),
            None => finding(about, true, format!("{text}; without chat_field dialogues are not kept on customers")),
        })
    }

    async fn zone(&self) -> Result<Finding, Trouble> {
        let about = "time zone";
        let request = auth::get(&self.crm.settings, "retailcrm.settings.get", "/settings", &[]);
        let answer = self.read(request).await?.ok().flatten();
        let zone = answer.as_ref().and_then(reference::zone_of);
        let named = zone.as_ref().and_then(|zone| zone.iana_name());
        Ok(match named {
            Some(name) => finding(about, true, format!("times are written in {name}")),
            None => finding(about, true, "it cannot be read; times are written in the project's zone"),
        })
    }

    async fn module(&self) -> Result<Finding, Trouble> {
        let about = "telephony module";
        let Some(code) = &self.crm.settings.module_code else {
            return Ok(finding(about, true, "users cannot click to call: set module_code and register the exchange"));
        };
        let module = match settled(register::module_there(self.crm, self.session, code).await)? {
            Ok(Some(module)) => module,
            Ok(None) => return Ok(finding(about, false, format!("{code} is not there yet: register the exchange"))),
            Err(why) => return Ok(finding(about, false, format!("{why}; let the key read integration modules"))),
        };
        if module.get("active").and_then(Value::as_bool) == Some(false) {
            return Ok(finding(about, false, format!("{code} is switched off: switch it on or register the exchange")));
        }
        let telephony = module.pointer("/integrations/telephony");
        let Some(telephony) = telephony.filter(|telephony| telephony.get("makeCallUrl").and_then(text_of).is_some())
        else {
            return Ok(finding(about, false, format!("{code} has no address for calls: register the exchange")));
        };
        let users = entries(telephony.get("additionalCodes")).len();
        Ok(finding(about, true, format!("{code} is registered; users with an extension: {users}")))
    }

    /// The codes of a dictionary.
    async fn codes(&self, name: &'static str, path: &str, key: &str) -> Result<Seen<BTreeSet<String>>, Trouble> {
        let answer = self.read(auth::get(&self.crm.settings, name, path, &[])).await?;
        let code = |entry: &Value| entry.get("code").and_then(text_of);
        let codes = |answer: Value| entries(answer.get(key)).into_iter().filter_map(code).collect();
        Ok(answer.map(|answer| answer.map(codes).unwrap_or_default()))
    }

    async fn read(&self, request: Request) -> Result<Seen<Option<Value>>, Trouble> {
        settled(answers::read(self.session, request).await)
    }
}

/// What one request was refused is told and the others go on; what stops them all is trouble.
fn settled<T>(result: Result<T, Trouble>) -> Result<Seen<T>, Trouble> {
    match result {
        Ok(seen) => Ok(Ok(seen)),
        Err(refused @ (Trouble::NotAllowed(_) | Trouble::Malformed(_))) => Ok(Err(refused.to_string())),
        Err(other) => Err(other),
    }
}

fn known(about: &str, code: &str, codes: &BTreeSet<String>) -> Finding {
    if codes.contains(code) {
        return finding(about, true, format!("{code} is there"));
    }
    finding(about, false, format!("there is no {code}; choose one of {}", joined(codes)))
}

fn joined(codes: &BTreeSet<String>) -> String {
    if codes.is_empty() { "none".to_owned() } else { codes.iter().map(String::as_str).collect::<Vec<_>>().join(", ") }
}
