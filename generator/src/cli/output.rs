//! Reading and writing for the subcommands.

use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};

use super::Exit;
use crate::{
    diagnostic::{Format, render},
    document::Source,
    inputs::{InputError, Inputs, read_regular},
    render::Templates,
};

/// How the commands that talk to a cluster write their results.
#[cfg(feature = "cluster")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ResultFormat {
    /// For people.
    #[default]
    Human,
    /// For programs: a JSON object, one a line where there are several.
    Json,
}

/// Writes a result. A reader that has gone away wants no more of it: no fault of ours.
pub(super) fn results(text: &str) -> Result<(), Exit> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(trouble(&format!("cannot write: {error}"))),
        _ => Ok(()),
    }
}

/// Says on stderr what kept the command from its work.
pub(super) fn trouble(message: &str) -> Exit {
    let _ = writeln!(io::stderr(), "conecta-gen: {message}");
    Exit::Trouble
}

/// Says something on stderr.
#[cfg(feature = "cluster")]
pub(super) fn note(message: &str) {
    let _ = writeln!(io::stderr(), "conecta-gen: {message}");
}

/// Reads what a document is read with. Faults of the configuration are findings: on stdout in `format`, on stderr without.
pub(super) fn inputs(
    spec: &Path,
    config: Option<&Path>,
    allowed: &[PathBuf],
    format: Option<Format>,
) -> Result<Inputs, Exit> {
    Inputs::read(spec, config, allowed).map_err(|error| match error {
        InputError::Trouble(message) => trouble(&message),
        InputError::Config(error) => {
            let colour = if format.is_some() { colour() } else { colour_of_stderr() };
            let shown = render(&error.diagnostics, &error.document, format.unwrap_or_default(), colour);
            match format {
                Some(_) => results(&shown).map_or_else(|exit| exit, |()| Exit::Findings),
                None => {
                    let _ = io::stderr().write_all(shown.as_bytes());
                    Exit::Findings
                }
            }
        }
    })
}

/// The templates, those of a folder in place of their namesakes.
pub(super) fn templates(folder: Option<&Path>) -> Result<Templates, Exit> {
    folder
        .map_or_else(|| Ok(Templates::default()), Templates::overridden_by)
        .map_err(|error| trouble(&error.to_string()))
}

/// Reads a file named on the command line: of one that is larger than `limit` enough to be refused.
pub(super) fn source(path: &Path, limit: usize) -> Result<Source, Exit> {
    match read_regular(path, limit) {
        Ok(bytes) => Ok(Source::new(path.display().to_string(), bytes)),
        Err(error) => Err(trouble(&format!("cannot read {}: {error}", path.display()))),
    }
}

/// Whether results may be coloured: on a terminal, unless `NO_COLOR` asks for none.
pub(super) fn colour() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}

/// Whether what goes to stderr may be coloured.
pub(super) fn colour_of_stderr() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}
