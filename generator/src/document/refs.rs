//! `$ref`: what it names, the files it brings in, and the value it leads to. Nothing is ever fetched; which files may be read
//! is for [`ReadFiles`] to say.

use std::collections::{HashMap, HashSet};

use super::{Data, Document, File, Kind, Limits, Outside, Place, ReadError, ReadFiles, Source};
use crate::diagnostic::{Code, Diagnostic, Findings};

/// Files that references asked for.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    files: HashMap<String, Result<u32, ReadError>>,
    /// Paths of the copies that are kept of what URLs name.
    copies: HashMap<String, String>,
    /// References in the files read so far.
    count: usize,
    /// What is wrong with each file that could be found but not read, kept until something uses it.
    findings: HashMap<u32, Vec<Diagnostic>>,
}

/// What a reference names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file, by its path from the root document's folder, and a pointer in it.
    File(String, String),
    /// A pointer in the file the reference stands in.
    Here(String),
}

/// Why a reference leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefFault {
    /// The value of `$ref` is no string.
    NotText,
    /// A URL.
    Remote,
    /// A path from the root of the file system, or of Windows.
    Absolute,
    /// The fragment is no JSON pointer.
    NotAPointer(String),
    /// No such file, or it could not be opened.
    File(String, ReadError),
    /// The file could not be read; its findings are [`Document::findings_of`].
    Unreadable(u32),
    /// The pointer leads nowhere: the part that exists, and the step that does not.
    NoSuchValue {
        /// The last value on the way.
        reached: Place,
        /// The step it has not.
        step: String,
    },
}

impl Document {
    /// Reads a document and every file it refers to. The place is that of its top value.
    pub fn read(root: Source, files: &dyn ReadFiles, findings: &mut Findings) -> (Self, Option<Place>) {
        Self::read_within(root, files, &Limits::default(), findings)
    }

    /// Reads a document within limits of one's own.
    pub fn read_within(
        root: Source,
        files: &dyn ReadFiles,
        limits: &Limits,
        findings: &mut Findings,
    ) -> (Self, Option<Place>) {
        let mut document = Self::default();
        let (folder, name) = match root.name.rfind(['/', '\\']) {
            Some(slash) => root.name.split_at(slash + 1),
            None => ("", root.name.as_str()),
        };
        let (folder, name) = (folder.to_owned(), name.to_owned());
        document.refs.files.insert(name.clone(), Ok(0));
        let first = document.add_file(root, name, limits, findings);
        let mut read = first;
        while (read as usize) < document.files.len() {
            let wanted = match document.files_wanted_by(read, files, limits) {
                Ok(wanted) => wanted,
                Err(too_many) => {
                    findings.push(too_many);
                    return (document, None);
                }
            };
            for path in wanted {
                document.load(&folder, path, files, limits);
            }
            read += 1;
        }
        let root = document.root(first);
        (document, root)
    }

    /// Reads a file that is no part of the document but that findings point into: the topics file.
    pub(crate) fn add(&mut self, source: Source, limits: &Limits, findings: &mut Findings) -> Option<Place> {
        let path = source.name.clone();
        let file = self.add_file(source, path, limits, findings);
        self.root(file)
    }

    /// What is wrong with a file that a reference leads to.
    pub fn findings_of(&self, file: u32) -> &[Diagnostic] {
        self.refs.findings.get(&file).map_or(&[], Vec::as_slice)
    }

    /// The value that the `$ref` of a mapping leads to, not following a `$ref` there.
    pub fn follow(&self, reference: Place) -> Result<Place, RefFault> {
        let text = self.str(reference).ok_or(RefFault::NotText)?;
        self.follow_text(text, reference)
    }

    /// The value that `text` leads to, read as a reference that stands at `place`.
    pub fn follow_text(&self, text: &str, place: Place) -> Result<Place, RefFault> {
        let from = self.tree.file(place);
        let (file, pointer) = match self.target(text, from)? {
            Target::Here(pointer) => (from, pointer),
            Target::File(path, pointer) => match self.refs.files.get(&path) {
                Some(Ok(file)) => (*file, pointer),
                Some(Err(error)) => return Err(RefFault::File(path, error.clone())),
                None => return Err(RefFault::File(path, ReadError::Missing)),
            },
        };
        let root = self.root(file).ok_or(RefFault::Unreadable(file))?;
        self.at_pointer(root, &pointer)
    }

    /// The value that a JSON pointer leads to, in the document itself or, behind a file's name and a `#`, in one that it refers to.
    pub(crate) fn find(&self, pointer: &str) -> Option<Place> {
        let root = self.root(0)?;
        match pointer.strip_prefix('#').unwrap_or(pointer) {
            own if own.is_empty() || own.starts_with('/') => self.at_pointer(root, own).ok(),
            _ => self.follow_text(pointer, root).ok(),
        }
    }

    /// The value at a JSON pointer below `root`; a `$ref` on the way is followed.
    fn at_pointer(&self, root: Place, pointer: &str) -> Result<Place, RefFault> {
        if pointer.is_empty() {
            return Ok(root);
        }
        let steps = pointer.strip_prefix('/').ok_or_else(|| RefFault::NotAPointer(pointer.to_owned()))?;
        let mut at = root;
        for step in steps.split('/') {
            let step = step.replace("~1", "/").replace("~0", "~");
            at = self.step(at, &step).ok_or(RefFault::NoSuchValue { reached: at, step })?;
        }
        Ok(at)
    }

    fn step(&self, at: Place, step: &str) -> Option<Place> {
        let mut at = at;
        // A ring of references is found by whoever resolves them; here it only must not hold us up.
        for _ in 0..32 {
            let next = match self.kind(at) {
                Kind::Map => self.get(at, step),
                Kind::List => step.parse().ok().and_then(|i| self.items(at).nth(i)),
                _ => None,
            };
            if next.is_some() {
                return next;
            }
            let reference = self.get(at, "$ref")?;
            let text = self.str(reference)?;
            let Ok(Target::Here(pointer)) = self.target(text, self.tree.file(reference)) else { return None };
            // Only plain pointers, so that this cannot recurse.
            at = self.plain_pointer(self.root(self.tree.file(reference))?, &pointer)?;
        }
        None
    }

    fn plain_pointer(&self, root: Place, pointer: &str) -> Option<Place> {
        pointer.split('/').skip(1).try_fold(root, |at, step| {
            let step = step.replace("~1", "/").replace("~0", "~");
            match self.kind(at) {
                Kind::Map => self.get(at, &step),
                Kind::List => step.parse().ok().and_then(|i| self.items(at).nth(i)),
                _ => None,
            }
        })
    }

    /// What a reference written in `file` names.
    pub fn target(&self, text: &str, file: u32) -> Result<Target, RefFault> {
        let (path, fragment) = text.split_once('#').unwrap_or((text, ""));
        let pointer = percent_decode(fragment);
        if path.is_empty() {
            return Ok(Target::Here(pointer));
        }
        if let Some(copy) = self.refs.copies.get(path) {
            return Ok(Target::File(copy.clone(), pointer));
        }
        let path = percent_decode(path);
        if path.starts_with("//") {
            return Err(RefFault::Remote);
        }
        if path.starts_with('/') || path.contains('\\') {
            return Err(RefFault::Absolute);
        }
        if let Some((scheme, _)) = path.split_once(':') {
            let named = scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
            return Err(match scheme {
                // A drive of Windows, or a local URL: both name a place on this machine.
                "file" => RefFault::Absolute,
                _ if named && scheme.len() == 1 => RefFault::Absolute,
                _ => RefFault::Remote,
            });
        }
        let from = self.files.get(file as usize).map_or("", File::path);
        let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut parts: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                // What leads upwards out of the folder stays in the path; whoever reads files decides.
                ".." if parts.last().is_none_or(|p| *p == "..") => parts.push(".."),
                ".." => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        Ok(Target::File(parts.join("/"), pointer))
    }

    fn files_wanted_by(
        &mut self,
        file: u32,
        files: &dyn ReadFiles,
        limits: &Limits,
    ) -> Result<Vec<String>, Diagnostic> {
        if self.root(file).is_none() {
            return Ok(Vec::new());
        }
        let mut seen = HashSet::new();
        let mut wanted = Vec::new();
        for place in (0..self.tree.len()).map(Place).filter(|p| self.tree.file(*p) == file) {
            let Data::Text(text) = self.tree.data(place) else { continue };
            if !self.tree.has_key(place) || self.tree.key(place) != "$ref" {
                continue;
            }
            self.refs.count += 1;
            if self.refs.count > limits.references {
                let message = format!("the document has more than {} references up to here", limits.references);
                return Err(Diagnostic::new(Code::TOO_MANY_REFERENCES, message).at(place).help(
                    "split it into several documents, or raise `references` under `[limits]` in conecta-gen.toml",
                ));
            }
            let text = self.tree.text(text);
            if text.starts_with('#') {
                continue;
            }
            let target = match self.target(text, file) {
                Err(RefFault::Remote) => {
                    let url = text.split_once('#').map_or(text, |(url, _)| url);
                    let Some(copy) = files.copy_of(&percent_decode(url)) else { continue };
                    self.refs.copies.insert(url.to_owned(), copy.clone());
                    Ok(Target::File(copy, String::new()))
                }
                target => target,
            };
            if let Ok(Target::File(path, _)) = target
                && seen.insert(path.clone())
            {
                wanted.push(path);
            }
        }
        Ok(wanted)
    }

    fn load(&mut self, folder: &str, path: String, files: &dyn ReadFiles, limits: &Limits) {
        if self.refs.files.contains_key(&path) {
            return;
        }
        if let Some(plain) = files.back_inside(&path) {
            self.load(folder, plain.clone(), files, limits);
            let read = self.refs.files.get(&plain).cloned();
            self.refs.files.extend(read.map(|read| (path, read)));
            return;
        }
        if self.files.len() >= limits.files {
            self.refs.files.insert(path, Err(ReadError::TooMany(limits.files)));
            return;
        }
        let read = files.read(&path, limits.bytes).and_then(|bytes| {
            let mut findings = Findings::default();
            let source = Source { name: format!("{folder}{path}"), bytes };
            let file = self.add_file(source, path.clone(), limits, &mut findings);
            if files.is_neighbour(&path) && self.root(file).is_none_or(|root| self.kind(root) != Kind::Map) {
                self.files[file as usize].root = None;
                return Err(ReadError::Outside(Outside::NotAMapping));
            }
            let findings = findings.into_sorted(self);
            if !findings.is_empty() {
                self.refs.findings.insert(file, findings);
            }
            Ok(file)
        });
        self.refs.files.insert(path, read);
    }

    /// A finding for a reference that leads nowhere.
    pub fn explain(&self, reference: Place, fault: &RefFault) -> Diagnostic {
        let text = self.str(reference).unwrap_or_default();
        let found = |code, message: String| Diagnostic::new(code, message).at(reference);
        match fault {
            RefFault::NotText => found(
                Code::REF_NOT_TEXT,
                format!("`$ref` must be a string, this is {}", self.kind(reference).describe()),
            )
            .help("write where the value stands: `$ref: '#/components/schemas/Name'`"),
            RefFault::Remote => found(Code::REF_REMOTE, format!("`{text}` is a remote reference; nothing is fetched"))
                .help(
                    "keep a copy and refer to it by its relative path, or say in conecta-gen.toml where copies are: \
                     `[refs]`, `\"https://…/\" = \"folder\"`",
                ),
            RefFault::Absolute => found(Code::REF_OUTSIDE, format!("`{text}` is an absolute path"))
                .help("copy the file into the document's folder and refer to it by its relative path"),
            RefFault::File(_, ReadError::Outside(why)) => {
                found(Code::REF_OUTSIDE, format!("`{text}` leads out of the document's folder, {}", why.describe()))
                    .help("copy the file into the document's folder, or allow the one it is in with `--allow-dir`")
            }
            RefFault::NotAPointer(pointer) => found(Code::REF_MISSING, format!("`#{pointer}` is no JSON pointer"))
                .help("a pointer begins with a slash: `#/components/schemas/Name`"),
            RefFault::File(path, error) => {
                let why = match error {
                    ReadError::Missing => format!("there is no file `{path}`"),
                    ReadError::NotAFile => format!("`{path}` is not a regular file"),
                    ReadError::TooLarge => format!("`{path}` is too large"),
                    ReadError::TooMany(most) => {
                        format!("`{path}` would be more than the {most} files a document may have")
                    }
                    ReadError::Io(why) => format!("`{path}` could not be read: {why}"),
                    ReadError::Outside(_) => String::new(),
                };
                found(Code::REF_NO_FILE, why).help(match error {
                    ReadError::TooLarge => "split it, or raise `bytes` under `[limits]` in conecta-gen.toml",
                    ReadError::TooMany(_) => "join some, or raise `files` under `[limits]` in conecta-gen.toml",
                    _ => "the path is relative to the file that the reference stands in",
                })
            }
            RefFault::Unreadable(file) => {
                let name = self.files.get(*file as usize).map_or("", |f| f.name.as_str());
                found(Code::REF_NO_FILE, format!("`{name}` could not be read as YAML or JSON"))
            }
            RefFault::NoSuchValue { reached, step } => {
                let inside = self.pointer(*reached);
                let inside = if inside.is_empty() { "the document".to_owned() } else { format!("`{inside}`") };
                let nearest = self.entries(*reached).map(|(k, _)| k).take(500).filter_map(|k| {
                    let distance = edit_distance(k, step);
                    (distance <= step.chars().count().max(3) / 3).then_some((distance, k))
                });
                let help = match nearest.min() {
                    Some((_, near)) => format!("did you mean `{near}`?"),
                    None => "write the missing part, or correct the reference".to_owned(),
                };
                found(Code::REF_MISSING, format!("`{text}` leads nowhere"))
                    .label(format!("{inside} has no `{step}`"))
                    .help(help)
            }
        }
    }
}

fn percent_decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3).and_then(|h| u8::from_str_radix(h, 16).ok()));
        match hex.flatten() {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// The known name that is nearest to a name, and how far it is.
pub(crate) fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<(usize, &'k str)> {
    known.map(|known| (edit_distance(known, name), known)).min()
}

/// Levenshtein distance, for names of ordinary length; far apart where one is very long.
pub(crate) fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(65).collect(), b.chars().take(65).collect());
    if a.len() > 64 || b.len() > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let cost = (diagonal + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], cost);
        }
    }
    row[b.len()]
}
