//! The consumer's shell: one thread that polls librdkafka, asks the engine, and carries out what it says.
//!
//! The thread never waits for a handler. It sleeps when there is nothing to read and nothing to hear, and is woken by
//! librdkafka when records arrive and by the [pool](crate::consumer::pool) when lanes answer.

mod ahead;
mod committer;
mod core;
mod gauges;
mod letters;
mod look_ups;
mod lookout;
mod partitions;
mod reader;
mod rebalance;
mod store;
mod window;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use tokio::sync::oneshot;

use self::committer::Committer;
use self::core::Core;
use self::letters::Letters;
use self::look_ups::LookUps;
use self::lookout::Lookout;
use self::rebalance::Rebalances;
pub(crate) use self::window::Window;
use super::settings::{KafkaSettings, SettingsError};
use crate::consumer::engine::Settings;
use crate::consumer::pool::Pool;
use crate::consumer::{redrive_pattern, redrive_topic, retry_pattern, retry_topic};
use crate::registration::Route;
use crate::telemetry::{Metrics, Stage};

/// How many messages are polled in one turn, at most.
const TURN: usize = 500;
/// How often an unchanging complaint of librdkafka's is repeated.
const REPEAT: Duration = Duration::from_secs(30);

/// What a shell is started with.
pub(crate) struct Plan {
    pub(crate) settings: KafkaSettings,
    pub(crate) group: String,
    pub(crate) engine: Settings,
    /// Each registration, in order.
    pub(crate) handlers: Vec<Handles>,
    pub(crate) create_dead_letter_topics: bool,
    pub(crate) window: Window,
}

/// A handler, as far as the shell needs to know it.
pub(crate) struct Handles {
    pub(crate) topic: &'static str,
    /// The topics that it is for, where they are those of an address.
    pub(crate) route: Option<Route>,
    /// The handler's type.
    pub(crate) name: &'static str,
    /// Whether its events follow the dead letters of their key.
    pub(crate) ordered: bool,
    /// For how long each of its retry topics holds an event.
    pub(crate) delays: Arc<[Duration]>,
}

/// How soon a new topic of an address is found, in milliseconds. librdkafka's own five minutes are long for who waits for a new
/// tenant's first event; with `group.protocol=consumer` it is the broker that looks.
const REFRESH: (&str, &str) = ("topic.metadata.refresh.interval.ms", "10000");

/// A running poll thread.
pub(crate) struct Shell {
    /// Resolves when everything is drained and committed.
    pub(crate) drained: oneshot::Receiver<Result<(), String>>,
    /// Resolves when the consumer has left its group.
    pub(crate) closed: oneshot::Receiver<()>,
}

/// Starts the poll thread.
pub(crate) fn start(plan: Plan, pool: Arc<Pool>, metrics: Metrics) -> Result<Shell, SettingsError> {
    let mut config = plan.settings.consumer_config(&plan.group)?;
    let has_addresses = plan.handlers.iter().any(|it| it.route.is_some());
    if has_addresses && plan.settings.consumer_value(REFRESH.0).is_none() {
        config.set(REFRESH.0, REFRESH.1);
    }
    if plan.window.end.is_some() {
        config.set(window::STATISTICS.0, window::STATISTICS.1);
    }
    let letters = Letters::new(&plan.settings, &plan.group, plan.create_dead_letter_topics, metrics.clone());
    let mut always = Vec::new();
    let mut brought_back = Vec::new();
    for Handles { topic, route, delays, .. } in &plan.handlers {
        let group = &plan.group;
        let retries = 1..=delays.len();
        match route {
            // What begins with `^` is a regular expression to librdkafka; no topic is called so.
            Some(Route { address, .. }) => {
                always.extend([address.regex(), redrive_pattern(address, group)]);
                always.extend(retries.map(|n| retry_pattern(address, group, n)));
            }
            None => {
                always.push((*topic).to_owned());
                brought_back.push(redrive_topic(topic, group));
                brought_back.extend(retries.map(|n| retry_topic(topic, group, n)));
            }
        }
    }
    let is_open = plan.window.is_open();
    let is_ordered = plan.engine.ordered.contains(&true);
    let group = plan.group.clone();
    let core = Core::new(plan.engine, plan.group, plan.handlers, Arc::clone(&pool), metrics, letters, is_open);
    let mut consumer: BaseConsumer<Rebalances> =
        config.create_with_context(Rebalances::new(core, plan.window)).map_err(SettingsError::from_client)?;
    consumer.set_nonempty_callback({
        let pool = Arc::clone(&pool);
        move || pool.wake()
    });
    let consumer = Arc::new(consumer);
    let no_thread = |error: std::io::Error| SettingsError::Client { reason: error.to_string() };
    let (committer, commits) = Committer::start(Arc::clone(&consumer), Arc::clone(&pool)).map_err(no_thread)?;
    consumer.context().core().committer = Some(committer);
    if is_ordered {
        let look_ups = LookUps::start(&plan.settings, &group, Arc::clone(&pool)).map_err(no_thread)?;
        consumer.context().core().look_ups = Some(look_ups);
    }
    let (lookout, looking) =
        Lookout::start(Arc::clone(&consumer), Arc::clone(&pool), always, brought_back).map_err(no_thread)?;

    let (drained, has_drained) = oneshot::channel();
    let (closed, has_closed) = oneshot::channel();
    thread::Builder::new()
        .name("conecta-consumer".into())
        .spawn(move || {
            pool.register_sleeper();
            // Nobody listens any more when the consumer's future was dropped.
            let _ = drained.send(poll(&consumer, &pool, &lookout));
            // Lets the other threads go, so that the consumer is closed here.
            consumer.context().core().committer = None;
            drop(lookout);
            let _ = commits.join();
            let _ = looking.join();
            drop(consumer);
            let _ = closed.send(());
        })
        .map_err(no_thread)?;
    Ok(Shell { drained: has_drained, closed: has_closed })
}

/// The poll loop, until the pool is stopped, everything up to the end is done, or librdkafka cannot go on.
fn poll(consumer: &BaseConsumer<Rebalances>, pool: &Pool, lookout: &Lookout) -> Result<(), String> {
    let mut complaints = Complaints::default();
    let mut result = Ok(());
    while result.is_ok() && !pool.is_stopped() {
        if let Err(error) = lookout.subscribe(consumer) {
            result = Err(error.to_string());
            break;
        }
        let (wants_records, limit) = {
            let mut core = consumer.context().core();
            core.turn += 1;
            (core.wants_records(), core.turn_limit())
        };
        let mut messages = Vec::with_capacity(if wants_records { TURN } else { 0 });
        if wants_records {
            result = read(consumer, &mut messages, limit, &mut complaints);
        }
        let mut core = consumer.context().core();
        let has_read = !messages.is_empty();
        core.read(&mut messages);
        let has_heard = core.advance(consumer, CommitMode::Async);
        let rest = core.rest();
        if core.is_through() {
            break;
        }
        drop(core);
        if let Some(reason) = consumer.context().broken() {
            result = Err(reason.to_owned());
            break;
        }
        if !has_read && !has_heard {
            thread::park_timeout(rest);
        }
    }
    let mut core = consumer.context().core();
    core.metrics.enter(Stage::Leaving);
    let assigned: Vec<_> = core.partitions.assigned().map(|(id, _)| id).collect();
    if consumer.assignment_lost() {
        core.lose(consumer, &assigned);
    } else {
        core.drain(consumer, &assigned);
    }
    core.gauge_assignment();
    result
}

/// Polls what is there, without waiting.
fn read<'c>(
    consumer: &'c BaseConsumer<Rebalances>,
    messages: &mut Vec<BorrowedMessage<'c>>,
    limit: usize,
    complaints: &mut Complaints,
) -> Result<(), String> {
    // librdkafka says nothing both when there is nothing and when it called back: ask a few times more.
    let mut nothing = 0;
    // What is polled after a rebalance belongs to another assignment than what was polled before it: to another turn.
    let rebalances = consumer.context().count();
    let mut bytes = 0;
    while messages.len() < TURN && bytes < limit && nothing < 3 && consumer.context().count() == rebalances {
        match consumer.poll(Duration::ZERO) {
            Some(Ok(message)) => {
                bytes += message.key_len() + message.payload_len();
                messages.push(message);
            }
            Some(Err(KafkaError::MessageConsumptionFatal(code))) => {
                let why = consumer.client().fatal_error().map_or_else(|| code.to_string(), |(_, reason)| reason);
                return Err(why);
            }
            Some(Err(error)) => complaints.hear(&error),
            None => nothing += 1,
        }
    }
    Ok(())
}

/// librdkafka's errors that it goes on from by itself, each said once in a while.
#[derive(Default)]
struct Complaints {
    last: Option<(String, Instant)>,
}

impl Complaints {
    fn hear(&mut self, error: &KafkaError) {
        let what = match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
                "a topic to be consumed does not exist yet: create it (`Admin::create_topics`)".to_owned()
            }
            _ => error.to_string(),
        };
        let is_new = self.last.as_ref().is_none_or(|(last, at)| *last != what || at.elapsed() > REPEAT);
        if is_new {
            tracing::warn!("{what}");
            self.last = Some((what, Instant::now()));
        }
    }
}
