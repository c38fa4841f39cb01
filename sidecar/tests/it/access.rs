//! Who may do what, over real ports.

mod http;
pub(crate) mod tls;
mod tokens;

use tonic::{
    Request,
    metadata::{Ascii, MetadataValue},
};

use crate::house::{House, token};

/// Tokens of two projects, one role each, and of everything.
const TOKENS: [(&str, &str, &str); 6] = [
    ("shop-pbx", "exchange", "projects = [\"shop\"]"),
    ("other-pbx", "exchange", "projects = [\"other\"]"),
    ("shop-screen", "reader", "projects = [\"shop\"]"),
    ("shop-admin", "admin", "projects = [\"shop\"]"),
    ("screen", "reader", ""),
    ("admin", "admin", ""),
];

/// A second project.
const OTHER: &str = r#"
    [[projects]]
    id = "other"
    zone = "Europe/Kyiv"
    region = "UA"
    [projects.connection]
    crm = "retailcrm"
    active = false
    settings = { url = "http://127.0.0.1:9" }
    secrets = { api_key = { env = "API_KEY" } }
    [projects.intake]
    path_secret = { env = "TOKEN_hook" }
"#;

fn tokens() -> String {
    let table = |(name, role, projects): &(&str, &str, &str)| {
        format!(
            "[[access.tokens]]\nname = \"{name}\"\nrole = \"{role}\"\nsecret = {{ env = \"TOKEN_{name}\" }}\n{projects}\n"
        )
    };
    TOKENS.iter().map(table).collect()
}

/// A sidecar of two projects that asks everybody who they are.
async fn guarded() -> House {
    House::guarded("", &tokens(), OTHER).await
}

/// A request that shows a token.
fn with<T>(name: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", shown(name));
    request
}

fn shown(name: &str) -> MetadataValue<Ascii> {
    format!("Bearer {}", token(name)).parse().unwrap()
}
