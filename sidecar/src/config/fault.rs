//! What is wrong with a configuration: everything at once, each with its place and what to do.

use std::{cell::RefCell, cmp::Reverse, fmt};

/// Faults of syntax told at once: a file of another kind has one in every line.
const SYNTAX_FAULTS_MAX: usize = 100;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line of the file, from 1, where the fault can be placed.
    pub line: Option<usize>,
    /// Path of the key: `projects[1].connection.secrets.api_key`; empty for the file as a whole.
    pub key: String,
    /// What is wrong; what to do. Never a secret, a telephone number or an e-mail.
    pub text: String,
}

/// Everything that is wrong with a file, in the order of its lines. Shown one fault a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    file: String,
    list: Vec<Fault>,
}

impl Faults {
    pub(super) fn new(file: &str, mut list: Vec<Fault>) -> Self {
        list.sort_by_key(|fault| fault.line);
        Self { file: file.to_owned(), list }
    }

    /// A fault of the file as a whole.
    pub(super) fn of_file(file: &str, text: String) -> Self {
        Self::new(file, vec![Fault { line: None, key: String::new(), text }])
    }

    /// The faults; at least one.
    #[must_use]
    pub fn list(&self) -> &[Fault] {
        &self.list
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.list.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "\n" })?;
            f.write_str(&self.file)?;
            if let Some(line) = fault.line {
                write!(f, ":{line}")?;
            }
            let colon = if fault.key.is_empty() { "" } else { ": " };
            write!(f, "{colon}{}: {}", fault.key, fault.text)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// Longest text of a fault, in characters: the list of accepted keys fits.
const TEXT_MAX: usize = 2_000;
/// Longest path of a key.
const KEY_MAX: usize = 200;

/// A file of another kind may have a key as long as itself.
fn cut(text: String, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((at, _)) => text.get(..at).unwrap_or_default().to_owned() + "…",
        None => text,
    }
}

/// Collects faults while a document is read.
pub(super) struct Journal {
    /// Where each line but the first begins, in bytes.
    lines: Vec<usize>,
    faults: RefCell<Vec<Fault>>,
}

impl Journal {
    pub(super) fn new(document: &str) -> Self {
        let ends = document.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self { lines: ends.map(|(at, _)| at + 1).collect(), faults: RefCell::default() }
    }

    /// Notes a fault at a position of the document, in bytes.
    pub(super) fn note(&self, at: Option<usize>, key: impl Into<String>, text: impl Into<String>) {
        let line = at.map(|at| self.line(at));
        let text = cut(text.into().replace('\n', "; "), TEXT_MAX);
        self.faults.borrow_mut().push(Fault { line, key: cut(key.into(), KEY_MAX), text });
    }

    /// Notes why a document is no TOML.
    pub(super) fn note_syntax(&self, document: &str, errors: &[toml::de::Error]) {
        for error in errors.iter().take(SYNTAX_FAULTS_MAX) {
            let at = error.span().map_or_else(|| deepest(document), |span| span.start);
            self.note(Some(at), "", format!("is no TOML: {}; correct it to see what else there is", error.message()));
        }
    }

    pub(super) fn into_faults(self) -> Vec<Fault> {
        self.faults.into_inner()
    }

    fn line(&self, at: usize) -> usize {
        1 + self.lines.partition_point(|line| *line <= at)
    }
}

/// Where the line begins that nests most: of what is nested too deeply the reader names no place.
fn deepest(text: &str) -> usize {
    let nests = |line: &str| line.matches(['.', '[', '{']).count();
    let lines = text.split_inclusive('\n').scan(0, |at, line| {
        let begins = *at;
        *at += line.len();
        Some((nests(line), Reverse(begins)))
    });
    lines.max().map_or(0, |(_, begins)| begins.0)
}
