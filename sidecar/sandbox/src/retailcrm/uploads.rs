//! Batches of customers and orders, of which part may fail (retailcrm.md 1.2, 1.4).

use serde_json::{Map, Value, json};

use super::{
    Ctx, RetailCrm,
    answers::{input_error, success},
    params::Params,
    refusal::Refusal,
};
use crate::wire::SimAnswer;

/// Entities per batch (retailcrm.md 1.1).
pub(super) const MOST: usize = 50;

/// Which entities a batch holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Batch {
    Customers,
    Orders,
}

impl Batch {
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Customers => ("customers", "Customer", "Customers"),
            Self::Orders => ("orders", "Order", "Orders"),
        }
    }
}

impl RetailCrm {
    /// `POST /customers/upload`, `POST /orders/upload`
    pub(super) fn upload(&mut self, ctx: &Ctx, batch: Batch, params: &Params) -> Result<SimAnswer, SimAnswer> {
        let (field, entity, plural) = batch.words();
        let site = self.site(params)?;
        let items = list(params, field)?;
        let failing_from = if ctx.partial && items.len() > 1 { items.len().div_ceil(2) } else { items.len() };
        let (mut done, mut failed, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for (index, item) in items.iter().enumerate() {
            let external = item.get("externalId").cloned().unwrap_or(Value::Null);
            let made =
                if index >= failing_from { Err(Refusal::Failed) } else { self.upload_one(ctx, batch, item, &site) };
            match made {
                Ok(id) => done.push(json!({"id": id, "externalId": external})),
                Err(refusal) => {
                    failed.push(json!({"externalId": external}));
                    errors.push(Value::from(refusal.text(entity)));
                }
            }
        }
        let mut body = Map::new();
        body.insert(format!("uploaded{plural}"), done.into());
        if failed.is_empty() {
            return Ok(success(200, Value::Object(body)));
        }
        body.insert(format!("failed{plural}"), failed.into());
        body.insert("success".to_owned(), false.into());
        body.insert("errorMsg".to_owned(), format!("{plural} are loaded with errors").into());
        body.insert("errors".to_owned(), errors.into());
        Ok(SimAnswer::json(460, &Value::Object(body)))
    }

    fn upload_one(&mut self, ctx: &Ctx, batch: Batch, item: &Value, site: &str) -> Result<u64, Refusal> {
        let nothing = Map::new();
        let given = item.as_object().unwrap_or(&nothing);
        match batch {
            Batch::Customers => self.new_customer(ctx, given, site),
            Batch::Orders => self.new_order(ctx, given, site),
        }
    }
}

/// The JSON array of a batch, within its size.
pub(super) fn list(params: &Params, field: &str) -> Result<Vec<Value>, SimAnswer> {
    let Value::Array(items) = params.json(field)? else {
        return Err(input_error(field, "Invalid JSON"));
    };
    if items.is_empty() || items.len() > MOST {
        return Err(input_error(field, "This collection should contain between 1 and 50 elements."));
    }
    Ok(items)
}
