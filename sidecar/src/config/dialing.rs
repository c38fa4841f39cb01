//! `[projects.click_to_call]`: whether and how the people of a CRM call by a click.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tieline_engine::{agents::Agents, dialing::DialPolicy};

use super::{secret::Sources, section::Section, server::web_address};
use crate::{
    dialing::platform::{CallbackApi, CallbackForm},
    project::ClickToCall,
};

/// Shortest secret, in characters: about 95 bits when they are letters and digits by chance.
const SECRET_CHARS_MIN: usize = 16;
/// Longest life of a link: a week, in minutes.
const LINK_MINUTES_MAX: i64 = 7 * 24 * 60;
/// A link lives a working day and its evening, so that a page opened in the morning still calls.
const LINK_MINUTES: u32 = 24 * 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Simple,
    Extended,
}

/// The table, where there is one.
pub(super) fn read(project: &mut Section<'_>, agents: &Agents, sources: &dyn Sources) -> Option<ClickToCall> {
    let is_there = project.peek("click_to_call").is_some();
    let mut section = project.section("click_to_call");
    if !is_there || section.is_broken() {
        return None;
    }
    if section.peek("secret").is_none() {
        section.fault("secret", "is missing; name where a secret of 16 or more characters is, or leave the table out");
    }
    let secret = section.secret("secret", sources);
    if secret.as_ref().is_some_and(is_short) {
        section.fault("secret", format!("the secret it names must be {SECRET_CHARS_MIN} or more characters"));
    }
    let sip = section.text("sip");
    let is_sip =
        |sip: &String| agents.list().iter().flat_map(|agent| &agent.sips).any(|own| own.eq_ignore_ascii_case(sip));
    if sip.as_ref().is_some_and(|sip| !is_sip(sip)) {
        section.fault("sip", "is no SIP login of [[projects.agents]]; write one of an agent's");
    }
    let policy = DialPolicy { sip, client_first: section.flag("client_first", DialPolicy::default().client_first) };
    let minutes = section.number("link_minutes_max", LINK_MINUTES, 1..=LINK_MINUTES_MAX);
    let callback = callback(&mut section, sources);
    section.close();
    let link_bound = Duration::from_mins(minutes.into());
    Some(ClickToCall { secret: secret?, policy, link_bound, callback })
}

/// `[projects.click_to_call.callback]`
fn callback(parent: &mut Section<'_>, sources: &dyn Sources) -> Option<CallbackApi> {
    let is_there = parent.peek("callback").is_some();
    let mut section = parent.section("callback");
    if !is_there || section.is_broken() {
        return None;
    }
    let text = section.needed("url", "write the address of the platform's API");
    let url = web_address(&text);
    if url.is_none() && !text.is_empty() {
        section.fault("url", "is no web address; write one such as https://api.example.com");
    }
    if section.peek("auth_key").is_none() {
        section.fault("auth_key", "is missing; name where the platform's key is");
    }
    let auth_key = section.secret("auth_key", sources);
    let mode = section.read("mode").unwrap_or(Mode::Extended);
    let (extension, project_id) = (section.text("extension"), section.text("project_id"));
    let form = match mode {
        Mode::Simple => extension.map(|extension| CallbackForm::Simple { extension }),
        Mode::Extended => project_id.map(|project_id| CallbackForm::Extended { project_id }),
    };
    let (key, what) = match mode {
        Mode::Simple => ("extension", "write the project number whose scheme rings the agents"),
        Mode::Extended => ("project_id", "write the project's id in the platform"),
    };
    if section.peek(key).is_none() {
        section.fault(key, format!("is missing; {what}"));
    }
    section.close();
    Some(CallbackApi { url: url?, auth_key: auth_key?, form: form? })
}

fn is_short(secret: &SecretString) -> bool {
    secret.expose_secret().chars().count() < SECRET_CHARS_MIN
}
