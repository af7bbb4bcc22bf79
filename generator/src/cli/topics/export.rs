//! `topics export`: the topics as text for another tool.

use std::path::PathBuf;

use super::super::{Exit, output};
use super::{Contract, name_open};
use crate::topics::{Manifest, Target, export as manifest};

/// Print the topics for a tool that keeps those of a cluster, or that watches their consumers
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  conecta-gen topics export asyncapi.yaml --topics topics.yaml --as script
  conecta-gen topics export asyncapi.yaml --as strimzi --cluster events \\
      --group billing --group notices | kubectl apply -f -
  conecta-gen topics export asyncapi.yaml --as terraform > topics.tf
  conecta-gen topics export asyncapi.yaml --as prometheus --group billing > alerts.yaml
  conecta-gen topics export asyncapi.yaml --as grafana --group billing > dashboard.json

Partitions and copies that the contract leaves open are the broker's. A channel \
with parameters is any number of topics: it is named on stderr and left out, but \
for prometheus and grafana, which watch it by its address.

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
    /// How many events of a topic a group may be behind for ten minutes, for prometheus
    #[arg(long, value_name = "EVENTS", default_value_t = 10_000)]
    max_lag: u64,
    /// A folder of templates that take the place of built-in ones of the same name
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
}

pub(super) fn export(args: &Export) -> Result<Exit, Exit> {
    let templates = output::templates(args.templates.as_deref())?;
    let groups = &args.contract.groups();
    let watches = matches!(args.manifest, Manifest::Prometheus | Manifest::Grafana);
    if watches && groups.is_empty() {
        return Err(output::trouble("name the groups to be watched, each by --group"));
    }
    let (api, topics) = args.contract.read()?;
    if !watches {
        name_open(&topics);
    }
    let target = Target { manifest: args.manifest, cluster: &args.cluster, groups, max_lag: args.max_lag };
    let text = manifest(&api, &topics, &target, &templates);
    output::results(&text.map_err(|error| output::trouble(&error.to_string()))?)?;
    Ok(Exit::Fine)
}
