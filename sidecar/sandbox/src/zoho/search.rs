//! `GET /{module}/search`: an index that lags behind the records (zoho.md 4.2).

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    Call, Ctx, Zoho, criteria,
    reply::{Refusal, Reply},
    schema::Kind,
    settings::PhoneMatch,
    store::Record,
};
use crate::audit::digits;

/// Rows per page, the default too (zoho.md 3).
const MOST_PER_PAGE: usize = 200;
/// Rows per sub-request of a composite (zoho.md 8).
const MOST_IN_COMPOSITE: usize = 25;
/// Rows in all (zoho.md 3).
const MOST_IN_ALL: usize = 2_000;

/// Whether a record is searched for.
type Matcher<'a> = Box<dyn Fn(&Record) -> bool + 'a>;

impl Zoho {
    pub(super) fn search(&self, ctx: &Ctx, module: &'static str, call: &Call) -> Result<Reply, Refusal> {
        let matches = self.matcher(module, call)?;
        let (per_page, page) = paging(ctx, call)?;
        let converted = call.param("converted").unwrap_or("false");
        let found: Vec<&Record> = self
            .store
            .all(module)
            .rev()
            .filter(|record| visible(ctx, record) && converted_fits(record, converted) && matches(record))
            .collect();
        let rows: Vec<Value> = found
            .iter()
            .skip((page - 1) * per_page)
            .take(per_page)
            .map(|record| self.chosen(module, record, call.param("fields")))
            .collect();
        if rows.is_empty() {
            return Ok(Reply::no_content());
        }
        let info = json!({
            "per_page": per_page, "count": rows.len(), "page": page, "sort_by": "id", "sort_order": "desc",
            "more_records": found.len() > page * per_page,
        });
        Ok(Reply::new(200, json!({"data": rows, "info": info})))
    }

    fn chosen(&self, module: &str, record: &Record, fields: Option<&str>) -> Value {
        let Some(fields) = fields else {
            return self.full(module, record);
        };
        let names = fields.split(',').map(str::trim).filter(|name| !name.is_empty()).chain(["id"]);
        names.map(|name| (name.to_owned(), self.field_of(module, record, name))).collect()
    }

    /// `criteria` goes before `email`, `phone` and `word`.
    fn matcher<'a>(&'a self, module: &'static str, call: &'a Call) -> Result<Matcher<'a>, Refusal> {
        if let Some(text) = call.param("criteria") {
            let criteria = criteria::parse(text)?;
            criteria.check(|field| self.schema.field(module, field).is_some())?;
            return Ok(Box::new(move |record| criteria.holds(record)));
        }
        if let Some(email) = call.param("email") {
            let fields = self.fields_of(module, |kind| kind == Kind::Email);
            return Ok(Box::new(move |record| fields.iter().any(|name| record.text(name).eq_ignore_ascii_case(email))));
        }
        if let Some(phone) = call.param("phone") {
            phone_shaped(phone)?;
            let fields = self.fields_of(module, |kind| kind == Kind::Phone);
            return Ok(Box::new(move |record| fields.iter().any(|name| self.same_phone(record.text(name), phone))));
        }
        if let Some(word) = call.param("word") {
            if word.chars().count() < 2 {
                return Err(invalid("word"));
            }
            let word = word.to_lowercase();
            let text = move |value: &Value| value.as_str().is_some_and(|text| text.to_lowercase().contains(&word));
            return Ok(Box::new(move |record| record.fields.values().any(&text)));
        }
        let details = json!({"param_names": ["criteria", "email", "phone", "word"]});
        Err(Refusal::new("EXPECTED_PARAM_MISSING", "one of the expected parameter is missing", details))
    }

    fn fields_of(&self, module: &str, wanted: impl Fn(Kind) -> bool) -> Vec<&str> {
        let fields = self.schema.fields(module).iter();
        fields.filter(|field| wanted(field.kind)).map(|field| field.name.as_str()).collect()
    }

    fn same_phone(&self, stored: &str, asked: &str) -> bool {
        let (stored_digits, asked_digits) = (digits(stored), digits(asked));
        if stored_digits.is_empty() || asked_digits.is_empty() {
            return false;
        }
        match self.settings.search_phone_match {
            PhoneMatch::Exact => stored == asked,
            PhoneMatch::Digits => stored_digits == asked_digits,
            PhoneMatch::Suffix => stored_digits.ends_with(&asked_digits) || asked_digits.ends_with(&stored_digits),
            PhoneMatch::Contains => stored_digits.contains(&asked_digits),
        }
    }
}

fn visible(ctx: &Ctx, record: &Record) -> bool {
    let lag = SignedDuration::from_millis(i64::try_from(ctx.lag_ms).unwrap_or(i64::MAX));
    record.indexed || ctx.now.duration_since(record.created) >= lag
}

fn converted_fits(record: &Record, wanted: &str) -> bool {
    let converted = record.fields.get("Converted__s").and_then(Value::as_bool).unwrap_or(false);
    wanted == "both" || converted == (wanted == "true")
}

fn paging(ctx: &Ctx, call: &Call) -> Result<(usize, usize), Refusal> {
    let number = |name: &str, default: usize| match call.param(name) {
        None => Ok(default),
        Some(text) => text.parse::<usize>().ok().filter(|value| *value > 0).ok_or_else(|| invalid(name)),
    };
    let (per_page, page) = (number("per_page", MOST_PER_PAGE)?, number("page", 1)?);
    let most = if ctx.composite { MOST_IN_COMPOSITE } else { MOST_PER_PAGE };
    if per_page > most {
        return Err(Refusal::limit("per_page", most as u64));
    }
    if page.saturating_mul(per_page) > MOST_IN_ALL {
        return Err(Refusal::new("LIMIT_REACHED", "the limit has been reached", json!({"limit": MOST_IN_ALL})));
    }
    Ok((per_page, page))
}

/// 3 to 50 characters of digits, blanks and the usual signs, with a leading plus if any.
fn phone_shaped(phone: &str) -> Result<(), Refusal> {
    let rest = phone.strip_prefix('+').unwrap_or(phone);
    let fine = rest.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || "-().".contains(c));
    if fine && (3..=50).contains(&phone.len()) { Ok(()) } else { Err(invalid("phone")) }
}

fn invalid(param: &str) -> Refusal {
    Refusal::new("INVALID_DATA", "invalid data", json!({"param_name": param}))
}
