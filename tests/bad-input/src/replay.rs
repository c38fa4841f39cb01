//! How a fault is shown and shown again.

use std::{
    any::Any,
    cell::Cell,
    env, fs,
    io::Write as _,
    panic,
    path::{Path, PathBuf},
    sync::Once,
};

use crate::random;

/// Inputs longer than this are written to a file instead of the terminal.
const SHOWN_BYTES: usize = 2_048;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// The input to be replayed, if one is given.
pub(crate) fn given() -> Option<Vec<u8>> {
    let given = env::var("TIELINE_FUZZ_INPUT").ok()?;
    match given.strip_prefix('@') {
        Some(path) => Some(fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"))),
        None => Some(bytes(&given).unwrap_or_else(|| panic!("TIELINE_FUZZ_INPUT is not hexadecimal"))),
    }
}

/// An input for people, and for replaying.
pub(crate) fn how(name: &str, input: &[u8]) -> String {
    if input.len() <= SHOWN_BYTES {
        let hex: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
        return format!("input: b\"{}\"\nreplay: TIELINE_FUZZ_INPUT={hex}", input.escape_ascii());
    }
    let path = folder().join(format!("{name}-{:016x}", random::hash(input)));
    let written = fs::create_dir_all(folder()).and_then(|()| fs::write(&path, input));
    let fate = written.err().map(|error| format!(" (not written: {error})")).unwrap_or_default();
    format!("input: {} bytes\nreplay: TIELINE_FUZZ_INPUT=@{}{fate}", input.len(), path.display())
}

/// A line for whoever watches a longer run.
pub(crate) fn say(line: &str) {
    let _nobody_watches = writeln!(std::io::stderr(), "{line}");
}

/// What a panic said.
pub(crate) fn text_of(panicked: &(dyn Any + Send)) -> String {
    let text = panicked.downcast_ref::<String>().map(String::as_str).or(panicked.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a text").to_owned()
}

/// Lets panics that are caught here go unprinted: making an input small takes hundreds of them.
pub(crate) fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                usual(info);
            }
        }));
    });
}

/// Does work whose panics are caught.
pub(crate) fn quietly<T>(work: impl FnOnce() -> T) -> T {
    let before = QUIET.replace(true);
    let done = work();
    QUIET.set(before);
    done
}

/// Beside the other things that are built, wherever the test runs.
fn folder() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    env::var_os("CARGO_TARGET_DIR").map_or(own, PathBuf::from).join("fuzz")
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        hex.trim().chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    Some(digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}
