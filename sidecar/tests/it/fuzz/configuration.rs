//! Configuration texts.

use bad_input::Fuzz;
use tieline::config::{self, DEFAULT_TOML};

use crate::config::{Given, manual, project};

/// Stands where people write a secret by mistake.
const SECRET: &str = "Canary4711secret";

/// Keys and values at the edges of what is read.
const WORDS: &[&str] = &[
    "[[projects]]",
    "[projects]",
    "[projects.connection]",
    "[server]",
    "zone = \"Mars/Base\"",
    "region = \"XX\"",
    "crm = \"zoho\"",
    "{ env = \"X\" }",
    "{ file = \"/dev/null\" }",
    "blocks = []",
    "when = {}",
    "due_minutes = -1",
    "drain_seconds = 99999999999",
    "\"\"\"",
    "'''",
    "= ",
    "[[",
    "]]",
    "#",
    "1979-05-27T07:32:00Z",
    "inf",
    "0x_1",
];

fn seeds() -> [String; 4] {
    let secret = project("", "").replace(r#"{ env = "RETAILCRM_API_KEY" }"#, &format!("\"{SECRET}\""));
    let rules = r#"
[[projects.agents]]
id = "olha"
sips = ["shop_olha"]
[[projects.scenario]]
name = "new"
when = { source = "messenger", client = "new" }
[projects.scenario.then]
tasks = [{ about = "messenger", to = ["agent", "senior"], due_minutes = 240 }]
[projects.routing]
blocks = ["responsible", { places = ["shop_1"] }, "voicemail"]
"#;
    [DEFAULT_TOML.to_owned(), manual::everything(), secret, project("senior = \"olha\"", rules)]
}

#[test]
fn any_configuration_is_read_or_refused_with_every_place() {
    let fuzz = Fuzz::new("configuration").seeds(seeds()).words(WORDS).cases(600);
    fuzz.run(|input| {
        let text = String::from_utf8_lossy(input);
        let Err(faults) = config::parse("tieline.toml", &text, &Given::new()) else { return "read".to_owned() };
        assert!(!faults.list().is_empty(), "refused for nothing");
        let lines = 1 + text.matches('\n').count();
        for fault in faults.list() {
            assert!(
                !fault.text.is_empty() && fault.text.len() < 9_000 && fault.key.len() < 1_000,
                "{} bytes",
                fault.text.len()
            );
            assert!(fault.line.is_none_or(|line| (1..=lines).contains(&line)), "line {:?} of {lines}", fault.line);
            assert!(fault.line.is_some() || !fault.key.is_empty(), "a fault without a place: {}", fault.text);
        }
        let shown = faults.to_string();
        assert_eq!(shown.lines().count(), faults.list().len(), "a fault is a line");
        assert!(shown.lines().all(|line| line.starts_with("tieline.toml")), "a fault without its file");
        assert!(!is_value(&text) || !shown.contains(SECRET), "a secret is repeated: {shown}");
        let first = &faults.list()[0];
        let words: Vec<&str> = first.text.split(' ').take(3).collect();
        format!("{} {words:?}", first.key.get(..20).unwrap_or(&first.key))
    });
}

/// The secret stands as the value of a key only. Where a mutation made a key of it, its name is shown as any key's.
fn is_value(text: &str) -> bool {
    text.matches(SECRET).count() == text.matches(&format!("= \"{SECRET}\"")).count()
}

/// Found by the longer run: the reader gives up without naming a place.
#[test]
fn what_is_nested_too_deeply_is_told_with_its_line() {
    let text = format!("[server]\n{}\nname = 1\n", ".".repeat(100));
    let Err(faults) = config::parse("tieline.toml", &text, &Given::new()) else { panic!("it is no TOML") };
    assert!(faults.list().iter().all(|fault| fault.line == Some(2)), "{faults}");
}
