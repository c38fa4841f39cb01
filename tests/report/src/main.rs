//! `reliability-report LINES JSON [NAME=VALUE …]`: reads the lines, prints the report, writes it as JSON. Fails when a
//! promise is broken.

use std::{env, fs, io::Write as _, process::ExitCode};

use reliability_report::{Report, Verdict, text};
use serde_json::{Map, Value};

fn main() -> ExitCode {
    match reported() {
        Ok(Verdict::Held) => ExitCode::SUCCESS,
        Ok(Verdict::Broken(_)) => ExitCode::FAILURE,
        Err(why) => {
            let _nobody_reads = writeln!(std::io::stderr(), "reliability-report: {why}");
            ExitCode::FAILURE
        }
    }
}

fn reported() -> Result<Verdict, String> {
    let mut args = env::args().skip(1);
    let (Some(lines), Some(json)) = (args.next(), args.next()) else {
        return Err("the lines' file and the JSON's are needed".to_owned());
    };
    let named = |arg: String| arg.split_once('=').map(|(name, value)| (name.to_owned(), Value::from(value)));
    let about: Map<String, Value> = args.filter_map(named).collect();
    let read = fs::read_to_string(&lines).map_err(|error| format!("{lines}: {error}"))?;
    let report = Report::read(&read).map_err(|error| format!("{lines}: {error}"))?;
    let document = serde_json::to_string_pretty(&report.json(&about)).map_err(|error| error.to_string())?;
    fs::write(&json, document + "\n").map_err(|error| format!("{json}: {error}"))?;
    let shown = text::report(&report, &about);
    std::io::stdout().write_all(shown.as_bytes()).map_err(|error| error.to_string())?;
    Ok(report.verdict())
}
