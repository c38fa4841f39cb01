//! The alias table: what each parameter is called on the wire (telephony/events.md 2.2).

use std::collections::BTreeMap;

/// A parameter intake understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Param {
    CallId,
    Type,
    Insertion,
    Status,
    CallDate,
    Caller,
    Callee,
    Dst,
    E164,
    UserField,
    FullNum,
    CallerNumber,
    ConnectedWith,
    OutboundNumber,
    Extension,
    TalkSeconds,
    TotalSeconds,
    TotalMillis,
    RingSeconds,
    Recording,
    HasRecording,
    EmployeeName,
    EmployeeId,
    EmployeeEmail,
    Department,
    Pool,
    Scheme,
    UtmSource,
    UtmMedium,
    UtmCampaign,
    UtmContent,
    UtmTerm,
    GoogleClientId,
}

/// Each parameter's names, the most telling first. Case, `_` and `-` do not matter. `destination`, `id`, `waitTime`
/// and `billSec` are a relay's (payload 26); `record` is the call id where it is not a link (payload 06).
const TABLE: &[(Param, &[&str])] = &[
    (Param::CallId, &["uniqueid", "call_id", "cdr_id", "record", "id"]),
    (Param::Type, &["call_type", "type"]),
    (Param::Insertion, &["substitution_type"]),
    (Param::Status, &["disposition", "status"]),
    (Param::CallDate, &["calldate", "call_date", "date"]),
    (Param::Caller, &["caller"]),
    (Param::Callee, &["callee"]),
    (Param::Dst, &["dst", "destination"]),
    (Param::E164, &["E164"]),
    (Param::UserField, &["userfield"]),
    (Param::FullNum, &["full_num"]),
    (Param::CallerNumber, &["caller_number"]),
    (Param::ConnectedWith, &["connected_with"]),
    (Param::OutboundNumber, &["outbound_number"]),
    (Param::Extension, &["extension_number", "additional_number"]),
    (Param::TalkSeconds, &["billsec", "dialog"]),
    (Param::TotalSeconds, &["duration", "call_duration"]),
    (Param::TotalMillis, &["duration_ms"]),
    (Param::RingSeconds, &["waittime", "waiting"]),
    (Param::Recording, &["recording_wav", "recording", "record_link"]),
    (Param::HasRecording, &["has_recording"]),
    (Param::EmployeeName, &["employee_fio"]),
    (Param::EmployeeId, &["employee_number", "staffid", "manager_id"]),
    (Param::EmployeeEmail, &["employee_email"]),
    (Param::Department, &["department"]),
    (Param::Pool, &["pool_name"]),
    (Param::Scheme, &["scheme_name"]),
    (Param::UtmSource, &["utm_source"]),
    (Param::UtmMedium, &["utm_medium"]),
    (Param::UtmCampaign, &["utm_campaign"]),
    (Param::UtmContent, &["utm_content"]),
    (Param::UtmTerm, &["utm_term"]),
    (Param::GoogleClientId, &["client_id", "ga"]),
];

/// Understood parameters that rules and mappings may still ask for by name, because the call has no place of its own
/// for them; none is about a person.
pub(super) const ALSO_KEPT: &[(Param, &str)] = &[
    (Param::Type, "call_type"),
    (Param::Insertion, "substitution_type"),
    (Param::TotalSeconds, "duration"),
    (Param::RingSeconds, "waittime"),
];

/// The parameter a name stands for, and how telling that name is (0 most), after the project's own names.
pub(super) fn find(name: &str, own: &BTreeMap<String, String>) -> Option<(Param, usize)> {
    let name = platform_name(name, own);
    TABLE.iter().find_map(|(param, aliases)| {
        let rank = aliases.iter().position(|alias| same(alias, name))?;
        Some((*param, rank))
    })
}

/// The platform's name for a customer's.
pub(super) fn platform_name<'a>(name: &'a str, own: &'a BTreeMap<String, String>) -> &'a str {
    own.get(name).map_or(name, String::as_str)
}

/// Whether a name can only belong to a call, not to what wraps one.
pub(super) fn names_call(name: &str, own: &BTreeMap<String, String>) -> bool {
    let known = find(name, own).map(|(param, _)| param);
    let wrappers_use = ["id", "status", "type", "date", "record", "duration"].iter().any(|word| same(word, name));
    known.is_some() && !wrappers_use
}

/// Whether two names differ by case, `_` and `-` only.
pub(super) fn same(left: &str, right: &str) -> bool {
    let letters = |name: &str| -> Vec<char> {
        name.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase()).collect()
    };
    letters(left) == letters(right)
}
