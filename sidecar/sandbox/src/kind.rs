//! Which CRMs can be simulated.

use std::fmt;

/// A CRM this crate can simulate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CrmKind {
    /// Zoho CRM REST API v8 with its OAuth server.
    Zoho,
    /// RetailCRM (Simla) API v5.
    RetailCrm,
    /// RemOnline / RO App, its three API generations.
    RemOnline,
    /// SendPulse CRM API v1 with its token server.
    SendPulse,
    /// SMART CRM: the Microsoft Dataverse Web API with its token server and a provider's hooks.
    Dataverse,
}

impl CrmKind {
    /// Every CRM, in a stable order.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &[Self::Zoho, Self::RetailCrm, Self::RemOnline, Self::SendPulse, Self::Dataverse]
    }

    /// The name used in paths, settings and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Zoho => "zoho",
            Self::RetailCrm => "retailcrm",
            Self::SendPulse => "sendpulse",
            Self::RemOnline => "remonline",
            Self::Dataverse => "dataverse",
        }
    }

    /// Reads a name as [`CrmKind::name`] writes it, in any letter case.
    ///
    /// # Errors
    /// When no CRM has that name.
    pub fn parse(name: &str) -> Result<Self, UnknownCrm> {
        Self::all()
            .iter()
            .copied()
            .find(|kind| kind.name().eq_ignore_ascii_case(name.trim()))
            .ok_or_else(|| UnknownCrm(name.trim().to_owned()))
    }
}

impl fmt::Display for CrmKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl std::str::FromStr for CrmKind {
    type Err = UnknownCrm;

    fn from_str(name: &str) -> Result<Self, UnknownCrm> {
        Self::parse(name)
    }
}

/// A name that belongs to no simulated CRM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCrm(pub String);

impl fmt::Display for UnknownCrm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<_> = CrmKind::all().iter().map(|kind| kind.name()).collect();
        write!(f, "no simulated CRM is called {:?}; there are: {}", self.0, known.join(", "))
    }
}

impl std::error::Error for UnknownCrm {}
