//! The day that is played. One file for each half.

mod afternoon;
mod morning;

use super::story::{Chapter, Scene};

/// The chapters, from before the doors open until after they close.
pub(super) fn chapters() -> impl Iterator<Item = &'static Chapter> {
    morning::CHAPTERS.iter().chain(afternoon::CHAPTERS)
}

/// How many scenes there are in all.
pub(super) fn scenes() -> u64 {
    chapters().map(|chapter| chapter.scenes.len() as u64).sum()
}

/// How many calls and messenger requests happen.
pub(super) fn happenings() -> (usize, usize) {
    let scenes = || chapters().flat_map(|chapter| chapter.scenes);
    let calls = scenes().map(|scene| match scene {
        Scene::Call(_) | Scene::Later(_) => 1,
        Scene::Twins(..) => 2,
        _ => 0,
    });
    (calls.sum(), scenes().filter(|scene| matches!(scene, Scene::Request(_))).count())
}
