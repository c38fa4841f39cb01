//! `[projects.smart_phone]`: the platform's app, to which clients are told.

use super::{secret::Sources, section::Section};
use crate::smart_phone::{self, SmartPhoneConfig};

/// Reads it; `None` when the project has none, or after a fault was noted.
pub(super) fn read(project: &mut Section<'_>, crm: Option<&str>, sources: &dyn Sources) -> Option<SmartPhoneConfig> {
    let is_there = project.peek("smart_phone").is_some();
    let mut section = project.section("smart_phone");
    let url = section.text("url").unwrap_or_else(|| smart_phone::URL.to_owned());
    if !url.starts_with("https://") && !url.starts_with("http://") {
        section.fault("url", "is no address; write one that begins with https://");
    }
    let auth_key = section.secret("auth_key", sources);
    let project_id = section.optional_number("project_id", 1..=i64::MAX);
    let origin = section.text("origin").or_else(|| crm.map(str::to_owned));
    let hints = [
        ("auth_key", "refer to the platform's key to the project, { env = \"NAME\" } or { file = \"path\" }"),
        ("project_id", "write the platform's id of the project, a number"),
    ];
    for (key, hint) in hints {
        if is_there && section.peek(key).is_none() {
            section.fault(key, format!("is missing; {hint}"));
        }
    }
    section.close();
    Some(SmartPhoneConfig { url, auth_key: auth_key?, project_id: project_id?, origin: origin? })
}
