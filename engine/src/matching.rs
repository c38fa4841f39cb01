//! From candidates to the records a call works on. A candidate counts only when its own key is the client's.

use std::{borrow::Cow, cmp::Reverse};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    client::{self, ClientKey},
    facts::{Facts, FirstSeen, Found, OwnRecord, Target, proof_lag},
    ids::RecordId,
    next::PEOPLE,
    phone::{self, NumberPlan, Phone, Verdict},
    policy::Policy,
    reason::{Reason, ReasonCode},
    record::{Kind, Record},
    scenario::ClientIs,
    step::StepKey,
};

/// Which record counts when several have the client's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MatchPolicy {
    /// Preferences, the weightiest first; what they leave equal is settled by the lower id.
    pub prefer: Vec<Prefer>,
}

/// One preference among records of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prefer {
    /// A contact with an open deal before one without.
    OpenDeal,
    /// One with an owner before one without.
    Owned,
    /// The one changed last.
    Recent,
    /// The one made first.
    Oldest,
}

impl Default for MatchPolicy {
    /// zoho.md 4.1: an open deal, then the latest change.
    fn default() -> Self {
        Self { prefer: vec![Prefer::OpenDeal, Prefer::Recent] }
    }
}

/// The records of a client among a look-up's candidates, and why.
#[must_use]
pub fn target(
    key: &ClientKey,
    chat: Option<&str>,
    policy: &Policy,
    facts: &Facts,
    found: &Found,
) -> (Target, Vec<Reason>) {
    let mut reasons = Vec::new();
    let mut records = accepted(key, chat, policy, facts, found, &mut reasons);
    add_own(&mut records, facts, found, policy, &mut reasons);
    // What this very call made was not there before it; the steps find it through the facts.
    let is_ours = |record: &Record| facts.made_here(record.kind) == Some(&record.id);
    records.retain(|record| !facts.gone.contains(&record.id) && !is_ours(record));
    let contact = best(&records, Kind::Contact, policy, &mut reasons, |_| true);
    let of_contact = |record: &Record| {
        record.contact.is_none() || contact.is_none() || record.contact.as_ref() == contact.map(|contact| &contact.id)
    };
    let lead = best(&records, Kind::Lead, policy, &mut reasons, |lead| lead.open);
    let deal = best(&records, Kind::Deal, policy, &mut reasons, |deal| deal.open && of_contact(deal));
    let closed_deal = best(&records, Kind::Deal, policy, &mut Vec::new(), |deal| !deal.open && of_contact(deal));
    let seen = facts.first_seen.clone().unwrap_or_else(|| FirstSeen {
        client: if records.is_empty() { ClientIs::New } else { ClientIs::Known },
        open_deal: lead.or(deal).is_some(),
        owner: [lead, deal, contact].into_iter().flatten().find_map(|record| record.owner.clone()),
    });
    let id = |record: Option<&Record>| record.map(|record| record.id.clone());
    let target = Target {
        client: seen.client,
        contact: id(contact),
        lead: id(lead),
        deal: id(deal),
        closed_deal: id(closed_deal),
        closed_lead: records.iter().any(|record| record.kind == Kind::Lead && !record.open),
        open_deal: seen.open_deal,
        owner: seen.owner,
    };
    (target, reasons)
}

/// Candidates whose own key is the client's, and deals of such contacts.
fn accepted<'f>(
    key: &ClientKey,
    chat: Option<&str>,
    policy: &Policy,
    facts: &Facts,
    found: &'f Found,
    reasons: &mut Vec<Reason>,
) -> Vec<Cow<'f, Record>> {
    let chat = chat.map(str::to_owned).or_else(|| match key {
        ClientKey::Chat(chat) => Some(chat.joined()),
        ClientKey::Phone(_) | ClientKey::Text(_) | ClientKey::Visit(_) => None,
    });
    let mut people: Vec<&RecordId> = Vec::new();
    let mut records = Vec::new();
    for record in found.records.iter().filter(|record| record.kind != Kind::Deal) {
        let by_chat = chat.as_ref().is_some_and(|chat| record.chats.contains(chat));
        let by_number = record.phones.iter().any(|phone| has_key(phone, key, &policy.crm_plan));
        // The CRM itself said that this one is the client, or this call made it: whatever number it shows.
        let by_crm = facts.made(&StepKey::create(record.kind)) == Some(&record.id);
        let code = match (by_number, by_chat, by_crm) {
            (true, _, _) => ReasonCode::KeyMatched,
            (false, true, _) => ReasonCode::ChatMatched,
            (false, false, true) => ReasonCode::AdoptedExisting,
            (false, false, false) => ReasonCode::KeyDiffers,
        };
        reasons.push(Reason::new(code).with(record.kind.as_str(), record.id.as_str()));
        if by_number || by_chat || by_crm {
            people.extend((record.kind == Kind::Contact).then_some(&record.id));
            records.push(Cow::Borrowed(record));
        }
    }
    let deals = found.records.iter().filter(|record| record.kind == Kind::Deal);
    let by_number = |deal: &Record| deal.phones.iter().any(|phone| has_key(phone, key, &policy.crm_plan));
    let fits = |deal: &&Record| match &deal.contact {
        Some(contact) => people.contains(&contact),
        None => by_number(deal),
    };
    records.extend(deals.filter(fits).map(Cow::Borrowed));
    records
}

/// Whether a number as the CRM stores it leads to the client's key; a field with two numbers has two keys.
#[must_use]
pub fn has_key(stored: &Phone, key: &ClientKey, plan: &NumberPlan) -> bool {
    match key {
        ClientKey::Phone(own) => match phone::read(stored.raw(), plan).verdict {
            Verdict::Key(key) => key == *own,
            Verdict::Several(keys) => keys.contains(own),
            Verdict::Ambiguous(_)
            | Verdict::Text(_)
            | Verdict::Internal(_)
            | Verdict::Withheld
            | Verdict::NotANumber => false,
        },
        ClientKey::Text(_) => client::of_number(stored, plan).is_ok_and(|stored| stored == *key),
        ClientKey::Chat(_) | ClientKey::Visit(_) => false,
    }
}

/// Records made by us count while the CRM's search may not show them, and some seconds more, by which the clocks of who
/// made and who looks may differ; after that the search is believed.
fn add_own(
    records: &mut Vec<Cow<'_, Record>>,
    facts: &Facts,
    found: &Found,
    policy: &Policy,
    reasons: &mut Vec<Reason>,
) {
    let lag = proof_lag(policy);
    let counts = |own: &&OwnRecord| own.at + lag > found.at && !facts.gone.contains(&own.id);
    for own in facts.own.iter().filter(|own| PEOPLE.contains(&own.kind)).filter(counts) {
        if records.iter().any(|record| record.kind == own.kind && record.id == own.id) {
            continue;
        }
        reasons.push(Reason::new(ReasonCode::OwnRecordTrusted).with(own.kind.as_str(), own.id.as_str()));
        let mut record = Record::new(own.kind, own.id.clone());
        record.owner.clone_from(&own.owner);
        record.contact.clone_from(&own.contact);
        (record.created_at, record.modified_at) = (Some(own.at), Some(own.at));
        records.push(Cow::Owned(record));
    }
}

fn best<'r>(
    records: &'r [Cow<'_, Record>],
    kind: Kind,
    policy: &Policy,
    reasons: &mut Vec<Reason>,
    fits: impl Fn(&Record) -> bool,
) -> Option<&'r Record> {
    let of_kind: Vec<&Record> =
        records.iter().map(AsRef::as_ref).filter(|record| record.kind == kind && fits(record)).collect();
    if let [only] = of_kind[..] {
        return Some(only);
    }
    let rank = |record: &&&Record| {
        let weights = policy.matching.prefer.iter().map(|prefer| weight(*prefer, record, records));
        // Ids of equal length compare as numbers do; the lower one is the older one in every CRM known here.
        (weights.map(Reverse).collect::<Vec<_>>(), record.id.as_str().len(), record.id.clone())
    };
    let chosen = of_kind.iter().min_by_key(rank).copied()?;
    let count = of_kind.len().to_string();
    reasons.push(Reason::new(ReasonCode::SeveralMatched).with(kind.as_str(), chosen.id.as_str()).with("of", count));
    Some(chosen)
}

/// Larger is better.
fn weight(prefer: Prefer, record: &Record, records: &[Cow<'_, Record>]) -> i64 {
    let seconds = |at: Option<Timestamp>| at.map_or(i64::MIN, Timestamp::as_second);
    match prefer {
        Prefer::OpenDeal => i64::from(
            records
                .iter()
                .any(|deal| deal.kind == Kind::Deal && deal.open && deal.contact.as_ref() == Some(&record.id)),
        ),
        Prefer::Owned => i64::from(record.owner.is_some()),
        Prefer::Recent => seconds(record.modified_at.max(record.created_at)),
        Prefer::Oldest => seconds(record.created_at).checked_neg().unwrap_or(i64::MIN),
    }
}
