//! The files of a crate, and the folder they are kept in.
//!
//! Everything is rendered before anything is written. Each file is replaced by a rename, and only if it changed, so that
//! neither a reader nor a build sees half of one. What was written is listed in a manifest beside it; a file that is listed
//! there and would no longer be written is removed if it still bears `@generated`. Whatever else lies in the folder is
//! left alone, and named; where it stands in the way of a file, nothing is written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use similar::TextDiff;

/// The manifest's name.
pub const MANIFEST: &str = ".conecta-gen.json";

/// What a file that was generated bears.
const MARK: &str = "@generated";

/// Files in memory: text by path, `/` between its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileSet {
    files: BTreeMap<String, String>,
}

/// What a folder is told of what was written into it. No time and no path of a machine, so that equal input gives equal bytes.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    /// Who wrote it.
    #[serde(rename = "@generated")]
    generator: String,
    /// A hash of the document.
    document: String,
    /// The files, in order.
    files: Vec<String>,
}

/// Why files could not be written or compared.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", path.display())]
pub struct FileError {
    action: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// What writing changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Files that are new or have a new content.
    pub changed: Vec<String>,
    /// Files that are no longer part of it and were removed.
    pub removed: Vec<String>,
    /// Files that are no longer part of it, and were left because they have been made someone's own.
    pub left: Vec<String>,
    /// Files that were never part of it, in order.
    pub foreign: Vec<String>,
}

/// How a folder differs from what would be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The file is not there.
    Missing(String),
    /// The file would be removed.
    Stale(String),
    /// The content differs; a unified diff from what is there to what would be.
    Changed(String, String),
}

impl FileSet {
    /// No files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file.
    pub fn insert(&mut self, path: impl Into<String>, text: impl Into<String>) {
        let path = path.into();
        debug_assert!(is_confined(&path), "{path}");
        self.files.insert(path, text.into());
    }

    /// Each file, in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The text of a file.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Adds the manifest of the files so far.
    pub(crate) fn seal(&mut self, document: &str) {
        let manifest = Manifest {
            generator: format!("conecta-gen {}", env!("CARGO_PKG_VERSION")),
            document: document.to_owned(),
            files: self.files.keys().cloned().collect(),
        };
        let text = serde_json::to_string_pretty(&manifest).unwrap_or_default() + "\n";
        self.files.insert(MANIFEST.to_owned(), text);
    }

    /// Writes the files into a folder, which is made where there is none.
    ///
    /// # Errors
    /// When a file that was not generated stands where one is to be written: then nothing is written. When the folder or
    /// a file cannot be written; files that were replaced until then are whole.
    pub fn write(&self, folder: &Path) -> Result<Written, FileError> {
        fs::create_dir_all(folder).map_err(failed("make the folder", folder))?;
        let listed = listed(folder);
        self.refuse_to_replace_foreign(folder, &listed)?;
        let stale = self.stale(folder, listed);
        let mut written = Written::default();
        for (path, text) in &self.files {
            let target = folder.join(path);
            if fs::read(&target).is_ok_and(|there| there == text.as_bytes()) {
                continue;
            }
            replace(&target, text)?;
            written.changed.push(path.clone());
        }
        for (path, ours) in stale {
            if ours {
                let target = folder.join(&path);
                fs::remove_file(&target).map_err(failed("remove", &target))?;
                // A folder that held nothing else goes with it: one that is not empty cannot be removed so.
                let _ = target.parent().filter(|below| *below != folder).map(fs::remove_dir);
                written.removed.push(path);
            } else {
                written.left.push(path);
            }
        }
        written.foreign = foreign(folder, |path| self.files.contains_key(path) || written.left.contains(path));
        Ok(written)
    }

    fn refuse_to_replace_foreign(&self, folder: &Path, listed: &BTreeSet<String>) -> Result<(), FileError> {
        let folders: BTreeSet<&str> = self.files.keys().filter_map(|path| Some(path.rsplit_once('/')?.0)).collect();
        // A link is never ours: what is written through it would land elsewhere.
        let links: Vec<&str> = folders.into_iter().filter(|below| leads_out(folder, below)).collect();
        let in_the_way = |path: &&str| {
            let target = folder.join(path);
            path.rsplit_once('/').is_some_and(|(below, _)| links.contains(&below))
                || (!listed.contains(*path) && target.exists() && !is_ours(&target))
        };
        let paths: Vec<&str> = self.files.keys().map(String::as_str).filter(in_the_way).collect();
        if paths.is_empty() {
            return Ok(());
        }
        let said =
            format!("what stands there was not generated: {}; move it away, or name another folder", paths.join(", "));
        Err(failed("write into", folder)(io::Error::new(io::ErrorKind::AlreadyExists, said)))
    }

    /// How a folder differs from what [`write`](Self::write) would make of it. Writes nothing.
    #[must_use]
    pub fn compare(&self, folder: &Path) -> Vec<Difference> {
        let mut differences = Vec::new();
        for (path, text) in &self.files {
            match fs::read(folder.join(path)) {
                Ok(there) if there == text.as_bytes() => {}
                Ok(there) => {
                    let there = String::from_utf8_lossy(&there);
                    let diff = TextDiff::from_lines(there.as_ref(), text.as_str());
                    let diff = diff.unified_diff().header(path, &format!("{path} (generated)")).to_string();
                    differences.push(Difference::Changed(path.clone(), diff));
                }
                Err(_) => differences.push(Difference::Missing(path.clone())),
            }
        }
        let stale = self.stale(folder, listed(folder)).into_iter().filter(|(_, ours)| *ours);
        differences.extend(stale.map(|(path, _)| Difference::Stale(path)));
        differences
    }

    /// Files that are listed and no longer part of it; whether each still bears the mark.
    fn stale(&self, folder: &Path, listed: BTreeSet<String>) -> Vec<(String, bool)> {
        let gone = listed.into_iter().filter(|path| !self.files.contains_key(path));
        gone.filter_map(|path| {
            let target = folder.join(&path);
            // A link leads elsewhere, whatever stands there.
            let is_file =
                fs::symlink_metadata(&target).is_ok_and(|data| data.is_file()) && stays_within(folder, &target);
            is_file.then(|| (path, is_ours(&target)))
        })
        .collect()
    }
}

/// The files that the manifest in a folder lists.
fn listed(folder: &Path) -> BTreeSet<String> {
    let Ok(text) = fs::read_to_string(folder.join(MANIFEST)) else { return BTreeSet::new() };
    let Ok(manifest) = serde_json::from_str::<Manifest>(&text) else { return BTreeSet::new() };
    manifest.files.into_iter().filter(|path| is_confined(path)).collect()
}

/// Whether a file bears the mark where generated ones do.
fn is_ours(file: &Path) -> bool {
    let mut head = Vec::new();
    let read = fs::File::open(file).and_then(|file| file.take(512).read_to_end(&mut head));
    read.is_ok() && head.windows(MARK.len()).any(|window| window == MARK.as_bytes())
}

/// The files in a folder that are not `known` and bear no mark, but for hidden ones and what cargo makes there; links are
/// not followed.
fn foreign(folder: &Path, known: impl Fn(&String) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut pending = vec![(folder.to_owned(), String::new())];
    while let Some((folder, prefix)) = pending.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let made_by_cargo = prefix.is_empty() && matches!(name.as_str(), "target" | "Cargo.lock");
            if name.starts_with('.') || made_by_cargo {
                continue;
            }
            let path = format!("{prefix}{name}");
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                pending.push((entry.path(), path + "/"));
            } else if !known(&path) && !is_ours(&entry.path()) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Whether a path of the manifest names something below the folder.
fn is_confined(path: &str) -> bool {
    !path.is_empty()
        && !path.contains('\\')
        && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

/// Whether no folder on the way is a link out of it.
fn stays_within(folder: &Path, target: &Path) -> bool {
    match (fs::canonicalize(folder), fs::canonicalize(target)) {
        (Ok(folder), Ok(target)) => target.starts_with(folder),
        _ => false,
    }
}

/// Whether a folder, or one on the way down to it, is a link.
fn leads_out(folder: &Path, below: &str) -> bool {
    let mut folder = folder.to_owned();
    below.split('/').any(|part| {
        folder.push(part);
        fs::symlink_metadata(&folder).is_ok_and(|data| data.is_symlink())
    })
}

/// Replaces a file by a rename from the same folder.
fn replace(target: &Path, text: &str) -> Result<(), FileError> {
    let folder = target.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed("make the folder", folder))?;
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let temporary = folder.join(format!(".{name}.{}.tmp", std::process::id()));
    let result = fs::File::create(&temporary)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&temporary, target));
    if result.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    result.map_err(failed("write", target))
}

fn failed<'p>(action: &'static str, path: &'p Path) -> impl FnOnce(io::Error) -> FileError + use<'p> {
    move |source| FileError { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn set(files: &[(&str, &str)]) -> FileSet {
        let mut set = FileSet::new();
        for (path, text) in files {
            set.insert(*path, *text);
        }
        set.seal("0");
        set
    }

    #[test]
    fn what_did_not_change_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let files = set(&[("a.rs", "// @generated\n"), ("src/b.rs", "x")]);
        assert_eq!(files.write(folder.path()).unwrap().changed, [MANIFEST, "a.rs", "src/b.rs"]);
        assert_eq!(files.write(folder.path()).unwrap(), Written::default());
        assert_eq!(files.compare(folder.path()), []);
    }

    #[test]
    fn what_is_no_longer_part_is_removed_only_if_it_is_still_ours() {
        let folder = tempfile::tempdir().unwrap();
        let all = [("ours.rs", "// @generated\n"), ("taken.rs", "// @generated\n"), ("kept.rs", "// @generated\n")];
        set(&all).write(folder.path()).unwrap();
        fs::write(folder.path().join("taken.rs"), "mine now").unwrap();
        fs::write(folder.path().join("strange.rs"), "// @generated by something else").unwrap();
        let fewer = set(&all[2..]);
        assert_eq!(fewer.compare(folder.path()).last(), Some(&Difference::Stale("ours.rs".into())));
        let written = fewer.write(folder.path()).unwrap();
        assert_eq!((written.removed, written.left), (vec!["ours.rs".to_owned()], vec!["taken.rs".to_owned()]));
        assert!(folder.path().join("strange.rs").exists() && folder.path().join("taken.rs").exists());
    }

    #[test]
    fn what_was_not_generated_is_left_alone_and_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("src")).unwrap();
        for name in ["notes.md", "src/mine.rs", "Cargo.lock"] {
            fs::write(folder.path().join(name), "mine").unwrap();
        }
        let files = set(&[("src/b.rs", "// @generated\n")]);
        for _ in 0..2 {
            assert_eq!(files.write(folder.path()).unwrap().foreign, ["notes.md", "src/mine.rs"]);
        }
        assert_eq!(fs::read(folder.path().join("src/mine.rs")).unwrap(), b"mine");
    }

    #[test]
    fn nothing_is_written_where_a_file_of_someone_s_own_stands_in_the_way() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("src")).unwrap();
        fs::write(folder.path().join("src/lib.rs"), "mine").unwrap();
        let error = set(&[("Cargo.toml", "# @generated"), ("src/lib.rs", "// @generated")]).write(folder.path());
        let error = error.unwrap_err().to_string();
        assert!(error.contains("was not generated: src/lib.rs; move it away"), "{error}");
        assert!(!folder.path().join("Cargo.toml").exists() && !folder.path().join(MANIFEST).exists());
        assert_eq!(fs::read(folder.path().join("src/lib.rs")).unwrap(), b"mine");
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_through_a_link_to_another_folder() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("src")).unwrap();
        set(&[("src/lib.rs", "// @generated")]).write(folder.path()).unwrap_err();
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_manifest_cannot_have_files_outside_the_folder_removed() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("crate");
        let outside = folder.path().join("outside.rs");
        fs::create_dir(&inside).unwrap();
        fs::write(&outside, "// @generated").unwrap();
        let absolute = outside.to_string_lossy().into_owned();
        let forged = serde_json::json!({ "@generated": "", "document": "", "files": ["../outside.rs", absolute, "a/../../outside.rs"] });
        fs::write(inside.join(MANIFEST), forged.to_string()).unwrap();
        let written = set(&[("a.rs", "")]).write(&inside).unwrap();
        assert!(outside.exists() && written.removed.is_empty() && written.left.is_empty());
    }

    #[test]
    fn a_folder_that_is_a_file_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "").unwrap();
        let error = set(&[("a.rs", "")]).write(&path).unwrap_err().to_string();
        assert!(error.contains("cannot make the folder"), "{error}");
    }
}
