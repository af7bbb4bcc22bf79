//! What each keyword of JSON Schema is to us.

/// Keywords that only describe.
pub(super) fn is_annotation(key: &str) -> bool {
    is_silent(key)
        || key.starts_with("x-")
        || matches!(
            key,
            "title"
                | "description"
                | "default"
                | "example"
                | "examples"
                | "deprecated"
                | "externalDocs"
                | "readOnly"
                | "writeOnly"
        )
}

/// Keywords that say nothing of values, nor of the schema to its reader.
pub(super) fn is_silent(key: &str) -> bool {
    matches!(
        key,
        "$schema" | "$id" | "id" | "$comment" | "$anchor" | "definitions" | "$defs" | "$vocabulary" | "x-conecta-allow"
    )
}

/// Keywords of later drafts that restrict values and are not enforced.
pub(super) fn is_not_enforced(key: &str) -> bool {
    matches!(
        key,
        "unevaluatedProperties"
            | "unevaluatedItems"
            | "minContains"
            | "maxContains"
            | "$recursiveRef"
            | "$dynamicRef"
            | "contentSchema"
            | "extends"
            | "disallow"
            | "divisibleBy"
    )
}
