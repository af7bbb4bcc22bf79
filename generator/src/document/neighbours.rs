//! Which files outside of its folder a document may refer to.
//!
//! Contracts keep shared parts beside a service's folder (`../common/messages.yaml`, `../../../master/bindings.yml`): of the
//! sound ones in public repositories, one in ten. To refuse them all fails their users; to read whatever they name lets a
//! document from elsewhere read the files of the machine it is checked on. So a relative reference may climb when
//!
//! - it climbs at most [`LEVELS`] levels above the document's folder, and not out of the repository: the first folder with a
//!   `.git` in it, from the document's upwards, is the highest it may reach;
//! - what it reaches is neither the root of the file system, nor a folder directly in it, nor the user's home, nor above that;
//! - the file is called `.yaml`, `.yml`, `.json` or `.avsc`, and neither it nor a folder on the way down to it is hidden;
//! - all of this still holds once symbolic links are followed, which may not lead out of the folder that was climbed to;
//! - it is a regular file and holds a mapping.
//!
//! The last is for whoever reads the text to see to ([`ReadFiles::is_neighbour`](super::ReadFiles::is_neighbour)).

use std::{
    ffi::OsStr,
    path::{Component, Path, PathBuf},
};

/// Levels above the document's folder that a reference may climb.
const LEVELS: usize = 3;

/// Why a file outside of the document's folder is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// A symbolic link leads there.
    Link,
    /// It is too many levels above.
    TooHigh,
    /// It is outside of the repository.
    Repository,
    /// It would open too much of the machine.
    Machine,
    /// It, or a folder it is in, is hidden.
    Hidden,
    /// It is not called what documents are.
    Name,
    /// It holds no mapping.
    NotAMapping,
}

impl Outside {
    /// For a message, behind `leads out of the document's folder, `.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Link => "by a symbolic link",
            Self::TooHigh => "by more than three levels",
            Self::Repository => "and out of the repository",
            Self::Machine => "to where all of a home or of the machine would be open",
            Self::Hidden => "to what is hidden",
            Self::Name => "to what is not called .yaml, .yml, .json or .avsc",
            Self::NotAMapping => "to a file that holds no mapping",
        }
    }
}

/// The folder `levels` above `folder`, which is canonical, if references may lead into it.
pub(super) fn climb(folder: &Path, levels: usize, home: Option<&Path>) -> Result<PathBuf, Outside> {
    if levels > LEVELS {
        return Err(Outside::TooHigh);
    }
    let mut reached = folder;
    for _ in 0..levels {
        if reached.join(".git").symlink_metadata().is_ok() {
            return Err(Outside::Repository);
        }
        reached = reached.parent().ok_or(Outside::Machine)?;
    }
    let depth = reached.components().filter(|c| matches!(c, Component::Normal(_))).count();
    if depth < 2 || home.is_some_and(|home| home.starts_with(reached)) {
        return Err(Outside::Machine);
    }
    Ok(reached.to_owned())
}

/// Whether `file` is one that a reference may lead to in `folder`.
pub(super) fn admit(folder: &Path, file: &Path) -> Result<(), Outside> {
    let below = file.strip_prefix(folder).map_err(|_| Outside::Link)?;
    let hidden = |part: &OsStr| part.as_encoded_bytes().starts_with(b".");
    if below.components().any(|c| hidden(c.as_os_str())) {
        return Err(Outside::Hidden);
    }
    let extension = below.extension().map(OsStr::to_ascii_lowercase).unwrap_or_default();
    match extension.to_str() {
        Some("yaml" | "yml" | "json" | "avsc") => Ok(()),
        _ => Err(Outside::Name),
    }
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;

    use super::*;

    #[test]
    fn three_levels_may_be_climbed_but_not_to_a_home_or_near_the_root() {
        let folder = Path::new("/no/such/home/user/contracts/shop");
        assert_eq!(climb(folder, 1, None), Ok(PathBuf::from("/no/such/home/user/contracts")));
        assert_eq!(climb(folder, 3, None), Ok(PathBuf::from("/no/such/home")));
        assert_eq!(climb(folder, 4, None), Err(Outside::TooHigh));
        let home = Some(Path::new("/no/such/home/user"));
        assert_eq!(climb(folder, 1, home), Ok(PathBuf::from("/no/such/home/user/contracts")));
        assert_eq!(climb(folder, 2, home), Err(Outside::Machine));
        assert_eq!(climb(folder, 3, home), Err(Outside::Machine), "above it");
        for (folder, levels) in [("/no/such", 1), ("/no", 1), ("/", 1), ("/no/such/home", 2)] {
            assert_eq!(climb(Path::new(folder), levels, None), Err(Outside::Machine), "{folder}");
        }
    }

    #[test]
    fn the_repository_is_the_highest() {
        let temporary = tempfile::TempDir::new().unwrap();
        let top = temporary.path().canonicalize().unwrap();
        let folder = top.join("repository/contracts/shop");
        fs::create_dir_all(&folder).unwrap();
        fs::write(top.join("repository/.git"), "gitdir: elsewhere").unwrap();
        assert_eq!(climb(&folder, 2, None), Ok(top.join("repository")));
        assert_eq!(climb(&folder, 3, None), Err(Outside::Repository));
    }

    #[test]
    fn only_what_is_called_as_documents_are_is_admitted() {
        let folder = Path::new("/a/b");
        for (file, expected) in [
            ("/a/b/common/x.yaml", Ok(())),
            ("/a/b/x.YML", Ok(())),
            ("/a/b/x.json", Ok(())),
            ("/a/b/x.avsc", Ok(())),
            ("/a/b/passwd", Err(Outside::Name)),
            ("/a/b/x.toml", Err(Outside::Name)),
            ("/a/b/.ssh/config.yaml", Err(Outside::Hidden)),
            ("/a/b/.secret.yaml", Err(Outside::Hidden)),
            ("/a/c/x.yaml", Err(Outside::Link)),
        ] {
            assert_eq!(admit(folder, Path::new(file)), expected, "{file}");
        }
    }
}
