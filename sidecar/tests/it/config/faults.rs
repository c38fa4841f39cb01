//! Every fault has its key, its line and says what to do.

use tieline::config::Faults;

use super::{parse, project};

fn faults(text: &str) -> Faults {
    parse(text).expect_err("there is a fault")
}

/// The text has this one fault.
fn one(text: &str, key: &str, words: &str) {
    let faults = faults(text);
    assert_eq!(faults.list().len(), 1, "{faults}");
    let fault = &faults.list()[0];
    assert_eq!(fault.key, key, "{faults}");
    assert!(fault.text.contains(words), "{faults}");
}

/// A project with more keys has this one fault.
fn of_keys(keys: &str, key: &str, words: &str) {
    one(&project(keys, ""), &format!("projects[0].{key}"), words);
}

/// A project with more tables has this one fault.
fn of_tables(tables: &str, key: &str, words: &str) {
    one(&project("", tables), &format!("projects[0].{key}"), words);
}

/// A file with another table has this one fault.
fn of_file(table: &str, key: &str, words: &str) {
    one(&format!("{table}\n{}", project("", "")), key, words);
}

#[test]
fn faults_are_shown_one_a_line_with_file_line_and_key() {
    let text = format!("[server]\ndrain_seconds = 0\nlisten = 1\n{}", project("", ""));
    let shown = faults(&text).to_string();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], "tieline.toml:2: server.drain_seconds: is out of bounds; write a whole number from 1 to 600");
    assert_eq!(
        lines[1],
        "tieline.toml:3: server.listen: there is no such key; accepted here: grpc_listen, http_listen, \
         public_url, grpc_unix_socket, drain_seconds, tls, http_tls, allow_plain, core_dumps, connections_max, \
         slow_seconds"
    );
    assert_eq!(lines.len(), 2);
}

#[test]
fn all_faults_are_told_in_one_run() {
    let text = r#"surprise = 1
server = "all"
[store]
kind = "tape"
[telemetry]
format = "loud"
[[projects]]
id = "a b"
zone = "Europe/Nowhere"
region = "XX"
senior = "nobody"
[projects.connection]
crm = "sap"
retry_first_ms = "soon"
[projects.patience]
found_seconds = 1
typo = 1
[[projects.agents]]
id = "one"
[[projects.agents]]
id = "one"
sips = ["x", 7]
[[projects.mappings]]
entity = "task"
param = "p"
field = "f"
[[projects]]
zone = "Europe/Kyiv"
region = "UA"
[projects.connection]
crm = "retailcrm"
"#;
    let faults = faults(text);
    let keys: Vec<(Option<usize>, &str)> = faults.list().iter().map(|fault| (fault.line, fault.key.as_str())).collect();
    assert_eq!(
        keys,
        [
            (Some(1), "surprise"),
            (Some(2), "server"),
            (Some(4), "store.kind"),
            (Some(6), "telemetry.format"),
            (Some(8), "projects[0].id"),
            (Some(9), "projects[0].zone"),
            (Some(10), "projects[0].region"),
            (Some(11), "projects[0].senior"),
            (Some(13), "projects[0].connection.crm"),
            (Some(14), "projects[0].connection.retry_first_ms"),
            (Some(16), "projects[0].patience.found_seconds"),
            (Some(17), "projects[0].patience.typo"),
            (Some(18), "projects[0].agents[0]"),
            (Some(21), "projects[0].agents[1].id"),
            (Some(22), "projects[0].agents[1].sips[1]"),
            (Some(24), "projects[0].mappings[0].entity"),
            (Some(27), "projects[1].id"),
            (Some(30), "projects[1].connection.settings.url"),
            (Some(30), "projects[1].connection.secrets.api_key"),
        ],
        "{faults}"
    );
}

#[test]
fn only_faults_of_syntax_hide_others() {
    let faults = faults("[server]\ndrain_seconds = \nlisten = 1\nformat = \"x\n");
    assert!(faults.list().iter().all(|fault| fault.text.contains("is no TOML")), "{faults}");
    assert_eq!(faults.list()[0].line, Some(2));
}

#[test]
fn the_server_is_checked() {
    of_file("[server]\ngrpc_listen = \"localhost\"", "server.grpc_listen", "no IP address with a port");
    of_file("[server]\nhttp_listen = \"127.0.0.1:7071\"", "server.http_listen", "another port");
    of_file("[server]\nallow_plain = true\nhttp_listen = \"0.0.0.0:7071\"", "server.http_listen", "another port");
    of_file("[server]\ngrpc_unix_socket = \"\"", "server.grpc_unix_socket", "is empty");
    of_file("[store]\nkind = \"tape\"", "store.kind", "write sqlite");
    of_file("[store]\nkind = \"postgres\"", "store.url", "write the address of the database");
    of_file("[store]\nlease_seconds = 30", "store.lease_seconds", "add its url");
    of_file("[store]\nurl = \"postgres://db/calls\"\npath = \"x\"", "store.path", "keep it or url");
    of_file("[store]\nurl = \"postgres://db/calls\"\nkind = \"sqlite\"", "store.kind", "leave out kind or url");
    of_file("[store]\nurl = \"mysql://db/calls\"", "store.url", "postgres://user@host/database");
    of_file("[store]\nurl = \"postgres:///calls\"", "store.url", "it names no host");
    of_file("[store]\nurl = \"postgres://a:s3cret@db/calls\"", "store.url", "holds the password");
    of_file("[store]\nurl = \"postgres://db/calls\"\nlease_seconds = 1", "store.lease_seconds", "from 5 to 600");
    of_file("[store]\npath = 3", "store.path", "is an integer; write a text in quotes");
    of_file("[telemetry]\nformat = \"xml\"", "telemetry.format", "expected `text` or `json`");
    of_file("[telemetry]\nlevel = \"loud\"", "telemetry.level", "error, warn, info, debug or trace");
    of_file("[telemetry]\nlevel = \"info,tieline=loud\"", "telemetry.level", "info,tieline=debug");
    of_file("[telemetry]\nlevel = \"info,tieline[call.deliver]=debug\"", "telemetry.level", "info,tieline=debug");
    of_file("[telemetry]\notlp_endpoint = \"collector\"", "telemetry.otlp_endpoint", "http://127.0.0.1:4317");
    of_file("[telemetry]\notlp_endpoint = \"http://user:pass@host\"", "telemetry.otlp_endpoint", "no address");
}

#[test]
fn more_blocks_or_places_than_an_answer_holds_are_refused() {
    let blocks = format!("[projects.routing]\nblocks = [{}]", "\"voicemail\", ".repeat(9));
    one(&project(&blocks, ""), "projects[0].routing.blocks", "more than 8");
    let places = format!("[projects.routing]\nblocks = [{{ places = [{}] }}]", "\"desk\", ".repeat(9));
    one(&project(&places, ""), "projects[0].routing.blocks[0]", "more than 8 places");
}

#[test]
fn ports_the_system_chooses_do_not_collide() {
    let server = "[server]\ngrpc_listen = \"127.0.0.1:0\"\nhttp_listen = \"127.0.0.1:0\"";
    assert!(parse(&format!("{server}\n{}", project("", ""))).is_ok());
}

#[test]
fn a_project_needs_an_id_a_zone_and_a_region() {
    one("", "projects", "[[projects]]");
    let without = "[[projects]]\nid = \"shop\"\nzone = \"Europe/Kyiv\"\nregion = \"UA\"";
    one(
        without,
        "projects[0].connection.crm",
        "is missing; write one of dataverse, remonline, retailcrm, sendpulse, zoho",
    );
    let text = project("", "");
    one(&text.replace("id = \"shop\"", ""), "projects[0].id", "is missing");
    one(&text.replace("\"shop\"", "\"a/b\""), "projects[0].id", "Latin letters");
    one(&text.replace("zone = \"Europe/Kyiv\"", ""), "projects[0].zone", "Europe/Kyiv");
    one(&text.replace("Europe/Kyiv", "Kyiv"), "projects[0].zone", "IANA");
    one(&text.replace("region = \"UA\"", ""), "projects[0].region", "is missing");
    one(&text.replace("\"UA\"", "\"XX\""), "projects[0].region", "numbering plan");
    one(&format!("{text}\n{text}"), "projects[1].id", "another project has this id");
    of_keys("also_regions = [\"PL\", \"QQ\"]", "also_regions[1]", "numbering plan");
    of_keys("also_regions = []", "also_regions", "empty list");
    of_keys("number_form = \"any\"", "number_form", "`mixed`, `e164_no_plus`, `national`");
    of_keys("extension_digits_max = 9", "extension_digits_max", "from 0 to 8");
    of_keys("crm_region = \"QQ\"", "crm_region", "numbering plan");
    of_keys("stop_list = [\"a\", \"\"]", "stop_list[1]", "is empty");
    of_keys("stop_list = \"a\"", "stop_list", "write a list");
}

/// G-01
#[test]
fn g_01_a_project_with_two_connections_is_refused() {
    of_tables("[[projects.connections]]\ncrm = \"zoho\"", "connections", "one CRM");
    let connection = "crm = \"retailcrm\"\nactive = true\nsettings = { url = \"https://a.retailcrm.pro\" }\n\
                      secrets = { api_key = { env = \"RETAILCRM_API_KEY\" } }\n[[projects.connection]]\n";
    let head = "[[projects]]\nid = \"shop\"\nzone = \"Europe/Kyiv\"\nregion = \"UA\"\n[[projects.connection]]\n";
    let one_in_a_list = format!("{head}{}", connection.replace("[[projects.connection]]\n", ""));
    one(&one_in_a_list, "projects[0].connection", "single brackets");
    one(
        &format!("{head}{connection}{}", connection.replace("[[projects.connection]]\n", "")),
        "projects[0].connection",
        "one CRM",
    );
}

#[test]
fn a_connections_settings_are_checked_by_its_dialect() {
    let text = project("", "");
    one(&text.replace("\"retailcrm\"", "\"sap\""), "projects[0].connection.crm", "retailcrm, sendpulse, zoho");
    one(&text.replace("{ url =", "{ urll = \"x\", url ="), "projects[0].connection.settings.urll", "no such setting");
    one(
        &text.replace("{ url =", "{ search_forms = 9, url ="),
        "projects[0].connection.settings.search_forms",
        "1 to 3",
    );
    one(
        &text.replace("{ url =", "{ site = [1], url ="),
        "projects[0].connection.settings.site",
        "write a text in quotes",
    );
    one(&text.replace("\"https://example.retailcrm.pro\"", "5.5"), "projects[0].connection.settings.url", "is a float");
    one(&text.replace("crm =", "active = 1\ncrm ="), "projects[0].connection.active", "true or false");
    one(&text.replace("crm =", "retry_longest_ms = 9\ncrm ="), "projects[0].connection.retry_longest_ms", "from 1000");
    one(&text.replace("crm =", "quota = { share = 0 }\ncrm ="), "projects[0].connection.quota.share", "from 1 to 100");
    let until = "quota = { backlog_until = 101 }\ncrm =";
    one(&text.replace("crm =", until), "projects[0].connection.quota.backlog_until", "from 1 to 100");
    let retry = "retry_first_ms = 5000\nretry_longest_ms = 2000\ncrm =";
    one(&text.replace("crm =", retry), "projects[0].connection.retry_longest_ms", "shorter than retry_first_ms");
}

#[test]
fn agents_and_lines_are_checked() {
    let agent = |keys: &str| {
        format!("[[projects.agents]]\nid = \"b\"\n{keys}\n[[projects.agents]]\nid = \"a\"\nsips = [\"own\"]")
    };
    of_tables(&agent("sips = [\"x\", \"OWN\"]"), "agents[1].sips[0]", "agents[0] has the same one");
    of_tables(&agent(""), "agents[0]", "never be recognised");
    of_tables(&agent("numbers = [\"abc\"]"), "agents[0].numbers[0]", "no telephone number");
    of_tables(&agent("name = \"B\"\nphone = \"1\""), "agents[0].phone", "id, name, emails, sips");
    of_tables(&agent("name = \"B\"").replace("\"b\"", "\"a\""), "agents[1].id", "agents[0] has this id");
    of_tables("[[projects.lines]]\nsip = \"x\"", "lines[0].number", "is missing");
    of_tables("[[projects.lines]]\nnumber = \"x\"", "lines[0].number", "no telephone number");
    let mails = agent("emails = [\"a@example.com\"]").replace("sips = [\"own\"]", "emails = [\"A@example.com\"]");
    of_tables(&mails, "agents[1].emails[0]", "agents[0] has the same one");
    of_keys("senior = \"nobody\"", "senior", "is no agent's id");
    let both = project("senior = \"a\"\nsenior_crm_user = \"1\"", "[[projects.agents]]\nid = \"a\"\nname = \"A\"");
    one(&both, "projects[0].senior_crm_user", "keep one of the two");
}

#[test]
fn rules_mappings_and_scenario_are_checked() {
    let rule = "[[projects.stage_rules]]\nname = \"r\"\nparam = \"p\"\nequals = \"v\"\nstage = \"s\"\n";
    of_tables(&rule.replace("\"r\"", "\" \""), "stage_rules[0].name", "is empty");
    of_tables(&rule.replace("stage =", "#"), "stage_rules[0].stage", "is missing");
    of_tables(&format!("{rule}{rule}"), "stage_rules[1].name", "another rule");
    let mapping = "[[projects.mappings]]\nentity = \"deal\"\nparam = \"p\"\nfield = \"f\"\n";
    of_tables(&mapping.replace("deal", "task"), "mappings[0].entity", "only contact, lead and deal");
    of_tables(&mapping.replace("deal", "order"), "mappings[0].entity", "unknown variant");
    of_tables(&mapping.replace("deal", "lead"), "mappings[0].entity", "no such records");
    of_tables(&format!("{mapping}{mapping}"), "mappings[1].field", "another parameter");
    let row = "[[projects.scenario]]\nname = \"row\"\nwhen = { answered = true }\nthen = { deal = \"create\" }\n";
    of_keys("scenario = []", "scenario", "nothing would be written");
    of_tables(&format!("{row}{row}"), "scenario[1].name", "another row");
    of_tables(&row.replace("name =", "#"), "scenario[0].name", "is missing");
    of_tables(&row.replace("answered = true", "answered = 1"), "scenario[0].when.answered", "true or false");
    of_tables(&row.replace("answered = true", "who = 1"), "scenario[0].when.who", "source, direction, answered");
    of_tables(&row.replace("\"create\"", "\"make\""), "scenario[0].then.deal", "create_and_update");
    of_tables(&row.replace("deal =", "lead ="), "scenario[0].then.lead", "no such records");
    of_tables(&row.replace("then =", "#"), "scenario[0].then", "is missing");
    of_tables(&row.replace("deal = \"create\"", "notes = [\"task\"]"), "scenario[0].then.notes", "can have notes");
    let task = row.replace("deal = \"create\"", "tasks = [{ about = \"talk\", to = [], due_minutes = 10 }]");
    of_tables(&task, "scenario[0].then.tasks[0].to", "empty list");
    of_tables(&task.replace("[],", "[\"agent\", \"boss\"],"), "scenario[0].then.tasks[0].to[1]", "unknown variant");
    of_tables(&task.replace("[],", "[\"agent\"], how = 1,"), "scenario[0].then.tasks[0].how", "about, to, due_minutes");
}

#[test]
fn the_smaller_tables_are_checked() {
    of_tables("[projects.matching]\nprefer = []", "matching.prefer", "empty list");
    of_tables("[projects.matching]\nprefer = [\"newest\"]", "matching.prefer[0]", "`open_deal`");
    of_tables("[projects.routing]\nblocks = []", "routing.blocks", "empty list");
    of_tables("[projects.routing]\nblocks = [{ places = [] }]", "routing.blocks[0]", "no places");
    of_tables(
        "[projects.routing]\nblocks = [{ places = [380671234567] }]",
        "routing.blocks[0].places[0]",
        "write a string",
    );
    of_tables("[projects.routing]\nresponsible = \"me\"", "routing.responsible", "`by_owner` or `by_calls`");
    of_tables("[projects.routing]\nbound_ms = 60000", "routing.bound_ms", "from 50 to 30000");
    of_tables("[projects.backlog]\ndays_before = -1", "backlog.days_before", "from 0 to 366");
    of_tables("[projects.patience]\nnobody_seconds = 0", "patience.nobody_seconds", "from 5 to 86400");
    of_tables("[projects.texts]\nsource = \"\"", "texts.source", "is empty");
    of_tables("[projects.intake]\nbasic_user = \"u\"", "intake.basic_password", "give both or neither");
    let colon = "[projects.intake]\nbasic_user = \"u:\"\nbasic_password = { env = \"RETAILCRM_API_KEY\" }";
    of_tables(colon, "intake.basic_user", "colon");
    of_tables("[projects.intake.names]\nphone = true\nmine = []", "intake.names.mine", "is an array");
    of_tables("[projects.messenger]\nsip_account = \"yes\"", "messenger.sip_account", "true or false");
    of_tables("[projects.rooting]\nblocks = []", "rooting", "routing");
}

#[test]
fn a_file_of_another_kind_is_refused_at_once_and_in_few_lines() {
    let noise = "--b\n".repeat(1_000_000);
    assert_eq!(faults(&noise).list().len(), 100);
    let key = "k".repeat(100_000);
    let shown = faults(&format!("{key} = 1\n")).to_string();
    assert!(shown.len() < 5_000, "{} bytes are shown", shown.len());
}
