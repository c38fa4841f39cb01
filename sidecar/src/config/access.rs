//! `[[access.tokens]]` and `[[projects.tokens]]`: who may do what, and what of it must be there before a port is opened
//! to others.

use std::{collections::BTreeSet, sync::Arc};

use secrecy::{ExposeSecret as _, SecretString};
use tieline_engine::ids::ProjectId;

use super::{project::is_id, secret::Sources, section::Section, server::Server};
use crate::{
    access::{Access, Role, Token, secret::Fingerprint},
    project::Project,
    tls::TlsFiles,
};

/// Shortest token, in characters: 128 bits when they are hexadecimal digits by chance.
const TOKEN_CHARS_MIN: usize = 32;

/// The projects a configuration knows of.
#[derive(Clone, Copy)]
pub(super) struct Known<'p> {
    /// Those of the file; `None` where they have faults of their own.
    pub(super) file: Option<&'p [Project]>,
    /// There may be others in the store.
    pub(super) others: bool,
}

/// Reads the tokens, and refuses ports that would be open to whoever reaches them.
pub(super) fn read(root: &mut Section<'_>, server: Option<&Server>, known: Known<'_>, sources: &dyn Sources) -> Access {
    let mut section = root.section("access");
    let tokens = tokens(&mut section, server, known, sources);
    section.close();
    let open = server.filter(|_| !section.is_broken() && section.peek("tokens").is_none());
    let needs_secrets = open.is_some_and(webhooks_need_secrets);
    if let Some(server) = open {
        open_ports(root, server, known.file);
    }
    let access = Access::new(tokens);
    for project in known.file.into_iter().flatten() {
        if let Some(why) = access.refuses(project) {
            root.fault("access.tokens", format!("do not go with those of project {}: {why}", project.id));
        }
        access.put(project);
    }
    access.with_webhook_secrets(needs_secrets)
}

/// A project's own tokens: they reach this project only, and administer nothing.
pub(super) fn of_project(project: &mut Section<'_>, id: Option<&ProjectId>, sources: &dyn Sources) -> Vec<Arc<Token>> {
    let mut names = BTreeSet::new();
    let mut tokens: Vec<Arc<Token>> = Vec::new();
    for mut section in project.sections("tokens") {
        let name = name(&mut section);
        let role = role(&mut section, "exchange or reader");
        if role == Some(Role::Admin) {
            section.fault("role", "is admin, which a project's own token cannot be; write exchange or reader");
        }
        let secret = secret(&mut section, sources);
        if section.peek("secret").is_none() && !section.is_broken() {
            section.fault("secret", "is missing; name where the token's secret is");
        }
        section.close();
        if !names.insert(name.clone()) {
            section.fault("name", "another token of the project has this name; each needs its own");
        }
        let (Some(id), Some(role), Some(secret)) = (id, role, secret) else { continue };
        if tokens.iter().any(|other| other.secret.as_ref().is_some_and(|other| other.is(&secret))) {
            section.fault("secret", "is the secret of another token; each needs its own");
        }
        let (name, projects) = (format!("{id}/{name}"), Some([id.clone()].into()));
        tokens.push(Arc::new(Token { name, role, projects, secret: Some(secret), cert_name: None }));
    }
    tokens
}

fn tokens(section: &mut Section<'_>, server: Option<&Server>, known: Known<'_>, sources: &dyn Sources) -> Vec<Token> {
    let (mut names, mut cert_names) = (BTreeSet::new(), BTreeSet::new());
    let mut tokens: Vec<Token> = Vec::new();
    for mut section in section.sections("tokens") {
        let Some(token) = token(&mut section, known, sources) else { continue };
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

fn token(section: &mut Section<'_>, known: Known<'_>, sources: &dyn Sources) -> Option<Token> {
    let name = name(section);
    let role = role(section, "exchange, reader or admin");
    let secret = secret(section, sources);
    let cert_name = section.text("cert_name");
    if section.peek("secret").is_none() && cert_name.is_none() {
        section.fault("", "names nothing to be known by; give a secret, a cert_name, or both");
    }
    let own = section.texts("projects");
    let own = section.peek("projects").map(|_| own);
    for (index, project) in own.iter().flatten().enumerate() {
        let is_in_file = known.file.is_none_or(|known| known.iter().any(|known| known.id.as_str() == project));
        let is_known = is_in_file || (known.others && is_id(project));
        if !is_known {
            section.fault_in("projects", index, "is no project of this configuration");
        }
    }
    if own.as_ref().is_some_and(Vec::is_empty) {
        section.fault("projects", "names no project; leave it out for all of them");
    }
    section.close();
    let projects = own.map(|own| own.into_iter().map(ProjectId::new).collect());
    Some(Token { name, role: role?, projects, secret, cert_name })
}

fn name(section: &mut Section<'_>) -> String {
    section.needed("name", "give the token a name; logs and the threat model use it")
}

fn role(section: &mut Section<'_>, roles: &str) -> Option<Role> {
    if section.peek("role").is_none() && !section.is_broken() {
        section.fault("role", format!("is missing; write {roles}"));
    }
    section.read::<Role>("role")
}

fn secret(section: &mut Section<'_>, sources: &dyn Sources) -> Option<Fingerprint> {
    let secret = section.secret("secret", sources)?;
    if !fits_a_header(&secret) {
        let text = format!("the secret it names must be {TOKEN_CHARS_MIN} or more letters, digits or -._~+/=");
        section.fault("secret", text);
    }
    Some(Fingerprint::of(secret.expose_secret().as_bytes()))
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
    if !server.grpc_listen.ip().is_loopback() && !asks(server.tls.as_ref()) {
        let text = "are missing: server.grpc_listen is an address beyond this machine, and nobody is asked who they \
                    are; give [[access.tokens]] or server.tls.client_ca, or write server.allow_plain = true when the \
                    network or a proxy asks";
        root.fault("access.tokens", text);
    }
    let open = projects.is_some_and(|projects| projects.iter().any(|project| !project.intake.has_secret()));
    if open && webhooks_need_secrets(server) {
        let text = "are missing: server.http_listen is an address beyond this machine, and a project's webhooks have \
                    no secret; give projects.intake one, or [[access.tokens]], or write server.allow_plain = true when \
                    the network or a proxy asks";
        root.fault("access.tokens", text);
    }
}

/// Whether a project's webhooks would be open to whoever reaches the port, where there is no token.
fn webhooks_need_secrets(server: &Server) -> bool {
    !server.allow_plain && !server.http_listen.ip().is_loopback() && !asks(server.http_tls.as_ref())
}

/// Whether clients must show a certificate.
fn asks(tls: Option<&TlsFiles>) -> bool {
    tls.is_some_and(|tls| tls.client_ca.is_some())
}
