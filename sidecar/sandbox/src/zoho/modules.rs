//! The fields of each module (zoho.md 6, 7).

use super::{
    schema::{Field, Kind},
    world::{PIPELINE_NAME, STAGES},
};

/// The fields present in every module.
pub(super) fn common() -> Vec<Field> {
    vec![
        Field::new("Owner", Kind::User, 120),
        Field::new("Description", Kind::TextArea, 32_000),
        Field::new("Tag", Kind::Json, 2_000),
        Field::new("Created_Time", Kind::DateTime, 120).read_only(),
        Field::new("Modified_Time", Kind::DateTime, 120).read_only(),
        Field::new("Created_By", Kind::User, 120).read_only(),
        Field::new("Modified_By", Kind::User, 120).read_only(),
    ]
}

const LEAD_SOURCES: [&str; 12] = [
    "Advertisement",
    "Cold Call",
    "Employee Referral",
    "External Referral",
    "Online Store",
    "Partner",
    "Public Relations",
    "Seminar Partner",
    "Trade Show",
    "Web Download",
    "Web Research",
    "Chat",
];

fn person() -> Vec<Field> {
    vec![
        Field::new("Last_Name", Kind::Text, 80).mandatory(),
        Field::new("First_Name", Kind::Text, 40),
        Field::new("Full_Name", Kind::Text, 120).read_only(),
        Field::new("Phone", Kind::Phone, 30),
        Field::new("Mobile", Kind::Phone, 30),
        Field::new("Email", Kind::Email, 100),
        Field::new("Lead_Source", Kind::Picklist, 120).picks(&LEAD_SOURCES),
    ]
}

pub(super) fn leads() -> Vec<Field> {
    let mut fields = person();
    fields.extend([
        Field::new("Company", Kind::Text, 200),
        Field::new("Lead_Status", Kind::Picklist, 120).picks(&[
            "Attempted to Contact",
            "Contact in Future",
            "Contacted",
            "Junk Lead",
            "Lost Lead",
            "Not Contacted",
            "Pre-Qualified",
        ]),
        Field::new("Website", Kind::Website, 255),
        Field::new("Converted__s", Kind::Boolean, 5).read_only(),
    ]);
    fields
}

pub(super) fn contacts() -> Vec<Field> {
    let mut fields = person();
    fields.extend(["Home_Phone", "Other_Phone", "Asst_Phone"].map(|name| Field::new(name, Kind::Phone, 30)));
    fields.push(Field::new("Account_Name", Kind::Lookup("Accounts"), 120));
    fields
}

pub(super) fn deals() -> Vec<Field> {
    let stages: Vec<&'static str> = STAGES.iter().map(|stage| stage.actual).collect();
    vec![
        Field::new("Deal_Name", Kind::Text, 120).mandatory(),
        Field::new("Stage", Kind::Picklist, 120).mandatory().picks(&stages),
        Field::new("Pipeline", Kind::Picklist, 120).mandatory().picks(&[PIPELINE_NAME]),
        Field::new("Contact_Name", Kind::Lookup("Contacts"), 120),
        Field::new("Account_Name", Kind::Lookup("Accounts"), 120),
        Field::new("Closing_Date", Kind::Date, 20),
        Field::new("Amount", Kind::Double, 16),
        Field::new("Lead_Source", Kind::Picklist, 120).picks(&LEAD_SOURCES),
    ]
}

pub(super) fn accounts() -> Vec<Field> {
    vec![Field::new("Account_Name", Kind::Text, 200).mandatory(), Field::new("Phone", Kind::Phone, 30)]
}

pub(super) fn calls() -> Vec<Field> {
    vec![
        Field::new("Subject", Kind::Text, 255).mandatory(),
        Field::new("Call_Type", Kind::Picklist, 120).mandatory().picks(&["Inbound", "Outbound", "Missed"]),
        Field::new("Call_Start_Time", Kind::DateTime, 120).mandatory(),
        Field::new("Call_Duration", Kind::Text, 120),
        Field::new("Call_Duration_in_seconds", Kind::Integer, 9).read_only(),
        Field::new("Call_Purpose", Kind::Text, 120),
        Field::new("Call_Result", Kind::Text, 255),
        Field::new("Call_Agenda", Kind::TextArea, 32_000),
        Field::new("Who_Id", Kind::Lookup("Contacts"), 120),
        Field::new("What_Id", Kind::AnyLookup, 120),
        Field::new("Outgoing_Call_Status", Kind::Picklist, 120).picks(&[
            "Scheduled",
            "Completed",
            "Cancelled",
            "Overdue",
        ]),
        Field::new("Caller_ID", Kind::Text, 255),
        Field::new("Dialled_Number", Kind::Text, 255),
        Field::new("From_Number__s", Kind::Phone, 30),
        Field::new("To_Number__s", Kind::Phone, 30),
        Field::new("Voice_Recording__s", Kind::Website, 450),
        Field::new("CTI_Entry", Kind::Boolean, 5).read_only(),
        Field::new("Telephony_External_ID__s", Kind::Text, 120).read_only(),
        Field::new("Reminder", Kind::Text, 120),
        Field::new("Scheduled_In_CRM", Kind::Text, 120),
    ]
}

pub(super) fn tasks() -> Vec<Field> {
    vec![
        Field::new("Subject", Kind::Text, 255).mandatory(),
        Field::new("Due_Date", Kind::Date, 20),
        Field::new("Status", Kind::Picklist, 120).picks(&[
            "Not Started",
            "Deferred",
            "In Progress",
            "Completed",
            "Waiting for input",
        ]),
        Field::new("Priority", Kind::Picklist, 120).picks(&["High", "Highest", "Low", "Lowest", "Normal"]),
        Field::new("Who_Id", Kind::Lookup("Contacts"), 120),
        Field::new("What_Id", Kind::AnyLookup, 120),
        Field::new("Remind_At", Kind::Json, 2_000),
        Field::new("Send_Notification_Email", Kind::Boolean, 5),
        Field::new("Closed_Time", Kind::DateTime, 120).read_only(),
    ]
}

pub(super) fn notes() -> Vec<Field> {
    vec![
        Field::new("Note_Title", Kind::Text, 120),
        Field::new("Note_Content", Kind::TextArea, 65_535).mandatory(),
        Field::new("Parent_Id", Kind::Parent, 120).mandatory(),
    ]
}
