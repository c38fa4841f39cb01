//! Users, columns, and what is looked at before the first call.

use futures::executor::block_on;
use tieline_crm::{Dialect, Trouble, dialect::Finding};
use tieline_engine::{phone::Phone, record::Kind};

use super::{AGENT, API, asked, dialect, error, session};
use crate::scripted::Scripted;

const WHO: (u16, &str) = (200, r#"{"BusinessUnitId":"b","UserId":"88888888-8888-8888-8888-888888888888"}"#);

#[test]
fn users_are_people_with_their_numbers() {
    let first = format!(
        r#"{{"value":[
            {{"systemuserid":"{AGENT}","fullname":"Iryna","internalemailaddress":"i@x.ua","isdisabled":false,
              "address1_telephone1":"+380501112233","mobilephone":"+380501112233","employeeid":"101"}},
            {{"systemuserid":"9","fullname":"our application","applicationid":"1"}}],
            "@odata.nextLink":"https://other.example/api/data/v9.2/systemusers?$skiptoken=2"}}"#
    );
    let second = r#"{"value":[{"systemuserid":"8","fullname":null,"isdisabled":true}]}"#;
    let net = Scripted::new([(200, first.as_str()), (200, second)]);
    let users = block_on(dialect(&[("extension_field", "employeeid")]).users(&session(&net))).unwrap();
    assert_eq!(users.len(), 2);
    assert_eq!((users[0].id.as_str(), users[0].name.expose(), users[0].active), (AGENT, "Iryna", true));
    assert_eq!(users[0].phones, [Phone::new("+380501112233"), Phone::new("101")]);
    assert_eq!(users[0].email.as_ref().unwrap().expose(), "i@x.ua");
    assert!(!users[1].active);
    let columns = "systemuserid,fullname,internalemailaddress,isdisabled,applicationid,\
                   address1_telephone1,mobilephone,homephone,employeeid";
    assert_eq!(asked(&net), [format!("GET systemusers?$select={columns}"), "GET systemusers?$skiptoken=2".to_owned()]);
}

#[test]
fn fields_are_the_contacts_columns() {
    let body = r#"{"value":[
        {"LogicalName":"cr_pool","AttributeType":"String","IsCustomAttribute":true,"IsValidForCreate":true,
         "IsValidForUpdate":true},
        {"LogicalName":"fullname","AttributeType":"String","IsCustomAttribute":false,"IsValidForCreate":false},
        {"LogicalName":"cr_count","AttributeType":"Integer","IsCustomAttribute":true,"IsValidForCreate":true,
         "IsValidForUpdate":true}]}"#;
    let net = Scripted::new([(200, body)]);
    let fields = block_on(dialect(&[]).fields(&session(&net))).unwrap();
    let told: Vec<_> =
        fields.iter().map(|field| (field.entity, field.name.as_str(), field.custom, field.text)).collect();
    let contact = Kind::Contact;
    let wanted =
        [(contact, "cr_pool", true, true), (contact, "fullname", false, false), (contact, "cr_count", true, false)];
    assert_eq!(told, wanted);
    assert!(net.sent()[0].url.starts_with(&format!("{API}EntityDefinitions(LogicalName='contact')/Attributes?")));
}

#[test]
fn learning_proves_that_the_environment_knows_the_application() {
    let net = Scripted::new([WHO]);
    block_on(dialect(&[]).learn(&session(&net))).unwrap();
    assert_eq!(asked(&net), ["GET WhoAmI"]);
    let net = Scripted::new([(403, &error("0x80072560", "The user is not a member of the organization."))]);
    assert!(matches!(block_on(dialect(&[]).learn(&session(&net))).err(), Some(Trouble::NotAllowed(_))));
    let net = Scripted::new([(200, "{}")]);
    assert!(matches!(block_on(dialect(&[]).learn(&session(&net))).err(), Some(Trouble::Unavailable(_))));
}

fn inspect(crm: &dyn Dialect, net: &Scripted) -> Vec<Finding> {
    block_on(crm.inspect(&session(net))).unwrap()
}

const CONTACT_COLUMNS: (u16, &str) = (200, r#"{"value":[{"LogicalName":"telephone1"},{"LogicalName":"mobilephone"}]}"#);
const NONE: (u16, &str) = (200, r#"{"value":[]}"#);

#[test]
fn rights_and_columns_that_are_missing_are_named() {
    let rights = r#"{"RolePrivileges":[{"PrivilegeName":"prvReadContact"},{"PrivilegeName":"prvCreateContact"}]}"#;
    let crm = dialect(&[("recording_field", "cr_recording"), ("extension_field", "employeeid")]);
    let net = Scripted::new([WHO, (200, rights), CONTACT_COLUMNS, NONE, NONE, NONE]);
    let findings = inspect(&*crm, &net);
    let held: Vec<(&str, bool)> = findings.iter().map(|found| (found.about.as_str(), found.holds)).collect();
    let wanted = [
        ("application user", true),
        ("security role", false),
        ("columns of contact", true),
        ("columns of phonecall", false),
        ("columns of systemuser", false),
        ("columns of activityparty", false),
        ("statuses", true),
    ];
    assert_eq!(held, wanted);
    assert!(findings[1].text.contains("prvCreateActivity") && findings[1].text.contains("prvAssignActivity"));
    assert!(!findings[1].text.contains("prvReadContact"));
    assert!(findings[3].text.contains("cr_recording"));
}

#[test]
fn what_the_crm_does_not_tell_is_no_fault() {
    let gone = error("0x80060888", "Resource not found for the segment");
    let no_right = error("0x80040220", "x");
    let net = Scripted::new([WHO, (404, gone.as_str()), (403, no_right.as_str()), (400, gone.as_str())]);
    let findings = inspect(&*dialect(&[]), &net);
    assert!(findings.iter().all(|finding| finding.holds));
    assert!(findings[1].text.contains("does not name"));
}

#[test]
fn an_unknown_application_is_the_first_thing_told() {
    let net = Scripted::new([(403, &error("0x80072560", "x"))]);
    let findings = inspect(&*dialect(&[]), &net);
    assert_eq!((findings.len(), findings[0].holds), (1, false));
    assert!(findings[0].text.contains("application user"));
    let net = Scripted::new([(401, "")]);
    assert_eq!(block_on(dialect(&[]).inspect(&session(&net))).unwrap_err(), Trouble::TokenExpired);
}
