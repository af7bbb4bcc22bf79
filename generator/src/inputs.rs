//! What the command line and build scripts read besides the document: the configuration beside it, and the files that it may
//! refer to.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::config::{Config, ConfigError};
use crate::document::{DiskFiles, Source};

/// Bytes of a conecta-gen.toml: what says the limits cannot be bound by them.
const LONGEST_CONFIGURATION: usize = 1 << 20;

/// What a document is read with.
pub(crate) struct Inputs {
    pub(crate) config: Config,
    /// Where the configuration was read from.
    pub(crate) config_path: Option<PathBuf>,
    pub(crate) files: DiskFiles,
}

/// Why there is nothing to read a document with.
pub(crate) enum InputError {
    /// What to say.
    Trouble(String),
    Config(ConfigError),
}

impl Inputs {
    /// Reads the configuration at `config`, or else the `conecta-gen.toml` beside `spec` where there is one.
    pub(crate) fn read(spec: &Path, config: Option<&Path>, allowed: &[PathBuf]) -> Result<Self, InputError> {
        let beside = spec.with_file_name("conecta-gen.toml");
        let config_path = config.map(Path::to_path_buf).or_else(|| beside.is_file().then_some(beside));
        let config = match &config_path {
            Some(path) => {
                let name = path.display().to_string();
                let bytes = read_whole(path, LONGEST_CONFIGURATION)
                    .map_err(|error| InputError::Trouble(format!("cannot read {}: {error}", path.display())))?;
                Config::read(Source::new(name, bytes)).map_err(InputError::Config)?
            }
            None => Config::default(),
        };
        let mut files = allowed.iter().fold(DiskFiles::beside(spec), DiskFiles::allow);
        for (prefix, folder) in &config.refs {
            let folder = config_path.as_deref().and_then(Path::parent).unwrap_or(Path::new("")).join(folder);
            if !folder.is_dir() {
                let message = format!("[refs]: there is no folder {}, for what is below {prefix}", folder.display());
                return Err(InputError::Trouble(message));
            }
            files = files.copy(prefix, folder);
        }
        Ok(Self { config, config_path, files })
    }
}

/// The bytes of a regular file; where it has more than `limit`, so many that whoever holds them against it sees that.
pub(crate) fn read_regular(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    // Asked of the path, not of an open file: opening a pipe or a device may block.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The bytes of a regular file of at most `limit`.
fn read_whole(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    let bytes = read_regular(path, limit)?;
    if bytes.len() > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {limit} bytes")));
    }
    Ok(bytes)
}
