//! What stands before the API: the token, the application user, service protection, and
//! the faults that answer in their place.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    Ctx, Dataverse, limits,
    oauth::{Ask, Form},
    refusal::{Refusal, no_member, no_privilege, user_disabled},
    schema::Set,
    settings::AppUser,
    store::Row,
    world::SANDBOX_APP_USER,
};
use crate::{
    faults::FaultName,
    simulator::{Class, Handled, Route, Strikes},
    wire::{SimAnswer, SimRequest},
};

/// What a client is told to wait by the fault `rate_limit`, in seconds, unless its `ms` says so.
const FAULT_WAIT_SECONDS: i64 = 5;

impl Dataverse {
    /// Answers at the gate, or lets the request into the API.
    pub(super) fn let_in(&mut self, now: Timestamp, request: &SimRequest, strikes: &Strikes, busy_ms: u64) -> Handled {
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        match path.as_slice() {
            [tenant, "oauth2", "v2.0", "token"] => self.token(now, Form::V2, tenant, request, strikes).into(),
            [tenant, "oauth2", "token"] => self.token(now, Form::V1, tenant, request, strikes).into(),
            ["provider", event] => self.provider.take(now, event, request, strikes, &self.settings).into(),
            ["api", "data", version, ..] if version.starts_with("v9.") => self.api(now, request, strikes, busy_ms),
            _ => SimAnswer::html(404, "404 Not Found").into(),
        }
    }

    fn token(
        &mut self,
        now: Timestamp,
        form: Form,
        tenant: &str,
        request: &SimRequest,
        strikes: &Strikes,
    ) -> SimAnswer {
        if request.method != "POST" {
            return SimAnswer::empty(405);
        }
        let org = self.settings.check_scope.then_some(self.base_url.as_str());
        self.oauth.token(now, &Ask { form, tenant, request, strikes, org }, &mut self.rng)
    }

    fn api(&mut self, now: Timestamp, request: &SimRequest, strikes: &Strikes, busy_ms: u64) -> Handled {
        if let Err(refused) = self.authenticate(now, request, strikes) {
            return refused.into();
        }
        let mut inner = request.clone();
        inner.path = super::target::behind_service_root(&request.path).to_owned();
        let done = self.protected(now, strikes, busy_ms).and_then(|()| {
            let ctx = self.context_of(now, request, strikes)?;
            if inner.path == "$batch" && inner.method == "POST" {
                return self.batch(&ctx, &inner);
            }
            Ok((self.route(&ctx, &inner)?.into_answer(), 1))
        });
        let (mut answer, operations) = done.unwrap_or_else(|refusal| (refusal.into_reply().into_answer(), 0));
        answer.headers.extend(self.limits.headers());
        Handled { answer, credits: vec![("requests", 1), ("operations", operations)] }
    }

    /// A dead token is 401 without a body.
    fn authenticate(&mut self, now: Timestamp, request: &SimRequest, strikes: &Strikes) -> Result<(), SimAnswer> {
        if strikes.has(FaultName::TokenExpired) {
            self.oauth.expire_all();
        }
        let token = request.header_value("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let live = token.is_some_and(|token| self.oauth.accepts(now, token));
        if live && !strikes.has(FaultName::TokenRevoked) {
            return Ok(());
        }
        let mut answer = SimAnswer::empty(401);
        let challenge = format!(
            "Bearer authorization_uri=https://login.microsoftonline.com/common/oauth2/authorize, resource_id={}/",
            self.base_url
        );
        answer.headers.push(("www-authenticate".to_owned(), challenge));
        Err(answer)
    }

    /// Membership, service protection and the faults of the API, in that order.
    fn protected(&mut self, now: Timestamp, strikes: &Strikes, busy_ms: u64) -> Result<(), Refusal> {
        if strikes.has(FaultName::UnknownAccount) || self.settings.app_user == AppUser::Missing {
            return Err(no_member());
        }
        if self.settings.app_user == AppUser::Disabled {
            return Err(user_disabled(SANDBOX_APP_USER));
        }
        if self.settings.limits {
            self.limits.enter(now, busy_ms)?;
        }
        if strikes.has(FaultName::RateLimit) {
            let asked = i64::try_from(strikes.ms(FaultName::RateLimit).div_ceil(1_000)).unwrap_or(FAULT_WAIT_SECONDS);
            let seconds = if asked > 0 { asked } else { FAULT_WAIT_SECONDS };
            return Err(limits::refusal(self.settings.rate_limit_code, seconds));
        }
        if strikes.has(FaultName::PermissionDenied) {
            return Err(no_privilege("prvCreatePhoneCall"));
        }
        if strikes.has(FaultName::InternalError) {
            return Err(Refusal::new(500, "0x80040216", "An unexpected error occurred."));
        }
        Ok(())
    }

    /// Who acts: the application user, or the user it names in a header.
    fn context_of(&self, now: Timestamp, request: &SimRequest, strikes: &Strikes) -> Result<Ctx, Refusal> {
        let mut ctx = Ctx::struck(now, strikes);
        let header = |name: &str| request.header_value(name).map(str::to_ascii_lowercase);
        let user = if let Some(object) = header("callerobjectid") {
            self.store.holding(Set::Users, "azureactivedirectoryobjectid", &object).next()
        } else if let Some(id) = header("mscrmcallerid") {
            self.store.get(Set::Users, &id)
        } else {
            return Ok(ctx);
        };
        let user: &Row = user.ok_or_else(no_member)?;
        if !self.settings.act_on_behalf {
            return Err(no_privilege("prvActOnBehalfOfAnotherUser"));
        }
        if user.fields.get("isdisabled") == Some(&Value::Bool(true)) {
            return Err(user_disabled(&user.id));
        }
        ctx.on_behalf_by = Some(std::mem::replace(&mut ctx.caller, user.id.clone()));
        Ok(ctx)
    }
}

/// Where a request belongs; tenants, keys and versions are replaced.
pub(super) fn classify(request: &SimRequest) -> Route {
    let segments = request.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (shown, class) = match path.as_slice() {
        [_, "oauth2", rest @ ..] => (format!("/{{tenant}}/oauth2/{}", rest.join("/")), Class::Auth),
        ["provider", event] => (format!("/provider/{event}"), Class::Write),
        other => {
            let class = if request.method == "GET" { Class::Read } else { Class::Write };
            (other.iter().map(|segment| format!("/{}", unkeyed(segment))).collect(), class)
        }
    };
    Route { pattern: format!("{} {shown}", request.method), class }
}

/// `contacts(<guid>)` as `contacts({id})`.
fn unkeyed(segment: &str) -> String {
    match segment.split_once('(') {
        Some((set, _)) => format!("{set}({{id}})"),
        None => segment.to_owned(),
    }
}
