//! Which mapped fields are there and take text (Z-03 … Z-05).

use tieline_engine::{
    mapping::{self, Mapping},
    record::CrmField,
};

use super::Finding;

/// One finding for each mapping.
pub(super) fn findings(mappings: &[Mapping], fields: &[CrmField]) -> Vec<Finding> {
    if mappings.is_empty() {
        return vec![Finding::ok("mappings", "none are configured")];
    }
    let refused = mapping::check(mappings, fields);
    let judged = mappings.iter().enumerate().map(|(index, mapping)| {
        let Mapping { entity, param, field, .. } = mapping;
        let named = format!("{param} to {field} of {entity}");
        match refused.iter().find(|refusal| refusal.index == index) {
            Some(refusal) => Finding::warning("mapping refused", format!("{named}: {}", refusal.why)),
            None => Finding::ok("mapping", format!("{named}: the field is there and takes text")),
        }
    });
    judged.collect()
}
