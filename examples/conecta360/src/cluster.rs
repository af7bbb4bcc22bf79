//! Where the events go: a broker inside the process, or a real cluster.

use std::env;
use std::error::Error;

use conecta_runtime::kafka::{Admin, AdminError, BROKERS_VARIABLE, KafkaSettings};
use conecta_runtime::testing::EmbeddedKafka;
use conecta360_events::topics;

/// A cluster that has the contract's topics.
pub(crate) struct Cluster {
    settings: KafkaSettings,
    /// Stops when dropped.
    embedded: Option<EmbeddedKafka>,
}

impl Cluster {
    /// The cluster that the environment names; one inside the process where it names none.
    pub(crate) async fn from_env() -> Result<Self, Box<dyn Error>> {
        if env::var(BROKERS_VARIABLE).is_ok_and(|brokers| !brokers.is_empty()) {
            return Ok(Self { settings: create_topics(KafkaSettings::from_env()?).await?, embedded: None });
        }
        let embedded = EmbeddedKafka::start(topics())?;
        Ok(Self { settings: embedded.settings()?, embedded: Some(embedded) })
    }

    pub(crate) fn settings(&self) -> &KafkaSettings {
        &self.settings
    }

    pub(crate) fn description(&self) -> String {
        match self.embedded {
            Some(_) => format!("embedded in this process (for a real one: {BROKERS_VARIABLE}=host:port)"),
            None => self.settings.bootstrap_servers().to_owned(),
        }
    }

    /// A consumer group of this run's own, so that the demo can be run again on the same cluster.
    pub(crate) fn group(&self) -> String {
        format!("demo-{}", conecta_runtime::new_event_id())
    }
}

/// Creates the topics that are missing. The contract asks for three copies; a cluster that is smaller gets as many as it
/// can hold, and the reader is told.
async fn create_topics(settings: KafkaSettings) -> Result<KafkaSettings, Box<dyn Error>> {
    let created = Admin::new(&settings)?.create_topics(topics()).await;
    let (settings, report) = match created {
        Err(AdminError::ClusterTooSmall { wanted, brokers, .. }) => {
            println!("The cluster has {brokers} broker(s): topics get as many copies, not the contract's {wanted}");
            let settings = settings.replication_factor(i16::try_from(brokers)?);
            let report = Admin::new(&settings)?.create_topics(topics()).await?;
            (settings, report)
        }
        created => (settings, created?),
    };
    for difference in report.differences {
        println!("Note: {difference}");
    }
    Ok(settings)
}
