//! Secrets: the configuration says where each is, never what it is.

use std::{
    fs::File,
    io::{self, ErrorKind, Read as _},
    path::Path,
};

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

/// The secret a value refers to: `{ env = "NAME" }` or `{ file = "path" }`. `None` after a fault was noted.
pub(super) fn resolve<'s>(
    parent: &Section<'s>,
    path: &str,
    value: &'s Value<'s>,
    sources: &dyn Sources,
) -> Option<SecretString> {
    if value.get_ref().is_str() {
        let text = "holds the secret itself; put it into an environment variable or a file, write { env = \"NAME\" } \
                    or { file = \"path\" }, and change the secret, as it has been written down here";
        parent.fault_of(value, path, text);
        return None;
    }
    value.get_ref().as_table().or_else(|| {
        parent.fault_of(value, path, "is no reference to a secret; write { env = \"NAME\" } or { file = \"path\" }");
        None
    })?;
    let mut reference = parent.inside(path.to_owned(), Some(value));
    let secret = match (reference.text("env"), reference.text("file")) {
        (Some(name), None) => from_env(&reference, &name, sources),
        (None, Some(file)) => from_file(&reference, &file, sources),
        (Some(_), Some(_)) => {
            reference.fault("", "names an environment variable and a file; keep one of them");
            None
        }
        (None, None) => {
            if reference.peek("env").or(reference.peek("file")).is_none() {
                reference.fault("", "names no place; write { env = \"NAME\" } or { file = \"path\" }");
            }
            None
        }
    };
    reference.close();
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
