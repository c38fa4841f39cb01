//! `tieline projects put`: a project from a file, its secrets from where the command line says.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use tieline_proto::v1::PutProjectRequest;
use tonic::Status;
use tonic_types::StatusExt as _;

use super::{client, state};
use crate::{
    cli::{
        Failure, Out,
        door::{Door, refused},
    },
    config::{Sources as _, System, why_unreadable},
};

/// What to put, and where.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    door: Door,
    /// The project.
    project: String,
    /// The file with its settings: the keys of one [[projects]] table, where a secret is { given = "name" }.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// A secret the settings refer to, from an environment variable. One that is kept already may be left out.
    #[arg(long, value_name = "NAME=env:VARIABLE")]
    secret: Vec<String>,
    /// A secret the settings refer to, from a file. One that is kept already may be left out.
    #[arg(long, value_name = "NAME=PATH")]
    secret_file: Vec<String>,
    /// Only in place of this revision; 0: only when there is none.
    #[arg(long, value_name = "NUMBER")]
    revision: Option<u64>,
    /// Only check; change nothing.
    #[arg(long)]
    check: bool,
}

/// Reads, puts and shows.
pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let request = PutProjectRequest {
        text: read(&args.file)?,
        secrets: secrets(&args)?,
        project: args.project,
        expected_revision: args.revision,
        validate_only: args.check,
    };
    let mut client = client(&args.door).await?;
    let done = client.put_project(request).await.map_err(|status| faults(&status, &args.file))?.into_inner();
    let mut out = Out::new();
    match (&done.project, args.check) {
        (_, true) => out.line("the project is in order; nothing was changed")?,
        (Some(project), _) => {
            let what = if done.changed { "put" } else { "exactly so already" };
            out.line(format_args!("{} is {what}: revision {}, {}", project.project, project.revision, state(project)))?;
            if !project.fault.is_empty() {
                out.line(&project.fault)?;
            }
        }
        (None, _) => {}
    }
    out.flush()
}

/// Secrets never stand on the command line: others on the machine can read it.
fn secrets(args: &Args) -> Result<BTreeMap<String, String>, Failure> {
    let mut secrets = BTreeMap::new();
    for pair in &args.secret {
        let wrong = || Failure::Usage("--secret is written NAME=env:VARIABLE; the secret itself never is".to_owned());
        let (name, variable) = pair.split_once("=env:").ok_or_else(wrong)?;
        let unset = || Failure::Usage(format!("the environment variable for the secret {name:?} is not set"));
        secrets.insert(name.to_owned(), System.env(variable).ok_or_else(unset)?);
    }
    for pair in &args.secret_file {
        let wrong = || Failure::Usage("--secret-file is written NAME=PATH".to_owned());
        let (name, path) = pair.split_once('=').ok_or_else(wrong)?;
        secrets.insert(name.to_owned(), read(Path::new(path))?);
    }
    for secret in secrets.values_mut() {
        secret.truncate(secret.trim_end_matches(['\r', '\n']).len());
    }
    Ok(secrets)
}

fn read(path: &Path) -> Result<String, Failure> {
    System.file(path).map_err(|error| Failure::Usage(format!("{} {}", path.display(), why_unreadable(&error))))
}

/// Every fault, one a line, as `tieline check` shows those of the configuration.
fn faults(status: &Status, file: &Path) -> Failure {
    let violations = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
    if violations.is_empty() {
        return refused(status);
    }
    let lines = violations.iter().map(|violation| shown(file, &violation.field, &violation.description));
    Failure::Usage(lines.collect::<Vec<_>>().join("\n"))
}

fn shown(file: &Path, field: &str, description: &str) -> String {
    let Some(key) = field.strip_prefix("text") else { return format!("{field} {description}") };
    let key = key.trim_start_matches('.');
    let (line, text) = match description.strip_prefix("(line ").and_then(|rest| rest.split_once(") ")) {
        Some((line, text)) => (format!(":{line}"), text),
        None => (String::new(), description),
    };
    let colon = if key.is_empty() { "" } else { ": " };
    format!("{}{line}{colon}{key}: {text}", file.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_shown_at_the_line_of_the_file() {
        let file = Path::new("cafe.toml");
        assert_eq!(shown(file, "text.region", "(line 2) is missing"), "cafe.toml:2: region: is missing");
        assert_eq!(shown(file, "text", "has 3 more faults"), "cafe.toml: has 3 more faults");
        assert_eq!(shown(file, "secrets[hook]", "is empty"), "secrets[hook] is empty");
    }
}
