//! Pages that are made from the sources, so that they cannot lie.
//!
//! `TIELINE_WRITE_PAGES=1 cargo nextest run -p tieline-proto pages` writes them anew.

mod add_a_crm;
mod rules;

use std::{env, fs};

use crate::sources::top;

/// Holds a page to what the sources say, or writes it.
fn hold(page: &str, expected: &str) {
    let path = top().join(page);
    if env::var_os("TIELINE_WRITE_PAGES").is_some() {
        fs::write(&path, expected).unwrap();
        return;
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    let stale = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    assert!(
        found == expected,
        "{page} is stale, first at {stale:?}; TIELINE_WRITE_PAGES=1 cargo nextest run -p tieline-proto pages"
    );
}
