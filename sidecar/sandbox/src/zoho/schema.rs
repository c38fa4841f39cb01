//! What fields are, and which module has which (zoho.md 7).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::modules;

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    TextArea,
    Phone,
    Email,
    Website,
    Picklist,
    /// To records of the named module.
    Lookup(&'static str),
    /// To a record of the module `$se_module` names.
    AnyLookup,
    /// To the parent of a note.
    Parent,
    User,
    DateTime,
    Date,
    Boolean,
    Integer,
    Double,
    /// An object or array that is stored as sent.
    Json,
}

impl Kind {
    /// `data_type` and `json_type` of the metadata.
    pub(super) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Text => ("text", "string"),
            Self::TextArea => ("textarea", "string"),
            Self::Phone => ("phone", "string"),
            Self::Email => ("email", "string"),
            Self::Website => ("website", "string"),
            Self::Picklist => ("picklist", "string"),
            Self::Lookup(_) | Self::AnyLookup | Self::Parent => ("lookup", "jsonobject"),
            Self::User => ("ownerlookup", "jsonobject"),
            Self::DateTime => ("datetime", "string"),
            Self::Date => ("date", "string"),
            Self::Boolean => ("boolean", "boolean"),
            Self::Integer => ("integer", "integer"),
            Self::Double => ("double", "double"),
            Self::Json => ("jsonobject", "jsonobject"),
        }
    }

    /// Whether the value names another record by its id.
    pub(super) fn is_lookup(self) -> bool {
        matches!(self, Self::Lookup(_) | Self::AnyLookup | Self::Parent | Self::User)
    }
}

/// One field of a module.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) kind: Kind,
    pub(super) length: usize,
    pub(super) mandatory: bool,
    pub(super) custom: bool,
    pub(super) unique: bool,
    pub(super) writable: bool,
    pub(super) picks: Vec<&'static str>,
}

impl Field {
    pub(super) fn new(name: &str, kind: Kind, length: usize) -> Self {
        Self {
            name: name.to_owned(),
            label: name.replace('_', " ").trim_end_matches("  s").to_owned(),
            kind,
            length,
            mandatory: false,
            custom: false,
            unique: false,
            writable: true,
            picks: Vec::new(),
        }
    }

    pub(super) fn mandatory(mut self) -> Self {
        self.mandatory = true;
        self
    }

    pub(super) fn read_only(mut self) -> Self {
        self.writable = false;
        self
    }

    pub(super) fn picks(mut self, values: &[&'static str]) -> Self {
        self.picks = values.to_vec();
        self
    }

    /// A field an administrator added.
    pub(super) fn custom(name: &str, kind: Kind, length: usize, unique: bool) -> Self {
        Self { custom: true, unique, ..Self::new(name, kind, length) }
    }

    /// As `settings/fields` shows it.
    pub(super) fn to_json(&self) -> Value {
        let (data_type, json_type) = self.kind.names();
        let unique = if self.unique { json!({"case_sensitive": false}) } else { json!({}) };
        let picks: Vec<Value> =
            self.picks.iter().map(|pick| json!({"display_value": pick, "actual_value": pick})).collect();
        json!({
            "api_name": self.name, "field_label": self.label, "data_type": data_type, "json_type": json_type,
            "length": self.length, "custom_field": self.custom, "system_mandatory": self.mandatory,
            "field_read_only": !self.writable, "read_only": !self.writable, "visible": true, "unique": unique,
            "operation_type": {"api_create": self.writable, "api_update": self.writable, "web_create": self.writable, "web_update": self.writable},
            "pick_list_values": picks,
        })
    }
}

/// The fields by module, in their order.
#[derive(Clone, Debug)]
pub(super) struct Schema(BTreeMap<&'static str, Vec<Field>>);

impl Schema {
    pub(super) fn new() -> Self {
        let mut modules = BTreeMap::new();
        for (module, fields) in [
            ("Leads", modules::leads()),
            ("Contacts", modules::contacts()),
            ("Deals", modules::deals()),
            ("Accounts", modules::accounts()),
            ("Calls", modules::calls()),
            ("Tasks", modules::tasks()),
            ("Notes", modules::notes()),
        ] {
            modules.insert(module, fields.into_iter().chain(modules::common()).collect());
        }
        let mut schema = Self(modules);
        schema.add_custom_fields();
        schema
    }

    /// The module under the name the API uses.
    pub(super) fn module(&self, name: &str) -> Option<&'static str> {
        self.0.keys().copied().find(|module| *module == name)
    }

    pub(super) fn modules(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.keys().copied()
    }

    pub(super) fn fields(&self, module: &str) -> &[Field] {
        self.0.get(module).map_or(&[], Vec::as_slice)
    }

    pub(super) fn field(&self, module: &str, name: &str) -> Option<&Field> {
        self.fields(module).iter().find(|field| field.name == name)
    }

    pub(super) fn add(&mut self, module: &str, field: Field) {
        if let Some(fields) = self.0.get_mut(module) {
            fields.push(field);
        }
    }

    /// Makes `Phone_Key` unique or plain on Contacts and Leads.
    pub(super) fn set_phone_key_unique(&mut self, unique: bool) {
        for field in self.0.values_mut().flatten().filter(|field| field.name == "Phone_Key") {
            field.unique = unique;
        }
    }

    fn add_custom_fields(&mut self) {
        for module in ["Contacts", "Leads"] {
            self.add(module, Field::custom("Phone_Key", Kind::Text, 20, true));
        }
        for module in ["Leads", "Contacts", "Deals"] {
            for name in ["source", "medium", "campaign", "term", "content"] {
                self.add(module, Field::custom(&format!("rs_utm_{name}"), Kind::Text, 255, false));
            }
            self.add(module, Field::custom("rs_google_client_id", Kind::Text, 255, false));
            self.add(module, Field::custom("Visits_Count", Kind::Integer, 9, false));
            self.add(module, Field::custom("Wants_Newsletter", Kind::Boolean, 5, false));
        }
    }
}

/// The name a record is shown under.
pub(super) fn display_name(module: &str, fields: &Map<String, Value>) -> String {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    match module {
        "Leads" | "Contacts" => format!("{} {}", text("First_Name"), text("Last_Name")).trim().to_owned(),
        "Deals" => text("Deal_Name").to_owned(),
        "Accounts" => text("Account_Name").to_owned(),
        "Notes" => text("Note_Title").to_owned(),
        _ => text("Subject").to_owned(),
    }
}
