//! Reading the project's own files.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The top folder of the project.
pub(crate) fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder, by path relative to the top.
pub(crate) fn rust_files(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![top().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path.strip_prefix(top()).unwrap().to_owned());
            }
        }
    }
    files.sort();
    assert!(!files.is_empty(), "no Rust files below {folder}");
    files
}

/// The lines of a file that are code: comments are left out, for they may name the sources of a constant.
pub(crate) fn code_lines(file: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(top().join(file)).unwrap();
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim().to_owned()));
    lines.filter(|(_, line)| !line.starts_with("//")).collect()
}

/// The names of a manifest's dependencies in one of its tables.
pub(crate) fn dependencies(manifest: &str, table: &str) -> Vec<String> {
    let text = fs::read_to_string(top().join(manifest)).unwrap();
    let parsed: toml::Table = text.parse().unwrap();
    let mut names: Vec<String> = parsed
        .get(table)
        .and_then(|table| table.as_table())
        .map(|table| table.keys().cloned().collect())
        .unwrap_or_default();
    names.sort();
    names
}
