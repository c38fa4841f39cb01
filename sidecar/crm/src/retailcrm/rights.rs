//! Which of the methods in use the key may call, by the CRM's own list (retailcrm.md 1.1).
//!
//! Older keys list paths of methods, newer ones scopes as well. Either grants.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::dialect::Finding;

use super::{
    answers::{entries, text_of},
    inspect::finding,
    settings::Settings,
};

/// What a key may do, as one line of the CRM's form of keys.
struct Right {
    about: &'static str,
    /// Paths below the prefix; what stands in braces has any name.
    methods: &'static [&'static str],
    /// The scope that grants them all. Only some of these names are in the sources; the others follow their pattern.
    scope: &'static str,
    /// Whether this connection uses it.
    is_used: fn(&Settings) -> bool,
}

const fn right(about: &'static str, methods: &'static [&'static str], scope: &'static str) -> Right {
    Right { about, methods, scope, is_used: |_| true }
}

const RIGHTS: &[Right] = &[
    right("right to read customers", &["/customers", "/customers/{}"], "customer_read"),
    right(
        "right to write customers",
        &["/customers/create", "/customers/{}/edit", "/customers/notes/create"],
        "customer_write",
    ),
    right("right to read orders", &["/orders", "/orders/statuses"], "order_read"),
    right("right to write orders", &["/orders/create", "/orders/{}/edit"], "order_write"),
    right("right to read tasks", &["/tasks"], "task_read"),
    right("right to write tasks", &["/tasks/create", "/tasks/{}/edit"], "task_write"),
    Right {
        is_used: |settings| settings.uploads_calls,
        ..right("right to telephony", &["/telephony/calls/upload"], "telephony_write")
    },
    right("right to write Google client ids", &["/web-analytics/client-ids/upload"], "analytics_write"),
    right("right to read statuses", &["/reference/statuses", "/reference/status-groups"], "reference_read"),
    right("right to read users", &["/users"], "user_read"),
    right("right to read custom fields", &["/custom-fields"], "custom_fields_read"),
    Right {
        is_used: |settings| settings.module_code.is_some(),
        ..right(
            "right to register telephony",
            &["/integration-modules/{}", "/integration-modules/{}/edit"],
            "integration_write",
        )
    },
];

/// One finding for each right in use, from the answer to `GET /credentials`.
pub(super) fn findings(settings: &Settings, credentials: &Value) -> Vec<Finding> {
    let list = |key: &str| entries(credentials.get(key)).into_iter().filter_map(text_of).collect::<Vec<_>>();
    let paths: BTreeSet<String> = list("credentials").iter().map(|path| shape(path)).collect();
    let scopes = BTreeSet::from_iter(list("scopes"));
    if paths.is_empty() && scopes.is_empty() {
        let text = "the CRM does not list them; what the key may not do shows when it is tried";
        return vec![finding("rights of the key", true, text)];
    }
    let used = RIGHTS.iter().filter(|right| (right.is_used)(settings));
    used.map(|right| judge(right, &paths, &scopes)).collect()
}

fn judge(right: &Right, paths: &BTreeSet<String>, scopes: &BTreeSet<String>) -> Finding {
    let lacking: Vec<&str> = right.methods.iter().copied().filter(|path| !paths.contains(*path)).collect();
    if lacking.is_empty() || scopes.contains(right.scope) {
        return finding(right.about, true, "the key has it");
    }
    let hint = "grant it to the key in Settings, Integration, API access keys";
    finding(right.about, false, format!("the key may not call {}: {hint}", lacking.join(", ")))
}

/// A path as [`RIGHTS`] writes it: without prefix and version, names of parameters left out.
fn shape(path: &str) -> String {
    let path = path.trim_end_matches('/');
    let path = path.strip_prefix("/api").unwrap_or(path);
    let path = path.strip_prefix("/v5").unwrap_or(path);
    let part = |part: &str| if part.starts_with('{') { "{}".to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}
