//! Which waiting calls are sent after a break: calendar days in the project's zone (Z-18 … Z-22, G8).

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// The window for resending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BacklogPolicy {
    /// Calendar days before the day of activation that are still sent (S4:65: two, and the day itself).
    pub days_before: u16,
}

impl Default for BacklogPolicy {
    fn default() -> Self {
        Self { days_before: 2 }
    }
}

/// What happens to a waiting call when its connection is activated again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resend {
    /// It is sent.
    Send,
    /// It is kept, not sent: older than the window (Z-20).
    OutOfWindow,
    /// It is kept, not sent: the option was off at activation (Z-19).
    OptionOff,
}

impl BacklogPolicy {
    /// The first instant of the window for an activation.
    #[must_use]
    pub fn opens_at(&self, activated_at: Timestamp, zone: &TimeZone) -> Timestamp {
        let today = activated_at.to_zoned(zone.clone()).date();
        let first = today.checked_sub(i64::from(self.days_before).days()).unwrap_or(Date::MIN);
        first.to_zoned(zone.clone()).map_or(Timestamp::MIN, |midnight| midnight.timestamp())
    }

    /// What happens to a call that happened at `call_at` when the connection is activated at `activated_at`
    /// with the option as it stood.
    #[must_use]
    pub fn resend(&self, call_at: Timestamp, activated_at: Timestamp, keep: bool, zone: &TimeZone) -> Resend {
        if !keep {
            Resend::OptionOff
        } else if call_at < self.opens_at(activated_at, zone) {
            Resend::OutOfWindow
        } else {
            Resend::Send
        }
    }
}
