//! Requests as bad as they come: a simulated CRM answers every one, and in time.
//!
//! An input is a request as in HTTP: `POST /crm/v8/coql`, headers, an empty line, the body. It is signed by the test,
//! so that what is behind the door is reached.

use bad_input::Fuzz;
use jiff::Timestamp;
use serde_json::{Value, json};
use tieline_sandbox::{CrmKind, Sim, SimReply, SimRequest, dataverse, remonline, retailcrm, sendpulse, zoho};

const WORDS: &[&str] = &[
    "POST /crm/v8/coql\n",
    "GET /api/v5/orders",
    "filter[",
    "$filter=",
    "$batch",
    "Content-Type: multipart/mixed; boundary=b",
    "--b--",
    "Content-ID: 1\r\n",
    "$1",
    "select",
    "from Contacts",
    " where ",
    " in (",
    " and ",
    " or ",
    " not ",
    "((",
    "))",
    "'%'",
    " like ",
    " between ",
    " order by ",
    " limit 2000, 200",
    " eq ",
    "contains(",
    "endswith(",
    "any(",
    "null",
    "1e9",
    "page=",
    "limit=",
    "per_page",
    "offset=18446744073709551615",
    "data",
    "phone",
];

const COQL: &[&str] = &[
    "select id, Last_Name, Phone from Contacts where Phone in ('+380671234567', '0671234567') limit 50",
    "select id from Deals where (Stage not in ('Closed Won') and Contact_Name = '5725767000000001') order by Created_Time desc limit 0, 10",
    "select Owner.email from Leads where ((Phone = '1' or Mobile like '%67') and Created_Time between '2026-01-01T00:00:00Z' and '2026-02-01T00:00:00Z')",
    "select id from Contacts where Email is not null",
];

const FILTERS: &[&str] = &[
    "telephone1 eq '+380671234567' or mobilephone eq '0671234567'",
    "statecode eq 0 and (contains(fullname,'A') or not endswith(telephone1,'67'))",
    "createdon ge 2026-01-01T00:00:00Z and _ownerid_value eq 5f000000-0000-4000-8000-000000000100",
];

fn run(kind: CrmKind, name: &'static str, seeds: Vec<String>) {
    let now: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
    Fuzz::new(name).seeds(seeds).words(WORDS).cases(1_200).run(|input| {
        let mut sim = Sim::new(kind, 7);
        sim.set_base_url("http://sim");
        let signature = signature(&mut sim, now);
        let mut request = request(input);
        request.headers.extend(signature);
        let SimReply::Answer(answer) = sim.handle(now, &request) else { unreachable!("cut without a fault") };
        assert!((200..600).contains(&answer.status), "{}", answer.status);
        if !request.path.starts_with("/sandbox") {
            let again = sim.handle(now, &request);
            assert!(matches!(again, SimReply::Answer(_)));
        }
        // What it holds can still be listed and audited.
        drop((sim.listing_text(), sim.audit()));
        let body = String::from_utf8_lossy(&answer.body);
        let words: String = body.chars().filter(|letter| !letter.is_ascii_digit()).take(80).collect();
        format!("{} {words}", answer.status)
    });
}

#[test]
fn any_request_to_zoho_is_answered() {
    let coql = COQL.iter().map(|query| post("/crm/v8/coql", &json!({"select_query": query})));
    let contact = json!({"data": [{"Last_Name": "A", "Phone": "+380671234567"}], "trigger": []});
    let composite = json!({"__composite_requests": [
        {"sub_request_id": "1", "method": "POST", "uri": "/crm/v8/Contacts", "body": contact},
        {"sub_request_id": "2", "method": "GET", "uri": "/crm/v8/Contacts/search?phone=1", "body": {}},
    ]});
    let others = [
        post("/crm/v8/Contacts", &contact),
        post("/crm/v8/__composite_requests", &composite),
        "GET /crm/v8/Contacts/search?criteria=((Phone:equals:1)or(Mobile:starts_with:2))\n\n".to_owned(),
        "GET /crm/v8/settings/fields?module=Deals\n\n".to_owned(),
        "GET /crm/v8/Contacts?fields=id,Phone&page=2&per_page=200\n\n".to_owned(),
    ];
    run(CrmKind::Zoho, "sandbox-zoho", coql.chain(others).collect());
}

#[test]
fn any_request_to_dataverse_is_answered() {
    let base = "/api/data/v9.2";
    let filtered = FILTERS.iter().map(|filter| {
        let filter = filter.replace(' ', "%20").replace('+', "%2B");
        format!("GET {base}/contacts?$select=fullname,telephone1&$filter={filter}&$top=10&$orderby=createdon desc\n\n")
    });
    let operation = |id: u8| {
        format!(
            "--c\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: {id}\r\n\r\n\
             POST {base}/contacts HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{{\"lastname\": \"A\"}}\r\n"
        )
    };
    let batch = format!(
        "POST {base}/$batch\nContent-Type: multipart/mixed; boundary=b\n\n--b\r\nContent-Type: multipart/mixed; \
         boundary=\"c\"\r\n\r\n{}{}--c--\r\n--b--\r\n",
        operation(1),
        operation(2)
    );
    let others = [
        batch,
        post(&format!("{base}/phonecalls"), &json!({"subject": "x", "directioncode": true})),
        format!("GET {base}/contacts(5f000000-0000-4000-8000-000000000100)?$select=fullname\n\n"),
        format!("GET {base}/EntityDefinitions(LogicalName='contact')/Attributes\n\n"),
    ];
    run(CrmKind::Dataverse, "sandbox-dataverse", filtered.chain(others).collect());
}

#[test]
fn any_request_to_retailcrm_is_answered() {
    let form = |path: &str, name: &str, value: Value| {
        let body = format!("site=main&{name}={}", value.to_string().replace('+', "%2B"));
        format!("POST /api/v5/{path}\ncontent-type: application/x-www-form-urlencoded\n\n{body}")
    };
    let seeds = vec![
        form("customers/create", "customer", json!({"firstName": "A", "phones": [{"number": "+380671234567"}]})),
        form("orders/create", "order", json!({"customer": {"id": 1}, "status": "new", "managerId": 1})),
        form("telephony/calls/upload", "calls", json!([{"date": "2026-03-02 09:00:00", "type": "in", "phone": "1"}])),
        form("tasks/create", "task", json!({"text": "call", "performerId": 1})),
        "GET /api/v5/customers?filter[name]=0671234567&filter[ids][]=1&limit=20&page=1\n\n".to_owned(),
        "GET /api/v5/orders?filter[customerId]=1&filter[extendedStatus][]=new\n\n".to_owned(),
    ];
    run(CrmKind::RetailCrm, "sandbox-retailcrm", seeds);
}

#[test]
fn any_request_to_remonline_is_answered() {
    let seeds = vec![
        "GET /contacts/people?phones[]=380671234567&page=1\n\n".to_owned(),
        post("/contacts/people", &json!({"first_name": "A", "phones": [{"phone": "380671234567"}]})),
        post("/orders", &json!({"client_id": 1, "branch_id": 11, "order_type_id": 22})),
        post("/lead", &json!({"contact_phone": "380671234567", "leadtype_id": 33})),
        "GET /orders?client_ids[]=1&sort_dir=desc&modified_at[]=1&modified_at[]=2\n\n".to_owned(),
    ];
    run(CrmKind::RemOnline, "sandbox-remonline", seeds);
}

#[test]
fn any_request_to_sendpulse_is_answered() {
    let seeds = vec![
        "GET /crm/v1/contacts/get-list?phone=380671234567\n\n".to_owned(),
        post("/crm/v1/contacts/get-list", &json!({"phone": "380671234567", "limit": 10, "offset": 0})),
        post("/crm/v1/contacts", &json!({"firstName": "A", "responsibleId": 4101, "phones": ["380671234567"]})),
        post("/crm/v1/contacts/create", &json!({"responsibleId": 4101, "firstName": "A"})),
        post("/crm/v1/deals", &json!({"pipelineId": 201, "stepId": 1, "responsibleId": 4101, "name": "d"})),
        post("/crm/v1/tasks", &json!({"boardId": 301, "title": "t", "dueDate": "2026-03-02T09:00:00Z"})),
    ];
    run(CrmKind::SendPulse, "sandbox-sendpulse", seeds);
}

fn post(target: &str, body: &Value) -> String {
    format!("POST {target}\ncontent-type: application/json\n\n{body}")
}

fn request(input: &[u8]) -> SimRequest {
    let end = input.windows(2).position(|pair| pair == b"\n\n").unwrap_or(input.len());
    let head = String::from_utf8_lossy(&input[..end]).into_owned();
    let mut lines = head.lines();
    let (method, target) = lines.next().and_then(|line| line.split_once(' ')).unwrap_or(("GET", "/"));
    let mut request = SimRequest::new(method, target);
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        request = request.header(name, value);
    }
    request.body = input.get(end + 2..).unwrap_or_default().to_vec().into();
    request
}

/// What signs a request in the CRM's own way.
fn signature(sim: &mut Sim, now: Timestamp) -> Option<(String, String)> {
    let kind = sim.kind();
    let header = |name: &str, value: String| Some((name.to_owned(), value));
    let mut token = |request: SimRequest| {
        let answer = sim.handle(now, &request).answer().expect("a token");
        answer.body_json()["access_token"].as_str().expect("a token").to_owned()
    };
    match kind {
        CrmKind::RetailCrm => header("x-api-key", retailcrm::SANDBOX_API_KEY.to_owned()),
        CrmKind::RemOnline => header("authorization", format!("Bearer {}", remonline::SANDBOX_API_KEY)),
        CrmKind::SendPulse => header("authorization", format!("Bearer {}", sendpulse::SANDBOX_API_KEY)),
        CrmKind::Zoho => {
            let token = token(crate::helpers::token_request(zoho::SANDBOX_REFRESH_TOKEN));
            header("authorization", format!("Zoho-oauthtoken {token}"))
        }
        CrmKind::Dataverse => {
            let path = format!("/{}/oauth2/v2.0/token", dataverse::SANDBOX_TENANT);
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", dataverse::SANDBOX_CLIENT_ID),
                ("client_secret", dataverse::SANDBOX_CLIENT_SECRET),
                ("scope", "http://sim/.default"),
            ];
            header("authorization", format!("Bearer {}", token(SimRequest::new("POST", &path).form(&form))))
        }
    }
}
