//! `tieline demo` as the shell sees it: the whole day with the real program.

use std::process::{Command, Stdio};

/// Every CRM there is has a project in the demo.
const CRMS: [&str; 5] = ["zoho", "retailcrm", "remonline", "sendpulse", "dataverse"];

#[test]
fn the_day_of_the_demo_balances_and_nothing_is_held_twice() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tieline"));
    let output = command.args(["demo", "--seed", "7"]).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}\n{told}");
    assert_eq!(told, "", "nothing but the day is told");
    let ledgers: Vec<_> = text.lines().filter(|line| line.contains("received ")).collect();
    assert_eq!(ledgers.len(), CRMS.len(), "{text}");
    assert!(ledgers.iter().all(|line| line.ends_with("waiting 0 + failed 0") && balances(line)), "{ledgers:?}");
    for crm in CRMS {
        let clean = text.lines().any(|line| line.contains("duplicates 0;") && line.ends_with(&format!(" to {crm}")));
        assert!(clean, "{crm}: {text}");
    }
}

/// Whether received = written + skipped + waiting + failed, read off the line itself.
fn balances(line: &str) -> bool {
    let number = |name: &str| -> u64 {
        let (_, rest) = line.split_once(name).unwrap();
        rest.split_whitespace().next().unwrap().parse().unwrap()
    };
    number("received ") == number("= written ") + number("+ skipped ") + number("+ waiting ") + number("+ failed ")
}
