//! `tieline check`, as the shell sees it.

use std::{
    path::Path,
    process::{Command, Output},
};

use tieline::config::DEFAULT_TOML;

fn check(file: &Path, env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tieline"));
    command.arg("check").arg("--config").arg(file).env_remove("RETAILCRM_API_KEY").envs(env.iter().copied());
    command.output().unwrap()
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn the_commented_reference_is_in_order_and_is_summed_up() {
    let file = file(DEFAULT_TOML);
    let output = check(file.path(), &[("RETAILCRM_API_KEY", "key")]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("is in order") && text.contains("project example: retailcrm (starts active)"), "{text}");
}

#[test]
fn every_fault_is_told_with_its_file_and_key_and_the_exit_code_says_usage() {
    let broken = DEFAULT_TOML
        .replace("region = \"UA\"", "region = \"XX\"")
        .replace("zone = \"Europe/Kyiv\"", "zone = \"Europe/Nowhere\"")
        .replace("#kind = \"postgres\"", "kind = \"paper\"");
    let file = file(&broken);
    let output = check(file.path(), &[]);
    assert_eq!(output.status.code(), Some(64));
    assert!(output.stdout.is_empty());
    let text = String::from_utf8(output.stderr).unwrap();
    let name = file.path().display().to_string();
    for key in ["store.kind", "projects[0].zone", "projects[0].region", "projects[0].connection.secrets.api_key"] {
        assert!(text.lines().any(|line| line.contains(&name) && line.contains(key)), "{key} is not in:\n{text}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let output = check(Path::new("no-such.toml"), &[]);
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8(output.stderr).unwrap().contains("no-such.toml"));
}
