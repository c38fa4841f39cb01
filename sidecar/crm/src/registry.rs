//! The one list of CRMs.

use crate::{
    dataverse,
    dialect::{Connect, Dialect, Fault},
    remonline, retailcrm, sendpulse, zoho,
};

macro_rules! registry {
    ($($kind:ident = $name:literal => $folder:ident;)*) => {
        /// A CRM there is a dialect for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "the names are the vendors'")]
        pub enum CrmKind { $($kind,)* }

        impl CrmKind {
            /// Every CRM.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// Its name in configuration; also its folder's.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// The CRM of a name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.name() == name)
            }
        }

        /// A connection's dialect from its settings.
        ///
        /// # Errors
        /// Every fault of the settings at once.
        pub fn connect(kind: CrmKind, settings: &Connect) -> Result<Box<dyn Dialect>, Vec<Fault>> {
            match kind { $(CrmKind::$kind => $folder::connect(settings),)* }
        }
    };
}

registry! {
    Dataverse = "dataverse" => dataverse;
    Remonline = "remonline" => remonline;
    Retailcrm = "retailcrm" => retailcrm;
    Sendpulse = "sendpulse" => sendpulse;
    Zoho = "zoho" => zoho;
}
