//! Fields, layouts, pipelines, users: what a connector reads once in hours (zoho.md 7).

use serde_json::{Value, json};

use super::{
    Call, Ctx, Zoho,
    reply::{Refusal, Reply, unknown_url},
    schema::{Field, Kind},
    world::{LAYOUT_ID, layouts, pipelines},
};

/// Fields per create call, and unique fields per module (zoho.md 3).
const MOST_NEW_FIELDS: usize = 5;
const MOST_UNIQUE: usize = 2;

impl Zoho {
    /// Everything under `/settings/`.
    pub(super) fn metadata(&mut self, what: &str, call: &Call) -> Result<Reply, Refusal> {
        match (call.method.as_str(), what) {
            ("GET", "fields") => self.fields(call),
            ("POST", "fields") => self.create_fields(call),
            ("GET", "layouts") => Ok(Reply::new(200, layouts(self.module_param(call)?))),
            ("GET", "pipeline") => pipeline(call),
            ("GET", "modules") => Ok(self.module_list()),
            ("GET", "duplicate_check_preference") => Ok(Reply::new(200, self.duplicate_check())),
            ("POST" | "PUT", "duplicate_check_preference") => {
                self.settings.cross_check = true;
                Ok(Reply::new(200, self.duplicate_check()))
            }
            _ => Err(unknown_url()),
        }
    }

    fn module_param(&self, call: &Call) -> Result<&'static str, Refusal> {
        let name = call.param("module").ok_or_else(|| Refusal::missing_param("module"))?;
        self.schema.module(name).ok_or_else(Refusal::invalid_module)
    }

    fn fields(&self, call: &Call) -> Result<Reply, Refusal> {
        let module = self.module_param(call)?;
        let fields: Vec<Value> = self.schema.fields(module).iter().map(Field::to_json).collect();
        Ok(Reply::new(200, json!({"fields": fields})))
    }

    fn create_fields(&mut self, call: &Call) -> Result<Reply, Refusal> {
        let module = self.module_param(call)?;
        let wanted = call.body.get("fields").and_then(Value::as_array).cloned().unwrap_or_default();
        if wanted.len() > MOST_NEW_FIELDS {
            return Err(Refusal::limit("fields", MOST_NEW_FIELDS as u64));
        }
        let mut out = Vec::new();
        for field in &wanted {
            self.create_field(module, field)?;
            out.push(json!({"code": "SUCCESS", "message": "field created", "status": "success",
                "details": {"id": self.store.next_id()}}));
        }
        if out.is_empty() {
            let details = json!({"api_name": "fields", "json_path": "$.fields"});
            return Err(Refusal::new("MANDATORY_NOT_FOUND", "required field not found", details));
        }
        Ok(Reply::new(201, json!({"fields": out})))
    }

    fn create_field(&mut self, module: &'static str, field: &Value) -> Result<(), Refusal> {
        let label = field.get("field_label").and_then(Value::as_str).ok_or_else(|| {
            let details = json!({"api_name": "field_label"});
            Refusal::new("MANDATORY_NOT_FOUND", "required field not found", details)
        })?;
        let name = label.replace(' ', "_");
        if self.schema.field(module, &name).is_some() {
            let details = json!({"api_name": "field_label"});
            return Err(Refusal::new("DUPLICATE_DATA", "duplicate data", details));
        }
        let unique = field.get("unique").and_then(Value::as_object);
        let unique = unique.is_some_and(|unique| !unique.is_empty());
        let taken = self.schema.fields(module).iter().filter(|field| field.unique).count();
        if unique && taken >= MOST_UNIQUE {
            return Err(Refusal::limit("unique", MOST_UNIQUE as u64));
        }
        let length = field.get("length").and_then(Value::as_u64);
        let length = length.and_then(|length| usize::try_from(length).ok()).unwrap_or(255);
        let field = Field::custom(&name, new_kind(field)?, length.min(255), unique);
        self.schema.add(module, field);
        Ok(())
    }

    fn module_list(&self) -> Reply {
        let modules: Vec<Value> = self
            .schema
            .modules()
            .map(|module| json!({"api_name": module, "module_name": module, "api_supported": true, "visible": true}))
            .collect();
        Reply::new(200, json!({"modules": modules}))
    }

    fn duplicate_check(&self) -> Value {
        let kind = if self.settings.cross_check { "mapped_module_records" } else { "converted_records" };
        json!({"duplicate_check_preference": {"type": kind}})
    }

    /// `GET /users`
    pub(super) fn user_list(&self, ctx: &Ctx, call: &Call) -> Result<Reply, Refusal> {
        let number =
            |name: &str, default: usize| call.param(name).and_then(|text| text.parse().ok()).unwrap_or(default);
        let (page, per_page) = (number("page", 1).max(1), number("per_page", 200));
        let most = if ctx.composite { 25 } else { 200 };
        if per_page > most {
            return Err(Refusal::limit("per_page", most as u64));
        }
        let kind = call.param("type").unwrap_or("AllUsers");
        let found: Vec<Value> = self
            .users
            .iter()
            .enumerate()
            .filter(|(index, user)| match kind {
                "ActiveUsers" | "ActiveConfirmedUsers" => user.active,
                "AdminUsers" => user.admin,
                "CurrentUser" => *index == 0,
                _ => true,
            })
            .map(|(_, user)| user.to_json())
            .collect();
        let users: Vec<&Value> = found.iter().skip((page - 1) * per_page).take(per_page).collect();
        if users.is_empty() {
            return Ok(Reply::no_content());
        }
        let more = found.len() > page * per_page;
        let info = json!({"per_page": per_page, "count": users.len(), "page": page, "more_records": more});
        Ok(Reply::new(200, json!({"users": users, "info": info})))
    }
}

/// The types a field can be made with here.
fn new_kind(field: &Value) -> Result<Kind, Refusal> {
    match field.get("data_type").and_then(Value::as_str) {
        Some("text") => Ok(Kind::Text),
        Some("phone") => Ok(Kind::Phone),
        Some("website") => Ok(Kind::Website),
        Some("integer") => Ok(Kind::Integer),
        Some("boolean") => Ok(Kind::Boolean),
        _ => Err(Refusal::new("INVALID_DATA", "invalid data", json!({"api_name": "data_type"}))),
    }
}

fn pipeline(call: &Call) -> Result<Reply, Refusal> {
    match call.param("layout_id") {
        None => Err(Refusal::missing_param("layout_id")),
        Some(LAYOUT_ID) => Ok(Reply::new(200, pipelines())),
        Some(_) => Err(Refusal::new("INVALID_DATA", "invalid data", json!({"param_name": "layout_id"}))),
    }
}
