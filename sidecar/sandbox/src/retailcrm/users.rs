//! Users, their groups and extensions (retailcrm.md 1.5, 1.8).

use serde_json::{Value, json};

use super::{
    RetailCrm,
    answers::{input_error, not_found, page, success},
    params::{Params, truthy},
    shelf::number,
};
use crate::wire::SimAnswer;

const STATUSES: [&str; 4] = ["free", "busy", "dinner", "break"];
const FILTERS: [&str; 10] =
    ["email", "status", "online", "active", "isManager", "isAdmin", "groups", "createdAtFrom", "createdAtTo", "name"];

/// A CRM user.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) id: u64,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) email: String,
    pub(super) phone: Option<String>,
    pub(super) status: String,
    pub(super) active: bool,
    pub(super) admin: bool,
}

impl User {
    pub(super) fn is_free(&self) -> bool {
        self.active && self.status == "free"
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "id": self.id, "firstName": self.first_name, "lastName": self.last_name, "email": self.email,
            "phone": self.phone, "active": self.active, "online": self.active, "isManager": !self.admin,
            "isAdmin": self.admin, "status": self.status, "createdAt": "2025-01-15 10:00:00",
            "groups": [{"id": 1, "name": "Managers", "code": "manager"}],
        })
    }
}

/// Four users, the first of them the administrator.
pub(super) fn users() -> Vec<User> {
    let rows = [
        ("Olha", "Boyko", "olha@sandbox.example", None, true),
        ("Ivan", "Melnyk", "ivan@sandbox.example", Some("+380441110102"), false),
        ("Oksana", "Tkachenko", "oksana@sandbox.example", Some("+380441110103"), false),
        ("Petro", "Shevchuk", "petro@sandbox.example", Some("+380441110104"), false),
    ];
    rows.into_iter()
        .zip(1_u64..)
        .map(|((first, last, email, phone, admin), id)| User {
            id,
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            email: email.to_owned(),
            phone: phone.map(str::to_owned),
            status: "free".to_owned(),
            active: true,
            admin,
        })
        .collect()
}

impl RetailCrm {
    pub(super) fn user(&self, id: u64) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    /// The user an extension belongs to in any telephony module.
    pub(super) fn user_by_code(&self, code: &Value) -> Option<u64> {
        let code = code.as_str().map_or_else(|| code.to_string(), str::to_owned);
        self.codes().find(|(known, _)| *known == code).map(|(_, user)| user)
    }

    pub(super) fn code_of(&self, user: u64) -> Option<String> {
        self.codes().find(|(_, known)| *known == user).map(|(code, _)| code)
    }

    fn codes(&self) -> impl Iterator<Item = (String, u64)> + '_ {
        let lists = self
            .modules
            .values()
            .filter_map(|module| module.pointer("/integrations/telephony/additionalCodes")?.as_array());
        lists.flatten().filter_map(|pair| {
            let code = pair.get("code")?;
            // Client libraries write the user's id as a number or as text.
            Some((code.as_str().map_or_else(|| code.to_string(), str::to_owned), number(pair.get("userId")?)?))
        })
    }

    /// `GET /users`
    pub(super) fn user_list(&self, params: &Params) -> Result<SimAnswer, SimAnswer> {
        params.only_filters(&FILTERS)?;
        let flag = |name: &str, value: bool| params.filter(name).is_none_or(|asked| truthy(Some(asked)) == value);
        let fits = |user: &&User| {
            params.filter("email").is_none_or(|asked| user.email.eq_ignore_ascii_case(asked))
                && params.filter("status").is_none_or(|asked| user.status == asked)
                && flag("active", user.active)
                && flag("online", user.active)
                && flag("isAdmin", user.admin)
                && flag("isManager", !user.admin)
        };
        let users = self.users.iter().filter(fits).map(User::to_json).collect();
        Ok(page("users", users, params.paging()?))
    }

    /// `GET /users/{id}`
    pub(super) fn user_get(&self, id: &str) -> Result<SimAnswer, SimAnswer> {
        let user = id.parse().ok().and_then(|id| self.user(id)).ok_or_else(not_found)?;
        Ok(success(200, json!({"user": user.to_json()})))
    }

    /// `POST /users/{id}/status`
    pub(super) fn user_status(&mut self, id: &str, params: &Params) -> Result<SimAnswer, SimAnswer> {
        let status = params.one("status").filter(|status| STATUSES.contains(status));
        let status = status.ok_or_else(|| input_error("status", "The value you selected is not a valid choice."))?;
        let user = self.users.iter_mut().find(|user| user.id.to_string() == id).ok_or_else(not_found)?;
        user.status = status.to_owned();
        Ok(success(200, json!({})))
    }

    /// `GET /user-groups`
    pub(super) fn user_groups(&self, params: &Params) -> Result<SimAnswer, SimAnswer> {
        let group = json!({"name": "Managers", "code": "manager", "grantedRoles": [], "deliveryTypes": [], "breakdownOrderTypes": [], "breakdownSites": []});
        Ok(page("groups", vec![group], params.paging()?))
    }
}
