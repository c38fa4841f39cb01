//! Tokens, TLS, and ports beyond this machine.

use tieline::{
    access::{Role, Shown, Stranger},
    config::{self, Config, Faults},
};

use super::{Given, TOKEN, parse, project};

/// A second one.
const OTHER: &str = "other-0123456789abcdef0123456789abcdef";

fn with(tables: &str, intake: &str) -> Result<Config, Faults> {
    let given = Given::new().with_env("OTHER", OTHER).with_env("SHORT", "short-4711").with_env("ODD", &"ü".repeat(32));
    config::parse("tieline.toml", &format!("{tables}\n{}", project("", intake)), &given)
}

fn one_fault(tables: &str, key: &str, words: &str) {
    let faults = with(tables, "").unwrap_err();
    assert_eq!(faults.list().len(), 1, "{faults}");
    assert_eq!(faults.list()[0].key, key, "{faults}");
    assert!(faults.list()[0].text.contains(words), "{faults}");
    assert!(!faults.to_string().contains("4711"), "{faults}");
}

fn token(keys: &str) -> String {
    format!("[[access.tokens]]\nname = \"a\"\nrole = \"reader\"\n{keys}")
}

#[test]
fn a_token_is_read_with_its_role_and_projects() {
    let tables = format!("{}\nprojects = [\"shop\"]", token("secret = { env = \"OTHER\" }"));
    let access = with(&tables, "").unwrap().access;
    let shown = Shown { bearer: Some(OTHER.as_bytes()), ..Shown::default() };
    let identity = access.identify(shown).unwrap();
    assert_eq!(identity.name(), Some("a"));
    assert!(identity.may(&[Role::Reader]) && !identity.may(&[Role::Exchange]));
    assert!(identity.sees("shop") && !identity.sees("other"));
    let shown = Shown { bearer: Some(TOKEN.as_bytes()), ..Shown::default() };
    assert_eq!(access.identify(shown).unwrap_err(), Stranger::Unknown);
}

#[test]
fn what_is_wrong_with_a_token_is_told_at_its_key() {
    let good = "secret = { env = \"OTHER\" }";
    one_fault(&token("secret = { env = \"SHORT\" }"), "access.tokens[0].secret", "32 or more");
    one_fault(&token("secret = { env = \"ODD\" }"), "access.tokens[0].secret", "32 or more");
    one_fault(&token(""), "access.tokens[0]", "a secret, a cert_name, or both");
    one_fault(&token("cert_name = \"pbx\""), "access.tokens[0].cert_name", "server.tls.client_ca");
    one_fault(&token(&format!("{good}\nprojects = [\"none\"]")), "access.tokens[0].projects[0]", "no project");
    one_fault(&token(&format!("{good}\nprojects = []")), "access.tokens[0].projects", "leave it out");
    one_fault(
        &token(&format!("{good}\nrole = \"king\"")).replacen("role = \"reader\"\n", "", 1),
        "access.tokens[0].role",
        "king",
    );
    let twice = format!("{}\n{}", token(good), token(good).replace("\"a\"", "\"b\""));
    one_fault(&twice, "access.tokens[1].secret", "another token");
    let named = format!("{}\n{}", token(good), token("secret = { env = \"TIELINE_PBX_TOKEN\" }"));
    one_fault(&named, "access.tokens[1].name", "another token");
}

#[test]
fn a_port_beyond_this_machine_needs_tls_and_somebody_who_asks() {
    let open = "[server]\ngrpc_listen = \"0.0.0.0:7071\"";
    let keys = |tables: &str, intake: &str| {
        let faults = with(tables, intake).err();
        faults.map_or(Vec::new(), |faults| faults.list().iter().map(|fault| fault.key.clone()).collect::<Vec<_>>())
    };
    let tls = "cert = \"tls/cert.pem\"\nkey = \"tls/key.pem\"";
    assert_eq!(keys(open, ""), ["access.tokens", "server.grpc_listen"]);
    assert_eq!(keys(&format!("{open}\n{}", token("secret = { env = \"OTHER\" }")), ""), ["server.grpc_listen"]);
    assert_eq!(keys(&format!("{open}\n[server.tls]\n{tls}"), ""), ["access.tokens"]);
    assert!(keys(&format!("{open}\n[server.tls]\n{tls}\n{}", token("secret = { env = \"OTHER\" }")), "").is_empty());
    assert!(keys(&format!("{open}\n[server.tls]\n{tls}\nclient_ca = \"tls/clients.pem\""), "").is_empty());
    assert!(keys(&format!("{open}\nallow_plain = true"), "").is_empty());
    let http = format!("[server]\nhttp_listen = \"[::]:7072\"\n[server.http_tls]\n{tls}");
    assert_eq!(keys(&http, ""), ["access.tokens"]);
    assert!(keys(&http, "[projects.intake]\npath_secret = { env = \"TIELINE_WEBHOOK_SECRET\" }").is_empty());
}

#[test]
fn what_is_wrong_with_a_certificate_is_told_at_the_file_that_has_it() {
    let text = |cert: &str, key: &str, more: &str| {
        format!("[server.tls]\ncert = \"{cert}\"\nkey = \"{key}\"\n{more}\n{}", project("", ""))
    };
    let (cert, key) = ("tls/cert.pem", "tls/key.pem");
    let (_, foreign) = crate::authority::Authority::new().signs("other");
    let given = Given::new().with_file("empty", "").with_file("foreign", foreign);
    for (text, at, words) in [
        (text("none", key, ""), "cert", "does not exist"),
        (text(key, key, ""), "cert", "no certificate"),
        (text(cert, cert, ""), "key", "no private key"),
        (text(cert, "foreign", ""), "key", "does not go with"),
        (text(cert, key, "client_ca = \"empty\""), "client_ca", "no certificate"),
    ] {
        let faults = config::parse("tieline.toml", &text, &given).unwrap_err();
        assert_eq!(faults.list().len(), 1, "{faults}");
        assert_eq!(faults.list()[0].key, format!("server.tls.{at}"));
        assert!(faults.list()[0].text.contains(words), "{faults}");
        assert!(!faults.to_string().contains("BEGIN"), "{faults}");
    }
    assert!(parse(&text(cert, key, "")).is_ok());
}
