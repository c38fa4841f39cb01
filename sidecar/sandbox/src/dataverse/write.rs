//! Creating, changing, upserting and deleting rows (dataverse.md 4).

use serde_json::{Map, Value};

use super::{
    Ctx, Dataverse,
    columns::{Changes, stamp},
    keys::Address,
    query::Query,
    refusal::{Refusal, Reply, bad_method, bad_payload, no_privilege},
    schema::Set,
    store::Row,
    target::Key,
};
use crate::wire::SimRequest;

impl Dataverse {
    /// `POST /{set}`
    pub(super) fn post(&mut self, ctx: &Ctx, set: Set, request: &SimRequest) -> Result<Reply, Refusal> {
        writable(set, "POST")?;
        let mut changes = self.changes(ctx, set, &object(request)?, true)?;
        let id = match changes.fields.remove(set.key()) {
            Some(Value::String(id)) => id,
            _ => super::guid(&mut self.rng),
        };
        if self.store.get(set, &id).is_some() {
            return Err(Refusal::new(412, "0x80040237", "Cannot insert duplicate key."));
        }
        self.create(ctx, set, &id, changes, detects(request))?;
        self.written(set, &id, 201, request)
    }

    /// `PATCH /{set}({key})`: changes the row, or makes it unless the request forbids that.
    pub(super) fn patch(&mut self, ctx: &Ctx, set: Set, key: &Key, request: &SimRequest) -> Result<Reply, Refusal> {
        writable(set, "PATCH")?;
        let body = object(request)?;
        let Address { id, values } = self.address(set, key)?;
        let row = id.as_deref().and_then(|id| self.store.get(set, id));
        let if_match = request.header_value("if-match");
        match row {
            Some(row) => {
                if request.header_value("if-none-match") == Some("*") {
                    return Err(Refusal::new(412, "", "A record with matching key values already exists."));
                }
                same_version(row, if_match)?;
                let id = row.id.clone();
                self.update(ctx, set, &id, &body, detects(request))?;
                self.written(set, &id, 200, request)
            }
            None => {
                let id = id.unwrap_or_else(|| super::guid(&mut self.rng));
                if if_match.is_some() {
                    return Err(self.does_not_exist(set, &id));
                }
                let mut changes = self.changes(ctx, set, &body, true)?;
                changes.fields.remove(set.key());
                changes.fields.extend(values);
                self.create(ctx, set, &id, changes, detects(request))?;
                self.written(set, &id, 201, request)
            }
        }
    }

    /// `DELETE /{set}({key})`
    pub(super) fn delete(&mut self, set: Set, key: &Key, request: &SimRequest) -> Result<Reply, Refusal> {
        writable(set, "DELETE")?;
        let row = self.addressed(set, key)?;
        same_version(row, request.header_value("if-match"))?;
        let id = row.id.clone();
        if set == Set::PhoneCalls {
            for (of, column) in [(Set::Parties, "_activityid_value"), (Set::Notes, "_objectid_value")] {
                let owned: Vec<String> = self.store.holding(of, column, &id).map(|row| row.id.clone()).collect();
                owned.iter().for_each(|id| self.store.remove(of, id));
            }
        }
        self.store.remove(set, &id);
        Ok(Reply::new(204))
    }

    fn create(&mut self, ctx: &Ctx, set: Set, id: &str, changes: Changes, detect: bool) -> Result<(), Refusal> {
        let Changes { mut fields, parties } = changes;
        self.first_state(set, &mut fields)?;
        if set == Set::PhoneCalls {
            for (column, value) in
                [("directioncode", Value::Bool(true)), ("leftvoicemail", false.into()), ("prioritycode", 1.into())]
            {
                fields.entry(column).or_insert(value);
            }
        }
        if set == Set::Notes && !self.settings.notes_on_completed {
            self.open_object(&fields)?;
        }
        for column in ["_ownerid_value", "_owninguser_value"] {
            fields.entry(column).or_insert_with(|| ctx.caller.clone().into());
        }
        fields.insert(set.key().to_owned(), id.into());
        fields.insert("_createdby_value".to_owned(), ctx.caller.clone().into());
        if let Some(us) = &ctx.on_behalf_by {
            fields.insert("_createdonbehalfby_value".to_owned(), us.clone().into());
        }
        let created = fields.get("overriddencreatedon").cloned().unwrap_or_else(|| stamp(ctx.now).into());
        fields.insert("createdon".to_owned(), created);
        let row = Row { id: id.to_owned(), fields, version: 0, created: ctx.now, indexed: false };
        self.keep(ctx, set, row, detect)?;
        if set == Set::PhoneCalls {
            self.write_parties(ctx, id, Some(parties.unwrap_or_default()));
        }
        Ok(())
    }

    fn update(
        &mut self,
        ctx: &Ctx,
        set: Set,
        id: &str,
        body: &Map<String, Value>,
        detect: bool,
    ) -> Result<(), Refusal> {
        let Changes { mut fields, parties } = self.changes(ctx, set, body, false)?;
        let Some(mut row) = self.store.get(set, id).cloned() else {
            return Err(self.does_not_exist(set, id));
        };
        self.changeable(set, &row, &fields, parties.is_some())?;
        self.next_state(set, &row, &mut fields)?;
        row.fields.extend(fields);
        self.keep(ctx, set, row, detect)?;
        if set == Set::PhoneCalls {
            self.write_parties(ctx, id, parties);
        }
        Ok(())
    }

    /// Checks what has to be single and stores the row.
    fn keep(&mut self, ctx: &Ctx, set: Set, mut row: Row, detect: bool) -> Result<(), Refusal> {
        self.unique(set, &row.id, &row.fields)?;
        if detect {
            self.no_duplicate(set, &row.id, &row.fields)?;
        }
        if set == Set::Contacts {
            let names = [row.text("firstname"), row.text("lastname")].into_iter().filter(|name| !name.is_empty());
            let full = names.collect::<Vec<_>>().join(" ");
            row.fields.insert("fullname".to_owned(), if full.is_empty() { Value::Null } else { full.into() });
        }
        row.fields.insert("modifiedon".to_owned(), stamp(ctx.now).into());
        row.fields.insert("_modifiedby_value".to_owned(), ctx.caller.clone().into());
        row.fields.retain(|_, value| !value.is_null());
        self.store.put(set, row);
        Ok(())
    }

    fn open_object(&self, fields: &Map<String, Value>) -> Result<(), Refusal> {
        let object = fields.get("_objectid_value").and_then(Value::as_str).unwrap_or_default();
        match self.store.get(Set::PhoneCalls, object) {
            Some(call) => self.changeable(Set::PhoneCalls, call, fields, false),
            None => Ok(()),
        }
    }

    /// 204 with the row's URI, or the row itself when the request prefers that.
    fn written(&self, set: Set, id: &str, status: u16, request: &SimRequest) -> Result<Reply, Refusal> {
        let uri = format!("{}/{}({id})", self.service_root(), set.name());
        if !prefers(request, "return=representation") {
            return Ok(Reply::new(204).header("location", &uri).header("odata-entityid", &uri));
        }
        let query = Query::parse(&request.query_pairs())?;
        let row = self.store.get(set, id).ok_or_else(|| self.does_not_exist(set, id))?;
        let body = self.single(set, row, &query)?;
        let mut reply = Reply::json(status, body).header("preference-applied", "return=representation");
        if status == 201 {
            reply = reply.header("location", &uri);
        }
        Ok(reply)
    }
}

/// Whether `Prefer` asks for something.
pub(super) fn prefers(request: &SimRequest, what: &str) -> bool {
    request.header_value("prefer").is_some_and(|prefer| prefer.split(',').any(|one| one.trim() == what))
}

/// Duplicate rules are off unless the header says otherwise.
fn detects(request: &SimRequest) -> bool {
    request.header_value("mscrm.suppressduplicatedetection").is_some_and(|value| value.eq_ignore_ascii_case("false"))
}

fn writable(set: Set, method: &str) -> Result<(), Refusal> {
    match set {
        // Written only nested in their activity.
        Set::Parties => Err(bad_method(method)),
        Set::Users | Set::Apps => Err(no_privilege(&format!("prvWrite{}", set.schema_name()))),
        Set::Contacts | Set::PhoneCalls | Set::Notes => Ok(()),
    }
}

/// An etag has to be the row's present one; `*` is any.
fn same_version(row: &Row, etag: Option<&str>) -> Result<(), Refusal> {
    match etag {
        Some(etag) if etag != "*" && etag != row.etag() => Err(Refusal::new(
            412,
            "",
            "The version of the existing record doesn't match the RowVersion property provided.",
        )),
        _ => Ok(()),
    }
}

fn object(request: &SimRequest) -> Result<Map<String, Value>, Refusal> {
    if request.header_value("content-type").is_none_or(|kind| !kind.contains("json")) {
        return Err(Refusal::new(415, "", "The content type of the body is not supported."));
    }
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(bad_payload("the body is no JSON object.")),
    }
}
