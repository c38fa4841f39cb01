//! CRM dialects: engine values to HTTP requests, HTTP responses to facts.
//!
//! A dialect is pure: it sends through a [`Transport`] it is given, reads no clock and holds no state. One CRM is
//! one folder with the same file names; the registry below is the only other place that names it.

pub mod dataverse;
pub mod dialect;
mod quota;
pub mod registry;
pub mod remonline;
pub mod retailcrm;
pub mod sendpulse;
pub mod transport;
pub mod trouble;
pub mod zoho;

pub use dialect::{Answer, Connect, Dialect, Fault, Grant, Quota, Session};
pub use registry::{CrmKind, connect};
pub use transport::{Class, Method, Request, Response, SendError, Transport};
pub use trouble::Trouble;
