//! Dictionaries: statuses, methods, sites, custom fields (retailcrm.md 1.5).

use serde_json::{Map, Value, json};

use super::{
    answers::{page, success},
    params::Params,
};
use crate::wire::SimAnswer;

/// The one shop.
pub(super) const SITE: &str = "main";

/// Code, name, group.
const STATUSES: [(&str, &str, &str); 12] = [
    ("new", "New", "new"),
    ("availability-confirmed", "Availability confirmed", "approval"),
    ("client-confirmed", "Client confirmed", "approval"),
    ("offer-analog", "Replacement offered", "approval"),
    ("prepayed", "Prepayment received", "approval"),
    ("send-to-assembling", "Sent to assembling", "assembling"),
    ("assembling", "Assembling", "assembling"),
    ("send-to-delivery", "Sent to delivery", "delivery"),
    ("delivering", "Delivering", "delivery"),
    ("complete", "Complete", "complete"),
    ("no-call", "No answer", "cancel"),
    ("cancel-other", "Cancelled", "cancel"),
];

/// Code, name, whether an order in it is in process.
const GROUPS: [(&str, &str, bool); 6] = [
    ("new", "New", false),
    ("approval", "Approval", true),
    ("assembling", "Assembling", true),
    ("delivery", "Delivery", true),
    ("complete", "Complete", false),
    ("cancel", "Cancelled", false),
];

const METHODS: [&str; 6] = ["phone", "missed-call", "shopping-cart", "one-click", "live-chat", "messenger"];
const TYPES: [&str; 2] = ["eshop-individual", "eshop-legal"];

/// Code, type; each for customers and for orders.
const CUSTOM_FIELDS: [(&str, &str); 8] = [
    ("rs_utm_source", "string"),
    ("rs_utm_medium", "string"),
    ("rs_utm_campaign", "string"),
    ("rs_utm_term", "string"),
    ("rs_utm_content", "string"),
    ("rs_google_client_id", "string"),
    ("visits_count", "integer"),
    ("wants_newsletter", "boolean"),
];

/// The dictionaries; fixed in this world.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reference;

impl Reference {
    /// The group of a status, if there is such a status.
    pub(super) fn status(self, code: &str) -> Option<&'static str> {
        STATUSES.iter().find(|(known, ..)| *known == code).map(|(_, _, group)| *group)
    }

    pub(super) fn has_order_method(self, code: &str) -> bool {
        METHODS.contains(&code)
    }

    pub(super) fn has_order_type(self, code: &str) -> bool {
        TYPES.contains(&code)
    }

    pub(super) fn custom_field_type(self, code: &str) -> Option<&'static str> {
        CUSTOM_FIELDS.iter().find(|(known, _)| *known == code).map(|(_, kind)| *kind)
    }

    /// `GET /reference/{what}`: maps by code, not arrays.
    pub(super) fn answer(self, what: &str) -> Option<SimAnswer> {
        let (name, map) = match what {
            "statuses" => ("statuses", statuses()),
            "status-groups" => ("statusGroups", groups()),
            "order-methods" => ("orderMethods", plain(&METHODS)),
            "order-types" => ("orderTypes", plain(&TYPES)),
            "sites" => ("sites", sites()),
            _ => return None,
        };
        Some(success(200, json!({ name: map })))
    }

    /// `GET /custom-fields`
    pub(super) fn custom_fields(self, params: &Params) -> Result<SimAnswer, SimAnswer> {
        params.only_filters(&["name", "code", "type", "entity", "viewMode", "displayArea"])?;
        let wanted = |name: &str, value: &str| params.filter(name).is_none_or(|asked| asked == value);
        let items = ["customer", "order"]
            .iter()
            .flat_map(|entity| CUSTOM_FIELDS.iter().zip(1_u32..).map(move |((code, kind), ordering)| (*entity, *code, *kind, ordering)))
            .filter(|(entity, code, kind, _)| wanted("entity", entity) && wanted("code", code) && wanted("type", kind))
            .map(|(entity, code, kind, ordering)| {
                json!({
                    "name": code, "code": code, "type": kind, "entity": entity, "ordering": ordering, "required": false,
                    "inFilter": true, "inList": true, "inGroupActions": false, "displayArea": "customer", "viewMode": "editable",
                })
            })
            .collect();
        Ok(page("customFields", items, params.paging()?))
    }
}

fn statuses() -> Map<String, Value> {
    let rows = STATUSES.iter().zip(1_u32..);
    rows.map(|((code, name, group), place)| {
        (
            (*code).to_owned(),
            json!({"name": name, "code": code, "active": true, "ordering": place * 10, "group": group}),
        )
    })
    .collect()
}

fn groups() -> Map<String, Value> {
    let rows = GROUPS.iter().zip(1_u32..);
    rows.map(|((code, name, process), place)| {
        let inside: Vec<&str> = STATUSES.iter().filter(|(_, _, group)| group == code).map(|(status, ..)| *status).collect();
        let group = json!({"name": name, "code": code, "active": true, "ordering": place * 10, "process": process, "statuses": inside});
        ((*code).to_owned(), group)
    })
    .collect()
}

fn plain(codes: &[&str]) -> Map<String, Value> {
    codes.iter().map(|code| ((*code).to_owned(), json!({"name": code, "code": code, "active": true}))).collect()
}

fn sites() -> Map<String, Value> {
    let site = json!({"name": "Main shop", "code": SITE, "url": "https://shop.sandbox.example", "defaultForCrm": true});
    Map::from_iter([(SITE.to_owned(), site)])
}
