//! `conecta-gen check`: every fault of a contract, at its place.

use std::path::PathBuf;

use super::{Exit, output};
use crate::{
    diagnostic::{Format, Severity, render},
    generate, load_with,
};

/// Check a document and report every fault with its place
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  conecta-gen check asyncapi.yaml
  conecta-gen check asyncapi.yaml --topics topics.yaml
  conecta-gen check asyncapi.yaml --format json | jq '.[].message'

A finding is allowed where it stands by a comment `# conecta-gen: allow(CG0420)`, \
or for the whole document by `[lint]` in conecta-gen.toml.

Exit codes: 0 no errors, 1 errors, 2 usage or input/output.")]
pub(super) struct Args {
    /// The AsyncAPI document, YAML or JSON
    spec: PathBuf,
    /// A topics file: partitions, retention and key of each channel's topic
    #[arg(long, value_name = "FILE")]
    topics: Option<PathBuf>,
    /// A further folder that references may lead into; may be given several times
    #[arg(long, value_name = "DIR")]
    allow_dir: Vec<PathBuf>,
    /// The configuration [default: conecta-gen.toml beside the document, where there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How to write the findings
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: &Args) -> Exit {
    check(args).unwrap_or_else(|exit| exit)
}

fn check(args: &Args) -> Result<Exit, Exit> {
    let inputs = output::inputs(&args.spec, args.config.as_deref(), &args.allow_dir, Some(args.format))?;
    let limit = inputs.config.limits.bytes;
    let spec = output::source(&args.spec, limit)?;
    let topics = args.topics.as_deref().map(|path| output::source(path, limit)).transpose()?;
    let mut loaded = load_with(spec, topics, &inputs.files, &inputs.config);
    generate::check(&mut loaded, &inputs.config);
    output::results(&render(&loaded.diagnostics, &loaded.document, args.format, output::colour()))?;
    let unsound = loaded.diagnostics.iter().any(|d| d.severity == Severity::Error);
    Ok(if unsound { Exit::Findings } else { Exit::Fine })
}
