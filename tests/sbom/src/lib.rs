//! What the program is built of, as a CycloneDX 1.6 document.
//!
//! Made from `cargo metadata` (names, licences, who needs whom) and `Cargo.lock` (checksums). Only what ends up in the
//! program or builds it is listed: what tests alone need is left out. The same lock file gives the same document on
//! every machine: it holds no time, no path and no random number.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// The program's package.
const PROGRAM: &str = "tieline";

/// The document, from the texts of `cargo metadata --format-version 1` and of `Cargo.lock`.
///
/// # Errors
/// A text is not what it should be; in words.
pub fn document(metadata: &str, lock: &str) -> Result<Value, String> {
    let metadata: Value = serde_json::from_str(metadata).map_err(|error| format!("cargo's metadata: {error}"))?;
    let checksums = checksums(lock)?;
    let packages = by_id(list(&metadata["packages"], "packages")?);
    let needs = needs(list(&metadata["resolve"]["nodes"], "resolve.nodes")?);
    let program = packages.iter().find(|(_, package)| package["name"] == PROGRAM && package["source"].is_null());
    let (program, _) = program.ok_or("the program's package is missing")?;
    let mut components = BTreeMap::new();
    for id in reached(program, &needs) {
        let package = packages.get(id).ok_or("a package of the graph is missing")?;
        components.insert(reference(package), component(package, &checksums));
    }
    let main = components.remove(&reference(packages[program])).unwrap_or_default();
    let dependencies = dependencies(program, &needs, &packages);
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": main },
        "components": components.into_values().collect::<Vec<_>>(),
        "dependencies": dependencies,
    }))
}

fn list<'v>(value: &'v Value, name: &str) -> Result<&'v [Value], String> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| format!("cargo's metadata has no {name}"))
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn by_id(packages: &[Value]) -> BTreeMap<&str, &Value> {
    packages.iter().map(|package| (text(package, "id"), package)).collect()
}

/// What each package needs to be built, apart from its tests.
fn needs(nodes: &[Value]) -> BTreeMap<&str, BTreeSet<&str>> {
    let of = |node: &'_ Value| -> bool {
        let kinds = node["dep_kinds"].as_array().map(Vec::as_slice).unwrap_or_default();
        kinds.iter().any(|kind| kind["kind"] != "dev")
    };
    let needed = |node: &'_ Value| -> Vec<Value> { node["deps"].as_array().cloned().unwrap_or_default() };
    let mut needs = BTreeMap::new();
    for node in nodes {
        let kept: Vec<usize> = needed(node).iter().enumerate().filter(|(_, dep)| of(dep)).map(|(nr, _)| nr).collect();
        let ids = kept.into_iter().filter_map(|nr| node["deps"][nr]["pkg"].as_str()).collect();
        needs.insert(text(node, "id"), ids);
    }
    needs
}

/// The program and all it is built of.
fn reached<'v>(program: &'v str, needs: &BTreeMap<&'v str, BTreeSet<&'v str>>) -> BTreeSet<&'v str> {
    let (mut reached, mut open) = (BTreeSet::from([program]), vec![program]);
    while let Some(id) = open.pop() {
        let next = needs.get(id).into_iter().flatten();
        open.extend(next.filter(|id| reached.insert(**id)));
    }
    reached
}

/// The package URL, by which other tools know a package.
fn reference(package: &Value) -> String {
    format!("pkg:cargo/{}@{}", text(package, "name"), text(package, "version"))
}

fn component(package: &Value, checksums: &BTreeMap<(String, String), String>) -> Value {
    let (name, version) = (text(package, "name"), text(package, "version"));
    let kind = if name == PROGRAM { "application" } else { "library" };
    let mut component = json!({
        "type": kind,
        "bom-ref": reference(package),
        "name": name,
        "version": version,
        "purl": reference(package),
    });
    // Before SPDX expressions a slash meant a choice.
    let licence = text(package, "license").replace('/', " OR ").replace("  ", " ");
    if !licence.is_empty() {
        component["licenses"] = json!([{ "expression": licence }]);
    }
    if let Some(checksum) = checksums.get(&(name.to_owned(), version.to_owned())) {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    let repository = text(package, "repository");
    if repository.starts_with("https://") && !repository.contains(' ') {
        component["externalReferences"] = json!([{ "type": "vcs", "url": repository }]);
    }
    component
}

fn dependencies(
    program: &str,
    needs: &BTreeMap<&str, BTreeSet<&str>>,
    packages: &BTreeMap<&str, &Value>,
) -> Vec<Value> {
    let name = |id: &&str| packages.get(id).map(|package| reference(package));
    let mut rows: Vec<(String, Value)> = Vec::new();
    for id in reached(program, needs) {
        let Some(of) = name(&id) else { continue };
        let on: BTreeSet<String> = needs.get(id).into_iter().flatten().filter_map(name).collect();
        rows.push((of.clone(), json!({ "ref": of, "dependsOn": on })));
    }
    rows.sort_by(|left, right| left.0.cmp(&right.0));
    rows.into_iter().map(|(_, row)| row).collect()
}

fn checksums(lock: &str) -> Result<BTreeMap<(String, String), String>, String> {
    let lock: toml::Table = lock.parse().map_err(|error| format!("Cargo.lock: {error}"))?;
    let packages = lock.get("package").and_then(|packages| packages.as_array()).ok_or("Cargo.lock has no packages")?;
    let read = |package: &toml::Value| {
        let text = |name: &str| package.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        Some(((text("name")?, text("version")?), text("checksum")?))
    };
    Ok(packages.iter().filter_map(read).collect())
}
