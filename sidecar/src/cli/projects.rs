//! `tieline projects`: the projects of a running sidecar, those of its file and those kept in the store.

mod put;

use serde::Serialize;
use tieline_engine::jiff::Timestamp;
use tieline_proto::v1::{
    ConnectionState, DeleteProjectRequest, GetProjectRequest, ListProjectsRequest, Project, ProjectOrigin,
    PutProjectRequest, admin_service_client::AdminServiceClient,
};
use tonic::{service::interceptor::InterceptedService, transport::Channel};

use super::{
    Failure, Out,
    door::{Door, refused},
    out::confirm,
    shown::Token,
};

/// What to do.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the projects, where they come from and what is wrong with them.
    List(List),
    /// Show the settings of a project of the store, as they were put.
    Get(Get),
    /// Put a project into the store, or change it; it is served at once.
    Put(put::Args),
    /// Delete a project of the store. Its calls stay until their time is over.
    Delete(Delete),
    /// Seal the secrets of every project anew, before an older key is taken away.
    Reseal(Reseal),
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    door: Door,
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct Get {
    #[command(flatten)]
    door: Door,
    /// The project.
    project: String,
}

#[derive(Debug, clap::Args)]
struct Delete {
    #[command(flatten)]
    door: Door,
    /// The project.
    project: String,
    /// Only this revision.
    #[arg(long, value_name = "NUMBER")]
    revision: Option<u64>,
    /// Drop calls that wait; they count as skipped.
    #[arg(long)]
    drop_waiting: bool,
    /// Do not ask before deleting.
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, clap::Args)]
struct Reseal {
    #[command(flatten)]
    door: Door,
}

type Client = AdminServiceClient<InterceptedService<Channel, Token>>;

/// Asks the sidecar, and shows what it says.
///
/// # Errors
/// The sidecar cannot be reached or refuses, or what was asked is wrong.
pub async fn run(args: Args) -> Result<(), Failure> {
    match args.command {
        Command::List(args) => list(args).await,
        Command::Get(args) => get(args).await,
        Command::Put(args) => put::run(args).await,
        Command::Delete(args) => delete(args).await,
        Command::Reseal(args) => reseal(args).await,
    }
}

async fn client(door: &Door) -> Result<Client, Failure> {
    Ok(AdminServiceClient::new(door.open().await?))
}

async fn list(args: List) -> Result<(), Failure> {
    let projects = all(&mut client(&args.door).await?).await?;
    let mut out = Out::new();
    if args.json {
        let shown: Vec<Shown<'_>> = projects.iter().map(Shown::of).collect();
        out.line(serde_json::to_string_pretty(&shown).map_err(Failure::of)?)?;
    } else {
        for line in table(&projects) {
            out.line(line)?;
        }
    }
    out.flush()
}

async fn all(client: &mut Client) -> Result<Vec<Project>, Failure> {
    let (mut projects, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListProjectsRequest { page_size: 1_000, page_token };
        let page = client.list_projects(request).await.map_err(|status| refused(&status))?.into_inner();
        projects.extend(page.projects);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(projects);
        }
    }
}

async fn get(args: Get) -> Result<(), Failure> {
    let request = GetProjectRequest { project: args.project };
    let got = client(&args.door).await?.get_project(request).await.map_err(|status| refused(&status))?.into_inner();
    if got.project.as_ref().is_some_and(|project| project.origin() == ProjectOrigin::File) {
        let text = "the project stands in the sidecar's configuration file; read it there".to_owned();
        return Err(Failure::Failed(text));
    }
    let mut out = Out::new();
    out.line(got.text.trim_end_matches('\n'))?;
    out.flush()
}

async fn delete(args: Delete) -> Result<(), Failure> {
    let mut client = client(&args.door).await?;
    if !args.yes && !confirm(&format!("Delete {} with its secrets?", args.project))? {
        return Err(Failure::Usage("nothing was deleted: nobody said yes; --yes says it beforehand".to_owned()));
    }
    let (expected_revision, drop_waiting) = (args.revision, args.drop_waiting);
    let request = DeleteProjectRequest { project: args.project, expected_revision, drop_waiting };
    let done = client.delete_project(request).await.map_err(|status| refused(&status))?.into_inner();
    let mut out = Out::new();
    match (done.deleted, done.dropped) {
        (false, _) => out.line("there is no such project")?,
        (true, 0) => out.line("deleted")?,
        (true, dropped) => out.line(format_args!("deleted; {dropped} calls that waited were dropped"))?,
    }
    out.flush()
}

async fn reseal(args: Reseal) -> Result<(), Failure> {
    let mut client = client(&args.door).await?;
    let mut resealed = 0;
    for project in all(&mut client).await?.into_iter().filter(|project| project.sealed_with_older_key) {
        let asked = GetProjectRequest { project: project.project.clone() };
        let got = client.get_project(asked).await.map_err(|status| refused(&status))?.into_inner();
        let expected_revision = Some(project.revision);
        let anew =
            PutProjectRequest { project: project.project, text: got.text, expected_revision, ..Default::default() };
        client.put_project(anew).await.map_err(|status| refused(&status))?;
        resealed += 1;
    }
    let mut out = Out::new();
    out.line(format_args!("{resealed} projects were sealed anew"))?;
    out.flush()
}

/// A project as JSON.
#[derive(Serialize)]
struct Shown<'p> {
    project: &'p str,
    from: &'static str,
    revision: u64,
    updated_at: Option<String>,
    connection: &'static str,
    fault: &'p str,
    sealed_with_older_key: bool,
}

impl<'p> Shown<'p> {
    fn of(project: &'p Project) -> Self {
        Self {
            project: &project.project,
            from: from(project),
            revision: project.revision,
            updated_at: updated_at(project),
            connection: state(project),
            fault: &project.fault,
            sealed_with_older_key: project.sealed_with_older_key,
        }
    }
}

fn table(projects: &[Project]) -> Vec<String> {
    if projects.is_empty() {
        return vec!["there is no project".to_owned()];
    }
    let wide = projects.iter().map(|project| project.project.len()).max().unwrap_or(0).max("project".len());
    let line = |name: &str, from: &str, revision: &str, state: &str, rest: &str| {
        format!("{name:wide$}  {from:5}  {revision:>8}  {state:10}  {rest}").trim_end().to_owned()
    };
    let mut lines = vec![line("project", "from", "revision", "connection", "put at")];
    for project in projects {
        let revision = if project.revision == 0 { String::new() } else { project.revision.to_string() };
        let older = if project.sealed_with_older_key { "  sealed with an older key" } else { "" };
        let rest = updated_at(project).unwrap_or_default() + older;
        lines.push(line(&project.project, from(project), &revision, state(project), &rest));
        if !project.fault.is_empty() {
            lines.push(format!("{:wide$}  {}", "", project.fault));
        }
    }
    lines
}

fn from(project: &Project) -> &'static str {
    if project.origin() == ProjectOrigin::File { "file" } else { "store" }
}

fn state(project: &Project) -> &'static str {
    match project.connection_state() {
        ConnectionState::Unspecified => "not served",
        ConnectionState::Inactive => "inactive",
        ConnectionState::Active => "active",
        ConnectionState::Suspended => "suspended",
    }
}

fn updated_at(project: &Project) -> Option<String> {
    let at = project.updated_at.as_ref()?;
    Some(Timestamp::from_second(at.seconds).ok()?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_shows_where_projects_come_from_and_what_is_wrong() {
        let file = Project { project: "shop".to_owned(), origin: ProjectOrigin::File.into(), ..Project::default() };
        let store = Project {
            project: "cafe".to_owned(),
            origin: ProjectOrigin::Store.into(),
            revision: 12,
            updated_at: Some(prost_types::Timestamp { seconds: 1_767_225_600, nanos: 5 }),
            connection_state: ConnectionState::Active.into(),
            fault: "its secrets cannot be opened".to_owned(),
            sealed_with_older_key: true,
        };
        assert_eq!(
            table(&[store, file]),
            [
                "project  from   revision  connection  put at",
                "cafe     store        12  active      2026-01-01T00:00:00Z  sealed with an older key",
                "         its secrets cannot be opened",
                "shop     file             not served",
            ]
        );
        assert_eq!(table(&[]), ["there is no project"]);
    }
}
