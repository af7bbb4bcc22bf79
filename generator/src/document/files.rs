//! Where texts come from. The library itself touches no disk: whoever calls it says how a file behind a `$ref` is read.

use std::{
    collections::HashMap,
    env,
    ffi::OsStr,
    fs,
    io::Read,
    path::{Component, Path, PathBuf},
};

use super::neighbours::{self, Outside};

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
    /// It leads out of the document's folder, to where nothing is read.
    Outside(Outside),
    /// It is a folder, a device, a socket.
    NotAFile,
    /// It is larger than allowed.
    TooLarge,
    /// The document has this many files already, and may have no more.
    TooMany(usize),
    /// What the system says.
    Io(String),
}

/// Reads the files that a document refers to.
pub trait ReadFiles {
    /// Reads at most `limit` bytes of the file at `path`: relative to the root document's folder, `/` between its parts,
    /// without `.`, and with `..` only at its beginning, where it leads out of that folder.
    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, ReadError>;

    /// Whether the file at `path` is outside of that folder and was named by nobody but the document. Then it must hold a
    /// mapping, and of its text nothing is shown where it holds none.
    fn is_neighbour(&self, _path: &str) -> bool {
        false
    }

    /// The plain path of a file whose path climbs out of that folder only to come back into it (`../orders/x.yaml`, from
    /// `orders`), so that it is not read as a second file.
    fn back_inside(&self, _path: &str) -> Option<String> {
        None
    }

    /// The path of the copy that is kept of what a URL names, as [`read`](Self::read) takes it; nothing is ever fetched.
    fn copy_of(&self, _url: &str) -> Option<String> {
        None
    }
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

/// Files in the document's folder, those beside it that a document may refer to, and those in other folders that are
/// allowed by name. Symbolic links that lead out of these are refused.
#[derive(Clone, Debug)]
pub struct DiskFiles {
    folder: PathBuf,
    allowed: Vec<PathBuf>,
    /// Beginnings of URLs, and the folder that holds copies of what is there.
    copies: Vec<(String, PathBuf)>,
}

impl DiskFiles {
    /// Files for a document in `folder`.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        Self { folder, allowed: Vec::new(), copies: Vec::new() }
    }

    /// Files for the document at `spec`.
    pub fn beside(spec: &Path) -> Self {
        Self::new(spec.parent().map(Path::to_path_buf).unwrap_or_default())
    }

    /// Files below `folder` too.
    #[must_use]
    pub fn allow(mut self, folder: impl Into<PathBuf>) -> Self {
        self.allowed.push(folder.into());
        self
    }

    /// Reads what a reference to a URL below `prefix` names from `folder`, which is thereby allowed.
    #[must_use]
    pub fn copy(mut self, prefix: impl Into<String>, folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        self.copies.push((prefix.into(), folder.clone()));
        self.allow(folder)
    }

    /// The file at `path` as it is named, from a canonical `base`.
    fn named(base: &Path, path: &str) -> PathBuf {
        let mut named = base.to_owned();
        for part in path.split('/') {
            match part {
                ".." => {
                    named.pop();
                }
                part => named.push(part),
            }
        }
        named
    }

    /// Canonical forms of the document's folder, and of all folders whose every file may be read.
    fn roots(&self) -> std::io::Result<(PathBuf, Vec<PathBuf>)> {
        let base = fs::canonicalize(&self.folder)?;
        let allowed = self.allowed.iter().filter_map(|f| fs::canonicalize(f).ok());
        let roots = allowed.chain([base.clone()]).collect();
        Ok((base, roots))
    }
}

impl ReadFiles for DiskFiles {
    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, ReadError> {
        let io = |e: std::io::Error| match e.kind() {
            std::io::ErrorKind::NotFound => ReadError::Missing,
            _ => ReadError::Io(e.to_string()),
        };
        let (base, roots) = self.roots().map_err(io)?;
        let inside = |file: &Path| roots.iter().any(|root| file.starts_with(root));
        // By its name first, so that nothing is asked of the disk about a file that is outside.
        let named = Self::named(&base, path);
        let file = if inside(&named) {
            let file = fs::canonicalize(&named).map_err(io)?;
            if !inside(&file) {
                return Err(ReadError::Outside(Outside::Link));
            }
            file
        } else {
            let levels = path.split('/').take_while(|part| *part == "..").count();
            let home = env::home_dir().and_then(|home| fs::canonicalize(home).ok());
            let reached = neighbours::climb(&base, levels, home.as_deref()).map_err(ReadError::Outside)?;
            neighbours::admit(&reached, &named).map_err(ReadError::Outside)?;
            let file = fs::canonicalize(&named).map_err(io)?;
            neighbours::admit(&reached, &file).map_err(ReadError::Outside)?;
            file
        };
        // Asked of the path, not of an open file: opening a pipe or a device may block.
        if !fs::metadata(&file).map_err(io)?.is_file() {
            return Err(ReadError::NotAFile);
        }
        read_at_most(&file, limit).map_err(io)?.ok_or(ReadError::TooLarge)
    }

    fn is_neighbour(&self, path: &str) -> bool {
        path.starts_with("..")
            && self.roots().is_ok_and(|(base, roots)| {
                let named = Self::named(&base, path);
                !roots.iter().any(|root| named.starts_with(root))
            })
    }

    fn back_inside(&self, path: &str) -> Option<String> {
        let base = path.starts_with("..").then(|| fs::canonicalize(&self.folder).ok()).flatten()?;
        let named = Self::named(&base, path);
        let below = named.strip_prefix(&base).ok()?;
        let parts: Option<Vec<&str>> = below.iter().map(OsStr::to_str).collect();
        parts.map(|parts| parts.join("/"))
    }

    fn copy_of(&self, url: &str) -> Option<String> {
        let below = |prefix: &str| {
            let rest = url.strip_prefix(prefix)?;
            // `https://example.com` is no beginning of `https://example.community/`.
            (prefix.ends_with('/') || rest.is_empty() || rest.starts_with('/')).then_some(rest)
        };
        let copies = self.copies.iter().filter_map(|(prefix, folder)| Some((prefix.len(), below(prefix)?, folder)));
        let (_, rest, folder) = copies.max_by_key(|(length, ..)| *length)?;
        let parts: Vec<&str> = rest.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        if parts.contains(&"..") {
            return None;
        }
        let folder = relative(&fs::canonicalize(folder).ok()?, &fs::canonicalize(&self.folder).ok()?)?;
        Some(folder.iter().map(String::as_str).chain(parts).collect::<Vec<_>>().join("/"))
    }
}

/// The steps from `base` to `path`, both canonical; `None` where there is no way, or it cannot be written.
pub(crate) fn relative(path: &Path, base: &Path) -> Option<Vec<String>> {
    let (to, from): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (path.components().collect(), base.components().collect());
    let common = to.iter().zip(&from).take_while(|(a, b)| a == b).count();
    if common == 0 {
        return None;
    }
    let down = to[common..].iter().map(|part| part.as_os_str().to_str().map(str::to_owned));
    from[common..].iter().map(|_| Some("..".to_owned())).chain(down).collect()
}

/// The bytes of a file; `None` where it has more than `limit`.
pub(crate) fn read_at_most(path: &Path, limit: usize) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= limit).then_some(bytes))
}
