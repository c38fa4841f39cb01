//! The five walls of ARCHITECTURE.md.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use tieline_crm::CrmKind;

use crate::sources::{code_lines, dependencies, rust_files, top};

/// The files of every CRM's folder.
pub(crate) const CRM_FILES: [&str; 10] = [
    "README.md",
    "mod.rs",
    "settings.rs",
    "auth.rs",
    "lookup.rs",
    "write.rs",
    "values.rs",
    "answers.rs",
    "reference.rs",
    "scenario.rs",
];

/// Places of code below `folder` that hold one of the words, apart from the files left out.
fn places(folder: &str, words: &[&str], left_out: &[&str]) -> Vec<String> {
    let mut places = Vec::new();
    for file in rust_files(folder) {
        if left_out.iter().any(|prefix| file.starts_with(prefix)) {
            continue;
        }
        for (number, line) in code_lines(&file) {
            let lower = line.to_lowercase();
            places.extend(
                words
                    .iter()
                    .filter(|word| lower.contains(*word))
                    .map(|word| format!("{}:{number}: {word}", file.display())),
            );
        }
    }
    places
}

#[test]
fn the_engine_can_not_do_io() {
    let allowed = ["jiff", "phonenumber", "regex-automata", "serde", "thiserror"];
    assert_eq!(
        dependencies("engine/Cargo.toml", "dependencies"),
        allowed,
        "a new dependency of the engine must be unable to do IO"
    );

    let tree = Command::new(env!("CARGO"))
        .args(["tree", "-p", "tieline-engine", "-e", "normal", "--prefix", "none", "--offline", "--locked"])
        .current_dir(top())
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    for banned in ["tokio", "mio", "hyper", "reqwest", "tonic", "prost", "rusqlite", "socket2", "rand", "getrandom"] {
        assert!(!tree.lines().any(|line| line.starts_with(&format!("{banned} "))), "the engine reaches {banned}");
    }
    let io = ["std::fs", "std::net", "std::env", "std::process", "std::io", "std::thread", "::now()", "systemtime"];
    assert_eq!(places("engine/src", &io, &[]), Vec::<String>::new());
}

#[test]
fn a_crms_words_stay_in_its_folder() {
    let words = [
        "zoho",
        "coql",
        "retailcrm",
        "simla",
        "remonline",
        "roapp",
        "sendpulse",
        "dataverse",
        "phone_key",
        "x-api-key",
    ];
    assert_eq!(places("engine/src", &words, &[]), Vec::<String>::new());
    let folders: Vec<String> = CrmKind::ALL.iter().map(|kind| format!("sidecar/crm/src/{}", kind.name())).collect();
    let mut rooms: Vec<&str> = folders.iter().map(String::as_str).collect();
    rooms.extend(["sidecar/crm/src/registry.rs", "sidecar/crm/src/lib.rs"]);
    assert_eq!(places("sidecar/crm/src", &words, &rooms), Vec::<String>::new());
    // The demo plays with named CRMs, as its reader does.
    assert_eq!(
        places("sidecar/src", &words, &["sidecar/src/cli/demo", "sidecar/src/cli/demo.rs"]),
        Vec::<String>::new()
    );
}

#[test]
fn wire_types_never_enter_the_domain() {
    let words = ["tieline_proto", "prost", "tonic"];
    assert_eq!(places("engine/src", &words, &[]), Vec::<String>::new());
    assert_eq!(places("sidecar/crm/src", &words, &[]), Vec::<String>::new());
    // The doors, and the programs that come in through them.
    let doors =
        ["sidecar/src/grpc", "sidecar/src/grpc.rs", "sidecar/src/server", "sidecar/src/server.rs", "sidecar/src/cli"];
    let inside: Vec<String> = places("sidecar/src", &["tieline_proto", "prost::", "tonic::"], &doors);
    assert_eq!(inside, Vec::<String>::new());
    assert!(!dependencies("engine/Cargo.toml", "dependencies").contains(&"serde_json".to_owned()));
}

#[test]
fn generated_code_stays_behind_its_wall() {
    for folder in ["engine", "sidecar", "proto"] {
        let words = ["include!(concat!", "include_proto!", "out_dir"];
        assert_eq!(places(folder, &words, &["proto/lib.rs"]), Vec::<String>::new());
    }
}

#[test]
fn the_sandbox_shares_nothing_with_the_dialects() {
    for table in ["dependencies", "dev-dependencies"] {
        let sandbox = dependencies("sidecar/sandbox/Cargo.toml", table);
        assert!(sandbox.iter().all(|name| !name.starts_with("tieline")), "{sandbox:?}");
        let dialects = dependencies("sidecar/crm/Cargo.toml", table);
        assert!(!dialects.contains(&"tieline-sandbox".to_owned()), "{dialects:?}");
    }
    assert_eq!(places("sidecar/sandbox/src", &["tieline_engine", "tieline_crm", "#[path"], &[]), Vec::<String>::new());
    assert_eq!(places("sidecar/crm/src", &["tieline_sandbox", "#[path"], &[]), Vec::<String>::new());
}

#[test]
fn dialects_do_no_io_and_read_no_clock() {
    let io = ["tokio", "reqwest", "std::fs", "std::net", "std::env", "std::thread", "::now()"];
    assert_eq!(places("sidecar/crm/src", &io, &[]), Vec::<String>::new());
}

#[test]
fn one_crm_is_one_folder_with_the_same_file_names() {
    let folders: BTreeSet<String> = fs::read_dir(top().join("sidecar/crm/src"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    let rows: BTreeSet<String> = CrmKind::ALL.iter().map(|kind| kind.name().to_owned()).collect();
    assert_eq!(folders, rows, "a folder is a row of the registry");
    for folder in folders {
        for file in CRM_FILES {
            let path = Path::new("sidecar/crm/src").join(&folder).join(file);
            assert!(top().join(&path).is_file(), "{} is missing", path.display());
        }
    }
}
