//! For the unit tests of a service's author, and for demos: a broker in the process, a publisher that keeps what it is
//! given, events from the contract's examples, and a way to wait without sleeping.
//!
//! The embedded broker is librdkafka's mock cluster. It shows delivery, groups, retries and dead letters. It does not show
//! what only a real broker has: it keeps 5 MB a partition and drops the rest silently, knows no retention, no topic
//! configuration and no real transactions. Test what depends on those on a real Kafka.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rdkafka::mocking::MockCluster;

use crate::codec::DecodeError;
use crate::event::{Event, MessageInfo};
use crate::kafka::KafkaSettings;
use crate::message::Message;
pub use crate::publisher::MemoryPublisher;
use crate::record::{RawRecord, RecordParts};
use crate::topic::Topic;

/// A Kafka broker inside the process, on a port of its own. Stops when dropped.
#[derive(Debug)]
pub struct EmbeddedKafka {
    servers: String,
    topics: EmbeddedTopics,
    thread: Option<JoinHandle<()>>,
}

impl EmbeddedKafka {
    /// Starts a broker that has these topics; one partition where the contract does not say. Of an address with parameters
    /// none is made: [`create_topic`](Self::create_topic) makes those that a test needs.
    ///
    /// # Errors
    /// When no port can be opened or a topic is refused.
    pub fn start(topics: &[Topic]) -> Result<Self, EmbeddedError> {
        let (commands, inbox) = channel();
        let (started, has_started) = channel();
        let thread = thread::Builder::new()
            .name("conecta-embedded-kafka".into())
            .spawn(move || serve(&started, &inbox))
            .map_err(|error| EmbeddedError(error.to_string()))?;
        let servers =
            has_started.recv().map_err(|_| EmbeddedError("its thread ended".into()))?.map_err(EmbeddedError)?;
        let embedded = Self { servers, topics: EmbeddedTopics(commands), thread: Some(thread) };
        for topic in topics.iter().filter(|topic| !topic.has_parameters()) {
            embedded.create_topic(topic.name, topic.partitions.unwrap_or(1))?;
        }
        Ok(embedded)
    }

    /// Settings that reach it.
    ///
    /// # Errors
    /// Never in practice: the address is the broker's own.
    pub fn settings(&self) -> Result<KafkaSettings, EmbeddedError> {
        let mut settings = KafkaSettings::new(&self.servers)
            .map_err(|error| EmbeddedError(error.to_string()))?
            // The first message arrives after 0.1 s; the classic protocol's mock takes 3 s to settle.
            .consumer_property("group.protocol", "consumer");
        settings.embedded = Some(self.topics.clone());
        Ok(settings)
    }

    /// Adds a topic.
    ///
    /// # Errors
    /// When it exists or its name is not one.
    pub fn create_topic(&self, name: &str, partitions: i32) -> Result<(), EmbeddedError> {
        self.topics.create(name, partitions).map_err(EmbeddedError)
    }

    /// Cuts every connection and takes no new one until [`connect`](Self::connect).
    ///
    /// # Errors
    /// When the broker is gone.
    pub fn disconnect(&self) -> Result<(), EmbeddedError> {
        self.topics.ask(|answer| Command::Up { up: false, answer }).map_err(EmbeddedError)
    }

    /// Takes connections again.
    ///
    /// # Errors
    /// When the broker is gone.
    pub fn connect(&self) -> Result<(), EmbeddedError> {
        self.topics.ask(|answer| Command::Up { up: true, answer }).map_err(EmbeddedError)
    }
}

impl Drop for EmbeddedKafka {
    fn drop(&mut self) {
        // Fails when the thread has ended already.
        let _ = self.topics.0.send(Command::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The embedded broker could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("embedded Kafka: {0}")]
pub struct EmbeddedError(String);

/// Makes topics on an embedded broker, whose admin calls do not answer.
#[derive(Clone, Debug)]
pub(crate) struct EmbeddedTopics(Sender<Command>);

impl EmbeddedTopics {
    pub(crate) fn create(&self, name: &str, partitions: i32) -> Result<(), String> {
        self.ask(|answer| Command::Create { name: name.into(), partitions, answer })
    }

    fn ask(&self, command: impl FnOnce(Sender<Result<(), String>>) -> Command) -> Result<(), String> {
        let (answer, answered) = channel();
        let gone = || "the broker has stopped".to_owned();
        self.0.send(command(answer)).map_err(|_| gone())?;
        answered.recv().map_err(|_| gone())?
    }
}

enum Command {
    Create { name: String, partitions: i32, answer: Sender<Result<(), String>> },
    Up { up: bool, answer: Sender<Result<(), String>> },
    Stop,
}

/// The thread that owns the cluster: its handle may not leave it.
fn serve(started: &Sender<Result<String, String>>, inbox: &Receiver<Command>) {
    let cluster = match MockCluster::new(1) {
        Ok(cluster) => cluster,
        Err(error) => {
            let _ = started.send(Err(error.to_string()));
            return;
        }
    };
    if started.send(Ok(cluster.bootstrap_servers())).is_err() {
        return;
    }
    while let Ok(command) = inbox.recv() {
        match command {
            Command::Create { name, partitions, answer } => {
                let _ = answer.send(cluster.create_topic(&name, partitions, 1).map_err(|error| error.to_string()));
            }
            Command::Up { up, answer } => {
                let done = if up { cluster.broker_up(-1) } else { cluster.broker_down(-1) };
                let _ = answer.send(done.map_err(|error| error.to_string()));
            }
            Command::Stop => return,
        }
    }
}

/// The events of one type that a service published, in order; to any topic of its address, where that has parameters.
///
/// # Errors
/// When a message on the event's topic is not such an event.
pub fn published<E: Event>(publisher: &MemoryPublisher) -> Result<Vec<E>, DecodeError> {
    let messages = publisher.sent().into_iter().filter(|message| E::TOPIC.is(&message.topic));
    messages.map(|message| E::decode(&record(message))).collect()
}

/// The record that a message becomes, for handing to a handler.
#[must_use]
pub fn record(message: Message) -> RawRecord {
    RawRecord::new(RecordParts {
        topic: Arc::from(&*message.topic),
        key: message.key,
        headers: message.headers,
        payload: message.payload,
        ..RecordParts::default()
    })
}

/// A valid event: the first sound example that the contract gives of it. `messages` is the generated crate's `MESSAGES`.
///
/// # Errors
/// When the contract has no sound example of it.
pub fn example<E: Event>(messages: &[MessageInfo]) -> Result<E, DecodeError> {
    let sound = messages
        .iter()
        .filter(|message| message.name == E::NAME && message.topic == E::TOPIC.name)
        .flat_map(|message| message.examples)
        .find(|example| example.refused.is_none());
    match sound {
        Some(example) => E::decode(&RawRecord::from_payload(example.payload.as_bytes())),
        None => Err(DecodeError::new("", format!("the contract has no sound example of {}", E::NAME))),
    }
}

/// Waits until `condition` holds, for at most `limit`. Call it where a test would be tempted to sleep.
///
/// # Errors
/// When the condition does not hold in time; says `what` was waited for.
pub async fn eventually(what: &str, limit: Duration, mut condition: impl FnMut() -> bool) -> Result<(), NotInTime> {
    let deadline = Instant::now() + limit;
    loop {
        if condition() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(NotInTime { what: what.into(), limit });
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A condition did not hold in time.
#[derive(Debug, thiserror::Error)]
#[error("waited {limit:?} in vain for: {what}")]
pub struct NotInTime {
    what: String,
    limit: Duration,
}
