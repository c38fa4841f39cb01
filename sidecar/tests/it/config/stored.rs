//! Projects that are kept in the store: the same keys and faults, and secrets that come apart.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use tieline::{
    access::{Role, Shown},
    config::{self, Config, Faults},
    project::Project,
};
use tieline_engine::ids::ProjectId;

use super::{Given, TOKEN, parse, project};

/// The least text there must be, with more keys in front.
fn text(keys: &str) -> String {
    format!(
        r#"zone = "Europe/Kyiv"
region = "UA"
{keys}
[connection]
crm = "retailcrm"
settings = {{ url = "https://example.retailcrm.pro" }}
secrets = {{ api_key = {{ given = "crm" }} }}
"#
    )
}

fn given(secrets: &[(&str, &str)]) -> config::Given {
    let secrets = secrets.iter().map(|(name, secret)| ((*name).to_owned(), SecretString::from((*secret).to_owned())));
    config::Given::new(secrets.collect::<BTreeMap<_, _>>())
}

fn stored(text: &str, secrets: &[(&str, &str)]) -> Result<Project, Faults> {
    config::stored(&ProjectId::new("shop"), text, &given(secrets))
}

fn one_fault(text: &str, line: usize, key: &str, words: &str) {
    let faults = stored(text, &[("crm", "key-4711")]).unwrap_err();
    assert_eq!(faults.list().len(), 1, "{faults}");
    let fault = &faults.list()[0];
    assert_eq!((fault.line, fault.key.as_str()), (Some(line), key), "{faults}");
    assert!(fault.text.contains(words), "{faults}");
    assert!(!faults.to_string().contains("4711"), "{faults}");
}

#[test]
fn a_stored_project_is_what_the_file_would_make_of_its_text() {
    let in_file = parse(&project("", "")).unwrap().projects.remove(0);
    let kept = stored(&text(""), &[("crm", "key-4711")]).unwrap();
    assert_eq!(format!("{kept:#?}"), format!("{in_file:#?}"));
    assert_eq!(kept.connection.connect.secrets["api_key"].expose_secret(), "key-4711");
    let as_in_file = project("", "").replace("{ env = \"RETAILCRM_API_KEY\" }", "{ given = \"crm\" }");
    let kept = stored(&as_in_file, &[("crm", "key-4711")]).unwrap();
    assert_eq!(format!("{kept:#?}"), format!("{in_file:#?}"), "the header of the file may stay");
}

#[test]
fn faults_have_the_line_and_the_key_of_the_text() {
    one_fault(&text("senior = \"nobody\""), 3, "senior", "is no agent's id");
    one_fault(&text("").replace("\"UA\"", "\"XX\""), 2, "region", "numbering plan");
    one_fault(&text("surprise = 1"), 3, "surprise", "there is no such key");
    one_fault(&text("").replace("\"crm\"", "\"other\""), 7, "connection.secrets.api_key.given", "give it apart");
    one_fault(&text("id = \"workshop\""), 3, "id", "another one");
    let in_file = project("", "").replace("{ env = \"RETAILCRM_API_KEY\" }", "{ given = \"crm\" }");
    one_fault(&in_file.replace("\"UA\"", "\"XX\""), 4, "projects[0].region", "numbering plan");
    let faults = stored(&format!("{in_file}\n{in_file}"), &[("crm", "key")]).unwrap_err();
    assert!(faults.to_string().contains("put each by itself"), "{faults}");
    assert!(stored("zone = ", &[]).unwrap_err().to_string().contains("is no TOML"));
}

#[test]
fn a_stored_project_reads_nothing_of_the_machine_and_the_file_no_given_secret() {
    for reference in ["{ env = \"HOME\" }", "{ file = \"/etc/passwd\" }"] {
        let key = if reference.contains("env") { "env" } else { "file" };
        let place = format!("connection.secrets.api_key.{key}");
        one_fault(&text("").replace("{ given = \"crm\" }", reference), 7, &place, "for the configuration's file");
    }
    one_fault(
        &text("").replace("{ given = \"crm\" }", "\"plain-4711\""),
        7,
        "connection.secrets.api_key",
        "give it apart",
    );
    let intake = "[intake]\npath_secret = { file = \"/etc/hostname\" }";
    one_fault(&format!("{}{intake}", text("")), 9, "intake.path_secret.file", "for the configuration's file");
    let in_file = project("", "").replace("{ env = \"RETAILCRM_API_KEY\" }", "{ given = \"crm\" }");
    let faults = parse(&in_file).unwrap_err();
    assert_eq!(faults.list().len(), 1, "{faults}");
    assert!(faults.list()[0].text.contains("kept in the store"), "{faults}");
}

#[test]
fn a_text_can_be_read_without_its_secrets_and_then_opens_nothing() {
    let tokens = "[[tokens]]\nname = \"pbx\"\nrole = \"exchange\"\nsecret = { given = \"token\" }\n\
                  [intake]\npath_secret = { given = \"hook\" }";
    let read = || {
        let given = config::Given::unknown();
        let project = config::stored(&ProjectId::new("shop"), &format!("{}{tokens}", text("")), &given).unwrap();
        assert_eq!(given.asked(), ["crm", "hook", "token"].map(str::to_owned).into());
        project.intake.path_secret.unwrap().expose_secret().to_owned()
    };
    assert_ne!(read(), read(), "nobody can know what stands in");
}

fn config(tables: &str, projects: &str) -> Result<Config, Faults> {
    let given = Given::new().with_env("KEY_BAD", "0123").with_env("OWN", "own-0123456789abcdef0123456789abcdef");
    config::parse("tieline.toml", &format!("{tables}\n{projects}"), &given)
}

#[test]
fn a_key_makes_projects_in_the_store_possible_and_a_file_without_one_legal() {
    let key = "[store]\nsecrets_key = { env = \"TIELINE_SECRETS_KEY\" }";
    let read = config(key, "").unwrap();
    assert!(read.projects.is_empty() && read.keys.is_some());
    assert!(config("", &project("", "")).unwrap().keys.is_none());
    let token =
        "[[access.tokens]]\nname = \"a\"\nrole = \"reader\"\nsecret = { env = \"OWN\" }\nprojects = [\"later\"]";
    assert!(config(&format!("{token}\n{key}"), "").is_ok(), "a token may be for a project of the store");
    for (tables, key, words) in [
        ("", "projects", "store.secrets_key"),
        ("[store]\nsecrets_key = { env = \"KEY_BAD\" }", "store.secrets_key", "openssl rand -hex 32"),
        ("[store]\nsecrets_key = \"0011\"", "store.secrets_key", "holds the secret itself"),
    ] {
        let faults = config(tables, "").unwrap_err();
        assert_eq!(faults.list().len(), 1, "{faults}");
        assert_eq!(faults.list()[0].key, key, "{faults}");
        assert!(faults.list()[0].text.contains(words), "{faults}");
    }
    let before = "[store]\nsecrets_keys_before = [{ env = \"TIELINE_SECRETS_KEY\" }]";
    let faults = config(before, &project("", "")).unwrap_err();
    assert!(faults.to_string().contains("of no use without secrets_key"), "{faults}");
}

#[test]
fn a_project_s_own_token_reaches_it_and_nothing_else() {
    let access = "[[access.tokens]]\nname = \"all\"\nrole = \"admin\"\nsecret = { env = \"TIELINE_PBX_TOKEN\" }";
    let own = "[[projects.tokens]]\nname = \"pbx\"\nrole = \"exchange\"\nsecret = { env = \"OWN\" }";
    let read = config(access, &project("", own)).unwrap();
    let shown = Shown { bearer: Some(b"own-0123456789abcdef0123456789abcdef"), ..Shown::default() };
    let identity = read.access.identify(shown).unwrap();
    assert_eq!(identity.name(), Some("shop/pbx"));
    assert!(identity.sees("shop") && !identity.sees("other") && !identity.sees_all());
    assert!(identity.may(&[Role::Exchange]) && !identity.may(&[Role::Reader]));
    assert!(read.access.identify(Shown { bearer: Some(TOKEN.as_bytes()), ..Shown::default() }).unwrap().sees_all());
    for (access, own, key, words) in [
        (access, own.replace("\"exchange\"", "\"admin\""), "projects[0].tokens[0].role", "exchange or reader"),
        (access, own.replace("secret =", "#"), "projects[0].tokens[0].secret", "is missing"),
        (access, format!("{own}\n{own}").replacen("pbx", "b", 1), "projects[0].tokens[1].secret", "another token"),
        (access, own.replace("OWN", "TIELINE_PBX_TOKEN"), "access.tokens", "another token's"),
        ("", own.to_owned(), "access.tokens", "nobody is asked"),
    ] {
        let faults = config(access, &project("", &own)).unwrap_err();
        assert_eq!(faults.list().len(), 1, "{faults}");
        assert_eq!(faults.list()[0].key, key, "{faults}");
        assert!(faults.list()[0].text.contains(words), "{faults}");
    }
}
