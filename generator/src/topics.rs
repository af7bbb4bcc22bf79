//! The topics of a contract, and the files that tools which keep a cluster's topics read.

use std::collections::HashSet;

use serde::Serialize;

use crate::api::Api;
use crate::render::{TemplateError, Templates};

/// Kafka takes no longer name.
pub(crate) const LONGEST_NAME: usize = 249;
/// What a dead letter is kept for at least: Kafka's own default, a week.
const DEAD_LETTER_RETENTION_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// A topic as a cluster is to have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClusterTopic {
    /// Its name, one that Kafka takes.
    pub name: String,
    /// Its partitions; the broker's default where the contract leaves them open.
    pub partitions: Option<u32>,
    /// Copies of each partition; the broker's default where the contract leaves them open.
    pub replication_factor: Option<u16>,
    /// Its configuration, `retention.ms` among it, as Kafka spells it.
    pub config: Vec<(String, String)>,
    /// The topic of which it takes the dead letters, or what is to be tried again, and the group that could not handle them.
    pub dead_letters_of: Option<(String, String)>,
}

/// Topics of a contract, and the channels that have none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterTopics {
    /// In the document's order, each followed by the dead-letter and retry topics of the groups.
    pub topics: Vec<ClusterTopic>,
    /// Addresses with parameters, and channels whose address is only known at run time: the contract names no topic.
    pub open: Vec<String>,
}

/// A name that Kafka refuses.
#[derive(Debug, thiserror::Error)]
#[error("Kafka refuses `{0}` as the name of a topic: letters, digits, `.`, `_` and `-`, at most {LONGEST_NAME}")]
pub struct TopicNameError(String);

impl ClusterTopics {
    /// The topics of the contract's Kafka channels, and with them the dead-letter topic that each of the groups has for
    /// each: `<topic>.<group>.dlq`, with the topic's partitions, kept for a week or as long as the topic. Beside it so many retry
    /// topics, `<topic>.<group>.retry.1` and on, of the same shape.
    ///
    /// # Errors
    /// When a name is one that Kafka refuses.
    pub fn of(api: &Api, groups: &[String], retries: u8) -> Result<Self, TopicNameError> {
        let mut found = Self::default();
        let mut known = HashSet::new();
        for channel in api.channels.iter().filter(|channel| channel.kafka) {
            let settings = channel.topic.clone().unwrap_or_default();
            let name = if settings.name.is_empty() { channel.address.clone() } else { settings.name };
            if channel.is_open() || name.contains('{') {
                found.open.push(name);
                continue;
            }
            if !known.insert(name.clone()) {
                continue;
            }
            let retention = settings.retention_ms.map(|ms| ("retention.ms".to_owned(), ms.to_string()));
            let topic = ClusterTopic {
                name: checked(name)?,
                partitions: settings.partitions,
                replication_factor: settings.replication_factor,
                config: retention.into_iter().chain(settings.config).collect(),
                dead_letters_of: None,
            };
            let of_groups = groups.iter().flat_map(|group| {
                let retries = (1..=retries).map(move |n| format!("retry.{n}"));
                std::iter::once("dlq".to_owned()).chain(retries).map(move |suffix| (group, suffix))
            });
            let beside = of_groups.map(|(group, suffix)| beside(&topic, settings.retention_ms, group, &suffix));
            let beside = beside.collect::<Result<Vec<_>, _>>()?;
            found.topics.push(topic);
            found.topics.extend(beside);
        }
        Ok(found)
    }
}

fn beside(
    topic: &ClusterTopic,
    retention_ms: Option<i64>,
    group: &str,
    suffix: &str,
) -> Result<ClusterTopic, TopicNameError> {
    let retention = match retention_ms {
        Some(forever @ ..0) => forever,
        other => other.unwrap_or(0).max(DEAD_LETTER_RETENTION_MS),
    };
    Ok(ClusterTopic {
        name: checked(format!("{}.{group}.{suffix}", topic.name))?,
        partitions: topic.partitions,
        replication_factor: topic.replication_factor,
        config: vec![("retention.ms".to_owned(), retention.to_string())],
        dead_letters_of: Some((topic.name.clone(), group.to_owned())),
    })
}

fn checked(name: String) -> Result<String, TopicNameError> {
    if is_topic_name(&name) { Ok(name) } else { Err(TopicNameError(name)) }
}

/// Whether Kafka takes it for the name of a topic.
pub(crate) fn is_topic_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= LONGEST_NAME
        && !matches!(name, "." | "..")
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// Who is to read the topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Manifest {
    /// `KafkaTopic` resources for Strimzi's topic operator, 0.49 or later
    Strimzi,
    /// `kafka_topic` resources for Terraform's provider Mongey/kafka
    Terraform,
    /// A shell script that calls kafka-topics.sh; creates what is missing, changes nothing
    Script,
    /// Alerting rules for Prometheus, for each group and topic; the metrics are conecta-runtime's
    Prometheus,
    /// A dashboard for Grafana, of the same metrics
    Grafana,
}

/// What is exported, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Who is to read it.
    pub manifest: Manifest,
    /// The name of the Strimzi cluster.
    pub cluster: &'a str,
    /// The groups to be watched.
    pub groups: &'a [String],
    /// How many events a group may be behind on a topic before Prometheus is to say so.
    pub max_lag: u64,
}

const GENERATOR: &str = concat!("conecta-gen ", env!("CARGO_PKG_VERSION"));
/// Grafana takes no longer identifier of a dashboard.
const LONGEST_UID: usize = 40;

#[derive(Serialize)]
struct Values<'a> {
    title: &'a str,
    version: &'a str,
    generator: &'static str,
    cluster: &'a str,
    topics: Vec<Named<'a>>,
}

#[derive(Serialize)]
struct Named<'a> {
    #[serde(flatten)]
    topic: &'a ClusterTopic,
    /// Its name where dots or capitals are not taken; no two have one.
    resource: String,
}

/// The topics as the text that a tool reads.
///
/// # Errors
/// When a template that was put in the place of a built-in one cannot be rendered.
pub fn export(
    api: &Api,
    topics: &ClusterTopics,
    target: &Target<'_>,
    templates: &Templates,
) -> Result<String, TemplateError> {
    let (template, name): (_, fn(&str) -> String) = match target.manifest {
        Manifest::Prometheus => return watch(api, topics, target, "topics.prometheus.yaml.j2", templates),
        Manifest::Grafana => return watch(api, topics, target, "topics.grafana.json.j2", templates),
        Manifest::Strimzi => ("topics.strimzi.yaml.j2", kubernetes_name),
        Manifest::Terraform => ("topics.terraform.tf.j2", terraform_name),
        Manifest::Script => ("topics.script.sh.j2", str::to_owned),
    };
    let mut taken = HashSet::new();
    let named = topics.topics.iter().map(|topic| Named { topic, resource: unique(name(&topic.name), &mut taken) });
    let values = Values {
        title: &api.title,
        version: &api.version,
        generator: GENERATOR,
        cluster: target.cluster,
        topics: named.collect(),
    };
    templates.render(template, &values)
}

#[derive(Serialize)]
struct Watched<'a> {
    title: &'a str,
    version: &'a str,
    generator: &'static str,
    /// By which Grafana knows the dashboard again.
    uid: String,
    groups: &'a [String],
    /// As the metrics' label has them: those of an address with parameters go by the address.
    topics: Vec<&'a str>,
    /// The same, as Grafana's list of choices.
    group_choices: String,
    topic_choices: String,
    max_lag: u64,
}

fn watch(
    api: &Api,
    topics: &ClusterTopics,
    target: &Target<'_>,
    template: &str,
    templates: &Templates,
) -> Result<String, TemplateError> {
    let own = topics.topics.iter().filter(|topic| topic.dead_letters_of.is_none()).map(|topic| &*topic.name);
    let names: Vec<&str> = own.chain(topics.open.iter().map(String::as_str)).collect();
    let choices = |names: &mut dyn Iterator<Item = &str>| {
        names.map(|name| name.replace('\\', "\\\\").replace(',', "\\,")).collect::<Vec<_>>().join(",")
    };
    let values = Watched {
        title: &api.title,
        version: &api.version,
        generator: GENERATOR,
        uid: dashboard_uid(&api.title),
        groups: target.groups,
        group_choices: choices(&mut target.groups.iter().map(String::as_str)),
        topic_choices: choices(&mut names.iter().copied()),
        topics: names,
        max_lag: target.max_lag,
    };
    templates.render(template, &values)
}

/// Letters, digits and dashes, which Grafana takes.
fn dashboard_uid(title: &str) -> String {
    let lower = title.to_ascii_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let uid = std::iter::once("conecta").chain(words).collect::<Vec<_>>().join("-");
    uid.chars().take(LONGEST_UID).collect()
}

/// A DNS subdomain as RFC 1123 has it, which the names of Kubernetes' resources are.
fn kubernetes_name(topic: &str) -> String {
    let lower = topic.to_ascii_lowercase().replace('_', "-");
    let parts = lower.split('.').map(|part| part.trim_matches('-')).filter(|part| !part.is_empty());
    let name = parts.collect::<Vec<_>>().join(".");
    if name.is_empty() { "topic".to_owned() } else { name }
}

/// A name of Terraform's: no dots, and no digit or dash first.
fn terraform_name(topic: &str) -> String {
    let name = topic.replace('.', "_");
    if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') { name } else { format!("topic_{name}") }
}

fn unique(name: String, taken: &mut HashSet<String>) -> String {
    let numbered = (2..).map(|n: usize| format!("{name}-{n}"));
    let free = std::iter::once(name.clone()).chain(numbered).find(|name| !taken.contains(name));
    let free = free.unwrap_or(name);
    taken.insert(free.clone());
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_resources_are_what_their_readers_take() {
        for (topic, kubernetes, terraform) in [
            ("casos.creados", "casos.creados", "casos_creados"),
            ("Casos_Creados", "casos-creados", "Casos_Creados"),
            ("-a.-.b_", "a.b", "topic_-a_-_b_"),
            ("1.x", "1.x", "topic_1_x"),
            ("_", "topic", "_"),
        ] {
            assert_eq!((kubernetes_name(topic), terraform_name(topic)), (kubernetes.to_owned(), terraform.to_owned()));
        }
    }

    #[test]
    fn two_topics_never_share_a_resource() {
        let mut taken = HashSet::new();
        let names = ["a_b", "a-b", "A-b"].map(|topic| unique(kubernetes_name(topic), &mut taken));
        assert_eq!(names, ["a-b", "a-b-2", "a-b-3"]);
    }
}
