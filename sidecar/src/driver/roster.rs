//! Which projects there are: connections come and go while the sidecar runs.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, PoisonError, RwLock},
};

use tieline_engine::ids::ProjectId;

use super::connection::Connection;

type ById = BTreeMap<ProjectId, Arc<Connection>>;

/// Every project's connection.
#[derive(Default)]
pub(super) struct Roster {
    connections: RwLock<Arc<ById>>,
}

/// The connections there were when they were asked for, in order of their projects' ids.
#[derive(Clone, Default)]
pub struct Connections(Arc<ById>);

impl Roster {
    /// A roster of connections.
    pub(super) fn new(connections: impl IntoIterator<Item = Arc<Connection>>) -> Self {
        let by_id = connections.into_iter().map(|connection| (connection.project.id.clone(), connection)).collect();
        Self { connections: RwLock::new(Arc::new(by_id)) }
    }

    /// The connection of a project.
    pub(super) fn get(&self, project: &ProjectId) -> Option<Arc<Connection>> {
        self.connections.read().unwrap_or_else(PoisonError::into_inner).get(project).map(Arc::clone)
    }

    /// Every connection.
    pub(super) fn all(&self) -> Connections {
        Connections(Arc::clone(&self.connections.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Takes a connection in, in the place of the project's earlier one.
    pub(super) fn put(&self, connection: Arc<Connection>) {
        let mut connections = self.connections.write().unwrap_or_else(PoisonError::into_inner);
        // Copied only while somebody looks through all of them.
        Arc::make_mut(&mut connections).insert(connection.project.id.clone(), connection);
    }

    /// Takes a project's connection out.
    pub(super) fn remove(&self, project: &ProjectId) -> Option<Arc<Connection>> {
        let mut connections = self.connections.write().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut connections).remove(project)
    }
}

impl Connections {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each, in order of the projects' ids.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Connection>> {
        self.0.values()
    }

    /// Those whose project's id comes after one.
    pub fn after(&self, project: &ProjectId) -> impl Iterator<Item = &Arc<Connection>> {
        self.0.range((Bound::Excluded(project), Bound::Unbounded)).map(|(_, connection)| connection)
    }
}

impl<'a> IntoIterator for &'a Connections {
    type Item = &'a Arc<Connection>;
    type IntoIter = std::collections::btree_map::Values<'a, ProjectId, Arc<Connection>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.values()
    }
}
