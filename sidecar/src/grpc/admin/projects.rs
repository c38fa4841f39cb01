//! Projects: putting them, showing them, deleting them.

use std::{collections::BTreeMap, sync::Arc};

use secrecy::SecretString;
use tieline_proto::v1::{
    DeleteProjectRequest, DeleteProjectResponse, GetProjectRequest, GetProjectResponse, ListProjectsRequest,
    ListProjectsResponse, Project as Wire, PutProjectRequest, PutProjectResponse,
};
use tonic::Status;

use crate::{
    config,
    grpc::{
        asked::Asked,
        convert,
        desk::{Asker, Desk, note},
    },
    projects::{ChangeRefused, DeleteAsk, Projects, PutAsk},
    sidecar::Refused,
};

/// Longest text of a project (projects.proto).
const TEXT_BYTES_MAX: usize = 192 * 1024;
/// Secrets of a project, their names and their lengths (projects.proto).
const SECRETS_MAX: usize = 64;
const NAME_BYTES_MAX: usize = 64;
const SECRET_BYTES_MAX: usize = 8 * 1024;

pub(super) async fn put(desk: &Desk, asker: &Asker, request: PutProjectRequest) -> Result<PutProjectResponse, Status> {
    let mut asked = Asked::default();
    let project = asked.project(&request.project);
    if !request.project.is_empty() && !config::is_project_id(&request.project) {
        asked.fault("project", "may have Latin letters, digits, dashes and underscores only");
    }
    let text = asked.needed("text", &request.text, TEXT_BYTES_MAX).to_owned();
    let secrets = secrets(&mut asked, request.secrets);
    asked.done()?;
    note(&project, None);
    let projects = projects(desk)?;
    let (over, validate_only) = (request.expected_revision, request.validate_only);
    let ask = PutAsk { project: project.clone(), text, secrets, over, validate_only };
    let done = projects.put_project(ask).await?;
    if done.changed {
        tracing::info!(project.id = %project, by = asker.name(), "a project was put");
    }
    Ok(PutProjectResponse { project: done.shown.as_ref().map(convert::project), changed: done.changed })
}

pub(super) async fn get(desk: &Desk, request: GetProjectRequest) -> Result<GetProjectResponse, Status> {
    let mut asked = Asked::default();
    let project = asked.project(&request.project);
    asked.done()?;
    note(&project, None);
    let got = projects(desk)?.get(&project).await?;
    let got = got.ok_or_else(|| Refused::UnknownProject(project.as_str().to_owned()))?;
    Ok(GetProjectResponse {
        project: Some(convert::project(&got.shown)),
        text: got.text,
        secrets: got.secrets.into_iter().collect(),
    })
}

pub(super) fn list(desk: &Desk, asker: &Asker, request: ListProjectsRequest) -> Result<ListProjectsResponse, Status> {
    let mut asked = Asked::default();
    let size = asked.page_size(request.page_size);
    let after = asked.token(&request.page_token);
    asked.done()?;
    let all = projects(desk)?.list();
    let mut rest = all.iter().filter(|shown| asker.sees(&shown.id) && shown.id.as_str() > after);
    let projects: Vec<Wire> = rest.by_ref().take(size).map(convert::project).collect();
    let last = projects.last().map(|project| project.project.clone());
    let next_page_token = last.filter(|_| rest.next().is_some()).unwrap_or_default();
    Ok(ListProjectsResponse { projects, next_page_token })
}

pub(super) async fn delete(
    desk: &Desk,
    asker: &Asker,
    request: DeleteProjectRequest,
) -> Result<DeleteProjectResponse, Status> {
    let mut asked = Asked::default();
    let project = asked.project(&request.project);
    asked.done()?;
    note(&project, None);
    let (over, drop_waiting) = (request.expected_revision, request.drop_waiting);
    let ask = DeleteAsk { project: project.clone(), over, drop_waiting };
    let done = projects(desk)?.delete_project(ask).await?;
    if done.deleted {
        tracing::info!(project.id = %project, dropped = done.dropped, by = asker.name(), "a project was deleted");
    }
    Ok(DeleteProjectResponse { deleted: done.deleted, dropped: done.dropped })
}

/// A secret is not repeated in a fault, whatever is wrong with it.
fn secrets(asked: &mut Asked, secrets: BTreeMap<String, String>) -> BTreeMap<String, SecretString> {
    if secrets.len() > SECRETS_MAX {
        asked.fault("secrets", format!("are more than {SECRETS_MAX}"));
    }
    let mut read = BTreeMap::new();
    for (name, secret) in secrets.into_iter().take(SECRETS_MAX) {
        let secret = SecretString::from(secret);
        if name.trim() != name || name.is_empty() || name.len() > NAME_BYTES_MAX || name.contains(char::is_control) {
            asked.fault("secrets", format!("have a name that is not 1 to {NAME_BYTES_MAX} bytes without outer blanks"));
        } else if let Some(why) = unfit(&secret) {
            asked.fault(&format!("secrets[{name}]"), why);
        }
        read.insert(name, secret);
    }
    read
}

fn unfit(secret: &SecretString) -> Option<String> {
    use secrecy::ExposeSecret as _;
    match secret.expose_secret() {
        secret if secret.trim().is_empty() => Some("is empty".to_owned()),
        secret if secret.len() > SECRET_BYTES_MAX => Some(format!("is longer than {SECRET_BYTES_MAX} bytes")),
        _ => None,
    }
}

/// Where projects come and go.
fn projects(desk: &Desk) -> Result<&Arc<Projects>, ChangeRefused> {
    desk.sidecar.projects().ok_or(ChangeRefused::NoKey)
}
