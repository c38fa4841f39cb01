//! An organisation to be learnt.

use serde_json::{Value, json};

/// Every optional field there is, and some of Zoho's own.
pub(super) fn fields_of(module: &str) -> Vec<Value> {
    let field = |name: &str, data_type: &str, custom: bool| {
        json!({
            "api_name": name, "data_type": data_type, "custom_field": custom, "length": 255, "visible": true,
            "field_read_only": false, "operation_type": { "api_create": true, "api_update": true },
        })
    };
    let own: &[(&str, &str)] = match module {
        "Contacts" => &[
            ("Full_Name", "text"),
            ("Last_Name", "text"),
            ("Owner", "ownerlookup"),
            ("Phone", "phone"),
            ("Mobile", "phone"),
            ("Home_Phone", "phone"),
            ("Fax", "phone"),
            ("Created_Time", "datetime"),
            ("Modified_Time", "datetime"),
        ],
        "Leads" => &[
            ("Full_Name", "text"),
            ("Last_Name", "text"),
            ("Owner", "ownerlookup"),
            ("Phone", "phone"),
            ("Mobile", "phone"),
            ("Created_Time", "datetime"),
            ("Modified_Time", "datetime"),
        ],
        "Deals" => &[
            ("Deal_Name", "text"),
            ("Stage", "picklist"),
            ("Owner", "ownerlookup"),
            ("Contact_Name", "lookup"),
            ("Created_Time", "datetime"),
            ("Modified_Time", "datetime"),
        ],
        _ => &[
            ("Subject", "text"),
            ("Voice_Recording__s", "website"),
            ("Caller_ID", "text"),
            ("Dialled_Number", "text"),
            ("From_Number__s", "phone"),
        ],
    };
    let mut fields: Vec<Value> = own.iter().map(|(name, data_type)| field(name, data_type, false)).collect();
    if module == "Calls" {
        let mut status = field("Outgoing_Call_Status", "picklist", false);
        status["pick_list_values"] = json!([{ "actual_value": "Completed", "display_value": "Completed" }]);
        let mut locked = field("To_Number__s", "phone", false);
        locked["operation_type"] = json!({ "api_create": false });
        let mut result = field("Call_Result", "picklist", false);
        result["pick_list_values"] = json!([{ "actual_value": "No response/Busy" }]);
        fields.extend([status, locked, result]);
        return fields;
    }
    let mut source = field("Lead_Source", "picklist", false);
    source["pick_list_values"] = json!([{ "actual_value": "Call", "display_value": "Phone call" }]);
    fields.push(source);
    let marks = ["rs_utm_source", "rs_utm_medium", "rs_google_client_id"];
    fields.extend(marks.iter().map(|name| field(name, "text", true)));
    if module != "Deals" {
        fields.push(field("Phone_Key", "text", true));
        let mut chat = field("Messenger_Chat", "text", true);
        chat["length"] = json!(20);
        fields.push(chat);
    }
    fields
}

/// One pipeline whose stages' names differ from what people see.
pub(super) fn pipeline() -> Value {
    json!({ "pipeline": [{
        "display_value": "Standard", "actual_value": "Standard (Standard)", "default": true, "id": "902",
        "maps": [
            { "display_value": "Won", "actual_value": "Won", "sequence_number": 3, "forecast_type": "Closed Won" },
            {
                "display_value": "Identify Decision Makers", "actual_value": "Id. Decision Makers",
                "sequence_number": 2, "forecast_type": "Open",
            },
            { "display_value": "New", "actual_value": "New", "sequence_number": 1, "forecast_type": "Open" },
        ],
    }] })
}
