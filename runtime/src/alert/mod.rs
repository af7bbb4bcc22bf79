//! Telling people what they must see to: in the log, as a metric, and by a webhook.
//!
//! Every consumer watches its own counters, whatever is scraped of them. [`Alerts`] says what of and whom to tell:
//!
//! ```
//! # use std::time::Duration;
//! # use conecta_runtime::{Registration, alert::Alerts, consumer::Consumer, kafka::KafkaSettings};
//! # fn service(settings: &KafkaSettings, handler: Registration) -> Consumer {
//! let alerts = Alerts::new().max_lag(10_000).stalled_after(Duration::from_secs(120));
//! Consumer::new(settings, "derivacion").on(handler).alerts(alerts)
//! # }
//! ```
//!
//! What each alert means, and what to do, is in docs/operations.md.
//!
//! An alert that stands (a breaker that is open) is told when it begins and when it is over; what happens (dead letters) is told
//! with how often it did. Of each, by topic, one is told in an [interval](Alerts::interval), and 20 of all in that time: the next one
//! says how many were kept back. None quotes an event, its key or what a handler said.

mod run;
mod watch;
#[cfg(feature = "webhook")]
mod webhook;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub(crate) use self::run::Watching;
#[cfg(feature = "webhook")]
pub use self::webhook::{Webhook, WebhookError};

/// What to watch, and whom to tell besides the log and the recorder of the crate `metrics`.
#[derive(Clone)]
#[must_use = "alerts are a consumer's: `Consumer::alerts`"]
pub struct Alerts {
    pub(crate) interval: Duration,
    pub(crate) stalled_after: Duration,
    pub(crate) max_lag: Option<u64>,
    sinks: Vec<Sink>,
    #[cfg(feature = "webhook")]
    webhook: Option<Webhook>,
}

/// One who is told.
type Sink = Arc<dyn Fn(&Alert) + Send + Sync>;

impl Default for Alerts {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(60),
            stalled_after: Duration::from_secs(300),
            max_lag: None,
            sinks: Vec::new(),
            #[cfg(feature = "webhook")]
            webhook: None,
        }
    }
}

impl Alerts {
    /// What a consumer has that is told nothing of alerts: in the log and as a metric, each at most once a minute; of a stall after
    /// five minutes, of a lag never.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long one alert of a kind and topic keeps the next one back; a minute unless set.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// After how long without an event brought to an end, while there are some and no breaker is open, a consumer counts as
    /// stalled; five minutes unless set. Set it above the time that the longest handler may take.
    pub fn stalled_after(mut self, limit: Duration) -> Self {
        self.stalled_after = limit;
        self
    }

    /// How many records of a topic this member may be behind; as many as it likes unless set.
    pub fn max_lag(mut self, records: u64) -> Self {
        self.max_lag = Some(records);
        self
    }

    /// Tells somebody else, too. What is called must not block: it is called on the tokio runtime.
    pub fn tell(mut self, sink: impl Fn(&Alert) + Send + Sync + 'static) -> Self {
        self.sinks.push(Arc::new(sink));
        self
    }

    /// Posts each alert there.
    #[cfg(feature = "webhook")]
    pub fn webhook(mut self, webhook: Webhook) -> Self {
        self.webhook = Some(webhook);
        self
    }
}

impl fmt::Debug for Alerts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Alerts");
        shown.field("interval", &self.interval).field("stalled_after", &self.stalled_after);
        shown.field("max_lag", &self.max_lag).field("sinks", &self.sinks.len());
        #[cfg(feature = "webhook")]
        shown.field("webhook", &self.webhook);
        shown.finish()
    }
}

/// Something that somebody must see to, or that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alert {
    /// What.
    pub kind: AlertKind,
    /// Whether it is over.
    pub state: AlertState,
    /// The consumer's group.
    pub group: Arc<str>,
    /// Of which topic, where it is of one.
    pub topic: Option<Arc<str>>,
    /// How much: events given up since the last alert, records behind, seconds of a stall, failures of an inbox.
    pub count: u64,
    /// How many alerts of this kind and topic were kept back since the last one.
    pub suppressed: u64,
    /// When it was noticed.
    pub at: SystemTime,
}

/// What there are alerts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum AlertKind {
    /// Events were given up and are in the dead-letter topic.
    DeadLetters,
    /// A dead letter cannot be written: its partition waits.
    DeadLetterFailing,
    /// Consumption of a topic waits for a dependency that is down.
    BreakerOpen,
    /// There is something to do, and nothing is brought to an end.
    Stalled,
    /// The consumer is too far behind.
    Lag,
    /// The inbox failed ten times or more in five minutes.
    InboxFailing,
}

/// Whether what an alert tells of goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AlertState {
    /// It has happened, or has begun.
    Firing,
    /// It is over.
    Resolved,
}

impl AlertKind {
    /// Its name: a label of the metric, and in what a webhook gets. Never changes its meaning.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DeadLetters => "dead-letters",
            Self::DeadLetterFailing => "dead-letter-failing",
            Self::BreakerOpen => "breaker-open",
            Self::Stalled => "stalled",
            Self::Lag => "lag",
            Self::InboxFailing => "inbox-failing",
        }
    }
}

impl AlertState {
    /// `firing` or `resolved`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

/// In a sentence, for people.
impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, state, group, topic, count, suppressed, .. } = self;
        write!(f, "{group}")?;
        if let Some(topic) = topic {
            write!(f, ", {topic}")?;
        }
        match (kind, state) {
            (AlertKind::DeadLetters, _) => {
                write!(f, ": {count} events were given up, they are in the dead-letter topic")
            }
            (AlertKind::DeadLetterFailing, _) => {
                write!(f, ": a dead letter could not be written, {count} times: its partition waits")
            }
            (AlertKind::BreakerOpen, AlertState::Firing) => {
                f.write_str(": consumption waits for something that is down")
            }
            (AlertKind::BreakerOpen, AlertState::Resolved) => {
                f.write_str(": consumption goes on, what was down answers")
            }
            (AlertKind::Stalled, AlertState::Firing) => {
                write!(f, ": there is something to do, and nothing was brought to an end for {count} s")
            }
            (AlertKind::Stalled, AlertState::Resolved) => f.write_str(": events are brought to an end again"),
            (AlertKind::Lag, AlertState::Firing) => write!(f, ": {count} records behind"),
            (AlertKind::Lag, AlertState::Resolved) => write!(f, ": not so far behind any more, {count} records"),
            (AlertKind::InboxFailing, AlertState::Firing) => {
                write!(f, ": the inbox failed {count} times in five minutes")
            }
            (AlertKind::InboxFailing, AlertState::Resolved) => {
                f.write_str(": the inbox has not failed for five minutes")
            }
        }?;
        if *suppressed > 0 {
            write!(f, " ({suppressed} alerts of this were kept back)")?;
        }
        Ok(())
    }
}
