//! The Kafka publisher: idempotent, many messages in flight, order kept when the queue is full.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, Message as _, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, ProducerContext};

use super::client;
use super::settings::{KafkaSettings, SettingsError};
use crate::message::Message;
use crate::publisher::{Ack, AckShared, PublishError, Publisher, Receipt, Settle};

/// How long a dropped publisher goes on sending what it has accepted, unless told otherwise.
pub const DROP_DEADLINE: Duration = Duration::from_secs(10);

/// Publishes to Kafka.
///
/// - Each message is written once, in the order of the calls, to the partition that the Java client would choose for
///   its key; it is acknowledged by all in-sync replicas.
/// - [`send`](Publisher::send) takes its place in the order when it is called. It resolves when librdkafka's queue has
///   accepted the message: at once, or when there is room again. A send dropped before that is withdrawn.
/// - The [`Ack`] says what became of the message and may be awaited later.
/// - [`flush`](Self::flush) waits for everything accepted. A publisher that is dropped does the same, for at most
///   [`DROP_DEADLINE`], and logs as an error how many messages it had to give up: their `Ack`s say so too.
#[derive(Debug)]
pub struct KafkaPublisher {
    shared: Arc<Shared>,
    poller: Option<JoinHandle<()>>,
}

impl KafkaPublisher {
    /// A publisher to that cluster. Connects in the background: an absent broker shows as messages that wait.
    ///
    /// # Errors
    /// When the settings cannot be used.
    pub fn new(settings: &KafkaSettings) -> Result<Self, SettingsError> {
        let config = settings.producer_config()?;
        let settled = Arc::new(AtomicU64::new(0));
        let context = Deliveries { settled: Arc::clone(&settled) };
        let producer: BaseProducer<Deliveries> =
            config.create_with_context(context).map_err(SettingsError::from_client)?;
        let shared = Arc::new(Shared {
            producer,
            queue: Mutex::new(Queue::default()),
            accepted: AtomicU64::new(0),
            settled,
            waiting: AtomicBool::new(false),
            state: Mutex::new(State::default()),
        });
        let poller = {
            let shared = Arc::clone(&shared);
            thread::Builder::new()
                .name("conecta-publisher".into())
                .spawn(move || shared.poll())
                .map_err(|error| SettingsError::Client { reason: error.to_string() })?
        };
        Ok(Self { shared, poller: Some(poller) })
    }

    /// How many messages are accepted or waiting to be, and not yet acknowledged.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.shared.outstanding()
    }

    /// Waits until every message that was accepted is acknowledged or given up, for at most `limit`.
    ///
    /// # Errors
    /// When some are still under way after that; they are not given up.
    pub async fn flush(&self, limit: Duration) -> Result<(), FlushError> {
        if self.shared.outstanding() == 0 {
            return Ok(());
        }
        let (settle, ack) = Ack::pair();
        self.shared.state().flushes.push((Instant::now() + limit, settle));
        match ack.await {
            Ok(_) => Ok(()),
            Err(_) => Err(FlushError { left: self.shared.outstanding() }),
        }
    }

    /// As [`send`](Publisher::send), to a partition of the caller's choice.
    pub(crate) fn send_to(&self, message: Message, partition: Option<i32>) -> Sending {
        self.shared.send(Outgoing::new(message, partition))
    }
}

impl Publisher for KafkaPublisher {
    fn send(&self, message: Message) -> impl Future<Output = Result<Ack, PublishError>> + Send {
        self.send_to(message, None)
    }
}

impl Drop for KafkaPublisher {
    fn drop(&mut self) {
        self.shared.state().stop_at = Some(Instant::now() + DROP_DEADLINE);
        let idle = self.shared.outstanding() == 0;
        if let Some(poller) = self.poller.take()
            && !idle
        {
            // Blocks, since a program that ends after this would take the messages with it.
            let _ = poller.join();
        }
    }
}

/// Messages were not acknowledged in time.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{left} messages are not acknowledged yet: wait longer, or find out what keeps the brokers from answering")]
pub struct FlushError {
    /// How many there are.
    pub left: u64,
}

/// What the callers and the polling thread share.
struct Shared {
    producer: BaseProducer<Deliveries>,
    /// Held while a message is given to librdkafka, so that the order of the calls is the order of the queue. Messages
    /// that found librdkafka's queue full wait here, and every later one behind them: none can overtake.
    queue: Mutex<Queue>,
    /// Messages librdkafka has taken; written under the queue's lock.
    accepted: AtomicU64,
    /// Messages whose fate is known; written by the polling thread alone.
    settled: Arc<AtomicU64>,
    /// Whether messages wait in the queue; written under its lock.
    waiting: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(Outgoing, Arc<Turn>)>,
}

#[derive(Default)]
struct State {
    stop_at: Option<Instant>,
    flushes: Vec<(Instant, Settle)>,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn outstanding(&self) -> u64 {
        let waiting = if self.waiting.load(Ordering::Acquire) { self.queue().waiting.len() as u64 } else { 0 };
        // Settled first: the other way round a message that is accepted and settled in between would count below zero.
        let settled = self.settled.load(Ordering::Acquire);
        self.accepted.load(Ordering::Acquire).saturating_sub(settled) + waiting
    }

    fn send(&self, message: Outgoing) -> Sending {
        let mut queue = self.queue();
        if queue.waiting.is_empty() {
            match self.enqueue(message) {
                Enqueued::Done(result) => Sending(Progress::Done(Some(result))),
                Enqueued::Full(message) => self.wait(&mut queue, message),
            }
        } else {
            self.wait(&mut queue, message)
        }
    }

    fn wait(&self, queue: &mut Queue, message: Outgoing) -> Sending {
        let turn = Arc::new(Turn::default());
        queue.waiting.push_back((message, Arc::clone(&turn)));
        self.waiting.store(true, Ordering::Release);
        Sending(Progress::Waiting(turn))
    }

    /// Gives a message to librdkafka. The queue's lock must be held.
    fn enqueue(&self, outgoing: Outgoing) -> Enqueued {
        let Outgoing { message, partition, headers } = outgoing;
        let (settle, ack) = Ack::pair();
        let record = BaseRecord {
            topic: &message.topic,
            partition,
            payload: message.payload.as_deref(),
            key: message.key.as_deref(),
            timestamp: None,
            headers,
            delivery_opaque: settle.into_shared(),
        };
        match self.producer.send(record) {
            Ok(()) => {
                self.accepted.fetch_add(1, Ordering::AcqRel);
                Enqueued::Done(Ok(ack))
            }
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), record)) => {
                let headers = record.headers;
                Enqueued::Full(Outgoing { message, partition, headers })
            }
            Err((error, _)) => Enqueued::Done(Err(transport_error(&message.topic, &error))),
        }
    }

    /// Moves waiting messages into librdkafka's queue while there is room, oldest first.
    fn admit_waiting(&self) {
        if !self.waiting.load(Ordering::Acquire) {
            return;
        }
        let mut queue = self.queue();
        while let Some((message, turn)) = queue.waiting.pop_front() {
            if turn.is_withdrawn() {
                continue;
            }
            match self.enqueue(message) {
                Enqueued::Done(result) => turn.give(result),
                Enqueued::Full(message) => {
                    queue.waiting.push_front((message, turn));
                    return;
                }
            }
        }
        self.waiting.store(false, Ordering::Release);
    }

    /// The polling thread: serves delivery reports until the publisher is dropped and nothing is left, or time is up.
    fn poll(&self) {
        loop {
            let outstanding = self.outstanding();
            let (stop_at, flushing) = {
                let mut state = self.state();
                state.serve_flushes(outstanding);
                (state.stop_at, !state.flushes.is_empty())
            };
            if let Some(stop_at) = stop_at
                && (outstanding == 0 || stop_at <= Instant::now())
            {
                if outstanding > 0 {
                    tracing::error!(
                        messages = outstanding,
                        "publisher dropped before these messages were acknowledged: they may be lost; \
                         call flush before dropping it and look at what it returns"
                    );
                }
                return;
            }
            // `poll` serves reports for as long as it is told and not only one: short where someone waits for what
            // comes after it, long where there is nothing to do.
            let hurried = flushing || stop_at.is_some() || self.waiting.load(Ordering::Acquire);
            self.producer.poll(Duration::from_millis(match (hurried, outstanding) {
                (true, _) => 1,
                (false, 0) => 50,
                (false, _) => 5,
            }));
            self.admit_waiting();
        }
    }
}

impl State {
    fn serve_flushes(&mut self, outstanding: u64) {
        if self.flushes.is_empty() {
            return;
        }
        let now = Instant::now();
        let (done, left) = std::mem::take(&mut self.flushes)
            .into_iter()
            .partition(|(deadline, _)| outstanding == 0 || *deadline <= now);
        self.flushes = left;
        for (_, settle) in done {
            settle.settle(if outstanding == 0 { Ok(Receipt::new(-1, -1)) } else { Err(PublishError::Closed) });
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("outstanding", &self.outstanding()).finish_non_exhaustive()
    }
}

/// A message, ready for librdkafka.
struct Outgoing {
    message: Message,
    partition: Option<i32>,
    headers: Option<OwnedHeaders>,
}

impl Outgoing {
    fn new(message: Message, partition: Option<i32>) -> Self {
        let headers = (!message.headers.is_empty()).then(|| {
            message.headers.iter().fold(OwnedHeaders::new_with_capacity(message.headers.len()), |all, (key, value)| {
                all.insert(Header { key, value })
            })
        });
        Self { message, partition, headers }
    }
}

enum Enqueued {
    Done(Result<Ack, PublishError>),
    Full(Outgoing),
}

/// A message's place among those that wait for room.
#[derive(Default)]
struct Turn(Mutex<TurnState>);

enum TurnState {
    Waiting(Option<Waker>),
    Come(Result<Ack, PublishError>),
    Withdrawn,
}

impl Default for TurnState {
    fn default() -> Self {
        Self::Waiting(None)
    }
}

impl Turn {
    fn state(&self) -> MutexGuard<'_, TurnState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_withdrawn(&self) -> bool {
        matches!(*self.state(), TurnState::Withdrawn)
    }

    fn give(&self, result: Result<Ack, PublishError>) {
        let mut state = self.state();
        if let TurnState::Waiting(waker) = std::mem::replace(&mut *state, TurnState::Come(result)) {
            drop(state);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

/// A send under way. Resolves when the message is accepted; withdraws it when dropped before.
#[must_use = "a message that nobody waits for is withdrawn while the queue is full"]
pub(crate) struct Sending(Progress);

enum Progress {
    Done(Option<Result<Ack, PublishError>>),
    Waiting(Arc<Turn>),
}

impl Future for Sending {
    type Output = Result<Ack, PublishError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Progress::Done(result) => Poll::Ready(result.take().unwrap_or(Err(PublishError::Closed))),
            Progress::Waiting(turn) => {
                let mut state = turn.state();
                match std::mem::replace(&mut *state, TurnState::Withdrawn) {
                    TurnState::Come(result) => Poll::Ready(result),
                    TurnState::Waiting(_) => {
                        *state = TurnState::Waiting(Some(cx.waker().clone()));
                        Poll::Pending
                    }
                    TurnState::Withdrawn => Poll::Ready(Err(PublishError::Closed)),
                }
            }
        }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if let Progress::Waiting(turn) = &self.0 {
            let mut state = turn.state();
            if matches!(*state, TurnState::Waiting(_)) {
                *state = TurnState::Withdrawn;
            }
        }
    }
}

/// Takes the delivery reports.
struct Deliveries {
    settled: Arc<AtomicU64>,
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        client::log(level, facility, line);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        client::error(&error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Arc<AckShared>;

    fn delivery(&self, result: &DeliveryResult<'_>, shared: Self::DeliveryOpaque) {
        Settle::from_shared(shared).settle(match result {
            Ok(message) => Ok(Receipt::new(message.partition(), message.offset())),
            Err((error, message)) => Err(transport_error(message.topic(), error)),
        });
        // After the settling: a flush that returns has every acknowledgement ready.
        self.settled.fetch_add(1, Ordering::Release);
    }
}

fn transport_error(topic: &str, error: &KafkaError) -> PublishError {
    use RDKafkaErrorCode as Code;
    let code = error.rdkafka_error_code();
    if let Some(Code::PurgeQueue | Code::PurgeInflight) = code {
        return PublishError::Closed;
    }
    let (advice, retriable) = match code {
        Some(Code::MessageSizeTooLarge) => {
            ("; raise message.max.bytes here and max.message.bytes of the topic, or send less", false)
        }
        Some(Code::UnknownTopic | Code::UnknownTopicOrPartition) => {
            ("; create the topic first (`Admin::create_topics`)", false)
        }
        Some(Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed) => {
            ("; the broker's access control forbids it", false)
        }
        Some(Code::MessageTimedOut) => ("; no broker took it within message.timeout.ms", true),
        Some(Code::Fatal) => ("; this publisher cannot go on, make a new one", false),
        Some(Code::InvalidMessage | Code::InvalidRecord | Code::InvalidArgument | Code::PolicyViolation) => ("", false),
        Some(_) => ("", true),
        None => ("", false),
    };
    let message = match code {
        Some(code) => format!("{code}{advice}"),
        None => error.to_string(),
    };
    PublishError::Transport { topic: topic.into(), message, retriable }
}
