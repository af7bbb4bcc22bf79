//! `conecta-gen topics`: what a contract asks of a cluster.

use std::io::{self, Write as _};
use std::path::PathBuf;

use super::{Exit, output};
use crate::diagnostic::{Format, render};
use crate::load_with;
use crate::topics::{ClusterTopics, Manifest, export};

/// The topics of a document
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Export(ExportArgs),
}

/// Print the topics for a tool that keeps those of a cluster
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  conecta-gen topics export asyncapi.yaml --topics topics.yaml --as script
  conecta-gen topics export asyncapi.yaml --as strimzi --cluster events \\
      --group billing --group notices | kubectl apply -f -
  conecta-gen topics export asyncapi.yaml --as terraform > topics.tf

Partitions and copies that the contract leaves open are the broker's. A channel \
with parameters is any number of topics: it is named on stderr and left out.

Exit codes: 0 fine; 1 errors in the document; 2 usage or input/output.")]
struct ExportArgs {
    /// The AsyncAPI document, YAML or JSON
    spec: PathBuf,
    /// A topics file: partitions, retention and key of each channel's topic
    #[arg(long, value_name = "FILE")]
    topics: Option<PathBuf>,
    /// Who is to read it
    #[arg(long = "as", value_enum, value_name = "TOOL")]
    manifest: Manifest,
    /// A consumer group: its dead-letter topics are exported too; may be given several times
    #[arg(long, value_name = "GROUP")]
    group: Vec<String>,
    /// The Kafka cluster's name in Kubernetes, for strimzi
    #[arg(long, value_name = "NAME", default_value = "kafka")]
    cluster: String,
    /// A further folder that references may lead into; may be given several times
    #[arg(long, value_name = "DIR")]
    allow_dir: Vec<PathBuf>,
    /// The configuration [default: conecta-gen.toml beside the document, where there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A folder of templates that take the place of built-in ones of the same name
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Exit {
    let Command::Export(args) = &args.command;
    print(args).unwrap_or_else(|exit| exit)
}

fn print(args: &ExportArgs) -> Result<Exit, Exit> {
    let inputs = output::inputs(&args.spec, args.config.as_deref(), &args.allow_dir, None)?;
    let templates = output::templates(args.templates.as_deref())?;
    let spec = output::source(&args.spec)?;
    let topics = args.topics.as_deref().map(output::source).transpose()?;
    let mut loaded = load_with(spec, topics, &inputs.files, &inputs.config);
    // Nothing of a payload is printed.
    loaded.tolerate_examples();
    let Some(api) = loaded.api.as_ref().filter(|_| !loaded.blocked()) else {
        let shown = render(&loaded.diagnostics, &loaded.document, Format::Human, output::colour_of_stderr());
        let _ = io::stderr().write_all(shown.as_bytes());
        return Ok(Exit::Findings);
    };
    let topics = ClusterTopics::of(api, &args.group).map_err(|error| output::trouble(&error.to_string()))?;
    for address in &topics.open {
        let _ = writeln!(io::stderr(), "`{}` has parameters, and no topic of its own", address.escape_debug());
    }
    let text = export(api, &topics.topics, args.manifest, &args.cluster, &templates);
    output::results(&text.map_err(|error| output::trouble(&error.to_string()))?)?;
    Ok(Exit::Fine)
}
