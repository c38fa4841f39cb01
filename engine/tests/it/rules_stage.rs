//! Where a new deal is placed: Z-06 … Z-08, RC-01 … RC-04.

use tieline_engine::{reason::ReasonCode, record::Kind, rules::StageRule, scenario::Scenario, step::Place};

use super::{
    desk::Desk,
    office::{self, LINE, OLENA, TestCall, incoming},
};

fn rule(param: &str, equals: &str, stage: &str) -> StageRule {
    let place = Place { pipeline: None, stage: stage.to_owned() };
    StageRule { name: format!("{param} is {equals}"), param: param.to_owned(), equals: equals.to_owned(), place }
}

/// The stage of the deal a call makes under rules.
fn stage(rules: &[StageRule], call: TestCall) -> Option<String> {
    let mut desk = Desk::new(office::policy(Scenario::standard()));
    desk.policy.stage_rules = rules.to_vec();
    desk.deliver(call.answered_by(OLENA).done());
    let said = |code| desk.ordered[0].reasons.iter().any(|reason| reason.code == code);
    let place = desk.crm.only(Kind::Deal).fields.place.clone();
    assert_eq!(said(ReasonCode::StageRule), place.is_some());
    assert_eq!(said(ReasonCode::DefaultStage), place.is_none());
    place.map(|place| place.stage)
}

fn pool(name: &str) -> TestCall {
    incoming("a").with(|call| call.pool = Some(name.to_owned()))
}

#[test]
fn z_06_z_07_the_deal_is_made_where_the_rule_says_and_else_at_the_default() {
    let rules = [rule("pool_name", "Site", "Identify Decision Makers")];
    assert_eq!(stage(&rules, pool("Site")).as_deref(), Some("Identify Decision Makers"));
    assert_eq!(stage(&rules, pool(" site ")).as_deref(), Some("Identify Decision Makers"));
    assert_eq!(stage(&rules, pool("Site 2")), None);
    assert_eq!(stage(&rules, incoming("a")), None);
}

#[test]
fn z_08_rc_01_rc_02_the_first_rule_that_fits_wins() {
    let rules = [rule("pool_name", "Ads", "a"), rule("utm_source", "google", "b"), rule("pool_name", "Site", "c")];
    assert_eq!(stage(&rules, pool("Site").utm("google")).as_deref(), Some("b"));
    assert_eq!(stage(&rules, pool("Site").utm("bing")).as_deref(), Some("c"));
    let contradicting = [rule("pool_name", "Site", "up"), rule("pool_name", "Site", "down")];
    assert_eq!(stage(&contradicting, pool("Site")).as_deref(), Some("up"));
}

#[test]
fn rc_03_a_dialled_number_places_the_order_however_it_is_spelt() {
    for spelling in [LINE, "0443334455", "+38 (044) 333-44-55"] {
        assert_eq!(
            stage(&[rule("dst", spelling, "cancelled")], incoming("a")).as_deref(),
            Some("cancelled"),
            "{spelling}"
        );
    }
    assert_eq!(stage(&[rule("dst", "0443334456", "cancelled")], incoming("a")), None);
}

#[test]
fn rc_04_without_a_rule_the_default_status_applies() {
    assert_eq!(stage(&[], incoming("a")), None);
    assert_eq!(stage(&[rule("department", "sales", "x")], incoming("a")), None);
}

#[test]
fn a_free_parameter_of_the_pbx_can_decide_too() {
    let call = incoming("a").with(|call| drop(call.params.insert("tag".to_owned(), "VIP".to_owned())));
    assert_eq!(stage(&[rule("tag", "vip", "first")], call).as_deref(), Some("first"));
}
