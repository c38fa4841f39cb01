//! Asking the CRM for somebody who waits: not while it is given a rest.

use std::{future::Future, pin::pin, time::Duration};

use tieline_crm::Trouble;
use tokio::time;

use super::connection::Connection;

/// A pause as short as the first one after a refusal for a limit is waited out.
const SHORT: Duration = Duration::from_millis(1_500);
/// How often it is looked whether the gate has closed meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Does work that asks the CRM, and gives up when the connection's gate is closed: after trouble it stays so for
/// longer than anybody waits.
///
/// # Errors
/// The CRM is given a rest.
pub async fn unless_resting<T>(connection: &Connection, work: impl Future<Output = T>) -> Result<T, Trouble> {
    let mut work = pin!(work);
    loop {
        match time::timeout(LOOK_EVERY, &mut work).await {
            Ok(done) => return Ok(done),
            Err(_) if connection.gate.closed_for() <= SHORT => {}
            Err(_) => return Err(Trouble::Unavailable("it is given a rest after trouble".to_owned())),
        }
    }
}

/// Learns the CRM now: a person asks, and what the delivery rested for need not be waited out.
///
/// # Errors
/// What went wrong, by who must act.
pub async fn learn_now(connection: &Connection) -> Result<(), Trouble> {
    connection.gate.reopen();
    unless_resting(connection, connection.learn()).await?
}
