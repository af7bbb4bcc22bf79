//! What a document may cost. Each bound is far above what is found in practice (the largest of a hundred public documents
//! has 20,000 values, 40 levels and no alias at all; one of 3,000 channels has 10 MB and 300,000 values) and low enough that
//! reaching it takes a second and 200 MB at most.

/// Bounds on what is read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of all files together.
    pub bytes: usize,
    /// Values in all files together.
    pub nodes: u32,
    /// Files of one document.
    pub files: usize,
    /// Levels of lists and mappings within each other, aliases followed.
    pub depth: u32,
    /// Values that aliases would add if each were written out.
    pub alias_nodes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 16 << 20, nodes: 600_000, files: 512, depth: 100, alias_nodes: 250_000 }
    }
}
