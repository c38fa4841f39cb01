//! Answers in the words of each generation (remonline.md 2.1, 2.2).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Ctx, RemOnline,
    params::Params,
    settings::{CreatedBody, CreatedData, EmptyWrites, FieldErrors, Generation, Settings, Validation},
    shelf::Entity,
};
use crate::wire::SimAnswer;

/// Rows of a page (remonline.md 2.1).
const PER_PAGE: usize = 50;
/// The code beside faults of fields [I].
const INVALID: u16 = 400;

/// The text for a field that has to be filled [I].
pub(super) const REQUIRED: &str = "This field is required.";
/// The text for a value of the wrong type or outside its list [I].
pub(super) const NOT_VALID: &str = "This value is not valid.";

/// What is wrong, by field.
pub(super) type Wrongs = BTreeMap<String, String>;

/// `{"success":false,"code":…,"message":…}`
pub(super) fn failure(status: u16, code: u16, message: &str) -> SimAnswer {
    SimAnswer::json(status, &json!({"success": false, "code": code, "message": message}))
}

/// 404 for a record or a path that is not there.
pub(super) fn not_found() -> SimAnswer {
    failure(404, 404, "Not Found")
}

/// One fault of one field.
pub(super) fn wrong(name: &str, text: &str) -> Wrongs {
    Wrongs::from([(name.to_owned(), text.to_owned())])
}

impl Settings {
    /// 400 for fields the CRM cannot take.
    pub(super) fn refuse(&self, wrongs: &Wrongs) -> SimAnswer {
        let value = |text: &String| match self.field_errors {
            FieldErrors::Text => json!(text),
            FieldErrors::List => json!([text]),
        };
        let fields: BTreeMap<&String, Value> = wrongs.iter().map(|(name, text)| (name, value(text))).collect();
        let body = match self.validation {
            Validation::Object => {
                json!({"success": false, "code": INVALID, "message": {"validation": fields}})
            }
            Validation::Text => {
                let texts: Vec<String> = wrongs.iter().map(|(name, text)| format!("{name}: {text}")).collect();
                json!({"success": false, "code": INVALID, "message": texts.join("; ")})
            }
            Validation::TopLevel => {
                json!({"success": false, "code": INVALID, "message": "Validation failed.", "validation": fields})
            }
        };
        SimAnswer::json(400, &body)
    }
}

impl RemOnline {
    /// The answer to a creation: `data.id` in A, the record itself in B and C.
    pub(super) fn created(&self, ctx: &Ctx, id: u64, record: Value) -> SimAnswer {
        if ctx.generation == Generation::A {
            let data = json!({"id": id});
            let data = if self.settings.created_data == CreatedData::List { json!([data]) } else { data };
            return SimAnswer::json(200, &json!({"data": data, "success": true}));
        }
        match (self.settings.empty_writes, self.settings.created_body) {
            (EmptyWrites::All, _) => SimAnswer::empty(201),
            (_, CreatedBody::Number) => SimAnswer::json(201, &id.into()),
            (_, CreatedBody::Object) => SimAnswer::json(201, &record),
        }
    }

    /// The answer to a change; in B and C possibly none.
    pub(super) fn changed(&self, ctx: &Ctx, id: u64, record: Value) -> SimAnswer {
        if ctx.generation == Generation::A {
            return SimAnswer::json(200, &json!({"data": {"id": id}, "success": true}));
        }
        match self.settings.empty_writes {
            EmptyWrites::Never => SimAnswer::json(200, &record),
            EmptyWrites::Updates | EmptyWrites::All => SimAnswer::empty(204),
        }
    }

    /// A dictionary: a bare list in C.
    pub(super) fn dictionary(&self, ctx: &Ctx, rows: Vec<Value>) -> SimAnswer {
        if ctx.generation == Generation::C {
            return SimAnswer::json(200, &Value::Array(rows));
        }
        SimAnswer::json(200, &json!({"count": rows.len(), "data": rows, "success": true}))
    }

    /// One page of a list, newest first unless asked otherwise [I].
    pub(super) fn page<'a>(
        &self,
        ctx: &Ctx,
        params: &Params,
        mut found: Vec<&'a Entity>,
        show: impl Fn(&'a Entity) -> Value,
    ) -> Result<SimAnswer, SimAnswer> {
        let page = params.page().ok_or_else(|| self.settings.refuse(&wrong("page", NOT_VALID)))?;
        let count = found.len();
        let sort = params.one("sort").unwrap_or("-created_at");
        let upwards = !sort.starts_with('-') || params.one("sort_dir") == Some("asc");
        found.sort_by_key(|entity| match sort.trim_start_matches('-') {
            "modified_at" => (entity.modified, entity.id),
            _ => (entity.created, entity.id),
        });
        if !upwards {
            found.reverse();
        }
        let rows: Vec<Value> = found.into_iter().skip((page - 1) * PER_PAGE).take(PER_PAGE).map(show).collect();
        let envelope = if ctx.generation == Generation::B { self.settings.b_envelope } else { ctx.generation };
        let body = match envelope {
            Generation::C => json!({
                "data": rows,
                "paging": {"limit": PER_PAGE, "page": page, "total_pages": count.div_ceil(PER_PAGE), "count": count},
            }),
            _ => json!({"data": rows, "count": count, "page": page, "success": true}),
        };
        Ok(SimAnswer::json(200, &body))
    }
}
