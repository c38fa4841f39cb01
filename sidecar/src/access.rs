//! Who may do what: tokens with a role and projects, and what a client certificate adds.
//!
//! | what | file |
//! | --- | --- |
//! | comparing secrets | `access/secret.rs` |
//! | names in a client's certificate | `access/names.rs` |
//! | the rights of each gRPC method | `grpc/rights.rs` |
//! | the rights of each HTTP path | `server/entrance.rs` |
//!
//! Without a token in `[[access.tokens]]`, access is open: the configuration then keeps the ports on this machine, unless
//! told otherwise. Projects may have tokens of their own besides, which come and go with the project.

pub mod names;
pub mod secret;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

use serde::Deserialize;
use tieline_engine::ids::ProjectId;

use self::secret::Fingerprint;
use crate::project::Project;

/// What a token is for. Each can do what its own work needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A telephone exchange: it routes, reports, and reads what became of its reports.
    Exchange,
    /// A screen or a monitor: it reads calls, caller cards, the ledger and figures.
    Reader,
    /// Whoever looks after the projects: everything.
    Admin,
}

impl Role {
    /// The role's name in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exchange => "exchange",
            Self::Reader => "reader",
            Self::Admin => "admin",
        }
    }
}

/// One `[[access.tokens]]`. It is used by whoever shows everything it asks for: the secret, the certificate, or both.
#[derive(Debug)]
pub struct Token {
    /// Its name in logs.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// The projects it sees; all of them when there is no list.
    pub projects: Option<BTreeSet<ProjectId>>,
    /// Of the secret that is shown as `authorization: Bearer …`.
    pub secret: Option<Fingerprint>,
    /// A name the client's certificate must have.
    pub cert_name: Option<String>,
}

/// What a request shows of its sender.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shown<'a> {
    /// What stands behind `Bearer`.
    pub bearer: Option<&'a [u8]>,
    /// The names in the client's certificate, when the connection has one that was verified.
    pub cert_names: &'a [String],
}

/// Who is at the other end of a connection, by the certificate that was verified.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    /// The names in it; none where clients have no certificates.
    pub cert_names: Arc<[String]>,
}

/// Why nobody knows who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stranger {
    /// Nothing was shown.
    Missing,
    /// What was shown is no token's.
    Unknown,
}

/// Everybody who may come in.
#[derive(Debug, Default)]
pub struct Access {
    tokens: Vec<Arc<Token>>,
    of_projects: RwLock<OfProjects>,
    webhooks_need_secrets: bool,
}

/// Tokens of projects' own. There may be many, so they are found by their fingerprints: of those a guess tells nothing.
#[derive(Debug, Default)]
struct OfProjects {
    tokens: BTreeMap<Fingerprint, Arc<Token>>,
    fingerprints: BTreeMap<ProjectId, Vec<Fingerprint>>,
}

impl Access {
    /// Access by these tokens; open when there are none.
    #[must_use]
    pub fn new(tokens: Vec<Token>) -> Self {
        Self { tokens: tokens.into_iter().map(Arc::new).collect(), ..Self::default() }
    }

    /// The same, where webhooks of projects without a secret of their own would be open to whoever reaches the port.
    #[must_use]
    pub fn with_webhook_secrets(mut self, needed: bool) -> Self {
        self.webhooks_need_secrets = needed;
        self
    }

    /// Why a project does not go with this access.
    #[must_use]
    pub fn refuses(&self, project: &Project) -> Option<&'static str> {
        if self.webhooks_need_secrets && !project.intake.has_secret() {
            return Some(
                "its webhooks would be open to whoever reaches the HTTP port; give intake a secret, or the \
                 configuration [[access.tokens]]",
            );
        }
        if !project.tokens.is_empty() && self.is_open() {
            return Some(
                "it has tokens of its own, which mean nothing while nobody is asked who they are; give the \
                 configuration [[access.tokens]], or leave them out",
            );
        }
        let taken = project.tokens.iter().filter_map(|token| token.secret.as_ref()).any(|secret| {
            let of_file = self.tokens.iter().any(|token| token.secret.as_ref().is_some_and(|own| own.is(secret)));
            let other = self.of_projects().tokens.get(secret).cloned();
            of_file || other.is_some_and(|other| !other.sees(&project.id))
        });
        taken.then_some("the secret of one of its tokens is another token's; each needs its own")
    }

    /// Takes a project's own tokens, in place of those it had.
    pub fn put(&self, project: &Project) {
        self.put_tokens(&project.id, &project.tokens);
    }

    fn put_tokens(&self, project: &ProjectId, tokens: &[Arc<Token>]) {
        self.remove(project);
        let mut own = self.of_projects.write().unwrap_or_else(PoisonError::into_inner);
        for token in tokens {
            // Another project's stays: which one came first is the same wherever they are read.
            if let Some(secret) = token.secret.clone().filter(|secret| !own.tokens.contains_key(secret)) {
                own.tokens.insert(secret.clone(), Arc::clone(token));
                own.fingerprints.entry(project.clone()).or_default().push(secret);
            }
        }
    }

    /// Forgets a project's own tokens.
    pub fn remove(&self, project: &ProjectId) {
        let mut own = self.of_projects.write().unwrap_or_else(PoisonError::into_inner);
        for secret in own.fingerprints.remove(project).unwrap_or_default() {
            own.tokens.remove(&secret);
        }
    }

    /// Whether nobody is asked who they are.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.tokens.is_empty()
    }

    /// How many tokens there are, projects' own included.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.tokens.len() + self.of_projects().tokens.len()
    }

    /// Who asks. Every token is compared, whichever fits: the time does not tell which.
    ///
    /// # Errors
    /// Nobody that is known.
    pub fn identify(&self, shown: Shown<'_>) -> Result<Identity, Stranger> {
        if self.is_open() {
            return Ok(Identity(None));
        }
        let bearer = shown.bearer.map(Fingerprint::of);
        let mut found = None;
        for token in &self.tokens {
            if token.fits(bearer.as_ref(), shown.cert_names) {
                found = Some(Arc::clone(token));
            }
        }
        let of_project = || self.of_projects().tokens.get(bearer.as_ref()?).cloned();
        let found = found.or_else(of_project);
        let stranger = if bearer.is_none() { Stranger::Missing } else { Stranger::Unknown };
        found.map(|token| Identity(Some(token))).ok_or(stranger)
    }

    fn of_projects(&self) -> RwLockReadGuard<'_, OfProjects> {
        self.of_projects.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Token {
    /// Whether everything it asks for is shown. A secret that is shown beside a certificate must be the token's own:
    /// who says who they are is not taken for somebody else.
    fn fits(&self, bearer: Option<&Fingerprint>, cert_names: &[String]) -> bool {
        let secret = match (&self.secret, bearer) {
            (Some(own), Some(bearer)) => own.is(bearer),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        let named = self.cert_name.as_ref().is_none_or(|name| cert_names.contains(name));
        secret & named & (self.secret.is_some() || self.cert_name.is_some())
    }

    fn sees(&self, project: &ProjectId) -> bool {
        self.projects.as_ref().is_none_or(|projects| projects.contains(project))
    }
}

/// Somebody who was let in; nobody in particular where access is open.
#[derive(Clone, Debug)]
pub struct Identity(Option<Arc<Token>>);

impl Identity {
    /// Somebody who may do everything: for work that did not come in by a door.
    #[must_use]
    pub fn everybody() -> Self {
        Self(None)
    }

    /// Whether what these roles may do is theirs to do. An administrator may do everything.
    #[must_use]
    pub fn may(&self, roles: &[Role]) -> bool {
        self.0.as_ref().is_none_or(|token| token.role == Role::Admin || roles.contains(&token.role))
    }

    /// Whether a project is theirs, of whatever name: one that does not exist is nobody's who has a list.
    #[must_use]
    pub fn sees(&self, project: &str) -> bool {
        match self.projects() {
            Some(projects) => projects.iter().any(|own| own.as_str() == project),
            None => true,
        }
    }

    /// Whether every project is theirs.
    #[must_use]
    pub fn sees_all(&self) -> bool {
        self.projects().is_none()
    }

    /// The token's name, for logs.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.as_ref().map(|token| token.name.as_str())
    }

    fn projects(&self) -> Option<&BTreeSet<ProjectId>> {
        self.0.as_ref()?.projects.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(name: &str, secret: Option<&str>, cert_name: Option<&str>) -> Token {
        Token {
            name: name.to_owned(),
            role: Role::Exchange,
            projects: Some([ProjectId::new(name)].into()),
            secret: secret.map(|secret| Fingerprint::of(secret.as_bytes())),
            cert_name: cert_name.map(str::to_owned),
        }
    }

    fn who(access: &Access, bearer: Option<&str>, cert: &[&str]) -> Result<Option<String>, Stranger> {
        let cert_names: Vec<String> = cert.iter().map(|name| (*name).to_owned()).collect();
        let shown = Shown { bearer: bearer.map(str::as_bytes), cert_names: &cert_names };
        access.identify(shown).map(|identity| identity.name().map(str::to_owned))
    }

    #[test]
    fn without_a_token_everybody_may_do_everything() {
        let identity = Access::default().identify(Shown::default()).unwrap();
        assert!(identity.may(&[]) && identity.sees("any") && identity.sees_all());
    }

    #[test]
    fn a_token_is_used_by_whoever_shows_all_it_asks_for_and_nothing_else() {
        let access = Access::new(vec![
            token("a", Some("secret-a"), None),
            token("b", None, Some("pbx-b")),
            token("c", Some("secret-c"), Some("pbx-c")),
        ]);
        assert_eq!(who(&access, Some("secret-a"), &[]), Ok(Some("a".to_owned())));
        assert_eq!(who(&access, None, &["pbx-b"]), Ok(Some("b".to_owned())));
        assert_eq!(who(&access, Some("secret-c"), &["other", "pbx-c"]), Ok(Some("c".to_owned())));
        assert_eq!(who(&access, None, &[]), Err(Stranger::Missing));
        assert_eq!(who(&access, None, &["pbx-c"]), Err(Stranger::Missing));
        for (secret, cert) in [("secret-c", ""), ("secret-", ""), ("", ""), ("secret-aa", ""), ("wrong", "pbx-b")] {
            assert_eq!(who(&access, Some(secret), &[cert]), Err(Stranger::Unknown), "{secret} {cert}");
        }
    }

    #[test]
    fn a_role_is_one_of_those_named_or_the_administrator() {
        let identity = |role| Identity(Some(Arc::new(Token { role, ..token("a", Some("s"), None) })));
        assert!(identity(Role::Exchange).may(&[Role::Exchange]));
        assert!(!identity(Role::Exchange).may(&[Role::Reader]));
        assert!(!identity(Role::Reader).may(&[]));
        assert!(identity(Role::Admin).may(&[]));
        assert!(identity(Role::Admin).sees("a") && !identity(Role::Admin).sees("b"), "each in its projects");
    }

    #[test]
    fn a_project_s_own_tokens_come_and_go_with_it_and_never_open_a_closed_door() {
        let project = |id: &str, secret: &str| {
            let projects = Some([ProjectId::new(id)].into());
            let own = Token { projects, ..token(&format!("{id}/own"), Some(secret), None) };
            (ProjectId::new(id), vec![Arc::new(own)])
        };
        let put = |access: &Access, (id, tokens): (ProjectId, Vec<Arc<Token>>)| access.put_tokens(&id, &tokens);
        let access = Access::new(vec![token("admin", Some("secret-admin"), None)]);
        let seen = |secret: &str, id: &str| {
            let shown = Shown { bearer: Some(secret.as_bytes()), ..Shown::default() };
            access.identify(shown).is_ok_and(|identity| identity.sees(id))
        };
        put(&access, project("shop", "secret-shop"));
        assert!(seen("secret-shop", "shop") && !seen("secret-shop", "workshop") && seen("secret-admin", "admin"));
        put(&access, project("shop", "secret-new"));
        assert!(!seen("secret-shop", "shop") && seen("secret-new", "shop"), "the old one is of no use any more");
        put(&access, project("workshop", "secret-new"));
        assert!(seen("secret-new", "shop") && !seen("secret-new", "workshop"), "nobody takes another's token over");
        access.remove(&ProjectId::new("shop"));
        assert!(!seen("secret-new", "shop"));
        assert!(!access.is_open() && Access::default().is_open());
    }

    #[test]
    fn what_is_known_of_a_token_shows_no_secret() {
        let access = Access::new(vec![token("a", Some("secret-4711"), None)]);
        assert!(!format!("{access:?}").contains("4711"));
    }
}
