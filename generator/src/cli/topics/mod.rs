//! `conecta-gen topics`: what a contract asks of a cluster.

#[cfg(feature = "cluster")]
mod cluster;
mod export;

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use indexmap::IndexSet;

use super::{Exit, output};
use crate::api::Api;
use crate::diagnostic::{Format, render};
use crate::load_with;
use crate::topics::ClusterTopics;

/// The topics of a document: print them for a tool, compare them with a cluster, bring it to them
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    #[cfg(feature = "cluster")]
    Apply(cluster::Apply),
    Export(export::Export),
    #[cfg(feature = "cluster")]
    Plan(cluster::Plan),
}

pub(super) fn run(args: &Args) -> Exit {
    let done = match &args.command {
        #[cfg(feature = "cluster")]
        Command::Apply(args) => cluster::apply(args),
        Command::Export(args) => export::export(args),
        #[cfg(feature = "cluster")]
        Command::Plan(args) => cluster::plan(args),
    };
    done.unwrap_or_else(|exit| exit)
}

/// Of which document.
#[derive(Debug, clap::Args)]
struct Contract {
    /// The AsyncAPI document, YAML or JSON
    spec: PathBuf,
    /// A topics file: partitions, retention and key of each channel's topic
    #[arg(long, value_name = "FILE")]
    topics: Option<PathBuf>,
    /// A consumer group: its dead-letter topics belong to it too, or it is watched; may be given several times
    #[arg(long, value_name = "GROUP", value_parser = NonEmptyStringValueParser::new())]
    group: Vec<String>,
    /// How many retry topics each group has for each topic: those of `Registration::retry_topics`
    #[arg(long, value_name = "N", default_value_t = 0, requires = "group")]
    retry: u8,
    /// A further folder that references may lead into; may be given several times
    #[arg(long, value_name = "DIR")]
    allow_dir: Vec<PathBuf>,
    /// The configuration [default: conecta-gen.toml beside the document, where there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Contract {
    /// The groups, each once.
    fn groups(&self) -> Vec<String> {
        self.group.iter().collect::<IndexSet<_>>().into_iter().cloned().collect()
    }

    /// The document and its topics.
    fn read(&self) -> Result<(Api, ClusterTopics), Exit> {
        let inputs = output::inputs(&self.spec, self.config.as_deref(), &self.allow_dir, None)?;
        let limit = inputs.config.limits.bytes;
        let spec = output::source(&self.spec, limit)?;
        let topics = self.topics.as_deref().map(|path| output::source(path, limit)).transpose()?;
        let mut loaded = load_with(spec, topics, &inputs.files, &inputs.config);
        // Nothing of a payload is needed.
        loaded.tolerate_examples();
        let blocked = loaded.blocked();
        let Some(api) = loaded.api.filter(|_| !blocked) else {
            let shown = render(&loaded.diagnostics, &loaded.document, Format::Human, output::colour_of_stderr());
            let _ = io::stderr().write_all(shown.as_bytes());
            return Err(Exit::Findings);
        };
        let topics =
            ClusterTopics::of(&api, &self.groups(), self.retry).map_err(|error| output::trouble(&error.to_string()))?;
        Ok((api, topics))
    }
}

/// Names channels that have no topic of their own on stderr.
fn name_open(topics: &ClusterTopics) {
    for address in &topics.open {
        let _ = writeln!(io::stderr(), "`{}` has parameters, and no topic of its own", address.escape_debug());
    }
}
