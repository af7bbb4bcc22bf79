//! Which cluster a command talks to.

use conecta_runtime::kafka::KafkaSettings;

use super::{Exit, output};

/// Where the cluster is.
#[derive(Debug, clap::Args)]
pub(super) struct Brokers {
    /// The brokers, `host:port`, several separated by commas [default: BROKERS]
    #[arg(long, value_name = "HOST:PORT")]
    brokers: Option<String>,
}

impl Brokers {
    /// The settings that services read, of which these brokers take the place of theirs.
    pub(super) fn settings(&self) -> Result<KafkaSettings, Exit> {
        let own = self.brokers.iter().map(|brokers| ("BROKERS".to_owned(), brokers.clone()));
        // The last one of a name counts.
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .chain(own);
        KafkaSettings::from_vars(variables).map_err(|error| output::trouble(&error.to_string()))
    }
}
