//! What an administrator is told of an organisation before the first call.

use futures::executor::block_on;
use serde_json::{Value, json};
use tieline_crm::{Method, Trouble, dialect::Finding};

use super::{
    organisation::{fields_of, pipeline},
    support::{composite, dialect, executed, in_session},
};
use crate::scripted::Scripted;

const MODULES: [&str; 5] = ["Contacts", "Leads", "Deals", "Calls", "Tasks"];

/// The organisation's answers, in the order they are asked for.
struct Organisation {
    org: (u16, Value),
    user: (u16, Value),
    notes: (u16, Value),
    composite: (u16, Value),
    fields: [Vec<Value>; 5],
    pipeline: (u16, Value),
}

/// An organisation in which everything is as it should be.
fn organisation() -> Organisation {
    let license = json!({ "paid": true, "paid_type": "Enterprise" });
    let sub = executed(204, Value::Null);
    Organisation {
        org: (200, json!({ "org": [{ "company_name": "Secret Ltd", "license_details": license }] })),
        user: (200, json!({ "users": [{ "id": "411", "profile": { "name": "Administrator" } }] })),
        notes: (200, json!({ "data": [] })),
        composite: (200, json!({ "__composite_requests": [sub] })),
        fields: MODULES.map(complete),
        pipeline: (200, pipeline()),
    }
}

/// The fields of a module with everything worth making.
fn complete(module: &str) -> Vec<Value> {
    if module == "Tasks" {
        let picks = json!([{ "actual_value": "Not Started" }, { "actual_value": "Completed" }]);
        return vec![json!({ "api_name": "Status", "data_type": "picklist", "pick_list_values": picks })];
    }
    let mut fields = fields_of(module);
    if module != "Calls" {
        let more = ["rs_utm_campaign", "rs_utm_content", "rs_utm_term"];
        fields.extend(more.map(|name| json!({ "api_name": name, "data_type": "text", "custom_field": true })));
    }
    for field in fields.iter_mut().filter(|field| field["api_name"] == "Phone_Key") {
        field["unique"] = json!({ "case_sensitive": false });
    }
    fields
}

fn mismatch() -> Value {
    json!({ "code": "OAUTH_SCOPE_MISMATCH", "details": {}, "message": "Unauthorized", "status": "error" })
}

impl Organisation {
    fn script(&self, asks_composite: bool) -> Scripted {
        let text =
            |(status, body): &(u16, Value)| (*status, if body.is_null() { String::new() } else { body.to_string() });
        let mut answers = vec![text(&self.org), text(&self.user)];
        answers.extend(std::iter::repeat_n((204, String::new()), 5));
        answers.push(text(&self.notes));
        answers.extend(asks_composite.then(|| text(&self.composite)));
        answers.extend(self.fields.iter().map(|fields| (200, json!({ "fields": fields }).to_string())));
        answers.push((200, r#"{"layouts":[{"id":"901"}]}"#.to_owned()));
        answers.push(text(&self.pipeline));
        let given = |index: usize| answers.get(index).map_or((500, ""), |(status, body)| (*status, body.as_str()));
        Scripted::new::<16>(std::array::from_fn(given))
    }

    fn inspect(&self, settings: &[(&str, &str)]) -> Vec<Finding> {
        in_session(&self.script(true), |session| block_on(dialect(settings).inspect(session))).unwrap()
    }

    fn without(mut self, module: &str, name: &str) -> Self {
        let fields = MODULES.iter().position(|own| *own == module).map(|index| &mut self.fields[index]);
        fields.unwrap().retain(|field| field["api_name"] != name);
        self
    }
}

fn told<'a>(findings: &'a [Finding], about: &str) -> (bool, &'a str) {
    let finding = findings.iter().find(|finding| finding.about == about);
    let finding = finding.unwrap_or_else(|| panic!("nothing about {about}"));
    (finding.holds, finding.text.as_str())
}

#[test]
fn an_organisation_in_order_holds_in_every_point_and_is_only_read() {
    let net = organisation().script(true);
    let findings = in_session(&net, |session| block_on(dialect(&[]).inspect(session))).unwrap();
    assert!(findings.iter().all(|finding| finding.holds), "{findings:?}");
    let sent = net.sent();
    let asked: Vec<(Method, &str)> =
        sent.iter().map(|sent| (sent.method, sent.url.split_once("/crm/v8/").unwrap().1)).collect();
    let mut expected = vec![(Method::Get, "org"), (Method::Get, "users?type=CurrentUser")];
    expected.extend([(Method::Post, "coql"); 6]);
    expected.extend([
        (Method::Post, "__composite_requests"),
        (Method::Get, "settings/fields?module=Contacts"),
        (Method::Get, "settings/fields?module=Leads"),
        (Method::Get, "settings/fields?module=Deals"),
        (Method::Get, "settings/fields?module=Calls"),
        (Method::Get, "settings/fields?module=Tasks"),
        (Method::Get, "settings/layouts?module=Deals"),
        (Method::Get, "settings/pipeline?layout_id=901"),
    ]);
    assert_eq!(asked, expected);
    assert_eq!(sent[2].body, r#"{"select_query":"select id from Contacts where id = '0' limit 25"}"#);
    let query = json!({ "select_query": "select id from Contacts where id = '0' limit 25" });
    let sub = json!({ "sub_request_id": "s0", "method": "POST", "uri": "/crm/v8/coql", "body": query });
    let body: Value = serde_json::from_str(&sent[8].body).unwrap();
    let whole = json!({ "rollback_on_fail": false, "parallel_execution": true, "__composite_requests": [sub] });
    assert_eq!((body, sent[8].weight), (whole, 5));
    assert!(!findings.iter().any(|finding| finding.text.contains("Secret")));
}

#[test]
fn z_37_missing_fields_for_marks_are_told_by_module_and_stop_no_call() {
    let findings = organisation().without("Leads", "rs_utm_term").without("Leads", "rs_google_client_id").inspect(&[]);
    let text = "calls are delivered without these; make them as single lines to have them: \
                rs_utm_term, rs_google_client_id";
    assert_eq!(told(&findings, "fields for marks of Leads"), (false, text));
    assert!(told(&findings, "fields for marks of Contacts").0);
    let findings = organisation().inspect(&[("mark_prefix", "ad_")]);
    assert!(told(&findings, "fields for marks of Deals").1.ends_with("ad_utm_term, ad_google_client_id"));
}

#[test]
fn the_unique_number_must_be_there_writable_and_unique() {
    let findings = organisation().without("Contacts", "Phone_Key").inspect(&[]);
    let (holds, text) = told(&findings, "unique number of Contacts");
    assert!(!holds && text.contains("make the field Phone_Key"));
    assert!(told(&findings, "unique number of Leads").0);
    let changed = |change: fn(&mut Value)| {
        let mut organisation = organisation();
        organisation.fields[1].iter_mut().filter(|field| field["api_name"] == "Phone_Key").for_each(change);
        told(&organisation.inspect(&[]), "unique number of Leads").1.to_owned()
    };
    assert!(changed(|field| field["unique"] = json!({})).contains("allow no duplicates"));
    assert!(changed(|field| field["field_read_only"] = json!(true)).contains("may not be written"));
}

#[test]
fn closed_stages_are_named_as_people_see_them() {
    let findings = organisation().inspect(&[]);
    assert_eq!(told(&findings, "closed stages"), (true, "a deal is closed at Won"));
    assert_eq!(told(&findings, "place of new deals"), (true, "new deals begin at New"));
    let endless =
        json!({ "pipeline": [{ "actual_value": "P", "maps": [{ "actual_value": "A", "forecast_type": "Open" }] }] });
    let findings = Organisation { pipeline: (200, endless), ..organisation() }.inspect(&[]);
    assert!(!told(&findings, "closed stages").0);
    let findings = Organisation { pipeline: (204, Value::Null), ..organisation() }.inspect(&[]);
    assert_eq!(
        told(&findings, "closed stages").1,
        "no pipeline is known; a deal is closed at Closed Won and Closed Lost"
    );
}

#[test]
fn the_configured_stage_must_be_an_open_one_of_a_pipeline() {
    let place = |stage: &str| {
        let findings = organisation().inspect(&[("default_stage", stage)]);
        let (holds, text) = told(&findings, "place of new deals");
        (holds, text.to_owned())
    };
    assert!(place("Identify Decision Makers").0);
    assert_eq!(place("Won"), (false, "Won is a closed stage; choose another default_stage".to_owned()));
    assert_eq!(place("Lost"), (false, "no pipeline has the stage Lost; correct default_stage".to_owned()));
}

#[test]
fn limits_above_the_organisations_edition_are_a_fault() {
    let findings = organisation().inspect(&[("edition", "ultimate")]);
    let text = "the organisation has enterprise, limits are those of ultimate: set edition to enterprise";
    assert_eq!(told(&findings, "edition"), (false, text));
    assert!(told(&organisation().inspect(&[]), "edition").0, "fewer than allowed harm nobody");
}

#[test]
fn an_edition_that_cannot_be_read_is_no_fault() {
    let unread = [(401, mismatch()), (200, json!({ "org": [{ "license_details": { "paid_type": "zohoplus" } }] }))];
    for org in unread {
        let findings = Organisation { org, ..organisation() }.inspect(&[]);
        let (holds, text) = told(&findings, "edition");
        assert!(holds && text.contains("limits are those of standard"));
    }
}

#[test]
fn a_missing_scope_is_named_and_the_rest_is_looked_at_all_the_same() {
    let denied = Organisation {
        user: (401, mismatch()),
        notes: (401, mismatch()),
        composite: (401, mismatch()),
        pipeline: (401, mismatch()),
        ..organisation()
    };
    let findings = denied.inspect(&[]);
    for (about, scope) in [
        ("right to read users", "ZohoCRM.users.READ"),
        ("right to read Notes", "ZohoCRM.modules.notes.ALL"),
        ("right to composite requests", "ZohoCRM.composite_requests.CUSTOM"),
        ("right to read pipelines", "ZohoCRM.settings.pipeline.READ"),
    ] {
        let (holds, text) = told(&findings, about);
        assert!(!holds && text.contains(scope), "{about}: {text}");
    }
    assert!(told(&findings, "right to read Deals").0);
    assert!(told(&findings, "status of done tasks").0);
}

#[test]
fn a_connection_that_sends_no_composites_needs_no_right_to_them() {
    let net = organisation().script(false);
    let crm = dialect(&[("composite_reads", "false"), ("composite_writes", "false")]);
    let findings = in_session(&net, |session| block_on(crm.inspect(session))).unwrap();
    assert!(findings.iter().all(|finding| finding.holds && finding.about != "right to composite requests"));
}

#[test]
fn a_refused_part_of_a_composite_is_not_a_missing_right_to_composites() {
    let refused = json!({ "code": "INVALID_QUERY", "details": {}, "message": "m", "status": "error" });
    let body: Value = serde_json::from_str(&composite(&[executed(400, refused)])).unwrap();
    let findings = Organisation { composite: (400, body), ..organisation() }.inspect(&[]);
    assert!(told(&findings, "right to composite requests").0);
}

#[test]
fn tasks_that_cannot_be_completed_are_a_fault() {
    let mut organisation = organisation();
    organisation.fields[4][0]["pick_list_values"] = json!([{ "actual_value": "Erledigt" }]);
    let text = "tasks have no status Completed; add it to their pick list";
    assert_eq!(told(&organisation.inspect(&[]), "status of done tasks"), (false, text));
}

#[test]
fn an_expired_token_and_a_crm_that_is_away_are_trouble_and_not_findings() {
    let expired = json!({ "code": "INVALID_TOKEN", "details": {}, "message": "m", "status": "error" });
    let on = |org| {
        let net = Organisation { org, ..organisation() }.script(true);
        in_session(&net, |session| block_on(dialect(&[]).inspect(session)))
    };
    assert_eq!(on((401, expired)), Err(Trouble::TokenExpired));
    assert!(matches!(on((500, Value::Null)), Err(Trouble::Unavailable(_))));
}
