//! For how long topics keep their records.

use rdkafka::admin::{ConfigResource, ResourceSpecifier};

use super::{Admin, AdminError, options, unreachable};

/// For how long a topic keeps its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Retention {
    pub(crate) topic: String,
    /// In milliseconds; negative is for ever. `None` where the cluster does not tell.
    pub(crate) ms: Option<i64>,
}

impl Admin {
    /// For how long those of the cluster's topics keep their records that are wanted. Of a topic that is only compacted that is for
    /// ever: its newest record of each key stays.
    pub(crate) async fn retentions(&self, wanted: impl Fn(&str) -> bool) -> Result<Vec<Retention>, AdminError> {
        // It answers no question about configuration.
        if self.is_embedded() {
            return Ok(Vec::new());
        }
        let topics: Vec<String> = self.cluster().await?.topics.into_keys().filter(|topic| wanted(topic)).collect();
        if topics.is_empty() {
            return Ok(Vec::new());
        }
        let specifiers: Vec<_> = topics.iter().map(|topic| ResourceSpecifier::Topic(topic)).collect();
        let described = self.client.describe_configs(&specifiers, &options()).await.map_err(unreachable)?;
        let told = described.into_iter().map(|described| described.ok().and_then(|config| kept(&config)));
        Ok(topics.into_iter().zip(told).map(|(topic, ms)| Retention { topic, ms }).collect())
    }
}

fn kept(config: &ConfigResource) -> Option<i64> {
    let value = |key| config.get(key)?.value.as_deref();
    if value("cleanup.policy")? == "compact" {
        return Some(-1);
    }
    value("retention.ms")?.parse().ok()
}
