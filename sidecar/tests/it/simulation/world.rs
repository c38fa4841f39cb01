//! One run: a core, what was accepted by it, and the events it is played with.

use std::time::Duration;

use tieline_engine::ids::CallId;
use tieline_sandbox::CrmKind;
use tokio::time::{self, Instant};

use super::load::{self, Dice, Event};
use crate::wired::Core;

pub(super) struct World {
    pub(super) core: Core,
    /// A second sidecar on the same store.
    twin: Option<Core>,
    pub(super) accepted: Vec<CallId>,
    kind: CrmKind,
    dice: Dice,
}

impl World {
    pub(super) async fn new(kind: CrmKind, seed: u64) -> Self {
        let core = Core::with(kind, seed, settings(kind), "").await;
        Self { core, twin: None, accepted: Vec::new(), kind, dice: Dice::new(seed) }
    }

    /// The same with two sidecars: any of them takes calls in, and any may crash or be cut off from the other.
    pub(super) async fn of_two(kind: CrmKind, seed: u64) -> Self {
        let [core, twin] = Core::pair(kind, seed).await;
        Self { core, twin: Some(twin), accepted: Vec::new(), kind, dice: Dice::new(seed) }
    }

    /// One of the sidecars.
    fn any(&mut self) -> &mut Core {
        match &mut self.twin {
            Some(twin) if self.dice.percent(50) => twin,
            _ => &mut self.core,
        }
    }

    /// Plays the events, then lets the dust settle.
    pub(super) async fn play(&mut self) {
        let (begun, start) = (Instant::now(), self.core.now());
        for (at, event) in load::events(self.kind, &mut self.dice, start) {
            time::sleep_until(begun + Duration::try_from(at).unwrap()).await;
            match event {
                Event::Piece(call) => {
                    let id = call.id.clone();
                    self.any().sidecar().accept(*call, None, None).await.unwrap();
                    if !self.accepted.contains(&id) {
                        self.accepted.push(id);
                    }
                }
                Event::Fault(fault) => self.core.sim.lock().unwrap().set_fault(self.core.now(), fault).unwrap(),
                Event::Crash if self.twin.is_some() && self.dice.percent(50) => {
                    let time = Duration::from_secs(self.dice.below(90));
                    self.any().cut_off(time);
                }
                Event::Crash => {
                    let core = self.any();
                    core.crash().await;
                    core.start().await;
                }
            }
        }
        self.core.sim.lock().unwrap().clear_faults();
        self.core.settle().await;
        self.core.crash().await;
        if let Some(twin) = &mut self.twin {
            twin.crash().await;
        }
    }
}

/// RemOnline's comments cannot be looked up: what is not to be doubled may not be repeated.
fn settings(kind: CrmKind) -> &'static str {
    if kind == CrmKind::RemOnline { "repeat_lost_comments = false" } else { "" }
}
