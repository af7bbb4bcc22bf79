//! What a document may cost. Each bound is far above what is found in practice (the largest of a hundred public documents
//! has 20,000 values, 40 levels and no alias at all; one of 3,000 channels has 10 MB and 300,000 values) and low enough that
//! reaching it takes a second and 200 MB at most. docs/limits.md lists them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Bounds on what is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of all files together.
    #[schemars(range(min = 1, max = 1_073_741_824))]
    pub bytes: usize,
    /// Values in all files together.
    #[serde(rename = "values")]
    #[schemars(range(min = 1, max = 100_000_000))]
    pub nodes: u32,
    /// Files of one document.
    #[schemars(range(min = 1, max = 60_000))]
    pub files: usize,
    /// Levels of lists and mappings within each other, aliases followed.
    #[schemars(range(min = 1, max = 120))]
    pub depth: u32,
    /// Values that aliases and merge keys of YAML would add if each were written out.
    #[serde(rename = "alias_values")]
    #[schemars(range(min = 0, max = 10_000_000))]
    pub alias_nodes: u64,
    /// References (`$ref`) in all files together.
    #[schemars(range(min = 0, max = 100_000_000))]
    pub references: usize,
    /// Steps of merging schemas: a member of an `allOf`, or a property that several members speak of, is one.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub merge_steps: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 16 << 20,
            nodes: 600_000,
            files: 512,
            depth: 100,
            alias_nodes: 250_000,
            references: 300_000,
            // A contract of 3,000 channels takes 200,000.
            merge_steps: 1_000_000,
        }
    }
}
