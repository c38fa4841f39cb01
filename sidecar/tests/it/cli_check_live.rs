//! `tieline check --live` against simulated CRMs, as the shell sees it.

use std::{path::Path, process::Command};

use serde_json::Value;
use tieline_sandbox::{CrmKind, RunningSandbox, Sandbox, SandboxConfig, remonline, sendpulse, zoho};

use crate::house::API_KEY;

/// What nobody may read in the output: a person of the configuration, and the secrets.
const PRIVATE: [&str; 7] = [
    "Quillfeather",
    "zenobia@",
    API_KEY,
    zoho::SANDBOX_CLIENT_SECRET,
    zoho::SANDBOX_REFRESH_TOKEN,
    sendpulse::SANDBOX_API_KEY,
    remonline::SANDBOX_API_KEY,
];

/// Requests of the simulated CRMs that read, though they are no `GET`.
const READING_POSTS: [&str; 5] = [
    "POST /crm/v8/coql",
    "POST /crm/v8/__composite_requests",
    "POST /oauth/v2/token",
    "POST /crm/v1/contacts/get-list",
    "POST /crm/v1/telephony/calls/get-list",
];

/// Simulated CRMs, and a configuration with projects in two of them.
struct Account {
    crms: RunningSandbox,
    folder: tempfile::TempDir,
}

/// What the program said.
struct Said {
    code: Option<i32>,
    text: String,
}

impl Account {
    /// `shop` and `clinic` are added to the projects of the same names, `marks` to the clinic's settings.
    async fn new(shop: &str, clinic: &str, marks: &str) -> Self {
        let crms = Sandbox::start(SandboxConfig::default()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            r#"
            [store]
            path = "{}"
            [[projects]]
            id = "shop"
            zone = "Europe/Kyiv"
            region = "UA"
            senior = "zenobia"
            [projects.connection]
            crm = "retailcrm"
            settings = {{ url = "{}", site = "main" }}
            secrets = {{ api_key = {{ env = "API_KEY" }} }}
            [[projects.agents]]
            id = "zenobia"
            name = "Zenobia Quillfeather"
            emails = ["zenobia@shop.example"]
            crm_user = "1"
            {shop}
            [[projects]]
            id = "clinic"
            zone = "Europe/Kyiv"
            region = "UA"
            [projects.connection]
            crm = "zoho"
            [projects.connection.settings]
            client_id = "{}"
            accounts_url = "{url}"
            api_url = "{url}"
            {marks}
            [projects.connection.secrets]
            client_secret = {{ env = "CLIENT_SECRET" }}
            refresh_token = {{ env = "REFRESH_TOKEN" }}
            {clinic}
            "#,
            folder.path().join("calls.db").display(),
            crms.crm_url(CrmKind::RetailCrm),
            zoho::SANDBOX_CLIENT_ID,
            url = crms.crm_url(CrmKind::Zoho),
        );
        std::fs::write(folder.path().join("tieline.toml"), text).unwrap();
        Self { crms, folder }
    }

    /// A club and a workshop whose settings name what is not in their accounts.
    async fn with_gaps() -> Self {
        let crms = Sandbox::start(SandboxConfig::default()).await.unwrap();
        let project = |id: &str, crm: CrmKind, settings: &str, key: &str| {
            let url = crms.crm_url(crm);
            format!(
                "[[projects]]\nid = \"{id}\"\nzone = \"Europe/Kyiv\"\nregion = \"UA\"\n[projects.connection]\n\
                 crm = \"{crm}\"\nsettings = {{ url = \"{url}\", {settings} }}\n\
                 secrets = {{ api_key = {{ env = \"{key}\" }} }}\n\
                 [[projects.agents]]\nid = \"ghost\"\nsips = [\"{id}_ghost\"]\n"
            )
        };
        let club =
            format!("responsible_id = \"{}\", contact_fields = \"utm_source = Gone\"", sendpulse::SANDBOX_OWNER_ID);
        let workshop = "create = \"client,order\", branch_id = \"999\", order_type = \"999\"";
        let text = project("club", CrmKind::SendPulse, &club, "CLUB_KEY")
            + &project("workshop", CrmKind::RemOnline, workshop, "WORKSHOP_KEY");
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("calls.db").display().to_string();
        std::fs::write(folder.path().join("tieline.toml"), format!("[store]\npath = \"{store}\"\n{text}")).unwrap();
        Self { crms, folder }
    }

    async fn check(&self, more: &'static [&'static str], key: &'static str) -> Said {
        let file = self.folder.path().join("tieline.toml");
        let said = tokio::task::spawn_blocking(move || run(&file, more, key)).await.unwrap();
        let told: Vec<&str> = PRIVATE.into_iter().filter(|private| said.text.contains(private)).collect();
        assert!(told.is_empty(), "{told:?} is in:\n{}", said.text);
        said
    }

    /// The CRM was asked, was never written to, and holds nothing.
    async fn was_only_read(&self, crm: CrmKind) {
        let asked = self.look(crm, "counts").await["by_route"].as_object().unwrap().clone();
        let is_read = |route: &str| route.starts_with("GET ") || READING_POSTS.contains(&route);
        let writes: Vec<&String> = asked.keys().filter(|route| !is_read(route)).collect();
        assert!(!asked.is_empty() && writes.is_empty(), "{crm}: {writes:?}");
        let held = self.look(crm, "audit").await["totals"].as_object().unwrap().clone();
        assert!(held.values().all(|count| *count == 0), "{crm}: {held:?}");
    }

    async fn look(&self, crm: CrmKind, what: &str) -> Value {
        drop(rustls::crypto::ring::default_provider().install_default());
        let answer = reqwest::get(format!("{}/sandbox/{crm}/{what}", self.crms.url())).await.unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }
}

fn run(file: &Path, more: &[&str], key: &str) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tieline"));
    command.args(["check", "--live", "--config"]).arg(file).args(more).env("API_KEY", key);
    command.env("CLUB_KEY", sendpulse::SANDBOX_API_KEY).env("WORKSHOP_KEY", remonline::SANDBOX_API_KEY);
    command.env("CLIENT_SECRET", zoho::SANDBOX_CLIENT_SECRET).env("REFRESH_TOKEN", zoho::SANDBOX_REFRESH_TOKEN);
    let output = command.output().unwrap();
    Said { code: output.status.code(), text: String::from_utf8([output.stdout, output.stderr].concat()).unwrap() }
}

/// The line about something, in the part of one project.
fn line<'t>(text: &'t str, project: &str, about: &str) -> &'t str {
    let part = text.split("project ").find(|part| part.starts_with(project)).expect("every project has a part");
    part.lines().find(|line| line.contains(about)).unwrap_or_else(|| panic!("{about} is not in:\n{part}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_in_order_are_told_point_by_point_and_nothing_is_written() {
    let account = Account::new("", "", "").await;
    let said = account.check(&[], API_KEY).await;
    assert_eq!(said.code, Some(0), "{}", said.text);
    for (project, about, found) in [
        ("shop", "right to write orders", "the key has it"),
        ("shop", "closed statuses", "groups closed: cancel, complete"),
        ("shop", "agents", "each of the 1 is a user of the CRM"),
        ("clinic", "closed stages", "a deal is closed at Closed Lost"),
        ("clinic", "right to read Leads", "granted"),
    ] {
        assert!(line(&said.text, project, about).contains(found), "{}", said.text);
    }
    account.was_only_read(CrmKind::RetailCrm).await;
    account.was_only_read(CrmKind::Zoho).await;
    assert!(!account.folder.path().join("calls.db").exists(), "the running sidecar's store is not touched");
}

#[tokio::test(flavor = "multi_thread")]
async fn z_37_z_03_sp_14_every_fault_is_told_with_what_to_do_and_the_exit_code_says_so() {
    let shop = r#"
        [[projects.agents]]
        id = "ghost"
        sips = ["shop_ghost"]
        [[projects.mappings]]
        entity = "contact"
        param = "utm_source"
        field = "nothing"
    "#;
    let clinic = r#"
        [[projects.agents]]
        id = "gone"
        crm_user = "77"
        sips = ["clinic_gone"]
    "#;
    let account = Account::new(shop, clinic, "mark_prefix = \"own_\"").await;
    let said = account.check(&[], API_KEY).await;
    assert_eq!(said.code, Some(1), "{}", said.text);
    for (project, about, what_to_do) in [
        ("shop", "agent without user", "set crm_user"),
        ("shop", "mapping refused", "create it there first"),
        ("clinic", "agent without user", "correct crm_user"),
        ("clinic", "fields for marks of Leads", "make them as single lines"),
    ] {
        let line = line(&said.text, project, about);
        assert!(line.trim_start().starts_with("warning") && line.contains(what_to_do), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sp_12_sp_13_sp_14_ro_17_each_missing_item_of_an_account_is_named_with_what_to_do() {
    let account = Account::with_gaps().await;
    let said = account.check(&[], API_KEY).await;
    assert_eq!(said.code, Some(1), "{}", said.text);
    for (project, about, what_to_do) in [
        ("club", "field for utm_source", "make it in the contact settings"),
        ("club", "agent without user", "assign the employee there"),
        ("workshop", "branch of orders", "set branch_id to one of"),
        ("workshop", "type of orders", "set order_type to one of"),
    ] {
        let line = line(&said.text, project, about);
        assert!(line.trim_start().starts_with("warning") && line.contains(what_to_do), "{line}");
    }
    account.was_only_read(CrmKind::SendPulse).await;
    account.was_only_read(CrmKind::RemOnline).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_get_the_same_as_one_document() {
    let account = Account::new("", "[[projects.agents]]\nid = \"gone\"\ncrm_user = \"77\"\nsips = [\"c\"]", "").await;
    let said = account.check(&["--json"], API_KEY).await;
    assert_eq!(said.code, Some(1));
    let document: Value = serde_json::from_str(&said.text).unwrap();
    let [clinic, shop] = document["connections"].as_array().unwrap().as_slice() else { panic!("two projects") };
    assert_eq!((&document["holds"], &clinic["holds"], &shop["holds"]), (&false.into(), &false.into(), &true.into()));
    let first = &clinic["findings"][0];
    assert_eq!((&first["code"], &first["severity"]), (&"agent_without_user".into(), &"warning".into()));
    assert_eq!((&shop["project"], &shop["crm"]), (&"shop".into(), &"retailcrm".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_are_one_projects_error_and_the_others_are_looked_at_all_the_same() {
    let account = Account::new("", "", "").await;
    let said = account.check(&[], "no-such-key").await;
    assert_eq!(said.code, Some(1));
    let credentials = line(&said.text, "shop", "credentials");
    assert!(credentials.trim_start().starts_with("error") && credentials.contains("make new credentials"));
    assert!(!said.text.contains("no-such-key"), "{}", said.text);
    assert!(line(&said.text, "clinic", "credentials").trim_start().starts_with("ok"));
}

#[test]
fn a_document_is_asked_for_together_with_a_look_at_the_crms_only() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_tieline")).args(["check", "--json", "--config", "x"]).output().unwrap();
    assert_eq!(output.status.code(), Some(64));
}
