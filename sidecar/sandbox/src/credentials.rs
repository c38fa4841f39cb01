//! What a client of a simulated CRM signs in with, by the names the vendor uses.

use crate::{CrmKind, dataverse, remonline, retailcrm, sendpulse, zoho};

/// A credential's name and its value; none of them is a secret.
pub type Credential = (&'static str, &'static str);

impl CrmKind {
    /// What the default world accepts, until a fault withdraws it.
    #[must_use]
    pub fn credentials(self) -> &'static [Credential] {
        match self {
            Self::Zoho => &[
                ("client_id", zoho::SANDBOX_CLIENT_ID),
                ("client_secret", zoho::SANDBOX_CLIENT_SECRET),
                ("refresh_token", zoho::SANDBOX_REFRESH_TOKEN),
            ],
            Self::RetailCrm => &[("api_key", retailcrm::SANDBOX_API_KEY)],
            Self::RemOnline => &[("api_key", remonline::SANDBOX_API_KEY)],
            Self::SendPulse => &[
                ("client_id", sendpulse::SANDBOX_CLIENT_ID),
                ("client_secret", sendpulse::SANDBOX_CLIENT_SECRET),
                ("api_key", sendpulse::SANDBOX_API_KEY),
            ],
            Self::Dataverse => &[
                ("tenant", dataverse::SANDBOX_TENANT),
                ("client_id", dataverse::SANDBOX_CLIENT_ID),
                ("client_secret", dataverse::SANDBOX_CLIENT_SECRET),
            ],
        }
    }
}
