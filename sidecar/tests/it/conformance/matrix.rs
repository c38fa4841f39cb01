//! The matrix: every case under every fault, run, printed and held.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{
    cases::Case,
    faults::Fault,
    profile::Profile,
    readings::{self, Reading},
    world::World,
};
use crate::wired::in_virtual_time;

/// What became of a case under a fault.
enum Cell {
    Ok,
    NotApplicable(&'static str),
    Failed(String),
}

/// Runs a CRM's part of the matrix, prints it, and fails if a cell has.
#[expect(clippy::print_stdout, reason = "tests/conformance shows what the test prints")]
pub(super) fn hold(profile: &dyn Profile) {
    let usual = readings::usual();
    let rows: Vec<(Case, Vec<(Fault, Cell)>)> = Case::ALL
        .into_iter()
        .map(|case| (case, Fault::ALL.into_iter().map(|fault| (fault, cell(profile, &usual, case, fault))).collect()))
        .collect();
    println!("{}", shown(profile, &rows));
    let failed = rows.iter().flat_map(|(_, cells)| cells).filter(|(_, cell)| matches!(cell, Cell::Failed(_))).count();
    assert_eq!(failed, 0, "cells of the matrix that failed");
}

/// Plays every case in the other readings of a CRM's reference.
pub(super) fn hold_readings(profile: &dyn Profile) {
    let mut failed = Vec::new();
    for reading in readings::others(profile.kind()) {
        for (case, fault) in Case::ALL.into_iter().flat_map(|case| readings::FAULTS.map(|fault| (case, fault))) {
            if let Cell::Failed(why) = cell(profile, &reading, case, fault) {
                let Reading { sim, settings } = &reading;
                failed.push(format!("{sim} {settings:?}: {} / {}: {why}", case.name(), fault.name()));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn cell(profile: &dyn Profile, reading: &Reading, case: Case, fault: Fault) -> Cell {
    if let Some(why) = case.lacks(profile).or_else(|| profile.lacks(fault)) {
        return Cell::NotApplicable(why);
    }
    // `TIELINE_CELL="race of two/lost_reply"` plays one cell; a part of a name is enough.
    let wanted = std::env::var("TIELINE_CELL").unwrap_or_default();
    if !format!("{}/{}", case.name(), fault.name()).contains(&wanted) {
        return Cell::NotApplicable("it was not asked for");
    }
    let mut was_struck = fault == Fault::None;
    for (number, specs) in fault.runs(profile).into_iter().enumerate() {
        let told = serde_json::to_string(&specs).unwrap();
        let run = catch_unwind(AssertUnwindSafe(|| {
            in_virtual_time(async {
                let mut world = World::new(profile, reading, fault, specs).await;
                case.play(&mut world).await;
                was_struck |= world.was_struck();
            });
        }));
        if let Err(panic) = run {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default();
            return Cell::Failed(format!("run {number}, {told}: {text}"));
        }
    }
    if was_struck { Cell::Ok } else { Cell::NotApplicable("no request of this case is one the fault strikes") }
}

/// A table with a row a case and a column a fault; below it why cells are empty, and what failed.
fn shown(profile: &dyn Profile, rows: &[(Case, Vec<(Fault, Cell)>)]) -> String {
    let mut notes: Vec<&str> = Vec::new();
    let mut failures = String::new();
    let mut out = format!("\n{:<28}", profile.kind().name());
    out.extend(Fault::ALL.iter().map(|fault| format!("{:<17}", fault.name())));
    for (case, cells) in rows {
        out.push_str(&format!("\n{:<28}", case.name()));
        for (fault, cell) in cells {
            let text = match cell {
                Cell::Ok => "ok".to_owned(),
                Cell::NotApplicable(why) => {
                    if !notes.contains(why) {
                        notes.push(why);
                    }
                    let number = notes.iter().position(|note| note == why).unwrap_or_default() + 1;
                    format!("- ({number})")
                }
                Cell::Failed(why) => {
                    failures.push_str(&format!("\nFAILED {} / {}: {why}", case.name(), fault.name()));
                    "FAILED".to_owned()
                }
            };
            out.push_str(&format!("{text:<17}"));
        }
    }
    for (number, note) in notes.iter().enumerate() {
        out.push_str(&format!("\n- ({}) not applicable: {note}", number + 1));
    }
    out + &failures
}
