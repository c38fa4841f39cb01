//! What a deal must have: a stage of its pipeline (zoho.md 6).

use serde_json::{Map, Value, json};

use super::{
    Zoho,
    reply::Refusal,
    settings::StageNames,
    validate::Place,
    world::{PIPELINE_NAME, STAGES},
};

impl Zoho {
    /// Checks the stage against the pipeline and stores it under its actual name.
    pub(super) fn stage(
        &self,
        place: Place,
        whole: &Map<String, Value>,
        fields: &mut Map<String, Value>,
    ) -> Option<Refusal> {
        let text = |name: &str| whole.get(name).and_then(Value::as_str).unwrap_or_default();
        let mismatch = |field, message| Some(place.refuse("MAPPING_MISMATCH", message, field, &json!({})));
        if text("Pipeline") != PIPELINE_NAME {
            return mismatch("Pipeline", "Layout doesn't contain the Pipeline");
        }
        let wanted = text("Stage");
        let known = STAGES.iter().find(|stage| match self.settings.stage_names {
            StageNames::Actual => stage.actual == wanted,
            StageNames::Display => stage.display == wanted,
            StageNames::Both => stage.actual == wanted || stage.display == wanted,
        });
        let Some(stage) = known else {
            return mismatch("Stage", "Pipeline doesn't contain the Stage");
        };
        fields.insert("Stage".to_owned(), stage.actual.into());
        None
    }
}
