//! `docs/rules.md`: every rule and the tests that carry its id in their names.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use super::hold;
use crate::sources::{rust_files, top};

/// The list of rules.
const LIST: &str = include_str!("rules.txt");
/// Where tests are. The folders of other languages' clients hold no rules.
const FOLDERS: [&str; 3] = ["engine", "sidecar", "tests"];
/// Decisions where the sources of the rules are silent are numbered G13 to G24; their tests carry numbers like rules'.
const DECISIONS: std::ops::RangeInclusive<u32> = 13..=24;

const HEAD: &str = "\
# Rules and their tests

Made from the names of the tests; do not edit. `TIELINE_WRITE_PAGES=1 cargo nextest run -p tieline-proto pages` writes
it anew. A rule's one line is in `tests/it/pages/rules.txt`; a test carries a rule by having its id in its name, as
`z_06_…`, and several one after the other, as `sm_07_sm_08_…`.
";

/// One test.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Test {
    file: String,
    name: String,
}

#[test]
fn the_page_of_rules_is_what_the_tests_are_named() {
    let carried = carried();
    let mut page = HEAD.to_owned();
    for line in LIST.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")) {
        match line.split_once(" | ") {
            Some((id, promise)) => page.push_str(&row(id, promise, carried.get(id))),
            None => page.push_str(&format!("\n{line}\n\n| rule | what it promises | tests |\n|---|---|---|\n")),
        }
    }
    hold("docs/rules.md", &page);
}

#[test]
fn every_rule_has_a_test() {
    let carried = carried();
    let without: Vec<&str> = ids().filter(|id| !carried.contains_key(*id)).collect();
    assert!(without.is_empty(), "no test carries {}", without.join(", "));
}

#[test]
fn every_id_a_test_carries_is_a_rules() {
    let known: BTreeSet<&str> = ids().collect();
    for (id, tests) in carried() {
        let number = id.strip_prefix("G-").and_then(|number| number.parse().ok());
        let is_decision = number.is_some_and(|number| DECISIONS.contains(&number));
        assert!(known.contains(id.as_str()) || is_decision, "there is no rule {id}: {tests:?}");
    }
}

#[test]
fn ids_are_read_from_names_as_they_are_written_in_tests() {
    assert_eq!(ids_in("z_06_a_rule_places_a_deal"), ["Z-06"]);
    assert_eq!(ids_in("sm_07_sm_08_a_new_number"), ["SM-07", "SM-08"]);
    assert_eq!(ids_in("ro_02_and_ro_11_every_open_record"), ["RO-02", "RO-11"]);
    assert!(ids_in("the_share_of_g_is_12").is_empty());
    let source =
        "#[test]\nfn z_06_a() {\n}\nfn z_07_helper() {\n}\n#[tokio::test(flavor = \"x\")]\nasync fn rt_04_b() {";
    assert_eq!(tests_in(source), ["z_06_a", "rt_04_b"]);
    let property = "    #[test]\n    #[should_panic]\n    // why\n    fn g_03_c(x in 0..3) {";
    assert_eq!(tests_in(property), ["g_03_c"]);
}

fn ids() -> impl Iterator<Item = &'static str> {
    LIST.lines().filter_map(|line| line.split_once(" | ")).map(|(id, _)| id)
}

fn row(id: &str, promise: &str, tests: Option<&BTreeSet<Test>>) -> String {
    let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for test in tests.into_iter().flatten() {
        files.entry(&test.file).or_default().push(&test.name);
    }
    let cell = |(file, names): (&str, Vec<&str>)| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        format!("[{file}](../{file}): {}", names.join(", "))
    };
    let cells: Vec<String> = files.into_iter().map(cell).collect();
    let cells = if cells.is_empty() { "none".to_owned() } else { cells.join("<br>") };
    format!("| {id} | {promise} | {cells} |\n")
}

/// The tests by the ids in their names.
fn carried() -> BTreeMap<String, BTreeSet<Test>> {
    let mut carried: BTreeMap<String, BTreeSet<Test>> = BTreeMap::new();
    for file in FOLDERS.iter().flat_map(|folder| rust_files(folder)) {
        let source = fs::read_to_string(top().join(&file)).unwrap();
        for name in tests_in(&source) {
            for id in ids_in(name) {
                let test = Test { file: file.display().to_string().replace('\\', "/"), name: name.to_owned() };
                carried.entry(id).or_default().insert(test);
            }
        }
    }
    carried
}

/// The names of a source's test functions.
fn tests_in(source: &str) -> Vec<&str> {
    let (mut names, mut is_test) = (Vec::new(), false);
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if line.starts_with("#[") || line.starts_with("//") || line.is_empty() {
            // Between a test's attribute and its name.
        } else {
            let name = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
            let name = name.and_then(|rest| rest.split(['(', '<']).next());
            names.extend(name.filter(|_| is_test));
            is_test = false;
        }
    }
    names
}

/// The ids in a test's name.
fn ids_in(name: &str) -> Vec<String> {
    let words: Vec<&str> = name.split('_').collect();
    let id = |pair: &[&str]| {
        let [prefix, number] = pair else { return None };
        let is_prefix = matches!(*prefix, "g" | "z" | "rc" | "ro" | "sm" | "sp" | "rt");
        let is_number = number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit());
        (is_prefix && is_number).then(|| format!("{}-{number}", prefix.to_uppercase()))
    };
    words.windows(2).filter_map(id).collect()
}
