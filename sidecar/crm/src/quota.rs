//! How much a CRM allows, and what its answers tell of it.

use std::time::Duration;

use crate::transport::Response;

/// How much a CRM allows an account, for all who use it: by the CRM's page, or as its settings say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests a second of the ordinary budget.
    pub per_second: u32,
    /// Requests a second of the telephony budget; equal to `per_second` where there is one budget only.
    pub telephony_per_second: u32,
    /// Units of concurrency.
    pub concurrency: u32,
    /// Budgets of longer windows, where the CRM has them.
    pub budgets: Vec<Budget>,
}

/// A budget of a longer window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Its name, for metrics and logs: `credits`.
    pub name: &'static str,
    /// How far back spending counts.
    pub window: Duration,
    /// What may be spent in it.
    pub units: u64,
    /// What is spent.
    pub counts: Counts,
}

impl Budget {
    /// A budget of the last 24 hours.
    pub(crate) fn per_day(name: &'static str, units: u32, counts: Counts) -> Self {
        Self { name, window: Duration::from_secs(86_400), units: u64::from(units), counts }
    }
}

/// What a request spends of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// One.
    Requests,
    /// Its [`Request::cost`](crate::transport::Request::cost).
    Cost,
    /// The seconds its answer took.
    Seconds,
}

/// What one answer tells of the quota.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meter {
    /// The request was refused for a limit, and nothing was done.
    pub refused: Option<Limit>,
    /// How long the CRM asks to wait, where it says.
    pub wait: Option<Duration>,
    /// What is left of budgets.
    pub left: Vec<Left>,
}

/// Which limit a request was refused for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Requests a second.
    Rate,
    /// Requests at once.
    Concurrency,
    /// A budget of a longer window is used up: waiting helps, going slower does not.
    Budget,
    /// The CRM does not say.
    Unknown,
}

/// What is left of a budget.
#[derive(Clone, Debug, PartialEq)]
pub struct Left {
    /// The [`Budget::name`].
    pub budget: &'static str,
    /// Units left, for all who use the account.
    pub units: f64,
    /// What this shows of the whole budget, where it may be larger than [`Budget::units`].
    pub of_at_least: Option<f64>,
    /// When it is whole again, where the CRM says; a window that slides gives back little by little.
    pub resets_in: Option<Duration>,
}

impl Left {
    /// So much is left.
    #[must_use]
    pub fn of(budget: &'static str, units: f64) -> Self {
        Self { budget, units, of_at_least: None, resets_in: None }
    }
}

impl Meter {
    /// An answer that tells nothing but, by its status, that a limit was met; for CRMs whose page says no more.
    #[must_use]
    pub fn by_status(response: &Response) -> Self {
        if response.status == 429 { Self::refused(Limit::Unknown, response) } else { Self::default() }
    }

    /// A refusal, with the time the CRM asks to wait.
    #[must_use]
    pub fn refused(limit: Limit, response: &Response) -> Self {
        Self { refused: Some(limit), wait: response.retry_after(), left: Vec::new() }
    }

    /// A number in a header, if there is one that can be read; thousands may be set off by commas.
    pub(crate) fn number(response: &Response, header: &str) -> Option<f64> {
        response.header(header)?.replace(',', "").trim().parse().ok().filter(|number: &f64| number.is_finite())
    }
}

/// How much of an account's limits Tieline may use, in per cent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share(u8);

impl Share {
    /// A share; what is beyond 1 to 100 becomes the nearer of the two.
    #[must_use]
    pub fn percent(percent: u8) -> Self {
        Self(percent.clamp(1, 100))
    }

    /// As a part of one.
    #[must_use]
    pub fn part(self) -> f64 {
        f64::from(self.0) / 100.0
    }

    /// Of whole units: at least one.
    #[must_use]
    pub fn of(self, units: u32) -> u32 {
        u32::try_from(u64::from(units) * u64::from(self.0) / 100).unwrap_or(u32::MAX).max(1)
    }
}

impl Default for Share {
    /// Four fifths: people at the CRM's screens and its other programs always find room, also in the second in which
    /// a hundred calls of a backlog are written.
    fn default() -> Self {
        Self(80)
    }
}
