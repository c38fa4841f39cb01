//! `[[access.tokens]]`: who may do what, and what of it must be there before a port is opened to others.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret as _, SecretString};
use tieline_engine::ids::ProjectId;

use super::{secret::Sources, section::Section, server::Server};
use crate::{
    access::{Access, Role, Token, secret::Fingerprint},
    project::Project,
};

/// Shortest token, in characters: 128 bits when they are hexadecimal digits by chance.
const TOKEN_CHARS_MIN: usize = 32;

/// Reads the tokens, and refuses ports that would be open to whoever reaches them. `projects` is `None` where they
/// have faults of their own.
pub(super) fn read(
    root: &mut Section<'_>,
    server: Option<&Server>,
    projects: Option<&[Project]>,
    sources: &dyn Sources,
) -> Access {
    let mut section = root.section("access");
    let tokens = tokens(&mut section, server, projects, sources);
    section.close();
    if let Some(server) = server.filter(|_| !section.is_broken() && section.peek("tokens").is_none()) {
        open_ports(root, server, projects);
    }
    Access::new(tokens)
}

fn tokens(
    section: &mut Section<'_>,
    server: Option<&Server>,
    projects: Option<&[Project]>,
    sources: &dyn Sources,
) -> Vec<Token> {
    let (mut names, mut cert_names) = (BTreeSet::new(), BTreeSet::new());
    let mut tokens: Vec<Token> = Vec::new();
    for mut section in section.sections("tokens") {
        let Some(token) = token(&mut section, projects, sources) else { continue };
        if !names.insert(token.name.clone()) {
            section.fault("name", "another token has this name; each needs its own");
        }
        let secret = token.secret.as_ref();
        let same = |other: &Token| other.secret.as_ref().zip(secret).is_some_and(|(other, own)| other.is(own));
        if tokens.iter().any(same) {
            section.fault("secret", "is the secret of another token; each needs its own");
        }
        if secret.is_none() && token.cert_name.as_ref().is_some_and(|name| !cert_names.insert(name.clone())) {
            section.fault("cert_name", "is the name of another token; each needs its own");
        }
        let verifies = server.is_none_or(|server| {
            [&server.tls, &server.http_tls].into_iter().flatten().any(|tls| tls.client_ca.is_some())
        });
        if token.cert_name.is_some() && !verifies {
            section.fault("cert_name", "is of no use before clients show certificates; set server.tls.client_ca");
        }
        tokens.push(token);
    }
    tokens
}

fn token(section: &mut Section<'_>, projects: Option<&[Project]>, sources: &dyn Sources) -> Option<Token> {
    let name = section.needed("name", "give the token a name; logs and the threat model use it");
    let role = section.read::<Role>("role");
    if section.peek("role").is_none() {
        section.fault("role", "is missing; write exchange, reader or admin");
    }
    let secret = section.secret("secret", sources);
    if secret.as_ref().is_some_and(|secret| !fits_a_header(secret)) {
        let text = format!("the secret it names must be {TOKEN_CHARS_MIN} or more letters, digits or -._~+/=");
        section.fault("secret", text);
    }
    let cert_name = section.text("cert_name");
    if section.peek("secret").is_none() && cert_name.is_none() {
        section.fault("", "names nothing to be known by; give a secret, a cert_name, or both");
    }
    let own = section.texts("projects");
    let own = section.peek("projects").map(|_| own);
    for (index, project) in own.iter().flatten().enumerate() {
        if projects.is_some_and(|projects| projects.iter().all(|known| known.id.as_str() != project)) {
            section.fault_in("projects", index, "is no project of this configuration");
        }
    }
    if own.as_ref().is_some_and(Vec::is_empty) {
        section.fault("projects", "names no project; leave it out for all of them");
    }
    section.close();
    let secret = secret.map(|secret| Fingerprint::of(secret.expose_secret().as_bytes()));
    let projects = own.map(|own| own.into_iter().map(ProjectId::new).collect());
    Some(Token { name, role: role?, projects, secret, cert_name })
}

/// What may stand behind `Bearer` (RFC 6750 section 2.1).
fn fits_a_header(secret: &SecretString) -> bool {
    let secret = secret.expose_secret();
    let plain = secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte));
    plain && secret.len() >= TOKEN_CHARS_MIN
}

/// Without tokens whoever reaches a port may use it, unless clients show certificates there.
fn open_ports(root: &Section<'_>, server: &Server, projects: Option<&[Project]>) {
    if server.allow_plain {
        return;
    }
    let asks = |tls: &Option<crate::tls::TlsFiles>| tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
    if !server.grpc_listen.ip().is_loopback() && !asks(&server.tls) {
        let text = "are missing: server.grpc_listen is an address beyond this machine, and nobody is asked who they \
                    are; give [[access.tokens]] or server.tls.client_ca, or write server.allow_plain = true when the \
                    network or a proxy asks";
        root.fault("access.tokens", text);
    }
    let is_open = |project: &Project| project.intake.path_secret.is_none() && project.intake.basic.is_none();
    let open = projects.is_some_and(|projects| projects.iter().any(is_open));
    if open && !server.http_listen.ip().is_loopback() && !asks(&server.http_tls) {
        let text = "are missing: server.http_listen is an address beyond this machine, and a project's webhooks have \
                    no secret; give projects.intake one, or [[access.tokens]], or write server.allow_plain = true when \
                    the network or a proxy asks";
        root.fault("access.tokens", text);
    }
}
