//! `conecta-gen generate`: a contract becomes a crate.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use super::{Exit, output};
use crate::config::Role;
use crate::diagnostic::{Format, Severity, render};
use crate::document::files;
use crate::files::{Difference, FileSet};
use crate::render::shell_word;
use crate::{CrateOptions, Runtime, generate_crate, load_with};

/// More files that are not ours are not named one by one.
const MOST_FOREIGN: usize = 20;

/// Write a typed crate of the events of a document
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  conecta-gen generate asyncapi.yaml -o events
  conecta-gen generate asyncapi.yaml -o events --topics topics.yaml \\
      --name shop-events
  conecta-gen generate asyncapi.yaml -o events --check

Findings go to stderr. An error stops everything and nothing is written, except \
that an example or a default that contradicts its schema is a warning here.

Exit codes: 0 fine; 1 errors, or --strict and warnings, or --check and the folder \
differs; 2 usage or input/output.")]
pub(super) struct Args {
    /// The AsyncAPI document, YAML or JSON
    spec: PathBuf,
    /// The folder of the crate; made where there is none
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// The crate's name [default: made from the document's title]
    #[arg(long, value_name = "CRATE")]
    name: Option<String>,
    /// The end of a 3.x document: application, client or both [default: the configuration's, else both]
    #[arg(long, value_enum, value_name = "ROLE", hide_possible_values = true)]
    role: Option<Role>,
    /// A topics file: partitions, retention and key of each channel's topic
    #[arg(long, value_name = "FILE")]
    topics: Option<PathBuf>,
    /// A further folder that references may lead into; may be given several times
    #[arg(long, value_name = "DIR")]
    allow_dir: Vec<PathBuf>,
    /// The folder of conecta-runtime, for the crate to depend on
    #[arg(long, value_name = "PATH", conflicts_with = "runtime_version")]
    runtime_path: Option<PathBuf>,
    /// The version of conecta-runtime to depend on [default: that of this tool]
    #[arg(long, value_name = "V")]
    runtime_version: Option<String>,
    /// Write nothing; show how the folder differs from what would be written
    #[arg(long)]
    check: bool,
    /// Take warnings for errors
    #[arg(long)]
    strict: bool,
    /// The configuration [default: conecta-gen.toml beside the document, where there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A folder of templates that take the place of built-in ones of the same name
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Exit {
    generate(args).unwrap_or_else(|exit| exit)
}

fn generate(args: &Args) -> Result<Exit, Exit> {
    let mut inputs = output::inputs(&args.spec, args.config.as_deref(), &args.allow_dir, None)?;
    if let Some(role) = args.role {
        inputs.config.package.role = role;
    }
    let config = &inputs.config;
    let templates = output::templates(args.templates.as_deref())?;
    let options = CrateOptions {
        name: args.name.clone(),
        runtime: runtime(args)?,
        topics: args.topics.as_ref().map(|path| path.display().to_string()),
    };
    let limit = config.limits.bytes;
    let spec = output::source(&args.spec, limit)?;
    let topics = args.topics.as_deref().map(|path| output::source(path, limit)).transpose()?;
    let mut loaded = load_with(spec, topics, &inputs.files, config);
    loaded.tolerate_examples();
    let files = generate_crate(&mut loaded, config, &options, &templates);
    let files = files.map_err(|error| output::trouble(&error.to_string()))?;
    let shown = render(&loaded.diagnostics, &loaded.document, Format::Human, output::colour_of_stderr());
    let _ = io::stderr().write_all(shown.as_bytes());
    let Some(files) = files else { return Ok(Exit::Findings) };
    let worst = loaded.diagnostics.iter().map(|d| d.severity).min();
    if args.strict && worst.is_some_and(|severity| severity <= Severity::Warning) {
        return Ok(Exit::Findings);
    }
    let done = if args.check { check(args, &files) } else { write(args, &files) }?;
    // What is written is sound, and not all that the document asks for.
    Ok(if worst == Some(Severity::Error) { Exit::Findings } else { done })
}

fn write(args: &Args, files: &FileSet) -> Result<Exit, Exit> {
    let written = files.write(&args.output).map_err(|error| output::trouble(&error.to_string()))?;
    let mut say = format!("{}: ", args.output.display());
    match written.changed.len() {
        0 => say += "up to date",
        1 => say += "1 file written",
        n => say += &format!("{n} files written"),
    }
    if !written.removed.is_empty() {
        say += &format!(", {} no longer part of it removed", written.removed.len());
    }
    say.push('\n');
    for path in &written.left {
        say += &format!("{path} is no longer generated; it was changed by hand and is left alone\n");
    }
    for path in written.foreign.iter().take(MOST_FOREIGN) {
        say += &format!("{path} was not generated, and is left alone\n");
    }
    if written.foreign.len() > MOST_FOREIGN {
        say += &format!("and so are {} more\n", written.foreign.len() - MOST_FOREIGN);
    }
    let _ = io::stderr().write_all(say.as_bytes());
    Ok(Exit::Fine)
}

fn check(args: &Args, files: &FileSet) -> Result<Exit, Exit> {
    let differences = files.compare(&args.output);
    if differences.is_empty() {
        return Ok(Exit::Fine);
    }
    let mut shown = String::new();
    for difference in &differences {
        match difference {
            Difference::Missing(path) => shown += &format!("{path}: missing\n"),
            Difference::Stale(path) => shown += &format!("{path}: no longer generated\n"),
            Difference::Changed(_, diff) => shown += diff,
        }
    }
    output::results(&shown)?;
    let words = env::args_os().filter(|word| word != "--check").map(|word| shell_word(&word.to_string_lossy()));
    let command = words.collect::<Vec<_>>().join(" ");
    let _ = writeln!(
        io::stderr(),
        "{} is not what the document says; write it anew with\n  {command}",
        args.output.display()
    );
    Ok(Exit::Findings)
}

/// The runtime as the crate will find it: an absolute path stays one, a relative one is seen from the crate's folder.
fn runtime(args: &Args) -> Result<Runtime, Exit> {
    let Some(path) = &args.runtime_path else {
        return Ok(args.runtime_version.clone().map_or_else(Runtime::default, Runtime::Version));
    };
    let canonical = fs::canonicalize(path)
        .map_err(|error| output::trouble(&format!("--runtime-path: cannot read {}: {error}", path.display())))?;
    if path.is_absolute() {
        return Ok(Runtime::Path(canonical.display().to_string()));
    }
    let folder =
        real(&args.output).map_err(|error| output::trouble(&format!("cannot read the current folder: {error}")))?;
    Ok(Runtime::Path(relative(&canonical, &folder)))
}

/// The absolute form of a path of which only the beginning need exist.
fn real(path: &Path) -> io::Result<PathBuf> {
    let absolute = env::current_dir()?.join(path);
    let mut missing = Vec::new();
    let mut there = absolute.as_path();
    loop {
        if let Ok(real) = fs::canonicalize(there) {
            return Ok(missing.iter().rev().fold(real, |path, part| path.join(part)));
        }
        match (there.parent(), there.file_name()) {
            (Some(parent), Some(name)) => {
                missing.push(name.to_owned());
                there = parent;
            }
            _ => return Ok(absolute),
        }
    }
}

/// `target` as seen from `folder`, `/` between its parts as cargo wants it; as it is where there is no way from there.
fn relative(target: &Path, folder: &Path) -> String {
    match files::relative(target, folder) {
        Some(steps) if steps.is_empty() => ".".to_owned(),
        Some(steps) => steps.join("/"),
        None => target.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runtime_is_seen_from_the_crate() {
        let see = |target: &str, folder: &str| relative(Path::new(target), Path::new(folder));
        assert_eq!(see("/w/runtime", "/w/examples/events"), "../../runtime");
        assert_eq!(see("/w/events/runtime", "/w/events"), "runtime");
        assert_eq!(see("/w", "/w"), ".");
    }
}
