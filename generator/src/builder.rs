//! Generating from a build script.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fmt};

use crate::config::Role;
use crate::diagnostic::{Diagnostic, Format, Severity, render};
use crate::document::{Document, Source};
use crate::files::FileSet;
use crate::generate::generate_modules;
use crate::inputs::{InputError, Inputs, read_regular};
use crate::load::load_with;

/// Generates the events of a contract from a build script.
///
/// ```no_run
/// // build.rs
/// fn main() -> Result<(), conecta_gen::BuildError> {
///     conecta_gen::Builder::new().spec("asyncapi.yaml").topics("topics.yaml").generate()
/// }
/// ```
///
/// and in the crate, `conecta_runtime::include_events!();` where the events are to stand. The module tree is written to a folder
/// `events` in `OUT_DIR`. An error of the contract fails the build and is shown with its file, line and column; warnings
/// are shown as cargo's.
#[derive(Clone, Debug)]
#[must_use = "nothing is generated until `generate` is called"]
pub struct Builder {
    spec: PathBuf,
    topics: Option<PathBuf>,
    config: Option<PathBuf>,
    role: Option<Role>,
    allowed: Vec<PathBuf>,
    out_dir: Option<PathBuf>,
    name: String,
    emit_rerun_if_changed: bool,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// Reads `asyncapi.yaml` and writes to `OUT_DIR`, unless told otherwise.
    pub fn new() -> Self {
        Self {
            spec: PathBuf::from("asyncapi.yaml"),
            topics: None,
            config: None,
            role: None,
            allowed: Vec::new(),
            out_dir: None,
            name: "events".to_owned(),
            // Cargo sets it for build scripts, and for nothing else that runs without `cargo run`.
            emit_rerun_if_changed: env::var_os("CARGO_CFG_TARGET_ARCH").is_some(),
        }
    }

    /// The AsyncAPI document, relative to the package.
    pub fn spec(mut self, path: impl Into<PathBuf>) -> Self {
        self.spec = path.into();
        self
    }

    /// The topics file.
    pub fn topics(mut self, path: impl Into<PathBuf>) -> Self {
        self.topics = Some(path.into());
        self
    }

    /// The configuration; without it, `conecta-gen.toml` beside the document where there is one.
    pub fn config(mut self, path: impl Into<PathBuf>) -> Self {
        self.config = Some(path.into());
        self
    }

    /// The end of a 3.x document to generate, whatever the configuration says.
    pub fn role(mut self, role: Role) -> Self {
        self.role = Some(role);
        self
    }

    /// A further folder that references may lead into. Without one they reach the document's folder, and what is beside it.
    pub fn allow_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.allowed.push(path.into());
        self
    }

    /// The folder to write into, instead of `OUT_DIR`.
    pub fn out_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(path.into());
        self
    }

    /// The folder of the module tree in it, `events` if not said; `include_events!("name")` includes another.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Whether cargo is told to run the build script again when one of the files changes; on in build scripts.
    pub fn emit_rerun_if_changed(mut self, emit: bool) -> Self {
        self.emit_rerun_if_changed = emit;
        self
    }

    /// Writes the module tree.
    ///
    /// # Errors
    /// When the contract is unsound, or a file cannot be read or written. Shown by `Debug` as by `Display`, since that is how
    /// `main` shows what it returns.
    pub fn generate(self) -> Result<(), BuildError> {
        let folder = match &self.out_dir {
            Some(folder) => folder.clone(),
            None => env::var_os("OUT_DIR").map(PathBuf::from).ok_or_else(|| {
                BuildError("OUT_DIR is not set: call it from a build script, or say where to with `out_dir`".to_owned())
            })?,
        };
        let mut tell = Tell { cargo: self.emit_rerun_if_changed };
        if let Some(config) = &self.config {
            tell.read(config);
        }
        let inputs = Inputs::read(&self.spec, self.config.as_deref(), &self.allowed);
        let Inputs { mut config, config_path, files } = inputs.map_err(|error| match error {
            InputError::Trouble(message) => BuildError(message),
            InputError::Config(error) => BuildError(error.to_string()),
        })?;
        if let (None, Some(path)) = (&self.config, &config_path) {
            tell.read(path);
        }
        if let Some(role) = self.role {
            config.package.role = role;
        }
        let limit = config.limits.bytes;
        let spec = tell.source(&self.spec, limit)?;
        let topics = self.topics.as_deref().map(|path| tell.source(path, limit)).transpose()?;
        let mut loaded = load_with(spec, topics, &files, &config);
        for file in loaded.document.files().iter().skip(1) {
            tell.read(&self.spec.with_file_name(file.path()));
        }
        loaded.tolerate_examples();
        match generate_modules(&mut loaded, &config) {
            Some(files) => {
                tell.warn(&loaded.diagnostics, &loaded.document);
                self.write(&files, &folder)
            }
            None => {
                let errors: Vec<Diagnostic> =
                    loaded.diagnostics.into_iter().filter(|d| d.severity == Severity::Error).collect();
                Err(BuildError(render(&errors, &loaded.document, Format::Human, false)))
            }
        }
    }

    fn write(&self, files: &FileSet, folder: &Path) -> Result<(), BuildError> {
        files.write(&folder.join(&self.name)).map_err(|error| BuildError(error.to_string()))?;
        Ok(())
    }
}

/// Why a build script could not generate: the findings, drawn with their places.
pub struct BuildError(String);

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BuildError {}

fn cannot<'p>(action: &'static str, path: &'p Path) -> impl FnOnce(std::io::Error) -> BuildError + use<'p> {
    move |error| BuildError(format!("cannot {action} {}: {error}", path.display()))
}

/// What a build script tells cargo, on stdout, as cargo wants it.
struct Tell {
    cargo: bool,
}

impl Tell {
    #[allow(clippy::print_stdout, reason = "the protocol of build scripts")]
    fn line(&self, line: &str) {
        if self.cargo {
            println!("cargo:{line}");
        }
    }

    fn read(&mut self, path: &Path) {
        let text: OsString = path.into();
        // A path with a line break cannot be said, and cargo runs the script whenever anything changed.
        if let Some(text) = text.to_str().filter(|text| !text.contains('\n')) {
            self.line(&format!("rerun-if-changed={text}"));
        }
    }

    fn source(&mut self, path: &Path, limit: usize) -> Result<Source, BuildError> {
        self.read(path);
        let bytes = read_regular(path, limit).map_err(cannot("read", path))?;
        Ok(Source::new(path.display().to_string(), bytes))
    }

    fn warn(&self, findings: &[Diagnostic], document: &Document) {
        for finding in findings.iter().filter(|finding| finding.severity == Severity::Warning) {
            let span = finding.at.and_then(|at| document.span(at));
            let place = span.and_then(|span| {
                let file = document.files().get(span.file as usize)?;
                let start = file.position(span.start);
                Some(format!("{}:{}:{}: ", file.name, start.line, start.column))
            });
            let message: String = finding.message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            self.line(&format!("warning={}{message} [{}]", place.unwrap_or_default(), finding.code));
        }
    }
}
