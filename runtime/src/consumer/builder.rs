//! Putting a consumer together, and running it.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::dead_letter;
use super::engine::{self, Backoff, Gather};
use super::lane::Lanes;
use super::pool::Pool;
use super::position::Position;
use super::without_id::WithoutId;
use crate::alert::{Alerts, Watching};
use crate::inbox::{Inbox, NoInbox};
use crate::kafka::{Admin, KafkaSettings, Retention, SettingsError, shell};
use crate::registration::Registration;
#[cfg(feature = "metrics")]
use crate::telemetry::Reporter;
use crate::telemetry::{Counted, Metrics, MetricsSnapshot, set};

/// How many events of one key are handed out at a time. More would cost less, but keep other keys waiting for their turn: what
/// is handled would run ahead of what can be committed.
const RUN: u32 = 8;

/// How long the group may take to let a consumer go. What it has done is committed by then.
const CLOSE: Duration = Duration::from_secs(10);

/// A member of a consumer group.
///
/// ```no_run
/// # use conecta_runtime::{Registration, consumer::{Consumer, shutdown_signal}, inbox::MemoryInbox, kafka::KafkaSettings};
/// # async fn service(handler: Registration) -> Result<(), Box<dyn std::error::Error>> {
/// let settings = KafkaSettings::from_env()?;
/// let report = Consumer::new(&settings, "derivacion")
///     .on(handler) // casos_creados::consume(derivacion)
///     .inbox(MemoryInbox::default())
///     .run(shutdown_signal())
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// What it promises:
/// - Events of one key are handled one at a time and in order; those of different keys in parallel.
/// - An offset is committed when every event before it on its partition is handled or safe in the dead-letter topic.
/// - A failure is what the handler says it is (see [`HandlerError`](crate::HandlerError)): poison goes to the dead-letter
///   topic at once, a transient one is tried again [so often](Self::retries) and then goes there, and while a dependency is
///   down nothing is committed or dead-lettered. A panic is a transient failure. What cannot be decoded is poison.
/// - A handler of [batches](crate::Batch) gets events as they come together; a member that fails goes its way alone.
/// - A handler that takes long keeps nothing waiting but its key, until [its deadline](Self::handler_deadline).
/// - Events under way are bounded, and memory with them.
///
/// `C` is what handlers are lent by the inbox.
#[derive(Debug)]
#[must_use = "a consumer does nothing until it is run"]
pub struct Consumer<C = (), I = NoInbox> {
    settings: KafkaSettings,
    group: String,
    registrations: Vec<Registration<C>>,
    inbox: I,
    engine: engine::Settings,
    concurrency: usize,
    without_id: WithoutId,
    create_dead_letter_topics: bool,
    deadline: Option<Duration>,
    window: shell::Window,
    alerts: Alerts,
    metrics: Metrics,
}

impl<C: Send + 'static> Consumer<C, NoInbox> {
    /// A consumer of that group, without handlers yet.
    pub fn new(settings: &KafkaSettings, group: impl Into<String>) -> Self {
        Self {
            settings: settings.clone(),
            group: group.into(),
            registrations: Vec::new(),
            inbox: NoInbox,
            engine: engine::Settings::default(),
            concurrency: 64,
            without_id: WithoutId::default(),
            create_dead_letter_topics: true,
            deadline: None,
            window: shell::Window::default(),
            alerts: Alerts::default(),
            metrics: Metrics::default(),
        }
    }

    /// Skips events that were handled before, as far as the inbox knows.
    pub fn inbox<I: Inbox<Context = C>>(self, inbox: I) -> Consumer<C, I> {
        let Self {
            settings,
            group,
            registrations,
            inbox: NoInbox,
            engine,
            concurrency,
            without_id,
            create_dead_letter_topics,
            deadline,
            window,
            alerts,
            metrics,
        } = self;
        Consumer {
            settings,
            group,
            registrations,
            inbox,
            engine,
            concurrency,
            without_id,
            create_dead_letter_topics,
            deadline,
            window,
            alerts,
            metrics,
        }
    }
}

impl<C: Send + 'static, I> Consumer<C, I> {
    /// Adds a handler: what a generated `consume` function returns. One a topic.
    ///
    /// One for an address with parameters takes every topic of it that there is, and those that come to be: they are found
    /// within ten seconds, unless `topic.metadata.refresh.interval.ms` says otherwise. A topic whose name has a handler of
    /// its own is left to that one.
    pub fn on(mut self, registration: Registration<C>) -> Self {
        self.registrations.push(registration);
        let of = |registration: &Registration<C>| (registration.topic().name, registration.address().is_some());
        self.metrics = Metrics::new(&self.group, self.registrations.iter().map(of));
        self
    }

    /// How many handlers may be at work at a time; 64 unless set. Each is of another key, or of a batch of other keys.
    pub fn concurrency(mut self, handlers: usize) -> Self {
        self.concurrency = handlers.max(1);
        self
    }

    /// How many events may be under way, those included that are done but wait for an earlier one to be committed; 16,384
    /// unless set. Half as many more may be read ahead.
    pub fn max_in_flight(mut self, events: u32) -> Self {
        self.engine.max_in_flight = events.max(1);
        self
    }

    /// How many bytes of records may be under way; 64 MiB unless set. Half as many more may be read ahead, and half as
    /// many again in one turn; what librdkafka holds besides, `queued.max.messages.kbytes` bounds.
    pub fn max_in_flight_bytes(mut self, bytes: u64) -> Self {
        self.engine.max_in_flight_bytes = bytes.max(1);
        self
    }

    /// How often a transient failure is tried again before the event goes to the dead letter; 4 unless set.
    pub fn retries(mut self, retries: u32) -> Self {
        self.engine.retries = retries;
        self
    }

    /// How long to wait before a retry: evenly between nothing and `base`, `base × factor`, `base × factor²` …, and never
    /// more than `cap`. 200 ms, 2 and 30 s unless set.
    pub fn backoff(mut self, base: Duration, factor: u32, cap: Duration) -> Self {
        self.engine.retry = Backoff { base: millis(base), factor, cap: millis(cap) };
        self
    }

    /// How often finished work is committed; every second unless set.
    pub fn commit_interval(mut self, interval: Duration) -> Self {
        self.engine.commit_interval = millis(interval).max(1);
        self
    }

    /// How long handlers may take to finish when their partition is asked back or the consumer is shut down; 10 s unless
    /// set. What is not done then comes again.
    pub fn drain_timeout(mut self, limit: Duration) -> Self {
        self.engine.drain_timeout = millis(limit);
        self
    }

    /// How long a handler may take for one try; as long as it likes unless set. After that its future is dropped, at the
    /// `await` it stands at, which counts as a transient failure. A transaction that it was lent is rolled back; what it
    /// has spawned, or does without ever awaiting, cannot be stopped.
    pub fn handler_deadline(mut self, limit: Duration) -> Self {
        self.deadline = Some(limit);
        self
    }

    /// Where the group begins on a partition that it has committed nothing on; before the oldest record unless set.
    ///
    /// The place is found when the partition is first given to a member, and committed at once: a restart does not find another
    /// one. On what the group has committed before this has no influence; [`rewind`](crate::kafka::rewind) has. What is brought
    /// back of its dead letters is always read from the beginning.
    pub fn begin(mut self, position: Position) -> Self {
        self.window.begin = position;
        self
    }

    /// Reads no further than that: once everything before is handled, or safe in the dead-letter topic, and committed,
    /// [`run`](Self::run) resolves. Without it the consumer goes on until it is shut down.
    ///
    /// The place is found when a partition is given to this member. Of several members each ends when it is through with its
    /// own; what the group does next it goes on with from there. An end that no record stands before, such as a transaction's
    /// marker, is noticed within a second.
    pub fn end(mut self, position: Position) -> Self {
        self.window.end = Some(position);
        self
    }

    /// What stands for the identifier of an event that has none, when the inbox asks for it.
    pub fn without_id(mut self, without_id: WithoutId) -> Self {
        self.without_id = without_id;
        self
    }

    /// Whether missing dead-letter topics are created, with as many partitions and copies as the topic has; they are unless
    /// this says `false`. An event whose dead letter cannot be written holds its partition.
    pub fn create_dead_letter_topics(mut self, create: bool) -> Self {
        self.create_dead_letter_topics = create;
        self
    }

    /// What people are told of; the log and the recorder of the crate `metrics` as [`Alerts::new`] has it, unless set.
    pub fn alerts(mut self, alerts: Alerts) -> Self {
        self.alerts = alerts;
        self
    }

    /// The counters of this consumer, to be read while it runs. Take them when the handlers are added.
    pub fn metrics(&self) -> Metrics {
        self.metrics.clone()
    }
}

impl<I: Inbox> Consumer<I::Context, I> {
    /// Consumes until `shutdown` resolves, or the [end](Self::end) is reached, then finishes what is under way, commits, and leaves the group.
    ///
    /// Runs on the tokio runtime it is awaited on; librdkafka is polled on a thread of its own. When the returned future is
    /// dropped the consumer shuts down by itself.
    ///
    /// # Errors
    /// When it cannot be started, or when librdkafka says that it cannot go on.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) -> Result<Report, ConsumerError> {
        self.check()?;
        let mut shutdown = pin!(shutdown);
        tokio::select! {
            remembers = self.check_retentions() => remembers?,
            () = &mut shutdown => return Ok(Report { metrics: self.metrics.snapshot(), left_group: true }),
        }
        let Self {
            settings,
            group,
            registrations,
            inbox,
            mut engine,
            concurrency,
            without_id,
            deadline,
            window,
            alerts,
            metrics,
            ..
        } = self;
        // One lane: the pool shares the work out.
        engine.lanes = 1;
        engine.run_length = RUN;
        engine.gather = registrations
            .iter()
            .map(|registration| registration.gathers())
            .map(|it| it.map(|it| Gather::new(it.events, millis(it.linger), it.by_key)))
            .collect();
        engine.ordered = registrations.iter().map(Registration::is_ordered).collect();
        let longest = engine.gather.iter().flatten().map(|gather| gather.events).fold(RUN, u32::max);
        engine.lane_capacity = lane_capacity(concurrency, longest);

        let handlers = registrations
            .iter()
            .map(|registration| shell::Handles {
                topic: registration.topic().name,
                route: registration.route(),
                name: registration.handler(),
                ordered: registration.is_ordered(),
                delays: registration.delays().into(),
            })
            .collect();
        let pool = Pool::new();
        let plan = shell::Plan {
            settings,
            group: group.clone(),
            engine,
            handlers,
            create_dead_letter_topics: self.create_dead_letter_topics,
            window,
        };
        let mut running = shell::start(plan, Arc::clone(&pool), metrics.clone())?;
        let stop = StopOnDrop(Arc::clone(&pool));
        #[cfg(feature = "metrics")]
        let _reporter = Reporter::start(metrics.clone());
        let watching = Watching::start(alerts, metrics.clone());
        set(&metrics.counters().lanes, concurrency as u64);
        let inbox = Counted::new(inbox, metrics.clone());

        let lanes =
            Arc::new(Lanes { pool: Arc::clone(&pool), inbox, group, registrations, without_id, metrics, deadline });
        let mut tasks = JoinSet::new();
        for _ in 0..concurrency {
            tasks.spawn(Arc::clone(&lanes).run());
        }

        let mut ended = None;
        tokio::select! {
            () = shutdown => pool.stop(),
            drained = &mut running.drained => ended = Some(drained),
        }
        let drained = match ended {
            Some(drained) => drained,
            None => (&mut running.drained).await,
        };
        pool.close();
        let left_group = tokio::time::timeout(CLOSE, running.closed).await.is_ok();
        if !left_group {
            tracing::warn!("the group has not let the consumer go after {CLOSE:?}; it will miss its heartbeats");
        }
        // Handlers that did not make it in time were reported as abandoned.
        tasks.shutdown().await;
        drop(stop);
        watching.finish().await;
        match drained {
            Ok(Ok(())) => Ok(Report { metrics: lanes.metrics.snapshot(), left_group }),
            Ok(Err(reason)) => Err(ConsumerError::Fatal { reason }),
            Err(_) => Err(ConsumerError::Fatal { reason: "its thread ended".into() }),
        }
    }

    fn check(&self) -> Result<(), ConsumerError> {
        if self.registrations.is_empty() {
            return Err(ConsumerError::NoHandlers);
        }
        for (index, registration) in self.registrations.iter().enumerate() {
            let topic = registration.topic().name;
            if let Some(other) = self.registrations[..index].iter().find(|other| other.topic().name == topic) {
                return Err(ConsumerError::TwoHandlers {
                    topic,
                    first: other.handler(),
                    second: registration.handler(),
                });
            }
            if registration.is_ordered() && !registration.delays().is_empty() {
                return Err(ConsumerError::OrderLost { topic });
            }
            if let Some(address) = registration.address() {
                let overlaps = |other: &&Registration<_>| other.address().is_some_and(|other| address.overlaps(other));
                if let Some(other) = self.registrations[..index].iter().find(overlaps) {
                    return Err(ConsumerError::AddressesOverlap {
                        first: other.topic().name,
                        second: topic,
                        handlers: [other.handler(), registration.handler()],
                    });
                }
            }
            if let (Some(remembered), Some(kept)) = (self.inbox.remembers_for(), registration.topic().retention_ms) {
                outlasts(remembered, topic, kept)?;
            }
        }
        Ok(())
    }

    /// Holds what the inbox remembers against what the cluster keeps: of the topics, which need not be as the contract says, and
    /// of the dead letters, which may be given back to the group. A cluster that does not answer keeps nobody from starting.
    async fn check_retentions(&self) -> Result<(), ConsumerError> {
        let Some(remembered) = self.inbox.remembers_for() else { return Ok(()) };
        let admin = Admin::new(&self.settings)?;
        let is_ours = |topic: &str| self.registrations.iter().any(|registration| registration.topic().is(topic));
        let end = dead_letter::topic_name("", &self.group);
        let asked = admin.retentions(|topic| is_ours(topic) || topic.strip_suffix(&*end).is_some_and(is_ours));
        let told = match tokio::time::timeout(RETENTIONS, asked).await {
            Ok(Ok(told)) => told,
            Ok(Err(error)) => {
                tracing::warn!("{UNCHECKED}: {error}");
                return Ok(());
            }
            Err(_) => {
                tracing::warn!("{UNCHECKED}: no answer in {RETENTIONS:?}");
                return Ok(());
            }
        };
        for Retention { topic, ms } in told {
            match ms {
                Some(kept) => outlasts(remembered, &topic, kept)?,
                None => tracing::warn!(topic, "{UNCHECKED}: the cluster does not tell its configuration"),
            }
        }
        Ok(())
    }
}

/// How long a cluster may take to tell for how long it keeps records.
const RETENTIONS: Duration = Duration::from_secs(10);
const UNCHECKED: &str = "whether the inbox remembers events for as long as their topics keep them is not known";

/// Whether the inbox remembers events for as long as that topic keeps them; a negative time is for ever.
fn outlasts(remembered: Duration, topic: &str, kept_ms: i64) -> Result<(), ConsumerError> {
    match u64::try_from(kept_ms) {
        Ok(kept) if remembered >= Duration::from_millis(kept) => Ok(()),
        _ => Err(ConsumerError::ForgetsTooSoon { topic: topic.into(), kept_ms, remembered }),
    }
}

/// What a consumer did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Its counters at the end. `abandoned` is what it left unfinished.
    pub metrics: MetricsSnapshot,
    /// Whether it left its group in good order, rather than by missing heartbeats.
    pub left_group: bool,
}

/// Why a consumer could not run, or not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConsumerError {
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Nothing to do.
    #[error("the consumer has no handlers: add what the generated `consume` functions return with `.on(…)`")]
    NoHandlers,
    /// Two handlers for one topic. A group handles each event once; use two groups for two purposes.
    #[error("{topic} has two handlers, {first} and {second}: give one of them a consumer with another group")]
    TwoHandlers {
        /// Which topic.
        topic: &'static str,
        /// The type of one handler.
        first: &'static str,
        /// And of the other.
        second: &'static str,
    },
    /// Retry topics lose the order that is asked for.
    #[error("{topic} has dead letters in order, and retry topics, which lose the order: choose one of them")]
    OrderLost {
        /// Which topic.
        topic: &'static str,
    },
    /// A topic can be one of two addresses, each with a handler: which of them is to take it cannot be told from its name.
    #[error(
        "a topic can be both {first} and {second}, handled by {} and {}: give one of them a consumer with another group, or \
         addresses that differ in a word",
        handlers[0],
        handlers[1]
    )]
    AddressesOverlap {
        /// One address.
        first: &'static str,
        /// The other.
        second: &'static str,
        /// The types of their handlers.
        handlers: [&'static str; 2],
    },
    /// The inbox forgets events that the topic still has: those would be handled again if the group were set back.
    #[error(
        "the inbox remembers events for {} ms, but {topic} keeps them {}: give the inbox a longer `retention`, or the \
         topic a shorter `retention.ms`",
        remembered.as_millis(),
        if *kept_ms < 0 { "for ever".to_owned() } else { format!("for {kept_ms} ms") }
    )]
    ForgetsTooSoon {
        /// Which topic, or dead-letter topic.
        topic: String,
        /// Its `retention.ms`, in the contract or on the cluster; negative is for ever.
        kept_ms: i64,
        /// For how long the inbox remembers.
        remembered: Duration,
    },
    /// librdkafka cannot go on. What was done is committed as far as that was still possible.
    #[error("the consumer cannot go on: {reason}")]
    Fatal {
        /// What librdkafka says.
        reason: String,
    },
}

/// How many events may be handed out at a time: enough for every handler to have a run of the longest, and for a turn of the
/// poll thread where handlers are quick. More would have to be taken back when a partition is asked back.
fn lane_capacity(concurrency: usize, run_length: u32) -> u32 {
    u32::try_from(concurrency).unwrap_or(u32::MAX).saturating_mul(run_length).max(2_048)
}

struct StopOnDrop(Arc<Pool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
        self.0.close();
    }
}

fn millis(duration: Duration) -> engine::Millis {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
