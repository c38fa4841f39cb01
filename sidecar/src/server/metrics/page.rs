//! The lines of a page of metrics.

use std::fmt::Display;

/// The page as written so far.
#[derive(Default)]
pub(super) struct Page {
    pub(super) text: String,
    /// A project's zeros are left out.
    pub(super) is_sparse: bool,
}

impl Page {
    /// A page without lines.
    pub(super) fn new(is_sparse: bool) -> Self {
        Self { text: String::new(), is_sparse }
    }

    /// What the lines of a name mean.
    pub(super) fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    /// A value; one of a project has its name for a first label.
    pub(super) fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let value = value.to_string();
        let is_of_project = labels.first().is_some_and(|(label, _)| *label == "project");
        if self.is_sparse && is_of_project && value == "0" {
            return;
        }
        let labels: Vec<String> = labels.iter().map(|(name, text)| format!("{name}=\"{}\"", escaped(text))).collect();
        self.text.push_str(&format!("{name}{{{}}} {value}\n", labels.join(",")));
    }
}

/// A label's value as the format wants it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_break_out_of_its_quotes() {
        let mut page = Page::default();
        page.line("m", &[("l", "a\"b\\c\nd")], 1);
        assert_eq!(page.text, "m{l=\"a\\\"b\\\\c\\nd\"} 1\n");
    }

    #[test]
    fn with_many_projects_a_project_s_zeros_are_left_out_and_nothing_else() {
        let mut page = Page { is_sparse: true, ..Page::default() };
        page.line("waiting", &[("project", "a")], 0);
        page.line("waiting", &[("project", "b")], 2);
        page.line("suspended", &[], 0);
        assert_eq!(page.text, "waiting{project=\"b\"} 2\nsuspended{} 0\n");
    }
}
