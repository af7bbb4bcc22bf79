//! What a document may cost. Each bound is far above what is found in practice (the largest of a hundred public documents
//! has 20,000 nodes, 40 levels and no alias at all) and low enough that reaching it takes a fraction of a second.

/// Bounds on what is read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one file.
    pub file_bytes: usize,
    /// Files of one document.
    pub files: usize,
    /// Levels of lists and mappings within each other, aliases followed.
    pub depth: u32,
    /// Values that aliases would add if each were written out.
    pub alias_nodes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes: 32 << 20, files: 512, depth: 100, alias_nodes: 250_000 }
    }
}
