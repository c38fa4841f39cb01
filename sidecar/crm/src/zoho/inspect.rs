//! What an administrator should know before the first call: edition, rights as far as reading shows them, fields,
//! stages. What is made of fields and stages is in `checks.rs`.

use serde_json::{Value, json};

use super::{
    answers::{self, Intent},
    checks, coql, reference,
    schema::{Field, Module, Schema},
    settings::{Settings, parallel},
    wire::{Call, Wire},
};
use crate::{
    dialect::{Finding, Session},
    transport::Method,
    trouble::Trouble,
};

/// One line of the report.
pub(super) fn finding(about: &str, holds: bool, text: impl Into<String>) -> Finding {
    Finding::new(about, holds, &text.into())
}

/// Looks at the organisation. A right that is missing is a finding; dead credentials or a CRM that is away are not.
pub(super) async fn inspect(settings: &Settings, session: &Session<'_>) -> Result<Vec<Finding>, Trouble> {
    let look = Look { wire: Wire { settings, session } };
    let mut findings = vec![look.edition().await?, look.user().await?];
    for module in Module::ALL {
        findings.push(look.records(module).await?);
    }
    findings.extend(look.composite().await?);
    let mut schema = Schema::default();
    for module in [Module::Contacts, Module::Leads, Module::Deals, Module::Calls, Module::Tasks] {
        match look.fields(module).await? {
            Ok(fields) => drop(schema.fields.insert(module, fields)),
            Err(missing) => findings.push(missing),
        }
    }
    match settled(reference::pipelines(&look.wire).await)? {
        Ok((pipelines, _)) => schema.pipelines = pipelines,
        Err(why) => findings.push(missing_scope("right to read pipelines", &why, PIPELINES)),
    }
    findings.extend(checks::all(settings, &schema));
    Ok(findings)
}

/// Scopes by what they let be read (zoho.md 2).
const FIELDS: &str = "ZohoCRM.settings.fields.READ";
const PIPELINES: &str = "ZohoCRM.settings.layouts.READ and ZohoCRM.settings.pipeline.READ";
const USERS: &str = "ZohoCRM.users.READ";
const COMPOSITE: &str = "ZohoCRM.composite_requests.CUSTOM";

/// What was read, or why it may not be read.
type Seen<T> = Result<T, String>;

struct Look<'a> {
    wire: Wire<'a>,
}

impl Look<'_> {
    /// The edition decides how many requests may run at once. To read it takes a scope nothing else needs.
    async fn edition(&self) -> Result<Finding, Trouble> {
        let about = "edition";
        let kept = self.wire.settings.edition;
        let rows = match self.rows("zoho.org", "/crm/v8/org", "org").await? {
            Ok(rows) => rows,
            Err(why) => {
                let text = format!("{why}; limits are those of {kept}: check that, or grant ZohoCRM.org.READ");
                return Ok(finding(about, true, text));
            }
        };
        let license = rows.first().and_then(|org| org.get("license_details"));
        let named = license.and_then(|license| answers::text(license, "paid_type"));
        let named = named.map(|name| answers::word(&name).to_lowercase());
        let Some((name, allowed)) = named.and_then(|name| parallel(&name).map(|allowed| (name, allowed))) else {
            let text = format!("the organisation names none we know; limits are those of {kept}: check that");
            return Ok(finding(about, true, text));
        };
        let fits = parallel(kept).is_some_and(|kept| kept <= allowed);
        let hint = if fits { String::new() } else { format!(": set edition to {name}") };
        Ok(finding(about, fits, format!("the organisation has {name}, limits are those of {kept}{hint}")))
    }

    /// Sharing rules hide records from everybody but administrators, and what is hidden looks absent (zoho.md 11).
    async fn user(&self) -> Result<Finding, Trouble> {
        let about = "right to read users";
        let rows = self.rows("zoho.users", "/crm/v8/users?type=CurrentUser", "users").await?;
        let rows = match rows {
            Ok(rows) => rows,
            Err(why) => return Ok(missing_scope(about, &why, USERS)),
        };
        let profile = rows.first().and_then(|user| user.get("profile")).and_then(|profile| profile.get("name"));
        let text = match profile.and_then(Value::as_str) {
            Some("Administrator") => "the connection's user is an administrator",
            _ => {
                "see that the connection's user sees all records: what sharing rules hide looks as if it were not there"
            }
        };
        Ok(finding(about, true, text))
    }

    /// Reading shows the scope to query and to read a module. Whether it may be written shows only in writing.
    async fn records(&self, module: Module) -> Result<Finding, Trouble> {
        let about = format!("right to read {}", module.api());
        let body = json!({ "select_query": nothing_of(module) });
        let call = Call { method: Method::Post, name: "zoho.coql", path: "/crm/v8/coql", body: Some(&body) };
        let reply = settled(self.wire.send(Intent::Read, call).await)?;
        let rows = reply.map(|reply| answers::items("zoho.coql", reply, "data"));
        let why = match rows {
            Ok(Ok(_)) => return Ok(finding(&about, true, "granted; what may be written shows in writing only")),
            Ok(Err(error)) => match settled::<()>(Err(error.trouble))? {
                Ok(()) => String::new(),
                Err(why) => why,
            },
            Err(why) => why,
        };
        let scopes = format!("ZohoCRM.coql.READ and ZohoCRM.modules.{}.ALL", module.api().to_lowercase());
        Ok(missing_scope(&about, &why, &scopes))
    }

    async fn composite(&self) -> Result<Option<Finding>, Trouble> {
        let settings = self.wire.settings;
        if !settings.composite_reads && !settings.composite_writes {
            return Ok(None);
        }
        let about = "right to composite requests";
        let sub = json!({
            "sub_request_id": "s0", "method": "POST", "uri": "/crm/v8/coql",
            "body": { "select_query": nothing_of(Module::Contacts) },
        });
        let subs = settled(self.wire.composite(Intent::Read, "zoho.composite.read", vec![sub]).await)?;
        Ok(Some(match subs {
            Ok(_) => finding(about, true, "granted"),
            Err(why) => {
                let scope = format!("{COMPOSITE}, or set composite_reads and composite_writes to false");
                missing_scope(about, &why, &scope)
            }
        }))
    }

    async fn fields(&self, module: Module) -> Result<Result<Vec<Field>, Finding>, Trouble> {
        let fields = settled(reference::fields_of(&self.wire, module).await)?;
        let about = format!("fields of {}", module.api());
        Ok(fields.map_err(|why| missing_scope(&about, &why, FIELDS)))
    }

    async fn rows(&self, name: &'static str, path: &str, list: &str) -> Result<Seen<Vec<Value>>, Trouble> {
        let reply = match settled(self.wire.send(Intent::Read, Call::get(name, path)).await)? {
            Ok(reply) => reply,
            Err(why) => return Ok(Err(why)),
        };
        settled(answers::items(name, reply, list).map_err(|error| error.trouble))
    }
}

/// A query that finds nothing: whether it may be asked is all that matters.
fn nothing_of(module: Module) -> String {
    coql::query(&["id".to_owned()], module.api(), &coql::is("id", "0"), None)
}

fn missing_scope(about: &str, why: &str, scopes: &str) -> Finding {
    finding(about, false, format!("{why}; grant {scopes} and connect again"))
}

/// What one request was refused is told and the others go on; what stops them all is trouble.
fn settled<T>(result: Result<T, Trouble>) -> Result<Seen<T>, Trouble> {
    match result {
        Ok(seen) => Ok(Ok(seen)),
        Err(refused @ (Trouble::NotAllowed(_) | Trouble::Malformed(_))) => Ok(Err(refused.to_string())),
        Err(other) => Err(other),
    }
}
