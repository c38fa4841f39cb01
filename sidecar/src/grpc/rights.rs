//! Which role may call which method. A method without a row is refused, whoever asks, so that none is forgotten; a
//! test holds the table to the contract.

use crate::access::Role;

/// Whose calls and connections a method is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Those of the project the request names. A request that names none is refused to whoever does not see all.
    Named,
    /// Those of the project it names, or where it names none of every project the asker sees: the method leaves the
    /// others out itself, by `Asker::sees`.
    Seen,
}

/// The rights of one method.
#[derive(Debug)]
pub struct Right {
    /// The method's name, unique over the services.
    pub method: &'static str,
    /// Where it is called.
    pub path: &'static str,
    /// Who may call it besides administrators.
    pub roles: &'static [Role],
    /// What it is about.
    pub reach: Reach,
}

const fn right(method: &'static str, path: &'static str, roles: &'static [Role], reach: Reach) -> Right {
    Right { method, path, roles, reach }
}

const EXCHANGE: &[Role] = &[Role::Exchange];
const BOTH: &[Role] = &[Role::Exchange, Role::Reader];
const READER: &[Role] = &[Role::Reader];
const ADMIN: &[Role] = &[];

/// Every method of the contract.
pub const RIGHTS: &[Right] = &[
    right("RouteCall", "/tieline.v1.SyncService/RouteCall", EXCHANGE, Reach::Named),
    right("SyncCall", "/tieline.v1.SyncService/SyncCall", EXCHANGE, Reach::Named),
    right("PushMessengerLead", "/tieline.v1.SyncService/PushMessengerLead", EXCHANGE, Reach::Named),
    right("ResendBacklog", "/tieline.v1.SyncService/ResendBacklog", EXCHANGE, Reach::Named),
    right("CancelResend", "/tieline.v1.SyncService/CancelResend", EXCHANGE, Reach::Named),
    right("ResumeResend", "/tieline.v1.SyncService/ResumeResend", EXCHANGE, Reach::Named),
    right("PlanCall", "/tieline.v1.SyncService/PlanCall", EXCHANGE, Reach::Named),
    right("Watch", "/tieline.v1.SyncService/Watch", BOTH, Reach::Named),
    right("ReportAgents", "/tieline.v1.SyncService/ReportAgents", EXCHANGE, Reach::Named),
    right("GetCall", "/tieline.v1.SyncService/GetCall", BOTH, Reach::Named),
    right("ListConnections", "/tieline.v1.AdminService/ListConnections", ADMIN, Reach::Seen),
    right("ActivateConnection", "/tieline.v1.AdminService/ActivateConnection", ADMIN, Reach::Named),
    right("DeactivateConnection", "/tieline.v1.AdminService/DeactivateConnection", ADMIN, Reach::Named),
    right("SetKeepData", "/tieline.v1.AdminService/SetKeepData", ADMIN, Reach::Named),
    right("CheckConnection", "/tieline.v1.AdminService/CheckConnection", ADMIN, Reach::Named),
    right("ListFailedCalls", "/tieline.v1.AdminService/ListFailedCalls", ADMIN, Reach::Named),
    right("RetryCalls", "/tieline.v1.AdminService/RetryCalls", ADMIN, Reach::Named),
    right("DropCalls", "/tieline.v1.AdminService/DropCalls", ADMIN, Reach::Named),
    right("Forget", "/tieline.v1.AdminService/Forget", ADMIN, Reach::Named),
    right("GetLedger", "/tieline.v1.AdminService/GetLedger", READER, Reach::Seen),
];

/// The rights of the method at a path.
#[must_use]
pub fn at(path: &str) -> Option<&'static Right> {
    RIGHTS.iter().find(|right| right.path == path)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use prost::Message as _;
    use prost_types::FileDescriptorSet;
    use tieline_proto::FILE_DESCRIPTOR_SET;

    use super::*;

    #[test]
    fn every_method_of_the_contract_has_a_row_and_every_row_is_a_method() {
        let contract = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
        let mut methods = BTreeSet::new();
        for file in contract.file.iter().filter(|file| file.package().starts_with("tieline.")) {
            for service in &file.service {
                let path = |method: &str| format!("/{}.{}/{method}", file.package(), service.name());
                methods.extend(service.method.iter().map(|method| (path(method.name()), method.name().to_owned())));
            }
        }
        let rows: BTreeSet<_> = RIGHTS.iter().map(|right| (right.path.to_owned(), right.method.to_owned())).collect();
        assert!(methods.len() > 10);
        assert_eq!(rows, methods);
        assert_eq!(rows.len(), RIGHTS.len(), "a method has two rows");
    }

    #[test]
    fn an_exchange_administers_nothing_and_a_reader_writes_nothing() {
        let of = |role| RIGHTS.iter().filter(move |right| right.roles.contains(&role));
        assert!(of(Role::Exchange).all(|right| right.path.starts_with("/tieline.v1.SyncService/")));
        assert!(of(Role::Reader).all(|right| right.method.starts_with("Get") || right.method == "Watch"));
    }
}
