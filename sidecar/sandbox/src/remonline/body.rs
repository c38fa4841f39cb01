//! Bodies: JSON, and for the oldest generation also forms.

use serde_json::{Map, Value};

use crate::wire::SimRequest;

/// The members of a body; none when there is none.
///
/// # Errors
/// When it is neither a form nor a JSON object.
pub(super) fn read(request: &SimRequest) -> Result<Map<String, Value>, NotAnObject> {
    if request.body.is_empty() {
        return Ok(Map::new());
    }
    if is_form(request) {
        return Ok(form(request.form_pairs()));
    }
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(map)) => Ok(map),
        _ => Err(NotAnObject),
    }
}

/// A body that cannot be read.
#[derive(Debug)]
pub(super) struct NotAnObject;

pub(super) fn is_form(request: &SimRequest) -> bool {
    request.header_value("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

/// `phone[]=…` makes a list, `custom_fields[f1]=…` an object, a repeated name the last value.
fn form(pairs: Vec<(String, String)>) -> Map<String, Value> {
    let mut out = Map::new();
    for (name, value) in pairs {
        let Some((outer, inner)) = name.strip_suffix(']').and_then(|name| name.split_once('[')) else {
            out.insert(name, value.into());
            continue;
        };
        let slot = out.entry(outer.to_owned()).or_insert(Value::Null);
        let listed = inner.bytes().all(|byte| byte.is_ascii_digit());
        match slot {
            Value::Array(items) if listed => items.push(value.into()),
            Value::Object(map) if !listed => drop(map.insert(inner.to_owned(), value.into())),
            _ if listed => *slot = Value::Array(vec![value.into()]),
            _ => *slot = Value::Object(Map::from_iter([(inner.to_owned(), value.into())])),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_form_makes_lists_and_objects_of_its_brackets() {
        let request = SimRequest::new("POST", "/clients/").form(&[
            ("first_name", "Anna"),
            ("phone[]", "067"),
            ("phone[]", "050"),
            ("custom_fields[f1]", "x"),
        ]);
        let wanted = json!({"first_name": "Anna", "phone": ["067", "050"], "custom_fields": {"f1": "x"}});
        assert_eq!(Value::Object(read(&request).unwrap()), wanted);
    }
}
