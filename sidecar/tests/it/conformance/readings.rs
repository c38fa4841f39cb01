//! What the wire references leave open, in each reading, and the settings that go with it. Every case is played in
//! each, without a fault and with lost replies: those are what a misreading turns into doubles.

use serde_json::{Value, json};
use tieline_sandbox::CrmKind;

use super::faults::Fault;

/// One reading of a reference.
pub(super) struct Reading {
    /// Settings of the simulated CRM.
    pub(super) sim: Value,
    /// Settings of the connection.
    pub(super) settings: &'static str,
}

/// The faults readings are played under.
pub(super) const FAULTS: [Fault; 2] = [Fault::None, Fault::LostReply];

/// What the matrix itself is played in.
pub(super) fn usual() -> Reading {
    Reading { sim: json!({}), settings: "" }
}

/// The other readings of a CRM's reference.
pub(super) fn others(kind: CrmKind) -> Vec<Reading> {
    let of = |readings: &[(Value, &'static str)]| {
        readings.iter().map(|(sim, settings)| Reading { sim: sim.clone(), settings }).collect()
    };
    match kind {
        CrmKind::Zoho => of(&[
            (json!({"unknown_fields": "reject"}), ""),
            (json!({"stage_names": "actual"}), ""),
            (json!({"stage_names": "display"}), ""),
            (json!({"cross_check": true, "all_failed_status": 202}), ""),
            (json!({"unique_phone_key": false}), ""),
            (json!({"composite_body_references": false}), "composite_references = false"),
            (json!({"edition": "standard"}), "edition = \"standard\""),
            (json!({}), "deal_lookup = \"by_contact\""),
        ]),
        CrmKind::RetailCrm => of(&[
            (json!({"phone_match": "exact"}), ""),
            (json!({"phone_match": "suffix"}), ""),
            (json!({"unknown_fields": "reject"}), ""),
            (json!({"site_access": "access_selective"}), ""),
            (json!({"order_finds_customer": true}), ""),
        ]),
        CrmKind::RemOnline => of(&[
            (json!({"generations": ["a"], "created_data": "list"}), "api = \"token\""),
            (json!({"generations": ["a"], "bad_token": "unauthorized"}), "api = \"token\""),
            (json!({"generations": ["a", "c"]}), "api = \"v2\""),
            (json!({"empty_writes": "never", "created_body": "number"}), ""),
            (json!({"empty_writes": "all"}), ""),
            (json!({"b_envelope": "c", "unknown_filters": "ignore"}), ""),
            (json!({"lead_shape": "flat", "lead_status_groups": false}), ""),
            (json!({"phone_match": "exact"}), "search = \"in_turn\""),
            (json!({"phone_match": "national", "unknown_fields": "reject"}), ""),
        ]),
        CrmKind::SendPulse => of(&[
            (json!({"phone_match": "digits", "phones_in": "reject"}), "phone_search = \"phone\""),
            (json!({"phone_match": "suffix", "unknown_fields": "reject"}), ""),
            (json!({"comments_shown": "single"}), ""),
            (json!({"contact_deals_envelope": "list", "task_list_envelope": "plain"}), ""),
            (json!({"contact_deals_envelope": "meta", "lists_as_objects": true}), ""),
            (json!({"deleted_deals_listed": true, "validation_body": "errors"}), ""),
            (json!({}), "contact_path = \"steps\""),
            (json!({}), "contact_path = \"steps\"\nexternal_id = true"),
        ]),
        CrmKind::Dataverse => of(&[
            (json!({"nested_references": true, "batch_line_ends": "any"}), ""),
            (json!({"changeset_error_wrapped": false, "batch_failure_status": "of_the_part"}), ""),
            (json!({"server_parties": false, "create_statuscode": "ignore"}), ""),
            (json!({"duplicate_rules": ["contacts.telephone1"], "duplicate_status": 500}), ""),
            (json!({"leading_wildcards": "timeout", "check_scope": true}), ""),
            (json!({}), "create_by = \"post\""),
            (json!({}), "missed_status = \"canceled\""),
        ]),
    }
}
