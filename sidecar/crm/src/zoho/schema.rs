//! What was learnt of one Zoho organisation: its fields and its pipelines. Empty until asked.

use std::collections::BTreeMap;

use tieline_engine::{record::Kind, step::Place};

/// Stages that end a deal where no pipeline says so (zoho.md 4.1).
const CLOSED_STAGES: [&str; 2] = ["Closed Won", "Closed Lost"];
/// Where a deal starts where nothing is known (zoho.md 6).
const FIRST_STAGE: &str = "Qualification";
/// Phone fields asked for besides Phone and Mobile; keeps a query under 25 criteria (zoho.md 3).
const PHONE_FIELDS_MAX: usize = 10;

/// Zoho's modules, as far as they are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Module {
    Contacts,
    Leads,
    Deals,
    Calls,
    Tasks,
    Notes,
}

impl Module {
    pub(super) const ALL: [Self; 6] = [Self::Contacts, Self::Leads, Self::Deals, Self::Calls, Self::Tasks, Self::Notes];

    pub(super) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Contact => Self::Contacts,
            Kind::Lead => Self::Leads,
            Kind::Deal => Self::Deals,
            Kind::CallRecord => Self::Calls,
            Kind::Task => Self::Tasks,
            Kind::Note => Self::Notes,
        }
    }

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Contacts => Kind::Contact,
            Self::Leads => Kind::Lead,
            Self::Deals => Kind::Deal,
            Self::Calls => Kind::CallRecord,
            Self::Tasks => Kind::Task,
            Self::Notes => Kind::Note,
        }
    }

    /// The name in addresses and queries.
    pub(super) fn api(self) -> &'static str {
        match self {
            Self::Contacts => "Contacts",
            Self::Leads => "Leads",
            Self::Deals => "Deals",
            Self::Calls => "Calls",
            Self::Tasks => "Tasks",
            Self::Notes => "Notes",
        }
    }

    /// The module of a name in an answer.
    pub(super) fn parse(api: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|module| module.api().eq_ignore_ascii_case(api))
    }
}

/// What is known of an organisation.
#[derive(Clone, Debug)]
pub(super) struct Schema {
    /// Fields by module; a module that was not asked is missing.
    pub(super) fields: BTreeMap<Module, Vec<Field>>,
    /// Pipelines of deals, the default one first.
    pub(super) pipelines: Vec<Pipeline>,
    /// Deals can be asked for through their contact's numbers.
    pub(super) joins_deals: bool,
    /// A layout demands a closing date.
    pub(super) wants_closing_date: bool,
}

/// A field of a module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) data_type: String,
    pub(super) length: Option<usize>,
    pub(super) custom: bool,
    pub(super) mandatory: bool,
    /// Zoho refuses a second record with the same value.
    pub(super) unique: bool,
    /// May be written when a record is made.
    pub(super) writable: bool,
    pub(super) visible: bool,
    /// Values of a pick list, as the API takes them.
    pub(super) picks: Vec<String>,
}

/// A pipeline and its stages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pipeline {
    pub(super) name: Name,
    pub(super) stages: Vec<Stage>,
}

/// A stage of a pipeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stage {
    pub(super) name: Name,
    pub(super) closed: bool,
}

/// What people see and what the API takes can differ (zoho.md 6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) actual: String,
    pub(super) shown: String,
}

impl Name {
    fn is(&self, text: &str) -> bool {
        self.actual == text || self.shown == text
    }
}

impl Default for Schema {
    fn default() -> Self {
        Self { fields: BTreeMap::new(), pipelines: Vec::new(), joins_deals: true, wants_closing_date: false }
    }
}

impl Schema {
    /// A field known to exist, by its API name.
    pub(super) fn field(&self, module: Module, name: &str) -> Option<&Field> {
        self.fields.get(&module)?.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// A field known to exist and to be writable: what an organisation may or may not have.
    pub(super) fn optional(&self, module: Module, name: &str) -> Option<&Field> {
        self.field(module, name).filter(|field| field.writable)
    }

    /// Whether one of Zoho's own fields may be read: all are, until the module's fields are known.
    pub(super) fn readable(&self, module: Module, name: &str) -> bool {
        !self.fields.contains_key(&module) || self.field(module, name).is_some()
    }

    /// Whether one of Zoho's own fields may be written: all are, until the module's fields are known.
    pub(super) fn writable(&self, module: Module, name: &str) -> bool {
        !self.fields.contains_key(&module) || self.optional(module, name).is_some()
    }

    /// The fields that hold numbers of the person (zoho.md 4.1); a fax is nobody's telephone.
    pub(super) fn phone_fields(&self, module: Module) -> Vec<&str> {
        match self.fields.get(&module) {
            None => vec!["Phone", "Mobile"],
            Some(fields) => {
                let phones = fields.iter().filter(|field| field.data_type == "phone" && field.name != "Fax");
                let mut names: Vec<&str> = phones.map(|field| field.name.as_str()).collect();
                names.sort_by_key(|name| (*name != "Phone", *name != "Mobile"));
                names.truncate(PHONE_FIELDS_MAX);
                names
            }
        }
    }

    /// Whether a stage ends a deal.
    pub(super) fn is_closed(&self, stage: &str) -> bool {
        let mut known = self.pipelines.iter().flat_map(|pipeline| &pipeline.stages).filter(|own| own.name.is(stage));
        match known.next() {
            Some(first) => first.closed || known.any(|own| own.closed),
            None => CLOSED_STAGES.iter().any(|closed| closed.eq_ignore_ascii_case(stage)),
        }
    }

    /// Where a deal starts when nothing else is configured.
    pub(super) fn first_place(&self) -> Place {
        let first = self.pipelines.first();
        let open = first.and_then(|pipeline| Some((pipeline, pipeline.stages.iter().find(|stage| !stage.closed)?)));
        match open {
            Some((pipeline, stage)) => {
                Place { pipeline: Some(pipeline.name.actual.clone()), stage: stage.name.actual.clone() }
            }
            None => Place { pipeline: None, stage: FIRST_STAGE.to_owned() },
        }
    }

    /// A place as the API takes it: its stage in the pipeline named, else in the first that has it.
    pub(super) fn place(&self, place: &Place) -> Place {
        let fits = |pipeline: &&Pipeline| match &place.pipeline {
            Some(name) => pipeline.name.is(name),
            None => pipeline.stages.iter().any(|stage| stage.name.is(&place.stage)),
        };
        let Some(pipeline) = self.pipelines.iter().find(fits) else { return place.clone() };
        let stage = pipeline.stages.iter().find(|stage| stage.name.is(&place.stage));
        Place {
            pipeline: Some(pipeline.name.actual.clone()),
            stage: stage.map_or_else(|| place.stage.clone(), |stage| stage.name.actual.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(actual: &str, shown: &str) -> Name {
        Name { actual: actual.to_owned(), shown: shown.to_owned() }
    }

    fn schema() -> Schema {
        let stage = |actual, shown, closed| Stage { name: name(actual, shown), closed };
        let first = Pipeline {
            name: name("Standard (Standard)", "Standard"),
            stages: vec![stage("Id. Decision Makers", "Identify Decision Makers", false), stage("Won", "Won!", true)],
        };
        let second = Pipeline { name: name("Repairs", "Repairs"), stages: vec![stage("In work", "In work", false)] };
        Schema { pipelines: vec![first, second], ..Schema::default() }
    }

    #[test]
    fn a_stage_is_closed_when_its_pipeline_says_so() {
        assert!(schema().is_closed("Won"));
        assert!(schema().is_closed("Won!"));
        assert!(!schema().is_closed("In work"));
        assert!(Schema::default().is_closed("Closed Lost"));
        assert!(!Schema::default().is_closed("Qualification"));
    }

    #[test]
    fn a_shown_stage_is_written_by_its_actual_name() {
        let shown = Place { pipeline: Some("Standard".to_owned()), stage: "Identify Decision Makers".to_owned() };
        let actual = schema().place(&shown);
        assert_eq!(actual.pipeline.as_deref(), Some("Standard (Standard)"));
        assert_eq!(actual.stage, "Id. Decision Makers");
    }

    #[test]
    fn a_stage_alone_finds_its_pipeline() {
        let place = Place { pipeline: None, stage: "In work".to_owned() };
        assert_eq!(schema().place(&place).pipeline.as_deref(), Some("Repairs"));
        let unknown = Place { pipeline: None, stage: "Elsewhere".to_owned() };
        assert_eq!(schema().place(&unknown), unknown);
    }

    #[test]
    fn a_deal_starts_at_the_first_open_stage() {
        assert_eq!(schema().first_place().stage, "Id. Decision Makers");
        assert_eq!(Schema::default().first_place().stage, "Qualification");
    }
}
