//! What the person in front of it sees: lines on standard output, and where a person looks a bar below them.

use std::fmt::Display;

use indicatif::{ProgressBar, ProgressStyle};

use super::story::Chapter;
use crate::cli::{Failure, Out};

/// The screen.
pub(super) struct Screen {
    out: Out,
    bar: ProgressBar,
}

impl Screen {
    /// With room for so many scenes. The bar hides itself where standard error is no terminal.
    pub(super) fn new(scenes: u64) -> Self {
        let bar = ProgressBar::new(scenes);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        Self { out: Out::new(), bar }
    }

    /// A chapter begins.
    pub(super) fn chapter(&mut self, chapter: &Chapter) -> Result<(), Failure> {
        self.bar.set_message(format!("{} {}", chapter.at, chapter.title));
        self.line("")?;
        self.line(format_args!("{}  {}", chapter.at, chapter.title))?;
        self.line(format_args!("       {}", chapter.told))
    }

    /// One scene is over.
    pub(super) fn passed(&self) {
        self.bar.inc(1);
    }

    /// One line, at once.
    pub(super) fn line(&mut self, text: impl Display) -> Result<(), Failure> {
        let Self { out, bar } = self;
        bar.suspend(|| {
            out.line(text)?;
            out.flush()
        })
    }

    /// Something that happened at a time, and what came of it.
    pub(super) fn event(&mut self, at: &str, who: &str, told: &str, came: impl Display) -> Result<(), Failure> {
        self.line(format_args!("  {at:5}  {who:6}  {told}"))?;
        self.came(came)
    }

    /// What came of it.
    pub(super) fn came(&mut self, came: impl Display) -> Result<(), Failure> {
        self.line(format_args!("                 → {came}"))
    }

    /// The day is over.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
