//! What a payload is written in.

use crate::document::{Document, Place};

use super::refs::reference;

/// A payload or headers field, `schemaFormat` looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written<'d> {
    /// The schema.
    pub(crate) schema: Place,
    /// The format, where it is one that no types are made from, and where it is named.
    pub(crate) opaque: Option<(&'d str, Place)>,
}

/// Whether types are made from schemas of a format.
fn is_typed(format: &str) -> bool {
    let name = format.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    name.starts_with("application/vnd.aai.asyncapi")
        || name.starts_with("application/vnd.oai.openapi")
        || matches!(
            name.as_str(),
            "application/schema+json" | "application/schema+yaml" | "application/json" | "application/yaml"
        )
}

/// Looks at the payload `place` of a message whose fields are `message`. In 2.x the format stands beside it, in 3.x within
/// it, around the schema.
pub(crate) fn written<'d>(document: &'d Document, message: Place, place: Place) -> Written<'d> {
    let mut at = document.real(place);
    // As far as references lead without a ring; whoever resolves them reports one.
    for _ in 0..32 {
        let Some(next) = reference(document, at).and_then(|r| document.follow(r).ok()) else { break };
        at = document.real(next);
    }
    let beside = document.get(message, "schemaFormat");
    let within = document.get(at, "schemaFormat").filter(|_| document.get(at, "schema").is_some());
    let format = within.or(beside).and_then(|f| Some((document.str(f)?, f)));
    let schema = if within.is_some() { document.get(at, "schema").unwrap_or(place) } else { place };
    Written { schema, opaque: format.filter(|(format, _)| !is_typed(format)) }
}
