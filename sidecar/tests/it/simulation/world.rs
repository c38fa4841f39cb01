//! One run: a core, what was accepted by it, and the events it is played with.

use std::time::Duration;

use tieline_engine::ids::CallId;
use tieline_sandbox::CrmKind;
use tokio::time::{self, Instant};

use super::load::{self, Dice, Event};
use crate::wired::Core;

pub(super) struct World {
    pub(super) core: Core,
    pub(super) accepted: Vec<CallId>,
    kind: CrmKind,
    dice: Dice,
}

impl World {
    pub(super) async fn new(kind: CrmKind, seed: u64) -> Self {
        let core = Core::with(kind, seed, settings(kind), "").await;
        Self { core, accepted: Vec::new(), kind, dice: Dice::new(seed) }
    }

    /// Plays the events, then lets the dust settle.
    pub(super) async fn play(&mut self) {
        let (begun, start) = (Instant::now(), self.core.now());
        for (at, event) in load::events(self.kind, &mut self.dice, start) {
            time::sleep_until(begun + Duration::try_from(at).unwrap()).await;
            match event {
                Event::Piece(call) => {
                    let id = call.id.clone();
                    self.core.sidecar().accept(*call, None, None).await.unwrap();
                    if !self.accepted.contains(&id) {
                        self.accepted.push(id);
                    }
                }
                Event::Fault(fault) => self.core.sim.lock().unwrap().set_fault(self.core.now(), fault).unwrap(),
                Event::Crash => {
                    self.core.crash().await;
                    self.core.start().await;
                }
            }
        }
        self.core.sim.lock().unwrap().clear_faults();
        self.core.settle().await;
        self.core.crash().await;
    }
}

/// RemOnline's comments cannot be looked up: what is not to be doubled may not be repeated.
fn settings(kind: CrmKind) -> &'static str {
    if kind == CrmKind::RemOnline { "repeat_lost_comments = false" } else { "" }
}
