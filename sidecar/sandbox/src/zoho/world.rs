//! The default world: one organisation with its users, pipeline and credentials.

use serde_json::{Value, json};

/// The client id the token server knows.
pub const SANDBOX_CLIENT_ID: &str = "1000.SANDBOXCLIENT";
/// The client's secret.
pub const SANDBOX_CLIENT_SECRET: &str = "sandbox-client-secret";
/// The refresh token that works until it is revoked.
pub const SANDBOX_REFRESH_TOKEN: &str = "1000.sandbox-refresh-token";
/// A grant code that can be exchanged once for a refresh token.
pub const SANDBOX_GRANT_CODE: &str = "1000.sandbox-grant-code";

/// The layout every module has.
pub(super) const LAYOUT_ID: &str = "5725767000000091023";
/// The one pipeline.
pub(super) const PIPELINE_NAME: &str = "Standard (Standard)";
const PIPELINE_ID: &str = "5725767000000094001";

/// The organisation's time zone: offsets in its timestamps come from here.
pub(super) const TIME_ZONE: &str = "Europe/Kyiv";

/// A CRM user.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) email: String,
    pub(super) phone: Option<String>,
    pub(super) active: bool,
    pub(super) admin: bool,
}

impl User {
    pub(super) fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }

    pub(super) fn to_json(&self) -> Value {
        let profile = if self.admin { "Administrator" } else { "Standard" };
        json!({
            "id": self.id, "first_name": self.first_name, "last_name": self.last_name,
            "full_name": self.full_name(), "email": self.email, "phone": self.phone, "mobile": null,
            "status": if self.active { "active" } else { "disabled" }, "confirm": true,
            "role": {"name": if self.admin { "CEO" } else { "Manager" }, "id": "5725767000000026005"},
            "profile": {"name": profile, "id": "5725767000000026011"},
            "zuid": self.id.chars().rev().take(8).collect::<String>(),
        })
    }
}

/// Four users; the first is the administrator whose token the API uses.
pub(super) fn users() -> Vec<User> {
    let rows = [
        ("5725767000000411001", "Olha", "Boyko", "olha@sandbox.example", None, true),
        ("5725767000000411002", "Ivan", "Melnyk", "ivan@sandbox.example", Some("+380441110102"), false),
        ("5725767000000411003", "Oksana", "Tkachenko", "oksana@sandbox.example", Some("+380441110103"), false),
        ("5725767000000411004", "Petro", "Shevchuk", "petro@sandbox.example", Some("+380441110104"), false),
    ];
    rows.into_iter()
        .map(|(id, first, last, email, phone, admin)| User {
            id: id.to_owned(),
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            email: email.to_owned(),
            phone: phone.map(str::to_owned),
            active: true,
            admin,
        })
        .collect()
}

/// One stage of the pipeline.
pub(super) struct Stage {
    pub(super) display: &'static str,
    pub(super) actual: &'static str,
    pub(super) forecast: &'static str,
}

const fn stage(display: &'static str, actual: &'static str, forecast: &'static str) -> Stage {
    Stage { display, actual, forecast }
}

/// The stages in their order; one shows a name other than it stores (zoho.md 6).
pub(super) const STAGES: [Stage; 9] = [
    stage("Qualification", "Qualification", "Open"),
    stage("Needs Analysis", "Needs Analysis", "Open"),
    stage("Value Proposition", "Value Proposition", "Open"),
    stage("Identify Decision Makers", "Id. Decision Makers", "Open"),
    stage("Proposal/Price Quote", "Proposal/Price Quote", "Open"),
    stage("Negotiation/Review", "Negotiation/Review", "Open"),
    stage("Closed Won", "Closed Won", "Closed Won"),
    stage("Closed Lost", "Closed Lost", "Closed Lost"),
    stage("Closed Lost to Competition", "Closed Lost to Competition", "Closed Lost"),
];

/// `pipeline[]` of the settings (zoho.md 7).
pub(super) fn pipelines() -> Value {
    let maps: Vec<Value> = STAGES
        .iter()
        .zip(1_u32..)
        .map(|(stage, number)| {
            json!({
                "display_value": stage.display, "actual_value": stage.actual, "sequence_number": number,
                "forecast_type": stage.forecast, "id": format!("57257670000000{:05}", 6_800 + number),
                "forecast_category": {"name": stage.forecast, "id": "5725767000000006817"},
            })
        })
        .collect();
    json!({"pipeline": [{
        "display_value": PIPELINE_NAME, "actual_value": PIPELINE_NAME, "default": true,
        "id": PIPELINE_ID, "maps": maps,
    }]})
}

/// `layouts[]` of the settings.
pub(super) fn layouts(module: &str) -> Value {
    json!({"layouts": [{
        "id": LAYOUT_ID, "name": "Standard", "display_label": "Standard", "status": "active", "visible": true,
        "module": module, "sections": [],
    }]})
}
