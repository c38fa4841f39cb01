//! The tables, their columns and their links (dataverse.md 2).

/// A table by its entity set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Set {
    Contacts,
    PhoneCalls,
    Notes,
    Parties,
    Users,
    Apps,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The primary key.
    Key,
    /// Text of at most so many UTF-16 units.
    Text(usize),
    /// Long text, likewise.
    Memo(usize),
    /// A whole number, not below 0.
    Whole,
    Boolean,
    /// One of these numbers.
    Choice(&'static [i64]),
    Time,
    /// The id of another row.
    Lookup,
}

/// A column and when it can be set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) create: bool,
    pub(super) update: bool,
}

/// A link to one row of another table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Navigation {
    pub(super) name: &'static str,
    /// The lookup column it reads and, when it can be bound, sets.
    pub(super) column: &'static str,
    pub(super) target: Set,
    pub(super) bindable: bool,
}

/// The deep-inserted collection of a phone call.
pub(super) const PARTIES: &str = "phonecall_activity_parties";

impl Set {
    pub(super) const ALL: [Self; 6] =
        [Self::Contacts, Self::PhoneCalls, Self::Notes, Self::Parties, Self::Users, Self::Apps];

    /// The name of the entity set.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::PhoneCalls => "phonecalls",
            Self::Notes => "annotations",
            Self::Parties => "activityparties",
            Self::Users => "systemusers",
            Self::Apps => "appmodules",
        }
    }

    /// The logical name of its entity.
    pub(super) fn entity(self) -> &'static str {
        match self {
            Self::Contacts => "contact",
            Self::PhoneCalls => "phonecall",
            Self::Notes => "annotation",
            Self::Parties => "activityparty",
            Self::Users => "systemuser",
            Self::Apps => "appmodule",
        }
    }

    /// The logical name with capitals.
    pub(super) fn schema_name(self) -> &'static str {
        match self {
            Self::Contacts => "Contact",
            Self::PhoneCalls => "PhoneCall",
            Self::Notes => "Annotation",
            Self::Parties => "ActivityParty",
            Self::Users => "SystemUser",
            Self::Apps => "AppModule",
        }
    }

    /// The name of its primary key.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Contacts => "contactid",
            Self::PhoneCalls => "activityid",
            Self::Notes => "annotationid",
            Self::Parties => "activitypartyid",
            Self::Users => "systemuserid",
            Self::Apps => "appmoduleid",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|set| set.name() == name)
    }

    pub(super) fn of_entity(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|set| set.entity() == name)
    }

    /// The states with their status reasons, the default one first.
    pub(super) fn states(self) -> &'static [(i64, &'static [i64])] {
        match self {
            Self::Contacts => &[(0, &[1]), (1, &[2])],
            Self::PhoneCalls => &[(0, &[1]), (1, &[2, 4]), (2, &[3])],
            _ => &[],
        }
    }

    /// The stock columns.
    pub(super) fn columns(self) -> impl Iterator<Item = &'static Column> {
        let (own, shared): (&[Column], &[Column]) = match self {
            Self::Contacts => (&CONTACT, &OWNED),
            Self::PhoneCalls => (&PHONE_CALL, &OWNED),
            Self::Notes => (&NOTE, &OWNED),
            Self::Parties => (&PARTY, &[]),
            Self::Users => (&USER, &[]),
            Self::Apps => (&APP, &[]),
        };
        own.iter().chain(shared)
    }

    pub(super) fn column(self, name: &str) -> Option<&'static Column> {
        self.columns().find(|column| column.name == name)
    }

    pub(super) fn navigation(self, name: &str) -> Option<&'static Navigation> {
        let (own, shared): (&[Navigation], &[Navigation]) = match self {
            Self::Contacts => (&[], &OWNER_LINKS),
            Self::PhoneCalls => (&CALL_LINKS, &OWNER_LINKS),
            Self::Notes => (&NOTE_LINKS, &OWNER_LINKS),
            Self::Parties => (&PARTY_LINKS, &[]),
            Self::Users | Self::Apps => (&[], &[]),
        };
        own.iter().chain(shared).find(|link| link.name == name)
    }
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, create: true, update: true }
}

const fn text(name: &'static str, longest: usize) -> Column {
    column(name, Kind::Text(longest))
}

const fn on_create(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, create: true, update: false }
}

const fn on_update(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, create: false, update: true }
}

const fn fixed(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, create: false, update: false }
}

const fn link(name: &'static str, column: &'static str, target: Set, bindable: bool) -> Navigation {
    Navigation { name, column, target, bindable }
}

static OWNED: [Column; 8] = [
    fixed("createdon", Kind::Time),
    fixed("modifiedon", Kind::Time),
    on_create("overriddencreatedon", Kind::Time),
    fixed("_ownerid_value", Kind::Lookup),
    fixed("_owninguser_value", Kind::Lookup),
    fixed("_createdby_value", Kind::Lookup),
    fixed("_modifiedby_value", Kind::Lookup),
    fixed("_createdonbehalfby_value", Kind::Lookup),
];

static CONTACT: [Column; 15] = [
    on_create("contactid", Kind::Key),
    text("firstname", 50),
    text("lastname", 50),
    fixed("fullname", Kind::Text(160)),
    text("jobtitle", 100),
    text("emailaddress1", 100),
    text("telephone1", 50),
    text("telephone2", 50),
    text("telephone3", 50),
    text("mobilephone", 50),
    text("home2", 50),
    text("business2", 50),
    column("description", Kind::Memo(2_000)),
    on_update("statecode", Kind::Choice(&[0, 1])),
    column("statuscode", Kind::Choice(&[1, 2])),
];

static PHONE_CALL: [Column; 17] = [
    on_create("activityid", Kind::Key),
    text("subject", 200),
    column("description", Kind::Memo(2_000)),
    text("phonenumber", 200),
    column("directioncode", Kind::Boolean),
    column("actualdurationminutes", Kind::Whole),
    column("actualstart", Kind::Time),
    column("actualend", Kind::Time),
    column("scheduledstart", Kind::Time),
    column("scheduledend", Kind::Time),
    column("leftvoicemail", Kind::Boolean),
    column("prioritycode", Kind::Choice(&[0, 1, 2])),
    text("category", 250),
    text("subcategory", 250),
    on_update("statecode", Kind::Choice(&[0, 1, 2])),
    column("statuscode", Kind::Choice(&[1, 2, 3, 4])),
    fixed("_regardingobjectid_value", Kind::Lookup),
];

static NOTE: [Column; 4] = [
    on_create("annotationid", Kind::Key),
    text("subject", 500),
    column("notetext", Kind::Memo(100_000)),
    fixed("_objectid_value", Kind::Lookup),
];

static PARTY: [Column; 6] = [
    fixed("activitypartyid", Kind::Key),
    fixed("_activityid_value", Kind::Lookup),
    fixed("_partyid_value", Kind::Lookup),
    column("participationtypemask", Kind::Choice(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])),
    text("unresolvedpartyname", 200),
    text("addressused", 320),
];

static USER: [Column; 15] = [
    fixed("systemuserid", Kind::Key),
    fixed("fullname", Kind::Text(200)),
    fixed("firstname", Kind::Text(256)),
    fixed("lastname", Kind::Text(256)),
    fixed("internalemailaddress", Kind::Text(100)),
    fixed("domainname", Kind::Text(1_024)),
    fixed("address1_telephone1", Kind::Text(64)),
    fixed("mobilephone", Kind::Text(64)),
    fixed("homephone", Kind::Text(50)),
    fixed("employeeid", Kind::Text(100)),
    fixed("isdisabled", Kind::Boolean),
    fixed("accessmode", Kind::Choice(&[0, 1, 2, 3, 4, 5])),
    fixed("applicationid", Kind::Lookup),
    fixed("azureactivedirectoryobjectid", Kind::Lookup),
    fixed("createdon", Kind::Time),
];

static APP: [Column; 3] =
    [fixed("appmoduleid", Kind::Key), fixed("uniquename", Kind::Text(100)), fixed("name", Kind::Text(100))];

static OWNER_LINKS: [Navigation; 5] = [
    link("ownerid", "_ownerid_value", Set::Users, true),
    link("owninguser", "_owninguser_value", Set::Users, false),
    link("createdby", "_createdby_value", Set::Users, false),
    link("modifiedby", "_modifiedby_value", Set::Users, false),
    link("createdonbehalfby", "_createdonbehalfby_value", Set::Users, false),
];

static CALL_LINKS: [Navigation; 2] = [
    link("regardingobjectid_contact_phonecall", "_regardingobjectid_value", Set::Contacts, true),
    link("regardingobjectid_contact", "_regardingobjectid_value", Set::Contacts, true),
];

static NOTE_LINKS: [Navigation; 2] = [
    link("objectid_phonecall", "_objectid_value", Set::PhoneCalls, true),
    link("objectid_contact", "_objectid_value", Set::Contacts, true),
];

static PARTY_LINKS: [Navigation; 2] = [
    link("partyid_contact", "_partyid_value", Set::Contacts, true),
    link("partyid_systemuser", "_partyid_value", Set::Users, true),
];
