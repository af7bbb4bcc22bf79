//! Creating the contract's topics, and comparing those that exist with it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::client::Logging;
use super::settings::{KafkaSettings, SettingsError};
use crate::topic::Topic;

/// How long a cluster may take to answer a question.
const REQUEST: Duration = Duration::from_secs(15);
/// How long it may take to create topics.
const OPERATION: Duration = Duration::from_secs(30);

/// Creates topics. Nothing that exists is changed, lowered or removed.
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
        let mut named = Vec::new();
        for topic in topics {
            if topic.has_parameters() {
                let alike =
                    cluster.topics.keys().filter(|name| topic.is(name) && !topics.iter().any(|it| it.name == **name));
                named.extend(alike.map(|name| Named { name, topic }));
            } else {
                named.push(Named { name: topic.name, topic });
            }
        }
        self.create_named(&cluster, &named).await
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
        let mut named = Vec::new();
        for name in names.iter().map(AsRef::as_ref) {
            if !address.is(name) {
                return Err(refused(name, &format_args!("it is no topic of {}", address.name)));
            }
            named.push(Named { name, topic: address });
        }
        self.create_named(&self.cluster().await?, &named).await
    }

    async fn create_named(&self, cluster: &Cluster, topics: &[Named<'_>]) -> Result<TopicsReport, AdminError> {
        let (existing, missing): (Vec<Named<'_>>, Vec<Named<'_>>) =
            topics.iter().partition(|topic| cluster.topics.contains_key(topic.name));
        for topic in &missing {
            if let Some(wanted) = self.copies(topic)
                && usize::try_from(wanted).is_ok_and(|wanted| wanted > cluster.brokers)
            {
                return Err(AdminError::ClusterTooSmall { topic: topic.name.into(), wanted, brokers: cluster.brokers });
            }
        }
        let mut report = TopicsReport {
            created: Vec::new(),
            existing: existing.iter().map(|topic| topic.name.to_owned()).collect(),
            differences: self.compare(cluster, &existing).await?,
        };
        self.create(&missing, &mut report).await?;
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

    fn copies(&self, topic: &Topic) -> Option<i32> {
        self.settings.replication_override().or(topic.replication_factor).map(i32::from)
    }

    async fn create(&self, topics: &[Named<'_>], report: &mut TopicsReport) -> Result<(), AdminError> {
        if topics.is_empty() {
            return Ok(());
        }
        #[cfg(feature = "testing")]
        if let Some(embedded) = &self.settings.embedded {
            for topic in topics {
                embedded
                    .create(topic.name, topic.partitions.unwrap_or(1))
                    .map_err(|reason| refused(topic.name, &reason))?;
                report.created.push(topic.name.into());
            }
            return Ok(());
        }
        let retentions: Vec<_> = topics.iter().map(|topic| topic.retention_ms.map(|ms| ms.to_string())).collect();
        let new: Vec<_> = topics
            .iter()
            .zip(&retentions)
            .map(|(topic, retention)| {
                let copies = self.copies(topic).unwrap_or(-1);
                let mut new =
                    NewTopic::new(topic.name, topic.partitions.unwrap_or(-1), TopicReplication::Fixed(copies));
                if let Some(retention) = retention {
                    new = new.set("retention.ms", retention);
                }
                topic.config.iter().fold(new, |new, (key, value)| new.set(key, value))
            })
            .collect();
        for result in self.client.create_topics(&new, &options()).await.map_err(unreachable)? {
            match result {
                Ok(name) => report.created.push(name),
                // Another service was faster.
                Err((name, RDKafkaErrorCode::TopicAlreadyExists)) => report.existing.push(name),
                Err((name, code)) => return Err(refused(&name, &code)),
            }
        }
        Ok(())
    }

    async fn compare(&self, cluster: &Cluster, topics: &[Named<'_>]) -> Result<Vec<Difference>, AdminError> {
        let mut differences = Vec::new();
        let mut note = |topic: &Named<'_>, what: &str, contract: String, actual: String| {
            if contract != actual {
                differences.push(Difference { topic: topic.name.into(), what: what.into(), contract, actual });
            }
        };
        for topic in topics {
            let Some((partitions, copies)) = cluster.topics.get(topic.name) else { continue };
            if let Some(wanted) = topic.partitions {
                note(topic, "partitions", wanted.to_string(), partitions.to_string());
            }
            if let Some(wanted) = self.copies(topic) {
                note(topic, "replication factor", wanted.to_string(), copies.to_string());
            }
        }
        let configured: Vec<_> =
            topics.iter().filter(|topic| topic.retention_ms.is_some() || !topic.config.is_empty()).collect();
        if configured.is_empty() || self.is_embedded() {
            return Ok(differences);
        }
        let specifiers: Vec<_> = configured.iter().map(|topic| ResourceSpecifier::Topic(topic.name)).collect();
        let described = self.client.describe_configs(&specifiers, &options()).await.map_err(unreachable)?;
        for (topic, described) in configured.iter().zip(described) {
            let described = described.map_err(|code| refused(topic.name, &code))?;
            let retention = topic.retention_ms.map(|ms| ("retention.ms", ms.to_string()));
            let config = topic.config.iter().map(|(key, value)| (*key, (*value).to_owned()));
            for (key, wanted) in retention.into_iter().chain(config) {
                let actual = described.get(key).and_then(|entry| entry.value.clone());
                let actual = actual.unwrap_or_else(|| "not set".into());
                if wanted != actual {
                    differences.push(Difference {
                        topic: topic.name.into(),
                        what: key.into(),
                        contract: wanted,
                        actual,
                    });
                }
            }
        }
        Ok(differences)
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

/// What the contract says of a topic of that name.
#[derive(Clone, Copy)]
struct Named<'a> {
    name: &'a str,
    topic: &'a Topic,
}

impl Deref for Named<'_> {
    type Target = Topic;
    fn deref(&self) -> &Topic {
        self.topic
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

/// A topic that is not as the contract says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// Which topic.
    pub topic: String,
    /// What differs: `partitions`, `replication factor`, or the name of a topic configuration.
    pub what: String,
    /// What the contract (or [`KafkaSettings::replication_factor`]) says.
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

/// Why topics could not be created or compared.
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
