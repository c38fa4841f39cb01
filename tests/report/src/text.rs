//! The report for people: aligned columns, nothing that is missed left out.

use serde_json::{Map, Value};

use crate::{Report, Verdict, figures::grouped, number, word};

/// The whole report. `about` says what ran where: a few names with values, shown in order.
pub fn report(report: &Report, about: &Map<String, Value>) -> String {
    let about: Vec<String> = about.iter().map(|(name, value)| format!("{name} {}", crate::shown(value))).collect();
    let mut text = format!("Tieline's reliability report\n{}\n", about.join(", "));
    section(&mut text, "Audits of the simulated CRMs", &audits(report));
    section(&mut text, "Kills survived, by what the program was doing", &kills(report));
    section(&mut text, "Faults injected, by name", &faults(report));
    section(&mut text, "Figures", &figures(report));
    section(&mut text, "Not run on this machine", &not_run(report));
    text.push('\n');
    match report.verdict() {
        Verdict::Held => text.push_str("All promises held.\n"),
        Verdict::Broken(why) => text.extend(why.iter().map(|why| format!("BROKEN: {why}\n"))),
    }
    text
}

/// What an audit was of.
pub(crate) fn audited(line: &Map<String, Value>) -> String {
    let store = match word(line, "store") {
        "postgresql" => " on PostgreSQL",
        "sqlite" => " on SQLite",
        _ => "",
    };
    match (word(line, "part"), number(line, "programs")) {
        ("kills", 1) => format!("kill -9 of one sidecar{store}, {} rounds", grouped(number(line, "rounds"))),
        ("kills", _) => format!("kill -9 of one of two{store}, {} rounds", grouped(number(line, "rounds"))),
        ("takeover", _) => format!("kill -9 of one that holds work{store}"),
        ("simulation", _) => format!("simulation, {} seeds", grouped(number(line, "seeds"))),
        (part, _) => format!("{part}{store}"),
    }
}

fn audits(report: &Report) -> Vec<Vec<String>> {
    let head = ["", "crashes", "calls accepted", "lost", "doubled", "extra", "contacts per client"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for line in report.audits() {
        let counted = |name| line.get(name).and_then(Value::as_u64).map_or_else(|| "-".to_owned(), grouped);
        let crashes = number(line, "kills").max(number(line, "crashes"));
        let [accepted, lost, doubled, extra, contacts] =
            ["accepted", "lost", "doubled", "extra", "contacts_per_client_max"].map(counted);
        rows.push(vec![audited(line), grouped(crashes), accepted, lost, doubled, extra, contacts]);
    }
    let repeated = report.sum("comments_repeated");
    if repeated > 0 {
        let told = "comments written again where the CRM shows none to look for (see docs/reliability.md)";
        rows.push(vec![format!("{told}: {}", grouped(repeated))]);
    }
    rows
}

fn kills(report: &Report) -> Vec<Vec<String>> {
    let lines = report.audits().filter_map(|line| Some((audited(line), line.get("moments")?.as_object()?)));
    lines
        .flat_map(|(name, moments)| {
            let row = |(moment, kills): (&String, &Value)| {
                vec![name.clone(), moment.replace('_', " "), grouped(kills.as_u64().unwrap_or_default())]
            };
            moments.iter().map(row).collect::<Vec<_>>()
        })
        .collect()
}

fn faults(report: &Report) -> Vec<Vec<String>> {
    report.faults().into_iter().map(|(name, hits)| vec![name, grouped(hits)]).collect()
}

fn figures(report: &Report) -> Vec<Vec<String>> {
    let verdict = |met| match met {
        Some(true) => "met",
        Some(false) => "MISSED",
        None => "",
    };
    let figures = report.figures().into_iter();
    figures.map(|figure| vec![figure.name, figure.measured, figure.target, verdict(figure.met).to_owned()]).collect()
}

fn not_run(report: &Report) -> Vec<Vec<String>> {
    let lines = report.part("run").filter_map(|line| Some((word(line, "name"), line.get("not_run")?)));
    lines.map(|(name, why)| vec![name.to_owned(), crate::shown(why)]).collect()
}

/// A table under its title; nothing when it has no rows. Counts stand right, a row of one cell goes over all columns.
fn section(text: &mut String, title: &str, rows: &[Vec<String>]) {
    if rows.is_empty() {
        return;
    }
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let cells = |column: usize| rows.iter().filter(|row| row.len() > 1).filter_map(move |row| row.get(column));
    let widths: Vec<usize> =
        (0..columns).map(|column| cells(column).map(|cell| cell.chars().count()).max().unwrap_or_default()).collect();
    let right: Vec<bool> = (0..columns).map(|column| cells(column).skip(1).all(|cell| is_count(cell))).collect();
    text.push_str(&format!("\n{title}\n"));
    for row in rows {
        let mut line = String::from(" ");
        for ((cell, width), right) in row.iter().zip(&widths).zip(&right) {
            line.push_str(&if *right { format!(" {cell:>width$} ") } else { format!(" {cell:<width$} ") });
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

fn is_count(cell: &str) -> bool {
    cell == "-" || cell.chars().all(|c| c.is_ascii_digit() || c == ',')
}
