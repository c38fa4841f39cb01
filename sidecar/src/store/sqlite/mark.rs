//! The file beside the store's that says who works on it, and how the last one ended.
//!
//! It is locked while a sidecar works. A word in it says whether the log belongs to the store: then a log that is gone
//! was taken away, with the calls that were only there. Without the word SQLite would open what is left and say nothing.

use std::{
    fs::{File, TryLockError},
    io::{Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
};

use super::{StoreError, advice};

/// While a sidecar works, and after one was killed.
const OPEN: &str = "open\n";
/// After a sidecar copied its log into the file and ended.
const CLOSED: &str = "closed\n";

/// The lock, held for as long as writing goes on. Its rights do not matter: nothing of the calls is in it.
pub(super) struct Mark {
    file: File,
    word: String,
}

impl Mark {
    /// Locks the store and checks that all its files are there. Two sidecars on one file would deliver every call
    /// twice.
    pub(super) fn lock(path: &Path) -> Result<Self, StoreError> {
        let name = beside(path, ".lock");
        let broken = |error| naming(&name, advice::of_io(&error));
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&name).map_err(broken)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(naming(path, StoreError::Broken("another sidecar works on this file".to_owned())));
            }
            Err(TryLockError::Error(error)) => return Err(broken(error)),
        }
        let mut mark = Self { file, word: String::new() };
        (&mark.file).take(16).read_to_string(&mut mark.word).map_err(broken)?;
        mark.check(path, &name)?;
        Ok(mark)
    }

    fn check(&self, path: &Path, name: &Path) -> Result<(), StoreError> {
        let log = beside(path, "-wal");
        let bytes = path.metadata().ok().map(|file| file.len());
        let (subject, text) = match (bytes, log.exists()) {
            (None, true) => (path, format!("it is gone and its log {} is still there; put it back, or", log.display())),
            (Some(0), _) if !self.word.is_empty() => {
                (path, "it is empty now and was not; put a backup here, or".into())
            }
            (Some(_), false) if self.word == OPEN => (
                log.as_path(),
                format!(
                    "it is gone, with the calls that were not in {} yet, as the sidecar was ended by force; put it back, \
                     or",
                    path.display()
                ),
            ),
            _ => return Ok(()),
        };
        let way_out = match bytes {
            None => format!("move {} away to begin with an empty store", log.display()),
            Some(0) => "move it away to begin with an empty store".to_owned(),
            Some(_) => format!("delete {} to go on without them", name.display()),
        };
        let text = format!("{text} {way_out} (docs/recovery.md)");
        Err(naming(subject, StoreError::Unreadable(text)))
    }

    /// The log belongs to the store from now on.
    pub(super) fn opened(&mut self) -> Result<(), StoreError> {
        // A disk that is full must not keep a sidecar that was killed from starting again.
        if self.word == OPEN {
            return Ok(());
        }
        self.say(OPEN).map_err(|error| advice::of_io(&error))
    }

    /// The log was copied into the file.
    pub(super) fn closed(mut self) {
        // A word that stays says too much at worst, and it is heard only where the log is gone, too.
        drop(self.say(CLOSED));
    }

    fn say(&mut self, word: &str) -> std::io::Result<()> {
        self.file.rewind()?;
        self.file.write_all(word.as_bytes())?;
        self.file.set_len(word.len() as u64)?;
        self.file.sync_all()
    }
}

/// What cannot be opened is a matter for a person, who has to know which file is meant.
pub(super) fn naming(path: &Path, error: StoreError) -> StoreError {
    let path = path.display();
    match error {
        StoreError::Broken(text) => StoreError::Broken(format!("{path}: {text}")),
        StoreError::Unreadable(text) => StoreError::Unreadable(format!("{path}: {text}")),
        other => other,
    }
}

/// The name of a file that belongs to another.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
