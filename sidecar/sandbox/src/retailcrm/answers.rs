//! Answers in RetailCRM's words (retailcrm.md 1.9).

use serde_json::{Map, Value, json};

use crate::wire::SimAnswer;

/// The text for a field that has to be filled.
pub(super) const BLANK: &str = "This value should not be blank.";
/// The text for a value of the wrong type or outside its list [I].
pub(super) const NOT_VALID: &str = "This value is not valid.";

/// `{"success":true}` with the members of an object beside.
pub(super) fn success(status: u16, members: Value) -> SimAnswer {
    let mut body = Map::from_iter([("success".to_owned(), true.into())]);
    if let Value::Object(members) = members {
        body.extend(members);
    }
    SimAnswer::json(status, &Value::Object(body))
}

/// `{"success":false,"errorMsg":…}`
pub(super) fn failure(status: u16, message: &str) -> SimAnswer {
    SimAnswer::json(status, &json!({"success": false, "errorMsg": message}))
}

/// A failure that names fields or lists texts.
pub(super) fn failure_with(status: u16, message: &str, errors: &Value) -> SimAnswer {
    SimAnswer::json(status, &json!({"success": false, "errorMsg": message, "errors": errors}))
}

/// 400 for entities the CRM cannot take, by field.
pub(super) fn entity_errors(errors: &Map<String, Value>) -> SimAnswer {
    failure_with(400, "Errors in the entity format", &json!(errors))
}

/// 400 for a wrong query parameter.
pub(super) fn input_error(name: &str, text: &str) -> SimAnswer {
    failure_with(400, "Errors in the input parameters", &json!({name: text}))
}

/// 400 for a parameter that has to be there.
pub(super) fn missing(name: &str) -> SimAnswer {
    failure(400, &format!("Parameter '{name}' is missing"))
}

/// 404 for an entity that is not there.
pub(super) fn not_found() -> SimAnswer {
    failure(404, "Not found")
}

/// One page of a list.
pub(super) fn page(name: &str, items: Vec<Value>, paging: Paging) -> SimAnswer {
    let total = items.len();
    let shown: Vec<Value> = items.into_iter().skip((paging.page - 1) * paging.limit).take(paging.limit).collect();
    success(
        200,
        json!({
            "pagination": {
                "limit": paging.limit, "totalCount": total, "currentPage": paging.page,
                "totalPageCount": total.div_ceil(paging.limit),
            },
            name: shown,
        }),
    )
}

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paging {
    pub(super) limit: usize,
    pub(super) page: usize,
}
