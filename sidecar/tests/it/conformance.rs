//! One suite every dialect passes against its simulated CRM: each case under each named fault, in virtual time, with
//! the real engine, driver and store. The matrix is data; `tests/conformance` prints it. What a wire reference leaves
//! open is played in each reading.

mod cases;
mod dataverse;
mod faults;
mod matrix;
mod profile;
mod readings;
mod remonline;
mod retailcrm;
mod sendpulse;
mod world;
mod zoho;

#[test]
fn zoho_conforms_in_every_case_under_every_fault() {
    matrix::hold(&zoho::Zoho);
}

#[test]
fn retailcrm_conforms_in_every_case_under_every_fault() {
    matrix::hold(&retailcrm::RetailCrm);
}

#[test]
fn remonline_conforms_in_every_case_under_every_fault() {
    matrix::hold(&remonline::RemOnline);
}

#[test]
fn sendpulse_conforms_in_every_case_under_every_fault() {
    matrix::hold(&sendpulse::SendPulse);
}

#[test]
fn dataverse_conforms_in_every_case_under_every_fault() {
    matrix::hold(&dataverse::Dataverse);
}

#[test]
fn zoho_conforms_in_every_reading_of_its_reference() {
    matrix::hold_readings(&zoho::Zoho);
}

#[test]
fn retailcrm_conforms_in_every_reading_of_its_reference() {
    matrix::hold_readings(&retailcrm::RetailCrm);
}

#[test]
fn remonline_conforms_in_every_reading_of_its_reference() {
    matrix::hold_readings(&remonline::RemOnline);
}

#[test]
fn sendpulse_conforms_in_every_reading_of_its_reference() {
    matrix::hold_readings(&sendpulse::SendPulse);
}

#[test]
fn dataverse_conforms_in_every_reading_of_its_reference() {
    matrix::hold_readings(&dataverse::Dataverse);
}
