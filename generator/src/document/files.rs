//! Where texts come from. The library itself touches no disk: whoever calls it says how a file behind a `$ref` is read.

use std::{
    collections::HashMap,
    fs,
    io::Read,
    path::{Path, PathBuf},
};

/// A text with its name.
#[derive(Clone, Debug)]
pub struct Source {
    /// How findings show it, `specs/asyncapi.yaml`; the extension says whether it is JSON.
    pub name: String,
    /// The text as it was read.
    pub bytes: Vec<u8>,
}

impl Source {
    /// A text with its name.
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: bytes.into() }
    }
}

/// Why a file behind a `$ref` was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// There is none.
    Missing,
    /// It leads out of the document's folder.
    Outside,
    /// It is a folder, a device, a socket.
    NotAFile,
    /// It is larger than allowed.
    TooLarge,
    /// What the system says.
    Io(String),
}

/// Reads the files that a document refers to.
pub trait ReadFiles {
    /// Reads at most `limit` bytes of the file at `path`: relative to the root document's folder, `/` between its parts,
    /// without `.`, and with `..` only at its beginning, where it leads out of that folder.
    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, ReadError>;
}

/// For a document that stands alone: every reference to a file is a finding.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

impl ReadFiles for NoFiles {
    fn read(&self, _path: &str, _limit: usize) -> Result<Vec<u8>, ReadError> {
        Err(ReadError::Missing)
    }
}

/// Files held in memory, by path.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles(pub HashMap<String, Vec<u8>>);

impl ReadFiles for MemoryFiles {
    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, ReadError> {
        let bytes = self.0.get(path).ok_or(ReadError::Missing)?;
        if bytes.len() > limit { Err(ReadError::TooLarge) } else { Ok(bytes.clone()) }
    }
}

/// Files in the document's folder, and in others that are allowed by name: symbolic links that lead out of them are
/// refused.
#[derive(Clone, Debug)]
pub struct DiskFiles {
    folder: PathBuf,
    allowed: Vec<PathBuf>,
}

impl DiskFiles {
    /// Files below `folder`.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        Self { folder: if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder }, allowed: Vec::new() }
    }

    /// Files beside the document at `spec`.
    pub fn beside(spec: &Path) -> Self {
        Self::new(spec.parent().map(Path::to_path_buf).unwrap_or_default())
    }

    /// Files below `folder` too.
    #[must_use]
    pub fn allow(mut self, folder: impl Into<PathBuf>) -> Self {
        self.allowed.push(folder.into());
        self
    }
}

impl ReadFiles for DiskFiles {
    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, ReadError> {
        let io = |e: std::io::Error| match e.kind() {
            std::io::ErrorKind::NotFound => ReadError::Missing,
            _ => ReadError::Io(e.to_string()),
        };
        let base = fs::canonicalize(&self.folder).map_err(io)?;
        let roots: Vec<PathBuf> =
            self.allowed.iter().filter_map(|f| fs::canonicalize(f).ok()).chain([base.clone()]).collect();
        let inside = |file: &Path| roots.iter().any(|root| file.starts_with(root));
        // By its name first, so that nothing is asked of the disk about a file that is outside.
        let mut named = base;
        for part in path.split('/') {
            match part {
                ".." => {
                    named.pop();
                }
                part => named.push(part),
            }
        }
        if !inside(&named) {
            return Err(ReadError::Outside);
        }
        let file = fs::canonicalize(&named).map_err(io)?;
        if !inside(&file) {
            return Err(ReadError::Outside);
        }
        // Asked of the path, not of an open file: opening a pipe or a device may block.
        if !fs::metadata(&file).map_err(io)?.is_file() {
            return Err(ReadError::NotAFile);
        }
        read_at_most(&file, limit).map_err(io)?.ok_or(ReadError::TooLarge)
    }
}

/// The bytes of a file; `None` where it has more than `limit`.
pub(crate) fn read_at_most(path: &Path, limit: usize) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= limit).then_some(bytes))
}
