//! Creating the contract's topics, and comparing those that exist with it.

mod apply;
mod plan;
mod retention;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::client::Logging;
use super::settings::{KafkaSettings, SettingsError};
use crate::topic::Topic;
pub use plan::{Aspect, Difference, TopicSpec, TopicsPlan};
pub(crate) use retention::Retention;

/// How long a cluster may take to answer a question.
const REQUEST: Duration = Duration::from_secs(15);
/// How long it may take to create topics.
const OPERATION: Duration = Duration::from_secs(30);

/// Creates topics, and tells where those that exist are not as they are to be. Only [`apply`](Self::apply) changes one
/// that exists; nothing lowers or removes it.
pub struct Admin {
    client: Arc<AdminClient<Logging>>,
    settings: KafkaSettings,
}

impl Admin {
    /// An administrator of that cluster; connects when it is first asked for something.
    ///
    /// # Errors
    /// When the settings cannot be used.
    pub fn new(settings: &KafkaSettings) -> Result<Self, SettingsError> {
        let client = settings.admin_config()?.create_with_context(Logging).map_err(SettingsError::from_client)?;
        Ok(Self { client: Arc::new(client), settings: settings.clone() })
    }

    /// Creates those of the topics that are missing and compares the others with what the contract says of them.
    ///
    /// What the contract leaves open (partitions, copies) is the broker's default. Copies are as the contract says, or
    /// as [`KafkaSettings::replication_factor`] says where that is set; when the cluster has too few brokers for them
    /// nothing is created.
    ///
    /// Of an address with parameters those topics are compared that there are; none is created, since nobody knows which:
    /// [`create_topics_of`](Self::create_topics_of) does that.
    ///
    /// # Errors
    /// When the cluster does not answer, is too small, or refuses a topic.
    pub async fn create_topics(&self, topics: &[Topic]) -> Result<TopicsReport, AdminError> {
        let cluster = self.cluster().await?;
        let mut specs = Vec::new();
        for topic in topics {
            if topic.has_parameters() {
                let alike =
                    cluster.topics.keys().filter(|name| topic.is(name) && !topics.iter().any(|it| it.name == **name));
                specs.extend(alike.map(|name| TopicSpec::of(name, topic)));
            } else {
                specs.push(TopicSpec::of(topic.name, topic));
            }
        }
        self.create_missing(&cluster, &specs).await
    }

    /// The same for topics of an address with parameters, of which the contract says what they are like and their names are given.
    ///
    /// # Errors
    /// As [`create_topics`](Self::create_topics); or when a name is none of the address.
    pub async fn create_topics_of<N: AsRef<str>>(
        &self,
        address: &Topic,
        names: &[N],
    ) -> Result<TopicsReport, AdminError> {
        let mut specs = Vec::new();
        for name in names.iter().map(AsRef::as_ref) {
            if !address.is(name) {
                return Err(refused(name, &format_args!("it is no topic of {}", address.name)));
            }
            specs.push(TopicSpec::of(name, address));
        }
        self.create_missing(&self.cluster().await?, &specs).await
    }

    async fn create_missing(&self, cluster: &Cluster, specs: &[TopicSpec]) -> Result<TopicsReport, AdminError> {
        let plan = self.plan_with(cluster, specs).await?;
        let existing = specs.iter().filter(|topic| cluster.topics.contains_key(&topic.name));
        let mut report = TopicsReport {
            created: Vec::new(),
            existing: existing.map(|topic| topic.name.clone()).collect(),
            differences: plan.change.into_iter().chain(plan.keep).collect(),
        };
        for (topic, created) in self.create(&plan.create).await? {
            // Another service may have been faster.
            if created { report.created.push(topic) } else { report.existing.push(topic) }
        }
        Ok(report)
    }

    /// Creates one topic that the contract does not list, such as a dead-letter topic. `Ok` when it exists already.
    pub(crate) async fn create_one(
        &self,
        name: &str,
        partitions: i32,
        copies: i32,
        config: &[(&str, &str)],
    ) -> Result<(), AdminError> {
        #[cfg(feature = "testing")]
        if let Some(embedded) = &self.settings.embedded {
            return embedded.create(name, partitions).map_err(|reason| refused(name, &reason));
        }
        let copies = self.settings.replication_override().map_or(copies, i32::from);
        let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(copies));
        let topic = config.iter().fold(topic, |topic, (key, value)| topic.set(key, value));
        for result in self.client.create_topics([&topic], &options()).await.map_err(unreachable)? {
            match result {
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((name, code)) => return Err(refused(&name, &code)),
            }
        }
        Ok(())
    }

    /// The partitions and the copies of a topic; `None` where it does not exist.
    pub(crate) async fn shape(&self, topic: &str) -> Result<Option<(i32, i32)>, AdminError> {
        Ok(self.cluster().await?.topics.get(topic).copied())
    }

    fn copies(&self, topic: &TopicSpec) -> Option<i32> {
        self.settings.replication_override().or(topic.replication_factor).map(i32::from)
    }

    /// The embedded broker answers no question about configuration.
    fn is_embedded(&self) -> bool {
        #[cfg(feature = "testing")]
        return self.settings.embedded.is_some();
        #[cfg(not(feature = "testing"))]
        false
    }

    async fn cluster(&self) -> Result<Cluster, AdminError> {
        let client = Arc::clone(&self.client);
        let asked = tokio::task::spawn_blocking(move || client.inner().fetch_metadata(None, REQUEST)).await;
        let metadata =
            asked.map_err(|error| AdminError::Unreachable { reason: error.to_string() })?.map_err(unreachable)?;
        let topics = metadata.topics().iter().filter(|topic| topic.error().is_none() && !topic.partitions().is_empty());
        Ok(Cluster {
            brokers: metadata.brokers().len(),
            topics: topics
                .map(|topic| {
                    let copies = topic.partitions().iter().map(|partition| partition.replicas().len()).min();
                    (topic.name().to_owned(), (count(topic.partitions().len()), count(copies.unwrap_or(0))))
                })
                .collect(),
        })
    }
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin").field("settings", &self.settings).finish_non_exhaustive()
    }
}

struct Cluster {
    brokers: usize,
    /// Partitions and copies of each topic.
    topics: BTreeMap<String, (i32, i32)>,
}

/// What [`Admin::create_topics`] did and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopicsReport {
    /// Topics that were missing and are there now.
    pub created: Vec<String>,
    /// Topics that were there.
    pub existing: Vec<String>,
    /// Where those differ from the contract. They are left as they are.
    pub differences: Vec<Difference>,
}

/// Why topics could not be created, compared or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// No broker answers.
    #[error("the cluster does not answer: {reason}")]
    Unreachable {
        /// What librdkafka says.
        reason: String,
    },
    /// The contract asks for more copies than there are brokers.
    #[error(
        "{topic} is to have {wanted} copies, the cluster has {brokers} broker(s): nothing was created; to create topics \
         with fewer copies say so with `KafkaSettings::replication_factor`"
    )]
    ClusterTooSmall {
        /// The first such topic.
        topic: String,
        /// Copies asked for.
        wanted: i32,
        /// Brokers there are.
        brokers: usize,
    },
    /// The cluster refuses a topic.
    #[error("the cluster refuses {topic}: {reason}")]
    Refused {
        /// Which.
        topic: String,
        /// What it says.
        reason: String,
    },
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(OPERATION)).operation_timeout(Some(OPERATION))
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unreachable(error: KafkaError) -> AdminError {
    AdminError::Unreachable { reason: error.to_string() }
}

fn refused(topic: &str, reason: &dyn fmt::Display) -> AdminError {
    AdminError::Refused { topic: topic.into(), reason: reason.to_string() }
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
