//! Whether the day came out right: the ledgers, what is held twice, and how each call ended.

use serde_json::Value;
use tieline_engine::jiff::{ToSpan as _, civil::Date};
use tieline_proto::v1::{CallReport, CallState, GetLedgerRequest, LedgerDay};

use super::{
    calls,
    house::House,
    play::Sent,
    refused,
    screen::Screen,
    story::{Ends, Project},
};
use crate::cli::Failure;

/// Shows the ledgers and answers what is off: nothing when all is well.
pub(super) async fn balance(
    house: &House,
    day: Date,
    sent: &Sent,
    screen: &mut Screen,
) -> Result<Vec<String>, Failure> {
    let mut off = Vec::new();
    screen.line("")?;
    for project in Project::ALL {
        let ledger = ledger(house, day, project).await?;
        screen.line(format_args!("{:6}  {}", project.id(), line(&ledger)))?;
        off.extend(unbalanced(project, &ledger, sent.count(project)));
        let audit = house.crms.read(project, "/audit").await?;
        let doubled = doubled(&audit);
        let counts = house.crms.read(project, "/counts").await?;
        let requests = number(&counts, "/requests");
        screen.line(format_args!("        duplicates {doubled}; {requests} requests to {}", project.crm()))?;
        if doubled > 0 {
            off.push(format!("{}: held twice: {audit}", project.crm()));
        }
        let spared = befell(project).iter().filter(|fault| number(&counts, &format!("/by_fault/{fault}")) == 0);
        off.extend(spared.map(|fault| format!("{}: {fault} hit no request", project.crm())));
    }
    for ((project, id), ends) in &sent.ends {
        let report = calls::get(house, *project, id).await?;
        if !is_so(&report, *ends) {
            off.push(format!("{} {id}: {}, but {ends:?} was expected", project.id(), calls::told(&report)));
        }
    }
    Ok(off)
}

/// All that was received since the day before the one that is played: midnight may pass meanwhile.
async fn ledger(house: &House, day: Date, project: Project) -> Result<LedgerDay, Failure> {
    let until = day.checked_add(3.days()).map_err(Failure::of)?;
    let (from_day, to_day) = (day.to_string(), until.to_string());
    let request = GetLedgerRequest { project: project.id().to_owned(), from_day, to_day };
    let answer = house.admin.clone().get_ledger(request).await.map_err(|status| refused(&status))?.into_inner();
    let mut sum = LedgerDay { balanced: true, ..LedgerDay::default() };
    for day in answer.days {
        sum.received += day.received;
        sum.written += day.written;
        sum.skipped += day.skipped;
        sum.waiting += day.waiting;
        sum.failed += day.failed;
        sum.balanced &= day.balanced;
        sum.skipped_by.extend(day.skipped_by);
    }
    Ok(sum)
}

fn line(ledger: &LedgerDay) -> String {
    let reasons: Vec<String> =
        ledger.skipped_by.iter().map(|skipped| format!("{} {}", skipped.code, skipped.count)).collect();
    let LedgerDay { received, written, skipped, waiting, failed, .. } = ledger;
    let reasons = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) };
    format!(
        "received {received} = written {written} + skipped {skipped}{reasons} + waiting {waiting} + failed {failed}"
    )
}

fn unbalanced(project: Project, ledger: &LedgerDay, sent: u64) -> Vec<String> {
    let LedgerDay { received, written, skipped, waiting, failed, balanced, .. } = ledger;
    let sums = *balanced && *received == written + skipped + waiting + failed;
    let rules = [
        (sums, "the ledger does not balance".to_owned()),
        (*waiting == 0, format!("{waiting} are still waiting")),
        (*failed == 0, format!("{failed} have failed")),
        (*received == sent, format!("{received} were received, but {sent} were sent")),
    ];
    let broken = rules.into_iter().filter(|(holds, _)| !holds);
    broken.map(|(_, what)| format!("{}: {what}", project.id())).collect()
}

/// Clients, calls and tasks that a CRM holds more than once.
fn doubled(audit: &Value) -> usize {
    let count = |name: &str| audit.get(name).and_then(Value::as_array).map_or(0, Vec::len);
    ["doubled_clients", "doubled_calls", "doubled_tasks"].into_iter().map(count).sum()
}

/// The faults of the day. One that hits nothing would show nothing.
fn befell(project: Project) -> &'static [&'static str] {
    match project {
        Project::Studio => &["token_revoked"],
        Project::Shop => &["search_lag", "lost_reply", "outage"],
        Project::Repair => &["lost_reply"],
        Project::School => &["search_lag"],
        Project::Clinic => &["rate_limit"],
    }
}

fn number(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or_default()
}

fn is_so(report: &CallReport, ends: Ends) -> bool {
    match ends {
        Ends::Written => report.state() == CallState::Written,
        Ends::Skipped(expected) => report.state() == CallState::Skipped && calls::reason(report) == expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_off_in_a_ledger_is_told() {
        let well = LedgerDay { received: 3, written: 2, skipped: 1, balanced: true, ..LedgerDay::default() };
        assert!(unbalanced(Project::Shop, &well, 3).is_empty());
        assert_eq!(unbalanced(Project::Shop, &well, 4).len(), 1);
        let badly = LedgerDay { waiting: 1, failed: 1, balanced: false, ..well };
        assert_eq!(unbalanced(Project::Shop, &badly, 3).len(), 3);
    }
}
