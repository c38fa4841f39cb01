//! The telephone exchange: reports a call by the door its scene names.

use reqwest::RequestBuilder;
use serde_json::{Map, Value, json};
use tieline_engine::jiff::{civil::Date, fmt::strtime};

use super::{
    calls,
    config::WEBHOOK_SECRET,
    house::House,
    story::{CallScene, Door, Outcome, Project, Way},
};
use crate::cli::Failure;

/// Names as the shop's webhooks have them, and the platform's for the same.
const SHOP_NAMES: &[(&str, &str)] = &[
    ("userfield", "number_of_client"),
    ("dst", "number_dialled"),
    ("uniqueid", "call_no"),
    ("calldate", "begun"),
    ("call_type", "direction"),
    ("disposition", "result"),
    ("billsec", "talk"),
    ("waittime", "wait"),
    ("connected_with", "account"),
    ("caller", "from_account"),
];
/// Seconds somebody's phone rings.
pub(super) const RING_SECONDS: u32 = 12;

type Params = Vec<(&'static str, String)>;

/// Reports everything there is to report of a call, up to its end.
pub(super) async fn report(house: &House, day: Date, call: &CallScene) -> Result<(), Failure> {
    if call.door == Door::Grpc {
        return calls::sync(house, calls::of(day, call)?).await.map(drop);
    }
    if call.early {
        let first = call.agents.first().copied();
        ring(house, day, call).await?;
        post(house, call, "pick_up", base(day, call, first)).await?;
    }
    let event = if call.way == Way::Out { "after_outgoing" } else { "after_call" };
    post(house, call, event, ended(day, call)).await
}

/// Reports that a call rings, and no more.
pub(super) async fn ring(house: &House, day: Date, call: &CallScene) -> Result<(), Failure> {
    post(house, call, "before_call", base(day, call, None)).await
}

/// What every report of a call says.
fn base(day: Date, call: &CallScene, agent: Option<&str>) -> Params {
    let sip = |agent: &str| format!("{}_{agent}", call.project.id());
    let kind = match call.way {
        Way::In | Way::Callback => "in",
        Way::Out => "out",
        Way::Internal => "internal",
    };
    let mut params = vec![
        ("uniqueid", call.id.to_owned()),
        ("calldate", format!("{} {}:00", strtime::format("%Y-%m-%d", day).unwrap_or_default(), call.at)),
        ("call_type", kind.to_owned()),
    ];
    match (call.way, agent) {
        (Way::Internal, _) => {
            let sips: Vec<String> = call.agents.iter().map(|agent| sip(agent)).collect();
            let ends = ["caller", "connected_with"].into_iter().zip(sips);
            params.extend(ends);
        }
        (Way::Out, agent) => {
            params.push(("userfield", call.client.to_owned()));
            params.push(("outbound_number", call.line.to_owned()));
            params.extend(agent.map(|agent| ("caller", sip(agent))));
        }
        (Way::In | Way::Callback, agent) => {
            params.push(("userfield", call.client.to_owned()));
            params.push(("dst", call.line.to_owned()));
            params.extend(agent.map(|agent| ("connected_with", sip(agent))));
        }
    }
    if call.way == Way::Callback {
        params.push(("substitution_type", "callback".to_owned()));
    }
    params.extend(call.more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    params
}

/// And what is known when it is over.
fn ended(day: Date, call: &CallScene) -> Params {
    let mut params = base(day, call, call.agents.last().copied());
    let (word, talk) = match call.outcome {
        Outcome::Talk(seconds) => ("ANSWERED", seconds),
        Outcome::Missed(word, seconds) => (word, seconds),
    };
    params.push(("disposition", word.to_owned()));
    params.push(("billsec", talk.to_string()));
    params.push(("waittime", RING_SECONDS.to_string()));
    params
}

async fn post(house: &House, call: &CallScene, event: &str, mut params: Params) -> Result<(), Failure> {
    if call.project == Project::Shop {
        for (name, _) in &mut params {
            *name = SHOP_NAMES.iter().find(|(known, _)| known == name).map_or(*name, |(_, own)| own);
        }
    }
    let answer = request(house, call, event, &params)?.send().await.map_err(Failure::of)?;
    let (status, text) = (answer.status(), answer.text().await.unwrap_or_default());
    if status.is_success() {
        return Ok(());
    }
    Err(Failure::Failed(format!("the webhook {event} of {} was refused with {status}: {text}", call.id)))
}

fn request(house: &House, call: &CallScene, event: &str, params: &Params) -> Result<RequestBuilder, Failure> {
    let root = format!("http://{}/hooks", house.sidecar.http_addr);
    let encoded = || serde_urlencoded::to_string(params).map_err(Failure::of);
    let url = match call.project {
        Project::Shop => format!("{root}/shop/{event}"),
        project => format!("{root}/{}/{WEBHOOK_SECRET}/{event}", project.id()),
    };
    let typed = |kind: &str, body: String| house.http.post(&url).header("content-type", kind).body(body);
    let request = match call.door {
        Door::Json => typed("application/json", json!(object(params)).to_string()),
        Door::Nested => typed("application/json", nested(params).to_string()),
        Door::Form | Door::Grpc => typed("application/x-www-form-urlencoded", encoded()?),
        Door::Query => house.http.get(format!("{url}?{}", encoded()?)),
    };
    Ok(match call.project {
        Project::Shop => request.basic_auth("pbx", Some(WEBHOOK_SECRET)),
        _ => request,
    })
}

fn object(params: &[(&str, String)]) -> Map<String, Value> {
    params.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into())).collect()
}

/// The call's own id and time outside, everything else in a block, as the platform nests it.
fn nested(params: &[(&str, String)]) -> Value {
    let (outside, inside) = params.split_at(2.min(params.len()));
    let mut whole = object(outside);
    whole.insert("additional_call_data".to_owned(), object(inside).into());
    whole.into()
}
