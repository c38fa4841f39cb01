//! The list of parts, from a small workspace and from this one.

use std::{collections::BTreeSet, fs, process::Command};

use serde_json::{Value, json};

const LOCK: &str = r#"
version = 4
[[package]]
name = "leaf"
version = "1.2.3"
source = "registry+https://example.com/index"
checksum = "aa11"
[[package]]
name = "tieline"
version = "0.1.0"
"#;

fn small() -> String {
    let package = |name: &str, version: &str, licence: &str, source: Value| {
        json!({ "id": name, "name": name, "version": version, "license": licence, "source": source,
                "manifest_path": "/home/somebody/Cargo.toml", "repository": "https://example.com/r" })
    };
    let on = |id: &str, kind: Value| json!({ "pkg": id, "dep_kinds": [{ "kind": kind }] });
    let registry = || json!("registry+https://example.com/index");
    json!({
        "packages": [
            package("tieline", "0.1.0", "MIT", Value::Null),
            package("leaf", "1.2.3", "MIT/Apache-2.0", registry()),
            package("builder", "2.0.0", "ISC", registry()),
            package("tester", "3.0.0", "ISC", registry()),
        ],
        "resolve": { "nodes": [
            { "id": "tieline", "deps": [on("leaf", Value::Null), on("builder", json!("build")), on("tester", json!("dev"))] },
            { "id": "leaf", "deps": [] },
            { "id": "builder", "deps": [] },
            { "id": "tester", "deps": [] },
        ] },
    })
    .to_string()
}

#[test]
fn parts_have_licences_and_checksums_and_tests_are_no_part() {
    let document = sbom::document(&small(), LOCK).unwrap();
    assert_eq!(document["metadata"]["component"]["purl"], "pkg:cargo/tieline@0.1.0");
    let names: Vec<&str> =
        document["components"].as_array().unwrap().iter().map(|part| part["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["builder", "leaf"]);
    let leaf = &document["components"][1];
    assert_eq!(leaf["licenses"][0]["expression"], "MIT OR Apache-2.0");
    assert_eq!(leaf["hashes"], json!([{ "alg": "SHA-256", "content": "aa11" }]));
    assert_eq!(document["dependencies"][2]["dependsOn"], json!(["pkg:cargo/builder@2.0.0", "pkg:cargo/leaf@1.2.3"]));
    assert!(!document.to_string().contains("/home"), "a path of this machine");
}

#[test]
fn what_is_no_metadata_is_refused_in_words() {
    assert!(sbom::document("{", LOCK).is_err());
    assert!(sbom::document("{}", LOCK).unwrap_err().contains("packages"));
    assert!(sbom::document(&small(), "nothing").unwrap_err().contains("Cargo.lock"));
}

#[test]
fn the_list_of_this_workspace_is_whole_and_the_same_every_time() {
    let top = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let asked = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(top)
        .output()
        .unwrap();
    let metadata = String::from_utf8(asked.stdout).unwrap();
    let lock = fs::read_to_string(format!("{top}/Cargo.lock")).unwrap();
    let document = sbom::document(&metadata, &lock).unwrap();
    assert_eq!(document, sbom::document(&metadata, &lock).unwrap());
    let parts = document["components"].as_array().unwrap();
    let known: BTreeSet<&str> = parts.iter().map(|part| part["bom-ref"].as_str().unwrap()).collect();
    for name in ["rusqlite", "tonic", "tieline-engine", "phonenumber"] {
        assert!(known.iter().any(|part| part.starts_with(&format!("pkg:cargo/{name}@"))), "{name} is missing");
    }
    assert!(!known.iter().any(|part| part.starts_with("pkg:cargo/proptest@")), "a test's tool is no part");
    for part in parts {
        assert!(part["licenses"].is_array(), "{part} has no licence");
        let own = part["name"].as_str().unwrap().starts_with("tieline");
        assert!(own || part["hashes"].is_array(), "{part} has no checksum");
    }
    for row in document["dependencies"].as_array().unwrap() {
        for on in row["dependsOn"].as_array().unwrap() {
            assert!(known.contains(on.as_str().unwrap()), "{on} is needed and not listed");
        }
    }
    let text = document.to_string();
    assert!(!text.contains(fs::canonicalize(top).unwrap().to_str().unwrap()), "a path of this machine");
}
