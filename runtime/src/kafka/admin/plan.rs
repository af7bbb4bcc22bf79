//! What lies between topics as they are to be and a cluster as it is.

use std::fmt;

use super::{Admin, AdminError, Cluster, options, refused, unreachable};
use crate::topic::Topic;
use rdkafka::admin::ResourceSpecifier;

/// A topic as a cluster is to have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSpec {
    /// Its name.
    pub name: String,
    /// Its partitions; the broker's default where it is open.
    pub partitions: Option<i32>,
    /// Copies of each partition; the broker's default where it is open.
    pub replication_factor: Option<i16>,
    /// Its configuration, `retention.ms` among it, as Kafka spells it.
    pub config: Vec<(String, String)>,
}

impl TopicSpec {
    /// What the contract says of a topic of that name.
    pub(super) fn of(name: &str, topic: &Topic) -> Self {
        let retention = topic.retention_ms.map(|ms| ("retention.ms".to_owned(), ms.to_string()));
        let config = topic.config.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Self {
            name: name.to_owned(),
            partitions: topic.partitions,
            replication_factor: topic.replication_factor,
            config: retention.into_iter().chain(config).collect(),
        }
    }
}

/// What [`Admin::plan`] found: what [`Admin::apply`] would do, and what it would leave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopicsPlan {
    /// Topics that are missing.
    pub create: Vec<TopicSpec>,
    /// Where topics that exist have fewer partitions or another configuration than they are to have.
    pub change: Vec<Difference>,
    /// Where they differ in what is never changed: more partitions, since Kafka takes none away; another number of
    /// copies, since to move them is a task of its own.
    pub keep: Vec<Difference>,
}

impl TopicsPlan {
    /// Whether the cluster is as it is to be.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.create.is_empty() && self.change.is_empty() && self.keep.is_empty()
    }
}

/// In what a topic differs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Aspect {
    /// The number of its partitions.
    Partitions,
    /// The number of copies.
    ReplicationFactor,
    /// A topic configuration of this name.
    Config(String),
}

impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Partitions => f.write_str("partitions"),
            Self::ReplicationFactor => f.write_str("replication factor"),
            Self::Config(key) => f.write_str(key),
        }
    }
}

/// A topic that is not as the contract says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// Which topic.
    pub topic: String,
    /// In what it differs.
    pub what: Aspect,
    /// What the contract (or [`KafkaSettings::replication_factor`](super::KafkaSettings::replication_factor)) says.
    pub contract: String,
    /// What the cluster has.
    pub actual: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { topic, what, contract, actual } = self;
        write!(f, "{topic}: {what} is {actual}, the contract says {contract}")
    }
}

impl Admin {
    /// Compares a cluster with topics as they are to be. Changes nothing.
    ///
    /// # Errors
    /// When the cluster does not answer, or has fewer brokers than copies are asked for.
    pub async fn plan(&self, topics: &[TopicSpec]) -> Result<TopicsPlan, AdminError> {
        self.plan_with(&self.cluster().await?, topics).await
    }

    pub(super) async fn plan_with(&self, cluster: &Cluster, topics: &[TopicSpec]) -> Result<TopicsPlan, AdminError> {
        let mut plan = TopicsPlan::default();
        let mut configured = Vec::new();
        for topic in topics {
            let copies = self.copies(topic);
            let Some(&(partitions, actual_copies)) = cluster.topics.get(&topic.name) else {
                if let Some(wanted) = copies
                    && usize::try_from(wanted).is_ok_and(|wanted| wanted > cluster.brokers)
                {
                    let topic = topic.name.clone();
                    return Err(AdminError::ClusterTooSmall { topic, wanted, brokers: cluster.brokers });
                }
                plan.create.push(topic.clone());
                continue;
            };
            if let Some(wanted) = topic.partitions.filter(|wanted| *wanted != partitions) {
                let found = difference(topic, Aspect::Partitions, &wanted, &partitions);
                if wanted > partitions { plan.change.push(found) } else { plan.keep.push(found) }
            }
            if let Some(wanted) = copies.filter(|wanted| *wanted != actual_copies) {
                plan.keep.push(difference(topic, Aspect::ReplicationFactor, &wanted, &actual_copies));
            }
            if !topic.config.is_empty() {
                configured.push(topic);
            }
        }
        self.compare_config(&configured, &mut plan).await?;
        Ok(plan)
    }

    async fn compare_config(&self, topics: &[&TopicSpec], plan: &mut TopicsPlan) -> Result<(), AdminError> {
        if topics.is_empty() || self.is_embedded() {
            return Ok(());
        }
        let specifiers: Vec<_> = topics.iter().map(|topic| ResourceSpecifier::Topic(&topic.name)).collect();
        let described = self.client.describe_configs(&specifiers, &options()).await.map_err(unreachable)?;
        for (topic, described) in topics.iter().zip(described) {
            let described = described.map_err(|code| refused(&topic.name, &code))?;
            for (key, wanted) in &topic.config {
                let actual = described.get(key).and_then(|entry| entry.value.as_deref()).unwrap_or("not set");
                if wanted != actual {
                    plan.change.push(difference(topic, Aspect::Config(key.clone()), wanted, &actual));
                }
            }
        }
        Ok(())
    }
}

fn difference(topic: &TopicSpec, what: Aspect, contract: &dyn fmt::Display, actual: &dyn fmt::Display) -> Difference {
    Difference { topic: topic.name.clone(), what, contract: contract.to_string(), actual: actual.to_string() }
}
