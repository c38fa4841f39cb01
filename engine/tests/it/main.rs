//! The engine's one test binary.

// Helpers of tests may end a test as the tests themselves may.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::unwrap_in_result)]

mod phone;

mod crm;
mod desk;
mod fuzz;
mod office;
mod properties;
mod rules_abilities;
mod rules_agents;
mod rules_backlog;
mod rules_dialing;
mod rules_entities;
mod rules_general;
mod rules_journal;
mod rules_mapping;
mod rules_matching;
mod rules_messenger;
mod rules_missed;
mod rules_routing;
mod rules_stage;
mod rules_stop_list;
mod rules_tasks;
mod rules_update_only;
mod scenarios;
mod troubles;
