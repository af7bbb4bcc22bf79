//! `topics plan` and `topics apply`: a cluster beside the contract.

use std::fmt::Write as _;
use std::future::Future;

use conecta_runtime::kafka::{Admin, AdminError, Aspect, Difference, TopicSpec, TopicsPlan};
use serde_json::json;

use super::super::brokers::Brokers;
use super::super::output::ResultFormat as Format;
use super::super::{Exit, output};
use super::{Contract, name_open};
use crate::topics::ClusterTopic;

/// Say where the topics of a cluster are not as the document has them
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  conecta-gen topics plan asyncapi.yaml --topics topics.yaml --brokers localhost:9092
  conecta-gen topics plan asyncapi.yaml --group billing --format json

What the contract leaves open is not compared. Nothing is changed. The brokers are \
those of --brokers or of BROKERS; any property of librdkafka is set in the \
environment, as services do it: CONECTA_KAFKA_SASL_PASSWORD is sasl.password.

Exit codes: 0 all is as it should be; 1 there are differences, or errors in the \
document; 2 usage, or the cluster does not answer.")]
pub(super) struct Plan {
    #[command(flatten)]
    contract: Contract,
    #[command(flatten)]
    cluster: Cluster,
    /// How to write the differences
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Create the topics that are missing, add partitions, set their configuration
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  conecta-gen topics apply asyncapi.yaml --topics topics.yaml --brokers localhost:9092
  conecta-gen topics apply asyncapi.yaml --group billing --replication-factor 1

No topic is deleted, no partition taken away, no copy moved: where that would be \
needed it is said, and the exit code is 1. Partitions that are added move keys to \
other partitions: events of a key that were published before may be handled after \
later ones. Let consumers catch up first.

Exit codes: 0 all is as it should be; 1 differences are left, or errors in the \
document; 2 usage, or the cluster does not answer or refuses.")]
pub(super) struct Apply {
    #[command(flatten)]
    contract: Contract,
    #[command(flatten)]
    cluster: Cluster,
}

/// Which cluster, and what is expected of it.
#[derive(Debug, clap::Args)]
struct Cluster {
    #[command(flatten)]
    brokers: Brokers,
    /// Copies of every topic, whatever the contract says: for a cluster of fewer brokers
    #[arg(long, value_name = "COPIES", value_parser = clap::value_parser!(i16).range(1..))]
    replication_factor: Option<i16>,
}

pub(super) fn plan(args: &Plan) -> Result<Exit, Exit> {
    let (topics, plan, _) = planned(&args.contract, &args.cluster)?;
    let text = match args.format {
        Format::Human => human(&plan, topics),
        Format::Json => json(&plan),
    };
    output::results(&text)?;
    Ok(if plan.is_empty() { Exit::Fine } else { Exit::Findings })
}

pub(super) fn apply(args: &Apply) -> Result<Exit, Exit> {
    let (topics, plan, admin) = planned(&args.contract, &args.cluster)?;
    output::results(&human(&plan, topics))?;
    let all = plan.create.len() + plan.change.chunk_by(|a, b| a.topic == b.topic).count();
    let mut applied = 0;
    let done = |topic: &str| {
        applied += 1;
        output::note(&format!("{topic}: done ({applied} of {all})"));
    };
    wait(admin.apply(&plan, done))?;
    Ok(if plan.keep.is_empty() { Exit::Fine } else { Exit::Findings })
}

/// The number of topics, what is to be done, and who does it.
fn planned(contract: &Contract, cluster: &Cluster) -> Result<(usize, TopicsPlan, Admin), Exit> {
    let (_, topics) = contract.read()?;
    name_open(&topics);
    let specs = topics.topics.iter().map(spec).collect::<Result<Vec<_>, _>>()?;
    let settings = cluster.brokers.settings()?;
    let settings = match cluster.replication_factor {
        Some(copies) => settings.replication_factor(copies),
        None => settings,
    };
    let admin = Admin::new(&settings).map_err(|error| output::trouble(&error.to_string()))?;
    let plan = wait(admin.plan(&specs))?;
    Ok((specs.len(), plan, admin))
}

fn spec(topic: &ClusterTopic) -> Result<TopicSpec, Exit> {
    let beyond = |_| output::trouble(&format!("{}: more partitions or copies than Kafka takes", topic.name));
    Ok(TopicSpec {
        name: topic.name.clone(),
        partitions: topic.partitions.map(i32::try_from).transpose().map_err(beyond)?,
        replication_factor: topic.replication_factor.map(i16::try_from).transpose().map_err(beyond)?,
        config: topic.config.clone(),
    })
}

fn wait<T>(work: impl Future<Output = Result<T, AdminError>>) -> Result<T, Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|error| output::trouble(&error.to_string()))?;
    runtime.block_on(work).map_err(|error| {
        output::trouble(&match error {
            AdminError::ClusterTooSmall { topic, wanted, brokers } => format!(
                "{topic} is to have {wanted} copies, the cluster has {brokers} broker(s): nothing was changed; \
                 --replication-factor asks for fewer"
            ),
            other => other.to_string(),
        })
    })
}

/// A line a difference: `+` is created, `~` changed, `!` left.
fn human(plan: &TopicsPlan, topics: usize) -> String {
    let mut text = String::new();
    for topic in &plan.create {
        let _ = write!(text, "+ {}", topic.name);
        for (what, value) in [("partitions", topic.partitions), ("copies", topic.replication_factor.map(i32::from))] {
            if let Some(value) = value {
                let _ = write!(text, " {what}={value}");
            }
        }
        for (key, value) in &topic.config {
            let _ = write!(text, " {key}={}", value.escape_debug());
        }
        text.push('\n');
    }
    for difference in &plan.change {
        let keys_move = if difference.what == Aspect::Partitions { "; keys move to other partitions" } else { "" };
        let _ = writeln!(text, "~ {}{keys_move}", change(difference));
    }
    for difference in &plan.keep {
        let _ = writeln!(text, "! {}; left as it is", change(difference));
    }
    let (create, change, keep) = (plan.create.len(), plan.change.len(), plan.keep.len());
    if plan.is_empty() {
        let _ = writeln!(text, "{topics} topics, all as the contract has them");
    } else {
        let _ = writeln!(text, "{topics} topics: {create} to create, {change} to change, {keep} to leave");
    }
    text
}

fn change(difference: &Difference) -> String {
    let Difference { topic, what, contract, actual, .. } = difference;
    format!("{topic}: {what} {} -> {}", actual.escape_debug(), contract.escape_debug())
}

fn json(plan: &TopicsPlan) -> String {
    let difference = |it: &Difference| json!({ "topic": it.topic, "what": it.what.to_string(), "contract": it.contract, "actual": it.actual });
    let create = plan.create.iter().map(|topic| {
        let config: serde_json::Map<_, _> = topic.config.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
        json!({
            "topic": topic.name,
            "partitions": topic.partitions,
            "replication_factor": topic.replication_factor,
            "config": config,
        })
    });
    let plan = json!({
        "create": create.collect::<Vec<_>>(),
        "change": plan.change.iter().map(difference).collect::<Vec<_>>(),
        "keep": plan.keep.iter().map(difference).collect::<Vec<_>>(),
    });
    format!("{plan:#}\n")
}
