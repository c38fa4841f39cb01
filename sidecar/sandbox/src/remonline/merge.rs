//! Several clients made one (remonline.md 2.4).

use serde_json::{Map, Value};

use super::{
    Ask, Ctx, RemOnline,
    answers::{NOT_VALID, REQUIRED, not_found, wrong},
    clients::Who,
    shelf::{Entity, Shelf, number},
};
use crate::wire::SimAnswer;

impl RemOnline {
    /// `POST /clients/merge {source[], target}`
    pub(super) fn merge_listed(&mut self, ctx: &Ctx, ask: &Ask) -> Result<SimAnswer, SimAnswer> {
        let target = ask.body.get("target").and_then(number);
        let target = target.ok_or_else(|| self.settings.refuse(&wrong("target", REQUIRED)))?;
        self.merge(ctx, target, "source", ask)
    }

    /// `POST …/contacts/people/{id}/merge {ids[]}`
    pub(super) fn merge_into(&mut self, ctx: &Ctx, who: Who, id: &str, ask: &Ask) -> Result<SimAnswer, SimAnswer> {
        let target = self.client(who, id)?.id;
        self.merge(ctx, target, "ids", ask)
    }

    fn merge(&mut self, ctx: &Ctx, target: u64, name: &str, ask: &Ask) -> Result<SimAnswer, SimAnswer> {
        let sources = ask.body.get(name).and_then(Value::as_array).filter(|ids| !ids.is_empty());
        let sources = sources.ok_or_else(|| self.settings.refuse(&wrong(name, REQUIRED)))?;
        let sources: Option<Vec<u64>> = sources.iter().map(number).collect();
        let sources = sources.ok_or_else(|| self.settings.refuse(&wrong(name, NOT_VALID)))?;
        let there = |id: &u64| *id != target && self.clients.get(*id).is_some();
        self.clients.get(target).ok_or_else(not_found)?;
        if !sources.iter().all(there) {
            return Err(self.settings.refuse(&wrong(name, NOT_VALID)));
        }
        for source in sources {
            self.take_over(ctx, source, target);
        }
        let record = self.clients.get(target).map(|client| self.client_json(ctx.generation, client));
        Ok(self.changed(ctx, target, record.unwrap_or_default()))
    }

    /// The target gets the numbers, leads and orders of the source, which is gone then.
    fn take_over(&mut self, ctx: &Ctx, source: u64, target: u64) {
        let phones = |id| self.clients.get(id).map(|client| client.field("phones"));
        let lists = [phones(target), phones(source)].into_iter().flatten();
        let all: Vec<Value> = lists.filter_map(|list| list.as_array().cloned()).flatten().collect();
        self.clients.edit(target, ctx.now, Map::from_iter([("phones".to_owned(), all.into())]));
        relink(&mut self.leads, ctx, source, target);
        relink(&mut self.orders, ctx, source, target);
        self.clients.remove(source);
    }
}

fn relink(shelf: &mut Shelf, ctx: &Ctx, source: u64, target: u64) {
    let ids: Vec<u64> = shelf.of_client(source).map(|entity: &Entity| entity.id).collect();
    for id in ids {
        shelf.edit(id, ctx.now, Map::from_iter([("client_id".to_owned(), target.into())]));
    }
}
