//! What commands print, and how they fail. A reader that goes away early (`| head`) is no failure.

use std::{
    fmt::Display,
    io::{self, BufWriter, ErrorKind, IsTerminal as _, StdoutLock, Write as _},
    process::ExitCode,
};

/// Wrong usage or configuration (EX_USAGE of sysexits.h).
const USAGE: u8 = 64;

/// Why a command ended early.
#[derive(Debug)]
pub enum Failure {
    /// What was asked is wrong: the arguments, or the configuration.
    Usage(String),
    /// It was right and did not work.
    Failed(String),
    /// Everything is told already; only the exit code is left.
    Told(u8),
}

impl Failure {
    /// A failure with an error's text.
    pub fn of(error: impl Display) -> Self {
        Self::Failed(error.to_string())
    }

    /// What the command line's reader found; help and version are no failures.
    #[must_use]
    pub fn of_usage(error: clap::Error) -> Self {
        let printed = error.print().is_ok();
        Self::Told(if error.use_stderr() { USAGE } else { u8::from(!printed) })
    }

    /// Tells a person on standard error, and the shell by the code.
    #[must_use]
    pub fn tell(&self) -> ExitCode {
        let (text, code) = match self {
            Self::Usage(text) => (text.as_str(), USAGE),
            Self::Failed(text) => (text.as_str(), 1),
            Self::Told(code) => return ExitCode::from(*code),
        };
        // Where standard error is gone too, the code has to do.
        drop(writeln!(io::stderr(), "tieline: {text}"));
        ExitCode::from(code)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self::Told(0),
            _ => Self::Failed(format!("cannot write the output: {error}")),
        }
    }
}

/// Standard output.
#[derive(Debug)]
pub struct Out {
    stdout: BufWriter<StdoutLock<'static>>,
}

impl Default for Out {
    fn default() -> Self {
        Self::new()
    }
}

impl Out {
    /// Standard output, buffered until [`Out::flush`] or the end.
    #[must_use]
    pub fn new() -> Self {
        Self { stdout: BufWriter::new(io::stdout().lock()) }
    }

    /// One line.
    ///
    /// # Errors
    /// Nobody reads, or the disk is full.
    pub fn line(&mut self, text: impl Display) -> Result<(), Failure> {
        Ok(writeln!(self.stdout, "{text}")?)
    }

    /// Hands over what was written.
    ///
    /// # Errors
    /// Nobody reads, or the disk is full.
    pub fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.stdout.flush()?)
    }
}

/// Asks a person for a yes; anything else, or nobody there, is a no.
///
/// # Errors
/// Standard error cannot be written.
pub(super) fn confirm(question: &str) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    let mut stderr = io::stderr();
    write!(stderr, "{question} [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
