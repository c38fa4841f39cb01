//! A place that outlives its sidecars: a folder with a store, and a simulated CRM.

use std::path::Path;

use tempfile::TempDir;
use tieline_engine::ids::{CallId, ProjectId};
use tieline_proto::v1::{PutProjectRequest, SyncCallResponse};
use tieline_sandbox::{CrmKind, RunningSandbox, Sandbox, SandboxConfig};
use tonic::{Request, Response, Status};

use crate::house::{API_KEY, House, configuration, ended, report, token};

/// The name of the CRM's key among a project's secrets.
const SECRET: &str = "crm";

pub(super) struct Place {
    dir: TempDir,
    sandbox: RunningSandbox,
}

impl Place {
    pub(super) async fn new() -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
        Self { dir: tempfile::tempdir().unwrap(), sandbox }
    }

    pub(super) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(super) fn crm(&self) -> String {
        self.sandbox.crm_url(CrmKind::RetailCrm)
    }

    /// A sidecar with the usual key, whose file has the project "shop" and others.
    pub(super) async fn open(&self, projects: &str) -> House {
        self.open_with("secrets_key = { env = \"SECRETS_KEY\" }", projects).await
    }

    /// As [`Place::open`], with other keys in `[store]`.
    pub(super) async fn open_with(&self, store: &str, projects: &str) -> House {
        let file = configuration(&self.crm(), &self.store(), "", "");
        House::configured(&format!("{}{projects}", with_tables(&file, store))).await
    }

    /// A sidecar whose file has no project.
    pub(super) async fn open_empty(&self) -> House {
        let file = configuration(&self.crm(), &self.store(), "", "");
        let (front, _) = file.split_once("[[projects]]").unwrap();
        House::configured(&with_tables(front, "secrets_key = { env = \"SECRETS_KEY\" }")).await
    }

    /// The table of another project in the file.
    pub(super) fn project_of_file(&self, id: &str) -> String {
        let file = configuration(&self.crm(), "", "", "");
        let (_, project) = file.split_once("[[projects]]").unwrap();
        format!("[[projects]]{}", project.replacen("\"shop\"", &format!("\"{id}\""), 1))
    }

    /// Where the orders in the CRM came from, in their order.
    pub(super) async fn order_sources(&self) -> Vec<String> {
        let url = format!("{}/sandbox/{}", self.sandbox.url(), CrmKind::RetailCrm);
        let listing = reqwest::get(url).await.unwrap().text().await.unwrap();
        let listing: serde_json::Value = serde_json::from_str(&listing).unwrap();
        let orders = listing["orders"].as_array().unwrap().iter();
        orders.map(|order| order["source"]["source"].as_str().unwrap_or_default().to_owned()).collect()
    }

    fn store(&self) -> String {
        self.dir.path().join("calls.db").display().to_string()
    }
}

fn with_tables(file: &str, store: &str) -> String {
    let access = |name: &str, projects: &str| {
        format!(
            "[[access.tokens]]\nname = \"{name}\"\nrole = \"admin\"\nsecret = {{ env = \"TOKEN_{name}\" }}\n{projects}\n"
        )
    };
    // A token for a project of the store can be given only where there may be one.
    let own = if store.is_empty() { String::new() } else { access("cafe-admin", "projects = [\"cafe\"]") };
    let front = access("admin", "") + &own;
    format!("{front}{}", file.replacen("[store]", &format!("[store]\n{store}"), 1))
}

/// A project's text: calls make orders whose source is "Cafe line".
pub(super) fn text(crm: &str) -> String {
    text_with(crm, "")
}

/// The same with more tables.
pub(super) fn text_with(crm: &str, tables: &str) -> String {
    format!(
        r#"zone = "Europe/Kyiv"
region = "UA"
[connection]
crm = "retailcrm"
[connection.settings]
url = "{crm}"
site = "main"
[connection.secrets]
api_key = {{ given = "{SECRET}" }}
[texts]
source = "Cafe line"
[[agents]]
id = "one"
sips = ["shop_one"]
crm_user = "1"
{tables}"#
    )
}

/// A request to put a project with the CRM's key.
pub(super) fn put(project: &str, text: &str) -> PutProjectRequest {
    let secrets = [(SECRET.to_owned(), API_KEY.to_owned())].into();
    PutProjectRequest { project: project.to_owned(), text: text.to_owned(), secrets, ..PutProjectRequest::default() }
}

/// A message of somebody who shows a token.
pub(super) fn by<T>(who: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {}", token(who)).parse().unwrap());
    request
}

/// Reports a call of a client of its own.
pub(super) async fn call_of(
    house: &House,
    project: &str,
    who: &str,
    id: &str,
) -> Result<Response<SyncCallResponse>, Status> {
    let number = id.bytes().fold(7_u64, |number, byte| (number * 31 + u64::from(byte)) % 10_000_000);
    let mut call = ended(id, &format!("067{number:07}"));
    call.project = project.to_owned();
    house.sync().sync_call(by(who, report(call))).await
}

/// Reports a call and waits until it is in the CRM.
pub(super) async fn written(house: &House, project: &str, id: &str) {
    call_of(house, project, "admin", id).await.unwrap();
    until_written(house, project, id).await;
}

/// Waits until a call is in the CRM.
pub(super) async fn until_written(house: &House, project: &str, id: &str) {
    let (project, id) = (ProjectId::new(project), CallId::new(id));
    let finished = async {
        loop {
            let mut listener = house.sidecar().driver().outcomes.listen();
            if house.sidecar().report(&project, &id).await.unwrap().state == tieline::store::State::Written {
                return;
            }
            listener.maybe_finished(&project, &id).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), finished).await.expect("it is written");
}
