//! Bringing a cluster's topics to what a plan says.

use rdkafka::admin::{AlterConfig, ConfigSource, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::error::RDKafkaErrorCode;

use super::plan::{Aspect, Difference, TopicSpec, TopicsPlan};
use super::{Admin, AdminError, options, refused, unreachable};

/// Topics that are created in one request.
const TOGETHER: usize = 50;

impl Admin {
    /// Creates what a plan says is missing and changes what it says is to be changed, in the plan's order. Nothing is deleted, no partition taken away, no copy moved. `done` is told the name of each topic that is as
    /// it is to be.
    ///
    /// Partitions that are added move keys: the events of a key published before and after are on two partitions, and may
    /// be handled out of order.
    ///
    /// A configuration is set by reading what was set on the topic and writing it again with the change in it, since
    /// librdkafka's client for Rust has no increments: what another sets in the milliseconds between is lost.
    ///
    /// # Errors
    /// At the first that the cluster refuses; what was done until then stays, and a new plan says what is left.
    pub async fn apply(&self, plan: &TopicsPlan, mut done: impl FnMut(&str)) -> Result<(), AdminError> {
        for topics in plan.create.chunks(TOGETHER) {
            for (topic, created) in self.create(topics).await? {
                if !created {
                    return Err(refused(&topic, &"it exists by now: plan again"));
                }
                done(&topic);
            }
        }
        for differences in plan.change.chunk_by(|a, b| a.topic == b.topic) {
            let topic = &differences[0].topic;
            let partitions = differences.iter().find(|difference| difference.what == Aspect::Partitions);
            if let Some(partitions) = partitions {
                self.add_partitions(partitions).await?;
            }
            self.configure(topic, differences).await?;
            done(topic);
        }
        Ok(())
    }

    /// Creates topics in one request; each name with whether it is new, or had been created by another.
    pub(super) async fn create(&self, topics: &[TopicSpec]) -> Result<Vec<(String, bool)>, AdminError> {
        #[cfg(feature = "testing")]
        if let Some(embedded) = &self.settings.embedded {
            let create = |topic: &TopicSpec| match embedded.create(&topic.name, topic.partitions.unwrap_or(1)) {
                Ok(()) => Ok((topic.name.clone(), true)),
                Err(reason) => Err(refused(&topic.name, &reason)),
            };
            return topics.iter().map(create).collect();
        }
        let new: Vec<_> = topics.iter().map(|topic| self.new_topic(topic)).collect();
        if new.is_empty() {
            return Ok(Vec::new());
        }
        let results = self.client.create_topics(&new, &options()).await.map_err(unreachable)?;
        let created = results.into_iter().map(|result| match result {
            Ok(name) => Ok((name, true)),
            Err((name, RDKafkaErrorCode::TopicAlreadyExists)) => Ok((name, false)),
            Err((name, code)) => Err(refused(&name, &code)),
        });
        created.collect()
    }

    fn new_topic<'t>(&self, topic: &'t TopicSpec) -> NewTopic<'t> {
        let copies = TopicReplication::Fixed(self.copies(topic).unwrap_or(-1));
        let new = NewTopic::new(&topic.name, topic.partitions.unwrap_or(-1), copies);
        topic.config.iter().fold(new, |new, (key, value)| new.set(key, value))
    }

    async fn add_partitions(&self, difference: &Difference) -> Result<(), AdminError> {
        let wanted = difference.contract.parse().map_err(|error| refused(&difference.topic, &error))?;
        let new = NewPartitions::new(&difference.topic, wanted);
        for result in self.client.create_partitions([&new], &options()).await.map_err(unreachable)? {
            result.map_err(|(name, code)| refused(&name, &code))?;
        }
        Ok(())
    }

    async fn configure(&self, topic: &str, differences: &[Difference]) -> Result<(), AdminError> {
        let wanted: Vec<_> = differences
            .iter()
            .filter_map(|difference| match &difference.what {
                Aspect::Config(key) => Some((key.as_str(), difference.contract.as_str())),
                _ => None,
            })
            .collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let resource = ResourceSpecifier::Topic(topic);
        let described = self.client.describe_configs([&resource], &options()).await.map_err(unreachable)?;
        let described = described.into_iter().collect::<Result<Vec<_>, _>>().map_err(|code| refused(topic, &code))?;
        // What is not written again falls back to the broker's default.
        let set = described.iter().flat_map(|described| &described.entries);
        let set = set.filter(|entry| entry.source == ConfigSource::DynamicTopic);
        let kept = set.filter_map(|entry| Some((entry.name.as_str(), entry.value.as_deref()?)));
        let alter = kept.chain(wanted).fold(AlterConfig::new(resource), |alter, (key, value)| alter.set(key, value));
        for result in self.client.alter_configs([&alter], &options()).await.map_err(unreachable)? {
            result.map_err(|(_, code)| refused(topic, &code))?;
        }
        Ok(())
    }
}
