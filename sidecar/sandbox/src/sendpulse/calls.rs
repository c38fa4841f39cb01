//! Calls: what the account's own telephony app logged, to be read only (sendpulse.md 3.5).

use serde_json::{Map, Value, json};

use super::{
    Ctx, SendPulse,
    answers::{Done, Refusal, data, page},
    comments::Target,
    contact_search::within,
    form::{Form, shown},
    settings::Envelope,
    shelf::Row,
};

const FILTERS: [&str; 8] = ["limit", "offset", "from", "to", "responsibleIds", "callType", "state", "contactPhone"];

/// One call of the account's own app; no method of the API makes one.
pub(super) struct Call {
    pub(super) phone: String,
    pub(super) responsible: u64,
    pub(super) seconds: u64,
    /// 0 incoming, 1 outgoing.
    pub(super) kind: u64,
    /// 1 pending, 2 successful, 3 failed.
    pub(super) state: u64,
    pub(super) record: Option<String>,
    pub(super) integration: u64,
    pub(super) contact: Option<u64>,
    pub(super) deal: Option<u64>,
}

impl SendPulse {
    /// `POST /telephony/calls/get-list`: the newest first [I].
    pub(super) fn call_list(&self, ctx: &Ctx, body: &Map<String, Value>) -> Done {
        let mut form = Form::new(body);
        form.only(&FILTERS, self.settings.unknown_fields);
        let paging = form.paging();
        let span = (form.time("from"), form.time("to"));
        let responsible = form.ids("responsibleIds");
        let (kind, state) = (form.within("callType", &(0..=1)), form.within("state", &(1..=3)));
        let phone = form.text("contactPhone", 255).filter(|text| !text.is_empty());
        form.done()?;
        let fits = |row: &&Row<Call>| {
            let call = &row.data;
            row.listed(ctx.now, ctx.lag_ms)
                && within(row.created, span)
                && (responsible.is_empty() || responsible.contains(&call.responsible))
                && kind.is_none_or(|asked| call.kind == asked)
                && state.is_none_or(|asked| call.state == asked)
                && phone.as_ref().is_none_or(|asked| self.settings.phone_match.same(&call.phone, asked))
        };
        let rows = self.calls.all().rev().filter(fits).map(|row| self.call_json(row)).collect();
        Ok(page(Envelope::List, rows, paging))
    }

    /// `POST /contacts/{id}/get-calls`, `POST /deals/{id}/get-calls`; the envelope is that of
    /// the list [I].
    pub(super) fn calls_of(&self, target: Target, body: &Map<String, Value>) -> Done {
        let mut form = Form::new(body);
        form.only(&["limit", "offset"], self.settings.unknown_fields);
        let paging = form.paging();
        form.done()?;
        let ids = match target {
            Target::Contact(id) => self.contacts.shelf.get(id).map(|row| &row.data.calls),
            Target::Deal(id) => self.deals.get(id).map(|row| &row.data.calls),
        };
        let calls = ids.into_iter().flatten().rev().filter_map(|id| self.calls.get(*id));
        Ok(page(Envelope::List, calls.map(|row| self.call_json(row)).collect(), paging))
    }

    /// `POST /deals/{id}/attach-call`
    pub(super) fn call_attach(&mut self, ctx: &Ctx, id: &str, body: &Map<String, Value>) -> Done {
        let deal = self.deal_id(id)?;
        let mut form = Form::new(body);
        form.only(&["callId"], self.settings.unknown_fields);
        form.need(&["callId"]);
        let call = form.id("callId").unwrap_or(0);
        form.done()?;
        self.calls.touch(call, ctx.now).ok_or(Refusal::NotFound("Call"))?.data.deal = Some(deal);
        if let Some(row) = self.deals.touch(deal, ctx.now)
            && !row.data.calls.contains(&call)
        {
            row.data.calls.push(call);
        }
        let call = self.calls.get(call).map(|row| self.call_json(row));
        Ok(data(200, call.unwrap_or_default()))
    }

    /// Keeps a call and tells its contact and deal of it.
    pub(super) fn call_keep(&mut self, now: jiff::Timestamp, call: Call) -> u64 {
        let (contact, deal) = (call.contact, call.deal);
        let id = self.calls.add(now, call, true);
        if let Some(row) = contact.and_then(|contact| self.contacts.shelf.touch(contact, now)) {
            row.data.calls.push(id);
        }
        if let Some(row) = deal.and_then(|deal| self.deals.touch(deal, now)) {
            row.data.calls.push(id);
        }
        id
    }

    fn call_json(&self, row: &Row<Call>) -> Value {
        let call = &row.data;
        let contact: Vec<u64> = call.contact.into_iter().collect();
        json!({
            "id": row.id, "integrationId": call.integration, "integrationGroupId": call.integration,
            "responsibleId": call.responsible, "phone": call.phone, "callDuration": call.seconds,
            "callType": call.kind, "state": call.state, "callRecordLink": call.record,
            "createdAt": shown(row.created), "contact": self.contacts_in_short(&contact).get(0),
            "deal": call.deal.map(|id| json!({"id": id})),
        })
    }
}
