//! Insert, update and upsert of batches (zoho.md 5).

use serde_json::{Map, Value, json};

use super::{
    Call, Ctx, Zoho,
    reply::{Refusal, Reply},
    store::Record,
    validate::Place,
};

/// Records per request (zoho.md 3).
const MOST_RECORDS: usize = 100;
/// Records per credit on writes (zoho.md 3).
const PER_CREDIT: u64 = 10;
/// What `trigger` may name (zoho.md 5).
const TRIGGERS: [&str; 5] = ["workflow", "approval", "blueprint", "pathfinder", "orchestration"];
/// Not for upsert (zoho.md 5).
const NO_UPSERT: [&str; 3] = ["Calls", "Tasks", "Notes"];

/// What a write does with each item.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Insert,
    Update,
    Upsert,
}

impl Zoho {
    /// `POST /{module}`
    pub(super) fn insert(&mut self, ctx: &Ctx, module: &'static str, call: &Call) -> Result<Reply, Refusal> {
        self.write(ctx, module, call, Verb::Insert)
    }

    /// `PUT /{module}` with an id in each item.
    pub(super) fn update(&mut self, ctx: &Ctx, module: &'static str, call: &Call) -> Result<Reply, Refusal> {
        self.write(ctx, module, call, Verb::Update)
    }

    /// `POST /{module}/upsert`
    pub(super) fn upsert(&mut self, ctx: &Ctx, module: &'static str, call: &Call) -> Result<Reply, Refusal> {
        if NO_UPSERT.contains(&module) {
            return Err(Refusal::new("NOT_SUPPORTED", "upsert is not supported for the module", json!({})));
        }
        self.write(ctx, module, call, Verb::Upsert)
    }

    /// `PUT /{module}/{id}`
    pub(super) fn update_one(
        &mut self,
        ctx: &Ctx,
        module: &'static str,
        id: &str,
        call: &Call,
    ) -> Result<Reply, Refusal> {
        let mut call = call.clone();
        let item = call.body.pointer_mut("/data/0").and_then(Value::as_object_mut);
        if let Some(item) = item {
            item.insert("id".to_owned(), id.into());
        }
        self.update(ctx, module, &call)
    }

    fn write(&mut self, ctx: &Ctx, module: &'static str, call: &Call, verb: Verb) -> Result<Reply, Refusal> {
        let items = envelope(ctx, &call.body)?;
        let mut out = Vec::with_capacity(items.len());
        let failing_from = if ctx.partial && items.len() > 1 { items.len().div_ceil(2) } else { items.len() };
        for (index, item) in items.iter().enumerate() {
            let place = Place { module, index };
            let written = if index >= failing_from || ctx.fail_item {
                Err(Refusal::new("INTERNAL_ERROR", "Internal Server Error", json!({})))
            } else {
                self.write_item(ctx, place, item, call, verb)
            };
            out.push(written);
        }
        let credits = (items.len() as u64).div_ceil(PER_CREDIT);
        Ok(self.summary(verb, out).costing(credits))
    }

    fn write_item(&mut self, ctx: &Ctx, place: Place, item: &Value, call: &Call, verb: Verb) -> Result<Value, Refusal> {
        let Some(item) = item.as_object() else {
            return Err(Refusal::new("INVALID_DATA", "invalid data", json!({"expected_data_type": "jsonobject"})));
        };
        match verb {
            Verb::Insert => self.insert_item(ctx, place, item),
            Verb::Update => {
                let id = item.get("id").and_then(Value::as_str).ok_or_else(|| place.mandatory("id"))?;
                self.update_item(ctx, place, id, item, call)
            }
            Verb::Upsert => self.upsert_item(ctx, place, item, call),
        }
    }

    pub(super) fn insert_item(&mut self, ctx: &Ctx, place: Place, item: &Map<String, Value>) -> Result<Value, Refusal> {
        let mut fields = self.check(ctx, place, item, None)?;
        let api_user = self.api_user();
        fields.entry("Owner").or_insert_with(|| json!({"id": api_user}));
        if place.module == "Leads" {
            fields.insert("Converted__s".to_owned(), false.into());
        }
        let id = self.store.next_id();
        let record =
            Record { id: id.clone(), fields, created: ctx.now, modified: ctx.now, indexed: false, deleted: false };
        let answer = self.success(&record, "record added");
        self.store.insert(place.module, record);
        Ok(answer)
    }

    pub(super) fn update_item(
        &mut self,
        ctx: &Ctx,
        place: Place,
        id: &str,
        item: &Map<String, Value>,
        call: &Call,
    ) -> Result<Value, Refusal> {
        let Some(before) = self.store.get(place.module, id) else {
            return Err(place.refuse("INVALID_DATA", "the id given seems to be invalid", "id", &json!({})));
        };
        if call.unmodified_since.is_some_and(|since| before.modified > since) {
            return Err(Refusal::new("ALREADY_MODIFIED", "The record has been modified", json!({"id": id})));
        }
        let fields = self.check(ctx, place, item, Some(before))?;
        self.store.update(place.module, id, fields, ctx.now);
        let record = self.store.get(place.module, id);
        Ok(record.map_or(Value::Null, |record| self.success(record, "record updated")))
    }

    fn success(&self, record: &Record, message: &str) -> Value {
        let by = self.users.first().map(|user| json!({"name": user.full_name(), "id": user.id}));
        json!({
            "code": "SUCCESS", "message": message, "status": "success",
            "details": {
                "id": record.id, "Created_Time": self.time(record.created), "Modified_Time": self.time(record.modified),
                "Created_By": by, "Modified_By": by, "$approval_state": "approved",
            },
        })
    }

    fn summary(&self, verb: Verb, items: Vec<Result<Value, Refusal>>) -> Reply {
        let failed = items.iter().filter(|item| item.is_err()).count();
        let modified = items.iter().any(|item| matches!(item, Err(refusal) if refusal.code == "ALREADY_MODIFIED"));
        let status = match failed {
            0 if verb == Verb::Insert => 201,
            0 => 200,
            _ if failed == items.len() && modified => 412,
            _ if failed == items.len() => self.settings.all_failed_status,
            _ => 207,
        };
        let data: Vec<Value> = items.into_iter().map(|item| item.unwrap_or_else(|refusal| refusal.to_json())).collect();
        Reply::new(status, json!({"data": data}))
    }
}

fn envelope<'a>(ctx: &Ctx, body: &'a Value) -> Result<&'a [Value], Refusal> {
    let details = json!({"api_name": "data", "json_path": "$.data"});
    let Some(data) = body.get("data") else {
        return Err(Refusal::new("MANDATORY_NOT_FOUND", "required field not found", details));
    };
    let items = data.as_array().filter(|items| !items.is_empty());
    let Some(items) = items else {
        let details = json!({"api_name": "data", "json_path": "$.data", "expected_data_type": "jsonarray"});
        return Err(Refusal::new("INVALID_DATA", "invalid data", details));
    };
    let most = if ctx.composite { 1 } else { MOST_RECORDS };
    if items.len() > most {
        return Err(Refusal::limit("data", most as u64));
    }
    let triggers = body.get("trigger").and_then(Value::as_array).into_iter().flatten();
    for trigger in triggers {
        if !trigger.as_str().is_some_and(|name| TRIGGERS.contains(&name)) {
            return Err(Refusal::new(
                "INVALID_DATA",
                "invalid data",
                json!({"api_name": "trigger", "json_path": "$.trigger"}),
            ));
        }
    }
    Ok(items)
}
