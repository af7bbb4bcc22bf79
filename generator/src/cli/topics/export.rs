//! `topics export`: the topics as text for another tool.

use std::path::PathBuf;

use super::super::{Exit, output};
use super::Contract;
use crate::topics::{Manifest, export as manifest};

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
pub(super) struct Export {
    #[command(flatten)]
    contract: Contract,
    /// Who is to read it
    #[arg(long = "as", value_enum, value_name = "TOOL")]
    manifest: Manifest,
    /// The Kafka cluster's name in Kubernetes, for strimzi
    #[arg(long, value_name = "NAME", default_value = "kafka")]
    cluster: String,
    /// A folder of templates that take the place of built-in ones of the same name
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
}

pub(super) fn export(args: &Export) -> Result<Exit, Exit> {
    let templates = output::templates(args.templates.as_deref())?;
    let (api, topics) = args.contract.read()?;
    let text = manifest(&api, &topics.topics, args.manifest, &args.cluster, &templates);
    output::results(&text.map_err(|error| output::trouble(&error.to_string()))?)?;
    Ok(Exit::Fine)
}
