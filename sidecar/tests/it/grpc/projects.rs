//! Projects that are put, changed and deleted while the sidecar runs.

mod place;

use rusqlite::Connection;
use tieline_proto::v1::{
    CheckConnectionRequest, ConnectionState, DeactivateConnectionRequest, DeleteProjectRequest, GetCallRequest,
    GetLedgerRequest, GetProjectRequest, ListConnectionsRequest, ListProjectsRequest, Project, ProjectOrigin,
    PutProjectRequest,
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use self::place::{Place, by, call_of, put, text, text_with, written};
use crate::house::{API_KEY, House, fields, reason};

fn get(project: &str) -> GetProjectRequest {
    GetProjectRequest { project: project.to_owned() }
}

fn delete(project: &str) -> DeleteProjectRequest {
    DeleteProjectRequest { project: project.to_owned(), ..DeleteProjectRequest::default() }
}

async fn shown(house: &House, project: &str) -> Option<Project> {
    let listed = house.admin().list_projects(by("admin", ListProjectsRequest::default())).await.unwrap();
    listed.into_inner().projects.into_iter().find(|shown| shown.project == project)
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let status = answer.unwrap_err();
    (status.code(), reason(&status))
}

#[tokio::test]
async fn a_project_is_put_served_changed_and_deleted_without_a_restart() {
    let place = Place::new().await;
    let house = place.open("").await;
    assert_eq!(refused(call_of(&house, "cafe", "admin", "1").await), (Code::NotFound, "UNKNOWN_PROJECT".to_owned()));
    let done = house.admin().put_project(by("admin", put("cafe", &text(&place.crm())))).await.unwrap().into_inner();
    let project = done.project.unwrap();
    assert!(done.changed && project.fault.is_empty(), "{project:?}");
    assert_eq!((project.origin(), project.connection_state()), (ProjectOrigin::Store, ConnectionState::Active));
    written(&house, "cafe", "1").await;
    assert_eq!(place.order_sources().await, ["Cafe line"]);

    let changed = text(&place.crm()).replace("Cafe line", "Night line");
    let only_text = PutProjectRequest { secrets: Default::default(), ..put("cafe", &changed) };
    let again = house.admin().put_project(by("admin", only_text)).await.unwrap().into_inner().project.unwrap();
    assert!(again.revision > project.revision);
    written(&house, "cafe", "2").await;
    assert_eq!(place.order_sources().await, ["Cafe line", "Night line"], "with the secret that was kept");

    let check = CheckConnectionRequest { project: "cafe".to_owned(), ..Default::default() };
    let check = house.admin().check_connection(by("admin", check)).await.unwrap().into_inner();
    assert!(check.usable, "{:?}", check.findings);
    assert!(house.admin().delete_project(by("admin", delete("cafe"))).await.unwrap().into_inner().deleted);
    assert_eq!(refused(call_of(&house, "cafe", "admin", "3").await).1, "UNKNOWN_PROJECT");
    assert!(shown(&house, "cafe").await.is_none());
    let again = house.admin().delete_project(by("admin", delete("cafe"))).await.unwrap().into_inner();
    assert!(!again.deleted, "a repeat is no failure");
    // Its calls are still there for a project of the same name.
    house.admin().put_project(by("admin", put("cafe", &text(&place.crm())))).await.unwrap();
    let asked = GetCallRequest { project: "cafe".to_owned(), call_id: "1".to_owned() };
    assert!(house.sync().get_call(by("admin", asked)).await.is_ok());
}

#[tokio::test]
async fn a_token_of_the_projects_own_works_at_once_reaches_nothing_else_and_goes_with_it() {
    let place = Place::new().await;
    let house = place.open("").await;
    let own = "[[tokens]]\nname = \"pbx\"\nrole = \"exchange\"\nsecret = { given = \"pbx\" }\n";
    let mut request = put("cafe", &text_with(&place.crm(), own));
    request.secrets.insert("pbx".to_owned(), crate::house::token("cafe-pbx"));
    assert_eq!(refused(call_of(&house, "cafe", "cafe-pbx", "1").await).1, "TOKEN_UNKNOWN");
    house.admin().put_project(by("admin", request.clone())).await.unwrap();
    call_of(&house, "cafe", "cafe-pbx", "1").await.unwrap();
    assert_eq!(refused(call_of(&house, "shop", "cafe-pbx", "1").await).1, "PROJECT_NOT_ALLOWED");
    let list = house.admin().list_projects(by("cafe-pbx", ListProjectsRequest::default())).await;
    assert_eq!(refused(list).1, "ROLE_NOT_ALLOWED");
    let mut taken = PutProjectRequest { project: "bar".to_owned(), ..request.clone() };
    let status = house.admin().put_project(by("admin", taken.clone())).await.unwrap_err();
    assert!(status.message().contains("another token's"), "{status:?}");
    taken.secrets.insert("pbx".to_owned(), crate::house::token("admin"));
    assert!(house.admin().put_project(by("admin", taken)).await.is_err(), "nor one of the file's");
    let other = PutProjectRequest { text: text(&place.crm()), secrets: Default::default(), ..request };
    house.admin().put_project(by("admin", other)).await.unwrap();
    assert_eq!(refused(call_of(&house, "cafe", "cafe-pbx", "2").await).1, "TOKEN_UNKNOWN", "taken out, it is gone");
}

#[tokio::test]
async fn webhooks_of_a_project_are_open_from_when_it_is_put() {
    let place = Place::new().await;
    let house = place.open("").await;
    let intake = "[intake]\npath_secret = { given = \"hook\" }\n";
    let mut request = put("cafe", &text_with(&place.crm(), intake));
    request.secrets.insert("hook".to_owned(), "Hook-secret_0123456789".to_owned());
    let url = house.http("/hooks/cafe/Hook-secret_0123456789/after_call");
    let body =
        r#"{"uniqueid":"h1","call_type":"in","dst":"380443330000","userfield":"0671234567","disposition":"NO ANSWER"}"#;
    let post = async || {
        let request = reqwest::Client::new().post(&url).header("content-type", "application/json").body(body);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(post().await, 401);
    house.admin().put_project(by("admin", request)).await.unwrap();
    assert_eq!(post().await, 200);
    house
        .admin()
        .delete_project(by("admin", DeleteProjectRequest { drop_waiting: true, ..delete("cafe") }))
        .await
        .unwrap();
    assert_eq!(post().await, 401);
}

#[tokio::test]
async fn every_fault_comes_back_with_its_key_and_line_and_nothing_is_changed() {
    let place = Place::new().await;
    let house = place.open("").await;
    let wrong = text(&place.crm()).replace("\"UA\"", "\"XX\"").replace("crm = \"retailcrm\"", "crm = \"sap\"\nx = 1");
    let status = house.admin().put_project(by("admin", put("cafe", &wrong))).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(fields(&status), ["text.region", "text.connection.crm", "text.connection.x"]);
    let violations = status.get_details_bad_request().unwrap().field_violations;
    assert!(violations[0].description.starts_with("(line 2) "), "{violations:?}");
    let mut needless = put("cafe", &text(&place.crm()));
    needless.secrets.insert("other".to_owned(), "S3CRET-4711".to_owned());
    let status = house.admin().put_project(by("admin", needless)).await.unwrap_err();
    assert_eq!(fields(&status), ["secrets[other]"]);
    let machine = text(&place.crm()).replace("{ given = \"crm\" }", "{ env = \"API_KEY\" }");
    let machine = PutProjectRequest { secrets: Default::default(), ..put("cafe", &machine) };
    let status = house.admin().put_project(by("admin", machine)).await.unwrap_err();
    assert_eq!(fields(&status), ["text.connection.secrets.api_key.env"]);
    for (project, text) in [("a b", "zone = 1"), ("", "x"), ("cafe", ""), ("cafe", &"x".repeat(200_000))] {
        let answer = house.admin().put_project(by("admin", put(project, text))).await;
        assert_eq!(answer.unwrap_err().code(), Code::InvalidArgument, "{project}");
    }
    assert!(shown(&house, "cafe").await.is_none());
    let many = (0..400).map(|nr| format!("no_such_key_{nr} = 1\n")).collect::<String>() + &text(&place.crm());
    let status = house.admin().put_project(by("admin", put("cafe", &many))).await.unwrap_err();
    assert!(status.details().len() < 6_000, "{} bytes", status.details().len());
    assert!(
        status.get_details_bad_request().unwrap().field_violations.last().unwrap().description.contains("more faults")
    );
}

#[tokio::test]
async fn what_is_only_checked_is_not_put_and_a_repeat_changes_nothing() {
    let place = Place::new().await;
    let house = place.open("").await;
    let request = put("cafe", &text(&place.crm()));
    let only = PutProjectRequest { validate_only: true, ..request.clone() };
    let checked = house.admin().put_project(by("admin", only)).await.unwrap().into_inner();
    assert!(!checked.changed && checked.project.is_none());
    let first = house.admin().put_project(by("admin", request.clone())).await.unwrap().into_inner();
    let repeat = PutProjectRequest { expected_revision: Some(0), ..request.clone() };
    let repeat = house.admin().put_project(by("admin", repeat)).await.unwrap().into_inner();
    assert_eq!((repeat.changed, repeat.project), (false, first.project.clone()), "its answer may have been lost");
    let revision = first.project.unwrap().revision;
    let later = PutProjectRequest { text: text(&place.crm()) + "\n# later", ..request };
    for expected_revision in [Some(0), Some(revision + 1)] {
        let stale = PutProjectRequest { expected_revision, ..later.clone() };
        let status = house.admin().put_project(by("admin", stale)).await.unwrap_err();
        assert_eq!((status.code(), reason(&status)), (Code::FailedPrecondition, "REVISION_CHANGED".to_owned()));
        assert_eq!(status.get_details_error_info().unwrap().metadata["revision"], revision.to_string());
    }
    let right = PutProjectRequest { expected_revision: Some(revision), ..later };
    assert!(house.admin().put_project(by("admin", right)).await.unwrap().into_inner().changed);
    let stale = DeleteProjectRequest { expected_revision: Some(revision), ..delete("cafe") };
    assert_eq!(refused(house.admin().delete_project(by("admin", stale)).await).1, "REVISION_CHANGED");
}

#[tokio::test]
async fn a_project_of_the_file_is_changed_there_only_and_wins() {
    let place = Place::new().await;
    let house = place.open("").await;
    let in_file = (Code::FailedPrecondition, "PROJECT_IN_FILE".to_owned());
    let text = text(&place.crm());
    assert_eq!(refused(house.admin().put_project(by("admin", put("shop", &text))).await), in_file);
    assert_eq!(refused(house.admin().delete_project(by("admin", delete("shop"))).await), in_file);
    let got = house.admin().get_project(by("admin", get("shop"))).await.unwrap().into_inner();
    assert_eq!((got.project.unwrap().origin(), got.text.as_str()), (ProjectOrigin::File, ""));
    house.admin().put_project(by("admin", put("cafe", &text))).await.unwrap();
    house.stopped().await;
    // Somebody writes a project of the same name into the file.
    let house = place.open(&place.project_of_file("cafe")).await;
    let cafe = shown(&house, "cafe").await.unwrap();
    assert_eq!((cafe.origin(), cafe.revision), (ProjectOrigin::File, 0));
    assert!(cafe.fault.contains("file has a project of this name"), "{cafe:?}");
    house.stopped().await;
    let cafe = shown(&place.open("").await, "cafe").await.unwrap();
    assert_eq!((cafe.origin(), cafe.fault.as_str()), (ProjectOrigin::Store, ""), "taken out there, it is served again");
}

#[tokio::test]
async fn a_project_is_not_deleted_while_its_calls_wait_unless_they_may_be_dropped() {
    let place = Place::new().await;
    let house = place.open("").await;
    house.admin().put_project(by("admin", put("cafe", &text(&place.crm())))).await.unwrap();
    let off = DeactivateConnectionRequest { project: "cafe".to_owned(), ..Default::default() };
    house.admin().deactivate_connection(by("admin", off)).await.unwrap();
    call_of(&house, "cafe", "admin", "1").await.unwrap();
    let status = house.admin().delete_project(by("admin", delete("cafe"))).await.unwrap_err();
    assert_eq!((status.code(), reason(&status)), (Code::FailedPrecondition, "CALLS_UNDER_WAY".to_owned()));
    let dropping = DeleteProjectRequest { drop_waiting: true, ..delete("cafe") };
    let done = house.admin().delete_project(by("admin", dropping)).await.unwrap().into_inner();
    assert_eq!((done.deleted, done.dropped), (true, 1));
    // Put anew, it begins as a new one: switched on, with the ledger of its calls.
    house.admin().put_project(by("admin", put("cafe", &text(&place.crm())))).await.unwrap();
    assert_eq!(shown(&house, "cafe").await.unwrap().connection_state(), ConnectionState::Active);
    let today = GetLedgerRequest { project: "cafe".to_owned(), ..Default::default() };
    let days = house.admin().get_ledger(by("admin", today)).await.unwrap().into_inner().days;
    assert_eq!((days[0].received, days[0].skipped, days[0].waiting), (1, 1, 0));
}

#[tokio::test]
async fn a_restart_keeps_projects_and_their_connections_and_the_store_shows_no_secret() {
    let place = Place::new().await;
    let house = place.open("").await;
    house.admin().put_project(by("admin", put("cafe", &text(&place.crm())))).await.unwrap();
    let off = DeactivateConnectionRequest { project: "cafe".to_owned(), ..Default::default() };
    house.admin().deactivate_connection(by("admin", off)).await.unwrap();
    let got = house.admin().get_project(by("admin", get("cafe"))).await.unwrap().into_inner();
    assert_eq!((got.text.as_str(), got.secrets.clone()), (text(&place.crm()).as_str(), vec!["crm".to_owned()]));
    assert!(!format!("{got:?}").contains(API_KEY) && !got.text.contains(API_KEY));
    for name in ["calls.db", "calls.db-wal"] {
        let bytes = std::fs::read(place.dir().join(name)).unwrap_or_default();
        let holds = |secret: &str| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!holds(API_KEY) && !holds(&"0f".repeat(32)), "{name}");
        assert!(name != "calls.db-wal" || holds("Cafe line"), "the project is in it");
    }
    house.stopped().await;
    let house = place.open("").await;
    let cafe = shown(&house, "cafe").await.unwrap();
    assert_eq!((cafe.connection_state(), cafe.fault.as_str()), (ConnectionState::Inactive, ""));
    let on = tieline_proto::v1::ActivateConnectionRequest { project: "cafe".to_owned(), ..Default::default() };
    house.admin().activate_connection(by("admin", on)).await.unwrap();
    written(&house, "cafe", "1").await;
}

#[tokio::test]
async fn a_project_whose_secrets_cannot_be_opened_takes_its_calls_and_sends_them_with_the_right_key() {
    let place = Place::new().await;
    let house = place.open("").await;
    for project in ["cafe", "bar"] {
        house.admin().put_project(by("admin", put(project, &text(&place.crm())))).await.unwrap();
    }
    house.stopped().await;
    for (nr, wrong) in ["secrets_key = { env = \"OTHER_KEY\" }", ""].into_iter().enumerate() {
        let house = place.open_with(wrong, "").await;
        let cafe = shown(&house, "cafe").await.unwrap();
        assert!(
            cafe.fault.contains("its calls are taken in and kept") && cafe.fault.contains("secrets_key"),
            "{cafe:?}"
        );
        call_of(&house, "cafe", "admin", &format!("held-{nr}")).await.unwrap();
        // Other projects go on.
        written(&house, "shop", &format!("goes-on-{nr}")).await;
        let metrics = reqwest::Client::new().get(house.http("/metrics")).bearer_auth(crate::house::token("admin"));
        let metrics = metrics.send().await.unwrap().text().await.unwrap();
        assert!(metrics.contains("tieline_projects_faulty{} 2"), "{metrics}");
        house.stopped().await;
    }
    let house = place.open("").await;
    for id in ["held-0", "held-1"] {
        place::until_written(&house, "cafe", id).await;
    }
    // With the wrong key it can be put with all its secrets.
    house.stopped().await;
    let house = place.open_with("secrets_key = { env = \"OTHER_KEY\" }", "").await;
    let only_text = PutProjectRequest { secrets: Default::default(), ..put("bar", &text(&place.crm())) };
    let status = house.admin().put_project(by("admin", only_text)).await.unwrap_err();
    assert_eq!(fields(&status), ["text.connection.secrets.api_key.given"]);
    house.admin().put_project(by("admin", put("bar", &text(&place.crm())))).await.unwrap();
    assert_eq!(shown(&house, "bar").await.unwrap().fault, "");
    written(&house, "bar", "1").await;
}

#[tokio::test]
async fn a_key_is_replaced_step_by_step() {
    let place = Place::new().await;
    let house = place.open("").await;
    house.admin().put_project(by("admin", put("cafe", &text(&place.crm())))).await.unwrap();
    house.stopped().await;
    let both = "secrets_key = { env = \"OTHER_KEY\" }\nsecrets_keys_before = [{ env = \"SECRETS_KEY\" }]";
    let house = place.open_with(both, "").await;
    let cafe = shown(&house, "cafe").await.unwrap();
    assert_eq!((cafe.fault.as_str(), cafe.sealed_with_older_key), ("", true));
    let as_it_is = house.admin().get_project(by("admin", get("cafe"))).await.unwrap().into_inner();
    let anew = PutProjectRequest {
        project: "cafe".to_owned(),
        text: as_it_is.text,
        expected_revision: Some(cafe.revision),
        ..Default::default()
    };
    assert!(house.admin().put_project(by("admin", anew)).await.unwrap().into_inner().changed);
    assert!(!shown(&house, "cafe").await.unwrap().sealed_with_older_key);
    house.stopped().await;
    let house = place.open_with("secrets_key = { env = \"OTHER_KEY\" }", "").await;
    assert_eq!(shown(&house, "cafe").await.unwrap().fault, "", "the older key is needed no longer");
    written(&house, "cafe", "1").await;
}

#[tokio::test]
async fn kept_secrets_go_to_no_address_they_were_not_given_for() {
    let place = Place::new().await;
    let house = place.open("").await;
    house.admin().put_project(by("admin", put("cafe", &text(&place.crm())))).await.unwrap();
    for elsewhere in [
        text("https://elsewhere.example.com"),
        text_with(
            &place.crm(),
            "[smart_phone]\nurl = \"https://elsewhere.example.com\"\nauth_key = { given = \"crm\" }\nproject_id = 1",
        ),
    ] {
        let only_text = PutProjectRequest { secrets: Default::default(), ..put("cafe", &elsewhere) };
        let status = house.admin().put_project(by("admin", only_text)).await.unwrap_err();
        assert!(status.message().contains("give all its secrets again"), "{status:?}");
        assert_eq!(fields(&status), ["text"]);
    }
    written(&house, "cafe", "1").await;
    let moved = put("cafe", &text("https://elsewhere.example.com"));
    assert!(
        house.admin().put_project(by("admin", moved)).await.unwrap().into_inner().changed,
        "with its secrets it may"
    );
}

#[tokio::test]
async fn what_was_changed_past_the_sidecars_is_sent_nowhere() {
    let place = Place::new().await;
    let house = place.open("").await;
    for project in ["cafe", "bar"] {
        house.admin().put_project(by("admin", put(project, &text(&place.crm())))).await.unwrap();
    }
    house.stopped().await;
    let db = Connection::open(place.dir().join("calls.db")).unwrap();
    db.execute("UPDATE projects SET text = replace(text, 'Cafe line', 'Evil line') WHERE id = 'cafe'", []).unwrap();
    db.execute("UPDATE projects SET text = 'no = toml = at all' WHERE id = 'bar'", []).unwrap();
    drop(db);
    let house = place.open("").await;
    let cafe = shown(&house, "cafe").await.unwrap();
    assert!(cafe.fault.contains("past the sidecars"), "{cafe:?}");
    call_of(&house, "cafe", "admin", "1").await.unwrap();
    let bar = shown(&house, "bar").await.unwrap();
    assert_eq!(bar.connection_state(), ConnectionState::Unspecified);
    assert!(bar.fault.contains("is no TOML"), "{bar:?}");
    let status = call_of(&house, "bar", "admin", "1").await.unwrap_err();
    assert_eq!((status.code(), reason(&status)), (Code::Unavailable, "PROJECT_UNREADABLE".to_owned()));
    assert!(status.get_details_retry_info().unwrap().retry_delay.is_some(), "the exchange repeats it");
    let url = house.http("/hooks/bar/after_call");
    assert_eq!(reqwest::Client::new().post(url).body("{}").send().await.unwrap().status().as_u16(), 503);
}

#[tokio::test]
async fn projects_are_listed_in_pages_to_whom_they_are_shown() {
    let place = Place::new().await;
    let house = place.open("").await;
    for project in ["cafe", "bar", "zoo"] {
        house.admin().put_project(by("admin", put(project, &text(&place.crm())))).await.unwrap();
    }
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListProjectsRequest { page_size: 3, page_token };
        let page = house.admin().list_projects(by("admin", request)).await.unwrap().into_inner();
        names.push(page.projects.into_iter().map(|project| project.project).collect::<Vec<_>>());
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(names, [vec!["bar", "cafe", "shop"], vec!["zoo"]]);
    let mine = house.admin().list_projects(by("cafe-admin", ListProjectsRequest::default())).await.unwrap();
    let mine: Vec<String> = mine.into_inner().projects.into_iter().map(|project| project.project).collect();
    assert_eq!(mine, ["cafe"]);
    let denied = house.admin().put_project(by("cafe-admin", put("bar", &text(&place.crm())))).await;
    assert_eq!(refused(denied).1, "PROJECT_NOT_ALLOWED");
    assert!(house.admin().put_project(by("cafe-admin", put("cafe", &(text(&place.crm()) + "\n")))).await.is_ok());
    let connections = house.admin().list_connections(by("admin", ListConnectionsRequest::default())).await.unwrap();
    assert_eq!(connections.into_inner().connections.len(), 4);
}

#[tokio::test]
async fn without_a_key_nothing_can_be_put_and_an_empty_file_with_one_serves() {
    let place = Place::new().await;
    let house = place.open_with("", "").await;
    let status = house.admin().put_project(by("admin", put("cafe", &text(&place.crm())))).await.unwrap_err();
    assert_eq!((status.code(), reason(&status)), (Code::FailedPrecondition, "NO_SECRETS_KEY".to_owned()));
    house.stopped().await;
    let house = place.open_empty().await;
    let ready = reqwest::get(house.http("/readyz")).await.unwrap();
    assert_eq!(ready.status().as_u16(), 200);
    house.admin().put_project(by("admin", put("cafe", &text(&place.crm())))).await.unwrap();
    written(&house, "cafe", "1").await;
}
