//! Connections: listing them, switching them on and off.

use std::sync::Arc;

use tieline_engine::ids::ProjectId;
use tieline_proto::v1::{
    ActivateConnectionRequest, ActivateConnectionResponse, Connection as Wire, DeactivateConnectionRequest,
    DeactivateConnectionResponse, ErrorReason, ListConnectionsRequest, ListConnectionsResponse, SetKeepDataRequest,
    SetKeepDataResponse,
};
use tonic::Status;

use crate::{
    driver::{connection::Connection, resting::learn_now},
    grpc::{
        asked::Asked,
        convert::{self, Counts},
        desk::{Asker, Desk, note},
        refused,
    },
    sidecar::Refused,
    store::{Filter, StateIs, Status as Standing},
};

pub(super) async fn list(
    desk: &Desk,
    asker: &Asker,
    request: ListConnectionsRequest,
) -> Result<ListConnectionsResponse, Status> {
    let mut asked = Asked::default();
    let project = asked.any_project(&request.project);
    let size = asked.page_size(request.page_size);
    let after = asked.token(&request.page_token);
    asked.done()?;
    if let Some(project) = &project {
        desk.sidecar.connection(project)?;
    }
    let of_project = |connection: &&Arc<Connection>| project.as_ref().is_none_or(|id| *id == connection.project.id);
    let seen = |connection: &&Arc<Connection>| asker.sees(&connection.project.id);
    let (all, after) = (desk.sidecar.driver().connections(), ProjectId::new(after));
    let mut wanted = all.after(&after).filter(seen).filter(of_project);
    let mut connections = Vec::new();
    for connection in wanted.by_ref().take(size) {
        connections.push(shown(desk, connection).await?);
    }
    let last = connections.last().map(|connection: &Wire| connection.project.clone());
    let next_page_token = last.filter(|_| wanted.next().is_some()).unwrap_or_default();
    Ok(ListConnectionsResponse { connections, next_page_token })
}

/// While the project's connection is on, another is refused for its sake: one project has one CRM (G-01).
pub(super) async fn activate(
    desk: &Desk,
    request: ActivateConnectionRequest,
) -> Result<ActivateConnectionResponse, Status> {
    let (project, name) = named(&request.project, &request.connection_id)?;
    let connection = desk.sidecar.connection_named(&project, name)?;
    note(&project, None);
    let is_active = connection.state().status == Standing::Active;
    if is_active && request.keep_data.is_some() {
        return Err(Refused::OptionNeedsInactive.into());
    }
    if !is_active {
        learn_now(&connection).await.map_err(|trouble| refused::trouble(&trouble))?;
    }
    if let Some(keep_data) = request.keep_data {
        keep(&connection, keep_data).await?;
    }
    // With a large backlog it may take longer than the request: it is finished all the same.
    let whole = Arc::clone(&connection);
    let activated = tokio::spawn(async move { whole.activate().await }).await;
    let (resent, left_out) =
        activated.map_err(|_| refused::refuse(ErrorReason::Internal, "the activation failed"))??;
    Ok(ActivateConnectionResponse { connection: Some(shown(desk, &connection).await?), resent, left_out })
}

pub(super) async fn deactivate(
    desk: &Desk,
    request: DeactivateConnectionRequest,
) -> Result<DeactivateConnectionResponse, Status> {
    let (project, name) = named(&request.project, &request.connection_id)?;
    let connection = known(desk, &project, name)?;
    // It follows an activation that is under way, which may take longer than the request: it is done all the same.
    let whole = Arc::clone(&connection);
    let deactivated = tokio::spawn(async move { whole.deactivate().await }).await;
    deactivated.map_err(|_| refused::refuse(ErrorReason::Internal, "the deactivation failed"))??;
    if let Some(keep_data) = request.keep_data {
        keep(&connection, keep_data).await?;
    }
    Ok(DeactivateConnectionResponse { connection: Some(shown(desk, &connection).await?) })
}

pub(super) async fn set_keep_data(desk: &Desk, request: SetKeepDataRequest) -> Result<SetKeepDataResponse, Status> {
    let (project, name) = named(&request.project, &request.connection_id)?;
    let connection = known(desk, &project, name)?;
    keep(&connection, request.keep_data).await?;
    Ok(SetKeepDataResponse { connection: Some(shown(desk, &connection).await?) })
}

async fn keep(connection: &Connection, keep_data: bool) -> Result<(), Status> {
    match connection.set_keep_data(keep_data).await? {
        true => Ok(()),
        false => Err(Refused::OptionNeedsInactive.into()),
    }
}

fn named<'r>(project: &str, connection: &'r str) -> Result<(ProjectId, &'r str), Status> {
    let mut asked = Asked::default();
    let (project, connection) = (asked.project(project), asked.connection(connection));
    asked.done()?;
    Ok((project, connection))
}

/// The project's connection, for what does not switch it on: another name is simply unknown.
pub(super) fn known(desk: &Desk, project: &ProjectId, name: &str) -> Result<Arc<Connection>, Status> {
    let connection = desk.sidecar.connection_named(project, name).map_err(|refused| match refused {
        Refused::AnotherConnection(_) => Refused::UnknownConnection(name.to_owned()),
        refused => refused,
    })?;
    note(project, None);
    Ok(connection)
}

async fn shown(desk: &Desk, connection: &Connection) -> Result<Wire, Status> {
    let count = async |state| {
        let filter = Filter { states: vec![state], ..Filter::default() };
        desk.sidecar.driver().store.count(&connection.project.id, filter).await
    };
    let (backlog, failed) = (count(StateIs::Waiting).await?, count(StateIs::Failed).await?);
    let last_written_at = desk.sidecar.driver().store.last_written(&connection.project.id).await?;
    let counts = Counts { backlog, failed, last_written_at };
    Ok(convert::connection(&connection.project, &connection.state(), counts))
}
