//! Mappings: call parameters that go to fields of the CRM, and why one is refused (Z-02 … Z-05).

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    call::{Call, Scope},
    record::{CrmField, Kind},
};

/// One call parameter that goes to one field of one entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Contact, lead or deal; the value goes to this entity only (Z-02).
    pub entity: Kind,
    /// The call's parameter, by the names of [`Call::param`]; a `messenger.` or `call.` before it keeps the mappings of
    /// messenger requests apart (Z-36).
    pub param: String,
    /// The CRM's name of the field.
    pub field: String,
    /// Longest value in characters; longer ones are cut (zoho.md 7). Learned from the CRM where it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length_max: Option<usize>,
}

/// Why a mapping is refused, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Position in the list, from 0.
    pub index: usize,
    /// Why.
    pub why: RefusedFor,
}

/// Why a mapping is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedFor {
    /// Only contacts, leads and deals have mapped fields.
    WrongEntity,
    /// The CRM has no such field.
    NoSuchField,
    /// The field is the vendor's, not the user's (Z-03).
    NotUserMade,
    /// The field does not hold text (Z-04).
    NotText,
    /// Another parameter goes there already (Z-05).
    FieldTaken,
}

impl fmt::Display for RefusedFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WrongEntity => "only contact, lead and deal have mapped fields",
            Self::NoSuchField => "the CRM has no such field; create it there first",
            Self::NotUserMade => "the field is the CRM's own; choose one you created",
            Self::NotText => "the field does not hold text; choose a single-line text field",
            Self::FieldTaken => "another parameter goes to this field already; choose another field",
        })
    }
}

/// The refusals that need no look at the CRM: wrong entities and fields taken twice.
#[must_use]
pub fn check_list(mappings: &[Mapping]) -> Vec<Refusal> {
    let meet = |one: &Mapping, other: &Mapping| {
        let (one_scope, other_scope) = (Scope::of(&one.param).0, Scope::of(&other.param).0);
        let may_both_apply = one_scope.is_none() || other_scope.is_none() || one_scope == other_scope;
        one.entity == other.entity && one.field == other.field && may_both_apply
    };
    let mut refusals = Vec::new();
    for (index, mapping) in mappings.iter().enumerate() {
        if !matches!(mapping.entity, Kind::Contact | Kind::Lead | Kind::Deal) {
            refusals.push(Refusal { index, why: RefusedFor::WrongEntity });
        } else if mappings.iter().take(index).any(|earlier| meet(earlier, mapping)) {
            refusals.push(Refusal { index, why: RefusedFor::FieldTaken });
        }
    }
    refusals
}

/// All refusals, given the CRM's fields.
#[must_use]
pub fn check(mappings: &[Mapping], fields: &[CrmField]) -> Vec<Refusal> {
    let mut refusals = check_list(mappings);
    for (index, mapping) in mappings.iter().enumerate() {
        let field = fields.iter().find(|field| field.entity == mapping.entity && field.name == mapping.field);
        let why = match field {
            None => RefusedFor::NoSuchField,
            Some(field) if !field.custom => RefusedFor::NotUserMade,
            Some(field) if !field.text => RefusedFor::NotText,
            Some(_) => continue,
        };
        if refusals.iter().all(|refusal| refusal.index != index) {
            refusals.push(Refusal { index, why });
        }
    }
    refusals.sort_by_key(|refusal| refusal.index);
    refusals
}

/// The mapped values of an entity; parameters the call does not have are left out.
#[must_use]
pub fn values(mappings: &[Mapping], entity: Kind, call: &Call) -> BTreeMap<String, String> {
    let own = mappings.iter().filter(|mapping| mapping.entity == entity);
    own.filter_map(|mapping| Some((mapping.field.clone(), cut(call.param(&mapping.param)?, mapping.length_max))))
        .collect()
}

fn cut(value: String, length_max: Option<usize>) -> String {
    match length_max {
        Some(max) if value.chars().count() > max => value.chars().take(max).collect(),
        _ => value,
    }
}
