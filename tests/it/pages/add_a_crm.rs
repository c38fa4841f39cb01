//! `docs/add-a-crm.md`: the size it promises is counted, and it names every file and every method there is.

use std::fs;

use tieline_crm::CrmKind;

use super::hold;
use crate::{
    sources::{code_lines, rust_files, top},
    walls::CRM_FILES,
};

const PAGE: &str = "docs/add-a-crm.md";
const BEGIN: &str = "<!-- counted -->\n";
const END: &str = "<!-- /counted -->";

/// Sizes are told in hundreds of lines: a reader asks for the order of magnitude.
const ROUND_TO: usize = 100;

/// How large a dialect is.
struct Size {
    name: &'static str,
    files: usize,
    /// Lines of Rust that are neither blank nor comments.
    lines: usize,
}

#[test]
fn the_page_tells_the_size_of_the_smallest_dialect() {
    let page = text();
    let (head, rest) = page.split_once(BEGIN).expect("the page has a place for the size");
    let (_, tail) = rest.split_once(END).expect("the place ends");
    let sizes: Vec<Size> = CrmKind::ALL.iter().map(|kind| size(kind.name())).collect();
    let [smallest, largest] = [sizes.iter().min_by_key(|size| size.lines), sizes.iter().max_by_key(|size| size.lines)];
    let told = format!(
        "The smallest dialect here, {}.\nThe largest, {}.\nComments, blank lines and tests are not counted.\n",
        told(smallest.unwrap()),
        told(largest.unwrap())
    );
    hold(PAGE, &format!("{head}{BEGIN}{told}{END}{tail}"));
}

#[test]
fn the_page_names_every_file_of_a_crms_folder_and_every_method_of_the_trait() {
    let page = text();
    let source = fs::read_to_string(top().join("sidecar/crm/src/dialect.rs")).unwrap();
    let body = source.split_once("pub trait Dialect").unwrap().1.split_once("\n}").unwrap().0;
    let methods = body.lines().filter_map(|line| line.strip_prefix("    fn ")?.split(['(', '<']).next());
    let methods: Vec<&str> = methods.collect();
    assert!(methods.contains(&"perform"));
    for name in CRM_FILES.into_iter().chain(methods) {
        assert!(page.contains(&format!("`{name}`")), "{PAGE} does not name {name}");
    }
}

#[test]
fn the_page_names_places_that_are_there() {
    let page = text();
    let quoted = page.split('`').skip(1).step_by(2);
    let places = quoted.filter(|word| ["sidecar/", "tests/", "engine/"].iter().any(|top| word.starts_with(top)));
    let is_there =
        |place: &str| CrmKind::ALL.iter().any(|kind| top().join(place.replace("<crm>", kind.name())).exists());
    let missing: Vec<&str> = places.filter(|place| !is_there(place)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

fn text() -> String {
    fs::read_to_string(top().join(PAGE)).unwrap()
}

fn folder(name: &str) -> String {
    format!("sidecar/crm/src/{name}")
}

fn size(name: &'static str) -> Size {
    let files = rust_files(&folder(name));
    let lines = files.iter().flat_map(|file| code_lines(file)).filter(|(_, line)| !line.is_empty()).count();
    Size { name, files: files.len(), lines }
}

fn told(size: &Size) -> String {
    let lines = (size.lines + ROUND_TO / 2) / ROUND_TO * ROUND_TO;
    format!("`{}`, has about {lines} lines in {} files", size.name, size.files)
}
