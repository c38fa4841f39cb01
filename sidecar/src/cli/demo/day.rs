//! The day that is played: both halves of it in two houses, then what is special in three others.

mod afternoon;
mod clinic;
mod morning;
mod repair;
mod school;

use super::story::{Chapter, Scene};

/// The chapters, from before the doors open until after they close.
pub(super) fn chapters() -> impl Iterator<Item = &'static Chapter> {
    let parts = [morning::CHAPTERS, afternoon::CHAPTERS, repair::CHAPTERS, school::CHAPTERS, clinic::CHAPTERS];
    parts.into_iter().flatten()
}

/// How many scenes there are in all.
pub(super) fn scenes() -> u64 {
    chapters().map(|chapter| chapter.scenes.len() as u64).sum()
}

/// How many calls and messenger requests happen.
pub(super) fn happenings() -> (usize, usize) {
    let scenes = || chapters().flat_map(|chapter| chapter.scenes);
    let calls = scenes().map(|scene| match scene {
        Scene::Call(_) | Scene::Later(_) | Scene::Unrecorded(_) => 1,
        Scene::Twins(..) => 2,
        _ => 0,
    });
    (calls.sum(), scenes().filter(|scene| matches!(scene, Scene::Request(_))).count())
}
