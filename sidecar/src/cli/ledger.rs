//! `tieline ledger`: what became of every call a running sidecar received, by project and day.

use std::collections::BTreeMap;

use serde::Serialize;
use tieline_engine::jiff::civil::Date;
use tieline_proto::v1::{GetLedgerRequest, LedgerDay, admin_service_client::AdminServiceClient};

use super::{
    Failure, Out,
    door::{Door, refused},
};

/// What to show, and of which sidecar.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    door: Door,
    /// Only this project.
    #[arg(long, value_name = "PROJECT")]
    project: Option<String>,
    /// First day, such as 2026-03-29, in each project's zone; the last day when left out, else today.
    #[arg(long, value_name = "DAY")]
    from: Option<Date>,
    /// Last day, included; the first day when left out.
    #[arg(long, value_name = "DAY")]
    to: Option<Date>,
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// Asks and shows.
///
/// # Errors
/// The sidecar cannot be reached or refuses, or a day does not balance.
pub async fn run(args: Args) -> Result<(), Failure> {
    let mut client = AdminServiceClient::new(args.door.open().await?);
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let project = args.project.unwrap_or_default();
    let request = GetLedgerRequest { project, from_day: day(args.from), to_day: day(args.to) };
    let days = client.get_ledger(request).await.map_err(|status| refused(&status))?.into_inner().days;
    let mut out = Out::new();
    if args.json {
        let shown: Vec<Shown<'_>> = days.iter().map(Shown::of).collect();
        out.line(serde_json::to_string_pretty(&shown).map_err(Failure::of)?)?;
    } else {
        for line in table(&days) {
            out.line(line)?;
        }
    }
    out.flush()?;
    match days.iter().find(|day| !day.balanced) {
        Some(day) => {
            Err(Failure::Failed(format!("{} of {} does not balance: this is a fault, report it", day.day, day.project)))
        }
        None => Ok(()),
    }
}

/// A day as JSON.
#[derive(Serialize)]
struct Shown<'d> {
    project: &'d str,
    day: &'d str,
    received: u64,
    written: u64,
    skipped: u64,
    skipped_by: BTreeMap<&'d str, u64>,
    waiting: u64,
    failed: u64,
    balanced: bool,
}

impl<'d> Shown<'d> {
    fn of(day: &'d LedgerDay) -> Self {
        Self {
            project: &day.project,
            day: &day.day,
            received: day.received,
            written: day.written,
            skipped: day.skipped,
            skipped_by: day.skipped_by.iter().map(|by| (by.code.as_str(), by.count)).collect(),
            waiting: day.waiting,
            failed: day.failed,
            balanced: day.balanced,
        }
    }
}

/// Lines of a table with a sum at its end.
fn table(days: &[LedgerDay]) -> Vec<String> {
    if days.is_empty() {
        return vec!["nothing was received".to_owned()];
    }
    let wide = days.iter().map(|day| day.project.chars().count()).max().unwrap_or(0).max("project".len());
    let line = |project: &str, day: &str, counts: [String; 5], rest: &str| {
        let counts = counts.map(|count| format!("{count:>9}")).concat();
        format!("{project:wide$}  {day:10}{counts}  {rest}").trim_end().to_owned()
    };
    let names = ["received", "written", "skipped", "waiting", "failed"].map(ToOwned::to_owned);
    let mut lines = vec![line("project", "day", names, "why skipped")];
    let mut sums = [0; 5];
    for day in days {
        let counts = [day.received, day.written, day.skipped, day.waiting, day.failed];
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum += count;
        }
        let why: Vec<String> = day.skipped_by.iter().map(|by| format!("{} {}", by.count, by.code)).collect();
        let fault = if day.balanced { "" } else { " DOES NOT BALANCE" };
        lines.push(line(&day.project, &day.day, counts.map(|count| count.to_string()), &(why.join(", ") + fault)));
    }
    lines.push(line("sum", "", sums.map(|sum| sum.to_string()), "received = written + skipped + waiting + failed"));
    lines
}

#[cfg(test)]
mod tests {
    use tieline_proto::v1::SkippedCount;

    use super::*;

    #[test]
    fn the_table_shows_every_day_why_calls_were_skipped_and_the_sum() {
        let by = vec![SkippedCount { code: "stop_listed".to_owned(), count: 2 }];
        let day = LedgerDay {
            project: "shop".to_owned(),
            day: "2026-03-02".to_owned(),
            received: 10,
            written: 6,
            skipped: 2,
            skipped_by: by,
            waiting: 1,
            failed: 1,
            balanced: true,
        };
        let other = LedgerDay { project: "workshop".to_owned(), ..day.clone() };
        assert_eq!(
            table(&[day, other]),
            [
                "project   day        received  written  skipped  waiting   failed  why skipped",
                "shop      2026-03-02       10        6        2        1        1  2 stop_listed",
                "workshop  2026-03-02       10        6        2        1        1  2 stop_listed",
                "sum                        20       12        4        2        2  received = written + skipped + waiting + failed",
            ]
        );
    }
}
