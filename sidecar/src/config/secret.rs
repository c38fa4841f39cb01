//! Secrets: the configuration says where each is, never what it is. In the file that is a place on this machine; in a
//! project that is kept in the store it is the name of a secret that came with the project, and nothing of the machine.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, ErrorKind, Read as _},
    path::Path,
};

use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::SecretString;

use super::section::{Section, Value};

/// Longest secret file, in bytes: more than any key or token, little enough to read in one go.
const SECRET_BYTES_MAX: usize = 64 * 1024;

/// Longest file that is read at all, in bytes: a configuration of ten thousand agents fits.
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Where configuration and secrets come from; a test brings its own.
pub trait Sources {
    /// The value of an environment variable.
    fn env(&self, name: &str) -> Option<String>;

    /// The text of a file.
    ///
    /// # Errors
    /// It is not there, may not be read, is no text or too long.
    fn file(&self, path: &Path) -> io::Result<String>;

    /// Secrets that came with the text; `None` where its references lead to this machine.
    fn given(&self) -> Option<&Given> {
        None
    }
}

/// Secrets that came with a project.
#[derive(Debug)]
pub struct Given {
    /// By name; `None`: they are not known, and chance stands in for each.
    secrets: Option<BTreeMap<String, SecretString>>,
    asked: RefCell<BTreeSet<String>>,
}

impl Given {
    /// These secrets.
    #[must_use]
    pub fn new(secrets: BTreeMap<String, SecretString>) -> Self {
        Self { secrets: Some(secrets), asked: RefCell::default() }
    }

    /// Chance in place of secrets that are not known: a text can be read with it, and opens nothing to anybody.
    #[must_use]
    pub fn unknown() -> Self {
        Self { secrets: None, asked: RefCell::default() }
    }

    /// The names the text referred to.
    #[must_use]
    pub fn asked(&self) -> BTreeSet<String> {
        self.asked.borrow().clone()
    }

    fn get(&self, name: &str) -> Option<SecretString> {
        self.asked.borrow_mut().insert(name.to_owned());
        match &self.secrets {
            Some(secrets) => secrets.get(name).cloned(),
            None => stand_in(),
        }
    }
}

/// A project that is kept in the store refers to nothing of this machine.
impl Sources for Given {
    fn env(&self, _name: &str) -> Option<String> {
        None
    }

    fn file(&self, _path: &Path) -> io::Result<String> {
        Err(ErrorKind::NotFound.into())
    }

    fn given(&self) -> Option<&Given> {
        Some(self)
    }
}

/// 256 bits as hexadecimal digits, which fit wherever a secret does.
fn stand_in() -> Option<SecretString> {
    let mut bytes = [0_u8; 32];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(SecretString::from(bytes.map(|byte| format!("{byte:02x}")).concat()))
}

/// The process's environment and the machine's files.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Sources for System {
    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn file(&self, path: &Path) -> io::Result<String> {
        let mut text = String::new();
        let read = File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
        if read as u64 > FILE_BYTES_MAX {
            return Err(io::Error::new(ErrorKind::FileTooLarge, "longer than 8 MiB"));
        }
        Ok(text)
    }
}

/// What there is to say about a file that could not be read.
pub(crate) fn why_unreadable(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::NotFound => "does not exist; create it or correct the path",
        ErrorKind::PermissionDenied => "may not be read by this user; change its rights",
        ErrorKind::InvalidData => "is not UTF-8 text; write it anew",
        ErrorKind::FileTooLarge => "is longer than 8 MiB; give another file",
        ErrorKind::IsADirectory => "is a directory; give a file",
        _ => "cannot be read; check the file and the disk",
    }
}

impl Section<'_> {
    /// The secret a key refers to; `None` when left out, or after a fault was noted.
    pub(super) fn secret(&mut self, key: &'static str, sources: &dyn Sources) -> Option<SecretString> {
        let value = self.take(key)?;
        resolve(self, &self.path_of(key), value, sources)
    }
}

/// The secret a value refers to: `{ env = "NAME" }` or `{ file = "path" }`; in a project that is kept in the store
/// `{ given = "name" }`. `None` after a fault was noted.
pub(super) fn resolve<'s>(
    parent: &Section<'s>,
    path: &str,
    value: &'s Value<'s>,
    sources: &dyn Sources,
) -> Option<SecretString> {
    let given = sources.given();
    let (place, form) = match given {
        None => ("put it into an environment variable or a file", "{ env = \"NAME\" } or { file = \"path\" }"),
        Some(_) => ("give it apart, by a name", "{ given = \"name\" }"),
    };
    if value.get_ref().is_str() {
        let text = format!(
            "holds the secret itself; {place}, write {form}, and change the secret, as it has been written down here"
        );
        parent.fault_of(value, path, text);
        return None;
    }
    if value.get_ref().as_table().is_none() {
        parent.fault_of(value, path, format!("is no reference to a secret; write {form}"));
        return None;
    }
    let mut reference = parent.inside(path.to_owned(), Some(value));
    if let Some(given) = given {
        return from_given(&mut reference, given);
    }
    let secret = match (reference.text("env"), reference.text("file")) {
        (Some(name), None) => from_env(&reference, &name, sources),
        (None, Some(file)) => from_file(&reference, &file, sources),
        (Some(_), Some(_)) => {
            reference.fault("", "names an environment variable and a file; keep one of them");
            None
        }
        (None, None) => {
            if reference.peek("given").is_some() {
                let text =
                    "is for projects that are kept in the store; write { env = \"NAME\" } or { file = \"path\" }";
                reference.refuse("given", text);
            } else if reference.peek("env").or(reference.peek("file")).is_none() {
                reference.fault("", "names no place; write { env = \"NAME\" } or { file = \"path\" }");
            }
            None
        }
    };
    reference.close();
    secret
}

/// Whoever may put projects must not read this machine's environment and files by them.
fn from_given(reference: &mut Section<'_>, given: &Given) -> Option<SecretString> {
    for key in ["env", "file"] {
        if reference.peek(key).is_some() {
            reference.refuse(key, "is for the configuration's file; give the secret apart, write { given = \"name\" }");
        }
    }
    let name = reference.text("given");
    let known = reference.peek("given").or(reference.peek("env")).or(reference.peek("file"));
    if known.is_none() {
        reference.fault("", "names no secret; write { given = \"name\" }");
    }
    reference.close();
    let secret = given.get(&name?);
    if secret.is_none() {
        reference.fault("given", "no secret of this name was given, and none is kept; give it apart");
    }
    secret
}

/// The name is not repeated in the fault: it may be the secret itself, written in the wrong place.
fn from_env(reference: &Section<'_>, name: &str, sources: &dyn Sources) -> Option<SecretString> {
    let value = sources.env(name).filter(|value| !value.trim().is_empty());
    if value.is_none() {
        reference.fault("env", "the environment variable named here is not set, or empty; set it for the sidecar");
    }
    Some(without_line_end(value?))
}

fn from_file(reference: &Section<'_>, file: &str, sources: &dyn Sources) -> Option<SecretString> {
    let problem = match sources.file(Path::new(file)) {
        Ok(text) if text.len() > SECRET_BYTES_MAX => "is longer than 64 KiB; a secret is shorter, give its file",
        Ok(text) if text.trim().is_empty() => "is empty; write the secret into it",
        Ok(text) => return Some(without_line_end(text)),
        Err(error) => why_unreadable(&error),
    };
    reference.fault("file", format!("the file named here {problem}"));
    None
}

/// Editors and `echo` end a file with a line end that is no part of the secret.
fn without_line_end(mut text: String) -> SecretString {
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    SecretString::from(text)
}
